"""Backdrops inside: rooms, tables, the plain studio."""
from .backdrops_draw import backdrop
from .colours import mix

OAK = (.72, .52, .35)


def _planks(b, y, rgb, n=5):
    b.down(y, 100, rgb, mix(rgb, (.2, .1, .1), .22))
    c = b.c
    c.set_source_rgba(*mix(rgb, (.2, .1, .1), .5), .55)
    c.set_line_width(.7)
    for i in range(-n, n + 1):
        c.move_to(50 + i * 90 / n, y)
        c.line_to(50 + i * 190 / n, 101)
    c.stroke()


def _window(b, x, y, w, h, glass, frame=(.97, .96, .93)):
    b.box(mix(frame, (.4, .3, .3), .3), x - 2, y - 2, w + 4, h + 4)
    b.box(frame, x - 1.4, y - 1.4, w + 2.8, h + 2.8)
    b.box(glass, x, y, w, h)
    b.fill(mix(glass, (.4, .65, .4), .5), b.mound, x + w / 2, y + h * .7,
           w / 2, h * .3)
    b.box(frame, x + w / 2 - .6, y, 1.2, h)
    b.box(frame, x, y + h / 2 - .6, w, 1.2)


@backdrop('living room')
def living_room(b):
    wall = b.pick((.95, .85, .74), (.80, .88, .82), (.84, .85, .93),
                  (.94, .82, .80))
    b.down(0, 70, mix(wall, (1, 1, 1), .25), wall)
    x = b.pick(12, 40, 66)
    _window(b, x, 12, 22, 26, (.70, .87, .96))
    p = (x + 44) % 84
    b.box((.55, .40, .30), p, 14, 14, 17)
    b.box(b.pick((.60, .75, .72), (.90, .70, .50), (.65, .65, .80)),
          p + 1.5, 15.5, 11, 14)
    b.box((.98, .97, .95), 0, 68, 100, 3)
    _planks(b, 71, b.pick((.76, .58, .42), (.64, .47, .36)))
    b.disc(b.pick((.82, .48, .44), (.46, .58, .68), (.66, .68, .50)),
           50, 89, 44, 8, .85)
    return 70, OAK


@backdrop('kitchen')
def kitchen(b):
    t = b.pick((.86, .95, .95), (.97, .93, .82), (.90, .94, .86))
    b.down(0, 66, mix(t, (1, 1, 1), .3), t)
    c = b.c
    c.set_source_rgba(*mix(t, (.5, .55, .6), .4), .6)
    c.set_line_width(.6)
    for i in range(1, 9):
        c.move_to(i * 12 - 4, 0)
        c.line_to(i * 12 - 4, 66)
    for j in range(1, 6):
        c.move_to(0, j * 12)
        c.line_to(100, j * 12)
    c.stroke()
    _window(b, b.pick(10, 38, 64), 14, 24, 24, (.72, .88, .97))
    top = b.pick((.80, .64, .46), (.90, .89, .86), (.62, .62, .66))
    b.down(66, 78, top, mix(top, (0, 0, 0), .06))
    b.box(mix(top, (.1, .1, .1), .3), 0, 78, 100, 2)
    door = b.pick((.60, .76, .76), (.93, .91, .87), (.76, .80, .66))
    b.down(80, 100, door, mix(door, (.2, .2, .2), .2))
    for x in (25, 50, 75):
        b.box(mix(door, (.1, .1, .1), .35), x - .4, 80, .8, 20)
    return 66, (.80, .64, .46)


@backdrop('dark room')
def dark_room(b):
    wall = b.pick((.16, .18, .23), (.20, .16, .20), (.14, .20, .22))
    b.down(0, 64, mix(wall, (0, 0, 0), .35), wall)
    b.glow(b.r(25, 75), b.r(20, 45), 55, (.95, .70, .40), .26)
    b.down(62, 92, (.46, .32, .24), (.33, .22, .17))
    b.box((.55, .39, .29), 0, 61.5, 100, 1.3)
    b.down(92, 100, (.22, .14, .12), (.16, .10, .09))
    return 62, (.46, .32, .24)


@backdrop('table')
def table(b):
    wall = b.pick((.92, .87, .78), (.76, .84, .86), (.87, .80, .82),
                  (.80, .85, .75))
    b.down(0, 62, wall, mix(wall, (1, 1, 1), .35))
    b.glow(b.r(15, 85), b.r(5, 30), 50, (1, .98, .9), .55)
    wood = b.pick((.78, .58, .40), (.70, .49, .33), (.84, .68, .50))
    b.down(60, 94, wood, mix(wood, (.25, .12, .08), .18))
    c = b.c
    c.set_source_rgba(*mix(wood, (.25, .12, .08), .4), .5)
    c.set_line_width(.6)
    for y in (67, 75, 84):
        c.move_to(0, y)
        c.line_to(100, y)
    c.stroke()
    b.box(mix(wood, (1, 1, 1), .25), 0, 59.6, 100, 1.3)
    b.down(94, 100, mix(wood, (.2, .1, .1), .5), mix(wood, (0, 0, 0), .6))
    return 60, wood


@backdrop('studio')
def studio(b):
    t = b.pick((.95, .94, .91), (.90, .93, .96), (.95, .91, .94),
               (.92, .95, .91))
    b.down(0, 70, mix(t, (1, 1, 1), .4), t)
    b.glow(50, 30, 60, (1, 1, 1), .6)
    b.down(68, 100, mix(t, (.45, .43, .5), .12), mix(t, (.45, .43, .5), .26))
    b.down(60, 70, t, mix(t, (.45, .43, .5), .12))
    return 66, mix(t, (.45, .43, .5), .4)
