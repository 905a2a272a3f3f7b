/* bpe.h - the vocabulary of CLIP and its byte-pair merges.
 *
 * Words go in as bytes, ids come out. A word starts as one id a byte (another
 * id for the byte that ends it); then, as long as any two neighbours have a
 * merge, the pair with the lowest rank becomes one. Three facts that loading
 * makes sure of keep this simple: every merge has a result of its own, its
 * parts exist before it, and the table holds no long chains (a made-up file
 * could otherwise aim at our hash function). */
#ifndef OM_PROMPT_BPE_H
#define OM_PROMPT_BPE_H

#include "base/mem.h"

enum {
    OM_BPE_MAX_VOCAB = 1 << 17,         /* pieces */
    OM_BPE_MAX_FILE = 16 * 1024 * 1024, /* bytes of vocab.json, of merges.txt */
    OM_BPE_MAX_MERGES = 49152 - 256 - 2, /* lines that CLIPTokenizer looks at */
    OM_BPE_WORD_KEY = 16 /* longest word of the table of words */
};

typedef struct om_merge {
    uint32_t left, right; /* left == OM_ID_NONE: a free slot */
    uint32_t rank, into;
} om_merge;

/* A word that the merges turn into a single id. */
typedef struct om_whole_word {
    uint64_t key[2]; /* its bytes, zeros behind them; 0,0: a free slot */
    uint32_t id;
} om_whole_word;

#define OM_ID_NONE UINT32_MAX

typedef struct om_bpe {
    const omost_env *env;
    uint32_t n_vocab;
    uint32_t n_merges;
    uint32_t bos, eos;
    uint32_t bang;                     /* the id of "!" */
    uint32_t unit[256], unit_end[256]; /* a byte within a word, at its end */
    om_merge *merges;
    uint32_t merge_mask; /* slots - 1 */
    om_whole_word *words;
    uint32_t word_mask;
} om_bpe;

/* Where ids go: the first `cap` are kept, all are counted. */
typedef struct om_ids {
    uint32_t *p;
    size_t cap, n;
} om_ids;

static inline void om_ids_put(om_ids *out, uint32_t id)
{
    if (out->n < out->cap) out->p[out->n] = id;
    out->n++;
}

/* The texts of vocab.json and merges.txt; the names are for errors. An empty
 * vocab.json (p == NULL) stands for the one that follows from the merges. */
omost_status om_bpe_load(om_bpe *b, const omost_env *env, om_str vocab,
                         const char *vocab_name, om_str merges,
                         const char *merges_name, omost_error *err);
void om_bpe_free(om_bpe *b);

/* The same words with the same ids and merges. */
bool om_bpe_equal(const om_bpe *a, const om_bpe *b);

/* The ids of one word of n >= 1 bytes, no NUL among them. */
omost_status om_bpe_word(const om_bpe *b, const char *word, size_t n,
                         om_ids *out, omost_error *err);

/* ---- for bpe_load.c --------------------------------------------------- */

void om_bpe_key(const char *word, size_t n, uint64_t key[2]);
/* Put it in; false when its chain is too long. */
bool om_bpe_add_merge(om_bpe *b, om_merge m);
bool om_bpe_add_word(om_bpe *b, om_whole_word w);

#endif
