/* api_canvases.c - canvases that are kept. */
#include "base/json.h"
#include "omost/picture.h"
#include "server/api.h"

omost_canvas *om_load_canvas(om_request *rq, int64_t id, om_canvas_row *row,
                             omost_error *err)
{
    if (om_store_canvas_get(rq->server->store, id, rq->arena, row, err) !=
        OMOST_OK)
        return NULL;
    return omost_canvas_parse(row->python.p, row->python.n, NULL, err);
}

static omost_canvas *param_canvas(om_request *rq, om_canvas_row *row,
                                  omost_error *err)
{
    int64_t id;
    if (om_request_id(rq, 0, &id, err) != OMOST_OK) return NULL;
    return om_load_canvas(rq, id, row, err);
}

/* ---- keeping one ------------------------------------------------------ */

int64_t om_replaced(int64_t was, int64_t parent, int64_t now)
{
    return parent && was != parent && was != now ? was : 0;
}

static omost_status keep(om_request *rq, om_canvas_row *row,
                         const omost_canvas *cv, int64_t *was, omost_error *err)
{
    size_t n = 0;
    char *python = omost_canvas_to_python(cv, OMOST_PYTHON_PLAIN, &n, err);
    if (!python) return err->status;
    row->python = om_arena_str(rq->arena, (om_str){python, n});
    omost_text_free(NULL, python);
    row->notes = om_notes_text(rq->arena, cv);
    if (!row->python.p || !row->notes.p) return om_fail_nomem(err);
    omost_status st = om_store_canvas_stage(rq->server->store, row, was, err);
    if (st == OMOST_OK)
        om_events_publish(rq->server->events, "canvas", row->session,
                          om_canvas_json(row, cv));
    return st;
}

omost_status om_post_session_canvas(om_request *rq, om_response *rs,
                                    omost_error *err)
{
    static const char *const known[] = {"text", "json", "parent", "strict",
                                        NULL};
    om_canvas_row row = {0};
    om_session_row s;
    int64_t was = 0;
    bool strict = false;
    omost_status st = om_request_id(rq, 0, &row.session, err);
    if (st == OMOST_OK) st = om_members(rq->json, "the request", known, err);
    if (st == OMOST_OK)
        st = om_member_bool(rq->json, "strict", false, &strict, err);
    if (st == OMOST_OK)
        st = om_member_int(rq->json, "parent", 0, 1, INT64_MAX, &row.parent,
                           err);
    if (st == OMOST_OK)
        st = om_store_session_get(rq->server->store, row.session, rq->arena, &s,
                                  err);
    if (st != OMOST_OK) return st;
    omost_canvas *cv = om_request_canvas(rq->json, "text", "json", strict, err);
    if (!cv) return err->status;
    row.origin = row.parent ? OM_STR("edit") : OM_STR("import");
    st = keep(rq, &row, cv, &was, err);
    if (st == OMOST_OK) {
        json_t *o = om_canvas_json(&row, cv);
        om_json_put_id(&o, "replaced", om_replaced(was, row.parent, row.id));
        rs->status = 201;
        st = om_response_json(rs, o, err);
    }
    omost_canvas_free(cv);
    return st;
}

omost_status om_get_session_canvases(om_request *rq, om_response *rs,
                                     omost_error *err)
{
    om_page page;
    om_session_row s;
    om_canvas_row *rows;
    size_t n = 0;
    int64_t id;
    om_store *store = rq->server->store;
    omost_status st = om_request_id(rq, 0, &id, err);
    if (st == OMOST_OK)
        st = om_request_page(rq, &page.before, &page.limit, err);
    if (st == OMOST_OK)
        st = om_store_session_get(store, id, rq->arena, &s, err);
    if (st == OMOST_OK)
        st = om_store_canvas_list(store, id, page, rq->arena, &rows, &n, err);
    if (st != OMOST_OK) return st;
    json_t *o = json_object(), *a = json_array();
    for (size_t i = 0; i < n; i++)
        om_json_append(&a, om_version_json(&rows[i]));
    om_json_put(&o, "canvases", a);
    return om_response_json(rs, o, err);
}

/* ---- looking at one --------------------------------------------------- */

omost_status om_get_canvas(om_request *rq, om_response *rs, omost_error *err)
{
    om_canvas_row row;
    omost_canvas *cv = param_canvas(rq, &row, err);
    if (!cv) return err->status;
    omost_status st = om_response_json(rs, om_canvas_json(&row, cv), err);
    omost_canvas_free(cv);
    return st;
}

static omost_status get_preview(om_request *rq, om_response *rs, bool svg,
                                omost_error *err)
{
    om_canvas_row row;
    int64_t labels = 0, size = 0;
    omost_status st = om_request_int(rq, "labels", 0, 0, 1, &labels, err);
    if (st == OMOST_OK)
        st = om_request_int(rq, "size", 0, OMOST_PREVIEW_MIN, 4096, &size, err);
    if (st != OMOST_OK) return st;
    omost_canvas *cv = param_canvas(rq, &row, err);
    if (!cv) return err->status;
    st = om_answer_preview(rs, cv, svg, labels == 1, (int)size, err);
    omost_canvas_free(cv);
    /* A canvas never changes. */
    om_response_header(rs, "Cache-Control",
                       OM_STR("private, max-age=31536000, immutable"));
    return st;
}

omost_status om_get_canvas_png(om_request *rq, om_response *rs,
                               omost_error *err)
{
    return get_preview(rq, rs, false, err);
}

omost_status om_get_canvas_svg(om_request *rq, om_response *rs,
                               omost_error *err)
{
    return get_preview(rq, rs, true, err);
}

omost_status om_get_canvas_diff(om_request *rq, om_response *rs,
                                omost_error *err)
{
    om_canvas_row row, other;
    int64_t to = 0;
    json_t *v = NULL;
    omost_status st = om_request_int(rq, "to", 0, 1, INT64_MAX, &to, err);
    if (st == OMOST_OK && to == 0)
        st = om_fail(err, OMOST_USAGE, "compare with which one? ?to=NUMBER");
    if (st != OMOST_OK) return st;
    omost_canvas *before = param_canvas(rq, &row, err);
    omost_canvas *after = before ? om_load_canvas(rq, to, &other, err) : NULL;
    if (after) v = om_diff_json(before, after, err);
    omost_canvas_free(before);
    omost_canvas_free(after);
    return v ? om_response_json(rs, v, err) : err->status;
}

omost_status om_get_canvas_convert(om_request *rq, om_response *rs,
                                   omost_error *err)
{
    om_canvas_row row;
    const om_str to = om_request_query(rq, "to");
    omost_canvas *cv = param_canvas(rq, &row, err);
    if (!cv) return err->status;
    json_t *v = om_converted_json(cv, to, err);
    omost_canvas_free(cv);
    return v ? om_response_json(rs, v, err) : err->status;
}
