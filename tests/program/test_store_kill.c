/* test_store_kill.c - kill -9 at any moment. A child works on a store with
 * several threads and tells on a pipe what the store has acknowledged; it is
 * killed, and everything it told must be there, nothing half. Fifty
 * times on the same folder. OMOST_KILLS=N: as often as that. */
#include "store_help.h"

#include <dirent.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>

enum {
    KILLS = 50,
    WRITERS = 3,
    MAX_ACKS = 20000,
    MAX_TEXT = 40000, /* over several pages */
};

/* ---- what was done --------------------------------------------------- */

typedef enum did { DID_ANSWER, DID_IMAGE, DID_UNIMAGE, DID_JOB } did;

/* One acknowledged change; smaller than PIPE_BUF, so written whole. */
typedef struct ack {
    did what;
    int64_t id;      /* of the canvas, picture or job */
    int64_t session; /* of an answer */
    int message;
    unsigned token; /* what its texts are made of */
} ack;

/* The text of a token, which begins with it: "17 17 17 ..." */
static om_str text_of(unsigned token, char out[MAX_TEXT])
{
    const size_t want = 20 + token * 2654435761u % (MAX_TEXT - 40);
    size_t n = 0;
    while (n < want) n += (size_t)snprintf(out + n, MAX_TEXT - n, "%u ", token);
    return (om_str){out, n};
}

static unsigned token_of(om_str text)
{
    return (unsigned)strtoul(text.p, NULL, 10);
}

/* ---- the child ------------------------------------------------------- */

typedef struct writer {
    om_store *s;
    int pipe;
    unsigned token;
    int64_t session;
    int messages;
    char text[MAX_TEXT];
} writer;

static void tell(const writer *w, ack a)
{
    if (write(w->pipe, &a, sizeof a) != sizeof a) _exit(2);
}

static void must(omost_status st, const omost_error *err)
{
    if (st == OMOST_OK) return;
    fprintf(stderr, "%s\n", err->msg);
    _exit(3);
}

static void answer(writer *w)
{
    omost_error err;
    const om_str text = text_of(++w->token, w->text);
    om_message_row m = {.session = w->session,
                        .parent = w->messages - 1,
                        .assistant = true,
                        .text = text,
                        .seed = w->token};
    om_canvas_row c = {.origin = OM_STR("reply"), .python = text};
    must(om_store_answer_add(w->s, &m, &c, &err), &err);
    tell(w, (ack){DID_ANSWER, c.id, w->session, m.id, w->token});
    w->messages++;
}

static int64_t image(writer *w)
{
    omost_error err;
    const om_str text = text_of(++w->token, w->text);
    om_image_row i = {.session = w->session,
                      .seed = w->token,
                      .parameters = text,
                      .record = text};
    must(om_store_image_add(w->s, &i, text, &err), &err);
    tell(w, (ack){DID_IMAGE, i.id, w->session, 0, w->token});
    return i.id;
}

static void unimage(writer *w, int64_t id)
{
    omost_error err;
    must(om_store_image_delete(w->s, id, &err), &err);
    tell(w, (ack){DID_UNIMAGE, id, 0, 0, 0});
}

static void job(writer *w)
{
    omost_error err;
    om_job_row j = {.session = w->session,
                    .kind = OM_STR("render"),
                    .request = text_of(++w->token, w->text)};
    must(om_store_job_add(w->s, &j, &err), &err);
    const unsigned token = w->token;
    tell(w, (ack){DID_JOB, j.id, 0, OM_JOB_QUEUED, token});
    must(om_store_job_set(w->s, j.id, OM_JOB_RUNNING, OM_STR(""), &err), &err);
    tell(w, (ack){DID_JOB, j.id, 0, OM_JOB_RUNNING, token});
    if (token % 2) return;
    must(om_store_job_set(w->s, j.id, OM_JOB_DONE, OM_STR(""), &err), &err);
    tell(w, (ack){DID_JOB, j.id, 0, OM_JOB_DONE, token});
}

static void *write_on(void *p)
{
    writer *w = p;
    omost_error err;
    must(om_store_session_add(w->s, OM_STR("s"), &w->session, &err), &err);
    for (;;) {
        const int64_t id = image(w);
        answer(w);
        if (w->token % 3 == 0) unimage(w, id);
        job(w);
    }
    return NULL;
}

static void child(const scratch *d, int pipe, unsigned round)
{
    static writer writers[WRITERS];
    omost_error err;
    pthread_t thread;
    om_store *s = om_store_open(NULL, d->path, &err);
    if (!s) must(err.status, &err);
    for (unsigned i = 0; i < WRITERS; i++) {
        writers[i] = (writer){.s = s, .pipe = pipe};
        writers[i].token = (round * WRITERS + i) * 10000;
        pthread_create(&thread, NULL, write_on, &writers[i]);
    }
    for (;;) pause();
}

/* ---- what is there afterwards ---------------------------------------- */

typedef struct record {
    scratch dir;
    om_store *s;
    om_arena a;
    ack *acks;
    size_t n, opened;
    char text[MAX_TEXT];
} record;

static void assert_token(record *r, om_str text, unsigned token)
{
    assert_text(text, text_of(token, r->text));
}

static void check_answer(record *r, const ack *a)
{
    omost_error err;
    om_canvas_row c;
    om_message_row *m;
    size_t n;
    OK(om_store_canvas_get(r->s, a->id, &r->a, &c, &err));
    assert_token(r, c.python, a->token);
    OK(om_store_message_list(r->s, a->session, &r->a, &m, &n, &err));
    assert_true((size_t)a->message < n);
    assert_int_equal(m[a->message].canvas, a->id);
    assert_token(r, m[a->message].text, a->token);
}

static bool deleted(const record *r, int64_t image)
{
    for (size_t i = 0; i < r->n; i++)
        if (r->acks[i].what == DID_UNIMAGE && r->acks[i].id == image)
            return true;
    return false;
}

/* The last acknowledged picture of each thread may have been on its way out. */
static void check_image(record *r, const ack *a, size_t *on_the_way)
{
    omost_error err;
    om_image_row row;
    omost_status st = om_store_image_get(r->s, a->id, &r->a, &row, &err);
    if (deleted(r, a->id)) {
        assert_int_equal(st, OMOST_MISSING);
    } else if (st == OMOST_MISSING) {
        (*on_the_way)++;
    } else {
        assert_int_equal(st, OMOST_OK);
        assert_int_equal(row.seed, a->token);
    }
}

static void check_job(record *r, const ack *a)
{
    omost_error err;
    om_job_row j;
    OK(om_store_job_get(r->s, a->id, &r->a, &j, &err));
    assert_token(r, j.request, a->token);
    if (a->message == OM_JOB_DONE)
        assert_int_equal(j.state, OM_JOB_DONE);
    else
        assert_true(j.state == OM_JOB_INTERRUPTED || j.state == OM_JOB_DONE);
    if (a->message >= OM_JOB_RUNNING) assert_true(j.started > 0);
}

static void check_acks(record *r, size_t from)
{
    size_t on_the_way = 0;
    for (size_t i = from; i < r->n; i++) {
        const ack *a = &r->acks[i];
        if (a->what == DID_ANSWER) check_answer(r, a);
        if (a->what == DID_IMAGE) check_image(r, a, &on_the_way);
        if (a->what == DID_JOB) check_job(r, a);
        if (i % 16 == 0) om_arena_reset(&r->a);
    }
    assert_true(on_the_way <= WRITERS);
}

/* Every picture that is listed has its file, whole; how many. */
static size_t check_listed(record *r)
{
    omost_error err;
    om_image_row *rows;
    size_t n;
    om_buf b;
    om_buf_init(&b, NULL, MAX_TEXT);
    OK(om_store_image_list(r->s, 0, (om_str){0}, (om_page){0}, &r->a, &rows, &n,
                           &err));
    for (size_t i = 0; i < n; i++) {
        b.n = 0;
        OK(om_store_image_read(r->s, rows[i].id, &b, &err));
        const unsigned token = token_of(rows[i].parameters);
        assert_int_equal(rows[i].seed, token);
        assert_token(r, rows[i].parameters, token);
        assert_token(r, om_buf_view(&b), token);
    }
    om_buf_free(&b);
    om_arena_reset(&r->a);
    return n;
}

/* No file but those of pictures that are listed. */
static size_t count_files(const scratch *d)
{
    size_t n = 0;
    for (int i = 0; i < 100; i++) {
        char path[OM_TEST_PATH], name[32];
        const struct dirent *e;
        snprintf(name, sizeof name, "images/%02d", i);
        DIR *dir = opendir(scratch_file(d, name, path));
        if (!dir) continue;
        while ((e = readdir(dir)) != NULL) {
            if (e->d_name[0] == '.') continue;
            assert_true(om_str_ends(om_str_of(e->d_name), OM_STR(".png")));
            n++;
        }
        closedir(dir);
    }
    return n;
}

/* No answer without its canvas, no open job, ids without gaps. */
static void check_sessions(record *r)
{
    omost_error err;
    om_session_row *sessions;
    om_message_row *m;
    om_job_row *jobs;
    size_t n, k;
    om_arena a;
    om_arena_init(&a, NULL, 0);
    OK(om_store_session_list(r->s, (om_str){0}, (om_page){.limit = 2 * WRITERS},
                             &a, &sessions, &n, &err));
    for (size_t i = 0; i < n; i++) {
        OK(om_store_message_list(r->s, sessions[i].id, &r->a, &m, &k, &err));
        for (size_t j = 0; j < k; j++) {
            om_canvas_row c;
            assert_int_equal(m[j].id, j);
            OK(om_store_canvas_get(r->s, m[j].canvas, &r->a, &c, &err));
            assert_text(c.python, m[j].text);
        }
        assert_int_equal(sessions[i].canvas, k ? m[k - 1].canvas : 0);
        om_arena_reset(&r->a);
    }
    OK(om_store_job_list(r->s, 0, true, (om_page){0}, &a, &jobs, &n, &err));
    assert_int_equal(n, 0);
    om_arena_free(&a);
}

/* ---- the killing ----------------------------------------------------- */

static void read_acks(record *r, int fd)
{
    while (r->n < MAX_ACKS) {
        const ssize_t n = read(fd, &r->acks[r->n], sizeof *r->acks);
        if (n != sizeof *r->acks) return;
        r->n++;
    }
    fail_msg("more acknowledged than this test has room for");
}

/* Now and then while it opens, mostly at work. */
static void kill_once(record *r, unsigned round, unsigned microseconds)
{
    int fds[2], status;
    assert_int_equal(pipe(fds), 0);
    fflush(NULL);
    const pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        close(fds[0]);
        child(&r->dir, fds[1], round);
    }
    close(fds[1]);
    struct pollfd first = {.fd = fds[0], .events = POLLIN};
    if (round % 5) poll(&first, 1, 5000);
    usleep(microseconds);
    kill(pid, SIGKILL);
    waitpid(pid, &status, 0);
    if (!WIFSIGNALED(status)) fail_msg("the child ended by itself");
    const size_t before = r->n;
    read_acks(r, fds[0]);
    close(fds[0]);
    r->s = store_open(&r->dir);
    check_acks(r, before);
    check_sessions(r);
    assert_int_equal(check_listed(r), count_files(&r->dir));
    om_store_close(r->s);
    r->opened += r->n > before;
}

static void test_kill(void **state)
{
    (void)state;
    const char *more = getenv("OMOST_KILLS");
    const unsigned kills = more ? (unsigned)strtoul(more, NULL, 10) : KILLS;
    static record r;
    r.dir = scratch_new();
    r.acks = calloc(MAX_ACKS, sizeof *r.acks);
    assert_non_null(r.acks);
    om_arena_init(&r.a, NULL, 0);
    unsigned random = 12345;
    for (unsigned round = 1; round <= kills; round++) {
        random = random * 1664525 + 1013904223;
        kill_once(&r, round, random >> 12 & 0xffff);
    }
    /* Nothing went away later, either. */
    r.s = store_open(&r.dir);
    for (size_t i = 0; i < r.n; i++)
        if (r.acks[i].what == DID_ANSWER) check_answer(&r, &r.acks[i]);
    om_store_close(r.s);
    printf("%u kills, %zu of them at work, %zu changes acknowledged\n", kills,
           r.opened, r.n);
    assert_true(r.n > 0);
    om_arena_free(&r.a);
    free(r.acks);
    scratch_remove(&r.dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_kill)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
