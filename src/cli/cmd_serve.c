/* cmd_serve.c - omost serve: the studio, in a browser. */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sys/resource.h>

#include "base/clock.h"
#include "base/file.h"
#include "cli/models_cli.h"
#include "cli/render_cli.h"
#include "cli/writer_cli.h"
#include "server/server.h"

enum {
    OPT_HOST,
    OPT_PORT,
    OPT_DATA,
    OPT_MODELS,
    OPT_WEB,
    OPT_ALLOW_HOST,
    OPT_ALLOW_ORIGIN,
    OPT_API_KEY,
    OPT_API_KEY_FILE,
    OPT_INSECURE,
    OPT_QUEUE,
    OPT_KEEP,
    WRITER,
    ENGINE = WRITER + OM_WRITER_N,
    ENGINE_MODEL = ENGINE,
    ENGINE_LORA,
    ENGINE_VAE,
    ENGINE_TAESD,
    ENGINE_TOKENIZER,
    ENGINE_CONFIG,
    ENGINE_BACKEND,
    ENGINE_PRECISION,
    ENGINE_THREADS,
};

enum { PATIENCE_MS = 1500, MAX_KEY_FILE = 4096 };

#define OPT(id) (&args->opt[id])

typedef struct serve {
    om_cli *cli;
    om_server_opts opts;
    om_writer_setup writer;
    om_hub_setup hub;
    om_buf texts; /* does not move */
    omost_lora lora[OMOST_MAX_LORAS];
    const char *hosts[OM_MAX_MANY], *origins[OM_MAX_MANY],
        *folders[OM_MAX_MANY];
} serve;

/* ---- what is asked for ------------------------------------------------ */

static const char *data_folder(serve *s)
{
    const char *xdg = getenv("XDG_DATA_HOME"), *home = getenv("HOME");
    const size_t at = s->texts.n;
    if (xdg && *xdg == '/')
        om_buf_printf(&s->texts, "%s/omost", xdg);
    else if (home && *home == '/')
        om_buf_printf(&s->texts, "%s/.local/share/omost", home);
    else
        return NULL;
    om_buf_putc(&s->texts, '\0');
    return s->texts.status == OMOST_OK ? s->texts.p + at : NULL;
}

static int set_files(serve *s, const om_args *args)
{
    omost_engine_opts *e = &s->opts.worker.engine;
    om_cli *cli = s->cli;
    int code = 0;
    if (OPT(ENGINE_MODEL)->set)
        code =
            om_find_named(cli, &s->texts, OPT(ENGINE_MODEL)->text, &e->model);
    if (code == 0 && OPT(ENGINE_VAE)->set)
        code = om_find_named(cli, &s->texts, OPT(ENGINE_VAE)->text, &e->vae);
    if (code == 0 && OPT(ENGINE_TAESD)->set)
        code =
            om_find_named(cli, &s->texts, OPT(ENGINE_TAESD)->text, &e->taesd);
    if (OPT(ENGINE_TOKENIZER)->set) e->tokenizer = OPT(ENGINE_TOKENIZER)->text;
    if (OPT(ENGINE_CONFIG)->set) e->config = OPT(ENGINE_CONFIG)->text;
    e->loras = s->lora;
    if (code == 0)
        code = om_find_loras(cli, &s->texts, args, ENGINE_LORA, s->lora,
                             &e->n_loras);
    return code;
}

static void set_engine(serve *s, const om_args *args)
{
    omost_engine_opts *e = &s->opts.worker.engine;
    e->backend = OPT(ENGINE_BACKEND)->text;
    e->precision = omost_choice_name(OMOST_CHOICE_PRECISION,
                                     (size_t)OPT(ENGINE_PRECISION)->choice);
    e->n_threads = (int)OPT(ENGINE_THREADS)->integer;
    e->keep_loaded = OPT(OPT_KEEP)->set;
    e->cache_dir = om_cache_folder(&s->texts, "");
}

static void set_many(serve *s, const om_args *args)
{
    om_server_opts *o = &s->opts;
    for (int i = 0; i < args->n_many; i++) {
        const char *text = args->many[i].text;
        switch (args->many[i].option) {
        case OPT_ALLOW_HOST: s->hosts[o->n_allow_hosts++] = text; break;
        case OPT_ALLOW_ORIGIN: s->origins[o->n_allow_origins++] = text; break;
        case OPT_MODELS: s->folders[o->n_folders++] = text; break;
        default: break;
        }
    }
    o->allow_hosts = s->hosts;
    o->allow_origins = s->origins;
    o->folders = s->folders;
}

/* A line of a file, without what ends it. */
static int read_key(serve *s, const om_args *args)
{
    const char *path = OPT(OPT_API_KEY_FILE)->text;
    omost_error err;
    om_buf b;
    if (OPT(OPT_API_KEY)->set)
        return om_usage(s->cli, "--api-key and --api-key-file: one of them");
    om_buf_init(&b, NULL, MAX_KEY_FILE);
    omost_status st = om_file_read(path, &b, &err);
    if (st != OMOST_OK) {
        om_buf_free(&b);
        return om_complain(s->cli, &err);
    }
    const om_str key = om_str_strip(om_buf_view(&b), " \t\r\n");
    const bool fine =
        key.n > 0 && !memchr(key.p, '\n', key.n) && !memchr(key.p, '\0', key.n);
    const size_t at = s->texts.n;
    om_buf_str(&s->texts, key);
    om_buf_putc(&s->texts, '\0');
    om_buf_free(&b);
    if (!fine)
        return om_usage(s->cli,
                        "--api-key-file %s: it must have the key in it, one "
                        "line",
                        path);
    if (s->texts.status != OMOST_OK) return om_complain_nomem(s->cli);
    s->opts.key = s->texts.p + at;
    return 0;
}

static int setup(serve *s, const om_args *args)
{
    om_cli *cli = s->cli;
    om_server_opts *o = &s->opts;
    static const omost_render_opts drawn = OMOST_RENDER_DEFAULTS;
    o->worker.render = drawn;
    o->worker.render.preview_every = 1;
    int code = om_texts_make(cli, &s->texts);
    if (code == 0) code = om_writer_setup_try(cli, args, WRITER, &s->writer);
    if (code == 0) code = om_hub_setup_make(cli, &s->hub);
    if (code == 0) code = set_files(s, args);
    if (code) return code;
    set_engine(s, args);
    set_many(s, args);
    s->hub.opts.offline = true; /* pages fetch nothing */
    o->hub = s->hub.opts;
    o->worker.composer = s->writer.composer;
    o->worker.composer.n_threads = o->worker.engine.n_threads;
    o->worker.compose = s->writer.compose;
    o->worker.queue_limit = (int)OPT(OPT_QUEUE)->integer;
    o->worker.keep_both = OPT(OPT_KEEP)->set;
    o->host = OPT(OPT_HOST)->text;
    o->port = (int)OPT(OPT_PORT)->integer;
    o->web = OPT(OPT_WEB)->text;
    o->insecure_no_key = OPT(OPT_INSECURE)->set;
    o->key = getenv("OMOST_SERVE_KEY");
    if (OPT(OPT_API_KEY)->set) o->key = OPT(OPT_API_KEY)->text;
    if (OPT(OPT_API_KEY)->set && !*o->key)
        return om_usage(cli, "--api-key: a key is not empty");
    if (OPT(OPT_API_KEY_FILE)->set) code = read_key(s, args);
    if (code) return code;
    o->data = OPT(OPT_DATA)->set ? OPT(OPT_DATA)->text : data_folder(s);
    if (o->data) return 0;
    return om_usage(cli, "there is no home folder; say where to keep things: "
                         "--data FOLDER");
}

/* ---- until a signal comes --------------------------------------------- */

typedef struct ending {
    om_server *server;
    pthread_mutex_t lock;
    pthread_cond_t over;
    bool is_over;
} ending;

static void *end(void *user)
{
    ending *e = user;
    om_server_stop(e->server);
    pthread_mutex_lock(&e->lock);
    e->is_over = true;
    pthread_cond_signal(&e->over);
    pthread_mutex_unlock(&e->lock);
    return NULL;
}

/* What was acknowledged is on disk: a model that cannot be stopped is left. */
static void stop_soon(om_server *server)
{
    ending e = {.server = server,
                .lock = PTHREAD_MUTEX_INITIALIZER,
                .over = PTHREAD_COND_INITIALIZER};
    pthread_t thread;
    const struct timespec until = om_clock_in(CLOCK_REALTIME, PATIENCE_MS);
    if (pthread_create(&thread, NULL, end, &e) != 0) _exit(0);
    pthread_mutex_lock(&e.lock);
    int code = 0;
    while (!e.is_over && code != ETIMEDOUT)
        code = pthread_cond_timedwait(&e.over, &e.lock, &until);
    const bool over = e.is_over;
    pthread_mutex_unlock(&e.lock);
    if (!over) _exit(0);
    pthread_join(thread, NULL);
}

/* Every page that listens takes a file. */
static void raise_files(void)
{
    struct rlimit r;
    if (getrlimit(RLIMIT_NOFILE, &r) != 0 || r.rlim_cur >= 4096) return;
    r.rlim_cur = r.rlim_max < 4096 ? r.rlim_max : 4096;
    (void)setrlimit(RLIMIT_NOFILE, &r);
}

static int serve_it(serve *s)
{
    omost_error err;
    sigset_t set;
    int sig = 0;
    om_ending_signals(&set);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    signal(SIGPIPE, SIG_IGN);
    raise_files();
    om_server *server = om_server_start(&s->opts, &err);
    if (!server) return om_complain(s->cli, &err);
    const bool v6 = strchr(s->opts.host, ':') != NULL;
    printf("http://%s%s%s:%d/\n", v6 ? "[" : "", s->opts.host, v6 ? "]" : "",
           om_server_port(server));
    fflush(stdout);
    sigwait(&set, &sig);
    stop_soon(server);
    return 0;
}

static int run_serve(om_cli *cli, const om_args *args)
{
    serve *s = calloc(1, sizeof *s);
    if (!s) return om_complain_nomem(cli);
    s->cli = cli;
    int code = setup(s, args);
    if (code == 0) code = serve_it(s);
    om_writer_setup_free(&s->writer);
    om_hub_setup_free(&s->hub);
    om_buf_free(&s->texts);
    free(s);
    return code;
}

/* clang-format off */
#define OM_WRITER_AT(id) (WRITER + OM_WRITER_##id)
#define OM_ENGINE_AT(id) ENGINE_##id
static const om_option options[] = {
    [OPT_HOST] = {.name = "host", .kind = OM_ARG_TEXT, .arg = "ADDRESS", .fallback = "127.0.0.1",
        .help = "the address to listen on; beyond this machine only with a key"},
    [OPT_PORT] = {.name = "port", .letter = 'p', .kind = OM_ARG_INT, .arg = "N",
        .min = 0, .max = 65535, .fallback = "7860",
        .help = "the port; 0: any free one, which is told"},
    [OPT_DATA] = {.name = "data", .kind = OM_ARG_FOLDER, .arg = "FOLDER",
        .fallback = "~/.local/share/omost",
        .help = "where sessions and pictures are kept"},
    [OPT_MODELS] = {.name = "models", .kind = OM_ARG_FOLDER, .arg = "FOLDER", .many = true,
        .help = "models and LoRAs below this folder can be chosen in the page; may be given "
                "often"},
    [OPT_WEB] = {.name = "web", .kind = OM_ARG_FOLDER, .arg = "FOLDER",
        .help = "take the page from this folder instead of the program: for working on it"},
    [OPT_ALLOW_HOST] = {.name = "allow-host", .kind = OM_ARG_TEXT, .arg = "NAME[:PORT]",
        .many = true,
        .help = "answer under this name too: of a proxy before the server; may be given often"},
    [OPT_ALLOW_ORIGIN] = {.name = "allow-origin", .kind = OM_ARG_TEXT, .arg = "ORIGIN",
        .many = true,
        .help = "let pages of this origin (https://NAME) use the server; may be given often"},
    [OPT_API_KEY] = {.name = "api-key", .kind = OM_ARG_TEXT, .arg = "KEY",
        .help = "the key that every request needs; other users of this machine can see it in "
                "the list of processes, but not a file or the variable OMOST_SERVE_KEY"},
    [OPT_API_KEY_FILE] = {.name = "api-key-file", .kind = OM_ARG_FILE, .arg = "FILE",
        .help = "the key is in this file"},
    [OPT_INSECURE] = {.name = "insecure-no-key",
        .help = "listen beyond this machine without a key: whoever reaches it may use it"},
    [OPT_QUEUE] = {.name = "queue", .kind = OM_ARG_INT, .arg = "N", .min = 1, .max = 10000,
        .fallback = "64", .help = "jobs that may wait; more are turned away"},
    [OPT_KEEP] = {.name = "keep-loaded",
        .help = "keep the language model and the whole image model in memory at once"},
    [OM_WRITER_AT(MODEL)] = {.name = "llm", .letter = 'l', .kind = OM_ARG_FILE, .arg = "GGUF",
        .help = "the language model that writes canvases"},
#include "cli/writer_options.def"
    [OM_WRITER_AT(PREDICT)] = {OM_WRITER_PREDICT_ROW},
    [OM_WRITER_AT(SEED)] = {OM_WRITER_SEED_ROW},
#include "cli/engine_options.def"
    {.name = NULL},
};

static const char *const text[] = {
    "The studio: compose, direct and draw in a browser. It prints its address and runs until "
    "Ctrl-C. Neither a language model nor an image model is needed to begin with: canvases can be "
    "written or dragged by hand, and models be chosen in the page.",
    "Only this machine can reach it unless --host says otherwise. Programs can use it as well: "
    "docs/http-api.md.",
    NULL,
};

static const om_example examples[] = {
    {"omost serve -l omost.gguf -m sdxl.safetensors", "then open http://127.0.0.1:7860"},
    {"omost serve --models ~/models", "choose models in the page"},
    {"OMOST_SERVE_KEY=secret omost serve --host 0.0.0.0", "for others, who need the key"},
    {NULL, NULL},
};
/* clang-format on */

const om_command om_cmd_serve = {
    .name = "serve",
    .operands = "",
    .min_operands = 0,
    .max_operands = 0,
    .summary = "the studio: compose, direct and draw in a browser",
    .text = text,
    .options = options,
    .examples = examples,
    .run = run_serve,
};
