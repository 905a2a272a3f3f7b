/* store_help.h - what the tests of the store share: a folder that goes away,
 * an open store, what a call says when it fails. */
#ifndef OM_TESTS_STORE_HELP_H
#define OM_TESTS_STORE_HELP_H

#ifndef _XOPEN_SOURCE
#define _XOPEN_SOURCE 700 /* nftw */
#endif

#include "unit/support.h"

#include <ftw.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/store.h"

/* ---- folders --------------------------------------------------------- */

typedef struct scratch {
    char path[256];
} scratch;

static inline scratch scratch_new(void)
{
    scratch d;
    const char *tmp = getenv("TMPDIR");
    snprintf(d.path, sizeof d.path, "%s/omost-store-XXXXXX",
             tmp && *tmp ? tmp : "/tmp");
    if (!mkdtemp(d.path)) fail_msg("cannot make a folder for the test");
    return d;
}

static inline int scratch_remove_one(const char *path, const struct stat *sb,
                                     int type, struct FTW *ftw)
{
    (void)sb, (void)type, (void)ftw;
    return remove(path);
}

static inline void scratch_remove(const scratch *d)
{
    nftw(d->path, scratch_remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static inline const char *scratch_file(const scratch *d, const char *name,
                                       char out[OM_TEST_PATH])
{
    snprintf(out, OM_TEST_PATH, "%s/%s", d->path, name);
    return out;
}

static inline bool is_there(const scratch *d, const char *name)
{
    char path[OM_TEST_PATH];
    struct stat sb;
    return stat(scratch_file(d, name, path), &sb) == 0;
}

static inline void put_file(const scratch *d, const char *name, om_str bytes)
{
    char path[OM_TEST_PATH];
    omost_error err;
    if (om_file_write(NULL, scratch_file(d, name, path), bytes, &err) !=
        OMOST_OK)
        fail_msg("%s", err.msg);
}

/* ---- the store ------------------------------------------------------- */

static inline om_store *store_open(const scratch *d)
{
    omost_error err;
    om_store *s = om_store_open(NULL, d->path, &err);
    if (!s) fail_msg("%s", err.msg);
    assert_int_equal(err.status, OMOST_OK);
    return s;
}

/* The store does not open, and the reason holds both words. */
static inline void assert_refused(const scratch *d, const char *word,
                                  const char *other)
{
    omost_error err = {0};
    om_store *s = om_store_open(NULL, d->path, &err);
    assert_null(s);
    assert_int_equal(err.status, OMOST_IO);
    if (!strstr(err.msg, word) || !strstr(err.msg, other))
        fail_msg("'%s' lacks '%s' or '%s'", err.msg, word, other);
}

#define OK(call)                                                    \
    do {                                                            \
        if ((call) != OMOST_OK) fail_msg("%s: %s", #call, err.msg); \
        assert_int_equal(err.status, OMOST_OK);                     \
    } while (0)

#define FAILS(call, why, word)                                     \
    do {                                                           \
        assert_int_equal(call, why);                               \
        assert_int_equal(err.status, why);                         \
        if (!strstr(err.msg, word))                                \
            fail_msg("%s: '%s' lacks '%s'", #call, err.msg, word); \
    } while (0)

static inline void assert_text(om_str got, om_str want)
{
    assert_int_equal(got.n, want.n);
    assert_memory_equal(got.p, want.p, want.n);
}

static inline int64_t new_session(om_store *s, const char *title)
{
    omost_error err;
    int64_t id = 0;
    OK(om_store_session_add(s, om_str_of(title), &id, &err));
    assert_true(id > 0);
    return id;
}

static inline int64_t new_canvas(om_store *s, int64_t session, const char *text)
{
    omost_error err;
    om_canvas_row row = {.session = session,
                         .origin = OM_STR("edit"),
                         .python = om_str_of(text)};
    OK(om_store_canvas_add(s, &row, &err));
    return row.id;
}

static inline int64_t new_image(om_store *s, int64_t session,
                                const char *parameters, om_str png)
{
    omost_error err;
    om_image_row row = {.session = session,
                        .width = 64,
                        .height = 64,
                        .parameters = om_str_of(parameters),
                        .record = OM_STR("{}")};
    OK(om_store_image_add(s, &row, png, &err));
    return row.id;
}

#endif
