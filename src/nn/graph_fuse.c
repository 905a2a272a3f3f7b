/* graph_fuse.c - nodes that are done together.
 *
 *   [ADD row] GROUP_NORM [SILU]
 *   CONV {ADD, UNARY}*
 *   LINEAR {ADD, UNARY}*
 *   LINEAR GEGLU
 *
 * A value that only the next node reads need not exist. The step stands where
 * its last node stood: everything it reads is there by then. */
#include "nn/graph_fuse.h"

typedef struct fuser {
    const om_graph *g;
    int *reader; /* [n_values] the last node that reads it */
    bool *taken; /* [n_nodes] */
} fuser;

/* The node that alone reads v, when it is free; else OM_NO_FUSION. */
static int next_of(const fuser *z, om_value v)
{
    const om_value_info *info = &z->g->value[v];
    if (info->n_reads != 1 || info->output || info->kept) return OM_NO_FUSION;
    const int node = z->reader[v];
    return z->taken[node] ? OM_NO_FUSION : node;
}

static const om_node *node_at(const fuser *z, int i)
{
    return &z->g->node[i];
}

static bool same_shape(om_shape a, om_shape b)
{
    return a.n == b.n && a.h == b.h && a.w == b.w && a.c == b.c;
}

/* Can node i be done to v as it is written? */
static bool is_post(const fuser *z, int i, om_value v)
{
    const om_node *n = node_at(z, i);
    if (n->op == OM_OP_UNARY) return true;
    if (n->op != OM_OP_ADD) return false;
    const om_value other = n->in[0] == v ? n->in[1] : n->in[0];
    const om_shape s = om_shape_of(z->g, v), o = om_shape_of(z->g, other);
    if (!same_shape(s, om_shape_of(z->g, n->out))) return false;
    return same_shape(s, o) || om_shape_rows(o) == 1;
}

static void take(fuser *z, om_fusion *f, int node)
{
    z->taken[node] = true;
    f->last = node;
}

static void take_posts(fuser *z, om_fusion *f)
{
    while (f->n_posts < OM_FUSE_POSTS) {
        const om_value v = node_at(z, f->last)->out;
        const int next = next_of(z, v);
        if (next == OM_NO_FUSION || !is_post(z, next, v)) return;
        f->post[f->n_posts++] = next;
        take(z, f, next);
    }
}

/* The next node, when it is of this kind. */
static int next_is(const fuser *z, int node, om_op op)
{
    const int next = next_of(z, node_at(z, node)->out);
    if (next == OM_NO_FUSION || node_at(z, next)->op != op) return OM_NO_FUSION;
    return next;
}

static bool is_silu(const fuser *z, int node)
{
    return node != OM_NO_FUSION && node_at(z, node)->unary == OM_SILU;
}

/* f->last is a group norm. */
static void take_after_norm(fuser *z, om_fusion *f)
{
    const int silu = next_is(z, f->last, OM_OP_UNARY);
    if (!is_silu(z, silu)) return;
    f->silu = silu;
    take(z, f, silu);
}

/* An ADD of one row per picture before a group norm. */
static bool is_row_add(const fuser *z, int i)
{
    const om_node *n = node_at(z, i);
    const om_shape b = om_shape_of(z->g, n->in[1]);
    return n->in[0] != n->in[1] && b.h == 1 && b.w == 1 &&
           same_shape(om_shape_of(z->g, n->in[0]), om_shape_of(z->g, n->out));
}

static void fuse(fuser *z, om_fusion *f, int i)
{
    *f = (om_fusion){.main = i,
                     .pre_add = OM_NO_FUSION,
                     .silu = OM_NO_FUSION,
                     .geglu = OM_NO_FUSION};
    take(z, f, i);
    int next;
    switch (node_at(z, i)->op) {
    case OM_OP_LINEAR:
        next = next_is(z, i, OM_OP_GEGLU);
        if (next != OM_NO_FUSION) {
            f->geglu = next;
            take(z, f, next);
            return;
        }
        take_posts(z, f);
        return;
    case OM_OP_CONV: take_posts(z, f); return;
    case OM_OP_ADD:
        next =
            is_row_add(z, i) ? next_is(z, i, OM_OP_GROUP_NORM) : OM_NO_FUSION;
        if (next == OM_NO_FUSION) return;
        f->pre_add = i;
        f->main = next;
        take(z, f, next);
        take_after_norm(z, f);
        return;
    case OM_OP_GROUP_NORM: take_after_norm(z, f); return;
    default: return;
    }
}

static void sort_by_last(om_fusion *list, int n)
{
    for (int i = 1; i < n; i++) {
        const om_fusion f = list[i];
        int j = i;
        for (; j > 0 && list[j - 1].last > f.last; j--) list[j] = list[j - 1];
        list[j] = f;
    }
}

int om_graph_fuse(const om_graph *g, om_fusion *list)
{
    om_arena temp;
    om_arena_init(&temp, g->env, 0);
    fuser z = {g, om_arena_array(&temp, (size_t)g->n_values + 1, sizeof(int)),
               om_arena_array(&temp, (size_t)g->n_nodes + 1, sizeof(bool))};
    int n = -1;
    if (z.reader && z.taken) {
        for (int i = 0; i < g->n_nodes; i++)
            for (int j = 0; j < g->node[i].n_in; j++)
                z.reader[g->node[i].in[j]] = i;
        n = 0;
        for (int i = 0; i < g->n_nodes; i++)
            if (!z.taken[i]) fuse(&z, &list[n++], i);
        sort_by_last(list, n);
    }
    om_arena_free(&temp);
    return n;
}

bool om_graph_find_exact(const om_graph *g, bool *exact)
{
    om_arena temp;
    om_arena_init(&temp, g->env, 0);
    om_fusion *list =
        om_arena_array(&temp, (size_t)g->n_nodes + 1, sizeof *list);
    const int n = list ? om_graph_fuse(g, list) : -1;
    for (om_value v = 0; v < g->n_values; v++)
        exact[v] = g->value[v].node != OM_NO_NODE;
    for (int i = 0; i < n; i++) {
        exact[g->node[list[i].last].out] = false;
        if (list[i].geglu != OM_NO_FUSION)
            exact[g->node[list[i].main].out] = false;
    }
    om_arena_free(&temp);
    return n >= 0;
}
