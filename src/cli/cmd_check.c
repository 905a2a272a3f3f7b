/* cmd_check.c - omost check: are these canvases sound, and what was repaired? */
#include <stdio.h>
#include <stdlib.h>

#include "base/json.h"
#include "cli/cli.h"

enum { OPT_STRICT, OPT_JSON, OPT_QUIET };

static size_t count_colors(const omost_canvas *cv)
{
    bool seen[256] = {false};
    size_t n = 0;
    const omost_global *g = omost_canvas_global(cv);
    for (size_t i = 0; i <= omost_canvas_count(cv); i++) {
        if (i == 0 && !g) continue;
        int c = i == 0 ? g->color : omost_canvas_region(cv, i - 1)->color;
        n += !seen[c & 255];
        seen[c & 255] = true;
    }
    return n;
}

static void put_count(om_buf *b, size_t n, const char *what)
{
    om_buf_printf(b, "%zu %s%s", n, what, n == 1 ? "" : "s");
}

/* "reply.txt: fine: 4 regions, 5 colours, 1 note" */
static void put_verdict(om_buf *b, const om_input *in)
{
    om_buf_printf(b, "%s: ", in->name);
    if (!in->canvas) {
        om_buf_puts(b, in->text.n || in->err.line ? "refused\n" : "not read\n");
        return;
    }
    om_buf_puts(b, "fine: ");
    put_count(b, omost_canvas_count(in->canvas), "region");
    om_buf_puts(b, ", ");
    put_count(b, count_colors(in->canvas), "colour");
    size_t notes = omost_canvas_note_count(in->canvas);
    if (notes) {
        om_buf_puts(b, ", ");
        put_count(b, notes, "note");
    }
    om_buf_putc(b, '\n');
}

static json_t *place_json(int line, int col, const char *msg)
{
    return json_pack("{s:i, s:i, s:s}", "line", line, "col", col, "message",
                     msg);
}

/* NULL when there is no memory. */
static json_t *canvas_json(const omost_canvas *cv)
{
    json_t *notes = json_array(), *colors = json_array();
    int failed = 0;
    for (size_t i = 0; i < omost_canvas_note_count(cv); i++) {
        const omost_note *n = omost_canvas_note(cv, i);
        failed |=
            json_array_append_new(notes, place_json(n->line, n->col, n->msg));
    }
    const omost_global *g = omost_canvas_global(cv);
    if (g)
        failed |= json_array_append_new(
            colors, json_string(omost_word(OMOST_WORD_COLOR, g->color)));
    for (size_t i = 0; i < omost_canvas_count(cv); i++) {
        int c = omost_canvas_region(cv, i)->color;
        failed |=
            json_array_append_new(colors,
                                  json_string(omost_word(OMOST_WORD_COLOR, c)));
    }
    json_t *v = json_pack("{s:b, s:I, s:o, s:o}", "global", g != NULL,
                          "regions", (json_int_t)omost_canvas_count(cv),
                          "colors", colors, "notes", notes);
    if (!failed) return v;
    json_decref(v);
    return NULL;
}

static json_t *error_json(const omost_error *err)
{
    json_t *v = place_json(err->line, err->col, err->msg);
    /* The sentence may hold a file's name, which need not be UTF-8. */
    return v ? v
             : place_json(err->line, err->col, omost_status_text(err->status));
}

/* {"file":..., "ok":..., "regions":..., "notes":[...]} or {..., "error":{...}} */
static void put_json(om_buf *b, const om_input *in)
{
    int failed;
    json_t *v =
        json_pack("{s:s, s:b}", "file", in->path, "ok", in->canvas != NULL);
    /* A file name need not be UTF-8; JSON must be. */
    if (!v) v = json_pack("{s:n, s:b}", "file", "ok", in->canvas != NULL);
    if (in->canvas)
        failed = json_object_update_new(v, canvas_json(in->canvas));
    else
        failed = json_object_set_new(v, "error", error_json(&in->err));
    if (failed)
        b->status = OMOST_NOMEM;
    else
        om_json_write(b, v, false);
    om_buf_putc(b, '\n');
    json_decref(v);
}

static int check_file(om_cli *cli, const om_args *args, const char *path)
{
    om_input in;
    om_buf b;
    om_buf_init(&b, NULL, 64 * (size_t)OMOST_MAX_INPUT);
    int code = om_input_read(cli, &in, path, args->opt[OPT_STRICT].set);
    if (args->opt[OPT_JSON].set)
        put_json(&b, &in);
    else if (!cli->quiet)
        put_verdict(&b, &in);
    om_input_free(&in);
    return om_worst(code, om_write_buf(cli, "-", &b));
}

static int run_check(om_cli *cli, const om_args *args)
{
    cli->quiet = args->opt[OPT_QUIET].set;
    int code = om_stdin_once(cli, args);
    if (code) return code;
    for (int i = 0; i < args->n_operands; i++)
        code = om_worst(code, check_file(cli, args, args->operand[i]));
    return code;
}

/* clang-format off */
static const om_option options[] = {
    [OPT_STRICT] = OM_OPTION_STRICT,
    [OPT_JSON] = {.name = "json",
                  .help = "print one JSON object a file, each on its own line"},
    [OPT_QUIET] = {.name = "quiet", .letter = 'q', .help = "print errors only"},
    {.name = NULL},
};

static const char *const text[] = {
    "Reads every FILE and prints one line of verdict for each. Whatever was read in another "
    "way than it was written, such as a misspelt colour or a reply that breaks off, is told "
    "as a note with its place; what cannot be read, as an error. Nothing is ever executed.",
    "The exit code is that of the worst file.",
    NULL,
};

static const om_example examples[] = {
    {"omost check reply.txt", "is this reply a canvas, and what had to be repaired?"},
    {"omost check --strict --json *.py", "the original's verdict, for a program to read"},
    {NULL, NULL},
};
/* clang-format on */

const om_command om_cmd_check = {
    .name = "check",
    .operands = "FILE...",
    .min_operands = 1,
    .max_operands = OM_MANY,
    .summary = "say whether canvases are sound and what was repaired",
    .text = text,
    .options = options,
    .examples = examples,
    .run = run_check,
};
