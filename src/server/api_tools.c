/* api_tools.c - canvases that are not kept: read, compare, convert, show. */
#include "base/json.h"
#include "omost/picture.h"
#include "server/api.h"

/* ---- what others use too ---------------------------------------------- */

static omost_canvas *read_json(const json_t *v, const omost_read_opts *opts,
                               omost_error *err)
{
    om_buf b;
    omost_canvas *cv = NULL;
    om_buf_init(&b, NULL, OM_MAX_JSON_BODY);
    om_json_write(&b, v, false);
    if (om_buf_check(&b, "the canvas", err) == OMOST_OK)
        cv = omost_canvas_read(b.p, b.n, opts, err);
    om_buf_free(&b);
    return cv;
}

omost_canvas *om_request_canvas(const json_t *o, const char *text_key,
                                const char *json_key, bool strict,
                                omost_error *err)
{
    const omost_read_opts opts = {.strict = strict};
    const json_t *json = json_object_get(o, json_key);
    om_str text;
    if (json && !json_is_null(json)) {
        const json_t *both = json_object_get(o, text_key);
        if (both && !json_is_null(both)) {
            om_fail(err, OMOST_USAGE,
                    "the request has two canvases, %s and %s; say one",
                    text_key, json_key);
            return NULL;
        }
        if (json_is_object(json) || json_is_array(json))
            return read_json(json, &opts, err);
        om_fail(err, OMOST_USAGE, "%s must be an object", json_key);
        return NULL;
    }
    if (om_member_str(o, text_key, &text, err) != OMOST_OK) return NULL;
    if (text.p) return omost_canvas_read(text.p, text.n, &opts, err);
    om_fail(err, OMOST_USAGE, "the request has no canvas: a member \"%s\"",
            text_key);
    return NULL;
}

json_t *om_diff_json(const omost_canvas *before, const omost_canvas *after,
                     omost_error *err)
{
    size_t n = 0, m = 0;
    json_t *o = NULL;
    omost_diff *d = omost_diff_new(before, after, err);
    char *json = d ? omost_diff_to_json(d, &n, err) : NULL;
    char *text = json ? omost_diff_to_text(d, &m, err) : NULL;
    if (text) {
        json_t *all = om_json_parse((om_str){json, n}, "the changes", err);
        json_t *changes = json_object_get(all, "changes");
        o = json_object();
        om_json_put(&o, "changes", changes ? json_incref(changes) : NULL);
        json_decref(all);
        om_json_put_str(&o, "text", (om_str){text, m});
        if (!o) om_fail_nomem(err);
    }
    omost_text_free(NULL, json);
    omost_text_free(NULL, text);
    omost_diff_free(d);
    return o;
}

json_t *om_converted_json(const omost_canvas *cv, om_str to, omost_error *err)
{
    char *text = NULL;
    size_t n = 0;
    json_t *o = json_object();
    if (om_str_eqz(to, "python"))
        text = omost_canvas_to_python(cv, OMOST_PYTHON_PLAIN, &n, err);
    else if (om_str_eqz(to, "reply"))
        text = omost_canvas_to_python(cv, OMOST_PYTHON_FENCED, &n, err);
    else if (om_str_eqz(to, "json"))
        text = omost_canvas_to_json(cv, &n, err);
    else if (om_str_eqz(to, "comfy"))
        text = omost_canvas_to_comfy(cv, &n, err);
    else
        om_fail(err, OMOST_USAGE,
                "to what? \"to\" is python, json, comfy or reply");
    if (text)
        om_json_put_str(&o, "text", (om_str){text, n});
    else
        json_decref(o);
    omost_text_free(NULL, text);
    if (text && !o) om_fail_nomem(err);
    return text ? o : NULL;
}

omost_status om_answer_preview(om_response *rs, const omost_canvas *cv,
                               bool svg, bool labels, int size,
                               omost_error *err)
{
    const omost_preview_opts o = {.width = size,
                                  .height = size,
                                  .labels = labels ? OMOST_LABELS_PLAIN
                                                   : OMOST_LABELS_NONE};
    size_t n = 0;
    void *bytes = svg ? (void *)omost_preview_svg(cv, &o, &n, err)
                      : (void *)omost_preview_png(cv, &o, &n, err);
    if (!bytes) return err->status;
    om_buf_put(&rs->body, bytes, n);
    omost_preview_free(NULL, bytes);
    rs->type = svg ? "image/svg+xml" : "image/png";
    return om_buf_check(&rs->body, "the picture", err);
}

/* ---- handlers --------------------------------------------------------- */

static const char *const parse_members[] = {"text", "json", "strict", NULL};

static omost_canvas *parse(om_request *rq, omost_error *err)
{
    bool strict = false;
    if (om_members(rq->json, "the request", parse_members, err) != OMOST_OK ||
        om_member_bool(rq->json, "strict", false, &strict, err) != OMOST_OK)
        return NULL;
    return om_request_canvas(rq->json, "text", "json", strict, err);
}

omost_status om_post_parse(om_request *rq, om_response *rs, omost_error *err)
{
    omost_canvas *cv = parse(rq, err);
    if (!cv) return err->status;
    omost_status st = om_response_json(rs, om_canvas_json(NULL, cv), err);
    omost_canvas_free(cv);
    return st;
}

omost_status om_post_format(om_request *rq, om_response *rs, omost_error *err)
{
    omost_canvas *cv = parse(rq, err);
    if (!cv) return err->status;
    json_t *v = om_converted_json(cv, OM_STR("python"), err);
    if (v) om_json_put(&v, "notes", om_notes_json(cv));
    omost_canvas_free(cv);
    return v ? om_response_json(rs, v, err)
             : (err->status ? err->status : om_fail_nomem(err));
}

omost_status om_post_convert(om_request *rq, om_response *rs, omost_error *err)
{
    static const char *const known[] = {"text", "json", "to", NULL};
    om_str to = {0};
    omost_status st = om_members(rq->json, "the request", known, err);
    if (st == OMOST_OK) st = om_member_str(rq->json, "to", &to, err);
    if (st != OMOST_OK) return st;
    omost_canvas *cv = om_request_canvas(rq->json, "text", "json", false, err);
    if (!cv) return err->status;
    json_t *v = om_converted_json(cv, to, err);
    omost_canvas_free(cv);
    return v ? om_response_json(rs, v, err) : err->status;
}

omost_status om_post_preview(om_request *rq, om_response *rs, omost_error *err)
{
    static const char *const known[] = {"text", "json",   "format",
                                        "size", "labels", NULL};
    om_str format = {0};
    bool labels = false;
    int64_t size = 0;
    omost_status st = om_members(rq->json, "the request", known, err);
    if (st == OMOST_OK) st = om_member_str(rq->json, "format", &format, err);
    if (st == OMOST_OK)
        st = om_member_bool(rq->json, "labels", false, &labels, err);
    if (st == OMOST_OK)
        st = om_member_int(rq->json, "size", 0, OMOST_PREVIEW_MIN, 4096, &size,
                           err);
    if (st != OMOST_OK) return st;
    const bool svg = om_str_eqz(format, "svg");
    if (format.p && !svg && !om_str_eqz(format, "png"))
        return om_fail(err, OMOST_USAGE, "format is png or svg");
    omost_canvas *cv = om_request_canvas(rq->json, "text", "json", false, err);
    if (!cv) return err->status;
    st = om_answer_preview(rs, cv, svg, labels, (int)size, err);
    omost_canvas_free(cv);
    return st;
}

static omost_status read_box(const json_t *o, omost_box *out, omost_error *err)
{
    const json_t *a = json_object_get(o, "box");
    int64_t v[4] = {0};
    bool fine = json_is_array(a) && json_array_size(a) == 4;
    for (size_t i = 0; fine && i < 4; i++) {
        const json_t *x = json_array_get(a, i);
        v[i] = json_integer_value(x);
        fine =
            json_is_integer(x) && v[i] >= -OMOST_GRID && v[i] <= 2 * OMOST_GRID;
    }
    if (!fine || v[0] >= v[1] || v[2] >= v[3])
        return om_fail(err, OMOST_RANGE,
                       "box must be [top, bottom, left, right], whole numbers "
                       "of the grid of 90");
    *out = (omost_box){(int)v[0], (int)v[1], (int)v[2], (int)v[3]};
    return OMOST_OK;
}

omost_status om_post_nearest(om_request *rq, om_response *rs, omost_error *err)
{
    static const char *const known[] = {"box", NULL};
    omost_box box = {0};
    int location, offset, area;
    double iou = 0;
    omost_status st = om_members(rq->json, "the request", known, err);
    if (st == OMOST_OK) st = read_box(rq->json, &box, err);
    if (st != OMOST_OK) return st;
    omost_box_nearest(box, &location, &offset, &area, &iou);
    json_t *o = json_object();
    om_json_put(&o, "location",
                json_string(omost_word(OMOST_WORD_LOCATION, location)));
    om_json_put(&o, "offset",
                json_string(omost_word(OMOST_WORD_OFFSET, offset)));
    om_json_put(&o, "area", json_string(omost_word(OMOST_WORD_AREA, area)));
    om_json_put(&o, "box", om_box_json(omost_box_of(location, offset, area)));
    om_json_put(&o, "iou", json_real(iou));
    return om_response_json(rs, o, err);
}

omost_status om_post_diff(om_request *rq, om_response *rs, omost_error *err)
{
    static const char *const known[] = {"before", "after", NULL};
    omost_status st = om_members(rq->json, "the request", known, err);
    if (st != OMOST_OK) return st;
    json_t *v = NULL;
    omost_canvas *before =
        om_request_canvas(rq->json, "before", "", false, err);
    omost_canvas *after =
        before ? om_request_canvas(rq->json, "after", "", false, err) : NULL;
    if (after) v = om_diff_json(before, after, err);
    omost_canvas_free(before);
    omost_canvas_free(after);
    return v ? om_response_json(rs, v, err) : err->status;
}
