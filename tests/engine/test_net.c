/* test_net.c - addresses, event streams, excerpts, response headers, pauses:
 * what of net needs no network. */
#include "unit/support.h"

#include "net/http_error.h"
#include "net/http_internal.h"
#include "net/sse.h"
#include "net/url.h"

/* ---- addresses ----------------------------------------------------------- */

static void assert_str(om_str s, const char *want)
{
    if (!om_str_eqz(s, want))
        fail_msg("\"%.*s\" is not \"%s\"", OM_STR_ARG(s), want);
}

static void urls_that_are(void **state)
{
    (void)state;
    om_url u;
    assert_int_equal(om_url_parse(OM_STR("https://Ex-1.org:8443/a/b?c=d?#e/f"),
                                  &u, NULL),
                     OMOST_OK);
    assert_true(u.https);
    assert_str(u.host, "Ex-1.org");
    assert_int_equal(u.port, 8443);
    assert_str(u.path, "/a/b");
    assert_str(u.query, "c=d?");
    assert_str(u.base, "https://Ex-1.org:8443");
    assert_int_equal(om_url_parse(OM_STR("HTTP://h"), &u, NULL), OMOST_OK);
    assert_false(u.https);
    assert_int_equal(u.port, 80);
    assert_str(u.path, "");
    assert_int_equal(om_url_parse(OM_STR("http://[::1]:81?q"), &u, NULL),
                     OMOST_OK);
    assert_true(u.ipv6);
    assert_str(u.host, "::1");
    assert_int_equal(u.port, 81);
    assert_str(u.query, "q");
}

static void urls_that_are_not(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",
        "h",
        "/path",
        "ftp://h/",
        "file:///etc/passwd",
        "http://",
        "http:///x",
        "http://:80/",
        "http://h:0/",
        "http://h:65536/",
        "http://h:8o/",
        "http://h:/",
        "http://u@h/",
        "http://u:p@h/",
        "http://a@b@c/",
        "http://h /",
        "http://h/\n",
        "http://h/\x7f",
        "http://h\\@x/",
        "http://h%2e/",
        "http://\xc3\xa4.org/",
        "http://h,x/",
        "http://[::1/",
        "http://[::1]x/",
        "http://[nothex]/",
        "http://[1]/",
        "http://.../",
        " http://h/",
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        om_url u;
        omost_error err;
        if (om_url_parse(om_str_of(bad[i]), &u, &err) != OMOST_USAGE)
            fail_msg("\"%s\" was taken for an address", bad[i]);
        assert_true(strlen(err.msg) > 10);
    }
    char *longer = malloc(OM_URL_MAX + 2);
    memset(longer, 'a', OM_URL_MAX + 1);
    memcpy(longer, "http://h/", 9);
    om_url u;
    assert_int_equal(om_url_parse((om_str){longer, OM_URL_MAX + 1}, &u, NULL),
                     OMOST_USAGE);
    assert_int_equal(om_url_parse((om_str){longer, OM_URL_MAX}, &u, NULL),
                     OMOST_OK);
    free(longer);
}

static om_url url_of(const char *text)
{
    om_url u;
    omost_error err;
    if (om_url_parse(om_str_of(text), &u, &err) != OMOST_OK)
        fail_msg("%s: %s", text, err.msg);
    return u;
}

static bool same(const char *a, const char *b)
{
    om_url x = url_of(a), y = url_of(b);
    return om_url_same_origin(&x, &y);
}

static void origins(void **state)
{
    (void)state;
    assert_true(same("http://a/x", "HTTP://A:80/y?z"));
    assert_true(same("https://a", "https://a:443/"));
    assert_false(same("http://a", "https://a"));
    assert_false(same("http://a", "http://a:8080"));
    assert_false(same("http://a", "http://b"));
    assert_false(same("http://a", "http://a.b"));
    static const char *const here[] = {
        "http://localhost:1", "http://LocalHost",  "http://x.localhost",
        "http://127.0.0.1",   "http://127.1.2.3/", "http://[::1]:8080"};
    static const char *const there[] = {
        "http://example.org",      "http://localhost.example.org",
        "http://127.0.0.1.nip.io", "http://127.0.0.256",
        "http://127.0.0",          "http://128.0.0.1",
        "http://notlocalhost",     "http://[::2]",
        "http://127.0.0.1.",       "http://0.0.0.0"};
    for (size_t i = 0; i < sizeof here / sizeof *here; i++) {
        om_url u = url_of(here[i]);
        if (!om_url_is_loopback(&u)) fail_msg("%s is not here", here[i]);
    }
    for (size_t i = 0; i < sizeof there / sizeof *there; i++) {
        om_url u = url_of(there[i]);
        if (om_url_is_loopback(&u)) fail_msg("%s is here", there[i]);
    }
    static const char *const near[] = {"http://127.0.0.1",
                                       "http://10.0.0.1",
                                       "http://172.16.0.1",
                                       "http://box",
                                       "http://192.168.0.1",
                                       "http://169.254.1.1",
                                       "http://a.LOCAL",
                                       "http://[fd12:3::1]",
                                       "http://[fe80::1]",
                                       "http://x.home.arpa",
                                       "http://host.docker.internal"};
    static const char *const far[] = {
        "http://11.0.0.1",    "http://172.15.0.1", "http://172.32.0.1",
        "http://192.169.0.1", "http://10.0.0",     "http://10.0.0.1.nip.io",
        "http://a.local.org", "http://[2001::1]",  "http://[fec0::1]",
        "http://[fd::1]",     "http://134744072",  "http://1.2.3.4.5"};
    for (size_t i = 0; i < sizeof near / sizeof *near; i++) {
        om_url u = url_of(near[i]);
        if (!om_url_is_private(&u)) fail_msg("%s is not near", near[i]);
    }
    for (size_t i = 0; i < sizeof far / sizeof *far; i++) {
        om_url u = url_of(far[i]);
        if (om_url_is_private(&u)) fail_msg("%s is near", far[i]);
    }
}

static om_redirect judge(const char *from, const char *to, bool reading,
                         int status)
{
    om_url a = url_of(from), b = url_of(to);
    return om_http_judge_redirect(&a, &b, reading, status);
}

static void redirects(void **state)
{
    (void)state;
    static const int all[] = {301, 302, 303, 307, 308};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        const int s = all[i];
        const om_redirect kept = s >= 307 ? OM_REDIRECT_FINE : OM_REDIRECT_AWAY;
        assert_int_equal(judge("https://a", "https://b", true, s),
                         OM_REDIRECT_FINE);
        assert_int_equal(judge("http://a", "https://b", true, s),
                         OM_REDIRECT_FINE);
        assert_int_equal(judge("https://a", "http://a", true, s),
                         OM_REDIRECT_DOWN);
        assert_int_equal(judge("https://a", "http://a", false, s),
                         OM_REDIRECT_DOWN);
        assert_int_equal(judge("https://a/x", "https://A:443/y", false, s),
                         kept);
        assert_int_equal(judge("https://a", "https://b", false, s),
                         OM_REDIRECT_AWAY);
        assert_int_equal(judge("http://a", "https://a", false, s),
                         OM_REDIRECT_AWAY);
    }
}

static void joining(void **state)
{
    (void)state;
    static const struct {
        const char *base, *path, *want;
    } cases[] = {
        {"http://h", "/v1/models", "http://h/v1/models"},
        {"http://h/", "/v1/models", "http://h/v1/models"},
        {"https://h:1/a/b//", "/c", "https://h:1/a/b/c"},
        {"http://h/a?b=c", "/d", "http://h/a/d"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        om_buf b;
        om_url u = url_of(cases[i].base);
        om_buf_init(&b, NULL, 1 << 12);
        om_url_join(&b, &u, cases[i].path);
        assert_string_equal(b.p, cases[i].want);
        om_buf_free(&b);
    }
    om_buf b;
    om_buf_init(&b, NULL, 1 << 12);
    om_url_encode(&b, OM_STR("a/B c-._~\xc3\xa4%?\0x"), "/");
    assert_string_equal(b.p, "a/B%20c-._~%C3%A4%25%3F%00x");
    om_buf_free(&b);
}

/* ---- event streams ------------------------------------------------------- */

/* Events as text: "[type]data;" each. */
static omost_status note_event(void *user, const om_sse_event *ev,
                               omost_error *err)
{
    (void)err;
    om_buf_printf(user, "[%.*s]%.*s;", OM_STR_ARG(ev->type),
                  OM_STR_ARG(ev->data));
    return OMOST_OK;
}

static char *events_of(om_str text, size_t piece)
{
    om_sse s;
    om_buf out;
    om_sse_init(&s, NULL, 4096);
    om_buf_init(&out, NULL, 1 << 16);
    om_buf_puts(&out, "");
    for (size_t i = 0; i < text.n; i += piece) {
        size_t n = text.n - i < piece ? text.n - i : piece;
        /* A copy of its own: reading beyond it would be seen. */
        char *copy = malloc(n);
        memcpy(copy, text.p + i, n);
        assert_int_equal(om_sse_feed(&s, (om_str){copy, n}, note_event, &out,
                                     NULL),
                         OMOST_OK);
        free(copy);
    }
    assert_int_equal(om_sse_end(&s, note_event, &out, NULL), OMOST_OK);
    om_sse_free(&s);
    return om_buf_steal(&out, NULL);
}

static void streams(void **state)
{
    (void)state;
    static const struct {
        om_str text;
        const char *want;
    } cases[] = {
#define CASE(text, want) {{text, sizeof text - 1}, want}
        CASE("", ""),
        CASE("\n\n\n", ""),
        CASE("data: a\n\ndata: b\n\n", "[]a;[]b;"),
        CASE("data: a\r\n\r\ndata: b\r\n\r\n", "[]a;[]b;"),
        CASE("data: a\r\rdata: b\r\r", "[]a;[]b;"),
        CASE("data: a\r\n\ndata: b\n\r\n", "[]a;[]b;"),
        CASE("data:a\ndata:  b\ndata\n\n", "[]a\n b\n;"),
        CASE(": hello\n\n: keep-alive\ndata: x\n: more\n\n", "[]x;"),
        CASE("\xEF\xBB\xBF"
             "data: x\n\n\xEF\xBB\xBF"
             "data: y\n\n",
             "[]x;"),
        CASE("event: t\nid: 7\nretry: 5\nwhat: ever\ndata: x\n\ndata: y\n\n",
             "[t]x;[]y;"),
        CASE("event: nothing\n\ndata: x\n\n", "[]x;"),
        CASE("data: x", "[]x;"),
        CASE("data: x\n", "[]x;"),
        CASE("data: x\ndata: y", "[]x\ny;"),
        CASE("data:\n\n", "[];"),
        CASE("data\n\n", "[];"),
        CASE("datax: 1\n\n", ""),
        CASE("data : 1\n\n", ""),
        CASE("data: \xff\xfe{}\n\n", "[]\xff\xfe{};"),
        CASE("id: 1\nid\ndata: x\n\n", "[]x;"),
#undef CASE
    };
    static const size_t piece[] = {1, 2, 3, 7, 1000};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        for (size_t k = 0; k < sizeof piece / sizeof *piece; k++) {
            char *got = events_of(cases[i].text, piece[k]);
            if (strcmp(got, cases[i].want) != 0)
                fail_msg("\"%s\" in pieces of %zu: \"%s\" instead of \"%s\"",
                         cases[i].text.p, piece[k], got, cases[i].want);
            om_free(NULL, got);
        }
}

/* A line, and an event of many lines, beyond the limit. */
static void stream_limits(void **state)
{
    (void)state;
    char block[100];
    memset(block, 'x', sizeof block);
    for (int lines = 0; lines < 2; lines++) {
        om_sse s;
        om_buf out;
        omost_error err;
        omost_status st = OMOST_OK;
        int fed = 0;
        om_sse_init(&s, NULL, 1000);
        om_buf_init(&out, NULL, 1 << 16);
        if (lines) memcpy(block, "\ndata:", 6);
        while (st == OMOST_OK && fed < 100) {
            om_str b = {block, sizeof block};
            st = om_sse_feed(&s, b, note_event, &out, &err);
            fed++;
        }
        assert_int_equal(st, OMOST_LIMIT);
        assert_in_range(fed, 10, 12);
        assert_non_null(strstr(err.msg, "1000 bytes"));
        om_sse_free(&s);
        om_buf_free(&out);
    }
}

static omost_status refuse(void *user, const om_sse_event *ev, omost_error *err)
{
    (void)ev;
    ++*(int *)user;
    return om_fail(err, OMOST_CANCELLED, "enough");
}

static void stream_stops(void **state)
{
    (void)state;
    om_sse s;
    int n = 0;
    om_sse_init(&s, NULL, 1000);
    assert_int_equal(om_sse_feed(&s, OM_STR("data: 1\n\ndata: 2\n\n"), refuse,
                                 &n, NULL),
                     OMOST_CANCELLED);
    assert_int_equal(n, 1);
    om_sse_free(&s);
}

/* ---- excerpts ------------------------------------------------------------ */

static void assert_excerpt(const char *body, const char *secret,
                           const char *want)
{
    char out[OM_HTTP_EXCERPT];
    om_http_error_excerpt(out, om_str_of(body), secret);
    assert_string_equal(out, want);
}

static void excerpts(void **state)
{
    (void)state;
    assert_excerpt("{\"error\":{\"message\":\"a b\",\"code\":1}}", NULL, "a b");
    assert_excerpt("{\"error\":\"plain\"}", NULL, "plain");
    assert_excerpt("{\"message\":\"m\",\"error\":{}}", NULL, "m");
    assert_excerpt("[{\"error\":{\"message\":\"listed\"}}]", NULL, "listed");
    assert_excerpt("{\"detail\":\"d\"}", NULL, "d");
    assert_excerpt("{\"detail\":[1,2]}", NULL, "");
    assert_excerpt("  just\r\n\twords ", NULL, "just words");
    assert_excerpt("<html>", NULL, "");
    assert_excerpt("{broken", NULL, "");
    assert_excerpt("", NULL, "");
    assert_excerpt("a \x1b[31mred\x07 \xc2\x9b \xe2\x80\xae x\xff", NULL,
                   "a [31mred x");
    assert_excerpt("key sk-12345 and sk-12345x", "sk-12345",
                   "key *** and ***x");
    assert_excerpt("a is a", "a", "a is a");
    char longer[1000], out[OM_HTTP_EXCERPT];
    for (size_t i = 0; i + 2 < sizeof longer; i += 2)
        memcpy(longer + i, "\xc3\xa4", 2);
    for (size_t n = 100; n < 300; n++) {
        om_http_excerpt(out, (om_str){longer, n & ~(size_t)1}, NULL);
        assert_true(strlen(out) < OM_HTTP_EXCERPT);
        if (n > OM_HTTP_EXCERPT + 1)
            assert_string_equal(out + strlen(out) - 3, "...");
    }
}

/* ---- headers ------------------------------------------------------------- */

static void headers(void **state)
{
    (void)state;
    om_http_response r;
    om_http_response_clear(&r);
    static const char *const lines[] = {
        "Content-Length: 42\r\n",
        "CONTENT-TYPE: Text/Event-Stream; charset=utf-8\r\n",
        "content-range:bytes 10-51/100\r\n",
        "ETag:  W/\"a-b\" \r\n",
        "X-Linked-ETag: \"0123\"\r\n",
        "X-Linked-Size: 9007199254740993\r\n",
        "X-Repo-Commit: abc\r\n",
        "Server: llama.cpp\r\n",
        "Accept-Ranges: bytes\r\n",
        "no colon here\r\n",
        ": no name\r\n",
    };
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
        om_http_response_header(&r, om_str_of(lines[i]));
    assert_int_equal(r.content_length, 42);
    assert_string_equal(r.content_type, "text/event-stream");
    assert_int_equal(r.range_start, 10);
    assert_int_equal(r.range_total, 100);
    assert_string_equal(r.etag, "W/\"a-b\"");
    assert_string_equal(r.linked_etag, "\"0123\"");
    assert_true(r.linked_size == 9007199254740993);
    assert_string_equal(r.repo_commit, "abc");
    assert_true(r.accept_ranges);
    /* The next answer of a chain: the linked file stays known. */
    om_http_response_next(&r);
    om_http_response_header(&r, OM_STR("X-Repo-Commit: other"));
    assert_int_equal(r.content_length, -1);
    assert_string_equal(r.etag, "");
    assert_string_equal(r.repo_commit, "abc");

    static const char *const bad[] = {
        "Content-Length: -1",
        "Content-Length: 12x",
        "Content-Length: 99999999999999999999",
        "Content-Length:",
        "Content-Range: bytes x-y/z",
        "Content-Range: lines 1-2/3",
        "ETag: a\x1b[31m",
        "Server: \xff",
    };
    om_http_response_clear(&r);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        om_http_response_header(&r, om_str_of(bad[i]));
    om_http_response none;
    om_http_response_clear(&none);
    assert_int_equal(r.content_length, -1);
    assert_int_equal(r.range_start, -1);
    assert_int_equal(r.range_total, -1);
    assert_string_equal(r.etag, "");
    assert_string_equal(r.server, "");
    om_http_response_header(&r, OM_STR("Content-Range: bytes */77"));
    assert_int_equal(r.range_start, -1);
    assert_int_equal(r.range_total, 77);
}

/* ---- pauses -------------------------------------------------------------- */

static void pauses(void **state)
{
    (void)state;
    const om_http_retry p = {.tries = 6, .first = 1, .most = 5};
    const double full[] = {1, 2, 4, 5, 5};
    om_http_response r;
    om_http_response_clear(&r);
    r.status = 503;
    assert_true(om_http_retry_pause(&p, 1, &r) < 0); /* not transient */
    r.transient = true;
    r.unreachable = true; /* each try costs a connect_timeout */
    om_http_retry once = p;
    once.unsent_only = true;
    assert_true(om_http_retry_pause(&p, 1, &r) > 0);
    assert_true(om_http_retry_pause(&p, 2, &r) < 0);
    assert_true(om_http_retry_pause(&once, 1, &r) < 0);
    r.unreachable = false;
    double least = 1e9, most = 0;
    for (int tried = 1; tried <= 5; tried++)
        for (int i = 0; i < 50; i++) {
            double s = om_http_retry_pause(&p, tried, &r) / full[tried - 1];
            assert_true(s >= 0.5 && s <= 1);
            least = s < least ? s : least;
            most = s > most ? s : most;
        }
    assert_true(most - least > 0.2); /* by chance, all of 250 alike: never */
    assert_true(om_http_retry_pause(&p, 6, &r) < 0);
    r.retry_after = 4.5;
    assert_true(om_http_retry_pause(&p, 1, &r) == 4.5);
    r.retry_after = 6;
    assert_true(om_http_retry_pause(&p, 1, &r) < 0);
    /* An answer that was lost is not asked for again where that is dear. */
    const om_http_retry dear = {.tries = 3, .most = 5, .unsent_only = true};
    r.retry_after = -1;
    assert_true(om_http_retry_pause(&dear, 1, &r) >= 0);
    r.status = 0;
    assert_true(om_http_retry_pause(&dear, 1, &r) >= 0);
    r.connected = true;
    assert_true(om_http_retry_pause(&dear, 1, &r) < 0);
}

static void request_headers(void **state)
{
    (void)state;
    static const om_http_header good = {"X-A_b.c", "v w\tx \xc3\xa4"};
    static const om_http_header bad[] = {{"", "x"},     {"a b", "x"},
                                         {"a:", "x"},   {"a\n", "x"},
                                         {"a", "x\ny"}, {"a", "x\r"},
                                         {"a", "\x7f"}, {"\xc3\xa4", "x"}};
    assert_int_equal(om_http_check_header(&good, NULL), OMOST_OK);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(om_http_check_header(&bad[i], NULL), OMOST_USAGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(urls_that_are), cmocka_unit_test(urls_that_are_not),
        cmocka_unit_test(origins),       cmocka_unit_test(redirects),
        cmocka_unit_test(joining),       cmocka_unit_test(streams),
        cmocka_unit_test(stream_limits), cmocka_unit_test(stream_stops),
        cmocka_unit_test(excerpts),      cmocka_unit_test(headers),
        cmocka_unit_test(pauses),        cmocka_unit_test(request_headers)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
