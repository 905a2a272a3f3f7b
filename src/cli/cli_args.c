/* cli_args.c - the command line against a command's table of options.
 *
 * As curl, llama.cpp and the GNU tools read it: --name VALUE, --name=VALUE,
 * -n VALUE, -nVALUE, flags in a cluster (-sq), options before and after the
 * operands, "--" ends the options, "-" alone is an operand, the last of an
 * option counts. Options may not be abbreviated: a script must not change its
 * meaning when an option is added. */
#include "cli/cli.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

typedef struct scan {
    om_cli *cli;
    om_args *out;
    int argc, i;
    char **argv;
} scan;

const om_option om_help_option = {
    .name = "help", .letter = 'h', .help = "show this help"};

static size_t option_count(const om_command *cmd)
{
    size_t n = 0;
    while (cmd->options[n].name) n++;
    return n;
}

/* "--output or -o" */
static const char *option_words(const om_option *o, char buf[64])
{
    if (o->letter)
        snprintf(buf, 64, "--%s (-%c)", o->name, o->letter);
    else if (o->also)
        snprintf(buf, 64, "--%s (-%s)", o->name, o->also);
    else
        snprintf(buf, 64, "--%s", o->name);
    return buf;
}

const char *om_option_choice(const om_option *o, size_t i)
{
    if (o->choice_at) return o->choice_at(i);
    return o->choices ? o->choices[i] : NULL;
}

static int find_choice(const om_option *o, const char *text)
{
    const char *name;
    if (o->choice_find) return o->choice_find(text);
    for (int i = 0; (name = om_option_choice(o, (size_t)i)) != NULL; i++)
        if (strcmp(name, text) == 0) return i;
    return -1;
}

static int read_choice(const om_cli *cli, const om_option *o, om_opt_value *v)
{
    char list[200] = "", hint[OM_HINT_MAX];
    size_t used = 0;
    const char *name;
    v->choice = find_choice(o, v->text);
    if (v->choice >= 0) return 0;
    for (size_t i = 0; (name = om_option_choice(o, i)) != NULL; i++) {
        const char *sep = i == 0                       ? ""
                          : om_option_choice(o, i + 1) ? ", "
                                                       : " or ";
        int n = snprintf(list + used, sizeof list - used, "%s%s", sep, name);
        if (n > 0 && used + (size_t)n < sizeof list) used += (size_t)n;
    }
    bool hinted = o->choice_hint && o->choice_hint(hint, v->text);
    return om_usage(cli, "--%s takes %s, not \"%s\"%s%s", o->name, list,
                    v->text, hinted ? "; write " : "", hinted ? hint : "");
}

/* One side of WxH; the rest of the text, or NULL. */
static const char *read_side(const char *p, const om_option *o, int *side)
{
    if (*p < '0' || *p > '9') return NULL;
    long n = 0;
    for (; *p >= '0' && *p <= '9'; p++)
        if (n <= o->max) n = n * 10 + (*p - '0');
    if (n < o->min || n > o->max) return NULL;
    *side = (int)n;
    return p;
}

static int read_size(const om_cli *cli, const om_option *o, om_opt_value *v)
{
    const char *p = read_side(v->text, o, &v->width);
    if (p && (*p == 'x' || *p == 'X'))
        p = read_side(p + 1, o, &v->height);
    else
        v->height = v->width;
    if (p && *p == '\0') return 0;
    return om_usage(
        cli,
        "--%s takes WIDTHxHEIGHT, or one number for a square, each from %.10g to "
        "%.10g, not \"%s\"",
        o->name, o->min, o->max, v->text);
}

static bool in_range(const om_option *o, double v)
{
    return (o->min == 0 && o->max == 0) || (v >= o->min && v <= o->max);
}

/* A whole number, or one with a fraction; nothing but digits, sign and point
 * (strtod knows infinities and hexadecimal as well). */
static int read_number(const om_cli *cli, const om_option *o, om_opt_value *v)
{
    const bool whole = o->kind == OM_ARG_INT;
    const char *fine = whole ? "+-0123456789" : "+-.0123456789eE";
    char *end = NULL;
    errno = 0;
    if (whole)
        v->number = (double)(v->integer = strtoll(v->text, &end, 10));
    else
        v->number = strtod(v->text, &end);
    if (end != v->text && *end == '\0' && errno == 0 &&
        strspn(v->text, fine) == strlen(v->text) && in_range(o, v->number))
        return 0;
    if (o->min == 0 && o->max == 0)
        return om_usage(cli, "--%s takes a %snumber, not \"%s\"", o->name,
                        whole ? "whole " : "", v->text);
    return om_usage(cli,
                    "--%s takes a %snumber from %.10g to %.10g, not \"%s\"",
                    o->name, whole ? "whole " : "", o->min, o->max, v->text);
}

static int read_value(const om_cli *cli, const om_option *o, om_opt_value *v)
{
    if (o->kind == OM_ARG_CHOICE) return read_choice(cli, o, v);
    if (o->kind == OM_ARG_SIZE) return read_size(cli, o, v);
    if (o->kind == OM_ARG_INT || o->kind == OM_ARG_NUMBER)
        return read_number(cli, o, v);
    if (*v->text != '\0' || o->kind == OM_ARG_TEXT) return 0;
    return om_usage(cli, "--%s takes %s %s, not nothing", o->name,
                    strchr("AEIOU", o->arg[0]) ? "an" : "a", o->arg);
}

/* The option's value is `inline_value` or else the next argument. */
static int take(scan *s, const om_option *o, const char *inline_value)
{
    char words[64];
    om_opt_value *v = &s->out->opt[o - s->cli->cmd->options];
    v->set = true;
    if (o->kind == OM_ARG_NONE) return 0;
    if (!inline_value) {
        if (s->i + 1 >= s->argc)
            return om_usage(s->cli, "%s needs a value: --%s %s",
                            option_words(o, words), o->name, o->arg);
        inline_value = s->argv[++s->i];
        /* A forgotten value would swallow the next option. */
        if (strncmp(inline_value, "--", 2) == 0 && inline_value[2] != '\0')
            return om_usage(
                s->cli,
                "%s needs a value, and %s looks like an option; write --%s=%s if "
                "it is meant",
                option_words(o, words), inline_value, o->name, inline_value);
    }
    v->text = inline_value;
    if (o->many) {
        if (s->out->n_many == OM_MAX_MANY)
            return om_usage(s->cli, "--%s is given too often", o->name);
        s->out->many[s->out->n_many++] =
            (om_many_value){(int)(o - s->cli->cmd->options), inline_value};
    }
    return read_value(s->cli, o, v);
}

static int unknown_option(const scan *s, const char *name)
{
    const char *words[OM_MAX_OPTIONS + 2] = {om_help_option.name};
    const om_option *opts = s->cli->cmd->options;
    for (size_t i = 0; opts[i].name; i++) words[i + 1] = opts[i].name;
    const char *near = om_suggest(name, words);
    if (near)
        return om_usage(s->cli, "there is no option --%s; did you mean --%s?",
                        name, near);
    return om_usage(s->cli, "there is no option --%s", name);
}

static int parse_long(scan *s, char *word)
{
    char *value = strchr(word, '=');
    if (value) *value++ = '\0';
    for (const om_option *o = s->cli->cmd->options; o->name; o++) {
        if (strcmp(o->name, word) != 0) continue;
        if (value && o->kind == OM_ARG_NONE)
            return om_usage(s->cli, "--%s takes no value", o->name);
        return take(s, o, value);
    }
    if (strcmp(word, om_help_option.name) != 0) return unknown_option(s, word);
    s->out->help = true;
    return 0;
}

/* -abc: flags until one takes the rest, or the next argument, as its value. */
static int parse_cluster(scan *s, const char *p)
{
    for (const om_option *o = s->cli->cmd->options; o->name; o++)
        if (o->also && strcmp(o->also, p) == 0) return take(s, o, NULL);
    for (; *p; p++) {
        const om_option *o = s->cli->cmd->options;
        while (o->name && o->letter != *p) o++;
        if (o->name && o->kind != OM_ARG_NONE) {
            const char *rest = p[1] == '=' ? p + 2 : p + 1;
            return take(s, o, p[1] ? rest : NULL);
        }
        int code = 0;
        if (o->name)
            code = take(s, o, NULL);
        else if (*p == om_help_option.letter)
            s->out->help = true;
        else
            code = om_usage(s->cli, "there is no option -%c",
                            (unsigned char)*p < 0x80 ? *p : '?');
        if (code) return code;
    }
    return 0;
}

static void set_defaults(const om_command *cmd, om_args *out)
{
    *out = (om_args){0};
    for (size_t i = 0; cmd->options[i].name; i++) {
        const om_option *o = &cmd->options[i];
        om_opt_value *v = &out->opt[i];
        v->text = o->fallback;
        v->choice = -1;
        if (o->fallback && o->kind == OM_ARG_CHOICE)
            v->choice = find_choice(o, o->fallback);
        if (o->fallback && o->kind == OM_ARG_INT)
            v->integer = strtoll(o->fallback, NULL, 10);
        if (o->fallback && o->kind == OM_ARG_NUMBER)
            v->number = strtod(o->fallback, NULL);
    }
}

static int check_count(const om_cli *cli, const om_args *a)
{
    const om_command *cmd = cli->cmd;
    if (a->n_operands > cmd->max_operands)
        return om_usage(cli, "\"%s\" is one argument too many",
                        a->operand[cmd->max_operands]);
    if (a->n_operands >= cmd->min_operands) return 0;
    if (cmd->min_operands == 1)
        return om_usage(cli, "which file? Name one, or - for standard input");
    return om_usage(cli, "%s are needed, %d given", cmd->operands,
                    a->n_operands);
}

int om_args_parse(om_cli *cli, int argc, char **argv, om_args *out)
{
    scan s = {.cli = cli, .out = out, .argc = argc, .argv = argv};
    bool only_operands = false;
    if (option_count(cli->cmd) > OM_MAX_OPTIONS)
        abort(); /* a slip in a table */
    set_defaults(cli->cmd, out);
    out->operand = argv; /* operands move to the front, over what was read */
    for (; s.i < argc; s.i++) {
        char *a = argv[s.i];
        int code = 0;
        if (only_operands || a[0] != '-' || a[1] == '\0')
            argv[out->n_operands++] = a;
        else if (strcmp(a, "--") == 0)
            only_operands = true;
        else if (a[1] == '-')
            code = parse_long(&s, a + 2);
        else
            code = parse_cluster(&s, a + 1);
        if (code) return code;
    }
    return out->help ? 0 : check_count(cli, out);
}
