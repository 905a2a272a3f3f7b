/* model_check.c - omost_model_check: whether a model is whole, by opening each
 * part as a render would. That looks for every tensor by name and shape and reads
 * none. */
#include "base/error.h"
#include "diffusion/text_encoder.h"
#include "diffusion/unet.h"
#include "diffusion/vae.h"
#include "omost/render.h"

static omost_status check_part(const omost_env *env, om_backend *b,
                               const om_model_files *m, omost_model_part part,
                               omost_error *err)
{
    bool ok;
    if (part == OMOST_MODEL_UNET) {
        om_unet *u = om_unet_open(env, b, m, NULL, OM_KEEP_EXACT, err);
        ok = u != NULL;
        om_unet_close(u);
    } else if (part == OMOST_MODEL_VAE) {
        om_vae *v = om_vae_open(env, b, m, NULL, OM_KEEP_EXACT, err);
        ok = v != NULL;
        om_vae_close(v);
    } else {
        om_text_encoder *t =
            om_text_encoder_open(env, b, m, part, NULL, OM_KEEP_EXACT, err);
        ok = t != NULL;
        om_text_encoder_close(t);
    }
    return ok ? OMOST_OK : err->status;
}

/* Whether it is known what it would have to hold. */
static bool is_known(const om_model_files *m)
{
    const bool whole =
        m->kind == OMOST_MODEL_FOLDER || m->kind == OMOST_MODEL_CHECKPOINT;
    const bool unet = om_model_count(m, OMOST_MODEL_UNET) > 0;
    if (whole || unet) return m->family == OMOST_FAMILY_SDXL;
    return m->kind == OMOST_MODEL_PART;
}

/* The plain back end: it has no threads to start and asks no processor. */
static omost_status check_all(const omost_env *env, const om_model_files *m,
                              omost_error *err)
{
    const om_backend_opts opts = {
        .name = "ref", .precision = OM_PRECISION_F32, .n_threads = 1};
    om_backend *b = om_backend_open(env, &opts, err);
    if (!b) return err->status;
    omost_status st = OMOST_OK;
    for (int part = 0; part < OMOST_MODEL_N_PARTS && st == OMOST_OK; part++)
        if (om_model_count(m, (omost_model_part)part) > 0)
            st = check_part(env, b, m, (omost_model_part)part, err);
    om_backend_close(b);
    return st;
}

omost_status omost_model_check(const omost_env *env, const char *path,
                               omost_error *err)
{
    omost_error local;
    if (!err) err = &local;
    om_error_clear(err);
    om_model_files *m = om_model_open(env, path, err);
    if (!m) return err->status;
    omost_status st = is_known(m) ? check_all(env, m, err) : OMOST_OK;
    om_model_close(m);
    if (st == OMOST_OK) om_error_clear(err);
    return st;
}
