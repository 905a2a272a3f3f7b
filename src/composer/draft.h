/* draft.h - guessing what comes next from what was said before (prompt lookup:
 * Saxena 2023; n-gram speculative decoding).
 *
 * An edited canvas repeats most of the one before it. The drafter knows all
 * tokens of the conversation; it finds the longest earlier place that ends as
 * the text now ends and offers what followed there. After a place where the
 * copy and the guess parted, it looks for where they meet again (the newest
 * match, nearest after the last copied place, wins). A guess costs nothing
 * when right and a share of one pass when wrong: the caller verifies. */
#ifndef OM_COMPOSER_DRAFT_H
#define OM_COMPOSER_DRAFT_H

#include "base/mem.h"

typedef struct om_draft om_draft;

om_draft *om_draft_new(const omost_env *env, omost_error *err);
void om_draft_free(om_draft *d);

/* Start anew with these tokens / the next tokens. NOMEM leaves it usable. */
omost_status om_draft_reset(om_draft *d, const int32_t *tokens, size_t n,
                            omost_error *err);
omost_status om_draft_push(om_draft *d, const int32_t *tokens, size_t n,
                           omost_error *err);

/* Guess at most `max` tokens that follow all pushed ones plus tail[n_tail]
 * (not pushed yet: e.g. forced ones); how many. `sure` (may be NULL) gets how
 * many tokens of the ending matched, which tells how far to trust it. */
size_t om_draft_guess(const om_draft *d, const int32_t *tail, size_t n_tail,
                      int32_t *out, size_t max, size_t *sure);

#endif
