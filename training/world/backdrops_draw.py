"""Drawing the backdrops: soft gradients and a few large flat layers.

draw(ctx, name, rng) paints 0..100 x 0..100 and returns (horizon, colour):
where the ground begins and what a ledge on it is painted with.
"""
import math

import cairo

from .backdrops import BACKDROPS
from .colours import mix

PAINTERS = {}


def backdrop(name):
    assert name in BACKDROPS and name not in PAINTERS, name

    def keep(f):
        PAINTERS[name] = f
        return f
    return keep


def draw(ctx, name, rng):
    if not PAINTERS:
        from . import backdrops_inside, backdrops_outside  # noqa: F401
    return PAINTERS[name](Brush(ctx, rng))


def ledge(ctx, name, ground, feet, stands):
    """What a thing stands on. True if it stands on something (a shadow)."""
    kind = BACKDROPS[name].ledge
    horizon, rgb = ground
    x, y, w = feet
    if kind is None or (stands == 'water' and kind in ('island', 'rock')):
        return False
    b = Brush(ctx, None)
    if kind == 'island':
        b.fill(mix(rgb, (.2, .3, .5), .25), b.mound, x + w / 2, y - 1.5,
               w * .72, 7)
        b.fill(rgb, b.mound, x + w / 2, y - 2.5, w * .66, 6)
    elif y > horizon + 2:
        return True
    elif kind == 'shelf':
        b.box(mix(rgb, (0, 0, 0), .28), x - 3, y - .6, w + 6, 3.4)
        b.box(rgb, x - 3, y - .6, w + 6, 1.9)
    else:
        b.fill(rgb, b.mound, x + w / 2, y - 1.2, w * .95,
               max(6, horizon + 5 - y))
    return True


class Brush:
    """A few large shapes in the 0..100 square, with the scene's variety."""

    def __init__(self, ctx, rng):
        self.c, self._rng = ctx, rng

    def r(self, a, b):
        return self._rng.uniform(a, b)

    def pick(self, *options):
        return options[self._rng.randrange(len(options))]

    def chance(self, q=.5):
        return self._rng.random() < q

    def down(self, y0, y1, *stops):
        """A band across the picture, shaded from top to bottom."""
        g = cairo.LinearGradient(0, y0, 0, y1)
        for i, rgb in enumerate(stops):
            g.add_color_stop_rgb(i / max(1, len(stops) - 1), *rgb)
        self.c.set_source(g)
        self.c.rectangle(-1, y0, 102, y1 - y0 + .5)
        self.c.fill()

    def glow(self, x, y, radius, rgb, a=.8):
        g = cairo.RadialGradient(x, y, 0, x, y, radius)
        g.add_color_stop_rgba(0, *rgb, a)
        g.add_color_stop_rgba(1, *rgb, 0)
        self.c.set_source(g)
        self.c.paint()

    def fill(self, rgb, shape, *args, a=1.0):
        shape(*args)
        self.c.set_source_rgba(*rgb, a)
        self.c.fill()

    def box(self, rgb, x, y, w, h, a=1.0):
        self.c.rectangle(x, y, w, h)
        self.c.set_source_rgba(*rgb, a)
        self.c.fill()

    def disc(self, rgb, x, y, rx, ry=None, a=1.0):
        c = self.c
        c.save()
        c.translate(x, y)
        c.scale(rx, ry or rx)
        c.new_path()
        c.arc(0, 0, 1, 0, 7)
        c.restore()
        c.set_source_rgba(*rgb, a)
        c.fill()

    def poly(self, rgb, *pts, a=1.0):
        for p in pts:
            self.c.line_to(*p)
        self.c.close_path()
        self.c.set_source_rgba(*rgb, a)
        self.c.fill()

    def mound(self, x, y, w, h):
        """Path of a low hill with its top at (x, y), half width w."""
        c = self.c
        c.new_path()
        c.move_to(x - w, y + h)
        c.curve_to(x - w * .6, y, x - w * .45, y, x, y)
        c.curve_to(x + w * .45, y, x + w * .6, y, x + w, y + h)
        c.close_path()

    def waves(self, rgb, y, high, n=2, phase=None, a=1.0):
        """Everything below a soft wavy line across the picture."""
        c = self.c
        p = self.r(0, 6.28) if phase is None else phase
        pts = [(x, y + high * math.sin(p + x / 100 * n * 6.28))
               for x in range(-4, 109, 6)]
        c.new_path()
        c.move_to(-4, 104)
        for pt in pts:
            c.line_to(*pt)
        c.line_to(108, 104)
        c.close_path()
        c.set_source_rgba(*rgb, a)
        c.fill()

    def cloud(self, x, y, s, rgb=(1, 1, 1), a=.9):
        for dx, dy, rx in ((-1.1, .1, .6), (-.3, -.25, .85), (.65, 0, .7),
                           (1.4, .2, .45)):
            self.disc(rgb, x + dx * s, y + dy * s, rx * s, rx * s * .75, a)
        self.box(rgb, x - 1.1 * s, y, 2.5 * s, .52 * s, a)

    def ridge(self, rgb, y, rise, step, cap=None):
        """A row of peaks; cap: colour of their snow."""
        x = -self.r(0, step)
        while x < 104:
            w, h = step * self.r(.8, 1.3), rise * self.r(.65, 1.1)
            self.poly(rgb, (x - w * .3, y), (x + w / 2, y - h),
                      (x + w * 1.3, y))
            if cap:
                t, m = y - h, x + w / 2
                k = .34
                self.poly(cap, (m, t), (m - .8 * w * k, t + h * k),
                          (m - .3 * w * k, t + h * k * .75),
                          (m, t + h * k * 1.1),
                          (m + .35 * w * k, t + h * k * .72),
                          (m + .8 * w * k, t + h * k))
            x += w
