/* worker_models.c - which models are open, in the worker's thread. */
#include <stdio.h>

#include "base/json.h"
#include "server/worker_impl.h"

static void close_composer(om_worker *w)
{
    omost_composer_close(w->composer);
    w->composer = NULL;
}

static void close_engine(om_worker *w)
{
    omost_engine_close(w->engine);
    w->engine = NULL;
    w->engine_key.n = 0;
    pthread_mutex_lock(&w->lock);
    w->backend[0] = w->precision[0] = '\0';
    pthread_mutex_unlock(&w->lock);
}

void om_close_models(om_worker *w)
{
    close_composer(w);
    close_engine(w);
}

/* ---- who writes ------------------------------------------------------- */

/* The model that writes; NULL: a server or a script does, which takes no
 * memory here. */
static const char *writer(const om_worker *w)
{
    return w->composer_path.n ? w->composer_path.p : w->opts.composer.model;
}

static bool on_load(void *user, double done)
{
    om_work *k = user;
    snprintf(k->progress.phase, sizeof k->progress.phase, "loading the model");
    k->progress.done = done;
    om_work_tell(k, false);
    return om_work_goes_on(k);
}

void om_show_composer(om_worker *w)
{
    pthread_mutex_lock(&w->lock);
    om_cut_text(w->composer_name, OM_MODEL_NAME,
                om_str_of(omost_composer_name(w->composer)));
    w->composer_context = omost_composer_context(w->composer);
    pthread_mutex_unlock(&w->lock);
}

omost_status om_need_composer(om_work *k, omost_error *err)
{
    om_worker *w = k->w;
    omost_composer_opts o = w->opts.composer;
    if (w->composer) return OMOST_OK;
    if (w->composer_path.n) {
        o.model = w->composer_path.p;
        o.server = o.script = NULL;
    }
    if (w->no_composer || (!o.model && !o.server && !o.script))
        return om_fail(err, OMOST_MISSING,
                       "nobody is there to write canvases; choose a language "
                       "model, or start the server with --llm FILE or "
                       "--server URL");
    if (o.model && !w->opts.keep_both) close_engine(w);
    w->composer = omost_composer_open(&o, on_load, k, err);
    if (!w->composer) return err->status;
    om_show_composer(w);
    return OMOST_OK;
}

/* ---- who draws -------------------------------------------------------- */

/* Paths of LoRAs in `paths`, one after the other; their offsets in at[]. */
static omost_status find_loras(om_worker *w, const om_render_want *want,
                               om_buf *paths, size_t at[OMOST_MAX_LORAS],
                               omost_error *err)
{
    omost_status st = OMOST_OK;
    for (int i = 0; i < want->n_loras && st == OMOST_OK; i++) {
        at[i] = paths->n;
        st = w->opts.find
                 ? w->opts.find(w->opts.user, "lora", want->lora[i].name, paths,
                                err)
                 : om_fail(err, OMOST_MISSING, "this server knows no LoRAs");
    }
    return st == OMOST_OK ? om_buf_check(paths, "the LoRAs", err) : st;
}

omost_status om_check_loras(const om_worker_opts *o, const om_render_want *want,
                            omost_error *err)
{
    const size_t n = o->engine.n_loras + (size_t)want->n_loras;
    if (n <= OMOST_MAX_LORAS) return OMOST_OK;
    return om_fail(err, OMOST_RANGE,
                   "%zu LoRAs with those that the server was started with; at "
                   "most %d can be used at once",
                   n, OMOST_MAX_LORAS);
}

static void add_loras(omost_lora *all, const omost_engine_opts *own,
                      const om_render_want *want, const om_buf *paths,
                      const size_t *at, size_t *n)
{
    *n = 0;
    for (size_t i = 0; i < own->n_loras; i++) all[(*n)++] = own->loras[i];
    for (int i = 0; i < want->n_loras; i++)
        all[(*n)++] = (omost_lora){paths->p + at[i], want->lora[i].weight};
}

static void put_key(om_buf *key, const omost_engine_opts *o)
{
    om_buf_puts(key, o->model);
    for (size_t i = 0; i < o->n_loras; i++)
        om_buf_printf(key, "\n%a %s", (double)o->loras[i].weight,
                      o->loras[i].path);
}

static void name_engine(om_worker *w)
{
    pthread_mutex_lock(&w->lock);
    snprintf(w->backend, sizeof w->backend, "%s",
             omost_engine_backend(w->engine));
    snprintf(w->precision, sizeof w->precision, "%s",
             omost_engine_precision(w->engine));
    memcpy(w->renderer_name, w->model_name, OM_MODEL_NAME);
    pthread_mutex_unlock(&w->lock);
}

static omost_status open_engine(om_work *k, const omost_engine_opts *o,
                                const om_buf *key, omost_error *err)
{
    om_worker *w = k->w;
    if (w->engine && om_str_eq(om_buf_view(key), om_buf_view(&w->engine_key))) {
        name_engine(w); /* it may have got another one */
        return OMOST_OK;
    }
    close_engine(w);
    if (writer(w) && !w->opts.keep_both) close_composer(w);
    snprintf(k->progress.phase, sizeof k->progress.phase, "loading the model");
    om_work_tell(k, true);
    w->engine = omost_engine_open(o, err);
    if (!w->engine) return err->status;
    om_buf_str(&w->engine_key, om_buf_view(key));
    name_engine(w);
    return OMOST_OK;
}

omost_status om_need_engine(om_work *k, const om_render_want *want,
                            omost_error *err)
{
    om_worker *w = k->w;
    omost_engine_opts o = w->opts.engine;
    omost_lora all[OMOST_MAX_LORAS];
    size_t at[OMOST_MAX_LORAS];
    om_buf paths, key;
    if (w->model_path.n) o.model = w->model_path.p;
    if (w->no_renderer || !o.model)
        return om_fail(err, OMOST_MISSING,
                       "no model is there to draw with; choose one, or start "
                       "the server with -m MODEL");
    om_buf_init(&paths, w->opts.env, 1 << 20);
    om_buf_init(&key, w->opts.env, 1 << 21);
    omost_status st = om_check_loras(&w->opts, want, err);
    if (st == OMOST_OK) st = find_loras(w, want, &paths, at, err);
    if (st == OMOST_OK) {
        add_loras(all, &w->opts.engine, want, &paths, at, &o.n_loras);
        o.loras = all;
        put_key(&key, &o);
        st = om_buf_check(&key, "the model", err);
    }
    if (st == OMOST_OK) st = open_engine(k, &o, &key, err);
    om_buf_free(&paths);
    om_buf_free(&key);
    return st;
}

/* ---- choosing --------------------------------------------------------- */

static omost_status choose(om_work *k, const char *kind, om_buf *path,
                           bool *none, omost_error *err)
{
    om_worker *w = k->w;
    const json_t *v = json_object_get(k->request, kind);
    om_buf found;
    if (json_is_null(v)) {
        *none = true;
        return OMOST_OK;
    }
    if (!w->opts.find)
        return om_fail(err, OMOST_MISSING, "this server knows no models");
    om_buf_init(&found, w->opts.env, 1 << 16);
    omost_status st =
        w->opts.find(w->opts.user, kind, om_json_str(v), &found, err);
    if (st == OMOST_OK) st = om_buf_check(&found, "the path", err);
    if (st == OMOST_OK) {
        *none = false;
        path->n = 0;
        om_buf_put(path, found.p, found.n);
    }
    om_buf_free(&found);
    return st;
}

static void forget_composer(om_worker *w)
{
    close_composer(w);
    pthread_mutex_lock(&w->lock);
    w->composer_name[0] = '\0';
    w->composer_context = 0;
    pthread_mutex_unlock(&w->lock);
}

static void forget_engine(om_worker *w)
{
    close_engine(w);
    pthread_mutex_lock(&w->lock);
    w->renderer_name[0] = '\0';
    pthread_mutex_unlock(&w->lock);
}

/* The one that is open already stays so. */
static omost_status choose_composer(om_work *k, omost_error *err)
{
    om_worker *w = k->w;
    om_buf was;
    om_buf_init(&was, w->opts.env, 1 << 16);
    if (writer(w)) om_buf_puts(&was, writer(w));
    omost_status st =
        choose(k, "composer", &w->composer_path, &w->no_composer, err);
    const bool same = writer(w) && om_str_eqz(om_buf_view(&was), writer(w));
    om_buf_free(&was);
    if (st != OMOST_OK) return st;
    if (!w->no_composer) {
        if (!same) close_composer(w);
        st = om_need_composer(k, err);
    }
    if (w->no_composer || !w->composer) forget_composer(w);
    return st;
}

static omost_status choose_renderer(om_work *k, omost_error *err)
{
    static const om_render_want none = {.n_loras = 0};
    om_worker *w = k->w;
    omost_status st =
        choose(k, "renderer", &w->model_path, &w->no_renderer, err);
    if (st != OMOST_OK) return st;
    if (!w->no_renderer) {
        om_cut_text(w->model_name, OM_MODEL_NAME,
                    om_json_str(json_object_get(k->request, "renderer")));
        st = om_need_engine(k, &none, err);
    }
    if (w->no_renderer || !w->engine) forget_engine(w);
    return st;
}

omost_status om_work_load(om_work *k, omost_error *err)
{
    omost_status st = OMOST_OK;
    if (json_object_get(k->request, "composer")) st = choose_composer(k, err);
    if (st == OMOST_OK && json_object_get(k->request, "renderer"))
        st = choose_renderer(k, err);
    return st;
}
