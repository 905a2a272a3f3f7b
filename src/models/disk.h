/* disk.h - is there room for a file? */
#ifndef OM_MODELS_DISK_H
#define OM_MODELS_DISK_H

#include "base/error.h"

/* LIMIT, with how much there is and how much `name` needs, when the disk `path`
 * lies on (it need not exist, its folder must) has not that many bytes left.
 * A disk that does not say is taken to have room. */
omost_status om_disk_check(const char *path, const char *name, uint64_t bytes,
                           omost_error *err);

#endif
