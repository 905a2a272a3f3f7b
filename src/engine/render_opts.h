/* render_opts.h - the options of a render as a table: their names on the
 * command line and in records, where they are, what they may be. */
#ifndef OM_ENGINE_RENDER_OPTS_H
#define OM_ENGINE_RENDER_OPTS_H

#include "base/error.h"
#include "omost/render.h"
#include "weights/model_files.h"

typedef enum om_field_kind {
    OM_FIELD_INT,
    OM_FIELD_FLOAT,
    OM_FIELD_BOOL,
    OM_FIELD_NAME /* const char *, one of a choice */
} om_field_kind;

typedef struct om_render_field {
    const char *name;
    om_field_kind kind;
    size_t at; /* offset in omost_render_opts */
    double min, max;
    bool or_zero;        /* 0 is fine as well */
    omost_choice choice; /* of a NAME */
} om_render_field;

/* Those that need no special care, and that a record keeps. */
extern const om_render_field om_render_fields[];
extern const size_t om_n_render_fields;

/* "dpm++2m, euler, euler_a or lcm" */
enum { OM_CHOICE_TEXT = 200 };
const char *om_choice_text(omost_choice which, char out[OM_CHOICE_TEXT]);

/* The i-th prompt style's word, as in OMOST_PROMPT_STYLE_LIST; NULL beyond. */
const char *om_prompt_style_name(size_t i);

/* Check all of `in` (NULL: the defaults) and say in *out what it means: no name
 * is NULL, sides are multiples of 64, the seed is a real one. The schedule and
 * what is predicted are by default what the model (may be NULL) says about
 * itself. */
omost_status om_render_resolve(omost_render_opts *out,
                               const omost_render_opts *in,
                               const om_model_files *model, omost_error *err);

#endif
