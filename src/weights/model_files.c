/* model_files.c - see model_files.h. First the files are found and mapped,
 * then their names tell what they are, then every name gets its part. */
#include "weights/model_files.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"

enum {
    MAX_CONFIG = 4 << 20, /* bytes of a config.json */
    MAX_INDEX = 64 << 20, /* bytes of an index of pieces */
    MAX_NAME = 4096,
    MAX_PIECES = 1000
};

/* ---- paths --------------------------------------------------------------- */

/* "A/B", "AB": in the arena; NULL without memory. */
static const char *join(om_model_files *m, const char *a, const char *between,
                        om_str b)
{
    size_t na = strlen(a), nm = strlen(between);
    if (na > 0 && a[na - 1] == '/' && *between == '/') nm = 0;
    char *p = om_arena_alloc(&m->arena, na + nm + b.n + 1);
    if (!p) return NULL;
    memcpy(p, a, na);
    memcpy(p + na, between, nm);
    memcpy(p + na + nm, b.p, b.n);
    p[na + nm + b.n] = '\0';
    return p;
}

static const char *joinz(om_model_files *m, const char *a, const char *between,
                         const char *b)
{
    return join(m, a, between, om_str_of(b));
}

static bool is_folder(const char *path)
{
    struct stat sb;
    return stat(path, &sb) == 0 && S_ISDIR(sb.st_mode);
}

static bool is_file(const char *path)
{
    struct stat sb;
    return stat(path, &sb) == 0 && !S_ISDIR(sb.st_mode);
}

/* ---- JSON beside the weights --------------------------------------------- */

static json_t *read_json(const om_model_files *m, const char *path,
                         size_t limit, omost_error *err)
{
    om_buf b;
    json_t *v = NULL;
    om_buf_init(&b, m->arena.env, limit);
    if (om_file_read(path, &b, err) == OMOST_OK)
        v = om_json_parse(om_buf_view(&b), path, err);
    om_buf_free(&b);
    if (!v || json_is_object(v)) return v;
    om_fail(err, OMOST_FORMAT, "%s is not a JSON object", path);
    json_decref(v);
    return NULL;
}

/* FOLDER/config.json, when it is there. */
static omost_status read_config(om_model_files *m, const char *folder,
                                json_t **out, omost_error *err)
{
    const char *path = joinz(m, folder, "/", "config.json");
    if (!path) return om_fail_nomem(err);
    if (!is_file(path)) return OMOST_OK;
    *out = read_json(m, path, MAX_CONFIG, err);
    if (*out) m->beside[m->n_beside++] = path;
    return *out ? OMOST_OK : err ? err->status : OMOST_FORMAT;
}

/* ---- opening ------------------------------------------------------------- */

static omost_status add_file(om_model_files *m, const char *path,
                             omost_error *err)
{
    om_safetensors **p = om_grow(m->arena.env, m->file, m->n_files,
                                 &m->cap_files, sizeof *m->file);
    if (!p) return om_fail_nomem(err);
    m->file = p;
    omost_error why;
    om_safetensors *st = om_st_open(m->arena.env, path, &why);
    if (!st) {
        if (err) *err = why;
        return why.status;
    }
    m->file[m->n_files++] = st;
    return OMOST_OK;
}

/* A piece is a file beside the index, nothing else. */
static bool is_plain_name(om_str s)
{
    return s.n > 0 && s.n < 256 && s.p[0] != '.' && !memchr(s.p, '/', s.n) &&
           !memchr(s.p, '\0', s.n);
}

static bool has_file(const om_model_files *m, const char *path, size_t from)
{
    for (size_t i = from; i < m->n_files; i++)
        if (strcmp(om_st_path(m->file[i]), path) == 0) return true;
    return false;
}

/* Every tensor the index names is in the piece it names. */
static omost_status check_index(const om_model_files *m, const char *index,
                                json_t *map, size_t from, omost_error *err)
{
    const char *name;
    json_t *v;
    json_object_foreach(map, name, v)
    {
        om_str piece = om_json_str(v);
        bool found = false;
        for (size_t i = from; i < m->n_files && !found; i++)
            found = om_str_ends(om_str_of(om_st_path(m->file[i])), piece) &&
                    om_st_find(m->file[i], om_str_of(name));
        if (!found)
            return om_fail(err, OMOST_FORMAT,
                           "%s puts tensor %s into %.*s, and it is not there",
                           index, name, OM_STR_ARG(piece));
    }
    return OMOST_OK;
}

static omost_status add_pieces(om_model_files *m, const char *index,
                               json_t *map, omost_error *err)
{
    const char *name;
    json_t *v;
    size_t from = m->n_files;
    om_str folder = {index, strlen(index)};
    while (folder.n > 0 && folder.p[folder.n - 1] != '/') folder.n--;
    const char *dir = om_arena_str(&m->arena, folder).p;
    if (!dir) return om_fail_nomem(err);
    json_object_foreach(map, name, v)
    {
        om_str piece = om_json_str(v);
        if (!is_plain_name(piece))
            return om_fail(
                err, OMOST_FORMAT,
                "%s puts tensor %s into a file that is not beside it", index,
                name);
        const char *path = join(m, dir, "", piece);
        if (!path) return om_fail_nomem(err);
        if (has_file(m, path, from)) continue;
        if (m->n_files - from >= MAX_PIECES)
            return om_fail(err, OMOST_LIMIT, "%s names more than %d files",
                           index, MAX_PIECES);
        omost_status st = add_file(m, path, err);
        if (st != OMOST_OK) return st;
    }
    return check_index(m, index, map, from, err);
}

/* {"metadata": ..., "weight_map": {"name": "file", ...}} */
static omost_status add_index(om_model_files *m, const char *path,
                              omost_error *err)
{
    omost_error why;
    json_t *root = read_json(m, path, MAX_INDEX, &why);
    omost_status st;
    if (!root) {
        if (err) *err = why;
        return why.status;
    }
    json_t *map = json_object_get(root, "weight_map");
    if (json_object_size(map) > 0)
        st = add_pieces(m, path, map, err);
    else
        st = om_fail(err, OMOST_FORMAT,
                     "%s is no index of safetensors files: it has no "
                     "\"weight_map\"",
                     path);
    json_decref(root);
    return st;
}

/* ---- folders ------------------------------------------------------------- */

static const char *const stems[] = {"diffusion_pytorch_model", "model"};
/* The most precise first; then the two spellings of an index. */
static const char *const endings[] = {
    ".safetensors",
    ".safetensors.index.json",
    ".bf16.safetensors",
    ".bf16.safetensors.index.json",
    ".safetensors.index.bf16.json",
    ".fp16.safetensors",
    ".fp16.safetensors.index.json",
    ".safetensors.index.fp16.json",
};
enum { N_STEMS = 2, N_ENDINGS = sizeof endings / sizeof *endings };

static bool holds_pickles(const char *folder)
{
    DIR *d = opendir(folder);
    const struct dirent *e;
    bool found = false;
    while (d && !found && (e = readdir(d)) != NULL)
        found = om_str_ends(om_str_of(e->d_name), OM_STR(".bin"));
    if (d) closedir(d);
    return found;
}

/* The weights of one part; *found says whether there are any. */
static omost_status add_folder(om_model_files *m, const char *folder,
                               bool *found, omost_error *err)
{
    *found = false;
    for (size_t i = 0; i < N_STEMS * N_ENDINGS; i++) {
        const char *end = endings[i % N_ENDINGS];
        const char *stem = joinz(m, folder, "/", stems[i / N_ENDINGS]);
        const char *path = stem ? joinz(m, stem, "", end) : NULL;
        if (!path) return om_fail_nomem(err);
        if (!is_file(path)) continue;
        *found = true;
        return om_str_ends(om_str_of(end), OM_STR(".json"))
                   ? add_index(m, path, err)
                   : add_file(m, path, err);
    }
    return OMOST_OK;
}

static omost_status fail_folder(const char *folder, omost_error *err)
{
    if (holds_pickles(folder))
        return om_fail(err, OMOST_FORMAT,
                       "%s holds its weights as pickled .bin files, which are "
                       "programs; convert them to .safetensors",
                       folder);
    return om_fail(err, OMOST_MISSING,
                   "%s is a folder without a model: no model_index.json, no "
                   "unet/, and no diffusion_pytorch_model.safetensors or "
                   "model.safetensors",
                   folder);
}

/* ---- names --------------------------------------------------------------- */

static bool any_prefix(const om_model_files *m, size_t from, const char *head)
{
    for (size_t i = from; i < m->n_files; i++)
        if (om_st_has_prefix(m->file[i], om_str_of(head))) return true;
    return false;
}

typedef struct sign {
    const char *prefix;
    omost_model_kind kind;
    omost_model_part part;
    om_naming naming;
} sign;

/* What one name tells of a file; the first that is there counts. */
/* clang-format off */
static const sign signs[] = {
    {"lora_unet_",                    OMOST_MODEL_LORA,       OMOST_MODEL_N_PARTS, OM_NAMING_DIFFUSERS},
    {"lora_te",                       OMOST_MODEL_LORA,       OMOST_MODEL_N_PARTS, OM_NAMING_DIFFUSERS},
    {"model.diffusion_model.",        OMOST_MODEL_CHECKPOINT, OMOST_MODEL_N_PARTS, OM_NAMING_CHECKPOINT},
    {"first_stage_model.",            OMOST_MODEL_CHECKPOINT, OMOST_MODEL_N_PARTS, OM_NAMING_CHECKPOINT},
    {"conditioner.embedders.",        OMOST_MODEL_CHECKPOINT, OMOST_MODEL_N_PARTS, OM_NAMING_CHECKPOINT},
    {"input_blocks.0.0.",             OMOST_MODEL_PART,       OMOST_MODEL_UNET,    OM_NAMING_ORIGINAL},
    {"time_embedding.linear_1.",      OMOST_MODEL_PART,       OMOST_MODEL_UNET,    OM_NAMING_DIFFUSERS},
    {"decoder.up.0.block.",           OMOST_MODEL_PART,       OMOST_MODEL_VAE,     OM_NAMING_ORIGINAL},
    {"decoder.up_blocks.0.",          OMOST_MODEL_PART,       OMOST_MODEL_VAE,     OM_NAMING_DIFFUSERS},
    {"transformer.resblocks.0.",      OMOST_MODEL_PART,       OMOST_MODEL_TEXT_ENCODER_2, OM_NAMING_ORIGINAL},
    {"text_projection.weight",        OMOST_MODEL_PART,       OMOST_MODEL_TEXT_ENCODER_2, OM_NAMING_DIFFUSERS},
    {"text_model.encoder.layers.0.",  OMOST_MODEL_PART,       OMOST_MODEL_TEXT_ENCODER,   OM_NAMING_DIFFUSERS},
};
/* clang-format on */

static const char *const lora_marks[] = {
    ".lora_down.",          ".lora_A.", ".lora.down.",
    ".hada_w1_a",           ".lokr_w1", ".lora_linear_layer.",
    ".processor.to_q_lora."};

static bool is_lora_name(om_str name)
{
    for (size_t i = 0; i < sizeof lora_marks / sizeof *lora_marks; i++)
        if (om_str_find(name, om_str_of(lora_marks[i])) != SIZE_MAX)
            return true;
    return false;
}

/* The files from `from` on: what are they? */
static sign sign_of(const om_model_files *m, size_t from)
{
    const sign other = {"", OMOST_MODEL_OTHER, OMOST_MODEL_N_PARTS,
                        OM_NAMING_DIFFUSERS};
    const sign whole = {"model.diffusion_model.input_blocks.0.0.weight",
                        OMOST_MODEL_CHECKPOINT, OMOST_MODEL_N_PARTS,
                        OM_NAMING_CHECKPOINT};
    /* Who merges may leave some of a LoRA's tensors in the whole. */
    for (size_t f = from; f < m->n_files; f++)
        if (om_st_find(m->file[f], om_str_of(whole.prefix))) return whole;
    for (size_t f = from; f < m->n_files; f++)
        for (size_t i = 0; i < om_st_count(m->file[f]); i++)
            if (is_lora_name(om_st_at(m->file[f], i)->name)) return signs[0];
    for (size_t i = 0; i < sizeof signs / sizeof *signs; i++)
        if (any_prefix(m, from, signs[i].prefix)) return signs[i];
    return other;
}

static omost_status add_entry(om_model_files *m, om_entry e, om_str name,
                              omost_error *err)
{
    om_entry *p = om_grow(m->arena.env, m->entry, m->n_entries, &m->cap_entries,
                          sizeof *m->entry);
    if (!p) return om_fail_nomem(err);
    m->entry = p;
    e.name = om_arena_str(&m->arena, name);
    if (!e.name.p) return om_fail_nomem(err);
    m->entry[m->n_entries++] = e;
    return OMOST_OK;
}

/* One for each of q, k and v. */
static omost_status add_thirds(om_model_files *m, om_entry e, om_str name,
                               omost_error *err)
{
    char text[MAX_NAME];
    size_t at = om_str_find(name, OM_STR("{qkv}"));
    if (e.t->n_dims == 0 || e.t->dim[0] % 3 != 0)
        return om_fail(err, OMOST_FORMAT,
                       "%s: tensor %s cannot be cut into q, k and v",
                       om_st_path(e.file), e.t->name.p);
    for (e.third = 1; e.third <= 3; e.third++) {
        memcpy(text, name.p, at);
        text[at] = "qkv"[e.third - 1];
        memcpy(text + at + 1, name.p + at + 5, name.n - at - 5);
        omost_status st = add_entry(m, e, (om_str){text, name.n - 4}, err);
        if (st != OMOST_OK) return st;
    }
    return OMOST_OK;
}

static omost_status add_tensor(om_model_files *m, const om_safetensors *file,
                               const om_st_tensor *t, const sign *s,
                               om_buf *name, omost_error *err)
{
    om_mapped to = {.part = OMOST_MODEL_N_PARTS};
    om_mapping how = OM_UNKNOWN;
    om_scheduler_config_see(&m->scheduler, t->name);
    name->n = 0;
    if (s->kind == OMOST_MODEL_PART || s->kind == OMOST_MODEL_CHECKPOINT)
        how = om_name_map(name, &to, t->name, s->naming, s->part, &m->blocks);
    if (name->status == OMOST_LIMIT) how = OM_UNKNOWN;
    if (name->status == OMOST_NOMEM) return om_fail_nomem(err);
    if (how == OM_IGNORED) {
        m->n_ignored++;
        return OMOST_OK;
    }
    om_entry e = {.t = t, .file = file};
    e.part = to.part;
    e.stray = how == OM_UNKNOWN && to.part < OMOST_MODEL_N_PARTS;
    if (how == OM_UNKNOWN) return add_entry(m, e, t->name, err);
    e.transposed = to.transposed;
    return (to.is_thirds ? add_thirds : add_entry)(m, e, om_buf_view(name),
                                                   err);
}

/* All tensors of the files from `from` on. */
static omost_status add_tensors(om_model_files *m, size_t from, const sign *s,
                                omost_error *err)
{
    om_buf name;
    omost_status st = OMOST_OK;
    m->blocks = (om_blocks){0};
    m->naming = s->naming;
    for (size_t f = from; f < m->n_files; f++)
        for (size_t i = 0; i < om_st_count(m->file[f]); i++)
            om_blocks_see(&m->blocks, om_st_at(m->file[f], i)->name);
    if (m->blocks.unet_layers == 0) m->blocks.unet_layers = 2;
    for (size_t f = from; f < m->n_files && st == OMOST_OK; f++)
        for (size_t i = 0; i < om_st_count(m->file[f]) && st == OMOST_OK; i++) {
            om_buf_init(&name, m->arena.env, MAX_NAME);
            st = add_tensor(m, m->file[f], om_st_at(m->file[f], i), s, &name,
                            err);
            om_buf_free(&name);
        }
    return st;
}

static int by_part_and_name(const void *a, const void *b)
{
    const om_entry *s = a, *t = b;
    if (s->part != t->part) return s->part < t->part ? -1 : 1;
    return om_str_cmp(s->name, t->name);
}

static omost_status sort_entries(om_model_files *m, omost_error *err)
{
    if (m->n_entries > 0)
        qsort(m->entry, m->n_entries, sizeof *m->entry, by_part_and_name);
    for (size_t i = 1; i < m->n_entries; i++) {
        const om_entry *a = &m->entry[i - 1], *b = &m->entry[i];
        if (by_part_and_name(a, b) != 0) continue;
        return om_fail(err, OMOST_FORMAT,
                       "%s: tensor %s is there twice, the other is %s in %s",
                       om_st_path(b->file), b->t->name.p, a->t->name.p,
                       om_st_path(a->file));
    }
    size_t i = 0;
    for (int part = 0; part <= OMOST_MODEL_N_PARTS; part++) {
        m->first[part] = i;
        while (i < m->n_entries && (int)m->entry[i].part == part) i++;
    }
    m->first[OMOST_MODEL_N_PARTS + 1] = i;
    return OMOST_OK;
}

/* ---- family -------------------------------------------------------------- */

/* Width of the text the UNet attends to; 0: none found. */
static size_t text_width(const om_model_files *m)
{
    const om_str tail = OM_STR(".attn2.to_k.weight");
    for (size_t i = 0; i < om_model_count(m, OMOST_MODEL_UNET); i++) {
        const om_entry *e = om_model_at(m, OMOST_MODEL_UNET, i);
        if (om_str_ends(e->name, tail) && e->t->n_dims == 2)
            return e->t->dim[1];
    }
    return 0;
}

/* What a LoRA's second attention is made for. */
static omost_model_family lora_family(const om_model_files *m)
{
    for (size_t i = 0; i < m->n_entries; i++) {
        const om_st_tensor *t = m->entry[i].t;
        bool down = om_str_find(t->name, OM_STR("lora_down")) != SIZE_MAX ||
                    om_str_find(t->name, OM_STR("lora_A")) != SIZE_MAX ||
                    om_str_find(t->name, OM_STR("lora.down")) != SIZE_MAX;
        bool text =
            om_str_find(t->name, OM_STR("attn2_to_k")) != SIZE_MAX ||
            om_str_find(t->name, OM_STR("attn2.to_k")) != SIZE_MAX ||
            om_str_find(t->name, OM_STR("attn2.processor.to_k")) != SIZE_MAX;
        if (!down || !text || t->n_dims < 2) continue;
        if (t->dim[1] == 2048) return OMOST_FAMILY_SDXL;
        if (t->dim[1] == 1280) return OMOST_FAMILY_REFINER;
        if (t->dim[1] == 1024) return OMOST_FAMILY_SD2;
        if (t->dim[1] == 768) return OMOST_FAMILY_SD1;
    }
    om_str base = m->n_files
                      ? om_st_text_find(m->file[0], "ss_base_model_version")
                      : (om_str){0};
    if (om_str_starts(base, OM_STR("sdxl"))) return OMOST_FAMILY_SDXL;
    if (om_str_starts(base, OM_STR("sd_v1"))) return OMOST_FAMILY_SD1;
    if (om_str_starts(base, OM_STR("sd_v2"))) return OMOST_FAMILY_SD2;
    return OMOST_FAMILY_UNKNOWN;
}

static omost_model_family family_of(const om_model_files *m)
{
    size_t width = text_width(m);
    if (m->kind == OMOST_MODEL_LORA) return lora_family(m);
    if (any_prefix(m, 0, "model.diffusion_model.double_blocks.") ||
        any_prefix(m, 0, "double_blocks."))
        return OMOST_FAMILY_FLUX;
    if (any_prefix(m, 0, "model.diffusion_model.joint_blocks.") ||
        any_prefix(m, 0, "joint_blocks."))
        return OMOST_FAMILY_SD3;
    /* SDXL alone is told the picture's size. */
    if (om_model_find(m, OMOST_MODEL_UNET,
                      OM_STR("add_embedding.linear_1.weight")))
        return width == 1280 ? OMOST_FAMILY_REFINER : OMOST_FAMILY_SDXL;
    if (width == 1024) return OMOST_FAMILY_SD2;
    if (width == 768) return OMOST_FAMILY_SD1;
    return OMOST_FAMILY_UNKNOWN;
}

/* ---- the whole ----------------------------------------------------------- */

/* scheduler/scheduler_config.json, when it is there. */
static omost_status read_scheduler(om_model_files *m, omost_error *err)
{
    const char *path =
        joinz(m, m->path, "/", "scheduler/scheduler_config.json");
    if (!path) return om_fail_nomem(err);
    if (!is_file(path)) return OMOST_OK;
    json_t *config = read_json(m, path, MAX_CONFIG, err);
    if (!config) return err ? err->status : OMOST_FORMAT;
    m->beside[m->n_beside++] = path;
    om_scheduler_config_read(&m->scheduler, config);
    json_decref(config);
    return OMOST_OK;
}

static omost_status open_parts(om_model_files *m, omost_error *err)
{
    bool any = false;
    for (int part = 0; part < OMOST_MODEL_N_PARTS; part++) {
        bool found;
        size_t from = m->n_files;
        const char *folder =
            joinz(m, m->path, "/", omost_model_part_name(part));
        if (!folder) return om_fail_nomem(err);
        if (!is_folder(folder)) continue;
        omost_status st = add_folder(m, folder, &found, err);
        if (st == OMOST_OK && !found) st = fail_folder(folder, err);
        if (st == OMOST_OK) st = read_config(m, folder, &m->config[part], err);
        const sign s = {"", OMOST_MODEL_PART, part, OM_NAMING_DIFFUSERS};
        if (st == OMOST_OK) st = add_tensors(m, from, &s, err);
        if (st != OMOST_OK) return st;
        any = true;
    }
    m->kind = OMOST_MODEL_FOLDER;
    return any ? read_scheduler(m, err) : fail_folder(m->path, err);
}

/* One set of files whose names say what it is; `config` goes to its part. */
static omost_status open_set(om_model_files *m, json_t *config,
                             omost_error *err)
{
    const sign s = sign_of(m, 0);
    m->kind = s.kind;
    om_scheduler_config_meta(&m->scheduler,
                             om_st_text_find(m->file[0],
                                             "modelspec.prediction_type"));
    if (s.part < OMOST_MODEL_N_PARTS) m->config[s.part] = json_incref(config);
    return add_tensors(m, 0, &s, err);
}

static omost_status open_folder(om_model_files *m, omost_error *err)
{
    bool found;
    json_t *config = NULL;
    const char *index = joinz(m, m->path, "/", "model_index.json");
    const char *unet = joinz(m, m->path, "/", "unet");
    if (!index || !unet) return om_fail_nomem(err);
    if (is_file(index) || is_folder(unet)) return open_parts(m, err);
    omost_status st = add_folder(m, m->path, &found, err);
    if (st == OMOST_OK && !found) st = fail_folder(m->path, err);
    if (st == OMOST_OK) st = read_config(m, m->path, &config, err);
    if (st == OMOST_OK) st = open_set(m, config, err);
    json_decref(config);
    return st;
}

/* Files that are models of another format deserve a better word than "its
 * header would be too long". */
static omost_status check_foreign(const char *path, omost_error *err)
{
    char head[8] = {0};
    struct stat sb;
    if (stat(path, &sb) != 0 || !S_ISREG(sb.st_mode)) return OMOST_OK;
    FILE *f = fopen(path, "rb");
    if (!f) return OMOST_OK; /* opening it says why */
    size_t n = fread(head, 1, sizeof head, f);
    fclose(f);
    const om_str s = {head, n};
    if (om_str_starts(s, OM_STR("GGUF")))
        return om_fail(err, OMOST_FORMAT,
                       "%s is a GGUF file, a model for llama.cpp; pictures are "
                       "drawn by .safetensors models",
                       path);
    if (om_str_starts(s, OM_STR("PK\3\4")) ||
        om_str_starts(s, OM_STR("\x80\2")))
        return om_fail(err, OMOST_FORMAT,
                       "%s is a pickled PyTorch file, which is a program; "
                       "convert it to .safetensors",
                       path);
    return OMOST_OK;
}

static omost_status open_path(om_model_files *m, omost_error *err)
{
    om_str path = om_str_of(m->path);
    const om_str index = OM_STR("model_index.json");
    if (om_str_ends(path, index) && is_file(m->path)) {
        om_str folder = {path.p, path.n - index.n};
        m->path = folder.n ? om_arena_str(&m->arena, folder).p : ".";
        return m->path ? open_parts(m, err) : om_fail_nomem(err);
    }
    if (is_folder(m->path)) return open_folder(m, err);
    omost_status st;
    if (om_str_ends(path, OM_STR(".json")))
        st = add_index(m, m->path, err);
    else if ((st = check_foreign(m->path, err)) == OMOST_OK)
        st = add_file(m, m->path, err);
    return st == OMOST_OK ? open_set(m, NULL, err) : st;
}

om_model_files *om_model_open(const omost_env *env, const char *path,
                              omost_error *err)
{
    om_model_files *m = om_zalloc(env, sizeof *m);
    if (!m) {
        om_fail_nomem(err);
        return NULL;
    }
    om_arena_init(&m->arena, env, 0);
    m->path = om_arena_str(&m->arena, om_str_of(path)).p;
    omost_status st = m->path ? open_path(m, err) : om_fail_nomem(err);
    if (st == OMOST_OK) st = sort_entries(m, err);
    if (st == OMOST_OK) {
        m->family = family_of(m);
        return m;
    }
    om_model_close(m);
    return NULL;
}

void om_model_close(om_model_files *m)
{
    if (!m) return;
    const omost_env *env = m->arena.env;
    for (size_t i = 0; i < m->n_loras; i++) om_model_close(m->lora[i]);
    for (size_t i = 0; i < m->n_files; i++) om_st_close(m->file[i]);
    for (int i = 0; i < OMOST_MODEL_N_PARTS; i++) json_decref(m->config[i]);
    om_free(env, m->lora);
    om_free(env, m->file);
    om_free(env, m->entry);
    om_arena_free(&m->arena);
    om_free(env, m);
}

/* ---- looking ------------------------------------------------------------- */

size_t om_model_count(const om_model_files *m, omost_model_part part)
{
    return m->first[part + 1] - m->first[part];
}

om_entry *om_model_at(const om_model_files *m, omost_model_part part, size_t i)
{
    return i < om_model_count(m, part) ? &m->entry[m->first[part] + i] : NULL;
}

om_entry *om_model_find(const om_model_files *m, omost_model_part part,
                        om_str name)
{
    size_t low = m->first[part], high = m->first[part + 1];
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        int c = om_str_cmp(m->entry[mid].name, name);
        if (c == 0) return &m->entry[mid];
        if (c < 0)
            low = mid + 1;
        else
            high = mid;
    }
    return NULL;
}
