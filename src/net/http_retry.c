/* http_retry.c - pauses between tries: exponential back-off with "equal jitter"
 * (half fixed, half by chance), and Retry-After (RFC 9110, 10.2.3). */

#include "base/clock.h"
#include "base/random.h"
#include "net/http_internal.h"

/* In [0, 1); the middle when the system has no chance to give. */
static double chance(void)
{
    uint32_t r;
    if (om_random_bytes(&r, sizeof r, NULL) != OMOST_OK) return 0.5;
    return (double)r / 4294967296.0;
}

double om_http_retry_pause(const om_http_retry *policy, int tried,
                           const om_http_response *rs)
{
    if (tried >= policy->tries || !rs->transient) return -1;
    if (policy->unsent_only && rs->connected && rs->status == 0) return -1;
    if (rs->unreachable && (policy->unsent_only || tried > 1)) return -1;
    double pause = policy->first;
    for (int i = 1; i < tried && pause < policy->most; i++) pause *= 2;
    if (pause > policy->most) pause = policy->most;
    pause *= 0.5 + 0.5 * chance();
    if (rs->retry_after > policy->most) return -1;
    return pause > rs->retry_after ? pause : rs->retry_after;
}

omost_status om_http_wait(double seconds, om_http_cancelled_fn *cancelled,
                          void *user, omost_error *err)
{
    const double end = om_clock() + seconds;
    for (;;) {
        if (cancelled && cancelled(user))
            return om_fail(err, OMOST_CANCELLED, "stopped on request");
        double left = end - om_clock();
        if (left <= 0) return OMOST_OK;
        long ns = left < 0.1 ? (long)(left * 1e9) : 100000000L;
        nanosleep(&(struct timespec){.tv_nsec = ns}, NULL);
    }
}

/* Has the caller seen an answer? Then a second one would confuse it. */
typedef struct watch {
    const om_http_request *rq;
    bool seen;
} watch;

static bool see_answer(void *user, const om_http_response *rs)
{
    watch *w = user;
    w->seen = true;
    return !w->rq->on_answer || w->rq->on_answer(w->rq->user, rs);
}

static bool see_data(void *user, const void *p, size_t n)
{
    watch *w = user;
    return !w->rq->on_data || w->rq->on_data(w->rq->user, p, n);
}

static bool see_cancelled(void *user)
{
    watch *w = user;
    return w->rq->cancelled && w->rq->cancelled(w->rq->user);
}

omost_status om_http_send_again(om_http *http, const om_http_request *rq,
                                const om_http_retry *policy,
                                om_http_waiting_fn *waiting,
                                om_http_response *rs, omost_error *err)
{
    watch w = {.rq = rq};
    om_http_request mine = *rq;
    omost_error own;
    if (!err) err = &own;
    mine.on_answer = see_answer;
    mine.on_data = see_data;
    mine.cancelled = see_cancelled;
    mine.user = &w;
    for (int tried = 1;; tried++) {
        omost_status st = om_http_send(http, &mine, rs, err);
        if (st == OMOST_OK || w.seen) return st;
        double pause = om_http_retry_pause(policy, tried, rs);
        if (pause < 0) return st;
        if (waiting) waiting(rq->user, pause, err->msg);
        st = om_http_wait(pause, rq->cancelled, rq->user, err);
        if (st != OMOST_OK) return st;
    }
}
