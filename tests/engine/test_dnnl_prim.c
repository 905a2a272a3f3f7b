/* test_dnnl_prim.c - which arguments a primitive of oneDNN's has. Its query for
 * the operand of a post-op that has none (an activation, a sum) answers with
 * memory nobody has written: asked for the size of that, it crashed about once
 * in 235 renders. So the heap is filled here with what such a description would
 * have to hold for the crash to be sure. */
#include "engine/nn_support.h"

#if OM_WITH_DNNL
#include "nn/dnnl_internal.h"

enum { ROWS = 8, WIDE = 16 };

/* What the next allocations find: as a description, one of 2 dimensions in a
 * blocked order of 2 blocks, whose dimensions are far beyond the 2nd. */
static void stain_heap(void)
{
    enum { SIZES = 600, STEP = 16, EACH = 4 };
    static int *block[SIZES * EACH];
    for (int i = 0; i < SIZES * EACH; i++) {
        const size_t n = (size_t)(i % SIZES + 1) * STEP / sizeof(int);
        block[i] = malloc(n * sizeof(int));
        assert_non_null(block[i]);
        for (size_t k = 0; k < n; k++) block[i][k] = 2;
    }
    for (int i = 0; i < SIZES * EACH; i++) free(block[i]);
}

/* A product with these post-ops, made on a stained heap. */
static om_dnnl_prim make_product(const om_dnnl *b, bool sum,
                                 const om_dnnl_post *post, int n_posts)
{
    dnnl_memory_desc_t x, w, y;
    dnnl_primitive_attr_t attr = NULL;
    dnnl_primitive_desc_t pd = NULL;
    om_dnnl_prim prim;
    omost_error err;
    const om_shape full = {1, 1, ROWS, WIDE};
    assert_int_equal(om_dnnl_matrix(&x, b->type, ROWS, WIDE), 0);
    assert_int_equal(om_dnnl_matrix(&w, b->type, WIDE, WIDE), 0);
    assert_int_equal(om_dnnl_matrix(&y, b->type, ROWS, WIDE), 0);
    stain_heap();
    assert_int_equal(om_dnnl_attr(&attr, b, sum, post, n_posts, full, 2), 0);
    assert_int_equal(dnnl_matmul_primitive_desc_create(&pd, b->engine, x, w,
                                                       NULL, y, attr),
                     0);
    must(om_dnnl_prim_init(&prim, b, pd, "a product", &err), &err);
    if (attr) dnnl_primitive_attr_destroy(attr);
    dnnl_memory_desc_destroy(y);
    dnnl_memory_desc_destroy(w);
    dnnl_memory_desc_destroy(x);
    return prim;
}

/* ADD has an operand, nothing else has. */
static void try_posts(const om_dnnl *b, bool sum, const om_dnnl_post *post,
                      int n_posts)
{
    om_dnnl_prim prim = make_product(b, sum, post, n_posts);
    assert_non_null(prim.memory[OM_ARG_SRC]);
    assert_non_null(prim.memory[OM_ARG_WEIGHTS]);
    assert_non_null(prim.memory[OM_ARG_DST]);
    assert_null(prim.memory[OM_ARG_BIAS]);
    for (int i = 0; i <= OM_DNNL_POSTS; i++) {
        const int k = i - sum;
        const bool has = k >= 0 && k < n_posts && post[k].add;
        const bool had = prim.memory[OM_ARG_POST + i] != NULL;
        if (has != had) fail_msg("post-op %d of %d: %d", i, n_posts, had);
    }
    om_dnnl_prim_free(&prim);
}

static void test_operands(void **state)
{
    (void)state;
    const om_dnnl_post act = {.unary = OM_SILU}, gelu = {.unary = OM_GELU};
    const om_dnnl_post one = {.add = true, .per_channel = true};
    const om_dnnl_post all = {.add = true};
    const om_dnnl_post list[][OM_DNNL_POSTS] = {
        {act},      {gelu, act}, {act, one}, {one, act},      {all, gelu, one},
        {one, all}, {act, all},  {all},      {act, gelu, act}};
    static const int n[] = {1, 2, 2, 2, 3, 2, 2, 1, 3};
    omost_error err;
    const om_backend_opts o = {
        .name = "dnnl", .precision = OM_PRECISION_F32, .n_threads = 1};
    om_backend *b = om_backend_open(NULL, &o, &err);
    if (!b) fail_msg("%s", err.msg);
    for (size_t i = 0; i < sizeof n / sizeof *n; i++)
        for (int sum = 0; sum < 2; sum++)
            try_posts((const om_dnnl *)b, sum, list[i], n[i]);
    try_posts((const om_dnnl *)b, false, NULL, 0);
    om_backend_close(b);
}
#else
static void test_operands(void **state)
{
    (void)state;
    printf("SKIPPED: this build has no oneDNN\n");
    skip();
}
#endif

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_operands)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
