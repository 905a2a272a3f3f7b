/* fuzz_http.c - any bytes as an address, as the headers of an answer, and as
 * the body of an error. The first line is the address, the rest the others. */
#include <stdint.h>
#include <stdlib.h>

#include "base/utf8.h"
#include "net/http_error.h"
#include "net/http_internal.h"

static bool within(om_str part, om_str whole)
{
    return part.n == 0 ||
           (part.p >= whole.p && part.p + part.n <= whole.p + whole.n);
}

static void address(om_str in)
{
    om_url u, again;
    om_buf b;
    omost_error err;
    if (om_url_parse(in, &u, &err) != OMOST_OK) {
        if (err.status != OMOST_USAGE || !err.msg[0]) abort();
        return;
    }
    if (!within(u.host, in) || !within(u.path, in) || !within(u.query, in))
        abort();
    if (u.port < 1 || u.port > 65535 || u.host.n == 0) abort();
    if (!om_url_same_origin(&u, &u)) abort();
    om_buf_init(&b, NULL, OM_URL_MAX + 16);
    om_url_join(&b, &u, "/x");
    if (b.n <= OM_URL_MAX &&
        (om_url_parse(om_buf_view(&b), &again, NULL) != OMOST_OK ||
         !om_url_same_origin(&u, &again) ||
         om_url_is_loopback(&u) != om_url_is_loopback(&again) ||
         !om_str_ends(again.path, OM_STR("/x"))))
        abort();
    om_buf_free(&b);
}

static void printable(const char *text, size_t cap)
{
    if (!memchr(text, 0, cap)) abort();
    for (; *text; text++)
        if (*text < ' ' || *text > '~') abort();
}

static void headers(om_str in)
{
    om_http_response r;
    om_http_response_clear(&r);
    while (in.n > 0) {
        size_t n = om_str_find(in, OM_STR("\n"));
        n = n == SIZE_MAX ? in.n : n + 1;
        om_http_response_header(&r, (om_str){in.p, n});
        in = om_str_skip(in, n);
    }
    om_http_response_next(&r);
    if (r.content_length != -1 || r.linked_size < -1) abort();
    printable(r.linked_etag, sizeof r.linked_etag);
    printable(r.repo_commit, sizeof r.repo_commit);
}

static void excerpt(om_str in)
{
    char out[OM_HTTP_EXCERPT];
    om_http_error_excerpt(out, in, "key=");
    om_http_excerpt(out, in, "key=");
    size_t n = strnlen(out, sizeof out);
    if (n == sizeof out || om_utf8_valid_len(out, n) != n) abort();
    for (size_t i = 0; i < n; i++)
        if ((unsigned char)out[i] < ' ' || out[i] == 0x7f) abort();
    if (strstr(out, "key=")) abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    om_str in = {(const char *)data, size};
    size_t n = om_str_find(in, OM_STR("\n"));
    if (n == SIZE_MAX) n = in.n;
    address((om_str){in.p, n});
    if (n < in.n) in = om_str_skip(in, n + 1);
    headers(in);
    excerpt(in);
    return 0;
}
