"""What each position of a picture sees of the regions' words, as the renderer has
it: boxes (x0, y0, x1, y1), half-open, on the 90 x 90 grid, taken to a level by nearest-exact, and two ways to
keep regions apart (`score`, `couple`). See docs/internals/diffusion.md.
"""
import functools

import numpy as np
import torch

from world.places import GRID

NO = float("-inf")


@functools.lru_cache(None)
def cells(n):
    """The grid cell that each of a level's n cells shows: nearest-exact, in
    float32 as torch has it."""
    at = (np.arange(n, dtype=np.float32) + np.float32(0.5)) \
        * (np.float32(GRID) / np.float32(n))
    return np.minimum(at.astype(np.int64), GRID - 1)


@functools.lru_cache(None)
def side(n, low, high):
    """[n] of 0 and 1: the cells of a level between low and high; at least the one
    nearest to their middle."""
    at = cells(n)
    inside = (at >= low) & (at < high)
    if not inside.any():
        inside[min((low + high) * n // (2 * GRID), n - 1)] = True
    return inside.astype(np.float32)


def mask(box, h, w):
    """[h * w] of 0 and 1."""
    x0, y0, x1, y1 = box
    return np.outer(side(h, y0, y1), side(w, x0, x1)).ravel()


class Sight:
    """Of one level: what the attention to words adds and multiplies.

    boxes: for each picture the boxes of its regions (the first is the whole);
    known [n, regions, words]: False where a batch is padded.
    """

    def __init__(self, boxes, known, h, w, separate=False):
        n, r, k = known.shape
        self.separate = separate
        m = np.zeros((n, r, h * w), np.float32)
        for i, regions in enumerate(boxes):
            for j, box in enumerate(regions):
                m[i, j] = mask(box, h, w)
        m = torch.from_numpy(m)
        known = torch.as_tensor(known)
        if separate:
            pads = torch.zeros(n, r, k).masked_fill(~known, NO)
            # Regions that a batch was padded with have no share anyway.
            pads[~known.any(-1)] = 0
            self.pads = pads
            self.share = (m / m.sum(1, keepdim=True)).transpose(1, 2)
            return
        total = m.sum(-1).clamp(min=1)
        self.scale = (h * w / total)[:, :, None].expand(n, r, k).flatten(1)
        seen = m.transpose(1, 2)[:, :, :, None] * known[:, None].float()
        self.bias = torch.zeros(n, h * w, r * k).masked_fill(
            seen.flatten(2) == 0, NO)


def sights(boxes, known, h, w, separate=False, levels=(1, 2)):
    """{(h, w): Sight} of the UNet's levels for latents of h x w."""
    return {(h >> b, w >> b): Sight(boxes, known, h >> b, w >> b, separate)
            for b in levels}
