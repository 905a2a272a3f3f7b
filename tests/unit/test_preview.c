/* test_preview.c - the preview's pixels against the original's composition,
 * and what a labelled preview must keep to: everything inside the picture,
 * labels apart from each other, legible colours, well-formed SVG. */
#include "support.h"

#include <unistd.h>

#include "base/hash.h"
#include "base/utf8.h"
#include "image/png.h"
#include "preview/preview.h"

/* ---- helpers ----------------------------------------------------------- */

static omost_canvas *parse(om_str text)
{
    omost_error err;
    omost_canvas *cv = omost_canvas_parse(text.p, text.n, NULL, &err);
    if (!cv) fail_msg("%s", err.msg);
    return cv;
}

static omost_canvas *harbour(void)
{
    om_buf b = data_file("preview/harbour.py");
    omost_canvas *cv = parse(om_buf_view(&b));
    om_buf_free(&b);
    assert_int_equal(omost_canvas_count(cv), 12);
    return cv;
}

static om_picture draw(const omost_canvas *cv, const omost_preview_opts *opts)
{
    omost_error err;
    om_picture pic;
    size_t n = 0;
    uint8_t *png = omost_preview_png(cv, opts, &n, &err);
    if (!png) fail_msg("%s", err.msg);
    if (om_png_decode(&pic, NULL, (om_str){(char *)png, n},
                      OM_PICTURE_MAX_PIXELS, &err))
        fail_msg("%s", err.msg);
    omost_preview_free(NULL, png);
    return pic;
}

typedef void canvas_fn(const omost_canvas *cv, om_str name, const json_t *row);

/* The canvas of a carried result: its text is in the row, or, of the two that
 * were published elsewhere, in the golden data. NULL: neither, or refused as
 * gray ones may be (test_golden says which). */
static omost_canvas *canvas_of(const json_t *row)
{
    om_str text = field(row, "text");
    om_buf file;
    om_buf_init(&file, NULL, 0);
    if (!text.p) {
        char name[128];
        snprintf(name, sizeof name, "canvas/%.*s.txt",
                 OM_STR_ARG(field(row, "name")));
        if (golden_file(name, &file)) text = om_buf_view(&file);
    }
    omost_canvas *cv =
        text.p ? omost_canvas_parse(text.p, text.n, NULL, NULL) : NULL;
    om_buf_free(&file);
    return cv;
}

/* Every canvas that the original drew; fewer than expected is a failure. */
static void for_each_canvas(canvas_fn *fn)
{
    json_t *rows = golden_lines("canvas.jsonl");
    size_t i, n = 0;
    json_t *row;
    json_array_foreach(rows, i, row)
    {
        omost_canvas *cv =
            json_object_get(row, "composition") ? canvas_of(row) : NULL;
        if (!cv) continue;
        fn(cv, field(row, "name"), row);
        omost_canvas_free(cv);
        n++;
    }
    json_decref(rows);
    print_message("%zu canvases\n", n);
    assert_true(n >=
                47); /* 49 with the golden data; one of 50 is gray, refused */
}

/* ---- pixels ------------------------------------------------------------ */

static void check_composition(const omost_canvas *cv, om_str name,
                              const json_t *row)
{
    char hex[65];
    om_picture pic = draw(cv, NULL);
    assert_int_equal(pic.width, 90);
    assert_int_equal(pic.height, 90);
    om_sha256_hex((om_str){(char *)pic.rgb, om_picture_bytes(&pic)}, hex);
    if (!om_str_eqz(field(row, "composition"), hex))
        fail_msg("%.*s: another composition", OM_STR_ARG(name));
    om_picture_free(&pic);
}

static void test_composition(void **state)
{
    (void)state;
    for_each_canvas(check_composition);
}

static void test_sizes(void **state)
{
    (void)state;
    static const int sizes[][2] = {
        {16, 16}, {90, 180}, {390, 512}, {896, 1152}, {1000, 77}};
    omost_canvas *cv = harbour();
    om_picture cells = draw(cv, NULL);
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        int w = sizes[i][0], h = sizes[i][1];
        om_picture pic =
            draw(cv, &(omost_preview_opts){.width = w, .height = h});
        assert_int_equal(pic.width, w);
        assert_int_equal(pic.height, h);
        for (int y = 0; y < h; y++)
            for (int x = 0; x < w; x++)
                assert_memory_equal(om_picture_at(&pic, x, y),
                                    om_picture_at(&cells,
                                                  (2 * x + 1) * 90 / (2 * w),
                                                  (2 * y + 1) * 90 / (2 * h)),
                                    3);
        om_picture_free(&pic);
    }
    om_picture_free(&cells);
    omost_canvas_free(cv);
}

static void check_size(const omost_canvas *cv, omost_preview_opts o, int w,
                       int h)
{
    om_picture pic = draw(cv, &o);
    assert_int_equal(pic.width, w);
    assert_int_equal(pic.height, h);
    om_picture_free(&pic);
}

static void test_default_sizes(void **state)
{
    (void)state;
    omost_canvas *cv = harbour();
    check_size(cv, (omost_preview_opts){0}, 90, 90);
    check_size(cv, (omost_preview_opts){.width = 40}, 40, 40);
    check_size(cv, (omost_preview_opts){.height = 41}, 41, 41);
    check_size(cv, (omost_preview_opts){.labels = OMOST_LABELS_PLAIN}, 1024,
               1024);
    omost_canvas_free(cv);
}

static void test_refused_options(void **state)
{
    (void)state;
    static const omost_preview_opts bad[] = {
        {.width = 15, .height = 90},
        {.width = 90, .height = 15},
        {.width = 8193, .height = 90},
        {.width = 90, .height = 8193},
        {.width = -1, .height = 90},
        {.width = 0x7fffffff, .height = 0x7fffffff},
        {.height = -5},
        {.labels = (omost_preview_labels)9},
        {.theme = (omost_preview_theme)-1}};
    omost_canvas *cv = harbour();
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        omost_error err;
        size_t n;
        assert_null(omost_preview_png(cv, &bad[i], &n, &err));
        assert_int_equal(err.status, OMOST_RANGE);
        assert_null(omost_preview_svg(cv, &bad[i], NULL, NULL));
        assert_int_equal(omost_preview_png_save(cv, "/nowhere/x.png", &bad[i],
                                                &err),
                         OMOST_RANGE);
    }
    omost_canvas_free(cv);
}

static void test_save(void **state)
{
    (void)state;
    char folder[] = "/tmp/omost-preview-XXXXXX", path[64];
    omost_canvas *cv = harbour();
    omost_error err;
    om_buf file;
    size_t n;
    om_buf_init(&file, NULL, 1 << 20);
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/a.png", folder);
    assert_int_equal(omost_preview_png_save(cv, path, NULL, &err), OMOST_OK);
    assert_int_equal(om_file_read(path, &file, &err), OMOST_OK);
    uint8_t *png = omost_preview_png(cv, NULL, &n, &err);
    assert_int_equal(n, file.n);
    assert_memory_equal(png, file.p, n);
    unlink(path);
    assert_int_equal(rmdir(folder), 0);
    assert_int_not_equal(omost_preview_png_save(cv, path, NULL, &err),
                         OMOST_OK);
    omost_preview_free(NULL, png);
    om_buf_free(&file);
    omost_canvas_free(cv);
}

static void test_same_bytes(void **state)
{
    (void)state;
    omost_canvas *cv = harbour();
    const omost_preview_opts o = {.labels = OMOST_LABELS_LEGEND};
    size_t n[2];
    uint8_t *a = omost_preview_png(cv, &o, &n[0], NULL),
            *b = omost_preview_png(cv, &o, &n[1], NULL);
    assert_int_equal(n[0], n[1]);
    assert_memory_equal(a, b, n[0]);
    omost_preview_free(NULL, a);
    omost_preview_free(NULL, b);
    omost_canvas_free(cv);
}

/* ---- labels ------------------------------------------------------------ */

static bool inside(om_rect r, om_rect in)
{
    return r.x >= in.x && r.y >= in.y && r.x + r.w <= in.x + in.w &&
           r.y + r.h <= in.y + in.h;
}

static bool meet(om_rect a, om_rect b)
{
    return a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h &&
           b.y < a.y + a.h;
}

/* What an operation covers; texts reach a cap height up and a bit down. */
static om_rect extent(const om_op *op)
{
    if (op->kind != OM_OP_TEXT) return op->r;
    int cap = om_font_cap_height(op->n);
    return (om_rect){op->r.x, op->r.y - cap, op->r.w, cap + op->n / 4};
}

static void check_ops(const om_drawing *d)
{
    const om_scene *s = &d->scene;
    const om_rect whole = {0, 0, s->width, s->height};
    assert_true(inside(s->layout, whole));
    int open = 0;
    for (size_t i = 0; i < s->n; i++) {
        const om_op *op = &s->op[i];
        open += (op->kind == OM_OP_OPEN) - (op->kind == OM_OP_CLOSE);
        assert_true(open >= 0 && open <= 1);
        if (op->kind == OM_OP_OPEN || op->kind == OM_OP_CLOSE ||
            op->kind == OM_OP_LINE)
            continue;
        assert_true(op->r.w >= 0 && op->r.h >= 0);
        if (!inside(extent(op), whole))
            fail_msg(
                "operation %zu, \"%.*s\" at %d,%d %dx%d, leaves a picture of %dx%d",
                i, OM_STR_ARG(op->text), op->r.x, op->r.y, op->r.w, op->r.h,
                s->width, s->height);
    }
    assert_int_equal(open, 0);
}

static void check_plates(const om_drawing *d)
{
    const om_view *v = &d->view;
    for (size_t i = 0; i < v->n; i++) {
        const om_plate *p = &v->plates[i];
        if (p->level == OM_PLATE_NONE) continue;
        assert_true(inside(p->at, d->scene.layout));
        if (!p->outside) assert_true(inside(p->at, v->region[i].box));
        for (size_t j = 0; j < i; j++)
            if (v->plates[j].level != OM_PLATE_NONE)
                assert_false(meet(p->at, v->plates[j].at));
    }
}

/* No text of the list runs over another. */
static void check_texts_apart(const om_drawing *d)
{
    const om_scene *s = &d->scene;
    for (size_t i = 0; i < s->n; i++) {
        if (s->op[i].kind != OM_OP_TEXT) continue;
        for (size_t j = 0; j < i; j++) {
            if (s->op[j].kind != OM_OP_TEXT) continue;
            om_rect a = s->op[i].r, b = s->op[j].r;
            a.h = om_font_cap_height(s->op[i].n), a.y -= a.h;
            b.h = om_font_cap_height(s->op[j].n), b.y -= b.h;
            if (meet(a, b))
                fail_msg("\"%.*s\" over \"%.*s\" (%dx%d)",
                         OM_STR_ARG(s->op[i].text), OM_STR_ARG(s->op[j].text),
                         s->layout.w, s->layout.h);
        }
    }
}

static void check_drawing(const omost_canvas *cv, omost_preview_opts o,
                          size_t bare)
{
    om_drawing d;
    omost_error err;
    if (om_drawing_start(&d, cv, &o, &err) != OMOST_OK) fail_msg("%s", err.msg);
    check_ops(&d);
    check_plates(&d);
    check_texts_apart(&d);
    if (d.view.n_unlabelled > bare)
        fail_msg("%zu regions have no label", d.view.n_unlabelled);
    om_drawing_finish(&d);
}

static void check_labels(const omost_canvas *cv, om_str name, const json_t *row)
{
    (void)name;
    (void)row;
    check_drawing(cv, (omost_preview_opts){.labels = OMOST_LABELS_LEGEND}, 0);
    check_drawing(
        cv, (omost_preview_opts){.width = 390, .labels = OMOST_LABELS_LEGEND},
        0);
    check_drawing(cv,
                  (omost_preview_opts){.width = 640,
                                       .height = 400,
                                       .labels = OMOST_LABELS_LEGEND,
                                       .theme = OMOST_THEME_DARK},
                  0);
    check_drawing(cv,
                  (omost_preview_opts){.width = 2048,
                                       .height = 512,
                                       .labels = OMOST_LABELS_PLAIN},
                  0);
}

static void test_labels(void **state)
{
    (void)state;
    for_each_canvas(check_labels);
}

static void test_labels_of_all_sizes(void **state)
{
    (void)state;
    omost_canvas *cv = harbour();
    for (int w = 16; w <= OMOST_PREVIEW_MAX; w = w * 3 / 2)
        for (int h = 16; h <= OMOST_PREVIEW_MAX; h = h * 3 / 2)
            check_drawing(cv,
                          (omost_preview_opts){.width = w,
                                               .height = h,
                                               .labels = OMOST_LABELS_LEGEND},
                          w < 390 || h < 390 ? 12 : 0);
    omost_canvas_free(cv);
}

/* At 1024 pixels twelve long names are legible: all have words, not numbers
 * alone, and most are whole or nearly. */
static void test_twelve_long_names(void **state)
{
    (void)state;
    omost_canvas *cv = harbour();
    om_drawing d;
    omost_error err;
    const omost_preview_opts o = {.labels = OMOST_LABELS_LEGEND};
    assert_int_equal(om_drawing_start(&d, cv, &o, &err), OMOST_OK);
    size_t full = 0;
    for (size_t i = 0; i < d.view.n; i++) {
        assert_true(d.view.plates[i].level >= OM_PLATE_SHORT);
        assert_false(d.view.plates[i].outside);
        full += d.view.plates[i].level >= OM_PLATE_NAME;
    }
    assert_true(full >= 9);
    assert_true(d.view.em >= 16);
    om_drawing_finish(&d);
    omost_canvas_free(cv);
}

/* Names make way for the picture: plates grow to a fifth of it together, though
 * there is room for more. */
static void test_plates_leave_the_picture(void **state)
{
    (void)state;
    enum { N = 10 };
    om_plate p[N];
    omost_error err;
    const om_rect within = {0, 0, 1000, 1000};
    for (int i = 0; i < N; i++)
        p[i] = (om_plate){.room = {0, 100 * i, 1000, 100},
                          .size = {[OM_PLATE_BADGE] = {0, 0, 40, 40},
                                   [OM_PLATE_SHORT] = {0, 0, 100, 40},
                                   [OM_PLATE_NAME] = {0, 0, 300, 40},
                                   [OM_PLATE_FULL] = {0, 0, 900, 80}}};
    assert_int_equal(om_plates_place(p, N, within, 4, NULL, &err), OMOST_OK);
    int grown = 0, paper = 0;
    for (int i = 0; i < N; i++) {
        assert_true(p[i].level >= OM_PLATE_NAME);
        grown += p[i].level == OM_PLATE_FULL;
        paper += p[i].at.w * p[i].at.h - 40 * 40;
    }
    assert_int_equal(grown, 1);
    assert_true(paper <= 1000 * 1000 / 5);
}

static omost_canvas *stacked(size_t n)
{
    om_buf b;
    om_buf_init(&b, NULL, 1 << 20);
    om_buf_puts(
        &b, "canvas = Canvas()\ncanvas.set_global_description(description='x', "
            "detailed_descriptions=[], tags='', HTML_web_color_name='red')\n");
    for (size_t i = 0; i < n; i++)
        om_buf_puts(
            &b,
            "canvas.add_local_description(location='in the center', offset='no offset'"
            ", area='a small square area', distance_to_viewer=1, description='one of "
            "very many', detailed_descriptions=[], tags='', atmosphere='', style='', "
            "quality_meta='', HTML_web_color_name='blue')\n");
    omost_canvas *cv = parse(om_buf_view(&b));
    om_buf_free(&b);
    return cv;
}

static void test_many_on_one_spot(void **state)
{
    (void)state;
    static const size_t counts[] = {0, 1, 2, 14, 40, 130, 200, 201, 1000};
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        omost_canvas *cv = stacked(counts[i]);
        check_drawing(cv, (omost_preview_opts){.labels = OMOST_LABELS_LEGEND},
                      counts[i] > 200 ? counts[i] : 0);
        check_drawing(cv,
                      (omost_preview_opts){.width = 300,
                                           .labels = OMOST_LABELS_LEGEND},
                      counts[i]);
        omost_canvas_free(cv);
    }
}

/* 1 is what was drawn last: the nearest, of equals the later one. */
static void test_numbers(void **state)
{
    (void)state;
    omost_canvas *cv = harbour();
    om_drawing d;
    omost_error err;
    assert_int_equal(om_drawing_start(&d, cv, NULL, &err), OMOST_OK);
    assert_null(d.font); /* nothing is written: nothing to load it for */
    for (size_t i = 0; i < d.view.n; i++) {
        const om_shown *r = &d.view.region[i];
        assert_ptr_equal(r->item, omost_layout_item(d.layout, d.view.n - i));
        assert_int_equal(strtol(r->number.p, NULL, 10), i + 1);
        if (i > 0)
            assert_true(omost_number_cmp(&r[-1].region->distance,
                                         &r->region->distance) <= 0);
    }
    om_drawing_finish(&d);
    omost_canvas_free(cv);
}

/* ---- colours ----------------------------------------------------------- */

static void test_contrast(void **state)
{
    (void)state;
    const om_rgba black = {0, 0, 0, 255}, white = {255, 255, 255, 255};
    assert_true(om_contrast(black, white) > 20.99 &&
                om_contrast(black, white) < 21.01);
    for (int r = 0; r < 256; r += 15)
        for (int g = 0; g < 256; g += 15)
            for (int b = 0; b < 256; b += 15) {
                om_rgba paper = {(uint8_t)r, (uint8_t)g, (uint8_t)b, 255};
                assert_true(om_contrast(om_ink_on(paper), paper) >= 4.5);
            }
}

/* The pixel under the middle of a text before it is drawn, and its colour:
 * every text must stand out from what it is written on. */
static void check_text_contrast(const om_drawing *d)
{
    uint8_t cells[OMOST_GRID * OMOST_GRID * 3];
    om_picture pic;
    omost_error err;
    om_scene bare = d->scene;
    om_op *ops = calloc(bare.n, sizeof *ops);
    size_t n = 0;
    for (size_t i = 0; i < bare.n; i++)
        if (bare.op[i].kind != OM_OP_TEXT) ops[n++] = bare.op[i];
    bare.op = ops;
    bare.n = n;
    omost_layout_composition(d->layout, cells);
    assert_int_equal(om_scene_paint(&bare, cells, &pic, &err), OMOST_OK);
    for (size_t i = 0; i < d->scene.n; i++) {
        const om_op *op = &d->scene.op[i];
        if (op->kind != OM_OP_TEXT) continue;
        const uint8_t *p =
            om_picture_at(&pic, op->r.x + op->r.w / 2, op->r.y - op->n / 3);
        double c = om_contrast(op->color, (om_rgba){p[0], p[1], p[2], 255});
        if (c < 4.5)
            fail_msg("\"%.*s\": contrast %.1f", OM_STR_ARG(op->text), c);
    }
    om_picture_free(&pic);
    free(ops);
}

static void test_text_contrast(void **state)
{
    (void)state;
    omost_canvas *cv = harbour();
    for (int theme = 0; theme < 2; theme++) {
        om_drawing d;
        omost_error err;
        const omost_preview_opts o = {.labels = OMOST_LABELS_LEGEND,
                                      .theme = (omost_preview_theme)theme};
        assert_int_equal(om_drawing_start(&d, cv, &o, &err), OMOST_OK);
        check_text_contrast(&d);
        om_drawing_finish(&d);
    }
    omost_canvas_free(cv);
}

/* ---- SVG --------------------------------------------------------------- */

/* A small reader of well-formed XML: enough for what we write, no more. */
typedef struct xml {
    const char *p, *end;
    om_str open[32];
    size_t depth, elements, titles;
} xml;

static bool is_name(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           (c >= '0' && c <= '9') || c == '-' || c == ':';
}

static om_str name_at(xml *x)
{
    om_str s = {x->p, 0};
    while (x->p < x->end && is_name(*x->p)) x->p++, s.n++;
    assert_true(s.n > 0);
    return s;
}

/* Text up to `stop`: no markup, only known entities, only legal characters. */
static void skip_text(xml *x, char stop)
{
    static const char *const known[] = {"&amp;", "&lt;", "&gt;",  "&quot;",
                                        "&#39;", "&#9;", "&#10;", "&#13;"};
    while (x->p < x->end && *x->p != stop) {
        size_t len, i = 0;
        uint32_t r = om_utf8_decode(x->p, x->end, &len);
        assert_true(r == '\n' || (r >= 0x20 && r != 0xfffe && r != 0xffff &&
                                  r != OM_RUNE_BAD));
        assert_true(r != '<' && (r != '>' || stop == '"'));
        while (r == '&' && strncmp(x->p, known[i], strlen(known[i])) != 0)
            assert_true(++i < sizeof known / sizeof *known);
        x->p += len;
    }
}

static void read_tag(xml *x)
{
    bool closing = x->p[1] == '/';
    x->p += closing ? 2 : 1;
    om_str name = name_at(x);
    while (x->p < x->end && *x->p == ' ') {
        x->p++;
        om_str attr = name_at(x);
        assert_false(
            om_str_eqz(attr, "href") || om_str_eqz(attr, "xlink:href") ||
            om_str_starts(attr, OM_STR("on")) || om_str_eqz(attr, "style"));
        assert_true(strncmp(x->p, "=\"", 2) == 0);
        x->p += 2;
        skip_text(x, '"');
        x->p++;
    }
    bool empty = *x->p == '/';
    x->p += empty;
    assert_int_equal(*x->p++, '>');
    assert_false(om_str_eqz(name, "script") || om_str_eqz(name, "image") ||
                 om_str_eqz(name, "use") || om_str_eqz(name, "foreignObject"));
    if (closing) {
        assert_true(x->depth > 0 && om_str_eq(x->open[--x->depth], name));
        return;
    }
    x->elements++;
    x->titles += om_str_eqz(name, "title");
    if (!empty) {
        assert_true(x->depth < 32);
        x->open[x->depth++] = name;
    }
}

static size_t check_xml(om_str s, size_t *titles)
{
    static const char head[] =
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<svg ";
    assert_true(om_str_starts(s, om_str_of(head)));
    xml x = {.p = s.p + strlen(head) - 5, .end = s.p + s.n};
    while (x.p < x.end) {
        if (*x.p == '<')
            read_tag(&x);
        else
            skip_text(&x, '<');
        assert_true(x.depth > 0 ||
                    om_str_eqz((om_str){x.p, (size_t)(x.end - x.p)}, "\n"));
        if (x.depth == 0) break;
    }
    assert_int_equal(x.depth, 0);
    *titles = x.titles;
    return x.elements;
}

static void check_svg(const omost_canvas *cv, om_str name, const json_t *row)
{
    (void)name;
    (void)row;
    for (int labels = 0; labels < 3; labels++) {
        omost_error err;
        size_t n, titles;
        const omost_preview_opts o = {.labels = (omost_preview_labels)labels};
        char *svg = omost_preview_svg(cv, &o, &n, &err);
        if (!svg) fail_msg("%s", err.msg);
        assert_int_equal(strlen(svg), n);
        check_xml((om_str){svg, n}, &titles);
        assert_int_equal(titles, omost_canvas_count(cv) + 1);
        omost_preview_free(NULL, svg);
    }
}

static void test_svg(void **state)
{
    (void)state;
    for_each_canvas(check_svg);
}

/* Names that try to be markup, or to break the file. */
static void test_svg_hostile_names(void **state)
{
    (void)state;
#define NAME(lit)              \
    {                          \
        "" lit, sizeof lit - 1 \
    }
    static const om_str names[] = {
        NAME("</title><script>alert(1)</script>"),
        NAME("\" onload=\"alert(1)"),
        NAME("]]>&amp;&bogus;<!-- -->"),
        NAME("\0\1\2\x1b[31m\x7f\xc2\x85"),
        NAME("\xef\xbf\xbe\xef\xbf\xbf"),
        NAME("\xe2\x80\xae"
             "evil\xe2\x80\xa8line\xef\xbb\xbf"),
        NAME("   .  "),
        NAME(""),
    };
#undef NAME
    enum { N = sizeof names / sizeof *names };
    omost_region regions[N];
    for (size_t i = 0; i < N; i++)
        regions[i] = (omost_region){.location = (int)i,
                                    .distance = {.value = 1.0 + (double)i},
                                    .description = names[i],
                                    .has_prefix = true,
                                    .prefix = names[0]};
    omost_global g = {.description = names[0]};
    omost_error err;
    omost_canvas *cv = omost_canvas_new(NULL, &g, regions, N, &err);
    if (!cv) fail_msg("%s", err.msg);
    check_svg(cv, (om_str){0}, NULL);
    check_drawing(cv, (omost_preview_opts){.labels = OMOST_LABELS_LEGEND}, 0);
    omost_canvas_free(cv);
}

/* A name of a megabyte costs no megabytes. */
static void test_long_name(void **state)
{
    (void)state;
    size_t n = 300000, svg_n;
    char *text = malloc(3 * n);
    for (size_t i = 0; i < n; i++) memcpy(text + 3 * i, "\xe4\xb8\xad", 3);
    omost_region r = {.distance = {.value = 1},
                      .description = {text, 3 * n},
                      .has_prefix = true};
    omost_global g = {.description = {text, 3 * n}};
    omost_error err;
    omost_canvas *cv = omost_canvas_new(NULL, &g, &r, 1, &err);
    if (!cv) fail_msg("%s", err.msg);
    check_drawing(cv, (omost_preview_opts){.labels = OMOST_LABELS_LEGEND}, 0);
    char *svg = omost_preview_svg(cv, NULL, &svg_n, &err);
    assert_true(svg && svg_n < 20000);
    omost_preview_free(NULL, svg);
    omost_canvas_free(cv);
    free(text);
}

/* ---- memory ------------------------------------------------------------ */

/* One preview with the i-th allocation failing; true when it came out. */
static bool try_preview(const omost_canvas *cv, omost_preview_opts o, bool svg,
                        meter *m, size_t i)
{
    omost_error err;
    size_t n;
    size_t before = m->live;
    m->calls = 0;
    m->fail_at = i;
    void *out = svg ? (void *)omost_preview_svg(cv, &o, &n, &err)
                    : (void *)omost_preview_png(cv, &o, &n, &err);
    m->fail_at = 0;
    if (!out) assert_int_equal(err.status, OMOST_NOMEM);
    omost_preview_free(o.env, out);
    assert_int_equal(m->live, before);
    return out != NULL;
}

static void sweep(omost_preview_opts o, bool svg)
{
    meter m = {0};
    const omost_env env = {metered, &m};
    om_buf b = data_file("preview/harbour.py");
    omost_canvas *cv =
        omost_canvas_parse(b.p, b.n, &(omost_read_opts){.env = &env}, NULL);
    assert_non_null(cv);
    o.env = &env;
    assert_true(try_preview(cv, o, svg, &m, 0));
    size_t calls = m.calls;
    /* all of the first 200, later ones (much alike) with growing steps */
    for (size_t i = 1; i <= calls; i += i < 200 ? 1 : 1 + i / 50)
        assert_false(try_preview(cv, o, svg, &m, i));
    print_message("%zu allocations\n", calls);
    omost_canvas_free(cv);
    om_buf_free(&b);
    assert_int_equal(m.live, 0);
}

static void test_no_memory(void **state)
{
    (void)state;
    sweep((omost_preview_opts){0}, false);
    sweep((omost_preview_opts){.width = 390, .labels = OMOST_LABELS_LEGEND},
          false);
    sweep((omost_preview_opts){.width = 390, .labels = OMOST_LABELS_LEGEND},
          true);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_composition),
        cmocka_unit_test(test_sizes),
        cmocka_unit_test(test_default_sizes),
        cmocka_unit_test(test_refused_options),
        cmocka_unit_test(test_save),
        cmocka_unit_test(test_same_bytes),
        cmocka_unit_test(test_labels),
        cmocka_unit_test(test_labels_of_all_sizes),
        cmocka_unit_test(test_twelve_long_names),
        cmocka_unit_test(test_plates_leave_the_picture),
        cmocka_unit_test(test_many_on_one_spot),
        cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_contrast),
        cmocka_unit_test(test_text_contrast),
        cmocka_unit_test(test_svg),
        cmocka_unit_test(test_svg_hostile_names),
        cmocka_unit_test(test_long_name),
        cmocka_unit_test(test_no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
