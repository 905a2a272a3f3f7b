/* http_send.c - answers, as they go out. */
#include "base/clock.h"
#include "server/http_call.h"

static const struct {
    const char *name, *value;
} always[] = {
    {"Content-Security-Policy",
     "default-src 'self'; img-src 'self' blob: data:; object-src 'none'; "
     "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"},
    {"X-Content-Type-Options", "nosniff"},
    {"Referrer-Policy", "no-referrer"},
    {"X-Frame-Options", "DENY"},
    {"Cross-Origin-Opener-Policy", "same-origin"},
    {"Cross-Origin-Resource-Policy", "same-origin"},
};

static ssize_t on_more(void *user, uint64_t at, char *out, size_t cap)
{
    om_call *c = user;
    (void)at;
    for (;;) {
        if (c->rq.gone || om_daemon_stopping(c->daemon))
            return MHD_CONTENT_READER_END_OF_STREAM;
        const int64_t n = c->rs.stream->next(c->rs.stream_state, out, cap);
        pthread_mutex_lock(&c->daemon->lock);
        c->waker.asked = om_clock_ms();
        pthread_mutex_unlock(&c->daemon->lock);
        if (n > 0) return (ssize_t)n;
        if (n < 0) return MHD_CONTENT_READER_END_OF_STREAM;
        if (om_call_suspend(c)) return 0;
    }
}

/* A stream is counted; false: there are too many. */
static bool count_stream(om_call *c)
{
    om_daemon *d = c->daemon;
    pthread_mutex_lock(&d->lock);
    c->streams = d->n_streams < OM_MAX_STREAMS;
    d->n_streams += c->streams;
    if (c->streams && c->conn) {
        c->waker.asked = om_clock_ms();
        c->conn->call = c;
        c->conn->deadline = 0;
    }
    pthread_mutex_unlock(&d->lock);
    return c->streams;
}

static struct MHD_Response *body_of(om_call *c)
{
    union {
        const char *in;
        void *out;
    } p = {.in = c->rs.fixed.p ? c->rs.fixed.p : c->rs.body.p};
    const size_t n = c->rs.fixed.p ? c->rs.fixed.n : c->rs.body.n;
    if (c->rs.stream)
        return MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, 16384,
                                                 on_more, c, NULL);
    return MHD_create_response_from_buffer(n, n ? p.out : NULL,
                                           MHD_RESPMEM_PERSISTENT);
}

static void add_headers(om_call *c, struct MHD_Response *r)
{
    om_response *rs = &c->rs;
    for (size_t i = 0; i < sizeof always / sizeof *always; i++)
        MHD_add_response_header(r, always[i].name, always[i].value);
    if (rs->fixed.n || rs->body.n || rs->stream)
        MHD_add_response_header(r, "Content-Type",
                                rs->type ? rs->type : "application/json");
    if (!om_response_has(rs, "Cache-Control"))
        MHD_add_response_header(r, "Cache-Control", "no-store");
    for (int i = 0; i < rs->n_headers; i++) {
        const om_str v = om_arena_str(&c->arena, rs->header[i].value);
        if (v.p) MHD_add_response_header(r, rs->header[i].name, v.p);
    }
}

enum MHD_Result om_call_send(om_call *c, struct MHD_Connection *mc)
{
    omost_error err;
    om_response *rs = &c->rs;
    if (rs->stream && !count_stream(c)) {
        rs->stream->close(rs->stream_state);
        rs->stream = NULL;
        om_fail(&err, OMOST_LIMIT,
                "too many listen to events already; close some pages");
        om_response_header(rs, "Retry-After", OM_STR("10"));
        om_response_error(rs, 503, "BUSY", &err);
    }
    struct MHD_Response *r = body_of(c);
    if (!r) return MHD_NO;
    add_headers(c, r);
    c->sent = true;
    if (!rs->stream) om_conn_deadline(c->conn, c->daemon, OM_ANSWER_SECONDS);
    const enum MHD_Result ok =
        MHD_queue_response(mc, rs->status ? (unsigned)rs->status : 200, r);
    MHD_destroy_response(r);
    return ok;
}
