/* local_missing.c - a build without libllama says so. */
#include "base/error.h"
#include "composer/writer.h"

#if !OM_WITH_LLAMA
om_writer *om_llama_writer_open(const omost_composer_opts *opts,
                                omost_load_fn *on_load, void *user,
                                omost_error *err)
{
    (void)on_load, (void)user;
    (void)om_fail(err, OMOST_MISSING,
                  "%s: this build is without libllama; run: tools/setup build "
                  "&& make build",
                  opts->model);
    return NULL;
}
#endif
