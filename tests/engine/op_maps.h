/* op_maps.h - attention maps of every kind, for test_ops.c. */
#ifndef OM_TESTS_OP_MAPS_H
#define OM_TESTS_OP_MAPS_H

#include "engine/op_cases.h"

/* Maps live in one arena. */
static inline void *map_array(om_arena *arena, int n, size_t elem)
{
    void *p = om_arena_array(arena, (size_t)n, elem);
    assert_non_null(p);
    return p;
}

/* Which group position i belongs to. */
static inline int group_of(map_kind kind, int n_groups, int i, uint64_t *state)
{
    if (kind == MAP_STRIPES || kind == MAP_SINGLE) return i % n_groups;
    return next_below(state, n_groups);
}

static inline float random_scale(map_kind kind, uint64_t *state)
{
    double u = next_unit(state);
    if (kind == MAP_SCALES) return (float)exp(11 * u); /* 1 .. 60000 */
    if (kind == MAP_MANY) return (float)exp(4 * u - 2);
    return 1;
}

static inline om_span random_span(map_kind kind, int words, uint64_t *state)
{
    om_span s = {.n = 1 + next_below(state, words)};
    if (kind == MAP_SINGLE) s.n = 1;
    if (kind == MAP_WHOLE) s.n = words;
    s.first = next_below(state, words - s.n + 1);
    s.scale = random_scale(kind, state);
    s.weight = next_below(state, 5) ? (float)next_unit(state) : 0;
    return s;
}

static inline int span_count(map_kind kind, int group, uint64_t *state)
{
    switch (kind) {
    case MAP_WHOLE:
    case MAP_SINGLE: return 1;
    case MAP_EMPTY: return group % 2 ? 2 : 0;
    case MAP_MANY: return 1 + next_below(state, 9);
    default: return 1 + next_below(state, 3);
    }
}

/* The last group may be without positions. */
static inline om_attention_map make_map(om_arena *arena, map_kind kind, int n,
                                        om_shape s, int words, uint64_t seed)
{
    uint64_t state = seed;
    const int rows = s.h * s.w;
    int n_groups = 3;
    if (kind == MAP_WHOLE) n_groups = 1;
    if (kind == MAP_SINGLE) n_groups = rows;
    if (kind == MAP_MANY) n_groups = 7;
    om_attention_group *group = map_array(arena, n_groups, sizeof *group);
    int *home = map_array(arena, rows, sizeof *home);
    for (int i = 0; i < rows; i++)
        home[i] = group_of(kind, n_groups, i, &state);
    for (int i = 0; i < n_groups; i++) {
        int32_t *row = map_array(arena, rows, sizeof *row);
        int m = 0, n_spans = span_count(kind, i, &state);
        om_span *span = map_array(arena, n_spans, sizeof *span);
        for (int r = 0; r < rows; r++)
            if (home[r] == i) row[m++] = r;
        for (int j = 0; j < n_spans; j++)
            span[j] = random_span(kind, words, &state);
        group[i] = (om_attention_group){row, m, span, n_spans};
    }
    return (om_attention_map){n,     s.h,     s.w, kind == MAP_SEPARATE,
                              group, n_groups};
}

#endif
