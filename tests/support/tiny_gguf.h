/* tiny_gguf.h - language models with random weights, written as GGUF files.
 *
 * They have everything a real one has (vocabulary, special tokens, chat
 * template, real tensor names) and know nothing. Two families:
 *
 *   llama  as Llama 3: byte-level BPE (tokenizer "gpt2", pre "llama-bpe"),
 *          <|begin_of_text|> <|start_header_id|> <|end_header_id|> <|eot_id|>
 *   phi3   as Phi-3: SentencePiece with byte fallback (tokenizer "llama"),
 *          <|user|> <|assistant|> <|system|> <|end|>
 *
 * The merged tokens are learnt from a canvas, as real ones are learnt from text:
 * they hold several bytes and cross the borders of the syntax (`='`, `',`, a
 * blank and a word), and every piece that leads to one is in the vocabulary.
 *
 * The same options and seed give the same bytes on every machine.
 */
#ifndef OM_TESTS_TINY_GGUF_H
#define OM_TESTS_TINY_GGUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* 0 or NULL: the default in brackets. */
typedef struct {
    const char *arch; /* ["llama"] or "phi3" */
    const char *type; /* of the matrices: ["f16"] f32 bf16 q8_0 q4_0 q4_K ... */
    uint64_t seed;
    int layers;   /* [2] */
    int width;    /* [128] */
    int heads;    /* [4] */
    int kv_heads; /* [heads / 2]; fewer than heads: grouped queries */
    int ffn;      /* [2 * width] */
    int context;  /* [8192] what the file says it was trained for */
    float rope;   /* [10000] base frequency */
    float spread; /* [3] deviation of the logits: at 0.1 every token is as
                     likely, at 20 one takes all */
    int merges;   /* [400] tokens learnt from the corpus */
    int vocab;    /* [as many as there are] made-up words fill it up to this */
    const char *corpus; /* [a canvas] what the tokens are learnt from */
    size_t corpus_len;
    bool tied;         /* the embedding serves as the output, too */
    bool no_template;  /* leave out tokenizer.chat_template */
    bool no_vocab;     /* leave out all of tokenizer.*: such a file is broken */
    const char *claim; /* general.architecture says this: a wrong one */
} tiny_gguf;

/* Llama 3.2 1B in shape: 1.2 billion parameters, 0.8 GB as q4_0, which takes
 * seconds to write. The corpus and the seed are the caller's. */
tiny_gguf tiny_gguf_1b(void);

/* Writes the file `path`. False, and why in `why`, if that fails. */
bool tiny_gguf_write(const char *path, const tiny_gguf *options, char why[256]);

/* Cuts the file to `keep` (0..1) of its bytes. */
bool tiny_gguf_cut(const char *path, double keep);

#endif
