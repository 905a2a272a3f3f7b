/* http_response.c - reading headers, and putting failures into words. */
#include <math.h>
#include <stdio.h>

#include "net/http_error.h"
#include "net/http_internal.h"

void om_http_response_next(om_http_response *rs)
{
    om_http_response old = *rs;
    om_http_response_clear(rs);
    rs->n_redirects = old.n_redirects;
    rs->received = old.received;
    rs->connected = old.connected;
    rs->linked_size = old.linked_size;
    memcpy(rs->linked_etag, old.linked_etag, sizeof rs->linked_etag);
    memcpy(rs->repo_commit, old.repo_commit, sizeof rs->repo_commit);
    memcpy(rs->host, old.host, sizeof rs->host);
}

void om_http_response_clear(om_http_response *rs)
{
    *rs = (om_http_response){.content_length = -1,
                             .range_start = -1,
                             .range_total = -1,
                             .linked_size = -1,
                             .retry_after = -1};
}

/* Printable ASCII that fits, or nothing. */
static void keep_text(char *out, size_t cap, om_str v)
{
    out[0] = '\0';
    if (v.n >= cap) return;
    for (size_t i = 0; i < v.n; i++)
        if (v.p[i] < ' ' || v.p[i] > '~') return;
    if (v.n) memcpy(out, v.p, v.n);
    out[v.n] = '\0';
}

/* 1*DIGIT that fits 63 bits; -1 else. */
static int64_t read_number(om_str v)
{
    int64_t n = 0;
    if (v.n == 0) return -1;
    for (size_t i = 0; i < v.n; i++) {
        if (v.p[i] < '0' || v.p[i] > '9') return -1;
        if (n > (INT64_MAX - 9) / 10) return -1;
        n = n * 10 + (v.p[i] - '0');
    }
    return n;
}

/* bytes-range = "bytes" SP ( first "-" last | "*" ) "/" ( total | "*" ) */
static void read_range(om_http_response *rs, om_str v)
{
    om_str unit = OM_STR("bytes ");
    if (!om_str_starts(v, unit)) return;
    v = om_str_strip(om_str_skip(v, unit.n), " ");
    size_t slash = om_str_find(v, OM_STR("/"));
    if (slash == SIZE_MAX) return;
    rs->range_total = read_number(om_str_skip(v, slash + 1));
    size_t dash = om_str_find((om_str){v.p, slash}, OM_STR("-"));
    if (dash != SIZE_MAX) rs->range_start = read_number((om_str){v.p, dash});
}

static void read_content_type(om_http_response *rs, om_str v)
{
    size_t n = 0;
    while (n < v.n && v.p[n] != ';' && v.p[n] != ' ') n++;
    keep_text(rs->content_type, sizeof rs->content_type, (om_str){v.p, n});
    for (char *p = rs->content_type; *p; p++)
        if (*p >= 'A' && *p <= 'Z') *p = (char)(*p - 'A' + 'a');
}

void om_http_response_header(om_http_response *rs, om_str line)
{
    const char *colon = line.n ? memchr(line.p, ':', line.n) : NULL;
    if (!colon) return;
    om_str name = {line.p, (size_t)(colon - line.p)};
    om_str v = om_str_strip(om_str_skip(line, name.n + 1), " \t\r\n");
    if (om_str_eq_nocase(name, "content-length"))
        rs->content_length = read_number(v);
    else if (om_str_eq_nocase(name, "content-range"))
        read_range(rs, v);
    else if (om_str_eq_nocase(name, "content-type"))
        read_content_type(rs, v);
    else if (om_str_eq_nocase(name, "accept-ranges"))
        rs->accept_ranges = om_str_eq_nocase(v, "bytes");
    else if (om_str_eq_nocase(name, "etag"))
        keep_text(rs->etag, sizeof rs->etag, v);
    else if (om_str_eq_nocase(name, "server"))
        keep_text(rs->server, sizeof rs->server, v);
    else if (om_str_eq_nocase(name, "x-linked-etag") && !rs->linked_etag[0])
        keep_text(rs->linked_etag, sizeof rs->linked_etag, v);
    else if (om_str_eq_nocase(name, "x-repo-commit") && !rs->repo_commit[0])
        keep_text(rs->repo_commit, sizeof rs->repo_commit, v);
    else if (om_str_eq_nocase(name, "x-linked-size") && rs->linked_size < 0)
        rs->linked_size = read_number(v);
}

/* ---- words --------------------------------------------------------------- */

static const struct {
    int status;
    bool transient;
    const char *text;
} status_words[] = {
    {400, false, "it did not understand the request"},
    {401, false, "a key is missing or wrong"},
    {402, false, "it wants to be paid"},
    {403, false, "not allowed"},
    {404, false, "no such thing there: check the address"},
    {405, false, "not that way: check the address"},
    {408, true, "it waited too long"},
    {410, false, "it is gone"},
    {413, false, "the request is too large for it"},
    {416, false, "no such range of bytes"},
    {422, false, "it refused the request"},
    {425, true, "too early"},
    {429, true, "too many requests: wait a while"},
    {451, false, "withheld for legal reasons"},
    {500, true, "it failed"},
    {501, false, "it cannot do that"},
    {502, true, "what stands behind it failed"},
    {503, true, "it is busy or still loading: try again later"},
    {504, true, "what stands behind it did not answer"},
};
enum { N_STATUS_WORDS = sizeof status_words / sizeof *status_words };

bool om_http_status_is_transient(int status)
{
    for (size_t i = 0; i < N_STATUS_WORDS; i++)
        if (status_words[i].status == status) return status_words[i].transient;
    return false;
}

static const char *words_for(int status)
{
    for (size_t i = 0; i < N_STATUS_WORDS; i++)
        if (status_words[i].status == status) return status_words[i].text;
    if (status < 400) return "it did not answer what was asked";
    return status < 500 ? "it refused the request" : "it failed";
}

omost_status om_http_status_error(const om_http_request *rq,
                                  const om_http_response *rs, om_str body,
                                  omost_error *err)
{
    char said[OM_HTTP_EXCERPT];
    om_http_error_excerpt(said, body, rq->bearer);
    bool key = rq->auth_remedy && (rs->status == 401 || rs->status == 403);
    omost_status st =
        rs->status == 404 || rs->status == 410 ? OMOST_MISSING : OMOST_IO;
    return om_fail(err, st, "%.100s answered %d (%s%s%s)%s%s", rs->host,
                   rs->status, words_for(rs->status), key ? "; " : "",
                   key ? rq->auth_remedy : "", said[0] ? ": " : "", said);
}

om_redirect om_http_judge_redirect(const om_url *from, const om_url *to,
                                   bool reading, int status)
{
    if (from->https && !to->https) return OM_REDIRECT_DOWN;
    if (reading) return OM_REDIRECT_FINE;
    bool keeps_method = status == 307 || status == 308;
    return keeps_method && om_url_same_origin(from, to) ? OM_REDIRECT_FINE
                                                        : OM_REDIRECT_AWAY;
}

/* ---- headers of a request ------------------------------------------------ */

omost_status om_http_check_header(const om_http_header *h, omost_error *err)
{
    bool good = h->name[0] != '\0';
    for (const char *p = h->name; *p; p++)
        good =
            good && *p > ' ' && *p < 0x7f && !strchr("()<>@,;:\\\"/[]?={}", *p);
    if (!good)
        return om_fail(err, OMOST_USAGE, "a header's name cannot be sent");
    for (const char *p = h->value; *p; p++)
        if (((unsigned char)*p < ' ' && *p != '\t') || *p == 0x7f)
            return om_fail(err, OMOST_USAGE,
                           "the value of the header %.80s holds a line end or "
                           "another control character",
                           h->name);
    return OMOST_OK;
}

bool om_http_header_is_secret(const om_http_header *h)
{
    om_str name = om_str_of(h->name);
    return om_str_eq_nocase(name, "authorization") ||
           om_str_eq_nocase(name, "cookie") ||
           om_str_eq_nocase(name, "proxy-authorization");
}
