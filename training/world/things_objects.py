"""Things for table and hand."""
from .kinds import draws
from .pen import (CREAM, DARK, GREEN, INK, RED, WHITE, WOOD,
                  YELLOW)


@draws('bottle')
def bottle(p):
    neck, wide, tall = p.r(7, 10), p.r(20, 24), p.r(-6, 6)
    s = 34 + tall
    p.rect(24 - neck + 2, 0, 2 * neck - 4, 10, 3).part(
        p.pick(WOOD, DARK, (.85, .3, .3)) if p.k.name != 'red' else WOOD)
    p.blob([(24 - neck, 8), (24 + neck, 8), (24 + neck, s - 8),
            (24 + wide, s + 10), (24 + wide, 96), (16 + wide, 101),
            (32 - wide, 101), (24 - wide, 96), (24 - wide, s + 10),
            (24 - neck, s - 8)], .22).body()
    p.rect(23 - neck, 10, 2 * neck + 2, 6, 2).dark(1, True)
    if p.chance(.55) and p.material == 'plain':
        p.rect(24 - wide + 1, s + 34, 2 * wide - 2, 17).part(CREAM)
        p.ell(24, s + 42, 5).dark(.6)


@draws('cup')
def cup(p):
    w, tall = p.r(-3, 4), p.r(-6, 4)
    if p.chance(.5):
        for x in (34, 52):
            p.curve([(x, 6), (x + 6, -3), (x, -12), (x + 6, -20)]).line(
                (.86, .88, .92), 4)
    p.curve([(84, 32), (110, 32), (112, 58), (94, 72), (78, 74)]).limb(11)
    p.blob([(4 - w, 18 + tall), (88 + w, 18 + tall), (86, 70), (76, 94),
            (58, 99), (34, 99), (16, 94), (6, 70)], .3).body()
    p.ell(46, 18 + tall, 42 + w, 9).body(False, shade=.5)
    p.ell(46, 20 + tall, 35 + w, 5.5).part(p.pick(
        (.38, .24, .17), (.66, .42, .22), CREAM), False)


@draws('teapot')
def teapot(p):
    w, k = p.r(-3, 4), p.r(-2, 4)
    p.curve([(98, 36), (126, 28), (132, 56), (104, 76)]).limb(11)
    p.poly([(32, 78), (6, 50), (-4, 30), (10, 26), (22, 42), (42, 52)],
           7).body(False)
    p.blob([(70, 24), (100, 34), (112 + w, 62), (98, 90), (70, 98),
            (42, 90), (28 - w, 62), (40, 34)]).body()
    p.blob([(44, 30), (54, 18), (70, 15), (86, 18), (96, 30), (70, 35)],
           .4).body()
    p.ell(70, 10 - k / 2, 8, 7 + k / 2).body(False, shade=.5)
    p.rect(48, 93, 44, 7, 3).dark(1, True)


@draws('vase')
def vase(p):
    n, w, lip = p.r(9, 14), p.r(26, 31), p.r(15, 20)
    if p.chance(.6):
        for x, y, c in ((14, -6, RED), (31, -16, YELLOW), (48, -5,
                                                           (.9, .5, .8))):
            p.curve([(31, 14), (x, y)]).limb(5, GREEN)
            for a, b in ((-6, 0), (6, 0), (0, -6), (0, 6)):
                p.ell(x + a, y + b, 6).part(c)
            p.ell(x, y, 4.4).part(CREAM, False)
    p.blob([(31 - lip, 8), (31 + lip, 8), (31 + n, 24), (31 + w, 52),
            (31 + w * .8, 82), (31 + n + 3, 99), (31 - n - 3, 99),
            (31 - w * .8, 82), (31 - w, 52), (31 - n, 24)], .45).body()
    p.rect(31 - lip - 1, 5, 2 * lip + 2, 8, 4).body(False)
    for y in (36, 44):
        p.curve([(31 - w * .75, y), (31, y + 4), (31 + w * .75, y)]).line(
            width=3)


@draws('book')
def book(p):
    t, lean = p.r(10, 16), p.r(-3, 3)
    p.poly([(8, 8), (20, 0), (84, 0), (84, 88), (72, 98), (8, 98)],
           3).body(False, shade=.8)
    p.poly([(70, 10), (82, 3), (82, 86), (70, 95)], 1).part(CREAM)
    for i in (1, 2):
        p.curve([(70 + i * 4, 9 - i * 2), (70 + i * 4, 94 - i * 3)]).line(
            (.8, .72, .58), 1.5)
    p.poly([(4, 9), (70, 9), (70, 98), (4, 98)], 3).body()
    p.rect(4, 9, t, 89, 2).dark(.9, True)
    p.rect(t + 12, 24 + lean, 42, 12, 2).light(.75)
    if p.chance(.5):
        p.blob([(t + 33, 52), (t + 43, 63), (t + 33, 76), (t + 23, 63)],
               .2).light(.7)
    if p.chance(.4):
        p.poly([(54, 96), (62, 96), (62, 110), (58, 106), (54, 110)]).part(
            RED if p.k.name != 'red' else YELLOW)


@draws('ball')
def ball(p):
    a = p.pick('seam', 'cap', 'rings')
    turn = p.r(-30, 30)
    p.ell(50, 50, 48).body()
    c = p.ctx
    c.save()
    c.translate(50, 50)
    c.rotate(turn / 57)
    c.translate(-50, -50)
    if a == 'seam':
        p.curve([(50, 2), (66, 50), (50, 98)], .8).line(width=3)
        p.curve([(3, 42), (50, 58), (97, 42)], .8).line(width=3)
    elif a == 'cap':
        p.ell(50, 9, 12, 5).light(.75)
        p.curve([(46, 12), (22, 50), (34, 94)], .8).line(width=3)
        p.curve([(54, 12), (78, 50), (66, 94)], .8).line(width=3)
    else:
        p.curve([(8, 28), (50, 40), (92, 28)], .8).line(WHITE, 5)
        p.curve([(8, 72), (50, 84), (92, 72)], .8).line(WHITE, 5)
    c.restore()
    if p.material == 'plain':
        p.ell(32, 26, 9, 6, -35).light(.6)


@draws('balloon')
def balloon(p):
    w, s = p.r(-3, 4), p.r(-8, 8)
    p.curve([(34, 84), (34 + s, 100), (34 - s, 112), (34, 124)]).line(
        (.5, .48, .52), 2.2)
    p.poly([(34, 74), (42, 88), (26, 88)], 2).body(False, shade=.7)
    p.blob([(34, 0), (58, 9), (68 + w, 34), (56, 64), (34, 81), (12, 64),
            (0 - w, 34), (10, 9)]).body()
    if p.material in ('plain', 'glossy'):
        p.ell(18, 24, 4.6, 11, 22).light(.65)


@draws('umbrella')
def umbrella(p):
    h, w = p.r(-4, 5), p.r(-3, 3)
    p.curve([(52, 6), (52, 90), (52, 98), (60, 106), (69, 100),
             (69, 94)]).limb(6, WOOD)
    p.curve([(52, -4 - h / 2), (52, 8)]).limb(5, WOOD)
    pts = [(0 - w, 66), (5, 40 + h), (24, 14), (52, 2 - h), (80, 14),
           (99, 40 + h), (104 + w, 66)]
    for x in (95, 87, 78, 69, 61, 52, 43, 35, 26, 17, 9):
        i = (104 - x) / 17.34 % 1
        pts.append((x, 66 - 9 * (1 - abs(2 * i - 1))))
    p.blob(pts, .35).body()
    for x, y in ((34, 64), (70, 64)):
        p.curve([(52, 3 - h), (52 + (x - 52) * .95, 30), (x, y)]).line(
            width=3)


@draws('hat')
def hat(p):
    tall, w, tip = p.r(-8, 6), p.r(-4, 4), p.chance(.4)
    p.ell(68, 78, 66 + w, 15).body()
    if tip:
        p.blob([(30, 76), (36, 30 + tall), (52, 18 + tall), (68, 26 + tall),
                (84, 18 + tall), (100, 30 + tall), (106, 76), (68, 84)],
               .4).body()
    else:
        p.blob([(32, 76), (28, 12 + tall), (48, 5 + tall), (88, 5 + tall),
                (108, 12 + tall), (104, 76), (68, 84)], .25).body()
    band = p.pick(RED, YELLOW, CREAM, (.3, .5, .8))
    p.blob([(31, 60), (68, 66), (105, 60), (105, 74), (68, 82), (31, 74)],
           .4).part(band)


@draws('boot')
def boot(p):
    tall, heel = p.r(-6, 6), p.r(0, 4)
    p.blob([(30, 8 + tall), (70, 8 + tall), (72, 48), (76, 90), (50, 92),
            (8, 92), (4, 78), (12, 66), (32, 58), (32, 40)], .3).body()
    p.rect(26, 2 + tall, 48, 14, 6).body(False, shade=.6)
    p.poly([(2, 86), (80, 86), (80, 98 + heel), (58, 98 + heel), (56, 94),
            (4, 96)], 3).part((.3, .22, .2))
    for y in (30, 42, 54):
        p.curve([(34, y + tall / 2), (46, y + 3 + tall / 2)]).line(CREAM, 3)


@draws('bell')
def bell(p):
    w, r = p.r(-3, 4), p.r(0, 3)
    p.ell(44, 8, 9, 9).body(False, shade=.3)
    p.ell(44, 90, 11 + r, 10 + r).dark(1.2, True)
    p.blob([(44, 10), (62, 18), (70, 48), (78, 72), (88 + w, 84), (44, 92),
            (0 - w, 84), (10, 72), (18, 48), (26, 18)], .4).body()
    p.blob([(2 - w, 80), (44, 86), (86 + w, 80), (88 + w, 88), (44, 94),
            (0 - w, 88)], .3).body(False, shade=.6)
    p.curve([(17, 56), (44, 61), (71, 56)]).line(width=3)
    if p.chance(.35):
        for s in (-1, 1):
            p.blob([(44, 16), (44 + s * 20, 4), (44 + s * 24, 22)]).part(RED)
        p.ell(44, 15, 6).part(RED)


@draws('candle')
def candle(p):
    tall, w = p.r(-8, 4), p.r(-2, 3)
    y = 30 + tall
    if p.chance(.6):
        p.curve([(46 + w, 94), (58, 94), (58, 84), (48, 84)]).limb(5, YELLOW)
    p.ell(25, 97, 27 + w, 6).part((.82, .66, .36))
    p.rect(4 - w / 2, y, 42 + w, 66 - tall, 4).body()
    p.blob([(4 - w / 2, y), (46 + w / 2, y), (46 + w / 2, y + 8),
            (40, y + 16), (34, y + 8), (24, y + 9), (17, y + 18),
            (11, y + 8), (4 - w / 2, y + 6)], .4).light(.3)
    p.ell(25, y, 20 + w / 2, 4.4).light(.5)
    p.curve([(25, y), (25, y - 10)]).line(INK, 3)
    p.blob([(25, y - 36), (34, y - 18), (32, y - 7), (25, y - 4), (18, y - 7),
            (16, y - 18)], .45).part((1, .66, .2))
    p.blob([(25, y - 24), (29, y - 13), (25, y - 6), (21, y - 13)]).part(
        (1, .92, .5), False)


