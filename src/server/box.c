/* box.c - see box.h. */
#include "server/box.h"

#include <pthread.h>

struct om_box {
    const omost_env *env;
    pthread_mutex_t lock;
    int held;
    om_waker *waker; /* NULL: nobody waits any more */
    om_buf text;
    om_box_end end;
};

om_box *om_box_new(const omost_env *env, om_waker *waker)
{
    om_box *b = om_zalloc(env, sizeof *b);
    if (!b) return NULL;
    b->env = env;
    b->held = 2;
    b->waker = waker;
    om_buf_init(&b->text, env, OMOST_MAX_MESSAGE * 2);
    pthread_mutex_init(&b->lock, NULL);
    return b;
}

void om_box_free(om_box *b, bool handler)
{
    if (!b) return;
    pthread_mutex_lock(&b->lock);
    if (handler) b->waker = NULL;
    const bool last = --b->held == 0;
    pthread_mutex_unlock(&b->lock);
    if (!last) return;
    om_buf_free(&b->text);
    pthread_mutex_destroy(&b->lock);
    om_free(b->env, b);
}

void om_box_text(om_box *b, om_str text)
{
    if (!b) return;
    pthread_mutex_lock(&b->lock);
    om_buf_str(&b->text, text);
    if (b->waker) om_waker_wake(b->waker);
    pthread_mutex_unlock(&b->lock);
}

void om_box_clear(om_box *b)
{
    if (!b) return;
    pthread_mutex_lock(&b->lock);
    b->text.n = 0;
    pthread_mutex_unlock(&b->lock);
}

void om_box_reply(om_box *b, const omost_compose_stats *stats, int64_t seed,
                  int64_t canvas, bool cut)
{
    if (!b) return;
    pthread_mutex_lock(&b->lock);
    b->end.stats = *stats;
    b->end.seed = seed;
    b->end.canvas = canvas;
    b->end.cut = cut;
    pthread_mutex_unlock(&b->lock);
}

void om_box_over(om_box *b, const omost_error *err)
{
    if (!b) return;
    pthread_mutex_lock(&b->lock);
    b->end.ended = true;
    b->end.err = *err;
    if (b->waker) om_waker_wake(b->waker);
    pthread_mutex_unlock(&b->lock);
}

void om_box_read(om_box *b, size_t *at, om_buf *out)
{
    pthread_mutex_lock(&b->lock);
    om_buf_put(out, b->text.p + *at, b->text.n - *at);
    *at = b->text.n;
    pthread_mutex_unlock(&b->lock);
}

om_box_end om_box_look(om_box *b)
{
    pthread_mutex_lock(&b->lock);
    const om_box_end end = b->end;
    pthread_mutex_unlock(&b->lock);
    return end;
}
