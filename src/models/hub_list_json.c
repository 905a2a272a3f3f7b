/* hub_list_json.c - see hub_list.h. What the hub says:
 *
 *     GET ENDPOINT/api/models/OWNER/REPO/revision/REV?blobs=true
 *         {"sha": COMMIT, "siblings": [{"rfilename": "unet/config.json",
 *           "size": 1680, "blobId": SHA-1 of git,
 *           "lfs": {"sha256": ..., "size": ...}}]}
 *     HEAD ENDPOINT/OWNER/REPO/resolve/REV/FILE
 *         X-Repo-Commit; ETag, Content-Length, or, where it redirects to
 *         another server: X-Linked-Etag, X-Linked-Size */
#include "base/json.h"
#include "models/hub_list.h"
#include "models/hub_wanted.h"
#include "net/url.h"

enum { MAX_ANSWER = 32 << 20, MAX_FILES = 20000 };

static const char remedy[] =
    "set HF_TOKEN to a token of yours, and accept the model's terms on its "
    "page if it has any; or the name is misspelt";

static om_http_request request(const om_hub *hub, om_str url)
{
    om_http_request rq = OM_HTTP_REQUEST_DEFAULTS;
    rq.url = url;
    rq.bearer = hub->token;
    rq.auth_remedy = remedy;
    rq.total_timeout = 120;
    rq.cancelled = hub->cancelled;
    rq.user = hub->user;
    return rq;
}

static void put_base(om_buf *out, const om_hub *hub, const char *api)
{
    size_t n = strlen(hub->endpoint);
    while (n > 0 && hub->endpoint[n - 1] == '/') n--;
    om_buf_put(out, hub->endpoint, n);
    om_buf_puts(out, api);
}

void om_hub_url(om_buf *out, const om_hub *hub, const om_hub_ref *r, om_str rev,
                om_str file)
{
    put_base(out, hub, "/");
    om_buf_printf(out, "%.*s/%.*s/resolve/", OM_STR_ARG(r->owner),
                  OM_STR_ARG(r->repo));
    om_url_encode(out, rev, "");
    om_buf_putc(out, '/');
    om_url_encode(out, file, "/");
}

/* ---- one file ------------------------------------------------------------ */

/* "W/\"abc\"" without its clothes, if it may be a file's name. */
static bool read_etag(char out[129], const char *etag)
{
    om_str s = om_str_of(etag);
    if (om_str_starts(s, OM_STR("W/"))) s = om_str_skip(s, 2);
    s = om_str_strip(s, "\"");
    if (s.n == 0 || s.n > 128) return false;
    for (size_t i = 0; i < s.n; i++) {
        const char c = s.p[i];
        if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
              (c >= 'A' && c <= 'Z') || c == '-' || c == '_'))
            return false;
    }
    memcpy(out, s.p, s.n);
    out[s.n] = '\0';
    return true;
}

static omost_status read_head(om_hub_file *f, char commit[41],
                              const om_hub *hub, const om_http_response *rs,
                              omost_error *err)
{
    const bool linked = rs->linked_etag[0] != '\0';
    om_str c = om_str_of(rs->repo_commit);
    if (!om_is_commit(c) ||
        !read_etag(f->etag, linked ? rs->linked_etag : rs->etag))
        return om_fail(err, OMOST_FORMAT,
                       "%s does not answer as a model hub does: no commit or "
                       "no ETag for %.*s",
                       hub->endpoint, OM_STR_ARG(f->name));
    memcpy(commit, c.p, 41);
    if (om_is_hex(om_str_of(f->etag), 64)) memcpy(f->sha256, f->etag, 65);
    f->size = linked ? rs->linked_size : rs->content_length;
    return OMOST_OK;
}

omost_status om_hub_head(om_hub_file *f, char commit[41], const om_hub *hub,
                         const om_hub_ref *r, om_str rev, omost_error *err)
{
    const om_http_retry retry = OM_HTTP_RETRY_DEFAULTS;
    om_http_response rs;
    om_buf url;
    om_buf_init(&url, hub->env, OM_URL_MAX);
    om_hub_url(&url, hub, r, rev, f->name);
    omost_status st = om_buf_check(&url, "the address of the file", err);
    if (st == OMOST_OK) {
        om_http_request rq = request(hub, om_buf_view(&url));
        rq.head_only = true;
        /* The first answer says it all; where it leads to need not take HEAD. */
        rq.follow_redirects = false;
        st = om_http_send_again(hub->http, &rq, &retry, NULL, &rs, err);
        const bool moved = rs.status >= 300 && rs.status < 400;
        if (moved && rs.repo_commit[0]) {
            om_error_clear(err);
            st = OMOST_OK;
        } else if (moved) { /* the repository has another name now */
            rq.follow_redirects = true;
            st = om_http_send_again(hub->http, &rq, &retry, NULL, &rs, err);
        }
    }
    om_buf_free(&url);
    return st == OMOST_OK ? read_head(f, commit, hub, &rs, err) : st;
}

omost_status om_hub_list_file(om_hub_list *l, const om_hub *hub,
                              const om_hub_ref *r, omost_error *err)
{
    *l = (om_hub_list){.n = 1};
    om_arena_init(&l->arena, hub->env, 0);
    l->file = om_arena_array(&l->arena, 1, sizeof *l->file);
    if (!l->file) return om_fail_nomem(err);
    l->file->name = r->file;
    return om_hub_head(l->file, l->commit, hub, r, r->rev, err);
}

/* ---- a repository -------------------------------------------------------- */

static bool take_bytes(void *user, const void *p, size_t n)
{
    om_buf *b = user;
    om_buf_put(b, p, n);
    return b->status == OMOST_OK;
}

/* The buffer is what the callbacks are given: a list is short, and its time is
 * limited, so nobody is asked whether to stop. */
static omost_status get_list(om_buf *body, const om_hub *hub,
                             const om_hub_ref *r, omost_error *err)
{
    const om_http_retry retry = OM_HTTP_RETRY_DEFAULTS;
    om_http_response rs;
    om_buf url;
    om_buf_init(&url, hub->env, OM_URL_MAX);
    put_base(&url, hub, "/api/models/");
    om_buf_printf(&url, "%.*s/%.*s/revision/", OM_STR_ARG(r->owner),
                  OM_STR_ARG(r->repo));
    om_url_encode(&url, r->rev, "");
    om_buf_puts(&url, "?blobs=true");
    omost_status st = om_buf_check(&url, "the address of the list", err);
    if (st == OMOST_OK) {
        om_http_request rq = request(hub, om_buf_view(&url));
        rq.max_body = MAX_ANSWER;
        rq.on_data = take_bytes;
        rq.cancelled = NULL;
        rq.user = body;
        st = om_http_send_again(hub->http, &rq, &retry, NULL, &rs, err);
    }
    om_buf_free(&url);
    return st;
}

static void read_file(om_hub_file *f, const json_t *v)
{
    const json_t *lfs = json_object_get(v, "lfs");
    const json_t *size = json_object_get(json_is_object(lfs) ? lfs : v, "size");
    om_str sum = om_json_str(json_object_get(lfs, "sha256"));
    om_str blob = om_json_str(json_object_get(v, "blobId"));
    f->size = json_is_integer(size) ? json_integer_value(size) : -1;
    if (om_is_hex(sum, 64)) {
        memcpy(f->sha256, sum.p, 64);
        memcpy(f->etag, sum.p, 64);
    } else if (!json_is_object(lfs) && om_is_hex(blob, 40)) {
        memcpy(f->etag, blob.p, 40);
    }
}

static omost_status read_list(om_hub_list *l, const om_hub *hub,
                              const json_t *v, omost_error *err)
{
    size_t i;
    json_t *one;
    om_str commit = om_json_str(json_object_get(v, "sha"));
    const json_t *files = json_object_get(v, "siblings");
    const size_t n = json_array_size(files);
    if (!om_is_commit(commit) || n == 0 || n > MAX_FILES)
        return om_fail(err, OMOST_FORMAT,
                       "%s does not answer as a model hub does: no commit or "
                       "no list of files",
                       hub->endpoint);
    memcpy(l->commit, commit.p, 40);
    l->file = om_arena_array(&l->arena, n, sizeof *l->file);
    if (!l->file) return om_fail_nomem(err);
    json_array_foreach(files, i, one)
    {
        om_str name = om_json_str(json_object_get(one, "rfilename"));
        if (!om_is_safe_file(name))
            return om_fail(err, OMOST_FORMAT,
                           "%s lists a file whose name would lead out of its "
                           "folder",
                           hub->endpoint);
        om_hub_file *f = &l->file[l->n++];
        f->name = om_arena_str(&l->arena, name);
        if (!f->name.p) return om_fail_nomem(err);
        read_file(f, one);
    }
    return OMOST_OK;
}

omost_status om_hub_list_repo(om_hub_list *l, const om_hub *hub,
                              const om_hub_ref *r, omost_error *err)
{
    om_buf body;
    json_t *v = NULL;
    *l = (om_hub_list){0};
    om_arena_init(&l->arena, hub->env, 0);
    om_buf_init(&body, hub->env, MAX_ANSWER);
    omost_status st = get_list(&body, hub, r, err);
    if (st == OMOST_OK) {
        v = om_json_parse(om_buf_view(&body), "the hub's list of files", err);
        st = v ? read_list(l, hub, v, err) : err->status;
    }
    json_decref(v);
    om_buf_free(&body);
    return st == OMOST_OK ? om_hub_keep_wanted(l, r, err) : st;
}

void om_hub_list_free(om_hub_list *l)
{
    om_arena_free(&l->arena);
    *l = (om_hub_list){0};
}
