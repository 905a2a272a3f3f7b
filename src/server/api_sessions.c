/* api_sessions.c - sessions and their messages. */
#include <stdio.h>

#include "base/json.h"
#include "server/api.h"

enum { MAX_TITLE = 500, TITLE_OF_TEXT = 60, FEW_IMAGES = 50 };

/* ---- sessions --------------------------------------------------------- */

static json_t *list_json(const char *key, json_t *array)
{
    json_t *o = json_object();
    om_json_put(&o, key, array);
    return o;
}

omost_status om_get_sessions(om_request *rq, om_response *rs, omost_error *err)
{
    om_page page;
    om_session_row *rows;
    size_t n = 0;
    const om_str q = om_request_query(rq, "q");
    omost_status st = om_request_page(rq, &page.before, &page.limit, err);
    if (st == OMOST_OK)
        st = om_store_session_list(rq->server->store, q, page, rq->arena, &rows,
                                   &n, err);
    if (st != OMOST_OK) return st;
    json_t *a = json_array();
    for (size_t i = 0; i < n; i++)
        om_json_append(&a, om_session_json(&rows[i]));
    return om_response_json(rs, list_json("sessions", a), err);
}

static json_t *messages_json(const om_message_row *rows, size_t n)
{
    json_t *a = json_array();
    for (size_t i = 0; i < n; i++)
        om_json_append(&a, om_message_json(&rows[i]));
    return a;
}

static json_t *open_jobs_json(om_request *rq, const om_job_row *rows, size_t n)
{
    json_t *a = json_array();
    for (size_t i = 0; i < n; i++)
        om_json_append(&a, om_job_written_json(rq->server->worker, &rows[i]));
    return a;
}

static omost_status put_lists(om_request *rq, const om_session_row *s,
                              json_t **o, omost_error *err)
{
    om_message_row *messages;
    om_image_row *images;
    om_job_row *jobs;
    size_t n_messages = 0, n_images = 0, n_jobs = 0;
    const om_page page = {.limit = 500}, few = {.limit = FEW_IMAGES};
    om_store *store = rq->server->store;
    omost_status st = om_store_message_list(store, s->id, rq->arena, &messages,
                                            &n_messages, err);
    if (st == OMOST_OK)
        st = om_store_image_list(store, s->id, (om_str){0}, few, rq->arena,
                                 &images, &n_images, err);
    if (st == OMOST_OK)
        st = om_store_job_list(store, s->id, true, page, rq->arena, &jobs,
                               &n_jobs, err);
    if (st != OMOST_OK) return st;
    om_json_put(o, "messages", messages_json(messages, n_messages));
    om_json_put(o, "images", om_images_json(images, n_images));
    om_json_put(o, "jobs", open_jobs_json(rq, jobs, n_jobs));
    return *o ? OMOST_OK : om_fail_nomem(err);
}

omost_status om_session_full(om_request *rq, int64_t id, json_t **out,
                             omost_error *err)
{
    om_session_row s;
    omost_error lost;
    om_canvas_row row;
    *out = NULL;
    /* All that was told up to here is in what is read from here on. */
    const uint64_t event = om_events_last(rq->server->events);
    omost_status st =
        om_store_session_get(rq->server->store, id, rq->arena, &s, err);
    if (st != OMOST_OK) return st;
    json_t *o = om_session_json(&s);
    st = put_lists(rq, &s, &o, err);
    if (st != OMOST_OK) {
        json_decref(o);
        return st;
    }
    omost_canvas *cv =
        s.canvas ? om_load_canvas(rq, s.canvas, &row, &lost) : NULL;
    om_json_put(&o, "canvas", cv ? om_canvas_json(&row, cv) : json_null());
    omost_canvas_free(cv);
    om_json_put_int(&o, "event", (int64_t)event);
    *out = o;
    return o ? OMOST_OK : om_fail_nomem(err);
}

static omost_status answer_session(om_request *rq, om_response *rs, int64_t id,
                                   omost_error *err)
{
    json_t *o = NULL;
    omost_status st = om_session_full(rq, id, &o, err);
    return st == OMOST_OK ? om_response_json(rs, o, err) : st;
}

static void tell_session(om_request *rq, json_t *o)
{
    /* To all: every page has a list of them. */
    om_events_publish(rq->server->events, "session", 0, o);
}

static json_t *titled(int64_t id, om_str title)
{
    json_t *o = json_object();
    om_json_put_int(&o, "id", id);
    om_json_put_str(&o, "title", title);
    return o;
}

void om_tell_session(om_request *rq, int64_t id, om_str title)
{
    tell_session(rq, titled(id, title));
}

static omost_status check_title(om_str title, omost_error *err)
{
    if (title.n <= MAX_TITLE) return OMOST_OK;
    return om_fail(err, OMOST_RANGE, "a title has %d bytes at most", MAX_TITLE);
}

omost_status om_post_session(om_request *rq, om_response *rs, omost_error *err)
{
    static const char *const known[] = {"title", NULL};
    om_str title;
    int64_t id = 0;
    omost_status st = om_members(rq->json, "the request", known, err);
    if (st == OMOST_OK) st = om_member_str(rq->json, "title", &title, err);
    if (st == OMOST_OK) st = check_title(title, err);
    if (st != OMOST_OK) return st;
    if (!title.p) title = OM_STR("");
    st = om_store_session_add(rq->server->store, title, &id, err);
    if (st != OMOST_OK) return st;
    om_tell_session(rq, id, title);
    rs->status = 201;
    return answer_session(rq, rs, id, err);
}

omost_status om_get_session(om_request *rq, om_response *rs, omost_error *err)
{
    int64_t id;
    omost_status st = om_request_id(rq, 0, &id, err);
    return st == OMOST_OK ? answer_session(rq, rs, id, err) : st;
}

omost_status om_patch_session(om_request *rq, om_response *rs, omost_error *err)
{
    static const char *const known[] = {"title", "canvas", "parent", NULL};
    int64_t id, canvas = -1, parent = 0, was = 0;
    json_t *o = NULL;
    om_str title = {0};
    om_session_row s;
    omost_status st = om_request_id(rq, 0, &id, err);
    if (st == OMOST_OK) st = om_members(rq->json, "the request", known, err);
    if (st == OMOST_OK) st = om_member_str(rq->json, "title", &title, err);
    if (st == OMOST_OK) st = check_title(title, err);
    if (st == OMOST_OK)
        st = om_member_int(rq->json, "canvas", -1, 1, INT64_MAX, &canvas, err);
    if (st == OMOST_OK)
        st = om_member_int(rq->json, "parent", 0, 1, INT64_MAX, &parent, err);
    if (st == OMOST_OK)
        st = om_store_session_set(rq->server->store, id, title, canvas, &was,
                                  err);
    if (st == OMOST_OK)
        st = om_store_session_get(rq->server->store, id, rq->arena, &s, err);
    if (st != OMOST_OK) return st;
    json_t *told = titled(id, s.title);
    om_json_put_id(&told, "canvas", s.canvas);
    tell_session(rq, told);
    st = om_session_full(rq, id, &o, err);
    if (st != OMOST_OK) return st;
    om_json_put_id(&o, "replaced",
                   canvas > 0 ? om_replaced(was, parent, canvas) : 0);
    return om_response_json(rs, o, err);
}

omost_status om_delete_session(om_request *rq, om_response *rs,
                               omost_error *err)
{
    int64_t id;
    om_job_row *jobs;
    size_t n = 0;
    omost_error gone;
    omost_status st = om_request_id(rq, 0, &id, err);
    if (st == OMOST_OK)
        st = om_store_job_list(rq->server->store, id, true,
                               (om_page){.limit = 500}, rq->arena, &jobs, &n,
                               err);
    for (size_t i = 0; st == OMOST_OK && i < n; i++)
        (void)om_worker_cancel(rq->server->worker, jobs[i].id, &gone);
    if (st == OMOST_OK)
        st = om_store_session_delete(rq->server->store, id, err);
    if (st != OMOST_OK) return st;
    json_t *told = titled(id, OM_STR(""));
    om_json_put(&told, "deleted", json_true());
    tell_session(rq, told);
    rs->status = 204;
    return OMOST_OK;
}

/* ---- messages --------------------------------------------------------- */

/* The row of a job that answers message m, with these options. */
static omost_status compose_row(om_request *rq, int64_t session, int m,
                                om_job_row *row, omost_error *err)
{
    omost_compose_opts opts;
    json_t *options = NULL;
    int64_t canvas = 0;
    omost_status st = om_member_object(rq->json, "compose", &options, err);
    if (st == OMOST_OK)
        st = om_compose_want_read(
            options, &om_worker_options(rq->server->worker)->compose, &opts,
            err);
    if (st == OMOST_OK)
        st = om_member_int(rq->json, "canvas", 0, 1, INT64_MAX, &canvas, err);
    if (st == OMOST_OK && canvas) {
        om_canvas_row kept;
        st = om_store_canvas_get(rq->server->store, canvas, rq->arena, &kept,
                                 err);
    }
    if (st != OMOST_OK) return st;
    json_t *o = json_object();
    if (options) om_json_put(&o, "compose", json_incref(options));
    if (canvas) om_json_put_int(&o, "canvas", canvas);
    *row = (om_job_row){.session = session,
                        .message = m,
                        .kind = OM_STR("compose"),
                        .request = om_json_text(rq->arena, o)};
    return row->request.p ? OMOST_OK : om_fail_nomem(err);
}

static omost_status check_parent(om_request *rq, int64_t session,
                                 int64_t parent, omost_error *err)
{
    om_message_row *rows;
    size_t n = 0;
    omost_status st = om_store_message_list(rq->server->store, session,
                                            rq->arena, &rows, &n, err);
    if (st != OMOST_OK) return st;
    if (n >= OMOST_MAX_MESSAGES - 2)
        return om_fail(err, OMOST_LIMIT,
                       "this session is full; begin another one");
    if (parent < 0) return OMOST_OK;
    if ((size_t)parent >= n)
        return om_fail(err, OMOST_MISSING,
                       "there is no message %lld in this "
                       "session",
                       (long long)parent);
    if (rows[parent].assistant) return OMOST_OK;
    return om_fail(err, OMOST_USAGE,
                   "message %lld is a user's; what is said follows an answer",
                   (long long)parent);
}

static omost_status check_text(om_str text, omost_error *err)
{
    if (om_str_strip(text, " \t\r\n").n == 0)
        return om_fail(err, OMOST_USAGE, "the message has no text");
    if (text.n <= OMOST_MAX_MESSAGE) return OMOST_OK;
    return om_fail(err, OMOST_LIMIT, "a message has %d bytes at most",
                   OMOST_MAX_MESSAGE);
}

/* A session without a title gets the beginning of what is first said. */
static void give_title(om_request *rq, int64_t session, om_str text)
{
    om_session_row s;
    omost_error err;
    text = om_str_strip(text, " \t\r\n");
    if (om_store_session_get(rq->server->store, session, rq->arena, &s, &err) !=
            OMOST_OK ||
        s.title.n > 0)
        return;
    size_t n = 0, count = 0;
    while (n < text.n && text.p[n] != '\n' && count < TITLE_OF_TEXT) {
        n++;
        while (n < text.n && ((unsigned char)text.p[n] & 0xc0) == 0x80) n++;
        count++;
    }
    const om_str title = {text.p, n};
    if (om_store_session_set(rq->server->store, session, title, -1, NULL,
                             &err) == OMOST_OK)
        om_tell_session(rq, session, title);
}

void om_tell_message(om_request *rq, const om_message_row *m)
{
    json_t *event = om_message_json(m);
    om_json_put_int(&event, "session", m->session);
    om_events_publish(rq->server->events, "message", m->session, event);
}

static omost_status add_message(om_request *rq, om_response *rs,
                                om_message_row *m, omost_error *err)
{
    om_job_row row;
    omost_status st = compose_row(rq, m->session, -1, &row, err);
    if (st == OMOST_OK) st = om_hold_place(rq, rs, err);
    if (st != OMOST_OK) return st;
    st = om_store_message_add(rq->server->store, m, err);
    if (st != OMOST_OK) {
        om_worker_release(rq->server->worker);
        return st;
    }
    row.message = m->id;
    json_t *with = json_object();
    om_tell_message(rq, m);
    give_title(rq, m->session, m->text);
    om_json_put(&with, "message", om_message_json(m));
    return om_answer_job(rq, rs, &row, with, err);
}

omost_status om_post_message(om_request *rq, om_response *rs, omost_error *err)
{
    static const char *const known[] = {"parent", "text", "compose", "canvas",
                                        NULL};
    om_message_row m = {0};
    om_session_row s;
    int64_t parent = -1;
    omost_status st = om_request_id(rq, 0, &m.session, err);
    if (st == OMOST_OK) st = om_members(rq->json, "the request", known, err);
    if (st == OMOST_OK)
        st = om_member_int(rq->json, "parent", -1, -1, INT32_MAX, &parent, err);
    if (st == OMOST_OK) st = om_member_str(rq->json, "text", &m.text, err);
    if (st == OMOST_OK) st = check_text(m.text, err);
    if (st == OMOST_OK)
        st = om_store_session_get(rq->server->store, m.session, rq->arena, &s,
                                  err);
    if (st == OMOST_OK) st = check_parent(rq, m.session, parent, err);
    m.parent = (int)parent;
    return st == OMOST_OK ? add_message(rq, rs, &m, err) : st;
}

omost_status om_post_retry(om_request *rq, om_response *rs, omost_error *err)
{
    static const char *const known[] = {"compose", "canvas", NULL};
    om_message_row *rows;
    om_job_row row;
    size_t n = 0;
    int64_t session, m = 0;
    omost_status st = om_request_id(rq, 0, &session, err);
    if (st == OMOST_OK) st = om_members(rq->json, "the request", known, err);
    if (st == OMOST_OK)
        st = om_store_message_list(rq->server->store, session, rq->arena, &rows,
                                   &n, err);
    if (st != OMOST_OK) return st;
    if (!om_parse_id(rq->param[1], 0, (int64_t)n - 1, &m) || rows[m].assistant)
        return om_fail(err, OMOST_MISSING,
                       "there is no such message of a user in this session");
    st = compose_row(rq, session, (int)m, &row, err);
    if (st == OMOST_OK) st = om_hold_place(rq, rs, err);
    return st == OMOST_OK ? om_answer_job(rq, rs, &row, NULL, err) : st;
}
