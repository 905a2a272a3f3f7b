/* digest.h - the SHA-256 of the files a picture is drawn with.
 *
 * Models have gigabytes, so the work is done by a thread of its own while the
 * picture is drawn (1.5 GB/s; it reads the files in order, and whoever loads
 * the weights finds them in memory). With a cache folder a file is read only
 * when its place, size or time has changed:
 *
 *     CACHE/digests/KEY      digits of the file; of its data alone
 *     CACHE/paths/SHA256     where the file or folder was last used from
 *
 * One thread calls these functions; the worker is theirs. What cannot be read
 * has empty digits: a digest is never worth a failure. */
#ifndef OM_ENGINE_DIGEST_H
#define OM_ENGINE_DIGEST_H

#include "base/error.h"
#include "base/mem.h"

typedef struct om_digest_file {
    const char *path;
    const char *name; /* within what it belongs to */
    char sha256[65];  /* "" while it is not known */
    char data[65];    /* of a .safetensors file without its header, which is
                     * how A1111 knows a LoRA */
} om_digest_file;

/* What a user names: a file, or a folder with files. */
typedef struct om_digest_item {
    struct om_digest_item *next;
    const char *path, *name; /* as given; its last part */
    om_digest_file *file;    /* weights, then configurations */
    size_t n_files, n_weights;
    /* The file's, or of several: of the lines "SHA256  NAME\n" of all. */
    char sha256[65];
    char weights[65]; /* the same of the weights alone: what records of before
                       * configurations counted have */
} om_digest_item;

typedef struct om_digests om_digests;

/* `cache_dir` may be NULL. */
om_digests *om_digests_new(const omost_env *env, const char *cache_dir,
                           omost_error *err);
void om_digests_free(om_digests *d); /* stops the worker */

/* Before the start: an item of these files, of which the first n_weights are
 * weights, lent by `d`; NULL when there is no memory. The texts are copied. */
om_digest_item *om_digests_add(om_digests *d, const char *path,
                               const char *const *files, size_t n_files,
                               size_t n_weights);

/* Begin, if it has not begun. */
void om_digests_start(om_digests *d);
/* Wait so long at most; true when all that can be known is known. */
bool om_digests_wait(om_digests *d, int milliseconds);

/* CACHE/paths/SHA256 gets `path`, in full. */
void om_path_remember(const omost_env *env, const char *cache_dir,
                      const char *sha256, const char *path);

/* "c" of "a/b/c" and of "a/b/c/", lent from the path's own bytes. */
om_str om_path_last(const char *path);

#endif
