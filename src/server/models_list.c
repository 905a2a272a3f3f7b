/* models_list.c - models on this machine: files below the folders that the
 * server was told (--models), what the catalog names that was fetched, and
 * before these what the server was started with. A
 * name is a path below its folder; a request's name is never a path: it is
 * looked for among these. */
#include <dirent.h>
#include <stdio.h>
#include <sys/stat.h>

#include "base/utf8.h"
#include "omost/model.h"
#include "server/api.h"

enum { DEPTH = 5, MOST_FILES = 5000, PATH = 4096 };

typedef enum model_kind { COMPOSER, RENDERER, LORA, N_KINDS } model_kind;

static const char *const kind_names[] = {"composer", "renderer", "lora"};

/* One that was found; both texts are lent. True: go on. */
typedef bool found_fn(void *user, model_kind k, const char *name,
                      const char *path, uint64_t bytes);

typedef struct walk {
    found_fn *found;
    void *user;
    const om_str *only; /* this name and no other; NULL: all */
    const char *root;
    size_t root_n;
    int left; /* files that may be looked at */
    bool go;
} walk;

static const char *name_of(const walk *w, const char *path)
{
    const char *name = path + w->root_n;
    while (*name == '/') name++;
    return *name ? name : path;
}

/* Names are texts: a file whose name is none cannot be asked for. */
static bool is_wanted(const walk *w, const char *name)
{
    const size_t n = strlen(name);
    if (w->only) return om_str_eqz(*w->only, name);
    return om_utf8_valid_len(name, n) == n;
}

static void tell(walk *w, model_kind k, const char *path, uint64_t bytes)
{
    w->go = w->found(w->user, k, name_of(w, path), path, bytes);
}

static bool ends(const char *s, const char *tail)
{
    return om_str_ends(om_str_of(s), om_str_of(tail));
}

/* Only headers are read, and those only of what is wanted. */
static void look_at_tensors(walk *w, const char *path)
{
    omost_model_info info;
    if (!is_wanted(w, name_of(w, path))) return;
    if (omost_model_probe(NULL, path, &info, NULL) != OMOST_OK) return;
    if (info.kind == OMOST_MODEL_LORA) tell(w, LORA, path, info.file_bytes);
    if (info.kind == OMOST_MODEL_CHECKPOINT || info.kind == OMOST_MODEL_FOLDER)
        tell(w, RENDERER, path, info.file_bytes);
}

static void look_at_file(walk *w, const char *path, uint64_t bytes)
{
    if (ends(path, ".gguf") && is_wanted(w, name_of(w, path)))
        tell(w, COMPOSER, path, bytes);
    if (ends(path, ".safetensors")) look_at_tensors(w, path);
}

static void look_into(walk *w, const char *path, int depth)
{
    char below[PATH];
    struct stat s;
    snprintf(below, sizeof below, "%s/model_index.json", path);
    if (stat(below, &s) == 0) { /* as diffusers writes it */
        look_at_tensors(w, path);
        return;
    }
    DIR *dir = depth < DEPTH ? opendir(path) : NULL;
    if (!dir) return;
    for (struct dirent *e; w->go && (e = readdir(dir)) != NULL;) {
        if (e->d_name[0] == '.' || w->left-- <= 0) continue;
        const int n = snprintf(below, sizeof below, "%s/%s", path, e->d_name);
        if (n < 0 || n >= (int)sizeof below || stat(below, &s) != 0) continue;
        if (S_ISDIR(s.st_mode)) look_into(w, below, depth + 1);
        if (S_ISREG(s.st_mode)) look_at_file(w, below, (uint64_t)s.st_size);
    }
    closedir(dir);
}

/* What `omost pull` has fetched. */
static void look_at_catalog(const om_server *s, walk *w)
{
    const omost_known *m;
    for (size_t i = 0; w->go && (m = omost_known_at(i)) != NULL; i++) {
        char *path = NULL;
        if (!s->opts.hub.cache || !is_wanted(w, m->name) ||
            omost_model_find(&s->opts.hub, m->ref, &path, NULL) != OMOST_OK)
            continue;
        const model_kind k =
            m->kind == OMOST_KNOWN_COMPOSER ? COMPOSER : RENDERER;
        if (m->kind == OMOST_KNOWN_COMPOSER ||
            m->kind == OMOST_KNOWN_CHECKPOINT ||
            m->kind == OMOST_KNOWN_FEW_STEPS)
            w->go = w->found(w->user, k, m->name, path, m->bytes);
        omost_models_text_free(s->opts.hub.env, path);
    }
}

static void walk_all(const om_server *s, const om_str *only, found_fn *found,
                     void *user)
{
    walk w = {.found = found,
              .user = user,
              .only = only,
              .left = MOST_FILES,
              .go = true};
    for (size_t i = 0; i < s->opts.n_folders && w.go; i++) {
        w.root = s->opts.folders[i];
        w.root_n = strlen(w.root);
        look_into(&w, w.root, 0);
    }
    if (w.go) look_at_catalog(s, &w);
}

/* ---- the list --------------------------------------------------------- */

typedef struct lists {
    const om_server *server;
    json_t *of[N_KINDS];
} lists;

static bool is_given(const om_server *s, model_kind k, om_str name)
{
    const char *given = om_worker_given(s->worker, kind_names[k]);
    return given && om_str_eqz(name, given);
}

static void append(lists *l, model_kind k, const char *name, uint64_t bytes,
                   bool given)
{
    json_t *o = json_object();
    om_json_put_str(&o, "name", om_str_of(name));
    om_json_put(&o, "kind", json_string(kind_names[k]));
    om_json_put_int(&o, "bytes", (int64_t)bytes);
    om_json_put(&o, "given", json_boolean(given));
    om_json_append(&l->of[k], o);
}

static bool put_one(void *user, model_kind k, const char *name,
                    const char *path, uint64_t bytes)
{
    lists *l = user;
    (void)path;
    if (!is_given(l->server, k, om_str_of(name)))
        append(l, k, name, bytes, false);
    return true;
}

/* Of a file; a folder, a server and a script have no size to tell. */
static uint64_t bytes_of(const char *path)
{
    struct stat s;
    return path && stat(path, &s) == 0 && S_ISREG(s.st_mode)
               ? (uint64_t)s.st_size
               : 0;
}

static void put_given(lists *l)
{
    const om_worker *w = l->server->worker;
    const om_worker_opts *o = om_worker_options(w);
    const char *writes = om_worker_given(w, kind_names[COMPOSER]);
    const char *draws = om_worker_given(w, kind_names[RENDERER]);
    if (writes) append(l, COMPOSER, writes, bytes_of(o->composer.model), true);
    if (draws) append(l, RENDERER, draws, bytes_of(o->engine.model), true);
}

omost_status om_models_list(const om_server *s, json_t **out, omost_error *err)
{
    lists l = {s, {json_array(), json_array(), json_array()}};
    json_t *o = json_object();
    put_given(&l);
    walk_all(s, NULL, put_one, &l);
    for (int k = 0; k < N_KINDS; k++) om_json_put(&o, kind_names[k], l.of[k]);
    *out = o;
    return o ? OMOST_OK : om_fail_nomem(err);
}

/* ---- one of them ------------------------------------------------------ */

typedef struct search {
    const char *kind;
    om_buf *path;
    bool found;
} search;

static bool is_it(void *user, model_kind k, const char *name, const char *path,
                  uint64_t bytes)
{
    search *s = user;
    (void)name;
    (void)bytes;
    if (strcmp(kind_names[k], s->kind) != 0) return true;
    om_buf_put(s->path, path, strlen(path) + 1);
    s->found = true;
    return false;
}

omost_status om_models_find(void *user, const char *kind, om_str name,
                            om_buf *path, omost_error *err)
{
    search s = {.kind = kind, .path = path};
    walk_all(user, &name, is_it, &s);
    if (s.found) return om_buf_check(path, "the path", err);
    return om_fail(err, OMOST_MISSING,
                   "there is no %s \"%.*s\" among the models of this server",
                   kind, name.n > 80 ? 80 : OM_STR_ARG(name));
}

omost_status om_models_check(const om_server *s, const char *kind, om_str name,
                             omost_error *err)
{
    om_buf path;
    const char *given = om_worker_given(s->worker, kind);
    if (given && om_str_eqz(name, given)) return OMOST_OK;
    union {
        const om_server *in;
        void *out;
    } user = {.in = s};
    om_buf_init(&path, NULL, 1 << 16);
    omost_status st = om_models_find(user.out, kind, name, &path, err);
    om_buf_free(&path);
    return st;
}
