"""Edits: what is said to change a page, and the page it becomes.

Every edit gives the new page, the words, and an Edit that says what must hold
afterwards: which of the old things stay word for word, and what became of the
one that was meant.
"""
from dataclasses import replace

from world.kinds import KINDS, MATERIALS
from world.places import LOCATIONS, box_of, holds, shared

from . import words
from .canvas import (IN_CLOTHES, Item, article, describe, place_of,
                     place_outside)
from .edit_base import (Edit, material_for, others, a_colour, any_kind, refer,
                        said)
from .edit_look import change_colour, change_kind, change_material
from .edit_place import AT, depth, move, move_by, nudge, resize
from .wish import SAID, WHERE

MADE = ('plain',) * 3 + MATERIALS


def remove(page, rng, k, who, held):
    if len(page.items) < 2:
        return None
    items = page.items[:k] + page.items[k + 1:]
    relation = page.relation
    if relation:
        i, w, j = relation
        relation = None if k in (i, j) else (i - (i > k), w, j - (j > k))
    text = rng.choice(('remove {w}', 'delete {w}', 'take {w} away',
                       'without {w}', 'get rid of {w}',
                       'no {k}', 'erase {w}', 'take out {w}',
                       'I do not want {w}', 'drop {w}'))
    kind = page.items[k].thing.kind
    if '{k}' in text and sum(i.thing.kind == kind for i in page.items) > 1:
        return None
    return (replace(page, items=items, relation=relation),
            text.format(w=who, k=page.items[k].thing.kind),
            Edit('remove', others(page, k), kind=page.items[k].thing.kind,
                 count=len(items)))


def _free(page, kind, rng):
    """A location with room, high for what flies."""
    stands = KINDS[kind].stands if kind in KINDS else 'ground'
    best, at = 9.0, None
    for location, (x, y) in rng.sample(list(LOCATIONS.items()), len(LOCATIONS)):
        if (stands == 'sky') != (y == 15) and stands != 'any':
            continue
        box = box_of(location, 'no offset', 'a small square area')
        full = sum(shared(box, i.thing.box) for i in page.items)
        if full < best:
            best, at = full, location
    return at


def add(page, rng, k, who, held):
    """One thing more; where is said, or there is room."""
    if len(page.items) >= 5:
        return None
    like = page.items[k].thing
    kind = like.kind if rng.random() < .08 else any_kind(rng, None, held)
    colour = a_colour(kind, rng)
    material = material_for(kind, rng.choice(MADE))
    aspect = KINDS[kind].aspect if kind in KINDS else 1.0
    shape = ('vertical' if aspect < .75 else
             'horizontal' if aspect > 1.3 else 'square')
    thing = replace(like, kind=kind, colour=colour, material=material,
                    offset='no offset',
                    area=f'a small {shape} area',
                    location=_free(page, kind, rng),
                    form=rng.randrange(1 << 16),
                    distance=float(rng.randint(3, 9)))
    tell_colour, where, relation = rng.random() < .6, '', ()
    style = rng.random()
    if style < .3:
        location = rng.choice(list(LOCATIONS))
        thing = replace(thing, location=location)
        where = ' ' + rng.choice(WHERE[location])
        if where in (' above',):
            return None
    elif style < .6:
        word = rng.choice(('left of', 'right of', 'above', 'below', 'next to'))
        whom = refer(page, k, rng)
        x, y = LOCATIONS[like.location]
        x, y = {'left of': (15, y), 'right of': (75, y), 'above': (x, 15),
                'below': (x, 75),
                'next to': (x + (30 if x < 75 else -30), y)}[word]
        thing = replace(thing, location=AT[x, y])
        if not whom or not holds(thing, word, like):
            return None
        where, relation = f' {rng.choice(SAID[word])} {whom}', (word, k)
    item = describe(Item(thing), rng)
    made = []
    if material != 'plain':
        made.append(rng.choice(words.MATERIAL_SAID[material]))
    made += [said(colour, rng)] if tell_colour else []
    noun = ' '.join(made + [kind])
    if kind in IN_CLOTHES and made:
        noun = ' '.join([kind, 'in'] + made)
    again = kind == like.kind and not made and rng.random() < .5
    noun = f'another {noun}' if again else article(noun)
    text = rng.choice(('add {n}{p}', 'add {n}{p}', 'put {n}{p}', 'also {n}{p}',
                       'and {n}{p}', 'include {n}{p}',
                       'draw {n}{p} too', 'I also want {n}{p}',
                       'there should be {n}{p}', 'with {n}{p}',
                       'place {n}{p}')).format(n=noun, p=where)
    new = replace(page, items=page.items + (item,))
    return new, text, Edit('add', tuple(range(len(page.items))),
                           len(page.items), kind=kind,
                           colour=colour if tell_colour else '',
                           material=material if material != 'plain' else '',
                           location=thing.location if style < .3 else '',
                           relation=relation,
                           count=len(new.items))


def backdrop(page, rng, k, who, held):
    if rng.random() < .12:
        place = place_outside(rng)
        phrase = place.phrase
    else:
        place = place_of(rng.choice(list(words.BACKDROP_SAID)), rng)
        if place.name == page.place.name:
            return None
        main, others_said = words.BACKDROP_SAID[place.name][:2]
        phrase = rng.choice((main,) + tuple(others_said))
    first, _, bare = phrase.partition(' ')
    if first not in ('in', 'on', 'at', 'under', 'against'):
        bare = ''
    forms = ['put it all {p}', 'put them {p}', 'now {p}', 'move the scene {p}',
             '{p} instead', 'everything {p}',
             'make it {p}', 'the scene should be {p}', 'place it {p}',
             '{p}, please']
    if bare:
        forms += ['change the background to {b}', 'make the background {b}',
                  'with {b} as background',
                  'use {b} as the backdrop', 'change the backdrop to {b}']
    if place.name == 'night' and rng.random() < .5:
        forms = ['make it night', 'change it to night', 'night instead of day',
                 'let it be night']
    text = rng.choice(forms).format(p=phrase, b=bare)
    return (replace(page, place=place), text,
            Edit('place', tuple(range(len(page.items))), place=place.phrase,
                 count=len(page.items)))


EDITS = ((change_kind, 20), (change_colour, 18), (change_material, 7),
         (move, 16), (nudge, 5), (move_by, 5),
         (resize, 11), (depth, 2), (remove, 11), (add, 15), (backdrop, 10))
POLITE = ('{}',) * 12 + ('please {}', '{}, please', 'now {}', 'can you {}?',
                         'and now {}', 'ok, {}')


def edit(page, rng, last=None, held=False):
    """(new page, words, Edit, number of the thing meant) for some edit."""
    ops, weights = zip(*EDITS)
    while True:
        op = rng.choices(ops, weights)[0]
        k = last
        if last is None or rng.random() >= .3:
            k = rng.randrange(len(page.items))
        who = refer(page, k, rng, last)
        free = op in (add, backdrop)  # these need nobody to be meant
        found = op(page, rng, k, who, held) if who or free else None
        if not found:
            continue
        new, text, asked = found
        text = rng.choice(POLITE).format(text)
        if rng.random() < .3:
            text = text[0].upper() + text[1:]
        if rng.random() < .2 and text[-1] != '?':
            text += '.'
        target = asked.target if asked.target >= 0 else None
        return new, text, asked, target
