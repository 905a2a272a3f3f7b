/* test_render.c - omost_render: options, events, cancelling, records, engines side
 * by side. On the golden model, small and with the plain back end: what is drawn
 * is compared with the original elsewhere (test_pipeline_golden.c). */
#include "unit/support.h"

#include <dirent.h>
#include <pthread.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/hash.h"
#include "image/png.h"
#include "omost/render.h"

enum { SIDE = 64, PIXELS = SIDE * SIDE * 3, MOST_EVENTS = 4000 };

static const char canvas_text[] =
    "canvas = Canvas()\n"
    "canvas.set_global_description(description='A pond, \"still\".',\n"
    "    detailed_descriptions=['Water: blue.'], tags='pond, water',\n"
    "    HTML_web_color_name='teal')\n"
    "canvas.add_local_description(location='on the left', offset='no offset',\n"
    "    area='a small square area', distance_to_viewer=2.0,\n"
    "    description='A heron.', detailed_descriptions=['One leg.'],\n"
    "    tags='heron', atmosphere='Quiet.', style='Ink.',\n"
    "    quality_meta='Fine.', HTML_web_color_name='gray')\n";

/* ---- one engine for most tests ------------------------------------------- */

typedef struct bench {
    char model[OM_TEST_PATH], cache[64];
    omost_engine *engine; /* NULL: no golden model */
    omost_canvas *canvas;
} bench;

static bench it;

static omost_engine_opts engine_opts(void)
{
    return (omost_engine_opts){.model = it.model,
                               .backend = "ref",
                               .precision = "f32",
                               .n_threads = 1,
                               .cache_dir = it.cache};
}

static int open_bench(void **state)
{
    struct stat sb;
    omost_error err;
    (void)state;
    golden_path(it.model, "model");
    snprintf(it.cache, sizeof it.cache, "/tmp/omost-render-XXXXXX");
    if (!mkdtemp(it.cache)) return -1;
    it.canvas =
        omost_canvas_parse(canvas_text, strlen(canvas_text), NULL, &err);
    if (!it.canvas) return -1;
    if (stat(it.model, &sb) != 0) {
        printf("*** SKIPPED: no golden model (set OMOST_GOLDEN) ***\n");
        return 0;
    }
    const omost_engine_opts opts = engine_opts();
    it.engine = omost_engine_open(&opts, &err);
    if (!it.engine) printf("%s\n", err.msg);
    return it.engine ? 0 : -1;
}

/* Every file in a folder of the cache: write this text into it, or remove it. */
static void each_cached(const char *folder, const char *text)
{
    char path[OM_TEST_PATH];
    const struct dirent *entry;
    int n = snprintf(path, sizeof path, "%s/%s/", it.cache, folder);
    DIR *d = opendir(path);
    while (d && (entry = readdir(d)) != NULL) {
        snprintf(path + n, sizeof path - (size_t)n, "%s", entry->d_name);
        if (entry->d_name[0] == '.') continue;
        omost_error err;
        if (!text)
            unlink(path);
        else if (om_file_write(NULL, path, om_str_of(text), &err) != OMOST_OK)
            fail_msg("%s", err.msg);
    }
    if (d) closedir(d);
    path[n] = '\0';
    if (!text) rmdir(path);
}

static int close_bench(void **state)
{
    (void)state;
    omost_engine_close(it.engine);
    omost_canvas_free(it.canvas);
    each_cached("digests", NULL);
    each_cached("paths", NULL);
    return rmdir(it.cache); /* nothing else is there */
}

static omost_render_opts small(void)
{
    omost_render_opts o = OMOST_RENDER_DEFAULTS;
    o.width = o.height = SIDE;
    o.steps = 2;
    o.seed = 7;
    return o;
}

/* ---- what is seen of a render -------------------------------------------- */

typedef struct seen {
    omost_event_kind kind;
    omost_phase phase;
    int index, pass, step;
    double total_done;
} seen;

typedef struct log {
    seen event[MOST_EVENTS];
    int n;
    int n_images;
    uint8_t pixels[3][PIXELS];
    char *record[3], *parameters[3];
    int64_t seed[3];
    char notes[2000];
    /* Stop at the at-th event of this kind (and, if asked for, phase). */
    bool stops;
    omost_event_kind kind;
    int phase, at;
    bool stopped;
} log_of;

static char *copy_of(const char *z)
{
    assert_non_null(z);
    char *p = strdup(z);
    assert_non_null(p);
    return p;
}

static bool see(void *user, const omost_event *ev)
{
    log_of *l = user;
    assert_false(l->stopped); /* false is the last word */
    if (l->n < MOST_EVENTS)
        l->event[l->n++] = (seen){ev->kind, ev->phase, ev->index,
                                  ev->pass, ev->step,  ev->total_done};
    if (ev->kind == OMOST_EVENT_NOTE) {
        size_t n = strlen(l->notes);
        snprintf(l->notes + n, sizeof l->notes - n, "%s\n", ev->text);
    }
    if (ev->kind == OMOST_EVENT_PREVIEW) assert_non_null(ev->image.rgb);
    if (ev->kind == OMOST_EVENT_IMAGE && l->n_images < 3) {
        int i = l->n_images++;
        if (ev->image.width == SIDE && ev->image.height == SIDE)
            memcpy(l->pixels[i], ev->image.rgb, PIXELS);
        l->record[i] = copy_of(ev->record);
        l->parameters[i] = copy_of(ev->parameters);
        l->seed[i] = ev->seed;
    }
    if (l->stops && ev->kind == l->kind &&
        (l->phase < 0 || (int)ev->phase == l->phase) && --l->at <= 0)
        l->stopped = true;
    return !l->stopped;
}

static log_of *new_log(void)
{
    log_of *l = calloc(1, sizeof *l);
    assert_non_null(l);
    return l;
}

static void free_log(log_of *l)
{
    for (int i = 0; i < 3; i++) {
        free(l->record[i]);
        free(l->parameters[i]);
    }
    free(l);
}

static log_of *draw_by(omost_engine *engine, const omost_canvas *canvas,
                       const omost_render_opts *o)
{
    omost_error err;
    log_of *l = new_log();
    if (omost_render(engine, canvas, o, see, l, &err) != OMOST_OK)
        fail_msg("%s", err.msg);
    assert_int_equal(l->n_images, o->batch < 3 ? o->batch : 3);
    return l;
}

static log_of *draw(const omost_render_opts *o)
{
    return draw_by(it.engine, it.canvas, o);
}

/* ---- options ------------------------------------------------------------- */

static void want_refused(const omost_render_opts *o, const char *word)
{
    omost_error err;
    log_of *l = new_log();
    omost_status st = omost_render(it.engine, it.canvas, o, see, l, &err);
    if (st != OMOST_RANGE)
        fail_msg("%s: status %s", word, omost_status_name(st));
    if (!strstr(err.msg, word)) fail_msg("%s: %s", word, err.msg);
    assert_int_equal(l->n, 0); /* before anything was done */
    /* The same without a model. */
    assert_int_equal(omost_render_check(o, &err), st);
    assert_non_null(strstr(err.msg, word));
    free_log(l);
}

static void test_options_out_of_range(void **state)
{
    (void)state;
    if (!it.engine) skip();
    static const uint8_t dot[3] = {0};
    const float nan_value = __builtin_nanf("");
#define REFUSED(word, ...)             \
    do {                               \
        omost_render_opts o = small(); \
        __VA_ARGS__;                   \
        want_refused(&o, word);        \
    } while (0)
    REFUSED("width is 8; it must be 64 to 8192", o.width = 8);
    REFUSED("width is 63;", o.width = 63);
    REFUSED("height is 8256;", o.height = 8256);
    REFUSED("height is -64;", o.height = -64);
    REFUSED("steps is 0; it must be 1 to 1000", o.steps = 0);
    REFUSED("steps is 1001;", o.steps = 1001);
    REFUSED("cfg-scale is -1; it must be 0 to 100", o.cfg_scale = -1);
    REFUSED("cfg-scale is nan;", o.cfg_scale = nan_value);
    REFUSED("batch-count is 0; it must be 1 to 1024", o.batch = 0);
    REFUSED("batch-count is 1025;", o.batch = 1025);
    REFUSED("strength is 0;", o.strength = 0);
    REFUSED("strength is 1.5; it must be 0.01 to 1", o.strength = 1.5f);
    REFUSED("init-layout is 1.01; it must be 0 or 0.01 to 1",
            o.init_layout = 1.01f);
    REFUSED("init-layout is -0.5;", o.init_layout = -0.5f);
    REFUSED("hires is 0.5; it must be 1 to 8", o.hires_scale = 0.5f);
    REFUSED("hires-steps is 0;", o.hires_steps = 0);
    REFUSED("hires-denoise is 0;", o.hires_denoise = 0);
    REFUSED("hires is 8, which makes 16384x512 of 2048x64", o.hires_scale = 8,
            o.width = 2048);
    REFUSED("preview-every is -1;", o.preview_every = -1);
    REFUSED("sampling-method is \"magic\"; it must be dpm++2m, euler, euler_a",
            o.sampler = "magic");
    REFUSED("scheduler is \"\";", o.schedule = "");
    REFUSED("rng is \"dice\"; it must be cpu or cuda", o.rng = "dice");
    REFUSED("prediction is \"x\"; it must be eps or v", o.prediction = "x");
    REFUSED("region is 4; it must be score, couple, multidiffusion or none",
            o.region = OMOST_N_REGION_METHODS);
    REFUSED("there is no prompt style 9", o.prompt_style = 9);
    REFUSED("seed is 9223372036854775807; it must be at most",
            o.seed = INT64_MAX);
    REFUSED("--init-layout and --init-img", o.init_layout = 1,
            o.init_image = (omost_image){1, 1, dot});
    REFUSED("the picture to begin from has 0x1 pixels",
            o.init_image = (omost_image){0, 1, dot});
#undef REFUSED
    omost_error err;
    assert_int_equal(omost_render(NULL, it.canvas, NULL, NULL, NULL, &err),
                     OMOST_USAGE);
    assert_int_equal(omost_render(it.engine, NULL, NULL, NULL, NULL, NULL),
                     OMOST_USAGE);
}

static void test_names(void **state)
{
    (void)state;
    for (int c = 0; c < OMOST_N_CHOICES; c++) {
        const char *name;
        size_t i = 0;
        for (; (name = omost_choice_name((omost_choice)c, i)) != NULL; i++)
            assert_int_equal(omost_choice_find((omost_choice)c, name), i);
        assert_true(i >= 2);
        assert_int_equal(omost_choice_find((omost_choice)c, "no such"), -1);
    }
    assert_int_equal(omost_choice_find(OMOST_CHOICE_SAMPLER, "DPM++ 2M"), 0);
    assert_int_equal(omost_choice_find(OMOST_CHOICE_SAMPLER, "Euler a"),
                     omost_choice_find(OMOST_CHOICE_SAMPLER,
                                       "euler_ancestral"));
    assert_string_equal(omost_choice_name(OMOST_CHOICE_BACKEND, 0), "auto");
    assert_true(omost_choice_find(OMOST_CHOICE_BACKEND, "ref") > 0);
    assert_int_equal(omost_region_method_find("couple"), OMOST_REGION_COUPLE);
    assert_string_equal(omost_region_method_name(OMOST_REGION_SCORE), "score");
    assert_string_equal(omost_phase_name(OMOST_PHASE_SAMPLE), "drawing");
    if (!it.engine) return;
    assert_string_equal(omost_engine_backend(it.engine), "ref");
    assert_string_equal(omost_engine_precision(it.engine), "f32");
    assert_int_equal(omost_engine_threads(it.engine), 1);
}

/* ---- events -------------------------------------------------------------- */

static void test_events_come_in_order(void **state)
{
    (void)state;
    if (!it.engine) skip();
    omost_render_opts o = small();
    o.width = 100;
    o.batch = 2;
    o.preview_every = 1;
    log_of *l = draw(&o);
    int counts[4] = {0}, phases[OMOST_N_PHASES] = {0}, step[2] = {0};
    double total = 0;
    assert_int_equal(l->event[0].kind, OMOST_EVENT_NOTE);
    assert_non_null(strstr(l->notes, "100x64 is drawn as 64x64: sides are "
                                     "multiples of 64"));
    for (int i = 0; i < l->n; i++) {
        const seen *e = &l->event[i];
        counts[e->kind]++;
        phases[e->phase]++;
        assert_in_range(e->index, 0, 1);
        assert_true(e->total_done >= total && e->total_done <= 1);
        total = e->total_done;
        if (e->kind == OMOST_EVENT_PROGRESS && e->phase == OMOST_PHASE_SAMPLE) {
            assert_true(e->step >= step[e->index] && e->step <= 2);
            step[e->index] = e->step;
        }
    }
    assert_true(counts[OMOST_EVENT_PROGRESS] >= 8);
    assert_int_equal(counts[OMOST_EVENT_PREVIEW], 4);
    assert_int_equal(counts[OMOST_EVENT_IMAGE], 2);
    assert_true(phases[OMOST_PHASE_LOAD] && phases[OMOST_PHASE_TEXT] &&
                phases[OMOST_PHASE_SAMPLE] && phases[OMOST_PHASE_DECODE]);
    assert_false(phases[OMOST_PHASE_ENCODE]);
    assert_int_equal(l->seed[0], 7);
    assert_int_equal(l->seed[1], 8);
    assert_true(memcmp(l->pixels[0], l->pixels[1], PIXELS) != 0);
    free_log(l);
}

/* The caller's no is heard, and the engine is none the worse for it. */
static void test_stopping(void **state)
{
    (void)state;
    if (!it.engine) skip();
    omost_render_opts o = small();
    o.width = 100;
    o.preview_every = 1;
    o.hires_steps = 1;
    static const struct {
        omost_event_kind kind;
        int phase, at;
    } cases[] = {
        {OMOST_EVENT_NOTE, -1, 1},
        {OMOST_EVENT_PROGRESS, -1, 1},
        {OMOST_EVENT_PROGRESS, OMOST_PHASE_LOAD, 1},
        {OMOST_EVENT_PROGRESS, OMOST_PHASE_TEXT, 1},
        {OMOST_EVENT_PROGRESS, OMOST_PHASE_SAMPLE, 1},
        {OMOST_EVENT_PROGRESS, OMOST_PHASE_SAMPLE, 3},
        {OMOST_EVENT_PROGRESS, OMOST_PHASE_ENCODE, 1},
        {OMOST_EVENT_PROGRESS, OMOST_PHASE_DECODE, 1},
        {OMOST_EVENT_PREVIEW, -1, 1},
        {OMOST_EVENT_PREVIEW, -1, 3},
        {OMOST_EVENT_IMAGE, -1, 1},
        {OMOST_EVENT_IMAGE, -1, 2},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        omost_error err;
        log_of *l = new_log();
        l->stops = true;
        l->kind = cases[i].kind;
        l->phase = cases[i].phase;
        l->at = cases[i].at;
        o.hires_scale = cases[i].phase == OMOST_PHASE_ENCODE ? 2 : 1;
        o.batch = cases[i].kind == OMOST_EVENT_PREVIEW ||
                          cases[i].kind == OMOST_EVENT_IMAGE
                      ? 2
                      : 1;
        omost_status st = omost_render(it.engine, it.canvas, &o, see, l, &err);
        if (st != OMOST_CANCELLED || !l->stopped)
            fail_msg("case %zu: %s %s", i, omost_status_name(st), err.msg);
        assert_string_equal(err.msg, "stopped on request");
        assert_int_equal(l->n_images,
                         cases[i].kind == OMOST_EVENT_IMAGE ? cases[i].at : 0);
        free_log(l);
    }
    omost_render_opts one = small();
    log_of *a = draw(&one), *b = draw(&one);
    assert_memory_equal(a->pixels[0], b->pixels[0], PIXELS);
    assert_string_equal(a->record[0], b->record[0]);
    free_log(a);
    free_log(b);
    /* Nobody listens. */
    omost_error err;
    assert_int_equal(omost_render(it.engine, it.canvas, &one, NULL, NULL, &err),
                     OMOST_OK);
}

/* ---- seeds --------------------------------------------------------------- */

static void test_seeds(void **state)
{
    (void)state;
    if (!it.engine) skip();
    omost_render_opts o = small();
    o.seed = -1;
    o.sampler = "euler_a";
    log_of *a = draw(&o), *b = draw(&o);
    assert_true(a->seed[0] >= 0 && a->seed[0] <= UINT32_MAX);
    assert_true(a->seed[0] != b->seed[0]); /* once in 4e9 times they are */
    o.seed = a->seed[0];
    log_of *again = draw(&o);
    assert_memory_equal(a->pixels[0], again->pixels[0], PIXELS);
    assert_string_equal(a->record[0], again->record[0]);
    free_log(a);
    free_log(b);
    free_log(again);
    /* Picture 2 of a batch alone: as its own record says. */
    o.seed = 41;
    o.batch = 2;
    log_of *both = draw(&o);
    o.seed = 42;
    o.batch = 1;
    log_of *second = draw(&o);
    assert_memory_equal(both->pixels[1], second->pixels[0], PIXELS);
    assert_string_equal(both->record[1], second->record[0]);
    free_log(both);
    free_log(second);
}

/* ---- records ------------------------------------------------------------- */

static omost_record *read_record(const char *text)
{
    omost_error err;
    omost_record *r = omost_record_read(NULL, text, strlen(text), &err);
    if (!r) fail_msg("%s", err.msg);
    return r;
}

/* Draw what the record says: the same picture and record, and not a word. */
static void want_same_again(const log_of *first, int i, const omost_image *init)
{
    omost_record *r = read_record(first->record[i]);
    if (init) r->opts.init_image = *init;
    r->opts.record = first->record[i];
    log_of *again = draw_by(it.engine, r->canvas, &r->opts);
    assert_memory_equal(first->pixels[i], again->pixels[r->index], PIXELS);
    assert_string_equal(first->record[i], again->record[r->index]);
    assert_string_equal(first->parameters[i], again->parameters[r->index]);
    if (*again->notes && !strstr(again->notes, "negative prompt is not used"))
        fail_msg("%s", again->notes);
    free_log(again);
    omost_record_free(r);
}

static void test_record_holds_every_option(void **state)
{
    (void)state;
    if (!it.engine) skip();
    omost_error err;
    omost_profile *pony = omost_profile_builtin(NULL, "pony", &err);
    assert_non_null(pony);
    omost_render_opts o = small();
    o.steps = 3;
    o.cfg_scale = 6.5f;
    o.negative_prompt = "ugly, \"bad\": 1\n2";
    o.sampler = "Euler a";
    o.schedule = "SGM Uniform";
    o.rng = "CPU";
    o.prediction = "v";
    o.region = OMOST_REGION_COUPLE;
    o.vae_tiling = true;
    o.fit_prefix = true;
    o.init_layout = 0.95f;
    o.profile = pony;
    o.prompt_style = OMOST_PROMPT_TAGS;
    log_of *l = draw(&o);
    omost_record *r = read_record(l->record[0]);
    const omost_render_opts *g = &r->opts;
    assert_int_equal(g->width, SIDE);
    assert_int_equal(g->height, SIDE);
    assert_int_equal(g->seed, 7);
    assert_int_equal(g->steps, 3);
    assert_true(g->cfg_scale == 6.5f && g->init_layout == 0.95f);
    assert_true(g->strength == 0.75f && g->hires_denoise == 0.4f);
    assert_string_equal(g->negative_prompt, o.negative_prompt);
    assert_string_equal(g->sampler, "euler_a");
    assert_string_equal(g->schedule, "sgm_uniform");
    assert_string_equal(g->rng, "cpu");
    assert_string_equal(g->prediction, "v");
    assert_int_equal(g->region, OMOST_REGION_COUPLE);
    assert_true(g->vae_tiling && g->fit_prefix && g->projected_pooled);
    assert_false(g->compat_omost);
    assert_int_equal(g->prompt_style, OMOST_PROMPT_TAGS);
    omost_str quality = omost_profile_quality(g->profile), to;
    assert_int_equal(quality.n, omost_profile_quality(pony).n);
    assert_true(omost_profile_rule(g->profile, (om_str){"girl", 4}, &to));
    assert_string_equal(r->backend, "ref");
    assert_string_equal(r->version, omost_version());
    assert_string_equal(r->tokenizer, "model");
    assert_string_equal(r->model.name, "model");
    assert_int_equal(strlen(r->model.sha256), 64);
    assert_true(omost_canvas_equal(r->canvas, it.canvas));
    omost_record_free(r);
    want_same_again(l, 0, NULL);
    free_log(l);
    omost_profile_free(pony);
}

static void test_pictures_are_drawn_again(void **state)
{
    (void)state;
    if (!it.engine) skip();
    static uint8_t grid[32 * 20 * 3];
    for (size_t i = 0; i < sizeof grid; i++) grid[i] = (uint8_t)(i * 7);
    const omost_image init = {32, 20, grid};
    omost_render_opts o = small();
    o.init_image = init;
    o.init_path = "some/where/start.png";
    o.strength = 0.5f;
    o.cfg_scale = 1;
    log_of *l = draw(&o);
    omost_record *r = read_record(l->record[0]);
    assert_string_equal(r->init_image.name, "start.png");
    assert_null(r->opts.init_image.rgb);
    assert_int_equal(r->opts.init_image.width, 32);
    char sha[65];
    assert_true(om_sha256_hex((om_str){(char *)grid, sizeof grid}, sha));
    assert_string_equal(r->init_image.sha256, sha);
    omost_record_free(r);
    free_log(l);
    o.init_path = NULL;
    l = draw(&o);
    want_same_again(l, 0, &init);
    free_log(l);
    /* The original's batch shares one generator: all of it is drawn again. */
    o = small();
    o.batch = 2;
    o.compat_omost = true;
    l = draw(&o);
    r = read_record(l->record[1]);
    assert_int_equal(r->index, 1);
    assert_int_equal(r->opts.batch, 2);
    assert_int_equal(r->opts.seed, 7);
    assert_true(r->opts.compat_omost && !r->opts.projected_pooled);
    assert_non_null(strstr(l->parameters[1], "Batch size: 2, Batch pos: 1"));
    omost_record_free(r);
    want_same_again(l, 1, NULL);
    free_log(l);
}

static char *changed(const char *record, const char *key, json_t *value)
{
    omost_error err;
    json_t *v = om_json_parse(om_str_of(record), "record", &err);
    json_t *at = v;
    char head[64];
    const char *dot;
    for (; (dot = strchr(key, '.')) != NULL; key = dot + 1) {
        memcpy(head, key, (size_t)(dot - key));
        head[dot - key] = '\0';
        at = json_object_get(at, head);
    }
    assert_true(json_is_object(at));
    if (value)
        json_object_set_new(at, key, value);
    else
        json_object_del(at, key);
    char *text = json_dumps(v, JSON_COMPACT);
    json_decref(v);
    return text;
}

static void test_records_are_not_trusted(void **state)
{
    (void)state;
    omost_error err;
    static const char *const bad[] = {"",
                                      "{}",
                                      "[]",
                                      "1",
                                      "{\"version\":0}",
                                      "{\"version\":\"1\"}",
                                      "{",
                                      "{\"version\":1}",
                                      "{\"version\":1,\"options\":[]}"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_null(omost_record_read(NULL, bad[i], strlen(bad[i]), &err));
        assert_int_equal(err.status, OMOST_FORMAT);
    }
    assert_null(omost_record_read(NULL, "{\"version\":2}", 13, &err));
    assert_non_null(strstr(err.msg, "of version 2"));
    omost_record_free(NULL);
    if (!it.engine) skip();
    omost_render_opts o = small();
    log_of *l = draw(&o);
    const struct {
        const char *key;
        json_t *value;
    } cases[] = {
        {"options.seed", json_integer(-1)},
        {"options.seed", json_string("7")},
        {"options.width", json_real(64.5)},
        {"options.width", json_integer(1LL << 40)},
        {"options.height", NULL},
        {"options.steps", json_string("many")},
        {"options.cfg-scale", json_string("5")},
        {"options.cfg-scale", json_real(1e300)},
        {"options.vae-tiling", json_integer(1)},
        {"options.scheduler", json_null()},
        {"options.region", json_string("elsewhere")},
        {"options.compat", json_string("other")},
        {"options.prompt-style", json_string("")},
        {"options.profile", json_string("nonsense")},
        {"options.picture", json_integer(2)},
        {"canvas", json_string("import os")},
        {"canvas", json_integer(3)},
        {"init-img", json_object()},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *text = changed(l->record[0], cases[i].key, cases[i].value);
        if (omost_record_read(NULL, text, strlen(text), &err))
            fail_msg("%s: accepted", cases[i].key);
        assert_int_equal(err.status, OMOST_FORMAT);
        free(text);
    }
    json_t *many = json_array();
    for (int i = 0; i < OMOST_MAX_LORAS + 1; i++)
        json_array_append_new(many, json_object());
    char *crowd = changed(l->record[0], "loras", many);
    assert_null(omost_record_read(NULL, crowd, strlen(crowd), &err));
    free(crowd);
    /* Values a record may hold are still checked when they are used. */
    char *text = changed(l->record[0], "options.steps", json_integer(5000));
    omost_record *r = read_record(text);
    want_refused(&r->opts, "steps is 5000");
    omost_record_free(r);
    free(text);
    free_log(l);
}

/* What is not as it was is told, and drawn all the same. */
static void test_differences_are_told(void **state)
{
    (void)state;
    if (!it.engine) skip();
    omost_render_opts o = small();
    log_of *l = draw(&o);
    const struct {
        const char *key;
        json_t *value;
        const char *note;
    } cases[] = {
        {"program.version", json_string("0.0.1"),
         "program's version was 0.0.1"},
        {"program.precision", json_string("bf16"), "precision was bf16"},
        {"plan.color", json_null(), "the plan is not the recorded one"},
        {"model.sha256", json_string("0123456789abcdef"),
         "instead of 0123456789"},
        {"loras", json_pack("[{s:s}]", "name", "x"), "a LoRA or VAE"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *text = changed(l->record[0], cases[i].key, cases[i].value);
        o.record = text;
        log_of *again = draw(&o);
        if (!strstr(again->notes, cases[i].note))
            fail_msg("%s: %s", cases[i].key, again->notes);
        assert_memory_equal(l->pixels[0], again->pixels[0], PIXELS);
        free_log(again);
        free(text);
    }
    o.record = "no record at all";
    log_of *again = draw(&o);
    free_log(again);
    free_log(l);
}

/* A record of before configurations counted: the digest is of weights alone. */
static char *older_record(const char *record)
{
    omost_error err;
    char sha[65];
    om_buf lines;
    json_t *v = om_json_parse(om_str_of(record), "record", &err);
    json_t *model = json_object_get(v, "model"), *left = json_array(), *f;
    size_t i, n = 0;
    om_buf_init(&lines, NULL, 10000);
    json_array_foreach(json_object_get(model, "files"), i, f)
    {
        const char *name = json_string_value(json_object_get(f, "name"));
        if (strstr(name, ".json")) n++;
        if (strstr(name, ".json")) continue;
        json_array_append(left, f);
        om_buf_printf(&lines, "%s  %s\n",
                      json_string_value(json_object_get(f, "sha256")), name);
    }
    assert_int_equal(n, 5); /* four parts and the scheduler */
    assert_true(om_sha256_hex(om_buf_view(&lines), sha));
    om_buf_free(&lines);
    json_object_set_new(model, "files", left);
    json_object_set_new(model, "sha256", json_string(sha));
    char *path = omost_path_by_hash(NULL, it.cache, sha, &err);
    assert_non_null(path); /* known by that, too */
    omost_text_free(NULL, path);
    char *text = json_dumps(v, JSON_COMPACT);
    json_decref(v);
    return text;
}

static void test_older_records(void **state)
{
    (void)state;
    if (!it.engine) skip();
    omost_render_opts o = small();
    log_of *l = draw(&o);
    char *text = older_record(l->record[0]);
    o.record = text;
    log_of *again = draw(&o);
    assert_string_equal(again->notes, "");
    free_log(again);
    free(text);
    free_log(l);
}

static bool stop_at_news(void *user, const omost_event *ev)
{
    log_of *l = user;
    (void)see(l, ev);
    return ev->kind != OMOST_EVENT_PROGRESS || ev->phase < OMOST_PHASE_SAMPLE ||
           ev->step < 1;
}

/* Files whose digests were kept are compared before anything is drawn. */
static void test_kept_digests_are_compared_first(void **state)
{
    (void)state;
    if (!it.engine) skip();
    omost_error err;
    omost_render_opts o = small();
    log_of *l = draw(&o);
    char *text =
        changed(l->record[0], "model.sha256", json_string("0123456789abcdef"));
    o.record = text;
    log_of *again = new_log();
    assert_int_equal(omost_render(it.engine, it.canvas, &o, stop_at_news, again,
                                  &err),
                     OMOST_CANCELLED);
    assert_non_null(strstr(again->notes, "instead of 0123456789"));
    free_log(again);
    free(text);
    free_log(l);
}

static void test_another_picture_to_begin_from(void **state)
{
    (void)state;
    if (!it.engine) skip();
    static uint8_t rgb[PIXELS];
    omost_render_opts o = small();
    o.init_image = (omost_image){SIDE, SIDE, rgb};
    log_of *l = draw(&o);
    o.record = l->record[0];
    log_of *same = draw(&o);
    assert_string_equal(same->notes, "");
    rgb[0] = 255;
    log_of *other = draw(&o);
    assert_non_null(strstr(other->notes, "the picture given is not the "
                                         "recorded picture to begin from"));
    /* Before drawing: the first of all events. */
    assert_int_equal(other->event[0].kind, OMOST_EVENT_NOTE);
    free_log(other);
    o.init_path = "pond/other.png";
    other = draw(&o);
    assert_non_null(strstr(other->notes, "other.png is not the recorded"));
    free_log(other);
    free_log(same);
    free_log(l);
}

static bool count_calls(void *user, const omost_event *ev)
{
    (void)ev;
    ++*(int *)user;
    return true;
}

/* ---- LoRAs ----------------------------------------------------------------- */

/* Write PATH: a LoRA of the golden model that changes nothing. */
static void write_lora(const char *path)
{
    static const char header[] =
        "{\"lora_unet_time_embed_0.lora_down.weight\":{\"dtype\":\"F32\","
        "\"shape\":[1,32],\"data_offsets\":[0,128]},"
        "\"lora_unet_time_embed_0.lora_up.weight\":{\"dtype\":\"F32\","
        "\"shape\":[128,1],\"data_offsets\":[128,640]}}";
    omost_error err;
    char bytes[8 + sizeof header - 1 + 640] = {0};
    bytes[0] = (char)((sizeof header - 1) & 255);
    bytes[1] = (char)((sizeof header - 1) >> 8);
    memcpy(bytes + 8, header, sizeof header - 1);
    if (om_file_write(NULL, path, (om_str){bytes, sizeof bytes}, &err))
        fail_msg("%s", err.msg);
}

static log_of *draw_with_loras(const omost_lora *loras, size_t n)
{
    omost_error err;
    omost_engine_opts opts = engine_opts();
    opts.loras = loras;
    opts.n_loras = n;
    omost_engine *e = omost_engine_open(&opts, &err);
    if (!e) fail_msg("%s", err.msg);
    const omost_render_opts o = small();
    log_of *l = draw_by(e, it.canvas, &o);
    omost_engine_close(e);
    return l;
}

/* A LoRA of weight 0 changes nothing, and the record has nothing of it. */
static void test_lora_of_no_weight(void **state)
{
    (void)state;
    if (!it.engine) skip();
    char folder[80], file[120];
    snprintf(folder, sizeof folder, "%s/lora", it.cache);
    snprintf(file, sizeof file, "%s/pytorch_lora_weights.safetensors", folder);
    assert_int_equal(mkdir(folder, 0700), 0);
    write_lora(file);
    const omost_lora lora = {folder, 0};
    const omost_render_opts o = small();
    log_of *l = draw_with_loras(&lora, 1), *plain = draw(&o);
    assert_string_equal(l->record[0], plain->record[0]);
    assert_string_equal(l->parameters[0], plain->parameters[0]);
    assert_memory_equal(l->pixels[0], plain->pixels[0], PIXELS);
    free_log(plain);
    free_log(l);
    unlink(file);
    rmdir(folder);
}

/* In the text "parameters" behind the prompt, as A1111 writes them, and with
 * their hashes: names that would end a tag or a value early do not. */
static void test_lora_tags(void **state)
{
    (void)state;
    if (!it.engine) skip();
    char plain[120], odd[120];
    snprintf(plain, sizeof plain, "%s/thin line.safetensors", it.cache);
    snprintf(odd, sizeof odd, "%s/a, b: \"c\" <d>.safetensors", it.cache);
    write_lora(plain);
    write_lora(odd);
    const omost_lora loras[] = {{plain, 0.75f}, {odd, -1}};
    log_of *l = draw_with_loras(loras, 2);
    const char *text = l->parameters[0];
    static const char begin[] = "A pond, \"still\". Water: blue. pond, water. "
                                "<lora:thin line:0.75> "
                                "<lora:a, b_ \"c\" _d_:-1>\nNegative prompt: ";
    if (strncmp(text, begin, sizeof begin - 1) != 0) fail_msg("%s", text);
    const char *hashes = strstr(text, ", Lora hashes: \"thin line: ");
    if (!hashes || !strstr(hashes, ", a, b: \\\"c\\\" <d>: "))
        fail_msg("%s", text);
    free_log(l);
    unlink(plain);
    unlink(odd);
}

/* ---- memory -------------------------------------------------------------- */

/* The first sentence of a render with so much memory; "" when it is drawn. */
static omost_error draw_within(uint64_t memory, const omost_render_opts *o)
{
    omost_error err;
    omost_engine_opts opts = engine_opts();
    opts.memory = memory;
    omost_engine *e = omost_engine_open(&opts, &err);
    if (!e) fail_msg("%s", err.msg);
    int calls = 0;
    const omost_status st =
        omost_render(e, it.canvas, o, count_calls, &calls, &err);
    assert_int_equal(st, err.status);
    omost_engine_close(e);
    /* Refused before anything is done. */
    if (err.status == OMOST_NOMEM) assert_int_equal(calls, 0);
    return err;
}

static void test_too_little_memory(void **state)
{
    (void)state;
    if (!it.engine) skip();
    omost_render_opts o = small();
    omost_error err = draw_within((uint64_t)1 << 40, &o);
    assert_int_equal(err.status, OMOST_OK);
    err = draw_within(1000, &o);
    assert_int_equal(err.status, OMOST_NOMEM);
    assert_non_null(strstr(err.msg, "ing 64x64 takes at least 0.0 GB of "
                                    "memory, and there are 0.0 GB; choose a "
                                    "smaller size"));
    /* The whole of a large picture does not fit where its tiles do. */
    o.width = o.height = 1024;
    err = draw_within(100 << 20, &o);
    assert_int_equal(err.status, OMOST_NOMEM);
    assert_non_null(strstr(err.msg, "decoding 1024x1024 takes at least "));
    assert_non_null(strstr(err.msg, "--vae-tiling"));
    o.hires_scale = 2;
    o.vae_tiling = true;
    err = draw_within(10 << 20, &o);
    assert_int_equal(err.status, OMOST_NOMEM);
    assert_non_null(strstr(err.msg, "2048x2048"));
    assert_non_null(strstr(err.msg, "or --hires"));
}

/* ---- the text "parameters" and files ------------------------------------- */

static void test_parameters(void **state)
{
    (void)state;
    if (!it.engine) skip();
    omost_render_opts o = small();
    o.negative_prompt = "bad\nworse";
    o.hires_scale = 2;
    o.hires_steps = 1;
    log_of *l = draw(&o);
    omost_record *r = read_record(l->record[0]);
    char want[1000];
    snprintf(
        want, sizeof want,
        "A pond, \"still\". Water: blue. pond, water.\n"
        "Negative prompt: bad worse\n"
        "Steps: 2, Sampler: DPM++ 2M, Schedule type: Karras, CFG scale: 5, "
        "Seed: 7, Size: 64x64, Model hash: %.10s, Model: model, "
        "Denoising strength: 0.4, Hires upscale: 2, Hires steps: 1, "
        "Hires upscaler: Lanczos, RNG: NV, Version: omost %s",
        r->model.sha256, omost_version());
    assert_string_equal(l->parameters[0], want);
    assert_int_equal(r->width, 128);
    omost_record_free(r);
    free_log(l);
}

static void test_png(void **state)
{
    (void)state;
    static const uint8_t two[6] = {1, 2, 3, 250, 251, 252};
    omost_error err;
    size_t n = 0;
    const omost_image image = {2, 1, two};
    char *png = omost_image_png(NULL, image, "Steps: 1", "{\"a\":\"\xc3\xa9\"}",
                                &n, &err);
    assert_non_null(png);
    om_picture pic;
    om_buf text;
    om_buf_init(&text, NULL, 1000);
    assert_int_equal(om_png_decode(&pic, NULL, (om_str){png, n}, 100, &err), 0);
    assert_memory_equal(pic.rgb, two, sizeof two);
    assert_int_equal(
        om_png_find_text(&text, (om_str){png, n}, OMOST_PNG_RECORD, &err), 0);
    assert_string_equal(text.p, "{\"a\":\"\xc3\xa9\"}");
    om_buf_free(&text);
    om_picture_free(&pic);
    omost_text_free(NULL, png);
}

static void test_digests_are_kept(void **state)
{
    (void)state;
    if (!it.engine) skip();
    omost_error err;
    omost_render_opts o = small();
    log_of *l = draw(&o);
    omost_record *r = read_record(l->record[0]);
    char *path = omost_path_by_hash(NULL, it.cache, r->model.sha256, &err);
    assert_non_null(path);
    char *full = realpath(it.model, NULL);
    assert_string_equal(path, full);
    free(full);
    omost_text_free(NULL, path);
    omost_record_free(r);
    assert_null(omost_path_by_hash(NULL, it.cache, "../digests", &err));
    assert_int_equal(err.status, OMOST_MISSING);
    assert_null(omost_path_by_hash(NULL, NULL, "ab", &err));
    /* A kept digest is used: change one, and see it in the next record. */
    char zeroes[131];
    snprintf(zeroes, sizeof zeroes, "%064d\n%064d\n", 0, 0);
    each_cached("digests", zeroes);
    const omost_engine_opts opts = engine_opts();
    omost_engine *e = omost_engine_open(&opts, &err);
    assert_non_null(e);
    log_of *other = draw_by(e, it.canvas, &o);
    assert_non_null(strstr(other->record[0], "\"sha256\":\"0000000000000000"));
    assert_true(strcmp(other->record[0], l->record[0]) != 0);
    omost_engine_close(e);
    free_log(other);
    /* Rubbish there is not believed. */
    each_cached("digests", "rubbish");
    e = omost_engine_open(&opts, &err);
    assert_non_null(e);
    other = draw_by(e, it.canvas, &o);
    assert_string_equal(other->record[0], l->record[0]);
    omost_engine_close(e);
    free_log(other);
    free_log(l);
}

/* ---- engines ------------------------------------------------------------- */

static void want_no_engine(omost_engine_opts opts, omost_status st,
                           const char *word)
{
    omost_error err;
    omost_engine *e = omost_engine_open(&opts, &err);
    if (e) fail_msg("%s: it opened", word);
    if (err.status != st || !strstr(err.msg, word))
        fail_msg("%s: %s: %s", word, omost_status_name(err.status), err.msg);
}

static void test_engines_that_cannot_be(void **state)
{
    (void)state;
    omost_error err;
    assert_null(omost_engine_open(NULL, &err));
    assert_int_equal(err.status, OMOST_USAGE);
    omost_engine_close(NULL);
    omost_engine_opts o = engine_opts();
    o.model = "nowhere.safetensors";
    want_no_engine(o, OMOST_MISSING, "nowhere.safetensors");
    if (!it.engine) skip();
    o = engine_opts();
    o.backend = "abacus";
    want_no_engine(o, OMOST_RANGE, "backend is \"abacus\"; it must be auto");
    o = engine_opts();
    o.precision = "f8";
    want_no_engine(o, OMOST_RANGE, "precision is \"f8\"; it must be auto, f32");
    o = engine_opts();
    o.n_threads = -1;
    want_no_engine(o, OMOST_RANGE, "threads is -1");
    char part[OM_TEST_PATH];
    o = engine_opts();
    o.model = golden_path(part, "model/vae");
    want_no_engine(o, OMOST_FORMAT, "is one part of a model, not a whole");
    o = engine_opts();
    o.vae = golden_path(part, "model/unet");
    want_no_engine(o, OMOST_FORMAT, "is no VAE");
    o = engine_opts();
    o.config = "nowhere.json";
    want_no_engine(o, OMOST_MISSING, "nowhere.json");
    o = engine_opts();
    o.tokenizer = "nowhere";
    want_no_engine(o, OMOST_MISSING, "nowhere");
    const omost_lora lora = {"nowhere.lora", 1};
    o = engine_opts();
    o.loras = &lora;
    o.n_loras = 1;
    want_no_engine(o, OMOST_MISSING, "nowhere.lora");
    o.n_loras = OMOST_MAX_LORAS + 1;
    want_no_engine(o, OMOST_LIMIT, "33 LoRAs");
}

/* Memory that runs out at any point of opening or reading a record: an error, and
 * nothing left behind. */
static void test_memory_runs_out(void **state)
{
    (void)state;
    if (!it.engine) skip();
    meter m = {0};
    const omost_env env = {metered, &m};
    omost_error err;
    omost_engine_opts o = engine_opts();
    o.env = &env;
    omost_engine *e = omost_engine_open(&o, &err);
    assert_non_null(e);
    omost_engine_close(e);
    assert_int_equal(m.live, 0);
    const size_t calls = m.calls, step = calls / 60 + 1;
    for (size_t i = 1; i < calls; i += step) {
        m = (meter){.fail_at = i};
        e = omost_engine_open(&o, &err);
        if (e || err.status != OMOST_NOMEM)
            fail_msg("allocation %zu of %zu: %s", i, calls, err.msg);
        assert_int_equal(m.live, 0);
    }
    omost_render_opts small_one = small();
    log_of *l = draw(&small_one);
    for (size_t i = 1;; i++) {
        m = (meter){.fail_at = i};
        omost_record *r =
            omost_record_read(&env, l->record[0], strlen(l->record[0]), &err);
        omost_record_free(r);
        assert_int_equal(m.live, 0);
        if (r) break;
        assert_int_equal(err.status, OMOST_NOMEM);
    }
    free_log(l);
}

typedef struct worker {
    omost_engine *engine;
    omost_render_opts opts;
    log_of *log;
    omost_status st;
} worker;

static void *draw_alone(void *user)
{
    worker *w = user;
    omost_error err;
    w->st = omost_render(w->engine, it.canvas, &w->opts, see, w->log, &err);
    return NULL;
}

static void test_two_engines_at_once(void **state)
{
    (void)state;
    if (!it.engine) skip();
    const omost_engine_opts opts = engine_opts();
    worker w[2];
    log_of *alone[2];
    pthread_t t[2];
    for (int i = 0; i < 2; i++) {
        omost_error err;
        w[i] = (worker){.engine = omost_engine_open(&opts, &err),
                        .opts = small(),
                        .log = new_log()};
        assert_non_null(w[i].engine);
        w[i].opts.seed = 100 + i;
        w[i].opts.steps = 3 + i;
        alone[i] = draw(&w[i].opts);
    }
    for (int i = 0; i < 2; i++)
        assert_int_equal(pthread_create(&t[i], NULL, draw_alone, &w[i]), 0);
    for (int i = 0; i < 2; i++) {
        pthread_join(t[i], NULL);
        assert_int_equal(w[i].st, OMOST_OK);
        assert_memory_equal(w[i].log->pixels[0], alone[i]->pixels[0], PIXELS);
        assert_string_equal(w[i].log->record[0], alone[i]->record[0]);
        omost_engine_close(w[i].engine);
        free_log(w[i].log);
        free_log(alone[i]);
    }
}

/* Every part kept in memory: the same pictures. */
static void test_kept_parts_draw_the_same(void **state)
{
    (void)state;
    if (!it.engine) skip();
    omost_error err;
    omost_engine_opts opts = engine_opts();
    opts.keep_loaded = true;
    omost_engine *e = omost_engine_open(&opts, &err);
    assert_non_null(e);
    omost_render_opts o = small();
    o.batch = 2;
    log_of *a = draw(&o), *b = draw_by(e, it.canvas, &o),
           *c = draw_by(e, it.canvas, &o);
    for (int i = 0; i < 2; i++) {
        assert_memory_equal(a->pixels[i], b->pixels[i], PIXELS);
        assert_memory_equal(a->pixels[i], c->pixels[i], PIXELS);
        assert_string_equal(a->record[i], c->record[i]);
    }
    free_log(a);
    free_log(b);
    free_log(c);
    omost_engine_close(e);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_options_out_of_range),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_events_come_in_order),
        cmocka_unit_test(test_stopping),
        cmocka_unit_test(test_seeds),
        cmocka_unit_test(test_record_holds_every_option),
        cmocka_unit_test(test_pictures_are_drawn_again),
        cmocka_unit_test(test_records_are_not_trusted),
        cmocka_unit_test(test_differences_are_told),
        cmocka_unit_test(test_older_records),
        cmocka_unit_test(test_kept_digests_are_compared_first),
        cmocka_unit_test(test_another_picture_to_begin_from),
        cmocka_unit_test(test_lora_of_no_weight),
        cmocka_unit_test(test_lora_tags),
        cmocka_unit_test(test_too_little_memory),
        cmocka_unit_test(test_parameters),
        cmocka_unit_test(test_png),
        cmocka_unit_test(test_digests_are_kept),
        cmocka_unit_test(test_engines_that_cannot_be),
        cmocka_unit_test(test_memory_runs_out),
        cmocka_unit_test(test_two_engines_at_once),
        cmocka_unit_test(test_kept_parts_draw_the_same),
    };
    return cmocka_run_group_tests(tests, open_bench, close_bench);
}
