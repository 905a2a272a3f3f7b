/* parser.h - one statement of the Canvas language: tokens to literal values.
 *
 *     statement = object "=" "Canvas" "(" ")"
 *               | object "." method "(" [ arg { "," arg } [ "," ] ] ")"
 *               | STRING { STRING } | "pass"
 *     arg       = [ NAME "=" ] value
 *     value     = STRING { STRING } | [ "+" | "-" ] number | "None" | "..."
 *               | "(" value ")" | "(" [ value "," { value "," } [ value ] ] ")"
 *               | "[" [ value { "," value } [ "," ] ] "]"
 *     number    = NUMBER | "True" | "False"
 *
 * Anything else would have to be executed and is refused with its place. What
 * values mean to a canvas is decided in build.h. */
#ifndef OM_CANVAS_PARSER_H
#define OM_CANVAS_PARSER_H

#include "canvas/canvas_doc.h"
#include "canvas/lexer.h"

enum { OM_MAX_STATEMENT_TOKENS = 100000 };

typedef enum om_value_kind {
    OM_VALUE_STR,
    OM_VALUE_NUMBER,
    OM_VALUE_LIST,
    OM_VALUE_TUPLE,
    /* kinds that no parameter takes, told apart for the error's sake */
    OM_VALUE_BYTES,
    OM_VALUE_COMPLEX,
    OM_VALUE_NONE,
    OM_VALUE_ELLIPSIS,
} om_value_kind;

/* Where things stand is kept as tokens; places are worked out when a note or
 * an error needs one. */
typedef struct om_value {
    om_value_kind kind;
    om_token at;
    om_str text;                  /* STR: in the canvas's arena */
    omost_number number;          /* NUMBER: negative ones too */
    const struct om_value *items; /* LIST, TUPLE: in the scratch arena */
    size_t n;
} om_value;

typedef struct om_arg {
    om_str name; /* empty when positional */
    om_token at; /* the name, else the value */
    om_value value;
} om_arg;

typedef enum om_statement_kind {
    OM_STATEMENT_NOTHING, /* a docstring, or pass */
    OM_STATEMENT_NEW,     /* object = Canvas() */
    OM_STATEMENT_CALL,    /* object.method(args) */
} om_statement_kind;

typedef struct om_statement {
    om_statement_kind kind;
    om_str object, method;
    om_token at, method_at;
    const om_arg *args;
    size_t n_args;
} om_statement;

typedef struct om_parser {
    om_lexer *lx; /* for the tokens' texts and places */
    const om_token *tokens;
    size_t n, pos;
    bool strict;
    omost_canvas *cv; /* takes texts and notes */
    om_arena *scratch;
    omost_error *err;
    omost_status st;
    bool ran_out; /* failed for want of tokens, not because of one */
} om_parser;

omost_status om_parse_statement(om_parser *p, om_statement *out);

/* "a string", "a list", ... for messages. */
const char *om_value_kind_name(om_value_kind kind);

#endif
