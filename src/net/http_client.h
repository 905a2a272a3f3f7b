/* http_client.h - ask a web server, over http and https. The one home of
 * libcurl.
 *
 *     om_http *http = om_http_new(env, err);
 *     om_http_request rq = OM_HTTP_REQUEST_DEFAULTS;
 *     om_http_response rs;
 *     rq.url = om_str_of("https://example.org/file");
 *     rq.on_data = write_it;
 *     rq.user = &file;
 *     st = om_http_send(http, &rq, &rs, err);
 *     om_http_free(http);
 *
 * A client keeps connections open between requests. One thread at a time may
 * use a client; several threads take a client each. Callbacks run in the
 * calling thread and must not use the client.
 *
 * What can go wrong is one sentence in `err` that names the host, never a path,
 * query, header or key; what a server says of its own error is quoted, made
 * safe for a terminal and cut. The response is filled as far as it went also
 * when the request failed, so that the caller can decide what to do:
 *
 *     USAGE      the address is none (om_url_parse)
 *     IO         no such host, refused, TLS, timed out, closed early, no HTTP,
 *                an answer of 400 and more, a redirect not followed
 *     MISSING    the server answered 404 or 410
 *     LIMIT      more bytes than the request allows
 *     CANCELLED  `cancelled` said so, or a callback returned false
 *     NOMEM
 *
 * Proxies are taken from the usual variables (http_proxy, https_proxy,
 * all_proxy, no_proxy) by libcurl; what is on this machine is never asked
 * through a proxy. Certificates are always checked. Bodies are not
 * decompressed: none is asked for. libcurl takes its memory from libc, not from
 * the env. */
#ifndef OM_NET_HTTP_CLIENT_H
#define OM_NET_HTTP_CLIENT_H

#include "base/buf.h"
#include "base/error.h"

typedef struct om_http om_http;

om_http *om_http_new(const omost_env *env, omost_error *err);
void om_http_free(om_http *http); /* NULL allowed */

typedef struct om_http_header {
    const char *name;
    const char *value; /* without CR and LF, or the request is USAGE */
} om_http_header;

/* What came back. Numbers are -1 and texts empty where the server did not say;
 * texts longer than their place are left out whole. Of a chain of redirects,
 * repo_commit, linked_etag and linked_size are those of the first answer that
 * had them, everything else is of the last. */
typedef struct om_http_response {
    int status;             /* 0: there was no answer */
    int n_redirects;        /* followed */
    int64_t content_length; /* of this answer's body */
    int64_t range_start;    /* Content-Range: bytes start-end/total */
    int64_t range_total;    /* -1 too when it is "*"; kept with 416 */
    int64_t linked_size;    /* X-Linked-Size */
    double retry_after;     /* seconds; a date is turned into seconds */
    uint64_t received;      /* body bytes given to on_data */
    bool accept_ranges;     /* Accept-Ranges: bytes */
    bool connected;         /* the request was on its way to a server */
    bool transient;         /* failed in a way that may pass: see below */
    bool unreachable;       /* connect_timeout passed */
    char content_type[96];  /* lower case, without parameters */
    char etag[160];         /* as sent, quotes and W/ included */
    char linked_etag[160];  /* X-Linked-Etag, the same */
    char repo_commit[80];   /* X-Repo-Commit */
    char server[96];        /* Server */
    char host[256];         /* that gave the last answer */
} om_http_response;

/* false stops: the request returns CANCELLED. */
typedef bool om_http_data_fn(void *user, const void *p, size_t n);
typedef bool om_http_answer_fn(void *user, const om_http_response *rs);
/* true stops. */
typedef bool om_http_cancelled_fn(void *user);

/* A request; everything in it is lent for the call. Begin with the defaults.
 * Times are in seconds, 0: no such limit. */
typedef struct om_http_request {
    const char *method; /* NULL: POST when there is a body, else GET */
    om_str url;
    const om_http_header *headers;
    size_t n_headers;
    om_str body; /* p == NULL: none */
    /* Secret: sent as "Authorization: Bearer ..." to the origin of `url` alone,
     * never to another host, scheme or port of a redirect; struck out of
     * messages. */
    const char *bearer;
    const char *auth_remedy; /* what to do on 401 and 403, "set HF_TOKEN" */

    double connect_timeout; /* name, connection and TLS together */
    double answer_timeout;  /* request sent to first byte; 0: idle_timeout */
    double idle_timeout;    /* no byte in either direction */
    double total_timeout;   /* everything, redirects included */
    uint64_t max_body;      /* most bytes of a body; 0: no limit */
    /* > 0: ask for the bytes from here on (Range). A server may ignore it and
     * send everything: look at status 206 and range_start in on_answer. */
    uint64_t offset;

    /* Redirects: at most 10, from https to https only. GET and HEAD follow all
     * kinds, other methods only 307 and 308 within the same origin. Headers
     * named Authorization, Cookie or Proxy-Authorization and `bearer` stay at
     * the first origin. Not followed: IO, and the response says 3xx. */
    bool follow_redirects;
    bool head_only; /* HEAD: only what the headers tell */
    /* Gets the first 64 KiB of the body of an answer that is no 2xx, as it came;
     * NULL: nobody wants it. Emptied before each answer. */
    om_buf *error_body;

    om_http_answer_fn *on_answer;    /* once, headers of a 2xx are complete */
    om_http_data_fn *on_data;        /* bytes of a 2xx body; NULL: dropped */
    om_http_cancelled_fn *cancelled; /* asked about ten times a second */
    void *user;
} om_http_request;

#define OM_HTTP_REQUEST_DEFAULTS                                  \
    {                                                             \
        .connect_timeout = 15, .idle_timeout = 60,                \
        .max_body = (uint64_t)64 << 20, .follow_redirects = true, \
    }

/* Send it and wait for the end of the answer. OK: a 2xx whose body is complete
 * (by its length or its last chunk; a body without either ends when the server
 * closes the connection, which nobody can tell from an accident). */
OMOST_NODISCARD omost_status om_http_send(om_http *http,
                                          const om_http_request *rq,
                                          om_http_response *rs,
                                          omost_error *err);

/* ---- trying again ------------------------------------------------------ */

/* A connect_timeout costs long and seldom passes: it is tried once more at the
 * most, and not at all with unsent_only.
 *
 * `transient` of a response is true for failures that a later try may not meet:
 * lost or (not on this machine) refused connections, silence, 408, 425, 429, 500,
 * 502, 503, 504. Never for unknown names, TLS, other statuses, total_timeout,
 * cancelling and limits. */

typedef struct om_http_retry {
    int tries;    /* in all, the first included */
    double first; /* seconds before the second try; doubles from then on */
    double most;  /* the longest pause; a Retry-After beyond it gives up */
    /* Not once the server has got the request and its answer was lost: for
     * what is dear to do twice. A status (503, ...) is an answer. */
    bool unsent_only;
} om_http_retry;

#define OM_HTTP_RETRY_DEFAULTS               \
    {                                        \
        .tries = 4, .first = 0.5, .most = 30 \
    }

/* Told before each pause: how long, and why (the message of the failed try). */
typedef void om_http_waiting_fn(void *user, double seconds, const char *why);

/* Seconds to wait after try number `tried` (1 is the first) failed with `rs`,
 * or a negative number: do not try again. Between half and the whole of the
 * doubling pause, by chance, so that clients do not come back all at once;
 * never less than the server's Retry-After. */
double om_http_retry_pause(const om_http_retry *policy, int tried,
                           const om_http_response *rs);

/* Wait; CANCELLED when `cancelled` (NULL allowed) says so. */
omost_status om_http_wait(double seconds, om_http_cancelled_fn *cancelled,
                          void *user, omost_error *err);

/* om_http_send(), again and again as the policy says. The caller states by
 * calling it that sending twice does no harm. Once on_answer or on_data has
 * been called with an answer nothing is tried again: a caller that can resume
 * does so with `offset`. */
OMOST_NODISCARD omost_status om_http_send_again(
    om_http *http, const om_http_request *rq, const om_http_retry *policy,
    om_http_waiting_fn *waiting, om_http_response *rs, omost_error *err);

#endif
