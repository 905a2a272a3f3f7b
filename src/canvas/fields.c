/* fields.c - see fields.h; made from canvas_vocab.def. */
#include "canvas/fields.h"

#include "canvas/canvas_vocab.def"

/* A type of the lists, as a field: type, kind. */
#define FIELD_TEXT OM_FIELD_TEXT, 0
#define FIELD_TEXTS OM_FIELD_TEXTS, 0
#define FIELD_NUMBER OM_FIELD_NUMBER, 0
#define FIELD_LOCATION OM_FIELD_WORD, OMOST_WORD_LOCATION
#define FIELD_OFFSET OM_FIELD_WORD, OMOST_WORD_OFFSET
#define FIELD_AREA OM_FIELD_WORD, OMOST_WORD_AREA
#define FIELD_COLOR OM_FIELD_WORD, OMOST_WORD_COLOR

static const om_field global_fields[] = {
#define X(name, type, member, instead) \
    {#name, FIELD_##type, offsetof(omost_global, member), instead},
    OM_GLOBAL_PARAM_LIST(X)
#undef X
};

static const om_field local_fields[] = {
#define X(name, type, member, instead) \
    {#name, FIELD_##type, offsetof(omost_region, member), instead},
    OM_LOCAL_PARAM_LIST(X)
#undef X
};

enum {
    N_GLOBAL = sizeof global_fields / sizeof *global_fields,
    N_LOCAL = sizeof local_fields / sizeof *local_fields,
};
_Static_assert((int)N_LOCAL == (int)OM_MAX_FIELDS,
               "the longer call sets the limit");

const om_method om_set_global = {"set_global_description", global_fields,
                                 N_GLOBAL};
const om_method om_add_local = {"add_local_description", local_fields, N_LOCAL};
