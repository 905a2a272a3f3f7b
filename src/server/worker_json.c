/* worker_json.c - what is told about jobs; see worker.h. */
#include "server/worker.h"

#include "base/json.h"
#include "server/worker_impl.h"

int om_worker_position(om_worker *w, int64_t job)
{
    int at = -1;
    pthread_mutex_lock(&w->lock);
    for (int i = 0; i < w->n_queue && at < 0; i++)
        if (w->queue[i].id == job) at = i;
    pthread_mutex_unlock(&w->lock);
    return at;
}

static json_t *progress_json(const om_job_progress *p)
{
    json_t *o = json_object();
    om_json_put(&o, "phase", json_string(p->phase));
    om_json_put(&o, "done", json_real(p->done));
    om_json_put(&o, "total_done", json_real(p->total_done));
    om_json_put_int(&o, "step", p->step);
    om_json_put_int(&o, "steps", p->steps);
    om_json_put_int(&o, "index", p->index);
    om_json_put_int(&o, "batch", p->batch);
    om_json_put(&o, "seconds_left",
                p->seconds_left < 0 ? json_null() : json_real(p->seconds_left));
    om_json_put_int(&o, "tokens", p->tokens);
    om_json_put(&o, "tokens_per_second", json_real(p->tokens_per_second));
    return o;
}

json_t *om_worker_progress(om_worker *w, int64_t job)
{
    pthread_mutex_lock(&w->lock);
    const bool runs = w->running == job && job != 0;
    const om_job_progress p = w->progress;
    pthread_mutex_unlock(&w->lock);
    return runs ? progress_json(&p) : NULL;
}

/* Of the running job; NULL when it is another one. */
static json_t *drawn_json(om_worker *w, int64_t job)
{
    json_t *out = NULL;
    pthread_mutex_lock(&w->lock);
    if (w->running == job) out = json_array();
    for (int i = 0; out && i < w->n_drawn; i++)
        om_json_append(&out, json_integer(w->drawn[i]));
    pthread_mutex_unlock(&w->lock);
    return out;
}

/* Pictures of a job that ended, among `list`, newest first. */
static json_t *pick_images(const om_image_row *list, size_t n, int64_t job)
{
    json_t *out = json_array();
    for (size_t i = n; i-- > 0;)
        if (list[i].job == job) om_json_append(&out, json_integer(list[i].id));
    return out;
}

static bool has_images(const om_job_row *row)
{
    return row->state != OM_JOB_QUEUED && om_str_eqz(row->kind, "render");
}

static json_t *find_images(om_worker *w, const om_job_row *row)
{
    om_arena a;
    om_image_row *list = NULL;
    size_t n = 0;
    omost_error err;
    json_t *out = drawn_json(w, row->id);
    if (out) return out;
    om_arena_init(&a, w->opts.env, 0);
    if (has_images(row))
        (void)om_store_image_list(w->opts.store, row->session, (om_str){0},
                                  (om_page){.limit = 500}, &a, &list, &n, &err);
    out = pick_images(list, n, row->id);
    om_arena_free(&a);
    return out;
}

json_t *om_jobs_json(om_worker *w, const om_job_row *rows, size_t n,
                     int64_t session)
{
    om_arena a;
    om_image_row *list = NULL;
    size_t n_list = 0;
    omost_error err;
    bool any = false;
    json_t *out = json_array();
    om_arena_init(&a, w->opts.env, 0);
    for (size_t i = 0; i < n; i++) any = any || has_images(&rows[i]);
    if (any) /* one look for all of them */
        (void)om_store_image_list(w->opts.store, session, (om_str){0},
                                  (om_page){.limit = 500}, &a, &list, &n_list,
                                  &err);
    for (size_t i = 0; i < n; i++) {
        json_t *images = drawn_json(w, rows[i].id);
        if (!images) images = pick_images(list, n_list, rows[i].id);
        om_json_append(&out, om_job_json(w, &rows[i], images));
    }
    om_arena_free(&a);
    return out;
}

json_t *om_job_json(om_worker *w, const om_job_row *row, json_t *images)
{
    json_t *o = json_object();
    json_t *progress = om_worker_progress(w, row->id);
    const int at = om_worker_position(w, row->id);
    om_json_put_int(&o, "id", row->id);
    om_json_put_str(&o, "kind", row->kind);
    om_json_put(&o, "state", json_string(om_job_state_name(row->state)));
    om_json_put_id(&o, "session", row->session);
    om_json_put(&o, "message",
                row->message < 0 ? json_null() : json_integer(row->message));
    om_json_put_id(&o, "canvas", row->canvas);
    om_json_put(&o, "position", at < 0 ? json_null() : json_integer(at));
    om_json_put(&o, "progress", progress ? progress : json_null());
    om_json_put_raw(&o, "error", row->error);
    om_json_put(&o, "images", images ? images : find_images(w, row));
    om_json_put_time(&o, "created", row->created);
    om_json_put_time(&o, "started", row->started);
    om_json_put_time(&o, "ended", row->ended);
    om_json_put_raw(&o, "request", row->request);
    return o;
}

omost_status om_job_find_json(om_worker *w, int64_t id, json_t **out,
                              omost_error *err)
{
    om_arena a;
    om_job_row row;
    *out = NULL;
    om_arena_init(&a, w->opts.env, 0);
    omost_status st = om_store_job_get(w->opts.store, id, &a, &row, err);
    if (st == OMOST_OK) {
        *out = om_job_json(w, &row, NULL);
        if (!*out) st = om_fail_nomem(err);
    }
    om_arena_free(&a);
    return st;
}

json_t *om_worker_queue_json(om_worker *w)
{
    omost_error err;
    json_t *running = NULL;
    pthread_mutex_lock(&w->lock);
    const int64_t id = w->running;
    const int n = w->n_queue;
    pthread_mutex_unlock(&w->lock);
    if (id) (void)om_job_find_json(w, id, &running, &err);
    json_t *o = json_object();
    om_json_put_int(&o, "length", n);
    om_json_put_int(&o, "limit", w->limit);
    om_json_put(&o, "running", running ? running : json_null());
    return o;
}

json_t *om_worker_composer_json(om_worker *w)
{
    json_t *o = json_object();
    pthread_mutex_lock(&w->lock);
    const bool is = w->composer_name[0] != '\0';
    om_json_put_str(&o, "name", om_str_of(w->composer_name));
    om_json_put_id(&o, "context", w->composer_context);
    pthread_mutex_unlock(&w->lock);
    if (is) return o;
    json_decref(o);
    return json_null();
}

json_t *om_worker_renderer_json(om_worker *w)
{
    json_t *o = json_object();
    pthread_mutex_lock(&w->lock);
    const bool is = w->renderer_name[0] != '\0';
    om_json_put_str(&o, "name", om_str_of(w->renderer_name));
    om_json_put(&o, "backend",
                w->backend[0] ? json_string(w->backend) : json_null());
    om_json_put(&o, "precision",
                w->precision[0] ? json_string(w->precision) : json_null());
    pthread_mutex_unlock(&w->lock);
    if (is) return o;
    json_decref(o);
    return json_null();
}

omost_status om_worker_preview(om_worker *w, int64_t job, om_buf *png,
                               omost_error *err)
{
    pthread_mutex_lock(&w->lock);
    const bool is = w->preview_job == job && w->preview.n > 0;
    if (is) om_buf_put(png, w->preview.p, w->preview.n);
    pthread_mutex_unlock(&w->lock);
    if (is) return om_buf_check(png, "the preview", err);
    return om_fail(err, OMOST_MISSING, "there is no preview of job %lld",
                   (long long)job);
}
