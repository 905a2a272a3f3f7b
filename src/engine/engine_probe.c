/* engine_probe.c - what can this machine compute with? */
#include "composer/composer_probe.h"
#include "nn/nn_probe.h"
#include "omost/engine.h"

#include "base/error.h"

#include <stdio.h>
#include <string.h>
#ifdef __GLIBC__
#include <gnu/libc-version.h>
#endif

static void probe_libc(omost_probe *probe)
{
#ifdef __GLIBC__
    om_probe_add(probe, OMOST_COMPONENT_OK, "libc", gnu_get_libc_version(),
                 "GNU C library, built against %d.%d", __GLIBC__,
                 __GLIBC_MINOR__);
#else
    om_probe_add(probe, OMOST_COMPONENT_OK, "libc", "", "the system's");
#endif
}

#if !OM_WITH_LLAMA || !OM_WITH_GGML || !OM_WITH_DNNL
static void add_missing(omost_probe *probe, const char *name, const char *use)
{
    omost_component *c = om_probe_add(probe, OMOST_COMPONENT_MISSING, name, "",
                                      "this build is without it: %s", use);
    if (c)
        snprintf(c->remedy, sizeof c->remedy,
                 "run: tools/setup build && make build");
}
#endif

static void probe_ggml(const omost_probe_opts *opts, omost_probe *probe)
{
#if OM_WITH_GGML
    om_ggml_probe(opts, probe);
#else
    (void)opts;
    add_missing(probe, "ggml", "no language model, no graphics card");
#endif
}

static void probe_llama(omost_probe *probe)
{
#if OM_WITH_LLAMA
    char info[sizeof probe->component[0].detail];
    om_llama_system_info(info, sizeof info);
    om_probe_add(probe, OMOST_COMPONENT_OK, "libllama", om_llama_version(),
                 "%s", info);
#else
    add_missing(probe, "libllama", "it cannot compose");
#endif
}

static void probe_dnnl(const omost_probe_opts *opts, omost_probe *probe)
{
#if OM_WITH_DNNL
    om_dnnl_probe(opts, probe);
#else
    (void)opts;
    add_missing(probe, "oneDNN", "it cannot draw");
#endif
}

const char *omost_component_state_name(omost_component_state state)
{
    switch (state) {
#define X(name, word, text) \
    case OMOST_COMPONENT_##name: return word;
        OMOST_COMPONENT_STATE_LIST(X)
#undef X
    }
    return "unknown";
}

omost_status omost_engine_probe(const omost_probe_opts *opts, omost_probe *out,
                                omost_error *err)
{
    static const omost_probe_opts defaults = {0};
    if (!out) return om_fail(err, OMOST_USAGE, "a probe needs a place to go");
    if (!opts) opts = &defaults;
    if (opts->n_threads < 0)
        return om_fail(err, OMOST_USAGE, "n_threads is %d; 0 means all",
                       opts->n_threads);
    memset(out, 0, sizeof *out);
    om_error_clear(err);
    probe_libc(out);
    probe_ggml(opts, out); /* first: libllama tells of what ggml has loaded */
    probe_llama(out);
    probe_dnnl(opts, out);
    return OMOST_OK;
}

const omost_component *omost_probe_find(const omost_probe *probe,
                                        const char *name)
{
    for (size_t i = 0; i < probe->n; i++)
        if (strcmp(probe->component[i].name, name) == 0)
            return &probe->component[i];
    return NULL;
}
