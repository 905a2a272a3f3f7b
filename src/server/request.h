/* request.h - members of a request's JSON, taken out strictly: a member nobody
 * asks for is an error that names it, as are values of another kind and
 * numbers out of range. */
#ifndef OM_SERVER_REQUEST_H
#define OM_SERVER_REQUEST_H

#include <jansson.h>

#include "base/error.h"
#include "base/mem.h"
#include "omost/options.h"

/* USAGE when the object has members that are not in `known` (NULL at its
 * end). `where` is what the object is called: "the request". */
omost_status om_members(const json_t *o, const char *where,
                        const char *const *known, omost_error *err);

/* Missing or null: the fallback, or p NULL. */
omost_status om_member_int(const json_t *o, const char *key, int64_t fallback,
                           int64_t min, int64_t max, int64_t *out,
                           omost_error *err);
omost_status om_member_number(const json_t *o, const char *key, double fallback,
                              double min, double max, double *out,
                              omost_error *err);
omost_status om_member_bool(const json_t *o, const char *key, bool fallback,
                            bool *out, omost_error *err);
/* Lent by the object; NULs are refused. */
omost_status om_member_str(const json_t *o, const char *key, om_str *out,
                           omost_error *err);
/* NULL when there is none. */
omost_status om_member_object(const json_t *o, const char *key, json_t **out,
                              omost_error *err);

/* ---- options ---------------------------------------------------------- */

enum { OM_TOKEN = 64 }; /* of uploads: hexadecimal digits */

/* Nothing but a token ever becomes a file's name. */
bool om_is_token(om_str s);

typedef struct om_lora_want {
    om_str name;
    float weight;
} om_lora_want;

/* What a render's "options" say. Texts are lent by the object. */
typedef struct om_render_want {
    omost_render_opts opts;
    om_str profile;     /* a built-in one; p NULL: none */
    int64_t init_image; /* a picture of the gallery */
    om_str init_upload; /* or a token; p NULL: none */
    om_lora_want lora[OMOST_MAX_LORAS];
    int n_loras;
} om_render_want;

/* `options` NULL: the defaults. Ranges are checked, whether things are there is
 * not. */
omost_status om_render_want_read(json_t *options,
                                 const omost_render_opts *defaults,
                                 om_render_want *out, omost_error *err);
omost_status om_compose_want_read(json_t *options,
                                  const omost_compose_opts *defaults,
                                  omost_compose_opts *out, omost_error *err);

/* The tables, for pages: [{"name", "kind", ...}]. */
json_t *om_render_options_json(void);
json_t *om_compose_options_json(void);

#endif
