/* catalog.c - the models known by a name, and their kinds. */
#include <strings.h>

#include "omost/models.h"

static const omost_known known[] = {
#define X(name, kind, ref, bytes, license, text) \
    {name, OMOST_KNOWN_##kind, ref, bytes, license, text},
#include "models/catalog.def"
#undef X
};
enum { N_KNOWN = sizeof known / sizeof *known };

const omost_known *omost_known_at(size_t i)
{
    return i < N_KNOWN ? &known[i] : NULL;
}

const omost_known *omost_known_find(const char *name)
{
    for (size_t i = 0; i < N_KNOWN; i++)
        if (strcasecmp(known[i].name, name) == 0) return &known[i];
    return NULL;
}

const char *omost_known_kind_name(omost_known_kind kind)
{
    switch (kind) {
#define X(name, word, text) \
    case OMOST_KNOWN_##name: return word;
        OMOST_KNOWN_KIND_LIST(X)
#undef X
    case OMOST_KNOWN_N_KINDS: break;
    }
    return "?";
}

const char *omost_known_kind_text(omost_known_kind kind)
{
    switch (kind) {
#define X(name, word, text) \
    case OMOST_KNOWN_##name: return text;
        OMOST_KNOWN_KIND_LIST(X)
#undef X
    case OMOST_KNOWN_N_KINDS: break;
    }
    return "?";
}
