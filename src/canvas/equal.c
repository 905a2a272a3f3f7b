/* equal.c - are two canvases the same document? Places in the text and notes
 * do not count; the kind of a number does: 5 is not 5.0. */
#include "base/str.h"
#include "canvas/canvas_doc.h"
#include "canvas/fields.h"

static bool same_texts(omost_texts a, omost_texts b)
{
    if (a.n != b.n) return false;
    for (size_t i = 0; i < a.n; i++)
        if (!om_str_eq(a.p[i], b.p[i])) return false;
    return true;
}

static bool same_field(om_field_type type, const void *a, const void *b)
{
    const omost_number *x = a, *y = b;
    switch (type) {
    case OM_FIELD_TEXT:
        return om_str_eq(*(const om_str *)a, *(const om_str *)b);
    case OM_FIELD_WORD: return *(const int *)a == *(const int *)b;
    case OM_FIELD_NUMBER:
        return x->kind == y->kind && omost_number_cmp(x, y) == 0;
    case OM_FIELD_TEXTS:
        return same_texts(*(const omost_texts *)a, *(const omost_texts *)b);
    }
    return false;
}

static bool same_fields(const om_method *m, const void *a, const void *b)
{
    for (size_t i = 0; i < m->n; i++) {
        const om_field *f = &m->fields[i];
        if (!same_field(f->type, om_field_in(a, f), om_field_in(b, f)))
            return false;
    }
    return true;
}

static bool same_global(const omost_global *a, const omost_global *b)
{
    return a && b ? same_fields(&om_set_global, a, b) : a == b;
}

static bool same_region(const omost_region *a, const omost_region *b)
{
    return a->has_prefix == b->has_prefix &&
           (!a->has_prefix || om_str_eq(a->prefix, b->prefix)) &&
           same_fields(&om_add_local, a, b);
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
