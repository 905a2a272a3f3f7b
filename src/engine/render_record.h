/* render_record.h - what a picture tells about itself: a JSON record from which
 * it can be drawn again, and the line A1111 and many viewers understand. */
#ifndef OM_ENGINE_RENDER_RECORD_H
#define OM_ENGINE_RENDER_RECORD_H

#include "base/json.h"
#include "engine/digest.h"
#include "omost/render.h"
#include "weights/model_files.h"

/* What one picture of a render was made with. */
typedef struct om_drawn {
    const omost_render_opts *opts; /* resolved; the seed is the batch's */
    int index;                     /* of the batch */
    int width, height;             /* of the picture */
    const char *canvas;            /* canonical Python */
    json_t *plan;                  /* om_record_plan(), or NULL */
    om_str prompt;                 /* of the whole picture */
    const char *profile;           /* its text, or NULL */
    char init_sha256[65];          /* of the first picture's bytes */
    const char *backend, *precision, *tokenizer;
    omost_model_kind kind;
    const om_digest_item *model, *vae, *config;
    const om_digest_item *const *lora;
    const omost_lora *loras; /* their weights */
    size_t n_loras;
} om_drawn;

/* The seed of the picture: its own, or with compat_omost the batch's. */
int64_t om_drawn_seed(const om_drawn *d);

/* The plan as a record holds it: its JSON without notes, whose places are those
 * of a text the record does not hold. `env` made the plan. NULL: it is too
 * large for a record, or there is no memory. */
json_t *om_record_plan(const omost_env *env, const omost_plan *plan);

/* The texts are the caller's, to be freed with om_free(env). */
char *om_record_write(const omost_env *env, const om_drawn *d,
                      omost_error *err);
char *om_parameters_write(const omost_env *env, const om_drawn *d,
                          omost_error *err);

/* Told of every difference between a record and what will be drawn. */
typedef void om_difference_fn(void *user, const char *text);
/* Before drawing: program, plan, the picture to begin from. */
void om_record_compare(const char *record, const om_drawn *d,
                       om_difference_fn *tell, void *user);
/* Once digests are known: the files. */
void om_record_compare_files(const char *record, const om_drawn *d,
                             om_difference_fn *tell, void *user);

#endif
