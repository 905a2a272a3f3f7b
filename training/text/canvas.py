"""A scene as a canvas: the reply a language model writes.

A Page is what a canvas says, before it is text: the things with what is told
about each (Item), the place, one relation. An edit makes a new Page in which
the Items it does not touch are the same objects, so that their text stays
word for word. The layout of the text is that of the real models' replies.
"""
from dataclasses import dataclass, replace

from world.kinds import KINDS
from world.backdrops import BACKDROPS

from . import words
from .parts import ANY_PARTS, PARTS

LONGEST = 100  # characters of a description (the form of replies bounds it)
IN_CLOTHES = ('man', 'woman', 'boy', 'girl')
RELATION = {'left of': 'to the left of', 'right of': 'to the right of'}


@dataclass(frozen=True)
class Item:
    thing: object        # world.scene.Thing; its kind may be outside the world
    extra: str = ''      # an adjective that is copied: "happy"
    shade: str = ''      # an HTML name outside the world: "crimson"
    facts: tuple = ()    # detailed descriptions
    tags: str = ''
    mood: str = ''


@dataclass(frozen=True)
class Place:
    name: str            # a backdrop's, or '' outside the world
    phrase: str          # "on a beach"
    fact: str
    tags: str
    colour: str


@dataclass(frozen=True)
class Page:
    items: tuple
    place: Place
    relation: tuple = None   # (i, word, j)
    style: str = ''
    quality: str = ''


def article(text):
    return ('an ' if text[0].lower() in 'aeiou' else 'a ') + text


def colour_words(item):
    c = item.thing.colour
    return f'{item.shade} {c}' if item.shade else c


def name(item, extra=True, material=True, colour=True):
    """"glossy red bottle", "man in blue"."""
    t = item.thing
    before = [item.extra] if extra and item.extra else []
    made = [t.material] if material and t.material != 'plain' else []
    made += [colour_words(item)] if colour else []
    if t.kind in IN_CLOTHES and made:
        return ' '.join(before + [t.kind, 'in'] + made)
    return ' '.join(before + made + [t.kind])


def group_of(kind):
    return KINDS[kind].group if kind in KINDS else 'object'


_PLAIN = ('The {k} is {c} all over.', 'It is a plain {c} {k}.',
          'Its color is a clean {c}.', 'The {c} {k} has soft shading.')
_MADE = {
    'striped': ('Wide stripes cover the {c} {k}.',
                'The {c} {k} has neat stripes.'),
    'dotted': ('Round dots cover the {c} {k}.', 'The {c} {k} is full of dots.'),
    'glossy': ('The {c} {k} shines with highlights.',
               'Light gleams on the glossy {c} {k}.'),
}
_FORM = ('It has {a} and {b}.', 'One sees {a} and {b}.',
         'The {k} has {a} and {b}.')


def describe(item, rng):
    """The item with its facts, tags and mood chosen anew."""
    t = item.thing
    a, b = PARTS.get(t.kind) or rng.choice(ANY_PARTS)
    c = colour_words(item)
    first = rng.choice(_MADE.get(t.material, _PLAIN)).format(k=t.kind, c=c)
    second = rng.choice(_FORM).format(k=t.kind, a=a, b=b)
    if t.kind in IN_CLOTHES:
        first = rng.choice(('The clothes are {c}.',
                            'The {k} wears {c} clothes.')
                           ).format(k=t.kind, c=' '.join(
                               ([t.material] if t.material != 'plain' else [])
                               + [c]))
    group = group_of(t.kind)
    tags = [t.kind, t.colour] + [t.material] * (t.material != 'plain')
    tags += [item.extra] * bool(item.extra)
    tags += [group] * (group != t.kind and t.kind in KINDS)
    part = rng.choice((a, b))
    tags += [part[2:] if part.startswith('a ') else part]
    moods = words.ATMOSPHERE.get(group, words.ATMOSPHERE['object'])
    return replace(item, facts=(first, second), tags=', '.join(tags),
                   mood=rng.choice(moods))


def place_of(backdrop, rng):
    said = words.BACKDROP_SAID[backdrop]
    return Place(backdrop, said[0], rng.choice(said[2]), said[3],
                 BACKDROPS[backdrop].colour)


def place_outside(rng):
    """"in a gothic cathedral": copied, in a colour made up."""
    noun = rng.choice(words.words(words.PLACES))
    if rng.random() < .5:
        noun = rng.choice(words.PLACE_ADJ) + ' ' + noun
    phrase = 'in ' + article(noun)
    return Place('', phrase, f'The background is {article(noun)}.', noun,
                 rng.choice(words.PLACE_COLOURS))


# ---- the whole --------------------------------------------------------------

def _list(names):
    return (', '.join(names[:-1]) + ' and ' if len(names) > 1 else '') + names[-1]


def _summary(page, **show):
    names = [article(name(i, **show)) for i in page.items]
    if page.relation:
        i, word, j = page.relation
        rest = [k for k in range(len(names)) if k not in (i, j)]
        said = [names[k] for k in rest]
        text = f'{names[i]} {RELATION.get(word, word)} {names[j]}'
        if rest and rest[0] < min(i, j):
            text = ', '.join(said) + ' and ' + text
        elif rest:
            text += ', with ' + _list(said)
        text += ', ' if rest else ' '
    else:
        text = _list(names) + ' '
    text += page.place.phrase
    return text[0].upper() + text[1:] + '.'


def summary(page):
    """The global description: everything, or what there is room for."""
    for show in ({}, {'material': False}, {'material': False, 'extra': False},
                 {'material': False, 'extra': False, 'colour': False}):
        text = _summary(page, **show)
        if len(text) <= LONGEST:
            return text
    few = replace(page, items=page.items[:2], relation=None)
    return _summary(few, material=False, extra=False, colour=False)[:LONGEST]


def plan(item):
    """Where a thing is: "The red car is on the left, large."."""
    t = item.thing
    size = t.area.split()[1].replace('medium-sized', 'medium')
    return f'The {name(item, extra=False, material=False)} is {t.location}, {size}.'


def _string(text):
    quote = '"' if "'" in text and '"' not in text else "'"
    text = text.replace('\\', '\\\\').replace(quote, '\\' + quote)
    return quote + text + quote


def _call(head, values):
    out = [head + '(\n']
    for key, value in values:
        if isinstance(value, tuple):
            out.append(f'    {key}=[\n')
            out += [f'        {_string(v)},\n' for v in value]
            out.append('    ],\n')
        elif isinstance(value, float):
            out.append(f'    {key}={value:.1f},\n')
        else:
            out.append(f'    {key}={_string(value)},\n')
    return ''.join(out) + ')\n'


def sentence(text):
    return text[0].upper() + text[1:] + '.'


def region(item, page):
    t = item.thing
    what = article(name(item))
    return f'\n# Add {what}.\n' + _call('canvas.add_local_description', (
        ('location', t.location), ('offset', t.offset), ('area', t.area),
        ('distance_to_viewer', float(t.distance)),
        ('description', sentence(what)), ('detailed_descriptions', item.facts),
        ('tags', item.tags), ('atmosphere', item.mood + '.'),
        ('style', page.style + '.'), ('quality_meta', page.quality + '.'),
        ('HTML_web_color_name', item.shade or t.colour)))


def reply(page):
    """The canvas as a model's reply."""
    tags = [name(i, extra=False, material=False) for i in page.items]
    tags = list(dict.fromkeys(tags)) + [page.place.tags]
    head = _call('canvas.set_global_description', (
        ('description', summary(page)),
        ('detailed_descriptions', tuple(plan(i) for i in page.items)
         + (page.place.fact,)),
        ('tags', ', '.join(tags)), ('HTML_web_color_name', page.place.colour)))
    return ('```python\n# Initialize the canvas\ncanvas = Canvas()\n\n'
            '# Set a global description for the canvas\n' + head
            + ''.join(region(i, page) for i in page.items) + '```')


def page_of(scene, rng):
    """A scene of the world as a page; the wording is chosen by rng."""
    return Page(tuple(describe(Item(t), rng) for t in scene.things),
                place_of(scene.backdrop, rng), scene.relation,
                rng.choice(words.STYLE), rng.choice(words.QUALITY))


