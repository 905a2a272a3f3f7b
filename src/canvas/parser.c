/* parser.c - see parser.h. Each function stands under the production it reads;
 * false means p->st and the caller's error are set. */
#include "canvas/parser.h"

#include <stdarg.h>

#include "canvas/literal.h"
#include "canvas/number.h"

#define ONLY_CANVAS                                                                  \
    "a canvas only holds canvas = Canvas(), canvas.set_global_description(...) and " \
    "canvas.add_local_description(...)"

/* ---- small verbs ------------------------------------------------------- */

static const om_token *peek(const om_parser *p)
{
    return p->pos < p->n ? &p->tokens[p->pos] : NULL;
}

static bool is_op(const om_token *t, char op)
{
    return t && t->kind == OM_TOKEN_OP && t->op == op;
}

static bool is_name(const om_parser *p, const om_token *t, const char *name)
{
    return t && t->kind == OM_TOKEN_NAME &&
           om_str_eqz(om_token_text(p->lx, t), name);
}

/* Take the operator if it is next. */
static bool accept(om_parser *p, char op)
{
    if (!is_op(peek(p), op)) return false;
    p->pos++;
    return true;
}

static bool fail_nomem(om_parser *p)
{
    p->st = om_fail_nomem(p->err);
    return false;
}

static bool fail_at(om_parser *p, const om_token *at, const char *fmt, ...)
    OMOST_PRINTF(3, 4);
static bool fail_at(om_parser *p, const om_token *at, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    p->st = om_fail_v(p->err, OMOST_SYNTAX, om_lexer_place(p->lx, at), fmt, ap);
    va_end(ap);
    return false;
}

/* The tokens ended where `expected` should stand. */
static bool fail_ended(om_parser *p, const char *expected)
{
    p->ran_out = true;
    return fail_at(p, &p->tokens[p->n - 1], "expected %s after this", expected);
}

/* A token's text for a message: short and on one line. */
static om_str shown(om_parser *p, const om_token *t)
{
    om_str s = om_token_text(p->lx, t);
    if (s.n > 40) s.n = 40;
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] == '\n' || s.p[i] == '\r') s.n = i;
    while (s.n && ((unsigned char)s.p[s.n - 1] & 0x80))
        s.n--; /* no half character */
    return s;
}

static bool fail_expected(om_parser *p, const char *expected)
{
    const om_token *t = peek(p);
    if (!t) return fail_ended(p, expected);
    om_str s = shown(p, t);
    return fail_at(p, t, "expected %s, not %.*s", expected, OM_STR_ARG(s));
}

/* After a value. A word right behind a closing quote tells of an apostrophe
 * that ended the string too early. */
static bool fail_after_value(om_parser *p, const char *expected)
{
    const om_token *t = peek(p);
    bool glued = t && t->kind == OM_TOKEN_NAME && p->pos > 0 &&
                 t[-1].kind == OM_TOKEN_STRING &&
                 t[-1].start + t[-1].len == t->start;
    if (!glued) return fail_expected(p, expected);
    return fail_at(
        p, t,
        "the string before this ended at a quote inside it; write \\' or \\\" there, or "
        "use the other kind of quotes around it");
}

static bool expect(om_parser *p, char op, const char *expected)
{
    return accept(p, op) || fail_expected(p, expected);
}

static bool note(om_parser *p, const om_token *at, const char *msg)
{
    p->st = om_canvas_note(p->cv, om_lexer_place(p->lx, at), p->err, "%s", msg);
    return p->st == OMOST_OK;
}

const char *om_value_kind_name(om_value_kind kind)
{
    switch (kind) {
    case OM_VALUE_STR: return "a string";
    case OM_VALUE_NUMBER: return "a number";
    case OM_VALUE_LIST: return "a list";
    case OM_VALUE_TUPLE: return "a tuple";
    case OM_VALUE_BYTES: return "a bytes literal";
    case OM_VALUE_COMPLEX: return "a complex number";
    case OM_VALUE_NONE: return "None";
    case OM_VALUE_ELLIPSIS: return "...";
    }
    return "?";
}

/* ---- values ------------------------------------------------------------ */

/* What stands between values; decides what can be said about adjacent strings. */
typedef enum context { IN_CALL, IN_LIST, IN_PARENS } context;

static bool parse_value(om_parser *p, context in, om_value *out);

static bool decode_string(om_parser *p, const om_token *t, om_literal *lit)
{
    char fault[OM_LITERAL_FAULT];
    p->st =
        om_literal_decode(om_token_text(p->lx, t), t->typographic, p->strict,
                          &p->cv->arena, lit, &p->cv->n_named, fault);
    if (p->st == OMOST_NOMEM) return fail_nomem(p);
    if (p->st != OMOST_OK) {
        om_fail_at(p->err, p->st, om_lexer_place(p->lx, t), "%s", fault);
        return false;
    }
    if (lit->joined_pairs &&
        !note(p, t,
              "two surrogate escapes in a row were taken as one character"))
        return false;
    return !t->typographic ||
           note(p, t, "typographic quotes were taken as plain ones");
}

/* The strings after the first: one pass to measure, one to fill, so that a
 * thousand of them do not cost a million copies. */
static bool join_rest(om_parser *p, om_value *out, context in)
{
    size_t first = p->pos, total = out->text.n;
    om_str *pieces = NULL;
    size_t n = 0;
    while (p->pos < p->n && p->tokens[p->pos].kind == OM_TOKEN_STRING) p->pos++;
    pieces = om_arena_array(p->scratch, p->pos - first, sizeof *pieces);
    if (!pieces) return fail_nomem(p);
    for (size_t i = first; i < p->pos; i++) {
        om_literal lit;
        const om_token *at = &p->tokens[i];
        if (!decode_string(p, at, &lit)) return false;
        if (lit.is_bytes != (out->kind == OM_VALUE_BYTES))
            return fail_at(p, at, "bytes and text cannot be joined");
        if (in == IN_LIST && i == first &&
            !note(
                p, at,
                "two strings side by side were joined; is a comma missing before this?"))
            return false;
        total += lit.text.n;
        pieces[n++] = lit.text;
    }
    char *text = om_arena_alloc(&p->cv->arena, total + 1);
    if (!text) return fail_nomem(p);
    size_t len = out->text.n;
    if (len) memcpy(text, out->text.p, len);
    for (size_t i = 0; i < n; i++) {
        if (pieces[i].n) memcpy(text + len, pieces[i].p, pieces[i].n);
        len += pieces[i].n;
    }
    out->text = (om_str){text, len};
    return true;
}

/* STRING { STRING } */
static bool parse_strings(om_parser *p, context in, om_value *out)
{
    om_literal lit;
    if (!decode_string(p, &p->tokens[p->pos++], &lit)) return false;
    out->kind = lit.is_bytes ? OM_VALUE_BYTES : OM_VALUE_STR;
    out->text = lit.text;
    const om_token *next = peek(p);
    return !next || next->kind != OM_TOKEN_STRING || join_rest(p, out, in);
}

/* NUMBER */
static bool parse_number(om_parser *p, om_value *out)
{
    const om_token *t = peek(p);
    if (!t || t->kind != OM_TOKEN_NUMBER) return fail_expected(p, "a number");
    om_str text = om_token_text(p->lx, t), s = shown(p, t);
    p->pos++;
    out->kind = OM_VALUE_NUMBER;
    switch (om_number_parse(text, &p->cv->arena, &out->number)) {
    case OM_NUMBER_OK: return true;
    case OM_NUMBER_COMPLEX: out->kind = OM_VALUE_COMPLEX; return true;
    case OM_NUMBER_NOMEM: return fail_nomem(p);
    case OM_NUMBER_TOO_LONG:
        return fail_at(p, &out->at, "this number has too many digits");
    case OM_NUMBER_BAD: break;
    }
    return fail_at(p, &out->at, "%.*s is not a number", OM_STR_ARG(s));
}

/* "True" | "False" | "None" */
static bool parse_word(om_parser *p, om_value *out)
{
    const om_token *t = peek(p);
    bool is_true = is_name(p, t, "True");
    if (is_true || is_name(p, t, "False")) {
        out->kind = OM_VALUE_NUMBER;
        out->number =
            (omost_number){.kind = OMOST_NUMBER_BOOL, .value = is_true};
    } else if (is_name(p, t, "None")) {
        out->kind = OM_VALUE_NONE;
    } else {
        om_str s = shown(p, t);
        return fail_at(
            p, &out->at,
            "%.*s would have to be executed; only strings, numbers and lists of them "
            "may stand here",
            OM_STR_ARG(s));
    }
    p->pos++;
    return true;
}

/* One more slot in a growing list in the scratch arena. */
static bool reserve_item(om_parser *p, om_value **items, size_t n, size_t *cap,
                         const om_token *at)
{
    if (n == OMOST_MAX_TEXTS) {
        p->st = om_fail_at(p->err, OMOST_LIMIT, om_lexer_place(p->lx, at),
                           "a list holds at most %d values", OMOST_MAX_TEXTS);
        return false;
    }
    if (n < *cap) return true;
    *cap = *cap ? *cap * 2 : 8;
    om_value *grown = om_arena_array(p->scratch, *cap, sizeof *grown);
    if (!grown) return fail_nomem(p);
    if (*items) memcpy(grown, *items, n * sizeof *grown);
    *items = grown;
    return true;
}

/* [ value { "," value } [ "," ] ] close; *commas counts them. */
static bool parse_items(om_parser *p, char close, context in, om_value *out,
                        size_t *commas)
{
    om_value *items = NULL;
    size_t cap = 0;
    *commas = 0;
    while (!accept(p, close)) {
        const om_token *t = peek(p);
        if (!t)
            return fail_ended(p, close == ']' ? "the rest of the list" : "a )");
        if (!reserve_item(p, &items, out->n, &cap, t)) return false;
        if (!parse_value(p, in, &items[out->n])) return false;
        out->n++;
        if (accept(p, ','))
            ++*commas;
        else if (!is_op(peek(p), close))
            return fail_after_value(p, close == ']' ? "\",\" or \"]\""
                                                    : "\",\" or \")\"");
    }
    out->items = items;
    return true;
}

/* "[" items "]" | "(" value ")" | "(" items ")" */
static bool parse_bracketed(om_parser *p, om_value *out)
{
    size_t commas;
    bool list = is_op(peek(p), '[');
    p->pos++;
    out->kind = list ? OM_VALUE_LIST : OM_VALUE_TUPLE;
    if (!parse_items(p, list ? ']' : ')', list ? IN_LIST : IN_PARENS, out,
                     &commas))
        return false;
    if (list || commas > 0 || out->n != 1 || !out->items) return true;
    const om_token at = out->at;
    om_value only = out->items[0];
    *out = only;
    out->at = at;
    return true;
}

/* ["+"|"-"] ( NUMBER | "True" | "False" ) */
static bool parse_signed(om_parser *p, om_value *out)
{
    bool minus = is_op(peek(p), '-');
    p->pos++;
    const om_token *t = peek(p);
    if (is_name(p, t, "True") || is_name(p, t, "False")) {
        out->kind = OM_VALUE_NUMBER; /* an int once it has a sign */
        out->number = (omost_number){.kind = OMOST_NUMBER_INT,
                                     .value = is_name(p, t, "True")};
        p->pos++;
    } else if (!parse_number(p, out)) {
        return false;
    }
    if (minus) out->number.value = -out->number.value;
    return true;
}

static bool parse_ellipsis(om_parser *p, om_value *out)
{
    for (int i = 0; i < 3; i++)
        if (!expect(p, '.', "a value")) return false;
    out->kind = OM_VALUE_ELLIPSIS;
    return true;
}

static bool parse_value(om_parser *p, context in, om_value *out)
{
    const om_token *t = peek(p);
    if (!t) return fail_ended(p, "a value");
    *out = (om_value){.at = *t};
    if (t->kind == OM_TOKEN_STRING) return parse_strings(p, in, out);
    if (t->kind == OM_TOKEN_NUMBER) return parse_number(p, out);
    if (t->kind == OM_TOKEN_NAME) return parse_word(p, out);
    if (is_op(t, '[') || is_op(t, '(')) return parse_bracketed(p, out);
    if (is_op(t, '+') || is_op(t, '-')) return parse_signed(p, out);
    if (is_op(t, '.')) return parse_ellipsis(p, out);
    if (is_op(t, '{'))
        return fail_at(p, &out->at, "a set or dict cannot be used in a canvas");
    if (is_op(t, '*'))
        return fail_at(p, &out->at,
                       "* would have to be executed; write the arguments out");
    return fail_expected(p, "a value");
}

/* ---- statements -------------------------------------------------------- */

/* arg = [ NAME "=" ] value */
static bool parse_arg(om_parser *p, om_arg *out)
{
    const om_token *t = peek(p);
    *out = (om_arg){0};
    if (t && t->kind == OM_TOKEN_NAME && p->pos + 1 < p->n &&
        is_op(t + 1, '=')) {
        out->name = om_token_text(p->lx, t);
        out->at = *t;
        p->pos += 2;
    }
    if (!parse_value(p, IN_CALL, &out->value)) return false;
    if (!out->name.n) out->at = out->value.at;
    const om_token *next = peek(p);
    if (!next || is_op(next, ',') || is_op(next, ')')) return true;
    if (next->kind == OM_TOKEN_OP) {
        om_str s = shown(p, next);
        return fail_at(
            p, next,
            "%.*s would have to be computed; write the value itself, and \",\" or "
            "\")\" after it",
            OM_STR_ARG(s));
    }
    return fail_after_value(p, "\",\" or \")\"");
}

/* [ arg { "," arg } [ "," ] ] ")" */
static bool parse_args(om_parser *p, om_statement *out)
{
    enum {
        MOST = 32
    }; /* more than any call takes; the builder counts exactly */
    om_arg *args = om_arena_array(p->scratch, MOST, sizeof *args);
    if (!args) return fail_nomem(p);
    while (!accept(p, ')')) {
        if (!peek(p)) return fail_ended(p, "the rest of the call");
        if (out->n_args == MOST)
            return fail_at(p, peek(p), "this call has more than %d arguments",
                           MOST);
        if (!parse_arg(p, &args[out->n_args++])) return false;
        if (!accept(p, ',') && !is_op(peek(p), ')'))
            return fail_expected(p, "\",\" or \")\"");
    }
    out->args = args;
    return true;
}

static bool expect_end(om_parser *p)
{
    const om_token *t = peek(p);
    if (!t) return true;
    om_str s = shown(p, t);
    return fail_at(p, t, "%.*s cannot follow a whole statement", OM_STR_ARG(s));
}

/* "=" "Canvas" "(" ")" */
static bool parse_new(om_parser *p, om_statement *out)
{
    p->pos++;
    out->kind = OM_STATEMENT_NEW;
    if (!is_name(p, peek(p), "Canvas")) {
        if (!peek(p)) return fail_ended(p, "Canvas()");
        return fail_at(p, &out->at,
                       "an assignment would have to be executed; " ONLY_CANVAS);
    }
    p->pos++;
    return expect(p, '(', "Canvas()") &&
           expect(p, ')', "Canvas() without arguments") && expect_end(p);
}

/* "." method "(" args ")" */
static bool parse_call(om_parser *p, om_statement *out)
{
    p->pos++;
    const om_token *t = peek(p);
    if (!t || t->kind != OM_TOKEN_NAME)
        return fail_expected(p, "the name of a call");
    out->kind = OM_STATEMENT_CALL;
    out->method = om_token_text(p->lx, t);
    out->method_at = *t;
    p->pos++;
    return expect(p, '(', "\"(\" and the arguments of a call") &&
           parse_args(p, out) && expect_end(p);
}

static bool parse_named(om_parser *p, om_statement *out)
{
    const om_token *t = peek(p);
    out->object = om_token_text(p->lx, t);
    if (is_name(p, t, "pass") && p->n == 1) {
        p->pos++;
        return true;
    }
    p->pos++;
    if (is_op(peek(p), '=')) return parse_new(p, out);
    if (is_op(peek(p), '.')) return parse_call(p, out);
    if (!peek(p)) return fail_ended(p, "\"=\" or \".\"");
    om_str s = shown(p, t);
    return fail_at(p, &out->at,
                   "%.*s ... would have to be executed; " ONLY_CANVAS,
                   OM_STR_ARG(s));
}

omost_status om_parse_statement(om_parser *p, om_statement *out)
{
    const om_token *t = peek(p);
    om_value docstring;
    *out = (om_statement){.kind = OM_STATEMENT_NOTHING, .at = *t};
    p->st = OMOST_OK;
    p->ran_out = false;
    if (t->kind == OM_TOKEN_NAME) {
        parse_named(p, out);
    } else if (t->kind == OM_TOKEN_STRING) {
        docstring = (om_value){.at = out->at};
        if (parse_strings(p, IN_PARENS, &docstring)) expect_end(p);
    } else {
        om_str s = shown(p, t);
        fail_at(p, &out->at, "%.*s cannot begin a statement; " ONLY_CANVAS,
                OM_STR_ARG(s));
    }
    return p->st;
}
