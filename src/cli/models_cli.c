/* models_cli.c - see models_cli.h. */
#include "cli/models_cli.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/file.h"

enum { MAX_TEXT = 1 << 16 };

static const char *env(const char *name)
{
    const char *v = getenv(name);
    return v && *v ? v : NULL;
}

/* "~/.cache", as the XDG base directory specification has it */
static void put_cache_home(om_buf *b)
{
    const char *xdg = env("XDG_CACHE_HOME"), *home = env("HOME");
    if (xdg)
        om_buf_puts(b, xdg);
    else
        om_buf_printf(b, "%s/.cache", home ? home : ".");
}

static void put_hf_home(om_buf *b)
{
    const char *hf = env("HF_HOME");
    if (hf) {
        om_buf_puts(b, hf);
        return;
    }
    put_cache_home(b);
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
    put_cache_home(&s->downloads);
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
