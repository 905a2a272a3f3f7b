/* worker.h - one thread that owns the composer and the engine, and the bounded
 * queue before it.
 *
 * A job is a row of the store (store.h): it is acknowledged once it is there.
 * The worker takes the oldest, publishes how it goes (events.h), keeps what
 * comes of it (messages, canvases, pictures) before it says that it is done.
 * At most one model of a kind is loaded; whether both may stay in memory at
 * once is an option (a laptop of 8 GB cannot).
 *
 * Threads: any thread may ask; only the worker's own touches the engine. */
#ifndef OM_SERVER_WORKER_H
#define OM_SERVER_WORKER_H

#include "omost/compose.h"
#include "omost/render.h"
#include "server/events.h"
#include "store/store.h"

typedef struct om_worker om_worker;

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
    int queue_limit;          /* jobs waiting; 0: 64 */
    bool keep_both;
} om_worker_opts;

om_worker *om_worker_start(const om_worker_opts *opts, omost_error *err);
/* Stops the running job, which becomes interrupted, and waits. */
void om_worker_stop(om_worker *w);

/* Queue a job: the row's kind, session, message, canvas and request are set;
 * its id comes back. LIMIT: the queue is full (503, Retry-After). RANGE, FORMAT:
 * the request is wrong, nothing was queued. */
omost_status om_worker_add(om_worker *w, om_job_row *row, omost_error *err);
/* MISSING when there is none that could be cancelled. */
omost_status om_worker_cancel(om_worker *w, int64_t job, omost_error *err);

/* How a job is, as the API has it ({"id", "state", "position", "progress",
 * ...}), the caller's to release. NULL when there is none. */
json_t *om_worker_job_json(om_worker *w, int64_t job, omost_error *err);
/* Of the queue and what runs, for health. */
json_t *om_worker_state_json(om_worker *w);

/* Append the newest preview of a job (PNG); MISSING when there is none. */
omost_status om_worker_preview(om_worker *w, int64_t job, om_buf *png,
                               omost_error *err);

/* Wait until the job ended, or `stop(user)` says to; for APIs that answer when
 * the picture is there. */
omost_status om_worker_wait(om_worker *w, int64_t job, bool (*stop)(void *user),
                            void *user, omost_error *err);

#endif
