/* test_plan.c - bags, plans, profiles and masks, against the original's rows
 * and against what omost/plan.h promises where the original has none. */
#include "support.h"

#include <dirent.h>

#include "prompt/bag.h"
#include "prompt/profile.h"

static omost_tokenizer *tk; /* opened once for the group */

static int open_tokenizer(void **state)
{
    (void)state;
    tk = open_clip();
    return 0;
}

static int close_tokenizer(void **state)
{
    (void)state;
    omost_tokenizer_free(tk);
    return 0;
}

/* ---- rows against the original's --------------------------------------- */

static bool row_is(const uint32_t ids[OMOST_ROW_IDS], const json_t *want)
{
    if (json_array_size(want) != OMOST_ROW_IDS) return false;
    for (size_t i = 0; i < OMOST_ROW_IDS; i++)
        if (ids[i] != json_integer_value(json_array_get(want, i))) return false;
    return true;
}

static void check_rows(const omost_row *rows, size_t n, const json_t *want,
                       const char *what)
{
    const json_t *t1 = json_object_get(want, "ids_t1"),
                 *t2 = json_object_get(want, "ids_t2");
    if (n != json_array_size(t1) || n != json_array_size(t2))
        fail_msg("%s: %zu rows, not %zu", what, n, json_array_size(t1));
    for (size_t i = 0; i < n; i++)
        if (!row_is(rows[i].ids, json_array_get(t1, i)) ||
            !row_is(rows[i].ids_2, json_array_get(t2, i)))
            fail_msg("%s: row %zu differs", what, i);
}

static const json_t *const_get(const json_t *o, const char *key)
{
    return json_object_get(o, key);
}

static json_int_t sum(const json_t *a)
{
    json_int_t n = 0;
    for (size_t i = 0; i < json_array_size(a); i++)
        n += json_integer_value(json_array_get(a, i));
    return n;
}

static omost_texts texts_of(const json_t *a, om_str out[32])
{
    size_t n = json_array_size(a);
    assert_true(n <= 32);
    for (size_t i = 0; i < n; i++) out[i] = om_json_str(json_array_get(a, i));
    return (omost_texts){out, n};
}

/* One call of the original's function that no canvas makes. */
static void check_direct(const json_t *call)
{
    om_str p[32], s[32];
    const char *name = json_string_value(json_object_get(call, "name"));
    omost_texts prefixes = texts_of(json_object_get(call, "prefixes"), p);
    omost_texts suffixes = texts_of(json_object_get(call, "suffixes"), s);
    const bool fails = json_object_get(call, "error") != NULL;
    om_bags b;
    omost_error err;
    om_bag_opts o = {.tk = tk, .strict = true, .max_rows = 100};
    omost_status st = om_bags_make(&b, &o, prefixes, suffixes, &err);
    if ((st != OMOST_OK) != fails)
        fail_msg("%s: strict: %s", name, fails ? "accepted" : err.msg);
    if (!fails) {
        check_rows(b.rows, b.n, call, name);
        assert_int_equal(b.n_prefix,
                         sum(json_object_get(call, "prefix_tokens")));
    }
    om_bags_free(&b);
    o.strict = false;
    assert_int_equal(om_bags_make(&b, &o, prefixes, suffixes, &err), OMOST_OK);
    if (fails)
        assert_int_equal(b.n, 1);
    else
        check_rows(b.rows, b.n, call, name);
    size_t n_rows = b.n;
    om_bags_free(&b);
    /* cut on request only, and only where it is needed */
    o.fit_prefix = true;
    assert_int_equal(om_bags_make(&b, &o, prefixes, suffixes, &err), OMOST_OK);
    assert_int_equal(b.prefix_cut, b.n_prefix >= OMOST_ROW_ROOM);
    assert_true(b.n <= n_rows);
    om_bags_free(&b);
}

static void test_direct(void **state)
{
    (void)state;
    if (!tk) skip();
    json_t *calls = golden_lines("bags_direct.jsonl");
    assert_true(json_array_size(calls) > 5);
    for (size_t i = 0; i < json_array_size(calls); i++)
        check_direct(json_array_get(calls, i));
    json_decref(calls);
}

static bool any_error(const json_t *conditions)
{
    for (size_t i = 0; i < json_array_size(conditions); i++)
        if (json_object_get(json_array_get(conditions, i), "error"))
            return true;
    return false;
}

/* The plan's rows are the original's; where that fails on "!", they are those
 * it would sensibly go on with. */
static void check_plan(const omost_plan *plan, const json_t *conditions,
                       const char *name)
{
    assert_int_equal(omost_plan_count(plan), json_array_size(conditions));
    for (size_t i = 0; i < omost_plan_count(plan); i++) {
        const json_t *want = json_array_get(conditions, i),
                     *lenient = const_get(want, "lenient");
        size_t n = omost_plan_row_count(plan, i);
        check_rows(omost_plan_row(plan, i, 0), n, lenient ? lenient : want,
                   name);
    }
}

static void check_bags_file(const char *file)
{
    char name[512];
    snprintf(name, sizeof name, "bags/%s", file);
    json_t *bags = golden_json(name);
    assert_non_null(bags);
    const json_t *conditions = const_get(bags, "conditions");
    snprintf(name, sizeof name, "canvas/%s.txt",
             json_string_value(json_object_get(bags, "canvas")));
    om_buf text;
    assert_true(golden_file(name, &text));
    omost_error err;
    const omost_read_opts as_original = {.strict = true};
    omost_canvas *cv = omost_canvas_parse(text.p, text.n, &as_original, &err);
    /* Python beyond literal calls may be refused. */
    if (!cv && !strstr(name, "-gray-"))
        fail_msg("%s:%d:%d: %s", name, err.line, err.col, err.msg);
    for (int strict = 0; cv && strict < 2; strict++) {
        const omost_plan_opts o = {.strict = strict};
        omost_plan *plan = omost_plan_new(cv, tk, &o, &err);
        bool refuse = strict && any_error(conditions);
        if ((plan == NULL) != refuse)
            fail_msg("%s: %s", name, plan ? "accepted" : err.msg);
        if (plan)
            check_plan(plan, conditions, name);
        else
            assert_true(err.line > 0 && strstr(err.msg, "\"!\" makes"));
        omost_plan_free(plan);
    }
    omost_canvas_free(cv);
    om_buf_free(&text);
    json_decref(bags);
}

static void test_bags(void **state)
{
    (void)state;
    char path[OM_TEST_PATH];
    size_t n = 0;
    DIR *d = opendir(golden_path(path, "bags"));
    if (!d) printf("*** SKIPPED: no %s (set OMOST_GOLDEN) ***\n", path);
    if (!d || !tk) skip();
    for (struct dirent *e; (e = readdir(d)) != NULL;) {
        if (e->d_name[0] == '.' || strcmp(e->d_name, "direct.json") == 0)
            continue;
        check_bags_file(e->d_name);
        n++;
    }
    closedir(d);
    assert_true(n >= 50);
}

/* ---- canvases of our own ----------------------------------------------- */

static omost_canvas *canvas_of(const char *text)
{
    omost_error err;
    omost_canvas *cv = omost_canvas_parse(text, strlen(text), NULL, &err);
    if (!cv) fail_msg("%d:%d: %s", err.line, err.col, err.msg);
    return cv;
}

#define HEAD "```python\ncanvas = Canvas()\n"
#define GLOBAL(description, details, tags)                          \
    "canvas.set_global_description(description='" description "', " \
    "detailed_descriptions=[" details "], tags='" tags "', "        \
    "HTML_web_color_name='red')\n"
#define LOCAL(distance, description, details, tags)                               \
    "canvas.add_local_description(location='in the center', offset='no offset', " \
    "area='a large square area', distance_to_viewer=" distance ", "               \
    "description='" description "', detailed_descriptions=[" details "], "        \
    "tags='" tags "', atmosphere='Calm, quiet', style='Oil painting', "           \
    "quality_meta='High resolution', HTML_web_color_name='blue')\n"
#define TAIL "```\n"

static bool has_note(const omost_plan *plan, int line, const char *part)
{
    for (size_t i = 0; i < omost_plan_note_count(plan); i++) {
        const omost_note *n = omost_plan_note(plan, i);
        if (n->line == line && strstr(n->msg, part)) return true;
    }
    return false;
}

#define TEN_HORSES                                                 \
    "horse horse horse horse horse horse horse horse horse horse " \
    "horse horse horse horse horse horse horse horse horse horse " \
    "horse horse horse horse horse horse horse horse horse horse " \
    "horse horse horse horse horse horse horse horse horse horse " \
    "horse horse horse horse horse horse horse horse horse horse "
#define TEN_CATS "cat cat cat cat cat cat cat cat cat cat "
#define NINETY_CATS                                                         \
    TEN_CATS TEN_CATS TEN_CATS TEN_CATS TEN_CATS TEN_CATS TEN_CATS TEN_CATS \
        TEN_CATS

/* Prefixes of 91 + 3 tokens fill every row, with a note. On request the
 * region's own words stay whole, the global description is cut to the rest of
 * 50, and 25 are left for details. */
static void test_long_prefix(void **state)
{
    (void)state;
    if (!tk) skip();
    omost_canvas *cv =
        canvas_of(HEAD GLOBAL(NINETY_CATS, "'a dog'", "red")
                      LOCAL("1", "a horse", "'one', 'two'", "x") TAIL);
    const omost_plan_opts fit = {.fit_prefix = true};
    omost_plan *plan = omost_plan_new(cv, tk, NULL, NULL);
    assert_non_null(plan);
    assert_int_equal(omost_plan_row_count(plan, 1),
                     6); /* one a suffix, all alike */
    assert_int_equal(omost_plan_row(plan, 1, 0)->ids[75], 2368);
    assert_true(has_note(plan, 4, "have 94 tokens and fill every row"));
    omost_plan_free(plan);
    plan = omost_plan_new(cv, tk, &fit, NULL);
    assert_non_null(plan);
    assert_int_equal(omost_plan_row_count(plan, 1), 1);
    const uint32_t *ids = omost_plan_row(plan, 1, 0)->ids;
    const uint32_t cat = 2368, a = 320, horse = 4558, dot = 269, one = 637;
    for (int i = 1; i <= 47; i++) assert_int_equal(ids[i], cat);
    assert_int_equal(ids[48], a);
    assert_int_equal(ids[49], horse);
    assert_int_equal(ids[50], dot);
    assert_int_equal(ids[51], one);
    ids = omost_plan_row(plan, 0, 0)->ids;
    for (int i = 1; i <= 50; i++) assert_int_equal(ids[i], cat);
    assert_int_equal(ids[51], a);
    assert_true(has_note(plan, 3, "have 91 tokens"));
    assert_true(has_note(
        plan, 4, "region 1: the descriptions that begin its prompt have 94"));
    omost_plan_free(plan);
    omost_canvas_free(cv);
}

/* Two long prefixes each keep an equal share of the 50. */
static void test_long_prefixes_share(void **state)
{
    (void)state;
    if (!tk) skip();
    omost_canvas *cv =
        canvas_of(HEAD GLOBAL(NINETY_CATS, "", "red")
                      LOCAL("1", NINETY_CATS "horse", "'one'", "x") TAIL);
    const omost_plan_opts fit = {.fit_prefix = true};
    omost_plan *plan = omost_plan_new(cv, tk, &fit, NULL);
    assert_non_null(plan);
    const omost_row *row = omost_plan_row(plan, 1, 0);
    for (int i = 1; i <= 50; i++) assert_int_equal(row->ids[i], 2368);
    assert_int_equal(row->ids[51], 637);
    omost_plan_free(plan);
    omost_canvas_free(cv);
    om_bags b;
    om_str p[2] = {OM_STR(NINETY_CATS), OM_STR("horse horse " TEN_HORSES)};
    om_str s = OM_STR("one");
    const om_bag_opts o = {.tk = tk, .fit_prefix = true, .max_rows = 9};
    assert_int_equal(om_bags_make(&b, &o, (omost_texts){p, 2},
                                  (omost_texts){&s, 1}, NULL),
                     OMOST_OK);
    for (int i = 1; i <= 25; i++) assert_int_equal(b.rows[0].ids[i], 2368);
    for (int i = 26; i <= 50; i++) assert_int_equal(b.rows[0].ids[i], 4558);
    om_bags_free(&b);
}

static void test_cut_suffix_note(void **state)
{
    (void)state;
    if (!tk) skip();
    omost_canvas *cv = canvas_of(HEAD GLOBAL("a b", "'" NINETY_CATS "'", "red")
                                     LOCAL("1", "a horse", "", "x") TAIL);
    omost_plan *plan = omost_plan_new(cv, tk, NULL, NULL);
    assert_int_equal(omost_plan_note_count(plan), 1);
    assert_true(has_note(plan, 3, "the whole picture: the end of \"cat cat"));
    omost_plan_free(plan);
    omost_canvas_free(cv);
}

static void test_no_global(void **state)
{
    (void)state;
    if (!tk) skip();
    omost_canvas *cv =
        canvas_of(HEAD LOCAL("1", "a horse", "'brown'", "x") TAIL);
    const omost_plan_opts strict = {.strict = true};
    omost_error err;
    omost_plan *plan = omost_plan_new(cv, tk, NULL, &err);
    assert_non_null(plan);
    assert_int_equal(omost_plan_count(plan), 2);
    assert_int_equal(omost_plan_row_count(plan, 0), 1);
    const omost_row *row = omost_plan_row(plan, 0, 0);
    assert_int_equal(row->ids[0], 49406);
    for (int i = 1; i < OMOST_ROW_IDS; i++) {
        assert_int_equal(row->ids[i], 49407);
        assert_int_equal(row->ids_2[i], i == 1 ? 49407 : 0);
    }
    assert_true(has_note(plan, 0, "no global description"));
    omost_plan_free(plan);
    assert_null(omost_plan_new(cv, tk, &strict, &err));
    assert_string_equal(err.msg, "the canvas has no global description");
    omost_canvas_free(cv);
}

static void test_row_limit(void **state)
{
    (void)state;
    if (!tk) skip();
    om_str s[4] = {OM_STR(NINETY_CATS), OM_STR(NINETY_CATS),
                   OM_STR(NINETY_CATS)};
    const om_bag_opts o = {.tk = tk, .max_rows = 2};
    omost_error err;
    om_bags b;
    assert_int_equal(om_bags_make(&b, &o, (omost_texts){0}, (omost_texts){s, 3},
                                  &err),
                     OMOST_LIMIT);
    assert_int_equal(om_bags_make(&b, &o, (omost_texts){0}, (omost_texts){s, 2},
                                  &err),
                     OMOST_OK);
    om_bags_free(&b);
}

/* "!" in a description that many regions share is told of once, and so is that
 * of an earlier global description. */
static void test_uneven_notes(void **state)
{
    (void)state;
    if (!tk) skip();
    omost_canvas *cv =
        canvas_of(HEAD GLOBAL("First!?!?", "", "red") LOCAL("9", "a", "", "")
                      LOCAL("5", "b", "", "") GLOBAL("Second!?!?", "", "red")
                          LOCAL("7", "c", "", "") LOCAL("3", "d!?!?", "", "")
                              LOCAL("1", "e", "", "x!?!?") TAIL);
    omost_plan *plan = omost_plan_new(cv, tk, NULL, NULL);
    assert_non_null(plan);
    assert_int_equal(omost_plan_note_count(plan), 2);
    assert_true(has_note(plan, 6, "the whole picture: \"!\" counts"));
    assert_true(has_note(plan, 4, "region 1: \"!\" counts"));
    omost_plan_free(plan);
    omost_canvas_free(cv);
}

/* Out of range there is nothing, in every build. */
static void test_out_of_range(void **state)
{
    (void)state;
    omost_error err;
    memset(&err, 0xff, sizeof err);
    omost_canvas *cv = canvas_of(HEAD GLOBAL("a", "", "") TAIL);
    omost_plan *plan = omost_plan_new(cv, NULL, NULL, &err);
    assert_non_null(plan);
    assert_int_equal(err.status, OMOST_OK);
    assert_string_equal(err.msg, "");
    assert_int_equal(omost_plan_count(plan), 1);
    assert_null(omost_plan_condition(plan, 1));
    assert_int_equal(omost_plan_row_count(plan, 1), 0);
    assert_null(omost_plan_row(plan, 0, 0));
    assert_null(omost_plan_row(plan, 1, 0));
    assert_null(omost_plan_note(plan, 0));
    omost_plan_free(plan);
    omost_canvas_free(cv);
}

/* ---- what a text costs ------------------------------------------------- */

static const char small_merges[] = "#version: 0.2\ni n\nt h\na n\nr e\n";

enum { LONG_WORDS = 1000 }; /* each takes one allocation to read */

static void put_global(om_buf *b, const char *first)
{
    om_buf_printf(b, "canvas.set_global_description(description='%s", first);
    for (int i = 0; i < LONG_WORDS; i++) {
        om_buf_putc(b, ' ');
        om_buf_fill(b, 'x', 70);
    }
    om_buf_puts(b, "', detailed_descriptions=[], tags='', "
                   "HTML_web_color_name='red')\n");
}

/* A description is read once, not for every region, whatever global description
 * it is, however the regions lie and whatever stands before it. */
static void test_prefixes_are_read_once(void **state)
{
    (void)state;
    om_buf b;
    omost_error err;
    om_buf_init(&b, NULL, 1 << 20);
    om_buf_puts(&b, "canvas = Canvas()\n");
    put_global(&b, "one!");
    for (int i = 0; i < 50; i++)
        om_buf_puts(&b,
                    i % 2 ? LOCAL("2", "a", "", "") : LOCAL("4", "b", "", ""));
    put_global(&b, "two!");
    for (int i = 0; i < 50; i++)
        om_buf_puts(&b,
                    i % 2 ? LOCAL("1", "a", "", "") : LOCAL("3", "b", "", ""));
    omost_canvas *cv = canvas_of(b.p);
    meter m = {0};
    const omost_env env = {metered, &m};
    omost_tokenizer *own =
        om_tokenizer_parse(&env, (om_str){0}, om_str_of(small_merges), &err);
    omost_profile *good = omost_profile_read(NULL, "quality: good!", 14, &err);
    assert_true(own && good);
    for (int with = 0; with < 2; with++) {
        const omost_plan_opts o = {.profile = with ? good : NULL,
                                   .prompt_style = OMOST_PROMPT_DESCRIPTION};
        size_t before = m.calls;
        omost_plan *plan = omost_plan_new(cv, own, &o, &err);
        assert_non_null(plan);
        /* two texts, two encoders, and a few for every region's rows */
        assert_true(m.calls - before > 2 * LONG_WORDS);
        assert_true(m.calls - before < 4 * LONG_WORDS + 100 * 20);
        omost_plan_free(plan);
    }
    omost_profile_free(good);
    omost_tokenizer_free(own);
    assert_int_equal(m.live, 0);
    omost_canvas_free(cv);
    om_buf_free(&b);
}

/* ---- JSON -------------------------------------------------------------- */

/* 70 KB said again for each of 1000 regions are too much. */
static void test_json_limit(void **state)
{
    (void)state;
    om_buf b;
    omost_error err;
    om_buf_init(&b, NULL, 1 << 20);
    om_buf_puts(&b, "canvas = Canvas()\n");
    put_global(&b, "one");
    for (int i = 0; i < OMOST_MAX_REGIONS; i++)
        om_buf_puts(&b, LOCAL("1", "a", "", ""));
    omost_canvas *cv = canvas_of(b.p);
    meter m = {0};
    const omost_env env = {metered, &m};
    const omost_plan_opts o = {.env = &env};
    omost_plan *plan = omost_plan_new(cv, NULL, &o, &err);
    assert_non_null(plan);
    size_t n = 1;
    assert_null(omost_plan_to_json(plan, &n, &err));
    assert_int_equal(err.status, OMOST_LIMIT);
    assert_string_equal(err.msg,
                        "the plan's JSON is longer than 67108864 bytes");
    assert_true(m.most < 4 * (size_t)OMOST_MAX_PLAN_JSON);
    omost_plan_free(plan);
    assert_int_equal(m.live, 0);
    omost_canvas_free(cv);
    om_buf_free(&b);
}

static char *to_json(const char *text, const omost_tokenizer *with,
                     const omost_plan_opts *o)
{
    omost_error err;
    omost_canvas *cv = canvas_of(text);
    omost_plan *plan = omost_plan_new(cv, with, o, &err);
    if (!plan) fail_msg("%s", err.msg);
    size_t len;
    char *z = omost_plan_to_json(plan, &len, &err);
    assert_non_null(z);
    assert_int_equal(len, strlen(z));
    omost_plan_free(plan);
    omost_canvas_free(cv);
    return z;
}

static void test_json(void **state)
{
    (void)state;
    char *z = to_json(HEAD GLOBAL("A \"b\" \xc3\xa9", "", "red")
                          LOCAL("2.5", "near", "'x'", "t") TAIL,
                      NULL, NULL);
    assert_string_equal(
        z, "{\"color\":[255,0,0],\"conditions\":["
           "{\"rect\":[0,90,0,90],\"distance\":null,\"color\":[255,0,0],"
           "\"prefixes\":[\"A \\\"b\\\" \xc3\xa9.\"],\"suffixes\":[\"red.\"]},"
           "{\"rect\":[10,80,10,80],\"distance\":2.5,\"color\":[0,0,255],"
           "\"prefixes\":[\"A \\\"b\\\" \xc3\xa9.\",\"near.\"],"
           "\"suffixes\":[\"x.\",\"t.\",\"Calm, quiet.\",\"Oil painting.\","
           "\"High resolution.\"]}],\"notes\":[]}");
    omost_text_free(NULL, z);
}

static void test_json_distances(void **state)
{
    (void)state;
    static const struct {
        const char *text, *json;
    } cases[] = {
        {HEAD GLOBAL("a", "", "") LOCAL("1e999", "x", "", "") TAIL,
         "\"distance\":\"inf\","},
        {HEAD GLOBAL("a", "", "") LOCAL("True", "x", "", "") TAIL,
         "\"distance\":1,"},
        {HEAD GLOBAL("a", "", "") LOCAL("7", "x", "", "") TAIL,
         "\"distance\":7,"},
        {HEAD GLOBAL("a", "", "") LOCAL("9223372036854775807", "x", "", "")
             TAIL,
         "\"distance\":9223372036854775807,"},
        {HEAD GLOBAL("a", "", "") LOCAL("9223372036854775808", "x", "", "")
             TAIL,
         "\"distance\":\"9223372036854775808\","},
        {HEAD GLOBAL("a", "", "") LOCAL("1e300", "x", "", "") TAIL,
         "\"distance\":1e+300,"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *z = to_json(cases[i].text, NULL, NULL);
        if (!strstr(z, cases[i].json))
            fail_msg("%s\nlacks %s", z, cases[i].json);
        omost_text_free(NULL, z);
    }
}

static void test_json_rows(void **state)
{
    (void)state;
    if (!tk) skip();
    char *z =
        to_json(HEAD GLOBAL("a cat", "", "!?!?") LOCAL("1", "x", "", "") TAIL,
                tk, NULL);
    json_t *v = json_loads(z, 0, NULL);
    assert_non_null(v);
    const json_t *conditions = const_get(v, "conditions");
    assert_int_equal(json_array_size(conditions), 2);
    for (size_t i = 0; i < 2; i++) {
        const json_t *bags = const_get(json_array_get(conditions, i), "bags");
        assert_int_equal(json_array_size(bags), 1);
        const json_t *bag = json_array_get(bags, 0);
        assert_int_equal(json_array_size(const_get(bag, "ids")), OMOST_ROW_IDS);
        assert_int_equal(json_array_size(const_get(bag, "ids_2")),
                         OMOST_ROW_IDS);
        assert_int_equal(json_integer_value(
                             json_array_get(const_get(bag, "ids"), 0)),
                         49406);
    }
    const json_t *note = json_array_get(const_get(v, "notes"), 0);
    assert_int_equal(json_integer_value(const_get(note, "line")), 3);
    assert_int_equal(json_integer_value(const_get(note, "col")), 1);
    assert_non_null(strstr(json_string_value(const_get(note, "message")),
                           "counts differently"));
    json_decref(v);
    omost_text_free(NULL, z);
}

/* ---- profiles and the tag style ---------------------------------------- */

static omost_profile *profile_of(const char *text)
{
    omost_error err;
    omost_profile *p = omost_profile_read(NULL, text, strlen(text), &err);
    if (!p) fail_msg("%d: %s", err.line, err.msg);
    return p;
}

static void check_rule(const omost_profile *p, const char *tag,
                       const char *want)
{
    omost_str to;
    bool found = omost_profile_rule(p, om_str_of(tag), &to);
    assert_int_equal(found, want != NULL);
    if (want && !om_str_eqz(to, want))
        fail_msg("%s -> %.*s", tag, OM_STR_ARG(to));
}

static void test_profile(void **state)
{
    (void)state;
    omost_profile *p =
        profile_of("# mine\r\nlike: pony\n\n  Red Hat->red_hat, hat\n"
                   "girl -> lass\nsignature ->\nquality: good, .\n");
    assert_int_equal(omost_profile_style(p), OMOST_PROMPT_TAGS);
    assert_true(om_str_eqz(omost_profile_quality(p), "good"));
    check_rule(p, "girl", "lass");
    check_rule(p, "Girl", "lass");
    check_rule(p, "girls", "multiple girls");
    check_rule(p, "red_hat", "red_hat, hat");
    check_rule(p, "RED  hat ", "red_hat, hat");
    check_rule(p, "signature", "");
    check_rule(p, "a girl", NULL);
    check_rule(p, "", NULL);
    omost_profile_free(p);
}

/* Read again, what is printed is the same profile. */
static void test_profile_print(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "", "like: pony", "quality: good, .\n_#x -> \ngirl -> 1girl, solo",
        "style: tags\na: b -> c: d\n\xc3\xa9t\xc3\xa9 -> summer -> heat"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        om_buf once, twice;
        om_buf_init(&once, NULL, OM_PROFILE_MAX_TEXT);
        om_buf_init(&twice, NULL, OM_PROFILE_MAX_TEXT);
        omost_profile *p = profile_of(texts[i]);
        om_profile_print(&once, p);
        omost_profile *q = profile_of(once.p);
        om_profile_print(&twice, q);
        assert_string_equal(once.p, twice.p);
        assert_int_equal(omost_profile_style(p), omost_profile_style(q));
        assert_true(
            om_str_eq(omost_profile_quality(p), omost_profile_quality(q)));
        om_buf_free(&once);
        om_buf_free(&twice);
        omost_profile_free(p);
        omost_profile_free(q);
    }
}

static void test_rule_limit(void **state)
{
    (void)state;
    om_buf b;
    omost_error err;
    om_buf_init(&b, NULL, 1 << 20);
    for (int i = 0; i < OM_PROFILE_MAX_RULES; i++)
        om_buf_printf(&b, "%d -> x\n", i);
    om_buf_puts(&b, "7 -> seven\n"); /* another text for the same tag */
    omost_profile *p = omost_profile_read(NULL, b.p, b.n, &err);
    assert_non_null(p);
    check_rule(p, "7", "seven");
    omost_profile_free(p);
    om_buf_puts(&b, "more -> x\n");
    assert_true(b.n < OM_PROFILE_MAX_TEXT);
    assert_null(omost_profile_read(NULL, b.p, b.n, &err));
    assert_int_equal(err.status, OMOST_LIMIT);
    assert_int_equal(err.line, OM_PROFILE_MAX_RULES + 2);
    om_buf_fill(&b, '\n', OM_PROFILE_MAX_TEXT);
    assert_null(omost_profile_read(NULL, b.p, b.n, &err));
    assert_string_equal(err.msg, "a profile of more than 65536 bytes");
    om_buf_free(&b);
}

static void test_builtin_profiles(void **state)
{
    (void)state;
    omost_error err;
    size_t n = 0;
    for (const char *name; (name = omost_profile_name(n)) != NULL; n++) {
        omost_profile *p = omost_profile_builtin(NULL, name, &err);
        if (!p) fail_msg("%s: %s", name, err.msg);
        check_rule(p, "girl", strcmp(name, "sdxl") == 0 ? NULL : "1girl");
        assert_int_equal(omost_profile_style(p), strcmp(name, "sdxl") == 0
                                                     ? OMOST_PROMPT_DESCRIPTION
                                                     : OMOST_PROMPT_TAGS);
        omost_profile_free(p);
    }
    assert_int_equal(n, 4);
    assert_null(omost_profile_builtin(NULL, "sd15", &err));
    assert_int_equal(err.status, OMOST_MISSING);
    omost_profile *pony = omost_profile_builtin(NULL, "pony", &err);
    assert_true(om_str_eqz(omost_profile_quality(pony),
                           "score_9, score_8_up, score_7_up"));
    omost_profile_free(pony);
}

static void test_bad_profiles(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int line;
        const char *msg;
    } cases[] = {
        {"girl\n", 1, "expected \"TAG -> TAGS\""},
        {"\n# x\ngirl: 1girl\n", 3,
         "the settings are like, style and quality, not \"girl\""},
        {"style: tag\n", 1,
         "the style is \"tags\" or \"description\", not \"tag\""},
        {"a -> b\nlike: sd15\n", 2, "there is no built-in profile \"sd15\""},
        {"-> b\n", 1, "before \"->\" stands one tag"},
        {"a, b -> c\n", 1, "a rule is for one tag"},
        {"[pony]\n", 1, "expected \"TAG -> TAGS\""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        omost_error err;
        assert_null(omost_profile_read(NULL, cases[i].text,
                                       strlen(cases[i].text), &err));
        assert_int_equal(err.line, cases[i].line);
        if (!strstr(err.msg, cases[i].msg))
            fail_msg("%s\nlacks %s", err.msg, cases[i].msg);
    }
}

static void check_texts(omost_texts t, const char *want)
{
    om_buf b;
    om_buf_init(&b, NULL, 1 << 20);
    for (size_t i = 0; i < t.n; i++)
        om_buf_printf(&b, "%s%.*s", i ? "|" : "", OM_STR_ARG(t.p[i]));
    assert_string_equal(b.p ? b.p : "", want);
    om_buf_free(&b);
}

static const char two_girls[] = HEAD GLOBAL("Two friends", "'They sit.'",
                                            "girls, park, Bench.")
    LOCAL("3", "a girl", "'She reads.'", "girl, red_hair, park, Girl, book.")
        LOCAL("1", "a dog", "", "") TAIL;

static void test_tag_style(void **state)
{
    (void)state;
    if (!tk) skip();
    omost_error err;
    omost_canvas *cv = canvas_of(two_girls);
    omost_profile *pony = omost_profile_builtin(NULL, "pony", &err);
    const omost_plan_opts o = {.profile = pony};
    omost_plan *plan = omost_plan_new(cv, tk, &o, &err);
    assert_non_null(plan);
    const omost_condition *c = omost_plan_condition(plan, 0);
    check_texts(c->prefixes,
                "score_9, score_8_up, score_7_up,|multiple girls,");
    check_texts(c->suffixes, "park,|Bench,");
    c = omost_plan_condition(plan, 1);
    check_texts(c->prefixes, "score_9, score_8_up, score_7_up,|1girl,");
    check_texts(
        c->suffixes,
        "red_hair,|park,|book,|Calm,|quiet,|Oil painting,|multiple girls,"
        "|Bench,");
    c = omost_plan_condition(plan, 2);
    check_texts(c->prefixes, "score_9, score_8_up, score_7_up,|a dog,");
    assert_true(has_note(
        plan, 5, "region 2 has no tags; its description is used instead"));
    assert_int_equal(omost_plan_note_count(plan), 1);
    assert_true(omost_plan_row_count(plan, 1) >= 1);
    omost_plan_free(plan);
    omost_profile_free(pony);
    omost_canvas_free(cv);
}

/* Without a profile of its own, quality_meta has its place. */
static void test_tag_style_alone(void **state)
{
    (void)state;
    omost_error err;
    omost_canvas *cv = canvas_of(two_girls);
    const omost_plan_opts o = {.prompt_style = OMOST_PROMPT_TAGS};
    omost_plan *plan = omost_plan_new(cv, NULL, &o, &err);
    const omost_condition *c = omost_plan_condition(plan, 1);
    check_texts(c->prefixes, "girl,");
    check_texts(
        c->suffixes,
        "red_hair,|park,|book,|Calm,|quiet,|Oil painting,|High resolution,"
        "|girls,|Bench,");
    assert_int_equal(omost_plan_row_count(plan, 1), 0);
    omost_plan_free(plan);
    omost_canvas_free(cv);
}

static void test_description_with_rules(void **state)
{
    (void)state;
    omost_error err;
    omost_canvas *cv = canvas_of(two_girls);
    omost_profile *p = profile_of("quality: good\ngirl -> 1girl\npark ->\n");
    const omost_plan_opts o = {.profile = p};
    omost_plan *plan = omost_plan_new(cv, NULL, &o, &err);
    const omost_condition *c = omost_plan_condition(plan, 1);
    check_texts(c->prefixes, "good,|Two friends.|a girl.");
    check_texts(c->suffixes,
                "She reads.|1girl, red_hair, book.|Calm, quiet.|Oil painting."
                "|High resolution.");
    c = omost_plan_condition(plan, 2);
    check_texts(c->suffixes, ".|Calm, quiet.|Oil painting.|High resolution.");
    omost_plan_free(plan);
    omost_profile_free(p);
    p = profile_of("style: description\ngirls ->\npark ->\nbench ->\n");
    plan = omost_plan_new(cv, NULL, &(omost_plan_opts){.profile = p}, &err);
    check_texts(omost_plan_condition(plan, 0)->suffixes, "They sit.");
    omost_plan_free(plan);
    omost_profile_free(p);
    omost_canvas_free(cv);
}

#define FIFTY "a tag so long that it is a sentence and no tag "

/* Long tags are a canvas's own words: they stay, each once. Only as a region's
 * context those of the whole picture are left out. */
static void test_long_tags(void **state)
{
    (void)state;
    omost_error err;
    omost_canvas *cv =
        canvas_of(HEAD GLOBAL("x", "", "pond, G" FIFTY FIFTY FIFTY "end")
                      LOCAL("1", "a dog", "",
                            "dog, " FIFTY FIFTY FIFTY "1, " FIFTY FIFTY FIFTY
                            "2, " FIFTY FIFTY FIFTY "1") TAIL);
    const omost_plan_opts o = {.prompt_style = OMOST_PROMPT_TAGS};
    omost_plan *plan = omost_plan_new(cv, NULL, &o, &err);
    check_texts(omost_plan_condition(plan, 0)->suffixes,
                "G" FIFTY FIFTY FIFTY "end,");
    check_texts(omost_plan_condition(plan, 1)->suffixes, FIFTY FIFTY FIFTY
                "1,|" FIFTY FIFTY FIFTY
                "2,|Calm,|quiet,|Oil painting,|High resolution,|pond,");
    omost_plan_free(plan);
    omost_canvas_free(cv);
}

static void test_many_tags(void **state)
{
    (void)state;
    if (!tk) skip();
    om_buf b;
    omost_error err;
    om_buf_init(&b, NULL, 1 << 20);
    om_buf_puts(&b, HEAD
                "canvas.set_global_description(description='x', "
                "detailed_descriptions=[], HTML_web_color_name='red', tags='");
    for (int i = 0; i < 300; i++) om_buf_printf(&b, "tag %d, ", i);
    om_buf_puts(&b, "')\n" LOCAL("1", "a dog", "", "dog") TAIL);
    omost_canvas *cv = canvas_of(b.p);
    const omost_plan_opts o = {.prompt_style = OMOST_PROMPT_TAGS};
    omost_plan *plan = omost_plan_new(cv, tk, &o, &err);
    assert_non_null(plan);
    assert_int_equal(omost_plan_condition(plan, 0)->suffixes.n,
                     OMOST_MAX_TAGS - 1);
    assert_true(has_note(plan, 3, "more than 256 tags"));
    omost_plan_free(plan);
    omost_canvas_free(cv);
    om_buf_free(&b);
}

/* ---- masks ------------------------------------------------------------- */

static void test_mask_index(void **state)
{
    (void)state;
    json_t *table = golden_lines("nearest_exact_90.jsonl"), *row;
    size_t i_row, n_sizes = 0;
    json_array_foreach(table, i_row, row)
    {
        int n = (int)json_integer_value(json_array_get(row, 0));
        const json_t *want = json_array_get(row, 1);
        uint8_t cells[1024];
        assert_true(n > 0 && n <= 1024);
        assert_int_equal(json_array_size(want), n);
        omost_mask_index(n, cells);
        for (int i = 0; i < n; i++)
            if (cells[i] != json_integer_value(json_array_get(want, (size_t)i)))
                fail_msg("cell %d of %d", i, n);
        n_sizes++;
    }
    assert_true(n_sizes > 50);
    json_decref(table);
}

static void test_mask_fill(void **state)
{
    (void)state;
    static const uint8_t want[] = {0, 0, 0, 0, 1, 1, 0, 1, 1};
    uint8_t out[90 * 90];
    /* Three cells show rows and columns 15, 45 and 75. */
    assert_int_equal(omost_mask_fill((omost_box){45, 90, 40, 76}, 3, 3, out),
                     4);
    assert_memory_equal(out, want, sizeof want);
    assert_int_equal(omost_mask_fill((omost_box){0, 90, 0, 90}, 90, 90, out),
                     8100);
    assert_int_equal(omost_mask_fill((omost_box){0, 15, 0, 90}, 3, 3, out), 0);
    assert_int_equal(omost_mask_fill((omost_box){10, 30, 20, 25}, 90, 90, out),
                     100);
    assert_int_equal(out[10 * 90 + 20], 1);
    assert_int_equal(out[10 * 90 + 25], 0);
}

/* ---- memory ------------------------------------------------------------ */

/* Profile, tokenizer, plan and JSON with the n-th allocation failing. */
static bool plan_all(meter *m, const omost_canvas *cv, omost_prompt_style style)
{
    const omost_env env = {metered, m};
    omost_error err = {0};
    char *z = NULL;
    omost_plan *plan = NULL;
    omost_profile *p = omost_profile_builtin(&env, "pony", &err);
    omost_tokenizer *own =
        p ? om_tokenizer_parse(&env, (om_str){0}, om_str_of(small_merges), &err)
          : NULL;
    const omost_plan_opts o = {
        .env = &env, .prompt_style = style, .profile = p};
    if (own) plan = omost_plan_new(cv, own, &o, &err);
    if (plan) z = omost_plan_to_json(plan, NULL, &err);
    if (!z) assert_int_equal(err.status, OMOST_NOMEM);
    bool ok = z != NULL;
    omost_text_free(&env, z);
    omost_plan_free(plan);
    omost_tokenizer_free(own);
    omost_profile_free(p);
    assert_int_equal(m->live, 0);
    return ok;
}

static void test_no_memory(void **state)
{
    (void)state;
    omost_canvas *cv = canvas_of(two_girls);
    for (int style = OMOST_PROMPT_DESCRIPTION; style <= OMOST_PROMPT_TAGS;
         style++) {
        size_t failed = 0;
        for (size_t n = 1;; n++, failed++) {
            meter m = {.fail_at = n};
            bool ok = plan_all(&m, cv, (omost_prompt_style)style);
            if (ok && m.calls < n) break;
            assert_false(ok);
        }
        assert_true(failed > 20);
    }
    omost_canvas_free(cv);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_json),
        cmocka_unit_test(test_json_distances),
        cmocka_unit_test(test_profile),
        cmocka_unit_test(test_profile_print),
        cmocka_unit_test(test_rule_limit),
        cmocka_unit_test(test_builtin_profiles),
        cmocka_unit_test(test_out_of_range),
        cmocka_unit_test(test_prefixes_are_read_once),
        cmocka_unit_test(test_json_limit),
        cmocka_unit_test(test_long_tags),
        cmocka_unit_test(test_bad_profiles),
        cmocka_unit_test(test_tag_style_alone),
        cmocka_unit_test(test_description_with_rules),
        cmocka_unit_test(test_mask_fill),
        cmocka_unit_test(test_mask_index),
        cmocka_unit_test(test_no_memory),
        cmocka_unit_test(test_direct),
        cmocka_unit_test(test_bags),
        cmocka_unit_test(test_long_prefix),
        cmocka_unit_test(test_long_prefixes_share),
        cmocka_unit_test(test_cut_suffix_note),
        cmocka_unit_test(test_uneven_notes),
        cmocka_unit_test(test_no_global),
        cmocka_unit_test(test_row_limit),
        cmocka_unit_test(test_json_rows),
        cmocka_unit_test(test_tag_style),
        cmocka_unit_test(test_many_tags),
    };
    return cmocka_run_group_tests_name("plan", tests, open_tokenizer,
                                       close_tokenizer);
}
