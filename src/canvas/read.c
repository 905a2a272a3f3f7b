/* read.c - a canvas from whatever it is: a JSON object is our own format, a
 * JSON array ComfyUI_omost's, all else a reply. A reply may begin with a
 * bracket, too ("[Here you are] ..."): what is not JSON but holds the calls of
 * a canvas is read as one. */
#include "base/json.h"
#include "canvas/canvas_json.h"
#include "canvas/comfy.h"

static om_str without_bom(om_str s)
{
    const om_str bom = OM_STR("\xef\xbb\xbf");
    return om_str_starts(s, bom) ? om_str_skip(s, bom.n) : s;
}

static bool may_be_json(om_str s)
{
    om_str core = om_str_strip(s, " \t\r\n");
    return core.n && (core.p[0] == '{' || core.p[0] == '[');
}

static omost_canvas *from_value(json_t *v, const omost_read_opts *opts,
                                omost_error *err)
{
    if (json_is_array(v)) return om_canvas_from_comfy(v, opts, err);
    return om_canvas_from_json(v, opts, err);
}

/* Was this meant to be a reply, whatever it begins with? */
static bool has_calls(om_str s)
{
    static const char *const calls[] = {"Canvas(",
                                        "canvas.set_global_description",
                                        "canvas.add_local_description"};
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++)
        if (om_str_find(s, om_str_of(calls[i])) != SIZE_MAX) return true;
    return false;
}

omost_canvas *omost_canvas_read(const char *text, size_t len,
                                const omost_read_opts *opts, omost_error *err)
{
    om_str s = without_bom((om_str){text, len});
    omost_error local, json_error;
    if (!err) err = &local;
    if (len > OMOST_MAX_INPUT || !may_be_json(s))
        return omost_canvas_parse(text, len, opts, err);
    om_error_clear(&json_error);
    json_t *v = om_json_parse(s, "the canvas", &json_error);
    omost_canvas *cv = NULL;
    if (v) {
        cv = from_value(v, opts, err);
        json_decref(v);
    } else {
        *err = json_error;
        if (json_error.status != OMOST_NOMEM && has_calls(s))
            cv = omost_canvas_parse(text, len, opts, err);
    }
    return cv;
}
