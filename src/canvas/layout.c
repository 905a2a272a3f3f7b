/* layout.c - what a renderer needs of a canvas: conditions in drawing order,
 * and the coarse composition. Formulas: Canvas.process() of the original. */
#include <stdlib.h>

#include "canvas/canvas_doc.h"

struct omost_layout {
    om_arena arena;
    omost_condition *items;
    size_t n;
    om_str prefix, prefix_sub; /* the last global prefix and its sub-prompt */
};

/* The original's safe_str: strip ",", "." and " " from both ends, add ".".
 * Texts nearly always end in "." already; then the span just ends later. */
static bool safe_str(om_arena *a, om_str s, om_str *out)
{
    om_str core = om_str_strip(s, ",. ");
    /* what was stripped from the end begins with a "." */
    if (core.n && core.p + core.n < s.p + s.n && core.p[core.n] == '.') {
        *out = (om_str){core.p, core.n + 1};
        return true;
    }
    char *p = om_arena_alloc(a, core.n + 2);
    if (!p) return false;
    if (core.n) memcpy(p, core.p, core.n);
    memcpy(p + core.n, ".", 2);
    *out = (om_str){p, core.n + 1};
    return true;
}

/* Append safe_str of each text to list[*n]. */
static bool put_texts(om_arena *a, om_str *list, size_t *n, const om_str *texts,
                      size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (!safe_str(a, texts[i], &list[(*n)++])) return false;
    return true;
}

/* prefixes and suffixes = detailed descriptions and the single texts after. */
static bool fill_texts(om_arena *a, omost_condition *c, const om_str *prefixes,
                       size_t n_prefixes, omost_texts details,
                       const om_str *rest, size_t n_rest)
{
    om_str *p = om_arena_array(a, n_prefixes + details.n + n_rest, sizeof *p);
    if (!p) return false;
    om_str *s = p + n_prefixes;
    if (!put_texts(a, p, &c->prefixes.n, prefixes, n_prefixes) ||
        !put_texts(a, s, &c->suffixes.n, details.p, details.n) ||
        !put_texts(a, s, &c->suffixes.n, rest, n_rest))
        return false;
    c->prefixes.p = p;
    c->suffixes.p = s;
    return true;
}

static bool global_condition(omost_layout *lo, const omost_global *g,
                             omost_condition *c)
{
    *c = (omost_condition){.box = {0, OMOST_GRID, 0, OMOST_GRID},
                           .is_global = true};
    c->color = omost_color_rgb(
        g ? g->color : omost_word_find(OMOST_WORD_COLOR, OM_STR("gray")));
    return !g || fill_texts(&lo->arena, c, &g->description, 1,
                            g->detailed_descriptions, &g->tags, 1);
}

/* Nearly all regions share one prefix: its sub-prompt is made once, or a
 * thousand regions under a long description would take a thousand copies. */
static bool share_prefix(omost_layout *lo, om_str prefix, om_str *out)
{
    if (lo->prefix_sub.p && prefix.p == lo->prefix.p &&
        prefix.n == lo->prefix.n) {
        *out = lo->prefix_sub;
        return true;
    }
    lo->prefix = prefix;
    bool ok = safe_str(&lo->arena, prefix, &lo->prefix_sub);
    *out = lo->prefix_sub;
    return ok;
}

static bool region_condition(omost_layout *lo, const omost_region *r,
                             size_t index, omost_condition *c)
{
    om_str prefixes[] = {{0}, r->description};
    const om_str rest[] = {r->tags, r->atmosphere, r->style, r->quality_meta};
    const size_t skip = r->has_prefix ? 0 : 1;
    if (r->has_prefix && !share_prefix(lo, r->prefix, &prefixes[0]))
        return false;
    *c = (omost_condition){
        .box = omost_region_box(r),
        .color = omost_color_rgb(r->color),
        .region = index,
        .distance = r->distance,
    };
    return fill_texts(&lo->arena, c, prefixes + skip, 2 - skip,
                      r->detailed_descriptions, rest, 4);
}

/* Far to near; equal distances in the order they were written. */
static int far_to_near(const void *a, const void *b)
{
    const omost_condition *x = a, *y = b;
    int c = omost_number_cmp(&y->distance, &x->distance);
    return c ? c : (x->region > y->region) - (x->region < y->region);
}

omost_layout *omost_layout_new(const omost_canvas *cv, omost_error *err)
{
    om_error_clear(err);
    const omost_env *env = om_canvas_env(cv);
    omost_layout *lo = om_zalloc(env, sizeof *lo);
    if (!lo) {
        om_fail_nomem(err);
        return NULL;
    }
    om_arena_init(&lo->arena, env, 0);
    lo->items = om_arena_array(&lo->arena, cv->n + 1, sizeof *lo->items);
    bool ok =
        lo->items && global_condition(lo, cv->global, &lo->items[lo->n++]);
    for (size_t i = 0; i < cv->n && ok; i++)
        ok = region_condition(lo, cv->regions[i], i, &lo->items[lo->n++]);
    if (ok) {
        qsort(lo->items + 1, lo->n - 1, sizeof *lo->items, far_to_near);
        return lo;
    }
    om_fail_nomem(err);
    omost_layout_free(lo);
    return NULL;
}

size_t omost_layout_count(const omost_layout *lo)
{
    return lo->n;
}

const omost_condition *omost_layout_item(const omost_layout *lo, size_t i)
{
    return i < lo->n ? &lo->items[i] : NULL;
}

void omost_layout_free(omost_layout *lo)
{
    if (!lo) return;
    const omost_env *env = lo->arena.env;
    om_arena_free(&lo->arena);
    om_free(env, lo);
}

/* One channel of one cell. The original computes 0.7 * colour in float64 and
 * 0.3 * under in float32, adds them in float64 and stores a float32. */
static float blend(uint8_t color, float under)
{
    return (float)(0.7 * color + (double)(0.3f * under));
}

static void paint_box(float *cells, omost_box b, omost_rgb color)
{
    for (int y = b.top; y < b.bottom; y++) {
        float *p = cells + (y * OMOST_GRID + b.left) * 3;
        for (int x = b.left; x < b.right; x++, p += 3) {
            p[0] = blend(color.r, p[0]);
            p[1] = blend(color.g, p[1]);
            p[2] = blend(color.b, p[2]);
        }
    }
}

void omost_layout_composition(const omost_layout *lo,
                              uint8_t out[OMOST_GRID * OMOST_GRID * 3])
{
    enum { N = OMOST_GRID * OMOST_GRID };
    float cells[N * 3];
    const omost_rgb base = lo->items[0].color;
    for (int i = 0; i < N; i++) {
        cells[3 * i] = base.r;
        cells[3 * i + 1] = base.g;
        cells[3 * i + 2] = base.b;
    }
    for (size_t i = 1; i < lo->n; i++)
        paint_box(cells, lo->items[i].box, lo->items[i].color);
    for (int i = 0; i < N * 3; i++) {
        float v = cells[i];
        out[i] = (uint8_t)(v < 0 ? 0 : v > 255 ? 255 : v);
    }
}
