/* api_json.h - rows and values of the library as the API has them. What is
 * returned is the caller's; NULL: no memory. */
#ifndef OM_SERVER_API_JSON_H
#define OM_SERVER_API_JSON_H

#include <jansson.h>

#include "omost/compose.h"
#include "store/store.h"

/* Put `value` (taken, NULL: no memory) under `key`. After a failure *o is NULL,
 * and everything put into it later is released. */
void om_json_put(json_t **o, const char *key, json_t *value);
void om_json_put_str(json_t **o, const char *key, om_str s);
void om_json_put_int(json_t **o, const char *key, int64_t v);
/* null for 0 */
void om_json_put_id(json_t **o, const char *key, int64_t id);
void om_json_put_time(json_t **o, const char *key, int64_t ms);
/* JSON text as the value it stands for; null for "" or nonsense. */
void om_json_put_raw(json_t **o, const char *key, om_str json);
/* The same for arrays. */
void om_json_append(json_t **array, json_t *value);

/* Compact JSON in the arena; p NULL: no memory. Releases v. */
om_str om_json_text(om_arena *a, json_t *v);

/* As much of `s` as fits, in whole characters, and a NUL; bytes that are not
 * UTF-8 become question marks. */
void om_cut_text(char *out, size_t cap, om_str s);

/* "2026-11-22T20:55:28.123Z" */
enum { OM_TIME_TEXT = 32 };
void om_time_text(int64_t ms, char out[OM_TIME_TEXT]);

json_t *om_message_json(const om_message_row *m);
json_t *om_session_json(const om_session_row *s);
/* As lists and events have it: without its record, which is long. */
json_t *om_image_json(const om_image_row *i);
json_t *om_images_json(const om_image_row *rows, size_t n);
/* What lists of versions have: without the canvas. */
json_t *om_version_json(const om_canvas_row *row);
json_t *om_stats_json(const omost_compose_stats *s);

/* Of a canvas: our JSON, what was read otherwise than written, its layout. */
json_t *om_canvas_value(const omost_canvas *cv);
json_t *om_notes_json(const omost_canvas *cv);
json_t *om_note_json(const omost_note *note);
/* The notes as a row keeps them: JSON, or "" for none; p NULL: no memory. */
om_str om_notes_text(om_arena *a, const omost_canvas *cv);
json_t *om_layout_json(const omost_canvas *cv);
json_t *om_box_json(omost_box b);
json_t *om_rgb_json(omost_rgb c);
json_t *om_region_json(const omost_region *r);
json_t *om_global_json(const omost_global *g);
/* CANVAS; `row` NULL: one that is not kept (no id). */
json_t *om_canvas_json(const om_canvas_row *row, const omost_canvas *cv);

#endif
