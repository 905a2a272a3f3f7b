"""Fruit and food."""
import math

from .kinds import draws
from .pen import BROWN, CREAM, GREEN, RED, WHITE, YELLOW


@draws('apple')
def apple(p):
    w, lean = p.r(-3, 4), p.r(-6, 6)
    p.blob([(48, 24), (68, 16), (88 + w, 28), (92 + w, 52), (80, 84),
            (64, 97), (48, 93), (32, 97), (16, 84), (4 - w, 52),
            (8 - w, 28), (28, 16)]).body()
    p.curve([(38, 26), (48, 31), (58, 26)]).line()
    p.curve([(48, 29), (48 + lean / 2, 14), (52 + lean, 3)]).limb(5.5, BROWN)
    if p.chance(.8):
        p.leaf(50 + lean / 2, 15, 30, -18 + lean, .4)


@draws('pear')
def pear(p):
    lean, w = p.r(-6, 6), p.r(-3, 4)
    p.blob([(38 + lean, 16), (54 + lean, 24), (57, 44), (72 + w, 64),
            (70 + w, 86), (50, 98), (26, 98), (6 - w, 86), (4 - w, 64),
            (19, 44), (23 + lean, 24)]).body()
    p.curve([(38 + lean, 18), (40 + lean, 6), (46 + lean, 0)]).limb(
        5.5, BROWN)
    p.leaf(40 + lean, 11, 26, p.r(-10, 24), .38)


@draws('banana')
def banana(p):
    b, t = p.r(-6, 6), p.chance(.4)
    if t:
        p.blob([(90, 10), (100, 12), (96, 34), (70, 50), (36, 46), (14, 26),
                (20, 14), (48, 22), (74, 16)], .45).body(shade=.5)
    p.blob([(92, 8), (102, 10), (112, 38), (100, 70 + b), (66, 88 + b),
            (28, 80), (5, 58), (8, 45), (32, 43), (54, 36 + b / 2),
            (74, 24 + b / 2), (87, 14)], .45).body()
    p.curve([(99, 24), (98, 50 + b / 2), (70, 68 + b), (36, 66)]).line(width=3)
    p.rect(90, 0, 14, 12, 4).part(BROWN)
    p.ell(7, 51, 5, 7).part(BROWN)


@draws('strawberry')
def strawberry(p):
    w, h = p.r(-3, 4), p.r(-4, 4)
    p.blob([(43, 22), (66, 16), (84 + w, 32), (80, 58), (62, 86), (43,
                                                                 98 + h),
            (24, 86), (6, 58), (2 - w, 32), (20, 16)]).body()
    for x, y in ((24, 40), (43, 46), (62, 40), (33, 60), (53, 60), (43, 78),
                 (16, 54), (70, 54)):
        p.ell(x, y, 2.2, 3.4).part(CREAM if p.k.name != 'tan' else YELLOW,
                                   False)
    for a in (160, 205, 245, 295, 335, 20):
        p.leaf(43, 20, 27, a, .3)
    p.curve([(43, 20), (46, 4)]).limb(5, GREEN)


@draws('pineapple')
def pineapple(p):
    w, h = p.r(-3, 3), p.r(0, 8)
    for a, n in ((-150, 24), (-30, 24), (-125, 33), (-55, 33), (-105, 38),
                 (-75, 38), (-90, 42)):
        p.leaf(31, 42, n + h, a, .24)
    p.blob([(31, 34), (50, 38), (60 + w, 62), (54, 92), (40, 101), (22, 101),
            (8, 92), (2 - w, 62), (12, 38)]).body()
    c = p.ctx
    p.blob([(31, 34), (50, 38), (60 + w, 62), (54, 92), (40, 101), (22, 101),
            (8, 92), (2 - w, 62), (12, 38)])
    c.save()
    c.clip()
    for i in range(-4, 9):
        p.curve([(i * 14 - 20, 30), (i * 14 + 28, 104)]).line(width=2)
        p.curve([(i * 14 + 28, 30), (i * 14 - 20, 104)]).line(width=2)
    c.restore()


@draws('carrot')
def carrot(p):
    w, lean = p.r(-2, 4), p.r(-5, 5)
    for a in (-128, -108, -90, -72, -52):
        p.leaf(30, 32, 34, a, .26)
    p.blob([(30, 24), (48, 26), (56 + w, 38), (49, 62), (39 + lean, 92),
            (32 + lean, 104), (26 + lean, 92), (12, 62), (4 - w, 38),
            (12, 26)], .45).body()
    for y, a, b in ((44, 8, 24), (56, 34, 50), (68, 16, 28), (80, 30, 40)):
        p.curve([(a, y), (b, y + 1)]).line(width=2.8)


@draws('pumpkin')
def pumpkin(p):
    w, s = p.r(-3, 5), p.r(-6, 6)
    p.curve([(58, 26), (58 + s / 2, 14), (66 + s, 4)]).limb(10, (.4, .5, .25))
    for x, rx in ((24 - w, 23), (92 + w, 23)):
        p.ell(x, 60, rx, 34).body()
    for x, rx in ((40, 24), (76, 24)):
        p.ell(x, 59, rx, 38).body()
    p.ell(58, 58, 20, 40).body()
    if p.chance(.6):
        p.curve([(64, 20), (80, 12), (88, 20), (82, 26)]).line(GREEN, 2.6)
        p.leaf(62, 20, 22, 200, .4)
    if p.chance(.3):
        for x in (42, 74):
            p.poly([(x - 8, 56), (x, 44), (x + 8, 56)], 2).part(
                (.25, .16, .12), False)
        p.blob([(36, 68), (58, 73), (80, 68), (70, 84), (58, 87),
                (46, 84)]).part((.25, .16, .12), False)


@draws('cake')
def cake(p):
    n, h = p.pick(1, 3, 3), p.r(-4, 4)
    p.ell(55, 92, 54, 7).part((.90, .91, .94))
    p.rect(6, 54 + h / 2, 98, 39, 8).body()
    p.rect(20, 28 + h / 2, 70, 30, 8).body()
    pts = [(20, 36)]
    for i in range(6):
        x = 22 + i * 13.2
        pts += [(x, 33), (x + 6.6, 37 if i % 2 else 42)]
    pts += [(90, 36), (88, 27), (55, 24), (22, 27)]
    p.blob([(x, y + h / 2) for x, y in pts], .4).part(
        WHITE if p.k.name not in ('white', 'silver') else (.98, .75, .78))
    p.rect(6.5, 82 + h / 2, 97, 4).light(.65)
    for i in range(n):
        x = 55 + (i - (n - 1) / 2) * 20
        p.rect(x - 3, 10 + h / 2, 6, 18, 1).part(p.pick(
            (.5, .8, .95), (.98, .75, .3), (.95, .55, .65)))
        p.blob([(x, -3 + h / 2), (x + 4, 5 + h / 2), (x, 10 + h / 2),
                (x - 4, 5 + h / 2)]).part((1, .75, .25))
    if p.chance():
        for x in (20, 38, 56, 74, 92):
            p.ell(x, 57 + h / 2, 4.5).part(RED)


@draws('ice cream')
def ice_cream(p):
    two, w = p.chance(.45), p.r(-3, 3)
    p.poly([(10, 54), (50, 54), (33, 103), (27, 103)], 4).part(
        (.87, .65, .38))
    for i in range(3):
        p.curve([(16 + i * 12, 58), (26 + i * 5, 88 - i * 4)]).line(
            (.65, .45, .25), 2)
        p.curve([(44 - i * 12, 58), (34 - i * 5, 88 - i * 4)]).line(
            (.65, .45, .25), 2)
    if two:
        p.ell(30, 14, 21, 18).body()
    pts = []
    for i in range(12):
        a = math.pi * 2 * i / 12
        r = 27 + w + (3 if i % 2 else -1)
        pts.append((30 + r * math.cos(a), 38 + (r - 3) * math.sin(a)))
    p.blob(pts).body()
    if p.chance(.6):
        y = -6 if two else 10
        p.ell(30, y, 7).part(RED)
        p.curve([(31, y - 6), (36, y - 14)]).line(GREEN, 2.4)
