/* legend.c - the list of regions, nearest first, beside the layout or, where
 * that is narrow or flat, below it. Beside it the list must fit the height:
 * rows get plainer, then columns more; what still does not fit is counted. */
#include "preview/preview.h"

enum {
    BESIDE_WIDTH = 640, /* a layout smaller than this has its list below */
    BESIDE_HEIGHT = 400,
    MOST_COLUMNS = 4,
    MOST_BELOW = 150, /* rows below a layout */
    COLUMN_EMS = 23,
    NARROW_EMS = 18,
    LEAST_WIDTH = 240
};

/* What stands under a name, which itself may take two lines. */
typedef enum density {
    FULL,   /* place; area; distance and colour */
    FAIR,   /* place; distance and colour */
    MEDIUM, /* distance and colour */
    COMPACT /* nothing, and the name on one line */
} density;

typedef struct palette {
    om_rgba paper, ink, soft, line;
} palette;

static const palette palettes[] = {
    [OMOST_THEME_LIGHT] = {{0xfa, 0xfa, 0xf8, 0xff},
                           {0x1c, 0x1d, 0x20, 0xff},
                           {0x60, 0x62, 0x69, 0xff},
                           {0xdd, 0xdd, 0xd8, 0xff}},
    [OMOST_THEME_DARK] = {{0x17, 0x18, 0x1c, 0xff},
                          {0xf2, 0xf2, 0xf0, 0xff},
                          {0xa6, 0xa8, 0xb0, 0xff},
                          {0x37, 0x39, 0x41, 0xff}},
};

typedef struct list {
    const om_view *v;
    om_scene *s;
    palette c;
    density d;
    int columns, column_w; /* of columns, text and all */
    int height;            /* of a column */
    int x, y;              /* the upper left of the first column */
    int gutter;
    size_t fits; /* rows that have room */
} list;

static int em(const list *l)
{
    return l->v->em;
}

static int small(const list *l)
{
    return l->v->em * 4 / 5 > 10 ? l->v->em * 4 / 5 : 10;
}

static int text_x(const list *l)
{
    return l->v->badge_w + em(l) * 3 / 4;
}

/* ---- rows -------------------------------------------------------------- */

static int name_lines(const list *l, const om_shown *r)
{
    if (l->d == COMPACT) return 1;
    return om_font_width(l->s->font, em(l), r->name) > l->column_w - text_x(l)
               ? 2
               : 1;
}

static int row_height(const list *l, const om_shown *r)
{
    static const int more[] = {[FULL] = 3, [FAIR] = 2, [MEDIUM] = 1};
    int e = em(l), line = small(l) * 27 / 20;
    if (l->d == COMPACT) return e * 8 / 5;
    return e * 5 / 4 * name_lines(l, r) + more[l->d] * line +
           e * (l->d == FULL ? 12 : 7) / 16;
}

/* The part of a name that stands on its first line. */
static om_str first_line(const list *l, om_str name)
{
    return (om_str){name.p, om_font_break(l->s->font, em(l),
                                          l->column_w - text_x(l), name)};
}

static void add_swatch(const list *l, om_rect r, omost_rgb c)
{
    om_rgba fill = {c.r, c.g, c.b, 0xff}, edge = l->c.soft;
    int round = em(l) / 5;
    edge.a = 0xb0;
    om_scene_add(
        l->s, (om_op){.kind = OM_OP_FILL, .r = r, .n = round, .color = edge});
    r = (om_rect){r.x + 1, r.y + 1, r.w - 2, r.h - 2};
    om_scene_add(l->s, (om_op){.kind = OM_OP_FILL,
                               .r = r,
                               .n = round > 1 ? round - 1 : 1,
                               .color = fill});
}

/* The lines under a name; how many. */
static int row_lines(const list *l, const om_shown *r, om_str line[3])
{
    int n = 0;
    if (l->d == COMPACT) return 0;
    if (l->d != MEDIUM) line[n++] = r->place;
    if (l->d == FULL) line[n++] = r->area;
    line[n++] = om_scene_printf(l->s, "%.*s \xc2\xb7 %.*s",
                                OM_STR_ARG(r->distance), OM_STR_ARG(r->color));
    return n;
}

static void add_row_texts(const list *l, const om_shown *r, int x, int y)
{
    om_scene *s = l->s;
    int e = em(l), width = l->column_w - text_x(l);
    int baseline = y + (l->v->badge_h + om_font_cap_height(e)) / 2;
    om_str rest = r->name, line[3];
    if (name_lines(l, r) == 2) {
        om_str first = first_line(l, r->name);
        om_scene_text(s, x, baseline, e, l->c.ink, width,
                      om_str_strip(first, " "));
        rest = om_str_skip(r->name, first.n);
        baseline += e * 5 / 4;
    }
    om_scene_text(s, x, baseline, e, l->c.ink, width, rest);
    int n = row_lines(l, r, line);
    for (int i = 0; i < n; i++)
        om_scene_text(s, x, baseline += small(l) * 27 / 20, small(l), l->c.soft,
                      width, line[i]);
}

static void add_row(const list *l, const om_shown *r, int x, int y)
{
    int e = em(l), bw = l->v->badge_w, bh = l->v->badge_h;
    om_view_add_badge(l->v, l->s, r, x, y);
    if (l->d == COMPACT) {
        add_swatch(l, (om_rect){x + bw + e / 3, y + (bh - e) / 2, e, e},
                   r->item->color);
        list shifted = *l;
        shifted.column_w -= e * 6 / 5;
        add_row_texts(&shifted, r, x + text_x(l) + e * 6 / 5, y);
        return;
    }
    add_swatch(l, (om_rect){x, y + bh + e / 5, bw, e * 3 / 4}, r->item->color);
    add_row_texts(l, r, x + text_x(l), y);
}

/* ---- columns ----------------------------------------------------------- */

/* Walk the rows down the columns; draw them when `draw`. The number that have
 * room. */
static size_t flow(const list *l, bool draw)
{
    int column = 0, y = 0;
    for (size_t i = 0; i < l->v->n; i++) {
        const om_shown *r = &l->v->region[i];
        int h = row_height(l, r);
        if (y > 0 && y + h > l->height) {
            if (++column == l->columns) return i;
            y = 0;
        }
        if (draw && i < l->fits)
            add_row(l, r, l->x + column * (l->column_w + l->gutter), l->y + y);
        y += h;
    }
    return l->v->n;
}

/* Columns as short as the rows allow: `total` pixels of the first `n` rows
 * shared out, then grown until they hold them, to l->height at most. */
static void balance(list *l, size_t n)
{
    int total = 0, limit = l->height;
    for (size_t i = 0; i < n; i++) total += row_height(l, &l->v->region[i]);
    l->height = (total + l->columns - 1) / l->columns;
    while (l->height < limit && flow(l, false) < n) l->height += em(l) / 4;
}

/* Below a layout: as many columns as the width has room for, as short as the
 * rows allow. */
static void arrange_below(list *l, int width)
{
    size_t shown = l->v->n < MOST_BELOW ? l->v->n : MOST_BELOW;
    l->columns = (width + l->gutter) / (COLUMN_EMS * em(l) + l->gutter);
    if (l->columns < 1) l->columns = 1;
    if (l->columns > MOST_COLUMNS) l->columns = MOST_COLUMNS;
    l->column_w = (width - (l->columns - 1) * l->gutter) / l->columns;
    l->d = l->v->n <= 8 ? FULL : l->v->n <= 24 ? FAIR : MEDIUM;
    l->height = INT32_MAX;
    balance(l, shown);
    l->fits = shown;
}

/* ---- head and foot ----------------------------------------------------- */

static om_str summary(const list *l)
{
    if (l->v->n < 2) return l->v->count;
    return om_scene_printf(l->s, "%.*s \xc2\xb7 1 is nearest to the viewer",
                           OM_STR_ARG(l->v->count));
}

/* The next line of the title, the third and last of which takes the rest. */
static om_str title_line(const list *l, om_str *rest, int i, int width)
{
    size_t n = i < 2 ? om_font_break(l->s->font, em(l), width, *rest) : rest->n;
    om_str line = {rest->p, n};
    *rest = om_str_skip(*rest, n);
    return om_str_strip(line, " ");
}

static int head_height(const list *l, int width)
{
    om_str rest = l->v->title;
    int lines = 0;
    for (; lines < 3 && rest.n; lines++) title_line(l, &rest, lines, width);
    return em(l) * 27 / 20 * lines + small(l) * 27 / 10 + em(l) * 2;
}

/* The global description and colour, how many regions, a line. */
static void add_head(const list *l, int x, int y, int width)
{
    om_scene *s = l->s;
    int e = em(l), line = small(l) * 27 / 20, side = small(l),
        end = y + head_height(l, width);
    om_str rest = l->v->title;
    y += e;
    for (int i = 0; i < 3 && rest.n; i++, y += e * 27 / 20)
        om_scene_text(s, x, y, e, l->c.ink, width,
                      title_line(l, &rest, i, width));
    y = end - e * 3 / 2 - line;
    add_swatch(
        l, (om_rect){x, y - (om_font_cap_height(side) + side) / 2, side, side},
        l->v->background);
    om_scene_text(s, x + side * 3 / 2, y, side, l->c.soft, width - side * 3 / 2,
                  om_scene_printf(s, "%.*s background",
                                  OM_STR_ARG(l->v->background_name)));
    om_scene_text(s, x, y + line, side, l->c.soft, width, summary(l));
    om_scene_add(s, (om_op){.kind = OM_OP_FILL,
                            .r = {x, end - e, width, e / 16 + 1},
                            .color = l->c.line});
}

static void add_foot(const list *l, int x, int baseline, int width)
{
    size_t hidden = l->v->n - l->fits, bare = l->v->n_unlabelled;
    om_str text = {0};
    if (hidden)
        text = om_scene_printf(l->s, "and %zu more, farther away", hidden);
    else if (bare)
        text = om_scene_printf(l->s, "%zu without a label: no room", bare);
    if (text.n)
        om_scene_text(l->s, x, baseline, small(l), l->c.soft, width, text);
}

static list list_of(const om_view *v, om_scene *s)
{
    return (
        list){.v = v, .s = s, .c = palettes[v->theme], .gutter = v->em * 3 / 2};
}

/* Beside it: the richest rows that fit. */
static void legend_beside(list *l)
{
    static const struct {
        density d;
        int columns, ems;
    } tries[] = {
        {FULL, 1, COLUMN_EMS},    {FAIR, 1, COLUMN_EMS},
        {MEDIUM, 1, COLUMN_EMS},  {MEDIUM, 2, NARROW_EMS},
        {COMPACT, 1, COLUMN_EMS}, {COMPACT, 2, NARROW_EMS},
        {COMPACT, 3, NARROW_EMS}, {COMPACT, MOST_COLUMNS, NARROW_EMS},
    };
    om_scene *s = l->s;
    int pad = em(l) * 3 / 2, inner = 0, n_tries = sizeof tries / sizeof *tries;
    l->x = s->layout.w + pad;
    for (int i = 0; i < n_tries && (i == 0 || l->fits < l->v->n); i++) {
        l->d = tries[i].d;
        l->columns = tries[i].columns;
        l->column_w = tries[i].ems * em(l);
        inner = l->columns * l->column_w + (l->columns - 1) * l->gutter;
        l->y = pad + head_height(l, inner);
        l->height = s->layout.h - l->y - pad;
        l->fits = flow(l, false);
    }
    balance(l, l->fits);
    s->width = s->layout.w + inner + 2 * pad;
    /* the layout may be as light as the paper */
    om_scene_add(s, (om_op){.kind = OM_OP_FILL,
                            .r = {s->layout.w, 0, em(l) / 16 + 1, s->layout.h},
                            .color = l->c.line});
    add_head(l, l->x, pad, inner);
    flow(l, true);
    add_foot(l, l->x, s->layout.h - pad / 2, inner);
}

static void legend_below(list *l)
{
    om_scene *s = l->s;
    int pad = em(l) * 5 / 4;
    s->width = s->layout.w > LEAST_WIDTH ? s->layout.w : LEAST_WIDTH;
    int inner = s->width - 2 * pad;
    l->x = pad;
    arrange_below(l, inner);
    l->y = s->layout.h + pad + head_height(l, inner);
    om_scene_add(s, (om_op){.kind = OM_OP_FILL,
                            .r = {0, s->layout.h, s->layout.w, em(l) / 16 + 1},
                            .color = l->c.line});
    add_head(l, pad, s->layout.h + pad, inner);
    flow(l, true);
    s->height = l->y + l->height + pad;
    if (l->fits < l->v->n || l->v->n_unlabelled) s->height += em(l);
    add_foot(l, pad, s->height - pad / 2 - em(l) / 4, inner);
}

void om_view_add_legend(const om_view *v, om_scene *s)
{
    list l = list_of(v, s);
    s->background = l.c.paper;
    om_scene_add(s, (om_op){.kind = OM_OP_OPEN});
    if (s->layout.w >= BESIDE_WIDTH && s->layout.h >= BESIDE_HEIGHT)
        legend_beside(&l);
    else
        legend_below(&l);
    om_scene_add(s, (om_op){.kind = OM_OP_CLOSE});
}
