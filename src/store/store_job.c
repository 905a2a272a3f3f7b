/* store_job.c - see store.h. */
#include "store/store_impl.h"

static const char *const state_names[] = {
#define X(id, name) [OM_JOB_##id] = name,
    OM_JOB_STATE_LIST(X)
#undef X
};
enum { N_STATES = sizeof state_names / sizeof *state_names };

const char *om_job_state_name(om_job_state state)
{
    return (size_t)state < N_STATES ? state_names[state] : "";
}

static bool state_of(om_str name, om_job_state *out)
{
    for (int i = 0; i < N_STATES; i++)
        if (om_str_eqz(name, state_names[i])) {
            *out = (om_job_state)i;
            return true;
        }
    return false;
}

omost_status om_job_check(om_store *s, int64_t id, omost_error *err)
{
    return om_store_expect(s, "SELECT 1 FROM jobs WHERE id = ?1", "job", id,
                           err);
}

/* ---- changing -------------------------------------------------------- */

static omost_status insert(om_store *s, const om_job_row *row, omost_error *err)
{
    om_query q = om_query_of(
        s,
        "INSERT INTO jobs(session, canvas, message, kind, request, state,"
        " error, created, started, ended)"
        " VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
        err);
    om_put_id(&q, row->session);
    om_put_id(&q, row->canvas);
    om_put_int(&q, row->message);
    om_put_text(&q, row->kind);
    om_put_text(&q, row->request);
    om_put_text(&q, om_str_of(om_job_state_name(row->state)));
    om_put_text(&q, row->error);
    om_put_int(&q, row->created);
    om_put_int(&q, row->started);
    om_put_int(&q, row->ended);
    return om_query_run(&q);
}

omost_status om_store_job_add(om_store *s, om_job_row *row, omost_error *err)
{
    om_job_row j = *row;
    omost_status st = om_store_begin(s, err);
    if (st != OMOST_OK) return st;
    if (row->session) st = om_session_check(s, row->session, err);
    if (st == OMOST_OK && row->canvas)
        st = om_canvas_check(s, row->canvas, err);
    j.created = om_store_now();
    if (st == OMOST_OK) st = insert(s, &j, err);
    j.id = om_store_last_id(s);
    st = om_store_finish(s, st, err);
    if (st == OMOST_OK) *row = j;
    return st;
}

omost_status om_store_job_set(om_store *s, int64_t id, om_job_state state,
                              om_str error, omost_error *err)
{
    const int64_t now = om_store_now();
    omost_status st = om_store_begin(s, err);
    if (st != OMOST_OK) return st;
    om_query q = om_query_of(
        s,
        "UPDATE jobs SET state = ?1, error = ?2,"
        " started = CASE WHEN ?3 THEN ?3 ELSE started END,"
        " ended = CASE WHEN ?4 THEN ?4 ELSE ended END WHERE id = ?5",
        err);
    om_put_text(&q, om_str_of(om_job_state_name(state)));
    om_put_text(&q, error);
    om_put_int(&q, state == OM_JOB_RUNNING ? now : 0);
    om_put_int(&q, state > OM_JOB_RUNNING ? now : 0);
    om_put_int(&q, id);
    st = om_query_run(&q);
    if (st == OMOST_OK && !om_store_changed(s))
        st = om_store_missing("job", id, err);
    return om_store_finish(s, st, err);
}

/* ---- reading --------------------------------------------------------- */

#define SELECT_JOBS                                              \
    "SELECT id, session, canvas, message, kind, request, state," \
    " error, created, started, ended FROM jobs "
#define PAGE "AND id < ?1 ORDER BY id DESC LIMIT ?2"

static void take_job(om_query *q, om_arena *a, om_job_row *out)
{
    out->id = om_take_int(q);
    out->session = om_take_int(q);
    out->canvas = om_take_int(q);
    out->message = (int)om_take_int(q);
    out->kind = om_take_text(q, a);
    out->request = om_take_text(q, a);
    const om_str state = om_take_text(q, a);
    out->error = om_take_text(q, a);
    out->created = om_take_int(q);
    out->started = om_take_int(q);
    out->ended = om_take_int(q);
    if (q->status == OMOST_OK && !state_of(state, &out->state))
        q->status = om_store_damaged(q->s, "a job's state", q->err);
}

omost_status om_store_job_get(om_store *s, int64_t id, om_arena *a,
                              om_job_row *out, omost_error *err)
{
    om_store_enter(s, err);
    om_query q = om_query_of(s, SELECT_JOBS "WHERE id = ?1", err);
    om_put_int(&q, id);
    const bool is_there = om_query_row(&q);
    if (is_there) take_job(&q, a, out);
    omost_status st = om_query_end(&q);
    om_store_leave(s);
    return st == OMOST_OK && !is_there ? om_store_missing("job", id, err) : st;
}

/* Each has an index that fits: what is open is little, a session's is, too. */
static const char *list_query(int64_t session, bool open_only)
{
    if (open_only)
        return SELECT_JOBS "WHERE state IN ('queued', 'running')"
                           " AND ?3 IN (0, session) " PAGE;
    return session ? SELECT_JOBS "WHERE session = ?3 " PAGE
                   : SELECT_JOBS "WHERE ?3 = 0 " PAGE;
}

omost_status om_store_job_list(om_store *s, int64_t session, bool open_only,
                               om_page page, om_arena *a, om_job_row **out,
                               size_t *n, omost_error *err)
{
    void *rows = NULL;
    om_job_row *row;
    om_store_enter(s, err);
    om_query q = om_query_of(s, list_query(session, open_only), err);
    om_put_page(&q, page);
    om_put_int(&q, session);
    for (*n = 0; om_query_row(&q); (*n)++) {
        row = om_query_slot(&q, a, &rows, *n, sizeof *row);
        if (!row) break;
        take_job(&q, a, row);
    }
    omost_status st = om_query_end(&q);
    om_store_leave(s);
    *out = rows;
    return st;
}
