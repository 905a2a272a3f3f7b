/* diagnostic.c - a place in a text, shown as compilers show it: the message,
 * the line, carets under the place. */
#include "base/unicode.h"
#include "base/utf8.h"
#include "omost/canvas.h"

enum { SHOWN_COLUMNS = 100 }; /* of a long line, around the place */

/* Python's line ends: "\n", "\r\n" and "\r". */
static om_str take_line(om_str *s)
{
    const char *nl = memchr(s->p, '\n', s->n);
    size_t n = nl ? (size_t)(nl - s->p) : s->n;
    const char *cr = memchr(s->p, '\r', n);
    if (cr) n = (size_t)(cr - s->p);
    om_str line = {s->p, n};
    size_t end = n < s->n ? n + 1 : n;
    if (cr && end < s->n && s->p[end] == '\n') end++;
    *s = om_str_skip(*s, end);
    return line;
}

static om_str line_of(om_str source, int line)
{
    om_str s = source, found = {0};
    for (int i = 0; i < line; i++) {
        if (s.n == 0) return (om_str){0};
        found = take_line(&s);
    }
    return found;
}

/* What is printed for a character: for a tab one space, for what a terminal
 * might act on a replacement character. */
static uint32_t shown(uint32_t r)
{
    if (r == '\t') return ' ';
    if (r == OM_RUNE_BAD || r < 0x20 || (r >= 0x7F && r < 0xA0)) return 0xFFFD;
    /* marks of direction and the like */
    return r >= 0x300 && om_unicode_is_other(r) ? 0xFFFD : r;
}

/* What a character weighs when room is shared out: a column is 5, and even one
 * without width is something, so that any number of them has an end. */
static int weight(uint32_t r)
{
    int w = 5 * om_unicode_width(shown(r));
    return w ? w : 1;
}

/* Where to begin so that the place is seen: 1, or the character that stands
 * about half the width before it. */
static int excerpt_start(om_str line, int col)
{
    int at = 1, from = 1;
    long before = 0;
    size_t i, n;
    for (i = 0; i < line.n && at < col; i += n, at++)
        before += weight(om_utf8_decode(line.p + i, line.p + line.n, &n));
    if (before <= 5L * SHOWN_COLUMNS * 3 / 4) return 1;
    for (i = 0; before > 5L * SHOWN_COLUMNS / 2; i += n, from++)
        before -= weight(om_utf8_decode(line.p + i, line.p + line.n, &n));
    return from;
}

/* The line from its character `from` on and the carets below, SHOWN_COLUMNS
 * wide and five times as many characters long at most. */
static void put_excerpt(om_buf *b, om_str line, int col, int len)
{
    const int from = excerpt_start(line, col);
    om_buf carets;
    om_buf_init(&carets, b->env, b->limit);
    int at = 1, width = 0;
    om_buf_puts(b, from > 1 ? "  ..." : "  ");
    om_buf_puts(&carets, from > 1 ? "     " : "  ");
    size_t i = 0, n;
    for (; i < line.n && width < SHOWN_COLUMNS && at - from < 5 * SHOWN_COLUMNS;
         i += n, at++) {
        uint32_t r = om_utf8_decode(line.p + i, line.p + line.n, &n);
        if (at < from) continue;
        int w = om_unicode_width(shown(r));
        om_buf_rune(b, shown(r));
        width += w;
        if (at < col + len)
            om_buf_fill(&carets,
                        at < col    ? ' '
                        : at == col ? '^'
                                    : '~',
                        (size_t)w);
    }
    if (at <= col) om_buf_putc(&carets, '^'); /* at the line's end */
    om_buf_puts(b, i < line.n ? "...\n" : "\n");
    om_buf_str(b, om_buf_view(&carets));
    om_buf_putc(b, '\n');
    if (carets.status != OMOST_OK) b->status = carets.status;
    om_buf_free(&carets);
}

char *omost_diagnostic(const char *file, omost_str source, int line, int col,
                       int len, const char *kind, const char *msg)
{
    om_buf b;
    om_buf_init(&b, NULL, 64 * 1024);
    om_buf_puts(&b, file);
    if (line > 0) om_buf_printf(&b, ":%d:%d", line, col);
    om_buf_printf(&b, ": %s: %s\n", kind, msg);
    om_str text = line > 0 ? line_of(source, line) : (om_str){0};
    if (text.p) put_excerpt(&b, text, col, len > 0 ? len : 1);
    return om_buf_steal(&b, NULL);
}
