/* attend.h - attention in one pass: scores, softmax and weighted sum, block by
 * block, so that the table of all scores never exists.
 *
 * Knows no graph and no library; a back end calls it for om_attention and
 * om_cross_attention (nn/graph.h says what they mean, nn/context.h what a map
 * is).
 *
 *     om_attend_job job = {.type = OM_ATTEND_F32, .n = 2, .rows = 4096,
 *                          .words = 4096, .heads = 10, .width = 64,
 *                          .q = q, .k = k, .v = v, .y = y, .q_stride = 640,
 *                          .k_stride = 640, .v_stride = 640, .y_stride = 640};
 *     scratch = ... om_attend_scratch_size(&job, parallel.n_threads) ...
 *     om_attend_run(&job, scratch, &parallel);
 *
 * The result does not depend on the number of threads, and a row's result not
 * on the rows beside it. Elements are f32 or bf16, everything between is f32.
 *
 * Source of the method (softmax in one pass, with a running maximum): Milakov
 * and Gimelshein 2018; in blocks: Dao et al. 2022. */
#ifndef OM_NN_ATTEND_H
#define OM_NN_ATTEND_H

#include "nn/context.h"

/* Elements of q, k, v and y. */
typedef enum om_attend_type { OM_ATTEND_F32, OM_ATTEND_BF16 } om_attend_type;

/* Which instructions; id, name, what it needs. AUTO is the best there is. */
#define OM_ATTEND_ISA_LIST(X)       \
    X(AUTO, "auto", "nothing")      \
    X(PLAIN, "plain", "nothing")    \
    X(AVX2, "avx2", "AVX2 and FMA") \
    X(AVX512, "avx512", "AVX-512 F")
typedef enum om_attend_isa {
#define X(id, name, needs) OM_ATTEND_##id,
    OM_ATTEND_ISA_LIST(X)
#undef X
        OM_N_ATTEND_ISAS
} om_attend_isa;
const char *om_attend_isa_name(om_attend_isa isa);
/* Whether it is compiled in and this processor can run it. */
bool om_attend_isa_works(om_attend_isa isa);

typedef struct om_attend_job {
    om_attend_type type;
    int n;            /* pictures */
    int rows;         /* positions of a picture; picture p: rows p * rows .. */
    int words;        /* rows of k and v: of each picture, with maps of all */
    int heads, width; /* channels are heads * width, head by head */
    /* [n * rows, heads * width], rows q_stride or y_stride elements apart */
    const void *q;
    void *y; /* may be q itself (and of the same stride) */
    size_t q_stride, y_stride;
    /* without maps [n * words, heads * width]; with maps [words, ..] for all
     * pictures */
    const void *k, *v;
    size_t k_stride, v_stride;
    bool causal; /* row i sees words 0..i; no maps then */
    /* [n] which rows see which words; NULL: every row every word of its
     * picture. map[p]->h * w is rows; map[p]->n is not looked at. */
    const om_attention_map *const *map;
    om_attend_isa isa; /* AUTO but in tests; one that does not work: PLAIN */
} om_attend_job;

/* How a caller lends its threads: run() calls body(arg, i, thread) once for
 * each i of 0..n_items-1, in any order, from up to n_threads threads at once;
 * `thread` is below n_threads and no two calls that overlap have the same. It
 * returns when all are done. Items differ in length. */
typedef struct om_parallel {
    void (*run)(void *user, int n_items,
                void (*body)(void *arg, int item, int thread), void *arg);
    void *user;
    int n_threads;
} om_parallel;

/* Bytes that om_attend_run() needs for jobs of this type, width, rows and words
 * or less, with maps if this one has some (it does not matter which); they need
 * no alignment. 0 when the product does not fit in a size_t. */
size_t om_attend_scratch_size(const om_attend_job *job, int n_threads);

/* `parallel` NULL: this thread alone. Allocates nothing and cannot fail: that
 * the maps fit is for om_context_check() to say. */
void om_attend_run(const om_attend_job *job, void *scratch,
                   const om_parallel *parallel);

#endif
