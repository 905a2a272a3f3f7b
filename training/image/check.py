#!/usr/bin/python3
"""Does our renderer draw what torch draws? The same folder, canvas and noise.

    PYTHONPATH=training python3 -m image.check --work WORK --omost build/omost CANVAS

Exports the models of WORK in f32, draws the canvas with both by every method that
has one evaluation a step, and compares the pictures; and the tokens of both.
"""
import argparse
import json
import pathlib
import subprocess
import sys
import tempfile

import numpy as np

from image import bags, export, models, png, sample


def same_tokens(tok, plan):
    """Whether our packing gives the rows of the plan."""
    for c in plan["conditions"]:
        ours = bags.both(tok, bags.pack(tok, c["prefixes"], c["suffixes"]))
        for k, rows in zip(("ids", "ids_2"), ours):
            if [list(r) for r in rows] != [b[k] for b in c["bags"]]:
                return False
    return True


def main():
    p = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    p.add_argument("--work", required=True, help="folder of the checkpoints")
    p.add_argument("--omost", required=True, help="the program")
    p.add_argument("--steps", type=int, default=25)
    p.add_argument("--back-end", default="dnnl")
    p.add_argument("canvas")
    a = p.parse_args()
    m = models.load(a.work)
    bad = 0
    with tempfile.TemporaryDirectory() as d:
        folder = pathlib.Path(d) / "model"
        export.export(m, folder, np.float32)
        plan = json.loads(subprocess.check_output(
            [a.omost, "plan", "-q", "-m", folder, a.canvas]))
        if not same_tokens(m.tok, plan):
            print("tokens differ")
            bad = 1
        conditions = sample.of_plan(plan)
        for method in ("score", "couple", "none"):
            out = pathlib.Path(d) / f"{method}.png"
            subprocess.check_call(
                [a.omost, "render", "-q", "-m", folder, a.canvas, "-W", "256",
                 "-H", "256", "--steps", str(a.steps), "--rng", "cpu", "-s",
                 "5", "--region", method, "--precision", "f32", "--backend",
                 a.back_end, "-o", out])
            ours = sample.draw(m, [conditions], [5], a.steps, method=method)[0]
            diff = np.abs(ours.astype(int) - png.read(out).astype(int))
            share = (diff <= 1).mean()
            print(f"{method}: largest difference {diff.max()}, within 1 level "
                  f"{100 * share:.2f} %, deviation of the picture "
                  f"{ours.std():.1f}")
            bad |= share < 0.99
    sys.exit(bad)


if __name__ == "__main__":
    main()
