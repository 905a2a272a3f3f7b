/* http_internal.h - what the files of the HTTP client share. */
#ifndef OM_NET_HTTP_INTERNAL_H
#define OM_NET_HTTP_INTERNAL_H

#include "net/http_client.h"
#include "net/url.h"

/* Nothing known. */
void om_http_response_clear(om_http_response *rs);
/* A new answer begins: what only the last one tells is forgotten. */
void om_http_response_next(om_http_response *rs);
/* One header line, with or without its line end, into the response. */
void om_http_response_header(om_http_response *rs, om_str line);

/* Is this status worth another try? */
bool om_http_status_is_transient(int status);

/* The sentence for an answer of 400 and more, or a redirect not followed;
 * `body` as far as it came. */
omost_status om_http_status_error(const om_http_request *rq,
                                  const om_http_response *rs, om_str body,
                                  omost_error *err);

/* May a request follow a redirect with this status? `reading`: it is a GET or
 * HEAD; other methods stay within their origin and are not turned into a GET. */
typedef enum om_redirect {
    OM_REDIRECT_FINE,
    OM_REDIRECT_DOWN, /* from https to http */
    OM_REDIRECT_AWAY  /* the body would go elsewhere, or be lost */
} om_redirect;
om_redirect om_http_judge_redirect(const om_url *from, const om_url *to,
                                   bool reading, int status);

/* USAGE unless the header can be sent as it is. */
omost_status om_http_check_header(const om_http_header *h, omost_error *err);
/* Authorization, Cookie, Proxy-Authorization. */
bool om_http_header_is_secret(const om_http_header *h);

#endif
