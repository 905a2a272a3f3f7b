/* hub_cache.c - see hub_cache.h. */
#include "models/hub_cache.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"

/* A cache may be shared: the umask decides who reads it. */
enum { ANYBODY = 0777 };

omost_status om_path_printf(om_path out, omost_error *err, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    int n = vsnprintf(out, PATH_MAX, fmt, ap);
    va_end(ap);
    if (n >= 0 && n < PATH_MAX) return OMOST_OK;
    return om_fail(err, OMOST_LIMIT, "the path of the cache is too long");
}

omost_status om_cache_repo(om_path out, const char *cache, const om_hub_ref *r,
                           omost_error *err)
{
    return om_path_printf(out, err, "%s/models--%.*s--%.*s", cache,
                          OM_STR_ARG(r->owner), OM_STR_ARG(r->repo));
}

omost_status om_cache_locks(om_path out, const char *cache, const om_hub_ref *r,
                            omost_error *err)
{
    return om_path_printf(out, err, "%s/.locks/models--%.*s--%.*s", cache,
                          OM_STR_ARG(r->owner), OM_STR_ARG(r->repo));
}

bool om_cache_commit(char out[41], const char *repo, om_str rev)
{
    om_path path;
    om_buf b;
    if (om_is_commit(rev)) {
        memcpy(out, rev.p, 40);
        out[40] = '\0';
        return true;
    }
    om_buf_init(&b, NULL, 256);
    bool ok = om_path_printf(path, NULL, "%s/refs/%.*s", repo,
                             OM_STR_ARG(rev)) == OMOST_OK &&
              om_file_read(path, &b, NULL) == OMOST_OK;
    const om_str s = om_str_strip(om_buf_view(&b), " \r\n");
    ok = ok && om_is_commit(s);
    if (ok) memcpy(out, s.p, 40), out[40] = '\0';
    om_buf_free(&b);
    return ok;
}

omost_status om_cache_set_commit(const char *repo, om_str rev,
                                 const char *commit, omost_error *err)
{
    om_path path;
    char was[41];
    if (om_is_commit(rev)) return OMOST_OK;
    if (om_cache_commit(was, repo, rev) && strcmp(was, commit) == 0)
        return OMOST_OK;
    omost_status st =
        om_path_printf(path, err, "%s/refs/%.*s", repo, OM_STR_ARG(rev));
    if (st == OMOST_OK) st = om_make_folders(path, ANYBODY, err);
    if (st == OMOST_OK) st = om_file_write(NULL, path, om_str_of(commit), err);
    return st;
}

/* ---- links --------------------------------------------------------------- */

/* "../../blobs/BLOB", one ".." more for every folder in the file's name */
static void link_text(char out[600], om_str file, const char *blob)
{
    size_t n = (size_t)snprintf(out, 600, "../..");
    for (size_t i = 0; i < file.n && n < 400; i++)
        if (file.p[i] == '/') n += (size_t)snprintf(out + n, 600 - n, "/..");
    snprintf(out + n, 600 - n, "/blobs/%.150s", blob);
}

static bool links_there(const char *path, const char *text)
{
    char was[700];
    ssize_t n = readlink(path, was, sizeof was);
    return n > 0 && (size_t)n == strlen(text) &&
           memcmp(was, text, (size_t)n) == 0;
}

/* Under another name first: nobody may find it half made. */
static omost_status put_link(const char *path, const char *text,
                             const char *blob, omost_error *err)
{
    om_path temp;
    omost_status st =
        om_path_printf(temp, err, "%s.%ld.tmp", path, (long)getpid());
    if (st != OMOST_OK) return st;
    unlink(temp);
    /* Some file systems have no symbolic links; a second name does as well. */
    if (symlink(text, temp) != 0 && link(blob, temp) != 0)
        return om_fail(err, om_write_status(errno),
                       "cannot make the link %s: %s", path, strerror(errno));
    if (rename(temp, path) == 0) {
        unlink(temp); /* rename() of two names of one file leaves both */
        return OMOST_OK;
    }
    int why = errno;
    unlink(temp);
    return om_fail(err, om_write_status(why), "cannot make the link %s: %s",
                   path, strerror(why));
}

omost_status om_cache_link(const char *repo, const char *commit, om_str file,
                           const char *blob, omost_error *err)
{
    om_path path, target;
    char text[600];
    omost_status st = om_path_printf(path, err, "%s/snapshots/%s/%.*s", repo,
                                     commit, OM_STR_ARG(file));
    if (st == OMOST_OK)
        st = om_path_printf(target, err, "%s/blobs/%s", repo, blob);
    if (st == OMOST_OK) st = om_make_folders(path, ANYBODY, err);
    if (st != OMOST_OK) return st;
    link_text(text, file, blob);
    return links_there(path, text) ? OMOST_OK
                                   : put_link(path, text, target, err);
}

/* ---- locks --------------------------------------------------------------- */

omost_status om_lock_take(int *fd, const char *path, om_lock_wait_fn *wait,
                          void *user, omost_error *err)
{
    omost_status st = om_make_folders(path, ANYBODY, err);
    if (st != OMOST_OK) return st;
    *fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (*fd < 0)
        return om_fail(err, OMOST_IO, "cannot open the lock %s: %s", path,
                       strerror(errno));
    while (flock(*fd, LOCK_EX | LOCK_NB) != 0) {
        const struct timespec pause = {0, 100000000};
        /* A file system without locks: better unprotected than not at all. */
        if (errno != EWOULDBLOCK && errno != EINTR) return OMOST_OK;
        if (!wait(user)) {
            om_lock_give(fd);
            return om_fail(err, OMOST_CANCELLED, "stopped");
        }
        nanosleep(&pause, NULL);
    }
    return OMOST_OK;
}

void om_lock_give(int *fd)
{
    if (*fd >= 0) close(*fd);
    *fd = -1;
}
