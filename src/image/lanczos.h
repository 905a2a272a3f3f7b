/* lanczos.h - a picture at another size, as Pillow's resize(LANCZOS) makes it,
 * byte for byte: columns first, then rows, with a picture of bytes between,
 * weights rounded to 22 bits. A side that keeps its length is not touched. */
#ifndef OM_IMAGE_LANCZOS_H
#define OM_IMAGE_LANCZOS_H

#include "image/raster.h"

/* `out` (already made) gets `in` scaled to its size. */
OMOST_NODISCARD omost_status om_picture_lanczos(om_picture *out,
                                                const om_picture *in,
                                                omost_error *err);

#endif
