"""Scenes: which things stand where, in the canvas's own words.

sample_scene(rng, split) makes scenes that look meant: things at home before
their backdrop, boxes that fit the shapes and overlap little, distances that
agree with the ground, and often a relation that truly holds.

Held out: some (kind, colour) combinations and some pairs of kinds are chosen
by hash. Scenes of split 'train' contain none of them, scenes of split 'held'
at least one.
"""
import zlib
from dataclasses import dataclass
from typing import Optional, Tuple

from . import layout
from .backdrops import BACKDROPS
from .kinds import KINDS, MATERIALS
from .places import RELATIONS, box_of, holds, size_of

FORMS = 64  # forms that are sampled: 0..63


@dataclass(frozen=True)
class Thing:
    kind: str
    colour: str
    material: str
    location: str
    offset: str
    area: str
    distance: float
    form: int

    @property
    def box(self):
        """(x0, y0, x1, y1) on the 90 grid, clamped."""
        return box_of(self.location, self.offset, self.area)

    @property
    def size(self):
        return size_of(self.area)


@dataclass(frozen=True)
class Scene:
    backdrop: str
    things: Tuple[Thing, ...]
    seed: int
    relation: Optional[Tuple[int, str, int]] = None


def relations(scene):
    """Every (i, word, j) that holds between the things of a scene."""
    n = len(scene.things)
    return [(i, w, j) for i in range(n) for j in range(n) if i != j
            for w in RELATIONS
            if holds(scene.things[i], w, scene.things[j])]


def _hash(text):
    return zlib.crc32(text.encode()) >> 4


def held_colour(kind, colour):
    """Is this combination kept out of training? About one in twenty."""
    return _hash('colour ' + kind + ' ' + colour) % 20 == 0


def held_pair(a, b):
    """Are these two kinds kept apart in training? About one in twenty."""
    a, b = sorted((a, b))
    return a != b and _hash('pair ' + a + ' ' + b) % 20 == 0


def is_held(things):
    """Does any combination among the things belong to the held-out ones?"""
    return (any(held_colour(t.kind, t.colour) for t in things) or
            any(held_pair(a.kind, b.kind)
                for i, a in enumerate(things) for b in things[:i]))


def sample_scene(rng, split='train', things=None):
    """A scene. rng: random.Random; things: how many (1..5), or None.

    split: 'train', 'held', or 'any' (no regard to what is held out).
    """
    while True:
        scene = _sample(rng, things, split)
        if scene is None:
            continue
        if split == 'any' or is_held(scene.things) == (split == 'held'):
            return scene


# ---- kinds, colours, backdrops ---------------------------------------------

_KEYS = tuple(KINDS)
_AT_HOME = {b: tuple(k for k in KINDS if KINDS[k].places & BACKDROPS[b].tags)
            for b in BACKDROPS}
_HOMES = {k: tuple(b for b in BACKDROPS if k in _AT_HOME[b]) for k in KINDS}
_RARE = {b: 1 / (8 + len(_AT_HOME[b])) for b in BACKDROPS}
_LONELY = {'sun', 'moon'}   # of these a scene has one


def _pick_colour(rng, kind, backdrop, taken, split):
    """A colour for a thing: natural, free, seldom lost before the backdrop."""
    k, clash = KINDS[kind], BACKDROPS[backdrop].clash
    for _ in range(30):
        own = rng.random() < 0.35
        c = rng.choice(k.natural if own else k.colours)
        if c in clash and rng.random() < 0.9:
            continue
        if split == 'train' and held_colour(kind, c):
            continue
        if (kind, c) in taken:
            continue
        return c
    return None


def _pick_material(rng, kind):
    allowed = KINDS[kind].materials
    if rng.random() < 0.62 or len(allowed) == 1:
        return 'plain'
    return rng.choice([m for m in allowed if m in MATERIALS[1:]])


def _pick_kinds(rng, n):
    first = rng.choice(_KEYS)
    homes = _HOMES[first]
    if rng.random() < 0.85:     # backdrops where few are at home, oftener
        backdrop = rng.choices(homes, [_RARE[b] for b in homes])[0]
    else:
        backdrop = rng.choice(tuple(BACKDROPS))
    kinds = [first]
    while len(kinds) < n:
        r = rng.random()
        if r < 0.18:
            k = rng.choice(kinds)
        elif r < 0.86:
            k = rng.choice(_AT_HOME[backdrop])
        else:
            k = rng.choice(_KEYS)
        if k in _LONELY and _LONELY & set(kinds):
            continue
        kinds.append(k)
    rng.shuffle(kinds)
    return backdrop, kinds


def _sample(rng, n, split):
    n = n or rng.choices((1, 2, 3, 4, 5), (16, 42, 29, 10, 3))[0]
    backdrop, kinds = _pick_kinds(rng, n)
    if split == 'train' and any(held_pair(a, b) for i, a in enumerate(kinds)
                                for b in kinds[:i]):
        return None
    front = n >= 2 and rng.random() < 0.22
    for _ in range(1 if n < 4 else 12):
        spots = layout.arrange(rng, kinds, backdrop, front)
        if spots:
            break
    if spots is None:
        return None
    taken, out = set(), []
    for k, (words, distance) in zip(kinds, spots):
        c = _pick_colour(rng, k, backdrop, taken, split)
        if c is None:
            return None
        taken.add((k, c))
        out.append(Thing(k, c, _pick_material(rng, k), *words, distance,
                         rng.randrange(FORMS)))
    scene = Scene(backdrop, tuple(out), rng.randrange(1 << 30))
    return _with_relation(rng, scene, front)


def _with_relation(rng, scene, front):
    """The scene with a relation that holds, mostly the telling one."""
    true = relations(scene)
    if front:
        deep = [r for r in true if r[1] in ('in front of', 'behind')]
        true = deep or true
    if not true or (not front and rng.random() < 0.3):
        return scene
    return Scene(scene.backdrop, scene.things, scene.seed, rng.choice(true))
