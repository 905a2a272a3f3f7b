/* test_eps.c - single layers and blocks fed inputs so small that the epsilon of
 * a norm decides the result: a whole model hardly shows a wrong one. */
#include "models.h"

#include "diffusion/resnet.h"
#include "diffusion/unet_record.h"
#include "diffusion/vae_record.h"

static margin closest;
static const double share = 2e-5; /* of the range of the result */

/* A layer or block: its input "x" is there, its scope to be entered. */
typedef struct block_case {
    omost_model_part part;
    const char *scope;
    const char *name; /* golden: NAME.in */
    om_value (*record)(om_graph *g, om_value x);
    /* golden and label, or NULL: what `record` returns is NAME.out */
    const char *more[3][2];
} block_case;

/* Sizes of the golden model that no shape of the inputs tells. */
enum { GROUPS = 32, TIME_WIDTH = 128, CONTEXT = 24 };
static const float unet_eps = 1e-5F, vae_eps = 1e-6F;

static om_value resnet(om_graph *g, om_value x, om_value emb, float eps)
{
    om_graph_label(g, om_group_norm(g, x, "norm1", GROUPS, eps), "norm1");
    return om_resnet_record(g, x,
                            &(om_resnet){.out = om_graph_shape(g, x).c,
                                         .groups = GROUPS,
                                         .eps = eps,
                                         .emb = emb});
}

static om_value unet_resnet(om_graph *g, om_value x)
{
    om_value emb = om_graph_input(g, "emb", (om_shape){1, 1, 1, TIME_WIDTH});
    return resnet(g, x, om_unary(g, OM_SILU, emb), unet_eps);
}

static om_value vae_resnet(om_graph *g, om_value x)
{
    return resnet(g, x, OM_NO_VALUE, vae_eps);
}

static om_value unet_transformer(om_graph *g, om_value x)
{
    const om_unet_config c = {.groups = GROUPS};
    const om_unet_site site = {.depth = 2, .channels = 64, .heads = 4};
    return om_unet_record_transformer(g, &c, &site, x);
}

static om_value vae_attention(om_graph *g, om_value x)
{
    const om_vae_config c = {.groups = GROUPS};
    return om_vae_record_attention(g, x, &c);
}

static om_value unet_norm_out(om_graph *g, om_value x)
{
    return om_group_norm(g, x, "conv_norm_out", GROUPS, unet_eps);
}

static om_value vae_norm_out(om_graph *g, om_value x)
{
    return om_group_norm(g, x, "conv_norm_out", GROUPS, vae_eps);
}

static om_value norm1(om_graph *g, om_value x)
{
    return om_group_norm(g, x, "norm1", GROUPS, unet_eps);
}

static om_value layer_norm(om_graph *g, om_value x)
{
    return om_layer_norm(g, x, "", 1e-5F);
}

#define ATTENTION "down_blocks.1.attentions.0"
static const block_case cases[] = {
    {OMOST_MODEL_UNET,
     "down_blocks.0.resnets.0",
     "unet.resnet",
     unet_resnet,
     {{"unet.resnet.norm1", "down_blocks.0.resnets.0.norm1"}}},
    {OMOST_MODEL_UNET,
     ATTENTION,
     "unet.transformer",
     unet_transformer,
     {{"unet.transformer.norm", ATTENTION ".norm"},
      {"unet.transformer.block0.in", ATTENTION ".proj_in"},
      {"unet.transformer.block0.out", ATTENTION ".transformer_blocks.0"}}},
    {OMOST_MODEL_UNET,
     ATTENTION ".transformer_blocks.0.norm1",
     "unet.layer_norm",
     layer_norm,
     {{0}}},
    {OMOST_MODEL_UNET, "", "unet.conv_norm_out", unet_norm_out, {{0}}},
    {OMOST_MODEL_UNET,
     "down_blocks.0.resnets.0",
     "unet.group_norm_constant",
     norm1,
     {{0}}},
    {OMOST_MODEL_VAE,
     "encoder.down_blocks.0.resnets.0",
     "vae.resnet",
     vae_resnet,
     {{"vae.resnet.norm1", "encoder.down_blocks.0.resnets.0.norm1"}}},
    {OMOST_MODEL_VAE,
     "decoder.mid_block.attentions.0",
     "vae.attention",
     vae_attention,
     {{0}}},
    {OMOST_MODEL_VAE,
     "decoder",
     "vae.decoder.conv_norm_out",
     vae_norm_out,
     {{0}}},
    {OMOST_MODEL_TEXT_ENCODER,
     "text_model.final_layer_norm",
     "text.layer_norm",
     layer_norm,
     {{0}}},
};
enum { N_CASES = sizeof cases / sizeof *cases };

/* The words of the transformer: one region of ones. */
static void set_words(bench_graph *t, const golden_model *m,
                      const golden_tensors *data, om_shape s)
{
    const om_unet_site site = {
        .name = ATTENTION, .depth = 2, .channels = 64, .heads = 4};
    golden_array cond = golden_array_of(data, "unet.transformer.cond");
    bench_graph words;
    om_kept kept[2], copy[2];
    omost_error err;
    graph_begin(&words, m, OMOST_MODEL_UNET);
    om_unet_record_words(words.g, &site,
                         om_graph_input(words.g, "states", cond.s));
    graph_compile(&words, m);
    graph_put(&words, "states", &cond);
    graph_run(&words, m);
    void *memory[4];
    for (int i = 0; i < 2; i++) {
        assert_true(om_program_kept(words.program, i, &kept[i]));
        for (int v = 0; v < 2; v++) {
            memory[2 * i + v] = aligned_alloc(64, (kept[i].bytes + 63) & ~63u);
            assert_non_null(memory[2 * i + v]);
            memcpy(memory[2 * i + v], v ? kept[i].v : kept[i].k, kept[i].bytes);
        }
        copy[i] = kept[i];
        copy[i].k = memory[2 * i];
        copy[i].v = memory[2 * i + 1];
    }
    graph_end(&words); /* what is kept may outlive its program */

    int32_t row[64];
    assert_true(s.h * s.w <= 64);
    for (int i = 0; i < s.h * s.w; i++) row[i] = i;
    const om_span span = {0, cond.s.w, 1, 1};
    const om_attention_group group = {row, s.h * s.w, &span, 1};
    const om_attention_map map = {0, s.h, s.w, false, &group, 1};
    const om_context context = {copy, 2, &map, 1};
    if (om_program_set_context(t->program, &context, &err))
        fail_msg("%s", err.msg);
    graph_run(t, m);
    for (int i = 0; i < 4; i++) free(memory[i]);
    free(cond.x);
}

static void check_output(const golden_tensors *data, const golden_model *m,
                         const bench_graph *t, const char *name)
{
    golden_array want = golden_array_of(data, name);
    assert_golden(&closest, m->name, name, om_program_output(t->program, name),
                  want.s.c, &want, share * range_of(&want));
    free(want.x);
}

static void check_block(const golden_tensors *data, const golden_model *m,
                        const block_case *c)
{
    char in[64], out[64];
    bench_graph t;
    snprintf(in, sizeof in, "%s.in", c->name);
    snprintf(out, sizeof out, "%s.out", c->name);
    golden_array x = golden_array_of(data, in);
    graph_begin(&t, m, c->part);
    om_value v = om_graph_input(t.g, "x", x.s);
    if (*c->scope) om_graph_enter(t.g, "%s", c->scope);
    om_graph_output(t.g, out, c->record(t.g, v));
    for (int i = 0; i < 3 && c->more[i][0]; i++)
        om_graph_output(t.g, c->more[i][0], om_graph_find(t.g, c->more[i][1]));
    graph_compile(&t, m);
    graph_put(&t, "x", &x);
    if (c->record == unet_resnet) {
        golden_array emb = golden_array_of(data, "unet.resnet.temb");
        graph_put(&t, "emb", &emb);
        free(emb.x);
    }
    if (c->record == unet_transformer)
        set_words(&t, m, data, x.s);
    else
        graph_run(&t, m);
    check_output(data, m, &t, out);
    for (int i = 0; i < 3 && c->more[i][0]; i++)
        check_output(data, m, &t, c->more[i][0]);
    graph_end(&t);
    free(x.x);
}

static void check_blocks(golden_model *m)
{
    golden_tensors data;
    if (!golden_tensors_open(&data, "eps/eps.safetensors")) return;
    for (size_t i = 0; i < N_CASES; i++) check_block(&data, m, &cases[i]);
    golden_tensors_close(&data);
}

static void test_golden(void **state)
{
    (void)state;
    closest = (margin){0};
    each_backend(check_blocks);
    print_margin(&closest);
}

/* The same with an epsilon ten times as large or small is far off: these inputs
 * do tell. */
static void test_epsilon_tells(void **state)
{
    (void)state;
    if (!golden_is_here()) return;
    golden_tensors data;
    golden_model m;
    bench_graph t;
    if (!golden_tensors_open(&data, "eps/eps.safetensors")) return;
    golden_model_open(&m, "ref", OM_PRECISION_F32, layouts[0]);
    golden_array x = golden_array_of(&data, "unet.conv_norm_out.in");
    golden_array want = golden_array_of(&data, "unet.conv_norm_out.out");
    graph_begin(&t, &m, OMOST_MODEL_UNET);
    om_value v = om_graph_input(t.g, "x", x.s);
    om_graph_output(t.g, "y",
                    om_group_norm(t.g, v, "conv_norm_out", GROUPS, vae_eps));
    graph_compile(&t, &m);
    graph_put(&t, "x", &x);
    graph_run(&t, &m);
    double off = worst_distance(om_program_output(t.program, "y"), want.x,
                                om_shape_size(want.s));
    assert_true(off > 100 * share * range_of(&want));
    graph_end(&t);
    free(x.x);
    free(want.x);
    golden_model_close(&m);
    golden_tensors_close(&data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_golden),
        cmocka_unit_test(test_epsilon_tells),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
