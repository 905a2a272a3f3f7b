/* fields.h - the parameters of the two calls as tables over the structs that
 * hold them: name, type, place. The builder, the printer, JSON and comparison
 * go through these instead of naming eleven parameters each. */
#ifndef OM_CANVAS_FIELDS_H
#define OM_CANVAS_FIELDS_H

#include "omost/canvas.h"

typedef enum om_field_type {
    OM_FIELD_TEXT,   /* omost_str */
    OM_FIELD_TEXTS,  /* omost_texts */
    OM_FIELD_NUMBER, /* omost_number */
    OM_FIELD_WORD,   /* int, an index of `kind` */
} om_field_type;

typedef struct om_field {
    const char *name;
    om_field_type type;
    omost_word_kind kind; /* of a WORD */
    size_t at;            /* bytes into omost_global or omost_region */
    /* What a call without it means, outside strict mode: a word, or "" for an
     * empty text. NULL: it cannot be left out. */
    const char *instead;
} om_field;

/* One of the two calls. */
typedef struct om_method {
    const char *name;
    const om_field *fields; /* in the order of positional arguments */
    size_t n;
} om_method;

enum { OM_MAX_FIELDS = 11 };

extern const om_method om_set_global, om_add_local;

static inline void *om_field_of(void *object, const om_field *f)
{
    return (char *)object + f->at;
}

static inline const void *om_field_in(const void *object, const om_field *f)
{
    return (const char *)object + f->at;
}

#endif
