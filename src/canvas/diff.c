/* diff.c - what changed between two canvases, once their regions are paired.
 *
 * ORDER marks the fewest regions that must have changed places, far to near,
 * for one order of the paired regions to become the other; among equal ways
 * those whose distance changed. The order in which regions were written counts
 * between equal distances only: alone it is no change, nor is 5 become 5.0. */
#include "canvas/diff.h"

#include <stdlib.h>

#include "base/error.h"
#include "canvas/canvas_doc.h"

/* ---- order ------------------------------------------------------------- */

/* A paired region, to be sorted far to near. */
typedef struct standing {
    const omost_region *r;
    size_t index;
} standing;

static int far_to_near(const void *a, const void *b)
{
    const standing *x = a, *y = b;
    int c = omost_number_cmp(&y->r->distance, &x->r->distance);
    return c ? c : (x->index > y->index) - (x->index < y->index);
}

/* Rank the paired regions; *out lists them far to near. */
static bool rank_side(om_arena *work, om_diff_side *side, standing **out,
                      size_t *n)
{
    standing *list = om_arena_array(work, side->n, sizeof *list);
    *n = 0;
    *out = list;
    if (!list) return false;
    for (size_t i = 0; i < side->n; i++)
        if (side->partner[i] != OM_DIFF_NONE)
            list[(*n)++] = (standing){omost_canvas_region(side->cv, i), i};
    qsort(list, *n, sizeof *list, far_to_near);
    for (size_t i = 0; i < *n; i++) side->rank[list[i].index] = i;
    return true;
}

/* The heaviest ascending run of ranks[0..n) stays, the others were reordered.
 * weight: of keeping each. best and from are work space. */
static void mark_reordered(const size_t *ranks, const size_t *weight, size_t n,
                           size_t *best, size_t *from, bool *reordered)
{
    size_t end = OM_DIFF_NONE;
    for (size_t i = 0; i < n; i++) {
        best[i] = weight[i];
        from[i] = OM_DIFF_NONE;
        for (size_t j = 0; j < i; j++) {
            if (ranks[j] > ranks[i] || best[j] + weight[i] <= best[i]) continue;
            best[i] = best[j] + weight[i];
            from[i] = j;
        }
        if (end == OM_DIFF_NONE || best[i] > best[end]) end = i;
        reordered[i] = true;
    }
    for (; end != OM_DIFF_NONE; end = from[end]) reordered[end] = false;
}

/* reordered[i] for region i of `before`. */
static bool compare_order(omost_diff *d, om_arena *work, bool *reordered)
{
    standing *far, *unused;
    size_t n;
    if (!rank_side(work, &d->before, &far, &n) ||
        !rank_side(work, &d->after, &unused, &n))
        return false;
    size_t *space = om_arena_array(work, 4 * n, sizeof *space);
    bool *moved = om_arena_array(work, n, sizeof *moved);
    if (!space || !moved) return false;
    size_t *ranks = space, *weight = space + n;
    for (size_t i = 0; i < n; i++) {
        size_t partner = d->before.partner[far[i].index];
        const omost_region *other = omost_canvas_region(d->after.cv, partner);
        ranks[i] = d->after.rank[partner];
        /* Keeping more regions is worth more than which ones are kept. */
        weight[i] = 2 * n + (omost_number_cmp(&far[i].r->distance,
                                              &other->distance) == 0);
    }
    mark_reordered(ranks, weight, n, space + 2 * n, space + 3 * n, moved);
    for (size_t i = 0; i < n; i++) reordered[far[i].index] = moved[i];
    return true;
}

/* ---- fields ------------------------------------------------------------ */

static unsigned differ(omost_str a, omost_str b, unsigned bit)
{
    return om_str_eq(a, b) ? 0 : bit;
}

static unsigned texts_differ(omost_texts a, omost_texts b)
{
    if (a.n != b.n) return OMOST_FIELD_DETAILS;
    for (size_t i = 0; i < a.n; i++)
        if (!om_str_eq(a.p[i], b.p[i])) return OMOST_FIELD_DETAILS;
    return 0;
}

static unsigned compare_globals(const omost_global *a, const omost_global *b)
{
    return differ(a->description, b->description, OMOST_FIELD_DESCRIPTION) |
           texts_differ(a->detailed_descriptions, b->detailed_descriptions) |
           differ(a->tags, b->tags, OMOST_FIELD_TAGS) |
           (a->color != b->color ? OMOST_FIELD_COLOR : 0u);
}

/* Is the region's prefix simply its canvas's description? */
static bool has_own_prefix(const omost_region *r, const omost_global *g)
{
    return g && r->has_prefix && om_str_eq(r->prefix, g->description);
}

/* A prefix that follows its canvas's description has not changed by itself. */
static bool prefix_differs(const omost_region *a, const omost_global *ga,
                           const omost_region *b, const omost_global *gb)
{
    bool own = has_own_prefix(a, ga);
    if (own != has_own_prefix(b, gb)) return true;
    if (own) return false;
    return a->has_prefix != b->has_prefix ||
           (a->has_prefix && !om_str_eq(a->prefix, b->prefix));
}

static unsigned compare_regions(const omost_diff *d, const omost_region *a,
                                const omost_region *b)
{
    const omost_global *ga = omost_canvas_global(d->before.cv);
    const omost_global *gb = omost_canvas_global(d->after.cv);
    unsigned f =
        differ(a->description, b->description, OMOST_FIELD_DESCRIPTION) |
        texts_differ(a->detailed_descriptions, b->detailed_descriptions) |
        differ(a->tags, b->tags, OMOST_FIELD_TAGS) |
        differ(a->atmosphere, b->atmosphere, OMOST_FIELD_ATMOSPHERE) |
        differ(a->style, b->style, OMOST_FIELD_STYLE) |
        differ(a->quality_meta, b->quality_meta, OMOST_FIELD_QUALITY);
    if (a->location != b->location || a->offset != b->offset ||
        a->area != b->area)
        f |= OMOST_FIELD_PLACE;
    if (omost_number_cmp(&a->distance, &b->distance) != 0)
        f |= OMOST_FIELD_DISTANCE;
    if (a->color != b->color) f |= OMOST_FIELD_COLOR;
    if (prefix_differs(a, ga, b, gb)) f |= OMOST_FIELD_PREFIX;
    return f;
}

static void add_change(omost_diff *d, omost_change c)
{
    d->changes[d->n++] = c;
}

static void add_global_change(omost_diff *d)
{
    const omost_global *a = omost_canvas_global(d->before.cv);
    const omost_global *b = omost_canvas_global(d->after.cv);
    unsigned f = a && b ? compare_globals(a, b) : 0;
    if (a && b && !f) return;
    if (!a && !b) return;
    add_change(d, (omost_change){
                      .kind = !a   ? OMOST_CHANGE_ADDED
                              : !b ? OMOST_CHANGE_REMOVED
                                   : OMOST_CHANGE_CHANGED,
                      .is_global = true,
                      .fields = f,
                  });
}

/* The whole picture first, then what is there now as it was written, then what
 * is gone. */
static void list_changes(omost_diff *d, const bool *reordered)
{
    add_global_change(d);
    for (size_t j = 0; j < d->after.n; j++) {
        size_t i = d->after.partner[j];
        omost_change c = {.kind = OMOST_CHANGE_ADDED, .after = j};
        if (i != OM_DIFF_NONE) {
            c = (omost_change){
                .kind = OMOST_CHANGE_CHANGED, .before = i, .after = j};
            c.fields = compare_regions(d, omost_canvas_region(d->before.cv, i),
                                       omost_canvas_region(d->after.cv, j));
            if (reordered[i]) c.fields |= OMOST_FIELD_ORDER;
        }
        if (c.kind != OMOST_CHANGE_CHANGED || c.fields) add_change(d, c);
    }
    for (size_t i = 0; i < d->before.n; i++)
        if (d->before.partner[i] == OM_DIFF_NONE)
            add_change(d, (omost_change){.kind = OMOST_CHANGE_REMOVED,
                                         .before = i});
}

/* ---- the diff ---------------------------------------------------------- */

static bool init_side(om_arena *a, om_diff_side *side, const omost_canvas *cv)
{
    side->cv = cv;
    side->n = omost_canvas_count(cv);
    side->partner = om_arena_array(a, side->n, sizeof(size_t));
    side->rank = om_arena_array(a, side->n, sizeof(size_t));
    for (size_t i = 0; side->partner && i < side->n; i++)
        side->partner[i] = OM_DIFF_NONE;
    return side->partner && side->rank;
}

static bool compare(omost_diff *d, const omost_canvas *before,
                    const omost_canvas *after)
{
    om_arena work;
    om_arena_init(&work, d->arena.env, 0);
    bool ok = init_side(&d->arena, &d->before, before) &&
              init_side(&d->arena, &d->after, after) && om_diff_pair(d);
    bool *reordered =
        ok ? om_arena_array(&work, d->before.n, sizeof *reordered) : NULL;
    if (ok)
        d->changes = om_arena_array(&d->arena, 1 + d->before.n + d->after.n,
                                    sizeof *d->changes);
    ok = ok && reordered && d->changes && compare_order(d, &work, reordered);
    if (ok) list_changes(d, reordered);
    om_arena_free(&work);
    return ok;
}

omost_diff *omost_diff_new(const omost_canvas *before,
                           const omost_canvas *after, omost_error *err)
{
    om_error_clear(err);
    const omost_env *env = om_canvas_env(before);
    omost_diff *d = om_zalloc(env, sizeof *d);
    if (d) {
        om_arena_init(&d->arena, env, 0);
        if (compare(d, before, after)) return d;
    }
    om_fail_nomem(err);
    omost_diff_free(d);
    return NULL;
}

size_t omost_diff_count(const omost_diff *d)
{
    return d->n;
}

const omost_change *omost_diff_change(const omost_diff *d, size_t i)
{
    return i < d->n ? &d->changes[i] : NULL;
}

void omost_diff_free(omost_diff *d)
{
    if (!d) return;
    const omost_env *env = d->arena.env;
    om_arena_free(&d->arena);
    om_free(env, d);
}
