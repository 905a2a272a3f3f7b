/* context.c - see context.h. */
#include "nn/context.h"

#include <math.h>

/* "the map of picture 0, 16 x 24" */
#define MAP_TEXT "the attention map of picture %d, %d x %d"

static omost_status check_span(const om_attention_map *m, const om_span *s,
                               int n_words, omost_error *err)
{
    if (s->first < 0 || s->n < 1 || s->first > n_words - s->n)
        return om_fail(err, OMOST_RANGE,
                       MAP_TEXT ": words %d to %lld are not among the %d", m->n,
                       m->h, m->w, s->first, (long long)s->first + s->n,
                       n_words);
    if (!(s->scale > 0) || !isfinite(s->scale))
        return om_fail(err, OMOST_RANGE,
                       MAP_TEXT ": a scale of %g is not a positive number",
                       m->n, m->h, m->w, (double)s->scale);
    if (m->separate && !isfinite(s->weight))
        return om_fail(err, OMOST_RANGE,
                       MAP_TEXT ": a weight of %g is not a number", m->n, m->h,
                       m->w, (double)s->weight);
    return OMOST_OK;
}

/* Rows ascend within a group; `next` counts them all. */
static omost_status check_group(const om_attention_map *m, int i, int n_words,
                                int64_t *rows, omost_error *err)
{
    const om_attention_group *g = &m->group[i];
    const int64_t n = (int64_t)m->h * m->w;
    if (g->n_rows < 0 || g->n_spans < 0)
        return om_fail(err, OMOST_RANGE, MAP_TEXT ": group %d is of no size",
                       m->n, m->h, m->w, i);
    for (int j = 0; j < g->n_rows; j++)
        if (g->row[j] < 0 || g->row[j] >= n ||
            (j > 0 && g->row[j] <= g->row[j - 1]))
            return om_fail(err, OMOST_RANGE,
                           MAP_TEXT ": position %d of group %d is outside or "
                                    "out of order",
                           m->n, m->h, m->w, (int)g->row[j], i);
    *rows += g->n_rows;
    for (int j = 0; j < g->n_spans; j++) {
        omost_status st = check_span(m, &g->span[j], n_words, err);
        if (st) return st;
    }
    return OMOST_OK;
}

/* Is `row` in a group after group i? Rows ascend. */
static bool is_later(const om_attention_map *m, int i, int32_t row)
{
    for (i++; i < m->n_groups; i++) {
        const om_attention_group *g = &m->group[i];
        int low = 0, high = g->n_rows;
        while (low < high) {
            int mid = low + (high - low) / 2;
            if (g->row[mid] < row)
                low = mid + 1;
            else
                high = mid;
        }
        if (low < g->n_rows && g->row[low] == row) return true;
    }
    return false;
}

/* As many rows as positions, and none twice: a partition. */
static omost_status check_map(const om_attention_map *m, int n_words,
                              omost_error *err)
{
    if (m->n < 0 || m->h < 1 || m->w < 1 || m->n_groups < 0 ||
        (int64_t)m->h * m->w > INT32_MAX)
        return om_fail(err, OMOST_RANGE, MAP_TEXT ": this is no size", m->n,
                       m->h, m->w);
    int64_t rows = 0;
    for (int i = 0; i < m->n_groups; i++) {
        omost_status st = check_group(m, i, n_words, &rows, err);
        if (st) return st;
    }
    if (rows != (int64_t)m->h * m->w)
        return om_fail(err, OMOST_RANGE,
                       MAP_TEXT ": its groups have %lld positions, not %lld",
                       m->n, m->h, m->w, (long long)rows,
                       (long long)m->h * m->w);
    for (int i = 0; i < m->n_groups; i++)
        for (int j = 0; j < m->group[i].n_rows; j++)
            if (is_later(m, i, m->group[i].row[j]))
                return om_fail(err, OMOST_RANGE,
                               MAP_TEXT ": position %d is in two groups", m->n,
                               m->h, m->w, (int)m->group[i].row[j]);
    return OMOST_OK;
}

omost_status om_context_check(const om_context *context, int n_words,
                              omost_error *err)
{
    om_error_clear(err);
    for (int i = 0; i < context->n_maps; i++) {
        omost_status st = check_map(&context->map[i], n_words, err);
        if (st) return st;
        for (int j = 0; j < i; j++)
            if (context->map[j].n == context->map[i].n &&
                context->map[j].h == context->map[i].h &&
                context->map[j].w == context->map[i].w)
                return om_fail(err, OMOST_RANGE, MAP_TEXT " is given twice",
                               context->map[i].n, context->map[i].h,
                               context->map[i].w);
    }
    return OMOST_OK;
}
