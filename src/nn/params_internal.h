/* params_internal.h - the store of weights as graphs and back ends see it.
 *
 * What om_keep means is about matrices (2 or 4 dimensions). Vectors - biases,
 * weights of norms - are few and stay f32, whatever is asked.
 *   in f32, OM_KEEP_EXACT: every number as it is
 *   in f32, OM_KEEP_HALF:  a matrix stored as f32 is rounded to f16 when all of
 *                          its numbers are within OM_F16_MAX, else kept in f32
 *   in bf16, either:       rounded to bf16 */
#ifndef OM_NN_PARAMS_INTERNAL_H
#define OM_NN_PARAMS_INTERNAL_H

#include "nn/params.h"

/* One packed form of a weight (or of several that are used as one: it hangs on
 * the first). A back end puts this at the head of a struct of its own, tells
 * forms apart by what follows, and frees them in its `unpack`. */
typedef struct om_packed om_packed;
struct om_packed {
    om_packed *next;
    size_t bytes; /* counted by om_params_bytes() */
};

typedef struct om_param {
    const char *name;
    uint32_t hash;
    int n_dims;
    size_t dim[OM_PARAM_DIMS]; /* ones beyond n_dims */
    size_t n;                  /* numbers */
    om_stored stored;
    om_packed *packed;
} om_param;

struct om_params {
    const omost_env *env;
    om_backend *backend;
    om_param_source source;
    om_keep keep;
    om_arena names;
    om_param *param;
    int n;
    size_t cap;
    om_watch watch;
    double n_read; /* numbers, since somebody watches */
};

/* The index of the weight of this name and shape, asked of the source the first
 * time; -1 and an error when there is none. Indices stay. */
int om_params_find(om_params *params, const char *name, int n_dims,
                   const size_t *dim, omost_error *err);
/* All its numbers to dst[param.n], as the source has them. CANCELLED when the
 * store's watch says stop. */
omost_status om_params_read(om_params *params, int i, float *dst,
                            omost_error *err);
void om_params_attach(om_params *params, int i, om_packed *packed);

#endif
