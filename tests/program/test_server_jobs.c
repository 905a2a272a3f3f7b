/* test_server_jobs.c - the queue as others see it: in which order things are
 * told, and what becomes of jobs that nobody waits for any more. */
#include "store_help.h"

#include <pthread.h>
#include <time.h>

#include "server/draw_wait.h"
#include "server/http_call.h"

typedef struct studio {
    scratch dir;
    om_server server;
    om_arena arena;
    char script[OM_TEST_PATH];
} studio;

static studio *studio_open(const char *script, double rate)
{
    omost_error err;
    studio *s = calloc(1, sizeof *s);
    assert_non_null(s);
    s->dir = scratch_new();
    om_arena_init(&s->arena, NULL, 0);
    s->server.store = store_open(&s->dir);
    s->server.events = om_events_new(NULL, &err);
    om_worker_opts o = {.store = s->server.store, .events = s->server.events};
    static const omost_compose_opts plain = OMOST_COMPOSE_DEFAULTS;
    o.compose = plain;
    if (script) {
        put_file(&s->dir, "script.txt", om_str_of(script));
        o.composer.script = scratch_file(&s->dir, "script.txt", s->script);
        o.composer.script_rate = rate;
    }
    s->server.worker = om_worker_start(&o, &err);
    if (!s->server.worker) fail_msg("%s", err.msg);
    return s;
}

static void studio_close(studio *s)
{
    om_worker_stop(s->server.worker);
    om_events_free(s->server.events);
    om_store_close(s->server.store);
    om_arena_free(&s->arena);
    scratch_remove(&s->dir);
    free(s);
}

static void nap(void)
{
    const struct timespec t = {.tv_nsec = 2000000};
    nanosleep(&t, NULL);
}

/* ---- the order of events --------------------------------------------------
 */

enum { JOBS = 150 };

/* Jobs that are over as soon as they are begun. */
static void *add_jobs(void *user)
{
    studio *s = user;
    for (int i = 0; i < JOBS; i++) {
        omost_error err;
        om_job_row row = {
            .message = -1, .kind = OM_STR("load"), .request = OM_STR("{}")};
        while (om_worker_reserve(s->server.worker, &err) != OMOST_OK) nap();
        if (om_worker_add(s->server.worker, &row, NULL, &err) != OMOST_OK)
            return NULL;
    }
    return s;
}

/* How far a job is, by what was told of it: it never goes back. */
static int rank(const char *state)
{
    static const char *const order[] = {"queued", "running", "done"};
    for (int i = 0; i < 3; i++)
        if (strncmp(state, order[i], strlen(order[i])) == 0) return i;
    return -1;
}

static void queued_is_told_first(void **state)
{
    pthread_t threads[2];
    void *fine[2];
    om_buf b;
    uint64_t at = 0;
    (void)state;
    studio *s = studio_open(NULL, 0);
    for (int i = 0; i < 2; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, add_jobs, s), 0);
    for (int i = 0; i < 2; i++) {
        pthread_join(threads[i], &fine[i]);
        assert_non_null(fine[i]);
    }
    while (om_worker_position(s->server.worker, 2 * JOBS) >= 0) nap();
    om_buf_init(&b, NULL, OM_EVENT_BYTES);
    (void)om_events_read(s->server.events, 0, &at, &b, SIZE_MAX);
    int last[2 * JOBS + 1];
    memset(last, -1, sizeof last);
    for (const char *p = b.p; (p = strstr(p, "data: {\"id\":")) != NULL;) {
        const long id = strtol(p += strlen("data: {\"id\":"), NULL, 10);
        const char *word = strstr(p, "\"state\":\"");
        assert_true(id > 0 && id <= 2 * JOBS && word);
        const int now = rank(word + strlen("\"state\":\""));
        if (now < last[id] || (now > 0 && last[id] < 0))
            fail_msg("job %ld: %.20s after %d", id, word, last[id]);
        last[id] = now;
    }
    for (int i = 1; i <= 2 * JOBS; i++) assert_true(last[i] >= 0);
    assert_null(strstr(b.p, "\"request\""));
    om_buf_free(&b);
    studio_close(s);
}

/* ---- who leaves -----------------------------------------------------------
 */

static const char canvas[] =
    "```python\n"
    "canvas = Canvas()\n"
    "canvas.set_global_description(description='A cat.', "
    "detailed_descriptions=['It sleeps.'], tags='cat', "
    "HTML_web_color_name='gray')\n"
    "```\n";

static char *short_and_long(void)
{
    om_buf b;
    om_buf_init(&b, NULL, 1 << 20);
    om_buf_printf(&b, "%s---\n", canvas);
    for (int i = 0; i < 3000; i++) om_buf_puts(&b, "# It goes on and on.\n");
    return om_buf_steal(&b, NULL);
}

static om_job_state state_of(studio *s, int64_t job)
{
    omost_error err;
    om_job_row row;
    OK(om_store_job_get(s->server.store, job, &s->arena, &row, &err));
    return row.state;
}

static int64_t add_talk(studio *s, int64_t session)
{
    omost_error err;
    om_message_row m = {
        .session = session, .parent = -1, .text = OM_STR("more")};
    OK(om_store_message_add(s->server.store, &m, &err));
    om_job_row row = {.session = session,
                      .message = m.id,
                      .kind = OM_STR("compose"),
                      .request = OM_STR("{}")};
    OK(om_worker_reserve(s->server.worker, &err));
    OK(om_worker_add(s->server.worker, &row, NULL, &err));
    return row.id;
}

/* The canvas is written just when its client has left: what would draw it is
 * queued, and must not stay. */
static void who_leaves_takes_the_render_along(void **state)
{
    omost_error err;
    bool is_new;
    om_response rs = {0};
    om_waker waker = {.lock = PTHREAD_MUTEX_INITIALIZER};
    (void)state;
    char *script = short_and_long();
    studio *s = studio_open(script, 1000);
    om_request rq = {.server = &s->server, .arena = &s->arena, .waker = &waker};
    om_draw_wait *d = om_draw_state(&rq, &rs, &is_new);
    assert_true(d && is_new);
    d->options = json_object();
    OK(om_draw_words(&rq, &rs, d, OM_STR("a cat"), &err));
    const int64_t other = add_talk(s, d->session);
    while (!om_box_look(d->box).ended) nap();
    rq.gone = true;
    if (om_draw_go_on(&rq, &rs, d, &err) != OMOST_OK) fail_msg("%s", err.msg);
    assert_true(rs.later && d->drawing);
    const int64_t job = d->job;
    assert_true(job > other);
    assert_true(om_worker_position(s->server.worker, job) >= 0);
    rs.done(rs.state);
    assert_int_equal(state_of(s, job), OM_JOB_CANCELLED);
    assert_true(om_worker_position(s->server.worker, job) < 0);
    OK(om_worker_cancel(s->server.worker, other, &err));
    studio_close(s);
    free(script);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(queued_is_told_first),
        cmocka_unit_test(who_leaves_takes_the_render_along),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
