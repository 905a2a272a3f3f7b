/* error.c - see error.h. */
#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/utf8.h"

static const struct {
    const char *name, *text;
    int exit_code;
} status_table[] = {
#define X(name, exit_code, http, text) {#name, text, exit_code},
    OMOST_STATUS_LIST(X)
#undef X
};

enum { N_STATUS = sizeof status_table / sizeof *status_table };

const char *omost_status_name(omost_status st)
{
    return (unsigned)st < N_STATUS ? status_table[st].name : "UNKNOWN";
}

const char *omost_status_text(omost_status st)
{
    return (unsigned)st < N_STATUS ? status_table[st].text : "unknown status";
}

const char *omost_version(void)
{
    return OM_VERSION; /* from the build file, where the number is kept */
}

int omost_status_exit_code(omost_status st)
{
    return (unsigned)st < N_STATUS ? status_table[st].exit_code : 1;
}

void om_error_clear(omost_error *err)
{
    if (err) *err = (omost_error){0};
}

omost_status om_fail_v(omost_error *err, omost_status st, om_place at,
                       const char *fmt, va_list ap)
{
    if (!err) return st;
    err->status = st;
    err->line = at.line;
    err->col = at.col;
    err->len = at.len > 0 || at.line == 0 ? at.len : 1;
    int n = vsnprintf(err->msg, sizeof err->msg, fmt, ap);
    if (n >= (int)sizeof err->msg) {
        /* Cut between characters, so that the message stays UTF-8. */
        size_t keep =
            om_utf8_floor(err->msg, sizeof err->msg - 1, sizeof err->msg - 4);
        memcpy(err->msg + keep, "...", 4);
    }
    return st;
}

omost_status om_fail(omost_error *err, omost_status st, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    om_fail_v(err, st, (om_place){0}, fmt, ap);
    va_end(ap);
    return st;
}

omost_status om_fail_at(omost_error *err, omost_status st, om_place at,
                        const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    om_fail_v(err, st, at, fmt, ap);
    va_end(ap);
    return st;
}

omost_status om_fail_nomem(omost_error *err)
{
    return om_fail(err, OMOST_NOMEM, "out of memory");
}
