/* worker_end.c - the worker and a store that cannot be used just now: the disk
 * is full, another program has the file, memory has run out. */
#include "base/clock.h"
#include "server/worker_impl.h"

enum { PATIENCE_MS = 30000 };

static bool may_pass(omost_status st)
{
    return st == OMOST_FULL || st == OMOST_LOCKED || st == OMOST_IO ||
           st == OMOST_NOMEM;
}

static void nap(int ms)
{
    const struct timespec t = {.tv_nsec = ms * 1000000L};
    nanosleep(&t, NULL);
}

bool om_work_again(om_work *k, omost_status st, int64_t *since)
{
    const int64_t now = om_clock_ms();
    if (*since == 0) *since = now;
    if (st != OMOST_LOCKED || !om_work_goes_on(k) || now - *since > PATIENCE_MS)
        return false;
    nap(100);
    return true;
}

/* ---- how it ended ------------------------------------------------------ */

static omost_status keep_end(om_work *k, om_job_state state, om_str error,
                             om_job_row *ended)
{
    omost_error err;
    om_store *store = k->w->opts.store;
    omost_status st = om_store_job_set(store, k->row.id, state, error, &err);
    if (st == OMOST_OK)
        st = om_store_job_get(store, k->row.id, &k->arena, ended, &err);
    if (st == OMOST_OK) return st;
    ended->state = state;
    ended->error = error;
    ended->ended = (int64_t)time(NULL) * 1000;
    return st;
}

/* From now on no job runs; NULL: the store knows how this one ended. */
static void set_late(om_worker *w, const om_job_row *ended)
{
    pthread_mutex_lock(&w->lock);
    w->running = 0;
    w->late = ended ? *ended : (om_job_row){.id = 0};
    om_cut_text(w->late_error, OM_LATE_ERROR,
                ended ? ended->error : OM_STR(""));
    pthread_mutex_unlock(&w->lock);
}

static bool is_stopping(om_worker *w)
{
    pthread_mutex_lock(&w->lock);
    const bool stopping = w->stopping;
    pthread_mutex_unlock(&w->lock);
    return stopping;
}

bool om_end_keep(om_work *k, om_job_state state, om_str error,
                 om_job_row *ended)
{
    const bool late = may_pass(keep_end(k, state, error, ended));
    set_late(k->w, late ? ended : NULL);
    return !late;
}

void om_end_late(om_work *k, om_job_state state, om_str error,
                 om_job_row *ended)
{
    do nap(200);
    while (!is_stopping(k->w) && may_pass(keep_end(k, state, error, ended)));
    set_late(k->w, NULL);
}

/* ---- where it begins --------------------------------------------------- */

omost_status om_work_find(om_work *k, int64_t id, omost_error *err)
{
    omost_status st;
    while (may_pass(st = om_store_job_get(k->w->opts.store, id, &k->arena,
                                          &k->row, err)) &&
           om_work_goes_on(k))
        nap(200);
    if (!may_pass(st) || is_stopping(k->w)) return st;
    k->row = (om_job_row){.id = id};
    return om_fail(err, OMOST_CANCELLED, "it was stopped");
}
