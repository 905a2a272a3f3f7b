/* web_files.c - the page: from the program, or from a folder (--web) for who
 * works on it. */
#include "server/web_files.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/file.h"
#include "base/hash.h"
#include "server/routes.h"
#include "server/server_impl.h"

enum { MAX_FILE = 16 << 20 };

static const char *type_of(om_str name)
{
    static const struct {
        const char *end, *type;
    } types[] = {
        {".html", "text/html; charset=utf-8"},
        {".css", "text/css; charset=utf-8"},
        {".js", "text/javascript; charset=utf-8"},
        {".mjs", "text/javascript; charset=utf-8"},
        {".json", "application/json"},
        {".svg", "image/svg+xml"},
        {".png", "image/png"},
        {".ico", "image/x-icon"},
        {".woff2", "font/woff2"},
        {".txt", "text/plain; charset=utf-8"},
    };
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (om_str_ends(name, om_str_of(types[i].end))) return types[i].type;
    return NULL;
}

static omost_status no_such_file(om_str name, omost_error *err)
{
    return om_fail(err, OMOST_MISSING, "the page has no file \"%.*s\"",
                   name.n > 80 ? 80 : OM_STR_ARG(name));
}

static omost_status embedded(om_request *rq, om_response *rs, om_str name,
                             omost_error *err)
{
    for (const om_web_file *f = om_web_files; f->name; f++) {
        if (!om_str_eqz(name, f->name)) continue;
        if (om_response_tag(rq, rs, om_str_of(f->tag))) return OMOST_OK;
        rs->fixed = (om_str){(const char *)f->bytes, *f->size};
        return OMOST_OK;
    }
    return no_such_file(name, err);
}

/* Links are followed, but not out of the folder. */
static bool is_below(const char *folder, const char *path, char out[PATH_MAX])
{
    char root[PATH_MAX];
    if (!realpath(folder, root) || !realpath(path, out)) return false;
    const size_t n = strlen(root);
    return strncmp(out, root, n) == 0 && out[n] == '/';
}

static omost_status on_disk(om_request *rq, om_response *rs, om_str name,
                            omost_error *err)
{
    char path[PATH_MAX], real[PATH_MAX], tag[67] = "\"";
    const char *folder = rq->server->opts.web;
    const int n =
        snprintf(path, sizeof path, "%s/%.*s", folder, OM_STR_ARG(name));
    if (n < 0 || n >= (int)sizeof path || !is_below(folder, path, real))
        return no_such_file(name, err);
    rs->body.limit = MAX_FILE;
    omost_status st = om_file_read(real, &rs->body, err);
    if (st != OMOST_OK) return no_such_file(name, err);
    if (!om_sha256_hex(om_buf_view(&rs->body), tag + 1)) return OMOST_OK;
    memcpy(tag + 65, "\"", 2);
    if (om_response_tag(rq, rs, om_arena_str(rq->arena, om_str_of(tag))))
        rs->body.n = 0;
    return OMOST_OK;
}

static omost_status answer(om_request *rq, om_response *rs, om_str name,
                           omost_error *err)
{
    rs->type = type_of(name);
    if (!rs->type) return no_such_file(name, err);
    om_response_header(rs, "Cache-Control", OM_STR("no-cache"));
    return rq->server->opts.web ? on_disk(rq, rs, name, err)
                                : embedded(rq, rs, name, err);
}

omost_status om_get_page(om_request *rq, om_response *rs, omost_error *err)
{
    return answer(rq, rs, OM_STR("index.html"), err);
}

omost_status om_get_web(om_request *rq, om_response *rs, omost_error *err)
{
    return answer(rq, rs, rq->param[0], err);
}

omost_status om_get_icon(om_request *rq, om_response *rs, omost_error *err)
{
    const om_str name = OM_STR("icon.svg");
    return answer(rq, rs, name, err);
}
