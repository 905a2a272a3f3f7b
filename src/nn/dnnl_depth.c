/* dnnl_depth.c - up to how many inputs oneDNN's products with 16-bit weights
 * are right.
 *
 * oneDNN 3.12 (and perhaps others) reads the second block of 1024 inputs of
 * blocked f16 or bf16 weights from the wrong place on AVX2. So a product that
 * is deeper is tried before any is trusted: of small whole numbers, whose sums
 * are exact, with plain C as the judge. */
#include "nn/dnnl_internal.h"

/* With few rows oneDNN goes another way, and is right. */
enum { ROWS = 160, SOME_ROWS = 20, OUT = 80 };
enum { X, W, W16, Y, N_TENSORS };

typedef struct trial {
    const om_dnnl *b;
    dnnl_dim_t in;
    dnnl_memory_desc_t desc[N_TENSORS];
    dnnl_primitive_desc_t product, reorder;
    om_block room[N_TENSORS];
} trial;

static float x_at(size_t row, size_t i)
{
    return (float)((i + 3 * row) % 7);
}

/* Scattered: a row must not be like another a block away. */
static float w_at(size_t i, size_t out)
{
    return (float)(((uint32_t)i * 2654435761u >> 16) % 13 + out % 3);
}

static dnnl_status_t describe(trial *t)
{
    const dnnl_dims_t x = {ROWS, t->in}, w = {t->in, OUT}, y = {ROWS, OUT};
    dnnl_memory_desc_t any = NULL;
    dnnl_status_t st =
        dnnl_memory_desc_create_with_tag(&t->desc[X], 2, x, dnnl_f32, dnnl_ab);
    if (st == dnnl_success)
        st = dnnl_memory_desc_create_with_tag(&t->desc[W], 2, w, dnnl_f32,
                                              dnnl_ab);
    if (st == dnnl_success)
        st = dnnl_memory_desc_create_with_tag(&t->desc[Y], 2, y, dnnl_f32,
                                              dnnl_ab);
    if (st == dnnl_success)
        st = dnnl_memory_desc_create_with_tag(&any, 2, w, dnnl_f16,
                                              dnnl_format_tag_any);
    if (st == dnnl_success)
        st = dnnl_matmul_primitive_desc_create(
            &t->product, t->b->engine, t->desc[X], any, NULL, t->desc[Y], NULL);
    if (any) dnnl_memory_desc_destroy(any);
    if (st == dnnl_success)
        st = dnnl_memory_desc_clone(
            &t->desc[W16],
            dnnl_primitive_desc_query_md(t->product, dnnl_query_weights_md, 0));
    if (st == dnnl_success)
        st = dnnl_reorder_primitive_desc_create(&t->reorder, t->desc[W],
                                                t->b->engine, t->desc[W16],
                                                t->b->engine, NULL);
    return st;
}

static float *floats(const trial *t, int i)
{
    return (float *)(void *)t->room[i].p;
}

static bool fill(trial *t)
{
    const size_t in = (size_t)t->in;
    for (int i = X; i < N_TENSORS; i++)
        if (!om_block_new(&t->room[i], t->b->base.env,
                          dnnl_memory_desc_get_size(t->desc[i])))
            return false;
    for (size_t i = 0; i < in; i++) {
        for (size_t r = 0; r < ROWS; r++) floats(t, X)[r * in + i] = x_at(r, i);
        for (size_t o = 0; o < OUT; o++) floats(t, W)[i * OUT + o] = w_at(i, o);
    }
    return true;
}

/* One primitive on two or three of the tensors. */
static bool compute(const trial *t, const_dnnl_primitive_desc_t pd,
                    const int tensor[3], const int arg[3], int n)
{
    dnnl_primitive_t p = NULL;
    dnnl_exec_arg_t args[3];
    dnnl_status_t st = dnnl_primitive_create(&p, pd);
    int made = 0;
    for (; made < n && st == dnnl_success; made++) {
        args[made].arg = arg[made];
        args[made].memory = NULL;
        st = dnnl_memory_create(&args[made].memory, t->desc[tensor[made]],
                                t->b->engine, t->room[tensor[made]].p);
    }
    if (st == dnnl_success)
        st = dnnl_primitive_execute(p, t->b->stream, n, args);
    if (st == dnnl_success) st = dnnl_stream_wait(t->b->stream);
    for (int i = 0; i < made; i++)
        if (args[i].memory) dnnl_memory_destroy(args[i].memory);
    if (p) dnnl_primitive_destroy(p);
    return st == dnnl_success;
}

static bool judge(const trial *t)
{
    for (size_t r = 0; r < ROWS; r += SOME_ROWS)
        for (size_t o = 0; o < OUT; o++) {
            float sum = 0;
            for (size_t i = 0; i < (size_t)t->in; i++)
                sum += x_at(r, i) * w_at(i, o);
            if (floats(t, Y)[r * OUT + o] != sum) return false;
        }
    return true;
}

static bool product_is_right(const om_dnnl *b, dnnl_dim_t in)
{
    static const int reorder[3] = {W, W16}, product[] = {X, W16, Y};
    static const int to[3] = {DNNL_ARG_FROM, DNNL_ARG_TO};
    static const int of[] = {DNNL_ARG_SRC, DNNL_ARG_WEIGHTS, DNNL_ARG_DST};
    trial t = {.b = b, .in = in};
    const bool right = describe(&t) == dnnl_success &&
                       om_dnnl_is_fast(t.product) && fill(&t) &&
                       compute(&t, t.reorder, reorder, to, 2) &&
                       compute(&t, t.product, product, of, 3) && judge(&t);
    if (t.reorder) dnnl_primitive_desc_destroy(t.reorder);
    if (t.product) dnnl_primitive_desc_destroy(t.product);
    for (int i = X; i < N_TENSORS; i++) {
        if (t.desc[i]) dnnl_memory_desc_destroy(t.desc[i]);
        om_block_free(&t.room[i], b->base.env);
    }
    return right;
}

void om_dnnl_find_depth(om_dnnl *b, int n_threads)
{
    enum { DEEP = 4096, BLOCK = 1024 };
    if (b->elem != OM_ELEM_F32) return; /* weights are of the same type */
    const om_dnnl_threads threads = om_dnnl_threads_begin(n_threads);
    if (product_is_right(b, BLOCK))
        b->depth = product_is_right(b, DEEP) ? SIZE_MAX : BLOCK;
    om_dnnl_threads_end(threads);
}
