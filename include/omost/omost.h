/* omost/omost.h - the light library as a whole: canvas, plan, pictures.
 *
 * From a model's reply to tokens and a picture of the layout:
 *
 *     omost_error err;
 *     omost_canvas *cv = omost_canvas_parse(text, len, NULL, &err);
 *     omost_tokenizer *tk = omost_tokenizer_builtin(NULL, &err);
 *     omost_plan *plan = omost_plan_new(cv, tk, NULL, &err);
 *
 * Start reading at omost/canvas.h; omost/status.h tells how errors and memory
 * work. The engine library (omost/engine.h) is apart.
 */
#ifndef OMOST_OMOST_H
#define OMOST_OMOST_H

#include "omost/canvas.h"
#include "omost/model.h"
#include "omost/picture.h"
#include "omost/plan.h"
#include "omost/status.h"

#endif
