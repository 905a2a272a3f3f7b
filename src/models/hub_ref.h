/* hub_ref.h - what a user may write for a model, taken apart and checked: names
 * from outside become paths, so nothing gets through that could lead out of the
 * cache. */
#ifndef OM_MODELS_HUB_REF_H
#define OM_MODELS_HUB_REF_H

#include "base/error.h"
#include "base/str.h"

typedef enum om_ref_kind {
    OM_REF_PATH, /* none: a path */
    OM_REF_REPO,
    OM_REF_FILE,
    OM_REF_URL
} om_ref_kind;

/* Parts borrow from the text, or from the catalog. */
typedef struct om_hub_ref {
    om_ref_kind kind;
    om_str owner, repo;
    om_str file; /* "a/b.json" */
    om_str rev;  /* "main" when none is written */
    om_str url;
    const char *text; /* as the user wrote it */
} om_hub_ref;

/* USAGE when it looks like a reference and is none. */
omost_status om_hub_ref_parse(om_hub_ref *r, const char *text,
                              omost_error *err);

/* Whether a name from a server may be a file's within a folder: segments of no
 * odd characters between slashes, none of them "." or "..". */
bool om_is_safe_file(om_str name);

/* Forty hexadecimal digits: a commit. */
bool om_is_commit(om_str rev);
/* So many hexadecimal digits, in lower case. */
bool om_is_hex(om_str s, size_t n);

#endif
