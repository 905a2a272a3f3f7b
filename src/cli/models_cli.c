/* models_cli.c - see models_cli.h. */
#include "cli/models_cli.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/file.h"

enum { MAX_TEXT = 1 << 16, MAX_TEXTS = 1 << 20 };

static const char *env(const char *name)
{
    const char *v = getenv(name);
    return v && *v ? v : NULL;
}

/* ---- the cache folder ---------------------------------------------------- */

/* Append "~/.cache", as the XDG base directory specification has it: a path
 * that is not absolute counts as none. False where there is no home. */
static bool put_cache_home(om_buf *b)
{
    const char *xdg = env("XDG_CACHE_HOME"), *home = env("HOME");
    if (xdg && *xdg == '/')
        om_buf_puts(b, xdg);
    else if (home && *home == '/')
        om_buf_printf(b, "%s/.cache", home);
    else
        return false;
    return true;
}

const char *om_cache_folder(om_buf *texts, const char *below)
{
    const size_t at = texts->n;
    if (!put_cache_home(texts)) return NULL;
    om_buf_printf(texts, "/omost%s", below);
    om_buf_putc(texts, '\0');
    return texts->status == OMOST_OK ? texts->p + at : NULL;
}

/* ---- the hub -------------------------------------------------------------- */

/* Models must go somewhere, also without a home. */
static void put_hub_home(om_buf *b)
{
    if (!put_cache_home(b)) om_buf_puts(b, "./.cache");
}

static void put_hf_home(om_buf *b)
{
    const char *hf = env("HF_HOME");
    if (hf) {
        om_buf_puts(b, hf);
        return;
    }
    put_hub_home(b);
    om_buf_puts(b, "/huggingface");
}

static void put_hub_cache(om_buf *b)
{
    const char *direct = env("HF_HUB_CACHE");
    if (direct) {
        om_buf_puts(b, direct);
        return;
    }
    put_hf_home(b);
    om_buf_puts(b, "/hub");
}

/* HF_TOKEN, or the file that `hf auth login` writes. */
static void put_token(om_buf *b)
{
    const char *told = env("HF_TOKEN"), *path = env("HF_TOKEN_PATH");
    om_buf name, text;
    om_buf_init(&name, NULL, MAX_TEXT);
    om_buf_init(&text, NULL, MAX_TEXT);
    if (path) {
        om_buf_puts(&name, path);
    } else {
        put_hf_home(&name);
        om_buf_puts(&name, "/token");
    }
    if (told)
        om_buf_puts(&text, told);
    else if (name.status == OMOST_OK)
        om_file_read(name.p, &text, NULL);
    om_buf_str(b, om_str_strip(om_buf_view(&text), " \t\r\n"));
    om_buf_free(&name);
    om_buf_free(&text);
}

static bool is_set(const char *name)
{
    const char *v = env(name);
    return v && strcmp(v, "0") != 0 &&
           !om_str_eq_nocase(om_str_of(v), "false") &&
           !om_str_eq_nocase(om_str_of(v), "no") &&
           !om_str_eq_nocase(om_str_of(v), "off");
}

int om_hub_setup_make(om_cli *cli, om_hub_setup *s)
{
    omost_error err;
    *s = (om_hub_setup){0};
    om_buf_init(&s->cache, NULL, MAX_TEXT);
    om_buf_init(&s->downloads, NULL, MAX_TEXT);
    om_buf_init(&s->token, NULL, MAX_TEXT);
    put_hub_cache(&s->cache);
    put_hub_home(&s->downloads);
    om_buf_puts(&s->downloads, "/omost/downloads");
    put_token(&s->token);
    if (om_buf_check(&s->cache, "the cache's path", &err) != OMOST_OK ||
        om_buf_check(&s->downloads, "the cache's path", &err) != OMOST_OK ||
        om_buf_check(&s->token, "the token", &err) != OMOST_OK)
        return om_complain(cli, &err);
    s->opts = (omost_hub_opts){.cache = s->cache.p,
                               .downloads = s->downloads.p,
                               .endpoint = env("HF_ENDPOINT"),
                               .token = s->token.n ? s->token.p : NULL,
                               .offline = is_set("HF_HUB_OFFLINE")};
    return 0;
}

void om_hub_setup_free(om_hub_setup *s)
{
    /* The token is a secret: it does not stay in freed memory. */
    if (s->token.p) explicit_bzero(s->token.p, s->token.n);
    om_buf_free(&s->cache);
    om_buf_free(&s->downloads);
    om_buf_free(&s->token);
}

/* ---- what the user names --------------------------------------------------- */

int om_texts_make(om_cli *cli, om_buf *texts)
{
    om_buf_init(texts, NULL, MAX_TEXTS);
    return om_buf_reserve(texts, MAX_TEXTS - 1) ? 0 : om_complain_nomem(cli);
}

int om_find_model(om_cli *cli, const char *text, char **path)
{
    om_hub_setup s;
    omost_error err;
    *path = NULL;
    int code = om_hub_setup_make(cli, &s);
    if (code == 0 && omost_model_find(&s.opts, text, path, &err) != OMOST_OK)
        code = om_complain(cli, &err);
    om_hub_setup_free(&s);
    return code;
}

int om_find_named(om_cli *cli, om_buf *texts, const char *text,
                  const char **out)
{
    char *path = NULL;
    omost_error err;
    *out = text;
    if (!omost_is_model_ref(text)) return 0;
    int code = om_find_model(cli, text, &path);
    if (code) return code;
    const size_t at = texts->n;
    om_buf_put(texts, path, strlen(path) + 1);
    omost_models_text_free(NULL, path);
    if (om_buf_check(texts, "the models' paths", &err) != OMOST_OK)
        return om_complain(cli, &err);
    *out = texts->p + at;
    return 0;
}

/* FILE, or FILE:weight where the weight is a number and no such file exists. */
static void split_lora(om_buf *texts, const char *text, omost_lora *out)
{
    const char *colon = strrchr(text, ':');
    char *end = NULL;
    *out = (omost_lora){text, 1};
    if (!colon || colon == text || access(text, F_OK) == 0) return;
    float weight = strtof(colon + 1, &end);
    if (end == colon + 1 || *end) return;
    size_t at = texts->n;
    om_buf_put(texts, text, (size_t)(colon - text));
    om_buf_putc(texts, '\0');
    if (texts->status == OMOST_OK) *out = (omost_lora){texts->p + at, weight};
}

int om_find_loras(om_cli *cli, om_buf *texts, const om_args *args, int option,
                  omost_lora lora[OMOST_MAX_LORAS], size_t *n)
{
    for (int i = 0; i < args->n_many; i++) {
        const char *text = args->many[i].text;
        if (args->many[i].option != option) continue;
        if (*n == OMOST_MAX_LORAS)
            return om_usage(cli, "--lora is given more than %d times",
                            OMOST_MAX_LORAS);
        omost_lora *l = &lora[(*n)++];
        split_lora(texts, text, l);
        if (!isfinite(l->weight))
            return om_usage(cli,
                            "--lora %s: a weight is a number such as 0.8 "
                            "or -1",
                            text);
        int code = om_find_named(cli, texts, l->path, &l->path);
        if (code) return code;
    }
    return 0;
}

void om_put_bytes(om_buf *out, uint64_t n)
{
    static const char *const units[] = {"bytes", "kB", "MB", "GB", "TB"};
    double v = (double)n;
    size_t u = 0;
    while (v >= 999.5 && u < 4) v /= 1000, u++;
    om_buf_printf(out,
                  u == 0 || v >= 99.95 ? "%.0f %s"
                  : v >= 9.995         ? "%.1f %s"
                                       : "%.2f %s",
                  v, units[u]);
}
