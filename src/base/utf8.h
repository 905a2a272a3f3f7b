/* utf8.h - UTF-8 as bytes: step, check, encode. Classes and names of
 * characters are in unicode.h. */
#ifndef OM_BASE_UTF8_H
#define OM_BASE_UTF8_H

#include "base/str.h"

#define OM_RUNE_BAD 0x7fffffffu /* not a code point */

/* The code point at p (p < end) and its length in bytes. Ill-formed bytes
 * (overlong, surrogate, beyond U+10FFFF, cut) give OM_RUNE_BAD and length 1. */
uint32_t om_utf8_decode(const char *p, const char *end, size_t *len);

/* Write the code point (not a surrogate) to out[4]; the number of bytes. */
size_t om_utf8_encode(uint32_t rune, char out[4]);

/* Index of the first ill-formed byte, or n when the text is well-formed. */
size_t om_utf8_valid_len(const char *p, size_t n);

/* True when p[0..n) is the start of a character whose rest is missing. */
bool om_utf8_is_cut(const char *p, size_t n);

/* The number of code points in well-formed text. */
size_t om_utf8_count(const char *p, size_t n);

/* The largest i <= at such that a character starts (or the text ends) at i. */
size_t om_utf8_floor(const char *p, size_t n, size_t at);

#endif
