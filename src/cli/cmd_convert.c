/* cmd_convert.c - omost convert: one exchange format into another. */
#include "cli/cli.h"

enum { OPT_TO, OPT_OUTPUT, OPT_STRICT, OPT_QUIET };

/* name, the extension that implies it, how */
#define FORMAT_LIST(X)                                                        \
    X(python, ".py", omost_canvas_to_python(cv, OMOST_PYTHON_PLAIN, n, err))  \
    X(reply, ".txt", omost_canvas_to_python(cv, OMOST_PYTHON_FENCED, n, err)) \
    X(json, ".json", omost_canvas_to_json(cv, n, err))                        \
    X(comfy, ".comfy.json", omost_canvas_to_comfy(cv, n, err))

enum {
#define X(name, extension, call) FORMAT_##name,
    FORMAT_LIST(X)
#undef X
};

static const char *const format_names[] = {
#define X(name, extension, call) #name,
    FORMAT_LIST(X)
#undef X
        NULL,
};

static char *convert(const omost_canvas *cv, int format, size_t *n,
                     omost_error *err)
{
    switch (format) {
#define X(name, extension, call) \
    case FORMAT_##name: return call;
        FORMAT_LIST(X)
#undef X
    default: return NULL;
    }
}

/* The format whose extension is the longest that fits; -1: none does. */
static int format_of_path(const char *path)
{
    int best = -1;
    size_t best_len = 0;
#define X(name, extension, call)                           \
    if (om_str_ends(om_str_of(path), OM_STR(extension)) && \
        sizeof extension > best_len) {                     \
        best = FORMAT_##name;                              \
        best_len = sizeof extension;                       \
    }
    FORMAT_LIST(X)
#undef X
    return best;
}

static int run_convert(om_cli *cli, const om_args *args)
{
    om_input in;
    omost_error err;
    size_t n = 0;
    cli->quiet = args->opt[OPT_QUIET].set;
    const char *out = args->opt[OPT_OUTPUT].text;
    int format =
        args->opt[OPT_TO].set ? args->opt[OPT_TO].choice : format_of_path(out);
    if (format < 0)
        return om_usage(cli, "to what? Add --to python, reply, json or comfy%s",
                        args->opt[OPT_OUTPUT].set ? "; OUT's name does not tell"
                                                  : "");
    int code =
        om_input_read(cli, &in, args->operand[0], args->opt[OPT_STRICT].set);
    if (code == 0) {
        char *converted = convert(in.canvas, format, &n, &err);
        code = om_write_text(cli, out, converted, n, &err);
    }
    om_input_free(&in);
    return code;
}

/* clang-format off */
static const om_option options[] = {
    [OPT_TO] = {.name = "to",
                .kind = OM_ARG_CHOICE,
                .arg = "FORMAT",
                .choices = format_names,
                .help = "what to write, if OUT's name does not tell by .py, .txt, .json or "
                        ".comfy.json"},
    [OPT_OUTPUT] = OM_OPTION_OUTPUT,
    [OPT_STRICT] = OM_OPTION_STRICT,
    [OPT_QUIET] = OM_OPTION_QUIET,
    {.name = NULL},
};

static const char *const text[] = {
    "Reads the canvas in FILE, whatever its format, and writes it in another:",
    "python\tthe code alone",
    "reply\tthe code in a fence, as a model writes it",
    "json\tthe whole document, as docs/canvas.schema.json describes it",
    "comfy\tthe conditioning of ComfyUI_omost",
    ("ComfyUI's form knows neither distances nor words of place: reading it back finds the "
     "nearest words and says so in notes."),
    NULL,
};

static const om_example examples[] = {
    {"omost convert reply.txt -o dragon.json", "a reply as JSON"},
    {"omost convert dragon.json --to comfy", "what ComfyUI_omost reads, on standard output"},
    {NULL, NULL},
};
/* clang-format on */

const om_command om_cmd_convert = {
    .name = "convert",
    .operands = "FILE",
    .min_operands = 1,
    .max_operands = 1,
    .summary = "turn a canvas into Python, JSON or ComfyUI JSON",
    .text = text,
    .options = options,
    .examples = examples,
    .run = run_convert,
};
