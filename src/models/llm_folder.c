/* llm_folder.c - see llm_folder.h. */
#include "models/llm_folder.h"

#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>

#include "base/file.h"

enum {
    MAX_TEXT = 128 << 20, /* tokenizer.json of Llama 3 has 17 MB */
    MAX_LEVELS = 4000000, /* ... and a list for each of 280000 merges */
    MAX_FILES = 1000
};

static bool join(char out[PATH_MAX], const char *folder, const char *name)
{
    int n = snprintf(out, PATH_MAX, "%s/%s", folder, name);
    return n > 0 && n < PATH_MAX;
}

static bool is_there(const om_llm_folder *f, const char *name)
{
    char path[PATH_MAX];
    struct stat sb;
    return join(path, f->path, name) && stat(path, &sb) == 0;
}

omost_status om_llm_folder_text(const om_llm_folder *f, const char *name,
                                om_buf *out, omost_error *err)
{
    char path[PATH_MAX];
    if (!join(path, f->path, name))
        return om_fail(err, OMOST_LIMIT, "the path of %s is too long", f->path);
    return om_file_read(path, out, err);
}

static json_t *parse_object(om_str text, const char *what, omost_error *err)
{
    json_t *v = om_json_parse_large(text, what, MAX_LEVELS, err);
    if (!v || json_is_object(v)) return v;
    om_fail(err, OMOST_FORMAT, "%s is not a JSON object", what);
    json_decref(v);
    return NULL;
}

json_t *om_llm_folder_json(const om_llm_folder *f, const char *name,
                           bool optional, omost_error *err)
{
    char path[PATH_MAX];
    om_buf text;
    json_t *v = NULL;
    om_error_clear(err);
    if (optional && !is_there(f, name)) return NULL;
    om_buf_init(&text, f->env, MAX_TEXT);
    if (om_llm_folder_text(f, name, &text, err) == OMOST_OK &&
        join(path, f->path, name))
        v = parse_object(om_buf_view(&text), path, err);
    om_buf_free(&text);
    return v;
}

/* ---- files of weights ---------------------------------------------------- */

static omost_status add_file(om_llm_folder *f, const char *name,
                             omost_error *err)
{
    char path[PATH_MAX];
    if (!join(path, f->path, name))
        return om_fail(err, OMOST_LIMIT, "the path of %s is too long", f->path);
    void *p =
        om_grow(f->env, f->file, f->n_files, &f->cap_files, sizeof *f->file);
    if (!p) return om_fail_nomem(err);
    f->file = p;
    om_safetensors *st = om_st_open(f->env, path, err);
    if (!st) return err ? err->status : OMOST_IO;
    f->file[f->n_files++] = st;
    return OMOST_OK;
}

static om_safetensors *file_of(const om_llm_folder *f, const char *name)
{
    for (size_t i = 0; i < f->n_files; i++) {
        const char *path = om_st_path(f->file[i]);
        const char *slash = strrchr(path, '/');
        if (strcmp(slash ? slash + 1 : path, name) == 0) return f->file[i];
    }
    return NULL;
}

/* {"weight_map": {"model.norm.weight": "model-00002-of-00002.safetensors"}} */
static omost_status add_pieces(om_llm_folder *f, const json_t *index,
                               omost_error *err)
{
    static const char where[] = "model.safetensors.index.json";
    const char *key;
    json_t *value;
    json_t *map = json_object_get(index, "weight_map");
    if (!json_is_object(map))
        return om_fail(err, OMOST_FORMAT, "%s/%s has no weight_map", f->path,
                       where);
    json_object_foreach(map, key, value)
    {
        om_str name = om_json_str(value);
        if (name.n == 0 || strlen(name.p) != name.n || strchr(name.p, '/') ||
            name.p[0] == '.' || !om_str_ends(name, OM_STR(".safetensors")))
            return om_fail(err, OMOST_FORMAT,
                           "%s/%s: the file of %s is not a plain name of a "
                           ".safetensors file",
                           f->path, where, key);
        if (!file_of(f, name.p)) {
            if (f->n_files >= MAX_FILES)
                return om_fail(err, OMOST_LIMIT,
                               "%s/%s names more than %d files", f->path, where,
                               MAX_FILES);
            omost_status st = add_file(f, name.p, err);
            if (st != OMOST_OK) return st;
        }
        if (!om_st_find(file_of(f, name.p), om_str_of(key)))
            return om_fail(err, OMOST_FORMAT, "%s/%s has no tensor %s", f->path,
                           name.p, key);
    }
    if (f->n_files > 0) return OMOST_OK;
    return om_fail(err, OMOST_FORMAT, "%s/%s names no file", f->path, where);
}

static omost_status no_weights(const om_llm_folder *f, omost_error *err)
{
    if (is_there(f, "pytorch_model.bin") ||
        is_there(f, "pytorch_model.bin.index.json"))
        return om_fail(err, OMOST_FORMAT,
                       "%s has its weights in pickled files (.bin), which are "
                       "programs and never read; look for a release with "
                       "model.safetensors",
                       f->path);
    return om_fail(err, OMOST_MISSING,
                   "%s has neither model.safetensors nor "
                   "model.safetensors.index.json",
                   f->path);
}

omost_status om_llm_folder_open(om_llm_folder *f, const omost_env *env,
                                const char *path, omost_error *err)
{
    struct stat sb;
    *f = (om_llm_folder){.env = env, .path = path};
    if (stat(path, &sb) != 0)
        return om_fail(err, OMOST_MISSING, "there is no folder %s", path);
    if (!S_ISDIR(sb.st_mode))
        return om_fail(err, OMOST_FORMAT,
                       "%s is no folder: name the one that holds config.json "
                       "and model.safetensors",
                       path);
    json_t *index =
        om_llm_folder_json(f, "model.safetensors.index.json", true, err);
    if (!index && err && err->status != OMOST_OK) return err->status;
    omost_status st = OMOST_OK;
    if (index)
        st = add_pieces(f, index, err);
    else if (is_there(f, "model.safetensors"))
        st = add_file(f, "model.safetensors", err);
    else
        st = no_weights(f, err);
    json_decref(index);
    return st;
}

void om_llm_folder_close(om_llm_folder *f)
{
    for (size_t i = 0; i < f->n_files; i++) om_st_close(f->file[i]);
    om_free(f->env, f->file);
    *f = (om_llm_folder){.env = f->env};
}

const om_st_tensor *om_llm_folder_find(const om_llm_folder *f, const char *name,
                                       const char **file)
{
    for (size_t i = 0; i < f->n_files; i++) {
        const om_st_tensor *t = om_st_find(f->file[i], om_str_of(name));
        if (!t) continue;
        if (file) *file = om_st_path(f->file[i]);
        return t;
    }
    return NULL;
}
