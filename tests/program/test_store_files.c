/* test_store_files.c - databases of older versions, the small copies of pictures,
 * and a lock that another program holds for a moment. */
#include "store_help.h"

#include <dirent.h>
#include <pthread.h>
#include <sqlite3.h>
#include <sys/wait.h>
#include <time.h>

/* ---- older versions --------------------------------------------------- */

/* omost.db as the statements in tests/data/NAME say. */
static void make_db(const scratch *d, const char *name)
{
    char path[OM_TEST_PATH];
    sqlite3 *db = NULL;
    om_buf sql = data_file(name);
    assert_int_equal(sqlite3_open(scratch_file(d, "omost.db", path), &db), 0);
    if (sqlite3_exec(db, sql.p, NULL, NULL, NULL) != 0)
        fail_msg("%s", sqlite3_errmsg(db));
    sqlite3_close(db);
    om_buf_free(&sql);
}

static int64_t ask_db(const scratch *d, const char *sql)
{
    char path[OM_TEST_PATH];
    sqlite3 *db = NULL;
    sqlite3_stmt *q = NULL;
    assert_int_equal(sqlite3_open(scratch_file(d, "omost.db", path), &db), 0);
    assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &q, NULL), 0);
    assert_int_equal(sqlite3_step(q), SQLITE_ROW);
    const int64_t v = sqlite3_column_int64(q, 0);
    sqlite3_finalize(q);
    sqlite3_close(db);
    return v;
}

/* All of what version 1 kept. */
static void check_v1(om_store *s, om_arena *a)
{
    omost_error err;
    om_session_row session;
    om_canvas_row canvas;
    om_message_row *messages;
    om_job_row job;
    om_image_row image;
    size_t n = 0;
    OK(om_store_session_get(s, 1, a, &session, &err));
    assert_text(session.title, OM_STR("Old talk"));
    assert_int_equal(session.canvas, 2);
    assert_int_equal(session.n_images, 1);
    OK(om_store_message_list(s, 1, a, &messages, &n, &err));
    assert_int_equal(n, 2);
    assert_text(messages[0].text, OM_STR("two cats \xc3\xa9"));
    assert_int_equal(messages[1].canvas, 1);
    OK(om_store_canvas_get(s, 2, a, &canvas, &err));
    assert_text(canvas.origin, OM_STR("edit"));
    assert_int_equal(canvas.parent, 1);
    assert_true(om_str_find(canvas.python, OM_STR("A ginger cat.")) !=
                SIZE_MAX);
    assert_text(canvas.notes, OM_STR(""));
    OK(om_store_job_get(s, 2, a, &job, &err));
    assert_int_equal(job.state, OM_JOB_DONE);
    OK(om_store_image_get(s, 1, a, &image, &err));
    assert_int_equal(image.seed, 7);
}

static void test_version_1(void **state)
{
    (void)state;
    omost_error err;
    om_arena a;
    om_canvas_row got,
        c = {.session = 1, .python = OM_STR("c"), .notes = OM_STR("[1]")};
    scratch d = scratch_new();
    om_arena_init(&a, NULL, 0);
    make_db(&d, "store/v1.sql");
    assert_int_equal(ask_db(&d, "PRAGMA user_version"), 1);
    om_store *s = store_open(&d);
    check_v1(s, &a);
    OK(om_store_canvas_add(s, &c, &err));
    assert_int_equal(c.id, 3);
    om_store_close(s);
    assert_true(ask_db(&d, "PRAGMA user_version") > 1);
    s = store_open(&d);
    check_v1(s, &a);
    OK(om_store_canvas_get(s, 3, &a, &got, &err));
    assert_text(got.notes, OM_STR("[1]"));
    om_store_close(s);
    om_arena_free(&a);
    scratch_remove(&d);
}

/* Another program has it, just then: nothing is changed, and the next start
 * does it. */
static void test_version_1_locked(void **state)
{
    (void)state;
    char path[OM_TEST_PATH];
    omost_error err;
    om_arena a;
    sqlite3 *db = NULL;
    scratch d = scratch_new();
    om_arena_init(&a, NULL, 0);
    make_db(&d, "store/v1.sql");
    assert_int_equal(sqlite3_open(scratch_file(&d, "omost.db", path), &db), 0);
    assert_int_equal(sqlite3_exec(db,
                                  "PRAGMA journal_mode=WAL; BEGIN EXCLUSIVE",
                                  NULL, NULL, NULL),
                     0);
    assert_null(om_store_open(NULL, d.path, &err));
    assert_int_equal(err.status, OMOST_LOCKED);
    sqlite3_close(db);
    assert_int_equal(ask_db(&d, "PRAGMA user_version"), 1);
    om_store *s = store_open(&d);
    check_v1(s, &a);
    om_store_close(s);
    om_arena_free(&a);
    scratch_remove(&d);
}

/* ---- thumbs ------------------------------------------------------------ */

static int count_files(const scratch *d, const char *folder)
{
    char path[OM_TEST_PATH];
    int n = 0;
    DIR *dir = opendir(scratch_file(d, folder, path));
    assert_non_null(dir);
    for (const struct dirent *e; (e = readdir(dir)) != NULL;)
        n += e->d_name[0] != '.';
    closedir(dir);
    return n;
}

static void assert_thumb(om_store *s, int64_t id, const char *want)
{
    omost_error err;
    om_buf b;
    om_buf_init(&b, NULL, 1000);
    OK(om_store_thumb_read(s, id, &b, &err));
    assert_text(om_buf_view(&b), om_str_of(want));
    om_buf_free(&b);
}

static void test_thumbs(void **state)
{
    (void)state;
    omost_error err;
    om_buf b;
    scratch d = scratch_new();
    om_store *s = store_open(&d);
    om_buf_init(&b, NULL, 1000);
    const int64_t one = new_image(s, 0, "p", OM_STR("one")),
                  two = new_image(s, 0, "p", OM_STR("two"));
    assert_int_equal(om_store_thumb_read(s, one, &b, &err), OMOST_MISSING);
    OK(om_store_thumb_add(s, one, OM_STR("a"), &err));
    assert_thumb(s, one, "a");
    OK(om_store_thumb_add(s, one, OM_STR("b"), &err));
    OK(om_store_thumb_add(s, two, OM_STR("c"), &err));
    assert_thumb(s, one, "b");
    assert_true(is_there(&d, "images/00/1.thumb.png"));
    om_store_close(s);
    s = store_open(&d);
    assert_thumb(s, one, "b");
    OK(om_store_image_delete(s, one, &err));
    assert_false(is_there(&d, "images/00/1.thumb.png"));
    assert_int_equal(om_store_thumb_read(s, one, &b, &err), OMOST_MISSING);
    assert_int_equal(om_store_thumb_add(s, one, OM_STR("a"), &err),
                     OMOST_MISSING);
    assert_int_equal(om_store_thumb_add(s, 99, OM_STR("a"), &err),
                     OMOST_MISSING);
    assert_thumb(s, two, "c");
    assert_int_equal(count_files(&d, "images/00"), 2);
    om_buf_free(&b);
    om_store_close(s);
    scratch_remove(&d);
}

/* What a kill left in the middle goes; whatever is not ours stays. */
static void test_thumbs_settled(void **state)
{
    (void)state;
    scratch d = scratch_new();
    om_store *s = store_open(&d);
    new_image(s, 0, "p", OM_STR("one"));
    om_store_close(s);
    put_file(&d, "images/00/1.thumb.png", OM_STR("thumb"));
    put_file(&d, "images/00/1.thumb.0.part", OM_STR("half"));
    put_file(&d, "images/00/2.thumb.png", OM_STR("of nothing"));
    put_file(&d, "images/00/3.thumb.7.part", OM_STR("half"));
    put_file(&d, "images/00/1.thumb.txt", OM_STR("somebody's"));
    put_file(&d, "images/00/x.thumb.png", OM_STR("somebody's"));
    s = store_open(&d);
    assert_thumb(s, 1, "thumb");
    assert_int_equal(count_files(&d, "images/00"), 4);
    assert_true(is_there(&d, "images/00/1.thumb.txt"));
    assert_true(is_there(&d, "images/00/x.thumb.png"));
    om_store_close(s);
    scratch_remove(&d);
}

typedef struct thumber {
    om_store *s;
    int64_t id;
    pthread_t thread;
} thumber;

static void *make_thumbs(void *user)
{
    const thumber *t = user;
    omost_error err;
    for (int i = 0; i < 20; i++)
        if (om_store_thumb_add(t->s, t->id, OM_STR("same"), &err) != OMOST_OK)
            return NULL;
    return user;
}

/* Several ask for the same one at once, while the picture is taken away. */
static void test_thumbs_at_once(void **state)
{
    (void)state;
    enum { N = 4 };
    omost_error err;
    thumber t[N];
    void *all;
    scratch d = scratch_new();
    om_store *s = store_open(&d);
    for (int round = 0; round < 2; round++) {
        const int64_t id = new_image(s, 0, "p", OM_STR("one"));
        for (int i = 0; i < N; i++) {
            t[i] = (thumber){.s = s, .id = id};
            assert_int_equal(
                pthread_create(&t[i].thread, NULL, make_thumbs, &t[i]), 0);
        }
        if (round == 1) OK(om_store_image_delete(s, id, &err));
        for (int i = 0; i < N; i++) {
            pthread_join(t[i].thread, &all);
            if (round == 0) assert_non_null(all);
        }
        if (round == 0) assert_thumb(s, id, "same");
        assert_int_equal(count_files(&d, "images/00"), 2);
    }
    om_store_close(s);
    scratch_remove(&d);
}

/* ---- locked for a moment ------------------------------------------------ */

enum { READS = 20 };

typedef struct reader {
    om_store *s;
    int release; /* a pipe: a byte in it ends the lock */
    _Atomic int reads;
} reader;

/* Reads so often, and only then lets the lock go: were a read to wait for the
 * change, which waits for the lock, none of the three would end. */
static void *read_then_release(void *user)
{
    reader *r = user;
    const struct timespec nap = {.tv_nsec = 5000000};
    om_arena a;
    om_session_row row;
    omost_error err;
    om_arena_init(&a, NULL, 0);
    for (int i = 0; i < READS; i++) {
        if (om_store_session_get(r->s, 1, &a, &row, &err) != OMOST_OK) break;
        r->reads++;
        nanosleep(&nap, NULL);
    }
    om_arena_free(&a);
    if (r->reads == READS && write(r->release, "!", 1) != 1) r->reads = -1;
    return NULL;
}

/* Another program: has the lock, tells it, and keeps it until it is told to
 * let go, or nobody is there any more to tell it. */
static void lock_until_told(const scratch *d, int tell, int told)
{
    char path[OM_TEST_PATH], c = 0;
    sqlite3 *db = NULL;
    sqlite3_open(scratch_file(d, "omost.db", path), &db);
    if (sqlite3_exec(db, "BEGIN EXCLUSIVE", NULL, NULL, NULL) == 0) c = '!';
    if (write(tell, &c, 1) != 1) _exit(1);
    const bool was_told = read(told, &c, 1) == 1;
    sqlite3_close(db);
    _exit(was_told ? 0 : 1);
}

/* A change waits until the lock goes; who reads does not wait. */
static void test_lock_goes(void **state)
{
    (void)state;
    char c = 0;
    int locked[2], release[2], status = -1;
    omost_error err;
    int64_t id = 0;
    scratch d = scratch_new();
    om_store *s = store_open(&d);
    pthread_t thread;
    new_session(s, "before");
    assert_int_equal(pipe(locked), 0);
    assert_int_equal(pipe(release), 0);
    fflush(NULL);
    const pid_t pid = fork();
    if (pid == 0) {
        close(release[1]);
        lock_until_told(&d, locked[1], release[0]);
    }
    assert_int_equal(read(locked[0], &c, 1), 1);
    assert_int_equal(c, '!');
    reader r = {.s = s, .release = release[1]};
    assert_int_equal(pthread_create(&thread, NULL, read_then_release, &r), 0);
    const omost_status changed =
        om_store_session_add(s, OM_STR("after"), &id, &err);
    const int reads = r.reads; /* all of them, before the change was made */
    pthread_join(thread, NULL);
    close(release[1]);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    assert_int_equal(changed, OMOST_OK);
    assert_int_equal(id, 2);
    assert_int_equal(reads, READS);
    close(release[0]);
    close(locked[0]);
    close(locked[1]);
    om_store_close(s);
    scratch_remove(&d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_version_1),
        cmocka_unit_test(test_version_1_locked),
        cmocka_unit_test(test_thumbs),
        cmocka_unit_test(test_thumbs_settled),
        cmocka_unit_test(test_thumbs_at_once),
        cmocka_unit_test(test_lock_goes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
