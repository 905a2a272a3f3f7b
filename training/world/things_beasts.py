"""Wild animals and those of tales."""
from .kinds import draws
from .pen import CREAM, INK, PINK, WHITE, YELLOW
from .things_pets import face, legs, whiskers


@draws('elephant')
def elephant(p):
    up, e = p.chance(.5), p.r(-2, 4)
    p.curve([(118, 44), (126, 54), (124, 66)]).limb(5)
    legs(p, (58, 96, 46, 108), 64, 98, 19)
    p.blob([(44, 20), (76, 12), (108, 20), (121, 46), (116, 76), (84, 82),
            (46, 80), (36, 50)]).body()
    if up:
        trunk = [(24, 46), (10, 62), (3, 48), (4, 28)]
    else:
        trunk = [(24, 46), (12, 62), (10, 78), (3, 86)]
    p.curve(trunk).limb(15)
    p.ell(34, 38, 24, 25).body()
    p.curve([(26, 60), (22, 70), (13, 72)]).limb(6.5, CREAM)
    p.blob([(46, 16 - e), (66, 18 - e), (72 + e, 40), (64, 62), (48, 58),
            (42, 36)]).body()
    p.blob([(50, 26), (60, 26), (64, 40), (58, 52), (50, 48)]).dark(.35)
    p.eye(24, 34, 4)


@draws('giraffe')
def giraffe(p):
    n, tall = p.r(-3, 3), p.r(0, 5)
    p.curve([(66, 60), (73, 68), (71, 80)]).limb(4.5)
    legs(p, (36, 56, 27, 65), 74, 100, 11)
    p.blob([(24, 52), (44, 44), (66, 50), (73, 66), (66, 84), (40, 86),
            (23, 80), (19, 62)]).body()
    p.blob([(10 + n, 12 - tall), (33 + n, 10 - tall), (42, 34), (56, 54),
            (42, 72), (22, 68), (14, 40)]).body()
    for x, y, a, b in ((27, 34, 5, 4.5), (33, 48, 5.5, 5), (28, 60, 4.5, 4),
                       (44, 60, 6, 5), (56, 64, 5.5, 5), (38, 72, 5, 4.4),
                       (52, 75, 5, 4), (23, 22, 4, 3.6)):
        p.ell(x, y, a, b).dark(1.18)
    y = -tall
    for x in (17, 27):
        p.curve([(x + n, 6 + y), (x + 1 + n, -7 + y)]).limb(4)
        p.ell(x + 1 + n, -8 + y, 3.6).dark(1.4)
    p.ell(37 + n, 5 + y, 8, 4.4, -25).body(False)
    p.blob([(14 + n, 2 + y), (30 + n, 0 + y), (33 + n, 14 + y),
            (20 + n, 23 + y), (4 + n, 22 + y), (2 + n, 14 + y)]).body(False)
    p.ell(6 + n, 18 + y, 6, 5).light(.4)
    p.eye(20 + n, 8 + y, 3.4)


@draws('lion')
def lion(p):
    m, t = p.r(0, 4), p.r(-8, 4)
    p.curve([(72, 88), (92, 86), (96, 64 + t)]).limb(7)
    p.ell(96, 60 + t, 6, 9).dark(1.3, True)
    p.blob([(50, 50), (70, 62), (78, 90), (66, 98), (34, 98), (22, 90),
            (30, 62)]).body()
    for x in (40, 60):
        p.ell(x, 95, 9, 5).body(False)
    pts = []
    import math
    for i in range(22):
        a = i * 2 * math.pi / 22
        r = 37 + m if i % 2 else 31
        pts.append((50 + r * math.cos(a), 38 + r * math.sin(a)))
    p.blob(pts).dark(1, True)
    for x in (28, 72):
        p.ell(x, 17, 8).body(False)
    p.ell(50, 40, 25, 23).body()
    p.ell(50, 52, 12, 8.5).light(.6)
    face(p, 50, 38, 11, 4)
    whiskers(p, 50, 52, 22)


@draws('bear')
def bear(p):
    fat, arm = p.r(-2, 5), p.r(-4, 6)
    p.ell(24, 94, 14, 9).body(False)
    p.ell(58, 94, 14, 9).body(False)
    p.blob([(41, 44), (64 + fat, 58), (68 + fat, 84), (54, 97), (28, 97),
            (14 - fat, 84), (18 - fat, 58)]).body()
    p.ell(41, 78, 14, 13).light(.3)
    p.curve([(20, 62), (10, 72 - arm), (14, 84 - arm)]).limb(13)
    p.curve([(62, 62), (72, 72 + arm), (68, 84 - arm / 2)]).limb(13)
    for x in (19, 63):
        p.ell(x, 13, 10).body(False)
        p.ell(x, 13, 5).dark(.7)
    p.ell(41, 31, 28, 24).body()
    p.ell(41, 41, 12, 9).light(.5)
    p.eye(29, 28, 3.8).eye(53, 28, 3.8)
    p.ell(41, 36, 5.4, 3.8).part(INK, False)
    p.curve([(41, 39), (41, 43)]).line().smile(41, 44, 5, 2.5)


@draws('dinosaur')
def dinosaur(p):
    n, h = p.r(-3, 4), p.r(-3, 3)
    spikes = ((36, 26), (46, 36), (57, 43), (69, 46), (81, 52), (93, 61))
    for x, y in spikes:
        p.poly([(x - 7, y + 6), (x + 4, y - 10 + h), (x + 9, y + 9)],
               2).dark(1.3, True)
    legs(p, (48, 72), 70, 98, 16)
    p.blob([(8, 8 + n), (26, 5 + n), (37, 18), (40, 36), (56, 46), (76, 50),
            (92, 64), (112, 84), (106, 91), (88, 88), (70, 90), (44, 88),
            (29, 72), (25, 48), (20, 33), (6, 31 + n), (1, 19 + n)]).body()
    p.blob([(29, 50), (38, 58), (48, 84), (42, 86), (31, 72)]).light(.5)
    legs(p, (40, 64), 78, 98, 17)
    p.curve([(38, 55), (29, 62), (24, 59)]).limb(8)
    p.eye(19, 15 + n, 4.2)
    p.curve([(3, 25 + n), (12, 27 + n), (21, 24 + n)]).line()
    for x in (7, 12, 17):
        p.poly([(x - 1.8, 26 + n), (x + 1.8, 26 + n), (x, 30 + n)]).part(
            WHITE, False)


@draws('dragon')
def dragon(p):
    w, h = p.r(-4, 6), p.r(-3, 4)
    p.blob([(66, 56), (64, 22 - w), (84, 6 - w), (108, 10), (96, 20),
            (101, 34), (86, 36), (84, 52), (74, 50)], .35).dark(1.0, True)
    p.curve([(66, 54), (84, 8 - w), (101, 33)]).line()
    p.curve([(68, 86), (92, 92), (108, 78), (100, 64)]).limb(13)
    p.poly([(92, 68), (99, 50), (111, 66)], 3).body(False, shade=.8)
    p.blob([(46, 40), (68, 50), (80, 74), (74, 94), (46, 97), (32, 84),
            (34, 58)]).body()
    p.blob([(38, 56), (46, 58), (54, 80), (50, 92), (40, 90), (35, 78)])
    p.light(.5)
    for x in (44, 68):
        p.ell(x, 94, 12, 6).body(False)
    p.curve([(44, 62), (32, 68), (27, 64)]).limb(8)
    for x in (34, 46):
        p.curve([(x, 16), (x + 6, 8), (x + 12, 3 - h)]).limb(6.5, CREAM)
    for y in (26, 38, 50):
        p.poly([(52 + y * .18, y - 5), (64 + y * .2, y - 3),
                (54 + y * .18, y + 6)], 2).dark(1.3, True)
    p.blob([(28, 14), (50, 14), (58, 32), (52, 52), (36, 48), (14, 46),
            (2, 40), (3, 29), (16, 26)]).body()
    p.eye(32, 25, 4.4)
    p.ell(6, 32, 2).dark(1.6)
    p.curve([(5, 40), (16, 42), (28, 38)]).line()
    if p.chance(.5):
        p.blob([(0, 38), (-10, 30), (-10, 36), (-19, 38), (-10, 42),
                (-12, 49)]).part((1, .6, .2))
        p.blob([(-1, 39), (-8, 36), (-12, 39), (-7, 43)]).part(
            YELLOW, False)


@draws('turtle')
def turtle(p):
    n, h = p.r(-4, 6), p.r(-2, 4)
    skin = p.pick((.62, .74, .42), (.78, .72, .48), (.50, .66, .52))
    p.poly([(128, 78), (146, 86), (126, 88)], 3).part(skin)
    for x in (52, 112):
        p.ell(x, 90, 14, 9, 15).part(skin)
    p.curve([(40, 78), (24, 70 - n), (20, 62 - n)]).limb(17, skin)
    p.ell(18, 54 - n, 18, 16).part(skin)
    p.eye(12, 50 - n, 4)
    p.smile(10, 60 - n, 6, 3)
    p.blob([(32, 80), (40, 42), (66, 16 - h), (100, 16 - h), (128, 44),
            (136, 80), (84, 87)]).body()
    p.rect(30, 76, 108, 11, 5).dark(.8, True)
    for x, y in ((84, 40), (60, 54), (108, 54)):
        p.poly([(x - 12, y), (x - 6, y - 11), (x + 6, y - 11), (x + 12, y),
                (x + 6, y + 11), (x - 6, y + 11)], 3).line(width=3)


@draws('snail')
def snail(p):
    n, r = p.r(-4, 4), p.r(0, 4)
    skin = p.pick((.93, .80, .58), (.80, .74, .60), (.88, .70, .60))
    p.blob([(8, 60), (18, 52), (28, 62), (36, 80), (80, 82), (116, 90),
            (122, 98), (30, 98), (14, 90)]).part(skin)
    for x, t in ((12, 2 + n), (22, 8 + n)):
        p.curve([(x, 58), (x - 2 + t, 34)]).limb(5, skin)
        p.ell(x - 2 + t, 31, 5.4).part(WHITE)
        p.ell(x - 3 + t, 31, 2.6).part(INK, False)
    p.smile(17, 70, 5, 3)
    p.ell(72, 50, 40 + r, 40 + r / 2).body()
    p.curve([(96, 84), (106, 56), (92, 28), (66, 22), (48, 40), (52, 64),
             (70, 70), (84, 56), (76, 42), (66, 48)]).line(width=4)
    return skin


@draws('frog')
def frog(p):
    e, w = p.r(0, 4), p.r(-3, 4)
    for s in (-1, 1):
        p.blob([(55 + s * 20, 70), (55 + s * (48 + w), 58),
                (55 + s * (52 + w), 80), (55 + s * 30, 94)]).body()
        p.ell(55 + s * (40 + w), 94, 16, 5).body(False)
    p.blob([(55, 40), (84, 52), (88, 80), (72, 96), (38, 96), (22, 80),
            (26, 52)]).body()
    p.ell(55, 84, 19, 10).light(.5)
    for s in (-1, 1):
        p.ell(55 + s * 21, 18 - e, 14).body(False)
    p.ell(55, 38, 41, 25).body()
    for s in (-1, 1):
        p.ell(55 + s * 21, 16 - e, 9).part(WHITE, False)
        p.ell(55 + s * 20, 17 - e, 5.4).part(INK, False)
        p.ell(55 + s * 34, 42, 5, 3.4).part(PINK, False)
        p.ell(55 + s * 14, 95, 9, 4).body(False)
    p.curve([(27, 42), (55, 55), (83, 42)], 1).line(width=3)


@draws('crab')
def crab(p):
    u, w = p.r(-5, 5), p.r(-3, 3)
    for s in (-1, 1):
        for k, (dx, dy) in enumerate(((52, 92), (44, 98), (60, 80))):
            p.curve([(72 + s * 30, 70), (72 + s * (dx - 4), 70 + k),
                     (72 + s * dx, dy)]).limb(7)
        p.curve([(72 + s * 34, 56), (72 + s * 54, 48), (72 + s * 54,
                                                        34 + u)]).limb(10)
        x, y = 72 + s * 54, 20 + u
        p.pie(x, y, 17, 19, -60, 240).body(False)
    p.blob([(72, 34), (102, 38), (114, 62), (98, 86), (72, 91), (46, 86),
            (30, 62), (42, 38)]).body()
    for s in (-1, 1):
        p.curve([(72 + s * 12, 40), (72 + s * 14, 24 + w)]).limb(5)
        p.ell(72 + s * 14, 21 + w, 8).part(WHITE)
        p.ell(72 + s * 13, 21 + w, 4.6).part(INK, False)
    p.smile(72, 62, 16, 9, 3)
