/* target.c - see target.h. */
#include "server/target.h"

#include "base/error.h"
#include "base/utf8.h"

om_str om_percent_decode(om_arena *a, om_str s, bool plus_is_space)
{
    char *out = om_arena_alloc(a, s.n + 1);
    size_t n = 0;
    if (!out) return (om_str){0};
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        if (c == '+' && plus_is_space) c = ' ';
        if (c == '%') {
            if (s.n - i < 3) return (om_str){0};
            const int hi = om_hex_value(s.p[i + 1]);
            const int lo = om_hex_value(s.p[i + 2]);
            if (hi < 0 || lo < 0) return (om_str){0};
            c = (char)(hi * 16 + lo);
            i += 2;
        }
        out[n++] = c;
    }
    out[n] = '\0';
    if (om_utf8_valid_len(out, n) < n) return (om_str){0};
    return (om_str){out, n};
}

/* No part of a path may mean another place than it says. */
static bool is_plain(om_str path)
{
    size_t from = 1;
    if (path.n == 0 || path.p[0] != '/') return false;
    for (size_t i = 0; i < path.n; i++) {
        const unsigned char c = (unsigned char)path.p[i];
        if (c < 0x20 || c == 0x7f || c == '\\') return false;
    }
    for (size_t i = 1; i <= path.n; i++) {
        if (i < path.n && path.p[i] != '/') continue;
        const om_str part = {path.p + from, i - from};
        if (om_str_eqz(part, ".") || om_str_eqz(part, "..")) return false;
        if (part.n == 0 && i < path.n) return false; /* "//" */
        from = i + 1;
    }
    return true;
}

omost_status om_target_parse(om_arena *a, om_str target, om_str *path,
                             om_str *query, omost_error *err)
{
    const char *q = target.n ? memchr(target.p, '?', target.n) : NULL;
    om_str raw = target;
    *query = (om_str){"", 0};
    if (q) {
        raw.n = (size_t)(q - target.p);
        *query = om_str_skip(target, raw.n + 1);
    }
    *path = om_percent_decode(a, raw, false);
    if (path->p && is_plain(*path)) return OMOST_OK;
    return om_fail(err, OMOST_USAGE,
                   "the address of the request is not well-formed");
}

/* The next pair; where its value begins in *at, beyond its end when it has
 * none. */
static om_str next_pair(om_str *query, size_t *at)
{
    const char *amp = memchr(query->p, '&', query->n);
    const size_t n = amp ? (size_t)(amp - query->p) : query->n;
    const om_str pair = {query->p, n};
    const char *eq = n ? memchr(pair.p, '=', n) : NULL;
    *at = (eq ? (size_t)(eq - pair.p) : n) + 1;
    *query = om_str_skip(*query, amp ? n + 1 : n);
    return pair;
}

bool om_query_next(om_arena *a, om_str *query, om_str *name)
{
    while (query->n > 0) {
        size_t at;
        const om_str pair = next_pair(query, &at);
        if (pair.n == 0) continue; /* "a=1&&b=2" */
        *name = om_percent_decode(a, (om_str){pair.p, at - 1}, true);
        return true;
    }
    return false;
}

om_str om_query_value(om_arena *a, om_str query, const char *name)
{
    while (query.n > 0) {
        size_t at;
        const om_str pair = next_pair(&query, &at);
        const om_str k = om_percent_decode(a, (om_str){pair.p, at - 1}, true);
        if (!k.p || !om_str_eqz(k, name)) continue;
        if (at > pair.n) return (om_str){"", 0};
        return om_percent_decode(a, om_str_skip(pair, at), true);
    }
    return (om_str){0};
}

bool om_parse_id(om_str s, int64_t min, int64_t max, int64_t *out)
{
    int64_t v = 0;
    if (s.n == 0 || s.n > 19) return false;
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] < '0' || s.p[i] > '9') return false;
        if (__builtin_mul_overflow(v, (int64_t)10, &v)) return false;
        if (__builtin_add_overflow(v, (int64_t)(s.p[i] - '0'), &v))
            return false;
    }
    *out = v;
    return v >= min && v <= max;
}
