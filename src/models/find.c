/* find.c - omost_model_find(): is what a reference names on this machine? */
#include "models/find.h"

#include <dirent.h>
#include <stdio.h>
#include <sys/stat.h>

#include "base/hash.h"
#include "base/mem.h"

omost_status om_find_dup(char **out, const omost_env *env, const char *text,
                         omost_error *err)
{
    const size_t n = strlen(text) + 1;
    *out = om_alloc(env, n);
    if (!*out) return om_fail_nomem(err);
    memcpy(*out, text, n);
    return OMOST_OK;
}

void omost_models_text_free(const omost_env *env, char *text)
{
    om_free(env, text);
}

static bool is_file(const char *path)
{
    struct stat sb;
    return stat(path, &sb) == 0 && !S_ISDIR(sb.st_mode);
}

static bool is_in(const char *folder, const char *name)
{
    om_path path;
    return om_path_printf(path, NULL, "%s/%s", folder, name) == OMOST_OK &&
           is_file(path);
}

static bool has_weights(const char *folder)
{
    const struct dirent *e;
    bool found = false;
    DIR *d = opendir(folder);
    while (d && !found && (e = readdir(d)) != NULL)
        found = om_str_ends(om_str_of(e->d_name), OM_STR(".safetensors")) &&
                is_in(folder, e->d_name);
    if (d) closedir(d);
    return found;
}

/* A folder of one model has one of these, which is fetched last. Other programs
 * fetch config.json alone, to see what a model is. */
static bool is_whole(const char *folder)
{
    return is_in(folder, "model_index.json") ||
           (is_in(folder, "config.json") && has_weights(folder));
}

bool om_find_cached(om_path out, const char *cache, const om_hub_ref *r)
{
    om_path repo;
    char commit[41];
    if (om_cache_repo(repo, cache, r, NULL) != OMOST_OK ||
        !om_cache_commit(commit, repo, r->rev) ||
        om_path_printf(out, NULL, "%s/snapshots/%s%s%.*s", repo, commit,
                       r->file.n ? "/" : "", OM_STR_ARG(r->file)) != OMOST_OK)
        return false;
    return r->kind == OM_REF_FILE ? is_file(out) : is_whole(out);
}

/* DOWNLOADS/0123456789abcdef/NAME: digits of the address, its last part. */
omost_status om_find_url_place(om_path out, const omost_hub_opts *o, om_str url,
                               omost_error *err)
{
    char sum[65], name[128];
    size_t n = 0, end = 0;
    while (end < url.n && url.p[end] != '?' && url.p[end] != '#') end++;
    size_t from = end;
    while (from > 0 && url.p[from - 1] != '/') from--;
    for (; from < end && n + 1 < sizeof name; from++) {
        const char c = url.p[from];
        const bool plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
                           (c >= 'A' && c <= 'Z') || c == '-' || c == '_' ||
                           (c == '.' && n > 0);
        name[n++] = plain ? c : '_';
    }
    name[n] = '\0';
    if (!om_sha256_hex(url, sum))
        return om_fail(err, OMOST_BACKEND, "libcrypto failed");
    return om_path_printf(out, err, "%s%s/%.16s/%s",
                          o->downloads ? o->downloads : o->cache,
                          o->downloads ? "" : "/downloads", sum,
                          n ? name : "file");
}

static omost_status find_ref(om_path out, const omost_hub_opts *o,
                             const om_hub_ref *r, omost_error *err)
{
    if (r->kind == OM_REF_URL) {
        omost_status st = om_find_url_place(out, o, r->url, err);
        if (st != OMOST_OK || is_file(out)) return st;
    } else if (om_find_cached(out, o->cache, r)) {
        return OMOST_OK;
    }
    return om_fail(err, OMOST_MISSING,
                   "%.100s is not on this machine; run: omost pull %.100s",
                   r->text, r->text);
}

omost_status omost_model_find(const omost_hub_opts *o, const char *ref,
                              char **path, omost_error *err)
{
    om_hub_ref r;
    om_path p;
    *path = NULL;
    omost_status st = om_hub_ref_parse(&r, ref, err);
    if (st == OMOST_OK && r.kind == OM_REF_PATH)
        return om_find_dup(path, o->env, ref, err);
    if (st == OMOST_OK) st = find_ref(p, o, &r, err);
    return st == OMOST_OK ? om_find_dup(path, o->env, p, err) : st;
}
