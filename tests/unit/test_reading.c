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

static void test_list_limit(void **state)
{
    (void)state;
    for (int over = 0; over < 2; over++) {
        om_buf b;
        omost_error err;
        begin_reply(&b);
        om_buf_puts(&b, "canvas.set_global_description('A', [");
        for (int i = 0; i < OMOST_MAX_TEXTS + over; i++)
            om_buf_puts(&b, "'x',");
        om_buf_puts(&b, "], '', 'red')\n```\n");
        omost_canvas *cv = parse_buf(&b, &err);
        assert_int_equal(cv == NULL, over);
        if (over) assert_int_equal(err.status, OMOST_LIMIT);
        omost_canvas_free(cv);
        om_buf_free(&b);
    }
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

/* Shapes that once took a time square in their size: seconds to minutes. */
static void test_no_squares(void **state)
{
    (void)state;
    om_buf b;
    omost_error err;
    om_buf_init(&b, NULL, OMOST_MAX_INPUT);
    for (int i = 0; i < 250000; i++) om_buf_puts(&b, "#\n");
    for (int i = 0; i < 7000; i++)
        om_buf_puts(&b, "canvas.set_global_description(\n```\n");
    omost_canvas_free(parse_buf(&b, &err));
    b.n = 0;
    om_buf_puts(&b, "```python\n");
    for (int i = 0; i < 100000; i++)
        om_buf_puts(&b, "\xE2\x80\x9C"
                        "a\xE2\x80\x9D;");
    assert_null(parse_buf(&b, &err));
    om_buf_free(&b);
    omost_reader *rd = omost_reader_new(NULL, NULL, NULL, &err);
    assert_int_equal(omost_reader_feed(rd, "canvas = Canvas()\n", 18, &err), 0);
    for (int i = 0; i < 500000; i++)
        assert_int_equal(omost_reader_feed(rd, " ", 1, &err), OMOST_OK);
    assert_null(omost_reader_finish(rd, &err));
    omost_reader_free(rd);
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

/* A reply whose events take every turn: a bare canvas, an empty block, another
 * fence, and the exact block that wins. */
static const char mixed[] =
    "Prose.\ncanvas = Canvas()\n" REGION_CALL "\n" REGION_CALL "\n\nBut no:\n"
    "```py\ncanvas = Canvas()\n" REGION_CALL "\n```\n"
    "```python\n" GLOBAL_CALL
    "\ncanvas.add_local_description('on left', 'no offset', "
    "'a small square area', 1, 'B', [], '', '', '', '', 'blue')\n" REGION_CALL
    "\n```\n";

/* What a listener that believes the events knows in the end. */
typedef struct told {
    size_t regions, notes, events, stop_at;
    const omost_global *global;
    const omost_region *region[8];
    const omost_note *note[8];
} told;

static bool believe(void *user, const omost_read_event *ev)
{
    told *t = user;
    t->events++;
    switch (ev->kind) {
    case OMOST_READ_START:
        t->regions = 0;
        t->global = NULL;
        break;
    case OMOST_READ_GLOBAL: t->global = ev->global; break;
    case OMOST_READ_REGION:
        assert_int_equal(ev->index, t->regions);
        t->region[t->regions++] = ev->region;
        break;
    case OMOST_READ_NOTE:
        t->note[ev->index] = ev->note;
        t->notes = ev->index + 1;
        break;
    }
    return t->events != t->stop_at;
}

static omost_canvas *read_mixed(told *t, size_t piece, omost_error *err)
{
    omost_status st = OMOST_OK;
    const size_t n = sizeof mixed - 1;
    omost_reader *rd = omost_reader_new(NULL, believe, t, err);
    assert_non_null(rd);
    for (size_t i = 0; i < n && st == OMOST_OK; i += piece)
        st = omost_reader_feed(rd, mixed + i, n - i < piece ? n - i : piece,
                               err);
    omost_canvas *cv = omost_reader_finish(rd, err);
    omost_reader_free(rd);
    return cv;
}

static void test_events_are_the_document(void **state)
{
    (void)state;
    for (size_t piece = 1; piece <= sizeof mixed; piece++) {
        told t = {0};
        omost_error err;
        omost_canvas *cv = read_mixed(&t, piece, &err);
        if (!cv) fail_msg("%s", err.msg);
        assert_int_equal(t.regions, omost_canvas_count(cv));
        assert_int_equal(t.notes, omost_canvas_note_count(cv));
        assert_ptr_equal(t.global, omost_canvas_global(cv));
        for (size_t i = 0; i < t.regions; i++)
            assert_ptr_equal(t.region[i], omost_canvas_region(cv, i));
        for (size_t i = 0; i < t.notes; i++)
            assert_ptr_equal(t.note[i], omost_canvas_note(cv, i));
        omost_canvas_free(cv);
    }
}

/* Stopped at any event, however the bytes are cut, nothing more is told. */
static void test_stopping_is_final(void **state)
{
    (void)state;
    static const size_t pieces[] = {1, 13, sizeof mixed};
    told all = {0};
    omost_error err;
    omost_canvas_free(read_mixed(&all, 1, &err));
    assert_true(all.events >= 9);
    for (size_t i = 0; i < 3; i++)
        for (size_t n = 1; n <= all.events; n++) {
            told t = {.stop_at = n};
            assert_null(read_mixed(&t, pieces[i], &err));
            assert_int_equal(err.status, OMOST_CANCELLED);
            assert_int_equal(t.events, n);
        }
}

/* ---- messages ---------------------------------------------------------- */

static void assert_message(const char *msg, bool cut)
{
    assert_int_equal(om_utf8_valid_len(msg, strlen(msg)), strlen(msg));
    for (const char *p = msg; *p; p++) assert_true((unsigned char)*p >= 0x20);
    assert_int_equal(om_str_find(om_str_of(msg), OM_STR("...")) != SIZE_MAX,
                     cut);
}

static omost_canvas *parse_area(const char *area, omost_error *err)
{
    om_buf b;
    begin_reply(&b);
    om_buf_printf(&b,
                  "canvas.add_local_description('on the left', 'no offset', "
                  "'%s', 1, 'B', [], '', '', '', '', 'blue')\n```\n",
                  area);
    omost_canvas *cv = parse_buf(&b, err);
    om_buf_free(&b);
    return cv;
}

/* Texts of a canvas in messages: short, whole characters, no controls. */
static void test_messages_quote_safely(void **state)
{
    (void)state;
    omost_error err;
    om_buf area;
    for (int n = 0; n < 8; n++) {
        om_buf_init(&area, NULL, 4096);
        om_buf_fill(&area, 'x', (size_t)n);
        for (int i = 0; i < 100; i++) om_buf_puts(&area, "\xF0\x9F\x98\x80");
        assert_null(parse_area(area.p, &err));
        assert_message(err.msg, true);
        om_buf_free(&area);
    }
    omost_canvas *cv = parse_area("a small\\x1b[31m squar area", &err);
    assert_non_null(cv);
    assert_message(omost_canvas_note(cv, 0)->msg, false);
    omost_canvas_free(cv);
    /* a message that is itself too long: a name in a list of its own */
    char name[202];
    memset(name, 'n', 200);
    name[200] = '\0';
    om_buf b;
    begin_reply(&b);
    om_buf_printf(&b,
                  "canvas.set_global_description('A', [], '', 'red', "
                  "%s='')\n```\n",
                  name);
    cv = parse_buf(&b, &err);
    assert_non_null(cv);
    const char *msg = omost_canvas_note(cv, 0)->msg;
    assert_message(msg, true);
    assert_true(om_str_ends(om_str_of(msg), OM_STR("...")));
    omost_canvas_free(cv);
    om_buf_free(&b);
    begin_reply(&b);
    om_buf_printf(&b, "%sx\n```\n", name);
    assert_null(parse_buf(&b, &err));
    assert_string_equal(err.msg, "this name is too long");
    om_buf_free(&b);
}

static void test_note_limit(void **state)
{
    (void)state;
    om_buf b;
    omost_error err;
    begin_reply(&b);
    om_buf_puts(&b, "canvas.set_global_description('A', ['x'");
    for (int i = 0; i < 1200; i++) om_buf_puts(&b, ", 'x' 'y'");
    om_buf_puts(&b, "], '', 'red')\n```\n");
    omost_canvas *cv = parse_buf(&b, &err);
    assert_non_null(cv);
    assert_int_equal(omost_canvas_note_count(cv), 1000);
    assert_string_equal(omost_canvas_note(cv, 999)->msg,
                        "more notes follow; they were left out");
    omost_canvas_free(cv);
    om_buf_free(&b);
}

/* What is left out takes its notes with it. */
static void test_no_notes_on_what_was_cut(void **state)
{
    (void)state;
    om_buf b;
    omost_error err;
    begin_reply(&b);
    om_buf_puts(&b, "canvas.set_global_description('A', ['x' 'y', 'z");
    omost_canvas *cv = parse_buf(&b, &err);
    assert_non_null(cv);
    assert_int_equal(omost_canvas_note_count(cv), 2);
    assert_non_null(strstr(omost_canvas_note(cv, 0)->msg, "cut off"));
    assert_non_null(strstr(omost_canvas_note(cv, 1)->msg, "not closed"));
    omost_canvas_free(cv);
    om_buf_free(&b);
}

/* A place far to the right, behind wide characters or ones without width. */
static void test_diagnostic_shows_the_place(void **state)
{
    (void)state;
    static const char *const runs[] = {"x", "\xE6\xBC\xA2", "\xCC\x81", "\t"};
    static const int counts[] = {0, 40, 60, 200, 60000};
    for (size_t r = 0; r < 4; r++)
        for (size_t c = 0; c < 5; c++) {
            om_buf line;
            om_buf_init(&line, NULL, 1 << 20);
            for (int i = 0; i < counts[c]; i++) om_buf_puts(&line, runs[r]);
            om_buf_puts(&line, "!here");
            char *d = omost_diagnostic("f", om_buf_view(&line), 1,
                                       counts[c] + 1, 5, "error", "m");
            assert_non_null(d);
            const char *text = strchr(d, '\n') + 1;
            const char *carets = strchr(text, '\n') + 1;
            assert_non_null(strstr(text, "!here"));
            assert_non_null(strstr(carets, "^~~~~"));
            assert_true(strlen(d) < 8192);
            omost_text_free(NULL, d);
            om_buf_free(&line);
        }
}

/* ---- parts ------------------------------------------------------------- */

static omost_canvas *one_region(omost_number distance, size_t n_details,
                                omost_error *err)
{
    static omost_str details[OMOST_MAX_TEXTS + 1];
    const omost_region r = {
        .distance = distance,
        .description = OM_STR("A"),
        .detailed_descriptions = {details, n_details},
    };
    return omost_canvas_new(NULL, NULL, &r, 1, err);
}

static void test_parts_are_checked(void **state)
{
    (void)state;
    omost_error err;
    static const struct {
        omost_number x;
        const char *digits; /* NULL: refused */
    } cases[] = {
        {{OMOST_NUMBER_INT, 5, {0}}, ""},
        {{OMOST_NUMBER_INT, 2.5, {0}}, NULL},
        {{OMOST_NUMBER_INT, 1e20, {0}}, "100000000000000000000"},
        {{OMOST_NUMBER_INT, 1e16, {"5", 1}}, NULL},
        {{OMOST_NUMBER_INT, 5, {"5", 1}}, ""},
        {{OMOST_NUMBER_INT, 5, {"abc", 3}}, NULL},
        {{OMOST_NUMBER_INT, 9007199254740992, {"9007199254740993", 16}},
         "9007199254740993"},
        {{OMOST_NUMBER_BOOL, 7, {0}}, NULL},
        {{OMOST_NUMBER_FLOAT, 7, {"7", 1}}, NULL},
        {{OMOST_NUMBER_FLOAT, -7, {0}}, NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        omost_canvas *cv = one_region(cases[i].x, 0, &err);
        if (!cv != !cases[i].digits) fail_msg("case %zu: %s", i, err.msg);
        if (!cv) continue;
        assert_true(om_str_eqz(omost_canvas_region(cv, 0)->distance.digits,
                               cases[i].digits));
        omost_canvas_free(cv);
    }
    const omost_number one = {OMOST_NUMBER_FLOAT, 1, {0}};
    omost_canvas_free(one_region(one, OMOST_MAX_TEXTS, &err));
    assert_null(one_region(one, OMOST_MAX_TEXTS + 1, &err));
    assert_int_equal(err.status, OMOST_LIMIT);
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
        cmocka_unit_test(test_list_limit),
        cmocka_unit_test(test_hostile),
        cmocka_unit_test(test_no_squares),
        cmocka_unit_test(test_every_allocation_can_fail),
        cmocka_unit_test(test_stopping),
        cmocka_unit_test(test_told_at_the_bracket),
        cmocka_unit_test(test_events_are_the_document),
        cmocka_unit_test(test_stopping_is_final),
        cmocka_unit_test(test_messages_quote_safely),
        cmocka_unit_test(test_note_limit),
        cmocka_unit_test(test_no_notes_on_what_was_cut),
        cmocka_unit_test(test_diagnostic_shows_the_place),
        cmocka_unit_test(test_parts_are_checked),
        cmocka_unit_test(test_exact_comparison),
    };
    return cmocka_run_group_tests_name("reading", tests, NULL, NULL);
}
