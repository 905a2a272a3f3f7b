/* worker.h - one thread that owns the composer and the engine, and the bounded
 * queue before it.
 *
 * A job is a row of the store (store.h): it is acknowledged once it is there.
 * The worker takes the oldest, publishes how it goes (events.h), keeps what
 * comes of it (messages, canvases, pictures) before it says that it is done.
 * At most one model of a kind is loaded; whether both may stay in memory at
 * once is an option (a laptop of 8 GB cannot).
 *
 * Requests of jobs, as rows keep them:
 *
 *     compose  {"compose": {options}, "canvas": C}      both may be missing
 *              {"compose": {options}, "messages": [{"role", "content"}...]}
 *              of no session: nothing but the job is kept
 *     render   {"options": {options}}
 *     load     {"composer": NAME|null, "renderer": NAME|null}
 *
 * Threads: any thread may ask; only the worker's own touches the engine. */
#ifndef OM_SERVER_WORKER_H
#define OM_SERVER_WORKER_H

#include "omost/compose.h"
#include "omost/render.h"
#include "server/box.h"
#include "server/events.h"
#include "server/request.h"
#include "store/store.h"

typedef struct om_worker om_worker;

/* "composer", "renderer" or "lora", and the name a request gives: append the
 * path of the file or folder, with a NUL. */
typedef omost_status om_model_path_fn(void *user, const char *kind, om_str name,
                                      om_buf *path, omost_error *err);

typedef struct om_worker_opts {
    const omost_env *env;
    om_store *store;   /* outlives the worker */
    om_events *events; /* as well */
    /* Who writes and who draws; with no model, server and script in the
     * first, or no model in the second, that kind of job fails with a sentence
     * that says what to do. Texts outlive the worker. */
    omost_composer_opts composer;
    omost_compose_opts compose; /* defaults of requests */
    omost_engine_opts engine;
    omost_render_opts render; /* defaults of requests */
    om_model_path_fn *find;   /* NULL: no names are known */
    void *user;
    const char *uploads; /* folder (uploads.h) */
    int queue_limit;     /* jobs waiting; 0: 64 */
    bool keep_both;
} om_worker_opts;

om_worker *om_worker_start(const om_worker_opts *opts, omost_error *err);
/* Stops the running job, which becomes interrupted, and waits. */
void om_worker_stop(om_worker *w);
const om_worker_opts *om_worker_options(const om_worker *w);
/* What a request calls the "composer" or "renderer" that opts named; NULL:
 * none. It never changes. */
const char *om_worker_given(const om_worker *w, const char *kind);

/* Hold a place in the queue; it is used by om_worker_add() or given back.
 * LIMIT: the queue is full (503, Retry-After). */
omost_status om_worker_reserve(om_worker *w, omost_error *err);
void om_worker_release(om_worker *w);
/* Queue a job in the place that was held, whatever comes out of it: the row's
 * kind, session, message, canvas and request are set; its id comes back. `box`
 * (NULL: none) hears of it; it is the worker's to free, always. */
omost_status om_worker_add(om_worker *w, om_job_row *row, om_box *box,
                           omost_error *err);
/* MISSING when there is none that could be cancelled. */
omost_status om_worker_cancel(om_worker *w, int64_t job, omost_error *err);

/* Jobs that wait before it; -1: it does not wait. */
int om_worker_position(om_worker *w, int64_t job);
/* How the running job goes, or NULL when `job` is not it. */
json_t *om_worker_progress(om_worker *w, int64_t job);
/* What the running reply has become so far: {"event": number of the newest event,
 * "text", "regions": [what those events said], "notes", "cut"}; null when `job`
 * writes nothing. Events after that number go on from it. */
json_t *om_worker_written(om_worker *w, int64_t job);
/* {"length", "limit", "running": JOB|null}, and of the models. */
json_t *om_worker_queue_json(om_worker *w);
json_t *om_worker_composer_json(om_worker *w);
json_t *om_worker_renderer_json(om_worker *w);
/* Its state; not always what the row says (worker_end.c). */
om_job_state om_job_now(om_worker *w, const om_job_row *row);
/* JOB without its request, which may be a whole conversation: what is told ten
 * times a second to all. */
json_t *om_job_json(om_worker *w, const om_job_row *row);

/* RANGE: these and those the server was started with are too many. */
omost_status om_check_loras(const om_worker_opts *o, const om_render_want *want,
                            omost_error *err);

/* Append the newest preview of a job (PNG); MISSING when there is none. */
omost_status om_worker_preview(om_worker *w, int64_t job, om_buf *png,
                               omost_error *err);

#endif
