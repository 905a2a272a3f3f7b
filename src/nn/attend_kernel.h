/* attend_kernel.h - the inner loops of attention, one set of them for each
 * kind of instructions.
 *
 * Rows (positions) lie along the lanes of vectors: a panel is a few rows whose
 * queries, results and scores are stored transposed. Every operation of the
 * softmax is then one on whole vectors, and what a row sees of other rows is
 * nothing: its result is the same in any panel. A block is a few words whose
 * keys and values are copied into the order in which the loops read them.
 * Panel, scores and a stretch of the block stay in the first level of cache,
 * all panels of an item and the block in the second. */
#ifndef OM_NN_ATTEND_KERNEL_H
#define OM_NN_ATTEND_KERNEL_H

#include "nn/attend.h"

enum { OM_ATTEND_LANES = 32 }; /* most rows of a panel */

typedef struct om_attend_panel {
    float *q;   /* [width][lanes], times 1 / sqrt(width); 64-byte aligned */
    float *o;   /* [width in tiles][lanes]: sum of e^(score - top) v so far */
    float *mix; /* like o: what fold() has put by */
    float *top; /* [lanes] largest score so far; begins as -inf */
    float *sum; /* [lanes] sum of e^(score - top) so far */
    int lanes;  /* a multiple of the kernel's */
    int first_row;
} om_attend_panel;

/* Tiles: groups of `tile` neighbouring words (k) or channels (v). What fills
 * the last tile up is finite. */
typedef struct om_attend_block {
    const float *k; /* [before + words in tiles][width][tile] */
    const float *v; /* [width in tiles][v_words][tile] */
    size_t v_words; /* of which `words` are the block's */
    int before;     /* words of k's first tile that are not the block's */
    int words, width;
    float scale; /* of the scores */
    bool causal; /* then row i sees words 0..i and .. */
    int first;   /* .. this is the block's first */
} om_attend_block;

typedef struct om_attend_kernel {
    om_attend_isa isa;
    int tile, lanes, max_lanes; /* of a vector; of a panel */
    /* Take a block's words into a panel; scores is
     * [before + words in tiles][lanes]. */
    void (*absorb)(const om_attend_panel *panel, const om_attend_block *block,
                   float *scores);
    /* mix = o * weight / sum, or += that, and o, top and sum begin anew. */
    void (*fold)(const om_attend_panel *panel, int width, float weight,
                 bool add);
} om_attend_kernel;

extern const om_attend_kernel om_attend_plain, om_attend_avx2, om_attend_avx512;

/* ---- copies into those orders, attend_pack.c --------------------------- */

/* Rows of `width` elements: the i-th begins at element at[i] of an array. */
typedef struct om_attend_rows {
    om_attend_type type;
    int width;
    const size_t *at;
    int n;
} om_attend_rows;

/* dst[width][lanes]: lane i is row i times scale; lanes beyond n are zero. */
void om_attend_pack_queries(float *dst, int lanes, const void *src,
                            const om_attend_rows *rows, float scale);
/* dst[words in tiles][width][tile] */
void om_attend_pack_keys(float *dst, int tile, const void *src,
                         const om_attend_rows *rows);
/* dst[width in tiles][words][tile], the first rows->n words of each */
void om_attend_pack_values(float *dst, int tile, size_t words, const void *src,
                           const om_attend_rows *rows);
/* row i = lane i of src[width in fours][lanes] times scale[i], i < n;
 * scale[lanes] */
void om_attend_unpack(void *dst, const om_attend_rows *rows, const float *src,
                      int lanes, const float *scale);

static inline int om_attend_in_tiles(int n, int tile)
{
    return (n + tile - 1) / tile * tile;
}

#endif
