/* http.h - a request and its answer, as handlers see them. What libmicrohttpd
 * is, only http_daemon.c knows.
 *
 * A handler gets a request that is whole, checked (who may ask: guard.c) and
 * within the limits of its route, and fills a response. It never blocks on
 * the engine: work goes to the worker (worker.h). Everything of a request and a
 * response lives in the request's arena until the answer is sent.
 *
 * Threads: handlers run in the daemon's threads, several at once; what they
 * share is in om_server and says itself who may touch it. */
#ifndef OM_SERVER_HTTP_H
#define OM_SERVER_HTTP_H

#include <jansson.h>

#include "base/buf.h"
#include "base/mem.h"

typedef struct om_server om_server;

typedef enum om_method {
    OM_GET,
    OM_POST,
    OM_PUT,
    OM_PATCH,
    OM_DELETE,
    OM_N_METHODS
} om_method;

enum { OM_MAX_PARAMS = 4 };

typedef struct om_request {
    om_server *server;
    om_arena *arena;
    om_method method;
    om_str path;                 /* decoded once; no NUL, no "..", no "//" */
    om_str param[OM_MAX_PARAMS]; /* what the route's {names} matched */
    om_str body;
    json_t *json; /* the body, where the route takes JSON; else NULL */
    void *connection;
} om_request;

/* Of the query string (decoded) and of the headers; p NULL when there is
 * none. */
om_str om_request_query(const om_request *rq, const char *name);
om_str om_request_header(const om_request *rq, const char *name);
/* A route's {number}, or of the query: an id above 0; MISSING or RANGE. */
omost_status om_request_id(const om_request *rq, int param, int64_t *out,
                           omost_error *err);
omost_status om_request_int(const om_request *rq, const char *query,
                            int64_t fallback, int64_t min, int64_t max,
                            int64_t *out, omost_error *err);

/* Gives the next bytes of an answer without an end (events): how many were put
 * into out[cap]; 0: nothing now, ask again when om_stream_wake() was called;
 * -1: over. Called from a daemon thread. */
typedef struct om_stream_ops {
    int64_t (*next)(void *state, char *out, size_t cap);
    void (*close)(void *state);
} om_stream_ops;

enum { OM_MAX_HEADERS = 8 };

typedef struct om_response {
    int status;       /* 200 unless set */
    const char *type; /* "application/json" unless set */
    om_buf body;
    om_str fixed; /* instead of body: bytes that outlive the answer */
    struct {
        const char *name;
        om_str value; /* in the arena */
    } header[OM_MAX_HEADERS];
    int n_headers;
    const om_stream_ops *stream; /* instead of body */
    void *stream_state;
} om_response;

void om_response_header(om_response *rs, const char *name, om_str value);
/* The value becomes the body and is released. */
void om_response_json(om_response *rs, json_t *value);

/* An error becomes {"error": {...}} with the status's HTTP code. */
typedef omost_status om_handler(om_request *rq, om_response *rs,
                                omost_error *err);

/* ---- the table of routes (routes.def) ---------------------------------- */

/* What a route's body may be. */
typedef enum om_body_kind {
    OM_BODY_NONE,
    OM_BODY_JSON,
    OM_BODY_PNG
} om_body_kind;

typedef struct om_route {
    om_method method;
    const char *pattern; /* "/api/sessions/{session}/messages" */
    om_handler *handler;
    om_body_kind body;
    size_t max_body;
    const char *tag, *summary;
    const char *request, *response; /* names of schemas (schemas.def), or "" */
    bool open; /* answered without the key: health, the page */
} om_route;

extern const om_route om_routes[]; /* ends with a NULL pattern */

/* The route for a path, its parameters in param[]; NULL, and *other set when
 * another method would do (405). */
const om_route *om_route_find(om_method method, om_str path,
                              om_str param[OM_MAX_PARAMS], bool *other);

#endif
