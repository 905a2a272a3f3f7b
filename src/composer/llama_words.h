/* llama_words.h - a model's vocabulary: what bytes a token stands for, and text
 * as tokens. */
#ifndef OM_COMPOSER_LLAMA_WORDS_H
#define OM_COMPOSER_LLAMA_WORDS_H

#include "base/buf.h"

struct llama_vocab;

/* A growing row of tokens; zeroed and with its env is empty. */
typedef struct om_tokens {
    const omost_env *env;
    int32_t *p;
    size_t n, cap;
} om_tokens;

omost_status om_tokens_put(om_tokens *t, const int32_t *p, size_t n,
                           omost_error *err);
void om_tokens_free(om_tokens *t);

typedef struct om_words {
    const omost_env *env;
    const struct llama_vocab *vocab;
    int32_t n;
    char *bytes;          /* of all tokens */
    uint32_t *start;      /* [n + 1] token i is bytes[start[i]..start[i + 1]) */
    int32_t of_byte[256]; /* the token that is this one byte, or -1 */
    bool adds_blank;      /* libllama puts a blank before every raw text */
    om_tokens markup;     /* tokens that libllama finds in any text, and that
                            look like a template's */
} om_words;

omost_status om_words_init(om_words *w, const omost_env *env,
                           const struct llama_vocab *vocab, omost_error *err);
void om_words_free(om_words *w);

/* What it adds to a text; empty for control tokens. */
static inline om_str om_words_of(const om_words *w, int32_t token)
{
    return (om_str){w->bytes + w->start[token],
                    w->start[token + 1] - w->start[token]};
}

/* Append the tokens of a template's text: special ones are known. */
omost_status om_words_parse(const om_words *w, om_str text, om_tokens *out,
                            omost_error *err);
/* Append the tokens of a raw text at the start of a text or after a special
 * token, as libllama has them there. */
omost_status om_words_raw(const om_words *w, om_str text, om_tokens *out,
                          omost_error *err);
/* Append tokens which stand for exactly these bytes, in the middle of a text.
 */
omost_status om_words_exact(const om_words *w, om_str text, om_tokens *out,
                            omost_error *err);

#endif
