/* test_store.c - what goes into the store comes out of it, now and after it
 * was opened again: every kind of row, with texts that would upset SQL. */
#include "store_help.h"

#include <time.h>

/* ---- hostile texts --------------------------------------------------- */

enum { BIG = 1 << 20 };

#define T(lit)              \
    {                       \
        lit, sizeof lit - 1 \
    }
static const om_str hostile[] = {
    T(""),
    T("plain"),
    T("it's \"quoted\" `so` [and] so"),
    T("'); DROP TABLE sessions; --"),
    T("a\0b\0"),
    T("\0"),
    T("100%_\\ ?1 :x @y $z"),
    T("line\nline\r\n\ttab\x7f\x01"),
    T("\xf0\x9f\x90\x89 \xe9\xbe\x8d \xd0\x94\xd1\x80"),
    T("\xef\xbb\xbf\xe2\x80\xae\xef\xbf\xbf"),
};
#undef T
enum { N_HOSTILE = sizeof hostile / sizeof *hostile };

static char *big_text(void)
{
    char *p = malloc(BIG);
    assert_non_null(p);
    for (size_t i = 0; i < BIG; i++) p[i] = (char)(1 + i * 7 % 127);
    return p;
}

typedef struct fixture {
    scratch dir;
    om_store *s;
    om_arena a;
    char *big;
} fixture;

static int set_up(void **state)
{
    fixture *f = calloc(1, sizeof *f);
    assert_non_null(f);
    f->dir = scratch_new();
    f->s = store_open(&f->dir);
    f->big = big_text();
    om_arena_init(&f->a, NULL, 0);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    fixture *f = *state;
    om_arena_free(&f->a);
    om_store_close(f->s);
    scratch_remove(&f->dir);
    free(f->big);
    free(f);
    return 0;
}

static void reopen(fixture *f)
{
    om_store_close(f->s);
    f->s = store_open(&f->dir);
}

/* Text i of them, the last a big one. */
static om_str text_at(const fixture *f, size_t i)
{
    i %= N_HOSTILE + 1;
    return i < N_HOSTILE ? hostile[i] : (om_str){f->big, BIG};
}

/* ---- round trips ----------------------------------------------------- */

static void test_sessions(void **state)
{
    fixture *f = *state;
    omost_error err;
    om_session_row row;
    int64_t ids[N_HOSTILE + 1];
    for (size_t i = 0; i <= N_HOSTILE; i++)
        OK(om_store_session_add(f->s, text_at(f, i), &ids[i], &err));
    reopen(f);
    for (size_t i = 0; i <= N_HOSTILE; i++) {
        OK(om_store_session_get(f->s, ids[i], &f->a, &row, &err));
        assert_int_equal(row.id, ids[i]);
        assert_text(row.title, text_at(f, i));
        assert_true(row.created > 1600000000000 && row.updated == row.created);
        assert_int_equal(row.canvas + row.n_messages + row.n_images, 0);
    }
    OK(om_store_session_set(f->s, ids[0], OM_STR("new"), -1, NULL, &err));
    const int64_t canvas = new_canvas(f->s, ids[0], "canvas = Canvas()");
    OK(om_store_session_set(f->s, ids[0], (om_str){0}, canvas, NULL, &err));
    OK(om_store_session_get(f->s, ids[0], &f->a, &row, &err));
    assert_text(row.title, OM_STR("new"));
    assert_int_equal(row.canvas, canvas);
    OK(om_store_session_set(f->s, ids[0], (om_str){"", 0}, 0, NULL, &err));
    OK(om_store_session_get(f->s, ids[0], &f->a, &row, &err));
    assert_int_equal(row.title.n, 0);
    assert_int_equal(row.canvas, 0);
}

static void assert_message(const om_message_row *got,
                           const om_message_row *want)
{
    assert_int_equal(got->session, want->session);
    assert_int_equal(got->id, want->id);
    assert_int_equal(got->parent, want->parent);
    assert_int_equal(got->assistant, want->assistant);
    assert_text(got->text, want->text);
    assert_int_equal(got->canvas, want->canvas);
    assert_text(got->error, want->error);
    assert_true(got->seed == want->seed);
    assert_text(got->stats, want->stats);
    assert_int_equal(got->created, want->created);
}

static void test_messages(void **state)
{
    fixture *f = *state;
    omost_error err;
    om_message_row in[2 * N_HOSTILE], *out;
    size_t n;
    const int64_t other = new_session(f->s, "other");
    const int64_t session = new_session(f->s, "this");
    om_message_row first = {.session = other, .parent = -1};
    OK(om_store_message_add(f->s, &first, &err));
    for (size_t i = 0; i < 2 * N_HOSTILE; i++) {
        in[i] = (om_message_row){.session = session,
                                 .parent = (int)(i / 2) - (i == 0),
                                 .assistant = i % 2 != 0,
                                 .text = text_at(f, i),
                                 .error = text_at(f, i + 1),
                                 .seed = i % 3 ? INT64_MIN : INT64_MAX,
                                 .stats = text_at(f, i + 2)};
        if (i % 4 == 1) in[i].canvas = new_canvas(f->s, session, "c");
        OK(om_store_message_add(f->s, &in[i], &err));
        assert_int_equal(in[i].id, i);
    }
    reopen(f);
    OK(om_store_message_list(f->s, session, &f->a, &out, &n, &err));
    assert_int_equal(n, 2 * N_HOSTILE);
    for (size_t i = 0; i < n; i++) assert_message(&out[i], &in[i]);
    OK(om_store_message_list(f->s, 999, &f->a, &out, &n, &err));
    assert_int_equal(n, 0);
    om_session_row row;
    OK(om_store_session_get(f->s, session, &f->a, &row, &err));
    assert_int_equal(row.n_messages, 2 * N_HOSTILE);
    assert_true(row.updated >= in[2 * N_HOSTILE - 1].created);
}

static void test_canvases(void **state)
{
    fixture *f = *state;
    omost_error err;
    om_canvas_row in[N_HOSTILE + 1], out;
    const int64_t session = new_session(f->s, "s");
    int64_t parent = 0;
    for (size_t i = 0; i <= N_HOSTILE; i++) {
        in[i] = (om_canvas_row){.session = session,
                                .notes = i % 2 ? OM_STR("[1]") : (om_str){0},
                                .parent = parent,
                                .origin = text_at(f, i + 1),
                                .python = text_at(f, i)};
        OK(om_store_canvas_add(f->s, &in[i], &err));
        parent = in[i].id;
    }
    reopen(f);
    for (size_t i = 0; i <= N_HOSTILE; i++) {
        OK(om_store_canvas_get(f->s, in[i].id, &f->a, &out, &err));
        assert_int_equal(out.id, in[i].id);
        assert_int_equal(out.session, session);
        assert_int_equal(out.parent, in[i].parent);
        assert_int_equal(out.created, in[i].created);
        assert_text(out.origin, in[i].origin);
        assert_text(out.python, in[i].python);
        assert_text(out.notes, in[i].notes);
    }
}

static void test_answer(void **state)
{
    fixture *f = *state;
    omost_error err;
    om_session_row row;
    om_canvas_row c = {.origin = OM_STR("reply"), .python = OM_STR("c")}, got;
    om_canvas_row none = {0};
    const int64_t session = new_session(f->s, "s");
    om_message_row ask = {.session = session, .parent = -1};
    om_message_row m = {.session = session, .assistant = true};
    OK(om_store_message_add(f->s, &ask, &err));
    OK(om_store_answer_add(f->s, &m, &c, &err));
    assert_int_equal(m.id, 1);
    assert_true(c.id > 0 && m.canvas == c.id && c.session == session);
    OK(om_store_canvas_get(f->s, c.id, &f->a, &got, &err));
    assert_int_equal(got.session, session);
    OK(om_store_session_get(f->s, session, &f->a, &row, &err));
    assert_int_equal(row.canvas, c.id);
    /* An answer that is no canvas leaves the stage alone. */
    om_message_row bad = {.session = session, .error = OM_STR("{}")};
    OK(om_store_answer_add(f->s, &bad, &none, &err));
    assert_int_equal(bad.canvas, 0);
    OK(om_store_session_get(f->s, session, &f->a, &row, &err));
    assert_int_equal(row.canvas, c.id);
    /* One whose message cannot be kept leaves no canvas behind. */
    om_message_row lost = {.session = session, .parent = 77};
    om_canvas_row late = {.python = OM_STR("late")};
    FAILS(om_store_answer_add(f->s, &lost, &late, &err), OMOST_MISSING,
          "no message 77");
    assert_int_equal(late.id, 0);
    FAILS(om_store_canvas_get(f->s, c.id + 1, &f->a, &got, &err), OMOST_MISSING,
          "no canvas");
}

static void assert_job(const om_job_row *got, const om_job_row *want)
{
    assert_int_equal(got->id, want->id);
    assert_int_equal(got->session, want->session);
    assert_int_equal(got->canvas, want->canvas);
    assert_int_equal(got->message, want->message);
    assert_text(got->kind, want->kind);
    assert_text(got->request, want->request);
    assert_int_equal(got->state, want->state);
    assert_text(got->error, want->error);
    assert_int_equal(got->created, want->created);
}

static void test_jobs(void **state)
{
    fixture *f = *state;
    omost_error err;
    om_job_row in[N_HOSTILE], out;
    const int64_t session = new_session(f->s, "s");
    const int64_t canvas = new_canvas(f->s, session, "c");
    for (size_t i = 0; i < N_HOSTILE; i++) {
        in[i] = (om_job_row){.session = i % 2 ? session : 0,
                             .canvas = i % 2 ? canvas : 0,
                             .message = (int)i - 1,
                             .kind = text_at(f, i),
                             .request = text_at(f, i + 5),
                             .state = OM_JOB_DONE,
                             .error = text_at(f, i + 3)};
        OK(om_store_job_add(f->s, &in[i], &err));
    }
    reopen(f);
    for (size_t i = 0; i < N_HOSTILE; i++) {
        OK(om_store_job_get(f->s, in[i].id, &f->a, &out, &err));
        assert_job(&out, &in[i]);
        assert_int_equal(out.started + out.ended, 0);
    }
}

static void test_job_states(void **state)
{
    fixture *f = *state;
    omost_error err;
    om_job_row job = {.kind = OM_STR("render"), .message = -1}, out;
    OK(om_store_job_add(f->s, &job, &err));
    OK(om_store_job_get(f->s, job.id, &f->a, &out, &err));
    assert_int_equal(out.state, OM_JOB_QUEUED);
    OK(om_store_job_set(f->s, job.id, OM_JOB_RUNNING, OM_STR(""), &err));
    OK(om_store_job_get(f->s, job.id, &f->a, &out, &err));
    assert_int_equal(out.state, OM_JOB_RUNNING);
    assert_true(out.started >= out.created && out.ended == 0);
    const int64_t started = out.started;
    OK(om_store_job_set(f->s, job.id, OM_JOB_FAILED, OM_STR("why"), &err));
    OK(om_store_job_get(f->s, job.id, &f->a, &out, &err));
    assert_int_equal(out.state, OM_JOB_FAILED);
    assert_true(out.started == started && out.ended >= started);
    assert_text(out.error, OM_STR("why"));
}

static void test_images(void **state)
{
    fixture *f = *state;
    omost_error err;
    om_image_row in[N_HOSTILE + 1], out;
    om_buf png;
    const int64_t session = new_session(f->s, "s");
    const int64_t canvas = new_canvas(f->s, session, "c");
    om_job_row job = {.kind = OM_STR("render"), .message = -1};
    OK(om_store_job_add(f->s, &job, &err));
    for (size_t i = 0; i <= N_HOSTILE; i++) {
        in[i] = (om_image_row){.session = session,
                               .canvas = canvas,
                               .job = job.id,
                               .width = 640 + (int)i,
                               .height = 512,
                               .seed = INT64_MAX - (int64_t)i,
                               .parameters = text_at(f, i),
                               .record = text_at(f, i + 1)};
        OK(om_store_image_add(f->s, &in[i], text_at(f, i + 2), &err));
        assert_true(i == 0 || in[i].id == in[i - 1].id + 1);
    }
    reopen(f);
    for (size_t i = 0; i <= N_HOSTILE; i++) {
        om_buf_init(&png, NULL, 4 * BIG);
        OK(om_store_image_get(f->s, in[i].id, &f->a, &out, &err));
        assert_int_equal(out.id, in[i].id);
        assert_int_equal(out.session, session);
        assert_int_equal(out.canvas, canvas);
        assert_int_equal(out.job, job.id);
        assert_int_equal(out.width, in[i].width);
        assert_int_equal(out.height, in[i].height);
        assert_true(out.seed == in[i].seed && out.created == in[i].created);
        assert_text(out.parameters, in[i].parameters);
        assert_text(out.record, in[i].record);
        om_buf_puts(&png, "head");
        OK(om_store_image_read(f->s, out.id, &png, &err));
        assert_text(om_str_skip(om_buf_view(&png), 4), text_at(f, i + 2));
        om_buf_free(&png);
    }
    assert_true(is_there(&f->dir, "images/00/1.png"));
}

/* ---- lists ----------------------------------------------------------- */

static void test_paging(void **state)
{
    fixture *f = *state;
    omost_error err;
    om_session_row *rows;
    size_t n;
    for (int i = 0; i < 25; i++) new_session(f->s, "s");
    om_page page = {.limit = 10};
    static const size_t sizes[] = {10, 10, 5, 0};
    int64_t next = 25;
    for (size_t k = 0; k < 4; k++) {
        OK(om_store_session_list(f->s, (om_str){0}, page, &f->a, &rows, &n,
                                 &err));
        assert_int_equal(n, sizes[k]);
        for (size_t i = 0; i < n; i++) assert_int_equal(rows[i].id, next--);
        page.before = next + 1;
    }
    OK(om_store_session_list(f->s, (om_str){0}, (om_page){0}, &f->a, &rows, &n,
                             &err));
    assert_int_equal(n, 25);
}

static void want_sessions(fixture *f, const char *search, om_page page,
                          size_t n_want, const int64_t *want)
{
    omost_error err;
    om_session_row *rows;
    size_t n;
    OK(om_store_session_list(f->s, om_str_of(search), page, &f->a, &rows, &n,
                             &err));
    assert_int_equal(n, n_want);
    for (size_t i = 0; i < n; i++) assert_int_equal(rows[i].id, want[i]);
}

static void later(void)
{
    nanosleep(&(struct timespec){.tv_nsec = 2000000}, NULL);
}

/* The last used first, also over pages; titles are found by their words. */
static void test_sessions_by_use(void **state)
{
    fixture *f = *state;
    omost_error err;
    om_session_row *rows;
    size_t n;
    const int64_t a = new_session(f->s, "Two Caf\xc3\xa9s"),
                  b = new_session(f->s, "a red DRAGON"),
                  c = new_session(f->s, "100% two");
    const om_page all = {0};
    want_sessions(f, "", all, 3, (int64_t[]){c, b, a});
    later();
    OK(om_store_session_set(f->s, a, (om_str){0}, -1, NULL, &err));
    want_sessions(f, "", all, 3, (int64_t[]){a, c, b});
    want_sessions(f, "", (om_page){.before = a, .limit = 1}, 1, (int64_t[]){c});
    want_sessions(f, "", (om_page){.before = c}, 1, (int64_t[]){b});
    want_sessions(f, "", (om_page){.before = b}, 0, NULL);
    want_sessions(f, "two", all, 2, (int64_t[]){a, c});
    want_sessions(f, "two", (om_page){.before = a}, 1, (int64_t[]){c});
    want_sessions(f, "CAFE\xcc\x81S", all, 1, (int64_t[]){a});
    want_sessions(f, "dragon RED", all, 1, (int64_t[]){b});
    want_sessions(f, "%", all, 1, (int64_t[]){c});
    want_sessions(f, "zebra", all, 0, NULL);
    later();
    const int64_t d = new_session(f->s, "last");
    want_sessions(f, "", all, 4, (int64_t[]){d, a, c, b});
    OK(om_store_session_delete(f->s, c, &err));
    FAILS(om_store_session_list(f->s, (om_str){0}, (om_page){.before = c},
                                &f->a, &rows, &n, &err),
          OMOST_MISSING, "no session");
    FAILS(om_store_session_list(f->s, OM_STR("\xff"), all, &f->a, &rows, &n,
                                &err),
          OMOST_FORMAT, "not UTF-8");
}

/* A version goes on the stage and tells what it took the place of. */
static void test_versions(void **state)
{
    fixture *f = *state;
    omost_error err;
    om_session_row session;
    om_canvas_row *rows;
    size_t n;
    int64_t ids[3], was = -1, before = 0;
    const int64_t s = new_session(f->s, "s"), other = new_session(f->s, "o");
    for (int i = 0; i < 3; i++) {
        om_canvas_row c = {.session = s,
                           .parent = before,
                           .origin = OM_STR("edit"),
                           .python = OM_STR("x = 1"),
                           .notes = OM_STR("[1]")};
        OK(om_store_canvas_stage(f->s, &c, &was, &err));
        assert_int_equal(was, before);
        ids[i] = before = c.id;
    }
    OK(om_store_session_get(f->s, s, &f->a, &session, &err));
    assert_int_equal(session.canvas, ids[2]);
    OK(om_store_canvas_list(f->s, s, (om_page){0}, &f->a, &rows, &n, &err));
    assert_int_equal(n, 3);
    for (size_t i = 0; i < n; i++) {
        assert_int_equal(rows[i].id, ids[2 - i]);
        assert_int_equal(rows[i].session, s);
        assert_int_equal(rows[i].parent, i < 2 ? ids[1 - i] : 0);
        assert_text(rows[i].origin, OM_STR("edit"));
        assert_true(rows[i].created > 0);
    }
    OK(om_store_canvas_list(f->s, s, (om_page){.before = ids[1], .limit = 5},
                            &f->a, &rows, &n, &err));
    assert_int_equal(n, 1);
    assert_int_equal(rows[0].id, ids[0]);
    OK(om_store_canvas_list(f->s, other, (om_page){0}, &f->a, &rows, &n, &err));
    assert_int_equal(n, 0);
    om_canvas_row lost = {.session = 99,
                          .origin = OM_STR("edit"),
                          .python = OM_STR("x"),
                          .notes = OM_STR("")};
    FAILS(om_store_canvas_stage(f->s, &lost, &was, &err), OMOST_MISSING,
          "no session 99");
}

static size_t count_jobs(fixture *f, int64_t session, bool open_only, int limit)
{
    omost_error err;
    om_job_row *rows;
    size_t n;
    OK(om_store_job_list(f->s, session, open_only, (om_page){.limit = limit},
                         &f->a, &rows, &n, &err));
    for (size_t i = 1; i < n; i++) assert_true(rows[i].id < rows[i - 1].id);
    return n;
}

static void test_job_lists(void **state)
{
    fixture *f = *state;
    omost_error err;
    const int64_t a = new_session(f->s, "a"), b = new_session(f->s, "b");
    for (int i = 0; i < 12; i++) {
        om_job_row job = {.session = i < 6    ? a
                                     : i < 10 ? b
                                              : 0,
                          .kind = OM_STR("compose"),
                          .message = -1};
        OK(om_store_job_add(f->s, &job, &err));
        if (i % 3) continue;
        OK(om_store_job_set(f->s, job.id, OM_JOB_DONE, OM_STR(""), &err));
    }
    assert_int_equal(count_jobs(f, 0, false, 0), 12);
    assert_int_equal(count_jobs(f, 0, true, 0), 8);
    assert_int_equal(count_jobs(f, a, false, 0), 6);
    assert_int_equal(count_jobs(f, a, true, 0), 4);
    assert_int_equal(count_jobs(f, a, true, 3), 3);
    assert_int_equal(count_jobs(f, b, false, 0), 4);
    assert_int_equal(count_jobs(f, 999, false, 0), 0);
}

/* The ids found, newest first, as text. */
static const char *found(fixture *f, int64_t session, const char *search,
                         om_page page)
{
    static char out[256];
    omost_error err;
    om_image_row *rows;
    size_t n, used = 0;
    OK(om_store_image_list(f->s, session, om_str_of(search), page, &f->a, &rows,
                           &n, &err));
    out[0] = '\0';
    for (size_t i = 0; i < n; i++)
        used += (size_t)snprintf(out + used, sizeof out - used, "%s%lld",
                                 i ? " " : "", (long long)rows[i].id);
    return out;
}

static void test_search(void **state)
{
    fixture *f = *state;
    omost_error err;
    om_image_row *rows;
    size_t n;
    const int64_t a = new_session(f->s, "a"), b = new_session(f->s, "b");
    new_image(f->s, a, "A red Dragon, 100% scary, steps: 25", OM_STR("1"));
    new_image(f->s, b, "a blue dragon_fly", OM_STR("2"));
    new_image(f->s, a, "a dinosaur by \xc3\x89mile", OM_STR("3"));
    new_image(f->s, 0, "e\xcc\x81mile's RED house", OM_STR("4"));
    const om_page all = {0};
    assert_string_equal(found(f, 0, NULL, all), "4 3 2 1");
    assert_string_equal(found(f, 0, "", all), "4 3 2 1");
    assert_string_equal(found(f, 0, " \t ", all), "4 3 2 1");
    assert_string_equal(found(f, a, NULL, all), "3 1");
    assert_string_equal(found(f, 0, "dragon", all), "2 1");
    assert_string_equal(found(f, 0, "DRAGON red", all), "1");
    assert_string_equal(found(f, 0, "red", all), "4 1");
    assert_string_equal(found(f, a, "red", all), "1");
    assert_string_equal(found(f, 0, "100%", all), "1");
    assert_string_equal(found(f, 0, "%", all), "1");
    assert_string_equal(found(f, 0, "dragon_", all), "2");
    assert_string_equal(found(f, 0, "'", all), "4");
    assert_string_equal(found(f, 0, "\xc3\xa9MILE", all), "4 3");
    assert_string_equal(found(f, 0, "nothing", all), "");
    assert_string_equal(found(f, 0, NULL, (om_page){.limit = 2}), "4 3");
    assert_string_equal(found(f, 0, "a", (om_page){.before = 3, .limit = 1}),
                        "2");
    FAILS(om_store_image_list(f->s, 0, OM_STR("\xff"), all, &f->a, &rows, &n,
                              &err),
          OMOST_FORMAT, "UTF-8");
}

/* The words of regions stand in the canvas alone. */
static void test_search_canvas(void **state)
{
    fixture *f = *state;
    omost_error err;
    const int64_t a = new_session(f->s, "a");
    om_image_row row = {.session = a,
                        .canvas = new_canvas(f->s, a, "a Purple horse"),
                        .parameters = OM_STR("a meadow, steps: 25"),
                        .record = OM_STR("{}")};
    OK(om_store_image_add(f->s, &row, OM_STR("1"), &err));
    assert_string_equal(found(f, 0, "purple", (om_page){0}), "1");
    assert_string_equal(found(f, 0, "horse meadow", (om_page){0}), "1");
    assert_string_equal(found(f, 0, "cow", (om_page){0}), "");
}

/* A chunk that SQLite's own functions would cut at its first NUL. */
static void test_search_nul(void **state)
{
    fixture *f = *state;
    omost_error err;
    om_image_row row = {.parameters = OM_STR("before\0after")};
    OK(om_store_image_add(f->s, &row, OM_STR("x"), &err));
    assert_string_equal(found(f, 0, "after", (om_page){0}), "1");
}

/* ---- what is not there ----------------------------------------------------
 */

static void test_missing(void **state)
{
    fixture *f = *state;
    omost_error err;
    om_session_row session;
    om_canvas_row canvas;
    om_job_row job;
    om_image_row image;
    om_buf b;
    om_buf_init(&b, NULL, 100);
    om_store *s = f->s;
    const int64_t id = new_session(s, "s");
    FAILS(om_store_session_get(s, 9, &f->a, &session, &err), OMOST_MISSING,
          "no session 9");
    FAILS(om_store_session_set(s, 9, OM_STR("t"), -1, NULL, &err),
          OMOST_MISSING, "no session 9");
    FAILS(om_store_session_set(s, id, OM_STR("t"), 9, NULL, &err),
          OMOST_MISSING, "no canvas 9");
    FAILS(om_store_session_delete(s, 9, &err), OMOST_MISSING, "no session 9");
    FAILS(om_store_canvas_get(s, 9, &f->a, &canvas, &err), OMOST_MISSING,
          "no canvas 9");
    FAILS(om_store_job_get(s, 9, &f->a, &job, &err), OMOST_MISSING, "no job 9");
    FAILS(om_store_job_set(s, 9, OM_JOB_DONE, OM_STR(""), &err), OMOST_MISSING,
          "no job 9");
    FAILS(om_store_image_get(s, 9, &f->a, &image, &err), OMOST_MISSING,
          "no picture 9");
    FAILS(om_store_image_read(s, 9, &b, &err), OMOST_MISSING, "no picture 9");
    FAILS(om_store_image_delete(s, 9, &err), OMOST_MISSING, "no picture 9");
    /* What failed has changed nothing. */
    OK(om_store_session_get(s, id, &f->a, &session, &err));
    assert_text(session.title, OM_STR("s"));
}

static void test_missing_parts(void **state)
{
    fixture *f = *state;
    omost_error err;
    om_store *s = f->s;
    const int64_t id = new_session(s, "s");
    om_message_row m = {.session = 9, .parent = -1};
    FAILS(om_store_message_add(s, &m, &err), OMOST_MISSING, "no session 9");
    m = (om_message_row){.session = id, .parent = 0};
    FAILS(om_store_message_add(s, &m, &err), OMOST_MISSING, "no message 0");
    m = (om_message_row){.session = id, .parent = -2};
    FAILS(om_store_message_add(s, &m, &err), OMOST_MISSING, "no message -2");
    m = (om_message_row){.session = id, .parent = -1, .canvas = 9};
    FAILS(om_store_message_add(s, &m, &err), OMOST_MISSING, "no canvas 9");
    om_canvas_row c = {.session = 0};
    FAILS(om_store_canvas_add(s, &c, &err), OMOST_MISSING, "no session 0");
    c = (om_canvas_row){.session = id, .parent = 9};
    FAILS(om_store_canvas_add(s, &c, &err), OMOST_MISSING, "no canvas 9");
    om_job_row j = {.session = 9};
    FAILS(om_store_job_add(s, &j, &err), OMOST_MISSING, "no session 9");
    j = (om_job_row){.canvas = 9};
    FAILS(om_store_job_add(s, &j, &err), OMOST_MISSING, "no canvas 9");
    om_image_row i = {.job = 9};
    FAILS(om_store_image_add(s, &i, OM_STR("x"), &err), OMOST_MISSING,
          "no job 9");
    assert_false(is_there(&f->dir, "images/00/1.png"));
    assert_false(is_there(&f->dir, "images/00/1.part"));
    assert_int_equal(i.id, 0);
}

static void test_texts_refused(void **state)
{
    fixture *f = *state;
    omost_error err;
    om_store *s = f->s;
    int64_t id = 0;
    om_image_row image = {.parameters = {"ok\xc0\x80", 4}};
    FAILS(om_store_session_add(s, OM_STR("ab\xff"), &id, &err), OMOST_FORMAT,
          "byte 3 of 3");
    FAILS(om_store_image_add(s, &image, OM_STR("x"), &err), OMOST_FORMAT,
          "UTF-8");
    image = (om_image_row){.record = {"\xed\xa0\x80", 3}};
    FAILS(om_store_image_add(s, &image, OM_STR("x"), &err), OMOST_FORMAT,
          "UTF-8");
    assert_false(is_there(&f->dir, "images/00/1.part"));
    assert_int_equal(id, 0);
    const size_t n = ((size_t)64 << 20) + 1;
    char *huge = calloc(1, n);
    assert_non_null(huge);
    FAILS(om_store_session_add(s, (om_str){huge, n}, &id, &err), OMOST_LIMIT,
          "64 MiB");
    free(huge);
    id = new_session(s, "goes on");
    assert_int_equal(id, 1);
}

/* ---- deleting ---------------------------------------------------------------
 */

static void fill_session(om_store *s, int64_t session, int64_t *image)
{
    omost_error err;
    om_canvas_row c = {.python = OM_STR("c"), .origin = OM_STR("reply")};
    om_message_row m = {.session = session, .parent = -1};
    OK(om_store_message_add(s, &m, &err));
    m = (om_message_row){.session = session, .assistant = true};
    OK(om_store_answer_add(s, &m, &c, &err));
    om_job_row j = {.session = session, .canvas = c.id, .message = 1};
    OK(om_store_job_add(s, &j, &err));
    om_image_row i = {.session = session, .canvas = c.id, .job = j.id};
    OK(om_store_image_add(s, &i, OM_STR("png"), &err));
    *image = i.id;
}

static void test_delete_session(void **state)
{
    fixture *f = *state;
    omost_error err;
    om_message_row *messages;
    om_canvas_row canvas;
    om_image_row image;
    om_session_row row;
    size_t n;
    int64_t gone, kept;
    const int64_t a = new_session(f->s, "a"), b = new_session(f->s, "b");
    fill_session(f->s, a, &gone);
    fill_session(f->s, b, &kept);
    OK(om_store_session_delete(f->s, a, &err));
    FAILS(om_store_session_get(f->s, a, &f->a, &row, &err), OMOST_MISSING,
          "no session 1");
    FAILS(om_store_canvas_get(f->s, 1, &f->a, &canvas, &err), OMOST_MISSING,
          "no canvas 1");
    OK(om_store_message_list(f->s, a, &f->a, &messages, &n, &err));
    assert_int_equal(n, 0);
    assert_int_equal(count_jobs(f, 0, false, 0), 1);
    OK(om_store_image_get(f->s, gone, &f->a, &image, &err));
    assert_int_equal(image.session + image.canvas + image.job, 0);
    OK(om_store_image_get(f->s, kept, &f->a, &image, &err));
    assert_int_equal(image.session, b);
    OK(om_store_session_get(f->s, b, &f->a, &row, &err));
    assert_int_equal(row.n_messages, 2);
    assert_int_equal(row.n_images, 1);
    /* Its number is not given again. */
    OK(om_store_session_delete(f->s, b, &err));
    assert_int_equal(new_session(f->s, "c"), b + 1);
}

/* SQLite's triggers nest a thousand deep; talks may be longer. */
static void test_delete_long_session(void **state)
{
    fixture *f = *state;
    omost_error err;
    const int64_t session = new_session(f->s, "long");
    for (int i = 0; i < 1050; i++) {
        om_message_row m = {.session = session, .parent = i - 1};
        OK(om_store_message_add(f->s, &m, &err));
    }
    OK(om_store_session_delete(f->s, session, &err));
}

/* Whatever else is in the gallery: others' pictures, any number of them. */
static void test_job_images(void **state)
{
    fixture *f = *state;
    omost_error err;
    om_job_row jobs[2];
    int64_t want[4], *ids;
    size_t n = 9;
    for (int i = 0; i < 2; i++) {
        jobs[i] = (om_job_row){.kind = OM_STR("render"), .message = -1};
        OK(om_store_job_add(f->s, &jobs[i], &err));
    }
    for (int i = 0; i < 8; i++) {
        om_image_row row = {.job = jobs[i % 2].id,
                            .parameters = OM_STR("p"),
                            .record = OM_STR("{}")};
        OK(om_store_image_add(f->s, &row, OM_STR("png"), &err));
        if (i % 2) want[i / 2] = row.id;
    }
    new_image(f->s, 0, "p", OM_STR("png"));
    OK(om_store_job_images(f->s, jobs[1].id, &f->a, &ids, &n, &err));
    assert_int_equal(n, 4);
    assert_memory_equal(ids, want, sizeof want);
    OK(om_store_image_delete(f->s, want[1], &err));
    OK(om_store_job_images(f->s, jobs[1].id, &f->a, &ids, &n, &err));
    assert_int_equal(n, 3);
    assert_int_equal(ids[1], want[2]);
    OK(om_store_job_images(f->s, 99, &f->a, &ids, &n, &err));
    assert_int_equal(n, 0);
}

static void test_find_session(void **state)
{
    fixture *f = *state;
    omost_error err;
    int64_t id = 0, again = 0;
    bool made = false;
    new_session(f->s, "api");
    OK(om_store_session_find(f->s, OM_STR("API"), &id, &made, &err));
    assert_true(made && id == 2);
    new_session(f->s, "other");
    OK(om_store_session_find(f->s, OM_STR("API"), &again, &made, &err));
    assert_true(!made && again == id);
    const int64_t newer = new_session(f->s, "API");
    OK(om_store_session_find(f->s, OM_STR("API"), &again, &made, &err));
    assert_true(!made && again == newer);
    again = 77;
    FAILS(om_store_session_find(f->s, OM_STR("\xff"), &again, &made, &err),
          OMOST_FORMAT, "not UTF-8");
    assert_int_equal(again, 77);
}

/* What could not be added is as it was. */
static void test_not_added(void **state)
{
    fixture *f = *state;
    omost_error err;
    const om_str bad = OM_STR("\xff");
    const int64_t session = new_session(f->s, "s");
    om_message_row m = {.session = session, .id = 7, .parent = -1, .text = bad};
    FAILS(om_store_message_add(f->s, &m, &err), OMOST_FORMAT, "not UTF-8");
    assert_true(m.id == 7 && m.created == 0);
    om_canvas_row c = {.id = 7, .session = session, .python = bad};
    FAILS(om_store_canvas_add(f->s, &c, &err), OMOST_FORMAT, "not UTF-8");
    assert_true(c.id == 7 && c.created == 0);
    om_job_row j = {.id = 7, .kind = OM_STR("load"), .request = bad};
    FAILS(om_store_job_add(f->s, &j, &err), OMOST_FORMAT, "not UTF-8");
    assert_true(j.id == 7 && j.created == 0);
}

static void test_delete_image(void **state)
{
    fixture *f = *state;
    omost_error err;
    om_buf b;
    om_buf_init(&b, NULL, 100);
    for (int i = 0; i < 3; i++) new_image(f->s, 0, "p", OM_STR("png"));
    OK(om_store_image_delete(f->s, 2, &err));
    assert_string_equal(found(f, 0, NULL, (om_page){0}), "3 1");
    assert_false(is_there(&f->dir, "images/00/2.png"));
    assert_false(is_there(&f->dir, "images/00/2.part"));
    OK(om_store_image_delete(f->s, 3, &err));
    reopen(f);
    assert_int_equal(new_image(f->s, 0, "p", OM_STR("png")), 4);
    /* A file that somebody took away. */
    char path[OM_TEST_PATH];
    unlink(scratch_file(&f->dir, "images/00/1.png", path));
    FAILS(om_store_image_read(f->s, 1, &b, &err), OMOST_MISSING,
          "images/00/1.png");
    OK(om_store_image_delete(f->s, 1, &err));
    assert_string_equal(found(f, 0, NULL, (om_page){0}), "4");
    om_buf_free(&b);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_sessions),
        TEST(test_messages),
        TEST(test_canvases),
        TEST(test_answer),
        TEST(test_jobs),
        TEST(test_job_states),
        TEST(test_images),
        TEST(test_paging),
        TEST(test_sessions_by_use),
        TEST(test_versions),
        TEST(test_job_lists),
        TEST(test_search),
        TEST(test_search_canvas),
        TEST(test_search_nul),
        TEST(test_missing),
        TEST(test_missing_parts),
        TEST(test_texts_refused),
        TEST(test_delete_session),
        TEST(test_delete_long_session),
        TEST(test_delete_image),
        TEST(test_job_images),
        TEST(test_find_session),
        TEST(test_not_added),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
