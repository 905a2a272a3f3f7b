/* cli_picture.c - PNG files as input: pixels to begin from, and the record of
 * how one of ours was drawn. */
#include <stdio.h>
#include <sys/stat.h>

#include "base/file.h"
#include "cli/render_cli.h"
#include "image/png.h"

enum { MAX_FILE = 256 << 20 };

/* What is no file, a pipe say, could be read only once: not here. */
bool om_is_png(const char *path)
{
    char head[8];
    struct stat sb;
    if (stat(path, &sb) != 0 || !S_ISREG(sb.st_mode)) return false;
    FILE *f = fopen(path, "rb");
    size_t n = f ? fread(head, 1, sizeof head, f) : 0;
    if (f) fclose(f);
    return om_str_starts((om_str){head, n}, OM_PNG_MAGIC);
}

omost_status om_picture_record(const char *path, om_buf *out, omost_error *err)
{
    om_buf file;
    omost_error why;
    om_buf_init(&file, NULL, MAX_FILE);
    omost_status st = om_file_read(path, &file, err);
    if (st == OMOST_OK) {
        st = om_png_find_text(out, om_buf_view(&file), OMOST_PNG_RECORD, &why);
        if (st != OMOST_OK) om_fail(err, st, "%s: %s", path, why.msg);
    }
    if (st == OMOST_MISSING && file.n > 0)
        st = om_fail(err, OMOST_MISSING,
                     "%s carries no record of how it was drawn: it is not a "
                     "picture of omost render, or was saved by another program",
                     path);
    om_buf_free(&file);
    return st;
}

omost_status om_picture_canvas(const char *path, omost_python_style style,
                               om_buf *out, omost_error *err)
{
    om_buf text;
    size_t n = 0;
    char *code = NULL;
    om_buf_init(&text, NULL, OMOST_MAX_RECORD);
    omost_record *r = NULL;
    if (om_picture_record(path, &text, err) == OMOST_OK)
        r = omost_record_read(NULL, text.p, text.n, err);
    if (r) code = omost_canvas_to_python(r->canvas, style, &n, err);
    if (code) om_buf_put(out, code, n);
    omost_status st = code ? om_buf_check(out, path, err) : err->status;
    omost_text_free(NULL, code);
    omost_record_free(r);
    om_buf_free(&text);
    return st;
}

omost_status om_picture_load(const char *path, om_picture *pic,
                             omost_error *err)
{
    om_buf file;
    omost_error why;
    om_buf_init(&file, NULL, MAX_FILE);
    omost_status st = om_file_read(path, &file, err);
    if (st == OMOST_OK && !om_str_starts(om_buf_view(&file), OM_PNG_MAGIC)) {
        st = om_fail(err, OMOST_FORMAT,
                     "%s: not a readable PNG; convert it to PNG first", path);
    } else if (st == OMOST_OK) {
        st = om_png_decode(pic, NULL, om_buf_view(&file), OM_PICTURE_MAX_PIXELS,
                           &why);
        if (st != OMOST_OK) om_fail(err, st, "%s: %s", path, why.msg);
    }
    om_buf_free(&file);
    return st;
}
