/* bpe.c - byte-pair encoding of one word; see bpe.h.
 *
 * Three ways, fastest first: words of up to 16 bytes that come out as one id
 * are looked up whole (most English words); words of up to 64 bytes are merged
 * in arrays on the stack, where looking for the lowest rank again after every
 * merge is cheaper than any structure; longer ones go through a heap, so that
 * a text without spaces does not take quadratic time. */
#include "prompt/bpe.h"

#include "base/error.h"

enum {
    MAX_CHAIN = 256, /* slots looked at; honest tables need about 30 */
    SHORT_WORD = 64
};

static uint64_t mix(uint64_t x)
{
    x ^= x >> 32;
    x *= 0x9e3779b97f4a7c15u;
    x ^= x >> 29;
    return x;
}

static uint32_t merge_slot(uint32_t left, uint32_t right)
{
    return (uint32_t)mix((uint64_t)left << 32 | right);
}

static uint32_t word_slot(const uint64_t key[2])
{
    return (uint32_t)mix(key[0] ^ mix(key[1] + 0x632be59bd9b4e019u));
}

bool om_bpe_add_merge(om_bpe *b, om_merge m)
{
    uint32_t at = merge_slot(m.left, m.right);
    for (uint32_t i = 0; i < MAX_CHAIN; i++) {
        om_merge *slot = &b->merges[(at + i) & b->merge_mask];
        if (slot->left != OM_ID_NONE) continue;
        *slot = m;
        return true;
    }
    return false;
}

/* The merge of two neighbours, or NULL. */
static const om_merge *find_merge(const om_bpe *b, uint32_t left,
                                  uint32_t right)
{
    uint32_t at = merge_slot(left, right);
    for (uint32_t i = 0; i < MAX_CHAIN; i++) {
        const om_merge *slot = &b->merges[(at + i) & b->merge_mask];
        if (slot->left == left && slot->right == right) return slot;
        if (slot->left == OM_ID_NONE) return NULL;
    }
    return NULL;
}

void om_bpe_key(const char *word, size_t n, uint64_t key[2])
{
    key[0] = key[1] = 0;
    memcpy(key, word, n);
}

bool om_bpe_add_word(om_bpe *b, om_whole_word w)
{
    uint32_t at = word_slot(w.key);
    for (uint32_t i = 0; i < MAX_CHAIN; i++) {
        om_whole_word *slot = &b->words[(at + i) & b->word_mask];
        if (slot->key[0] || slot->key[1]) continue;
        *slot = w;
        return true;
    }
    return false;
}

static uint32_t find_word(const om_bpe *b, const char *word, size_t n)
{
    uint64_t key[2];
    om_bpe_key(word, n, key);
    uint32_t at = word_slot(key);
    for (uint32_t i = 0; i < MAX_CHAIN; i++) {
        const om_whole_word *slot = &b->words[(at + i) & b->word_mask];
        if (slot->key[0] == key[0] && slot->key[1] == key[1]) return slot->id;
        if (!slot->key[0] && !slot->key[1]) break;
    }
    return OM_ID_NONE;
}

/* ---- short words ------------------------------------------------------- */

typedef struct pair {
    uint32_t rank, into;
} pair;

static pair pair_of(const om_bpe *b, uint32_t left, uint32_t right)
{
    const om_merge *m = find_merge(b, left, right);
    return m ? (pair){m->rank, m->into} : (pair){OM_ID_NONE, OM_ID_NONE};
}

/* The leftmost of the lowest; n - 1 when none can be merged. */
static size_t lowest_pair(const pair *pairs, size_t n)
{
    size_t best = n - 1;
    uint32_t rank = OM_ID_NONE;
    for (size_t i = 0; i + 1 < n; i++) {
        if (pairs[i].rank >= rank) continue;
        rank = pairs[i].rank;
        best = i;
    }
    return best;
}

/* Merge ids[0..n) in place; how many are left. */
static size_t merge_short(const om_bpe *b, uint32_t *ids, size_t n)
{
    pair pairs[SHORT_WORD];
    for (size_t i = 0; i + 1 < n; i++)
        pairs[i] = pair_of(b, ids[i], ids[i + 1]);
    for (size_t at; (at = lowest_pair(pairs, n)) + 1 < n; n--) {
        ids[at] = pairs[at].into;
        for (size_t i = at + 1; i + 1 < n; i++) ids[i] = ids[i + 1];
        for (size_t i = at + 1; i + 2 < n; i++) pairs[i] = pairs[i + 1];
        if (at > 0) pairs[at - 1] = pair_of(b, ids[at - 1], ids[at]);
        if (at + 2 < n) pairs[at] = pair_of(b, ids[at], ids[at + 1]);
    }
    return n;
}

/* ---- long words -------------------------------------------------------- */

/* A list of ids over an array, and a heap of what can be merged, lowest rank
 * first and leftmost among equals: rank << 32 | place. Entries go stale when a
 * neighbour was merged away; a pair has one rank, so a look at the pair tells.
 * Merging one occurrence at a time gives what CLIPTokenizer's sweeps over all
 * occurrences give, because a merge only makes pairs of higher rank. */
typedef struct long_word {
    const om_bpe *b;
    uint32_t *ids, *next, *prev; /* a place that was merged away: OM_ID_NONE */
    uint64_t *heap;
    size_t n, n_heap;
} long_word;

static void heap_push(long_word *w, uint64_t x)
{
    size_t i = w->n_heap++;
    for (; i > 0 && w->heap[(i - 1) / 2] > x; i = (i - 1) / 2)
        w->heap[i] = w->heap[(i - 1) / 2];
    w->heap[i] = x;
}

static uint64_t heap_pop(long_word *w)
{
    uint64_t top = w->heap[0], x = w->heap[--w->n_heap];
    size_t i = 0;
    for (size_t c; (c = 2 * i + 1) < w->n_heap; i = c) {
        if (c + 1 < w->n_heap && w->heap[c + 1] < w->heap[c]) c++;
        if (x <= w->heap[c]) break;
        w->heap[i] = w->heap[c];
    }
    w->heap[i] = x;
    return top;
}

static const om_merge *merge_at(const long_word *w, uint32_t at)
{
    uint32_t right = w->next[at];
    if (w->ids[at] == OM_ID_NONE || right >= w->n) return NULL;
    return find_merge(w->b, w->ids[at], w->ids[right]);
}

static void push_pair(long_word *w, uint32_t at)
{
    const om_merge *m = merge_at(w, at);
    if (m) heap_push(w, (uint64_t)m->rank << 32 | at);
}

static void merge_long(long_word *w)
{
    for (uint32_t i = 0; i < w->n; i++) push_pair(w, i);
    while (w->n_heap > 0) {
        uint64_t top = heap_pop(w);
        uint32_t at = (uint32_t)top, right = w->next[at];
        const om_merge *m = merge_at(w, at);
        if (!m || m->rank != (uint32_t)(top >> 32)) continue;
        w->ids[at] = m->into;
        w->ids[right] = OM_ID_NONE;
        w->next[at] = w->next[right];
        if (w->next[at] < w->n) w->prev[w->next[at]] = at;
        push_pair(w, at);
        if (at > 0) push_pair(w, w->prev[at]);
    }
}

static void spell(const om_bpe *b, const char *word, size_t n, uint32_t *ids)
{
    const unsigned char *p = (const unsigned char *)word;
    for (size_t i = 0; i + 1 < n; i++) ids[i] = b->unit[p[i]];
    ids[n - 1] = b->unit_end[p[n - 1]];
}

static omost_status encode_long(const om_bpe *b, const char *word, size_t n,
                                om_ids *out, omost_error *err)
{
    size_t bytes;
    if (n >= UINT32_MAX / 2 ||
        !om_mul_size(n, 2 * sizeof(uint64_t) + 3 * sizeof(uint32_t), &bytes))
        return om_fail(err, OMOST_LIMIT, "a word of %zu bytes is too long", n);
    /* Every merge takes one entry off and puts at most two on: 2 n are enough. */
    uint64_t *heap = om_alloc(b->env, bytes);
    if (!heap) return om_fail_nomem(err);
    uint32_t *ids = (uint32_t *)(heap + 2 * n);
    long_word w = {.b = b,
                   .ids = ids,
                   .next = ids + n,
                   .prev = ids + 2 * n,
                   .heap = heap,
                   .n = n};
    spell(b, word, n, w.ids);
    for (uint32_t i = 0; i < n; i++) {
        w.next[i] = i + 1;
        w.prev[i] = i - 1;
    }
    merge_long(&w);
    for (uint32_t i = 0; i < n; i = w.next[i]) om_ids_put(out, w.ids[i]);
    om_free(b->env, heap);
    return OMOST_OK;
}

/* ---- any word ---------------------------------------------------------- */

omost_status om_bpe_word(const om_bpe *b, const char *word, size_t n,
                         om_ids *out, omost_error *err)
{
    if (n <= OM_BPE_WORD_KEY && b->words) {
        uint32_t id = find_word(b, word, n);
        if (id != OM_ID_NONE) {
            om_ids_put(out, id);
            return OMOST_OK;
        }
    }
    if (n > SHORT_WORD) return encode_long(b, word, n, out, err);
    uint32_t ids[SHORT_WORD];
    spell(b, word, n, ids);
    n = merge_short(b, ids, n);
    for (size_t i = 0; i < n; i++) om_ids_put(out, ids[i]);
    return OMOST_OK;
}

/* ---- comparing --------------------------------------------------------- */

bool om_bpe_equal(const om_bpe *a, const om_bpe *b)
{
    if (a->n_vocab != b->n_vocab || a->n_merges != b->n_merges ||
        a->bos != b->bos || a->eos != b->eos ||
        memcmp(a->unit, b->unit, sizeof a->unit) != 0 ||
        memcmp(a->unit_end, b->unit_end, sizeof a->unit_end) != 0)
        return false;
    for (uint32_t i = 0; i <= a->merge_mask; i++) {
        const om_merge *m = &a->merges[i];
        if (m->left == OM_ID_NONE) continue;
        const om_merge *o = find_merge(b, m->left, m->right);
        if (!o || o->rank != m->rank || o->into != m->into) return false;
    }
    return true;
}

void om_bpe_free(om_bpe *b)
{
    om_free(b->env, b->merges);
    om_free(b->env, b->words);
    *b = (om_bpe){.env = b->env};
}
