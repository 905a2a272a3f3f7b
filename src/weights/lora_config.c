/* lora_config.c - see lora_config.h. */
#include "weights/lora_config.h"

#include <math.h>
#include <stdio.h>
#include <sys/stat.h>

#include "base/file.h"

enum { MAX_JSON = 4 << 20, MAX_PATH = 4096, MAX_KEY = 64 };

/* ---- where it is --------------------------------------------------------- */

/* Appends FOLDER/adapter_config.json for FOLDER/adapter_model.safetensors. */
static bool put_path(om_buf *out, const char *file)
{
    const om_str name = OM_STR("adapter_model.safetensors");
    om_str folder = om_str_of(file);
    struct stat sb;
    if (!om_str_ends(folder, name)) return false;
    folder.n -= name.n;
    if (folder.n > 0 && folder.p[folder.n - 1] != '/') return false;
    om_buf_str(out, folder);
    om_buf_puts(out, "adapter_config.json");
    return out->status == OMOST_OK && stat(out->p, &sb) == 0;
}

static omost_status parse(om_lora_config *c, om_str text, const char *what,
                          omost_error *err)
{
    omost_error why;
    c->root = om_json_parse(text, what, &why);
    if (!c->root) return om_fail(err, why.status, "%s", why.msg);
    if (json_is_object(c->root)) return OMOST_OK;
    return om_fail(err, OMOST_FORMAT, "%s is not a JSON object", what);
}

omost_status om_lora_config_open(om_lora_config *c, const omost_env *env,
                                 const om_safetensors *file, omost_error *err)
{
    const om_str own = om_st_text_find(file, "lora_adapter_metadata");
    omost_status st = OMOST_OK;
    om_buf path, text;
    *c = (om_lora_config){.path = om_st_path(file)};
    om_buf_init(&text, env, MAX_JSON);
    om_buf_init(&path, env, MAX_PATH);
    if (put_path(&path, c->path)) {
        st = om_file_read(path.p, &text, err);
        if (!st) st = parse(c, om_buf_view(&text), path.p, err);
    } else if (path.status == OMOST_NOMEM) {
        st = om_fail_nomem(err);
    } else if (own.p) {
        c->by_part = true;
        path.n = 0;
        om_buf_printf(&path, "lora_adapter_metadata of %s", c->path);
        st = path.status ? om_buf_check(&path, c->path, err)
                         : parse(c, own, path.p, err);
    }
    om_buf_free(&text);
    om_buf_free(&path);
    return st;
}

void om_lora_config_free(om_lora_config *c)
{
    json_decref(c->root);
    c->root = NULL;
}

/* ---- what it says -------------------------------------------------------- */

static json_t *value_of(const om_lora_config *c, omost_model_part part,
                        const char *key)
{
    char name[MAX_KEY];
    snprintf(name, sizeof name, "%s%s%s",
             c->by_part ? omost_model_part_name(part) : "",
             c->by_part ? "." : "", key);
    json_t *v = json_object_get(c->root, name);
    return v && !json_is_null(v) ? v : NULL;
}

/* Patterns are regular expressions for the end of a layer's name, but what
 * trainers write there are names. */
static bool is_name(om_str s)
{
    if (om_str_starts(s, OM_STR("^"))) s = om_str_skip(s, 1);
    if (s.n == 0) return false;
    for (size_t i = 0; i < s.n; i++)
        if (!strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                    "0123456789_.-",
                    s.p[i]) ||
            !s.p[i])
            return false;
    return true;
}

/* "base_model.model.mid_block.to_q" of "....to_q.lora_A.weight" */
static om_str layer_of(om_str tensor)
{
    om_str rest = tensor;
    size_t at, n = tensor.n;
    while ((at = om_str_find(rest, OM_STR(".lora"))) != SIZE_MAX) {
        rest = om_str_skip(rest, at + 1);
        n = (size_t)(rest.p - tensor.p) - 1;
    }
    if (n == tensor.n) /* hada_w1_a and the like: the last word */
        while (n > 0 && tensor.p[--n] != '.') continue;
    return (om_str){tensor.p, n};
}

/* Whether nothing comes before the layer's name within its part. */
static bool is_start(om_str before, omost_model_part part)
{
    const om_str peft = OM_STR("base_model.model.");
    const om_str own = om_str_of(omost_model_part_name(part));
    if (om_str_starts(before, peft)) before = om_str_skip(before, peft.n);
    if (om_str_starts(before, own)) before = om_str_skip(before, own.n);
    return before.n == 0 || om_str_eqz(before, ".");
}

/* "to_q" is any to_q, "^mid_block.to_q" that one alone. */
static bool names_layer(om_str pattern, om_str layer, omost_model_part part)
{
    const bool whole = om_str_starts(pattern, OM_STR("^"));
    if (whole) pattern = om_str_skip(pattern, 1);
    if (!om_str_ends(layer, pattern)) return false;
    const om_str before = {layer.p, layer.n - pattern.n};
    if (whole) return is_start(before, part);
    return before.n == 0 || before.p[before.n - 1] == '.';
}

static omost_status fail_value(const om_lora_config *c, const char *key,
                               const char *what, omost_error *err)
{
    return om_fail(err, OMOST_FORMAT,
                   "%s: %s in its %s is not %s, and how strong it is depends "
                   "on that",
                   c->path, key,
                   c->by_part ? "lora_adapter_metadata" : "adapter_config.json",
                   what);
}

/* What alpha_pattern says of the layer; the first that fits. */
static omost_status find_pattern(const om_lora_config *c, omost_model_part part,
                                 om_str layer, const json_t **out,
                                 omost_error *err)
{
    json_t *all = value_of(c, part, "alpha_pattern");
    if (!all) return OMOST_OK;
    if (!json_is_object(all))
        return fail_value(c, "alpha_pattern", "an object", err);
    void *it = json_object_iter(all);
    for (bool found = false; it && !found;) {
        om_str pattern = om_str_of(json_object_iter_key(it));
        if (!is_name(pattern))
            return fail_value(c, "a key of alpha_pattern", "a layer's name",
                              err);
        found = names_layer(pattern, layer, part);
        if (found) *out = json_object_iter_value(it);
        it = json_object_iter_next(all, it);
    }
    return OMOST_OK;
}

omost_status om_lora_config_scale(const om_lora_config *c,
                                  omost_model_part part, om_str tensor,
                                  size_t rank, double *scale, omost_error *err)
{
    if (!c->root) return OMOST_OK;
    const json_t *alpha = value_of(c, part, "lora_alpha");
    const json_t *r = value_of(c, part, "r");
    const json_t *rs = value_of(c, part, "use_rslora");
    if (!alpha) alpha = value_of(c, part, "alpha");
    omost_status st = find_pattern(c, part, layer_of(tensor), &alpha, err);
    if (st != OMOST_OK) return st;
    if (r && (!json_is_integer(r) || json_integer_value(r) < 1))
        return fail_value(c, "r", "a rank", err);
    if (rs && !json_is_boolean(rs))
        return fail_value(c, "use_rslora", "true or false", err);
    if (!alpha) return OMOST_OK;
    double v = json_number_value(alpha);
    if (!json_is_number(alpha) || !(fabs(v) <= 1e9))
        return fail_value(c, "alpha", "a number", err);
    *scale = v / (json_is_true(rs) ? sqrt((double)rank) : (double)rank);
    return OMOST_OK;
}
