/* worker.c - the queue and its thread; see worker.h. */
#include "server/worker.h"

#include "base/clock.h"
#include "base/json.h"
#include "server/worker_impl.h"

enum { QUEUE = 64, MODEL_PATH = 1 << 16, PREVIEW_BYTES = 64 << 20 };

const om_worker_opts *om_worker_options(const om_worker *w)
{
    return &w->opts;
}

/* ---- telling ---------------------------------------------------------- */

void om_work_publish(om_work *k, const char *name, json_t *data)
{
    if (k->row.session == 0 && om_str_eqz(k->row.kind, "compose")) {
        json_decref(data); /* for who waits for it, and nobody else */
        return;
    }
    om_events_publish(k->w->opts.events, name, k->row.session, data);
}

static void publish_job(om_worker *w, const om_job_row *row)
{
    om_events_publish(w->opts.events, "job", row->session, om_job_json(w, row));
}

bool om_work_goes_on(const om_work *k)
{
    return !atomic_load(&k->w->stop);
}

void om_work_tell(om_work *k, bool now)
{
    const int64_t ms = om_clock_ms();
    pthread_mutex_lock(&k->w->lock);
    k->w->progress = k->progress;
    pthread_mutex_unlock(&k->w->lock);
    if (!now && ms - k->told < OM_PROGRESS_MS) return;
    k->told = ms;
    publish_job(k->w, &k->row);
}

/* ---- one job ---------------------------------------------------------- */

static omost_status do_kind(om_work *k, omost_error *err)
{
    k->request = om_json_parse(k->row.request, "the request", err);
    if (!k->request) return err->status;
    if (om_str_eqz(k->row.kind, "compose")) return om_work_compose(k, err);
    if (om_str_eqz(k->row.kind, "render")) return om_work_render(k, err);
    if (om_str_eqz(k->row.kind, "load")) return om_work_load(k, err);
    return om_fail(err, OMOST_USAGE, "no such kind of job");
}

/* Where memory ran out in the middle, nobody down there knew what for. */
static omost_status do_it(om_work *k, omost_error *err)
{
    omost_status st = do_kind(k, err);
    omost_error bare;
    om_fail_nomem(&bare);
    if (st != OMOST_NOMEM || strcmp(err->msg, bare.msg) != 0) return st;
    return om_fail(err, st,
                   om_str_eqz(k->row.kind, "render")
                       ? "memory ran out while drawing: try a smaller picture, "
                         "or close other programs"
                       : "memory ran out: close other programs, or choose a "
                         "smaller model");
}

static om_job_state how_it_ended(om_worker *w, omost_status st)
{
    if (st == OMOST_OK) return OM_JOB_DONE;
    pthread_mutex_lock(&w->lock);
    const bool asked = w->cancelled, stopping = w->stopping;
    pthread_mutex_unlock(&w->lock);
    if (st != OMOST_CANCELLED) return OM_JOB_FAILED;
    return asked || !stopping ? OM_JOB_CANCELLED : OM_JOB_INTERRUPTED;
}

/* Tell the store, those who listen, and who waits for it; `err`: for the last. */
static void end(om_work *k, om_job_state state, om_str error,
                const omost_error *err)
{
    om_job_row ended = k->row;
    const bool kept = om_end_keep(k, state, error, &ended);
    const bool known = ended.kind.n > 0;
    if (known) publish_job(k->w, &ended);
    om_box_over(k->box, err);
    if (kept) return;
    om_end_late(k, state, error, &ended);
    if (!known && ended.kind.n > 0) publish_job(k->w, &ended);
}

/* Say that it is running, do it, and say how it ended. */
static void run(om_work *k)
{
    om_worker *w = k->w;
    omost_error err;
    om_error_clear(&err);
    int64_t since = 0;
    omost_status st;
    do
        st = om_store_job_set(w->opts.store, k->row.id, OM_JOB_RUNNING,
                              OM_STR(""), &err);
    while (om_work_again(k, st, &since));
    if (st == OMOST_OK) {
        k->row.state = OM_JOB_RUNNING;
        k->row.started = (int64_t)time(NULL) * 1000;
        om_work_tell(k, true);
        st = do_it(k, &err);
    }
    const om_job_state state = how_it_ended(w, st);
    const om_str why = state == OM_JOB_FAILED
                           ? om_json_text(&k->arena, om_error_json(&err, NULL))
                           : OM_STR("");
    if (st == OMOST_CANCELLED && err.status == OMOST_OK)
        om_fail(&err, st, "it was stopped");
    json_decref(k->request);
    end(k, state, why.p ? why : OM_STR(""), &err);
}

static void work_on(om_worker *w, om_waiting next)
{
    omost_error err;
    om_work k = {.w = w, .box = next.box};
    k.progress.seconds_left = -1;
    om_arena_init(&k.arena, w->opts.env, 0);
    const omost_status st = om_work_find(&k, next.id, &err);
    if (st == OMOST_CANCELLED || (st == OMOST_OK && next.cancelled))
        end(&k, OM_JOB_CANCELLED, OM_STR(""), &err);
    else if (st == OMOST_OK)
        run(&k);
    else
        om_box_over(k.box, &err);
    pthread_mutex_lock(&w->lock);
    w->running = 0;
    pthread_mutex_unlock(&w->lock);
    om_box_free(k.box, false);
    om_arena_free(&k.arena);
}

/* ---- the queue -------------------------------------------------------- */

/* The next job, which is then the running one; 0: the end. */
static om_waiting take_next(om_worker *w)
{
    om_waiting next = {0};
    pthread_mutex_lock(&w->lock);
    while (!w->stopping && w->n_queue == 0)
        pthread_cond_wait(&w->wake, &w->lock);
    if (!w->stopping) {
        next = w->queue[0];
        memmove(w->queue, w->queue + 1,
                (size_t)--w->n_queue * sizeof *w->queue);
        w->running = next.id;
        w->cancelled = false;
        atomic_store(&w->stop, false);
        w->progress = (om_job_progress){.seconds_left = -1};
        w->written.is = false;
    }
    pthread_mutex_unlock(&w->lock);
    return next;
}

static void *work(void *user)
{
    om_worker *w = user;
    om_waiting next;
    while ((next = take_next(w)).id != 0) work_on(w, next);
    om_close_models(w);
    return NULL;
}

omost_status om_worker_reserve(om_worker *w, omost_error *err)
{
    pthread_mutex_lock(&w->lock);
    const bool room = w->n_queue + w->n_held < w->limit;
    if (room) w->n_held++;
    pthread_mutex_unlock(&w->lock);
    if (room) return OMOST_OK;
    return om_fail(err, OMOST_LIMIT,
                   "%d jobs are waiting already; try again when some are done",
                   w->limit);
}

void om_worker_release(om_worker *w)
{
    pthread_mutex_lock(&w->lock);
    w->n_held--;
    pthread_mutex_unlock(&w->lock);
}

omost_status om_worker_add(om_worker *w, om_job_row *row, om_box *box,
                           omost_error *err)
{
    row->state = OM_JOB_QUEUED;
    omost_status st = om_store_job_add(w->opts.store, row, err);
    pthread_mutex_lock(&w->lock);
    w->n_held--;
    if (st == OMOST_OK) {
        /* Told before anybody can begin or cancel it. */
        om_events_publish(w->opts.events, "job", row->session,
                          om_job_new_json(row, w->n_queue));
        w->queue[w->n_queue++] = (om_waiting){.id = row->id, .box = box};
        pthread_cond_signal(&w->wake);
    }
    pthread_mutex_unlock(&w->lock);
    if (st != OMOST_OK) om_box_free(box, false);
    return st;
}

/* Its place is held until it is known that it has ended. */
static bool take_out(om_worker *w, int64_t job, om_box **box)
{
    for (int i = 0; i < w->n_queue; i++) {
        if (w->queue[i].id != job) continue;
        *box = w->queue[i].box;
        memmove(w->queue + i, w->queue + i + 1,
                (size_t)(--w->n_queue - i) * sizeof *w->queue);
        w->n_held++;
        return true;
    }
    return false;
}

/* The store cannot be told just now: the worker will, in its turn. */
static void end_in_turn(om_worker *w, int64_t job)
{
    pthread_mutex_lock(&w->lock);
    w->queue[w->n_queue++] = (om_waiting){.id = job, .cancelled = true};
    w->n_held--;
    pthread_cond_signal(&w->wake);
    pthread_mutex_unlock(&w->lock);
}

static void cancel_queued(om_worker *w, int64_t job)
{
    om_arena a;
    om_job_row row;
    omost_error err;
    if (om_store_job_set(w->opts.store, job, OM_JOB_CANCELLED, OM_STR(""),
                         &err) != OMOST_OK) {
        end_in_turn(w, job);
        return;
    }
    om_worker_release(w);
    om_arena_init(&a, w->opts.env, 0);
    if (om_store_job_get(w->opts.store, job, &a, &row, &err) == OMOST_OK)
        publish_job(w, &row);
    om_arena_free(&a);
}

omost_status om_worker_cancel(om_worker *w, int64_t job, omost_error *err)
{
    om_box *box = NULL;
    pthread_mutex_lock(&w->lock);
    const bool runs = w->running == job && job != 0;
    if (runs) {
        w->cancelled = true;
        atomic_store(&w->stop, true);
    }
    const bool waited = !runs && take_out(w, job, &box);
    pthread_mutex_unlock(&w->lock);
    if (runs) return OMOST_OK;
    if (waited) {
        omost_error stopped;
        om_fail(&stopped, OMOST_CANCELLED, "it was stopped");
        om_box_over(box, &stopped);
        om_box_free(box, false);
        cancel_queued(w, job);
        return OMOST_OK;
    }
    return om_fail(err, OMOST_MISSING,
                   "job %lld neither waits nor runs any more", (long long)job);
}

/* ---- from start to end ------------------------------------------------ */

static void free_worker(om_worker *w)
{
    om_buf_free(&w->preview);
    om_written_free(&w->written);
    om_buf_free(&w->writes.path);
    om_buf_free(&w->draws.path);
    om_buf_free(&w->engine_key);
    pthread_cond_destroy(&w->wake);
    pthread_mutex_destroy(&w->lock);
    for (int i = 0; i < w->n_queue; i++) om_box_free(w->queue[i].box, false);
    om_free(w->opts.env, w->queue);
    om_free(w->opts.env, w);
}

static const char *last_part(const char *path)
{
    const char *slash = path ? strrchr(path, '/') : NULL;
    return slash && slash[1] ? slash + 1 : path;
}

static void name_models(om_worker *w)
{
    const omost_composer_opts *c = &w->opts.composer;
    const char *who = c->model    ? last_part(c->model)
                      : c->server ? c->server
                                  : last_part(c->script);
    const char *draws = last_part(w->opts.engine.model);
    if (who) om_cut_text(w->given_composer, OM_MODEL_NAME, om_str_of(who));
    if (draws) om_cut_text(w->given_renderer, OM_MODEL_NAME, om_str_of(draws));
    memcpy(w->composer_name, w->given_composer, OM_MODEL_NAME);
    memcpy(w->writes.name, w->given_composer, OM_MODEL_NAME);
    memcpy(w->renderer_name, w->given_renderer, OM_MODEL_NAME);
    memcpy(w->draws.name, w->given_renderer, OM_MODEL_NAME);
}

const char *om_worker_given(const om_worker *w, const char *kind)
{
    const char *name = strcmp(kind, "composer") == 0   ? w->given_composer
                       : strcmp(kind, "renderer") == 0 ? w->given_renderer
                                                       : "";
    return *name ? name : NULL;
}

om_worker *om_worker_start(const om_worker_opts *opts, omost_error *err)
{
    om_worker *w = om_zalloc(opts->env, sizeof *w);
    if (!w) {
        om_fail_nomem(err);
        return NULL;
    }
    w->opts = *opts;
    w->limit = opts->queue_limit > 0 ? opts->queue_limit : QUEUE;
    om_buf_init(&w->preview, opts->env, PREVIEW_BYTES);
    om_written_init(&w->written, opts->env);
    om_buf_init(&w->writes.path, opts->env, MODEL_PATH);
    om_buf_init(&w->draws.path, opts->env, MODEL_PATH);
    om_buf_init(&w->engine_key, opts->env, MODEL_PATH);
    pthread_mutex_init(&w->lock, NULL);
    pthread_cond_init(&w->wake, NULL);
    name_models(w);
    w->queue = om_alloc(opts->env, (size_t)w->limit * sizeof *w->queue);
    if (!w->queue) {
        om_fail_nomem(err);
        free_worker(w);
        return NULL;
    }
    if (pthread_create(&w->thread, NULL, work, w) != 0) {
        om_fail(err, OMOST_NOMEM, "no thread is to be had");
        free_worker(w);
        return NULL;
    }
    return w;
}

void om_worker_stop(om_worker *w)
{
    if (!w) return;
    pthread_mutex_lock(&w->lock);
    w->stopping = true;
    atomic_store(&w->stop, true);
    pthread_cond_signal(&w->wake);
    pthread_mutex_unlock(&w->lock);
    pthread_join(w->thread, NULL);
    free_worker(w);
}
