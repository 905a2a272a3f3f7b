/* build.c - see build.h. Checks follow the original's Canvas class; repairs
 * (docs/canvas.md lists them) happen outside strict mode and leave a note. */
#include "canvas/build.h"

#include "base/utf8.h"
#include "canvas/fields.h"
#include "canvas/number.h"
#include "canvas/print.h"
#include "canvas/vocab.h"

/* One call being carried out. */
typedef struct call {
    om_builder *b;
    const om_statement *s;
    const om_method *m;
    const om_value *values[OM_MAX_FIELDS]; /* by parameter; NULL: not given */
    unsigned missing, missing_words;       /* bits by parameter */
    omost_error *err;
} call;

static om_place place(const call *c, const om_token *at)
{
    return om_lexer_place(c->b->lx, at);
}

/* ---- arguments to parameters ------------------------------------------- */

static int find_param(const om_method *m, om_str name)
{
    for (size_t i = 0; i < m->n; i++)
        if (om_str_eqz(name, m->fields[i].name)) return (int)i;
    return -1;
}

static omost_status bind_one(call *c, const om_arg *a, size_t i)
{
    const om_method *m = c->m;
    int k = (int)i;
    if (a->name.n) {
        k = find_param(m, a->name);
        if (k < 0 && c->b->strict)
            return om_fail_at(c->err, OMOST_SYNTAX, place(c, &a->at),
                              "%s has no parameter %.*s", m->name,
                              OM_STR_ARG(a->name));
        if (k < 0)
            return om_canvas_note(c->b->cv, place(c, &a->at), c->err,
                                  "%s has no parameter %.*s; it was left out",
                                  m->name, OM_STR_ARG(a->name));
    } else if (i >= m->n) {
        return om_fail_at(c->err, OMOST_SYNTAX, place(c, &a->at),
                          "%s takes %zu arguments; take this one away", m->name,
                          m->n);
    } else if (i > 0 && c->s->args[i - 1].name.n) {
        return om_fail_at(
            c->err, OMOST_SYNTAX, place(c, &a->at),
            "an argument without a name cannot follow one with a name; write %s=...",
            m->fields[k].name);
    }
    if (c->values[k])
        return om_fail_at(c->err, OMOST_SYNTAX, place(c, &a->at),
                          "%s is given twice; keep one of them",
                          m->fields[k].name);
    c->values[k] = &a->value;
    return OMOST_OK;
}

static omost_status bind(call *c)
{
    omost_status st = OMOST_OK;
    for (size_t i = 0; i < c->s->n_args && st == OMOST_OK; i++)
        st = bind_one(c, &c->s->args[i], i);
    return st;
}

/* A parameter that was not given: an error in strict mode and where the
 * meaning would be lost; else it is remembered for one note on all of them. */
static omost_status missing(call *c, int k)
{
    const om_field *f = &c->m->fields[k];
    c->missing |= 1u << k;
    if (f->type == OM_FIELD_WORD) c->missing_words |= 1u << k;
    if (!c->b->strict && f->instead) return OMOST_OK;
    return om_fail_at(c->err, OMOST_SYNTAX, place(c, &c->s->method_at),
                      "%s lacks its %s; add %s=...", c->m->name, f->name,
                      f->name);
}

/* "... lacks its offset (taken as no offset), tags; texts are taken as empty" */
static omost_status note_missing(call *c)
{
    om_buf list;
    if (!c->missing) return OMOST_OK;
    om_buf_init(&list, c->b->cv->arena.env, 1024);
    for (size_t k = 0; k < c->m->n; k++) {
        const om_field *f = &c->m->fields[k];
        if (!(c->missing >> k & 1)) continue;
        const bool word = f->type == OM_FIELD_WORD;
        om_buf_printf(&list, "%s%s%s%s%s", list.n ? ", " : "", f->name,
                      word ? " (taken as " : "", word ? f->instead : "",
                      word ? ")" : "");
    }
    omost_status st = om_buf_check(&list, "a note", c->err);
    const unsigned texts = c->missing & ~c->missing_words;
    if (st == OMOST_OK)
        st = om_canvas_note(c->b->cv, place(c, &c->s->method_at), c->err,
                            "%s lacks its %s%s", c->m->name, list.p,
                            texts ? "; texts are taken as empty" : "");
    om_buf_free(&list);
    return st;
}

static omost_status wrong_type(call *c, int k, const om_value *v,
                               const char *wanted)
{
    return om_fail_at(c->err, OMOST_SYNTAX, place(c, &v->at),
                      "%s should be %s, not %s", c->m->fields[k].name, wanted,
                      om_value_kind_name(v->kind));
}

/* ---- texts ------------------------------------------------------------- */

static bool all_strings(const om_value *v)
{
    for (size_t i = 0; i < v->n; i++)
        if (v->items[i].kind != OM_VALUE_STR) return false;
    return true;
}

/* A list where one text is meant: its items with ", " between them. */
static omost_status join_list(call *c, const om_value *v, om_str *out)
{
    size_t total = 0, n = 0;
    for (size_t i = 0; i < v->n; i++) total += v->items[i].text.n + 2;
    char *p = om_arena_alloc(&c->b->cv->arena, total + 1);
    if (!p) return om_fail_nomem(c->err);
    for (size_t i = 0; i < v->n; i++) {
        om_str t = v->items[i].text;
        if (i > 0) memcpy(p + n, ", ", 2);
        n += i > 0 ? 2 : 0;
        if (t.n) memcpy(p + n, t.p, t.n);
        n += t.n;
    }
    *out = (om_str){p, n};
    return OMOST_OK;
}

static omost_status take_text(call *c, int k, om_str *out)
{
    const om_value *v = c->values[k];
    *out = (om_str){"", 0};
    if (!v) return missing(c, k);
    if (v->kind == OM_VALUE_STR) {
        *out = v->text;
        return OMOST_OK;
    }
    if (c->b->strict) return wrong_type(c, k, v, "a string");
    if (v->kind == OM_VALUE_NONE && c->m->fields[k].instead)
        return om_canvas_note(c->b->cv, place(c, &v->at), c->err,
                              "None was taken as an empty string");
    bool list = v->kind == OM_VALUE_LIST || v->kind == OM_VALUE_TUPLE;
    if (!list || !all_strings(v)) return wrong_type(c, k, v, "a string");
    omost_status st = join_list(c, v, out);
    if (st != OMOST_OK) return st;
    return om_canvas_note(c->b->cv, place(c, &v->at), c->err,
                          "%s should be a string; the %s was joined",
                          c->m->fields[k].name,
                          om_value_kind_name(v->kind) + 2);
}

static omost_status copy_items(call *c, int k, const om_value *v,
                               omost_texts *out)
{
    om_str *p = om_arena_array(&c->b->cv->arena, v->n, sizeof *p);
    if (!p) return om_fail_nomem(c->err);
    for (size_t i = 0; i < v->n; i++) {
        if (v->items[i].kind != OM_VALUE_STR)
            return om_fail_at(c->err, OMOST_SYNTAX, place(c, &v->items[i].at),
                              "%s should hold strings only, not %s",
                              c->m->fields[k].name,
                              om_value_kind_name(v->items[i].kind));
        p[i] = v->items[i].text;
    }
    *out = (omost_texts){p, v->n};
    return OMOST_OK;
}

static omost_status take_texts(call *c, int k, omost_texts *out)
{
    const om_value *v = c->values[k];
    om_value one;
    *out = (omost_texts){0};
    if (!v) return missing(c, k);
    if (v->kind == OM_VALUE_LIST) return copy_items(c, k, v, out);
    if (c->b->strict) return wrong_type(c, k, v, "a list of strings");
    omost_status st =
        om_canvas_note(c->b->cv, place(c, &v->at), c->err,
                       "%s should be a list of strings; %s was taken as one",
                       c->m->fields[k].name, om_value_kind_name(v->kind));
    if (st != OMOST_OK || v->kind == OM_VALUE_NONE) return st;
    if (v->kind == OM_VALUE_TUPLE) return copy_items(c, k, v, out);
    if (v->kind != OM_VALUE_STR)
        return wrong_type(c, k, v, "a list of strings");
    one = (om_value){.n = 1, .items = v};
    return copy_items(c, k, &one, out);
}

/* ---- words ------------------------------------------------------------- */

/* "#rgb" or "#rrggbb" */
static bool parse_hex_color(om_str s, omost_rgb *out)
{
    int d[6];
    if (s.n < 1 || s.p[0] != '#' || (s.n != 4 && s.n != 7)) return false;
    size_t n = s.n - 1;
    for (size_t i = 0; i < n; i++)
        if ((d[i] = om_hex_value(s.p[i + 1])) < 0) return false;
    *out = n == 3 ? (omost_rgb){(uint8_t)(d[0] * 17), (uint8_t)(d[1] * 17),
                                (uint8_t)(d[2] * 17)}
                  : (omost_rgb){(uint8_t)(d[0] * 16 + d[1]),
                                (uint8_t)(d[2] * 16 + d[3]),
                                (uint8_t)(d[4] * 16 + d[5])};
    return true;
}

/* A text of the canvas in a message: short, on one line, nothing a terminal
 * would act on. */
typedef struct quoted {
    char z[280]; /* 60 characters of up to 4 bytes, and ... */
} quoted;

static quoted quote_of(om_str s)
{
    quoted q = {""};
    om_buf b;
    om_buf_init(&b, NULL, 1024);
    om_print_line(&b, s, 60);
    if (b.n && b.n < sizeof q.z) memcpy(q.z, b.p, b.n + 1);
    om_buf_free(&b);
    return q;
}

static omost_status unknown_word(call *c, int k, const om_value *v)
{
    static const char *const remedy[] = {
        [OMOST_WORD_LOCATION] =
            "write \"in the center\", \"on the left\", \"on the top-right\" and so on",
        [OMOST_WORD_OFFSET] =
            "write \"no offset\", \"slightly to the left\" and so on",
        [OMOST_WORD_AREA] =
            "write \"a small square area\", \"a large vertical area\" and so on",
        [OMOST_WORD_COLOR] = "write an HTML colour name such as \"steelblue\"",
    };
    const om_field *f = &c->m->fields[k];
    quoted q = quote_of(v->text);
    return om_fail_at(c->err, OMOST_RANGE, place(c, &v->at),
                      "\"%s\" is not, and is not close to, any %s; %s", q.z,
                      f->kind == OMOST_WORD_COLOR ? "colour name" : f->name,
                      remedy[f->kind]);
}

static omost_status take_word(call *c, int k, int *out)
{
    const om_value *v = c->values[k];
    const om_field *f = &c->m->fields[k];
    const omost_word_kind kind = f->kind;
    omost_rgb rgb;
    if (!v) {
        *out = f->instead ? om_word_exact(kind, om_str_of(f->instead)) : 0;
        return missing(c, k);
    }
    if (v->kind != OM_VALUE_STR) return wrong_type(c, k, v, "a string");
    omost_status st = om_word_find(c->b->cv->arena.env, kind, v->text, out);
    if (st != OMOST_OK) return om_fail_nomem(c->err);
    bool by_hex = *out < 0 && kind == OMOST_WORD_COLOR && !c->b->strict &&
                  parse_hex_color(v->text, &rgb);
    if (by_hex) *out = omost_color_nearest(rgb);
    if (*out < 0) return unknown_word(c, k, v);
    const char *word = omost_word(kind, *out);
    /* ASCII case aside; other case pairs cannot spell a word of the language */
    if (om_str_eq_nocase(v->text, word)) return OMOST_OK;
    return om_canvas_note(c->b->cv, place(c, &v->at), c->err,
                          "\"%s\" is not %s; taken as \"%s\"",
                          quote_of(v->text).z,
                          kind == OMOST_WORD_COLOR      ? "a colour name"
                          : kind == OMOST_WORD_LOCATION ? "a location"
                          : kind == OMOST_WORD_OFFSET   ? "an offset"
                                                        : "an area",
                          word);
}

static bool number_in_quotes(call *c, const om_value *v, om_value *out)
{
    *out = (om_value){.kind = OM_VALUE_NUMBER, .at = v->at};
    om_str s = om_str_strip(v->text, " ");
    return s.n > 0 &&
           om_number_parse(s, &c->b->cv->arena, &out->number) == OM_NUMBER_OK;
}

static omost_status take_distance(call *c, int k, omost_number *out)
{
    const om_value *v = c->values[k];
    om_value bare;
    if (!v) return missing(c, k);
    if (v->kind == OM_VALUE_STR && !c->b->strict &&
        number_in_quotes(c, v, &bare)) {
        omost_status st = om_canvas_note(
            c->b->cv, place(c, &v->at), c->err,
            "distance_to_viewer should be a number; its quotes were "
            "taken away");
        if (st != OMOST_OK) return st;
        v = &bare;
    }
    if (v->kind != OM_VALUE_NUMBER)
        return wrong_type(c, k, v, "a number above 0");
    if (!om_number_is_positive(&v->number))
        return om_fail_at(c->err, OMOST_RANGE, place(c, &v->at),
                          "distance_to_viewer must be above 0");
    *out = v->number;
    return OMOST_OK;
}

/* ---- the calls --------------------------------------------------------- */

static omost_status take(call *c, int k, void *out)
{
    switch (c->m->fields[k].type) {
    case OM_FIELD_TEXT: return take_text(c, k, out);
    case OM_FIELD_TEXTS: return take_texts(c, k, out);
    case OM_FIELD_NUMBER: return take_distance(c, k, out);
    case OM_FIELD_WORD: return take_word(c, k, out);
    }
    return OMOST_OK;
}

/* Bind the arguments and fill in the struct that the method's fields are of. */
static omost_status take_all(call *c, void *out)
{
    omost_status st = bind(c);
    for (size_t k = 0; k < c->m->n && st == OMOST_OK; k++)
        st = take(c, (int)k, om_field_of(out, &c->m->fields[k]));
    return st == OMOST_OK ? note_missing(c) : st;
}

static omost_status do_set_global(call *c)
{
    const om_place at = place(c, &c->s->at);
    omost_global g = {.line = at.line, .col = at.col};
    omost_status st = take_all(c, &g);
    return st == OMOST_OK ? om_canvas_set_global(c->b->cv, &g, c->err) : st;
}

static omost_status do_add_local(call *c)
{
    const om_place at = place(c, &c->s->at);
    const omost_global *g = c->b->cv->global; /* in force: its prefix */
    omost_region r = {.line = at.line, .col = at.col, .has_prefix = g != NULL};
    if (g) r.prefix = g->description;
    omost_status st = take_all(c, &r);
    return st == OMOST_OK ? om_canvas_add_region(c->b->cv, &r, c->err) : st;
}

/* ---- statements -------------------------------------------------------- */

static omost_status keep_object(om_builder *b, om_str name, omost_error *err)
{
    om_str kept = om_arena_str(&b->cv->arena, name);
    if (!kept.p) return om_fail_nomem(err);
    b->object = kept;
    return OMOST_OK;
}

static omost_status build_new(om_builder *b, const om_statement *s,
                              omost_error *err)
{
    bool usual = om_str_eqz(s->object, "canvas");
    if (!usual && b->strict)
        return om_fail_at(err, OMOST_SYNTAX, om_lexer_place(b->lx, &s->at),
                          "the canvas must be called canvas, not %.*s",
                          OM_STR_ARG(s->object));
    om_canvas_restart(b->cv);
    omost_status st = keep_object(b, s->object, err);
    if (st == OMOST_OK && !usual)
        st = om_canvas_note(b->cv, om_lexer_place(b->lx, &s->at), err,
                            "%.*s was taken as the canvas's name",
                            OM_STR_ARG(s->object));
    return st;
}

/* The object of a call must be the canvas. */
static omost_status check_object(om_builder *b, const om_statement *s,
                                 omost_error *err)
{
    if (b->object.n && om_str_eq(s->object, b->object)) return OMOST_OK;
    if (b->object.n || !om_str_eqz(s->object, "canvas"))
        return om_fail_at(
            err, OMOST_SYNTAX, om_lexer_place(b->lx, &s->at),
            "%.*s is not the canvas; only its methods can be called",
            OM_STR_ARG(s->object));
    if (b->strict)
        return om_fail_at(err, OMOST_SYNTAX, om_lexer_place(b->lx, &s->at),
                          "canvas is used before canvas = Canvas() made it");
    if (b->announced) return OMOST_OK;
    b->announced = true;
    return om_canvas_note(b->cv, om_lexer_place(b->lx, &s->at), err,
                          "canvas = Canvas() is missing; taken as there");
}

omost_status om_build(om_builder *b, const om_statement *s, om_built *what,
                      omost_error *err)
{
    call c = {.b = b, .s = s, .err = err};
    *what = OM_BUILT_NOTHING;
    if (s->kind == OM_STATEMENT_NOTHING) return OMOST_OK;
    if (s->kind == OM_STATEMENT_NEW) {
        *what = OM_BUILT_START;
        return build_new(b, s, err);
    }
    omost_status st = check_object(b, s, err);
    if (st != OMOST_OK) return st;
    if (om_str_eqz(s->method, om_set_global.name)) {
        c.m = &om_set_global;
        *what = OM_BUILT_GLOBAL;
        return do_set_global(&c);
    }
    if (om_str_eqz(s->method, om_add_local.name)) {
        c.m = &om_add_local;
        *what = OM_BUILT_REGION;
        return do_add_local(&c);
    }
    return om_fail_at(
        err, OMOST_SYNTAX, place(&c, &s->method_at),
        "a canvas has no method %.*s; it has set_global_description and "
        "add_local_description",
        OM_STR_ARG(s->method));
}
