/* store_impl.h - what the files of the store share: the open store, queries
 * that read as their SQL, changes that happen whole or not at all, and the
 * files of pictures.
 *
 * Between om_store_enter() and om_store_leave() one thread has the store. */
#ifndef OM_STORE_STORE_IMPL_H
#define OM_STORE_STORE_IMPL_H

#include <limits.h>
#include <pthread.h>

#include "store/store.h"

struct sqlite3;
struct sqlite3_stmt;

/* A statement, prepared when it was first wanted. Its name is the address of
 * its text, a literal. */
typedef struct om_prepared {
    const char *sql;
    struct sqlite3_stmt *stmt;
} om_prepared;

struct om_store {
    const omost_env *env;
    pthread_mutex_t mutex;
    bool has_mutex;
    char folder[PATH_MAX]; /* from the root, links resolved */
    int lock;              /* the file held by flock, or -1 */
    struct sqlite3 *db;
    om_prepared *prepared;
    size_t n_prepared, prepared_cap;
    int64_t next_image;
    int64_t n_thumbs; /* begun: each has a file of its own until it is done */
};

enum {
    OM_STORE_MAX_TEXT = 64 << 20, /* bytes of one text */
    /* Another program is writing: a change tries again so long, and others may
     * read meanwhile; what else meets the lock waits with the store held. */
    OM_STORE_WAIT_MS = 2000,
    OM_STORE_BUSY_MS = 400,
};

/* Milliseconds since 1970. */
int64_t om_store_now(void);

/* ---- one thread at a time, one change at a time (store_query.c) ------ */

/* Clears the error, too. */
void om_store_enter(om_store *s, omost_error *err);
void om_store_leave(om_store *s);

/* Begin a change of a store that one has entered. */
omost_status om_store_change(om_store *s, omost_error *err);
/* Once, at opening: what changes begin and end with. */
omost_status om_store_prepare(om_store *s, omost_error *err);
/* Enter and begin one, patiently: LOCKED when another program keeps on writing.
 * When it fails the store is left again. */
omost_status om_store_begin(om_store *s, omost_error *err);
/* Keep the change when st is OK, else undo it. Gives st, or why it could not
 * be kept. */
omost_status om_store_keep(om_store *s, omost_status st, omost_error *err);
/* The same, and leave. */
omost_status om_store_finish(om_store *s, omost_status st, omost_error *err);

/* ---- queries (store_query.c) ----------------------------------------- */

/* Fails stickily: put, take and ask freely, look at what om_query_end() says.
 *
 *     om_query q = om_query_of(s, "SELECT text FROM t WHERE id = ?1", err);
 *     om_put_int(&q, id);
 *     if (om_query_row(&q)) text = om_take_text(&q, arena);
 *     return om_query_end(&q);
 */
typedef struct om_query {
    om_store *s;
    struct sqlite3_stmt *stmt;
    int put, taken; /* parameters and columns so far */
    omost_status status;
    omost_error *err;
} om_query;

om_query om_query_of(om_store *s, const char *sql, omost_error *err);

/* The next parameter: ?1, ?2, ... */
void om_put_int(om_query *q, int64_t v);
void om_put_id(om_query *q, int64_t id); /* 0 becomes NULL */
void om_put_text(om_query *q, om_str text);
void om_put_page(om_query *q, om_page page); /* id < ?1 ... LIMIT ?2 */

/* True when there is a (next) row. */
bool om_query_row(om_query *q);

/* The next column of the row. */
int64_t om_take_int(om_query *q);
om_str om_take_text(om_query *q, om_arena *a);

/* Room for element n of an array that grows in the arena; NULL (and the query
 * failed) when there is no memory. */
void *om_query_slot(om_query *q, om_arena *a, void **rows, size_t n,
                    size_t elem);

omost_status om_query_end(om_query *q);
/* For changes: do it, and end. */
omost_status om_query_run(om_query *q);

/* Of the last INSERT; of the last change of any kind. */
int64_t om_store_last_id(const om_store *s);
bool om_store_changed(const om_store *s);

/* FORMAT: the text, of n bytes, is UTF-8 only up to byte `good`. */
omost_status om_store_not_text(size_t good, size_t n, omost_error *err);
/* MISSING: "there is no WHAT 17". */
omost_status om_store_missing(const char *what, int64_t id, omost_error *err);
/* The same when the query for id ?1 has no row. */
omost_status om_store_expect(om_store *s, const char *sql, const char *what,
                             int64_t id, omost_error *err);

/* SQLite's result code as our error: what is wrong and what to do. */
omost_status om_store_sql_error(const om_store *s, int code, omost_error *err);
omost_status om_store_damaged(const om_store *s, const char *how,
                              omost_error *err);

/* ---- rows of others -------------------------------------------------- */

/* MISSING when there is no such row. */
omost_status om_session_check(om_store *s, int64_t id, omost_error *err);
omost_status om_canvas_check(om_store *s, int64_t id, omost_error *err);
omost_status om_job_check(om_store *s, int64_t id, omost_error *err);
/* It changed: now. */
omost_status om_session_touch(om_store *s, int64_t session, omost_error *err);
omost_status om_session_staged(om_store *s, int64_t session, int64_t *canvas,
                               omost_error *err);
omost_status om_session_stage(om_store *s, int64_t session, int64_t canvas,
                              omost_error *err);
/* Within a change. */
omost_status om_canvas_insert(om_store *s, om_canvas_row *row,
                              omost_error *err);
/* The words of a search, as texts are compared with them; FORMAT. */
omost_status om_store_words(om_buf *out, om_str search, omost_error *err);

/* ---- the file and its schema (store_schema.c) ------------------------ */

/* Open DIR/omost.db, check it, make or upgrade its tables. */
omost_status om_store_open_db(om_store *s, omost_error *err);
/* Teaches it has_words(folded, query) and fold(text) (store_search.c). */
int om_store_add_search(om_store *s);
/* Append the text as searches compare it: NFC, small letters. */
void om_store_fold(om_buf *out, om_str text);

/* ---- folders and picture files (store_files.c) ----------------------- */

/* Make the folder and those above it, for this user alone. */
omost_status om_store_make_folder(const char *path, omost_error *err);
/* Take DIR/lock, or say who has it. */
omost_status om_store_take_lock(om_store *s, omost_error *err);
void om_store_release_lock(om_store *s);

/* Write the picture's bytes so that they are on the disk, yet not in place. */
omost_status om_picture_write(const om_store *s, int64_t id, om_str png,
                              omost_error *err);
/* Put what was written in its place; take it out of it again. Where there is
 * no file both are MISSING. */
omost_status om_picture_show(const om_store *s, int64_t id, omost_error *err);
omost_status om_picture_hide(const om_store *s, int64_t id, omost_error *err);
/* Remove what is not in its place, and the small copy. */
void om_picture_drop(const om_store *s, int64_t id);
omost_status om_picture_read(const om_store *s, int64_t id, om_buf *out,
                             omost_error *err);

/* The small copy: written as attempt `number`, put in its place, or given up. */
omost_status om_thumb_write(const om_store *s, int64_t id, int64_t number,
                            om_str png, omost_error *err);
omost_status om_thumb_show(const om_store *s, int64_t id, int64_t number,
                           omost_error *err);
void om_thumb_drop(const om_store *s, int64_t id, int64_t number);
omost_status om_thumb_read(const om_store *s, int64_t id, om_buf *out,
                           omost_error *err);

/* Is there a row of this picture? */
typedef omost_status om_keep_fn(om_store *s, int64_t id, bool *yes,
                                omost_error *err);
/* After a crash: pictures that were on their way in or out get in when `keep`
 * says yes and are removed otherwise. *last: the largest id among all files. */
omost_status om_pictures_settle(om_store *s, om_keep_fn *keep, int64_t *last,
                                omost_error *err);
/* Make DIR/images, and see that what was made in DIR stays made. */
omost_status om_store_make_images(const om_store *s, omost_error *err);

#endif
