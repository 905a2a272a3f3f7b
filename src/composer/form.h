/* form.h - the form of a reply: which bytes may come next, byte by byte.
 *
 * The language is the one the models were trained to write (the canvas of the
 * system prompt, laid out as in the original's transcripts), as a table of
 * pieces in form.def built on canvas/canvas_vocab.def:
 *
 *     literal   fixed syntax
 *     word      one of a vocabulary's words, quoted
 *     text      a Python string in single or double quotes, of bounded length,
 *               one line, well-formed UTF-8, escapes that strict reading takes
 *     number    a distance, > 0, of bounded length
 *     comment   the rest of a "# Add ..." line
 *     list      1..N texts
 *     regions   1..N calls
 *
 * gbnf.c prints the same table as GBNF; a test holds the two against one
 * another and against the parser in strict mode.
 *
 * A form is a small value: copy it to try something. */
#ifndef OM_COMPOSER_FORM_H
#define OM_COMPOSER_FORM_H

#include "base/buf.h"

typedef struct om_form {
    /* Private; sized so that a copy is cheap (64 bytes at most). Zeroed is
     * the start of a reply. */
    uint64_t state[8];
} om_form;

/* Take the bytes; false (form unchanged) when the language does not allow
 * them here. */
bool om_form_take(om_form *form, om_str bytes);

/* Would it take them? */
static inline bool om_form_would(const om_form *form, om_str bytes)
{
    om_form copy = *form;
    return om_form_take(&copy, bytes);
}

/* The bytes that may come next, one bit each: c is bit c % 64 of set[c / 64].
 * A token whose first byte is not among them need not be tried. */
void om_form_next(const om_form *form, uint64_t set[4]);

/* The reply is complete: only the end of generation may follow (or the end of
 * its last line, which some write: the reply is complete without it). */
bool om_form_done(const om_form *form);

/* Append the bytes that must come next, whatever the model would say: up to
 * the next choice. Nothing where there is a choice now. The bytes are whole
 * characters. */
void om_form_forced(const om_form *form, om_buf *out);

/* Would that be anything? */
bool om_form_is_forced(const om_form *form);

/* Append the shortest ending of the reply from here: closes what is open,
 * leaves empty what may be empty. For a reply that must end now. */
void om_form_ending(const om_form *form, om_buf *out);

/* Between two regions (the reply could end here, or another region begin)? */
bool om_form_between(const om_form *form);

/* How many regions are closed. */
int om_form_regions(const om_form *form);

/* The whole language as GBNF, rule "root" first. */
void om_gbnf_print(om_buf *out);

#endif
