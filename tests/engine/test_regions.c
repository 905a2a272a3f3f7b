/* test_regions.c - which words each position sees: against masks made one by
 * one, against the original's attention, and where the original gives nothing. */
#include "golden_text.h"

#include "diffusion/regions.h"

/* ---- maps -------------------------------------------------------------- */

static om_region_opts method(omost_region_method m, bool strict)
{
    return (om_region_opts){.method = m, .strict = strict};
}

static void add_map(om_region_maps *m, int n, int h, int w,
                    const om_region_words *r, int n_regions, om_region_opts o)
{
    omost_error err;
    if (om_region_maps_add(m, n, h, w, r, n_regions, o, &err))
        fail_msg("%s", err.msg);
}

static void check_map(const om_region_maps *m, int n_words)
{
    omost_error err;
    const om_context c = {.map = m->map, .n_maps = m->n_maps};
    if (om_context_check(&c, n_words, &err)) fail_msg("%s", err.msg);
}

/* The group of each position, to be freed. */
static const om_attention_group **groups_of(const om_attention_map *map)
{
    const om_attention_group **of =
        calloc((size_t)map->h * (size_t)map->w, sizeof *of);
    assert_non_null(of);
    for (int g = 0; g < map->n_groups; g++)
        for (int i = 0; i < map->group[g].n_rows; i++)
            of[map->group[g].row[i]] = &map->group[g];
    return of;
}

/* ---- what bf16 is too coarse for --------------------------------------- */

static void test_sharp(void **state_)
{
    (void)state_;
    const om_region_opts score = method(OMOST_REGION_SCORE, false);
    om_region_words r[] = {{.box = {0, OMOST_GRID, 0, OMOST_GRID}},
                           {.box = {20, 70, 20, 70}}};
    assert_false(om_regions_are_sharp(r, 2, score));
    r[1].box = (omost_box){0, 25, 0, 45}; /* 7.2 times */
    assert_false(om_regions_are_sharp(r, 2, score));
    r[1].box = (omost_box){0, 45, 0, 22}; /* 8.2 times */
    assert_true(om_regions_are_sharp(r, 2, score));
    assert_false(om_regions_are_sharp(r, 1, score));
    /* Only `score` multiplies logits. */
    assert_false(
        om_regions_are_sharp(r, 2, method(OMOST_REGION_COUPLE, false)));
    assert_false(om_regions_are_sharp(r, 2, method(OMOST_REGION_NONE, false)));
    r[1].box = (omost_box){30, 30, 10, 80}; /* no area */
    assert_true(om_regions_are_sharp(r, 2, score));
}

/* ---- against masks, one by one ----------------------------------------- */

static uint32_t state = 2463534242u;

static int below(int n)
{
    state ^= state << 13;
    state ^= state >> 17;
    state ^= state << 5;
    return (int)(state % (uint32_t)n);
}

enum { MAX_REGIONS = 24, MAX_SIDE = 140 };

/* Conditions with boxes of all sizes; the first may be the whole picture. */
static int random_regions(om_region_words *r, bool global)
{
    int n = 1 + below(MAX_REGIONS), words = below(3);
    for (int i = 0; i < n; i++) {
        int most = below(3) ? OMOST_GRID : 4;
        r[i].box.top = below(OMOST_GRID);
        r[i].box.left = below(OMOST_GRID);
        r[i].box.bottom = r[i].box.top + 1 + below(most);
        r[i].box.right = r[i].box.left + 1 + below(most);
        if (r[i].box.bottom > OMOST_GRID) r[i].box.bottom = OMOST_GRID;
        if (r[i].box.right > OMOST_GRID) r[i].box.right = OMOST_GRID;
        r[i].first = words;
        r[i].n = 1 + below(200);
        words += r[i].n;
    }
    if (global) r[0].box = (omost_box){0, OMOST_GRID, 0, OMOST_GRID};
    return n;
}

/* masks[n, h * w] and how many ones each has; a box without a cell gets one, as
 * near to its middle as can be, unless strict. */
static uint8_t *masks_of(const om_region_words *r, int n, int h, int w,
                         bool strict, size_t *ones)
{
    size_t cells = (size_t)h * (size_t)w;
    uint8_t *mask = calloc((size_t)n, cells);
    assert_non_null(mask);
    for (int i = 0; i < n; i++) {
        ones[i] = omost_mask_fill(r[i].box, h, w, mask + (size_t)i * cells);
        if (ones[i] || strict) continue;
        omost_box c = om_region_cells(r[i].box, h, w, true);
        for (int y = c.top; y < c.bottom; y++)
            for (int x = c.left; x < c.right; x++, ones[i]++)
                mask[(size_t)i * cells + (size_t)(y * w + x)] = 1;
        assert_true(ones[i] > 0);
        /* Of a side without a sample it is one cell, which lies at most half a
         * cell from the middle of the box. */
        double y = (c.top + 0.5) * OMOST_GRID / h;
        double x = (c.left + 0.5) * OMOST_GRID / w;
        double far_y = fabs(y - (r[i].box.top + r[i].box.bottom) / 2.0);
        double far_x = fabs(x - (r[i].box.left + r[i].box.right) / 2.0);
        assert_true(c.bottom - c.top > 1 || far_y <= 0.51 * OMOST_GRID / h);
        assert_true(c.right - c.left > 1 || far_x <= 0.51 * OMOST_GRID / w);
    }
    return mask;
}

/* The spans of one position, in the order of the conditions. */
static void check_spans(const om_attention_group *g, const om_region_words *r,
                        int n, const uint8_t *mask, const size_t *ones,
                        size_t cells, size_t p, omost_region_method m)
{
    int covered = 0, at = 0;
    for (int i = 0; i < n; i++) covered += mask[(size_t)i * cells + p];
    assert_int_equal(g->n_spans, covered ? covered : 1);
    if (!covered) {
        assert_int_equal(g->span->first, r[0].first);
        assert_int_equal(g->span->n, r[0].n);
        assert_true(g->span->scale == 1 && g->span->weight == 1);
    }
    for (int i = 0; i < n; i++) {
        if (!mask[(size_t)i * cells + p]) continue;
        const om_span *s = &g->span[at++];
        float scale =
            m == OMOST_REGION_SCORE ? (float)cells / (float)ones[i] : 1;
        assert_int_equal(s->first, r[i].first);
        assert_int_equal(s->n, r[i].n);
        assert_true(s->scale == scale);
        assert_true(s->weight == 1 / (float)covered);
    }
}

static void test_random_boxes(void **unused)
{
    (void)unused;
    om_region_words r[MAX_REGIONS];
    size_t ones[MAX_REGIONS];
    for (int round = 0; round < 400; round++) {
        const int h = 1 + below(MAX_SIDE), w = 1 + below(MAX_SIDE);
        const bool strict = below(2);
        const omost_region_method m =
            below(2) ? OMOST_REGION_SCORE : OMOST_REGION_COUPLE;
        const int n = random_regions(r, below(4) != 0);
        const size_t cells = (size_t)h * (size_t)w;
        uint8_t *mask = masks_of(r, n, h, w, strict, ones);
        om_region_maps maps;
        om_region_maps_init(&maps, NULL);
        add_map(&maps, 1, h, w, r, n, method(m, strict));
        check_map(&maps, r[n - 1].first + r[n - 1].n);
        assert_int_equal(maps.map->n, 1);
        assert_int_equal(maps.map->separate, m == OMOST_REGION_COUPLE);
        const om_attention_group **of = groups_of(maps.map);
        for (size_t p = 0; p < cells; p++)
            check_spans(of[p], r, n, mask, ones, cells, p, m);
        for (int i = 0; i < maps.map->n_groups; i++)
            assert_true(maps.map->group[i].n_rows > 0);
        free(of);
        free(mask);
        om_region_maps_free(&maps);
    }
}

/* Groups are sets of conditions: no two have the same spans. */
static void test_groups_differ(void **unused)
{
    (void)unused;
    om_region_words r[MAX_REGIONS];
    for (int round = 0; round < 100; round++) {
        om_region_maps maps;
        om_region_maps_init(&maps, NULL);
        const int n = random_regions(r, true);
        add_map(&maps, 0, 64, 48, r, n, method(OMOST_REGION_SCORE, false));
        const om_attention_map *m = maps.map;
        for (int i = 0; i < m->n_groups; i++)
            for (int j = 0; j < i; j++)
                if (m->group[i].n_spans == m->group[j].n_spans)
                    assert_memory_not_equal(m->group[i].span, m->group[j].span,
                                            (size_t)m->group[i].n_spans *
                                                sizeof(om_span));
        om_region_maps_free(&maps);
    }
}

/* As many as a canvas may have, at the finest level of a large picture. */
static void test_many(void **unused)
{
    (void)unused;
    enum { N = OMOST_MAX_REGIONS + 1, H = 128, W = 128 };
    om_region_words *r = calloc(N, sizeof *r);
    assert_non_null(r);
    for (int i = 0; i < N; i++) {
        int y = i % 80, x = i * 7 % 80;
        r[i].box = (omost_box){y, y + 1 + i % 10, x, x + 1 + i % 9};
        r[i].first = 77 * i;
        r[i].n = 77;
    }
    r[0].box = (omost_box){0, OMOST_GRID, 0, OMOST_GRID};
    om_region_maps maps;
    om_region_maps_init(&maps, NULL);
    add_map(&maps, 0, H, W, r, N, method(OMOST_REGION_SCORE, false));
    check_map(&maps, 77 * N);
    assert_true(maps.map->n_groups > 100);
    om_region_maps_free(&maps);
    free(r);
}

static void test_none(void **unused)
{
    (void)unused;
    om_region_words r[2] = {{{0, 90, 0, 90}, 0, 154},
                            {{10, 20, 10, 20}, 154, 77}};
    om_region_maps maps;
    om_region_maps_init(&maps, NULL);
    add_map(&maps, 0, 8, 8, r, 2, method(OMOST_REGION_NONE, false));
    add_map(&maps, 1, 8, 8, r + 1, 1, method(OMOST_REGION_NONE, false));
    check_map(&maps, 231);
    assert_int_equal(maps.n_maps, 2);
    for (int i = 0; i < 2; i++) {
        const om_attention_map *m = &maps.map[i];
        assert_int_equal(m->n_groups, 1);
        assert_int_equal(m->group->n_rows, 64);
        assert_int_equal(m->group->n_spans, 1);
        assert_int_equal(m->group->span->first, r[i].first);
        assert_true(m->group->span->scale == 1);
    }
    om_region_maps_free(&maps);
}

static void test_no_memory(void **unused)
{
    (void)unused;
    om_region_words r[MAX_REGIONS];
    const int n = random_regions(r, true);
    bool failed = true;
    for (size_t at = 1; failed; at++) {
        meter m = {.fail_at = at};
        omost_env env = {metered, &m};
        omost_error err;
        om_region_maps maps;
        om_region_maps_init(&maps, &env);
        omost_status st =
            om_region_maps_add(&maps, 0, 50, 60, r, n,
                               method(OMOST_REGION_SCORE, false), &err);
        failed = st != OMOST_OK;
        if (failed) assert_int_equal(st, OMOST_NOMEM);
        om_region_maps_free(&maps);
        assert_int_equal(m.live, 0);
    }
}

/* ---- the original's attention ------------------------------------------ */

static margin closest;

/* A case of the golden data: words of all regions of all pictures. */
typedef struct processor_case {
    golden_array x;
    float *states;
    int n_words, h, w, n_regions;
    om_region_words r[2][8]; /* by picture */
} processor_case;

static void read_case(processor_case *c, const golden_tensors *t,
                      const char *name, const json_t *info)
{
    char key[96];
    *c = (processor_case){
        .h = (int)json_integer_value(json_object_get(info, "height")),
        .w = (int)json_integer_value(json_object_get(info, "width"))};
    snprintf(key, sizeof key, "%s.hidden_states", name);
    c->x = golden_array_of(t, key);
    assert_int_equal(c->h * c->w, c->x.s.w);
    for (int i = 0;; i++) {
        snprintf(key, sizeof key, "%s.region.%d.cond", name, i);
        if (!json_object_get(t->header, key)) break;
        golden_array cond = golden_array_of(t, key);
        const size_t wide = (size_t)cond.s.c;
        size_t all = (size_t)(c->n_words + cond.s.n * cond.s.w) * wide;
        c->states = realloc(c->states, all * sizeof *c->states);
        assert_non_null(c->states);
        memcpy(c->states + (size_t)c->n_words * wide, cond.x,
               om_shape_size(cond.s) * sizeof *cond.x);
        snprintf(key, sizeof key, "%s.region.%d.mask", name, i);
        for (int n = 0; n < cond.s.n; n++)
            c->r[n][i] = (om_region_words){box_of_mask(t, key),
                                           c->n_words + n * cond.s.w, cond.s.w};
        c->n_words += cond.s.n * cond.s.w;
        c->n_regions = i + 1;
        free(cond.x);
    }
}

enum { HEADS = 4, CONTEXT = 24 };
#define ATTENTION "down_blocks.1.attentions.0.transformer_blocks.0.attn2"

/* Keys and values of the words. */
static void make_words(bench_graph *t, const golden_model *m,
                       const processor_case *c)
{
    graph_begin(t, m, OMOST_MODEL_UNET);
    om_value s =
        om_graph_input(t->g, "states", (om_shape){1, 1, c->n_words, CONTEXT});
    om_graph_enter(t->g, ATTENTION);
    om_graph_keep(t->g, 0, om_linear(t->g, s, "to_k", c->x.s.c, false),
                  om_linear(t->g, s, "to_v", c->x.s.c, false));
    om_graph_leave(t->g);
    graph_compile(t, m);
    const golden_array states = {{1, 1, c->n_words, CONTEXT}, c->states};
    graph_put(t, "states", &states);
    graph_run(t, m);
}

static void make_queries(bench_graph *t, const golden_model *m,
                         const processor_case *c)
{
    graph_begin(t, m, OMOST_MODEL_UNET);
    om_value x =
        om_graph_input(t->g, "x", (om_shape){c->x.s.n, c->h, c->w, c->x.s.c});
    om_graph_enter(t->g, ATTENTION);
    om_value q = om_linear(t->g, x, "to_q", c->x.s.c, false);
    q = om_cross_attention(t->g, q, 0, HEADS);
    om_graph_output(t->g, "out",
                    om_linear(t->g, q, "to_out.0", c->x.s.c, true));
    om_graph_leave(t->g);
    graph_compile(t, m);
    graph_put(t, "x", &c->x);
}

static void set_maps(bench_graph *t, const bench_graph *words,
                     const processor_case *c)
{
    om_region_maps maps;
    om_region_maps_init(&maps, NULL);
    for (int n = 0; n < c->x.s.n; n++)
        add_map(&maps, n, c->h, c->w, c->r[n], c->n_regions,
                method(OMOST_REGION_SCORE, true));
    om_kept kept;
    assert_true(om_program_kept(words->program, 0, &kept));
    const om_context context = {&kept, 1, maps.map, maps.n_maps};
    omost_error err;
    if (om_program_set_context(t->program, &context, &err))
        fail_msg("%s", err.msg);
    om_region_maps_free(&maps);
}

/* What the original gives as NaN, ours gives as something finite, and nothing
 * else is compared there. */
static void mend(golden_array *want, const float *got, const json_t *nan_pixels)
{
    const size_t c = (size_t)want->s.c;
    for (size_t i = 0; i < json_array_size(nan_pixels); i++) {
        size_t p = (size_t)json_integer_value(json_array_get(nan_pixels, i));
        for (size_t k = p * c; k < (p + 1) * c; k++) {
            assert_true(isnan(want->x[k]) && isfinite(got[k]));
            want->x[k] = got[k];
        }
    }
}

static void check_processor(const golden_model *m, const golden_tensors *t,
                            const char *name, const json_t *info)
{
    processor_case c;
    bench_graph words, queries;
    char key[96];
    read_case(&c, t, name, info);
    make_words(&words, m, &c);
    make_queries(&queries, m, &c);
    set_maps(&queries, &words, &c);
    graph_run(&queries, m);
    snprintf(key, sizeof key, "%s.out", name);
    golden_array want = golden_array_of(t, key);
    const float *got = om_program_output(queries.program, "out");
    mend(&want, got, json_object_get(info, "nan_pixels"));
    assert_golden(&closest, m->name, key, got, want.s.c, &want, 1e-5);
    graph_end(&queries);
    graph_end(&words);
    free(want.x);
    free(c.x.x);
    free(c.states);
}

static void check_processors(golden_model *m)
{
    golden_tensors t;
    json_t *info = golden_json("unet/processor.json"), *one;
    const char *name;
    if (!golden_tensors_open(&t, "unet/processor.safetensors")) return;
    json_object_foreach(json_object_get(info, "cases"), name, one)
        check_processor(m, &t, name, one);
    json_decref(info);
    golden_tensors_close(&t);
}

static void test_processor(void **unused)
{
    (void)unused;
    if (!golden_is_here()) skip();
    each_backend(check_processors);
    print_margin(&closest);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sharp),
        cmocka_unit_test(test_random_boxes),
        cmocka_unit_test(test_groups_differ),
        cmocka_unit_test(test_many),
        cmocka_unit_test(test_none),
        cmocka_unit_test(test_no_memory),
        cmocka_unit_test(test_processor),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
