/* render.c - omost_render: options checked, a plan made, the pipeline's news
 * passed on, each picture handed over with what is needed to draw it again. */
#include <stdio.h>

#include "base/hash.h"
#include "canvas/canvas_doc.h"
#include "engine/engine_impl.h"
#include "engine/render_events.h"
#include "engine/render_opts.h"
#include "engine/render_record.h"
#include "prompt/profile.h"
#include "weights/model_config.h"

typedef struct job {
    omost_engine *e;
    const omost_canvas *canvas;
    omost_render_opts o; /* resolved */
    om_teller teller;
    omost_error *err;
    omost_status failed; /* in a callback, with *err filled */
    om_arena arena;      /* texts */
    omost_plan *plan;
    omost_row negative;
    uint8_t *composition;
    om_drawn drawn;
    char *canvas_text;
    bool compared; /* the files with those of a record */
} job;

/* ---- before drawing ------------------------------------------------------ */

static void tell_settings(job *j, const omost_render_opts *asked)
{
    char text[160];
    if (asked->width != j->o.width || asked->height != j->o.height) {
        snprintf(text, sizeof text,
                 "%dx%d is drawn as %dx%d: sides are multiples of %d",
                 asked->width, asked->height, j->o.width, j->o.height,
                 OMOST_RENDER_GRAIN);
        om_tell_note(&j->teller, text, NULL);
    }
    if (asked->negative_prompt && *asked->negative_prompt &&
        j->o.cfg_scale <= 1)
        om_tell_note(&j->teller,
                     "with a cfg-scale of 1 the negative prompt is not used",
                     NULL);
}

static void tell_notes(job *j)
{
    if (j->e->model_note) om_tell_note(&j->teller, j->e->model_note, NULL);
    for (size_t i = 0; i < j->e->n_loras; i++)
        if (j->e->lora_note[i])
            om_tell_note(&j->teller, j->e->lora_note[i], NULL);
    for (size_t i = 0; i < omost_plan_note_count(j->plan); i++) {
        const omost_note *n = omost_plan_note(j->plan, i);
        om_tell_note(&j->teller, n->msg, n);
    }
}

static void tell_difference(void *user, const char *text)
{
    job *j = user;
    om_tell_note(&j->teller, text, NULL);
}

static omost_status make_plan(job *j)
{
    const omost_plan_opts opts = {
        .env = j->e->env,
        .strict = j->o.compat_omost,
        .fit_prefix = j->o.fit_prefix,
        .prompt_style = j->o.prompt_style,
        .profile = j->o.profile,
    };
    j->plan = omost_plan_new(j->canvas, j->e->tokenizer, &opts, j->err);
    if (!j->plan) return j->err->status;
    return omost_tokenizer_row(j->e->tokenizer, om_str_of(j->o.negative_prompt),
                               &j->negative, j->err);
}

static omost_status make_composition(job *j)
{
    if (j->o.init_layout <= 0) return OMOST_OK;
    j->composition =
        om_arena_alloc(&j->arena, (size_t)OMOST_GRID * OMOST_GRID * 3);
    if (!j->composition) return om_fail_nomem(j->err);
    omost_layout *lo = omost_layout_new(j->canvas, j->err);
    if (!lo) return j->err->status;
    omost_layout_composition(lo, j->composition);
    omost_layout_free(lo);
    return OMOST_OK;
}

/* ---- what it is drawn with ----------------------------------------------- */

/* Prefixes and suffixes of the whole picture as one text. */
static om_str prompt_text(job *j)
{
    const omost_condition *c = omost_plan_condition(j->plan, 0);
    const omost_texts parts[] = {c->prefixes, c->suffixes};
    om_buf b;
    om_buf_init(&b, j->e->env, OMOST_MAX_INPUT * 2);
    for (int k = 0; k < 2; k++)
        for (size_t i = 0; i < parts[k].n; i++) {
            if (b.n) om_buf_putc(&b, ' ');
            om_buf_str(&b, parts[k].p[i]);
        }
    om_str text = om_arena_str(&j->arena, om_buf_view(&b));
    om_buf_free(&b);
    return text;
}

/* NULL when there is none, or it is too long to be read again. */
static const char *profile_text(job *j)
{
    om_buf b;
    if (!j->o.profile) return NULL;
    om_buf_init(&b, j->e->env, OM_PROFILE_MAX_TEXT);
    om_profile_print(&b, j->o.profile);
    const char *z = NULL;
    if (b.status == OMOST_OK) z = om_arena_str(&j->arena, om_buf_view(&b)).p;
    om_buf_free(&b);
    return z;
}

static omost_status describe(job *j)
{
    const omost_engine *e = j->e;
    om_drawn *d = &j->drawn;
    j->canvas_text =
        omost_canvas_to_python(j->canvas, OMOST_PYTHON_PLAIN, NULL, j->err);
    if (!j->canvas_text) return j->err->status;
    *d = (om_drawn){
        .opts = &j->o,
        .canvas = j->canvas_text,
        .plan = om_record_plan(e->env, j->plan),
        .prompt = prompt_text(j),
        .profile = profile_text(j),
        .backend = omost_engine_backend(e),
        .precision = omost_engine_precision(e),
        .tokenizer = e->tokenizer_name,
        .kind = e->model->kind,
        .model = e->model_item,
        .vae = e->vae_item,
        .config = e->config_item,
        .lora = e->lora_item,
        .loras = e->lora,
        .n_loras = e->n_loras,
    };
    const omost_image *i = &j->o.init_image;
    if (i->rgb) {
        size_t n = (size_t)i->width * (size_t)i->height * 3;
        if (!om_sha256_hex((om_str){(const char *)i->rgb, n}, d->init_sha256))
            d->init_sha256[0] = '\0';
        if (j->o.init_path)
            om_path_remember(e->env, e->cache_dir, d->init_sha256,
                             j->o.init_path);
    }
    return d->prompt.p ? OMOST_OK : om_fail_nomem(j->err);
}

/* ---- while drawing ------------------------------------------------------- */

/* Once their digests are known: at once when they were kept. */
static void compare_files(job *j, int milliseconds)
{
    if (!j->o.record || j->compared ||
        !om_digests_wait(j->e->digests, milliseconds))
        return;
    om_record_compare_files(j->o.record, &j->drawn, tell_difference, j);
    j->compared = true;
}

static bool on_progress(void *user, omost_phase phase, int index, int pass,
                        int step, int steps, double done, double total_done)
{
    job *j = user;
    compare_files(j, 0);
    return om_tell_progress(&j->teller, phase, index, pass, step, steps, done,
                            total_done);
}

static void on_note(void *user, const char *text)
{
    job *j = user;
    om_tell_note(&j->teller, text, NULL);
}

static bool on_preview(void *user, int index, int step, int steps,
                       omost_image image)
{
    job *j = user;
    omost_event ev = j->teller.now;
    ev.kind = OMOST_EVENT_PREVIEW;
    ev.index = index;
    ev.step = step;
    ev.steps = steps;
    ev.image = image;
    return om_tell_event(&j->teller, ev);
}

/* Large files may take longer to read than a small picture to draw. */
static bool wait_for_digests(job *j)
{
    omost_event ev = j->teller.now;
    ev.kind = OMOST_EVENT_PROGRESS;
    while (!om_digests_wait(j->e->digests, 100))
        if (!om_tell_event(&j->teller, ev)) return false;
    compare_files(j, 0);
    return !j->teller.stopped;
}

static bool on_image(void *user, int index, omost_image image)
{
    job *j = user;
    const omost_env *env = j->e->env;
    om_drawn *d = &j->drawn;
    if (!wait_for_digests(j)) return false;
    d->index = index;
    d->width = image.width;
    d->height = image.height;
    omost_event ev = j->teller.now;
    ev.kind = OMOST_EVENT_IMAGE;
    ev.index = index;
    ev.image = image;
    char *record = om_record_write(env, d, j->err);
    char *parameters = record ? om_parameters_write(env, d, j->err) : NULL;
    ev.record = record;
    ev.parameters = parameters;
    if (parameters)
        (void)om_tell_event(&j->teller, ev);
    else
        j->failed = j->err->status;
    om_free(env, record);
    om_free(env, parameters);
    return parameters && !j->teller.stopped;
}

static omost_status draw(job *j)
{
    const om_draw d = {
        .opts = &j->o,
        .plan = j->plan,
        .negative = &j->negative,
        .composition = j->composition,
        .sink = {.progress = on_progress,
                 .preview = on_preview,
                 .image = on_image,
                 .note = on_note,
                 .user = j},
    };
    omost_error err;
    om_error_clear(&err);
    om_digests_start(j->e->digests);
    omost_status st = om_pipeline_draw(j->e->pipeline, &d, &err);
    if (j->failed != OMOST_OK) return j->failed;
    if (j->teller.stopped)
        return om_fail(j->err, OMOST_CANCELLED, "stopped on request");
    if (st != OMOST_OK) *j->err = err;
    return st;
}

/* ---- the whole ----------------------------------------------------------- */

static omost_status run(job *j, const omost_render_opts *asked)
{
    tell_settings(j, asked);
    omost_status st = make_plan(j);
    if (st == OMOST_OK) st = make_composition(j);
    if (st == OMOST_OK) st = describe(j);
    if (st != OMOST_OK) return st;
    tell_notes(j);
    if (j->o.record)
        om_record_compare(j->o.record, &j->drawn, tell_difference, j);
    if (j->teller.stopped)
        return om_fail(j->err, OMOST_CANCELLED, "stopped on request");
    return draw(j);
}

omost_status omost_render(omost_engine *engine, const omost_canvas *canvas,
                          const omost_render_opts *opts,
                          omost_event_fn *on_event, void *user,
                          omost_error *err)
{
    static const omost_render_opts defaults = OMOST_RENDER_DEFAULTS;
    omost_error local;
    if (!err) err = &local;
    om_error_clear(err);
    if (!engine || !canvas)
        return om_fail(err, OMOST_USAGE,
                       "a render needs an engine and a canvas");
    if (!opts) opts = &defaults;
    job j = {.e = engine, .canvas = canvas, .err = err};
    omost_status st = om_render_resolve(&j.o, opts, engine->model, err);
    if (st != OMOST_OK) return st;
    j.teller = (om_teller){.fn = on_event,
                           .user = user,
                           .seed = j.o.seed,
                           .one_seed = j.o.compat_omost};
    j.teller.now.batch = j.o.batch;
    j.teller.now.seconds_left = -1;
    om_arena_init(&j.arena, engine->env, 0);
    st = run(&j, opts);
    omost_text_free(om_canvas_env(canvas), j.canvas_text);
    json_decref(j.drawn.plan);
    omost_plan_free(j.plan);
    om_arena_free(&j.arena);
    return st;
}
