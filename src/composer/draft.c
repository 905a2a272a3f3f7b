/* draft.c - see draft.h.
 *
 * Each token is entered into a hash table of the LEAST tokens that end in it,
 * newest first, so that earlier places that end alike are found in a chain.
 *
 * While the text follows an earlier place, the next guess is what comes next
 * there. Once it parts from it, every token is looked up anew, and a place soon
 * behind the parting is preferred: an edit changes some words, after which the
 * old text goes on. There one token alone is enough to join it again, where
 * elsewhere it takes LEAST. A guess is as long as what agreed before it: what
 * agreed by chance ends soon, and a wrong guess is not free. */
#include "composer/draft.h"

#include "base/error.h"

enum {
    LEAST = 3,           /* tokens that must agree anywhere */
    LONGEST = 32,        /* that are compared: of longer ones the newest */
    CHAIN = 32,          /* places that are looked at */
    NEAR = 48,           /* tokens behind the parting that count as near it */
    NEARBY_IS_WORTH = 6, /* in tokens that agree */
    TRUSTED = 6, /* agreement at the parting that makes it worth to look near */
    BLIND = 2,   /* tokens guessed where nothing agrees yet */
    HASH_BITS = 15,
    N_HEADS = 1 << HASH_BITS,
    MOST = 1 << 17 /* tokens remembered; then the older half is forgotten */
};

/* Where the text stands beside its past. */
typedef struct place {
    size_t next;  /* the earlier token that should come again now; NONE */
    size_t agree; /* how many before it have agreed, LONGEST at most */
    size_t away;  /* tokens since the text parted from there; 0: it follows */
} place;

enum { NONE = 0 }; /* token 0 follows no other */

struct om_draft {
    const omost_env *env;
    int32_t *token;
    int32_t *older; /* [i]: an earlier place with the hash of i, or -1 */
    size_t n, cap;
    place at;
    int32_t head[N_HEADS];
};

/* The tokens and what is not pushed yet, as one row. */
typedef struct row {
    const om_draft *d;
    const int32_t *tail;
} row;

static int32_t token_at(row r, size_t i)
{
    return i < r.d->n ? r.d->token[i] : r.tail[i - r.d->n];
}

/* Of the LEAST tokens that end before `end`. */
static uint32_t hash_before(row r, size_t end)
{
    uint32_t h = 0;
    for (size_t i = end - LEAST; i < end; i++)
        h = (h ^ (uint32_t)token_at(r, i)) * 0x9E3779B1u;
    return h >> (32 - HASH_BITS);
}

/* How many tokens before a and before b agree; a < b. */
static size_t agreement(row r, size_t a, size_t b)
{
    size_t n = 0;
    while (n < a && n < LONGEST &&
           token_at(r, a - 1 - n) == token_at(r, b - 1 - n))
        n++;
    return n;
}

/* ---- where does it go on ----------------------------------------------- */

/* Behind the parting, nearest first. */
static void look_near(row r, size_t end, const place *from, place *best,
                      size_t *score)
{
    const size_t stop = from->next + NEAR < r.d->n ? from->next + NEAR : r.d->n;
    for (size_t i = from->next + 1; i < stop; i++) {
        const size_t agree = agreement(r, i, end);
        if (agree == 0 || agree + NEARBY_IS_WORTH <= *score) continue;
        *best = (place){.next = i, .agree = agree + from->agree / 2};
        if (best->agree > LONGEST) best->agree = LONGEST;
        *score = agree + NEARBY_IS_WORTH;
    }
}

/* Anywhere, newest first. */
static void look_far(row r, size_t end, place *best, size_t *score)
{
    if (end < LEAST) return;
    int32_t i = r.d->head[hash_before(r, end)];
    for (int k = 0; k < CHAIN && i >= 0 && *score < LONGEST; k++) {
        const size_t next = (size_t)i + 1;
        const size_t agree = next < end ? agreement(r, next, end) : 0;
        if (agree >= LEAST && agree > *score) {
            *best = (place){.next = next, .agree = agree};
            *score = agree;
        }
        i = r.d->older[i];
    }
}

/* The token before `end` was said: where does that leave us? */
static void follow(row r, size_t end, place *at)
{
    if (at->next != NONE && at->away == 0 && at->next + 1 < end &&
        token_at(r, at->next) == token_at(r, end - 1)) {
        at->next++;
        at->agree += at->agree < LONGEST;
        return;
    }
    place best = {0};
    size_t score = 0;
    if (at->next != NONE && at->away < NEAR && at->agree >= TRUSTED)
        look_near(r, end, at, &best, &score);
    look_far(r, end, &best, &score);
    if (score > 0)
        *at = best;
    else if (at->next != NONE)
        at->away++;
}

/* ---- the memory of tokens ---------------------------------------------- */

om_draft *om_draft_new(const omost_env *env, omost_error *err)
{
    om_draft *d = om_zalloc(env, sizeof *d);
    if (!d) {
        om_fail_nomem(err);
        return NULL;
    }
    d->env = env;
    memset(d->head, -1, sizeof d->head);
    return d;
}

void om_draft_free(om_draft *d)
{
    if (!d) return;
    om_free(d->env, d->token);
    om_free(d->env, d->older);
    om_free(d->env, d);
}

static bool grow(om_draft *d, size_t n)
{
    size_t cap = d->cap ? d->cap : 1024;
    if (n <= d->cap) return true;
    while (cap < n) cap *= 2;
    int32_t *p = om_realloc(d->env, d->token, cap * sizeof *p);
    if (!p) return false;
    d->token = p;
    p = om_realloc(d->env, d->older, cap * sizeof *p);
    if (!p) return false;
    d->older = p;
    d->cap = cap;
    return true;
}

/* Enter token i, which is in its place, into the table. */
static void enter(om_draft *d, size_t i)
{
    d->older[i] = -1;
    if (i + 1 < LEAST) return;
    int32_t *head = &d->head[hash_before((row){.d = d}, i + 1)];
    d->older[i] = *head;
    *head = (int32_t)i;
}

static void forget_half(om_draft *d)
{
    const size_t gone = d->n - d->n / 2;
    d->n -= gone;
    memmove(d->token, d->token + gone, d->n * sizeof *d->token);
    memset(d->head, -1, sizeof d->head);
    for (size_t i = 0; i < d->n; i++) enter(d, i);
    if (d->at.next > gone)
        d->at.next -= gone;
    else
        d->at = (place){0};
}

omost_status om_draft_push(om_draft *d, const int32_t *tokens, size_t n,
                           omost_error *err)
{
    if (n > MOST) {
        tokens += n - MOST;
        n = MOST;
    }
    if (!grow(d, d->n + n < MOST ? d->n + n : MOST)) return om_fail_nomem(err);
    for (size_t k = 0; k < n; k++) {
        if (d->n == MOST) forget_half(d);
        d->token[d->n++] = tokens[k];
        follow((row){.d = d}, d->n, &d->at);
        enter(d, d->n - 1);
    }
    return OMOST_OK;
}

omost_status om_draft_reset(om_draft *d, const int32_t *tokens, size_t n,
                            omost_error *err)
{
    d->n = 0;
    d->at = (place){0};
    memset(d->head, -1, sizeof d->head);
    return om_draft_push(d, tokens, n, err);
}

size_t om_draft_guess(const om_draft *d, const int32_t *tail, size_t n_tail,
                      int32_t *out, size_t max, size_t *sure)
{
    const row r = {d, tail};
    place at = d->at;
    for (size_t k = 0; k < n_tail; k++) follow(r, d->n + k + 1, &at);
    if (sure) *sure = at.away ? 0 : at.agree;
    if (at.next == NONE) return 0;
    if (at.away) { /* as if one token was exchanged for another */
        if (at.away > 1 || at.agree < TRUSTED) return 0;
        if (max > BLIND) max = BLIND;
    }
    if (max > at.agree) max = at.agree;
    const size_t from = at.next + at.away;
    size_t n = 0;
    for (; n < max && from + n < d->n; n++) out[n] = d->token[from + n];
    return n;
}
