/* attend_item.c - see attend_item.h. */
#include "nn/attend_item.h"

#include <math.h>

typedef om_attend_task task;
typedef om_attend_item item;

/* What one thread works with. */
typedef struct bench {
    float *panel, *k, *v, *scores;
    size_t *at;
    bool *there; /* [words / PACK] of this head: packed */
} bench;

static bench bench_of(const task *r, int thread)
{
    bench b;
    const om_attend_layout *l = &r->l;
    b.panel = (float *)(void *)(r->scratch + (size_t)thread * l->bytes);
    b.k = b.panel + (size_t)l->panels * l->panel;
    b.v = b.k + l->k;
    b.scores = b.v + l->v;
    b.at = (size_t *)(void *)(b.scores + l->scores);
    b.there = (bool *)(b.at + l->at);
    return b;
}

/* ---- panels ------------------------------------------------------------ */

static om_attend_panel panel_of(const task *r, const item *it, const bench *b,
                                int i)
{
    om_attend_panel p;
    const int max = r->kernel->max_lanes, left = it->n_rows - i * max;
    p.q = b->panel + (size_t)i * r->l.panel;
    p.o = p.q + r->l.q;
    p.mix = p.o + r->l.o;
    p.top = p.mix + r->l.o;
    p.sum = p.top + om_attend_aligned((size_t)max);
    p.lanes = left < max ? om_attend_in_tiles(left, r->kernel->lanes) : max;
    p.first_row = it->row + i * max;
    return p;
}

/* Where the rows of panel p, at most n of them, are in an array of all. */
static om_attend_rows panel_rows(const task *r, const item *it, const bench *b,
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

static void start_panel(const task *r, const item *it, const bench *b,
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
static void finish_panel(const task *r, const item *it, const bench *b,
                         const om_attend_panel *p, bool mixed)
{
    float factor[OM_ATTEND_LANES];
    om_attend_rows rows = panel_rows(r, it, b, p, r->job->y_stride);
    for (int i = 0; i < p->lanes; i++) factor[i] = mixed ? 1 : 1 / p->sum[i];
    om_attend_unpack(r->job->y, &rows, mixed ? p->mix : p->o, p->lanes, factor);
}

static int item_panels(const task *r, const item *it)
{
    return om_attend_ceil(it->n_rows, r->kernel->max_lanes);
}

/* ---- all words past some panels ---------------------------------------- */

static om_attend_rows words_from(const task *r, const item *it, const bench *b,
                                 int first, int n, size_t stride)
{
    const om_attend_job *job = r->job;
    const size_t channel = (size_t)it->head * (size_t)job->width;
    if (!job->map) first += it->picture * job->words;
    for (int i = 0; i < n; i++)
        b->at[i] = ((size_t)first + (size_t)i) * stride + channel;
    return (om_attend_rows){job->type, job->width, b->at, n};
}

static void absorb_block(const task *r, const item *it, const bench *b,
                         const om_attend_block *block)
{
    for (int i = 0; i < item_panels(r, it); i++) {
        om_attend_panel p = panel_of(r, it, b, i);
        r->kernel->absorb(&p, block, b->scores);
    }
}

/* n words in blocks of about equal size, whole tiles. */
static int block_words(const task *r, int n)
{
    const int blocks = om_attend_ceil(n, OM_ATTEND_WORDS);
    return om_attend_in_tiles(om_attend_ceil(n, blocks), r->kernel->tile);
}

static void absorb_all(const task *r, const item *it, const bench *b)
{
    const om_attend_job *job = r->job;
    const int tile = r->kernel->tile, n = job->words;
    const int each = block_words(r, n);
    om_attend_block block = {.k = b->k,
                             .v = b->v,
                             .width = job->width,
                             .scale = 1,
                             .causal = job->causal};
    for (; block.first < n; block.first += block.words) {
        block.words = n - block.first < each ? n - block.first : each;
        block.v_words = (size_t)block.words;
        om_attend_rows rows =
            words_from(r, it, b, block.first, block.words, job->k_stride);
        om_attend_pack_keys(b->k, tile, job->k, &rows);
        rows = words_from(r, it, b, block.first, block.words, job->v_stride);
        om_attend_pack_values(b->v, tile, block.v_words, job->v, &rows);
        absorb_block(r, it, b, &block);
    }
}

void om_attend_item_run(const task *r, const item *it, int thread)
{
    const bench b = bench_of(r, thread);
    for (int i = 0; i < item_panels(r, it); i++) {
        om_attend_panel p = panel_of(r, it, &b, i);
        start_panel(r, it, &b, &p);
    }
    absorb_all(r, it, &b);
    for (int i = 0; i < item_panels(r, it); i++) {
        om_attend_panel p = panel_of(r, it, &b, i);
        finish_panel(r, it, &b, &p, false);
    }
}

/* ---- groups past the words of a head ------------------------------------ */

/* The span's words are packed, and what shares a stretch with them. */
static void pack_span(const task *r, const item *it, const bench *b,
                      om_span span)
{
    const om_attend_job *job = r->job;
    const int tile = r->kernel->tile, end = span.first + span.n;
    for (int i = span.first / OM_ATTEND_PACK; i * OM_ATTEND_PACK < end; i++) {
        const int first = i * OM_ATTEND_PACK, left = job->words - first;
        const int n = left < OM_ATTEND_PACK ? left : OM_ATTEND_PACK;
        if (b->there[i]) continue;
        b->there[i] = true;
        om_attend_rows rows = words_from(r, it, b, first, n, job->k_stride);
        om_attend_pack_keys(b->k + (size_t)first * (size_t)job->width, tile,
                            job->k, &rows);
        rows = words_from(r, it, b, first, n, job->v_stride);
        om_attend_pack_values(b->v + (size_t)first * (size_t)tile, tile,
                              r->l.words, job->v, &rows);
    }
}

/* Blocks begin where tiles do: words before the span's first, in its tile, get
 * scores that nobody looks at. */
static void absorb_span(const task *r, const item *it, const bench *b,
                        om_span span)
{
    const int tile = r->kernel->tile, width = r->job->width;
    const int before = span.first % tile, n = before + span.n;
    const int each = block_words(r, n);
    pack_span(r, it, b, span);
    for (int at = 0; at < n; at += each) {
        const int skip = at ? 0 : before, first = span.first - before + at;
        const om_attend_block block = {
            .k = b->k + (size_t)first * (size_t)width,
            .v = b->v + (size_t)(first + skip) * (size_t)tile,
            .v_words = r->l.words,
            .before = skip,
            .words = (n - at < each ? n - at : each) - skip,
            .width = width,
            .scale = span.scale};
        absorb_block(r, it, b, &block);
    }
}

static void write_zero(const task *r, const item *it, const bench *b)
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

/* Some rows of one group. `separate`: each span its own softmax. */
static void run_piece(const task *r, const item *it, const bench *b,
                      bool separate)
{
    bool any = false;
    for (int i = 0; i < item_panels(r, it); i++) {
        om_attend_panel p = panel_of(r, it, b, i);
        start_panel(r, it, b, &p);
    }
    for (int i = 0; i < it->group->n_spans; i++) {
        const om_span span = it->group->span[i];
        if (span.n == 0) continue;
        absorb_span(r, it, b, span);
        for (int j = 0; separate && j < item_panels(r, it); j++) {
            om_attend_panel p = panel_of(r, it, b, j);
            r->kernel->fold(&p, r->job->width, span.weight, any);
        }
        any = true;
    }
    if (!any) {
        write_zero(r, it, b);
        return;
    }
    for (int i = 0; i < item_panels(r, it); i++) {
        om_attend_panel p = panel_of(r, it, b, i);
        finish_panel(r, it, b, &p, separate);
    }
}

/* About how long the groups' panels take; every panel takes some time. */
static int64_t panel_cost(const om_attention_group *g)
{
    int64_t words = 16;
    for (int i = 0; i < g->n_spans; i++) words += g->span[i].n;
    return words;
}

void om_attend_groups_run(const task *r, int picture, int head, int part,
                          int thread)
{
    const om_attention_map *map = r->job->map[picture];
    const bench b = bench_of(r, thread);
    const int lanes = r->kernel->max_lanes;
    int64_t all = 0, at = 0;
    memset(b.there, 0, r->l.there);
    for (int i = 0; i < map->n_groups; i++)
        all += panel_cost(&map->group[i]) *
               om_attend_ceil(map->group[i].n_rows, lanes);
    for (int i = 0; i < map->n_groups; i++) {
        const om_attention_group *g = &map->group[i];
        item it = {picture, head, g, 0, 0};
        for (; it.row < g->n_rows; it.row += it.n_rows) {
            const int left = g->n_rows - it.row, most = r->panels * lanes;
            it.n_rows = left < most ? left : most;
            if (at * r->parts / all == part)
                run_piece(r, &it, &b, map->separate);
            at += panel_cost(g) * om_attend_ceil(it.n_rows, lanes);
        }
    }
}
