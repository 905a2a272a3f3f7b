/* llm_rows.c - see llm_rows.h. */
#include "models/llm_rows.h"

#include <stdio.h>

#include "weights/weights.h"

enum { MAX_NAME = 256, MAX_STATE = 1 << 16, MAX_BLOCK = 1 << 16 };

/* What is being looked for: for finding its companions and for messages. */
typedef struct finder {
    const om_llm_folder *folder;
    const char *name, *file;
    omost_error *err;
} finder;

static const om_st_tensor *beside(const finder *fi, const char *suffix)
{
    char name[MAX_NAME];
    int n = snprintf(name, sizeof name, "%s%s", fi->name, suffix);
    if (n < 0 || (size_t)n >= sizeof name) return NULL;
    return om_llm_folder_find(fi->folder, name, NULL);
}

static omost_status wrong_shape(const finder *fi, const om_st_tensor *t,
                                size_t rows, size_t cols)
{
    char is[OM_SHAPE_TEXT], should[OM_SHAPE_TEXT];
    const size_t dim[2] = {rows, cols};
    return om_fail(fi->err, OMOST_FORMAT,
                   "%s: %s has the shape %s instead of %s", fi->file, fi->name,
                   om_shape_text(is, t->dim, t->n_dims),
                   om_shape_text(should, dim, cols ? 2 : 1));
}

static omost_status odd(const finder *fi, const char *what)
{
    return om_fail(fi->err, OMOST_FORMAT, "%s: %s: %s", fi->file, fi->name,
                   what);
}

/* ---- 4 bits -------------------------------------------------------------- */

/* {"quant_type": "nf4", "blocksize": 64, "shape": [4096, 4096],
 *  "nested_blocksize": 256, "nested_offset": 0.03} */
static omost_status read_state(om_rows *r, const finder *fi, const json_t *v)
{
    const json_t *shape = json_object_get(v, "shape");
    json_int_t block = json_integer_value(json_object_get(v, "blocksize"));
    json_int_t nested =
        json_integer_value(json_object_get(v, "nested_blocksize"));
    json_int_t rows = json_integer_value(json_array_get(shape, 0));
    json_int_t cols = json_integer_value(json_array_get(shape, 1));
    if (json_array_size(shape) != 2 || rows < 1 || cols < 1 ||
        rows > OM_ROWS_MAX_SIDE || cols > OM_ROWS_MAX_SIDE)
        return odd(fi, "its quant_state has no shape of two sides");
    if (block < 2 || block > MAX_BLOCK || block % 2)
        return odd(fi, "its quant_state has no blocksize that makes sense");
    if (r->nested_absmax && (nested < 1 || nested > MAX_BLOCK))
        return odd(fi, "its quant_state has no nested_blocksize");
    r->rows = (size_t)rows, r->cols = (size_t)cols;
    r->block = (size_t)block, r->nested_block = (size_t)nested;
    r->nested_offset =
        (float)json_number_value(json_object_get(v, "nested_offset"));
    return OMOST_OK;
}

static bool has(const om_st_tensor *t, om_dtype dtype, size_t n)
{
    return t && t->dtype == dtype && t->n == n;
}

static omost_status check_4bit(const om_rows *r, const finder *fi)
{
    const size_t n = r->rows * r->cols;
    const size_t blocks = (n + r->block - 1) / r->block;
    if (r->data->bytes != (n + 1) / 2)
        return odd(fi, "it has not the bytes its 4-bit codes need");
    if (!r->nested_absmax)
        return has(r->absmax, OM_F32, blocks)
                   ? OMOST_OK
                   : odd(fi, "its absmax is not one F32 for each block");
    if (!has(r->absmax, OM_U8, blocks))
        return odd(fi, "its absmax is not one byte for each block");
    if (!has(r->nested_map, OM_F32, 256))
        return odd(fi, "its nested_quant_map is not 256 F32");
    if (!has(r->nested_absmax, OM_F32,
             (blocks + r->nested_block - 1) / r->nested_block))
        return odd(fi, "its nested_absmax is not one F32 for each block of "
                       "blocks");
    return OMOST_OK;
}

static omost_status find_4bit(om_rows *r, const finder *fi,
                              const om_st_tensor *state)
{
    const om_st_tensor *map = beside(fi, ".quant_map");
    omost_error why;
    r->kind = OM_ROWS_4BIT;
    r->absmax = beside(fi, ".absmax");
    r->nested_absmax = beside(fi, ".nested_absmax");
    r->nested_map = beside(fi, ".nested_quant_map");
    if (!has(map, OM_F32, 16)) return odd(fi, "its quant_map is not 16 F32");
    om_to_f32(r->level, OM_F32, map->data, 16);
    if (state->bytes > MAX_STATE) return odd(fi, "its quant_state is too long");
    json_t *v =
        om_json_parse((om_str){state->data, state->bytes}, "quant_state", &why);
    if (!v) return odd(fi, why.msg);
    omost_status st = read_state(r, fi, v);
    json_decref(v);
    return st == OMOST_OK ? check_4bit(r, fi) : st;
}

/* ---- 8 bits -------------------------------------------------------------- */

/* "model.layers.0.q_proj.weight" has its scales in "model.layers.0.q_proj.SCB"
 */
static const om_st_tensor *instead(const finder *fi, const char *word)
{
    char name[MAX_NAME];
    om_str head = om_str_of(fi->name);
    if (!om_str_ends(head, OM_STR("weight"))) return NULL;
    int n =
        snprintf(name, sizeof name, "%.*s%s", (int)(head.n - 6), head.p, word);
    if (n < 0 || (size_t)n >= sizeof name) return NULL;
    return om_llm_folder_find(fi->folder, name, NULL);
}

static omost_status find_8bit(om_rows *r, const finder *fi)
{
    const om_st_tensor *format = instead(fi, "weight_format");
    r->kind = OM_ROWS_8BIT;
    if (r->data->n_dims != 2) return odd(fi, "it is no matrix");
    r->rows = r->data->dim[0], r->cols = r->data->dim[1];
    r->scale = instead(fi, "SCB");
    if (!has(r->scale, OM_F32, r->rows))
        return odd(fi, "its SCB is not one F32 for each row");
    /* 0 is row by row; the others are layouts of graphics cards. */
    if (format && (format->n < 1 || format->dtype != OM_U8 ||
                   *(const unsigned char *)format->data != 0))
        return odd(fi, "its weight_format is another than \"row\"");
    return OMOST_OK;
}

/* ---- all ----------------------------------------------------------------- */

static omost_status find_plain(om_rows *r, const finder *fi, bool vector)
{
    const om_st_tensor *t = r->data;
    if (!om_dtype_is_float(t->dtype))
        return om_fail(fi->err, OMOST_FORMAT,
                       "%s: %s is stored as %s, which is no kind of number "
                       "weights are made of",
                       fi->file, fi->name, om_dtype_name(t->dtype));
    if (t->n_dims == 1 && vector) {
        r->rows = 1, r->cols = t->dim[0];
        return OMOST_OK;
    }
    if (t->n_dims != 2 || vector)
        return odd(fi, vector ? "it is no vector" : "it is no matrix");
    r->rows = t->dim[0], r->cols = t->dim[1];
    return OMOST_OK;
}

static omost_status find_kind(om_rows *r, const finder *fi, bool vector)
{
    const om_st_tensor *state = beside(fi, ".quant_state.bitsandbytes__nf4");
    if (!state) state = beside(fi, ".quant_state.bitsandbytes__fp4");
    if (state) return find_4bit(r, fi, state);
    if (r->data->dtype == OM_I8) return find_8bit(r, fi);
    return find_plain(r, fi, vector);
}

omost_status om_rows_find(om_rows *r, const om_llm_folder *f, const char *name,
                          size_t rows, size_t cols, omost_error *err)
{
    finder fi = {.folder = f, .name = name, .err = err};
    *r = (om_rows){.data = om_llm_folder_find(f, name, &fi.file)};
    if (!r->data)
        return om_fail(err, OMOST_MISSING, "%s has no tensor %s", f->path,
                       name);
    omost_status st = find_kind(r, &fi, cols == 0);
    if (st != OMOST_OK) return st;
    bool fits = cols == 0 ? r->rows == 1 && r->cols == rows
                          : (rows == 0 || r->rows == rows) && r->cols == cols;
    if (!fits) return wrong_shape(&fi, r->data, rows, cols);
    if (r->rows > 0 && r->rows <= OM_ROWS_MAX_SIDE && r->cols > 0 &&
        r->cols <= OM_ROWS_MAX_SIDE)
        return OMOST_OK;
    return odd(&fi, "its sides are out of range");
}

static float f32_at(const om_st_tensor *t, size_t i)
{
    float v; /* files do not align their tensors */
    memcpy(&v, (const char *)t->data + i * sizeof v, sizeof v);
    return v;
}

static float absmax_at(const om_rows *r, size_t block)
{
    if (!r->nested_absmax) return f32_at(r->absmax, block);
    size_t code = ((const unsigned char *)r->absmax->data)[block];
    return f32_at(r->nested_map, code) *
               f32_at(r->nested_absmax, block / r->nested_block) +
           r->nested_offset;
}

static void read_4bit(float *dst, const om_rows *r, size_t first, size_t n)
{
    const unsigned char *code = r->data->data;
    for (size_t e = first; e < first + n;) {
        size_t end = (e / r->block + 1) * r->block;
        if (end > first + n) end = first + n;
        const float scale = absmax_at(r, e / r->block);
        for (; e < end; e++) {
            unsigned c = e % 2 ? code[e / 2] & 15u : code[e / 2] >> 4;
            *dst++ = r->level[c] * scale;
        }
    }
}

static void read_8bit(float *dst, const om_rows *r, size_t first, size_t n)
{
    const signed char *q = r->data->data;
    for (size_t i = first; i < first + n; i++) {
        const float scale = f32_at(r->scale, i) / 127.0f;
        for (size_t j = 0; j < r->cols; j++)
            *dst++ = (float)q[i * r->cols + j] * scale;
    }
}

void om_rows_read(float *dst, const om_rows *r, size_t first, size_t n)
{
    const size_t at = first * r->cols, count = n * r->cols;
    switch (r->kind) {
    case OM_ROWS_4BIT: read_4bit(dst, r, at, count); break;
    case OM_ROWS_8BIT: read_8bit(dst, r, first, n); break;
    case OM_ROWS_PLAIN:
        om_to_f32(dst, r->data->dtype,
                  (const char *)r->data->data +
                      at * om_dtype_size(r->data->dtype),
                  count);
    }
}

om_dtype om_rows_exact(const om_rows *r)
{
    if (r->kind != OM_ROWS_PLAIN) return OM_F32;
    return r->data->dtype == OM_F16 || r->data->dtype == OM_BF16
               ? r->data->dtype
               : OM_F32;
}

void om_rows_drop(const om_rows *r)
{
    const om_weight w = {
        .dtype = r->data->dtype, .n = r->data->n, .data = r->data->data};
    om_weight_drop(&w);
}
