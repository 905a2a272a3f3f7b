/* test_real_names.c - the real SDXL, all names and shapes and no data: every part
 * opens in both layouts, with nothing missing and nothing left over; and what is
 * wrong with a file is said. */
#include "models.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "diffusion/text_encoder.h"
#include "diffusion/unet_record.h"
#include "diffusion/vae.h"

static const uint64_t unet_parameters = 2567463684; /* as published */

/* ---- files that are a header and a hole -------------------------------- */

typedef struct hollow {
    om_buf head;
    size_t at;
} hollow;

static void hollow_add(hollow *f, const char *name, const json_t *shape)
{
    size_t n = 2; /* bytes of an F16 */
    char *text = json_dumps(shape, 0);
    for (size_t i = 0; i < json_array_size(shape); i++)
        n *= (size_t)json_integer_value(json_array_get(shape, i));
    om_buf_printf(&f->head,
                  "%s\"%s\":{\"dtype\":\"F16\",\"shape\":%s,\"data_offsets\":"
                  "[%zu,%zu]}",
                  f->head.n ? "," : "{", name, text, f->at, f->at + n);
    f->at += n;
    free(text);
}

static void hollow_write(hollow *f, const char *path)
{
    om_buf_putc(&f->head, '}');
    assert_int_equal(f->head.status, OMOST_OK);
    const uint64_t size = f->head.n;
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, &size, 8), 8);
    assert_int_equal(write(fd, f->head.p, f->head.n), (ssize_t)f->head.n);
    assert_int_equal(ftruncate(fd, (off_t)(8 + f->head.n + f->at)), 0);
    close(fd);
    om_buf_free(&f->head);
}

/* All names of a list but `without` (NULL: none). */
static void write_list(const json_t *list, const char *path,
                       const char *without, const char *besides)
{
    hollow f = {0};
    const char *name;
    json_t *shape;
    om_buf_init(&f.head, NULL, OM_TEST_FILE);
    json_object_foreach((json_t *)(uintptr_t)list, name,
                        shape) if (!without || strcmp(name, without) != 0)
        hollow_add(&f, name, shape);
    if (besides) {
        json_t *one = json_pack("[i]", 1);
        hollow_add(&f, besides, one);
        json_decref(one);
    }
    hollow_write(&f, path);
}

static const char *const parts[] = {"unet", "vae", "text_encoder",
                                    "text_encoder_2"};
static char folder[64];

static const char *in_folder(char out[OM_TEST_PATH], const char *a,
                             const char *b)
{
    snprintf(out, OM_TEST_PATH, "%s/%s%s", folder, a, b);
    return out;
}

static const char *part_file(char out[OM_TEST_PATH], size_t part)
{
    const char *name = part < 2 ? "/diffusion_pytorch_model.safetensors"
                                : "/model.safetensors";
    return in_folder(out, parts[part], name);
}

static json_t *keys; /* NULL: the golden data is not there */

static int make_files(void **state)
{
    (void)state;
    char path[OM_TEST_PATH];
    snprintf(folder, sizeof folder, "/tmp/omost-names-%d", (int)getpid());
    keys = golden_json("model-single/sdxl-full-size-keys.json");
    if (!keys) return 0;
    assert_int_equal(mkdir(folder, 0700), 0);
    const json_t *lists = json_object_get(keys, "diffusers");
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(mkdir(in_folder(path, parts[i], ""), 0700), 0);
        write_list(json_object_get(lists, parts[i]), part_file(path, i), NULL,
                   NULL);
    }
    write_list(json_object_get(keys, "single_file"),
               in_folder(path, "one.safetensors", ""), NULL, NULL);
    return 0;
}

static int remove_files(void **state)
{
    (void)state;
    char path[OM_TEST_PATH];
    if (!keys) return 0;
    unlink(in_folder(path, "one.safetensors", ""));
    for (size_t i = 0; i < 4; i++) {
        unlink(part_file(path, i));
        rmdir(in_folder(path, parts[i], ""));
    }
    rmdir(folder);
    json_decref(keys);
    return 0;
}

/* ---- opening ----------------------------------------------------------- */

static om_backend *open_backend(void)
{
    omost_error err;
    om_backend *b = om_backend_open(
        NULL, &(om_backend_opts){.name = "ref", .precision = OM_PRECISION_F32},
        &err);
    if (!b) fail_msg("%s", err.msg);
    return b;
}

static om_model_files *open_files(const char *path)
{
    omost_error err;
    om_model_files *files = om_model_open(NULL, path, &err);
    if (!files) fail_msg("%s", err.msg);
    return files;
}

static void check_unet(om_backend *b, const om_model_files *files)
{
    omost_error err;
    int h[OM_UNET_MAX_LEVELS], w[OM_UNET_MAX_LEVELS];
    om_unet *u = om_unet_open(NULL, b, files, NULL, OM_KEEP_EXACT, &err);
    if (!u) fail_msg("%s", err.msg);
    assert_true(om_unet_parameters(u) == unet_parameters);
    assert_int_equal(om_unet_slots(u), 70);
    assert_null(om_unet_site_at(u, 11));
    const om_unet_config *c = om_unet_config_of(u);
    assert_int_equal(c->heads[1], 10);
    assert_int_equal(c->heads[2], 20);
    assert_int_equal(om_unet_levels(u, 144, 112, h, w), 2);
    assert_true(h[0] == 72 && w[0] == 56 && h[1] == 36 && w[1] == 28);
    om_unet_close(u);
}

static void check_encoder(om_backend *b, const om_model_files *files,
                          omost_model_part part, int width, int projection)
{
    omost_error err;
    om_text_encoder *te =
        om_text_encoder_open(NULL, b, files, part, NULL, OM_KEEP_EXACT, &err);
    if (!te) fail_msg("%s", err.msg);
    assert_int_equal(om_text_encoder_config(te)->width, width);
    assert_int_equal(om_text_encoder_config(te)->projection, projection);
    om_text_encoder_close(te);
}

static void check_model(const char *path)
{
    omost_error err;
    om_backend *b = open_backend();
    om_model_files *files = open_files(path);
    check_unet(b, files);
    om_vae *vae = om_vae_open(NULL, b, files, NULL, OM_KEEP_EXACT, &err);
    if (!vae) fail_msg("%s", err.msg);
    assert_int_equal(om_vae_factor(vae), 8);
    assert_true(om_vae_config_of(vae)->has_encoder);
    om_vae_close(vae);
    check_encoder(b, files, OMOST_MODEL_TEXT_ENCODER, 768, 0);
    check_encoder(b, files, OMOST_MODEL_TEXT_ENCODER_2, 1280, 1280);
    om_model_close(files);
    om_backend_close(b);
}

static void test_folder(void **state)
{
    (void)state;
    if (keys) check_model(folder);
}

static void test_single(void **state)
{
    (void)state;
    char path[OM_TEST_PATH];
    if (keys) check_model(in_folder(path, "one.safetensors", ""));
}

/* ---- one tensor less, one more ----------------------------------------- */

/* The first sentence of opening the part in a file of these names. */
static omost_error open_changed(size_t part, const char *without,
                                const char *besides)
{
    char path[OM_TEST_PATH];
    omost_error err;
    const json_t *lists = json_object_get(keys, "diffusers");
    write_list(json_object_get(lists, parts[part]), part_file(path, part),
               without, besides);
    om_backend *b = open_backend();
    om_model_files *files = open_files(folder);
    void *model = NULL;
    switch (part) {
    case 0:
        model = om_unet_open(NULL, b, files, NULL, OM_KEEP_EXACT, &err);
        break;
    case 1:
        model = om_vae_open(NULL, b, files, NULL, OM_KEEP_EXACT, &err);
        break;
    default:
        model = om_text_encoder_open(NULL, b, files, (omost_model_part)part,
                                     NULL, OM_KEEP_EXACT, &err);
    }
    assert_null(model);
    om_model_close(files);
    om_backend_close(b);
    write_list(json_object_get(lists, parts[part]), part_file(path, part), NULL,
               NULL);
    return err;
}

static void test_changed(void **state)
{
    (void)state;
    static const struct {
        size_t part;
        const char *name;
    } gone[] = {
        {0, "down_blocks.2.attentions.1.transformer_blocks.9.attn2.to_v."
            "weight"},
        {0, "up_blocks.2.resnets.2.conv2.bias"},
        {1, "encoder.mid_block.attentions.0.to_k.bias"},
        {1, "post_quant_conv.weight"},
        {2, "text_model.final_layer_norm.bias"},
        {3, "text_model.embeddings.position_embedding.weight"},
    };
    if (!keys) return;
    for (size_t i = 0; i < sizeof gone / sizeof *gone; i++) {
        omost_error err = open_changed(gone[i].part, gone[i].name, NULL);
        if (err.status != OMOST_MISSING || !strstr(err.msg, gone[i].name))
            fail_msg("without %s: %s", gone[i].name, err.msg);
    }
    static const char *const more[] = {
        "mid_block.attentions.0.transformer_blocks.3.attn2.to_q.bias",
        "encoder.down_blocks.0.resnets.1.time_emb_proj.weight",
        "text_model.encoder.layers.3.self_attn.q_norm.weight",
        "text_model.encoder.layers.3.self_attn.q_norm.weight"};
    for (size_t i = 0; i < 4; i++) {
        omost_error err = open_changed(i, NULL, more[i]);
        if (err.status != OMOST_FORMAT || !strstr(err.msg, "has no place in a"))
            fail_msg("with %s: %s", more[i], err.msg);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_folder),
        cmocka_unit_test(test_single),
        cmocka_unit_test(test_changed),
    };
    return cmocka_run_group_tests(tests, make_files, remove_files);
}
