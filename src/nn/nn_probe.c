/* nn_probe.c - appending to a probe. */
#include "nn/nn_probe.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

omost_component *om_probe_add(omost_probe *probe, omost_component_state state,
                              const char *name, const char *version,
                              const char *fmt, ...)
{
    if (probe->n >= OMOST_PROBE_MAX) return NULL;
    omost_component *c = &probe->component[probe->n++];
    memset(c, 0, sizeof *c);
    c->state = state;
    snprintf(c->name, sizeof c->name, "%s", name);
    snprintf(c->version, sizeof c->version, "%s", version);
    va_list args;
    va_start(args, fmt);
    vsnprintf(c->detail, sizeof c->detail, fmt, args);
    va_end(args);
    return c;
}
