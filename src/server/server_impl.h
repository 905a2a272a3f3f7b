/* server_impl.h - what handlers share. */
#ifndef OM_SERVER_SERVER_IMPL_H
#define OM_SERVER_SERVER_IMPL_H

#include <pthread.h>

#include "server/guard.h"
#include "server/http.h"
#include "server/http_daemon.h"
#include "server/server.h"

struct om_server {
    om_server_opts opts; /* never changes */
    om_guard guard;      /* never changes */
    om_store *store;
    om_events *events;
    om_worker *worker;
    om_daemon *daemon;
    char *uploads;            /* folder */
    pthread_mutex_t restarts; /* held from looking for one to adding it */
};

#endif
