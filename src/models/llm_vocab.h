/* llm_vocab.h - tokenizer.json, tokenizer_config.json and
 * generation_config.json as GGUF wants a vocabulary.
 *
 * Two kinds are known:
 *
 *   bytes    byte-level BPE (Llama 3): tokens are spelt in an alphabet of 256
 *            letters, one for each byte; merges are kept as they are
 *   pieces   BPE over characters with a token <0xNN> for each byte (Llama 2,
 *            Phi-3), in SentencePiece's manner: "▁" for a space. The reader has
 *            no merges but scores: of two neighbours the pair whose token has
 *            the highest score is joined first. A token's score is therefore
 *            minus the place of the first merge that makes it.
 *
 * Every other kind is refused: a vocabulary that is nearly right makes a model
 * that is nearly mute. */
#ifndef OM_MODELS_LLM_VOCAB_H
#define OM_MODELS_LLM_VOCAB_H

#include "models/llm_config.h"

typedef enum om_vocab_kind { OM_VOCAB_BYTES, OM_VOCAB_PIECES } om_vocab_kind;

/* GGUF's numbers for what a token is. */
enum {
    OM_TOKEN_NORMAL = 1,
    OM_TOKEN_UNKNOWN = 2,
    OM_TOKEN_CONTROL = 3,
    OM_TOKEN_USER = 4,
    OM_TOKEN_UNUSED = 5,
    OM_TOKEN_BYTE = 6
};

typedef struct om_llm_vocab {
    om_arena arena;
    om_vocab_kind kind;
    const char *pre; /* what cuts the text first: "llama-bpe", "gpt-2" ... */
    size_t n;
    const char **token;
    int32_t *type;
    float *score; /* of pieces */
    size_t n_merges;
    const char **merge; /* "a b"; of bytes */
    /* Numbers of tokens, -1 where there is none: begin, end of text, end of a
   * turn, unknown, padding. */
    int32_t bos, eos, eot, unk, pad;
    int add_bos; /* 1: a text begins with bos, 0: it does not, -1: untold */
    bool space_first;          /* a text begins as if a space stood before it */
    bool strips_spaces;        /* some special token eats the spaces after it */
    const char *chat_template; /* or NULL */
} om_llm_vocab;

/* Has at least c->vocab tokens: the model's own number, which may be more than
 * the tokenizer names. Free it also after a failure. */
omost_status om_llm_vocab_read(om_llm_vocab *v, const om_llm_folder *f,
                               const om_llm_config *c, omost_error *err);
void om_llm_vocab_free(om_llm_vocab *v);

/* Which byte the i-th of the alphabet's 256 letters stands for is the order of
 * GPT-2: bytes that print in Latin-1 are themselves, the others follow from
 * U+0100 on. The letter of a byte: */
uint32_t om_byte_letter(unsigned char byte);

#endif
