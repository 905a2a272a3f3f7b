/* cmd_help.c - omost help [COMMAND]. */
#include "cli/cli.h"

static int run_help(om_cli *cli, const om_args *args)
{
    om_buf b;
    const om_command *about = NULL;
    if (args->n_operands == 1) {
        about = om_command_find(args->operand[0]);
        if (!about) return om_unknown_command(cli, args->operand[0]);
    }
    om_buf_init(&b, NULL, OMOST_MAX_INPUT);
    if (about)
        om_help_command(&b, about);
    else
        om_help_program(&b);
    return om_write_buf(cli, "-", &b);
}

/* clang-format off */
static const om_option options[] = {{.name = NULL}};

static const char *const text[] = {
    "Without COMMAND, shows what commands there are.",
    NULL,
};

static const om_example examples[] = {
    {"omost help plan", "what plan does and its options"},
    {NULL, NULL},
};
/* clang-format on */

const om_command om_cmd_help = {
    .name = "help",
    .operands = "[COMMAND]",
    .max_operands = 1,
    .summary = "explain a command",
    .text = text,
    .options = options,
    .examples = examples,
    .run = run_help,
};
