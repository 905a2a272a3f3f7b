"""Where things go: boxes that fit their shapes, seldom in each other's way.

All 729 boxes are weighed for a kind once (how well the box fits its aspect,
whether the place suits it); then boxes are drawn one after the other, those
that would collide with earlier ones left out.
"""
import functools
import itertools
import math

import numpy as np

from .backdrops import BACKDROPS
from .kinds import KINDS
from .places import AREAS, GRID, LOCATIONS, OFFSETS, box_of, centre, shared

WORDS = tuple(itertools.product(LOCATIONS, OFFSETS, AREAS))
BOXES = tuple(box_of(*w) for w in WORDS)
OVERLAP = 0.24      # of the smaller box, for things that are just there
FIT = 1.45          # box aspect over thing aspect, at most, or its inverse


def _fits(box, aspect):
    r = (box[2] - box[0]) / (box[3] - box[1]) / aspect
    r = max(r, 1 / r)
    return 0.0 if r > FIT else math.exp(-((r - 1) / 0.32) ** 2)


def _suits(box, stands, ledge, horizon):
    """How natural a place is: 1 natural, small but never 0 otherwise."""
    base, top = box[3] / GRID, box[1] / GRID
    if ledge is None or stands == 'any':
        return 1.0
    if stands == 'sky':
        if top > 0.45:
            return 0.04
        return 1.0 if base < 0.70 else 0.45
    if base < horizon - 0.02:           # it will get a ledge
        return 0.10
    return 1.0 if base > horizon + 0.05 else 0.6


def _plain(words):
    """Words people use: mostly no offset, small and medium areas."""
    w = 1.0 if words[1] == 'no offset' else 0.11
    return w * {'small': 1.0, 'medium-sized': 0.8, 'large': 0.7}[
        words[2].split()[1]]


@functools.lru_cache(None)
def _shapes(aspect, crowd):
    """How well each box fits a shape, and company of that many."""
    out = []
    for words, box in zip(WORDS, BOXES):
        w = _fits(box, aspect) * _plain(words)
        area = (box[2] - box[0]) * (box[3] - box[1]) / GRID ** 2
        w *= (1 - area) ** (2 * crowd) if crowd else area ** 0.7
        if not crowd and words[0] == 'in the center':
            w *= 3
        out.append(w)
    return np.array(out)


@functools.lru_cache(None)
def _grounds(stands, ledge, horizon):
    """How natural each box is for what stands or hangs like this."""
    return np.array([_suits(b, stands, ledge, horizon) for b in BOXES])


def _sums(kind, backdrop, crowd):
    """Running sums of the weights of all boxes."""
    k, b = KINDS[kind], BACKDROPS[backdrop]
    return np.cumsum(_shapes(k.aspect, crowd) *
                     _grounds(k.stands, b.ledge, b.horizon))


def _draw(rng, sums):
    i = int(np.searchsorted(sums, rng.random() * sums[-1], 'right'))
    return min(i, len(sums) - 1)


def _covered(near, far):
    """How much of the middle half of `far` does the box `near` cover?"""
    x, y = centre(far)
    w, h = (far[2] - far[0]) / 4, (far[3] - far[1]) / 4
    a = min(near[2], x + w) - max(near[0], x - w)
    b = min(near[3], y + h) - max(near[1], y - h)
    return max(0, a) * max(0, b) / (4 * w * h)


def _free(box, placed):
    return all(shared(box, BOXES[p]) < OVERLAP and
               _covered(box, BOXES[p]) < 0.12 and
               _covered(BOXES[p], box) < 0.12 for p in placed)


def _before(near, far):
    """May a thing in box `near` stand in front of one in `far`?"""
    return (0.12 <= shared(near, far) <= 0.52 and near[3] >= far[3] and
            _covered(near, far) <= 0.34 and
            abs(centre(near)[0] - centre(far)[0]) +
            abs(centre(near)[1] - centre(far)[1]) >= 8)


def _place(rng, kind, backdrop, crowd, good):
    sums = _sums(kind, backdrop, crowd)
    if sums[-1] <= 0:
        return None
    for _ in range(60):
        i = _draw(rng, sums)
        if good(BOXES[i]):
            return i
    return None


def _distance(rng, kind, box):
    """Farther when its feet are higher; sky things far."""
    k = KINDS[kind]
    if k.group == 'sky':
        return float(rng.choice((10, 12, 15, 20)))
    base = box[3] / GRID
    if k.stands == 'sky':
        return float(rng.choice((4, 5, 6, 8, 10)))
    near = 1.0 + 9.0 * max(0.0, 1.0 - base) + rng.choice((0, .5, 1, 1.5))
    return round(near * 2) / 2


def arrange(rng, kinds, backdrop, front=False):
    """[((location, offset, area), distance)] for the kinds, or None.

    front: the second kind stands in front of the first; their boxes overlap.
    """
    crowd = len(kinds) - 1
    placed = []
    if front and KINDS[kinds[1]].group == 'sky':
        kinds[0], kinds[1] = kinds[1], kinds[0]     # the sky is far
    for n, kind in enumerate(kinds):
        if front and n == 1:
            far = BOXES[placed[0]]
            good = functools.partial(_before, far=far)
        else:
            good = functools.partial(_free, placed=placed)
        i = _place(rng, kind, backdrop, crowd, good)
        if i is None:
            return None
        placed.append(i)
    away = [_distance(rng, k, BOXES[i]) for k, i in zip(kinds, placed)]
    if front:
        away[1] = float(rng.choice((1, 1.5, 2, 3)))
        away[0] = max(away[0], away[1] + rng.choice((1, 2, 3)))
    order = list(range(len(kinds)))
    if front and rng.random() < 0.5:
        order[0], order[1] = 1, 0
    spots = [(WORDS[i], d) for i, d in zip(placed, away)]
    kinds[:] = [kinds[i] for i in order]
    return [spots[i] for i in order]
