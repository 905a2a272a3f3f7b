/* graph.c - recording: names, inputs and outputs, the mistake that sticks. The
 * operations are in graph_ops.c. */
#include "nn/graph_record.h"

#include <stdio.h>

om_graph *om_graph_new(const omost_env *env, om_params *params)
{
    om_graph *g = om_zalloc(env, sizeof *g);
    if (!g) return NULL;
    g->env = env;
    g->params = params;
    om_arena_init(&g->arena, env, 0);
    return g;
}

void om_graph_free(om_graph *g)
{
    if (!g) return;
    om_free(g->env, g->node);
    om_free(g->env, g->value);
    om_free(g->env, g->input);
    om_free(g->env, g->output);
    om_free(g->env, g->label);
    om_free(g->env, g->kept);
    om_arena_free(&g->arena);
    om_free(g->env, g);
}

/* ---- mistakes ---------------------------------------------------------- */

omost_status om_graph_check(const om_graph *g, omost_error *err)
{
    if (!g) return om_fail_nomem(err);
    om_error_clear(err);
    if (g->mistake.status && err) *err = g->mistake;
    return g->mistake.status;
}

void om_graph_fail(om_graph *g, omost_status st, const char *fmt, ...)
{
    if (!g || g->mistake.status) return;
    va_list args;
    va_start(args, fmt);
    (void)om_fail_v(&g->mistake, st, (om_place){0}, fmt, args);
    va_end(args);
}

static void fail_nomem(om_graph *g)
{
    if (!g->mistake.status) (void)om_fail_nomem(&g->mistake);
}

/* ---- names ------------------------------------------------------------- */

void om_graph_enter(om_graph *g, const char *fmt, ...)
{
    if (!g) return;
    int end = g->depth ? g->scope_end[g->depth - 1] : 0;
    if (g->depth == OM_SCOPE_DEPTH) {
        om_graph_fail(g, OMOST_LIMIT,
                      "the names of the model are nested deeper than %d",
                      OM_SCOPE_DEPTH);
        return;
    }
    char *p = g->scope + end;
    const size_t room = (size_t)(OM_SCOPE_BYTES - end);
    int dot = end > 0 && room > 1;
    if (dot) *p = '.';
    va_list args;
    va_start(args, fmt);
    int n = vsnprintf(p + dot, room - (size_t)dot, fmt, args);
    va_end(args);
    if (n < 0 || (size_t)n + (size_t)dot >= room) {
        *p = '\0';
        om_graph_fail(g, OMOST_LIMIT, "a name below %s is too long", g->scope);
        n = -dot;
    }
    g->scope_end[g->depth++] = end + dot + n;
}

void om_graph_leave(om_graph *g)
{
    if (!g) return;
    if (g->depth == 0) {
        om_graph_fail(g, OMOST_USAGE, "a scope is left that was not entered");
        return;
    }
    g->depth--;
    g->scope[g->depth ? g->scope_end[g->depth - 1] : 0] = '\0';
}

bool om_graph_name(om_graph *g, char out[OM_NAME_BYTES], const char *name,
                   const char *suffix)
{
    const char *dot = *g->scope && *name ? "." : "";
    int n =
        snprintf(out, OM_NAME_BYTES, "%s%s%s%s", g->scope, dot, name, suffix);
    if (n >= 0 && n < OM_NAME_BYTES) return true;
    om_graph_fail(g, OMOST_LIMIT, "the name %.150s... is too long", out);
    return false;
}

static const om_named_value *find(const om_named_value *in, int n,
                                  const char *name)
{
    for (int i = 0; i < n; i++)
        if (strcmp(in[i].name, name) == 0) return &in[i];
    return NULL;
}

/* Append; `what` is said when there is one of this name already. */
static void add_name(om_graph *g, om_named_value **list, int *n, size_t *cap,
                     const char *name, om_value v, const char *what)
{
    if (find(*list, *n, name)) {
        om_graph_fail(g, OMOST_USAGE, "the graph has %s %s twice", what, name);
        return;
    }
    om_str copy = om_arena_str(&g->arena, om_str_of(name));
    om_named_value *p =
        copy.p ? om_grow(g->env, *list, (size_t)*n, cap, sizeof *p) : NULL;
    if (!p) {
        fail_nomem(g);
        return;
    }
    *list = p;
    p[(*n)++] = (om_named_value){copy.p, v};
}

om_value om_graph_label(om_graph *g, om_value v, const char *name)
{
    char full[OM_NAME_BYTES];
    if (om_graph_is_wrong(g, v) || !om_graph_name(g, full, name, ""))
        return OM_NO_VALUE;
    add_name(g, &g->label, &g->n_labels, &g->cap_labels, full, v, "the label");
    return g->mistake.status ? OM_NO_VALUE : v;
}

om_value om_graph_find(const om_graph *g, const char *label)
{
    const om_named_value *l = g ? find(g->label, g->n_labels, label) : NULL;
    return l ? l->value : OM_NO_VALUE;
}

om_shape om_graph_shape(const om_graph *g, om_value v)
{
    if (!g || v < 0 || v >= g->n_values) return (om_shape){0};
    return g->value[v].shape;
}

/* ---- values ------------------------------------------------------------ */

bool om_graph_is_wrong(om_graph *g, om_value v)
{
    if (!g || g->mistake.status) return true;
    if (v >= 0 && v < g->n_values) return false;
    om_graph_fail(g, OMOST_USAGE, "value %d is not one of the graph's", v);
    return true;
}

/* Positions of a picture are counted in 32 bits, a value in 2^40 numbers: far
 * beyond memory, and no product on the way overflows. */
static bool shape_fits(om_shape s)
{
    const double most = 1099511627776.0;
    if (s.n < 1 || s.h < 1 || s.w < 1 || s.c < 1) return false;
    return (double)s.h * s.w <= INT32_MAX &&
           (double)s.n * s.h * s.w * s.c <= most;
}

om_value om_graph_add_value(om_graph *g, om_shape s, int node)
{
    if (!shape_fits(s)) {
        om_graph_fail(g, OMOST_LIMIT,
                      "a value of %d x %d x %d x %d numbers is impossible", s.n,
                      s.h, s.w, s.c);
        return OM_NO_VALUE;
    }
    om_value_info *p = om_grow(g->env, g->value, (size_t)g->n_values,
                               &g->cap_values, sizeof *p);
    if (!p) {
        fail_nomem(g);
        return OM_NO_VALUE;
    }
    g->value = p;
    p[g->n_values] = (om_value_info){.shape = s, .node = node};
    return g->n_values++;
}

om_value om_graph_add_node(om_graph *g, om_node n, om_shape out)
{
    if (g->mistake.status) return OM_NO_VALUE;
    om_node *p =
        om_grow(g->env, g->node, (size_t)g->n_nodes, &g->cap_nodes, sizeof *p);
    if (!p) {
        fail_nomem(g);
        return OM_NO_VALUE;
    }
    g->node = p;
    n.out = om_graph_add_value(g, out, g->n_nodes);
    if (n.out == OM_NO_VALUE) return OM_NO_VALUE;
    for (int i = 0; i < n.n_in; i++) g->value[n.in[i]].n_reads++;
    p[g->n_nodes++] = n;
    return n.out;
}

om_value om_graph_input(om_graph *g, const char *name, om_shape s)
{
    if (!g || g->mistake.status) return OM_NO_VALUE;
    om_value v = om_graph_add_value(g, s, OM_NO_NODE);
    if (v == OM_NO_VALUE) return v;
    add_name(g, &g->input, &g->n_inputs, &g->cap_inputs, name, v, "the input");
    return g->mistake.status ? OM_NO_VALUE : v;
}

void om_graph_output(om_graph *g, const char *name, om_value v)
{
    if (om_graph_is_wrong(g, v)) return;
    add_name(g, &g->output, &g->n_outputs, &g->cap_outputs, name, v,
             "the output");
    g->value[v].output = true;
}

void om_graph_keep(om_graph *g, int slot, om_value keys, om_value values)
{
    if (om_graph_is_wrong(g, keys) || om_graph_is_wrong(g, values)) return;
    om_shape k = om_shape_of(g, keys), v = om_shape_of(g, values);
    if (om_shape_rows(k) != om_shape_rows(v) || k.c != v.c)
        om_graph_fail(g, OMOST_USAGE,
                      "slot %d: %zu keys of %d channels do not fit %zu values "
                      "of %d",
                      slot, om_shape_rows(k), k.c, om_shape_rows(v), v.c);
    if (slot < 0 || om_shape_rows(k) > INT32_MAX)
        om_graph_fail(g, OMOST_USAGE, "slot %d with %zu words is impossible",
                      slot, om_shape_rows(k));
    for (int i = 0; i < g->n_kept; i++)
        if (g->kept[i].slot == slot)
            om_graph_fail(g, OMOST_USAGE, "the graph keeps slot %d twice",
                          slot);
    if (g->mistake.status) return;
    om_kept_values *p =
        om_grow(g->env, g->kept, (size_t)g->n_kept, &g->cap_kept, sizeof *p);
    if (!p) {
        fail_nomem(g);
        return;
    }
    g->kept = p;
    p[g->n_kept++] = (om_kept_values){slot, keys, values};
    g->value[keys].kept = g->value[values].kept = true;
}
