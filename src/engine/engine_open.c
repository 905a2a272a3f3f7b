/* engine_open.c - an engine: files opened and checked, a back end chosen. */
#include "engine/engine_impl.h"

#include "base/file.h"
#include "engine/render_opts.h"
#include "weights/lora.h"

enum { MAX_CONFIG = 1 << 20 };

typedef struct opening {
    omost_engine *e;
    const omost_engine_opts *o;
    omost_error *err;
} opening;

static const char *copy(omost_engine *e, const char *z)
{
    return om_arena_str(&e->arena, om_str_of(z)).p;
}

/* ---- what is what -------------------------------------------------------- */

static omost_status check_kind(const opening *op, const om_model_files *m)
{
    const char *path = op->o->model;
    if (m->kind == OMOST_MODEL_LORA)
        return om_fail(op->err, OMOST_FORMAT,
                       "%s is a LoRA, which changes a model; name the model "
                       "and add this with --lora",
                       path);
    if (m->kind == OMOST_MODEL_PART || m->kind == OMOST_MODEL_OTHER)
        return om_fail(op->err, OMOST_FORMAT,
                       "%s is %s, not a whole model: a folder as diffusers "
                       "writes it or a checkpoint",
                       path, omost_model_kind_text(m->kind));
    if (m->family == OMOST_FAMILY_SDXL) return OMOST_OK;
    return om_fail(op->err, OMOST_FORMAT,
                   "%s is a model of another kind (%s); omost draws with SDXL "
                   "and what is made from it",
                   path, omost_model_family_text(m->family));
}

static omost_status check_parts(const opening *op, const om_model_files *m)
{
    for (int part = 0; part < OMOST_MODEL_N_PARTS; part++) {
        bool other = part == OMOST_MODEL_VAE && op->o->vae;
        if (other || om_model_count(m, (omost_model_part)part) > 0) continue;
        return om_fail(op->err, OMOST_MISSING, "%s has no %s%s", op->o->model,
                       omost_model_part_name((omost_model_part)part),
                       part == OMOST_MODEL_VAE ? "; name one: --vae FILE" : "");
    }
    return OMOST_OK;
}

static omost_status check_vae(const opening *op, const om_model_files *m)
{
    if (om_model_count(m, OMOST_MODEL_VAE) > 0) return OMOST_OK;
    return om_fail(op->err, OMOST_FORMAT, "%s is no VAE of a known kind",
                   op->o->vae);
}

/* ---- opening ------------------------------------------------------------- */

/* Names of no part we know are told, once, and nothing else is done about them:
 * people merge all sorts of things into checkpoints. */
static omost_status note_strangers(opening *op)
{
    om_buf b;
    omost_engine *e = op->e;
    const size_t n = om_model_count(e->model, OMOST_MODEL_N_PARTS);
    if (n == 0) return OMOST_OK;
    om_buf_init(&b, e->env, 1000);
    om_buf_printf(&b,
                  "%s: %zu tensor%s of no part of SDXL %s not used, such as ",
                  e->model->path, n, n == 1 ? "" : "s", n == 1 ? "is" : "are");
    om_buf_str(&b, om_model_at(e->model, OMOST_MODEL_N_PARTS, 0)->t->name);
    if (b.status != OMOST_NOMEM)
        e->model_note = om_arena_str(&e->arena, om_buf_view(&b)).p;
    om_buf_free(&b);
    return e->model_note ? OMOST_OK : om_fail_nomem(op->err);
}

static omost_status open_models(opening *op)
{
    omost_engine *e = op->e;
    omost_status st;
    e->model = om_model_open(e->env, op->o->model, op->err);
    if (!e->model) return op->err->status;
    if ((st = check_kind(op, e->model)) != OMOST_OK) return st;
    if ((st = check_parts(op, e->model)) != OMOST_OK) return st;
    if ((st = note_strangers(op)) != OMOST_OK) return st;
    if (op->o->vae) {
        e->vae = om_model_open(e->env, op->o->vae, op->err);
        if (!e->vae) return op->err->status;
        if ((st = check_vae(op, e->vae)) != OMOST_OK) return st;
    }
    if (op->o->taesd) {
        e->taesd = om_model_open(e->env, op->o->taesd, op->err);
        if (!e->taesd) return op->err->status;
    }
    return OMOST_OK;
}

static omost_status open_config(opening *op)
{
    om_buf b;
    const char *path = op->o->config;
    if (!path) return OMOST_OK;
    om_buf_init(&b, op->e->env, MAX_CONFIG);
    omost_status st = om_file_read(path, &b, op->err);
    if (st == OMOST_OK) {
        op->e->config = om_json_parse(om_buf_view(&b), path, op->err);
        if (!op->e->config)
            st = op->err->status;
        else if (!json_is_object(op->e->config))
            st = om_fail(op->err, OMOST_FORMAT,
                         "%s is no configuration: it holds no JSON object",
                         path);
    }
    om_buf_free(&b);
    return st;
}

/* The one that is named, else the model's, else our own. */
static omost_status open_tokenizer(opening *op)
{
    omost_engine *e = op->e;
    const char *path = op->o->tokenizer;
    if (path && strcmp(path, "builtin") != 0) {
        e->tokenizer = omost_tokenizer_open(e->env, path, op->err);
        e->tokenizer_name = om_arena_str(&e->arena, om_path_last(path)).p;
        if (e->tokenizer && !e->tokenizer_name) return om_fail_nomem(op->err);
        return e->tokenizer ? OMOST_OK : op->err->status;
    }
    if (!path && e->model->kind == OMOST_MODEL_FOLDER) {
        e->tokenizer = omost_tokenizer_open(e->env, e->model->path, op->err);
        e->tokenizer_name = "model";
        if (e->tokenizer) return OMOST_OK;
        if (op->err->status != OMOST_MISSING) return op->err->status;
    }
    e->tokenizer = omost_tokenizer_builtin(e->env, op->err);
    e->tokenizer_name = "builtin";
    return e->tokenizer ? OMOST_OK : op->err->status;
}

static omost_status open_backend(opening *op)
{
    char list[OM_CHOICE_TEXT];
    const char *name = op->o->backend ? op->o->backend : "auto",
               *precision = op->o->precision ? op->o->precision : "auto";
    int p = omost_choice_find(OMOST_CHOICE_PRECISION, precision);
    int b = omost_choice_find(OMOST_CHOICE_BACKEND, name);
    if (p < 0)
        return om_fail(op->err, OMOST_RANGE,
                       "--precision is \"%.40s\"; it must be %s", precision,
                       om_choice_text(OMOST_CHOICE_PRECISION, list));
    if (b < 0)
        return om_fail(op->err, OMOST_RANGE,
                       "--backend is \"%.40s\"; it must be %s", name,
                       om_choice_text(OMOST_CHOICE_BACKEND, list));
    if (op->o->n_threads < 0)
        return om_fail(op->err, OMOST_RANGE,
                       "--threads is %d; 0 stands for one a processor",
                       op->o->n_threads);
    const om_backend_opts opts = {
        .name = omost_choice_name(OMOST_CHOICE_BACKEND, (size_t)b),
        .precision = (om_precision)p,
        .n_threads = op->o->n_threads};
    op->e->backend = om_backend_open(op->e->env, &opts, op->err);
    return op->e->backend ? OMOST_OK : op->err->status;
}

/* ---- digests ------------------------------------------------------------- */

static const om_digest_item *add_model(omost_engine *e, const char *path,
                                       const om_model_files *m)
{
    const size_t n = m->n_files + m->n_beside;
    const char **files = om_arena_array(&e->arena, n, sizeof *files);
    if (!files) return NULL;
    for (size_t i = 0; i < m->n_files; i++) files[i] = om_st_path(m->file[i]);
    for (size_t i = 0; i < m->n_beside; i++)
        files[m->n_files + i] = m->beside[i];
    return om_digests_add(e->digests, path, files, n, m->n_files);
}

static omost_status open_digests(opening *op)
{
    omost_engine *e = op->e;
    const omost_engine_opts *o = op->o;
    if (o->cache_dir) e->cache_dir = copy(e, o->cache_dir);
    e->digests = om_digests_new(e->env, e->cache_dir, op->err);
    if (!e->digests) return op->err->status;
    bool ok = !o->cache_dir || e->cache_dir;
    ok = ok && (e->model_item = add_model(e, o->model, e->model)) != NULL;
    if (ok && e->vae) ok = (e->vae_item = add_model(e, o->vae, e->vae)) != NULL;
    if (ok && o->config)
        ok = (e->config_item = om_digests_add(e->digests, o->config, &o->config,
                                              1, 1)) != NULL;
    return ok ? OMOST_OK : om_fail_nomem(op->err);
}

/* ---- LoRAs --------------------------------------------------------------- */

static omost_status attach_lora(opening *op, const omost_lora *l)
{
    omost_engine *e = op->e;
    char text[OM_LORA_NOTE];
    om_lora_report report;
    const om_model_files *m = e->model;
    size_t i = e->n_loras, before = m->n_loras;
    omost_status st =
        om_lora_attach(e->model, l->path, l->weight, &report, op->err);
    if (st != OMOST_OK) return st;
    /* With a weight of 0 it is checked, but not kept and not recorded. */
    if (m->n_loras == before) return OMOST_OK;
    e->lora[i] = (omost_lora){copy(e, l->path), l->weight};
    if (*om_lora_note(&report, text)) e->lora_note[i] = copy(e, text);
    /* It may be named by its folder. */
    e->lora_item[i] = add_model(e, l->path, m->lora[m->n_loras - 1]);
    if (!e->lora[i].path || !e->lora_item[i]) return om_fail_nomem(op->err);
    e->n_loras++;
    return OMOST_OK;
}

static omost_status attach_loras(opening *op)
{
    omost_status st = OMOST_OK;
    if (op->o->n_loras > OMOST_MAX_LORAS)
        return om_fail(op->err, OMOST_LIMIT, "%zu LoRAs; %d are the limit",
                       op->o->n_loras, OMOST_MAX_LORAS);
    for (size_t i = 0; i < op->o->n_loras && st == OMOST_OK; i++)
        st = attach_lora(op, &op->o->loras[i]);
    return st;
}

/* ---- the whole ----------------------------------------------------------- */

static omost_status open_pipeline(opening *op)
{
    omost_engine *e = op->e;
    bool half = om_backend_precision(e->backend) == OM_PRECISION_BF16;
    const om_pipeline_opts opts = {
        .backend = e->backend,
        .model = e->model,
        .vae = e->vae,
        .taesd = e->taesd,
        .config = e->config,
        .keep = half ? OM_KEEP_HALF : OM_KEEP_EXACT,
        .keep_loaded = op->o->keep_loaded,
        .memory = op->o->memory,
    };
    e->pipeline = om_pipeline_open(e->env, &opts, op->err);
    return e->pipeline ? OMOST_OK : op->err->status;
}

static omost_status open_all(opening *op)
{
    if (!op->o->model)
        return om_fail(op->err, OMOST_USAGE, "an engine needs a model");
    omost_status st = open_backend(op);
    if (st == OMOST_OK) st = open_models(op);
    if (st == OMOST_OK) st = open_config(op);
    if (st == OMOST_OK) st = open_tokenizer(op);
    if (st == OMOST_OK) st = open_digests(op);
    if (st == OMOST_OK) st = attach_loras(op);
    if (st == OMOST_OK) st = open_pipeline(op);
    return st;
}

omost_engine *omost_engine_open(const omost_engine_opts *opts, omost_error *err)
{
    static const omost_engine_opts none = {0};
    omost_error local;
    if (!err) err = &local;
    if (!opts) opts = &none;
    om_error_clear(err);
    omost_engine *e = om_zalloc(opts->env, sizeof *e);
    if (!e) {
        (void)om_fail_nomem(err);
        return NULL;
    }
    e->env = opts->env;
    om_arena_init(&e->arena, opts->env, 0);
    opening op = {e, opts, err};
    if (open_all(&op) == OMOST_OK) {
        om_error_clear(err); /* of a tokenizer that was not the model's */
        return e;
    }
    omost_engine_close(e);
    return NULL;
}

void omost_engine_close(omost_engine *e)
{
    if (!e) return;
    const omost_env *env = e->env;
    om_digests_free(e->digests);
    if (e->pipeline) om_pipeline_close(e->pipeline);
    if (e->backend) om_backend_close(e->backend);
    omost_tokenizer_free(e->tokenizer);
    json_decref(e->config);
    om_model_close(e->taesd);
    om_model_close(e->vae);
    om_model_close(e->model);
    om_arena_free(&e->arena);
    om_free(env, e);
}

const char *omost_engine_backend(const omost_engine *e)
{
    return om_backend_name(e->backend);
}

const char *omost_engine_precision(const omost_engine *e)
{
    return omost_choice_name(OMOST_CHOICE_PRECISION,
                             (size_t)om_backend_precision(e->backend));
}

int omost_engine_threads(const omost_engine *e)
{
    return om_backend_threads(e->backend);
}
