/* render_opts.h - where the options of a render are kept, by what omost/options.h
 * says of them (names, kinds, ranges), and how they are checked. */
#ifndef OM_ENGINE_RENDER_OPTS_H
#define OM_ENGINE_RENDER_OPTS_H

#include "base/error.h"
#include "omost/options.h"
#include "weights/model_files.h"

/* Indices of omost_render_option(). */
typedef enum om_render_id {
#define X(id, ...) OM_RENDER_##id,
    OMOST_RENDER_OPTION_LIST(X)
#undef X
} om_render_id;

typedef enum om_field_kind {
    OM_FIELD_INT,
    OM_FIELD_FLOAT,
    OM_FIELD_BOOL,
    OM_FIELD_NAME /* const char *, one of a choice */
} om_field_kind;

typedef struct om_render_field {
    om_render_id id;
    om_field_kind kind;
    size_t at;           /* offset in omost_render_opts */
    omost_choice choice; /* of a NAME */
} om_render_field;

/* Those that need no special care, and that a record keeps, in its order. */
extern const om_render_field om_render_fields[];
extern const size_t om_n_render_fields;

static inline const char *om_field_name(const om_render_field *f)
{
    return omost_render_option(f->id)->name;
}

/* The field of an option, or NULL. */
const om_render_field *om_render_field_of(om_render_id id);

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
