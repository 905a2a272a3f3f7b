/* target.h - the target of a request ("/a/b?x=1&y=2") taken apart. Pure
 * functions over bytes that anybody may have sent. */
#ifndef OM_SERVER_TARGET_H
#define OM_SERVER_TARGET_H

#include "base/mem.h"

/* Part the target; the path is decoded once, in the arena. USAGE when it does
 * not begin with "/", is not UTF-8 afterwards, or has a NUL or another control
 * character, "//", a backslash, or a part that is "." or ".."; NOMEM. */
omost_status om_target_parse(om_arena *a, om_str target, om_str *path,
                             om_str *query, omost_error *err);

/* Take the next pair off a query; its name, decoded (p NULL: it is ill-formed).
 * False at the end. */
bool om_query_next(om_arena *a, om_str *query, om_str *name);

/* The first value of `name` in a query, decoded ("+" is a space) in the arena;
 * p NULL when there is none, or it is ill-formed. */
om_str om_query_value(om_arena *a, om_str query, const char *name);

/* Percent-decode; p NULL when it is ill-formed or there is no memory. */
om_str om_percent_decode(om_arena *a, om_str s, bool plus_is_space);

/* A decimal number of digits alone, min..max. */
bool om_parse_id(om_str s, int64_t min, int64_t max, int64_t *out);

#endif
