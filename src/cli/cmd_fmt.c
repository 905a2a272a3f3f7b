/* cmd_fmt.c - omost fmt: canvases as canonical Python. */
#include "cli/cli.h"

enum { OPT_OUTPUT, OPT_WRITE, OPT_CHECK, OPT_FENCE, OPT_STRICT, OPT_QUIET };

/* Writing back must not lose more than layout and comments. */
static int check_in_place(om_cli *cli, const om_input *in)
{
    omost_error err;
    if (om_input_is_json(in))
        om_fail(&err, OMOST_FORMAT,
                "%s is JSON, which --write would replace by Python; "
                "use --output to name another file",
                in->name);
    else if (om_input_is_reply(in))
        om_fail(&err, OMOST_FORMAT,
                "%s is a reply, and --write would drop what stands around "
                "its code; use --output to name another file",
                in->name);
    else
        return 0;
    return om_complain(cli, &err);
}

static int tell_difference(const om_cli *cli, const om_input *in)
{
    if (!cli->quiet) om_tell(in, "not in canonical form");
    return OM_EXIT_DIFFERS;
}

static int deliver(om_cli *cli, const om_args *args, const om_input *in,
                   om_str code)
{
    bool same = om_str_eq(code, om_buf_view(&in->text));
    if (args->opt[OPT_CHECK].set) return same ? 0 : tell_difference(cli, in);
    if (!args->opt[OPT_WRITE].set)
        return om_write(cli, args->opt[OPT_OUTPUT].text, code);
    int refused = check_in_place(cli, in);
    if (refused || same) return refused;
    return om_write(cli, in->path, code);
}

static int format_file(om_cli *cli, const om_args *args, const char *path)
{
    om_input in;
    omost_error err;
    size_t n = 0;
    int code = om_input_read(cli, &in, path, args->opt[OPT_STRICT].set);
    if (code == 0) {
        bool fence = args->opt[OPT_FENCE].set;
        char *py = omost_canvas_to_python(
            in.canvas, fence ? OMOST_PYTHON_FENCED : OMOST_PYTHON_PLAIN, &n,
            &err);
        code = py ? deliver(cli, args, &in, (om_str){py, n})
                  : om_complain(cli, &err);
        omost_text_free(NULL, py);
    }
    om_input_free(&in);
    return code;
}

static int check_usage(om_cli *cli, const om_args *args)
{
    bool to_file = args->opt[OPT_OUTPUT].set, write = args->opt[OPT_WRITE].set;
    bool check = args->opt[OPT_CHECK].set;
    if (to_file + write + check > 1)
        return om_usage(cli,
                        "--output, --write and --check exclude one another");
    if (args->n_operands > 1 && !write && !check)
        return om_usage(cli, "several files need --write or --check");
    for (int i = 0; write && i < args->n_operands; i++)
        if (strcmp(args->operand[i], "-") == 0)
            return om_usage(cli, "standard input cannot be written in place");
    return om_stdin_once(cli, args);
}

static int run_fmt(om_cli *cli, const om_args *args)
{
    cli->quiet = args->opt[OPT_QUIET].set;
    int code = check_usage(cli, args);
    if (code) return code;
    for (int i = 0; i < args->n_operands; i++)
        code = om_worst(code, format_file(cli, args, args->operand[i]));
    return code;
}

/* clang-format off */
static const om_option options[] = {
    [OPT_OUTPUT] = OM_OPTION_OUTPUT,
    [OPT_WRITE] = {.name = "write",
                   .letter = 'w',
                   .help = "write each FILE back in place, if that changes it"},
    [OPT_CHECK] = {.name = "check",
                   .help = "write nothing; name the files that are not in canonical form on "
                           "standard error and exit with 5 if there are any"},
    [OPT_FENCE] = {.name = "fence",
                   .help = "put the code between ```python and ```, as a model replies"},
    [OPT_STRICT] = OM_OPTION_STRICT,
    [OPT_QUIET] = OM_OPTION_QUIET,
    {.name = NULL},
};

static const char *const text[] = {
    "Prints the canvas in FILE as canonical Python: every argument by name, one on a line, in "
    "the order the models use, names spelt right. The same canvas always gives the same text, "
    "and reading it gives the same canvas. Comments of yours and text around the code are not kept.",
    "--write leaves replies and JSON alone, because it would lose what is not code.",
    NULL,
};

static const om_example examples[] = {
    {"omost fmt reply.txt -o dragon.py", "the code of a reply, tidied"},
    {"omost fmt --write *.py", "tidy files in place"},
    {NULL, NULL},
};
/* clang-format on */

const om_command om_cmd_fmt = {
    .name = "fmt",
    .operands = "FILE...",
    .min_operands = 1,
    .max_operands = OM_MANY,
    .summary = "print canvases as canonical Python",
    .text = text,
    .options = options,
    .examples = examples,
    .run = run_fmt,
};
