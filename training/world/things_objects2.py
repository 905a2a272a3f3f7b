"""More things: for the room, to play with, to wear."""
import math

from .kinds import draws
from .pen import (BROWN, CREAM, DARK, INK, RED, STEEL, WHITE, WOOD, YELLOW)

PALE = ('white', 'silver', 'yellow', 'gold', 'pink', 'tan', 'turquoise',
        'skyblue', 'orange')


@draws('lamp')
def lamp(p):
    top, tall = p.r(16, 24), p.r(-5, 5)
    s = 60 + tall
    p.rect(32, s - 4, 9, 36 - tall, 3).part(p.pick(WOOD, STEEL, YELLOW))
    p.ell(36, 95, 24, 6).part(p.pick(WOOD, DARK))
    p.ell(36, s, 13, 7).part((1, .95, .65))
    p.poly([(36 - top, 2), (36 + top, 2), (72, s), (0, s)], 5).body()
    p.poly([(1.5, s - 8), (70.5, s - 8), (72, s), (0, s)], 2).dark(.8, True)
    if p.chance():
        p.curve([(56, s), (56, s + 14)]).line(DARK, 2)
        p.ell(56, s + 16, 3.4).part(RED)


@draws('clock')
def clock(p):
    pale = INK if p.k.name in PALE else CREAM
    h, m, b = p.r(0, 360), p.r(0, 360), p.r(-2, 3)
    for s in (-1, 1):
        p.curve([(44 + s * 24, 82), (44 + s * 32, 97)]).limb(9)
        p.ell(44 + s * 24, 13 - b, 15, 13, s * 30).body()
    p.rect(39, 2 - b, 10, 14, 3).part(STEEL)
    p.ell(44, 54, 42).part(CREAM)
    p.ell(44, 54, 34 + b).body()
    for i in range(4):
        a = i * math.pi / 2
        p.ell(44 + 26 * math.cos(a), 54 + 26 * math.sin(a), 3).part(
            pale, False)
    for a, n, w in ((h, 14, 6), (m, 22, 4.5)):
        a = math.radians(a)
        p.curve([(44, 54), (44 + n * math.cos(a), 54 + n * math.sin(a))])
        p.line(pale, w)
    p.ell(44, 54, 4).part(pale, False)


@draws('gift')
def gift(p):
    w, h = p.r(6, 8.5), p.r(-4, 4)
    n = p.k.name
    c = p.pick(WHITE, YELLOW, RED)
    if c == RED and n in ('red', 'brown', 'salmon', 'hotpink'):
        c = WHITE
    if c == WHITE and n in ('white', 'silver'):
        c = RED
    if c == YELLOW and n in ('yellow', 'gold', 'orange'):
        c = WHITE
    p.rect(6, 42 + h, 84, 56 - h, 3).body()
    p.rect(48 - w, 42 + h, 2 * w, 56 - h).part(c)
    p.rect(0, 26 + h, 96, 22, 4).body()
    p.rect(48 - w, 26 + h, 2 * w, 22).part(c)
    for s in (-1, 1):
        p.blob([(48, 26 + h), (48 + s * 14, 4 + h), (48 + s * 32, 2 + h),
                (48 + s * 34, 16 + h), (48 + s * 18, 25 + h)]).part(c)
    p.ell(48, 22 + h, 8, 7).part(c)


@draws('crown')
def crown(p):
    a, b = p.r(-4, 6), p.r(-3, 3)
    gems = p.pick((RED, (.3, .5, .9), RED), ((.2, .7, .5), RED,
                                             (.2, .7, .5)))
    pts = [(6, 88), (0, 26 - a), (28, 54 + b), (34, 24), (62, 2 - a),
           (90, 24), (96, 54 + b), (124, 26 - a), (118, 88)]
    p.poly([pts[0], pts[1], pts[2], (62, 4 - a), pts[6], pts[7], pts[8]],
           3).body()
    p.rect(4, 76, 116, 21, 6).body(False, shade=.25)
    for x, y in ((0, 24 - a), (62, 2 - a), (124, 24 - a)):
        p.ell(x, y, 7).body(False)
    for x, c in zip((30, 62, 94), gems):
        p.ell(x, 86, 6.6, 5.4).part(c)


@draws('guitar')
def guitar(p):
    w, h = p.r(-2, 3), p.r(-3, 3)
    p.rect(22, 6, 12, 40, 2).part((.36, .24, .18))
    p.rect(18, -10, 20, 18, 4).part((.5, .34, .22))
    for y in (-5, 2):
        p.ell(16, y, 3).part(STEEL).ell(40, y, 3).part(STEEL)
    p.blob([(28, 27), (46, 29), (52 + w, 42), (48, 54 + h), (59 + w, 74),
            (51, 97), (28, 102), (5, 97), (-3 - w, 74), (8, 54 + h),
            (4 - w, 42), (10, 29)]).body()
    p.rect(23, 20, 10, 20, 2).part((.36, .24, .18))
    p.ell(28, 56, 7).part(INK)
    p.rect(18, 84, 20, 5, 2).part((.36, .24, .18))
    for x in (25.5, 30.5):
        p.curve([(x, 0), (x, 86)]).line(CREAM, 1)


@draws('drum')
def drum(p):
    h, n = p.r(-4, 6), p.pick(4, 5)
    p.blob([(2, 26), (108, 26), (108, 86), (84, 97), (55, 99), (26, 97),
            (2, 86)], .2).body()
    xs = [5 + i * 100 / n for i in range(n + 1)]
    for i in range(n):
        d = (44, 84) if i % 2 else (84, 44)
        p.curve([(xs[i], d[0]), (xs[i + 1], d[1])]).line(CREAM, 2.2)
    p.blob([(1, 82), (28, 92), (55, 94), (82, 92), (109, 82), (109, 88),
            (84, 98), (55, 100), (26, 98), (1, 88)], .4).part(YELLOW)
    p.ell(55, 25, 54, 13).part(YELLOW)
    p.ell(55, 22, 50, 9.5).part(CREAM)
    for s in (-1, 1):
        p.curve([(55 + s * 6, 21), (55 + s * 42, -2 - h)]).limb(6, WOOD)
        p.ell(55 + s * 6, 21, 5.5).part(BROWN)


@draws('kite')
def kite(p):
    w, t = p.r(-3, 4), p.r(-7, 7)
    p.curve([(36, 84), (46 + t, 96), (30 - t, 108), (42, 120)]).line(
        (.5, .42, .4), 2.4)
    bow = p.pick(RED, YELLOW, (.35, .6, .9))
    for x, y in ((42 + t / 2, 95), (35 - t / 2, 110)):
        for s in (-1, 1):
            p.poly([(x, y), (x + s * 10, y - 6), (x + s * 10, y + 6)],
                   2).part(bow)
    p.poly([(36, 0), (74 + w, 34), (36, 88), (-2 - w, 34)], 2).body()
    p.poly([(36, 0), (74 + w, 34), (36, 34)], 1).body(False, shade=.35)
    p.poly([(36, 34), (36, 88), (-2 - w, 34)], 1).body(False, shade=.35)
    p.curve([(36, 1), (36, 87)]).line()
    p.curve([(-1 - w, 34), (73 + w, 34)]).line()


@draws('heart')
def heart(p):
    w, d = p.r(-3, 5), p.r(-4, 4)
    p.blob([(54, 24 + d), (66, 8), (86, 2), (104 + w, 14), (106 + w, 38),
            (88, 66), (54, 99), (20, 66), (2 - w, 38), (4 - w, 14), (22, 2),
            (42, 8)], .5).body()
    if p.material == 'plain':
        p.ell(27, 26, 11, 7, -40).light(.55)


@draws('robot')
def robot(p):
    a, w = p.r(-8, 8), p.r(-3, 3)
    glow = p.pick((.5, .95, 1), (1, .85, .35), (.6, 1, .6))
    p.curve([(37, 10), (37, -4)]).limb(4, STEEL)
    p.ell(37, -7, 5.4).part(RED)
    for s in (-1, 1):
        p.curve([(37 + s * 24, 52), (37 + s * 35, 64 + s * a)]).limb(
            9, STEEL)
        p.ell(37 + s * 36, 70 + s * a, 7.5).body(False)
        p.rect(37 + s * 13 - 8, 82, 16, 15, 3).part(STEEL)
        p.rect(37 + s * 14 - 11, 92, 22, 9, 4).body(False)
    p.rect(11 - w, 42, 52 + 2 * w, 44, 8).body()
    p.rect(7, 6, 60, 37, 10).body()
    p.rect(14, 11, 46, 17, 7).part((.18, .2, .28))
    for x in (27, 47):
        p.ell(x, 19.5, 5).part(glow, False)
    if p.chance():
        p.rect(27, 66, 20, 13, 3).part(CREAM)
        p.curve([(30, 74), (35, 70), (39, 75), (44, 69)]).line(RED, 2.4)
    else:
        for x in (27, 37, 47):
            p.ell(x, 60, 4).part(p.pick(RED, YELLOW, (.4, .8, .5)))


@draws('star')
def star(p):
    k, turn, face = p.r(.50, .58), p.r(-8, 8), p.chance(.4)
    pts = []
    for i in range(10):
        a = math.radians(i * 36 - 90 + turn)
        r = 54 if i % 2 == 0 else 54 * k
        pts.append((52 + r * math.cos(a), 54 + r * math.sin(a)))
    p.poly(pts, 9).body()
    if face:
        p.eye(42, 50, 4).eye(62, 50, 4).smile(52, 60, 7, 4)
