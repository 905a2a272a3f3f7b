/* str.c - see str.h. */
#define _GNU_SOURCE /* memmem */
#include "base/str.h"

static bool in_set(char c, const char *set)
{
    return c != '\0' && strchr(set, c) != NULL;
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

bool om_str_like(om_str a, om_str b)
{
    if (a.n != b.n) return false;
    for (size_t i = 0; i < a.n; i++)
        if (lower(a.p[i]) != lower(b.p[i])) return false;
    return true;
}

om_str om_str_strip(om_str s, const char *set)
{
    while (s.n && in_set(s.p[0], set)) s = om_str_skip(s, 1);
    while (s.n && in_set(s.p[s.n - 1], set)) s.n--;
    return s;
}

int om_str_cmp(om_str a, om_str b)
{
    size_t n = a.n < b.n ? a.n : b.n;
    int c = n ? memcmp(a.p, b.p, n) : 0;
    if (c) return c;
    return (a.n > b.n) - (a.n < b.n);
}

size_t om_str_find(om_str hay, om_str needle)
{
    if (needle.n == 0) return 0;
    if (hay.n < needle.n) return SIZE_MAX;
    const char *hit = memmem(hay.p, hay.n, needle.p, needle.n);
    return hit ? (size_t)(hit - hay.p) : SIZE_MAX;
}
