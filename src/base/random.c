/* random.c - see random.h. */
#include "base/random.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

omost_status om_random_bytes(void *p, size_t n, omost_error *err)
{
    FILE *f = fopen("/dev/urandom", "rb");
    size_t got = f ? fread(p, 1, n, f) : 0;
    int why = errno;
    if (f) fclose(f);
    if (got == n) return OMOST_OK;
    return om_fail(err, OMOST_IO, "cannot read /dev/urandom: %s",
                   strerror(why));
}
