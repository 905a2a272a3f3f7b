/* graph_memory.h - where values live: memory used again when its value is not
 * needed any more.
 *
 * A back end runs steps; node i of the graph is done in step step[i]. A value
 * is alive from the step that makes it (inputs: from before the first) to the
 * last step that reads it. Values alive in the same step do not overlap, with
 * one exception: a value may take over the memory of one that is read for the
 * last time in the step that makes it (`over`), for steps that work in place.
 *
 * Offsets are multiples of 64 bytes. Largest values first, each into the
 * smallest gap that holds it. */
#ifndef OM_NN_GRAPH_MEMORY_H
#define OM_NN_GRAPH_MEMORY_H

#include "nn/graph_internal.h"

/* No memory planned for this value. */
#define OM_NO_OFFSET SIZE_MAX

typedef struct om_memory_opts {
    size_t elem; /* bytes of one number */
    /* [n_nodes] not decreasing among nodes that do work; fused nodes have the
     * step of the one that does their work. NULL: step[i] = i. */
    const int *step;
    /* [n_values] the value in whose memory it lies (itself: its own): both
     * live as long as either. Chains are followed. NULL: themselves. */
    const om_value *alias;
    /* [n_values] not planned: has other memory, or none. NULL: all planned. */
    const bool *outside;
    /* [n_values] the value whose memory it may take over, OM_NO_VALUE for none.
     * Only of equal size, and only when that one dies there. NULL: as
     * om_memory_over() says: the first that fits. */
    const om_value *over;
    /* [n_values] more bytes than shape and elem say, when larger. NULL: none */
    const size_t *bytes;
} om_memory_opts;

typedef struct om_memory {
    size_t *offset; /* [n_values] or OM_NO_OFFSET */
    size_t bytes;   /* of the arena */
} om_memory;

/* offset is allocated from `arena`. Outputs and kept values are planned like
 * any other (alive at least in the step that makes them): a back end copies
 * them out then, or says `outside`. NOMEM. */
omost_status om_memory_plan(om_memory *m, om_arena *arena, const om_graph *g,
                            const om_memory_opts *opts, omost_error *err);

/* The i-th input (i = 0, 1) that value v, made by a UNARY or an ADD, may be
 * written over when it dies; OM_NO_VALUE when there is none. */
om_value om_memory_over(const om_graph *g, om_value v, int i);

#endif
