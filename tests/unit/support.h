/* support.h - what the unit tests share: files of test data, the carried
 * results of the original (tests/data/golden, one JSON value a line), the CLIP
 * vocabulary, and memory that is counted and can run out. */
#ifndef OM_TESTS_SUPPORT_H
#define OM_TESTS_SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/json.h"
#include "omost/omost.h"

/* ---- files ------------------------------------------------------------- */

enum { OM_TEST_PATH = 4096, OM_TEST_FILE = 64 << 20 };

/* "FOLDER/name", the folder from an environment variable or else `fallback`. */
static inline const char *path_of(char out[OM_TEST_PATH], const char *variable,
                                  const char *fallback, const char *name)
{
    const char *folder = getenv(variable);
    snprintf(out, OM_TEST_PATH, "%s/%s", folder && *folder ? folder : fallback,
             name);
    return out;
}

static inline const char *data_path(char out[OM_TEST_PATH], const char *name)
{
    return path_of(out, "OMOST_TEST_DATA", "tests/data", name);
}

static inline const char *golden_path(char out[OM_TEST_PATH], const char *name)
{
    return path_of(out, "OMOST_GOLDEN", "../shared/golden", name);
}

/* The bytes of tests/data/NAME; the test fails when they are not there. */
static inline om_buf data_file(const char *name)
{
    char path[OM_TEST_PATH];
    omost_error err;
    om_buf b;
    om_buf_init(&b, NULL, OM_TEST_FILE);
    if (om_file_read(data_path(path, name), &b, &err) != OMOST_OK)
        fail_msg("%s", err.msg);
    return b;
}

/* A file of the whole golden data, which need not be there: then this says so
 * and the caller leaves out what needs it. */
static inline bool golden_file(const char *name, om_buf *out)
{
    char path[OM_TEST_PATH];
    omost_error err;
    om_buf_init(out, NULL, OM_TEST_FILE);
    if (om_file_read(golden_path(path, name), out, &err) == OMOST_OK)
        return true;
    om_buf_free(out);
    printf("*** SKIPPED: %s (set OMOST_GOLDEN to the golden data) ***\n",
           err.msg);
    return false;
}

static inline json_t *parse_json(om_buf *text, const char *name)
{
    omost_error err;
    json_t *v = om_json_parse(om_buf_view(text), name, &err);
    if (!v) fail_msg("%s", err.msg);
    om_buf_free(text);
    return v;
}

/* The value of a golden file, or NULL with a loud line. */
static inline json_t *golden_json(const char *name)
{
    om_buf b;
    return golden_file(name, &b) ? parse_json(&b, name) : NULL;
}

/* An array of the values in a carried file; json_decref() it. */
static inline json_t *golden_lines(const char *name)
{
    char path[256];
    snprintf(path, sizeof path, "golden/%s", name);
    om_buf b = data_file(path);
    json_t *all = json_array();
    om_str rest = om_buf_view(&b);
    while (rest.n) {
        size_t n = om_str_find(rest, OM_STR("\n"));
        if (n == SIZE_MAX) n = rest.n;
        omost_error err;
        json_t *v = om_json_parse((om_str){rest.p, n}, name, &err);
        if (!v) fail_msg("%s: %s", name, err.msg);
        json_array_append_new(all, v);
        rest = om_str_skip(rest, n < rest.n ? n + 1 : n);
    }
    om_buf_free(&b);
    return all;
}

static inline om_str field(const json_t *row, const char *key)
{
    return om_json_str(json_object_get(row, key));
}

/* ---- the CLIP vocabulary ----------------------------------------------- */

/* The built-in one, or that of the golden model. NULL, with a loud line, when
 * there is neither. */
static inline omost_tokenizer *open_clip(void)
{
    char path[OM_TEST_PATH];
    omost_error err;
    omost_tokenizer *tk = omost_tokenizer_builtin(NULL, NULL);
    if (!tk) tk = omost_tokenizer_open(NULL, golden_path(path, "model"), &err);
    if (!tk)
        printf("*** SKIPPED: this build has no CLIP vocabulary, and %s "
               "(run tools/setup, or set OMOST_GOLDEN) ***\n",
               err.msg);
    return tk;
}

/* ---- memory ------------------------------------------------------------ */

/* An omost_env that counts, and fails the fail_at-th allocation (from 1; 0:
 * none). */
typedef struct meter {
    size_t calls, fail_at;
    size_t live;        /* blocks not freed */
    size_t bytes, most; /* allocated now, and at the worst moment */
} meter;

static inline void *metered(void *user, void *p, size_t size)
{
    meter *m = user;
    size_t old = p ? malloc_usable_size(p) : 0;
    if (size == 0) {
        m->bytes -= old;
        m->live -= p != NULL;
        free(p);
        return NULL;
    }
    if (++m->calls == m->fail_at) return NULL;
    void *q = realloc(p, size);
    if (!q) return NULL;
    m->live += !p;
    m->bytes += malloc_usable_size(q) - old;
    if (m->bytes > m->most) m->most = m->bytes;
    return q;
}

#endif
