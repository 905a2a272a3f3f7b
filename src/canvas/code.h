/* code.h - from the bytes of a code block to a canvas, statement by statement:
 * lexer, parser and builder at work together.
 *
 * A statement is carried out as soon as the bracket that closes it is read, so
 * that whoever listens hears of a region at once; what follows on the same
 * line must then be the line's end. */
#ifndef OM_CANVAS_CODE_H
#define OM_CANVAS_CODE_H

#include "canvas/build.h"

typedef struct om_code {
    const omost_env *env;
    bool strict;
    omost_canvas *cv;
    omost_read_event_fn *fn;
    void *user;

    om_lexer lexer;
    om_builder builder;
    om_token *tokens; /* of the statement being read */
    size_t n, cap;
    om_arena scratch; /* of the statement being parsed */
    bool applied;     /* carried out; only the end of its line may follow */
    bool any;         /* something was carried out */
    bool noted_indent;
    size_t notes_told;
    bool told; /* of a part of the canvas, since it was last forgotten */

    bool cut;          /* a line ended too early: fine only if the reply ends */
    bool cut_string;   /* ... inside a string */
    om_place left_out; /* the statement that was cut off; line 0: none */
    uint32_t cut_at;   /* where that line ended */
    omost_error cut_err; /* the error it is otherwise */

    omost_status st; /* once not OK, nothing more is read */
    omost_error error;
} om_code;

/* Begin at byte `pos`, the start of line `line`. Call om_code_free() once. */
void om_code_init(om_code *c, const omost_env *env, bool strict,
                  omost_canvas *cv, omost_read_event_fn *fn, void *user);
void om_code_start(om_code *c, uint32_t pos, uint32_t line);

/* Forget the canvas so far, and tell the listener so if it heard of any. */
void om_code_forget(om_code *c);

/* The listener said stop, or there is no memory: nothing may go on. */
bool om_code_has_stopped(const om_code *c);

/* Read on: `text` holds everything so far, code up to byte `end`. */
void om_code_read(om_code *c, const char *text, uint32_t end);

/* No more code will come; `closed`: a fence says so. */
void om_code_end(om_code *c, const char *text, uint32_t end, bool closed);

/* Refuse the code whatever it holds. */
void om_code_fail(om_code *c, om_place at, const char *msg);

/* True between statements. */
bool om_code_is_idle(const om_code *c);

/* Tell the listener of notes it has not heard of. */
void om_code_tell_notes(om_code *c);

void om_code_free(om_code *c);

#endif
