/* cmd_diff.c - omost diff: what changed between two canvases, by region. */
#include "cli/cli.h"

enum { OPT_JSON, OPT_EXIT_CODE, OPT_STRICT, OPT_QUIET };

static int show_diff(om_cli *cli, const om_args *args, const om_input *before,
                     const om_input *after)
{
    omost_error err;
    size_t n = 0;
    omost_diff *d = omost_diff_new(before->canvas, after->canvas, &err);
    if (!d) return om_complain(cli, &err);
    char *out = args->opt[OPT_JSON].set ? omost_diff_to_json(d, &n, &err)
                                        : omost_diff_to_text(d, &n, &err);
    int code = om_write_text(cli, "-", out, n, &err);
    if (args->opt[OPT_EXIT_CODE].set && omost_diff_count(d) > 0)
        code = om_worst(code, OM_EXIT_DIFFERS);
    omost_diff_free(d);
    return code;
}

static int run_diff(om_cli *cli, const om_args *args)
{
    cli->quiet = args->opt[OPT_QUIET].set;
    int code = om_stdin_once(cli, args);
    if (code) return code;
    om_input before = {0}, after = {0};
    bool strict = args->opt[OPT_STRICT].set;
    code = om_worst(om_input_read(cli, &before, args->operand[0], strict),
                    om_input_read(cli, &after, args->operand[1], strict));
    if (code == 0) code = show_diff(cli, args, &before, &after);
    om_input_free(&before);
    om_input_free(&after);
    return code;
}

/* clang-format off */
static const om_option options[] = {
    [OPT_JSON] = {.name = "json", .help = "print the changes as JSON"},
    [OPT_EXIT_CODE] = {.name = "exit-code",
                       .help = "exit with 5 when the canvases differ; otherwise a difference "
                               "is no failure and the exit code 0"},
    [OPT_STRICT] = OM_OPTION_STRICT,
    [OPT_QUIET] = OM_OPTION_QUIET,
    {.name = NULL},
};

static const char *const text[] = {
    "Tells what the canvas AFTER changed in the canvas BEFORE: which regions were added, "
    "removed, moved, recoloured or described anew. Regions are paired by what they say, then "
    "by where they are. Spelling, order of arguments and comments do not count. When nothing "
    "changed, nothing is printed.",
    NULL,
};

static const om_example examples[] = {
    {"omost diff first.txt second.txt", "what did the model change when asked to edit?"},
    {"omost diff --json old.py new.json", "the same for a program; formats may be mixed"},
    {NULL, NULL},
};
/* clang-format on */

const om_command om_cmd_diff = {
    .name = "diff",
    .operands = "BEFORE AFTER",
    .min_operands = 2,
    .max_operands = 2,
    .summary = "tell what changed between two canvases, by region",
    .text = text,
    .options = options,
    .examples = examples,
    .run = run_diff,
};
