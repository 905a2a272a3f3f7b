/* drawing.h - pipelines for tests: a golden model, a plan of a golden canvas, and
 * a sink that keeps all it is told. */
#ifndef OM_TESTS_DRAWING_H
#define OM_TESTS_DRAWING_H

#include "models.h"

#include "diffusion/pipeline.h"

/* ---- what a call tells ------------------------------------------------- */

typedef struct tapped {
    char name[40];
    int index, step;
    float *x;
    size_t n;
} tapped;

enum { MAX_TAPS = 512, MAX_DRAWN = 8 };

typedef struct album {
    tapped tap[MAX_TAPS];
    int n_taps;
    bool taps; /* keep them */
    omost_image image[MAX_DRAWN];
    int n_images;
    int n_progress, n_steps, n_previews, n_notes;
    omost_image preview; /* the size of the last one */
    int stop_at; /* answer "stop" to this progress event, from 1; 0: none */
    bool stop_preview, stop_image;
    int phases; /* bits */
    double total;
    int last_step;
} album;

static inline void album_free(album *a)
{
    for (int i = 0; i < a->n_taps; i++) free(a->tap[i].x);
    for (int i = 0; i < MAX_DRAWN; i++)
        free((uint8_t *)(uintptr_t)a->image[i].rgb);
    *a = (album){0};
}

static inline bool album_progress(void *user, omost_phase phase, int index,
                                  int pass, int step, int steps, double done,
                                  double total_done)
{
    album *a = user;
    assert_true((unsigned)phase < OMOST_N_PHASES && index >= 0);
    assert_true(pass == 0 || pass == 1);
    assert_true(step >= 0 && step <= steps);
    assert_true(done >= 0 && done <= 1.000001);
    assert_true(total_done >= a->total - 1e-9 && total_done <= 1);
    a->n_steps += phase == OMOST_PHASE_SAMPLE && step > a->last_step;
    a->last_step = step;
    a->total = total_done;
    a->phases |= 1 << phase;
    return ++a->n_progress != a->stop_at;
}

static inline bool album_preview(void *user, int index, int step, int steps,
                                 omost_image image)
{
    album *a = user;
    assert_true(index >= 0 && step >= 1 && step <= steps && image.rgb);
    a->n_previews++;
    a->preview = image;
    a->preview.rgb = NULL;
    return !a->stop_preview;
}

static inline bool album_image(void *user, int index, omost_image image)
{
    album *a = user;
    const size_t n = (size_t)image.width * (size_t)image.height * 3;
    assert_true(index == a->n_images && index < MAX_DRAWN);
    uint8_t *copy = malloc(n);
    assert_non_null(copy);
    memcpy(copy, image.rgb, n);
    a->image[index] = (omost_image){image.width, image.height, copy};
    a->n_images++;
    return !a->stop_image;
}

static inline void album_note(void *user, const char *text)
{
    album *a = user;
    assert_true(text[0] != 0);
    a->n_notes++;
}

static inline void album_tap(void *user, const char *name, int index, int step,
                             const float *x, size_t n)
{
    album *a = user;
    if (!a->taps) return;
    assert_true(a->n_taps < MAX_TAPS && strlen(name) < sizeof a->tap->name);
    tapped *t = &a->tap[a->n_taps++];
    *t = (tapped){.index = index, .step = step, .n = n};
    memcpy(t->name, name, strlen(name) + 1);
    t->x = malloc(n * sizeof *x);
    assert_non_null(t->x);
    memcpy(t->x, x, n * sizeof *x);
}

static inline om_draw_sink album_sink(album *a)
{
    return (om_draw_sink){album_progress, album_preview, album_image,
                          album_note,     album_tap,     a};
}

/* The array of this name; the test fails when it was not told. */
static inline const tapped *find_tap(const album *a, const char *name,
                                     int index, int step)
{
    for (int i = 0; i < a->n_taps; i++)
        if (strcmp(a->tap[i].name, name) == 0 && a->tap[i].index == index &&
            a->tap[i].step == step)
            return &a->tap[i];
    fail_msg("nobody told of %s, picture %d, step %d", name, index, step);
    return NULL;
}

/* ---- what is drawn ----------------------------------------------------- */

/* A golden canvas as a plan. */
typedef struct subject {
    omost_tokenizer *tk;
    omost_canvas *canvas;
    omost_plan *plan;
    omost_row negative;
    uint8_t composition[OMOST_GRID * OMOST_GRID * 3];
} subject;

static inline void subject_open(subject *s, const char *canvas,
                                const char *negative)
{
    char path[128];
    om_buf text;
    omost_error err;
    snprintf(path, sizeof path, "canvas/%s.txt", canvas);
    assert_true(golden_file(path, &text));
    const omost_read_opts ro = {.strict = true};
    s->canvas = omost_canvas_parse(text.p, text.n, &ro, &err);
    if (!s->canvas) fail_msg("%s", err.msg);
    s->tk = open_clip();
    assert_non_null(s->tk);
    const omost_plan_opts po = {.strict = true};
    s->plan = omost_plan_new(s->canvas, s->tk, &po, &err);
    if (!s->plan) fail_msg("%s", err.msg);
    if (omost_tokenizer_row(s->tk, om_str_of(negative), &s->negative, &err))
        fail_msg("%s", err.msg);
    omost_layout *lo = omost_layout_new(s->canvas, &err);
    assert_non_null(lo);
    omost_layout_composition(lo, s->composition);
    omost_layout_free(lo);
    om_buf_free(&text);
}

static inline void subject_close(subject *s)
{
    omost_plan_free(s->plan);
    omost_canvas_free(s->canvas);
    omost_tokenizer_free(s->tk);
}

static inline om_pipeline *open_pipeline(const omost_env *env,
                                         const golden_model *m, bool keep)
{
    omost_error err;
    const om_pipeline_opts o = {.backend = m->backend,
                                .model = m->files,
                                .config = m->config,
                                .keep = OM_KEEP_EXACT,
                                .keep_loaded = keep};
    om_pipeline *p = om_pipeline_open(env, &o, &err);
    if (!p) fail_msg("%s: %s", m->name, err.msg);
    return p;
}

static inline om_draw draw_of(const subject *s, const omost_render_opts *o,
                              album *a)
{
    return (om_draw){.opts = o,
                     .plan = s->plan,
                     .negative = &s->negative,
                     .composition = s->composition,
                     .sink = album_sink(a)};
}

/* Draw into `a`, which must be empty; the test fails when that fails. */
static inline void draw(om_pipeline *p, const subject *s,
                        const omost_render_opts *o, album *a)
{
    omost_error err;
    const om_draw d = draw_of(s, o, a);
    if (om_pipeline_draw(p, &d, &err)) fail_msg("%s", err.msg);
    assert_int_equal(a->n_images, o->batch);
}

static inline void assert_same_image(omost_image a, omost_image b)
{
    assert_int_equal(a.width, b.width);
    assert_int_equal(a.height, b.height);
    assert_memory_equal(a.rgb, b.rgb, (size_t)a.width * (size_t)a.height * 3);
}

#endif
