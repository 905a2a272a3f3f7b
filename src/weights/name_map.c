/* name_map.c - see name_map.h; the table is name_map.def. */
#include "weights/name_map.h"

enum { MAX_NUMBERS = 4, MAX_NUMBER = 9999 };

typedef enum how { WHOLE, TRANSPOSED, THIRDS, IGNORED } how;

typedef struct rule {
    omost_model_part part;
    how how;
    const char *from, *to;
} rule;

#define RULE(p, h, from, to) {OMOST_MODEL_##p, h, from, to},
static const rule original_rules[] = {
#define R RULE
#include "weights/name_map.def"
#undef R
    {OMOST_MODEL_N_PARTS, IGNORED, NULL, NULL},
};

static const rule diffusers_rules[] = {
#define D RULE
#include "weights/name_map.def"
#undef D
    {OMOST_MODEL_N_PARTS, IGNORED, NULL, NULL},
};

static const rule left_overs[] = {
#define IGNORE(name) {OMOST_MODEL_N_PARTS, IGNORED, name, ""},
#include "weights/name_map.def"
#undef IGNORE
    {OMOST_MODEL_N_PARTS, IGNORED, NULL, NULL},
};

static const rule resnet_pieces[] = {
#define RES(p, from, to) {OMOST_MODEL_##p, WHOLE, from, to},
#include "weights/name_map.def"
#undef RES
    {OMOST_MODEL_N_PARTS, IGNORED, NULL, NULL},
};

static const rule prefixes[] = {
#define PREFIX(p, prefix) {OMOST_MODEL_##p, WHOLE, prefix, ""},
#include "weights/name_map.def"
#undef PREFIX
    {OMOST_MODEL_N_PARTS, IGNORED, NULL, NULL},
};

/* What a pattern's marks stood for. */
typedef struct match {
    const om_blocks *blocks;
    omost_model_part part;
    bool flat;               /* the name has "_" for every "." */
    int number[MAX_NUMBERS]; /* {n} and {up}, in order */
    int n_numbers;
    int block, layer;
    const char *piece; /* of a resnet */
    om_str rest;       /* *, and what follows {res} */
} match;

/* ---- reading a name ------------------------------------------------------ */

/* A number as the originals write it: no sign, no leading zero. */
static bool take_number(om_str *s, int *out)
{
    size_t n = 0;
    int v = 0;
    while (n < s->n && s->p[n] >= '0' && s->p[n] <= '9' && v <= MAX_NUMBER)
        v = v * 10 + (s->p[n++] - '0');
    if (n == 0 || v > MAX_NUMBER || (n > 1 && s->p[0] == '0')) return false;
    *s = om_str_skip(*s, n);
    *out = v;
    return true;
}

/* Input blocks: one convolution, then each block's layers and what makes the
 * picture smaller. Output blocks: one layer more in each. */
static bool place_block(match *m, om_str mark, int v)
{
    int per_block = m->blocks->unet_layers + 1;
    int i = om_str_eqz(mark, "out") ? v : v - 1;
    if (i < 0) return false;
    m->block = i / per_block;
    m->layer = i % per_block;
    if (om_str_eqz(mark, "in")) return m->layer < per_block - 1;
    if (om_str_eqz(mark, "op")) return m->layer == per_block - 1;
    return true;
}

/* Whether name begins with the pattern's text. */
static bool starts(const match *m, om_str name, om_str text)
{
    if (!m->flat) return om_str_starts(name, text);
    if (name.n < text.n) return false;
    for (size_t i = 0; i < text.n; i++)
        if (name.p[i] != (text.p[i] == '.' ? '_' : text.p[i])) return false;
    return true;
}

static bool take_piece(match *m, om_str *s)
{
    for (const rule *r = resnet_pieces; r->from; r++) {
        om_str head = om_str_of(r->from);
        if (r->part != m->part || !starts(m, *s, head)) continue;
        m->piece = r->to;
        m->rest = om_str_skip(*s, head.n);
        *s = om_str_skip(*s, s->n);
        return true;
    }
    return false;
}

static bool take_mark(match *m, om_str mark, om_str *s)
{
    int v;
    if (om_str_eqz(mark, "res")) return take_piece(m, s);
    if (!take_number(s, &v)) return false;
    if (om_str_eqz(mark, "n") || om_str_eqz(mark, "up")) {
        if (om_str_eqz(mark, "up")) v = m->blocks->vae_blocks - 1 - v;
        if (v < 0 || m->n_numbers == MAX_NUMBERS) return false;
        m->number[m->n_numbers++] = v;
        return true;
    }
    return place_block(m, mark, v);
}

/* The mark "{...}" that p begins with. */
static om_str mark_at(const char *p)
{
    return (om_str){p + 1, strcspn(p + 1, "}")};
}

static bool fits(const rule *r, om_str name, match *m)
{
    const char *p = r->from;
    while (*p && *p != '*') {
        if (*p == '{') {
            om_str mark = mark_at(p);
            if (!take_mark(m, mark, &name)) return false;
            p += mark.n + 2;
        } else {
            if (!starts(m, name, (om_str){p, 1})) return false;
            name = om_str_skip(name, 1);
            p++;
        }
    }
    if (*p == '*') m->rest = name;
    return *p == '*' || name.n == 0;
}

/* ---- writing the other --------------------------------------------------- */

static void put_name(om_buf *out, const char *to, const match *m)
{
    int next = 0;
    for (const char *p = to; *p; p++) {
        om_str mark = mark_at(p);
        if (*p == '*') {
            om_buf_str(out, m->rest);
        } else if (*p != '{' || om_str_eqz(mark, "qkv")) {
            om_buf_putc(out, *p);
        } else {
            if (om_str_eqz(mark, "block"))
                om_buf_printf(out, "%d", m->block);
            else if (om_str_eqz(mark, "layer"))
                om_buf_printf(out, "%d", m->layer);
            else if (om_str_eqz(mark, "res"))
                om_buf_puts(out, m->piece), om_buf_str(out, m->rest);
            else
                om_buf_printf(out, "%d", m->number[next++]);
            p += mark.n + 1;
        }
    }
}

static om_mapping apply(om_buf *out, om_mapped *res, const rule *rules,
                        om_str name, omost_model_part part,
                        const om_blocks *blocks, bool flat)
{
    for (const rule *r = rules; r->from; r++) {
        match m = {.blocks = blocks, .part = part, .flat = flat};
        if (r->part != part || !fits(r, name, &m)) continue;
        if (r->how == IGNORED) return OM_IGNORED;
        put_name(out, r->to, &m);
        res->is_thirds = r->how == THIRDS;
        res->transposed = r->how == TRANSPOSED;
        return OM_MAPPED;
    }
    return OM_UNKNOWN;
}

static om_mapping map_checkpoint(om_buf *out, om_mapped *m, om_str name,
                                 const om_blocks *blocks)
{
    for (const rule *r = prefixes; r->from; r++) {
        om_str head = om_str_of(r->from);
        if (!om_str_starts(name, head)) continue;
        m->part = r->part;
        return apply(out, m, original_rules, om_str_skip(name, head.n), r->part,
                     blocks, false);
    }
    return apply(out, m, left_overs, name, OMOST_MODEL_N_PARTS, blocks, false);
}

om_mapping om_name_map(om_buf *out, om_mapped *m, om_str name, om_naming naming,
                       omost_model_part part, const om_blocks *blocks)
{
    *m = (om_mapped){.part = part};
    if (naming == OM_NAMING_CHECKPOINT)
        return map_checkpoint(out, m, name, blocks);
    if (naming == OM_NAMING_ORIGINAL)
        return apply(out, m, original_rules, name, part, blocks, false);
    om_mapping old = apply(out, m, diffusers_rules, name, part, blocks, false);
    if (old != OM_UNKNOWN) return old;
    om_buf_str(out, name);
    return OM_MAPPED;
}

om_mapping om_name_map_flat(om_buf *out, om_str name, omost_model_part part,
                            const om_blocks *blocks)
{
    om_mapped m;
    om_mapping res = apply(out, &m, original_rules, name, part, blocks, true);
    return res == OM_MAPPED && m.is_thirds ? OM_UNKNOWN : res;
}

/* ---- the way back -------------------------------------------------------- */

/* What the marks of a rule's diffusers name stand for; -1: it has no such. */
typedef struct marks {
    int number[MAX_NUMBERS];
    int n_numbers;
    int block, layer;
    const char *piece;
    om_str rest;
} marks;

static bool find_piece(marks *f, omost_model_part part, om_str *name)
{
    for (const rule *r = resnet_pieces; r->from; r++) {
        om_str head = om_str_of(r->to);
        if (r->part != part || !om_str_starts(*name, head)) continue;
        f->piece = r->from;
        f->rest = om_str_skip(*name, head.n);
        *name = om_str_skip(*name, name->n);
        return true;
    }
    return false;
}

static bool find_mark(marks *f, om_str mark, omost_model_part part,
                      om_str *name)
{
    int v;
    if (om_str_eqz(mark, "res")) return find_piece(f, part, name);
    if (om_str_eqz(mark, "qkv")) {
        if (name->n == 0 || !memchr("qkv", name->p[0], 3)) return false;
        *name = om_str_skip(*name, 1);
        return true;
    }
    if (!take_number(name, &v)) return false;
    if (om_str_eqz(mark, "block"))
        f->block = v;
    else if (om_str_eqz(mark, "layer"))
        f->layer = v;
    else if (f->n_numbers < MAX_NUMBERS)
        f->number[f->n_numbers++] = v;
    return true;
}

static bool finds(const rule *r, om_str name, marks *f)
{
    const char *p = r->to;
    while (*p && *p != '*') {
        om_str mark = mark_at(p);
        if (*p == '{') {
            if (!find_mark(f, mark, r->part, &name)) return false;
            p += mark.n + 2;
        } else {
            if (name.n == 0 || name.p[0] != *p) return false;
            name = om_str_skip(name, 1);
            p++;
        }
    }
    if (*p == '*') f->rest = name;
    return *p == '*' || name.n == 0;
}

/* Number of an input or output block; see place_block(). */
static int original_block(const marks *f, om_str mark, const om_blocks *blocks)
{
    const int layer = f->layer < 0 ? blocks->unet_layers : f->layer;
    const int i = f->block * (blocks->unet_layers + 1) + layer;
    return om_str_eqz(mark, "out") ? i : i + 1;
}

static void put_original(om_buf *out, const char *from, const marks *f,
                         const om_blocks *blocks)
{
    int next = 0;
    for (const char *p = from; *p; p++) {
        om_str mark = mark_at(p);
        if (*p == '*') {
            om_buf_str(out, f->rest);
        } else if (*p != '{') {
            om_buf_putc(out, *p);
        } else {
            if (om_str_eqz(mark, "res"))
                om_buf_puts(out, f->piece), om_buf_str(out, f->rest);
            else if (om_str_eqz(mark, "n"))
                om_buf_printf(out, "%d", f->number[next++]);
            else if (om_str_eqz(mark, "up"))
                om_buf_printf(out, "%d",
                              blocks->vae_blocks - 1 - f->number[next++]);
            else
                om_buf_printf(out, "%d", original_block(f, mark, blocks));
            p += mark.n + 1;
        }
    }
}

/* Whether the name that begins at `from` in `out` maps to `name`. */
static bool leads_to(const om_buf *out, size_t from, om_str name,
                     omost_model_part part, const om_blocks *blocks)
{
    om_mapped m;
    om_buf back;
    om_buf_init(&back, out->env, name.n + 64);
    om_mapping done =
        apply(&back, &m, original_rules, om_str_skip(om_buf_view(out), from),
              part, blocks, false);
    om_str is = om_buf_view(&back), mark = OM_STR("{qkv}");
    const size_t at = om_str_find(is, mark);
    bool same = om_str_eq(is, name);
    if (at != SIZE_MAX)
        same =
            name.n + mark.n == is.n + 1 &&
            om_str_starts(name, (om_str){is.p, at}) &&
            om_str_eq(om_str_skip(name, at + 1), om_str_skip(is, at + mark.n));
    om_buf_free(&back);
    return done == OM_MAPPED && same;
}

bool om_name_unmap(om_buf *out, om_str name, om_naming naming,
                   omost_model_part part, const om_blocks *blocks)
{
    const size_t begin = out->n;
    if (naming == OM_NAMING_DIFFUSERS) return false;
    for (const rule *r = prefixes; naming == OM_NAMING_CHECKPOINT && r->from;
         r++)
        if (r->part == part) om_buf_puts(out, r->from);
    const size_t from = out->n;
    for (const rule *r = original_rules; r->from; r++) {
        marks f = {.block = -1, .layer = -1};
        if (r->part != part || r->how == IGNORED || !finds(r, name, &f))
            continue;
        put_original(out, r->from, &f, blocks);
        if (out->status == OMOST_OK && leads_to(out, from, name, part, blocks))
            return true;
        out->n = from;
    }
    out->n = begin;
    return false;
}

/* ---- counting blocks ----------------------------------------------------- */

/* The number after `head` in `name`, wherever that begins; -1: none. */
static int number_after(om_str name, om_str head, om_str *rest)
{
    size_t at = om_str_find(name, head);
    int v;
    if (at == SIZE_MAX) return -1;
    *rest = om_str_skip(name, at + head.n);
    return take_number(rest, &v) ? v : -1;
}

void om_blocks_see(om_blocks *b, om_str name)
{
    om_str rest;
    int i = number_after(name, OM_STR("input_blocks."), &rest);
    /* The first that makes the picture smaller ends the first block. */
    if (i > 1 && om_str_starts(rest, OM_STR(".0.op.")) &&
        (b->unet_layers == 0 || i - 1 < b->unet_layers))
        b->unet_layers = i - 1;
    i = number_after(name, OM_STR("decoder.up."), &rest);
    if (i >= b->vae_blocks) b->vae_blocks = i + 1;
}
