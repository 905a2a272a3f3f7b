#!/usr/bin/python3
"""Train the text encoders: every word's state should tell what it is about.

    PYTHONPATH=training python3 -m image.train_text --work WORK [--steps N]

CLIP's encoders learn from pairs of pictures and captions; with a small world it is
quicker to ask for what a picture needs: which thing a word is about, its colour,
material and place, and of the whole row the backdrop and all that is there. The
answers are read from the states that the UNet attends to by linear layers that are
thrown away afterwards. The UNet then only has to learn to draw.

With --vocabulary the vocabulary is made first (WORK/tokenizer).
"""
import argparse
import collections
import pathlib
import random

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from common import checkpoint
from common.log import Log
from image import bags, models, prompts, sample
from image.tokenizer import Tokenizer, split
from text import canvas, words
from text.wish import wish
from world.backdrops import BACKDROPS
from world.colours import COLOURS
from world.kinds import KINDS, MATERIALS
from world.scene import sample_scene

TABLES = [{n: i for i, n in enumerate(t)}
          for t in (KINDS, COLOURS, MATERIALS, BACKDROPS)]
KIND, COLOUR, MATERIAL, BACKDROP = range(4)


def page(rng):
    return canvas.page_of(sample_scene(rng, "train"), rng)


# ---- vocabulary -------------------------------------------------------------


def make_vocabulary(work, n_merges, n_pages=6000):
    """Words of the world become single tokens; others are spelt in pieces."""
    rng = random.Random(11)
    count = collections.Counter()
    for _ in range(n_pages):
        p = page(rng)
        count.update(split(canvas.reply(p)))
        count.update(split(wish(p, rng)[0]))
    for table in TABLES:
        for name in table:
            for w in split(name):
                count[w] += n_pages
    for said in (words.COLOUR_SAID, words.KIND_SAID, words.MATERIAL_SAID):
        for many in said.values():
            for w in split(" ".join(many)):
                count[w] += n_pages // 10
    count.update(split(sample.NEGATIVE))
    tok = Tokenizer.train(count, n_merges)
    tok.write(pathlib.Path(work) / "tokenizer")
    one = sum(c for w, c in count.items() if len(tok.ids(w)) == 1)
    print(f"{len(tok)} pieces; {100 * one / sum(count.values()):.1f} % of the "
          f"words are one")


# ---- questions --------------------------------------------------------------


class Questions(nn.Module):
    """Linear layers that read the answers from states of one width."""

    def __init__(self, width):
        super().__init__()
        sizes = [len(t) for t in TABLES]
        self.of_word = nn.ModuleList([nn.Linear(width, n) for n in sizes])
        self.box = nn.Linear(width, 4)
        self.there = nn.Linear(width, sizes[KIND] + sizes[COLOUR])


class Batch:
    """Rows and what is asked about them."""

    def __init__(self, tok, rows):
        self.ids = [torch.from_numpy(x) for x in
                    bags.both(tok, [r.bag for r in rows])]
        n = len(rows)
        sizes = [len(t) for t in TABLES]
        self.word = np.full((3, n, 77), prompts.NO)
        self.box = np.zeros((n, 77, 4), np.float32)
        self.marked = np.zeros((n, 77), bool)
        self.backdrop = np.full((n, 77), prompts.NO)
        self.there = np.zeros((n, sizes[KIND] + sizes[COLOUR]), np.float32)
        self.whole = np.zeros((n, 77), bool)
        self.backdrop_of = np.full(n, prompts.NO)
        for i, r in enumerate(rows):
            self.fill(i, r)
        for k, v in vars(self).items():
            if isinstance(v, np.ndarray):
                setattr(self, k, torch.from_numpy(v))

    def fill(self, i, r):
        for j, (kind, colour, material, box) in enumerate(r.things):
            at = r.thing == j
            for k, name in ((KIND, kind), (COLOUR, colour),
                            (MATERIAL, material)):
                if name in TABLES[k]:
                    self.word[k, i, at] = TABLES[k][name]
            self.box[i, at] = np.array(box) / 45 - 1
            self.marked[i, at] = True
            if kind in TABLES[KIND]:
                self.there[i, TABLES[KIND][kind]] = 1
            if colour in TABLES[COLOUR]:
                self.there[i, len(KINDS) + TABLES[COLOUR][colour]] = 1
        self.whole[i, r.whole:] = True
        if r.backdrop:
            b = TABLES[BACKDROP][r.backdrop]
            self.backdrop[i, r.whole:] = b
            self.backdrop_of[i] = b


def ask(q, states, b):
    """Losses and shares of right answers of one encoder's states."""
    losses, right = [], []
    targets = [*b.word, b.backdrop]
    for head, target in zip(q.of_word, targets):
        at = target != prompts.NO
        y, t = head(states[at]), target[at]
        losses.append(F.cross_entropy(y, t))
        right.append((y.argmax(-1) == t).float().mean().item())
    losses.append(2 * F.smooth_l1_loss(q.box(states[b.marked]),
                                       b.box[b.marked]))
    n = b.whole.sum(1)
    there = b.there.repeat_interleave(n, 0)
    losses.append(5 * F.binary_cross_entropy_with_logits(
        q.there(states[b.whole]), there))
    return sum(losses), right, losses[4].item() / 2


def ask_pooled(q, pooled, b):
    there = F.binary_cross_entropy_with_logits(q.there(pooled), b.there)
    at = b.backdrop_of != prompts.NO
    return 5 * there + F.cross_entropy(q.of_word[BACKDROP](pooled[at]),
                                       b.backdrop_of[at])


# ---- training ---------------------------------------------------------------


class Source:
    """Rows of pages, some kept and mixed so that a batch has many pages."""

    def __init__(self, tok, rng):
        self.tok, self.rng, self.rows = tok, rng, []

    def take(self, n):
        while len(self.rows) < 8 * n:
            p = page(self.rng)
            self.rows += prompts.rows_of(self.tok, p, prompts.of_page(p))
            self.rows.append(prompts.row_of_wish(self.tok, p, self.rng))
            self.rows.append(prompts.row_of_wish(self.tok, p, self.rng))
        self.rng.shuffle(self.rows)
        out, self.rows = self.rows[:n], self.rows[n:]
        return out


def train(a):
    path = pathlib.Path(a.work) / "text.pt"
    tok = Tokenizer.read(pathlib.Path(a.work) / "tokenizer")
    torch.manual_seed(a.seed)
    pair = models.new_text(len(tok))
    asked = nn.ModuleList([Questions(w) for w in
                           (*models.WIDTHS, pair.pooled)])
    weights = [*pair.parameters(), *asked.parameters()]
    best = torch.optim.AdamW(weights, a.rate, betas=(0.9, 0.98),
                             weight_decay=0.01)
    step, seconds = 0, 0.0
    saved = checkpoint.load(path)
    if saved:
        pair.load_state_dict(saved["model"])
        asked.load_state_dict(saved["asked"])
        best.load_state_dict(saved["optimiser"])
        step, seconds = saved["step"], saved["seconds"]
    source = Source(tok, random.Random(a.seed * 1000003 + step))
    log = Log(pathlib.Path(a.work) / "text.csv",
              ["loss", "kind", "colour", "material", "backdrop", "box"],
              seconds)
    stop = checkpoint.Stop()
    sums, begin = [], step

    def save():
        checkpoint.save(path, {
            "model": pair.state_dict(), "asked": asked.state_dict(),
            "optimiser": best.state_dict(), "step": step,
            "seconds": log.seconds})

    while step < a.steps and not stop.asked:
        rate = a.rate * min(1, (step + 1) / 100) * \
            (0.02 + 0.98 * 0.5 * (1 + np.cos(np.pi * step / a.steps)))
        for g in best.param_groups:
            g["lr"] = rate
        b = Batch(tok, source.take(a.batch))
        one, _ = pair.one(b.ids[0])
        two, pooled = pair.two(b.ids[1], True)
        l1, _, _ = ask(asked[0], one, b)
        l2, right, box = ask(asked[1], two, b)
        # States of about unit size: the UNet's first layers like that.
        size = (one.square().mean() - 1).square() \
            + (two.square().mean() - 1).square() \
            + (pooled.square().mean() - 1).square()
        loss = l1 + l2 + ask_pooled(asked[2], pooled, b) + 0.1 * size
        best.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(weights, 1.0)
        best.step()
        step += 1
        sums.append((loss.item(), *right, box))
        if step % 50 == 0:
            log.write(step, *(float(x) for x in np.mean(sums, 0)))
            sums = []
        if stop.due():
            save()
    if step > begin:
        save()


def main():
    p = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    p.add_argument("--work", required=True, help="folder of the checkpoints")
    p.add_argument("--vocabulary", type=int, default=0, metavar="MERGES",
                   help="make the vocabulary instead of training")
    p.add_argument("--steps", type=int, default=1000)
    p.add_argument("--batch", type=int, default=32)
    p.add_argument("--rate", type=float, default=2e-3)
    p.add_argument("--threads", type=int, default=2)
    p.add_argument("--seed", type=int, default=1)
    a = p.parse_args()
    torch.set_num_threads(a.threads)
    make_vocabulary(a.work, a.vocabulary) if a.vocabulary else train(a)


if __name__ == "__main__":
    main()
