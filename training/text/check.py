"""Are the tables that are written twice, here and in the program, the same?

    PYTHONPATH=training /usr/bin/python3 -m text.check --omost PROGRAM

Canvases are written as the language model is to write them, and read by the
program: `convert --strict` must find what the pages say, without a repair, and
`plan` the boxes, colours and prompts that the image model is trained with.
All boxes and colours of the world are among them. The system prompt is compared
with the source of the program.
"""
import argparse
import concurrent.futures
import json
import pathlib
import random
import re
import subprocess
import sys
import tempfile

from image import prompts
from lm.bpe import SYSTEM_PROMPT
from world.colours import COLOURS, NAMES
from world.layout import WORDS
from world.scene import Scene, Thing

from .canvas import page_of, reply, sentence, summary, article, name
from .talk import talk

SOURCE = pathlib.Path(__file__).parents[2] / 'src/composer/system_prompt.c'


def every_place():
    """Pages of five things that have every box and every colour among them."""
    rng = random.Random(1)
    things = [Thing('cat', NAMES[n % len(NAMES)], 'plain', *words,
                    float(n % 7 + 1), n % 64) for n, words in enumerate(WORDS)]
    return [page_of(Scene('studio', tuple(things[n:n + 5]), n), rng)
            for n in range(0, len(things), 5)]


def some(n):
    """Pages of conversations: their first canvas and their last."""
    out = []
    for seed in range(n):
        turns = talk(random.Random(f'check {seed}'), 2, held=seed % 4 == 3)
        out += [turns[0].page, turns[-1].page]
    return out


def differences(what, ours, theirs):
    return [] if ours == theirs else [f'{what}: {ours!r} here, {theirs!r} there']


def compare_document(page, read):
    """What `convert --to json` says of a page."""
    bad = differences('summary', summary(page), read['global']['description'])
    bad += differences('colour', page.place.colour,
                       read['global']['HTML_web_color_name'])
    bad += differences('regions', len(page.items), len(read['regions']))
    for item, r in zip(page.items, read['regions']):
        t = item.thing
        for key, ours in (
                ('location', t.location), ('offset', t.offset),
                ('area', t.area), ('distance_to_viewer', t.distance),
                ('description', sentence(article(name(item)))),
                ('detailed_descriptions', list(item.facts)),
                ('tags', item.tags), ('atmosphere', item.mood + '.'),
                ('style', page.style + '.'),
                ('quality_meta', page.quality + '.'),
                ('HTML_web_color_name', item.shade or t.colour)):
            bad += differences(key, ours, r[key])
    return bad


def compare_plan(page, plan):
    """What `plan` says of a page: the whole picture, then far to near."""
    ours = prompts.of_page(page)
    order = sorted(range(len(page.items)),
                   key=lambda k: -page.items[k].thing.distance)
    texts = [ours[0]] + [ours[1 + k] for k in order]
    colours = [page.place.colour] + [page.items[k].shade or
                                     page.items[k].thing.colour for k in order]
    bad = differences('notes', [], plan['notes'])
    bad += differences('conditions', len(texts), len(plan['conditions']))
    for (box, pre, suf), colour, c in zip(texts, colours, plan['conditions']):
        top, bottom, left, right = c['rect']
        bad += differences('box', box, (left, top, right, bottom))
        bad += differences('prefixes', pre, c['prefixes'])
        bad += differences('suffixes', suf, c['suffixes'])
        if colour in COLOURS:
            bad += differences(colour, list(COLOURS[colour]), c['color'])
    return bad


def check(omost, page):
    """What the program reads otherwise."""
    with tempfile.NamedTemporaryFile('w', suffix='.txt') as f:
        f.write(reply(page) + '\n')
        f.flush()
        bad = []
        for args, compare in (
                (['convert', '--strict', '--to', 'json'], compare_document),
                (['plan', '--strict'], compare_plan)):
            made = subprocess.run([omost, *args, f.name], text=True,
                                  capture_output=True)
            if made.returncode or made.stderr:
                bad.append(f'{args[0]}: {made.returncode} {made.stderr}')
            if not made.returncode:
                bad += compare(page, json.loads(made.stdout))
    return bad


def system_prompt():
    """The program's, from its source."""
    text = SOURCE.read_text(encoding='utf-8')
    text = text[text.index('prompt[] ='):]
    parts = re.findall(r'^ +("(?:[^"\\]|\\.)*")(;?)$', text, re.M)
    out = ''
    for part, last in parts:
        out += json.loads(part)
        if last:
            break
    return out


def main():
    p = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    p.add_argument('--omost', required=True)
    p.add_argument('--talks', type=int, default=25,
                   help='conversations, of two canvases each')
    a = p.parse_args()
    bad = differences('system prompt', SYSTEM_PROMPT, system_prompt())
    pages = some(a.talks) + every_place()
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        for found in pool.map(lambda page: check(a.omost, page), pages):
            bad += found
    print(f'{len(pages)} canvases read by {a.omost}: {len(bad)} differences')
    if bad:
        print(*bad[:20], sep='\n', file=sys.stderr)
        sys.exit('the program reads canvases otherwise')


if __name__ == '__main__':
    main()
