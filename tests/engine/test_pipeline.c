/* test_pipeline.c - what a call does whatever the model: the same job gives the
 * same bytes, batches, passes, pictures to begin from, previews, being stopped,
 * running out of memory, wrong options. */
#include "drawing.h"

#include <unistd.h>

#include "diffusion/latents.h"
#include "diffusion/pipeline_impl.h"
#include "diffusion/progress.h"
#include "diffusion/settings.h"
#include "diffusion/unet_record.h"

enum { SIDE = 64 };

#define CANVAS "005-plain-3"

static omost_render_opts small(void)
{
    omost_render_opts o = OMOST_RENDER_DEFAULTS;
    o.width = SIDE;
    o.height = SIDE;
    o.steps = 2;
    return o;
}

/* ---- a model and a subject for all tests -------------------------------- */

typedef struct studio {
    golden_model m;
    subject s;
} studio;

static int open_studio(void **state)
{
    studio *st = calloc(1, sizeof *st);
    assert_non_null(st);
    *state = st;
    if (!golden_is_here()) return 0;
    /* The simplest: nothing here depends on who computes. */
    golden_model_open(&st->m, "ref", OM_PRECISION_F32, layouts[0]);
    subject_open(&st->s, CANVAS, OMOST_NEGATIVE_DEFAULT);
    return 0;
}

static int close_studio(void **state)
{
    studio *st = *state;
    if (st->m.files) {
        golden_model_close(&st->m);
        subject_close(&st->s);
    }
    free(st);
    return 0;
}

static studio *studio_of(void **state)
{
    studio *st = *state;
    if (!st->m.files) skip();
    return st;
}

/* One call by a pipeline of its own. */
static album drawn(studio *st, const omost_render_opts *o, bool keep)
{
    album a = {0};
    om_pipeline *p = open_pipeline(NULL, &st->m, keep);
    draw(p, &st->s, o, &a);
    om_pipeline_close(p);
    return a;
}

static void assert_differ(const album *a, const album *b)
{
    const size_t n = (size_t)a->image->width * (size_t)a->image->height * 3;
    assert_memory_not_equal(a->image->rgb, b->image->rgb, n);
}

/* ---- the same again ---------------------------------------------------- */

static void check_same_twice(studio *st)
{
    omost_render_opts o = small();
    o.hires_scale = 2;
    o.hires_steps = 2;
    om_pipeline *p = open_pipeline(NULL, &st->m, true);
    album a = {0}, b = {0};
    draw(p, &st->s, &o, &a);
    draw(p, &st->s, &o, &b);
    album c = drawn(st, &o, false);
    assert_int_equal(a.image->width, 2 * SIDE);
    assert_same_image(*a.image, *b.image);
    assert_same_image(*a.image, *c.image);
    om_pipeline_close(p);
    album_free(&a);
    album_free(&b);
    album_free(&c);
}

/* Any picture of a batch can be drawn again alone, whatever drew its noise. */
static void check_batch(studio *st, omost_render_opts o)
{
    o.batch = 2;
    album all = drawn(st, &o, false), kept = drawn(st, &o, true);
    o.batch = 1;
    for (int i = 0; i < 2; i++, o.seed++) {
        album one = drawn(st, &o, true);
        assert_same_image(all.image[i], *one.image);
        assert_same_image(all.image[i], kept.image[i]);
        album_free(&one);
    }
    assert_differ(&all, &(album){.image = {all.image[1]}});
    album_free(&all);
    album_free(&kept);
}

static void test_every_backend(void **state)
{
    studio *st = studio_of(state);
    for (size_t i = 0; om_backend_at(i); i++) {
        studio other = {.s = st->s};
        golden_model_open(&other.m, om_backend_at(i), OM_PRECISION_F32,
                          layouts[0]);
        check_same_twice(&other);
        omost_render_opts o = small();
        o.rng = i ? "cpu" : "cuda";
        o.sampler = "euler_a";
        o.hires_scale = 1.5f;
        o.hires_steps = 2;
        check_batch(&other, o);
        golden_model_close(&other.m);
    }
}

typedef struct order {
    char seen[64]; /* s0 s1 d0 ...: painted, decoded; by picture, in order */
    uint8_t *rgb[3];
} order;

static bool order_progress(void *user, omost_phase phase, int index, int pass,
                           int step, int steps, double done, double total)
{
    order *o = user;
    const char what = phase == OMOST_PHASE_SAMPLE   ? 's'
                      : phase == OMOST_PHASE_DECODE ? 'd'
                                                    : 'x';
    const char word[4] = {what, (char)('0' + index), ' ', '\0'};
    (void)pass, (void)step, (void)steps, (void)done;
    assert_true(total <= 1);
    const size_t n = strlen(o->seen);
    if (what != 'x' && (n < 3 || strcmp(o->seen + n - 3, word) != 0))
        snprintf(o->seen + n, sizeof o->seen - n, "%s", word);
    return true;
}

static bool order_image(void *user, int index, omost_image image)
{
    order *o = user;
    const size_t n = (size_t)image.width * (size_t)image.height * 3;
    o->rgb[index] = malloc(n);
    assert_non_null(o->rgb[index]);
    memcpy(o->rgb[index], image.rgb, n);
    return true;
}

static om_precision unet_precision(om_pipeline *p, const char *canvas,
                                   omost_region_method method)
{
    album a = {0};
    subject s;
    omost_render_opts o = small();
    o.steps = 1;
    o.region = method;
    subject_open(&s, canvas, "");
    draw(p, &s, &o, &a);
    album_free(&a);
    subject_close(&s);
    return om_backend_precision(om_unet_backend(p->unet));
}

/* bf16, but where a box is too small for it; and back. */
static void test_sharp_boxes(void **state)
{
    studio *st = studio_of(state);
    static const char edges[] = "087-edge-boxes"; /* 25 x 35 of 90 x 90 */
    golden_model m;
    golden_model_open(&m, "ref", OM_PRECISION_BF16, layouts[0]);
    om_pipeline *half = open_pipeline(NULL, &m, true);
    om_pipeline *full = open_pipeline(NULL, &st->m, true);
    assert_int_equal(unet_precision(half, CANVAS, OMOST_REGION_SCORE),
                     OM_PRECISION_BF16);
    assert_int_equal(unet_precision(half, edges, OMOST_REGION_SCORE),
                     OM_PRECISION_F32);
    assert_int_equal(unet_precision(half, edges, OMOST_REGION_COUPLE),
                     OM_PRECISION_BF16);
    assert_int_equal(unet_precision(full, edges, OMOST_REGION_SCORE),
                     OM_PRECISION_F32);
    assert_ptr_equal(om_unet_backend(full->unet), st->m.backend);
    om_pipeline_close(full);
    om_pipeline_close(half);
    golden_model_close(&m);
}

/* A picture is finished before the next is begun, or so many together: it is the
 * same picture. */
static void test_groups(void **state)
{
    studio *st = studio_of(state);
    static const struct group_row {
        int group;
        bool keep, compat;
        const char *seen;
    } rows[] = {
        {0, true, false, "s0 d0 s1 d1 s2 d2 "},
        {0, false, false, "s0 s1 s2 d0 d1 d2 "}, /* few steps: loading counts */
        {1, false, false, "s0 d0 s1 d1 s2 d2 "},
        {2, false, false, "s0 s1 d0 d1 s2 d2 "},
        {0, false, true, "s0 s1 s2 d0 d1 d2 "},
        {1, false, true, "s0 d0 s1 d1 s2 d2 "},
        {0, true, true, "s0 d0 s1 d1 s2 d2 "},
    };
    order first[2] = {0};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct group_row *r = &rows[i];
        omost_error err;
        omost_render_opts o = small();
        o.batch = 3;
        o.sampler = "euler_a";
        o.compat_omost = r->compat;
        order seen = {0};
        const om_pipeline_opts po = {.backend = st->m.backend,
                                     .model = st->m.files,
                                     .config = st->m.config,
                                     .keep_loaded = r->keep,
                                     .group = r->group};
        om_pipeline *p = om_pipeline_open(NULL, &po, &err);
        if (!p) fail_msg("%s", err.msg);
        album a = {0};
        om_draw d = draw_of(&st->s, &o, &a);
        d.sink = (om_draw_sink){
            .progress = order_progress, .image = order_image, .user = &seen};
        if (om_pipeline_draw(p, &d, &err)) fail_msg("%s", err.msg);
        om_pipeline_close(p);
        assert_string_equal(seen.seen, r->seen);
        for (int k = 0; k < 3; k++) {
            uint8_t **want = &first[r->compat].rgb[k];
            if (*want) assert_memory_equal(*want, seen.rgb[k], SIDE * SIDE * 3);
            if (*want)
                free(seen.rgb[k]);
            else
                *want = seen.rgb[k];
        }
    }
    for (int k = 0; k < 6; k++) free(first[k / 3].rgb[k % 3]);
}

/* One generator for all: the first picture is the one of the seed alone where
 * torch's draws do not depend on what follows them. */
static void test_batch_compat(void **state)
{
    studio *st = studio_of(state);
    omost_render_opts o = small();
    o.compat_omost = true;
    o.rng = "cpu";
    album one = drawn(st, &o, false);
    o.batch = 2;
    album two = drawn(st, &o, false), kept = drawn(st, &o, true);
    assert_same_image(*one.image, *two.image);
    for (int i = 0; i < 2; i++) assert_same_image(two.image[i], kept.image[i]);
    o.batch = 1;
    o.seed++;
    album next = drawn(st, &o, false);
    assert_differ(&next, &(album){.image = {two.image[1]}});
    album_free(&one);
    album_free(&two);
    album_free(&kept);
    album_free(&next);
}

/* ---- options ----------------------------------------------------------- */

static void test_methods_and_samplers(void **state)
{
    studio *st = studio_of(state);
    omost_render_opts o = small();
    album first = drawn(st, &o, false);
    for (int m = 1; m < OMOST_N_REGION_METHODS; m++) {
        o.region = (omost_region_method)m;
        album a = drawn(st, &o, false);
        assert_differ(&first, &a);
        album_free(&a);
    }
    o = small();
    for (int i = 1; i < OM_N_SAMPLERS; i++) {
        o.sampler = om_samplers[i].name;
        o.schedule = i % 2 ? "trailing" : "sgm uniform";
        album a = drawn(st, &o, false);
        assert_differ(&first, &a);
        album_free(&a);
    }
    o = small();
    o.prediction = "v";
    album v = drawn(st, &o, false);
    assert_differ(&first, &v);
    album_free(&v);
    o = small();
    o.vae_tiling = true; /* one tile: the same */
    album tiled = drawn(st, &o, false);
    assert_same_image(*first.image, *tiled.image);
    album_free(&tiled);
    album_free(&first);
}

/* Without guidance nobody asks for a negative prompt. */
static void test_no_guidance(void **state)
{
    studio *st = studio_of(state);
    omost_render_opts o = small();
    o.cfg_scale = 1;
    album a = {.taps = true}, b = {0};
    om_pipeline *p = open_pipeline(NULL, &st->m, false);
    om_draw d = draw_of(&st->s, &o, &a);
    d.negative = NULL;
    omost_error err;
    if (om_pipeline_draw(p, &d, &err)) fail_msg("%s", err.msg);
    size_t rows = 0;
    for (size_t i = 0; i < omost_plan_count(st->s.plan); i++)
        rows += omost_plan_row_count(st->s.plan, i);
    assert_true(rows > 0);
    if (rows) /* for a checker that does not know the line before */
        assert_int_equal(find_tap(&a, "words", 0, 0)->n % (rows * 77), 0);
    o.cfg_scale = 1.01f;
    assert_int_equal(om_pipeline_draw(p, &d, &err), OMOST_USAGE);
    draw(p, &st->s, &o, &b);
    assert_differ(&a, &b);
    om_pipeline_close(p);
    album_free(&a);
    album_free(&b);
}

static void test_refused(void **state)
{
    studio *st = studio_of(state);
    static const uint8_t pixel[3];
    om_pipeline *p = open_pipeline(NULL, &st->m, false);
    static const struct refused {
        omost_status status;
        const char *word; /* the message has it */
        const char *sampler, *schedule, *rng, *prediction;
        int width, steps, batch;
        float cfg, layout, strength, hires, denoise;
        bool image;
    } rows[] = {
        {OMOST_USAGE, "dpm++2m", .sampler = "dpm"},
        {OMOST_USAGE, "karras", .schedule = "nice"},
        {OMOST_USAGE, "cuda", .rng = "tpu"},
        {OMOST_USAGE, "eps", .prediction = "x0"},
        {OMOST_RANGE, "32", .width = 32},
        {OMOST_RANGE, "9000", .width = 9000},
        {OMOST_RANGE, "steps", .steps = -1},
        {OMOST_RANGE, "steps", .steps = 1001},
        {OMOST_RANGE, "pictures", .batch = -1},
        {OMOST_RANGE, "guidance", .cfg = (float)NAN},
        {OMOST_RANGE, "layout", .layout = 1.5f},
        {OMOST_USAGE, "layout", .layout = 1, .image = true},
        {OMOST_RANGE, "strength", .strength = -1, .image = true},
        {OMOST_RANGE, "8192", .hires = 1000},
        {OMOST_RANGE, "strength", .hires = 2, .denoise = 2},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct refused *r = &rows[i];
        omost_render_opts o = small();
        o.sampler = r->sampler;
        o.schedule = r->schedule;
        o.rng = r->rng;
        o.prediction = r->prediction;
        if (r->width) o.width = r->width;
        if (r->steps) o.steps = r->steps;
        if (r->batch) o.batch = r->batch;
        if (r->cfg != 0) o.cfg_scale = r->cfg;
        if (r->layout != 0) o.init_layout = r->layout;
        if (r->strength != 0) o.strength = r->strength;
        if (r->hires != 0) o.hires_scale = r->hires;
        if (r->denoise != 0) o.hires_denoise = r->denoise;
        if (r->image) o.init_image = (omost_image){1, 1, pixel};
        album a = {0};
        omost_error err;
        const om_draw d = draw_of(&st->s, &o, &a);
        assert_int_equal(om_pipeline_draw(p, &d, &err), r->status);
        if (!strstr(err.msg, r->word)) fail_msg("%s: %s", r->word, err.msg);
        assert_int_equal(a.n_progress, 0);
    }
    om_pipeline_close(p);
}

/* ---- settings ---------------------------------------------------------- */

static om_settings settings_of(const studio *st, const omost_render_opts *o)
{
    om_settings s;
    omost_error err;
    if (om_settings_read(&s, o, st->m.files, &err)) fail_msg("%s", err.msg);
    return s;
}

/* Sizes as Python's round() makes them; floats mean the decimals that were
 * written. */
static void test_second_size(void **state)
{
    studio *st = studio_of(state);
    static const struct {
        int side;
        float scale;
        int want;
    } rows[] = {
        {192, 1.5f, 256}, {128, 1.5f, 192},  {320, 1.3f, 384}, {320, 1.7f, 512},
        {320, 1.1f, 384}, {896, 1.5f, 1344}, {1024, 2, 2048},  {64, 1.06f, 64},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        omost_render_opts o = small();
        o.width = rows[i].side;
        o.hires_scale = rows[i].scale;
        om_settings s = settings_of(st, &o);
        assert_int_equal(s.n_passes, 2);
        assert_int_equal(s.pass[1].width, rows[i].want);
        assert_int_equal(s.pass[1].w * 8, rows[i].want);
        assert_int_equal(s.pass[1].n_steps, 20);
    }
    omost_render_opts o = small();
    o.hires_scale = 1.05f;
    assert_int_equal(settings_of(st, &o).n_passes, 1);
}

/* int(20 / 0.4) is 50 for the decimal and 49 for the float. */
static void test_second_sigmas(void **state)
{
    studio *st = studio_of(state);
    float all[51];
    omost_error err;
    omost_render_opts o = small();
    o.hires_scale = 2;
    om_settings s = settings_of(st, &o);
    assert_int_equal(om_schedule_sigmas(&s.table, OM_SCHEDULE_KARRAS, 50, 1,
                                        all, &err),
                     OMOST_OK);
    assert_memory_equal(s.pass[1].sigmas, all + 30, 21 * sizeof *all);
    assert_true(om_decimal(0.4f) == 0.4 && om_decimal(0.95f) == 0.95);
    assert_true(om_decimal(1) == 1 && om_decimal(0.333333f) == 0.333333);
}

/* A second size that is not the first times the scale is told. */
static void test_second_size_is_told(void **state)
{
    studio *st = studio_of(state);
    omost_render_opts o = small();
    o.steps = o.hires_steps = 1;
    o.hires_scale = 1.3f; /* 83.2 */
    album told = drawn(st, &o, false);
    assert_int_equal(told.n_notes, 1);
    o.hires_scale = 2;
    album exact = drawn(st, &o, false);
    assert_int_equal(exact.n_notes, 0);
    album_free(&told);
    album_free(&exact);
}

static void test_strength(void **state)
{
    studio *st = studio_of(state);
    static const uint8_t pixel[3];
    static const struct {
        int steps;
        float strength;
        int want;
    } rows[] = {{25, 0.75f, 18}, {10, 0.7f, 7},  {20, 1, 20},
                {4, 0.1f, 1},    {50, 0.02f, 1}, {8, 0.5f, 4}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        omost_render_opts o = small();
        o.init_image = (omost_image){1, 1, pixel};
        o.steps = rows[i].steps;
        o.strength = rows[i].strength;
        om_settings s = settings_of(st, &o);
        assert_int_equal(s.pass[0].n_steps, rows[i].want);
        o.init_image.rgb = NULL;
        om_settings whole = settings_of(st, &o);
        assert_memory_equal(s.pass[0].sigmas,
                            whole.pass[0].sigmas + o.steps - rows[i].want,
                            ((size_t)rows[i].want + 1) * sizeof(float));
        o.init_layout = rows[i].strength;
        om_settings soft = settings_of(st, &o);
        assert_int_equal(soft.pass[0].n_steps, o.steps);
        assert_true(soft.pass[0].sigmas[0] <= whole.pass[0].sigmas[0]);
    }
}

/* What the model says of itself holds where the caller says nothing. */
static void test_as_the_model_says(void **state)
{
    studio *st = studio_of(state);
    om_model_files *files = st->m.files;
    const om_scheduler_config kept = files->scheduler;
    omost_render_opts o = small();
    om_settings s = settings_of(st, &o);
    assert_int_equal(s.prediction, OM_PREDICTION_EPS);
    assert_int_equal(s.schedule, OM_SCHEDULE_KARRAS);
    assert_true(s.table.sigma[OM_N_TIMESTEPS - 1] < 15);
    files->scheduler = (om_scheduler_config){
        .v_prediction = true, .zero_snr = true, .spacing = OM_SPACING_TRAILING};
    s = settings_of(st, &o);
    assert_int_equal(s.prediction, OM_PREDICTION_V);
    assert_int_equal(s.schedule, OM_SCHEDULE_TRAILING);
    assert_true(s.pass[0].sigmas[0] > 4000);
    o.prediction = "eps";
    o.schedule = "normal";
    s = settings_of(st, &o);
    assert_int_equal(s.prediction, OM_PREDICTION_EPS);
    assert_int_equal(s.schedule, OM_SCHEDULE_NORMAL);
    files->scheduler = kept;
}

/* ---- to begin from ----------------------------------------------------- */

static void test_from_picture(void **state)
{
    studio *st = studio_of(state);
    enum { W = 40, H = 90 };
    static uint8_t rgb[W * H * 3];
    for (size_t i = 0; i < sizeof rgb; i++) rgb[i] = (uint8_t)(i * 7 % 256);
    omost_render_opts o = small();
    o.steps = 4;
    o.init_image = (omost_image){W, H, rgb};
    album plain = drawn(st, &o, false);
    assert_int_equal(plain.n_notes, 1); /* it is stretched */
    assert_int_equal(plain.n_steps, 3); /* int(4 * 0.75) */
    assert_true(plain.phases & 1 << OMOST_PHASE_ENCODE);
    o.strength = 0.25f;
    album faint = drawn(st, &o, false);
    assert_int_equal(faint.n_steps, 1);
    assert_differ(&plain, &faint);
    rgb[0] ^= 255;
    album other = drawn(st, &o, false);
    assert_differ(&other, &faint);
    o.init_image.width = o.init_image.height = 30;
    album square = drawn(st, &o, false);
    assert_int_equal(square.n_notes, 0);
    album_free(&plain);
    album_free(&faint);
    album_free(&other);
    album_free(&square);
}

static void test_from_layout(void **state)
{
    studio *st = studio_of(state);
    omost_render_opts o = small();
    album none = drawn(st, &o, false);
    o.init_layout = 1;
    album full = drawn(st, &o, false);
    o.init_layout = 0.5f;
    album half = drawn(st, &o, false);
    assert_differ(&none, &full);
    assert_differ(&half, &full);
    assert_int_equal(half.n_steps, o.steps);
    album_free(&none);
    album_free(&full);
    album_free(&half);
}

/* ---- previews, news, stops --------------------------------------------- */

static void test_previews(void **state)
{
    studio *st = studio_of(state);
    omost_render_opts o = small();
    o.steps = 5;
    o.preview_every = 2;
    o.batch = 2;
    album a = drawn(st, &o, false);
    assert_int_equal(a.n_previews, 4);
    assert_int_equal(a.preview.width, SIDE / 8);
    assert_int_equal(a.n_steps, 10);
    assert_true(a.total > 0.999);
    assert_int_equal(a.phases, 1 << OMOST_PHASE_LOAD | 1 << OMOST_PHASE_TEXT |
                                   1 << OMOST_PHASE_SAMPLE |
                                   1 << OMOST_PHASE_DECODE);
    o.preview_every = 0;
    album b = drawn(st, &o, false);
    assert_int_equal(b.n_previews, 0);
    for (int i = 0; i < 2; i++) assert_same_image(a.image[i], b.image[i]);
    album_free(&a);
    album_free(&b);
}

static void list_conv(json_t *header, size_t *at, const char *name, int out,
                      int in, bool bias)
{
    char full[64];
    const size_t w = (size_t)out * (size_t)in * 9 * 4, b = (size_t)out * 4;
    snprintf(full, sizeof full, "%s.weight", name);
    json_object_set_new(header, full,
                        json_pack("{s:s,s:[iiii],s:[II]}", "dtype", "F32",
                                  "shape", out, in, 3, 3, "data_offsets",
                                  (json_int_t)*at,
                                  (json_int_t)*at + (json_int_t)w));
    *at += w;
    if (!bias) return;
    snprintf(full, sizeof full, "%s.bias", name);
    json_object_set_new(header, full,
                        json_pack("{s:s,s:[i],s:[II]}", "dtype", "F32", "shape",
                                  out, "data_offsets", (json_int_t)*at,
                                  (json_int_t)*at + (json_int_t)b));
    *at += b;
}

/* A TAESD of zeroes: what it decodes is black. */
static void write_black_tiny(const char *path)
{
    enum { MOST = 8 << 20 };
    json_t *header = json_object();
    size_t at = 0;
    char name[40];
    int layer = 3;
    list_conv(header, &at, "1", 64, 4, true);
    for (int up = 0; up < 4; up++) {
        for (int b = up < 3 ? 3 : 1; b > 0; b--, layer++)
            for (int i = 0; i < 5; i += 2) {
                snprintf(name, sizeof name, "%d.conv.%d", layer, i);
                list_conv(header, &at, name, 64, 64, true);
            }
        if (up < 3) layer++; /* upsampling */
        snprintf(name, sizeof name, "%d", layer++);
        list_conv(header, &at, name, up < 3 ? 64 : 3, 64, up == 3);
    }
    om_buf b;
    omost_error err;
    char *text = json_dumps(header, JSON_COMPACT), *zeroes = calloc(1, at);
    const uint64_t n = strlen(text);
    om_buf_init(&b, NULL, MOST);
    om_buf_put(&b, &n, sizeof n);
    om_buf_put(&b, text, n);
    om_buf_put(&b, zeroes, at);
    if (om_file_write(NULL, path, om_buf_view(&b), &err))
        fail_msg("%s", err.msg);
    om_buf_free(&b);
    free(text);
    free(zeroes);
    json_decref(header);
}

/* With a tiny decoder previews are as large as the picture. */
static void test_large_previews(void **state)
{
    studio *st = studio_of(state);
    char path[64];
    omost_error err;
    snprintf(path, sizeof path, "/tmp/omost-black-%d.safetensors",
             (int)getpid());
    write_black_tiny(path);
    om_model_files *tiny = om_model_open(NULL, path, &err);
    if (!tiny) fail_msg("%s", err.msg);
    const om_pipeline_opts po = {
        .backend = st->m.backend, .model = st->m.files, .taesd = tiny};
    om_pipeline *p = om_pipeline_open(NULL, &po, &err);
    if (!p) fail_msg("%s", err.msg);
    omost_render_opts o = small();
    o.preview_every = 1;
    o.hires_scale = 2;
    o.hires_steps = 1;
    album a = {0};
    draw(p, &st->s, &o, &a);
    assert_int_equal(a.n_previews, 3);
    assert_int_equal(a.preview.width, 2 * SIDE);
    assert_int_equal(a.preview.height, 2 * SIDE);
    album_free(&a);
    om_pipeline_close(p);
    om_model_close(tiny);
    unlink(path);
}

/* White noise of the first channel is gray to white; nothing is NaN. */
static void test_latents_to_rgb(void **state)
{
    (void)state;
    uint8_t rgb[9];
    const float x[12] = {0, 0, 0, 0, 9, 0, 0, 0, (float)NAN, 0, 0, 0};
    om_latents_to_rgb(rgb, x, 3);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(rgb[i], 127);
        assert_int_equal(rgb[3 + i], 255);
    }
}

static void test_stopped(void **state)
{
    studio *st = studio_of(state);
    omost_render_opts o = small();
    o.hires_scale = 2;
    o.hires_steps = 1;
    o.preview_every = 1;
    om_pipeline *p = open_pipeline(NULL, &st->m, false);
    omost_error err;
    for (int at = 1;; at += 1 + at / 3) {
        album a = {.stop_at = at};
        const om_draw d = draw_of(&st->s, &o, &a);
        omost_status s = om_pipeline_draw(p, &d, &err);
        const bool through = a.n_progress < at;
        assert_int_equal(s, through ? OMOST_OK : OMOST_CANCELLED);
        if (!through) assert_int_equal(a.n_progress, at);
        assert_int_equal(a.n_images, through);
        album_free(&a);
        if (through) break;
    }
    album a = {.stop_preview = true}, b = {.stop_image = true};
    om_draw d = draw_of(&st->s, &o, &a);
    assert_int_equal(om_pipeline_draw(p, &d, &err), OMOST_CANCELLED);
    assert_int_equal(a.n_previews, 1);
    d = draw_of(&st->s, &o, &b);
    assert_int_equal(om_pipeline_draw(p, &d, &err), OMOST_CANCELLED);
    assert_int_equal(b.n_images, 1);
    album_free(&a);
    album_free(&b);
    om_pipeline_close(p);
}

/* Stopping an operation at a time is a matter of the watch. */
static void test_progress(void **state)
{
    (void)state;
    album a = {.stop_at = 3};
    const om_draw_sink sink = album_sink(&a);
    om_progress p;
    om_progress_init(&p, &sink, 10);
    const om_part part = {.phase = OMOST_PHASE_SAMPLE, .steps = 2, .work = 5};
    assert_true(om_progress_begin(&p, &part));
    for (int i = 0; i < 100; i++) assert_true(om_progress_at(&p, 0.5));
    assert_int_equal(a.n_progress, 1); /* not a tenth of a second has passed */
    assert_true(om_progress_step(&p));
    assert_true(a.total > 0.249 && a.total < 0.251);
    assert_false(om_progress_step(&p));
    const om_watch w = om_progress_watch(&p);
    assert_false(w.go_on(w.user, 0));
    assert_false(om_progress_end(&p));
    assert_int_equal(a.n_progress, 3);
}

/* ---- memory ------------------------------------------------------------ */

static void test_no_memory(void **state)
{
    studio *st = studio_of(state);
    omost_render_opts o = small();
    o.steps = 1;
    o.init_layout = 0.9f;
    bool failed = true;
    for (size_t at = 1; failed; at += 1 + at / 3) {
        meter m = {0};
        omost_env env = {metered, &m};
        omost_error err;
        om_pipeline *p = open_pipeline(&env, &st->m, at % 2);
        m.fail_at = m.calls + at;
        album a = {0};
        const om_draw d = draw_of(&st->s, &o, &a);
        omost_status s = om_pipeline_draw(p, &d, &err);
        failed = s != OMOST_OK;
        if (failed) {
            assert_int_equal(s, OMOST_NOMEM);
            assert_int_equal(a.n_images, 0);
            m.fail_at = 0; /* it is of use again */
            album b = {0};
            if (at < 8) draw(p, &st->s, &o, &b);
            album_free(&b);
        }
        om_pipeline_close(p);
        assert_int_equal(m.live, 0);
        album_free(&a);
    }
}

/* ---- numbers that are none --------------------------------------------- */

/* A single-file model with NaN at the beginning of one of its tensors. */
static const char *spoilt(char path[OM_TEST_PATH], const char *tensor)
{
    golden_tensors t;
    if (!golden_tensors_open(&t, "model-single/model-fp32.safetensors")) skip();
    json_t *entry = json_object_get(t.header, tensor);
    assert_non_null(entry);
    size_t at = (size_t)json_integer_value(
        json_array_get(json_object_get(entry, "data_offsets"), 0));
    const float nan = (float)NAN;
    memcpy((char *)(uintptr_t)t.data + at, &nan, sizeof nan);
    const char *tmp = getenv("TMPDIR");
    omost_error err;
    snprintf(path, OM_TEST_PATH, "%s/omost-test-%d.safetensors",
             tmp ? tmp : "/tmp", (int)getpid());
    if (om_file_write(NULL, path, om_buf_view(&t.file), &err))
        fail_msg("%s", err.msg);
    golden_tensors_close(&t);
    return path;
}

static void check_spoilt(studio *st, const char *tensor, const char *where)
{
    char path[OM_TEST_PATH];
    omost_error err;
    golden_model m = {.backend = st->m.backend};
    m.files = om_model_open(NULL, spoilt(path, tensor), &err);
    if (!m.files) fail_msg("%s", err.msg);
    m.config = golden_json("model-single/config.json");
    om_pipeline *p = open_pipeline(NULL, &m, false);
    const omost_render_opts o = small();
    album a = {0};
    const om_draw d = draw_of(&st->s, &o, &a);
    assert_int_equal(om_pipeline_draw(p, &d, &err), OMOST_BACKEND);
    if (!strstr(err.msg, where)) fail_msg("%s: %s", where, err.msg);
    assert_int_equal(a.n_images, 0);
    om_pipeline_close(p);
    om_model_close(m.files);
    json_decref(m.config);
    unlink(path);
}

static void test_not_finite(void **state)
{
    studio *st = studio_of(state);
    check_spoilt(st, "model.diffusion_model.out.2.bias", "step 1 of 2");
    check_spoilt(st, "first_stage_model.decoder.conv_out.bias",
                 "the decoded picture");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_backend),
        cmocka_unit_test(test_sharp_boxes),
        cmocka_unit_test(test_batch_compat),
        cmocka_unit_test(test_groups),
        cmocka_unit_test(test_methods_and_samplers),
        cmocka_unit_test(test_no_guidance),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_second_size),
        cmocka_unit_test(test_second_sigmas),
        cmocka_unit_test(test_second_size_is_told),
        cmocka_unit_test(test_strength),
        cmocka_unit_test(test_as_the_model_says),
        cmocka_unit_test(test_from_picture),
        cmocka_unit_test(test_from_layout),
        cmocka_unit_test(test_previews),
        cmocka_unit_test(test_large_previews),
        cmocka_unit_test(test_latents_to_rgb),
        cmocka_unit_test(test_stopped),
        cmocka_unit_test(test_progress),
        cmocka_unit_test(test_no_memory),
        cmocka_unit_test(test_not_finite),
    };
    return cmocka_run_group_tests(tests, open_studio, close_studio);
}
