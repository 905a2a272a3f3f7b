/* comfy.c - see comfy.h.
 *
 * Written compact, one line, in the key order of Canvas.process(): what the
 * box editor of ComfyUI_omost stores with JSON.stringify().
 *
 * Reading finds back what the format does not carry:
 *   distances  n.0, n-1.0, ... 1.0 in the order of the items;
 *   places     the words whose box overlaps the rectangle best;
 *   colours    the nearest name;
 *   texts      suffixes end in tags, atmosphere, style, quality_meta (the
 *              global's in tags); the others are details. Prefixes are the
 *              global description, then the region's own.
 * Texts went through safe_str, which changes nothing the second time, so
 * that writing what was read gives the same bytes (a file this program wrote;
 * others get there after one round). */
#include "canvas/comfy.h"

#include <math.h>

#include "canvas/canvas_doc.h"
#include "canvas/import.h"

/* ---- writing ----------------------------------------------------------- */

static void put_texts(om_buf *b, const char *key, omost_texts t)
{
    om_buf_printf(b, "\"%s\":[", key);
    for (size_t i = 0; i < t.n; i++) {
        if (i) om_buf_putc(b, ',');
        om_json_write_str(b, t.p[i]);
    }
    om_buf_puts(b, "],");
}

static void put_item(om_buf *b, const omost_condition *c)
{
    om_buf_printf(b, "{\"rect\":[%d,%d,%d,%d],", c->box.top, c->box.bottom,
                  c->box.left, c->box.right);
    put_texts(b, "prefixes", c->prefixes);
    put_texts(b, "suffixes", c->suffixes);
    om_buf_printf(b, "\"color\":[%d,%d,%d]}", c->color.r, c->color.g,
                  c->color.b);
}

char *omost_canvas_to_comfy(const omost_canvas *cv, size_t *len,
                            omost_error *err)
{
    om_buf b;
    if (len) *len = 0;
    omost_layout *lo = omost_layout_new(cv, err);
    if (!lo) return NULL;
    om_buf_init(&b, om_canvas_env(cv), OMOST_MAX_INPUT);
    om_buf_putc(&b, '[');
    for (size_t i = 0; i < omost_layout_count(lo); i++) {
        if (i) om_buf_putc(&b, ',');
        put_item(&b, omost_layout_item(lo, i));
    }
    om_buf_puts(&b, "]\n");
    omost_layout_free(lo);
    om_buf_check(&b, "the canvas as ComfyUI_omost JSON", err);
    return om_buf_steal(&b, len);
}

/* ---- reading: numbers -------------------------------------------------- */

/* Whole numbers in low..high; a fraction or an excess is mended with a note. */
static omost_status read_ints(om_import *im, const char *key, const json_t *v,
                              int high, int *out, size_t n)
{
    char want[48];
    bool mended = false;
    snprintf(want, sizeof want, "an array of %zu numbers", n);
    if (!v)
        return om_fail(im->err, OMOST_FORMAT, "%s.%s is missing", im->where,
                       key);
    if (!json_is_array(v) || json_array_size(v) != n) {
        if (!json_is_array(v)) return om_import_wrong(im, key, want, v);
        return om_fail(im->err, OMOST_FORMAT, "%s.%s must be %s, not of %zu",
                       im->where, key, want, json_array_size(v));
    }
    for (size_t i = 0; i < n; i++) {
        const json_t *item = json_array_get(v, i);
        if (!json_is_number(item)) return om_import_wrong(im, key, want, item);
        double x = json_number_value(item), whole = floor(x + 0.5);
        double kept = whole < 0 ? 0 : whole > high ? high : whole;
        mended |= kept < x || kept > x;
        out[i] = (int)kept;
    }
    if (!mended) return OMOST_OK;
    return om_canvas_note(
        im->cv, (om_place){0}, im->err,
        "%s.%s: not whole numbers from 0 to %d; the nearest were taken",
        im->where, key, high);
}

static omost_status read_color(om_import *im, const json_t *v, int *color)
{
    int c[3] = {0};
    omost_status st = read_ints(im, "color", v, 255, c, 3);
    if (st != OMOST_OK) return st;
    omost_rgb want = {(uint8_t)c[0], (uint8_t)c[1], (uint8_t)c[2]};
    *color = omost_color_nearest(want);
    omost_rgb got = omost_color_rgb(*color);
    if (got.r == want.r && got.g == want.g && got.b == want.b) return OMOST_OK;
    return om_canvas_note(
        im->cv, (om_place){0}, im->err,
        "%s.color: #%02x%02x%02x has no name; taken as \"%s\", "
        "#%02x%02x%02x",
        im->where, want.r, want.g, want.b, omost_word(OMOST_WORD_COLOR, *color),
        got.r, got.g, got.b);
}

static bool same_box(omost_box a, omost_box b)
{
    return a.top == b.top && a.bottom == b.bottom && a.left == b.left &&
           a.right == b.right;
}

static omost_status read_box(om_import *im, const json_t *v, omost_box *box)
{
    int e[4] = {0};
    omost_status st = read_ints(im, "rect", v, OMOST_GRID, e, 4);
    if (st != OMOST_OK) return st;
    *box =
        (omost_box){.top = e[0], .bottom = e[1], .left = e[2], .right = e[3]};
    if (box->top < box->bottom && box->left < box->right) return OMOST_OK;
    return om_fail(
        im->err, OMOST_RANGE,
        "%s.rect [%d, %d, %d, %d] is empty; it is [top, bottom, left, right]",
        im->where, e[0], e[1], e[2], e[3]);
}

static omost_status read_place(om_import *im, const json_t *v, omost_region *r)
{
    omost_box box;
    double iou;
    omost_status st = read_box(im, v, &box);
    if (st != OMOST_OK) return st;
    omost_box_nearest(box, &r->location, &r->offset, &r->area, &iou);
    if (same_box(omost_region_box(r), box)) return OMOST_OK;
    return om_canvas_note(
        im->cv, (om_place){0}, im->err,
        "%s.rect [%d, %d, %d, %d] has no words; taken as \"%s\", \"%s\", "
        "\"%s\", which overlaps it by %d %%",
        im->where, box.top, box.bottom, box.left, box.right,
        omost_word(OMOST_WORD_LOCATION, r->location),
        omost_word(OMOST_WORD_OFFSET, r->offset),
        omost_word(OMOST_WORD_AREA, r->area), (int)(100 * iou));
}

/* ---- reading: texts ---------------------------------------------------- */

/* The last n_named of `all` into `named`, the rest are details. Too few of
 * them: all are details. */
static omost_status split_suffixes(om_import *im, omost_texts all,
                                   om_str **named, size_t n_named,
                                   omost_texts *details)
{
    bool enough = all.n >= n_named;
    *details = (omost_texts){all.p, enough ? all.n - n_named : all.n};
    for (size_t i = 0; i < n_named; i++)
        *named[i] = enough ? all.p[details->n + i] : (om_str){0};
    if (enough || all.n == 0) return OMOST_OK;
    return om_canvas_note(
        im->cv, (om_place){0}, im->err,
        "%s.suffixes: only %zu; all taken as detailed descriptions", im->where,
        all.n);
}

/* More than one text as one. */
static omost_status join(om_import *im, const om_str *p, size_t n, om_str *out)
{
    om_buf b;
    om_buf_init(&b, om_canvas_env(im->cv), OMOST_MAX_INPUT);
    for (size_t i = 0; i < n; i++) {
        if (i) om_buf_putc(&b, ' ');
        om_buf_str(&b, p[i]);
    }
    omost_status st = om_buf_check(&b, "a prefix", im->err);
    if (st == OMOST_OK) {
        *out = om_arena_str(&im->cv->arena, om_buf_view(&b));
        if (!out->p) st = om_fail_nomem(im->err);
    }
    om_buf_free(&b);
    return st;
}

/* The one description that `all` should be: else joined, with a note. */
static omost_status read_description(om_import *im, omost_texts all,
                                     om_str *out)
{
    *out = all.n ? all.p[0] : (om_str){0};
    if (all.n == 1) return OMOST_OK;
    omost_status st = all.n ? join(im, all.p, all.n, out) : OMOST_OK;
    if (st != OMOST_OK) return st;
    return om_canvas_note(
        im->cv, (om_place){0}, im->err,
        all.n ? "%s.prefixes: more than expected; joined into one description"
              : "%s.prefixes: no description",
        im->where);
}

/* prefixes = [description], or [global description, description]. */
static omost_status read_prefixes(om_import *im, omost_texts all,
                                  omost_region *r)
{
    r->has_prefix = all.n >= 2;
    if (r->has_prefix) {
        r->prefix = all.p[0];
        all = (omost_texts){all.p + 1, all.n - 1};
    }
    return read_description(im, all, &r->description);
}

/* ---- reading: items ---------------------------------------------------- */

/* An item's prefixes and suffixes. */
typedef struct texts_of_item {
    omost_texts prefixes, suffixes;
} texts_of_item;

static omost_status read_texts(om_import *im, json_t *item, texts_of_item *t)
{
    static const char *const known[] = {"rect", "prefixes", "suffixes", "color",
                                        NULL};
    if (!json_is_object(item))
        return om_import_wrong(im, "", "an object", item);
    omost_status st = om_import_check_keys(im, item, known);
    if (st == OMOST_OK)
        st = om_import_texts(im, "prefixes", json_object_get(item, "prefixes"),
                             &t->prefixes);
    if (st == OMOST_OK)
        st = om_import_texts(im, "suffixes", json_object_get(item, "suffixes"),
                             &t->suffixes);
    return st;
}

/* Item 0. Without a text at all the canvas has no global description, unless
 * a region names one as its prefix. */
static omost_status read_global(om_import *im, json_t *item, bool *any,
                                omost_global *g)
{
    texts_of_item t = {0};
    omost_box box;
    const omost_box whole = {
        .top = 0, .bottom = OMOST_GRID, .left = 0, .right = OMOST_GRID};
    om_str *named[] = {&g->tags};
    snprintf(im->where, sizeof im->where, "[0]");
    omost_status st = read_texts(im, item, &t);
    if (st == OMOST_OK) st = read_box(im, json_object_get(item, "rect"), &box);
    if (st == OMOST_OK)
        st = read_color(im, json_object_get(item, "color"), &g->color);
    if (st != OMOST_OK) return st;
    if (!same_box(box, whole))
        st = om_canvas_note(
            im->cv, (om_place){0}, im->err,
            "[0].rect: item 0 is the whole picture; taken as [0, %d, 0, %d]",
            OMOST_GRID, OMOST_GRID);
    *any = t.prefixes.n + t.suffixes.n > 0;
    if (st == OMOST_OK && *any)
        st = read_description(im, t.prefixes, &g->description);
    if (st == OMOST_OK && !*any &&
        g->color != omost_word_find(OMOST_WORD_COLOR, OM_STR("gray")))
        st = om_canvas_note(
            im->cv, (om_place){0}, im->err,
            "[0]: without a text the whole picture has no colour; gray was "
            "taken");
    if (st == OMOST_OK)
        st =
            split_suffixes(im, t.suffixes, named, 1, &g->detailed_descriptions);
    return st;
}

static omost_status read_region(om_import *im, json_t *item, size_t i, size_t n,
                                omost_region *r)
{
    texts_of_item t = {0};
    om_str *named[] = {&r->tags, &r->atmosphere, &r->style, &r->quality_meta};
    snprintf(im->where, sizeof im->where, "[%zu]", i);
    omost_status st = read_texts(im, item, &t);
    if (st == OMOST_OK) st = read_place(im, json_object_get(item, "rect"), r);
    if (st == OMOST_OK)
        st = read_color(im, json_object_get(item, "color"), &r->color);
    if (st == OMOST_OK) st = read_prefixes(im, t.prefixes, r);
    if (st == OMOST_OK)
        st =
            split_suffixes(im, t.suffixes, named, 4, &r->detailed_descriptions);
    r->distance = (omost_number){.value = (double)(n - i)};
    return st;
}

/* Regions without a prefix go first: they were added before there was one.
 * Their distances keep them where they are in the picture. */
static omost_status add_regions(om_import *im, const omost_region *r, size_t n)
{
    omost_status st = OMOST_OK;
    for (int with = 0; with < 2; with++)
        for (size_t i = 0; i < n && st == OMOST_OK; i++)
            if (r[i].has_prefix == (with == 1))
                st = om_canvas_add_region(im->cv, &r[i], im->err);
    return st;
}

static omost_status read_items(om_import *im, json_t *v)
{
    size_t n = json_array_size(v);
    omost_global g = {0};
    bool any = false, prefixed = false;
    if (n == 0)
        return om_fail(
            im->err, OMOST_FORMAT,
            "the JSON array is empty: its item 0 is the whole picture");
    if (n - 1 > OMOST_MAX_REGIONS)
        return om_fail(im->err, OMOST_LIMIT,
                       "a canvas holds at most %d regions", OMOST_MAX_REGIONS);
    omost_region *r = om_arena_array(&im->cv->arena, n, sizeof *r);
    if (!r) return om_fail_nomem(im->err);
    omost_status st = read_global(im, json_array_get(v, 0), &any, &g);
    for (size_t i = 1; i < n && st == OMOST_OK; i++) {
        st = read_region(im, json_array_get(v, i), i, n, &r[i - 1]);
        prefixed |= r[i - 1].has_prefix;
    }
    im->where[0] = '\0';
    if (st == OMOST_OK && prefixed && !any) {
        any = true;
        st = om_canvas_note(
            im->cv, (om_place){0}, im->err,
            "[0].prefixes: no description, though regions name one");
    }
    if (st == OMOST_OK) st = add_regions(im, r, n - 1);
    if (st == OMOST_OK && any) st = om_canvas_set_global(im->cv, &g, im->err);
    return st;
}

omost_canvas *om_canvas_from_comfy(json_t *v, const omost_read_opts *opts,
                                   omost_error *err)
{
    om_import im;
    /* The original has no such format: strictness has no meaning here. */
    omost_read_opts lenient = {.env = opts ? opts->env : NULL};
    om_error_clear(err);
    if (om_import_begin(&im, &lenient, err) != OMOST_OK) return NULL;
    return om_import_finish(&im, read_items(&im, v));
}
