"""Checkpoints and a polite end: training may be stopped at any moment."""
import os
import pathlib
import signal
import time

import torch


def save(path, value):
    """Whole or not at all: a name always holds a complete checkpoint."""
    path = pathlib.Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    torch.save(value, part)
    os.replace(part, path)


def load(path):
    """The checkpoint, or None when there is none yet."""
    path = pathlib.Path(path)
    return torch.load(path, map_location="cpu") if path.exists() else None


class Stop:
    """`stop.asked` after SIGTERM or SIGINT; `stop.due()` every few minutes."""

    def __init__(self, every=300):
        self.asked = False
        self.every = every
        self.last = time.monotonic()
        for s in (signal.SIGTERM, signal.SIGINT):
            signal.signal(s, self._ask)

    def _ask(self, *_):
        self.asked = True

    def due(self):
        """Time for a checkpoint: long since the last one. (A trainer that is
        asked to end saves when its loop has ended.)"""
        now = time.monotonic()
        if now - self.last < self.every:
            return False
        self.last = now
        return True


class Average:
    """Exponential moving average of a module's weights."""

    def __init__(self, module, decay=0.999):
        self.decay = decay
        self.weights = {k: v.detach().clone()
                        for k, v in module.state_dict().items()}

    @torch.no_grad()
    def update(self, module, step):
        # Early on the average would remember random weights: begin shorter.
        d = min(self.decay, (step + 1) / (step + 10))
        for k, v in module.state_dict().items():
            self.weights[k].lerp_(v, 1 - d)
