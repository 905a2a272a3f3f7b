/* route.c - the table of routes, and looking one up in it. */
#include "server/http.h"
#include "server/http_daemon.h"
#include "server/routes.h"

/* clang-format off */
const om_route om_routes[] = {
#define X(method, pattern, handler, body, open, tag, summary, request, response) \
    {OM_##method, pattern, handler, OM_BODY_##body, tag, summary, request, response, open},
#include "server/routes.def"
#undef X
    {.pattern = NULL},
};
/* clang-format on */

size_t om_route_max_body(const om_route *r)
{
    switch (r->body) {
    case OM_BODY_NONE: return 0;
    case OM_BODY_JSON: return OM_MAX_JSON_BODY;
    case OM_BODY_PNG: return OM_MAX_PNG_BODY;
    }
    return 0;
}

static const char *const words[] = {
#define X(id, word) word,
    OM_METHOD_LIST(X)
#undef X
};

const char *om_method_word(om_method m)
{
    return (unsigned)m < OM_N_METHODS ? words[m] : "?";
}

int om_method_find(const char *word)
{
    if (strcmp(word, "HEAD") == 0) return OM_GET;
    for (int i = 0; i < OM_N_METHODS; i++)
        if (strcmp(word, words[i]) == 0) return i;
    return -1;
}

/* Where the {name} at p ends, and whether it takes all the rest. */
static const char *skip_name(const char *p, bool *rest)
{
    const char *end = strchr(p, '}');
    *rest = end - p > 3 && memcmp(end - 3, "...", 3) == 0;
    return end + 1;
}

/* {name} matches one or more characters up to what follows it in the pattern
 * (or the next "/"). */
static bool matches(const char *pattern, om_str path,
                    om_str param[OM_MAX_PARAMS])
{
    size_t at = 0;
    int n = 0;
    while (*pattern) {
        bool rest = false;
        if (*pattern != '{') {
            if (at == path.n || path.p[at] != *pattern) return false;
            at++, pattern++;
            continue;
        }
        pattern = skip_name(pattern, &rest);
        const size_t from = at;
        while (at < path.n && (rest || path.p[at] != '/') &&
               (rest || path.p[at] != *pattern || !*pattern))
            at++;
        if (at == from || n == OM_MAX_PARAMS) return false;
        param[n++] = (om_str){path.p + from, at - from};
    }
    return at == path.n;
}

const om_route *om_route_find(const om_route *table, om_method method,
                              om_str path, om_str param[OM_MAX_PARAMS],
                              bool *other)
{
    *other = false;
    for (const om_route *r = table; r->pattern; r++) {
        om_str got[OM_MAX_PARAMS] = {{0}};
        if (!matches(r->pattern, path, got)) continue;
        if (r->method != method) {
            *other = true;
            continue;
        }
        memcpy(param, got, sizeof got);
        return r;
    }
    return NULL;
}
