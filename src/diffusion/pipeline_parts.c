/* pipeline_parts.c - see pipeline_impl.h. */
#include "diffusion/pipeline_impl.h"

#ifdef __GLIBC__
#include <malloc.h>
#endif

/* glibc keeps freed blocks of up to 32 MiB for later ones, and a part's weights
 * are thousands of them: without this a closed UNet would still take memory
 * while the VAE decodes. */
static void give_memory_back(void)
{
#ifdef __GLIBC__
    (void)malloc_trim(0);
#endif
}

omost_status om_need_encoder(om_pipeline *p, omost_encoder which,
                             omost_error *err)
{
    if (p->encoder[which]) return OMOST_OK;
    p->encoder[which] = om_text_encoder_open(p->env, p->o.backend, p->o.model,
                                             which == OMOST_ENCODER_1
                                                 ? OMOST_MODEL_TEXT_ENCODER
                                                 : OMOST_MODEL_TEXT_ENCODER_2,
                                             p->o.config, p->o.keep, err);
    return p->encoder[which] ? OMOST_OK : err->status;
}

omost_status om_need_unet(om_pipeline *p, omost_error *err)
{
    if (p->unet) return OMOST_OK;
    p->unet = om_unet_open(p->env, p->o.backend, p->o.model, p->o.config,
                           p->o.keep, err);
    return p->unet ? OMOST_OK : err->status;
}

omost_status om_need_vae(om_pipeline *p, omost_error *err)
{
    if (p->vae) return OMOST_OK;
    p->vae = om_vae_open(p->env, p->o.backend, p->o.vae ? p->o.vae : p->o.model,
                         p->o.config, p->o.keep, err);
    return p->vae ? OMOST_OK : err->status;
}

omost_status om_need_tiny(om_pipeline *p, omost_error *err)
{
    if (p->tiny || !p->o.taesd) return OMOST_OK;
    p->tiny = om_tiny_decoder_open(p->env, p->o.backend, p->o.taesd, err);
    return p->tiny ? OMOST_OK : err->status;
}

void om_done_encoder(om_pipeline *p, omost_encoder which)
{
    if (p->o.keep_loaded) return;
    om_text_encoder_close(p->encoder[which]);
    p->encoder[which] = NULL;
    give_memory_back();
}

void om_done_vae(om_pipeline *p)
{
    if (p->o.keep_loaded) return;
    om_vae_close(p->vae);
    p->vae = NULL;
    give_memory_back();
}

static void forget_guides(om_job *job)
{
    for (int i = 0; i < OM_MAX_PASSES; i++) {
        om_guide_free(job->guide[i]);
        job->guide[i] = NULL;
    }
}

void om_job_forget(om_job *job)
{
    forget_guides(job);
    om_unet_words_free(job->words);
    job->words = NULL;
}

void om_done_unet(om_job *job)
{
    if (job->p->o.keep_loaded) return;
    forget_guides(job);
    om_unet_close(job->p->unet);
    job->p->unet = NULL;
    om_tiny_decoder_close(job->p->tiny);
    job->p->tiny = NULL;
    give_memory_back();
}
