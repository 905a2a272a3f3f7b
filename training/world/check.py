"""Self check of the world: boxes, relations, colours where they belong.

    /usr/bin/python3 -m world.check [--scenes N] [--all] [--seed S]

The colour of a thing is read where it will be read in rendered pictures: in
the middle half (half the width, half the height) of its box, each pixel
counted for the nearest named colour in Lab; pixels under a nearer thing's
box do not count. --all also looks at every kind in every colour it may have.
"""
import argparse
import collections
import random
import sys
import time

import numpy as np

from .backdrops import BACKDROPS
from .colours import COLOURS, NAMES, nearest, shades
from .draw import draw_scene, fit
from .kinds import KINDS, drawing
from .places import GRID, centre
from .scene import FORMS, relations, sample_scene
from .sheet import one


def middle(box):
    """The middle half of a box, on the grid."""
    (x, y), w, h = centre(box), box[2] - box[0], box[3] - box[1]
    return x - w / 4, y - h / 4, x + w / 4, y + h / 4


def _pixels(box, size):
    return tuple(int(round(v * size / GRID)) for v in box)


def colour_share(scene, i, picture):
    """(share of the named colour, is it the most frequent, how much of the
    middle half is free of nearer things), or None when hardly any is."""
    size, t = picture.shape[0], scene.things[i]
    x0, y0, x1, y1 = _pixels(middle(t.box), size)
    free = np.ones((size, size), bool)
    for j, o in enumerate(scene.things):
        if (o.distance, -j) < (t.distance, -i):
            a, b, c, d = _pixels(o.box, size)
            free[b:d, a:c] = False
    seen = picture[y0:y1, x0:x1][free[y0:y1, x0:x1]]
    if len(seen) < 0.3 * (x1 - x0) * (y1 - y0):
        return None
    count = np.bincount(nearest(seen[::3]), minlength=len(NAMES))
    share = count / count.sum()
    n = NAMES.index(t.colour)
    return share[n], share.argmax() == n, NAMES[share.argmax()]


DRAWN = {'left of': (0, -1), 'right of': (0, 1), 'above': (1, -1),
         'below': (1, 1)}


def check_scene(scene):
    """Messages about what is wrong with a scene's words, and where they are not
    those of its drawing."""
    bad, at = [], []
    for t in scene.things:
        x, y, w, h, _ = fit(t)
        at.append((x + w / 2, y + h / 2))
        x0, y0, x1, y1 = t.box
        if not (x0 <= x and x + w <= x1 and y0 <= y and y + h <= y1):
            bad.append('%s: is drawn beside its box %s' % (t.kind, t.box))
        if t.colour not in KINDS[t.kind].colours:
            bad.append('a %s is never %s' % (t.kind, t.colour))
        if t.material not in KINDS[t.kind].materials:
            bad.append('a %s is never %s' % (t.kind, t.material))
    for i, word, j in relations(scene):
        axis, way = DRAWN.get(word, (0, 0))
        if way and way * (at[i][axis] - at[j][axis]) <= 0:
            bad.append('%d is not drawn %s %d' % (i, word, j))
    return bad


class Tally:
    def __init__(self):
        self.share = collections.defaultdict(list)
        self.right = collections.defaultdict(list)
        self.wrong = collections.Counter()

    def add(self, scene, i, picture):
        found = colour_share(scene, i, picture)
        if found is None:
            return
        t = scene.things[i]
        self.share[t.kind].append(found[0])
        self.right[t.kind].append(found[1])
        if not found[1]:
            self.wrong['%s %s %s reads %s' % (
                t.material, t.colour, t.kind, found[2])] += 1

    def report(self, title):
        share = np.concatenate([*self.share.values()])
        right = np.concatenate([*self.right.values()])
        print('%s: %d things, colour share %.3f, most frequent %.4f' % (
            title, len(right), share.mean(), right.mean()))
        order = sorted(self.share, key=lambda k: np.mean(self.share[k]))
        print('  least: ' + ', '.join('%s %.2f' % (
            k, np.mean(self.share[k])) for k in order[:10]))
        order = sorted(self.right, key=lambda k: np.mean(self.right[k]))
        print('  least often right: ' + ', '.join('%s %.2f' % (
            k, np.mean(self.right[k])) for k in order[:8]))
        print('  read wrongly: ' + ('; '.join(
            '%s' % text for text in list(self.wrong)[:80]) or 'none'))
        return right.mean()


def scenes(n, seed, size=128):
    """Random scenes: their words, and their colours in the picture."""
    rng, tally, bad = random.Random(seed), Tally(), 0
    for k in range(n):
        split = 'held' if k % 10 == 9 else 'train'
        s = sample_scene(rng, split)
        for text in check_scene(s):
            bad += 1
            print('scene %d %s' % (k, text), file=sys.stderr)
        picture = draw_scene(s, size)
        for i in range(len(s.things)):
            tally.add(s, i, picture)
    return bad, tally.report('%d scenes' % n)


def everything(seed):
    """Every kind in every colour it may have, once."""
    rng, tally = random.Random(seed), Tally()
    for k, kind in KINDS.items():
        for c in kind.colours:
            m = rng.choice(kind.materials)
            s = one(rng, k, c, m, rng.randrange(FORMS))
            tally.add(s, 0, draw_scene(s, 128))
    return tally.report('every kind in every colour')


def pace(n, seed):
    """Scenes drawn a second, sampling included."""
    rng = random.Random(seed)
    batch = [sample_scene(rng) for _ in range(n)]
    t = time.perf_counter()
    for s in batch:
        draw_scene(s)
    drawn = time.perf_counter() - t
    t = time.perf_counter()
    for _ in range(n):
        sample_scene(rng)
    return n / drawn, n / (time.perf_counter() - t)


def main():
    a = argparse.ArgumentParser()
    a.add_argument('--scenes', type=int, default=300)
    a.add_argument('--seed', type=int, default=11)
    a.add_argument('--all', action='store_true')
    a.add_argument('--pace', action='store_true')
    o = a.parse_args()
    drawing('cat')
    print('%d kinds, %d colours, %d backdrops' % (
        len(KINDS), len(COLOURS), len(BACKDROPS)))
    worst = [c for c in NAMES if NAMES[nearest(
        np.array(shades(c).base) * 255)] != c]
    bad, right = scenes(o.scenes, o.seed)
    twin = sample_scene(random.Random(o.seed))
    if (draw_scene(twin) != draw_scene(twin)).any():
        bad += 1
        print('two drawings of one scene differ', file=sys.stderr)
    if worst:
        bad += 1
        print('paints that are not their colour:', worst, file=sys.stderr)
    if o.all:
        right = min(right, everything(o.seed))
    if o.pace:
        print('drawn %.0f/s, sampled %.0f/s' % pace(300, o.seed))
    if bad or right < 0.98:
        sys.exit('the world is not in order')


if __name__ == '__main__':
    main()
