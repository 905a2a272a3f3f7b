/* download.h - one file from a server to its place: resumed, checked, renamed.
 *
 * Bytes go to PLACE.incomplete. A later call, of this program or another one,
 * goes on from there, also after the power failed. When all are there, and
 * their number and SHA-256 are what was announced, the file gets its name. */
#ifndef OM_MODELS_DOWNLOAD_H
#define OM_MODELS_DOWNLOAD_H

#include "models/hub_cache.h"
#include "net/http_client.h"

typedef struct om_download {
    const omost_env *env;
    om_http *http;
    om_str url;
    const char *bearer; /* or NULL */
    const char *name;   /* in messages */
    const char *place, *lock;
    int64_t size;       /* that it must have; -1: whatever the server says */
    const char *sha256; /* that it must have; NULL: whatever it is */
    /* What lies under this address may change: go on only when the server says
     * that it has not. (What is named by its hash does not.) */
    bool may_change;
    /* How far it is; false stops. `total` 0: not known. `text` is a sentence
     * for OMOST_PULL_RETRY and _WAIT, else NULL. */
    bool (*tell)(void *user, omost_pull_what what, uint64_t done,
                 uint64_t total, const char *text);
    void *user;
} om_download;

/* `had`: it was in its place already. Errors as omost_model_pull(). */
omost_status om_download_run(const om_download *d, bool *had, omost_error *err);

#endif
