/* file.c - see file.h. */
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static omost_status read_all(FILE *f, const char *name, om_buf *out,
                             omost_error *err)
{
    for (;;) {
        size_t room = out->limit - out->n;
        size_t want = room < 65536 ? room : 65536;
        if (want == 0) { /* full: one more byte would be too many */
            if (fgetc(f) == EOF && !ferror(f)) return OMOST_OK;
            return om_fail(err, OMOST_LIMIT,
                           "%s is larger than the %zu bytes accepted here",
                           name, out->limit);
        }
        if (!om_buf_reserve(out, want)) return om_buf_check(out, name, err);
        size_t got = fread(out->p + out->n, 1, want, f);
        out->n += got;
        out->p[out->n] = '\0';
        if (got < want) break;
    }
    if (!ferror(f)) return OMOST_OK;
    return om_fail(err, OMOST_IO, "cannot read %s: %s", name, strerror(errno));
}

omost_status om_file_read(const char *path, om_buf *out, omost_error *err)
{
    if (strcmp(path, "-") == 0)
        return read_all(stdin, "standard input", out, err);
    FILE *f = fopen(path, "rb");
    if (!f) {
        omost_status st =
            errno == ENOENT || errno == ENOTDIR ? OMOST_MISSING : OMOST_IO;
        return om_fail(err, st, "cannot open %s: %s", path, strerror(errno));
    }
    struct stat sb;
    omost_status st;
    if (fstat(fileno(f), &sb) == 0 && S_ISDIR(sb.st_mode))
        st = om_fail(err, OMOST_IO, "%s is a folder, not a file", path);
    else
        st = read_all(f, path, out, err);
    fclose(f);
    return st;
}

omost_status om_write_status(int why)
{
    return why == ENOSPC || why == EDQUOT || why == EFBIG ? OMOST_FULL
                                                          : OMOST_IO;
}

static omost_status cannot_write(const char *name, int why, omost_error *err)
{
    return om_fail(err, om_write_status(why), "cannot write %s: %s", name,
                   strerror(why));
}

/* A rename would replace a device or pipe by a plain file: write into those. */
static bool is_special(const char *path)
{
    struct stat sb;
    return stat(path, &sb) == 0 && !S_ISREG(sb.st_mode);
}

/* A rename would also replace a symbolic link: write what it points to. */
static bool link_target(const char *path, char target[PATH_MAX])
{
    struct stat sb;
    return lstat(path, &sb) == 0 && S_ISLNK(sb.st_mode) &&
           realpath(path, target);
}

/* A new file gets what the umask leaves; an existing one keeps its mode. */
static FILE *open_temp(const char *temp, const char *path)
{
    struct stat sb;
    bool exists = stat(path, &sb) == 0;
    mode_t mode = exists ? sb.st_mode & 0777 : 0666;
    int fd = open(temp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
    if (fd < 0) return NULL;
    bool ok = !exists || fchmod(fd, mode) == 0;
    FILE *f = ok ? fdopen(fd, "wb") : NULL;
    if (f) return f;
    int why = errno;
    close(fd);
    unlink(temp);
    errno = why;
    return NULL;
}

/* The i-th name tried for the temporary file beside `path`. */
static void temp_name(char *out, size_t room, const char *path, int i)
{
    snprintf(out, room, "%s.%ld-%d.tmp", path, (long)getpid(), i);
}

omost_status om_file_begin(om_file_out *o, const omost_env *env,
                           const char *path, omost_error *err)
{
    char target[PATH_MAX];
    *o = (om_file_out){.env = env};
    const bool is_stdout = strcmp(path, "-") == 0;
    if (!is_stdout && link_target(path, target)) path = target;
    size_t n = strlen(path), room = n + 32;
    o->path = om_alloc(env, n + 1);
    if (!o->path) return om_fail_nomem(err);
    memcpy(o->path, path, n + 1);
    if (is_stdout) {
        o->f = stdout;
        return OMOST_OK;
    }
    const bool special = is_special(path);
    if (special) {
        o->f = fopen(path, "wb");
    } else if ((o->temp = om_alloc(env, room)) != NULL) {
        /* A few tries: a killed process may have left a name behind. */
        for (int i = 0; i < 100 && !o->f; i++) {
            temp_name(o->temp, room, path, i);
            o->f = open_temp(o->temp, path);
            if (!o->f && errno != EEXIST) break;
        }
    }
    if (o->f) return OMOST_OK;
    int why = errno;
    omost_status st = special || o->temp ? cannot_write(o->path, why, err)
                                         : om_fail_nomem(err);
    om_free(env, o->temp);
    o->temp = NULL;
    om_file_abandon(o);
    return st;
}

omost_status om_file_commit(om_file_out *o, omost_error *err)
{
    omost_status st = OMOST_OK;
    bool is_stdout = o->f == stdout;
    const char *name = is_stdout ? "standard output" : o->path;
    if (ferror(o->f) || fflush(o->f) != 0) st = cannot_write(name, errno, err);
    if (st == OMOST_OK && o->temp && fsync(fileno(o->f)) != 0)
        st = cannot_write(name, errno, err);
    if (!is_stdout && fclose(o->f) != 0 && st == OMOST_OK)
        st = cannot_write(name, errno, err);
    o->f = NULL;
    if (st == OMOST_OK && o->temp && rename(o->temp, o->path) != 0)
        st = cannot_write(name, errno, err);
    if (st == OMOST_OK) {
        om_free(o->env, o->temp);
        o->temp = NULL;
    }
    om_file_abandon(o);
    return st;
}

void om_file_abandon(om_file_out *o)
{
    if (o->f && o->f != stdout) fclose(o->f);
    if (o->temp) unlink(o->temp);
    om_free(o->env, o->temp);
    om_free(o->env, o->path);
    *o = (om_file_out){.env = o->env};
}

void om_file_sweep(const char *path)
{
    char target[PATH_MAX], temp[PATH_MAX + 32];
    if (link_target(path, target)) path = target;
    for (int i = 0; i < 100; i++) {
        temp_name(temp, sizeof temp, path, i);
        if (unlink(temp) != 0) break;
    }
}

/* Not by mkdir()'s errno: what is mounted somewhere may be there and say that
 * it may not be written. */
static bool make_folder(const char *path, unsigned mode)
{
    struct stat sb;
    if (stat(path, &sb) == 0 && S_ISDIR(sb.st_mode)) return true;
    return mkdir(path, (mode_t)mode) == 0 || errno == EEXIST;
}

omost_status om_make_folders(const char *path, unsigned mode, omost_error *err)
{
    char p[PATH_MAX];
    const size_t n = strlen(path);
    if (n >= sizeof p)
        return om_fail(err, OMOST_LIMIT, "a path of %zu bytes is too long", n);
    memcpy(p, path, n + 1);
    for (char *q = p + (n > 0); *q; q++) {
        if (*q != '/') continue;
        *q = '\0';
        if (!make_folder(p, mode))
            return om_fail(err, om_write_status(errno),
                           "cannot make the folder %s: %s", p, strerror(errno));
        *q = '/';
    }
    return OMOST_OK;
}

omost_status om_file_write(const omost_env *env, const char *path, om_str bytes,
                           omost_error *err)
{
    om_file_out o;
    omost_status st = om_file_begin(&o, env, path, err);
    if (st != OMOST_OK) return st;
    if (bytes.n) fwrite(bytes.p, 1, bytes.n, o.f);
    return om_file_commit(&o, err);
}
