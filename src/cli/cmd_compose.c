/* cmd_compose.c - omost compose: a wish becomes a canvas. */
#include <stdio.h>
#include <unistd.h>

#include "base/file.h"
#include "cli/writer_cli.h"

enum {
    OPT_OUTPUT = OM_WRITER_N,
    OPT_EDIT,
    OPT_THREADS,
    OPT_GRAMMAR,
    OPT_QUIET,
};

/* ---- the wish ------------------------------------------------------------ */

static int read_wish(om_cli *cli, const om_args *args, om_buf *wish)
{
    omost_error err;
    const bool piped = args->n_operands == 0 && !isatty(STDIN_FILENO);
    om_buf_init(wish, NULL, OMOST_MAX_MESSAGE);
    if (args->n_operands == 0 && !piped)
        return om_usage(cli, "what should the picture show? Say it: omost "
                             "compose \"two cats on a sofa\"");
    if (piped || strcmp(args->operand[0], "-") == 0)
        return om_file_read("-", wish, &err) == OMOST_OK
                   ? 0
                   : om_complain(cli, &err);
    return om_join_operands(cli, args, wish);
}

/* ---- the canvas ---------------------------------------------------------- */

static om_show_what what_to_show(const om_args *args, const om_writer_setup *s)
{
    const char *out = args->opt[OPT_OUTPUT].text;
    const bool here = strcmp(out, "-") == 0;
    /* What may be taken back is not written before it is sure. */
    if (here && (isatty(STDOUT_FILENO) || !om_writer_may_change(s)))
        return OM_SHOW_TEXT;
    return args->opt[OPT_QUIET].set ? OM_SHOW_QUIET : OM_SHOW_REGIONS;
}

static int write_reply(om_compose_job *j, const om_args *args)
{
    const omost_reply *r = &j->reply;
    int code = 0;
    if (j->show.what == OM_SHOW_TEXT) {
        if (r->len > 0 && r->text[r->len - 1] != '\n') {
            code = om_write(j->cli, "-", OM_STR("\n"));
            j->show.line_end = true;
        }
    } else {
        om_show_clear(&j->show);
        code = om_write_reply(j->cli, args->opt[OPT_OUTPUT].text, r);
    }
    om_show_summary(&j->show, r);
    return om_worst(code, om_compose_judge(j->cli, r));
}

static int compose(om_cli *cli, const om_args *args, const om_writer_setup *s,
                   om_str wish)
{
    om_compose_job j = {.cli = cli, .setup = s};
    om_show_init(&j.show, cli, what_to_show(args, s));
    int code = om_try_target(cli, args->opt[OPT_OUTPUT].text);
    if (code == 0) code = om_compose_wish(&j, args->opt[OPT_EDIT].text, wish);
    if (code == 0) code = write_reply(&j, args);
    om_compose_end(&j);
    return code;
}

static int print_grammar(om_cli *cli)
{
    omost_error err;
    size_t n = 0;
    char *text = omost_compose_grammar(NULL, &n, &err);
    return om_write_text(cli, "-", text, n, &err);
}

static int run_compose(om_cli *cli, const om_args *args)
{
    om_writer_setup s;
    om_buf wish = {0};
    cli->quiet = args->opt[OPT_QUIET].set;
    if (args->opt[OPT_GRAMMAR].set) return print_grammar(cli);
    int code = om_writer_setup_make(cli, args, 0, &s);
    s.composer.n_threads = (int)args->opt[OPT_THREADS].integer;
    if (code == 0) code = read_wish(cli, args, &wish);
    if (code == 0) code = compose(cli, args, &s, om_buf_view(&wish));
    om_buf_free(&wish);
    om_writer_setup_free(&s);
    return code;
}

/* clang-format off */
static const om_option options[] = {
#include "cli/writer_alone.def"
    [OPT_OUTPUT] = OM_OPTION_OUTPUT,
    [OPT_EDIT] = {OM_WRITER_EDIT_ROW},
    [OPT_GRAMMAR] = {.name = "print-grammar",
        .help = "print the grammar of replies, as llama.cpp's programs read it, and do "
                "nothing else"},
    [OPT_QUIET + 1] = {.name = NULL},
};

static const char *const text[] = {
    "A language model writes the canvas for WISH: words, or standard input when there are none "
    "(or -). It goes to standard output as it is written. With a model in this process the "
    "reply is a valid canvas whatever the model would rather say.",
    "Ctrl-C stops at the next token.",
    NULL,
};

static const om_example examples[] = {
    {"omost compose -m omost.gguf \"a fierce battle of warriors and a dragon\"",
     "print a canvas as it is written"},
    {"omost compose -m omost.gguf --edit battle.txt \"change the dragon to a dinosaur\" -o new.txt",
     "the same canvas with one thing changed"},
    {"omost compose --server http://127.0.0.1:8080 \"two cats\" | omost preview -",
     "by a server, and at once to its layout"},
    {NULL, NULL},
};
/* clang-format on */

const om_command om_cmd_compose = {
    .name = "compose",
    .operands = "[WISH...]",
    .min_operands = 0,
    .max_operands = OM_MANY,
    .summary = "have a language model write a canvas",
    .text = text,
    .options = options,
    .examples = examples,
    .run = run_compose,
};
