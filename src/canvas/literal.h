/* literal.h - what a Python string token stands for. */
#ifndef OM_CANVAS_LITERAL_H
#define OM_CANVAS_LITERAL_H

#include "base/error.h"
#include "base/mem.h"

typedef struct om_literal {
    bool is_bytes;
    bool joined_pairs; /* "\ud83d\ude00" was taken as one character */
    om_str text;       /* in the arena; of bytes only that they are valid */
} om_literal;

enum {
    OM_LITERAL_FAULT = 160,
    /* \N{...} of one canvas: each is looked up among all of Unicode's names */
    OM_MAX_NAMED = 1000,
};

/* Decode one string token, prefix and quotes included (for typographic quotes:
 * no prefix). Not strict: two surrogate escapes in a row, a JSON habit, are one
 * character. SYNTAX and LIMIT leave a sentence in `fault`. *n_named counts
 * \N{...}. */
omost_status om_literal_decode(om_str token, bool typographic, bool strict,
                               om_arena *arena, om_literal *out,
                               uint32_t *n_named, char fault[OM_LITERAL_FAULT]);

#endif
