/* attend.c - see attend.h: cuts a job into items of a head's rows, and takes
 * the words they see, block by block, past all panels of an item. */
#include "nn/attend_kernel.h"

#include <assert.h>
#include <math.h>

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
    ALIGN = 16,              /* floats */
    WORDS = 128,             /* of a block: its scores, queries and results of a
                               * panel share the first cache */
    ITEM_BYTES = 1200 << 10, /* of an item's panels: the more of them, the less
                               * does packing the words for them cost; .. */
    MIN_PANELS = 16,         /* .. so not fewer than these even if they are */
    MAX_PANELS = 32,         /* large, but no more, for what they save */
    FEW_PANELS = 4           /* where threads would have nothing to do */
};

/* How a job is cut, and what one thread needs for it, in floats. Depends on
 * element type, width and kernel alone. */
typedef struct layout {
    int panels; /* most of an item */
    size_t panel, q, o;
    size_t k, v, scores, at, bytes;
} layout;

static size_t aligned(size_t n)
{
    return (n + ALIGN - 1) / ALIGN * ALIGN;
}

static int limited(size_t n, int least, int most)
{
    return n < (size_t)least ? least : n > (size_t)most ? most : (int)n;
}

static layout layout_of(const om_attend_job *job, const om_attend_kernel *k)
{
    layout l = {0};
    const size_t lanes = (size_t)k->max_lanes, width = (size_t)job->width;
    const size_t full = (size_t)om_attend_in_tiles(job->width, k->tile);
    l.q = aligned(width * lanes);
    l.o = aligned(full * lanes);
    l.panel = l.q + 2 * l.o + 2 * aligned(lanes);
    l.panels =
        limited(ITEM_BYTES / (l.panel * sizeof(float)), MIN_PANELS, MAX_PANELS);
    l.k = aligned(WORDS * width);
    l.v = aligned(WORDS * full);
    l.scores = aligned(WORDS * lanes);
    l.at = WORDS > lanes ? WORDS : lanes;
    l.bytes = sizeof(float) * ((size_t)l.panels * l.panel + l.k + l.v +
                               l.scores + aligned(l.at)) +
              aligned(l.at) * sizeof(size_t);
    return l;
}

size_t om_attend_scratch_size(const om_attend_job *job, int n_threads)
{
    size_t bytes;
    layout l = layout_of(job, kernel_of(job));
    if (!om_mul_size(l.bytes, (size_t)n_threads, &bytes) ||
        bytes > SIZE_MAX - ALIGN * sizeof(float))
        return 0;
    return bytes + ALIGN * sizeof(float);
}

/* ---- a run ------------------------------------------------------------- */

typedef struct run {
    const om_attend_job *job;
    const om_attend_kernel *kernel;
    layout l;
    char *scratch;
    int panels; /* of an item: the layout's or less, for all threads to have
                 * something to do */
} run;

/* Rows of one head that see the same words: what an item is. */
typedef struct item {
    int picture, head;
    const om_attention_group *group; /* NULL: all rows, all words */
    int row, n_rows;
    int lanes; /* of its panels but the last */
} item;

/* What one thread works with. */
typedef struct bench {
    float *panel, *k, *v, *scores, *scale;
    size_t *at;
} bench;

static bench bench_of(const run *r, int thread)
{
    bench b;
    b.panel = (float *)(void *)(r->scratch + (size_t)thread * r->l.bytes);
    b.k = b.panel + (size_t)r->l.panels * r->l.panel;
    b.v = b.k + r->l.k;
    b.scores = b.v + r->l.v;
    b.scale = b.scores + r->l.scores;
    b.at = (size_t *)(void *)(b.scale + aligned(r->l.at));
    return b;
}

static int ceil_div(int a, int b)
{
    return (a + b - 1) / b;
}

/* Items of a group of n rows, for one head. */
static int group_items(const run *r, int n)
{
    return ceil_div(ceil_div(n, r->kernel->max_lanes), r->panels);
}

static int head_items(const run *r, int picture)
{
    const om_attend_job *job = r->job;
    if (!job->map) return group_items(r, job->rows);
    const om_attention_map *map = job->map[picture];
    int n = 0;
    for (int i = 0; i < map->n_groups; i++)
        n += group_items(r, map->group[i].n_rows);
    return n;
}

static int all_items(const run *r)
{
    int n = 0;
    for (int p = 0; p < r->job->n; p++) n += r->job->heads * head_items(r, p);
    return n;
}

/* The i-th of a group's items: its panels are shared out evenly. */
static void cut_group(const run *r, item *it, int n_rows, int i)
{
    const int lanes = r->kernel->max_lanes, panels = ceil_div(n_rows, lanes);
    const int each = ceil_div(panels, group_items(r, n_rows)) * lanes;
    it->row = i * each;
    it->n_rows = n_rows - it->row < each ? n_rows - it->row : each;
}

static item find_item(const run *r, int i)
{
    const om_attend_job *job = r->job;
    item it = {0};
    int n = head_items(r, 0);
    while (i >= n * job->heads) {
        i -= n * job->heads;
        n = head_items(r, ++it.picture);
    }
    it.head = i % job->heads;
    i /= job->heads;
    if (!job->map) {
        cut_group(r, &it, job->rows, i);
        return it;
    }
    it.group = job->map[it.picture]->group;
    while (i >= (n = group_items(r, it.group->n_rows))) {
        i -= n;
        it.group++;
    }
    cut_group(r, &it, it.group->n_rows, i);
    return it;
}

/* ---- panels ------------------------------------------------------------ */

static om_attend_panel panel_of(const run *r, const item *it, const bench *b,
                                int i)
{
    om_attend_panel p;
    const int max = r->kernel->max_lanes, left = it->n_rows - i * max;
    p.q = b->panel + (size_t)i * r->l.panel;
    p.o = p.q + r->l.q;
    p.mix = p.o + r->l.o;
    p.top = p.mix + r->l.o;
    p.sum = p.top + aligned((size_t)max);
    p.lanes = left < max ? om_attend_in_tiles(left, r->kernel->lanes) : max;
    p.first_row = it->row + i * max;
    return p;
}

/* Where the rows of panel p, at most n of them, are in an array of all. */
static om_attend_rows panel_rows(const run *r, const item *it, const bench *b,
                                 const om_attend_panel *p, size_t stride)
{
    const om_attend_job *job = r->job;
    const int left = it->row + it->n_rows - p->first_row;
    om_attend_rows rows = {.type = job->type,
                           .width = job->width,
                           .at = b->at,
                           .n = left < p->lanes ? left : p->lanes};
    const size_t picture = (size_t)it->picture * (size_t)job->rows;
    const size_t channel = (size_t)it->head * (size_t)job->width;
    for (int i = 0; i < rows.n; i++) {
        int row = p->first_row + i;
        if (it->group) row = it->group->row[row];
        b->at[i] = (picture + (size_t)row) * stride + channel;
    }
    return rows;
}

static void start_panel(const run *r, const item *it, const bench *b,
                        const om_attend_panel *p)
{
    om_attend_rows rows = panel_rows(r, it, b, p, r->job->q_stride);
    om_attend_pack_queries(p->q, p->lanes, r->job->q, &rows,
                           1 / sqrtf((float)r->job->width));
    memset(p->o, 0, r->l.o * sizeof *p->o);
    for (int i = 0; i < p->lanes; i++) {
        p->top[i] = -INFINITY;
        p->sum[i] = 0;
    }
}

/* mixed: fold() has divided by the sums already. */
static void finish_panel(const run *r, const item *it, const bench *b,
                         const om_attend_panel *p, bool mixed)
{
    float factor[OM_ATTEND_LANES];
    om_attend_rows rows = panel_rows(r, it, b, p, r->job->y_stride);
    for (int i = 0; i < p->lanes; i++) factor[i] = mixed ? 1 : 1 / p->sum[i];
    om_attend_unpack(r->job->y, &rows, mixed ? p->mix : p->o, p->lanes, factor);
}

static int item_panels(const run *r, const item *it)
{
    return ceil_div(it->n_rows, r->kernel->max_lanes);
}

/* ---- words ------------------------------------------------------------- */

/* Where a walk over the words of spans is. */
typedef struct walk {
    const om_span *span, *last;
    int word; /* of the span */
} walk;

/* The next n words: their rows and scales. */
static om_attend_rows next_words(const run *r, const item *it, const bench *b,
                                 walk *w, int n, size_t stride)
{
    const om_attend_job *job = r->job;
    const size_t channel = (size_t)it->head * (size_t)job->width;
    const size_t first =
        job->map ? 0 : (size_t)it->picture * (size_t)job->words;
    for (int i = 0; i < n; i++, w->word++) {
        while (w->word >= w->span->n && w->span < w->last) {
            w->span++;
            w->word = 0;
        }
        size_t word = first + (size_t)w->span->first + (size_t)w->word;
        b->at[i] = word * stride + channel;
        b->scale[i] = w->span->scale;
    }
    return (om_attend_rows){job->type, job->width, b->at, n};
}

/* Take n words, of one span or several, past all panels. */
static void absorb_words(const run *r, const item *it, const bench *b, walk w,
                         int n)
{
    const int tile = r->kernel->tile;
    const int blocks = ceil_div(n, WORDS);
    const int each = om_attend_in_tiles(ceil_div(n, blocks), tile);
    om_attend_block block = {
        .k = b->k, .v = b->v, .width = r->job->width, .causal = r->job->causal};
    for (; block.first < n; block.first += block.words) {
        walk same = w;
        block.words = n - block.first < each ? n - block.first : each;
        om_attend_rows rows =
            next_words(r, it, b, &w, block.words, r->job->k_stride);
        om_attend_pack_keys(b->k, tile, r->job->k, &rows, b->scale);
        rows = next_words(r, it, b, &same, block.words, r->job->v_stride);
        om_attend_pack_values(b->v, tile, r->job->v, &rows);
        for (int i = 0; i < item_panels(r, it); i++) {
            om_attend_panel p = panel_of(r, it, b, i);
            r->kernel->absorb(&p, &block, b->scores);
        }
    }
}

/* Each span its own softmax. */
static void absorb_spans(const run *r, const item *it, const bench *b)
{
    bool any = false;
    for (int i = 0; i < it->group->n_spans; i++) {
        const om_span *span = &it->group->span[i];
        if (span->n == 0) continue;
        absorb_words(r, it, b, (walk){span, span, 0}, span->n);
        for (int j = 0; j < item_panels(r, it); j++) {
            om_attend_panel p = panel_of(r, it, b, j);
            r->kernel->fold(&p, r->job->width, span->weight, any);
        }
        any = true;
    }
}

/* ---- items ------------------------------------------------------------- */

static void write_zero(const run *r, const item *it, const bench *b)
{
    const om_attend_job *job = r->job;
    const size_t size =
        job->type == OM_ATTEND_F32 ? sizeof(float) : sizeof(uint16_t);
    for (int i = 0; i < item_panels(r, it); i++) {
        om_attend_panel p = panel_of(r, it, b, i);
        om_attend_rows rows = panel_rows(r, it, b, &p, job->y_stride);
        for (int j = 0; j < rows.n; j++)
            memset((char *)job->y + rows.at[j] * size, 0,
                   (size_t)job->width * size);
    }
}

static int words_of(const om_attention_group *group)
{
    int n = 0;
    for (int i = 0; i < group->n_spans; i++) n += group->span[i].n;
    return n;
}

static void run_item(void *arg, int i, int thread)
{
    const run *r = arg;
    const om_attend_job *job = r->job;
    const om_span all = {0, job->words, 1, 1};
    item it = find_item(r, i);
    bench b = bench_of(r, thread);
    const bool mixed = it.group && job->map[it.picture]->separate;
    const int n = it.group ? words_of(it.group) : job->words;
    if (n == 0) {
        write_zero(r, &it, &b);
        return;
    }
    for (int j = 0; j < item_panels(r, &it); j++) {
        om_attend_panel p = panel_of(r, &it, &b, j);
        start_panel(r, &it, &b, &p);
    }
    walk w = {&all, &all, 0};
    if (it.group)
        w = (walk){it.group->span, it.group->span + it.group->n_spans - 1, 0};
    if (mixed)
        absorb_spans(r, &it, &b);
    else
        absorb_words(r, &it, &b, w, n);
    for (int j = 0; j < item_panels(r, &it); j++) {
        om_attend_panel p = panel_of(r, &it, &b, j);
        finish_panel(r, &it, &b, &p, mixed);
    }
}

void om_attend_run(const om_attend_job *job, void *scratch,
                   const om_parallel *parallel)
{
    enum { ITEMS_PER_THREAD = 4 };
    const int n_threads = parallel ? parallel->n_threads : 1;
    const uintptr_t align = ALIGN * sizeof(float);
    run r = {.job = job, .kernel = kernel_of(job)};
    assert(!job->causal || !job->map);
    r.l = layout_of(job, r.kernel);
    r.scratch = (char *)scratch + (align - (uintptr_t)scratch % align) % align;
    r.panels = r.l.panels;
    while (r.panels > FEW_PANELS &&
           all_items(&r) < n_threads * ITEMS_PER_THREAD)
        r.panels /= 2;
    const int n = all_items(&r);
    if (parallel) {
        parallel->run(parallel->user, n, run_item, &r);
        return;
    }
    for (int i = 0; i < n; i++) run_item(&r, i, 0);
}
