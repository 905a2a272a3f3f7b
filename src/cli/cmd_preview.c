/* cmd_preview.c - omost preview: a canvas's layout as PNG or SVG. */
#include <stdio.h>
#include <unistd.h>

#include "cli/cli.h"
#include "omost/picture.h"

enum {
    OPT_OUTPUT,
    OPT_FORMAT,
    OPT_SIZE,
    OPT_LABELS,
    OPT_NO_LIST,
    OPT_THEME,
    OPT_STRICT,
    OPT_QUIET
};

enum { FORMAT_PNG, FORMAT_SVG };
static const char *const format_names[] = {
    [FORMAT_PNG] = "png", [FORMAT_SVG] = "svg", NULL};
static const char *const theme_names[] = {
    [OMOST_THEME_LIGHT] = "light", [OMOST_THEME_DARK] = "dark", NULL};

/* What --format says, else what OUT's name says, else PNG; -1: OUT's name
 * says neither. */
static int format_of(const om_args *args)
{
    om_str out = om_str_of(args->opt[OPT_OUTPUT].text);
    if (args->opt[OPT_FORMAT].set) return args->opt[OPT_FORMAT].choice;
    if (om_str_ends(out, OM_STR(".svg")) || om_str_ends(out, OM_STR(".SVG")))
        return FORMAT_SVG;
    if (om_str_ends(out, OM_STR(".png")) || om_str_ends(out, OM_STR(".PNG")))
        return FORMAT_PNG;
    return om_str_eqz(out, "-") ? FORMAT_PNG : -1;
}

static omost_preview_opts preview_opts(const om_args *args)
{
    bool list = !args->opt[OPT_NO_LIST].set;
    return (omost_preview_opts){
        .width = args->opt[OPT_SIZE].width,
        .height = args->opt[OPT_SIZE].height,
        .labels = !args->opt[OPT_LABELS].set ? OMOST_LABELS_NONE
                  : list                     ? OMOST_LABELS_LEGEND
                                             : OMOST_LABELS_PLAIN,
        .theme = (omost_preview_theme)args->opt[OPT_THEME].choice,
    };
}

static int draw(om_cli *cli, const om_input *in, int format,
                const om_args *args)
{
    omost_error err;
    size_t n = 0;
    const omost_preview_opts opts = preview_opts(args);
    void *bytes = format == FORMAT_PNG
                      ? (void *)omost_preview_png(in->canvas, &opts, &n, &err)
                      : omost_preview_svg(in->canvas, &opts, &n, &err);
    if (!bytes) return om_complain(cli, &err);
    int code = om_write(cli, args->opt[OPT_OUTPUT].text, (om_str){bytes, n});
    omost_preview_free(NULL, bytes);
    return code;
}

static int run_preview(om_cli *cli, const om_args *args)
{
    om_input in;
    const char *out = args->opt[OPT_OUTPUT].text;
    int format = format_of(args);
    cli->quiet = args->opt[OPT_QUIET].set;
    if (format < 0)
        return om_usage(
            cli, "%s ends neither in .png nor in .svg; add --format png or svg",
            out);
    if (args->opt[OPT_NO_LIST].set && !args->opt[OPT_LABELS].set)
        return om_usage(cli, "--no-list goes with --labels");
    if (format == FORMAT_PNG && strcmp(out, "-") == 0 && isatty(STDOUT_FILENO))
        return om_usage(
            cli,
            "a PNG picture would garble the terminal; name a file: -o OUT.png");
    int code =
        om_input_read(cli, &in, args->operand[0], args->opt[OPT_STRICT].set);
    if (code == 0) code = draw(cli, &in, format, args);
    om_input_free(&in);
    return code;
}

/* clang-format off */
static const om_option options[] = {
    [OPT_OUTPUT] = OM_OPTION_OUTPUT,
    [OPT_FORMAT] = {.name = "format",
                    .kind = OM_ARG_CHOICE,
                    .arg = "FORMAT",
                    .choices = format_names,
                    .help = "the picture's format, if OUT's name does not tell"},
    [OPT_SIZE] = {.name = "size",
                  .kind = OM_ARG_SIZE,
                  .arg = "WxH",
                  .min = OMOST_PREVIEW_MIN,
                  .max = OMOST_PREVIEW_MAX,
                  .fallback = "90, with --labels 1024",
                  .help = "width and height of the layout in pixels, or one number for a "
                          "square"},
    [OPT_LABELS] = {.name = "labels",
                    .help = "outline and name every region, and list them beside the layout"},
    [OPT_NO_LIST] = {.name = "no-list", .help = "with --labels: no list beside the layout"},
    [OPT_THEME] = {.name = "theme",
                   .kind = OM_ARG_CHOICE,
                   .arg = "THEME",
                   .choices = theme_names,
                   .fallback = "light",
                   .help = "background of the list"},
    [OPT_STRICT] = OM_OPTION_STRICT,
    [OPT_QUIET] = OM_OPTION_QUIET,
    {.name = NULL},
};

static const char *const text[] = {
    "Draws the layout of the canvas in FILE: the colour of the whole picture and over it those "
    "of the regions, far to near. As it is, this is the 90x90 composition the original starts "
    "rendering from, byte for byte; --size stretches it, --labels makes it something to look "
    "at.",
    NULL,
};

static const om_example examples[] = {
    {"omost preview reply.txt --labels -o layout.png", "a labelled picture, 1024x1024 and a list"},
    {"omost preview reply.txt --size 896x1152 -o start.png", "the composition at a render's size"},
    {NULL, NULL},
};
/* clang-format on */

const om_command om_cmd_preview = {
    .name = "preview",
    .operands = "FILE",
    .min_operands = 1,
    .max_operands = 1,
    .summary = "draw a canvas's layout as a PNG or SVG picture",
    .text = text,
    .options = options,
    .examples = examples,
    .run = run_preview,
};
