/* test_diff.c - what changed: which region became which, and how it is told. */
#include "exchange_help.h"

/* ---- canvases in a line ------------------------------------------------ */

/* A region as these tests need it; "" and 0 stand for the usual. */
typedef struct spec {
    const char *description, *tags;
    double distance;
    int location;
    const char *style;
    int color;
} spec;

static omost_canvas *canvas_of(const char *global, const spec *s, size_t n)
{
    omost_region r[64];
    omost_global g = {.description = om_str_of(global)};
    assert_true(n <= 64);
    for (size_t i = 0; i < n; i++)
        r[i] = (omost_region){
            .location = s[i].location,
            .distance = {.value = s[i].distance > 0 ? s[i].distance : 1},
            .description = om_str_of(s[i].description),
            .tags = om_str_of(s[i].tags),
            .style = om_str_of(s[i].style),
            .color = s[i].color,
            .has_prefix = true,
            .prefix = g.description,
        };
    omost_error err;
    omost_canvas *cv = omost_canvas_new(NULL, &g, r, n, &err);
    if (!cv) fail_msg("%s", err.msg);
    return cv;
}

static omost_diff *must_diff(const omost_canvas *a, const omost_canvas *b)
{
    omost_error err = {0};
    omost_diff *d = omost_diff_new(a, b, &err);
    if (!d) fail_msg("%s", err.msg);
    return d;
}

/* The changes as one line: "~0>1:description,tags +2 -3", "*" the global. */
static void summary(const omost_diff *d, char out[4096])
{
    static const char *const keys[] = {
#define X(name, key, text) key,
        OMOST_FIELD_LIST(X)
#undef X
    };
    int n = 0;
    out[0] = '\0';
    for (size_t i = 0; i < omost_diff_count(d); i++) {
        const omost_change *c = omost_diff_change(d, i);
        n += snprintf(out + n, 4096 - (size_t)n, "%s%c", i ? " " : "",
                      "+-~"[c->kind]);
        if (c->is_global)
            n += snprintf(out + n, 4096 - (size_t)n, "*");
        else if (c->kind == OMOST_CHANGE_ADDED)
            n += snprintf(out + n, 4096 - (size_t)n, "%zu", c->after);
        else
            n += snprintf(out + n, 4096 - (size_t)n, "%zu", c->before);
        if (c->kind != OMOST_CHANGE_CHANGED) continue;
        if (!c->is_global)
            n += snprintf(out + n, 4096 - (size_t)n, ">%zu", c->after);
        for (int f = 0, first = 1; f < 11; f++)
            if (c->fields & 1u << f)
                n += snprintf(out + n, 4096 - (size_t)n, "%c%s",
                              first ? ':' : ',', keys[f]),
                    first = 0;
    }
}

static void check_canvases(omost_canvas *a, omost_canvas *b, const char *want)
{
    char got[4096];
    omost_diff *d = must_diff(a, b);
    summary(d, got);
    assert_string_equal(got, want);
    omost_diff_free(d);
    omost_canvas_free(a);
    omost_canvas_free(b);
}

#define N(a) (sizeof(a) / sizeof *(a))
#define CHECK(before, after, want)                    \
    check_canvases(canvas_of("g", before, N(before)), \
                   canvas_of("g", after, N(after)), want)

/* ---- pairing ----------------------------------------------------------- */

static void test_same(void **state)
{
    (void)state;
    const spec a[] = {{.description = "A cat."},
                      {.description = "A cat."},
                      {.description = "A dog."}};
    CHECK(a, a, "");
    omost_canvas *cv = canvas_of("g", a, 3);
    omost_diff *d = must_diff(cv, cv);
    size_t len = 1;
    char *z = omost_diff_to_text(d, &len, NULL);
    assert_string_equal(z, "");
    assert_int_equal(len, 0);
    omost_text_free(NULL, z);
    z = omost_diff_to_json(d, &len, NULL);
    assert_string_equal(
        z,
        "{\n  \"format\": \"omost-canvas-diff\",\n  \"version\": 1,\n  \"changes\": []\n}\n");
    omost_text_free(NULL, z);
    assert_null(omost_diff_change(d, 0));
    omost_diff_free(d);
    omost_canvas_free(cv);
}

static void test_renamed(void **state)
{
    (void)state;
    const spec a[] = {{.description = "A mighty dragon.",
                       .tags = "dragon, wings, scales, teeth"},
                      {.description = "A castle.", .location = 2}};
    const spec b[] = {{.description = "A castle.", .location = 2},
                      {.description = "A mighty dinosaur.",
                       .tags = "dinosaur, scales, teeth"}};
    CHECK(a, b, "~1>0:order ~0>1:description,tags");
}

static void test_added_and_removed(void **state)
{
    (void)state;
    const spec a[] = {{.description = "A red car.", .location = 1, .color = 3},
                      {.description = "Rain."}};
    const spec b[] = {{.description = "Rain."},
                      {.description = "An old church.", .location = 2}};
    CHECK(a, b, "+1 -0");
    const spec none[] = {{.description = "Rain."}};
    CHECK(none, b, "+1");
    CHECK(b, none, "-1");
}

/* All new words, but what stands in this place stood there before. */
static void test_replaced_in_place(void **state)
{
    (void)state;
    const spec a[] = {{.description = "A red car.",
                       .location = 1,
                       .distance = 3,
                       .color = 7}};
    const spec b[] = {{.description = "An old church.",
                       .location = 1,
                       .distance = 3,
                       .color = 9}};
    CHECK(a, b, "~0>0:description,HTML_web_color_name");
    const spec c[] = {{.description = "An old church.",
                       .location = 1,
                       .distance = 4,
                       .color = 9}};
    CHECK(a, c, "+0 -0");
}

/* Of several with one name, those most alike belong together. */
static void test_namesakes(void **state)
{
    (void)state;
    const spec a[] = {
        {.description = "A tree.", .tags = "oak", .location = 1},
        {.description = "A tree.", .tags = "pine", .location = 2}};
    const spec b[] = {
        {.description = "A tree.", .tags = "pine", .location = 2},
        {.description = "A tree.", .tags = "birch", .location = 0},
        {.description = "A tree.", .tags = "oak", .location = 1}};
    CHECK(a, b, "~1>0:order +1");
}

static void test_likeness_counts_words(void **state)
{
    (void)state;
    const spec a[] = {
        {.description = "Two white horses", .location = 1, .distance = 2},
        {.description = "The night sky", .location = 3, .distance = 9}};
    const spec b[] = {
        {.description = "a starry NIGHT sky.", .location = 3, .distance = 8},
        {.description = "A white horse", .location = 2, .distance = 2}};
    CHECK(a, b, "~1>0:distance_to_viewer,description ~0>1:place,description");
}

/* ---- fields ------------------------------------------------------------ */

static void test_order(void **state)
{
    (void)state;
    const spec a[] = {{.description = "a", .distance = 4},
                      {.description = "b", .distance = 3},
                      {.description = "c", .distance = 2},
                      {.description = "d", .distance = 1}};
    const spec b[] = {{.description = "a", .distance = 1.5},
                      {.description = "b", .distance = 3},
                      {.description = "c", .distance = 2},
                      {.description = "d", .distance = 1}};
    CHECK(a, b, "~0>0:distance_to_viewer,order");
    /* two swapped: the one whose distance changed was moved */
    const spec c[] = {{.description = "a", .distance = 4},
                      {.description = "b", .distance = 5}};
    const spec e[] = {{.description = "a", .distance = 4},
                      {.description = "b", .distance = 3}};
    CHECK(e, c, "~1>1:distance_to_viewer,order");
    /* two went behind one: the fewest are marked, whose distance changed or not */
    const spec h[] = {{.description = "c", .distance = 5},
                      {.description = "a", .distance = 4},
                      {.description = "b", .distance = 3}};
    const spec k[] = {{.description = "c", .distance = 5},
                      {.description = "a", .distance = 9},
                      {.description = "b", .distance = 8}};
    CHECK(h, k, "~0>0:order ~1>1:distance_to_viewer ~2>2:distance_to_viewer");
    /* nearer, but not past anything; and farther, where others came between */
    const spec f[] = {{.description = "a", .distance = 3.5},
                      {.description = "x", .distance = 3.7},
                      {.description = "b", .distance = 3},
                      {.description = "c", .distance = 2},
                      {.description = "d", .distance = 1}};
    CHECK(a, f, "~0>0:distance_to_viewer +1");
    /* only written in another order */
    const spec g[] = {{.description = "d", .distance = 1},
                      {.description = "c", .distance = 2},
                      {.description = "b", .distance = 3},
                      {.description = "a", .distance = 4}};
    CHECK(a, g, "");
}

static void test_every_field(void **state)
{
    (void)state;
    om_str one = OM_STR("one"), two = OM_STR("two");
    omost_global g = {
        .description = OM_STR("g"), .tags = OM_STR("x"), .color = 1};
    omost_region r = {.description = OM_STR("A cat."),
                      .distance = {.value = 2},
                      .has_prefix = true,
                      .prefix = OM_STR("g"),
                      .tags = OM_STR("cat"),
                      .detailed_descriptions = {&one, 1}};
    for (int f = 0; f < 11; f++) {
        omost_region s = r;
        switch (f) {
        case OMOST_FIELD_INDEX_PLACE: s.offset = 3; break;
        case OMOST_FIELD_INDEX_DISTANCE: s.distance.value = 3; break;
        case OMOST_FIELD_INDEX_DESCRIPTION:
            s.description = OM_STR("A big cat.");
            break;
        case OMOST_FIELD_INDEX_DETAILS: s.detailed_descriptions.p = &two; break;
        case OMOST_FIELD_INDEX_TAGS: s.tags = OM_STR("cat, whiskers"); break;
        case OMOST_FIELD_INDEX_ATMOSPHERE:
            s.atmosphere = OM_STR("Calm.");
            break;
        case OMOST_FIELD_INDEX_STYLE: s.style = OM_STR("Oil."); break;
        case OMOST_FIELD_INDEX_QUALITY:
            s.quality_meta = OM_STR("Sharp.");
            break;
        case OMOST_FIELD_INDEX_COLOR: s.color = 5; break;
        case OMOST_FIELD_INDEX_ORDER: continue;
        case OMOST_FIELD_INDEX_PREFIX: s.prefix = OM_STR("old"); break;
        default: fail();
        }
        omost_canvas *a = omost_canvas_new(NULL, &g, &r, 1, NULL);
        omost_canvas *b = omost_canvas_new(NULL, &g, &s, 1, NULL);
        omost_diff *d = must_diff(a, b);
        assert_int_equal(omost_diff_count(d), 1);
        assert_int_equal(omost_diff_change(d, 0)->fields, 1u << f);
        char *z = omost_diff_to_text(d, NULL, NULL);
        assert_memory_equal(z, "~ A cat.", 8);
        omost_text_free(NULL, z);
        omost_diff_free(d);
        omost_canvas_free(a);
        omost_canvas_free(b);
    }
}

/* A new global description is one change, not one in every region. */
static void test_prefix_follows_global(void **state)
{
    (void)state;
    const spec a[] = {{.description = "A cat."},
                      {.description = "A dog.", .distance = 2}};
    check_canvases(canvas_of("g", a, 2), canvas_of("h", a, 2),
                   "~*:description");
    omost_region r = {.description = OM_STR("A cat."),
                      .distance = {.value = 1}};
    omost_canvas *bare = omost_canvas_new(NULL, NULL, &r, 1, NULL);
    check_canvases(bare, canvas_of("g", a, 1), "+* ~0>0:prefix");
    bare = omost_canvas_new(NULL, NULL, &r, 1, NULL);
    check_canvases(canvas_of("g", a, 1), bare, "-* ~0>0:prefix");
}

/* ---- telling ----------------------------------------------------------- */

static void check_text(omost_canvas *a, omost_canvas *b, const char *want)
{
    omost_diff *d = must_diff(a, b);
    char *z = omost_diff_to_text(d, NULL, NULL);
    assert_string_equal(z, want);
    omost_text_free(NULL, z);
    omost_diff_free(d);
    omost_canvas_free(a);
    omost_canvas_free(b);
}

static void test_transcripts(void **state)
{
    (void)state;
    om_buf x, y;
    if (!golden_file("canvas/001-readme-warriors-dragon.txt", &x)) skip();
    assert_true(golden_file("canvas/002-readme-warriors-dinosaur.txt", &y));
    check_text(
        must_read(x.p, x.n), must_read(y.p, y.n),
        "~ The whole picture: A fierce battle between warriors and a dragon. -> A "
        "fierce battle between warriors and a dinosaur.\n"
        "    details: 4 of 8 rewritten\n"
        "    tags: + dinosaur, powerful legs  - dragon, fiery breath, wings\n"
        "~ A group of fierce warriors.\n"
        "    details: 1 of 6 rewritten\n"
        "~ A mighty dragon. -> A mighty dinosaur.\n"
        "    details: 6 of 6 rewritten\n"
        "    tags: + dinosaur, powerful legs, fierce roar, muscular legs, ground shaking, "
        "destruction and 3 more  - dragon, wings, fiery breath, powerful wings, shadows, "
        "battlefield and 5 more\n"
        "    style: ...and danger of the dragon. -> ...and danger of the dinosaur.\n"
        "~ A stormy sky with flashes of lightning.\n"
        "    details: 2 of 5 rewritten\n"
        "    tags: + dinosaur  - dragon\n");
    om_buf_free(&x);
    om_buf_free(&y);
}

static void test_text(void **state)
{
    (void)state;
    om_str old[] = {OM_STR("a"), OM_STR("b"), OM_STR("b"), OM_STR("c")};
    om_str new[] = {OM_STR("b"), OM_STR("c"), OM_STR("d")};
    omost_region r = {.description = OM_STR("A cat."),
                      .distance = {.value = 2.5},
                      .detailed_descriptions = {old, 4},
                      .tags = OM_STR("cat, a, b."),
                      .atmosphere = OM_STR("Line one.\nLine\ttwo."),
                      .color = 7};
    omost_region s = {.description = OM_STR("A cat."),
                      .distance = {.kind = OMOST_NUMBER_INT, .value = 1},
                      .detailed_descriptions = {new, 3},
                      .tags = OM_STR("a,cat,b"),
                      .location = 2,
                      .offset = 1,
                      .area = 3,
                      .color = 8};
    check_text(
        omost_canvas_new(NULL, NULL, &r, 1, NULL),
        omost_canvas_new(NULL, NULL, &s, 1, NULL),
        "~ A cat.\n"
        "    moved: in the center -> on the right, no offset -> slightly to the left, "
        "a small square area -> a medium-sized square area\n"
        "    nearer: 2.5 -> 1\n"
        "    details: 1 of 3 rewritten, 1 dropped\n"
        "    tags: the same, written otherwise\n"
        "    atmosphere: Line one. Line two. -> (no text)\n"
        "    colour: black -> blanchedalmond\n");
    const spec a[] = {{.description = ""}};
    const spec b[] = {
        {.description = ""},
        {.description = "A dog\nbarks.", .distance = 12, .location = 3}};
    check_text(
        canvas_of("g", a, 1), canvas_of("g", b, 2),
        "+ A dog barks. (on the top, a small square area, distance 12.0, aliceblue)\n");
    check_text(
        canvas_of("g", b, 2), canvas_of("", a, 1),
        "~ The whole picture: g -> (no text)\n"
        "- A dog barks. (on the top, a small square area, distance 12.0, aliceblue)\n");
}

static void test_json(void **state)
{
    (void)state;
    const spec a[] = {
        {.description = "A \"cat\".", .tags = "cat", .distance = 2},
        {.description = "Rain."}};
    const spec b[] = {{.description = "A \"cat\".",
                       .tags = "cat",
                       .distance = 3,
                       .location = 1},
                      {.description = "A house.", .location = 4}};
    omost_canvas *x = canvas_of("g", a, 2), *y = canvas_of("g", b, 2);
    omost_diff *d = must_diff(x, y);
    size_t len;
    char *z = omost_diff_to_json(d, &len, NULL);
    json_t *v = om_json_parse((om_str){z, len}, "diff", NULL), *want;
    want = om_json_parse(
        OM_STR(
            "{\"format\":\"omost-canvas-diff\",\"version\":1,\"changes\":["
            "{\"kind\":\"changed\",\"target\":\"region\",\"before\":0,\"after\":0,"
            "\"description\":\"A \\\"cat\\\".\",\"fields\":{"
            "\"place\":{\"before\":{\"location\":\"in the center\",\"offset\":\"no offset\","
            "\"area\":\"a small square area\"},\"after\":{\"location\":\"on the left\","
            "\"offset\":\"no offset\",\"area\":\"a small square area\"}},"
            "\"distance_to_viewer\":{\"before\":2.0,\"after\":3.0}}},"
            "{\"kind\":\"added\",\"target\":\"region\",\"after\":1,\"description\":\"A house.\"},"
            "{\"kind\":\"removed\",\"target\":\"region\",\"before\":1,"
            "\"description\":\"Rain.\"}]}"),
        "what is wanted", NULL);
    assert_non_null(want);
    if (!json_equal(v, want)) fail_msg("%s", z);
    json_decref(v);
    json_decref(want);
    omost_text_free(NULL, z);
    omost_diff_free(d);
    omost_canvas_free(x);
    omost_canvas_free(y);
}

/* ---- many, random, no memory ------------------------------------------- */

/* Changes name existing regions, each at most once; what no change names is
 * the same; and the machine form is JSON. */
static void check_diff(const omost_canvas *a, const omost_canvas *b)
{
    omost_diff *d = must_diff(a, b);
    bool *seen_a = calloc(omost_canvas_count(a) + 1, sizeof(bool));
    bool *seen_b = calloc(omost_canvas_count(b) + 1, sizeof(bool));
    size_t added = 0, removed = 0;
    for (size_t i = 0; i < omost_diff_count(d); i++) {
        const omost_change *c = omost_diff_change(d, i);
        if (c->is_global) continue;
        if (c->kind != OMOST_CHANGE_ADDED) {
            assert_true(c->before < omost_canvas_count(a) &&
                        !seen_a[c->before]);
            seen_a[c->before] = true;
        }
        if (c->kind != OMOST_CHANGE_REMOVED) {
            assert_true(c->after < omost_canvas_count(b) && !seen_b[c->after]);
            seen_b[c->after] = true;
        }
        if (c->kind == OMOST_CHANGE_CHANGED) assert_true(c->fields != 0);
        added += c->kind == OMOST_CHANGE_ADDED;
        removed += c->kind == OMOST_CHANGE_REMOVED;
    }
    assert_int_equal(omost_canvas_count(a) + added,
                     omost_canvas_count(b) + removed);
    size_t len;
    char *z = omost_diff_to_json(d, &len, NULL);
    json_t *v = om_json_parse((om_str){z, len}, "diff", NULL);
    if (!v) fail_msg("%s", z);
    assert_int_equal(json_array_size(json_object_get(v, "changes")),
                     omost_diff_count(d));
    json_decref(v);
    omost_text_free(NULL, z);
    z = omost_diff_to_text(d, &len, NULL);
    assert_int_equal(strlen(z), len);
    assert_true((len == 0) == (omost_diff_count(d) == 0));
    omost_text_free(NULL, z);
    omost_diff_free(d);
    free(seen_a);
    free(seen_b);
}

static void test_random(void **state)
{
    (void)state;
    dice_cup d = {4};
    for (int i = 0; i < 1000; i++) {
        omost_canvas *a = random_canvas(&d), *b = random_canvas(&d);
        check_diff(a, b);
        check_diff(b, a);
        check_diff(a, a);
        omost_diff *same = must_diff(a, a);
        assert_int_equal(omost_diff_count(same), 0);
        omost_diff_free(same);
        omost_canvas_free(a);
        omost_canvas_free(b);
    }
}

/* The most regions there can be; `same_names` makes one group of them, else
 * nothing but likeness pairs them. */
static omost_canvas *crowd(const char *word, bool same_names)
{
    enum { MAX = OMOST_MAX_REGIONS };
    om_arena a;
    om_arena_init(&a, NULL, 0);
    omost_region *r = om_arena_array(&a, MAX, sizeof *r);
    for (int i = 0; i < MAX; i++) {
        char name[256], tags[512];
        int n = snprintf(
            name, sizeof name,
            "%s house number %d beside one two three four five six seven", word,
            same_names ? 0 : i);
        assert_true(n > 0);
        n = 0;
        for (int k = 0; k < 30; k++)
            n += snprintf(tags + n, sizeof tags - (size_t)n, "%s%d, ", word,
                          (i * 7 + k * 13) % 100);
        r[i] = (omost_region){.distance = {.value = 1 + (i * 37) % 997},
                              .area = i % 9,
                              .location = i / 9 % 9,
                              .description = om_arena_str(&a, om_str_of(name)),
                              .tags = om_arena_str(&a, om_str_of(tags))};
    }
    omost_error err;
    omost_canvas *cv = omost_canvas_new(NULL, NULL, r, MAX, &err);
    if (!cv) fail_msg("%s", err.msg);
    om_arena_free(&a);
    return cv;
}

static void test_crowds(void **state)
{
    (void)state;
    for (int same = 0; same < 2; same++) {
        omost_canvas *a = crowd("red", same), *b = crowd("blue", same);
        check_diff(a, b);
        check_diff(a, a);
        omost_canvas_free(a);
        omost_canvas_free(b);
    }
}

static void test_no_memory(void **state)
{
    (void)state;
    om_buf x, y;
    x = data_file("../../examples/lighthouse.txt");
    y = data_file("../../examples/lighthouse-edited.txt");
    meter m = {0};
    omost_env env = {metered, &m};
    omost_read_opts opts = {.env = &env};
    omost_canvas *a = omost_canvas_read(x.p, x.n, &opts, NULL);
    omost_canvas *b = omost_canvas_read(y.p, y.n, &opts, NULL);
    size_t before = m.live, n = 1;
    for (bool ok = false; !ok; n++) {
        omost_error err = {0};
        m.calls = 0;
        m.fail_at = n;
        omost_diff *d = omost_diff_new(a, b, &err);
        char *text = d ? omost_diff_to_text(d, NULL, &err) : NULL;
        char *json = text ? omost_diff_to_json(d, NULL, &err) : NULL;
        ok = json != NULL;
        if (!ok) assert_int_equal(err.status, OMOST_NOMEM);
        omost_text_free(&env, json);
        omost_text_free(&env, text);
        omost_diff_free(d);
        assert_int_equal(m.live, before);
    }
    assert_true(n > 10);
    omost_canvas_free(a);
    omost_canvas_free(b);
    assert_int_equal(m.live, 0);
    om_buf_free(&x);
    om_buf_free(&y);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_same),
        cmocka_unit_test(test_renamed),
        cmocka_unit_test(test_added_and_removed),
        cmocka_unit_test(test_replaced_in_place),
        cmocka_unit_test(test_namesakes),
        cmocka_unit_test(test_likeness_counts_words),
        cmocka_unit_test(test_order),
        cmocka_unit_test(test_every_field),
        cmocka_unit_test(test_prefix_follows_global),
        cmocka_unit_test(test_transcripts),
        cmocka_unit_test(test_text),
        cmocka_unit_test(test_json),
        cmocka_unit_test(test_random),
        cmocka_unit_test(test_crowds),
        cmocka_unit_test(test_no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
