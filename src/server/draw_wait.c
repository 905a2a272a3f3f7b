/* draw_wait.c - see draw_wait.h. */
#include "server/draw_wait.h"

#include "base/json.h"
#include "server/base64.h"

static void done(void *state)
{
    om_draw_wait *d = state;
    omost_error ended;
    /* Nobody wants it any more. */
    if (d->job && !d->over)
        (void)om_worker_cancel(d->server->worker, d->job, &ended);
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
    const om_str title = OM_STR("API");
    bool made = false;
    omost_status st =
        om_store_session_find(rq->server->store, title, id, &made, err);
    if (st == OMOST_OK && made) om_tell_session(rq, *id, title);
    return st;
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
    row->id = 0;
    omost_status st = om_worker_add(d->server->worker, row, d->box, err);
    d->job = row->id;
    d->over = false;
    return st;
}

/* In a place that is held. */
static omost_status add_render(om_request *rq, om_draw_wait *d,
                               omost_error *err)
{
    json_t *o = json_object();
    om_json_put(&o, "options", json_incref(d->options));
    om_job_row row = {.session = d->session,
                      .canvas = d->canvas,
                      .message = -1,
                      .kind = OM_STR("render"),
                      .request = om_json_text(rq->arena, o)};
    d->drawing = true;
    if (row.request.p) return add_job(rq, d, &row, err);
    om_worker_release(d->server->worker);
    return om_fail_nomem(err);
}

static omost_status add_words(om_request *rq, om_draw_wait *d, om_str words,
                              om_message_row *m, omost_error *err)
{
    omost_status st = find_session(rq, &d->session, err);
    *m = (om_message_row){.session = d->session, .parent = -1, .text = words};
    if (st == OMOST_OK) st = om_store_message_add(d->server->store, m, err);
    if (st == OMOST_OK) om_tell_message(rq, m);
    return st;
}

omost_status om_draw_words(om_request *rq, om_response *rs, om_draw_wait *d,
                           om_str words, omost_error *err)
{
    om_message_row m;
    omost_status st = om_hold_place(rq, rs, err);
    if (st != OMOST_OK) return st;
    st = add_words(rq, d, words, &m, err);
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

static omost_status add_canvas(om_request *rq, om_draw_wait *d, om_str python,
                               om_str notes, omost_error *err)
{
    om_canvas_row row = {
        .origin = OM_STR("import"), .python = python, .notes = notes};
    omost_status st = find_session(rq, &d->session, err);
    row.session = d->session;
    if (st == OMOST_OK) st = om_store_canvas_add(d->server->store, &row, err);
    d->canvas = row.id;
    return st;
}

omost_status om_draw_canvas(om_request *rq, om_response *rs, om_draw_wait *d,
                            omost_canvas *cv, omost_error *err)
{
    size_t n = 0;
    char *python = omost_canvas_to_python(cv, OMOST_PYTHON_PLAIN, &n, err);
    const om_str notes = om_notes_text(rq->arena, cv);
    omost_canvas_free(cv);
    if (!python) return err->status;
    omost_status st = om_hold_place(rq, rs, err);
    if (st == OMOST_OK) {
        st = add_canvas(rq, d, (om_str){python, n}, notes, err);
        if (st == OMOST_OK)
            st = add_render(rq, d, err);
        else
            om_worker_release(d->server->worker);
    }
    omost_text_free(NULL, python);
    return st;
}

omost_status om_draw_member(om_request *rq, om_response *rs, om_draw_wait *d,
                            bool *is, omost_error *err)
{
    const json_t *v = json_object_get(rq->json, "canvas");
    const bool text = json_is_string(v);
    *is = v && !json_is_null(v);
    if (!*is) return OMOST_OK;
    omost_canvas *cv = om_request_canvas(rq->json, text ? "canvas" : "",
                                         text ? "" : "canvas", false, err);
    return cv ? om_draw_canvas(rq, rs, d, cv, err) : err->status;
}

omost_status om_draw_go_on(om_request *rq, om_response *rs, om_draw_wait *d,
                           omost_error *err)
{
    const om_box_end end = om_box_look(d->box);
    rs->later = !end.ended;
    if (!end.ended) return OMOST_OK;
    d->over = true;
    d->stopped = end.err.status == OMOST_CANCELLED;
    if (end.err.status != OMOST_OK &&
        !(d->stopped && d->drawing && d->keep_stopped)) {
        *err = end.err;
        return err->status;
    }
    if (d->drawing)
        return om_store_job_images(d->server->store, d->job, rq->arena,
                                   &d->images, &d->n_images, err);
    d->canvas = end.canvas;
    if (!d->canvas)
        return om_fail(err, OMOST_SYNTAX,
                       "what the language model wrote is no canvas; ask again");
    omost_status st = om_hold_place(rq, rs, err);
    if (st == OMOST_OK) st = add_render(rq, d, err);
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
