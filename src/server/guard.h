/* guard.h - who may ask for what. Pure functions over headers.
 *
 *     Host          must be one of ours: a page of another site whose name was
 *                   made to point here (DNS rebinding) sends its own
 *     Origin        of a browser's request: this very host, or one that was
 *                   allowed; "null" is nobody
 *     Sec-Fetch-*   where there is no Origin: not from another site, but for
 *                   following a link to the page
 *     Content-Type  of what changes something: one that a form of another site
 *                   cannot send
 *     key           where one is set: "Authorization: Bearer KEY", or a cookie
 *                   that POST /api/login gives for it, since pictures and
 *                   event streams of a page cannot carry a header */
#ifndef OM_SERVER_GUARD_H
#define OM_SERVER_GUARD_H

#include "base/mem.h"
#include "server/http.h"

/* "name", "name:80", "127.0.0.1:80", "[::1]:80"; port 0: none is said. */
typedef struct om_authority {
    om_str host; /* IPv6 without its brackets */
    int port;
    bool is_ipv4, is_ipv6;
} om_authority;

/* False when it is none. */
bool om_authority_parse(om_str s, om_authority *out);
/* 127.0.0.0/8, ::1, localhost */
bool om_is_loopback(const om_authority *a);

/* "https://name:port" alone; *scheme_port gets 80 or 443. */
bool om_origin_parse(om_str s, om_authority *out, int *scheme_port);

typedef struct om_guard {
    int port;    /* ours */
    om_str host; /* --host */
    bool any_ip; /* bound to all addresses: an address of the right port is
                   * ours (no name can be made to point there) */
    const char *const *allow_hosts; /* "name" or "name:port" */
    size_t n_allow_hosts;
    const char *const *allow_origins;
    size_t n_allow_origins;
    om_str key;      /* n 0: none */
    char cookie[65]; /* what the cookie must be: of the key, one-way */
} om_guard;

/* The headers that matter; p NULL: not there. n_hosts: how many Host
 * headers. */
typedef struct om_guard_headers {
    om_str host, origin, site, mode, dest, type, authorization, cookie;
    int n_hosts;
    bool no_body; /* nothing follows the headers */
} om_guard_headers;

typedef struct om_refusal {
    int http;         /* 0: let in */
    const char *word; /* "HOST", ... */
    const char *text; /* a sentence */
} om_refusal;

/* Fill g->cookie; false when libcrypto fails. */
bool om_guard_set_key(om_guard *g, om_str key);

/* `page`: the route is the page itself. `open`: no key is needed. */
om_refusal om_guard_check(const om_guard *g, const om_guard_headers *h,
                          om_method method, om_body_kind body, bool page,
                          bool open);

bool om_guard_host_ok(const om_guard *g, om_str host);
bool om_guard_origin_ok(const om_guard *g, om_str origin, om_str host);
/* Whether it is one of --allow-origin. */
bool om_guard_origin_allowed(const om_guard *g, om_str origin);
bool om_guard_key_ok(const om_guard *g, om_str key);

/* "application/json; charset=utf-8" is "application/json". */
bool om_type_is(om_str type, const char *want);
/* The value of a cookie; p NULL: none. */
om_str om_cookie_value(om_str cookies, const char *name);
/* Its name, of our port: browsers keep one jar for all ports of a host. */
enum { OM_COOKIE_NAME = 32 };
const char *om_cookie_name(const om_guard *g, char out[OM_COOKIE_NAME]);

#endif
