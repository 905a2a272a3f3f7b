/* tiny_vocab.h - a vocabulary learnt from a text by byte-pair merging, in the
 * two forms GGUF knows. Internal to tiny_gguf. */
#ifndef OM_TESTS_TINY_VOCAB_H
#define OM_TESTS_TINY_VOCAB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct {
    size_t n;
    char **text;   /* [n] as GGUF stores them */
    float *score;  /* [n] */
    int32_t *type; /* [n] llama.cpp's: 1 normal 2 unknown 3 control 6 byte */
    size_t n_merges;
    char **merge; /* [n_merges] "left right"; bpe only */
    uint32_t bos, eos, eot;
} tiny_vocab;

/* `bpe`: as Llama 3, else as Phi-3. At most `merges` are learnt; made-up words
 * fill it up to `at_least` tokens. NULL without memory. */
tiny_vocab *tiny_vocab_learn(bool bpe, const char *corpus, size_t len,
                             size_t merges, size_t at_least);
void tiny_vocab_free(tiny_vocab *v);

/* The canvas that tiny models learn their tokens from. */
const char *tiny_vocab_canvas(void);

#endif
