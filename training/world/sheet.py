"""Contact sheets, to look at: every kind, every backdrop, random scenes.

    /usr/bin/python3 -m world.sheet FOLDER [--kinds WORD,...] [--size N]
"""
import argparse
import os
import random

import cairo

from .backdrops import BACKDROPS
from .draw import paint
from .kinds import DRAWN, KINDS, drawing
from .scene import Scene, Thing, sample_scene


def _picture(scene, size):
    s = cairo.ImageSurface(cairo.FORMAT_RGB24, size, size)
    paint(cairo.Context(s), scene, size)
    return s


def grid(scenes, size, columns, path, labels=None):
    """Many scenes in one PNG, each with a label under it."""
    rows = -(-len(scenes) // columns)
    step = size + (12 if labels else 4)
    sheet = cairo.ImageSurface(cairo.FORMAT_RGB24, columns * (size + 4),
                               rows * step)
    c = cairo.Context(sheet)
    c.set_source_rgb(1, 1, 1)
    c.paint()
    c.set_font_size(9)
    for i, s in enumerate(scenes):
        x, y = i % columns * (size + 4), i // columns * step
        c.set_source_surface(_picture(s, size), x, y)
        c.paint()
        if labels:
            c.set_source_rgb(0, 0, 0)
            c.move_to(x + 2, y + size + 9)
            c.show_text(labels[i])
    sheet.write_to_png(path)


def one(rng, kind, colour, material, form, backdrop='studio'):
    wide = KINDS[kind].aspect
    area = ('a medium-sized vertical area' if wide < .75 else
            'a medium-sized horizontal area' if wide > 1.35 else
            'a large square area')
    t = Thing(kind, colour, material, 'in the center', 'no offset', area,
              2.0, form)
    return Scene(backdrop, (t,), rng.randrange(1 << 30))


def kinds(folder, names, size):
    """Six drawings of every kind: other forms, colours, materials."""
    rng = random.Random(4)
    scenes, labels = [], []
    for k in names:
        kind = KINDS[k]
        for i in range(6):
            c = (kind.natural[i % len(kind.natural)] if i < 2
                 else rng.choice(kind.colours))
            m = 'plain' if i < 2 else kind.materials[
                (i - 1) % len(kind.materials)]
            scenes.append(one(rng, k, c, m, rng.randrange(64)))
            labels.append(' '.join((m, c, k)))
    per = 12 * 8
    for n in range(0, len(scenes), per):
        grid(scenes[n:n + per], size, 12,
             os.path.join(folder, 'kinds%d.png' % (n // per)),
             labels[n:n + per])


def main():
    a = argparse.ArgumentParser()
    a.add_argument('folder')
    a.add_argument('--kinds')
    a.add_argument('--size', type=int, default=112)
    a.add_argument('--seed', type=int, default=1)
    o = a.parse_args()
    os.makedirs(o.folder, exist_ok=True)
    drawing('cat')
    names = o.kinds.split(',') if o.kinds else [k for k in KINDS
                                                if k in DRAWN]
    kinds(o.folder, names, o.size)
    if o.kinds:
        return
    rng = random.Random(o.seed)
    empty = [Scene(b, (), rng.randrange(1 << 30))
             for b in BACKDROPS for _ in range(3)]
    grid(empty, 160, 6, os.path.join(o.folder, 'backdrops.png'),
         [s.backdrop for s in empty])
    some = [sample_scene(rng) for _ in range(24)]
    grid(some, 256, 6, os.path.join(o.folder, 'scenes.png'),
         [', '.join(t.colour + ' ' + t.kind for t in s.things)
          for s in some])


if __name__ == '__main__':
    main()
