/* llm_help.h - tiny language models for tests: written as the Hugging Face hub
 * has them, in every way weights are stored there, and computed by a plain
 * forward pass that follows transformers' definition and shares nothing with
 * the program. */
#ifndef OM_TESTS_LLM_HELP_H
#define OM_TESTS_LLM_HELP_H

#include "unit/support.h"

#include <math.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/utf8.h"
#include "models/llm_vocab.h"
#include "weights/dtype.h"

/* ---- sizes --------------------------------------------------------------- */

enum {
    T_LAYERS = 2,
    T_WIDTH = 256,
    T_HEADS = 4,
    T_KV = 2,
    T_DIM = 64,
    T_FF = 512,
    T_VOCAB = 352,
    T_CONTEXT = 256, /* libllama rounds up to this */
    T_MAX_TENSORS = 48,
    T_MAX_PATH = 512
};

/* How the matrices of the blocks are stored. */
typedef enum t_store {
    T_F32,
    T_BF16,
    T_F16,
    T_NF4,        /* absmax as f32 */
    T_NF4_NESTED, /* absmax quantised once more */
    T_FP4,
    T_INT8
} t_store;

typedef struct t_tensor {
    char name[80];
    size_t rows, cols; /* cols 0: a vector */
    bool linear;       /* of a block: what bitsandbytes quantises */
    float *v;
    /* what a quantised file holds; the numbers of v come from it */
    unsigned char *codes, *absmax_code;
    float *absmax, *nested_absmax; /* or SCB */
    size_t n_blocks, n_nested;
} t_tensor;

typedef struct t_model {
    bool phi3;
    t_store store;
    bool tied, biased;
    t_tensor t[T_MAX_TENSORS];
    size_t n;
    uint64_t seed;
} t_model;

static const float nf4_levels[16] = {-1.0f,
                                     -0.6961928009986877f,
                                     -0.5250730514526367f,
                                     -0.39491748809814453f,
                                     -0.28444138169288635f,
                                     -0.18477343022823334f,
                                     -0.09105003625154495f,
                                     0.0f,
                                     0.07958029955625534f,
                                     0.16093020141124725f,
                                     0.24611230194568634f,
                                     0.33791524171829224f,
                                     0.44070982933044434f,
                                     0.5626170039176941f,
                                     0.7229568362236023f,
                                     1.0f};
static const float fp4_levels[16] = {
    0.0f,        0.005208333f, 0.6666667f,  1.0f,          0.3333333f,  0.5f,
    0.1666667f,  0.25f,        0.0f,        -0.005208333f, -0.6666667f, -1.0f,
    -0.3333333f, -0.5f,        -0.1666667f, -0.25f};
static const float t_offset = 0.0625f; /* nested_offset */

/* ---- numbers ------------------------------------------------------------- */

static inline uint32_t t_random(t_model *m)
{
    m->seed = m->seed * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(m->seed >> 33);
}

static inline float t_uniform(t_model *m) /* -1..1 */
{
    return (float)((double)t_random(m) / 1073741824.0 - 1.0);
}

static inline void t_round(t_tensor *t, size_t n, t_store store)
{
    uint16_t half;
    for (size_t i = 0; i < n; i++) {
        if (store == T_F16) {
            om_f32_to_f16(&half, &t->v[i], 1);
            om_to_f32(&t->v[i], OM_F16, &half, 1);
        } else {
            om_f32_to_bf16(&half, &t->v[i], 1);
            om_to_f32(&t->v[i], OM_BF16, &half, 1);
        }
    }
}

/* The 256 numbers a nested absmax is looked up in; any will do. */
static inline float nested_level(unsigned code)
{
    return ((float)code - 127.5f) / 128.0f;
}

static inline void t_make_4bit(t_model *m, t_tensor *t, const float *level)
{
    size_t n = t->rows * t->cols;
    t->n_blocks = n / 64;
    t->n_nested = (t->n_blocks + 255) / 256;
    t->codes = calloc(n / 2, 1);
    t->absmax = calloc(t->n_blocks, sizeof(float));
    t->absmax_code = calloc(t->n_blocks, 1);
    t->nested_absmax = calloc(t->n_nested, sizeof(float));
    for (size_t i = 0; i < t->n_nested; i++)
        t->nested_absmax[i] = 0.02f + 0.01f * fabsf(t_uniform(m));
    for (size_t b = 0; b < t->n_blocks; b++) {
        t->absmax_code[b] = (unsigned char)t_random(m);
        t->absmax[b] =
            m->store == T_NF4_NESTED
                ? nested_level(t->absmax_code[b]) * t->nested_absmax[b / 256] +
                      t_offset
                : 0.03f + 0.05f * fabsf(t_uniform(m));
    }
    for (size_t i = 0; i < n; i++) {
        unsigned code = t_random(m) & 15;
        t->codes[i / 2] |= (unsigned char)(i % 2 ? code : code << 4);
        t->v[i] = level[code] * t->absmax[i / 64];
    }
}

static inline void t_make_int8(t_model *m, t_tensor *t)
{
    t->codes = calloc(t->rows * t->cols, 1);
    t->absmax = calloc(t->rows, sizeof(float));
    for (size_t r = 0; r < t->rows; r++) {
        t->absmax[r] = 0.05f + 0.05f * fabsf(t_uniform(m));
        for (size_t c = 0; c < t->cols; c++) {
            int q = (int)(t_random(m) % 255) - 127;
            t->codes[r * t->cols + c] = (unsigned char)(signed char)q;
            t->v[r * t->cols + c] = (float)q * (t->absmax[r] / 127.0f);
        }
    }
}

static inline t_tensor *t_add(t_model *m, const char *name, size_t rows,
                              size_t cols, float base, float spread)
{
    assert_true(m->n < T_MAX_TENSORS);
    t_tensor *t = &m->t[m->n++];
    size_t n = rows * (cols ? cols : 1);
    snprintf(t->name, sizeof t->name, "%s", name);
    t->rows = rows, t->cols = cols;
    t->linear = cols && strstr(name, "layers.");
    t->v = malloc(n * sizeof *t->v);
    assert_non_null(t->v);
    for (size_t i = 0; i < n; i++) t->v[i] = base + spread * t_uniform(m);
    if (m->store == T_F16 || m->store == T_BF16) t_round(t, n, m->store);
    if (!t->linear) return t;
    if (m->store == T_NF4 || m->store == T_NF4_NESTED)
        t_make_4bit(m, t, nf4_levels);
    if (m->store == T_FP4) t_make_4bit(m, t, fp4_levels);
    if (m->store == T_INT8) t_make_int8(m, t);
    return t;
}

static inline void t_add_block(t_model *m, int i)
{
    static const size_t q = T_HEADS * T_DIM, kv = T_KV * T_DIM;
    const struct {
        const char *name;
        size_t rows, cols;
        int phi3; /* -1: both */
    } list[] = {
        {"input_layernorm", T_WIDTH, 0, -1},
        {"post_attention_layernorm", T_WIDTH, 0, -1},
        {"self_attn.q_proj", q, T_WIDTH, 0},
        {"self_attn.k_proj", kv, T_WIDTH, 0},
        {"self_attn.v_proj", kv, T_WIDTH, 0},
        {"self_attn.qkv_proj", q + 2 * kv, T_WIDTH, 1},
        {"self_attn.o_proj", T_WIDTH, q, -1},
        {"mlp.gate_proj", T_FF, T_WIDTH, 0},
        {"mlp.up_proj", T_FF, T_WIDTH, 0},
        {"mlp.gate_up_proj", 2 * T_FF, T_WIDTH, 1},
        {"mlp.down_proj", T_WIDTH, T_FF, -1},
    };
    char name[80];
    for (size_t k = 0; k < sizeof list / sizeof *list; k++) {
        if (list[k].phi3 >= 0 && list[k].phi3 != m->phi3) continue;
        snprintf(name, sizeof name, "model.layers.%d.%s.weight", i,
                 list[k].name);
        bool norm = list[k].cols == 0;
        t_add(m, name, list[k].rows, list[k].cols, norm ? 1 : 0,
              norm ? 0.3f : 0.15f);
        bool attention = strstr(name, "q_proj") || strstr(name, "k_proj") ||
                         strstr(name, "v_proj");
        if (!m->biased || !attention) continue;
        snprintf(name, sizeof name, "model.layers.%d.%s.bias", i, list[k].name);
        t_add(m, name, list[k].rows, 0, 0, 0.5f);
    }
}

static inline void t_model_make(t_model *m, bool phi3, t_store store, bool tied,
                                bool biased)
{
    *m = (t_model){.phi3 = phi3,
                   .store = store,
                   .tied = tied,
                   .biased = biased,
                   .seed = 20240601};
    t_add(m, "model.embed_tokens.weight", T_VOCAB, T_WIDTH, 0, 1);
    t_add(m, "model.norm.weight", T_WIDTH, 0, 1, 0.3f);
    if (!tied) t_add(m, "lm_head.weight", T_VOCAB, T_WIDTH, 0, 0.2f);
    for (int i = 0; i < T_LAYERS; i++) t_add_block(m, i);
}

static inline void t_model_free(t_model *m)
{
    for (size_t i = 0; i < m->n; i++) {
        t_tensor *t = &m->t[i];
        free(t->v), free(t->codes), free(t->absmax_code), free(t->absmax);
        free(t->nested_absmax);
    }
}

static inline const float *t_find(const t_model *m, int layer, const char *name)
{
    char full[96];
    if (layer >= 0)
        snprintf(full, sizeof full, "model.layers.%d.%s", layer, name);
    else
        snprintf(full, sizeof full, "%s", name);
    for (size_t i = 0; i < m->n; i++)
        if (strcmp(m->t[i].name, full) == 0) return m->t[i].v;
    return NULL;
}

/* ---- files --------------------------------------------------------------- */

static inline void t_write(const char *folder, const char *name, const void *p,
                           size_t n)
{
    char path[T_MAX_PATH];
    snprintf(path, sizeof path, "%.400s/%.80s", folder, name);
    FILE *f = fopen(path, "wb");
    if (!f) fail_msg("cannot write %s", path);
    assert_int_equal(fwrite(p, 1, n, f), n);
    fclose(f);
}

static inline void t_write_text(const char *folder, const char *name,
                                const char *text)
{
    t_write(folder, name, text, strlen(text));
}

/* A safetensors file that grows. */
typedef struct t_file {
    om_buf head, data;
} t_file;

static inline void t_file_begin(t_file *f)
{
    om_buf_init(&f->head, NULL, 1 << 24);
    om_buf_init(&f->data, NULL, 1 << 28);
    om_buf_putc(&f->head, '{');
}

static inline void t_put(t_file *f, const char *name, const char *dtype,
                         size_t rows, size_t cols, const void *p, size_t bytes)
{
    size_t at = f->data.n;
    om_buf_put(&f->data, p, bytes);
    om_buf_printf(&f->head, "%s\"%s\":{\"dtype\":\"%s\",\"shape\":[",
                  f->head.n > 1 ? "," : "", name, dtype);
    if (rows) om_buf_printf(&f->head, "%zu", rows);
    if (cols) om_buf_printf(&f->head, ",%zu", cols);
    om_buf_printf(&f->head, "],\"data_offsets\":[%zu,%zu]}", at, f->data.n);
}

static inline void t_file_end(t_file *f, const char *folder, const char *name)
{
    om_buf all;
    om_buf_putc(&f->head, '}');
    uint64_t n = f->head.n;
    om_buf_init(&all, NULL, 1 << 28);
    om_buf_put(&all, &n, sizeof n);
    om_buf_put(&all, f->head.p, f->head.n);
    om_buf_put(&all, f->data.p, f->data.n);
    assert_int_equal(all.status, OMOST_OK);
    t_write(folder, name, all.p, all.n);
    om_buf_free(&all), om_buf_free(&f->head), om_buf_free(&f->data);
}

static inline void t_put_plain(t_file *f, const t_tensor *t, om_dtype d)
{
    size_t n = t->rows * (t->cols ? t->cols : 1);
    void *p = malloc(n * 4);
    om_dtype_convert(d, p, OM_F32, t->v, n);
    t_put(f, t->name, om_dtype_name(d), t->rows, t->cols, p,
          n * om_dtype_size(d));
    free(p);
}

static inline void t_put_4bit(t_file *f, const t_tensor *t, t_store store)
{
    char name[128], state[400];
    float map[256];
    const bool nested = store == T_NF4_NESTED, fp4 = store == T_FP4;
    const size_t n = t->rows * t->cols;
    t_put(f, t->name, "U8", n / 2, 1, t->codes, n / 2);
    snprintf(name, sizeof name, "%s.absmax", t->name);
    t_put(f, name, nested ? "U8" : "F32", t->n_blocks, 0,
          nested ? (void *)t->absmax_code : (void *)t->absmax,
          t->n_blocks * (nested ? 1 : 4));
    snprintf(name, sizeof name, "%s.quant_map", t->name);
    t_put(f, name, "F32", 16, 0, fp4 ? fp4_levels : nf4_levels, 64);
    if (nested) {
        for (unsigned i = 0; i < 256; i++) map[i] = nested_level(i);
        snprintf(name, sizeof name, "%s.nested_quant_map", t->name);
        t_put(f, name, "F32", 256, 0, map, sizeof map);
        snprintf(name, sizeof name, "%s.nested_absmax", t->name);
        t_put(f, name, "F32", t->n_nested, 0, t->nested_absmax,
              t->n_nested * 4);
    }
    snprintf(state, sizeof state,
             "{\"quant_type\": \"%s\", \"blocksize\": 64, \"dtype\": "
             "\"bfloat16\", \"shape\": [%zu, %zu]%s}",
             fp4 ? "fp4" : "nf4", t->rows, t->cols,
             nested ? ", \"nested_blocksize\": 256, \"nested_dtype\": "
                      "\"float32\", \"nested_offset\": 0.0625"
                    : "");
    snprintf(name, sizeof name, "%s.quant_state.bitsandbytes__%s", t->name,
             fp4 ? "fp4" : "nf4");
    t_put(f, name, "U8", strlen(state), 0, state, strlen(state));
}

static inline void t_put_int8(t_file *f, const t_tensor *t)
{
    char name[128];
    const unsigned char row = 0;
    const int head = (int)strlen(t->name) - 6; /* "weight" */
    t_put(f, t->name, "I8", t->rows, t->cols, t->codes, t->rows * t->cols);
    snprintf(name, sizeof name, "%.*sSCB", head, t->name);
    t_put(f, name, "F32", t->rows, 0, t->absmax, t->rows * 4);
    snprintf(name, sizeof name, "%.*sweight_format", head, t->name);
    t_put(f, name, "U8", 0, 0, &row, 1);
}

static inline void t_put_tensor(t_file *f, const t_tensor *t, t_store store)
{
    const bool half = store == T_BF16 || store == T_F16;
    if (half)
        t_put_plain(f, t, store == T_BF16 ? OM_BF16 : OM_F16);
    else if (store == T_F32 || !t->linear)
        t_put_plain(f, t, OM_F32);
    else if (store == T_INT8)
        t_put_int8(f, t);
    else
        t_put_4bit(f, t, store);
}

/* The weights as `store` has them (T_F32: the same numbers, plain), in one file
 * or two. */
static inline void t_write_weights(const t_model *m, const char *folder,
                                   t_store store, bool sharded)
{
    t_file f[2];
    om_buf index;
    const char *names[2] = {"model-00001-of-00002.safetensors",
                            "model-00002-of-00002.safetensors"};
    t_file_begin(&f[0]), t_file_begin(&f[1]);
    om_buf_init(&index, NULL, 1 << 20);
    om_buf_puts(&index, "{\"metadata\":{},\"weight_map\":{");
    for (size_t i = 0; i < m->n; i++) {
        int k = sharded ? (int)(i % 2) : 0;
        t_put_tensor(&f[k], &m->t[i], store);
        om_buf_printf(&index, "%s\"%s\":\"%s\"", i ? "," : "", m->t[i].name,
                      names[k]);
    }
    om_buf_puts(&index, "}}");
    t_file_end(&f[0], folder, sharded ? names[0] : "model.safetensors");
    if (sharded) {
        t_file_end(&f[1], folder, names[1]);
        t_write(folder, "model.safetensors.index.json", index.p, index.n);
    } else {
        om_buf_free(&f[1].head), om_buf_free(&f[1].data);
    }
    om_buf_free(&index);
}

static inline void t_write_config(const t_model *m, const char *folder)
{
    om_buf b;
    om_buf_init(&b, NULL, 1 << 20);
    om_buf_printf(
        &b,
        "{\"architectures\":[\"%s\"],\"hidden_size\":%d,"
        "\"intermediate_size\":%d,\"num_hidden_layers\":%d,"
        "\"num_attention_heads\":%d,\"num_key_value_heads\":%d,"
        "\"vocab_size\":%d,\"rms_norm_eps\":1e-5,\"hidden_act\":\"silu\","
        "\"tie_word_embeddings\":%s,\"rope_theta\":%s,",
        m->phi3 ? "Phi3ForCausalLM" : "LlamaForCausalLM", T_WIDTH, T_FF,
        T_LAYERS, T_HEADS, T_KV, T_VOCAB, m->tied ? "true" : "false",
        m->phi3 ? "10000.0" : "500000.0");
    if (m->phi3) {
        om_buf_printf(&b,
                      "\"max_position_embeddings\":%d,"
                      "\"original_max_position_embeddings\":%d,"
                      "\"sliding_window\":262144,"
                      "\"rope_scaling\":{\"type\":\"longrope\","
                      "\"short_factor\":[",
                      T_CONTEXT * 4, T_CONTEXT);
        for (int i = 0; i < T_DIM / 2; i++)
            om_buf_printf(&b, "%s%.2f", i ? "," : "", 1 + 0.01 * i);
        om_buf_puts(&b, "],\"long_factor\":[");
        for (int i = 0; i < T_DIM / 2; i++)
            om_buf_printf(&b, "%s%.2f", i ? "," : "", 2 + 0.1 * i);
        om_buf_puts(&b, "]}}");
    } else {
        om_buf_printf(&b,
                      "\"max_position_embeddings\":%d,"
                      "\"rope_scaling\":{\"rope_type\":\"llama3\","
                      "\"factor\":8.0,\"low_freq_factor\":1.0,"
                      "\"high_freq_factor\":4.0,"
                      "\"original_max_position_embeddings\":%d}}",
                      T_CONTEXT * 4, T_CONTEXT);
    }
    t_write(folder, "config.json", b.p, b.n);
    om_buf_free(&b);
}

/* ---- tokenizers ---------------------------------------------------------- */

/* Merges of both kinds, "_" for what stands for a space. In this order "h e"
 * comes before "t h", so "the" is t + he. */
static const char *const t_merges[][2] = {
    {"h", "e"},  {"t", "h"},   {"i", "n"},  {"l", "l"},   {"_", "t"},
    {"r", "a"},  {"o", "w"},   {"e", "r"},  {"he", "ll"}, {"_t", "he"},
    {"in", "g"}, {"ra", "in"}, {"b", "ow"}, {"a", "b"},   {"ab", "c"},
    {"b", "c"},  {"d", "e"},   {"a", "bc"}};
enum { T_N_MERGES = sizeof t_merges / sizeof *t_merges };

/* A merge's part, with the mark of this kind for a space. */
static inline const char *t_part(char out[32], const char *s, bool phi3)
{
    char *o = out;
    for (; *s; s++) {
        const char *mark = phi3 ? "\xe2\x96\x81" : "\xc4\xa0"; /* ▁, Ġ */
        if (*s == '_')
            o += snprintf(o, 8, "%s", mark);
        else
            *o++ = *s;
    }
    *o = '\0';
    return out;
}

static inline void t_put_key(om_buf *b, om_str key, int id)
{
    om_buf_puts(b, id ? "," : "");
    om_json_write_str(b, key);
    om_buf_printf(b, ":%d", id);
}

/* {"a": 0, ...}; the number of tokens. */
static inline int t_put_vocab(om_buf *b, bool phi3)
{
    char letter[8], left[32], right[32], both[64];
    int id = 0;
    om_buf_putc(b, '{');
    if (phi3) {
        t_put_key(b, OM_STR("<unk>"), id++);
        t_put_key(b, OM_STR("<s>"), id++);
        t_put_key(b, OM_STR("</s>"), id++);
    }
    for (int i = 0; i < 256; i++) {
        size_t n = 6;
        if (phi3)
            snprintf(letter, sizeof letter, "<0x%02X>", (unsigned)i);
        else
            n = om_utf8_encode(om_byte_letter((unsigned char)i), letter);
        t_put_key(b, (om_str){letter, n}, id++);
    }
    if (phi3) {
        t_put_key(b, OM_STR("\xe2\x96\x81"), id++);
        for (char c = 'a'; c <= 'z'; c++) t_put_key(b, (om_str){&c, 1}, id++);
    }
    for (int i = 0; i < T_N_MERGES - 1; i++) { /* the last makes "abc" again */
        snprintf(both, sizeof both, "%s%s", t_part(left, t_merges[i][0], phi3),
                 t_part(right, t_merges[i][1], phi3));
        t_put_key(b, om_str_of(both), id++);
    }
    om_buf_putc(b, '}');
    return id;
}

static inline void t_put_merges(om_buf *b, bool phi3, bool lists)
{
    char left[32], right[32];
    om_buf_putc(b, '[');
    for (int i = 0; i < T_N_MERGES; i++) {
        t_part(left, t_merges[i][0], phi3), t_part(right, t_merges[i][1], phi3);
        om_buf_printf(b, lists ? "%s[\"%s\",\"%s\"]" : "%s\"%s %s\"",
                      i ? "," : "", left, right);
    }
    om_buf_putc(b, ']');
}

static const char *const t_llama_special[] = {
    "<|begin_of_text|>", "<|end_of_text|>", "<|start_header_id|>",
    "<|end_header_id|>", "<|eot_id|>"};
static const char *const t_phi3_special[] = {
    "<|endoftext|>", "<|assistant|>", "<|end|>", "<|user|>", "<|system|>"};
static const char t_template[] = "{% for m in messages %}{{ m.role }}";

static inline void t_put_added(om_buf *b, bool phi3, int first)
{
    const char *const *list = phi3 ? t_phi3_special : t_llama_special;
    om_buf_puts(b, "\"added_tokens\":[");
    for (int i = 0; i < 5; i++)
        om_buf_printf(b,
                      "%s{\"id\":%d,\"content\":\"%s\",\"special\":true,"
                      "\"rstrip\":%s}",
                      i ? "," : "", first + i, list[i],
                      phi3 && i ? "true" : "false");
    if (phi3)
        om_buf_puts(b, ",{\"id\":0,\"content\":\"<unk>\",\"special\":true},"
                       "{\"id\":1,\"content\":\"<s>\",\"special\":true},"
                       "{\"id\":2,\"content\":\"</s>\",\"special\":false,"
                       "\"rstrip\":true}");
    om_buf_puts(b, "],");
}

/* tokenizer.json and its companions; the number of the first special token. */
static inline int t_write_tokenizer(const char *folder, bool phi3, bool lists)
{
    om_buf b, vocab, text;
    om_buf_init(&b, NULL, 1 << 20);
    om_buf_init(&vocab, NULL, 1 << 20);
    om_buf_init(&text, NULL, 1 << 16);
    const int first = t_put_vocab(&vocab, phi3);
    om_buf_puts(&b, "{\"version\":\"1.0\",");
    t_put_added(&b, phi3, first);
    if (phi3)
        om_buf_puts(&b,
                    "\"normalizer\":{\"type\":\"Sequence\",\"normalizers\":["
                    "{\"type\":\"Prepend\",\"prepend\":\"\xe2\x96\x81\"},"
                    "{\"type\":\"Replace\",\"pattern\":{\"String\":\" \"},"
                    "\"content\":\"\xe2\x96\x81\"}]},\"pre_tokenizer\":null,");
    else
        om_buf_puts(
            &b, "\"normalizer\":null,\"pre_tokenizer\":{\"type\":\"Sequence\","
                "\"pretokenizers\":[{\"type\":\"Split\",\"pattern\":{"
                "\"Regex\":\"(?i:'s|'t|'re|'ve|'m|'ll|'d)|"
                "[^\\\\r\\\\n\\\\p{L}\\\\p{N}]?\\\\p{L}+|\\\\p{N}{1,3}| "
                "?[^\\\\s\\\\p{L}\\\\p{N}]+[\\\\r\\\\n]*|\\\\s*[\\\\r\\\\n]+|"
                "\\\\s+(?!\\\\S)|\\\\s+\"},\"behavior\":\"Isolated\","
                "\"invert\":false},{\"type\":\"ByteLevel\","
                "\"add_prefix_space\":false,\"trim_offsets\":true,"
                "\"use_regex\":false}]},");
    om_buf_printf(&b,
                  "\"post_processor\":{\"type\":\"TemplateProcessing\","
                  "\"single\":[{\"SpecialToken\":{\"id\":\"%s\",\"type_id\":0}}"
                  ",{\"Sequence\":{\"id\":\"A\",\"type_id\":0}}]},",
                  phi3 ? "<s>" : "<|begin_of_text|>");
    om_buf_printf(&b, "\"model\":{\"type\":\"BPE\",%s\"vocab\":",
                  phi3 ? "\"byte_fallback\":true,\"unk_token\":\"<unk>\","
                       : "");
    om_buf_str(&b, om_buf_view(&vocab));
    om_buf_puts(&b, ",\"merges\":");
    t_put_merges(&b, phi3, lists);
    om_buf_puts(&b, "}}");
    t_write(folder, "tokenizer.json", b.p, b.n);
    om_buf_printf(&text,
                  "{\"bos_token\":\"%s\",\"eos_token\":{\"content\":\"%s\"},"
                  "\"chat_template\":\"%s\"}",
                  phi3 ? "<s>" : "<|begin_of_text|>",
                  phi3 ? "<|endoftext|>" : "<|end_of_text|>", t_template);
    t_write(folder, "tokenizer_config.json", text.p, text.n);
    text.n = 0;
    om_buf_printf(&text, "{\"eos_token_id\":[%d,%d,%d]}",
                  phi3 ? first : first + 1, phi3 ? first + 1 : first + 4,
                  phi3 ? first + 2 : first + 4);
    t_write(folder, "generation_config.json", text.p, text.n);
    om_buf_free(&b), om_buf_free(&vocab), om_buf_free(&text);
    return first;
}

/* All of a folder. */
static inline int t_write_folder(const t_model *m, const char *folder,
                                 t_store store, bool sharded)
{
    mkdir(folder, 0777);
    t_write_weights(m, folder, store, sharded);
    t_write_config(m, folder);
    return t_write_tokenizer(folder, m->phi3, sharded);
}

/* ---- the forward pass ---------------------------------------------------- */

/* y[rows] = w[rows, cols] x + b */
static inline void t_linear(float *y, const float *w, const float *b,
                            const float *x, size_t rows, size_t cols)
{
    for (size_t r = 0; r < rows; r++) {
        double sum = b ? b[r] : 0;
        for (size_t c = 0; c < cols; c++) sum += (double)w[r * cols + c] * x[c];
        y[r] = (float)sum;
    }
}

static inline void t_norm(float *y, const float *x, const float *w)
{
    double sum = 0;
    for (int i = 0; i < T_WIDTH; i++) sum += (double)x[i] * x[i];
    double scale = 1 / sqrt(sum / T_WIDTH + 1e-5);
    for (int i = 0; i < T_WIDTH; i++) y[i] = (float)(x[i] * scale * w[i]);
}

/* The angle of frequency i at a position, as transformers works it out. */
static inline double t_angle(const t_model *m, int i, int pos)
{
    double theta = m->phi3 ? 10000 : 500000;
    double f = pow(theta, -2.0 * i / T_DIM);
    if (m->phi3) return pos * f / (1 + 0.01 * i); /* within the short context */
    double length = 6.283185307179586 / f, original = T_CONTEXT;
    if (length > original)
        f /= 8;
    else if (length >= original / 4) {
        double s = (original / length - 1) / 3;
        f = (1 - s) * f / 8 + s * f;
    }
    return pos * f;
}

/* x turned: (x[i], x[i + d/2]) by the angle of i. Phi-3's are longer, too. */
static inline void t_rotate(const t_model *m, float *x, int pos)
{
    double scale = m->phi3 ? sqrt(1 + log(4.0) / log((double)T_CONTEXT)) : 1;
    for (int i = 0; i < T_DIM / 2; i++) {
        double a = t_angle(m, i, pos), c = cos(a) * scale, s = sin(a) * scale;
        double p = x[i], q = x[i + T_DIM / 2];
        x[i] = (float)(p * c - q * s);
        x[i + T_DIM / 2] = (float)(q * c + p * s);
    }
}

enum { T_MAX_TOKENS = 32 };

typedef struct t_state {
    float x[T_MAX_TOKENS][T_WIDTH];
    float k[T_MAX_TOKENS][T_KV * T_DIM], v[T_MAX_TOKENS][T_KV * T_DIM];
} t_state;

static inline void t_attend(const t_model *m, t_state *s, int l, int pos)
{
    enum { Q = T_HEADS * T_DIM, KV = T_KV * T_DIM };
    float h[T_WIDTH], qkv[Q + 2 * KV], out[Q], y[T_WIDTH];
    t_norm(h, s->x[pos], t_find(m, l, "input_layernorm.weight"));
    if (m->phi3) {
        t_linear(qkv, t_find(m, l, "self_attn.qkv_proj.weight"), NULL, h,
                 Q + 2 * KV, T_WIDTH);
    } else {
        t_linear(qkv, t_find(m, l, "self_attn.q_proj.weight"),
                 t_find(m, l, "self_attn.q_proj.bias"), h, Q, T_WIDTH);
        t_linear(qkv + Q, t_find(m, l, "self_attn.k_proj.weight"),
                 t_find(m, l, "self_attn.k_proj.bias"), h, KV, T_WIDTH);
        t_linear(qkv + Q + KV, t_find(m, l, "self_attn.v_proj.weight"),
                 t_find(m, l, "self_attn.v_proj.bias"), h, KV, T_WIDTH);
    }
    for (int i = 0; i < T_HEADS; i++) t_rotate(m, qkv + i * T_DIM, pos);
    for (int i = 0; i < T_KV; i++) t_rotate(m, qkv + Q + i * T_DIM, pos);
    memcpy(s->k[pos], qkv + Q, sizeof s->k[pos]);
    memcpy(s->v[pos], qkv + Q + KV, sizeof s->v[pos]);
    for (int i = 0; i < T_HEADS; i++) {
        const int g = i / (T_HEADS / T_KV) * T_DIM;
        double w[T_MAX_TOKENS], sum = 0;
        for (int t = 0; t <= pos; t++) {
            double dot = 0;
            for (int d = 0; d < T_DIM; d++)
                dot += (double)qkv[i * T_DIM + d] * s->k[t][g + d];
            sum += w[t] = exp(dot / sqrt((double)T_DIM));
        }
        for (int d = 0; d < T_DIM; d++) {
            double o = 0;
            for (int t = 0; t <= pos; t++) o += w[t] / sum * s->v[t][g + d];
            out[i * T_DIM + d] = (float)o;
        }
    }
    t_linear(y, t_find(m, l, "self_attn.o_proj.weight"), NULL, out, T_WIDTH, Q);
    for (int i = 0; i < T_WIDTH; i++) s->x[pos][i] += y[i];
}

static inline void t_feed(const t_model *m, t_state *s, int l, int pos)
{
    float h[T_WIDTH], gate[2 * T_FF], y[T_WIDTH], *up = gate + T_FF;
    t_norm(h, s->x[pos], t_find(m, l, "post_attention_layernorm.weight"));
    if (m->phi3) {
        t_linear(gate, t_find(m, l, "mlp.gate_up_proj.weight"), NULL, h,
                 2 * T_FF, T_WIDTH);
    } else {
        t_linear(gate, t_find(m, l, "mlp.gate_proj.weight"), NULL, h, T_FF,
                 T_WIDTH);
        t_linear(up, t_find(m, l, "mlp.up_proj.weight"), NULL, h, T_FF,
                 T_WIDTH);
    }
    for (int i = 0; i < T_FF; i++)
        gate[i] = (float)(gate[i] / (1 + exp(-(double)gate[i])) * up[i]);
    t_linear(y, t_find(m, l, "mlp.down_proj.weight"), NULL, gate, T_WIDTH,
             T_FF);
    for (int i = 0; i < T_WIDTH; i++) s->x[pos][i] += y[i];
}

/* logits[n, T_VOCAB] of the tokens */
static inline void t_forward(const t_model *m, const int32_t *token, int n,
                             float *logits)
{
    t_state *s = calloc(1, sizeof *s);
    const float *embed = t_find(m, -1, "model.embed_tokens.weight");
    const float *head = t_find(m, -1, "lm_head.weight");
    assert_true(s && n <= T_MAX_TOKENS);
    for (int t = 0; t < n; t++)
        memcpy(s->x[t], embed + (size_t)token[t] * T_WIDTH, sizeof s->x[t]);
    for (int l = 0; l < T_LAYERS; l++) {
        for (int t = 0; t < n; t++) t_attend(m, s, l, t);
        for (int t = 0; t < n; t++) t_feed(m, s, l, t);
    }
    for (int t = 0; t < n; t++) {
        float h[T_WIDTH];
        t_norm(h, s->x[t], t_find(m, -1, "model.norm.weight"));
        t_linear(logits + (size_t)t * T_VOCAB, head ? head : embed, NULL, h,
                 T_VOCAB, T_WIDTH);
    }
    free(s);
}

#endif
