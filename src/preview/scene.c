/* scene.c - see scene.h. */
#include "preview/scene.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/unicode.h"
#include "base/utf8.h"

enum { PLAIN_BYTES = 1000 };

void om_scene_init(om_scene *s, const omost_env *env, om_font *font)
{
    *s = (om_scene){.font = font};
    om_arena_init(&s->texts, env, 0);
}

void om_scene_free(om_scene *s)
{
    om_free(s->texts.env, s->op);
    om_arena_free(&s->texts);
    *s = (om_scene){0};
}

omost_status om_scene_check(const om_scene *s, omost_error *err)
{
    if (s->status != OMOST_OK) return om_fail_nomem(err);
    return s->font ? om_font_check(s->font, err) : OMOST_OK;
}

void om_scene_add(om_scene *s, om_op op)
{
    om_op *p = s->status == OMOST_OK
                   ? om_grow(s->texts.env, s->op, s->n, &s->cap, sizeof *p)
                   : NULL;
    if (!p) {
        s->status = OMOST_NOMEM;
        return;
    }
    s->op = p;
    s->op[s->n++] = op;
}

static om_str keep(om_scene *s, om_str text)
{
    om_str copy = om_arena_str(&s->texts, text);
    if (!copy.p) s->status = OMOST_NOMEM;
    return copy;
}

static om_str keep_buf(om_scene *s, om_buf *b)
{
    if (b->status != OMOST_OK) s->status = OMOST_NOMEM;
    om_str copy = keep(s, om_buf_view(b));
    om_buf_free(b);
    return copy;
}

om_str om_scene_fit(om_scene *s, int size, int width, om_str text)
{
    om_buf b;
    om_buf_init(&b, s->texts.env, PLAIN_BYTES + 8);
    om_font_ellipsis(s->font, size, width, text, &b);
    return keep_buf(s, &b);
}

void om_scene_text(om_scene *s, int x, int baseline, int size, om_rgba c,
                   int width, om_str text)
{
    om_str shown = om_scene_fit(s, size, width, text);
    int w = om_font_width(s->font, size, shown);
    if (shown.n)
        om_scene_add(s, (om_op){.kind = OM_OP_TEXT,
                                .r = {x, baseline, w, 0},
                                .n = size,
                                .color = c,
                                .text = shown});
}

om_str om_scene_printf(om_scene *s, const char *fmt, ...)
{
    char line[PLAIN_BYTES + 200];
    va_list ap;
    va_start(ap, fmt);
    int n = vsnprintf(line, sizeof line, fmt, ap);
    va_end(ap);
    size_t len = n < 0 ? 0 : (size_t)n;
    if (len >= sizeof line)
        len = om_utf8_floor(line, sizeof line - 1, sizeof line - 4);
    return keep(s, (om_str){line, len});
}

/* White space that a line may break at: not the no-break spaces. */
static bool is_gap(uint32_t r)
{
    if (r == 0xa0 || r == 0x2007 || r == 0x202f) return false;
    return om_unicode_is_space(r) || r < 0x20 || (r >= 0x7f && r < 0xa0);
}

om_str om_scene_plain(om_scene *s, om_str text)
{
    om_buf b;
    om_buf_init(&b, s->texts.env, PLAIN_BYTES + 8);
    bool gap = false;
    for (size_t i = 0, len; i < text.n && b.n < PLAIN_BYTES; i += len) {
        uint32_t r = om_utf8_decode(text.p + i, text.p + text.n, &len);
        if (is_gap(r)) {
            gap = b.n > 0;
            continue;
        }
        if (gap) om_buf_putc(&b, ' ');
        gap = false;
        om_buf_rune(&b, r == OM_RUNE_BAD ? 0xfffd : r);
    }
    while (b.n && (b.p[b.n - 1] == '.' || b.p[b.n - 1] == ' ')) b.n--;
    return keep_buf(s, &b);
}
