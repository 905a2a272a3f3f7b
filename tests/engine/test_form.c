/* test_form.c - the form of a reply against the replies themselves, the reader
 * in strict mode, and every byte there is. */
#include "engine/form_walk.h"

#include "composer/form_table.h"

static bool take(om_form *form, const char *z)
{
    return om_form_take(form, om_str_of(z));
}

/* ---- whole replies ----------------------------------------------------- */

static void test_replies(void **state)
{
    (void)state;
    om_buf reply[N_REPLIES];
    const int n = load_replies(reply);
    for (int i = 0; i < n; i++) {
        const om_str s = om_buf_view(&reply[i]);
        om_form whole = {0}, bytes = {0};
        assert_true(om_form_take(&whole, s));
        for (size_t k = 0; k < s.n; k++) {
            assert_int_equal(om_form_done(&bytes), k == s.n - 1);
            assert_true(om_form_take(&bytes, (om_str){s.p + k, 1}));
        }
        assert_memory_equal(&whole, &bytes, sizeof whole);
        assert_true(om_form_done(&whole));
        assert_false(take(&whole, "\n"));
        omost_canvas *cv = read_strictly(s);
        assert_int_equal(om_form_regions(&whole), omost_canvas_count(cv));
        omost_canvas_free(cv);
    }
    free_replies(reply, n);
}

/* What the printer writes of a canvas is in the form, numbers aside. */
static void test_printed(void **state)
{
    (void)state;
    om_buf reply[N_REPLIES];
    const int n = load_replies(reply);
    for (int i = 0; i < n; i++) {
        omost_canvas *cv = read_strictly(om_buf_view(&reply[i]));
        size_t len;
        char *z = omost_canvas_to_python(cv, OMOST_PYTHON_FENCED, &len, NULL);
        om_form form = {0};
        assert_true(om_form_take(&form, (om_str){z, len}));
        assert_true(om_form_done(&form));
        omost_text_free(NULL, z);
        omost_canvas_free(cv);
    }
    free_replies(reply, n);
}

static void test_walks(void **state)
{
    (void)state;
    size_t bytes = 0, regions = 0;
    for (uint64_t seed = 0; seed < 2000; seed++) {
        om_buf b;
        om_buf_init(&b, NULL, LONGEST_REPLY);
        om_form form = walk_randomly(seed, LONGEST_REPLY, &b);
        omost_canvas *cv = read_strictly(om_buf_view(&b));
        assert_int_equal(om_form_regions(&form), omost_canvas_count(cv));
        bytes += b.n;
        regions += omost_canvas_count(cv);
        omost_canvas_free(cv);
        om_buf_free(&b);
    }
    print_message("2000 walks: %zu bytes, %zu regions\n", bytes, regions);
    assert_true(regions > 3000);
}

/* ---- the next bytes ---------------------------------------------------- */

/* Everything the form says about what comes next, at one place. */
static void check_place(const om_form *form)
{
    uint64_t set[4];
    int last = -1, n = 0;
    om_form_next(form, set);
    for (int c = 0; c < 256; c++) {
        const char byte = (char)c;
        const om_form before = *form;
        om_form copy = *form;
        const bool would = om_form_take(&copy, (om_str){&byte, 1});
        assert_int_equal(would, has_byte(set, c));
        if (!would) assert_memory_equal(&copy, &before, sizeof copy);
        n += would;
        if (would) last = c;
    }
    om_buf b;
    om_buf_init(&b, NULL, 4096);
    om_form_forced(form, &b);
    assert_int_equal(om_form_is_forced(form), b.n > 0);
    if (om_form_done(form)) {
        assert_int_equal(b.n, 0);
        return;
    }
    assert_true(n > 0);
    assert_int_equal(b.n > 0, n == 1);
    if (b.n) assert_int_equal((unsigned char)b.p[0], last);
    om_form copy = *form;
    assert_true(om_form_take(&copy, om_buf_view(&b)));
    om_form_next(&copy, set);
    assert_true(count_bytes(set) > 1 || om_form_done(&copy));
    om_buf_free(&b);
}

static void test_next_bytes(void **state)
{
    (void)state;
    om_buf reply[N_REPLIES];
    const int n = load_replies(reply);
    for (int i = 0; i < n; i++) {
        om_form form = {0};
        for (size_t k = 0; k < reply[i].n; k++) {
            check_place(&form);
            om_form_take(&form, (om_str){reply[i].p + k, 1});
        }
        check_place(&form);
    }
    free_replies(reply, n);
    for (uint64_t seed = 0; seed < 400; seed++) {
        om_buf b;
        om_buf_init(&b, NULL, LONGEST_REPLY);
        uint64_t chance = seed + 77;
        om_form form =
            walk_randomly(seed, dice(&chance, 6000), &b); /* any place */
        check_place(&form);
        om_buf_free(&b);
    }
}

/* Bytes that are forced, all of them, are what the replies have there; they
 * are a good part of a reply. */
static void test_forced(void **state)
{
    (void)state;
    om_buf reply[N_REPLIES];
    const int n = load_replies(reply);
    for (int i = 0; i < n; i++) {
        om_form form = {0};
        size_t n_forced = 0;
        for (size_t k = 0; k < reply[i].n;) {
            om_buf b;
            om_buf_init(&b, NULL, 4096);
            om_form_forced(&form, &b);
            assert_true(om_str_starts((om_str){reply[i].p + k, reply[i].n - k},
                                      om_buf_view(&b)));
            n_forced += b.n;
            k += b.n;
            assert_true(om_form_take(&form, om_buf_view(&b)));
            om_buf_free(&b);
            if (k < reply[i].n)
                assert_true(om_form_take(&form, (om_str){reply[i].p + k, 1}));
            k++;
        }
        print_message("%zu of %zu bytes are forced\n", n_forced, reply[i].n);
        assert_true(n_forced * 6 > reply[i].n);
    }
    free_replies(reply, n);
}

/* ---- endings ----------------------------------------------------------- */

static size_t check_ending(const om_form *form, om_str so_far)
{
    om_buf b;
    om_buf_init(&b, NULL, LONGEST_REPLY);
    om_buf_str(&b, so_far);
    om_form_ending(form, &b);
    if (om_form_done(form)) assert_int_equal(b.n, so_far.n);
    omost_canvas *cv = read_strictly(om_buf_view(&b));
    const int have = om_form_regions(form);
    const int got = (int)omost_canvas_count(cv);
    assert_true(got == have || got == have + 1);
    assert_non_null(omost_canvas_global(cv));
    const size_t len = b.n - so_far.n;
    omost_canvas_free(cv);
    om_buf_free(&b);
    return len;
}

static void test_endings(void **state)
{
    (void)state;
    om_buf reply[N_REPLIES];
    size_t longest = 0;
    const int n = load_replies(reply);
    for (int i = 0; i < n; i++) {
        om_form form = {0};
        for (size_t k = 0; k < reply[i].n; k++) {
            size_t len = check_ending(&form, (om_str){reply[i].p, k});
            if (k > 0 && len > longest) longest = len;
            om_form_take(&form, (om_str){reply[i].p + k, 1});
        }
        check_ending(&form, om_buf_view(&reply[i]));
    }
    free_replies(reply, n);
    print_message("the longest ending has %zu bytes\n", longest);
    for (uint64_t seed = 0; seed < 2000; seed++) {
        om_buf b;
        om_buf_init(&b, NULL, LONGEST_REPLY);
        uint64_t chance = seed + 1;
        om_form form = walk_randomly(seed, dice(&chance, 4000), &b);
        check_ending(&form, om_buf_view(&b));
        om_buf_free(&b);
    }
}

/* What a cut call says where it had not come to yet. */
static void test_ending_words(void **state)
{
    (void)state;
    om_form form = {0};
    om_buf b;
    om_buf_init(&b, NULL, 4096);
    om_form_forced(&form, &b);
    om_buf_puts(&b, "'A cat.'");
    assert_true(om_form_take(&form, om_buf_view(&b)));
    om_form_ending(&form, &b);
    assert_string_equal(
        b.p, "```python\n# Initialize the canvas\ncanvas = Canvas()\n\n"
             "# Set a global description for the canvas\n"
             "canvas.set_global_description(\n    description='A cat.',\n"
             "    detailed_descriptions=[\n    ],\n    tags='',\n"
             "    HTML_web_color_name='gray',\n)\n```");
    om_buf_free(&b);
}

/* ---- bounds and refusals ----------------------------------------------- */

/* The form just before the value of the first parameter of this name. */
static om_form before_value(const char *name)
{
    om_buf reply[N_REPLIES];
    char mark[64];
    om_form form = {0};
    const int n = load_replies(reply);
    snprintf(mark, sizeof mark, "    %s=", name);
    const size_t at = om_str_find(om_buf_view(&reply[0]), om_str_of(mark));
    assert_true(at != SIZE_MAX);
    assert_true(om_form_take(&form, (om_str){reply[0].p, at + strlen(mark)}));
    free_replies(reply, n);
    return form;
}

/* How many of `unit` a text takes before it must close. */
static int capacity(om_form form, const char *unit)
{
    int n = 0;
    while (take(&form, unit)) n++;
    om_buf b;
    om_buf_init(&b, NULL, 4096);
    om_form_forced(&form, &b);
    assert_true(b.n > 2 && memcmp(b.p, "',", 2) == 0);
    om_buf_free(&b);
    return n;
}

static void test_lengths(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        int most;
    } texts[] = {{"description", 100},
                 {"tags", 320},
                 {"atmosphere", 160},
                 {"style", 160},
                 {"quality_meta", 160}};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        om_form form = before_value(texts[i].name);
        assert_true(take(&form, "'"));
        assert_int_equal(capacity(form, "a"), texts[i].most);
        assert_int_equal(capacity(form, "\xE2\x80\x99"), texts[i].most);
        assert_int_equal(capacity(form, "\xF0\x9F\x90\x89"), texts[i].most);
        assert_int_equal(capacity(form, "\\\\"), texts[i].most);
    }
    om_form form = before_value("detailed_descriptions");
    int n = 0;
    assert_true(take(&form, "[\n    "));
    while (take(&form, "    'a',\n    ")) n++;
    assert_int_equal(n, 16);
    assert_true(take(&form, "],\n"));
}

static void test_region_count(void **state)
{
    (void)state;
    om_form form = {0};
    om_buf b;
    int n = 0;
    while (!om_form_done(&form)) {
        uint64_t set[4];
        om_buf_init(&b, NULL, 4096);
        om_form_forced(&form, &b);
        assert_true(om_form_take(&form, om_buf_view(&b)));
        om_buf_free(&b);
        if (om_form_done(&form)) break;
        if (om_form_between(&form)) {
            assert_int_equal(om_form_regions(&form), ++n);
            assert_true(om_form_would(&form, OM_STR("```")));
            assert_true(take(&form, "\n"));
            continue;
        }
        om_form_next(&form, set);
        const char *c = "']a1.,\ncgsinopqrt";
        while (!has_byte(set, (unsigned char)*c)) c++;
        assert_true(om_form_take(&form, (om_str){c, 1}));
    }
    assert_int_equal(n, 23); /* between: after the 24th there is no choice */
    assert_int_equal(om_form_regions(&form), 24);
}

static void test_refusals(void **state)
{
    (void)state;
    static const struct {
        const char *name, *bytes;
        bool ok;
    } cases[] = {
        {"description", "'a", true},
        {"description", "\"it's", true},
        {"description", "a", false},
        {"description", "'''", false},
        {"description", "''", false}, /* empty */
        {"description", "' ", false}, /* nothing that can be seen */
        {"description", "',", false},
        {"description", "'.", false},
        {"description", "'\xC2\xA0", false},     /* no-break space */
        {"description", "'\xE2\x80\x8B", false}, /* zero width */
        {"description", "'\xE3\x80\x80", false}, /* ideographic space */
        {"description", "'\xE6\x97\xA5", true},
        {"description", "'a\xC2\xA0", true},
        {"description", "'a\n", false},
        {"description", "'a\r", false},
        {"description", "'a\t", false},
        {"description", "'a\x7F", false},
        {"description", "'a\xC2\x85", false},     /* next line */
        {"description", "'a\xE2\x80\xA8", false}, /* line separator */
        {"description", "'a\xE2\x80\xAE", false}, /* right to left */
        {"description", "'a\xEF\xBB\xBF", false}, /* byte order mark */
        {"description", "'a\x80", false},
        {"description", "'a\xC0", false}, /* overlong */
        {"description", "'a\xC1", false},
        {"description", "'a\xE0\x9F", false},
        {"description", "'a\xE0\xA0", true},
        {"description", "'a\xED\xA0", false}, /* surrogate */
        {"description", "'a\xED\x9F", true},
        {"description", "'a\xF0\x8F", false},
        {"description", "'a\xF4\x90", false}, /* beyond Unicode */
        {"description", "'a\xF5", false},
        {"description", "'a\xE2'", false}, /* cut */
        {"description", "'a\\n", false},
        {"description", "'a\\x", false},
        {"description", "'a\\\"", true},
        {"description", "'a\\'b'", true},
        {"description", "'a\\'\n", false},
        {"description", "'a',\n", true},
        {"description", "'a' ", false},
        {"detailed_descriptions", "[]", false},
        {"detailed_descriptions", "[\n    ]", false},
        {"detailed_descriptions", "[\n        'a',\n    ],\n", true},
        {"detailed_descriptions", "[\n        'a'\n", false},
        {"location", "'in the center',", true},
        {"location", "\"in", false},
        {"location", "'on the top-left',", true},
        {"location", "'on the top',", true},
        {"location", "'on the top-l'", false},
        {"location", "'In", false},
        {"offset", "'slightly to the upper-right',", true},
        {"area", "'a medium-sized square area',", true},
        {"area", "'a medium-sized large", false},
        {"HTML_web_color_name", "'blue',", true},
        {"HTML_web_color_name", "'blueviolet',", true},
        {"HTML_web_color_name", "'bluev'", false},
        {"HTML_web_color_name", "'navyblue',", true},
        {"HTML_web_color_name", "'yellowgreenx", false},
        {"distance_to_viewer", "5.0,", true},
        {"distance_to_viewer", "123.456,", true},
        {"distance_to_viewer", "0.001,", true},
        {"distance_to_viewer", "0.5,", true},
        {"distance_to_viewer", "5,", false},
        {"distance_to_viewer", "5.,", false},
        {"distance_to_viewer", ".5", false},
        {"distance_to_viewer", "-5", false},
        {"distance_to_viewer", "05", false},
        {"distance_to_viewer", "0.0,", false},
        {"distance_to_viewer", "0.000", false},
        {"distance_to_viewer", "1234", false},
        {"distance_to_viewer", "1.1234", false},
        {"distance_to_viewer", "1e5", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        om_form form = before_value(cases[i].name);
        if (take(&form, cases[i].bytes) != cases[i].ok)
            fail_msg("%s=%s", cases[i].name, cases[i].bytes);
    }
    om_form form = before_value("description");
    assert_false(om_form_take(&form, (om_str){"'a\0", 3}));
}

/* A number is above 0 for the reader whenever the form lets it end. */
static void test_numbers(void **state)
{
    (void)state;
    for (int whole = 0; whole < 12; whole++)
        for (int part = 0; part < 1000; part++)
            for (int digits = 1; digits <= 3; digits++) {
                char z[32];
                if (digits == 1)
                    snprintf(z, sizeof z, "%d.%d", whole, part);
                else if (digits == 2)
                    snprintf(z, sizeof z, "%d.%02d", whole, part);
                else
                    snprintf(z, sizeof z, "%d.%03d", whole, part);
                static om_form start;
                static bool known;
                if (!known) start = before_value("distance_to_viewer");
                known = true;
                om_form form = start;
                assert_int_equal(take(&form, z) && take(&form, ","),
                                 whole + part > 0);
            }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_replies),      cmocka_unit_test(test_printed),
        cmocka_unit_test(test_walks),        cmocka_unit_test(test_next_bytes),
        cmocka_unit_test(test_forced),       cmocka_unit_test(test_endings),
        cmocka_unit_test(test_ending_words), cmocka_unit_test(test_lengths),
        cmocka_unit_test(test_region_count), cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_numbers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
