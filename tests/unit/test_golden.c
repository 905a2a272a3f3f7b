/* test_golden.c - the Canvas language against the original's own results:
 * verdicts, layouts, compositions, names, boxes; and that cutting the bytes of
 * a reply anywhere changes nothing. */
#include "support.h"

#include "base/hash.h"

static omost_canvas *parse(om_str text, bool strict, omost_error *err)
{
    const omost_read_opts opts = {.strict = strict};
    return omost_canvas_parse(text.p, text.n, &opts, err);
}

/* ---- reading in pieces ------------------------------------------------- */

/* What the events told, to be compared with the document. */
typedef struct heard {
    size_t regions, notes, globals;
    bool in_order;
} heard;

static bool listen(void *user, const omost_read_event *ev)
{
    heard *h = user;
    switch (ev->kind) {
    case OMOST_READ_START: h->regions = h->globals = 0; break;
    case OMOST_READ_GLOBAL: h->globals++; break;
    case OMOST_READ_REGION:
        h->in_order &= ev->index == h->regions++ && ev->region;
        break;
    case OMOST_READ_NOTE: h->notes = ev->index + 1; break;
    }
    return true;
}

static omost_canvas *read_pieces(om_str text, bool strict, size_t piece,
                                 heard *h, omost_error *err)
{
    const omost_read_opts opts = {.strict = strict};
    *h = (heard){.in_order = true};
    omost_reader *rd = omost_reader_new(&opts, listen, h, err);
    omost_status st = OMOST_OK;
    assert_non_null(rd);
    for (size_t i = 0; i < text.n && st == OMOST_OK; i += piece)
        st = omost_reader_feed(rd, text.p + i,
                               text.n - i < piece ? text.n - i : piece, err);
    omost_canvas *cv = st == OMOST_OK ? omost_reader_finish(rd, err) : NULL;
    omost_reader_free(rd);
    return cv;
}

static void assert_same_notes(const omost_canvas *a, const omost_canvas *b)
{
    assert_int_equal(omost_canvas_note_count(a), omost_canvas_note_count(b));
    for (size_t i = 0; i < omost_canvas_note_count(a); i++) {
        const omost_note *x = omost_canvas_note(a, i),
                         *y = omost_canvas_note(b, i);
        assert_string_equal(x->msg, y->msg);
        assert_int_equal(x->line, y->line);
        assert_int_equal(x->col, y->col);
        assert_int_equal(x->len, y->len);
    }
}

static void assert_pieces_change_nothing(const char *name, om_str text,
                                         bool strict)
{
    static const size_t pieces[] = {1, 2, 7, 64, 1000};
    omost_error e1 = {0}, e2;
    omost_canvas *whole = parse(text, strict, &e1);
    for (size_t i = 0; i < sizeof pieces / sizeof *pieces; i++) {
        heard h;
        e2 = (omost_error){0};
        omost_canvas *cv = read_pieces(text, strict, pieces[i], &h, &e2);
        if (!cv != !whole)
            fail_msg("%s: pieces of %zu: %s / %s", name, pieces[i], e1.msg,
                     e2.msg);
        if (!cv) {
            assert_string_equal(e1.msg, e2.msg);
            assert_int_equal(e1.status, e2.status);
            assert_int_equal(e1.line, e2.line);
            assert_int_equal(e1.col, e2.col);
            assert_int_equal(e1.len, e2.len);
            continue;
        }
        if (!omost_canvas_equal(whole, cv))
            fail_msg("%s: pieces of %zu differ", name, pieces[i]);
        assert_same_notes(whole, cv);
        assert_true(h.in_order);
        assert_int_equal(h.regions, omost_canvas_count(cv));
        assert_int_equal(h.notes, omost_canvas_note_count(cv));
        assert_int_equal(h.globals > 0, omost_canvas_global(cv) != NULL);
        omost_canvas_free(cv);
    }
    omost_canvas_free(whole);
}

/* The canonical form that tools/pack-golden.py hashes. */
static void digest_texts(om_buf *b, char tag, omost_texts t)
{
    for (size_t i = 0; i < t.n; i++) {
        om_buf_printf(b, "%c %zu ", tag, t.p[i].n);
        om_buf_str(b, t.p[i]);
        om_buf_putc(b, '\n');
    }
}

static void layout_digest(const omost_layout *lo, char hex[65])
{
    static const int kinds[] = {[OMOST_NUMBER_FLOAT] = 0,
                                [OMOST_NUMBER_INT] = 1,
                                [OMOST_NUMBER_BOOL] = 2};
    om_buf b;
    om_buf_init(&b, NULL, 16u << 20);
    for (size_t i = 0; i < omost_layout_count(lo); i++) {
        const omost_condition *c = omost_layout_item(lo, i);
        om_buf_printf(&b, "C %d %d %d\n", c->color.r, c->color.g, c->color.b);
        if (i > 0) {
            om_buf_printf(&b, "R %d %d %d %d\n", c->box.top, c->box.bottom,
                          c->box.left, c->box.right);
            om_buf_printf(&b, "D %d %.17g\n", kinds[c->distance.kind],
                          c->distance.value);
        }
        digest_texts(&b, 'P', c->prefixes);
        digest_texts(&b, 'S', c->suffixes);
    }
    om_sha256_hex(om_buf_view(&b), hex);
    om_buf_free(&b);
}

/* ---- canvases ---------------------------------------------------------- */

static size_t count_corrections(const omost_canvas *cv)
{
    size_t n = 0;
    for (size_t i = 0; i < omost_canvas_note_count(cv); i++)
        n += strstr(omost_canvas_note(cv, i)->msg, "; taken as \"") != NULL;
    return n;
}

static void check_value(const json_t *row, const char *name,
                        const omost_canvas *cv)
{
    uint8_t pixels[OMOST_GRID * OMOST_GRID * 3];
    char hex[65];
    omost_error err;
    omost_layout *lo = omost_layout_new(cv, &err);
    assert_non_null(lo);
    layout_digest(lo, hex);
    if (!om_str_eqz(field(row, "layout"), hex))
        fail_msg("%s: another layout", name);
    omost_layout_composition(lo, pixels);
    om_sha256_hex((om_str){(char *)pixels, sizeof pixels}, hex);
    if (!om_str_eqz(field(row, "composition"), hex))
        fail_msg("%s: another composition", name);
    assert_int_equal(omost_canvas_count(cv),
                     json_integer_value(json_object_get(row, "regions")));
    if (count_corrections(cv) !=
        (size_t)json_integer_value(json_object_get(row, "corrections")))
        fail_msg("%s: %zu names were corrected", name, count_corrections(cv));
    omost_layout_free(lo);
}

/* Strict: the original's verdict and value. Default: the same value wherever
 * the original gives one. */
static void check_canvas(const json_t *row, om_str text)
{
    const char *name = json_string_value(json_object_get(row, "name"));
    bool valid = json_object_get(row, "error") == NULL;
    bool gray = om_str_eqz(field(row, "class"), "gray");
    omost_error err = {0};
    omost_canvas *cv = parse(text, true, &err);
    if (!cv && valid && !gray)
        fail_msg("%s: refused: %d:%d: %s", name, err.line, err.col, err.msg);
    if (cv && !valid) fail_msg("%s: accepted", name);
    if (!cv) {
        assert_true(err.line > 0 && err.col > 0 && err.len > 0);
        assert_int_equal(omost_status_exit_code(err.status), 1);
    } else {
        check_value(row, name, cv);
        omost_canvas *lenient = parse(text, false, &err);
        if (!lenient || !omost_canvas_equal(cv, lenient))
            fail_msg("%s: modes differ", name);
        omost_canvas_free(lenient);
    }
    omost_canvas_free(cv);
    assert_pieces_change_nothing(name, text, true);
    assert_pieces_change_nothing(name, text, false);
}

static void test_canvases(void **state)
{
    (void)state;
    json_t *rows = golden_lines("canvas.jsonl"), *row;
    size_t i, checked = 0;
    json_array_foreach(rows, i, row)
    {
        om_buf file = {0};
        char path[256];
        om_str text = field(row, "text");
        if (!text.p) {
            snprintf(path, sizeof path, "canvas/%.*s.txt",
                     OM_STR_ARG(field(row, "name")));
            if (!golden_file(path, &file)) continue;
            text = om_buf_view(&file);
        }
        check_canvas(row, text);
        checked++;
        om_buf_free(&file);
    }
    assert_true(checked >= 97);
    json_decref(rows);
}

/* ---- what must be refused ---------------------------------------------- */

static void assert_refused(const char *name, om_str text)
{
    for (int strict = 0; strict < 2; strict++) {
        omost_error err = {0};
        omost_canvas *cv = parse(text, strict, &err);
        if (cv) fail_msg("%s: accepted (strict: %d)", name, strict);
        assert_true(err.line > 0 && err.msg[0]);
        assert_pieces_change_nothing(name, text, strict);
    }
}

static void test_malicious(void **state)
{
    (void)state;
    json_t *rows = golden_lines("malicious.jsonl"), *row;
    size_t i;
    json_array_foreach(rows, i, row)
        assert_refused(json_string_value(json_object_get(row, "name")),
                       field(row, "text"));
    assert_int_equal(json_array_size(rows), 44);
    json_decref(rows);
}

/* 024-deep-brackets of the golden data, made again by its rule. */
static void test_deep_brackets(void **state)
{
    (void)state;
    om_buf b;
    om_buf_init(&b, NULL, 1 << 20);
    om_buf_puts(&b,
                "```python\ncanvas = Canvas()\ncanvas.set_global_description("
                "description='A house.', detailed_descriptions=");
    om_buf_fill(&b, '[', 100000);
    om_buf_fill(&b, ']', 100000);
    om_buf_puts(&b, ", tags='house', HTML_web_color_name='red')\n```");
    omost_error err;
    assert_null(parse(om_buf_view(&b), false, &err));
    assert_int_equal(err.status, OMOST_LIMIT);
    assert_null(parse(om_buf_view(&b), true, &err));
    om_buf_free(&b);
}

/* ---- names and boxes --------------------------------------------------- */

static omost_word_kind kind_of(om_str s)
{
    return om_str_eqz(s, "location") ? OMOST_WORD_LOCATION
           : om_str_eqz(s, "offset") ? OMOST_WORD_OFFSET
           : om_str_eqz(s, "area")   ? OMOST_WORD_AREA
                                     : OMOST_WORD_COLOR;
}

static void test_fuzzy(void **state)
{
    (void)state;
    json_t *rows = golden_lines("fuzzy.jsonl"), *row;
    size_t i;
    json_array_foreach(rows, i, row)
    {
        omost_word_kind kind = kind_of(om_json_str(json_array_get(row, 0)));
        om_str text = om_json_str(json_array_get(row, 1));
        const char *want = json_string_value(json_array_get(row, 2));
        const char *got = omost_word(kind, omost_word_find(kind, text));
        if ((want == NULL) != (got == NULL) || (want && strcmp(want, got) != 0))
            fail_msg("\"%.*s\": %s, not %s", OM_STR_ARG(text),
                     got ? got : "none", want ? want : "none");
    }
    assert_int_equal(json_array_size(rows), 955);
    json_decref(rows);
}

static int word_at(omost_word_kind kind, const json_t *row, size_t i)
{
    return omost_word_find(kind, om_json_str(json_array_get(row, i)));
}

static void test_boxes(void **state)
{
    (void)state;
    json_t *rows = golden_lines("boxes.jsonl"), *row;
    size_t i;
    json_array_foreach(rows, i, row)
    {
        const json_t *want = json_array_get(row, 3);
        omost_box b = omost_box_of(word_at(OMOST_WORD_LOCATION, row, 0),
                                   word_at(OMOST_WORD_OFFSET, row, 1),
                                   word_at(OMOST_WORD_AREA, row, 2));
        const int got[4] = {b.top, b.bottom, b.left, b.right};
        for (size_t k = 0; k < 4; k++)
            assert_int_equal(got[k],
                             json_integer_value(json_array_get(want, k)));
        /* and the way back: the same box, if perhaps by other words */
        int l, o, a;
        double iou;
        omost_box_nearest(b, &l, &o, &a, &iou);
        omost_box again = omost_box_of(l, o, a);
        assert_true(iou == 1.0);
        assert_memory_equal(&b, &again, sizeof b);
    }
    assert_int_equal(json_array_size(rows), OMOST_N_BOXES);
    json_decref(rows);
}

/* ---- rows of tokens ---------------------------------------------------- */

static void put_row(om_buf *b, const uint32_t ids[OMOST_ROW_IDS])
{
    for (int k = 0; k < OMOST_ROW_IDS; k++)
        om_buf_printf(b, k ? " %u" : "%u", ids[k]);
    om_buf_putc(b, '\n');
}

static void rows_digest(const omost_plan *plan, size_t i, char hex[65])
{
    om_buf b;
    om_buf_init(&b, NULL, 16u << 20);
    for (int second = 0; second < 2; second++)
        for (size_t j = 0; j < omost_plan_row_count(plan, i); j++) {
            const omost_row *row = omost_plan_row(plan, i, j);
            put_row(&b, second ? row->ids_2 : row->ids);
        }
    om_sha256_hex(om_buf_view(&b), hex);
    om_buf_free(&b);
}

static const json_t *row_named(const json_t *rows, om_str name)
{
    for (size_t i = 0; i < json_array_size(rows); i++)
        if (om_str_eq(field(json_array_get(rows, i), "name"), name))
            return json_array_get(rows, i);
    return NULL;
}

static void check_bags(const json_t *want, om_str text,
                       const omost_tokenizer *tk)
{
    om_str name = field(want, "canvas");
    const json_t *conditions = json_object_get(want, "conditions");
    omost_error err;
    omost_canvas *cv = parse(text, true, &err);
    if (!cv) return; /* a gray one; test_canvases says which may be refused */
    omost_plan *plan = omost_plan_new(cv, tk, NULL, &err);
    if (!plan) fail_msg("%.*s: %s", OM_STR_ARG(name), err.msg);
    assert_int_equal(omost_plan_count(plan), json_array_size(conditions));
    bool strict_ok = true;
    for (size_t i = 0; i < omost_plan_count(plan); i++) {
        const json_t *c = json_array_get(conditions, i);
        char hex[65];
        rows_digest(plan, i, hex);
        strict_ok &= json_is_true(json_object_get(c, "strict"));
        if (!om_str_eqz(field(c, "rows"), hex))
            fail_msg("%.*s: condition %zu has other rows", OM_STR_ARG(name), i);
    }
    omost_plan_free(plan);
    const omost_plan_opts strict = {.strict = true};
    plan = omost_plan_new(cv, tk, &strict, &err);
    if (!plan == strict_ok)
        fail_msg("%.*s: strict: %d", OM_STR_ARG(name), plan != NULL);
    omost_plan_free(plan);
    omost_canvas_free(cv);
}

static void test_bags(void **state)
{
    (void)state;
    omost_tokenizer *tk = open_clip();
    if (!tk) skip();
    json_t *rows = golden_lines("bags.jsonl"),
           *canvases = golden_lines("canvas.jsonl"), *row;
    size_t i, checked = 0;
    json_array_foreach(rows, i, row)
    {
        om_str text = field(row_named(canvases, field(row, "canvas")), "text");
        if (!text.p) continue;
        check_bags(row, text, tk);
        checked++;
    }
    assert_true(checked >= 48);
    json_decref(rows);
    json_decref(canvases);
    omost_tokenizer_free(tk);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bags),      cmocka_unit_test(test_canvases),
        cmocka_unit_test(test_malicious), cmocka_unit_test(test_deep_brackets),
        cmocka_unit_test(test_fuzzy),     cmocka_unit_test(test_boxes),
    };
    return cmocka_run_group_tests_name("golden", tests, NULL, NULL);
}
