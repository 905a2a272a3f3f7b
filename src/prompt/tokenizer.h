/* tokenizer.h - the inside of a tokenizer: one vocabulary, two ways to pad. */
#ifndef OM_PROMPT_TOKENIZER_H
#define OM_PROMPT_TOKENIZER_H

#include "omost/plan.h"
#include "prompt/bpe.h"

enum { OM_PAD_MAX = 64 };

/* What pads the rows of one encoder. Unless it is the end mark, it is also cut
 * out of texts as a special token. */
typedef struct om_pad {
    uint32_t id;
    char text[OM_PAD_MAX]; /* "": nothing is cut out */
} om_pad;

struct omost_tokenizer {
    om_bpe bpe;
    om_pad pads[2]; /* by omost_encoder */
};

/* From the texts of the files; vocab.p == NULL derives it from the merges. */
omost_tokenizer *om_tokenizer_parse(const omost_env *env, om_str vocab,
                                    om_str merges, omost_error *err);

/* Whether the two encoders could see this text differently at all. */
bool om_tokenizer_may_differ(const omost_tokenizer *tk, om_str text);

#endif
