/* render_choices.c - the names that options and events go by. */
#include "omost/render.h"

#include "diffusion/rng.h"
#include "diffusion/sampler.h"
#include "diffusion/sigmas.h"
#include "diffusion/word.h"
#include "engine/render_opts.h"
#include "nn/backend.h"

static const char *const region_names[] = {
#define X(id, name, text) name,
    OMOST_REGION_LIST(X)
#undef X
};

static const char *const phase_names[] = {
#define X(id, word) word,
    OMOST_PHASE_LIST(X)
#undef X
};

static const char *const precision_names[] = {
#define X(id, name, text) name,
    OM_PRECISION_LIST(X)
#undef X
};

static const char *const style_names[] = {
#define X(id, word, help) word,
    OMOST_PROMPT_STYLE_LIST(X)
#undef X
};

const char *om_prompt_style_name(size_t i)
{
    return i < sizeof style_names / sizeof *style_names ? style_names[i] : NULL;
}

const char *omost_region_method_name(omost_region_method m)
{
    return (unsigned)m < OMOST_N_REGION_METHODS ? region_names[m] : "unknown";
}

int omost_region_method_find(const char *name)
{
    return omost_choice_find(OMOST_CHOICE_REGION, name);
}

const char *omost_phase_name(omost_phase phase)
{
    return (unsigned)phase < OMOST_N_PHASES ? phase_names[phase] : "unknown";
}

/* "auto" is known to every back end but is the name of none. */
static const char *backend_name(size_t i)
{
    const char *first = om_backend_at(0);
    if (first && strcmp(first, "auto") == 0) return om_backend_at(i);
    return i == 0 ? "auto" : om_backend_at(i - 1);
}

const char *omost_choice_name(omost_choice which, size_t i)
{
    switch (which) {
    case OMOST_CHOICE_SAMPLER:
        return i < OM_N_SAMPLERS ? om_samplers[i].name : NULL;
    case OMOST_CHOICE_SCHEDULE:
        return i < OM_N_SCHEDULES ? om_schedule_name((om_schedule)i) : NULL;
    case OMOST_CHOICE_RNG:
        return i < OM_N_RNGS ? om_rng_name((om_rng_kind)i) : NULL;
    case OMOST_CHOICE_PREDICTION:
        return i < OM_N_PREDICTIONS ? om_prediction_name((om_prediction)i)
                                    : NULL;
    case OMOST_CHOICE_REGION:
        return i < OMOST_N_REGION_METHODS ? region_names[i] : NULL;
    case OMOST_CHOICE_BACKEND: return backend_name(i);
    case OMOST_CHOICE_PRECISION:
        return i < OM_N_PRECISIONS ? precision_names[i] : NULL;
    case OMOST_N_CHOICES: break;
    }
    return NULL;
}

int omost_choice_find(omost_choice which, const char *name)
{
    const om_str word = om_str_of(name);
    const char *known;
    if (which == OMOST_CHOICE_SAMPLER) { /* has other names, too */
        const om_sampler *s = om_sampler_find(word);
        return s ? (int)(s - om_samplers) : -1;
    }
    if (which == OMOST_CHOICE_SCHEDULE) return om_schedule_find(word);
    for (size_t i = 0; (known = omost_choice_name(which, i)) != NULL; i++)
        if (om_word_eq(word, known)) return (int)i;
    return -1;
}
