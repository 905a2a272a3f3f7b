/* pending.c - removed once the writers are there. */
#include "base/error.h"
#include "composer/writer.h"
__attribute__((weak)) om_writer *om_llama_writer_open(
    const omost_composer_opts *opts, omost_load_fn *on_load, void *user,
    omost_error *err)
{
    (void)opts;
    (void)on_load;
    (void)user;
    (void)om_fail(err, OMOST_MISSING, "pending");
    return NULL;
}
