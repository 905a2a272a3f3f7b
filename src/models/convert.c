/* convert.c - omost_gguf_convert(): a folder of the Hugging Face hub becomes a
 * GGUF file. */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "models/disk.h"
#include "models/gguf_make.h"

#if !OM_WITH_LLAMA
static omost_status without(omost_error *err)
{
    return om_fail(err, OMOST_BACKEND,
                   "this omost was built without libllama and cannot make GGUF "
                   "files; run: tools/setup build && make build");
}

uint64_t om_gguf_data_bytes(const om_gguf_parts *p)
{
    (void)p;
    return 0;
}

omost_status om_gguf_write(const omost_env *env, const om_gguf_parts *p,
                           FILE *f, const om_gguf_watch *w, omost_error *err)
{
    (void)env, (void)p, (void)f, (void)w;
    return without(err);
}

omost_status om_gguf_quantize(const char *from, const char *to, int file_type,
                              int n_threads, const char *plugins,
                              const om_gguf_watch *w, omost_error *err)
{
    (void)from, (void)to, (void)file_type, (void)n_threads, (void)plugins;
    (void)w;
    return without(err);
}
#endif

/* ---- kinds --------------------------------------------------------------- */

static const omost_gguf_type types[] = {
#define X(name, number, bits, text) {#name, text, number, bits},
#include "models/gguf_types.def"
#undef X
};
enum { N_TYPES = sizeof types / sizeof *types };

const omost_gguf_type *omost_gguf_type_at(size_t i)
{
    return i < N_TYPES ? &types[i] : NULL;
}

static const omost_gguf_type *find_type(const char *name)
{
    for (size_t i = 0; i < N_TYPES; i++)
        if (strcasecmp(name, types[i].name) == 0) return &types[i];
    return NULL;
}

/* ---- a name for the model ------------------------------------------------ */

/* The folder's last name; of a snapshot in a cache, the repository's. */
static void name_of(char out[128], const char *path)
{
    char real[PATH_MAX];
    const char *p = realpath(path, real) ? real : path, *from = p;
    const char *cached = strstr(p, "/models--");
    if (cached) {
        const char *dashes = strstr(cached + 9, "--");
        from = dashes ? dashes + 2 : cached + 9;
    } else {
        for (const char *q = p; *q; q++)
            if (*q == '/' && q[1]) from = q + 1;
    }
    snprintf(out, 128, "%.*s", (int)strcspn(from, "/"), from);
}

static bool has_word(const char *name, const char *word)
{
    for (; *name; name++)
        if (strncasecmp(name, word, strlen(word)) == 0) return true;
    return false;
}

/* libllama drops the spaces after special tokens, as Phi-3's tokenizer asks,
 * only where the model's name says that it is one. */
static void name_model(char out[160], const char *path, om_llm_arch arch,
                       const om_llm_vocab *v)
{
    char name[128];
    name_of(name, path);
    bool told = has_word(name, "phi-3") || has_word(name, "phi3");
    bool needed = arch == OM_LLM_PHI3 && v->strips_spaces && !told;
    snprintf(out, 160, "%s%s", needed ? "Phi-3 " : "",
             name[0] ? name : "model");
}

/* ---- the work ------------------------------------------------------------ */

bool om_gguf_tell(const om_gguf_watch *w, const char *phase, const char *name,
                  uint64_t done, uint64_t total)
{
    const omost_convert_event ev = {
        .phase = phase, .tensor = name, .done = done, .total = total};
    return !w->on_progress || w->on_progress(w->user, &ev);
}

typedef struct job {
    const omost_gguf_opts *o;
    const omost_gguf_type *type;
    om_llm_folder folder;
    om_llm_config config;
    om_llm_vocab vocab;
    om_llm_tensors tensors;
    om_gguf_parts parts;
    om_gguf_watch watch;
    char name[160];
    omost_error *err;
} job;

/* The kinds that are written as they are, and not quantised. */
static om_dtype plain_dtype(const omost_gguf_type *t)
{
    return t->file_type == 0    ? OM_F32
           : t->file_type == 1  ? OM_F16
           : t->file_type == 32 ? OM_BF16
                                : OM_N_DTYPES;
}

/* What lies between a folder and a quantised file: what the weights are kept in
 * without loss, and f16 for those that were quantised before, as bitsandbytes
 * itself computes with them. */
static om_dtype middle_dtype(const om_llm_tensors *t)
{
    return t->quantized ? OM_F16 : t->exact;
}

static omost_status look(job *j)
{
    const omost_env *env = j->o->env;
    omost_status st = om_llm_folder_open(&j->folder, env, j->o->folder, j->err);
    if (st == OMOST_OK) st = om_llm_config_read(&j->config, &j->folder, j->err);
    if (st == OMOST_OK)
        st = om_llm_vocab_read(&j->vocab, &j->folder, &j->config, j->err);
    if (st == OMOST_OK)
        st = om_llm_tensors_find(&j->tensors, &j->folder, &j->config, j->err);
    if (st != OMOST_OK) return st;
    name_model(j->name, j->o->folder, j->config.arch, &j->vocab);
    om_dtype d = plain_dtype(j->type);
    j->parts =
        (om_gguf_parts){.name = j->name,
                        .config = &j->config,
                        .vocab = &j->vocab,
                        .tensors = &j->tensors,
                        .dtype =
                            d != OM_N_DTYPES ? d : middle_dtype(&j->tensors)};
    return OMOST_OK;
}

static omost_status check_room(const job *j)
{
    enum { HEAD_BYTES = 32 << 20 };
    uint64_t need = om_gguf_data_bytes(&j->parts) + HEAD_BYTES;
    if (plain_dtype(j->type) == OM_N_DTYPES)
        need +=
            (uint64_t)((double)om_gguf_data_bytes(&j->parts) * j->type->bits /
                       (8.0 * (double)om_dtype_size(j->parts.dtype)));
    return om_disk_check(j->o->out, j->o->out, need, j->err);
}

/* The result, or what it is quantised from: beside the result, where there is
 * room, under a name that goes when it is done. */
static omost_status write_plain(job *j, om_file_out *out)
{
    omost_status st = om_file_begin(out, j->o->env, j->o->out, j->err);
    if (st == OMOST_OK)
        st = om_gguf_write(j->o->env, &j->parts, out->f, &j->watch, j->err);
    return st;
}

static omost_status quantize(job *j, om_file_out *middle, om_file_out *out)
{
    if (fflush(middle->f) != 0 || ferror(middle->f))
        return om_fail(j->err, OMOST_IO,
                       "%s could not be written; is the disk full?", j->o->out);
    omost_status st = om_file_begin(out, j->o->env, j->o->out, j->err);
    if (st != OMOST_OK) return st;
    if (!middle->temp || !out->temp)
        return om_fail(j->err, OMOST_USAGE,
                       "%s is no regular file; a quantised model needs one",
                       j->o->out);
    return om_gguf_quantize(middle->temp, out->temp, j->type->file_type,
                            j->o->n_threads, j->o->plugins, &j->watch, j->err);
}

static omost_status make(job *j)
{
    om_file_out plain = {0}, out = {0};
    omost_status st = write_plain(j, &plain);
    if (st == OMOST_OK && plain_dtype(j->type) == OM_N_DTYPES) {
        st = quantize(j, &plain, &out);
        if (st == OMOST_OK) st = om_file_commit(&out, j->err);
    } else if (st == OMOST_OK) {
        st = om_file_commit(&plain, j->err);
    }
    om_file_abandon(&plain);
    om_file_abandon(&out);
    return st;
}

static omost_status check_opts(job *j)
{
    j->type = find_type(j->o->type ? j->o->type : "q4_k_m");
    if (!j->type)
        return om_fail(j->err, OMOST_USAGE, "there is no kind \"%.40s\"",
                       j->o->type);
    if (!j->o->folder || !j->o->out)
        return om_fail(j->err, OMOST_USAGE,
                       "a folder and a name for the result are needed");
    return OMOST_OK;
}

omost_status omost_gguf_convert(const omost_gguf_opts *opts, omost_error *err)
{
    omost_error own = {0};
    job j = {.o = opts,
             .watch = {opts->on_progress, opts->user},
             .err = err ? err : &own};
    om_error_clear(j.err);
    omost_status st = check_opts(&j);
    if (st == OMOST_OK) st = look(&j);
    if (st == OMOST_OK) st = check_room(&j);
    if (st == OMOST_OK) st = make(&j);
    om_llm_tensors_free(&j.tensors);
    om_llm_vocab_free(&j.vocab);
    om_llm_config_free(&j.config);
    om_llm_folder_close(&j.folder);
    return st;
}
