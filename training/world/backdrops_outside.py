"""Backdrops under the open sky, in the water and in space."""
from .backdrops_draw import backdrop
from .colours import mix

SKY_TOP, SKY_LOW = (.42, .70, .94), (.80, .92, .99)
GRASS = (.55, .78, .38)


def _day(b, low=62):
    t = b.r(0, 1)
    b.down(0, low, mix(SKY_TOP, (.52, .78, .96), t),
           mix(SKY_LOW, (.93, .96, .98), t))


def _clouds(b, n, top=6, low=28, rgb=(1, 1, 1), a=.75):
    for _ in range(n):
        b.cloud(b.r(4, 96), b.r(top, low), b.r(4, 7), rgb, a)


def _stars(b, n, low, rgb=(.95, .95, .85)):
    for _ in range(n):
        b.disc(rgb, b.r(1, 99), b.r(1, low), b.r(.25, .6), None, b.r(.5, 1))


@backdrop('sky')
def sky(b):
    t = b.r(0, 1)
    b.down(0, 100, mix((.36, .64, .92), (.45, .74, .95), t),
           mix((.74, .89, .98), (.93, .95, .97), t))
    _clouds(b, b.pick(1, 2, 3), 12, 90, a=.6)
    for x in (10, 36, 66, 94):
        b.disc((1, 1, 1), x + b.r(-6, 6), 102, b.r(14, 22), b.r(5, 11), .55)
    return 101, SKY_LOW


@backdrop('night')
def night(b):
    t = b.r(0, 1)
    b.down(0, 70, mix((.07, .09, .24), (.10, .07, .25), t),
           mix((.22, .28, .50), (.30, .24, .48), t))
    _stars(b, 26, 56)
    b.waves((.15, .19, .34), b.r(56, 61), 3.5, b.r(1, 2))
    g = (.13, .22, .26)
    b.waves(g, 66, 2, b.r(.6, 1.2))
    b.down(70, 100, g, (.08, .13, .18))
    return 66, g


@backdrop('sunset')
def sunset(b):
    t = b.r(0, 1)
    b.down(0, 66, mix((.45, .33, .58), (.36, .38, .64), t), (.95, .58, .48),
           (1, .80, .52))
    b.glow(b.r(20, 80), 62, 40, (1, .9, .6), .7)
    _clouds(b, b.pick(1, 2), 12, 30, (1, .72, .62), .55)
    b.waves((.55, .36, .44), b.r(56, 60), 4, b.r(1, 2))
    g = (.40, .28, .36)
    b.waves(g, 65, 1.5, b.r(.6, 1.3))
    b.down(70, 100, g, (.27, .19, .29))
    return 65, g


@backdrop('meadow')
def meadow(b):
    _day(b)
    _clouds(b, b.pick(1, 2))
    b.waves((.63, .82, .60), b.r(50, 55), 3, b.r(1, 1.8))
    g = mix(GRASS, (.66, .80, .40), b.r(0, 1))
    b.waves(g, 58, 2, b.r(.7, 1.3))
    b.down(63, 100, g, mix(g, (.2, .45, .2), .3))
    for _ in range(14):
        y = b.r(66, 97)
        b.disc(b.pick((1, 1, .95), (1, .9, .45), (1, .75, .8)),
               b.r(2, 98), y, .5 + y / 140)
    return 58, g


@backdrop('garden')
def garden(b):
    _day(b)
    _clouds(b, 1)
    hedge = (.42, .66, .36)
    for x in range(0, 108, 9):
        b.disc(hedge, x + b.r(-2, 2), b.r(50, 54), b.r(7, 10), b.r(7, 10))
    b.box(hedge, 0, 52, 100, 10)
    fence = b.pick((.98, .97, .93), (.80, .66, .48))
    edge = mix(fence, (.3, .25, .3), .25)
    for x in range(2, 104, 8):
        b.poly(fence, (x, 49), (x + 2, 46.5), (x + 4, 49), (x + 4, 63),
               (x, 63))
    for y in (51, 57):
        b.box(edge, 0, y, 100, 1.6)
    g = mix((.60, .82, .44), (.70, .84, .46), b.r(0, 1))
    b.down(60, 100, g, mix(g, (.2, .5, .2), .28))
    if b.chance():
        b.poly((.90, .82, .66), (40, 60.5), (50, 60.5), (66, 101), (22, 101))
    return 60, g


def _trunks(b, rgb, crown, n, y, wide):
    for i in range(n):
        x = (i + b.r(.1, .9)) * 100 / n
        b.box(rgb, x - wide / 2, 14, wide, y - 12)
    for i in range(n + 3):
        b.disc(crown, (i + b.r(-.3, .3)) * 100 / (n + 1), b.r(4, 14),
               b.r(13, 18), b.r(11, 15))


@backdrop('forest')
def forest(b):
    t = b.r(0, 1)
    b.down(0, 64, mix((.62, .80, .60), (.70, .84, .74), t),
           mix((.80, .90, .70), (.86, .93, .82), t))
    _trunks(b, (.56, .66, .50), (.50, .70, .46), 7, 62, 3)
    _trunks(b, (.42, .38, .30), (.24, .47, .27), 4, 66, 6)
    b.waves((.42, .60, .34), 59, 1.5, 2)
    g = (.38, .54, .30)
    b.down(63, 100, g, (.24, .38, .22))
    return 60, g


@backdrop('autumn park')
def autumn(b):
    b.down(0, 64, (.76, .86, .92), (.98, .93, .80))
    for i in range(9):
        b.disc(b.pick((.88, .60, .26), (.80, .44, .24), (.93, .74, .34)),
               i * 13 + b.r(-5, 5), b.r(40, 50), b.r(9, 14), b.r(11, 16))
    b.box((.86, .74, .50), 0, 54, 100, 8)
    for i in range(5):
        b.box((.42, .30, .24), 8 + i * 21 + b.r(-4, 4), 48, 2.6, 14)
    g = (.80, .66, .36)
    b.waves(g, 60, 1.2, 1.5)
    b.down(62, 100, g, (.62, .46, .26))
    for _ in range(18):
        b.disc(b.pick((.86, .44, .2), (.95, .75, .3), (.7, .3, .2)),
               b.r(0, 100), b.r(64, 98), 1.5, .8)
    return 60, g


@backdrop('desert')
def desert(b):
    t = b.r(0, 1)
    b.down(0, 60, mix((.46, .74, .90), (.60, .78, .90), t), (.99, .92, .74))
    if b.chance():
        for x in (b.r(0, 25), b.r(55, 85)):
            w = b.r(14, 22)
            b.poly((.84, .56, .40), (x, 58), (x + 2, b.r(40, 47)),
                   (x + w - 3, b.r(40, 47)), (x + w, 58))
    b.waves((.93, .74, .48), b.r(51, 54), 3, b.r(.8, 1.6))
    g = (.95, .80, .54)
    b.waves(g, 57, 2, b.r(.6, 1.2))
    b.down(61, 100, g, (.86, .64, .38))
    return 57, g


@backdrop('snowy mountains')
def snowy(b):
    t = b.r(0, 1)
    b.down(0, 64, mix((.50, .72, .92), (.66, .72, .90), t),
           mix((.88, .94, .99), (.98, .92, .94), t))
    b.ridge((.62, .72, .84), 64, 46, b.r(34, 44), (.97, .98, 1))
    b.ridge((.48, .58, .74), 64, 27, b.r(24, 30), (.97, .98, 1))
    g = (.95, .97, 1)
    b.waves(g, 62, 1.6, b.r(.8, 1.5))
    b.down(66, 100, g, (.80, .87, .96))
    return 62, g


@backdrop('beach')
def beach(b):
    _day(b, 46)
    _clouds(b, b.pick(0, 1, 2), 6, 24)
    b.down(44, 62, (.26, .62, .80), (.42, .80, .84))
    b.waves((.98, .99, 1), 60, 1, b.r(1, 2), 0)
    g = mix((.97, .87, .66), (.98, .90, .74), b.r(0, 1))
    b.waves(g, 62.2, 1, b.r(1, 2), 0)
    b.down(65, 100, g, mix(g, (.78, .56, .34), .4))
    return 61, g


@backdrop('sea')
def sea(b):
    _day(b, 54)
    _clouds(b, b.pick(1, 2, 3), 6, 34)
    if b.chance(.4):
        b.fill((.56, .70, .66), b.mound, b.r(10, 90), 44, 20, 9)
    b.down(52, 100, (.36, .66, .82), (.12, .38, .62))
    for y in (62, 74, 87):
        b.waves((.9, .97, 1), y, 1.1, b.r(3, 4), None, .13)
    return 52, (.95, .85, .62)


@backdrop('underwater')
def underwater(b):
    t = b.r(0, 1)
    b.down(0, 100, mix((.36, .76, .84), (.30, .70, .88), t),
           mix((.04, .34, .48), (.06, .26, .50), t))
    for x in (b.r(5, 25), b.r(40, 55), b.r(70, 90)):
        b.poly((.9, 1, 1), (x, 0), (x + 8, 0), (x - 2, 84), (x - 18, 84),
               a=.10)
    b.waves((.16, .42, .46), 80, 3, 1.3)
    for x in (b.r(3, 15), b.r(80, 97), b.r(30, 70)):
        for k in range(3):
            h = b.r(10, 20)
            b.disc((.20, .50, .36), x + 3 * k - 3, 88 - h / 2, 1.3, h / 2)
    g = (.84, .76, .56)
    b.waves(g, 87, 1.6, 1.4)
    for _ in range(7):
        b.disc((.9, 1, 1), b.r(4, 96), b.r(6, 76), b.r(.7, 1.6), None, .5)
    return 86, g


@backdrop('space')
def space(b):
    t = b.r(0, 1)
    b.down(0, 100, mix((.05, .04, .16), (.03, .06, .16), t),
           mix((.15, .08, .28), (.07, .11, .28), t))
    b.glow(b.r(15, 85), b.r(15, 85), 46, b.pick(
        (.50, .22, .55), (.20, .36, .66), (.16, .45, .50)), .42)
    _stars(b, 40, 99, (1, 1, .95))
    if b.chance(.6):
        x, y, r = b.pick(9, 91), b.r(12, 88), b.r(6, 10)
        p = b.pick((.80, .55, .42), (.52, .62, .82), (.72, .62, .80))
        b.disc(p, x, y, r)
        b.disc(mix(p, (1, 1, 1), .25), x - r * .25, y - r * .25, r * .5)
    return 101, (.5, .5, .6)


def _windows(b, x, y, w, h, rgb, nx, ny):
    for i in range(nx):
        for j in range(ny):
            b.box(rgb, x + (i + .25) * w / nx, y + (j + .25) * h / ny,
                  w / nx * .5, h / ny * .5)


@backdrop('city')
def city(b):
    t = b.r(0, 1)
    b.down(0, 78, mix((.55, .75, .92), (.62, .70, .88), t),
           mix((.90, .94, .96), (.99, .89, .82), t))
    x = -b.r(0, 8)
    while x < 100:
        w, h = b.r(9, 15), b.r(26, 52)
        b.box((.72, .78, .87), x, 76 - h, w, h)
        x += w
    x = -b.r(0, 10)
    while x < 100:
        w, h = b.r(13, 20), b.r(16, 38)
        c = b.pick((.56, .62, .74), (.62, .60, .72), (.54, .66, .72),
                   (.70, .64, .66))
        b.box(c, x, 76 - h, w - .8, h)
        _windows(b, x, 76 - h + 2, w - .8, h - 6, mix(c, (1, .96, .8), .55),
                 3, max(2, int(h / 7)))
        x += w
    b.box((.80, .79, .78), 0, 75, 100, 4)
    g = (.47, .48, .53)
    b.down(78.5, 100, g, (.37, .38, .44))
    for i in range(4):
        b.box((.93, .90, .78), 4 + i * 27, 88, 13, 1.6)
    return 76, (.66, .67, .70)


@backdrop('street')
def street(b):
    _day(b, 74)
    x = -b.r(0, 12)
    while x < 100:
        w, h = b.r(22, 28), b.r(34, 48)
        c = b.pick((.94, .80, .64), (.86, .68, .60), (.76, .84, .78),
                   (.92, .88, .72), (.78, .76, .86), (.90, .74, .76))
        b.box(c, x, 72 - h, w, h + 1)
        roof = b.pick((.66, .40, .36), (.48, .44, .52), (.58, .46, .40))
        b.poly(roof, (x - 1, 72 - h), (x + w / 2, 60 - h), (x + w + 1,
                                                            72 - h))
        _windows(b, x + 1, 74 - h, w - 2, h * .52, (.62, .78, .88), 2, 2)
        b.box(mix(c, (.3, .2, .2), .6), x + w * .38, 60, w * .24, 12)
        x += w
    b.box((.84, .82, .79), 0, 71.5, 100, 5)
    g = (.55, .55, .58)
    b.down(76, 100, g, (.44, .44, .49))
    return 73, (.74, .73, .72)
