/* bench_render.c - the whole renderer on a model of real size: how fast each
 * part is, beside the best a product of matrices does on this machine in the
 * same run, and what a whole picture takes in time and memory.
 *
 *     bench_render MODEL [WHAT...]    MODEL: tools/make-random-model MODEL
 *
 * WHAT: start render unet512 unet1024 vae512 vae1024; all when none is named.
 * Environment: BACKEND, PRECISION, THREADS as the options of omost render;
 * ROUNDS (3), the best of which counts.
 *
 * A render is done in a process of its own, so that its peak memory is its own.
 * GFLOP/s count 2 per multiplication and addition of products, as the graph has
 * them. "rate" is oneDNN's own product of large matrices, measured before every
 * part and after it; the best counts. Timings by kind of work come from a run
 * of their own, because taking them costs a little.
 *
 * What regions cost is told by processor time too, which other programs disturb
 * less; of one thread alone (THREADS=1), since threads that wait for each other
 * spin and are counted. "At once" 2 is a step with guidance: the negative
 * prompt beside it is plain. */
#define _GNU_SOURCE
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench_rate.h"
#include "diffusion/model_source.h"
#include "diffusion/regions.h"
#include "diffusion/text_encoder.h"
#include "diffusion/unet.h"
#include "diffusion/vae.h"
#include "omost/render.h"

enum { ROW = 77, N_LOCALS = 8, ROWS_EACH = 2 };

typedef struct setup {
    const char *model;
    om_backend_opts opts;
    int rounds;
    double rate; /* GFLOP/s, the best seen */
} setup;

static om_backend *open_backend(const setup *s)
{
    omost_error err;
    om_backend *b = om_backend_open(NULL, &s->opts, &err);
    if (!b) bench_stop(err.msg);
    return b;
}

static om_model_files *open_files(const setup *s)
{
    omost_error err;
    om_model_files *m = om_model_open(NULL, s->model, &err);
    if (!m) bench_stop(err.msg);
    return m;
}

static void must(omost_status st, const omost_error *err)
{
    if (st != OMOST_OK) bench_stop(err->msg);
}

static void see_rate(setup *s, const om_backend *b)
{
    bool bf16 = om_backend_precision(b) == OM_PRECISION_BF16;
    double r = bench_rate(bf16, 2);
    if (r > s->rate) s->rate = r;
}

static float *noise(size_t n)
{
    float *v = malloc(n * sizeof *v);
    uint32_t x = 1;
    if (!v) bench_stop("no memory");
    for (size_t i = 0; i < n; i++) { /* nearly normal: a sum of four */
        float sum = 0;
        for (int k = 0; k < 4; k++) {
            x = x * 1664525 + 1013904223;
            sum += (float)(x >> 8) / 0x1p24f - 0.5F;
        }
        v[i] = sum * 1.732F;
    }
    return v;
}

/* ---- what a program did -------------------------------------------------- */

/* One line of a part, then where its time goes. */
static void report(const char *what, const setup *s, om_program *p,
                   double seconds)
{
    om_cost c;
    double flops = 0, all = 0;
    om_program_cost(p, &c);
    for (int i = 0; i < OM_N_WORKS; i++) flops += c.flops[i];
    for (int i = 0; i < OM_N_WORKS; i++) all += c.seconds[i];
    printf("%-26s %7.2f s  %7.0f GFLOP  %6.1f GFLOP/s  %3.0f %% of %.1f  "
           "values %.0f MB\n",
           what, seconds, flops * 1e-9, flops * 1e-9 / seconds,
           flops * 1e-7 / seconds / s->rate, s->rate,
           (double)c.arena_bytes * 1e-6);
    for (int i = 0; i < OM_N_WORKS && c.runs > 0; i++) {
        double t = c.seconds[i] / c.runs;
        if (t <= 0) continue;
        printf("  %-24s %7.2f s  %4.1f %%", om_work_name(i), t,
               100 * c.seconds[i] / all);
        if (c.flops[i] > 0) printf("  %6.1f GFLOP/s", c.flops[i] * 1e-9 / t);
        putchar('\n');
    }
    fflush(stdout);
}

/* ---- the UNet ------------------------------------------------------------ */

/* A picture's conditions: the global one, and eight boxes of usual sizes. */
static const omost_box boxes[1 + N_LOCALS] = {
    {0, 90, 0, 90},   {0, 60, 0, 40},   {30, 90, 50, 90},
    {20, 70, 20, 70}, {40, 90, 0, 50},  {0, 50, 40, 90},
    {60, 90, 10, 80}, {15, 75, 30, 90}, {50, 90, 25, 65}};

/* One picture with `n_locals` regions, and beside it the negative one. */
typedef struct scene {
    om_unet_run *run;
    om_unet_size size;
    om_unet_words *words;
    om_region_maps maps;
} scene;

static void add_maps(scene *sc, const om_unet *u, int n_locals)
{
    om_region_words r[1 + N_LOCALS];
    int level_h[OM_UNET_MAX_LEVELS], level_w[OM_UNET_MAX_LEVELS];
    const om_region_opts o = {.method = OMOST_REGION_SCORE};
    omost_error err;
    for (int i = 0; i <= n_locals; i++)
        r[i] = (om_region_words){.box = boxes[i],
                                 .first = i * ROWS_EACH * ROW,
                                 .n = ROWS_EACH * ROW};
    const om_region_words negative = {
        .box = boxes[0], .first = (n_locals + 1) * ROWS_EACH * ROW, .n = ROW};
    int levels = om_unet_levels(u, sc->size.h, sc->size.w, level_h, level_w);
    om_region_maps_init(&sc->maps, NULL);
    for (int i = 0; i < levels; i++) {
        must(om_region_maps_add(&sc->maps, 0, level_h[i], level_w[i], r,
                                n_locals + 1, o, &err),
             &err);
        if (sc->size.n > 1)
            must(om_region_maps_add(&sc->maps, 1, level_h[i], level_w[i],
                                    &negative, 1, o, &err),
                 &err);
    }
}

static void open_scene(scene *sc, om_unet *u, om_unet_size size, int n_locals)
{
    omost_error err;
    const int context = om_unet_config_of(u)->context;
    const int n_words = (n_locals + 1) * ROWS_EACH * ROW + ROW;
    float *states = noise((size_t)n_words * (size_t)context);
    sc->size = size;
    sc->words = om_unet_words_new(u, states, n_words, NULL, &err);
    free(states);
    sc->run = sc->words ? om_unet_run_new(u, size, NULL, &err) : NULL;
    if (!sc->run) bench_stop(err.msg);
    add_maps(sc, u, n_locals);
    must(om_unet_run_set_words(sc->run, sc->words, sc->maps.map,
                               sc->maps.n_maps, &err),
         &err);
}

static void close_scene(scene *sc)
{
    om_unet_run_free(sc->run);
    om_unet_words_free(sc->words);
    om_region_maps_free(&sc->maps);
}

/* Seconds by the clock, and of all threads. */
typedef struct duration {
    double wall, cpu;
} duration;

static duration now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (duration){bench_now(), (double)t.tv_sec + 1e-9 * (double)t.tv_nsec};
}

static duration eval_once(const scene *sc, const om_unet_config *c)
{
    const om_unet_size z = sc->size;
    const size_t cells = (size_t)z.n * (size_t)z.h * (size_t)z.w;
    const int pooled_width = c->add_width - 6 * c->time_id_width;
    const float time[2] = {500, 500};
    const float side = (float)z.h * 8;
    const float ids[2][6] = {{side, side, 0, 0, side, side},
                             {side, side, 0, 0, side, side}};
    float *x = noise(cells * 4), *pooled = noise(2 * (size_t)pooled_width);
    float *out = malloc(cells * 4 * sizeof *out);
    omost_error err;
    if (!out) bench_stop("no memory");
    const duration begin = now();
    must(om_unet_run_eval(sc->run, &(om_unet_in){x, time, pooled, ids}, out,
                          NULL, &err),
         &err);
    const duration end = now();
    double sum = 0;
    for (size_t i = 0; i < cells * 4; i++)
        sum += (double)out[i] * (double)out[i];
    if (!(sum > 0 && sum < 1e12)) bench_stop("the UNet's answer is no number");
    free(x);
    free(pooled);
    free(out);
    return (duration){end.wall - begin.wall, end.cpu - begin.cpu};
}

/* Plain and canvas in turn, so that what disturbs one disturbs the other. */
static void bench_unet(setup *s, int side, int n)
{
    omost_error err;
    char what[80];
    const om_unet_size size = {n, side / 8, side / 8};
    scene sc[2];
    duration best[2] = {{1e300, 1e300}, {1e300, 1e300}};
    om_backend *b = open_backend(s);
    om_model_files *files = open_files(s);
    om_unet *u = om_unet_open(NULL, b, files, NULL, OM_KEEP_EXACT, &err);
    if (!u) bench_stop(err.msg);
    see_rate(s, b);
    printf("UNet %d, %d at once:\n", side, n);
    fflush(stdout);
    for (int k = 0; k < 2; k++) {
        open_scene(&sc[k], u, size, k ? N_LOCALS : 0);
        eval_once(&sc[k], om_unet_config_of(u)); /* packs the weights */
    }
    for (int i = 0; i < s->rounds; i++)
        for (int k = 0; k < 2; k++) {
            const duration t = eval_once(&sc[k], om_unet_config_of(u));
            if (t.wall < best[k].wall) best[k].wall = t.wall;
            if (t.cpu < best[k].cpu) best[k].cpu = t.cpu;
        }
    see_rate(s, b);
    for (int k = 0; k < 2; k++) {
        om_program *p = om_unet_run_program(sc[k].run);
        om_program_time(p, true);
        eval_once(&sc[k], om_unet_config_of(u));
        om_program_time(p, false);
        snprintf(what, sizeof what, "UNet %d, %d at once, %s", side, n,
                 k ? "8 regions" : "plain");
        report(what, s, p, best[k].wall);
    }
    printf("  8 regions cost %.1f %% more than a plain prompt %s, by processor "
           "time %.1f %% (%.2f and %.2f s)\n",
           100 * (best[1].wall / best[0].wall - 1),
           n > 1 ? "per guided step" : "per evaluation",
           100 * (best[1].cpu / best[0].cpu - 1), best[1].cpu, best[0].cpu);
    fflush(stdout);
    for (int k = 0; k < 2; k++) close_scene(&sc[k]);
    om_unet_close(u);
    om_model_close(files);
    om_backend_close(b);
}

/* ---- the VAE ------------------------------------------------------------- */

static void bench_vae(setup *s, int side)
{
    omost_error err;
    char what[80];
    om_vae_config c;
    om_model_source source;
    om_backend *b = open_backend(s);
    om_model_files *files = open_files(s);
    const int cells = side / 8;
    must(om_model_source_open(&source, files, OMOST_MODEL_VAE, &err), &err);
    must(om_vae_config_read(&c, &source.weights, NULL, &err), &err);
    om_params *params = om_params_new(NULL, b, om_model_source_params(&source),
                                      OM_KEEP_EXACT, &err);
    if (!params) bench_stop(err.msg);
    om_graph *g = om_graph_new(NULL, params);
    om_vae_record_decoder(g, &c, cells, cells);
    om_program *p = om_backend_compile(b, g, &err);
    if (!p) bench_stop(err.msg);
    om_graph_free(g);
    float *x = noise((size_t)cells * (size_t)cells * 4);
    see_rate(s, b);
    double best = 1e300;
    for (int i = 0; i <= s->rounds; i++) { /* the last one by kinds of work */
        om_program_time(p, i == s->rounds);
        double t = bench_now();
        memcpy(om_program_input(p, "latents"), x,
               (size_t)cells * (size_t)cells * 4 * sizeof *x);
        must(om_program_run(p, NULL, &err), &err);
        t = bench_now() - t;
        if (t < best) best = t;
    }
    see_rate(s, b);
    snprintf(what, sizeof what, "VAE decode %d, whole", side);
    report(what, s, p, best);
    om_program_free(p);
    om_params_free(params);
    om_vae *vae = om_vae_open(NULL, b, files, NULL, OM_KEEP_EXACT, &err);
    float *image = malloc((size_t)side * (size_t)side * 3 * sizeof *image);
    if (!vae || !image) bench_stop(vae ? "no memory" : err.msg);
    const om_tiling tiling = {.tile = 64, .overlap = 8};
    for (int i = 0; i < 2 && side > 512; i++) {
        double t = bench_now();
        must(om_vae_decode(vae, x, cells, cells, tiling, image, NULL, &err),
             &err);
        t = bench_now() - t;
        if (i > 0) printf("VAE decode %d, in tiles      %7.2f s\n", side, t);
    }
    free(image);
    free(x);
    om_vae_close(vae);
    om_model_close(files);
    om_backend_close(b);
}

/* ---- from start to the first step ---------------------------------------- */

static double lap(double *since, const char *what)
{
    double now = bench_now(), t = now - *since;
    printf("  %-40s %7.2f s\n", what, t);
    fflush(stdout);
    *since = now;
    return t;
}

static void run_encoder(om_backend *b, om_model_files *files,
                        omost_model_part part)
{
    omost_error err;
    uint32_t ids[3][OMOST_ROW_IDS] = {{0}};
    om_text_encoder *te =
        om_text_encoder_open(NULL, b, files, part, NULL, OM_KEEP_EXACT, &err);
    if (!te) bench_stop(err.msg);
    const int width = om_text_encoder_config(te)->width;
    float *states = malloc(3 * ROW * (size_t)width * sizeof *states);
    if (!states) bench_stop("no memory");
    for (int i = 0; i < 3; i++) ids[i][0] = 49406, ids[i][9] = 49407;
    must(om_text_encoder_run(te, (const uint32_t(*)[OMOST_ROW_IDS])ids, 3,
                             &(om_encoded){.states = states}, NULL, &err),
         &err);
    free(states);
    om_text_encoder_close(te);
}

static void bench_start(setup *s)
{
    omost_error err;
    struct rusage use;
    puts("from start to the first step, 1024x1024, guidance, files warm:");
    double begin = bench_now(), since = begin;
    om_backend *b = open_backend(s);
    om_model_files *files = open_files(s);
    lap(&since, "open");
    run_encoder(b, files, OMOST_MODEL_TEXT_ENCODER);
    run_encoder(b, files, OMOST_MODEL_TEXT_ENCODER_2);
    lap(&since, "both text encoders: pack and three rows");
    om_unet *u = om_unet_open(NULL, b, files, NULL, OM_KEEP_EXACT, &err);
    if (!u) bench_stop(err.msg);
    lap(&since, "UNet: names and shapes");
    float *states =
        noise((size_t)ROW * 3 * (size_t)om_unet_config_of(u)->context);
    om_unet_words *w = om_unet_words_new(u, states, ROW * 3, NULL, &err);
    if (!w) bench_stop(err.msg);
    lap(&since, "words: keys and values of every layer");
    om_unet_run *r =
        om_unet_run_new(u, (om_unet_size){2, 128, 128}, NULL, &err);
    if (!r) bench_stop(err.msg);
    lap(&since, "UNet: compile and pack");
    printf("  %-40s %7.2f s\n", "in all", bench_now() - begin);
    getrusage(RUSAGE_SELF, &use);
    printf("  peak resident memory until here %.2f GB\n",
           (double)use.ru_maxrss * 1024e-9);
    om_unet_run_free(r);
    om_unet_words_free(w);
    free(states);
    om_unet_close(u);
    om_model_close(files);
    om_backend_close(b);
}

/* ---- a whole render ------------------------------------------------------ */

typedef struct watcher {
    double begin;
    int phase, step;
} watcher;

static bool on_event(void *user, const omost_event *e)
{
    watcher *w = user;
    if (e->kind == OMOST_EVENT_NOTE) printf("  note: %s\n", e->text);
    if (e->kind == OMOST_EVENT_IMAGE)
        printf("  %7.2f s  picture %dx%d\n", bench_now() - w->begin,
               e->image.width, e->image.height);
    if (e->kind != OMOST_EVENT_PROGRESS) return true;
    if ((int)e->phase == w->phase && e->step == w->step) return true;
    w->phase = (int)e->phase;
    w->step = e->step;
    printf("  %7.2f s  %s", bench_now() - w->begin, omost_phase_name(e->phase));
    if (e->phase == OMOST_PHASE_SAMPLE)
        printf(", %d of %d steps done", e->step, e->steps);
    putchar('\n');
    fflush(stdout);
    return true;
}

static const char canvas_head[] =
    "canvas = Canvas()\n"
    "canvas.set_global_description(description='A market square in the old "
    "town.', detailed_descriptions=['Stalls stand around the fountain.', "
    "'The morning light falls between the roofs.'], tags='market, square, old "
    "town, fountain, morning', HTML_web_color_name='tan')\n";

static omost_canvas *make_canvas(void)
{
    static const char *const at[] = {"on the left",      "on the right",
                                     "in the center",    "on the bottom-left",
                                     "on the top-right", "on the bottom",
                                     "on the top",       "on the bottom-right"};
    char text[8192];
    omost_error err;
    int n = snprintf(text, sizeof text, "%s", canvas_head);
    for (int i = 0; i < N_LOCALS; i++)
        n += snprintf(
            text + n, sizeof text - (size_t)n,
            "canvas.add_local_description(location='%s', offset='no offset', "
            "area='a medium-sized square area', distance_to_viewer=%d.0, "
            "description='Stall number %d.', detailed_descriptions=['Fruit "
            "lies in baskets.', 'A striped awning hangs above it.'], "
            "tags='stall, fruit, basket, awning', atmosphere='Busy and warm.', "
            "style='Painterly.', quality_meta='High detail.', "
            "HTML_web_color_name='olive')\n",
            at[i], i + 1, i + 1);
    omost_canvas *cv = omost_canvas_parse(text, (size_t)n, NULL, &err);
    if (!cv) bench_stop(err.msg);
    return cv;
}

static void draw(const setup *s)
{
    omost_error err;
    watcher w = {bench_now(), -1, -1};
    const omost_engine_opts eo = {.model = s->model,
                                  .backend = s->opts.name,
                                  .precision = getenv("PRECISION"),
                                  .n_threads = s->opts.n_threads};
    omost_render_opts ro = OMOST_RENDER_DEFAULTS;
    ro.width = ro.height = 1024;
    ro.steps = 2;
    omost_canvas *cv = make_canvas();
    omost_engine *engine = omost_engine_open(&eo, &err);
    if (!engine) bench_stop(err.msg);
    must(omost_render(engine, cv, &ro, on_event, &w, &err), &err);
    printf("  %7.2f s  in all\n", bench_now() - w.begin);
    omost_engine_close(engine);
    omost_canvas_free(cv);
}

static void bench_whole(const setup *s)
{
    struct rusage use;
    int status;
    puts("a whole picture, 1024x1024, 8 regions, 2 steps:");
    fflush(stdout);
    pid_t child = fork();
    if (child < 0) bench_stop("fork failed");
    if (child == 0) {
        draw(s);
        fflush(stdout);
        _exit(0);
    }
    if (wait4(child, &status, 0, &use) != child || status != 0)
        bench_stop("the render failed");
    printf("  peak resident memory %.2f GB\n", (double)use.ru_maxrss * 1024e-9);
}

static void introduce(const setup *s)
{
    om_backend *b = open_backend(s);
    printf("%s, %s, %d threads\n", om_backend_name(b),
           om_backend_precision(b) == OM_PRECISION_BF16 ? "bf16" : "f32",
           om_backend_threads(b));
    fflush(stdout);
    om_backend_close(b);
}

/* ---- which --------------------------------------------------------------- */

static bool wanted(int argc, char **argv, const char *what)
{
    for (int i = 2; i < argc; i++)
        if (strcmp(argv[i], what) == 0) return true;
    return argc <= 2;
}

static int number(const char *variable, int fallback)
{
    const char *v = getenv(variable);
    return v && *v ? (int)strtol(v, NULL, 10) : fallback;
}

int main(int argc, char **argv)
{
    setup s = {.rounds = number("ROUNDS", 3)};
    const char *precision = getenv("PRECISION");
    if (argc < 2) bench_stop("which model? tools/make-random-model makes one");
    s.model = argv[1];
    s.opts.name = getenv("BACKEND");
    s.opts.n_threads = number("THREADS", 0);
    if (precision && strcmp(precision, "f32") == 0)
        s.opts.precision = OM_PRECISION_F32;
    if (precision && strcmp(precision, "bf16") == 0)
        s.opts.precision = OM_PRECISION_BF16;
    /* First: before there are threads that a new process would lack. */
    if (wanted(argc, argv, "render")) bench_whole(&s);
    introduce(&s);
    if (wanted(argc, argv, "start")) bench_start(&s);
    if (wanted(argc, argv, "unet512")) bench_unet(&s, 512, 1);
    if (wanted(argc, argv, "unet512")) bench_unet(&s, 512, 2);
    if (wanted(argc, argv, "unet1024")) bench_unet(&s, 1024, 1);
    if (wanted(argc, argv, "unet1024")) bench_unet(&s, 1024, 2);
    if (wanted(argc, argv, "vae512")) bench_vae(&s, 512);
    if (wanted(argc, argv, "vae1024")) bench_vae(&s, 1024);
    printf("best product of large matrices: %.1f GFLOP/s\n", s.rate);
    return 0;
}
