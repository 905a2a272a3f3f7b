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
    return w->writes.path.n ? w->writes.path.p : w->opts.composer.model;
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
    memcpy(w->composer_name, w->writes.name, OM_MODEL_NAME);
    w->composer_context = omost_composer_context(w->composer);
    pthread_mutex_unlock(&w->lock);
}

omost_status om_need_composer(om_work *k, omost_error *err)
{
    om_worker *w = k->w;
    omost_composer_opts o = w->opts.composer;
    if (w->composer) return OMOST_OK;
    if (w->writes.path.n) {
        o.model = w->writes.path.p;
        o.server = o.script = NULL;
    }
    if (w->writes.none || (!o.model && !o.server && !o.script))
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
    memcpy(w->renderer_name, w->draws.name, OM_MODEL_NAME);
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
    if (w->draws.path.n) o.model = w->draws.path.p;
    if (w->draws.none || !o.model)
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

static void copy_choice(om_choice *to, const om_choice *from)
{
    om_buf_clear(&to->path);
    om_buf_str(&to->path, om_buf_view(&from->path));
    to->none = from->none;
    memcpy(to->name, from->name, OM_MODEL_NAME);
}

/* What the request names; with opts' own name what the server was started
 * with. */
static omost_status choose(om_work *k, const char *kind, om_choice *c,
                           omost_error *err)
{
    om_worker *w = k->w;
    const json_t *v = json_object_get(k->request, kind);
    const om_str name = om_json_str(v);
    const char *given = om_worker_given(w, kind);
    c->none = json_is_null(v);
    if (c->none) return OMOST_OK;
    om_buf_clear(&c->path);
    om_cut_text(c->name, OM_MODEL_NAME, name);
    if (given && om_str_eqz(name, given)) return OMOST_OK;
    if (!w->opts.find)
        return om_fail(err, OMOST_MISSING, "this server knows no models");
    omost_status st = w->opts.find(w->opts.user, kind, name, &c->path, err);
    return st == OMOST_OK ? om_buf_check(&c->path, "the path", err) : st;
}

/* The one that is open already stays so. */
static omost_status use_composer(om_work *k, const om_choice *was,
                                 omost_error *err)
{
    om_worker *w = k->w;
    const bool same =
        om_str_eq(om_buf_view(&was->path), om_buf_view(&w->writes.path));
    if (w->writes.none || !same) close_composer(w);
    return w->writes.none ? OMOST_OK : om_need_composer(k, err);
}

/* om_need_engine() knows whether it is the one that is open. */
static omost_status use_renderer(om_work *k, const om_choice *was,
                                 omost_error *err)
{
    static const om_render_want none = {.n_loras = 0};
    om_worker *w = k->w;
    (void)was;
    if (w->draws.none) close_engine(w);
    return w->draws.none ? OMOST_OK : om_need_engine(k, &none, err);
}

/* What those who ask are told is chosen. */
static void show(om_worker *w, const om_choice *c)
{
    const bool draws = c == &w->draws;
    pthread_mutex_lock(&w->lock);
    char *name = draws ? w->renderer_name : w->composer_name;
    memcpy(name, c->name, OM_MODEL_NAME);
    if (c->none) name[0] = '\0';
    if (!draws && !w->composer) w->composer_context = 0;
    pthread_mutex_unlock(&w->lock);
}

/* What cannot be opened is not chosen: what was in use before stays so, and
 * is opened again when it is needed. */
static omost_status choose_one(om_work *k, const char *kind, om_choice *c,
                               omost_status (*use)(om_work *, const om_choice *,
                                                   omost_error *),
                               omost_error *err)
{
    om_choice was;
    om_buf_init(&was.path, k->w->opts.env, 1 << 16);
    copy_choice(&was, c);
    omost_status st = om_buf_check(&was.path, "the path", err);
    if (st == OMOST_OK) {
        st = choose(k, kind, c, err);
        if (st == OMOST_OK) st = use(k, &was, err);
        if (st != OMOST_OK) {
            const omost_error why = *err;
            copy_choice(c, &was);
            if (was.name[0] && !was.none)
                om_fail(err, st, "%.150s; %.60s is still in use", why.msg,
                        was.name);
        }
        show(k->w, c);
    }
    om_buf_free(&was.path);
    return st;
}

omost_status om_work_load(om_work *k, omost_error *err)
{
    om_worker *w = k->w;
    omost_status st = OMOST_OK;
    if (json_object_get(k->request, "composer"))
        st = choose_one(k, "composer", &w->writes, use_composer, err);
    if (st == OMOST_OK && json_object_get(k->request, "renderer"))
        st = choose_one(k, "renderer", &w->draws, use_renderer, err);
    return st;
}
