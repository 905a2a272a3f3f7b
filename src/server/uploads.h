/* uploads.h - pictures somebody sent, to begin from: PNG files of a folder,
 * named by the SHA-256 of their bytes, which is the token that stands for
 * them. Only the newest are kept. */
#ifndef OM_SERVER_UPLOADS_H
#define OM_SERVER_UPLOADS_H

#include "image/png.h"
#include "server/request.h"

enum {
    OM_UPLOADS_KEPT = 64,
    OM_UPLOAD_PIXELS = 1 << 25 /* of a picture: as 5792 x 5792 */
};

/* Decode the bytes and keep them, encoded anew; the caller frees the picture.
 * FORMAT: they are no PNG. */
omost_status om_upload_add(const char *folder, om_str bytes,
                           char token[OM_TOKEN + 1], om_picture *pic,
                           omost_error *err);
/* The picture of a token; MISSING. */
omost_status om_upload_read(const char *folder, om_str token, om_picture *pic,
                            omost_error *err);

#endif
