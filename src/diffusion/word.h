/* word.h - the words people use for samplers, schedules and the like. Every
 * program spells them a little differently, so letters and digits count alone,
 * in any case, and a "+" is a "p": "DPM++ 2M", "dpm++2m", "dpmpp_2m" agree. */
#ifndef OM_DIFFUSION_WORD_H
#define OM_DIFFUSION_WORD_H

#include "base/str.h"

/* The next letter of s that counts, lower-cased; 0 at its end. */
static inline char om_word_next(om_str *s)
{
    while (s->n) {
        char c = *s->p;
        *s = om_str_skip(*s, 1);
        if (c >= 'A' && c <= 'Z') return (char)(c - 'A' + 'a');
        if (c == '+') return 'p';
        if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')) return c;
        if (c != ' ' && c != '-' && c != '_') return '?'; /* in no name */
    }
    return 0;
}

static inline bool om_word_eq(om_str a, const char *name)
{
    om_str b = om_str_of(name);
    char c;
    do {
        c = om_word_next(&a);
        if (c != om_word_next(&b)) return false;
    } while (c);
    return true;
}

#endif
