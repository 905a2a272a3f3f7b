/* http_daemon.c - see http_daemon.h. */
#include "server/http_daemon.h"

#include <unistd.h>

#include "base/clock.h"
#include "base/json.h"
#include "server/http_call.h"

enum { CALL_BYTES = 32 << 20 };

/* ---- memory for bodies ------------------------------------------------ */

static bool take_budget(om_call *c, size_t n)
{
    om_daemon *d = c->daemon;
    pthread_mutex_lock(&d->lock);
    const bool fine = d->body_bytes + n <= OM_MAX_BODIES;
    if (fine) d->body_bytes += n, c->counted += n;
    pthread_mutex_unlock(&d->lock);
    return fine;
}

/* ---- a request begins and ends ---------------------------------------- */

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
    c->rq.header = om_call_header;
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
        c->conn->deadline = om_clock_ms() + (int64_t)OM_IDLE_SECONDS * 1000;
    pthread_mutex_unlock(&d->lock);
    json_decref(c->rq.json);
    om_buf_free(&c->body);
    om_buf_free(&c->rs.body);
    om_arena_free(&c->arena);
    pthread_mutex_destroy(&c->waker.lock);
    om_free(d->opts.env, c);
}

static bool take_bytes(om_call *c, const char *p, size_t n)
{
    if (!c->ready && c->body.n + n > om_route_max_body(c->route))
        om_call_refuse_size(c);
    if (!c->ready && !take_budget(c, n)) om_call_refuse_busy(c);
    if (c->ready) {
        c->passed += n;
        return c->passed <= OM_MOST_PASSED;
    }
    om_buf_put(&c->body, p, n);
    if (c->body.status != OMOST_OK) om_call_refuse_busy(c);
    return true;
}

/* ---- the answer ------------------------------------------------------- */

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
    const om_body_kind body = c->route->body;
    if ((body == OM_BODY_JSON || body == OM_BODY_MAYBE) && !c->rq.json)
        st = read_json(c, &err);
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
        /* Either the end has begun, or whoever begins it finds this call and
         * wakes it. */
        if (om_daemon_stopping(c->daemon)) continue;
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
    if (!c || !c->target.p || !c->conn) return MHD_NO; /* no memory */
    if (!c->begun) {
        c->begun = true;
        om_call_begin(c, mc, method);
        return c->ready && !om_call_may_pass(c, mc) ? om_call_send(c, mc)
                                                    : MHD_YES;
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

/* ---- connections ------------------------------------------------------ */

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
                om_clock_ms() + (int64_t)d->opts.header_seconds * 1000;
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

/* ---- from start to end ------------------------------------------------ */

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
