/* lora.c - see lora.h. The file's tensors are sorted into layers, each layer is
 * looked up in the model and its shapes are checked; only when all of that went
 * well does the model learn of it. The arithmetic is delta.c's. */
#include "weights/lora.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/error.h"
#include "weights/lora_layer.h"
#include "weights/weights.h"

enum { MAX_NAME = 4096 };

/* A tensor of the LoRA, by its layer. */
typedef struct item {
    omost_model_part part;
    om_str layer;
    om_lora_piece piece;
    const om_st_tensor *t;
} item;

/* A tensor of the model under its name with dots made underscores. */
typedef struct place {
    om_str flat;
    om_entry *entry;
} place;

typedef struct change {
    om_entry *entry;
    om_delta *delta;
} change;

typedef struct job {
    om_model_files *model, *lora;
    const char *path;
    float weight;
    om_arena scratch;
    om_blocks blocks;
    om_lora_config config;
    item *item;
    size_t n_items;
    place *place; /* by part and name */
    size_t n_places;
    size_t first[OMOST_MODEL_N_PARTS + 1];
    change *change;
    size_t n_changes, cap_changes;
    om_lora_report report;
    omost_error *err;
} job;

/* ---- where a layer is in the model --------------------------------------- */

static int by_flat(const void *a, const void *b)
{
    const place *s = a, *t = b;
    if (s->entry->part != t->entry->part)
        return s->entry->part < t->entry->part ? -1 : 1;
    return om_str_cmp(s->flat, t->flat);
}

/* Every tensor of the model by its flat name. */
static omost_status make_places(job *j)
{
    om_model_files *m = j->model;
    j->n_places = m->first[OMOST_MODEL_N_PARTS];
    j->place = om_arena_array(&j->scratch, j->n_places + 1, sizeof *j->place);
    if (!j->place) return om_fail_nomem(j->err);
    for (size_t i = 0; i < j->n_places; i++) {
        om_entry *e = &m->entry[i];
        char *flat = om_arena_alloc(&j->scratch, e->name.n + 1);
        if (!flat) return om_fail_nomem(j->err);
        for (size_t k = 0; k < e->name.n; k++)
            flat[k] = e->name.p[k] == '.' ? '_' : e->name.p[k];
        j->place[i] = (place){{flat, e->name.n}, e};
    }
    if (j->n_places > 0)
        qsort(j->place, j->n_places, sizeof *j->place, by_flat);
    memcpy(j->first, m->first, sizeof j->first);
    return OMOST_OK;
}

static om_entry *find_place(const job *j, omost_model_part part, om_str flat)
{
    size_t low = j->first[part], high = j->first[part + 1];
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        int c = om_str_cmp(j->place[mid].flat, flat);
        if (c == 0) return j->place[mid].entry;
        if (c < 0)
            low = mid + 1;
        else
            high = mid;
    }
    return NULL;
}

/* What LAYER_what is in the model, under its diffusers name or the original's;
 * NULL in *out when it is not there. */
static omost_status find_target(const job *j, const om_lora_layer *l,
                                const char *what, om_entry **out)
{
    om_buf name, other;
    om_buf_init(&name, j->scratch.env, MAX_NAME);
    om_buf_init(&other, j->scratch.env, MAX_NAME);
    om_buf_str(&name, l->name);
    om_buf_printf(&name, "_%s", what);
    *out = find_place(j, l->part, om_buf_view(&name));
    if (!*out && om_name_map_flat(&other, om_buf_view(&name), l->part,
                                  &j->blocks) == OM_MAPPED) {
        for (size_t i = 0; i < other.n; i++)
            if (other.p[i] == '.') other.p[i] = '_';
        *out = find_place(j, l->part, om_buf_view(&other));
    }
    bool nomem = name.status == OMOST_NOMEM || other.status == OMOST_NOMEM;
    om_buf_free(&name);
    om_buf_free(&other);
    return nomem ? om_fail_nomem(j->err) : OMOST_OK;
}

static bool measure(const job *j, om_entry *e, om_lora_target *to)
{
    const om_weights w = {.files = j->model, .part = e->part};
    *to = (om_lora_target){.entry = e};
    for (int i = 0; i < OM_ST_MAX_DIMS; i++) to->dim[i] = 1;
    size_t dim[OM_ST_MAX_DIMS];
    if (!om_weights_shape(&w, e->name.p, &to->n_dims, dim)) return false;
    memcpy(to->dim, dim, (size_t)to->n_dims * sizeof *dim);
    to->rows = to->dim[0], to->in = to->dim[1], to->taps = 1;
    for (int i = 2; i < to->n_dims; i++) to->taps *= to->dim[i];
    to->cols = to->in * to->taps;
    return to->rows > 0 && to->cols > 0;
}

/* ---- layers -------------------------------------------------------------- */

static omost_status add_change(job *j, om_entry *e, om_delta d)
{
    change *p = om_grow(j->scratch.env, j->change, j->n_changes,
                        &j->cap_changes, sizeof *p);
    if (!p) return om_fail_nomem(j->err);
    j->change = p;
    om_delta *kept = om_arena_alloc(&j->model->arena, sizeof *kept);
    if (!kept) return om_fail_nomem(j->err);
    d.file = om_st_path(j->lora->file[0]);
    *kept = d;
    j->change[j->n_changes++] = (change){e, kept};
    return OMOST_OK;
}

static void leave(job *j, const om_st_tensor *t)
{
    if (j->report.n_left++ == 0)
        snprintf(j->report.left, sizeof j->report.left, "%.*s",
                 OM_STR_ARG(t->name));
}

static omost_status add_layer(job *j, const om_lora_layer *l)
{
    const om_lora_source src = {j->path, j->weight, &j->config, j->err};
    const char *what;
    bool used = false;
    if (l->piece[OM_LORA_DORA])
        return om_fail(j->err, OMOST_FORMAT,
                       "%s is a DoRA (tensor %s), which is not supported; "
                       "merge it into the model with the tool it was made by",
                       j->path, l->piece[OM_LORA_DORA]->name.p);
    for (size_t i = 0; om_lora_way(i, l, &what); i++) {
        om_entry *e;
        om_lora_target to;
        om_delta d;
        if (!what) continue;
        omost_status st = find_target(j, l, what, &e);
        if (st != OMOST_OK) return st;
        if (!e || !measure(j, e, &to)) continue;
        st = om_lora_change(&src, i, l, &to, &d);
        if (st == OMOST_OK) st = add_change(j, e, d);
        if (st != OMOST_OK) return st;
        used = true;
    }
    if (used)
        j->report.n_used++;
    else
        leave(j, l->first);
    return OMOST_OK;
}

static int by_layer(const void *a, const void *b)
{
    const item *s = a, *t = b;
    if (s->part != t->part) return s->part < t->part ? -1 : 1;
    int c = om_str_cmp(s->layer, t->layer);
    return c ? c : (int)s->piece - (int)t->piece;
}

static omost_status read_item(job *j, const om_st_tensor *t)
{
    om_buf b;
    om_buf_init(&b, j->scratch.env, MAX_NAME);
    om_lora_name n = om_lora_name_read(&b, t->name);
    om_str copy = om_arena_str(&j->scratch, om_buf_view(&b));
    bool too_long = b.status == OMOST_LIMIT;
    bool nomem = b.status == OMOST_NOMEM || !copy.p;
    om_buf_free(&b);
    if (nomem) return om_fail_nomem(j->err);
    if (n.piece == OM_LORA_N_PIECES && n.told)
        return om_fail(j->err, OMOST_FORMAT,
                       "%s: tensor %s belongs to a kind of adapter that is not "
                       "supported (LoRA, LoCon, LoHa, LoKr and full "
                       "differences are)",
                       j->path, t->name.p);
    if (n.piece == OM_LORA_N_PIECES || too_long) {
        leave(j, t);
        return OMOST_OK;
    }
    if (!om_dtype_is_float(t->dtype) && n.piece != OM_LORA_ALPHA)
        return om_fail(j->err, OMOST_FORMAT,
                       "%s: tensor %s is of dtype %s, and weights are "
                       "floating-point numbers",
                       j->path, t->name.p, om_dtype_name(t->dtype));
    j->item[j->n_items++] = (item){n.part, copy, n.piece, t};
    return OMOST_OK;
}

static omost_status read_items(job *j)
{
    size_t n = 0;
    omost_status st = OMOST_OK;
    for (size_t f = 0; f < j->lora->n_files; f++)
        n += om_st_count(j->lora->file[f]);
    j->item = om_arena_array(&j->scratch, n + 1, sizeof *j->item);
    if (!j->item) return om_fail_nomem(j->err);
    for (size_t f = 0; f < j->lora->n_files && !st; f++)
        for (size_t i = 0; i < om_st_count(j->lora->file[f]) && !st; i++)
            st = read_item(j, om_st_at(j->lora->file[f], i));
    if (j->n_items > 0) qsort(j->item, j->n_items, sizeof *j->item, by_layer);
    return st;
}

static omost_status add_layers(job *j)
{
    omost_status st = OMOST_OK;
    for (size_t i = 0; i < j->n_items && st == OMOST_OK;) {
        const item *first = &j->item[i];
        om_lora_layer l = {first->part, first->layer, first->t, {0}};
        for (; i < j->n_items && j->item[i].part == l.part &&
               om_str_eq(j->item[i].layer, l.name);
             i++) {
            const item *it = &j->item[i];
            if (l.piece[it->piece])
                return om_fail(j->err, OMOST_FORMAT,
                               "%s says the same thing twice: %s and %s",
                               j->path, l.piece[it->piece]->name.p,
                               it->t->name.p);
            l.piece[it->piece] = it->t;
        }
        st = add_layer(j, &l);
    }
    return st;
}

/* ---- the whole ----------------------------------------------------------- */

/* How many layers of the original's names make a block: as many as this model
 * has, whatever its own names are. */
static om_blocks count_blocks(const om_model_files *m)
{
    om_blocks b = m->blocks;
    char name[64];
    b.unet_layers = 0;
    do {
        snprintf(name, sizeof name, "down_blocks.0.resnets.%d.conv1.weight",
                 b.unet_layers);
    } while (om_model_find(m, OMOST_MODEL_UNET, om_str_of(name)) &&
             b.unet_layers++ < 100);
    if (b.unet_layers == 0) b.unet_layers = 2;
    return b;
}

static bool other_family(const om_model_files *a, const om_model_files *b)
{
    return a->family != b->family && a->family != OMOST_FAMILY_UNKNOWN &&
           b->family != OMOST_FAMILY_UNKNOWN;
}

static omost_status check_kind(const job *j)
{
    if (j->lora->kind != OMOST_MODEL_LORA)
        return om_fail(j->err, OMOST_FORMAT, "%s is no LoRA but %s", j->path,
                       omost_model_kind_text(j->lora->kind));
    if (other_family(j->lora, j->model))
        return om_fail(j->err, OMOST_FORMAT,
                       "%s was made for another architecture: it is a LoRA for "
                       "%s, and %s is %s",
                       j->path, omost_model_family_text(j->lora->family),
                       j->model->path,
                       omost_model_family_text(j->model->family));
    return OMOST_OK;
}

static omost_status check_used(const job *j)
{
    if (j->report.n_used > 0) return OMOST_OK;
    if (j->report.n_left == 0)
        return om_fail(j->err, OMOST_FORMAT, "%s is a LoRA of no layers",
                       j->path);
    return om_fail(j->err, OMOST_FORMAT,
                   "%s was made for another architecture: %s has none of its "
                   "%zu layers, the first is %s",
                   j->path, j->model->path, j->report.n_left, j->report.left);
}

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

/* A sum of floats depends on its order, and neither the order in which LoRAs
 * are named nor the folder they are in may matter: by file name, then weight. */
static bool before(const om_delta *a, const om_delta *b)
{
    int c = strcmp(base_name(a->file), base_name(b->file));
    if (c == 0 && a->scale < b->scale) c = -1;
    if (c == 0 && a->scale > b->scale) c = 1;
    return c != 0 ? c < 0 : strcmp(a->file, b->file) < 0;
}

static void hand_over(const job *j)
{
    for (size_t i = 0; i < j->n_changes; i++) {
        om_delta *d = j->change[i].delta;
        om_delta **at = &j->change[i].entry->delta;
        while (*at && before(*at, d)) at = &(*at)->next;
        d->next = *at;
        *at = d;
    }
}

static omost_status read_lora(job *j)
{
    j->blocks = count_blocks(j->model);
    omost_status st = check_kind(j);
    if (st == OMOST_OK)
        st = om_lora_config_open(&j->config, j->scratch.env, j->lora->file[0],
                                 j->err);
    if (st == OMOST_OK) st = make_places(j);
    if (st == OMOST_OK) st = read_items(j);
    if (st == OMOST_OK) st = add_layers(j);
    return st == OMOST_OK ? check_used(j) : st;
}

/* Keeps the file with the model, which its deltas point into. */
static omost_status keep_file(job *j)
{
    om_model_files *m = j->model;
    om_model_files **p = om_grow(m->arena.env, m->lora, m->n_loras,
                                 &m->cap_loras, sizeof(om_model_files *));
    if (!p) return om_fail_nomem(j->err);
    m->lora = p;
    m->lora[m->n_loras++] = j->lora;
    hand_over(j);
    return OMOST_OK;
}

/* What libraries call the one file of a folder. */
static const char *const file_names[] = {"pytorch_lora_weights.safetensors",
                                         "adapter_model.safetensors"};

static om_model_files *open_lora(const omost_env *env, const char *path,
                                 omost_error *err)
{
    struct stat sb;
    om_model_files *m = NULL;
    om_buf inner;
    om_buf_init(&inner, env, MAX_NAME);
    for (size_t i = 0; i < 2 && inner.n == 0; i++) {
        om_buf_printf(&inner, "%s/%s", path, file_names[i]);
        if (inner.status || stat(inner.p, &sb) != 0) inner.n = 0;
    }
    omost_status st =
        inner.status == OMOST_NOMEM ? om_fail_nomem(err) : OMOST_OK;
    if (st == OMOST_OK) m = om_model_open(env, inner.n ? inner.p : path, err);
    om_buf_free(&inner);
    return m;
}

omost_status om_lora_add(om_model_files *model, om_model_files *lora,
                         const char *path, float weight, om_lora_report *report,
                         omost_error *err)
{
    job j = {.model = model,
             .lora = lora,
             .path = path,
             .weight = weight,
             .err = err};
    snprintf(j.report.path, sizeof j.report.path, "%s", path);
    om_arena_init(&j.scratch, model->arena.env, 0);
    omost_status st = read_lora(&j);
    bool kept = st == OMOST_OK && weight != 0;
    if (kept) st = keep_file(&j);
    if (!kept || st != OMOST_OK) om_model_close(lora);
    om_lora_config_free(&j.config);
    om_free(model->arena.env, j.change);
    om_arena_free(&j.scratch);
    if (st == OMOST_OK && report) *report = j.report;
    return st;
}

omost_status om_lora_attach(om_model_files *model, const char *path,
                            float weight, om_lora_report *report,
                            omost_error *err)
{
    omost_error why = {.status = OMOST_NOMEM};
    if (!isfinite(weight))
        return om_fail(err, OMOST_RANGE, "%s: the weight of a LoRA is a number",
                       path);
    om_model_files *lora = open_lora(model->arena.env, path, &why);
    if (lora) return om_lora_add(model, lora, path, weight, report, err);
    if (err) *err = why;
    return why.status;
}

const char *om_lora_note(const om_lora_report *r, char out[OM_LORA_NOTE])
{
    out[0] = '\0';
    if (r->n_left > 0)
        snprintf(out, OM_LORA_NOTE,
                 "%s: %zu of its %zu layers %s not in this model and left "
                 "out, the first is %s",
                 r->path, r->n_left, r->n_left + r->n_used,
                 r->n_left == 1 ? "is" : "are", r->left);
    return out;
}

omost_model_part om_lora_part(om_str name)
{
    om_buf b;
    om_buf_init(&b, NULL, MAX_NAME);
    om_lora_name n = om_lora_name_read(&b, name);
    om_buf_free(&b);
    bool known = n.told || n.piece != OM_LORA_N_PIECES;
    return known ? n.part : OMOST_MODEL_N_PARTS;
}
