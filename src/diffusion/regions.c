/* regions.c - see regions.h.
 *
 * Positions are divided by refinement: all begin in one group; each condition
 * splits the groups that lie partly inside its box. What remains are the sets
 * of positions that the same conditions cover, in time proportional to the
 * boxes' areas. Nothing is hashed, so no canvas can make two sets look alike. */
#include "diffusion/regions.h"

#include <assert.h>

/* ---- boxes in cells of a level ----------------------------------------- */

/* One side of a level: at[g] is the first of its n cells that shows grid cell
 * g or a later one. */
typedef struct axis {
    int n, at[OMOST_GRID + 1];
} axis;

static void axis_init(axis *a, int n, uint8_t *cells)
{
    omost_mask_index(n, cells);
    a->n = n;
    int g = 0;
    for (int i = 0; i < n; i++)
        while (g <= cells[i]) a->at[g++] = i;
    while (g <= OMOST_GRID) a->at[g++] = n;
}

static void axis_range(const axis *a, int low, int high, bool keep, int *first,
                       int *end)
{
    *first = a->at[low];
    *end = a->at[high];
    if (*first < *end || !keep) return;
    int nearest = (low + high) * a->n / (2 * OMOST_GRID);
    *first = nearest < a->n ? nearest : a->n - 1;
    *end = *first + 1;
}

/* The cells a box covers. A side that falls between two cells gets the one
 * nearest to its middle when `keep`. */
static omost_box level_box(const axis *y, const axis *x, omost_box b, bool keep)
{
    omost_box cells;
    axis_range(y, b.top, b.bottom, keep, &cells.top, &cells.bottom);
    axis_range(x, b.left, b.right, keep, &cells.left, &cells.right);
    return cells;
}

static int box_area(omost_box b)
{
    if (b.bottom <= b.top || b.right <= b.left) return 0;
    return (b.bottom - b.top) * (b.right - b.left);
}

static bool box_has(omost_box b, int y, int x)
{
    return y >= b.top && y < b.bottom && x >= b.left && x < b.right;
}

omost_box om_region_cells(omost_box box, int h, int w, bool keep)
{
    uint8_t cells[OMOST_MAX_CELLS];
    axis y, x;
    axis_init(&y, h, cells);
    axis_init(&x, w, cells);
    return level_box(&y, &x, box, keep);
}

bool om_regions_are_sharp(const om_region_words *regions, int n_regions,
                          om_region_opts opts)
{
    enum { MOST = 8 };
    bool sharp = false;
    for (int i = 0; i < n_regions; i++)
        sharp =
            sharp || MOST * box_area(regions[i].box) < OMOST_GRID * OMOST_GRID;
    return sharp && opts.method == OMOST_REGION_SCORE;
}

/* ---- dividing the positions -------------------------------------------- */

typedef struct piece {
    int size;   /* positions */
    int inside; /* of them in the box at hand */
    int moved;  /* the piece those go to; 0: none yet */
} piece;

/* What is needed while a map is made. */
typedef struct division {
    omost_box *box; /* [n_boxes] in cells */
    int n_boxes;
    int h, w;
    int32_t *of; /* [h * w] the piece of each position */
    piece *pieces;
    int n_pieces;
} division;

/* Split what lies partly inside the box. */
static void refine(division *d, omost_box b)
{
    for (int y = b.top; y < b.bottom; y++)
        for (int x = b.left; x < b.right; x++)
            d->pieces[d->of[y * d->w + x]].inside++;
    for (int y = b.top; y < b.bottom; y++)
        for (int x = b.left; x < b.right; x++) {
            int32_t *of = &d->of[y * d->w + x];
            piece *p = &d->pieces[*of];
            if (p->inside == p->size) continue;
            if (!p->moved) {
                p->moved = d->n_pieces++;
                d->pieces[p->moved] = (piece){.size = p->inside};
            }
            *of = p->moved;
        }
    for (int i = 0; i < d->n_pieces; i++) {
        piece *p = &d->pieces[i];
        if (p->moved) p->size -= p->inside;
        p->inside = p->moved = 0;
    }
}

/* ---- the map ----------------------------------------------------------- */

/* Positions of every group, in one array. */
static bool fill_rows(om_arena *a, const division *d, om_attention_group *group)
{
    int n = d->h * d->w;
    int32_t *rows = om_arena_array(a, (size_t)n, sizeof *rows);
    int32_t **next = om_arena_array(a, (size_t)d->n_pieces, sizeof *next);
    if (!rows || !next) return false;
    for (int i = 0; i < d->n_pieces; i++) {
        group[i].row = next[i] = rows;
        group[i].n_rows = d->pieces[i].size;
        rows += group[i].n_rows;
    }
    for (int p = 0; p < n; p++) *next[d->of[p]]++ = p;
    return true;
}

static om_span span_of(const om_region_words *r, const division *d, int i,
                       const om_region_opts *opts)
{
    om_span s = {.first = r[i].first, .n = r[i].n, .scale = 1, .weight = 1};
    if (opts->method == OMOST_REGION_SCORE)
        s.scale = (float)(d->h * d->w) / (float)box_area(d->box[i]);
    return s;
}

/* The words that one group sees. */
static bool fill_spans(om_arena *a, const division *d, const om_region_words *r,
                       const om_region_opts *opts, om_attention_group *g)
{
    int y = g->row[0] / d->w, x = g->row[0] % d->w, n = 0;
    for (int i = 0; i < d->n_boxes; i++) n += box_has(d->box[i], y, x);
    om_span *s = om_arena_array(a, n ? (size_t)n : 1, sizeof *s);
    if (!s) return false;
    g->span = s;
    g->n_spans = n ? n : 1;
    if (!n)
        *s = (om_span){.first = r->first, .n = r->n, .scale = 1, .weight = 1};
    for (int i = 0; i < d->n_boxes; i++)
        if (box_has(d->box[i], y, x)) {
            *s = span_of(r, d, i, opts);
            s->weight = 1 / (float)n;
            s++;
        }
    return true;
}

static bool make_map(om_arena *a, division *d, const om_region_words *regions,
                     const om_region_opts *opts, om_attention_map *map)
{
    d->pieces[0] = (piece){.size = d->h * d->w};
    d->n_pieces = 1;
    for (int i = 0; i < d->n_boxes; i++) refine(d, d->box[i]);

    om_attention_group *group =
        om_arena_array(a, (size_t)d->n_pieces, sizeof *group);
    if (!group || !fill_rows(a, d, group)) return false;
    map->group = group;
    map->n_groups = d->n_pieces;
    for (int i = 0; i < d->n_pieces; i++)
        if (!fill_spans(a, d, regions, opts, &group[i])) return false;
    return true;
}

/* One block of memory for what is needed while a map is made. A piece more
 * than there are positions never is: each has a position of its own. */
static void *division_init(division *d, const omost_env *env, int h, int w,
                           int n_boxes)
{
    const size_t n = (size_t)h * (size_t)w;
    const size_t boxes = (size_t)n_boxes * sizeof *d->box;
    const size_t pieces = n * sizeof *d->pieces;
    char *memory = om_zalloc(env, boxes + pieces + n * sizeof *d->of);
    if (!memory) return NULL;
    *d = (division){.box = (omost_box *)(void *)memory,
                    .pieces = (piece *)(void *)(memory + boxes),
                    .of = (int32_t *)(void *)(memory + boxes + pieces),
                    .n_boxes = n_boxes,
                    .h = h,
                    .w = w};
    return memory;
}

static void find_boxes(division *d, const om_region_words *regions,
                       const om_region_opts *opts)
{
    uint8_t cells[OMOST_MAX_CELLS];
    axis y, x;
    axis_init(&y, d->h, cells);
    axis_init(&x, d->w, cells);
    for (int i = 0; i < d->n_boxes; i++)
        d->box[i] = level_box(&y, &x, regions[i].box, !opts->strict);
}

void om_region_maps_init(om_region_maps *m, const omost_env *env)
{
    *m = (om_region_maps){0};
    om_arena_init(&m->arena, env, 0);
}

omost_status om_region_maps_add(om_region_maps *m, int n, int h, int w,
                                const om_region_words *regions, int n_regions,
                                om_region_opts opts, omost_error *err)
{
    assert(h >= 1 && h <= OMOST_MAX_CELLS && w >= 1 && w <= OMOST_MAX_CELLS);
    assert(n_regions >= 1 && opts.method != OMOST_REGION_MULTIDIFFUSION);
    size_t cap = (size_t)m->cap_maps;
    om_attention_map *maps =
        om_grow(m->arena.env, m->map, (size_t)m->n_maps, &cap, sizeof *maps);
    if (!maps) return om_fail_nomem(err);
    m->map = maps;
    m->cap_maps = (int)cap;

    bool alone = opts.method == OMOST_REGION_NONE;
    division d;
    void *memory = division_init(&d, m->arena.env, h, w, alone ? 0 : n_regions);
    if (!memory) return om_fail_nomem(err);
    find_boxes(&d, regions, &opts);
    om_attention_map map = {.n = n, .h = h, .w = w};
    map.separate = opts.method == OMOST_REGION_COUPLE;
    bool made = make_map(&m->arena, &d, regions, &opts, &map);
    om_free(m->arena.env, memory);
    if (!made) return om_fail_nomem(err);
    m->map[m->n_maps++] = map;
    return OMOST_OK;
}

void om_region_maps_free(om_region_maps *m)
{
    om_free(m->arena.env, m->map);
    om_arena_free(&m->arena);
    *m = (om_region_maps){0};
}
