/* model_info.c - the public omost/model.h over model_files.h. */
#include "omost/model.h"

#include <stdio.h>

#include "base/error.h"
#include "weights/lora.h"
#include "weights/model_files.h"

/* ---- words --------------------------------------------------------------- */

typedef struct word {
    const char *name, *text;
} word;

static const char *const part_names[] = {
#define X(name, word) word,
    OMOST_MODEL_PART_LIST(X)
#undef X
};

static const word kinds[] = {
#define X(name, word, text) {word, text},
    OMOST_MODEL_KIND_LIST(X)
#undef X
};

static const word families[] = {
#define X(name, word, text) {word, text},
    OMOST_MODEL_FAMILY_LIST(X)
#undef X
};

static const word *word_of(const word *list, size_t n, size_t i)
{
    static const word none = {"?", "?"};
    return i < n ? &list[i] : &none;
}

enum {
    N_KINDS = sizeof kinds / sizeof *kinds,
    N_FAMILIES = sizeof families / sizeof *families
};

const char *omost_model_part_name(omost_model_part part)
{
    return part < OMOST_MODEL_N_PARTS ? part_names[part] : "";
}

const char *omost_model_kind_name(omost_model_kind kind)
{
    return word_of(kinds, N_KINDS, kind)->name;
}

const char *omost_model_kind_text(omost_model_kind kind)
{
    return word_of(kinds, N_KINDS, kind)->text;
}

const char *omost_model_family_name(omost_model_family family)
{
    return word_of(families, N_FAMILIES, family)->name;
}

const char *omost_model_family_text(omost_model_family family)
{
    return word_of(families, N_FAMILIES, family)->text;
}

/* ---- counting ------------------------------------------------------------ */

static void count(omost_model_size *s, const om_st_tensor *t)
{
    size_t i = 0;
    const char *name = om_dtype_name(t->dtype);
    while (i < s->n_precisions && s->precision[i].name != name) i++;
    if (i == s->n_precisions) s->precision[s->n_precisions++].name = name;
    s->precision[i].n_tensors++;
    s->precision[i].n_params += t->n;
    s->n_tensors++;
    s->n_params += t->n;
    s->bytes += t->bytes;
}

/* Most numbers first: few rows, so by insertion. */
static void sort_precisions(omost_model_size *s)
{
    for (size_t i = 1; i < s->n_precisions; i++) {
        omost_model_precision p = s->precision[i];
        size_t k = i;
        for (; k > 0 && s->precision[k - 1].n_params < p.n_params; k--)
            s->precision[k] = s->precision[k - 1];
        s->precision[k] = p;
    }
}

static bool holds(om_str name, const char *needle)
{
    return om_str_find(name, om_str_of(needle)) != SIZE_MAX;
}

/* ---- LoRA ---------------------------------------------------------------- */

static void see_lora(omost_model_info *info, const om_st_tensor *t)
{
    bool down = holds(t->name, "lora_down") || holds(t->name, "lora_A") ||
                holds(t->name, "lora.down") ||
                holds(t->name, "lora_linear_layer.down");
    if (!down || t->n_dims < 2 || t->dim[0] > 1000000) return;
    int rank = (int)t->dim[0];
    if (info->rank_min == 0 || rank < info->rank_min) info->rank_min = rank;
    if (rank > info->rank_max) info->rank_max = rank;
}

static void name_adapter(const om_model_files *m, omost_model_info *info)
{
    const char *kind = "LoRA", *names = "PEFT";
    for (size_t i = 0; i < m->n_entries; i++) {
        om_str name = m->entry[i].t->name;
        if (holds(name, ".hada_w1_a")) kind = "LoHa";
        if (holds(name, ".lokr_w1")) kind = "LoKr";
        if (holds(name, ".dora_scale")) kind = "DoRA";
        if (om_str_starts(name, OM_STR("lora_"))) names = "kohya";
        if (holds(name, "lora_linear_layer.") || holds(name, ".lora.down."))
            names = "diffusers";
    }
    snprintf(info->adapter, sizeof info->adapter, "%s, %s names", kind, names);
}

/* ---- what drawing takes -------------------------------------------------- */

/* Values of the UNet, per latent cell and picture, and of the VAE's decoder, per
 * pixel, are about so many times the channels of the first (last) block: what
 * nn/graph_memory.h plans for SDXL, in which both grow with the area alone. */
enum {
    PIXELS = 1024 * 1024,
    CELLS = PIXELS / 64,
    PICTURES = 2, /* of one evaluation, for guidance */
    UNET_VALUES = 11,
    VAE_VALUES = 5,
    WORDS = (9 * 2 + 1) * 77, /* two rows a condition, one negative */
    BASE = 200 << 20          /* the program, its libraries, scratch */
};

/* Matrices stored in 16 bits stay so in f32, for that loses nothing. */
static uint64_t kept_bytes(const omost_model_size *s, bool f32)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < s->n_precisions; i++) {
        const om_dtype d = om_dtype_find(om_str_of(s->precision[i].name));
        const bool wide = f32 && (d == OM_F32 || d == OM_F64);
        sum += s->precision[i].n_params * (wide ? 4 : 2);
    }
    return sum;
}

static uint64_t side_of(const om_model_files *m, omost_model_part part,
                        const char *name, int dim)
{
    const om_entry *e = om_model_find(m, part, om_str_of(name));
    return e && dim < e->t->n_dims ? e->t->dim[dim] : 0;
}

/* Keys and values of one word in all layers, in numbers. */
static uint64_t word_numbers(const om_model_files *m)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < om_model_count(m, OMOST_MODEL_UNET); i++) {
        const om_entry *e = om_model_at(m, OMOST_MODEL_UNET, i);
        if (om_str_ends(e->name, OM_STR(".attn2.to_k.weight")) &&
            e->t->n_dims > 0)
            sum += 2 * (uint64_t)e->t->dim[0];
    }
    return sum;
}

static uint64_t render_bytes(const om_model_files *m,
                             const omost_model_info *info, bool f32)
{
    const uint64_t number = f32 ? 4 : 2;
    const uint64_t unet = side_of(m, OMOST_MODEL_UNET, "conv_in.weight", 0);
    const uint64_t vae =
        side_of(m, OMOST_MODEL_VAE, "decoder.conv_out.weight", 1);
    uint64_t peak[OMOST_MODEL_N_PARTS], most = 0;
    if (unet == 0 || vae == 0) return 0;
    for (int i = 0; i < OMOST_MODEL_N_PARTS; i++) {
        if (info->part[i].n_tensors == 0) return 0;
        peak[i] = kept_bytes(&info->part[i], f32);
    }
    peak[OMOST_MODEL_UNET] += number * (PICTURES * CELLS * UNET_VALUES * unet +
                                        WORDS * word_numbers(m));
    peak[OMOST_MODEL_VAE] += number * (PIXELS * VAE_VALUES * vae);
    for (int i = 0; i < OMOST_MODEL_N_PARTS; i++)
        if (peak[i] > most) most = peak[i];
    return BASE + most;
}

/* ---- the whole ----------------------------------------------------------- */

/* Memory for the numbers that are weights, in whatever width they are held. */
static void add_memory(omost_model_info *info, const om_st_tensor *t)
{
    bool f = om_dtype_is_float(t->dtype);
    info->memory_f32 += f ? (uint64_t)t->n * 4 : t->bytes;
    info->memory_bf16 += f ? (uint64_t)t->n * 2 : t->bytes;
}

static void see_entry(const om_model_files *m, omost_model_info *info,
                      const om_entry *e)
{
    omost_model_part part = e->part;
    if (m->kind == OMOST_MODEL_LORA) part = om_lora_part(e->t->name);
    if (e->third > 1) return; /* its first third counted it */
    count(&info->total, e->t);
    add_memory(info, e->t);
    if (m->kind == OMOST_MODEL_LORA) see_lora(info, e->t);
    if (part < OMOST_MODEL_N_PARTS && !e->stray) {
        count(&info->part[part], e->t);
        return;
    }
    if (info->n_unknown++ == 0)
        snprintf(info->unknown, sizeof info->unknown, "%.*s",
                 OM_STR_ARG(e->t->name));
}

static void fill_info(const om_model_files *m, omost_model_info *info)
{
    *info = (omost_model_info){.kind = m->kind,
                               .family = m->family,
                               .n_files = m->n_files,
                               .n_ignored = m->n_ignored,
                               .v_prediction = m->scheduler.v_prediction};
    for (size_t i = 0; i < m->n_files; i++)
        info->file_bytes += om_st_file_bytes(m->file[i]);
    for (size_t i = 0; i < m->n_entries; i++) see_entry(m, info, &m->entry[i]);
    for (int i = 0; i < OMOST_MODEL_N_PARTS; i++)
        sort_precisions(&info->part[i]);
    sort_precisions(&info->total);
    if (m->kind == OMOST_MODEL_LORA) name_adapter(m, info);
    info->render_f32 = render_bytes(m, info, true);
    info->render_bf16 = render_bytes(m, info, false);
}

omost_status omost_model_probe(const omost_env *env, const char *path,
                               omost_model_info *out, omost_error *err)
{
    omost_error why = {0};
    *out = (omost_model_info){0};
    om_error_clear(err);
    om_model_files *m = om_model_open(env, path, &why);
    if (m) fill_info(m, out);
    om_model_close(m);
    if (!m && err) *err = why;
    return why.status;
}

omost_status omost_model_list(const omost_env *env, const char *path,
                              omost_model_tensor_fn *fn, void *user,
                              omost_error *err)
{
    omost_error why = {0};
    om_model_files *m = om_model_open(env, path, &why);
    for (size_t i = 0; m && i < m->n_entries && why.status == OMOST_OK; i++) {
        const om_entry *e = &m->entry[i];
        bool known = e->part < OMOST_MODEL_N_PARTS;
        const omost_model_tensor t = {.file = om_st_path(e->file),
                                      .name = e->t->name,
                                      .part = omost_model_part_name(e->part),
                                      .part_name =
                                          known ? e->name : (omost_str){0},
                                      .precision = om_dtype_name(e->t->dtype),
                                      .dim = e->t->dim,
                                      .n_dims = e->t->n_dims};
        if (!fn(user, &t)) om_fail(&why, OMOST_CANCELLED, "listing %s", path);
    }
    om_model_close(m);
    if (err) *err = why;
    return why.status;
}
