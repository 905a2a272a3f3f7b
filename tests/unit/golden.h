/* golden.h - the carried results of the original, for the tests: one JSON value
 * a line (see tests/data/golden/README.md). Needs cmocka's headers before. */
#ifndef OM_TESTS_GOLDEN_H
#define OM_TESTS_GOLDEN_H

#include <stdio.h>
#include <stdlib.h>

#include "base/file.h"
#include "base/hash.h"
#include "base/json.h"
#include "omost/canvas.h"

/* The bytes of tests/data/NAME; the test fails when they are not there. */
static inline om_buf data_file(const char *name)
{
    const char *dir = getenv("OMOST_TEST_DATA");
    char path[4096];
    omost_error err;
    om_buf b;
    om_buf_init(&b, NULL, 64u << 20);
    snprintf(path, sizeof path, "%s/%s", dir && *dir ? dir : "tests/data",
             name);
    if (om_file_read(path, &b, &err) != OMOST_OK) fail_msg("%s", err.msg);
    return b;
}

/* An array of the lines' values; json_decref() it. */
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

/* The file of the whole golden data, or an empty buffer: then say so. */
static inline bool golden_file(const char *name, om_buf *out)
{
    const char *dir = getenv("OMOST_GOLDEN");
    char path[1024];
    omost_error err;
    om_buf_init(out, NULL, 64u << 20);
    snprintf(path, sizeof path, "%s/%s", dir && *dir ? dir : "../shared/golden",
             name);
    if (om_file_read(path, out, &err) == OMOST_OK) return true;
    printf("SKIPPED: %s (set OMOST_GOLDEN to the folder of the golden data)\n",
           err.msg);
    return false;
}

static inline void digest_texts(om_buf *b, char tag, omost_texts t)
{
    for (size_t i = 0; i < t.n; i++) {
        om_buf_printf(b, "%c %zu ", tag, t.p[i].n);
        om_buf_str(b, t.p[i]);
        om_buf_putc(b, '\n');
    }
}

/* The canonical form that tools/pack-golden.py hashes. */
static inline void layout_digest(const omost_layout *lo, char hex[65])
{
    static const int kinds[] = {[OMOST_NUMBER_FLOAT] = 0,
                                [OMOST_NUMBER_INT] = 1,
                                [OMOST_NUMBER_BOOL] = 2};
    om_buf b;
    om_buf_init(&b, NULL, 16u << 20);
    for (size_t i = 0; i < omost_layout_count(lo); i++) {
        const omost_condition *c = omost_layout_item(lo, i);
        om_buf_printf(&b, "C %d %d %d\n", c->color.r, c->color.g, c->color.b);
        if (i > 0) {
            om_buf_printf(&b, "R %d %d %d %d\n", c->box.top, c->box.bottom,
                          c->box.left, c->box.right);
            om_buf_printf(&b, "D %d %.17g\n", kinds[c->distance.kind],
                          c->distance.value);
        }
        digest_texts(&b, 'P', c->prefixes);
        digest_texts(&b, 'S', c->suffixes);
    }
    om_sha256_hex(om_buf_view(&b), hex);
    om_buf_free(&b);
}

#endif
