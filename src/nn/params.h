/* params.h - the weights of one part of a model, as a back end holds them.
 *
 * A back end packs each weight once, in whatever order its kernels like best,
 * the first time a program that uses it is compiled. Programs of other sizes
 * share it. The store must outlive the programs made from it.
 *
 * Where weights come from is the caller's business: two functions. */
#ifndef OM_NN_PARAMS_H
#define OM_NN_PARAMS_H

#include "base/error.h"
#include "base/mem.h"
#include "nn/watch.h"

enum { OM_PARAM_DIMS = 4 };

/* How many bits a source's numbers have to begin with. */
typedef enum om_stored {
    OM_STORED_F32,
    OM_STORED_F16,
    OM_STORED_BF16
} om_stored;

/* Called while a graph is recorded and while it is compiled; one thread. */
typedef struct om_param_source {
    /* There must be one of this name and shape: else an error that names the
     * file. *stored: what it can be kept in without loss. */
    omost_status (*find)(void *user, const char *name, int n_dims,
                         const size_t *dim, om_stored *stored,
                         omost_error *err);
    /* All of it, row-major, to dst. */
    omost_status (*read)(void *user, const char *name, int n_dims,
                         const size_t *dim, float *dst, omost_error *err);
    void *user; /* must outlive the store */
} om_param_source;

/* How weights are kept. */
typedef enum om_keep {
    OM_KEEP_EXACT, /* f16 or bf16 where that loses nothing, else f32 */
    OM_KEEP_HALF   /* f16 (a back end that computes in bf16: bf16), rounded,
                    * unless a value does not fit */
} om_keep;

typedef struct om_params om_params;
typedef struct om_backend om_backend;

om_params *om_params_new(const omost_env *env, om_backend *backend,
                         om_param_source source, om_keep keep,
                         omost_error *err);
void om_params_free(om_params *params);
/* What the packed weights take now. */
size_t om_params_bytes(const om_params *params);
/* What all weights that graphs have asked for take packed, at least: matrices
 * in 16 bits, which is all they may need. */
size_t om_params_least(const om_params *params);
/* Who is asked before a weight is read, while programs are compiled: told which
 * share of the store's numbers has been read since this call. Copied; NULL:
 * nobody any more. */
void om_params_watch(om_params *params, const om_watch *watch);

#endif
