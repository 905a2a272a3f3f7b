/* thumb.h - the small copies of pictures that a gallery shows. */
#ifndef OM_SERVER_THUMB_H
#define OM_SERVER_THUMB_H

#include "base/buf.h"
#include "image/raster.h"

enum { OM_THUMB = 256 }; /* its longer side at most */

/* Append it as PNG. */
omost_status om_thumb_make(const om_picture *pic, om_buf *png,
                           omost_error *err);

#endif
