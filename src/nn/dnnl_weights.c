/* dnnl_weights.c - weights in the order a primitive wants, in as few bits as
 * lose nothing.
 *
 * oneDNN's blocked layouts are sums: the place of number (a, b, c, d) is
 * f(a) + g(b) + h(c) + i(d). So packing is four small tables and one loop, for
 * every layout there is; its own reorder to a matmul's f16 layout runs at 30
 * million numbers a second, this at a
 * thousand.
 *
 * Kept bits (params_internal.h says what is asked for): f16 when every number
 * survives it, else bf16 when they survive that, else f32. */
#include <string.h>

#include "nn/dnnl_internal.h"

void om_dnnl_unpack(om_backend *base, om_packed *packed)
{
    om_dnnl_weight *w = (om_dnnl_weight *)packed;
    if (w->order.desc) dnnl_memory_desc_destroy(w->order.desc);
    if (w->order.last) dnnl_memory_desc_destroy(w->order.last);
    om_block_free(&w->data, base->env);
    om_free(base->env, w);
}

/* ---- the source -------------------------------------------------------- */

om_dnnl_source om_dnnl_source_of(om_dnnl *b, om_params *params, int index)
{
    const om_param *p = &params->param[index];
    return (om_dnnl_source){.b = b,
                            .params = params,
                            .index = index,
                            .out = p->dim[0],
                            .in = p->n_dims > 1 ? p->dim[1] : 1,
                            .taps = p->n_dims > 2 ? p->dim[2] * p->dim[3] : 1};
}

static omost_status read_source(om_dnnl_source *s, omost_error *err)
{
    if (s->plain) return OMOST_OK;
    const om_param *p = &s->params->param[s->index];
    om_block *room = &s->b->plain;
    const size_t bytes = p->n * sizeof(float);
    if (room->bytes < bytes) {
        om_block_free(room, s->b->base.env);
        if (!om_block_new(room, s->b->base.env, bytes)) {
            *room = (om_block){0};
            return om_fail_nomem(err);
        }
    }
    float *plain = (float *)(void *)room->p;
    omost_status st = om_params_read(s->params, s->index, plain, err);
    if (st == OMOST_OK) s->plain = plain;
    return st;
}

typedef struct look {
    const om_loops *loops;
    const float *x;
    bool f16, bf16, finite; /* only ever cleared */
} look;

static void look_range(void *arg, size_t first, size_t n)
{
    look *l = arg;
    bool f16, bf16, finite;
    l->loops->look(l->x + first, n, &f16, &bf16, &finite);
    if (!f16) __atomic_store_n(&l->f16, false, __ATOMIC_RELAXED);
    if (!bf16) __atomic_store_n(&l->bf16, false, __ATOMIC_RELAXED);
    if (!finite) __atomic_store_n(&l->finite, false, __ATOMIC_RELAXED);
}

omost_status om_dnnl_bits(om_dnnl_source *s, om_bits *bits, omost_error *err)
{
    const om_param *p = &s->params->param[s->index];
    const om_dnnl *b = s->b;
    if (b->elem == OM_ELEM_BF16) {
        *bits = OM_BITS_BF16;
        return OMOST_OK;
    }
    for (const om_packed *f = p->packed; f; f = f->next) {
        const om_dnnl_weight *w = (const om_dnnl_weight *)f;
        if (w->order.form == OM_FORM_VECTOR) continue;
        *bits = w->bits;
        return OMOST_OK;
    }
    omost_status st = read_source(s, err);
    if (st) return st;
    look l = {.loops = b->loops,
              .x = s->plain,
              .f16 = true,
              .bf16 = true,
              .finite = true};
    const om_parallel par = om_dnnl_parallel(b->base.n_threads);
    om_dnnl_ranges(&par, p->n, 4096, look_range, &l);
    if (l.f16 || (s->params->keep == OM_KEEP_HALF && l.finite &&
                  p->stored == OM_STORED_F32))
        *bits = OM_BITS_F16;
    else
        *bits = l.bf16 ? OM_BITS_BF16 : OM_BITS_F32;
    return OMOST_OK;
}

/* ---- layouts ----------------------------------------------------------- */

typedef struct layout {
    int n_dims, n_blocks;
    const dnnl_dims_t *dims, *padded, *strides, *block, *index;
} layout;

static bool query_layout(layout *l, const_dnnl_memory_desc_t md)
{
    dnnl_format_kind_t kind;
    return dnnl_memory_desc_query(md, dnnl_query_format_kind, &kind) ==
               dnnl_success &&
           kind == dnnl_blocked &&
           dnnl_memory_desc_query(md, dnnl_query_ndims_s32, &l->n_dims) ==
               dnnl_success &&
           dnnl_memory_desc_query(md, dnnl_query_dims, &l->dims) ==
               dnnl_success &&
           dnnl_memory_desc_query(md, dnnl_query_padded_dims, &l->padded) ==
               dnnl_success &&
           dnnl_memory_desc_query(md, dnnl_query_strides, &l->strides) ==
               dnnl_success &&
           dnnl_memory_desc_query(md, dnnl_query_inner_nblks_s32,
                                  &l->n_blocks) == dnnl_success &&
           dnnl_memory_desc_query(md, dnnl_query_inner_blks, &l->block) ==
               dnnl_success &&
           dnnl_memory_desc_query(md, dnnl_query_inner_idxs, &l->index) ==
               dnnl_success;
}

/* What index i of dimension d adds to a number's place. */
static size_t place_in(const layout *l, int d, size_t i)
{
    size_t at = 0, step = 1;
    for (int k = l->n_blocks - 1; k >= 0; k--) {
        const size_t block = (size_t)(*l->block)[k];
        if ((*l->index)[k] == d) {
            at += i % block * step;
            i /= block;
        }
        step *= block;
    }
    return at + i * (size_t)(*l->strides)[d];
}

size_t om_dnnl_eights_block(const_dnnl_memory_desc_t desc)
{
    layout l;
    dnnl_data_type_t type;
    if (!query_layout(&l, desc) || l.n_dims != 4 || l.n_blocks != 1 ||
        dnnl_memory_desc_query(desc, dnnl_query_data_type, &type) !=
            dnnl_success ||
        type != dnnl_f32 || (*l.index)[0] != 0)
        return 0;
    const dnnl_dim_t block = (*l.block)[0], in = (*l.dims)[1];
    const dnnl_dim_t h = (*l.dims)[2], w = (*l.dims)[3];
    const dnnl_dim_t *stride = *l.strides;
    bool fits = block % 8 == 0 && (*l.padded)[1] == in && stride[1] == block &&
                (w == 1 || stride[3] == in * block) &&
                (h == 1 || stride[2] == w * in * block) &&
                stride[0] == h * w * in * block;
    return fits ? (size_t)block : 0;
}

/* ---- packing ----------------------------------------------------------- */

typedef struct packing {
    const om_loops *loops;
    const float *from;
    char *to;
    om_bits bits;
    size_t out, in, taps, row; /* row: numbers from one output to the next */
    const size_t *at_out, *at_in, *at_tap; /* what each index adds */
} packing;

enum { TILE = 64 }; /* outputs, and numbers of one, that are moved together */

/* Some numbers of one output, one by one. */
static void scatter(const packing *k, size_t o, const float *from,
                    const size_t *at, size_t n)
{
    const size_t size = om_bits_size(k->bits);
    char packed[TILE * sizeof(float)];
    k->loops->pack(k->bits, packed, from, n);
    for (size_t j = 0; j < n; j++)
        memcpy(k->to + (k->at_out[o] + at[j]) * size, packed + j * size, size);
}

/* Do outputs o..o+7 lie side by side? */
static bool are_neighbours(const packing *k, size_t o)
{
    if (o + 8 > k->out) return false;
    for (size_t i = 1; i < 8; i++)
        if (k->at_out[o + i] != k->at_out[o] + i) return false;
    return true;
}

/* count numbers from `number` on, of n outputs from `first` on. */
static void pack_tile(const packing *k, size_t first, size_t n, size_t number,
                      size_t count)
{
    size_t at[TILE], in = number / k->taps, tap = number % k->taps;
    for (size_t j = 0; j < count; j++) {
        at[j] = k->at_in[in] + k->at_tap[tap];
        if (++tap == k->taps) {
            tap = 0;
            in++;
        }
    }
    for (size_t o = first; o < first + n;) {
        const float *from = k->from + o * k->row + number;
        if (o + 8 <= first + n && are_neighbours(k, o)) {
            char *to = k->to + k->at_out[o] * om_bits_size(k->bits);
            k->loops->pack8(k->bits, to, at, from, k->row, count);
            o += 8;
        } else {
            scatter(k, o++, from, at, count);
        }
    }
}

static void pack_range(void *arg, size_t first, size_t n)
{
    const packing *k = arg;
    const size_t all = k->in * k->taps;
    for (size_t o = first; o < first + n; o += TILE) {
        const size_t rows = first + n - o < TILE ? first + n - o : TILE;
        for (size_t at = 0; at < all; at += TILE)
            pack_tile(k, o, rows, at, all - at < TILE ? all - at : TILE);
    }
}

/* Tables of an om_dnnl_weight's order; at_out begins the one allocation. */
static omost_status make_tables(packing *k, om_form form,
                                const_dnnl_memory_desc_t desc,
                                const omost_env *env, const om_param *p,
                                omost_error *err)
{
    const size_t kernel_w = p->n_dims == 4 ? p->dim[3] : 1;
    layout l = {0};
    if (form != OM_FORM_EIGHTS && !query_layout(&l, desc))
        return om_fail(err, OMOST_BACKEND,
                       "%s: oneDNN %d.%d wants it in an order that cannot be "
                       "packed; try --backend ref",
                       p->name, dnnl_version()->major, dnnl_version()->minor);
    size_t *t = om_alloc(env, (k->out + k->in + k->taps) * sizeof *t);
    if (!t) return om_fail_nomem(err);
    k->at_out = t;
    k->at_in = t + k->out;
    k->at_tap = t + k->out + k->in;
    const size_t per_output = k->in * k->taps;
    for (size_t i = 0; i < k->out; i++)
        t[i] = form == OM_FORM_EIGHTS   ? i / 8 * 8 * per_output + i % 8
               : form == OM_FORM_MATMUL ? place_in(&l, 1, i)
                                        : place_in(&l, 0, i);
    for (size_t i = 0; i < k->in; i++)
        t[k->out + i] = form == OM_FORM_EIGHTS   ? i * 8
                        : form == OM_FORM_MATMUL ? place_in(&l, 0, i)
                                                 : place_in(&l, 1, i);
    for (size_t i = 0; i < k->taps; i++)
        t[k->out + k->in + i] =
            form == OM_FORM_EIGHTS ? i * k->in * 8
            : form == OM_FORM_MATMUL
                ? 0
                : place_in(&l, 2, i / kernel_w) + place_in(&l, 3, i % kernel_w);
    return OMOST_OK;
}

om_dnnl_weight *om_dnnl_find(const om_dnnl_source *s, om_form form)
{
    for (om_packed *f = s->params->param[s->index].packed; f; f = f->next) {
        om_dnnl_weight *w = (om_dnnl_weight *)f;
        if (w->order.form == form) return w;
    }
    return NULL;
}

static bool same_desc(const_dnnl_memory_desc_t a, const_dnnl_memory_desc_t b)
{
    return a == b || (a && b && dnnl_memory_desc_equal(a, b));
}

static om_dnnl_weight *find_order(const om_dnnl_source *s,
                                  const om_dnnl_order *order)
{
    for (om_packed *f = s->params->param[s->index].packed; f; f = f->next) {
        om_dnnl_weight *w = (om_dnnl_weight *)f;
        if (w->order.form == order->form && w->order.depth == order->depth &&
            same_desc(w->order.desc, order->desc) &&
            same_desc(w->order.last, order->last))
            return w;
    }
    return NULL;
}

/* Numbers that desc takes, with its padding. */
static size_t desc_size(const_dnnl_memory_desc_t desc)
{
    dnnl_data_type_t type = dnnl_f32;
    (void)dnnl_memory_desc_query(desc, dnnl_query_data_type, &type);
    return dnnl_memory_desc_get_size(desc) / dnnl_data_type_size(type);
}

/* Bytes of a piece, and of all; sets w->piece. */
static size_t size_of(om_dnnl_weight *w, const om_dnnl_source *s)
{
    const om_dnnl_order *o = &w->order;
    const size_t bits = om_bits_size(w->bits);
    if (o->form == OM_FORM_EIGHTS)
        return w->piece = (s->out + 7) / 8 * 8 * s->in * s->taps * bits;
    w->piece = desc_size(o->desc) * bits;
    if (!o->depth) return w->piece;
    const size_t n = (s->in + o->depth - 1) / o->depth;
    return (n - 1) * w->piece + desc_size(o->last) * bits;
}

/* Inputs first..first+n to `to`, as desc has them. */
static omost_status fill_piece(const om_dnnl_weight *w, const om_dnnl_source *s,
                               const_dnnl_memory_desc_t desc, size_t first,
                               size_t n, char *to, omost_error *err)
{
    const om_dnnl *b = s->b;
    const om_param *p = &s->params->param[s->index];
    packing k = {.loops = b->loops,
                 .from = s->plain + first * s->taps,
                 .to = to,
                 .bits = w->bits,
                 .out = s->out,
                 .in = n,
                 .taps = s->taps,
                 .row = s->in * s->taps};
    omost_status st = make_tables(&k, w->order.form, desc, b->base.env, p, err);
    if (st) return st;
    const om_parallel par = om_dnnl_parallel(b->base.n_threads);
    om_dnnl_ranges(&par, s->out, TILE, pack_range, &k);
    union { /* the allocation begins where at_out does */
        const size_t *read;
        void *p;
    } table = {k.at_out};
    om_free(b->base.env, table.p);
    return OMOST_OK;
}

static omost_status fill(om_dnnl_weight *w, const om_dnnl_source *s,
                         omost_error *err)
{
    const om_dnnl_order *o = &w->order;
    const size_t depth = o->depth ? o->depth : s->in;
    if (w->data.bytes != s->out * s->in * s->taps * om_bits_size(w->bits))
        memset(w->data.p, 0, w->data.bytes);
    omost_status st = OMOST_OK;
    for (size_t at = 0; at < s->in && st == OMOST_OK; at += depth) {
        const size_t n = s->in - at < depth ? s->in - at : depth;
        const bool last = o->depth && at + n == s->in;
        st = fill_piece(w, s, last ? o->last : o->desc, at, n,
                        w->data.p + at / depth * w->piece, err);
    }
    return st;
}

static bool copy_order(om_dnnl_order *to, const om_dnnl_order *from)
{
    *to = (om_dnnl_order){.form = from->form, .depth = from->depth};
    return (!from->desc ||
            dnnl_memory_desc_clone(&to->desc, from->desc) == dnnl_success) &&
           (!from->last ||
            dnnl_memory_desc_clone(&to->last, from->last) == dnnl_success);
}

omost_status om_dnnl_pack(om_dnnl_source *s, const om_dnnl_order *order,
                          const om_dnnl_weight **out, omost_error *err)
{
    const omost_env *env = s->b->base.env;
    om_bits bits;
    *out = find_order(s, order);
    if (*out) return OMOST_OK;
    omost_status st = om_dnnl_bits(s, &bits, err);
    if (st == OMOST_OK) st = read_source(s, err);
    if (st) return st;
    om_dnnl_weight *w = om_zalloc(env, sizeof *w);
    if (!w) return om_fail_nomem(err);
    w->bits = bits;
    if (copy_order(&w->order, order) &&
        om_block_new(&w->data, env, size_of(w, s)))
        st = fill(w, s, err);
    else
        st = om_fail_nomem(err);
    if (st) {
        om_dnnl_unpack(&s->b->base, &w->head);
        return st;
    }
    w->head.bytes = w->data.bytes;
    om_params_attach(s->params, s->index, &w->head);
    *out = w;
    return OMOST_OK;
}

omost_status om_dnnl_vector(om_dnnl *b, om_params *params, int index,
                            const float **out, omost_error *err)
{
    *out = NULL;
    if (index == OM_NO_PARAM) return OMOST_OK;
    om_dnnl_source s = om_dnnl_source_of(b, params, index);
    om_dnnl_weight *w = om_dnnl_find(&s, OM_FORM_VECTOR);
    if (!w) {
        const om_param *p = &params->param[index];
        w = om_zalloc(b->base.env, sizeof *w);
        if (!w) return om_fail_nomem(err);
        w->order.form = OM_FORM_VECTOR;
        omost_status st =
            om_block_new(&w->data, b->base.env, p->n * sizeof(float))
                ? om_params_read(params, index, (float *)(void *)w->data.p, err)
                : om_fail_nomem(err);
        if (st) {
            om_dnnl_unpack(&b->base, &w->head);
            return st;
        }
        w->head.bytes = w->data.bytes;
        om_params_attach(params, index, &w->head);
    }
    *out = (const float *)(const void *)w->data.p;
    return OMOST_OK;
}

/* ---- widening ---------------------------------------------------------- */

typedef struct widening {
    const om_dnnl *b;
    const om_dnnl_weight *w;
    float *to;
    size_t out, per_output, block;
} widening;

static void widen_range(void *arg, size_t first, size_t n)
{
    const widening *k = arg;
    const char *from = k->w->data.p + first * om_bits_size(k->w->bits);
    k->b->loops->unpack(k->w->bits, k->to + first, from, n);
}

void om_dnnl_widen(const om_dnnl *b, const om_dnnl_weight *w, float *to,
                   size_t n)
{
    widening k = {.b = b, .w = w, .to = to};
    const om_parallel par = om_dnnl_parallel(b->base.n_threads);
    om_dnnl_ranges(&par, n, 4096, widen_range, &k);
}

/* `first` and n count numbers per output over all blocks of outputs. */
static void widen_eights_range(void *arg, size_t first, size_t n)
{
    const widening *k = arg;
    const size_t row = k->per_output, stream = row * 8;
    const int m = (int)(k->block / 8);
    while (n) {
        const size_t blk = first / row, at = first % row;
        const size_t now = row - at < n ? row - at : n;
        const size_t eights = (k->out + 7) / 8, eight = blk * (size_t)m;
        const size_t there =
            eights - eight < (size_t)m ? eights - eight : (size_t)m;
        const char *from =
            k->w->data.p + (eight * stream + at * 8) * om_bits_size(k->w->bits);
        k->b->loops->unpack8(k->w->bits, k->to + first * k->block, from, now, m,
                             (int)there, stream);
        first += now;
        n -= now;
    }
}

void om_dnnl_widen_eights(const om_dnnl *b, const om_dnnl_weight *w, float *to,
                          size_t out, size_t per_output, size_t block)
{
    widening k = {b, w, to, out, per_output, block};
    const om_parallel par = om_dnnl_parallel(b->base.n_threads);
    om_dnnl_ranges(&par, (out + block - 1) / block * per_output, 64,
                   widen_eights_range, &k);
}
