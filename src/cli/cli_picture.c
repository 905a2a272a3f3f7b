/* cli_picture.c - PNG files as input: pixels to begin from, and the record of
 * how one of ours was drawn. */
#include "base/file.h"
#include "cli/render_cli.h"
#include "image/png.h"

enum { MAX_FILE = 256 << 20 };

omost_status om_picture_record(const char *path, om_buf *out, omost_error *err)
{
    om_buf file;
    om_buf_init(&file, NULL, MAX_FILE);
    omost_status st = om_file_read(path, &file, err);
    if (st == OMOST_OK)
        st = om_png_find_text(out, om_buf_view(&file), OMOST_PNG_RECORD, err);
    if (st == OMOST_MISSING && file.n > 0)
        st = om_fail(err, OMOST_MISSING,
                     "%s carries no record of how it was drawn: it is not a "
                     "picture of omost render, or was saved by another program",
                     path);
    om_buf_free(&file);
    return st;
}

omost_status om_picture_load(const char *path, om_picture *pic,
                             omost_error *err)
{
    om_buf file;
    omost_error why;
    om_buf_init(&file, NULL, MAX_FILE);
    omost_status st = om_file_read(path, &file, err);
    if (st == OMOST_OK) {
        st = om_png_decode(pic, NULL, om_buf_view(&file), OM_PICTURE_MAX_PIXELS,
                           &why);
        if (st != OMOST_OK) om_fail(err, st, "%s: %s", path, why.msg);
    }
    om_buf_free(&file);
    return st;
}
