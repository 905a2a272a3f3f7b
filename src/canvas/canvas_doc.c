/* canvas_doc.c - see canvas_doc.h; also the accessors of omost/canvas.h. */
#include "canvas/canvas_doc.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/utf8.h"
#include "canvas/fields.h"
#include "canvas/number.h"

enum { MAX_NOTES = 1000 };

omost_canvas *om_canvas_alloc(const omost_env *env, omost_error *err)
{
    omost_canvas *cv = om_zalloc(env, sizeof *cv);
    if (!cv)
        om_fail_nomem(err);
    else
        om_arena_init(&cv->arena, env, 0);
    return cv;
}

const omost_env *om_canvas_env(const omost_canvas *cv)
{
    return cv->arena.env;
}

void omost_canvas_free(omost_canvas *cv)
{
    if (!cv) return;
    const omost_env *env = cv->arena.env;
    om_free(env, cv->regions);
    om_free(env, cv->notes);
    om_arena_free(&cv->arena);
    om_free(env, cv);
}

void om_canvas_restart(omost_canvas *cv)
{
    cv->global = NULL;
    cv->n = 0;
}

void om_canvas_clear(omost_canvas *cv)
{
    om_canvas_restart(cv);
    cv->n_notes = 0;
}

/* Texts of a canvas always point somewhere, so that readers may do arithmetic
 * on the pointers of empty ones. */
static void point_somewhere(const om_method *m, void *object)
{
    for (size_t i = 0; i < m->n; i++) {
        om_str *text = om_field_of(object, &m->fields[i]);
        if (m->fields[i].type == OM_FIELD_TEXT && !text->p) *text = OM_STR("");
    }
}

omost_status om_canvas_set_global(omost_canvas *cv, const omost_global *g,
                                  omost_error *err)
{
    omost_global *copy = om_arena_alloc(&cv->arena, sizeof *copy);
    if (!copy) return om_fail_nomem(err);
    *copy = *g;
    point_somewhere(&om_set_global, copy);
    cv->global = copy;
    return OMOST_OK;
}

omost_status om_canvas_add_region(omost_canvas *cv, const omost_region *r,
                                  omost_error *err)
{
    if (cv->n == OMOST_MAX_REGIONS)
        return om_fail_at(err, OMOST_LIMIT, (om_place){r->line, r->col, 1},
                          "a canvas holds at most %d regions",
                          OMOST_MAX_REGIONS);
    void *grown = om_grow(cv->arena.env, cv->regions, cv->n, &cv->cap,
                          sizeof *cv->regions);
    if (!grown) return om_fail_nomem(err);
    cv->regions = grown;
    omost_region *copy = om_arena_alloc(&cv->arena, sizeof *copy);
    if (!copy) return om_fail_nomem(err);
    *copy = *r;
    point_somewhere(&om_add_local, copy);
    if (!copy->prefix.p) copy->prefix = OM_STR("");
    cv->regions[cv->n++] = copy;
    return OMOST_OK;
}

omost_status om_canvas_note(omost_canvas *cv, om_place at, omost_error *err,
                            const char *fmt, ...)
{
    omost_error text;
    if (cv->n_notes == MAX_NOTES) return OMOST_OK;
    va_list ap;
    va_start(ap, fmt);
    om_fail_v(&text, OMOST_OK, at, fmt, ap); /* cuts it where it is too long */
    va_end(ap);
    om_str msg = cv->n_notes == MAX_NOTES - 1
                     ? OM_STR("more notes follow; they were left out")
                     : om_str_of(text.msg);
    void *grown = om_grow(cv->arena.env, cv->notes, cv->n_notes, &cv->cap_notes,
                          sizeof *cv->notes);
    if (!grown) return om_fail_nomem(err);
    cv->notes = grown;
    omost_note *note = om_arena_alloc(&cv->arena, sizeof *note);
    om_str kept = om_arena_str(&cv->arena, msg);
    if (!note || !kept.p) return om_fail_nomem(err);
    *note = (omost_note){text.line, text.col, text.len, kept.p};
    cv->notes[cv->n_notes++] = note;
    return OMOST_OK;
}

const omost_global *omost_canvas_global(const omost_canvas *cv)
{
    return cv->global;
}

size_t omost_canvas_count(const omost_canvas *cv)
{
    return cv->n;
}

const omost_region *omost_canvas_region(const omost_canvas *cv, size_t i)
{
    return i < cv->n ? cv->regions[i] : NULL;
}

size_t omost_canvas_note_count(const omost_canvas *cv)
{
    return cv->n_notes;
}

const omost_note *omost_canvas_note(const omost_canvas *cv, size_t i)
{
    return i < cv->n_notes ? cv->notes[i] : NULL;
}

omost_box omost_region_box(const omost_region *r)
{
    return omost_box_of(r->location, r->offset, r->area);
}

void omost_text_free(const omost_env *env, char *text)
{
    om_free(env, text);
}

/* ---- a canvas from parts ----------------------------------------------- */

static omost_status copy_text(om_arena *a, om_str *s, const char *what,
                              omost_error *err)
{
    if (om_utf8_valid_len(s->p, s->n) != s->n)
        return om_fail(err, OMOST_FORMAT, "%s is not well-formed UTF-8", what);
    om_str copy = om_arena_str(a, *s);
    if (!copy.p) return om_fail_nomem(err);
    *s = copy;
    return OMOST_OK;
}

static omost_status copy_texts(om_arena *a, omost_texts *t, const char *what,
                               omost_error *err)
{
    omost_status st = OMOST_OK;
    if (t->n > OMOST_MAX_TEXTS)
        return om_fail(err, OMOST_LIMIT, "%s holds more than %d texts", what,
                       OMOST_MAX_TEXTS);
    om_str *copy = om_arena_array(a, t->n, sizeof *copy);
    if (!copy) return om_fail_nomem(err);
    for (size_t i = 0; i < t->n && st == OMOST_OK; i++) {
        copy[i] = t->p[i];
        st = copy_text(a, &copy[i], what, err);
    }
    t->p = copy;
    return st;
}

static omost_status copy_number(om_arena *a, omost_number *x, const char *what,
                                omost_error *err)
{
    om_number_verdict v = om_number_canonical(a, x);
    if (v == OM_NUMBER_NOMEM) return om_fail_nomem(err);
    if (v != OM_NUMBER_OK)
        return om_fail(err, OMOST_RANGE,
                       "%s is no number that can be written: an integer must "
                       "be whole and its digits its own, True is 1",
                       what);
    if (!om_number_is_positive(x))
        return om_fail(err, OMOST_RANGE, "%s must be above 0", what);
    return OMOST_OK;
}

static omost_status copy_field(om_arena *a, const om_field *f, void *v,
                               const char *what, omost_error *err)
{
    switch (f->type) {
    case OM_FIELD_TEXT: return copy_text(a, v, what, err);
    case OM_FIELD_TEXTS: return copy_texts(a, v, what, err);
    case OM_FIELD_NUMBER: return copy_number(a, v, what, err);
    case OM_FIELD_WORD: break;
    }
    if (omost_word(f->kind, *(int *)v)) return OMOST_OK;
    return om_fail(err, OMOST_RANGE, "%s: no word has the index %d", what,
                   *(int *)v);
}

/* Check what the fields of `object` hold and move it into the canvas. */
static omost_status copy_fields(omost_canvas *cv, const om_method *m,
                                const char *owner, void *object,
                                omost_error *err)
{
    omost_status st = OMOST_OK;
    for (size_t i = 0; i < m->n && st == OMOST_OK; i++) {
        const om_field *f = &m->fields[i];
        char what[64];
        snprintf(what, sizeof what, "%s: %s", owner, f->name);
        st = copy_field(&cv->arena, f, om_field_of(object, f), what, err);
    }
    return st;
}

static omost_status copy_global(omost_canvas *cv, const omost_global *from,
                                omost_error *err)
{
    omost_global g = *from;
    omost_status st = copy_fields(cv, &om_set_global, "global", &g, err);
    return st == OMOST_OK ? om_canvas_set_global(cv, &g, err) : st;
}

static omost_status copy_region(omost_canvas *cv, const omost_region *from,
                                omost_error *err)
{
    omost_region r = *from;
    char owner[32];
    snprintf(owner, sizeof owner, "region %zu", cv->n);
    omost_status st = copy_fields(cv, &om_add_local, owner, &r, err);
    /* nearly always the canvas's own description: not copied for each region */
    if (!r.has_prefix)
        r.prefix = (om_str){0};
    else if (om_str_eq(r.prefix, cv->global->description))
        r.prefix = cv->global->description;
    else if (st == OMOST_OK)
        st = copy_text(&cv->arena, &r.prefix, owner, err);
    return st == OMOST_OK ? om_canvas_add_region(cv, &r, err) : st;
}

omost_canvas *omost_canvas_new(const omost_env *env, const omost_global *global,
                               const omost_region *regions, size_t n,
                               omost_error *err)
{
    om_error_clear(err);
    omost_canvas *cv = om_canvas_alloc(env, err);
    if (!cv) return NULL;
    bool prefixed = false;
    omost_status st = global ? copy_global(cv, global, err) : OMOST_OK;
    for (size_t i = 0; i < n && st == OMOST_OK; i++) {
        if (prefixed && !regions[i].has_prefix)
            st = om_fail(
                err, OMOST_RANGE,
                "region %zu has no prefix but stands after one that has; put regions "
                "without a prefix first",
                i);
        else if (regions[i].has_prefix && !global)
            st = om_fail(err, OMOST_RANGE,
                         "region %zu has a prefix but there is no global "
                         "description",
                         i);
        else
            st = copy_region(cv, &regions[i], err);
        prefixed = regions[i].has_prefix;
    }
    if (st == OMOST_OK && !global && n == 0)
        st = om_fail(err, OMOST_RANGE,
                     "a canvas needs a global description or a region");
    if (st == OMOST_OK) return cv;
    omost_canvas_free(cv);
    return NULL;
}
