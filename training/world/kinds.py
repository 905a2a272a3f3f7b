"""Every kind of thing of the world: what it is called, where it stands, its
shape, and what it may be made of. The drawings are in things_*.py.

A line of the table: key, plural, group, stands, aspect, materials, colours,
places; the key is its English name. `stands` is how it meets the world:
'ground' (on the floor, with a shadow), 'table' (small, on floor or table),
'water' (floats or swims), 'sky' (hangs in the air), 'any'. `places` are the
tags of backdrops (backdrops.py) where it is at home.
"""
import importlib
from dataclasses import dataclass

from .colours import NAMES


@dataclass(frozen=True)
class Kind:
    name: str
    plural: str
    group: str
    stands: str
    aspect: float      # nominal width / height of the drawing
    materials: tuple
    colours: tuple     # allowed
    natural: tuple     # those one would expect, drawn more often
    places: frozenset


MATERIALS = ('plain', 'striped', 'dotted', 'glossy')
ALL = MATERIALS
COAT = ('plain', 'striped', 'dotted')
PLAIN = ('plain',)
WALL = ('plain', 'striped')
SHINE = ('plain', 'glossy')

FOLIAGE = ('green', 'limegreen', 'olive', 'teal', 'orange', 'red', 'gold',
           'yellow', 'pink', 'brown', 'hotpink', 'violet')
NEEDLES = ('green', 'limegreen', 'olive', 'teal', 'white', 'silver')
SUNS = ('yellow', 'gold', 'orange', 'red', 'salmon')
MOONS = ('white', 'silver', 'yellow', 'gold', 'tan', 'skyblue', 'orange')
CLOUDS = ('white', 'silver', 'gray', 'pink', 'skyblue', 'violet', 'salmon',
          'black')
SNOWS = ('white', 'silver', 'skyblue', 'pink', 'turquoise', 'violet')
GHOSTS = ('white', 'silver', 'skyblue', 'pink', 'violet', 'turquoise',
          'limegreen', 'gray', 'yellow')

_T = (
    # animals
    ('cat', 'cats', 'animal', 'ground', 0.79, COAT,
     'land room street', 'orange gray black white brown tan'),
    ('dog', 'dogs', 'animal', 'ground', 1.16, COAT,
     'land room street', 'brown tan black white chocolate gray'),
    ('rabbit', 'rabbits', 'animal', 'ground', 0.57, COAT,
     'land snow', 'white gray brown tan pink'),
    ('horse', 'horses', 'animal', 'ground', 1.11, COAT,
     'land farm', 'brown chocolate black white tan'),
    ('cow', 'cows', 'animal', 'ground', 1.35, COAT,
     'land farm', 'brown black white tan'),
    ('pig', 'pigs', 'animal', 'ground', 1.46, COAT,
     'land farm', 'pink salmon hotpink'),
    ('sheep', 'sheep', 'animal', 'ground', 1.34, PLAIN,
     'land farm', 'white silver black'),
    ('elephant', 'elephants', 'animal', 'ground', 1.51, COAT,
     'land', 'gray silver skyblue'),
    ('giraffe', 'giraffes', 'animal', 'ground', 0.67, COAT,
     'land', 'yellow gold orange tan'),
    ('lion', 'lions', 'animal', 'ground', 0.91, COAT,
     'land', 'gold orange tan'),
    ('bear', 'bears', 'animal', 'ground', 0.75, COAT,
     'land snow', 'brown black white chocolate'),
    ('mouse', 'mice', 'animal', 'ground', 1.24, COAT,
     'land room', 'gray silver brown white'),
    ('bird', 'birds', 'animal', 'sky', 1.44, COAT,
     'sky', 'blue red yellow dodgerblue skyblue'),
    ('duck', 'ducks', 'animal', 'water', 1.36, COAT,
     'water farm', 'yellow white green'),
    ('owl', 'owls', 'animal', 'ground', 0.79, COAT,
     'land night', 'brown gray white chocolate'),
    ('penguin', 'penguins', 'animal', 'ground', 0.79, COAT,
     'snow water', 'black navy blue'),
    ('fish', 'fish', 'animal', 'water', 1.38, ALL,
     'water deep', 'orange gold red blue'),
    ('whale', 'whales', 'animal', 'water', 1.61, COAT,
     'water deep', 'blue dodgerblue navy gray'),
    ('turtle', 'turtles', 'animal', 'ground', 1.63, COAT,
     'land beach deep', 'green olive limegreen'),
    ('snail', 'snails', 'animal', 'ground', 1.34, ALL,
     'land', 'orange brown pink'),
    ('butterfly', 'butterflies', 'animal', 'sky', 1.27, COAT,
     'sky land', 'orange blue violet yellow'),
    ('frog', 'frogs', 'animal', 'ground', 1.15, COAT,
     'land water', 'green limegreen'),
    ('dinosaur', 'dinosaurs', 'animal', 'ground', 1.19, COAT,
     'land', 'green limegreen teal purple'),
    ('dragon', 'dragons', 'animal', 'ground', 1.21, COAT,
     'land sky', 'red green purple'),
    ('crab', 'crabs', 'animal', 'ground', 1.45, COAT,
     'beach deep', 'red orange'),
    # vehicles
    ('car', 'cars', 'vehicle', 'ground', 1.77, ALL,
     'street land', 'red blue yellow black'),
    ('truck', 'trucks', 'vehicle', 'ground', 1.66, ALL,
     'street', 'red blue green orange'),
    ('bus', 'buses', 'vehicle', 'ground', 1.62, ALL,
     'street', 'red yellow'),
    ('train', 'trains', 'vehicle', 'ground', 1.40, ALL,
     'land', 'red green black blue'),
    ('tractor', 'tractors', 'vehicle', 'ground', 1.24, ALL,
     'farm', 'green red blue'),
    ('sailboat', 'sailboats', 'vehicle', 'water', 0.88, COAT,
     'water', 'white red blue'),
    ('ship', 'ships', 'vehicle', 'water', 1.34, ALL,
     'water', 'red blue white navy'),
    ('airplane', 'airplanes', 'vehicle', 'sky', 1.69, ALL,
     'sky', 'white silver red blue'),
    ('rocket', 'rockets', 'vehicle', 'any', 0.49, ALL,
     'sky space', 'white red silver'),
    ('helicopter', 'helicopters', 'vehicle', 'sky', 1.55, ALL,
     'sky', 'red yellow blue'),
    ('hot-air balloon', 'hot-air balloons', 'vehicle', 'sky', 0.72, ALL,
     'sky', 'red orange yellow'),
    # food
    ('apple', 'apples', 'fruit', 'table', 0.93, ALL,
     'table room', 'red green limegreen yellow'),
    ('pear', 'pears', 'fruit', 'table', 0.71, ALL,
     'table room', 'green limegreen yellow'),
    ('banana', 'bananas', 'fruit', 'table', 1.25, COAT,
     'table room', 'yellow gold'),
    ('strawberry', 'strawberries', 'fruit', 'table', 0.83, ALL,
     'table room', 'red pink'),
    ('pineapple', 'pineapples', 'fruit', 'table', 0.56, PLAIN,
     'table room beach', 'gold yellow orange'),
    ('carrot', 'carrots', 'food', 'table', 0.52, ALL,
     'table room', 'orange'),
    ('pumpkin', 'pumpkins', 'food', 'table', 1.15, ALL,
     'table room farm autumn', 'orange'),
    ('cake', 'cakes', 'food', 'table', 1.06, ALL,
     'table room', 'pink white chocolate'),
    ('ice cream', 'ice creams', 'food', 'table', 0.52, ALL,
     'table beach', 'pink white chocolate turquoise'),
    # objects
    ('bottle', 'bottles', 'object', 'table', 0.46, ALL,
     'table room', 'green red blue brown'),
    ('cup', 'cups', 'object', 'table', 1.12, ALL,
     'table room', 'white red blue'),
    ('teapot', 'teapots', 'object', 'table', 1.42, ALL,
     'table room', 'white blue'),
    ('vase', 'vases', 'object', 'table', 0.52, ALL,
     'table room', 'blue white'),
    ('book', 'books', 'object', 'table', 0.78, ALL,
     'table room', 'red brown blue'),
    ('ball', 'balls', 'object', 'table', 1.00, ALL,
     'land room beach street', 'red blue yellow'),
    ('balloon', 'balloons', 'object', 'sky', 0.57, ALL,
     'sky room street', 'red blue yellow pink'),
    ('umbrella', 'umbrellas', 'object', 'ground', 0.91, COAT,
     'beach street', 'red blue black'),
    ('hat', 'hats', 'object', 'table', 1.54, ALL,
     'table room beach', 'black brown'),
    ('boot', 'boots', 'object', 'table', 0.79, ALL,
     'room street', 'brown black red'),
    ('bell', 'bells', 'object', 'table', 0.91, ALL,
     'table room', 'gold yellow'),
    ('candle', 'candles', 'object', 'table', 0.56, COAT,
     'table room dark', 'white red'),
    ('lamp', 'lamps', 'object', 'table', 0.72, COAT,
     'room table', 'white red green'),
    ('clock', 'clocks', 'object', 'table', 0.83, SHINE,
     'room table', 'red silver'),
    ('gift', 'gifts', 'object', 'table', 0.99, ALL,
     'room table', 'red green blue pink'),
    ('crown', 'crowns', 'object', 'table', 1.34, SHINE,
     'table room', 'gold silver'),
    ('guitar', 'guitars', 'object', 'table', 0.57, ALL,
     'room', 'brown red orange'),
    ('drum', 'drums', 'object', 'table', 1.06, ALL,
     'room', 'red blue'),
    ('kite', 'kites', 'object', 'sky', 0.65, ALL,
     'sky', 'red yellow blue'),
    ('heart', 'hearts', 'object', 'any', 1.11, ALL,
     'sky room', 'red pink hotpink'),
    ('robot', 'robots', 'object', 'ground', 0.77, ALL,
     'street room space', 'silver gray blue'),
    # furniture
    ('chair', 'chairs', 'furniture', 'ground', 0.75, ALL,
     'room', 'brown red white'),
    ('table', 'tables', 'furniture', 'ground', 1.56, COAT,
     'room', 'brown white red'),
    ('sofa', 'sofas', 'furniture', 'ground', 1.80, ALL,
     'room', 'red blue green gray'),
    ('bed', 'beds', 'furniture', 'ground', 1.63, COAT,
     'room', 'blue red white'),
    # buildings
    ('house', 'houses', 'building', 'ground', 1.01, WALL,
     'land street snow', 'red white yellow'),
    ('castle', 'castles', 'building', 'ground', 0.93, WALL,
     'land', 'gray tan silver'),
    ('lighthouse', 'lighthouses', 'building', 'ground', 0.57, WALL,
     'beach water', 'red white blue'),
    ('windmill', 'windmills', 'building', 'ground', 0.68, WALL,
     'land farm', 'white red brown'),
    ('tent', 'tents', 'building', 'ground', 1.27, COAT,
     'land snow night', 'orange red green'),
    # plants
    ('tree', 'trees', 'plant', 'ground', 0.83, PLAIN,
     'land street', 'green limegreen'),
    ('pine tree', 'pine trees', 'plant', 'ground', 0.65, PLAIN,
     'land snow', 'green teal'),
    ('palm tree', 'palm trees', 'plant', 'ground', 0.94, PLAIN,
     'beach', 'green limegreen'),
    ('flower', 'flowers', 'plant', 'ground', 0.66, COAT,
     'land garden room', 'red yellow pink violet'),
    ('cactus', 'cactuses', 'plant', 'ground', 0.68, COAT,
     'desert room', 'green limegreen'),
    ('mushroom', 'mushrooms', 'plant', 'ground', 1.00, ALL,
     'land wild', 'red brown'),
    # sky
    ('sun', 'suns', 'sky', 'sky', 1.00, PLAIN,
     'sky', 'yellow gold orange'),
    ('moon', 'moons', 'sky', 'sky', 0.82, PLAIN,
     'sky space', 'white yellow silver'),
    ('cloud', 'clouds', 'sky', 'sky', 1.62, PLAIN,
     'sky', 'white gray'),
    ('star', 'stars', 'sky', 'sky', 1.03, ALL,
     'sky space night', 'yellow gold white'),
    # persons: the colour is that of the clothes
    ('man', 'men', 'person', 'ground', 0.57, COAT,
     'land street room', 'blue red green'),
    ('woman', 'women', 'person', 'ground', 0.53, COAT,
     'land street room', 'red violet yellow'),
    ('boy', 'boys', 'person', 'ground', 0.56, COAT,
     'land street room', 'blue red green'),
    ('girl', 'girls', 'person', 'ground', 0.60, COAT,
     'land street room', 'pink yellow red'),
    ('wizard', 'wizards', 'person', 'ground', 0.62, COAT,
     'land night room', 'blue purple navy'),
    ('astronaut', 'astronauts', 'person', 'any', 0.74, COAT,
     'space', 'white orange silver'),
    ('ghost', 'ghosts', 'person', 'any', 0.90, COAT,
     'night dark', 'white'),
    ('snowman', 'snowmen', 'person', 'ground', 0.69, PLAIN,
     'snow', 'white'),
)

_FEW = {'tree': FOLIAGE, 'pine tree': NEEDLES, 'palm tree': NEEDLES[:4],
        'cactus': NEEDLES[:4] + ('pink',), 'sun': SUNS, 'moon': MOONS,
        'cloud': CLOUDS, 'snowman': SNOWS, 'ghost': GHOSTS}

KINDS = {
    t[0]: Kind(t[0], t[1], t[2], t[3], t[4], t[5], _FEW.get(t[0], NAMES),
               tuple(t[7].split()), frozenset(t[6].split()))
    for t in _T
}

DRAWN = {}  # kind -> function(pen); filled by the decorator below


def draws(kind):
    """Decorator: this function draws that kind with a pen (pen.py)."""
    assert kind in KINDS and kind not in DRAWN, kind

    def keep(f):
        DRAWN[kind] = f
        return f
    return keep


def drawing(kind):
    if not DRAWN:
        for m in ('pets', 'beasts', 'wings', 'vehicles', 'food', 'objects',
                  'objects2', 'home', 'nature', 'people'):
            importlib.import_module('.things_' + m, __package__)
    return DRAWN[kind]
