"""A vocabulary of our own in CLIP's format: byte pairs that end words with </w>.

    words = collections.Counter(...)       # of texts, cut by `split`
    Tokenizer.train(words, 3000).write(folder)   # vocab.json, merges.txt
    Tokenizer.read(folder).ids("a red cat")

The renderer's own reader (src/prompt) must give the same numbers; check.py
compares the two.
"""
import collections
import heapq
import json
import pathlib
import re

from common.bytepairs import join, letters

START, END = "<|startoftext|>", "<|endoftext|>"
PATTERN = re.compile(r"<\|startoftext\|>|<\|endoftext\|>|'s|'t|'re|'ve|'m|'ll|'d"
                     r"|[^\W\d_]+|\d|(?:[^\s\w]|_)+")


SIGNS = letters()  # a printable one for every byte


def split(text):
    """The words of a text; each is merged by itself."""
    return PATTERN.findall(text.lower())


def _units(word):
    parts = [SIGNS[b] for b in word.encode()]
    parts[-1] += "</w>"
    return parts


class Tokenizer:
    def __init__(self, merges):
        self.merges = merges
        self.rank = {m: i for i, m in enumerate(merges)}
        signs = sorted(SIGNS.values(), key=ord)
        pieces = signs + [s + "</w>" for s in signs]
        pieces += [a + b for a, b in merges] + [START, END]
        self.vocab = {p: i for i, p in enumerate(pieces)}
        self.start, self.end = self.vocab[START], self.vocab[END]
        self.bang = self.vocab["!"]
        self.cache = {START: [self.start], END: [self.end]}

    def __len__(self):
        return len(self.vocab)

    def _word(self, word):
        parts = _units(word)
        while len(parts) > 1:
            pairs = list(zip(parts, parts[1:]))
            best = min(pairs, key=lambda p: self.rank.get(p, 1 << 30))
            if best not in self.rank:
                break
            parts = join(parts, best)
        return [self.vocab[p] for p in parts]

    def ids(self, text):
        out = []
        for word in split(text):
            if word not in self.cache:
                self.cache[word] = self._word(word)
            out += self.cache[word]
        return out

    @staticmethod
    def train(words, n_merges, least=2):
        """Merges from a Counter of words: the most frequent pair first; ties go
        to the pair that sorts first, so that the same words give the same
        vocabulary."""
        texts = [_units(w) for w in words]
        counts = list(words.values())
        pairs, where = collections.Counter(), collections.defaultdict(set)
        for i, t in enumerate(texts):
            for p in zip(t, t[1:]):
                pairs[p] += counts[i]
                where[p].add(i)
        heap = [(-n, p) for p, n in pairs.items()]
        heapq.heapify(heap)
        merges = []
        while heap and len(merges) < n_merges:
            n, p = heapq.heappop(heap)
            if pairs[p] != -n:  # an old entry
                if pairs[p] > 0:
                    heapq.heappush(heap, (-pairs[p], p))
                continue
            if -n < least:
                break
            merges.append(p)
            changed = set()
            for i in sorted(where[p]):
                old = texts[i]
                new = join(old, p)
                for q in zip(old, old[1:]):
                    pairs[q] -= counts[i]
                    changed.add(q)
                for q in zip(new, new[1:]):
                    pairs[q] += counts[i]
                    where[q].add(i)
                    changed.add(q)
                texts[i] = new
            for q in changed:
                if pairs[q] > 0:
                    heapq.heappush(heap, (-pairs[q], q))
        # Two ways to the same piece: the later one can never be needed.
        seen, unique = set(), []
        for a, b in merges:
            if a + b not in seen:
                seen.add(a + b)
                unique.append((a, b))
        return Tokenizer(unique)

    # ---- files -----------------------------------------------------------

    @staticmethod
    def read(folder):
        text = (pathlib.Path(folder) / "merges.txt").read_text("utf-8")
        lines = text.strip("\n").split("\n")[1:]
        return Tokenizer([tuple(line.split(" ")) for line in lines])

    def write(self, folder, second=False):
        """A diffusers folder's tokenizer or tokenizer_2, which pads with "!"."""
        folder = pathlib.Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        pad = "!" if second else END
        config = {"tokenizer_class": "CLIPTokenizer", "bos_token": START,
                  "eos_token": END, "unk_token": END, "pad_token": pad,
                  "do_lower_case": True, "model_max_length": 77}
        merges = ["#version: 0.2"] + [" ".join(m) for m in self.merges]
        for name, data in (
                ("vocab.json", json.dumps(self.vocab, ensure_ascii=False)),
                ("merges.txt", "\n".join(merges) + "\n"),
                ("tokenizer_config.json", json.dumps(config, indent=2) + "\n")):
            (folder / name).write_text(data, encoding="utf-8")
