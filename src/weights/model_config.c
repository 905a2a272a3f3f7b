/* model_config.c - see model_config.h. */
#include "weights/model_config.h"

#include <stdio.h>

#include "base/error.h"

enum { HEAD_WIDTH = 64, MAX_NAME = 200, MAX_DEPTH = 100, MAX_SIZE = 1 << 24 };

/* What a model is read from, and the first thing that went wrong. */
typedef struct source {
    const om_weights *w;
    const json_t *config;
    omost_status status;
    omost_error *err;
} source;

static source source_of(const om_weights *w, const json_t *config,
                        omost_error *err)
{
    const json_t *own = w->files->config[w->part];
    const json_t *inner =
        json_object_get(config, omost_model_part_name(w->part));
    return (source){w, inner ? inner : config ? config : own, OMOST_OK, err};
}

/* Only the first failure of a source is kept. */
#define FAIL(s, status_, ...)                                      \
    do {                                                           \
        if ((s)->status == OMOST_OK)                               \
            (s)->status = om_fail((s)->err, status_, __VA_ARGS__); \
    } while (0)

/* ---- shapes -------------------------------------------------------------- */

/* Size of dimension `d` of a tensor; 0 when there is none. */
static int size_of(const source *s, int d, const char *name)
{
    int n_dims;
    size_t dim[OM_ST_MAX_DIMS];
    if (!om_weights_shape(s->w, name, &n_dims, dim)) return 0;
    if (d >= n_dims) return 1;
    return dim[d] <= MAX_SIZE ? (int)dim[d] : 0;
}

/* The same of one that must be there. */
static int need_size(source *s, int d, const char *name)
{
    int v = size_of(s, d, name);
    if (v == 0 && s->status == OMOST_OK && !om_weights_has(s->w, name))
        s->status = om_weights_missing(s->w, name, s->err);
    if (v == 0)
        FAIL(s, OMOST_FORMAT, "%s: tensor %s of the %s is empty or too large",
             s->w->files->path, name, omost_model_part_name(s->w->part));
    return v;
}

/* The name with numbers where the pattern has a "#". */
static const char *named(char out[MAX_NAME], const char *pattern, int a, int b,
                         int c)
{
    const int number[] = {a, b, c};
    size_t n = 0, k = 0;
    for (const char *p = pattern; *p && n < MAX_NAME - 12; p++) {
        if (*p == '#' && k < 3)
            n += (size_t)snprintf(out + n, 12, "%d", number[k++]);
        else
            out[n++] = *p;
    }
    out[n] = '\0';
    return out;
}

/* Whether the tensor of this pattern and numbers is there. */
static bool has(const source *s, const char *pattern, int a, int b, int c)
{
    char name[MAX_NAME];
    return om_weights_has(s->w, named(name, pattern, a, b, c));
}

/* n counts up from 0 as long as the condition, which looks at it, holds. */
#define COUNT_WHILE(n, max, condition)            \
    do {                                          \
        (n) = 0;                                  \
        while ((n) < (max) && (condition)) (n)++; \
    } while (0)

/* ---- configuration ------------------------------------------------------- */

static const json_t *value_of(const source *s, const char *key)
{
    const json_t *v = json_object_get(s->config, key);
    return v && !json_is_null(v) ? v : NULL;
}

static int config_int(source *s, const char *key, int fallback)
{
    const json_t *v = value_of(s, key);
    if (!v) return fallback;
    json_int_t i = json_integer_value(v);
    if (json_is_integer(v) && i > 0 && i <= MAX_SIZE) return (int)i;
    FAIL(s, OMOST_FORMAT,
         "%s: \"%s\" in the configuration of the %s is not a "
         "number from 1 to %d",
         s->w->files->path, key, omost_model_part_name(s->w->part), MAX_SIZE);
    return fallback;
}

static float config_float(source *s, const char *key, float fallback)
{
    const json_t *v = value_of(s, key);
    double d = json_number_value(v);
    if (!v) return fallback;
    if (json_is_number(v) && d > 0 && d < 1e6) return (float)d;
    FAIL(s, OMOST_FORMAT,
         "%s: \"%s\" in the configuration of the %s is not a positive number",
         s->w->files->path, key, omost_model_part_name(s->w->part));
    return fallback;
}

/* The i-th of a list, or the one number for all; 0: not said. */
static int config_item(source *s, const char *key, int i)
{
    const json_t *v = value_of(s, key);
    if (!v) return 0;
    if (json_is_array(v)) v = json_array_get(v, (size_t)i);
    json_int_t n = json_integer_value(v);
    if (v && json_is_integer(v) && n > 0 && n <= MAX_SIZE) return (int)n;
    FAIL(s, OMOST_FORMAT,
         "%s: \"%s\" in the configuration of the %s says no number from 1 to "
         "%d for block %d",
         s->w->files->path, key, omost_model_part_name(s->w->part), MAX_SIZE,
         i);
    return 0;
}

/* The configuration, where it speaks, says what the tensors are. */
static void agree(source *s, const char *key, int said, int is)
{
    if (said != 0 && said != is)
        FAIL(s, OMOST_FORMAT,
             "%s: the configuration of the %s says %d for \"%s\", and its "
             "tensors are made for %d",
             s->w->files->path, omost_model_part_name(s->w->part), said, key,
             is);
}

/* So that a norm divides evenly, and heads too. */
static void divides(source *s, const char *what, int by, int n)
{
    if (by > 0 && n % by == 0) return;
    FAIL(s, s->config ? OMOST_FORMAT : OMOST_USAGE,
         "%s: %d channels of the %s cannot be shared among %d %s; give a "
         "configuration that says how many there are: --config JSON",
         s->w->files->path, n, omost_model_part_name(s->w->part), by, what);
}

static int heads_of(source *s, int said, int width)
{
    if (said == 0 && width % HEAD_WIDTH != 0) {
        FAIL(s, OMOST_USAGE,
             "%s: the %s has %d channels, which are not heads of %d; give a "
             "configuration that says how many there are: --config JSON",
             s->w->files->path, omost_model_part_name(s->w->part), width,
             HEAD_WIDTH);
        return 1;
    }
    int heads = said ? said : width / HEAD_WIDTH;
    divides(s, "heads", heads, width);
    return heads;
}

/* ---- UNet ---------------------------------------------------------------- */

static int depth_of(const source *s, const char *pattern, int b, int l)
{
    int n;
    COUNT_WHILE(n, MAX_DEPTH, has(s, pattern, b, l, n));
    return n;
}

static void read_unet_blocks(source *s, om_unet_config *c)
{
    char name[MAX_NAME];
    COUNT_WHILE(c->n_blocks, OM_MAX_BLOCKS,
                has(s, "down_blocks.#.resnets.#.conv1.weight", c->n_blocks, 0,
                    0));
    COUNT_WHILE(c->layers, OM_MAX_LAYERS - 1,
                has(s, "down_blocks.#.resnets.#.conv1.weight", 0, c->layers,
                    0));
    for (int b = 0; b < c->n_blocks; b++) {
        c->channels[b] = need_size(
            s, 0, named(name, "down_blocks.#.resnets.0.conv1.weight", b, 0, 0));
        agree(s, "block_out_channels", config_item(s, "block_out_channels", b),
              c->channels[b]);
        for (int l = 0; l <= c->layers; l++) {
            c->down_depth[b][l] =
                depth_of(s,
                         "down_blocks.#.attentions.#.transformer_blocks.#."
                         "attn1.to_q.weight",
                         b, l);
            c->up_depth[b][l] =
                depth_of(s,
                         "up_blocks.#.attentions.#.transformer_blocks.#."
                         "attn1.to_q.weight",
                         b, l);
        }
    }
    c->has_mid = om_weights_has(s->w, "mid_block.resnets.0.conv1.weight");
    COUNT_WHILE(c->mid_depth, MAX_DEPTH,
                has(s,
                    "mid_block.attentions.0.transformer_blocks.#.attn1.to_q."
                    "weight",
                    c->mid_depth, 0, 0));
}

/* Text widths: of the first attention to a text. */
static int unet_context(const source *s, const om_unet_config *c)
{
    char name[MAX_NAME];
    for (int b = 0; b < c->n_blocks; b++)
        for (int l = 0; l <= c->layers; l++) {
            int width = size_of(
                s, 1,
                named(name,
                      "down_blocks.#.attentions.#.transformer_blocks.0.attn2."
                      "to_k.weight",
                      b, l, 0));
            if (width) return width;
        }
    return size_of(s, 1,
                   "mid_block.attentions.0.transformer_blocks.0.attn2.to_k."
                   "weight");
}

/* diffusers' "attention_head_dim" is the number of heads in this UNet. */
static void read_unet_heads(source *s, om_unet_config *c)
{
    for (int b = 0; b < c->n_blocks; b++) {
        bool any = b == c->n_blocks - 1 && c->mid_depth > 0;
        for (int l = 0; l <= c->layers; l++)
            any = any || c->down_depth[b][l] ||
                  c->up_depth[c->n_blocks - 1 - b][l];
        int said = config_item(s, "num_attention_heads", b);
        if (!said) said = config_item(s, "attention_head_dim", b);
        c->heads[b] = any ? heads_of(s, said, c->channels[b]) : 0;
        divides(s, "groups", c->groups, c->channels[b]);
    }
}

/* The pooled text comes from the second encoder; six time ids follow it. */
static int time_id_width(source *s, const om_unet_config *c)
{
    om_weights text = {s->w->files, OMOST_MODEL_TEXT_ENCODER_2};
    int n_dims, pooled = 1280;
    size_t dim[OM_ST_MAX_DIMS];
    if (om_weights_shape(&text, "text_model.final_layer_norm.weight", &n_dims,
                         dim) &&
        dim[0] <= MAX_SIZE)
        pooled = (int)dim[0];
    int width =
        config_int(s, "addition_time_embed_dim", (c->add_width - pooled) / 6);
    if (width <= 0 || width % 2 != 0 || width * 6 >= c->add_width)
        FAIL(
            s, OMOST_FORMAT,
            "%s: the UNet takes %d numbers about the picture, which are no "
            "pooled text of %d and six sizes; give a configuration: --config JSON",
            s->w->files->path, c->add_width, pooled);
    return width;
}

omost_status om_unet_config_read(om_unet_config *c, const om_weights *w,
                                 const json_t *config, omost_error *err)
{
    source s = source_of(w, config, err);
    *c = (om_unet_config){0};
    c->in_channels = need_size(&s, 1, "conv_in.weight");
    c->out_channels = need_size(&s, 0, "conv_out.weight");
    c->time_width = need_size(&s, 0, "time_embedding.linear_1.weight");
    c->add_width = need_size(&s, 1, "add_embedding.linear_1.weight");
    if (s.status != OMOST_OK) return s.status;
    read_unet_blocks(&s, c);
    if (c->n_blocks == 0)
        FAIL(&s, OMOST_MISSING, "%s: the unet has no down_blocks",
             w->files->path);
    c->context = unet_context(&s, c);
    if (c->context == 0)
        FAIL(&s, OMOST_FORMAT, "%s: the unet attends to no text",
             w->files->path);
    c->groups = config_int(&s, "norm_num_groups", 32);
    c->norm_eps = config_float(&s, "norm_eps", 1e-5F);
    agree(&s, "cross_attention_dim", config_int(&s, "cross_attention_dim", 0),
          c->context);
    agree(&s, "layers_per_block", config_item(&s, "layers_per_block", 0),
          c->layers);
    agree(&s, "in_channels", config_int(&s, "in_channels", 0), c->in_channels);
    read_unet_heads(&s, c);
    c->time_id_width = time_id_width(&s, c);
    const char *odd = w->files->scheduler.odd;
    if (*odd)
        FAIL(&s, OMOST_FORMAT, "%s: its scheduler is not SDXL's: %s",
             w->files->path, odd);
    return s.status;
}

/* ---- VAE ----------------------------------------------------------------- */

omost_status om_vae_config_read(om_vae_config *c, const om_weights *w,
                                const json_t *config, omost_error *err)
{
    source s = source_of(w, config, err);
    char name[MAX_NAME];
    *c = (om_vae_config){0};
    c->latent_channels = need_size(&s, 1, "decoder.conv_in.weight");
    c->image_channels = need_size(&s, 0, "decoder.conv_out.weight");
    c->has_encoder = om_weights_has(w, "encoder.conv_in.weight");
    c->groups = config_int(&s, "norm_num_groups", 32);
    c->scaling = config_float(&s, "scaling_factor", 0.13025F);
    COUNT_WHILE(c->n_blocks, OM_MAX_BLOCKS,
                has(&s, "decoder.up_blocks.#.resnets.#.conv1.weight",
                    c->n_blocks, 0, 0));
    COUNT_WHILE(c->layers, OM_MAX_LAYERS,
                has(&s, "decoder.up_blocks.#.resnets.#.conv1.weight", 0,
                    c->layers, 0));
    if (c->n_blocks == 0 || c->layers < 2)
        FAIL(&s, OMOST_MISSING, "%s: the vae has no up_blocks", w->files->path);
    c->layers--; /* the decoder has one more */
    for (int b = 0; b < c->n_blocks; b++) {
        int up = c->n_blocks - 1 - b;
        c->channels[b] =
            need_size(&s, 0,
                      named(name, "decoder.up_blocks.#.resnets.0.conv1.weight",
                            up, 0, 0));
        agree(&s, "block_out_channels",
              config_item(&s, "block_out_channels", b), c->channels[b]);
        divides(&s, "groups", c->groups, c->channels[b]);
    }
    agree(&s, "layers_per_block", config_int(&s, "layers_per_block", 0),
          c->layers);
    agree(&s, "latent_channels", config_int(&s, "latent_channels", 0),
          c->latent_channels);
    return s.status;
}

/* ---- text encoders ------------------------------------------------------- */

static om_activation activation_of(source *s)
{
    om_activation own = s->w->part == OMOST_MODEL_TEXT_ENCODER
                            ? OM_ACT_QUICK_GELU
                            : OM_ACT_GELU;
    const json_t *v = value_of(s, "hidden_act");
    if (!v) return own;
    if (om_str_eqz(om_json_str(v), "quick_gelu")) return OM_ACT_QUICK_GELU;
    if (om_str_eqz(om_json_str(v), "gelu")) return OM_ACT_GELU;
    FAIL(s, OMOST_FORMAT,
         "%s: the %s has an activation that is neither gelu nor quick_gelu",
         s->w->files->path, omost_model_part_name(s->w->part));
    return own;
}

omost_status om_clip_config_read(om_clip_config *c, const om_weights *w,
                                 const json_t *config, omost_error *err)
{
    source s = source_of(w, config, err);
    const char *token = "text_model.embeddings.token_embedding.weight";
    *c = (om_clip_config){0};
    c->vocab = need_size(&s, 0, token);
    c->width = need_size(&s, 1, token);
    c->positions =
        need_size(&s, 0, "text_model.embeddings.position_embedding.weight");
    c->hidden = need_size(&s, 0, "text_model.encoder.layers.0.mlp.fc1.weight");
    if (s.status != OMOST_OK) return s.status;
    COUNT_WHILE(c->layers, MAX_DEPTH,
                has(&s, "text_model.encoder.layers.#.mlp.fc1.weight", c->layers,
                    0, 0));
    c->projection = size_of(&s, 0, "text_projection.weight");
    c->activation = activation_of(&s);
    c->norm_eps = config_float(&s, "layer_norm_eps", 1e-5F);
    c->heads = heads_of(&s, config_int(&s, "num_attention_heads", 0), c->width);
    agree(&s, "hidden_size", config_int(&s, "hidden_size", 0), c->width);
    agree(&s, "vocab_size", config_int(&s, "vocab_size", 0), c->vocab);
    agree(&s, "max_position_embeddings",
          config_int(&s, "max_position_embeddings", 0), c->positions);
    agree(&s, "intermediate_size", config_int(&s, "intermediate_size", 0),
          c->hidden);
    agree(&s, "num_hidden_layers", config_int(&s, "num_hidden_layers", 0),
          c->layers);
    return s.status;
}
