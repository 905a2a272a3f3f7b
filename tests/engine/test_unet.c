/* test_unet.c - the UNet against the original: whole evaluations with regions,
 * what it computes on the way, its cross-attention alone, and in bf16. */
#include "golden_maps.h"
#include "golden_text.h"

#include "diffusion/unet_record.h"

static margin closest;

/* For what tolerances.json names no bound: the whole UNet's, by range. */
static const double usual = 1.2e-5;
/* Tiny boxes make a softmax that is nearly a choice. */
static const double usual_tiny = 5.4e-5;

static om_unet *open_unet(golden_model *m)
{
    omost_error err;
    om_unet *u = om_unet_open(NULL, m->backend, m->files, m->config,
                              OM_KEEP_EXACT, &err);
    if (!u) fail_msg("%s: %s", m->name, err.msg);
    return u;
}

/* ---- a case ------------------------------------------------------------ */

typedef struct unet_case {
    golden_tensors t;
    golden_array x, pooled, eps;
    float timestep[4];
    float time_ids[4][6];
    golden_regions regions;
    golden_maps maps;
} unet_case;

static void load_case(unet_case *c, const om_unet *u, const char *name)
{
    char path[96];
    size_t n;
    int level_h[OM_UNET_MAX_LEVELS], level_w[OM_UNET_MAX_LEVELS];
    *c = (unet_case){0};
    snprintf(path, sizeof path, "unet/%s.safetensors", name);
    assert_true(golden_tensors_open(&c->t, path));
    c->x = golden_array_of(&c->t, "x");
    c->pooled = golden_array_of(&c->t, "pooled");
    c->eps = golden_array_of(&c->t, "eps");
    int64_t *t = golden_tensor(&c->t, "timestep", sizeof *t, &n);
    float *ids = golden_floats(&c->t, "time_ids", NULL);
    assert_true((int)n == c->x.s.n && n <= 4);
    for (size_t i = 0; i < n; i++) c->timestep[i] = (float)t[i];
    memcpy(c->time_ids, ids, n * sizeof *c->time_ids);
    free(t);
    free(ids);
    c->regions = golden_regions_of(&c->t, "");
    om_arena_init(&c->maps.arena, NULL, 0);
    int levels = om_unet_levels(u, c->x.s.h, c->x.s.w, level_h, level_w);
    assert_int_equal(levels, 2);
    for (int b = 0; b < c->x.s.n; b++)
        for (int i = 0; i < levels; i++)
            golden_maps_add(&c->maps, &c->regions, b, level_h[i], level_w[i]);
}

static void free_case(unet_case *c)
{
    om_arena_free(&c->maps.arena);
    golden_regions_free(&c->regions);
    free(c->x.x);
    free(c->pooled.x);
    free(c->eps.x);
    golden_tensors_close(&c->t);
}

static om_unet_words *words_of(om_unet *u, const unet_case *c)
{
    omost_error err;
    om_unet_words *words = om_unet_words_new(u, c->regions.states,
                                             c->regions.all_words, NULL, &err);
    if (!words) fail_msg("%s", err.msg);
    return words;
}

/* The noise in the case's latents, to be freed. Twice over: the second
 * evaluation is the first again. */
static float *evaluate(om_unet *u, const unet_case *c)
{
    omost_error err;
    const size_t n = om_shape_size(c->eps.s);
    float *eps = malloc(n * sizeof *eps), *again = malloc(n * sizeof *again);
    om_unet_words *words = words_of(u, c);
    om_unet_run *run =
        om_unet_run_new(u, (om_unet_size){c->x.s.n, c->x.s.h, c->x.s.w}, NULL,
                        &err);
    if (!run) fail_msg("%s", err.msg);
    if (om_unet_run_set_words(run, words, c->maps.map, c->maps.n, &err))
        fail_msg("%s", err.msg);
    const om_unet_in in = {.x = c->x.x,
                           .timestep = c->timestep,
                           .pooled = c->pooled.x,
                           .time_ids = c->time_ids};
    if (om_unet_run_eval(run, &in, eps, NULL, &err)) fail_msg("%s", err.msg);
    if (om_unet_run_eval(run, &in, again, NULL, &err)) fail_msg("%s", err.msg);
    assert_memory_equal(eps, again, n * sizeof *eps);
    om_unet_run_free(run);
    om_unet_words_free(words);
    free(again);
    return eps;
}

/* Call body for every case; how many there are. */
static void each_case(om_unet *u, const char *who,
                      void (*body)(om_unet *u, const char *who,
                                   const char *name, const unet_case *c))
{
    const char *name;
    json_t *row, *cases = golden_json("unet/cases.json");
    assert_true(json_object_size(cases) >= 10);
    json_object_foreach(cases, name, row)
    {
        unet_case c;
        load_case(&c, u, name);
        body(u, who, name, &c);
        free_case(&c);
    }
    json_decref(cases);
}

static void check_case(om_unet *u, const char *who, const char *name,
                       const unet_case *c)
{
    char full[96];
    snprintf(full, sizeof full, "unet/%s", name);
    float *eps = evaluate(u, c);
    assert_golden(&closest, who, full, eps, c->eps.s.c, &c->eps,
                  tolerance_of(full));
    free(eps);
}

static void check_cases(golden_model *m)
{
    om_unet *u = open_unet(m);
    each_case(u, m->name, check_case);
    om_unet_close(u);
}

static void test_cases(void **state)
{
    (void)state;
    closest = (margin){0};
    each_model(check_cases);
    print_margin(&closest);
}

/* ---- on the way -------------------------------------------------------- */

/* What a golden intermediate is called here. Modules are labelled by what comes
 * out of them; what goes in is what came out of the one before. */
static void label_of(char out[128], const char *mid)
{
    static const struct {
        const char *tail, *label;
    } inputs[] = {
        {".attn1.in", ".norm1"},
        {".attn2.in", ".norm2"},
        {".ff.in", ".norm3"},
    };
    const om_str s = om_str_of(mid);
    int n = (int)s.n;
    const char *tail = "";
    for (size_t i = 0; i < sizeof inputs / sizeof *inputs; i++)
        if (om_str_ends(s, om_str_of(inputs[i].tail))) {
            n -= (int)strlen(inputs[i].tail);
            tail = inputs[i].label;
        }
    if (om_str_ends(s, OM_STR(".out"))) n -= 4;
    snprintf(out, 128, "%.*s%s", n, mid, tail);
    if (strcmp(mid, "down_blocks.0.resnets.0.in") == 0)
        snprintf(out, 128, "conv_in");
    if (strcmp(mid, "down_blocks.1.attentions.0.in") == 0)
        snprintf(out, 128, "down_blocks.1.resnets.0");
}

/* Mark every golden intermediate as an output; how many there are. */
static int mark_mids(om_graph *g, const golden_tensors *t)
{
    const char *name;
    json_t *v;
    int n = 0;
    json_object_foreach(t->header, name, v)
    {
        char label[128];
        if (strncmp(name, "mid.", 4) != 0) continue;
        n++;
        if (strcmp(name, "mid.time_proj.out") == 0 ||
            strcmp(name, "mid.add_embedding.in") == 0)
            continue; /* our inputs */
        label_of(label, name + 4);
        om_value x = om_graph_find(g, label);
        if (x == OM_NO_VALUE) fail_msg("the graph has no %s", label);
        om_graph_output(g, name, x);
    }
    return n;
}

static void check_mids(const bench_graph *t, const char *who,
                       const unet_case *c, double bound)
{
    const char *name;
    json_t *v;
    json_object_foreach(c->t.header, name, v)
    {
        if (strncmp(name, "mid.", 4) != 0) continue;
        golden_array want = golden_array_of(&c->t, name);
        const float *got = om_program_output(t->program, name);
        if (strcmp(name, "mid.time_proj.out") == 0)
            got = om_program_input(t->program, "time");
        if (strcmp(name, "mid.add_embedding.in") == 0)
            got = om_program_input(t->program, "add");
        const double range = range_of(&want);
        assert_golden(&closest, who, name, got, want.s.c, &want,
                      bound * (range > 1 ? range : 1));
        free(want.x);
    }
}

/* The inputs "time" and "add" as om_unet_run_eval() makes them. */
static void put_case(bench_graph *t, const om_unet_config *k,
                     const unet_case *c)
{
    float *add = om_program_input(t->program, "add");
    graph_put(t, "x", &c->x);
    om_unet_sinusoids(om_program_input(t->program, "time"), c->timestep, 1,
                      k->channels[0]);
    memcpy(add, c->pooled.x, (size_t)c->pooled.s.c * sizeof *add);
    om_unet_sinusoids(add + c->pooled.s.c, c->time_ids[0], 6, k->time_id_width);
}

static void check_way(golden_model *m)
{
    static const struct {
        const char *name;
        double bound;
    } cases[] = {{"one_region_16x16", usual}, {"tiny_box_20x28", usual_tiny}};
    om_unet *u = open_unet(m);
    const om_unet_config *k = om_unet_config_of(u);
    for (size_t i = 0; i < 2; i++) {
        unet_case c;
        bench_graph t;
        omost_error err;
        load_case(&c, u, cases[i].name);
        om_unet_words *words = words_of(u, &c);
        graph_begin(&t, m, OMOST_MODEL_UNET);
        om_unet_record(t.g, k, (om_unet_size){1, c.x.s.h, c.x.s.w});
        assert_true(mark_mids(t.g, &c.t) >= 30);
        graph_compile(&t, m);
        const om_context context = {.slot = om_unet_words_slots(words),
                                    .n_slots = om_unet_slots(u),
                                    .map = c.maps.map,
                                    .n_maps = c.maps.n};
        if (om_program_set_context(t.program, &context, &err))
            fail_msg("%s", err.msg);
        put_case(&t, k, &c);
        graph_run(&t, m);
        check_mids(&t, m->name, &c, cases[i].bound);
        graph_end(&t);
        om_unet_words_free(words);
        free_case(&c);
    }
    om_unet_close(u);
}

static void test_way(void **state)
{
    (void)state;
    closest = (margin){0};
    each_backend(check_way);
    print_margin(&closest);
}

/* ---- the cross-attention alone ----------------------------------------- */

static void check_positions(const char *who, const char *name,
                            const json_t *row, const float *got,
                            const golden_array *want)
{
    const json_t *nan = json_object_get(row, "nan_pixels");
    const size_t c = (size_t)want->s.c;
    char what[96];
    snprintf(what, sizeof what, "processor %s", name);
    golden_array sound = {.s = want->s, .x = want->x};
    for (size_t i = 0; i < json_array_size(nan); i++) {
        size_t p = (size_t)json_integer_value(json_array_get(nan, i));
        for (size_t j = 0; j < c; j++) {
            assert_true(isnan(want->x[p * c + j]));
            assert_true(isfinite(got[p * c + j])); /* ours is defined */
            sound.x[p * c + j] = got[p * c + j];
        }
    }
    assert_golden(&closest, who, what, got, want->s.c, &sound, usual);
}

static void check_processor_case(golden_model *m, om_unet *u,
                                 const golden_tensors *t, const char *name,
                                 const json_t *row)
{
    char head[64], full[96];
    bench_graph q, kv;
    omost_error err;
    const int h = (int)json_integer_value(json_object_get(row, "height"));
    const int w = (int)json_integer_value(json_object_get(row, "width"));
    snprintf(head, sizeof head, "%s.", name);
    snprintf(full, sizeof full, "%s.hidden_states", name);
    golden_array x = golden_array_of(t, full);
    snprintf(full, sizeof full, "%s.out", name);
    golden_array out = golden_array_of(t, full);
    golden_regions r = golden_regions_of(t, head);
    x.s = (om_shape){x.s.n, h, w, x.s.c}; /* the same numbers in rows */

    const om_unet_site *site = om_unet_site_at(u, 0);
    assert_string_equal(site->name, "down_blocks.1.attentions.0");
    graph_begin(&kv, m, OMOST_MODEL_UNET);
    om_unet_record_words(
        kv.g, site,
        om_graph_input(kv.g, "states",
                       (om_shape){1, 1, r.all_words,
                                  om_unet_config_of(u)->context}));
    graph_compile(&kv, m);
    memcpy(om_program_input(kv.program, "states"), r.states,
           (size_t)r.all_words * (size_t)om_unet_config_of(u)->context *
               sizeof(float));
    graph_run(&kv, m);
    om_kept kept;
    assert_true(om_program_kept(kv.program, 0, &kept));

    graph_begin(&q, m, OMOST_MODEL_UNET);
    om_value v = om_graph_input(q.g, "x", x.s);
    om_graph_enter(q.g, "%s.transformer_blocks.0.attn2", site->name);
    v = om_linear(q.g, v, "to_q", x.s.c, false);
    v = om_cross_attention(q.g, v, 0, site->heads);
    om_graph_output(q.g, "out", om_linear(q.g, v, "to_out.0", x.s.c, true));
    graph_compile(&q, m);
    graph_put(&q, "x", &x);
    golden_maps maps = {0};
    om_arena_init(&maps.arena, NULL, 0);
    for (int b = 0; b < x.s.n; b++) golden_maps_add(&maps, &r, b, h, w);
    const om_context context = {&kept, 1, maps.map, maps.n};
    if (om_program_set_context(q.program, &context, &err))
        fail_msg("%s", err.msg);
    graph_run(&q, m);
    check_positions(m->name, name, row, om_program_output(q.program, "out"),
                    &out);
    om_arena_free(&maps.arena);
    graph_end(&q);
    graph_end(&kv);
    golden_regions_free(&r);
    free(x.x);
    free(out.x);
}

static void check_processor(golden_model *m)
{
    const char *name;
    json_t *row, *index = golden_json("unet/processor.json");
    json_t *cases = json_object_get(index, "cases");
    golden_tensors t;
    om_unet *u = open_unet(m);
    assert_true(json_object_size(cases) >= 4);
    assert_true(golden_tensors_open(&t, "unet/processor.safetensors"));
    json_object_foreach(cases, name, row)
        check_processor_case(m, u, &t, name, row);
    golden_tensors_close(&t);
    json_decref(index);
    om_unet_close(u);
}

static void test_processor(void **state)
{
    (void)state;
    closest = (margin){0};
    each_backend(check_processor);
    print_margin(&closest);
}

/* ---- bf16 -------------------------------------------------------------- */

/* |error| / |eps|, of every case: both as it is and on the mean of inputs that
 * differ by less than bf16 can tell, for chance makes it half as much again. */
static const double l2_bound = 0.02;
/* Where tiny boxes make it f32. */
static const double l2_bound_exact = 1e-4;
enum { NEAR_RUNS = 4 };

typedef struct worst_l2 {
    double here, near; /* of what bf16 does */
    double exact;      /* of what is f32 for its tiny boxes */
} worst_l2;
static worst_l2 worst;

/* As a render finds it out. */
static bool is_sharp(const unet_case *c)
{
    om_region_words r[MAX_REGIONS];
    for (int i = 0; i < c->regions.n; i++) {
        char name[32];
        snprintf(name, sizeof name, "region.%d.mask", i);
        r[i] = (om_region_words){.box = box_of_mask(&c->t, name)};
    }
    return om_regions_are_sharp(r, c->regions.n,
                                (om_region_opts){.method = OMOST_REGION_SCORE});
}

static void set_exact(om_unet *u, bool exact)
{
    omost_error err;
    if (om_unet_set_exact(u, exact, &err)) fail_msg("%s", err.msg);
}

static double bf16_error(om_unet *u, const unet_case *c)
{
    float *eps = evaluate(u, c);
    const double l2 = relative_l2(eps, c->eps.x, om_shape_size(c->eps.s));
    free(eps);
    return l2;
}

/* The root of the mean square of the errors. */
static double mean_bf16_error(om_unet *u, const unet_case *c)
{
    const size_t n = om_shape_size(c->x.s);
    unet_case near = *c;
    double sum = 0;
    uint32_t seed = 1;
    near.x.x = malloc(n * sizeof *near.x.x);
    for (int i = 0; i < NEAR_RUNS; i++) {
        for (size_t k = 0; k < n; k++) {
            seed = seed * 1664525u + 1013904223u;
            const float part = (float)(seed >> 8) / (float)(1 << 23) - 1;
            near.x.x[k] = c->x.x[k] * (1 + 1e-4f * part);
        }
        const double l2 = bf16_error(u, &near);
        sum += l2 * l2;
    }
    free(near.x.x);
    return sqrt(sum / NEAR_RUNS);
}

static void keep_most(double *most, double l2, double bound, const char *who,
                      const char *name)
{
    if (!(l2 <= bound))
        fail_msg("%s: %s is off by %.3f %% of its length", who, name, 100 * l2);
    if (l2 > *most) *most = l2;
}

static void check_bf16_case(om_unet *u, const char *who, const char *name,
                            const unet_case *c)
{
    const bool sharp = is_sharp(c);
    set_exact(u, sharp);
    if (sharp) {
        keep_most(&worst.exact, bf16_error(u, c), l2_bound_exact, who, name);
        return;
    }
    keep_most(&worst.here, bf16_error(u, c), l2_bound, who, name);
    keep_most(&worst.near, mean_bf16_error(u, c), l2_bound, who, name);
}

/* To f32 and back: the same bits as before, and never under a run. */
static void check_switch(om_unet *u)
{
    omost_error err;
    unet_case c;
    load_case(&c, u, "tiny_box_20x28");
    const size_t n = om_shape_size(c.eps.s);
    set_exact(u, false);
    float *before = evaluate(u, &c);
    assert_true(relative_l2(before, c.eps.x, n) > 1e-3);
    om_unet_run *run =
        om_unet_run_new(u, (om_unet_size){1, 16, 16}, NULL, &err);
    assert_non_null(run);
    assert_int_equal(om_unet_set_exact(u, true, &err), OMOST_USAGE);
    assert_int_equal(om_unet_set_exact(u, false, &err), OMOST_OK);
    om_unet_run_free(run);
    set_exact(u, true);
    set_exact(u, true);
    float *exact = evaluate(u, &c);
    assert_true(relative_l2(exact, c.eps.x, n) < l2_bound_exact);
    set_exact(u, false);
    float *after = evaluate(u, &c);
    assert_memory_equal(before, after, n * sizeof *before);
    free(before);
    free(exact);
    free(after);
    free_case(&c);
}

static void test_bf16(void **state)
{
    (void)state;
    if (!golden_is_here()) return;
    for (size_t b = 0; om_backend_at(b); b++) {
        omost_error err;
        golden_model m;
        const om_backend_opts opts = {.name = om_backend_at(b),
                                      .precision = OM_PRECISION_BF16};
        om_backend *probe = om_backend_open(NULL, &opts, &err);
        if (!probe) {
            printf("*** SKIPPED: bf16 on %s: %s ***\n", opts.name, err.msg);
            continue;
        }
        om_backend_close(probe);
        golden_model_open(&m, opts.name, OM_PRECISION_BF16, layouts[0]);
        assert_int_equal(om_backend_precision(m.backend), OM_PRECISION_BF16);
        worst = (worst_l2){0};
        om_unet *u = open_unet(&m);
        each_case(u, m.name, check_bf16_case);
        check_switch(u);
        om_unet_close(u);
        assert_true(worst.here > 1e-3); /* it is not f32 after all */
        assert_true(worst.exact > 0);   /* there are tiny boxes */
        printf("           %s: relative L2 error at most %.2f %%, on the mean "
               "%.2f %%; f32 for tiny boxes: %.1e\n",
               m.name, 100 * worst.here, 100 * worst.near, worst.exact);
        golden_model_close(&m);
    }
}

/* ---- memory, sizes, stopping ------------------------------------------- */

static void test_no_allocation(void **state)
{
    (void)state;
    if (!golden_is_here()) return;
    for (size_t b = 0; om_backend_at(b); b++) {
        char path[OM_TEST_PATH];
        omost_error err;
        meter m = {0};
        const omost_env env = {metered, &m};
        unet_case c;
        om_backend *backend =
            om_backend_open(&env, &(om_backend_opts){.name = om_backend_at(b)},
                            &err);
        om_model_files *files =
            om_model_open(&env, golden_path(path, "model"), &err);
        assert_true(backend && files);
        om_unet *u =
            om_unet_open(&env, backend, files, NULL, OM_KEEP_EXACT, &err);
        if (!u) fail_msg("%s", err.msg);
        load_case(&c, u, "three_regions_16x16_b2");
        om_unet_words *words = words_of(u, &c);
        om_unet_run *run =
            om_unet_run_new(u, (om_unet_size){2, 16, 16}, NULL, &err);
        assert_non_null(run);
        assert_int_equal(om_unet_run_set_words(run, words, c.maps.map, c.maps.n,
                                               &err),
                         OMOST_OK);
        float *eps = malloc(om_shape_size(c.eps.s) * sizeof *eps);
        const om_unet_in in = {c.x.x, c.timestep, c.pooled.x, c.time_ids};
        size_t calls = 0;
        for (int i = 0; i < 3; i++) {
            if (i == 1) calls = m.calls;
            assert_int_equal(om_unet_run_eval(run, &in, eps, NULL, &err),
                             OMOST_OK);
        }
        assert_int_equal(m.calls, calls);
        free(eps);
        om_unet_run_free(run);
        om_unet_words_free(words);
        free_case(&c);
        om_unet_close(u);
        om_model_close(files);
        om_backend_close(backend);
        assert_int_equal(m.live, 0);
    }
}

static bool stop_late(void *user, double done)
{
    double *last = user;
    assert_true(done >= *last && done <= 1);
    *last = done;
    return done < 0.5;
}

/* Never backwards. */
static bool count_up(void *user, double done)
{
    double *last = user;
    assert_true(done >= *last && done <= 1);
    *last = done;
    return true;
}

static void check_sizes(golden_model *m)
{
    omost_error err;
    int h[OM_UNET_MAX_LEVELS], w[OM_UNET_MAX_LEVELS];
    om_unet *u = open_unet(m);
    assert_int_equal(om_unet_levels(u, 20, 28, h, w), 2);
    assert_true(h[0] == 10 && w[0] == 14 && h[1] == 5 && w[1] == 7);
    const om_unet_size bad[] = {
        {1, 18, 16}, {1, 16, 30}, {1, 0, 16}, {0, 16, 16}, {1, -4, 16}};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_null(om_unet_run_new(u, bad[i], NULL, &err));
        assert_int_equal(err.status, OMOST_RANGE);
        assert_non_null(strstr(err.msg, "multiples of 4"));
    }
    /* Told to stop, words and evaluations do. */
    double last = 0;
    om_watch watch = {stop_late, &last};
    float states[77 * 24] = {0};
    assert_null(om_unet_words_new(u, states, 77, &watch, &err));
    assert_int_equal(err.status, OMOST_CANCELLED);
    assert_true(last >= 0.5 && last < 0.8);
    /* So does packing; what was packed by then is used by the next. */
    const om_unet_size size = {1, 16, 16};
    om_watch sleepy = {stop_late, &last}, curious = {count_up, &last};
    last = 0;
    assert_null(om_unet_run_new(u, size, &sleepy, &err));
    assert_int_equal(err.status, OMOST_CANCELLED);
    assert_true(last >= 0.5 && last < 0.7);
    last = -1;
    om_unet_run *run = om_unet_run_new(u, size, &curious, &err);
    if (!run) fail_msg("%s", err.msg);
    assert_true(last > 0.2 && last < 0.6);
    last = -1;
    om_unet_run *again = om_unet_run_new(u, size, &curious, &err);
    assert_non_null(again);
    assert_true(last <= 0);
    om_unet_run_free(again);
    om_unet_run_free(run);
    om_unet_close(u);
}

static void test_sizes(void **state)
{
    (void)state;
    each_backend(check_sizes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cases),         cmocka_unit_test(test_way),
        cmocka_unit_test(test_processor),     cmocka_unit_test(test_bf16),
        cmocka_unit_test(test_no_allocation), cmocka_unit_test(test_sizes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
