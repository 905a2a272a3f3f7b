/* cli_man.c - docs/omost.1 and docs/options.md, from the tables. */
#include "cli/cli.h"

/* ---- man page ---------------------------------------------------------- */

/* Text as roff: "-" is a minus (people copy options), a line must not begin
 * with a control character, a backslash is itself. */
static void roff(om_buf *out, const char *text)
{
    if (*text == '.' || *text == '\'') om_buf_puts(out, "\\&");
    for (const char *p = text; *p; p++) {
        if (*p == '-')
            om_buf_puts(out, "\\-");
        else if (*p == '\\')
            om_buf_puts(out, "\\e");
        else if (*p == '"')
            om_buf_puts(out, "\\(dq");
        else if (*p == '`')
            om_buf_puts(out, "\\(ga");
        else
            om_buf_putc(out, *p);
    }
}

static void roff_line(om_buf *out, const char *text)
{
    roff(out, text);
    om_buf_putc(out, '\n');
}

static void man_option(om_buf *out, const om_option *o)
{
    om_buf help;
    om_buf_init(&help, NULL, 4096);
    om_option_help(&help, o);
    om_buf_puts(out, ".TP\n");
    if (o->letter) om_buf_printf(out, "\\fB\\-%c\\fR, ", o->letter);
    if (o->also) om_buf_printf(out, "\\fB\\-%s\\fR, ", o->also);
    om_buf_puts(out, "\\fB\\-\\-");
    roff(out, o->name);
    om_buf_puts(out, "\\fR");
    if (o->arg) om_buf_printf(out, " \\fI%s\\fR", o->arg);
    om_buf_putc(out, '\n');
    roff_line(out, help.p ? help.p : "");
    if (help.status != OMOST_OK) out->status = help.status;
    om_buf_free(&help);
}

static void man_command(om_buf *out, const om_command *c)
{
    om_buf_printf(out, ".SS omost %s [OPTION]... %s\n", c->name, c->operands);
    for (const char *const *t = c->text; *t; t++) {
        const char *tab = strchr(*t, '\t');
        if (tab)
            om_buf_printf(out, ".TP\n.B %.*s\n", (int)(tab - *t), *t);
        else if (t != c->text)
            om_buf_puts(out, ".PP\n");
        roff_line(out, tab ? tab + 1 : *t);
    }
    for (const om_option *o = c->options; o->name; o++) man_option(out, o);
    for (const om_example *e = c->examples; e->line; e++) {
        om_buf_puts(out, ".PP\n");
        om_buf_puts(out, e == c->examples ? "Examples:\n.PP\n.RS 4\n\\fB"
                                          : ".RS 4\n\\fB");
        roff(out, e->line);
        om_buf_puts(out, "\\fR\n.br\n");
        roff_line(out, e->text);
        om_buf_puts(out, ".RE\n");
    }
}

static const struct {
    const char *name, *text;
} variables[] = {
    {"OMOST_API_KEY",
     "The key for the server that --server names. It is not taken from the "
     "command line, where others could read it."},
    {"OPENAI_API_KEY", "The same, where that server is OpenAI's own."},
    {"OMOST_SERVE_KEY",
     "The key that omost serve asks for, unless --api-key or --api-key-file "
     "gives one; without any it listens to this machine alone."},
    {"HF_HUB_CACHE, HF_HOME",
     "Where models of the Hugging Face hub are: $HF_HUB_CACHE, else "
     "$HF_HOME/hub, else $XDG_CACHE_HOME/huggingface/hub."},
    {"HF_TOKEN, HF_TOKEN_PATH",
     "Who you are, for models that ask: the token, or the file that holds it; "
     "else $HF_HOME/token. It is sent to the hub alone."},
    {"HF_ENDPOINT", "Another hub than https://huggingface.co."},
    {"HF_HUB_OFFLINE", "1: never ask a server for a model."},
    {"http_proxy, https_proxy, no_proxy", "The way out."},
    {"XDG_CACHE_HOME",
     "What is kept between runs is below it, in omost: digests and paths (the "
     "SHA-256 of models), prompts (what a language model has read of its "
     "instructions), downloads (of omost pull, from other addresses than the "
     "hub's). Unset: ~/.cache."},
    {"XDG_DATA_HOME",
     "Where omost serve keeps sessions and pictures, in omost, unless --data "
     "says otherwise. Unset: ~/.local/share."},
    {"NO_COLOR",
     "When set and not empty, diagnostics on a terminal are not coloured."},
};

static void man_variables(om_buf *out)
{
    om_buf_puts(out, ".SH ENVIRONMENT\n");
    for (size_t i = 0; i < sizeof variables / sizeof *variables; i++) {
        om_buf_printf(out, ".TP\n.B %s\n", variables[i].name);
        roff_line(out, variables[i].text);
    }
}

void om_generate_man(om_buf *out)
{
    om_buf_puts(
        out, ".\\\" Made by `omost --generate man`; edit src/cli instead.\n");
    om_buf_printf(out, ".TH OMOST 1 \"\" \"omost %s\" \"User Commands\"\n",
                  omost_version());
    om_buf_puts(out,
                ".SH NAME\nomost \\- from a wish to a picture you can direct\n"
                ".SH SYNOPSIS\n.B omost\n\\fICOMMAND\\fR "
                "[\\fIOPTION\\fR]... [\\fIFILE\\fR]...\n.SH DESCRIPTION\n");
    roff_line(
        out,
        "A Canvas is a small Python-like text in which a language model describes a "
        "picture region by region. omost has one written, by a model in this "
        "process or by a server; reads it without executing it, tells what "
        "is wrong with it, draws its layout, works out prompts and masks for every "
        "region, and draws the picture itself with an SDXL model. Models are fetched "
        "by their names, and omost serve has all of it in a browser.");
    om_buf_puts(out, ".PP\n");
    roff_line(
        out,
        "A FILE is a model's whole reply, the Python code alone, Canvas JSON or "
        "ComfyUI_omost JSON, or a picture of omost render: which one is found out. "
        "A file named - is standard "
        "input. Output files appear whole or not at all.");
    om_buf_puts(out, ".SH OPTIONS\n");
    for (const om_option *o = om_program_options; o->name; o++)
        man_option(out, o);
    om_buf_puts(out, ".PP\n");
    roff_line(
        out,
        "Every command has -h and --help. Options and files may be mixed; -- ends "
        "the options.");
    om_buf_puts(out, ".SH COMMANDS\n");
    for (const om_command *const *c = om_commands; *c; c++)
        man_command(out, *c);
    om_buf_puts(out, ".SH EXIT STATUS\n");
#define X(code, name, when)                   \
    om_buf_printf(out, ".TP\n.B %d\n", code); \
    roff_line(out, when);
    OM_EXIT_LIST(X)
#undef X
    man_variables(out);
}

/* ---- docs/options.md --------------------------------------------------- */

/* Text in a table cell; back quotes would start code. */
static void cell(om_buf *out, const char *text)
{
    for (const char *p = text; *p; p++) {
        if (*p == '|' || *p == '`' || *p == '<' || *p == '*')
            om_buf_putc(out, '\\');
        om_buf_putc(out, *p);
    }
}

static void md_option(om_buf *out, const om_option *o)
{
    om_buf_puts(out, "| ");
    if (o->letter) om_buf_printf(out, "`-%c` ", o->letter);
    if (o->also) om_buf_printf(out, "`-%s` ", o->also);
    om_buf_printf(out, "`--%s%s%s` | ", o->name, o->arg ? " " : "",
                  o->arg ? o->arg : "");
    const char *name;
    for (size_t i = 0; (name = om_option_choice(o, i)) != NULL; i++)
        om_buf_printf(out, "%s`%s`", i ? ", " : "", name);
    if (om_option_has_range(o))
        om_buf_printf(out, "%.10g to %.10g", o->min, o->max);
    om_buf_puts(out, " | ");
    if (o->fallback) om_buf_printf(out, "`%s`", o->fallback);
    om_buf_puts(out, " | ");
    cell(out, o->help);
    om_buf_puts(out, " |\n");
}

void om_generate_options(om_buf *out)
{
    om_buf_puts(
        out,
        "<!-- Made by `omost --generate options`; edit src/cli instead. -->\n"
        "# Options\n\nEvery command also has `-h` `--help`. The same is in the "
        "man page, `docs/omost.1`.\n");
    for (const om_command *const *p = om_commands; *p; p++) {
        const om_command *c = *p;
        om_buf_printf(out, "\n## omost %s %s\n\n", c->name, c->operands);
        for (const char *const *t = c->text; *t; t++) {
            const char *tab = strchr(*t, '\t');
            if (tab) om_buf_printf(out, "- `%.*s`: ", (int)(tab - *t), *t);
            cell(out, tab ? tab + 1 : *t);
            om_buf_puts(out, tab && t[1] && strchr(t[1], '\t') ? "\n" : "\n\n");
        }
        if (c->options->name)
            om_buf_puts(
                out,
                "| option | values | default | meaning |\n|---|---|---|---|\n");
        for (const om_option *o = c->options; o->name; o++) md_option(out, o);
        if (c->options->name) om_buf_putc(out, '\n');
        om_buf_puts(out, "```sh\n");
        for (const om_example *e = c->examples; e->line; e++)
            om_buf_printf(out, "%s   # %s\n", e->line, e->text);
        om_buf_puts(out, "```\n");
    }
    om_buf_puts(out, "\n## Exit codes\n\n| code | when |\n|---|---|\n");
#define X(code, name, when)              \
    om_buf_printf(out, "| %d | ", code); \
    cell(out, when);                     \
    om_buf_puts(out, " |\n");
    OM_EXIT_LIST(X)
#undef X
}
