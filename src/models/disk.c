/* disk.c - see disk.h. */
#include "models/disk.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/statvfs.h>

omost_status om_disk_check(const char *path, const char *name, uint64_t bytes,
                           omost_error *err)
{
    char folder[PATH_MAX];
    struct statvfs fs;
    const char *slash = strrchr(path, '/');
    int n = slash ? (int)(slash - path) + (slash == path) : 1;
    snprintf(folder, sizeof folder, "%.*s", n, slash ? path : ".");
    if (statvfs(folder, &fs) != 0) return OMOST_OK;
    const uint64_t room = (uint64_t)fs.f_bavail * fs.f_frsize;
    if (room >= bytes) return OMOST_OK;
    return om_fail(err, OMOST_LIMIT,
                   "%.100s needs %.2f GB, and there are %.2f GB left on that "
                   "disk: make room, or choose another place",
                   name, (double)bytes / 1e9, (double)room / 1e9);
}
