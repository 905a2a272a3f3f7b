/* attend_item.h - the items of a job: what one thread does at a time.
 *
 * Without a map an item is some rows of one head. Their panels stay, and the
 * picture's words go past them in blocks, packed as they come.
 *
 * With a map it is one head of one picture, all groups (or a part of them). The
 * words of the head are packed where they are first needed and stay; the groups
 * go past them, a few panels at a time. Small groups are many and share their
 * words: packing them for each group cost more than the groups. */
#ifndef OM_NN_ATTEND_ITEM_H
#define OM_NN_ATTEND_ITEM_H

#include "nn/attend_kernel.h"

enum {
    OM_ATTEND_ALIGN = 16,  /* floats */
    OM_ATTEND_WORDS = 128, /* of a block: its scores, queries and results of a
                            * panel share the first cache */
    OM_ATTEND_PACK = 32    /* words packed at a time, with a map; in tiles */
};

static inline size_t om_attend_aligned(size_t n)
{
    return (n + OM_ATTEND_ALIGN - 1) / OM_ATTEND_ALIGN * OM_ATTEND_ALIGN;
}

/* What one thread needs, in floats but for `there` and `bytes`. */
typedef struct om_attend_layout {
    int panels; /* at a time, most */
    size_t panel, q, o;
    size_t words; /* that k and v have room for */
    size_t k, v, scores, at, there, bytes;
} om_attend_layout;

typedef struct om_attend_task {
    const om_attend_job *job;
    const om_attend_kernel *kernel;
    om_attend_layout l;
    char *scratch;
    int panels; /* of an item or piece: the layout's or less */
    int parts;  /* with maps: of the groups of a picture, for all threads to
                 * have something to do */
} om_attend_task;

/* Rows of one head that see the same words. */
typedef struct om_attend_item {
    int picture, head;
    const om_attention_group *group; /* NULL: all rows, all words */
    int row, n_rows;
} om_attend_item;

void om_attend_item_run(const om_attend_task *r, const om_attend_item *it,
                        int thread);
/* The groups of `part`, of 0..r->parts - 1. */
void om_attend_groups_run(const om_attend_task *r, int picture, int head,
                          int part, int thread);

static inline int om_attend_ceil(int a, int b)
{
    return (a + b - 1) / b;
}

#endif
