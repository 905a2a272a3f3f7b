/* store_open.c - see store.h. */
#include <errno.h>
#include <sqlite3.h>
#include <stdlib.h>

#include "store/store_impl.h"

/* ---- what a crash has left ------------------------------------------- */

static omost_status interrupt_jobs(om_store *s, omost_error *err)
{
    om_query q = om_query_of(s,
                             "UPDATE jobs SET state = 'interrupted',"
                             " ended = ?1 WHERE state IN ('queued', 'running')",
                             err);
    om_put_int(&q, om_store_now());
    return om_query_run(&q);
}

static omost_status has_row(om_store *s, int64_t id, bool *yes,
                            omost_error *err)
{
    om_query q = om_query_of(s, "SELECT 1 FROM images WHERE id = ?1", err);
    om_put_int(&q, id);
    *yes = om_query_row(&q);
    return om_query_end(&q);
}

/* No picture gets the id of an older one, nor of a file that is there. */
static omost_status settle_pictures(om_store *s, omost_error *err)
{
    int64_t last = 0;
    omost_status st = om_pictures_settle(s, has_row, &last, err);
    if (st != OMOST_OK) return st;
    om_query q =
        om_query_of(s, "SELECT seq FROM sqlite_sequence WHERE name = 'images'",
                    err);
    const int64_t used = om_query_row(&q) ? om_take_int(&q) : 0;
    s->next_image = (used > last ? used : last) + 1;
    return om_query_end(&q);
}

/* ---- opening and closing --------------------------------------------- */

static omost_status find_folder(om_store *s, const char *folder,
                                omost_error *err)
{
    char path[PATH_MAX];
    omost_status st = om_store_make_folder(folder, err);
    if (st != OMOST_OK) return st;
    if (!realpath(folder, path))
        return om_fail(err, OMOST_IO, "cannot use the folder %.150s: %s",
                       folder, strerror(errno));
    const size_t n = strlen(path);
    if (n > PATH_MAX - 64)
        return om_fail(err, OMOST_IO, "the data folder's path is too long");
    memcpy(s->folder, path, n + 1);
    return OMOST_OK;
}

static omost_status open_store(om_store *s, const char *folder,
                               omost_error *err)
{
    omost_status st = find_folder(s, folder, err);
    if (st == OMOST_OK) st = om_store_take_lock(s, err);
    if (st == OMOST_OK) st = om_store_make_images(s, err);
    if (st == OMOST_OK) st = om_store_open_db(s, err);
    if (st == OMOST_OK) st = interrupt_jobs(s, err);
    if (st == OMOST_OK) st = settle_pictures(s, err);
    return st;
}

om_store *om_store_open(const omost_env *env, const char *folder,
                        omost_error *err)
{
    om_error_clear(err);
    om_store *s = om_zalloc(env, sizeof *s);
    if (!s) {
        om_fail_nomem(err);
        return NULL;
    }
    s->env = env;
    s->lock = -1;
    s->has_mutex = pthread_mutex_init(&s->mutex, NULL) == 0;
    omost_status st =
        s->has_mutex ? open_store(s, folder, err) : om_fail_nomem(err);
    if (st == OMOST_OK) return s;
    om_store_close(s);
    return NULL;
}

void om_store_close(om_store *s)
{
    if (!s) return;
    for (size_t i = 0; i < s->n_prepared; i++)
        sqlite3_finalize(s->prepared[i].stmt);
    om_free(s->env, s->prepared);
    /* The last to close writes the WAL into the file and removes it. */
    sqlite3_close(s->db);
    om_store_release_lock(s);
    if (s->has_mutex) pthread_mutex_destroy(&s->mutex);
    om_free(s->env, s);
}
