/* store_session.c - see store.h. */
#include "store/store_impl.h"

omost_status om_session_check(om_store *s, int64_t id, omost_error *err)
{
    return om_store_expect(s, "SELECT 1 FROM sessions WHERE id = ?1", "session",
                           id, err);
}

omost_status om_session_touch(om_store *s, int64_t session, omost_error *err)
{
    om_query q =
        om_query_of(s, "UPDATE sessions SET updated = ?1 WHERE id = ?2", err);
    om_put_int(&q, om_store_now());
    om_put_int(&q, session);
    return om_query_run(&q);
}

omost_status om_session_staged(om_store *s, int64_t session, int64_t *canvas,
                               omost_error *err)
{
    om_query q =
        om_query_of(s, "SELECT canvas FROM sessions WHERE id = ?1", err);
    om_put_int(&q, session);
    *canvas = om_query_row(&q) ? om_take_int(&q) : 0;
    return om_query_end(&q);
}

omost_status om_session_stage(om_store *s, int64_t session, int64_t canvas,
                              omost_error *err)
{
    om_query q =
        om_query_of(s, "UPDATE sessions SET canvas = ?1 WHERE id = ?2", err);
    om_put_id(&q, canvas);
    om_put_int(&q, session);
    return om_query_run(&q);
}

static omost_status insert(om_store *s, om_str title, int64_t *id,
                           omost_error *err)
{
    om_query q = om_query_of(s,
                             "INSERT INTO sessions(title, created, updated)"
                             " VALUES(?1, ?2, ?2)",
                             err);
    om_put_text(&q, title);
    om_put_int(&q, om_store_now());
    omost_status st = om_query_run(&q);
    if (st == OMOST_OK) *id = om_store_last_id(s);
    return st;
}

omost_status om_store_session_add(om_store *s, om_str title, int64_t *id,
                                  omost_error *err)
{
    int64_t made = 0;
    omost_status st = om_store_begin(s, err);
    if (st != OMOST_OK) return st;
    st = om_store_finish(s, insert(s, title, &made, err), err);
    if (st == OMOST_OK) *id = made;
    return st;
}

omost_status om_store_session_find(om_store *s, om_str title, int64_t *id,
                                   bool *made, omost_error *err)
{
    omost_status st = om_store_begin(s, err);
    if (st != OMOST_OK) return st;
    om_query q = om_query_of(
        s, "SELECT id FROM sessions WHERE title = ?1 ORDER BY id DESC LIMIT 1",
        err);
    om_put_text(&q, title);
    const bool is_there = om_query_row(&q);
    int64_t found = is_there ? om_take_int(&q) : 0;
    st = om_query_end(&q);
    if (st == OMOST_OK && !is_there) st = insert(s, title, &found, err);
    st = om_store_finish(s, st, err);
    if (st != OMOST_OK) return st;
    *id = found;
    *made = !is_there;
    return st;
}

/* ---- reading --------------------------------------------------------- */

#define SELECT_SESSIONS                                       \
    "SELECT id, title, canvas, created, updated,"             \
    " (SELECT coalesce(max(m.id) + 1, 0) FROM messages m"     \
    "  WHERE m.session = s.id),"                              \
    " (SELECT count(*) FROM images i WHERE i.session = s.id)" \
    " FROM "

static void take_session(om_query *q, om_arena *a, om_session_row *out)
{
    out->id = om_take_int(q);
    out->title = om_take_text(q, a);
    out->canvas = om_take_int(q);
    out->created = om_take_int(q);
    out->updated = om_take_int(q);
    out->n_messages = (int)om_take_int(q);
    out->n_images = (int)om_take_int(q);
}

omost_status om_store_session_get(om_store *s, int64_t id, om_arena *a,
                                  om_session_row *out, omost_error *err)
{
    om_store_enter(s, err);
    om_query q =
        om_query_of(s, SELECT_SESSIONS "sessions s WHERE id = ?1", err);
    om_put_int(&q, id);
    const bool is_there = om_query_row(&q);
    if (is_there) take_session(&q, a, out);
    omost_status st = om_query_end(&q);
    om_store_leave(s);
    return st == OMOST_OK && !is_there ? om_store_missing("session", id, err)
                                       : st;
}

/* Which ones is found out first, so that only these are counted through. */
#define LAST_USED "ORDER BY updated DESC, id DESC "
#define LIST_SESSIONS                                                      \
    SELECT_SESSIONS                                                        \
    "(SELECT * FROM sessions WHERE (?1 = 0 OR (updated, id) <"             \
    "  (SELECT updated, id FROM sessions WHERE id = ?1))"                  \
    " AND (?3 = '' OR has_words(fold(title), ?3)) " LAST_USED "LIMIT ?2) " \
    "s " LAST_USED

static omost_status list(om_store *s, om_str words, om_page page, om_arena *a,
                         void **rows, size_t *n, omost_error *err)
{
    om_session_row *row;
    omost_status st =
        page.before > 0 ? om_session_check(s, page.before, err) : OMOST_OK;
    if (st != OMOST_OK) return st;
    om_query q = om_query_of(s, LIST_SESSIONS, err);
    om_put_int(&q, page.before);
    om_put_int(&q, page.limit > 0 ? page.limit : -1);
    om_put_text(&q, words);
    for (*n = 0; om_query_row(&q); (*n)++) {
        row = om_query_slot(&q, a, rows, *n, sizeof *row);
        if (!row) break;
        take_session(&q, a, row);
    }
    return om_query_end(&q);
}

omost_status om_store_session_list(om_store *s, om_str search, om_page page,
                                   om_arena *a, om_session_row **out, size_t *n,
                                   omost_error *err)
{
    om_buf words;
    void *rows = NULL;
    om_store_enter(s, err);
    *n = 0;
    om_buf_init(&words, s->env, OM_STORE_MAX_TEXT);
    omost_status st = om_store_words(&words, search, err);
    if (st == OMOST_OK)
        st = list(s, om_buf_view(&words), page, a, &rows, n, err);
    om_store_leave(s);
    om_buf_free(&words);
    *out = rows;
    return st;
}

/* ---- changing -------------------------------------------------------- */

static omost_status set_title(om_store *s, int64_t id, om_str title,
                              omost_error *err)
{
    om_query q =
        om_query_of(s, "UPDATE sessions SET title = ?1 WHERE id = ?2", err);
    om_put_text(&q, title);
    om_put_int(&q, id);
    return om_query_run(&q);
}

omost_status om_store_session_set(om_store *s, int64_t id, om_str title,
                                  int64_t canvas, int64_t *was,
                                  omost_error *err)
{
    omost_status st = om_store_begin(s, err);
    if (st != OMOST_OK) return st;
    st = om_session_check(s, id, err);
    if (st == OMOST_OK && was) st = om_session_staged(s, id, was, err);
    if (st == OMOST_OK && title.p) st = set_title(s, id, title, err);
    if (st == OMOST_OK && canvas > 0) st = om_canvas_check(s, canvas, err);
    if (st == OMOST_OK && canvas >= 0)
        st = om_session_stage(s, id, canvas, err);
    if (st == OMOST_OK) st = om_session_touch(s, id, err);
    return om_store_finish(s, st, err);
}

omost_status om_store_session_delete(om_store *s, int64_t id, omost_error *err)
{
    omost_status st = om_store_begin(s, err);
    if (st != OMOST_OK) return st;
    om_query q = om_query_of(s, "DELETE FROM sessions WHERE id = ?1", err);
    om_put_int(&q, id);
    st = om_query_run(&q);
    if (st == OMOST_OK && !om_store_changed(s))
        st = om_store_missing("session", id, err);
    return om_store_finish(s, st, err);
}
