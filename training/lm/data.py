"""Conversations as batches of tokens, made on the fly from a seed: rank and
number of a batch decide what is in it, so a run that goes on sees what it
would have seen."""
import random

import torch

from text.talk import talk

TURNS, WEIGHTS = (1, 2, 3, 4, 5), (52, 26, 13, 6, 3)
POOL = 24  # batches that are cut from one pool, alike in length


def tokens(vocab, turns):
    """(ids, is it part of a reply?) of a conversation."""
    ids, own = list(vocab.prefix()), []
    own += [False] * len(ids)
    for t in turns:
        for part, mine in ((vocab.question(t.user), False),
                           (vocab.answer(t.reply), True)):
            ids += part
            own += [mine] * len(part)
    return ids, own


def batch(rows):
    longest = max(len(ids) for ids, _ in rows) - 1
    x = torch.zeros(len(rows), longest, dtype=torch.long)
    y = torch.full((len(rows), longest), -1, dtype=torch.long)
    for i, (ids, own) in enumerate(rows):
        t = torch.tensor(ids)
        x[i, :len(ids) - 1] = t[:-1]
        y[i, :len(ids) - 1] = torch.where(torch.tensor(own)[1:], t[1:],
                                          torch.tensor(-1))
    return x, y


def pool(vocab, size, number, rank, seed, longest):
    """POOL batches of about `size` places each, in random order."""
    rng = random.Random(f'{seed} {rank} {number}')
    rows, places = [], 0
    while places < size * POOL:
        row = tokens(vocab, talk(rng, rng.choices(TURNS, WEIGHTS)[0],
                                 outside=.16))
        if len(row[0]) <= longest:
            rows.append(row)
            places += len(row[0])
    rows.sort(key=lambda r: len(r[0]))
    out, group = [], []
    for r in rows:
        if group and (len(group) + 1) * len(r[0]) > size:
            out.append(group)
            group = []
        group.append(r)
    out.append(group)
    rng.shuffle(out)
    return out[:POOL]


def batches(vocab, size, rank, seed, first, longest):
    """Endless, from batch number `first` on."""
    number, skip = first // POOL, first % POOL
    while True:
        made = pool(vocab, size, number, rank, seed, longest)
        while len(made) < POOL:
            made.append(made[0])
        for rows in made[skip:]:
            yield batch(rows)
        number, skip = number + 1, 0


def held(vocab, n, seed=1):
    """Conversations of what is held out, for the loss that is logged."""
    rng = random.Random(f'held {seed}')
    rows = [tokens(vocab, talk(rng, rng.choice((1, 1, 2)), held=True))
            for _ in range(n)]
    rows.sort(key=lambda r: len(r[0]))
    return [batch(rows[i:i + 8]) for i in range(0, n, 8)]
