/* draw_wait.c - see draw_wait.h. */
#include "server/draw_wait.h"

#include "base/json.h"
#include "server/base64.h"

static void done(void *state)
{
    om_draw_wait *d = state;
    om_box_free(d->box, true);
    json_decref(d->options);
    om_free(d->env, d);
}

om_draw_wait *om_draw_state(om_request *rq, om_response *rs, bool *is_new)
{
    *is_new = !rs->state;
    if (rs->state) return rs->state;
    om_draw_wait *d = om_zalloc(rq->server->opts.env, sizeof *d);
    if (!d) return NULL;
    d->server = rq->server;
    d->env = rq->server->opts.env;
    rs->state = d;
    rs->done = done;
    return d;
}

/* The session that pictures of programs belong to; made when it is missing. */
static omost_status find_session(om_request *rq, int64_t *id, omost_error *err)
{
    om_session_row *rows;
    size_t n = 0;
    omost_status st =
        om_store_session_list(rq->server->store, (om_page){.limit = 500},
                              rq->arena, &rows, &n, err);
    for (size_t i = 0; st == OMOST_OK && i < n; i++) {
        if (!om_str_eqz(rows[i].title, "API")) continue;
        *id = rows[i].id;
        return OMOST_OK;
    }
    if (st != OMOST_OK) return st;
    return om_store_session_add(rq->server->store, OM_STR("API"), id, err);
}

/* The row in a place that is held; d->box is a new one. */
static omost_status add_job(om_request *rq, om_draw_wait *d, om_job_row *row,
                            omost_error *err)
{
    om_box_free(d->box, true);
    d->box = om_box_new(d->env, rq->waker);
    if (!d->box) {
        om_worker_release(d->server->worker);
        return om_fail_nomem(err);
    }
    omost_status st = om_worker_add(d->server->worker, row, d->box, err);
    d->job = row->id;
    return st;
}

static omost_status queue_render(om_request *rq, om_response *rs,
                                 om_draw_wait *d, omost_error *err)
{
    json_t *o = json_object();
    om_json_put(&o, "options", json_incref(d->options));
    om_job_row row = {.session = d->session,
                      .canvas = d->canvas,
                      .message = -1,
                      .kind = OM_STR("render"),
                      .request = om_request_text(rq, o)};
    if (!row.request.p) return om_fail_nomem(err);
    d->drawing = true;
    omost_status st = om_hold_place(rq, rs, err);
    return st == OMOST_OK ? add_job(rq, d, &row, err) : st;
}

omost_status om_draw_words(om_request *rq, om_response *rs, om_draw_wait *d,
                           om_str words, omost_error *err)
{
    omost_status st = find_session(rq, &d->session, err);
    if (st == OMOST_OK) st = om_hold_place(rq, rs, err);
    if (st != OMOST_OK) return st;
    om_message_row m = {.session = d->session, .parent = -1, .text = words};
    st = om_store_message_add(d->server->store, &m, err);
    if (st != OMOST_OK) {
        om_worker_release(d->server->worker);
        return st;
    }
    om_job_row row = {.session = d->session,
                      .message = m.id,
                      .kind = OM_STR("compose"),
                      .request = OM_STR("{}")};
    return add_job(rq, d, &row, err);
}

omost_status om_draw_canvas(om_request *rq, om_response *rs, om_draw_wait *d,
                            omost_canvas *cv, omost_error *err)
{
    size_t n = 0;
    om_canvas_row row = {.origin = OM_STR("import")};
    omost_status st = find_session(rq, &d->session, err);
    char *python = st == OMOST_OK
                       ? omost_canvas_to_python(cv, OMOST_PYTHON_PLAIN, &n, err)
                       : NULL;
    omost_canvas_free(cv);
    if (!python) return err->status;
    row.session = d->session;
    row.python = (om_str){python, n};
    st = om_store_canvas_add(d->server->store, &row, err);
    omost_text_free(NULL, python);
    d->canvas = row.id;
    return st == OMOST_OK ? queue_render(rq, rs, d, err) : st;
}

omost_status om_draw_go_on(om_request *rq, om_response *rs, om_draw_wait *d,
                           omost_error *err)
{
    omost_error ignored;
    d->end = om_box_look(d->box);
    if (!d->end.ended) {
        if (rq->gone)
            (void)om_worker_cancel(d->server->worker, d->job, &ignored);
        rs->later = true;
        return OMOST_OK;
    }
    if (d->end.err.status != OMOST_OK) {
        *err = d->end.err;
        return err->status;
    }
    if (d->drawing) {
        d->over = true;
        return OMOST_OK;
    }
    d->canvas = d->end.canvas;
    if (!d->canvas)
        return om_fail(err, OMOST_SYNTAX,
                       "what the language model wrote is no canvas; ask again");
    omost_status st = queue_render(rq, rs, d, err);
    rs->later = st == OMOST_OK;
    return st;
}

json_t *om_image_base64(om_server *s, int64_t id, omost_error *err)
{
    om_buf png, text;
    json_t *v = NULL;
    om_buf_init(&png, NULL, (size_t)1 << 29);
    om_buf_init(&text, NULL, (size_t)1 << 30);
    if (om_store_image_read(s->store, id, &png, err) == OMOST_OK) {
        om_base64_put(&text, om_buf_view(&png));
        if (om_buf_check(&text, "the picture", err) == OMOST_OK)
            v = om_json_new_str(om_buf_view(&text));
        if (!v && err->status == OMOST_OK) om_fail_nomem(err);
    }
    om_buf_free(&png);
    om_buf_free(&text);
    return v;
}
