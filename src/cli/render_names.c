/* render_names.c - what the files of a batch are called. */
#include <stdio.h>
#include <strings.h>
#include <unistd.h>

#include "cli/render_cli.h"

bool om_picture_name(char name[OM_NAME_MAX], const char *out, int i)
{
    om_str stem = om_str_of(out), tail = OM_STR("");
    if (om_str_ends(stem, OM_STR(".png")) ||
        om_str_ends(stem, OM_STR(".PNG"))) {
        stem.n -= 4;
        tail = (om_str){stem.p + stem.n, 4};
    }
    int n = i == 0 ? snprintf(name, OM_NAME_MAX, "%s", out)
                   : snprintf(name, OM_NAME_MAX, "%.*s_%d%.*s",
                              OM_STR_ARG(stem), i + 1, OM_STR_ARG(tail));
    return n > 0 && n < OM_NAME_MAX;
}

static const char *without_dots(const char *path)
{
    while (path[0] == '.' && path[1] == '/')
        for (path += 2; *path == '/';) path++;
    return path;
}

bool om_is_picture_name(const char *path, const char *out, int batch)
{
    char name[OM_NAME_MAX];
    for (int i = 0; i < batch; i++)
        if (om_picture_name(name, out, i) &&
            strcmp(without_dots(name), without_dots(path)) == 0)
            return true;
    return false;
}

bool om_is_other_kind(const char *path)
{
    static const char *const kinds[] = {".jpg", ".jpeg", ".webp", ".gif",
                                        ".bmp", ".tif",  ".tiff", ".avif",
                                        ".jxl", ".svg"};
    const char *dot = strrchr(path, '.');
    for (size_t i = 0; dot && i < sizeof kinds / sizeof *kinds; i++)
        if (strcasecmp(dot, kinds[i]) == 0) return true;
    return false;
}

static bool all_free(const char *out, int batch)
{
    char name[OM_NAME_MAX];
    for (int i = 0; i < batch; i++)
        if (!om_picture_name(name, out, i) || access(name, F_OK) == 0)
            return false;
    return true;
}

bool om_free_name(char name[OM_NAME_MAX], int batch)
{
    snprintf(name, OM_NAME_MAX, "picture.png");
    for (int k = 2; k < 100000 && !all_free(name, batch); k++)
        snprintf(name, OM_NAME_MAX, "picture-%d.png", k);
    return all_free(name, batch);
}
