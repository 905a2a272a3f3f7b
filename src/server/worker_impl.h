/* worker_impl.h - the worker's parts: the queue (worker.c), what is told about
 * it (worker_json.c), and the kinds of work (worker_*.c), which run in its
 * thread. */
#ifndef OM_SERVER_WORKER_IMPL_H
#define OM_SERVER_WORKER_IMPL_H

#include <pthread.h>
#include <stdatomic.h>

#include "server/api_json.h"
#include "server/request.h"
#include "server/worker.h"

enum {
    OM_TEXT_MS = 50,
    OM_PROGRESS_MS = 100,
    OM_MODEL_NAME = 256,
    OM_LATE_ERROR = 2048, /* a message of 240 bytes, escaped */
};

/* How far the running job is. */
typedef struct om_job_progress {
    char phase[40];
    double done, total_done;
    int step, steps, index, batch;
    double seconds_left; /* negative: not known */
    int tokens;
    double tokens_per_second;
} om_job_progress;

/* The running reply so far (worker_written.c). */
enum { OM_WRITTEN_TEXT = 1 << 20, OM_WRITTEN_REGIONS = 4 << 20 };
typedef struct om_written {
    bool is;               /* something is being written */
    om_buf text;           /* of this attempt */
    om_buf regions, notes; /* JSON values with commas between them */
} om_written;

/* What requests chose of a kind of models. */
typedef struct om_choice {
    om_buf path; /* n 0: as in opts */
    bool none;
    char name[OM_MODEL_NAME]; /* as requests call it; "" where opts has none */
} om_choice;

/* A job that waits, and who waits for it. */
typedef struct om_waiting {
    int64_t id;
    om_box *box;    /* or NULL */
    bool cancelled; /* it is only to be ended */
} om_waiting;

struct om_worker {
    om_worker_opts opts;
    char given_composer[OM_MODEL_NAME], given_renderer[OM_MODEL_NAME];
    pthread_mutex_t lock; /* of what follows, up to the line */
    pthread_cond_t wake;
    bool stopping;
    om_waiting *queue; /* [limit], oldest first */
    int n_queue, n_held, limit;
    int64_t running; /* 0: none */
    bool cancelled;  /* somebody asked for it */
    om_job_progress progress;
    int64_t preview_job;
    int n_previews;
    om_buf preview;
    om_written written;
    om_job_row late; /* how a job ended that the store cannot be told now;
                           * id 0: none */
    char late_error[OM_LATE_ERROR]; /* its error, JSON */
    char composer_name[OM_MODEL_NAME], renderer_name[OM_MODEL_NAME];
    int composer_context;
    char backend[24], precision[16];
    /* ---- the worker's thread alone: */
    pthread_t thread;
    atomic_bool stop; /* looked at by the work, often */
    omost_composer *composer;
    om_choice writes, draws;
    omost_engine *engine;
    om_buf engine_key; /* of what is open */
};

/* The work that is being done. */
typedef struct om_work {
    om_worker *w;
    om_job_row row;
    om_arena arena;
    json_t *request;
    om_box *box;  /* or NULL */
    int64_t told; /* ms: when progress was published */
    om_job_progress progress;
} om_work;

/* JOB of one that has just been queued; asks nobody, so that it can be said
 * with the lock held. */
json_t *om_job_new_json(const om_job_row *row, int position);

omost_status om_work_compose(om_work *k, omost_error *err);
omost_status om_work_render(om_work *k, omost_error *err);
omost_status om_work_load(om_work *k, omost_error *err);

/* Publish k->progress, at most ten times a second unless `now`. */
void om_work_tell(om_work *k, bool now);
void om_work_publish(om_work *k, const char *name, json_t *data);
/* After a call of the store: true to call it again, because another program has
 * the file for a while. *since: 0 before the first. */
bool om_work_again(om_work *k, omost_status st, int64_t *since);

/* Tell the store how the job ended; *ended is its row then. From now on no job
 * runs. False: it cannot be told now. The row says what is true, those who ask
 * get that, and when it has been published om_end_late() tries until it is told:
 * no other job could be done either. The next start would find it running. */
bool om_end_keep(om_work *k, om_job_state state, om_str error,
                 om_job_row *ended);
void om_end_late(om_work *k, om_job_state state, om_str error,
                 om_job_row *ended);
/* Read the job's row, patiently: one that cannot be read just now has not
 * failed. CANCELLED when somebody asked for that meanwhile: k->row has no more
 * than the number then. */
omost_status om_work_find(om_work *k, int64_t id, omost_error *err);

void om_written_init(om_written *n, const omost_env *env);
void om_written_free(om_written *n);
/* A reply begins; with its "message" event it ends. */
void om_written_begin(om_work *k);
/* Publish, and remember texts, regions and notes. */
void om_written_tell(om_work *k, const char *name, json_t *data);
bool om_work_goes_on(const om_work *k);

/* Open what is needed, if it is not open already (worker_models.c). */
omost_status om_need_composer(om_work *k, omost_error *err);
omost_status om_need_engine(om_work *k, const om_render_want *want,
                            omost_error *err);
/* Let those who ask see who writes. */
void om_show_composer(om_worker *w);
void om_close_models(om_worker *w);

#endif
