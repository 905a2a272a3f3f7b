/* json.c - see json.h. */
#include "base/json.h"

#include "base/utf8.h"

/* Empty objects are two bytes of text and a hundred times that in memory. */
static size_t count_levels(om_str text)
{
    size_t n = 0;
    for (size_t i = 0; i < text.n; i++)
        n += text.p[i] == '{' || text.p[i] == '[';
    return n;
}

/* Where memory runs out, jansson speaks of an invalid token, or says nothing:
 * what it says of a sound text is not about the text. */
static bool lacked_memory(om_str text, const json_error_t *je)
{
    switch (json_error_code(je)) {
    case json_error_out_of_memory: return true;
    case json_error_duplicate_key:
    case json_error_numeric_overflow:
    case json_error_stack_overflow:
    case json_error_null_byte_in_key:
    case json_error_null_character: return false;
    default: return om_json_is_valid(text);
    }
}

static om_place place_of(const char *from, const char *at)
{
    om_place p = {1, 1, 1};
    for (; from < at; from++) {
        p.line += *from == '\n';
        p.col =
            *from == '\n' ? 1 : p.col + (((unsigned char)*from & 0xc0) != 0x80);
    }
    return p;
}

json_t *om_json_parse(om_str text, const char *what, omost_error *err)
{
    return om_json_parse_large(text, what, 100000, err);
}

json_t *om_json_parse_large(om_str text, const char *what, size_t levels,
                            omost_error *err)
{
    json_error_t je;
    const size_t flags =
        JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL | JSON_DECODE_ANY;
    if (count_levels(text) > levels) {
        om_fail_at(err, OMOST_LIMIT, (om_place){1, 1, 1},
                   "%s holds too many objects and arrays", what);
        return NULL;
    }
    /* Jansson passes over one that follows a number or a word. */
    const char *nul = text.n ? memchr(text.p, '\0', text.n) : NULL;
    if (nul) {
        om_fail_at(err, OMOST_FORMAT, place_of(text.p, nul),
                   "%s is not valid JSON: there is a byte 0 in it", what);
        return NULL;
    }
    json_t *v = json_loadb(text.p ? text.p : "", text.n, flags, &je);
    if (v) return v;
    if (lacked_memory(text, &je)) {
        om_fail_nomem(err);
        return NULL;
    }
    om_place at = {.line = je.line > 0 ? je.line : 1,
                   .col = je.column > 0 ? je.column : 1};
    om_fail_at(err, OMOST_FORMAT, at, "%s is not valid JSON: %s", what,
               je.text);
    return NULL;
}

/* The value of \uXXXX at the front; -1: there is none. */
static int escaped_unit(om_str s)
{
    return om_str_starts(s, OM_STR("\\u")) ? om_hex4(om_str_skip(s, 2)) : -1;
}

/* An escape; how many bytes of it, *good: it may stay. */
static size_t take_escape(om_str s, bool *good)
{
    const int unit = escaped_unit(s);
    *good = unit < 0xd800 || unit > 0xdfff;
    if (unit < 0) return s.n < 2 || (unsigned char)s.p[1] >= 0x80 ? 1 : 2;
    if (*good || unit >= 0xdc00) return 6;
    const int low = escaped_unit(om_str_skip(s, 6));
    *good = low >= 0xdc00 && low <= 0xdfff;
    return *good ? 12 : 6;
}

void om_json_clean(om_buf *out, om_str text)
{
    while (text.n > 0) {
        size_t n;
        bool good;
        if (text.p[0] == '\\')
            n = take_escape(text, &good);
        else
            good = om_utf8_decode(text.p, text.p + text.n, &n) != OM_RUNE_BAD;
        if (good)
            om_buf_put(out, text.p, n);
        else
            om_buf_puts(out, "\xef\xbf\xbd");
        text = om_str_skip(text, n);
    }
}

static int append(const char *p, size_t n, void *user)
{
    om_buf *out = user;
    om_buf_put(out, p, n);
    return out->status == OMOST_OK ? 0 : -1;
}

void om_json_write(om_buf *out, const json_t *v, bool pretty)
{
    size_t flags = JSON_ENCODE_ANY | (pretty ? JSON_INDENT(2) : JSON_COMPACT);
    if (out->status != OMOST_OK) return;
    if (json_dump_callback(v, append, out, flags) != 0 &&
        out->status == OMOST_OK)
        out->status = OMOST_NOMEM;
}

static void write_escape(om_buf *out, char c)
{
    static const char from[] = "\b\t\n\f\r\"\\", to[] = "btnfr\"\\";
    const char *p = c ? strchr(from, c) : NULL;
    if (p)
        om_buf_printf(out, "\\%c", to[p - from]);
    else
        om_buf_printf(out, "\\u%04x", (unsigned)c);
}

void om_json_write_str(om_buf *out, om_str s)
{
    size_t start = 0;
    om_buf_putc(out, '"');
    for (size_t i = 0; i < s.n; i++) {
        if ((unsigned char)s.p[i] >= ' ' && s.p[i] != '"' && s.p[i] != '\\')
            continue;
        om_buf_put(out, s.p + start, i - start);
        write_escape(out, s.p[i]);
        start = i + 1;
    }
    if (s.n) om_buf_put(out, s.p + start, s.n - start);
    om_buf_putc(out, '"');
}

om_str om_json_str(const json_t *v)
{
    return (om_str){json_string_value(v), json_string_length(v)};
}

json_t *om_json_new_str(om_str s)
{
    return json_stringn(s.n ? s.p : "", s.n);
}
