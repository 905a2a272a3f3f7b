/* route.c - the table of routes, and looking one up in it. */
#include "server/http.h"
#include "server/http_daemon.h"
#include "server/routes.h"
#include "server/schema.h"

/* clang-format off */
const om_route om_routes[] = {
#define X(method, pattern, handler, body, open, tag, status, query, summary, request, response) \
    {OM_##method, pattern, handler, OM_BODY_##body, tag, summary, query, request, response, status, open},
#include "server/routes.def"
#undef X
    {.pattern = NULL},
};
/* clang-format on */

size_t om_route_max_body(const om_route *r)
{
    switch (r->body) {
    case OM_BODY_NONE: return 0;
    case OM_BODY_JSON:
    case OM_BODY_MAYBE: return OM_MAX_JSON_BODY;
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
                              unsigned *others)
{
    *others = 0;
    for (const om_route *r = table; r->pattern; r++) {
        om_str got[OM_MAX_PARAMS] = {{0}};
        if (!matches(r->pattern, path, got)) continue;
        if (r->method != method) {
            *others |= 1u << r->method;
            continue;
        }
        memcpy(param, got, sizeof got);
        return r;
    }
    return NULL;
}

static bool is_known(const om_route *r, om_str name)
{
    om_schema_member m;
    for (const char *p = r->query; om_schema_next(&p, &m);)
        if (om_str_eq(m.name, name)) return true;
    return false;
}

omost_status om_route_check_query(const om_route *r, om_arena *a, om_str query,
                                  omost_error *err)
{
    om_str name;
    if (strncmp(r->pattern, "/api/", 5) != 0) return OMOST_OK;
    while (om_query_next(a, &query, &name)) {
        if (!name.p)
            return om_fail(err, OMOST_USAGE,
                           "the query of the address is not well-formed");
        if (!is_known(r, name))
            return om_fail(err, OMOST_USAGE,
                           "the query has a parameter \"%.*s\" that is not "
                           "known here",
                           name.n > 60 ? 60 : OM_STR_ARG(name));
    }
    return OMOST_OK;
}
