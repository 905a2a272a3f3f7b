/* cli_help.c - --help, in 80 columns, from the tables. */
#include "cli/cli.h"

enum { WIDTH = 79, OPTION_COLUMN = 26, NAME_COLUMN = 12 };

void om_wrap(om_buf *out, const char *text, int column, int indent, int width)
{
    int at = column;
    bool first = true;
    for (const char *p = text; *p;) {
        const char *end = strchr(p, ' ');
        int n = (int)(end ? (size_t)(end - p) : strlen(p));
        if (!first && at + 1 + n > width) {
            om_buf_putc(out, '\n');
            om_buf_fill(out, ' ', (size_t)indent);
            at = indent;
        } else if (!first) {
            om_buf_putc(out, ' ');
            at++;
        }
        om_buf_put(out, p, (size_t)n);
        at += n;
        first = false;
        p += n + (end ? 1 : 0);
    }
    om_buf_putc(out, '\n');
}

/* text, in a column of its own after `left`, which may stand on a line alone */
static void put_entry(om_buf *out, size_t from, int column, const char *text)
{
    int used = (int)(out->n - from);
    if (used + 1 > column) {
        om_buf_putc(out, '\n');
        used = 0;
    }
    om_buf_fill(out, ' ', (size_t)(column - used));
    om_wrap(out, text, column, column, WIDTH);
}

void om_option_usage(om_buf *out, const om_option *o)
{
    if (o->letter)
        om_buf_printf(out, "-%c, ", o->letter);
    else if (o->also)
        om_buf_printf(out, "-%s, ", o->also);
    else
        om_buf_puts(out, "    ");
    om_buf_printf(out, "--%s", o->name);
    if (o->arg) om_buf_printf(out, " %s", o->arg);
}

bool om_option_has_range(const om_option *o)
{
    bool number = o->kind == OM_ARG_SIZE || o->kind == OM_ARG_INT ||
                  o->kind == OM_ARG_NUMBER;
    return number && (o->min != 0 || o->max != 0);
}

void om_option_help(om_buf *out, const om_option *o)
{
    om_buf_puts(out, o->help);
    const char *open = " (", *name;
    for (size_t i = 0; (name = om_option_choice(o, i)) != NULL; i++) {
        const char *sep = i == 0                       ? open
                          : om_option_choice(o, i + 1) ? ", "
                                                       : " or ";
        om_buf_printf(out, "%s%s", sep, name);
    }
    if (om_option_has_range(o))
        om_buf_printf(out, "%s%.10g to %.10g", open, o->min, o->max);
    if (om_option_choice(o, 0) || om_option_has_range(o)) open = "; ";
    if (o->fallback) om_buf_printf(out, "%sdefault: %s", open, o->fallback);
    if (*open == ';' || o->fallback) om_buf_putc(out, ')');
}

static void put_option(om_buf *out, const om_option *o)
{
    om_buf help;
    om_buf_init(&help, NULL, 4096);
    om_option_help(&help, o);
    size_t from = out->n;
    om_buf_puts(out, "  ");
    om_option_usage(out, o);
    put_entry(out, from, OPTION_COLUMN, help.p ? help.p : "");
    if (help.status != OMOST_OK) out->status = help.status;
    om_buf_free(&help);
}

static void put_text(om_buf *out, const char *const *text)
{
    bool in_list = false;
    for (; *text; text++) {
        const char *tab = strchr(*text, '\t');
        if (!tab || !in_list) om_buf_putc(out, '\n');
        in_list = tab != NULL;
        size_t from = out->n;
        if (tab) {
            om_buf_printf(out, "  %.*s", (int)(tab - *text), *text);
            put_entry(out, from, NAME_COLUMN, tab + 1);
        } else {
            om_wrap(out, *text, 0, 0, WIDTH);
        }
    }
}

void om_help_command(om_buf *out, const om_command *cmd)
{
    om_buf_printf(out, "omost %s - %s\n\nUsage: omost %s [OPTION]...%s%s\n",
                  cmd->name, cmd->summary, cmd->name, *cmd->operands ? " " : "",
                  cmd->operands);
    put_text(out, cmd->text);
    om_buf_puts(out, "\nOptions:\n");
    for (const om_option *o = cmd->options; o->name; o++) put_option(out, o);
    put_option(out, &om_help_option);
    if (cmd->examples->line) om_buf_puts(out, "\nExamples:\n");
    for (const om_example *e = cmd->examples; e->line; e++) {
        om_buf_printf(out, "  %s\n      ", e->line);
        om_wrap(out, e->text, 6, 6, WIDTH);
    }
}

static void put_exit_codes(om_buf *out)
{
    om_buf_puts(out, "\nExit codes:\n");
#define X(code, name, when)             \
    om_buf_printf(out, "  %d  ", code); \
    om_wrap(out, when, 5, 5, WIDTH);
    OM_EXIT_LIST(X)
#undef X
}

void om_help_program(om_buf *out)
{
    om_buf_puts(out,
                "omost - from a wish to a picture you can direct\n\n"
                "Usage: omost COMMAND [OPTION]... [FILE]...\n\nCommands:\n");
    for (const om_command *const *c = om_commands; *c; c++) {
        size_t from = out->n;
        om_buf_printf(out, "  %s", (*c)->name);
        put_entry(out, from, NAME_COLUMN, (*c)->summary);
    }
    om_buf_puts(out, "\nOptions:\n");
    for (const om_option *o = om_program_options; o->name; o++)
        put_option(out, o);
    om_buf_puts(
        out,
        "\nA FILE is a model's whole reply, the Python code alone, Canvas JSON or\n"
        "ComfyUI_omost JSON, or a picture of omost render: which one is found out.\n"
        "\"-\" is standard input.\n"
        "\nExamples:\n"
        "  omost draw \"two cats on a sofa\" -l omost.gguf -m sdxl.safetensors\n"
        "  omost compose -m omost.gguf \"two cats\" | omost preview - --labels -o x.png\n"
        "  omost check reply.txt\n"
        "  omost help draw\n");
    put_exit_codes(out);
}

void om_help_version(om_buf *out)
{
    om_buf_printf(out, "omost %s\n", omost_version());
}
