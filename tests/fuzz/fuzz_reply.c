/* fuzz_reply.c - any bytes as a model's reply. The first byte chooses the mode
 * and how the rest is cut into pieces. What comes out in pieces must be what
 * comes out at once; what is accepted must survive printing. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "omost/canvas.h"

static void require(bool ok, const char *what)
{
    if (ok) return;
    fprintf(stderr, "fuzz_reply: %s\n", what);
    abort();
}

static void check_printing(const omost_canvas *cv)
{
    size_t n, m;
    char *text = omost_canvas_to_python(cv, OMOST_PYTHON_FENCED, &n, NULL);
    require(text != NULL, "a canvas could not be printed");
    const omost_read_opts strict = {.strict = true};
    omost_canvas *again =
        omost_canvas_parse(text, n, omost_canvas_global(cv) ? &strict : NULL,
                           NULL);
    require(again && omost_canvas_equal(cv, again),
            "printing changed a canvas");
    char *twice = omost_canvas_to_python(again, OMOST_PYTHON_FENCED, &m, NULL);
    require(twice && n == m && memcmp(text, twice, n) == 0,
            "printing is not a fixed point");
    omost_text_free(NULL, text);
    omost_text_free(NULL, twice);
    omost_canvas_free(again);
}

static omost_canvas *in_pieces(const char *p, size_t n, size_t piece,
                               bool strict, omost_error *err)
{
    const omost_read_opts opts = {.strict = strict};
    omost_reader *rd = omost_reader_new(&opts, NULL, NULL, err);
    omost_status st = OMOST_OK;
    for (size_t i = 0; i < n && st == OMOST_OK; i += piece)
        st = omost_reader_feed(rd, p + i, n - i < piece ? n - i : piece, err);
    omost_canvas *cv = st == OMOST_OK ? omost_reader_finish(rd, err) : NULL;
    omost_reader_free(rd);
    return cv;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1) return 0;
    const char *p = (const char *)data + 1;
    const size_t n = size - 1, piece = 1 + (data[0] >> 1) % 16;
    const omost_read_opts opts = {.strict = data[0] & 1};
    omost_error e1 = {0}, e2 = {0};
    omost_canvas *whole = omost_canvas_parse(p, n, &opts, &e1);
    omost_canvas *cut = in_pieces(p, n, piece, opts.strict, &e2);
    require(!whole == !cut, "pieces change the verdict");
    if (whole) {
        require(omost_canvas_equal(whole, cut), "pieces change the canvas");
        require(omost_canvas_note_count(whole) == omost_canvas_note_count(cut),
                "pieces change the notes");
        check_printing(whole);
        omost_layout *lo = omost_layout_new(whole, NULL);
        require(lo != NULL, "no layout");
        uint8_t pixels[OMOST_GRID * OMOST_GRID * 3];
        omost_layout_composition(lo, pixels);
        omost_layout_free(lo);
    } else {
        require(strcmp(e1.msg, e2.msg) == 0 && e1.line == e2.line &&
                    e1.col == e2.col,
                "pieces change the error");
    }
    /* strict accepts nothing that the default mode reads in another way */
    if (whole && opts.strict) {
        omost_canvas *lenient = omost_canvas_parse(p, n, NULL, NULL);
        require(lenient && omost_canvas_equal(whole, lenient),
                "the modes differ");
        omost_canvas_free(lenient);
    }
    omost_canvas_free(whole);
    omost_canvas_free(cut);
    return 0;
}
