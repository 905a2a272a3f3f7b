/* store_query.c - see store_impl.h: SQLite, wrapped so that the other files
 * read as their SQL. */
#include <errno.h>
#include <sqlite3.h>
#include <time.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/utf8.h"
#include "store/store_impl.h"

int64_t om_store_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* ---- errors ---------------------------------------------------------- */

omost_status om_store_damaged(const om_store *s, const char *how,
                              omost_error *err)
{
    return om_fail(err, OMOST_IO,
                   "%.90s/omost.db is damaged (%.40s): put a copy back, or "
                   "move omost.db, -wal and -shm away to begin anew (the "
                   "pictures stay)",
                   s->folder, how);
}

static omost_status no_room(const om_store *s, omost_error *err)
{
    return om_fail(err, OMOST_FULL,
                   "no room left for %.120s/omost.db: make room on that disk "
                   "and try again",
                   s->folder);
}

/* SQLite tells a full disk from other failures, but not a quota or a limit on
 * the size of files, and does not always keep errno. */
static omost_status io_error(const om_store *s, int code, omost_error *err)
{
    const int why = sqlite3_system_errno(s->db);
    if (om_write_status(why) == OMOST_FULL) return no_room(s, err);
    if (why)
        return om_fail(err, OMOST_IO, "cannot use %.120s/omost.db: %s",
                       s->folder, strerror(why));
    /* A write that failed for a reason SQLite has forgotten is a quota, or such
     * a limit, far more often than a disk that dies. */
    return om_fail(err, code == SQLITE_IOERR_WRITE ? OMOST_FULL : OMOST_IO,
                   "cannot use %.120s/omost.db (%s): is there room left on "
                   "that disk, and is it sound?",
                   s->folder, sqlite3_errstr(code));
}

omost_status om_store_sql_error(const om_store *s, int code, omost_error *err)
{
    if (code == SQLITE_IOERR_NOMEM) return om_fail_nomem(err);
    switch (code & 0xff) {
    case SQLITE_NOMEM: return om_fail_nomem(err);
    case SQLITE_FULL: return no_room(s, err);
    case SQLITE_IOERR: return io_error(s, code, err);
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        return om_store_damaged(s, sqlite3_errstr(code & 0xff), err);
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return om_fail(err, OMOST_LOCKED,
                       "another program has locked %.120s/omost.db: close "
                       "it and try again",
                       s->folder);
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_CANTOPEN:
        return om_fail(err, OMOST_IO,
                       "cannot write in %.120s (%s): check who owns it and "
                       "its permissions, or choose another folder",
                       s->folder, sqlite3_errstr(code & 0xff));
    case SQLITE_TOOBIG:
        return om_fail(err, OMOST_LIMIT,
                       "a text is larger than the %d MiB that are kept",
                       OM_STORE_MAX_TEXT >> 20);
    default:
        return om_fail(err, OMOST_IO, "SQLite cannot use %.90s/omost.db: %.80s",
                       s->folder, s->db ? sqlite3_errmsg(s->db) : "");
    }
}

/* ---- queries --------------------------------------------------------- */

/* Few enough that looking through them costs nothing beside running one. */
static struct sqlite3_stmt *prepared(om_store *s, const char *sql, int *code)
{
    for (size_t i = 0; i < s->n_prepared; i++)
        if (s->prepared[i].sql == sql) return s->prepared[i].stmt;
    om_prepared *p = om_grow(s->env, s->prepared, s->n_prepared,
                             &s->prepared_cap, sizeof *p);
    *code = SQLITE_NOMEM;
    if (!p) return NULL;
    s->prepared = p;
    p += s->n_prepared;
    *code = sqlite3_prepare_v3(s->db, sql, -1, SQLITE_PREPARE_PERSISTENT,
                               &p->stmt, NULL);
    if (*code != SQLITE_OK) return NULL;
    p->sql = sql;
    s->n_prepared++;
    return p->stmt;
}

static void query_fail(om_query *q, int code)
{
    if (q->status == OMOST_OK)
        q->status = om_store_sql_error(q->s, code, q->err);
}

om_query om_query_of(om_store *s, const char *sql, omost_error *err)
{
    int code = SQLITE_OK;
    om_query q = {.s = s, .err = err};
    q.stmt = prepared(s, sql, &code);
    if (!q.stmt) query_fail(&q, code);
    return q;
}

static void query_expect(om_query *q, int code)
{
    if (code != SQLITE_OK) query_fail(q, code);
}

void om_put_int(om_query *q, int64_t v)
{
    if (q->status != OMOST_OK) return;
    query_expect(q, sqlite3_bind_int64(q->stmt, ++q->put, v));
}

void om_put_id(om_query *q, int64_t id)
{
    if (q->status != OMOST_OK) return;
    ++q->put;
    query_expect(q, id ? sqlite3_bind_int64(q->stmt, q->put, id)
                       : sqlite3_bind_null(q->stmt, q->put));
}

omost_status om_store_not_text(size_t good, size_t n, omost_error *err)
{
    return om_fail(err, OMOST_FORMAT,
                   "a text is not UTF-8 (byte %zu of %zu is wrong)", good + 1,
                   n);
}

void om_put_text(om_query *q, om_str text)
{
    if (q->status != OMOST_OK) return;
    const size_t good = om_utf8_valid_len(text.p, text.n);
    if (good < text.n)
        q->status = om_store_not_text(good, text.n, q->err);
    else
        query_expect(q, sqlite3_bind_text64(q->stmt, ++q->put,
                                            text.p ? text.p : "", text.n,
                                            SQLITE_STATIC, SQLITE_UTF8));
}

void om_put_page(om_query *q, om_page page)
{
    om_put_int(q, page.before > 0 ? page.before : INT64_MAX);
    om_put_int(q, page.limit > 0 ? page.limit : -1);
}

bool om_query_row(om_query *q)
{
    if (q->status != OMOST_OK) return false;
    const int code = sqlite3_step(q->stmt);
    q->taken = 0;
    if (code != SQLITE_ROW && code != SQLITE_DONE) query_fail(q, code);
    return code == SQLITE_ROW;
}

int64_t om_take_int(om_query *q)
{
    return q->status == OMOST_OK ? sqlite3_column_int64(q->stmt, q->taken++)
                                 : 0;
}

static om_str query_no_memory(om_query *q)
{
    q->status = om_fail_nomem(q->err);
    return (om_str){0};
}

om_str om_take_text(om_query *q, om_arena *a)
{
    if (q->status != OMOST_OK) return (om_str){0};
    const int i = q->taken++;
    const char *p = (const char *)sqlite3_column_text(q->stmt, i);
    if (!p && sqlite3_column_type(q->stmt, i) != SQLITE_NULL)
        return query_no_memory(q);
    const size_t n = (size_t)sqlite3_column_bytes(q->stmt, i);
    /* Only UTF-8 went in; SQLite does not see damage within a text. */
    if (om_utf8_valid_len(p, n) < n) {
        q->status = om_store_damaged(q->s, "a text is not UTF-8", q->err);
        return (om_str){0};
    }
    const om_str copy = om_arena_str(a, (om_str){p, n});
    return copy.p ? copy : query_no_memory(q);
}

/* The array doubles at each power of two; what it leaves behind in the arena
 * is no more than it holds. */
void *om_query_slot(om_query *q, om_arena *a, void **rows, size_t n,
                    size_t elem)
{
    if (q->status != OMOST_OK) return NULL;
    if ((n & (n - 1)) == 0) {
        void *more = om_arena_array(a, n ? 2 * n : 1, elem);
        if (!more) {
            query_no_memory(q);
            return NULL;
        }
        if (n) memcpy(more, *rows, n * elem);
        *rows = more;
    }
    return (char *)*rows + n * elem;
}

omost_status om_query_end(om_query *q)
{
    if (!q->stmt) return q->status;
    /* Its result is that of the last step, which is known. */
    sqlite3_reset(q->stmt);
    sqlite3_clear_bindings(q->stmt);
    q->stmt = NULL;
    return q->status;
}

omost_status om_query_run(om_query *q)
{
    om_query_row(q);
    return om_query_end(q);
}

int64_t om_store_last_id(const om_store *s)
{
    return sqlite3_last_insert_rowid(s->db);
}

bool om_store_changed(const om_store *s)
{
    return sqlite3_changes(s->db) > 0;
}

omost_status om_store_missing(const char *what, int64_t id, omost_error *err)
{
    return om_fail(err, OMOST_MISSING, "there is no %s %lld", what,
                   (long long)id);
}

omost_status om_store_expect(om_store *s, const char *sql, const char *what,
                             int64_t id, omost_error *err)
{
    om_query q = om_query_of(s, sql, err);
    om_put_int(&q, id);
    const bool is_there = om_query_row(&q);
    omost_status st = om_query_end(&q);
    return st != OMOST_OK || is_there ? st : om_store_missing(what, id, err);
}

/* ---- one at a time --------------------------------------------------- */

void om_store_enter(om_store *s, omost_error *err)
{
    om_error_clear(err);
    pthread_mutex_lock(&s->mutex);
}

void om_store_leave(om_store *s)
{
    pthread_mutex_unlock(&s->mutex);
}

/* A statement's name is its address. */
static const char BEGIN[] = "BEGIN IMMEDIATE", COMMIT[] = "COMMIT",
                  ROLLBACK[] = "ROLLBACK";

static omost_status run(om_store *s, const char *sql, omost_error *err)
{
    om_query q = om_query_of(s, sql, err);
    return om_query_run(&q);
}

/* Some failures (a full disk) undo a change by themselves. */
static void undo(om_store *s)
{
    if (!sqlite3_get_autocommit(s->db)) run(s, ROLLBACK, NULL);
}

/* IMMEDIATE: whoever else may be writing is found out now, not halfway. */
omost_status om_store_change(om_store *s, omost_error *err)
{
    undo(s); /* one that memory was too short to undo */
    return run(s, BEGIN, err);
}

/* Nothing can be undone without memory unless it was prepared before. */
omost_status om_store_prepare(om_store *s, omost_error *err)
{
    static const char *const sql[] = {BEGIN, COMMIT, ROLLBACK};
    omost_status st = OMOST_OK;
    for (size_t i = 0; i < sizeof sql / sizeof *sql && st == OMOST_OK; i++) {
        om_query q = om_query_of(s, sql[i], err);
        st = om_query_end(&q);
    }
    return st;
}

static omost_status try_begin(om_store *s, omost_error *err)
{
    om_store_enter(s, err);
    sqlite3_busy_timeout(s->db, 0);
    omost_status st = om_store_change(s, err);
    sqlite3_busy_timeout(s->db, OM_STORE_BUSY_MS);
    if (st != OMOST_OK) om_store_leave(s);
    return st;
}

omost_status om_store_begin(om_store *s, omost_error *err)
{
    static const struct timespec nap = {.tv_nsec = 10000000};
    const double end = om_clock() + OM_STORE_WAIT_MS / 1e3;
    omost_status st;
    while ((st = try_begin(s, err)) == OMOST_LOCKED && om_clock() < end)
        nanosleep(&nap, NULL);
    return st;
}

omost_status om_store_keep(om_store *s, omost_status st, omost_error *err)
{
    if (st == OMOST_OK) st = run(s, COMMIT, err);
    if (st != OMOST_OK) undo(s);
    return st;
}

omost_status om_store_finish(om_store *s, omost_status st, omost_error *err)
{
    st = om_store_keep(s, st, err);
    om_store_leave(s);
    return st;
}
