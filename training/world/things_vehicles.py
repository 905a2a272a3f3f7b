"""Vehicles of road, rail, water and air."""
from .kinds import draws
from .pen import (BROWN, CREAM, DARK, GLASS, RED, STEEL, WHITE,
                  WOOD, YELLOW)


def panes(p, x, y, w, h, n, gap=4):
    """A row of n windows."""
    each = (w - gap * (n - 1)) / n
    for i in range(n):
        p.rect(x + i * (each + gap), y, each, h, 3).part(GLASS)


@draws('car')
def car(p):
    roof, back, low = p.r(-5, 4), p.r(-8, 8), p.r(-2, 3)
    p.blob([(36, 42), (54, 10 + roof), (110 + back, 8 + roof),
            (138 + back / 2, 42)], .35).body()
    for pts in ([(50, 36), (62, 18 + roof), (80, 17 + roof), (80, 36)],
                [(91, 36), (91, 17 + roof), (106 + back, 18 + roof),
                 (122 + back / 2, 36)]):
        p.poly(pts, 5).part(GLASS)
    p.poly([(4, 52), (24, 40), (150, 40), (166, 50), (168, 80 + low),
            (2, 80 + low)], 12).body()
    p.curve([(86, 46), (86, 76)]).line()
    p.rect(92, 52, 12, 4, 2).dark(1.2)
    p.rect(0, 76 + low, 170, 7, 4).part(STEEL)
    p.ell(8, 58, 5, 6).part(YELLOW).rect(160, 53, 7, 10, 3).part(RED)
    for x in (38, 132):
        p.wheel(x, 82, 17)
    if p.chance(.25):
        p.rect(66, 2 + roof, 34, 10, 3).part(WOOD)


@draws('truck')
def truck(p):
    cab, box = p.r(-4, 5), p.r(-5, 4)
    p.rect(2, 70, 156, 14, 4).part(DARK)
    p.rect(58, 6 + box, 100, 68 - box, 5).body()
    p.rect(66, 14 + box, 84, 52 - box, 3).line()
    p.poly([(4, 76), (4, 50), (16, 26 + cab), (52, 26 + cab), (52, 76)],
           7).body()
    p.poly([(12, 50), (20, 34 + cab), (42, 34 + cab), (42, 50)], 4).part(
        GLASS)
    p.rect(1, 60, 8, 8, 2).part(YELLOW)
    for x in (30, 106, 142):
        p.wheel(x, 84, 15)


@draws('bus')
def bus(p):
    two, h = p.chance(.35), p.r(-3, 3)
    p.rect(2, 6 + h, 156, 78 - h, 13).body()
    if two:
        panes(p, 14, 13 + h, 134, 11, 5)
        panes(p, 12, 36, 104, 11, 4)
    else:
        panes(p, 12, 14 + h, 104, 19, 4)
    p.rect(128, 34 if two else 22, 20, 50 if two else 60, 3).part(GLASS)
    p.curve([(138, 36), (138, 80)]).line((.4, .5, .6), 2)
    p.rect(3, 75, 118, 4).part(WHITE, False)
    p.rect(3, 68, 7, 8, 3).part(YELLOW)
    for x in (36, 106):
        p.wheel(x, 86, 15)


@draws('train')
def train(p):
    c, s = p.r(-3, 4), p.r(-3, 5)
    if p.chance(.7):
        for x, y, r in ((36, 4, 9), (52, -6, 11), (70, -12, 9)):
            p.ell(x, y - s, r).part((.93, .94, .96))
    p.rect(24, 12 - s, 16, 30, 3).body(False, shade=.8)
    p.rect(20, 8 - s, 24, 9, 3).part(DARK)
    p.ell(64, 32, 12, 13).part(YELLOW)
    p.rect(12, 32, 88, 44, 14).body()
    p.rect(48, 31, 6, 46).dark(1.1).rect(78, 31, 6, 46).dark(1.1)
    p.rect(90, 10 + c, 56, 68 - c, 5).body()
    p.rect(100, 22 + c, 36, 22, 4).part(GLASS)
    p.rect(84, 4 + c, 68, 9, 4).part(DARK)
    p.ell(11, 52, 6, 9).part(YELLOW)
    p.poly([(14, 76), (0, 96), (22, 96)], 2).part(STEEL)
    p.rect(14, 74, 136, 9, 3).part(DARK)
    for x, r in ((38, 13), (68, 13), (118, 18)):
        p.wheel(x, 98 - r, r, RED if p.k.name != 'red' else YELLOW)


@draws('tractor')
def tractor(p):
    s, h = p.r(-3, 4), p.r(-3, 3)
    p.curve([(28, 38), (28, 8 - s)]).limb(7, DARK)
    p.poly([(58, 52), (63, 4 + h), (103, 4 + h), (110, 60)], 4).body()
    p.poly([(66, 30), (70, 10 + h), (96, 10 + h), (99, 30)], 4).part(GLASS)
    p.rect(56, 1 + h, 56, 10, 4).body(False)
    p.poly([(2, 36), (60, 30), (68, 80), (4, 80)], 8).body()
    p.rect(56, 48, 56, 30, 8).body()
    for y in (48, 56, 64):
        p.curve([(9, y), (22, y - 1)]).line(width=3)
    p.ell(4, 46, 4, 6).part(YELLOW)
    p.wheel(22, 83, 16, YELLOW).wheel(92, 73, 26, YELLOW)
    p.curve([(60, 66), (68, 48), (92, 40), (118, 54)]).limb(8)


@draws('sailboat')
def sailboat(p):
    a, b = p.r(-5, 5), p.r(-4, 4)
    p.curve([(42, 4), (42, 78)]).limb(5, BROWN)
    p.poly([(42, 3), (54, 7), (42, 12)], 1).part(RED if p.k.name != 'red'
                                                 else YELLOW)
    p.blob([(44, 8), (70 + a, 36), (82 + a, 71), (62, 73), (44, 73),
            (44, 40)], .3).body()
    p.blob([(40, 14), (40, 44), (40, 73), (22, 73), (3 + b, 71),
            (17 + b, 42)], .3).body()
    p.blob([(0, 75), (42, 78), (84, 74), (72, 97), (42, 99), (14, 97)],
           .3).body()
    p.curve([(10, 90), (42, 92), (74, 90)]).line(WHITE, 3)


@draws('ship')
def ship(p):
    n, f = p.pick(1, 2, 2), p.r(-4, 4)
    if p.chance(.6):
        for x, y, r in ((86, -5, 7), (100, -11, 9)):
            p.ell(x, y, r).part((.86, .87, .90))
    for i in range(n):
        x = 62 + i * 24
        p.rect(x, 2 + f, 15, 26, 2).body(False, shade=.4)
        p.rect(x - 1, 0 + f, 17, 7, 2).part(DARK)
    p.rect(34, 22, 76, 20, 4).part(WHITE)
    for x in (42, 58, 74, 90):
        p.ell(x + 6, 29, 3.6).part(GLASS)
    p.poly([(0, 32), (20, 37), (124, 37), (146, 26), (133, 88), (122, 97),
            (24, 97), (14, 90)], 5).body()
    p.rect(16, 91, 114, 6, 3).part((.55, .25, .25)
                                   if p.k.name != 'red' else DARK)
    for x in (30, 52, 74, 96, 118):
        p.ell(x, 50, 3.6).part(CREAM)


@draws('airplane')
def airplane(p):
    w, t = p.r(-5, 5), p.r(-4, 5)
    p.poly([(70, 44), (104, 8 - w), (120, 8 - w), (104, 46)], 4).body(
        shade=.7)
    p.poly([(128, 42), (142, 4 - t), (158, 3 - t), (154, 44)], 5).body()
    p.blob([(1, 52), (14, 36), (44, 29), (100, 30), (150, 38), (159, 45),
            (140, 58), (96, 70), (40, 71), (12, 66)]).body()
    p.poly([(13, 46), (22, 36), (36, 34), (34, 48)], 4).part(GLASS)
    for x in (50, 66, 82, 98, 114):
        p.ell(x, 44, 4.6, 5).part(GLASS)
    p.poly([(66, 58), (108, 56), (132, 96 + w), (112, 97 + w)], 5).body()
    p.poly([(134, 50), (152, 46), (164, 64), (152, 64)], 3).body(False)


@draws('rocket')
def rocket(p):
    f, h = p.r(-4, 8), p.r(-3, 3)
    p.blob([(22, 84), (40, 84), (38, 100), (31, 116 + f), (24, 100)], .4)
    p.part((1, .62, .2))
    p.blob([(26, 84), (36, 84), (31, 104 + f / 2)], .4).part(YELLOW, False)
    for s in (-1, 1):
        p.poly([(31 + s * 16, 54), (31 + s * 31, 76), (31 + s * 30, 96),
                (31 + s * 12, 84)], 5).body(shade=.8)
    p.blob([(31, -8 + h), (44, 12), (51, 40), (48, 70), (42, 87), (20, 87),
            (14, 70), (11, 40), (18, 12)], .4).body()
    p.blob([(31, -8 + h), (39, 4), (43, 14), (31, 16), (19, 14), (23, 4)],
           .4).dark(1.3, True)
    p.ell(31, 36, 10).part(WHITE)
    p.ell(31, 36, 6.6).part(GLASS)
    p.rect(27, 62, 8, 30, 4).body(False, shade=.8)
    if p.chance():
        p.ell(31, 56, 4).part(GLASS)


@draws('helicopter')
def helicopter(p):
    t, r = p.r(-4, 4), p.r(-4, 4)
    p.poly([(84, 40), (138, 30 + t), (142, 40 + t), (86, 62)], 4).body()
    p.poly([(130, 36 + t), (142, 14 + t), (150, 14 + t), (148, 44 + t)],
           4).body(False)
    p.ell(145, 27 + t, 12, 4, 60).part(STEEL)
    p.curve([(34, 82), (30, 92)]).limb(4, DARK)
    p.curve([(74, 82), (78, 92)]).limb(4, DARK)
    p.curve([(10, 86), (18, 94), (92, 94)]).limb(5, DARK)
    p.curve([(58, 24), (58, 10)]).limb(6, DARK)
    p.blob([(6, 60), (18, 34), (46, 22), (80, 24), (98, 44), (94, 68),
            (74, 82), (30, 82)]).body()
    p.blob([(11, 58), (22, 37), (44, 29), (46, 56)], .35).part(GLASS)
    p.rect(56, 34, 18, 20, 5).part(GLASS)
    p.rect(2 - r, 5, 112 + 2 * r, 6, 3).part(STEEL)
    p.ell(58, 8, 6).part(DARK)


@draws('hot-air balloon')
def hot_air(p):
    w, h = p.r(-4, 4), p.r(-3, 3)
    for s in (-1, 1):
        p.curve([(37 + s * 17, 62), (37 + s * 9, 86)]).line(BROWN, 2.4)
    p.blob([(37, 1 - h), (62 + w, 12), (72 + w, 36), (58, 60), (48, 70),
            (26, 70), (16, 60), (2 - w, 36), (12 - w, 12)]).body()
    for s in (-1, 1):
        p.curve([(37 + s * 4, 2 - h), (37 + s * 20, 34),
                 (37 + s * 8, 69)]).line(width=3)
    p.rect(25, 66, 24, 6, 3).dark(1.3, True)
    p.rect(26, 84, 22, 15, 3).part(WOOD)
    p.curve([(27, 89), (47, 89)]).line(BROWN, 2)


