/* graph_memory.c - see graph_memory.h. */
#include "nn/graph_memory.h"

#include <stdlib.h>

/* Values that share memory form a class; its root stands for it. */
typedef struct life {
    om_value root; /* itself: a root */
    bool planned;
    int first, last; /* steps, of the whole class */
    size_t bytes;
} life;

typedef struct plan {
    const om_graph *g;
    const om_memory_opts *o;
    life *life;       /* [n_values] */
    om_value *order;  /* roots, as they are placed */
    om_value *placed; /* roots, by offset */
    int n_order, n_placed;
    size_t *offset;
} plan;

static int step_of(const plan *p, int node)
{
    if (node == OM_NO_NODE) return -1;
    return p->o->step ? p->o->step[node] : node;
}

static om_value root_of(const plan *p, om_value v)
{
    while (p->life[v].root != v) v = p->life[v].root;
    return v;
}

static size_t aligned(size_t bytes)
{
    const size_t unit = 64;
    return (bytes + unit - 1) / unit * unit;
}

/* ---- who lives when ------------------------------------------------------ */

static void start_lives(plan *p)
{
    const om_graph *g = p->g;
    for (om_value v = 0; v < g->n_values; v++) {
        size_t bytes = om_shape_size(om_shape_of(g, v)) * p->o->elem;
        if (p->o->bytes && p->o->bytes[v] > bytes) bytes = p->o->bytes[v];
        const int step = step_of(p, g->value[v].node);
        p->life[v] = (life){.root = v,
                            .planned = !p->o->outside || !p->o->outside[v],
                            .first = step,
                            .last = step,
                            .bytes = aligned(bytes)};
    }
    for (int i = 0; i < g->n_nodes; i++)
        for (int j = 0; j < g->node[i].n_in; j++) {
            life *l = &p->life[g->node[i].in[j]];
            if (l->last < step_of(p, i)) l->last = step_of(p, i);
        }
}

/* The class of `from` becomes part of the class of `to`. */
static void join(plan *p, om_value to, om_value from)
{
    life *a = &p->life[root_of(p, to)], *b = &p->life[root_of(p, from)];
    if (a == b) return;
    b->root = a->root;
    if (a->first > b->first) a->first = b->first;
    if (a->last < b->last) a->last = b->last;
    if (a->bytes < b->bytes) a->bytes = b->bytes;
}

static void join_aliases(plan *p)
{
    for (om_value v = 0; p->o->alias && v < p->g->n_values; v++)
        if (p->life[v].planned && p->o->alias[v] != v)
            join(p, p->o->alias[v], v);
}

static bool take_over(plan *p, om_value v, om_value over)
{
    if (over == OM_NO_VALUE) return false;
    const life *a = &p->life[root_of(p, over)], *b = &p->life[root_of(p, v)];
    const int step = step_of(p, p->g->value[v].node);
    bool fits = a != b && a->planned && b->planned && p->life[over].planned &&
                p->life[v].planned && a->bytes == b->bytes && a->last == step &&
                b->first == step;
    if (fits) join(p, over, v);
    return fits;
}

om_value om_memory_over(const om_graph *g, om_value v, int i)
{
    if (g->value[v].node == OM_NO_NODE) return OM_NO_VALUE;
    const om_node *n = &g->node[g->value[v].node];
    if ((n->op != OM_OP_UNARY && n->op != OM_OP_ADD) || i >= n->n_in)
        return OM_NO_VALUE;
    bool same = om_shape_size(om_shape_of(g, n->in[i])) ==
                om_shape_size(om_shape_of(g, v));
    return same ? n->in[i] : OM_NO_VALUE;
}

static void join_in_place(plan *p)
{
    for (int i = 0; i < p->g->n_nodes; i++) {
        const om_value v = p->g->node[i].out;
        if (p->o->over) {
            (void)take_over(p, v, p->o->over[v]);
            continue;
        }
        if (!take_over(p, v, om_memory_over(p->g, v, 0)))
            (void)take_over(p, v, om_memory_over(p->g, v, 1));
    }
}

/* ---- where ----------------------------------------------------------------
 */

typedef struct by_size {
    size_t bytes;
    int first;
    om_value root;
} by_size;

static int larger_first(const void *a, const void *b)
{
    const by_size *x = a, *y = b;
    if (x->bytes != y->bytes) return x->bytes < y->bytes ? 1 : -1;
    if (x->first != y->first) return x->first < y->first ? -1 : 1;
    return x->root < y->root ? -1 : x->root > y->root;
}

static bool order_roots(plan *p, om_arena *temp)
{
    by_size *s = om_arena_array(temp, (size_t)p->g->n_values + 1, sizeof *s);
    if (!s) return false;
    for (om_value v = 0; v < p->g->n_values; v++)
        if (p->life[v].root == v && p->life[v].planned)
            s[p->n_order++] = (by_size){p->life[v].bytes, p->life[v].first, v};
    qsort(s, (size_t)p->n_order, sizeof *s, larger_first);
    for (int i = 0; i < p->n_order; i++) p->order[i] = s[i].root;
    return true;
}

static bool meet(const life *a, const life *b)
{
    return a->first <= b->last && b->first <= a->last;
}

static size_t smallest_gap(const plan *p, const life *l)
{
    size_t end = 0, best = OM_NO_OFFSET, best_size = SIZE_MAX;
    for (int i = 0; i < p->n_placed; i++) {
        const om_value r = p->placed[i];
        if (!meet(l, &p->life[r])) continue;
        const size_t at = p->offset[r];
        if (at > end && at - end >= l->bytes && at - end < best_size) {
            best = end;
            best_size = at - end;
        }
        if (at + p->life[r].bytes > end) end = at + p->life[r].bytes;
    }
    return best == OM_NO_OFFSET ? end : best;
}

static void place(plan *p, om_value root)
{
    p->offset[root] = smallest_gap(p, &p->life[root]);
    int i = p->n_placed++;
    for (; i > 0 && p->offset[p->placed[i - 1]] > p->offset[root]; i--)
        p->placed[i] = p->placed[i - 1];
    p->placed[i] = root;
}

omost_status om_memory_plan(om_memory *m, om_arena *arena, const om_graph *g,
                            const om_memory_opts *opts, omost_error *err)
{
    om_error_clear(err);
    om_arena temp;
    om_arena_init(&temp, g->env, 0);
    const size_t n = (size_t)g->n_values + 1;
    plan p = {.g = g,
              .o = opts,
              .life = om_arena_array(&temp, n, sizeof *p.life),
              .order = om_arena_array(&temp, n, sizeof *p.order),
              .placed = om_arena_array(&temp, n, sizeof *p.placed),
              .offset = om_arena_array(arena, n, sizeof *p.offset)};
    bool ok = p.life && p.order && p.placed && p.offset;
    if (ok) {
        start_lives(&p);
        join_aliases(&p);
        join_in_place(&p);
        ok = order_roots(&p, &temp);
    }
    *m = (om_memory){.offset = p.offset};
    for (int i = 0; ok && i < p.n_order; i++) {
        place(&p, p.order[i]);
        size_t end = p.offset[p.order[i]] + p.life[p.order[i]].bytes;
        if (end > m->bytes) m->bytes = end;
    }
    for (om_value v = 0; ok && v < g->n_values; v++) {
        const om_value root = root_of(&p, v);
        bool planned = p.life[v].planned && p.life[root].planned;
        p.offset[v] = planned ? p.offset[root] : OM_NO_OFFSET;
    }
    om_arena_free(&temp);
    return ok ? OMOST_OK : om_fail_nomem(err);
}
