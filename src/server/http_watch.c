/* http_watch.c - the thread that ends connections which take too long, sees
 * clients leave while their answer waits, and makes streams say that they
 * live. */
#include <errno.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "server/http_call.h"

void om_waker_wake(om_waker *w)
{
    pthread_mutex_lock(&w->lock);
    w->pending = true;
    if (w->suspended) {
        w->suspended = false;
        MHD_resume_connection(w->connection);
    }
    pthread_mutex_unlock(&w->lock);
}

bool om_call_suspend(om_call *c)
{
    om_waker *w = &c->waker;
    pthread_mutex_lock(&w->lock);
    const bool may = !w->pending;
    if (may) {
        w->suspended = true;
        MHD_suspend_connection(w->connection);
    }
    w->pending = false;
    pthread_mutex_unlock(&w->lock);
    return may;
}

bool om_daemon_stopping(om_daemon *d)
{
    pthread_mutex_lock(&d->lock);
    const bool stopping = d->stopping;
    pthread_mutex_unlock(&d->lock);
    return stopping;
}

void om_conn_deadline(om_conn *conn, om_daemon *d, int seconds)
{
    if (!conn) return;
    pthread_mutex_lock(&d->lock);
    conn->deadline = seconds ? om_clock_ms() + (int64_t)seconds * 1000 : 0;
    pthread_mutex_unlock(&d->lock);
}

static bool has_left(int fd)
{
    char byte;
    const ssize_t n = recv(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    return n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR);
}

/* Under the lock: a connection in the list has its socket still. */
static void look_at(om_conn *conn, int64_t now)
{
    om_call *c = conn->call;
    if (conn->deadline && now > conn->deadline) {
        shutdown(conn->fd, SHUT_RDWR);
        conn->deadline = 0;
    }
    if (!c) return;
    if (has_left(conn->fd)) {
        c->rq.gone = true;
        om_waker_wake(&c->waker);
    } else if (c->streams &&
               now - c->waker.asked >= OM_PING_SECONDS * (int64_t)1000) {
        om_waker_wake(&c->waker);
    }
}

void om_watch_wake_all(om_daemon *d)
{
    pthread_mutex_lock(&d->lock);
    for (om_conn *conn = d->conns; conn; conn = conn->next)
        if (conn->call) om_waker_wake(&conn->call->waker);
    pthread_mutex_unlock(&d->lock);
}

static void *watch(void *user)
{
    om_daemon *d = user;
    pthread_mutex_lock(&d->lock);
    while (!d->stopping) {
        const struct timespec until = om_clock_in(CLOCK_MONOTONIC, 1000);
        pthread_cond_timedwait(&d->wake, &d->lock, &until);
        const int64_t now = om_clock_ms();
        for (om_conn *conn = d->conns; conn; conn = conn->next)
            look_at(conn, now);
    }
    pthread_mutex_unlock(&d->lock);
    return NULL;
}

omost_status om_watch_start(om_daemon *d, omost_error *err)
{
    if (pthread_create(&d->watch, NULL, watch, d) != 0)
        return om_fail(err, OMOST_NOMEM, "no thread is to be had");
    d->watching = true;
    return OMOST_OK;
}

void om_watch_stop(om_daemon *d)
{
    pthread_mutex_lock(&d->lock);
    d->stopping = true;
    pthread_cond_signal(&d->wake);
    pthread_mutex_unlock(&d->lock);
    if (d->watching) pthread_join(d->watch, NULL);
    d->watching = false;
}
