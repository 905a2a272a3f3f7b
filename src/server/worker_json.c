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

/* Asked for at every progress of a drawing: other jobs need no look at the
 * store. */
static json_t *images_json(om_worker *w, const om_job_row *row)
{
    if (!om_str_eqz(row->kind, "render") || row->state == OM_JOB_QUEUED)
        return json_array();
    om_arena a;
    int64_t *ids = NULL;
    size_t n = 0;
    omost_error err;
    json_t *out = json_array();
    om_arena_init(&a, w->opts.env, 0);
    if (om_store_job_images(w->opts.store, row->id, &a, &ids, &n, &err) !=
        OMOST_OK)
        n = 0;
    for (size_t i = 0; i < n; i++) om_json_append(&out, json_integer(ids[i]));
    om_arena_free(&a);
    return out;
}

/* `position` negative: it does not wait. Takes the others. */
static json_t *job_json(const om_job_row *row, int position, json_t *progress,
                        json_t *images)
{
    json_t *o = json_object();
    om_json_put_int(&o, "id", row->id);
    om_json_put_str(&o, "kind", row->kind);
    om_json_put(&o, "state", json_string(om_job_state_name(row->state)));
    om_json_put_id(&o, "session", row->session);
    om_json_put(&o, "message",
                row->message < 0 ? json_null() : json_integer(row->message));
    om_json_put_id(&o, "canvas", row->canvas);
    om_json_put(&o, "position",
                position < 0 ? json_null() : json_integer(position));
    om_json_put(&o, "progress", progress ? progress : json_null());
    om_json_put_raw(&o, "error", row->error);
    om_json_put(&o, "images", images);
    om_json_put_time(&o, "created", row->created);
    om_json_put_time(&o, "started", row->started);
    om_json_put_time(&o, "ended", row->ended);
    return o;
}

/* As it is, where the store could not be told yet. */
static om_job_row now_of(om_worker *w, const om_job_row *row,
                         char error[OM_LATE_ERROR])
{
    om_job_row now = *row;
    pthread_mutex_lock(&w->lock);
    if (w->late.id == row->id && row->id != 0 && row->ended == 0) {
        memcpy(error, w->late_error, OM_LATE_ERROR);
        now.state = w->late.state;
        now.ended = w->late.ended;
        now.error = om_str_of(error);
    }
    pthread_mutex_unlock(&w->lock);
    return now;
}

om_job_state om_job_now(om_worker *w, const om_job_row *stored)
{
    char error[OM_LATE_ERROR];
    return now_of(w, stored, error).state;
}

json_t *om_job_json(om_worker *w, const om_job_row *stored)
{
    char error[OM_LATE_ERROR];
    const om_job_row now = now_of(w, stored, error), *row = &now;
    return job_json(row, om_worker_position(w, row->id),
                    om_worker_progress(w, row->id), images_json(w, row));
}

json_t *om_job_new_json(const om_job_row *row, int position)
{
    return job_json(row, position, NULL, json_array());
}

/* NULL: it is not there any more. */
static json_t *find_json(om_worker *w, int64_t id)
{
    om_arena a;
    om_job_row row;
    omost_error err;
    json_t *o = NULL;
    om_arena_init(&a, w->opts.env, 0);
    if (om_store_job_get(w->opts.store, id, &a, &row, &err) == OMOST_OK)
        o = om_job_json(w, &row);
    om_arena_free(&a);
    return o;
}

json_t *om_worker_queue_json(om_worker *w)
{
    pthread_mutex_lock(&w->lock);
    const int64_t id = w->running;
    const int n = w->n_queue;
    pthread_mutex_unlock(&w->lock);
    json_t *running = id ? find_json(w, id) : NULL;
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
