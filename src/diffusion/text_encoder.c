/* text_encoder.c - see text_encoder.h. */
#include "diffusion/text_encoder.h"

#include "diffusion/model_source.h"
#include "diffusion/watch_part.h"

enum {
    ROW = OMOST_ROW_IDS,
    MAX_BATCH = 8 /* rows of one program: enough to keep matrices tall */
};

struct om_text_encoder {
    const omost_env *env;
    om_backend *backend;
    om_model_source source;
    om_params *params;
    om_clip_config config;
    om_weight tokens; /* [vocab, width], read row by row from the file */
    float *changed;   /* all of it, when a LoRA changes it; else NULL */
    float *position;  /* [positions, width] */
    om_program *program;
    int batch;     /* rows of the program */
    bool has_tail; /* the program has what follows the last but one layer */
};

/* ---- the model ----------------------------------------------------------- */

static om_value record_attention(om_graph *g, om_value x,
                                 const om_clip_config *c)
{
    om_value h = om_layer_norm(g, x, "layer_norm1", c->norm_eps);
    om_graph_enter(g, "self_attn");
    om_value q = om_linear(g, h, "q_proj", c->width, true);
    om_value k = om_linear(g, h, "k_proj", c->width, true);
    om_value v = om_linear(g, h, "v_proj", c->width, true);
    h = om_attention(g, q, k, v, c->heads, true);
    h = om_linear(g, h, "out_proj", c->width, true);
    om_graph_leave(g);
    return om_add(g, x, h);
}

static om_value record_layer(om_graph *g, om_value x, const om_clip_config *c,
                             int i)
{
    const om_unary_kind act =
        c->activation == OM_ACT_QUICK_GELU ? OM_QUICK_GELU : OM_GELU;
    om_graph_enter(g, "text_model.encoder.layers.%d", i);
    x = record_attention(g, x, c);
    om_value h = om_layer_norm(g, x, "layer_norm2", c->norm_eps);
    h = om_unary(g, act, om_linear(g, h, "mlp.fc1", c->hidden, true));
    h = om_linear(g, h, "mlp.fc2", c->width, true);
    x = om_graph_label(g, om_add(g, x, h), "");
    om_graph_leave(g);
    return x;
}

/* Input "x" [n, 1, 77, width]: words and places. Outputs "states" and, with the
 * tail, "last" and (where there is a projection) "projected" of every place:
 * which of them is the end mark is not known yet, and the product of all is a
 * trifle. */
static void record(om_graph *g, const om_clip_config *c, int n, bool tail)
{
    om_value x = om_graph_input(g, "x", (om_shape){n, 1, ROW, c->width});
    for (int i = 0; i < c->layers - 1; i++) x = record_layer(g, x, c, i);
    om_graph_output(g, "states", x);
    if (!tail) return;
    x = record_layer(g, x, c, c->layers - 1);
    x = om_layer_norm(g, x, "text_model.final_layer_norm", c->norm_eps);
    om_graph_output(g, "last", x);
    if (c->projection > 0)
        om_graph_output(g, "projected",
                        om_linear(g, x, "text_projection", c->projection,
                                  false));
}

/* ---- opening ------------------------------------------------------------- */

static omost_status check_weights(om_text_encoder *te, omost_error *err)
{
    om_graph *g = om_graph_new(te->env, te->params);
    record(g, &te->config, 1, true);
    omost_status st = om_graph_check(g, err);
    om_graph_free(g);
    return st;
}

static omost_status copy_table(om_text_encoder *te, const om_weight *w,
                               float **out, omost_error *err)
{
    size_t bytes;
    if (om_mul_size(w->n, sizeof(float), &bytes))
        *out = om_alloc(te->env, bytes);
    if (!*out) return om_fail_nomem(err);
    om_weight_to_f32(*out, w);
    return OMOST_OK;
}

static omost_status open_embeddings(om_text_encoder *te, omost_error *err)
{
    const om_clip_config *c = &te->config;
    om_weights *w = &te->source.weights;
    const size_t width = (size_t)c->width;
    om_weight places;
    omost_status st =
        om_weights_get(w, "text_model.embeddings.token_embedding.weight", 2,
                       (size_t[]){(size_t)c->vocab, width}, &te->tokens, err);
    if (st == OMOST_OK)
        st =
            om_weights_get(w, "text_model.embeddings.position_embedding.weight",
                           2, (size_t[]){(size_t)c->positions, width}, &places,
                           err);
    if (st != OMOST_OK) return st;
    if (c->positions < ROW)
        return om_fail(err, OMOST_FORMAT,
                       "%s: the %s is made for rows of %d words, and prompts "
                       "have %d",
                       places.file, omost_model_part_name(w->part),
                       c->positions, ROW);
    if (te->tokens.delta) st = copy_table(te, &te->tokens, &te->changed, err);
    if (st == OMOST_OK) st = copy_table(te, &places, &te->position, err);
    return st;
}

static omost_status open_parts(om_text_encoder *te, const om_model_files *files,
                               omost_model_part part, const json_t *config,
                               om_keep keep, omost_error *err)
{
    om_weights *w = &te->source.weights;
    omost_status st = om_model_source_open(&te->source, files, part, err);
    if (st == OMOST_OK) st = om_clip_config_read(&te->config, w, config, err);
    if (st != OMOST_OK) return st;
    te->params = om_params_new(te->env, te->backend,
                               om_model_source_params(&te->source), keep, err);
    if (!te->params) return OMOST_NOMEM;
    st = check_weights(te, err);
    if (st == OMOST_OK) st = open_embeddings(te, err);
    if (st == OMOST_OK) st = om_weights_finish(w, err);
    return st;
}

om_text_encoder *om_text_encoder_open(const omost_env *env, om_backend *backend,
                                      const om_model_files *files,
                                      omost_model_part part,
                                      const json_t *config, om_keep keep,
                                      omost_error *err)
{
    om_error_clear(err);
    om_text_encoder *te = om_zalloc(env, sizeof *te);
    if (!te) {
        (void)om_fail_nomem(err);
        return NULL;
    }
    te->env = env;
    te->backend = backend;
    if (open_parts(te, files, part, config, keep, err) == OMOST_OK) return te;
    om_text_encoder_close(te);
    return NULL;
}

void om_text_encoder_close(om_text_encoder *te)
{
    if (!te) return;
    om_program_free(te->program);
    om_params_free(te->params);
    om_free(te->env, te->position);
    om_free(te->env, te->changed);
    om_free(te->env, te);
}

const om_clip_config *om_text_encoder_config(const om_text_encoder *te)
{
    return &te->config;
}

/* ---- running ------------------------------------------------------------- */

static omost_status need_program(om_text_encoder *te, int batch, bool tail,
                                 const om_watch *watch, omost_error *err)
{
    om_watch_part none = {watch, 0, 0}; /* heard to be stopped */
    const om_watch loading = om_watch_of_part(&none);
    if (te->program && te->batch == batch && te->has_tail == tail)
        return OMOST_OK;
    om_program_free(te->program);
    te->program = NULL;
    om_graph *g = om_graph_new(te->env, te->params);
    record(g, &te->config, batch, tail);
    omost_status st = om_graph_check(g, err);
    if (st == OMOST_OK) {
        om_params_watch(te->params, &loading);
        te->program = om_backend_compile(te->backend, g, err);
        om_params_watch(te->params, NULL);
        if (!te->program) st = err ? err->status : OMOST_BACKEND;
    }
    om_graph_free(g);
    te->batch = batch;
    te->has_tail = tail;
    return st;
}

/* x[ROW, width] = the words' vectors + the places' */
static void embed(const om_text_encoder *te, const uint32_t ids[ROW], float *x)
{
    const size_t width = (size_t)te->config.width;
    const om_dtype stored = te->tokens.dtype;
    const char *table = te->tokens.data;
    for (size_t i = 0; i < ROW; i++, x += width) {
        const float *place = te->position + i * width;
        if (te->changed)
            memcpy(x, te->changed + ids[i] * width, width * sizeof *x);
        else
            om_to_f32(x, stored, table + ids[i] * width * om_dtype_size(stored),
                      width);
        for (size_t j = 0; j < width; j++) x[j] += place[j];
    }
}

/* The end mark is the last word of the vocabulary: the first place where the
 * largest id is. */
static size_t end_of(const uint32_t ids[ROW])
{
    size_t at = 0;
    for (size_t i = 1; i < ROW; i++)
        if (ids[i] > ids[at]) at = i;
    return at;
}

/* Rows first..first + n of the results, from the program's. */
static void take(const om_text_encoder *te, const uint32_t (*ids)[ROW],
                 size_t first, size_t n, const om_encoded *out)
{
    const size_t width = (size_t)te->config.width, all = ROW * width;
    const size_t wide = (size_t)te->config.projection;
    const float *states = om_program_output(te->program, "states");
    const float *last = om_program_output(te->program, "last");
    const float *projected = om_program_output(te->program, "projected");
    if (out->states)
        memcpy(out->states + first * all, states, n * all * sizeof *states);
    if (out->last)
        memcpy(out->last + first * all, last, n * all * sizeof *last);
    for (size_t i = 0; i < n; i++) {
        const size_t end = end_of(ids[first + i]);
        if (out->pooled)
            memcpy(out->pooled + (first + i) * width,
                   last + i * all + end * width, width * sizeof *last);
        if (out->projected)
            memcpy(out->projected + (first + i) * wide,
                   projected + (i * ROW + end) * wide,
                   wide * sizeof *projected);
    }
}

static omost_status check_ids(const om_text_encoder *te,
                              const uint32_t (*ids)[ROW], int n_rows,
                              omost_error *err)
{
    for (int i = 0; i < n_rows; i++)
        for (int j = 0; j < ROW; j++)
            if (ids[i][j] >= (uint32_t)te->config.vocab)
                return om_fail(err, OMOST_RANGE,
                               "word %d of row %d has the id %u, and the %s "
                               "knows %d words",
                               j, i, (unsigned)ids[i][j],
                               omost_model_part_name(te->source.weights.part),
                               te->config.vocab);
    return OMOST_OK;
}

omost_status om_text_encoder_run(om_text_encoder *te,
                                 const uint32_t (*ids)[OMOST_ROW_IDS],
                                 int n_rows, const om_encoded *out,
                                 const om_watch *watch, omost_error *err)
{
    om_error_clear(err);
    if (n_rows <= 0) return OMOST_OK;
    if (out->projected && te->config.projection == 0)
        return om_fail(err, OMOST_USAGE, "the %s has no projection",
                       omost_model_part_name(te->source.weights.part));
    /* Batches of one size, as even as can be: 9 rows are 5 and 4. */
    const int n_batches = (n_rows + MAX_BATCH - 1) / MAX_BATCH;
    const int batch = (n_rows + n_batches - 1) / n_batches;
    const bool tail = out->last || out->pooled || out->projected;
    const size_t row = ROW * (size_t)te->config.width;
    omost_status st = check_ids(te, ids, n_rows, err);
    if (st == OMOST_OK) st = need_program(te, batch, tail, watch, err);
    for (int i = 0; i < n_batches && st == OMOST_OK; i++) {
        const int first = i * batch;
        const int n = n_rows - first < batch ? n_rows - first : batch;
        float *x = om_program_input(te->program, "x");
        for (int k = 0; k < n; k++)
            embed(te, ids[first + k], x + (size_t)k * row);
        om_watch_part part = {watch, (double)i / n_batches, 1.0 / n_batches};
        const om_watch inner = om_watch_of_part(&part);
        st = om_program_run(te->program, &inner, err);
        if (st == OMOST_OK) take(te, ids, (size_t)first, (size_t)n, out);
    }
    return st;
}
