/* backend.c - the table of back ends, and the calls that go through it. */
#include "nn/backend_internal.h"

#include "base/processors.h"

/* Fastest first: the first that opens is "auto". */
static const om_backend_class *const classes[] = {
#if OM_WITH_DNNL
    &om_backend_dnnl,
#endif
    &om_backend_ref,
};
enum { N_CLASSES = sizeof classes / sizeof *classes };

static const char *const work_names[] = {
#define X(id, name) name,
    OM_WORK_LIST(X)
#undef X
};

const char *om_work_name(om_work w)
{
    return work_names[w];
}

const char *om_backend_at(size_t i)
{
    return i < N_CLASSES ? classes[i]->name : NULL;
}

static om_backend *open_class(const om_backend_class *class,
                              const omost_env *env, const om_backend_opts *opts,
                              omost_error *err)
{
    om_backend *b = class->open(env, opts, err);
    if (!b) return NULL;
    b->class = class;
    b->env = env;
    b->n_threads = opts->n_threads;
    return b;
}

om_backend *om_backend_open(const omost_env *env, const om_backend_opts *opts,
                            omost_error *err)
{
    om_error_clear(err);
    om_backend_opts o = *opts;
    if (o.n_threads < 0 || (unsigned)o.precision >= OM_N_PRECISIONS) {
        (void)om_fail(err, OMOST_USAGE, "%d threads, precision %d: impossible",
                      o.n_threads, (int)o.precision);
        return NULL;
    }
    if (o.n_threads == 0) o.n_threads = om_processors();
    const bool any = !o.name || !*o.name || strcmp(o.name, "auto") == 0;
    for (size_t i = 0; i < N_CLASSES; i++) {
        if (!any && strcmp(o.name, classes[i]->name) != 0) continue;
        omost_error why;
        om_backend *b = open_class(classes[i], env, &o, &why);
        if (b) return b;
        /* Where a library is missing the next will do. */
        if (any && why.status == OMOST_MISSING && i + 1 < N_CLASSES) continue;
        if (err) *err = why;
        return NULL;
    }
    (void)om_fail(err, OMOST_USAGE,
                  "there is no back end %s in this build; %s is one", o.name,
                  om_backend_at(0));
    return NULL;
}

void om_backend_close(om_backend *b)
{
    if (b) b->class->close(b);
}

const char *om_backend_name(const om_backend *b)
{
    return b->class->name;
}

om_precision om_backend_precision(const om_backend *b)
{
    return b->precision;
}

int om_backend_threads(const om_backend *b)
{
    return b->n_threads;
}

om_program *om_backend_compile(om_backend *b, const om_graph *g,
                               omost_error *err)
{
    if (om_graph_check(g, err)) return NULL;
    if (g->params && g->params->backend != b) {
        (void)om_fail(err, OMOST_USAGE,
                      "the graph's weights belong to another back end");
        return NULL;
    }
    return b->class->compile(b, g, err);
}

omost_status om_backend_plan(om_backend *b, const om_graph *g, size_t *bytes,
                             omost_error *err)
{
    omost_status st = om_graph_check(g, err);
    if (!st) st = b->class->plan(b, g, bytes, err);
    if (st) return st;
    const om_named_value *const ports[] = {g->input, g->output};
    const int n[] = {g->n_inputs, g->n_outputs};
    for (int k = 0; k < 2; k++)
        for (int i = 0; i < n[k]; i++)
            *bytes += om_shape_size(om_shape_of(g, ports[k][i].value)) *
                      sizeof(float);
    return OMOST_OK;
}

void om_program_free(om_program *p)
{
    if (p) p->backend->class->free(p);
}

omost_status om_program_run(om_program *p, const om_watch *watch,
                            omost_error *err)
{
    om_error_clear(err);
    if (p->n_cross && !p->has_context)
        return om_fail(err, OMOST_USAGE,
                       "the program has cross-attention and no context");
    return p->backend->class->run(p, watch, err);
}
