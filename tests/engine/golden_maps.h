/* golden_maps.h - the masks of a golden case as groups of positions: the score
 * method of regions (nn/context.h), for masks of any form. */
#ifndef OM_TESTS_GOLDEN_MAPS_H
#define OM_TESTS_GOLDEN_MAPS_H

#include "models.h"

#include "nn/context.h"

enum { MAX_REGIONS = 6, MAX_MAPS = 16, GRID = OMOST_GRID };

/* The regions of a case: their masks, and the words of all pictures and regions
 * one after another. */
typedef struct golden_regions {
    int n, batch;
    uint8_t *mask[MAX_REGIONS]; /* [90, 90] */
    int first[4][MAX_REGIONS];  /* picture, region */
    int n_words[MAX_REGIONS];   /* of one picture */
    float *states;              /* [all_words, context] */
    int all_words;
} golden_regions;

/* "PREFIXregion.N.mask" and ".cond" */
static inline golden_regions golden_regions_of(const golden_tensors *t,
                                               const char *prefix)
{
    golden_regions r = {0};
    char name[96];
    float *cond[MAX_REGIONS];
    int context = 0;
    for (;; r.n++) {
        snprintf(name, sizeof name, "%sregion.%d.mask", prefix, r.n);
        if (!json_object_get(t->header, name)) break;
        assert_true(r.n < MAX_REGIONS);
        r.mask[r.n] = golden_tensor(t, name, 1, NULL);
        snprintf(name, sizeof name, "%sregion.%d.cond", prefix, r.n);
        cond[r.n] = golden_floats(t, name, NULL);
        r.batch = golden_side(t, name, 0);
        r.n_words[r.n] = golden_side(t, name, 1);
        context = golden_side(t, name, 2);
        r.all_words += r.batch * r.n_words[r.n];
    }
    assert_true(r.n > 0 && r.batch <= 4);
    const size_t width = (size_t)context;
    r.states = malloc((size_t)r.all_words * width * sizeof(float));
    assert_non_null(r.states);
    int at = 0;
    for (int b = 0; b < r.batch; b++)
        for (int i = 0; i < r.n; i++) {
            const size_t size = (size_t)r.n_words[i] * width;
            r.first[b][i] = at;
            memcpy(r.states + (size_t)at * width, cond[i] + (size_t)b * size,
                   size * sizeof(float));
            at += r.n_words[i];
        }
    for (int i = 0; i < r.n; i++) free(cond[i]);
    return r;
}

static inline void golden_regions_free(golden_regions *r)
{
    for (int i = 0; i < r->n; i++) free(r->mask[i]);
    free(r->states);
}

/* Maps of several pictures and levels; all memory in one arena. */
typedef struct golden_maps {
    om_arena arena;
    om_attention_map map[MAX_MAPS];
    int n;
} golden_maps;

static inline void add_group(golden_maps *m, om_attention_map *map,
                             om_attention_group *group, const golden_regions *r,
                             int picture, unsigned which, const unsigned *seen,
                             const int *cells)
{
    const int positions = map->h * map->w;
    om_span *span = om_arena_array(&m->arena, MAX_REGIONS, sizeof *span);
    int32_t *row = om_arena_array(&m->arena, (size_t)positions, sizeof *row);
    assert_true(span && row);
    om_attention_group g = {.row = row, .span = span};
    for (int p = 0; p < positions; p++)
        if (seen[p] == which) row[g.n_rows++] = p;
    if (g.n_rows == 0) return;
    for (int i = 0; i < r->n; i++)
        if (which >> i & 1)
            span[g.n_spans++] =
                (om_span){.first = r->first[picture][i],
                          .n = r->n_words[i],
                          .scale = (float)positions / (float)cells[i],
                          .weight = 1};
    group[map->n_groups++] = g;
}

/* The map of one picture where the layer is h x w. */
static inline void golden_maps_add(golden_maps *m, const golden_regions *r,
                                   int picture, int h, int w)
{
    uint8_t row[256], col[256];
    int cells[MAX_REGIONS] = {0};
    const unsigned kinds = 1u << r->n;
    assert_true(m->n < MAX_MAPS && h <= 256 && w <= 256);
    om_attention_group *group = om_arena_array(&m->arena, kinds, sizeof *group);
    unsigned *seen =
        om_arena_array(&m->arena, (size_t)h * (size_t)w, sizeof *seen);
    assert_true(group && seen);
    omost_mask_index(h, row);
    omost_mask_index(w, col);
    for (int p = 0; p < h * w; p++)
        for (int i = 0; i < r->n; i++) {
            bool in = r->mask[i][row[p / w] * GRID + col[p % w]] != 0;
            seen[p] |= (unsigned)in << i;
            cells[i] += in;
        }
    om_attention_map *map = &m->map[m->n++];
    *map = (om_attention_map){.n = picture, .h = h, .w = w, .group = group};
    for (unsigned k = 0; k < kinds; k++)
        add_group(m, map, group, r, picture, k, seen, cells);
}

#endif
