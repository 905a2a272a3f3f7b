/* cli_main.c - the program omost: finds the command and calls it.
 *
 * `omost --generate man|bash|zsh|fish|options|http_api` is for the build and not in
 * the help: it prints a document made from the tables (docs/, completions). */
#include "cli/cli.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

const om_command *const om_commands[] = {
    &om_cmd_serve,  &om_cmd_draw,  &om_cmd_compose, &om_cmd_chat,
    &om_cmd_render, &om_cmd_check, &om_cmd_fmt,     &om_cmd_preview,
    &om_cmd_plan,   &om_cmd_diff,  &om_cmd_convert, &om_cmd_models,
    &om_cmd_pull,   &om_cmd_gguf,  &om_cmd_info,    &om_cmd_doctor,
    &om_cmd_help,   NULL,
};

const om_option om_program_options[] = {
    {.name = "help", .letter = 'h', .help = "show this help"},
    {.name = "version", .letter = 'V', .help = "show the version"},
    {.name = NULL},
};

const om_command *om_command_find(const char *name)
{
    for (const om_command *const *c = om_commands; *c; c++)
        if (strcmp((*c)->name, name) == 0) return *c;
    return NULL;
}

static int print(om_cli *cli, void (*make)(om_buf *out))
{
    om_buf b;
    om_buf_init(&b, NULL, OMOST_MAX_INPUT);
    make(&b);
    return om_write_buf(cli, "-", &b);
}

static int generate(om_cli *cli, const char *what)
{
#define X(name) \
    if (what && strcmp(what, #name) == 0) return print(cli, om_generate_##name);
    OM_DOCUMENT_LIST(X)
#undef X
    return om_usage(cli, "--generate takes man, bash, zsh, fish, options or "
                         "http_api");
}

int om_unknown_command(const om_cli *cli, const char *name)
{
    const char *words[32] = {NULL};
    for (size_t i = 0; om_commands[i]; i++) words[i] = om_commands[i]->name;
    const char *near = om_suggest(name, words);
    if (near)
        return om_usage(cli, "there is no command \"%s\"; did you mean \"%s\"?",
                        name, near);
    return om_usage(cli, "there is no command \"%s\"", name);
}

static int program_option(om_cli *cli, int argc, char **argv)
{
    const char *a = argv[1];
    if (strcmp(a, "--help") == 0 || strcmp(a, "-h") == 0)
        return print(cli, om_help_program);
    if (strcmp(a, "--version") == 0 || strcmp(a, "-V") == 0)
        return print(cli, om_help_version);
    if (strcmp(a, "--generate") == 0)
        return generate(cli, argc > 2 ? argv[2] : NULL);
    const char *words[] = {"help", "version", NULL};
    const char *near =
        strncmp(a, "--", 2) == 0 ? om_suggest(a + 2, words) : NULL;
    if (near)
        return om_usage(cli, "there is no option %s; did you mean --%s?", a,
                        near);
    return om_usage(cli, "there is no option %s before the command's name", a);
}

static int run_command(om_cli *cli, int argc, char **argv)
{
    om_args args;
    cli->cmd = om_command_find(argv[1]);
    if (!cli->cmd) return om_unknown_command(cli, argv[1]);
    int code = om_args_parse(cli, argc - 2, argv + 2, &args);
    if (code) return code;
    if (!args.help) return cli->cmd->run(cli, &args);
    om_buf b;
    om_buf_init(&b, NULL, OMOST_MAX_INPUT);
    om_help_command(&b, cli->cmd);
    return om_write_buf(cli, "-", &b);
}

/* A closed standard stream's number would go to the next file opened, and our
 * messages into it. Occupied by something unusable, it fails as it should. */
static void hold_standard_streams(void)
{
    for (int fd = 0; fd <= 2; fd++)
        if (fcntl(fd, F_GETFD) < 0 &&
            open("/dev/null", fd == 0 ? O_WRONLY : O_RDONLY) != fd)
            _Exit(OM_EXIT_MISSING);
}

static bool wants_color(void)
{
    const char *no = getenv("NO_COLOR"), *term = getenv("TERM");
    if (no && *no) return false;
    return isatty(STDERR_FILENO) && term && strcmp(term, "dumb") != 0;
}

int main(int argc, char **argv)
{
    hold_standard_streams();
    signal(SIGPIPE, SIG_IGN); /* writing fails instead, which is handled */
    signal(SIGXFSZ, SIG_IGN); /* a file too large is an error of write */
    om_cli cli = {.color = wants_color()};
    if (argc < 2) {
        om_buf b;
        om_buf_init(&b, NULL, OMOST_MAX_INPUT);
        om_help_program(&b);
        fwrite(b.p ? b.p : "", 1, b.n, stderr);
        om_buf_free(&b);
        return OM_EXIT_USAGE;
    }
    return argv[1][0] == '-' && argv[1][1] ? program_option(&cli, argc, argv)
                                           : run_command(&cli, argc, argv);
}
