/* api_events.c - GET /api/events: what happens, to whoever listens. */

#include "base/clock.h"
#include "server/api.h"

enum { CHUNK = 1 << 18 };

typedef struct listen {
    const omost_env *env;
    om_events *events;
    om_listener *listener;
    int64_t session;
    uint64_t at;
    om_buf out;  /* read from the ring, of which ... */
    size_t sent; /* ... so much went out */
    double last; /* om_clock(): when anything did */
} listen;

static void wake(void *user)
{
    om_waker_wake(user);
}

static int64_t next(void *state, char *out, size_t cap)
{
    listen *l = state;
    if (l->sent == l->out.n) {
        l->out.n = l->sent = 0;
        (void)om_events_read(l->events, l->session, &l->at, &l->out, CHUNK);
        if (l->out.status != OMOST_OK) return -1; /* it will come again */
        if (l->out.n == 0 && om_clock() - l->last >= OM_PING_SECONDS)
            om_buf_puts(&l->out, ": ping\n\n");
    }
    const size_t left = l->out.n - l->sent, n = left < cap ? left : cap;
    if (n == 0) return 0;
    memcpy(out, l->out.p + l->sent, n);
    l->sent += n;
    l->last = om_clock();
    return (int64_t)n;
}

static void close_listen(void *state)
{
    listen *l = state;
    om_events_leave(l->events, l->listener);
    om_buf_free(&l->out);
    om_free(l->env, l);
}

/* Where it left off: the header that browsers send by themselves goes before
 * the query. */
static omost_status find_start(om_request *rq, uint64_t *at, omost_error *err)
{
    int64_t after = (int64_t)om_events_last(rq->server->events);
    const om_str last = om_request_header(rq, "Last-Event-ID");
    if (last.p && om_parse_id(last, 0, INT64_MAX, &after)) {
        *at = (uint64_t)after;
        return OMOST_OK;
    }
    omost_status st =
        om_request_int(rq, "after", after, 0, INT64_MAX, &after, err);
    *at = (uint64_t)after;
    return st;
}

omost_status om_get_events(om_request *rq, om_response *rs, omost_error *err)
{
    static const om_stream_ops ops = {next, close_listen};
    om_server *s = rq->server;
    int64_t session = 0;
    uint64_t at = 0;
    omost_status st =
        om_request_int(rq, "session", 0, 1, INT64_MAX, &session, err);
    if (st == OMOST_OK) st = find_start(rq, &at, err);
    if (st != OMOST_OK) return st;
    listen *l = om_zalloc(s->opts.env, sizeof *l);
    if (!l) return om_fail_nomem(err);
    *l = (listen){.env = s->opts.env,
                  .events = s->events,
                  .session = session,
                  .at = at,
                  .last = om_clock()};
    om_buf_init(&l->out, s->opts.env, OM_EVENT_BYTES);
    /* Something at once, so that the page knows that it listens. */
    om_buf_puts(&l->out, "retry: 1000\n\n");
    l->listener = om_events_listen(s->events, session, wake, rq->waker, err);
    if (!l->listener) {
        om_buf_free(&l->out);
        om_free(s->opts.env, l);
        return err->status;
    }
    rs->type = "text/event-stream";
    rs->stream = &ops;
    rs->stream_state = l;
    om_response_live(rs);
    return OMOST_OK;
}
