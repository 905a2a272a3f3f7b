/* tiny_gguf.c - shapes, metadata and random weights of a model file. */
#include "support/tiny_gguf.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support/tiny_vocab.h"

bool tiny_gguf_cut(const char *path, double keep)
{
    struct stat st;
    return stat(path, &st) == 0 &&
           truncate(path, (off_t)(keep * (double)st.st_size)) == 0;
}

tiny_gguf tiny_gguf_1b(void)
{
    return (tiny_gguf){.type = "q4_0",
                       .layers = 16,
                       .width = 2048,
                       .heads = 32,
                       .kv_heads = 8,
                       .ffn = 8192,
                       .context = 131072,
                       .rope = 500000,
                       .spread = 4,
                       .merges = 1000,
                       .vocab = 128256,
                       .tied = true};
}

#if OM_WITH_GGML

#include <ggml.h>
#include <gguf.h>

enum {
    MAX_TENSORS = 512,
    GRAIN = 256,         /* weights; every type's blocks divide it */
    POOL = GRAIN * 4099, /* a larger matrix repeats them, in another order */
};

static const char llama_template[] =
    "{% for message in messages %}"
    "{% if loop.index0 == 0 %}{{ bos_token }}{% endif %}"
    "{{ '<|start_header_id|>' + message['role'] + '<|end_header_id|>\\n\\n' "
    "+ message['content'] | trim + '<|eot_id|>' }}{% endfor %}"
    "{% if add_generation_prompt %}"
    "{{ '<|start_header_id|>assistant<|end_header_id|>\\n\\n' }}{% endif %}";
static const char phi3_template[] =
    "{% for message in messages %}"
    "{{ '<|' + message['role'] + '|>\\n' + message['content'] + '<|end|>\\n' }}"
    "{% endfor %}{% if add_generation_prompt %}{{ '<|assistant|>\\n' }}"
    "{% else %}{{ eos_token }}{% endif %}";

typedef struct {
    tiny_gguf o; /* the defaults filled in */
    bool phi3;
    enum ggml_type type;
    tiny_vocab *vocab;
    struct ggml_context *shapes;
    struct gguf_context *file;
    float *pool;
    void *packed;
    uint64_t random;
    size_t n;
    struct {
        struct ggml_tensor *tensor;
        float deviation; /* 0: all ones */
    } tensor[MAX_TENSORS];
} writer;

static void set_defaults(tiny_gguf *o)
{
    if (!o->arch) o->arch = "llama";
    if (!o->type) o->type = "f16";
    if (!o->layers) o->layers = 2;
    if (!o->width) o->width = 128;
    if (!o->heads) o->heads = 4;
    if (!o->kv_heads) o->kv_heads = o->heads / 2 ? o->heads / 2 : 1;
    if (!o->ffn) o->ffn = 2 * o->width;
    if (!o->context) o->context = 8192;
    if (o->rope <= 0) o->rope = 10000;
    if (o->spread <= 0) o->spread = 3;
    if (!o->merges) o->merges = 400;
    if (!o->corpus) {
        o->corpus = tiny_vocab_canvas();
        o->corpus_len = strlen(o->corpus);
    }
}

static bool find_type(const char *name, enum ggml_type *out)
{
    for (int i = 0; i < GGML_TYPE_COUNT; i++) {
        const char *s = ggml_type_name((enum ggml_type)i);
        if (!s || strcmp(s, name) != 0) continue;
        *out = (enum ggml_type)i;
        return true;
    }
    return false;
}

/* ---- metadata -------------------------------------------------------------- */

static const char *key(char out[96], const writer *w, const char *name)
{
    snprintf(out, 96, "%s.%s", w->o.arch, name);
    return out;
}

static void set_u32(writer *w, const char *name, int value)
{
    char k[96];
    gguf_set_val_u32(w->file, key(k, w, name), (uint32_t)value);
}

static void set_f32(writer *w, const char *name, float value)
{
    char k[96];
    gguf_set_val_f32(w->file, key(k, w, name), value);
}

static void set_shape(writer *w)
{
    const tiny_gguf *o = &w->o;
    gguf_set_val_str(w->file, "general.architecture",
                     o->claim ? o->claim : o->arch);
    gguf_set_val_str(w->file, "general.name", "random weights");
    set_u32(w, "block_count", o->layers);
    set_u32(w, "context_length", o->context);
    set_u32(w, "embedding_length", o->width);
    set_u32(w, "feed_forward_length", o->ffn);
    set_u32(w, "attention.head_count", o->heads);
    set_u32(w, "attention.head_count_kv", o->kv_heads);
    set_u32(w, "rope.dimension_count", o->width / o->heads);
    set_u32(w, "vocab_size", (int)w->vocab->n);
    set_f32(w, "attention.layer_norm_rms_epsilon", 1e-5F);
    set_f32(w, "rope.freq_base", o->rope);
    if (w->phi3) set_u32(w, "rope.scaling.original_context_length", o->context);
}

static void set_strings(writer *w, const char *name, char **text, size_t n)
{
    const char **view = calloc(n + 1, sizeof *view); /* only for its consts */
    for (size_t i = 0; view && i < n; i++) view[i] = text[i];
    if (view) gguf_set_arr_str(w->file, name, view, n);
    free(view);
}

static void set_vocab(writer *w)
{
    struct gguf_context *f = w->file;
    const tiny_vocab *v = w->vocab;
    gguf_set_val_str(f, "tokenizer.ggml.model", w->phi3 ? "llama" : "gpt2");
    gguf_set_val_str(f, "tokenizer.ggml.pre",
                     w->phi3 ? "default" : "llama-bpe");
    set_strings(w, "tokenizer.ggml.tokens", v->text, v->n);
    gguf_set_arr_data(f, "tokenizer.ggml.token_type", GGUF_TYPE_INT32, v->type,
                      v->n);
    if (w->phi3)
        gguf_set_arr_data(f, "tokenizer.ggml.scores", GGUF_TYPE_FLOAT32,
                          v->score, v->n);
    else
        set_strings(w, "tokenizer.ggml.merges", v->merge, v->n_merges);
    gguf_set_val_u32(f, "tokenizer.ggml.bos_token_id", v->bos);
    /* As in the real files: what ends a turn is what ends a reply. */
    gguf_set_val_u32(f, "tokenizer.ggml.eos_token_id", v->eot);
    gguf_set_val_bool(f, "tokenizer.ggml.add_bos_token", true);
    if (w->phi3) gguf_set_val_bool(f, "tokenizer.ggml.add_space_prefix", false);
    if (!w->o.no_template)
        gguf_set_val_str(f, "tokenizer.chat_template",
                         w->phi3 ? phi3_template : llama_template);
}

/* ---- tensors --------------------------------------------------------------- */

static void tensor(writer *w, const char *name, enum ggml_type type, int n_in,
                   int n_out, float deviation)
{
    if (n_in % ggml_blck_size(type)) type = GGML_TYPE_F16;
    struct ggml_tensor *t =
        n_out ? ggml_new_tensor_2d(w->shapes, type, n_in, n_out)
              : ggml_new_tensor_1d(w->shapes, type, n_in);
    ggml_set_name(t, name);
    gguf_add_tensor(w->file, t);
    w->tensor[w->n].tensor = t;
    w->tensor[w->n++].deviation = deviation;
}

static void in_block(writer *w, int i, const char *name, int n_in, int n_out)
{
    char full[GGML_MAX_NAME];
    snprintf(full, sizeof full, "blk.%d.%s.weight", i, name);
    if (n_out)
        tensor(w, full, w->type, n_in, n_out, 1 / sqrtf((float)n_in));
    else
        tensor(w, full, GGML_TYPE_F32, n_in, 0, 0);
}

static void list_tensors(writer *w)
{
    const tiny_gguf *o = &w->o;
    const int d = o->width, kv = d / o->heads * o->kv_heads, f = o->ffn;
    const int v = (int)w->vocab->n;
    const float out = o->spread / sqrtf((float)d);
    /* llama.cpp's own quantising keeps the output finer than the rest. */
    const bool fine = w->type == GGML_TYPE_Q4_0 && d % 256 == 0;
    const enum ggml_type last = fine ? GGML_TYPE_Q6_K : w->type;
    tensor(w, "token_embd.weight", o->tied ? last : w->type, d, v,
           o->tied ? out : 1);
    tensor(w, "output_norm.weight", GGML_TYPE_F32, d, 0, 0);
    if (!o->tied) tensor(w, "output.weight", last, d, v, out);
    for (int i = 0; i < o->layers; i++) {
        in_block(w, i, "attn_norm", d, 0);
        if (w->phi3) {
            in_block(w, i, "attn_qkv", d, d + 2 * kv);
        } else {
            in_block(w, i, "attn_q", d, d);
            in_block(w, i, "attn_k", d, kv);
            in_block(w, i, "attn_v", d, kv);
        }
        in_block(w, i, "attn_output", d, d);
        in_block(w, i, "ffn_norm", d, 0);
        if (!w->phi3) in_block(w, i, "ffn_gate", d, f);
        in_block(w, i, "ffn_up", d, w->phi3 ? 2 * f : f);
        in_block(w, i, "ffn_down", f, d);
    }
}

/* splitmix64 */
static uint64_t random_bits(writer *w)
{
    uint64_t z = w->random += 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

/* The sum of four even numbers is normal enough, and made of whole numbers: the
 * same everywhere. */
static float random_weight(writer *w)
{
    const uint64_t z = random_bits(w);
    const uint64_t sum =
        (z & 0xffff) + (z >> 16 & 0xffff) + (z >> 32 & 0xffff) + (z >> 48);
    return ((float)sum - 131070.0F) / 37837.2F;
}

/* A large matrix is put together from packed runs of GRAIN weights in a random
 * order: quick, and no two rows are alike. */
static bool write_shuffled(writer *w, FILE *f, size_t grain, size_t left)
{
    while (left > 0) {
        const size_t at = random_bits(w) % (POOL / GRAIN) * grain;
        const size_t n = left < grain ? left : grain;
        if (fwrite((const char *)w->packed + at, 1, n, f) != n) return false;
        left -= n;
    }
    return true;
}

static bool write_weights(writer *w, FILE *f, size_t i)
{
    static const char zero[GGUF_DEFAULT_ALIGNMENT];
    const struct ggml_tensor *t = w->tensor[i].tensor;
    const size_t size = ggml_nbytes(t);
    const size_t padded = (size + sizeof zero - 1) / sizeof zero * sizeof zero;
    const int64_t total = ggml_nelements(t);
    const int64_t n = total < POOL ? total : POOL;
    const float deviation = w->tensor[i].deviation;
    for (int64_t k = 0; k < n; k++)
        w->pool[k] = deviation > 0 ? deviation * random_weight(w) : 1;
    const size_t packed =
        ggml_quantize_chunk(t->type, w->pool, w->packed, 0, 1, n, NULL);
    if (total > POOL) {
        if (!write_shuffled(w, f, ggml_row_size(t->type, GRAIN), size))
            return false;
    } else if (fwrite(w->packed, 1, packed, f) != size) {
        return false;
    }
    return fwrite(zero, 1, padded - size, f) == padded - size;
}

static bool write_file(writer *w, const char *path)
{
    if (!gguf_write_to_file(w->file, path, true)) return false;
    FILE *f = fopen(path, "ab");
    bool ok = f;
    for (size_t i = 0; ok && i < w->n; i++) ok = write_weights(w, f, i);
    return f && (fclose(f) == 0) && ok;
}

/* ---- all of it ------------------------------------------------------------- */

static const char *check(const writer *w)
{
    const tiny_gguf *o = &w->o;
    if (!w->phi3 && strcmp(o->arch, "llama") != 0)
        return "the architecture is neither llama nor phi3";
    if (o->layers < 1 || o->layers * 11 + 3 > MAX_TENSORS)
        return "so many layers are not foreseen";
    if (o->heads < 1 || o->width % (2 * o->heads) || o->kv_heads < 1 ||
        o->heads % o->kv_heads)
        return "the heads do not divide the width";
    return NULL;
}

static const char *prepare(writer *w)
{
    const tiny_gguf *o = &w->o;
    const char *why = check(w);
    if (why) return why;
    if (!find_type(o->type, &w->type)) return "ggml has no such type";
    w->vocab = tiny_vocab_learn(!w->phi3, o->corpus, o->corpus_len,
                                (size_t)o->merges, (size_t)o->vocab);
    w->file = gguf_init_empty();
    w->shapes = ggml_init((struct ggml_init_params){
        .mem_size = MAX_TENSORS * ggml_tensor_overhead(), .no_alloc = true});
    w->pool = malloc(POOL * sizeof(float));
    w->packed = malloc(POOL * sizeof(float));
    if (!w->vocab || !w->file || !w->shapes || !w->pool || !w->packed)
        return "no memory";
    set_shape(w);
    if (!o->no_vocab) set_vocab(w);
    list_tensors(w);
    return NULL;
}

bool tiny_gguf_write(const char *path, const tiny_gguf *options, char why[256])
{
    writer *w = calloc(1, sizeof *w);
    const char *problem = "no memory";
    if (w) {
        if (options) w->o = *options;
        set_defaults(&w->o);
        w->phi3 = strcmp(w->o.arch, "phi3") == 0;
        w->random = w->o.seed * 0x2545f4914f6cdd1du;
        problem = prepare(w);
        if (!problem && !write_file(w, path)) problem = "it cannot be written";
        tiny_vocab_free(w->vocab);
        if (w->file) gguf_free(w->file);
        if (w->shapes) ggml_free(w->shapes);
        free(w->pool);
        free(w->packed);
        free(w);
    }
    if (problem) snprintf(why, 256, "%s: %s", path, problem);
    return !problem;
}

#else

bool tiny_gguf_write(const char *path, const tiny_gguf *options, char why[256])
{
    (void)options;
    snprintf(why, 256, "%s: this build has no ggml", path);
    return false;
}

#endif
