"""Scenes as the UNet's trainer takes them: latents, boxes and rows of tokens.

Encoding a picture costs a third of a training step, so scenes are made once and
kept in shards (WORK/scenes/HASH/*.npz, some 2.5 MB for 256 scenes), which the
trainer adds to while it runs: a scene is seen a few times in all. HASH is of the
encoder and the vocabulary: scenes of others are not taken (and may be deleted).
"""
import os
import pathlib
import random

import numpy as np
import torch

from image import bags, models, prompts, vae
from image.sample import Condition
from text.canvas import page_of
from text.wish import wish
from world.draw import draw_scene
from world.scene import sample_scene

SHARD = 256


def make(m, seed, split="train"):
    """One scene: a dictionary of small arrays."""
    rng = random.Random(f"{split} {seed}")
    scene = sample_scene(rng, split)
    page = page_of(scene, rng)
    x = vae.from_pixels(draw_scene(scene, 256)[None])
    with torch.no_grad():
        z = m.vae.encode(x)[0]
    texts = prompts.of_page(page)
    packed = [bags.pack(m.tok, pre, suf) for _, pre, suf in texts]
    asked = m.tok.ids(bags.safe(wish(page, rng)[0]))[:bags.ROOM]
    return {"z": z.numpy().astype(np.float16),
            "boxes": [t[0] for t in texts], "bags": packed, "wish": asked}


class Scenes:
    """All scenes that were kept for these models, and new ones."""

    def __init__(self, m, folder, split="train"):
        self.m, self.split = m, split
        self.folder = pathlib.Path(folder) / models.mark(m)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.all, self.fresh = [], []
        for p in sorted(self.folder.glob("*.npz")):
            self.all += list(np.load(p, allow_pickle=True)["scenes"])
        self.kept = len(self.all)

    def __len__(self):
        return len(self.all)

    def add(self, n):
        """Make n more scenes; whole shards are written."""
        for _ in range(n):
            s = make(self.m, len(self.all), self.split)
            self.all.append(s)
            self.fresh.append(s)
            if len(self.fresh) == SHARD:
                path = self.folder / f"{self.kept:07d}.npz"
                part = path.with_suffix(".part")
                with open(part, "wb") as f:
                    np.savez_compressed(f, scenes=np.array(self.fresh, object))
                os.replace(part, path)
                self.kept += SHARD
                self.fresh = []

    def conditions(self, scene):
        """As the renderer has them: the whole picture, then the regions."""
        return [Condition(tuple(box), bags.both(self.m.tok, rows))
                for box, rows in zip(scene["boxes"], scene["bags"])]

    def plain(self, scene):
        """The wish as the one prompt."""
        return [Condition((0, 0, 90, 90),
                          bags.both(self.m.tok, [scene["wish"]]))]
