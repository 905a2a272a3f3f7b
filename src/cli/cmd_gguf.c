/* cmd_gguf.c - omost gguf: a Hugging Face folder becomes a GGUF file. */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/file.h"
#include "cli/job.h"
#include "cli/models_cli.h"

enum { OPT_OUTPUT, OPT_TYPE, OPT_THREADS, OPT_QUIET };

static const char *type_name(size_t i)
{
    const omost_gguf_type *t = omost_gguf_type_at(i);
    return t ? t->name : NULL;
}

/* In any case: "Q4_K_M" is how others write it. */
static int type_find(const char *name)
{
    const char *one;
    for (int i = 0; (one = type_name((size_t)i)) != NULL; i++)
        if (om_str_eq_nocase(om_str_of(name), one)) return i;
    return -1;
}

typedef struct convert {
    om_job job;
    omost_gguf_opts opts;
    om_way way;
    char out[PATH_MAX];
    omost_status st;
    omost_error err;
} convert;

static bool on_progress(void *user, const omost_convert_event *ev)
{
    convert *c = user;
    char what[120];
    const bool bytes = strcmp(ev->phase, "converting") == 0;
    snprintf(what, sizeof what, "%s %s", ev->phase, ev->tensor);
    om_way_show(&c->way, what, ev->done, ev->total, bytes, false);
    return !atomic_load(&c->job.stop);
}

static void work(void *user)
{
    convert *c = user;
    c->st = omost_gguf_convert(&c->opts, &c->err);
}

/* libllama cannot be stopped: go without it, and take along what it writes. */
static void leave(void *user)
{
    convert *c = user;
    om_way_clear(&c->way);
    om_file_sweep(c->out);
}

/* "phi-3-mini-q4_k_m.gguf" of "models/phi-3-mini/" */
static void name_result(char out[PATH_MAX], const char *folder,
                        const char *type)
{
    om_str s = om_str_strip(om_str_of(folder), "/");
    for (size_t i = s.n; i-- > 0;) {
        if (s.p[i] != '/') continue;
        s = om_str_skip(s, i + 1);
        break;
    }
    if (s.n == 0 || om_str_eq(s, OM_STR(".")) || om_str_eq(s, OM_STR("..")))
        s = OM_STR("model");
    snprintf(out, PATH_MAX, "%.*s-%s.gguf", (int)(s.n < 200 ? s.n : 200), s.p,
             type);
}

static int tell_result(om_cli *cli, const convert *c)
{
    om_buf b;
    om_buf_init(&b, NULL, PATH_MAX + 2);
    om_buf_printf(&b, "%s\n", c->out);
    return om_write_buf(cli, "-", &b);
}

static int run_convert(om_cli *cli, convert *c)
{
    c->job = (om_job){.work = work, .leave = leave, .user = c};
    int sig = om_job_run(&c->job, &c->err);
    om_way_clear(&c->way);
    if (sig < 0) return om_complain(cli, &c->err);
    if (sig > 0 && c->st == OMOST_CANCELLED) return 128 + sig;
    if (c->st != OMOST_OK) return om_complain(cli, &c->err);
    return tell_result(cli, c);
}

static int run_gguf(om_cli *cli, const om_args *args)
{
    convert *c = calloc(1, sizeof *c);
    char *folder = NULL;
    const char *from = args->operand[0];
    if (!c) return om_complain_nomem(cli);
    const char *type = type_name((size_t)args->opt[OPT_TYPE].choice);
    int code = om_find_model(cli, from, &folder);
    if (args->opt[OPT_OUTPUT].set)
        snprintf(c->out, sizeof c->out, "%s", args->opt[OPT_OUTPUT].text);
    else
        name_result(c->out, strncmp(from, "hf:", 3) == 0 ? from + 3 : from,
                    type);
    if (code == 0 && strcmp(c->out, "-") == 0)
        code = om_usage(cli, "a GGUF file is not written to standard output");
    cli->quiet = args->opt[OPT_QUIET].set;
    om_way_init(&c->way, cli->quiet);
    c->opts =
        (omost_gguf_opts){.folder = folder,
                          .out = c->out,
                          .type = type,
                          .n_threads = (int)args->opt[OPT_THREADS].integer,
                          .on_progress = on_progress,
                          .user = c};
    if (code == 0) code = run_convert(cli, c);
    omost_models_text_free(NULL, folder);
    free(c);
    return code;
}

/* clang-format off */
static const om_option options[] = {
    [OPT_OUTPUT] = {.name = "output", .letter = 'o', .kind = OM_ARG_FILE, .arg = "OUT",
                    .help = "the file to make; without it, the folder's name with the type"},
    [OPT_TYPE] = {.name = "type", .kind = OM_ARG_CHOICE, .arg = "TYPE",
                  .choice_at = type_name, .choice_find = type_find, .fallback = "q4_k_m",
                  .help = "how the weights are stored"},
    [OPT_THREADS] = {.name = "threads", .letter = 't', .kind = OM_ARG_INT, .arg = "N",
                     .min = 0, .max = 1024, .fallback = "0",
                     .help = "threads that quantise; 0 is one for each processor"},
    [OPT_QUIET] = OM_OPTION_QUIET,
    {.name = NULL},
};

static const char *const text[] = {
    "Makes a GGUF file, which omost compose and other programs run, of a language model as the "
    "Hugging Face hub has it: a folder with config.json, model.safetensors (or its pieces and "
    "model.safetensors.index.json) and tokenizer.json. FROM is such a folder, or the name of "
    "one that omost pull has fetched.",
    "Llama and Phi-3 models are known, with weights in f32, f16 or bf16, or as bitsandbytes "
    "quantises them (4 bits NF4 and FP4, 8 bits): the original's own releases. What is not "
    "known is refused. Prints the name of the file it made.",
    "The model is never in memory as a whole. Beside a quantised file there must be room for "
    "one of 16 bits a weight (32 where the model has f32), which goes when it is done.",
    "q8_0\tas good as bf16, half the size",
    "q4_k_m\tthe usual choice for 8 GB of memory",
    "q4_0\tsmaller, fast on processors",
    NULL,
};

static const om_example examples[] = {
    {"omost pull omost-phi-3-mini-128k && omost gguf omost-phi-3-mini-128k",
     "the original's smallest composer, 4 bits a weight"},
    {"omost gguf models/omost-llama-3-8b --type q8_0 -o composer.gguf", "from a folder"},
    {NULL, NULL},
};
/* clang-format on */

const om_command om_cmd_gguf = {
    .name = "gguf",
    .operands = "FROM",
    .min_operands = 1,
    .max_operands = 1,
    .summary = "make a GGUF file of a Hugging Face folder",
    .text = text,
    .options = options,
    .examples = examples,
    .run = run_gguf,
};
