"""Train the tiny language model.

    PYTHONPATH=training nice -n 19 /usr/bin/python3 -m lm.train --work DIR

Two processes share the weights and halve the batch: for so small a model that
is faster than two threads. Matrices are trained by Muon (steps of orthogonal
momentum, which needs about half the steps of Adam here), the rest by Adam.
Stopped at any moment (SIGTERM writes a checkpoint) and begun again it goes on.
"""
import argparse
import os
import pathlib
import random

for _v in ('OMP_NUM_THREADS', 'OPENBLAS_NUM_THREADS'):
    os.environ.setdefault(_v, '1')

import torch
import torch.multiprocessing as mp

from common import checkpoint
from common.log import Log
from text import nouns
from text.talk import talk

from . import data
from .bpe import Vocabulary, train as train_bpe
from .model import Config, Llama


def vocabulary(work, plain):
    """The vocabulary of a run; made once from 8000 conversations."""
    path = work / 'merges.json'
    if not path.exists():
        rng, texts = random.Random('vocabulary'), []
        for _ in range(8000):
            for t in talk(rng, rng.choices((1, 2, 3), (5, 2, 1))[0]):
                texts += [('\n\n' + t.user, 1), (t.reply, 1)]
        texts += [(' a ' + n, 3) for n in nouns.NOUNS if not nouns.is_held(n)]
        texts += [(w, 9999) for w in ('system', 'user', 'assistant', '\n\n')]
        Vocabulary(train_bpe(texts, plain)).save(path)
    return Vocabulary.load(path)


def orthogonal(g):
    """Newton-Schulz: the matrix with the same directions, all as strong."""
    a, b, c = 3.4445, -4.7750, 2.0315
    x = g / (g.norm() + 1e-7)
    tall = x.shape[0] > x.shape[1]
    x = x.t() if tall else x
    for _ in range(5):
        s = x @ x.t()
        x = a * x + (b * s + c * s @ s) @ x
    return x.t() if tall else x


class Optimizer:
    """Each rank updates its share of the parameters from all gradients."""

    def __init__(self, model, a):
        self.a = a
        self.p = [p for _, p in model.named_parameters()]
        self.muon = ['layers' in n and p.dim() == 2
                     for n, p in model.named_parameters()]
        self.grads = [[torch.zeros_like(p).share_memory_() for p in self.p]
                      for _ in range(a.ranks)]
        self.first = [torch.zeros_like(p).share_memory_() for p in self.p]
        self.second = [torch.zeros(1 if m else p.shape).share_memory_()
                       for m, p in zip(self.muon, self.p)]
        order = sorted(range(len(self.p)), key=lambda i: -self.p[i].numel())
        self.own = [order[r::a.ranks] for r in range(a.ranks)]

    def rate(self, step):
        warm = min(1.0, (step + 1) / self.a.warm)
        left = (self.a.steps - step) / max(1, self.a.steps * self.a.decay)
        return warm * min(1.0, max(0.0, left))

    def put(self, rank, scale):
        for g, p in zip(self.grads[rank], self.p):
            g.copy_(p.grad).mul_(scale)
            p.grad = None

    @torch.no_grad()
    def step(self, rank, step):
        rate, a = self.rate(step), self.a
        for i in self.own[rank]:
            g = sum(gr[i] for gr in self.grads)
            p = self.p[i]
            if self.muon[i]:
                m = self.first[i].mul_(.95).add_(g)
                u = orthogonal(g.add(m, alpha=.95))
                scale = max(1, p.shape[0] / p.shape[1]) ** .5
                p.mul_(1 - rate * a.lr * .02)
                p.add_(u, alpha=-rate * a.lr * scale)
            else:
                m = self.first[i].mul_(.9).add_(g, alpha=.1)
                v = self.second[i].mul_(.98).addcmul_(g, g, value=.02)
                m = m / (1 - .9 ** (step + 1))
                v = v / (1 - .98 ** (step + 1))
                p.addcdiv_(m, v.sqrt().add_(1e-8), value=-rate * a.adam)

    def state(self):
        return {'first': self.first, 'second': self.second}

    def load(self, state):
        for mine, theirs in ((self.first, state['first']),
                             (self.second, state['second'])):
            for x, y in zip(mine, theirs):
                x.copy_(y)


@torch.no_grad()
def held_loss(model, batches):
    total = n = 0
    for x, y in batches:
        loss, k = model.loss(x, y)
        total, n = total + float(loss), n + k
    return total / n


def work(rank, a, model, opt, vocab, begin, seen, meet, sums, stop):
    torch.set_num_threads(1)
    torch.manual_seed(rank)
    mine = checkpoint.Stop(a.save)
    feed = data.batches(vocab, a.batch, rank, a.seed, begin, a.longest)
    log = exam = None
    if rank == 0:
        log = Log(a.work / 'log.csv', ['loss', 'held', 'tokens', 'rate'],
                  seen['seconds'])
        exam = data.held(vocab, 64)
    tokens, last, held = seen['tokens'], 0.0, float('nan')
    for step in range(begin, a.steps):
        x, y = next(feed)
        loss, n = model.loss(x, y)
        (loss / n).backward()
        sums[rank, 0], sums[rank, 1] = float(loss), n
        meet.wait(900)
        total = float(sums[:, 1].sum())
        opt.put(rank, n / total)
        meet.wait(900)
        mean = float(sums[:, 0].sum()) / total
        opt.step(rank, step)
        if rank == 0:
            stop[0] = mine.asked or a.until and log.seconds > a.until
        meet.wait(900)
        tokens += int(total)
        last = mean if not last else .9 * last + .1 * mean
        end = bool(stop[0]) or step + 1 == a.steps
        if rank == 0:
            if (step + 1) % a.exam == 0 or end:
                held = held_loss(model, exam)
            if (step + 1) % 10 == 0 or end:
                log.write(step + 1, last, held, tokens, opt.rate(step))
            if mine.due() or end:
                checkpoint.save(a.work / 'last.pt', {
                    'config': model.save_config(), 'model': model.state_dict(),
                    'opt': opt.state(), 'step': step + 1,
                    'tokens': tokens, 'seconds': log.seconds})
        if end:
            break


def options():
    p = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    p.add_argument('--work', type=pathlib.Path, required=True)
    p.add_argument('--steps', type=int, default=4000)
    p.add_argument('--ranks', '--threads', type=int, default=2)
    p.add_argument('--batch', type=int, default=1536,
                   help='places a rank and step')
    p.add_argument('--lr', type=float, default=.006, help='of Muon')
    p.add_argument('--adam', type=float, default=1.5e-3)
    p.add_argument('--warm', type=int, default=40)
    p.add_argument('--decay', type=float, default=.4,
                   help='share of the steps that slow down')
    p.add_argument('--width', type=int, default=192)
    p.add_argument('--layers', type=int, default=6)
    p.add_argument('--heads', type=int, default=4)
    p.add_argument('--kv-heads', type=int, default=2)
    p.add_argument('--hidden', type=int, default=512)
    p.add_argument('--plain', type=int, default=1984, help='tokens of the BPE')
    p.add_argument('--longest', type=int, default=2600)
    p.add_argument('--seed', type=int, default=1)
    p.add_argument('--save', type=float, default=300)
    p.add_argument('--exam', type=int, default=100)
    p.add_argument('--until', type=float, default=0,
                   help='end after so many seconds')
    return p.parse_args()


def main():
    a = options()
    torch.set_num_threads(1)
    torch.manual_seed(a.seed)
    a.work.mkdir(parents=True, exist_ok=True)
    vocab = vocabulary(a.work, a.plain)
    was = checkpoint.load(a.work / 'last.pt')
    config = Config(**was['config']) if was else Config(
        vocab=vocab.size, width=a.width, layers=a.layers, heads=a.heads,
        kv_heads=a.kv_heads, hidden=a.hidden)
    model = Llama(config)
    begin, seen = 0, {'seconds': 0.0, 'tokens': 0}
    if was:
        model.load_state_dict(was['model'])
        begin, seen = was['step'], was
    model.share_memory()
    opt = Optimizer(model, a)
    if was:
        opt.load(was['opt'])
    print(f'{model.count()} parameters, {vocab.size} tokens, from step {begin}',
          flush=True)
    sums, stop = torch.zeros(a.ranks,
                             2).share_memory_(), torch.zeros(1).share_memory_()
    ctx = mp.get_context('fork')
    meet = ctx.Barrier(a.ranks)
    others = [ctx.Process(target=work, args=(r, a, model, opt, vocab, begin,
                                             seen, meet, sums, stop))
              for r in range(1, a.ranks)]
    for o in others:
        o.start()
    work(0, a, model, opt, vocab, begin, seen, meet, sums, stop)
    for o in others:
        o.join()


if __name__ == '__main__':
    main()
