/* test_base.c - what everything else stands on: memory, buffers, text, files. */
#include "support.h"

#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/hash.h"
#include "base/json.h"
#include "base/random.h"
#include "base/unicode.h"
#include "base/utf8.h"

/* ---- mem.h ------------------------------------------------------------- */

static void test_arena(void **state)
{
    (void)state;
    meter m = {0};
    const omost_env env = {metered, &m};
    om_arena a;
    om_arena_init(&a, &env, 0);
    for (size_t i = 0; i < 3000; i++) {
        char *p = om_arena_alloc(&a, i % 7 == 0 ? 0 : i);
        assert_non_null(p);
        assert_int_equal((uintptr_t)p % 16, 0);
        memset(p, 0xff, i % 7 == 0 ? 1 : i);
    }
    assert_true(m.live > 2);
    om_str s = om_arena_str(&a, OM_STR("a\0b"));
    assert_memory_equal(s.p, "a\0b", 4);
    size_t *n = om_arena_array(&a, 100, sizeof *n);
    for (size_t i = 0; i < 100; i++) assert_int_equal(n[i], 0);
    assert_null(om_arena_array(&a, SIZE_MAX / 2, 4));
    assert_null(om_arena_alloc(&a, SIZE_MAX));
    om_arena_free(&a);
    assert_int_equal(m.live, 0);
}

/* Only the newest chunk stays, and it is used again. */
static void test_arena_reset(void **state)
{
    (void)state;
    meter m = {0};
    const omost_env env = {metered, &m};
    om_arena a;
    om_arena_init(&a, &env, 0);
    om_arena_reset(&a);
    for (int i = 0; i < 100; i++) assert_non_null(om_arena_alloc(&a, 1000));
    assert_true(m.live > 1);
    om_arena_reset(&a);
    assert_int_equal(m.live, 1);
    size_t calls = m.calls;
    assert_non_null(om_arena_alloc(&a, 1000));
    assert_int_equal(m.calls, calls);
    om_arena_free(&a);
    assert_int_equal(m.live, 0);
}

static void test_arena_limit(void **state)
{
    (void)state;
    meter m = {0};
    const omost_env env = {metered, &m};
    om_arena a;
    om_arena_init(&a, &env, 100000);
    size_t n = 0;
    while (n < 1000 && om_arena_alloc(&a, 1000)) n++;
    assert_true(n > 30 && n <= 100);
    assert_true(a.total <= 100000);
    om_arena_reset(&a); /* what is free again counts as free */
    assert_non_null(om_arena_alloc(&a, 1000));
    om_arena_free(&a);
    assert_int_equal(a.limit, 100000);
    assert_null(om_arena_alloc(&a, 100000));
    om_arena_free(&a);
    assert_int_equal(m.live, 0);
}

static void test_grow(void **state)
{
    (void)state;
    int *p = NULL;
    size_t cap = 0;
    for (int i = 0; i < 1000; i++) {
        int *q = om_grow(NULL, p, (size_t)i, &cap, sizeof *p);
        assert_non_null(q);
        p = q;
        p[i] = i;
        assert_true(cap > (size_t)i);
    }
    for (int i = 0; i < 1000; i++) assert_int_equal(p[i], i);
    om_free(NULL, p);
    cap = 0;
    assert_null(om_grow(NULL, NULL, 0, &cap, SIZE_MAX / 4));
    assert_int_equal(cap, 0);
}

/* ---- buf.h ------------------------------------------------------------- */

static void test_buf(void **state)
{
    (void)state;
    om_buf b;
    omost_error err;
    om_buf_init(&b, NULL, 10);
    om_buf_puts(&b, "abc");
    om_buf_fill(&b, '-', 2);
    om_buf_printf(&b, "%d", 12345);
    assert_string_equal(b.p, "abc--12345");
    assert_int_equal(om_buf_check(&b, "it", &err), OMOST_OK);
    om_buf_putc(&b, '!');
    assert_string_equal(b.p, "abc--12345");
    assert_int_equal(om_buf_check(&b, "it", &err), OMOST_LIMIT);
    assert_string_equal(err.msg, "it is longer than 10 bytes");
    assert_null(om_buf_steal(&b, NULL));
    size_t n = 1;
    char *z = om_buf_steal(&b, &n); /* empty, but a text */
    assert_string_equal(z, "");
    assert_int_equal(n, 0);
    om_free(NULL, z);
    om_buf_free(&b);
}

static void test_buf_failures(void **state)
{
    (void)state;
    meter m = {.fail_at = 1};
    const omost_env env = {metered, &m};
    om_buf b;
    omost_error err;
    om_buf_init(&b, &env, 100);
    om_buf_puts(&b, "x");
    om_buf_puts(&b, "y"); /* would be possible again */
    assert_int_equal(b.n, 0);
    assert_int_equal(om_buf_check(&b, "it", &err), OMOST_NOMEM);
    om_buf_free(&b);
    om_unicode_nfc(&b, OM_STR("\xff"));
    assert_int_equal(om_buf_check(&b, "it", &err), OMOST_FORMAT);
    assert_string_equal(err.msg, "it is not well-formed text");
    om_buf_free(&b);
    assert_int_equal(m.live, 0);
}

/* ---- str.h, utf8.h, unicode.h ------------------------------------------ */

static void test_str(void **state)
{
    (void)state;
    assert_true(om_str_eq_nocase(OM_STR("Canvas"), "cANVAS"));
    assert_false(om_str_eq_nocase(OM_STR("Canvas"), "canva"));
    assert_false(om_str_eq_nocase(OM_STR("[a"), "{a")); /* letters alone */
    assert_false(om_str_eq_nocase(OM_STR("\xc3\x89"), "\xc3\xa9"));
    assert_true(om_str_eq_nocase((om_str){0}, ""));
    static const char digits[] = "0123456789abcdefABCDEF";
    int n_digits = 0;
    for (int i = 0; i < 22; i++)
        assert_int_equal(om_hex_value(digits[i]), i < 16 ? i : i - 6);
    for (int c = CHAR_MIN; c <= CHAR_MAX; c++)
        n_digits += om_hex_value((char)c) >= 0;
    assert_int_equal(n_digits, 22);
    om_str s = om_str_strip(OM_STR(" .a b. "), " .");
    assert_true(om_str_eqz(s, "a b"));
    assert_int_equal(om_str_strip(OM_STR(" . "), " .").n, 0);
    assert_int_equal(om_str_find(OM_STR("abcabc"), OM_STR("ca")), 2);
    assert_true(om_str_find(OM_STR("abc"), OM_STR("abcd")) == SIZE_MAX);
    assert_true(om_str_cmp(OM_STR("a"), OM_STR("ab")) < 0);
    assert_true(om_str_cmp(OM_STR("\xff"), OM_STR("a")) > 0);
}

static void test_utf8(void **state)
{
    (void)state;
    size_t n_good = 0;
    for (uint32_t r = 0; r <= 0x110000; r++) {
        char z[4];
        if (r == 0x110000 || (r >= 0xd800 && r < 0xe000)) continue;
        size_t n = om_utf8_encode(r, z), len;
        assert_int_equal(om_utf8_decode(z, z + n, &len), r);
        assert_int_equal(len, n);
        n_good++;
    }
    assert_int_equal(n_good, 0x110000 - 0x800);
    static const char *const bad[] = {"\x80",         "\xc0\xaf",
                                      "\xc3",         "\xe0\x80\x80",
                                      "\xed\xa0\x80", "\xf4\x90\x80\x80",
                                      "\xf0\x9f\x98"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(om_utf8_valid_len(bad[i], strlen(bad[i])), 0);
    static const char text[] =
        "eight by\xc3\xa9tes, \xe4\xb8\xad and \xf0\x9f\x98\x80";
    const size_t n = sizeof text - 1;
    assert_int_equal(om_utf8_valid_len(text, n), n);
    assert_int_equal(om_utf8_valid_len(text, n - 1), n - 4);
    assert_true(om_utf8_is_cut(text + n - 4, 3));
    assert_false(om_utf8_is_cut(text + n - 4, 4));
    assert_int_equal(om_utf8_count(text, n), n - 1 - 2 - 3);
    assert_int_equal(om_utf8_floor(text, n, n - 1), n - 4);
    assert_int_equal(om_utf8_floor(text, n, n + 7), n);
}

static void test_unicode(void **state)
{
    (void)state;
    static const struct {
        void (*map)(om_buf *out, om_str s);
        const char *from, *to;
    } cases[] = {
        /* full mappings, the final sigma by context */
        {om_unicode_lower, "\xce\x91\xce\xa3 \xce\xa3\xce\x91 \xc4\xb0",
         "\xce\xb1\xcf\x82 \xcf\x83\xce\xb1 i\xcc\x87"},
        {om_unicode_nfc, "cafe\xcc\x81", "caf\xc3\xa9"},
        /* U+1D161: one character in, six code units out */
        {om_unicode_nfc, "\xf0\x9d\x85\xa1",
         "\xf0\x9d\x85\x98\xf0\x9d\x85\xa5\xf0\x9d\x85\xaf"},
        {om_unicode_visual, "a \xd7\x90\xd7\x91 (b)", "a \xd7\x91\xd7\x90 (b)"},
        {om_unicode_lower, "", ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        om_buf b;
        om_buf_init(&b, NULL, 1000);
        om_buf_puts(&b, "|");
        cases[i].map(&b, om_str_of(cases[i].from));
        assert_int_equal(b.status, OMOST_OK);
        assert_string_equal(b.p + 1, cases[i].to);
        om_buf_free(&b);
    }
}

static void test_hash(void **state)
{
    (void)state;
    char hex[65];
    assert_true(om_sha256_hex(OM_STR("abc"), hex));
    assert_string_equal(
        hex,
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    assert_true(om_sha256_hex((om_str){0}, hex));
    assert_string_equal(
        hex,
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

/* However the bytes are cut. */
static void test_hash_in_pieces(void **state)
{
    (void)state;
    char bytes[1000], whole[65], pieces[65];
    for (size_t i = 0; i < sizeof bytes; i++) bytes[i] = (char)(i * 31);
    assert_true(om_sha256_hex((om_str){bytes, sizeof bytes}, whole));
    for (size_t step = 1; step < 1100; step = step * 3 + 1) {
        om_sha256 h;
        om_str rest = {bytes, sizeof bytes};
        om_sha256_begin(&h);
        while (rest.n) {
            size_t n = step < rest.n ? step : rest.n;
            om_sha256_add(&h, (om_str){rest.p, n});
            rest = om_str_skip(rest, n);
        }
        assert_true(om_sha256_end(&h, pieces));
        assert_string_equal(pieces, whole);
    }
    om_sha256 h = {0}; /* failed to begin */
    assert_false(om_sha256_end(&h, pieces));
}

static void test_random(void **state)
{
    (void)state;
    omost_error err;
    uint64_t a = 0, b = 0;
    assert_int_equal(om_random_bytes(&a, sizeof a, &err), OMOST_OK);
    assert_int_equal(om_random_bytes(&b, sizeof b, &err), OMOST_OK);
    assert_true(a != b);
}

/* ---- file.h ------------------------------------------------------------ */

/* A folder for one test. */
static void make_folder(char folder[64])
{
    snprintf(folder, 64, "/tmp/omost-test-XXXXXX");
    assert_non_null(mkdtemp(folder));
}

static mode_t mode_of(const char *path)
{
    struct stat sb;
    assert_int_equal(stat(path, &sb), 0);
    return sb.st_mode & 0777;
}

static void check_content(const char *path, const char *want)
{
    om_buf b;
    omost_error err;
    om_buf_init(&b, NULL, 1000);
    assert_int_equal(om_file_read(path, &b, &err), OMOST_OK);
    assert_string_equal(b.p, want);
    om_buf_free(&b);
}

/* Whatever the umask, a file that is replaced keeps its mode; a link stays. */
static void test_file_modes(void **state)
{
    (void)state;
    char folder[64], file[96], link[96];
    omost_error err;
    make_folder(folder);
    snprintf(file, sizeof file, "%s/a", folder);
    snprintf(link, sizeof link, "%s/b", folder);
    mode_t before = umask(077);
    assert_int_equal(om_file_write(NULL, file, OM_STR("one"), &err), OMOST_OK);
    assert_int_equal(mode_of(file), 0600);
    assert_int_equal(chmod(file, 0664), 0);
    assert_int_equal(om_file_write(NULL, file, OM_STR("two"), &err), OMOST_OK);
    assert_int_equal(mode_of(file), 0664);
    check_content(file, "two");
    assert_int_equal(symlink("a", link), 0);
    assert_int_equal(om_file_write(NULL, link, OM_STR("three"), &err),
                     OMOST_OK);
    check_content(file, "three");
    struct stat sb;
    assert_int_equal(lstat(link, &sb), 0);
    assert_true(S_ISLNK(sb.st_mode));
    umask(before);
    unlink(link);
    unlink(file);
    assert_int_equal(rmdir(folder), 0); /* no temporary file is left */
}

/* What is being written can be taken away from outside. */
static void test_file_sweep(void **state)
{
    (void)state;
    char folder[64], path[96];
    omost_error err;
    om_file_out a, b;
    make_folder(folder);
    snprintf(path, sizeof path, "%s/file", folder);
    assert_int_equal(om_file_begin(&a, NULL, path, &err), OMOST_OK);
    assert_int_equal(om_file_begin(&b, NULL, path, &err), OMOST_OK);
    om_file_sweep(path);
    om_file_sweep("nowhere/at/all");
    assert_int_equal(rmdir(folder), 0);
    om_file_abandon(&a);
    om_file_abandon(&b);
}

static void test_file_errors(void **state)
{
    (void)state;
    char folder[64], path[96];
    omost_error err;
    om_buf b;
    make_folder(folder);
    snprintf(path, sizeof path, "%s/no/file", folder);
    assert_int_equal(om_file_write(NULL, path, OM_STR("x"), &err), OMOST_IO);
    assert_non_null(strstr(err.msg, "No such file or directory"));
    om_buf_init(&b, NULL, 3);
    assert_int_equal(om_file_read(path, &b, &err), OMOST_MISSING);
    assert_int_equal(om_file_read(folder, &b, &err), OMOST_IO);
    snprintf(path, sizeof path, "%s/file", folder);
    assert_int_equal(om_file_write(NULL, path, OM_STR("1234"), &err), OMOST_OK);
    assert_int_equal(om_file_read(path, &b, &err), OMOST_LIMIT);
    om_buf_free(&b);
    /* the reason is why opening failed, not what was looked at afterwards */
    assert_int_equal(chmod(folder, 0500), 0);
    snprintf(path, sizeof path, "%s/new", folder);
    if (access(folder, W_OK) == 0) /* root may write anywhere but here */
        snprintf(path, sizeof path, "/sys/omost-test.json");
    assert_int_equal(om_file_write(NULL, path, OM_STR("x"), &err), OMOST_IO);
    assert_null(strstr(err.msg, "No such file or directory"));
    assert_int_equal(chmod(folder, 0700), 0);
    snprintf(path, sizeof path, "%s/file", folder);
    unlink(path);
    assert_int_equal(rmdir(folder), 0);
}

static void test_file_no_memory(void **state)
{
    (void)state;
    char folder[64], path[96];
    omost_error err;
    make_folder(folder);
    snprintf(path, sizeof path, "%s/file", folder);
    for (size_t n = 1;; n++) {
        meter m = {.fail_at = n};
        const omost_env env = {metered, &m};
        omost_status st = om_file_write(&env, path, OM_STR("x"), &err);
        assert_int_equal(m.live, 0);
        if (st == OMOST_OK) break;
        assert_int_equal(st, OMOST_NOMEM);
        assert_int_equal(err.status, OMOST_NOMEM);
    }
    unlink(path);
    assert_int_equal(rmdir(folder), 0);
}

/* ---- json.h ------------------------------------------------------------ */

static const char *const sound[] = {
    "{}",
    "[]",
    " [ ] ",
    "0",
    "-1.5e+10",
    "\"\"",
    "true",
    "null",
    "{\"a\":[1,2,{\"b\":[[],{}]}],\"c\":\"\\ud83d\\ude00\\n\\/\"}",
    "[\"\xc3\xa9\", \"\\u0000\", 1E5, -0, 0.0]"};
static const char *const unsound[] = {"",
                                      " ",
                                      "{",
                                      "[",
                                      "}",
                                      "]",
                                      "[1,]",
                                      "{\"a\"}",
                                      "{\"a\":}",
                                      "{\"a\":1,}",
                                      "{a:1}",
                                      "[1 2]",
                                      "1 2",
                                      "01",
                                      "1.",
                                      ".5",
                                      "-",
                                      "1e",
                                      "+1",
                                      "tru",
                                      "nul",
                                      "\"",
                                      "\"\\x\"",
                                      "\"\\u12g4\"",
                                      "\"\\ud800\"",
                                      "\"\\ude00\"",
                                      "\"\\ud800\\u0041\"",
                                      "\"\n\"",
                                      "[\"\xff\"]",
                                      "[}",
                                      "{]",
                                      "[1}",
                                      "{\"a\":1]",
                                      "[1]]",
                                      "\v[]",
                                      "nan",
                                      "'a'"};

static void test_json_syntax(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof sound / sizeof *sound; i++) {
        json_t *v = om_json_parse(om_str_of(sound[i]), "it", NULL);
        if (!v || !om_json_is_valid(om_str_of(sound[i])))
            fail_msg("%s", sound[i]);
        json_decref(v);
    }
    for (size_t i = 0; i < sizeof unsound / sizeof *unsound; i++) {
        omost_error err;
        if (om_json_is_valid(om_str_of(unsound[i]))) fail_msg("%s", unsound[i]);
        if (om_json_parse(om_str_of(unsound[i]), "it", &err) ||
            err.status != OMOST_FORMAT)
            fail_msg("%s", unsound[i]);
    }
    assert_false(om_json_is_valid(OM_STR("[1]\0")));
    char deep[5000];
    for (size_t n = 2047; n < 2050; n++) {
        omost_error err = {0};
        memset(deep, '[', n);
        memset(deep + n, ']', n);
        const om_str text = {deep, 2 * n};
        json_t *v = om_json_parse(text, "it", &err);
        assert_int_equal(om_json_is_valid(text), n <= 2048);
        assert_int_equal(v != NULL, n <= 2048);
        if (!v) assert_int_equal(err.status, OMOST_FORMAT);
        json_decref(v);
    }
    /* Objects and arrays cost memory: as many as the caller has said. */
    static const char four[] = "[{},[],{}]";
    omost_error many = {0};
    assert_null(om_json_parse_large(om_str_of(four), "it", 3, &many));
    assert_int_equal(many.status, OMOST_LIMIT);
    json_t *all = om_json_parse_large(om_str_of(four), "it", 4, NULL);
    assert_int_equal(json_array_size(all), 3);
    json_decref(all);
    json_t *twice = om_json_parse(OM_STR("{\"a\":1,\"a\":2}"), "it", NULL);
    assert_null(twice);
}

static size_t json_left; /* allocations that still succeed */

static void *json_malloc_some(size_t n)
{
    return json_left && json_left-- ? malloc(n) : NULL;
}

/* Whichever allocation of jansson's fails, the text is not blamed. */
static void test_json_no_memory(void **state)
{
    (void)state;
    static const char text[] =
        "{\"name\": {\"dtype\": \"F32\", \"shape\": [1, 2.5, -3], "
        "\"data_offsets\": [0, 123456789], \"long\": \"........................"
        "..........................................................\"}}";
    json_malloc_t was;
    json_free_t was_free;
    json_t *v = NULL;
    size_t n = 0;
    json_get_alloc_funcs(&was, &was_free);
    for (; !v; n++) {
        omost_error err = {0};
        json_set_alloc_funcs(json_malloc_some, free);
        json_left = n;
        v = om_json_parse(om_str_of(text), "it", &err);
        json_set_alloc_funcs(was, was_free);
        if (!v && err.status != OMOST_NOMEM)
            fail_msg("allocation %zu: %s", n, err.msg);
    }
    assert_true(n > 20);
    json_decref(v);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_arena),
        cmocka_unit_test(test_arena_reset),
        cmocka_unit_test(test_arena_limit),
        cmocka_unit_test(test_grow),
        cmocka_unit_test(test_buf),
        cmocka_unit_test(test_buf_failures),
        cmocka_unit_test(test_str),
        cmocka_unit_test(test_utf8),
        cmocka_unit_test(test_unicode),
        cmocka_unit_test(test_hash),
        cmocka_unit_test(test_hash_in_pieces),
        cmocka_unit_test(test_random),
        cmocka_unit_test(test_file_modes),
        cmocka_unit_test(test_file_sweep),
        cmocka_unit_test(test_file_errors),
        cmocka_unit_test(test_file_no_memory),
        cmocka_unit_test(test_json_syntax),
        cmocka_unit_test(test_json_no_memory),
    };
    return cmocka_run_group_tests_name("base", tests, NULL, NULL);
}
