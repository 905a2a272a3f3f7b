/* scene_svg.c - the scene as SVG 1.1, which stands alone: the only fonts are
 * the reader's own. Texts carry their measured width (textLength), so that
 * they fit their plates in another font as well. Accessible names are <title>
 * and <desc> elements, the first children of what they name; there are no ids,
 * which would clash when two pictures stand in one page. */
#include "image/svg.h"
#include "preview/scene.h"

static void put_rect(om_buf *b, om_rect r)
{
    om_svg_open(b, "rect");
    om_svg_int(b, "x", r.x);
    om_svg_int(b, "y", r.y);
    om_svg_int(b, "width", r.w);
    om_svg_int(b, "height", r.h);
}

static void put_element(om_buf *b, const char *name, om_str text)
{
    om_svg_open(b, name);
    om_svg_text(b, text);
    om_svg_end(b, name);
}

static void put_open(om_buf *b, const om_op *op)
{
    om_svg_open(b, "g");
    om_svg_attr(b, op->text.n ? "role" : "aria-hidden",
                op->text.n ? OM_STR("img") : OM_STR("true"));
    om_svg_close(b);
    if (op->text.n) put_element(b, "title", op->text);
    if (op->more.n) put_element(b, "desc", op->more);
}

static void put_fill(om_buf *b, const om_op *op)
{
    put_rect(b, op->r);
    if (op->n) om_svg_int(b, "rx", op->n);
    om_svg_color(b, "fill", op->color);
    om_svg_close_empty(b);
}

static void put_layer(om_buf *b, const om_op *op)
{
    put_rect(b, op->r);
    om_svg_color(b, "fill", op->color);
    om_svg_attr(b, "fill-opacity", OM_STR("0.7"));
    om_svg_attr(b, "shape-rendering", OM_STR("crispEdges"));
    om_svg_close_empty(b);
}

/* A stroke lies on the middle of its width. */
static void put_frame(om_buf *b, const om_op *op)
{
    om_svg_open(b, "rect");
    om_svg_half(b, "x", 2 * op->r.x + op->n);
    om_svg_half(b, "y", 2 * op->r.y + op->n);
    om_svg_int(b, "width", op->r.w > op->n ? op->r.w - op->n : 0);
    om_svg_int(b, "height", op->r.h > op->n ? op->r.h - op->n : 0);
    om_svg_attr(b, "fill", OM_STR("none"));
    om_svg_color(b, "stroke", op->color);
    om_svg_int(b, "stroke-width", op->n);
    om_svg_close_empty(b);
}

static void put_line(om_buf *b, const om_op *op)
{
    om_svg_open(b, "line");
    om_svg_half(b, "x1", 2 * op->r.x + 1);
    om_svg_half(b, "y1", 2 * op->r.y + 1);
    om_svg_half(b, "x2", 2 * (op->r.x + op->r.w) + 1);
    om_svg_half(b, "y2", 2 * (op->r.y + op->r.h) + 1);
    om_svg_color(b, "stroke", op->color);
    om_svg_int(b, "stroke-width", op->n);
    om_svg_attr(b, "stroke-linecap", OM_STR("round"));
    om_svg_close_empty(b);
}

static void put_text(om_buf *b, const om_op *op)
{
    om_svg_open(b, "text");
    om_svg_int(b, "x", op->r.x);
    om_svg_int(b, "y", op->r.y);
    om_svg_int(b, "font-size", op->n);
    om_svg_int(b, "textLength", op->r.w);
    om_svg_attr(b, "lengthAdjust", OM_STR("spacingAndGlyphs"));
    om_svg_color(b, "fill", op->color);
    om_svg_text(b, op->text);
    om_svg_end(b, "text");
}

static void put_op(om_buf *b, const om_op *op)
{
    switch (op->kind) {
    case OM_OP_OPEN: put_open(b, op); break;
    case OM_OP_CLOSE: om_svg_end(b, "g"); break;
    case OM_OP_BASE: put_fill(b, op); break;
    case OM_OP_LAYER: put_layer(b, op); break;
    case OM_OP_FILL: put_fill(b, op); break;
    case OM_OP_FRAME: put_frame(b, op); break;
    case OM_OP_LINE: put_line(b, op); break;
    case OM_OP_TEXT: put_text(b, op); break;
    }
}

void om_scene_svg(const om_scene *s, om_str title, om_str desc, om_buf *out)
{
    om_buf_puts(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    om_buf_printf(
        out,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" version=\"1.1\" width=\"%d\" "
        "height=\"%d\" viewBox=\"0 0 %d %d\" role=\"group\" "
        "font-family=\"'DejaVu Sans', Verdana, sans-serif\">\n",
        s->width, s->height, s->width, s->height);
    put_element(out, "title", title);
    if (desc.n) put_element(out, "desc", desc);
    if (s->layout.w != s->width || s->layout.h != s->height)
        put_fill(out, &(om_op){.r = {0, 0, s->width, s->height},
                               .color = s->background});
    for (size_t i = 0; i < s->n; i++) put_op(out, &s->op[i]);
    om_svg_end(out, "svg");
}
