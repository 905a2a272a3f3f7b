#!/usr/bin/env python3
"""Pack what the tests need of the original's noise, schedules, sampler runs and
picture scaling into tests/data/golden; pack-golden.py packs the rest.

    tools/pack-sampling.py GOLDEN_DIR

Numbers are the shortest decimals that give the same float again. Elements of a
sampler run do not know each other, so the first few stand for all.
"""
import hashlib
import json
import pathlib
import struct
import sys

ELEMENTS = 12  # of each latent of a run
LARGEST = 64  # values of a random tensor
SCALED = ("17x23to50x31", "30x30to7x90", "33x20to33x41", "8x8to128x192")
KINDS = {"F32": ("f", 4), "U8": ("B", 1), "I64": ("q", 8)}


def tensors(path):
    raw = path.read_bytes()
    (size,) = struct.unpack("<Q", raw[:8])
    for name, t in json.loads(raw[8:8 + size]).items():
        if name != "__metadata__":
            begin, end = (8 + size + o for o in t["data_offsets"])
            code, width = KINDS[t["dtype"]]
            values = struct.unpack(f"<{(end - begin) // width}{code}", raw[begin:end])
            yield name, t["shape"], list(map(short, values))


def short(value):
    """The float with the fewest digits that is this float32."""
    if isinstance(value, int):
        return value
    for digits in range(6, 10):
        text = f"{value:.{digits}g}"
        if struct.pack("<f", float(text)) == struct.pack("<f", value):
            break
    return float(text)


def load(path):
    return json.loads(path.read_text(encoding="utf-8"))


def noise(golden):
    for seed, words in load(golden / "rng/mt19937.json").items():
        yield {"kind": "mt19937", "seed": int(seed), "values": words[:16]}
    for name, _, values in tensors(golden / "rng/uniform.safetensors"):
        yield {"kind": "uniform", "seed": int(name.split(".")[1]), "values": values[:16]}
    draws = {}
    for name, _, values in tensors(golden / "rng/randn.safetensors"):
        kind, seed, *rest = name.split(".")
        if kind == "sequence":
            draws.setdefault(int(seed), {})[int(rest[0])] = values
        elif len(values) <= LARGEST and "x" not in rest[0]:
            yield {"kind": "randn", "seed": int(seed), "values": values}
    for seed, parts in sorted(draws.items()):
        yield {"kind": "sequence", "seed": seed, "draws": [parts[i] for i in sorted(parts)]}


def schedules(golden):
    table = {n: v for n, _, v in tensors(golden / "sampler/sigmas.safetensors")}
    some = [*range(0, 1000, 37), 999]
    yield {"kind": "table", "at": some, "sigma": [table["sigmas"][i] for i in some],
           "log": [table["log_sigmas"][i] for i in some]}
    karras = {n: v for n, _, v in tensors(golden / "sampler/karras.safetensors")}
    for row in load(golden / "sampler/karras.json"):
        yield {"kind": "karras", "steps": row["steps"], "strength": row["strength"],
               "n": row["n"], "sigmas": karras[row["sigmas"]]}
    steps = {n: v for n, _, v in tensors(golden / "sampler/timesteps.safetensors")}
    yield {"kind": "timesteps", "sigma": steps["sigma"], "timestep": steps["timestep"]}


def runs(golden):
    bounds = load(golden / "tolerances.json")
    for name in load(golden / "sampler/runs.json")["runs"]:
        row = {"run": name, "bound": bounds[f"sampler/{name}"]["suggested_max_abs"]}
        for key, shape, values in tensors(golden / f"sampler/{name}.safetensors"):
            if key in ("sigmas", "timesteps"):
                row[key] = values
            elif key in ("denoised", "latents_after_step"):
                size = len(values) // shape[0]
                row[key] = [values[i * size:i * size + ELEMENTS] for i in range(shape[0])]
            else:
                row[key] = values[:ELEMENTS]
        yield row


def scaling(golden):
    pairs = {n: (s, v) for n, s, v in tensors(golden / "resize/lanczos.safetensors")}
    for name in SCALED:
        (h, w, _), source = pairs[name + ".in"]
        (oh, ow, _), result = pairs[name + ".out"]
        yield {"in": [w, h], "out": [ow, oh], "pixels": bytes(source).hex(),
               "sha256": hashlib.sha256(bytes(result)).hexdigest()}


def nearest(golden):
    for n, index in load(golden / "resize/nearest_90.json").items():
        if int(n) <= 512:
            yield [int(n), index]


def main():
    golden = pathlib.Path(sys.argv[1])
    out = pathlib.Path(__file__).resolve().parent.parent / "tests/data/golden"
    for name, rows in (("noise", noise), ("schedules", schedules), ("runs", runs),
                       ("lanczos", scaling), ("nearest_90", nearest)):
        with open(out / f"{name}.jsonl", "w", encoding="utf-8", newline="\n") as f:
            for row in rows(golden):
                f.write(json.dumps(row, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
