"""Wishes: what a person might say to get a page.

`wish` gives the words and what they ask for (Asked), so that a reply can be
judged: whatever is named must be there, whatever is left open is free.
"""
from dataclasses import dataclass

from world.kinds import KINDS
from world.places import holds

from . import words
from .canvas import IN_CLOTHES, article
from .nouns import plural

NUMBERS = {2: ('two', '2', 'a pair of'), 3: ('three', '3'), 4: ('four', '4')}
SAID = {
    'left of': ('left of', 'to the left of', 'on the left of',
                'on the left side of'),
    'right of': ('right of', 'to the right of', 'on the right of',
                 'on the right side of'),
    'above': ('above', 'over', 'high above'),
    'below': ('below', 'under', 'beneath', 'underneath'),
    'in front of': ('in front of', 'before'),
    'behind': ('behind',),
    'next to': ('next to', 'beside', 'near', 'close to', 'by'),
    'on': ('on', 'on top of'),
}
ITS = {'left of': ('on its right', 'to its right'),
       'right of': ('on its left', 'to its left'),
       'above': ('below it', 'under it'), 'below': ('above it', 'over it'),
       'in front of': ('behind it',), 'behind': ('in front of it',),
       'next to': ('next to it', 'beside it')}
SIZES = {'small': ('small', 'little', 'tiny'),
         'large': ('big', 'large', 'huge')}
WHERE = {
    'in the center': ('in the center', 'in the middle', 'in the centre'),
    'on the left': ('on the left', 'on the left side', 'at the left'),
    'on the right': ('on the right', 'on the right side', 'at the right'),
    'on the top': ('at the top', 'on the top', 'above', 'up high'),
    'on the bottom': ('at the bottom', 'on the bottom', 'down low'),
    'on the top-left': ('in the top left corner', 'in the top left',
                        'in the upper left'),
    'on the top-right': ('in the top right corner', 'in the top right',
                         'in the upper right'),
    'on the bottom-left': ('in the bottom left corner', 'in the bottom left',
                           'in the lower left'),
    'on the bottom-right': ('in the bottom right corner', 'in the bottom right',
                            'in the lower right'),
}
FRAMES = ('{}', '{}', '{}', '{}', 'draw {}', 'draw me {}', 'a picture of {}',
          'generate an image of {}', 'generate an image of {}', "I'd like {}",
          'I want {}', 'I want to see {}', 'please draw {}', 'show me {}',
          'paint {}', 'create an image of {}', 'can you draw {}?',
          'make a picture of {}', 'an image of {}', '{}, please',
          'could you paint {}?', 'give me {}', 'I would like a picture of {}',
          'a scene with {}', 'an illustration of {}', 'compose {}',
          'imagine {}', 'there is {}', 'let me see {}', 'make me {}')


@dataclass(frozen=True)
class Named:
    kind: str
    colour: str = ''     # as it must stand in the canvas
    material: str = ''
    extra: str = ''
    location: str = ''
    size: str = ''


@dataclass(frozen=True)
class Asked:
    things: tuple                 # of Named
    relations: tuple = ()         # (i, word, j) into things
    place: str = ''               # the phrase of the canvas


class _Teller:
    """One person's way of saying a page."""

    def __init__(self, page, rng):
        self.page, self.rng = page, rng
        show = rng.choices((1.0, .5, 0.0), (55, 25, 20))[0]
        n = len(page.items)
        self.colour = [rng.random() < show for _ in range(n)]
        self.material = [rng.random() < .85 for _ in range(n)]
        few = .10 if rng.random() < .9 else .6
        self.where = [rng.random() < few for _ in range(n)]
        self.sized = [rng.random() < .10 for _ in range(n)]
        self.direct = rng.random() < .15   # HTML names as they are
        self.the = rng.random() < .06

    def one(self, values):
        return self.rng.choice(values)

    def colour_said(self, item):
        c = item.shade or item.thing.colour
        if self.direct or c not in words.COLOUR_SAID:
            return c
        return self.one(words.COLOUR_SAID[c])

    def kind_said(self, kind):
        if kind in words.KIND_SAID and self.rng.random() < .10:
            return self.one(words.KIND_SAID[kind])
        return kind

    def named(self, k):
        item = self.page.items[k]
        t = item.thing
        made = t.material if self.material[k] else ''
        coloured = self.colour[k] or item.shade
        return Named(t.kind, (item.shade or t.colour) if coloured else '',
                     '' if made == 'plain' else made, item.extra,
                     t.location if self.where[k] else '',
                     self.size(k))

    def size(self, k):
        word = self.page.items[k].thing.area.split()[1]
        return word if self.sized[k] and word in SIZES else ''

    def noun(self, k, many=False):
        """"small striped red cat", "man in blue"."""
        item, asked = self.page.items[k], self.named(k)
        kind = self.kind_said(asked.kind)
        if many:
            kind = KINDS[kind].plural if kind in KINDS else plural(kind)
        before = [self.one(SIZES[asked.size])] if asked.size else []
        before += [asked.extra] if asked.extra else []
        made = []
        if asked.material:
            made.append(self.one(words.MATERIAL_SAID[asked.material]))
        made += [self.colour_said(item)] if asked.colour else []
        if asked.kind in IN_CLOTHES and made:
            style = self.one(('in {}', 'in {}', 'with {} clothes', 'wearing {}',
                              'dressed in {}'))
            return ' '.join(before + [kind, style.format(' '.join(made))])
        if self.rng.random() < .2:
            made.reverse()
        return ' '.join(before + made + [kind])

    def phrase(self, k):
        text = self.noun(k)
        text = 'the ' + text if self.the else article(text)
        if self.where[k]:
            text += ' ' + self.one(WHERE[self.page.items[k].thing.location])
        return text

    def group(self, ks):
        """"two red cats" for several things that are named alike."""
        if len(ks) == 1:
            return self.phrase(ks[0])
        return f'{self.one(NUMBERS[len(ks)])} {self.noun(ks[0], True)}'

    def groups(self, ks):
        found = {}
        for k in ks:
            key = self.named(k) if not self.where[k] else k
            found.setdefault(key, []).append(k)
        out = []
        for g in found.values():
            if 2 <= len(g) <= 4:
                out.append(g)
            else:
                out += [[k] for k in g]
        return out

    def listed(self, phrases):
        style = self.rng.random()
        if len(phrases) == 1:
            return phrases[0]
        if style < .70:
            return ', '.join(phrases[:-1]) + ' and ' + phrases[-1]
        if style < .80:
            return ', '.join(phrases)
        if style < .90:
            return ' and '.join(phrases)
        return phrases[0] + ' with ' + self.listed(phrases[1:])

    def things(self):
        """The words for all things, and the relations that they tell."""
        page, rng = self.page, self.rng
        everyone = list(range(len(page.items)))
        if not page.relation or rng.random() < .12:
            groups = self.groups(everyone)
            return self.listed([self.group(g) for g in groups]), []
        i, word, j = page.relation
        told = [(i, word, j)]
        if word in ITS and rng.random() < .12:
            text = self.phrase(i) + self.one((', ', ' with ', ' and '))
            if ',' in text:
                text += f'{self.one(ITS[word])} {self.phrase(j)}'
            else:
                text += f'{self.phrase(j)} {self.one(ITS[word])}'
        else:
            between = f' {self.one(SAID.get(word, (word,)))} '.join
            text = between((self.phrase(i), self.phrase(j)))
        rest = [k for k in everyone if k not in (i, j)]
        before = bool(rest) and rest[0] < i   # named in this order as well
        if rest and not before and rng.random() < .25:
            k, other = rest[0], rng.choice((i, j))
            true = [w for w in ('left of', 'right of', 'above', 'below',
                                'next to')
                    if holds(page.items[k].thing, w, page.items[other].thing)]
            if true and not self.where[k]:
                w = rng.choice(true)
                kind = page.items[other].thing.kind
                text += f' and {self.phrase(k)} {self.one(SAID[w])} the {kind}'
                told.append((k, w, other))
                rest = rest[1:]
        if rest:
            more = self.listed([self.group(g) for g in self.groups(rest)])
            and_ = self.one((', and ', ' and ', ', with ', ', '))
            text = f'{more} and {text}' if before else text + and_ + more
        return text, told

    def place_said(self):
        place = self.page.place
        if place.name:
            main, others = words.BACKDROP_SAID[place.name][:2]
            return self.one((main,) * 2 + tuple(others))
        return place.phrase


def wish(page, rng):
    """(words, Asked) of a page."""
    t = _Teller(page, rng)
    named = tuple(t.named(k) for k in range(len(page.items)))
    text, told = t.things()
    place = ''
    if rng.random() < .65 or not page.place.name:
        place = page.place.phrase
        said = t.place_said()
        style = rng.random()
        if style < .80:
            text += ' ' + said
        elif style < .90:
            text += ', ' + said
        else:
            text = f'{said}{rng.choice((": ", ", "))}{text}'
    asked = Asked(named, tuple(r for r in told if r[1] in ITS or r[1] == 'on'),
                  place)
    return dress(text, rng), asked


def dress(text, rng):
    """Frames, capitals and full stops, as people use them or not."""
    text = rng.choice(FRAMES).format(text)
    if rng.random() < .35:
        text = text[0].upper() + text[1:]
    if rng.random() < .25 and text[-1] not in '?.':
        text += '.'
    return text
