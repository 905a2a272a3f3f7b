/* code.c - see code.h. */
#include "canvas/code.h"

void om_code_init(om_code *c, const omost_env *env, bool strict,
                  omost_canvas *cv, omost_read_event_fn *fn, void *user)
{
    *c = (om_code){
        .env = env, .strict = strict, .cv = cv, .fn = fn, .user = user};
    om_arena_init(&c->scratch, env, 0);
}

void om_code_free(om_code *c)
{
    om_free(c->env, c->tokens);
    om_arena_free(&c->scratch);
}

bool om_code_is_idle(const om_code *c)
{
    return c->n == 0 && c->lexer.at_start && !c->cut;
}

static void fail(om_code *c, const omost_error *err)
{
    c->error = *err;
    c->st = err->status;
}

void om_code_fail(om_code *c, om_place at, const char *msg)
{
    omost_error err = {0};
    if (c->st != OMOST_OK) return;
    om_fail_at(&err, OMOST_SYNTAX, at, "%s", msg);
    fail(c, &err);
}

/* ---- events ------------------------------------------------------------ */

static void tell(om_code *c, omost_read_event ev)
{
    if (!c->fn || c->st != OMOST_OK) return;
    c->told = ev.kind != OMOST_READ_START;
    if (c->fn(c->user, &ev)) return;
    c->st = om_fail(&c->error, OMOST_CANCELLED, "reading was stopped");
}

/* Notes come in the order of parameters; told they are in that of the text. */
static void sort_notes(const omost_note **p, size_t n)
{
    for (size_t i = 1; i < n; i++) {
        const omost_note *x = p[i];
        size_t k = i;
        for (; k > 0 && (p[k - 1]->line > x->line ||
                         (p[k - 1]->line == x->line && p[k - 1]->col > x->col));
             k--)
            p[k] = p[k - 1];
        p[k] = x;
    }
}

void om_code_tell_notes(om_code *c)
{
    omost_canvas *cv = c->cv;
    if (c->notes_told == cv->n_notes) return;
    sort_notes(cv->notes + c->notes_told, cv->n_notes - c->notes_told);
    for (; c->notes_told < c->cv->n_notes; c->notes_told++)
        tell(c, (omost_read_event){.kind = OMOST_READ_NOTE,
                                   .index = c->notes_told,
                                   .note = c->cv->notes[c->notes_told]});
}

static void tell_built(om_code *c, om_built what)
{
    omost_canvas *cv = c->cv;
    if (what == OM_BUILT_START)
        tell(c, (omost_read_event){.kind = OMOST_READ_START});
    if (what == OM_BUILT_GLOBAL)
        tell(c, (omost_read_event){.kind = OMOST_READ_GLOBAL,
                                   .global = cv->global});
    if (what == OM_BUILT_REGION)
        tell(c, (omost_read_event){.kind = OMOST_READ_REGION,
                                   .index = cv->n - 1,
                                   .region = cv->regions[cv->n - 1]});
    om_code_tell_notes(c);
}

/* ---- beginning --------------------------------------------------------- */

bool om_code_has_stopped(const om_code *c)
{
    return c->st == OMOST_CANCELLED || c->st == OMOST_NOMEM;
}

void om_code_forget(om_code *c)
{
    om_canvas_clear(c->cv);
    c->notes_told = 0;
    if (c->told) tell(c, (omost_read_event){.kind = OMOST_READ_START});
}

void om_code_start(om_code *c, uint32_t pos, uint32_t line)
{
    if (om_code_has_stopped(c)) return;
    c->builder =
        (om_builder){.cv = c->cv, .lx = &c->lexer, .strict = c->strict};
    c->n = 0;
    c->applied = c->any = c->noted_indent = c->cut = c->cut_string = false;
    c->left_out = (om_place){0};
    c->st = OMOST_OK;
    om_lexer_start(&c->lexer, pos, line, !c->strict);
    om_code_forget(c);
}

/* ---- statements -------------------------------------------------------- */

static omost_status check_indent(om_code *c, omost_error *err)
{
    const om_token *t = &c->tokens[0];
    if (!t->indented) return OMOST_OK;
    om_place at = om_lexer_place(&c->lexer, t);
    if (c->strict)
        return om_fail_at(err, OMOST_SYNTAX, at,
                          "this line is indented; take the spaces away");
    if (c->noted_indent) return OMOST_OK;
    c->noted_indent = true;
    return om_canvas_note(c->cv, at, err, "indentation was ignored");
}

/* Parse the tokens; *ran_out: they are the beginning of a statement. */
static omost_status parse(om_code *c, om_statement *out, bool *ran_out,
                          omost_error *err)
{
    om_parser p = {
        .lx = &c->lexer,
        .tokens = c->tokens,
        .n = c->n,
        .strict = c->strict,
        .cv = c->cv,
        .scratch = &c->scratch,
        .err = err,
    };
    omost_status st = check_indent(c, err);
    if (st == OMOST_OK) st = om_parse_statement(&p, out);
    *ran_out = p.ran_out;
    return st;
}

/* A line ended too early. If nothing follows, the reply was cut off there. */
static void wait_for_end(om_code *c, uint32_t at, const omost_error *err)
{
    c->cut = true;
    c->cut_at = at;
    c->cut_err = *err;
}

static void wait_for_end_of_string(om_code *c, const omost_error *err)
{
    wait_for_end(c, c->lexer.scan, err);
    c->cut_string = true;
}

static void run_statement(om_code *c)
{
    om_statement s;
    om_built what = OM_BUILT_NOTHING;
    bool ran_out;
    omost_error err = {0};
    omost_status st = parse(c, &s, &ran_out, &err);
    if (st == OMOST_SYNTAX && ran_out && !c->strict) {
        wait_for_end(c, c->lexer.pos, &err);
        return;
    }
    if (st == OMOST_OK) st = om_build(&c->builder, &s, &what, &err);
    c->n = 0;
    om_arena_reset(&c->scratch);
    if (st != OMOST_OK) {
        fail(c, &err);
        return;
    }
    c->any = c->any || what != OM_BUILT_NOTHING;
    tell_built(c, what);
}

static void fail_token(om_code *c, const om_token *t, omost_status st,
                       const char *msg)
{
    omost_error err = {0};
    om_fail_at(&err, st, om_lexer_place(&c->lexer, t), "%s", msg);
    fail(c, &err);
}

static void push_token(om_code *c, const om_token *t)
{
    if (c->n == OM_MAX_STATEMENT_TOKENS) {
        fail_token(c, t, OMOST_LIMIT,
                   "this statement has more tokens than any call needs");
        return;
    }
    void *grown = om_grow(c->env, c->tokens, c->n, &c->cap, sizeof *c->tokens);
    if (!grown) {
        fail_token(c, t, OMOST_NOMEM, "out of memory");
        return;
    }
    c->tokens = grown;
    c->tokens[c->n++] = *t;
}

static void on_token(om_code *c, const om_token *t)
{
    if (t->kind == OM_TOKEN_NEWLINE) {
        if (c->n > 0)
            run_statement(c);
        else if (!c->applied)
            fail_token(c, t, OMOST_SYNTAX,
                       "there is no statement before this \";\"");
        c->applied = false;
        return;
    }
    if (c->applied) {
        fail_token(c, t, OMOST_SYNTAX,
                   "nothing but the end of the line can follow a whole call");
        return;
    }
    push_token(c, t);
    if (c->st == OMOST_OK && t->kind == OM_TOKEN_OP && t->op == ')' &&
        c->lexer.depth == 0) {
        run_statement(c);
        c->applied = true;
    }
}

/* ---- reading ----------------------------------------------------------- */

/* The lexer found a fault. Of the statement's tokens before it one may be at
 * fault already: an apostrophe in a text shows there, not at the quote that
 * seems to be missing at the end. */
static void fail_lexing(om_code *c, const omost_error *lexer_err)
{
    om_statement s;
    bool ran_out;
    omost_error err = {0};
    if (c->n && parse(c, &s, &ran_out, &err) != OMOST_OK && !ran_out)
        fail(c, &err);
    else
        fail(c, lexer_err);
}

/* What follows a line that ended too early makes that an error. */
static void check_cut(om_code *c, const char *text, uint32_t end)
{
    for (; c->cut_at < end; c->cut_at++) {
        if (text[c->cut_at] && strchr(" \t\r\n\f", text[c->cut_at])) continue;
        fail_lexing(c, &c->cut_err);
        return;
    }
}

static void read_on(om_code *c, const char *text, uint32_t end, bool ended)
{
    om_token t;
    omost_error err = {0};
    c->lexer.text = text;
    c->lexer.end = end;
    c->lexer.ended = ended;
    while (c->st == OMOST_OK && !c->cut) {
        om_lex_result r = om_lexer_next(&c->lexer, &t, &err);
        if (r == OM_LEX_MORE || r == OM_LEX_END) break;
        if (r == OM_LEX_TOKEN)
            on_token(c, &t);
        else if (r == OM_LEX_OPEN_STRING && !c->strict)
            wait_for_end_of_string(c, &err);
        else
            fail_lexing(c, &err);
    }
    if (c->st == OMOST_OK && c->cut) check_cut(c, text, end);
}

void om_code_read(om_code *c, const char *text, uint32_t end)
{
    if (c->st == OMOST_OK) read_on(c, text, end, false);
}

static om_place place_of_cut(om_code *c)
{
    om_token here = {.start = c->lexer.pos,
                     .len = c->lexer.end - c->lexer.pos,
                     .line = c->lexer.line,
                     .line_start = c->lexer.line_start};
    return om_lexer_place(&c->lexer, c->n ? &c->tokens[0] : &here);
}

/* Whether what stands unfinished at the end can be a call that was cut off: it
 * is one of the canvas's, and either a bracket or a string is open or no fence
 * tells that the writer had finished. */
static bool may_be_cut_call(om_code *c, bool closed, bool open_token)
{
    if (c->n == 0) return true;
    om_str head = om_token_text(&c->lexer, &c->tokens[0]);
    om_str name = c->builder.object.n ? c->builder.object : OM_STR("canvas");
    if (c->n == 1 && !open_token) return !closed && om_str_starts(name, head);
    return om_str_eq(head, name) &&
           (open_token || c->lexer.depth > 0 || !closed);
}

static void leave_out(om_code *c, om_place at)
{
    omost_error err = {0};
    c->left_out = at;
    omost_status st =
        c->strict
            ? om_fail_at(&err, OMOST_SYNTAX, at,
                         "the code ends in the middle of this statement")
            : om_canvas_note(c->cv, at, &err,
                             "the reply was cut off in the middle of this; it "
                             "was left out");
    if (st != OMOST_OK) fail(c, &err);
}

/* The code ends inside a statement. What is there of it is still parsed: a
 * fault before the cut is a fault, and only the rest may be missing. */
static void end_inside(om_code *c, bool closed)
{
    om_statement s;
    bool ran_out = true;
    omost_error err = {0};
    const bool open_token =
        c->cut ? c->cut_string : c->lexer.pos < c->lexer.end;
    const size_t n_notes = c->cv->n_notes;
    om_place at = place_of_cut(c);
    omost_status st = c->n ? parse(c, &s, &ran_out, &err) : OMOST_SYNTAX;
    if (st == OMOST_OK && !open_token) {
        run_statement(c); /* whole: only its line end was missing */
        return;
    }
    bool cut = ran_out && may_be_cut_call(c, closed, open_token);
    if (st == OMOST_NOMEM || (!cut && c->n > 0)) {
        if (err.status == OMOST_OK)
            om_fail_at(&err, OMOST_SYNTAX, at,
                       "the code ends in the middle of this statement");
        fail(c, &err);
        return;
    }
    om_arena_reset(&c->scratch);
    c->cv->n_notes = n_notes; /* notes on what is left out are no news */
    leave_out(c, at);
}

void om_code_end(om_code *c, const char *text, uint32_t end, bool closed)
{
    if (c->st != OMOST_OK) return;
    read_on(c, text, end, true);
    if (c->st != OMOST_OK) return;
    if (c->n > 0 || c->cut || c->lexer.pos < c->lexer.end)
        end_inside(c, closed);
    om_code_tell_notes(c);
}
