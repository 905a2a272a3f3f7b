/* test_lora.c - LoRAs in all spellings and forms, on models in both layouts:
 * every weight that comes out is compared with the formula worked out number by
 * number; what does not fit is refused in words. */
#include "support.h"

#include <math.h>
#include <unistd.h>

#include "base/json.h"
#include "weights/delta.h"
#include "weights/lora.h"
#include "weights/weights.h"

/* ---- files of the test's own --------------------------------------------- */

static char folder[] = "/tmp/omost-lora-XXXXXX";

static int make_folder(void **state)
{
    (void)state;
    return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state)
{
    (void)state;
    const char *names[] = {"model.safetensors",         "lora.safetensors",
                           "second.safetensors",        "third.safetensors",
                           "adapter_model.safetensors", "adapter_config.json"};
    char path[OM_TEST_PATH];
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        snprintf(path, sizeof path, "%s/%s", folder, names[i]);
        unlink(path);
    }
    return rmdir(folder);
}

static const char *in_folder(char out[OM_TEST_PATH], const char *name)
{
    snprintf(out, OM_TEST_PATH, "%s/%s", folder, name);
    return out;
}

/* A file in the making, of numbers in -1..1 that depend on their place. */
typedef struct draft {
    om_buf header, data;
} draft;

static void begin_with(draft *d, const char *adapter)
{
    om_buf_init(&d->header, NULL, OM_TEST_FILE);
    om_buf_init(&d->data, NULL, OM_TEST_FILE);
    om_buf_puts(&d->header, "{\"__metadata__\":{\"format\":\"pt\"");
    if (adapter) {
        om_buf_puts(&d->header, ",\"lora_adapter_metadata\":");
        om_json_write_str(&d->header, om_str_of(adapter));
    }
    om_buf_putc(&d->header, '}');
}

static void begin(draft *d)
{
    begin_with(d, NULL);
}

static float noise(uint32_t i)
{
    i = (i ^ 61) ^ i >> 16;
    i *= 9;
    i ^= i >> 4;
    i *= 0x27d4eb2d;
    i ^= i >> 15;
    return (float)(i % 2001) / 1000.0F - 1.0F;
}

static void add_kind(draft *d, om_dtype kind, const char *name,
                     const char *shape)
{
    size_t n = 1, begin = d->data.n;
    uint32_t seed = 0;
    for (const char *p = shape; *p; p++)
        if (*p >= '0' && *p <= '9') {
            n *= strtoul(p, NULL, 10);
            while (p[1] >= '0' && p[1] <= '9') p++;
        }
    for (const char *p = name; *p; p++) seed = seed * 31 + (uint8_t)*p;
    for (size_t i = 0; i < n; i++) {
        float f = noise(seed + (uint32_t)i);
        char bytes[4];
        om_dtype_convert(kind, bytes, OM_F32, &f, 1);
        om_buf_put(&d->data, bytes, om_dtype_size(kind));
    }
    om_buf_printf(&d->header,
                  ",\"%s\":{\"dtype\":\"%s\",\"shape\":%s,\"data_offsets\":"
                  "[%zu,%zu]}",
                  name, om_dtype_name(kind), shape, begin, d->data.n);
}

static void add(draft *d, const char *name, const char *shape)
{
    add_kind(d, OM_F32, name, shape);
}

static void add_number(draft *d, const char *name, float f)
{
    om_buf_printf(&d->header,
                  ",\"%s\":{\"dtype\":\"F32\",\"shape\":[],\"data_offsets\":"
                  "[%zu,%zu]}",
                  name, d->data.n, d->data.n + sizeof f);
    om_buf_put(&d->data, &f, sizeof f);
}

static void finish(draft *d, const char *name)
{
    char path[OM_TEST_PATH];
    omost_error err;
    om_buf all;
    om_buf_init(&all, NULL, OM_TEST_FILE);
    om_buf_putc(&d->header, '}');
    for (int i = 0; i < 8; i++)
        om_buf_putc(&all, (char)((uint64_t)d->header.n >> 8 * i));
    om_buf_str(&all, om_buf_view(&d->header));
    om_buf_str(&all, om_buf_view(&d->data));
    assert_int_equal(all.status, OMOST_OK);
    if (om_file_write(NULL, in_folder(path, name), om_buf_view(&all), &err))
        fail_msg("%s", err.msg);
    om_buf_free(&all);
    om_buf_free(&d->header);
    om_buf_free(&d->data);
}

/* ---- the models ---------------------------------------------------------- */

/* The layers that are changed. `rows` and `cols` reach beyond one tile. */
typedef struct spot {
    omost_model_part part;
    const char *diffusers, *original; /* in the part, without ".weight" */
    const char *shape;
    size_t rows, in, taps;
} spot;

static const spot spots[] = {
    {OMOST_MODEL_UNET,
     "down_blocks.1.attentions.0.transformer_blocks.0.attn1.to_q",
     "input_blocks.4.1.transformer_blocks.0.attn1.to_q", "[70,150]", 70, 150,
     1},
    {OMOST_MODEL_UNET,
     "down_blocks.1.attentions.0.transformer_blocks.0.attn1.to_out.0",
     "input_blocks.4.1.transformer_blocks.0.attn1.to_out.0", "[12,20]", 12, 20,
     1},
    {OMOST_MODEL_UNET, "down_blocks.0.resnets.1.conv1",
     "input_blocks.2.0.in_layers.2", "[66,20,3,3]", 66, 20, 9},
    {OMOST_MODEL_UNET, "down_blocks.0.downsamplers.0.conv",
     "input_blocks.3.0.op", "[4,6,3,3]", 4, 6, 9},
    {OMOST_MODEL_UNET, "up_blocks.0.upsamplers.0.conv",
     "output_blocks.2.2.conv", "[4,6,3,3]", 4, 6, 9},
    {OMOST_MODEL_UNET, "down_blocks.1.resnets.0.conv_shortcut",
     "input_blocks.4.0.skip_connection", "[8,4,1,1]", 8, 4, 1},
    {OMOST_MODEL_UNET, "mid_block.resnets.1.time_emb_proj",
     "middle_block.2.emb_layers.1", "[10,6]", 10, 6, 1},
    {OMOST_MODEL_UNET, "time_embedding.linear_1", "time_embed.0", "[6,4]", 6, 4,
     1},
    {OMOST_MODEL_TEXT_ENCODER, "text_model.encoder.layers.0.mlp.fc1",
     "text_model.encoder.layers.0.mlp.fc1", "[16,8]", 16, 8, 1},
    {OMOST_MODEL_TEXT_ENCODER_2, "text_model.encoder.layers.0.mlp.fc2",
     "transformer.resblocks.0.mlp.c_proj", "[6,24]", 6, 24, 1},
};
enum { N_SPOTS = sizeof spots / sizeof *spots };

static const char *const prefix[] = {"model.diffusion_model.",
                                     "first_stage_model.",
                                     "conditioner.embedders.0.transformer.",
                                     "conditioner.embedders.1.model."};

/* One file of the original's names, or the UNet alone with diffusers'. */
static void make_model(bool original, om_dtype kind)
{
    char name[300];
    draft d;
    begin(&d);
    for (size_t i = 0; i < N_SPOTS; i++) {
        const spot *s = &spots[i];
        if (!original && s->part != OMOST_MODEL_UNET) continue;
        snprintf(name, sizeof name, "%s%s.weight",
                 original ? prefix[s->part] : "",
                 original ? s->original : s->diffusers);
        add_kind(&d, kind, name, s->shape);
    }
    add(&d,
        original ? "model.diffusion_model.input_blocks.1.0.in_layers.2.weight"
                 : "down_blocks.0.resnets.0.conv1.weight",
        "[4,4,3,3]");
    add(&d,
        original ? "model.diffusion_model.input_blocks.2.0.in_layers.2.bias"
                 : "down_blocks.0.resnets.1.conv1.bias",
        "[66]");
    if (original) {
        add_kind(&d, kind,
                 "conditioner.embedders.1.model.transformer.resblocks.0.attn."
                 "in_proj_weight",
                 "[27,8]");
        add_kind(&d, kind, "conditioner.embedders.1.model.text_projection",
                 "[70,140]");
    }
    finish(&d, "model.safetensors");
}

static om_model_files *open_model(void)
{
    char path[OM_TEST_PATH];
    omost_error err;
    om_model_files *m =
        om_model_open(NULL, in_folder(path, "model.safetensors"), &err);
    if (!m) fail_msg("%s", err.msg);
    return m;
}

static void attach(om_model_files *m, const char *name, float weight,
                   om_lora_report *r)
{
    char path[OM_TEST_PATH];
    omost_error err;
    if (om_lora_attach(m, in_folder(path, name), weight, r, &err) != OMOST_OK)
        fail_msg("%s", err.msg);
}

/* What is there for LAYER.what, in f32; freed by the caller. */
static float *read_weight(const om_model_files *m, omost_model_part part,
                          const char *layer, const char *what, size_t *n)
{
    char name[300];
    int n_dims;
    size_t dim[OM_ST_MAX_DIMS];
    om_weights w;
    om_weight t;
    omost_error err;
    snprintf(name, sizeof name, "%s.%s", layer, what);
    assert_int_equal(om_weights_open(&w, m, part, &err), OMOST_OK);
    assert_true(om_weights_shape(&w, name, &n_dims, dim));
    assert_int_equal(om_weights_get(&w, name, n_dims, dim, &t, &err), OMOST_OK);
    float *v = malloc(t.n * sizeof *v);
    uint16_t *half = malloc(t.n * sizeof *half);
    uint16_t *want = malloc(t.n * sizeof *want);
    assert_true(v && half && want);
    om_weight_to_f32(v, &t);
    /* The others are the same, rounded. */
    om_weight_to_f16(half, &t);
    om_f32_to_f16(want, v, t.n);
    assert_memory_equal(half, want, t.n * sizeof *half);
    om_weight_to_bf16(half, &t);
    om_f32_to_bf16(want, v, t.n);
    assert_memory_equal(half, want, t.n * sizeof *half);
    assert_int_equal(om_weight_exact(&t), t.delta ? OM_F32 : t.dtype);
    free(half);
    free(want);
    if (n) *n = t.n;
    return v;
}

/* ---- the formulas, number by number -------------------------------------- */

static om_safetensors *open_lora(const char *name)
{
    char path[OM_TEST_PATH];
    omost_error err;
    om_safetensors *st = om_st_open(NULL, in_folder(path, name), &err);
    if (!st) fail_msg("%s", err.msg);
    return st;
}

static double at(const om_safetensors *st, const char *name, size_t i)
{
    float f;
    const om_st_tensor *t = om_st_find(st, om_str_of(name));
    if (!t) fail_msg("no %s", name);
    assert_true(i < t->n);
    om_to_f32(&f, t->dtype, (const char *)t->data + i * om_dtype_size(t->dtype),
              1);
    return (double)f;
}

/* sum over r: a[o, r] b[r, c] */
static double product(const om_safetensors *st, const char *a, const char *b,
                      size_t rank, size_t cols, size_t o, size_t c)
{
    double sum = 0;
    for (size_t r = 0; r < rank; r++)
        sum += at(st, a, o * rank + r) * at(st, b, r * cols + c);
    return sum;
}

typedef double formula_fn(const om_safetensors *st, const void *user, size_t o,
                          size_t c);

/* before + scale * formula == after, for all [rows, cols] */
static void compare(const float *before, const float *after, size_t rows,
                    size_t cols, double scale, formula_fn *formula,
                    const void *user, const char *what)
{
    om_safetensors *st = open_lora("lora.safetensors");
    size_t moved = 0;
    for (size_t o = 0; o < rows; o++)
        for (size_t c = 0; c < cols; c++) {
            double change = scale * formula(st, user, o, c);
            double want = (double)before[o * cols + c] + change;
            if (fabs(want - (double)after[o * cols + c]) > 2e-5)
                fail_msg("%s [%zu, %zu]: %.9g, not %.9g", what, o, c,
                         (double)after[o * cols + c], want);
            moved += fabs(change) > 1e-3;
        }
    assert_true(moved > rows * cols / 2);
    om_st_close(st);
}

/* ---- names --------------------------------------------------------------- */

/* How a layer is spelt: head, whose name of it, dots or underscores; tails. */
static const struct spelling {
    const char *head[OMOST_MODEL_N_PARTS]; /* NULL: not for that part */
    bool original, flat;
    const char *down, *up, *alpha;
} spellings[] = {
    {{"lora_unet_", NULL, "lora_te1_", "lora_te2_"},
     false,
     true,
     ".lora_down.weight",
     ".lora_up.weight",
     ".alpha"},
    {{"lora_unet_", NULL, "lora_te_", NULL},
     true,
     true,
     ".lora_down.weight",
     ".lora_up.weight",
     ".alpha"},
    {{"unet.", NULL, "text_encoder.", "text_encoder_2."},
     false,
     false,
     ".lora_A.weight",
     ".lora_B.weight",
     NULL},
    {{"base_model.model.unet.", NULL, "base_model.model.text_encoder.", NULL},
     false,
     false,
     ".lora_A.default.weight",
     ".lora_B.default.weight",
     NULL},
    {{"base_model.model.", NULL, NULL, NULL},
     false,
     false,
     ".lora_A.weight",
     ".lora_B.weight",
     NULL},
    {{"", NULL, NULL, NULL},
     false,
     false,
     ".lora.down.weight",
     ".lora.up.weight",
     ".alpha"},
    {{"unet.", NULL, "text_encoder.", "text_encoder_2."},
     false,
     false,
     ".lora_linear_layer.down.weight",
     ".lora_linear_layer.up.weight",
     ".alpha"},
    {{"diffusion_model.", NULL, "text_encoders.clip_l.transformer.",
      "text_encoders.clip_g.transformer."},
     false,
     false,
     ".lora_down.weight",
     ".lora_up.weight",
     ".alpha"},
    {{"diffusion_model.", NULL, NULL, NULL},
     true,
     false,
     ".lora_A.weight",
     ".lora_B.weight",
     NULL},
};

typedef struct pair {
    char down[300], up[300];
    size_t rank, cols;
} pair;

static double pair_formula(const om_safetensors *st, const void *user, size_t o,
                           size_t c)
{
    const pair *p = user;
    return product(st, p->up, p->down, p->rank, p->cols, o, c);
}

static void spell(char out[300], const struct spelling *k, const spot *s,
                  const char *tail)
{
    int n = snprintf(out, 300, "%s", k->head[s->part]);
    char *layer = out + n;
    n += snprintf(layer, 300 - (size_t)n, "%s",
                  k->original ? s->original : s->diffusers);
    for (char *p = layer; k->flat && *p; p++)
        if (*p == '.') *p = '_';
    snprintf(out + n, 300 - (size_t)n, "%s", tail);
}

static void make_pair(draft *d, const struct spelling *k, const spot *s,
                      size_t rank, om_dtype kind)
{
    char name[300], shape[80];
    const char *ones = s->taps > 1 || strstr(s->shape, "1,1") ? ",1,1" : "";
    const char *window = s->taps > 1 ? ",3,3" : ones;
    spell(name, k, s, k->down);
    snprintf(shape, sizeof shape, "[%zu,%zu%s]", rank, s->in, window);
    add_kind(d, kind, name, shape);
    spell(name, k, s, k->up);
    snprintf(shape, sizeof shape, "[%zu,%zu%s]", s->rows, rank, ones);
    add_kind(d, kind, name, shape);
    if (!k->alpha) return;
    spell(name, k, s, k->alpha);
    add_number(d, name, 3);
}

static void check_spelling(const struct spelling *k, bool original_model,
                           om_dtype kind)
{
    draft d;
    size_t n = 0;
    float *before[N_SPOTS] = {NULL};
    om_lora_report r;
    om_model_files *m = open_model();
    begin(&d);
    for (size_t i = 0; i < N_SPOTS; i++) {
        const spot *s = &spots[i];
        if (!k->head[s->part] || om_model_count(m, s->part) == 0) continue;
        before[i] = read_weight(m, s->part, s->diffusers, "weight", NULL);
        make_pair(&d, k, s, i == 0 ? 37 : 2, kind);
        n++;
    }
    finish(&d, "lora.safetensors");
    attach(m, "lora.safetensors", 0.5F, &r);
    assert_int_equal(r.n_used, n);
    assert_int_equal(r.n_left, 0);
    for (size_t i = 0; i < N_SPOTS; i++) {
        const spot *s = &spots[i];
        size_t rank = i == 0 ? 37 : 2;
        pair p = {.rank = rank, .cols = s->in * s->taps};
        if (!before[i]) continue;
        spell(p.down, k, s, k->down);
        spell(p.up, k, s, k->up);
        float *after = read_weight(m, s->part, s->diffusers, "weight", NULL);
        compare(before[i], after, s->rows, p.cols,
                k->alpha ? 0.5 * 3 / (double)rank : 0.5, pair_formula, &p,
                p.down);
        free(before[i]);
        free(after);
    }
    om_model_close(m);
    (void)original_model;
}

static void test_names(void **state)
{
    (void)state;
    for (int original = 0; original < 2; original++) {
        make_model(original, original ? OM_F16 : OM_F32);
        for (size_t i = 0; i < sizeof spellings / sizeof *spellings; i++)
            check_spelling(&spellings[i], original, i % 2 ? OM_BF16 : OM_F32);
    }
}

/* The first spelling diffusers had, of attention alone. */
static void test_processors(void **state)
{
    (void)state;
    const char *layer = "unet.down_blocks.1.attentions.0.transformer_blocks.0"
                        ".attn1.processor.";
    char name[300];
    draft d;
    om_lora_report r;
    begin(&d);
    snprintf(name, sizeof name, "%sto_q_lora.down.weight", layer);
    add(&d, name, "[3,150]");
    snprintf(name, sizeof name, "%sto_q_lora.up.weight", layer);
    add(&d, name, "[70,3]");
    snprintf(name, sizeof name, "%sto_out_lora.down.weight", layer);
    add(&d, name, "[3,20]");
    snprintf(name, sizeof name, "%sto_out_lora.up.weight", layer);
    add(&d, name, "[12,3]");
    finish(&d, "lora.safetensors");
    make_model(false, OM_BF16);
    om_model_files *m = open_model();
    for (int i = 0; i < 2; i++) {
        pair p = {.rank = 3, .cols = spots[i].in};
        float *before =
            read_weight(m, OMOST_MODEL_UNET, spots[i].diffusers, "weight", 0);
        om_model_files *with = open_model();
        attach(with, "lora.safetensors", -1, &r);
        assert_int_equal(r.n_used, 2);
        float *after = read_weight(with, OMOST_MODEL_UNET, spots[i].diffusers,
                                   "weight", 0);
        snprintf(p.down, sizeof p.down, "%s%s.down.weight", layer,
                 i ? "to_out_lora" : "to_q_lora");
        snprintf(p.up, sizeof p.up, "%s%s.up.weight", layer,
                 i ? "to_out_lora" : "to_q_lora");
        compare(before, after, spots[i].rows, spots[i].in, -1, pair_formula, &p,
                p.down);
        om_model_close(with);
        free(before);
        free(after);
    }
    om_model_close(m);
}

/* ---- strength from a configuration --------------------------------------- */

#define Q_NAME "down_blocks.1.attentions.0.transformer_blocks.0.attn1.to_q"

/* What to_q becomes with a pair of rank 4, its configuration beside it or in
 * it, and its alpha as a tensor unless that is 0. */
static omost_status configured(const char *json, bool inside, float alpha,
                               float **out, omost_error *err)
{
    static const struct spelling peft = {{"unet.", NULL, NULL, NULL},
                                         false,
                                         false,
                                         ".lora_A.weight",
                                         ".lora_B.weight",
                                         NULL};
    char path[OM_TEST_PATH];
    draft d;
    begin_with(&d, inside ? json : NULL);
    make_pair(&d, &peft, &spots[0], 4, OM_F32);
    if (alpha != 0) add_number(&d, "unet." Q_NAME ".alpha", alpha);
    finish(&d, "adapter_model.safetensors");
    in_folder(path, "adapter_config.json");
    unlink(path);
    if (json && !inside)
        assert_int_equal(om_file_write(NULL, path, om_str_of(json), err), 0);
    om_model_files *m = open_model();
    omost_status st = om_lora_attach(m, folder, 1, NULL, err);
    *out = st ? NULL
              : read_weight(m, OMOST_MODEL_UNET, spots[0].diffusers, "weight",
                            NULL);
    om_model_close(m);
    return st;
}

static void test_configured(void **state)
{
    (void)state;
    static const struct {
        const char *json;
        bool inside;
        float alpha; /* the same as a tensor says it */
    } cases[] = {
        {"{\"peft_type\":\"LORA\",\"r\":4,\"lora_alpha\":16}", false, 16},
        {"{\"r\":4,\"lora_alpha\":16,\"use_rslora\":true}", false, 32},
        {"{\"r\":8,\"lora_alpha\":16,\"rank_pattern\":{\"to_q\":4},"
         "\"alpha_pattern\":{\"q\":1,\"to_k\":2,\"attn1.to_q\":6}}",
         false, 6},
        {"{\"lora_alpha\":16,\"alpha_pattern\":{\"^to_q\":2,\"^" Q_NAME
         "\":6}}",
         false, 6},
        {"{\"lora_alpha\":1.5,\"use_rslora\":null,\"alpha_pattern\":null}",
         false, 1.5F},
        {"{\"peft_type\":\"LOHA\",\"alpha\":2}", false, 2},
        {"{\"r\":4}", false, 4},
        {"{\"unet.r\":4,\"unet.lora_alpha\":16,\"text_encoder.lora_alpha\":3}",
         true, 16},
        {"{\"unet.lora_alpha\":16,\"unet.alpha_pattern\":{\"to_q\":6}}", true,
         6},
        {"{\"text_encoder.lora_alpha\":3,\"lora_alpha\":5}", true, 4},
    };
    omost_error err;
    float *is, *want, *plain;
    const size_t bytes = spots[0].rows * spots[0].in * sizeof(float);
    make_model(false, OM_F32);
    assert_int_equal(configured(NULL, false, 0, &plain, &err), OMOST_OK);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        if (configured(cases[i].json, cases[i].inside, 0, &is, &err))
            fail_msg("case %zu: %s", i, err.msg);
        assert_int_equal(configured(NULL, false, cases[i].alpha, &want, &err),
                         OMOST_OK);
        if (memcmp(is, want, bytes) != 0) fail_msg("case %zu differs", i);
        assert_int_equal(memcmp(is, plain, bytes) == 0, cases[i].alpha == 4);
        free(is);
        free(want);
    }
    /* A tensor goes first. */
    assert_int_equal(configured("{\"lora_alpha\":16}", false, 4, &is, &err),
                     OMOST_OK);
    assert_memory_equal(is, plain, bytes);
    free(is);
    free(plain);
}

static void test_badly_configured(void **state)
{
    (void)state;
    static const struct {
        const char *json, *part;
        bool inside;
    } cases[] = {
        {"{", "adapter_config.json is not valid JSON", false},
        {"[]", "adapter_config.json is not a JSON object", false},
        {"{", "lora_adapter_metadata of ", true},
        {"{\"lora_alpha\":\"16\"}", "alpha in its adapter_config.json", false},
        {"{\"lora_alpha\":1e300}", "is not a number", false},
        {"{\"lora_alpha\":4,\"r\":0}", "r in its", false},
        {"{\"lora_alpha\":4,\"r\":2.5}", "is not a rank", false},
        {"{\"lora_alpha\":4,\"use_rslora\":1}", "is not true or false", false},
        {"{\"alpha_pattern\":[]}", "is not an object", false},
        {"{\"alpha_pattern\":{\"to_(q|k)\":1}}", "is not a layer's name",
         false},
        {"{\"alpha_pattern\":{\"to_q\":{}}}", "is not a number", false},
        {"{\"unet.lora_alpha\":true}", "in its lora_adapter_metadata", true},
    };
    omost_error err;
    float *is;
    make_model(false, OM_F32);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_int_equal(configured(cases[i].json, cases[i].inside, 0, &is,
                                    &err),
                         OMOST_FORMAT);
        if (!strstr(err.msg, cases[i].part) || !strstr(err.msg, folder))
            fail_msg("case %zu: %s", i, err.msg);
        assert_int_equal(err.line, 0);
    }
}

/* ---- other forms --------------------------------------------------------- */

/* A form on one spot: its tensors, its formula and scale. */
typedef struct form {
    const char *what;
    size_t i_spot;
    struct {
        const char *tail, *shape;
    } t[8];
    float alpha; /* 0: none */
    double scale;
    formula_fn *formula;
} form;

static const char q_layer[] = "lora_unet_down_blocks_1_attentions_0_"
                              "transformer_blocks_0_attn1_to_q";
static const char conv_layer[] = "lora_unet_down_blocks_0_resnets_1_conv1";

#define Q(tail)                             \
    "lora_unet_down_blocks_1_attentions_0_" \
    "transformer_blocks_0_attn1_to_q." tail
#define C(tail) "lora_unet_down_blocks_0_resnets_1_conv1." tail

/* sum over p, q: a(o, p) mid[p, q, tap] b[q, in], rank 5 */
static double tucker(const om_safetensors *st, const char *a, const char *mid,
                     const char *b, bool transposed, size_t o, size_t c)
{
    double sum = 0;
    for (size_t p = 0; p < 5; p++)
        for (size_t q = 0; q < 5; q++)
            sum += at(st, a, transposed ? p * 66 + o : o * 5 + p) *
                   at(st, mid, (p * 5 + q) * 9 + c % 9) *
                   at(st, b, q * 20 + c / 9);
    return sum;
}

static double mid_formula(const om_safetensors *st, const void *user, size_t o,
                          size_t c)
{
    (void)user;
    return tucker(st, C("lora_up.weight"), C("lora_mid.weight"),
                  C("lora_down.weight"), false, o, c);
}

static double loha_formula(const om_safetensors *st, const void *user, size_t o,
                           size_t c)
{
    (void)user;
    return product(st, Q("hada_w1_a"), Q("hada_w1_b"), 34, 150, o, c) *
           product(st, Q("hada_w2_a"), Q("hada_w2_b"), 34, 150, o, c);
}

static double loha_tucker_formula(const om_safetensors *st, const void *user,
                                  size_t o, size_t c)
{
    (void)user;
    return tucker(st, C("hada_w1_a"), C("hada_t1"), C("hada_w1_b"), true, o,
                  c) *
           tucker(st, C("hada_w2_a"), C("hada_t2"), C("hada_w2_b"), true, o, c);
}

/* w1 [10, 6] (x) w2 [7, 25] */
static double lokr_formula(const om_safetensors *st, const void *user, size_t o,
                           size_t c)
{
    (void)user;
    return at(st, Q("lokr_w1"), o / 7 * 6 + c / 25) *
           at(st, Q("lokr_w2"), o % 7 * 25 + c % 25);
}

/* (w1_a w1_b) [2, 3] (x) (w2_a w2_b) [35, 50] */
static double lokr_products_formula(const om_safetensors *st, const void *user,
                                    size_t o, size_t c)
{
    (void)user;
    return product(st, Q("lokr_w1_a"), Q("lokr_w1_b"), 2, 3, o / 35, c / 50) *
           product(st, Q("lokr_w2_a"), Q("lokr_w2_b"), 4, 50, o % 35, c % 50);
}

/* w1 [3, 4] (x) w2 [22, 5, 3, 3] */
static double lokr_conv_formula(const om_safetensors *st, const void *user,
                                size_t o, size_t c)
{
    (void)user;
    return at(st, C("lokr_w1"), o / 22 * 4 + c / 45) *
           at(st, C("lokr_w2"), o % 22 * 45 + c % 45);
}

static double lokr_tucker_formula(const om_safetensors *st, const void *user,
                                  size_t o, size_t c)
{
    double sum = 0;
    (void)user;
    for (size_t p = 0; p < 2; p++)
        for (size_t q = 0; q < 2; q++)
            sum += at(st, C("lokr_w2_a"), p * 22 + o % 22) *
                   at(st, C("lokr_t2"), (p * 2 + q) * 9 + c % 9) *
                   at(st, C("lokr_w2_b"), q * 5 + c % 45 / 9);
    return at(st, C("lokr_w1"), o / 22 * 4 + c / 45) * sum;
}

static double diff_formula(const om_safetensors *st, const void *user, size_t o,
                           size_t c)
{
    (void)user;
    return at(st, C("diff"), o * 180 + c);
}

static const form forms[] = {
    {"LoCon with a middle",
     2,
     {{"lora_down.weight", "[5,20,1,1]"},
      {"lora_mid.weight", "[5,5,3,3]"},
      {"lora_up.weight", "[66,5,1,1]"}},
     2,
     0.8 * 2 / 5,
     mid_formula},
    {"LoHa",
     0,
     {{"hada_w1_a", "[70,34]"},
      {"hada_w1_b", "[34,150]"},
      {"hada_w2_a", "[70,34]"},
      {"hada_w2_b", "[34,150]"}},
     1,
     0.8 / 34,
     loha_formula},
    {"LoHa with a middle",
     2,
     {{"hada_w1_a", "[5,66]"},
      {"hada_w1_b", "[5,20]"},
      {"hada_t1", "[5,5,3,3]"},
      {"hada_w2_a", "[5,66]"},
      {"hada_w2_b", "[5,20]"},
      {"hada_t2", "[5,5,3,3]"}},
     0,
     0.8,
     loha_tucker_formula},
    {"LoKr of whole matrices",
     0,
     {{"lokr_w1", "[10,6]"}, {"lokr_w2", "[7,25]"}},
     7,
     0.8,
     lokr_formula},
    {"LoKr of products",
     0,
     {{"lokr_w1_a", "[2,2]"},
      {"lokr_w1_b", "[2,3]"},
      {"lokr_w2_a", "[35,4]"},
      {"lokr_w2_b", "[4,50]"}},
     2,
     0.8 * 2 / 4,
     lokr_products_formula},
    {"LoKr of a convolution",
     2,
     {{"lokr_w1", "[3,4]"}, {"lokr_w2", "[22,5,3,3]"}},
     0,
     0.8,
     lokr_conv_formula},
    {"LoKr with a middle",
     2,
     {{"lokr_w1", "[3,4]"},
      {"lokr_w2_a", "[2,22]"},
      {"lokr_w2_b", "[2,5]"},
      {"lokr_t2", "[2,2,3,3]"}},
     1,
     0.8 / 2,
     lokr_tucker_formula},
    {"difference", 2, {{"diff", "[66,20,3,3]"}}, 0, 0.8, diff_formula},
};

static void test_forms(void **state)
{
    (void)state;
    make_model(false, OM_F16);
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        const form *f = &forms[i];
        const spot *s = &spots[f->i_spot];
        const char *layer = f->i_spot == 0 ? q_layer : conv_layer;
        char name[300];
        draft d;
        om_lora_report r;
        begin(&d);
        for (size_t k = 0; k < 8 && f->t[k].tail; k++) {
            snprintf(name, sizeof name, "%s.%s", layer, f->t[k].tail);
            add_kind(&d, k % 2 ? OM_F16 : OM_F32, name, f->t[k].shape);
        }
        snprintf(name, sizeof name, "%s.alpha", layer);
        if (f->alpha != 0) add_number(&d, name, f->alpha);
        finish(&d, "lora.safetensors");
        om_model_files *m = open_model();
        float *before = read_weight(m, s->part, s->diffusers, "weight", NULL);
        attach(m, "lora.safetensors", 0.8F, &r);
        assert_int_equal(r.n_used, 1);
        float *after = read_weight(m, s->part, s->diffusers, "weight", NULL);
        compare(before, after, s->rows, s->in * s->taps, f->scale, f->formula,
                NULL, f->what);
        om_model_close(m);
        free(before);
        free(after);
    }
}

static double bias_formula(const om_safetensors *st, const void *user, size_t o,
                           size_t c)
{
    (void)user;
    return at(st, C("diff_b"), o + c);
}

/* A bias, a third of a stack, a matrix that is stored the other way round. */
static void test_odd_places(void **state)
{
    (void)state;
    const char *layer[] = {"down_blocks.0.resnets.1.conv1",
                           "text_model.encoder.layers.0.self_attn.v_proj",
                           "text_projection"};
    const char *what[] = {"bias", "weight", "weight"};
    const size_t rows[] = {1, 9, 140}, cols[] = {66, 8, 70};
    draft d;
    om_lora_report r;
    pair v = {"lora_te2_text_model_encoder_layers_0_self_attn_v_proj"
              ".lora_down.weight",
              "lora_te2_text_model_encoder_layers_0_self_attn_v_proj"
              ".lora_up.weight",
              2, 8};
    pair t = {"lora_te2_text_projection.lora_down.weight",
              "lora_te2_text_projection.lora_up.weight", 4, 70};
    float *before[3];
    make_model(true, OM_F32);
    begin(&d);
    add(&d, C("diff_b"), "[66]");
    add(&d, v.down, "[2,8]");
    add(&d, v.up, "[9,2]");
    add(&d, t.down, "[4,70]");
    add(&d, t.up, "[140,4]");
    finish(&d, "lora.safetensors");
    om_model_files *m = open_model();
    for (int i = 0; i < 3; i++)
        before[i] = read_weight(m, i ? OMOST_MODEL_TEXT_ENCODER_2 : 0, layer[i],
                                what[i], NULL);
    attach(m, "lora.safetensors", 2, &r);
    assert_int_equal(r.n_used, 3);
    for (int i = 0; i < 3; i++) {
        float *after = read_weight(m, i ? OMOST_MODEL_TEXT_ENCODER_2 : 0,
                                   layer[i], what[i], NULL);
        compare(before[i], after, rows[i], cols[i], 2,
                i ? pair_formula : bias_formula, i == 1 ? &v : &t, layer[i]);
        free(before[i]);
        free(after);
    }
    om_model_close(m);
}

/* ---- several ------------------------------------------------------------- */

static void make_second(const char *name, uint32_t rank)
{
    char shape[40];
    draft d;
    begin(&d);
    snprintf(shape, sizeof shape, "[%u,150]", rank);
    add(&d, Q("lora_down.weight"), shape);
    snprintf(shape, sizeof shape, "[70,%u]", rank);
    add(&d, Q("lora_up.weight"), shape);
    finish(&d, name);
}

/* Three files: their changes add up, and in whatever order they come the sum is
 * the same to the last bit; a weight of 0 changes nothing. */
static void test_several(void **state)
{
    (void)state;
    const char *names[] = {"lora.safetensors", "second.safetensors",
                           "third.safetensors"};
    const float weights[] = {0.3F, -1.7F, 0.9F};
    const int orders[][3] = {{0, 1, 2}, {2, 1, 0}, {1, 2, 0}};
    float *sum[3], *one[3];
    size_t n;
    make_model(false, OM_F16);
    for (uint32_t i = 0; i < 3; i++) make_second(names[i], 3 + i);
    om_model_files *plain = open_model();
    float *base =
        read_weight(plain, OMOST_MODEL_UNET, spots[0].diffusers, "weight", &n);
    attach(plain, names[0], 0, NULL);
    float *zero =
        read_weight(plain, OMOST_MODEL_UNET, spots[0].diffusers, "weight", &n);
    assert_memory_equal(base, zero, n * sizeof *base);
    om_model_close(plain);
    for (int i = 0; i < 3; i++) {
        om_model_files *m = open_model(), *single = open_model();
        for (int k = 0; k < 3; k++)
            attach(m, names[orders[i][k]], weights[orders[i][k]], NULL);
        attach(single, names[i], weights[i], NULL);
        sum[i] =
            read_weight(m, OMOST_MODEL_UNET, spots[0].diffusers, "weight", &n);
        one[i] = read_weight(single, OMOST_MODEL_UNET, spots[0].diffusers,
                             "weight", &n);
        om_model_close(m);
        om_model_close(single);
    }
    for (int i = 1; i < 3; i++)
        assert_memory_equal(sum[0], sum[i], n * sizeof *base);
    for (size_t i = 0; i < n; i++) {
        double want = -2.0 * (double)base[i];
        for (int k = 0; k < 3; k++) want += (double)one[k][i];
        assert_true(fabs(want - (double)sum[0][i]) < 1e-5);
    }
    for (int i = 0; i < 3; i++) free(sum[i]), free(one[i]);
    free(base);
    free(zero);
}

/* ---- what does not fit --------------------------------------------------- */

/* tensors "NAME SHAPE" of a file; a piece of the sentence */
static const struct refused {
    const char *t[6][2];
    const char *says;
} refused[] = {
    {{{"lora_unet_down_blocks_0_attentions_0_transformer_blocks_0_attn2_to_k"
       ".lora_down.weight",
       "[4,768]"},
      {"lora_unet_down_blocks_0_attentions_0_transformer_blocks_0_attn2_to_k"
       ".lora_up.weight",
       "[320,4]"}},
     "made for another architecture"},
    {{{"lora_unet_double_blocks_0_img_attn_proj.lora_down.weight", "[4,8]"},
      {"lora_unet_double_blocks_0_img_attn_proj.lora_up.weight", "[8,4]"}},
     "none of its 1 layers, the first is lora_unet_double_blocks_0"},
    {{{Q("lora_down.weight"), "[4,151]"}, {Q("lora_up.weight"), "[70,4]"}},
     "attn1_to_q.lora_down.weight, [4, 151], does not fit"},
    {{{Q("lora_down.weight"), "[4,150]"}, {Q("lora_up.weight"), "[70,5]"}},
     "attn1_to_q.lora_up.weight, [70, 5], does not fit"},
    {{{Q("lora_down.weight"), "[0,150]"}, {Q("lora_up.weight"), "[70,0]"}},
     "does not fit"},
    {{{Q("lora_down.weight"), "[4,150]"}}, "is not complete"},
    {{{Q("lora_up.weight"), "[70,4]"}, {Q("alpha"), "[]"}}, "is not complete"},
    {{{Q("lora_down.weight"), "[4,150]"},
      {Q("lora_up.weight"), "[70,4]"},
      {Q("alpha"), "[2]"}},
     "to_q.alpha is not a number"},
    {{{Q("lora_down.weight"), "[4,150]"},
      {Q("lora_up.weight"), "[70,4]"},
      {Q("dora_scale"), "[70,1]"}},
     "is a DoRA"},
    {{{Q("lora_down.weight"), "[4,150]"}, {Q("oft_blocks"), "[70,1]"}},
     "kind of adapter that is not supported"},
    {{{Q("hada_w1_a"), "[70,4]"}, {Q("hada_w1_b"), "[4,150]"}},
     "is not complete"},
    {{{Q("lokr_w1"), "[3,3]"}, {Q("lokr_w2"), "[7,25]"}}, "does not fit"},
    {{{Q("lokr_w1"), "[0,3]"}, {Q("lokr_w2"), "[7,25]"}}, "does not fit"},
    {{{Q("lokr_w1"), "[10,6]"}, {Q("lokr_w2"), "[7,24]"}}, "does not fit"},
    {{{Q("diff"), "[70,150,1,2]"}, {Q("lora_up.weight"), "[1]"}},
     "is not complete"},
    {{{C("lora_down.weight"), "[4,20,1,1]"}, {C("lora_up.weight"), "[66,4]"}},
     "lora_down.weight, [4, 20, 1, 1], does not fit"},
    {{{Q("lora_down.weight"), "[4,150]"},
      {"unet.down_blocks.1.attentions.0.transformer_blocks.0.attn1.to_q."
       "lora_A.weight",
       "[4,150]"},
      {Q("lora_up.weight"), "[70,4]"}},
     "says the same thing twice"},
    {{{"conv_in.weight", "[2]"}}, "is no LoRA"},
};

static void expect_refused(om_model_files *m, const char *says)
{
    char path[OM_TEST_PATH];
    omost_error err = {0};
    omost_status st =
        om_lora_attach(m, in_folder(path, "lora.safetensors"), 1, NULL, &err);
    if (st == OMOST_OK) fail_msg("not refused: %s", says);
    assert_int_equal(st, err.status);
    if (!strstr(err.msg, says)) fail_msg("\"%s\" lacks \"%s\"", err.msg, says);
    if (!strstr(err.msg, "lora.safetensors"))
        fail_msg("\"%s\" does not name the file", err.msg);
    for (size_t i = 0; i < m->n_entries; i++) assert_null(m->entry[i].delta);
    assert_int_equal(m->n_loras, 0);
}

static void test_refused(void **state)
{
    (void)state;
    char path[OM_TEST_PATH];
    omost_error err;
    make_model(false, OM_F32);
    om_model_files *m = open_model();
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        const struct refused *r = &refused[i];
        draft d;
        begin(&d);
        for (size_t k = 0; k < 6 && r->t[k][0]; k++)
            add(&d, r->t[k][0], r->t[k][1]);
        finish(&d, "lora.safetensors");
        expect_refused(m, r->says);
    }
    assert_int_equal(om_lora_attach(m, in_folder(path, "lora.safetensors"),
                                    INFINITY, NULL, &err),
                     OMOST_RANGE);
    assert_int_equal(om_lora_attach(m, in_folder(path, "nowhere"), 1, NULL,
                                    &err),
                     OMOST_MISSING);
    om_model_close(m);
}

/* Layers the model lacks are counted, not refused, when others are there. */
static void test_left_over(void **state)
{
    (void)state;
    char note[OM_LORA_NOTE];
    draft d;
    om_lora_report r;
    make_model(false, OM_F32);
    make_second("second.safetensors", 2);
    begin(&d);
    add(&d, Q("lora_down.weight"), "[4,150]");
    add(&d, Q("lora_up.weight"), "[70,4]");
    add(&d, "lora_te1_text_model_encoder_layers_0_mlp_fc1.lora_down.weight",
        "[4,8]");
    add(&d, "lora_te1_text_model_encoder_layers_0_mlp_fc1.lora_up.weight",
        "[16,4]");
    add(&d, "bundle_emb.word.string_to_param.*", "[1,8]");
    finish(&d, "lora.safetensors");
    om_model_files *m = open_model();
    attach(m, "lora.safetensors", 1, &r);
    assert_int_equal(r.n_used, 1);
    assert_int_equal(r.n_left, 2);
    om_lora_note(&r, note);
    assert_non_null(strstr(note, "lora.safetensors: 2 of its 3 layers are not "
                                 "in this model and left out"));
    attach(m, "second.safetensors", 1, &r);
    assert_string_equal(om_lora_note(&r, note), "");
    om_model_close(m);
}

/* ---- the golden model ---------------------------------------------------- */

static om_model_files *open_golden(const char *name)
{
    char path[OM_TEST_PATH];
    omost_error err;
    om_model_files *m = om_model_open(NULL, golden_path(path, name), &err);
    if (!m)
        printf("*** SKIPPED: %s (set OMOST_GOLDEN to the golden data) ***\n",
               err.msg);
    return m;
}

/* lora_unet_..., down and up, of rank 2 for one of its weights */
static void add_for(draft *d, const om_model_files *m, const char *layer,
                    const char *spelt)
{
    char name[300], shape[80];
    int n_dims;
    size_t dim[OM_ST_MAX_DIMS];
    const om_weights w = {.files = m, .part = OMOST_MODEL_UNET};
    snprintf(name, sizeof name, "%s.weight", layer);
    assert_true(om_weights_shape(&w, name, &n_dims, dim));
    snprintf(name, sizeof name, "%s.lora_down.weight", spelt);
    snprintf(shape, sizeof shape, n_dims == 4 ? "[2,%zu,%zu,%zu]" : "[2,%zu]",
             dim[1], dim[2], dim[3]);
    add_kind(d, OM_F16, name, shape);
    snprintf(name, sizeof name, "%s.lora_up.weight", spelt);
    snprintf(shape, sizeof shape, n_dims == 4 ? "[%zu,2,1,1]" : "[%zu,2]",
             dim[0]);
    add_kind(d, OM_F16, name, shape);
}

/* The folder and the checkpoint are the same model: what comes out of both is
 * the same, and is the formula's. */
static void test_golden(void **state)
{
    (void)state;
    const char *layer[] = {
        "down_blocks.1.attentions.0.transformer_blocks.0.attn2.to_k",
        "up_blocks.0.resnets.2.conv1"};
    const char *spelt[] = {
        "lora_unet_input_blocks_4_1_transformer_blocks_0_attn2_to_k",
        "lora_unet_up_blocks_0_resnets_2_conv1"};
    draft d;
    om_model_files *m = open_golden("model");
    om_model_files *one = open_golden("model-single/model-fp32.safetensors");
    if (m && one) {
        float *before[2];
        begin(&d);
        for (int i = 0; i < 2; i++) {
            add_for(&d, m, layer[i], spelt[i]);
            before[i] =
                read_weight(m, OMOST_MODEL_UNET, layer[i], "weight", NULL);
        }
        finish(&d, "lora.safetensors");
        attach(m, "lora.safetensors", 0.25F, NULL);
        attach(one, "lora.safetensors", 0.25F, NULL);
        om_safetensors *st = open_lora("lora.safetensors");
        for (int i = 0; i < 2; i++) {
            size_t n;
            pair p = {.rank = 2};
            float *a = read_weight(m, OMOST_MODEL_UNET, layer[i], "weight", &n);
            float *b =
                read_weight(one, OMOST_MODEL_UNET, layer[i], "weight", &n);
            assert_memory_equal(a, b, n * sizeof *a);
            snprintf(p.down, sizeof p.down, "%s.lora_down.weight", spelt[i]);
            snprintf(p.up, sizeof p.up, "%s.lora_up.weight", spelt[i]);
            p.cols = om_st_find(st, om_str_of(p.down))->n / 2;
            compare(before[i], a, n / p.cols, p.cols, 0.25, pair_formula, &p,
                    layer[i]);
            free(before[i]);
            free(a);
            free(b);
        }
        om_st_close(st);
        begin(&d);
        add(&d, refused[0].t[0][0], refused[0].t[0][1]);
        add(&d, refused[0].t[1][0], refused[0].t[1][1]);
        finish(&d, "lora.safetensors");
        char path[OM_TEST_PATH];
        omost_error err = {0};
        om_lora_attach(m, in_folder(path, "lora.safetensors"), 1, NULL, &err);
        assert_non_null(strstr(err.msg, "it is a LoRA for Stable Diffusion 1"));
    }
    om_model_close(m);
    om_model_close(one);
}

/* ---- memory -------------------------------------------------------------- */

static void test_no_memory(void **state)
{
    (void)state;
    char model[OM_TEST_PATH], lora[OM_TEST_PATH];
    bool done = false;
    make_model(true, OM_F16);
    make_second("lora.safetensors", 2);
    in_folder(model, "model.safetensors");
    in_folder(lora, "lora.safetensors");
    for (size_t n = 1; !done; n++) {
        meter mt = {0};
        omost_env env = {metered, &mt};
        omost_error err;
        om_model_files *m = om_model_open(&env, model, &err);
        assert_non_null(m);
        mt.fail_at = mt.calls + n;
        omost_status st = om_lora_attach(m, lora, 1, NULL, &err);
        done = mt.calls < mt.fail_at;
        assert_int_equal(st, done ? OMOST_OK : OMOST_NOMEM);
        for (size_t i = 0; i < m->n_entries; i++)
            assert_true(done || !m->entry[i].delta);
        om_model_close(m);
        assert_int_equal(mt.live, 0);
        assert_true(n < 10000);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_processors),
        cmocka_unit_test(test_forms),
        cmocka_unit_test(test_odd_places),
        cmocka_unit_test(test_several),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_left_over),
        cmocka_unit_test(test_golden),
        cmocka_unit_test(test_configured),
        cmocka_unit_test(test_badly_configured),
        cmocka_unit_test(test_no_memory),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
