/* store_files.c - the folder, its lock, and the files of pictures.
 *
 * A picture's bytes and its row must come and go together. On the way in they
 * are written as ID.part, then comes the row, then they are renamed to ID.png;
 * on the way out they are renamed to ID.part before the row goes. So after a
 * crash every .part is decided by its row, and no ID.png is ever removed for
 * lack of one: it may belong to a database that somebody is about to put
 * back. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "store/store_impl.h"

static omost_status cannot_write(const char *path, int why, omost_error *err)
{
    if (om_write_status(why) == OMOST_FULL)
        return om_fail(err, OMOST_FULL,
                       "no room left for %.140s (%s): make room and try again",
                       path, strerror(why));
    return om_fail(err, OMOST_IO, "cannot write %.150s: %s", path,
                   strerror(why));
}

#define THUMB ".thumb.png"

/* ---- folders --------------------------------------------------------- */

omost_status om_store_make_folder(const char *path, omost_error *err)
{
    char p[PATH_MAX];
    const int n = snprintf(p, sizeof p, "%s/", path);
    if (*path == '\0' || n < 0 || n >= (int)sizeof p)
        return om_fail(err, OMOST_IO, "the data folder's path is %s",
                       *path ? "too long" : "empty");
    return om_make_folders(p, 0700, err);
}

/* A new or renamed file is only safe once its folder is. */
static bool sync_folder(const char *path)
{
    const int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) return false;
    /* Some file systems have no such thing, and need none. */
    const bool ok = fsync(fd) == 0 || errno == EINVAL;
    const int why = errno;
    close(fd);
    errno = why;
    return ok;
}

omost_status om_store_make_images(const om_store *s, omost_error *err)
{
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%.*s/images", PATH_MAX - 64, s->folder);
    if (mkdir(path, 0700) != 0 && errno != EEXIST)
        return cannot_write(path, errno, err);
    return sync_folder(s->folder) ? OMOST_OK
                                  : cannot_write(s->folder, errno, err);
}

/* ---- the lock -------------------------------------------------------- */

static omost_status in_use(const om_store *s, int fd, omost_error *err)
{
    char text[32] = "";
    const ssize_t n = pread(fd, text, sizeof text - 1, 0);
    const long pid = n > 0 ? strtol(text, NULL, 10) : 0;
    char who[48] = "another omost";
    if (pid > 0) snprintf(who, sizeof who, "another omost (process %ld)", pid);
    return om_fail(err, OMOST_IO,
                   "%s uses the folder %.110s: stop it, or choose another "
                   "folder",
                   who, s->folder);
}

omost_status om_store_take_lock(om_store *s, omost_error *err)
{
    char path[PATH_MAX], text[32];
    snprintf(path, sizeof path, "%.*s/lock", PATH_MAX - 64, s->folder);
    const int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    if (fd < 0) return cannot_write(path, errno, err);
    if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        const int why = errno;
        omost_status st = why == EWOULDBLOCK ? in_use(s, fd, err)
                                             : cannot_write(path, why, err);
        close(fd);
        return st;
    }
    /* Who holds it is only said to help: it may fail. */
    const int n = snprintf(text, sizeof text, "%ld\n", (long)getpid());
    if (ftruncate(fd, 0) != 0 || pwrite(fd, text, (size_t)n, 0) != n)
        (void)!ftruncate(fd, 0);
    s->lock = fd;
    return OMOST_OK;
}

void om_store_release_lock(om_store *s)
{
    if (s->lock < 0) return;
    (void)!ftruncate(s->lock, 0);
    close(s->lock);
    s->lock = -1;
}

/* ---- pictures: names ------------------------------------------------- */

/* "DIR/images/07": a hundred folders, filled a hundred pictures at a time. */
static void folder_of(const om_store *s, int64_t id, char out[PATH_MAX])
{
    snprintf(out, PATH_MAX, "%.*s/images/%02d", PATH_MAX - 64, s->folder,
             (int)(id / 100 % 100));
}

static void path_of(const om_store *s, int64_t id, const char *suffix,
                    char out[PATH_MAX])
{
    snprintf(out, PATH_MAX, "%.*s/images/%02d/%lld%s", PATH_MAX - 64, s->folder,
             (int)(id / 100 % 100), (long long)id, suffix);
}

/* The id in "ID.png" or "ID.part" (*part), or 0 for any other name. */
static int64_t id_of(const char *name, bool *part)
{
    char *end, again[32];
    if (name[0] < '1' || name[0] > '9') return 0;
    const long long id = strtoll(name, &end, 10);
    *part = strcmp(end, ".part") == 0;
    if ((!*part && strcmp(end, ".png") != 0) || id > (1LL << 53)) return 0;
    snprintf(again, sizeof again, "%lld", id);
    return strlen(again) == (size_t)(end - name) ? id : 0;
}

/* ---- pictures: bytes ------------------------------------------------- */

static bool write_all(int fd, om_str bytes)
{
    while (bytes.n) {
        const ssize_t n = write(fd, bytes.p, bytes.n);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return false;
        bytes = om_str_skip(bytes, (size_t)n);
    }
    return fsync(fd) == 0;
}

static omost_status make_picture_folder(const om_store *s, const char *folder,
                                        omost_error *err)
{
    char above[PATH_MAX];
    if (mkdir(folder, 0700) != 0)
        return errno == EEXIST ? OMOST_OK : cannot_write(folder, errno, err);
    snprintf(above, sizeof above, "%.*s/images", PATH_MAX - 64, s->folder);
    return sync_folder(above) ? OMOST_OK : cannot_write(above, errno, err);
}

/* The file ID and suffix, on the disk. */
static omost_status write_part(const om_store *s, int64_t id,
                               const char *suffix, om_str png, omost_error *err)
{
    char folder[PATH_MAX], path[PATH_MAX];
    folder_of(s, id, folder);
    path_of(s, id, suffix, path);
    omost_status st = make_picture_folder(s, folder, err);
    if (st != OMOST_OK) return st;
    const int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (fd < 0) return cannot_write(path, errno, err);
    bool ok = write_all(fd, png);
    int why = errno;
    if (close(fd) != 0 && ok) ok = false, why = errno;
    if (ok && !sync_folder(folder)) ok = false, why = errno;
    if (ok) return OMOST_OK;
    unlink(path);
    return cannot_write(path, why, err);
}

omost_status om_picture_write(const om_store *s, int64_t id, om_str png,
                              omost_error *err)
{
    return write_part(s, id, ".part", png, err);
}

static omost_status move(const om_store *s, int64_t id, const char *from,
                         const char *to, omost_error *err)
{
    char folder[PATH_MAX], old[PATH_MAX], new[PATH_MAX];
    folder_of(s, id, folder);
    path_of(s, id, from, old);
    path_of(s, id, to, new);
    if (rename(old, new) == 0 && sync_folder(folder)) return OMOST_OK;
    if (errno == ENOENT)
        return om_fail(err, OMOST_MISSING, "there is no file %.200s", old);
    return cannot_write(new, errno, err);
}

omost_status om_picture_show(const om_store *s, int64_t id, omost_error *err)
{
    return move(s, id, ".part", ".png", err);
}

omost_status om_picture_hide(const om_store *s, int64_t id, omost_error *err)
{
    return move(s, id, ".png", ".part", err);
}

static void drop(const om_store *s, int64_t id, const char *suffix)
{
    char path[PATH_MAX];
    path_of(s, id, suffix, path);
    unlink(path);
}

void om_picture_drop(const om_store *s, int64_t id)
{
    drop(s, id, ".part");
    drop(s, id, THUMB);
}

omost_status om_picture_read(const om_store *s, int64_t id, om_buf *out,
                             omost_error *err)
{
    char path[PATH_MAX];
    path_of(s, id, ".png", path);
    omost_status st = om_file_read(path, out, err);
    if (st == OMOST_MISSING)
        return om_fail(err, st,
                       "the file of picture %lld is gone: put %.120s back, or "
                       "delete the picture",
                       (long long)id, path);
    return st;
}

/* ---- thumbs ---------------------------------------------------------- */

static const char *attempt(int64_t number, char out[48])
{
    snprintf(out, 48, ".thumb.%lld.part", (long long)number);
    return out;
}

omost_status om_thumb_write(const om_store *s, int64_t id, int64_t number,
                            om_str png, omost_error *err)
{
    char suffix[48];
    return write_part(s, id, attempt(number, suffix), png, err);
}

omost_status om_thumb_show(const om_store *s, int64_t id, int64_t number,
                           omost_error *err)
{
    char suffix[48];
    return move(s, id, attempt(number, suffix), THUMB, err);
}

void om_thumb_drop(const om_store *s, int64_t id, int64_t number)
{
    char suffix[48];
    drop(s, id, attempt(number, suffix));
}

omost_status om_thumb_read(const om_store *s, int64_t id, om_buf *out,
                           omost_error *err)
{
    char path[PATH_MAX];
    path_of(s, id, THUMB, path);
    return om_file_read(path, out, err);
}

/* What was being written, and what has lost its picture. */
static void settle_thumb(const om_store *s, const char *name, int number)
{
    char *end, path[PATH_MAX];
    struct stat sb;
    const long long id = strtoll(name, &end, 10);
    if (id <= 0 || id > (1LL << 53) || id / 100 % 100 != number) return;
    const om_str rest = om_str_of(end);
    const bool begun = om_str_starts(rest, OM_STR(".thumb.")) &&
                       om_str_ends(rest, OM_STR(".part"));
    path_of(s, id, ".png", path);
    if (!begun && (strcmp(end, THUMB) != 0 || stat(path, &sb) == 0)) return;
    path_of(s, id, end, path);
    unlink(path);
}

/* ---- after a crash --------------------------------------------------- */

static omost_status settle_one(om_store *s, int64_t id, om_keep_fn *keep,
                               omost_error *err)
{
    bool yes = false;
    omost_status st = keep(s, id, &yes, err);
    if (st == OMOST_OK && yes) return om_picture_show(s, id, err);
    if (st == OMOST_OK) om_picture_drop(s, id);
    return st;
}

static omost_status settle_folder(om_store *s, DIR *d, int number,
                                  om_keep_fn *keep, int64_t *last,
                                  omost_error *err)
{
    const struct dirent *e;
    omost_status st = OMOST_OK;
    while (st == OMOST_OK && (e = readdir(d)) != NULL) {
        bool part = false;
        const int64_t id = id_of(e->d_name, &part);
        if (strstr(e->d_name, ".thumb.")) settle_thumb(s, e->d_name, number);
        if (id == 0 || id / 100 % 100 != number) continue;
        if (id > *last) *last = id;
        if (part) st = settle_one(s, id, keep, err);
    }
    return st;
}

omost_status om_pictures_settle(om_store *s, om_keep_fn *keep, int64_t *last,
                                omost_error *err)
{
    omost_status st = OMOST_OK;
    *last = 0;
    for (int i = 0; i < 100 && st == OMOST_OK; i++) {
        char folder[PATH_MAX];
        folder_of(s, (int64_t)i * 100, folder);
        DIR *d = opendir(folder);
        if (!d && errno == ENOENT) continue;
        if (!d)
            return om_fail(err, OMOST_IO, "cannot read the folder %.150s: %s",
                           folder, strerror(errno));
        st = settle_folder(s, d, i, keep, last, err);
        closedir(d);
    }
    return st;
}
