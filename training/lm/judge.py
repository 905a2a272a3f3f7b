"""Does a canvas give what was asked? Wishes and edits that were held out are
composed by `omost chat` with the model, read by `omost convert --to json`, and
held against what text.wish and text.edit know they ask for.

    PYTHONPATH=training /usr/bin/python3 -m lm.judge --omost PROGRAM \
        --model GGUF --wishes 200 --edits 100

Every conversation is a run of its own with its own seed, at the temperature
people use (--temp). A file of what failed is written with --failures.
"""
import argparse
import concurrent.futures
import json
import random
import re
import subprocess
import sys
import tempfile
from itertools import permutations

from text.talk import talk
from text.wish import Asked, Named
from world.kinds import MATERIALS
from world.places import box_of, holds


class Region:
    """A region of a canvas in JSON, as the relations of the world take it."""

    def __init__(self, r):
        self.r = r
        self.location, self.offset = r['location'], r['offset']
        self.area = r['area']
        self.distance = float(r['distance_to_viewer'])
        self.box = box_of(self.location, self.offset, self.area)
        self.words = set(re.findall(r"[\w'-]+", r['description'].lower()))
        self.text = ' ' + re.sub(r"[^\w'-]+", ' ',
                                 r['description'].lower()) + ' '

    def is_a(self, kind):
        return f' {kind.lower()} ' in self.text

    def coloured(self, colour):
        return colour in self.words and self.r['HTML_web_color_name'] == colour

    def made(self, material):
        return (material in self.words if material != 'plain' else
                not self.words & set(MATERIALS[1:]))


def faults_of_thing(region, named):
    """What is wrong with a region as an answer to a named thing."""
    out = []
    if not region.is_a(named.kind):
        out.append('thing')
    if named.colour and not region.coloured(named.colour):
        out.append('colour')
    if named.material and not region.made(named.material):
        out.append('material')
    if named.extra and f' {named.extra} ' not in region.text:
        out.append('adjective')
    if named.location and region.location != named.location:
        out.append('location')
    if named.size and named.size not in region.area:
        out.append('size')
    return out


def true(a, word, b):
    if word == 'on':
        return a.box[1] < b.box[1] and holds(a, 'above', b) or (
            a.distance < b.distance and a.box[1] < b.box[1])
    return holds(a, word, b)


def judge_wish(canvas, asked):
    """(faults, order): no faults when everything named is there; order says
    which region stands for each thing (None when there are too few)."""
    regions = [Region(r) for r in canvas['regions']]
    best = order = None
    if len(regions) < len(asked.things):
        return ['missing'], None
    # Things that look alike may stand for one another: the best reading counts.
    for these in permutations(range(len(regions)), len(asked.things)):
        mine = [regions[i] for i in these]
        wrong = [f for r, n in zip(mine,
                                   asked.things) for f in faults_of_thing(r, n)]
        wrong += ['relation ' + w for i, w,
                  j in asked.relations if not true(mine[i], w, mine[j])]
        if best is None or len(wrong) < len(best):
            best, order = wrong, these
        if not best:
            break
    best = list(best)
    if len(regions) > len(asked.things):
        best.append('more than asked')
    if asked.place and asked.place not in canvas['global']['description']:
        best.append('place')
    return best, order


def order_of(canvas, page):
    """Which region of a canvas stands for each thing of a page."""
    return judge_wish(canvas, Asked(tuple(
        Named(i.thing.kind, i.shade or i.thing.colour, i.thing.material,
              i.extra) for i in page.items)))[1]


def judge_edit(before, after, e, order):
    """Faults of a canvas after an edit of the canvas before it; order: which
    of its regions stands for each thing that the edit numbers."""
    old, new = before['regions'], after['regions']
    out = []
    if order is None:
        return ['too few before']
    if len(new) != len(old) + {'add': 1, 'remove': -1}.get(e.op, 0):
        return ['number of regions']
    at = len(old)    # the number of what is meant; of nothing
    if e.op not in ('add', 'place'):
        at = order[e.target if e.op != 'remove' else
                   (set(range(len(order))) - set(e.keep)).pop()]
    kept = new if e.op == 'remove' else new[:at] + new[at + 1:]
    if old[:at] + old[at + 1:] != kept:
        out.append('others changed')
    if e.op in ('remove', 'place'):
        if e.place and e.place not in after['global']['description']:
            out.append('place')
        return out
    target = Region(new[at])
    was = Region(old[at]) if e.op != 'add' else None
    out += faults_of_thing(target, Named(e.kind, e.colour, e.material))
    for key in ('location', 'offset', 'area'):
        want = getattr(e, key) or (getattr(was, key) if was else '')
        if want and getattr(target, key) != want:
            out.append(key)
    if e.op == 'depth' and not is_moved(target, was, e.depth, [
            Region(r) for r in kept]):
        out.append('depth')
    if e.relation and not true(target, e.relation[0],
                               Region(new[order[e.relation[1]]])):
        out.append('relation')
    return out


def is_moved(target, was, way, others):
    """Is it nearer (way -1) or farther (1) than before and than the others?"""
    nearest = way < 0 and was.distance <= .5    # there is nothing nearer
    return ((way * target.distance > way * was.distance or nearest) and
            all(way * target.distance >= way * o.distance for o in others))


# ---- asking the program -----------------------------------------------------

def run(args, text=None):
    return subprocess.run(args, input=text, capture_output=True, text=True,
                          timeout=900)


def canvases(a, turns, seed):
    """The canvases of the replies, in JSON; None for one that is none. Ends
    the program when that of the canvases did not work at all."""
    try:
        made = run([a.omost, 'chat', '-m', a.model, '-q', '-s', str(seed),
                    '--temp', str(a.temp), '-t', '1'],
                   '\n'.join(t.user for t in turns) + '\n')
    except subprocess.TimeoutExpired:
        return [None] * len(turns)
    if made.returncode not in (0, 1):   # 1: a reply was no canvas
        sys.exit(f'{a.omost} chat ended with {made.returncode}: '
                 + made.stderr.strip())
    out = []
    for reply in re.findall(r'```python\n.*?\n```', made.stdout, re.S):
        with tempfile.NamedTemporaryFile('w', suffix='.txt') as f:
            f.write(reply + '\n')
            f.flush()
            read = run([a.omost, 'convert', '--strict', '--to', 'json', f.name])
        out.append(json.loads(read.stdout) if read.returncode == 0 else None)
    return out + [None] * (len(turns) - len(out))


def conversations(a, what, n, turns):
    rng = random.Random(f'judge {what} {a.seed}')
    return [talk(rng, turns, held=True, outside=a.outside) for _ in range(n)]


def judge_all(a, what):
    n, turns = (a.wishes, 1) if what == 'wish' else (a.edits, 2)
    talks = conversations(a, what, n, turns)
    with concurrent.futures.ThreadPoolExecutor(a.jobs) as pool:
        made = list(pool.map(lambda p: canvases(a, p[1], p[0]),
                             enumerate(talks)))
    failed = []
    for t, c in zip(talks, made):
        if any(x is None for x in c):
            wrong = ['no canvas']
        elif what == 'wish':
            wrong, _ = judge_wish(c[0], t[0].asked)
        else:
            wrong = judge_edit(c[0], c[1], t[1].asked,
                               order_of(c[0], t[0].page))
        if wrong:
            failed.append({'said': [x.user for x in t], 'faults': wrong,
                           'op': getattr(t[-1].asked, 'op', 'wish'),
                           'canvases': c})
    return n, failed


def report(what, n, failed):
    faults, ops = {}, {}
    for f in failed:
        ops[f['op']] = ops.get(f['op'], 0) + 1
        for x in set(f['faults']):
            faults[x] = faults.get(x, 0) + 1
    def table(d):
        return ', '.join(f'{k} {v}' for k,
                         v in sorted(d.items(), key=lambda x: -x[1]))
    print(f'{what}: {n - len(failed)} of {n} right ({100 * (1 - len(failed) / n):.1f} %)'
          + (f'; faults: {table(faults)}; in: {table(ops)}' if failed else ''),
          flush=True)


def main():
    p = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    p.add_argument('--omost', required=True)
    p.add_argument('--model', required=True)
    p.add_argument('--wishes', type=int, default=200)
    p.add_argument('--edits', type=int, default=100)
    p.add_argument('--temp', type=float, default=.6)
    p.add_argument('--outside', type=float, default=.1,
                   help='share of wishes with a thing outside the world')
    p.add_argument('--jobs', type=int, default=1)
    p.add_argument('--seed', type=int, default=0)
    p.add_argument('--failures', help='a JSON file for them')
    a = p.parse_args()
    everything = []
    for what, n in (('wish', a.wishes), ('edit', a.edits)):
        if n:
            n, failed = judge_all(a, what)
            report(what, n, failed)
            everything += failed
    if a.failures:
        with open(a.failures, 'w', encoding='utf-8') as f:
            json.dump(everything, f, indent=1)


if __name__ == '__main__':
    main()
