/* render_options.c - the words the options of drawing take. */
#include <stdio.h>

#include "cli/render_cli.h"

/* A table cannot call with an argument: functions for each choice. */
#define X(id)                                              \
    const char *om_##id##_at(size_t i)                     \
    {                                                      \
        return omost_choice_name(OMOST_CHOICE_##id, i);    \
    }                                                      \
    int om_##id##_find(const char *word)                   \
    {                                                      \
        return omost_choice_find(OMOST_CHOICE_##id, word); \
    }
OM_RENDER_CHOICE_LIST(X)
#undef X

/* "DPM++ 2M Karras", as other programs call a sampler and a schedule. */
bool om_sampler_hint(char out[OM_HINT_MAX], const char *word)
{
    char first[OM_HINT_MAX];
    for (const char *p = strpbrk(word, " _-"); p; p = strpbrk(p + 1, " _-")) {
        int n = snprintf(first, sizeof first, "%.*s", (int)(p - word), word);
        if (n < 0 || n >= (int)sizeof first) break;
        int sampler = om_SAMPLER_find(first),
            schedule = om_SCHEDULE_find(p + 1);
        if (sampler < 0 || schedule < 0) continue;
        snprintf(out, OM_HINT_MAX, "--sampling-method %s --scheduler %s",
                 om_SAMPLER_at((size_t)sampler),
                 om_SCHEDULE_at((size_t)schedule));
        return true;
    }
    return false;
}

const char *const om_style_names[] = {
#define X(name, word, help) [OMOST_PROMPT_##name] = word,
    OMOST_PROMPT_STYLE_LIST(X)
#undef X
        NULL,
};

const char *const om_compat_names[] = {"none", "omost", NULL};

/* Not what this build has, but what there can be: the documents are the same
 * everywhere, and the engine says what is missing. */
const char *const om_backend_names[] = {"auto", "dnnl", "ref", NULL};
