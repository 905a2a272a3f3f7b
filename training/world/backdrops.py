"""The backdrops: what lies behind the things of a scene.

A backdrop draws itself from a seed, so that one name shows variety. `tags`
say which things are at home there (kinds.Kind.places); `ledge` is what a
standing thing gets under its feet when its box ends above the ground:
'hill', 'shelf', 'island', 'rock' or None (it floats). `clash` are colours
that would vanish before it.
"""
from dataclasses import dataclass


@dataclass(frozen=True)
class Backdrop:
    name: str
    kind: str           # 'sky', 'outdoor', 'indoor', 'water', 'space', 'plain'
    colour: str         # HTML name for the canvas's global colour
    night: bool
    tags: frozenset
    horizon: float      # 0 top .. 1 bottom: where standing things may stand
    ledge: str
    clash: frozenset


_B = (
    ('sky', 'sky', 'lightskyblue', 0, 'sky', 1.0, None, 'skyblue dodgerblue'),
    ('night', 'outdoor', 'midnightblue', 1, 'land sky night',
     .66, 'hill', 'navy black blue'),
    ('sunset', 'outdoor', 'lightsalmon', 0, 'land sky',
     .64, 'hill', 'orange salmon gold'),
    ('meadow', 'outdoor', 'lightgreen', 0, 'land sky farm garden',
     .58, 'hill', 'limegreen green skyblue'),
    ('garden', 'outdoor', 'palegreen', 0, 'land garden sky',
     .60, 'hill', 'limegreen green'),
    ('forest', 'outdoor', 'forestgreen', 0, 'land wild',
     .60, 'hill', 'green limegreen olive teal'),
    ('autumn park', 'outdoor', 'goldenrod', 0, 'land wild autumn',
     .60, 'hill', 'orange gold chocolate'),
    ('desert', 'outdoor', 'sandybrown', 0, 'land desert sky',
     .56, 'hill', 'tan orange gold'),
    ('snowy mountains', 'outdoor', 'aliceblue', 0, 'land snow sky',
     .62, 'hill', 'white silver skyblue'),
    ('beach', 'outdoor', 'wheat', 0, 'beach sky', .60, 'hill', 'tan skyblue'),
    ('sea', 'water', 'steelblue', 0, 'water sky',
     .52, 'island', 'dodgerblue skyblue blue'),
    ('underwater', 'water', 'darkcyan', 0, 'deep',
     .84, 'rock', 'teal turquoise dodgerblue'),
    ('city', 'outdoor', 'lightsteelblue', 0, 'street sky',
     .76, 'hill', 'gray silver'),
    ('street', 'outdoor', 'lightgray', 0, 'street sky',
     .74, 'hill', 'gray silver'),
    ('living room', 'indoor', 'bisque', 0, 'room', .70, 'shelf', 'tan white'),
    ('kitchen', 'indoor', 'lightcyan', 0, 'room table',
     .66, 'shelf', 'white turquoise'),
    ('dark room', 'indoor', 'darkslategray', 1, 'table dark',
     .62, 'shelf', 'black navy brown'),
    ('table', 'indoor', 'burlywood', 0, 'table',
     .60, 'shelf', 'tan chocolate brown'),
    ('space', 'space', 'midnightblue', 1, 'space', 1.0, None, 'black navy'),
    ('studio', 'plain', 'whitesmoke', 0, 'land room table street space',
     .68, 'shelf', 'white silver'),
)

BACKDROPS = {
    b[0]: Backdrop(b[0], b[1], b[2], bool(b[3]), frozenset(b[4].split()),
                   b[5], b[6], frozenset(b[7].split()))
    for b in _B
}
