/* pick.c - see pick.h.
 *
 * Tokens are walked from the best logit down, and only as far as needed: the
 * best of each block of 64 is known after one pass, so the next best costs a
 * look at these and into one block. After SOME of them a walk is likely to be
 * long; what is left is then sorted once, by radix.
 *
 * With a mask the sum of the allowed weights is known only when all tokens were
 * asked about. Until then it lies between the sum of those found allowed and
 * that plus all not yet asked; so does the sum of the nucleus, and u times it.
 * When both ends fall into the same token, that is the one. */
#include "composer/pick.h"

#include <float.h>
#include <math.h>

#include "composer/pick_weight.h"

enum { BLOCK = OM_PICK_BLOCK, SOME = 128, NO_BYTES = 256 };

struct om_pick_cell {
    uint32_t key; /* smaller: a better logit */
    int32_t id;
};
typedef struct om_pick_cell cell;

/* ---- the source of chance ---------------------------------------------- */

/* The finaliser of splitmix64 (Steele, Lea, Flood 2014). */
static uint64_t mix(uint64_t z)
{
    z = (z ^ z >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ z >> 27) * UINT64_C(0x94D049BB133111EB);
    return z ^ z >> 31;
}

double om_pick_uniform(uint64_t seed, uint64_t place)
{
    const uint64_t golden = UINT64_C(0x9E3779B97F4A7C15);
    const uint64_t z = mix(mix(seed + golden) + (place + 1) * golden);
    return (double)(z >> 11) * 0x1p-53;
}

/* ---- memory ------------------------------------------------------------ */

static size_t n_blocks(const om_pick *p)
{
    return ((size_t)p->n_vocab + BLOCK - 1) / BLOCK;
}

omost_status om_pick_init(om_pick *p, const omost_env *env, int32_t n_vocab,
                          omost_error *err)
{
    *p = (om_pick){.env = env, .n_vocab = n_vocab};
    if (n_vocab < 1 || n_vocab > OM_PICK_MOST)
        return om_fail(err, OMOST_LIMIT,
                       "a vocabulary of %d tokens; there must be 1 to %d",
                       n_vocab, OM_PICK_MOST);
    const size_t n = (size_t)n_vocab;
    p->weight = om_alloc(env, n * sizeof *p->weight);
    p->block = om_alloc(env, 2 * n_blocks(p) * sizeof *p->block);
    p->cell = om_alloc(env, 2 * n * sizeof *p->cell);
    p->sum = om_alloc(env, n * sizeof *p->sum);
    p->id = om_alloc(env, n * sizeof *p->id);
    if (p->weight && p->block && p->cell && p->sum && p->id) return OMOST_OK;
    om_pick_free(p);
    return om_fail_nomem(err);
}

omost_status om_pick_index(om_pick *p, om_pick_piece_fn *piece, void *user,
                           omost_error *err)
{
    if (!p->first)
        p->first = om_alloc(p->env, (size_t)p->n_vocab * sizeof *p->first);
    if (!p->first) return om_fail_nomem(err);
    for (int32_t i = 0; i < p->n_vocab; i++) {
        const om_str s = piece(user, i);
        p->first[i] = s.n ? (unsigned char)s.p[0] : NO_BYTES;
    }
    return OMOST_OK;
}

void om_pick_free(om_pick *p)
{
    om_free(p->env, p->weight);
    om_free(p->env, p->block);
    om_free(p->env, p->cell);
    om_free(p->env, p->sum);
    om_free(p->env, p->id);
    om_free(p->env, p->first);
    *p = (om_pick){.env = p->env};
}

/* ---- tokens from the best down ----------------------------------------- */

typedef struct walk {
    om_pick *p;
    const float *logits;
    om_pick_allow_fn *allow;
    void *user;
    bool filtered;
    bool may_begin[NO_BYTES + 1]; /* by first byte, when filtered */

    float level; /* of the last one given; before: above all */
    int32_t id;
    int n_given;
    bool weighed; /* p->weight is set */
    bool sorted;  /* the rest are p->cell[at .. n) */
    double rest;  /* the weight of those not given yet, when weighed */
    size_t at, n;
} walk;

/* Infinite logits are the largest number. NaN stays, and is smaller and larger
 * than nothing. */
static float level_of(float logit)
{
    return logit > FLT_MAX ? FLT_MAX : logit;
}

/* Does it come after the last one given? */
static bool is_left(const walk *w, int32_t id)
{
    const float level = level_of(w->logits[id]);
    return level < w->level || (level == w->level && id > w->id);
}

static bool passes_filter(const walk *w, int32_t id)
{
    return !w->filtered || w->may_begin[w->p->first[id]];
}

static bool is_allowed(const walk *w, int32_t id)
{
    return passes_filter(w, id) && (!w->allow || w->allow(w->user, id));
}

static void begin_walk(walk *w, const uint64_t *next)
{
    om_pick *p = w->p;
    const size_t n = (size_t)p->n_vocab;
    for (size_t b = 0; b < n_blocks(p); b++) {
        const size_t end = (b + 1) * BLOCK < n ? (b + 1) * BLOCK : n;
        p->block[b] = om_pick_best(w->logits + b * BLOCK, end - b * BLOCK);
    }
    memcpy(p->block + n_blocks(p), p->block, n_blocks(p) * sizeof *p->block);
    w->level = INFINITY;
    w->id = -1;
    w->filtered = next && p->first;
    if (!w->filtered) return;
    for (int c = 0; c < 256; c++)
        w->may_begin[c] = next[c / 64] >> (c % 64) & 1;
    w->may_begin[NO_BYTES] = true;
}

/* The first in the block that is as good as the best of it; the block's best
 * is then that of those left. */
static void give_from_block(walk *w, size_t b)
{
    om_pick *p = w->p;
    const int32_t from = (int32_t)(b * BLOCK);
    const int32_t to = from + BLOCK < p->n_vocab ? from + BLOCK : p->n_vocab;
    const float best = p->block[b];
    int32_t id = from;
    while (level_of(w->logits[id]) != best || !is_left(w, id)) id++;
    w->level = best;
    w->id = id;
    p->block[b] = -INFINITY;
    for (id = from; id < to; id++)
        if (is_left(w, id) && level_of(w->logits[id]) > p->block[b])
            p->block[b] = level_of(w->logits[id]);
}

static uint32_t key_of(float level)
{
    const float f = level + 0.0F; /* -0 is 0 */
    uint32_t u;
    memcpy(&u, &f, sizeof u);
    return u >> 31 ? u : ~u & 0x7FFFFFFFu;
}

/* Stable, by key: least digits first. */
static void sort_cells(cell *a, cell *tmp, size_t n)
{
    enum { BITS = 11, N = 1 << BITS, DIGITS = 3 };
    uint32_t count[DIGITS][N] = {{0}};
    cell *const out = a;
    for (size_t i = 0; i < n; i++)
        for (int d = 0; d < DIGITS; d++)
            count[d][a[i].key >> d * BITS & (N - 1)]++;
    for (int d = 0; d < DIGITS && n; d++) {
        uint32_t sum = 0, *c = count[d];
        if (c[a[0].key >> d * BITS & (N - 1)] == n) continue;
        for (int k = 0; k < N; k++) {
            const uint32_t here = c[k];
            c[k] = sum;
            sum += here;
        }
        for (size_t i = 0; i < n; i++)
            tmp[c[a[i].key >> d * BITS & (N - 1)]++] = a[i];
        cell *swap = a;
        a = tmp;
        tmp = swap;
    }
    if (a != out) memcpy(out, a, n * sizeof *a);
}

/* All that may still be given, in order. Without branches: what passes the
 * filter is as good as random. */
static void sort_rest(walk *w)
{
    om_pick *p = w->p;
    const float least = w->weighed ? 0 : -1;
    size_t n = 0;
    w->rest = 0;
    for (int32_t id = 0; id < p->n_vocab; id++) {
        const float level = level_of(w->logits[id]);
        const float weight = w->weighed ? p->weight[id] : 0;
        const bool left =
            (level < w->level) | ((level == w->level) & (id > w->id));
        const bool keep = left & (level > -INFINITY) & (weight > least) &
                          passes_filter(w, id);
        p->cell[n] = (cell){key_of(level), id};
        n += keep;
        w->rest += keep ? (double)weight : 0;
    }
    w->sorted = true;
    w->at = 0;
    w->n = n;
    sort_cells(p->cell, p->cell + p->n_vocab, n);
}

/* The next best token, or -1. */
static int32_t next_token(walk *w)
{
    const om_pick *p = w->p;
    if (!w->sorted && w->n_given == SOME) sort_rest(w);
    if (w->sorted) {
        if (w->at == w->n) return -1;
        w->id = p->cell[w->at++].id;
        w->level = level_of(w->logits[w->id]);
        if (w->weighed) w->rest -= (double)p->weight[w->id];
        return w->id;
    }
    size_t b = 0;
    const float best = om_pick_best(p->block, n_blocks(p));
    if (!(best > -INFINITY)) return -1;
    while (p->block[b] != best) b++;
    give_from_block(w, b);
    if (w->weighed) w->rest -= (double)p->weight[w->id];
    w->n_given++;
    return w->id;
}

/* ---- the nucleus ------------------------------------------------------- */

typedef struct nucleus {
    const double *sum; /* of the first i + 1 allowed tokens */
    size_t n;
    double found; /* sum[n - 1] */
    double rest;  /* of those not asked about */
    double last;  /* the weight of the last one */
    double top_p, u;
    bool all_allowed;
} nucleus;

/* The first whose sum is at least (or, `above`, more than) x; n: none. */
static size_t first_with(const nucleus *k, double x, bool above)
{
    size_t lo = 0, hi = k->n;
    while (lo < hi) {
        const size_t mid = lo + (hi - lo) / 2;
        if (above ? k->sum[mid] > x : k->sum[mid] >= x)
            hi = mid;
        else
            lo = mid + 1;
    }
    return lo;
}

/* Which of the found ones it is, whatever the rest may be; -1: not sure yet. */
static ptrdiff_t settled(const nucleus *k)
{
    const double most = k->found + k->rest;
    const double least = k->all_allowed ? most : k->found;
    const double reach_lo = k->top_p * least, reach_hi = k->top_p * most;
    double lo = reach_lo, hi = reach_hi + k->last * 1.0001;
    if (hi > most) hi = most;
    if (k->found >= reach_hi) hi = k->sum[first_with(k, reach_hi, false)];
    if (!(k->found > k->u * hi)) return k->rest > 0 ? -1 : (ptrdiff_t)k->n - 1;
    if (k->found >= reach_lo) lo = k->sum[first_with(k, reach_lo, false)];
    const size_t i = first_with(k, k->u * lo, true);
    return i == first_with(k, k->u * hi, true) ? (ptrdiff_t)i : -1;
}

/* `best` is the best allowed token, the last that the walk gave; those before
 * it were turned down, and `equal` of them are as good. */
static int32_t pick_from(walk *w, int32_t best, int equal, float temperature,
                         nucleus *k)
{
    om_pick *p = w->p;
    k->sum = p->sum;
    k->all_allowed = !w->allow && !w->filtered;
    w->rest = om_pick_weigh(p->weight, w->logits, (size_t)p->n_vocab,
                            p->block + n_blocks(p), w->level, temperature);
    w->rest -= equal + 1;
    w->weighed = true;
    if (w->sorted) {
        w->rest = 0;
        for (size_t i = w->at; i < w->n; i++)
            w->rest += (double)p->weight[p->cell[i].id];
    }
    for (int32_t id = best; id >= 0 && p->weight[id] > 0; id = next_token(w)) {
        k->last = (double)p->weight[id];
        if (id == best || is_allowed(w, id)) {
            k->found += k->last;
            p->id[k->n] = id;
            p->sum[k->n++] = k->found;
        }
        k->rest = w->rest;
        const ptrdiff_t i = settled(k);
        if (i >= 0) return p->id[i];
    }
    k->rest = 0;
    return p->id[settled(k)];
}

int32_t om_pick_token(om_pick *p, const float *logits, float temperature,
                      float top_p, double u, const uint64_t *next,
                      om_pick_allow_fn *allow, void *user)
{
    walk w = {.p = p, .logits = logits, .allow = allow, .user = user};
    nucleus k = {.top_p = top_p < 1 ? (double)top_p : 1, .u = u};
    if (!(k.top_p > 0)) k.top_p = 0;
    begin_walk(&w, next);
    float level = INFINITY;
    int equal = 0;
    for (int32_t id = next_token(&w); id >= 0; id = next_token(&w)) {
        if (w.level < level) equal = 0;
        level = w.level;
        if (is_allowed(&w, id)) {
            if (!(temperature > FLT_MIN)) return id;
            return pick_from(&w, id, equal, temperature, &k);
        }
        equal++;
    }
    return -1;
}
