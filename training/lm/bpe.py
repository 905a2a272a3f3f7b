"""A byte-level BPE vocabulary in Llama 3's manner, made for canvases.

Texts are cut as Llama 3 cuts them and merged by rank, so that libllama's
"llama-bpe" gives the same tokens (there is no port of its expression here:
`re` lacks \\p{..}, so the cut is spelled out for Latin text).

Before that, WHOLE pieces are found: the fixed syntax of a reply and the system
prompt are one token each (user-defined tokens of the file). They are cut where
the form of replies leaves no choice and where one begins, so that what a
program writes by itself has the same tokens as what the model learned. It
makes canvases a third shorter, for training and for writing.
"""
import collections
import functools
import json
import re

from common.bytepairs import join, letters

SYSTEM_PROMPT = '''You are a helpful AI assistant to compose images using the below python class `Canvas`:

```python
class Canvas:
    def set_global_description(self, description: str, detailed_descriptions: list[str], tags: str, HTML_web_color_name: str):
        pass

    def add_local_description(self, location: str, offset: str, area: str, distance_to_viewer: float, description: str, detailed_descriptions: list[str], tags: str, atmosphere: str, style: str, quality_meta: str, HTML_web_color_name: str):
        assert location in ["in the center", "on the left", "on the right", "on the top", "on the bottom", "on the top-left", "on the top-right", "on the bottom-left", "on the bottom-right"]
        assert offset in ["no offset", "slightly to the left", "slightly to the right", "slightly to the upper", "slightly to the lower", "slightly to the upper-left", "slightly to the upper-right", "slightly to the lower-left", "slightly to the lower-right"]
        assert area in ["a small square area", "a small vertical area", "a small horizontal area", "a medium-sized square area", "a medium-sized vertical area", "a medium-sized horizontal area", "a large square area", "a large vertical area", "a large horizontal area"]
        assert distance_to_viewer > 0
        pass
```'''
WHOLE = (
    SYSTEM_PROMPT,
    '```python\n# Initialize the canvas\ncanvas = Canvas()\n\n'
    '# Set a global description for the canvas\n'
    'canvas.set_global_description(\n    description=',
    "',\n    detailed_descriptions=[\n        '",
    "',\n        '",
    "',\n    ],\n    tags='",
    "',\n    HTML_web_color_name='",
    "',\n)\n",
    '\n# Add ',
    "\ncanvas.add_local_description(\n    location='",
    "',\n    offset='",
    "',\n    area='",
    "',\n    distance_to_viewer=",
    ",\n    description='",
    "',\n    atmosphere='",
    "',\n    style='",
    "',\n    quality_meta='",
    '```',
)
SPECIAL = ('<|begin_of_text|>', '<|end_of_text|>', '<|start_header_id|>',
           '<|end_header_id|>', '<|eot_id|>')
# Llama 3's expression, for text whose letters are those of Python's \w.
_L, _N = r'[^\W\d_]', r'\d'
CUT = re.compile(
    rf"(?:'s|'t|'re|'ve|'m|'ll|'d)|(?:[^\r\n\w]|_)?{_L}+|{_N}{{1,3}}|"
    rf" ?(?:[^\s\w]|_)+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+", re.I)
HF_CUT = (r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}|"
          r" ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+")
_WHOLE = re.compile('|'.join(re.escape(w) for w in
                             sorted(WHOLE, key=len, reverse=True)))


LETTER = letters()
BYTE = {c: b for b, c in LETTER.items()}


def spell(data):
    return ''.join(LETTER[b] for b in data)


def pieces(text):
    """(text, is it a WHOLE?) in order."""
    at = 0
    for m in _WHOLE.finditer(text):
        if m.start() > at:
            yield text[at:m.start()], False
        yield m.group(), True
        at = m.end()
    if at < len(text):
        yield text[at:], False


def train(texts, size):
    """Merges of the most frequent pairs until there are `size` tokens (without
    WHOLE and SPECIAL); texts is [(text, weight)]."""
    count = collections.Counter()
    for text, weight in texts:
        for part, whole in pieces(text):
            if not whole:
                for word in CUT.findall(part):
                    count[word] += weight
    split = [[list(spell(w.encode())), n] for w, n in count.items()]
    pairs, where = collections.Counter(), collections.defaultdict(set)
    for i, (s, n) in enumerate(split):
        for p in zip(s, s[1:]):
            pairs[p] += n
            where[p].add(i)
    merges = []
    while len(merges) < size - 256 and pairs:
        best = max(pairs, key=lambda p: (pairs[p], p))
        if pairs[best] <= 0:
            break
        merges.append(best)
        for i in where.pop(best):
            s, n = split[i]
            for p in zip(s, s[1:]):
                pairs[p] -= n
                if p != best:
                    where[p].discard(i)
            split[i][0] = s = join(s, best)
            for p in zip(s, s[1:]):
                pairs[p] += n
                where[p].add(i)
        del pairs[best]
    return merges


class Vocabulary:
    """Tokens: 256 bytes, merges, WHOLE, SPECIAL, in this order."""

    def __init__(self, merges):
        self.merges = [tuple(m) for m in merges]
        self.rank = {m: i for i, m in enumerate(self.merges)}
        names = [LETTER[b] for b in range(256)]
        names += [a + b for a, b in self.merges]
        self.of = {}
        for n in names:
            self.of.setdefault(n, len(self.of))
        self.n_plain = len(self.of)
        self.whole = {w: self.n_plain + i for i, w in enumerate(WHOLE)}
        base = self.n_plain + len(WHOLE)
        self.special = {s: base + i for i, s in enumerate(SPECIAL)}
        self.size = base + len(SPECIAL)
        self.bytes = [bytes(BYTE[c] for c in n) for n in self.of]
        self.bytes += [w.encode() for w in WHOLE] + [b''] * len(SPECIAL)
        self._word = functools.lru_cache(1 << 16)(self._merge)

    def _merge(self, word):
        s = list(spell(word.encode()))
        while len(s) > 1:
            rank, pair = min((self.rank.get(p, 1 << 30), p)
                             for p in zip(s, s[1:]))
            if rank == 1 << 30:
                break
            s = join(s, pair)
        return tuple(self.of[c] for c in s)

    def encode(self, text):
        out = []
        for part, whole in pieces(text):
            if whole:
                out.append(self.whole[part])
            else:
                for word in CUT.findall(part):
                    out += self._word(word)
        return out

    def decode(self, ids):
        return b''.join(self.bytes[i] for i in ids).decode(errors='replace')

    # ---- conversations, in the Llama 3 chat template

    def _header(self, role):
        s = self.special
        return [s['<|start_header_id|>'], *self.encode(role),
                s['<|end_header_id|>'], *self.encode('\n\n')]

    def prefix(self):
        """What every conversation begins with."""
        s = self.special
        return ([s['<|begin_of_text|>'], *self._header('system'),
                 *self.encode(SYSTEM_PROMPT), s['<|eot_id|>']])

    def question(self, text):
        s = self.special
        # The words are cut together with the line ends before them.
        head = [s['<|start_header_id|>'], *self.encode('user'),
                s['<|end_header_id|>']]
        return (head + self.encode('\n\n' + text.strip()) + [s['<|eot_id|>']]
                + [s['<|start_header_id|>'], *self.encode('assistant'),
                   s['<|end_header_id|>'], *self.encode('\n\n')])

    def answer(self, text):
        return self.encode(text) + [self.special['<|eot_id|>']]

    def save(self, path):
        with open(path, 'w', encoding='utf-8') as f:
            json.dump(self.merges, f, ensure_ascii=False, indent=0)

    @classmethod
    def load(cls, path):
        with open(path, encoding='utf-8') as f:
            return cls(json.load(f))
