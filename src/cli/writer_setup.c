/* writer_setup.c - from the command line to who writes. */
#include <stdlib.h>
#include <unistd.h>

#include "cli/models_cli.h"
#include "cli/render_cli.h"
#include "cli/writer_cli.h"

#define OPT(id) (&args->opt[base + OM_WRITER_##id])

/* Whether a server is OpenAI's own: "https://api.openai.com/v1". */
static bool is_openai(const char *url)
{
    const char *host = strstr(url, "://");
    host = host ? host + 3 : url;
    om_str name = {host, strcspn(host, "/:?#")};
    return om_str_eqz(name, "api.openai.com");
}

/* A key never stands on a command line, where every user of the machine could
 * read it; and OpenAI's own is nobody else's business. */
static const char *api_key(const char *url)
{
    const char *own = getenv("OMOST_API_KEY");
    if (own && *own) return own;
    const char *known = is_openai(url) ? getenv("OPENAI_API_KEY") : NULL;
    return known && *known ? known : NULL;
}

static int check_company(om_cli *cli, const om_args *args, int base,
                         bool needed)
{
    const int n = OPT(MODEL)->set + OPT(SERVER)->set + OPT(SCRIPT)->set;
    const char *model = cli->cmd->options[base + OM_WRITER_MODEL].name;
    if (n > 1)
        return om_usage(cli,
                        "--%s, --server and --script: one of them writes the "
                        "canvas",
                        model);
    if (n == 0 && needed)
        return om_usage(cli,
                        "who writes the canvas? Name a GGUF model (--%s "
                        "FILE), a server (--server URL) or a file of replies "
                        "(--script FILE)",
                        model);
    if (!OPT(SERVER)->set && (OPT(SERVER_MODEL)->set || OPT(TIMEOUT)->set))
        return om_usage(cli, "--server-model and --timeout go with --server");
    if (!OPT(SCRIPT)->set && OPT(SCRIPT_RATE)->set)
        return om_usage(cli, "--script-rate goes with --script");
    if (OPT(TOP_P)->number <= 0)
        return om_usage(cli, "--top-p must be above 0");
    return 0;
}

static int make(om_cli *cli, const om_args *args, int base, bool needed,
                om_writer_setup *s)
{
    *s = (om_writer_setup){.compose = OMOST_COMPOSE_DEFAULTS};
    int code = check_company(cli, args, base, needed);
    if (code) return code;
    omost_composer_opts *c = &s->composer;
    code = om_texts_make(cli, &s->texts);
    if (code) return code;
    c->cache_dir = om_cache_folder(&s->texts, "/prompts");
    if (OPT(MODEL)->set)
        code = om_find_named(cli, &s->texts, OPT(MODEL)->text, &c->model);
    if (code) return code;
    c->server = OPT(SERVER)->text;
    c->script = OPT(SCRIPT)->text;
    c->server_model = OPT(SERVER_MODEL)->set ? OPT(SERVER_MODEL)->text : NULL;
    c->api_key = c->server ? api_key(c->server) : NULL;
    c->timeout = (double)OPT(TIMEOUT)->integer;
    c->script_rate = OPT(SCRIPT_RATE)->number;
    c->n_ctx = (int)OPT(CTX)->integer;
    /* llama.cpp's numbers: 0 is none, less is all. */
    const int ngl = (int)OPT(NGL)->integer;
    c->n_gpu_layers = ngl < 0 ? 0 : ngl == 0 ? -1 : ngl;
    c->mlock = OPT(MLOCK)->set;
    c->chat_template = OPT(TEMPLATE)->set ? OPT(TEMPLATE)->text : NULL;
    s->compose.temperature = (float)OPT(TEMP)->number;
    s->compose.top_p = (float)OPT(TOP_P)->number;
    s->compose.max_tokens = (int)OPT(PREDICT)->integer;
    s->compose.seed = OPT(SEED)->integer;
    s->compose.no_grammar = OPT(NO_GRAMMAR)->set;
    s->compose.no_draft = OPT(NO_DRAFT)->set;
    s->compose.no_mend = OPT(NO_MEND)->set;
    return 0;
}

int om_writer_setup_make(om_cli *cli, const om_args *args, int base,
                         om_writer_setup *s)
{
    return make(cli, args, base, true, s);
}

int om_writer_setup_try(om_cli *cli, const om_args *args, int base,
                        om_writer_setup *s)
{
    return make(cli, args, base, false, s);
}

void om_writer_setup_free(om_writer_setup *s)
{
    om_buf_free(&s->texts);
}
