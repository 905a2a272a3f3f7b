/* llama_width.c - how wide a pass may be for its numbers to stay the same.
 *
 * Guessing is exact only if a row's numbers do not depend on how many rows
 * stand beside it. They often do: a matrix kernel for many rows sums in another
 * order than the one for few, a library takes over from some width on, a single
 * row of attention is split between threads. None of this is documented, and it
 * differs between processors, devices and types of weights. So it is looked at:
 * the same tokens are evaluated in narrow passes and in wide ones, and the
 * widest are taken that give the same bits, in the logits and in what is read
 * after them (which shows the keys and values). The output matrix is often of
 * another type than the rest, so that the rows that want logits have a limit of
 * their own. It costs as much as reading some seventy tokens, once: what was
 * found is kept with the state of the system prompt. */
#include "base/clock.h"
#include "composer/llama_local.h"

enum { WIDEST = OM_LLAMA_WIDE, SEEN = 8 };

typedef struct look {
    om_llama *w;
    int32_t row[WIDEST];
    size_t n_vocab;
    float *narrow; /* [SEEN + 1][n_vocab]: the logits to come back to */
    bool same, same_after;
    omost_error *err;
} look;

/* Compare the logits of row i of the last pass with those of `narrow[at]`, or
 * note them there. */
static bool see(look *l, int i, int at, bool note)
{
    const float *logits = llama_get_logits_ith(l->w->ctx, i);
    float *there = l->narrow + (size_t)at * l->n_vocab;
    const size_t size = l->n_vocab * sizeof *there;
    if (!logits) return false;
    if (note) memcpy(there, logits, size);
    return memcmp(there, logits, size) == 0;
}

/* One pass over row[at..at + rows), the first of them with logits. */
static omost_status pass(look *l, int at, int rows, int outputs, bool note)
{
    bool wanted[WIDEST];
    for (int i = 0; i < rows; i++) wanted[i] = i < outputs;
    const double start = om_clock();
    omost_status st =
        om_llama_eval(l->w, l->row + at, wanted, (size_t)rows, l->err);
    om_pace_pass(&l->w->pace, rows, om_clock() - start);
    for (int i = 0; st == OMOST_OK && i < outputs && at + i < SEEN; i++)
        if (!see(l, i, at + i, note)) l->same = false;
    return st;
}

/* SEEN rows in passes of these widths (what goes beyond is forgotten), and one
 * more row behind them. */
static omost_status read_in(look *l, const int *widths, int outputs, bool note)
{
    om_llama *w = l->w;
    const size_t before = w->kept.n;
    const bool one = true;
    omost_status st = OMOST_OK;
    l->same = l->same_after = true;
    for (int at = 0; st == OMOST_OK && at < SEEN; at += *widths++)
        st = pass(l, at, *widths, outputs < *widths ? outputs : *widths, note);
    if (st == OMOST_OK) st = om_llama_keep(w, before + SEEN, l->err);
    if (st == OMOST_OK) st = om_llama_eval(w, l->row, &one, 1, l->err);
    if (st == OMOST_OK) l->same_after = see(l, 0, SEEN, note);
    omost_status kept = om_llama_keep(w, before, l->err);
    return st == OMOST_OK ? kept : st;
}

static omost_status compare(look *l, om_width *out)
{
    static const struct {
        om_width width;
        int passes[4];
    } tries[] = {{{WIDEST, WIDEST, true}, {WIDEST}},
                 {{WIDEST, 7, true}, {WIDEST}},
                 {{WIDEST, 3, true}, {WIDEST}},
                 {{7, 7, true}, {7, 1}},
                 {{3, 3, true}, {3, 3, 2}}};
    static const int narrow[] = {1, 2, 2, 3};
    bool wide_body = true;
    *out = (om_width){WIDEST, WIDEST, false};
    omost_status st = read_in(l, narrow, WIDEST, true);
    for (size_t i = 0; st == OMOST_OK && i < sizeof tries / sizeof *tries;
         i++) {
        const om_width width = tries[i].width;
        if (width.rows == WIDEST && !wide_body) continue;
        st = read_in(l, tries[i].passes, width.outputs, false);
        if (width.rows == WIDEST) wide_body = l->same_after;
        if (st != OMOST_OK || !l->same || !l->same_after) continue;
        *out = width;
        break;
    }
    return st;
}

omost_status om_llama_see_width(om_llama *w, omost_error *err)
{
    if (w->width_known || w->kept.n == 0) return OMOST_OK;
    look *l = om_zalloc(w->head.env, sizeof *l);
    if (!l) return om_fail_nomem(err);
    l->w = w;
    l->err = err;
    l->n_vocab = (size_t)w->words.n;
    l->narrow =
        om_alloc(w->head.env, (SEEN + 1) * l->n_vocab * sizeof *l->narrow);
    for (size_t i = 0; i < WIDEST; i++) l->row[i] = w->kept.p[i % w->kept.n];
    omost_status st = l->narrow ? compare(l, &w->width) : om_fail_nomem(err);
    w->width_known = st == OMOST_OK;
    om_free(w->head.env, l->narrow);
    om_free(w->head.env, l);
    return st;
}
