"""Pages of the world as prompts: what the renderer makes of a canvas (section 6 of
the design), and what each of its words is about, for training the encoders.
"""
import ast
import dataclasses
import re

import numpy as np

from image import bags
from image.bags import ROW
from text import words
from text.canvas import reply
from text.wish import wish
from world.kinds import KINDS
from world.places import WHOLE, box_of

FENCE = re.compile(r"```python\n(.*?)```", re.S)


def of_reply(text):
    """[(box, prefixes, suffixes)] of a model's reply, the whole picture first."""
    calls = [n for n in ast.walk(ast.parse(FENCE.search(text).group(1)))
             if isinstance(n, ast.Call) and n.keywords]
    calls.sort(key=lambda n: n.lineno)
    out, head = [], None
    for c in calls:
        v = {k.arg: ast.literal_eval(k.value) for k in c.keywords}
        own = bags.safe(v["description"])
        more = [*v["detailed_descriptions"], v["tags"]]
        if "location" in v:
            box = box_of(v["location"], v["offset"], v["area"])
            more += [v["atmosphere"], v["style"], v["quality_meta"]]
            out.append((box, [head, own], [bags.safe(t) for t in more]))
        else:
            head = own
            out.insert(0, (WHOLE, [own], [bags.safe(t) for t in more]))
    return out


def of_page(page):
    return of_reply(reply(page))


# ---- what words are about ---------------------------------------------------

NO = -100  # not asked, as cross entropy has it


@dataclasses.dataclass
class Row:
    """One row and what its words should tell. Numbers are indices into the
    tables of train_text.py; -1 there and NO here mean nothing is asked."""
    bag: list
    thing: np.ndarray  # [77] which of `things` a word is about; -1: none
    whole: int         # first word that sums up the whole row
    things: list       # (kind, colour, material, box)
    backdrop: str      # "" when it is not told


def _find(ids, part):
    n = len(part)
    return [i for i in range(len(ids) - n + 1) if ids[i:i + n] == part]


def _names(kind):
    """All that a kind is called."""
    said = [kind, *words.KIND_SAID.get(kind, ())]
    return said + ([KINDS[kind].plural] if kind in KINDS else [])


def _colours(colour):
    return words.COLOUR_SAID.get(colour, (colour,))


def mark(tok, bag, things):
    """[77] which thing each word is about: from its noun to the end of the
    phrase, the place that is told about it included."""
    out = np.full(ROW, -1)
    ends = {tok.ids(w)[0] for w in ("a", "an", "the", "and", "with")}
    ends |= {tok.ids(c)[0] for t in things for c in _colours(t[1]) if c}
    stop = {tok.ids(".")[0]}
    found = []
    for kind in {t[0] for t in things}:
        same = [i for i, t in enumerate(things) if t[0] == kind]
        for said in _names(kind):
            part = tok.ids(said)
            for at in _find(bag, part):
                near = bag[max(0, at - 6):at]
                mine = [i for i in same if len(same) == 1 or any(
                    _find(near, tok.ids(c)) for c in _colours(things[i][1]))]
                if len(mine) == 1:
                    found.append((at + len(part) - 1, mine[0]))
    for at, i in sorted(found):
        for p in range(at, len(bag)):
            if p > at and bag[p] in ends:
                break
            out[1 + p] = i
            if bag[p] in stop:
                break
    return out


def rows_of(tok, page, texts):
    """Rows of all conditions of a page."""
    things = [(i.thing.kind, i.thing.colour, i.thing.material, i.thing.box)
              for i in page.items]
    out = []
    for j, (_, pre, suf) in enumerate(texts):
        head = sum(len(tok.ids(t)) for t in pre)
        for bag in bags.pack(tok, pre, suf):
            if j == 0:
                marks, about = mark(tok, bag, things), things
                whole = 1 + len(bag)
            else:
                about = [things[j - 1]]
                marks = np.full(ROW, -1)
                whole = head  # the dot that ends its own description
                marks[whole:] = 0
            out.append(Row(bag, marks, whole, about, page.place.name))
    return out


def row_of_wish(tok, page, rng):
    """A plain caption: the wish, and what it names."""
    text, asked = wish(page, rng)
    bag = tok.ids(bags.safe(text))[:bags.ROOM]
    things = []
    for named, item in zip(asked.things, page.items):
        t = item.thing
        things.append((named.kind, named.colour and t.colour,
                       named.material or "", t.box))
    return Row(bag, mark(tok, bag, things), 1 + len(bag), things,
               page.place.name if asked.place else "")
