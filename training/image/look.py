#!/usr/bin/python3
"""A sheet to look at: held-out scenes as they are drawn, as the VAE keeps them and
as the model paints them.

    PYTHONPATH=training python3 -m image.look --work WORK --out sheet.png
"""
import argparse
import random

import numpy as np
import torch

from image import models, png, prompts, sample, vae
from text.canvas import page_of
from text.wish import wish
from world.draw import draw_scene
from world.scene import sample_scene


def main():
    p = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    p.add_argument("--work", required=True, help="folder of the checkpoints")
    p.add_argument("--out", required=True, help="the PNG to write")
    p.add_argument("--count", type=int, default=6)
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--steps", type=int, default=12)
    p.add_argument("--cfg", type=float, default=4.0)
    p.add_argument("--split", default="held")
    p.add_argument("--methods", default="score,couple,none,wish")
    p.add_argument("--threads", type=int, default=1)
    a = p.parse_args()
    torch.set_num_threads(a.threads)
    m = models.load(a.work)
    rng = random.Random(a.seed)
    drawn, conditions, wishes = [], [], []
    for i in range(a.count):
        scene = sample_scene(rng, a.split)
        page = page_of(scene, rng)
        drawn.append(draw_scene(scene, 256))
        conditions.append(sample.of_texts(m.tok, prompts.of_page(page)))
        text = wish(page, rng)[0]
        wishes.append(sample.of_texts(m.tok, [((0, 0, 90, 90), [text], [])]))
        print(f"{i}: {text}")
    x = vae.from_pixels(np.stack(drawn))
    with torch.no_grad():
        kept = np.concatenate([vae.to_pixels(m.vae.decode(
            m.vae.encode(x[i:i + 1]))) for i in range(len(x))])
    rows = [np.stack(drawn), kept]
    seeds = list(range(a.count))
    for method in a.methods.split(","):
        what = wishes if method == "wish" else conditions
        rows.append(sample.draw(
            m, what, seeds, a.steps, a.cfg, negative="",
            method="score" if method == "wish" else method))
    png.write(a.out, np.concatenate([np.concatenate(list(r), 1)
                                     for r in rows], 0))


if __name__ == "__main__":
    main()
