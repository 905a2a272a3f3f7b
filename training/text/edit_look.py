"""Edits of what a thing is: its kind, its colour, its material."""
from dataclasses import replace

from world.kinds import KINDS, MATERIALS

from . import words
from .canvas import IN_CLOTHES, Item, article, describe
from .edit_base import (Edit, material_for, others, with_item, a_colour,
                        any_kind,
                        said)


def change_kind(page, rng, k, who, held):
    old = page.items[k].thing
    kind = any_kind(rng, old.kind, held)
    if kind == old.kind:
        return None
    colour, told = old.colour, ''
    if rng.random() < .35:
        colour = a_colour(kind, rng, old.colour)
        told = colour
    elif kind in KINDS and colour not in KINDS[kind].colours:
        colour = KINDS[kind].natural[0]
    thing = replace(old, kind=kind, colour=colour,
                    material=material_for(kind, old.material))
    new = describe(Item(thing), rng)
    what = article(f'{said(told, rng)} {kind}' if told else kind)
    if kind in IN_CLOTHES and told:
        what = f'a {kind} in {said(told, rng)}'
    text = rng.choice(('change {w} to {n}', 'turn {w} into {n}',
                       'replace {w} with {n}',
                       'make {w} {n}', 'change {w} into {n}',
                       '{n} instead of {w}',
                       'use {n} instead of {w}', 'swap {w} for {n}',
                       '{w} should be {n}',
                       'let {w} be {n}')).format(w=who, n=what)
    return (with_item(page, k, new), text,
            Edit('kind', others(page, k), k, kind=kind, colour=told))


def change_colour(page, rng, k, who, held):
    item = page.items[k]
    colour, shade = a_colour(item.thing.kind, rng, item.thing.colour), ''
    if rng.random() < .04:
        shade = rng.choice(list(words.COLOUR_NEAR))
        colour = words.COLOUR_NEAR[shade]
    new = describe(replace(item, shade=shade,
                           thing=replace(item.thing, colour=colour)), rng)
    c = shade or said(colour, rng)
    text = rng.choice(('make {w} {c}', 'paint {w} {c}', 'color {w} {c}',
                       '{w} should be {c}',
                       'change the color of {w} to {c}', 'turn {w} {c}',
                       'make {w} {c} instead',
                       'change {w} to {c}', 'I want {w} {c}', 'let {w} be {c}',
                       'recolor {w} in {c}', 'give {w} a {c} color',
                       '{w} in {c}')).format(w=who, c=c)
    return (with_item(page, k, new), text,
            Edit('colour', others(page, k), k, kind=item.thing.kind,
                 colour=shade or colour))


def change_material(page, rng, k, who, held):
    item = page.items[k]
    kind = item.thing.kind
    allowed = KINDS[kind].materials if kind in KINDS else MATERIALS
    pool = [m for m in allowed if m != item.thing.material]
    if not pool:
        return None
    made = rng.choice(pool)
    new = describe(replace(item, thing=replace(item.thing, material=made)), rng)
    m = 'plain' if made == 'plain' else rng.choice(words.MATERIAL_SAID[made])
    forms = ['make {w} {m}', '{w} should be {m}', 'turn {w} {m}',
             'change {w} to {m}', 'I want {w} {m}']
    forms += {'striped': ['give {w} stripes', 'put stripes on {w}',
                          '{w} with stripes'],
              'dotted': ['give {w} dots', 'put dots on {w}', '{w} with spots'],
              'glossy': ['make {w} shine', 'polish {w}'],
              'plain': ['remove the pattern of {w}', 'no pattern on {w}']}[made]
    text = rng.choice(forms).format(w=who, m=m)
    return (with_item(page, k, new), text,
            Edit('material', others(page, k), k, kind=kind, material=made))
