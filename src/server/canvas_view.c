/* canvas_view.c - canvases as the API has them; see api_json.h. */
#include "base/json.h"
#include "server/api_json.h"

json_t *om_box_json(omost_box b)
{
    return json_pack("[i,i,i,i]", b.top, b.bottom, b.left, b.right);
}

json_t *om_rgb_json(omost_rgb c)
{
    return json_pack("[i,i,i]", c.r, c.g, c.b);
}

static json_t *texts_json(omost_texts t)
{
    json_t *a = json_array();
    for (size_t i = 0; i < t.n; i++)
        om_json_append(&a, om_json_new_str(t.p[i]));
    return a;
}

json_t *om_note_json(const omost_note *note)
{
    json_t *o = json_object();
    om_json_put_int(&o, "line", note->line);
    om_json_put_int(&o, "col", note->col);
    om_json_put_int(&o, "len", note->len);
    om_json_put_str(&o, "message", om_str_of(note->msg));
    return o;
}

json_t *om_notes_json(const omost_canvas *cv)
{
    json_t *a = json_array();
    for (size_t i = 0; i < omost_canvas_note_count(cv); i++)
        om_json_append(&a, om_note_json(omost_canvas_note(cv, i)));
    return a;
}

om_str om_notes_text(om_arena *a, const omost_canvas *cv)
{
    if (omost_canvas_note_count(cv) == 0) return OM_STR("");
    return om_json_text(a, om_notes_json(cv));
}

static json_t *condition_json(const omost_condition *c)
{
    json_t *o = json_object();
    om_json_put(&o, "region",
                c->is_global ? json_null()
                             : json_integer((json_int_t)c->region));
    om_json_put(&o, "box", om_box_json(c->box));
    om_json_put(&o, "color", om_rgb_json(c->color));
    om_json_put(&o, "prefixes", texts_json(c->prefixes));
    om_json_put(&o, "suffixes", texts_json(c->suffixes));
    return o;
}

json_t *om_layout_json(const omost_canvas *cv)
{
    omost_error err;
    json_t *a = json_array();
    omost_layout *lo = omost_layout_new(cv, &err);
    for (size_t i = 0; lo && i < omost_layout_count(lo); i++)
        om_json_append(&a, condition_json(omost_layout_item(lo, i)));
    if (!lo) {
        json_decref(a);
        a = NULL;
    }
    omost_layout_free(lo);
    return a;
}

json_t *om_canvas_value(const omost_canvas *cv)
{
    omost_error err;
    size_t n = 0;
    char *text = omost_canvas_to_json(cv, &n, &err);
    json_t *v =
        text ? om_json_parse((om_str){text, n}, "the canvas", &err) : NULL;
    omost_text_free(NULL, text);
    return v;
}

static json_t *word(omost_word_kind kind, int i)
{
    const char *w = omost_word(kind, i);
    return json_string(w ? w : "");
}

json_t *om_global_json(const omost_global *g)
{
    json_t *o = json_object();
    om_json_put_str(&o, "description", g->description);
    om_json_put(&o, "detailed_descriptions",
                texts_json(g->detailed_descriptions));
    om_json_put_str(&o, "tags", g->tags);
    om_json_put(&o, "HTML_web_color_name", word(OMOST_WORD_COLOR, g->color));
    om_json_put(&o, "rgb", om_rgb_json(omost_color_rgb(g->color)));
    om_json_put_int(&o, "line", g->line);
    return o;
}

json_t *om_region_json(const omost_region *r)
{
    json_t *o = json_object();
    om_json_put(&o, "location", word(OMOST_WORD_LOCATION, r->location));
    om_json_put(&o, "offset", word(OMOST_WORD_OFFSET, r->offset));
    om_json_put(&o, "area", word(OMOST_WORD_AREA, r->area));
    om_json_put(&o, "distance_to_viewer", json_real(r->distance.value));
    om_json_put_str(&o, "description", r->description);
    om_json_put(&o, "detailed_descriptions",
                texts_json(r->detailed_descriptions));
    om_json_put_str(&o, "tags", r->tags);
    om_json_put_str(&o, "atmosphere", r->atmosphere);
    om_json_put_str(&o, "style", r->style);
    om_json_put_str(&o, "quality_meta", r->quality_meta);
    om_json_put(&o, "HTML_web_color_name", word(OMOST_WORD_COLOR, r->color));
    om_json_put(&o, "rgb", om_rgb_json(omost_color_rgb(r->color)));
    om_json_put(&o, "box", om_box_json(omost_region_box(r)));
    om_json_put_int(&o, "line", r->line);
    return o;
}

json_t *om_canvas_json(const om_canvas_row *row, const omost_canvas *cv)
{
    omost_error err;
    size_t n = 0;
    json_t *o = row ? om_version_json(row) : json_object();
    char *python = omost_canvas_to_python(cv, OMOST_PYTHON_PLAIN, &n, &err);
    om_json_put(&o, "python",
                python ? om_json_new_str((om_str){python, n}) : NULL);
    om_json_put(&o, "json", om_canvas_value(cv));
    if (row && row->notes.n)
        om_json_put_raw(&o, "notes", row->notes);
    else
        om_json_put(&o, "notes", row ? json_array() : om_notes_json(cv));
    om_json_put(&o, "layout", om_layout_json(cv));
    omost_text_free(NULL, python);
    return o;
}
