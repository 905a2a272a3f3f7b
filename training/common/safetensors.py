"""Reading and writing .safetensors files.

A file is the length of a header (u64, little endian), the header (JSON: name ->
dtype, shape, place) and the numbers, row by row. Debian has no package for it and
it is this short.
"""
import json
import os
import struct

import numpy as np

DTYPES = {"F16": np.float16, "F32": np.float32, "I64": np.int64}
NAMES = {np.dtype(t): n for n, t in DTYPES.items()}


def write(path, tensors, dtype=None, metadata=None):
    """Write {name: array}; floats become `dtype` (np.float16 ...) if given."""
    header = {"__metadata__": dict(metadata or {"format": "pt"})}
    parts, at = [], 0
    for name in sorted(tensors):
        a = np.ascontiguousarray(tensors[name])
        if dtype is not None and a.dtype.kind == "f":
            a = a.astype(dtype)
        end = at + a.nbytes
        header[name] = {"dtype": NAMES[a.dtype], "shape": list(a.shape),
                        "data_offsets": [at, end]}
        parts.append(a)
        at = end
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    part = f"{path}.part"
    with open(part, "wb") as f:
        f.write(struct.pack("<Q", len(text)) + text)
        for a in parts:
            f.write(a.tobytes())
    os.replace(part, path)


def read(path):
    """{name: array} of a file; BF16 comes as f32."""
    with open(path, "rb") as f:
        (n,) = struct.unpack("<Q", f.read(8))
        header = json.loads(f.read(n))
        data = f.read()
    out = {}
    for name, t in header.items():
        if name == "__metadata__":
            continue
        begin, end = t["data_offsets"]
        raw = data[begin:end]
        if t["dtype"] == "BF16":
            a = np.frombuffer(raw, np.uint16).astype(np.uint32) << 16
            a = a.view(np.float32)
        else:
            a = np.frombuffer(raw, DTYPES[t["dtype"]])
        out[name] = a.reshape(t["shape"])
    return out
