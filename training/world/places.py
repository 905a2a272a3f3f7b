"""The canvas's words of place, their boxes, and relations between boxes.

The grid has 90 x 90 cells; a box is (x0, y0, x1, y1), clamped to it.
"""
GRID = 90
WHOLE = (0, 0, GRID, GRID)

LOCATIONS = {
    'in the center': (45, 45), 'on the left': (15, 45),
    'on the right': (75, 45), 'on the top': (45, 15),
    'on the bottom': (45, 75), 'on the top-left': (15, 15),
    'on the top-right': (75, 15), 'on the bottom-left': (15, 75),
    'on the bottom-right': (75, 75),
}
OFFSETS = {
    'no offset': (0, 0),
    'slightly to the left': (-10, 0), 'slightly to the right': (10, 0),
    'slightly to the upper': (0, -10), 'slightly to the lower': (0, 10),
    'slightly to the upper-left': (-10, -10),
    'slightly to the upper-right': (10, -10),
    'slightly to the lower-left': (-10, 10),
    'slightly to the lower-right': (10, 10),
}
AREAS = {
    'a small square area': (50, 50), 'a small vertical area': (40, 60),
    'a small horizontal area': (60, 40),
    'a medium-sized square area': (60, 60),
    'a medium-sized vertical area': (50, 80),
    'a medium-sized horizontal area': (80, 50),
    'a large square area': (70, 70), 'a large vertical area': (60, 90),
    'a large horizontal area': (90, 60),
}
RELATIONS = ('left of', 'right of', 'above', 'below', 'in front of',
             'behind', 'next to')


def box_of(location, offset, area):
    cx, cy = LOCATIONS[location]
    dx, dy = OFFSETS[offset]
    w, h = AREAS[area]
    x, y = cx + dx, cy + dy
    return (max(0, x - w // 2), max(0, y - h // 2),
            min(GRID, x + w // 2), min(GRID, y + h // 2))


def size_of(area):
    word = area.split()[1]
    return 'medium' if word == 'medium-sized' else word


def centre(box):
    return (box[0] + box[2]) / 2, (box[1] + box[3]) / 2


def shared(a, b):
    """Shared cells as a share of the smaller box."""
    w = min(a[2], b[2]) - max(a[0], b[0])
    h = min(a[3], b[3]) - max(a[1], b[1])
    if w <= 0 or h <= 0:
        return 0.0
    return w * h / min((b[2] - b[0]) * (b[3] - b[1]),
                       (a[2] - a[0]) * (a[3] - a[1]))


def holds(a, word, b):
    """Is `a word b` true of two things (anything with .box, .distance)?"""
    (ax, ay), (bx, by) = centre(a.box), centre(b.box)
    dx, dy = bx - ax, by - ay
    if word == 'left of':
        return dx >= 20 and abs(dy) <= dx
    if word == 'right of':
        return dx <= -20 and abs(dy) <= -dx
    if word == 'above':
        return dy >= 20 and abs(dx) <= dy
    if word == 'below':
        return dy <= -20 and abs(dx) <= -dy
    if word == 'in front of':
        return a.distance < b.distance and shared(a.box, b.box) >= 0.10
    if word == 'behind':
        return a.distance > b.distance and shared(a.box, b.box) >= 0.10
    if word == 'next to':
        return 20 <= abs(dx) <= 50 and abs(dy) <= 12
    raise ValueError(word)
