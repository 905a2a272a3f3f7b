/* preview.c - the public functions: options checked, scene made, scene drawn. */
#include "image/png.h"
#include "preview/preview.h"

enum {
    MAX_SVG = 64 << 20,
    /* larger than any PNG of a picture within the limits of image/raster.h */
    MAX_PNG = 512 << 20
};

/* ---- options ----------------------------------------------------------- */

static omost_status check_side(const char *name, int v, omost_error *err)
{
    if (v >= OMOST_PREVIEW_MIN && v <= OMOST_PREVIEW_MAX) return OMOST_OK;
    return om_fail(err, OMOST_RANGE, "a preview's %s is %d to %d pixels, not %d", name,
                   OMOST_PREVIEW_MIN, OMOST_PREVIEW_MAX, v);
}

/* `opts` with its zeroes replaced. */
static omost_status settle(const omost_preview_opts *opts, omost_preview_opts *o,
                           omost_error *err)
{
    *o = opts ? *opts : (omost_preview_opts){0};
    if ((unsigned)o->labels > OMOST_LABELS_PLAIN)
        return om_fail(err, OMOST_RANGE, "no such kind of labels: %d", (int)o->labels);
    if ((unsigned)o->theme > OMOST_THEME_DARK)
        return om_fail(err, OMOST_RANGE, "no such theme: %d", (int)o->theme);
    if (o->width == 0 && o->height == 0)
        o->width = o->labels == OMOST_LABELS_NONE ? (int)OMOST_GRID : OMOST_PREVIEW_LABELLED;
    if (o->width == 0) o->width = o->height;
    if (o->height == 0) o->height = o->width;
    omost_status st = check_side("width", o->width, err);
    return st == OMOST_OK ? check_side("height", o->height, err) : st;
}

/* ---- the scene --------------------------------------------------------- */

typedef struct drawing {
    omost_layout *layout;
    om_font *font;
    om_scene scene;
    om_view view;
} drawing;

static omost_status start(drawing *d, const omost_canvas *cv, const omost_preview_opts *o,
                          omost_error *err)
{
    d->layout = omost_layout_new(cv, err);
    if (!d->layout) return err ? err->status : OMOST_NOMEM;
    d->font = om_font_new(o->env, err);
    if (!d->font) return err ? err->status : OMOST_NOMEM;
    om_scene *s = &d->scene;
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

static void finish(drawing *d)
{
    om_scene_free(&d->scene);
    om_font_free(d->font);
    omost_layout_free(d->layout);
}

/* ---- pictures ---------------------------------------------------------- */

static omost_status draw_pixels(const omost_canvas *cv, const omost_preview_opts *o,
                                om_picture *pic, omost_error *err)
{
    drawing d = {0};
    uint8_t cells[OMOST_GRID * OMOST_GRID * 3];
    *pic = (om_picture){.env = o->env};
    omost_status st = start(&d, cv, o, err);
    if (st == OMOST_OK) {
        omost_layout_composition(d.layout, cells);
        st = om_scene_paint(&d.scene, cells, pic, err);
    }
    finish(&d);
    return st;
}

uint8_t *omost_preview_png(const omost_canvas *cv, const omost_preview_opts *opts, size_t *len,
                           omost_error *err)
{
    omost_preview_opts o;
    om_picture pic = {0};
    uint8_t *bytes = NULL;
    omost_status st = settle(opts, &o, err);
    om_buf out;
    om_buf_init(&out, o.env, MAX_PNG);
    if (st == OMOST_OK) st = draw_pixels(cv, &o, &pic, err);
    if (st == OMOST_OK) st = om_png_encode(&out, om_picture_pixels(&pic), NULL, 0, err);
    if (st == OMOST_OK) bytes = (uint8_t *)om_buf_steal(&out, len);
    om_picture_free(&pic);
    om_buf_free(&out);
    return bytes;
}

omost_status omost_preview_png_save(const omost_canvas *cv, const char *path,
                                    const omost_preview_opts *opts, omost_error *err)
{
    omost_preview_opts o;
    om_picture pic = {0};
    omost_status st = settle(opts, &o, err);
    if (st == OMOST_OK) st = draw_pixels(cv, &o, &pic, err);
    if (st == OMOST_OK)
        st = om_png_save(o.env, path, om_picture_pixels(&pic), NULL, 0, err);
    om_picture_free(&pic);
    return st;
}

char *omost_preview_svg(const omost_canvas *cv, const omost_preview_opts *opts, size_t *len,
                        omost_error *err)
{
    omost_preview_opts o;
    drawing d = {0};
    char *text = NULL;
    omost_status st = settle(opts, &o, err);
    om_buf out;
    om_buf_init(&out, o.env, MAX_SVG);
    if (st == OMOST_OK) st = start(&d, cv, &o, err);
    if (st == OMOST_OK) {
        om_str desc = om_scene_printf(&d.scene, "%zu regions on a %.*s background", d.view.n,
                                      OM_STR_ARG(d.view.background_name));
        om_scene_svg(&d.scene, d.view.title, desc, &out);
        st = om_scene_check(&d.scene, err);
    }
    if (st == OMOST_OK) st = om_buf_check(&out, "the SVG", err);
    if (st == OMOST_OK) text = om_buf_steal(&out, len);
    finish(&d);
    om_buf_free(&out);
    return text;
}

void omost_preview_free(const omost_env *env, void *bytes)
{
    om_free(env, bytes);
}
