/* bench_ops.c - every kind of operation on the shapes of SDXL, beside the best
 * this machine does in the same run: products of large matrices (oneDNN's own)
 * for what computes, copying for what moves memory.
 *
 *     bench_ops [WORD...]      only operations whose name has one of the words
 *
 * Environment: BACKEND, PRECISION, THREADS as the options of omost render;
 * ROUNDS (5): the best counts. Between two operations the machine's rates are
 * measured again and the best is kept, so what else runs here falsifies less.
 * GB/s count what must be read and written once. */
#include "bench_rate.h"
#include "nn/backend.h"

typedef struct setup {
    om_backend *b;
    om_params *params;
    int rounds, n_words;
    char **word;
    bool bf16;
    double rate, copy; /* GFLOP/s, GB/s: the best seen */
} setup;

/* ---- weights --------------------------------------------------------------- */

static omost_status find(void *user, const char *name, int n_dims,
                         const size_t *dim, om_stored *stored, omost_error *err)
{
    (void)user, (void)name, (void)n_dims, (void)dim, (void)err;
    *stored = OM_STORED_F16;
    return OMOST_OK;
}

/* Multiples of 1/4096: they survive f16 and bf16. */
static omost_status read_weight(void *user, const char *name, int n_dims,
                                const size_t *dim, float *dst, omost_error *err)
{
    (void)user, (void)name, (void)err;
    size_t n = 1;
    for (int i = 0; i < n_dims; i++) n *= dim[i];
    uint32_t z = 1;
    for (size_t i = 0; i < n; i++) {
        z = z * 1664525u + 1013904223u;
        dst[i] = (float)((int)(z >> 24) - 128) / 4096.0f;
    }
    return OMOST_OK;
}

/* ---- operations ------------------------------------------------------------ */

typedef struct op {
    const char *kind;
    om_shape x;
    int out, kernel, stride; /* of linear and conv */
} op;

#define PICTURE(side, c) \
    {                    \
        1, side, side, c \
    }
static const op ops[] = {
    {"linear", PICTURE(64, 640), 640, 0, 0},
    {"linear", PICTURE(64, 2560), 640, 0, 0},
    {"linear", PICTURE(32, 1280), 1280, 0, 0},
    {"linear", PICTURE(32, 5120), 1280, 0, 0},
    {"linear", PICTURE(16, 1280), 1280, 0, 0},
    {"linear", PICTURE(16, 5120), 1280, 0, 0},
    {"linear+geglu", PICTURE(64, 640), 2560, 0, 0},
    {"linear+geglu", PICTURE(32, 1280), 5120, 0, 0},
    {"linear+geglu", PICTURE(16, 1280), 5120, 0, 0},
    {"conv", PICTURE(128, 4), 320, 3, 1},
    {"conv", PICTURE(128, 320), 320, 3, 1},
    {"conv", PICTURE(128, 960), 320, 3, 1},
    {"conv", PICTURE(128, 320), 320, 3, 2},
    {"conv", PICTURE(64, 320), 640, 3, 1},
    {"conv", PICTURE(64, 640), 640, 3, 1},
    {"conv", PICTURE(64, 1920), 640, 3, 1},
    {"conv", PICTURE(32, 640), 1280, 3, 1},
    {"conv", PICTURE(32, 1280), 1280, 3, 1},
    {"conv", PICTURE(32, 2560), 1280, 3, 1},
    {"conv", PICTURE(16, 1280), 1280, 3, 1},
    {"conv", PICTURE(128, 640), 320, 1, 1},
    {"upsample+conv", PICTURE(32, 1280), 1280, 3, 1},
    {"upsample+conv", PICTURE(64, 640), 640, 3, 1},
    {"vae conv", PICTURE(128, 512), 512, 3, 1},
    {"vae conv", PICTURE(512, 256), 256, 3, 1},
    {"vae conv", PICTURE(512, 128), 128, 3, 1},
    {"vae conv", PICTURE(512, 128), 3, 3, 1},
    {"vae upsample+conv", PICTURE(128, 512), 512, 3, 1},
    {"vae upsample+conv", PICTURE(256, 256), 256, 3, 1},
    {"group_norm+silu", PICTURE(128, 320), 0, 0, 0},
    {"group_norm+silu", PICTURE(64, 1280), 0, 0, 0},
    {"group_norm+silu", PICTURE(32, 2560), 0, 0, 0},
    {"vae group_norm+silu", PICTURE(512, 256), 0, 0, 0},
    {"group_norm+silu+conv", PICTURE(64, 640), 640, 3, 1},
    {"vae group_norm+silu+conv", PICTURE(512, 128), 128, 3, 1},
    {"layer_norm", PICTURE(64, 640), 0, 0, 0},
    {"layer_norm", PICTURE(32, 1280), 0, 0, 0},
    {"geglu", PICTURE(64, 5120), 0, 0, 0},
    {"silu", PICTURE(128, 320), 0, 0, 0},
    {"add", PICTURE(128, 320), 0, 0, 0},
    {"concat", PICTURE(128, 320), 0, 0, 0},
    {"upsample", PICTURE(64, 640), 0, 0, 0},
};

static om_value record(om_graph *g, const op *o, om_value x)
{
    if (strstr(o->kind, "group_norm"))
        x = om_unary(g, OM_SILU, om_group_norm(g, x, "norm", 32, 1e-5f));
    if (strstr(o->kind, "upsample")) x = om_upsample(g, x);
    if (strstr(o->kind, "conv")) {
        const int p = o->kernel / 2;
        return om_conv(
            g, x, "conv",
            (om_conv_shape){o->out, o->kernel, o->stride, {p, p, p, p}, false});
    }
    if (strcmp(o->kind, "linear+geglu") == 0)
        return om_geglu(g, om_linear(g, x, "linear", 2 * o->out, true));
    if (strcmp(o->kind, "linear") == 0)
        return om_linear(g, x, "linear", o->out, true);
    if (strcmp(o->kind, "layer_norm") == 0)
        return om_layer_norm(g, x, "norm", 1e-5f);
    if (strcmp(o->kind, "geglu") == 0) return om_geglu(g, x);
    if (strcmp(o->kind, "silu") == 0) return om_unary(g, OM_SILU, x);
    if (strcmp(o->kind, "add") == 0) return om_add(g, x, x);
    if (strcmp(o->kind, "concat") == 0) return om_concat(g, x, x);
    return x;
}

/* ---- the machine ----------------------------------------------------------- */

/* GB/s of reading and writing 256 MB with our own threads: x + x. */
static double copy_rate(const setup *s)
{
    omost_error err;
    const om_shape shape = {1, 1024, 256, 128};
    om_graph *g = om_graph_new(NULL, NULL);
    om_value x = om_graph_input(g, "x", shape);
    om_graph_output(g, "y", om_add(g, x, x));
    om_program *p = om_backend_compile(s->b, g, &err);
    om_graph_free(g);
    if (!p) bench_stop(err.msg);
    double best = 1e300;
    for (int i = 0; i < s->rounds + 2; i++) {
        const double t = bench_now();
        if (om_program_run(p, NULL, &err)) bench_stop(err.msg);
        if (bench_now() - t < best) best = bench_now() - t;
    }
    om_program_free(p);
    return 2e-9 * 4 * (double)om_shape_size(shape) / best;
}

static void see_rates(setup *s)
{
    const double rate = bench_rate(s->bf16, 0.3);
    if (rate > s->rate) s->rate = rate;
    const double copy = copy_rate(s);
    if (copy > s->copy) s->copy = copy;
}

/* ---- one operation --------------------------------------------------------- */

typedef struct timing {
    double seconds, flops, bytes;
} timing;

static timing time_op(const setup *s, const op *o)
{
    omost_error err;
    om_graph *g = om_graph_new(NULL, s->params);
    om_graph_enter(g, "%s.%d.%d.%d", o->kind, o->x.h, o->x.c, o->out);
    om_value x = om_graph_input(g, "x", o->x), y = record(g, o, x);
    om_graph_output(g, "y", y);
    om_program *p = om_backend_compile(s->b, g, &err);
    if (!p) bench_stop(err.msg);
    const size_t n = om_shape_size(o->x);
    const size_t m = om_shape_size(om_graph_shape(g, y));
    om_graph_free(g);
    float *in = om_program_input(p, "x");
    for (size_t i = 0; i < n; i++) in[i] = (float)(i * 40503 % 1024) / 512 - 1;
    timing t = {.seconds = 1e300, .bytes = 4.0 * (double)(n + m)};
    if (strstr(o->kind, "group_norm")) t.bytes += 4.0 * (double)n;
    om_cost cost;
    om_program_cost(p, &cost);
    t.flops = cost.flops[OM_WORK_LINEAR] + cost.flops[OM_WORK_CONV];
    for (int i = 0; i < s->rounds + 1; i++) {
        const double at = bench_now();
        if (om_program_run(p, NULL, &err)) bench_stop(err.msg);
        if (i && bench_now() - at < t.seconds) t.seconds = bench_now() - at;
    }
    om_program_free(p);
    return t;
}

static void tell(const setup *s, const op *o, timing t)
{
    char shape[80];
    if (o->kernel)
        snprintf(shape, sizeof shape, "%dx%d %d -> %d, %dx%d%s", o->x.h, o->x.w,
                 o->x.c, o->out, o->kernel, o->kernel,
                 o->stride > 1 ? " /2" : "");
    else if (o->out)
        snprintf(shape, sizeof shape, "%d rows %d -> %d", o->x.h * o->x.w,
                 o->x.c, o->out);
    else
        snprintf(shape, sizeof shape, "%dx%d of %d", o->x.h, o->x.w, o->x.c);
    printf("%-25s %-26s %8.2f ms", o->kind, shape, t.seconds * 1e3);
    if (t.flops > 0)
        printf("  %6.1f GFLOP/s  %4.0f %% of the rate\n",
               t.flops / t.seconds * 1e-9,
               t.flops / t.seconds * 1e-7 / s->rate);
    else
        printf("  %6.1f GB/s     %4.0f %% of memory\n",
               t.bytes / t.seconds * 1e-9,
               t.bytes / t.seconds * 1e-7 / s->copy);
    fflush(stdout);
}

static bool wanted(const setup *s, const op *o)
{
    for (int i = 0; i < s->n_words; i++)
        if (strstr(o->kind, s->word[i])) return true;
    return s->n_words == 0;
}

static int number(const char *name, int otherwise)
{
    const char *value = getenv(name);
    return value && *value ? (int)strtol(value, NULL, 10) : otherwise;
}

static om_precision precision(void)
{
    static const char *const names[] = {
#define X(id, name, text) name,
        OM_PRECISION_LIST(X)
#undef X
    };
    const char *value = getenv("PRECISION");
    for (int i = 0; value && i < OM_N_PRECISIONS; i++)
        if (strcmp(value, names[i]) == 0) return (om_precision)i;
    return OM_PRECISION_AUTO;
}

int main(int argc, char **argv)
{
    omost_error err;
    const om_backend_opts opts = {.name = getenv("BACKEND"),
                                  .precision = precision(),
                                  .n_threads = number("THREADS", 0)};
    setup s = {
        .rounds = number("ROUNDS", 5), .word = argv + 1, .n_words = argc - 1};
    s.b = om_backend_open(NULL, &opts, &err);
    if (!s.b) bench_stop(err.msg);
    s.bf16 = om_backend_precision(s.b) == OM_PRECISION_BF16;
    s.params =
        om_params_new(NULL, s.b, (om_param_source){find, read_weight, NULL},
                      OM_KEEP_EXACT, &err);
    if (!s.params) bench_stop(err.msg);
    see_rates(&s);
    for (size_t i = 0; i < sizeof ops / sizeof *ops; i++) {
        if (!wanted(&s, &ops[i])) continue;
        const timing t = time_op(&s, &ops[i]);
        see_rates(&s);
        tell(&s, &ops[i], t);
    }
    printf("the machine: %.1f GFLOP/s in %s, %.1f GB/s; %s, %d threads\n",
           s.rate, s.bf16 ? "bf16" : "f32", s.copy, om_backend_name(s.b),
           om_backend_threads(s.b));
    om_params_free(s.params);
    om_backend_close(s.b);
    return 0;
}
