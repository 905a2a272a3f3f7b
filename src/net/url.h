/* url.h - web addresses: http and https, taken apart strictly, so that every
 * reader of one (ours, libcurl's, a proxy's) sees the same host in it. */
#ifndef OM_NET_URL_H
#define OM_NET_URL_H

#include "base/buf.h"
#include "base/error.h"

enum { OM_URL_MAX = 8192 }; /* bytes of a whole address */

/* Parts of an address, borrowed from the text that was parsed.
 *
 *     https://example.org:8443/a/b?c=d#e
 *             host        port path query   (the fragment is dropped)
 */
typedef struct om_url {
    bool https;
    om_str host;  /* without brackets; as written: compare without case */
    bool ipv6;    /* the host stood in brackets */
    int port;     /* 80 or 443 when none is written */
    om_str path;  /* with its first slash; may be empty */
    om_str query; /* without the question mark */
    om_str base;  /* scheme://host[:port], as written */
} om_url;

/* USAGE when the text is no http(s) address, holds bytes no address holds
 * (blanks, control characters, anything beyond ASCII), a user name or password
 * (they would end in logs), or is too long. The message never shows more of it
 * than scheme and host. */
OMOST_NODISCARD omost_status om_url_parse(om_str text, om_url *out,
                                          omost_error *err);

/* Same scheme, host (without case) and port: who may see a secret of whom. */
bool om_url_same_origin(const om_url *a, const om_url *b);

/* This machine: localhost, *.localhost, 127.0.0.0/8, ::1. No name is looked
 * up. */
bool om_url_is_loopback(const om_url *u);

/* This machine or its own network: also 10/8, 172.16/12, 192.168/16, 169.254/16,
 * fc00::/7, fe80::/10, names without a dot, and below .local, .internal and
 * .home.arpa. */
bool om_url_is_private(const om_url *u);

/* The base address with `path` (which starts with a slash) after its own path,
 * without a double slash; a query of the base is dropped. The failure, if any,
 * is the buffer's. */
void om_url_join(om_buf *out, const om_url *base, const char *path);

/* s with everything but letters, digits and -._~ (and the bytes of `keep`) as
 * %XX, for one path segment or one value of a query. */
void om_url_encode(om_buf *out, om_str s, const char *keep);

#endif
