/* json_syntax.c - is a text JSON? Without taking memory, which is what tells an
 * error in the text from a parser that ran out of memory (see json.c). */
#include "base/json.h"
#include "base/utf8.h"

enum { MAX_DEPTH = 2048 }; /* as jansson's */

/* What is open: a bit a level, set for an object. */
typedef struct nest {
    unsigned char bit[MAX_DEPTH / 8];
    int depth;
} nest;

static bool open_level(nest *n, bool object)
{
    if (n->depth == MAX_DEPTH) return false;
    const int mask = 1 << n->depth % 8;
    unsigned char *at = &n->bit[n->depth++ / 8];
    *at = (unsigned char)(object ? *at | mask : *at & ~mask);
    return true;
}

static bool in_object(const nest *n)
{
    return n->depth > 0 && n->bit[(n->depth - 1) / 8] >> (n->depth - 1) % 8 & 1;
}

static void skip_space(om_str *s)
{
    size_t i = 0;
    while (i < s->n && (s->p[i] == ' ' || s->p[i] == '\t' || s->p[i] == '\n' ||
                        s->p[i] == '\r'))
        i++;
    *s = om_str_skip(*s, i);
}

static bool take(om_str *s, char c)
{
    if (s->n == 0 || s->p[0] != c) return false;
    *s = om_str_skip(*s, 1);
    return true;
}

static bool take_word(om_str *s, const char *word)
{
    const om_str w = om_str_of(word);
    if (!om_str_starts(*s, w)) return false;
    *s = om_str_skip(*s, w.n);
    return true;
}

static size_t take_digits(om_str *s)
{
    size_t n = 0;
    while (n < s->n && s->p[n] >= '0' && s->p[n] <= '9') n++;
    *s = om_str_skip(*s, n);
    return n;
}

static bool take_number(om_str *s)
{
    (void)take(s, '-');
    if (!take(s, '0') && take_digits(s) == 0) return false;
    if (take(s, '.') && take_digits(s) == 0) return false;
    if (!take(s, 'e') && !take(s, 'E')) return true;
    if (!take(s, '+')) (void)take(s, '-');
    return take_digits(s) > 0;
}

/* The four digits of "\uXXXX"; -1: they are none. */
static int take_hex(om_str *s)
{
    const int v = om_hex4(*s);
    if (v >= 0) *s = om_str_skip(*s, 4);
    return v;
}

static bool take_escape(om_str *s)
{
    if (s->n == 0) return false;
    const char c = s->p[0];
    *s = om_str_skip(*s, 1);
    if (c != 'u') return c && strchr("\"\\/bfnrt", c);
    const int v = take_hex(s);
    if (v < 0 || (v >= 0xDC00 && v < 0xE000)) return false;
    if (v < 0xD800 || v >= 0xE000) return true;
    if (!take_word(s, "\\u")) return false;
    const int low = take_hex(s);
    return low >= 0xDC00 && low < 0xE000;
}

static bool take_string(om_str *s)
{
    if (!take(s, '"')) return false;
    while (s->n > 0) {
        const unsigned char c = (unsigned char)s->p[0];
        *s = om_str_skip(*s, 1);
        if (c == '"') return true;
        if (c < 0x20) return false;
        if (c == '\\' && !take_escape(s)) return false;
    }
    return false;
}

static bool take_simple(om_str *s)
{
    return take_word(s, "true") || take_word(s, "false") ||
           take_word(s, "null") ||
           (s->n > 0 && s->p[0] == '"' ? take_string(s) : take_number(s));
}

/* "key": */
static bool take_key(om_str *s)
{
    skip_space(s);
    if (!take_string(s)) return false;
    skip_space(s);
    return take(s, ':');
}

/* A value, or as much of one as opens a level; *done: it is complete. */
static bool take_value(om_str *s, nest *n, bool *done)
{
    skip_space(s);
    *done = false;
    const bool object = take(s, '{');
    if (!object && !take(s, '[')) {
        *done = true;
        return take_simple(s);
    }
    if (!open_level(n, object)) return false;
    skip_space(s);
    if (take(s, object ? '}' : ']')) {
        n->depth--;
        *done = true;
        return true;
    }
    return !object || take_key(s);
}

/* After a value: what it closes, until another must follow. */
static bool take_ends(om_str *s, nest *n)
{
    for (; n->depth > 0; n->depth--) {
        const bool object = in_object(n);
        skip_space(s);
        if (take(s, ',')) return !object || take_key(s);
        if (!take(s, object ? '}' : ']')) return false;
    }
    skip_space(s);
    return s->n == 0;
}

bool om_json_is_valid(om_str text)
{
    nest n = {.depth = 0};
    bool done;
    if (!text.p || om_utf8_valid_len(text.p, text.n) < text.n) return false;
    do {
        if (!take_value(&text, &n, &done)) return false;
        if (done && !take_ends(&text, &n)) return false;
    } while (n.depth > 0);
    return true;
}
