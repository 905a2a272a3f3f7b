/* cmd_pull.c - omost pull: fetch a model. */
#include <stdio.h>
#include <stdlib.h>

#include "cli/job.h"
#include "cli/models_cli.h"

enum { OPT_OFFLINE, OPT_QUIET };

typedef struct pull {
    om_job job;
    om_hub_setup hub;
    const char *ref;
    om_way way;
    bool waiting;            /* said so */
    omost_pull_what showing; /* checking or fetching */
    char *path;
    omost_status st;
    omost_error err;
} pull;

static void say(pull *p, const char *first, const char *file,
                const char *second)
{
    char line[900];
    snprintf(line, sizeof line, "%s%s%s%.300s", first, file ? file : "",
             file && *second ? ": " : "", second);
    om_way_say(&p->way, line);
}

/* "unet/x.safetensors (2 of 7)" */
static void show(pull *p, const omost_pull_event *ev, const char *doing,
                 bool now)
{
    char what[640];
    const char *file = ev->file ? ev->file : "";
    const size_t n = strlen(file), most = ev->count > 1 ? 24 : 32;
    const char *tail = n > most ? file + n - most : file;
    if (ev->count > 1)
        snprintf(what, sizeof what, "%s%s %zu/%zu", doing, tail, ev->index + 1,
                 ev->count);
    else
        snprintf(what, sizeof what, "%s%s", doing, tail);
    /* Bytes are read at one rate and fetched at another. */
    if (ev->what != p->showing) p->way.begun = 0;
    p->showing = ev->what;
    om_way_show(&p->way, what, ev->all_done, ev->all_total, true, now);
}

static bool on_progress(void *user, const omost_pull_event *ev)
{
    pull *p = user;
    switch (ev->what) {
    case OMOST_PULL_LIST: break;
    case OMOST_PULL_WAIT:
        if (!p->waiting) say(p, "waiting: ", ev->file, ev->text);
        p->waiting = true;
        break;
    case OMOST_PULL_RETRY: say(p, "trying again: ", NULL, ev->text); break;
    case OMOST_PULL_CHECK: show(p, ev, "checking ", false); break;
    case OMOST_PULL_BYTES: show(p, ev, "", false); break;
    case OMOST_PULL_DONE:
        if (ev->had)
            say(p, "already there: ", ev->file, "");
        else
            say(p, "fetched: ", ev->file, "");
        p->way.begun = 0;
        break;
    }
    return !atomic_load(&p->job.stop);
}

static void work(void *user)
{
    pull *p = user;
    p->st = omost_model_pull(&p->hub.opts, p->ref, on_progress, p, &p->path,
                             &p->err);
}

static void leave(void *user)
{
    pull *p = user;
    om_way_clear(&p->way);
}

static int finish(om_cli *cli, pull *p, int sig)
{
    om_buf b;
    om_way_clear(&p->way);
    if (sig < 0) return om_complain(cli, &p->err);
    if (sig > 0 && p->st == OMOST_CANCELLED) {
        if (!cli->quiet) om_say(cli, "stopped; the same command goes on later");
        return 128 + sig;
    }
    if (p->st != OMOST_OK) return om_complain(cli, &p->err);
    om_buf_init(&b, NULL, OMOST_MAX_INPUT);
    om_buf_printf(&b, "%s\n", p->path);
    return om_write_buf(cli, "-", &b);
}

static int pull_one(om_cli *cli, const om_args *args, const char *ref)
{
    pull *p = calloc(1, sizeof *p);
    if (!p) return om_complain_nomem(cli);
    int code = om_hub_setup_make(cli, &p->hub);
    if (args->opt[OPT_OFFLINE].set) p->hub.opts.offline = true;
    p->ref = ref;
    p->job = (om_job){.work = work, .leave = leave, .user = p};
    om_way_init(&p->way, cli->quiet);
    if (code == 0) code = finish(cli, p, om_job_run(&p->job, &p->err));
    omost_models_text_free(NULL, p->path);
    om_hub_setup_free(&p->hub);
    free(p);
    return code;
}

static int run_pull(om_cli *cli, const om_args *args)
{
    int code = 0;
    cli->quiet = args->opt[OPT_QUIET].set;
    for (int i = 0; i < args->n_operands && code < 128; i++)
        code = om_worst(code, pull_one(cli, args, args->operand[i]));
    return code;
}

/* clang-format off */
static const om_option options[] = {
    [OPT_OFFLINE] = {.name = "offline",
                     .help = "ask no server: only say where it is, if it is there"},
    [OPT_QUIET] = {.name = "quiet", .letter = 'q',
                   .help = "show nothing on standard error but what goes wrong"},
    {.name = NULL},
};

static const char *const text[] = {
    "Fetches models and prints where each lies. A MODEL is",
    "NAME\tone of those that omost models lists",
    "hf:OWNER/REPO\ta repository of the Hugging Face hub: of a folder for diffusers, the parts "
    "that are needed, in half precision where there is a choice; of a language model, all of it",
    "hf:OWNER/REPO/FILE\tone file of it",
    "...@REV\tanother revision than main: a branch, a tag or a commit",
    "https://...\tany file",
    "Files go into the hub's own cache, where other programs find them and theirs are found: "
    "$HF_HUB_CACHE, else $HF_HOME/hub, else ~/.cache/huggingface/hub; files of other addresses "
    "into ~/.cache/omost/downloads. A download that was broken off goes on where it was; size "
    "and SHA-256 are checked before a file gets its name. Two programs that fetch the same "
    "file do it once.",
    "For models that ask for it, HF_TOKEN, or the token file in $HF_HOME, says who you are; it "
    "is sent to the hub alone. HF_ENDPOINT names another hub, HF_HUB_OFFLINE=1 forbids asking.",
    NULL,
};

static const om_example examples[] = {
    {"omost pull realvisxl-4", "a model that draws"},
    {"omost pull hf:OWNER/REPO/model.gguf@main", "one file of a repository"},
    {"omost render canvas.py -m realvisxl-4", "use it by its name"},
    {NULL, NULL},
};
/* clang-format on */

const om_command om_cmd_pull = {
    .name = "pull",
    .operands = "MODEL...",
    .min_operands = 1,
    .max_operands = OM_MANY,
    .summary = "fetch a model",
    .text = text,
    .options = options,
    .examples = examples,
    .run = run_pull,
};
