/* cmd_draw.c - omost draw: from a wish to a picture. The two models are in
 * memory one after the other, never together. */
#include <stdio.h>

#include "cli/render_cli.h"
#include "cli/writer_cli.h"

enum {
    WRITER = OM_RENDER_N,
    OPT_CANVAS = WRITER + OM_WRITER_N,
    OPT_EDIT,
};

/* The canvas is kept as soon as it is there: drawing takes long. */
static int take_reply(om_cli *cli, const om_args *args, om_compose_job *j,
                      om_setup *draw)
{
    omost_reply *r = &j->reply;
    const char *keep = args->opt[OPT_CANVAS].text;
    om_str text = {r->text, r->len};
    om_show_summary(&j->show, r);
    int code = om_compose_judge(cli, r);
    if (keep) code = om_worst(code, om_write_reply(cli, keep, r));
    if (code) return code;
    omost_canvas *canvas = r->canvas;
    r->canvas = NULL;
    return om_setup_take(cli, draw, "the reply", text, canvas);
}

static int compose(om_cli *cli, const om_args *args, const om_writer_setup *s,
                   om_setup *draw)
{
    om_buf wish;
    om_compose_job j = {.cli = cli, .setup = s};
    om_buf_init(&wish, NULL, OMOST_MAX_MESSAGE);
    om_show_init(&j.show, cli, cli->quiet ? OM_SHOW_QUIET : OM_SHOW_REGIONS);
    int code = om_join_operands(cli, args, &wish);
    if (code == 0)
        code =
            om_compose_wish(&j, args->opt[OPT_EDIT].text, om_buf_view(&wish));
    if (code == 0) code = take_reply(cli, args, &j, draw);
    om_compose_end(&j);
    om_buf_free(&wish);
    return code;
}

/* A model that is not there is better known before the canvas is written. */
static int try_engine(om_cli *cli, const om_setup *draw)
{
    omost_error err;
    omost_engine_opts o = draw->engine;
    o.cache_dir = NULL;
    omost_engine *e = omost_engine_open(&o, &err);
    omost_engine_close(e);
    return e ? 0 : om_complain(cli, &err);
}

/* Files that cannot be written are as well. */
static int try_targets(om_cli *cli, const om_args *args, const om_setup *draw)
{
    const char *keep = args->opt[OPT_CANVAS].text;
    int code = keep ? om_try_target(cli, keep) : 0;
    return code ? code : om_render_try(cli, draw);
}

static int run_draw(om_cli *cli, const om_args *args)
{
    om_setup draw = {0};
    om_writer_setup writer;
    cli->quiet = args->opt[OM_RENDER_QUIET].set;
    int code = om_writer_setup_make(cli, args, WRITER, &writer);
    writer.composer.n_threads = (int)args->opt[OM_RENDER_THREADS].integer;
    if (code == 0) code = om_setup_make(cli, args, NULL, &draw);
    if (code == 0) code = try_targets(cli, args, &draw);
    if (code == 0) code = try_engine(cli, &draw);
    if (code == 0) code = compose(cli, args, &writer, &draw);
    if (code == 0) code = om_render_run(cli, &draw);
    om_setup_free(&draw);
    om_writer_setup_free(&writer);
    return code;
}

/* clang-format off */
#define OM_WRITER_AT(id) WRITER + OM_WRITER_##id
static const om_option options[] = {
#include "cli/render_options.def"
    [OM_WRITER_AT(MODEL)] = {.name = "llm", .letter = 'l', .kind = OM_ARG_FILE, .arg = "GGUF",
        .help = "the language model that writes the canvas"},
#include "cli/writer_options.def"
    [OM_WRITER_AT(PREDICT)] = {OM_WRITER_PREDICT_ROW},
    [OM_WRITER_AT(SEED)] = {OM_WRITER_SEED_ROW},
    [OPT_CANVAS] = {.name = "canvas", .kind = OM_ARG_FILE, .arg = "OUT",
        .help = "write the canvas to OUT as well; the picture carries it anyway"},
    [OPT_EDIT] = {OM_WRITER_EDIT_ROW},
    {.name = NULL},
};

static const char *const text[] = {
    "A language model writes the canvas for WISH, and it is drawn: omost compose and omost render "
    "in one. The canvas is in the picture: omost render --from draws it again, omost draw --edit "
    "changes it.",
    NULL,
};

static const om_example examples[] = {
    {"omost draw \"two cats on a sofa\" -l omost.gguf -m sdxl.safetensors", "picture.png"},
    {"omost draw \"make the sofa red\" --edit picture.png -l omost.gguf -m sdxl.safetensors",
     "the same with one thing changed"},
    {NULL, NULL},
};
/* clang-format on */

const om_command om_cmd_draw = {
    .name = "draw",
    .operands = "WISH...",
    .min_operands = 1,
    .max_operands = OM_MANY,
    .summary = "from words to a picture: compose and render",
    .text = text,
    .options = options,
    .examples = examples,
    .run = run_draw,
};
