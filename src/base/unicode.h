/* unicode.h - what must be known about characters: classes, case, normal
 * form, names. The one home of ICU (unicode/...h); UTF-8 outside, as spans. */
#ifndef OM_BASE_UNICODE_H
#define OM_BASE_UNICODE_H

#include "base/buf.h"

/* Append the lower-cased text as Python's str.lower() gives it: full mappings,
 * final sigma by context, no locale. Well-formed input. */
void om_unicode_lower(om_buf *out, om_str s);

/* Append the text in normal form C. */
void om_unicode_nfc(om_buf *out, om_str s);

/* Append the text as its characters stand on a line from left to right, for a
 * drawer that knows no writing directions: right-to-left runs reversed and
 * mirrored, Arabic letters in the forms their neighbours ask for. */
void om_unicode_visual(om_buf *out, om_str s);

/* The character with this Unicode name or alias, in any case, as Python's
 * \N{...} finds it; OM_RUNE_BAD when there is none. */
uint32_t om_unicode_named(om_str name);

/* General category classes of one code point. */
bool om_unicode_is_letter(uint32_t rune); /* L*  */
bool om_unicode_is_number(uint32_t rune); /* N*  */
bool om_unicode_is_other(
    uint32_t rune); /* C*: control, format, private, unassigned */
bool om_unicode_is_separator(uint32_t rune); /* Zs */
bool om_unicode_is_space(uint32_t rune);     /* White_Space */
bool om_unicode_is_printable(uint32_t rune); /* as Python's str.isprintable() */

/* Columns a character takes on a terminal: 0, 1 or 2. */
int om_unicode_width(uint32_t rune);

#endif
