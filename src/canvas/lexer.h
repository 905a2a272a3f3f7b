/* lexer.h - Python's tokens, as far as a canvas needs them, from text that may
 * still be growing.
 *
 * The lexer owns no text: its caller points it at the bytes known so far and
 * says whether more may come. A token is given out only when nothing that
 * could follow can change it; until then om_lexer_next() answers OM_LEX_MORE
 * and takes up its work at the same byte when called again, so that reading
 * byte by byte costs no more than reading at once. */
#ifndef OM_CANVAS_LEXER_H
#define OM_CANVAS_LEXER_H

#include "base/error.h"
#include "base/str.h"
#include "omost/canvas.h"

typedef enum om_token_kind {
    OM_TOKEN_NAME,
    OM_TOKEN_NUMBER, /* unchecked: see number.h */
    OM_TOKEN_STRING, /* with prefix and quotes: see literal.h */
    OM_TOKEN_OP,     /* one character, `op` */
    OM_TOKEN_NEWLINE, /* end of a statement: a line end outside brackets, or ";" */
} om_token_kind;

typedef struct om_token {
    uint8_t kind;
    char op;
    bool indented;       /* first of its statement, with space before it */
    bool typographic;    /* a string in typographic quotes */
    uint32_t start, len; /* bytes */
    uint32_t line;       /* 1-based */
    uint32_t line_start; /* byte where that line begins */
} om_token;

typedef enum om_lex_result {
    OM_LEX_TOKEN,
    OM_LEX_MORE,  /* feed more text, or set `ended` */
    OM_LEX_END,   /* `ended` and nothing left */
    OM_LEX_ERROR, /* `err` is filled */
    /* A one-line string meets its line's end before its quote: an error, or
     * the place where a reply was cut. `err` is filled. */
    OM_LEX_OPEN_STRING,
} om_lex_result;

typedef struct om_lexer {
    const char *text; /* all bytes known; may move between calls */
    uint32_t end;     /* how many of them are code that may be read */
    bool ended;       /* no more will come */
    bool lenient;     /* take typographic quotes */

    uint32_t pos;  /* next byte to read */
    uint32_t scan; /* how far the token at pos has been looked at */
    uint32_t line, line_start;
    uint32_t next_line, next_line_start; /* as of `scan`, inside a string */
    bool at_start;                       /* nothing of the statement read yet */
    bool at_line_start;                  /* and it is the first of its line */
    bool in_comment, space_before;
    bool joined; /* by a backslash to a line of which nothing was seen yet */
    int depth;
    struct om_bracket {
        char open;
        uint32_t line;
    } brackets[OMOST_MAX_NESTING];

    uint32_t typo_end; /* where the line of typographic quotes at pos ends */
    uint32_t col_line_start, col_at; /* cache of the last place asked for */
    int col;
} om_lexer;

/* Start at byte `pos` of the text, which is the start of line `line`. */
void om_lexer_start(om_lexer *lx, uint32_t pos, uint32_t line, bool lenient);
om_lex_result om_lexer_next(om_lexer *lx, om_token *tok, omost_error *err);

/* Line, column and length in characters. Cheap when asked in text order. */
om_place om_lexer_place(om_lexer *lx, const om_token *tok);

static inline om_str om_token_text(const om_lexer *lx, const om_token *tok)
{
    return (om_str){lx->text + tok->start, tok->len};
}

#endif
