/* weights.c - see weights.h. */
#include "weights/weights.h"

#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/error.h"
#include "weights/delta.h"

enum { CHUNK = 256, MAX_NAME = 4096 };

omost_status om_weights_open(om_weights *w, const om_model_files *files,
                             omost_model_part part, omost_error *err)
{
    *w = (om_weights){.files = files, .part = part};
    size_t n = om_model_count(files, part);
    if (n == 0)
        return om_fail(err, OMOST_MISSING, "%s holds no %s", files->path,
                       omost_model_part_name(part));
    for (size_t i = 0; i < n; i++) om_model_at(files, part, i)->used = false;
    return OMOST_OK;
}

/* Shape and place of what an entry stands for, ones at the end left out. */
static void view_of(const om_entry *e, om_weight *out)
{
    const om_st_tensor *t = e->t;
    *out = (om_weight){.dtype = t->dtype,
                       .n_dims = t->n_dims,
                       .n = t->n,
                       .data = t->data,
                       .transposed = e->transposed && t->n_dims == 2,
                       .delta = e->delta,
                       .file = om_st_path(e->file),
                       .stored_name = t->name.p};
    memcpy(out->dim, t->dim, sizeof out->dim);
    if (e->third > 0) {
        out->dim[0] /= 3;
        out->n /= 3;
        out->data =
            (const char *)t->data + (size_t)(e->third - 1) * (t->bytes / 3);
    }
    if (out->transposed) {
        out->dim[0] = t->dim[1];
        out->dim[1] = t->dim[0];
    }
    while (out->n_dims > 1 && out->dim[out->n_dims - 1] == 1) out->n_dims--;
}

static bool same_shape(const om_weight *v, int n_dims, const size_t *dim)
{
    while (n_dims > 1 && dim[n_dims - 1] == 1) n_dims--;
    return v->n_dims == n_dims &&
           memcmp(v->dim, dim, (size_t)n_dims * sizeof *dim) == 0;
}

static const char *part_words(const om_weights *w)
{
    return w->part < OMOST_MODEL_N_PARTS ? omost_model_part_name(w->part)
                                         : "tiny decoder";
}

/* The one file the part is in, or what holds all of them. */
static const char *part_path(const om_weights *w)
{
    const om_entry *first = om_model_at(w->files, w->part, 0);
    for (size_t i = 0; i < om_model_count(w->files, w->part); i++)
        if (om_model_at(w->files, w->part, i)->file != first->file)
            return w->files->path;
    return first ? om_st_path(first->file) : w->files->path;
}

omost_status om_weights_missing(const om_weights *w, const char *name,
                                omost_error *err)
{
    om_buf there;
    om_buf_init(&there, w->files->arena.env, MAX_NAME);
    if (om_name_unmap(&there, om_str_of(name), w->files->naming, w->part,
                      &w->files->blocks))
        om_fail(err, OMOST_MISSING, "%s: tensor %.*s is missing (%s of the %s)",
                part_path(w), OM_STR_ARG(om_buf_view(&there)), name,
                part_words(w));
    else
        om_fail(err, OMOST_MISSING, "%s: tensor %s of the %s is missing",
                part_path(w), name, part_words(w));
    om_buf_free(&there);
    return OMOST_MISSING;
}

omost_status om_weights_get(om_weights *w, const char *name, int n_dims,
                            const size_t *dim, om_weight *out, omost_error *err)
{
    char is[OM_SHAPE_TEXT], want[OM_SHAPE_TEXT];
    om_entry *e = om_model_find(w->files, w->part, om_str_of(name));
    if (!e) return om_weights_missing(w, name, err);
    view_of(e, out);
    if (!same_shape(out, n_dims, dim))
        return om_fail(
            err, OMOST_FORMAT,
            "%s: tensor %s (%s of the %s) is %s, and %s was expected",
            out->file, out->stored_name, name, part_words(w),
            om_shape_text(is, e->t->dim, e->t->n_dims),
            om_shape_text(want, dim, n_dims));
    if (!om_dtype_is_float(out->dtype))
        return om_fail(err, OMOST_FORMAT,
                       "%s: tensor %s is of dtype %s, and weights are "
                       "floating-point numbers",
                       out->file, out->stored_name, om_dtype_name(out->dtype));
    out->n_dims = n_dims;
    memcpy(out->dim, dim, (size_t)n_dims * sizeof *dim);
    e->used = true;
    return OMOST_OK;
}

bool om_weights_has(const om_weights *w, const char *name)
{
    return om_model_find(w->files, w->part, om_str_of(name)) != NULL;
}

bool om_weights_shape(const om_weights *w, const char *name, int *n_dims,
                      size_t dim[OM_ST_MAX_DIMS])
{
    om_weight v;
    const om_entry *e = om_model_find(w->files, w->part, om_str_of(name));
    if (!e) return false;
    view_of(e, &v);
    *n_dims = v.n_dims;
    memcpy(dim, v.dim, sizeof v.dim);
    return true;
}

omost_status om_weights_finish(const om_weights *w, omost_error *err)
{
    const om_entry *first = NULL;
    size_t n = 0;
    for (size_t i = 0; i < om_model_count(w->files, w->part); i++) {
        const om_entry *e = om_model_at(w->files, w->part, i);
        if (e->used) continue;
        if (!first) first = e;
        n++;
    }
    if (!first) return OMOST_OK;
    char more[48] = "";
    if (n > 1) snprintf(more, sizeof more, " (and %zu more like it)", n - 1);
    return om_fail(err, OMOST_FORMAT,
                   "%s: tensor %s has no place in a %s of this size%s",
                   om_st_path(first->file), first->t->name.p, part_words(w),
                   more);
}

/* ---- copying out --------------------------------------------------------- */

om_dtype om_weight_exact(const om_weight *t)
{
    bool eight = t->dtype == OM_F8_E4M3 || t->dtype == OM_F8_E5M2;
    if (t->delta) return OM_F32;
    if (t->dtype == OM_F16 || eight) return OM_F16;
    return t->dtype == OM_BF16 ? OM_BF16 : OM_F32;
}

/* With what LoRAs add; a bias is one row. */
static void add_up(om_dtype to, void *dst, const om_weight *t)
{
    const size_t rows = t->n_dims > 1 ? t->dim[0] : 1;
    if (rows == 0) return;
    om_delta_apply(to, dst,
                   &(om_matrix){.dtype = t->dtype,
                                .rows = rows,
                                .cols = t->n / rows,
                                .data = t->data,
                                .transposed = t->transposed},
                   t->delta);
}

/* Element k of `n` elements of `to` bytes each; a matrix by its rows. */
static void copy_out(om_dtype to, void *dst, const om_weight *t)
{
    const char *src = t->data;
    const size_t from_size = om_dtype_size(t->dtype);
    const size_t to_size = om_dtype_size(to);
    if (t->delta) {
        add_up(to, dst, t);
        return;
    }
    if (!t->transposed) {
        om_dtype_convert(to, dst, t->dtype, src, t->n);
        return;
    }
    /* A stored row j is column j here; a stretch of it at a time. */
    char part[CHUNK * sizeof(float)];
    const size_t rows = t->dim[0], cols = t->dim[1];
    for (size_t j = 0; j < cols; j++) {
        for (size_t i = 0; i < rows; i += CHUNK) {
            size_t m = rows - i < CHUNK ? rows - i : CHUNK;
            om_dtype_convert(to, part, t->dtype,
                             src + (j * rows + i) * from_size, m);
            for (size_t k = 0; k < m; k++)
                memcpy((char *)dst + ((i + k) * cols + j) * to_size,
                       part + k * to_size, to_size);
        }
    }
}

void om_weight_to_f32(float *dst, const om_weight *t)
{
    copy_out(OM_F32, dst, t);
}

void om_weight_to_f16(uint16_t *dst, const om_weight *t)
{
    copy_out(OM_F16, dst, t);
}

void om_weight_to_bf16(uint16_t *dst, const om_weight *t)
{
    copy_out(OM_BF16, dst, t);
}

/* The whole pages of a tensor, `inside` it or around it. */
static void advise(const om_weight *t, int advice, bool inside)
{
    const size_t page = (size_t)sysconf(_SC_PAGESIZE);
    const size_t bytes = t->n * om_dtype_size(t->dtype);
    const size_t over = (uintptr_t)t->data % page;
    size_t skip = inside && over ? page - over : 0;
    if (bytes <= skip) return;
    size_t n = bytes - skip + (inside ? 0 : over);
    if (inside) n -= n % page;
    const char *begin = (const char *)t->data + skip - (inside ? 0 : over);
    /* madvise() takes the address of memory it does not write to. */
    union {
        const void *from;
        void *to;
    } p = {.from = begin};
    if (n > 0) madvise(p.to, n, advice);
}

void om_weight_will_need(const om_weight *t)
{
    advise(t, MADV_WILLNEED, false);
}

void om_weight_drop(const om_weight *t)
{
    advise(t, MADV_DONTNEED, true);
}
