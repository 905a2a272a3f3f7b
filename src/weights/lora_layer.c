/* lora_layer.c - see lora_layer.h; the formulas are in lora.h. */
#include "weights/lora_layer.h"

#include <math.h>

#include "base/error.h"

/* ---- shapes -------------------------------------------------------------- */

static bool same_dims(const om_st_tensor *t, int n, const size_t *want)
{
    const size_t one = 1;
    for (int i = 0; i < n || i < t->n_dims; i++)
        if ((i < t->n_dims ? t->dim[i] : one) != (i < n ? want[i] : one))
            return false;
    return true;
}

static omost_status fail_shape(const om_lora_source *s, const om_st_tensor *t,
                               const om_lora_target *to)
{
    char is[OM_SHAPE_TEXT], model[OM_SHAPE_TEXT];
    return om_fail(s->err, OMOST_FORMAT,
                   "%s: tensor %s, %s, does not fit %s, %s: it was made for "
                   "another model",
                   s->path, t->name.p, om_shape_text(is, t->dim, t->n_dims),
                   to->entry->t->name.p,
                   om_shape_text(model, to->dim, to->n_dims));
}

static omost_status need_dims(const om_lora_source *s, const om_st_tensor *t,
                              const om_lora_target *to, int n,
                              const size_t *want)
{
    return same_dims(t, n, want) ? OMOST_OK : fail_shape(s, t, to);
}

/* [first, ...] of first * rest numbers in all. */
static omost_status need_matrix(const om_lora_source *s, const om_st_tensor *t,
                                const om_lora_target *to, size_t first,
                                size_t rest)
{
    size_t n;
    bool fits = t->n_dims > 0 && t->dim[0] == first &&
                om_mul_size(first, rest, &n) && n == t->n;
    return fits ? OMOST_OK : fail_shape(s, t, to);
}

/* How long a product's inner side is, as its right one says; 0: not. */
static size_t rank_of(const om_st_tensor *b)
{
    return b->n_dims > 0 && b->n > 0 ? b->dim[0] : 0;
}

/* ---- kinds of change ----------------------------------------------------- */

static omost_status fail_half(const om_lora_source *s, const om_lora_layer *l)
{
    return om_fail(s->err, OMOST_FORMAT,
                   "%s: the layer of tensor %s is not complete", s->path,
                   l->first->name.p);
}

/* weight * alpha / rank in d->scale; without alpha or rank: weight. A tensor
 * goes before what the adapter's configuration says. */
static omost_status set_scale(const om_lora_source *s, const om_lora_layer *l,
                              size_t rank, om_delta *d)
{
    const om_st_tensor *t = l->piece[OM_LORA_ALPHA];
    omost_status st = OMOST_OK;
    double scale = 1;
    float alpha = 1;
    if (rank > 0 && t) {
        if (t->n == 1) om_to_f32(&alpha, t->dtype, t->data, 1);
        if (t->n != 1 || !isfinite(alpha))
            return om_fail(s->err, OMOST_FORMAT,
                           "%s: tensor %s is not a number", s->path, t->name.p);
        scale = (double)alpha / (double)rank;
    } else if (rank > 0) {
        st = om_lora_config_scale(s->config, l->part, l->first->name, rank,
                                  &scale, s->err);
    }
    d->scale = (float)((double)s->weight * scale);
    return st;
}

/* a b or, with a middle, LyCORIS's way: a [rank, rows], b [rank, in]. */
static omost_status set_product(const om_lora_source *s,
                                const om_lora_target *to, om_factor *f,
                                const om_st_tensor *mid)
{
    omost_status st;
    f->rank = rank_of(f->b);
    if (f->rank == 0) return fail_shape(s, f->b, to);
    if (!mid) {
        st = need_matrix(s, f->a, to, f->rows, f->rank);
        return st ? st : need_matrix(s, f->b, to, f->rank, f->cols);
    }
    f->mid = mid;
    f->a_transposed = true;
    st = need_matrix(s, f->a, to, f->rank, f->rows);
    if (!st) st = need_matrix(s, f->b, to, f->rank, f->cols / f->taps);
    return st ? st : need_matrix(s, mid, to, f->rank, f->rank * f->taps);
}

static omost_status set_lora(const om_lora_source *s, const om_lora_layer *l,
                             const om_lora_target *to, om_delta *d)
{
    const om_st_tensor *up = l->piece[OM_LORA_UP];
    const om_st_tensor *down = l->piece[OM_LORA_DOWN];
    const om_st_tensor *mid = l->piece[OM_LORA_MID];
    if (!up || !down) return fail_half(s, l);
    const size_t rank = rank_of(down);
    size_t want[OM_ST_MAX_DIMS];
    memcpy(want, to->dim, sizeof want);
    want[0] = rank;
    if (rank == 0) return fail_shape(s, down, to);
    omost_status st = need_dims(s, up, to, 2, (const size_t[]){to->rows, rank});
    if (!st) st = need_dims(s, down, to, mid ? 2 : to->n_dims, want);
    want[1] = rank;
    if (!st && mid) st = need_dims(s, mid, to, to->n_dims, want);
    d->f[0] = (om_factor){.a = up,
                          .b = down,
                          .mid = mid,
                          .rows = to->rows,
                          .cols = to->cols,
                          .rank = rank,
                          .taps = to->taps};
    return st ? st : set_scale(s, l, rank, d);
}

static omost_status set_loha(const om_lora_source *s, const om_lora_layer *l,
                             const om_lora_target *to, om_delta *d)
{
    const om_st_tensor *const *p = l->piece;
    d->kind = OM_DELTA_HADAMARD;
    for (int i = 0; i < 2; i++) {
        om_factor *f = &d->f[i];
        *f = (om_factor){.a = p[i ? OM_LORA_HADA_2A : OM_LORA_HADA_1A],
                         .b = p[i ? OM_LORA_HADA_2B : OM_LORA_HADA_1B],
                         .rows = to->rows,
                         .cols = to->cols,
                         .taps = to->taps};
        if (!f->a || !f->b || !p[OM_LORA_HADA_T1] != !p[OM_LORA_HADA_T2])
            return fail_half(s, l);
        omost_status st =
            set_product(s, to, f, p[i ? OM_LORA_HADA_T2 : OM_LORA_HADA_T1]);
        if (st != OMOST_OK) return st;
    }
    return set_scale(s, l, d->f[0].rank, d);
}

/* rows and cols of w1 as its tensors say, whole or a product; 0: neither. */
static void size_of_first(om_factor *f)
{
    const om_st_tensor *a = f->whole ? f->whole : f->a;
    const om_st_tensor *b = f->whole ? f->whole : f->b;
    f->rows = a->n_dims > 0 ? a->dim[0] : 1;
    f->cols = b->n > 0 && b->n_dims > 0 ? b->n / b->dim[0] : b->n;
}

static omost_status set_lokr(const om_lora_source *s, const om_lora_layer *l,
                             const om_lora_target *to, om_delta *d)
{
    const om_st_tensor *const *p = l->piece;
    om_factor *w1 = &d->f[0], *w2 = &d->f[1];
    omost_status st;
    d->kind = OM_DELTA_KRONECKER;
    *w1 = (om_factor){.whole = p[OM_LORA_LOKR_1],
                      .a = p[OM_LORA_LOKR_1A],
                      .b = p[OM_LORA_LOKR_1B],
                      .taps = 1};
    *w2 = (om_factor){.whole = p[OM_LORA_LOKR_2],
                      .a = p[OM_LORA_LOKR_2A],
                      .b = p[OM_LORA_LOKR_2B],
                      .taps = to->taps};
    if ((!w1->whole && (!w1->a || !w1->b)) ||
        (!w2->whole && (!w2->a || !w2->b)))
        return fail_half(s, l);
    size_of_first(w1);
    if (w1->rows == 0 || w1->cols == 0 || to->rows % w1->rows != 0 ||
        to->in % w1->cols != 0)
        return fail_shape(s, w1->whole ? w1->whole : w1->a, to);
    w2->rows = to->rows / w1->rows;
    w2->cols = to->cols / w1->cols;
    st = w1->whole ? need_matrix(s, w1->whole, to, w1->rows, w1->cols)
                   : set_product(s, to, w1, NULL);
    if (!st)
        st = w2->whole ? need_matrix(s, w2->whole, to, w2->rows, w2->cols)
                       : set_product(s, to, w2, p[OM_LORA_LOKR_T2]);
    return st ? st : set_scale(s, l, w2->rank ? w2->rank : w1->rank, d);
}

static omost_status set_diff(const om_lora_source *s, const om_st_tensor *t,
                             const om_lora_target *to, om_delta *d)
{
    d->f[0] = (om_factor){
        .whole = t, .rows = to->rows, .cols = to->cols, .taps = to->taps};
    d->scale = s->weight;
    return need_dims(s, t, to, to->n_dims, to->dim);
}

/* ---- all of them --------------------------------------------------------- */

typedef omost_status set_fn(const om_lora_source *s, const om_lora_layer *l,
                            const om_lora_target *to, om_delta *d);

static omost_status set_whole_weight(const om_lora_source *s,
                                     const om_lora_layer *l,
                                     const om_lora_target *to, om_delta *d)
{
    return set_diff(s, l->piece[OM_LORA_DIFF], to, d);
}

static omost_status set_whole_bias(const om_lora_source *s,
                                   const om_lora_layer *l,
                                   const om_lora_target *to, om_delta *d)
{
    return set_diff(s, l->piece[OM_LORA_DIFF_B], to, d);
}

/* first and last piece of a kind of change, what it changes, how many
 * dimensions that has at least */
static const struct kind {
    om_lora_piece first, last;
    const char *what;
    int least_dims;
    set_fn *set;
} kinds[] = {
    {OM_LORA_DOWN, OM_LORA_MID, "weight", 2, set_lora},
    {OM_LORA_DIFF, OM_LORA_DIFF, "weight", 0, set_whole_weight},
    {OM_LORA_DIFF_B, OM_LORA_DIFF_B, "bias", 0, set_whole_bias},
    {OM_LORA_HADA_1A, OM_LORA_HADA_T2, "weight", 2, set_loha},
    {OM_LORA_LOKR_1, OM_LORA_LOKR_T2, "weight", 2, set_lokr},
};

static bool has_any(const om_lora_layer *l, om_lora_piece first,
                    om_lora_piece last)
{
    for (int i = (int)first; i <= (int)last; i++)
        if (l->piece[i]) return true;
    return false;
}

bool om_lora_way(size_t way, const om_lora_layer *l, const char **what)
{
    if (way >= sizeof kinds / sizeof *kinds) return false;
    const struct kind *k = &kinds[way];
    *what = has_any(l, k->first, k->last) ? k->what : NULL;
    return true;
}

omost_status om_lora_change(const om_lora_source *s, size_t way,
                            const om_lora_layer *l, const om_lora_target *to,
                            om_delta *out)
{
    const struct kind *k = &kinds[way];
    *out = (om_delta){.kind = OM_DELTA_PLAIN};
    return to->n_dims < k->least_dims ? fail_shape(s, l->first, to)
                                      : k->set(s, l, to, out);
}
