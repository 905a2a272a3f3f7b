/* test_http.c - the HTTP client against a server that misbehaves in every way
 * we could think of (tests/support/mock_server.py). */
#include "base/clock.h"
#include "unit/support.h"

#include "net/http_client.h"
#include "net/http_internal.h"
#include "support/server.h"

static test_server server;

/* One request and what came of it. */
typedef struct asked {
    om_http_request rq;
    om_http_response rs;
    omost_error err;
    omost_status st;
    om_buf got;
    char url[256];
    int stop_after;   /* > 0: on_data refuses after so many bytes */
    double cancel_at; /* > 0: when to cancel */
    int asked_cancel, answers;
} asked;

static bool on_answer(void *user, const om_http_response *rs)
{
    asked *a = user;
    a->answers++;
    assert_true(rs->status >= 200 && rs->status <= 299);
    assert_int_equal(a->got.n, 0);
    return true;
}

static bool on_data(void *user, const void *p, size_t n)
{
    asked *a = user;
    om_buf_put(&a->got, p, n);
    return a->stop_after == 0 || a->got.n < (size_t)a->stop_after;
}

static bool on_cancelled(void *user)
{
    asked *a = user;
    a->asked_cancel++;
    return a->cancel_at > 0 && om_clock() > a->cancel_at;
}

static asked *begin(const char *path)
{
    static const om_http_request defaults = OM_HTTP_REQUEST_DEFAULTS;
    asked *a = calloc(1, sizeof *a);
    a->rq = defaults;
    snprintf(a->url, sizeof a->url, "http://127.0.0.1:%d%s", server.port, path);
    a->rq.url = om_str_of(a->url);
    a->rq.on_answer = on_answer;
    a->rq.on_data = on_data;
    a->rq.cancelled = on_cancelled;
    a->rq.user = a;
    a->rq.total_timeout = 20; /* no test waits for ever */
    om_buf_init(&a->got, NULL, 64 << 20);
    om_buf_puts(&a->got, "");
    return a;
}

static void send_it(asked *a)
{
    om_http *http = om_http_new(NULL, NULL);
    assert_non_null(http);
    a->st = om_http_send(http, &a->rq, &a->rs, &a->err);
    assert_int_equal(a->st, a->err.status);
    assert_int_equal(a->st == OMOST_OK, a->err.msg[0] == '\0');
    om_http_free(http);
}

static void end(asked *a)
{
    om_buf_free(&a->got);
    free(a);
}

static bool have(const asked *a, const char *what)
{
    return a->got.p && strstr(a->got.p, what);
}

static void expect_error(asked *a, omost_status st, const char *words)
{
    char host[64];
    snprintf(host, sizeof host, "127.0.0.1:%d", server.port);
    if (a->st != st || !strstr(a->err.msg, words))
        fail_msg("%s: status %s, \"%s\" instead of %s, \"...%s...\"", a->url,
                 omost_status_name(a->st), a->err.msg, omost_status_name(st),
                 words);
    if (st != OMOST_CANCELLED && !strstr(a->err.msg, host))
        fail_msg("%s does not name the host", a->err.msg);
}

/* Ask for `path`, expect this failure. */
static void fails(const char *path, omost_status st, const char *words,
                  bool transient)
{
    asked *a = begin(path);
    a->rq.idle_timeout = 0.3;
    send_it(a);
    expect_error(a, st, words);
    assert_int_equal(a->rs.transient, transient);
    end(a);
}

/* ---- good answers -------------------------------------------------------- */

static void getting(void **state)
{
    (void)state;
    om_http *http = om_http_new(NULL, NULL);
    asked *a = begin("/hello");
    for (int i = 0; i < 3; i++) { /* the connection is used again */
        a->got.n = 0;
        assert_int_equal(om_http_send(http, &a->rq, &a->rs, &a->err), OMOST_OK);
        assert_int_equal(a->got.n, 5);
        assert_memory_equal(a->got.p, "hello", 5);
        assert_int_equal(a->rs.content_length, 5);
        assert_int_equal(a->rs.received, 5);
        assert_string_equal(a->rs.content_type, "text/plain");
        assert_true(a->rs.connected);
    }
    assert_int_equal(a->answers, 3);
    om_http_free(http);
    end(a);

    a = begin("/file");
    send_it(a);
    assert_int_equal(a->st, OMOST_OK);
    assert_int_equal(a->got.n, 100000);
    assert_string_equal(a->rs.etag, "\"abc\"");
    assert_string_equal(a->rs.server, "mock");
    assert_string_equal(a->rs.content_type, "application/octet-stream");
    end(a);
}

static void posting(void **state)
{
    (void)state;
    const om_http_header h[] = {{"Content-Type", "a/b"}, {"X-Empty", ""}};
    asked *a = begin("/echo");
    a->rq.headers = h;
    a->rq.n_headers = 2;
    a->rq.body = OM_STR("some {\"json\"}");
    a->rq.bearer = "sk-secret";
    send_it(a);
    assert_int_equal(a->st, OMOST_OK);
    assert_true(have(a, "POST /echo HTTP/1.1\r\n"));
    assert_true(have(a, "Content-Type: a/b\r\n"));
    assert_true(have(a, "X-Empty:\r\n"));
    assert_true(have(a, "Authorization: Bearer sk-secret\r\n"));
    assert_true(have(a, "User-Agent: omost/"));
    assert_true(have(a, "\r\n\r\nsome {\"json\"}"));
    assert_false(have(a, "Expect:"));
    end(a);
}

static void ranges(void **state)
{
    (void)state;
    asked *a = begin("/file");
    a->rq.offset = 99990;
    send_it(a);
    assert_int_equal(a->st, OMOST_OK);
    assert_int_equal(a->rs.status, 206);
    assert_int_equal(a->rs.range_start, 99990);
    assert_int_equal(a->rs.range_total, 100000);
    assert_int_equal(a->got.n, 10);
    assert_int_equal((unsigned char)a->got.p[0], 99990 * 7 % 251);
    end(a);
    a = begin("/file");
    a->rq.offset = 100000;
    send_it(a);
    assert_int_equal(a->rs.status, 416);
    assert_int_equal(a->rs.range_total, 100000);
    end(a);
    a = begin("/file-whole"); /* a server that does not know Range */
    a->rq.offset = 99990;
    send_it(a);
    assert_int_equal(a->rs.status, 200);
    assert_int_equal(a->rs.range_start, -1);
    assert_int_equal(a->got.n, 100000);
    end(a);
    a = begin("/file");
    a->rq.head_only = true;
    send_it(a);
    assert_int_equal(a->st, OMOST_OK);
    assert_int_equal(a->rs.content_length, 100000);
    assert_int_equal(a->got.n, 0);
    assert_int_equal(a->answers, 1);
    end(a);
}

/* ---- failures ------------------------------------------------------------ */

static void broken_answers(void **state)
{
    (void)state;
    fails("/nothing", OMOST_MISSING, "404", false);
    fails("/early", OMOST_IO, "closed the connection early, after 10 bytes",
          true);
    fails("/early-chunk", OMOST_IO, "closed the connection early", true);
    fails("/silent", OMOST_IO, "fell silent", true);
    fails("/stall", OMOST_IO, "fell silent", true);
    fails("/garbage", OMOST_IO, "does not speak HTTP", false);
    fails("/headers", OMOST_LIMIT, "of headers", false);
}

static void closed_at_once(void **state)
{
    (void)state;
    fails("/chat/dead/v1/chat/completions", OMOST_MISSING, "404", false);
    asked *a = begin("/chat/dead/v1/chat/completions");
    a->rq.body = OM_STR("{}");
    send_it(a);
    expect_error(a, OMOST_IO, "closed the connection without an answer");
    assert_true(a->rs.transient);
    assert_true(a->rs.connected);
    assert_int_equal(a->rs.status, 0);
    end(a);
}

/* More than was announced is no part of the answer. */
static void longer_than_said(void **state)
{
    (void)state;
    asked *a = begin("/longer");
    send_it(a);
    assert_int_equal(a->st, OMOST_OK);
    assert_int_equal(a->got.n, 5);
    end(a);
}

static void limits(void **state)
{
    (void)state;
    asked *a = begin("/endless");
    a->rq.max_body = 123456;
    send_it(a);
    expect_error(a, OMOST_LIMIT, "123456 bytes");
    assert_true(a->got.n <= 123456);
    end(a);
    a = begin("/file"); /* told beforehand: nothing is fetched */
    a->rq.max_body = 99999;
    send_it(a);
    expect_error(a, OMOST_LIMIT, "99999 bytes");
    assert_int_equal(a->got.n, 0);
    assert_int_equal(a->answers, 0);
    end(a);
    a = begin("/file");
    a->rq.max_body = 100000;
    send_it(a);
    assert_int_equal(a->st, OMOST_OK);
    end(a);
}

static void timeouts(void **state)
{
    (void)state;
    asked *a = begin("/silent");
    a->rq.answer_timeout = 0.2;
    send_it(a);
    expect_error(a, OMOST_IO, "did not answer within 0.2 s");
    end(a);
    a = begin("/endless"); /* busy for ever */
    a->rq.max_body = 0;
    a->rq.on_data = NULL;
    a->rq.total_timeout = 0.3;
    send_it(a);
    expect_error(a, OMOST_IO, "was not done within 0.3 s");
    assert_false(a->rs.transient);
    end(a);
    a = begin("/drip"); /* slow, but alive: a second in all */
    a->rq.idle_timeout = 0.9;
    send_it(a);
    assert_int_equal(a->st, OMOST_OK);
    assert_int_equal(a->got.n, 20);
    end(a);
}

static void stopping(void **state)
{
    (void)state;
    asked *a = begin("/silent");
    a->cancel_at = om_clock() + 0.5;
    double before = om_clock();
    send_it(a);
    assert_int_equal(a->st, OMOST_CANCELLED);
    assert_true(om_clock() - before < 10);
    assert_in_range(a->asked_cancel, 2, 100);
    end(a);
    a = begin("/endless");
    a->stop_after = 50000;
    send_it(a);
    assert_int_equal(a->st, OMOST_CANCELLED);
    assert_false(a->rs.transient);
    end(a);
}

static void statuses(void **state)
{
    (void)state;
    fails("/status/404", OMOST_MISSING, "this is status 404", false);
    fails("/status/429", OMOST_IO, "too many requests", true);
    fails("/status/500", OMOST_IO, "this is status 500", true);
    fails("/status/503/7", OMOST_IO, "try again later", true);
    fails("/status/418", OMOST_IO, "418", false);
    fails("/status/599", OMOST_IO, "599", false);
    fails("/page", OMOST_IO, "answered 500 (it failed)", true);
    asked *a = begin("/status/503/7");
    send_it(a);
    assert_true(a->rs.retry_after == 7);
    assert_int_equal(a->got.n, 0); /* on_data never sees an error's body */
    assert_int_equal(a->answers, 0);
    end(a);
    a = begin("/status/401");
    a->rq.auth_remedy = "set SOME_KEY";
    send_it(a);
    expect_error(a, OMOST_IO, "set SOME_KEY");
    end(a);
    om_buf body;
    om_buf_init(&body, NULL, 1 << 20);
    a = begin("/status/400");
    a->rq.error_body = &body;
    send_it(a);
    assert_string_equal(body.p, "{\"error\": {\"message\": \"this is status "
                                "400\"}}");
    om_buf_free(&body);
    end(a);
}

/* A server that prints our key back, with control characters. */
static void evil_words(void **state)
{
    (void)state;
    asked *a = begin("/evil");
    a->rq.bearer = "sk-very-secret";
    send_it(a);
    expect_error(a, OMOST_IO, "key *** is bad");
    assert_null(strstr(a->err.msg, "secret"));
    for (const char *p = a->err.msg; *p; p++)
        assert_true(*p >= ' ' && *p < 0x7f);
    end(a);
}

static void nobody_there(void **state)
{
    (void)state;
    asked *a = begin("/");
    snprintf(a->url, sizeof a->url, "http://127.0.0.1:1/x?key=hidden");
    a->rq.url = om_str_of(a->url);
    send_it(a);
    assert_int_equal(a->st, OMOST_IO);
    assert_non_null(strstr(a->err.msg, "cannot connect to 127.0.0.1:1"));
    assert_non_null(strstr(a->err.msg, "refused"));
    assert_null(strstr(a->err.msg, "hidden"));
    assert_false(a->rs.transient);
    assert_false(a->rs.connected);
    end(a);
    a = begin("/");
    snprintf(a->url, sizeof a->url, "https://127.0.0.1:%d/", server.port);
    a->rq.url = om_str_of(a->url);
    send_it(a);
    expect_error(a, OMOST_IO, "no safe connection");
    assert_false(a->rs.transient);
    end(a);
    /* Somebody takes the connection and says nothing. */
    struct sockaddr_in here = {.sin_family = AF_INET};
    socklen_t n = sizeof here;
    here.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int s = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(s, (struct sockaddr *)&here, n), 0);
    assert_int_equal(listen(s, 4), 0);
    assert_int_equal(getsockname(s, (struct sockaddr *)&here, &n), 0);
    a = begin("/");
    snprintf(a->url, sizeof a->url, "https://127.0.0.1:%d/",
             ntohs(here.sin_port));
    a->rq.url = om_str_of(a->url);
    a->rq.connect_timeout = 60;
    send_it(a);
    assert_int_equal(a->st, OMOST_IO);
    assert_non_null(strstr(a->err.msg, "is it an http:// address?"));
    assert_false(a->rs.transient);
    end(a);
    close(s);
    a = begin("/");
    a->rq.url = OM_STR("not an address");
    send_it(a);
    assert_int_equal(a->st, OMOST_USAGE);
    end(a);
    const om_http_header evil = {"X", "a\r\nEvil: yes"};
    a = begin("/echo");
    a->rq.headers = &evil;
    a->rq.n_headers = 1;
    send_it(a);
    assert_int_equal(a->st, OMOST_USAGE);
    end(a);
}

/* ---- redirects ----------------------------------------------------------- */

static const om_http_header private[] = {
    {"Authorization", "Basic pass"}, {"Cookie", "crumb"}, {"X-Kept", "kept"}};

static asked *redirected(const char *path)
{
    asked *a = begin(path);
    a->rq.headers = private;
    a->rq.n_headers = 3;
    a->rq.bearer = "sk-secret";
    send_it(a);
    return a;
}

static void redirects(void **state)
{
    (void)state;
    asked *a = redirected("/to/same/302");
    assert_int_equal(a->st, OMOST_OK);
    assert_int_equal(a->rs.n_redirects, 1);
    assert_true(have(a, "sk-secret"));
    assert_true(have(a, "crumb"));
    assert_string_equal(a->rs.repo_commit, "c0ffee");
    assert_string_equal(a->rs.linked_etag, "\"5ha\"");
    assert_int_equal(a->rs.linked_size, 7);
    end(a);
    static const char *const elsewhere[] = {"/to/other/301", "/to/other/302",
                                            "/to/other/303", "/to/other/307",
                                            "/to/other/308", "/to/name/302"};
    for (size_t i = 0; i < sizeof elsewhere / sizeof *elsewhere; i++) {
        a = redirected(elsewhere[i]);
        assert_int_equal(a->st, OMOST_OK);
        assert_true(have(a, "X-Kept: kept"));
        if (have(a, "sk-secret") || have(a, "crumb") || have(a, "pass") ||
            have(a, "Authorization"))
            fail_msg("%s: a secret went to another origin", elsewhere[i]);
        assert_string_equal(a->rs.repo_commit, "c0ffee");
        end(a);
    }
}

static void redirects_refused(void **state)
{
    (void)state;
    fails("/to/loop/302", OMOST_IO, "more than 10 times", false);
    fails("/to/none/302", OMOST_IO, "without saying where", false);
    fails("/to/file/302", OMOST_IO, "an address that is not", false);
    asked *a = begin("/to/same/302");
    a->rq.follow_redirects = false;
    send_it(a);
    expect_error(a, OMOST_IO, "302");
    assert_int_equal(a->rs.status, 302);
    end(a);
    a = begin("/to/same/302");
    a->rq.body = OM_STR("posted");
    send_it(a);
    expect_error(a, OMOST_IO, "give that address itself");
    end(a);
    a = begin("/to/other/307");
    a->rq.body = OM_STR("posted");
    send_it(a);
    expect_error(a, OMOST_IO, "give that address itself");
    assert_null(strstr(a->err.msg, "secret-query"));
    end(a);
    a = begin("/to/same/307");
    a->rq.body = OM_STR("posted");
    send_it(a);
    assert_int_equal(a->st, OMOST_OK);
    assert_true(have(a, "\r\n\r\nposted"));
    end(a);
}

/* ---- again --------------------------------------------------------------- */

static void told(void *user, double seconds, const char *why)
{
    asked *a = user;
    assert_true(seconds >= 0 && seconds <= 1);
    assert_true(strlen(why) > 10);
    a->asked_cancel += 1000;
}

static void trying_again(void **state)
{
    (void)state;
    const om_http_retry policy = {.tries = 3, .first = 0.02, .most = 1};
    om_http *http = om_http_new(NULL, NULL);
    asked *a = begin("/busy/2/a");
    a->st = om_http_send_again(http, &a->rq, &policy, told, &a->rs, &a->err);
    assert_int_equal(a->st, OMOST_OK);
    assert_memory_equal(a->got.p, "ready", 5);
    assert_int_equal(a->asked_cancel / 1000, 2);
    end(a);
    a = begin("/busy/3/b"); /* one time too often */
    a->st = om_http_send_again(http, &a->rq, &policy, NULL, &a->rs, &a->err);
    expect_error(a, OMOST_IO, "Loading model");
    end(a);
    a = begin("/busy/1/c/3600"); /* nobody waits an hour */
    a->st = om_http_send_again(http, &a->rq, &policy, NULL, &a->rs, &a->err);
    expect_error(a, OMOST_IO, "Loading model");
    end(a);
    a = begin("/early"); /* part of an answer came: the caller's to decide */
    a->st = om_http_send_again(http, &a->rq, &policy, told, &a->rs, &a->err);
    assert_int_equal(a->st, OMOST_IO);
    assert_int_equal(a->asked_cancel / 1000, 0);
    assert_int_equal(a->answers, 1);
    end(a);
    a = begin("/busy/9/d");
    a->cancel_at = om_clock() + 0.3;
    const om_http_retry slow = {.tries = 3, .first = 20, .most = 30};
    a->st = om_http_send_again(http, &a->rq, &slow, NULL, &a->rs, &a->err);
    assert_int_equal(a->st, OMOST_CANCELLED);
    end(a);
    om_http_free(http);
}

/* A client is as good as new after each failure. */
static void one_client(void **state)
{
    (void)state;
    static const char *const path[] = {"/early", "/garbage", "/status/500",
                                       "/to/none/302", "/longer"};
    om_http *http = om_http_new(NULL, NULL);
    for (size_t i = 0; i < sizeof path / sizeof *path; i++) {
        asked *a = begin(path[i]);
        a->st = om_http_send(http, &a->rq, &a->rs, &a->err);
        end(a);
        a = begin("/hello");
        assert_int_equal(om_http_send(http, &a->rq, &a->rs, &a->err), OMOST_OK);
        assert_memory_equal(a->got.p, "hello", 5);
        end(a);
    }
    om_http_free(http);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(getting),        cmocka_unit_test(posting),
        cmocka_unit_test(ranges),         cmocka_unit_test(broken_answers),
        cmocka_unit_test(closed_at_once), cmocka_unit_test(longer_than_said),
        cmocka_unit_test(limits),         cmocka_unit_test(timeouts),
        cmocka_unit_test(stopping),       cmocka_unit_test(statuses),
        cmocka_unit_test(evil_words),     cmocka_unit_test(nobody_there),
        cmocka_unit_test(redirects),      cmocka_unit_test(redirects_refused),
        cmocka_unit_test(trying_again),   cmocka_unit_test(one_client)};
    if (!test_server_mock(&server)) return 77;
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    test_server_stop(&server);
    return failed;
}
