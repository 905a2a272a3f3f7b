/* models.h - what the tests of the models share: the golden models in all their
 * layouts on every back end, golden arrays channels last, tolerances. */
#ifndef OM_TESTS_MODELS_H
#define OM_TESTS_MODELS_H

#include "unit/golden_tensors.h"

#include <math.h>

#include "diffusion/model_source.h"
#include "nn/backend.h"

/* ---- back ends and models ---------------------------------------------- */

typedef struct layout {
    const char *path, *config; /* in the golden data; config may be NULL */
} layout;

static const layout layouts[] = {
    {"model", NULL},
    {"model-single/model-fp32.safetensors", "model-single/config.json"},
    {"model-single/model-fp16.safetensors", "model-single/config.json"},
};
enum { N_LAYOUTS = sizeof layouts / sizeof *layouts };

/* A golden model, open, and a back end. */
typedef struct golden_model {
    char name[96]; /* "ref, model" */
    om_backend *backend;
    om_model_files *files;
    json_t *config;
} golden_model;

static inline bool golden_is_here(void)
{
    om_buf b;
    if (!golden_file("model/unet/config.json", &b)) return false;
    om_buf_free(&b);
    return true;
}

static inline void golden_model_open(golden_model *m, const char *backend,
                                     om_precision precision, layout from)
{
    char path[OM_TEST_PATH];
    omost_error err;
    *m = (golden_model){0};
    snprintf(m->name, sizeof m->name, "%s %s, %s", backend,
             precision == OM_PRECISION_BF16 ? "bf16" : "f32", from.path);
    m->backend = om_backend_open(
        NULL, &(om_backend_opts){.name = backend, .precision = precision},
        &err);
    if (!m->backend) fail_msg("%s: %s", m->name, err.msg);
    m->files = om_model_open(NULL, golden_path(path, from.path), &err);
    if (!m->files) fail_msg("%s", err.msg);
    if (from.config) m->config = golden_json(from.config);
}

static inline void golden_model_close(golden_model *m)
{
    om_model_close(m->files);
    om_backend_close(m->backend);
    json_decref(m->config);
}

/* Call body for every back end and layout, in f32. */
static inline void each_model(void (*body)(golden_model *m))
{
    if (!golden_is_here()) return;
    for (size_t b = 0; om_backend_at(b); b++)
        for (size_t i = 0; i < N_LAYOUTS; i++) {
            golden_model m;
            golden_model_open(&m, om_backend_at(b), OM_PRECISION_F32,
                              layouts[i]);
            body(&m);
            golden_model_close(&m);
        }
}

/* The folder on every back end, the single files on the fastest: for tests whose
 * work is long. */
static inline void each_model_once(void (*body)(golden_model *m))
{
    if (!golden_is_here()) return;
    for (size_t b = 0; om_backend_at(b); b++)
        for (size_t i = 0; i < (b ? 1 : N_LAYOUTS); i++) {
            golden_model m;
            golden_model_open(&m, om_backend_at(b), OM_PRECISION_F32,
                              layouts[i]);
            body(&m);
            golden_model_close(&m);
        }
}

/* The same for the folder alone. */
static inline void each_backend(void (*body)(golden_model *m))
{
    if (!golden_is_here()) return;
    for (size_t b = 0; om_backend_at(b); b++) {
        golden_model m;
        golden_model_open(&m, om_backend_at(b), OM_PRECISION_F32, layouts[0]);
        body(&m);
        golden_model_close(&m);
    }
}

/* On the fastest alone: for what does not depend on who computes. */
static inline void with_fastest(void (*body)(golden_model *m))
{
    if (!golden_is_here()) return;
    golden_model m;
    golden_model_open(&m, "auto", OM_PRECISION_F32, layouts[0]);
    body(&m);
    golden_model_close(&m);
}

/* ---- arrays ------------------------------------------------------------ */

/* An array, channels last. */
typedef struct golden_array {
    om_shape s;
    float *x; /* to be freed */
} golden_array;

/* [N, C, H, W] comes as n, h, w, c; [N, T, C] as n, 1, T, c; [N, C] as n, 1, 1,
 * c. */
static inline golden_array golden_array_of(const golden_tensors *t,
                                           const char *name)
{
    size_t n;
    float *x = golden_floats(t, name, &n);
    json_t *shape = json_object_get(json_object_get(t->header, name), "shape");
    int d[4] = {1, 1, 1, 1};
    const size_t dims = json_array_size(shape);
    assert_true(dims >= 1 && dims <= 4);
    for (size_t i = 0; i < dims; i++)
        d[i] = (int)json_integer_value(json_array_get(shape, i));
    golden_array a = {.x = x};
    if (dims == 2) a.s = (om_shape){d[0], 1, 1, d[1]};
    if (dims == 3) a.s = (om_shape){d[0], 1, d[1], d[2]};
    if (dims != 4) return a;
    a.s = (om_shape){d[0], d[2], d[3], d[1]};
    a.x = malloc((n + 1) * sizeof *a.x);
    assert_non_null(a.x);
    const size_t c = (size_t)d[1], places = (size_t)d[2] * (size_t)d[3];
    for (size_t i = 0; i < n; i++) {
        size_t p = i % places, k = i / places % c, b = i / places / c;
        a.x[(b * places + p) * c + k] = x[i];
    }
    free(x);
    return a;
}

/* The suggested bound for a golden array. */
static inline double tolerance_of(const char *name)
{
    json_t *all = golden_json("tolerances.json");
    json_t *entry = json_object_get(all, name);
    if (!entry) fail_msg("no tolerance for %s", name);
    double v = json_number_value(json_object_get(entry, "suggested_max_abs"));
    json_decref(all);
    assert_true(v > 0);
    return v;
}

/* Largest share of a tolerance used so far, and where. */
typedef struct margin {
    double share;
    char what[400];
} margin;

/* got[rows, channels] against the golden array, which may hold only its first
 * channels; at most `bound` apart. */
static inline void assert_golden(margin *m, const char *who, const char *what,
                                 const float *got, int channels,
                                 const golden_array *want, double bound)
{
    const size_t rows = om_shape_rows(want->s), c = (size_t)want->s.c;
    double worst = 0;
    assert_non_null(got);
    assert_true(c <= (size_t)channels);
    for (size_t i = 0; i < rows; i++) {
        double d =
            worst_distance(got + i * (size_t)channels, want->x + i * c, c);
        if (d > worst) worst = d;
    }
    if (!(worst <= bound))
        fail_msg("%s: %s is off by %.3g, and %.3g is allowed", who, what, worst,
                 bound);
    if (worst / bound < m->share) return;
    m->share = worst / bound;
    snprintf(m->what, sizeof m->what, "%s: %s, off by %.2g of %.2g", who, what,
             worst, bound);
}

static inline void print_margin(const margin *m)
{
    printf("           closest to its bound: %s\n", m->what);
}

/* The largest magnitude: what small errors are measured by. */
static inline double range_of(const golden_array *a)
{
    double most = 0;
    for (size_t i = 0; i < om_shape_size(a->s); i++)
        if (fabs((double)a->x[i]) > most) most = fabs((double)a->x[i]);
    return most;
}

/* |a - b| / |b| */
static inline double relative_l2(const float *a, const float *b, size_t n)
{
    double diff = 0, all = 0;
    for (size_t i = 0; i < n; i++) {
        diff += ((double)a[i] - b[i]) * ((double)a[i] - b[i]);
        all += (double)b[i] * b[i];
    }
    return sqrt(diff / all);
}

/* ---- graphs over a part of a golden model ------------------------------ */

typedef struct bench_graph {
    om_model_source source;
    om_params *params;
    om_graph *g;
    om_program *program;
} bench_graph;

static inline void graph_begin(bench_graph *t, const golden_model *m,
                               omost_model_part part)
{
    omost_error err;
    *t = (bench_graph){0};
    if (om_model_source_open(&t->source, m->files, part, &err))
        fail_msg("%s", err.msg);
    t->params =
        om_params_new(NULL, m->backend, om_model_source_params(&t->source),
                      OM_KEEP_EXACT, &err);
    assert_non_null(t->params);
    t->g = om_graph_new(NULL, t->params);
    assert_non_null(t->g);
}

/* An input filled with a golden array once the program is there. */
static inline void graph_compile(bench_graph *t, const golden_model *m)
{
    omost_error err;
    if (om_graph_check(t->g, &err)) fail_msg("%s: %s", m->name, err.msg);
    t->program = om_backend_compile(m->backend, t->g, &err);
    if (!t->program) fail_msg("%s: %s", m->name, err.msg);
}

static inline void graph_put(bench_graph *t, const char *input,
                             const golden_array *a)
{
    float *x = om_program_input(t->program, input);
    assert_non_null(x);
    memcpy(x, a->x, om_shape_size(a->s) * sizeof *x);
}

static inline void graph_run(bench_graph *t, const golden_model *m)
{
    omost_error err;
    if (om_program_run(t->program, NULL, &err))
        fail_msg("%s: %s", m->name, err.msg);
}

static inline void graph_end(bench_graph *t)
{
    om_program_free(t->program);
    om_graph_free(t->g);
    om_params_free(t->params);
}

#endif
