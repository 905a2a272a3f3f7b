/* hub_wanted.c - see hub_wanted.h. */
#include "models/hub_wanted.h"

static const char *const parts[] = {"unet/",         "vae/",
                                    "text_encoder/", "text_encoder_2/",
                                    "scheduler/",    "tokenizer/",
                                    "tokenizer_2/"};

static bool has_file(const om_hub_list *l, const char *name)
{
    for (size_t i = 0; i < l->n; i++)
        if (om_str_eqz(l->file[i].name, name)) return true;
    return false;
}

static om_str last_part(om_str name)
{
    for (size_t i = name.n; i-- > 0;)
        if (name.p[i] == '/') return om_str_skip(name, i + 1);
    return name;
}

static bool is_text(om_str name)
{
    return om_str_ends(name, OM_STR(".json")) ||
           om_str_ends(name, OM_STR(".txt")) ||
           om_str_ends(name, OM_STR(".jinja"));
}

/* Another precision of the same weights: X.fp16.safetensors and X.safetensors,
 * also in pieces. Where both are, half precision is enough. */
static bool has_variant(const om_hub_list *l, om_str folder)
{
    for (size_t i = 0; i < l->n; i++) {
        const om_str name = l->file[i].name;
        if (om_str_starts(name, folder) &&
            om_str_find(name, OM_STR(".fp16")) != SIZE_MAX &&
            om_str_find(name, OM_STR(".safetensors")) != SIZE_MAX)
            return true;
    }
    return false;
}

static bool is_weights(om_str name)
{
    return om_str_find(name, OM_STR(".safetensors")) != SIZE_MAX;
}

static bool is_wanted_part(const om_hub_list *l, om_str name)
{
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        const om_str folder = om_str_of(parts[i]);
        if (!om_str_starts(name, folder)) continue;
        const om_str rest = last_part(name);
        if (rest.n + folder.n != name.n) return false; /* deeper: onnx ... */
        if (om_str_find(rest, OM_STR("openvino")) != SIZE_MAX ||
            om_str_find(rest, OM_STR("flax")) != SIZE_MAX)
            return false;
        if (!is_weights(rest)) return is_text(rest);
        bool half = om_str_find(rest, OM_STR(".fp16")) != SIZE_MAX;
        bool other = om_str_find(rest, OM_STR(".non_ema")) != SIZE_MAX;
        return !other && half == has_variant(l, folder);
    }
    return om_str_eqz(name, "model_index.json");
}

/* Beside config.json; a folder of ours has its weights under this name, and
 * copies of them for other programs under others. */
static bool is_wanted_beside(const om_hub_list *l, om_str name)
{
    if (om_str_find(name, OM_STR("/")) != SIZE_MAX) return false;
    if (!is_weights(name)) return is_text(name);
    if (has_file(l, "diffusion_pytorch_model.safetensors"))
        return om_str_eqz(name, "diffusion_pytorch_model.safetensors");
    return !has_file(l, "model.safetensors") ||
           om_str_eqz(name, "model.safetensors");
}

/* What tells others that the folder is a model comes last, so that a download
 * that was broken off does not look like one. */
static void put_last(om_hub_list *l, const char *name)
{
    for (size_t i = 0; i + 1 < l->n; i++) {
        if (!om_str_eqz(l->file[i].name, name)) continue;
        om_hub_file f = l->file[i];
        memmove(&l->file[i], &l->file[i + 1], (l->n - 1 - i) * sizeof *l->file);
        l->file[l->n - 1] = f;
        return;
    }
}

static omost_status nothing(const om_hub_list *l, const om_hub_ref *r,
                            omost_error *err)
{
    const om_str *name = NULL;
    for (size_t i = 0; i < l->n; i++) {
        const om_str s = l->file[i].name;
        if (!name && (om_str_ends(s, OM_STR(".safetensors")) ||
                      om_str_ends(s, OM_STR(".gguf"))))
            name = &l->file[i].name;
    }
    if (!name)
        return om_fail(err, OMOST_MISSING,
                       "%.100s holds no weights that can be read (.safetensors "
                       "or .gguf)",
                       r->text);
    return om_fail(err, OMOST_MISSING,
                   "%.80s is no folder of one model; name a file of it, such "
                   "as hf:%.*s/%.*s/%.*s",
                   r->text, OM_STR_ARG(r->owner), OM_STR_ARG(r->repo),
                   OM_STR_ARG(*name));
}

omost_status om_hub_keep_wanted(om_hub_list *l, const om_hub_ref *r,
                                omost_error *err)
{
    const bool folder = has_file(l, "model_index.json");
    const bool single = has_file(l, "config.json");
    bool weights = false;
    size_t n = 0;
    /* Marked first, moved then: the rules look at all names. */
    for (size_t i = 0; i < l->n; i++) {
        om_hub_file *f = &l->file[i];
        bool wanted = folder   ? is_wanted_part(l, f->name)
                      : single ? is_wanted_beside(l, f->name)
                               : false;
        if (wanted && is_weights(f->name)) weights = true;
        f->wanted = wanted;
    }
    if (!weights) return nothing(l, r, err);
    for (size_t i = 0; i < l->n; i++)
        if (l->file[i].wanted) l->file[n++] = l->file[i];
    l->n = n;
    put_last(l, folder ? "model_index.json" : "config.json");
    return OMOST_OK;
}
