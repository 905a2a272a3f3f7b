/* canvas_json.h - our own JSON: the document, complete and exact. The format
 * is described in docs/exchange.md and docs/canvas.schema.json. */
#ifndef OM_CANVAS_CANVAS_JSON_H
#define OM_CANVAS_CANVAS_JSON_H

#include "base/json.h"
#include "omost/canvas.h"

/* The canvas that a JSON object describes. Strict: nothing missing, no unknown
 * keys (names are still corrected). */
omost_canvas *om_canvas_from_json(json_t *v, const omost_read_opts *opts,
                                  omost_error *err);

/* The canvas as a JSON object whose lines, but the first, begin with `indent`
 * spaces: to stand inside another. No newline at the end. */
void om_canvas_write_json(om_buf *b, const omost_canvas *cv, size_t indent);

/* A distance as a JSON value. */
void om_canvas_write_json_number(om_buf *b, const omost_number *x);

#endif
