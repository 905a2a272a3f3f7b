/* unicode.c - see unicode.h. Built on ICU's C API, whose stable parts (UTF-16
 * strings, per-character properties) are all we need. */
#include "base/unicode.h"

#include <stdlib.h>
#include <unicode/ubidi.h>

#include <unicode/uchar.h>
#include <unicode/unorm2.h>
#include <unicode/ushape.h>
#include <unicode/ustring.h>

#include "base/utf8.h"

/* ---- mappings ---------------------------------------------------------- */

/* The n units at u become at most `room` at v; how many. There is room for as
 * many at u, which may change. */
typedef int32_t mapping(UChar *u, int32_t n, UChar *v, int32_t room,
                        UErrorCode *st);

static void put_utf16(om_buf *b, const UChar *u, int32_t n, UErrorCode *st)
{
    int32_t bytes = 0;
    if (U_FAILURE(*st) || !om_buf_reserve(b, (size_t)n * 3 + 1)) return;
    u_strToUTF8(b->p + b->n, n * 3 + 1, &bytes, u, n, st);
    if (U_SUCCESS(*st)) b->n += (size_t)bytes;
    b->p[b->n] = '\0';
}

static void put_mapped(om_buf *out, om_str s, mapping *map)
{
    UErrorCode st = U_ZERO_ERROR;
    if (s.n == 0 || out->status != OMOST_OK) return;
    if (s.n > INT32_MAX / 8) {
        out->status = OMOST_LIMIT;
        return;
    }
    /* Every mapping here grows a text at most threefold in UTF-16. */
    const size_t room = s.n * 3 + 16;
    int32_t n = 0;
    UChar *u = om_alloc(out->env, 2 * room * sizeof *u);
    if (!u) {
        out->status = OMOST_NOMEM;
        return;
    }
    UChar *v = u + room;
    u_strFromUTF8(u, (int32_t)room, &n, s.p, (int32_t)s.n, &st);
    if (U_SUCCESS(st)) n = map(u, n, v, (int32_t)room, &st);
    put_utf16(out, v, n, &st);
    if (U_FAILURE(st))
        out->status =
            st == U_MEMORY_ALLOCATION_ERROR ? OMOST_NOMEM : OMOST_FORMAT;
    om_free(out->env, u);
}

static int32_t map_lower(UChar *u, int32_t n, UChar *v, int32_t room,
                         UErrorCode *st)
{
    return u_strToLower(v, room, u, n, "", st);
}

void om_unicode_lower(om_buf *out, om_str s)
{
    put_mapped(out, s, map_lower);
}

static int32_t map_nfc(UChar *u, int32_t n, UChar *v, int32_t room,
                       UErrorCode *st)
{
    const UNormalizer2 *nfc = unorm2_getNFCInstance(st);
    return unorm2_normalize(nfc, u, n, v, room, st);
}

void om_unicode_nfc(om_buf *out, om_str s)
{
    put_mapped(out, s, map_nfc);
}

/* The n units at u in visual order at v; the count, as many at most. */
static int32_t reorder(UChar *u, int32_t n, UChar *v, UErrorCode *st)
{
    if (U_FAILURE(*st)) return 0;
    UBiDi *bidi = ubidi_openSized(n, 0, st);
    if (U_FAILURE(*st)) return 0;
    ubidi_setPara(bidi, u, n, UBIDI_LTR, NULL, st);
    int32_t m = ubidi_writeReordered(
        bidi, v, n, UBIDI_DO_MIRRORING | UBIDI_REMOVE_BIDI_CONTROLS, st);
    ubidi_close(bidi);
    return m;
}

static int32_t map_visual(UChar *u, int32_t n, UChar *v, int32_t room,
                          UErrorCode *st)
{
    n = u_shapeArabic(u, n, v, room,
                      U_SHAPE_LETTERS_SHAPE | U_SHAPE_LENGTH_GROW_SHRINK |
                          U_SHAPE_TEXT_DIRECTION_LOGICAL,
                      st);
    n = reorder(v, n, u, st);
    if (U_SUCCESS(*st)) u_memcpy(v, u, n);
    return n;
}

void om_unicode_visual(om_buf *out, om_str s)
{
    put_mapped(out, s, map_visual);
}

/* ---- names ------------------------------------------------------------- */

/* Aliases, in upper case: control characters have no other name. */
static const struct alias {
    const char *name;
    uint32_t rune;
} aliases[] = {
#define X(name, rune) {name, rune},
#include "base/name_aliases.def"
#undef X
};

static int compare_alias(const void *key, const void *row)
{
    return strcmp(key, ((const struct alias *)row)->name);
}

/* VS1..VS16 are U+FE00.., VS17..VS256 are U+E0100.. */
static uint32_t variation_selector(const char *z)
{
    uint32_t n = 0;
    if (z[0] != 'V' || z[1] != 'S' || z[2] == '0') return OM_RUNE_BAD;
    for (z += 2; *z; z++) {
        if (*z < '0' || *z > '9' || n > 256) return OM_RUNE_BAD;
        n = n * 10 + (uint32_t)(*z - '0');
    }
    if (n < 1 || n > 256) return OM_RUNE_BAD;
    return n <= 16 ? 0xFE00 + n - 1 : 0xE0100 + n - 17;
}

static uint32_t named_by_alias(char *z)
{
    for (char *p = z; *p; p++)
        if (*p >= 'a' && *p <= 'z') *p = (char)(*p - 32);
    const struct alias *a =
        bsearch(z, aliases, sizeof aliases / sizeof *aliases, sizeof *aliases,
                compare_alias);
    return a ? a->rune : variation_selector(z);
}

static bool has_lower(const char *z)
{
    for (; *z; z++)
        if (*z >= 'a' && *z <= 'z') return true;
    return false;
}

uint32_t om_unicode_named(om_str name)
{
    char z[128]; /* the longest name of Unicode has 88 characters */
    if (name.n == 0 || name.n >= sizeof z) return OM_RUNE_BAD;
    memcpy(z, name.p, name.n);
    z[name.n] = '\0';
    if (strlen(z) != name.n) return OM_RUNE_BAD;
    static const UCharNameChoice kinds[] = {U_UNICODE_CHAR_NAME,
                                            U_CHAR_NAME_ALIAS};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        UErrorCode st = U_ZERO_ERROR;
        UChar32 c = u_charFromName(kinds[i], z, &st);
        if (U_FAILURE(st)) continue;
        /* Python compares these two families of computed names by case */
        bool computed = u_hasBinaryProperty(c, UCHAR_UNIFIED_IDEOGRAPH) ||
                        (c >= 0xAC00 && c <= 0xD7A3);
        return computed && has_lower(z) ? OM_RUNE_BAD : (uint32_t)c;
    }
    return named_by_alias(z);
}

/* ---- classes ----------------------------------------------------------- */

bool om_unicode_is_letter(uint32_t r)
{
    return (U_GET_GC_MASK((UChar32)r) & U_GC_L_MASK) != 0;
}

bool om_unicode_is_number(uint32_t r)
{
    return (U_GET_GC_MASK((UChar32)r) & U_GC_N_MASK) != 0;
}

bool om_unicode_is_other(uint32_t r)
{
    return (U_GET_GC_MASK((UChar32)r) & U_GC_C_MASK) != 0;
}

bool om_unicode_is_separator(uint32_t r)
{
    return u_charType((UChar32)r) == U_SPACE_SEPARATOR;
}

bool om_unicode_is_space(uint32_t r)
{
    return u_isUWhiteSpace((UChar32)r);
}

bool om_unicode_is_printable(uint32_t r)
{
    return r == ' ' ||
           !(U_GET_GC_MASK((UChar32)r) & (U_GC_C_MASK | U_GC_Z_MASK));
}

int om_unicode_width(uint32_t r)
{
    if (r < 0x20) return 0;
    if (r < 0x300) return 1;
    if (U_GET_GC_MASK((UChar32)r) &
        (U_GC_MN_MASK | U_GC_ME_MASK | U_GC_CF_MASK))
        return 0;
    int ea = u_getIntPropertyValue((UChar32)r, UCHAR_EAST_ASIAN_WIDTH);
    return ea == U_EA_WIDE || ea == U_EA_FULLWIDTH ? 2 : 1;
}
