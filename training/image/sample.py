"""Pictures with torch: what the renderer draws, by the same rules, for looking at
a training run and for comparing the two (check.py).

Conditions are what `omost plan` prints: boxes and rows of 77 tokens for both
encoders; item 0 is the whole picture.
"""
import dataclasses

import numpy as np
import torch

from image import bags, diffusion, masks
from image.vae import to_pixels
from world.places import WHOLE

NEGATIVE = "lowres, bad anatomy, bad hands, cropped, worst quality"
SIDE = 32  # of the latents


@dataclasses.dataclass
class Condition:
    box: tuple  # (x0, y0, x1, y1) on the grid
    ids: tuple  # two arrays [rows, 77]


def of_plan(plan):
    """Conditions of the JSON of `omost plan`."""
    out = []
    for c in plan["conditions"]:
        top, bottom, left, right = c["rect"]
        ids = tuple(np.array([b[k] for b in c["bags"]])
                    for k in ("ids", "ids_2"))
        out.append(Condition((left, top, right, bottom), ids))
    return out


def of_texts(tok, texts):
    """Conditions of [(box, prefixes, suffixes)], texts as a canvas has them."""
    return [Condition(box, bags.both(tok, bags.pack(
        tok, [bags.safe(t) for t in pre], [bags.safe(t) for t in suf])))
        for box, pre, suf in texts]


def words_of(pair, pictures):
    """Words [n, regions, words, width], which of them are there [n, regions,
    words], and the pooled vectors [n, p] of the first conditions."""
    rows = [r for p in pictures for c in p for r in zip(*c.ids)]
    ids = [torch.from_numpy(np.stack(side)) for side in zip(*rows)]
    states, pooled = pair(*ids)
    n, most = len(pictures), max(len(p) for p in pictures)
    longest = max(len(c.ids[0]) for p in pictures for c in p)
    width = states.shape[-1]
    words = torch.zeros(n, most, longest * 77, width)
    known = torch.zeros(n, most, longest * 77, dtype=torch.bool)
    first, at = [], 0
    for i, p in enumerate(pictures):
        first.append(at)
        for j, c in enumerate(p):
            k = len(c.ids[0])
            words[i, j, :k * 77] = states[at:at + k].reshape(k * 77, width)
            known[i, j, :k * 77] = True
            at += k
    return words, known, pooled[first]


class Asker:
    """The UNet's answer for a list of pictures, with guidance."""

    def __init__(self, m, pictures, negative, cfg, method):
        self.m, self.cfg, self.n = m, cfg, len(pictures)
        if method == "none":
            pictures = [p[:1] for p in pictures]
        empty = bags.both(m.tok, [m.tok.ids(negative)])
        if cfg > 1:
            pictures = pictures + \
                [[Condition(WHOLE, empty)]] * len(pictures)
        self.words, known, self.pooled = words_of(m.text, pictures)
        self.sights = masks.sights([[c.box for c in p] for p in pictures],
                                   known, SIDE, SIDE, method == "couple")

    def __call__(self, x, step):
        two = self.cfg > 1
        x = torch.cat([x, x]) if two else x
        t = torch.full((len(x),), step)
        e = self.m.unet(x, t, self.words, self.pooled, self.sights)
        if not two:
            return e
        p, n = e[:self.n], e[self.n:]
        return n + self.cfg * (p - n)


def noise_of(seeds):
    """torch's noise on the CPU: what the renderer has with --rng cpu."""
    return torch.cat([torch.randn(1, 4, SIDE, SIDE,
                                  generator=torch.Generator().manual_seed(s))
                      for s in seeds])


@torch.no_grad()
def draw(m, pictures, seeds, steps=25, cfg=5.0, method="score",
         negative=NEGATIVE):
    """Pictures [n, 256, 256, 3] of lists of conditions."""
    ask = Asker(m, pictures, negative, cfg, method)
    z = diffusion.sample(noise_of(seeds), diffusion.karras(steps), ask)
    return decode(m.vae, z)


@torch.no_grad()
def decode(v, z):
    return np.concatenate([to_pixels(v.decode(z[i:i + 1]))
                           for i in range(len(z))])
