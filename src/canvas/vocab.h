/* vocab.h - the words of the language as tables; see canvas_vocab.def for the
 * facts and omost/canvas.h for the public look-ups. */
#ifndef OM_CANVAS_VOCAB_H
#define OM_CANVAS_VOCAB_H

#include "base/str.h"
#include "omost/canvas.h"

/* The word spelt exactly so, or -1. */
int om_word_exact(omost_word_kind kind, om_str s);

/* omost_word_find, but a want of memory is not mistaken for a strange word:
 * NOMEM, or OK with the word or -1 in *out. */
omost_status om_word_find(const omost_env *env, omost_word_kind kind,
                          om_str text, int *out);

/* Cells that two boxes share; intersection over union, 0 for empty boxes. */
double om_box_iou(omost_box a, omost_box b);

#endif
