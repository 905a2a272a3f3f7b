/* params.c - see params.h and params_internal.h. */
#include "nn/backend_internal.h"

om_params *om_params_new(const omost_env *env, om_backend *backend,
                         om_param_source source, om_keep keep, omost_error *err)
{
    om_error_clear(err);
    om_params *p = om_zalloc(env, sizeof *p);
    if (!p) {
        (void)om_fail_nomem(err);
        return NULL;
    }
    p->env = env;
    p->backend = backend;
    p->source = source;
    p->keep = keep;
    om_arena_init(&p->names, env, 0);
    return p;
}

void om_params_free(om_params *params)
{
    if (!params) return;
    for (int i = 0; i < params->n; i++)
        for (om_packed *f = params->param[i].packed, *next; f; f = next) {
            next = f->next;
            params->backend->class->unpack(params->backend, f);
        }
    om_free(params->env, params->param);
    om_arena_free(&params->names);
    om_free(params->env, params);
}

size_t om_params_bytes(const om_params *params)
{
    size_t sum = 0;
    for (int i = 0; i < params->n; i++)
        for (const om_packed *f = params->param[i].packed; f; f = f->next)
            sum += f->bytes;
    return sum;
}

size_t om_params_least(const om_params *params)
{
    size_t sum = 0;
    for (int i = 0; i < params->n; i++) {
        const om_param *p = &params->param[i];
        sum += p->n * (p->n_dims > 1 ? sizeof(uint16_t) : sizeof(float));
    }
    return sum;
}

/* FNV-1a */
static uint32_t hash_of(const char *z)
{
    uint32_t h = 2166136261u;
    for (; *z; z++) h = (h ^ (unsigned char)*z) * 16777619u;
    return h;
}

static bool same_dims(const om_param *p, int n_dims, const size_t *dim)
{
    bool same = p->n_dims == n_dims;
    for (int i = 0; same && i < n_dims; i++) same = p->dim[i] == dim[i];
    return same;
}

/* A new entry, or -1. */
static int add(om_params *params, om_param p, const char *name,
               omost_error *err)
{
    om_str copy = om_arena_str(&params->names, om_str_of(name));
    om_param *q = copy.p ? om_grow(params->env, params->param,
                                   (size_t)params->n, &params->cap, sizeof *q)
                         : NULL;
    if (!q) {
        (void)om_fail_nomem(err);
        return -1;
    }
    params->param = q;
    p.name = copy.p;
    q[params->n] = p;
    return params->n++;
}

int om_params_find(om_params *params, const char *name, int n_dims,
                   const size_t *dim, omost_error *err)
{
    om_error_clear(err);
    const uint32_t hash = hash_of(name);
    for (int i = 0; i < params->n; i++) {
        const om_param *p = &params->param[i];
        if (p->hash != hash || strcmp(p->name, name) != 0) continue;
        if (same_dims(p, n_dims, dim)) return i;
        (void)om_fail(err, OMOST_USAGE, "the weight %s is used in two shapes",
                      name);
        return -1;
    }
    om_param p = {.hash = hash, .n_dims = n_dims, .n = 1};
    for (int i = 0; i < OM_PARAM_DIMS; i++) {
        p.dim[i] = i < n_dims ? dim[i] : 1;
        if (om_mul_size(p.n, p.dim[i], &p.n)) continue;
        (void)om_fail(err, OMOST_LIMIT, "the weight %s is too large", name);
        return -1;
    }
    if (params->source.find(params->source.user, name, n_dims, dim, &p.stored,
                            err))
        return -1;
    return add(params, p, name, err);
}

void om_params_watch(om_params *params, const om_watch *watch)
{
    params->watch = watch ? *watch : (om_watch){0};
    params->n_read = 0;
}

static bool go_on(om_params *params)
{
    double all = 0;
    if (!params->watch.go_on) return true;
    for (int i = 0; i < params->n; i++) all += (double)params->param[i].n;
    const double done = params->n_read / all;
    return om_watch_goes_on(&params->watch, done < 1 ? done : 1);
}

omost_status om_params_read(om_params *params, int i, float *dst,
                            omost_error *err)
{
    const om_param *p = &params->param[i];
    om_error_clear(err);
    if (!go_on(params))
        return om_fail(err, OMOST_CANCELLED, "stopped on request");
    params->n_read += (double)p->n;
    return params->source.read(params->source.user, p->name, p->n_dims, p->dim,
                               dst, err);
}

void om_params_attach(om_params *params, int i, om_packed *packed)
{
    packed->next = params->param[i].packed;
    params->param[i].packed = packed;
}
