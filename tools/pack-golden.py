#!/usr/bin/env python3
"""Pack what the tests need of the original's results into tests/data/golden.

    tools/pack-golden.py GOLDEN_DIR

Inputs are kept whole, results as SHA-256 of a canonical form that
tests/unit/golden.h makes again from ours; see tests/data/golden/README.md.
"""
import hashlib
import json
import pathlib
import re
import sys

KINDS = {"float": 0, "int": 1, "bool": 2}
# Transcripts published elsewhere: only their results are kept.
NOT_OURS_TO_COPY = ("001-", "002-")
# Large and made by a rule: the tests make it again.
BY_RULE = {"024-deep-brackets.txt"}


def texts(tag, items):
    for item in items:
        raw = item.encode()
        yield b"%s %d " % (tag, len(raw)) + raw + b"\n"


def layout_digest(case):
    h = hashlib.sha256()
    for i, c in enumerate([case["global"]] + case["components"]):
        h.update("C {} {} {}\n".format(*c["color"]).encode())
        if i > 0:
            h.update("R {} {} {} {}\n".format(*c["rect"]).encode())
            d = c["distance_to_viewer"]
            value = "inf" if d["value"] is None else "%.17g" % d["value"]
            h.update("D {} {}\n".format(KINDS[d["type"]], value).encode())
        for line in texts(b"P", c["prefixes"]):
            h.update(line)
        for line in texts(b"S", c["suffixes"]):
            h.update(line)
    return h.hexdigest()


def bags_digest(condition):
    """Rows of both tokenizers, and which suffixes each bag holds."""
    h = hashlib.sha256()
    for key in ("ids_t1", "ids_t2"):
        for row in condition[key]:
            h.update((" ".join(map(str, row)) + "\n").encode())
    return h.hexdigest()


def write_lines(path, rows):
    with open(path, "w", encoding="utf-8", newline="\n") as f:
        for row in rows:
            f.write(json.dumps(row, ensure_ascii=False, separators=(",", ":")) + "\n")


def load(path):
    return json.loads(path.read_text(encoding="utf-8"))


def canvases(golden):
    for row in load(golden / "canvas/index.json"):
        name = row["name"]
        case = load(golden / f"canvas/{name}.json")
        text = (golden / f"canvas/{name}.txt").read_bytes().decode()
        out = {"name": name, "class": row["class"]}
        if not name.startswith(NOT_OURS_TO_COPY):
            out["text"] = text
        if case.get("error"):
            out["error"] = case["error"]["type"]
        else:
            out["layout"] = layout_digest(case)
            out["composition"] = case["initial_latent_sha256"]
            out["corrections"] = len(case["corrections"])
            out["regions"] = len(case["components"])
        yield out


def malicious(golden):
    for row in load(golden / "malicious/index.json"):
        if row["file"] not in BY_RULE:
            text = (golden / "malicious" / row["file"]).read_bytes().decode()
            yield {"name": row["file"], "text": text}


def bags(golden):
    for path in sorted((golden / "bags").glob("[0-9]*.json")):
        case = load(path)
        rows = []
        for c in case["conditions"]:
            got = c if "error" not in c else c.get("lenient")
            rows.append({"strict": "error" not in c, "rows": bags_digest(got) if got else None})
        yield {"canvas": case["canvas"], "conditions": rows}


def model_keys(golden):
    """Names and shapes of the real SDXL: names that differ in numbers only and
    are of one shape share a row, "#" stands for each number."""
    keys = load(golden / "model-single/sdxl-full-size-keys.json")
    for layout, names in [("checkpoint", keys["single_file"]), *keys["diffusers"].items()]:
        rows = {}
        for name, shape in names.items():
            key = (re.sub(r"[0-9]+", "#", name), tuple(shape))
            rows.setdefault(key, []).append([int(n) for n in re.findall(r"[0-9]+", name)])
        for (name, shape), numbers in rows.items():
            yield {"set": layout, "name": name, "shape": shape, "numbers": numbers}


def main():
    golden = pathlib.Path(sys.argv[1])
    out = pathlib.Path(__file__).resolve().parent.parent / "tests/data/golden"
    out.mkdir(parents=True, exist_ok=True)
    write_lines(out / "canvas.jsonl", canvases(golden))
    write_lines(out / "malicious.jsonl", malicious(golden))
    write_lines(out / "fuzzy.jsonl",
                ([r["kind"], r["input"], r["output"]] for r in load(golden / "canvas/fuzzy.json")))
    write_lines(out / "boxes.jsonl", load(golden / "canvas/boxes.json"))
    write_lines(out / "tokens.jsonl", load(golden / "tokenizer/tokens.json"))
    write_lines(out / "negative77.jsonl", load(golden / "tokenizer/negative77.json"))
    write_lines(out / "bags.jsonl", bags(golden))
    write_lines(out / "bags_direct.jsonl", load(golden / "bags/direct.json"))
    write_lines(out / "nearest_exact_90.jsonl",
                ([int(n), ix] for n, ix in load(golden / "unet/nearest_exact_90.json").items()))
    write_lines(out / "sdxl_keys.jsonl", model_keys(golden))


if __name__ == "__main__":
    main()
