#!/usr/bin/python3
"""Train the VAE on drawings.

    PYTHONPATH=training python3 -m image.train_vae --work WORK [--steps N]

Crops grow with the training: 64 pixels, 128, and the whole 256 at the end. The
loss is the difference of the pixels, of their gradients (edges) and of smaller
versions, and a little KL, which makes latents smooth and the decoder forgiving of
what a UNet gets wrong. Stop it at any time: WORK/vae.pt is continued.

`--measure` ends a training: it tells PSNR on held-out scenes, writes a sheet to
look at and the mean and deviation of the latents, which the export folds in. After
it a UNet may be trained; `--decoder` then goes on with the decoder alone.
"""
import argparse
import pathlib
import random

import numpy as np
import torch
import torch.nn.functional as F

from common import checkpoint
from common.log import Log
from image import png, shapes, vae

POOL = 768  # pictures held; a few are new at every step


def picture(rng, shape_share, split="train"):
    """A scene, or random shapes."""
    if rng.random() < shape_share:
        return shapes.draw(rng)
    from world.draw import draw_scene
    from world.scene import sample_scene
    own = random.Random(int(rng.integers(1 << 60)))
    return draw_scene(sample_scene(own, split), 256)


class Pool:
    """Pictures to cut from, renewed all the time."""

    def __init__(self, rng, shape_share):
        self.rng, self.share, self.all = rng, shape_share, []
        self.at = 0

    def renew(self, n):
        for _ in range(n):
            p = picture(self.rng, self.share)
            if len(self.all) < POOL:
                self.all.append(p)
            else:
                self.all[self.at % POOL] = p
                self.at += 1

    def crops(self, n, size):
        """[n, 3, size, size], some mirrored."""
        out = []
        for _ in range(n):
            p = self.all[self.rng.integers(len(self.all))]
            y, x = self.rng.integers(0, 257 - size, 2)
            p = p[y:y + size, x:x + size]
            out.append(p[:, ::-1] if self.rng.random() < 0.5 else p)
        return vae.from_pixels(np.stack(out))


def plan(step, steps, frozen):
    """Size and number of the crops at a step."""
    if frozen:
        return (256, 1) if step % 2 else (128, 4)
    done = step / steps
    return (64, 12) if done < 0.25 else (128, 4) if done < 0.9 else (256, 1)


def loss_of(y, x):
    """Pixels, edges, and both again at half and a quarter of the size."""
    total = 0
    for k in range(3):
        total = total + F.l1_loss(y, x)
        for d in (2, 3):
            total = total + 0.5 * F.l1_loss(y.diff(dim=d), x.diff(dim=d))
        if k < 2:
            y, x = F.avg_pool2d(y, 2), F.avg_pool2d(x, 2)
    return total


class Run:
    """A training: the VAE, its average and its optimiser, continued if begun.

    With `frozen` the encoder stays as the average has it, so that latents, and
    with them a UNet, stay what they are, and the decoder alone gets better.
    """

    def __init__(self, a):
        self.path = pathlib.Path(a.work) / "vae.pt"
        self.frozen = a.decoder > 0
        self.steps = a.decoder or a.steps
        self.key = "decoder" if self.frozen else "both"
        self.saved = checkpoint.load(self.path) or {"seconds": 0.0}
        self.vae = v = vae.VAE()
        vae.begin(v)
        if "model" in self.saved:
            new = self.key not in self.saved
            v.load_state_dict(self.saved["average" if new else "model"])
        for part in (v.encoder, v.quant_conv):
            part.requires_grad_(not self.frozen)
        self.weights = [w for w in v.parameters() if w.requires_grad]
        self.best = torch.optim.AdamW(self.weights, a.rate, betas=(0.9, 0.99),
                                      weight_decay=1e-4)
        self.average = checkpoint.Average(v, 0.998)
        self.step, self.rate = 0, a.rate
        if self.key in self.saved:
            self.best.load_state_dict(self.saved[self.key]["optimiser"])
            self.step = self.saved[self.key]["step"]
            self.average.weights = self.saved["average"]

    def learn(self, loss):
        rate = self.rate * min(1, (self.step + 1) / 200) * \
            (0.02 + 0.98 * 0.5 * (1 + np.cos(np.pi * self.step / self.steps)))
        for g in self.best.param_groups:
            g["lr"] = rate
        self.best.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.weights, 1.0)
        self.best.step()
        self.average.update(self.vae, self.step)
        self.step += 1

    def save(self, seconds):
        if not self.frozen:
            self.saved.pop("latents", None)  # of another encoder
        self.saved.update({
            "model": self.vae.state_dict(), "average": self.average.weights,
            "seconds": seconds, self.key: {
                "optimiser": self.best.state_dict(), "step": self.step}})
        checkpoint.save(self.path, self.saved)


def latents_of(run, x):
    """Latents with their noise; and the mean KL and deviation of the noise."""
    with torch.set_grad_enabled(not run.frozen):
        mean, logvar = run.vae.moments(x)
        kl = 0.5 * (mean ** 2 + logvar.exp() - 1 - logvar).mean()
    noise = (0.5 * logvar).exp()
    return mean + torch.randn_like(mean) * noise, kl, noise.mean().item()


def train(a):
    torch.manual_seed(a.seed)
    run = Run(a)
    rng = np.random.default_rng([a.seed, run.step, run.frozen])
    pool = Pool(rng, a.shapes)
    pool.renew(64)
    log = Log(pathlib.Path(a.work) / ("decoder.csv" if run.frozen else
                                      "vae.csv"),
              ["size", "loss", "psnr", "kl", "noise"], run.saved["seconds"])
    stop = checkpoint.Stop()
    sums, begin = [], run.step
    while run.step < run.steps and not stop.asked:
        size, n = plan(run.step, run.steps, run.frozen)
        pool.renew(1)
        x = pool.crops(n, size)
        z, kl, noise = latents_of(run, x)
        y = run.vae.decode(z)
        loss = loss_of(y, x) + a.kl * min(1, run.step / 1000) * kl
        run.learn(loss)
        mse = F.mse_loss(y.detach(), x).item() / 4
        sums.append((loss.item(), mse, kl.item(), noise))
        if run.step % 50 == 0:
            s = np.mean(sums, 0)
            log.write(run.step, size, s[0], float(-10 * np.log10(s[1])), s[2],
                      s[3])
            sums = []
        if stop.due():
            run.save(log.seconds)
    if run.step > begin:
        run.save(log.seconds)


@torch.no_grad()
def measure(a):
    path = pathlib.Path(a.work) / "vae.pt"
    saved = checkpoint.load(path)
    v = vae.VAE()
    v.load_state_dict(saved["average"])
    v.eval()
    rng = np.random.default_rng(7)
    psnr, rows, states = [], [], []
    for i in range(a.measure):
        p = picture(rng, a.shapes, "held")
        x = vae.from_pixels(p[None])
        z = v.moments(x)[0]
        y = v.decode(z)
        mse = F.mse_loss(y.clamp(-1, 1), x).item() / 4
        psnr.append(-10 * np.log10(mse))
        states.append(z[0].flatten(1).double())
        if i < 12:
            rows.append(np.concatenate([p, vae.to_pixels(y)[0]], 0))
    states = torch.cat(states, 1)
    mean, cov = states.mean(1).float(), torch.cov(states).float()
    print(f"PSNR {np.mean(psnr):.2f} dB on {len(psnr)} held-out pictures, worst "
          f"{min(psnr):.2f}; latents: mean {mean.tolist()}, deviation "
          f"{cov.diag().sqrt().tolist()}")
    saved.setdefault("latents", {"mean": mean, "cov": cov})
    checkpoint.save(path, saved)
    sheet = np.concatenate([np.concatenate(rows[i:i + 6], 1)
                            for i in range(0, len(rows), 6)], 0)
    png.write(pathlib.Path(a.work) / "vae.png", sheet)


def main():
    p = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    p.add_argument("--work", required=True, help="folder of the checkpoints")
    p.add_argument("--steps", type=int, default=3000)
    p.add_argument("--decoder", type=int, default=0, metavar="STEPS",
                   help="train the decoder alone, so many steps")
    p.add_argument("--rate", type=float, default=1e-3)
    p.add_argument("--kl", type=float, default=4e-3)
    p.add_argument("--shapes", type=float, default=0.25,
                   help="share of random shapes among the pictures")
    p.add_argument("--threads", type=int, default=2)
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--measure", type=int, default=0, metavar="N",
                   help="measure with N pictures instead of training")
    a = p.parse_args()
    torch.set_num_threads(a.threads)
    measure(a) if a.measure else train(a)


if __name__ == "__main__":
    main()
