/* context.h - what cross-attention looks at: keys and values of words, made
 * once per render, and which positions see which words.
 *
 * The words of all conditions lie side by side: word t of slot i is row t of
 * its keys and values. A map divides the positions of a picture into groups
 * that see the same spans of words, so that a kernel does no work for words a
 * position does not see, and needs no mask:
 *
 *   joint     y(p) = softmax over all words of the group's spans of
 *             (q k^T / sqrt(d) * span.scale), times v: one softmax
 *   separate  y(p) = sum over spans of span.weight * (softmax within the span
 *             of q k^T / sqrt(d) * span.scale) v
 *
 * A group with no span gives 0. Every position is in exactly one group. */
#ifndef OM_NN_CONTEXT_H
#define OM_NN_CONTEXT_H

#include "base/error.h"
#include "base/mem.h"

typedef struct om_span {
    int first, n; /* words */
    float scale;  /* multiplies the logits; finite, > 0 */
    float weight; /* separate only */
} om_span;

typedef struct om_attention_group {
    const int32_t *row; /* [n_rows] positions y * w + x, ascending */
    int n_rows;
    const om_span *span;
    int n_spans;
} om_attention_group;

typedef struct om_attention_map {
    int n, h, w; /* for picture n of a batch, where the layer is h x w */
    bool separate;
    const om_attention_group *group;
    int n_groups;
} om_attention_map;

/* Keys and values of one slot, [n_words, width], in the back end's numbers:
 * plain bytes, which may be copied (64-byte aligned) and outlive the program
 * that kept them (om_program_kept). All slots of a context are of as many
 * words. */
typedef struct om_kept {
    const void *k, *v;
    int n_words, width;
    size_t bytes; /* of k; and of v. Filled by the back end with k and v. */
} om_kept;

typedef struct om_context {
    const om_kept *slot;
    int n_slots;
    const om_attention_map *map;
    int n_maps;
} om_context;

/* Every map a partition of its positions, every span within n_words, scales
 * finite: what om_program_set_context() checks first. */
omost_status om_context_check(const om_context *context, int n_words,
                              omost_error *err);

#endif
