/* fuzz_comfy.c - bytes as ComfyUI_omost's conditioning: what can be read is,
 * after one round through the format, the same bytes for ever. Two canvases
 * one round apart are compared, too. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "omost/canvas.h"

static void check(bool ok, const char *what, const char *text)
{
    if (ok) return;
    fprintf(stderr, "%s:\n%s\n", what, text ? text : "");
    abort();
}

/* NULL where it would be too long. */
static char *write(const omost_canvas *cv, size_t *len)
{
    omost_error err = {0};
    char *z = omost_canvas_to_comfy(cv, len, &err);
    check(z || err.status == OMOST_LIMIT, "not written", err.msg);
    return z;
}

static void check_diff(const omost_canvas *a, const omost_canvas *b)
{
    omost_diff *d = omost_diff_new(a, b, NULL);
    char *text = omost_diff_to_text(d, NULL, NULL);
    char *json = omost_diff_to_json(d, NULL, NULL);
    check(text && json, "not told", NULL);
    check((*text == '\0') == (omost_diff_count(d) == 0), "told wrongly", text);
    omost_text_free(NULL, text);
    omost_text_free(NULL, json);
    omost_diff_free(d);
}

static void check_rounds(const omost_canvas *cv)
{
    omost_error err = {0};
    size_t len, len2;
    char *first = write(cv, &len), *second = NULL;
    if (!first) return;
    omost_canvas *back = omost_canvas_read(first, len, NULL, &err);
    check(back != NULL, err.msg, first);
    second = write(back, &len2);
    check(second && strcmp(first, second) == 0, "changes in the second round",
          first);
    check_diff(cv, back);
    omost_canvas_free(back);
    omost_text_free(NULL, first);
    omost_text_free(NULL, second);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    omost_error err;
    omost_canvas *cv = omost_canvas_read((const char *)data, size, NULL, &err);
    check(cv || err.status != OMOST_OK, "no reason", NULL);
    if (cv) check_rounds(cv);
    omost_canvas_free(cv);
    return 0;
}
