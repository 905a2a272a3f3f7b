/* pull.c - omost_model_pull(): ask what there is, fetch it, link it. */
#include "models/download.h"
#include "models/find.h"
#include "models/hub_list.h"
#include "net/url.h"

typedef struct puller {
    const omost_hub_opts *o;
    om_hub_ref ref;
    om_hub hub;
    omost_pull_fn *on_progress;
    void *user;
    omost_pull_event ev;  /* being told */
    uint64_t done_before; /* bytes of the files before this one */
    om_path repo, result;
    omost_error *err;
} puller;

static bool send(puller *p, omost_pull_what what, const char *text)
{
    p->ev.what = what;
    p->ev.text = text;
    p->ev.all_done = p->done_before + p->ev.done;
    if (p->ev.count == 1) p->ev.all_total = p->ev.total;
    return !p->on_progress || p->on_progress(p->user, &p->ev);
}

static bool tell(void *user, omost_pull_what what, uint64_t done,
                 uint64_t total, const char *text)
{
    puller *p = user;
    p->ev.done = done, p->ev.total = total;
    return send(p, what, text);
}

static bool list_cancelled(void *user)
{
    return !send(user, OMOST_PULL_LIST, NULL);
}

static omost_status finished(puller *p, uint64_t bytes, bool had)
{
    p->ev.done = p->ev.total = bytes;
    p->ev.had = had;
    bool go_on = send(p, OMOST_PULL_DONE, NULL);
    p->done_before += bytes;
    p->ev.done = p->ev.total = 0;
    p->ev.had = false;
    return go_on ? OMOST_OK : om_fail(p->err, OMOST_CANCELLED, "stopped");
}

/* ---- files of the hub ---------------------------------------------------- */

static omost_status fetch(puller *p, const om_hub_file *f, om_str url,
                          bool *had)
{
    om_path place, lock, locks;
    omost_status st =
        om_path_printf(place, p->err, "%s/blobs/%s", p->repo, f->etag);
    if (st == OMOST_OK)
        st = om_cache_locks(locks, p->o->cache, &p->ref, p->err);
    if (st == OMOST_OK)
        st = om_path_printf(lock, p->err, "%s/%s.lock", locks, f->etag);
    if (st != OMOST_OK) return st;
    const om_download d = {.env = p->o->env,
                           .http = p->hub.http,
                           .url = url,
                           .bearer = p->hub.token,
                           .name = p->ev.file,
                           .place = place,
                           .lock = lock,
                           .size = f->size,
                           .sha256 = f->sha256[0] ? f->sha256 : NULL,
                           .tell = tell,
                           .user = p};
    return om_download_run(&d, had, p->err);
}

static omost_status pull_file(puller *p, om_hub_list *l, size_t i)
{
    om_hub_file *f = &l->file[i];
    char name[513], commit[41];
    om_buf url;
    bool had = false;
    omost_status st = OMOST_OK;
    memcpy(name, f->name.p, f->name.n);
    name[f->name.n] = '\0';
    p->ev.file = name, p->ev.index = i;
    if (!f->etag[0]) /* the list did not tell */
        st = om_hub_head(f, commit, &p->hub, &p->ref, om_str_of(l->commit),
                         p->err);
    om_buf_init(&url, p->o->env, OM_URL_MAX);
    om_hub_url(&url, &p->hub, &p->ref, om_str_of(l->commit), f->name);
    if (st == OMOST_OK)
        st = om_buf_check(&url, "the address of a file", p->err);
    if (st == OMOST_OK) st = fetch(p, f, om_buf_view(&url), &had);
    om_buf_free(&url);
    if (st == OMOST_OK)
        st = om_cache_link(p->repo, l->commit, f->name, f->etag, p->err);
    if (st == OMOST_OK)
        st = finished(p, f->size > 0 ? (uint64_t)f->size : p->ev.done, had);
    p->ev.file = NULL;
    return st;
}

static omost_status pull_list(puller *p, om_hub_list *l)
{
    omost_status st = om_cache_repo(p->repo, p->o->cache, &p->ref, p->err);
    p->ev.count = l->n;
    for (size_t i = 0; i < l->n; i++)
        if (l->file[i].size > 0) p->ev.all_total += (uint64_t)l->file[i].size;
    for (size_t i = 0; i < l->n && st == OMOST_OK; i++) st = pull_file(p, l, i);
    if (st == OMOST_OK)
        st = om_cache_set_commit(p->repo, p->ref.rev, l->commit, p->err);
    if (st != OMOST_OK) return st;
    return om_path_printf(p->result, p->err, "%s/snapshots/%s%s%.*s", p->repo,
                          l->commit, p->ref.file.n ? "/" : "",
                          OM_STR_ARG(p->ref.file));
}

static omost_status pull_hub(puller *p)
{
    om_hub_list l = {0};
    if (!send(p, OMOST_PULL_LIST, NULL))
        return om_fail(p->err, OMOST_CANCELLED, "stopped");
    omost_status st = p->ref.kind == OM_REF_FILE
                          ? om_hub_list_file(&l, &p->hub, &p->ref, p->err)
                          : om_hub_list_repo(&l, &p->hub, &p->ref, p->err);
    if (st == OMOST_OK) st = pull_list(p, &l);
    om_hub_list_free(&l);
    return st;
}

/* ---- files of other addresses -------------------------------------------- */

/* A token is the hub's: another server must not see it. */
static const char *token_for(const puller *p)
{
    om_url a, b;
    if (!p->hub.token || om_url_parse(p->ref.url, &a, NULL) != OMOST_OK ||
        om_url_parse(om_str_of(p->hub.endpoint), &b, NULL) != OMOST_OK)
        return NULL;
    return om_url_same_origin(&a, &b) ? p->hub.token : NULL;
}

static omost_status pull_url(puller *p)
{
    om_path lock;
    bool had = false;
    om_url u;
    omost_status st = om_url_parse(p->ref.url, &u, p->err);
    if (st == OMOST_OK)
        st = om_find_url_place(p->result, p->o, p->ref.url, p->err);
    if (st == OMOST_OK) st = om_path_printf(lock, p->err, "%s.lock", p->result);
    if (st != OMOST_OK) return st;
    p->ev.count = 1;
    p->ev.file = strrchr(p->result, '/') + 1;
    const om_download d = {.env = p->o->env,
                           .http = p->hub.http,
                           .url = p->ref.url,
                           .bearer = token_for(p),
                           .name = p->ev.file,
                           .place = p->result,
                           .lock = lock,
                           .size = -1,
                           .may_change = true,
                           .tell = tell,
                           .user = p};
    st = om_download_run(&d, &had, p->err);
    return st == OMOST_OK ? finished(p, p->ev.done, had) : st;
}

/* ---- all ----------------------------------------------------------------- */

static omost_status pull(puller *p)
{
    if (p->o->offline)
        return om_fail(p->err, OMOST_IO,
                       "%.100s is not on this machine, and asking servers is "
                       "switched off (HF_HUB_OFFLINE, --offline)",
                       p->ref.text);
    p->hub.http = om_http_new(p->o->env, p->err);
    if (!p->hub.http) return p->err->status;
    omost_status st = p->ref.kind == OM_REF_URL ? pull_url(p) : pull_hub(p);
    om_http_free(p->hub.http);
    if (st != OMOST_IO && st != OMOST_FULL && st != OMOST_MISSING) return st;
    const omost_error why = *p->err;
    const bool here = p->ref.kind != OM_REF_URL &&
                      om_find_cached(p->result, p->o->cache, &p->ref);
    /* Some sentences name it themselves. */
    const bool named =
        om_str_starts(om_str_of(why.msg), om_str_of(p->ref.text));
    return om_fail(p->err, st, "%.100s%s%s%s", named ? "" : p->ref.text,
                   named ? "" : ": ", why.msg,
                   here ? " (it was fetched before, and can be used)" : "");
}

omost_status omost_model_pull(const omost_hub_opts *o, const char *ref,
                              omost_pull_fn *on_progress, void *user,
                              char **path, omost_error *err)
{
    omost_error own = {0};
    puller p = {.o = o,
                .on_progress = on_progress,
                .user = user,
                .err = err ? err : &own};
    *path = NULL;
    p.hub = (om_hub){.env = o->env,
                     .endpoint = o->endpoint && *o->endpoint
                                     ? o->endpoint
                                     : "https://huggingface.co",
                     .token = o->token && *o->token ? o->token : NULL,
                     .cancelled = list_cancelled,
                     .user = &p};
    omost_status st = om_hub_ref_parse(&p.ref, ref, p.err);
    if (st == OMOST_OK && p.ref.kind == OM_REF_PATH)
        return om_fail(p.err, OMOST_USAGE,
                       "there is no model \"%.100s\"; omost models lists "
                       "those it knows, hf:OWNER/REPO names any other",
                       ref);
    /* What cannot change need not be asked for. */
    const bool fixed = o->offline || om_is_commit(p.ref.rev);
    if (st == OMOST_OK && fixed && p.ref.kind != OM_REF_URL &&
        om_find_cached(p.result, o->cache, &p.ref))
        return om_find_dup(path, o->env, p.result, p.err);
    if (st == OMOST_OK) st = pull(&p);
    return st == OMOST_OK ? om_find_dup(path, o->env, p.result, p.err) : st;
}
