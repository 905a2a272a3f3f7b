/* fuzz_serve.c - any bytes as the target of a request, and as the headers Host,
 * Origin, Cookie and Authorization. The first line is the target, the others
 * the headers, one a line. */
#include <stdint.h>
#include <stdlib.h>

#include "base/utf8.h"
#include "server/guard.h"

/* What a handler is handed: no way out of a folder, nothing a log would obey. */
static void target(om_str in)
{
    om_arena a;
    om_str path, query, param[OM_MAX_PARAMS];
    omost_error err;
    unsigned others;
    om_arena_init(&a, NULL, 0);
    if (om_target_parse(&a, in, &path, &query, &err) == OMOST_OK) {
        if (path.n == 0 || path.p[0] != '/') abort();
        if (memchr(path.p, '\0', path.n) || memchr(path.p, '\\', path.n))
            abort();
        if (om_str_find(path, OM_STR("//")) != SIZE_MAX) abort();
        if (om_str_find(path, OM_STR("/../")) != SIZE_MAX) abort();
        if (om_str_ends(path, OM_STR("/.."))) abort();
        if (om_utf8_valid_len(path.p, path.n) != path.n) abort();
        const om_route *r =
            om_route_find(om_routes, OM_GET, path, param, &others);
        if (r && strchr(r->pattern, '{') && param[0].n == 0) abort();
        if (r && om_route_check_query(r, &a, query, &err) == OMOST_OK &&
            strcmp(r->pattern, "/api/health") == 0 &&
            om_query_value(&a, query, "q").p)
            abort();
        const om_str v = om_query_value(&a, query, "q");
        if (v.p && om_utf8_valid_len(v.p, v.n) != v.n) abort();
    } else if (err.status != OMOST_USAGE) {
        abort();
    }
    om_arena_free(&a);
}

static om_str next_line(om_str *in)
{
    const char *end = in->n ? memchr(in->p, '\n', in->n) : NULL;
    const size_t n = end ? (size_t)(end - in->p) : in->n;
    const om_str line = {in->p, n};
    *in = om_str_skip(*in, end ? n + 1 : n);
    return line;
}

/* Whoever is let in says that he asks this host, and comes from it. */
static void guard(om_str in)
{
    static const char *const names[] = {"studio.example"};
    om_guard g = {.port = 7860,
                  .host = OM_STR("127.0.0.1"),
                  .allow_hosts = names,
                  .n_allow_hosts = 1};
    om_guard_headers h = {.n_hosts = 1};
    if (!om_guard_set_key(&g, OM_STR("key"))) return;
    h.host = next_line(&in);
    h.origin = next_line(&in);
    h.cookie = next_line(&in);
    h.authorization = next_line(&in);
    h.type = next_line(&in);
    const om_refusal no =
        om_guard_check(&g, &h, OM_POST, OM_BODY_JSON, false, false);
    if (no.http) {
        if (!no.text || !no.word) abort();
        return;
    }
    om_authority a;
    if (!om_authority_parse(h.host, &a)) abort();
    if (!om_is_loopback(&a) && !om_str_eq_nocase(a.host, "studio.example"))
        abort();
    if (om_str_eqz(h.origin, "null")) abort();
    if (om_str_find(h.authorization, OM_STR("key")) == SIZE_MAX &&
        om_str_find(h.cookie, om_str_of(g.cookie)) == SIZE_MAX)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    om_str in = {(const char *)data, size};
    target(next_line(&in));
    guard(in);
    return 0;
}
