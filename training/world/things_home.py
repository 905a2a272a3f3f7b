"""Furniture and buildings."""
from .kinds import draws
from .pen import (BROWN, CREAM, DARK, GLASS, RED, STEEL, WHITE, WOOD, YELLOW)


@draws('chair')
def chair(p):
    w, tall, r = p.r(-2, 3), p.r(-5, 6), p.pick(6, 16)
    for x in (16, 58):
        p.rect(x - 4, 66, 8, 32, 2).part(WOOD)
    p.rect(8 - w, 4 - tall, 58 + 2 * w, 60 + tall, r).body()
    p.rect(16 - w, 12 - tall, 42 + 2 * w, 44 + tall, r * .7).line()
    p.rect(2 - w, 54, 70 + 2 * w, 18, 8).body()
    for x in (7 - w, 67 + w):
        p.rect(x - 4.5, 68, 9, 32, 2).part(WOOD)


@draws('table')
def table(p):
    w, drop = p.r(-4, 4), p.r(-4, 8)
    for x in (22, 110):
        p.rect(x - 4.5, 34, 9, 56, 2).part(BROWN)
    for x in (10 - w, 122 + w):
        p.rect(x - 5.5, 34, 11, 64, 2).part(WOOD)
    pts = [(2, 34), (130, 34)]
    n = 7
    for i in range(n + 1):
        x = 134 + w - i * (136 + 2 * w) / n
        pts.append((x, 70 + drop))
        if i < n:
            pts.append((x - (136 + 2 * w) / n / 2, 78 + drop))
    p.blob(pts, .3).body()
    p.poly([(16, 10), (116, 10), (132 + w, 36), (0 - w, 36)], 6).body(
        False)
    for x in (38, 66, 94):
        p.curve([(x, 44), (x - 2, 68 + drop)]).line()
    if p.chance(.35):
        p.ell(66, 20, 20, 5).part(WHITE)
        p.ell(58, 13, 7).part(RED).ell(72, 13, 7).part(YELLOW)


@draws('sofa')
def sofa(p):
    n, h, r = p.pick(2, 2, 3), p.r(-5, 5), p.pick(8, 16)
    for x in (22, 142):
        p.rect(x - 5, 82, 10, 16, 3).part(BROWN)
    p.rect(14, 8 + h, 136, 60, r).body()
    each = 116 / n
    for i in range(n):
        p.rect(24 + i * each, 44, each, 26, 7).body()
    p.rect(8, 66, 148, 22, 6).body(shade=.3)
    for x in (0, 138):
        p.rect(x, 34, 26, 54, 12).body()
    if p.chance(.5):
        c = p.pick(CREAM, YELLOW, (.9, .55, .5), (.5, .7, .75))
        x = p.pick(40, 116)
        p.poly([(x - 13, 24 + h), (x + 11, 20 + h), (x + 15, 44),
                (x - 11, 48)], 5).part(c)


@draws('bed')
def bed(p):
    h, f, n = p.r(-5, 5), p.r(-4, 6), p.pick(1, 2)
    wood = p.pick(WOOD, BROWN, (.86, .80, .72))
    for x in (10, 142):
        p.rect(x - 5, 70, 10, 29, 3).part(wood)
    p.rect(2, 8 + h, 16, 76 - h, 7).part(wood)
    p.rect(138, 36 + f, 14, 54 - f, 6).part(wood)
    p.rect(14, 60, 128, 24, 5).part(WHITE)
    for i in range(n):
        p.blob([(20, 34 - i * 8), (44 + i * 4, 32 - i * 8), (50 + i * 4, 46),
                (44, 58), (22, 58)], .4).part(WHITE)
    p.blob([(40, 46), (58, 36), (104, 34), (140, 42), (142, 62), (140, 84),
            (90, 87), (40, 84), (36, 64)], .4).body()
    p.blob([(40, 46), (58, 36), (66, 60), (62, 86), (40, 84), (36, 64)],
           .4).light(.4)
    p.curve([(57, 37), (65, 60), (61, 85)]).line()


@draws('house')
def house(p):
    h, w = p.r(-6, 6), p.r(-4, 4)
    roof = p.pick((.55, .33, .3), (.42, .4, .48), (.5, .36, .26))
    if p.chance(.65):
        p.rect(62, -8 + h, 13, 28, 1).part((.66, .42, .36))
    p.rect(6 - w, 24, 88 + 2 * w, 75, 2).body()
    p.poly([(-3 - w, 31), (20, 1 + h), (80, 1 + h), (103 + w, 31)],
           5).part(roof)
    d = p.pick(50, 50, 30)
    p.rect(d - 9, 74, 18, 25, 3).part(p.pick(WOOD, CREAM))
    p.ell(d + 4, 87, 1.6).part(DARK, False)
    for x in ((20, 80) if d == 50 else (74,)):
        p.rect(x - 8, 44, 16, 17, 2).part((.98, .88, .55) if p.chance(.4)
                                          else GLASS)
        p.curve([(x, 44), (x, 61)]).line(WHITE, 2)
        p.curve([(x - 8, 52), (x + 8, 52)]).line(WHITE, 2)


def teeth(p, x, y, w, n):
    """Battlements along the top of a wall."""
    each = w / (2 * n - 1)
    for i in range(n):
        p.rect(x + 2 * i * each, y - 8, each, 12).body(False)


@draws('castle')
def castle(p):
    t, cones = p.r(-6, 8), p.chance(.6)
    roof = p.pick((.78, .3, .3), (.3, .4, .66), (.5, .34, .6))
    teeth(p, 24, 46, 58, 5)
    p.rect(24, 44, 58, 55).body()
    p.rect(40, 22 - t, 26, 40, 1).body()
    if cones:
        p.poly([(36, 24 - t), (53, -2 - t), (70, 24 - t)], 2).part(roof)
    else:
        teeth(p, 38, 22 - t, 30, 3)
        p.rect(38, 20 - t, 30, 6).body(False)
    p.rect(49, 32 - t, 8, 12, 4).part(DARK)
    for x in (2, 78):
        p.rect(x, 32, 26, 67, 1).body()
        if cones:
            p.poly([(x - 4, 34), (x + 13, 6), (x + 30, 34)], 2).part(roof)
        else:
            teeth(p, x - 2, 32, 30, 3)
            p.rect(x - 2, 30, 30, 6).body(False)
        p.rect(x + 9, 46, 8, 13, 4).part(DARK)
    p.blob([(42, 99), (42, 80), (53, 70), (64, 80), (64, 99)], .4).part(
        BROWN)
    p.curve([(53, -2 - t if cones else 14 - t), (53, -14 - t)]).line(DARK)
    p.poly([(53, -15 - t), (68, -10 - t), (53, -5 - t)]).part(RED)


@draws('lighthouse')
def lighthouse(p):
    w, b = p.r(-2, 3), p.pick(0, 1, 2)
    p.blob([(0, 100), (8, 90), (28, 92), (44, 90), (56, 100)], .3).part(
        (.52, .5, .5))
    p.poly([(11, 26), (45, 26), (50 + w, 95), (6 - w, 95)], 1).body()
    c = WHITE if p.k.name not in ('white', 'silver') else RED
    if b:
        for y in ((32,) if b == 1 else (32, 78)):
            d = (y - 26) * .072
            p.poly([(11 - d, y), (45 + d, y), (45.5 + d, y + 7),
                    (10.5 - d, y + 7)]).part(c, False)
        p.poly([(11, 26), (45, 26), (50 + w, 95), (6 - w, 95)], 1).line()
    p.rect(7, 22, 42, 6, 2).part(DARK)
    p.rect(16, 7, 24, 16, 2).part((1, .92, .5))
    p.curve([(28, 7), (28, 22)]).line(DARK, 2)
    p.poly([(12, 9), (28, -5), (44, 9)], 2).part(
        (.75, .25, .25) if p.k.name != 'red' else DARK)
    p.rect(24, 48, 8, 10, 4).part(GLASS)
    p.rect(22, 82, 12, 14, 4).part(BROWN)


@draws('windmill')
def windmill(p):
    a, w = p.r(22, 68), p.r(-3, 4)
    p.poly([(22, 24), (64, 24), (80 + w, 99), (6 - w, 99)], 2).body()
    p.blob([(19, 27), (26, 13), (43, 5), (60, 13), (67, 27)], .4).dark(1.1, True)
    p.rect(36, 82, 14, 17, 5).part(WOOD)
    p.rect(39, 64, 8, 9, 3).part(GLASS)
    c = p.ctx
    for k in range(4):
        c.save()
        c.translate(43, 22)
        c.rotate((a + 90 * k) / 57.3)
        p.rect(-1.6, -40, 3.2, 40, 1).part(BROWN)
        p.rect(1.6, -39, 7, 24, 2).part(CREAM)
        c.restore()
    p.ell(43, 22, 4.2).part(STEEL)


@draws('tent')
def tent(p):
    w, h = p.r(-4, 5), p.r(-3, 6)
    p.poly([(62, 10 - h), (112 + w, 30), (136 + w, 96), (62, 96)],
           3).body(shade=.7)
    p.poly([(60, 6 - h), (104, 97), (0 - w, 97), (0 - w, 95)], 3).body()
    p.poly([(60, 36), (78, 97), (42, 97)], 2).part((.24, .2, .24))
    p.poly([(60, 36), (62, 72), (42, 97)], 2).light(.35)
    p.poly([(60, 36), (62, 72), (42, 97)], 2).line()
    p.curve([(60, 6 - h), (60, -6 - h)]).limb(4, WOOD)
    if p.chance():
        p.poly([(60, -8 - h), (76, -3 - h), (60, 2 - h)]).part(YELLOW)
