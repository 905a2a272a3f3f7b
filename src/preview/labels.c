/* labels.c - what is drawn on the layout: an outline round every region and a
 * plate with its number, name, distance and place.
 *
 * Outlines are light hues inside a dark casing, so that they show on any
 * colour. Boxes often share edges (the grid has few); there the outlines of
 * farther regions step inwards, so that none hides another. */
#include "preview/plates.h"
#include "preview/preview.h"

static const om_rgba casing = {0x10, 0x11, 0x14, 0xa8};
static const om_rgba plate_paper = {0x17, 0x18, 0x1d, 0xe0};
static const om_rgba plate_ink = {0xff, 0xff, 0xff, 0xff};
static const om_rgba plate_soft = {0xd0, 0xd2, 0xd8, 0xff};

enum { MOST_STEPS = 6 }; /* outlines side by side on one edge, at most */

typedef struct pens {
    int line, rim, step; /* outline, casing on each side, both together */
    int pad, half, size, small;
} pens;

static int least(int a, int b)
{
    return a < b ? a : b;
}

static int most(int a, int b)
{
    return a > b ? a : b;
}

static pens pens_of(const om_view *v, om_rect layout)
{
    int side = layout.w < layout.h ? layout.w : layout.h;
    pens p = {.line = (v->em + 4) / 8, .rim = side < 128 ? 0 : v->em / 11};
    if (v->n > 16) p.line = v->em / 11;
    if (p.line < 1) p.line = 1;
    p.step = p.line + 2 * p.rim;
    p.pad = most(v->em / 4, 3);
    p.half = most(p.pad / 2, 2);
    p.size = v->em;
    p.small = most(v->em * 4 / 5, 10);
    return p;
}

/* ---- outlines ---------------------------------------------------------- */

static bool spans_meet(int a, int an, int b, int bn)
{
    return a < b + bn && b < a + an;
}

/* For each side, how many nearer boxes have the same edge there. */
static void count_shared(const om_view *v, size_t i, int shared[4])
{
    om_rect a = v->region[i].box;
    for (int k = 0; k < 4; k++) shared[k] = 0;
    for (size_t j = 0; j < i; j++) {
        om_rect b = v->region[j].box;
        bool rows = spans_meet(a.y, a.h, b.y, b.h),
             columns = spans_meet(a.x, a.w, b.x, b.w);
        shared[0] += rows && a.x == b.x;
        shared[1] += columns && a.y == b.y;
        shared[2] += rows && a.x + a.w == b.x + b.w;
        shared[3] += columns && a.y + a.h == b.y + b.h;
    }
    for (int k = 0; k < 4; k++) shared[k] %= MOST_STEPS;
}

static om_rect shrink(om_rect r, int left, int top, int right, int bottom)
{
    r.x += left;
    r.y += top;
    r.w -= left + right;
    r.h -= top + bottom;
    if (r.w < 0) r.w = 0;
    if (r.h < 0) r.h = 0;
    return r;
}

static om_rect outline_of(const om_view *v, size_t i, pens p)
{
    int at[4];
    count_shared(v, i, at);
    return shrink(v->region[i].box, at[0] * p.step, at[1] * p.step,
                  at[2] * p.step, at[3] * p.step);
}

static void add_outline(om_scene *s, om_rect r, om_rgba hue, pens p)
{
    if (r.w <= 2 * p.step || r.h <= 2 * p.step) return;
    if (p.rim)
        om_scene_add(
            s,
            (om_op){.kind = OM_OP_FRAME, .r = r, .n = p.step, .color = casing});
    om_scene_add(s, (om_op){.kind = OM_OP_FRAME,
                            .r = shrink(r, p.rim, p.rim, p.rim, p.rim),
                            .n = p.line,
                            .color = hue});
}

/* ---- plates ------------------------------------------------------------ */

static om_str second_line(om_scene *s, const om_shown *r)
{
    return om_scene_printf(s, "%.*s \xc2\xb7 %.*s", OM_STR_ARG(r->distance),
                           OM_STR_ARG(r->place));
}

static void wish(const om_view *v, om_scene *s, pens p, om_plate *plate,
                 size_t i, om_str line2)
{
    const om_shown *r = &v->region[i];
    om_rect o = outline_of(v, i, p);
    int h = v->badge_h + 2 * p.half, lead = p.half + v->badge_w + p.pad;
    int name = om_font_width(s->font, p.size, r->name);
    int second = om_font_width(s->font, p.small, line2);
    int m = p.step + p.pad;
    plate->room = shrink(o, m, m, m, m);
    int room = plate->room.w - lead - 2 * p.pad;
    plate->size[OM_PLATE_BADGE] = (om_rect){0, 0, v->badge_w + 2 * p.half, h};
    if (room < 4 * v->em) return;
    int few = least(least(name, 9 * v->em), room),
        all = least(least(name, 26 * v->em), room);
    int both = least(most(all, least(second, 26 * v->em)), room);
    plate->size[OM_PLATE_SHORT] = (om_rect){0, 0, lead + few + 2 * p.pad, h};
    plate->size[OM_PLATE_NAME] = (om_rect){0, 0, lead + all + 2 * p.pad, h};
    plate->size[OM_PLATE_FULL] =
        (om_rect){0, 0, lead + both + 2 * p.pad, h + p.small * 3 / 2};
}

static void add_leader(om_scene *s, const om_plate *plate, om_rgba hue, pens p)
{
    om_rect a = plate->at, b = plate->room;
    int x0 = a.x + a.w / 2, y0 = a.y + a.h / 2;
    int x1 = x0 < b.x ? b.x : x0 > b.x + b.w ? b.x + b.w : x0;
    int y1 = y0 < b.y ? b.y : y0 > b.y + b.h ? b.y + b.h : y0;
    om_rect line = {x0, y0, x1 - x0, y1 - y0};
    om_scene_add(
        s,
        (om_op){.kind = OM_OP_LINE, .r = line, .n = p.step, .color = casing});
    om_scene_add(
        s, (om_op){.kind = OM_OP_LINE, .r = line, .n = p.line, .color = hue});
}

static void add_plate(const om_view *v, om_scene *s, pens p,
                      const om_plate *plate, const om_shown *r, om_str line2)
{
    om_rect at = plate->at;
    int x = at.x + p.half + v->badge_w + p.pad,
        room = at.x + at.w - 2 * p.pad - x;
    int baseline =
        at.y + p.half + (v->badge_h + om_font_cap_height(p.size)) / 2;
    om_str name = {0}, second = {0};
    if (plate->level >= OM_PLATE_SHORT) {
        name = om_scene_fit(s, p.size, room, r->name);
        if (plate->level == OM_PLATE_FULL)
            second = om_scene_fit(s, p.small, room, line2);
        /* what was cut between words leaves some of the room empty */
        int width = most(om_font_width(s->font, p.size, name),
                         om_font_width(s->font, p.small, second));
        at.w = least(at.w, x + width + 2 * p.pad - at.x);
    }
    om_scene_add(s, (om_op){.kind = OM_OP_FILL,
                            .r = at,
                            .n = v->badge_h / 2 + p.half,
                            .color = plate_paper});
    om_view_add_badge(v, s, r, at.x + p.half, at.y + p.half);
    om_scene_text(s, x, baseline, p.size, plate_ink, room, name);
    om_scene_text(s, x, baseline + p.small * 3 / 2, p.small, plate_soft, room,
                  second);
}

omost_status om_view_add_labels(om_view *v, om_scene *s, omost_error *err)
{
    pens p = pens_of(v, s->layout);
    om_plate *plates = v->plates =
        om_arena_array(&s->texts, v->n, sizeof *plates);
    om_str *lines = om_arena_array(&s->texts, v->n, sizeof *lines);
    if (!plates || !lines) return om_fail_nomem(err);
    for (size_t i = 0; i < v->n; i++) {
        lines[i] = second_line(s, &v->region[i]);
        wish(v, s, p, &plates[i], i, lines[i]);
    }
    int m = p.step;
    omost_status st =
        om_plates_place(plates, v->n, shrink(s->layout, m, m, m, m), p.pad,
                        s->texts.env, err);
    if (st != OMOST_OK) return st;
    om_scene_add(s, (om_op){.kind = OM_OP_OPEN});
    for (size_t i = v->n; i-- > 0;)
        add_outline(s, outline_of(v, i, p), v->region[i].hue, p);
    for (size_t i = 0; i < v->n; i++)
        if (plates[i].outside) add_leader(s, &plates[i], v->region[i].hue, p);
    for (size_t i = v->n; i-- > 0;) {
        if (plates[i].level == OM_PLATE_NONE)
            v->n_unlabelled++;
        else
            add_plate(v, s, p, &plates[i], &v->region[i], lines[i]);
    }
    om_scene_add(s, (om_op){.kind = OM_OP_CLOSE});
    return OMOST_OK;
}
