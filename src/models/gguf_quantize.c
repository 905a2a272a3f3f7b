/* gguf_quantize.c - quantising, by libllama.
 *
 * It reports by its log alone, a line for each tensor: "[  12/ 291] name -
 * ...". libllama's log is the process's; it is taken for the time of the call.
 */
#include <llama.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "models/gguf_make.h"

#ifndef OM_GGML_PLUGINS
#define OM_GGML_PLUGINS "" /* beside ggml itself */
#endif

/* libllama's own limit would be 8 GiB of rows at once. */
static const size_t max_rows_bytes = (size_t)256 << 20;

typedef struct listener {
    const om_gguf_watch *watch;
    bool stopped;
    char why[160]; /* its last complaint */
} listener;

static void keep_reason(listener *l, const char *text)
{
    size_t n = strcspn(text, "\n");
    snprintf(l->why, sizeof l->why, "%.*s",
             (int)(n < sizeof l->why ? n : sizeof l->why - 1), text);
}

static void hear(enum ggml_log_level level, const char *text, void *user)
{
    listener *l = user;
    char *end;
    const char *p = strchr(text, '[');
    if (level == GGML_LOG_LEVEL_ERROR) keep_reason(l, text);
    if (!p) return;
    unsigned long i = strtoul(p + 1, &end, 10);
    if (*end != '/') return;
    unsigned long n = strtoul(end + 1, &end, 10);
    if (*end != ']' || i > n || n == 0) return;
    char name[64] = "";
    size_t skip = strspn(end + 1, " ");
    size_t len = strcspn(end + 1 + skip, " ");
    snprintf(name, sizeof name, "%.*s", (int)(len < 60 ? len : 60),
             end + 1 + skip);
    if (!om_gguf_tell(l->watch, "quantizing", name, i, n)) l->stopped = true;
}

static void hear_nothing(enum ggml_log_level level, const char *text,
                         void *user)
{
    (void)level, (void)text, (void)user;
}

static void load_backends(const char *folder)
{
    if (!folder) folder = OM_GGML_PLUGINS;
    if (ggml_backend_reg_count() > 0) return;
    if (folder[0])
        ggml_backend_load_all_from_path(folder);
    else
        ggml_backend_load_all();
}

omost_status om_gguf_quantize(const char *from, const char *to, int file_type,
                              int n_threads, const char *plugins,
                              const om_gguf_watch *w, omost_error *err)
{
    listener l = {.watch = w};
    llama_log_set(hear_nothing, NULL);
    llama_backend_init();
    load_backends(plugins);
    struct llama_model_quantize_params p =
        llama_model_quantize_default_params();
    p.nthread = n_threads;
    p.ftype = (enum llama_ftype)file_type;
    p.max_buf_size = max_rows_bytes;
    llama_log_set(hear, &l);
    uint32_t failed = llama_model_quantize(from, to, &p);
    llama_log_set(hear_nothing, NULL);
    if (l.stopped) return om_fail(err, OMOST_CANCELLED, "stopped");
    if (!failed) return OMOST_OK;
    return om_fail(err, OMOST_BACKEND, "libllama could not quantise: %s",
                   l.why[0] ? l.why : "it gives no reason");
}
