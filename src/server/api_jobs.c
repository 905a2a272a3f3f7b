/* api_jobs.c - renders, and the jobs of all kinds. */
#include <stdio.h>

#include "base/json.h"
#include "server/api.h"

/* The member of a request that names the job it does again. */
#define AGAIN "restart_of"

omost_status om_hold_place(om_request *rq, om_response *rs, omost_error *err)
{
    omost_status st = om_worker_reserve(rq->server->worker, err);
    if (st == OMOST_OK) return st;
    rs->status = 503;
    om_response_header(rs, "Retry-After", OM_STR("5"));
    return st;
}

omost_status om_answer_job(om_request *rq, om_response *rs, om_job_row *row,
                           json_t *with, omost_error *err)
{
    omost_status st = om_worker_add(rq->server->worker, row, NULL, err);
    if (st != OMOST_OK) {
        json_decref(with);
        return st;
    }
    if (!with) with = json_object();
    om_json_put(&with, "job", om_job_json(rq->server->worker, row));
    rs->status = 202;
    return om_response_json(rs, with, err);
}

/* ---- renders ---------------------------------------------------------- */

/* What a request says is checked now, so that a job that is queued can be
 * done. */
static omost_status check_options(om_request *rq, json_t *options,
                                  omost_error *err)
{
    om_render_want want;
    om_image_row image;
    const om_worker_opts *o = om_worker_options(rq->server->worker);
    omost_status st = om_render_want_read(options, &o->render, &want, err);
    if (st == OMOST_OK) st = om_check_loras(o, &want, err);
    if (st == OMOST_OK && want.init_image)
        st = om_store_image_get(rq->server->store, want.init_image, rq->arena,
                                &image, err);
    for (int i = 0; st == OMOST_OK && i < want.n_loras; i++)
        st = om_models_check(rq->server, "lora", want.lora[i].name, err);
    return st;
}

static omost_status render_row(om_request *rq, om_job_row *row,
                               omost_error *err)
{
    json_t *options = NULL;
    om_canvas_row canvas;
    om_session_row session;
    omost_status st =
        om_member_int(rq->json, "canvas", 0, 1, INT64_MAX, &row->canvas, err);
    if (st == OMOST_OK && row->canvas == 0)
        st = om_fail(err, OMOST_USAGE, "the request needs a canvas");
    if (st == OMOST_OK)
        st = om_store_canvas_get(rq->server->store, row->canvas, rq->arena,
                                 &canvas, err);
    if (st == OMOST_OK)
        st = om_member_int(rq->json, "session", canvas.session, 1, INT64_MAX,
                           &row->session, err);
    if (st == OMOST_OK)
        st = om_store_session_get(rq->server->store, row->session, rq->arena,
                                  &session, err);
    if (st == OMOST_OK)
        st = om_member_object(rq->json, "options", &options, err);
    if (st == OMOST_OK) st = check_options(rq, options, err);
    if (st != OMOST_OK) return st;
    json_t *o = json_object();
    if (options) om_json_put(&o, "options", json_incref(options));
    row->request = om_json_text(rq->arena, o);
    row->kind = OM_STR("render");
    row->message = -1;
    return row->request.p ? OMOST_OK : om_fail_nomem(err);
}

omost_status om_post_render(om_request *rq, om_response *rs, omost_error *err)
{
    static const char *const known[] = {"session", "canvas", "options", NULL};
    om_job_row row = {0};
    omost_status st = om_members(rq->json, "the request", known, err);
    if (st == OMOST_OK) st = render_row(rq, &row, err);
    if (st == OMOST_OK) st = om_hold_place(rq, rs, err);
    return st == OMOST_OK ? om_answer_job(rq, rs, &row, NULL, err) : st;
}

/* ---- jobs ------------------------------------------------------------- */

json_t *om_jobs_json(om_request *rq, const om_job_row *rows, size_t n)
{
    json_t *a = json_array();
    for (size_t i = 0; i < n; i++)
        om_json_append(&a, om_job_json(rq->server->worker, &rows[i]));
    return a;
}

omost_status om_get_jobs(om_request *rq, om_response *rs, omost_error *err)
{
    om_page page;
    om_job_row *rows;
    size_t n = 0;
    int64_t session = 0, open = 0;
    omost_status st = om_request_page(rq, &page.before, &page.limit, err);
    if (st == OMOST_OK)
        st = om_request_int(rq, "session", 0, 1, INT64_MAX, &session, err);
    if (st == OMOST_OK) st = om_request_int(rq, "open", 0, 0, 1, &open, err);
    if (st == OMOST_OK)
        st = om_store_job_list(rq->server->store, session, open == 1, page,
                               rq->arena, &rows, &n, err);
    if (st != OMOST_OK) return st;
    json_t *o = json_object();
    om_json_put(&o, "jobs", om_jobs_json(rq, rows, n));
    return om_response_json(rs, o, err);
}

json_t *om_job_written_json(om_worker *w, const om_job_row *row)
{
    json_t *o = om_job_json(w, row);
    om_json_put(&o, "written", om_worker_written(w, row->id));
    return o;
}

/* With what was asked for, and what is written. */
omost_status om_get_job(om_request *rq, om_response *rs, omost_error *err)
{
    int64_t id;
    om_job_row row;
    const uint64_t event = om_events_last(rq->server->events);
    omost_status st = om_request_id(rq, 0, &id, err);
    if (st == OMOST_OK)
        st = om_store_job_get(rq->server->store, id, rq->arena, &row, err);
    if (st != OMOST_OK) return st;
    json_t *o = om_job_written_json(rq->server->worker, &row);
    om_json_put_int(&o, "event", (int64_t)event);
    om_json_put_raw(&o, "request", row.request);
    return om_response_json(rs, o, err);
}

omost_status om_post_cancel(om_request *rq, om_response *rs, omost_error *err)
{
    int64_t id;
    om_job_row row;
    omost_error ended;
    omost_status st = om_request_id(rq, 0, &id, err);
    if (st == OMOST_OK)
        st = om_store_job_get(rq->server->store, id, rq->arena, &row, err);
    if (st != OMOST_OK) return st;
    /* One that has ended just now is no fault of who asks. */
    (void)om_worker_cancel(rq->server->worker, id, &ended);
    st = om_store_job_get(rq->server->store, id, rq->arena, &row, err);
    if (st != OMOST_OK) return st;
    return om_response_json(rs, om_job_json(rq->server->worker, &row), err);
}

static bool may_restart(om_job_state state)
{
    return state == OM_JOB_FAILED || state == OM_JOB_CANCELLED ||
           state == OM_JOB_INTERRUPTED;
}

static bool is_restart_of(const om_job_row *row, int64_t id)
{
    omost_error err;
    json_t *o = om_json_parse(row->request, "the request", &err);
    const bool is = json_integer_value(json_object_get(o, AGAIN)) == id;
    json_decref(o);
    return is;
}

/* The job that does `was` again and waits, runs or is done; id 0: none. */
static omost_status find_restart(om_request *rq, const om_job_row *was,
                                 om_job_row *out, omost_error *err)
{
    om_job_row *rows;
    size_t n = 0;
    om_page page = {.limit = 100};
    out->id = 0;
    do {
        omost_status st =
            om_store_job_list(rq->server->store, was->session, false, page,
                              rq->arena, &rows, &n, err);
        if (st != OMOST_OK) return st;
        for (size_t i = 0; i < n && rows[i].id > was->id; i++) {
            if (may_restart(om_job_now(rq->server->worker, &rows[i])) ||
                !is_restart_of(&rows[i], was->id))
                continue;
            *out = rows[i];
            return OMOST_OK;
        }
        if (n) page.before = rows[n - 1].id;
    } while (n > 0 && page.before > was->id);
    return OMOST_OK;
}

/* The same request, and whose it was. */
static om_str again_request(om_request *rq, const om_job_row *was)
{
    omost_error err;
    json_t *o = om_json_parse(was->request, "the request", &err);
    om_json_put_int(&o, AGAIN, was->id);
    return om_json_text(rq->arena, o);
}

/* Two who ask for it (a second click, another page) get one job. */
static omost_status restart(om_request *rq, om_response *rs,
                            const om_job_row *was, omost_error *err)
{
    om_job_row row;
    omost_status st = find_restart(rq, was, &row, err);
    if (st != OMOST_OK) return st;
    if (row.id) {
        json_t *o = json_object();
        om_json_put(&o, "job", om_job_json(rq->server->worker, &row));
        return om_response_json(rs, o, err);
    }
    row = (om_job_row){.session = was->session,
                       .canvas = was->canvas,
                       .message = was->message,
                       .kind = was->kind,
                       .request = again_request(rq, was)};
    if (!row.request.p) return om_fail_nomem(err);
    st = om_hold_place(rq, rs, err);
    return st == OMOST_OK ? om_answer_job(rq, rs, &row, NULL, err) : st;
}

omost_status om_post_restart(om_request *rq, om_response *rs, omost_error *err)
{
    int64_t id;
    om_job_row was;
    omost_status st = om_request_id(rq, 0, &id, err);
    if (st == OMOST_OK)
        st = om_store_job_get(rq->server->store, id, rq->arena, &was, err);
    if (st != OMOST_OK) return st;
    const om_job_state state = om_job_now(rq->server->worker, &was);
    if (!may_restart(state)) {
        rs->status = 409;
        return om_fail(err, OMOST_USAGE,
                       "job %lld is %s; what failed or was stopped can be done "
                       "again",
                       (long long)id, om_job_state_name(state));
    }
    pthread_mutex_lock(&rq->server->restarts);
    st = restart(rq, rs, &was, err);
    pthread_mutex_unlock(&rq->server->restarts);
    return st;
}

omost_status om_get_job_preview(om_request *rq, om_response *rs,
                                omost_error *err)
{
    int64_t id;
    omost_status st = om_request_id(rq, 0, &id, err);
    if (st == OMOST_OK)
        st = om_worker_preview(rq->server->worker, id, &rs->body, err);
    rs->type = "image/png";
    return st;
}
