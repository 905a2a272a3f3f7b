/* omost/status.h - results, errors, memory: what every other header needs.
 *
 * A function that can fail returns an omost_status, or an object that is NULL
 * when it failed, and fills the caller's omost_error (NULL is allowed where
 * the reason does not matter). Every function that takes an omost_error clears
 * it first: after a success its status is OMOST_OK and there is no message. The
 * library never prints, exits or aborts, has no mutable globals and keeps no
 * "last error".
 *
 *     omost_error err;
 *     omost_canvas *cv = omost_canvas_parse(text, len, NULL, &err);
 *     if (!cv) {
 *         fprintf(stderr, "reply.txt:%d:%d: %s\n", err.line, err.col, err.msg);
 *         return omost_status_exit_code(err.status);
 *     }
 */
#ifndef OMOST_STATUS_H
#define OMOST_STATUS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define OMOST_API __attribute__((visibility("default")))
#define OMOST_NODISCARD __attribute__((warn_unused_result))
#define OMOST_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))

/* name, exit code of the program, HTTP status, meaning */
#define OMOST_STATUS_LIST(X)                                    \
    X(OK, 0, 200, "success")                                    \
    X(SYNTAX, 1, 422, "the text is not a canvas")               \
    X(RANGE, 1, 422, "a value is outside what is allowed")      \
    X(FORMAT, 1, 422, "the file is not of the expected format") \
    X(USAGE, 2, 400, "wrong options or arguments")              \
    X(MISSING, 3, 404, "a file, model or library is missing")   \
    X(IO, 3, 500, "reading or writing failed")                  \
    X(FULL, 3, 507, "no room is left to write")                 \
    X(LOCKED, 3, 503, "another program is using it")            \
    X(NOMEM, 4, 507, "out of memory")                           \
    X(LIMIT, 4, 413, "over a limit")                            \
    X(BACKEND, 3, 500, "a compute back end failed")             \
    X(CANCELLED, 130, 499, "stopped on request")

typedef enum omost_status {
#define X(name, exit_code, http, text) OMOST_##name,
    OMOST_STATUS_LIST(X)
#undef X
} omost_status;

/* "SYNTAX", ... ; never NULL. */
OMOST_API const char *omost_status_name(omost_status st);
/* The meaning, a short phrase; never NULL. */
OMOST_API const char *omost_status_text(omost_status st);
/* What a command-line program should exit with. */
OMOST_API int omost_status_exit_code(omost_status st);

/* One error. `line` and `col` are 1-based and count characters (code points),
 * not bytes; 0 when the error has no place. `len` is how many characters the
 * caret line underlines (at least 1 where there is a place). `msg` is one
 * sentence that names the thing and, where there is one, the remedy; it is
 * cut on a character boundary when it would be longer. */
typedef struct omost_error {
    omost_status status;
    int line, col, len;
    char msg[240];
} omost_error;

/* Text is a span: `n` bytes of UTF-8 at `p`, not NUL-terminated, which may
 * hold NUL bytes. An empty span may have p == NULL. */
typedef struct omost_str {
    const char *p;
    size_t n;
} omost_str;

/* Where memory comes from. `realloc(user, p, size)` behaves as C's realloc;
 * size 0 frees and returns NULL. It must be callable from every thread that
 * uses an object made with it, and must outlive these objects. A NULL env
 * means libc.
 *
 * All memory of ours comes from the env, and that of libpng (with its zlib) and
 * FreeType. Libraries that offer no way to give each call its own take theirs
 * from libc: jansson (while JSON is read or written), ICU (tables at first use,
 * and the ordering of right-to-left text), libcrypto, libcurl, stdio's
 * buffers, and everything the engine computes with. */
typedef void *omost_realloc_fn(void *user, void *p, size_t size);
typedef struct omost_env {
    omost_realloc_fn *realloc;
    void *user;
} omost_env;

/* "0.1.0": of the library at run time. */
OMOST_API const char *omost_version(void);

#ifdef __cplusplus
}
#endif
#endif
