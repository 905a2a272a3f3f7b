/* lexer.c - see lexer.h. Python's rules: docs.python.org, "Lexical analysis".
 *
 * Each take_x() reads one kind of token from lx->pos; `scan` remembers how far
 * a previous, starved call got. */
#include "canvas/lexer.h"

#include "base/unicode.h"
#include "base/utf8.h"

enum { MAX_NAME = 200, MAX_NUMBER = 8192 };

/* ---- what a byte can be ------------------------------------------------ */

enum {
    NAME_START = 1,
    NAME_PART = 2,
    DIGIT = 4,
    IN_STRING_STOP = 8, /* quotes, backslash, line ends, NUL */
    BRACKET = 16,
    NEVER = 32, /* cannot stand outside a string */
};

static const uint8_t classes[256] = {
    [1 ... 9] = NEVER,
    [11 ... 12] = NEVER,
    [14 ... 31] = NEVER,
    [127] = NEVER,
    ['$'] = NEVER,
    ['?'] = NEVER,
    ['!'] = NEVER,
    ['`'] = NEVER,
    ['('] = BRACKET,
    [')'] = BRACKET,
    ['['] = BRACKET,
    [']'] = BRACKET,
    ['{'] = BRACKET,
    ['}'] = BRACKET,
    ['\0'] = IN_STRING_STOP | NEVER,
    ['\n'] = IN_STRING_STOP,
    ['\r'] = IN_STRING_STOP,
    ['"'] = IN_STRING_STOP,
    ['\''] = IN_STRING_STOP,
    ['\\'] = IN_STRING_STOP,
    ['0' ... '9'] = NAME_PART | DIGIT,
    ['a' ... 'z'] = NAME_START | NAME_PART,
    ['A' ... 'Z'] = NAME_START | NAME_PART,
    ['_'] = NAME_START | NAME_PART,
    [0x80 ... 0xFF] = NAME_START | NAME_PART, /* looked at more closely later */
};

static bool is(char c, int mask)
{
    return classes[(unsigned char)c] & mask;
}

/* ---- places ------------------------------------------------------------ */

static int column(om_lexer *lx, uint32_t line_start, uint32_t at)
{
    uint32_t from = line_start;
    int col = 1;
    if (lx->col_line_start == line_start && lx->col_at <= at && lx->col > 0) {
        from = lx->col_at;
        col = lx->col;
    }
    col += (int)om_utf8_count(lx->text + from, at - from);
    lx->col_line_start = line_start;
    lx->col_at = at;
    lx->col = col;
    return col;
}

om_place om_lexer_place(om_lexer *lx, const om_token *tok)
{
    om_str t = om_token_text(lx, tok);
    om_place at = {.line = (int)tok->line,
                   .col = column(lx, tok->line_start, tok->start)};
    const char *nl = memchr(t.p, '\n', t.n);
    at.len = (int)om_utf8_count(t.p, nl ? (size_t)(nl - t.p) : t.n);
    return at;
}

static om_place place_here(om_lexer *lx, uint32_t at, uint32_t bytes)
{
    om_token t = {.start = at,
                  .len = bytes,
                  .line = lx->line,
                  .line_start = lx->line_start};
    return om_lexer_place(lx, &t);
}

static om_lex_result fail_here(om_lexer *lx, omost_error *err, const char *msg)
{
    size_t len = 1;
    if (lx->pos < lx->end)
        om_utf8_decode(lx->text + lx->pos, lx->text + lx->end, &len);
    else
        len = 0;
    om_fail_at(err, OMOST_SYNTAX, place_here(lx, lx->pos, (uint32_t)len), "%s",
               msg);
    return OM_LEX_ERROR;
}

/* ---- tokens ------------------------------------------------------------ */

static om_lex_result give(om_lexer *lx, om_token *tok, om_token_kind kind,
                          uint32_t end)
{
    *tok = (om_token){
        .kind = (uint8_t)kind,
        .op = lx->text[lx->pos],
        .indented = lx->at_line_start && lx->space_before,
        .start = lx->pos,
        .len = end - lx->pos,
        .line = lx->line,
        .line_start = lx->line_start,
    };
    lx->pos = lx->scan = end;
    lx->at_start = lx->at_line_start = kind == OM_TOKEN_NEWLINE;
    lx->space_before = false;
    return OM_LEX_TOKEN;
}

/* Bytes of the line end at `at`: 1 or 2 ("\r\n"); 0: wait for the next byte. */
static uint32_t line_end_len(const om_lexer *lx, uint32_t at)
{
    if (lx->text[at] == '\n') return 1;
    if (at + 1 < lx->end) return lx->text[at + 1] == '\n' ? 2 : 1;
    return lx->ended ? 1 : 0;
}

static void begin_line(om_lexer *lx, uint32_t at)
{
    lx->line++;
    lx->line_start = at;
}

/* Space, comments, line ends inside brackets or after nothing, joined lines.
 * OM_LEX_TOKEN: a token starts at pos. */
static om_lex_result skip_space(om_lexer *lx, omost_error *err)
{
    while (lx->pos < lx->end) {
        char c = lx->text[lx->pos];
        uint32_t n = 1;
        if (lx->in_comment) {
            const char *from = lx->text + lx->pos;
            size_t left = lx->end - lx->pos;
            size_t stop = 0;
            while (stop < left && from[stop] != '\n' && from[stop] != '\r' &&
                   from[stop])
                stop++;
            lx->pos += (uint32_t)stop;
            if (stop == left) break;
            lx->in_comment = false;
            continue;
        }
        lx->joined = false;
        if (c == ' ' || c == '\t') {
            lx->space_before = true;
        } else if (c == '\f') {
            lx->space_before = false; /* it takes the line back to its start */
        } else if (c == '#') {
            lx->in_comment = true;
        } else if (c == '\n' || c == '\r') {
            if (lx->depth == 0 && !lx->at_start) return OM_LEX_TOKEN;
            if (!(n = line_end_len(lx, lx->pos))) return OM_LEX_MORE;
            begin_line(lx, lx->pos + n);
            lx->space_before = false;
            lx->at_line_start = lx->at_start;
        } else if (c == '\\') {
            if (lx->pos + 1 >= lx->end && !lx->ended) return OM_LEX_MORE;
            if (lx->pos + 1 >= lx->end || (lx->text[lx->pos + 1] != '\n' &&
                                           lx->text[lx->pos + 1] != '\r'))
                return fail_here(
                    lx, err,
                    "a backslash outside a string may only end a line");
            uint32_t m = line_end_len(lx, lx->pos + 1);
            if (!m) return OM_LEX_MORE;
            n += m;
            begin_line(lx, lx->pos + n);
            lx->joined = m == 1; /* CPython minds all but "\r\n" here */
        } else {
            return OM_LEX_TOKEN;
        }
        lx->pos += n;
    }
    lx->scan = lx->pos;
    if (lx->ended && lx->joined && !lx->lenient)
        return fail_here(lx, err, "a line must follow the backslash");
    return lx->ended ? OM_LEX_END : OM_LEX_MORE;
}

static om_lex_result fail_open_string(om_lexer *lx, uint32_t at,
                                      omost_error *err)
{
    om_fail_at(
        err, OMOST_SYNTAX, place_here(lx, lx->pos, at - lx->pos),
        "this string is not closed on its line; write \\' or \\\" for a quote inside it, "
        "or use the other kind of quotes around it");
    return OM_LEX_OPEN_STRING;
}

static om_lex_result give_string(om_lexer *lx, om_token *tok, uint32_t end)
{
    give(lx, tok, OM_TOKEN_STRING, end);
    lx->line = lx->next_line;
    lx->line_start = lx->next_line_start;
    return OM_LEX_TOKEN;
}

/* `quote` is at byte `open`. A backslash hides the next character in raw
 * strings as well: r'\'' is a whole string. */
static om_lex_result take_string(om_lexer *lx, uint32_t open, om_token *tok,
                                 omost_error *err)
{
    const char *t = lx->text;
    const char quote = t[open];
    if (lx->end - open < 3 && !lx->ended) {
        /* '' may yet become ''' */
        if (lx->end - open < 2 || t[open + 1] == quote) return OM_LEX_MORE;
    }
    bool triple =
        lx->end - open >= 3 && t[open + 1] == quote && t[open + 2] == quote;
    uint32_t i = lx->scan;
    if (i <= open) {
        i = open + (triple ? 3 : 1);
        lx->next_line = lx->line;
        lx->next_line_start = lx->line_start;
    }
    for (;;) {
        while (i < lx->end && !is(t[i], IN_STRING_STOP)) i++;
        lx->scan = i;
        if (i >= lx->end) break;
        const char c = t[i];
        uint32_t n = 1;
        if (c == '\0') {
            lx->pos = i;
            return fail_here(lx, err, "a NUL byte cannot stand in a canvas");
        }
        if (c == quote) {
            if (!triple) return give_string(lx, tok, i + 1);
            while (n < 3 && i + n < lx->end && t[i + n] == quote) n++;
            if (n == 3) return give_string(lx, tok, i + 3);
            if (i + n >= lx->end && !lx->ended) return OM_LEX_MORE;
        } else if (c == '\\') {
            if (i + 1 >= lx->end) break;
            n = 2;
            if (t[i + 1] == '\n' || t[i + 1] == '\r') {
                uint32_t m = line_end_len(lx, i + 1);
                if (!m) return OM_LEX_MORE;
                n = 1 + m;
                lx->next_line++;
                lx->next_line_start = i + n;
            } else if (t[i + 1] == '\0') {
                n = 1; /* met again, and refused, as a NUL */
            }
        } else if (c == '\n' || c == '\r') {
            if (!triple) return fail_open_string(lx, i, err);
            if (!(n = line_end_len(lx, i))) return OM_LEX_MORE;
            lx->next_line++;
            lx->next_line_start = i + n;
        }
        i += n;
    }
    return lx->ended ? OM_LEX_END : OM_LEX_MORE;
}

/* ---- typographic quotes ------------------------------------------------ */

enum {
    SINGLE_LOW = 0x2018,
    SINGLE_HIGH = 0x2019,
    DOUBLE_LOW = 0x201C,
    DOUBLE_HIGH = 0x201D
};

static bool is_typographic(uint32_t r)
{
    return r == SINGLE_LOW || r == SINGLE_HIGH || r == DOUBLE_LOW ||
           r == DOUBLE_HIGH;
}

static bool closes(uint32_t quote, uint32_t open)
{
    if (open == SINGLE_LOW || open == SINGLE_HIGH)
        return quote == SINGLE_LOW || quote == SINGLE_HIGH || quote == '\'';
    return quote == DOUBLE_LOW || quote == DOUBLE_HIGH || quote == '"';
}

/* Whether what follows byte i can follow an argument: an apostrophe inside a
 * text is followed by something else. */
static bool argument_ends(const om_lexer *lx, uint32_t i, uint32_t line_end)
{
    while (i < line_end && (lx->text[i] == ' ' || lx->text[i] == '\t')) i++;
    return i >= line_end || strchr(",)]:;#", lx->text[i]) != NULL;
}

static om_lex_result take_typographic(om_lexer *lx, uint32_t open,
                                      om_token *tok, omost_error *err)
{
    /* Decided when the whole line is there; `scan` is where to look on. The
     * line's end, once found, serves the other strings of the line. */
    uint32_t i = lx->scan > lx->pos ? lx->scan : lx->pos;
    if (lx->typo_end > lx->pos) i = lx->typo_end;
    while (i < lx->end && lx->text[i] != '\n' && lx->text[i] != '\r' &&
           lx->text[i])
        i++;
    lx->scan = lx->typo_end = i;
    if (i >= lx->end && !lx->ended) return OM_LEX_MORE;
    const uint32_t line_end = i;
    size_t len;
    i = lx->pos;
    om_utf8_decode(lx->text + i, lx->text + line_end, &len);
    for (i += (uint32_t)len; i < line_end; i += (uint32_t)len) {
        uint32_t r = om_utf8_decode(lx->text + i, lx->text + line_end, &len);
        if (!closes(r, open) || !argument_ends(lx, i + (uint32_t)len, line_end))
            continue;
        give(lx, tok, OM_TOKEN_STRING, i + (uint32_t)len);
        tok->typographic = true;
        return OM_LEX_TOKEN;
    }
    if (line_end >= lx->end) return OM_LEX_END;
    return fail_open_string(lx, line_end, err);
}

/* ---- the rest ---------------------------------------------------------- */

static bool is_string_prefix(const char *p, uint32_t n)
{
    static const char *const prefixes[] = {"r",  "u",  "b",  "f",
                                           "br", "rb", "fr", "rf"};
    char low[2];
    if (n < 1 || n > 2) return false;
    for (uint32_t i = 0; i < n; i++) low[i] = (char)(p[i] | 32);
    for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++)
        if (strlen(prefixes[i]) == n && memcmp(prefixes[i], low, n) == 0)
            return true;
    return false;
}

/* A name, or the prefix of a string. */
static om_lex_result take_name(om_lexer *lx, om_token *tok, omost_error *err)
{
    uint32_t i = lx->pos;
    while (i < lx->end && is(lx->text[i], NAME_PART)) {
        size_t len = 1;
        if ((unsigned char)lx->text[i] >= 0x80 &&
            !om_unicode_is_letter(
                om_utf8_decode(lx->text + i, lx->text + lx->end, &len)))
            break;
        i += (uint32_t)len;
        if (i - lx->pos > MAX_NAME)
            return fail_here(lx, err, "this name is too long");
    }
    if (i == lx->pos)
        return fail_here(lx, err,
                         "this character cannot stand outside a string");
    if (i >= lx->end && !lx->ended) return OM_LEX_MORE;
    if (i < lx->end && (lx->text[i] == '"' || lx->text[i] == '\'') &&
        is_string_prefix(lx->text + lx->pos, i - lx->pos))
        return take_string(lx, i, tok, err);
    return give(lx, tok, OM_TOKEN_NAME, i);
}

/* More than a number at times (1e5x, 0x): number.h tells. */
static om_lex_result take_number(om_lexer *lx, om_token *tok, omost_error *err)
{
    const char *t = lx->text;
    uint32_t i = lx->scan > lx->pos ? lx->scan : lx->pos;
    bool based = lx->pos + 1 < lx->end && t[lx->pos] == '0' &&
                 strchr("xXoObB", t[lx->pos + 1]) != NULL;
    for (; i < lx->end; i++) {
        bool sign = (t[i] == '+' || t[i] == '-') && i > lx->pos &&
                    (t[i - 1] | 32) == 'e' && !based;
        if (!sign && t[i] != '.' &&
            !(is(t[i], NAME_PART) && (unsigned char)t[i] < 0x80))
            break;
        if (i - lx->pos > MAX_NUMBER)
            return fail_here(lx, err, "this number is too long");
    }
    lx->scan = i;
    if (i >= lx->end && !lx->ended) return OM_LEX_MORE;
    return give(lx, tok, OM_TOKEN_NUMBER, i);
}

static char closing(char open)
{
    return open == '(' ? ')' : open == '[' ? ']' : '}';
}

static om_lex_result take_bracket(om_lexer *lx, om_token *tok, omost_error *err)
{
    char c = lx->text[lx->pos];
    if (c == '(' || c == '[' || c == '{') {
        if (lx->depth == OMOST_MAX_NESTING) {
            om_fail_at(err, OMOST_LIMIT, place_here(lx, lx->pos, 1),
                       "more than %d brackets inside one another",
                       OMOST_MAX_NESTING);
            return OM_LEX_ERROR;
        }
        lx->brackets[lx->depth++] = (struct om_bracket){c, lx->line};
        return give(lx, tok, OM_TOKEN_OP, lx->pos + 1);
    }
    if (lx->depth == 0)
        return fail_here(lx, err,
                         "nothing was opened that this bracket closes");
    struct om_bracket *b = &lx->brackets[lx->depth - 1];
    if (closing(b->open) != c) {
        om_fail_at(err, OMOST_SYNTAX, place_here(lx, lx->pos, 1),
                   "expected \"%c\" here to close the \"%c\" of line %u",
                   closing(b->open), b->open, b->line);
        return OM_LEX_ERROR;
    }
    lx->depth--;
    return give(lx, tok, OM_TOKEN_OP, lx->pos + 1);
}

/* The end of a statement; the token stands on the line it ends. */
static om_lex_result take_newline(om_lexer *lx, om_token *tok)
{
    uint32_t n = line_end_len(lx, lx->pos);
    if (!n) return OM_LEX_MORE;
    give(lx, tok, OM_TOKEN_NEWLINE, lx->pos + n);
    begin_line(lx, lx->pos);
    return OM_LEX_TOKEN;
}

static om_lex_result take_other(om_lexer *lx, om_token *tok, omost_error *err)
{
    const char c = lx->text[lx->pos];
    if ((unsigned char)c >= 0x80) {
        size_t len;
        uint32_t r =
            om_utf8_decode(lx->text + lx->pos, lx->text + lx->end, &len);
        if (!is_typographic(r)) return take_name(lx, tok, err);
        if (lx->lenient) return take_typographic(lx, r, tok, err);
        return fail_here(lx, err,
                         "typographic quotes are not Python; write ' or \"");
    }
    if (is(c, NEVER))
        return fail_here(lx, err,
                         "this character cannot stand outside a string");
    return give(lx, tok, OM_TOKEN_OP, lx->pos + 1);
}

om_lex_result om_lexer_next(om_lexer *lx, om_token *tok, omost_error *err)
{
    om_lex_result r = skip_space(lx, err);
    if (r != OM_LEX_TOKEN) return r;
    const char c = lx->text[lx->pos];
    if (c == '\n' || c == '\r') return take_newline(lx, tok);
    if (c == ';') {
        give(lx, tok, OM_TOKEN_NEWLINE, lx->pos + 1);
        lx->at_line_start = false; /* space after ";" is no indentation */
        return OM_LEX_TOKEN;
    }
    if (c == '"' || c == '\'') return take_string(lx, lx->pos, tok, err);
    if (c == '.' && lx->pos + 1 >= lx->end && !lx->ended) return OM_LEX_MORE;
    if (is(c, DIGIT) ||
        (c == '.' && lx->pos + 1 < lx->end && is(lx->text[lx->pos + 1], DIGIT)))
        return take_number(lx, tok, err);
    if (is(c, NAME_START) && (unsigned char)c < 0x80)
        return take_name(lx, tok, err);
    if (is(c, BRACKET)) return take_bracket(lx, tok, err);
    return take_other(lx, tok, err);
}

void om_lexer_start(om_lexer *lx, uint32_t pos, uint32_t line, bool lenient)
{
    lx->pos = lx->scan = lx->line_start = pos;
    lx->line = line;
    lx->end = pos;
    lx->ended = lx->in_comment = lx->space_before = lx->joined = false;
    lx->lenient = lenient;
    lx->at_start = lx->at_line_start = true;
    lx->depth = 0;
    lx->typo_end = 0;
    lx->col = 0;
}
