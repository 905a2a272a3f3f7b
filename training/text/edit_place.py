"""Edits of where a thing is, and how big."""
from dataclasses import replace

from world.places import LOCATIONS, OFFSETS, holds

from .edit_base import Edit, others, with_item, refer
from .wish import SAID, WHERE

AT = {xy: name for name, xy in LOCATIONS.items()}
BY = {xy: name for name, xy in OFFSETS.items()}
STEPS = ('small', 'medium-sized', 'large')
COLUMN = {'left': 15, 'right': 75}
ROW = {'top': 15, 'bottom': 75}


def _placed(page, k, location, offset):
    item = page.items[k]
    thing = replace(item.thing, location=location, offset=offset)
    return with_item(page, k, replace(item, thing=thing))


def move(page, rng, k, who, held):
    """To a side (the other axis stays), to a corner, or to the middle."""
    t = page.items[k].thing
    (x, y), (dx, dy) = LOCATIONS[t.location], OFFSETS[t.offset]
    style = rng.random()
    if style < .5:
        side = rng.choice(('left', 'right'))
        x, dx, where = COLUMN[side], 0, f'to the {side}'
        where = rng.choice((where, where, where + ' side', f'on the {side}'))
    elif style < .75:
        side = rng.choice(('top', 'bottom'))
        y, dy = ROW[side], 0
        where = rng.choice({'top': ('to the top', 'up', 'higher up'),
                            'bottom': ('to the bottom', 'down',
                                       'lower down')}[side])
    else:
        location = rng.choice(list(LOCATIONS))
        (x, y), dx, dy = LOCATIONS[location], 0, 0
        where = rng.choice(WHERE[location])
        if location in ('on the left', 'on the right', 'on the top',
                        'on the bottom'):
            return None
        where = where.replace('in the',
                              rng.choice(('to the', 'in the', 'into the')))
    location, offset = AT[x, y], BY[dx, dy]
    if (location, offset) == (t.location, t.offset):
        return None
    text = rng.choice(('move {w} {p}', 'move {w} {p}', 'put {w} {p}',
                       'place {w} {p}',
                       'shift {w} {p}', 'bring {w} {p}',
                       '{w} should be {p}')).format(w=who, p=where)
    return (_placed(page, k, location, offset), text,
            Edit('move', others(page, k), k, kind=t.kind, location=location,
                 offset=offset))


def nudge(page, rng, k, who, held):
    """A bit to a side: ten cells."""
    t = page.items[k].thing
    (x, y), (dx, dy) = LOCATIONS[t.location], OFFSETS[t.offset]
    where, sx, sy = rng.choice((('to the left', -10, 0),
                                ('to the right', 10, 0),
                                ('up', 0, -10), ('down', 0, 10),
                                ('higher', 0, -10), ('lower', 0, 10)))
    dx, dy = dx + sx, dy + sy
    if dx in (-20, 20):
        x, dx = x + dx // 20 * 30, -dx // 2
    if dy in (-20, 20):
        y, dy = y + dy // 20 * 30, -dy // 2
    if (x, y) not in AT:
        return None
    text = rng.choice(('move {w} {a} {p}', 'shift {w} {a} {p}',
                       'push {w} {a} {p}', '{w} {a} {p}')).format(
        w=who, a=rng.choice(('a bit', 'slightly', 'a little', 'a bit')),
        p=where)
    return (_placed(page, k, AT[x, y], BY[dx, dy]), text,
            Edit('move', others(page, k), k, kind=t.kind, location=AT[x, y],
                 offset=BY[dx, dy]))


def move_by(page, rng, k, who, held):
    """To a side of another thing."""
    other = rng.choice([i for i in others(page, k)] or [k])
    whom = refer(page, other, rng)
    if other == k or not whom or whom == 'it':
        return None
    word = rng.choice(('left of', 'right of', 'above', 'below'))
    x, y = LOCATIONS[page.items[other].thing.location]
    x, y = {'left of': (15, y), 'right of': (75, y), 'above': (x, 15),
            'below': (x, 75)}[word]
    new = _placed(page, k, AT[x, y], 'no offset')
    if not holds(new.items[k].thing, word, new.items[other].thing):
        return None
    text = rng.choice(('move {w} {r} {o}', 'put {w} {r} {o}',
                       'place {w} {r} {o}', '{w} should be {r} {o}')).format(
        w=who, r=rng.choice(SAID[word]), o=whom)
    return new, text, Edit('move', others(page, k), k,
                           kind=page.items[k].thing.kind,
                           location=AT[x, y], offset='no offset',
                           relation=(word, other))


def resize(page, rng, k, who, held):
    t = page.items[k].thing
    _, size, shape, _ = t.area.split()
    step = rng.choice((-1, 1, 1))
    much = rng.random() < .2
    at = STEPS.index(size) + (2 * step if much else step)
    at = max(0, min(2, at))
    if at == STEPS.index(size) and rng.random() < .7:
        return None
    area = f'a {STEPS[at]} {shape} area'
    new = with_item(page, k, replace(page.items[k],
                                     thing=replace(t, area=area)))
    much = 'much ' if much else ''
    forms = ('make {w} {m}bigger', 'make {w} {m}larger',
             'enlarge {w}' if not much else '{w} {m}bigger',
             '{w} should be {m}bigger', 'a {m}bigger {k}', '{m}bigger {k}',
             'make {w} grow' if not much else 'make {w} {m}bigger',
             'increase the size of {w}' if not much else 'make {w} {m}larger')
    if step < 0:
        forms = ('make {w} {m}smaller', '{w} should be {m}smaller',
                 'shrink {w}' if not much else '{w} {m}smaller',
                 'a {m}smaller {k}', 'make {w} {m}tinier',
                 'make {w} {m}smaller' if much else 'decrease the size of {w}')
    text = rng.choice(forms)
    if '{k}' in text and sum(i.thing.kind == t.kind for i in page.items) > 1:
        return None
    return (new, text.format(w=who, m=much, k=t.kind),
            Edit('size', others(page, k), k, kind=t.kind, area=area))


def depth(page, rng, k, who, held):
    """To the very front or back."""
    t = page.items[k].thing
    far = [i.thing.distance for n, i in enumerate(page.items) if n != k]
    if not far:
        return None
    nearer = rng.random() < .5
    if nearer:
        distance = max(.5, min(far + [t.distance]) - 1.0)
        forms = ('bring {w} to the front', 'put {w} in front',
                 'move {w} to the foreground', 'move {w} closer')
    else:
        distance = max(far + [t.distance]) + 1.0
        forms = ('send {w} to the back', 'put {w} in the back',
                 'move {w} to the background', 'move {w} further away')
    if distance == t.distance:
        return None
    item = replace(page.items[k], thing=replace(t, distance=distance))
    return (with_item(page, k, item), rng.choice(forms).format(w=who),
            Edit('depth', others(page, k), k, kind=t.kind,
                 depth=-1 if nearer else 1))
