/* equal.c - are two canvases the same document? Places in the text and notes
 * do not count; the kind of a number does: 5 is not 5.0. */
#include "base/str.h"
#include "canvas/canvas_doc.h"

static bool same_texts(omost_texts a, omost_texts b)
{
    if (a.n != b.n) return false;
    for (size_t i = 0; i < a.n; i++)
        if (!om_str_eq(a.p[i], b.p[i])) return false;
    return true;
}

static bool same_global(const omost_global *a, const omost_global *b)
{
    if (!a || !b) return a == b;
    return a->color == b->color && om_str_eq(a->description, b->description) &&
           om_str_eq(a->tags, b->tags) &&
           same_texts(a->detailed_descriptions, b->detailed_descriptions);
}

static bool same_region(const omost_region *a, const omost_region *b)
{
    return a->location == b->location && a->offset == b->offset &&
           a->area == b->area && a->color == b->color &&
           a->distance.kind == b->distance.kind &&
           omost_number_cmp(&a->distance, &b->distance) == 0 &&
           om_str_eq(a->description, b->description) &&
           om_str_eq(a->tags, b->tags) &&
           om_str_eq(a->atmosphere, b->atmosphere) &&
           om_str_eq(a->style, b->style) &&
           om_str_eq(a->quality_meta, b->quality_meta) &&
           a->has_prefix == b->has_prefix &&
           (!a->has_prefix || om_str_eq(a->prefix, b->prefix)) &&
           same_texts(a->detailed_descriptions, b->detailed_descriptions);
}

bool omost_canvas_equal(const omost_canvas *a, const omost_canvas *b)
{
    if (omost_canvas_count(a) != omost_canvas_count(b)) return false;
    if (!same_global(omost_canvas_global(a), omost_canvas_global(b)))
        return false;
    for (size_t i = 0; i < omost_canvas_count(a); i++)
        if (!same_region(omost_canvas_region(a, i), omost_canvas_region(b, i)))
            return false;
    return true;
}
