/* form_place.h - where in the form a reply stands: what om_form holds. */
#ifndef OM_COMPOSER_FORM_PLACE_H
#define OM_COMPOSER_FORM_PLACE_H

#include "composer/form.h"
#include "composer/form_table.h"

typedef struct om_form_place {
    uint8_t piece; /* of om_form_pieces */
    uint8_t phase; /* TEXT, NUMBER: bits, see below */
    /* LITERAL, OPEN, CLOSE, END: bytes taken. WORD: bytes taken, the quote
     * among them. NUMBER: digits taken before or after the point. */
    uint16_t at;
    uint16_t word;    /* WORD: one that begins as what was taken */
    uint16_t chars;   /* TEXT, COMMENT: characters taken */
    uint8_t quote;    /* TEXT: 0 before it is open */
    uint8_t rune_len; /* of the character begun, in bytes; 0: none is */
    uint8_t missing;  /* of them */
    uint8_t turns[OM_N_LOOPS]; /* finished, of the innermost loop of a kind */
    uint32_t rune;             /* of the character begun: the bits so far */
} om_form_place;

_Static_assert(sizeof(om_form_place) <= sizeof(om_form), "it must fit");

enum {
    OM_TEXT_ESCAPE = 1, /* after a backslash */

    OM_NUMBER_POINT = 1,   /* after the point */
    OM_NUMBER_NONZERO = 2, /* a digit above 0 was taken */
};

static inline om_form_place om_form_open(const om_form *form)
{
    om_form_place p;
    memcpy(&p, form->state, sizeof p);
    return p;
}

static inline const om_piece *om_form_piece(const om_form_place *p)
{
    return &om_form_pieces[p->piece];
}

/* Take one byte; false, and *p is spoilt, when it is not allowed. */
bool om_form_step(om_form_place *p, unsigned char c);

#endif
