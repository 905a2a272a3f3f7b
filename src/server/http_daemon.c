/* http_daemon.c - see http_daemon.h. */
#include "server/http_daemon.h"

#include <unistd.h>

#include "base/json.h"
#include "server/http_call.h"

enum { CALL_BYTES = 32 << 20, MOST_PASSED = 16 << 20 };

/* ---- what is on the wire ------------------------------------------------------- */

static om_str header_of(void *connection, const char *name)
{
    const char *v =
        MHD_lookup_connection_value(connection, MHD_HEADER_KIND, name);
    return om_str_of(v);
}

static enum MHD_Result count_hosts(void *user, enum MHD_ValueKind kind,
                                   const char *key, const char *value)
{
    int *n = user;
    (void)kind;
    (void)value;
    *n += om_str_eq_nocase(om_str_of(key), "Host");
    return MHD_YES;
}

static om_guard_headers guard_headers(struct MHD_Connection *mc)
{
    om_guard_headers h = {
        .host = header_of(mc, "Host"),
        .origin = header_of(mc, "Origin"),
        .site = header_of(mc, "Sec-Fetch-Site"),
        .mode = header_of(mc, "Sec-Fetch-Mode"),
        .dest = header_of(mc, "Sec-Fetch-Dest"),
        .type = header_of(mc, "Content-Type"),
        .authorization = header_of(mc, "Authorization"),
        .cookie = header_of(mc, "Cookie"),
    };
    MHD_get_connection_values(mc, MHD_HEADER_KIND, count_hosts, &h.n_hosts);
    return h;
}

/* ---- memory for bodies ----------------------------------------------------------- */

static bool take_budget(om_call *c, size_t n)
{
    om_daemon *d = c->daemon;
    pthread_mutex_lock(&d->lock);
    const bool fine = d->body_bytes + n <= OM_MAX_BODIES;
    if (fine) d->body_bytes += n, c->counted += n;
    pthread_mutex_unlock(&d->lock);
    return fine;
}

/* ---- a request begins and ends ----------------------------------------------------- */

static om_conn *conn_of(struct MHD_Connection *mc)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(mc, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    return info ? info->socket_context : NULL;
}

static void *on_target(void *user, const char *uri, struct MHD_Connection *mc)
{
    om_daemon *d = user;
    om_call *c = om_zalloc(d->opts.env, sizeof *c);
    if (!c) return NULL;
    c->daemon = d;
    c->conn = conn_of(mc);
    om_arena_init(&c->arena, d->opts.env, CALL_BYTES);
    om_buf_init(&c->rs.body, d->opts.env, SIZE_MAX / 2);
    pthread_mutex_init(&c->waker.lock, NULL);
    c->waker.connection = mc;
    c->rq.server = d->opts.server;
    c->rq.arena = &c->arena;
    c->rq.header = header_of;
    c->rq.connection = mc;
    c->rq.waker = &c->waker;
    c->target = om_arena_str(&c->arena, om_str_of(uri));
    return c;
}

static void watch_call(om_call *c, bool on)
{
    if (!c->conn) return;
    pthread_mutex_lock(&c->daemon->lock);
    c->conn->call = on ? c : NULL;
    pthread_mutex_unlock(&c->daemon->lock);
}

static void on_completed(void *user, struct MHD_Connection *mc, void **con_cls,
                         enum MHD_RequestTerminationCode how)
{
    om_daemon *d = user;
    om_call *c = *con_cls;
    (void)mc;
    (void)how;
    *con_cls = NULL;
    if (!c) return;
    watch_call(c, false);
    if (c->rs.stream) c->rs.stream->close(c->rs.stream_state);
    if (c->rs.done) c->rs.done(c->rs.state);
    pthread_mutex_lock(&d->lock);
    d->body_bytes -= c->counted;
    d->n_streams -= c->streams;
    if (c->conn)
        c->conn->deadline = om_now_ms() + (int64_t)OM_IDLE_SECONDS * 1000;
    pthread_mutex_unlock(&d->lock);
    json_decref(c->rq.json);
    om_buf_free(&c->body);
    om_buf_free(&c->rs.body);
    om_arena_free(&c->arena);
    pthread_mutex_destroy(&c->waker.lock);
    om_free(d->opts.env, c);
}

static void refuse(om_call *c, int http, const char *word, omost_status st,
                   const char *text)
{
    omost_error err;
    om_fail(&err, st, "%s", text);
    om_response_error(&c->rs, http, word, &err);
    c->ready = true;
}

static void refuse_size(om_call *c)
{
    omost_error err;
    om_fail(&err, OMOST_LIMIT,
            "the body of this request may have %zu bytes at most",
            om_route_max_body(c->route));
    om_response_error(&c->rs, 413, NULL, &err);
    c->ready = true;
}

static void refuse_busy(om_call *c)
{
    om_response_header(&c->rs, "Retry-After", OM_STR("5"));
    refuse(c, 503, "BUSY", OMOST_LIMIT,
           "too much is going on here; try again in a moment");
}

/* Pages of allowed origins ask first what they may do. */
static void answer_preflight(om_call *c, const om_guard_headers *h)
{
    const om_guard *g = c->daemon->opts.guard;
    c->ready = true;
    if (h->n_hosts != 1 || !om_guard_host_ok(g, h->host) || !h->origin.p ||
        !om_guard_origin_allowed(g, h->origin)) {
        refuse(c, 405, "METHOD", OMOST_USAGE, "this method is not known here");
        return;
    }
    c->rs.status = 204;
    om_response_header(&c->rs, "Access-Control-Allow-Methods",
                       OM_STR("GET, POST, PUT, PATCH, DELETE"));
    om_response_header(&c->rs, "Access-Control-Allow-Headers",
                       OM_STR("authorization, content-type, last-event-id"));
    om_response_header(&c->rs, "Access-Control-Max-Age", OM_STR("600"));
}

static void allow_origin(om_call *c, const om_guard_headers *h)
{
    const om_guard *g = c->daemon->opts.guard;
    if (!h->origin.p || !om_guard_origin_allowed(g, h->origin)) return;
    om_response_header(&c->rs, "Access-Control-Allow-Origin",
                       om_arena_str(&c->arena, h->origin));
    om_response_header(&c->rs, "Vary", OM_STR("Origin"));
}

static void check_length(om_call *c, struct MHD_Connection *mc)
{
    const om_str text = header_of(mc, "Content-Length");
    int64_t n = 0;
    if (!text.p) {
        om_conn_deadline(c->conn, c->daemon, OM_BODY_SECONDS);
    } else if (!om_parse_id(text, 0, INT64_MAX, &n)) {
        refuse(c, 400, NULL, OMOST_USAGE,
               "the header Content-Length is no number");
    } else if ((uint64_t)n > om_route_max_body(c->route)) {
        refuse_size(c);
    } else {
        om_conn_deadline(c->conn, c->daemon,
                         OM_BODY_SECONDS + (int)(n / OM_BODY_RATE));
    }
}

/* The headers are there: all that can be refused is refused before a body is
 * read. */
static void begin(om_call *c, struct MHD_Connection *mc, const char *method)
{
    const om_guard_headers h = guard_headers(mc);
    omost_error err;
    bool other = false;
    const int m = om_method_find(method);
    om_buf_init(&c->body, c->daemon->opts.env, OM_MAX_PNG_BODY + 1);
    allow_origin(c, &h);
    if (om_target_parse(&c->arena, c->target, &c->rq.path, &c->rq.query,
                        &err) != OMOST_OK) {
        refuse(c, 400, NULL, err.status, err.msg);
        return;
    }
    if (strcmp(method, "OPTIONS") == 0) {
        answer_preflight(c, &h);
        return;
    }
    c->rq.method = m < 0 ? OM_GET : (om_method)m;
    c->route = om_route_find(c->daemon->opts.routes, c->rq.method, c->rq.path,
                             c->rq.param, &other);
    const om_route none = {.pattern = ""};
    const om_route *r = c->route ? c->route : &none;
    const bool page = strcmp(r->pattern, "/") == 0;
    const om_refusal no = om_guard_check(c->daemon->opts.guard, &h,
                                         c->rq.method, r->body, page, r->open);
    if (no.http) {
        if (no.http == 401)
            om_response_header(&c->rs, "WWW-Authenticate", OM_STR("Bearer"));
        refuse(c, no.http, no.word, OMOST_USAGE, no.text);
    } else if (m < 0 || (!c->route && other)) {
        refuse(c, 405, "METHOD", OMOST_USAGE,
               "this address does not know that method");
    } else if (!c->route) {
        refuse(c, 404, NULL, OMOST_MISSING, "there is nothing at this address");
    } else {
        check_length(c, mc);
    }
}

/* Whether the rest of a refused request is read first: a client that is still
 * sending may never see an answer that comes before. */
static bool may_pass(om_call *c, struct MHD_Connection *mc)
{
    const om_str text = header_of(mc, "Content-Length");
    int64_t n = 0;
    if (!text.p || !om_parse_id(text, 1, MOST_PASSED, &n)) return false;
    om_conn_deadline(c->conn, c->daemon, OM_BODY_SECONDS);
    return true;
}

static bool take_bytes(om_call *c, const char *p, size_t n)
{
    if (!c->ready && c->body.n + n > om_route_max_body(c->route))
        refuse_size(c);
    if (!c->ready && !take_budget(c, n)) refuse_busy(c);
    if (c->ready) {
        c->passed += n;
        return c->passed <= MOST_PASSED;
    }
    om_buf_put(&c->body, p, n);
    if (c->body.status != OMOST_OK) refuse_busy(c);
    return true;
}

/* ---- the answer --------------------------------------------------------------------- */

static omost_status read_json(om_call *c, omost_error *err)
{
    om_str text = om_buf_view(&c->body);
    if (text.n == 0) text = OM_STR("{}");
    c->rq.json = om_json_parse(text, "the request", err);
    if (!c->rq.json) return err->status;
    if (json_is_object(c->rq.json)) return OMOST_OK;
    return om_fail(err, OMOST_FORMAT, "the request must be a JSON object");
}

static void handle(om_call *c)
{
    omost_error err;
    om_error_clear(&err);
    omost_status st = OMOST_OK;
    c->rq.body = om_buf_view(&c->body);
    c->rs.later = false;
    if (c->route->body == OM_BODY_JSON && !c->rq.json) st = read_json(c, &err);
    if (st == OMOST_OK) st = c->route->handler(&c->rq, &c->rs, &err);
    if (st == OMOST_OK) return;
    c->rs.later = false;
    om_response_error(&c->rs,
                      c->rs.status >= 400 ? c->rs.status : om_http_code(st),
                      NULL, &err);
}

static enum MHD_Result answer(om_call *c, struct MHD_Connection *mc)
{
    while (!c->ready) {
        if (om_daemon_stopping(c->daemon)) c->rq.gone = true;
        handle(c);
        c->ready = !c->rs.later;
        if (c->ready) break;
        if (c->rq.gone) return MHD_NO;
        watch_call(c, true);
        if (om_call_suspend(c)) return MHD_YES;
    }
    watch_call(c, false);
    return om_call_send(c, mc);
}

static enum MHD_Result on_request(void *user, struct MHD_Connection *mc,
                                  const char *url, const char *method,
                                  const char *version, const char *data,
                                  size_t *n, void **con_cls)
{
    om_call *c = *con_cls;
    (void)user;
    (void)url;
    (void)version;
    if (!c || !c->target.p) return MHD_NO;
    if (!c->begun) {
        c->begun = true;
        begin(c, mc, method);
        return c->ready && !may_pass(c, mc) ? om_call_send(c, mc) : MHD_YES;
    }
    if (*n > 0) {
        const bool on = take_bytes(c, data, *n);
        *n = 0;
        return on ? MHD_YES : MHD_NO;
    }
    if (c->sent) return MHD_YES;
    om_conn_deadline(c->conn, c->daemon, 0);
    return answer(c, mc);
}

/* ---- connections ------------------------------------------------------------------------ */

static void on_connection(void *user, struct MHD_Connection *mc, void **context,
                          enum MHD_ConnectionNotificationCode what)
{
    om_daemon *d = user;
    om_conn *conn = *context;
    pthread_mutex_lock(&d->lock);
    if (what == MHD_CONNECTION_NOTIFY_STARTED) {
        const union MHD_ConnectionInfo *info =
            MHD_get_connection_info(mc, MHD_CONNECTION_INFO_CONNECTION_FD);
        conn = info ? om_zalloc(d->opts.env, sizeof *conn) : NULL;
        if (conn) {
            conn->fd = info->connect_fd;
            conn->deadline =
                om_now_ms() + (int64_t)d->opts.header_seconds * 1000;
            conn->next = d->conns;
            conn->from = &d->conns;
            if (conn->next) conn->next->from = &conn->next;
            d->conns = conn;
        }
        *context = conn;
    } else if (conn) {
        *conn->from = conn->next;
        if (conn->next) conn->next->from = conn->from;
        om_free(d->opts.env, conn);
        *context = NULL;
    }
    pthread_mutex_unlock(&d->lock);
}

/* Targets are decoded by target.c, once. */
static size_t leave_as_is(void *user, struct MHD_Connection *mc, char *s)
{
    (void)user;
    (void)mc;
    return strlen(s);
}

/* ---- from start to end ---------------------------------------------------------------------- */

static void free_daemon(om_daemon *d)
{
    pthread_cond_destroy(&d->wake);
    pthread_mutex_destroy(&d->lock);
    om_free(d->opts.env, d);
}

om_daemon *om_daemon_start(const om_daemon_opts *opts, omost_error *err)
{
    pthread_condattr_t attr;
    om_daemon *d = om_zalloc(opts->env, sizeof *d);
    if (!d) {
        close(opts->socket);
        om_fail_nomem(err);
        return NULL;
    }
    d->opts = *opts;
    if (d->opts.header_seconds == 0) d->opts.header_seconds = OM_HEADER_SECONDS;
    pthread_mutex_init(&d->lock, NULL);
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&d->wake, &attr);
    pthread_condattr_destroy(&attr);
    d->mhd = MHD_start_daemon(
        MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ITC,
        0, NULL, NULL, on_request, d, MHD_OPTION_LISTEN_SOCKET, opts->socket,
        MHD_OPTION_THREAD_POOL_SIZE, (unsigned)opts->n_threads,
        MHD_OPTION_CONNECTION_LIMIT, (unsigned)OM_MAX_CONNECTIONS,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)OM_MAX_HEADER_BYTES,
        MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)OM_IDLE_SECONDS,
        MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_URI_LOG_CALLBACK, on_target,
        d, MHD_OPTION_UNESCAPE_CALLBACK, leave_as_is, NULL,
        MHD_OPTION_NOTIFY_COMPLETED, on_completed, d,
        MHD_OPTION_NOTIFY_CONNECTION, on_connection, d, MHD_OPTION_END);
    if (!d->mhd) {
        close(opts->socket);
        om_fail(err, OMOST_IO, "the HTTP server does not start");
        free_daemon(d);
        return NULL;
    }
    if (om_watch_start(d, err) == OMOST_OK) return d;
    om_daemon_stop(d);
    return NULL;
}

void om_daemon_stop(om_daemon *d)
{
    if (!d) return;
    const MHD_socket fd = MHD_quiesce_daemon(d->mhd);
    om_watch_stop(d);
    /* From now on nobody is put aside any more. */
    om_watch_wake_all(d);
    MHD_stop_daemon(d->mhd);
    if (fd != MHD_INVALID_SOCKET) close(fd);
    free_daemon(d);
}
