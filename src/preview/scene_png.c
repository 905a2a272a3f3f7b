/* scene_png.c - the scene as pixels. */
#include "preview/scene.h"

static void paint(const om_scene *s, const om_op *op, const uint8_t *cells,
                  om_picture *pic)
{
    om_rect r = op->r;
    switch (op->kind) {
    case OM_OP_BASE:
        om_picture_stretch(pic, r, cells, OMOST_GRID, OMOST_GRID);
        break;
    case OM_OP_FILL:
        if (op->n)
            om_picture_fill_round(pic, r, op->n, op->color);
        else
            om_picture_fill(pic, r, op->color);
        break;
    case OM_OP_FRAME: om_picture_frame(pic, r, op->n, op->color); break;
    case OM_OP_LINE:
        om_picture_line(pic, r.x, r.y, r.x + r.w, r.y + r.h, op->n, op->color);
        break;
    case OM_OP_TEXT:
        om_font_draw(s->font, pic, r.x, r.y, op->n, op->color, op->text);
        break;
    case OM_OP_OPEN:
    case OM_OP_CLOSE:
    case OM_OP_LAYER: break;
    }
}

omost_status om_scene_paint(const om_scene *s, const uint8_t *cells,
                            om_picture *pic, omost_error *err)
{
    omost_status st =
        om_picture_init(pic, s->texts.env, s->width, s->height, err);
    if (st != OMOST_OK) return st;
    bool covered = s->layout.w == s->width && s->layout.h == s->height;
    if (!covered)
        om_picture_fill(pic, (om_rect){0, 0, s->width, s->height},
                        s->background);
    for (size_t i = 0; i < s->n; i++) paint(s, &s->op[i], cells, pic);
    st = om_scene_check(s, err);
    if (st != OMOST_OK) om_picture_free(pic);
    return st;
}
