"""Pictures of random shapes: what the VAE sees besides scenes.

Flat colours, patterns, thin lines and soft gradients of every kind teach it to
keep edges and colours of drawings that nobody has drawn yet.
"""
import math

import cairo
import numpy as np

from world.draw import pixels

SIZE = 256


def _colour(rng):
    """Mostly strong colours, some dark, pale or grey ones."""
    c = rng.random(3)
    kind = rng.random()
    if kind < 0.2:
        c = np.full(3, c[0])
    elif kind < 0.4:
        c = 1 - c * 0.3
    elif kind < 0.55:
        c = c * 0.35
    return c


def _fill(ctx, rng, x, y, r):
    a = _colour(rng)
    if rng.random() < 0.3:
        t = rng.random() * math.tau
        dx, dy = r * math.cos(t), r * math.sin(t)
        g = cairo.LinearGradient(x - dx, y - dy, x + dx, y + dy)
        g.add_color_stop_rgb(0, *a)
        b = np.clip(a + rng.normal(0, 0.25, 3), 0, 1)
        g.add_color_stop_rgb(1, *b)
        ctx.set_source(g)
    else:
        ctx.set_source_rgba(*a, 1 if rng.random() < 0.85 else rng.random())


def _path(ctx, rng, x, y, r):
    kind = rng.integers(5)
    ctx.save()
    ctx.translate(x, y)
    ctx.rotate(rng.random() * math.tau if rng.random() < 0.5 else 0)
    ctx.scale(1, 0.3 + 0.7 * rng.random())
    if kind == 0:
        ctx.arc(0, 0, r, 0, math.tau)
    elif kind == 1:
        ctx.rectangle(-r, -r, 2 * r, 2 * r)
    elif kind == 2:
        for i in range(n := rng.integers(3, 9)):
            a, d = math.tau * i / n, r * (0.4 + 0.6 * rng.random())
            ctx.line_to(d * math.cos(a), d * math.sin(a))
        ctx.close_path()
    else:
        p = r * (rng.random((7, 2)) * 2 - 1)
        ctx.move_to(*p[0])
        ctx.curve_to(*p[1], *p[2], *p[3])
        ctx.curve_to(*p[4], *p[5], *p[6])
        ctx.close_path()
    ctx.restore()


def _pattern(ctx, rng, x, y, r):
    """Stripes or dots inside the path of the context."""
    ctx.save()
    ctx.clip_preserve()
    ctx.set_source_rgb(*_colour(rng))
    step = max(4, r * (0.15 + 0.3 * rng.random()))
    n = int(2 * r / step) + 2
    if rng.random() < 0.5:
        ctx.translate(x, y)
        ctx.rotate(rng.choice([0, math.pi / 2, 0.7, -0.7]))
        for i in range(-n, n):
            ctx.rectangle(i * step, -2 * r, step * 0.45, 4 * r)
        ctx.fill()
    else:
        ctx.new_path()
        for i in range(-n, n):
            for j in range(-n, n):
                ctx.new_sub_path()
                ctx.arc(x + (i + j % 2 / 2) * step, y + j * step, step * 0.25,
                        0, math.tau)
        ctx.fill()
    ctx.restore()


def draw(rng, size=SIZE):
    """[size, size, 3] bytes."""
    s = cairo.ImageSurface(cairo.FORMAT_RGB24, size, size)
    ctx = cairo.Context(s)
    ctx.scale(size / SIZE, size / SIZE)
    _fill(ctx, rng, 128, 128, 200)
    ctx.paint()
    if rng.random() < 0.7:  # ground
        y = SIZE * (0.3 + 0.5 * rng.random())
        ctx.rectangle(0, y, SIZE, SIZE)
        _fill(ctx, rng, 128, y, 128)
        ctx.fill()
    for _ in range(rng.integers(3, 22)):
        x, y = rng.random(2) * SIZE
        r = 4 + 80 * rng.random() ** 2
        _path(ctx, rng, x, y, r)
        kind = rng.random()
        if kind < 0.75:
            _fill(ctx, rng, x, y, r)
            ctx.fill_preserve()
        if kind > 0.6:
            ctx.set_source_rgb(*_colour(rng))
            ctx.set_line_width(1 + 5 * rng.random() ** 2)
            ctx.stroke_preserve()
        if rng.random() < 0.25:
            _pattern(ctx, rng, x, y, r)
        ctx.new_path()
    return pixels(s)
