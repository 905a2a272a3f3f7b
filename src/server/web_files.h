/* web_files.h - the page, as it is in the program. The build makes the table
 * from web/ (cmake/OmostEmbed.cmake). */
#ifndef OM_SERVER_WEB_FILES_H
#define OM_SERVER_WEB_FILES_H

#include <stddef.h>

typedef struct om_web_file {
    const char *name; /* "index.html", "js/stage.js" */
    const unsigned char *bytes;
    const size_t *size;
    const char *tag; /* an ETag: its SHA-256, in quotes */
} om_web_file;

extern const om_web_file om_web_files[]; /* ends with a NULL name */

#endif
