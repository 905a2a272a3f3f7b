/* hub_cache.h - the folders of the hub's cache (the layout is in
 * omost/models.h): paths, references, links, locks. */
#ifndef OM_MODELS_HUB_CACHE_H
#define OM_MODELS_HUB_CACHE_H

#include <limits.h>

#include "models/hub_ref.h"
#include "omost/models.h"

typedef char om_path[PATH_MAX];

/* snprintf() that says when it does not fit. */
omost_status om_path_printf(om_path out, omost_error *err, const char *fmt, ...)
    OMOST_PRINTF(3, 4);

/* CACHE/models--OWNER--REPO, its lock folder. */
omost_status om_cache_repo(om_path out, const char *cache, const om_hub_ref *r,
                           omost_error *err);
omost_status om_cache_locks(om_path out, const char *cache, const om_hub_ref *r,
                            omost_error *err);

/* The commit a revision stands for, as far as this machine knows; false when it
 * does not. */
bool om_cache_commit(char out[41], const char *repo, om_str rev);
/* Write that down. */
omost_status om_cache_set_commit(const char *repo, om_str rev,
                                 const char *commit, omost_error *err);

/* snapshots/COMMIT/FILE becomes a link to blobs/BLOB, all at once. */
omost_status om_cache_link(const char *repo, const char *commit, om_str file,
                           const char *blob, omost_error *err);

/* A lock that goes with the process. `wait` is asked ten times a second while
 * another program holds it; false gives up (CANCELLED). */
typedef bool om_lock_wait_fn(void *user);
omost_status om_lock_take(int *fd, const char *path, om_lock_wait_fn *wait,
                          void *user, omost_error *err);
void om_lock_give(int *fd);

#endif
