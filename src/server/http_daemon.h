/* http_daemon.h - sockets: requests in, answers out. The one home of
 * libmicrohttpd.
 *
 * A few threads serve all connections by epoll; an answer that waits (events,
 * a picture being drawn) is set aside and costs no thread. A connection must
 * get its request through within a time, however slowly it drips; bodies are
 * counted against one budget of memory for all. */
#ifndef OM_SERVER_HTTP_DAEMON_H
#define OM_SERVER_HTTP_DAEMON_H

#include "server/guard.h"

enum {
    OM_MAX_CONNECTIONS = 800,
    OM_MAX_STREAMS = 400,        /* of them, event streams */
    OM_MAX_HEADER_BYTES = 32768, /* of a request */
    OM_MAX_JSON_BODY = 4 << 20,  /* bytes */
    OM_MAX_PNG_BODY = 64 << 20,  /* bytes */
    OM_MAX_BODIES = 256 << 20,   /* bytes of all requests together */
    OM_HEADER_SECONDS = 20,      /* for a whole request without its body */
    OM_BODY_SECONDS = 60,        /* for a body, and one more for each ... */
    OM_BODY_RATE = 64 << 10,     /* ... so many bytes that were announced */
    OM_ANSWER_SECONDS = 300,     /* to take an answer */
    OM_IDLE_SECONDS = 30,        /* without a byte */
    OM_PING_SECONDS = 15         /* a stream is asked at least so often */
};

typedef struct om_daemon om_daemon;

typedef struct om_daemon_opts {
    const omost_env *env;
    int socket; /* bound and listening; the daemon's from now on */
    om_server *server;
    const om_guard *guard;  /* outlives the daemon */
    const om_route *routes; /* ends with a NULL pattern */
    int n_threads;
    int header_seconds; /* 0: OM_HEADER_SECONDS; for tests */
} om_daemon_opts;

om_daemon *om_daemon_start(const om_daemon_opts *opts, omost_error *err);
/* Ends streams and waiting answers, and waits for what is being sent. */
void om_daemon_stop(om_daemon *d);

/* A socket that listens on the address (a name or a number); *port 0 becomes
 * the one the system gave. USAGE no such address, IO the port is taken. */
omost_status om_listen(const char *host, int *port, int *out, omost_error *err);

#endif
