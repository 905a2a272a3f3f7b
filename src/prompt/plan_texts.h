/* plan_texts.h - the prefixes and suffixes of a condition in a prompt style. */
#ifndef OM_PROMPT_PLAN_TEXTS_H
#define OM_PROMPT_PLAN_TEXTS_H

#include "base/mem.h"
#include "omost/plan.h"

typedef struct om_texts_opts {
    const omost_canvas *canvas;
    omost_prompt_style style;     /* DESCRIPTION or TAGS */
    const omost_profile *profile; /* may be NULL */
    om_str
        quality; /* the profile's, as every prompt begins with it; or empty */
} om_texts_opts;

/* What was done that a person may want to know. */
typedef struct om_texts_news {
    bool no_tags; /* the description stands in for them */
    /* more than OMOST_MAX_TAGS in one text: the rest is left out */
    bool tags_left;
} om_texts_news;

/* Fill opts->quality from opts->profile. False when there is no memory. */
bool om_plan_quality(om_arena *a, om_texts_opts *opts);

/* Replace the texts of `c`, an item of the canvas's layout, by those of the
 * style; new ones live in the arena. False when there is no memory. */
bool om_plan_texts(om_arena *a, const om_texts_opts *opts, omost_condition *c,
                   om_texts_news *news);

#endif
