/* http_client.c - see http_client.h. One easy handle in a multi handle: that
 * lets us look up from the network ten times a second, which libcurl's blocking
 * call does not. Redirects are followed here and not by libcurl, so that what
 * goes to a new host is decided in one place. */
#include <curl/curl.h>
#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "net/http_error.h"
#include "net/http_internal.h"

enum {
    POLL_MS = 100,
    MAX_REDIRECTS = 10,
    MAX_HEADER_BYTES = 256 << 10,
    MAX_ERROR_BODY = 64 << 10
};

/* Seconds a handshake may take once the connection stands. A server that speaks
 * http waits for the rest of what it takes for a request. */
static const double handshake_near = 3, handshake_far = 10;

struct om_http {
    const omost_env *env;
    CURLM *multi;
    CURL *easy;
    char said[CURL_ERROR_SIZE]; /* libcurl's own words for a failure */
};

/* Why we ended an exchange ourselves. */
typedef enum stop {
    GO_ON,
    STOP_CANCELLED,
    STOP_CALLBACK, /* returned false */
    STOP_LIMIT,
    STOP_HEADERS, /* more of them than anybody needs */
    STOP_ENOUGH,  /* of an error's or a redirect's body */
    STOP_ANSWER,  /* the three timeouts */
    STOP_IDLE,
    STOP_TOTAL,
    STOP_HANDSHAKE
} stop;

/* One request from its first address to its last redirect. */
typedef struct exchange {
    om_http *http;
    const om_http_request *rq;
    om_http_response *rs;
    om_url first; /* of rq->url */
    om_url url;   /* of `address` */
    om_buf address;
    om_buf own, *body; /* of an answer that is no 2xx */
    double deadline;
    curl_socket_t socket; /* the last one opened */
    double linked_at;     /* it was connected; 0: not yet */
    stop why;
    bool answered; /* on_answer was called */
    uint64_t header_bytes;
} exchange;

/* ---- opening and closing ------------------------------------------------- */

/* libcurl's own set-up is not safe between threads before 7.84; once for the
 * process is. It stays until the process ends. */
static pthread_once_t set_up = PTHREAD_ONCE_INIT;

static void set_up_libcurl(void)
{
    curl_global_init(CURL_GLOBAL_DEFAULT);
}

om_http *om_http_new(const omost_env *env, omost_error *err)
{
    om_error_clear(err);
    pthread_once(&set_up, set_up_libcurl);
    om_http *http = om_zalloc(env, sizeof *http);
    if (!http) {
        om_fail_nomem(err);
        return NULL;
    }
    http->env = env;
    http->multi = curl_multi_init();
    http->easy = curl_easy_init();
    if (!http->multi || !http->easy) {
        om_http_free(http);
        om_fail_nomem(err);
        return NULL;
    }
    return http;
}

void om_http_free(om_http *http)
{
    if (!http) return;
    if (http->easy) curl_easy_cleanup(http->easy);
    if (http->multi) curl_multi_cleanup(http->multi);
    om_free(http->env, http);
}

/* ---- libcurl calls us ---------------------------------------------------- */

static int status_of(const exchange *x)
{
    long status = 0;
    curl_easy_getinfo(x->http->easy, CURLINFO_RESPONSE_CODE, &status);
    return (int)status;
}

static bool is_good(int status)
{
    return status >= 200 && status <= 299;
}

static size_t stopped(exchange *x, stop why)
{
    x->why = why;
    return 0; /* not what libcurl waits for: it ends the transfer */
}

/* The empty line behind the headers of an answer. */
static bool headers_are_complete(exchange *x)
{
    const om_http_request *rq = x->rq;
    om_http_response *rs = x->rs;
    if (!is_good(rs->status) || x->answered) return true;
    x->answered = true;
    if (rq->max_body && !rq->head_only && rs->content_length > 0 &&
        (uint64_t)rs->content_length > rq->max_body)
        return stopped(x, STOP_LIMIT) != 0;
    if (rq->on_answer && !rq->on_answer(rq->user, rs))
        return stopped(x, STOP_CALLBACK) != 0;
    return true;
}

static size_t on_header(char *p, size_t size, size_t n, void *user)
{
    exchange *x = user;
    om_str line = {p, size * n};
    x->header_bytes += line.n;
    if (x->header_bytes > MAX_HEADER_BYTES) return stopped(x, STOP_HEADERS);
    if (x->answered) return line.n; /* trailers */
    if (om_str_starts(line, OM_STR("HTTP/"))) {
        om_http_response_next(x->rs);
        x->rs->status = status_of(x);
    } else if (line.n <= 2 && om_str_strip(line, "\r\n").n == 0) {
        if (!headers_are_complete(x)) return 0;
    } else {
        om_http_response_header(x->rs, line);
    }
    return line.n;
}

static size_t on_body(char *p, size_t size, size_t n, void *user)
{
    exchange *x = user;
    const om_http_request *rq = x->rq;
    om_str bytes = {p, size * n};
    if (!is_good(x->rs->status)) {
        size_t room = MAX_ERROR_BODY - x->body->n;
        om_buf_put(x->body, bytes.p, bytes.n < room ? bytes.n : room);
        return bytes.n <= room ? bytes.n : stopped(x, STOP_ENOUGH);
    }
    if (rq->max_body && bytes.n > rq->max_body - x->rs->received)
        return stopped(x, STOP_LIMIT);
    x->rs->received += bytes.n;
    if (rq->on_data && !rq->on_data(rq->user, bytes.p, bytes.n))
        return stopped(x, STOP_CALLBACK);
    return bytes.n;
}

static curl_socket_t on_socket(void *user, curlsocktype purpose,
                               struct curl_sockaddr *a)
{
    exchange *x = user;
    (void)purpose;
    x->linked_at = 0;
    return x->socket =
               socket(a->family, a->socktype | SOCK_CLOEXEC, a->protocol);
}

/* ---- one exchange -------------------------------------------------------- */

/* "HOST" or "HOST:PORT", for messages. */
static void name_host(exchange *x)
{
    const om_url *u = &x->url;
    int usual = u->https ? 443 : 80;
    int n = snprintf(x->rs->host, sizeof x->rs->host,
                     u->ipv6 ? "[%.*s]" : "%.*s", OM_STR_ARG(u->host));
    if (u->port != usual && n > 0 && n < (int)sizeof x->rs->host)
        snprintf(x->rs->host + n, sizeof x->rs->host - (size_t)n, ":%d",
                 u->port);
}

/* "NAME: VALUE"; libcurl's notation for an empty value is "NAME;", for "do not
 * send it" "NAME:". */
static omost_status add_header(exchange *x, struct curl_slist **list,
                               const om_http_header *h, const char *head,
                               omost_error *err)
{
    om_buf line;
    struct curl_slist *more = NULL;
    omost_status st = om_http_check_header(h, err);
    if (st != OMOST_OK) return st;
    om_buf_init(&line, x->http->env, 1 << 16);
    om_buf_puts(&line, h->name);
    om_buf_puts(&line, h->value[0] ? ": " : ";");
    om_buf_puts(&line, head);
    om_buf_puts(&line, h->value);
    if (line.status == OMOST_OK) more = curl_slist_append(*list, line.p);
    om_buf_free(&line);
    if (!more) return om_fail_nomem(err);
    *list = more;
    return OMOST_OK;
}

static omost_status make_headers(exchange *x, struct curl_slist **list,
                                 omost_error *err)
{
    const om_http_request *rq = x->rq;
    const bool home = om_url_same_origin(&x->first, &x->url);
    omost_status st = OMOST_OK;
    for (size_t i = 0; st == OMOST_OK && i < rq->n_headers; i++)
        if (home || !om_http_header_is_secret(&rq->headers[i]))
            st = add_header(x, list, &rq->headers[i], "", err);
    om_http_header key = {"Authorization", rq->bearer};
    if (st == OMOST_OK && rq->bearer && rq->bearer[0] && home)
        st = add_header(x, list, &key, "Bearer ", err);
    if (st != OMOST_OK || !rq->body.p) return st;
    /* No waiting for "100 Continue" before a long body. */
    struct curl_slist *more = curl_slist_append(*list, "Expect:");
    if (!more) return om_fail_nomem(err);
    *list = more;
    return OMOST_OK;
}

static void set_method(const exchange *x, CURL *e)
{
    const om_http_request *rq = x->rq;
    if (rq->head_only) {
        curl_easy_setopt(e, CURLOPT_NOBODY, 1L);
        return;
    }
    if (rq->body.p) {
        curl_easy_setopt(e, CURLOPT_POST, 1L);
        curl_easy_setopt(e, CURLOPT_POSTFIELDSIZE_LARGE,
                         (curl_off_t)rq->body.n);
        curl_easy_setopt(e, CURLOPT_POSTFIELDS, rq->body.p);
    }
    if (rq->method) curl_easy_setopt(e, CURLOPT_CUSTOMREQUEST, rq->method);
}

static void set_options(exchange *x, struct curl_slist *headers)
{
    const om_http_request *rq = x->rq;
    CURL *e = x->http->easy;
    char range[32];
    curl_easy_reset(e);
    curl_easy_setopt(e, CURLOPT_URL, x->address.p);
#if LIBCURL_VERSION_NUM >= 0x075500
    curl_easy_setopt(e, CURLOPT_PROTOCOLS_STR, "http,https");
#else
    curl_easy_setopt(e, CURLOPT_PROTOCOLS, CURLPROTO_HTTP | CURLPROTO_HTTPS);
#endif
#if LIBCURL_VERSION_NUM >= 0x075700
    /* A name server that does not answer must not hold up a cancelling. */
    curl_easy_setopt(e, CURLOPT_QUICK_EXIT, 1L);
#endif
    curl_easy_setopt(e, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(e, CURLOPT_ERRORBUFFER, x->http->said);
    curl_easy_setopt(e, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
    curl_easy_setopt(e, CURLOPT_TCP_KEEPALIVE, 1L);
    curl_easy_setopt(e, CURLOPT_BUFFERSIZE, 128L << 10);
    curl_easy_setopt(e, CURLOPT_USERAGENT, "omost/" OM_VERSION);
    curl_easy_setopt(e, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(e, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(e, CURLOPT_HEADERDATA, x);
    curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(e, CURLOPT_WRITEDATA, x);
    curl_easy_setopt(e, CURLOPT_OPENSOCKETFUNCTION, on_socket);
    curl_easy_setopt(e, CURLOPT_OPENSOCKETDATA, x);
    /* 0 would be libcurl's own limit. */
    curl_easy_setopt(e, CURLOPT_CONNECTTIMEOUT_MS,
                     rq->connect_timeout > 0
                         ? (long)(rq->connect_timeout * 1000) + 1
                         : 86400000L);
    if (om_url_is_loopback(&x->url)) curl_easy_setopt(e, CURLOPT_PROXY, "");
    if (rq->offset > 0) {
        snprintf(range, sizeof range, "%llu-", (unsigned long long)rq->offset);
        curl_easy_setopt(e, CURLOPT_RANGE, range);
    }
    set_method(x, e);
}

/* What has moved so far, in either direction. */
static uint64_t bytes_moved(const exchange *x)
{
    curl_off_t up = 0, down = 0;
    curl_easy_getinfo(x->http->easy, CURLINFO_SIZE_UPLOAD_T, &up);
    curl_easy_getinfo(x->http->easy, CURLINFO_SIZE_DOWNLOAD_T, &down);
    return (uint64_t)up + (uint64_t)down + x->header_bytes;
}

/* Connected, and the request is on its way: before that, connect_timeout holds.
 */
static bool is_connected(const exchange *x)
{
    curl_off_t t = 0;
    curl_easy_getinfo(x->http->easy, CURLINFO_PRETRANSFER_TIME_T, &t);
    return t > 0;
}

static int peer_port(const struct sockaddr_storage *a)
{
    if (a->ss_family == AF_INET)
        return ntohs(((const struct sockaddr_in *)(const void *)a)->sin_port);
    if (a->ss_family == AF_INET6)
        return ntohs(((const struct sockaddr_in6 *)(const void *)a)->sin6_port);
    return 0;
}

/* The other side is there and says nothing of TLS. libcurl tells when a
 * connection stands only once it is safe, so we look at the socket. A proxy is
 * given all of connect_timeout: it has to connect, too. */
static bool is_handshake_stuck(exchange *x)
{
    struct sockaddr_storage peer;
    socklen_t n = sizeof peer;
    const bool near = om_url_is_private(&x->url);
    if (!x->url.https || x->socket == CURL_SOCKET_BAD || is_connected(x))
        return false;
    if (getpeername(x->socket, (struct sockaddr *)&peer, &n) != 0) return false;
    if (peer_port(&peer) != x->url.port) return false;
    if (x->linked_at == 0) x->linked_at = om_clock();
    return om_clock() - x->linked_at > (near ? handshake_near : handshake_far);
}

static stop look_up(exchange *x, double quiet)
{
    const om_http_request *rq = x->rq;
    if (rq->cancelled && rq->cancelled(rq->user)) return STOP_CANCELLED;
    if (x->deadline > 0 && om_clock() > x->deadline) return STOP_TOTAL;
    if (is_handshake_stuck(x)) return STOP_HANDSHAKE;
    if (!is_connected(x)) return GO_ON;
    if (x->header_bytes == 0 && rq->answer_timeout > 0)
        return quiet > rq->answer_timeout ? STOP_ANSWER : GO_ON;
    return rq->idle_timeout > 0 && quiet > rq->idle_timeout ? STOP_IDLE : GO_ON;
}

/* Run the transfer; libcurl's verdict, or x->why when it was us. */
static CURLcode run(exchange *x)
{
    CURLM *m = x->http->multi;
    CURLcode code = CURLE_FAILED_INIT;
    int running = 1, left;
    uint64_t moved = 0;
    double last = om_clock();
    bool connected = false;
    if (curl_multi_add_handle(m, x->http->easy) != CURLM_OK) return code;
    for (;;) {
        if (curl_multi_perform(m, &running) != CURLM_OK) break;
        if (!running) {
            const CURLMsg *msg = curl_multi_info_read(m, &left);
            if (msg && msg->msg == CURLMSG_DONE) code = msg->data.result;
            break;
        }
        uint64_t now_moved = bytes_moved(x);
        if (now_moved != moved || connected != is_connected(x)) {
            moved = now_moved;
            connected = is_connected(x);
            last = om_clock();
        }
        x->why = look_up(x, om_clock() - last);
        if (x->why != GO_ON) break;
        if (curl_multi_poll(m, NULL, 0, POLL_MS, NULL) != CURLM_OK) break;
    }
    x->rs->connected = is_connected(x);
    curl_multi_remove_handle(m, x->http->easy);
    return code;
}

/* ---- failures in words --------------------------------------------------- */

static omost_status no_connection(const exchange *x, omost_error *err)
{
    long no = 0;
    curl_easy_getinfo(x->http->easy, CURLINFO_OS_ERRNO, &no);
    x->rs->transient = !om_url_is_loopback(&x->url);
    return om_fail(err, OMOST_IO,
                   "cannot connect to %.100s%s%s%s: is the server running, and "
                   "is the address right?",
                   x->rs->host, no ? " (" : "", no ? strerror((int)no) : "",
                   no ? ")" : "");
}

static omost_status tls_failed(const exchange *x, CURLcode code,
                               omost_error *err)
{
    char said[OM_HTTP_EXCERPT];
    om_http_excerpt(said, om_str_of(x->http->said), x->rq->bearer);
    const char *remedy =
        code == CURLE_PEER_FAILED_VERIFICATION
            ? "check the address, this machine's clock and its "
              "certificates"
            : "is it an http:// address?";
    return om_fail(err, OMOST_IO, "no safe connection to %.60s (%.100s): %s",
                   x->rs->host, said, remedy);
}

static omost_status closed_early(const exchange *x, omost_error *err)
{
    long proxy = 0;
    curl_easy_getinfo(x->http->easy, CURLINFO_HTTP_CONNECTCODE, &proxy);
    if (x->rs->status == 0 && proxy >= 300)
        return om_fail(err, OMOST_IO,
                       "the proxy refused a connection to %.100s (status %ld): "
                       "look at https_proxy and no_proxy",
                       x->rs->host, proxy);
    x->rs->transient = true;
    if (x->rs->status == 0)
        return om_fail(err, OMOST_IO,
                       "%.100s closed the connection without an answer",
                       x->rs->host);
    return om_fail(err, OMOST_IO,
                   "%.100s closed the connection early, after %llu bytes of "
                   "its answer",
                   x->rs->host, (unsigned long long)x->rs->received);
}

static omost_status libcurl_failed(exchange *x, CURLcode code, omost_error *err)
{
    char said[OM_HTTP_EXCERPT];
    const char *host = x->rs->host;
    switch ((int)code) {
    case CURLE_COULDNT_RESOLVE_HOST:
        return om_fail(err, OMOST_IO,
                       "cannot find the host %.100s: is its name right, and is "
                       "there a network?",
                       host);
    case CURLE_COULDNT_RESOLVE_PROXY:
        return om_fail(err, OMOST_IO,
                       "cannot find the proxy for %.100s: look at http_proxy "
                       "and https_proxy",
                       host);
    case CURLE_COULDNT_CONNECT: return no_connection(x, err);
    case CURLE_OPERATION_TIMEDOUT:
        x->rs->transient = x->rs->unreachable = true;
        return om_fail(err, OMOST_IO,
                       "cannot connect to %.100s within %.0f s: is the server "
                       "running, and is the address right?",
                       host, x->rq->connect_timeout);
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_INVALIDCERTSTATUS: return tls_failed(x, code, err);
    case CURLE_GOT_NOTHING:
    case CURLE_PARTIAL_FILE:
    case CURLE_RECV_ERROR:
    case CURLE_SEND_ERROR:
    case CURLE_HTTP2:
    case CURLE_HTTP2_STREAM: return closed_early(x, err);
    case CURLE_UNSUPPORTED_PROTOCOL: /* HTTP/0.9: an answer without a head */
    case CURLE_WEIRD_SERVER_REPLY:
        return om_fail(err, OMOST_IO,
                       "what answers at %.100s does not speak HTTP: check the "
                       "address and the port",
                       host);
    default:
        om_http_excerpt(said, om_str_of(x->http->said), x->rq->bearer);
        return om_fail(err, OMOST_IO, "asking %.60s failed: %.100s", host,
                       said[0] ? said : curl_easy_strerror(code));
    }
}

static omost_status we_stopped(exchange *x, omost_error *err)
{
    const om_http_request *rq = x->rq;
    const char *host = x->rs->host;
    switch (x->why) {
    case STOP_LIMIT:
        return om_fail(err, OMOST_LIMIT,
                       "%.100s sends more than the %llu bytes accepted here",
                       host, (unsigned long long)rq->max_body);
    case STOP_HEADERS:
        return om_fail(err, OMOST_LIMIT,
                       "%.100s sends more than %d bytes of headers", host,
                       MAX_HEADER_BYTES);
    case STOP_ANSWER:
        x->rs->transient = true;
        return om_fail(err, OMOST_IO, "%.100s did not answer within %g s", host,
                       rq->answer_timeout);
    case STOP_IDLE:
        x->rs->transient = true;
        return om_fail(err, OMOST_IO, "%.100s fell silent: no byte within %g s",
                       host, rq->idle_timeout);
    case STOP_HANDSHAKE:
        return om_fail(err, OMOST_IO,
                       "no safe connection to %.100s: it does not answer as a "
                       "server of https does; is it an http:// address?",
                       host);
    case STOP_TOTAL:
        return om_fail(err, OMOST_IO, "%.100s was not done within %g s", host,
                       rq->total_timeout);
    default: return om_fail(err, OMOST_CANCELLED, "stopped on request");
    }
}

/* ---- redirects ----------------------------------------------------------- */

static bool is_redirect(int status)
{
    return status == 301 || status == 302 || status == 303 || status == 307 ||
           status == 308;
}

static omost_status set_address(exchange *x, om_str text, omost_error *err)
{
    x->address.n = 0;
    om_buf_str(&x->address, text);
    omost_status st = om_buf_check(&x->address, "a web address", err);
    if (st != OMOST_OK) return st;
    st = om_url_parse(om_buf_view(&x->address), &x->url, err);
    if (st == OMOST_OK) name_host(x);
    return st;
}

/* The next address into x; the reason why not as an error. */
static omost_status follow(exchange *x, omost_error *err)
{
    const om_http_request *rq = x->rq;
    const bool reading =
        rq->head_only ||
        (!rq->body.p && (!rq->method || strcmp(rq->method, "GET") == 0));
    const om_url from = x->url;
    char *to = NULL, host[sizeof x->rs->host];
    om_url next;
    omost_error bad;
    curl_easy_getinfo(x->http->easy, CURLINFO_REDIRECT_URL, &to);
    memcpy(host, x->rs->host, sizeof host);
    if (!to)
        return om_fail(err, OMOST_IO,
                       "%.100s answered %d without saying where to go", host,
                       x->rs->status);
    if (om_url_parse(om_str_of(to), &next, &bad) != OMOST_OK)
        return om_fail(err, OMOST_IO,
                       "%.80s redirects to an address that is %s", host,
                       bad.msg);
    if (x->rs->n_redirects >= MAX_REDIRECTS)
        return om_fail(err, OMOST_IO, "%.100s redirects more than %d times",
                       host, MAX_REDIRECTS);
    switch (om_http_judge_redirect(&from, &next, reading, x->rs->status)) {
    case OM_REDIRECT_DOWN:
        return om_fail(err, OMOST_IO,
                       "%.100s redirects from https to http, which is not "
                       "followed",
                       host);
    case OM_REDIRECT_AWAY:
        return om_fail(err, OMOST_IO,
                       "%.80s redirects to %.*s: give that address itself",
                       host, OM_STR_ARG(next.base));
    case OM_REDIRECT_FINE: break;
    }
    omost_status st = set_address(x, om_str_of(to), err);
    if (st == OMOST_OK) x->rs->n_redirects++;
    return st;
}

/* ---- the request --------------------------------------------------------- */

/* One hop. *again: it was a redirect, and x stands at the next address. */
static omost_status hop(exchange *x, bool *again, omost_error *err)
{
    struct curl_slist *headers = NULL;
    omost_status st = make_headers(x, &headers, err);
    *again = false;
    if (st != OMOST_OK) {
        curl_slist_free_all(headers);
        return st;
    }
    x->why = GO_ON;
    x->socket = CURL_SOCKET_BAD;
    x->linked_at = 0;
    x->header_bytes = 0;
    x->body->n = 0;
    x->http->said[0] = '\0';
    set_options(x, headers);
    CURLcode code = run(x);
    om_http_response *rs = x->rs;
    curl_off_t after = 0;
    curl_easy_getinfo(x->http->easy, CURLINFO_RETRY_AFTER, &after);
    if (after > 0) rs->retry_after = (double)after;
    if (x->why == STOP_ENOUGH) {
        x->why = GO_ON;
        code = CURLE_OK;
    }
    if (x->why != GO_ON)
        st = we_stopped(x, err);
    else if (code != CURLE_OK && (is_good(rs->status) || rs->status == 0))
        st = libcurl_failed(x, code, err);
    else if (is_redirect(rs->status) && x->rq->follow_redirects) {
        st = follow(x, err);
        *again = st == OMOST_OK;
    } else if (!is_good(rs->status)) {
        rs->transient = om_http_status_is_transient(rs->status);
        st = om_http_status_error(x->rq, rs, om_buf_view(x->body), err);
    }
    curl_easy_setopt(x->http->easy, CURLOPT_HTTPHEADER, NULL);
    curl_slist_free_all(headers);
    return st;
}

omost_status om_http_send(om_http *http, const om_http_request *rq,
                          om_http_response *rs, omost_error *err)
{
    exchange x = {.http = http, .rq = rq, .rs = rs};
    bool again = true;
    om_error_clear(err);
    om_http_response_clear(rs);
    om_buf_init(&x.address, http->env, OM_URL_MAX);
    om_buf_init(&x.own, http->env, MAX_ERROR_BODY);
    x.body = rq->error_body ? rq->error_body : &x.own;
    x.body->n = 0;
    if (rq->total_timeout > 0) x.deadline = om_clock() + rq->total_timeout;
    omost_status st = om_url_parse(rq->url, &x.first, err);
    if (st == OMOST_OK) st = set_address(&x, rq->url, err);
    while (st == OMOST_OK && again) st = hop(&x, &again, err);
    om_buf_free(&x.address);
    om_buf_free(&x.own);
    return st;
}
