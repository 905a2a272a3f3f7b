/* request_options.c - options of a request, and the tables that tell pages
 * which there are; see request.h. */
#include <math.h>
#include <stdio.h>

#include "base/json.h"
#include "server/api_json.h"
#include "server/request.h"

/* ---- reading ---------------------------------------------------------- */

static omost_status read_value(const char *key, const json_t *v,
                               omost_option_value *out, omost_error *err)
{
    *out = (omost_option_value){0};
    switch (json_typeof(v)) {
    case JSON_INTEGER:
        out->kind = OMOST_OPTION_INT;
        out->integer = json_integer_value(v);
        return OMOST_OK;
    case JSON_REAL:
        out->kind = OMOST_OPTION_NUMBER;
        out->number = json_real_value(v);
        return OMOST_OK;
    case JSON_STRING:
        out->kind = OMOST_OPTION_TEXT;
        out->text = json_string_value(v);
        if (strlen(out->text) == json_string_length(v)) return OMOST_OK;
        return om_fail(err, OMOST_USAGE, "%.60s has a NUL in it", key);
    case JSON_TRUE:
    case JSON_FALSE:
        out->kind = OMOST_OPTION_FLAG;
        out->flag = json_is_true(v);
        return OMOST_OK;
    default: break;
    }
    return om_fail(err, OMOST_USAGE, "%.60s must be a plain value", key);
}

bool om_is_token(om_str s)
{
    for (size_t i = 0; i < s.n; i++)
        if (om_hex_value(s.p[i]) < 0) return false;
    return s.n == OM_TOKEN;
}

static omost_status read_init(const json_t *v, om_render_want *w,
                              omost_error *err)
{
    if (json_is_integer(v) && json_integer_value(v) > 0) {
        w->init_image = json_integer_value(v);
        return OMOST_OK;
    }
    if (json_is_string(v) && om_is_token(om_json_str(v))) {
        w->init_upload = om_json_str(v);
        return OMOST_OK;
    }
    return om_fail(err, OMOST_USAGE,
                   "init_image must be the number of a picture or the token of "
                   "an upload");
}

static omost_status read_profile(const json_t *v, om_render_want *w,
                                 omost_error *err)
{
    const char *name;
    if (!json_is_string(v))
        return om_fail(err, OMOST_USAGE, "profile must be a text");
    for (size_t i = 0; (name = omost_profile_name(i)) != NULL; i++) {
        if (!om_str_eqz(om_json_str(v), name)) continue;
        w->profile = om_json_str(v);
        return OMOST_OK;
    }
    return om_fail(err, OMOST_RANGE, "there is no profile \"%.40s\"",
                   json_string_value(v));
}

static omost_status read_lora(const json_t *v, om_lora_want *out,
                              omost_error *err)
{
    static const char *const known[] = {"name", "weight", NULL};
    double weight = 1;
    if (!json_is_object(v))
        return om_fail(err, OMOST_USAGE,
                       "lora must be a list of objects with name and weight");
    omost_status st = om_members(v, "lora", known, err);
    if (st == OMOST_OK) st = om_member_str(v, "name", &out->name, err);
    if (st == OMOST_OK)
        st = om_member_number(v, "weight", 1, -100, 100, &weight, err);
    out->weight = (float)weight;
    if (st == OMOST_OK && out->name.n == 0)
        return om_fail(err, OMOST_USAGE, "a LoRA needs a name");
    return st;
}

static omost_status read_loras(const json_t *v, om_render_want *w,
                               omost_error *err)
{
    omost_status st = OMOST_OK;
    if (!json_is_array(v))
        return om_fail(err, OMOST_USAGE, "lora must be a list");
    if (json_array_size(v) > OMOST_MAX_LORAS)
        return om_fail(err, OMOST_RANGE, "more than %d LoRAs", OMOST_MAX_LORAS);
    for (size_t i = 0; i < json_array_size(v) && st == OMOST_OK; i++)
        st = read_lora(json_array_get(v, i), &w->lora[w->n_loras++], err);
    return st;
}

static omost_status read_render(const char *key, const json_t *v,
                                om_render_want *w, omost_error *err)
{
    omost_option_value value;
    if (json_is_null(v)) return OMOST_OK;
    if (strcmp(key, "init_image") == 0 || strcmp(key, "init-img") == 0)
        return read_init(v, w, err);
    if (strcmp(key, "profile") == 0) return read_profile(v, w, err);
    if (strcmp(key, "lora") == 0) return read_loras(v, w, err);
    omost_status st = read_value(key, v, &value, err);
    return st == OMOST_OK ? omost_render_opts_set(&w->opts, key, &value, err)
                          : st;
}

omost_status om_render_want_read(json_t *options,
                                 const omost_render_opts *defaults,
                                 om_render_want *out, omost_error *err)
{
    const char *key;
    json_t *v;
    *out = (om_render_want){.opts = *defaults};
    json_object_foreach(options, key, v)
    {
        omost_status st = read_render(key, v, out, err);
        if (st != OMOST_OK) return st;
    }
    if ((out->init_image || out->init_upload.p) && out->opts.init_layout > 0)
        return om_fail(err, OMOST_RANGE,
                       "init-layout and init_image: a picture can begin from "
                       "one of them only");
    return omost_render_check(&out->opts, err);
}

omost_status om_compose_want_read(json_t *options,
                                  const omost_compose_opts *defaults,
                                  omost_compose_opts *out, omost_error *err)
{
    const char *key;
    json_t *v;
    *out = *defaults;
    json_object_foreach(options, key, v)
    {
        omost_option_value value;
        if (json_is_null(v)) continue;
        omost_status st = read_value(key, v, &value, err);
        if (st == OMOST_OK) st = omost_compose_opts_set(out, key, &value, err);
        if (st != OMOST_OK) return st;
    }
    return OMOST_OK;
}

/* ---- the tables ------------------------------------------------------- */

static const char *const kinds[] = {
    [OMOST_OPTION_INT] = "int",   [OMOST_OPTION_NUMBER] = "number",
    [OMOST_OPTION_TEXT] = "text", [OMOST_OPTION_CHOICE] = "choice",
    [OMOST_OPTION_FLAG] = "flag",
};

static json_t *fallback_json(const omost_option *o)
{
    if (o->kind == OMOST_OPTION_FLAG) return json_false();
    if (!o->fallback) return json_null();
    if (o->kind == OMOST_OPTION_INT)
        return json_integer(strtoll(o->fallback, NULL, 10));
    if (o->kind == OMOST_OPTION_NUMBER)
        return json_real(strtod(o->fallback, NULL));
    if (o->kind == OMOST_OPTION_TEXT) return json_string(o->fallback);
    const char *word;
    for (size_t i = 0; (word = omost_option_choice(o, i)) != NULL; i++)
        if (strcmp(word, o->fallback) == 0) return json_string(word);
    return json_null(); /* "as the model says" */
}

static json_t *option_json(const omost_option *o)
{
    json_t *v = json_object();
    const bool range = o->min != 0 || o->max != 0;
    om_json_put(&v, "name", json_string(o->name));
    om_json_put(&v, "kind", json_string(kinds[o->kind]));
    om_json_put(&v, "min", range ? json_real(o->min) : json_null());
    om_json_put(&v, "max", range ? json_real(o->max) : json_null());
    om_json_put(&v, "default", fallback_json(o));
    json_t *choices = json_array();
    const char *word;
    for (size_t i = 0; (word = omost_option_choice(o, i)) != NULL; i++)
        om_json_append(&choices, json_string(word));
    om_json_put(&v, "choices", choices);
    om_json_put(&v, "help", json_string(o->help));
    om_json_put(&v, "group", json_string(o->group));
    return v;
}

/* What only a server can look up. */
static json_t *profile_json(void)
{
    json_t *v = json_object(), *choices = json_array();
    const char *name;
    for (size_t i = 0; (name = omost_profile_name(i)) != NULL; i++)
        om_json_append(&choices, json_string(name));
    om_json_put(&v, "name", json_string("profile"));
    om_json_put(&v, "kind", json_string("choice"));
    om_json_put(&v, "min", json_null());
    om_json_put(&v, "max", json_null());
    om_json_put(&v, "default", json_null());
    om_json_put(&v, "choices", choices);
    om_json_put(&v, "help",
                json_string("words a family of models wants to hear"));
    om_json_put(&v, "group", json_string("text"));
    return v;
}

json_t *om_render_options_json(void)
{
    json_t *a = json_array();
    const omost_option *o;
    for (size_t i = 0; (o = omost_render_option(i)) != NULL; i++)
        om_json_append(&a, option_json(o));
    om_json_append(&a, profile_json());
    return a;
}

json_t *om_compose_options_json(void)
{
    json_t *a = json_array();
    const omost_option *o;
    for (size_t i = 0; (o = omost_compose_option(i)) != NULL; i++)
        om_json_append(&a, option_json(o));
    return a;
}
