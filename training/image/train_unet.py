#!/usr/bin/python3
"""Train the UNet: to tell picture from noise in latents of scenes, under conditions
as the renderer gives them.

    PYTHONPATH=training python3 -m image.train_unet --work WORK [--steps N]

WORK holds the tokenizer, vae.pt (measured) and text.pt. What a step shows is drawn
by lot: whole pictures with all regions (`score`, sometimes `couple`), with the
global prompt or a wish alone, and cut-outs of one region with its own prompt, which
is what `multidiffusion` asks for. Cut-outs cost less and show a thing large and
alone, so there are many of them at first. Nothing is mirrored: left is not right.
Stop it at any time; WORK/unet.pt is continued.
"""
import argparse
import pathlib

import numpy as np
import torch
from torch import nn

from common import checkpoint
from common.log import Log
from image import bags, data, diffusion, masks, models, sample
from world.places import WHOLE

SIDE = 32
LEAST = 16  # cells a side of a cut-out, as guide_views.c has it


# ---- what a step shows ------------------------------------------------------


def mixture(done):
    """Shares of the kinds of batches, by how much of the training is done."""
    part = 0.45 - 0.30 * min(1, done / 0.5)
    rest = 1 - part
    return {"part": part, "score": 0.70 * rest, "couple": 0.10 * rest,
            "global": 0.08 * rest, "wish": 0.12 * rest}


def widen(low, high):
    """The cells of a cut-out: multiples of 4, at least LEAST."""
    low, high = low // 4 * 4, (high + 3) // 4 * 4
    if high - low < LEAST:
        low = max(0, (low + high - LEAST) // 2 // 4 * 4)
        high = low + LEAST
    if high > SIDE:
        low, high = max(0, low - (high - SIDE)), SIDE
    return low, high


def cells_of(box):
    """(y0, y1, x0, x1) of the cut-out of a box."""
    x = np.flatnonzero(masks.side(SIDE, box[0], box[2]))
    y = np.flatnonzero(masks.side(SIDE, box[1], box[3]))
    return widen(y[0], y[-1] + 1) + widen(x[0], x[-1] + 1)


class Shower:
    """Batches of latents and conditions."""

    def __init__(self, scenes, rng, whole):
        self.scenes, self.rng, self.whole = scenes, rng, whole
        self.by_size, self.seen = {}, 0
        self.nothing = [bags.both(scenes.m.tok, [scenes.m.tok.ids(t)])
                        for t in ("", sample.NEGATIVE)]

    def index(self):
        """Regions of new scenes by the size of their cut-outs."""
        for i in range(self.seen, len(self.scenes)):
            for j, box in enumerate(self.scenes.all[i]["boxes"][1:]):
                y0, y1, x0, x1 = cells_of(tuple(box))
                self.by_size.setdefault((y1 - y0, x1 - x0), []).append(
                    (i, j + 1, y0, x0))
        self.seen = len(self.scenes)

    def parts(self):
        self.index()
        sizes = list(self.by_size)
        n = np.array([len(self.by_size[s]) for s in sizes], float)
        h, w = sizes[self.rng.choice(len(sizes), p=n / n.sum())]
        all_of = self.by_size[h, w]
        z, conditions = [], []
        for _ in range(self.whole * SIDE * SIDE // (h * w)):
            i, j, y, x = all_of[self.rng.integers(len(all_of))]
            s = self.scenes.all[i]
            z.append(s["z"][:, y:y + h, x:x + w])
            c = data.Condition(WHOLE, bags.both(self.scenes.m.tok,
                                                s["bags"][j]))
            conditions.append([c])
        return z, conditions

    def wholes(self, kind):
        z, conditions = [], []
        for _ in range(self.whole):
            s = self.scenes.all[self.rng.integers(len(self.scenes))]
            z.append(s["z"])
            c = self.scenes.plain(s) if kind == "wish" \
                else self.scenes.conditions(s)
            conditions.append(c[:1] if kind == "global" else c)
        return z, conditions

    def show(self, kind, drop=0.1):
        """Latents [n, 4, h, w] and conditions; some have none but the negative
        or the empty prompt."""
        z, conditions = self.parts() if kind == "part" else self.wholes(kind)
        for i in range(len(z)):
            if self.rng.random() < drop:
                ids = self.nothing[self.rng.integers(2)]
                conditions[i] = [data.Condition(WHOLE, ids)]
        return torch.from_numpy(np.stack(z).astype(np.float32)), conditions


# ---- the loss ---------------------------------------------------------------


def loss_of(m, unet, z, conditions, kind, rng):
    """Mean of the weighted squared errors, and the errors at low, middle and
    high noise."""
    n, _, h, w = z.shape
    with torch.no_grad():
        words, known, pooled = sample.words_of(m.text, conditions)
    sights = masks.sights([[c.box for c in p] for p in conditions], known, h, w,
                          kind == "couple")
    # Steps evenly spread over the batch: less noise in the gradient.
    t = (torch.arange(n) + float(rng.random())) / n * diffusion.STEPS
    t = t[torch.from_numpy(rng.permutation(n))].long().clamp(max=999)
    noise = torch.randn_like(z)
    v = unet(diffusion.noisy(z, noise, t), t, words, pooled, sights)
    error = (v - diffusion.velocity(z, noise, t)).square().mean((1, 2, 3))
    loss = (diffusion.weights(t) * error).mean()
    e = error.detach()
    parts = [float(e[(t >= a) & (t < b)].mean()) if ((t >= a) & (t < b)).any()
             else np.nan for a, b in ((0, 250), (250, 600), (600, 1000))]
    return loss, parts


def train(a):
    path = pathlib.Path(a.work) / "unet.pt"
    models.need(a.work)
    m = models.load(a.work)
    unet = models.new_unet(m.text).train()
    best = torch.optim.AdamW(unet.parameters(), a.rate, betas=(0.9, 0.99),
                             weight_decay=0.01)
    average = checkpoint.Average(unet, a.average)
    step, seconds, shown = 0, 0.0, 0
    saved = checkpoint.load(path)
    if saved:
        unet.load_state_dict(saved["model"])
        best.load_state_dict(saved["optimiser"])
        average.weights = saved["average"]
        step, seconds, shown = saved["step"], saved["seconds"], saved["shown"]
    rng = np.random.default_rng([a.seed, step])
    torch.manual_seed(a.seed * 1000003 + step)
    scenes = data.Scenes(m, pathlib.Path(a.work) / "scenes")
    scenes.add(max(0, a.first - len(scenes)))
    shower = Shower(scenes, rng, a.batch)
    log = Log(pathlib.Path(a.work) / "unet.csv",
              ["shown", "scenes", "loss", "low", "middle", "high"], seconds)
    stop = checkpoint.Stop()
    sums, begin = [], step

    def save():
        checkpoint.save(path, {
            "model": unet.state_dict(), "optimiser": best.state_dict(),
            "average": average.weights, "step": step, "shown": shown,
            "seconds": log.seconds})

    while step < a.steps and not stop.asked:
        scenes.add(a.new if len(scenes) < a.most else 0)
        shares = mixture(step / a.steps)
        kind = rng.choice(list(shares), p=list(shares.values()))
        z, conditions = shower.show(kind)
        rate = a.rate * min(1, (step + 1) / 200) * \
            (0.03 + 0.97 * min(1, 4 * (1 - step / a.steps)))
        for g in best.param_groups:
            g["lr"] = rate
        loss, parts = loss_of(m, unet, z, conditions, kind, rng)
        best.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(unet.parameters(), 1.0)
        best.step()
        average.update(unet, step)
        step += 1
        shown += len(z)
        sums.append([loss.item(), *parts])
        if step % 25 == 0:
            log.write(step, shown, len(scenes),
                      *(float(x) for x in np.nanmean(sums, 0)))
            sums = []
        if stop.due():
            save()
    if step > begin:
        save()


def main():
    p = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    p.add_argument("--work", required=True, help="folder of the checkpoints")
    p.add_argument("--steps", type=int, default=24000)
    p.add_argument("--batch", type=int, default=8,
                   help="whole pictures of a step; cut-outs are more")
    p.add_argument("--rate", type=float, default=4e-4)
    p.add_argument("--average", type=float, default=0.9992)
    p.add_argument("--first", type=int, default=2048,
                   help="scenes made before the first step")
    p.add_argument("--new", type=int, default=1, help="scenes made each step")
    p.add_argument("--most", type=int, default=40000, help="scenes in all")
    p.add_argument("--threads", type=int, default=2)
    p.add_argument("--seed", type=int, default=1)
    a = p.parse_args()
    torch.set_num_threads(a.threads)
    train(a)


if __name__ == "__main__":
    main()
