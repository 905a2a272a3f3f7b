/* fuzz_json.c - bytes as our JSON (or whatever they are): what can be read can
 * be written, and reads back as the same document in every exact format. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "omost/canvas.h"

static void check(bool ok, const char *what, const char *text)
{
    if (ok) return;
    fprintf(stderr, "%s:\n%s\n", what, text ? text : "");
    abort();
}

/* `text` is NULL where the canvas was too long to be written. Nothing is to be
 * noted when it is read, but that it never describes the whole picture. */
static void check_same(const omost_canvas *cv, char *text, size_t len,
                       const omost_error *err)
{
    omost_error why = {0};
    check(text || err->status == OMOST_LIMIT, "not written", err->msg);
    if (!text) return;
    omost_canvas *back = omost_canvas_read(text, len, NULL, &why);
    check(back != NULL, why.msg, text);
    check(omost_canvas_equal(cv, back), "changed", text);
    check(omost_canvas_note_count(back) == 0 || !omost_canvas_global(cv),
          "noted", text);
    omost_canvas_free(back);
    omost_text_free(NULL, text);
}

static void check_diff(const omost_canvas *cv)
{
    omost_diff *d = omost_diff_new(cv, cv, NULL);
    check(d && omost_diff_count(d) == 0, "differs from itself", NULL);
    omost_diff_free(d);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    omost_error err;
    size_t len;
    omost_canvas *cv = omost_canvas_read((const char *)data, size, NULL, &err);
    check(cv || err.status != OMOST_OK, "no reason", NULL);
    if (!cv) return 0;
    char *json = omost_canvas_to_json(cv, &len, &err);
    check_same(cv, json, len, &err);
    char *plain = omost_canvas_to_python(cv, OMOST_PYTHON_PLAIN, &len, &err);
    check_same(cv, plain, len, &err);
    char *fenced = omost_canvas_to_python(cv, OMOST_PYTHON_FENCED, &len, &err);
    check_same(cv, fenced, len, &err);
    check_diff(cv);
    omost_canvas_free(cv);
    return 0;
}
