/* utf8.c - see utf8.h; well-formedness as in Unicode's table 3-7. */
#include "base/utf8.h"

static bool is_tail(unsigned char c)
{
    return (c & 0xC0) == 0x80;
}

/* How long the character that starts with c is; 0 for a byte that cannot. */
static size_t lead_len(unsigned char c)
{
    if (c < 0x80) return 1;
    if (c >= 0xC2 && c <= 0xDF) return 2;
    if (c >= 0xE0 && c <= 0xEF) return 3;
    if (c >= 0xF0 && c <= 0xF4) return 4;
    return 0;
}

/* Whether the second byte may follow the first: no overlong forms, no
 * surrogates, nothing beyond U+10FFFF. */
static bool second_ok(unsigned char lead, unsigned char c)
{
    switch (lead) {
    case 0xE0: return c >= 0xA0 && c <= 0xBF;
    case 0xED: return c >= 0x80 && c <= 0x9F;
    case 0xF0: return c >= 0x90 && c <= 0xBF;
    case 0xF4: return c >= 0x80 && c <= 0x8F;
    default: return is_tail(c);
    }
}

uint32_t om_utf8_decode(const char *s, const char *end, size_t *len)
{
    const unsigned char *p = (const unsigned char *)s;
    size_t n = lead_len(p[0]), have = (size_t)(end - s);
    *len = 1;
    if (n == 1) return p[0];
    if (n == 0 || have < n || !second_ok(p[0], p[1])) return OM_RUNE_BAD;
    uint32_t r = p[0] & (0x7Fu >> n);
    for (size_t i = 1; i < n; i++) {
        if (!is_tail(p[i])) return OM_RUNE_BAD;
        r = r << 6 | (p[i] & 0x3Fu);
    }
    *len = n;
    return r;
}

size_t om_utf8_encode(uint32_t r, char out[4])
{
    if (r < 0x80) {
        out[0] = (char)r;
        return 1;
    }
    if (r < 0x800) {
        out[0] = (char)(0xC0 | r >> 6);
        out[1] = (char)(0x80 | (r & 0x3F));
        return 2;
    }
    if (r < 0x10000) {
        out[0] = (char)(0xE0 | r >> 12);
        out[1] = (char)(0x80 | (r >> 6 & 0x3F));
        out[2] = (char)(0x80 | (r & 0x3F));
        return 3;
    }
    out[0] = (char)(0xF0 | r >> 18);
    out[1] = (char)(0x80 | (r >> 12 & 0x3F));
    out[2] = (char)(0x80 | (r >> 6 & 0x3F));
    out[3] = (char)(0x80 | (r & 0x3F));
    return 4;
}

/* Length of the run of ASCII at p: eight bytes at a time. */
static size_t ascii_run(const char *p, size_t n)
{
    size_t i = 0;
    for (uint64_t w; i + 8 <= n; i += 8) {
        memcpy(&w, p + i, 8);
        if (w & 0x8080808080808080u) break;
    }
    while (i < n && !((unsigned char)p[i] & 0x80)) i++;
    return i;
}

size_t om_utf8_valid_len(const char *p, size_t n)
{
    size_t i = 0, len;
    while (i < n) {
        i += ascii_run(p + i, n - i);
        if (i == n) break;
        if (om_utf8_decode(p + i, p + n, &len) == OM_RUNE_BAD) return i;
        i += len;
    }
    return n;
}

bool om_utf8_is_cut(const char *s, size_t n)
{
    const unsigned char *p = (const unsigned char *)s;
    if (n == 0 || lead_len(p[0]) <= n) return false;
    if (n > 1 && !second_ok(p[0], p[1])) return false;
    return n < 3 || is_tail(p[2]);
}

size_t om_utf8_count(const char *p, size_t n)
{
    const uint64_t low = 0x0101010101010101u;
    size_t count = n, i = 0;
    for (uint64_t w; i + 8 <= n; i += 8) { /* minus the tails: bits 10...... */
        memcpy(&w, p + i, 8);
        count -= (size_t)__builtin_popcountll((w >> 7) & ~(w >> 6) & low);
    }
    for (; i < n; i++) count -= is_tail((unsigned char)p[i]);
    return count;
}

size_t om_utf8_floor(const char *p, size_t n, size_t at)
{
    if (at >= n) return n;
    while (at > 0 && is_tail((unsigned char)p[at])) at--;
    return at;
}
