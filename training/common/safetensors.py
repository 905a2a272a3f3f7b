"""Writing .safetensors files.

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
