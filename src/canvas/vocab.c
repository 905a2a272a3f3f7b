/* vocab.c - the words as tables: look up, correct, lay out. */
#include "canvas/vocab.h"

#include <assert.h>
#include <string.h>

#include "canvas/canvas_vocab.def"
#include "canvas/fuzzy.h"

typedef struct word_row {
    const char *words;
    short a, b, c; /* x and y, width and height, or red, green and blue */
} word_row;

static const word_row locations[] = {
#define X(name, words, x, y) {words, x, y, 0},
    OM_LOCATION_LIST(X)
#undef X
};
static const word_row offsets[] = {
#define X(name, words, dx, dy) {words, dx, dy, 0},
    OM_OFFSET_LIST(X)
#undef X
};
static const word_row areas[] = {
#define X(name, words, w, h) {words, w, h, 0},
    OM_AREA_LIST(X)
#undef X
};
static const word_row colors[] = {
#define X(name, r, g, b) {#name, r, g, b},
    OM_COLOR_LIST(X)
#undef X
};

#define LEN(a) ((int)(sizeof(a) / sizeof *(a)))
_Static_assert(sizeof locations / sizeof *locations == OMOST_N_PLACES,
               "9 locations");
_Static_assert(sizeof offsets / sizeof *offsets == OMOST_N_PLACES, "9 offsets");
_Static_assert(sizeof areas / sizeof *areas == OMOST_N_PLACES, "9 areas");

static const word_row *table(omost_word_kind kind, int *n)
{
    switch (kind) {
    case OMOST_WORD_LOCATION: *n = LEN(locations); return locations;
    case OMOST_WORD_OFFSET: *n = LEN(offsets); return offsets;
    case OMOST_WORD_AREA: *n = LEN(areas); return areas;
    case OMOST_WORD_COLOR: *n = LEN(colors); return colors;
    }
    *n = 0;
    return NULL;
}

int omost_word_count(omost_word_kind kind)
{
    int n;
    table(kind, &n);
    return n;
}

const char *omost_word(omost_word_kind kind, int i)
{
    int n;
    const word_row *t = table(kind, &n);
    return i >= 0 && i < n ? t[i].words : NULL;
}

/* Colours stand in byte order: search by halves; the nine words of a place one
 * by one. */
int om_word_exact(omost_word_kind kind, om_str s)
{
    int lo = 0, hi;
    const word_row *t = table(kind, &hi);
    if (kind != OMOST_WORD_COLOR) {
        for (int i = 0; i < hi; i++)
            if (om_str_eqz(s, t[i].words)) return i;
        return -1;
    }
    while (lo < hi) {
        int mid = (lo + hi) / 2, c = om_str_cmp(s, om_str_of(t[mid].words));
        if (c == 0) return mid;
        if (c < 0)
            hi = mid;
        else
            lo = mid + 1;
    }
    return -1;
}

omost_status om_word_find(const omost_env *env, omost_word_kind kind,
                          om_str text, int *out)
{
    om_fuzzy f;
    om_fuzzy_score best = {0};
    *out = om_word_exact(kind, text);
    if (*out >= 0) return OMOST_OK;
    omost_status st = om_fuzzy_init(&f, env, text);
    if (st != OMOST_OK) return st == OMOST_NOMEM ? st : OMOST_OK;
    int n;
    const word_row *t = table(kind, &n);
    for (int i = 0; i < n; i++) {
        om_fuzzy_score s = om_fuzzy_bound(&f, t[i].words);
        if (!om_fuzzy_is_close(s) || om_fuzzy_score_cmp(s, best) < 0) continue;
        s = om_fuzzy_compare(&f, t[i].words);
        int c = om_fuzzy_score_cmp(s, best);
        if (!om_fuzzy_is_close(s) || c < 0) continue;
        /* equal scores: the larger string, as heapq.nlargest of pairs has it */
        if (*out >= 0 && c == 0 && strcmp(t[i].words, t[*out].words) < 0)
            continue;
        *out = i;
        best = s;
    }
    return OMOST_OK;
}

int omost_word_find(omost_word_kind kind, omost_str text)
{
    int word;
    return om_word_find(NULL, kind, text, &word) == OMOST_OK ? word : -1;
}

omost_rgb omost_color_rgb(int color)
{
    if (color < 0 || color >= LEN(colors)) return (omost_rgb){0, 0, 0};
    const word_row *c = &colors[color];
    return (omost_rgb){(uint8_t)c->a, (uint8_t)c->b, (uint8_t)c->c};
}

int omost_color_nearest(omost_rgb rgb)
{
    int best = 0, best_d = INT32_MAX;
    for (int i = 0; i < LEN(colors); i++) {
        int r = colors[i].a - rgb.r, g = colors[i].b - rgb.g,
            b = colors[i].c - rgb.b;
        int d = r * r + g * g + b * b;
        if (d >= best_d) continue;
        best = i;
        best_d = d;
    }
    return best;
}

static int clip_to_grid(int v)
{
    return v < 0 ? 0 : v > OMOST_GRID ? OMOST_GRID : v;
}

omost_box omost_box_of(int location, int offset, int area)
{
    assert(omost_word(OMOST_WORD_LOCATION, location) &&
           omost_word(OMOST_WORD_OFFSET, offset) &&
           omost_word(OMOST_WORD_AREA, area));
    int x = locations[location].a + offsets[offset].a;
    int y = locations[location].b + offsets[offset].b;
    int w = areas[area].a / 2, h = areas[area].b / 2;
    return (omost_box){
        .top = clip_to_grid(y - h),
        .bottom = clip_to_grid(y + h),
        .left = clip_to_grid(x - w),
        .right = clip_to_grid(x + w),
    };
}

static int box_area(omost_box b)
{
    return b.bottom > b.top && b.right > b.left
               ? (b.bottom - b.top) * (b.right - b.left)
               : 0;
}

static int overlap(omost_box a, omost_box b)
{
    omost_box both = {
        .top = a.top > b.top ? a.top : b.top,
        .bottom = a.bottom < b.bottom ? a.bottom : b.bottom,
        .left = a.left > b.left ? a.left : b.left,
        .right = a.right < b.right ? a.right : b.right,
    };
    return box_area(both);
}

double om_box_iou(omost_box a, omost_box b)
{
    int both = overlap(a, b), either = box_area(a) + box_area(b) - both;
    return either > 0 ? (double)both / either : 0;
}

void omost_box_nearest(omost_box box, int *location, int *offset, int *area,
                       double *iou)
{
    double best = -1;
    for (int l = 0; l < OMOST_N_PLACES; l++)
        for (int o = 0; o < OMOST_N_PLACES; o++)
            for (int a = 0; a < OMOST_N_PLACES; a++) {
                double score = om_box_iou(box, omost_box_of(l, o, a));
                if (score <= best) continue;
                best = score;
                *location = l;
                *offset = o;
                *area = a;
            }
    if (iou) *iou = best;
}
