/* number.c - see number.h. Integers beyond 2^53 keep their decimal digits, so
 * that they compare exactly with each other and with doubles, as in Python. */
#define _GNU_SOURCE /* strtod_l, newlocale */
#include "canvas/number.h"

#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    MAX_DIGITS = 4300, /* sys.int_info.default_max_str_digits */
    MAX_BASED = 1024,  /* of other bases; Python has no limit there */
};
static const uint64_t EXACT = (uint64_t)1 << 53;

static int digit_value(char c)
{
    int v = om_hex_value(c);
    return v < 0 ? 99 : v;
}

/* digits = digit { ["_"] digit }: copy them to out without "_"; the count, or
 * 0 when s does not start so. *used: bytes of s. */
static size_t take_digits(om_str s, int base, char *out, size_t *used)
{
    size_t n = 0, i = 0;
    while (i < s.n) {
        size_t at = i + (n > 0 && s.p[i] == '_');
        if (at >= s.n || digit_value(s.p[at]) >= base) break;
        out[n++] = s.p[at];
        i = at + 1;
    }
    *used = i;
    return n;
}

/* The decimal text of an integer: canonical, without leading zeros. */
static om_number_verdict set_int(omost_number *out, om_str digits,
                                 om_arena *arena)
{
    while (digits.n > 1 && digits.p[0] == '0') digits = om_str_skip(digits, 1);
    *out = (omost_number){.kind = OMOST_NUMBER_INT};
    uint64_t v = 0;
    if (digits.n <= 17) {
        for (size_t i = 0; i < digits.n; i++)
            v = v * 10 + (uint64_t)(digits.p[i] - '0');
        out->value = (double)v;
        if (v <= EXACT) return OM_NUMBER_OK;
    } else {
        out->value = digits.n > 310 ? INFINITY : strtod(digits.p, NULL);
    }
    out->digits = om_arena_str(arena, digits);
    return out->digits.p ? OM_NUMBER_OK : OM_NUMBER_NOMEM;
}

/* The decimal digits of an integer in another base, whose n digits are in
 * `scratch`: limbs of nine decimal digits, multiplied and added. */
static size_t to_decimal(const char *scratch, size_t n, int base, char *out)
{
    enum { LIMBS = MAX_BASED * 4 / 29 + 2 }; /* 29 bits and more each */
    uint32_t limb[LIMBS] = {0};
    size_t used = 1, len = 0;
    for (size_t i = 0; i < n; i++) {
        uint64_t carry = (uint64_t)digit_value(scratch[i]);
        for (size_t k = 0; k < used; k++) {
            carry += (uint64_t)limb[k] * (uint64_t)base;
            limb[k] = (uint32_t)(carry % 1000000000);
            carry /= 1000000000;
        }
        if (carry) limb[used++] = (uint32_t)carry;
    }
    for (size_t k = used; k-- > 0;)
        len += (size_t)snprintf(out + len, 10, k + 1 == used ? "%u" : "%09u",
                                limb[k]);
    return len;
}

/* 0x.., 0o.., 0b.. */
static om_number_verdict parse_based(om_str s, int base, char *scratch,
                                     om_arena *arena, omost_number *out)
{
    char text[MAX_BASED * 4 / 3] = "";
    size_t used;
    if (s.n && s.p[0] == '_') s = om_str_skip(s, 1);
    size_t n = take_digits(s, base, scratch, &used);
    if (n == 0 || used != s.n) return OM_NUMBER_BAD;
    if (n > MAX_BASED) return OM_NUMBER_TOO_LONG;
    size_t len = to_decimal(scratch, n, base, text);
    return set_int(out, (om_str){text, len}, arena);
}

/* C's strtod in the C locale, whatever the program has set. */
static bool to_double(const char *z, double *out)
{
    locale_t c = newlocale(LC_NUMERIC_MASK, "C", (locale_t)0);
    if (!c) return false;
    *out = strtod_l(z, NULL, c);
    freelocale(c);
    return true;
}

/* Powers of ten that doubles hold exactly. */
static const double tens[] = {1e0, 1e1, 1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                              1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};

/* "12.5" by one exact division when both parts are exact (Clinger 1990);
 * nearly every distance takes this path. */
static bool simple_double(const char *z, size_t n, double *out)
{
    uint64_t m = 0;
    size_t frac = 0, point = n;
    if (n > 16) return false;
    for (size_t i = 0; i < n; i++) {
        if (z[i] == '.' && point == n) {
            point = i;
        } else if (z[i] >= '0' && z[i] <= '9') {
            m = m * 10 + (uint64_t)(z[i] - '0');
            frac += point < n;
        } else {
            return false;
        }
    }
    *out = (double)m / tens[frac];
    return true;
}

/* decimal = digits | [digits] "." [digits] [exponent] | digits exponent, or
 * any of them and "j". `z` has room for the text without "_". */
static om_number_verdict parse_decimal(om_str s, char *z, om_arena *arena,
                                       omost_number *out)
{
    size_t used, n, whole = take_digits(s, 10, z, &used);
    bool is_float = false;
    n = whole;
    s = om_str_skip(s, used);
    if (s.n && s.p[0] == '.') {
        z[n++] = '.';
        s = om_str_skip(s, 1);
        size_t frac = take_digits(s, 10, z + n, &used);
        if (whole + frac == 0) return OM_NUMBER_BAD;
        n += frac;
        s = om_str_skip(s, used);
        is_float = true;
    }
    if (s.n && (s.p[0] | 32) == 'e' && n > 0) {
        z[n++] = 'e';
        s = om_str_skip(s, 1);
        if (s.n && (s.p[0] == '+' || s.p[0] == '-')) {
            z[n++] = s.p[0];
            s = om_str_skip(s, 1);
        }
        size_t digits = take_digits(s, 10, z + n, &used);
        if (digits == 0) return OM_NUMBER_BAD;
        n += digits;
        s = om_str_skip(s, used);
        is_float = true;
    }
    z[n] = '\0';
    if (n > 0 && s.n == 1 && (s.p[0] | 32) == 'j') return OM_NUMBER_COMPLEX;
    if (n == 0 || s.n) return OM_NUMBER_BAD;
    if (!is_float) {
        /* 007 is an error in Python, 000 is not */
        if (z[0] == '0' && strspn(z, "0") != n) return OM_NUMBER_BAD;
        if (n > MAX_DIGITS) return OM_NUMBER_TOO_LONG;
        return set_int(out, (om_str){z, n}, arena);
    }
    *out = (omost_number){.kind = OMOST_NUMBER_FLOAT};
    if (simple_double(z, n, &out->value)) return OM_NUMBER_OK;
    return to_double(z, &out->value) ? OM_NUMBER_OK : OM_NUMBER_NOMEM;
}

om_number_verdict om_number_parse(om_str s, om_arena *arena, omost_number *out)
{
    char small[64], *z = small;
    if (s.n + 1 > sizeof small && !(z = om_arena_alloc(arena, s.n + 1)))
        return OM_NUMBER_NOMEM;
    if (s.n > 1 && s.p[0] == '0') {
        om_str rest = {s.p + 2, s.n - 2};
        switch (s.p[1] | 32) {
        case 'x': return parse_based(rest, 16, z, arena, out);
        case 'o': return parse_based(rest, 8, z, arena, out);
        case 'b': return parse_based(rest, 2, z, arena, out);
        default: break;
        }
    }
    return parse_decimal(s, z, arena, out);
}

bool om_number_is_positive(const omost_number *x)
{
    return x->value > 0;
}

om_number_verdict om_number_canonical(om_arena *arena, omost_number *x)
{
    omost_number again;
    char text[400];
    if (x->kind == OMOST_NUMBER_BOOL && x->value != 1) return OM_NUMBER_BAD;
    if (x->kind != OMOST_NUMBER_INT)
        return x->digits.n ? OM_NUMBER_BAD : OM_NUMBER_OK;
    om_str digits = x->digits;
    if (digits.n == 0) {
        if (!isfinite(x->value) || x->value != floor(x->value))
            return OM_NUMBER_BAD;
        int n = snprintf(text, sizeof text, "%.0f", x->value);
        digits = (om_str){text, (size_t)n};
    }
    om_number_verdict v = om_number_parse(digits, arena, &again);
    if (v != OM_NUMBER_OK) return v;
    if (again.kind != OMOST_NUMBER_INT || again.value != x->value)
        return OM_NUMBER_BAD;
    *x = again;
    return OM_NUMBER_OK;
}

/* The decimal digits of a number of at least 2^53; NULL span for infinity. */
static om_str big_digits(const omost_number *x, char buf[400])
{
    if (x->digits.n) return x->digits;
    if (isinf(x->value)) return (om_str){0};
    int n =
        snprintf(buf, 400, "%.0f", x->value); /* exact for doubles >= 2^53 */
    return (om_str){buf, (size_t)n};
}

int omost_number_cmp(const omost_number *a, const omost_number *b)
{
    const double exact = (double)EXACT;
    char abuf[400], bbuf[400];
    bool both_exact = !a->digits.n && !b->digits.n;
    /* with a big integer on one side only a number of its size needs digits */
    if (both_exact || a->value < exact || b->value < exact)
        return (a->value > b->value) - (a->value < b->value);
    om_str x = big_digits(a, abuf), y = big_digits(b, bbuf);
    if (!x.p || !y.p) return (x.p == NULL) - (y.p == NULL);
    if (x.n != y.n) return x.n < y.n ? -1 : 1;
    return om_str_cmp(x, y);
}
