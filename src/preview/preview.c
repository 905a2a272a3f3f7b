/* preview.c - the public functions: options checked, scene made, scene drawn. */
#include "preview/preview.h"
#include "image/png.h"

enum {
    MAX_SVG = 64 << 20,
    /* larger than any PNG of a picture within the limits of image/raster.h */
    MAX_PNG = 512 << 20
};

/* ---- options ----------------------------------------------------------- */

static omost_status check_side(const char *name, int v, omost_error *err)
{
    if (v >= OMOST_PREVIEW_MIN && v <= OMOST_PREVIEW_MAX) return OMOST_OK;
    return om_fail(err, OMOST_RANGE,
                   "a preview's %s is %d to %d pixels, not %d", name,
                   OMOST_PREVIEW_MIN, OMOST_PREVIEW_MAX, v);
}

/* `opts` with its zeroes replaced. */
static omost_status settle(const omost_preview_opts *opts,
                           omost_preview_opts *o, omost_error *err)
{
    *o = opts ? *opts : (omost_preview_opts){0};
    if ((unsigned)o->labels > OMOST_LABELS_PLAIN)
        return om_fail(err, OMOST_RANGE, "no such kind of labels: %d",
                       (int)o->labels);
    if ((unsigned)o->theme > OMOST_THEME_DARK)
        return om_fail(err, OMOST_RANGE, "no such theme: %d", (int)o->theme);
    if (o->width == 0 && o->height == 0)
        o->width = o->labels == OMOST_LABELS_NONE ? (int)OMOST_GRID
                                                  : OMOST_PREVIEW_LABELLED;
    if (o->width == 0) o->width = o->height;
    if (o->height == 0) o->height = o->width;
    omost_status st = check_side("width", o->width, err);
    return st == OMOST_OK ? check_side("height", o->height, err) : st;
}

/* ---- the scene --------------------------------------------------------- */

static omost_status add_everything(om_drawing *d, const omost_canvas *cv,
                                   omost_error *err)
{
    om_scene *s = &d->scene;
    const omost_preview_opts *o = &d->opts;
    om_scene_init(s, o->env, d->font);
    s->layout = (om_rect){0, 0, o->width, o->height};
    s->width = o->width;
    s->height = o->height;
    om_view_init(&d->view, s, cv, d->layout, o->theme);
    om_view_add_layers(&d->view, s);
    if (o->labels != OMOST_LABELS_NONE) {
        omost_status st = om_view_add_labels(&d->view, s, err);
        if (st != OMOST_OK) return st;
    }
    if (o->labels == OMOST_LABELS_LEGEND) om_view_add_legend(&d->view, s);
    return om_scene_check(s, err);
}

omost_status om_drawing_start(om_drawing *d, const omost_canvas *cv,
                              const omost_preview_opts *opts, omost_error *err)
{
    omost_error unread;
    if (!err) err = &unread;
    om_error_clear(err);
    *d = (om_drawing){0};
    omost_status st = settle(opts, &d->opts, err);
    if (st != OMOST_OK) return st;
    d->layout = omost_layout_new(cv, err);
    if (!d->layout) return err->status;
    if (d->opts.labels != OMOST_LABELS_NONE) { /* else nothing is written */
        d->font = om_font_new(d->opts.env, err);
        if (!d->font) return err->status;
    }
    return add_everything(d, cv, err);
}

void om_drawing_finish(om_drawing *d)
{
    om_scene_free(&d->scene);
    om_font_free(d->font);
    omost_layout_free(d->layout);
}

/* ---- pictures ---------------------------------------------------------- */

static omost_status draw_pixels(const omost_canvas *cv,
                                const omost_preview_opts *opts, om_picture *pic,
                                omost_error *err)
{
    om_drawing d;
    uint8_t cells[OMOST_GRID * OMOST_GRID * 3];
    *pic = (om_picture){0};
    omost_status st = om_drawing_start(&d, cv, opts, err);
    if (st == OMOST_OK) {
        omost_layout_composition(d.layout, cells);
        st = om_scene_paint(&d.scene, cells, pic, err);
    }
    om_drawing_finish(&d);
    return st;
}

static om_pixels drawn(const om_picture *pic)
{
    om_pixels px = om_picture_pixels(pic);
    px.is_flat = true;
    return px;
}

uint8_t *omost_preview_png(const omost_canvas *cv,
                           const omost_preview_opts *opts, size_t *len,
                           omost_error *err)
{
    om_picture pic;
    uint8_t *bytes = NULL;
    om_buf out;
    om_buf_init(&out, opts ? opts->env : NULL, MAX_PNG);
    omost_status st = draw_pixels(cv, opts, &pic, err);
    if (st == OMOST_OK) st = om_png_encode(&out, drawn(&pic), NULL, 0, err);
    if (st == OMOST_OK) bytes = (uint8_t *)om_buf_steal(&out, len);
    om_picture_free(&pic);
    om_buf_free(&out);
    return bytes;
}

omost_status omost_preview_png_save(const omost_canvas *cv, const char *path,
                                    const omost_preview_opts *opts,
                                    omost_error *err)
{
    om_picture pic;
    omost_status st = draw_pixels(cv, opts, &pic, err);
    if (st == OMOST_OK)
        st = om_png_save(opts ? opts->env : NULL, path, drawn(&pic), NULL, 0,
                         err);
    om_picture_free(&pic);
    return st;
}

char *omost_preview_svg(const omost_canvas *cv, const omost_preview_opts *opts,
                        size_t *len, omost_error *err)
{
    om_drawing d;
    char *text = NULL;
    om_buf out;
    om_buf_init(&out, opts ? opts->env : NULL, MAX_SVG);
    omost_status st = om_drawing_start(&d, cv, opts, err);
    if (st == OMOST_OK) {
        om_str desc = om_scene_printf(&d.scene, "%.*s on a %.*s background",
                                      OM_STR_ARG(d.view.count),
                                      OM_STR_ARG(d.view.background_name));
        om_scene_svg(&d.scene, d.view.title, desc, &out);
        st = om_scene_check(&d.scene, err);
    }
    if (st == OMOST_OK) st = om_buf_check(&out, "the SVG", err);
    if (st == OMOST_OK) text = om_buf_steal(&out, len);
    om_drawing_finish(&d);
    om_buf_free(&out);
    return text;
}

void omost_preview_free(const omost_env *env, void *bytes)
{
    om_free(env, bytes);
}
