/* test_reading.c - how canvases are read, told by the text files in
 * tests/data/canvas: cases of an input and what both modes make of it. With
 * OMOST_UPDATE=1 the expectations are written anew: review the difference.
 *
 *     -- a title
 *     the input; a line "@global" or "@region" stands for a whole call
 *     == default
 *     what comes out
 *     == strict
 *     what comes out
 */
#include "support.h"

#include "base/utf8.h"

static const char *const files[] = {"statements.test", "values.test",
                                    "fences.test", "repairs.test"};

#define GLOBAL_CALL                                                                       \
    "canvas.set_global_description(description='A house.', detailed_descriptions=['x'], " \
    "tags='t', HTML_web_color_name='red')"
#define REGION_CALL                                                                         \
    "canvas.add_local_description('on the left', 'no offset', 'a small square area', 2.5, " \
    "'A cat.', ['y'], 't', 'a', 's', 'q', 'blue')"

/* ---- showing what came out --------------------------------------------- */

static void put_text(om_buf *b, om_str s)
{
    om_buf_putc(b, '<');
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        if (c < 0x20 || c == 0x7F)
            om_buf_printf(b, "\\x%02x", c);
        else
            om_buf_putc(b, (char)c);
    }
    om_buf_putc(b, '>');
}

static void put_texts(om_buf *b, omost_texts t)
{
    om_buf_puts(b, " [");
    for (size_t i = 0; i < t.n; i++) put_text(b, t.p[i]);
    om_buf_putc(b, ']');
}

static void put_global(om_buf *b, const omost_global *g)
{
    if (!g) {
        om_buf_puts(b, "no global\n");
        return;
    }
    om_buf_printf(b, "global %d:%d ", g->line, g->col);
    put_text(b, g->description);
    put_texts(b, g->detailed_descriptions);
    om_buf_putc(b, ' ');
    put_text(b, g->tags);
    om_buf_printf(b, " %s\n", omost_word(OMOST_WORD_COLOR, g->color));
}

static void put_region(om_buf *b, const omost_region *r)
{
    static const char *const kinds[] = {"float", "int", "bool"};
    om_buf_printf(b, "region %d:%d ", r->line, r->col);
    put_text(b, r->description);
    put_texts(b, r->detailed_descriptions);
    om_buf_printf(b, " %s, %s, %s, %s %.17g%s%.*s\n ",
                  omost_word(OMOST_WORD_LOCATION, r->location),
                  omost_word(OMOST_WORD_OFFSET, r->offset),
                  omost_word(OMOST_WORD_AREA, r->area), kinds[r->distance.kind],
                  r->distance.value, r->distance.digits.n ? " = " : "",
                  OM_STR_ARG(r->distance.digits));
    const om_str texts[] = {r->tags, r->atmosphere, r->style, r->quality_meta};
    for (size_t i = 0; i < 4; i++) {
        om_buf_putc(b, ' ');
        put_text(b, texts[i]);
    }
    om_buf_printf(b, " %s, prefix ", omost_word(OMOST_WORD_COLOR, r->color));
    if (r->has_prefix)
        put_text(b, r->prefix);
    else
        om_buf_puts(b, "none");
    om_buf_putc(b, '\n');
}

static void put_result(om_buf *b, om_str input, bool strict)
{
    const omost_read_opts opts = {.strict = strict};
    omost_error err = {0};
    omost_canvas *cv = omost_canvas_parse(input.p, input.n, &opts, &err);
    if (!cv) {
        om_buf_printf(b, "%s %d:%d+%d %s\n", omost_status_name(err.status),
                      err.line, err.col, err.len, err.msg);
        return;
    }
    put_global(b, omost_canvas_global(cv));
    for (size_t i = 0; i < omost_canvas_count(cv); i++)
        put_region(b, omost_canvas_region(cv, i));
    for (size_t i = 0; i < omost_canvas_note_count(cv); i++) {
        const omost_note *n = omost_canvas_note(cv, i);
        om_buf_printf(b, "note %d:%d+%d %s\n", n->line, n->col, n->len, n->msg);
    }
    omost_canvas_free(cv);
}

/* ---- the case files ---------------------------------------------------- */

static om_str take_line(om_str *s)
{
    size_t n = om_str_find(*s, OM_STR("\n"));
    if (n == SIZE_MAX) n = s->n;
    om_str line = {s->p, n};
    *s = om_str_skip(*s, n < s->n ? n + 1 : n);
    return line;
}

/* The lines up to the next that begins with one of two heads. */
static om_str take_until(om_str *s, const char *head, const char *other)
{
    om_str part = {s->p, 0}, rest = *s;
    while (rest.n && !om_str_starts(rest, om_str_of(head)) &&
           !om_str_starts(rest, om_str_of(other)))
        take_line(&rest);
    part.n = s->n - rest.n;
    *s = rest;
    return part;
}

static void expand(om_str input, om_buf *out)
{
    for (om_str rest = input; rest.n;) {
        om_str line = take_line(&rest);
        if (om_str_eqz(line, "@global"))
            om_buf_puts(out, GLOBAL_CALL);
        else if (om_str_eqz(line, "@region"))
            om_buf_puts(out, REGION_CALL);
        else
            om_buf_str(out, line);
        om_buf_putc(out, '\n');
    }
}

/* One case: its text is written to `out` with the results of this run. */
static void run_case(om_str *rest, om_buf *out)
{
    om_str title = take_line(rest);
    om_str input = take_until(rest, "== ", "-- ");
    om_buf text;
    om_buf_init(&text, NULL, 1 << 22);
    expand(input, &text);
    om_buf_printf(out, "%.*s\n", OM_STR_ARG(title));
    om_buf_str(out, input);
    for (int strict = 0; strict < 2; strict++) {
        om_buf_puts(out, strict ? "== strict\n" : "== default\n");
        put_result(out, om_buf_view(&text), strict);
    }
    om_buf_putc(out, '\n');
    om_buf_free(&text);
    take_until(rest, "-- ", "-- ");
}

static void fail_at_first_difference(const char *name, om_str want, om_str got)
{
    size_t i = 0, line = 1;
    while (i < want.n && i < got.n && want.p[i] == got.p[i])
        line += want.p[i++] == '\n';
    while (i > 0 && want.p[i - 1] != '\n') i--;
    om_str w = om_str_skip(want, i), g = om_str_skip(got, i);
    om_str wl = take_line(&w), gl = take_line(&g);
    fail_msg("%s:%zu:\n  want %.*s\n  got  %.*s", name, line, OM_STR_ARG(wl),
             OM_STR_ARG(gl));
}

static void run_file(const char *name)
{
    char path[OM_TEST_PATH], at[256];
    omost_error err;
    snprintf(at, sizeof at, "canvas/%s", name);
    om_buf file = data_file(at), out;
    om_buf_init(&out, NULL, 1 << 24);
    om_str rest = om_buf_view(&file);
    om_buf_str(&out, take_until(&rest, "-- ", "-- "));
    while (rest.n) run_case(&rest, &out);
    if (getenv("OMOST_UPDATE")) {
        assert_int_equal(om_file_write(NULL, data_path(path, at),
                                       om_buf_view(&out), &err),
                         OMOST_OK);
    } else if (!om_str_eq(om_buf_view(&file), om_buf_view(&out))) {
        fail_at_first_difference(name, om_buf_view(&file), om_buf_view(&out));
    }
    om_buf_free(&out);
    om_buf_free(&file);
}

static void test_cases(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        run_file(files[i]);
}

/* ---- limits ------------------------------------------------------------ */

static omost_canvas *parse_buf(om_buf *b, omost_error *err)
{
    return omost_canvas_parse(b->p, b->n, NULL, err);
}

static void begin_reply(om_buf *b)
{
    om_buf_init(b, NULL, 4u << 20);
    om_buf_puts(b, "```python\ncanvas = Canvas()\n" GLOBAL_CALL "\n");
}

static void test_input_limit(void **state)
{
    (void)state;
    om_buf b;
    omost_error err;
    begin_reply(&b);
    om_buf_puts(&b, "```\n");
    om_buf_fill(&b, 'x', OMOST_MAX_INPUT - b.n);
    omost_canvas *cv = parse_buf(&b, &err);
    assert_non_null(cv);
    omost_canvas_free(cv);
    om_buf_putc(&b, 'x');
    assert_null(parse_buf(&b, &err));
    assert_int_equal(err.status, OMOST_LIMIT);
    om_buf_free(&b);
}

static void test_region_limit(void **state)
{
    (void)state;
    om_buf b;
    omost_error err;
    begin_reply(&b);
    for (int i = 0; i < OMOST_MAX_REGIONS; i++)
        om_buf_puts(&b, REGION_CALL "\n");
    size_t before = b.n;
    om_buf_puts(&b, "```\n");
    omost_canvas *cv = parse_buf(&b, &err);
    assert_non_null(cv);
    assert_int_equal(omost_canvas_count(cv), OMOST_MAX_REGIONS);
    omost_canvas_free(cv);
    b.n = before;
    om_buf_puts(&b, REGION_CALL "\n```\n");
    assert_null(parse_buf(&b, &err));
    assert_int_equal(err.status, OMOST_LIMIT);
    assert_int_equal(err.line, OMOST_MAX_REGIONS + 4);
    om_buf_free(&b);
}

/* Bounded memory whatever a megabyte holds. */
static void assert_hostile(const char *head, char fill, const char *tail)
{
    meter m = {0};
    const omost_env env = {metered, &m};
    for (int strict = 0; strict < 2; strict++) {
        const omost_read_opts opts = {.env = &env, .strict = strict};
        omost_error err = {0};
        om_buf b;
        om_buf_init(&b, NULL, OMOST_MAX_INPUT);
        om_buf_puts(&b, "```python\ncanvas = Canvas()\n");
        om_buf_puts(&b, head);
        om_buf_fill(&b, fill, OMOST_MAX_INPUT - b.n - strlen(tail));
        om_buf_puts(&b, tail);
        assert_null(omost_canvas_parse(b.p, b.n, &opts, &err));
        assert_true(err.line > 0);
        om_buf_free(&b);
    }
    assert_int_equal(m.live, 0);
    assert_true(m.most < 64u << 20);
}

static void test_hostile(void **state)
{
    (void)state;
    assert_hostile("canvas.set_global_description([", '[', "");
    assert_hostile("canvas.set_global_description(", '(', ")\n```\n");
    assert_hostile("canvas.set_global_description('", 'x', "");
    assert_hostile("canvas.set_global_description('''", '\n', "\n```\n");
    assert_hostile("canvas.set_global_description([", ',', "])\n```\n");
    assert_hostile("canvas.set_global_description('a'", ',', ")\n```\n");
    assert_hostile("", '`', "");
    assert_hostile("", '\\', "");
    assert_hostile("", 'a', "\n```\n");
    assert_hostile("", '1', "\n```\n");
    assert_hostile("canvas.set_global_description(", '-', ")\n```\n");
    assert_hostile("canvas.set_global_description('", '\\', "");
}

/* Every allocation made to fail once: an error, no leak, no crash. */
static void test_every_allocation_can_fail(void **state)
{
    (void)state;
    om_buf b;
    begin_reply(&b);
    om_buf_puts(
        &b,
        "canvas.add_local_description('On left', 'no ofset', 'small square', 1e30, "
        "'a' '\\u00e9' \"b\", ('y', 'z'), tags=['t', 'u'], atmosphere='a', "
        "style=\xE2\x80\x98s\xE2\x80\x99, quality_meta='q', "
        "HTML_web_color_name='#123456')\n" REGION_CALL "\n" GLOBAL_CALL
        "\ncanvas.add_local_description('on the");
    bool finished = false;
    for (size_t n = 1; !finished; n++) {
        meter m = {.fail_at = n};
        const omost_env env = {metered, &m};
        const omost_read_opts opts = {.env = &env};
        omost_error err = {0};
        omost_canvas *cv = omost_canvas_parse(b.p, b.n, &opts, &err);
        if (!cv) assert_int_equal(err.status, OMOST_NOMEM);
        omost_layout *lo = cv ? omost_layout_new(cv, &err) : NULL;
        if (cv && !lo) assert_int_equal(err.status, OMOST_NOMEM);
        finished = lo && m.calls < n;
        omost_layout_free(lo);
        omost_canvas_free(cv);
        assert_int_equal(m.live, 0);
        assert_true(n < 10000);
    }
    om_buf_free(&b);
}

/* ---- the reader's manners ---------------------------------------------- */

static bool stop(void *user, const omost_read_event *ev)
{
    (void)ev;
    return --*(int *)user > 0;
}

static void test_stopping(void **state)
{
    (void)state;
    static const char text[] =
        "```python\ncanvas = Canvas()\n" GLOBAL_CALL "\n" REGION_CALL "\n";
    for (int after = 1; after <= 3; after++) {
        int left = after;
        omost_error err;
        omost_reader *rd = omost_reader_new(NULL, stop, &left, &err);
        assert_int_equal(omost_reader_feed(rd, text, sizeof text - 1, &err),
                         OMOST_CANCELLED);
        assert_null(omost_reader_finish(rd, &err));
        assert_int_equal(err.status, OMOST_CANCELLED);
        omost_reader_free(rd);
    }
}

/* A region is told of when its bracket closes, before its line ends. */
static bool count_regions(void *user, const omost_read_event *ev)
{
    *(int *)user += ev->kind == OMOST_READ_REGION;
    return true;
}

static void test_told_at_the_bracket(void **state)
{
    (void)state;
    static const char text[] =
        "```python\ncanvas = Canvas()\n" GLOBAL_CALL "\n" REGION_CALL;
    int regions = 0;
    omost_error err;
    omost_reader *rd = omost_reader_new(NULL, count_regions, &regions, &err);
    assert_int_equal(omost_reader_feed(rd, text, sizeof text - 2, &err),
                     OMOST_OK);
    assert_int_equal(regions, 0);
    assert_int_equal(omost_reader_feed(rd, ")", 1, &err), OMOST_OK);
    assert_int_equal(regions, 1);
    omost_canvas *cv = omost_reader_finish(rd, &err);
    assert_non_null(cv);
    assert_null(omost_reader_finish(rd, &err));
    assert_int_equal(err.status, OMOST_USAGE);
    omost_reader_free(rd);
    omost_canvas_free(cv);
}

/* Numbers compare as Python compares them. */
static int compare_distances(const char *a, const char *b)
{
    om_buf t;
    omost_error err;
    begin_reply(&t);
    const char *const both[] = {a, b};
    for (int i = 0; i < 2; i++)
        om_buf_printf(
            &t,
            "canvas.add_local_description('on the left', 'no offset', "
            "'a small square area', %s, 'A cat.', [], '', '', '', '', 'blue')\n",
            both[i]);
    om_buf_puts(&t, "```\n");
    omost_canvas *cv = parse_buf(&t, &err);
    if (!cv) fail_msg("%s, %s: %s", a, b, err.msg);
    int c = omost_number_cmp(&omost_canvas_region(cv, 0)->distance,
                             &omost_canvas_region(cv, 1)->distance);
    omost_canvas_free(cv);
    om_buf_free(&t);
    return (c > 0) - (c < 0);
}

static void test_exact_comparison(void **state)
{
    (void)state;
    assert_int_equal(compare_distances("9007199254740993", "9007199254740992"),
                     1);
    assert_int_equal(
        compare_distances("9007199254740993", "9007199254740992.0"), 1);
    assert_int_equal(
        compare_distances("9007199254740993", "9007199254740994.0"), -1);
    assert_int_equal(compare_distances("100000000000000000000000", "1e23"), 1);
    assert_int_equal(compare_distances("99999999999999991611392", "1e23"), 0);
    assert_int_equal(
        compare_distances("1e999", "99999999999999999999999999999999999999"),
        1);
    assert_int_equal(compare_distances("1e999", "1e1000"), 0);
    assert_int_equal(compare_distances("0x10", "16.0"), 0);
    assert_int_equal(compare_distances("True", "1"), 0);
    assert_int_equal(
        compare_distances("0xFFFFFFFFFFFFFFFF", "18446744073709551616"), -1);
    assert_int_equal(
        compare_distances(".1", "0.1000000000000000055511151231257827"), 0);
    assert_int_equal(compare_distances("123456789.125", "1_2345_6789.125"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cases),
        cmocka_unit_test(test_input_limit),
        cmocka_unit_test(test_region_limit),
        cmocka_unit_test(test_hostile),
        cmocka_unit_test(test_every_allocation_can_fail),
        cmocka_unit_test(test_stopping),
        cmocka_unit_test(test_told_at_the_bracket),
        cmocka_unit_test(test_exact_comparison),
    };
    return cmocka_run_group_tests_name("reading", tests, NULL, NULL);
}
