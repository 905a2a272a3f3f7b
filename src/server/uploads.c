/* uploads.c - see uploads.h. */
#include "server/uploads.h"

#include <dirent.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/hash.h"

enum { PATH = 4096 };

static bool path_of(char out[PATH], const char *folder, om_str token)
{
    const int n = snprintf(out, PATH, "%s/%.*s.png", folder, OM_STR_ARG(token));
    return n > 0 && n < PATH;
}

/* The oldest goes when there are too many. */
static void sweep(const char *folder)
{
    char path[PATH], oldest[PATH] = "";
    time_t when = 0;
    int n = 0;
    DIR *dir = opendir(folder);
    if (!dir) return;
    for (struct dirent *e; (e = readdir(dir)) != NULL;) {
        struct stat s;
        const om_str name = om_str_of(e->d_name);
        if (name.n != OM_TOKEN + 4 || !om_str_ends(name, OM_STR(".png")))
            continue;
        if (!path_of(path, folder, (om_str){name.p, OM_TOKEN})) continue;
        if (stat(path, &s) != 0) continue;
        n++;
        if (*oldest && s.st_mtime >= when) continue;
        when = s.st_mtime;
        memcpy(oldest, path, sizeof oldest);
    }
    closedir(dir);
    if (n > OM_UPLOADS_KEPT) unlink(oldest);
}

static omost_status write_file(const char *folder, om_str bytes,
                               char token[OM_TOKEN + 1], omost_error *err)
{
    char path[PATH];
    if (!om_sha256_hex(bytes, token)) return om_fail_nomem(err);
    if (!path_of(path, folder, om_str_of(token)))
        return om_fail(err, OMOST_LIMIT, "the folder's name is too long");
    omost_status st = om_make_folders(path, 0700, err);
    if (st == OMOST_OK) st = om_file_write(NULL, path, bytes, err);
    if (st == OMOST_OK) sweep(folder);
    if (st != OMOST_FULL) return st;
    return om_fail(err, st,
                   "no room left for the upload in %.140s: make room and try "
                   "again",
                   folder);
}

omost_status om_upload_add(const char *folder, om_str bytes,
                           char token[OM_TOKEN + 1], om_picture *pic,
                           omost_error *err)
{
    om_buf png;
    omost_status st = om_png_decode(pic, NULL, bytes, OM_UPLOAD_PIXELS, err);
    if (st != OMOST_OK) return st;
    om_buf_init(&png, NULL, (size_t)1 << 28);
    st = om_png_encode(&png, om_picture_pixels(pic), NULL, 0, err);
    if (st == OMOST_OK) st = write_file(folder, om_buf_view(&png), token, err);
    om_buf_free(&png);
    if (st != OMOST_OK) om_picture_free(pic);
    return st;
}

omost_status om_upload_read(const char *folder, om_str token, om_picture *pic,
                            omost_error *err)
{
    char path[PATH];
    om_buf png;
    *pic = (om_picture){0};
    if (!folder || !om_is_token(token) || !path_of(path, folder, token))
        return om_fail(err, OMOST_MISSING, "there is no such upload");
    om_buf_init(&png, NULL, (size_t)1 << 28);
    omost_status st = om_file_read(path, &png, err);
    if (st == OMOST_MISSING)
        st = om_fail(err, OMOST_MISSING,
                     "that upload is there no more; send the picture again");
    if (st == OMOST_OK)
        st = om_png_decode(pic, NULL, om_buf_view(&png), OM_UPLOAD_PIXELS, err);
    om_buf_free(&png);
    return st;
}
