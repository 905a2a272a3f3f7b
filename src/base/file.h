/* file.h - whole files in, whole files out. Writing goes to a temporary file
 * beside the target which is renamed into place once it is safely on disk, so
 * that nobody ever sees half a file, whatever happens. */
#ifndef OM_BASE_FILE_H
#define OM_BASE_FILE_H

#include <stdio.h>

#include "base/buf.h"

/* Append the file's bytes to `out`; "-" reads standard input. MISSING when
 * there is no such file, IO when reading fails, LIMIT beyond out->limit. */
omost_status om_file_read(const char *path, om_buf *out, omost_error *err);

/* A file being written. `f` is for fwrite and friends; errors they meet are
 * found at commit. "-" writes to standard output. */
typedef struct om_file_out {
    FILE *f;
    char *path, *temp; /* temp is NULL for standard output and devices */
    const omost_env *env;
} om_file_out;

omost_status om_file_begin(om_file_out *out, const omost_env *env,
                           const char *path, omost_error *err);
/* Flush, sync, rename into place; after it the om_file_out is closed whatever
 * the result. */
omost_status om_file_commit(om_file_out *out, omost_error *err);
/* Remove what was written. Safe after commit and on a zeroed struct. */
void om_file_abandon(om_file_out *out);

/* Remove what this process has begun for `path` and not committed: for a
 * program that must end at once while another of its threads is writing. */
void om_file_sweep(const char *path);

/* Make the folders above `path` that are not there, with this mode (less the
 * umask). IO names the one that cannot be made. */
omost_status om_make_folders(const char *path, unsigned mode, omost_error *err);

/* What an errno of writing means: FULL when there is no room (the disk, a quota,
 * a limit on the size of files), else IO. */
omost_status om_write_status(int why);

/* Begin, write, commit. */
omost_status om_file_write(const omost_env *env, const char *path, om_str bytes,
                           omost_error *err);

#endif
