/* sse.c - see sse.h. The grammar: HTML standard, "Interpreting an event
 * stream". */
#include "net/sse.h"

static const char byte_order_mark[] = "\xEF\xBB\xBF";

void om_sse_init(om_sse *s, const omost_env *env, size_t limit)
{
    *s = (om_sse){.limit = limit};
    /* A data line is its text behind "data: "; the data a line feed more. */
    om_buf_init(&s->line, env, limit + 16);
    om_buf_init(&s->data, env, limit + 1);
    om_buf_init(&s->type, env, limit);
}

void om_sse_free(om_sse *s)
{
    om_buf_free(&s->line);
    om_buf_free(&s->data);
    om_buf_free(&s->type);
}

static omost_status check(const om_sse *s, omost_error *err)
{
    const om_buf *all[] = {&s->line, &s->data, &s->type};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        if (all[i]->status == OMOST_LIMIT)
            return om_fail(err, OMOST_LIMIT,
                           "the server sent an event of more than %zu bytes",
                           s->limit);
        if (all[i]->status != OMOST_OK) return om_fail_nomem(err);
    }
    return OMOST_OK;
}

/* An empty line, or the end: hand out what was gathered. */
static omost_status dispatch(om_sse *s, om_sse_fn *fn, void *user,
                             omost_error *err)
{
    omost_status st = OMOST_OK;
    if (s->has_data) {
        om_sse_event ev = {om_buf_view(&s->type), om_buf_view(&s->data)};
        st = fn(user, &ev, err);
    }
    s->has_data = false;
    s->data.n = s->type.n = 0;
    return st;
}

/* line = ":" anything | name [ ":" [ " " ] value ] */
static omost_status take_line(om_sse *s, om_sse_fn *fn, void *user,
                              omost_error *err)
{
    om_str line = om_buf_view(&s->line);
    if (!s->started) {
        s->started = true;
        if (om_str_starts(line, om_str_of(byte_order_mark)))
            line = om_str_skip(line, 3);
    }
    s->line.n = 0; /* its bytes stay until the next one is put */
    if (line.n == 0) return dispatch(s, fn, user, err);
    const char *colon = memchr(line.p, ':', line.n);
    om_str name = {line.p, colon ? (size_t)(colon - line.p) : line.n};
    om_str value = om_str_skip(line, name.n + (colon ? 1 : 0));
    if (value.n > 0 && value.p[0] == ' ') value = om_str_skip(value, 1);
    if (om_str_eqz(name, "data")) {
        if (s->has_data) om_buf_putc(&s->data, '\n');
        om_buf_str(&s->data, value);
        s->has_data = true;
    } else if (om_str_eqz(name, "event")) {
        s->type.n = 0;
        om_buf_str(&s->type, value);
    }
    return check(s, err);
}

omost_status om_sse_feed(om_sse *s, om_str bytes, om_sse_fn *fn, void *user,
                         omost_error *err)
{
    size_t i = 0;
    while (i < bytes.n) {
        if (s->after_cr) {
            s->after_cr = false;
            if (bytes.p[i] == '\n') {
                i++;
                continue;
            }
        }
        size_t end = i;
        while (end < bytes.n && bytes.p[end] != '\n' && bytes.p[end] != '\r')
            end++;
        om_buf_put(&s->line, bytes.p + i, end - i);
        omost_status st = check(s, err);
        if (st != OMOST_OK) return st;
        if (end == bytes.n) break;
        s->after_cr = bytes.p[end] == '\r';
        i = end + 1;
        st = take_line(s, fn, user, err);
        if (st != OMOST_OK) return st;
    }
    return OMOST_OK;
}

omost_status om_sse_end(om_sse *s, om_sse_fn *fn, void *user, omost_error *err)
{
    omost_status st = OMOST_OK;
    if (s->line.n > 0) st = take_line(s, fn, user, err);
    if (st == OMOST_OK) st = dispatch(s, fn, user, err);
    return st;
}
