/* plates.c - see plates.h. */
#include "preview/plates.h"

enum {
    STEPS = 8,     /* candidates lie on a grid of 9 x 9 in the room, */
    FEW_STEPS = 5, /* 6 x 6 where there are many regions */
    MANY = 60,
    CROWD = 200,    /* more regions than this: numbers alone */
    PAPER_SHARE = 5 /* plates cover at most a fifth of the layout */
};

typedef struct board {
    om_plate *p;
    size_t n;
    om_rect within;
    int gap, steps;
    int64_t paper; /* what plates may still grow */
} board;

static int overlap(int a, int an, int b, int bn)
{
    int from = a > b ? a : b, to = a + an < b + bn ? a + an : b + bn;
    return to > from ? to - from : 0;
}

static int64_t common(om_rect a, om_rect b)
{
    return (int64_t)overlap(a.x, a.w, b.x, b.w) * overlap(a.y, a.h, b.y, b.h);
}

static int64_t area(om_rect r)
{
    return (int64_t)r.w * r.h;
}

static bool is_free(const board *b, size_t self, om_rect r)
{
    om_rect wide = {r.x - b->gap, r.y - b->gap, r.w + 2 * b->gap,
                    r.h + 2 * b->gap};
    for (size_t i = 0; i < b->n; i++)
        if (i != self && b->p[i].level != OM_PLATE_NONE &&
            common(wide, b->p[i].at))
            return false;
    return true;
}

/* What speaks against r, apart from its place in the box: nearer regions over
 * it, and edges of other boxes through it. */
static double clutter(const board *b, size_t self, om_rect r)
{
    double covered = 0, cut = 0;
    for (size_t i = 0; i < b->n; i++) {
        if (i == self) continue;
        int64_t both = common(r, b->p[i].room);
        if (both == 0) continue;
        if (i < self) covered += (double)both / (double)area(r);
        if (both < area(r)) cut += 1;
    }
    return 3 * covered + 0.25 * cut;
}

/* Corners, the upper left first; then edges; then the middle. */
static double oddness(double u, double v)
{
    double du = u < 0.5 ? u : 1 - u, dv = v < 0.5 ? v : 1 - v;
    return 0.6 * (du + dv) + 0.05 * u + 0.08 * v;
}

/* The best free place for a plate of this level in its room. */
static bool find_inside(const board *b, size_t self, om_plate_level level,
                        om_rect *best)
{
    const om_plate *p = &b->p[self];
    om_rect size = p->size[level];
    int dx = p->room.w - size.w, dy = p->room.h - size.h;
    double least = 1e30;
    if (size.w == 0 || dx < 0 || dy < 0) return false;
    for (int i = 0; i <= b->steps; i++) {
        for (int k = 0; k <= b->steps; k++) {
            om_rect r = {p->room.x + dx * k / b->steps,
                         p->room.y + dy * i / b->steps, size.w, size.h};
            double cost = oddness((double)k / b->steps, (double)i / b->steps);
            if (cost >= least || !is_free(b, self, r)) continue;
            cost += clutter(b, self, r);
            if (cost >= least) continue;
            least = cost;
            *best = r;
        }
    }
    return least < 1e30;
}

static int64_t distance2(om_rect a, om_rect b)
{
    int64_t dx = 2 * (int64_t)a.x + a.w - 2 * (int64_t)b.x - b.w;
    int64_t dy = 2 * (int64_t)a.y + a.h - 2 * (int64_t)b.y - b.h;
    return dx * dx + dy * dy;
}

/* The free place nearest to its room, on a grid over the whole layout. */
static bool find_outside(const board *b, size_t self, om_rect *best)
{
    om_rect size = b->p[self].size[OM_PLATE_BADGE], w = b->within;
    int64_t least = INT64_MAX;
    if (size.w == 0) return false;
    for (int y = w.y; y + size.h <= w.y + w.h; y += size.h + b->gap) {
        for (int x = w.x; x + size.w <= w.x + w.w; x += size.w + b->gap) {
            om_rect r = {x, y, size.w, size.h};
            int64_t d = distance2(r, b->p[self].room);
            if (d >= least || !is_free(b, self, r)) continue;
            least = d;
            *best = r;
        }
    }
    return least < INT64_MAX;
}

static void put_badge(board *b, size_t i)
{
    om_plate *p = &b->p[i];
    om_rect at;
    if (!find_inside(b, i, OM_PLATE_BADGE, &at)) {
        /* searching the whole layout for each of a thousand would take long */
        if (b->n > CROWD || !find_outside(b, i, &at)) return;
        p->outside = true;
    }
    p->level = OM_PLATE_BADGE;
    p->at = at;
}

static void grow_plate(board *b, size_t i, om_plate_level level)
{
    om_plate *p = &b->p[i];
    om_rect at;
    if (p->level == OM_PLATE_NONE || p->outside) return;
    int64_t more = area(p->size[level]) - area(p->at);
    if (more > b->paper || !find_inside(b, i, level, &at)) return;
    b->paper -= more;
    p->level = level;
    p->at = at;
}

/* Smallest box first: it has the fewest places to choose from. */
static void sort_by_room(size_t *order, const om_plate *p, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        size_t k = i;
        for (; k > 0 && area(p[order[k - 1]].room) > area(p[i].room); k--)
            order[k] = order[k - 1];
        order[k] = i;
    }
}

omost_status om_plates_place(om_plate *p, size_t n, om_rect within, int gap,
                             const omost_env *env, omost_error *err)
{
    size_t bytes, *order = om_mul_size(n, sizeof *order, &bytes)
                               ? om_alloc(env, bytes)
                               : NULL;
    if (!order) return om_fail_nomem(err);
    board b = {p,
               n,
               within,
               gap,
               n > MANY ? FEW_STEPS : STEPS,
               area(within) / PAPER_SHARE};
    sort_by_room(order, p, n);
    for (size_t i = 0; i < n; i++) p[i].level = OM_PLATE_NONE;
    for (size_t i = 0; i < n; i++) put_badge(&b, order[i]);
    for (int level = OM_PLATE_SHORT; level < OM_PLATE_LEVELS && n <= CROWD;
         level++)
        for (size_t i = 0; i < n; i++)
            grow_plate(&b, order[i], (om_plate_level)level);
    /* Again at the level reached: neighbours may have moved out of the way. */
    for (size_t i = 0; i < n && n <= CROWD; i++)
        grow_plate(&b, order[i], p[order[i]].level);
    om_free(env, order);
    return OMOST_OK;
}
