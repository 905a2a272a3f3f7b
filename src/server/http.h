/* http.h - a request and its answer, as handlers see them. What libmicrohttpd
 * is, only http_*.c know (http.c apart).
 *
 * A handler gets a request that is whole, checked (who may ask: guard.h) and
 * within the limits of its route, and fills a response. It never blocks on
 * the engine: work goes to the worker (worker.h), and an answer that has to
 * wait for it says so (om_response.later). Everything of a request lives in its
 * arena until the answer is sent.
 *
 * Threads: handlers run in the daemon's threads, several at once; what they
 * share is in om_server and says itself who may touch it. */
#ifndef OM_SERVER_HTTP_H
#define OM_SERVER_HTTP_H

#include <stdatomic.h>

#include <jansson.h>

#include "base/buf.h"
#include "base/mem.h"
#include "server/target.h"

typedef struct om_server om_server;

/* id, word */
#define OM_METHOD_LIST(X) \
    X(GET, "GET")         \
    X(POST, "POST")       \
    X(PUT, "PUT")         \
    X(PATCH, "PATCH")     \
    X(DELETE, "DELETE")

typedef enum om_method {
#define X(id, word) OM_##id,
    OM_METHOD_LIST(X)
#undef X
        OM_N_METHODS
} om_method;

/* "GET", ...; the method of a word ("HEAD" is GET), or -1. */
const char *om_method_word(om_method m);
int om_method_find(const char *word);

enum { OM_MAX_PARAMS = 4 };

/* What wakes a request whose answer waits: safe from any thread while the
 * request lives. */
typedef struct om_waker om_waker;
void om_waker_wake(om_waker *w);

typedef struct om_request {
    om_server *server;
    om_arena *arena;
    om_method method;
    om_str path;                 /* decoded (target.h) */
    om_str query;                /* as it came */
    om_str param[OM_MAX_PARAMS]; /* what the route's {names} matched */
    om_str body;
    json_t *json; /* the body, where the route takes JSON (an object); else
                   * NULL */
    /* The first value of a header; p NULL: none. */
    om_str (*header)(void *connection, const char *name);
    void *connection;
    om_waker *waker;
    atomic_bool gone; /* of an answer that waits: nobody is there any more, or
                       * the server stops; give up */
} om_request;

/* Of the query string, decoded; p NULL when there is none. */
om_str om_request_query(const om_request *rq, const char *name);
om_str om_request_header(const om_request *rq, const char *name);
/* The route's i-th {number}: an id above 0; MISSING. */
omost_status om_request_id(const om_request *rq, int i, int64_t *out,
                           omost_error *err);
/* A number of the query, RANGE when it is none or outside min..max. */
omost_status om_request_int(const om_request *rq, const char *name,
                            int64_t fallback, int64_t min, int64_t max,
                            int64_t *out, omost_error *err);
/* `limit` and `before`. */
omost_status om_request_page(const om_request *rq, int64_t *before, int *limit,
                             omost_error *err);

/* ---- answers ---------------------------------------------------------- */

/* An answer without an end. next() puts the next bytes into out[cap] and says
 * how many; 0: nothing now, ask again when the waker woke; -1: over. close() is
 * called once, whatever happened. Both in a daemon thread. */
typedef struct om_stream_ops {
    int64_t (*next)(void *state, char *out, size_t cap);
    void (*close)(void *state);
} om_stream_ops;

enum { OM_MAX_HEADERS = 8 };

typedef struct om_response {
    int status;       /* 200 unless set; kept when a handler fails with 4xx or
                       * 5xx in it */
    const char *type; /* "application/json" unless set */
    om_buf body;
    om_str fixed; /* instead of body: bytes that outlive the answer */
    struct {
        const char *name;
        om_str value; /* in the arena, or constant */
    } header[OM_MAX_HEADERS];
    int n_headers;
    const om_stream_ops *stream; /* instead of body */
    void *stream_state;
    /* Not yet: the handler is called again whenever the waker woke, with what
     * it put into `state`; done(state) is called once at the end. */
    bool later;
    void *state;
    void (*done)(void *state);
    bool openai; /* errors have the members its clients look for */
} om_response;

void om_response_header(om_response *rs, const char *name, om_str value);
/* Of a stream: nobody on its way may keep it, or keep it back. */
void om_response_live(om_response *rs);
bool om_response_has(const om_response *rs, const char *name);
/* The value becomes the body and is released. NULL: no memory. */
omost_status om_response_json(om_response *rs, json_t *value, omost_error *err);
/* An ETag; true (and 304 is the answer) when the client has it already. */
bool om_response_tag(const om_request *rq, om_response *rs, om_str tag);
/* The error as the body, with its status, and without the headers that were
 * about another body. `word` NULL: the status's name. */
void om_response_error(om_response *rs, int http, const char *word,
                       const omost_error *err);
/* 422 and so on. */
int om_http_code(omost_status st);
/* {"status", "message", "line", "col", "len"} */
json_t *om_error_json(const omost_error *err, const char *word);
/* The same with "type", "param" and "code", as OpenAI's clients expect. */
json_t *om_openai_error_json(const omost_error *err, int http,
                             const char *word);

/* An error becomes {"error": {...}} with the status's HTTP code. */
typedef omost_status om_handler(om_request *rq, om_response *rs,
                                omost_error *err);

/* ---- the table of routes (routes.def) --------------------------------- */

/* What a route's body may be. */
typedef enum om_body_kind {
    OM_BODY_NONE,
    OM_BODY_JSON,
    OM_BODY_MAYBE, /* JSON, or nothing and then no Content-Type either */
    OM_BODY_PNG
} om_body_kind;

typedef struct om_route {
    om_method method;
    const char *pattern; /* "/api/sessions/{session}/messages"; {name...} at
                          * its end matches all that follows */
    om_handler *handler;
    om_body_kind body;
    const char *tag, *summary;
    const char *query;              /* parameters, like members of a schema */
    const char *request, *response; /* names of schemas (schemas.def), or "" */
    int status;                     /* when all is well */
    bool open; /* answered without the key: the page itself */
} om_route;

extern const om_route om_routes[]; /* ends with a NULL pattern */

/* Bytes of a body. */
size_t om_route_max_body(const om_route *r);

/* The route for a path, its parameters in param[]; NULL, and in *others a bit
 * (1 << method) for each method that would do (405). */
const om_route *om_route_find(const om_route *table, om_method method,
                              om_str path, om_str param[OM_MAX_PARAMS],
                              unsigned *others);
/* USAGE: a parameter that this route of our own API does not know. */
omost_status om_route_check_query(const om_route *r, om_arena *a, om_str query,
                                  omost_error *err);

#endif
