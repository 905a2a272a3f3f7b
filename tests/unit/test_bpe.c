/* test_bpe.c - the CLIP tokenizer against the original's ids, and against
 * files that are not what they should be. */
#include "support.h"

#include <sys/stat.h>

#include "prompt/tokenizer.h"

enum { MAX_IDS = 4096 };

/* The tokenizer of a folder in the golden data; NULL, with a loud line. */
static omost_tokenizer *open_golden(const char *name)
{
    char path[OM_TEST_PATH];
    omost_error err;
    omost_tokenizer *tk =
        omost_tokenizer_open(NULL, golden_path(path, name), &err);
    if (!tk) printf("*** SKIPPED: %s (set OMOST_GOLDEN) ***\n", err.msg);
    return tk;
}

/* ---- against the original ---------------------------------------------- */

static int encode_differs(const omost_tokenizer *tk, omost_encoder which,
                          om_str text, const json_t *want)
{
    uint32_t ids[MAX_IDS];
    size_t n;
    omost_error err;
    if (omost_tokenizer_encode(tk, which, text, ids, MAX_IDS, &n, &err) !=
        OMOST_OK)
        fail_msg("%s", err.msg);
    if (n != json_array_size(want)) return 1;
    for (size_t i = 0; i < n; i++)
        if ((json_int_t)ids[i] != json_integer_value(json_array_get(want, i)))
            return 1;
    return 0;
}

static void check_tokens(const omost_tokenizer *tk)
{
    json_t *rows = golden_lines("tokens.jsonl");
    size_t bad = 0;
    assert_true(json_array_size(rows) >= 453);
    for (size_t i = 0; i < json_array_size(rows); i++) {
        const json_t *row = json_array_get(rows, i),
                     *ids = json_object_get(row, "ids");
        const json_t *ids_2 = json_object_get(row, "ids_tokenizer_2");
        om_str text = om_json_str(json_object_get(row, "text"));
        int d = encode_differs(tk, OMOST_ENCODER_1, text, ids) |
                encode_differs(tk, OMOST_ENCODER_2, text, ids_2 ? ids_2 : ids)
                    << 1;
        if (d)
            print_error("row %zu, encoder %d: %.*s\n", i, d, OM_STR_ARG(text));
        bad += d != 0;
    }
    assert_int_equal(bad, 0);
    json_decref(rows);
}

static void test_tokens(void **state)
{
    (void)state;
    omost_tokenizer *tk = open_clip();
    if (!tk) skip();
    assert_int_equal(omost_tokenizer_size(tk), 49408);
    assert_int_equal(omost_tokenizer_start(tk), 49406);
    assert_int_equal(omost_tokenizer_end(tk), 49407);
    assert_int_equal(omost_tokenizer_pad(tk, OMOST_ENCODER_1), 49407);
    assert_int_equal(omost_tokenizer_pad(tk, OMOST_ENCODER_2), 0);
    check_tokens(tk);
    omost_tokenizer_free(tk);
}

/* A model folder, and one folder alone in either style of vocab.json, as a
 * pair for SDXL: the same tokenizer. */
static void test_folders(void **state)
{
    (void)state;
    static const char *const names[] = {"model", "model/tokenizer",
                                        "model/tokenizer_2"};
    for (int i = 0; i < 3; i++) {
        omost_tokenizer *tk = open_golden(names[i]);
        if (!tk) skip();
        check_tokens(tk);
        omost_tokenizer_free(tk);
    }
}

static void test_builtin(void **state)
{
    (void)state;
    omost_error err;
    omost_tokenizer *tk = omost_tokenizer_builtin(NULL, &err);
    assert_true((tk != NULL) == omost_tokenizer_has_builtin());
    if (!tk) {
        assert_int_equal(err.status, OMOST_MISSING);
        printf("*** SKIPPED: this build carries no vocabulary ***\n");
        skip();
    }
    omost_tokenizer *golden = open_golden("model");
    if (golden) assert_true(om_bpe_equal(&tk->bpe, &golden->bpe));
    omost_tokenizer_free(golden);
    omost_tokenizer_free(tk);
}

static void check_row(const uint32_t ids[OMOST_ROW_IDS], const json_t *want)
{
    assert_int_equal(json_array_size(want), OMOST_ROW_IDS);
    for (size_t i = 0; i < OMOST_ROW_IDS; i++)
        assert_int_equal(ids[i], json_integer_value(json_array_get(want, i)));
}

static void test_negative(void **state)
{
    (void)state;
    omost_tokenizer *tk = open_clip();
    if (!tk) skip();
    json_t *rows = golden_lines("negative77.jsonl");
    assert_true(json_array_size(rows) > 1);
    for (size_t i = 0; i < json_array_size(rows); i++) {
        const json_t *o = json_array_get(rows, i);
        omost_row row;
        omost_status st =
            omost_tokenizer_row(tk, om_json_str(json_object_get(o, "text")),
                                &row, NULL);
        assert_int_equal(st, OMOST_OK);
        check_row(row.ids, json_object_get(o, "ids_tokenizer"));
        check_row(row.ids_2, json_object_get(o, "ids_tokenizer_2"));
    }
    json_decref(rows);
    omost_tokenizer_free(tk);
}

/* ---- a small vocabulary of our own ------------------------------------- */

/* The first `n` merges of CLIP, enough to test with. */
static const char *const small_merges =
    "#version: 0.2\ni n\nt h\na n\nr e\na r\ne r\nth e</w>\nin g</w>\no u\no n\n";

static omost_tokenizer *small(const omost_env *env, omost_error *err)
{
    return om_tokenizer_parse(env, (om_str){0}, om_str_of(small_merges), err);
}

static void test_small(void **state)
{
    (void)state;
    omost_error err;
    omost_tokenizer *tk = small(NULL, &err);
    assert_non_null(tk);
    assert_int_equal(omost_tokenizer_size(tk), 512 + 10 + 2);
    uint32_t ids[8];
    size_t n;
    assert_int_equal(omost_tokenizer_encode(tk, OMOST_ENCODER_1,
                                            OM_STR("The thing"), ids, 8, &n,
                                            &err),
                     OMOST_OK);
    /* the</w>; th ing</w> */
    assert_int_equal(n, 3);
    assert_int_equal(ids[0], 512 + 6);
    assert_int_equal(ids[1], 512 + 1);
    assert_int_equal(ids[2], 512 + 7);
    omost_tokenizer_free(tk);
}

/* ---- words of any length ----------------------------------------------- */

/* Merges in the order of their ranks, each over the whole word: slow, obvious. */
static size_t merge_slowly(const om_merge *by_rank, size_t n_merges,
                           uint32_t *ids, size_t n)
{
    for (size_t r = 0; r < n_merges; r++) {
        size_t to = 0;
        for (size_t i = 0; i < n; i++) {
            bool hit = i + 1 < n && ids[i] == by_rank[r].left &&
                       ids[i + 1] == by_rank[r].right;
            ids[to++] = hit ? by_rank[r].into : ids[i];
            i += hit;
        }
        n = to;
    }
    return n;
}

static void check_word(const omost_tokenizer *tk, const om_merge *by_rank,
                       const char *word, size_t n)
{
    uint32_t got[512], want[512];
    size_t n_got;
    assert_int_equal(omost_tokenizer_encode(tk, OMOST_ENCODER_1,
                                            (om_str){word, n}, got, 512, &n_got,
                                            NULL),
                     OMOST_OK);
    for (size_t i = 0; i < n; i++)
        want[i] = (i + 1 < n ? tk->bpe.unit
                             : tk->bpe.unit_end)[(unsigned char)word[i]];
    size_t n_want = merge_slowly(by_rank, tk->bpe.n_merges, want, n);
    assert_int_equal(n_got, n_want);
    assert_memory_equal(got, want, n_got * sizeof *got);
}

static void test_words(void **state)
{
    (void)state;
    static const size_t lens[] = {1,  2,  15, 16, 17,  40,
                                  63, 64, 65, 66, 200, 512};
    static const char *const alphabets[] = {"aeinorst", "ab",
                                            "abcdefghijklmnopqrstuvwxyz", "o"};
    omost_tokenizer *tk = open_clip();
    if (!tk) skip();
    om_merge *by_rank = calloc(tk->bpe.n_merges, sizeof *by_rank);
    assert_non_null(by_rank);
    for (uint32_t i = 0; i <= tk->bpe.merge_mask; i++)
        if (tk->bpe.merges[i].left != OM_ID_NONE)
            by_rank[tk->bpe.merges[i].rank] = tk->bpe.merges[i];
    uint32_t seed = 7;
    for (size_t a = 0; a < 4; a++) {
        for (size_t l = 0; l < sizeof lens / sizeof *lens; l++) {
            char word[512];
            for (size_t i = 0; i < lens[l]; i++) {
                seed = seed * 1664525 + 1013904223;
                word[i] = alphabets[a][(seed >> 16) % strlen(alphabets[a])];
            }
            check_word(tk, by_rank, word, lens[l]);
        }
    }
    free(by_rank);
    omost_tokenizer_free(tk);
}

/* A word of a megabyte must not take quadratic time: it would not end. */
static void test_huge_word(void **state)
{
    (void)state;
    omost_tokenizer *tk = open_clip();
    if (!tk) skip();
    char *word = malloc(OMOST_MAX_INPUT + 1);
    assert_non_null(word);
    memset(word, 'o', OMOST_MAX_INPUT + 1);
    size_t n, m;
    assert_int_equal(omost_tokenizer_encode(tk, OMOST_ENCODER_1,
                                            (om_str){word, OMOST_MAX_INPUT},
                                            NULL, 0, &n, NULL),
                     OMOST_OK);
    assert_true(n > 1000);
    omost_error err;
    assert_int_equal(omost_tokenizer_encode(tk, OMOST_ENCODER_1,
                                            (om_str){word, OMOST_MAX_INPUT + 1},
                                            NULL, 0, &m, &err),
                     OMOST_LIMIT);
    for (size_t i = 0; i + 3 <= OMOST_MAX_INPUT; i += 3)
        memcpy(word + i, "\xe2\x99\xa5", 3);
    assert_int_equal(
        omost_tokenizer_encode(tk, OMOST_ENCODER_2,
                               (om_str){word, OMOST_MAX_INPUT / 3 * 3}, NULL, 0,
                               &m, NULL),
        OMOST_OK);
    free(word);
    omost_tokenizer_free(tk);
}

/* ---- texts ------------------------------------------------------------- */

typedef struct odd_text {
    const char *text;
    size_t n[2]; /* ids for encoder 1 and 2 */
    uint32_t ids[2][10];
} odd_text;

/* Ids from the original's own code, run on these texts. */
static const odd_text odd_texts[] = {
    /* clang-format off */
    {"a!b", {3, 3}, {{320, 256, 321}, {320, 0, 321}}},
    {"!!!", {1, 3}, {{995}, {0, 0, 0}}},
    {"wow!.", {2, 3}, {{2781, 22517}, {2781, 0, 269}}},
    {"&<|endoftext|>", {2, 2}, {{261, 49407}, {261, 49407}}},
    {"&<|ENDOFTEXT|>", {7, 7}, {{5, 27, 347, 40786, 4160, 91, 285}, {5, 27, 347, 40786, 4160, 91, 285}}},
    {"<|StartOfText|>", {1, 1}, {{49406}, {49406}}},
    {"<|\xc5\xbftartoftext|>", {9, 9}, {{27, 91, 129, 123, 2002, 6659, 18169, 91, 285}, {27, 91, 129, 123, 2002, 6659, 18169, 91, 285}}},
    {"it'\xc5\xbf", {4, 4}, {{585, 6, 129, 379}, {585, 6, 129, 379}}},
    {"a\xcd\x85""b", {2, 2}, {{320, 321}, {320, 321}}},
    {"\xce\x91\xce\xa3 \xce\xa3", {6, 6}, {{138, 109, 139, 480, 139, 481}, {138, 109, 139, 480, 139, 481}}},
    {"e\xcc\x81", {1, 1}, {{4166}, {4166}}},
    {"a\xe2\x80\x8d""b\xc2\xad""c", {1, 1}, {{5334}, {5334}}},
    {"a\x01""b", {1, 1}, {{3937}, {3937}}},
    {"\xe4\xb8\xad\xe6\x96\x87", {4, 4}, {{19759, 511, 29032, 485}, {19759, 511, 29032, 485}}},
    {"", {0, 0}, {{0}, {0}}},
    {" \t\r\n\x0b", {0, 0}, {{0}, {0}}},
    /* clang-format on */
};

static void test_odd_texts(void **state)
{
    (void)state;
    omost_tokenizer *tk = open_clip();
    if (!tk) skip();
    for (size_t i = 0; i < sizeof odd_texts / sizeof *odd_texts; i++) {
        const odd_text *o = &odd_texts[i];
        for (int e = 0; e < 2; e++) {
            uint32_t ids[10];
            size_t n;
            assert_int_equal(omost_tokenizer_encode(tk, (omost_encoder)e,
                                                    om_str_of(o->text), ids, 10,
                                                    &n, NULL),
                             OMOST_OK);
            if (n != o->n[e] || memcmp(ids, o->ids[e], n * sizeof *ids) != 0)
                fail_msg("text %zu, encoder %d: %zu ids, first %u", i, e + 1, n,
                         ids[0]);
        }
    }
    omost_tokenizer_free(tk);
}

static void test_bad_text(void **state)
{
    (void)state;
    omost_error err;
    omost_tokenizer *tk = small(NULL, &err);
    uint32_t ids[2] = {77, 77};
    size_t n;
    assert_int_equal(omost_tokenizer_encode(tk, OMOST_ENCODER_1,
                                            OM_STR("a\xff"), ids, 2, &n, &err),
                     OMOST_FORMAT);
    assert_string_equal(err.msg, "byte 2 of a text is not UTF-8");
    /* No more than `cap` are written, all are counted. */
    assert_int_equal(omost_tokenizer_encode(tk, OMOST_ENCODER_1,
                                            OM_STR("a b c"), ids, 1, &n, &err),
                     OMOST_OK);
    assert_int_equal(n, 3);
    assert_int_equal(ids[1], 77);
    omost_tokenizer_free(tk);
}

/* ---- files that are wrong ---------------------------------------------- */

static void check_refused(om_str vocab, const char *merges, const char *message)
{
    omost_error err;
    omost_tokenizer *tk =
        om_tokenizer_parse(NULL, vocab, om_str_of(merges), &err);
    assert_null(tk);
    assert_string_equal(err.msg, message);
    assert_int_equal(err.line, 0); /* not a place of the canvas */
}

static void test_bad_merges(void **state)
{
    (void)state;
    const om_str none = {0};
    check_refused(none, "#v\ni n\nth\n",
                  "merges.txt:3: not two pieces with a space between");
    check_refused(none, "#v\ni n m\n",
                  "merges.txt:2: not two pieces with a space between");
    check_refused(none, "#v\ni n\ni n\n",
                  "merges.txt:3: there is already a merge that makes \"in\"");
    check_refused(none, "#v\nin g\ni n\n",
                  "merges.txt:2: the vocabulary has no piece \"in\"");
    check_refused(none, "#v\n\n\ni n\n",
                  "merges.txt:2: not two pieces with a space between");
    check_refused(none, "#v\n<|endoftext |>\n",
                  "merges.txt:2: the vocabulary has no piece "
                  "\"<|endoftext\"");
}

/* vocab.json as derived from small_merges, with one change. */
static char *small_vocab(const char *from, const char *to)
{
    om_buf b, out;
    om_buf_init(&out, NULL, 4 << 20);
    assert_true(golden_file("model/tokenizer_2/vocab.json", &b));
    size_t at = from ? om_str_find(om_buf_view(&b), om_str_of(from)) : 0;
    assert_true(at != SIZE_MAX);
    om_buf_put(&out, b.p, at);
    if (from) om_buf_puts(&out, to);
    om_buf_str(&out,
               om_str_skip(om_buf_view(&b), at + (from ? strlen(from) : 0)));
    om_buf_free(&b);
    return om_buf_steal(&out, NULL);
}

static void check_vocab(const char *from, const char *to, const char *message)
{
    char *v = small_vocab(from, to);
    omost_error err;
    omost_tokenizer *tk =
        om_tokenizer_parse(NULL, om_str_of(v), om_str_of("#v\ni n\nin g</w>\n"),
                           &err);
    if (message) {
        assert_null(tk);
        if (!strstr(err.msg, message))
            fail_msg("%s\nlacks: %s", err.msg, message);
    } else if (!tk) {
        fail_msg("%s", err.msg);
    }
    omost_tokenizer_free(tk);
    free(v);
}

static void test_bad_vocab(void **state)
{
    (void)state;
    om_buf vocab;
    if (!golden_file("model/tokenizer_2/vocab.json", &vocab)) skip();
    om_buf_free(&vocab);
    check_vocab(NULL, NULL, NULL);
    check_vocab("\"!!\": 1443", "\"!!\": 1442", "is another entry's too");
    check_vocab(
        "\"!!\": 1443", "\"!!\": 49408",
        "vocab.json:3: the id of \"!!\" is not below the number of entries");
    check_vocab("\"!!\": 1443", "\"!!\": -1", "is not below");
    check_vocab("\"!!\": 1443", "\"!!\": 1.5",
                "vocab.json:3: the id of \"!!\" is not an integer");
    check_vocab("\"!!\": 1443", "\"!\": 1443", "duplicate");
    check_vocab("\"in\":", "\"1nnnn\":",
                "merges.txt:2: the vocabulary has no piece \"in\"");
    check_vocab("\"<|endoftext|>\"", "\"<|x|>\"", "no entry \"<|endoftext|>\"");
    check_vocab("\"a</w>\"", "\"a</x>\"",
                "no entry \"a</w>\" for the byte 0x61");
    check_vocab("{", "[", "vocab.json:2: the vocabulary is not valid JSON");
    omost_error err;
    assert_null(
        om_tokenizer_parse(NULL, OM_STR("[]"), om_str_of(small_merges), &err));
    assert_string_equal(err.msg, "vocab.json: not an object of pieces and ids");
    assert_null(
        om_tokenizer_parse(NULL, OM_STR("{}"), om_str_of(small_merges), &err));
    assert_int_equal(err.status, OMOST_FORMAT);
}

/* ---- folders of our own ------------------------------------------------ */

/* The small vocabulary as a vocab.json: its pieces, those of `first` bytes on
 * before those below. */
static om_buf vocab_file(uint32_t first)
{
    static const char *const others[] = {"in",
                                         "th",
                                         "an",
                                         "re",
                                         "ar",
                                         "er",
                                         "the</w>",
                                         "ing</w>",
                                         "ou",
                                         "on",
                                         "<|startoftext|>",
                                         "<|endoftext|>"};
    om_buf b;
    om_buf_init(&b, NULL, 1 << 20);
    om_buf_putc(&b, '{');
    uint32_t next = 256, sign[256], id = 0;
    for (uint32_t c = 0; c < 256; c++)
        sign[c] = (c >= 33 && c <= 126) || (c >= 161 && c != 173) ? c : next++;
    for (uint32_t i = 0; i < 512; i++) {
        uint32_t c = sign[(first + i / 2) % 256];
        om_buf_puts(&b, c == '"' || c == '\\' ? "\"\\" : "\"");
        om_buf_rune(&b, c);
        om_buf_printf(&b, "%s\":%u,", i % 2 ? "</w>" : "", id++);
    }
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        om_buf_printf(&b, "%s\"%s\":%u", i ? "," : "", others[i], id++);
    om_buf_putc(&b, '}');
    return b;
}

static void write_file(const char *folder, const char *name, om_str bytes)
{
    char path[256];
    omost_error err;
    snprintf(path, sizeof path, "%s/%s", folder, name);
    if (om_file_write(NULL, path, bytes, &err) != OMOST_OK)
        fail_msg("%s", err.msg);
}

static void write_vocab(const char *folder, const char *name, uint32_t first)
{
    om_buf b = vocab_file(first);
    write_file(folder, name, om_buf_view(&b));
    om_buf_free(&b);
}

static void write_pad(const char *folder, const char *name, const char *pad)
{
    char text[100];
    snprintf(text, sizeof text, "{\"pad_token\": %s}", pad);
    write_file(folder, name, om_str_of(text));
}

static void check_pads(const char *folder, char pad_1, char pad_2)
{
    omost_error err;
    omost_tokenizer *t = omost_tokenizer_open(NULL, folder, &err);
    if (!t) fail_msg("%s", err.msg);
    uint32_t end = omost_tokenizer_end(t), bang = 2 * '!';
    assert_int_equal(omost_tokenizer_pad(t, OMOST_ENCODER_1),
                     pad_1 == '!' ? bang : end);
    assert_int_equal(omost_tokenizer_pad(t, OMOST_ENCODER_2),
                     pad_2 == '!' ? bang : end);
    omost_tokenizer_free(t);
}

static void check_folder_refused(const char *folder, const char *message)
{
    omost_error err;
    assert_null(omost_tokenizer_open(NULL, folder, &err));
    assert_int_equal(err.status, OMOST_FORMAT);
    if (!strstr(err.msg, message)) fail_msg("%s\nlacks %s", err.msg, message);
}

/* Both configurations of a model folder count, and its vocabularies must be the
 * same; in a folder of one vocabulary the configuration says nothing. */
static void test_model_folder(void **state)
{
    (void)state;
    char folder[64] = "/tmp/omost-test-XXXXXX", one[80], two[80];
    assert_non_null(mkdtemp(folder));
    snprintf(one, sizeof one, "%s/tokenizer", folder);
    snprintf(two, sizeof two, "%s/tokenizer_2", folder);
    assert_true(mkdir(one, 0777) == 0 && mkdir(two, 0777) == 0);
    write_vocab(folder, "tokenizer/vocab.json", 0);
    write_file(folder, "tokenizer/merges.txt", om_str_of(small_merges));
    check_pads(folder, 'e', '!'); /* one vocabulary for both */
    write_vocab(folder, "tokenizer_2/vocab.json", 0);
    write_file(folder, "tokenizer_2/merges.txt", om_str_of(small_merges));
    check_pads(folder, 'e', '!');
    write_pad(folder, "tokenizer/tokenizer_config.json", "\"!\"");
    check_pads(folder, '!', '!');
    write_pad(folder, "tokenizer_2/tokenizer_config.json",
              "{\"content\": \"<|endoftext|>\"}");
    check_pads(folder, '!', 'e');
    check_pads(one, 'e', '!');
    write_pad(folder, "tokenizer/tokenizer_config.json", "\"x\"");
    check_folder_refused(folder,
                         "tokenizer/tokenizer_config.json: pad_token \"x\"");
    write_pad(folder, "tokenizer/tokenizer_config.json", "}");
    check_folder_refused(folder, "tokenizer/tokenizer_config.json:1: ");
    write_pad(folder, "tokenizer/tokenizer_config.json", "null");
    check_pads(folder, 'e', 'e');
    write_vocab(folder, "tokenizer_2/vocab.json", 7);
    check_folder_refused(folder,
                         "tokenizer_2: not the vocabulary of the first");
    static const char *const names[] = {"tokenizer/vocab.json",
                                        "tokenizer/merges.txt",
                                        "tokenizer/tokenizer_config.json",
                                        "tokenizer_2/vocab.json",
                                        "tokenizer_2/merges.txt",
                                        "tokenizer_2/tokenizer_config.json",
                                        "tokenizer",
                                        "tokenizer_2",
                                        "."};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char path[128];
        snprintf(path, sizeof path, "%s/%s", folder, names[i]);
        remove(i + 1 < sizeof names / sizeof *names ? path : folder);
    }
}

static void test_missing_folder(void **state)
{
    (void)state;
    omost_error err;
    assert_null(omost_tokenizer_open(NULL, "/nonexistent/model", &err));
    assert_int_equal(err.status, OMOST_MISSING);
    assert_string_equal(
        err.msg, "/nonexistent/model has no tokenizer: neither vocab.json "
                 "nor tokenizer/vocab.json is there");
}

/* ---- memory ------------------------------------------------------------ */

/* One load and one text that takes every path, with the n-th allocation
 * failing: an error and nothing left behind, or a result. */
static bool load_and_encode(meter *m)
{
    omost_env env = {metered, m};
    omost_error err = {0};
    size_t n;
    omost_status st = OMOST_NOMEM;
    omost_tokenizer *tk = small(&env, &err);
    static const char text[] =
        "The caf\xc3\xa9 <|endoftext|> antidisestablishmentarianismantidisestablishmentarianism"
        "antidisestablishmentarianism \xe4\xb8\xad!";
    if (tk)
        st = omost_tokenizer_encode(tk, OMOST_ENCODER_2, om_str_of(text), NULL,
                                    0, &n, &err);
    assert_true(st == OMOST_OK || st == OMOST_NOMEM);
    if (st != OMOST_OK) assert_int_equal(err.status, OMOST_NOMEM);
    omost_tokenizer_free(tk);
    assert_int_equal(m->live, 0);
    return st == OMOST_OK;
}

static void test_no_memory(void **state)
{
    (void)state;
    size_t failed = 0;
    for (size_t n = 1;; n++) {
        meter m = {.fail_at = n};
        bool ok = load_and_encode(&m);
        if (ok && m.calls < n) break;
        assert_false(ok);
        failed++;
    }
    assert_true(failed > 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_small),
        cmocka_unit_test(test_bad_text),
        cmocka_unit_test(test_bad_merges),
        cmocka_unit_test(test_model_folder),
        cmocka_unit_test(test_missing_folder),
        cmocka_unit_test(test_no_memory),
        cmocka_unit_test(test_tokens),
        cmocka_unit_test(test_folders),
        cmocka_unit_test(test_builtin),
        cmocka_unit_test(test_negative),
        cmocka_unit_test(test_words),
        cmocka_unit_test(test_huge_word),
        cmocka_unit_test(test_odd_texts),
        cmocka_unit_test(test_bad_vocab),
    };
    return cmocka_run_group_tests_name("bpe", tests, NULL, NULL);
}
