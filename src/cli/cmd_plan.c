/* cmd_plan.c - omost plan: what a canvas means to a renderer, as JSON. */
#include <stdio.h>

#include "base/file.h"
#include "cli/models_cli.h"
#include "cli/render_cli.h"
#include "omost/plan.h"

enum {
    OPT_MODEL,
    OPT_STYLE,
    OPT_PROFILE,
    OPT_OUTPUT,
    OPT_FIT,
    OPT_COMPACT,
    OPT_STRICT,
    OPT_QUIET
};

/* Laid out, JSON is rarely more than twice as long. */
enum { MAX_OUTPUT = 4 * OMOST_MAX_PLAN_JSON };

static const char *const style_names[] = {
#define X(name, word, help) [OMOST_PROMPT_##name] = word,
    OMOST_PROMPT_STYLE_LIST(X)
#undef X
        NULL,
};

/* What a plan is made with; either may stay NULL. */
typedef struct tools {
    omost_tokenizer *tokenizer;
    omost_profile *profile;
} tools;

static int open_tokenizer(om_cli *cli, const char *model, omost_tokenizer **out)
{
    omost_error err;
    char *path = NULL;
    if (!model) return 0;
    const bool builtin = strcmp(model, "builtin") == 0;
    int code = builtin ? 0 : om_find_model(cli, model, &path);
    if (code) return code;
    *out = builtin ? omost_tokenizer_builtin(NULL, &err)
                   : omost_tokenizer_open(NULL, path, &err);
    omost_models_text_free(NULL, path);
    return *out ? 0 : om_complain(cli, &err);
}

static int unknown_profile(om_cli *cli, const char *name)
{
    char list[160] = "";
    const char *word;
    omost_error err;
    for (size_t i = 0; (word = omost_profile_name(i)) != NULL; i++) {
        size_t used = strlen(list);
        snprintf(list + used, sizeof list - used, "%s%s", i ? ", " : "", word);
    }
    om_fail(&err, OMOST_MISSING,
            "%s is neither a file nor one of the profiles %s", name, list);
    return om_complain(cli, &err);
}

/* The name of a profile, or a file that holds one. */
int om_open_profile(om_cli *cli, const char *name, omost_profile **out)
{
    om_input in = {.path = name, .name = name};
    if (!name) return 0;
    *out = omost_profile_builtin(NULL, name, &in.err);
    if (*out) return 0;
    if (in.err.status != OMOST_MISSING) return om_complain(cli, &in.err);
    om_buf_init(&in.text, NULL, OMOST_MAX_INPUT);
    int code = 0;
    omost_status st = om_file_read(name, &in.text, &in.err);
    if (st == OMOST_OK) {
        *out = omost_profile_read(NULL, in.text.n ? in.text.p : "", in.text.n,
                                  &in.err);
        if (!*out) om_show_error(cli, &in, &in.err);
        if (!*out) code = omost_status_exit_code(in.err.status);
    } else {
        code = st == OMOST_MISSING ? unknown_profile(cli, name)
                                   : om_complain(cli, &in.err);
    }
    om_buf_free(&in.text);
    return code;
}

static int write_plan(om_cli *cli, const om_args *args, const omost_plan *plan)
{
    omost_error err;
    size_t n = 0;
    om_buf b;
    char *json = omost_plan_to_json(plan, &n, &err);
    if (!json) return om_complain(cli, &err);
    om_buf_init(&b, NULL, MAX_OUTPUT);
    if (args->opt[OPT_COMPACT].set)
        om_buf_put(&b, json, n);
    else
        om_json_reflow(&b, (om_str){json, n});
    if (b.n == 0 || b.p[b.n - 1] != '\n') om_buf_putc(&b, '\n');
    omost_text_free(NULL, json);
    return om_write_buf(cli, args->opt[OPT_OUTPUT].text, &b);
}

static int make_plan(om_cli *cli, const om_args *args, const om_input *in,
                     const tools *with)
{
    omost_error err;
    const omost_plan_opts opts = {
        .strict = args->opt[OPT_STRICT].set,
        .fit_prefix = args->opt[OPT_FIT].set,
        .prompt_style = (omost_prompt_style)args->opt[OPT_STYLE].choice,
        .profile = with->profile,
    };
    omost_plan *plan = omost_plan_new(in->canvas, with->tokenizer, &opts, &err);
    if (!plan) {
        om_show_error(cli, in, &err);
        return omost_status_exit_code(err.status);
    }
    for (size_t i = 0; i < omost_plan_note_count(plan); i++)
        om_show_note(cli, in, omost_plan_note(plan, i));
    int code = write_plan(cli, args, plan);
    omost_plan_free(plan);
    return code;
}

static int run_plan(om_cli *cli, const om_args *args)
{
    om_input in;
    tools with = {0};
    cli->quiet = args->opt[OPT_QUIET].set;
    int code =
        om_input_read(cli, &in, args->operand[0], args->opt[OPT_STRICT].set);
    if (code == 0)
        code = open_tokenizer(cli, args->opt[OPT_MODEL].text, &with.tokenizer);
    if (code == 0)
        code = om_open_profile(cli, args->opt[OPT_PROFILE].text, &with.profile);
    if (code == 0) code = make_plan(cli, args, &in, &with);
    omost_profile_free(with.profile);
    omost_tokenizer_free(with.tokenizer);
    om_input_free(&in);
    return code;
}

/* clang-format off */
static const om_option options[] = {
    [OPT_MODEL] = {.name = "model",
                   .letter = 'm',
                   .kind = OM_ARG_FOLDER,
                   .arg = "FOLDER",
                   .help = "take the vocabulary from a model folder, by its path or name, which "
                           "holds tokenizer/ and tokenizer_2/, or \"builtin\" for CLIP's own; "
                           "without it there are no bags"},
    [OPT_STYLE] = {.name = "prompt-style",
                   .kind = OM_ARG_CHOICE,
                   .arg = "STYLE",
                   .choices = style_names,
                   .fallback = "profile",
                   .help = "what a prompt is made of; \"profile\": what --profile says, or "
                           "else description"},
    [OPT_PROFILE] = {.name = "profile",
                     .kind = OM_ARG_FILE,
                     .arg = "PROFILE",
                     .help = "words a family of models wants to hear: sdxl, pony, illustrious, "
                             "anime or a file"},
    [OPT_FIT] = {.name = "fit-prefix",
                 .help = "cut descriptions that leave no room for details in a row of tokens; "
                         "the original lets them fill every row"},
    [OPT_OUTPUT] = OM_OPTION_OUTPUT,
    [OPT_COMPACT] = {.name = "compact", .help = "print the JSON as one line"},
    [OPT_STRICT] = OM_OPTION_STRICT,
    [OPT_QUIET] = OM_OPTION_QUIET,
    {.name = NULL},
};

static const char *const text[] = {
    "Prints one JSON object: for the whole picture and then for every region, far to near, its "
    "box, its prompt in parts, and the prompt as bags of 77 token numbers for each of SDXL's "
    "two text encoders. What had to be changed or left out is listed under \"notes\" and told "
    "on standard error.",
    "A profile of your own is a file with lines such as \"style: tags\", \"quality: "
    "masterpiece, best quality\", \"girl -> 1girl\" (say 1girl for the tag girl) and "
    "\"like: pony\" (begin with what pony has).",
    "--strict refuses what the original fails on, such as a canvas without a global "
    "description.",
    NULL,
};

static const om_example examples[] = {
    {"omost plan reply.txt -m builtin", "the plan with CLIP's vocabulary"},
    {"omost plan reply.txt -m models/sdxl --profile pony", "for a model that wants tags"},
    {NULL, NULL},
};
/* clang-format on */

const om_command om_cmd_plan = {
    .name = "plan",
    .operands = "FILE",
    .min_operands = 1,
    .max_operands = 1,
    .summary = "work out the regions, prompts and tokens a renderer needs",
    .text = text,
    .options = options,
    .examples = examples,
    .run = run_plan,
};
