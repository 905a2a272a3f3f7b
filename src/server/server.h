/* server.h - the studio: what `omost serve` starts. */
#ifndef OM_SERVER_SERVER_H
#define OM_SERVER_SERVER_H

#include "omost/models.h"
#include "server/worker.h"

typedef struct om_server om_server;

/* Texts and arrays outlive the server. */
typedef struct om_server_opts {
    const omost_env *env;
    const char *host;
    int port;         /* 0: any free one */
    const char *data; /* folder; made when it is missing */
    const char *key;  /* NULL or "": none */
    bool insecure_no_key;
    const char *const *allow_hosts;
    size_t n_allow_hosts;
    const char *const *allow_origins;
    size_t n_allow_origins;
    const char *web;            /* folder; NULL: what the program has in it */
    const char *const *folders; /* with models */
    size_t n_folders;
    omost_hub_opts hub;
    om_worker_opts worker; /* store and events are the server's */
    int n_threads;         /* for HTTP; 0: 4 */
} om_server_opts;

om_server *om_server_start(const om_server_opts *opts, omost_error *err);
/* Within a second or two: the running job becomes interrupted. */
void om_server_stop(om_server *s);
/* Where it listens. */
int om_server_port(const om_server *s);

#endif
