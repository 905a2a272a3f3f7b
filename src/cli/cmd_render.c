/* cmd_render.c - omost render: a canvas drawn by a model. The options are the
 * ones people know from stable-diffusion.cpp, where it has them. */
#include "cli/render_cli.h"

/* A file's, or what --from has. */
static int read_canvas(om_cli *cli, const om_args *args, const char *from,
                       om_setup *s)
{
    if (args->n_operands == 1) {
        om_input_free(&s->in);
        return om_input_read(cli, &s->in, args->operand[0], false);
    }
    if (from) return 0;
    return om_usage(cli, "which canvas? Name a file, or - for standard input; "
                         "or a picture to draw again: --from PICTURE");
}

static int run_render(om_cli *cli, const om_args *args)
{
    om_setup s;
    const char *from = args->opt[OM_RENDER_FROM].text;
    cli->quiet = args->opt[OM_RENDER_QUIET].set;
    int code = om_setup_make(cli, args, from, &s);
    if (code == 0) code = read_canvas(cli, args, from, &s);
    if (code == 0) code = om_render_run(cli, &s);
    om_setup_free(&s);
    return code;
}

/* clang-format off */
static const om_option options[] = {
#include "cli/render_options.def"
    [OM_RENDER_FROM] = {.name = "from", .kind = OM_ARG_FILE, .arg = "PICTURE",
        .help = "draw a picture of ours again: canvas and options are taken from it, other "
                "options given here go before them"},
    {.name = NULL},
};

static const char *const text[] = {
    "Draws the canvas in CANVAS with an SDXL model on the CPU, each region where the canvas "
    "has it. The PNG carries how it was drawn, as A1111 writes it and, complete, for --from; "
    "omost info shows it.",
    "Ctrl-C stops within a second; pictures that were finished stay, no broken file does. "
    "Models made for few steps want their own settings: docs/render.md has a table.",
    NULL,
};

static const om_example examples[] = {
    {"omost render reply.txt -m sdxl.safetensors -o picture.png",
     "25 steps at 896x1152; some minutes to an hour"},
    {"omost render reply.txt -m turbo.safetensors --steps 4 --cfg-scale 1",
     "a model made for few steps"},
    {"omost render --from picture.png -s -1 -b 4 -o more.png",
     "four more like it, by other seeds"},
    {NULL, NULL},
};
/* clang-format on */

const om_command om_cmd_render = {
    .name = "render",
    .operands = "[CANVAS]",
    .min_operands = 0,
    .max_operands = 1,
    .summary = "draw a canvas with an SDXL model",
    .text = text,
    .options = options,
    .examples = examples,
    .run = run_render,
};
