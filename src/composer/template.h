/* template.h - a chat template taken apart.
 *
 * A template is a function from turns to text. What it writes itself (role
 * names, special tokens) and what it was given (the turns' texts) must be told
 * apart: a user who types "<|eot_id|>" means these ten characters. So the
 * template is asked with stand-ins for the texts, and what it makes of them is
 * cut at the stand-ins:
 *
 *     piece[0] text[0] piece[1] text[1] ... text[n - 1] piece[n]
 *
 * Whether the template trims a text is seen in what becomes of the white space
 * around its stand-in. */
#ifndef OM_COMPOSER_TEMPLATE_H
#define OM_COMPOSER_TEMPLATE_H

#include "base/buf.h"
#include "composer/writer.h"

/* Append the turns as the template writes them, and the start of the reply.
 * The texts hold no NUL. */
typedef omost_status om_template_fn(void *user, const om_turn *turns, size_t n,
                                    om_buf *out, omost_error *err);

typedef struct om_template_parts {
    size_t n;      /* turns */
    om_str *piece; /* [n + 1] in the arena */
    om_str *text;  /* [n] spans of the turns' own texts, trimmed or not */
} om_template_parts;

/* FORMAT when the template does not write every text once and in order. */
omost_status om_template_split(om_template_fn *apply, void *user,
                               const om_turn *turns, size_t n, om_arena *arena,
                               om_template_parts *out, omost_error *err);

#endif
