/* llm_config.c - see llm_config.h. */
#include "models/llm_config.h"

#include <math.h>
#include <stdio.h>

enum { MAX_LAYERS = 1000, MAX_SIDE = 1 << 20, MAX_VOCAB = 1 << 22 };

static const double pi = 3.14159265358979323846;

/* One configuration being read; the first mistake is kept. */
typedef struct reader {
    const json_t *v;
    const char *path;
    omost_status st;
    omost_error *err;
} reader;

static void complain(reader *r, const char *key, const char *what)
{
    if (r->st == OMOST_OK)
        r->st = om_fail(r->err, OMOST_FORMAT, "%s/config.json: %s %s", r->path,
                        key, what);
}

/* A whole number within 1..most; `fallback` when there is none, or an error
 * when that is 0. */
static size_t whole(reader *r, const json_t *in, const char *key, size_t most,
                    size_t fallback)
{
    const json_t *v = json_object_get(in, key);
    if (!v || json_is_null(v)) {
        if (fallback == 0) complain(r, key, "is missing");
        return fallback;
    }
    if (json_is_integer(v) && json_integer_value(v) >= 1 &&
        (uint64_t)json_integer_value(v) <= most)
        return (size_t)json_integer_value(v);
    complain(r, key, "is out of range");
    return 1;
}

static float number(reader *r, const json_t *in, const char *key,
                    double fallback)
{
    const json_t *v = json_object_get(in, key);
    if (!v || json_is_null(v)) return (float)fallback;
    double d = json_number_value(v);
    if (json_is_number(v) && d > 0 && d < 1e30) return (float)d;
    complain(r, key, "is no positive number");
    return (float)fallback;
}

/* ---- what it is ---------------------------------------------------------- */

static const struct {
    const char *class_name, *type;
    om_llm_arch arch;
} known[] = {
    {"LlamaForCausalLM", "llama", OM_LLM_LLAMA},
    {"Phi3ForCausalLM", "phi3", OM_LLM_PHI3},
};

const char *om_llm_arch_name(om_llm_arch arch)
{
    return arch == OM_LLM_PHI3 ? "phi3" : "llama";
}

static void read_arch(reader *r, om_llm_config *c)
{
    const json_t *list = json_object_get(r->v, "architectures");
    const char *name = json_string_value(json_array_get(list, 0));
    const char *type = json_string_value(json_object_get(r->v, "model_type"));
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (name ? strcmp(name, known[i].class_name) != 0
                 : !type || strcmp(type, known[i].type) != 0)
            continue;
        c->arch = known[i].arch;
        return;
    }
    if (r->st == OMOST_OK)
        r->st = om_fail(r->err, OMOST_FORMAT,
                        "%s is a %.60s, and only Llama and Phi-3 models "
                        "(LlamaForCausalLM, Phi3ForCausalLM) can be converted",
                        r->path,
                        name   ? name
                        : type ? type
                               : "model of no name");
}

static void read_sizes(reader *r, om_llm_config *c)
{
    c->layers = whole(r, r->v, "num_hidden_layers", MAX_LAYERS, 0);
    c->width = whole(r, r->v, "hidden_size", MAX_SIDE, 0);
    c->hidden = whole(r, r->v, "intermediate_size", MAX_SIDE, 0);
    c->vocab = whole(r, r->v, "vocab_size", MAX_VOCAB, 0);
    c->context = whole(r, r->v, "max_position_embeddings", 1 << 30, 0);
    c->heads = whole(r, r->v, "num_attention_heads", 1 << 14, 0);
    c->kv_heads = whole(r, r->v, "num_key_value_heads", 1 << 14, c->heads);
    if (r->st != OMOST_OK) return;
    const size_t natural = c->heads ? c->width / c->heads : 0;
    c->head_dim = whole(r, r->v, "head_dim", 1 << 14, natural ? natural : 1);
    c->head_dim_given = c->head_dim != natural;
    c->norm_eps = number(r, r->v, "rms_norm_eps", 1e-6);
    c->tied = json_is_true(json_object_get(r->v, "tie_word_embeddings"));
    if (c->heads % c->kv_heads)
        complain(r, "num_key_value_heads", "does not divide the heads");
    if (c->head_dim % 2) complain(r, "head_dim", "is odd");
    const char *act = json_string_value(json_object_get(r->v, "hidden_act"));
    if (act && strcmp(act, "silu") != 0)
        complain(r, "hidden_act", "is another than silu");
}

/* ---- rotary positions ---------------------------------------------------- */

static const struct {
    const char *name;
    om_rope_kind kind;
} ropes[] = {
    {"default", OM_ROPE_PLAIN}, {"linear", OM_ROPE_LINEAR},
    {"llama3", OM_ROPE_LLAMA3}, {"yarn", OM_ROPE_YARN},
    {"longrope", OM_ROPE_LONG}, {"su", OM_ROPE_LONG},
};

static void read_rope_kind(reader *r, om_llm_config *c, const json_t *rope)
{
    const char *name = json_string_value(json_object_get(rope, "rope_type"));
    if (!name) name = json_string_value(json_object_get(rope, "type"));
    for (size_t i = 0; i < sizeof ropes / sizeof *ropes; i++) {
        if (!name || strcmp(name, ropes[i].name) != 0) continue;
        c->rope = ropes[i].kind;
        return;
    }
    if (r->st == OMOST_OK)
        r->st = om_fail(r->err, OMOST_FORMAT,
                        "%s/config.json: rope scaling \"%.40s\" is not known",
                        r->path, name ? name : "");
}

static void check_factors(reader *r, const om_llm_config *c, const json_t *list,
                          const char *key)
{
    size_t i;
    json_t *v;
    if (json_array_size(list) != c->rope_dims / 2) {
        complain(r, key, "has not one number for each frequency");
        return;
    }
    json_array_foreach(list, i, v)
    {
        if (!json_is_number(v) || !(json_number_value(v) > 0))
            complain(r, key, "has something other than positive numbers");
    }
}

static void read_long(reader *r, om_llm_config *c, const json_t *rope)
{
    c->rope_short = json_object_get(rope, "short_factor");
    c->rope_long = json_object_get(rope, "long_factor");
    if (!c->rope_short && !c->rope_long && c->rope == OM_ROPE_YARN) return;
    check_factors(r, c, c->rope_short, "short_factor");
    check_factors(r, c, c->rope_long, "long_factor");
}

/* Older files have rope_theta and rope_scaling, newer ones rope_parameters. */
static void read_rope(reader *r, om_llm_config *c)
{
    const json_t *rope = json_object_get(r->v, "rope_parameters");
    const json_t *at_top = r->v;
    bool new_way = json_is_object(rope);
    if (!new_way) rope = json_object_get(r->v, "rope_scaling");
    double theta = number(r, at_top, "rope_theta", 10000);
    c->rope_theta = number(r, new_way ? rope : at_top, "rope_theta", theta);
    double part = number(r, at_top, "partial_rotary_factor", 1);
    if (new_way) part = number(r, rope, "partial_rotary_factor", part);
    c->rope_dims = (size_t)(part * (double)c->head_dim);
    if (c->rope_dims % 2 || c->rope_dims < 2 || c->rope_dims > c->head_dim ||
        (c->arch == OM_LLM_LLAMA && c->rope_dims != c->head_dim))
        complain(r, "partial_rotary_factor", "is out of range");
    c->rope_original = whole(r, at_top, "original_max_position_embeddings",
                             1 << 30, c->context);
    if (!json_is_object(rope)) return;
    read_rope_kind(r, c, rope);
    if (r->st != OMOST_OK) return;
    c->rope_original = whole(r, rope, "original_max_position_embeddings",
                             1 << 30, c->rope_original);
    c->rope_factor = number(r, rope, "factor", 1);
    c->rope_low = number(r, rope, "low_freq_factor", 1);
    c->rope_high = number(r, rope, "high_freq_factor", 4);
    if (c->rope == OM_ROPE_LLAMA3 && !(c->rope_high > c->rope_low))
        complain(r, "high_freq_factor", "is not above low_freq_factor");
    if ((c->rope == OM_ROPE_LONG) != (c->arch == OM_LLM_PHI3) &&
        c->rope != OM_ROPE_PLAIN && c->rope != OM_ROPE_YARN)
        complain(r, "rope_scaling", "is none that this kind of model has");
    if (c->arch == OM_LLM_PHI3 && c->rope != OM_ROPE_PLAIN)
        read_long(r, c, rope);
}

float om_rope_llama3_factor(const om_llm_config *c, size_t i)
{
    const double f =
        pow(c->rope_theta, -2.0 * (double)i / (double)c->rope_dims);
    const double length = 2 * pi / f, original = (double)c->rope_original;
    if (length < original / c->rope_high) return 1;
    if (length > original / c->rope_low) return c->rope_factor;
    const double s =
        (original / length - c->rope_low) / (c->rope_high - c->rope_low);
    return (float)(1 / ((1 - s) / c->rope_factor + s));
}

float om_rope_attn_factor(const om_llm_config *c)
{
    const double original = (double)c->rope_original;
    const double scale = (double)c->context / original;
    if (scale <= 1 || original < 2) return 1;
    return (float)(c->rope == OM_ROPE_YARN
                       ? 0.1 * log(scale) + 1
                       : sqrt(1 + log(scale) / log(original)));
}

/* ---- all ----------------------------------------------------------------- */

static void read_window(reader *r, om_llm_config *c)
{
    const json_t *v = json_object_get(r->v, "sliding_window");
    if (json_is_integer(v) && json_integer_value(v) > 0)
        c->sliding_window = whole(r, r->v, "sliding_window", 1 << 30, 0);
}

omost_status om_llm_config_read(om_llm_config *c, const om_llm_folder *f,
                                omost_error *err)
{
    *c = (om_llm_config){0};
    c->json = om_llm_folder_json(f, "config.json", false, err);
    if (!c->json) return err ? err->status : OMOST_FORMAT;
    reader r = {.v = c->json, .path = f->path, .err = err};
    read_arch(&r, c);
    if (r.st == OMOST_OK) read_sizes(&r, c);
    if (r.st == OMOST_OK) read_rope(&r, c);
    if (r.st == OMOST_OK) read_window(&r, c);
    return r.st;
}

void om_llm_config_free(om_llm_config *c)
{
    json_decref(c->json);
    *c = (om_llm_config){0};
}
