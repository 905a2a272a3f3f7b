/* omost/engine.h - what can this machine compute with? (The renderer is in
 * omost/render.h.)
 *
 * A probe loads the inference libraries, asks each who it is, and lets
 * oneDNN multiply matrices whose product it checks.
 *
 *     omost_probe probe;
 *     omost_error err;
 *     if (omost_engine_probe(NULL, &probe, &err) != OMOST_OK) {
 *         fprintf(stderr, "%s\n", err.msg);
 *         return omost_status_exit_code(err.status);
 *     }
 *     for (size_t i = 0; i < probe.n; i++) {
 *         const omost_component *c = &probe.component[i];
 *         printf("%-7s %s %s: %s\n", omost_component_state_name(c->state),
 *                c->name, c->version, c->detail);
 *         if (c->remedy[0]) printf("        %s\n", c->remedy);
 *     }
 *
 * An omost_probe is a plain value: nothing to free. What is missing or does
 * not work is a component that says so, not an error of the call.
 *
 * Threads: one thread at a time. ggml keeps the back ends it has loaded for
 * the life of the process; llama and ggml are told to log nothing. */
#ifndef OMOST_ENGINE_H
#define OMOST_ENGINE_H

#include "omost/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/* name, word, meaning */
#define OMOST_COMPONENT_STATE_LIST(X)              \
    X(OK, "ok", "there, and it works")             \
    X(MISSING, "missing", "not there; see remedy") \
    X(FAILED, "failed", "there, but does not work")

typedef enum omost_component_state {
#define X(name, word, text) OMOST_COMPONENT_##name,
    OMOST_COMPONENT_STATE_LIST(X)
#undef X
} omost_component_state;

/* "ok", "missing", "failed"; never NULL. */
OMOST_API const char *omost_component_state_name(omost_component_state state);

typedef struct omost_component {
    omost_component_state state;
    char name[48];    /* "libc", "libllama", "ggml", "ggml:CPU", "oneDNN" ... */
    char version[32]; /* "" when it has none */
    char detail[400]; /* a line for a person; may be "" */
    char remedy[160]; /* what to run to get it; "" when it is there */
} omost_component;

enum { OMOST_PROBE_MAX = 24 };

typedef struct omost_probe {
    size_t n; /* components that follow; those beyond the limit are left out */
    omost_component component[OMOST_PROBE_MAX];
} omost_probe;

/* All zero, or NULL for the whole, means the defaults. */
typedef struct omost_probe_opts {
    /* Folder of ggml's back ends; NULL: the one found at build time. Only the
     * first probe of a process loads back ends: from then on this is ignored. */
    const char *ggml_plugins;
    /* Threads a ggml device is given; 0: all processors. (oneDNN decides for
     * itself, by OMP_NUM_THREADS.) */
    int n_threads;
    /* Leave out the 1024 x 1024 x 1024 product that is timed. */
    bool quick;
} omost_probe_opts;

/* Look at everything. Fails only when it is called wrongly (USAGE). Takes a
 * tenth of a second. */
OMOST_API OMOST_NODISCARD omost_status omost_engine_probe(
    const omost_probe_opts *opts, omost_probe *out, omost_error *err);

/* The first component of that name, lent by `probe`; NULL when there is none. */
OMOST_API const omost_component *omost_probe_find(const omost_probe *probe,
                                                  const char *name);

#ifdef __cplusplus
}
#endif
#endif
