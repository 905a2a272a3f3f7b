/* embedded.h - files that are part of the program. The build puts them in
 * (cmake/OmostEmbed.cmake); a byte 0 that is not counted follows each. */
#ifndef OM_BASE_EMBEDDED_H
#define OM_BASE_EMBEDDED_H

#include <stddef.h>

/* A TrueType font: DejaVu Sans. */
extern const unsigned char om_embedded_font[];
extern const size_t om_embedded_font_size;

/* CLIP's merges.txt; of size 0 when it was not there at build time. */
extern const unsigned char om_embedded_clip_merges[];
extern const size_t om_embedded_clip_merges_size;

#endif
