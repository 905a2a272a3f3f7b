/* api.h - what the handlers share beside server_impl.h. */
#ifndef OM_SERVER_API_H
#define OM_SERVER_API_H

#include "server/api_json.h"
#include "server/request.h"
#include "server/routes.h"
#include "server/server_impl.h"

/* A canvas of a request: its member "text" in any form (reply, Python, JSON,
 * ComfyUI's), or "json", an object; NULL and an error when there is none. */
omost_canvas *om_request_canvas(const json_t *o, const char *text_key,
                                const char *json_key, bool strict,
                                omost_error *err);
/* One that is kept. */
omost_canvas *om_load_canvas(om_request *rq, int64_t id, om_canvas_row *row,
                             omost_error *err);

/* `was` when another canvas than `parent` (0: who asks does not say), from which
 * the page went on to `now`, was on the stage; else 0. Nothing is lost then,
 * but somebody else should hear of it. */
int64_t om_replaced(int64_t was, int64_t parent, int64_t now);

/* {"changes", "text"} of two canvases. */
json_t *om_diff_json(const omost_canvas *before, const omost_canvas *after,
                     omost_error *err);
/* {"text"}: the canvas as "python", "json", "comfy" or "reply". */
json_t *om_converted_json(const omost_canvas *cv, om_str to, omost_error *err);
/* The layout as PNG or SVG. */
omost_status om_answer_preview(om_response *rs, const omost_canvas *cv,
                               bool svg, bool labels, int size,
                               omost_error *err);

/* Queue the row's job in a place that is held, and answer 202 with it as "job"
 * beside what is in `with` (taken; NULL: nothing). */
omost_status om_answer_job(om_request *rq, om_response *rs, om_job_row *row,
                           json_t *with, omost_error *err);
/* JOB with what it has written so far. */
json_t *om_job_written_json(om_worker *w, const om_job_row *row);

/* Hold a place: 503 and Retry-After when there is none. */
omost_status om_hold_place(om_request *rq, om_response *rs, omost_error *err);
/* [JOB...] */
json_t *om_jobs_json(om_request *rq, const om_job_row *rows, size_t n);
/* A job that loads what `o` (taken) names; NOMEM. */
omost_status om_load_row(om_request *rq, json_t *o, om_job_row *row,
                         omost_error *err);

/* Tell pages of a session, of a message that was added. */
void om_tell_session(om_request *rq, int64_t id, om_str title);
void om_tell_message(om_request *rq, const om_message_row *m);

/* SESSION with everything; in *out. */
omost_status om_session_full(om_request *rq, int64_t id, json_t **out,
                             omost_error *err);

/* Models on this machine (models_list.c). */
omost_status om_models_list(const om_server *s, json_t **out, omost_error *err);
om_model_path_fn om_models_find;
/* MISSING unless a request may choose it. */
omost_status om_models_check(const om_server *s, const char *kind, om_str name,
                             omost_error *err);

#endif
