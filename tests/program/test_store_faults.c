/* test_store_faults.c - what the store says when the disk is full, the file is
 * damaged, somebody else's or locked, when memory runs out; and that it goes on
 * afterwards. Threads that use it at once. */
#ifdef __linux__
#define _GNU_SOURCE /* unshare */
#include <sched.h>
#include <sys/mount.h>
#endif
#include "store_help.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sqlite3.h>
#include <sys/resource.h>
#include <sys/wait.h>

/* ---- in a process of its own ----------------------------------------- */

/* A child cannot use cmocka's asserts: it says what is wrong and ends. */
#define CHECK(cond)                                                       \
    do {                                                                  \
        if (!(cond)) {                                                    \
            fprintf(stderr, "%s:%d: %s: %s\n", __FILE__, __LINE__, #cond, \
                    err.msg);                                             \
            _exit(1);                                                     \
        }                                                                 \
    } while (0)

enum { SKIPPED = 77 };

/* The child's exit status. */
static int in_child(void (*f)(const scratch *d), const scratch *d)
{
    int status = 0;
    fflush(NULL);
    const pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        f(d);
        _exit(0);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

static void run_sql(const scratch *d, const char *sql)
{
    char path[OM_TEST_PATH];
    sqlite3 *db = NULL;
    assert_int_equal(sqlite3_open(scratch_file(d, "omost.db", path), &db), 0);
    if (sqlite3_exec(db, sql, NULL, NULL, NULL) != 0)
        fail_msg("%s", sqlite3_errmsg(db));
    sqlite3_close(db);
}

/* ---- the folder ------------------------------------------------------ */

static void test_folder(void **state)
{
    (void)state;
    scratch d = scratch_new(), deep = d;
    struct stat sb;
    snprintf(deep.path, sizeof deep.path, "%.200s/a/b c/'d", d.path);
    om_store_close(store_open(&deep));
    assert_int_equal(stat(deep.path, &sb), 0);
    assert_int_equal(sb.st_mode & 0777, 0700);
    om_store_close(store_open(&deep));
    put_file(&d, "file", OM_STR("x"));
    snprintf(deep.path, sizeof deep.path, "%.200s/file", d.path);
    assert_refused(&deep, "cannot", deep.path);
    snprintf(deep.path, sizeof deep.path, "%.200s/file/below", d.path);
    assert_refused(&deep, "Not a directory", "/file");
    deep.path[0] = '\0';
    assert_refused(&deep, "folder", "empty");
    om_store_close(NULL);
    scratch_remove(&d);
}

static void open_second(const scratch *d)
{
    omost_error err = {0};
    char who[64];
    om_store *s = om_store_open(NULL, d->path, &err);
    snprintf(who, sizeof who, "process %ld", (long)getppid());
    CHECK(!s && err.status == OMOST_IO);
    CHECK(strstr(err.msg, who) && strstr(err.msg, d->path));
}

static void test_second_open(void **state)
{
    (void)state;
    scratch d = scratch_new();
    om_store *s = store_open(&d);
    assert_refused(&d, "another omost", d.path);
    assert_int_equal(in_child(open_second, &d), 0);
    /* What a child inherits does not keep the folder after us. */
    om_store_close(s);
    om_store_close(store_open(&d));
    scratch_remove(&d);
}

/* As a user who may read everything there and write nothing. */
static void open_read_only(const scratch *d)
{
    omost_error err = {0};
    if (getuid() == 0 && setuid(65534) != 0) _exit(SKIPPED);
    om_store *s = om_store_open(NULL, d->path, &err);
    CHECK(!s && err.status == OMOST_IO);
    CHECK(strstr(err.msg, "cannot write") && strstr(err.msg, d->path));
}

static void test_read_only(void **state)
{
    (void)state;
    char path[OM_TEST_PATH];
    scratch d = scratch_new();
    om_store_close(store_open(&d));
    chmod(scratch_file(&d, "omost.db", path), 0444);
    /* The lock can be had, the file cannot be written. */
    chmod(d.path, 0777);
    chmod(scratch_file(&d, "lock", path), 0666);
    int rc = in_child(open_read_only, &d);
    if (rc != SKIPPED) assert_int_equal(rc, 0);
    /* Nothing can be made there. */
    unlink(path);
    chmod(d.path, 0555);
    rc = in_child(open_read_only, &d);
    if (rc != SKIPPED) assert_int_equal(rc, 0);
    if (rc == SKIPPED) printf("*** SKIPPED: cannot be another user ***\n");
    chmod(d.path, 0755);
    scratch_remove(&d);
}

/* ---- the file -------------------------------------------------------- */

static void fill(om_store *s, int n)
{
    const int64_t session = new_session(s, "s");
    static char text[64000];
    memset(text, 'x', sizeof text);
    text[sizeof text - 1] = '\0';
    for (int i = 0; i < n; i++) new_canvas(s, session, text);
}

static void damage(const scratch *d, long at, size_t n)
{
    char path[OM_TEST_PATH];
    FILE *f = fopen(scratch_file(d, "omost.db", path), "r+b");
    assert_non_null(f);
    fseek(f, at, SEEK_SET);
    for (size_t i = 0; i < n; i++) fputc(0xA5, f);
    fclose(f);
}

static void test_damaged(void **state)
{
    (void)state;
    static const struct {
        long at;
        size_t n;
    } cases[] = {{0, 100}, {16, 2}, {100, 500}, {4096, 9000}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        scratch d = scratch_new();
        om_store *s = store_open(&d);
        fill(s, 20);
        new_image(s, 0, "p", OM_STR("png"));
        om_store_close(s);
        damage(&d, cases[i].at, cases[i].n);
        assert_refused(&d, "damaged", "copy");
        /* What the sentence says helps, and takes no picture away. */
        char path[OM_TEST_PATH];
        unlink(scratch_file(&d, "omost.db", path));
        s = store_open(&d);
        assert_int_equal(new_image(s, 0, "q", OM_STR("new")), 2);
        om_store_close(s);
        om_store_close(store_open(&d));
        assert_true(is_there(&d, "images/00/1.png"));
        scratch_remove(&d);
    }
}

static void test_truncated(void **state)
{
    (void)state;
    char path[OM_TEST_PATH];
    scratch d = scratch_new();
    om_store *s = store_open(&d);
    fill(s, 20);
    om_store_close(s);
    assert_int_equal(truncate(scratch_file(&d, "omost.db", path), 20000), 0);
    assert_refused(&d, "damaged", "copy");
    scratch_remove(&d);
}

/* Damage in the middle of a text: only reading it can find that. */
static void test_damaged_text(void **state)
{
    (void)state;
    omost_error err;
    om_arena a;
    om_session_row row;
    om_canvas_row canvas;
    omost_status st = OMOST_OK;
    scratch d = scratch_new();
    om_store *s = store_open(&d);
    fill(s, 9);
    om_store_close(s);
    damage(&d, 40L * 4096 + 50, 1000);
    s = store_open(&d);
    om_arena_init(&a, NULL, 0);
    for (int id = 1; id <= 9 && st == OMOST_OK; id++)
        st = om_store_canvas_get(s, id, &a, &canvas, &err);
    assert_int_equal(st, OMOST_IO);
    assert_non_null(strstr(err.msg, "damaged"));
    OK(om_store_session_get(s, 1, &a, &row, &err));
    om_arena_free(&a);
    om_store_close(s);
    scratch_remove(&d);
}

static void test_newer(void **state)
{
    (void)state;
    scratch d = scratch_new();
    om_store *s = store_open(&d);
    new_session(s, "s");
    om_store_close(s);
    run_sql(&d, "PRAGMA user_version=7");
    assert_refused(&d, "newer omost", "its version is 7");
    run_sql(&d, "PRAGMA user_version=2");
    om_store_close(store_open(&d));
    scratch_remove(&d);
}

static void test_foreign(void **state)
{
    (void)state;
    scratch d = scratch_new();
    run_sql(&d, "CREATE TABLE t(x)");
    assert_refused(&d, "other program", d.path);
    scratch_remove(&d);
    d = scratch_new();
    put_file(&d, "omost.db", OM_STR("My diary.\n"));
    assert_refused(&d, "damaged", d.path);
    scratch_remove(&d);
    /* Making the tables was cut off before anything was there. */
    d = scratch_new();
    put_file(&d, "omost.db", OM_STR(""));
    om_store_close(store_open(&d));
    scratch_remove(&d);
}

/* ---- locked by another program --------------------------------------- */

/* Hold the file's write lock until the parent says so. */
static void hold_lock(const scratch *d, int say, int wait)
{
    char path[OM_TEST_PATH], c = '!';
    sqlite3 *db = NULL;
    int rc = sqlite3_open(scratch_file(d, "omost.db", path), &db);
    if (rc == 0) rc = sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL);
    if (rc != 0) c = '?';
    if (write(say, &c, 1) != 1 || read(wait, &c, 1) < 0) _exit(1);
    sqlite3_close(db);
    _exit(0);
}

static void test_locked(void **state)
{
    (void)state;
    omost_error err;
    om_arena a;
    om_session_row row;
    int there[2], back[2], status;
    char c = 0;
    int64_t id = 0;
    scratch d = scratch_new();
    om_store_close(store_open(&d));
    assert_true(pipe(there) == 0 && pipe(back) == 0);
    fflush(NULL);
    const pid_t pid = fork();
    if (pid == 0) {
        close(back[1]);
        hold_lock(&d, there[1], back[0]);
    }
    assert_int_equal(read(there[0], &c, 1), 1);
    assert_int_equal(c, '!');
    assert_null(om_store_open(NULL, d.path, &err));
    assert_int_equal(err.status, OMOST_LOCKED);
    assert_non_null(strstr(err.msg, "another program has locked"));
    assert_non_null(strstr(err.msg, d.path));
    assert_int_equal(write(back[1], "", 1), 1);
    waitpid(pid, &status, 0);

    om_store *s = store_open(&d);
    om_arena_init(&a, NULL, 0);
    id = new_session(s, "before");
    const pid_t again = fork();
    if (again == 0) {
        close(back[1]);
        hold_lock(&d, there[1], back[0]);
    }
    assert_int_equal(read(there[0], &c, 1), 1);
    om_image_row image = {0};
    FAILS(om_store_session_add(s, OM_STR("x"), &id, &err), OMOST_LOCKED,
          "another program has locked");
    FAILS(om_store_session_delete(s, id, &err), OMOST_LOCKED, "close it");
    FAILS(om_store_image_add(s, &image, OM_STR("x"), &err), OMOST_LOCKED,
          "locked");
    assert_false(is_there(&d, "images/00/1.part"));
    /* Reading goes on. */
    OK(om_store_session_get(s, id, &a, &row, &err));
    assert_int_equal(write(back[1], "", 1), 1);
    waitpid(again, &status, 0);
    assert_int_equal(new_session(s, "after"), id + 1);
    om_arena_free(&a);
    om_store_close(s);
    for (int i = 0; i < 2; i++) close(there[i]), close(back[i]);
    scratch_remove(&d);
}

/* ---- a full disk ----------------------------------------------------- */

enum { PICTURE = 100 << 10 };

static char *noise(size_t n)
{
    char *p = malloc(n);
    for (size_t i = 0; p && i < n; i++) p[i] = (char)(i * 2654435761u >> 13);
    return p;
}

/* Pictures as long as there is room; how many. */
static int add_pictures(om_store *s, const char *png, size_t n)
{
    omost_error err = {0};
    for (int i = 0;; i++) {
        om_image_row row = {.parameters = OM_STR("p")};
        omost_status st = om_store_image_add(s, &row, (om_str){png, n}, &err);
        if (st == OMOST_OK) continue;
        CHECK(st == OMOST_FULL && strstr(err.msg, "room"));
        return i;
    }
}

static int add_canvases(om_store *s, int64_t session, const char *text)
{
    omost_error err = {0};
    for (int i = 0;; i++) {
        om_canvas_row row = {.session = session, .python = om_str_of(text)};
        omost_status st = om_store_canvas_add(s, &row, &err);
        if (st == OMOST_OK) continue;
        CHECK(st == OMOST_FULL && strstr(err.msg, "room"));
        return i;
    }
}

static void check_pictures(om_store *s, int want, const char *png, size_t size)
{
    omost_error err = {0};
    om_arena a;
    om_image_row *rows;
    size_t n;
    om_arena_init(&a, NULL, 0);
    CHECK(om_store_image_list(s, 0, (om_str){0}, (om_page){0}, &a, &rows, &n,
                              &err) == OMOST_OK);
    CHECK(n == (size_t)want);
    for (size_t i = 0; i < n; i++) {
        om_buf b;
        om_buf_init(&b, NULL, size);
        CHECK(om_store_image_read(s, rows[i].id, &b, &err) == OMOST_OK);
        CHECK(b.n == size && memcmp(b.p, png, size) == 0);
        om_buf_free(&b);
    }
    om_arena_free(&a);
}

/* A ballast of 300 KiB goes when the disk is full. */
static void fill_disk(const scratch *d, void (*make_room)(const scratch *d))
{
    omost_error err = {0};
    om_arena a;
    om_canvas_row canvas;
    char *png = noise(PICTURE), text[3001];
    int64_t session = 0;
    memset(text, 't', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    om_arena_init(&a, NULL, 0);
    om_store *s = om_store_open(NULL, d->path, &err);
    CHECK(png && s);
    CHECK(om_store_session_add(s, OM_STR("s"), &session, &err) == OMOST_OK);
    const int pictures = add_pictures(s, png, PICTURE);
    const int canvases = add_canvases(s, session, text);
    CHECK(canvases > 0);
    check_pictures(s, pictures, png, PICTURE);
    CHECK(om_store_canvas_get(s, canvases, &a, &canvas, &err) == OMOST_OK);
    make_room(d);
    om_image_row one = {.parameters = OM_STR("after")};
    const om_str small = {png, PICTURE / 2};
    CHECK(om_store_image_add(s, &one, small, &err) == OMOST_OK);
    CHECK(om_store_image_delete(s, one.id, &err) == OMOST_OK);
    om_store_close(s);
    s = om_store_open(NULL, d->path, &err);
    CHECK(s);
    check_pictures(s, pictures, png, PICTURE);
    CHECK(om_store_canvas_get(s, canvases, &a, &canvas, &err) == OMOST_OK);
    CHECK(canvas.python.n == sizeof text - 1);
    CHECK(om_store_canvas_get(s, canvases + 1, &a, &canvas, &err) ==
          OMOST_MISSING);
    om_store_close(s);
    om_arena_free(&a);
    free(png);
}

#ifdef __linux__
static void drop_ballast(const scratch *d)
{
    omost_error err = {0};
    char path[OM_TEST_PATH];
    CHECK(unlink(scratch_file(d, "ballast", path)) == 0);
}

static void on_small_disk(const scratch *d)
{
    omost_error err = {0};
    char path[OM_TEST_PATH], *ballast = noise(300 << 10);
    if (unshare(CLONE_NEWNS) != 0 && unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0)
        _exit(SKIPPED);
    mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL);
    if (mount("tmpfs", d->path, "tmpfs", 0, "size=2m") != 0) _exit(SKIPPED);
    CHECK(om_file_write(NULL, scratch_file(d, "ballast", path),
                        (om_str){ballast, 300 << 10}, &err) == OMOST_OK);
    fill_disk(d, drop_ballast);
    free(ballast);
}
#endif

static void test_disk_full(void **state)
{
    (void)state;
    int rc = SKIPPED;
#ifdef __linux__
    scratch d = scratch_new();
    rc = in_child(on_small_disk, &d);
    scratch_remove(&d);
#endif
    if (rc == SKIPPED)
        printf("*** SKIPPED: a small disk cannot be mounted here ***\n");
    else
        assert_int_equal(rc, 0);
}

static void set_file_limit(rlim_t bytes)
{
    omost_error err = {0};
    struct rlimit r;
    CHECK(getrlimit(RLIMIT_FSIZE, &r) == 0);
    r.rlim_cur = bytes < r.rlim_max ? bytes : r.rlim_max;
    CHECK(setrlimit(RLIMIT_FSIZE, &r) == 0);
}

static void lift_limit(const scratch *d)
{
    (void)d;
    set_file_limit(RLIM_INFINITY);
}

/* Files that may not grow: the picture fits not at all, the database for a
 * while. */
static void with_file_limit(const scratch *d)
{
    signal(SIGXFSZ, SIG_IGN);
    set_file_limit(PICTURE * 3 / 4 + (80 << 10));
    omost_error err = {0};
    om_store *s = om_store_open(NULL, d->path, &err);
    char *png = noise(4 * PICTURE);
    CHECK(s && png);
    CHECK(add_pictures(s, png, 4 * PICTURE) == 0);
    om_store_close(s);
    free(png);
    /* Now only the database grows: many small pictures would never end. */
    s = om_store_open(NULL, d->path, &err);
    int64_t session = 0;
    CHECK(om_store_session_add(s, OM_STR("s"), &session, &err) == OMOST_OK);
    char text[4001];
    memset(text, 't', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    const int canvases = add_canvases(s, session, text);
    lift_limit(d);
    om_canvas_row row = {.session = session};
    CHECK(om_store_canvas_add(s, &row, &err) == OMOST_OK);
    CHECK(row.id == canvases + 1);
    om_store_close(s);
}

static void test_file_limit(void **state)
{
    (void)state;
    scratch d = scratch_new();
    assert_int_equal(in_child(with_file_limit, &d), 0);
    om_store *s = store_open(&d);
    assert_false(is_there(&d, "images/00/1.part"));
    om_store_close(s);
    scratch_remove(&d);
}

/* ---- out of memory --------------------------------------------------- */

/* A few of everything; the first failure. */
static omost_status use(const omost_env *env, const scratch *d,
                        omost_error *err)
{
    om_arena a;
    int64_t session = 0;
    om_session_row *sessions;
    om_image_row image = {.parameters = OM_STR("A Red house")}, *images;
    om_message_row m = {.parent = -1, .text = OM_STR("hello")}, *messages;
    om_canvas_row c = {.python = OM_STR("c"), .origin = OM_STR("reply")};
    size_t n;
    om_buf b;
    om_store *s = om_store_open(env, d->path, err);
    if (!s) return err->status;
    om_arena_init(&a, env, 0);
    om_buf_init(&b, env, 1000);
    omost_status st = om_store_session_add(s, OM_STR("s"), &session, err);
    m.session = image.session = session;
    if (st == OMOST_OK) st = om_store_answer_add(s, &m, &c, err);
    if (st == OMOST_OK) st = om_store_image_add(s, &image, OM_STR("p"), err);
    if (st == OMOST_OK) st = om_store_image_read(s, image.id, &b, err);
    if (st == OMOST_OK)
        st = om_store_session_list(s, (om_str){0}, (om_page){0}, &a, &sessions,
                                   &n, err);
    if (st == OMOST_OK)
        st = om_store_message_list(s, session, &a, &messages, &n, err);
    if (st == OMOST_OK)
        st = om_store_image_list(s, 0, OM_STR("RED house"), (om_page){0}, &a,
                                 &images, &n, err);
    if (st == OMOST_OK) assert_true(n > 0);
    if (st == OMOST_OK) st = om_store_image_delete(s, image.id, err);
    om_buf_free(&b);
    om_arena_free(&a);
    om_store_close(s);
    return st;
}

static void test_no_memory(void **state)
{
    (void)state;
    omost_error err = {0};
    scratch d = scratch_new();
    size_t failures = 0;
    for (size_t at = 1;; at++) {
        meter m = {.fail_at = at};
        const omost_env env = {metered, &m};
        omost_status st = use(&env, &d, &err);
        assert_int_equal(m.live, 0);
        if (m.calls < at) {
            assert_int_equal(st, OMOST_OK);
            break;
        }
        if (st != OMOST_NOMEM)
            fail_msg("allocation %zu: %s", at, omost_status_name(st));
        failures++;
    }
    assert_true(failures >= 8);
    assert_false(is_there(&d, "images/00/1.part"));
    scratch_remove(&d);
}

/* ---- what a crash leaves --------------------------------------------- */

static void test_interrupted(void **state)
{
    (void)state;
    omost_error err;
    om_arena a;
    om_job_row out;
    scratch d = scratch_new();
    om_store *s = store_open(&d);
    om_arena_init(&a, NULL, 0);
    for (int i = 0; i <= OM_JOB_INTERRUPTED; i++) {
        om_job_row job = {.kind = OM_STR("render"), .request = OM_STR("{}")};
        OK(om_store_job_add(s, &job, &err));
        OK(om_store_job_set(s, job.id, (om_job_state)i, OM_STR(""), &err));
    }
    om_store_close(s);
    s = store_open(&d);
    for (int i = 0; i <= OM_JOB_INTERRUPTED; i++) {
        const bool was_open = i == OM_JOB_QUEUED || i == OM_JOB_RUNNING;
        OK(om_store_job_get(s, i + 1, &a, &out, &err));
        assert_int_equal(out.state,
                         was_open ? OM_JOB_INTERRUPTED : (om_job_state)i);
        assert_true(out.ended >= out.created);
        assert_text(out.request, OM_STR("{}"));
    }
    om_arena_free(&a);
    om_store_close(s);
    scratch_remove(&d);
}

static void test_pictures_settled(void **state)
{
    (void)state;
    omost_error err;
    om_buf b;
    char from[OM_TEST_PATH], to[OM_TEST_PATH];
    scratch d = scratch_new();
    om_store *s = store_open(&d);
    new_image(s, 0, "p", OM_STR("one"));
    new_image(s, 0, "p", OM_STR("two"));
    om_store_close(s);
    /* Cut off before the file was in its place, and before the row was. */
    rename(scratch_file(&d, "images/00/1.png", from),
           scratch_file(&d, "images/00/1.part", to));
    put_file(&d, "images/00/3.part", OM_STR("half"));
    /* Not ours, or of another database: left alone. */
    put_file(&d, "images/00/7.png", OM_STR("seven"));
    put_file(&d, "images/00/notes.txt", OM_STR("notes"));
    put_file(&d, "images/00/101.part", OM_STR("elsewhere"));
    put_file(&d, "images/00/04.part", OM_STR("four"));
    s = store_open(&d);
    om_buf_init(&b, NULL, 100);
    OK(om_store_image_read(s, 1, &b, &err));
    assert_text(om_buf_view(&b), OM_STR("one"));
    assert_false(is_there(&d, "images/00/3.part"));
    assert_true(is_there(&d, "images/00/7.png"));
    assert_true(is_there(&d, "images/00/notes.txt"));
    assert_true(is_there(&d, "images/00/101.part"));
    assert_true(is_there(&d, "images/00/04.part"));
    assert_int_equal(new_image(s, 0, "p", OM_STR("next")), 8);
    om_buf_free(&b);
    om_store_close(s);
    scratch_remove(&d);
}

/* The hundredth picture begins a folder, the ten-thousandth the first again. */
static void test_picture_folders(void **state)
{
    (void)state;
    char path[OM_TEST_PATH];
    scratch d = scratch_new();
    om_store_close(store_open(&d));
    assert_int_equal(mkdir(scratch_file(&d, "images/99", path), 0700), 0);
    put_file(&d, "images/99/9998.png", OM_STR("x"));
    om_store *s = store_open(&d);
    assert_int_equal(new_image(s, 0, "p", OM_STR("a")), 9999);
    assert_int_equal(new_image(s, 0, "p", OM_STR("b")), 10000);
    assert_true(is_there(&d, "images/99/9999.png"));
    assert_true(is_there(&d, "images/00/10000.png"));
    om_store_close(s);
    scratch_remove(&d);
}

/* ---- threads --------------------------------------------------------- */

enum { N_THREADS = 8, ROUNDS = 12 };

typedef struct worker {
    om_store *s;
    int64_t shared;
    int number;
    int failed; /* line */
} worker;

#define STEP(cond)                \
    do {                          \
        if (!(cond)) {            \
            w->failed = __LINE__; \
            om_buf_free(&b);      \
            om_arena_free(&a);    \
            return NULL;          \
        }                         \
    } while (0)

static void *work(void *p)
{
    worker *w = p;
    om_arena a;
    om_buf b;
    omost_error err;
    om_arena_init(&a, NULL, 0);
    om_buf_init(&b, NULL, 10000);
    for (int i = 0; i < ROUNDS; i++) {
        char png[64];
        int64_t own = 0;
        size_t n;
        om_image_row *images, image = {.parameters = OM_STR("by a thread")};
        om_message_row m = {.session = w->shared, .parent = -1};
        om_canvas_row c = {.python = OM_STR("c")};
        om_session_row row;
        const int len =
            snprintf(png, sizeof png, "thread %d round %d", w->number, i);
        STEP(!om_store_session_add(w->s, OM_STR("own"), &own, &err));
        STEP(!om_store_message_add(w->s, &m, &err));
        m = (om_message_row){.session = own, .parent = -1};
        STEP(!om_store_answer_add(w->s, &m, &c, &err) && m.id == 0);
        image.session = own;
        STEP(!om_store_image_add(w->s, &image, (om_str){png, (size_t)len},
                                 &err));
        STEP(!om_store_image_list(w->s, 0, OM_STR("thread"),
                                  (om_page){.limit = 5}, &a, &images, &n,
                                  &err));
        /* Whatever is listed can be read, but for what another deletes. */
        for (size_t k = 0; k < n; k++) {
            b.n = 0;
            omost_status st = om_store_image_read(w->s, images[k].id, &b, &err);
            STEP(st == OMOST_OK || st == OMOST_MISSING);
        }
        b.n = 0;
        STEP(!om_store_image_read(w->s, image.id, &b, &err));
        STEP(b.n == (size_t)len && memcmp(b.p, png, b.n) == 0);
        if (i % 2) STEP(!om_store_image_delete(w->s, image.id, &err));
        if (i % 3 == 0) STEP(!om_store_session_delete(w->s, own, &err));
        STEP(!om_store_session_get(w->s, w->shared, &a, &row, &err));
    }
    om_buf_free(&b);
    om_arena_free(&a);
    return NULL;
}

static void test_threads(void **state)
{
    (void)state;
    omost_error err;
    om_arena a;
    om_message_row *messages;
    om_image_row *images;
    om_session_row *sessions;
    size_t n;
    pthread_t threads[N_THREADS];
    worker workers[N_THREADS];
    scratch d = scratch_new();
    om_store *s = store_open(&d);
    const int64_t shared = new_session(s, "shared");
    for (int i = 0; i < N_THREADS; i++) {
        workers[i] = (worker){s, shared, i, 0};
        assert_int_equal(pthread_create(&threads[i], NULL, work, &workers[i]),
                         0);
    }
    for (int i = 0; i < N_THREADS; i++) {
        pthread_join(threads[i], NULL);
        assert_int_equal(workers[i].failed, 0);
    }
    om_arena_init(&a, NULL, 0);
    OK(om_store_message_list(s, shared, &a, &messages, &n, &err));
    assert_int_equal(n, N_THREADS * ROUNDS);
    for (size_t i = 0; i < n; i++) assert_int_equal(messages[i].id, i);
    OK(om_store_image_list(s, 0, (om_str){0}, (om_page){0}, &a, &images, &n,
                           &err));
    assert_int_equal(n, N_THREADS * ROUNDS / 2);
    OK(om_store_session_list(s, (om_str){0}, (om_page){0}, &a, &sessions, &n,
                             &err));
    assert_int_equal(n, 1 + N_THREADS * (ROUNDS - ROUNDS / 3));
    om_arena_free(&a);
    om_store_close(s);
    scratch_remove(&d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_folder),
        cmocka_unit_test(test_second_open),
        cmocka_unit_test(test_read_only),
        cmocka_unit_test(test_damaged),
        cmocka_unit_test(test_truncated),
        cmocka_unit_test(test_damaged_text),
        cmocka_unit_test(test_newer),
        cmocka_unit_test(test_foreign),
        cmocka_unit_test(test_locked),
        cmocka_unit_test(test_disk_full),
        cmocka_unit_test(test_file_limit),
        cmocka_unit_test(test_no_memory),
        cmocka_unit_test(test_interrupted),
        cmocka_unit_test(test_pictures_settled),
        cmocka_unit_test(test_picture_folders),
        cmocka_unit_test(test_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
