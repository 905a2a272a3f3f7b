/* prompt_text.h - a plan as the UNet reads it: the words of all conditions side
 * by side, and the vector that stands for each condition as a whole.
 *
 *     om_text text;
 *     om_text_init(&text, env);
 *     st = om_text_plan(&text, plan, omost_plan_count(plan), negative, err);
 *     st = om_text_encode(&text, encoder_1, OMOST_ENCODER_1, ..., err);
 *     st = om_text_encode(&text, encoder_2, OMOST_ENCODER_2, ..., err);
 *
 * so that one encoder need not be in memory with the other. The states of a
 * later encoder stand to the right of those before it. */
#ifndef OM_DIFFUSION_PROMPT_TEXT_H
#define OM_DIFFUSION_PROMPT_TEXT_H

#include "diffusion/regions.h"
#include "diffusion/text_encoder.h"

typedef struct om_text {
    const omost_env *env;
    om_region_words *region; /* the plan's conditions; [0] the global one */
    int n_regions;
    om_region_words negative; /* n == 0: there is none */
    int n_words;              /* of all */
    int width;
    float *states; /* [n_words, width] */
    int pooled_width;
    float *pooled; /* [n_regions + 1, pooled_width]; last: the negative's */
    const omost_row **row; /* [n_words / 77] borrowed from the plan */
} om_text;

void om_text_init(om_text *text, const omost_env *env);
/* Where the words lie: those of the first `n` conditions of the plan, which has
 * rows, and of `negative`, which may be NULL. Both are borrowed until all is
 * encoded. */
omost_status om_text_plan(om_text *text, const omost_plan *plan, size_t n,
                          const omost_row *negative, omost_error *err);

typedef enum om_pooling {
    OM_POOL_NONE,
    OM_POOL_PLAIN,    /* as the original */
    OM_POOL_PROJECTED /* as SDXL was trained */
} om_pooling;

omost_status om_text_encode(om_text *text, om_text_encoder *te,
                            omost_encoder which, om_pooling pooling,
                            const om_watch *watch, omost_error *err);
/* The vector of condition i, or of the negative one for n_regions. */
static inline const float *om_text_pooled(const om_text *text, int i)
{
    return text->pooled + (size_t)i * (size_t)text->pooled_width;
}
void om_text_free(om_text *text);

#endif
