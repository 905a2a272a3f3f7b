/* digest.c - see digest.h. */
#include "engine/digest.h"
#include "base/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/hash.h"
#include "omost/render.h"

enum { CHUNK = 1 << 20, MAX_HEADER = 100000000 };

struct om_digests {
    const omost_env *env;
    om_arena arena;
    const char *cache_dir; /* or NULL */
    om_digest_item *first, **last;
    char *chunk;
    pthread_t thread;
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    bool started, running; /* running: there is a thread to join */
    bool done;             /* by the mutex, as all that the thread writes */
    atomic_bool stop;
};

/* ---- paths --------------------------------------------------------------- */

om_str om_path_last(const char *path)
{
    om_str s = om_str_of(path);
    while (s.n > 1 && s.p[s.n - 1] == '/') s.n--;
    for (size_t i = s.n; i-- > 0;)
        if (s.p[i] == '/' && i + 1 < s.n) return om_str_skip(s, i + 1);
    return s;
}

/* "CACHE/folder/name", and the folders are there. */
static bool cache_path(char out[PATH_MAX], const char *cache_dir,
                       const char *folder, const char *name, bool make)
{
    int n = snprintf(out, PATH_MAX, "%s/%s/%s", cache_dir, folder, name);
    if (n < 0 || n >= PATH_MAX) return false;
    return !make || om_make_folders(out, 0777, NULL) == OMOST_OK;
}

void om_path_remember(const omost_env *env, const char *cache_dir,
                      const char *sha256, const char *path)
{
    char where[PATH_MAX], full[PATH_MAX];
    if (!cache_dir || !*sha256 || !realpath(path, full)) return;
    if (!cache_path(where, cache_dir, "paths", sha256, true)) return;
    (void)!om_file_write(env, where, om_str_of(full), NULL);
}

static bool is_digest(om_str s)
{
    for (size_t i = 0; i < s.n; i++)
        if (om_hex_value(s.p[i]) < 0) return false;
    return s.n == 64;
}

char *omost_path_by_hash(const omost_env *env, const char *cache_dir,
                         const char *sha256, omost_error *err)
{
    char where[PATH_MAX];
    om_buf b;
    om_error_clear(err);
    om_buf_init(&b, env, PATH_MAX);
    if (cache_dir && sha256 && is_digest(om_str_of(sha256)) &&
        cache_path(where, cache_dir, "paths", sha256, false) &&
        om_file_read(where, &b, NULL) == OMOST_OK && b.n > 0 &&
        !memchr(b.p, '\0', b.n) && access(b.p, R_OK) == 0) {
        char *path = om_buf_steal(&b, NULL);
        if (path) return path;
    }
    om_buf_free(&b);
    om_fail(err, OMOST_MISSING, "no file with the SHA-256 %.16s is known here",
            sha256 ? sha256 : "");
    return NULL;
}

/* ---- one file ------------------------------------------------------------ */

/* The key of a file: the digest of what would change with it. */
static bool file_key(const char *path, char key[65])
{
    char full[PATH_MAX], text[PATH_MAX + 128];
    struct stat sb;
    if (!realpath(path, full) || stat(full, &sb) != 0) return false;
    int n = snprintf(text, sizeof text, "%s\n%lld\n%lld.%09ld\n%llu", full,
                     (long long)sb.st_size, (long long)sb.st_mtim.tv_sec,
                     (long)sb.st_mtim.tv_nsec, (unsigned long long)sb.st_ino);
    return n > 0 && om_sha256_hex((om_str){text, (size_t)n}, key);
}

/* Two lines of digits. */
static bool recall(const om_digests *d, om_digest_file *f)
{
    char key[65], where[PATH_MAX];
    om_buf b;
    om_buf_init(&b, d->env, 130);
    bool found = d->cache_dir && file_key(f->path, key) &&
                 cache_path(where, d->cache_dir, "digests", key, false) &&
                 om_file_read(where, &b, NULL) == OMOST_OK && b.n == 130 &&
                 is_digest((om_str){b.p, 64}) &&
                 is_digest((om_str){b.p + 65, 64});
    if (found) {
        memcpy(f->sha256, b.p, 64);
        memcpy(f->data, b.p + 65, 64);
    }
    om_buf_free(&b);
    return found;
}

static void keep(const om_digests *d, const om_digest_file *f)
{
    char key[65], where[PATH_MAX], text[131];
    if (!d->cache_dir || !*f->sha256 || !file_key(f->path, key)) return;
    if (!cache_path(where, d->cache_dir, "digests", key, true)) return;
    snprintf(text, sizeof text, "%s\n%s\n", f->sha256, f->data);
    (void)!om_file_write(d->env, where, (om_str){text, 130}, NULL);
}

/* Where the data of a .safetensors file begins; 0: it is none. */
static size_t data_offset(const char *p, size_t n)
{
    uint64_t header = 0;
    if (n < 9 || p[8] != '{') return 0;
    for (int i = 7; i >= 0; i--) header = header << 8 | (unsigned char)p[i];
    return header <= MAX_HEADER ? (size_t)header + 8 : 0;
}

/* Both digests of an open file; false when it is stopped or cannot be read. */
static bool digest_fd(om_digests *d, int fd, char whole[65], char data[65])
{
    om_sha256 h[2];
    size_t at = 0, from = 0;
    ssize_t n;
    om_sha256_begin(&h[0]);
    om_sha256_begin(&h[1]);
    while ((n = read(fd, d->chunk, CHUNK)) > 0 || (n < 0 && errno == EINTR)) {
        if (atomic_load(&d->stop)) n = -1;
        if (n < 0) break;
        const om_str got = {d->chunk, (size_t)n};
        if (at == 0) from = data_offset(got.p, got.n);
        om_sha256_add(&h[0], got);
        size_t skip = from > at ? from - at : 0;
        if (skip < got.n) om_sha256_add(&h[1], om_str_skip(got, skip));
        at += got.n;
    }
    bool ok = om_sha256_end(&h[0], whole);
    return om_sha256_end(&h[1], data) && ok && n == 0;
}

static bool digest_file(om_digests *d, om_digest_file *f)
{
    om_digest_file got = *f;
    int fd = open(f->path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return false;
    (void)posix_fadvise(fd, 0, 0, POSIX_FADV_SEQUENTIAL);
    bool ok = digest_fd(d, fd, got.sha256, got.data);
    close(fd);
    if (!ok) return false;
    pthread_mutex_lock(&d->mutex);
    *f = got;
    pthread_mutex_unlock(&d->mutex);
    keep(d, &got);
    return true;
}

/* ---- an item ------------------------------------------------------------- */

/* Of its first n files. */
static bool sum_up(const om_digests *d, const om_digest_item *item, size_t n,
                   char out[65])
{
    om_buf b;
    if (n == 1) {
        memcpy(out, item->file[0].sha256, 65);
        return true;
    }
    om_buf_init(&b, d->env, 1 << 20);
    for (size_t i = 0; i < n; i++)
        om_buf_printf(&b, "%s  %s\n", item->file[i].sha256, item->file[i].name);
    bool ok = b.status == OMOST_OK && om_sha256_hex(om_buf_view(&b), out);
    om_buf_free(&b);
    return ok;
}

static void digest_item(om_digests *d, om_digest_item *item)
{
    char sum[65], weights[65];
    for (size_t i = 0; i < item->n_files; i++)
        if (!*item->file[i].sha256 && !digest_file(d, &item->file[i])) return;
    if (item->n_weights == 0 || !sum_up(d, item, item->n_files, sum) ||
        !sum_up(d, item, item->n_weights, weights))
        return;
    pthread_mutex_lock(&d->mutex);
    memcpy(item->sha256, sum, sizeof sum);
    memcpy(item->weights, weights, sizeof weights);
    pthread_mutex_unlock(&d->mutex);
    om_path_remember(d->env, d->cache_dir, sum, item->path);
    if (strcmp(sum, weights) != 0)
        om_path_remember(d->env, d->cache_dir, weights, item->path);
}

static void *work(void *user)
{
    om_digests *d = user;
    for (om_digest_item *i = d->first; i && !atomic_load(&d->stop); i = i->next)
        digest_item(d, i);
    pthread_mutex_lock(&d->mutex);
    d->done = true;
    pthread_cond_broadcast(&d->changed);
    pthread_mutex_unlock(&d->mutex);
    return NULL;
}

/* ---- all of them --------------------------------------------------------- */

om_digests *om_digests_new(const omost_env *env, const char *cache_dir,
                           omost_error *err)
{
    om_digests *d = om_zalloc(env, sizeof *d);
    if (!d) {
        (void)om_fail_nomem(err);
        return NULL;
    }
    d->env = env;
    d->last = &d->first;
    om_arena_init(&d->arena, env, 0);
    pthread_mutex_init(&d->mutex, NULL);
    pthread_cond_init(&d->changed, NULL);
    atomic_init(&d->stop, false);
    d->chunk = om_arena_alloc(&d->arena, CHUNK);
    if (cache_dir) {
        d->cache_dir = om_arena_str(&d->arena, om_str_of(cache_dir)).p;
        if (!d->cache_dir) d->chunk = NULL;
    }
    if (d->chunk) return d;
    (void)om_fail_nomem(err);
    om_digests_free(d);
    return NULL;
}

void om_digests_free(om_digests *d)
{
    if (!d) return;
    atomic_store(&d->stop, true);
    if (d->running) pthread_join(d->thread, NULL);
    pthread_cond_destroy(&d->changed);
    pthread_mutex_destroy(&d->mutex);
    om_arena_free(&d->arena);
    om_free(d->env, d);
}

/* The file's name below the item's path, or its last part. */
static om_str name_within(const char *path, const char *file)
{
    om_str folder = om_str_of(path), f = om_str_of(file);
    while (folder.n > 1 && folder.p[folder.n - 1] == '/') folder.n--;
    if (f.n > folder.n + 1 && om_str_starts(f, folder) &&
        f.p[folder.n] == '/') {
        f = om_str_skip(f, folder.n);
        while (f.n > 1 && f.p[0] == '/') f = om_str_skip(f, 1);
        return f;
    }
    return om_path_last(file);
}

om_digest_item *om_digests_add(om_digests *d, const char *path,
                               const char *const *files, size_t n_files,
                               size_t n_weights)
{
    om_arena *a = &d->arena;
    om_digest_item *item = om_arena_zalloc(a, sizeof *item);
    if (!item) return NULL;
    item->path = om_arena_str(a, om_str_of(path)).p;
    item->name = om_arena_str(a, om_path_last(path)).p;
    item->file = om_arena_array(a, n_files, sizeof *item->file);
    if (!item->path || !item->name || !item->file) return NULL;
    for (size_t i = 0; i < n_files; i++) {
        om_digest_file *f = &item->file[i];
        f->path = om_arena_str(a, om_str_of(files[i])).p;
        f->name = om_arena_str(a, name_within(path, files[i])).p;
        if (!f->path || !f->name) return NULL;
        recall(d, f);
    }
    item->n_files = n_files;
    item->n_weights = n_weights;
    *d->last = item;
    d->last = &item->next;
    return item;
}

void om_digests_start(om_digests *d)
{
    if (d->started) return;
    d->started = true;
    d->running = pthread_create(&d->thread, NULL, work, d) == 0;
    if (!d->running) work(d);
}

bool om_digests_wait(om_digests *d, int milliseconds)
{
    const struct timespec until = om_clock_in(CLOCK_REALTIME, milliseconds);
    pthread_mutex_lock(&d->mutex);
    while (!d->done &&
           pthread_cond_timedwait(&d->changed, &d->mutex, &until) == 0) {
    }
    bool done = d->done;
    pthread_mutex_unlock(&d->mutex);
    return done;
}
