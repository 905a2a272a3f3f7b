/* gguf_write.c - a GGUF file from a model's parts.
 *
 * The head is made by ggml's own functions, from tensors that have a shape but
 * no data; the data follow row by row. Keys are those that libllama reads. */
#include <gguf.h>
#include <math.h>

#include "models/gguf_make.h"

enum { BLOCK_BYTES = 4 << 20 };

/* ---- keys ---------------------------------------------------------------- */

typedef struct head {
    struct gguf_context *g;
    const char *arch;
} head;

/* "llama.block_count" */
static const char *key(char out[96], const head *h, const char *name)
{
    snprintf(out, 96, "%s.%s", h->arch, name);
    return out;
}

static void set_u32(const head *h, const char *name, size_t v)
{
    char k[96];
    gguf_set_val_u32(h->g, key(k, h, name), (uint32_t)v);
}

static void set_f32(const head *h, const char *name, float v)
{
    char k[96];
    gguf_set_val_f32(h->g, key(k, h, name), v);
}

static void set_text(const head *h, const char *name, const char *v)
{
    char k[96];
    gguf_set_val_str(h->g, key(k, h, name), v);
}

static int file_type(om_dtype d)
{
    return d == OM_F32 ? 0 : d == OM_F16 ? 1 : 32;
}

static void set_rope(const head *h, const om_llm_config *c)
{
    set_f32(h, "rope.freq_base", c->rope_theta);
    set_u32(h, "rope.dimension_count", c->rope_dims);
    if (c->arch == OM_LLM_PHI3) {
        set_u32(h, "rope.scaling.original_context_length", c->rope_original);
        set_u32(h, "attention.sliding_window", c->sliding_window);
        if (c->rope != OM_ROPE_PLAIN)
            set_f32(h, "rope.scaling.attn_factor", om_rope_attn_factor(c));
        return;
    }
    if (c->rope != OM_ROPE_LINEAR && c->rope != OM_ROPE_YARN) return;
    set_text(h, "rope.scaling.type",
             c->rope == OM_ROPE_YARN ? "yarn" : "linear");
    set_f32(h, "rope.scaling.factor", c->rope_factor);
    if (c->rope == OM_ROPE_YARN)
        set_u32(h, "rope.scaling.original_context_length", c->rope_original);
}

static void set_model(const head *h, const om_gguf_parts *p)
{
    const om_llm_config *c = p->config;
    gguf_set_val_str(h->g, "general.architecture", h->arch);
    gguf_set_val_str(h->g, "general.type", "model");
    gguf_set_val_str(h->g, "general.name", p->name);
    gguf_set_val_u32(h->g, "general.file_type", (uint32_t)file_type(p->dtype));
    gguf_set_val_u32(h->g, "general.quantization_version", 2);
    set_u32(h, "block_count", c->layers);
    set_u32(h, "context_length", c->context);
    set_u32(h, "embedding_length", c->width);
    set_u32(h, "feed_forward_length", c->hidden);
    set_u32(h, "attention.head_count", c->heads);
    set_u32(h, "attention.head_count_kv", c->kv_heads);
    set_f32(h, "attention.layer_norm_rms_epsilon", c->norm_eps);
    set_u32(h, "vocab_size", c->vocab);
    if (c->head_dim_given) {
        set_u32(h, "attention.key_length", c->head_dim);
        set_u32(h, "attention.value_length", c->head_dim);
    }
    set_rope(h, c);
}

static void set_id(const head *h, const char *name, int32_t id)
{
    char k[96];
    if (id < 0) return;
    snprintf(k, sizeof k, "tokenizer.ggml.%s_token_id", name);
    gguf_set_val_u32(h->g, k, (uint32_t)id);
}

static void set_vocab(const head *h, const om_llm_vocab *v)
{
    const bool pieces = v->kind == OM_VOCAB_PIECES;
    gguf_set_val_str(h->g, "tokenizer.ggml.model", pieces ? "llama" : "gpt2");
    gguf_set_val_str(h->g, "tokenizer.ggml.pre", v->pre);
    gguf_set_arr_str(h->g, "tokenizer.ggml.tokens", v->token, v->n);
    gguf_set_arr_data(h->g, "tokenizer.ggml.token_type", GGUF_TYPE_INT32,
                      v->type, v->n);
    if (pieces) {
        gguf_set_arr_data(h->g, "tokenizer.ggml.scores", GGUF_TYPE_FLOAT32,
                          v->score, v->n);
        gguf_set_val_bool(h->g, "tokenizer.ggml.add_space_prefix",
                          v->space_first);
    } else {
        gguf_set_arr_str(h->g, "tokenizer.ggml.merges", v->merge, v->n_merges);
    }
    set_id(h, "bos", v->bos);
    set_id(h, "eos", v->eos);
    set_id(h, "eot", v->eot);
    set_id(h, "unknown", v->unk);
    set_id(h, "padding", v->pad);
    if (v->add_bos >= 0)
        gguf_set_val_bool(h->g, "tokenizer.ggml.add_bos_token", v->add_bos);
    if (v->chat_template)
        gguf_set_val_str(h->g, "tokenizer.chat_template", v->chat_template);
}

/* ---- tensors ------------------------------------------------------------- */

static om_dtype dtype_of(const om_gguf_parts *p, const om_llm_tensor *t)
{
    return t->vector ? OM_F32 : p->dtype;
}

static enum ggml_type ggml_kind(om_dtype d)
{
    return d == OM_F32   ? GGML_TYPE_F32
           : d == OM_F16 ? GGML_TYPE_F16
                         : GGML_TYPE_BF16;
}

static size_t tensor_bytes(const om_gguf_parts *p, const om_llm_tensor *t)
{
    return t->rows.rows * t->rows.cols * om_dtype_size(dtype_of(p, t));
}

static size_t padding(size_t bytes)
{
    return (GGUF_DEFAULT_ALIGNMENT - bytes % GGUF_DEFAULT_ALIGNMENT) %
           GGUF_DEFAULT_ALIGNMENT;
}

uint64_t om_gguf_data_bytes(const om_gguf_parts *p)
{
    uint64_t all = 0;
    for (size_t i = 0; i < p->tensors->n; i++) {
        size_t n = tensor_bytes(p, &p->tensors->t[i]);
        all += n + padding(n);
    }
    return all;
}

static bool add_tensors(struct gguf_context *g, const om_gguf_parts *p)
{
    const struct ggml_init_params room = {.mem_size = (p->tensors->n + 1) *
                                                      ggml_tensor_overhead(),
                                          .no_alloc = true};
    struct ggml_context *shapes = ggml_init(room);
    if (!shapes) return false;
    for (size_t i = 0; i < p->tensors->n; i++) {
        const om_llm_tensor *t = &p->tensors->t[i];
        const int64_t rows = (int64_t)t->rows.rows,
                      cols = (int64_t)t->rows.cols;
        const int64_t ne[2] = {t->vector ? rows * cols : cols, rows};
        struct ggml_tensor *made =
            ggml_new_tensor(shapes, ggml_kind(dtype_of(p, t)),
                            t->vector ? 1 : 2, ne);
        ggml_set_name(made, t->name);
        gguf_add_tensor(g, made);
    }
    ggml_free(shapes);
    return true;
}

static omost_status write_head(const omost_env *env, const om_gguf_parts *p,
                               FILE *f, omost_error *err)
{
    omost_status st = OMOST_OK;
    const head h = {.g = gguf_init_empty(),
                    .arch = om_llm_arch_name(p->config->arch)};
    if (!h.g) return om_fail_nomem(err);
    set_model(&h, p);
    set_vocab(&h, p->vocab);
    if (add_tensors(h.g, p)) {
        const size_t n = gguf_get_meta_size(h.g);
        void *meta = om_alloc(env, n);
        if (meta) {
            gguf_get_meta_data(h.g, meta);
            fwrite(meta, 1, n, f); /* a failure is found at commit */
        } else {
            st = om_fail_nomem(err);
        }
        om_free(env, meta);
    } else {
        st = om_fail_nomem(err);
    }
    gguf_free(h.g);
    return st;
}

/* ---- data ---------------------------------------------------------------- */

/* Room for some rows as f32 and as they are written. */
typedef struct block {
    float *from;
    void *to;
    size_t n; /* numbers that fit */
} block;

static omost_status block_new(block *b, const omost_env *env,
                              const om_gguf_parts *p, omost_error *err)
{
    b->n = BLOCK_BYTES / sizeof *b->from;
    for (size_t i = 0; i < p->tensors->n; i++)
        if (p->tensors->t[i].rows.cols > b->n)
            b->n = p->tensors->t[i].rows.cols;
    b->from = om_alloc(env, b->n * sizeof *b->from);
    b->to = om_alloc(env, b->n * sizeof *b->from);
    return b->from && b->to ? OMOST_OK : om_fail_nomem(err);
}

/* Tensors of no number that is one would be a model of noise: better said than
 * found out. */
static bool all_finite(const float *v, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!isfinite(v[i])) return false;
    return true;
}

static omost_status write_rows(const om_gguf_parts *p, const om_llm_tensor *t,
                               const block *b, FILE *f, size_t first, size_t n,
                               omost_error *err)
{
    const om_dtype d = dtype_of(p, t);
    const size_t count = n * t->rows.cols;
    om_llm_tensor_read(b->from, t, first, n);
    if (!all_finite(b->from, count))
        return om_fail(err, OMOST_FORMAT,
                       "%s holds numbers that are infinite or none at all",
                       t->name);
    om_dtype_convert(d, b->to, OM_F32, b->from, count);
    if (fwrite(b->to, om_dtype_size(d), count, f) != count)
        return om_fail(err, OMOST_IO,
                       "the file could not be written; is the disk full?");
    return OMOST_OK;
}

static omost_status write_tensor(const om_gguf_parts *p, const om_llm_tensor *t,
                                 const block *b, FILE *f,
                                 const om_gguf_watch *w, uint64_t *done,
                                 uint64_t total, omost_error *err)
{
    static const char zero[GGUF_DEFAULT_ALIGNMENT];
    const size_t bytes = tensor_bytes(p, t), step = b->n / t->rows.cols;
    for (size_t i = 0; i < t->rows.rows; i += step) {
        size_t n = t->rows.rows - i < step ? t->rows.rows - i : step;
        omost_status st = write_rows(p, t, b, f, i, n, err);
        if (st != OMOST_OK) return st;
        *done += n * t->rows.cols * om_dtype_size(dtype_of(p, t));
        if (!t->made) om_rows_drop(&t->rows);
        if (!om_gguf_tell(w, "converting", t->name, *done, total))
            return om_fail(err, OMOST_CANCELLED, "stopped");
    }
    *done += padding(bytes);
    fwrite(zero, 1, padding(bytes), f);
    return OMOST_OK;
}

omost_status om_gguf_write(const omost_env *env, const om_gguf_parts *p,
                           FILE *f, const om_gguf_watch *w, omost_error *err)
{
    block b = {0};
    uint64_t done = 0;
    const uint64_t total = om_gguf_data_bytes(p);
    omost_status st = write_head(env, p, f, err);
    if (st == OMOST_OK) st = block_new(&b, env, p, err);
    for (size_t i = 0; i < p->tensors->n && st == OMOST_OK; i++)
        st = write_tensor(p, &p->tensors->t[i], &b, f, w, &done, total, err);
    om_free(env, b.from);
    om_free(env, b.to);
    return st;
}
