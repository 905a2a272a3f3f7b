/* str.h - borrowed text: a pointer and a length. */
#ifndef OM_BASE_STR_H
#define OM_BASE_STR_H

#include <string.h>

#include "omost/status.h"

typedef omost_str om_str;

/* A span over a string literal. */
#define OM_STR(lit) ((om_str){"" lit, sizeof lit - 1})
/* For printf's %.*s; spans longer than an int are cut. */
#define OM_STR_ARG(s) \
    ((s).n > 0x7fffffff ? 0x7fffffff : (int)(s).n), ((s).p ? (s).p : "")

static inline om_str om_str_of(const char *z)
{
    return (om_str){z, z ? strlen(z) : 0};
}

static inline bool om_str_eq(om_str a, om_str b)
{
    return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

static inline bool om_str_eqz(om_str a, const char *z)
{
    return om_str_eq(a, om_str_of(z));
}

static inline bool om_str_starts(om_str s, om_str head)
{
    return s.n >= head.n && (head.n == 0 || memcmp(s.p, head.p, head.n) == 0);
}

static inline bool om_str_ends(om_str s, om_str tail)
{
    return s.n >= tail.n &&
           (tail.n == 0 || memcmp(s.p + s.n - tail.n, tail.p, tail.n) == 0);
}

/* Equal, but for the case of ASCII letters. */
bool om_str_like(om_str a, om_str b);
static inline bool om_str_eq_nocase(om_str a, const char *z)
{
    return om_str_like(a, om_str_of(z));
}

/* The value of a hexadecimal digit, or -1. */
static inline int om_hex_value(char c)
{
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

/* The value of the four hexadecimal digits at the front, or -1. */
static inline int om_hex4(om_str s)
{
    int v = 0;
    for (size_t i = 0; i < 4; i++) {
        const int digit = i < s.n ? om_hex_value(s.p[i]) : -1;
        if (digit < 0) return -1;
        v = v * 16 + digit;
    }
    return v;
}

/* s without its first n bytes. */
static inline om_str om_str_skip(om_str s, size_t n)
{
    return (om_str){s.p + n, s.n - n};
}

/* s without any of the bytes of `set` at both ends. */
om_str om_str_strip(om_str s, const char *set);

/* Byte order; shorter first on a common head. */
int om_str_cmp(om_str a, om_str b);

/* Index of `needle` in `hay`, or SIZE_MAX. */
size_t om_str_find(om_str hay, om_str needle);

#endif
