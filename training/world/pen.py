"""The pen that things are drawn with.

A drawing works in its own units: the design's short side is about 100. It
builds a path (ell, rect, poly, blob, curve) and finishes it with a paint:

    p.ell(50, 60, 40, 30).body()    the thing's own colour, with its material
    p.ell(50, 20, 4, 4).part(INK)   a fixed colour
    p.curve(pts).limb(10)           a thick outlined line in the own colour

so that colour, pattern, shine and outline look alike in all drawings. All
variety comes from p.r / p.pick / p.chance, which depend on the form alone.
"""
import math
import random
import zlib

import cairo

from .colours import mix

WHITE, INK, RED = (.98, .98, 1), (.13, .11, .18), (.85, .2, .2)
BROWN, WOOD, GREEN = (.48, .31, .2), (.62, .42, .26), (.27, .58, .27)
GLASS, STEEL, CREAM = (.72, .87, .95), (.55, .57, .63), (.98, .93, .8)
YELLOW, ORANGE, PINK = (1, .83, .3), (.95, .58, .2), (.97, .62, .66)
TYRE, DARK = (.18, .18, .22), (.3, .28, .36)
SKINS = ((.98, .83, .71), (.91, .70, .54), (.70, .49, .34), (.48, .32, .23))
HAIRS = ((.2, .15, .14), (.4, .26, .17), (.85, .63, .3), (.62, .3, .16))


def darker(c, t=.45):
    return tuple(v * (1 - t) + w * t for v, w in zip(c, (.06, .04, .12)))


class Pen:
    def __init__(self, ctx, kind, form, shades, material='plain', width=2.4):
        self.ctx, self.k, self.material = ctx, shades, material
        self.width = width
        self.form = form
        self._rng = random.Random(form * 1000003 + zlib.crc32(kind.encode()))
        ctx.set_line_join(cairo.LINE_JOIN_ROUND)
        ctx.set_line_cap(cairo.LINE_CAP_ROUND)

    # ---- variety of form ----
    def r(self, a, b):
        return self._rng.uniform(a, b)

    def pick(self, *options):
        return options[self._rng.randrange(len(options))]

    def chance(self, q=.5):
        return self._rng.random() < q

    # ---- paths ----
    def ell(self, x, y, rx, ry=None, turn=0):
        c = self.ctx
        c.new_path()
        c.save()
        c.translate(x, y)
        c.rotate(math.radians(turn))
        c.scale(rx, rx if ry is None else ry)
        c.arc(0, 0, 1, 0, 2 * math.pi)
        c.restore()
        c.close_path()
        return self

    def pie(self, x, y, rx, ry, a, b):
        """The part of an ellipse between two angles (degrees), closed."""
        c = self.ctx
        c.new_path()
        c.save()
        c.translate(x, y)
        c.scale(rx, ry)
        c.arc(0, 0, 1, math.radians(a), math.radians(b))
        c.restore()
        c.close_path()
        return self

    def rect(self, x, y, w, h, r=0):
        if r <= 0:
            self.ctx.new_path()
            self.ctx.rectangle(x, y, w, h)
            return self
        return self.poly([(x, y), (x + w, y), (x + w, y + h), (x, y + h)],
                         min(r, w / 2, h / 2))

    def poly(self, pts, r=0):
        """A polygon; r rounds its corners."""
        c, n = self.ctx, len(pts)
        c.new_path()
        for i, (x, y) in enumerate(pts):
            if r <= 0:
                c.line_to(x, y)
                continue
            (ax, ay), (bx, by) = pts[i - 1], pts[(i + 1) % n]
            da = min(.5, r / (math.hypot(ax - x, ay - y) or 1))
            db = min(.5, r / (math.hypot(bx - x, by - y) or 1))
            sx, sy = x + (ax - x) * da, y + (ay - y) * da
            ex, ey = x + (bx - x) * db, y + (by - y) * db
            c.line_to(sx, sy)
            c.curve_to(sx + (x - sx) * .6, sy + (y - sy) * .6,
                       ex + (x - ex) * .6, ey + (y - ey) * .6, ex, ey)
        c.close_path()
        return self

    def blob(self, pts, t=.5):
        """A smooth closed curve through the points (Catmull-Rom)."""
        c, n, t = self.ctx, len(pts), t / 3
        c.new_path()
        c.move_to(*pts[0])
        for i in range(n):
            (ax, ay), (bx, by) = pts[i - 1], pts[i]
            (cx, cy), (dx, dy) = pts[(i + 1) % n], pts[(i + 2) % n]
            c.curve_to(bx + (cx - ax) * t, by + (cy - ay) * t,
                       cx - (dx - bx) * t, cy - (dy - by) * t, cx, cy)
        c.close_path()
        return self

    def curve(self, pts, t=.5):
        """A smooth open curve through the points."""
        c, n, t = self.ctx, len(pts), t / 3
        c.new_path()
        c.move_to(*pts[0])
        for i in range(n - 1):
            ax, ay = pts[max(0, i - 1)]
            bx, by = pts[i]
            cx, cy = pts[i + 1]
            dx, dy = pts[min(n - 1, i + 2)]
            c.curve_to(bx + (cx - ax) * t, by + (cy - ay) * t,
                       cx - (dx - bx) * t, cy - (dy - by) * t, cx, cy)
        return self

    # ---- paints ----
    def body(self, shine=True, line=True, shade=0):
        """Fill with the thing's own colour and material, and outline.

        shade: 0 as is, above 0 darker (a part that lies behind).
        """
        c, k = self.ctx, self.k
        x0, y0, x1, y1 = c.path_extents()
        if shade:
            c.set_source_rgb(*[a + (b - a) * shade
                               for a, b in zip(k.base, k.deep)])
        else:
            g = cairo.LinearGradient(x0, y0, x0 + (x1 - x0) * .25, y1)
            g.add_color_stop_rgb(0, *k.light)
            g.add_color_stop_rgb(.45, *k.base)
            g.add_color_stop_rgb(1, *k.dark)
            c.set_source(g)
        c.fill_preserve()
        if self.material != 'plain' and shine and min(x1 - x0, y1 - y0) > 9:
            self._material(x0, y0, x1, y1)
        return self._outline(k.line) if line else self._end()

    def _material(self, x0, y0, x1, y1):
        c, path = self.ctx, self.ctx.copy_path()
        c.save()
        c.clip()
        if self.material == 'glossy':
            self._gloss(x0, y0, x1, y1)
        else:
            c.set_source_rgb(*self.k.pattern)
            if self.material == 'striped':
                self._stripes(x0, y0, x1, y1)
            else:
                self._dots(x0, y0, x1, y1)
        c.restore()
        c.new_path()
        c.append_path(path)

    def _stripes(self, x0, y0, x1, y1, step=19, wide=6.4):
        c, lean = self.ctx, .3 * (y1 - y0)
        x = step * math.floor((x0 - lean) / step)
        while x < x1 + lean:
            c.move_to(x + lean / 2, y0 - 1)
            c.line_to(x - lean / 2, y1 + 1)
            x += step
        c.set_line_width(wide)
        c.stroke()

    def _dots(self, x0, y0, x1, y1, step=20, size=5.2):
        c = self.ctx
        row = math.floor(y0 / step * 1.15)
        y = row * step / 1.15
        while y < y1 + size:
            x = step * math.floor(x0 / step) + (step / 2 if row % 2 else 0)
            while x < x1 + size:
                c.move_to(x, y)
                c.line_to(x, y)
                x += step
            y += step / 1.15
            row += 1
        c.set_line_width(2 * size)
        c.stroke()

    def _gloss(self, x0, y0, x1, y1):
        c, w, h = self.ctx, x1 - x0, y1 - y0
        g = cairo.LinearGradient(x0, y0, x0, y1)
        g.add_color_stop_rgba(0, 1, 1, 1, .22)
        g.add_color_stop_rgba(.5, 1, 1, 1, 0)
        g.add_color_stop_rgba(1, 0, 0, .1, .04)
        c.set_source(g)
        c.paint()
        if min(w, h) < 16:
            return
        c.set_source_rgba(1, 1, 1, .85)
        for x, y, rx, ry in ((.27, .24, .085, .15), (.24, .47, .04, .05)):
            c.save()
            c.translate(x0 + x * w, y0 + y * h)
            c.rotate(.35)
            c.scale(rx * w, ry * h)
            c.arc(0, 0, 1, 0, 7)
            c.restore()
            c.fill()

    def part(self, rgb, line=True):
        """Fill with a fixed colour; outlined in a darker one."""
        self.ctx.set_source_rgb(*rgb)
        self.ctx.fill_preserve()
        return self._outline(darker(rgb)) if line else self._end()

    def dark(self, t=1.0, line=False):
        """Fill with a darker shade of the own colour (marks on the body).

        Up to 1 it still goes by the same name; above, towards the outline.
        """
        k = self.k
        rgb = (mix(k.base, k.deep, t) if t <= 1 else
               mix(k.deep, k.line, min(1, t - 1)))
        self.ctx.set_source_rgb(*rgb)
        self.ctx.fill_preserve()
        return self._outline(k.line) if line else self._end()

    def puff(self, circles, shine=True):
        """One body made of many ellipses (x, y, rx, ry)."""
        c = self.ctx

        def path():
            c.new_path()
            for x, y, rx, ry in circles:
                c.save()
                c.translate(x, y)
                c.scale(rx, ry)
                c.new_sub_path()
                c.arc(0, 0, 1, 0, 2 * math.pi)
                c.restore()
        path()
        self._outline(self.k.line, 2 * self.width)
        path()
        return self.body(shine, False)

    def light(self, t=.6):
        """Fill with a light tint of the own colour (bellies, muzzles)."""
        self.ctx.set_source_rgb(*[v + (1 - v) * t for v in self.k.base])
        self.ctx.fill()
        return self

    def _outline(self, rgb, width=None):
        self.ctx.set_source_rgb(*rgb)
        self.ctx.set_line_width(width or self.width)
        self.ctx.stroke()
        return self

    def _end(self):
        self.ctx.new_path()
        return self

    def line(self, rgb=None, width=None):
        """Stroke the path; in the outline's colour by default."""
        return self._outline(rgb or self.k.line, width)

    def limb(self, width, rgb=None, shade=0):
        """Stroke a thick line with an outline on both sides."""
        k = self.k
        fill = rgb or tuple(a + (b - a) * shade
                            for a, b in zip(k.base, k.deep))
        c = self.ctx
        c.set_source_rgb(*(darker(rgb) if rgb else k.line))
        c.set_line_width(width + self.width)
        c.stroke_preserve()
        c.set_source_rgb(*fill)
        c.set_line_width(width - self.width)
        c.stroke()
        return self

    # ---- things that many drawings share ----
    def eye(self, x, y, r=3.4):
        """A dark eye with a spark, ringed light so that it shows on all."""
        self.ell(x, y, r * 1.28, r * 1.34).part((1, 1, 1), False)
        self.ell(x, y, r, r * 1.08).part(INK, False)
        return self.ell(x + r * .3, y - r * .38, r * .34).part(
            (1, 1, 1), False)

    def smile(self, x, y, w, h=None, width=None):
        h = w * .5 if h is None else h
        return self.curve([(x - w, y), (x, y + h), (x + w, y)], 1).line(
            width=width)

    def wheel(self, x, y, r, hub=STEEL):
        self.ell(x, y, r).part(TYRE)
        return self.ell(x, y, r * .48).part(hub, False)

    def leaf(self, x, y, length, turn, wide=.38, rgb=GREEN):
        c = self.ctx
        c.new_path()
        c.save()
        c.translate(x, y)
        c.rotate(math.radians(turn))
        c.move_to(0, 0)
        c.curve_to(length * .25, -length * wide, length * .75,
                   -length * wide, length, 0)
        c.curve_to(length * .75, length * wide, length * .25,
                   length * wide, 0, 0)
        c.close_path()
        c.restore()
        return self.body() if rgb is None else self.part(rgb)
