/* vocab.h - the words of the language as tables; see canvas_vocab.def for the
 * facts and omost/canvas.h for the public look-ups. */
#ifndef OM_CANVAS_VOCAB_H
#define OM_CANVAS_VOCAB_H

#include "base/str.h"
#include "omost/canvas.h"

/* The word spelt exactly so, or -1. */
int om_word_exact(omost_word_kind kind, om_str s);

#endif
