/* comfy.h - the conditioning JSON of ComfyUI_omost: an array of {rect,
 * prefixes, suffixes, color}, item 0 for the whole picture, the rest far to
 * near. docs/exchange.md says what is lost in it and how it is read back. */
#ifndef OM_CANVAS_COMFY_H
#define OM_CANVAS_COMFY_H

#include "base/json.h"
#include "omost/canvas.h"

omost_canvas *om_canvas_from_comfy(json_t *v, const omost_read_opts *opts,
                                   omost_error *err);

#endif
