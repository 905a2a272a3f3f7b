/* print.c - a canvas as Python, in the very form the models write.
 *
 * What the form cannot leave out is the order of calls: a region takes the
 * global description in force when it is added as its prefix. The printer
 * walks the regions with the prefix in force in mind. Where a region wants
 * another one, a set_global_description() goes before it: the canvas's own
 * where that is the wanted text, else a call that serves as prefix alone (no
 * details, no tags, colour black: they were replaced later and are not part
 * of the document). The canvas's own is always the last of these calls. */
#include "canvas/print.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/unicode.h"
#include "base/utf8.h"
#include "canvas/canvas_doc.h"
#include "canvas/fields.h"

/* ---- numbers ----------------------------------------------------------- */

/* 0.d1d2...dn * 10^point, no zero at either end. */
typedef struct decimal {
    char digits[20];
    int n, point;
} decimal;

/* The digits of printf's %e, whose decimal point the locale may spell in any
 * way. */
static void take_digits(decimal *d, const char *z)
{
    d->n = 0;
    for (; *z && *z != 'e'; z++)
        if (*z >= '0' && *z <= '9') d->digits[d->n++] = *z;
    d->point = (*z ? (int)strtol(z + 1, NULL, 10) : 0) + 1;
    while (d->n > 1 && d->digits[d->n - 1] == '0') d->n--;
}

/* The next decimal of as many digits; false where that would carry through. */
static bool step_up(char *z)
{
    char *p = strchr(z, 'e');
    while (p > z) {
        p--;
        if (*p < '0' || *p > '9') continue;
        if (*p < '9') {
            ++*p;
            return true;
        }
        *p = '0';
    }
    return false;
}

/* The fewest digits that strtod() reads as v. Nearest decimals are the right
 * ones to try; only below a power of two are doubles denser than above it, so
 * that the decimal above may read back where the nearest does not. */
static void shortest(decimal *d, double v)
{
    int e;
    bool power_of_two = frexp(v, &e) == 0.5;
    char z[48];
    for (int n = 1; n <= 17; n++) {
        snprintf(z, sizeof z, "%.*e", n - 1, v);
        if (strtod(z, NULL) == v) break;
        if (power_of_two && step_up(z) && strtod(z, NULL) == v) break;
    }
    take_digits(d, z);
}

static void put_float(om_buf *b, double v)
{
    decimal d = {0};
    if (isinf(v)) {
        om_buf_puts(b, "1e999");
        return;
    }
    shortest(&d, v);
    size_t n = (size_t)d.n;
    if (d.point > 16 || d.point < -3) {
        om_buf_putc(b, d.digits[0]);
        if (n > 1) om_buf_putc(b, '.');
        om_buf_put(b, d.digits + 1, n - 1);
        om_buf_printf(b, "e%c%02d", d.point > 0 ? '+' : '-', abs(d.point - 1));
    } else if (d.point <= 0) {
        om_buf_puts(b, "0.");
        om_buf_fill(b, '0', (size_t)-d.point);
        om_buf_put(b, d.digits, n);
    } else if (d.n <= d.point) {
        om_buf_put(b, d.digits, n);
        om_buf_fill(b, '0', (size_t)(d.point - d.n));
        om_buf_puts(b, ".0");
    } else {
        om_buf_put(b, d.digits, (size_t)d.point);
        om_buf_putc(b, '.');
        om_buf_put(b, d.digits + d.point, (size_t)(d.n - d.point));
    }
}

void om_print_number(om_buf *b, const omost_number *x)
{
    if (x->kind == OMOST_NUMBER_BOOL)
        om_buf_puts(b, "True");
    else if (x->kind == OMOST_NUMBER_FLOAT)
        put_float(b, x->value);
    else if (x->digits.n)
        om_buf_str(b, x->digits);
    else
        om_buf_printf(b, "%.0f", x->value);
}

/* ---- texts ------------------------------------------------------------- */

static void put_escaped(om_buf *b, uint32_t r, char quote)
{
    if (r == '\\' || r == (uint32_t)quote)
        om_buf_printf(b, "\\%c", (char)r);
    else if (r == '\n')
        om_buf_puts(b, "\\n");
    else if (r == '\r')
        om_buf_puts(b, "\\r");
    else if (r == '\t')
        om_buf_puts(b, "\\t");
    else if (r >= ' ' && r < 0x7f)
        om_buf_putc(b, (char)r);
    else if (om_unicode_is_printable(r))
        om_buf_rune(b, r);
    else if (r <= 0xff)
        om_buf_printf(b, "\\x%02x", r);
    else if (r <= 0xffff)
        om_buf_printf(b, "\\u%04x", r);
    else
        om_buf_printf(b, "\\U%08x", r);
}

static bool has_byte(om_str s, char c)
{
    return s.n && memchr(s.p, c, s.n);
}

void om_print_quoted(om_buf *b, om_str s)
{
    char quote = has_byte(s, '\'') && !has_byte(s, '"') ? '"' : '\'';
    size_t len;
    om_buf_putc(b, quote);
    for (size_t i = 0; i < s.n; i += len)
        put_escaped(b, om_utf8_decode(s.p + i, s.p + s.n, &len), quote);
    om_buf_putc(b, quote);
}

void om_print_line(om_buf *b, om_str s, size_t max)
{
    size_t len, shown = 0;
    bool gap = false;
    for (size_t i = 0; i < s.n; i += len) {
        uint32_t r = om_utf8_decode(s.p + i, s.p + s.n, &len);
        if (r == ' ' || r == OM_RUNE_BAD || !om_unicode_is_printable(r)) {
            gap = shown > 0;
            continue;
        }
        if (shown + gap >= max) {
            om_buf_puts(b, "...");
            return;
        }
        if (gap) om_buf_putc(b, ' ');
        om_buf_rune(b, r);
        shown += 1u + gap;
        gap = false;
    }
}

/* ---- calls ------------------------------------------------------------- */

static void put_text(om_buf *b, const char *name, om_str s)
{
    om_buf_printf(b, "    %s=", name);
    om_print_quoted(b, s);
    om_buf_puts(b, ",\n");
}

static void put_details(om_buf *b, const char *name, const omost_texts *t)
{
    om_buf_printf(b, "    %s=[", name);
    if (t->n) om_buf_putc(b, '\n');
    for (size_t i = 0; i < t->n; i++) {
        om_buf_puts(b, "        ");
        om_print_quoted(b, t->p[i]);
        om_buf_puts(b, ",\n");
    }
    om_buf_puts(b, t->n ? "    ],\n" : "],\n");
}

static void put_field(om_buf *b, const om_field *f, const void *v)
{
    switch (f->type) {
    case OM_FIELD_TEXT: put_text(b, f->name, *(const om_str *)v); break;
    case OM_FIELD_TEXTS: put_details(b, f->name, v); break;
    case OM_FIELD_WORD:
        put_text(b, f->name, om_str_of(omost_word(f->kind, *(const int *)v)));
        break;
    case OM_FIELD_NUMBER:
        om_buf_printf(b, "    %s=", f->name);
        om_print_number(b, v);
        om_buf_puts(b, ",\n");
        break;
    }
}

static void put_call(om_buf *b, const om_method *m, const void *object)
{
    om_buf_printf(b, "canvas.%s(\n", m->name);
    for (size_t i = 0; i < m->n; i++)
        put_field(b, &m->fields[i], om_field_in(object, &m->fields[i]));
    om_buf_puts(b, ")\n");
}

static void put_global(om_buf *b, const omost_global *g)
{
    om_buf_puts(b, "\n# Set a global description for the canvas\n");
    put_call(b, &om_set_global, g);
}

static bool is_upper(char c)
{
    return c >= 'A' && c <= 'Z';
}

static bool is_lower(char c)
{
    return c >= 'a' && c <= 'z';
}

/* "A dragon", "Stormy sky" but not "NASA", "iPhone", "Élan" or "X-ray". */
static bool starts_with_plain_word(om_str s)
{
    size_t n = 1;
    if (s.n == 0 || !is_upper(s.p[0])) return false;
    while (n < s.n && is_lower(s.p[n])) n++;
    if (n < s.n && s.p[n] != ' ' && s.p[n] != ',' && s.p[n] != '.')
        return false;
    return n > 1 || s.p[0] == 'A';
}

/* "# Add a mighty dragon." Backticks go: the comment must not look like the
 * fence it may stand in. */
static void put_comment(om_buf *b, om_str description)
{
    om_str s = om_str_strip(description, ",. \t\r\n");
    om_buf_puts(b, "\n# Add ");
    size_t start = b->n;
    om_print_line(b, s, 100);
    if (b->status != OMOST_OK) return;
    if (b->n == start) om_buf_puts(b, "a region");
    if (b->status != OMOST_OK) return;
    om_str shown = {b->p + start, b->n - start};
    if (starts_with_plain_word(shown))
        b->p[start] = (char)(b->p[start] - 'A' + 'a');
    for (char *p = b->p + start; p < b->p + b->n; p++)
        if (*p == '`') *p = '\'';
    om_buf_puts(b, om_str_ends(shown, OM_STR("...")) ? "\n" : ".\n");
}

static void put_region(om_buf *b, const omost_region *r)
{
    put_comment(b, r->description);
    put_call(b, &om_add_local, r);
}

/* The global description in force where the printer stands. */
typedef struct in_force {
    bool any, own; /* own: the canvas's, in full */
    om_str prefix;
} in_force;

static void put_own_global(om_buf *b, const omost_global *g, in_force *now)
{
    put_global(b, g);
    *now = (in_force){.any = true, .own = true, .prefix = g->description};
}

static void put_prefix(om_buf *b, const omost_global *own, om_str prefix,
                       in_force *now)
{
    if (now->any && om_str_eq(now->prefix, prefix)) return;
    if (own && om_str_eq(own->description, prefix)) {
        put_own_global(b, own, now);
        return;
    }
    omost_global g = {.description = prefix};
    g.color = omost_word_find(OMOST_WORD_COLOR, OM_STR("black"));
    put_global(b, &g);
    *now = (in_force){.any = true, .prefix = prefix};
}

static void put_canvas(om_buf *b, const omost_canvas *cv)
{
    const omost_global *own = omost_canvas_global(cv);
    in_force now = {0};
    om_buf_puts(b, "# Initialize the canvas\ncanvas = Canvas()\n");
    for (size_t i = 0; i < omost_canvas_count(cv); i++) {
        const omost_region *r = omost_canvas_region(cv, i);
        if (r->has_prefix) put_prefix(b, own, r->prefix, &now);
        put_region(b, r);
    }
    if (own && !now.own) put_own_global(b, own, &now);
}

char *omost_canvas_to_python(const omost_canvas *cv, omost_python_style style,
                             size_t *len, omost_error *err)
{
    om_buf b;
    om_error_clear(err);
    /* Beyond this it could not be read again. */
    om_buf_init(&b, om_canvas_env(cv), OMOST_MAX_INPUT);
    if (style == OMOST_PYTHON_FENCED) om_buf_puts(&b, "```python\n");
    put_canvas(&b, cv);
    if (style == OMOST_PYTHON_FENCED) om_buf_puts(&b, "```\n");
    om_buf_check(&b, "the canvas as Python", err);
    return om_buf_steal(&b, len);
}
