/* find.h - where things are in the cache. */
#ifndef OM_MODELS_FIND_H
#define OM_MODELS_FIND_H

#include "models/hub_cache.h"

/* Where a file, or a repository that is wholly there, lies; false: nowhere. */
bool om_find_cached(om_path out, const char *cache, const om_hub_ref *r);

/* Where the file of an address goes. */
omost_status om_find_url_place(om_path out, const omost_hub_opts *o, om_str url,
                               omost_error *err);

/* A copy for the caller. */
omost_status om_find_dup(char **out, const omost_env *env, const char *text,
                         omost_error *err);

#endif
