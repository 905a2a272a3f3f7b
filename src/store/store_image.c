/* store_image.c - see store.h; how file and row stay together is in
 * store_files.c. */
#include "store/store_impl.h"

static omost_status image_check(om_store *s, int64_t id, omost_error *err)
{
    return om_store_expect(s, "SELECT 1 FROM images WHERE id = ?1", "picture",
                           id, err);
}

/* ---- adding ---------------------------------------------------------- */

static omost_status check_parts(om_store *s, const om_image_row *row,
                                omost_error *err)
{
    omost_status st = OMOST_OK;
    if (row->session) st = om_session_check(s, row->session, err);
    if (st == OMOST_OK && row->canvas)
        st = om_canvas_check(s, row->canvas, err);
    if (st == OMOST_OK && row->job) st = om_job_check(s, row->job, err);
    return st;
}

static omost_status insert(om_store *s, const om_image_row *row, om_str folded,
                           omost_error *err)
{
    om_query q = om_query_of(
        s,
        "INSERT INTO images(id, session, canvas, job, width, height, seed,"
        " created, parameters, record, folded)"
        " VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
        err);
    om_put_int(&q, row->id);
    om_put_id(&q, row->session);
    om_put_id(&q, row->canvas);
    om_put_id(&q, row->job);
    om_put_int(&q, row->width);
    om_put_int(&q, row->height);
    om_put_int(&q, row->seed);
    om_put_int(&q, row->created);
    om_put_text(&q, row->parameters);
    om_put_text(&q, row->record);
    om_put_text(&q, folded);
    return om_query_run(&q);
}

static omost_status remove_row(om_store *s, int64_t id, omost_error *err)
{
    om_query q = om_query_of(s, "DELETE FROM images WHERE id = ?1", err);
    om_put_int(&q, id);
    return om_query_run(&q);
}

static omost_status add_row(om_store *s, const om_image_row *row, om_str folded,
                            omost_error *err)
{
    omost_status st = check_parts(s, row, err);
    if (st == OMOST_OK) st = insert(s, row, folded, err);
    if (st == OMOST_OK && row->session)
        st = om_session_touch(s, row->session, err);
    return om_store_keep(s, st, err);
}

/* The file takes its place last: nobody may see the row before. What cannot be
 * undone now (the row stays) is settled when the store is opened. */
static omost_status publish(om_store *s, const om_image_row *row, om_str folded,
                            omost_error *err)
{
    omost_status st = add_row(s, row, folded, err);
    if (st != OMOST_OK) {
        om_picture_drop(s, row->id);
        return st;
    }
    st = om_picture_show(s, row->id, err);
    if (st == OMOST_OK) return st;
    om_picture_hide(s, row->id, NULL);
    if (remove_row(s, row->id, NULL) == OMOST_OK) om_picture_drop(s, row->id);
    return st;
}

static int64_t take_id(om_store *s, omost_error *err)
{
    om_store_enter(s, err);
    const int64_t id = s->next_image++;
    om_store_leave(s);
    return id;
}

/* The bytes are written while others have the store. */
static omost_status write_and_publish(om_store *s, om_image_row *row,
                                      om_str png, om_str folded,
                                      omost_error *err)
{
    om_image_row made = *row;
    made.id = take_id(s, err);
    made.created = om_store_now();
    omost_status st = om_picture_write(s, made.id, png, err);
    if (st != OMOST_OK) return st;
    st = om_store_begin(s, err);
    if (st != OMOST_OK) {
        om_picture_drop(s, made.id);
        return st;
    }
    st = publish(s, &made, folded, err);
    om_store_leave(s);
    if (st == OMOST_OK) *row = made;
    return st;
}

/* What a search looks at: the parameters, in which only the prompt of the whole
 * picture stands, and the canvas with the words of its regions. */
static omost_status searchable(om_store *s, const om_image_row *row,
                               om_buf *out, omost_error *err)
{
    om_canvas_row canvas;
    om_arena a;
    omost_status st = om_store_words(out, row->parameters, err);
    if (st != OMOST_OK || !row->canvas) return st;
    om_arena_init(&a, s->env, OM_STORE_MAX_TEXT);
    st = om_store_canvas_get(s, row->canvas, &a, &canvas, err);
    if (st == OMOST_OK) {
        om_buf_putc(out, '\n');
        st = om_store_words(out, canvas.python, err);
    }
    om_arena_free(&a);
    return st;
}

omost_status om_store_image_add(om_store *s, om_image_row *row, om_str png,
                                omost_error *err)
{
    om_buf folded;
    om_error_clear(err);
    om_buf_init(&folded, s->env, 2 * OM_STORE_MAX_TEXT);
    omost_status st = searchable(s, row, &folded, err);
    if (st == OMOST_OK)
        st = write_and_publish(s, row, png, om_buf_view(&folded), err);
    om_buf_free(&folded);
    return st;
}

/* ---- reading --------------------------------------------------------- */

#define COLUMNS                                                      \
    "SELECT id, session, canvas, job, width, height, seed, created," \
    " parameters, "
#define SELECT_IMAGE COLUMNS "record FROM images "
/* A record has some 25 KB, and lies on pages of its own. */
#define SELECT_IMAGES COLUMNS "'' FROM images "
#define PAGE "AND id < ?1 ORDER BY id DESC LIMIT ?2"

static void take_image(om_query *q, om_arena *a, om_image_row *out)
{
    out->id = om_take_int(q);
    out->session = om_take_int(q);
    out->canvas = om_take_int(q);
    out->job = om_take_int(q);
    out->width = (int)om_take_int(q);
    out->height = (int)om_take_int(q);
    out->seed = om_take_int(q);
    out->created = om_take_int(q);
    out->parameters = om_take_text(q, a);
    out->record = om_take_text(q, a);
}

omost_status om_store_image_get(om_store *s, int64_t id, om_arena *a,
                                om_image_row *out, omost_error *err)
{
    om_store_enter(s, err);
    om_query q = om_query_of(s, SELECT_IMAGE "WHERE id = ?1", err);
    om_put_int(&q, id);
    const bool is_there = om_query_row(&q);
    if (is_there) take_image(&q, a, out);
    omost_status st = om_query_end(&q);
    om_store_leave(s);
    return st == OMOST_OK && !is_there ? om_store_missing("picture", id, err)
                                       : st;
}

static omost_status list(om_store *s, int64_t session, om_str words,
                         om_page page, om_arena *a, void **rows, size_t *n,
                         omost_error *err)
{
    om_query q = om_query_of(
        s,
        session ? SELECT_IMAGES "WHERE session = ?3"
                                " AND (?4 = '' OR has_words(folded, ?4)) " PAGE
                : SELECT_IMAGES "WHERE ?3 = 0"
                                " AND (?4 = '' OR has_words(folded, ?4)) " PAGE,
        err);
    om_put_page(&q, page);
    om_put_int(&q, session);
    om_put_text(&q, words);
    for (*n = 0; om_query_row(&q); (*n)++) {
        om_image_row *row = om_query_slot(&q, a, rows, *n, sizeof *row);
        if (!row) break;
        take_image(&q, a, row);
    }
    return om_query_end(&q);
}

omost_status om_store_image_list(om_store *s, int64_t session, om_str search,
                                 om_page page, om_arena *a, om_image_row **out,
                                 size_t *n, omost_error *err)
{
    om_buf words;
    void *rows = NULL;
    om_store_enter(s, err);
    om_buf_init(&words, s->env, OM_STORE_MAX_TEXT);
    omost_status st = om_store_words(&words, search, err);
    if (st == OMOST_OK)
        st = list(s, session, om_buf_view(&words), page, a, &rows, n, err);
    om_store_leave(s);
    om_buf_free(&words);
    *out = rows;
    return st;
}

omost_status om_store_job_images(om_store *s, int64_t job, om_arena *a,
                                 int64_t **out, size_t *n, omost_error *err)
{
    void *ids = NULL;
    om_store_enter(s, err);
    om_query q =
        om_query_of(s, "SELECT id FROM images WHERE job = ?1 ORDER BY id", err);
    om_put_int(&q, job);
    for (*n = 0; om_query_row(&q); (*n)++) {
        int64_t *id = om_query_slot(&q, a, &ids, *n, sizeof *id);
        if (!id) break;
        *id = om_take_int(&q);
    }
    omost_status st = om_query_end(&q);
    om_store_leave(s);
    *out = ids;
    return st;
}

/* The bytes are read while others have the store. */
omost_status om_store_image_read(om_store *s, int64_t id, om_buf *out,
                                 omost_error *err)
{
    om_store_enter(s, err);
    omost_status st = image_check(s, id, err);
    om_store_leave(s);
    return st == OMOST_OK ? om_picture_read(s, id, out, err) : st;
}

/* ---- thumbs ---------------------------------------------------------- */

omost_status om_store_thumb_read(om_store *s, int64_t id, om_buf *out,
                                 omost_error *err)
{
    om_store_enter(s, err);
    omost_status st = image_check(s, id, err);
    om_store_leave(s);
    return st == OMOST_OK ? om_thumb_read(s, id, out, err) : st;
}

/* It is put in its place while nobody can delete the picture. */
omost_status om_store_thumb_add(om_store *s, int64_t id, om_str png,
                                omost_error *err)
{
    om_store_enter(s, err);
    const int64_t number = s->n_thumbs++;
    om_store_leave(s);
    omost_status st = om_thumb_write(s, id, number, png, err);
    if (st != OMOST_OK) return st;
    om_store_enter(s, err);
    st = image_check(s, id, err);
    if (st == OMOST_OK) st = om_thumb_show(s, id, number, err);
    om_store_leave(s);
    if (st != OMOST_OK) om_thumb_drop(s, id, number);
    return st;
}

/* ---- deleting -------------------------------------------------------- */

/* A file that is gone already must not keep the picture from going. */
static omost_status delete (om_store *s, int64_t id, omost_error *err)
{
    omost_status st = om_picture_hide(s, id, err);
    if (st == OMOST_MISSING) {
        om_error_clear(err);
        st = OMOST_OK;
    }
    if (st == OMOST_OK) st = remove_row(s, id, err);
    st = om_store_keep(s, st, err);
    if (st != OMOST_OK) om_picture_show(s, id, NULL);
    return st;
}

omost_status om_store_image_delete(om_store *s, int64_t id, omost_error *err)
{
    omost_status st = om_store_begin(s, err);
    if (st != OMOST_OK) return st;
    st = image_check(s, id, err);
    st = st == OMOST_OK ? delete (s, id, err) : om_store_keep(s, st, err);
    om_store_leave(s);
    if (st == OMOST_OK) om_picture_drop(s, id);
    return st;
}
