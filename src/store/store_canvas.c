/* store_canvas.c - see store.h. */
#include "store/store_impl.h"

omost_status om_canvas_check(om_store *s, int64_t id, omost_error *err)
{
    return om_store_expect(s, "SELECT 1 FROM canvases WHERE id = ?1", "canvas",
                           id, err);
}

omost_status om_canvas_insert(om_store *s, om_canvas_row *row, omost_error *err)
{
    omost_status st = om_session_check(s, row->session, err);
    if (st == OMOST_OK && row->parent)
        st = om_canvas_check(s, row->parent, err);
    if (st != OMOST_OK) return st;
    const int64_t now = om_store_now();
    om_query q = om_query_of(
        s,
        "INSERT INTO canvases(session, parent, origin, python, created, notes)"
        " VALUES(?1, ?2, ?3, ?4, ?5, ?6)",
        err);
    om_put_int(&q, row->session);
    om_put_id(&q, row->parent);
    om_put_text(&q, row->origin);
    om_put_text(&q, row->python);
    om_put_int(&q, now);
    om_put_text(&q, row->notes);
    st = om_query_run(&q);
    if (st != OMOST_OK) return st;
    row->id = om_store_last_id(s);
    row->created = now;
    return om_session_touch(s, row->session, err);
}

omost_status om_store_canvas_add(om_store *s, om_canvas_row *row,
                                 omost_error *err)
{
    om_canvas_row c = *row;
    omost_status st = om_store_begin(s, err);
    if (st != OMOST_OK) return st;
    st = om_store_finish(s, om_canvas_insert(s, &c, err), err);
    if (st == OMOST_OK) *row = c;
    return st;
}

omost_status om_store_canvas_get(om_store *s, int64_t id, om_arena *a,
                                 om_canvas_row *out, omost_error *err)
{
    om_store_enter(s, err);
    om_query q = om_query_of(s,
                             "SELECT id, session, parent, origin, python,"
                             " created, notes FROM canvases WHERE id = ?1",
                             err);
    om_put_int(&q, id);
    const bool is_there = om_query_row(&q);
    if (is_there) {
        out->id = om_take_int(&q);
        out->session = om_take_int(&q);
        out->parent = om_take_int(&q);
        out->origin = om_take_text(&q, a);
        out->python = om_take_text(&q, a);
        out->created = om_take_int(&q);
        out->notes = om_take_text(&q, a);
    }
    omost_status st = om_query_end(&q);
    om_store_leave(s);
    return st == OMOST_OK && !is_there ? om_store_missing("canvas", id, err)
                                       : st;
}

omost_status om_store_canvas_stage(om_store *s, om_canvas_row *row,
                                   int64_t *was, omost_error *err)
{
    om_canvas_row c = *row;
    int64_t before = 0;
    omost_status st = om_store_begin(s, err);
    if (st != OMOST_OK) return st;
    st = om_session_staged(s, row->session, &before, err);
    if (st == OMOST_OK) st = om_canvas_insert(s, &c, err);
    if (st == OMOST_OK) st = om_session_stage(s, c.session, c.id, err);
    st = om_store_finish(s, st, err);
    if (st != OMOST_OK) return st;
    *row = c;
    *was = before;
    return st;
}

omost_status om_store_canvas_list(om_store *s, int64_t session, om_page page,
                                  om_arena *a, om_canvas_row **out, size_t *n,
                                  omost_error *err)
{
    void *rows = NULL;
    om_canvas_row *row;
    om_store_enter(s, err);
    om_query q = om_query_of(s,
                             "SELECT id, session, parent, origin, created"
                             " FROM canvases WHERE session = ?3 AND id < ?1"
                             " ORDER BY id DESC LIMIT ?2",
                             err);
    om_put_page(&q, page);
    om_put_int(&q, session);
    for (*n = 0; om_query_row(&q); (*n)++) {
        row = om_query_slot(&q, a, &rows, *n, sizeof *row);
        if (!row) break;
        *row = (om_canvas_row){.id = om_take_int(&q)};
        row->session = om_take_int(&q);
        row->parent = om_take_int(&q);
        row->origin = om_take_text(&q, a);
        row->created = om_take_int(&q);
    }
    omost_status st = om_query_end(&q);
    om_store_leave(s);
    *out = rows;
    return st;
}
