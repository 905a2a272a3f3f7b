/* attend.c - see attend.h: cuts a job into items. */
#include "nn/attend_item.h"

#include <assert.h>

/* ---- kernels ----------------------------------------------------------- */

const char *om_attend_isa_name(om_attend_isa isa)
{
    static const char *const names[] = {
#define X(id, name, needs) name,
        OM_ATTEND_ISA_LIST(X)
#undef X
    };
    return names[isa];
}

#if defined(__x86_64__) && defined(__GNUC__)
static const om_attend_kernel *x86_kernel(om_attend_isa isa)
{
    if (isa == OM_ATTEND_AVX512 && __builtin_cpu_supports("avx512f"))
        return &om_attend_avx512;
    if (isa == OM_ATTEND_AVX2 && __builtin_cpu_supports("avx2") &&
        __builtin_cpu_supports("fma"))
        return &om_attend_avx2;
    return NULL;
}
#else
static const om_attend_kernel *x86_kernel(om_attend_isa isa)
{
    (void)isa;
    return NULL;
}
#endif

/* NULL: not compiled in, or not for this processor. */
static const om_attend_kernel *kernel_for(om_attend_isa isa)
{
    if (isa == OM_ATTEND_PLAIN) return &om_attend_plain;
    if (isa != OM_ATTEND_AUTO) return x86_kernel(isa);
    const om_attend_kernel *best = x86_kernel(OM_ATTEND_AVX512);
    if (!best) best = x86_kernel(OM_ATTEND_AVX2);
    return best ? best : &om_attend_plain;
}

static const om_attend_kernel *kernel_of(const om_attend_job *job)
{
    const om_attend_kernel *kernel = kernel_for(job->isa);
    return kernel ? kernel : &om_attend_plain;
}

bool om_attend_isa_works(om_attend_isa isa)
{
    return kernel_for(isa) != NULL;
}

/* ---- sizes ------------------------------------------------------------- */

enum {
    ITEM_BYTES = 1200 << 10, /* of an item's panels: the more of them, the less
                               * does packing the words for them cost; .. */
    MIN_PANELS = 16,         /* .. so not fewer than these even if they are */
    MAX_PANELS = 32,         /* large, but no more, for what they save */
    FEW_PANELS = 4,          /* where threads would have nothing to do */
    MAP_PANELS = 8           /* with maps: the words are packed already */
};

static int limited(size_t n, int least, int most)
{
    return n < (size_t)least ? least : n > (size_t)most ? most : (int)n;
}

/* Depends on element type, width and kernel alone; with maps on the words. */
static om_attend_layout layout_of(const om_attend_job *job,
                                  const om_attend_kernel *k)
{
    om_attend_layout l = {.panels = MAP_PANELS, .words = OM_ATTEND_WORDS};
    const size_t lanes = (size_t)k->max_lanes, width = (size_t)job->width;
    const size_t full = (size_t)om_attend_in_tiles(job->width, k->tile);
    l.q = om_attend_aligned(width * lanes);
    l.o = om_attend_aligned(full * lanes);
    l.panel = l.q + 2 * l.o + 2 * om_attend_aligned(lanes);
    if (job->map) {
        l.there = om_attend_aligned((size_t)job->words / OM_ATTEND_PACK + 1) *
                  sizeof(float);
        l.words = ((size_t)job->words / OM_ATTEND_PACK + 1) * OM_ATTEND_PACK;
    } else {
        l.panels = limited(ITEM_BYTES / (l.panel * sizeof(float)), MIN_PANELS,
                           MAX_PANELS);
    }
    l.k = om_attend_aligned(l.words * width);
    l.v = om_attend_aligned(l.words * full);
    l.scores = om_attend_aligned(OM_ATTEND_WORDS * lanes);
    l.at = om_attend_aligned(OM_ATTEND_WORDS > lanes ? OM_ATTEND_WORDS : lanes);
    l.bytes =
        sizeof(float) * ((size_t)l.panels * l.panel + l.k + l.v + l.scores) +
        sizeof(size_t) * l.at + l.there;
    return l;
}

size_t om_attend_scratch_size(const om_attend_job *job, int n_threads)
{
    size_t bytes;
    om_attend_layout l = layout_of(job, kernel_of(job));
    if (!om_mul_size(l.bytes, (size_t)n_threads, &bytes) ||
        bytes > SIZE_MAX - OM_ATTEND_ALIGN * sizeof(float))
        return 0;
    return bytes + OM_ATTEND_ALIGN * sizeof(float);
}

/* ---- items ------------------------------------------------------------- */

/* Items of a head of a picture. */
static int head_items(const om_attend_task *r)
{
    if (r->job->map) return r->parts;
    return om_attend_ceil(om_attend_ceil(r->job->rows, r->kernel->max_lanes),
                          r->panels);
}

static int all_items(const om_attend_task *r)
{
    return r->job->n * r->job->heads * head_items(r);
}

/* Heads change fastest: items of a picture are of about the same length. */
static void run_item(void *arg, int i, int thread)
{
    const om_attend_task *r = arg;
    const om_attend_job *job = r->job;
    const int items = head_items(r), head = i % job->heads;
    const int picture = i / job->heads / items, part = i / job->heads % items;
    if (job->map) {
        om_attend_groups_run(r, picture, head, part, thread);
        return;
    }
    /* Panels are shared out evenly. */
    const int lanes = r->kernel->max_lanes;
    const int panels = om_attend_ceil(job->rows, lanes);
    const int each = om_attend_ceil(panels, items) * lanes;
    om_attend_item it = {.picture = picture, .head = head, .row = part * each};
    it.n_rows = job->rows - it.row < each ? job->rows - it.row : each;
    om_attend_item_run(r, &it, thread);
}

/* Enough items that no thread waits long for the last one. */
static void cut(om_attend_task *r, int n_threads)
{
    enum { ITEMS_PER_THREAD = 4 };
    const int wanted = n_threads * ITEMS_PER_THREAD;
    r->panels = r->l.panels;
    r->parts = 1;
    if (r->job->map)
        r->parts = om_attend_ceil(wanted, all_items(r));
    else
        while (r->panels > FEW_PANELS && all_items(r) < wanted) r->panels /= 2;
}

void om_attend_run(const om_attend_job *job, void *scratch,
                   const om_parallel *parallel)
{
    const int n_threads = parallel ? parallel->n_threads : 1;
    const uintptr_t align = OM_ATTEND_ALIGN * sizeof(float);
    om_attend_task r = {.job = job, .kernel = kernel_of(job)};
    assert(!job->causal || !job->map);
    r.l = layout_of(job, r.kernel);
    r.scratch = (char *)scratch + (align - (uintptr_t)scratch % align) % align;
    cut(&r, n_threads);
    const int n = all_items(&r);
    if (parallel) {
        parallel->run(parallel->user, n, run_item, &r);
        return;
    }
    for (int i = 0; i < n; i++) run_item(&r, i, 0);
}
