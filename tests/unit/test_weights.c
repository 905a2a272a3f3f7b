/* test_weights.c - safetensors files, sound and broken; what a path is; every
 * tensor of the golden models in all layouts; the real SDXL's whole list of
 * names, through files of its real size that are nearly all holes. */
#include "support.h"

#include <dirent.h>
#include <fcntl.h>
#include <math.h>
#include <sys/stat.h>
#include <unistd.h>

#include "weights/model_config.h"

/* ---- making files -------------------------------------------------------- */

static void put_length(om_buf *b, uint64_t n)
{
    for (int i = 0; i < 8; i++) om_buf_putc(b, (char)(n >> 8 * i));
}

/* A whole file of this header and `n` bytes 0, 1, 2 ... */
static om_buf file_of(const char *header, size_t n)
{
    om_buf b;
    om_buf_init(&b, NULL, OM_TEST_FILE);
    put_length(&b, strlen(header));
    om_buf_puts(&b, header);
    for (size_t i = 0; i < n; i++) om_buf_putc(&b, (char)i);
    assert_int_equal(b.status, OMOST_OK);
    return b;
}

static char folder[] = "/tmp/omost-weights-XXXXXX";

static int make_folder(void **state)
{
    (void)state;
    return mkdtemp(folder) ? 0 : -1;
}

static void remove_tree(const char *path)
{
    DIR *d = opendir(path);
    const struct dirent *e;
    while (d && (e = readdir(d)) != NULL) {
        char inner[OM_TEST_PATH];
        if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
            continue;
        snprintf(inner, sizeof inner, "%s/%s", path, e->d_name);
        if (unlink(inner) != 0) remove_tree(inner);
    }
    if (d) closedir(d);
    rmdir(path);
}

static int remove_folder(void **state)
{
    (void)state;
    remove_tree(folder);
    return 0;
}

static const char *in_folder(char out[OM_TEST_PATH], const char *name)
{
    snprintf(out, OM_TEST_PATH, "%s/%s", folder, name);
    return out;
}

static void make_dir(const char *name)
{
    char path[OM_TEST_PATH];
    assert_int_equal(mkdir(in_folder(path, name), 0700), 0);
}

static void write_file(const char *name, om_str bytes)
{
    char path[OM_TEST_PATH];
    omost_error err;
    if (om_file_write(NULL, in_folder(path, name), bytes, &err) != OMOST_OK)
        fail_msg("%s", err.msg);
}

static void write_tensors(const char *name, const char *header, size_t n)
{
    om_buf b = file_of(header, n);
    write_file(name, om_buf_view(&b));
    om_buf_free(&b);
}

/* A file whose tensors' bytes are a hole: only its header takes room. */
typedef struct sparse {
    om_buf header;
    size_t at;
} sparse;

static void sparse_begin(sparse *s)
{
    om_buf_init(&s->header, NULL, OM_TEST_FILE);
    s->at = 0;
    om_buf_puts(&s->header, "{\"__metadata__\":{\"format\":\"pt\"}");
}

static void sparse_add(sparse *s, const char *name, const char *dtype,
                       const json_t *shape)
{
    size_t n = om_dtype_size(om_dtype_find(om_str_of(dtype)));
    char *text = json_dumps(shape, 0);
    for (size_t i = 0; i < json_array_size(shape); i++)
        n *= (size_t)json_integer_value(json_array_get(shape, i));
    om_buf_printf(&s->header,
                  ",\"%s\":{\"dtype\":\"%s\",\"shape\":%s,\"data_offsets\":"
                  "[%zu,%zu]}",
                  name, dtype, text, s->at, s->at + n);
    s->at += n;
    free(text);
}

static void sparse_end(sparse *s, const char *name)
{
    char path[OM_TEST_PATH];
    om_buf head;
    om_buf_putc(&s->header, '}');
    assert_int_equal(s->header.status, OMOST_OK);
    om_buf_init(&head, NULL, 8);
    put_length(&head, s->header.n);
    int fd = open(in_folder(path, name), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, head.p, 8), 8);
    assert_int_equal(write(fd, s->header.p, s->header.n), (ssize_t)s->header.n);
    assert_int_equal(ftruncate(fd, (off_t)(8 + s->header.n + s->at)), 0);
    close(fd);
    om_buf_free(&head);
    om_buf_free(&s->header);
}

/* ---- one file ------------------------------------------------------------ */

static const char good[] =
    "{\"__metadata__\":{\"format\":\"pt\",\"\\u00e9\":\"a\\u0000b\"},"
    "\"b\":{\"dtype\":\"F16\",\"shape\":[2,3],\"data_offsets\":[4,16]},"
    "\"a\":{\"dtype\":\"I32\",\"shape\":[],\"data_offsets\":[0,4]},"
    "\"none\":{\"dtype\":\"F32\",\"shape\":[0,7],\"data_offsets\":[4,4]},"
    "\"z\":{\"dtype\":\"U8\",\"shape\":[3],\"data_offsets\":[16,19]}}   ";

static void test_good(void **state)
{
    (void)state;
    omost_error err;
    om_buf b = file_of(good, 19);
    om_safetensors *st = om_st_parse(NULL, "good", om_buf_view(&b), &err);
    if (!st) fail_msg("%s", err.msg);
    assert_int_equal(om_st_count(st), 4);
    const char *order[] = {"a", "none", "b", "z"};
    for (size_t i = 0; i < 4; i++)
        assert_string_equal(om_st_at(st, i)->name.p, order[i]);
    const om_st_tensor *t = om_st_find(st, OM_STR("b"));
    assert_int_equal(t->dtype, OM_F16);
    assert_int_equal(t->n_dims, 2);
    assert_int_equal(t->dim[1], 3);
    assert_int_equal(t->n, 6);
    assert_int_equal(*(const char *)t->data, 4);
    assert_int_equal(om_st_find(st, OM_STR("a"))->n, 1);
    assert_int_equal(om_st_find(st, OM_STR("none"))->n, 0);
    assert_null(om_st_find(st, OM_STR("")));
    assert_null(om_st_find(st, OM_STR("zz")));
    assert_true(om_st_has_prefix(st, OM_STR("no")));
    assert_false(om_st_has_prefix(st, OM_STR("nq")));
    assert_int_equal(om_st_text_count(st), 2);
    assert_true(om_str_eqz(om_st_text_find(st, "format"), "pt"));
    assert_int_equal(om_st_text_find(st, "\xc3\xa9").n, 3);
    assert_null(om_st_text_find(st, "x").p);
    om_st_close(st);
    om_buf_free(&b);
}

#define ONE(dtype, shape, offsets)                 \
    "{\"t\":{\"dtype\":" dtype ",\"shape\":" shape \
    ",\"data_offsets\":" offsets "}}"
#define TWO(a, b)                                                            \
    "{\"t\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":" a "},\"u\":{" \
    "\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":" b "}}"

/* header, bytes after it, a piece of the sentence */
static const struct broken {
    const char *header;
    size_t n;
    const char *says;
} broken[] = {
    {"", 0, "does not begin with \"{\""},
    {" {}", 0, "does not begin with \"{\""},
    {"[]", 0, "does not begin with \"{\""},
    {"{", 0, "not valid JSON"},
    {"{}x", 0, "not valid JSON"},
    {"{\"a\":1,\"a\":1}", 0, "not valid JSON: duplicate"},
    {"{\"\xff\":1}", 0, "not valid JSON"},
    {"{}", 1, "1 bytes after the last tensor"},
    {"{\"t\":1}", 0, "tensor t has no dtype"},
    {"{\"t\":{}}", 0, "tensor t has no dtype"},
    {"{\"__metadata__\":1}", 0, "__metadata__ is not an object"},
    {"{\"__metadata__\":{\"a\":1}}", 0, "\"a\" in __metadata__ is not a text"},
    {ONE("1", "[1]", "[0,1]"), 1, "has no dtype"},
    {ONE("\"F31\"", "[1]", "[0,1]"), 1, "is of dtype \"F31\""},
    {ONE("\"U8\"", "1", "[0,1]"), 1, "has no shape"},
    {ONE("\"U8\"", "[-1]", "[0,1]"), 1, "not of whole numbers"},
    {ONE("\"U8\"", "[1.0]", "[0,1]"), 1, "not of whole numbers"},
    {ONE("\"U8\"", "[1,1,1,1,1,1,1,1,1]", "[0,1]"), 1, "more than 8 dim"},
    {ONE("\"U8\"", "[4294967296,4294967296]", "[0,1]"), 1, "too large"},
    {ONE("\"F64\"", "[4611686018427387904]", "[0,1]"), 1, "too large"},
    {ONE("\"U8\"", "[99999999999999999999]", "[0,1]"), 1, "not valid JSON"},
    {ONE("\"U8\"", "[1]", "[0]"), 1, "no proper data_offsets"},
    {ONE("\"U8\"", "[1]", "[1,0]"), 1, "no proper data_offsets"},
    {ONE("\"U8\"", "[1]", "[-1,0]"), 1, "no proper data_offsets"},
    {ONE("\"U8\"", "[1]", "\"0,1\""), 1, "no proper data_offsets"},
    {ONE("\"U8\"", "[2]", "[0,2]"), 1, "ends at byte 2 of the data"},
    {ONE("\"U8\"", "[1]", "[0,9223372036854775807]"), 1, "cut off or damaged"},
    {ONE("\"F16\"", "[3]", "[0,5]"), 5, "takes 6 bytes, and the header gives"},
    {ONE("\"U8\"", "[1]", "[1,2]"), 2, "1 bytes before tensor t"},
    {TWO("[0,2]", "[1,3]"), 3, "tensors t and u lie over one another"},
    {TWO("[0,2]", "[0,2]"), 2, "tensors t and u lie over one another"},
    {TWO("[0,2]", "[3,5]"), 5, "1 bytes before tensor u belong to none"},
    {TWO("[0,2]", "[2,4]"), 5, "1 bytes after the last tensor"},
};

static void refuse(om_str bytes, const char *says)
{
    omost_error err = {0};
    om_safetensors *st = om_st_parse(NULL, "some.safetensors", bytes, &err);
    if (st) fail_msg("read, though: %s", says);
    if (!strstr(err.msg, says) || !strstr(err.msg, "some.safetensors"))
        fail_msg("\"%s\" lacks \"%s\"", err.msg, says);
    assert_int_equal(err.status, OMOST_FORMAT);
}

static void test_broken(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof broken / sizeof *broken; i++) {
        om_buf b = file_of(broken[i].header, broken[i].n);
        refuse(om_buf_view(&b), broken[i].says);
        om_buf_free(&b);
    }
}

static void test_lengths(void **state)
{
    (void)state;
    om_buf b = file_of(good, 19);
    om_str all = om_buf_view(&b);
    /* Wherever it is cut, in a block that ends there. */
    for (size_t n = 0; n < all.n; n++) {
        char *cut = malloc(n ? n : 1);
        omost_error err;
        if (n) memcpy(cut, all.p, n);
        assert_null(om_st_parse(NULL, "cut", (om_str){cut, n}, &err));
        assert_int_equal(err.status, OMOST_FORMAT);
        free(cut);
    }
    b.p[7] = 1;
    refuse(om_buf_view(&b), "longer than the 100000000 bytes");
    b.p[7] = 0, b.p[3] = 1;
    refuse(om_buf_view(&b), "is cut off or no safetensors file");
    om_buf_free(&b);
}

static void test_limits(void **state)
{
    (void)state;
    om_buf b, deep;
    omost_error err;
    om_buf_init(&b, NULL, OM_TEST_FILE);
    om_buf_puts(&b, "{\"t\":[0");
    for (int i = 0; i < OM_ST_MAX_MARKS; i++) om_buf_puts(&b, ",0");
    om_buf_puts(&b, "]}");
    om_buf whole = file_of(b.p, 0);
    assert_null(om_st_parse(NULL, "wide", om_buf_view(&whole), &err));
    assert_int_equal(err.status, OMOST_LIMIT);
    om_buf_free(&whole);
    om_buf_free(&b);

    om_buf_init(&deep, NULL, OM_TEST_FILE);
    om_buf_puts(&deep, "{\"t\":");
    om_buf_fill(&deep, '[', 1000000);
    whole = file_of(deep.p, 0);
    assert_null(om_st_parse(NULL, "deep", om_buf_view(&whole), &err));
    assert_int_equal(err.status, OMOST_FORMAT);
    om_buf_free(&whole);
    om_buf_free(&deep);
}

/* ---- what a path is ------------------------------------------------------ */

static om_model_files *open_good(const char *path)
{
    omost_error err;
    om_model_files *m = om_model_open(NULL, path, &err);
    if (!m) fail_msg("%s", err.msg);
    return m;
}

static void refuse_path(const char *name, omost_status status, const char *says)
{
    char path[OM_TEST_PATH];
    omost_error err = {0};
    om_model_files *m = om_model_open(NULL, in_folder(path, name), &err);
    if (m) fail_msg("%s was opened", name);
    if (!strstr(err.msg, says)) fail_msg("\"%s\" lacks \"%s\"", err.msg, says);
    assert_int_equal(err.status, status);
}

/* name of a tensor of shape [2], kind, family, part */
static const struct kind_row {
    const char *name, *shape;
    omost_model_kind kind;
    omost_model_family family;
    omost_model_part part;
} kind_rows[] = {
    {"lora_unet_x_attn2_to_k.lora_down.weight", "[4,2048]", OMOST_MODEL_LORA,
     OMOST_FAMILY_SDXL, OMOST_MODEL_UNET},
    {"lora_te2_text_model_x.lora_down.weight", "[4,8]", OMOST_MODEL_LORA,
     OMOST_FAMILY_UNKNOWN, OMOST_MODEL_TEXT_ENCODER_2},
    {"unet.down_blocks.1.attn2.to_k.lora_A.weight", "[4,768]", OMOST_MODEL_LORA,
     OMOST_FAMILY_SD1, OMOST_MODEL_UNET},
    {"text_encoder.text_model.x.lora_linear_layer.down.weight", "[4,768]",
     OMOST_MODEL_LORA, OMOST_FAMILY_UNKNOWN, OMOST_MODEL_TEXT_ENCODER},
    {"model.diffusion_model.label_emb.0.0.weight", "[2,2]",
     OMOST_MODEL_CHECKPOINT, OMOST_FAMILY_SDXL, OMOST_MODEL_UNET},
    {"model.diffusion_model.input_blocks.1.1.transformer_blocks.0.attn2.to_k."
     "weight",
     "[2,768]", OMOST_MODEL_CHECKPOINT, OMOST_FAMILY_SD1, OMOST_MODEL_UNET},
    {"model.diffusion_model.double_blocks.0.x", "[2]", OMOST_MODEL_CHECKPOINT,
     OMOST_FAMILY_FLUX, OMOST_MODEL_N_PARTS},
    {"input_blocks.0.0.weight", "[2]", OMOST_MODEL_PART, OMOST_FAMILY_UNKNOWN,
     OMOST_MODEL_UNET},
    {"decoder.up.0.block.0.norm1.weight", "[2]", OMOST_MODEL_PART,
     OMOST_FAMILY_UNKNOWN, OMOST_MODEL_VAE},
    {"decoder.up_blocks.0.resnets.0.norm1.weight", "[2]", OMOST_MODEL_PART,
     OMOST_FAMILY_UNKNOWN, OMOST_MODEL_VAE},
    {"text_model.encoder.layers.0.mlp.fc1.bias", "[2]", OMOST_MODEL_PART,
     OMOST_FAMILY_UNKNOWN, OMOST_MODEL_TEXT_ENCODER},
    {"text_projection.weight", "[2,2]", OMOST_MODEL_PART, OMOST_FAMILY_UNKNOWN,
     OMOST_MODEL_TEXT_ENCODER_2},
    {"anything", "[2]", OMOST_MODEL_OTHER, OMOST_FAMILY_UNKNOWN,
     OMOST_MODEL_N_PARTS},
};

static void test_kinds(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof kind_rows / sizeof *kind_rows; i++) {
        const struct kind_row *r = &kind_rows[i];
        char path[OM_TEST_PATH];
        omost_model_info info;
        omost_error err;
        sparse s;
        json_t *shape = json_loads(r->shape, 0, NULL);
        sparse_begin(&s);
        sparse_add(&s, r->name, "F16", shape);
        sparse_end(&s, "kind.safetensors");
        json_decref(shape);
        in_folder(path, "kind.safetensors");
        if (omost_model_probe(NULL, path, &info, &err) != OMOST_OK)
            fail_msg("%s: %s", r->name, err.msg);
        if (info.kind != r->kind || info.family != r->family)
            fail_msg("%s: %s, %s", r->name, omost_model_kind_text(info.kind),
                     omost_model_family_text(info.family));
        if (r->part < OMOST_MODEL_N_PARTS)
            assert_int_equal(info.part[r->part].n_tensors, 1);
        else
            assert_int_equal(info.n_unknown, 1);
        assert_int_equal(info.total.n_tensors, 1);
        assert_int_equal(info.memory_f32, info.total.n_params * 4);
        if (r->kind == OMOST_MODEL_LORA) assert_int_equal(info.rank_max, 4);
    }
}

#define PIECE(name) \
    "{\"" name "\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]}}"

static void write_text(const char *name, const char *text)
{
    write_file(name, om_str_of(text));
}

static void test_pieces(void **state)
{
    (void)state;
    char path[OM_TEST_PATH];
    write_tensors("x-1.safetensors", PIECE("conv_in.bias"), 1);
    write_tensors("x-2.safetensors", PIECE("time_embedding.linear_1.bias"), 1);
    write_text("x.safetensors.index.json",
               "{\"weight_map\":{\"conv_in.bias\":\"x-1.safetensors\","
               "\"time_embedding.linear_1.bias\":\"x-2.safetensors\"}}");
    om_model_files *m = open_good(in_folder(path, "x.safetensors.index.json"));
    assert_int_equal(m->kind, OMOST_MODEL_PART);
    assert_int_equal(m->n_files, 2);
    assert_int_equal(om_model_count(m, OMOST_MODEL_UNET), 2);
    om_model_close(m);

    write_text("y.index.json", "{\"weight_map\":{\"a\":\"x-1.safetensors\"}}");
    refuse_path("y.index.json", OMOST_FORMAT,
                "puts tensor a into x-1.safetensors, and it is not there");
    write_text("y.index.json", "{\"weight_map\":{\"a\":\"../x\"}}");
    refuse_path("y.index.json", OMOST_FORMAT, "a file that is not beside it");
    write_text("y.index.json", "{\"weight_map\":{\"a\":\"gone\"}}");
    refuse_path("y.index.json", OMOST_MISSING, "cannot open");
    write_text("y.index.json", "{\"weight_map\":{}}");
    refuse_path("y.index.json", OMOST_FORMAT, "\"weight_map\"");
    write_text("y.index.json", "[]");
    refuse_path("y.index.json", OMOST_FORMAT, "not a JSON object");
    write_text("y.index.json", "{");
    refuse_path("y.index.json", OMOST_FORMAT, "not valid JSON");
    write_tensors("x-2.safetensors", PIECE("conv_in.bias"), 1);
    write_text("y.index.json",
               "{\"weight_map\":{\"conv_in.bias\":\"x-1.safetensors\","
               "\"time_embedding.linear_1.bias\":\"x-2.safetensors\"}}");
    refuse_path("y.index.json", OMOST_FORMAT, "and it is not there");
    write_tensors("x-2.safetensors",
                  "{\"conv_in.bias\":{\"dtype\":\"U8\",\"shape\":[1],"
                  "\"data_offsets\":[0,1]},\"time_embedding.linear_1.bias\":{"
                  "\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[1,2]}}",
                  2);
    refuse_path("y.index.json", OMOST_FORMAT, "is there twice");
}

static void test_folders(void **state)
{
    (void)state;
    char path[OM_TEST_PATH];
    make_dir("m");
    make_dir("m/vae");
    refuse_path("m", OMOST_MISSING, "is a folder without a model");
    write_text("m/model_index.json", "{}");
    write_text("m/vae/diffusion_pytorch_model.bin", "");
    refuse_path("m", OMOST_FORMAT, "pickled .bin files");
    write_tensors("m/vae/diffusion_pytorch_model.fp16.safetensors",
                  PIECE("quant_conv.bias"), 1);
    om_model_files *m = open_good(in_folder(path, "m"));
    assert_int_equal(om_model_count(m, OMOST_MODEL_VAE), 1);
    assert_null(m->config[OMOST_MODEL_VAE]);
    om_model_close(m);
    /* The plain file is the more precise one. */
    write_tensors("m/vae/diffusion_pytorch_model.safetensors",
                  PIECE("post_quant_conv.bias"), 1);
    write_text("m/vae/config.json", "{\"scaling_factor\":0.5}");
    m = open_good(in_folder(path, "m/model_index.json"));
    assert_int_equal(m->kind, OMOST_MODEL_FOLDER);
    assert_non_null(
        om_model_find(m, OMOST_MODEL_VAE, OM_STR("post_quant_conv.bias")));
    assert_non_null(m->config[OMOST_MODEL_VAE]);
    om_model_close(m);
    write_text("m/vae/config.json", "nonsense");
    refuse_path("m", OMOST_FORMAT, "config.json is not valid JSON");

    refuse_path("nowhere", OMOST_MISSING, "cannot open");
    write_text("g", "GGUF1234");
    refuse_path("g", OMOST_FORMAT, "is a GGUF file");
    write_text("p", "PK\3\4....");
    refuse_path("p", OMOST_FORMAT, "pickled PyTorch");
    write_text("e", "");
    refuse_path("e", OMOST_FORMAT, "it has only 0 bytes");
    assert_int_equal(mkfifo(in_folder(path, "pipe"), 0600), 0);
    refuse_path("pipe", OMOST_IO, "is not a file");
}

/* ---- asking for tensors -------------------------------------------------- */

/* q, k and v in one stack of [6, 2], and a projection of [2, 3]: bytes 0, 1 ..
 * as numbers. */
static const char stacked[] =
    "{\"conditioner.embedders.1.model.transformer.resblocks.0.attn.in_proj_"
    "weight\":{\"dtype\":\"F8_E5M2\",\"shape\":[6,2],\"data_offsets\":[0,12]},"
    "\"conditioner.embedders.1.model.text_projection\":{\"dtype\":\"F8_E5M2\","
    "\"shape\":[2,3],\"data_offsets\":[12,18]},"
    "\"conditioner.embedders.1.model.ln_final.bias\":{\"dtype\":\"I8\","
    "\"shape\":[1],\"data_offsets\":[18,19]},"
    "\"conditioner.embedders.1.model.logit_scale\":{\"dtype\":\"U8\","
    "\"shape\":[],\"data_offsets\":[19,20]}}";

static const char q_name[] =
    "text_model.encoder.layers.0.self_attn.q_proj.weight";
static const char v_name[] =
    "text_model.encoder.layers.0.self_attn.v_proj.weight";

static void want_error(omost_status st, const omost_error *err,
                       omost_status status, const char *says)
{
    assert_int_equal(st, status);
    if (!strstr(err->msg, says))
        fail_msg("\"%s\" lacks \"%s\"", err->msg, says);
}

static void test_stacked(void **state)
{
    (void)state;
    char path[OM_TEST_PATH];
    omost_error err;
    om_weights w;
    om_weight t;
    const size_t square[] = {2, 2}, wide[] = {3, 2}, one[] = {1};
    write_tensors("stacked.safetensors", stacked, 20);
    om_model_files *m = open_good(in_folder(path, "stacked.safetensors"));
    assert_int_equal(m->n_ignored, 1);
    omost_status st = om_weights_open(&w, m, OMOST_MODEL_VAE, &err);
    want_error(st, &err, OMOST_MISSING, "stacked.safetensors holds no vae");
    assert_int_equal(om_weights_open(&w, m, OMOST_MODEL_TEXT_ENCODER_2, &err),
                     OMOST_OK);
    assert_int_equal(om_weights_get(&w, v_name, 2, square, &t, &err), OMOST_OK);
    for (int i = 0; i < 4; i++)
        assert_int_equal(((const uint8_t *)t.data)[i], 8 + i);
    assert_int_equal(om_weights_get(&w, "text_projection.weight", 2, wide, &t,
                                    &err),
                     OMOST_OK);
    assert_true(t.transposed);
    float got[6], want[6];
    const uint8_t order[] = {12, 15, 13, 16, 14, 17};
    om_weight_to_f32(got, &t);
    om_to_f32(want, OM_F8_E5M2, order, 6);
    assert_memory_equal(got, want, sizeof got);

    st = om_weights_get(&w, q_name, 2, wide, &t, &err);
    want_error(st, &err, OMOST_FORMAT, "is [6, 2], and [3, 2] was expected");
    want_error(st, &err, OMOST_FORMAT, "stacked.safetensors");
    st = om_weights_get(&w, "nothing", 2, wide, &t, &err);
    want_error(st, &err, OMOST_MISSING,
               "tensor nothing of the text_encoder_2 is missing");
    st = om_weights_get(&w, "text_model.final_layer_norm.bias", 1, one, &t,
                        &err);
    want_error(st, &err, OMOST_FORMAT, "is of dtype I8");
    st = om_weights_finish(&w, &err);
    want_error(st, &err, OMOST_FORMAT, "(and 2 more like it)");
    om_model_close(m);
}

/* ---- golden models ------------------------------------------------------- */

static om_model_files *open_golden(const char *name)
{
    char path[OM_TEST_PATH];
    omost_error err;
    om_model_files *m = om_model_open(NULL, golden_path(path, name), &err);
    if (!m) printf("*** SKIPPED: %s (set OMOST_GOLDEN) ***\n", err.msg);
    return m;
}

/* Every tensor of `a` is in `b` with the same numbers, and no other. */
static void check_same(const om_model_files *a, const om_model_files *b,
                       omost_model_part part)
{
    omost_error err;
    om_weights wa, wb;
    if (om_weights_open(&wa, a, part, &err) != OMOST_OK ||
        om_weights_open(&wb, b, part, &err) != OMOST_OK)
        fail_msg("%s", err.msg);
    for (size_t i = 0; i < om_model_count(a, part); i++) {
        const om_entry *e = om_model_at(a, part, i);
        om_weight x, y;
        if (om_weights_get(&wa, e->name.p, e->t->n_dims, e->t->dim, &x, &err) ||
            om_weights_get(&wb, e->name.p, e->t->n_dims, e->t->dim, &y, &err))
            fail_msg("%s", err.msg);
        float *p = malloc(x.n * sizeof *p), *q = malloc(y.n * sizeof *q);
        om_weight_to_f32(p, &x);
        om_weight_will_need(&y);
        om_weight_to_f32(q, &y);
        if (memcmp(p, q, x.n * sizeof *p) != 0)
            fail_msg("%s differs", e->name.p);
        om_weight_drop(&y);
        om_weight_to_f32(q, &y);
        assert_memory_equal(p, q, x.n * sizeof *p);
        free(p);
        free(q);
    }
    if (om_weights_finish(&wa, &err) != OMOST_OK ||
        om_weights_finish(&wb, &err) != OMOST_OK)
        fail_msg("%s", err.msg);
}

static void test_golden(void **state)
{
    (void)state;
    om_model_files *m = open_golden("model");
    om_model_files *f32 = open_golden("model-single/model-fp32.safetensors");
    om_model_files *f16 = open_golden("model-single/model-fp16.safetensors");
    if (m && f32 && f16) {
        assert_int_equal(m->family, OMOST_FAMILY_SDXL);
        assert_int_equal(f16->kind, OMOST_MODEL_CHECKPOINT);
        assert_int_equal(f16->n_ignored, 2);
        assert_int_equal(om_model_count(f16, OMOST_MODEL_N_PARTS), 0);
        for (int part = 0; part < OMOST_MODEL_N_PARTS; part++) {
            assert_true(om_model_count(m, part) > 0);
            assert_non_null(m->config[part]);
            check_same(m, f32, part);
            check_same(m, f16, part);
        }
    }
    om_model_close(m);
    om_model_close(f32);
    om_model_close(f16);
}

static om_weights part_of(const om_model_files *m, omost_model_part part)
{
    om_weights w;
    omost_error err;
    if (om_weights_open(&w, m, part, &err) != OMOST_OK) fail_msg("%s", err.msg);
    return w;
}

static void read_configs(const om_model_files *m, const json_t *config,
                         om_unet_config *unet, om_vae_config *vae,
                         om_clip_config clip[2])
{
    omost_error err;
    om_weights w[OMOST_MODEL_N_PARTS];
    for (int i = 0; i < OMOST_MODEL_N_PARTS; i++) w[i] = part_of(m, i);
    if (om_unet_config_read(unet, &w[OMOST_MODEL_UNET], config, &err) ||
        om_vae_config_read(vae, &w[OMOST_MODEL_VAE], config, &err) ||
        om_clip_config_read(&clip[0], &w[OMOST_MODEL_TEXT_ENCODER], config,
                            &err) ||
        om_clip_config_read(&clip[1], &w[OMOST_MODEL_TEXT_ENCODER_2], config,
                            &err))
        fail_msg("%s", err.msg);
}

static void check_tiny(const om_model_files *m, const json_t *config)
{
    om_unet_config u;
    om_vae_config v;
    om_clip_config c[2];
    read_configs(m, config, &u, &v, c);
    assert_int_equal(u.n_blocks, 3);
    assert_int_equal(u.layers, 2);
    for (int b = 0; b < 3; b++) {
        assert_int_equal(u.channels[b], b == 1 ? 64 : 32);
        assert_int_equal(u.heads[b], b == 0 ? 0 : b == 1 ? 4 : 2);
        assert_int_equal(u.down_depth[b][1], b ? b + 1 : 0);
        assert_int_equal(u.up_depth[2 - b][2], b ? b + 1 : 0);
    }
    assert_int_equal(u.mid_depth, 3);
    assert_int_equal(u.context, 24);
    assert_int_equal(u.time_id_width, 32);
    assert_int_equal(v.n_blocks, 4);
    assert_int_equal(v.layers, 2);
    assert_int_equal(v.channels[1], 64);
    assert_int_equal(v.latent_channels, 4);
    assert_true(v.has_encoder && v.scaling == 0.13025F);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(c[i].width, 8 << i);
        assert_int_equal(c[i].hidden, 32 << i);
        assert_int_equal(c[i].layers, 3 + i);
        assert_int_equal(c[i].heads, 2 << i);
        assert_int_equal(c[i].positions, 77);
        assert_int_equal(c[i].projection, i ? 16 : 0);
        assert_int_equal(c[i].activation, i ? OM_ACT_GELU : OM_ACT_QUICK_GELU);
    }
}

static void test_configs(void **state)
{
    (void)state;
    om_model_files *m = open_golden("model");
    om_model_files *one = open_golden("model-single/model-fp16.safetensors");
    json_t *config = golden_json("model-single/config.json");
    if (m && one && config) {
        omost_error err;
        om_unet_config u;
        om_weights w = part_of(one, OMOST_MODEL_UNET);
        check_tiny(m, NULL);
        check_tiny(one, config);
        omost_status st = om_unet_config_read(&u, &w, NULL, &err);
        want_error(st, &err, OMOST_USAGE, "which are not heads of 64");
        want_error(st, &err, OMOST_USAGE, "--config JSON");
        json_t *unet = json_object_get(config, "unet");
        json_object_set_new(unet, "cross_attention_dim", json_integer(25));
        st = om_unet_config_read(&u, &w, config, &err);
        want_error(st, &err, OMOST_FORMAT,
                   "says 25 for \"cross_attention_dim\", and its tensors are "
                   "made for 24");
        json_object_set_new(unet, "cross_attention_dim", json_string("x"));
        st = om_unet_config_read(&u, &w, unet, &err);
        want_error(st, &err, OMOST_FORMAT, "is not a number from 1");
    }
    json_decref(config);
    om_model_close(m);
    om_model_close(one);
}

static void check_real_configs(const om_model_files *m)
{
    om_unet_config u;
    om_vae_config v;
    om_clip_config c[2];
    read_configs(m, NULL, &u, &v, c);
    assert_int_equal(u.n_blocks, 3);
    assert_int_equal(u.channels[0], 320);
    assert_int_equal(u.heads[0], 0);
    assert_int_equal(u.heads[1], 10);
    assert_int_equal(u.heads[2], 20);
    assert_int_equal(u.down_depth[1][0], 2);
    assert_int_equal(u.down_depth[2][1], 10);
    assert_int_equal(u.up_depth[0][2], 10);
    assert_int_equal(u.mid_depth, 10);
    assert_int_equal(u.context, 2048);
    assert_int_equal(u.time_id_width, 256);
    assert_int_equal(u.time_width, 1280);
    assert_int_equal(v.channels[3], 512);
    assert_int_equal(c[0].heads, 12);
    assert_int_equal(c[1].heads, 20);
    assert_int_equal(c[1].layers, 32);
    assert_int_equal(c[1].projection, 1280);
}

/* ---- the real SDXL ------------------------------------------------------- */

/* "down_blocks.#.x" and [1] as "down_blocks.1.x" */
static void expand(char out[OM_TEST_PATH], const char *name,
                   const json_t *numbers)
{
    size_t n = 0, k = 0;
    for (const char *p = name; *p && n < 400; p++) {
        if (*p != '#')
            out[n++] = *p;
        else
            n += (size_t)snprintf(out + n, 8, "%d",
                                  (int)json_integer_value(
                                      json_array_get(numbers, k++)));
    }
    out[n] = '\0';
}

typedef void key_fn(void *user, const char *name, const json_t *shape);

static size_t each_key(const json_t *rows, const char *set, key_fn *fn,
                       void *user)
{
    size_t count = 0, i, k;
    json_t *row, *numbers;
    json_array_foreach(rows, i, row)
    {
        if (!om_str_eqz(field(row, "set"), set)) continue;
        json_array_foreach(json_object_get(row, "numbers"), k, numbers)
        {
            char name[OM_TEST_PATH];
            expand(name, field(row, "name").p, numbers);
            fn(user, name, json_object_get(row, "shape"));
            count++;
        }
    }
    return count;
}

static void put_key(void *user, const char *name, const json_t *shape)
{
    sparse_add(user, name, "F16", shape);
}

static void get_key(void *user, const char *name, const json_t *shape)
{
    omost_error err;
    om_weight t;
    size_t dim[OM_ST_MAX_DIMS], n = json_array_size(shape);
    for (size_t i = 0; i < n; i++)
        dim[i] = (size_t)json_integer_value(json_array_get(shape, i));
    if (om_weights_get(user, name, (int)n, dim, &t, &err) != OMOST_OK)
        fail_msg("%s", err.msg);
}

/* Each name is found back from ours. */
static void check_way_back(const om_model_files *m)
{
    om_buf b;
    size_t n = 0;
    for (size_t i = 0; m->naming != OM_NAMING_DIFFUSERS && i < m->n_entries;
         i++) {
        const om_entry *e = &m->entry[i];
        om_buf_init(&b, NULL, 1000);
        assert_true(om_name_unmap(&b, e->name, m->naming, e->part, &m->blocks));
        if (!om_str_eq(om_buf_view(&b), e->t->name))
            fail_msg("%.*s: %.*s, not %s", OM_STR_ARG(e->name),
                     OM_STR_ARG(om_buf_view(&b)), e->t->name.p);
        om_buf_free(&b);
        n++;
    }
    assert_true(n == 0 || n >= 2513);
}

static void check_keys(const json_t *rows, const char *path)
{
    omost_error err;
    om_weights w;
    om_model_files *m = open_good(path);
    assert_int_equal(m->family, OMOST_FAMILY_SDXL);
    assert_int_equal(om_model_count(m, OMOST_MODEL_N_PARTS), 0);
    for (int part = 0; part < OMOST_MODEL_N_PARTS; part++) {
        if (om_weights_open(&w, m, part, &err) != OMOST_OK)
            fail_msg("%s", err.msg);
        each_key(rows, omost_model_part_name(part), get_key, &w);
        if (om_weights_finish(&w, &err) != OMOST_OK) fail_msg("%s", err.msg);
    }
    check_real_configs(m);
    check_way_back(m);
    om_model_close(m);
}

static void test_real_keys(void **state)
{
    (void)state;
    char path[OM_TEST_PATH];
    omost_model_info info;
    json_t *rows = golden_lines("sdxl_keys.jsonl");
    sparse s;
    sparse_begin(&s);
    assert_int_equal(each_key(rows, "checkpoint", put_key, &s), 2513);
    sparse_end(&s, "sdxl.safetensors");
    check_keys(rows, in_folder(path, "sdxl.safetensors"));
    assert_int_equal(omost_model_probe(NULL, path, &info, NULL), OMOST_OK);
    assert_int_equal(info.part[OMOST_MODEL_UNET].n_params, 2567463684);
    assert_int_equal(info.memory_bf16, info.total.bytes);
    /* The UNet's 5.1 GB and what is computed with it. */
    assert_in_range(info.render_f32, 6000000000, 8000000000);
    assert_in_range(info.render_bf16, 5500000000, info.render_f32);

    make_dir("sdxl");
    write_text("sdxl/model_index.json", "{}");
    for (int part = 0; part < OMOST_MODEL_N_PARTS; part++) {
        char name[80];
        const char *word = omost_model_part_name(part);
        snprintf(name, sizeof name, "sdxl/%s", word);
        make_dir(name);
        snprintf(name, sizeof name, "sdxl/%s/%s.fp16.safetensors", word,
                 part < OMOST_MODEL_TEXT_ENCODER ? "diffusion_pytorch_model"
                                                 : "model");
        sparse_begin(&s);
        each_key(rows, word, put_key, &s);
        sparse_end(&s, name);
    }
    check_keys(rows, in_folder(path, "sdxl"));
    json_decref(rows);
}

/* ---- too much, too little ------------------------------------------------ */

/* name in a checkpoint, the part that must refuse it (N_PARTS: none does), or
 * not even counted */
static const struct extra_row {
    const char *name;
    omost_model_part part;
    bool ignored;
} extra_rows[] = {
    {"model.diffusion_model.extra.weight", OMOST_MODEL_UNET, false},
    {"model.diffusion_model.input_blocks.9.1.x", OMOST_MODEL_UNET, false},
    {"first_stage_model.decoder.extra.weight", OMOST_MODEL_VAE, false},
    {"conditioner.embedders.0.transformer.extra", OMOST_MODEL_TEXT_ENCODER,
     false},
    {"conditioner.embedders.1.model.extra", OMOST_MODEL_TEXT_ENCODER_2, false},
    {"somebody.else.weight", OMOST_MODEL_N_PARTS, false},
    {"lora_unet_time_embed_0.lora_down.weight", OMOST_MODEL_N_PARTS, false},
    {"model_ema.decay", OMOST_MODEL_N_PARTS, true},
    {"denoiser.sigmas", OMOST_MODEL_N_PARTS, true},
    {"alphas_cumprod", OMOST_MODEL_N_PARTS, true},
    {"first_stage_model.loss.logvar", OMOST_MODEL_N_PARTS, true},
    {"conditioner.embedders.1.model.logit_scale", OMOST_MODEL_N_PARTS, true},
    {"conditioner.embedders.1.model.transformer.text_model.embeddings."
     "position_ids",
     OMOST_MODEL_N_PARTS, true},
};

/* Ask for all that has a name of ours, as a model does. */
static omost_status use_all(const om_model_files *m, omost_model_part part,
                            omost_error *err)
{
    om_weights w;
    om_error_clear(err);
    if (om_weights_open(&w, m, part, err) != OMOST_OK) return OMOST_OK;
    for (size_t i = 0; i < om_model_count(m, part); i++) {
        om_entry *e = om_model_at(m, part, i);
        e->used = om_str_starts(e->name, OM_STR("conv_in.")) ||
                  om_str_starts(e->name, OM_STR("decoder.conv_in.")) ||
                  om_str_starts(e->name, OM_STR("text_model.final"));
    }
    return om_weights_finish(&w, err);
}

static void test_extra(void **state)
{
    (void)state;
    json_t *shape = json_pack("[i,i]", 2, 2);
    for (size_t i = 0; i < sizeof extra_rows / sizeof *extra_rows; i++) {
        const struct extra_row *r = &extra_rows[i];
        char path[OM_TEST_PATH];
        omost_model_info info;
        omost_error err;
        sparse s;
        sparse_begin(&s);
        sparse_add(&s, "model.diffusion_model.input_blocks.0.0.weight", "F16",
                   shape);
        sparse_add(&s, "first_stage_model.decoder.conv_in.weight", "F16",
                   shape);
        sparse_add(&s,
                   "conditioner.embedders.0.transformer.text_model.final_"
                   "layer_norm.weight",
                   "F16", shape);
        sparse_add(&s, "conditioner.embedders.1.model.ln_final.weight", "F16",
                   shape);
        sparse_add(&s, r->name, "F16", shape);
        sparse_end(&s, "extra.safetensors");
        om_model_files *m = open_good(in_folder(path, "extra.safetensors"));
        assert_int_equal(m->kind, OMOST_MODEL_CHECKPOINT);
        for (int part = 0; part < OMOST_MODEL_N_PARTS; part++) {
            omost_status st = use_all(m, part, &err);
            if ((st != OMOST_OK) != ((int)r->part == part))
                fail_msg("%s, %s: %s", r->name, omost_model_part_name(part),
                         err.msg);
            if (st == OMOST_OK) continue;
            assert_non_null(strstr(err.msg, path));
            assert_non_null(strstr(err.msg, r->name));
        }
        om_model_close(m);
        assert_int_equal(omost_model_probe(NULL, path, &info, &err), OMOST_OK);
        assert_int_equal(info.n_unknown, !r->ignored);
        assert_int_equal(info.n_ignored, r->ignored);
    }
    json_decref(shape);
}

/* What is missing is told by both its names. */
static void test_missing(void **state)
{
    (void)state;
    char path[OM_TEST_PATH];
    omost_error err;
    om_weights w;
    om_weight t = {0};
    sparse s;
    json_t *shape = json_pack("[i]", 2);
    sparse_begin(&s);
    sparse_add(&s, "model.diffusion_model.input_blocks.3.0.op.bias", "F16",
               shape);
    sparse_end(&s, "missing.safetensors");
    json_decref(shape);
    om_model_files *m = open_good(in_folder(path, "missing.safetensors"));
    assert_int_equal(om_weights_open(&w, m, OMOST_MODEL_UNET, &err), OMOST_OK);
    assert_int_equal(om_weights_get(&w, "down_blocks.1.resnets.1.conv1.weight",
                                    1, &(size_t){2}, &t, &err),
                     OMOST_MISSING);
    if (!strstr(err.msg, "tensor model.diffusion_model.input_blocks.5.0."
                         "in_layers.2.weight is missing (down_blocks.1."
                         "resnets.1.conv1.weight of the unet)"))
        fail_msg("%s", err.msg);
    w = (om_weights){m, OMOST_MODEL_N_PARTS};
    assert_int_equal(om_weights_get(&w, "12.weight", 1, &(size_t){2}, &t, &err),
                     OMOST_MISSING);
    assert_non_null(
        strstr(err.msg, "tensor 12.weight of the tiny decoder is missing"));
    om_model_close(m);
}

/* ---- no memory ----------------------------------------------------------- */

static bool open_metered(meter *m, const char *path)
{
    omost_env env = {metered, m};
    omost_error err;
    om_model_files *files = om_model_open(&env, path, &err);
    if (!files) assert_int_equal(err.status, OMOST_NOMEM);
    bool ok = files != NULL;
    om_model_close(files);
    assert_int_equal(m->live, 0);
    return ok;
}

static void test_no_memory(void **state)
{
    (void)state;
    const char *names[] = {"stacked.safetensors", "x.safetensors.index.json",
                           "n"};
    char path[OM_TEST_PATH];
    make_dir("n");
    make_dir("n/unet");
    write_tensors("n/unet/diffusion_pytorch_model.safetensors",
                  PIECE("conv_in.bias"), 1);
    write_text("n/unet/config.json", "{}");
    write_tensors("stacked.safetensors", stacked, 20);
    write_tensors("x-2.safetensors", PIECE("time_embedding.linear_1.bias"), 1);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        size_t n = 1;
        for (;; n++) {
            meter m = {.fail_at = n};
            if (open_metered(&m, in_folder(path, names[i])) && m.calls < n)
                break;
        }
        assert_true(n > 5);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good),    cmocka_unit_test(test_broken),
        cmocka_unit_test(test_lengths), cmocka_unit_test(test_limits),
        cmocka_unit_test(test_kinds),   cmocka_unit_test(test_pieces),
        cmocka_unit_test(test_folders), cmocka_unit_test(test_stacked),
        cmocka_unit_test(test_golden),  cmocka_unit_test(test_real_keys),
        cmocka_unit_test(test_configs), cmocka_unit_test(test_no_memory),
        cmocka_unit_test(test_extra),   cmocka_unit_test(test_missing),
    };
    return cmocka_run_group_tests_name("weights", tests, make_folder,
                                       remove_folder);
}
