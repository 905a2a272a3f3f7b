/* api_json.c - see api_json.h. Canvases are in canvas_view.c. */
#include "server/api_json.h"

#include <stdio.h>
#include <time.h>

#include "base/json.h"
#include "base/utf8.h"

enum { JSON_TEXT = 8 << 20 }; /* bytes: twice the largest request */

/* ---- putting values together ------------------------------------------ */

void om_json_put(json_t **o, const char *key, json_t *value)
{
    if (*o && value && json_object_set_new(*o, key, value) == 0) return;
    if (!*o) json_decref(value); /* else the failed set has released it */
    json_decref(*o);
    *o = NULL;
}

void om_json_append(json_t **array, json_t *value)
{
    if (*array && value && json_array_append_new(*array, value) == 0) return;
    if (!*array) json_decref(value);
    json_decref(*array);
    *array = NULL;
}

void om_json_put_str(json_t **o, const char *key, om_str s)
{
    om_json_put(o, key, om_json_new_str(s.p ? s : (om_str){"", 0}));
}

void om_json_put_int(json_t **o, const char *key, int64_t v)
{
    om_json_put(o, key, json_integer(v));
}

void om_json_put_id(json_t **o, const char *key, int64_t id)
{
    om_json_put(o, key, id ? json_integer(id) : json_null());
}

void om_json_put_raw(json_t **o, const char *key, om_str json)
{
    omost_error err;
    json_t *v = json.n ? om_json_parse(json, key, &err) : NULL;
    om_json_put(o, key, v ? v : json_null());
}

om_str om_json_text(om_arena *a, json_t *v)
{
    om_buf b;
    om_str out = {0};
    om_buf_init(&b, NULL, JSON_TEXT);
    if (v) om_json_write(&b, v, false);
    if (b.status == OMOST_OK && b.n) out = om_arena_str(a, om_buf_view(&b));
    om_buf_free(&b);
    json_decref(v);
    return out;
}

void om_cut_text(char *out, size_t cap, om_str s)
{
    const size_t n = s.n < cap ? s.n : om_utf8_floor(s.p, s.n, cap - 1);
    if (n) memcpy(out, s.p, n);
    out[n] = '\0';
    for (size_t good; (good = om_utf8_valid_len(out, n)) < n;) out[good] = '?';
}

void om_time_text(int64_t ms, char out[OM_TIME_TEXT])
{
    struct tm tm = {0};
    const time_t s = (time_t)(ms / 1000);
    gmtime_r(&s, &tm);
    const size_t n = strftime(out, OM_TIME_TEXT, "%Y-%m-%dT%H:%M:%S", &tm);
    snprintf(out + n, OM_TIME_TEXT - n, ".%03dZ", (int)(ms % 1000));
}

void om_json_put_time(json_t **o, const char *key, int64_t ms)
{
    char text[OM_TIME_TEXT];
    om_time_text(ms, text);
    om_json_put(o, key, ms > 0 ? json_string(text) : json_null());
}

/* ---- rows ------------------------------------------------------------- */

json_t *om_message_json(const om_message_row *m)
{
    json_t *o = json_object();
    om_json_put_int(&o, "id", m->id);
    om_json_put(&o, "parent",
                m->parent < 0 ? json_null() : json_integer(m->parent));
    om_json_put(&o, "role", json_string(m->assistant ? "assistant" : "user"));
    om_json_put_str(&o, "text", m->text);
    om_json_put_time(&o, "created", m->created);
    om_json_put_id(&o, "canvas", m->canvas);
    om_json_put_raw(&o, "error", m->error);
    om_json_put(&o, "seed", m->assistant ? json_integer(m->seed) : json_null());
    om_json_put_raw(&o, "stats", m->stats);
    return o;
}

json_t *om_session_json(const om_session_row *s)
{
    json_t *o = json_object();
    om_json_put_int(&o, "id", s->id);
    om_json_put_str(&o, "title", s->title);
    om_json_put_time(&o, "created", s->created);
    om_json_put_time(&o, "updated", s->updated);
    om_json_put_int(&o, "n_messages", s->n_messages);
    om_json_put_int(&o, "n_images", s->n_images);
    return o;
}

json_t *om_image_json(const om_image_row *i)
{
    char file[64], thumb[64];
    json_t *o = json_object();
    snprintf(file, sizeof file, "/api/images/%lld.png", (long long)i->id);
    snprintf(thumb, sizeof thumb, "/api/images/%lld/thumb.png",
             (long long)i->id);
    om_json_put_int(&o, "id", i->id);
    om_json_put_id(&o, "session", i->session);
    om_json_put_id(&o, "canvas", i->canvas);
    om_json_put_id(&o, "job", i->job);
    om_json_put_int(&o, "width", i->width);
    om_json_put_int(&o, "height", i->height);
    om_json_put_int(&o, "seed", i->seed);
    om_json_put_time(&o, "created", i->created);
    om_json_put_str(&o, "parameters", i->parameters);
    om_json_put(&o, "file", json_string(file));
    om_json_put(&o, "thumb", json_string(thumb));
    return o;
}

json_t *om_images_json(const om_image_row *rows, size_t n)
{
    json_t *a = json_array();
    for (size_t i = 0; i < n; i++) om_json_append(&a, om_image_json(&rows[i]));
    return a;
}

json_t *om_version_json(const om_canvas_row *row)
{
    json_t *o = json_object();
    om_json_put_int(&o, "id", row->id);
    om_json_put_id(&o, "session", row->session);
    om_json_put_id(&o, "parent", row->parent);
    om_json_put_str(&o, "origin", row->origin);
    om_json_put_time(&o, "created", row->created);
    return o;
}

json_t *om_stats_json(const omost_compose_stats *s)
{
    json_t *o = json_object();
    om_json_put_int(&o, "prompt_tokens", s->prompt_tokens);
    om_json_put_int(&o, "reused_tokens", s->reused_tokens);
    om_json_put_int(&o, "reply_tokens", s->reply_tokens);
    om_json_put_int(&o, "forced_tokens", s->forced_tokens);
    om_json_put_int(&o, "drafted_tokens", s->drafted_tokens);
    om_json_put_int(&o, "accepted_tokens", s->accepted_tokens);
    om_json_put_int(&o, "passes", s->passes);
    om_json_put_int(&o, "dropped_messages", s->dropped_messages);
    om_json_put_int(&o, "mended", s->mended);
    om_json_put(&o, "load_seconds", json_real(s->load_seconds));
    om_json_put(&o, "prompt_seconds", json_real(s->prompt_seconds));
    om_json_put(&o, "reply_seconds", json_real(s->reply_seconds));
    return o;
}
