/* test_server_stop.c - the daemon's end while answers wait, and what an error
 * says of a body that does not come. */
#include "unit/support.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "server/api_json.h"
#include "server/http_call.h"

/* ---- the end ------------------------------------------------------------- */

typedef struct late {
    om_daemon *daemon;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    int calls;
    bool gone;
} late;

static late shared = {.lock = PTHREAD_MUTEX_INITIALIZER,
                      .wake = PTHREAD_COND_INITIALIZER};

static void nap(void)
{
    const struct timespec t = {.tv_nsec = 10000000};
    nanosleep(&t, NULL);
}

/* Begins before the end and asks to wait after everybody was woken. */
static omost_status waits(om_request *rq, om_response *rs, omost_error *err)
{
    (void)err;
    pthread_mutex_lock(&shared.lock);
    const bool first = shared.calls++ == 0;
    if (rq->gone) shared.gone = true;
    om_daemon *d = shared.daemon;
    pthread_cond_signal(&shared.wake);
    pthread_mutex_unlock(&shared.lock);
    if (first) {
        while (!om_daemon_stopping(d)) nap();
        for (int i = 0; i < 30; i++) nap(); /* the wakes are over by now */
    }
    rs->later = true;
    return OMOST_OK;
}

static const om_route routes[] = {
    {OM_GET, "/wait", waits, OM_BODY_NONE, "t", "t", "", "", "", 200, true},
    {.pattern = NULL},
};

static int ask(int port)
{
    static const char text[] = "GET /wait HTTP/1.1\r\nHost: localhost:%d\r\n"
                               "\r\n";
    char line[100];
    const struct sockaddr_in to = {.sin_family = AF_INET,
                                   .sin_port = htons((uint16_t)port),
                                   .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    const int n = snprintf(line, sizeof line, text, port);
    const int fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_true(fd >= 0);
    assert_int_equal(connect(fd, (const struct sockaddr *)&to, sizeof to), 0);
    assert_int_equal(write(fd, line, (size_t)n), n);
    return fd;
}

static void nobody_sleeps_through_the_end(void **state)
{
    omost_error err;
    int port = 0, fd;
    (void)state;
    if (om_listen("127.0.0.1", &port, &fd, &err) != OMOST_OK)
        fail_msg("%s", err.msg);
    om_guard guard = {.port = port, .host = OM_STR("127.0.0.1")};
    assert_true(om_guard_set_key(&guard, OM_STR("")));
    const om_daemon_opts opts = {
        .socket = fd, .guard = &guard, .routes = routes, .n_threads = 1};
    pthread_mutex_lock(&shared.lock);
    shared.daemon = om_daemon_start(&opts, &err);
    if (!shared.daemon) fail_msg("%s", err.msg);
    const int client = ask(port);
    while (shared.calls == 0) pthread_cond_wait(&shared.wake, &shared.lock);
    pthread_mutex_unlock(&shared.lock);
    om_daemon_stop(shared.daemon);
    assert_int_equal(shared.calls, 2);
    assert_true(shared.gone);
    char byte;
    assert_true(recv(client, &byte, 1, 0) <= 0);
    close(client);
}

/* ---- errors ---------------------------------------------------------------
 */

static void errors_are_not_kept(void **state)
{
    static const char *const kept[] = {"Vary", "Retry-After"};
    om_response rs = {0};
    omost_error err;
    (void)state;
    om_buf_init(&rs.body, NULL, 1000);
    om_response_header(&rs, "Vary", OM_STR("Origin"));
    om_response_header(&rs, "Cache-Control", OM_STR("immutable"));
    om_response_header(&rs, "ETag", OM_STR("\"i-1-1\""));
    om_response_header(&rs, "Content-Disposition", OM_STR("attachment"));
    om_response_header(&rs, "Retry-After", OM_STR("5"));
    om_fail(&err, OMOST_MISSING, "it is gone");
    om_response_error(&rs, 404, NULL, &err);
    assert_int_equal(rs.n_headers, 2);
    for (int i = 0; i < 2; i++) assert_string_equal(rs.header[i].name, kept[i]);
    assert_non_null(strstr(rs.body.p, "it is gone"));
    om_buf_free(&rs.body);
}

/* ---- texts ----------------------------------------------------------------
 */

static void texts_are_cut_between_characters(void **state)
{
    static const struct {
        const char *in, *out;
    } cases[] = {
        {"", ""},
        {"abcd", "abcd"},
        {"abcde", "abcd"},
        {"abc\xc3\xa9", "abc"},
        {"ab\xc3\xa9", "ab\xc3\xa9"},
        {"a\xf0\x9f\x90\x89", "a"},
        {"a\xff", "a?"},
        {"\xff\xc3\xa9", "?\xc3\xa9"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[5];
        om_cut_text(text, sizeof text, om_str_of(cases[i].in));
        assert_string_equal(text, cases[i].out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nobody_sleeps_through_the_end),
        cmocka_unit_test(errors_are_not_kept),
        cmocka_unit_test(texts_are_cut_between_characters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
