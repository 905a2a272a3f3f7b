/* clip_words.h - a text as CLIP's tokenizer sees it: cleaned, lower-cased, cut
 * into the words that byte-pair encoding then works on. */
#ifndef OM_PROMPT_CLIP_WORDS_H
#define OM_PROMPT_CLIP_WORDS_H

#include "base/buf.h"
#include "prompt/bpe.h"

/* Append the ids of a well-formed text. Where `special` is not empty, it is
 * cut out of the text wherever it stands and becomes `special_id`, as the two
 * marks always are. */
omost_status om_clip_encode(const om_bpe *b, om_str text, om_str special,
                            uint32_t special_id, om_ids *out, omost_error *err);

#endif
