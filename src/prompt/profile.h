/* profile.h - tags one by one, and what a profile makes of them. */
#ifndef OM_PROMPT_PROFILE_H
#define OM_PROMPT_PROFILE_H

#include "base/buf.h"
#include "omost/plan.h"

enum {
    OM_TAG_KEY = 128, /* bytes; longer tags match no rule */
    OM_PROFILE_MAX_TEXT = 64 * 1024,
    OM_PROFILE_MAX_RULES = 4096
};

/* The next tag of a list with commas: taken off *rest, stripped of white space
 * and dots, never empty; false at the end. */
bool om_tag_next(om_str *rest, om_str *tag);

/* The tag in the form in which tags are compared: ASCII lower case, "_" as a
 * space, one space between words. Its length; 0 when it does not fit. */
size_t om_tag_key(om_str tag, char key[OM_TAG_KEY]);

bool om_profile_has_rules(const omost_profile *p);

/* Append the profile in its language: reading it gives the same one. */
void om_profile_print(om_buf *out, const omost_profile *p);

#endif
