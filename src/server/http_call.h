/* http_call.h - a connection and the request that is on it, as the daemon's
 * files share them. */
#ifndef OM_SERVER_HTTP_CALL_H
#define OM_SERVER_HTTP_CALL_H

#include <pthread.h>

#include <microhttpd.h>

#include "server/http_daemon.h"

typedef struct om_call om_call;

/* A connection: in the daemon's list from its first to its last moment. */
typedef struct om_conn {
    struct om_conn *next, **from;
    int fd;
    int64_t deadline; /* ms; 0: none */
    om_call *call;    /* that waits or streams; else NULL */
} om_conn;

struct om_waker {
    pthread_mutex_t lock;
    struct MHD_Connection *connection;
    bool pending, suspended;
    int64_t asked; /* ms: when it was last asked for more */
};

struct om_call {
    om_daemon *daemon;
    om_conn *conn;
    om_arena arena;
    om_request rq;
    om_response rs;
    om_waker waker;
    const om_route *route;
    om_str target;
    om_buf body;
    size_t counted; /* bytes of the budget it holds */
    size_t passed;  /* bytes of a refused body that were read */
    bool begun, ready, sent, streams;
};

struct om_daemon {
    om_daemon_opts opts;
    struct MHD_Daemon *mhd;
    pthread_mutex_t lock; /* of what follows */
    pthread_cond_t wake;
    om_conn *conns;
    size_t body_bytes;
    int n_streams;
    bool stopping;
    pthread_t watch; /* http_watch.c */
    bool watching;
};

/* Put the request aside unless it was woken meanwhile; false: try again. */
bool om_call_suspend(om_call *c);
bool om_daemon_stopping(om_daemon *d);
void om_conn_deadline(om_conn *conn, om_daemon *d, int seconds);

/* ---- http_begin.c ---- */

enum { OM_MOST_PASSED = 16 << 20 }; /* bytes of a refused body that are read */

/* A header of an MHD_Connection; p NULL: none. */
om_str om_call_header(void *connection, const char *name);
/* Find the route and ask the guard; c->ready: it is refused. */
void om_call_begin(om_call *c, struct MHD_Connection *mc, const char *method);
/* Whether the rest of a refused request is read first: a client that is still
 * sending may never see an answer that comes before. */
bool om_call_may_pass(om_call *c, struct MHD_Connection *mc);
void om_call_refuse_size(om_call *c);
void om_call_refuse_busy(om_call *c);

/* ---- http_send.c ---- */

/* Answer in c->rs, whatever it is, to MHD. */
enum MHD_Result om_call_send(om_call *c, struct MHD_Connection *mc);

/* ---- http_watch.c ---- */

/* The thread that ends what takes too long. */
omost_status om_watch_start(om_daemon *d, omost_error *err);
void om_watch_stop(om_daemon *d);
/* Wake all that wait. */
void om_watch_wake_all(om_daemon *d);

#endif
