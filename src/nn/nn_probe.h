/* nn_probe.h - what the renderer's libraries can do on this machine. Each
 * function appends components to `probe`; see omost/engine.h. */
#ifndef OM_NN_PROBE_H
#define OM_NN_PROBE_H

#include "omost/engine.h"

/* A new component at the end of `probe`, zeroed but for its name and state;
 * NULL when the probe is full. `fmt` makes the detail. */
omost_component *om_probe_add(omost_probe *probe, omost_component_state state,
                              const char *name, const char *version,
                              const char *fmt, ...) OMOST_PRINTF(5, 6);

/* "ggml", then one component for every device of every back end. */
void om_ggml_probe(const omost_probe_opts *opts, omost_probe *probe);

/* "oneDNN", "oneDNN f32" and, where the processor has it, "oneDNN bf16". */
void om_dnnl_probe(const omost_probe_opts *opts, omost_probe *probe);

#endif
