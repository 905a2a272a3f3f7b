/* dnnl_compile.c - from a graph to steps. */
#include <stdio.h>

#include "nn/dnnl_internal.h"
#include "nn/graph_memory.h"

typedef struct compiling {
    om_dnnl_program *p;
    om_dnnl *b;
    const om_graph *g;
    om_arena temp;
    om_fusion *list;
    int n;
    int *step;      /* [n_nodes] */
    bool *outside;  /* [n_values] */
    om_value *over; /* [n_values] */
    om_spot *place; /* [n_values] */
} compiling;

/* ---- where values are -------------------------------------------------- */

static bool result_of_step(const compiling *c, om_value v)
{
    const int node = c->g->value[v].node;
    return node != OM_NO_NODE && c->list[c->step[node]].last == node;
}

/* Values that one step makes and uses up need no memory. */
static void map_steps(compiling *c)
{
    const om_graph *g = c->g;
    for (int i = 0; i < c->n; i++) {
        const om_fusion *f = &c->list[i];
        c->step[f->main] = c->step[f->last] = i;
        if (f->pre_add != OM_NO_FUSION) c->step[f->pre_add] = i;
        if (f->silu != OM_NO_FUSION) c->step[f->silu] = i;
        for (int j = 0; j < f->n_posts; j++) c->step[f->post[j]] = i;
    }
    for (om_value v = 0; v < g->n_values; v++)
        c->outside[v] = g->value[v].node != OM_NO_NODE && !result_of_step(c, v);
}

static void put_outside(compiling *c, om_value v, void *at)
{
    c->outside[v] = true;
    c->place[v].own = at;
}

/* Inputs and outputs that are f32 like values are used where they are. */
static void place_ports(compiling *c)
{
    om_program *p = &c->p->base;
    if (c->b->apart) return;
    for (int i = 0; i < p->n_in; i++)
        put_outside(c, p->in[i].value, p->in[i].data);
    for (int i = 0; i < p->n_out; i++)
        if (!c->outside[p->out[i].value])
            put_outside(c, p->out[i].value, p->out[i].data);
}

static omost_status place_kept(compiling *c, omost_error *err)
{
    om_program *p = &c->p->base;
    const size_t elem = om_elem_size(c->b->elem);
    size_t bytes = 0;
    for (int i = 0; i < p->n_slots; i++) {
        const om_kept *k = &p->slot[i].kept;
        bytes += 2 * om_aligned((size_t)k->n_words * (size_t)k->width * elem);
    }
    if (bytes && !om_block_new(&c->p->kept, c->b->base.env, bytes))
        return om_fail_nomem(err);
    char *at = c->p->kept.p;
    for (int i = 0; i < p->n_slots; i++) {
        om_program_slot *s = &p->slot[i];
        s->kept.bytes = (size_t)s->kept.n_words * (size_t)s->kept.width * elem;
        const size_t one = om_aligned(s->kept.bytes);
        s->kept.k = at;
        s->kept.v = at + one;
        /* A value that has memory already is copied by a step at the end. */
        if (!c->outside[s->keys]) put_outside(c, s->keys, at);
        if (!c->outside[s->values]) put_outside(c, s->values, at + one);
        at += 2 * one;
    }
    return OMOST_OK;
}

/* What a step may write its result over: the picture a norm or a loop reads
 * once more, element by element. */
static void find_over(compiling *c)
{
    const om_graph *g = c->g;
    for (om_value v = 0; v < g->n_values; v++) c->over[v] = OM_NO_VALUE;
    for (int i = 0; i < c->n; i++) {
        const om_fusion *f = &c->list[i];
        const om_node *n = &g->node[f->main];
        if (f->pre_add != OM_NO_FUSION) n = &g->node[f->pre_add];
        switch (g->node[f->main].op) {
        case OM_OP_GROUP_NORM:
        case OM_OP_LAYER_NORM:
        case OM_OP_UNARY:
        case OM_OP_ADD: c->over[g->node[f->last].out] = n->in[0]; break;
        default: break;
        }
    }
}

static omost_status plan_memory(compiling *c, om_memory *m, omost_error *err)
{
    find_over(c);
    const om_memory_opts o = {.elem = om_elem_size(c->b->elem),
                              .step = c->step,
                              .outside = c->outside,
                              .over = c->over};
    return om_memory_plan(m, &c->temp, c->g, &o, err);
}

static omost_status place_values(compiling *c, omost_error *err)
{
    om_memory m;
    omost_status st = place_kept(c, err);
    if (st) return st;
    place_ports(c);
    st = plan_memory(c, &m, err);
    if (st) return st;
    for (om_value v = 0; v < c->g->n_values; v++)
        if (!c->outside[v]) c->place[v].at = m.offset[v];
    c->p->values = om_aligned(m.bytes);
    c->p->base.cost.arena_bytes = m.bytes;
    return OMOST_OK;
}

/* ---- steps ------------------------------------------------------------- */

static const char *name_step(compiling *c, const om_node *n)
{
    enum { LONG = 300 };
    char text[LONG];
    const char *of = n->weight != OM_NO_PARAM && c->g->params
                         ? c->g->params->param[n->weight].name
                         : "";
    snprintf(text, sizeof text, "%s%s%s", om_op_name(n->op), *of ? " " : "",
             of);
    return om_arena_str(&c->p->base.arena, om_str_of(text)).p;
}

void om_dnnl_posts(const om_dnnl_build *k, om_dnnl_post post[OM_DNNL_POSTS])
{
    const om_graph *g = k->g;
    const om_fusion *f = k->f;
    om_value v = g->node[f->main].out;
    for (int i = 0; i < f->n_posts; i++) {
        const om_node *n = &g->node[f->post[i]];
        post[i] = (om_dnnl_post){.add = n->op == OM_OP_ADD, .unary = n->unary};
        if (post[i].add) {
            const om_value other = n->in[0] == v ? n->in[1] : n->in[0];
            const om_shape s = om_shape_of(g, other);
            post[i].per_channel =
                om_shape_rows(s) == 1 && om_shape_rows(k->s->out) != 1;
            k->s->post[i] = k->place[other];
            k->s->post_step[i] = post[i].per_channel ? 0 : (size_t)s.c;
        }
        v = n->out;
    }
}

static double flops_of(const om_graph *g, const om_fusion *f)
{
    double sum = om_node_flops(g, &g->node[f->main]);
    const int more[] = {f->pre_add, f->silu, f->geglu};
    for (size_t i = 0; i < sizeof more / sizeof *more; i++)
        if (more[i] != OM_NO_FUSION) sum += om_node_flops(g, &g->node[more[i]]);
    for (int i = 0; i < f->n_posts; i++)
        sum += om_node_flops(g, &g->node[f->post[i]]);
    return sum;
}

static bool is_matmul(const om_node *n)
{
    if (n->op == OM_OP_LINEAR) return true;
    const om_conv_shape *c = &n->conv;
    return n->op == OM_OP_CONV && c->kernel == 1 && c->stride == 1 &&
           !(c->pad[0] | c->pad[1] | c->pad[2] | c->pad[3]);
}

static omost_status make_step(compiling *c, const om_fusion *f, om_dnnl_step *s,
                              omost_error *err)
{
    const om_graph *g = c->g;
    const om_node *n = &g->node[f->main];
    om_dnnl_build k = {c->p, c->b, g, g->params, f, c->place, s};
    const om_value out = g->node[f->last].out;
    *s = (om_dnnl_step){.work = om_op_work(n->op),
                        .flops = flops_of(g, f),
                        .what = name_step(c, n),
                        .in = om_shape_of(g, n->in[0]),
                        .out = om_shape_of(g, out),
                        .y = c->place[out]};
    for (int i = 0; i < n->n_in; i++) s->x[i] = c->place[n->in[i]];
    if (!s->what) return om_fail_nomem(err);
    if (is_matmul(n)) return om_dnnl_matmul(&k, err);
    if (n->op == OM_OP_CONV) return om_dnnl_conv(&k, err);
    return om_dnnl_simple(&k, err);
}

/* A step that copies a value to or from memory of the caller's. */
static void copy_step(compiling *c, om_value v, void *f32, bool to_f32)
{
    om_dnnl_step *s = &c->p->step[c->p->n_steps++];
    const om_spot port = {.own = f32};
    *s = (om_dnnl_step){.work = OM_WORK_OTHER,
                        .what = to_f32 ? "output" : "input",
                        .in = om_shape_of(c->g, v),
                        .out = om_shape_of(c->g, v)};
    s->x[0] = to_f32 ? c->place[v] : port;
    s->y = to_f32 ? port : c->place[v];
    om_dnnl_convert(s, to_f32);
}

/* To the outputs that v is, now: its memory is another value's as soon as the
 * last of its readers is done. */
static void copy_out(compiling *c, om_value v)
{
    const om_program *base = &c->p->base;
    for (int i = 0; i < base->n_out; i++) {
        const om_port *o = &base->out[i];
        if (o->value == v && c->place[v].own != (char *)o->data)
            copy_step(c, v, o->data, true);
    }
}

static void copy_inputs(compiling *c)
{
    const om_program *base = &c->p->base;
    for (int i = 0; i < base->n_in && c->b->apart; i++)
        copy_step(c, base->in[i].value, base->in[i].data, false);
    for (int i = 0; i < base->n_in; i++) copy_out(c, base->in[i].value);
}

/* Kept values that lie elsewhere, in memory of their own: the same elements. */
static void copy_kept(compiling *c, om_value v, const void *kept)
{
    union {
        const void *read;
        void *p;
    } to = {kept};
    if (c->place[v].own == (char *)to.p) return;
    om_dnnl_step *s = &c->p->step[c->p->n_steps++];
    *s = (om_dnnl_step){.work = OM_WORK_OTHER,
                        .what = "kept",
                        .in = om_shape_of(c->g, v),
                        .out = om_shape_of(c->g, v)};
    s->x[0] = c->place[v];
    s->y.own = to.p;
    om_dnnl_copy(s);
}

static omost_status make_steps(compiling *c, omost_error *err)
{
    om_dnnl_program *p = c->p;
    om_program *base = &p->base;
    const size_t most =
        (size_t)(c->n + base->n_in + base->n_out + 2 * base->n_slots) + 1;
    p->step = om_arena_array(&base->arena, most, sizeof *p->step);
    if (!p->step) return om_fail_nomem(err);
    copy_inputs(c);
    for (int i = 0; i < c->n; i++) {
        om_dnnl_step *s = &p->step[p->n_steps++];
        omost_status st = make_step(c, &c->list[i], s, err);
        if (st) return st;
        if (p->scratch < s->scratch) p->scratch = s->scratch;
        copy_out(c, c->g->node[c->list[i].last].out);
    }
    for (int i = 0; i < base->n_slots; i++) {
        copy_kept(c, base->slot[i].keys, base->slot[i].kept.k);
        copy_kept(c, base->slot[i].values, base->slot[i].kept.v);
    }
    return OMOST_OK;
}

/* The graph in steps; fills all of c but the places. */
static omost_status divide(compiling *c, omost_error *err)
{
    const om_graph *g = c->g;
    const size_t nodes = (size_t)g->n_nodes + 1;
    const size_t values = (size_t)g->n_values + 1;
    om_arena_init(&c->temp, c->b->base.env, 0);
    c->list = om_arena_array(&c->temp, nodes, sizeof *c->list);
    c->step = om_arena_array(&c->temp, nodes, sizeof *c->step);
    c->outside = om_arena_array(&c->temp, values, sizeof *c->outside);
    c->over = om_arena_array(&c->temp, values, sizeof *c->over);
    c->place = om_arena_array(&c->temp, values, sizeof *c->place);
    c->n = -1;
    if (c->list && c->step && c->outside && c->over && c->place)
        c->n = om_graph_fuse(g, c->list);
    if (c->n < 0) return om_fail_nomem(err);
    map_steps(c);
    return OMOST_OK;
}

omost_status om_dnnl_make(om_dnnl_program *p, const om_graph *g,
                          omost_error *err)
{
    compiling c = {.p = p, .b = om_dnnl_of(p), .g = g};
    omost_status st = divide(&c, err);
    if (st == OMOST_OK) st = place_values(&c, err);
    if (st == OMOST_OK) st = make_steps(&c, err);
    om_arena_free(&c.temp);
    return st;
}

omost_status om_dnnl_plan(om_backend *base, const om_graph *g, size_t *bytes,
                          omost_error *err)
{
    compiling c = {.b = (om_dnnl *)base, .g = g};
    om_memory m = {0};
    omost_status st = divide(&c, err);
    if (st == OMOST_OK) {
        for (int i = 0; i < g->n_inputs && !c.b->apart; i++)
            c.outside[g->input[i].value] = true;
        for (int i = 0; i < g->n_outputs && !c.b->apart; i++)
            c.outside[g->output[i].value] = true;
        st = plan_memory(&c, &m, err);
    }
    om_arena_free(&c.temp);
    *bytes = m.bytes;
    return st;
}
