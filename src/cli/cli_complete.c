/* cli_complete.c - completions for bash, zsh and fish, from the tables. They
 * need nothing but the shell itself. */
#include "cli/cli.h"

/* Text inside single quotes of a shell. */
static void quoted(om_buf *out, const char *text)
{
    for (const char *p = text; *p; p++) {
        if (*p == '\'')
            om_buf_puts(out, "'\\''");
        else
            om_buf_putc(out, *p);
    }
}

static void command_names(om_buf *out)
{
    for (const om_command *const *c = om_commands; *c; c++)
        om_buf_printf(out, "%s%s", c == om_commands ? "" : " ", (*c)->name);
}

static void choice_names(om_buf *out, const om_option *o)
{
    const char *name;
    for (size_t i = 0; (name = om_option_choice(o, i)) != NULL; i++)
        om_buf_printf(out, "%s%s", i ? " " : "", name);
}

static bool takes_files(const om_command *c)
{
    return c->max_operands > 0 && c != &om_cmd_help;
}

/* ---- bash -------------------------------------------------------------- */

/* A case branch: what may follow `-o` or `--output` of this command. */
static void bash_value(om_buf *out, const om_command *c, const om_option *o)
{
    if (o->kind == OM_ARG_NONE) return;
    om_buf_printf(out, "        %s:--%s", c->name, o->name);
    if (o->letter) om_buf_printf(out, " | %s:-%c", c->name, o->letter);
    om_buf_puts(out, ") ");
    if (o->kind == OM_ARG_CHOICE) {
        om_buf_puts(out, "words='");
        choice_names(out, o);
        om_buf_puts(out, "'; kind= ;;\n");
    } else {
        om_buf_printf(out, "words=; kind=%s ;;\n",
                      o->kind == OM_ARG_FOLDER ? "-d"
                      : o->kind == OM_ARG_FILE ? "-f"
                                               : "");
    }
}

static void bash_options(om_buf *out, const om_command *c)
{
    om_buf_printf(out, "        %s) words='", c->name);
    for (const om_option *o = c->options; o->name; o++)
        om_buf_printf(out, "--%s ", o->name);
    om_buf_puts(out, "--help' ;;\n");
}

void om_generate_bash(om_buf *out)
{
    om_buf_puts(
        out,
        "# bash completion for omost; made by `omost --generate bash`.\n\n"
        "_omost()\n{\n"
        "    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]}\n"
        "    local cmd=${COMP_WORDS[1]} words= kind=-f value=1\n"
        "    # \"--to=py\" arrives as three words: --to = py\n"
        "    if [[ $cur == = ]]; then cur=\n"
        "    elif [[ $prev == = ]]; then prev=${COMP_WORDS[COMP_CWORD-2]}; fi\n"
        "    COMPREPLY=()\n"
        "    if ((COMP_CWORD == 1)); then\n"
        "        COMPREPLY=($(compgen -W '");
    command_names(out);
    om_buf_puts(out,
                " --help --version' -- \"$cur\"))\n        return\n    fi\n"
                "    case $cmd:$prev in\n");
    for (const om_command *const *c = om_commands; *c; c++)
        for (const om_option *o = (*c)->options; o->name; o++)
            bash_value(out, *c, o);
    om_buf_puts(out, "        help:*) words='");
    command_names(out);
    om_buf_puts(out,
                "'; kind= ;;\n        *) value= ;;\n    esac\n"
                "    if [[ ! $value && $cur == -?* ]]; then\n        kind=\n"
                "        case $cmd in\n");
    for (const om_command *const *c = om_commands; *c; c++)
        bash_options(out, *c);
    om_buf_puts(
        out,
        "        esac\n    fi\n"
        "    local IFS=$'\\n'\n"
        "    words=${words// /$IFS}\n"
        "    [[ $words ]] && COMPREPLY=($(compgen -W \"$words\" -- \"$cur\"))\n"
        "    if [[ $kind ]]; then\n"
        "        compopt -o filenames 2>/dev/null\n"
        "        COMPREPLY+=($(compgen \"$kind\" -- \"$cur\"))\n"
        "    fi\n}\n\ncomplete -F _omost omost\n");
}

/* ---- zsh --------------------------------------------------------------- */

/* Text in an _arguments description: brackets and colons are its syntax. */
static void zsh_text(om_buf *out, const char *text)
{
    for (const char *p = text; *p; p++) {
        if (*p == '[' || *p == ']' || *p == ':' || *p == '\\')
            om_buf_putc(out, '\\');
        if (*p == '\'')
            om_buf_puts(out, "'\\''");
        else
            om_buf_putc(out, *p);
    }
}

static void zsh_action(om_buf *out, const om_option *o)
{
    if (o->kind == OM_ARG_NONE) return;
    om_buf_printf(out, ":%s:", o->arg);
    if (o->kind == OM_ARG_FILE) om_buf_puts(out, "_files");
    if (o->kind == OM_ARG_FOLDER) om_buf_puts(out, "_files -/");
    if (o->kind == OM_ARG_CHOICE) {
        om_buf_putc(out, '(');
        choice_names(out, o);
        om_buf_putc(out, ')');
    }
}

static void zsh_option(om_buf *out, const om_option *o)
{
    const char *eq = o->kind == OM_ARG_NONE ? "" : "=", *plus = *eq ? "+" : "";
    om_buf_puts(out, "            '");
    if (o->letter)
        om_buf_printf(out, "(-%c --%s)'{-%c%s,--%s%s}'", o->letter, o->name,
                      o->letter, plus, o->name, eq);
    else
        om_buf_printf(out, "--%s%s", o->name, eq);
    om_buf_putc(out, '[');
    zsh_text(out, o->help);
    om_buf_putc(out, ']');
    zsh_action(out, o);
    om_buf_puts(out, "' \\\n");
}

static void zsh_command(om_buf *out, const om_command *c)
{
    om_buf_printf(out, "        %s)\n            _arguments -s -S \\\n",
                  c->name);
    for (const om_option *o = c->options; o->name; o++) zsh_option(out, o);
    zsh_option(out, &om_help_option);
    if (c == &om_cmd_help) {
        om_buf_puts(out, "            ':COMMAND:(");
        command_names(out);
        om_buf_puts(out, ")'");
    } else if (takes_files(c)) {
        om_buf_puts(out, "            '*:FILE:_files'");
    } else {
        om_buf_puts(out, "            ':'");
    }
    om_buf_puts(out, "\n            ;;\n");
}

void om_generate_zsh(om_buf *out)
{
    om_buf_puts(out, "#compdef omost\n# zsh completion for omost; made by "
                     "`omost --generate zsh`.\n\n_omost() {\n"
                     "    local -a commands=(\n");
    for (const om_command *const *c = om_commands; *c; c++) {
        om_buf_printf(out, "        '%s:", (*c)->name);
        quoted(out, (*c)->summary);
        om_buf_puts(out, "'\n");
    }
    om_buf_puts(
        out, "    )\n    if ((CURRENT == 2)); then\n"
             "        _describe 'command' commands\n"
             "        compadd -- --help --version\n        return\n    fi\n"
             "    local command=$words[2]\n    shift words\n    ((CURRENT--))\n"
             "    case $command in\n");
    for (const om_command *const *c = om_commands; *c; c++)
        zsh_command(out, *c);
    om_buf_puts(out, "    esac\n}\n\n"
                     "if [[ $funcstack[1] == _omost ]]; then _omost \"$@\"; "
                     "else compdef _omost omost; fi\n");
}

/* ---- fish -------------------------------------------------------------- */

/* Text in single quotes of fish, which knows \\ and \' alone. */
static void fish_text(om_buf *out, const char *text)
{
    om_buf_putc(out, '\'');
    for (const char *p = text; *p; p++) {
        if (*p == '\'' || *p == '\\') om_buf_putc(out, '\\');
        om_buf_putc(out, *p);
    }
    om_buf_putc(out, '\'');
}

static void fish_option(om_buf *out, const om_command *c, const om_option *o)
{
    om_buf_printf(out, "complete -c omost -n '__fish_seen_subcommand_from %s'",
                  c->name);
    if (o->letter) om_buf_printf(out, " -s %c", o->letter);
    om_buf_printf(out, " -l %s", o->name);
    if (o->kind == OM_ARG_FILE) om_buf_puts(out, " -r -F");
    if (o->kind == OM_ARG_FOLDER)
        om_buf_puts(out, " -x -a '(__fish_complete_directories)'");
    if (o->kind == OM_ARG_TEXT || o->kind == OM_ARG_SIZE)
        om_buf_puts(out, " -x");
    if (o->kind == OM_ARG_CHOICE) {
        om_buf_puts(out, " -x -a '");
        choice_names(out, o);
        om_buf_putc(out, '\'');
    }
    om_buf_puts(out, " -d ");
    fish_text(out, o->help);
    om_buf_putc(out, '\n');
}

void om_generate_fish(om_buf *out)
{
    om_buf_puts(
        out,
        "# fish completion for omost; made by `omost --generate fish`.\n\n"
        "complete -c omost -f\n"
        "complete -c omost -n __fish_use_subcommand -s h -l help -d 'show help'\n"
        "complete -c omost -n __fish_use_subcommand -s V -l version "
        "-d 'show the version'\n");
    for (const om_command *const *p = om_commands; *p; p++) {
        const om_command *c = *p;
        om_buf_printf(out,
                      "complete -c omost -n __fish_use_subcommand -a %s -d ",
                      c->name);
        fish_text(out, c->summary);
        om_buf_putc(out, '\n');
        for (const om_option *o = c->options; o->name; o++)
            fish_option(out, c, o);
        if (c != &om_cmd_help) fish_option(out, c, &om_help_option);
        if (takes_files(c))
            om_buf_printf(
                out,
                "complete -c omost -n '__fish_seen_subcommand_from %s' -F\n",
                c->name);
    }
    om_buf_puts(out,
                "complete -c omost -n '__fish_seen_subcommand_from help' -a '");
    command_names(out);
    om_buf_puts(out, "'\n");
}
