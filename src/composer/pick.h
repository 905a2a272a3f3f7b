/* pick.h - choosing the next token from logits, the same way every time.
 *
 *     p = softmax(logits of the allowed tokens / temperature); the smallest set
 *     of most probable tokens whose sum reaches top_p (nucleus sampling,
 *     Holtzman et al. 2019; at least one); one of them by inverse CDF at u,
 *     in the order of probability, ties by the smaller id.
 *
 * temperature 0: the largest logit, ties by the smaller id. `u` comes from the
 * seed and the token's place in the reply alone (om_pick_uniform), never from
 * how many tokens were tried before: so drafts do not change what is picked.
 *
 * Weights are e^((logit - best allowed logit) / temperature), to multiples of
 * 2^-33; what is less than half of that is never picked. They come from a
 * polynomial of our own and their sums are exact, so that no order of summing
 * and no C library makes a difference. */
#ifndef OM_COMPOSER_PICK_H
#define OM_COMPOSER_PICK_H

#include "base/error.h"
#include "base/mem.h"

/* In [0, 1), with 53 bits. */
double om_pick_uniform(uint64_t seed, uint64_t place);

/* Is this token allowed here? */
typedef bool om_pick_allow_fn(void *user, int32_t token);
/* The bytes of a token. */
typedef om_str om_pick_piece_fn(void *user, int32_t token);

typedef struct om_pick {
    const omost_env *env;
    int32_t n_vocab;
    /* All below: scratch, about 40 bytes a token, but `first`. */
    float *weight; /* [n_vocab] */
    float *block;  /* best logits: of what is left of 64, of all 64 */
    struct om_pick_cell *cell; /* [2 * n_vocab] sorted, and to sort with */
    double *sum;               /* [n_vocab] of the allowed ones, in order */
    int32_t *id;               /* [n_vocab] which these are */
    uint16_t *first; /* [n_vocab] first byte, 256: no bytes; NULL: unknown */
} om_pick;

enum {
    OM_PICK_MOST = 1 << 20 /* tokens of a vocabulary */
};

/* LIMIT: more tokens than OM_PICK_MOST, or none. */
omost_status om_pick_init(om_pick *p, const omost_env *env, int32_t n_vocab,
                          omost_error *err);
/* Learn the first bytes of all tokens, once, for the `next` of om_pick_token().
 */
omost_status om_pick_index(om_pick *p, om_pick_piece_fn *piece, void *user,
                           omost_error *err);
void om_pick_free(om_pick *p);

/* The token, or -1 when none is allowed (or all logits are NaN or -inf).
 * `allow` may be NULL. It is asked as seldom as possible: it may cost much.
 *
 * `next` (may be NULL) makes it cheaper where few are allowed: next[4] has the
 * bits of the first bytes that are (om_form_next()). Tokens that begin with
 * another are taken as not allowed without asking; those of no bytes are asked
 * about. It counts only with an index. */
int32_t om_pick_token(om_pick *p, const float *logits, float temperature,
                      float top_p, double u, const uint64_t *next,
                      om_pick_allow_fn *allow, void *user);

#endif
