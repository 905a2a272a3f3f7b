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

static void put_component(omost_probe *probe, omost_component_state state,
                          const om_finding *f)
{
    if (probe->n >= OMOST_PROBE_MAX) return;
    omost_component *c = &probe->component[probe->n++];
    c->state = state;
    snprintf(c->name, sizeof c->name, "%s", f->name);
    snprintf(c->version, sizeof c->version, "%s", f->version);
    snprintf(c->detail, sizeof c->detail, "%s", f->detail);
    snprintf(c->remedy, sizeof c->remedy, "%s", f->remedy);
}

static void found(void *probe, const om_finding *f)
{
    put_component(probe, f->works ? OMOST_COMPONENT_OK : OMOST_COMPONENT_FAILED,
                  f);
}

static void probe_libc(const om_probe_sink *to)
{
    om_finding f = {.works = true, .name = "libc"};
#ifdef __GLIBC__
    f.version = gnu_get_libc_version();
    om_probe_tell(to, f, "GNU C library, built against %d.%d", __GLIBC__,
                  __GLIBC_MINOR__);
#else
    om_probe_tell(to, f, "the system's");
#endif
}

#if !OM_WITH_LLAMA || !OM_WITH_GGML || !OM_WITH_DNNL
static void missing(void *probe, const om_finding *f)
{
    put_component(probe, OMOST_COMPONENT_MISSING, f);
}

static void tell_missing(const om_probe_sink *to, const char *name,
                         const char *use)
{
    const om_probe_sink sink = {missing, to->user};
    const om_finding f = {.name = name,
                          .remedy = "run: tools/setup build && make build"};
    om_probe_tell(&sink, f, "this build is without it: %s", use);
}
#endif

static void probe_ggml(const omost_probe_opts *opts, const om_probe_sink *to)
{
#if OM_WITH_GGML
    om_ggml_probe(to, opts->ggml_plugins, opts->n_threads);
#else
    (void)opts;
    tell_missing(to, "ggml", "no language model, no graphics card");
#endif
}

static void probe_llama(const om_probe_sink *to)
{
#if OM_WITH_LLAMA
    char info[400];
    om_llama_system_info(info, sizeof info);
    const om_finding f = {
        .works = true, .name = "libllama", .version = om_llama_version()};
    om_probe_tell(to, f, "%s", info);
#else
    tell_missing(to, "libllama", "it cannot compose");
#endif
}

static void probe_dnnl(const omost_probe_opts *opts, const om_probe_sink *to)
{
#if OM_WITH_DNNL
    om_dnnl_probe(to, opts->quick);
#else
    (void)opts;
    tell_missing(to, "oneDNN", "it cannot draw");
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
    om_error_clear(err);
    if (!out) return om_fail(err, OMOST_USAGE, "a probe needs a place to go");
    if (!opts) opts = &defaults;
    if (opts->n_threads < 0)
        return om_fail(err, OMOST_USAGE, "n_threads is %d; 0 means all",
                       opts->n_threads);
    memset(out, 0, sizeof *out);
    const om_probe_sink to = {found, out};
    probe_libc(&to);
    probe_ggml(opts, &to); /* first: libllama tells of what ggml has loaded */
    probe_llama(&to);
    probe_dnnl(opts, &to);
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
