/* test_gguf.c - folders of the hub become GGUF files: the numbers in them, what
 * libllama computes with them, their vocabulary, and what is refused. */
#include "engine/llm_help.h"

#if OM_WITH_LLAMA

#include <fts.h>
#include <llama.h>

#include "models/llm_rows.h"
#include "omost/engine.h"
#include "omost/models.h"

static char root[256]; /* everything of this program lies in it */

static const char *in_root(char out[T_MAX_PATH], const char *name)
{
    snprintf(out, T_MAX_PATH, "%.200s/%.200s", root, name);
    return out;
}

static omost_status convert(const char *folder, const char *out,
                            const char *type, omost_error *err)
{
    const omost_gguf_opts o = {
        .folder = folder, .out = out, .type = type, .n_threads = 2};
    return omost_gguf_convert(&o, err);
}

static void must_convert(const char *folder, const char *out, const char *type)
{
    omost_error err;
    if (convert(folder, out, type, &err) != OMOST_OK)
        fail_msg("%s as %s: %s", folder, type, err.msg);
}

static om_buf bytes_of(const char *path)
{
    om_buf b;
    omost_error err;
    om_buf_init(&b, NULL, 1 << 28);
    if (om_file_read(path, &b, &err) != OMOST_OK) fail_msg("%s", err.msg);
    return b;
}

static void assert_same_file(const char *a, const char *b)
{
    om_buf p = bytes_of(a), q = bytes_of(b);
    if (p.n != q.n) fail_msg("%s and %s: %zu and %zu bytes", a, b, p.n, q.n);
    for (size_t i = 0; i < p.n; i++)
        if (p.p[i] != q.p[i]) fail_msg("%s and %s differ at %zu", a, b, i);
    om_buf_free(&p), om_buf_free(&q);
}

/* ---- numbers ------------------------------------------------------------- */

static om_rows rows_of(om_llm_folder *f, const char *folder, const char *name,
                       size_t rows, size_t cols)
{
    omost_error err;
    om_rows r = {0};
    if (om_llm_folder_open(f, NULL, folder, &err) != OMOST_OK ||
        om_rows_find(&r, f, name, rows, cols, &err) != OMOST_OK)
        fail_msg("%s", err.msg);
    return r;
}

/* NF4 by its definition: sixteen levels times the largest of each 64. */
static void test_nf4(void **state)
{
    (void)state;
    char dir[T_MAX_PATH];
    unsigned char codes[64];
    float absmax[2] = {2.0f, 0.5f}, got[128];
    static const char state_json[] =
        "{\"quant_type\":\"nf4\",\"blocksize\":64,\"dtype\":\"float16\","
        "\"shape\":[2,64]}";
    t_file f;
    om_llm_folder folder;
    mkdir(in_root(dir, "nf4"), 0777);
    for (int i = 0; i < 64; i++) /* codes 0, 1, 2 ... 15, 0, 1 ... */
        codes[i] = (unsigned char)(((2 * i) % 16) << 4 | ((2 * i + 1) % 16));
    t_file_begin(&f);
    t_put(&f, "w.weight", "U8", 64, 1, codes, 64);
    t_put(&f, "w.weight.absmax", "F32", 2, 0, absmax, sizeof absmax);
    t_put(&f, "w.weight.quant_map", "F32", 16, 0, nf4_levels, 64);
    t_put(&f, "w.weight.quant_state.bitsandbytes__nf4", "U8",
          strlen(state_json), 0, state_json, strlen(state_json));
    t_file_end(&f, dir, "model.safetensors");
    om_rows r = rows_of(&folder, dir, "w.weight", 2, 64);
    om_rows_read(got, &r, 0, 2);
    for (int i = 0; i < 128; i++)
        assert_true(got[i] == nf4_levels[i % 16] * (i < 64 ? 2.0f : 0.5f));
    /* worked by hand */
    assert_true(got[0] == -2.0f && got[7] == 0.0f && got[15] == 2.0f);
    assert_true(got[64] == -0.5f && got[127] == 0.5f);
    assert_true(fabsf(got[1] - -1.3923856f) < 1e-6f);
    assert_true(fabsf(got[64 + 8] - 0.03979015f) < 1e-7f);
    om_rows_read(got, &r, 1, 1); /* from the middle */
    assert_true(got[0] == -0.5f && got[63] == 0.5f);
    om_llm_folder_close(&folder);
}

/* absmax[b] = map[byte] * nested_absmax[b / 256] + offset */
static void test_nested(void **state)
{
    (void)state;
    enum { ROWS = 260, COLS = 64 };
    char dir[T_MAX_PATH];
    float map[256], nested[2] = {3.0f, 7.0f}, got[COLS];
    unsigned char absmax[ROWS], *codes = malloc(ROWS * COLS / 2);
    static const char state_json[] =
        "{\"quant_type\":\"nf4\",\"blocksize\":64,\"shape\":[260,64],"
        "\"nested_blocksize\":256,\"nested_offset\":0.25}";
    t_file f;
    om_llm_folder folder;
    mkdir(in_root(dir, "nested"), 0777);
    memset(codes, 0xf0, ROWS * COLS / 2); /* 1, -1, 1, -1 ... */
    for (int i = 0; i < 256; i++) map[i] = (float)i / 256;
    for (int i = 0; i < ROWS; i++) absmax[i] = (unsigned char)i;
    t_file_begin(&f);
    t_put(&f, "w.weight", "U8", ROWS * COLS / 2, 1, codes, ROWS * COLS / 2);
    t_put(&f, "w.weight.absmax", "U8", ROWS, 0, absmax, ROWS);
    t_put(&f, "w.weight.quant_map", "F32", 16, 0, nf4_levels, 64);
    t_put(&f, "w.weight.nested_absmax", "F32", 2, 0, nested, sizeof nested);
    t_put(&f, "w.weight.nested_quant_map", "F32", 256, 0, map, sizeof map);
    t_put(&f, "w.weight.quant_state.bitsandbytes__nf4", "U8",
          strlen(state_json), 0, state_json, strlen(state_json));
    t_file_end(&f, dir, "model.safetensors");
    om_rows r = rows_of(&folder, dir, "w.weight", ROWS, COLS);
    const struct {
        size_t row;
        float scale;
    } want[] = {
        {0, 0.25f},                      /* 0 * 3 + 0.25 */
        {128, 0.5f * 3 + 0.25f},         /* 128 / 256 * 3 + 0.25 */
        {255, 255.0f / 256 * 3 + 0.25f}, /* the first 256 blocks end */
        {256, 0.25f},                    /* byte 0 of the next */
        {259, 3.0f / 256 * 7 + 0.25f},   /* 7 is theirs */
    };
    for (size_t i = 0; i < sizeof want / sizeof *want; i++) {
        om_rows_read(got, &r, want[i].row, 1);
        assert_true(got[0] == want[i].scale && got[1] == -want[i].scale);
        assert_true(got[62] == want[i].scale && got[63] == -want[i].scale);
    }
    om_llm_folder_close(&folder);
    free(codes);
}

/* w = q * SCB / 127 */
static void test_int8(void **state)
{
    (void)state;
    char dir[T_MAX_PATH];
    static const signed char q[2][4] = {{127, -127, 0, 1}, {64, -64, 2, -1}};
    static const float scb[2] = {1.0f, 12.7f};
    static const float want[2][4] = {{1.0f, -1.0f, 0.0f, 0.0078740157f},
                                     {6.4f, -6.4f, 0.2f, -0.1f}};
    unsigned char row = 0, turing = 2;
    float got[8];
    omost_error err;
    for (int odd = 0; odd < 2; odd++) {
        t_file f;
        om_llm_folder folder;
        om_rows r;
        mkdir(in_root(dir, odd ? "int8-odd" : "int8"), 0777);
        t_file_begin(&f);
        t_put(&f, "w.weight", "I8", 2, 4, q, sizeof q);
        t_put(&f, "w.SCB", "F32", 2, 0, scb, sizeof scb);
        t_put(&f, "w.weight_format", "U8", 0, 0, odd ? &turing : &row, 1);
        t_file_end(&f, dir, "model.safetensors");
        assert_int_equal(om_llm_folder_open(&folder, NULL, dir, &err),
                         OMOST_OK);
        omost_status st = om_rows_find(&r, &folder, "w.weight", 2, 4, &err);
        assert_int_equal(st, odd ? OMOST_FORMAT : OMOST_OK);
        if (!odd) om_rows_read(got, &r, 0, 2);
        for (int i = 0; i < 8 && !odd; i++)
            assert_true(fabsf(got[i] - want[i / 4][i % 4]) < 1e-6f);
        om_llm_folder_close(&folder);
    }
}

/* Every way of storing gives the very file that its numbers, stored plainly,
 * give; in one file and in two. */
static void test_stores(void **state)
{
    (void)state;
    static const t_store stores[] = {T_BF16,       T_F16, T_NF4,
                                     T_NF4_NESTED, T_FP4, T_INT8};
    for (size_t i = 0; i < sizeof stores / sizeof *stores; i++) {
        for (int phi3 = 0; phi3 < 2; phi3++) {
            char dir[T_MAX_PATH], plain[T_MAX_PATH], other[T_MAX_PATH];
            char out[2][T_MAX_PATH], name[64];
            t_model m;
            snprintf(name, sizeof name, "store-%zu-%d", i, phi3);
            mkdir(in_root(dir, name), 0777);
            char plain_dir[T_MAX_PATH], other_dir[T_MAX_PATH];
            snprintf(plain_dir, sizeof plain_dir, "%.400s/plain", dir);
            snprintf(plain, sizeof plain, "%.440s/tiny", plain_dir);
            snprintf(other_dir, sizeof other_dir, "%.400s/other", dir);
            snprintf(other, sizeof other, "%.440s/tiny", other_dir);
            mkdir(plain_dir, 0777), mkdir(other_dir, 0777);
            t_model_make(&m, phi3, stores[i], false, false);
            t_write_folder(&m, plain, T_F32, false);
            t_write_folder(&m, other, stores[i], i % 2);
            t_model_free(&m);
            snprintf(out[0], T_MAX_PATH, "%.400s/plain.gguf", dir);
            snprintf(out[1], T_MAX_PATH, "%.400s/other.gguf", dir);
            must_convert(plain, out[0], "f32");
            must_convert(other, out[1], "f32");
            assert_same_file(out[0], out[1]);
        }
    }
}

/* ---- what libllama makes of it ------------------------------------------- */

static void say_nothing(enum ggml_log_level level, const char *text, void *user)
{
    (void)user;
    if (level == GGML_LOG_LEVEL_ERROR && getenv("OMOST_TEST_LOG"))
        fputs(text, stderr);
}

static struct llama_model *load(const char *path)
{
    struct llama_model_params p = llama_model_default_params();
    p.n_gpu_layers = 0;
    struct llama_model *model = llama_model_load_from_file(path, p);
    if (!model) fail_msg("libllama does not take %s", path);
    return model;
}

static void run_llama(const char *path, const int32_t *token, int n,
                      float *logits)
{
    struct llama_model *model = load(path);
    struct llama_context_params p = llama_context_default_params();
    p.n_ctx = T_CONTEXT;
    p.n_threads = p.n_threads_batch = 1;
    p.type_k = p.type_v = GGML_TYPE_F32;
    p.flash_attn_type = LLAMA_FLASH_ATTN_TYPE_DISABLED;
    struct llama_context *ctx = llama_init_from_model(model, p);
    assert_non_null(ctx);
    struct llama_batch batch = llama_batch_init(n, 0, 1);
    batch.n_tokens = n;
    for (int i = 0; i < n; i++) {
        batch.token[i] = token[i];
        batch.pos[i] = i;
        batch.n_seq_id[i] = 1;
        batch.seq_id[i][0] = 0;
        batch.logits[i] = 1;
    }
    assert_int_equal(llama_decode(ctx, batch), 0);
    for (int i = 0; i < n; i++)
        memcpy(logits + (size_t)i * T_VOCAB, llama_get_logits_ith(ctx, i),
               T_VOCAB * sizeof *logits);
    llama_batch_free(batch);
    llama_free(ctx);
    llama_model_free(model);
}

static const int32_t tokens[] = {5,  77, 260, 12,  300, 5, 5,   199,
                                 64, 31, 9,   250, 77,  1, 280, 33};
enum { N_TOKENS = sizeof tokens / sizeof *tokens };

/* The difference, as a part of the logits' own size. */
static double difference(const float *a, const float *b)
{
    double off = 0, sum = 0;
    for (int i = 0; i < N_TOKENS * T_VOCAB; i++) {
        off += ((double)a[i] - b[i]) * ((double)a[i] - b[i]);
        sum += (double)a[i] * a[i];
    }
    return sqrt(off / sum);
}

static void check_forward(const char *name, bool phi3, bool tied, bool biased)
{
    static float want[N_TOKENS * T_VOCAB], got[N_TOKENS * T_VOCAB];
    /* A quantised file has fewer bits; q4_0 the fewest here. */
    static const struct {
        const char *type;
        double most;
    } kinds[] = {{"f32", 1e-5}, {"f16", 3e-3},   {"bf16", 0.02},
                 {"q8_0", 0.1}, {"q4_k_m", 0.5}, {"q4_0", 0.6}};
    char dir[T_MAX_PATH], out[T_MAX_PATH];
    t_model m;
    t_model_make(&m, phi3, T_BF16, tied, biased);
    t_write_folder(&m, in_root(dir, name), T_BF16, false);
    t_forward(&m, tokens, N_TOKENS, want);
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        char file[64];
        snprintf(file, sizeof file, "%s-%s.gguf", name, kinds[i].type);
        must_convert(dir, in_root(out, file), kinds[i].type);
        run_llama(out, tokens, N_TOKENS, got);
        double d = difference(want, got);
        printf("  %-12s %-7s off by %.2g of the logits' size\n", name,
               kinds[i].type, d);
        if (!(d < kinds[i].most))
            fail_msg("%s: %g is not below %g", file, d, kinds[i].most);
    }
    t_model_free(&m);
}

static void test_llama(void **state)
{
    (void)state;
    check_forward("llama", false, false, false);
}

static void test_llama_tied(void **state)
{
    (void)state;
    check_forward("llama-tied", false, true, false);
}

static void test_llama_biased(void **state)
{
    (void)state;
    check_forward("llama-biased", false, false, true);
}

static void test_phi3(void **state)
{
    (void)state;
    check_forward("phi-3-tiny", true, false, false);
}

/* ---- words --------------------------------------------------------------- */

static int tokenize(const struct llama_vocab *v, om_str s, bool special,
                    int32_t out[512])
{
    int n = llama_tokenize(v, s.p, (int32_t)s.n, out, 512, special, true);
    assert_true(n >= 0);
    return n;
}

static int32_t id_of(const struct llama_vocab *v, const char *text)
{
    for (int i = 0; i < llama_vocab_n_tokens(v); i++)
        if (strcmp(llama_vocab_get_text(v, i), text) == 0) return i;
    fail_msg("no token %s", text);
    return -1;
}

/* BPE by its definition on one word: the pair of the lowest rank first, the
 * leftmost of equals. The word is of a-z and "_" for a space. */
static int reference_bpe(const char *word, char part[64][32])
{
    int n = 0;
    for (const char *p = word; *p; p++, n++) snprintf(part[n], 32, "%c", *p);
    for (;;) {
        int best = T_N_MERGES, at = -1;
        for (int i = 0; i + 1 < n; i++)
            for (int k = 0; k < best; k++)
                if (strcmp(part[i], t_merges[k][0]) == 0 &&
                    strcmp(part[i + 1], t_merges[k][1]) == 0)
                    best = k, at = i;
        if (at < 0) return n;
        char both[64];
        snprintf(both, sizeof both, "%s%s", part[at], part[at + 1]);
        memcpy(part[at], both, 32);
        for (int i = at + 1; i + 1 < n; i++) memcpy(part[i], part[i + 1], 32);
        n--;
    }
}

static void check_words(const struct llama_vocab *v, bool phi3)
{
    t_model dice = {.seed = 7};
    for (int round = 0; round < 2000; round++) {
        static const char letters[] = "theinlraowbcdg";
        char text[40], word[40], part[64][32], piece[32];
        int32_t got[512];
        int n = 1 + (int)(t_random(&dice) % 30), n_word = 0;
        /* one space in front: it belongs to the word in both kinds, and for
         * pieces it is the one that is put there anyway */
        text[0] = ' ', word[n_word++] = '_';
        for (int i = 0; i < n; i++)
            text[i + 1] = word[n_word++] =
                letters[t_random(&dice) % (sizeof letters - 1)];
        word[n_word] = '\0';
        int want_n = reference_bpe(word, part);
        const om_str s = {text + phi3, (size_t)n + !phi3};
        int got_n = tokenize(v, s, false, got);
        if (got_n != want_n)
            fail_msg("\"%.*s\": %d tokens instead of %d", (int)s.n, s.p, got_n,
                     want_n);
        for (int i = 0; i < got_n; i++)
            assert_int_equal(got[i], id_of(v, t_part(piece, part[i], phi3)));
    }
}

static const om_str hostile[] = {
    OM_STR("\xff\xfe\x80 broken UTF-8 \xc3"),
    OM_STR("null \0 in the middle"),
    OM_STR("\xf0\x9f\x90\x89 dragon \xe2\x80\x8d\xef\xb8\x8f zwj"),
    OM_STR("tabs\t\tand\r\nlines\n\n\n"),
    OM_STR("\xe2\x96\x81\xe2\x96\x81 marks"),
    OM_STR("<0x41> is no byte, and <s> is one token"),
    OM_STR("   many   spaces   "),
    OM_STR("\xef\xbf\xbd\xcc\x81\xd8\xa7\xd9\x84"),
};

static void check_hostile(const struct llama_vocab *v, bool phi3)
{
    for (size_t i = 0; i < sizeof hostile / sizeof *hostile; i++) {
        int32_t got[512];
        char back[2048];
        om_str s = hostile[i];
        /* NUL ends a text for some readers, and bytes that are no UTF-8 become
         * U+FFFD in libllama's byte-level reader */
        const bool broken = om_utf8_valid_len(s.p, s.n) != s.n;
        const bool nul = memchr(s.p, '\0', s.n) != NULL;
        int n = llama_tokenize(v, s.p, (int32_t)s.n, got, 512, false, false);
        assert_true(n > 0);
        for (int k = 0; k < n; k++)
            assert_true(got[k] >= 0 && got[k] < T_VOCAB);
        int len = llama_detokenize(v, got, n, back, sizeof back, false, true);
        assert_true(len > 0);
        if (broken || nul) continue;
        /* "▁" is a space in SentencePiece's spelling, and does not come back */
        if (phi3 && om_str_find(s, OM_STR("\xe2\x96\x81")) != SIZE_MAX)
            continue;
        const int lead = phi3 && back[0] == ' ' && s.p[0] != ' ';
        if ((size_t)(len - lead) != s.n || memcmp(back + lead, s.p, s.n) != 0)
            fail_msg("text %zu came back as \"%.*s\"", i, len, back);
    }
}

/* Bytes without merges are themselves, one by one. */
static void check_bytes(const struct llama_vocab *v, bool phi3)
{
    static const char text[] = "\xf0\x9f\x90\x89\xc2\xa9";
    int32_t got[512];
    int n = tokenize(v, OM_STR("\xf0\x9f\x90\x89\xc2\xa9"), false, got);
    const int lead = phi3; /* the space put in front */
    assert_int_equal(n, 6 + lead);
    for (int i = 0; i < 6; i++) {
        char name[16] = "";
        const unsigned char byte = (unsigned char)text[i];
        if (phi3)
            snprintf(name, sizeof name, "<0x%02X>", byte);
        else
            om_utf8_encode(om_byte_letter(byte), name);
        assert_int_equal(got[i + lead], id_of(v, name));
    }
}

static void check_vocab(const char *name, bool phi3)
{
    char dir[T_MAX_PATH], out[T_MAX_PATH], file[80];
    int32_t got[512];
    t_model m;
    t_model_make(&m, phi3, T_BF16, false, false);
    int first = t_write_folder(&m, in_root(dir, name), T_BF16, false);
    t_model_free(&m);
    snprintf(file, sizeof file, "%s-words.gguf", name);
    must_convert(dir, in_root(out, file), "bf16");
    struct llama_model *model = load(out);
    const struct llama_vocab *v = llama_model_get_vocab(model);
    assert_int_equal(llama_vocab_n_tokens(v), T_VOCAB);
    assert_int_equal(llama_vocab_bos(v), phi3 ? 1 : first);
    assert_int_equal(llama_vocab_eos(v), phi3 ? first : first + 1);
    assert_int_equal(llama_vocab_eot(v), phi3 ? first + 2 : first + 4);
    assert_true(llama_vocab_is_eog(v, llama_vocab_eot(v)));
    assert_true(llama_vocab_get_add_bos(v));
    assert_string_equal(llama_model_chat_template(model, NULL), t_template);
    assert_string_equal(llama_vocab_get_text(v, T_VOCAB - 1), "[PAD351]");

    /* bos, then special tokens as one each */
    int n = tokenize(v,
                     phi3 ? OM_STR("<|user|>\nthe<|end|>")
                          : OM_STR("<|start_header_id|> the<|eot_id|>"),
                     true, got);
    assert_int_equal(n, 4); /* the newline after <|user|> is eaten */
    assert_int_equal(got[0], phi3 ? 1 : first);
    assert_int_equal(got[1], phi3 ? first + 3 : first + 2);
    assert_string_equal(llama_vocab_get_text(v, got[2]),
                        phi3 ? "\xe2\x96\x81the" : "\xc4\xa0the");
    assert_int_equal(got[3], phi3 ? first + 2 : first + 4);

    check_words(v, phi3);
    check_bytes(v, phi3);
    check_hostile(v, phi3);
    llama_model_free(model);
}

static void test_words_llama(void **state)
{
    (void)state;
    check_vocab("words", false);
}

/* The folder's name says nothing of Phi-3: the file's must. */
static void test_words_phi3(void **state)
{
    (void)state;
    check_vocab("pieces", true);
}

/* ---- what is refused ----------------------------------------------------- */

/* Replace the first `from` in a file of the folder. */
static void edit(const char *dir, const char *name, const char *from,
                 const char *to)
{
    char path[T_MAX_PATH];
    snprintf(path, sizeof path, "%.300s/%.100s", dir, name);
    om_buf b = bytes_of(path), out;
    size_t at = om_str_find(om_buf_view(&b), om_str_of(from));
    if (at == SIZE_MAX) fail_msg("%s has no %s", name, from);
    om_buf_init(&out, NULL, 1 << 28);
    om_buf_put(&out, b.p, at);
    om_buf_puts(&out, to);
    om_buf_put(&out, b.p + at + strlen(from), b.n - at - strlen(from));
    t_write(dir, name, out.p, out.n);
    om_buf_free(&b), om_buf_free(&out);
}

static void cut(const char *dir, const char *name)
{
    char path[T_MAX_PATH];
    snprintf(path, sizeof path, "%.300s/%.100s", dir, name);
    om_buf b = bytes_of(path);
    t_write(dir, name, b.p, b.n / 2);
    om_buf_free(&b);
}

static void drop(const char *dir, const char *name)
{
    char path[T_MAX_PATH];
    snprintf(path, sizeof path, "%.300s/%.100s", dir, name);
    assert_int_equal(unlink(path), 0);
}

static const struct bad {
    const char *file, *from, *to; /* from NULL: cut in half; to NULL: removed */
    bool phi3;
    t_store store;
    const char *says;
} bads[] = {
    {"config.json", "", NULL, false, T_F32, "config.json"},
    {"config.json", NULL, "", false, T_F32, "not valid JSON"},
    {"config.json", "LlamaForCausalLM", "QwenForCausalLM", false, T_F32,
     "only Llama and Phi-3"},
    {"config.json", "\"hidden_size\":256", "\"hidden_size\":-1", false, T_F32,
     "hidden_size is out of range"},
    {"config.json", "\"hidden_size\":256", "\"hidden_size\":128", false, T_F32,
     "has the shape"},
    {"config.json", "\"num_hidden_layers\":2", "\"num_hidden_layers\":3", false,
     T_F32, "has no tensor model.layers.2"},
    {"config.json", "\"num_hidden_layers\":2", "\"nope\":3", false, T_F32,
     "num_hidden_layers is missing"},
    {"config.json", "\"num_key_value_heads\":2", "\"num_key_value_heads\":3",
     false, T_F32, "does not divide"},
    {"config.json", "llama3", "dynamic", false, T_F32,
     "rope scaling \"dynamic\" is not known"},
    {"config.json", "2.00,", "", true, T_F32,
     "long_factor has not one number for each"},
    {"config.json", "\"vocab_size\":352", "\"vocab_size\":200", false, T_F32,
     "the model has only 200"},
    {"model.safetensors", "", NULL, false, T_F32,
     "neither model.safetensors nor"},
    {"model.safetensors", NULL, "", false, T_F32, "model.safetensors"},
    {"model.safetensors", "layers.1.mlp.up_proj", "layers.9.mlp.up_proj", false,
     T_F32, "has no tensor model.layers.1.mlp.up_proj.weight"},
    {"model.safetensors", "SCB", "SCX", false, T_INT8,
     "its SCB is not one F32 for each row"},
    {"model.safetensors", "weight.absmax", "weight.absmix", false, T_NF4,
     "its absmax is not one F32 for each block"},
    {"model.safetensors", "weight.quant_map", "weight.quant_mop", false, T_NF4,
     "its quant_map is not 16 F32"},
    {"model.safetensors", "nested_quant_map", "nested_quant_mop", false,
     T_NF4_NESTED, "its nested_quant_map is not 256 F32"},
    {"model.safetensors", "\"blocksize\": 64", "\"blocksize\": 63", false,
     T_NF4, "no blocksize that makes sense"},
    {"model.safetensors", "\"shape\": [256, 256]", "\"shape\": [256, 257]",
     false, T_NF4, "has not the bytes its 4-bit codes need"},
    {"tokenizer.json", "", NULL, false, T_F32, "tokenizer.json"},
    {"tokenizer.json", NULL, "", false, T_F32, "not valid JSON"},
    {"tokenizer.json", "\"type\":\"BPE\"", "\"type\":\"Unigram\"", false, T_F32,
     "type \"Unigram\" is not known"},
    {"tokenizer.json", "\\\\p{N}{1,3}", "\\\\p{N}{1,2}", false, T_F32,
     "neither Llama 3's nor SentencePiece's"},
    {"tokenizer.json", "\"byte_fallback\":true", "\"byte_fallback\":false",
     true, T_F32, "neither Llama 3's nor SentencePiece's"},
    {"tokenizer.json", "<0x41>", "<0y41>", true, T_F32,
     "lacks tokens for some of the 256 bytes"},
    {"tokenizer.json", "\"A\":", "\"AA\":", false, T_F32,
     "lacks letters for some of the 256 bytes"},
    {"tokenizer.json", "\"h e\"", "\"he\"", false, T_F32,
     "a merge is not made of two parts"},
    {"tokenizer.json", "\"B\":66", "\"B\":65", false, T_F32,
     "two tokens have one number"},
    {"tokenizer.json", "\"B\":66", "\"B\":66.5", false, T_F32,
     "a token's number is out of range"},
    {"tokenizer_config.json", NULL, "", false, T_F32, "not valid JSON"},
    {"tokenizer_config.json", "<|end_of_text|>", "<|no|>", false, T_F32,
     "names no token that ends a text"},
};

static void check_bad(size_t i)
{
    const struct bad *b = &bads[i];
    char dir[T_MAX_PATH], out[T_MAX_PATH], name[64];
    omost_error err;
    t_model m;
    snprintf(name, sizeof name, "bad-%zu", i);
    t_model_make(&m, b->phi3, b->store, false, false);
    t_write_folder(&m, in_root(dir, name), b->store, false);
    t_model_free(&m);
    if (!b->to)
        drop(dir, b->file);
    else if (!b->from)
        cut(dir, b->file);
    else
        edit(dir, b->file, b->from, b->to);
    omost_status st = convert(dir, in_root(out, "bad.gguf"), "f16", &err);
    if (st == OMOST_OK) fail_msg("bad %zu (%s) was taken", i, b->says);
    if (!strstr(err.msg, b->says))
        fail_msg("bad %zu: \"%s\" does not say \"%s\"", i, err.msg, b->says);
    assert_true(access(out, F_OK) != 0);
}

static void test_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof bads / sizeof *bads; i++) check_bad(i);
}

/* Whatever one byte becomes, or wherever a file is cut: a sentence or a file,
 * and no more than that. */
static void test_mutated(void **state)
{
    (void)state;
    static const char *const files[] = {"config.json", "tokenizer.json",
                                        "tokenizer_config.json",
                                        "generation_config.json",
                                        "model.safetensors"};
    char dir[T_MAX_PATH], out[T_MAX_PATH], path[T_MAX_PATH];
    t_model m, dice = {.seed = 3};
    t_model_make(&m, true, T_NF4_NESTED, false, false);
    t_write_folder(&m, in_root(dir, "mutated"), T_NF4_NESTED, false);
    t_model_free(&m);
    in_root(out, "mutated.gguf");
    size_t refused = 0;
    for (int round = 0; round < 250; round++) {
        static const char odd[] = "\"[]{},:0-9.eE\0\x80truenul \\";
        const char *name = files[round % 5];
        snprintf(path, sizeof path, "%.300s/%s", dir, name);
        om_buf was = bytes_of(path), now = bytes_of(path);
        /* of the weights, the head: all else is numbers */
        const size_t n = round % 5 == 4 ? 6000 : now.n;
        const size_t at = t_random(&dice) % n;
        if (round % 7 == 6)
            now.n = at;
        else
            now.p[at] = odd[t_random(&dice) % (sizeof odd - 1)];
        t_write(dir, name, now.p, now.n);
        omost_error err;
        omost_status st = convert(dir, out, "f16", &err);
        if (st != OMOST_OK) assert_true(err.msg[0] != '\0');
        refused += st != OMOST_OK;
        t_write(dir, name, was.p, was.n);
        om_buf_free(&was), om_buf_free(&now);
    }
    assert_true(refused > 50);
    must_convert(dir, out, "f16");
}

static void test_refused_elsewhere(void **state)
{
    (void)state;
    char dir[T_MAX_PATH], out[T_MAX_PATH];
    omost_error err;
    t_model m;
    in_root(out, "never.gguf");
    assert_int_equal(convert("/no/such/folder", out, "f16", &err),
                     OMOST_MISSING);
    t_model_make(&m, false, T_BF16, false, false);
    t_write_folder(&m, in_root(dir, "fine"), T_BF16, true);
    assert_int_equal(convert(dir, out, "q99", &err), OMOST_USAGE);
    assert_int_equal(convert(dir, "/no/such/folder/x.gguf", "f16", &err),
                     OMOST_IO);
    /* an index that leads elsewhere, or to nothing */
    edit(dir, "model.safetensors.index.json",
         "\"model-00001-of-00002.safetensors\"", "\"../../x.safetensors\"");
    assert_int_equal(convert(dir, out, "f16", &err), OMOST_FORMAT);
    assert_non_null(strstr(err.msg, "not a plain name"));
    t_write_folder(&m, dir, T_BF16, true);
    drop(dir, "model-00002-of-00002.safetensors");
    assert_int_not_equal(convert(dir, out, "f16", &err), OMOST_OK);
    assert_non_null(strstr(err.msg, "model-00002-of-00002.safetensors"));
    /* pickles */
    drop(dir, "model.safetensors.index.json");
    t_write_text(dir, "pytorch_model.bin", "");
    assert_int_equal(convert(dir, out, "f16", &err), OMOST_FORMAT);
    assert_non_null(strstr(err.msg, "pickled"));
    /* numbers that are none */
    m.t[3].v[5] = NAN;
    t_write_folder(&m, in_root(dir, "nan"), T_BF16, false);
    assert_int_equal(convert(dir, out, "f16", &err), OMOST_FORMAT);
    assert_non_null(strstr(err.msg, "infinite or none"));
    t_model_free(&m);
    assert_true(access(out, F_OK) != 0);
}

/* ---- stopping ------------------------------------------------------------ */

/* Visit all of the folder: how many temporary files there are; remove it. */
static int sweep(bool remove_all)
{
    char *const paths[] = {root, NULL};
    int n = 0;
    FTS *fts = fts_open(paths, FTS_PHYSICAL, NULL);
    for (FTSENT *e; fts && (e = fts_read(fts));) {
        n += om_str_ends(om_str_of(e->fts_path), OM_STR(".tmp"));
        if (remove_all && e->fts_info != FTS_D) remove(e->fts_accpath);
    }
    fts_close(fts);
    return n;
}

static bool stop_in(void *user, const omost_convert_event *ev)
{
    return strcmp(ev->phase, user) != 0;
}

static void test_stopped(void **state)
{
    (void)state;
    char dir[T_MAX_PATH], out[T_MAX_PATH];
    static char phases[][16] = {"converting", "quantizing"};
    t_model m;
    t_model_make(&m, false, T_BF16, false, false);
    t_write_folder(&m, in_root(dir, "stopped"), T_BF16, false);
    t_model_free(&m);
    in_root(out, "stopped.gguf");
    for (int i = 0; i < 2; i++) {
        omost_error err;
        const omost_gguf_opts o = {.folder = dir,
                                   .out = out,
                                   .type = "q8_0",
                                   .on_progress = stop_in,
                                   .user = phases[i]};
        assert_int_equal(omost_gguf_convert(&o, &err), OMOST_CANCELLED);
        assert_true(access(out, F_OK) != 0);
    }
    assert_int_equal(sweep(false), 0);
}

/* No leak and no crash wherever memory runs out before the file is begun. */
static void test_no_memory(void **state)
{
    (void)state;
    char dir[T_MAX_PATH], out[T_MAX_PATH];
    t_model m;
    t_model_make(&m, false, T_INT8, false, false);
    t_write_folder(&m, in_root(dir, "memory"), T_INT8, true);
    t_model_free(&m);
    in_root(out, "memory.gguf");
    for (size_t i = 1;; i++) {
        omost_error err;
        meter mem = {.fail_at = i};
        const omost_env env = {metered, &mem};
        const omost_gguf_opts o = {
            .env = &env, .folder = dir, .out = out, .type = "f16"};
        omost_status st = omost_gguf_convert(&o, &err);
        assert_int_equal(mem.live, 0);
        if (st == OMOST_OK) break;
        assert_int_equal(st, OMOST_NOMEM);
        assert_true(i < 5000);
    }
}

static int begin(void **state)
{
    (void)state;
    const char *tmp = getenv("TMPDIR");
    snprintf(root, sizeof root, "%s/omost-gguf-XXXXXX", tmp ? tmp : "/tmp");
    if (!mkdtemp(root)) return -1;
    omost_probe probe;
    const omost_probe_opts quick = {.quick = true};
    if (omost_engine_probe(&quick, &probe, NULL) != OMOST_OK) return -1;
    llama_backend_init();
    llama_log_set(say_nothing, NULL);
    return 0;
}

static int end(void **state)
{
    (void)state;
    sweep(true);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nf4),
        cmocka_unit_test(test_nested),
        cmocka_unit_test(test_int8),
        cmocka_unit_test(test_stores),
        cmocka_unit_test(test_llama),
        cmocka_unit_test(test_llama_tied),
        cmocka_unit_test(test_llama_biased),
        cmocka_unit_test(test_phi3),
        cmocka_unit_test(test_words_llama),
        cmocka_unit_test(test_words_phi3),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_mutated),
        cmocka_unit_test(test_refused_elsewhere),
        cmocka_unit_test(test_stopped),
        cmocka_unit_test(test_no_memory),
    };
    return cmocka_run_group_tests(tests, begin, end);
}

#else

int main(void)
{
    printf("*** SKIPPED: this build has no libllama ***\n");
    return 77;
}

#endif
