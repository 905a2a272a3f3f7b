/* guard.c - see guard.h. */
#include "server/guard.h"

#include <arpa/inet.h>
#include <stdio.h>

#include "base/hash.h"

/* ---- authorities ------------------------------------------------------ */

static bool is_name(om_str s)
{
    if (s.n == 0 || s.n > 253) return false;
    for (size_t i = 0; i < s.n; i++) {
        const char c = s.p[i];
        const bool fine = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                          (c >= '0' && c <= '9') || c == '-' || c == '.' ||
                          c == '_';
        if (!fine) return false;
    }
    return true;
}

static bool is_address(om_str s, int family)
{
    char text[64];
    unsigned char bytes[16];
    if (s.n == 0 || s.n >= sizeof text) return false;
    memcpy(text, s.p, s.n);
    text[s.n] = '\0';
    if (strlen(text) != s.n) return false;
    return inet_pton(family, text, bytes) == 1;
}

bool om_authority_parse(om_str s, om_authority *out)
{
    om_str rest = {0};
    int64_t port = 0;
    *out = (om_authority){0};
    if (s.n == 0) return false;
    if (s.p[0] == '[') {
        const char *end = memchr(s.p, ']', s.n);
        if (!end) return false;
        out->host = (om_str){s.p + 1, (size_t)(end - s.p) - 1};
        out->is_ipv6 = is_address(out->host, AF_INET6);
        if (!out->is_ipv6) return false;
        rest = om_str_skip(s, (size_t)(end - s.p) + 1);
    } else {
        const char *colon = memchr(s.p, ':', s.n);
        const size_t n = colon ? (size_t)(colon - s.p) : s.n;
        out->host = (om_str){s.p, n};
        if (!is_name(out->host)) return false;
        out->is_ipv4 = is_address(out->host, AF_INET);
        rest = om_str_skip(s, n);
    }
    if (rest.n == 0) return true;
    if (rest.p[0] != ':') return false;
    rest = om_str_skip(rest, 1);
    if (rest.n > 5 || !om_parse_id(rest, 1, 65535, &port)) return false;
    out->port = (int)port;
    return true;
}

static bool same_name(om_str a, om_str b)
{
    if (a.n != b.n) return false;
    for (size_t i = 0; i < a.n; i++) {
        char x = a.p[i], y = b.p[i];
        if (x >= 'A' && x <= 'Z') x = (char)(x + 32);
        if (y >= 'A' && y <= 'Z') y = (char)(y + 32);
        if (x != y) return false;
    }
    return true;
}

bool om_is_loopback(const om_authority *a)
{
    if (a->is_ipv4) return om_str_starts(a->host, OM_STR("127."));
    if (a->is_ipv6) {
        char text[64];
        unsigned char bytes[16];
        static const unsigned char one[16] = {[15] = 1};
        snprintf(text, sizeof text, "%.*s", OM_STR_ARG(a->host));
        return inet_pton(AF_INET6, text, bytes) == 1 &&
               memcmp(bytes, one, 16) == 0;
    }
    return same_name(a->host, OM_STR("localhost"));
}

bool om_origin_parse(om_str s, om_authority *out, int *scheme_port)
{
    const om_str http = OM_STR("http://"), https = OM_STR("https://");
    if (om_str_starts(s, http)) {
        *scheme_port = 80;
        return om_authority_parse(om_str_skip(s, http.n), out);
    }
    if (om_str_starts(s, https)) {
        *scheme_port = 443;
        return om_authority_parse(om_str_skip(s, https.n), out);
    }
    return false;
}

/* ---- host and origin -------------------------------------------------- */

static bool is_listed_host(const om_guard *g, const om_authority *a)
{
    for (size_t i = 0; i < g->n_allow_hosts; i++) {
        om_authority want;
        if (!om_authority_parse(om_str_of(g->allow_hosts[i]), &want)) continue;
        if (!same_name(want.host, a->host)) continue;
        if (want.port == 0 || want.port == a->port) return true;
    }
    return false;
}

bool om_guard_host_ok(const om_guard *g, om_str host)
{
    om_authority a;
    if (!om_authority_parse(host, &a)) return false;
    if (is_listed_host(g, &a)) return true;
    if ((a.port ? a.port : 80) != g->port) return false;
    if (om_is_loopback(&a)) return true;
    if (g->host.n && same_name(g->host, a.host)) return true;
    return g->any_ip && (a.is_ipv4 || a.is_ipv6);
}

bool om_guard_origin_allowed(const om_guard *g, om_str origin)
{
    for (size_t i = 0; i < g->n_allow_origins; i++)
        if (same_name(origin, om_str_of(g->allow_origins[i]))) return true;
    return false;
}

bool om_guard_origin_ok(const om_guard *g, om_str origin, om_str host)
{
    om_authority from, to;
    int port = 0;
    if (om_str_eqz(origin, "null")) return false;
    if (om_guard_origin_allowed(g, origin)) return true;
    if (!om_origin_parse(origin, &from, &port)) return false;
    if (!om_authority_parse(host, &to)) return false;
    /* The scheme is not compared: before a proxy that speaks TLS it differs. */
    return same_name(from.host, to.host) &&
           (from.port ? from.port : port) == (to.port ? to.port : port);
}

/* Where a browser says that there is no origin to tell. Links to the page may
 * be followed from anywhere. */
static bool is_site_ok(const om_guard_headers *h, om_method method, bool page)
{
    if (!h->site.p) return true; /* no browser of today */
    if (om_str_eqz(h->site, "same-origin") || om_str_eqz(h->site, "none"))
        return true;
    return page && method == OM_GET && om_str_eqz(h->mode, "navigate") &&
           om_str_eqz(h->dest, "document");
}

/* ---- the key ---------------------------------------------------------- */

/* In a time that tells nothing but the lengths. */
static bool same_secret(om_str a, om_str b)
{
    unsigned diff = a.n != b.n;
    for (size_t i = 0; i < a.n && b.n > 0; i++)
        diff |= (unsigned char)a.p[i] ^ (unsigned char)b.p[i % b.n];
    return diff == 0;
}

bool om_guard_key_ok(const om_guard *g, om_str key)
{
    return g->key.n == 0 || same_secret(key, g->key);
}

bool om_guard_set_key(om_guard *g, om_str key)
{
    om_sha256 h = {0};
    g->key = key;
    if (key.n == 0) return true;
    om_sha256_begin(&h);
    om_sha256_add(&h, OM_STR("omost studio cookie\n"));
    om_sha256_add(&h, key);
    return om_sha256_end(&h, g->cookie);
}

const char *om_cookie_name(const om_guard *g, char out[OM_COOKIE_NAME])
{
    snprintf(out, OM_COOKIE_NAME, "omost_%d", g->port);
    return out;
}

om_str om_cookie_value(om_str cookies, const char *name)
{
    const om_str want = om_str_of(name);
    while (cookies.n > 0) {
        const char *semi = memchr(cookies.p, ';', cookies.n);
        const size_t n = semi ? (size_t)(semi - cookies.p) : cookies.n;
        const om_str one = om_str_strip((om_str){cookies.p, n}, " ");
        if (one.n > want.n && om_str_starts(one, want) && one.p[want.n] == '=')
            return om_str_skip(one, want.n + 1);
        cookies = om_str_skip(cookies, semi ? n + 1 : n);
    }
    return (om_str){0};
}

static bool has_key(const om_guard *g, const om_guard_headers *h)
{
    char name[OM_COOKIE_NAME];
    const om_str bearer = OM_STR("Bearer ");
    if (g->key.n == 0) return true;
    if (h->authorization.n > bearer.n &&
        om_str_eq_nocase((om_str){h->authorization.p, bearer.n}, bearer.p) &&
        om_guard_key_ok(g, om_str_skip(h->authorization, bearer.n)))
        return true;
    const om_str c = om_cookie_value(h->cookie, om_cookie_name(g, name));
    return c.p && same_secret(c, om_str_of(g->cookie));
}

/* ---- all of it -------------------------------------------------------- */

bool om_type_is(om_str type, const char *want)
{
    const char *semi = type.n ? memchr(type.p, ';', type.n) : NULL;
    const size_t n = semi ? (size_t)(semi - type.p) : type.n;
    return om_str_eq_nocase(om_str_strip((om_str){type.p, n}, " \t"), want);
}

static om_refusal refuse(int http, const char *word, const char *text)
{
    return (om_refusal){http, word, text};
}

om_refusal om_guard_check(const om_guard *g, const om_guard_headers *h,
                          om_method method, om_body_kind body, bool page,
                          bool open)
{
    if (h->n_hosts != 1 || !om_guard_host_ok(g, h->host))
        return refuse(421, "HOST",
                      "this server does not answer under that name; start it "
                      "with --allow-host NAME if it should");
    if (h->origin.p ? !om_guard_origin_ok(g, h->origin, h->host)
                    : !is_site_ok(h, method, page))
        return refuse(403, "ORIGIN",
                      "pages of other sites may not use this server; start it "
                      "with --allow-origin ORIGIN if that one should");
    /* A form always has a type: none is no form's, and nothing to read. */
    const bool none = body == OM_BODY_MAYBE && h->no_body && !h->type.p;
    if ((body == OM_BODY_JSON || body == OM_BODY_MAYBE) && !none &&
        !om_type_is(h->type, "application/json"))
        return refuse(415, "TYPE",
                      "the request needs the header Content-Type: "
                      "application/json");
    if (body == OM_BODY_PNG && !om_type_is(h->type, "image/png"))
        return refuse(415, "TYPE",
                      "the request needs the header Content-Type: image/png");
    if (!open && !has_key(g, h))
        return refuse(401, "KEY",
                      "this server wants its key: the header Authorization: "
                      "Bearer KEY");
    return (om_refusal){0};
}
