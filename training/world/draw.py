"""draw_scene(scene, size): the picture of a scene.

Things are drawn far to near. Each is fitted into its box: the drawing's true
extent is measured once per (kind, form) on a recording surface.
"""
import functools
import random

import cairo
import numpy as np

from . import backdrops_draw
from .backdrops import BACKDROPS
from .colours import shades
from .kinds import KINDS, drawing
from .pen import Pen
from .places import GRID


@functools.lru_cache(16384)
def extent(kind, form):
    """(x, y, w, h) that the drawing covers, in its own units."""
    s = cairo.RecordingSurface(cairo.CONTENT_COLOR_ALPHA, None)
    drawing(kind)(Pen(cairo.Context(s), kind, form, shades('red')))
    return s.ink_extents()


def fit(thing, scale=1.0):
    """Where a thing's drawing goes: (x, y, w, h, mirrored), in grid * scale.

    About 90 to 95 % of the box in the tight direction, nearly centred.
    """
    rng = random.Random(thing.form * 7919 + 17)
    x0, y0, x1, y1 = (v * scale for v in thing.box)
    _, _, ew, eh = extent(thing.kind, thing.form)
    bw, bh = x1 - x0, y1 - y0
    fill = rng.uniform(.89, .96)
    s = fill * min(bw / ew, bh / eh)
    w, h = ew * s, eh * s
    jx, jy = rng.uniform(-.3, .3), rng.uniform(-.2, .3)
    x = x0 + (bw - w) / 2 + jx * min(bw - w, .12 * bw)
    y = y0 + (bh - h) / 2 + jy * min(bh - h, .12 * bh)
    mirrored = rng.random() < .5
    return x, y, w, h, mirrored


def _shadow(ctx, x, y, w, h, dark):
    """A soft shadow on the ground under a standing thing."""
    ctx.save()
    ctx.translate(x + w / 2, y + h * .975)
    ctx.scale(w * .56, max(w * .085, h * .03))
    g = cairo.RadialGradient(0, 0, .3, 0, 0, 1)
    a = .5 if dark else .34
    g.add_color_stop_rgba(0, .05, .04, .14, a)
    g.add_color_stop_rgba(1, .05, .04, .14, 0)
    ctx.set_source(g)
    ctx.arc(0, 0, 1, 0, 7)
    ctx.fill()
    ctx.restore()


def draw_thing(ctx, thing, x, y, w, h, mirrored):
    """Draw it so that its ink covers exactly x, y, w, h."""
    ex, ey, ew, eh = extent(thing.kind, thing.form)
    s = w / ew
    ctx.save()
    ctx.translate(x, y)
    if mirrored:
        ctx.translate(w, 0)
        ctx.scale(-1, 1)
    ctx.scale(s, s)
    ctx.translate(-ex, -ey)
    drawing(thing.kind)(Pen(ctx, thing.kind, thing.form,
                            shades(thing.colour), thing.material))
    ctx.restore()


def paint(ctx, scene, size):
    """Draw the whole scene into a context of size x size."""
    b = BACKDROPS[scene.backdrop]
    rng = random.Random(scene.seed)
    ctx.save()
    ctx.scale(size / 100, size / 100)
    ground = backdrops_draw.draw(ctx, scene.backdrop, rng)
    ctx.restore()
    for t in sorted(scene.things, key=lambda t: -t.distance):
        x, y, w, h, mirrored = fit(t, size / GRID)
        if KINDS[t.kind].stands in ('ground', 'table', 'water'):
            base = (y + h) / size * 100
            feet = (x / size * 100, base, w / size * 100)
            ctx.save()
            ctx.scale(size / 100, size / 100)
            held = backdrops_draw.ledge(ctx, scene.backdrop, ground, feet,
                                        KINDS[t.kind].stands)
            ctx.restore()
            if held:
                _shadow(ctx, x, y, w, h, b.night)
        draw_thing(ctx, t, x, y, w, h, mirrored)


def pixels(surface):
    """The pixels of an image surface of Cairo's, uint8 [h, w, 3]."""
    surface.flush()
    h, w = surface.get_height(), surface.get_width()
    a = np.ndarray((h, surface.get_stride() // 4, 4), np.uint8,
                   surface.get_data())
    return a[:, :w, 2::-1].copy()


def draw_scene(scene, size=256):
    """The picture, uint8 [size, size, 3]."""
    surface = cairo.ImageSurface(cairo.FORMAT_RGB24, size, size)
    paint(cairo.Context(surface), scene, size)
    return pixels(surface)
