/* program.c - what the programs of all back ends have: memory for inputs and
 * outputs, a context, a clock. */
#include "base/clock.h"
#include "nn/backend_internal.h"

#include <stdint.h>

/* ---- memory ------------------------------------------------------------ */

bool om_block_new(om_block *b, const omost_env *env, size_t bytes)
{
    *b = (om_block){.bytes = bytes};
    if (bytes > SIZE_MAX - OM_ALIGN) return false;
    b->raw = om_alloc(env, bytes + OM_ALIGN);
    if (!b->raw) return false;
    b->p = (char *)b->raw + (OM_ALIGN - (uintptr_t)b->raw % OM_ALIGN);
    return true;
}

void om_block_free(om_block *b, const omost_env *env)
{
    om_free(env, b->raw);
    *b = (om_block){0};
}

/* ---- a new program ------------------------------------------------------- */

static bool copy_ports(om_program *p, om_port **out, const om_graph *g,
                       const om_named_value *from, int n)
{
    om_port *q = om_arena_array(&p->arena, (size_t)n + 1, sizeof *q);
    for (int i = 0; q && i < n; i++) {
        om_str name = om_arena_str(&p->arena, om_str_of(from[i].name));
        if (!name.p) return false;
        q[i] = (om_port){.name = name.p,
                         .value = from[i].value,
                         .n = om_shape_size(om_shape_of(g, from[i].value))};
    }
    *out = q;
    return q != NULL;
}

static size_t size_ports(const om_port *port, int n)
{
    size_t sum = 0;
    for (int i = 0; i < n; i++)
        sum += om_aligned(port[i].n * sizeof *port[i].data);
    return sum;
}

static char *place_ports(om_port *port, int n, char *at)
{
    for (int i = 0; i < n; i++) {
        port[i].data = (float *)(void *)at;
        memset(at, 0, port[i].n * sizeof *port[i].data);
        at += om_aligned(port[i].n * sizeof *port[i].data);
    }
    return at;
}

static bool copy_slots(om_program *p, const om_graph *g)
{
    p->n_slots = g->n_kept;
    p->slot = om_arena_array(&p->arena, (size_t)g->n_kept + 1, sizeof *p->slot);
    for (int i = 0; p->slot && i < g->n_kept; i++) {
        const om_kept_values *k = &g->kept[i];
        om_shape s = om_shape_of(g, k->keys);
        p->slot[i] = (om_program_slot){
            k->slot, k->keys, k->values,
            .kept = {.n_words = (int)om_shape_rows(s), .width = s.c}};
    }
    return p->slot != NULL;
}

static bool list_cross(om_program *p, const om_graph *g)
{
    for (int i = 0; i < g->n_nodes; i++)
        p->n_cross += g->node[i].op == OM_OP_CROSS;
    om_cross *c = om_arena_array(&p->arena, (size_t)p->n_cross + 1, sizeof *c);
    p->cross = c;
    for (int i = 0; c && i < g->n_nodes; i++) {
        const om_node *n = &g->node[i];
        if (n->op != OM_OP_CROSS) continue;
        om_shape s = om_shape_of(g, n->out);
        *c = (om_cross){.shape = s, .slot = n->slot, .heads = n->heads};
        c->maps = om_arena_array(&p->arena, (size_t)s.n, sizeof *c->maps);
        if (!c->maps) return false;
        c++;
    }
    return p->cross != NULL;
}

omost_status om_program_init(om_program *p, om_backend *b, const om_graph *g,
                             omost_error *err)
{
    om_error_clear(err);
    *p = (om_program){.backend = b};
    om_arena_init(&p->arena, b->env, 0);
    om_arena_init(&p->context_arena, b->env, 0);
    p->n_in = g->n_inputs;
    p->n_out = g->n_outputs;
    if (!copy_ports(p, &p->in, g, g->input, p->n_in) ||
        !copy_ports(p, &p->out, g, g->output, p->n_out) || !copy_slots(p, g) ||
        !list_cross(p, g) ||
        !om_block_new(&p->ports, b->env,
                      size_ports(p->in, p->n_in) +
                          size_ports(p->out, p->n_out)))
        return om_fail_nomem(err);
    (void)place_ports(p->out, p->n_out,
                      place_ports(p->in, p->n_in, p->ports.p));
    for (int i = 0; i < g->n_nodes; i++)
        p->cost.flops[om_op_work(g->node[i].op)] +=
            om_node_flops(g, &g->node[i]);
    return OMOST_OK;
}

void om_program_release(om_program *p)
{
    om_block_free(&p->ports, p->backend->env);
    om_arena_free(&p->context_arena);
    om_arena_free(&p->arena);
}

static const om_port *find_port(const om_port *port, int n, const char *name)
{
    for (int i = 0; i < n; i++)
        if (strcmp(port[i].name, name) == 0) return &port[i];
    return NULL;
}

float *om_program_input(om_program *p, const char *name)
{
    const om_port *port = find_port(p->in, p->n_in, name);
    return port ? port->data : NULL;
}

const float *om_program_output(const om_program *p, const char *name)
{
    const om_port *port = find_port(p->out, p->n_out, name);
    return port ? port->data : NULL;
}

bool om_program_kept(const om_program *p, int slot, om_kept *out)
{
    for (int i = 0; i < p->n_slots; i++) {
        if (p->slot[i].slot != slot) continue;
        *out = p->slot[i].kept;
        return true;
    }
    return false;
}

/* ---- context ------------------------------------------------------------- */

static const om_attention_map *find_map(const om_context *context, int n,
                                        om_shape s)
{
    for (int i = 0; i < context->n_maps; i++) {
        const om_attention_map *m = &context->map[i];
        if (m->n == n && m->h == s.h && m->w == s.w) return m;
    }
    return NULL;
}

/* Are keys as large as they say, in numbers of this back end? Those of another
 * precision would be read beyond their end. */
static bool has_size(const om_backend *b, const om_kept *k)
{
    return k->n_words >= 0 &&
           k->bytes == (size_t)k->n_words * (size_t)k->width * b->number;
}

static omost_status check_cross(const om_backend *b, const om_cross *c,
                                const om_context *context, omost_error *err)
{
    if (c->slot >= context->n_slots || !context->slot[c->slot].k ||
        !context->slot[c->slot].v)
        return om_fail(err, OMOST_USAGE,
                       "cross-attention needs slot %d, and the context has %d",
                       c->slot, context->n_slots);
    const om_kept *k = &context->slot[c->slot];
    if (k->width != c->shape.c)
        return om_fail(err, OMOST_USAGE,
                       "slot %d has %d channels and its queries %d", c->slot,
                       k->width, c->shape.c);
    if (k->n_words != context->slot[0].n_words)
        return om_fail(err, OMOST_USAGE, "slot %d has %d words and slot 0 %d",
                       c->slot, k->n_words, context->slot[0].n_words);
    if (!has_size(b, k))
        return om_fail(err, OMOST_USAGE,
                       "slot %d has %zu bytes for %d words of %d channels; "
                       "make it with the back end and precision that use it",
                       c->slot, k->bytes, k->n_words, k->width);
    for (int n = 0; n < c->shape.n; n++)
        if (!find_map(context, n, c->shape))
            return om_fail(err, OMOST_USAGE,
                           "the context has no map of picture %d, %d x %d", n,
                           c->shape.h, c->shape.w);
    return OMOST_OK;
}

static bool copy_map(om_attention_map *to, const om_attention_map *from,
                     om_arena *arena)
{
    om_attention_group *group =
        om_arena_array(arena, (size_t)from->n_groups, sizeof *group);
    *to = *from;
    to->group = group;
    for (int i = 0; group && i < from->n_groups; i++) {
        const om_attention_group *g = &from->group[i];
        int32_t *row = om_arena_array(arena, (size_t)g->n_rows, sizeof *row);
        om_span *span = om_arena_array(arena, (size_t)g->n_spans, sizeof *span);
        if (!row || !span) return false;
        if (g->n_rows) memcpy(row, g->row, (size_t)g->n_rows * sizeof *row);
        if (g->n_spans)
            memcpy(span, g->span, (size_t)g->n_spans * sizeof *span);
        group[i] = (om_attention_group){row, g->n_rows, span, g->n_spans};
    }
    return group != NULL;
}

static bool copy_context(om_context *to, const om_context *from,
                         om_arena *arena)
{
    om_kept *slot = om_arena_array(arena, (size_t)from->n_slots, sizeof *slot);
    om_attention_map *map =
        om_arena_array(arena, (size_t)from->n_maps, sizeof *map);
    if (!slot || !map) return false;
    if (from->n_slots)
        memcpy(slot, from->slot, (size_t)from->n_slots * sizeof *slot);
    for (int i = 0; i < from->n_maps; i++)
        if (!copy_map(&map[i], &from->map[i], arena)) return false;
    *to = (om_context){slot, from->n_slots, map, from->n_maps};
    return true;
}

/* Point every cross-attention at its part of p->context. */
static void bind_context(om_program *p)
{
    p->cost.flops[OM_WORK_CROSS] = 0;
    for (int i = 0; i < p->n_cross; i++) {
        om_cross *c = &p->cross[i];
        c->kept = &p->context.slot[c->slot];
        c->flops = 0;
        for (int n = 0; n < c->shape.n; n++) {
            c->maps[n] = find_map(&p->context, n, c->shape);
            c->flops += om_cross_flops(c->maps[n], c->shape.c);
        }
        p->cost.flops[OM_WORK_CROSS] += c->flops;
    }
}

omost_status om_program_set_context(om_program *p, const om_context *context,
                                    omost_error *err)
{
    om_error_clear(err);
    const int n_words = context->n_slots ? context->slot[0].n_words : 0;
    omost_status st = om_context_check(context, n_words, err);
    for (int i = 0; st == OMOST_OK && i < p->n_cross; i++)
        st = check_cross(p->backend, &p->cross[i], context, err);
    if (st) return st;

    const om_backend_class *class = p->backend->class;
    om_context copy;
    om_arena arena;
    om_arena_init(&arena, p->backend->env, 0);
    if (!copy_context(&copy, context, &arena))
        st = om_fail_nomem(err);
    else if (class->set_context)
        st = class->set_context(p, &copy, err);
    if (st) {
        om_arena_free(&arena);
        return st;
    }
    om_arena_free(&p->context_arena);
    p->context_arena = arena;
    p->context = copy;
    p->has_context = true;
    bind_context(p);
    return OMOST_OK;
}

/* ---- time ---------------------------------------------------------------- */

void om_program_time(om_program *p, bool on)
{
    p->timed = on;
    if (!on) return;
    p->cost.runs = 0;
    memset(p->cost.seconds, 0, sizeof p->cost.seconds);
}

void om_program_cost(const om_program *p, om_cost *out)
{
    *out = p->cost;
}

om_pace om_pace_start(om_program *p, const om_watch *watch)
{
    om_pace pace = {.p = p, .watch = watch, .since = -1};
    for (int i = 0; i < OM_N_WORKS; i++) pace.total += p->cost.flops[i];
    return pace;
}

static void finish_step(om_pace *pace)
{
    pace->done += pace->next;
    pace->next = 0;
    if (pace->since < 0) return;
    pace->p->cost.seconds[pace->work] += om_clock() - pace->since;
    pace->since = -1;
}

bool om_pace_step(om_pace *pace, om_work work, double flops)
{
    finish_step(pace);
    const double done = pace->total > 0 ? pace->done / pace->total : 0;
    if (pace->watch && pace->watch->go_on &&
        !pace->watch->go_on(pace->watch->user, done < 1 ? done : 1))
        return false;
    pace->work = work;
    pace->next = flops;
    if (pace->p->timed) pace->since = om_clock();
    return true;
}

omost_status om_pace_end(om_pace *pace, bool stopped, omost_error *err)
{
    finish_step(pace);
    if (stopped) return om_fail(err, OMOST_CANCELLED, "stopped on request");
    if (pace->p->timed) pace->p->cost.runs++;
    return OMOST_OK;
}
