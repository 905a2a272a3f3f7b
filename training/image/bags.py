"""Prompts as rows of 77 tokens, packed as the renderer packs them: every row
begins with the prefixes, suffixes are shared out among rows in order, and a row is
closed by the first suffix that does not fit (src/prompt/bag.c)."""
import numpy as np

ROW = 77
ROOM = ROW - 2


def safe(text):
    """A sub-prompt as the canvas hands it on: one dot at its end."""
    return text.strip(",. ") + "."


def pack(tok, prefixes, suffixes):
    """Lists of at most 75 ids, at least one."""
    head = [i for p in prefixes for i in tok.ids(p)]
    room = ROOM - len(head)
    bags, now, used = [], None, 0
    for text in suffixes:
        ids = tok.ids(text)[:ROOM]
        if now is None or used + len(ids) > room:
            if now is not None:
                bags.append(now)
            now, used = list(head), 0
        now += ids
        used += len(ids)
    bags.append(now if now is not None else list(head))
    return [b[:ROOM] for b in bags]


def row(tok, ids, second=False):
    """[77] of a bag; encoder 2 is padded with "!"."""
    pad = tok.bang if second else tok.end
    out = np.full(ROW, pad, np.int64)
    ids = ids[:ROOM]
    out[0] = tok.start
    out[1:1 + len(ids)] = ids
    out[1 + len(ids)] = tok.end
    return out


def both(tok, bags):
    """Rows for both encoders: two arrays [n, 77]."""
    return (np.stack([row(tok, b) for b in bags]),
            np.stack([row(tok, b, True) for b in bags]))
