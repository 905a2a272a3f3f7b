/* render_record_read.c - a record back into options; see omost/render.h. The
 * text comes from a picture somebody sent: nothing in it is trusted. */
#include <limits.h>
#include <math.h>

#include "base/json.h"
#include "engine/render_opts.h"

typedef struct record {
    omost_record r; /* first: what the caller holds */
    const omost_env *env;
    json_t *json; /* owns the texts */
    omost_profile *profile;
    omost_error *err; /* while it is read */
} record;

static omost_status bad(const record *rd, const char *key)
{
    return om_fail(rd->err, OMOST_FORMAT,
                   "the record's \"%s\" is not what a record holds there", key);
}

/* A text without NULs, or NULL. */
static const char *text_at(const json_t *v, const char *key)
{
    const json_t *t = json_object_get(v, key);
    if (!json_is_string(t)) return NULL;
    const char *z = json_string_value(t);
    return strlen(z) == json_string_length(t) ? z : NULL;
}

static const char *text_or(const json_t *v, const char *key, const char *other)
{
    const char *z = text_at(v, key);
    return z ? z : other;
}

static bool int_at(const json_t *v, const char *key, int *out)
{
    const json_t *n = json_object_get(v, key);
    json_int_t i = json_integer_value(n);
    if (!json_is_integer(n) || i < INT_MIN || i > INT_MAX) return false;
    *out = (int)i;
    return true;
}

/* ---- options ------------------------------------------------------------- */

static omost_status read_field(record *rd, const json_t *options,
                               const om_render_field *f)
{
    const json_t *v = json_object_get(options, om_field_name(f));
    void *p = (char *)rd + offsetof(record, r.opts) + f->at;
    const char *name;
    bool ok = false;
    if (!v) return OMOST_OK; /* an option that is younger than the picture */
    switch (f->kind) {
    case OM_FIELD_INT: ok = int_at(options, om_field_name(f), p); break;
    case OM_FIELD_FLOAT:
        ok = json_is_number(v) && fabs(json_number_value(v)) < 1e9;
        if (ok) *(float *)p = (float)json_number_value(v);
        break;
    case OM_FIELD_BOOL:
        ok = json_is_boolean(v);
        *(bool *)p = json_is_true(v);
        break;
    case OM_FIELD_NAME:
        name = text_at(options, om_field_name(f));
        memcpy(p, &name, sizeof name);
        ok = name != NULL;
        break;
    }
    return ok ? OMOST_OK : bad(rd, om_field_name(f));
}

static int find_style(const char *name)
{
    const char *known;
    for (int i = 0; (known = om_prompt_style_name((size_t)i)) != NULL; i++)
        if (strcmp(name, known) == 0) return i;
    return -1;
}

static omost_status read_words(record *rd, const json_t *options)
{
    omost_render_opts *o = &rd->r.opts;
    int region = omost_region_method_find(text_or(options, "region", "score")),
        style = find_style(text_or(options, "prompt-style", "profile"));
    const char *compat = text_at(options, "compat");
    if (region < 0) return bad(rd, "region");
    if (style < 0) return bad(rd, "prompt-style");
    if (compat && strcmp(compat, "omost") != 0) return bad(rd, "compat");
    o->region = (omost_region_method)region;
    o->prompt_style = (omost_prompt_style)style;
    o->compat_omost = compat != NULL;
    o->negative_prompt = text_at(options, "negative-prompt");
    return OMOST_OK;
}

static omost_status read_profile(record *rd, const json_t *options)
{
    const char *text = text_at(options, "profile");
    if (!text) return OMOST_OK;
    rd->profile = omost_profile_read(rd->env, text, strlen(text), rd->err);
    rd->r.opts.profile = rd->profile;
    if (rd->profile) return OMOST_OK;
    if (rd->err && rd->err->status == OMOST_NOMEM) return OMOST_NOMEM;
    return bad(rd, "profile");
}

static omost_status read_options(record *rd, const json_t *options)
{
    omost_render_opts *o = &rd->r.opts;
    const json_t *seed = json_object_get(options, "seed");
    int picture = 1;
    if (!json_is_object(options)) return bad(rd, "options");
    if (!json_is_integer(seed) || json_integer_value(seed) < 0)
        return bad(rd, "seed");
    o->seed = json_integer_value(seed);
    if (!int_at(options, "width", &o->width)) return bad(rd, "width");
    if (!int_at(options, "height", &o->height)) return bad(rd, "height");
    omost_status st = OMOST_OK;
    for (size_t i = 0; i < om_n_render_fields && st == OMOST_OK; i++)
        st = read_field(rd, options, &om_render_fields[i]);
    if (st == OMOST_OK) st = read_words(rd, options);
    if (st == OMOST_OK) st = read_profile(rd, options);
    if (st != OMOST_OK) return st;
    (void)int_at(options, "picture", &picture);
    if (picture < 1 || picture > o->batch) return bad(rd, "picture");
    rd->r.index = picture - 1;
    return OMOST_OK;
}

/* ---- files --------------------------------------------------------------- */

static omost_record_file file_at(const json_t *v)
{
    json_t *weight = json_object_get(v, "weight");
    omost_record_file f = {.name = text_at(v, "name"),
                           .sha256 = text_or(v, "sha256", ""),
                           .weight = 1};
    if (json_is_number(weight))
        f.weight = (float)fmax(-1e9, fmin(json_number_value(weight), 1e9));
    return f;
}

static omost_status read_files(record *rd)
{
    omost_record *r = &rd->r;
    const json_t *loras = json_object_get(rd->json, "loras");
    const json_t *init = json_object_get(rd->json, "init-img");
    r->model = file_at(json_object_get(rd->json, "model"));
    r->vae = file_at(json_object_get(rd->json, "vae"));
    r->config = file_at(json_object_get(rd->json, "config"));
    r->init_image = file_at(init);
    r->n_loras = json_array_size(loras);
    if (r->n_loras > OMOST_MAX_LORAS) return bad(rd, "loras");
    for (size_t i = 0; i < r->n_loras; i++)
        r->lora[i] = file_at(json_array_get(loras, i));
    if (!init) return OMOST_OK;
    if (!int_at(init, "width", &r->opts.init_image.width) ||
        !int_at(init, "height", &r->opts.init_image.height))
        return bad(rd, "init-img");
    /* A name is what tells a caller that there was one. */
    if (!r->init_image.name) r->init_image.name = "";
    return OMOST_OK;
}

/* ---- the whole ----------------------------------------------------------- */

static omost_status read_head(record *rd)
{
    const json_t *program = json_object_get(rd->json, "program"),
                 *size = json_object_get(rd->json, "size");
    int version = 0;
    if (!json_is_object(rd->json) || !int_at(rd->json, "version", &version) ||
        version < 1)
        return om_fail(rd->err, OMOST_FORMAT, "this is no record of omost");
    if (version > 1)
        return om_fail(rd->err, OMOST_FORMAT,
                       "the record is of version %d; this program knows 1",
                       version);
    rd->r.version = text_or(program, "version", "");
    rd->r.backend = text_or(program, "backend", "");
    rd->r.precision = text_or(program, "precision", "");
    rd->r.tokenizer = text_or(rd->json, "tokenizer", "model");
    rd->r.width = (int)json_integer_value(json_array_get(size, 0));
    rd->r.height = (int)json_integer_value(json_array_get(size, 1));
    return OMOST_OK;
}

static omost_status read_canvas(record *rd)
{
    const omost_read_opts opts = {.env = rd->env};
    const json_t *canvas = json_object_get(rd->json, "canvas");
    if (!json_is_string(canvas)) return bad(rd, "canvas");
    const om_str text = om_json_str(canvas);
    rd->r.canvas = omost_canvas_parse(text.p, text.n, &opts, rd->err);
    if (rd->r.canvas) return OMOST_OK;
    return rd->err && rd->err->status == OMOST_NOMEM ? OMOST_NOMEM
                                                     : bad(rd, "canvas");
}

omost_record *omost_record_read(const omost_env *env, const char *text,
                                size_t len, omost_error *err)
{
    omost_error local;
    if (!err) err = &local;
    om_error_clear(err);
    if (len > OMOST_MAX_RECORD) {
        om_fail(err, OMOST_LIMIT, "a record of %zu bytes; %d are the limit",
                len, OMOST_MAX_RECORD);
        return NULL;
    }
    record *rd = om_zalloc(env, sizeof *rd);
    if (!rd) {
        (void)om_fail_nomem(err);
        return NULL;
    }
    rd->env = env;
    rd->err = err;
    rd->r.opts = (omost_render_opts)OMOST_RENDER_DEFAULTS;
    rd->json = om_json_parse((om_str){text, len}, "the record", err);
    omost_status st = rd->json ? read_head(rd) : OMOST_FORMAT;
    if (st == OMOST_OK)
        st = read_options(rd, json_object_get(rd->json, "options"));
    if (st == OMOST_OK) st = read_files(rd);
    if (st == OMOST_OK) st = read_canvas(rd);
    if (st == OMOST_OK) return &rd->r;
    omost_record_free(&rd->r);
    return NULL;
}

void omost_record_free(omost_record *r)
{
    if (!r) return;
    record *rd = (record *)r;
    const omost_env *env = rd->env;
    omost_canvas_free(r->canvas);
    omost_profile_free(rd->profile);
    json_decref(rd->json);
    om_free(env, rd);
}
