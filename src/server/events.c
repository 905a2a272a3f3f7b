/* events.c - see events.h. */
#include "server/events.h"

#include <pthread.h>

#include "base/json.h"

typedef struct event {
    char *text; /* "id: 7\nevent: job\ndata: {...}\n\n"; NULL: a hole */
    size_t n;
    int64_t session;
} event;

struct om_listener {
    int64_t session;
    void (*wake)(void *user);
    void *user;
    om_listener *next, **from;
};

struct om_events {
    const omost_env *env;
    pthread_mutex_t lock;
    event ring[OM_EVENT_RING]; /* number k is at k % OM_EVENT_RING */
    uint64_t first, last;      /* numbers that are there; first > last: none */
    size_t bytes;
    om_listener *listeners;
};

om_events *om_events_new(const omost_env *env, omost_error *err)
{
    om_events *e = om_zalloc(env, sizeof *e);
    if (!e) {
        om_fail_nomem(err);
        return NULL;
    }
    e->env = env;
    e->first = 1;
    pthread_mutex_init(&e->lock, NULL);
    return e;
}

void om_events_free(om_events *e)
{
    if (!e) return;
    for (size_t i = 0; i < OM_EVENT_RING; i++) om_free(e->env, e->ring[i].text);
    pthread_mutex_destroy(&e->lock);
    om_free(e->env, e);
}

static void drop_first(om_events *e)
{
    event *old = &e->ring[e->first++ % OM_EVENT_RING];
    e->bytes -= old->n;
    om_free(e->env, old->text);
    *old = (event){0};
}

static bool may_see(int64_t listener, int64_t session)
{
    return listener == 0 || session == 0 || listener == session;
}

/* The numbers go on; what nobody can be told is forgotten with all before it,
 * so that everybody who has not read so far gets a reset. */
static void forget_all(om_events *e)
{
    while (e->first <= e->last) drop_first(e);
    e->first = e->last = e->last + 1;
    e->first++;
}

void om_events_publish(om_events *e, const char *name, int64_t session,
                       json_t *data)
{
    om_buf b;
    om_buf_init(&b, e->env, OM_EVENT_BYTES / 4);
    pthread_mutex_lock(&e->lock);
    om_buf_printf(&b, "id: %llu\nevent: %s\ndata: ",
                  (unsigned long long)e->last + 1, name);
    if (data)
        om_json_write(&b, data, false);
    else
        b.status = OMOST_NOMEM;
    om_buf_puts(&b, "\n\n");
    json_decref(data);
    if (b.status != OMOST_OK) {
        forget_all(e);
    } else {
        if (e->last + 1 - e->first == OM_EVENT_RING) drop_first(e);
        event *ev = &e->ring[++e->last % OM_EVENT_RING];
        ev->session = session;
        ev->text = om_buf_steal(&b, &ev->n);
        if (!ev->text) ev->n = 0;
        e->bytes += ev->n;
        while (e->bytes > OM_EVENT_BYTES && e->first < e->last) drop_first(e);
    }
    om_buf_free(&b);
    for (om_listener *l = e->listeners; l; l = l->next)
        if (may_see(l->session, session)) l->wake(l->user);
    pthread_mutex_unlock(&e->lock);
}

uint64_t om_events_last(om_events *e)
{
    pthread_mutex_lock(&e->lock);
    const uint64_t last = e->last;
    pthread_mutex_unlock(&e->lock);
    return last;
}

bool om_events_read(om_events *e, int64_t session, uint64_t *at, om_buf *out,
                    size_t most)
{
    const size_t before = out->n;
    pthread_mutex_lock(&e->lock);
    /* Beyond the newest: of an earlier life of the server. */
    if (*at + 1 < e->first || *at > e->last) {
        om_buf_printf(out, "id: %llu\nevent: reset\ndata: {}\n\n",
                      (unsigned long long)e->last);
        *at = e->last;
    }
    while (*at < e->last && out->n - before < most && out->status == OMOST_OK) {
        const event *ev = &e->ring[++*at % OM_EVENT_RING];
        if (may_see(session, ev->session)) om_buf_put(out, ev->text, ev->n);
    }
    pthread_mutex_unlock(&e->lock);
    return out->n > before;
}

om_listener *om_events_listen(om_events *e, int64_t session,
                              void (*wake)(void *user), void *user,
                              omost_error *err)
{
    om_listener *l = om_zalloc(e->env, sizeof *l);
    if (!l) {
        om_fail_nomem(err);
        return NULL;
    }
    *l = (om_listener){.session = session, .wake = wake, .user = user};
    pthread_mutex_lock(&e->lock);
    l->next = e->listeners;
    l->from = &e->listeners;
    if (l->next) l->next->from = &l->next;
    e->listeners = l;
    pthread_mutex_unlock(&e->lock);
    return l;
}

void om_events_leave(om_events *e, om_listener *l)
{
    if (!l) return;
    pthread_mutex_lock(&e->lock);
    *l->from = l->next;
    if (l->next) l->next->from = l->from;
    pthread_mutex_unlock(&e->lock);
    om_free(e->env, l);
}
