/* form_table.c - see form_table.h. */
#include "composer/form_table.h"

#include "canvas/canvas_vocab.def"

#define SPAN(z)          \
    {                    \
        z, sizeof(z) - 1 \
    }

const om_piece om_form_pieces[] = {
#define LITERAL(z) {.kind = OM_PIECE_LITERAL, .text = SPAN(z)},
#define WORD(k, z) \
    {.kind = OM_PIECE_WORD, .word = OMOST_WORD_##k, .instead = (z)},
#define TEXT(n, m) {.kind = OM_PIECE_TEXT, .name = #n, .most = (m)},
#define NUMBER() {.kind = OM_PIECE_NUMBER},
#define COMMENT(m) {.kind = OM_PIECE_COMMENT, .most = (m)},
#define OPEN(l, n, z, m)    \
    {.kind = OM_PIECE_OPEN, \
     .loop = OM_LOOP_##l,   \
     .name = #n,            \
     .text = SPAN(z),       \
     .most = (m)},
#define CLOSE(l, z) \
    {.kind = OM_PIECE_CLOSE, .loop = OM_LOOP_##l, .text = SPAN(z)},
#include "composer/form.def"
    {.kind = OM_PIECE_END},
};

const size_t om_form_n_pieces = sizeof om_form_pieces / sizeof *om_form_pieces;

_Static_assert(sizeof om_form_pieces / sizeof *om_form_pieces < 256,
               "a place in the form holds the piece in a byte");

size_t om_form_opening(size_t i)
{
    const om_loop loop = om_form_pieces[i].loop;
    while (om_form_pieces[i].kind != OM_PIECE_OPEN ||
           om_form_pieces[i].loop != loop)
        i--;
    return i;
}

size_t om_form_closing(size_t i)
{
    const om_loop loop = om_form_pieces[i].loop;
    while (om_form_pieces[i].kind != OM_PIECE_CLOSE ||
           om_form_pieces[i].loop != loop)
        i++;
    return i;
}

static const om_str locations[] = {
#define X(name, words, x, y) SPAN(words),
    OM_LOCATION_LIST(X)
#undef X
};
static const om_str offsets[] = {
#define X(name, words, x, y) SPAN(words),
    OM_OFFSET_LIST(X)
#undef X
};
static const om_str areas[] = {
#define X(name, words, w, h) SPAN(words),
    OM_AREA_LIST(X)
#undef X
};
static const om_str colors[] = {
#define X(name, r, g, b) SPAN(#name),
    OM_COLOR_LIST(X)
#undef X
};

const om_str *om_form_words(omost_word_kind kind, size_t *n)
{
    switch (kind) {
    case OMOST_WORD_LOCATION:
        *n = sizeof locations / sizeof *locations;
        return locations;
    case OMOST_WORD_OFFSET:
        *n = sizeof offsets / sizeof *offsets;
        return offsets;
    case OMOST_WORD_AREA: *n = sizeof areas / sizeof *areas; return areas;
    case OMOST_WORD_COLOR: break;
    }
    *n = sizeof colors / sizeof *colors;
    return colors;
}

const om_runes om_text_runes[] = {
    {0x20, 0x7E},     {0xA0, 0x2027},   {0x202F, 0x205F},    {0x2070, 0xD7FF},
    {0xE000, 0xFEFE}, {0xFF00, 0xFFEF}, {0x10000, 0x10FFFF},
};
const size_t om_text_n_runes = sizeof om_text_runes / sizeof *om_text_runes;

const om_runes om_first_runes[] = {
    {0x21, 0x2B},     {0x2D, 0x2D},     {0x2F, 0x7E},       {0xA1, 0xAC},
    {0xAE, 0x115E},   {0x1161, 0x167F}, {0x1681, 0x180A},   {0x180F, 0x1FFF},
    {0x2010, 0x2027}, {0x2030, 0x205E}, {0x2070, 0x27FF},   {0x2801, 0x2FFF},
    {0x3001, 0x3163}, {0x3165, 0xD7FF}, {0xF900, 0xFDFF},   {0xFE10, 0xFEFE},
    {0xFF01, 0xFF9F}, {0xFFA1, 0xFFEE}, {0x10000, 0x3FFFD},
};
const size_t om_first_n_runes = sizeof om_first_runes / sizeof *om_first_runes;
