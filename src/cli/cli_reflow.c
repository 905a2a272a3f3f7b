/* cli_reflow.c - one-line JSON laid out for people.
 *
 * As jansson's own indentation would, except that a list of plain numbers
 * stays on its line: a bag of 77 token ids is one thing, not 79 lines. */
#include "cli/cli.h"

/* Where the string that begins at p ends (past its quote). */
static const char *skip_string(const char *p, const char *end)
{
    for (p++; p < end && *p != '"'; p++)
        if (*p == '\\' && p + 1 < end) p++;
    return p < end ? p + 1 : end;
}

/* Past the "]" when p is at a "[" with nothing but numbers in it, else NULL;
 * the same for what is empty. */
static const char *skip_flat(const char *p, const char *end)
{
    if (p + 1 < end && (p[1] == ']' || p[1] == '}')) return p + 2;
    if (*p != '[') return NULL;
    for (p++; p < end && *p != ']'; p++)
        if (*p == '[' || *p == '{' || *p == '"') return NULL;
    return p < end ? p + 1 : NULL;
}

static void new_line(om_buf *out, size_t depth)
{
    om_buf_putc(out, '\n');
    om_buf_fill(out, ' ', 2 * depth);
}

void om_json_reflow(om_buf *out, om_str json)
{
    const char *p = json.p, *end = p + json.n, *next;
    size_t depth = 0;
    while (p < end) {
        if (*p == '"') {
            next = skip_string(p, end);
            om_buf_put(out, p, (size_t)(next - p));
            p = next;
        } else if ((*p == '[' || *p == '{') &&
                   (next = skip_flat(p, end)) != NULL) {
            om_buf_put(out, p, (size_t)(next - p));
            p = next;
        } else {
            bool opens = *p == '[' || *p == '{',
                 closes = *p == ']' || *p == '}';
            if (closes && depth > 0) new_line(out, --depth);
            om_buf_putc(out, *p);
            if (*p == ':') om_buf_putc(out, ' ');
            if (opens) depth++;
            if (opens || *p == ',') new_line(out, depth);
            p++;
        }
    }
}
