/* cmd_doctor.c - omost doctor: what is this program made of, and does it work?
 *
 * The program's own parts are looked at here, the libraries that compute by
 * omost_engine_probe(). A missing part that only costs a convenience has the
 * state "none" and does not fail the command. */
#include <stdio.h>

#include "base/json.h"
#include "cli/cli.h"
#include "omost/engine.h"
#include "omost/plan.h"

enum { OPT_JSON, OPT_QUICK };

enum { NAME_AT = 10, DETAIL_AT = 30, WIDTH = 79 };

static const char none[] = "none";

typedef struct part {
    const char *state, *name, *version, *detail, *remedy;
} part;

static part own_vocabulary(void)
{
    bool have = omost_tokenizer_has_builtin();
    return (part){
        .state = have ? "ok" : none,
        .name = "CLIP vocabulary",
        .version = "",
        .detail =
            have
                ? "built in: plan -m builtin needs no model folder"
                : "not built in: plan needs -m with a model folder to count tokens",
        .remedy = have ? "" : "run: tools/setup build && make build",
    };
}

/* The build does not go on without one. */
static part own_font(void)
{
    return (part){
        .state = "ok",
        .name = "font",
        .version = "",
        .detail = "built in: preview --labels works everywhere",
        .remedy = "",
    };
}

static part part_of(const omost_component *c)
{
    return (part){
        .state = omost_component_state_name(c->state),
        .name = c->name,
        .version = c->version,
        .detail = c->detail,
        .remedy = c->remedy,
    };
}

static void fill_to(om_buf *b, size_t line, size_t column)
{
    size_t used = b->n - line;
    om_buf_fill(b, ' ', used < column ? column - used : 1);
}

static void put_part(om_buf *b, const part *p)
{
    size_t line = b->n;
    om_buf_printf(b, "  %s", p->state);
    fill_to(b, line, NAME_AT);
    om_buf_printf(b, "%s%s%s", p->name, *p->version ? " " : "", p->version);
    fill_to(b, line, DETAIL_AT);
    om_wrap(b, p->detail, (int)(b->n - line), DETAIL_AT, WIDTH);
    if (!*p->remedy) return;
    om_buf_fill(b, ' ', DETAIL_AT);
    om_wrap(b, p->remedy, DETAIL_AT, DETAIL_AT, WIDTH);
}

static size_t count_bad(const omost_probe *probe)
{
    size_t n = 0;
    for (size_t i = 0; i < probe->n; i++)
        n += probe->component[i].state != OMOST_COMPONENT_OK;
    return n;
}

static void put_report(om_buf *b, const omost_probe *probe)
{
    const part own[] = {own_vocabulary(), own_font()};
    om_buf_printf(b, "omost %s\n\nIn the program:\n", omost_version());
    for (size_t i = 0; i < sizeof own / sizeof *own; i++) put_part(b, &own[i]);
    om_buf_puts(b, "\nWhat it computes with:\n");
    for (size_t i = 0; i < probe->n; i++) {
        const part p = part_of(&probe->component[i]);
        put_part(b, &p);
    }
    size_t bad = count_bad(probe);
    if (bad == 0)
        om_buf_puts(b, "\nAll is well.\n");
    else
        om_buf_printf(
            b,
            "\n%zu of these %s missing or broken. check, fmt, preview, plan, diff "
            "and\nconvert work without.\n",
            bad, bad == 1 ? "is" : "are");
}

static json_t *part_json(const part *p)
{
    return json_pack("{s:s, s:s, s:s, s:s, s:s}", "name", p->name, "state",
                     p->state, "version", p->version, "detail", p->detail,
                     "remedy", p->remedy);
}

static void put_json(om_buf *b, const omost_probe *probe)
{
    const part own[] = {own_vocabulary(), own_font()};
    json_t *list = json_array();
    int failed = 0;
    for (size_t i = 0; i < sizeof own / sizeof *own; i++)
        failed |= json_array_append_new(list, part_json(&own[i]));
    for (size_t i = 0; i < probe->n; i++) {
        const part p = part_of(&probe->component[i]);
        failed |= json_array_append_new(list, part_json(&p));
    }
    json_t *v = json_pack("{s:s, s:b, s:o}", "version", omost_version(), "ok",
                          count_bad(probe) == 0, "components", list);
    if (!v || failed)
        b->status = OMOST_NOMEM;
    else
        om_json_write(b, v, true);
    om_buf_putc(b, '\n');
    json_decref(v);
}

static int run_doctor(om_cli *cli, const om_args *args)
{
    omost_probe probe;
    omost_error err;
    om_buf b;
    const omost_probe_opts opts = {.quick = args->opt[OPT_QUICK].set};
    if (omost_engine_probe(&opts, &probe, &err) != OMOST_OK)
        return om_complain(cli, &err);
    om_buf_init(&b, NULL, OMOST_MAX_INPUT);
    if (args->opt[OPT_JSON].set)
        put_json(&b, &probe);
    else
        put_report(&b, &probe);
    return om_worst(om_write_buf(cli, "-", &b),
                    count_bad(&probe) ? OM_EXIT_MISSING : 0);
}

/* clang-format off */
static const om_option options[] = {
    [OPT_JSON] = {.name = "json", .help = "print the report as JSON"},
    [OPT_QUICK] = {.name = "quick", .help = "leave out the speed measurement"},
    {.name = NULL},
};

static const char *const text[] = {
    "Lists what the program carries with it and the libraries it computes with, each with its "
    "version, whether it works and what to run when it does not. oneDNN is made to multiply "
    "matrices, and the product is checked.",
    "Exits with 3 when a library is missing or broken.",
    NULL,
};

static const om_example examples[] = {
    {"omost doctor", "before a report of a fault: paste this into it"},
    {NULL, NULL},
};
/* clang-format on */

const om_command om_cmd_doctor = {
    .name = "doctor",
    .operands = "",
    .summary = "tell whether everything the program needs is there",
    .text = text,
    .options = options,
    .examples = examples,
    .run = run_doctor,
};
