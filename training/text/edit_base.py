"""What edits share: what must hold after one, and how things are meant."""
from dataclasses import dataclass, replace

from world.colours import NAMES
from world.kinds import KINDS
from world.places import RELATIONS, holds

from . import words
from .canvas import IN_CLOTHES
from .nouns import outside


@dataclass(frozen=True)
class Edit:
    op: str
    keep: tuple              # old numbers of the things that stay as they are
    target: int = -1         # new number of the thing that is meant
    kind: str = ''
    colour: str = ''
    material: str = ''
    location: str = ''
    offset: str = ''
    area: str = ''
    relation: tuple = ()     # (word, new number of the other thing)
    place: str = ''
    count: int = 0           # of things afterwards
    depth: int = 0           # -1: nearer than all others; 1: farther


def true_still(page, relation):
    if not relation:
        return None
    i, word, j = relation
    a, b = page.items[i].thing, page.items[j].thing
    if word in RELATIONS:
        return relation if holds(a, word, b) else None
    return relation


def with_item(page, k, item):
    items = page.items[:k] + (item,) + page.items[k + 1:]
    new = replace(page, items=items)
    return replace(new, relation=true_still(new, page.relation))


def others(page, k):
    return tuple(i for i in range(len(page.items)) if i != k)


def refer(page, k, rng, last=None):
    """"the red car", "it": words for a thing that mean no other."""
    item = page.items[k]
    same = [i for i in page.items if i.thing.kind == item.thing.kind]
    only = len(page.items) == 1
    if (only or k == last) and rng.random() < .4:
        return 'it'
    kind, colour = item.thing.kind, item.shade or item.thing.colour
    if colour in words.COLOUR_SAID and rng.random() < .6:
        colour = rng.choice(words.COLOUR_SAID[colour])
    by_colour = [i for i in same if i.thing.colour == item.thing.colour]
    if len(same) > 1 and len(by_colour) > 1:
        return None
    if len(same) > 1 or rng.random() < .12:
        return (f'the {kind} in {colour}' if kind in IN_CLOTHES
                else f'the {colour} {kind}')
    return 'the ' + kind


def material_for(kind, material):
    allowed = KINDS[kind].materials if kind in KINDS else (material,)
    return material if material in allowed else 'plain'


def a_colour(kind, rng, but=None):
    k = KINDS.get(kind)
    natural = k.natural if k and rng.random() < .4 else ()
    pool = [c for c in (natural or (k.colours if k else NAMES)) if c != but]
    return rng.choice(pool or [c for c in NAMES if c != but])


def said(colour, rng):
    return rng.choice(words.COLOUR_SAID.get(colour, (colour,)))


def any_kind(rng, like=None, held=False):
    """Another kind of thing; mostly one that stands in the same way."""
    if rng.random() < .12:
        return outside(rng, held)
    pool = list(KINDS)
    if like in KINDS and rng.random() < .7:
        pool = [k for k in pool if KINDS[k].stands == KINDS[like].stands]
    return rng.choice(pool)
