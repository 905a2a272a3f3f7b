/* buf.h - a growing byte buffer that fails stickily: append freely, look at
 * `status` once at the end. Every buffer has its largest size from birth. */
#ifndef OM_BASE_BUF_H
#define OM_BASE_BUF_H

#include "base/error.h"
#include "base/mem.h"

typedef struct om_buf {
    const omost_env *env;
    char *p; /* a NUL always follows the n bytes once p is set */
    size_t n, cap, limit;
    /* OK, NOMEM, LIMIT, or FORMAT for what could not be made into text; once
     * not OK, appends do nothing. */
    omost_status status;
} om_buf;

static inline void om_buf_init(om_buf *b, const omost_env *env, size_t limit)
{
    *b = (om_buf){.env = env, .limit = limit};
}

/* Empty again, and well again; the memory is kept. */
static inline void om_buf_clear(om_buf *b)
{
    b->n = 0;
    b->status = OMOST_OK;
}

void om_buf_put(om_buf *b, const void *p, size_t n);
void om_buf_putc(om_buf *b, char c);
void om_buf_puts(om_buf *b, const char *z);
void om_buf_str(om_buf *b, om_str s);
void om_buf_rune(om_buf *b, uint32_t rune);
void om_buf_fill(om_buf *b, char c, size_t n);
void om_buf_printf(om_buf *b, const char *fmt, ...) OMOST_PRINTF(2, 3);

/* Room for n more bytes at b->p + b->n, to be filled and then counted by
 * b->n += ...; false when there is none. */
bool om_buf_reserve(om_buf *b, size_t n);

static inline om_str om_buf_view(const om_buf *b)
{
    return (om_str){b->p, b->n};
}

/* The bytes as a malloc'ed (through the env) NUL-terminated block that the
 * caller frees; NULL when the buffer failed. The buffer is empty afterwards. */
char *om_buf_steal(om_buf *b, size_t *n);

/* OK, or the buffer's failure as an error that names `what`. */
omost_status om_buf_check(const om_buf *b, const char *what, omost_error *err);

void om_buf_free(om_buf *b);

#endif
