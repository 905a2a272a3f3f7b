"""Persons. Their colour is that of their clothes; skin and hair vary."""
from .kinds import draws
from .pen import (BROWN, CREAM, DARK, HAIRS, INK, ORANGE, PINK, RED, SKINS,
                  STEEL, WHITE, YELLOW)


def head(p, x, y, r, skin):
    """A round friendly face, without hair."""
    p.ell(x, y, r, r * 1.02).part(skin)
    p.ell(x - r * .38, y + r * .05, r * .13, r * .17).part(INK, False)
    p.ell(x + r * .38, y + r * .05, r * .13, r * .17).part(INK, False)
    for s in (-1, 1):
        p.ell(x + s * r * .62, y + r * .38, r * .16, r * .11).part(
            tuple(a * .8 + b * .2 for a, b in zip(skin, (.95, .3, .3))),
            False)
    p.smile(x, y + r * .42, r * .26, r * .18, 1.8)


def arms(p, x, y, dx, reach, lift, w, skin):
    """Two sleeved arms from the shoulders, hands of skin."""
    for s, up in ((-1, 0), (1, lift)):
        ex, ey = x + s * (dx + reach), y + 26 - up
        p.ell(ex + s * 1, ey + (3 if up < 20 else -3), w * .52).part(skin)
        p.curve([(x + s * dx, y), (x + s * (dx + reach * .7), y + 13 - up
                                   * .3), (ex, ey)]).limb(w)


@draws('man')
def man(p):
    skin, hair = p.pick(*SKINS), p.pick(*HAIRS)
    wave, beard, hat = p.pick(0, 0, 34), p.chance(.3), p.chance(.3)
    for x in (17, 33):
        p.rect(x - 7, 74, 14, 24, 3).part((.28, .3, .42))
        p.ell(x + (-2 if x < 25 else 2), 98, 9, 4).part(DARK)
    arms(p, 25, 36, 16, 7, wave, 11, skin)
    p.blob([(25, 26), (40, 29), (45, 44), (45, 78), (44, 85), (6, 85),
            (5, 78), (5, 44), (10, 29)], .3).body()
    p.curve([(25, 32), (25, 80)]).line()
    for y in (46, 58, 70):
        p.ell(28, y, 1.4).part(CREAM, False)
    head(p, 25, 15, 14, skin)
    if beard:
        p.blob([(12, 17), (18, 22), (25, 20), (32, 22), (38, 17), (34, 29),
                (25, 33), (16, 29)], .4).part(hair)
        p.smile(25, 23, 4, 2)
    if hat:
        p.rect(14, -5, 22, 12, 4).part(DARK)
        p.rect(8, 4, 34, 5, 2).part(DARK)
    else:
        p.blob([(11, 14), (12, 3), (25, -3), (38, 3), (39, 14), (33, 7),
                (22, 6), (15, 9)], .4).part(hair)


@draws('woman')
def woman(p):
    skin, hair = p.pick(*SKINS), p.pick(*HAIRS)
    wave, style, w = p.pick(0, 0, 32), p.pick('long', 'bun'), p.r(-2, 3)
    if style == 'long':
        p.blob([(28, -4), (42, 2), (45, 18), (45, 33), (36, 37), (20, 37),
                (11, 33), (11, 18), (14, 2)], .4).part(hair)
    else:
        p.ell(28, -6, 8).part(hair)
    for x in (21, 35):
        p.rect(x - 4, 78, 8, 18, 2).part(skin)
        p.ell(x, 98, 7, 3.6).part(DARK)
    arms(p, 28, 36, 12, 10, wave, 10, skin)
    p.blob([(28, 27), (40, 30), (43, 48), (50 + w, 74), (54 + w, 88),
            (28, 92), (2 - w, 88), (6 - w, 74), (13, 48), (16, 30)],
           .35).body()
    p.curve([(14, 51), (28, 54), (42, 51)]).limb(4.4, p.pick(
        CREAM, DARK, YELLOW))
    head(p, 28, 14, 13.5, skin)
    p.blob([(13, 16), (14, 2), (28, -5), (42, 2), (43, 16), (36, 6),
            (26, 3), (19, 7)], .4).part(hair)


@draws('boy')
def boy(p):
    skin, hair = p.pick(*SKINS), p.pick(*HAIRS)
    wave, cap = p.pick(0, 30, 30), p.chance(.65)
    for x in (22, 38):
        p.rect(x - 6, 84, 12, 12, 2).part((.36, .4, .52))
        p.ell(x + (-2 if x < 30 else 2), 98, 9, 4).part(RED if cap else DARK)
    arms(p, 30, 46, 15, 8, wave, 11, skin)
    p.blob([(30, 32), (46, 38), (51, 58), (50, 88), (30, 90), (10, 88),
            (9, 58), (14, 38)], .35).body()
    p.rect(20, 66, 20, 12, 4).line()
    head(p, 30, 19, 17, skin)
    if cap:
        p.blob([(12, 16), (15, 0), (30, -7), (45, 0), (48, 16), (30, 11)],
               .4).body()
        p.blob([(34, 9), (50, 9), (61, 14), (58, 18), (40, 15)], .4).body(
            False, shade=.6)
    else:
        p.blob([(12, 19), (12, 6), (20, -1), (28, -6), (41, -3), (48, 8),
                (48, 19), (43, 10), (34, 7), (24, 10), (17, 9)],
               .4).part(hair)


@draws('girl')
def girl(p):
    skin, hair = p.pick(*SKINS), p.pick(*HAIRS)
    wave, w = p.pick(0, 28), p.r(-2, 3)
    for s in (-1, 1):
        p.blob([(32 + s * 16, 14), (32 + s * 28, 10), (32 + s * 30, 26),
                (32 + s * 25, 36), (32 + s * 19, 26)], .45).part(hair)
    for x in (25, 39):
        p.rect(x - 4, 84, 8, 12, 2).part(skin)
        p.ell(x, 98, 8, 3.8).part(DARK)
    arms(p, 32, 46, 13, 11, wave, 10, skin)
    p.blob([(32, 34), (46, 39), (50, 56), (59 + w, 80), (61 + w, 89),
            (32, 94), (3 - w, 89), (5 - w, 80), (14, 56), (18, 39)],
           .35).body()
    p.ell(32, 48, 3.4).part(CREAM, False)
    head(p, 32, 20, 17, skin)
    p.blob([(14, 21), (15, 6), (32, -4), (49, 6), (50, 21), (44, 12),
            (32, 5), (20, 12)], .4).part(hair)
    for s in (-1, 1):
        p.ell(32 + s * 18, 11, 5).body(False)


@draws('wizard')
def wizard(p):
    skin, w, tip = p.pick(*SKINS), p.r(-3, 3), p.r(-12, 12)
    p.curve([(66, 24), (64, 98)]).limb(5, BROWN)
    p.ell(66, 20, 8).part(p.pick((.5, .95, .9), YELLOW, PINK))
    for s in (-1, 1):
        p.ell(32 + s * 30, 68, 5).part(skin)
        p.poly([(32 + s * 10, 42), (32 + s * 32, 58), (32 + s * 32, 76),
                (32 + s * 10, 66)], 5).body()
    p.blob([(32, 26), (48, 34), (56, 62), (64 + w, 99), (32, 102),
            (0 - w, 99), (8, 62), (16, 34)], .3).body()
    p.curve([(11, 80), (32, 84), (53, 80)]).limb(4.5, YELLOW)
    head(p, 32, 24, 13, skin)
    p.blob([(20, 27), (26, 31), (32, 29), (38, 31), (44, 27), (42, 40),
            (32, 52), (22, 40)], .4).part((.95, .95, .97))
    p.smile(32, 33, 4, 2)
    p.blob([(15, 17), (22, -2), (32 + tip, -24), (42, -2), (49, 17),
            (32, 21)], .3).body()
    p.ell(32, 17, 27, 6.5).body()
    p.ell(31, 2, 4).part(YELLOW, False)


@draws('astronaut')
def astronaut(p):
    wave, v = p.pick(0, 36, 36), p.pick((.18, .26, .42), (.75, .5, .2))
    p.rect(10, 38, 46, 40, 8).part(STEEL)
    for s in (-1, 1):
        p.rect(33 + s * 12 - 9, 74, 18, 22, 6).body()
        p.rect(33 + s * 13 - 11, 90, 22, 10, 4).part((.45, .46, .52))
    for s, up in ((-1, 0), (1, wave)):
        p.curve([(33 + s * 16, 48), (33 + s * 29, 58 - up * .4),
                 (33 + s * 30, 70 - up)]).limb(13)
        p.ell(33 + s * 30, 75 - up * 1.1, 6).part((.45, .46, .52))
    p.rect(12, 40, 42, 44, 13).body()
    p.rect(22, 66, 22, 12, 3).part((.86, .87, .9))
    for x, c in ((27, RED), (33, YELLOW), (39, (.4, .8, .5))):
        p.ell(x, 72, 2).part(c, False)
    p.ell(33, 22, 25, 24).body()
    p.ell(33, 23, 17, 14).part(v)
    p.ell(27, 18, 4.5, 3, -25).part(WHITE, False)


@draws('ghost')
def ghost(p):
    n, w, arm = 3, p.r(-3, 3), p.r(-8, 6)
    for s in (-1, 1):
        p.blob([(39 + s * 26, 46), (39 + s * 42, 44 + arm),
                (39 + s * 43, 54 + arm), (39 + s * 28, 64)], .4).body()
    pts = [(39, 2), (60, 10), (70, 36), (74 + w, 92)]
    for i in range(2 * n):
        t = (i + .5) / n / 2
        pts.append((74 + w - t * (70 + 2 * w), 86 if i % 2 == 0 else 100))
    pts += [(4 - w, 92), (8, 36), (18, 10)]
    p.blob(pts, .4).body()
    p.ell(28, 34, 5.4, 7.4).part(INK, False)
    p.ell(50, 34, 5.4, 7.4).part(INK, False)
    p.ell(30, 31, 1.8).part(WHITE, False).ell(52, 31, 1.8).part(WHITE,
                                                                False)
    if p.chance():
        p.ell(39, 48, 4, 5).part(INK, False)
    else:
        p.smile(39, 46, 8, 5, 3)
    for x in (19, 59):
        p.ell(x, 44, 4, 2.6).part(PINK, False)


@draws('snowman')
def snowman(p):
    a, hat = p.r(-6, 6), p.chance(.7)
    for s in (-1, 1):
        p.curve([(33 + s * 16, 52), (33 + s * 36, 38 + a * s)]).limb(
            4, BROWN)
        p.curve([(33 + s * 29, 43 + a * s), (33 + s * 32, 32)]).limb(
            3.6, BROWN)
    p.ell(33, 78, 27, 23).body()
    p.ell(33, 50, 20, 18).body()
    p.ell(33, 24, 16, 15).body()
    p.curve([(20, 37), (33, 41), (46, 37)]).limb(6, p.pick(
        RED, (.3, .55, .8), (.35, .65, .4)))
    p.ell(27, 20, 2.3).part(INK, False).ell(39, 20, 2.3).part(INK, False)
    p.poly([(32, 24), (49, 27), (32, 29)], 1).part(ORANGE)
    for y in (50, 68, 80):
        p.ell(33, y, 2.4).part(INK, False)
    if hat:
        p.rect(22, -12, 22, 20, 2).part(DARK)
        p.rect(23, 1, 20, 5).part(RED, False)
        p.rect(14, 7, 38, 5, 2).part(DARK)
    else:
        p.blob([(17, 16), (20, 3), (33, -3), (46, 3), (49, 16), (33, 12)],
               .4).part(RED)
        p.ell(33, -5, 5).part(WHITE)
