/* diff_pair.c - which region became which.
 *
 * Regions are paired in three rounds, each with what the rounds before left:
 *   1. the same description, to the letter;
 *   2. likeness of at least LIKE percent: half for words in common in the
 *      descriptions, 30 % for those in the tags, 20 % for the overlap of the
 *      boxes (intersection over union);
 *   3. the same words of place, and the same distance or colour: what stands
 *      there now replaces what stood there.
 * Words are compared by Dice's measure, 2 * common / (words here + words
 * there), without case, a plural "s", and words like "the". Pairs are taken
 * from the best down; between equals, first come, first served. Rounds cost
 * at most regions * regions looks at a few dozen words. */
#include "canvas/diff.h"

#include <stdlib.h>

#include "base/str.h"
#include "canvas/vocab.h"

enum {
    LIKE = 40,
    DESCRIPTION_WORDS = 12, /* looked at, of a text: enough to know it by */
    TAG_WORDS = 24,
};

/* ---- words ------------------------------------------------------------- */

/* The hashes of different words, ascending. Two words of one hash are taken
 * for one: that may only make a pairing odd. */
typedef struct word_set {
    int n;
    uint32_t w[TAG_WORDS];
} word_set;

static bool is_word_byte(char c)
{
    unsigned char u = (unsigned char)c;
    return (u >= 'a' && u <= 'z') || (u >= 'A' && u <= 'Z') ||
           (u >= '0' && u <= '9') || u >= 0x80;
}

static bool is_filler(om_str w)
{
    static const char *const fillers[] = {"a",  "an",  "and", "at",
                                          "by", "in",  "is",  "of",
                                          "on", "the", "to",  "with"};
    for (size_t i = 0; i < sizeof fillers / sizeof *fillers; i++) {
        size_t k = 0;
        while (k < w.n && (w.p[k] | 32) == fillers[i][k]) k++;
        if (k == w.n && fillers[i][k] == '\0') return true;
    }
    return false;
}

/* FNV-1a of the lower-cased word without a plural s. */
static uint32_t hash_word(om_str w)
{
    uint32_t h = 2166136261u;
    if (w.n > 3 && (w.p[w.n - 1] | 32) == 's') w.n--;
    for (size_t i = 0; i < w.n; i++) {
        unsigned char u = (unsigned char)w.p[i];
        if (u >= 'A' && u <= 'Z') u |= 32;
        h = (h ^ u) * 16777619u;
    }
    return h;
}

static void insert_word(word_set *set, uint32_t h)
{
    int i = set->n;
    while (i > 0 && set->w[i - 1] > h) i--;
    if (i > 0 && set->w[i - 1] == h) return;
    memmove(set->w + i + 1, set->w + i, (size_t)(set->n - i) * sizeof *set->w);
    set->w[i] = h;
    set->n++;
}

/* The first `max` different words of the text. */
static void collect_words(word_set *set, om_str s, int max)
{
    size_t i = 0;
    set->n = 0;
    while (i < s.n && set->n < max) {
        size_t start = i;
        while (i < s.n && is_word_byte(s.p[i])) i++;
        om_str w = {s.p + start, i - start};
        if (w.n && !is_filler(w)) insert_word(set, hash_word(w));
        if (i < s.n) i++;
    }
}

/* Dice's measure in percent. */
static int dice(const word_set *a, const word_set *b)
{
    int i = 0, j = 0, both = 0;
    while (i < a->n && j < b->n) {
        uint32_t x = a->w[i], y = b->w[j];
        both += x == y;
        i += x <= y;
        j += y <= x;
    }
    return a->n + b->n ? 200 * both / (a->n + b->n) : 0;
}

/* ---- likeness ---------------------------------------------------------- */

/* What a region is known by. */
typedef struct portrait {
    const omost_region *r;
    omost_box box;
    word_set description, tags;
} portrait;

static portrait *draw_portraits(om_arena *a, const omost_canvas *cv)
{
    size_t n = omost_canvas_count(cv);
    portrait *p = om_arena_array(a, n, sizeof *p);
    for (size_t i = 0; p && i < n; i++) {
        p[i].r = omost_canvas_region(cv, i);
        p[i].box = omost_region_box(p[i].r);
        collect_words(&p[i].description, p[i].r->description,
                      DESCRIPTION_WORDS);
        collect_words(&p[i].tags, p[i].r->tags, TAG_WORDS);
    }
    return p;
}

static int overlap_percent(omost_box a, omost_box b)
{
    return (int)(100 * om_box_iou(a, b));
}

/* 0..100. Where neither has tags, the descriptions speak for them. */
static int likeness(const portrait *a, const portrait *b)
{
    int d = dice(&a->description, &b->description);
    int t = a->tags.n + b->tags.n ? dice(&a->tags, &b->tags) : d;
    return (50 * d + 30 * t + 20 * overlap_percent(a->box, b->box)) / 100;
}

/* 0..100: the third round's. */
static int same_spot(const portrait *a, const portrait *b)
{
    const omost_region *x = a->r, *y = b->r;
    if (x->location != y->location || x->offset != y->offset ||
        x->area != y->area)
        return 0;
    return 50 * (omost_number_cmp(&x->distance, &y->distance) == 0) +
           50 * (x->color == y->color);
}

/* ---- pairing ----------------------------------------------------------- */

typedef int likeness_fn(const portrait *a, const portrait *b);

/* The work of pairing: indices of regions of each side that may pair. */
typedef struct pairing {
    omost_diff *d;
    const portrait *a, *b;
    size_t *ai, *bi, na, nb;
} pairing;

static void pair_up(omost_diff *d, size_t before, size_t after)
{
    d->before.partner[before] = after;
    d->after.partner[after] = before;
}

/* Take pairs from the best score down: sort all that reach `least` by counting,
 * which keeps equal ones in order. `scores` and `order` have na * nb places. */
static void take_best(const pairing *p, likeness_fn *like, int least,
                      uint8_t *scores, uint32_t *order)
{
    size_t n = p->na * p->nb, start[102] = {0};
    for (size_t k = 0; k < n; k++) {
        scores[k] =
            (uint8_t)like(&p->a[p->ai[k / p->nb]], &p->b[p->bi[k % p->nb]]);
        if (scores[k] >= least) start[100 - scores[k] + 1]++;
    }
    for (int s = 1; s < 102; s++) start[s] += start[s - 1];
    size_t n_good = start[101];
    for (size_t k = 0; k < n; k++)
        if (scores[k] >= least) order[start[100 - scores[k]]++] = (uint32_t)k;
    for (size_t k = 0; k < n_good; k++) {
        size_t i = p->ai[order[k] / p->nb], j = p->bi[order[k] % p->nb];
        if (p->d->before.partner[i] == OM_DIFF_NONE &&
            p->d->after.partner[j] == OM_DIFF_NONE)
            pair_up(p->d, i, j);
    }
}

static bool pair_by(const pairing *p, likeness_fn *like, int least)
{
    const omost_env *env = p->d->arena.env;
    size_t n = p->na * p->nb; /* at most OMOST_MAX_REGIONS squared */
    if (n == 0) return true;
    uint8_t *scores = om_alloc(env, n);
    uint32_t *order = om_alloc(env, n * sizeof *order);
    bool ok = scores && order;
    if (ok) take_best(p, like, least, scores, order);
    om_free(env, scores);
    om_free(env, order);
    return ok;
}

/* A region by its description. */
typedef struct named {
    om_str name;
    size_t index;
} named;

static int by_name(const void *a, const void *b)
{
    const named *x = a, *y = b;
    int c = om_str_cmp(x->name, y->name);
    return c ? c : (x->index > y->index) - (x->index < y->index);
}

static named *sort_by_name(om_arena *a, const omost_canvas *cv)
{
    size_t n = omost_canvas_count(cv);
    named *list = om_arena_array(a, n, sizeof *list);
    if (!list) return NULL;
    for (size_t i = 0; i < n; i++)
        list[i] = (named){omost_canvas_region(cv, i)->description, i};
    qsort(list, n, sizeof *list, by_name);
    return list;
}

/* The regions from list[i] on that have its name. */
static size_t group_at(const named *list, size_t n, size_t i, size_t *out)
{
    size_t k = 0;
    while (i + k < n && om_str_eq(list[i + k].name, list[i].name)) {
        out[k] = list[i + k].index;
        k++;
    }
    return k;
}

/* Round 1. Several of one name on either side: the likest ones pair. */
static bool pair_same_names(pairing *p, om_arena *work)
{
    size_t n = p->d->before.n, m = p->d->after.n, i = 0, j = 0;
    named *x = sort_by_name(work, p->d->before.cv),
          *y = sort_by_name(work, p->d->after.cv);
    if (!x || !y) return false;
    while (i < n && j < m) {
        int c = om_str_cmp(x[i].name, y[j].name);
        if (c != 0) {
            *(c < 0 ? &i : &j) += 1;
            continue;
        }
        p->na = group_at(x, n, i, p->ai);
        p->nb = group_at(y, m, j, p->bi);
        i += p->na;
        j += p->nb;
        if (p->na == 1 && p->nb == 1)
            pair_up(p->d, p->ai[0], p->bi[0]);
        else if (!pair_by(p, likeness, 0))
            return false;
    }
    return true;
}

static size_t unpaired(const om_diff_side *side, size_t *out)
{
    size_t k = 0;
    for (size_t i = 0; i < side->n; i++)
        if (side->partner[i] == OM_DIFF_NONE) out[k++] = i;
    return k;
}

static bool pair_rest(pairing *p, likeness_fn *like, int least)
{
    p->na = unpaired(&p->d->before, p->ai);
    p->nb = unpaired(&p->d->after, p->bi);
    return pair_by(p, like, least);
}

bool om_diff_pair(omost_diff *d)
{
    om_arena work;
    om_arena_init(&work, d->arena.env, 0);
    pairing p = {
        .d = d,
        .a = draw_portraits(&work, d->before.cv),
        .b = draw_portraits(&work, d->after.cv),
        .ai = om_arena_array(&work, d->before.n, sizeof(size_t)),
        .bi = om_arena_array(&work, d->after.n, sizeof(size_t)),
    };
    bool ok = p.a && p.b && p.ai && p.bi && pair_same_names(&p, &work) &&
              pair_rest(&p, likeness, LIKE) && pair_rest(&p, same_spot, 50);
    om_arena_free(&work);
    return ok;
}
