/* store_schema.c - the file: how it is opened, checked, made and upgraded. */
#include <sqlite3.h>
#include <stdio.h>
#include <sys/stat.h>

#include "store/store_impl.h"

enum {
    APPLICATION_ID = 0x6f6d7374, /* "omst": what file(1) and we know it by */
    /* Up to this size opening reads every page to see that all is well, which
   * takes about a tenth of a second; damage in a larger file is found when
   * the page is read. */
    MAX_CHECKED = 64 << 20,
};

/* Step i brings a file from version i to i + 1. Steps are never changed once
 * released: files of that version exist.
 *
 * Ids are never used twice (AUTOINCREMENT): an old link must not show another
 * thing. A message's id counts within its session from 0, without gaps, and
 * its parent is older than it, so `parent` needs no constraint; one with
 * ON DELETE CASCADE would recurse as deep as a talk is long. Every column that
 * refers to another table has an index, or deleting would look through all.
 * What searches look at (folded) lies before the long texts of its row. */
static const char *const upgrades[] = {
    "CREATE TABLE sessions("
    "  id INTEGER PRIMARY KEY AUTOINCREMENT, title TEXT NOT NULL,"
    "  canvas INTEGER REFERENCES canvases(id) ON DELETE SET NULL,"
    "  created INTEGER NOT NULL, updated INTEGER NOT NULL);"
    "CREATE TABLE canvases("
    "  id INTEGER PRIMARY KEY AUTOINCREMENT,"
    "  session INTEGER NOT NULL REFERENCES sessions(id) ON DELETE CASCADE,"
    "  parent INTEGER REFERENCES canvases(id) ON DELETE SET NULL,"
    "  origin TEXT NOT NULL, python TEXT NOT NULL, created INTEGER NOT NULL);"
    "CREATE TABLE messages("
    "  session INTEGER NOT NULL REFERENCES sessions(id) ON DELETE CASCADE,"
    "  id INTEGER NOT NULL, parent INTEGER NOT NULL,"
    "  assistant INTEGER NOT NULL, text TEXT NOT NULL,"
    "  canvas INTEGER REFERENCES canvases(id) ON DELETE SET NULL,"
    "  error TEXT NOT NULL, seed INTEGER NOT NULL, stats TEXT NOT NULL,"
    "  created INTEGER NOT NULL, PRIMARY KEY(session, id));"
    "CREATE TABLE jobs("
    "  id INTEGER PRIMARY KEY AUTOINCREMENT,"
    "  session INTEGER REFERENCES sessions(id) ON DELETE CASCADE,"
    "  canvas INTEGER REFERENCES canvases(id) ON DELETE SET NULL,"
    "  message INTEGER NOT NULL, kind TEXT NOT NULL, request TEXT NOT NULL,"
    "  state TEXT NOT NULL, error TEXT NOT NULL, created INTEGER NOT NULL,"
    "  started INTEGER NOT NULL, ended INTEGER NOT NULL);"
    "CREATE TABLE images("
    "  id INTEGER PRIMARY KEY AUTOINCREMENT,"
    "  session INTEGER REFERENCES sessions(id) ON DELETE SET NULL,"
    "  canvas INTEGER REFERENCES canvases(id) ON DELETE SET NULL,"
    "  job INTEGER REFERENCES jobs(id) ON DELETE SET NULL,"
    "  width INTEGER NOT NULL, height INTEGER NOT NULL, seed INTEGER NOT NULL,"
    "  created INTEGER NOT NULL, folded TEXT NOT NULL,"
    "  parameters TEXT NOT NULL, record TEXT NOT NULL);"
    "CREATE INDEX sessions_canvas ON sessions(canvas);"
    "CREATE INDEX canvases_session ON canvases(session);"
    "CREATE INDEX canvases_parent ON canvases(parent);"
    "CREATE INDEX messages_canvas ON messages(canvas);"
    "CREATE INDEX jobs_session ON jobs(session);"
    "CREATE INDEX jobs_canvas ON jobs(canvas);"
    "CREATE INDEX jobs_state ON jobs(state);"
    "CREATE INDEX images_session ON images(session);"
    "CREATE INDEX images_canvas ON images(canvas);"
    "CREATE INDEX images_job ON images(job);",
    /* What was read otherwise than written; older canvases keep none. */
    "ALTER TABLE canvases ADD COLUMN notes TEXT NOT NULL DEFAULT '';",
};
enum { VERSION = sizeof upgrades / sizeof *upgrades };

static omost_status run(om_store *s, const char *sql, omost_error *err)
{
    const int code = sqlite3_exec(s->db, sql, NULL, NULL, NULL);
    return code == SQLITE_OK ? OMOST_OK : om_store_sql_error(s, code, err);
}

static omost_status ask_int(om_store *s, const char *sql, int64_t *out,
                            omost_error *err)
{
    om_query q = om_query_of(s, sql, err);
    *out = om_query_row(&q) ? om_take_int(&q) : 0;
    return om_query_end(&q);
}

/* Whose file is it? A fresh one has no tables and no mark. */
static omost_status check_owner(om_store *s, omost_error *err)
{
    int64_t id = 0, tables = 0;
    omost_status st = ask_int(s, "PRAGMA application_id", &id, err);
    if (st == OMOST_OK)
        st = ask_int(s, "SELECT count(*) FROM sqlite_master", &tables, err);
    if (st != OMOST_OK || id == APPLICATION_ID || (id == 0 && tables == 0))
        return st;
    return om_fail(err, OMOST_IO,
                   "%.120s/omost.db is some other program's database: choose "
                   "another folder",
                   s->folder);
}

/* Everything at once, or the file stays as it was. */
static omost_status upgrade_from(om_store *s, int64_t version, omost_error *err)
{
    char sql[96];
    omost_status st = run(s, "BEGIN IMMEDIATE", err);
    for (int64_t i = version; i < VERSION && st == OMOST_OK; i++)
        st = run(s, upgrades[i], err);
    snprintf(sql, sizeof sql,
             "PRAGMA application_id=%d; PRAGMA user_version=%d; COMMIT",
             APPLICATION_ID, VERSION);
    if (st == OMOST_OK) st = run(s, sql, err);
    if (st != OMOST_OK && !sqlite3_get_autocommit(s->db))
        run(s, "ROLLBACK", NULL);
    return st;
}

static omost_status upgrade(om_store *s, omost_error *err)
{
    int64_t version = 0;
    omost_status st = ask_int(s, "PRAGMA user_version", &version, err);
    if (st != OMOST_OK || version == VERSION) return st;
    if (version > VERSION || version < 0)
        return om_fail(err, OMOST_IO,
                       "%.110s/omost.db is of a newer omost (its version is "
                       "%lld, this program knows %d): use the newer program",
                       s->folder, (long long)version, VERSION);
    return upgrade_from(s, version, err);
}

static omost_status check_pages(om_store *s, const char *path, omost_error *err)
{
    struct stat sb;
    if (stat(path, &sb) == 0 && sb.st_size > MAX_CHECKED) return OMOST_OK;
    om_arena a;
    om_arena_init(&a, s->env, 1 << 20);
    om_query q = om_query_of(s, "PRAGMA quick_check(1)", err);
    om_str said = {0};
    if (om_query_row(&q)) said = om_take_text(&q, &a);
    omost_status st = om_query_end(&q);
    if (st == OMOST_OK && !om_str_eqz(said, "ok"))
        st = om_store_damaged(s, said.p, err);
    om_arena_free(&a);
    return st;
}

/* EXTRA is FULL, and keeps its word where the file system cannot do WAL. */
static const char settings[] = "PRAGMA trusted_schema=OFF;"
                               "PRAGMA foreign_keys=ON;"
                               "PRAGMA journal_mode=WAL;"
                               "PRAGMA synchronous=EXTRA;"
                               "PRAGMA journal_size_limit=8388608;";

static omost_status open_file(om_store *s, const char *path, omost_error *err)
{
    /* NOMUTEX: the store has its own. */
    int code = sqlite3_open_v2(
        path, &s->db,
        SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, NULL);
    if (!s->db) return om_fail_nomem(err);
    sqlite3_extended_result_codes(s->db, 1);
    if (code == SQLITE_OK) code = sqlite3_busy_timeout(s->db, OM_STORE_BUSY_MS);
    if (code == SQLITE_OK) code = om_store_add_search(s);
    /* A file without permission to write is opened for reading only. */
    if (code == SQLITE_OK && sqlite3_db_readonly(s->db, "main") == 1)
        code = SQLITE_READONLY;
    if (code != SQLITE_OK) return om_store_sql_error(s, code, err);
    sqlite3_limit(s->db, SQLITE_LIMIT_LENGTH, OM_STORE_MAX_TEXT);
    return OMOST_OK;
}

omost_status om_store_open_db(om_store *s, omost_error *err)
{
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%.*s/omost.db", PATH_MAX - 64, s->folder);
    omost_status st = open_file(s, path, err);
    if (st == OMOST_OK) st = check_owner(s, err);
    if (st == OMOST_OK) st = run(s, settings, err);
    if (st == OMOST_OK) st = check_pages(s, path, err);
    if (st == OMOST_OK) st = upgrade(s, err);
    if (st == OMOST_OK) st = om_store_prepare(s, err);
    return st;
}
