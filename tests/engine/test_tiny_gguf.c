/* test_tiny_gguf.c - the models that other tests are written with: they load in
 * libllama, their tokens give every text back, and they compute. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "support/tiny_gguf.h"

#if OM_WITH_LLAMA

#include <ggml-backend.h>
#include <llama.h>
#include <math.h>

enum { MANY = 4096 };

static void quiet(enum ggml_log_level level, const char *text, void *user)
{
    (void)level, (void)text, (void)user;
}

static int set_up(void **state)
{
    (void)state;
    llama_log_set(quiet, NULL);
    ggml_backend_load_all_from_path(OM_GGML_PLUGINS);
    return 0;
}

static struct llama_model *load(const char *path)
{
    struct llama_model_params p = llama_model_default_params();
    p.n_gpu_layers = 0;
    return llama_model_load_from_file(path, p);
}

/* The path is taken when it is written, and the file deleted by the caller. */
static void write_model(char path[32], const tiny_gguf *o)
{
    char why[256] = "";
    snprintf(path, 32, "/tmp/omost-tiny-XXXXXX");
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    close(fd);
    if (!tiny_gguf_write(path, o, why)) fail_msg("%s", why);
}

static struct llama_model *make(const tiny_gguf *o)
{
    char path[32];
    write_model(path, o);
    struct llama_model *m = load(path);
    unlink(path);
    assert_non_null(m);
    return m;
}

static int32_t tokens_of(const struct llama_model *m, const char *text,
                         llama_token out[MANY])
{
    const int32_t n =
        llama_tokenize(llama_model_get_vocab(m), text, (int32_t)strlen(text),
                       out, MANY, false, false);
    assert_true(n >= 0);
    return n;
}

/* ---- tokens ---------------------------------------------------------------- */

static const char *const hostile[] = {
    "canvas.add_local_description(\n    location='in the center',\n",
    "\t \t\r\n\r\n   x  \n",
    "\"\\\"'''\"\"\"\\n\\x00 ` ``` ~",
    "<|eot_id|> <|end|> <s> </s> <unk> <0x41> \xe2\x96\x81",
    "the warrior\xe2\x80\x99s \xe2\x80\x9csword\xe2\x80\x9d \xe2\x80\x94 "
    "\xe6\x97\xa5\xe6\x9c\xac \xf0\x9f\x90\x89\xef\xb8\x8f\xc2\xa0\xc3\xa9"
    "e\xcc\x81 \xef\xbb\xbf",
    "\x01\x02\x7f\x1b[31m",
    "1234567890 3.14159 -0.5e300",
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
};

static void check_round_trip(const struct llama_model *m, bool spm)
{
    static llama_token token[MANY];
    static char back[MANY];
    for (size_t i = 0; i < sizeof hostile / sizeof *hostile; i++) {
        /* SentencePiece writes a blank as U+2581 and cannot tell them apart. */
        if (spm && strstr(hostile[i], "\xe2\x96\x81")) continue;
        const int32_t n = tokens_of(m, hostile[i], token);
        int32_t len = 0;
        for (int32_t k = 0; k < n; k++) {
            int32_t got =
                llama_token_to_piece(llama_model_get_vocab(m), token[k],
                                     back + len, MANY - 1 - len, 0, false);
            assert_true(got > 0);
            len += got;
        }
        back[len] = '\0';
        assert_string_equal(back, hostile[i]);
    }
}

static void test_tokens_give_the_text_back(void **state)
{
    (void)state;
    struct llama_model *llama = make(NULL);
    struct llama_model *phi = make(&(tiny_gguf){.arch = "phi3"});
    check_round_trip(llama, false);
    check_round_trip(phi, true);
    llama_model_free(llama);
    llama_model_free(phi);
}

/* The point of the learnt tokens: one may end a string and go on. */
static void test_tokens_cross_the_borders_of_syntax(void **state)
{
    (void)state;
    static llama_token token[MANY];
    struct llama_model *m = make(NULL);
    assert_int_equal(tokens_of(m, " canvas", token), 1);
    assert_int_equal(tokens_of(m, "='", token), 1);
    assert_int_equal(tokens_of(m, "',\n", token), 1);
    assert_int_equal(tokens_of(m, ".',\n", token), 1);
    assert_in_range(tokens_of(m, "canvas.add_local_description(\n", token), 2,
                    12);
    llama_model_free(m);
}

static llama_token special(const struct llama_model *m, const char *text)
{
    llama_token t[4];
    assert_int_equal(llama_tokenize(llama_model_get_vocab(m), text,
                                    (int32_t)strlen(text), t, 4, false, true),
                     1);
    assert_true(llama_vocab_is_control(llama_model_get_vocab(m), t[0]));
    return t[0];
}

static void test_special_tokens(void **state)
{
    (void)state;
    struct llama_model *m = make(NULL);
    const struct llama_vocab *v = llama_model_get_vocab(m);
    assert_int_equal(special(m, "<|begin_of_text|>"), llama_vocab_bos(v));
    assert_true(llama_vocab_is_eog(v, special(m, "<|eot_id|>")));
    assert_true(llama_vocab_is_eog(v, special(m, "<|end_of_text|>")));
    assert_false(llama_vocab_is_eog(v, special(m, "<|start_header_id|>")));
    assert_false(llama_vocab_is_eog(v, special(m, "<|end_header_id|>")));
    llama_model_free(m);
    m = make(&(tiny_gguf){.arch = "phi3"});
    v = llama_model_get_vocab(m);
    assert_int_equal(special(m, "<s>"), llama_vocab_bos(v));
    assert_true(llama_vocab_is_eog(v, special(m, "<|end|>")));
    assert_true(llama_vocab_is_eog(v, special(m, "<|endoftext|>")));
    assert_false(llama_vocab_is_eog(v, special(m, "<|user|>")));
    assert_false(llama_vocab_is_eog(v, special(m, "<|assistant|>")));
    assert_false(llama_vocab_is_eog(v, special(m, "<|system|>")));
    llama_model_free(m);
}

static void expect_chat(const tiny_gguf *o, const char *expected)
{
    static const struct llama_chat_message turn[] = {{"system", "Be brief."},
                                                     {"user", "Hello"}};
    char text[512];
    struct llama_model *m = make(o);
    const char *template = llama_model_chat_template(m, NULL);
    if (!expected) {
        assert_null(template);
        llama_model_free(m);
        return;
    }
    assert_non_null(template);
    int32_t n =
        llama_chat_apply_template(template, turn, 2, true, text, sizeof text);
    assert_in_range(n, 1, sizeof text - 1);
    text[n] = '\0';
    assert_string_equal(text, expected);
    llama_model_free(m);
}

static void test_chat_templates(void **state)
{
    (void)state;
    expect_chat(NULL, "<|start_header_id|>system<|end_header_id|>\n\nBe brief."
                      "<|eot_id|><|start_header_id|>user<|end_header_id|>\n\n"
                      "Hello<|eot_id|><|start_header_id|>assistant"
                      "<|end_header_id|>\n\n");
    expect_chat(&(tiny_gguf){.arch = "phi3"},
                "<|system|>\nBe brief.<|end|>\n<|user|>\nHello<|end|>\n"
                "<|assistant|>\n");
    expect_chat(&(tiny_gguf){.no_template = true}, NULL);
}

/* ---- numbers --------------------------------------------------------------- */

/* Entropy, in bits, of the next token after a prompt. */
static double entropy(const tiny_gguf *o)
{
    static llama_token token[MANY];
    struct llama_model *m = make(o);
    const struct llama_vocab *v = llama_model_get_vocab(m);
    struct llama_context_params p = llama_context_default_params();
    p.n_ctx = 512;
    p.n_threads = p.n_threads_batch = 1;
    struct llama_context *c = llama_init_from_model(m, p);
    assert_non_null(c);
    const int32_t n = tokens_of(m, "canvas = Canvas()\n", token);
    assert_int_equal(llama_decode(c, llama_batch_get_one(token, n)), 0);
    const float *logit = llama_get_logits_ith(c, -1);
    double sum = 0, bits = 0;
    float top = logit[0];
    for (int32_t i = 0; i < llama_vocab_n_tokens(v); i++) {
        assert_true(isfinite(logit[i]));
        top = fmaxf(top, logit[i]);
    }
    for (int32_t i = 0; i < llama_vocab_n_tokens(v); i++)
        sum += exp((double)(logit[i] - top));
    for (int32_t i = 0; i < llama_vocab_n_tokens(v); i++)
        bits -= exp((double)(logit[i] - top)) / sum *
                ((double)(logit[i] - top) - log(sum)) / log(2);
    llama_free(c);
    llama_model_free(m);
    return bits;
}

static void test_every_kind_computes(void **state)
{
    (void)state;
    static const char *const type[] = {"f32", "f16", "q8_0", "q4_0"};
    for (size_t i = 0; i < sizeof type / sizeof *type; i++) {
        const double a = entropy(&(tiny_gguf){.type = type[i], .seed = i});
        const double b =
            entropy(&(tiny_gguf){.arch = "phi3", .type = type[i], .seed = i});
        assert_true(a > 1 && a < 8.5);
        assert_true(b > 1 && b < 8.5);
    }
    assert_true(entropy(&(tiny_gguf){.spread = 0.1F}) > 9);
    assert_true(entropy(&(tiny_gguf){.spread = 30}) < 1);
    const double big = entropy(&(tiny_gguf){.type = "q4_0",
                                            .width = 256,
                                            .layers = 1,
                                            .tied = true,
                                            .vocab = 9000});
    assert_true(big > 1 && big < 12);
}

/* ---- files ----------------------------------------------------------------- */

static uint64_t file_sum(const tiny_gguf *o)
{
    char path[32];
    write_model(path, o);
    FILE *f = fopen(path, "rb");
    unlink(path);
    assert_non_null(f);
    uint64_t h = 0;
    for (int c; (c = getc(f)) != EOF;) h = (h ^ (uint64_t)c) * 0x100000001b3u;
    fclose(f);
    return h;
}

static void test_same_seed_same_file(void **state)
{
    (void)state;
    const uint64_t one = file_sum(&(tiny_gguf){.seed = 1});
    assert_true(one == file_sum(&(tiny_gguf){.seed = 1}));
    assert_true(one != file_sum(&(tiny_gguf){.seed = 2}));
}

static void expect_broken(const tiny_gguf *o, double keep)
{
    char path[32];
    write_model(path, o);
    assert_true(tiny_gguf_cut(path, keep));
    struct llama_model *m = load(path);
    unlink(path);
    assert_null(m);
}

static void test_broken_files_do_not_load(void **state)
{
    (void)state;
    expect_broken(NULL, 0.9);
    expect_broken(NULL, 0.01);
    expect_broken(NULL, 0);
    expect_broken(&(tiny_gguf){.claim = "no-such-family"}, 1);
    expect_broken(&(tiny_gguf){.no_vocab = true}, 1);
}

static void test_impossible_shapes_are_refused(void **state)
{
    (void)state;
    char why[256] = "";
    assert_false(tiny_gguf_write("/tmp/x", &(tiny_gguf){.heads = 3}, why));
    assert_non_null(strstr(why, "heads"));
    assert_false(tiny_gguf_write("/tmp/x", &(tiny_gguf){.arch = "x"}, why));
    assert_non_null(strstr(why, "neither"));
    assert_false(tiny_gguf_write("/tmp/x", &(tiny_gguf){.type = "x"}, why));
    assert_non_null(strstr(why, "type"));
    assert_false(tiny_gguf_write("/nowhere/x", NULL, why));
    assert_non_null(strstr(why, "/nowhere/x"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tokens_give_the_text_back),
        cmocka_unit_test(test_tokens_cross_the_borders_of_syntax),
        cmocka_unit_test(test_special_tokens),
        cmocka_unit_test(test_chat_templates),
        cmocka_unit_test(test_every_kind_computes),
        cmocka_unit_test(test_same_seed_same_file),
        cmocka_unit_test(test_broken_files_do_not_load),
        cmocka_unit_test(test_impossible_shapes_are_refused),
    };
    return cmocka_run_group_tests(tests, set_up, NULL);
}

#else

int main(void)
{
    puts("skipped: this build has no libllama");
    return 77;
}

#endif
