/* json.h - jansson, with our errors, limits and texts. */
#ifndef OM_BASE_JSON_H
#define OM_BASE_JSON_H

#include <jansson.h>

#include "base/buf.h"

/* The value, the caller's to json_decref(). Rejects duplicate keys, trailing
 * text and deep nesting; NULs in strings are kept. `what` names the input. NOMEM
 * when memory is what was lacking. */
json_t *om_json_parse(om_str text, const char *what, omost_error *err);

/* The same of a text that may have more objects and arrays than the 100000 that
 * om_json_parse() takes. */
json_t *om_json_parse_large(om_str text, const char *what, size_t levels,
                            omost_error *err);

/* Append the JSON text with U+FFFD in the place of what no string may hold:
 * ill-formed UTF-8, and the escape of half a surrogate pair. */
void om_json_clean(om_buf *out, om_str text);

/* Whether the text is JSON by its grammar, nested at most 2048 deep; takes no
 * memory. Duplicate keys and large numbers are not looked at. */
bool om_json_is_valid(om_str text);

/* Append the value: two-space indent when `pretty`, keys in insertion order.
 * A failure is the buffer's. */
void om_json_write(om_buf *out, const json_t *v, bool pretty);

/* Append the text as a JSON string, characters beyond ASCII as they are: the
 * same bytes JavaScript's JSON.stringify() writes. */
void om_json_write_str(om_buf *out, om_str s);

/* The text of a JSON string, borrowed from the value. */
om_str om_json_str(const json_t *v);
/* A new JSON string; NULL when there is no memory. */
json_t *om_json_new_str(om_str s);

#endif
