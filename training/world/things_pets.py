"""Animals of house and farm."""
from .kinds import draws
from .pen import CREAM, DARK, INK, PINK, RED, YELLOW


def whiskers(p, x, y, w):
    for s in (-1, 1):
        for d in (-2, 3):
            p.curve([(x + s * w * .55, y + d * .4), (x + s * w, y + d)])
            p.line(width=1.2)


def face(p, x, y, apart, eye, nose=INK):
    """Two eyes, a small nose and a mouth, seen from the front."""
    p.eye(x - apart, y, eye).eye(x + apart, y, eye)
    n = eye * .9
    p.blob([(x - n, y + n * 2), (x + n, y + n * 2), (x, y + n * 3.2)])
    p.part(nose, False)
    p.smile(x - n * 1.1, y + n * 3.3, n * 1.1, n * .8)
    p.smile(x + n * 1.1, y + n * 3.3, n * 1.1, n * .8)


def legs(p, xs, y0, y1, w, hoof=None):
    """Straight legs; those further back are given first and darker."""
    n = len(xs) // 2
    for i, x in enumerate(xs):
        p.rect(x - w / 2, y0, w, y1 - y0, w * .35).body(
            False, shade=.45 if i < n else 0)
        if hoof:
            p.rect(x - w / 2, y1 - 5, w, 5, 1.5).part(hoof)


@draws('cat')
def cat(p):
    t, e, fat = p.r(-8, 8), p.r(-2, 5), p.r(-2, 5)
    p.curve([(54, 92), (76 + t / 2, 90), (80 + t, 70), (72 + t, 58)])
    p.limb(10)
    p.blob([(40, 44), (57 + fat, 62), (63 + fat, 88), (54, 98), (26, 98),
            (17 - fat, 88), (23 - fat, 62)]).body()
    p.ell(40, 82, 9, 12).light(.45)
    for x in (30, 50):
        p.ell(x, 95, 8, 5).body(False)
    for s in (-1, 1):
        p.poly([(40 + s * 26, 30), (40 + s * (24 + e), 2 - e / 2),
                (40 + s * 5, 14)], 4).body(False)
        p.poly([(40 + s * 21, 22), (40 + s * (21 + e / 2), 8),
                (40 + s * 10, 16)], 2).part(PINK, False)
    p.ell(40, 34, 28, 22).body()
    if p.chance():
        for x in (32, 40, 48):
            p.curve([(x, 14), (x, 22)]).line(width=3)
    face(p, 40, 33, 12, 4.4, PINK)
    whiskers(p, 40, 42, 31)
    if p.chance(.5):
        p.curve([(26, 57), (40, 60), (54, 57)]).limb(5, p.pick(
            RED, YELLOW, (.3, .5, .85)))


@draws('dog')
def dog(p):
    lift, ear, b = p.r(-4, 6), p.r(0, 8), p.r(-3, 3)
    p.curve([(88, 52), (98, 42), (101, 26 - lift)]).limb(9)
    legs(p, (38, 78, 30, 87), 66, 98, 12)
    p.blob([(30, 44), (60, 43 - b), (88, 46), (95, 60), (88, 78), (60, 80),
            (32, 80), (24, 62)]).body()
    p.blob([(18, 12), (40, 10), (48, 26), (44, 46), (30, 54), (12, 52),
            (2, 44), (3, 33), (14, 30)]).body()
    p.ell(6, 38, 6, 5).part(INK, False)
    p.curve([(8, 46), (16, 49), (24, 45)]).line()
    p.eye(23, 26, 4)
    p.blob([(36, 12), (48, 14), (54, 34 + ear), (46, 46 + ear),
            (39, 34)]).body(False, shade=.9)
    if p.chance(.7):
        p.curve([(27, 56), (38, 57), (46, 50)]).limb(6, p.pick(
            RED, (.25, .45, .85), YELLOW))
    if p.chance(.4):
        p.blob([(56, 44), (72, 44), (76, 58), (62, 62)]).dark(.7)


@draws('rabbit')
def rabbit(p):
    ear, lean, fat = p.r(0, 8), p.r(-5, 6), p.r(-2, 4)
    p.ell(60 + fat, 84, 9).part(CREAM)
    p.blob([(36, 50), (54 + fat, 64), (59 + fat, 90), (48, 98), (24, 98),
            (13 - fat, 90), (18 - fat, 64)]).body()
    p.ell(36, 80, 11, 13).light(.5)
    for x in (24, 48):
        p.ell(x, 95, 10, 5).body(False)
    for s in (-1, 1):
        x = 36 + s * (11 + lean)
        p.ell(x, 17 - ear / 2, 7.5, 20 + ear / 2, s * lean * 2).body(False)
        p.ell(x, 18 - ear / 2, 3.6, 14 + ear / 2, s * lean * 2).part(
            PINK, False)
    p.ell(36, 48, 25, 20).body()
    face(p, 36, 46, 11, 4.2, PINK)
    p.rect(33, 60, 6, 6, 1).part((1, 1, .97))
    if p.chance(.3):
        p.leaf(40, 78, 20, -30, .3, (.95, .55, .2))
        p.leaf(57, 68, 9, -50, .3)


@draws('horse')
def horse(p):
    n, m, mane = p.r(-3, 3), p.r(0, 6), p.pick(INK, (.45, .28, .18),
                                               (.95, .87, .65))
    p.curve([(94, 44), (104, 54), (105, 72 + m)]).limb(11, mane)
    legs(p, (42, 80, 32, 90), 60, 98, 11, DARK)
    p.blob([(34, 40), (60, 40), (92, 36), (100, 52), (92, 68), (64, 68),
            (36, 70), (27, 54)]).body()
    p.blob([(28, 14), (40, 18), (52, 42), (44, 62), (30, 60), (24, 38)]).body(
        line=False)
    p.curve([(24, 38), (30, 60)]).line()
    p.curve([(34, 7), (46, 18), (55, 36), (53, 46)]).limb(10, mane)
    p.poly([(28, 14), (31, 1), (38, 12)], 2).body(False)
    p.blob([(24, 10), (40, 14), (36, 34), (16, 45 + n), (4, 42 + n),
            (5, 32)]).body()
    p.blob([(4, 33), (14, 35), (13, 45 + n), (5, 43 + n)]).dark(.5)
    p.eye(25, 22, 3.6)
    p.curve([(32, 8), (26, 13)]).limb(7, mane)
    if p.chance(.45):
        p.rect(56, 37, 22, 14, 5).part(p.pick(RED, (.3, .4, .8)))


@draws('cow')
def cow(p):
    s, horn = p.r(-4, 4), p.r(0, 4)
    p.curve([(120, 40), (128, 54), (126, 70)]).limb(5)
    p.ell(126, 73, 4, 6).part(DARK)
    p.ell(92, 76, 12, 8).part(PINK)
    legs(p, (52, 100, 42, 112), 66, 98, 13, DARK)
    p.rect(30, 30, 94, 48, 20).body()
    p.blob([(62 + s, 32), (82 + s, 32), (84 + s, 46), (68 + s, 50)]).dark(.8)
    p.blob([(96 + s, 56), (112, 54), (114, 68), (100, 70)]).dark(.8)
    for x, d in ((12, -1), (40, 1)):
        p.curve([(x, 20), (x + d * 5, 12), (x + d * 3, 4 - horn)])
        p.limb(6, CREAM)
        p.ell(x + d * 8, 26, 9, 5, d * 15).body(False)
    p.blob([(12, 16), (40, 16), (45, 34), (40, 60), (26, 66), (12, 60),
            (7, 34)]).body()
    p.ell(26, 57, 19, 12).part(PINK)
    p.ell(19, 55, 2.6, 3.4).part(INK, False).ell(33, 55, 2.6, 3.4).part(
        INK, False)
    p.eye(17, 32, 4).eye(35, 32, 4)
    if p.chance(.5):
        p.ell(26, 76, 6, 7).part(YELLOW)


@draws('pig')
def pig(p):
    e, fat = p.r(-2, 4), p.r(0, 5)
    p.curve([(122, 46), (132, 40), (130, 50), (138, 46)]).line(width=4)
    legs(p, (52, 94, 42, 106), 76, 98, 14, DARK)
    p.ell(76, 56, 50, 31 + fat).body()
    p.ell(36, 46, 31, 29).body()
    for x, d in ((18, -1), (50, 1)):
        p.poly([(x - 9, 24), (x + d * 7, 6 - e), (x + 10, 22)], 5).body(
            False, shade=.5)
    p.ell(32, 54, 15, 11).light(.25)
    p.ell(32, 54, 15, 11).line()
    p.ell(26, 54, 2.8, 4.4).dark(1).ell(38, 54, 2.8, 4.4).dark(1)
    p.eye(20, 37, 4).eye(45, 37, 4)
    p.smile(32, 67, 8, 4)


@draws('sheep')
def sheep(p):
    f, skin = p.r(-3, 3), p.pick(DARK, (.35, .28, .26), (.93, .80, .68))
    for x in (48, 92, 58, 102):
        p.rect(x, 72, 9, 26, 3).part(skin)
    pts = ((40, 40), (50, 22), (72, 15), (94, 20), (112, 34), (117, 54),
           (106, 74), (86, 82), (64, 82), (44, 74), (34, 58))
    p.puff([(x, y, 13, 13) for x, y in pts] + [(76, 48, 38, 32)])
    p.curve([(60, 46), (66, 54), (74, 48)], 1).line()
    p.curve([(84, 60), (90, 68), (98, 62)], 1).line()
    p.curve([(82, 34), (88, 41), (96, 35)], 1).line()
    for x, d in ((8, -1), (46, 1)):
        p.ell(x, 42 + f, 9, 5, d * 25).part(skin)
    p.ell(27, 46, 18, 23).part(skin)
    for x, y in ((16, 26), (27, 21), (38, 26)):
        p.ell(x, y, 9).body(False)
    p.ell(27, 29, 13, 8).body(False, False)
    p.eye(20, 44, 4).eye(34, 44, 4)
    p.ell(27, 58, 4, 2.6).part(PINK, False)


@draws('mouse')
def mouse(p):
    e, t = p.r(0, 5), p.r(-10, 8)
    p.curve([(92, 88), (112, 90), (118, 72 + t), (108, 58 + t)]).limb(
        5.5, PINK)
    p.blob([(40, 40), (72, 40), (96, 66), (100, 90), (84, 97), (40, 97),
            (26, 80)]).body()
    p.ell(78, 95, 12, 5).part(PINK).ell(44, 95, 10, 5).part(PINK)
    for x, y in ((60, 24), (18, 22)):
        p.ell(x, y, 19 + e).body(False)
        p.ell(x, y + 1, 11 + e).part(PINK, False)
    p.blob([(38, 26), (60, 36), (64, 58), (46, 72), (22, 76), (8, 74),
            (10, 58), (20, 34)]).body()
    p.ell(8, 72, 6).part(PINK)
    p.eye(24, 50, 4.6).eye(42, 52, 4.6)
    p.smile(22, 68, 6, 3)
    for d in (-5, 1, 7):
        p.curve([(24, 64), (40, 62 + d)]).line(width=1.3)
    if p.chance(.25):
        p.poly([(26, 96), (44, 76), (52, 96)], 3).part(YELLOW)
