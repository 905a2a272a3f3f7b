/* lora_names.c - see lora_names.h. */
#include "weights/lora_names.h"

typedef struct head {
    omost_model_part part;
    const char *text;
} head;

static const head heads[] = {
#define HEAD(part, text) {OMOST_MODEL_##part, text},
#include "weights/lora_names.def"
#undef HEAD
};

static const char *const skips[] = {
#define SKIP(text) text,
#include "weights/lora_names.def"
#undef SKIP
};

typedef struct tail {
    om_lora_piece piece;
    const char *text;
} tail;

static const tail tails[] = {
#define TAIL(piece, text) {OM_LORA_##piece, text},
#include "weights/lora_names.def"
#undef TAIL
};

#define COUNT(list) (sizeof(list) / sizeof *(list))

static bool take_head(om_str *name, const char *text)
{
    om_str h = om_str_of(text);
    if (!om_str_starts(*name, h)) return false;
    *name = om_str_skip(*name, h.n);
    return true;
}

/* ".lora_A.?weight": also with one word and a dot for the "?". */
static bool take_tail(om_str *name, const char *text)
{
    const char *mark = strchr(text, '?');
    const om_str end = om_str_of(mark ? mark + 1 : text);
    if (!om_str_ends(*name, end)) return false;
    om_str s = {name->p, name->n - end.n};
    if (mark) {
        const om_str front = {text, (size_t)(mark - text)};
        if (!om_str_ends(s, front) && s.n > 0 && s.p[s.n - 1] == '.') {
            s.n--;
            while (s.n > 0 && s.p[s.n - 1] != '.') s.n--;
        }
        if (!om_str_ends(s, front)) return false;
        s.n -= front.n;
    }
    *name = s;
    return true;
}

static void put_flat(om_buf *out, om_str s)
{
    size_t at = out->n;
    om_buf_str(out, s);
    for (; at < out->n; at++)
        if (out->p[at] == '.') out->p[at] = '_';
}

/* "attn1.processor.to_out" is the layer "attn1.to_out.0". */
static void put_layer(om_buf *out, om_str name)
{
    const om_str word = OM_STR(".processor.");
    size_t at = om_str_find(name, word);
    if (at == SIZE_MAX) {
        put_flat(out, name);
        return;
    }
    put_flat(out, (om_str){name.p, at + 1});
    put_flat(out, om_str_skip(name, at + word.n));
    if (om_str_ends(name, OM_STR(".to_out"))) om_buf_puts(out, "_0");
}

om_lora_name om_lora_name_read(om_buf *layer, om_str name)
{
    om_lora_name n = {.part = OMOST_MODEL_UNET, .piece = OM_LORA_N_PIECES};
    for (size_t i = 0; i < COUNT(skips); i++) take_head(&name, skips[i]);
    for (size_t i = 0; i < COUNT(heads) && !n.told; i++) {
        n.told = take_head(&name, heads[i].text);
        if (n.told) n.part = heads[i].part;
    }
    for (size_t i = 0; i < COUNT(tails) && n.piece == OM_LORA_N_PIECES; i++)
        if (take_tail(&name, tails[i].text)) n.piece = tails[i].piece;
    put_layer(layer, name);
    return n;
}
