/* test_exchange.c - what is written reads back: Python, our JSON, and the JSON
 * of ComfyUI_omost; and what the readers say to files that are not quite so. */
#include "exchange_help.h"

#include <float.h>
#include <locale.h>
#include <math.h>
#include <regex.h>

#include "canvas/print.h"

/* ---- numbers and texts as Python writes them --------------------------- */

static void check_number(omost_number x, const char *want)
{
    om_buf b;
    om_buf_init(&b, NULL, 8192);
    om_print_number(&b, &x);
    om_buf_puts(&b, "");
    assert_string_equal(b.p, want);
    om_buf_free(&b);
}

static void check_floats(void)
{
    static const struct {
        double v;
        const char *repr;
    } rows[] = {
        {5.0, "5.0"},
        {16.8, "16.8"},
        {0.1, "0.1"},
        {1e-4, "0.0001"},
        {1e-5, "1e-05"},
        {1.25e-7, "1.25e-07"},
        {1e15, "1000000000000000.0"},
        {1e16, "1e+16"},
        {1e22, "1e+22"},
        {1e23, "1e+23"},
        {123456789012345678.0, "1.2345678901234568e+17"},
        {9007199254740991.0, "9007199254740991.0"},
        {5e-324, "5e-324"},
        {2.2250738585072014e-308, "2.2250738585072014e-308"},
        {1.7976931348623157e308, "1.7976931348623157e+308"},
        {0.1 + 0.2, "0.30000000000000004"},
        {1.0 / 3, "0.3333333333333333"},
        {9.5367431640625e-07, "9.5367431640625e-07"},
        {5.684341886080801e-14, "5.684341886080801e-14"},
        {0x1p-44,
         "5.684341886080802e-14"}, /* the nearest 16 digits read back as less */
        {0x1p89, "6.189700196426902e+26"},
        {INFINITY, "1e999"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        check_number((omost_number){.value = rows[i].v}, rows[i].repr);
}

static void test_numbers(void **state)
{
    (void)state;
    check_floats();
    check_number((omost_number){.kind = OMOST_NUMBER_INT, .value = 5}, "5");
    check_number((omost_number){.kind = OMOST_NUMBER_INT,
                                .value = 9007199254740992.0},
                 "9007199254740992");
    check_number((omost_number){.kind = OMOST_NUMBER_INT,
                                .value = 1e29,
                                .digits =
                                    OM_STR("100000000000000000000000000000")},
                 "100000000000000000000000000000");
    check_number((omost_number){.kind = OMOST_NUMBER_BOOL, .value = 1}, "True");
}

/* Every double read back as itself, whatever the locale. */
static void test_numbers_in_other_locales(void **state)
{
    (void)state;
    static const char *const names[] = {"de_DE.UTF-8", "de_DE.utf8",
                                        "fr_FR.UTF-8", "C.UTF-8"};
    bool comma = false;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (!setlocale(LC_ALL, names[i])) continue;
        comma |= localeconv()->decimal_point[0] == ',';
        check_floats();
    }
    setlocale(LC_ALL, "C");
    if (!comma)
        fprintf(stderr,
                "*** no locale with a decimal comma here: not tried ***\n");
}

static void test_random_floats_read_back(void **state)
{
    (void)state;
    dice_cup d = {7};
    for (int i = 0; i < 20000; i++) {
        union {
            uint64_t bits;
            double v;
        } u = {.bits =
                   (uint64_t)roll(&d, UINT32_MAX) << 32 | roll(&d, UINT32_MAX)};
        u.bits &= INT64_MAX;
        if (i % 8 == 0) u.bits &= 0x7ff0000000000000u; /* powers of two */
        if (!(u.v > 0) || u.v > DBL_MAX) continue;
        om_buf b;
        om_buf_init(&b, NULL, 64);
        om_print_number(&b, &(omost_number){.value = u.v});
        om_buf_puts(&b, "");
        assert_true(strtod(b.p, NULL) == u.v);
        om_buf_free(&b);
    }
}

static void test_quoting(void **state)
{
    (void)state;
    static const struct {
        om_str s;
        const char *repr;
    } rows[] = {
        {OM_STR(""), "''"},
        {OM_STR("plain"), "'plain'"},
        {OM_STR("it's"), "\"it's\""},
        {OM_STR("say \"x\""), "'say \"x\"'"},
        {OM_STR("it's \"x\""), "'it\\'s \"x\"'"},
        {OM_STR("back\\slash"), "'back\\\\slash'"},
        {OM_STR("a\nb\rc\td"), "'a\\nb\\rc\\td'"},
        {OM_STR("\0\x1f\x7f"), "'\\x00\\x1f\\x7f'"},
        {OM_STR("\xc2\x85\xc2\xa0\xc2\xad"), "'\\x85\\xa0\\xad'"},
        {OM_STR("caf\xc3\xa9 \xe2\x80\x99 \xe9\xbe\x8d"),
         "'caf\xc3\xa9 \xe2\x80\x99 \xe9\xbe\x8d'"},
        {OM_STR("\xf0\x9f\x90\x89"), "'\xf0\x9f\x90\x89'"},
        {OM_STR("\xe2\x80\xa8\xef\xbb\xbf\xe2\x80\x8d"),
         "'\\u2028\\ufeff\\u200d'"},
        {OM_STR("\xf3\xa0\x80\x81"), "'\\U000e0001'"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        om_buf b;
        om_buf_init(&b, NULL, 4096);
        om_print_quoted(&b, rows[i].s);
        om_buf_puts(&b, "");
        assert_string_equal(b.p, rows[i].repr);
        om_buf_free(&b);
    }
}

/* ---- Python ------------------------------------------------------------ */

static char *python(const omost_canvas *cv, omost_python_style style,
                    size_t *len)
{
    omost_error err = {0};
    char *z = omost_canvas_to_python(cv, style, len, &err);
    if (!z) fail_msg("%s", err.msg);
    assert_int_equal(strlen(z), *len);
    return z;
}

static void check_comment(const char *description, const char *want)
{
    omost_region r = {.distance = {.value = 1},
                      .description = om_str_of(description)};
    omost_canvas *cv = omost_canvas_new(NULL, NULL, &r, 1, NULL);
    size_t len;
    char *z = python(cv, OMOST_PYTHON_PLAIN, &len);
    char *comment = strstr(z, "\n# Add ");
    assert_non_null(comment);
    *strchr(comment + 1, '\n') = '\0';
    assert_string_equal(comment + 1, want);
    omost_text_free(NULL, z);
    omost_canvas_free(cv);
}

static void test_comments(void **state)
{
    (void)state;
    check_comment("A mighty dragon.", "# Add a mighty dragon.");
    check_comment("Stormy sky", "# Add stormy sky.");
    check_comment("NASA rocket.", "# Add NASA rocket.");
    check_comment("X-ray of a hand.", "# Add X-ray of a hand.");
    check_comment("I", "# Add I.");
    check_comment("", "# Add a region.");
    check_comment(" ,. ", "# Add a region.");
    check_comment("\x01\n", "# Add a region.");
    check_comment("A cat\nimport os\r\nos.system('x')",
                  "# Add a cat import os os.system('x').");
    check_comment("A cat\xe2\x80\xa8x\xc2\x85y", "# Add a cat x y.");
    check_comment("``` fence", "# Add ''' fence.");
    char twenty[20 * 10 + 1], want[160];
    for (int i = 0; i < 20; i++) memcpy(twenty + 10 * i, "abcdefghi ", 11);
    snprintf(want, sizeof want, "# Add %.99s...", twenty);
    check_comment(twenty, want);
}

/* The printer's form is the models' own: the two transcripts come out byte for
 * byte. */
static void test_transcripts_print_as_written(void **state)
{
    (void)state;
    static const char *const names[] = {
        "canvas/001-readme-warriors-dragon.txt",
        "canvas/002-readme-warriors-dinosaur.txt"};
    for (int i = 0; i < 2; i++) {
        om_buf b;
        if (!golden_file(names[i], &b)) skip();
        omost_canvas *cv = must_read(b.p, b.n);
        assert_int_equal(omost_canvas_note_count(cv), 0);
        size_t len;
        char *z = python(cv, OMOST_PYTHON_FENCED, &len);
        om_str want = om_str_strip(om_buf_view(&b), "\n"),
               got = om_str_strip((om_str){z, len}, "\n");
        if (!om_str_eq(want, got)) fail_msg("%s comes out as\n%s", names[i], z);
        omost_text_free(NULL, z);
        omost_canvas_free(cv);
        om_buf_free(&b);
    }
}

static void check_python(const omost_canvas *cv, const char *name)
{
    for (int style = 0; style < 2; style++) {
        size_t len, len2;
        char *z = python(cv, (omost_python_style)style, &len);
        omost_canvas *back = must_read(z, len);
        if (!omost_canvas_equal(cv, back))
            fail_msg("%s changed in\n%s", name, z);
        if (style == OMOST_PYTHON_FENCED && omost_canvas_global(cv)) {
            omost_read_opts strict = {.strict = true};
            omost_error err = {0};
            omost_canvas *exact = omost_canvas_parse(z, len, &strict, &err);
            if (!exact)
                fail_msg("%s: %d:%d: %s\n%s", name, err.line, err.col, err.msg,
                         z);
            assert_true(omost_canvas_equal(cv, exact));
            assert_int_equal(omost_canvas_note_count(exact), 0);
            omost_canvas_free(exact);
        }
        char *again = python(back, (omost_python_style)style, &len2);
        assert_string_equal(again, z);
        omost_text_free(NULL, again);
        omost_text_free(NULL, z);
        omost_canvas_free(back);
    }
}

/* Prefixes other than the canvas's description need calls of their own. */
static void test_prefixes(void **state)
{
    (void)state;
    omost_global g = {.description = OM_STR("New."), .tags = OM_STR("t")};
    omost_region r[5] = {{.description = OM_STR("bare")},
                         {.description = OM_STR("old"),
                          .has_prefix = true,
                          .prefix = OM_STR("Old.")},
                         {.description = OM_STR("new"),
                          .has_prefix = true,
                          .prefix = OM_STR("New.")},
                         {.description = OM_STR("new too"),
                          .has_prefix = true,
                          .prefix = OM_STR("New.")},
                         {.description = OM_STR("older"),
                          .has_prefix = true,
                          .prefix = OM_STR("")}};
    for (int i = 0; i < 5; i++) r[i].distance.value = 1;
    for (size_t n = 0; n <= 5; n++) {
        omost_canvas *cv = omost_canvas_new(NULL, &g, r, n, NULL);
        check_python(cv, "prefixes");
        omost_canvas_free(cv);
    }
    omost_canvas *cv = omost_canvas_new(NULL, &g, r, 5, NULL);
    size_t len;
    char *z = python(cv, OMOST_PYTHON_PLAIN, &len);
    char *calls = z;
    int n = 0;
    while ((calls = strstr(calls, "set_global_description("))) calls++, n++;
    assert_int_equal(n, 4); /* Old., New. in full, "", New. again */
    assert_non_null(
        strstr(z, "    description='Old.',\n    detailed_descriptions=[],\n"
                  "    tags='',\n    HTML_web_color_name='black',\n"));
    omost_text_free(NULL, z);
    omost_canvas_free(cv);
}

/* ---- our JSON ---------------------------------------------------------- */

static char *json(const omost_canvas *cv, size_t *len)
{
    omost_error err = {0};
    char *z = omost_canvas_to_json(cv, len, &err);
    if (!z) fail_msg("%s", err.msg);
    assert_int_equal(strlen(z), *len);
    return z;
}

static void check_json(const omost_canvas *cv, const char *name)
{
    size_t len, len2;
    char *z = json(cv, &len);
    omost_read_opts strict = {.strict = true};
    omost_error err = {0};
    omost_canvas *back = omost_canvas_read(z, len, &strict, &err);
    if (!back) fail_msg("%s: %s\n%s", name, err.msg, z);
    if (!omost_canvas_equal(cv, back)) fail_msg("%s changed in\n%s", name, z);
    assert_int_equal(omost_canvas_note_count(back), 0);
    char *again = json(back, &len2);
    assert_string_equal(again, z);
    omost_text_free(NULL, again);
    omost_text_free(NULL, z);
    omost_canvas_free(back);
}

/* What stands in a region, before the closing brace; "@" is a full region. */
#define REGION                                                                                \
    "\"location\":\"on the left\",\"offset\":\"no offset\",\"area\":\"a small square area\"," \
    "\"description\":\"d\",\"detailed_descriptions\":[],\"tags\":\"t\",\"atmosphere\":\"a\"," \
    "\"style\":\"s\",\"quality_meta\":\"q\",\"HTML_web_color_name\":\"red\""
#define HEAD "{\"format\":\"omost-canvas\",\"version\":1,"
#define GLOBAL                                                                            \
    "\"global\":{\"description\":\"g\",\"detailed_descriptions\":[\"x\"],\"tags\":\"t\"," \
    "\"HTML_web_color_name\":\"blue\"}"

static void test_json_distances(void **state)
{
    (void)state;
    static const struct {
        const char *json;
        omost_number_kind kind;
        double value;
        const char *printed;
    } rows[] = {
        {"5", OMOST_NUMBER_INT, 5, "5"},
        {"5.0", OMOST_NUMBER_FLOAT, 5, "5.0"},
        {"true", OMOST_NUMBER_BOOL, 1, "true"},
        {"1e22", OMOST_NUMBER_FLOAT, 1e22, "1e+22"},
        {"\"1e999\"", OMOST_NUMBER_FLOAT, INFINITY, "\"1e999\""},
        {"\"0x10\"", OMOST_NUMBER_INT, 16, "16"},
        {"9007199254740993", OMOST_NUMBER_INT, 9007199254740993.0,
         "\"9007199254740993\""},
        {"\"100000000000000000000000000000\"", OMOST_NUMBER_INT, 1e29,
         "\"100000000000000000000000000000\""},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char text[1024], want[128];
        snprintf(text, sizeof text,
                 HEAD "\"global\":null,\"regions\":[{" REGION
                      ",\"distance_to_viewer\":%s}]}",
                 rows[i].json);
        omost_canvas *cv = must_read_z(text);
        const omost_number *x = &omost_canvas_region(cv, 0)->distance;
        assert_int_equal(x->kind, rows[i].kind);
        assert_true(!(x->value < rows[i].value) && !(x->value > rows[i].value));
        size_t len;
        char *z = json(cv, &len);
        snprintf(want, sizeof want, "\"distance_to_viewer\": %s,\n",
                 rows[i].printed);
        assert_non_null(strstr(z, want));
        omost_text_free(NULL, z);
        omost_canvas_free(cv);
    }
}

static void test_json_errors(void **state)
{
    (void)state;
#define ONE(distance, more)              \
    HEAD GLOBAL ",\"regions\":[{" REGION \
                ",\"distance_to_viewer\":" distance more "}]}"
    static const struct {
        const char *text, *msg;
        omost_status status;
    } rows[] = {
        {"{}", "has no \"format\"", OMOST_FORMAT},
        {"{\"format\":1}", "has no \"format\"", OMOST_FORMAT},
        {"{\"format\":\"omost-canvas\"}", "\"version\"", OMOST_FORMAT},
        {"{\"format\":\"omost-canvas\",\"version\":2}", "\"version\"",
         OMOST_FORMAT},
        {HEAD "\"global\":null,\"regions\":[]}", "neither", OMOST_FORMAT},
        {HEAD "\"global\":3}", "global must be an object or null, not a number",
         OMOST_FORMAT},
        {HEAD "\"global\":{\"description\":4}}",
         "global.description must be a string, not a number", OMOST_FORMAT},
        {HEAD GLOBAL ",\"regions\":{}}",
         "regions must be an array of objects, not an object", OMOST_FORMAT},
        {HEAD GLOBAL ",\"regions\":[7]}",
         "regions[0] must be an object, not a number", OMOST_FORMAT},
        {HEAD GLOBAL ",\"regions\":[{\"location\":null}]}",
         "regions[0].location must be a string, not null", OMOST_FORMAT},
        {HEAD GLOBAL ",\"regions\":[{}]}", "regions[0].location is missing",
         OMOST_FORMAT},
        {HEAD GLOBAL ",\"regions\":[{\"location\":\"xyz\"}]}",
         "regions[0].location: \"xyz\" is not a location", OMOST_RANGE},
        {ONE("0", ""), "regions[0].distance_to_viewer must be above 0",
         OMOST_RANGE},
        {ONE("0.0", ""), "regions[0].distance_to_viewer must be above 0",
         OMOST_RANGE},
        {ONE("-2.5", ""), "regions[0].distance_to_viewer must be above 0",
         OMOST_RANGE},
        {ONE("false", ""), "must be a number, not false", OMOST_FORMAT},
        {ONE("\"near\"", ""), "must be a number, or a string", OMOST_FORMAT},
        {ONE("\"3j\"", ""), "must be a number, or a string", OMOST_FORMAT},
        {ONE("\"0\"", ""), "must be above 0", OMOST_RANGE},
        {ONE("1e999", ""), "not valid JSON", OMOST_FORMAT},
        {ONE("1", ",\"prefix\":[]"),
         "regions[0].prefix must be a string or null, not an array",
         OMOST_FORMAT},
        {HEAD "\"global\":null,\"regions\":[{" REGION
              ",\"distance_to_viewer\":1,\"prefix\":\"p\"}]}",
         "regions[0].prefix must be null", OMOST_RANGE},
        {HEAD GLOBAL ",\"regions\":[{" REGION
                     ",\"distance_to_viewer\":1},{" REGION
                     ",\"distance_to_viewer\":1,\"prefix\":null}]}",
         "regions[1].prefix is null", OMOST_RANGE},
        {HEAD GLOBAL ",\"regions\":[{" REGION
                     ",\"distance_to_viewer\":1,\"tags\":\"again\"}]}",
         "duplicate", OMOST_FORMAT},
        {HEAD
         "\"global\":{\"description\":\"\",\"tags\":\"\",\"detailed_descriptions\":[\"a\",2],"
         "\"HTML_web_color_name\":\"red\"}}",
         "global.detailed_descriptions[1] must be a string, not a number",
         OMOST_FORMAT},
    };
#undef ONE
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        omost_error err = {0};
        omost_canvas *cv =
            omost_canvas_read(rows[i].text, strlen(rows[i].text), NULL, &err);
        assert_null(cv);
        if (err.status != rows[i].status || !strstr(err.msg, rows[i].msg))
            fail_msg("%s\nsays %s: %s\nnot %s", rows[i].text,
                     omost_status_name(err.status), err.msg, rows[i].msg);
    }
}

static void check_note(const omost_canvas *cv, size_t i, const char *want)
{
    const omost_note *note = omost_canvas_note(cv, i);
    assert_non_null(note);
    assert_string_equal(note->msg, want);
}

static void test_json_notes(void **state)
{
    (void)state;
    const char *text = HEAD
        "\"seed\":12345,\"global\":{\"description\":\"g\",\"detailed_descriptions\":"
        "[],\"HTML_web_color_name\":\"Dark Blue\"},"
        "\"regions\":[{" REGION ",\"distance_to_viewer\":1,\"we\\nird\":0}]}";
    omost_canvas *cv = must_read_z(text);
    assert_int_equal(omost_canvas_note_count(cv), 4);
    check_note(cv, 0, "seed is not a key of a canvas; it was ignored");
    check_note(cv, 1, "global.tags is missing; taken as empty");
    check_note(
        cv, 2,
        "global.HTML_web_color_name: \"Dark Blue\" is not an HTML colour name; "
        "taken as \"darkblue\"");
    check_note(cv, 3,
               "regions[0].we ird is not a key of a canvas; it was ignored");
    omost_canvas_free(cv);
    omost_error err = {0};
    omost_read_opts strict = {.strict = true};
    assert_null(omost_canvas_read(text, strlen(text), &strict, &err));
    assert_string_equal(err.msg, "seed is not a key of a canvas");
}

/* ---- ComfyUI_omost ----------------------------------------------------- */

static char *comfy(const omost_canvas *cv, size_t *len)
{
    omost_error err = {0};
    char *z = omost_canvas_to_comfy(cv, len, &err);
    if (!z) fail_msg("%s", err.msg);
    assert_int_equal(strlen(z), *len);
    return z;
}

/* Once through the format, nothing changes any more; and the first round keeps
 * all the format carries. */
static void check_comfy(const omost_canvas *cv, const char *name)
{
    size_t len, len2;
    char *z = comfy(cv, &len);
    omost_canvas *back = must_read(z, len);
    char *again = comfy(back, &len2);
    if (strcmp(z, again) != 0)
        fail_msg("%s: first\n%s\nthen\n%s", name, z, again);
    assert_int_equal(omost_canvas_note_count(back), 0);
    omost_text_free(NULL, again);
    omost_text_free(NULL, z);
    omost_canvas_free(back);
}

static void test_comfy_form(void **state)
{
    (void)state;
    const char *text = HEAD GLOBAL
        ",\"regions\":[{" REGION ",\"distance_to_viewer\":2},{" REGION
        ",\"distance_to_viewer\":3,\"prefix\":\"other\"}]}";
    omost_canvas *cv = must_read_z(text);
    size_t len;
    char *z = comfy(cv, &len);
    assert_string_equal(
        z,
        "[{\"rect\":[0,90,0,90],\"prefixes\":[\"g.\"],\"suffixes\":[\"x.\",\"t.\"],"
        "\"color\":[0,0,255]},"
        "{\"rect\":[20,70,0,40],\"prefixes\":[\"other.\",\"d.\"],"
        "\"suffixes\":[\"t.\",\"a.\",\"s.\",\"q.\"],\"color\":[255,0,0]},"
        "{\"rect\":[20,70,0,40],\"prefixes\":[\"g.\",\"d.\"],"
        "\"suffixes\":[\"t.\",\"a.\",\"s.\",\"q.\"],"
        "\"color\":[255,0,0]}]\n");
    omost_text_free(NULL, z);
    omost_canvas_free(cv);
}

static void test_comfy_notes(void **state)
{
    (void)state;
    const char *text =
        "[{\"color\":[1,2,3],\"suffixes\":[\"x\",\"tags\"],\"prefixes\":[\"g\"],"
        "\"rect\":[0,90,0,89]},"
        "{\"color\":[255,0.0,0],\"prefixes\":[\"g\",\"a\",\"b\"],\"suffixes\":[\"one\"],"
        "\"rect\":[12,80.0,10,80.25],\"id\":7},"
        "{\"color\":[255,300,255],\"prefixes\":[\"own\"],\"suffixes\":[\"t\",\"a\",\"s\",\"q\"],"
        "\"rect\":[10,80,10,80]}]";
    omost_canvas *cv = must_read_z(text);
    static const char *const notes[] = {
        "[0].color: #010203 has no name; taken as \"black\", #000000",
        "[0].rect: item 0 is the whole picture; taken as [0, 90, 0, 90]",
        "[1].id is not a key of a canvas; it was ignored",
        "[1].rect: not whole numbers from 0 to 90; the nearest were taken",
        ("[1].rect [12, 80, 10, 80] has no words; taken as \"in the center\", \"no offset\", "
         "\"a large square area\", which overlaps it by 97 %"),
        "[1].prefixes: more than expected; joined into one description",
        "[1].suffixes: only 1; all taken as detailed descriptions",
        "[2].color: not whole numbers from 0 to 255; the nearest were taken",
    };
    for (size_t i = 0; i < sizeof notes / sizeof *notes; i++)
        check_note(cv, i, notes[i]);
    assert_int_equal(omost_canvas_note_count(cv), sizeof notes / sizeof *notes);
    const omost_region *bare = omost_canvas_region(cv, 0),
                       *one = omost_canvas_region(cv, 1);
    assert_false(bare->has_prefix);
    assert_true(om_str_eqz(bare->description, "own"));
    assert_true(om_str_eqz(bare->quality_meta, "q"));
    assert_true(bare->distance.value == 1.0 && one->distance.value == 2.0);
    assert_true(om_str_eqz(one->prefix, "g") &&
                om_str_eqz(one->description, "a b"));
    assert_int_equal(one->detailed_descriptions.n, 1);
    assert_true(om_str_eqz(omost_canvas_global(cv)->tags, "tags"));
    omost_canvas_free(cv);
}

static void test_comfy_errors(void **state)
{
    (void)state;
#define ITEM0 \
    "[{\"rect\":[0,90,0,90],\"prefixes\":[\"g\"],\"suffixes\":[\"t\"],\"color\":[0,0,0]}"
    static const char *const rows[][2] = {
        {"[]", "the JSON array is empty"},
        {"[1]", "[0] must be an object, not a number"},
        {"[{}]", "[0].rect is missing"},
        {"[{\"rect\":[0,90,0,90],\"prefixes\":[\"g\"],\"suffixes\":[\"t\"]}]",
         "[0].color is missing"},
        {"[{\"rect\":[0,90,0],\"prefixes\":[],\"suffixes\":[],\"color\":[0,0,0]}]",
         "[0].rect must be an array of 4 numbers, not of 3"},
        {"[{\"rect\":[0,90,0,90],\"prefixes\":[],\"suffixes\":[],\"color\":[0,0,0]}]",
         "neither"},
        {ITEM0
         ",{\"rect\":[50,40,0,90],\"color\":[0,0,0],\"prefixes\":[],\"suffixes\":[]}]",
         "[1].rect [50, 40, 0, 90] is empty"},
        {ITEM0
         ",{\"rect\":[0,1,\"0\",90],\"color\":[0,0,0],\"prefixes\":[],\"suffixes\":[]}]",
         "[1].rect must be an array of 4 numbers, not a string"},
        {ITEM0
         ",{\"rect\":[0,1,0,90],\"color\":[0,0,0],\"prefixes\":\"x\",\"suffixes\":[]}]",
         "[1].prefixes must be an array of strings, not a string"},
        {ITEM0 ",", "not valid JSON"},
    };
#undef ITEM0
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        omost_error err = {0};
        assert_null(
            omost_canvas_read(rows[i][0], strlen(rows[i][0]), NULL, &err));
        if (!strstr(err.msg, rows[i][1]))
            fail_msg("%s\nsays %s", rows[i][0], err.msg);
    }
}

/* The original's own conditions, in its order. NULL where it fails. */
static json_t *original_items(const char *name)
{
    char path[256];
    om_buf b = {0};
    json_t *item;
    size_t i;
    snprintf(path, sizeof path, "canvas/%s.json", name);
    if (!golden_file(path, &b)) return NULL;
    json_t *golden = om_json_parse(om_buf_view(&b), path, NULL), *items = NULL;
    om_buf_free(&b);
    assert_non_null(golden);
    json_t *global = json_object_get(golden, "global");
    if (global && !json_object_get(golden, "error")) {
        items = json_array();
        json_object_set_new(global, "rect", json_pack("[iiii]", 0, 90, 0, 90));
        json_array_append(items, global);
        json_array_foreach(json_object_get(golden, "components"), i, item)
        {
            json_t *copy = json_copy(item);
            json_object_del(copy, "distance_to_viewer");
            json_array_append_new(items, copy);
        }
    }
    json_decref(golden);
    return items;
}

/* What the original's process() gives, value for value. */
static size_t check_original(const omost_canvas *cv, const char *name)
{
    json_t *want = original_items(name);
    if (!want) return 0;
    size_t len;
    char *z = comfy(cv, &len);
    json_t *got = om_json_parse((om_str){z, len}, name, NULL);
    if (!json_equal(want, got))
        fail_msg("%s: not the original's:\n%s", name, z);
    omost_text_free(NULL, z);
    json_decref(got);
    json_decref(want);
    return 1;
}

/* Regions that name a global description where item 0 has none. */
static void test_comfy_without_global(void **state)
{
    (void)state;
    omost_canvas *cv = must_read_z(
        "[{\"rect\":[0,90,0,90],\"prefixes\":[],\"suffixes\":[],\"color\":[0,0,0]},"
        "{\"rect\":[0,45,0,90],\"prefixes\":[\"g\",\"d\"],\"suffixes\":[],\"color\":[0,0,0]}]");
    assert_non_null(omost_canvas_global(cv));
    assert_true(omost_canvas_region(cv, 0)->has_prefix);
    check_comfy(cv, "no global");
    omost_canvas_free(cv);
}

/* ---- reading whatever it is -------------------------------------------- */

static void test_read_detects(void **state)
{
    (void)state;
    const char *python_text =
        "[Here you are]\n```python\ncanvas = Canvas()\n"
        "canvas.set_global_description(description='g', detailed_descriptions=[], "
        "tags='t', HTML_web_color_name='red')\n```";
    omost_canvas *cv = must_read_z(python_text);
    assert_true(om_str_eqz(omost_canvas_global(cv)->description, "g"));
    omost_canvas_free(cv);
    cv = must_read_z("\xef\xbb\xbf \n" HEAD GLOBAL ",\"regions\":[]}");
    assert_true(om_str_eqz(omost_canvas_global(cv)->description, "g"));
    omost_canvas_free(cv);
    omost_error err = {0};
    assert_null(omost_canvas_read("{\n \"format\": }", 14, NULL, &err));
    assert_int_equal(err.line, 2);
    assert_non_null(strstr(err.msg, "not valid JSON"));
    assert_null(omost_canvas_read("{\"canvas.\": }", 13, NULL, NULL));
    char *big = malloc(OMOST_MAX_INPUT + 1);
    memset(big, '[', OMOST_MAX_INPUT + 1);
    assert_null(omost_canvas_read(big, OMOST_MAX_INPUT + 1, NULL, &err));
    assert_int_equal(err.status, OMOST_LIMIT);
    assert_null(omost_canvas_read(big, OMOST_MAX_INPUT, NULL, &err));
    assert_int_equal(err.status, OMOST_LIMIT);
    /* deeper than the parser goes, but not too many */
    assert_null(omost_canvas_read(big, 5000, NULL, &err));
    assert_int_equal(err.status, OMOST_FORMAT);
    free(big);
}

/* ---- equality ---------------------------------------------------------- */

static void change_global(omost_global *g, int field)
{
    static const om_str other[] = {{"other", 5}};
    switch (field) {
    case 0: g->description = other[0]; break;
    case 1: g->detailed_descriptions = (omost_texts){other, 1}; break;
    case 2: g->tags = other[0]; break;
    default: g->color++; break;
    }
}

static void change_region(omost_region *r, int field)
{
    static const om_str other[] = {{"other", 5}};
    switch (field) {
    case 0: r->location++; break;
    case 1: r->offset++; break;
    case 2: r->area++; break;
    case 3: r->distance.value++; break;
    case 4: r->distance.kind = OMOST_NUMBER_INT; break;
    case 5: r->description = other[0]; break;
    case 6: r->detailed_descriptions = (omost_texts){other, 1}; break;
    case 7: r->tags = other[0]; break;
    case 8: r->atmosphere = other[0]; break;
    case 9: r->style = other[0]; break;
    case 10: r->quality_meta = other[0]; break;
    case 11: r->color++; break;
    case 12: r->has_prefix = false; break;
    default: r->prefix = other[0]; break;
    }
}

static void check_unequal(const omost_canvas *a, const omost_global *g,
                          const omost_region *r, size_t n)
{
    omost_canvas *b = omost_canvas_new(NULL, g, r, n, NULL);
    assert_non_null(b);
    assert_false(omost_canvas_equal(a, b));
    assert_false(omost_canvas_equal(b, a));
    omost_canvas_free(b);
}

static void test_equal_sees_every_field(void **state)
{
    (void)state;
    const omost_global g0 = {.line = 1};
    const omost_region r0 = {
        .distance = {.value = 1}, .has_prefix = true, .line = 3};
    omost_canvas *a = omost_canvas_new(NULL, &g0, &r0, 1, NULL);
    omost_global g = g0;
    omost_region r[2] = {r0, r0};
    g.line = r[0].line = 7; /* places do not count */
    omost_canvas *b = omost_canvas_new(NULL, &g, r, 1, NULL);
    assert_true(omost_canvas_equal(a, b));
    omost_canvas_free(b);
    check_unequal(a, &g, r, 0);
    check_unequal(a, &g, r, 2);
    for (int field = 0; field < 4; field++) {
        g = g0;
        change_global(&g, field);
        check_unequal(a, &g, &r0, 1);
    }
    for (int field = 0; field < 14; field++) {
        r[0] = r0;
        change_region(r, field);
        check_unequal(a, &g0, r, 1);
    }
    r[0] = r0;
    r[0].has_prefix = false;
    omost_canvas *bare = omost_canvas_new(NULL, NULL, r, 1, NULL);
    check_unequal(bare, &g0, r, 1);
    omost_canvas_free(bare);
    omost_canvas_free(a);
}

/* ---- all of it over many canvases -------------------------------------- */

static void check_all(const omost_canvas *cv, const char *name)
{
    check_python(cv, name);
    check_json(cv, name);
    check_comfy(cv, name);
}

static void test_golden(void **state)
{
    (void)state;
    json_t *rows = golden_lines("canvas.jsonl"), *row;
    om_buf whole;
    bool has_golden = golden_file("canvas/index.json", &whole);
    size_t i, n = 0, same = 0;
    json_array_foreach(rows, i, row)
    {
        const char *name = json_string_value(json_object_get(row, "name"));
        om_str text = field(row, "text");
        if (!text.p) continue; /* test_transcripts has those two */
        omost_canvas *cv = omost_canvas_read(text.p, text.n, NULL, NULL);
        if (cv) {
            check_all(cv, name);
            if (has_golden) same += check_original(cv, name);
        }
        n += cv != NULL;
        omost_canvas_free(cv);
    }
    json_decref(rows);
    if (has_golden) om_buf_free(&whole);
    printf("%zu golden canvases, %zu of them the original's\n", n, same);
    assert_true(n >= 70 && (!has_golden || same >= 45));
}

static void test_random(void **state)
{
    (void)state;
    dice_cup d = {2024};
    for (int i = 0; i < 1500; i++) {
        omost_canvas *cv = random_canvas(&d);
        check_all(cv, "a random canvas");
        omost_canvas_free(cv);
    }
}

/* Too long to be read again is too long to be written. */
static void test_limits(void **state)
{
    (void)state;
    size_t n = OMOST_MAX_INPUT / 2;
    char *text = malloc(n);
    memset(text, 1, n);
    omost_global g = {.description = {text, n}};
    omost_canvas *cv = omost_canvas_new(NULL, &g, NULL, 0, NULL);
    omost_error err = {0};
    assert_null(omost_canvas_to_python(cv, OMOST_PYTHON_PLAIN, NULL, &err));
    assert_int_equal(err.status, OMOST_LIMIT);
    assert_null(omost_canvas_to_json(cv, NULL, &err));
    assert_int_equal(err.status, OMOST_LIMIT);
    assert_null(omost_canvas_to_comfy(cv, NULL, &err));
    assert_int_equal(err.status, OMOST_LIMIT);
    omost_canvas_free(cv);
    free(text);
}

/* ---- the schema -------------------------------------------------------- */

static json_t *load_schema(void)
{
    om_buf b = data_file("../../docs/canvas.schema.json");
    json_t *v = parse_json(&b, "canvas.schema.json");
    assert_non_null(v);
    return v;
}

static void test_schema_words(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        omost_word_kind kind;
    } lists[] = {{"location", OMOST_WORD_LOCATION},
                 {"offset", OMOST_WORD_OFFSET},
                 {"area", OMOST_WORD_AREA},
                 {"color", OMOST_WORD_COLOR}};
    json_t *schema = load_schema();
    if (!schema) skip();
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
        const json_t *defs = json_object_get(schema, "$defs");
        const json_t *words =
            json_object_get(json_object_get(defs, lists[i].name), "enum");
        assert_int_equal(json_array_size(words),
                         omost_word_count(lists[i].kind));
        for (int k = 0; k < omost_word_count(lists[i].kind); k++)
            assert_string_equal(json_string_value(
                                    json_array_get(words, (size_t)k)),
                                omost_word(lists[i].kind, k));
    }
    json_decref(schema);
}

/* The part of JSON Schema that ours uses. Unknown keywords fail the test. */
static bool valid(json_t *root, json_t *schema, json_t *v);

static bool has_type(const char *type, json_t *v)
{
    if (strcmp(type, "object") == 0) return json_is_object(v);
    if (strcmp(type, "array") == 0) return json_is_array(v);
    if (strcmp(type, "string") == 0) return json_is_string(v);
    if (strcmp(type, "number") == 0) return json_is_number(v);
    if (strcmp(type, "null") == 0) return json_is_null(v);
    fail_msg("type %s", type);
    return false;
}

static bool valid_object(json_t *root, json_t *schema, json_t *v)
{
    json_t *properties = json_object_get(schema, "properties");
    json_t *more = json_object_get(schema, "additionalProperties");
    const char *key;
    json_t *item;
    size_t i;
    if (!json_is_object(v)) return true;
    json_array_foreach(
        json_object_get(schema, "required"), i,
        item) if (!json_object_get(v, json_string_value(item))) return false;
    json_object_foreach(v, key, item)
    {
        json_t *s = json_object_get(properties, key);
        if (s ? !valid(root, s, item) : json_is_false(more)) return false;
    }
    return true;
}

static bool valid_string(const char *pattern, json_t *v)
{
    regex_t re;
    /* POSIX counts repeats to 255 only; the largest bound of ours is beyond */
    char *own = strdup(pattern), *bound = strstr(own, ",4299}");
    if (bound) memmove(bound + 1, bound + 5, strlen(bound + 5) + 1);
    assert_int_equal(regcomp(&re, own, REG_EXTENDED | REG_NOSUB), 0);
    bool ok = !json_is_string(v) ||
              regexec(&re, json_string_value(v), 0, NULL, 0) == 0;
    regfree(&re);
    free(own);
    return ok;
}

static bool valid_any(json_t *root, json_t *list, json_t *v)
{
    json_t *s;
    size_t i;
    json_array_foreach(list, i, s) if (valid(root, s, v)) return true;
    return false;
}

static bool valid_items(json_t *root, json_t *schema, json_t *v)
{
    json_t *item;
    size_t i;
    json_array_foreach(v, i, item) if (!valid(root, schema, item)) return false;
    return true;
}

static bool valid_keyword(json_t *root, json_t *schema, const char *key,
                          json_t *k, json_t *v)
{
    json_t *item;
    size_t i;
    if (strcmp(key, "$ref") == 0) {
        const char *name = strrchr(json_string_value(k), '/') + 1;
        json_t *s = json_object_get(json_object_get(root, "$defs"), name);
        assert_non_null(s);
        return valid(root, s, v);
    }
    if (strcmp(key, "type") == 0) {
        if (json_is_string(k)) return has_type(json_string_value(k), v);
        json_array_foreach(k, i, item) if (has_type(json_string_value(item),
                                                    v)) return true;
        return false;
    }
    if (strcmp(key, "enum") == 0) {
        json_array_foreach(k, i, item) if (json_equal(item, v)) return true;
        return false;
    }
    if (strcmp(key, "const") == 0) return json_equal(k, v);
    if (strcmp(key, "anyOf") == 0) return valid_any(root, k, v);
    if (strcmp(key, "items") == 0) return valid_items(root, k, v);
    if (strcmp(key, "pattern") == 0)
        return valid_string(json_string_value(k), v);
    if (strcmp(key, "exclusiveMinimum") == 0)
        return !json_is_number(v) ||
               json_number_value(v) > json_number_value(k);
    if (strcmp(key, "maxItems") == 0)
        return json_array_size(v) <= (size_t)json_integer_value(k);
    if (strcmp(key, "minItems") == 0)
        return !json_is_array(v) ||
               json_array_size(v) >= (size_t)json_integer_value(k);
    if (strcmp(key, "properties") == 0) return valid_object(root, schema, v);
    static const char *const others =
        " $schema $id $defs title description required "
        "additionalProperties ";
    char padded[64];
    snprintf(padded, sizeof padded, " %s ", key);
    if (!strstr(others, padded)) fail_msg("keyword %s", key);
    return true;
}

static bool valid(json_t *root, json_t *schema, json_t *v)
{
    const char *key;
    json_t *k;
    json_object_foreach(schema, key, k) if (!valid_keyword(root, schema, key, k,
                                                           v)) return false;
    return true;
}

static bool valid_text(json_t *schema, const char *z)
{
    json_t *v = om_json_parse(om_str_of(z), "it", NULL);
    assert_non_null(v);
    bool ok = valid(schema, schema, v);
    json_decref(v);
    return ok;
}

static void test_output_fits_schema(void **state)
{
    (void)state;
    json_t *schema = load_schema();
    if (!schema) skip();
    dice_cup d = {99};
    for (int i = 0; i < 500; i++) {
        omost_canvas *cv = random_canvas(&d);
        size_t len;
        char *z = json(cv, &len);
        if (!valid_text(schema, z)) fail_msg("does not fit the schema:\n%s", z);
        omost_text_free(NULL, z);
        omost_canvas_free(cv);
    }
#define ONE(distance, more)              \
    HEAD GLOBAL ",\"regions\":[{" REGION \
                ",\"distance_to_viewer\":" distance more "}]}"
    assert_true(valid_text(schema, ONE("5", "")));
    assert_true(valid_text(schema, ONE("true", ",\"prefix\":null")));
    assert_false(valid_text(schema, ONE("0", "")));
    assert_false(valid_text(schema, ONE("\"five\"", "")));
    assert_false(valid_text(schema, ONE("5", ",\"seed\":1")));
    assert_false(valid_text(schema, ONE("5", ",\"prefix\":1")));
    assert_false(valid_text(schema, HEAD "\"global\":null,\"regions\":[]}"));
    assert_false(valid_text(schema, HEAD GLOBAL "}"));
    assert_false(valid_text(schema, HEAD GLOBAL ",\"regions\":[{}]}"));
#undef ONE
    json_decref(schema);
}

/* ---- no memory --------------------------------------------------------- */

typedef char *writer_fn(const omost_canvas *cv, size_t *len, omost_error *err);

static char *write_python(const omost_canvas *cv, size_t *len, omost_error *err)
{
    return omost_canvas_to_python(cv, OMOST_PYTHON_FENCED, len, err);
}

/* Read `text` and write it, with the n-th allocation failing, for every n. */
static long sweep(const char *text, size_t len, writer_fn *write)
{
    for (long n = 0;; n++) {
        meter m = {.fail_at = (size_t)n + 1};
        omost_env env = {metered, &m};
        omost_read_opts opts = {.env = &env};
        omost_error err = {0};
        omost_canvas *cv = omost_canvas_read(text, len, &opts, &err);
        char *z = cv ? write(cv, NULL, &err) : NULL;
        bool ok = z != NULL;
        if (!ok) assert_int_equal(err.status, OMOST_NOMEM);
        omost_text_free(&env, z);
        omost_canvas_free(cv);
        assert_int_equal(m.live, 0);
        if (ok) return n;
    }
}

static void test_no_memory(void **state)
{
    (void)state;
    static writer_fn *const writers[] = {write_python, omost_canvas_to_json,
                                         omost_canvas_to_comfy};
    const char *ours = HEAD
        "\"extra\":0,\"global\":{\"description\":\"g\",\"detailed_descriptions\":[\"x\"],"
        "\"HTML_web_color_name\":\"dark blue\"},\"regions\":[{" REGION
        ",\"distance_to_viewer\":\"100000000000000000000000000000\"},{" REGION
        ",\"distance_to_viewer\":2,\"prefix\":\"h\"}]}";
    const char *theirs =
        "[{\"color\":[1,2,3],\"suffixes\":[\"x\",\"tags\"],\"prefixes\":[\"g\"],"
        "\"rect\":[0,90,0,89]},"
        "{\"color\":[255,0.0,0],\"prefixes\":[\"g\",\"a\",\"b\"],\"suffixes\":[\"one\"],"
        "\"rect\":[12,80.0,10,80.25],\"id\":7}]";
    for (int i = 0; i < 3; i++) {
        assert_true(sweep(ours, strlen(ours), writers[i]) > 5);
        assert_true(sweep(theirs, strlen(theirs), writers[i]) > 5);
        const char *python_text =
            "canvas = Canvas()\ncanvas.set_global_description('g', ['x'], 't', 'red')\n";
        assert_true(sweep(python_text, strlen(python_text), writers[i]) > 2);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_numbers_in_other_locales),
        cmocka_unit_test(test_random_floats_read_back),
        cmocka_unit_test(test_quoting),
        cmocka_unit_test(test_comments),
        cmocka_unit_test(test_transcripts_print_as_written),
        cmocka_unit_test(test_prefixes),
        cmocka_unit_test(test_json_distances),
        cmocka_unit_test(test_json_errors),
        cmocka_unit_test(test_json_notes),
        cmocka_unit_test(test_comfy_form),
        cmocka_unit_test(test_comfy_notes),
        cmocka_unit_test(test_comfy_errors),
        cmocka_unit_test(test_comfy_without_global),
        cmocka_unit_test(test_read_detects),
        cmocka_unit_test(test_equal_sees_every_field),
        cmocka_unit_test(test_golden),
        cmocka_unit_test(test_random),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_schema_words),
        cmocka_unit_test(test_output_fits_schema),
        cmocka_unit_test(test_no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
