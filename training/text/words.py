"""Words: colours, kinds and backdrops as people name them, and what canvases
say about mood, style and quality."""

# How people name the colours of the world besides the HTML name.
COLOUR_SAID = {
    'red': ('red', 'bright red'), 'orange': ('orange',),
    'gold': ('gold', 'golden'), 'yellow': ('yellow', 'bright yellow'),
    'tan': ('tan', 'beige'), 'chocolate': ('chocolate', 'chocolate brown'),
    'brown': ('brown', 'dark brown'), 'salmon': ('salmon', 'salmon pink'),
    'pink': ('pink', 'light pink'), 'hotpink': ('hotpink', 'hot pink'),
    'violet': ('violet',), 'purple': ('purple', 'dark purple'),
    'navy': ('navy', 'navy blue', 'dark blue'), 'blue': ('blue',),
    'dodgerblue': ('dodgerblue', 'bright blue'),
    'skyblue': ('skyblue', 'sky blue', 'light blue'),
    'turquoise': ('turquoise',), 'teal': ('teal',),
    'green': ('green', 'dark green'),
    'limegreen': ('limegreen', 'lime green', 'bright green', 'light green'),
    'olive': ('olive', 'olive green'), 'white': ('white',),
    'silver': ('silver', 'light gray', 'light grey'),
    'gray': ('gray', 'grey'), 'black': ('black',),
}
# HTML names outside the world, and the colour of the world that people would
# take each for (not always the nearest in Lab): the description names both.
COLOUR_NEAR = {
    'crimson': 'red', 'maroon': 'brown', 'tomato': 'salmon', 'coral': 'salmon',
    'magenta': 'violet', 'lavender': 'skyblue', 'indigo': 'purple',
    'orchid': 'violet', 'plum': 'violet', 'khaki': 'tan', 'wheat': 'tan',
    'ivory': 'white', 'aquamarine': 'turquoise', 'cyan': 'turquoise',
    'lime': 'limegreen', 'chartreuse': 'limegreen', 'sienna': 'brown',
    'peru': 'chocolate', 'goldenrod': 'gold', 'firebrick': 'red',
    'royalblue': 'blue', 'steelblue': 'dodgerblue', 'seagreen': 'green',
    'darkgreen': 'green', 'slategray': 'gray', 'snow': 'white',
}

MATERIAL_SAID = {
    'striped': ('striped', 'stripy'),
    'dotted': ('dotted', 'spotted', 'polka-dot'),
    'glossy': ('glossy', 'shiny'),
}

KIND_SAID = {
    'car': ('automobile',), 'cat': ('kitten', 'kitty'), 'dog': ('puppy',),
    'airplane': ('plane', 'aeroplane'), 'sailboat': ('boat', 'sailing boat'),
    'rabbit': ('bunny',), 'sofa': ('couch',), 'woman': ('lady',),
    'man': ('guy',), 'gift': ('present',), 'cup': ('mug',), 'horse': ('pony',),
    'pine tree': ('fir tree',), 'truck': ('lorry',), 'bear': ('teddy bear',),
    'hot-air balloon': ('hot air balloon',), 'ship': ('steamer',),
    'ice cream': ('ice cream cone',), 'sheep': ('lamb',),
    'palm tree': ('palm',),
    'wizard': ('sorcerer',), 'dinosaur': ('t-rex',), 'bird': ('little bird',),
    'cake': ('birthday cake',), 'pig': ('piglet',), 'duck': ('duckling',),
}

# Backdrop: how a wish names it, how the global description does (first), what
# is said about it, its tags.
BACKDROP_SAID = {
    'sky': ('in the sky', ('in a blue sky', 'up in the sky', 'against the sky'),
            ('A clear blue sky fills the background.',
             'The sky is bright and wide.'), 'sky, bright'),
    'night': ('at night', ('in the night', 'under a night sky',
                           'in a starry night', 'in the dark night'),
              ('The night sky is dark and full of stars.',
               'A dark night lies over the land.'), 'night, stars'),
    'sunset': ('at sunset', ('at dusk', 'in the evening sun',
                             'under a sunset sky'),
               ('The evening sky glows in warm light.',
                'A warm sunset fills the sky.'), 'sunset, warm light'),
    'meadow': ('on a meadow', ('in a meadow', 'in a green field',
                               'on the grass', 'on a farm'),
               ('A green meadow lies under a clear sky.',
                'Soft grass covers the ground.'), 'meadow, grass'),
    'garden': ('in a garden', ('in the garden', 'in a flower garden'),
               ('A garden with hedges and small flowers.',
                'The garden is green and bright.'), 'garden, flowers'),
    'forest': ('in a forest', ('in the forest', 'in the woods',
                               'in a dark forest'),
               ('Tall trees of a forest stand behind.',
                'The forest is deep and green.'), 'forest, trees'),
    'autumn park': ('in an autumn park', ('in a park in autumn', 'in autumn',
                                          'in a park', 'in the park in fall'),
                    ('Golden leaves lie in the autumn park.',
                     'The trees of the park are orange.'),
                     'autumn, park, leaves'),
    'desert': ('in a desert', ('in the desert', 'on sand dunes',
                               'in a sandy desert'),
               ('Sand dunes lie under a hot sky.',
                'The desert is wide and dry.'), 'desert, sand'),
    'snowy mountains': ('in snowy mountains',
                        ('in the snow', 'in the mountains', 'in winter',
                         'in a snowy landscape'),
                        ('White peaks rise over the snow.',
                         'Snow covers the mountains.'), 'snow, mountains'),
    'beach': ('on a beach', ('on the beach', 'at the beach',
                             'on a sandy beach'),
              ('A sandy beach lies by the sea.',
               'Sand and calm water fill the background.'), 'beach, sand'),
    'sea': ('on the sea', ('at sea', 'on the ocean', 'on the open sea',
                           'on the water'),
            ('Blue waves reach to the horizon.', 'The sea is wide and calm.'),
            'sea, waves'),
    'underwater': ('under water', ('underwater', 'at the bottom of the sea',
                                   'in the deep sea'),
                   ('Light falls through the deep water.',
                    'Bubbles rise in the blue water.'), 'underwater, bubbles'),
    'city': ('in a city', ('in the city', 'in front of a skyline',
                           'in a big city'),
             ('Tall houses of a city stand behind.',
              'The skyline of a city fills the background.'), 'city, skyline'),
    'street': ('on a street', ('on the street', 'on a road', 'in the street'),
               ('A gray street runs past houses.',
                'The street is quiet and clean.'), 'street, road'),
    'living room': ('in a living room', ('in the living room', 'in a room',
                                         'at home', 'indoors'),
                    ('A cozy living room with a wide floor.',
                     'The room has warm walls.'), 'living room, cozy'),
    'kitchen': ('in a kitchen', ('in the kitchen',),
                ('A bright kitchen with clean tiles.',
                 'The kitchen is bright and tidy.'), 'kitchen, tiles'),
    'dark room': ('on a table in a dark room',
                  ('in a dark room', 'on a wooden table in a dark room'),
                  ('A dark room lies behind the table.',
                   'The room is dark and quiet.'), 'dark room, table'),
    'table': ('on a table', ('on a wooden table', 'on the table',
                             'on a wood table'),
              ('A wooden table stands before a plain wall.',
               'The table top is smooth wood.'), 'table, wood'),
    'space': ('in space', ('in outer space', 'among the stars',
                           'in the universe'),
              ('Stars and planets shine in dark space.',
               'Space is dark and full of stars.'), 'space, stars'),
    'studio': ('on a plain background', ('in a studio', 'on a white background',
                                         'before a plain backdrop'),
               ('The background is plain and light.',
                'A plain studio backdrop lies behind.'), 'studio, plain'),
}

# Places outside the world: "in a CATHEDRAL".
PLACES = '''cathedral|cave|library|classroom|stadium|harbour|museum|jungle|swamp
volcano|canyon|palace|temple|dungeon|bakery|workshop|factory|bathroom|bedroom
castle hall|train station|airport|supermarket|circus|theatre|laboratory|barn
stable|office|playground|vineyard|village|market|valley|glacier|rainforest
church|attic|cellar|hospital|school|restaurant|cafe|shopping mall|zoo|farmyard
greenhouse|ballroom|throne room|spaceship|submarine|tunnel|ruin|graveyard'''
PLACE_ADJ = ('old', 'huge', 'tiny', 'gothic', 'quiet', 'foggy', 'rainy',
             'magic', 'dusty', 'sunny', 'haunted', 'colorful', 'frozen')
PLACE_COLOURS = ('slategray', 'darkseagreen', 'rosybrown', 'lightsteelblue',
                 'burlywood', 'gray', 'darkslateblue', 'cadetblue')

# Adjectives that are copied into the description.
ADJECTIVES = '''happy|sad|funny|old|young|cute|angry|tiny|magic|wooden|fluffy
sleepy|brave|friendly|fierce|elegant|rusty|shabby|ancient|modern|mighty|lazy
royal|lonely|proud|crazy|noble|fancy|simple|broken|lovely|beautiful|ugly|fat
thin|wild|gentle|clever|silly|grumpy|haunted|enchanted|golden-eyed|hungry
smiling|dancing|sleeping|running|flying|glowing|crystal|paper|stone|metal|toy
cartoon|gothic|medieval|futuristic|mechanical|giant|evil|holy|frozen|burning'''

VERBS = '''chasing|watching|guarding|facing|following|meeting|fighting|greeting
admiring|looking at|waiting for|talking to|playing with|racing|protecting
dreaming of|hiding from|smiling at|running towards|sitting near'''

ATMOSPHERE = {
    'animal': ('Calm and friendly', 'Lively and playful', 'Gentle and quiet',
               'Curious and alert', 'Wild and free'),
    'vehicle': ('Fast and lively', 'Ready to go', 'Proud and sturdy',
                'Adventurous'),
    'fruit': ('Fresh and sweet', 'Fresh and simple', 'Ripe and bright'),
    'food': ('Fresh and tasty', 'Sweet and cheerful', 'Warm and homely'),
    'object': ('Calm and simple', 'Neat and cheerful', 'Quiet and still',
               'Bright and playful'),
    'furniture': ('Cozy and warm', 'Neat and homely', 'Calm and comfortable'),
    'building': ('Solid and calm', 'Proud and still', 'Welcoming and warm'),
    'plant': ('Fresh and natural', 'Quiet and green', 'Peaceful and alive'),
    'sky': ('Airy and open', 'Soft and dreamy', 'Peaceful and high'),
    'person': ('Cheerful and kind', 'Calm and thoughtful',
               'Confident and friendly'),
}
STYLE = ('Flat illustration', 'Clean flat shapes', 'Simple cartoon style',
         'Flat vector art', 'Bold shapes and plain colors')
QUALITY = ('Crisp edges', 'High resolution', 'Sharp and clean',
           'High quality, clean lines', 'Smooth and crisp')


def words(text):
    """The entries of a table written as text."""
    return tuple(w.strip() for line in text.split('\n')
                 for w in line.split('|') if w.strip())
