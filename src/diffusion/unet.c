/* unet.c - see unet.h. What is computed is in unet_record.c. */
#include "diffusion/unet.h"

#include "diffusion/model_source.h"
#include "diffusion/unet_record.h"

enum { N_TIME_IDS = 6 };

struct om_unet {
    const omost_env *env;
    om_backend *backend; /* the caller's */
    om_backend *own;     /* in f32, while it is wanted and that one is not */
    int n_runs;
    om_keep keep;
    om_model_source source;
    om_params *params; /* of all but the words' keys and values */
    om_unet_config config;
    om_unet_site site[OM_UNET_MAX_SITES];
    int n_sites, n_slots;
    uint64_t n_params;
};

struct om_unet_run {
    om_unet *unet;
    om_unet_size size;
    om_program *program;
};

/* ---- opening ------------------------------------------------------------- */

om_backend *om_unet_backend(const om_unet *u)
{
    return u->own ? u->own : u->backend;
}

om_params *om_unet_new_params(om_unet *u, omost_error *err)
{
    return om_params_new(u->env, om_unet_backend(u),
                         om_model_source_params(&u->source), u->keep, err);
}

/* Record the UNet of the smallest picture: every weight is looked for. */
static omost_status check_main(om_unet *u, omost_error *err)
{
    const int side = 1 << (u->config.n_blocks - 1);
    om_graph *g = om_graph_new(u->env, u->params);
    (void)om_unet_record(g, &u->config, (om_unet_size){1, side, side});
    omost_status st = om_graph_check(g, err);
    om_graph_free(g);
    return st;
}

static omost_status check_words(om_unet *u, omost_error *err)
{
    omost_status st = OMOST_OK;
    om_params *params = om_unet_new_params(u, err);
    if (!params) return OMOST_NOMEM;
    for (int i = 0; i < u->n_sites && st == OMOST_OK; i++) {
        om_graph *g = om_graph_new(u->env, params);
        om_value states =
            om_graph_input(g, "states", (om_shape){1, 1, 1, u->config.context});
        om_unet_record_words(g, &u->site[i], states);
        st = om_graph_check(g, err);
        om_graph_free(g);
    }
    om_params_free(params);
    return st;
}

static omost_status open_parts(om_unet *u, const om_model_files *files,
                               const json_t *config, omost_error *err)
{
    omost_status st =
        om_model_source_open(&u->source, files, OMOST_MODEL_UNET, err);
    if (st == OMOST_OK)
        st = om_unet_config_read(&u->config, &u->source.weights, config, err);
    if (st != OMOST_OK) return st;
    u->n_sites = om_unet_sites(&u->config, u->site);
    for (int i = 0; i < u->n_sites; i++) u->n_slots += u->site[i].depth;
    u->params = om_unet_new_params(u, err);
    if (!u->params) return OMOST_NOMEM;
    st = check_main(u, err);
    if (st == OMOST_OK) st = check_words(u, err);
    if (st == OMOST_OK) st = om_weights_finish(&u->source.weights, err);
    u->n_params = u->source.n_params;
    return st;
}

om_unet *om_unet_open(const omost_env *env, om_backend *backend,
                      const om_model_files *files, const json_t *config,
                      om_keep keep, omost_error *err)
{
    om_error_clear(err);
    om_unet *u = om_zalloc(env, sizeof *u);
    if (!u) {
        (void)om_fail_nomem(err);
        return NULL;
    }
    u->env = env;
    u->backend = backend;
    u->keep = keep;
    if (open_parts(u, files, config, err) == OMOST_OK) return u;
    om_unet_close(u);
    return NULL;
}

void om_unet_close(om_unet *u)
{
    if (!u) return;
    om_params_free(u->params);
    om_backend_close(u->own);
    om_free(u->env, u);
}

/* Like the caller's, in f32. */
static om_backend *open_exact(const om_unet *u, omost_error *err)
{
    const om_backend_opts o = {.name = om_backend_name(u->backend),
                               .precision = OM_PRECISION_F32,
                               .n_threads = om_backend_threads(u->backend)};
    return om_backend_open(u->env, &o, err);
}

omost_status om_unet_set_exact(om_unet *u, bool exact, omost_error *err)
{
    om_error_clear(err);
    if (om_backend_precision(u->backend) != OM_PRECISION_BF16 ||
        exact == (u->own != NULL))
        return OMOST_OK;
    if (u->n_runs)
        return om_fail(err, OMOST_USAGE,
                       "the UNet is in use: free its runs before its precision "
                       "changes");
    om_backend *before = u->own, *own = NULL;
    if (exact && !(own = open_exact(u, err))) return err->status;
    u->own = own;
    om_params *params = om_unet_new_params(u, err);
    if (!params) {
        u->own = before;
        om_backend_close(own);
        return OMOST_NOMEM;
    }
    om_params_free(u->params); /* before their back end */
    u->params = params;
    om_backend_close(before);
    return OMOST_OK;
}

const om_unet_config *om_unet_config_of(const om_unet *u)
{
    return &u->config;
}

uint64_t om_unet_parameters(const om_unet *u)
{
    return u->n_params;
}

const omost_env *om_unet_env(const om_unet *u)
{
    return u->env;
}

const om_unet_site *om_unet_site_at(const om_unet *u, int i)
{
    return i < u->n_sites ? &u->site[i] : NULL;
}

int om_unet_slots(const om_unet *u)
{
    return u->n_slots;
}

int om_unet_levels(const om_unet *u, int h, int w,
                   int level_h[OM_UNET_MAX_LEVELS],
                   int level_w[OM_UNET_MAX_LEVELS])
{
    int n = 0;
    for (int level = 0; level < u->config.n_blocks; level++) {
        bool any = false;
        for (int i = 0; i < u->n_sites; i++)
            any = any || u->site[i].level == level;
        if (any) {
            level_h[n] = h;
            level_w[n++] = w;
        }
        h = (h + 1) / 2;
        w = (w + 1) / 2;
    }
    return n;
}

/* ---- running ------------------------------------------------------------- */

om_unet_run *om_unet_run_new(om_unet *u, om_unet_size size,
                             const om_watch *watch, omost_error *err)
{
    om_graph *g = NULL;
    om_unet_run *run = om_zalloc(u->env, sizeof *run);
    if (!run) {
        (void)om_fail_nomem(err);
        return NULL;
    }
    *run = (om_unet_run){.unet = u, .size = size};
    g = om_graph_new(u->env, u->params);
    (void)om_unet_record(g, &u->config, size);
    om_params_watch(u->params, watch);
    if (om_graph_check(g, err) == OMOST_OK)
        run->program = om_backend_compile(om_unet_backend(u), g, err);
    om_params_watch(u->params, NULL);
    om_graph_free(g);
    if (!run->program) {
        om_free(u->env, run);
        return NULL;
    }
    u->n_runs++;
    return run;
}

omost_status om_unet_plan(om_unet *u, om_unet_size size, size_t *values,
                          size_t *weights, omost_error *err)
{
    om_graph *g = om_graph_new(u->env, u->params);
    (void)om_unet_record(g, &u->config, size);
    omost_status st = om_graph_check(g, err);
    if (st == OMOST_OK) st = om_backend_plan(u->backend, g, values, err);
    *weights = om_params_least(u->params);
    om_graph_free(g);
    return st;
}

void om_unet_run_free(om_unet_run *run)
{
    if (!run) return;
    om_program_free(run->program);
    run->unet->n_runs--;
    om_free(run->unet->env, run);
}

om_program *om_unet_run_program(om_unet_run *run)
{
    return run->program;
}

omost_status om_unet_run_set_words(om_unet_run *run, const om_unet_words *words,
                                   const om_attention_map *maps, int n_maps,
                                   omost_error *err)
{
    const om_context context = {.slot = om_unet_words_slots(words),
                                .n_slots = run->unet->n_slots,
                                .map = maps,
                                .n_maps = n_maps};
    return om_program_set_context(run->program, &context, err);
}

/* [pooled, sinusoids of the six numbers], picture by picture */
static void fill_add(const om_unet_config *c, int n, const om_unet_in *in,
                     float *add)
{
    const size_t ids = N_TIME_IDS * (size_t)c->time_id_width;
    const size_t pooled = (size_t)c->add_width - ids;
    for (int i = 0; i < n; i++) {
        memcpy(add, in->pooled + (size_t)i * pooled, pooled * sizeof *add);
        add += pooled;
        om_unet_sinusoids(add, in->time_ids[i], N_TIME_IDS, c->time_id_width);
        add += ids;
    }
}

omost_status om_unet_run_eval(om_unet_run *run, const om_unet_in *in,
                              float *out, const om_watch *watch,
                              omost_error *err)
{
    const om_unet_config *c = &run->unet->config;
    om_program *p = run->program;
    const int n = run->size.n;
    const size_t cells = (size_t)n * (size_t)run->size.h * (size_t)run->size.w;
    memcpy(om_program_input(p, "x"), in->x,
           cells * (size_t)c->in_channels * sizeof *in->x);
    om_unet_sinusoids(om_program_input(p, "time"), in->timestep, n,
                      c->channels[0]);
    fill_add(c, n, in, om_program_input(p, "add"));
    omost_status st = om_program_run(p, watch, err);
    if (st == OMOST_OK)
        memcpy(out, om_program_output(p, "out"),
               cells * (size_t)c->out_channels * sizeof *out);
    return st;
}
