/* diff_print.c - a diff told to a person, and to a program.
 *
 * For people, a block a change: a head line that begins with "~" (changed),
 * "+" (new) or "-" (gone), then a line for each thing that changed, with what
 * it was and is. Long texts are cut, tags are compared one by one.
 *
 *     ~ A mighty dragon. -> A mighty dinosaur.
 *         moved: in the center -> on the right
 *         details: 4 of 6 rewritten
 *         tags: + fierce roar, ground shaking  - wings
 *
 * For programs:
 *
 *     {"format": "omost-canvas-diff", "version": 1, "changes": [
 *       {"kind": "changed", "target": "region", "before": 1, "after": 1,
 *        "description": "A mighty dinosaur.",
 *        "fields": {"description": {"before": "...", "after": "..."}, ...}}]}
 *
 * kind: added, removed, changed; target: global, region; before and after: the
 * region's index where it has one; fields (of changed alone): by the keys of
 * OMOST_FIELD_LIST, whole values in the form our JSON has them. "place" holds
 * {location, offset, area}, "order" ranks among the regions both canvases
 * have, 0 the farthest, "prefix" null where there is none. */
#include "canvas/diff.h"

#include <stdlib.h>

#include "base/json.h"
#include "base/utf8.h"
#include "canvas/canvas_doc.h"
#include "canvas/canvas_json.h"
#include "canvas/print.h"

enum {
    SHOWN = 60,     /* characters of a text */
    SHOWN_TAGS = 6, /* of either kind */
    MAX_TEXT = 4 * OMOST_MAX_INPUT,
    MAX_JSON = 16 * OMOST_MAX_INPUT,
};

static const char *const field_keys[] = {
#define X(name, key, text) key,
    OMOST_FIELD_LIST(X)
#undef X
};
enum { N_FIELDS = sizeof field_keys / sizeof *field_keys };

/* Both sides of a change; NULL where it has none. */
typedef struct pair {
    const omost_global *ga, *gb;
    const omost_region *a, *b;
    omost_str old_name, new_name;
} pair;

static pair look_up(const omost_diff *d, const omost_change *c)
{
    pair p = {0};
    if (c->is_global) {
        p.ga = omost_canvas_global(d->before.cv);
        p.gb = omost_canvas_global(d->after.cv);
        if (p.ga) p.old_name = p.ga->description;
        if (p.gb) p.new_name = p.gb->description;
        return p;
    }
    if (c->kind != OMOST_CHANGE_ADDED)
        p.a = omost_canvas_region(d->before.cv, c->before);
    if (c->kind != OMOST_CHANGE_REMOVED)
        p.b = omost_canvas_region(d->after.cv, c->after);
    if (p.a) p.old_name = p.a->description;
    if (p.b) p.new_name = p.b->description;
    return p;
}

/* ---- for people: lists ------------------------------------------------- */

/* A text of a list, and where it stood. */
typedef struct entry {
    om_str s;
    size_t index;
    bool matched;
} entry;

static int by_text(const void *a, const void *b)
{
    const entry *x = a, *y = b;
    int c = om_str_cmp(x->s, y->s);
    return c ? c : (x->index > y->index) - (x->index < y->index);
}

static int by_index(const void *a, const void *b)
{
    const entry *x = a, *y = b;
    return (x->index > y->index) - (x->index < y->index);
}

/* Mark what both lists have, each as often as both do; the number of them. */
static size_t match_entries(entry *a, size_t n, entry *b, size_t m)
{
    size_t i = 0, j = 0, both = 0;
    qsort(a, n, sizeof *a, by_text);
    qsort(b, m, sizeof *b, by_text);
    while (i < n && j < m) {
        int c = om_str_cmp(a[i].s, b[j].s);
        if (c == 0) {
            a[i].matched = b[j].matched = true;
            both++;
        }
        i += c <= 0;
        j += c >= 0;
    }
    qsort(a, n, sizeof *a, by_index);
    qsort(b, m, sizeof *b, by_index);
    return both;
}

static entry *entries_of_texts(om_arena *work, omost_texts t)
{
    entry *e = om_arena_array(work, t.n, sizeof *e);
    for (size_t i = 0; e && i < t.n; i++)
        e[i] = (entry){.s = t.p[i], .index = i};
    return e;
}

/* "a, b, c." as entries without the full stop and the space around. */
static entry *entries_of_tags(om_arena *work, om_str tags, size_t *n)
{
    size_t commas = 0, start = 0;
    *n = 0;
    for (size_t i = 0; i < tags.n; i++) commas += tags.p[i] == ',';
    entry *e = om_arena_array(work, commas + 1, sizeof *e);
    for (size_t i = 0; e && i <= tags.n; i++) {
        if (i < tags.n && tags.p[i] != ',') continue;
        om_str tag =
            om_str_strip((om_str){tags.p + start, i - start}, ". \t\r\n");
        start = i + 1;
        if (tag.n) e[*n] = (entry){.s = tag, .index = *n};
        if (tag.n) ++*n;
    }
    return e;
}

static bool put_details(om_buf *b, om_arena *work, omost_texts old,
                        omost_texts new)
{
    entry *x = entries_of_texts(work, old), *y = entries_of_texts(work, new);
    if (!x || !y) return false;
    size_t both = match_entries(x, old.n, y, new.n);
    size_t gone = old.n - both, come = new.n - both;
    size_t rewritten = gone < come ? gone : come;
    const char *gap = "";
    om_buf_puts(b, "    details: ");
    if (gone + come == 0) om_buf_puts(b, "reordered");
    if (rewritten) {
        om_buf_printf(b, "%zu of %zu rewritten", rewritten, new.n);
        gap = ", ";
    }
    if (come > gone) om_buf_printf(b, "%s%zu added", gap, come - gone);
    if (gone > come) om_buf_printf(b, "%s%zu dropped", gap, gone - come);
    om_buf_putc(b, '\n');
    return true;
}

/* "  + x, y and 3 more" of what has no match. */
static void put_unmatched(om_buf *b, char sign, const entry *e, size_t n)
{
    size_t shown = 0, rest = 0;
    for (size_t i = 0; i < n; i++) {
        if (e[i].matched) continue;
        if (shown == SHOWN_TAGS) {
            rest++;
            continue;
        }
        if (shown++)
            om_buf_puts(b, ", ");
        else
            om_buf_printf(b, " %c ", sign);
        om_print_line(b, e[i].s, SHOWN);
    }
    if (rest) om_buf_printf(b, " and %zu more", rest);
}

static bool put_tags(om_buf *b, om_arena *work, om_str old, om_str new)
{
    size_t n, m;
    entry *x = entries_of_tags(work, old, &n),
          *y = entries_of_tags(work, new, &m);
    if (!x || !y) return false;
    size_t both = match_entries(x, n, y, m);
    om_buf_puts(b, "    tags:");
    put_unmatched(b, '+', y, m);
    if (m > both && n > both) om_buf_putc(b, ' ');
    put_unmatched(b, '-', x, n);
    om_buf_puts(b, n == both && m == both ? " the same, written otherwise\n"
                                          : "\n");
    return true;
}

/* ---- for people: the rest ---------------------------------------------- */

static void put_shown(om_buf *b, om_str s)
{
    size_t at = b->n;
    om_print_line(b, s, SHOWN);
    if (b->n == at) om_buf_puts(b, "(no text)");
}

/* Where to begin showing two texts so that a difference far in them can be
 * seen: at a word not long before it; 0 where it shows from the start. */
static size_t skipped_head(om_str x, om_str y)
{
    size_t same = 0, at;
    while (same < x.n && same < y.n && x.p[same] == y.p[same]) same++;
    if (same < SHOWN / 2 || (x.n <= SHOWN && y.n <= SHOWN)) return 0;
    for (at = same - SHOWN / 3; at < same; at++)
        if (x.p[at] == ' ') return at + 1;
    return om_utf8_floor(x.p, x.n, same);
}

/* "old -> new", both cut alike. */
static void put_both(om_buf *b, om_str old, om_str new)
{
    size_t skip = skipped_head(old, new);
    if (skip) om_buf_puts(b, "...");
    put_shown(b, om_str_skip(old, skip));
    om_buf_puts(b, skip ? " -> ..." : " -> ");
    put_shown(b, om_str_skip(new, skip));
}

static void put_texts_line(om_buf *b, const char *what, om_str old, om_str new)
{
    om_buf_printf(b, "    %s: ", what);
    put_both(b, old, new);
    om_buf_putc(b, '\n');
}

static void put_word_part(om_buf *b, const char **gap, omost_word_kind kind,
                          int old, int new)
{
    if (old == new) return;
    om_buf_printf(b, "%s%s -> %s", *gap, omost_word(kind, old),
                  omost_word(kind, new));
    *gap = ", ";
}

static void put_place_line(om_buf *b, const omost_region *x,
                           const omost_region *y)
{
    bool moved = x->location != y->location || x->offset != y->offset;
    const char *gap = moved ? "    moved: " : "    resized: ";
    put_word_part(b, &gap, OMOST_WORD_LOCATION, x->location, y->location);
    put_word_part(b, &gap, OMOST_WORD_OFFSET, x->offset, y->offset);
    put_word_part(b, &gap, OMOST_WORD_AREA, x->area, y->area);
    om_buf_putc(b, '\n');
}

static void put_distance_line(om_buf *b, const omost_number *x,
                              const omost_number *y)
{
    om_buf_puts(b,
                omost_number_cmp(y, x) < 0 ? "    nearer: " : "    farther: ");
    om_print_number(b, x);
    om_buf_puts(b, " -> ");
    om_print_number(b, y);
    om_buf_putc(b, '\n');
}

static void put_prefix_line(om_buf *b, const omost_region *x,
                            const omost_region *y)
{
    const om_str none = OM_STR("none");
    put_texts_line(b, "global prefix", x->has_prefix ? x->prefix : none,
                   y->has_prefix ? y->prefix : none);
}

static void put_color_line(om_buf *b, int old, int new)
{
    om_buf_printf(b, "    colour: %s -> %s\n",
                  omost_word(OMOST_WORD_COLOR, old),
                  omost_word(OMOST_WORD_COLOR, new));
}

static bool tell_global(om_buf *b, om_arena *work, const pair *p, unsigned f)
{
    bool ok = true;
    if (f & OMOST_FIELD_DETAILS)
        ok = put_details(b, work, p->ga->detailed_descriptions,
                         p->gb->detailed_descriptions);
    if (ok && (f & OMOST_FIELD_TAGS))
        ok = put_tags(b, work, p->ga->tags, p->gb->tags);
    if (f & OMOST_FIELD_COLOR) put_color_line(b, p->ga->color, p->gb->color);
    return ok;
}

static bool tell_region(om_buf *b, om_arena *work, const omost_diff *d,
                        const omost_change *c, const pair *p)
{
    const omost_region *x = p->a, *y = p->b;
    const unsigned f = c->fields;
    bool ok = true;
    if (f & OMOST_FIELD_PLACE) put_place_line(b, x, y);
    if (f & OMOST_FIELD_DISTANCE)
        put_distance_line(b, &x->distance, &y->distance);
    if (f & OMOST_FIELD_ORDER)
        om_buf_printf(b, "    reordered: number %zu -> %zu, from the back\n",
                      d->before.rank[c->before] + 1,
                      d->after.rank[c->after] + 1);
    if (f & OMOST_FIELD_DETAILS)
        ok = put_details(b, work, x->detailed_descriptions,
                         y->detailed_descriptions);
    if (ok && (f & OMOST_FIELD_TAGS)) ok = put_tags(b, work, x->tags, y->tags);
    if (f & OMOST_FIELD_ATMOSPHERE)
        put_texts_line(b, "atmosphere", x->atmosphere, y->atmosphere);
    if (f & OMOST_FIELD_STYLE) put_texts_line(b, "style", x->style, y->style);
    if (f & OMOST_FIELD_QUALITY)
        put_texts_line(b, "quality", x->quality_meta, y->quality_meta);
    if (f & OMOST_FIELD_COLOR) put_color_line(b, x->color, y->color);
    if (f & OMOST_FIELD_PREFIX) put_prefix_line(b, x, y);
    return ok;
}

/* What a region is at a glance: " (on the right, a small square area, ...)" */
static void put_glance(om_buf *b, const omost_region *r)
{
    om_buf_printf(b, " (%s, ", omost_word(OMOST_WORD_LOCATION, r->location));
    if (omost_word_find(OMOST_WORD_OFFSET, OM_STR("no offset")) != r->offset)
        om_buf_printf(b, "%s, ", omost_word(OMOST_WORD_OFFSET, r->offset));
    om_buf_printf(b, "%s, distance ", omost_word(OMOST_WORD_AREA, r->area));
    om_print_number(b, &r->distance);
    om_buf_printf(b, ", %s)", omost_word(OMOST_WORD_COLOR, r->color));
}

static void put_head(om_buf *b, const omost_change *c, const pair *p)
{
    const bool renamed = c->fields & OMOST_FIELD_DESCRIPTION;
    const omost_region *only = c->kind == OMOST_CHANGE_ADDED     ? p->b
                               : c->kind == OMOST_CHANGE_REMOVED ? p->a
                                                                 : NULL;
    om_buf_printf(b, "%c ", "+-~"[c->kind]);
    if (c->is_global) om_buf_puts(b, "The whole picture: ");
    if (renamed)
        put_both(b, p->old_name, p->new_name);
    else
        put_shown(b, c->kind == OMOST_CHANGE_ADDED ? p->new_name : p->old_name);
    if (only) put_glance(b, only);
    om_buf_putc(b, '\n');
}

static bool tell(om_buf *b, om_arena *work, const omost_diff *d,
                 const omost_change *c)
{
    pair p = look_up(d, c);
    put_head(b, c, &p);
    if (c->kind != OMOST_CHANGE_CHANGED) return true;
    if (c->is_global) return tell_global(b, work, &p, c->fields);
    return tell_region(b, work, d, c, &p);
}

char *omost_diff_to_text(const omost_diff *d, size_t *len, omost_error *err)
{
    om_buf b;
    om_arena work;
    om_error_clear(err);
    om_buf_init(&b, d->arena.env, MAX_TEXT);
    om_arena_init(&work, d->arena.env, 0);
    for (size_t i = 0; i < d->n && b.status == OMOST_OK; i++) {
        if (!tell(&b, &work, d, &d->changes[i])) b.status = OMOST_NOMEM;
        om_arena_reset(&work);
    }
    om_arena_free(&work);
    om_buf_check(&b, "the list of changes", err);
    return om_buf_steal(&b, len);
}

/* ---- for programs ------------------------------------------------------ */

static void put_json_word(om_buf *b, omost_word_kind kind, int i)
{
    om_json_write_str(b, om_str_of(omost_word(kind, i)));
}

static void put_json_texts(om_buf *b, omost_texts t)
{
    om_buf_putc(b, '[');
    for (size_t i = 0; i < t.n; i++) {
        if (i) om_buf_puts(b, ", ");
        om_json_write_str(b, t.p[i]);
    }
    om_buf_putc(b, ']');
}

static void put_json_place(om_buf *b, const omost_region *r)
{
    om_buf_puts(b, "{\"location\": ");
    put_json_word(b, OMOST_WORD_LOCATION, r->location);
    om_buf_puts(b, ", \"offset\": ");
    put_json_word(b, OMOST_WORD_OFFSET, r->offset);
    om_buf_puts(b, ", \"area\": ");
    put_json_word(b, OMOST_WORD_AREA, r->area);
    om_buf_putc(b, '}');
}

static void put_json_global_field(om_buf *b, enum omost_field_index f,
                                  const omost_global *g)
{
    if (f == OMOST_FIELD_INDEX_DESCRIPTION)
        om_json_write_str(b, g->description);
    else if (f == OMOST_FIELD_INDEX_DETAILS)
        put_json_texts(b, g->detailed_descriptions);
    else if (f == OMOST_FIELD_INDEX_TAGS)
        om_json_write_str(b, g->tags);
    else
        put_json_word(b, OMOST_WORD_COLOR, g->color);
}

static void put_json_region_field(om_buf *b, enum omost_field_index f,
                                  const omost_region *r, size_t rank)
{
    switch (f) {
    case OMOST_FIELD_INDEX_PLACE: put_json_place(b, r); break;
    case OMOST_FIELD_INDEX_DISTANCE:
        om_canvas_write_json_number(b, &r->distance);
        break;
    case OMOST_FIELD_INDEX_DESCRIPTION:
        om_json_write_str(b, r->description);
        break;
    case OMOST_FIELD_INDEX_DETAILS:
        put_json_texts(b, r->detailed_descriptions);
        break;
    case OMOST_FIELD_INDEX_TAGS: om_json_write_str(b, r->tags); break;
    case OMOST_FIELD_INDEX_ATMOSPHERE:
        om_json_write_str(b, r->atmosphere);
        break;
    case OMOST_FIELD_INDEX_STYLE: om_json_write_str(b, r->style); break;
    case OMOST_FIELD_INDEX_QUALITY:
        om_json_write_str(b, r->quality_meta);
        break;
    case OMOST_FIELD_INDEX_COLOR:
        put_json_word(b, OMOST_WORD_COLOR, r->color);
        break;
    case OMOST_FIELD_INDEX_ORDER: om_buf_printf(b, "%zu", rank); break;
    case OMOST_FIELD_INDEX_PREFIX:
        if (r->has_prefix)
            om_json_write_str(b, r->prefix);
        else
            om_buf_puts(b, "null");
        break;
    }
}

static void put_json_side(om_buf *b, const omost_diff *d, const omost_change *c,
                          int f, bool is_after)
{
    pair p = look_up(d, c);
    if (c->is_global)
        put_json_global_field(b, (enum omost_field_index)f,
                              is_after ? p.gb : p.ga);
    else
        put_json_region_field(
            b, (enum omost_field_index)f, is_after ? p.b : p.a,
            is_after ? d->after.rank[c->after] : d->before.rank[c->before]);
}

static void put_json_fields(om_buf *b, const omost_diff *d,
                            const omost_change *c)
{
    const char *gap = "";
    om_buf_puts(b, ",\n      \"fields\": {");
    for (int f = 0; f < N_FIELDS; f++) {
        if (!(c->fields & 1u << f)) continue;
        om_buf_printf(b, "%s\n        \"%s\": {\n          \"before\": ", gap,
                      field_keys[f]);
        put_json_side(b, d, c, f, false);
        om_buf_puts(b, ",\n          \"after\": ");
        put_json_side(b, d, c, f, true);
        om_buf_puts(b, "\n        }");
        gap = ",";
    }
    om_buf_puts(b, "\n      }");
}

static void put_json_change(om_buf *b, const omost_diff *d,
                            const omost_change *c)
{
    static const char *const kinds[] = {
        [OMOST_CHANGE_ADDED] = "added",
        [OMOST_CHANGE_REMOVED] = "removed",
        [OMOST_CHANGE_CHANGED] = "changed",
    };
    pair p = look_up(d, c);
    om_buf_printf(b, "    {\n      \"kind\": \"%s\",\n      \"target\": \"%s\"",
                  kinds[c->kind], c->is_global ? "global" : "region");
    if (p.a) om_buf_printf(b, ",\n      \"before\": %zu", c->before);
    if (p.b) om_buf_printf(b, ",\n      \"after\": %zu", c->after);
    om_buf_puts(b, ",\n      \"description\": ");
    om_json_write_str(b, c->kind == OMOST_CHANGE_REMOVED ? p.old_name
                                                         : p.new_name);
    if (c->kind == OMOST_CHANGE_CHANGED) put_json_fields(b, d, c);
    om_buf_puts(b, "\n    }");
}

char *omost_diff_to_json(const omost_diff *d, size_t *len, omost_error *err)
{
    om_buf b;
    om_error_clear(err);
    om_buf_init(&b, d->arena.env, MAX_JSON);
    om_buf_puts(&b,
                "{\n  \"format\": \"omost-canvas-diff\",\n  \"version\": 1,\n"
                "  \"changes\": [");
    for (size_t i = 0; i < d->n && b.status == OMOST_OK; i++) {
        om_buf_puts(&b, i ? ",\n" : "\n");
        put_json_change(&b, d, &d->changes[i]);
    }
    om_buf_puts(&b, d->n ? "\n  ]\n}\n" : "]\n}\n");
    om_buf_check(&b, "the changes as JSON", err);
    return om_buf_steal(&b, len);
}
