/* dnnl_threads.c - our loops in oneDNN's threads: see dnnl_internal.h. */
#include "nn/dnnl_internal.h"

#include <stdatomic.h>

/* libgomp's. There may be no omp.h for this compiler. */
void GOMP_parallel(void (*fn)(void *), void *data, unsigned n_threads,
                   unsigned flags);
void omp_set_num_threads(int n);
int omp_get_max_threads(void);
int omp_get_thread_num(void);

om_dnnl_threads om_dnnl_threads_begin(int n)
{
    om_dnnl_threads t = {.n = n, .before = omp_get_max_threads()};
    if (t.n != t.before) omp_set_num_threads(t.n);
    return t;
}

void om_dnnl_threads_end(om_dnnl_threads t)
{
    if (t.n != t.before) omp_set_num_threads(t.before);
}

typedef struct team {
    void (*body)(void *arg, int item, int thread);
    void *arg;
    int n_items;
    atomic_int next;
} team;

static void work(void *data)
{
    team *t = data;
    const int thread = omp_get_thread_num();
    int i;
    while ((i = atomic_fetch_add(&t->next, 1)) < t->n_items)
        t->body(t->arg, i, thread);
}

static void run_team(void *user, int n_items,
                     void (*body)(void *arg, int item, int thread), void *arg)
{
    (void)user;
    team t = {.body = body, .arg = arg, .n_items = n_items};
    const int most = omp_get_max_threads();
    GOMP_parallel(work, &t, (unsigned)(most < n_items ? most : n_items), 0);
}

om_parallel om_dnnl_parallel(int n_threads)
{
    return (om_parallel){.run = run_team, .n_threads = n_threads};
}

typedef struct ranges {
    om_range_fn *body;
    void *arg;
    size_t n_all, piece;
} ranges;

static void run_range(void *arg, int item, int thread)
{
    const ranges *r = arg;
    (void)thread;
    const size_t first = (size_t)item * r->piece;
    const size_t left = r->n_all - first;
    r->body(r->arg, first, left < r->piece ? left : r->piece);
}

void om_dnnl_ranges(const om_parallel *par, size_t n_all, size_t unit,
                    om_range_fn *body, void *arg)
{
    /* Two pieces a thread: one that is interrupted holds nobody up for long. */
    enum { PIECES = 2 };
    const size_t units = (n_all + unit - 1) / unit;
    if (units == 0) return;
    const size_t n_pieces = (size_t)par->n_threads * PIECES;
    const size_t each = (units + n_pieces - 1) / n_pieces;
    ranges r = {body, arg, n_all, each * unit};
    const size_t n_items = (units + each - 1) / each;
    if (n_items == 1 || par->n_threads == 1)
        body(arg, 0, n_all);
    else
        par->run(par->user, (int)n_items, run_range, &r);
}
