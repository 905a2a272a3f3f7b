/* test_bad_models.c - the golden model with one thing wrong: a tensor missing,
 * too much, of another shape or kind, a file cut short, a configuration that
 * lies. Whatever it is, opening fails with a sentence that names the file; so
 * does opening an engine. */
#include "unit/golden_tensors.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "diffusion/text_encoder.h"
#include "diffusion/unet.h"
#include "diffusion/vae.h"
#include "omost/render.h"

/* ---- a folder of its own ------------------------------------------------- */

static char folder[] = "/tmp/omost-bad-XXXXXX";

typedef struct part_files {
    const char *weights, *config;
} part_files;

static const part_files files_of[OMOST_MODEL_N_PARTS] = {
    {"unet/diffusion_pytorch_model.safetensors", "unet/config.json"},
    {"vae/diffusion_pytorch_model.safetensors", "vae/config.json"},
    {"text_encoder/model.safetensors", "text_encoder/config.json"},
    {"text_encoder_2/model.safetensors", "text_encoder_2/config.json"},
};
static const char scheduler[] = "scheduler/scheduler_config.json";

static const char *in_folder(char out[OM_TEST_PATH], const char *name)
{
    snprintf(out, OM_TEST_PATH, "%s/%s", folder, name);
    return out;
}

/* NAME is the golden one again. */
static void restore(const char *name)
{
    char path[OM_TEST_PATH], golden[OM_TEST_PATH], inner[100];
    char *whole;
    unlink(in_folder(path, name));
    snprintf(inner, sizeof inner, "model/%s", name);
    whole = realpath(golden_path(golden, inner), NULL);
    assert_non_null(whole);
    assert_int_equal(symlink(whole, path), 0);
    free(whole);
}

static int make_folder(void **state)
{
    (void)state;
    const char *inner[] = {"unet", "vae", "text_encoder", "text_encoder_2",
                           "scheduler"};
    char path[OM_TEST_PATH];
    if (!mkdtemp(folder)) return -1;
    for (size_t i = 0; i < sizeof inner / sizeof *inner; i++)
        if (mkdir(in_folder(path, inner[i]), 0700) != 0) return -1;
    return 0;
}

static int remove_folder(void **state)
{
    (void)state;
    char path[OM_TEST_PATH];
    for (int i = 0; i < OMOST_MODEL_N_PARTS; i++) {
        unlink(in_folder(path, files_of[i].weights));
        unlink(in_folder(path, files_of[i].config));
        rmdir(in_folder(path, omost_model_part_name((omost_model_part)i)));
    }
    unlink(in_folder(path, scheduler));
    rmdir(in_folder(path, "scheduler"));
    return rmdir(folder);
}

static bool golden_folder(void)
{
    om_buf b;
    if (!golden_file("model/model_index.json", &b)) return false;
    om_buf_free(&b);
    for (int i = 0; i < OMOST_MODEL_N_PARTS; i++) {
        restore(files_of[i].weights);
        restore(files_of[i].config);
    }
    restore(scheduler);
    return true;
}

static void write_bytes(const char *name, const void *p, size_t n)
{
    char path[OM_TEST_PATH];
    unlink(in_folder(path, name));
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, p, n), (ssize_t)n);
    close(fd);
}

static void write_text(const char *name, const char *text)
{
    write_bytes(name, text, strlen(text));
}

/* A header, and a hole where the numbers would be: nobody reads them here. */
static void write_sparse(const char *name, json_t *header, size_t data)
{
    char path[OM_TEST_PATH];
    char *text = json_dumps(header, JSON_COMPACT);
    uint64_t n = strlen(text);
    unlink(in_folder(path, name));
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, &n, sizeof n), sizeof n);
    assert_int_equal(write(fd, text, n), (ssize_t)n);
    assert_int_equal(ftruncate(fd, (off_t)(sizeof n + n + data)), 0);
    close(fd);
    free(text);
}

/* ---- opening ------------------------------------------------------------- */

static omost_status open_part(om_backend *b, const om_model_files *m,
                              omost_model_part part, omost_error *err)
{
    bool ok = true;
    if (part == OMOST_MODEL_UNET) {
        om_unet *u = om_unet_open(NULL, b, m, NULL, OM_KEEP_EXACT, err);
        ok = u != NULL;
        om_unet_close(u);
    } else if (part == OMOST_MODEL_VAE) {
        om_vae *v = om_vae_open(NULL, b, m, NULL, OM_KEEP_EXACT, err);
        ok = v != NULL;
        om_vae_close(v);
    } else {
        om_text_encoder *t =
            om_text_encoder_open(NULL, b, m, part, NULL, OM_KEEP_EXACT, err);
        ok = t != NULL;
        om_text_encoder_close(t);
    }
    return ok ? OMOST_OK : err->status;
}

/* The model, and this part of it. */
static omost_status open_all(omost_model_part part, omost_error *err)
{
    *err = (omost_error){0};
    om_backend *b =
        om_backend_open(NULL, &(om_backend_opts){.name = "ref", .n_threads = 1},
                        err);
    if (!b) fail_msg("%s", err->msg);
    om_model_files *m = om_model_open(NULL, folder, err);
    omost_status st = m ? open_part(b, m, part, err) : err->status;
    om_model_close(m);
    om_backend_close(b);
    return st;
}

/* It failed, and says of which model. */
static void expect_error(omost_status st, const omost_error *err,
                         const char *what)
{
    if (st == OMOST_OK) fail_msg("%s: no error", what);
    if (st != err->status) fail_msg("%s: %d is not %d", what, st, err->status);
    if (!strstr(err->msg, folder))
        fail_msg("%s: \"%s\" names no file", what, err->msg);
}

static void expect_word(const omost_error *err, const char *says)
{
    if (!strstr(err->msg, says))
        fail_msg("\"%s\" lacks \"%s\"", err->msg, says);
}

static void test_sound(void **state)
{
    (void)state;
    omost_error err;
    if (!golden_folder()) return;
    for (int i = 0; i < OMOST_MODEL_N_PARTS; i++)
        if (open_all((omost_model_part)i, &err)) fail_msg("%s", err.msg);
    if (omost_model_check(NULL, folder, &err)) fail_msg("%s", err.msg);
}

/* ---- tensors ------------------------------------------------------------- */

typedef enum damage { REMOVED, RENAMED, LARGER, SWAPPED, WHOLE_NUMBERS } damage;
enum { N_DAMAGES = WHOLE_NUMBERS + 1, EVERY = 5 };
static const char *const damage_name[] = {"removed", "renamed", "larger",
                                          "swapped", "of I32"};

/* Offsets anew, so that the file itself is sound. Returns the data's bytes. */
static size_t lay_out(json_t *header)
{
    const char *name;
    json_t *t;
    size_t at = 0;
    json_object_foreach(header, name, t)
    {
        size_t n = 4;
        json_t *shape = json_object_get(t, "shape");
        if (!shape) continue;
        for (size_t i = 0; i < json_array_size(shape); i++)
            n *= (size_t)json_integer_value(json_array_get(shape, i));
        const size_t end = at + n;
        json_object_set_new(t, "data_offsets",
                            json_pack("[I,I]", (json_int_t)at,
                                      (json_int_t)end));
        at = end;
    }
    return at;
}

/* False when this tensor cannot be damaged so. */
static bool do_damage(json_t *header, const char *name, damage d)
{
    json_t *t = json_object_get(header, name);
    json_t *shape = json_object_get(t, "shape");
    json_int_t a = json_integer_value(json_array_get(shape, 0));
    json_int_t b = json_integer_value(json_array_get(shape, 1));
    char other[300];
    switch (d) {
    case REMOVED: return json_object_del(header, name) == 0;
    case RENAMED:
        snprintf(other, sizeof other, "%s.x", name);
        json_object_set(header, other, t);
        return json_object_del(header, name) == 0;
    case LARGER: json_array_set_new(shape, 0, json_integer(a + 1)); return true;
    case SWAPPED:
        if (json_array_size(shape) != 2 || a == b) return false;
        json_array_set_new(shape, 0, json_integer(b));
        json_array_set_new(shape, 1, json_integer(a));
        return true;
    case WHOLE_NUMBERS:
        json_object_set_new(t, "dtype", json_string("I32"));
        return true;
    }
    return false;
}

/* Every few tensors in every way. Sizes are told by shapes, so an error is not
 * always seen where it was made; nearly always it is. */
static void damage_part(omost_model_part part)
{
    char golden[100];
    golden_tensors g;
    const char *name;
    json_t *t;
    size_t n = 0, named = 0, i = 0;
    snprintf(golden, sizeof golden, "model/%s", files_of[part].weights);
    if (!golden_tensors_open(&g, golden)) return;
    json_object_foreach(g.header, name, t)
    {
        if (!json_object_get(t, "shape") || i++ % EVERY != 0) continue;
        for (int d = 0; d < N_DAMAGES; d++) {
            char what[400];
            omost_error err;
            json_t *header = json_deep_copy(g.header);
            if (do_damage(header, name, (damage)d)) {
                snprintf(what, sizeof what, "%s %s", name, damage_name[d]);
                write_sparse(files_of[part].weights, header, lay_out(header));
                expect_error(open_all(part, &err), &err, what);
                named += strstr(err.msg, name) != NULL;
                n++;
            }
            json_decref(header);
        }
    }
    printf("%s: %zu of %zu damages name the tensor itself\n",
           omost_model_part_name(part), named, n);
    assert_true(n > 40 && named * 10 >= n * 8);
    restore(files_of[part].weights);
    golden_tensors_close(&g);
}

static void test_tensors(void **state)
{
    (void)state;
    if (!golden_folder()) return;
    for (int i = 0; i < OMOST_MODEL_N_PARTS; i++)
        damage_part((omost_model_part)i);
}

static void test_extra(void **state)
{
    (void)state;
    if (!golden_folder()) return;
    for (int i = 0; i < OMOST_MODEL_N_PARTS; i++) {
        char golden[100];
        golden_tensors g;
        omost_error err;
        snprintf(golden, sizeof golden, "model/%s", files_of[i].weights);
        if (!golden_tensors_open(&g, golden)) return;
        json_object_set_new(g.header, "an.extra.weight",
                            json_pack("{s:s,s:[i]}", "dtype", "F32", "shape",
                                      3));
        write_sparse(files_of[i].weights, g.header, lay_out(g.header));
        expect_error(open_all((omost_model_part)i, &err), &err, golden);
        expect_word(&err, "an.extra.weight");
        expect_error(omost_model_check(NULL, folder, &err), &err, golden);
        expect_word(&err, "an.extra.weight");
        restore(files_of[i].weights);
        golden_tensors_close(&g);
    }
}

/* ---- a whole engine ------------------------------------------------------ */

static omost_engine *open_engine(const char *model, const char *vae,
                                 const char *taesd, omost_error *err)
{
    const omost_engine_opts o = {.model = model,
                                 .vae = vae,
                                 .taesd = taesd,
                                 .backend = "ref",
                                 .n_threads = 1};
    return omost_engine_open(&o, err);
}

static void want_no_engine(const char *model, const char *vae,
                           const char *taesd, const char *says)
{
    omost_error err;
    omost_engine *e = open_engine(model, vae, taesd, &err);
    omost_engine_close(e);
    if (e) fail_msg("%s: it opened", says);
    expect_word(&err, says);
}

/* What the parts lack is told when the engine opens, not when each is needed. */
static void test_engine(void **state)
{
    (void)state;
    static const char *const last[OMOST_MODEL_N_PARTS] = {
        "conv_out.weight", "decoder.conv_out.weight",
        "text_model.encoder.layers.1.mlp.fc2.weight",
        "text_model.encoder.layers.1.mlp.fc2.weight"};
    char whole[OM_TEST_PATH], vae[OM_TEST_PATH], golden[100];
    if (!golden_folder()) return;
    golden_path(whole, "model");
    for (int i = 0; i < OMOST_MODEL_N_PARTS; i++) {
        golden_tensors g;
        snprintf(golden, sizeof golden, "model/%s", files_of[i].weights);
        if (!golden_tensors_open(&g, golden)) return;
        assert_true(do_damage(g.header, last[i], RENAMED));
        write_sparse(files_of[i].weights, g.header, lay_out(g.header));
        want_no_engine(folder, NULL, NULL, last[i]);
        if (i == OMOST_MODEL_VAE)
            want_no_engine(whole, in_folder(vae, "vae"), NULL, last[i]);
        restore(files_of[i].weights);
        golden_tensors_close(&g);
    }
    want_no_engine(whole, NULL, in_folder(vae, "unet"), "no tiny decoder");
}

static bool count(void *user, const omost_event *ev)
{
    *(int *)user += ev->kind == OMOST_EVENT_PROGRESS;
    return true;
}

static void want_no_encoder(omost_engine *e, const omost_render_opts *o)
{
    static const char text[] = "canvas = Canvas()\n"
                               "canvas.set_global_description(\n"
                               "    description='A pond.',\n"
                               "    detailed_descriptions=['Still.'],\n"
                               "    tags='pond', HTML_web_color_name='teal')\n";
    int n = 0;
    omost_error err;
    omost_canvas *c = omost_canvas_parse(text, strlen(text), NULL, &err);
    if (!c) fail_msg("%s", err.msg);
    assert_int_equal(omost_render(e, c, o, count, &n, &err), OMOST_MISSING);
    expect_word(&err, "give one that has it with --vae");
    expect_word(&err, folder);
    assert_int_equal(n, 0); /* before anything was done */
    omost_canvas_free(c);
}

/* Half a VAE is enough for plain pictures; what needs the other half is told
 * before anything is drawn. */
static void test_no_encoder(void **state)
{
    (void)state;
    static const uint8_t pixel[3];
    const char *file = files_of[OMOST_MODEL_VAE].weights, *name;
    golden_tensors g;
    omost_error err;
    json_t *t;
    void *next;
    if (!golden_folder()) return;
    if (!golden_tensors_open(&g, "model/vae/"
                                 "diffusion_pytorch_model.safetensors"))
        return;
    json_object_foreach_safe(g.header, next, name, t)
    {
        if (strncmp(name, "encoder.", 8) == 0 ||
            strncmp(name, "quant_conv.", 11) == 0)
            json_object_del(g.header, name);
    }
    write_sparse(file, g.header, lay_out(g.header));
    omost_engine *e = open_engine(folder, NULL, NULL, &err);
    if (!e) fail_msg("%s", err.msg);
    omost_render_opts o = OMOST_RENDER_DEFAULTS;
    o.hires_scale = 2;
    want_no_encoder(e, &o);
    o.hires_scale = 1;
    o.init_layout = 0.5f;
    want_no_encoder(e, &o);
    o.init_layout = 0;
    o.init_image = (omost_image){1, 1, pixel};
    want_no_encoder(e, &o);
    omost_engine_close(e);
    restore(file);
    golden_tensors_close(&g);
}

/* ---- files cut short ----------------------------------------------------- */

static void test_cut(void **state)
{
    (void)state;
    if (!golden_folder()) return;
    for (int i = 0; i < OMOST_MODEL_N_PARTS; i++) {
        char golden[100];
        om_buf b;
        omost_error err;
        uint64_t header;
        snprintf(golden, sizeof golden, "model/%s", files_of[i].weights);
        if (!golden_file(golden, &b)) return;
        memcpy(&header, b.p, sizeof header);
        const size_t at[] = {0,          1,       7,      8,
                             9,          500,     header, header + 7,
                             header + 8, b.n / 2, b.n - 1};
        for (size_t k = 0; k < sizeof at / sizeof *at; k++) {
            write_bytes(files_of[i].weights, b.p, at[k]);
            expect_error(open_all((omost_model_part)i, &err), &err, golden);
            expect_word(&err, files_of[i].weights);
        }
        restore(files_of[i].weights);
        om_buf_free(&b);
    }
}

/* ---- configurations ------------------------------------------------------ */

/* part (N_PARTS: the scheduler), key, value, a piece of the sentence */
static const struct lie {
    omost_model_part part;
    const char *key, *value, *says;
} lies[] = {
    {OMOST_MODEL_UNET, "attention_head_dim", "[1,3,2]", "shared among 3 heads"},
    {OMOST_MODEL_UNET, "attention_head_dim", "0", "attention_head_dim"},
    {OMOST_MODEL_UNET, "attention_head_dim", "[4]", "for block 1"},
    {OMOST_MODEL_UNET, "attention_head_dim", "\"4\"", "attention_head_dim"},
    {OMOST_MODEL_UNET, "attention_head_dim", "4000000000", "from 1 to"},
    {OMOST_MODEL_UNET, "attention_head_dim", "9223372036854775807",
     "from 1 to"},
    {OMOST_MODEL_UNET, "attention_head_dim", "-4", "attention_head_dim"},
    {OMOST_MODEL_UNET, "norm_num_groups", "0", "norm_num_groups"},
    {OMOST_MODEL_UNET, "norm_num_groups", "5", "among 5 groups"},
    {OMOST_MODEL_UNET, "norm_num_groups", "16777216", "groups"},
    {OMOST_MODEL_UNET, "norm_num_groups", "1e3", "norm_num_groups"},
    {OMOST_MODEL_UNET, "norm_eps", "0", "norm_eps"},
    {OMOST_MODEL_UNET, "norm_eps", "-1e-5", "norm_eps"},
    {OMOST_MODEL_UNET, "norm_eps", "1e30", "norm_eps"},
    {OMOST_MODEL_UNET, "norm_eps", "[]", "norm_eps"},
    {OMOST_MODEL_UNET, "in_channels", "9", "in_channels"},
    {OMOST_MODEL_UNET, "layers_per_block", "3", "layers_per_block"},
    {OMOST_MODEL_UNET, "cross_attention_dim", "25", "cross_attention_dim"},
    {OMOST_MODEL_UNET, "block_out_channels", "[32,64,33]",
     "block_out_channels"},
    {OMOST_MODEL_UNET, "block_out_channels", "[32,64]", "for block 2"},
    {OMOST_MODEL_UNET, "addition_time_embed_dim", "31", "six sizes"},
    {OMOST_MODEL_UNET, "addition_time_embed_dim", "16777216", "six sizes"},
    {OMOST_MODEL_VAE, "norm_num_groups", "7", "among 7 groups"},
    {OMOST_MODEL_VAE, "scaling_factor", "0", "scaling_factor"},
    {OMOST_MODEL_VAE, "scaling_factor", "\"big\"", "scaling_factor"},
    {OMOST_MODEL_VAE, "latent_channels", "16", "latent_channels"},
    {OMOST_MODEL_VAE, "layers_per_block", "1", "layers_per_block"},
    {OMOST_MODEL_VAE, "block_out_channels", "[32,64,32,64]",
     "block_out_channels"},
    {OMOST_MODEL_TEXT_ENCODER, "num_attention_heads", "3", "3 heads"},
    {OMOST_MODEL_TEXT_ENCODER, "num_attention_heads", "0",
     "num_attention_heads"},
    {OMOST_MODEL_TEXT_ENCODER, "hidden_size", "9", "hidden_size"},
    {OMOST_MODEL_TEXT_ENCODER, "num_hidden_layers", "12", "num_hidden_layers"},
    {OMOST_MODEL_TEXT_ENCODER, "hidden_act", "\"relu\"", "gelu"},
    {OMOST_MODEL_TEXT_ENCODER, "hidden_act", "7", "gelu"},
    {OMOST_MODEL_TEXT_ENCODER, "layer_norm_eps", "0", "layer_norm_eps"},
    {OMOST_MODEL_TEXT_ENCODER_2, "num_attention_heads", "5", "5 heads"},
    {OMOST_MODEL_N_PARTS, "prediction_type", "\"sample\"", "prediction_type"},
    {OMOST_MODEL_N_PARTS, "beta_end", "0.02", "beta_end is 0.02"},
    {OMOST_MODEL_N_PARTS, "beta_start", "\"small\"", "beta_start"},
    {OMOST_MODEL_N_PARTS, "beta_schedule", "\"linear\"", "beta_schedule"},
    {OMOST_MODEL_N_PARTS, "num_train_timesteps", "1001",
     "num_train_timesteps is 1001"},
    {OMOST_MODEL_N_PARTS, "trained_betas", "[0.1]", "trained_betas"},
    {OMOST_MODEL_N_PARTS, "_class_name", "\"EDMEulerScheduler\"", "EDM"},
    {OMOST_MODEL_N_PARTS, "_class_name", "\"FlowMatchEulerDiscreteScheduler\"",
     "flow matching"},
};

static const char *config_of(omost_model_part part)
{
    return part < OMOST_MODEL_N_PARTS ? files_of[part].config : scheduler;
}

static void test_lies(void **state)
{
    (void)state;
    if (!golden_folder()) return;
    for (size_t i = 0; i < sizeof lies / sizeof *lies; i++) {
        const struct lie *l = &lies[i];
        const char *name = config_of(l->part);
        char golden[100], what[200];
        omost_error err;
        snprintf(golden, sizeof golden, "model/%s", name);
        json_t *config = golden_json(golden);
        json_object_set_new(config, l->key,
                            json_loads(l->value, JSON_DECODE_ANY, NULL));
        char *text = json_dumps(config, 0);
        write_text(name, text);
        snprintf(what, sizeof what, "%s: %s", l->key, l->value);
        omost_model_part part =
            l->part < OMOST_MODEL_N_PARTS ? l->part : OMOST_MODEL_UNET;
        expect_error(open_all(part, &err), &err, what);
        expect_word(&err, l->says);
        restore(name);
        free(text);
        json_decref(config);
    }
}

static void test_no_json(void **state)
{
    (void)state;
    const char *texts[] = {"",     "[]",   "{",    "{\"a\":1,\"a\":2}",
                           "\xff", "null", "{} {}"};
    if (!golden_folder()) return;
    for (int i = 0; i <= OMOST_MODEL_N_PARTS; i++) {
        const char *name = config_of((omost_model_part)i);
        omost_error err;
        for (size_t k = 0; k < sizeof texts / sizeof *texts; k++) {
            write_text(name, texts[k]);
            expect_error(open_all(OMOST_MODEL_UNET, &err), &err, texts[k]);
            expect_word(&err, name);
        }
        restore(name);
    }
}

/* What the scheduler says is known once the folder is open. */
static void test_scheduler(void **state)
{
    (void)state;
    omost_error err;
    if (!golden_folder()) return;
    write_text(scheduler, "{\"prediction_type\":\"v_prediction\","
                          "\"rescale_betas_zero_snr\":true,"
                          "\"timestep_spacing\":\"trailing\","
                          "\"beta_start\":0.00085,\"beta_end\":0.012}");
    om_model_files *m = om_model_open(NULL, folder, &err);
    assert_non_null(m);
    assert_true(om_predicts_v(m));
    assert_true(om_has_zero_snr(m));
    assert_int_equal(m->scheduler.spacing, OM_SPACING_TRAILING);
    assert_string_equal(m->scheduler.odd, "");
    om_model_close(m);
    restore(scheduler);
    m = om_model_open(NULL, folder, &err);
    assert_non_null(m);
    assert_false(om_predicts_v(m));
    assert_false(om_has_zero_snr(m));
    assert_int_equal(m->scheduler.spacing, OM_SPACING_LEADING);
    om_model_close(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sound),      cmocka_unit_test(test_tensors),
        cmocka_unit_test(test_extra),      cmocka_unit_test(test_cut),
        cmocka_unit_test(test_lies),       cmocka_unit_test(test_no_json),
        cmocka_unit_test(test_scheduler),  cmocka_unit_test(test_engine),
        cmocka_unit_test(test_no_encoder),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
