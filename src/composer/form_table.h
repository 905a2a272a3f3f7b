/* form_table.h - form.def as a table: what the matcher walks along and the
 * grammar is printed from. */
#ifndef OM_COMPOSER_FORM_TABLE_H
#define OM_COMPOSER_FORM_TABLE_H

#include "base/str.h"
#include "omost/canvas.h"

typedef enum om_piece_kind {
    OM_PIECE_LITERAL,
    OM_PIECE_WORD,
    OM_PIECE_TEXT,
    OM_PIECE_NUMBER,
    OM_PIECE_COMMENT,
    OM_PIECE_OPEN,
    OM_PIECE_CLOSE,
    OM_PIECE_END /* the reply is complete; one line end may follow */
} om_piece_kind;

typedef enum om_loop { OM_LOOP_REGIONS, OM_LOOP_DETAILS, OM_N_LOOPS } om_loop;

typedef struct om_piece {
    om_piece_kind kind;
    om_str text;          /* LITERAL; OPEN: how each turn begins; CLOSE: end */
    const char *name;     /* TEXT, OPEN: of the rule in the grammar */
    uint16_t most;        /* TEXT, COMMENT: characters; OPEN: turns */
    om_loop loop;         /* OPEN, CLOSE */
    omost_word_kind word; /* WORD */
    const char *instead;  /* WORD: what a cut call says, or NULL */
} om_piece;

/* The last one is OM_PIECE_END. */
extern const om_piece om_form_pieces[];
extern const size_t om_form_n_pieces;

/* The piece that opens the loop that the CLOSE at `i` closes. */
size_t om_form_opening(size_t i);
/* The piece that closes the loop that the OPEN at `i` opens. */
size_t om_form_closing(size_t i);

/* The words of a kind, in the order of the vocabulary. */
const om_str *om_form_words(omost_word_kind kind, size_t *n);

enum {
    OM_NUMBER_DIGITS = 3 /* most before the point, and most after it */
};

/* Code points from lo to hi. */
typedef struct om_runes {
    uint32_t lo, hi;
} om_runes;

/* What a text is made of: no controls, no line or paragraph separators, no
 * marks that turn the direction of writing or cannot be seen. Quotes and the
 * backslash are the matcher's business. */
extern const om_runes om_text_runes[];
extern const size_t om_text_n_runes;
/* What it may begin with: none of ",. ", which are stripped from a prompt, no
 * space of any width, nothing invisible, so that no prompt is empty. */
extern const om_runes om_first_runes[];
extern const size_t om_first_n_runes;

#endif
