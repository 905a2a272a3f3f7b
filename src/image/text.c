/* text.c - see text.h. Shaping is one glyph a character plus the font's pair
 * kerning, after NFC and the bidirectional algorithm (base/unicode.h): right
 * for the scripts the font holds. */
#include "image/text.h"

#include <ft2build.h>
#include FT_FREETYPE_H
#include FT_ADVANCES_H
#include FT_MODULE_H
#include FT_OUTLINE_H

#include "base/embedded.h"
#include "base/unicode.h"
#include "base/utf8.h"

enum { MAX_TEXT = 64 * 1024, FIRST_RTL = 0x590, FIRST_COMPOSABLE = 0x300 };

struct om_font {
    const omost_env *env;
    struct FT_MemoryRec_ memory; /* FreeType's allocator: the env */
    FT_Library lib;
    FT_Face face;
    int units; /* per em */
    omost_status status;
};

/* ---- FreeType's memory ------------------------------------------------- */

/* FreeType gets along without a module that found no memory and then draws
 * differently, so every shortage is noted here. */
static void *noted(om_font *f, void *p)
{
    if (!p) f->status = OMOST_NOMEM;
    return p;
}

static void *ft_alloc(FT_Memory m, long size)
{
    om_font *f = m->user;
    return noted(f, om_alloc(f->env, (size_t)size));
}

static void ft_free(FT_Memory m, void *p)
{
    om_free(((om_font *)m->user)->env, p);
}

static void *ft_realloc(FT_Memory m, long old_size, long size, void *p)
{
    (void)old_size;
    om_font *f = m->user;
    return noted(f, om_realloc(f->env, p, (size_t)size));
}

/* ---- the font ---------------------------------------------------------- */

static omost_status note_failure(om_font *f, FT_Error e)
{
    if (f->status == OMOST_OK)
        f->status = e == FT_Err_Out_Of_Memory ? OMOST_NOMEM : OMOST_FORMAT;
    return f->status;
}

om_font *om_font_new(const omost_env *env, omost_error *err)
{
    om_font *f = om_zalloc(env, sizeof *f);
    if (!f) {
        om_fail_nomem(err);
        return NULL;
    }
    f->env = env;
    f->memory.user = f;
    f->memory.alloc = ft_alloc;
    f->memory.free = ft_free;
    f->memory.realloc = ft_realloc;
    FT_Error e = FT_New_Library(&f->memory, &f->lib);
    if (!e) {
        FT_Add_Default_Modules(f->lib);
        e = FT_New_Memory_Face(f->lib, om_embedded_font,
                               (FT_Long)om_embedded_font_size, 0, &f->face);
    }
    if (!e) f->units = f->face->units_per_EM;
    if (!e && f->units <= 0) e = FT_Err_Invalid_File_Format;
    if (e) note_failure(f, e);
    if (f->status == OMOST_OK) return f;
    om_font_check(f, err);
    om_font_free(f);
    return NULL;
}

void om_font_free(om_font *f)
{
    if (!f) return;
    if (f->face) FT_Done_Face(f->face);
    if (f->lib) FT_Done_Library(f->lib);
    om_free(f->env, f);
}

omost_status om_font_check(const om_font *f, omost_error *err)
{
    if (f->status == OMOST_OK) return OMOST_OK;
    if (f->status == OMOST_NOMEM) return om_fail_nomem(err);
    return om_fail(err, f->status, "the built-in font cannot draw a text");
}

/* ---- one glyph after the other ----------------------------------------- */

typedef struct glyph {
    FT_UInt index;
    int kern, advance; /* font units; kern comes before the glyph */
    bool box;          /* the font has nothing for it */
} glyph;

typedef struct walker {
    om_font *f;
    const char *p, *end;
    FT_UInt last;
} walker;

static bool next_glyph(walker *w, glyph *g)
{
    if (w->p >= w->end || w->f->status != OMOST_OK) return false;
    size_t len;
    uint32_t rune = om_utf8_decode(w->p, w->end, &len);
    w->p += len;
    *g = (glyph){.index = FT_Get_Char_Index(w->f->face, rune)};
    int cells = om_unicode_width(rune);
    if (g->index == 0) {
        g->box = cells > 0;
        g->advance = w->f->units * (cells == 2 ? 10 : cells == 1 ? 6 : 0) / 10;
        w->last = 0;
        return true;
    }
    FT_Fixed advance = 0;
    FT_Error e =
        FT_Get_Advance(w->f->face, g->index, FT_LOAD_NO_SCALE, &advance);
    if (e) note_failure(w->f, e);
    g->advance = (int)advance;
    FT_Vector kern = {0, 0};
    if (w->last)
        FT_Get_Kerning(w->f->face, w->last, g->index, FT_KERNING_UNSCALED,
                       &kern);
    g->kern = (int)kern.x;
    w->last = g->index;
    return true;
}

static walker walk(om_font *f, om_str s)
{
    return (walker){.f = f, .p = s.p, .end = s.p + s.n};
}

static bool needs_order(om_str s)
{
    for (size_t i = 0, len; i < s.n; i += len) {
        uint32_t r = om_utf8_decode(s.p + i, s.p + s.n, &len);
        if (r >= FIRST_COMPOSABLE && r != OM_RUNE_BAD) return true;
    }
    return false;
}

/* `s` as it is drawn: composed and in visual order. `b` may hold the result. */
static om_str visual(om_font *f, om_str s, om_buf *b)
{
    om_buf_init(b, f->env, MAX_TEXT);
    if (!needs_order(s)) return s;
    om_buf nfc;
    om_buf_init(&nfc, f->env, MAX_TEXT);
    om_unicode_nfc(&nfc, s);
    if (nfc.status != OMOST_OK) b->status = nfc.status;
    om_unicode_visual(b, om_buf_view(&nfc));
    om_buf_free(&nfc);
    if (b->status != OMOST_OK && f->status == OMOST_OK) f->status = b->status;
    return om_buf_view(b);
}

static int64_t units_of(om_font *f, om_str s)
{
    walker w = walk(f, s);
    glyph g;
    int64_t sum = 0;
    while (next_glyph(&w, &g)) sum += g.kern + g.advance;
    return sum;
}

static int to_pixels(const om_font *f, int64_t units, int size)
{
    int64_t px = (units * size + f->units - 1) / f->units;
    return px < 0 ? 0 : px > 1000000 ? 1000000 : (int)px;
}

int om_font_width(om_font *f, int size, om_str s)
{
    om_buf b;
    int64_t units = units_of(f, visual(f, s, &b));
    om_buf_free(&b);
    return to_pixels(f, units, size);
}

/* Bytes of `s` whose glyphs stay within `width`, and in *space those up to and
 * with the last space among them (0: none). Letters are measured one by one as
 * they are written: joined Arabic is a little narrower. */
static size_t fitting(om_font *f, int size, int width, om_str s, size_t *space)
{
    walker w = walk(f, s);
    glyph g;
    int64_t sum = 0;
    size_t fit = 0;
    *space = 0;
    while (next_glyph(&w, &g)) {
        size_t at = (size_t)(w.p - s.p);
        sum += g.kern + g.advance;
        bool blank = s.p[at - 1] == ' ';
        if (!blank && to_pixels(f, sum, size) > width) break;
        fit = at;
        if (blank) *space = at;
    }
    return fit;
}

size_t om_font_break(om_font *f, int size, int width, om_str s)
{
    size_t space, fit = fitting(f, size, width, s, &space);
    if (fit == s.n || s.n == 0) return s.n;
    if (space) return space;
    if (fit) return fit;
    om_utf8_decode(s.p, s.p + s.n, &fit);
    return fit;
}

void om_font_ellipsis(om_font *f, int size, int width, om_str s, om_buf *out)
{
    static const char dots[] = "\xe2\x80\xa6";
    if (om_font_width(f, size, s) <= width) {
        om_buf_str(out, s);
        return;
    }
    int room = width - om_font_width(f, size, om_str_of(dots));
    size_t space;
    if (room < 0) return;
    om_str head = {s.p, fitting(f, size, room, s, &space)};
    /* rather between words, where that costs little */
    if (space && space + 4 >= head.n) head.n = space;
    while (head.n && strchr(" ,.;:-", head.p[head.n - 1])) head.n--;
    om_buf_str(out, head);
    om_buf_puts(out, dots);
}

int om_font_cap_height(int size)
{
    return (size * 73 + 50) / 100; /* DejaVu's capitals: 1493 of 2048 units */
}

/* ---- drawing ----------------------------------------------------------- */

static void blend_bitmap(om_picture *pic, const FT_Bitmap *bm, int x0, int y0,
                         om_rgba c)
{
    for (int row = 0; row < (int)bm->rows; row++) {
        int y = y0 + row;
        if (y < 0 || y >= pic->height) continue;
        const uint8_t *cover = bm->buffer + (ptrdiff_t)row * bm->pitch;
        for (int col = 0; col < (int)bm->width; col++) {
            int x = x0 + col;
            if (x < 0 || x >= pic->width || cover[col] == 0) continue;
            om_pixel_blend(om_picture_at(pic, x, y), c, cover[col]);
        }
    }
}

/* The pen is in 64ths of a pixel: glyphs stand where the spacing wants them,
 * while light hinting keeps their horizontal strokes sharp. */
static void draw_glyph(om_font *f, om_picture *pic, FT_UInt index, int64_t pen,
                       int baseline, om_rgba c)
{
    FT_Error e =
        FT_Load_Glyph(f->face, index, FT_LOAD_TARGET_LIGHT | FT_LOAD_NO_BITMAP);
    if (!e) {
        FT_Outline_Translate(&f->face->glyph->outline, (FT_Pos)(pen & 63), 0);
        e = FT_Render_Glyph(f->face->glyph, FT_RENDER_MODE_NORMAL);
    }
    if (e) {
        note_failure(f, e);
        return;
    }
    const FT_GlyphSlot slot = f->face->glyph;
    blend_bitmap(pic, &slot->bitmap, (int)(pen >> 6) + slot->bitmap_left,
                 baseline - slot->bitmap_top, c);
}

static void draw_box(om_picture *pic, int x, int baseline, int advance,
                     int size, om_rgba c)
{
    int gap = size / 12 + 1, line = size / 16 + 1, h = om_font_cap_height(size);
    if (advance > 2 * gap)
        om_picture_frame(pic,
                         (om_rect){x + gap, baseline - h, advance - 2 * gap, h},
                         line, c);
}

void om_font_draw(om_font *f, om_picture *pic, int x, int baseline, int size,
                  om_rgba c, om_str s)
{
    om_buf b;
    walker w = walk(f, visual(f, s, &b));
    glyph g;
    int64_t units = 0;
    FT_Error e = FT_Set_Pixel_Sizes(f->face, 0, (FT_UInt)size);
    if (e) note_failure(f, e);
    while (next_glyph(&w, &g)) {
        units += g.kern;
        int64_t pen = (int64_t)x * 64 + units * size * 64 / f->units;
        if (g.box)
            draw_box(pic, (int)(pen >> 6), baseline,
                     to_pixels(f, g.advance, size), size, c);
        else if (g.index)
            draw_glyph(f, pic, g.index, pen, baseline, c);
        units += g.advance;
    }
    om_buf_free(&b);
}
