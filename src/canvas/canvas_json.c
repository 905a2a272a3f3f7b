/* canvas_json.c - see canvas_json.h. The keys are the parameters of the
 * calls (fields.h).
 *
 * Numbers keep their kind: 5 is Python's int, 5.0 its float, true its True.
 * What JSON cannot carry, or what JavaScript would round (infinity, integers
 * beyond 2^53), is a string that holds the Python literal: "1e999". */
#include "canvas/canvas_json.h"

#include <math.h>

#include "canvas/canvas_doc.h"
#include "canvas/fields.h"
#include "canvas/import.h"
#include "canvas/number.h"
#include "canvas/print.h"
#include "canvas/vocab.h"

#define FORMAT "omost-canvas"
enum { VERSION = 1 };

/* ---- writing ----------------------------------------------------------- */

/* Indentation grows by two; a comma stands before every value but the first. */
typedef struct writer {
    om_buf *b;
    size_t indent;
    bool first;
} writer;

static void new_line(writer *w)
{
    om_buf_putc(w->b, '\n');
    om_buf_fill(w->b, ' ', w->indent);
}

static void next_value(writer *w)
{
    if (!w->first) om_buf_putc(w->b, ',');
    w->first = false;
    new_line(w);
}

static void put_key(writer *w, const char *key)
{
    next_value(w);
    om_json_write_str(w->b, om_str_of(key));
    om_buf_puts(w->b, ": ");
}

static void open_level(writer *w, char bracket)
{
    om_buf_putc(w->b, bracket);
    w->indent += 2;
    w->first = true;
}

static void close_level(writer *w, char bracket)
{
    w->indent -= 2;
    if (!w->first) new_line(w);
    om_buf_putc(w->b, bracket);
    w->first = false;
}

void om_canvas_write_json_number(om_buf *b, const omost_number *x)
{
    const double exact = 9007199254740992.0; /* 2^53 */
    bool is_int = x->kind == OMOST_NUMBER_INT;
    bool as_text =
        isinf(x->value) || (is_int && (x->digits.n > 0 || x->value > exact));
    if (x->kind == OMOST_NUMBER_BOOL) {
        om_buf_puts(b, "true");
        return;
    }
    if (as_text) om_buf_putc(b, '"');
    om_print_number(b, x);
    if (as_text) om_buf_putc(b, '"');
}

static void put_texts(writer *w, const omost_texts *t)
{
    open_level(w, '[');
    for (size_t i = 0; i < t->n; i++) {
        next_value(w);
        om_json_write_str(w->b, t->p[i]);
    }
    close_level(w, ']');
}

static void put_fields(writer *w, const om_method *m, const void *from)
{
    for (size_t i = 0; i < m->n; i++) {
        const om_field *f = &m->fields[i];
        const void *p = om_field_in(from, f);
        put_key(w, f->name);
        switch (f->type) {
        case OM_FIELD_WORD:
            om_json_write_str(w->b,
                              om_str_of(omost_word(f->kind, *(const int *)p)));
            break;
        case OM_FIELD_NUMBER: om_canvas_write_json_number(w->b, p); break;
        case OM_FIELD_TEXT: om_json_write_str(w->b, *(const om_str *)p); break;
        case OM_FIELD_TEXTS: put_texts(w, p); break;
        }
    }
}

/* Without the key a region has the canvas's own description as its prefix. */
static void put_prefix(writer *w, const omost_region *r, const omost_global *g)
{
    bool own = g ? r->has_prefix && om_str_eq(r->prefix, g->description)
                 : !r->has_prefix;
    if (own) return;
    put_key(w, "prefix");
    if (r->has_prefix)
        om_json_write_str(w->b, r->prefix);
    else
        om_buf_puts(w->b, "null");
}

static void put_global(writer *w, const omost_global *g)
{
    put_key(w, "global");
    if (!g) {
        om_buf_puts(w->b, "null");
        return;
    }
    open_level(w, '{');
    put_fields(w, &om_set_global, g);
    close_level(w, '}');
}

static void put_regions(writer *w, const omost_canvas *cv)
{
    put_key(w, "regions");
    open_level(w, '[');
    for (size_t i = 0; i < omost_canvas_count(cv); i++) {
        const omost_region *r = omost_canvas_region(cv, i);
        next_value(w);
        open_level(w, '{');
        put_fields(w, &om_add_local, r);
        put_prefix(w, r, omost_canvas_global(cv));
        close_level(w, '}');
    }
    close_level(w, ']');
}

void om_canvas_write_json(om_buf *b, const omost_canvas *cv, size_t indent)
{
    writer w = {.b = b, .indent = indent};
    open_level(&w, '{');
    put_key(&w, "format");
    om_json_write_str(b, OM_STR(FORMAT));
    put_key(&w, "version");
    om_buf_printf(b, "%d", VERSION);
    put_global(&w, omost_canvas_global(cv));
    put_regions(&w, cv);
    close_level(&w, '}');
}

char *omost_canvas_to_json(const omost_canvas *cv, size_t *len,
                           omost_error *err)
{
    om_buf b;
    om_error_clear(err);
    /* Beyond this it could not be read again. */
    om_buf_init(&b, om_canvas_env(cv), OMOST_MAX_INPUT);
    om_canvas_write_json(&b, cv, 0);
    om_buf_putc(&b, '\n');
    om_buf_check(&b, "the canvas as JSON", err);
    return om_buf_steal(&b, len);
}

/* ---- reading ----------------------------------------------------------- */

static const char *const kind_names[] = {
    [OMOST_WORD_LOCATION] = "a location",
    [OMOST_WORD_OFFSET] = "an offset",
    [OMOST_WORD_AREA] = "an area",
    [OMOST_WORD_COLOR] = "an HTML colour name",
};

/* A word is corrected with a note, as in a reply. */
static omost_status read_word(om_import *im, const om_field *f, const json_t *v,
                              int *out)
{
    if (!json_is_string(v)) return om_import_wrong(im, f->name, "a string", v);
    om_str text = om_json_str(v);
    *out = om_word_exact(f->kind, text);
    if (*out >= 0) return OMOST_OK;
    om_buf shown;
    om_buf_init(&shown, om_canvas_env(im->cv), 1024);
    om_print_line(&shown, text, 60);
    om_buf_puts(&shown, "");
    omost_status st = om_buf_check(&shown, "a name", im->err);
    *out = omost_word_find(f->kind, text);
    if (st == OMOST_OK && *out < 0)
        st = om_fail(im->err, OMOST_RANGE, "%s%s%s: \"%s\" is not %s",
                     OM_IMPORT_AT(im, f->name), shown.p, kind_names[f->kind]);
    else if (st == OMOST_OK)
        st = om_canvas_note(im->cv, (om_place){0}, im->err,
                            "%s%s%s: \"%s\" is not %s; taken as \"%s\"",
                            OM_IMPORT_AT(im, f->name), shown.p,
                            kind_names[f->kind], omost_word(f->kind, *out));
    om_buf_free(&shown);
    return st;
}

static omost_status parse_number(om_import *im, const char *key, om_str literal,
                                 omost_number *out)
{
    switch (om_number_parse(literal, &im->cv->arena, out)) {
    case OM_NUMBER_OK: return OMOST_OK;
    case OM_NUMBER_NOMEM: return om_fail_nomem(im->err);
    case OM_NUMBER_TOO_LONG:
        return om_fail(im->err, OMOST_LIMIT, "%s%s%s has too many digits",
                       OM_IMPORT_AT(im, key));
    case OM_NUMBER_BAD:
    case OM_NUMBER_COMPLEX: break;
    }
    return om_fail(im->err, OMOST_FORMAT,
                   "%s%s%s must be a number, or a string that holds a positive "
                   "Python number such as \"1e999\"",
                   OM_IMPORT_AT(im, key));
}

static omost_status read_number(om_import *im, const char *key, const json_t *v,
                                omost_number *out)
{
    omost_status st = OMOST_OK;
    char z[24];
    if (json_is_integer(v) && json_integer_value(v) > 0) {
        int n = snprintf(z, sizeof z, "%lld", (long long)json_integer_value(v));
        st = parse_number(im, key, (om_str){z, (size_t)n}, out);
    } else if (json_is_string(v)) {
        st = parse_number(im, key, om_json_str(v), out);
    } else if (json_is_number(v)) {
        *out = (omost_number){.value = json_number_value(v)};
    } else if (json_is_true(v)) {
        *out = (omost_number){.kind = OMOST_NUMBER_BOOL, .value = 1};
    } else {
        return om_import_wrong(im, key, "a number", v);
    }
    if (st == OMOST_OK && !om_number_is_positive(out))
        st = om_fail(im->err, OMOST_RANGE, "%s%s%s must be above 0",
                     OM_IMPORT_AT(im, key));
    return st;
}

static omost_status read_field(om_import *im, const om_field *f,
                               const json_t *v, void *out)
{
    switch (f->type) {
    case OM_FIELD_TEXT: return om_import_text(im, f->name, v, out);
    case OM_FIELD_TEXTS: return om_import_texts(im, f->name, v, out);
    case OM_FIELD_WORD:
    case OM_FIELD_NUMBER: break;
    }
    if (!v)
        return om_fail(im->err, OMOST_FORMAT, "%s%s%s is missing",
                       OM_IMPORT_AT(im, f->name));
    return f->type == OM_FIELD_WORD ? read_word(im, f, v, out)
                                    : read_number(im, f->name, v, out);
}

static omost_status read_fields(om_import *im, const om_method *m,
                                const json_t *obj, void *out)
{
    omost_status st = OMOST_OK;
    for (size_t i = 0; i < m->n && st == OMOST_OK; i++) {
        const om_field *f = &m->fields[i];
        st = read_field(im, f, json_object_get(obj, f->name),
                        om_field_of(out, f));
    }
    return st;
}

static omost_status check_keys(om_import *im, json_t *obj, const om_method *m,
                               const char *extra)
{
    const char *known[OM_MAX_FIELDS + 2] = {0};
    for (size_t i = 0; i < m->n; i++) known[i] = m->fields[i].name;
    known[m->n] = extra;
    return om_import_check_keys(im, obj, known);
}

static omost_status read_global(om_import *im, json_t *v, omost_global *g)
{
    *g = (omost_global){0};
    snprintf(im->where, sizeof im->where, "global");
    if (!json_is_object(v)) {
        im->where[0] = '\0';
        return om_import_wrong(im, "global", "an object or null", v);
    }
    omost_status st = check_keys(im, v, &om_set_global, NULL);
    if (st == OMOST_OK) st = read_fields(im, &om_set_global, v, g);
    im->where[0] = '\0';
    return st;
}

/* The prefix: the canvas's description, unless the key says otherwise. */
static omost_status read_prefix(om_import *im, const json_t *v,
                                const omost_global *g,
                                const omost_region *before, omost_region *r)
{
    r->has_prefix = g != NULL;
    if (g) r->prefix = g->description;
    if (v && json_is_null(v)) {
        r->has_prefix = false;
        r->prefix = (om_str){0};
    } else if (v) {
        r->has_prefix = true;
        if (!json_is_string(v))
            return om_import_wrong(im, "prefix", "a string or null", v);
        omost_status st = om_import_text(im, "prefix", v, &r->prefix);
        if (st != OMOST_OK) return st;
    }
    if (r->has_prefix && !g)
        return om_fail(
            im->err, OMOST_RANGE,
            "%s.prefix must be null in a canvas without a global description",
            im->where);
    if (!r->has_prefix && before && before->has_prefix)
        return om_fail(
            im->err, OMOST_RANGE,
            "%s.prefix is null, but the region before has one; put regions "
            "without a prefix first",
            im->where);
    return OMOST_OK;
}

static omost_status read_region(om_import *im, json_t *v, const omost_global *g)
{
    size_t n = omost_canvas_count(im->cv);
    const omost_region *before = n ? omost_canvas_region(im->cv, n - 1) : NULL;
    omost_region r = {0};
    if (!json_is_object(v)) return om_import_wrong(im, "", "an object", v);
    omost_status st = check_keys(im, v, &om_add_local, "prefix");
    if (st == OMOST_OK) st = read_fields(im, &om_add_local, v, &r);
    if (st == OMOST_OK)
        st = read_prefix(im, json_object_get(v, "prefix"), g, before, &r);
    return st == OMOST_OK ? om_canvas_add_region(im->cv, &r, im->err) : st;
}

static omost_status read_regions(om_import *im, const json_t *v,
                                 const omost_global *g)
{
    omost_status st = OMOST_OK;
    if (!v) return om_import_missing(im, "regions", "empty");
    if (!json_is_array(v))
        return om_import_wrong(im, "regions", "an array of objects", v);
    for (size_t i = 0; i < json_array_size(v) && st == OMOST_OK; i++) {
        snprintf(im->where, sizeof im->where, "regions[%zu]", i);
        st = read_region(im, json_array_get(v, i), g);
    }
    im->where[0] = '\0';
    return st;
}

static omost_status read_head(om_import *im, json_t *v)
{
    static const char *const known[] = {"format", "version", "global",
                                        "regions", NULL};
    const json_t *format = json_object_get(v, "format");
    const json_t *version = json_object_get(v, "version");
    if (!format || !json_is_string(format) ||
        !om_str_eqz(om_json_str(format), FORMAT))
        return om_fail(
            im->err, OMOST_FORMAT,
            "the JSON object is not a canvas: it has no \"format\": \"%s\"",
            FORMAT);
    if (!version || !json_is_integer(version) ||
        json_integer_value(version) != VERSION)
        return om_fail(
            im->err, OMOST_FORMAT,
            "\"version\" of the canvas must be %d: this program knows no other",
            VERSION);
    return om_import_check_keys(im, v, known);
}

static omost_status read_canvas(om_import *im, json_t *v)
{
    omost_global g;
    omost_status st = read_head(im, v);
    json_t *global = st == OMOST_OK ? json_object_get(v, "global") : NULL;
    bool has_global = global && !json_is_null(global);
    if (st == OMOST_OK && !global) st = om_import_missing(im, "global", "null");
    if (st == OMOST_OK && has_global) st = read_global(im, global, &g);
    if (st == OMOST_OK)
        st = read_regions(im, json_object_get(v, "regions"),
                          has_global ? &g : NULL);
    if (st == OMOST_OK && has_global)
        st = om_canvas_set_global(im->cv, &g, im->err);
    return st;
}

omost_canvas *om_canvas_from_json(json_t *v, const omost_read_opts *opts,
                                  omost_error *err)
{
    om_import im;
    om_error_clear(err);
    if (om_import_begin(&im, opts, err) != OMOST_OK) return NULL;
    return om_import_finish(&im, read_canvas(&im, v));
}
