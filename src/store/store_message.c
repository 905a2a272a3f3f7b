/* store_message.c - see store.h. */
#include "store/store_impl.h"

/* Ids count without gaps: a parent is there when it is below the next one. */
static omost_status next_id(om_store *s, om_message_row *row, omost_error *err)
{
    om_query q = om_query_of(s,
                             "SELECT coalesce(max(id) + 1, 0) FROM messages"
                             " WHERE session = ?1",
                             err);
    om_put_int(&q, row->session);
    const int64_t id = om_query_row(&q) ? om_take_int(&q) : 0;
    omost_status st = om_query_end(&q);
    if (st != OMOST_OK) return st;
    if (id > INT_MAX)
        return om_fail(err, OMOST_LIMIT, "session %lld is full",
                       (long long)row->session);
    if (row->parent < -1 || row->parent >= id)
        return om_fail(err, OMOST_MISSING,
                       "there is no message %d in session %lld", row->parent,
                       (long long)row->session);
    row->id = (int)id;
    return OMOST_OK;
}

static omost_status insert(om_store *s, const om_message_row *row,
                           omost_error *err)
{
    om_query q = om_query_of(
        s,
        "INSERT INTO messages(session, id, parent, assistant, text, canvas,"
        " error, seed, stats, created)"
        " VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
        err);
    om_put_int(&q, row->session);
    om_put_int(&q, row->id);
    om_put_int(&q, row->parent);
    om_put_int(&q, row->assistant);
    om_put_text(&q, row->text);
    om_put_id(&q, row->canvas);
    om_put_text(&q, row->error);
    om_put_int(&q, row->seed);
    om_put_text(&q, row->stats);
    om_put_int(&q, row->created);
    return om_query_run(&q);
}

static omost_status add(om_store *s, om_message_row *row, omost_error *err)
{
    omost_status st = om_session_check(s, row->session, err);
    if (st == OMOST_OK && row->canvas)
        st = om_canvas_check(s, row->canvas, err);
    if (st == OMOST_OK) st = next_id(s, row, err);
    row->created = om_store_now();
    if (st == OMOST_OK) st = insert(s, row, err);
    if (st == OMOST_OK) st = om_session_touch(s, row->session, err);
    return st;
}

omost_status om_store_message_add(om_store *s, om_message_row *row,
                                  omost_error *err)
{
    om_message_row m = *row;
    omost_status st = om_store_begin(s, err);
    if (st != OMOST_OK) return st;
    st = om_store_finish(s, add(s, &m, err), err);
    if (st == OMOST_OK) *row = m;
    return st;
}

static omost_status add_answer(om_store *s, om_message_row *message,
                               om_canvas_row *canvas, omost_error *err)
{
    omost_status st = OMOST_OK;
    if (canvas->python.p) {
        canvas->session = message->session;
        st = om_canvas_insert(s, canvas, err);
        message->canvas = canvas->id;
        if (st == OMOST_OK)
            st = om_session_stage(s, message->session, canvas->id, err);
    }
    return st == OMOST_OK ? add(s, message, err) : st;
}

omost_status om_store_answer_add(om_store *s, om_message_row *message,
                                 om_canvas_row *canvas, omost_error *err)
{
    om_message_row m = *message;
    om_canvas_row c = *canvas;
    omost_status st = om_store_begin(s, err);
    if (st != OMOST_OK) return st;
    st = om_store_finish(s, add_answer(s, &m, &c, err), err);
    if (st != OMOST_OK) return st;
    *message = m;
    *canvas = c;
    return OMOST_OK;
}

/* ---- reading --------------------------------------------------------- */

static void take_message(om_query *q, om_arena *a, om_message_row *out)
{
    out->session = om_take_int(q);
    out->id = (int)om_take_int(q);
    out->parent = (int)om_take_int(q);
    out->assistant = om_take_int(q) != 0;
    out->text = om_take_text(q, a);
    out->canvas = om_take_int(q);
    out->error = om_take_text(q, a);
    out->seed = om_take_int(q);
    out->stats = om_take_text(q, a);
    out->created = om_take_int(q);
}

omost_status om_store_message_list(om_store *s, int64_t session, om_arena *a,
                                   om_message_row **out, size_t *n,
                                   omost_error *err)
{
    void *rows = NULL;
    om_message_row *row;
    om_store_enter(s, err);
    om_query q = om_query_of(
        s,
        "SELECT session, id, parent, assistant, text, canvas, error, seed,"
        " stats, created FROM messages WHERE session = ?1 ORDER BY id",
        err);
    om_put_int(&q, session);
    for (*n = 0; om_query_row(&q); (*n)++) {
        row = om_query_slot(&q, a, &rows, *n, sizeof *row);
        if (!row) break;
        take_message(&q, a, row);
    }
    omost_status st = om_query_end(&q);
    om_store_leave(s);
    *out = rows;
    return st;
}
