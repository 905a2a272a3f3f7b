"""What byte-pair vocabularies share: letters for bytes, and merging a pair."""


def letters():
    """{byte: the letter that stands for it in a vocabulary's file}, as GPT-2,
    CLIP and Llama have it."""
    plain = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = [b for b in range(256) if b not in plain]
    return {**{b: chr(b) for b in plain},
            **{b: chr(256 + i) for i, b in enumerate(others)}}


def join(parts, pair):
    """The parts with every `pair` in them, from the left, made one."""
    out, i = [], 0
    while i < len(parts):
        if i + 1 < len(parts) and (parts[i], parts[i + 1]) == pair:
            out.append(parts[i] + parts[i + 1])
            i += 2
        else:
            out.append(parts[i])
            i += 1
    return out
