/* hub_list.h - asking the hub which files there are, and what they should be. */
#ifndef OM_MODELS_HUB_LIST_H
#define OM_MODELS_HUB_LIST_H

#include "base/mem.h"
#include "models/hub_ref.h"
#include "net/http_client.h"

typedef struct om_hub_file {
    om_str name;
    char etag[129];  /* its name among the blobs; "": not told */
    char sha256[65]; /* "": not told */
    int64_t size;    /* -1: not told */
    bool wanted;     /* hub_wanted.c's own */
} om_hub_file;

typedef struct om_hub_list {
    om_arena arena;
    char commit[41];
    om_hub_file *file;
    size_t n;
} om_hub_list;

/* How to ask. */
typedef struct om_hub {
    const omost_env *env;
    om_http *http;
    const char *endpoint;
    const char *token; /* or NULL */
    om_http_cancelled_fn *cancelled;
    void *user;
} om_hub;

/* Those of a repository's files that a program like this one wants, the one that
 * makes the folder a model last. Free it also after a failure. */
omost_status om_hub_list_repo(om_hub_list *l, const om_hub *hub,
                              const om_hub_ref *r, omost_error *err);
/* One file. */
omost_status om_hub_list_file(om_hub_list *l, const om_hub *hub,
                              const om_hub_ref *r, omost_error *err);
void om_hub_list_free(om_hub_list *l);

/* ENDPOINT/OWNER/REPO/resolve/REV/FILE, appended. */
void om_hub_url(om_buf *out, const om_hub *hub, const om_hub_ref *r, om_str rev,
                om_str file);

/* Fill what is not told about a file. */
omost_status om_hub_head(om_hub_file *f, char commit[41], const om_hub *hub,
                         const om_hub_ref *r, om_str rev, omost_error *err);

#endif
