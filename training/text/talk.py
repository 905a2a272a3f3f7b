"""Conversations: a wish, its canvas, and edits with theirs."""
import random
from dataclasses import dataclass, replace

from world.kinds import KINDS
from world.places import holds
from world.scene import is_held, sample_scene

from . import canvas, edit, nouns, wish, words
from .edit_place import AT


@dataclass(frozen=True)
class Turn:
    user: str
    reply: str
    asked: object        # wish.Asked or edit.Edit
    page: object


def _outside_thing(page, rng, held):
    """One thing becomes one that the world does not have."""
    k = rng.randrange(len(page.items))
    item = page.items[k]
    thing = replace(item.thing, kind=nouns.outside(rng, held))
    items = list(page.items)
    items[k] = canvas.describe(replace(item, thing=thing), rng)
    return replace(page, items=tuple(items))


def _adjective(page, rng):
    k = rng.randrange(len(page.items))
    extra = rng.choice(words.words(words.ADJECTIVES))
    items = list(page.items)
    items[k] = canvas.describe(replace(items[k], extra=extra), rng)
    return replace(page, items=tuple(items))


def _shade(page, rng):
    k = rng.randrange(len(page.items))
    shade = rng.choice(list(words.COLOUR_NEAR))
    item = page.items[k]
    thing = replace(item.thing, colour=words.COLOUR_NEAR[shade])
    items = list(page.items)
    items[k] = canvas.describe(replace(item, shade=shade, thing=thing), rng)
    return replace(page, items=tuple(items))


def _twins(page, rng):
    """Two things become of one kind, often of one look."""
    if len(page.items) < 2:
        return page
    i, j = rng.sample(range(len(page.items)), 2)
    a, b = page.items[i], page.items[j].thing
    thing = replace(b, kind=a.thing.kind)
    if rng.random() < .6:
        thing = replace(thing, colour=a.thing.colour, material=a.thing.material)
    else:
        k = KINDS.get(thing.kind)
        if k and thing.colour not in k.colours:
            thing = replace(thing, colour=a.thing.colour)
        if k and thing.material not in k.materials:
            thing = replace(thing, material='plain')
    items = list(page.items)
    items[j] = canvas.describe(replace(a, thing=thing), rng)
    return replace(page, items=tuple(items))


def _upon(page, rng):
    """One thing on another: above it and before it."""
    if len(page.items) < 2:
        return page
    i, j = rng.sample(range(len(page.items)), 2)
    x = rng.choice((15, 45, 75))
    d = page.items[j].thing.distance
    low = replace(page.items[j].thing, location=AT[x, 75],
                  offset='slightly to the upper')
    high = replace(page.items[i].thing, location=AT[x, 45],
                   offset='slightly to the upper',
                   area='a small square area', distance=max(1.0, d - 1.0))
    items = list(page.items)
    items[i], items[j] = (replace(items[i], thing=high),
                          replace(items[j], thing=low))
    return replace(page, items=tuple(items), relation=(i, 'on', j))


def _verb(page, rng):
    beside = ('left of', 'right of', 'next to')
    if not page.relation or page.relation[1] not in beside:
        return page
    i, _, j = page.relation
    return replace(page, relation=(i, rng.choice(words.words(words.VERBS)), j))


def _find_relation(page, rng):
    """A relation that is true, where the scene names none."""
    if page.relation or len(page.items) < 2 or rng.random() < .35:
        return page
    i, j = rng.sample(range(len(page.items)), 2)
    a, b = page.items[i].thing, page.items[j].thing
    true = [w for w in wish.ITS if holds(a, w, b)]
    if 'in front of' in true or 'behind' in true:
        true = [w for w in true if w in ('in front of', 'behind')] * 2 + true
    return replace(page, relation=(i, rng.choice(true), j)) if true else page


def _in_order(page, rng):
    """The things of a relation beside each other, as a wish tells it: a reply
    then names all things in the order of the wish."""
    i, word, j = page.relation
    rest = [k for k in range(len(page.items)) if k not in (i, j)]
    order = [i, j, *rest] if rng.random() < .8 else [*rest, i, j]
    return replace(page, items=tuple(page.items[k] for k in order),
                   relation=(order.index(i), word, order.index(j)))


def sample_page(rng, held=False, outside=.14):
    """A page of the world, now and then with something from outside it."""
    scene = sample_scene(rng, split='held' if held else 'train')
    page = _find_relation(canvas.page_of(scene, rng), rng)
    if rng.random() < .08:
        page = _twins(page, rng)
    if rng.random() < .03:
        page = _upon(page, rng)
    elif rng.random() < .06:
        page = _verb(page, rng)
    if rng.random() < outside:
        page = _outside_thing(page, rng, held)
    if rng.random() < .06:
        page = _adjective(page, rng)
    if rng.random() < .03:
        page = _shade(page, rng)
    if rng.random() < .04:
        page = replace(page, place=canvas.place_outside(rng))
    r = page.relation
    if r and r[1] in wish.ITS and not holds(page.items[r[0]].thing, r[1],
                                            page.items[r[2]].thing):
        page = replace(page, relation=None)
    return _in_order(page, rng) if page.relation else page


def _fits(page, held):
    """Training must not see what is held out, whatever was changed."""
    return held or not is_held([i.thing for i in page.items])


def talk(rng, turns=1, held=False, outside=.14):
    """A conversation of so many turns; rng is a random.Random."""
    page = sample_page(rng, held, outside)
    while not _fits(page, held):
        page = sample_page(rng, held, outside)
    if turns > 1 and rng.random() < .15:
        # As a program begins a conversation about a canvas from a file.
        said = canvas.summary(page).rstrip('.')
        out = [Turn('generate an image of ' + said, canvas.reply(page),
                    wish.Asked(()), page)]
    else:
        said, asked = wish.wish(page, rng)
        out = [Turn(said, canvas.reply(page), asked, page)]
    last = None
    while len(out) < turns:
        new, said, asked, target = edit.edit(page, rng, last, held)
        if not _fits(new, held):
            continue
        page, last = new, target
        out.append(Turn(said, canvas.reply(page), asked, page))
    return out


def show(seed=0, n=10):
    rng = random.Random(seed)
    for _ in range(n):
        for t in talk(rng, rng.choice((1, 1, 2, 3))):
            print('>', t.user, '\n', t.asked, '\n', canvas.summary(t.page))
