/* model_source.c - see model_source.h. */
#include "diffusion/model_source.h"

#include <math.h>

#include "nn/numbers.h"

omost_status om_model_source_open(om_model_source *s,
                                  const om_model_files *files,
                                  omost_model_part part, omost_error *err)
{
    *s = (om_model_source){0};
    return om_weights_open(&s->weights, files, part, err);
}

/* A matrix of 16 bits stays one when LoRAs are added to it, as everywhere where
 * they are merged: kept in f32 it would take twice the memory. f16 has the finer
 * steps of the two kinds. */
static bool is_rounded(const om_weight *w)
{
    return w->delta && w->n_dims > 1 &&
           om_weight_exact(&(om_weight){.dtype = w->dtype}) != OM_F32;
}

static void round_all(float *x, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!(fabsf(x[i]) <= OM_F16_MAX)) return;
    for (size_t i = 0; i < n; i++) x[i] = om_round_f16(x[i]);
}

static om_stored stored_of(const om_weight *w)
{
    if (is_rounded(w)) return OM_STORED_F16;
    switch (om_weight_exact(w)) {
    case OM_F16: return OM_STORED_F16;
    case OM_BF16: return OM_STORED_BF16;
    default: return OM_STORED_F32;
    }
}

static omost_status find(void *user, const char *name, int n_dims,
                         const size_t *dim, om_stored *stored, omost_error *err)
{
    om_model_source *s = user;
    om_weight w;
    omost_status st = om_weights_get(&s->weights, name, n_dims, dim, &w, err);
    if (st != OMOST_OK) return st;
    *stored = stored_of(&w);
    s->n_params += w.n;
    return OMOST_OK;
}

static omost_status read(void *user, const char *name, int n_dims,
                         const size_t *dim, float *dst, omost_error *err)
{
    om_model_source *s = user;
    om_weight w;
    omost_status st = om_weights_get(&s->weights, name, n_dims, dim, &w, err);
    if (st != OMOST_OK) return st;
    om_weight_will_need(&w);
    om_weight_to_f32(dst, &w);
    if (is_rounded(&w)) round_all(dst, w.n);
    om_weight_drop(&w);
    return OMOST_OK;
}

om_param_source om_model_source_params(om_model_source *s)
{
    return (om_param_source){.find = find, .read = read, .user = s};
}
