/* ref_backend.c - the `ref` back end: a step for every node, in order. */
#include "nn/graph_fuse.h"
#include "nn/graph_memory.h"
#include "nn/numbers.h"
#include "nn/ref_internal.h"

#include <math.h>

typedef struct ref_packed {
    om_packed head;
    om_block data;
} ref_packed;

typedef struct ref_step {
    om_node node;
    om_shape in, in2, out; /* of in[0], in[1], out */
    const float *x[OM_NODE_INPUTS];
    float *y;
    const float *weight, *bias;
    double flops;
    const om_cross *cross;
} ref_step;

typedef struct ref_program {
    om_program base;
    ref_step *step;
    int n_steps;
    float **value; /* [n_values] */
    bool *exact;   /* [n_values] bf16: not rounded; see graph_fuse.h */
    om_block arena, kept;
    om_block room;  /* patches, or logits of self-attention */
    om_block words; /* logits of cross-attention */
} ref_program;

/* ---- the back end -------------------------------------------------------- */

static om_backend *open_ref(const omost_env *env, const om_backend_opts *opts,
                            omost_error *err)
{
    om_error_clear(err);
    om_backend *b = om_zalloc(env, sizeof *b);
    if (!b) {
        (void)om_fail_nomem(err);
        return NULL;
    }
    b->env = env;
    b->precision = opts->precision == OM_PRECISION_BF16 ? OM_PRECISION_BF16
                                                        : OM_PRECISION_F32;
    b->number = sizeof(float);
    return b;
}

static void close_ref(om_backend *b)
{
    om_free(b->env, b);
}

/* ---- weights ------------------------------------------------------------- */

static void unpack_ref(om_backend *b, om_packed *packed)
{
    ref_packed *p = (ref_packed *)packed;
    om_block_free(&p->data, b->env);
    om_free(b->env, p);
}

/* As params_internal.h says. */
static void round_matrix(float *x, const om_params *params, const om_param *p)
{
    if (params->backend->precision == OM_PRECISION_BF16) {
        om_ref_round(x, p->n);
        return;
    }
    if (params->keep != OM_KEEP_HALF || p->stored != OM_STORED_F32) return;
    for (size_t i = 0; i < p->n; i++)
        if (!(fabsf(x[i]) <= OM_F16_MAX)) return;
    for (size_t i = 0; i < p->n; i++) x[i] = om_round_f16(x[i]);
}

/* to[out, y, x, in] = from[out, in, y, x] */
static void channels_last(float *to, const float *from, const om_param *p)
{
    const size_t in = p->dim[1], places = p->dim[2] * p->dim[3];
    for (size_t o = 0; o < p->dim[0]; o++, from += in * places)
        for (size_t k = 0; k < places; k++)
            for (size_t i = 0; i < in; i++) *to++ = from[i * places + k];
}

/* The packed form's numbers from `plain` (and `spare`, as large). */
static void fill_packed(float *to, float *plain, float *spare,
                        const om_params *params, const om_param *p)
{
    if (p->n_dims == 1) {
        memcpy(to, plain, p->n * sizeof *to);
        return;
    }
    round_matrix(plain, params, p);
    const float *matrix = plain;
    if (p->n_dims == 4) {
        channels_last(spare, plain, p);
        matrix = spare;
    }
    om_ref_panels_pack(to, matrix, (int)p->dim[0], p->n / p->dim[0]);
}

static ref_packed *new_packed(om_backend *b, const om_param *p)
{
    ref_packed *packed = om_zalloc(b->env, sizeof *packed);
    const size_t n = p->n_dims == 1
                         ? p->n
                         : om_ref_panels_size((int)p->dim[0], p->n / p->dim[0]);
    size_t bytes;
    if (packed && om_mul_size(n, sizeof(float), &bytes) &&
        om_block_new(&packed->data, b->env, bytes)) {
        packed->head.bytes = bytes;
        return packed;
    }
    om_free(b->env, packed);
    return NULL;
}

static omost_status pack(om_backend *b, om_params *params, int i,
                         omost_error *err)
{
    const om_param *p = &params->param[i];
    ref_packed *packed = NULL;
    omost_status st = OMOST_OK;
    size_t bytes;
    om_block plain = {0};
    if (om_mul_size(p->n, 2 * sizeof(float), &bytes) &&
        om_block_new(&plain, b->env, bytes))
        packed = new_packed(b, p);
    if (!packed) {
        st = om_fail_nomem(err);
    } else {
        float *x = (float *)(void *)plain.p;
        st = om_params_read(params, i, x, err);
        if (st == OMOST_OK) {
            fill_packed((float *)(void *)packed->data.p, x, x + p->n, params,
                        p);
            om_params_attach(params, i, &packed->head);
        } else {
            unpack_ref(b, &packed->head);
        }
    }
    om_block_free(&plain, b->env);
    return st;
}

/* *out: the packed form of weight i; NULL of OM_NO_PARAM. */
static omost_status take_weight(om_backend *b, om_params *params, int i,
                                const float **out, omost_error *err)
{
    *out = NULL;
    if (i == OM_NO_PARAM) return OMOST_OK;
    if (!params->param[i].packed) {
        omost_status st = pack(b, params, i, err);
        if (st) return st;
    }
    const ref_packed *packed = (const ref_packed *)params->param[i].packed;
    if (packed) *out = (const float *)(const void *)packed->data.p;
    return OMOST_OK;
}

/* ---- compiling ------------------------------------------------------------
 */

static void free_ref(om_program *base)
{
    ref_program *p = (ref_program *)base;
    const omost_env *env = base->backend->env;
    om_block_free(&p->arena, env);
    om_block_free(&p->kept, env);
    om_block_free(&p->room, env);
    om_block_free(&p->words, env);
    om_program_release(base);
    om_free(env, p);
}

/* Values that a slot keeps have memory of their own; the rest share. */
static omost_status place_values(ref_program *p, const om_graph *g,
                                 omost_error *err)
{
    om_arena *arena = &p->base.arena;
    const size_t n = (size_t)g->n_values + 1;
    bool *outside = om_arena_array(arena, n, sizeof *outside);
    p->value = om_arena_array(arena, n, sizeof(float *));
    if (!outside || !p->value) return om_fail_nomem(err);
    size_t kept = 0;
    for (om_value v = 0; v < g->n_values; v++) {
        outside[v] = g->value[v].kept;
        if (outside[v])
            kept +=
                om_aligned(om_shape_size(om_shape_of(g, v)) * sizeof(float));
    }
    om_memory m;
    const om_memory_opts opts = {.elem = sizeof(float), .outside = outside};
    omost_status st = om_memory_plan(&m, arena, g, &opts, err);
    if (st) return st;
    const omost_env *env = p->base.backend->env;
    if (!om_block_new(&p->arena, env, m.bytes) ||
        !om_block_new(&p->kept, env, kept))
        return om_fail_nomem(err);
    p->base.cost.arena_bytes = m.bytes;
    char *at = p->kept.p;
    for (om_value v = 0; v < g->n_values; v++) {
        char *q = outside[v] ? at : p->arena.p + m.offset[v];
        p->value[v] = (float *)(void *)q;
        if (outside[v])
            at += om_aligned(om_shape_size(om_shape_of(g, v)) * sizeof(float));
    }
    return OMOST_OK;
}

static size_t room_of(const om_graph *g, const om_node *n)
{
    const om_shape s = om_shape_of(g, n->in[0]);
    if (n->op == OM_OP_CONV)
        return om_ref_patches_size(&n->conv, s.c) * sizeof(float);
    if (n->op == OM_OP_ATTENTION)
        return ((size_t)s.h * (size_t)s.w + (size_t)s.c) * sizeof(double);
    return 0;
}

static omost_status add_step(ref_program *p, const om_graph *g,
                             const om_node *n, omost_error *err)
{
    om_backend *b = p->base.backend;
    ref_step *s = &p->step[p->n_steps++];
    *s = (ref_step){.node = *n,
                    .in = om_shape_of(g, n->in[0]),
                    .out = om_shape_of(g, n->out),
                    .y = p->value[n->out],
                    .flops = om_node_flops(g, n)};
    if (n->n_in > 1) s->in2 = om_shape_of(g, n->in[1]);
    for (int i = 0; i < n->n_in; i++) s->x[i] = p->value[n->in[i]];
    omost_status st = take_weight(b, g->params, n->weight, &s->weight, err);
    if (st) return st;
    return take_weight(b, g->params, n->bias, &s->bias, err);
}

static omost_status add_steps(ref_program *p, const om_graph *g,
                              omost_error *err)
{
    p->step =
        om_arena_array(&p->base.arena, (size_t)g->n_nodes + 1, sizeof *p->step);
    if (!p->step) return om_fail_nomem(err);
    size_t room = 0;
    int n_cross = 0;
    for (int i = 0; i < g->n_nodes; i++) {
        const om_node *n = &g->node[i];
        omost_status st = add_step(p, g, n, err);
        if (st) return st;
        if (n->op == OM_OP_CROSS) p->step[i].cross = &p->base.cross[n_cross++];
        if (room < room_of(g, n)) room = room_of(g, n);
    }
    if (!om_block_new(&p->room, p->base.backend->env, room))
        return om_fail_nomem(err);
    return OMOST_OK;
}

static omost_status plan_ref(om_backend *b, const om_graph *g, size_t *bytes,
                             omost_error *err)
{
    om_arena temp;
    om_memory m;
    om_arena_init(&temp, b->env, 0);
    const om_memory_opts opts = {.elem = sizeof(float)};
    omost_status st = om_memory_plan(&m, &temp, g, &opts, err);
    om_arena_free(&temp);
    *bytes = st ? 0 : m.bytes;
    return st;
}

static omost_status find_exact(ref_program *p, const om_graph *g,
                               omost_error *err)
{
    if (p->base.backend->precision != OM_PRECISION_BF16) return OMOST_OK;
    const size_t n = (size_t)g->n_values + 1;
    p->exact = om_arena_array(&p->base.arena, n, sizeof *p->exact);
    if (!p->exact || !om_graph_find_exact(g, p->exact))
        return om_fail_nomem(err);
    return OMOST_OK;
}

static om_program *compile_ref(om_backend *b, const om_graph *g,
                               omost_error *err)
{
    ref_program *p = om_zalloc(b->env, sizeof *p);
    if (!p) {
        (void)om_fail_nomem(err);
        return NULL;
    }
    omost_status st = om_program_init(&p->base, b, g, err);
    if (st == OMOST_OK) st = place_values(p, g, err);
    if (st == OMOST_OK) st = find_exact(p, g, err);
    if (st == OMOST_OK) st = add_steps(p, g, err);
    if (st) {
        free_ref(&p->base);
        return NULL;
    }
    for (int i = 0; i < p->base.n_slots; i++) {
        om_program_slot *s = &p->base.slot[i];
        s->kept.k = p->value[s->keys];
        s->kept.v = p->value[s->values];
        s->kept.bytes =
            (size_t)s->kept.n_words * (size_t)s->kept.width * sizeof(float);
    }
    return &p->base;
}

/* Room for the logits of a query that sees every word, and its sums. */
static omost_status set_context_ref(om_program *base, const om_context *context,
                                    omost_error *err)
{
    ref_program *p = (ref_program *)base;
    size_t most = 1;
    for (int i = 0; i < context->n_maps; i++)
        for (int j = 0; j < context->map[i].n_groups; j++) {
            const om_attention_group *g = &context->map[i].group[j];
            size_t n = 0; /* spans may overlap */
            for (int k = 0; k < g->n_spans; k++) n += (size_t)g->span[k].n;
            if (n > most) most = n;
        }
    for (int i = 0; i < base->n_cross; i++)
        most += (size_t)base->cross[i].shape.c;
    om_block words;
    if (!om_block_new(&words, base->backend->env, most * sizeof(double)))
        return om_fail_nomem(err);
    om_block_free(&p->words, base->backend->env);
    p->words = words;
    return OMOST_OK;
}

/* ---- a run ----------------------------------------------------------------
 */

static void run_product(const ref_step *s, float *patches)
{
    const om_node *n = &s->node;
    const size_t window = n->op == OM_OP_CONV
                              ? (size_t)n->conv.kernel * (size_t)n->conv.kernel
                              : 1;
    const ref_product p = {s->weight, s->bias, window * (size_t)s->in.c,
                           s->out.c};
    if (n->op == OM_OP_CONV)
        om_ref_convolve(&p, &n->conv, s->y, s->out, s->x[0], s->in, patches);
    else
        om_ref_multiply(&p, s->y, s->x[0], om_shape_rows(s->in));
}

static void run_norm(const ref_step *s)
{
    const ref_norm norm = {s->weight, s->bias, s->node.eps};
    if (s->node.op == OM_OP_GROUP_NORM)
        om_ref_group_norm(s->y, s->x[0], s->in, s->node.groups, &norm);
    else
        om_ref_layer_norm(s->y, s->x[0], s->in, &norm);
}

static void run_step(const ref_program *p, const ref_step *s)
{
    double *room = (double *)(void *)p->room.p;
    const size_t rows = om_shape_rows(s->out), c = (size_t)s->out.c;
    switch (s->node.op) {
    case OM_OP_LINEAR:
    case OM_OP_CONV: run_product(s, (float *)(void *)p->room.p); break;
    case OM_OP_GROUP_NORM:
    case OM_OP_LAYER_NORM: run_norm(s); break;
    case OM_OP_UNARY:
        om_ref_unary(s->y, s->node.unary, s->x[0], rows * c);
        break;
    case OM_OP_GEGLU: om_ref_geglu(s->y, s->x[0], rows, c); break;
    case OM_OP_ADD: om_ref_add(s->y, s->x[0], s->in, s->x[1], s->in2); break;
    case OM_OP_CONCAT:
        om_ref_concat(s->y, s->x[0], (size_t)s->in.c, s->x[1], (size_t)s->in2.c,
                      rows);
        break;
    case OM_OP_UPSAMPLE: om_ref_upsample(s->y, s->x[0], s->in); break;
    case OM_OP_ATTENTION:
        om_ref_attend(s->y, s->x, s->out, s->node.heads, s->node.causal, room);
        break;
    case OM_OP_CROSS:
        om_ref_attend_cross(s->y, s->x[0], s->cross,
                            (double *)(void *)p->words.p);
        break;
    case OM_N_OPS: break;
    }
}

/* A value is there: round it where it would be stored, hand it out. */
static void finish_value(ref_program *p, om_value v, size_t n)
{
    float *x = p->value[v];
    if (p->exact && !p->exact[v]) om_ref_round(x, n);
    for (int i = 0; i < p->base.n_out; i++)
        if (p->base.out[i].value == v)
            memcpy(p->base.out[i].data, x, n * sizeof *x);
}

static omost_status run_ref(om_program *base, const om_watch *watch,
                            omost_error *err)
{
    ref_program *p = (ref_program *)base;
    for (int i = 0; i < base->n_in; i++) {
        const om_port *in = &base->in[i];
        memcpy(p->value[in->value], in->data, in->n * sizeof(float));
        finish_value(p, in->value, in->n);
    }
    om_pace pace = om_pace_start(base, watch);
    for (int i = 0; i < p->n_steps; i++) {
        const ref_step *s = &p->step[i];
        if (!om_pace_step(&pace, om_op_work(s->node.op),
                          s->cross ? s->cross->flops : s->flops))
            return om_pace_end(&pace, true, err);
        run_step(p, s);
        finish_value(p, s->node.out, om_shape_size(s->out));
    }
    return om_pace_end(&pace, false, err);
}

const om_backend_class om_backend_ref = {
    .name = "ref",
    .open = open_ref,
    .close = close_ref,
    .compile = compile_ref,
    .plan = plan_ref,
    .unpack = unpack_ref,
    .free = free_ref,
    .run = run_ref,
    .set_context = set_context_ref,
};
