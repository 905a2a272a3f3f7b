"""The colours of the world: HTML names that lie well apart in CIE Lab.

A thing is asked for by the HTML name and drawn in a *paint*: the HTML colour
moved towards a softer one, for looks, but kept so near that it stays the
nearest of all named colours by a wide margin. Shades for patterns and light
are kept in the same cell where there is room. So "which colour is this
pixel?" has one plain answer: the nearest name in Lab.
"""
import functools

import numpy as np

COLOURS = {
    'red': (255, 0, 0),
    'orange': (255, 165, 0),
    'gold': (255, 215, 0),
    'yellow': (255, 255, 0),
    'tan': (210, 180, 140),
    'chocolate': (210, 105, 30),
    'brown': (165, 42, 42),
    'salmon': (250, 128, 114),
    'pink': (255, 192, 203),
    'hotpink': (255, 105, 180),
    'violet': (238, 130, 238),
    'purple': (128, 0, 128),
    'navy': (0, 0, 128),
    'blue': (0, 0, 255),
    'dodgerblue': (30, 144, 255),
    'skyblue': (135, 206, 235),
    'turquoise': (64, 224, 208),
    'teal': (0, 128, 128),
    'green': (0, 128, 0),
    'limegreen': (50, 205, 50),
    'olive': (128, 128, 0),
    'white': (255, 255, 255),
    'silver': (192, 192, 192),
    'gray': (128, 128, 128),
    'black': (0, 0, 0),
}
NAMES = tuple(COLOURS)

# Where a colour's paint is drawn to; colours not listed are painted as they
# are. The walk stops where the name would stop being beyond doubt.
SOFTER = {
    'red': (222, 44, 48), 'orange': (250, 150, 36), 'gold': (246, 190, 26),
    'yellow': (255, 238, 70), 'tan': (214, 182, 142),
    'chocolate': (196, 108, 52), 'brown': (139, 76, 48),
    'salmon': (250, 134, 118), 'hotpink': (250, 100, 170),
    'violet': (214, 130, 232), 'purple': (128, 40, 140),
    'navy': (36, 46, 112), 'blue': (44, 72, 224),
    'dodgerblue': (44, 140, 244), 'skyblue': (140, 206, 238),
    'turquoise': (64, 210, 200), 'teal': (16, 128, 132),
    'green': (40, 132, 50), 'limegreen': (98, 200, 70),
    'olive': (134, 134, 36), 'white': (250, 250, 252),
    'silver': (190, 194, 200), 'gray': (126, 129, 136),
    'black': (34, 34, 42),
}
DOUBT = 0.42  # paint: distance to its name / distance to the next name


def lab(rgb):
    """CIE Lab (D65) of sRGB values 0..255; any shape [..., 3]."""
    c = np.asarray(rgb, np.float64) / 255.0
    c = np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4)
    m = np.array([[0.4124564, 0.3575761, 0.1804375],
                  [0.2126729, 0.7151522, 0.0721750],
                  [0.0193339, 0.1191920, 0.9503041]])
    t = c @ m.T / np.array([0.95047, 1.0, 1.08883])
    f = np.where(t > (6 / 29) ** 3, np.cbrt(t),
                 t / (3 * (6 / 29) ** 2) + 4 / 29)
    x, y, z = f[..., 0], f[..., 1], f[..., 2]
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], -1)


_LAB = lab(np.array(list(COLOURS.values())))


def nearest(rgb):
    """Index into NAMES of the nearest named colour; rgb [..., 3]."""
    flat = lab(rgb)
    d = ((flat[..., None, :] - _LAB) ** 2).sum(-1)
    return d.argmin(-1)


def doubt(rgb, name):
    """Distance to `name` over the distance to the nearest other name."""
    d = np.sqrt(((lab(rgb) - _LAB) ** 2).sum(-1))
    i = NAMES.index(name)
    return d[i] / np.delete(d, i).min()


def _walk(start, goal, name, limit, steps=40):
    """As far from start to goal as the doubt stays within limit."""
    a, b = np.array(start, float), np.array(goal, float)
    best = a
    for t in np.linspace(0, 1, steps + 1)[1:]:
        c = a + (b - a) * t
        if doubt(c, name) > limit:
            break
        best = c
    return tuple(best)


def mix(a, b, t):
    """a moved towards b by t; tuples of three."""
    return tuple(x + (y - x) * t for x, y in zip(a, b))


def _far(a, b):
    return np.sqrt(((lab(a) - lab(b)) ** 2).sum())


def _seen(base, goal, name, contrast):
    """From base towards goal: as far as the name allows, at least as far
    as stripes need to be seen."""
    for t in np.linspace(0, 1, 61)[1:]:
        c = mix(base, goal, t)
        far = _far(c, base)
        if far > 1.6 * contrast or (far > contrast and
                                    doubt(c, name) > 0.9):
            break
    return c


class Shades:
    """What a thing of one colour is painted with, values 0..1.

    base, light and dark (both still the named colour for the eye and, where
    there is room, for `nearest`), pattern (stripes and dots), line
    (outlines), deep (parts that lie behind: as dark as the name allows).
    """

    def __init__(self, name):
        html = COLOURS[name]
        base = _walk(html, SOFTER.get(name, html), name, DOUBT)
        white, black = (255, 255, 255), (12, 10, 26)
        light = _walk(base, mix(base, white, .30), name, 0.75)
        dark = _walk(base, mix(base, black, .24), name, 0.75)
        lum = lab(base)[0]
        if lum < 25:
            line = mix(base, (150, 150, 185), .45 if lum < 15 else .30)
        elif lum > 90:
            line = mix(base, (70, 66, 100), .62)
        else:
            line = mix(base, (24, 14, 40), .55)
        deep = _walk(base, mix(base, line, .40), name, 0.90)
        grey = name in ('white', 'silver')      # neighbours are near
        goals = ((white,) if name in ('red', 'silver') else
                 (white, mix(base, black, .9), (60, 50, 90)))
        need = 11 if grey else 30 if name == 'red' else 18
        pattern = min((_seen(base, mix(base, c, .8), name, need)
                       for c in goals),
                      key=lambda c: doubt(c, name) +
                      (9 if _far(c, base) < need - 2 else 0))
        self.name = name
        self.base, self.light, self.dark, self.pattern, self.line, \
            self.deep = (
            tuple(v / 255 for v in c)
            for c in (base, light, dark, pattern, line, deep))


@functools.lru_cache(None)
def shades(name):
    return Shades(name)
