/* nn_probe.h - what the renderer's libraries can do on this machine: each probe
 * tells its findings one by one. */
#ifndef OM_NN_PROBE_H
#define OM_NN_PROBE_H

#include "omost/status.h"

typedef struct om_finding {
    bool works;
    const char *name, *version, *detail;
    const char *remedy; /* "" when there is none, or no need */
} om_finding;

/* Who is told; the texts are gone when it returns. */
typedef struct om_probe_sink {
    void (*found)(void *user, const om_finding *f);
    void *user;
} om_probe_sink;

/* Tell it; `fmt` makes the detail. */
void om_probe_tell(const om_probe_sink *to, om_finding f, const char *fmt, ...)
    OMOST_PRINTF(3, 4);

/* "ggml", then one finding for every device of every back end. `plugins` is the
 * folder of the back ends, NULL the one found at build time; each device is
 * given n_threads, 0 for as many as there are processors. No other thread may
 * use ggml meanwhile: its registry, and its log, which is silenced, are the
 * process's. */
void om_ggml_probe(const om_probe_sink *to, const char *plugins, int n_threads);

/* "oneDNN", "oneDNN f32" and, where the processor has it, "oneDNN bf16"; timed,
 * unless `quick`. */
void om_dnnl_probe(const om_probe_sink *to, bool quick);

#endif
