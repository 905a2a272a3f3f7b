/* cmd_models.c - omost models: which are known, and which of them are here. */
#include <stdio.h>

#include "base/json.h"
#include "cli/models_cli.h"

enum { OPT_JSON, OPT_HERE };
enum { NAME_AT = 2, SIZE_AT = 37, TEXT_AT = 47, WIDTH = 79 };

static void fill_to(om_buf *b, size_t line, size_t column)
{
    const size_t used = b->n - line;
    om_buf_fill(b, ' ', used < column ? column - used : 1);
}

/* The path, to be freed, or NULL. */
static char *path_of(const om_hub_setup *hub, const omost_known *k)
{
    char *path = NULL;
    if (omost_model_find(&hub->opts, k->ref, &path, NULL) != OMOST_OK)
        return NULL;
    return path;
}

static void put_model(om_buf *b, const omost_known *k, const char *path)
{
    const size_t line = b->n;
    om_buf_printf(b, "%s %s", path ? "*" : " ", k->name);
    fill_to(b, line, SIZE_AT);
    if (k->bytes > 0)
        om_put_bytes(b, k->bytes);
    else
        om_buf_puts(b, "-");
    fill_to(b, line, TEXT_AT);
    om_wrap(b, k->text, (int)(b->n - line), TEXT_AT, WIDTH);
    om_buf_fill(b, ' ', NAME_AT + 2);
    om_buf_printf(b, "%s\n", k->ref);
    om_buf_fill(b, ' ', NAME_AT + 2);
    om_buf_printf(b, "licence: %s\n", k->license);
    if (!path) return;
    om_buf_fill(b, ' ', NAME_AT + 2);
    om_put_clean(b, om_str_of(path));
    om_buf_putc(b, '\n');
}

static void put_list(om_buf *b, const om_hub_setup *hub, bool here)
{
    const omost_known *k;
    for (int kind = 0; kind < OMOST_KNOWN_N_KINDS; kind++) {
        bool titled = false;
        for (size_t i = 0; (k = omost_known_at(i)) != NULL; i++) {
            char *path = (int)k->kind == kind ? path_of(hub, k) : NULL;
            if ((int)k->kind != kind || (here && !path)) continue;
            if (!titled)
                om_buf_printf(b, "%s%s: %s\n", b->n ? "\n" : "",
                              omost_known_kind_name(k->kind),
                              omost_known_kind_text(k->kind));
            titled = true;
            put_model(b, k, path);
            omost_models_text_free(NULL, path);
        }
    }
    om_buf_puts(b, b->n ? "\n* is on this machine. " : "None is here. ");
    om_buf_puts(b, "omost pull NAME fetches one.\n");
}

static json_t *model_json(const omost_known *k, const char *path)
{
    json_t *v =
        json_pack("{s:s, s:s, s:s, s:s, s:s, s:b}", "name", k->name, "kind",
                  omost_known_kind_name(k->kind), "ref", k->ref, "license",
                  k->license, "text", k->text, "here", path != NULL);
    if (k->bytes > 0)
        json_object_set_new(v, "bytes", json_integer((json_int_t)k->bytes));
    if (path) json_object_set_new(v, "path", om_json_new_str(om_str_of(path)));
    return v;
}

static void put_json(om_buf *b, const om_hub_setup *hub, bool here)
{
    const omost_known *k;
    int failed = 0;
    json_t *list = json_array();
    for (size_t i = 0; (k = omost_known_at(i)) != NULL; i++) {
        char *path = path_of(hub, k);
        if (path || !here)
            failed |= json_array_append_new(list, model_json(k, path));
        omost_models_text_free(NULL, path);
    }
    if (failed)
        b->status = OMOST_NOMEM;
    else
        om_json_write(b, list, true);
    om_buf_putc(b, '\n');
    json_decref(list);
}

static int run_models(om_cli *cli, const om_args *args)
{
    om_hub_setup hub;
    om_buf b;
    int code = om_hub_setup_make(cli, &hub);
    om_buf_init(&b, NULL, OMOST_MAX_INPUT);
    const bool here = args->opt[OPT_HERE].set;
    if (code == 0 && args->opt[OPT_JSON].set)
        put_json(&b, &hub, here);
    else if (code == 0)
        put_list(&b, &hub, here);
    om_hub_setup_free(&hub);
    if (code == 0) return om_write_buf(cli, "-", &b);
    om_buf_free(&b);
    return code;
}

/* clang-format off */
static const om_option options[] = {
    [OPT_JSON] = {.name = "json", .help = "print the list as JSON"},
    [OPT_HERE] = {.name = "here", .help = "only those that are on this machine"},
    {.name = NULL},
};

static const char *const text[] = {
    "Lists the models known by a name: language models that write canvases, models that draw, "
    "decoders; with the size of the download, the licence, and where it lies if it is on this "
    "machine. Such a name can be given wherever a model is asked for.",
    "Read a licence before you use what a model makes: the names here are a convenience and "
    "no permission. Any other model is fetched as well: omost help pull.",
    NULL,
};

static const om_example examples[] = {
    {"omost models", "what is there?"},
    {"omost models --here --json", "for a program to read"},
    {NULL, NULL},
};
/* clang-format on */

const om_command om_cmd_models = {
    .name = "models",
    .operands = "",
    .summary = "list known models",
    .text = text,
    .options = options,
    .examples = examples,
    .run = run_models,
};
