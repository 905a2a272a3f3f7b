/* url.c - see url.h. */
#include "net/url.h"

#include <stdlib.h>

static bool is_alnum(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           (c >= '0' && c <= '9');
}

static omost_status not_one(omost_error *err, const char *why)
{
    return om_fail(err, OMOST_USAGE,
                   "not a web address: %s (wanted: http://HOST[:PORT]/... or "
                   "https://...)",
                   why);
}

/* host = 1*( letter / digit / "-" / "." / "_" ), not only dots and dashes */
static bool is_name(om_str host)
{
    bool any = false;
    for (size_t i = 0; i < host.n; i++) {
        if (is_alnum(host.p[i]))
            any = true;
        else if (!memchr("-._", host.p[i], 3))
            return false;
    }
    return any;
}

/* What stands in brackets; libcurl looks at its grammar. */
static bool is_ipv6(om_str host)
{
    for (size_t i = 0; i < host.n; i++)
        if (om_hex_value(host.p[i]) < 0 && host.p[i] != ':' && host.p[i] != '.')
            return false;
    return host.n >= 2 && memchr(host.p, ':', host.n);
}

static bool read_port(om_str digits, int *port)
{
    int n = 0;
    if (digits.n == 0 || digits.n > 5) return false;
    for (size_t i = 0; i < digits.n; i++) {
        if (digits.p[i] < '0' || digits.p[i] > '9') return false;
        n = n * 10 + (digits.p[i] - '0');
    }
    *port = n;
    return n >= 1 && n <= 65535;
}

/* authority = host [ ":" port ] */
static omost_status read_authority(om_str a, om_url *u, omost_error *err)
{
    om_str port = {0};
    if (memchr(a.p, '@', a.n))
        return not_one(err, "it holds a user name or password, which would "
                            "end in logs; keys are taken from the "
                            "environment: OMOST_API_KEY, HF_TOKEN");
    if (a.n > 0 && a.p[0] == '[') {
        const char *end = memchr(a.p, ']', a.n);
        if (!end) return not_one(err, "a bracket is not closed");
        u->ipv6 = true;
        u->host = (om_str){a.p + 1, (size_t)(end - a.p) - 1};
        port = om_str_skip(a, u->host.n + 2);
        if (port.n > 0 && port.p[0] != ':')
            return not_one(err, "after the bracket only a port may stand");
    } else {
        const char *colon = memchr(a.p, ':', a.n);
        u->host = (om_str){a.p, colon ? (size_t)(colon - a.p) : a.n};
        port = om_str_skip(a, u->host.n);
    }
    if (u->host.n == 0) return not_one(err, "it names no host");
    if (u->host.n > 253 || !(u->ipv6 ? is_ipv6(u->host) : is_name(u->host)))
        return not_one(err, "the host is no name or number");
    if (port.n > 0 && !read_port(om_str_skip(port, 1), &u->port))
        return not_one(err, "the port is not a number from 1 to 65535");
    return OMOST_OK;
}

omost_status om_url_parse(om_str text, om_url *out, omost_error *err)
{
    om_error_clear(err);
    *out = (om_url){0};
    if (text.n > OM_URL_MAX) return not_one(err, "it is too long");
    for (size_t i = 0; i < text.n; i++)
        if (text.p[i] <= ' ' || text.p[i] >= 0x7f || text.p[i] == '\\')
            return not_one(err, "it holds a blank or a character that must "
                                "be written as %XX");
    const char *sep = "://";
    size_t n_scheme = om_str_find(text, om_str_of(sep));
    if (n_scheme == SIZE_MAX)
        return not_one(err, "it does not begin with http:// or https://");
    om_str scheme = {text.p, n_scheme};
    out->https = om_str_eq_nocase(scheme, "https");
    if (!out->https && !om_str_eq_nocase(scheme, "http"))
        return not_one(err, "it does not begin with http:// or https://");
    out->port = out->https ? 443 : 80;

    om_str rest = om_str_skip(text, n_scheme + strlen(sep));
    size_t n = 0;
    while (n < rest.n && !memchr("/?#", rest.p[n], 3)) n++;
    omost_status st = read_authority((om_str){rest.p, n}, out, err);
    if (st != OMOST_OK) return st;
    out->base = (om_str){text.p, n_scheme + strlen(sep) + n};

    rest = om_str_skip(rest, n);
    const char *fragment = memchr(rest.p, '#', rest.n);
    if (fragment) rest.n = (size_t)(fragment - rest.p);
    const char *query = memchr(rest.p, '?', rest.n);
    out->path = rest;
    if (query) {
        out->path.n = (size_t)(query - rest.p);
        out->query = om_str_skip(rest, out->path.n + 1);
    }
    return OMOST_OK;
}

bool om_url_same_origin(const om_url *a, const om_url *b)
{
    return a->https == b->https && a->port == b->port &&
           om_str_like(a->host, b->host);
}

/* w.x.y.z, each a plain number below 256. */
static bool read_ipv4(om_str host, int part[4])
{
    int dots = 0, value = 0, digits = 0;
    for (size_t i = 0; i < host.n; i++) {
        if (host.p[i] == '.') {
            if (digits == 0 || dots == 3) return false;
            part[dots++] = value;
            value = digits = 0;
        } else if (host.p[i] >= '0' && host.p[i] <= '9' && digits < 3) {
            value = value * 10 + (host.p[i] - '0');
            digits++;
            if (value > 255) return false;
        } else {
            return false;
        }
    }
    part[3] = value;
    return dots == 3 && digits > 0;
}

static bool ends_nocase(om_str s, om_str tail)
{
    return s.n > tail.n && om_str_like(om_str_skip(s, s.n - tail.n), tail);
}

bool om_url_is_loopback(const om_url *u)
{
    int part[4];
    const om_str h = u->host;
    if (u->ipv6) return om_str_eqz(h, "::1");
    return om_str_eq_nocase(h, "localhost") ||
           ends_nocase(h, OM_STR(".localhost")) ||
           (read_ipv4(h, part) && part[0] == 127);
}

/* fc00::/7 and fe80::/10: the first group has four digits. */
static bool is_private_ipv6(om_str h)
{
    int group = 0;
    if (h.n < 5 || h.p[4] != ':') return false;
    for (size_t i = 0; i < 4; i++) {
        const int digit = om_hex_value(h.p[i]);
        if (digit < 0) return false;
        group = group * 16 + digit;
    }
    return (group & 0xfe00) == 0xfc00 || (group & 0xffc0) == 0xfe80;
}

bool om_url_is_private(const om_url *u)
{
    int p[4];
    const om_str h = u->host;
    if (om_url_is_loopback(u)) return true;
    if (u->ipv6) return is_private_ipv6(h);
    if (read_ipv4(h, p))
        return p[0] == 10 || (p[0] == 172 && p[1] >= 16 && p[1] < 32) ||
               (p[0] == 192 && p[1] == 168) || (p[0] == 169 && p[1] == 254);
    /* A number without dots is an address, too. */
    if (!memchr(h.p, '.', h.n)) return h.p[0] < '0' || h.p[0] > '9';
    return ends_nocase(h, OM_STR(".local")) ||
           ends_nocase(h, OM_STR(".internal")) ||
           ends_nocase(h, OM_STR(".home.arpa"));
}

void om_url_join(om_buf *out, const om_url *base, const char *path)
{
    om_str own = base->path;
    while (own.n > 0 && own.p[own.n - 1] == '/') own.n--;
    om_buf_str(out, base->base);
    om_buf_str(out, own);
    om_buf_puts(out, path);
}

void om_url_encode(om_buf *out, om_str s, const char *keep)
{
    static const char hex[] = "0123456789ABCDEF";
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        if (is_alnum(c) || memchr("-._~", c, 4) ||
            (c && keep && strchr(keep, c))) {
            om_buf_putc(out, c);
            continue;
        }
        om_buf_putc(out, '%');
        om_buf_putc(out, hex[(unsigned char)c >> 4]);
        om_buf_putc(out, hex[(unsigned char)c & 15]);
    }
}
