/* ggml_probe.c - ggml: load its back ends, list their devices.
 *
 * ggml's back ends are plug-ins; the CPU is one, in a variant per processor
 * family, of which ggml picks the best that runs here. Its registry is global
 * to the process and would list twice what is loaded twice. */
#include "nn/nn_probe.h"

#include <ggml-backend.h>
#include <ggml.h>
#include <stdio.h>

#include "base/processors.h"

#ifndef OM_GGML_PLUGINS
#define OM_GGML_PLUGINS "" /* beside ggml itself */
#endif

static void log_nothing(enum ggml_log_level level, const char *text, void *user)
{
    (void)level, (void)text, (void)user;
}

static void load_backends(const char *folder)
{
    ggml_log_set(log_nothing, NULL);
    if (ggml_backend_reg_count() > 0) return;
    if (folder[0])
        ggml_backend_load_all_from_path(folder);
    else
        ggml_backend_load_all();
}

static const char *device_kind(ggml_backend_dev_t dev)
{
    switch (ggml_backend_dev_type(dev)) {
    case GGML_BACKEND_DEVICE_TYPE_CPU: return "processor";
    case GGML_BACKEND_DEVICE_TYPE_GPU: return "graphics card";
    case GGML_BACKEND_DEVICE_TYPE_IGPU: return "integrated graphics";
    case GGML_BACKEND_DEVICE_TYPE_ACCEL: return "works beside the processor";
    default: return "device";
    }
}

/* Start the device and give it its threads; false when it does not start. */
static bool try_device(ggml_backend_dev_t dev, int n_threads)
{
    ggml_backend_t backend = ggml_backend_dev_init(dev, NULL);
    if (!backend) return false;
    ggml_backend_reg_t reg = ggml_backend_dev_backend_reg(dev);
    union { /* a function's address comes as an object's */
        void *object;
        ggml_backend_set_n_threads_t call;
    } set_n_threads = {
        ggml_backend_reg_get_proc_address(reg, "ggml_backend_set_n_threads")};
    if (set_n_threads.object) set_n_threads.call(backend, n_threads);
    ggml_backend_free(backend);
    return true;
}

static void tell_device(const om_probe_sink *to, ggml_backend_dev_t dev,
                        int n_threads)
{
    char name[48], memory[48] = "";
    snprintf(name, sizeof name, "ggml:%s", ggml_backend_dev_name(dev));
    size_t free_bytes = 0, total_bytes = 0;
    ggml_backend_dev_memory(dev, &free_bytes, &total_bytes);
    if (total_bytes > 0)
        snprintf(memory, sizeof memory, ", %.1f GiB of memory",
                 (double)total_bytes / (1 << 30));
    const om_finding f = {.works = try_device(dev, n_threads), .name = name};
    om_probe_tell(to, f, "%s, %s%s", ggml_backend_dev_description(dev),
                  device_kind(dev), memory);
}

void om_ggml_probe(const om_probe_sink *to, const char *plugins, int n_threads)
{
    om_finding f = {.name = "ggml", .version = ggml_version()};
    if (!plugins) plugins = OM_GGML_PLUGINS;
    load_backends(plugins);
    size_t n_devices = ggml_backend_dev_count();
    if (n_devices == 0) {
        f.remedy = "run: tools/setup build && make build";
        om_probe_tell(to, f, "no back end could be loaded from %s",
                      plugins[0] ? plugins : "ggml's own folder");
        return;
    }
    f.works = true;
    om_probe_tell(to, f, "%zu back ends, %zu devices", ggml_backend_reg_count(),
                  n_devices);
    if (n_threads <= 0) n_threads = om_processors();
    for (size_t i = 0; i < n_devices; i++)
        tell_device(to, ggml_backend_dev_get(i), n_threads);
}
