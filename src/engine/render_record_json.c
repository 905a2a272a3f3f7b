/* render_record_json.c - the record of a picture, written and compared.
 *
 *     {"version": 1, "program": {"version", "backend", "precision"},
 *      "size": [width, height], "canvas": canonical Python,
 *      "options": {...}, "tokenizer": "builtin",
 *      "model": {"name", "kind", "sha256", "files": [{"name", "sha256"}]},
 *      "vae": {...}, "config": {...}, "init-img": {...},
 *      "loras": [{"name", "weight", "sha256"}], "plan": {...}}
 *
 * Only the last part of a path is told: pictures are shown to others. */
#include "engine/render_record.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/str.h"
#include "engine/render_opts.h"

/* So that a float's decimal digits come back as they were typed. */
enum { FLAGS = JSON_COMPACT | JSON_REAL_PRECISION(15) };

/* 0.4f as 0.4: the shortest decimal that is this float. */
static json_t *float_json(float v)
{
    char text[32];
    for (int digits = 6; digits < 9; digits++) {
        snprintf(text, sizeof text, "%.*g", digits, (double)v);
        if (strtof(text, NULL) == v) break;
        snprintf(text, sizeof text, "%.9g", (double)v);
    }
    double d = strtod(text, NULL);
    return d == floor(d) && fabs(d) < 1e9 ? json_integer((json_int_t)d)
                                          : json_real(d);
}

/* File names need not be UTF-8. */
static json_t *text_json(const char *z)
{
    json_t *v = z ? json_string(z) : NULL;
    return v ? v : json_null();
}

static json_t *digest_json(const char *sha256)
{
    return *sha256 ? json_string(sha256) : json_null();
}

int64_t om_drawn_seed(const om_drawn *d)
{
    return d->opts->compat_omost ? d->opts->seed : d->opts->seed + d->index;
}

/* ---- parts --------------------------------------------------------------- */

static json_t *field_json(const omost_render_opts *o, const om_render_field *f)
{
    const void *p = (const char *)o + f->at;
    switch (f->kind) {
    case OM_FIELD_INT: return json_integer(*(const int *)p);
    case OM_FIELD_FLOAT: return float_json(*(const float *)p);
    case OM_FIELD_BOOL: return json_boolean(*(const bool *)p);
    case OM_FIELD_NAME: return json_string(*(const char *const *)p);
    }
    return json_null();
}

/* A picture of an ordinary batch can be drawn alone and is recorded so. */
static json_t *options_json(const om_drawn *d)
{
    const omost_render_opts *o = d->opts;
    json_t *v = json_object();
    json_object_set_new(v, "width", json_integer(o->width));
    json_object_set_new(v, "height", json_integer(o->height));
    json_object_set_new(v, "seed", json_integer(om_drawn_seed(d)));
    json_object_set_new(v, "negative-prompt", text_json(o->negative_prompt));
    json_object_set_new(v, "region",
                        json_string(omost_region_method_name(o->region)));
    json_object_set_new(v, "compat",
                        o->compat_omost ? json_string("omost") : json_null());
    for (size_t i = 0; i < om_n_render_fields; i++)
        json_object_set_new(v, om_field_name(&om_render_fields[i]),
                            field_json(o, &om_render_fields[i]));
    if (o->compat_omost && o->batch > 1)
        json_object_set_new(v, "picture", json_integer(d->index + 1));
    else
        json_object_set_new(v, "batch-count", json_integer(1));
    json_object_set_new(v, "prompt-style",
                        json_string(om_prompt_style_name(o->prompt_style)));
    json_object_set_new(v, "profile", text_json(d->profile));
    return v;
}

static json_t *item_json(const om_digest_item *item)
{
    return json_pack("{s:o, s:o}", "name", text_json(item->name), "sha256",
                     digest_json(item->sha256));
}

/* With the files it has, where these are several. */
static json_t *files_json(const om_digest_item *m)
{
    json_t *v = item_json(m), *files = json_array();
    for (size_t i = 0; i < m->n_files; i++)
        json_array_append_new(
            files, json_pack("{s:o, s:o}", "name", text_json(m->file[i].name),
                             "sha256", digest_json(m->file[i].sha256)));
    json_object_set_new(v, "files", files);
    return v;
}

static json_t *model_json(const om_drawn *d)
{
    json_t *v = files_json(d->model);
    json_object_set_new(v, "kind", json_string(omost_model_kind_name(d->kind)));
    return v;
}

static json_t *loras_json(const om_drawn *d)
{
    json_t *list = json_array();
    for (size_t i = 0; i < d->n_loras; i++) {
        json_t *v = item_json(d->lora[i]);
        json_object_set_new(v, "weight", float_json(d->loras[i].weight));
        json_array_append_new(list, v);
    }
    return list;
}

static json_t *init_json(const om_drawn *d)
{
    const omost_render_opts *o = d->opts;
    om_str name = o->init_path ? om_path_last(o->init_path) : OM_STR("");
    json_t *text = name.n ? json_stringn(name.p, name.n) : NULL;
    return json_pack("{s:o, s:i, s:i, s:o}", "name", text ? text : json_null(),
                     "width", o->init_image.width, "height",
                     o->init_image.height, "sha256",
                     digest_json(d->init_sha256));
}

/* ---- the plan ------------------------------------------------------------ */

json_t *om_record_plan(const omost_env *env, const omost_plan *plan)
{
    size_t n = 0;
    char *text = omost_plan_to_json(plan, &n, NULL);
    json_t *v = text && n < OMOST_MAX_RECORD
                    ? om_json_parse((om_str){text, n}, "the plan", NULL)
                    : NULL;
    omost_text_free(env, text);
    if (v) json_object_del(v, "notes");
    return v;
}

/* ---- the whole ----------------------------------------------------------- */

static json_t *record_json(const om_drawn *d)
{
    json_t *v = json_object();
    json_object_set_new(v, "version", json_integer(1));
    json_object_set_new(v, "program",
                        json_pack("{s:s, s:s, s:s}", "version", omost_version(),
                                  "backend", d->backend, "precision",
                                  d->precision));
    json_object_set_new(v, "size", json_pack("[i, i]", d->width, d->height));
    json_object_set_new(v, "canvas", text_json(d->canvas));
    json_object_set_new(v, "options", options_json(d));
    json_object_set_new(v, "tokenizer", text_json(d->tokenizer));
    json_object_set_new(v, "model", model_json(d));
    if (d->vae)
        json_object_set_new(v, "vae",
                            d->vae->n_files > 1 ? files_json(d->vae)
                                                : item_json(d->vae));
    if (d->config) json_object_set_new(v, "config", item_json(d->config));
    if (d->opts->init_image.rgb)
        json_object_set_new(v, "init-img", init_json(d));
    if (d->n_loras) json_object_set_new(v, "loras", loras_json(d));
    return v;
}

static char *write_json(const omost_env *env, const json_t *v, size_t *n)
{
    char *mine = NULL, *text = json_dumps(v, FLAGS);
    *n = text ? strlen(text) : 0;
    if (text) mine = om_alloc(env, *n + 1);
    if (mine) memcpy(mine, text, *n + 1);
    free(text);
    return mine;
}

/* A plan that makes the record too long for a reader of PNGs is left out. */
char *om_record_write(const omost_env *env, const om_drawn *d, omost_error *err)
{
    size_t n = 0;
    json_t *v = record_json(d);
    if (d->plan) json_object_set(v, "plan", d->plan);
    char *text = v ? write_json(env, v, &n) : NULL;
    if (text && n > OMOST_MAX_RECORD && d->plan) {
        om_free(env, text);
        json_object_del(v, "plan");
        text = write_json(env, v, &n);
    }
    json_decref(v);
    if (!text) (void)om_fail_nomem(err);
    return text;
}

/* ---- comparing ----------------------------------------------------------- */

static bool same_text(const json_t *a, const char *b)
{
    return json_is_string(a) && strcmp(json_string_value(a), b) == 0;
}

static void compare_program(const json_t *program, const om_drawn *d,
                            om_difference_fn *tell, void *user)
{
    const char *const now[] = {omost_version(), d->backend, d->precision};
    static const char *const keys[] = {"version", "backend", "precision"};
    char text[200];
    for (int i = 0; i < 3; i++) {
        const json_t *was = json_object_get(program, keys[i]);
        if (!json_is_string(was) || same_text(was, now[i])) continue;
        snprintf(text, sizeof text,
                 "the %s was %.40s and is %s now: pixels may differ a little",
                 i ? keys[i] : "program's version", json_string_value(was),
                 now[i]);
        tell(user, text);
    }
}

/* As they are written: that is how the recorded one was cut to 15 digits. */
static bool same_plan(const json_t *was, const json_t *now)
{
    char *a = json_dumps(was, FLAGS), *b = json_dumps(now, FLAGS);
    bool same = a && b && strcmp(a, b) == 0;
    free(a);
    free(b);
    return same;
}

static void compare_init(const json_t *was, const om_drawn *d,
                         om_difference_fn *tell, void *user)
{
    const json_t *sha = json_object_get(was, "sha256");
    const char *path = d->opts->init_path;
    const om_str name =
        path ? om_path_last(path) : om_str_of("the picture given");
    char text[400];
    if (!*d->init_sha256 || !json_is_string(sha) ||
        same_text(sha, d->init_sha256))
        return;
    snprintf(text, sizeof text,
             "%.*s is not the recorded picture to begin from: its SHA-256 "
             "begins with %.10s instead of %.10s",
             (int)(name.n < 200 ? name.n : 200), name.p, d->init_sha256,
             json_string_value(sha));
    tell(user, text);
}

void om_record_compare(const char *record, const om_drawn *d,
                       om_difference_fn *tell, void *user)
{
    json_t *v = om_json_parse(om_str_of(record), "the record", NULL);
    const json_t *plan = json_object_get(v, "plan");
    compare_program(json_object_get(v, "program"), d, tell, user);
    compare_init(json_object_get(v, "init-img"), d, tell, user);
    if (plan && d->plan && !same_plan(plan, d->plan))
        tell(user, "the plan is not the recorded one: another canvas, "
                   "vocabulary or profile");
    json_decref(v);
}

/* Records of before configurations counted tell of weights alone. */
static bool tells_of_weights(const json_t *was)
{
    size_t i;
    const json_t *f;
    json_array_foreach(json_object_get(was, "files"), i, f)
    {
        const char *name = json_string_value(json_object_get(f, "name"));
        if (name && om_str_ends(om_str_of(name), OM_STR(".json"))) return false;
    }
    return true;
}

static bool same_item(const json_t *was, const om_digest_item *item)
{
    const json_t *sha = json_object_get(was, "sha256");
    return same_text(sha, item->sha256) ||
           (tells_of_weights(was) && same_text(sha, item->weights));
}

/* The first of several files that is not the recorded one, or NULL. */
static const om_digest_file *changed_file(const json_t *was,
                                          const om_digest_item *item)
{
    const json_t *files = json_object_get(was, "files"), *f;
    for (size_t i = 0; item->n_files > 1 && i < item->n_files; i++) {
        size_t k;
        json_array_foreach(
            files, k,
            f) if (same_text(json_object_get(f, "name"), item->file[i].name) &&
                   !same_text(json_object_get(f, "sha256"),
                              item->file[i].sha256)) return &item->file[i];
    }
    return NULL;
}

static void compare_item(const json_t *was, const om_digest_item *item,
                         const char *what, om_difference_fn *tell, void *user)
{
    const json_t *sha = json_object_get(was, "sha256");
    char text[400];
    if (!item || !*item->sha256 || !json_is_string(sha) || same_item(was, item))
        return;
    const om_digest_file *f = changed_file(was, item);
    if (f)
        snprintf(text, sizeof text,
                 "%.100s is not the recorded %s: its %.200s has changed",
                 item->name, what, f->name);
    else
        snprintf(text, sizeof text,
                 "%.200s is not the recorded %s: its SHA-256 begins with %.10s "
                 "instead of %.10s",
                 item->name, what, item->sha256, json_string_value(sha));
    tell(user, text);
}

/* What is recorded of the i-th LoRA: the one of its bytes, wherever it stands,
 * else the one in its place. */
static const json_t *recorded_lora(const json_t *loras, const om_drawn *d,
                                   size_t i)
{
    const json_t *here = json_array_get(loras, i), *was;
    size_t k;
    if (!*d->lora[i]->sha256 || (here && same_item(here, d->lora[i])))
        return here;
    json_array_foreach(loras, k,
                       was) if (same_item(was, d->lora[i])) return was;
    return here;
}

static void compare_loras(const json_t *loras, const om_drawn *d,
                          om_difference_fn *tell, void *user)
{
    char text[400];
    for (size_t i = 0; i < d->n_loras; i++) {
        const json_t *was = recorded_lora(loras, d, i);
        const json_t *weight = json_object_get(was, "weight");
        compare_item(was, d->lora[i], "LoRA", tell, user);
        if (!json_is_number(weight) ||
            (float)json_number_value(weight) == d->loras[i].weight)
            continue;
        snprintf(text, sizeof text,
                 "%.200s is added with the weight %g instead of the recorded "
                 "%g: --lora FILE:%g",
                 d->lora[i]->name, (double)d->loras[i].weight,
                 json_number_value(weight), json_number_value(weight));
        tell(user, text);
    }
}

void om_record_compare_files(const char *record, const om_drawn *d,
                             om_difference_fn *tell, void *user)
{
    json_t *v = om_json_parse(om_str_of(record), "the record", NULL);
    const json_t *loras = json_object_get(v, "loras");
    compare_item(json_object_get(v, "model"), d->model, "model", tell, user);
    compare_item(json_object_get(v, "vae"), d->vae, "VAE", tell, user);
    compare_item(json_object_get(v, "config"), d->config, "configuration", tell,
                 user);
    if (json_array_size(loras) != d->n_loras ||
        !json_object_get(v, "vae") != !d->vae)
        tell(user, "not all files are the recorded ones: a LoRA or VAE came or "
                   "went");
    compare_loras(loras, d, tell, user);
    json_decref(v);
}
