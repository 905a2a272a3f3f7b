"""Plants, and what hangs in the sky."""
import math

from .kinds import draws
from .pen import BROWN, CREAM, GREEN, INK, PINK, RED, WHITE, YELLOW

BARK = (.50, .34, .24)


@draws('tree')
def tree(p):
    w, tall, s = p.r(-4, 4), p.r(-5, 5), p.pick('round', 'puffs', 'puffs')
    p.blob([(35, 60), (49, 60), (50, 90), (57, 100), (27, 100), (34, 90)],
           .3).part(BARK)
    if s == 'round':
        p.blob([(42, 0 - tall), (70, 10), (82 + w, 38), (70, 66), (42, 74),
                (14, 66), (2 - w, 38), (14, 10)]).body()
    else:
        p.puff([(x + (x - 42) * w / 30, y, r, r) for x, y, r in (
            (20, 46, 20), (64, 46, 20), (42, 56, 19), (26, 24, 19),
            (58, 24, 19), (42, 14 - tall, 17), (42, 38, 25))])
    for x, y in ((22, 34), (48, 22), (36, 56), (62, 46)):
        p.curve([(x - 7, y), (x, y + 5), (x + 7, y)], 1).line()
    if p.chance(.35):
        c = RED if p.k.name not in ('red', 'hotpink', 'pink') else YELLOW
        for x, y in ((20, 44), (40, 16), (62, 46), (46, 66), (64, 22)):
            p.ell(x, y, 4.6).part(c)


@draws('pine tree')
def pine(p):
    w, n = p.r(-3, 3), p.pick(3, 3, 4)
    p.rect(27, 84, 12, 17, 2).part(BARK)
    for i in range(n):
        t = (n - 1 - i) / (n - 1)
        half = 16 + 17 * t + w * t
        y0 = -2 + 52 * t
        y1 = 36 + 52 * t
        p.blob([(33, y0), (33 + half * .55, y1 - 14), (33 + half, y1),
                (33 + half * .4, y1 - 3), (33, y1 + 3),
                (33 - half * .4, y1 - 3), (33 - half, y1),
                (33 - half * .55, y1 - 14)], .3).body()
    if p.chance(.25):
        for x, y in ((33, 26), (22, 50), (44, 52), (33, 74), (16, 82),
                     (50, 82)):
            p.ell(x, y, 3.6).part(p.pick(RED, YELLOW))


@draws('palm tree')
def palm(p):
    lean, n = p.r(-8, 8), p.r(-3, 4)
    p.curve([(44, 98), (42 + lean * .4, 72), (42 + lean, 44)]).limb(
        11, (.62, .46, .3))
    for y in (62, 72, 82, 91):
        t = (98 - y) / 54
        x = 44 - 2 * t + lean * t * t
        p.curve([(x - 4, y), (x + 4, y + 1)]).line((.45, .32, .2), 2)
    x, y = 42 + lean, 38
    for dx, dy, bend in ((-42, 34, 6), (42, 34, 6), (-46, 4, 18),
                         (46, 4, 18), (-24, 46, -6), (24, 46, -6),
                         (-30, -20, 14), (30, -20, 14), (4, -30, 0)):
        ex, ey = x + dx, y + dy + n
        mx, my = x + dx * .55, y + dy * .3 - bend
        p.blob([(x, y), (mx + 2, my - 12), (ex, ey), (mx - 2, my + 15)],
               .6).body()
    for s in (-6, 6):
        p.ell(x + s, y + 9, 6).part(BROWN)


@draws('flower')
def flower(p):
    n, r, tulip = p.pick(5, 6, 8), p.r(-2, 3), p.chance(.3)
    p.curve([(34, 58), (34, 78), (33, 100)]).limb(6.5, GREEN)
    p.leaf(34, 92, 28, -32, .3)
    p.leaf(33, 96, 28, -148, .3)
    if tulip:
        p.blob([(34, 66), (10, 54), (6, 26), (10, 4), (24, 20), (34, 0),
                (44, 20), (58, 4), (62, 26), (58, 54)], .4).body()
        p.curve([(24, 22), (26, 48), (34, 62)]).line()
        p.curve([(44, 22), (42, 48), (34, 62)]).line()
        return
    for i in range(n):
        a = math.radians(360 * i / n - 90)
        p.ell(34 + 21 * math.cos(a), 36 + 21 * math.sin(a), 17 + r,
              34 / n ** .55 + r, math.degrees(a)).body()
    c = YELLOW if p.k.name not in ('yellow', 'gold', 'orange') else BROWN
    p.ell(34, 36, 7.5).part(c)


@draws('cactus')
def cactus(p):
    a, b, pot = p.r(-6, 6), p.r(-6, 6), p.chance(.4)
    p.curve([(36, 66 + a / 2), (10, 64 + a / 2), (9, 40 + a)]).limb(16)
    p.curve([(36, 56 + b / 2), (62, 54 + b / 2), (63, 30 + b)]).limb(16)
    p.rect(19, 0, 34, 100, 17).body()
    for x in (28, 36, 44):
        p.curve([(x, 10), (x, 92)]).line(width=2)
    for x, y in ((9, 30 + a), (63, 20 + b), (36, -1)):
        if p.chance(.6):
            p.ell(x, y, 6).part(PINK if p.k.name != 'pink' else YELLOW)
    if pot:
        p.poly([(10, 78), (62, 78), (56, 101), (16, 101)], 2).part(
            (.78, .45, .32))
        p.rect(7, 74, 58, 9, 3).part((.78, .45, .32))
    else:
        p.ell(36, 99, 30, 5).part((.80, .66, .44))


@draws('mushroom')
def mushroom(p):
    w, h, bits = p.r(-3, 3), p.r(-4, 4), p.chance(.6)
    p.blob([(36, 58), (62, 58), (63, 82), (69, 98), (49, 101), (29, 98),
            (35, 82)], .4).part(CREAM)
    p.blob([(49, 0 - h), (78, 10), (97 + w, 44), (95 + w, 62), (49, 71),
            (3 - w, 62), (1 - w, 44), (20, 10)], .45).body()
    if bits and p.material == 'plain':
        c = WHITE if p.k.name not in ('white', 'silver') else PINK
        for x, y, r in ((20, 40, 6.5), (40, 16, 6), (78, 38, 7),
                        (66, 17, 4.5), (49, 60, 4.5)):
            p.ell(x, y, r, r * .9).part(c, False)
    if p.chance(.3):
        p.eye(43, 80, 3).eye(56, 80, 3).smile(49.5, 87, 4, 2)


def _face(p, x, y, s):
    p.ell(x - 12 * s, y - 4 * s, 3.2 * s, 4.4 * s).part(INK, False)
    p.ell(x + 12 * s, y - 4 * s, 3.2 * s, 4.4 * s).part(INK, False)
    p.smile(x, y + 8 * s, 8 * s, 5 * s, 2.8)


@draws('sun')
def sun(p):
    n, kind, turn = p.pick(10, 12, 14), p.pick('rays', 'wave'), p.r(0, 30)
    pts = []
    for i in range(2 * n):
        a = math.radians(turn + 180 * i / n)
        r = 50 if i % 2 == 0 else 37
        pts.append((50 + r * math.cos(a), 50 + r * math.sin(a)))
    if kind == 'wave':
        p.blob(pts).body(shade=.3)
    else:
        p.poly(pts, 3).body(shade=.3)
    p.ell(50, 50, 33).body()
    if p.chance(.6):
        _face(p, 50, 50, 1)


@draws('moon')
def moon(p):
    full = p.chance(.25)
    if full:
        p.ell(43, 50, 48).body()
        for x, y, r in ((28, 34, 9), (58, 58, 11), (34, 70, 6), (60, 26, 5)):
            p.ell(x, y, r).dark(.35)
        return
    d = p.r(0, 5)
    c = p.ctx
    c.new_path()
    c.arc(50, 50, 49, math.radians(58), math.radians(302))
    c.curve_to(58 - d, 26, 58 - d, 74, 50 + 49 * math.cos(math.radians(58)),
               50 + 49 * math.sin(math.radians(58)))
    c.close_path()
    p.body()
    if p.chance(.5):
        p.curve([(30, 42), (36, 46), (42, 42)], 1).line(width=3)
        p.curve([(36, 66), (44, 68), (50, 63)], 1).line(width=3)
    else:
        p.ell(22, 40, 5.5).dark(.35).ell(34, 72, 7).dark(.35)
        p.ell(38, 24, 4.4).dark(.35)


@draws('cloud')
def cloud(p):
    a, b, c = p.r(-5, 6), p.r(-5, 6), p.r(-4, 4)
    pts = [(18, 66, 22), (46, 44 + a, 30), (84, 36 + b, 36),
           (118 + c, 52, 27), (136, 72, 19), (60, 72, 22), (98, 70, 26)]
    p.puff([(x, y, r, r) for x, y, r in pts] + [(78, 78, 62, 14)])
    if p.chance(.35):
        _face(p, 80, 64, 1)
