/* plan.c - a canvas made into conditions with rows of tokens; see
 * omost/plan.h. Texts come from plan_texts.c, rows from bag.c. */
#include "prompt/plan_impl.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/error.h"
#include "base/utf8.h"
#include "prompt/bag.h"
#include "prompt/plan_texts.h"

typedef struct planner {
    omost_plan *plan;
    const omost_tokenizer *tk;
    om_texts_opts texts;
    om_bag_opts bags;
    om_known_texts known;
    omost_error *err;
} planner;

/* ---- notes ------------------------------------------------------------- */

static om_place place_of(const omost_plan *plan, const omost_condition *c)
{
    const omost_global *g = omost_canvas_global(plan->canvas);
    if (c->is_global) return g ? (om_place){g->line, g->col, 1} : (om_place){0};
    const omost_region *r = omost_canvas_region(plan->canvas, c->region);
    return (om_place){r->line, r->col, 1};
}

static omost_status add_note(planner *pl, const omost_condition *c,
                             const char *fmt, ...) OMOST_PRINTF(3, 4);

static omost_status add_note(planner *pl, const omost_condition *c,
                             const char *fmt, ...)
{
    omost_plan *plan = pl->plan;
    char text[240];
    va_list ap;
    va_start(ap, fmt);
    int n = vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    size_t len = n < 0 ? 0 : strlen(text);
    om_str msg = om_arena_str(&plan->arena, (om_str){text, len});
    omost_note *notes = om_grow(plan->env, plan->notes, plan->n_notes,
                                &plan->cap_notes, sizeof *notes);
    if (notes) plan->notes = notes;
    if (!msg.p || !notes) return om_fail_nomem(pl->err);
    om_place at = place_of(plan, c);
    notes[plan->n_notes++] = (omost_note){
        .line = at.line, .col = at.col, .len = at.line ? 1 : 0, .msg = msg.p};
    return OMOST_OK;
}

/* "the whole picture", "region 3" (as written, from 1) */
typedef struct who {
    char z[32];
} who;

static who who_is(const omost_condition *c)
{
    who w;
    if (c->is_global)
        snprintf(w.z, sizeof w.z, "the whole picture");
    else
        snprintf(w.z, sizeof w.z, "region %zu", c->region + 1);
    return w;
}

/* The start of a text, on one line. */
typedef struct quote {
    char z[64];
} quote;

static quote quote_of(om_str s)
{
    quote q;
    size_t n = om_utf8_floor(s.p, s.n, sizeof q.z - 1);
    for (size_t i = 0; i < n; i++)
        q.z[i] = (unsigned char)s.p[i] < ' ' ? ' ' : s.p[i];
    q.z[n] = '\0';
    return q;
}

/* ---- texts ------------------------------------------------------------- */

static omost_status make_texts(planner *pl, omost_condition *c)
{
    om_texts_news news;
    omost_status st = OMOST_OK;
    if (!om_plan_texts(&pl->plan->arena, &pl->texts, c, &news))
        return om_fail_nomem(pl->err);
    if (news.no_tags)
        st = add_note(pl, c, "%s has no tags; its description is used instead",
                      who_is(c).z);
    if (st == OMOST_OK && news.tags_left)
        st = add_note(
            pl, c, "%s has more than %d tags in one text; the rest is left out",
            who_is(c).z, OMOST_MAX_TAGS);
    return st;
}

/* ---- rows -------------------------------------------------------------- */

static omost_status note_bags(planner *pl, const omost_condition *c,
                              const om_bags *b)
{
    const who w = who_is(c);
    omost_status st = OMOST_OK;
    /* About a text that many regions share once is enough. */
    om_known_text *t =
        b->uneven ? om_known_find(&pl->known, b->uneven_text) : NULL;
    if (b->uneven && !(t && t->told))
        st = add_note(
            pl, c,
            "%s: \"!\" counts differently for the two text encoders in \"%s\"; "
            "the first one's tokens serve both",
            w.z, quote_of(b->uneven_text).z);
    if (t) t->told = true;
    if (st == OMOST_OK && b->prefix_cut)
        st = add_note(
            pl, c,
            "%s: the descriptions that begin its prompt have %zu tokens and "
            "leave no room for details in rows of %d; they were cut",
            w.z, b->n_prefix, OMOST_ROW_ROOM);
    if (b->n_prefix >= OMOST_ROW_ROOM && !b->prefix_cut) {
        /* then every suffix is cut, and saying so of each helps nobody */
        if (st != OMOST_OK) return st;
        return add_note(
            pl, c,
            "%s: the descriptions that begin its prompt have %zu tokens and "
            "fill every row of %d; its details are lost (shorten them, or "
            "plan with fit-prefix)",
            w.z, b->n_prefix, OMOST_ROW_ROOM);
    }
    if (st == OMOST_OK && b->n_cut == 1)
        st = add_note(
            pl, c,
            "%s: the end of \"%s\" does not fit into a row and is left out",
            w.z, quote_of(b->cut_text).z);
    if (st == OMOST_OK && b->n_cut > 1)
        st = add_note(
            pl, c,
            "%s: the ends of %zu texts do not fit into their rows and are left "
            "out, first of \"%s\"",
            w.z, b->n_cut, quote_of(b->cut_text).z);
    return st;
}

static omost_status make_rows(planner *pl, om_plan_item *item)
{
    om_bags b;
    omost_condition *c = &item->condition;
    pl->bags.max_rows = OMOST_MAX_ROWS - pl->plan->n_rows;
    omost_status st =
        om_bags_make(&b, &pl->bags, c->prefixes, c->suffixes, pl->err);
    if (st == OMOST_RANGE && pl->err) {
        om_place at = place_of(pl->plan, c);
        pl->err->line = at.line;
        pl->err->col = at.col;
        pl->err->len = at.line ? 1 : 0;
    }
    if (st != OMOST_OK) return st;
    pl->plan->n_rows += b.n;
    item->n_rows = b.n;
    item->rows = om_arena_alloc(&pl->plan->arena, b.n * sizeof *item->rows);
    if (item->rows) memcpy(item->rows, b.rows, b.n * sizeof *b.rows);
    st = item->rows ? note_bags(pl, c, &b) : om_fail_nomem(pl->err);
    om_bags_free(&b);
    return st;
}

/* ---- the plan ---------------------------------------------------------- */

static omost_status check_global(planner *pl)
{
    if (omost_canvas_global(pl->plan->canvas)) return OMOST_OK;
    if (pl->bags.strict)
        return om_fail(pl->err, OMOST_RANGE,
                       "the canvas has no global description");
    return add_note(
        pl, &pl->plan->items[0].condition,
        "no global description: the whole picture has no prompt of its own");
}

static omost_status build(planner *pl)
{
    omost_plan *plan = pl->plan;
    plan->layout = omost_layout_new(plan->canvas, pl->err);
    if (!plan->layout) return pl->err ? pl->err->status : OMOST_NOMEM;
    plan->n = omost_layout_count(plan->layout);
    plan->items = om_arena_array(&plan->arena, plan->n, sizeof *plan->items);
    if (!plan->items) return om_fail_nomem(pl->err);
    for (size_t i = 0; i < plan->n; i++)
        plan->items[i].condition = *omost_layout_item(plan->layout, i);
    if (!om_plan_quality(&plan->arena, &pl->texts))
        return om_fail_nomem(pl->err);
    omost_status st = check_global(pl);
    for (size_t i = 0; i < plan->n && st == OMOST_OK; i++) {
        st = make_texts(pl, &plan->items[i].condition);
        if (st == OMOST_OK && pl->tk) st = make_rows(pl, &plan->items[i]);
    }
    return st;
}

static omost_prompt_style style_of(const omost_plan_opts *o)
{
    if (o->prompt_style != OMOST_PROMPT_PROFILE) return o->prompt_style;
    return o->profile ? omost_profile_style(o->profile)
                      : OMOST_PROMPT_DESCRIPTION;
}

omost_plan *omost_plan_new(const omost_canvas *canvas,
                           const omost_tokenizer *tk,
                           const omost_plan_opts *opts, omost_error *err)
{
    const omost_plan_opts none = {0};
    const omost_plan_opts *o = opts ? opts : &none;
    om_error_clear(err);
    omost_plan *plan = om_zalloc(o->env, sizeof *plan);
    if (!plan) {
        om_fail_nomem(err);
        return NULL;
    }
    plan->env = o->env;
    plan->canvas = canvas;
    plan->has_rows = tk != NULL;
    om_arena_init(&plan->arena, o->env, 0);
    planner pl = {.plan = plan, .tk = tk, .err = err};
    pl.texts = (om_texts_opts){
        .canvas = canvas, .style = style_of(o), .profile = o->profile};
    pl.bags = (om_bag_opts){
        .tk = tk,
        .strict = o->strict,
        .fit_prefix = o->fit_prefix,
        .known = &pl.known,
    };
    om_arena_init(&pl.known.arena, o->env, 0);
    omost_status st = build(&pl);
    om_arena_free(&pl.known.arena);
    if (st == OMOST_OK) return plan;
    omost_plan_free(plan);
    return NULL;
}

void omost_plan_free(omost_plan *plan)
{
    if (!plan) return;
    const omost_env *env = plan->env;
    omost_layout_free(plan->layout);
    om_free(env, plan->notes);
    om_arena_free(&plan->arena);
    om_free(env, plan);
}

/* ---- looking at it ----------------------------------------------------- */

size_t omost_plan_count(const omost_plan *plan)
{
    return plan->n;
}

const omost_condition *omost_plan_condition(const omost_plan *plan, size_t i)
{
    return i < plan->n ? &plan->items[i].condition : NULL;
}

size_t omost_plan_row_count(const omost_plan *plan, size_t i)
{
    return i < plan->n ? plan->items[i].n_rows : 0;
}

const omost_row *omost_plan_row(const omost_plan *plan, size_t i, size_t j)
{
    bool there = i < plan->n && j < plan->items[i].n_rows;
    return there ? &plan->items[i].rows[j] : NULL;
}

size_t omost_plan_note_count(const omost_plan *plan)
{
    return plan->n_notes;
}

const omost_note *omost_plan_note(const omost_plan *plan, size_t i)
{
    return i < plan->n_notes ? &plan->notes[i] : NULL;
}
