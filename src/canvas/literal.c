/* literal.c - see literal.h. Python's rules: "String and Bytes literals" in
 * the language reference; unknown escapes keep their backslash. */
#include "canvas/literal.h"

#include <stdio.h>

#include "base/unicode.h"
#include "base/utf8.h"

typedef struct decoder {
    const char *p, *end; /* what is left of the body */
    char *out;           /* as long as the body: no escape grows */
    bool raw, bytes, format, strict, joined;
    uint32_t *n_named;
    char *fault;
    omost_status st; /* of the fault */
} decoder;

static bool fail(decoder *d, const char *msg)
{
    snprintf(d->fault, OM_LITERAL_FAULT, "%s", msg);
    return false;
}

static bool take_hex(decoder *d, int digits, uint32_t *rune)
{
    uint32_t r = 0;
    for (int i = 0; i < digits; i++, d->p++) {
        int v = d->p < d->end ? om_hex_value(*d->p) : -1;
        if (v < 0) {
            snprintf(d->fault, OM_LITERAL_FAULT,
                     "a \\%c escape in this string needs %d hexadecimal digits",
                     digits == 2   ? 'x'
                     : digits == 4 ? 'u'
                                   : 'U',
                     digits);
            return false;
        }
        r = r << 4 | (uint32_t)v;
    }
    *rune = r;
    return true;
}

/* Up to three octal digits; Python lets them reach 0o777. */
static uint32_t take_octal(decoder *d)
{
    uint32_t r = 0;
    for (int i = 0; i < 3 && d->p < d->end && *d->p >= '0' && *d->p <= '7'; i++)
        r = r * 8 + (uint32_t)(*d->p++ - '0');
    return r;
}

/* {NAME} after \N */
static bool take_named(decoder *d, uint32_t *rune)
{
    const char *close = NULL;
    if (d->p < d->end && *d->p == '{')
        close = memchr(d->p, '}', (size_t)(d->end - d->p));
    if (!close)
        return fail(d, "a \\N escape in this string needs a name: \\N{BULLET}");
    om_str name = {d->p + 1, (size_t)(close - d->p) - 1};
    if (++*d->n_named > OM_MAX_NAMED) {
        d->st = OMOST_LIMIT;
        return fail(d, "a canvas may name at most 1000 characters by \\N{...}");
    }
    *rune = om_unicode_named(name);
    if (*rune == OM_RUNE_BAD) {
        name.n = om_utf8_floor(name.p, name.n, 60);
        snprintf(d->fault, OM_LITERAL_FAULT,
                 "\\N{%.*s}: no character has this name", OM_STR_ARG(name));
        return false;
    }
    d->p = close + 1;
    return true;
}

/* The second half of a surrogate pair written as another \uXXXX. */
static bool take_low_half(decoder *d, uint32_t *rune)
{
    uint32_t low = 0;
    if (d->end - d->p < 6 || d->p[0] != '\\' || d->p[1] != 'u') return false;
    for (int i = 2; i < 6; i++) {
        int v = om_hex_value(d->p[i]);
        if (v < 0) return false;
        low = low << 4 | (uint32_t)v;
    }
    if (low < 0xDC00 || low > 0xDFFF) return false;
    *rune = 0x10000 + ((*rune - 0xD800) << 10) + (low - 0xDC00);
    d->p += 6;
    return true;
}

static bool put_rune(decoder *d, uint32_t r)
{
    if (d->bytes) return true;
    if (r >= 0xD800 && r <= 0xDBFF && !d->strict && take_low_half(d, &r))
        d->joined = true;
    if (r >= 0xD800 && r <= 0xDFFF)
        return fail(
            d,
            "this string holds half of a surrogate pair; write the character itself, "
            "or \\U and eight digits");
    if (r > 0x10FFFF)
        return fail(d, "an escape in this string goes beyond \\U0010FFFF");
    d->out += om_utf8_encode(r, d->out);
    return true;
}

static uint32_t simple_escape(char c)
{
    switch (c) {
    case '\\':
    case '\'':
    case '"': return (unsigned char)c;
    case 'a': return '\a';
    case 'b': return '\b';
    case 'f': return '\f';
    case 'n': return '\n';
    case 'r': return '\r';
    case 't': return '\t';
    case 'v': return '\v';
    default: return OM_RUNE_BAD;
    }
}

/* Line ends of any kind are "\n" in Python source. */
static void skip_line_end(decoder *d)
{
    if (*d->p++ == '\r' && d->p < d->end && *d->p == '\n') d->p++;
}

/* After the backslash. */
static bool take_escape(decoder *d)
{
    const char c = *d->p;
    uint32_t r = simple_escape(c);
    if (c == '\n' || c == '\r') { /* the line goes on */
        skip_line_end(d);
        return true;
    }
    if (c >= '0' && c <= '7') return put_rune(d, take_octal(d));
    if (r != OM_RUNE_BAD) {
        d->p++;
        return put_rune(d, r);
    }
    int digits = c == 'x' ? 2 : d->bytes ? 0 : c == 'u' ? 4 : c == 'U' ? 8 : 0;
    if (digits) {
        d->p++;
        return take_hex(d, digits, &r) && put_rune(d, r);
    }
    if (c == 'N' && !d->bytes) {
        d->p++;
        return take_named(d, &r) && put_rune(d, r);
    }
    return put_rune(d, '\\'); /* unknown: both characters stay */
}

/* "{{" is "{" in a format string; anything else in braces would have to be
 * computed. */
static bool take_brace(decoder *d)
{
    if (d->p + 1 >= d->end || d->p[1] != *d->p)
        return fail(
            d,
            "an f-string with {...} would have to be executed; write the text itself");
    *d->out++ = *d->p;
    d->p += 2;
    return true;
}

static bool decode_step(decoder *d)
{
    const char c = *d->p;
    if (c == '\\' && !d->raw) {
        d->p++;
        return take_escape(d);
    }
    if (c == '\r' || c == '\n') {
        skip_line_end(d);
        *d->out++ = '\n';
        return true;
    }
    if (d->format && (c == '{' || c == '}')) return take_brace(d);
    if (d->bytes && (unsigned char)c >= 0x80)
        return fail(d, "a bytes literal can only hold ASCII characters");
    *d->out++ = c;
    d->p++;
    return true;
}

/* The body between prefix and quotes. */
static om_str body_of(om_str token, bool typographic, decoder *d)
{
    size_t head = 0, tail = 1;
    if (typographic) {
        om_utf8_decode(token.p, token.p + token.n, &head);
        tail = token.n - om_utf8_floor(token.p, token.n, token.n - 1);
        return (om_str){token.p + head, token.n - head - tail};
    }
    for (; token.p[head] != '\'' && token.p[head] != '"'; head++) {
        char c = (char)(token.p[head] | 32);
        if (c == 'r') d->raw = true;
        if (c == 'b') d->bytes = true;
        if (c == 'f') d->format = true;
    }
    const char q = token.p[head];
    bool triple =
        token.n - head >= 6 && token.p[head + 1] == q && token.p[head + 2] == q;
    tail = triple ? 3 : 1;
    head += tail;
    return (om_str){token.p + head, token.n - head - tail};
}

static bool is_plain(om_str s, const decoder *d)
{
    if (d->bytes || d->format) return false;
    if (!d->raw && s.n && memchr(s.p, '\\', s.n)) return false;
    return s.n == 0 || !memchr(s.p, '\r', s.n);
}

omost_status om_literal_decode(om_str token, bool typographic, bool strict,
                               om_arena *arena, om_literal *out,
                               uint32_t *n_named, char fault[OM_LITERAL_FAULT])
{
    decoder d = {.strict = strict,
                 .n_named = n_named,
                 .fault = fault,
                 .st = OMOST_SYNTAX};
    om_str body = body_of(token, typographic, &d);
    *out = (om_literal){.is_bytes = d.bytes};
    if (is_plain(body, &d)) {
        out->text = om_arena_str(arena, body);
        return out->text.p ? OMOST_OK : OMOST_NOMEM;
    }
    /* "\N{...}" and the like never decode to more bytes than they take */
    char *start = om_arena_alloc(arena, body.n + 1);
    if (!start) return OMOST_NOMEM;
    d.p = body.p;
    d.end = body.p + body.n;
    d.out = start;
    while (d.p < d.end)
        if (!decode_step(&d)) return d.st;
    out->text = (om_str){start, (size_t)(d.out - start)};
    out->joined_pairs = d.joined;
    return OMOST_OK;
}
