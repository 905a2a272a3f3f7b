/* model_config.h - the sizes of the models.
 *
 * What shapes tell is told by the shapes, in every layout alike: blocks, their
 * channels and layers, how deep each transformer is, widths. A configuration
 * in the diffusers vocabulary (config.json of a folder, or the one a caller
 * gives) adds what no shape says: heads, groups, epsilons, activations, the
 * scale of latents. Where there is none, SDXL's own values hold and an
 * attention head is 64 wide. Where both speak and differ, that is an error. So
 * is, for the UNet, a scheduler that is not SDXL's. */
#ifndef OM_WEIGHTS_MODEL_CONFIG_H
#define OM_WEIGHTS_MODEL_CONFIG_H

#include "weights/weights.h"

enum { OM_MAX_BLOCKS = 8, OM_MAX_LAYERS = 8 };

typedef enum om_activation {
    OM_ACT_GELU,      /* x * Phi(x), exact */
    OM_ACT_QUICK_GELU /* x * sigmoid(1.702 x) */
} om_activation;

typedef struct om_unet_config {
    int in_channels, out_channels;
    int n_blocks;
    int channels[OM_MAX_BLOCKS]; /* of the down blocks; up blocks backwards */
    int layers; /* resnets of a down block; one more going up */
    /* Transformer blocks of each layer's attention; 0: it has none. */
    int down_depth[OM_MAX_BLOCKS][OM_MAX_LAYERS];
    int up_depth[OM_MAX_BLOCKS][OM_MAX_LAYERS];
    bool has_mid;
    int mid_depth;
    int heads[OM_MAX_BLOCKS]; /* by down block; the middle is as the last */
    int context;              /* width of the text attended to */
    int time_width;           /* of the time embedding: 4 * channels[0] */
    int add_width;            /* into add_embedding: pooled text and time ids */
    int time_id_width;        /* of each of the six time ids */
    int groups;
    float norm_eps; /* of resnets and the last norm */
} om_unet_config;

typedef struct om_vae_config {
    int latent_channels, image_channels;
    int n_blocks;
    int channels[OM_MAX_BLOCKS]; /* of the encoder's blocks */
    int layers; /* resnets of a down block; one more going up */
    int groups;
    float scaling; /* latents are multiplied by it after encoding */
    bool has_encoder;
} om_vae_config;

typedef struct om_clip_config {
    int vocab, positions;
    int width, hidden; /* of the states, of the feed-forward layer */
    int layers, heads;
    int projection; /* width of text_projection's output; 0: none */
    om_activation activation;
    float norm_eps;
} om_clip_config;

/* `config` may be NULL: then the model's own config.json, if it has one. A
 * file of several parts' configurations ({"unet": {...}, ...}) is looked into. */
omost_status om_unet_config_read(om_unet_config *c, const om_weights *w,
                                 const json_t *config, omost_error *err);
omost_status om_vae_config_read(om_vae_config *c, const om_weights *w,
                                const json_t *config, omost_error *err);
omost_status om_clip_config_read(om_clip_config *c, const om_weights *w,
                                 const json_t *config, omost_error *err);

/* The UNet predicts v, not the noise; and its last level is all noise. */
static inline bool om_predicts_v(const om_model_files *m)
{
    return m->scheduler.v_prediction;
}
static inline bool om_has_zero_snr(const om_model_files *m)
{
    return m->scheduler.zero_snr;
}

#endif
