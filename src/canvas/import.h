/* import.h - a canvas from JSON values: what the readers of our own format and
 * of ComfyUI_omost's share. They read into a new canvas, one value at a time;
 * the first error ends it, corrections become notes of the canvas. */
#ifndef OM_CANVAS_IMPORT_H
#define OM_CANVAS_IMPORT_H

#include "base/json.h"
#include "canvas/canvas_doc.h"

typedef struct om_import {
    omost_canvas *cv;
    bool strict;    /* what is missing or unknown is an error, not a note */
    char where[32]; /* "regions[3]": the value being read; "" at the top */
    omost_error *err;
} om_import;

omost_status om_import_begin(om_import *im, const omost_read_opts *opts,
                             omost_error *err);
/* The canvas when `st` is OK and it holds anything; else it is freed. */
omost_canvas *om_import_finish(om_import *im, omost_status st);

/* "WHERE.key must be WANT, not KIND" */
omost_status om_import_wrong(om_import *im, const char *key, const char *want,
                             const json_t *got);
/* "WHERE.key is missing": an error when strict, else a note that says how it
 * is taken. */
omost_status om_import_missing(om_import *im, const char *key,
                               const char *taken);
/* Notes (errors when strict) for keys that are not in `known` (NULL at its
 * end). */
omost_status om_import_check_keys(om_import *im, json_t *obj,
                                  const char *const *known);

/* Copies into the canvas; v == NULL: missing, taken as empty. */
omost_status om_import_text(om_import *im, const char *key, const json_t *v,
                            om_str *out);
omost_status om_import_texts(om_import *im, const char *key, const json_t *v,
                             omost_texts *out);

/* WHERE, a "." where there is one, and key: for messages. */
#define OM_IMPORT_AT(im, key) \
    (im)->where, (im)->where[0] && (key)[0] ? "." : "", (key)

#endif
