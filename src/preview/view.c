/* view.c - see preview.h: regions as they are shown, and their layers. */
#include <math.h>
#include <stdio.h>

#include "preview/preview.h"

/* Outlines: light, far apart in hue, and such that neighbours in the list are
 * easy to tell from each other. They repeat after twelve: numbers tell then. */
static const om_rgba hues[] = {
    {0xff, 0x5c, 0x5c, 0xff}, {0x4c, 0xc9, 0xf0, 0xff},
    {0xff, 0xd2, 0x3f, 0xff}, {0xc0, 0x7d, 0xff, 0xff},
    {0x74, 0xd6, 0x80, 0xff}, {0xff, 0x9f, 0x2e, 0xff},
    {0x5b, 0x9b, 0xff, 0xff}, {0xff, 0x7a, 0xbd, 0xff},
    {0xb9, 0xe0, 0x2b, 0xff}, {0x2f, 0xd0, 0xbd, 0xff},
    {0xe3, 0xb8, 0xff, 0xff}, {0xdb, 0xac, 0x7a, 0xff},
};
enum { N_HUES = sizeof hues / sizeof *hues };

/* ---- contrast ---------------------------------------------------------- */

static double linear(uint8_t v)
{
    double s = v / 255.0;
    return s <= 0.04045 ? s / 12.92 : pow((s + 0.055) / 1.055, 2.4);
}

static double luminance(om_rgba c)
{
    return 0.2126 * linear(c.r) + 0.7152 * linear(c.g) + 0.0722 * linear(c.b);
}

double om_contrast(om_rgba a, om_rgba b)
{
    double x = luminance(a), y = luminance(b);
    return (x > y ? x + 0.05 : y + 0.05) / (x > y ? y + 0.05 : x + 0.05);
}

om_rgba om_ink_on(om_rgba paper)
{
    om_rgba black = {0x00, 0x00, 0x00, 0xff}, soft = {0x14, 0x15, 0x18, 0xff};
    om_rgba white = {0xff, 0xff, 0xff, 0xff};
    if (om_contrast(white, paper) > om_contrast(black, paper)) return white;
    return om_contrast(soft, paper) >= 4.5 ? soft : black;
}

/* ---- texts ------------------------------------------------------------- */

/* A number as people write it, with a point in every locale. */
static om_str distance_text(om_scene *s, const omost_number *n)
{
    char text[32];
    if (isinf(n->value)) return om_scene_printf(s, "distance infinite");
    snprintf(text, sizeof text, "%.4g", n->value);
    for (char *p = text; *p; p++)
        if (!strchr("0123456789+-e", *p)) *p = '.';
    return om_scene_printf(s, "distance %s", text);
}

static om_str place_text(om_scene *s, const omost_region *r)
{
    const char *where = omost_word(OMOST_WORD_LOCATION, r->location);
    const char *offset = omost_word(OMOST_WORD_OFFSET, r->offset);
    if (strcmp(offset, "no offset") == 0)
        return om_scene_printf(s, "%s", where);
    return om_scene_printf(s, "%s, %s", where, offset);
}

static om_str name_of(om_scene *s, om_str description, const char *without)
{
    om_str name = om_scene_plain(s, description);
    return name.n ? name : om_str_of(without);
}

/* ---- the view ---------------------------------------------------------- */

static om_rect pixels_of(omost_box b, om_rect layout)
{
    int x0 = om_stretch_edge(b.left, OMOST_GRID, layout.w);
    int x1 = om_stretch_edge(b.right, OMOST_GRID, layout.w);
    int y0 = om_stretch_edge(b.top, OMOST_GRID, layout.h);
    int y1 = om_stretch_edge(b.bottom, OMOST_GRID, layout.h);
    return (om_rect){layout.x + x0, layout.y + y0, x1 - x0, y1 - y0};
}

static void show_region(om_view *v, om_scene *s, size_t i,
                        const omost_condition *item)
{
    const omost_region *r = omost_canvas_region(v->canvas, item->region);
    v->region[i] = (om_shown){
        .item = item,
        .region = r,
        .number = om_scene_printf(s, "%zu", i + 1),
        .name = name_of(s, r->description, "without a description"),
        .color = om_str_of(omost_word(OMOST_WORD_COLOR, r->color)),
        .distance = distance_text(s, &r->distance),
        .place = place_text(s, r),
        .area = om_str_of(omost_word(OMOST_WORD_AREA, r->area)),
        .hue = hues[i % N_HUES],
        .box = pixels_of(item->box, s->layout),
    };
}

static int number_size(const om_view *v)
{
    return v->em * 4 / 5 > 9 ? v->em * 4 / 5 : 9;
}

/* One size for all badges, so that they line up. */
static void measure_badges(om_view *v, om_scene *s)
{
    v->badge_h = v->em * 4 / 3;
    v->badge_w = v->badge_h;
    for (size_t i = 0; i < v->n; i++) {
        int w = om_font_width(s->font, number_size(v), v->region[i].number) +
                v->em * 3 / 5;
        if (w > v->badge_w) v->badge_w = w;
    }
}

/* 1/64 of the layout's shorter side, but readable where that is small. */
static int em_of(om_rect layout)
{
    int em = (layout.w < layout.h ? layout.w : layout.h) / 64;
    return em < 11 ? 11 : em > 128 ? 128 : em;
}

void om_view_init(om_view *v, om_scene *s, const omost_canvas *cv,
                  const omost_layout *lo, omost_preview_theme theme)
{
    const omost_condition *base = omost_layout_item(lo, 0);
    const omost_global *g = omost_canvas_global(cv);
    *v = (om_view){
        .canvas = cv, .layout = lo, .theme = theme, .background = base->color};
    v->em = em_of(s->layout);
    v->title = g ? name_of(s, g->description, "No description of the whole")
                 : OM_STR("No description of the whole");
    v->background_name =
        om_str_of(omost_word(OMOST_WORD_COLOR,
                             g ? g->color : omost_color_nearest(base->color)));
    size_t n = omost_layout_count(lo) - 1;
    v->count = n == 0   ? OM_STR("no regions")
               : n == 1 ? OM_STR("1 region")
                        : om_scene_printf(s, "%zu regions", n);
    v->region = om_arena_array(&s->texts, n, sizeof *v->region);
    if (!v->region) {
        s->status = OMOST_NOMEM;
        return;
    }
    v->n = n;
    for (size_t i = 0; i < n; i++)
        show_region(v, s, i, omost_layout_item(lo, n - i));
    if (s->font) measure_badges(v, s);
}

static om_rgba opaque(omost_rgb c)
{
    return (om_rgba){c.r, c.g, c.b, 0xff};
}

void om_view_add_layers(const om_view *v, om_scene *s)
{
    om_scene_add(s, (om_op){.kind = OM_OP_BASE,
                            .r = s->layout,
                            .color = opaque(v->background)});
    for (size_t i = v->n; i-- > 0;) {
        const om_shown *r = &v->region[i];
        om_str title = om_scene_printf(s, "%.*s. %.*s", OM_STR_ARG(r->number),
                                       OM_STR_ARG(r->name));
        om_str desc =
            om_scene_printf(s, "%.*s, %.*s, %.*s, colour %.*s",
                            OM_STR_ARG(r->place), OM_STR_ARG(r->area),
                            OM_STR_ARG(r->distance), OM_STR_ARG(r->color));
        om_scene_add(s,
                     (om_op){.kind = OM_OP_OPEN, .text = title, .more = desc});
        om_scene_add(s, (om_op){.kind = OM_OP_LAYER,
                                .r = r->box,
                                .color = opaque(r->item->color)});
        om_scene_add(s, (om_op){.kind = OM_OP_CLOSE});
    }
}

void om_view_add_badge(const om_view *v, om_scene *s, const om_shown *r, int x,
                       int y)
{
    int size = number_size(v), w = om_font_width(s->font, size, r->number);
    om_rect at = {x, y, v->badge_w, v->badge_h};
    om_scene_add(s, (om_op){.kind = OM_OP_FILL,
                            .r = at,
                            .n = v->badge_h / 2,
                            .color = r->hue});
    om_scene_text(s, x + (v->badge_w - w) / 2,
                  y + (v->badge_h + om_font_cap_height(size)) / 2, size,
                  om_ink_on(r->hue), v->badge_w, r->number);
}
