/* buf.c - see buf.h. */
#include "base/buf.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/utf8.h"

static bool fail(om_buf *b, omost_status st)
{
    b->status = st;
    return false;
}

bool om_buf_reserve(om_buf *b, size_t n)
{
    if (b->status != OMOST_OK) return false;
    if (n > b->limit || b->n > b->limit - n) return fail(b, OMOST_LIMIT);
    if (b->p && b->n + n < b->cap) return true;
    size_t cap = b->cap ? b->cap * 2 : 256;
    if (cap <= b->n + n) cap = b->n + n + 1; /* the NUL */
    char *p = om_realloc(b->env, b->p, cap);
    if (!p) return fail(b, OMOST_NOMEM);
    b->p = p;
    b->cap = cap;
    b->p[b->n] = '\0';
    return true;
}

void om_buf_put(om_buf *b, const void *p, size_t n)
{
    if (!om_buf_reserve(b, n)) return;
    if (n) memcpy(b->p + b->n, p, n);
    b->n += n;
    b->p[b->n] = '\0';
}

void om_buf_putc(om_buf *b, char c)
{
    om_buf_put(b, &c, 1);
}

void om_buf_puts(om_buf *b, const char *z)
{
    om_buf_put(b, z, strlen(z));
}

void om_buf_str(om_buf *b, om_str s)
{
    om_buf_put(b, s.p, s.n);
}

void om_buf_rune(om_buf *b, uint32_t rune)
{
    char bytes[4];
    om_buf_put(b, bytes, om_utf8_encode(rune, bytes));
}

void om_buf_fill(om_buf *b, char c, size_t n)
{
    if (!om_buf_reserve(b, n)) return;
    memset(b->p + b->n, c, n);
    b->n += n;
    b->p[b->n] = '\0';
}

void om_buf_printf(om_buf *b, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    int n = vsnprintf(NULL, 0, fmt, ap);
    va_end(ap);
    if (n < 0) fail(b, OMOST_LIMIT); /* beyond INT_MAX */
    if (n < 0 || !om_buf_reserve(b, (size_t)n)) return;
    va_start(ap, fmt);
    vsnprintf(b->p + b->n, (size_t)n + 1, fmt, ap);
    va_end(ap);
    b->n += (size_t)n;
}

char *om_buf_steal(om_buf *b, size_t *n)
{
    om_buf_reserve(b, 0); /* an empty buffer gives "" */
    char *p = b->status == OMOST_OK ? b->p : NULL;
    if (n) *n = p ? b->n : 0;
    if (!p) om_free(b->env, b->p);
    om_buf_init(b, b->env, b->limit);
    return p;
}

omost_status om_buf_check(const om_buf *b, const char *what, omost_error *err)
{
    if (b->status == OMOST_OK) return OMOST_OK;
    if (b->status == OMOST_NOMEM) return om_fail_nomem(err);
    if (b->status == OMOST_FORMAT)
        return om_fail(err, OMOST_FORMAT, "%s is not well-formed text", what);
    return om_fail(err, OMOST_LIMIT, "%s is longer than %zu bytes", what,
                   b->limit);
}

void om_buf_free(om_buf *b)
{
    om_free(b->env, b->p);
    om_buf_init(b, b->env, b->limit);
}
