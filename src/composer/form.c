/* form.c - see form.h: a walk along the pieces of form.def, a byte a step. */
#include "composer/form.h"

#include "composer/form_place.h"

/* ---- characters -------------------------------------------------------- */

/* What the bytes of a place are judged by. */
typedef struct rune_class {
    const om_runes *runes;
    size_t n;
} rune_class;

static rune_class class_of(const om_form_place *p)
{
    if (p->chars == 0) return (rune_class){om_first_runes, om_first_n_runes};
    return (rune_class){om_text_runes, om_text_n_runes};
}

/* Can the bits so far, with `missing` more bytes, become a character of the
 * class? `len` bytes in all: a shorter form must not exist. */
static bool may_become(rune_class k, uint32_t rune, int missing, int len)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    uint32_t lo = rune << 6 * missing;
    const uint32_t hi = lo | ((1u << 6 * missing) - 1);
    if (lo < least[len]) lo = least[len];
    if (lo > hi) return false;
    for (size_t i = 0; i < k.n; i++)
        if (lo <= k.runes[i].hi && hi >= k.runes[i].lo) return true;
    return false;
}

static int length_by_lead(unsigned char c)
{
    if (c < 0x80) return 1;
    if (c < 0xC0) return 0;
    return c < 0xE0 ? 2 : c < 0xF0 ? 3 : c < 0xF8 ? 4 : 0;
}

/* One byte of a character; p->missing tells whether it is whole. */
static bool step_rune(om_form_place *p, unsigned char c)
{
    if (p->missing) {
        if ((c & 0xC0) != 0x80) return false;
        p->rune = p->rune << 6 | (c & 0x3Fu);
        p->missing--;
    } else {
        const int len = length_by_lead(c);
        if (len == 0) return false;
        p->rune = len == 1 ? c : c & (0x7Fu >> len);
        p->rune_len = (uint8_t)len;
        p->missing = (uint8_t)(len - 1);
    }
    if (!may_become(class_of(p), p->rune, p->missing, p->rune_len))
        return false;
    p->chars += p->missing == 0;
    return true;
}

/* ---- from piece to piece ----------------------------------------------- */

static void enter(om_form_place *p, size_t piece)
{
    p->piece = (uint8_t)piece;
    p->phase = p->quote = p->rune_len = p->missing = 0;
    p->at = p->word = p->chars = 0;
    p->rune = 0;
}

static void go_on(om_form_place *p)
{
    enter(p, p->piece + 1u);
    const om_piece *x = om_form_piece(p);
    if (x->kind == OM_PIECE_OPEN) p->turns[x->loop] = 0;
    if (x->kind == OM_PIECE_CLOSE) p->turns[x->loop]++;
}

/* ---- the kinds --------------------------------------------------------- */

static bool step_literal(om_form_place *p, const om_piece *x, unsigned char c)
{
    if ((unsigned char)x->text.p[p->at] != c) return false;
    if (++p->at == x->text.n) go_on(p);
    return true;
}

/* Does the word begin as the taken bytes (of the word p->word) do? */
static bool word_fits(const om_str *words, size_t i, const om_form_place *p)
{
    const size_t n = p->at - 1u;
    return words[i].n >= n && memcmp(words[i].p, words[p->word].p, n) == 0;
}

/* The byte that comes next if the word, which may be too short, is meant. */
static unsigned char word_byte(om_str word, const om_form_place *p)
{
    const size_t n = p->at - 1u;
    return n < word.n ? (unsigned char)word.p[n] : '\'';
}

static bool step_word(om_form_place *p, const om_piece *x, unsigned char c)
{
    size_t n;
    const om_str *words = om_form_words(x->word, &n);
    /* The many words are in byte order: those that fit stand together. */
    const bool in_order = x->word == OMOST_WORD_COLOR && p->at > 1;
    if (p->at == 0) {
        p->at = 1;
        return c == '\'';
    }
    for (size_t i = p->word; i < n; i++) {
        const bool may = word_byte(words[i], p) == c;
        if (!may && !in_order) continue;
        if (!word_fits(words, i, p)) {
            if (in_order) break;
            continue;
        }
        if (!may) continue;
        p->word = (uint16_t)i;
        if (p->at > words[i].n)
            go_on(p);
        else
            p->at++;
        return true;
    }
    return false;
}

static bool step_text(om_form_place *p, const om_piece *x, unsigned char c)
{
    if (!p->quote) {
        p->quote = c;
        return c == '\'' || c == '"';
    }
    if (p->missing) return step_rune(p, c);
    if (p->phase & OM_TEXT_ESCAPE) {
        p->phase = 0;
        p->chars++;
        return c == '\\' || c == '\'' || c == '"';
    }
    if (c == p->quote) {
        if (p->chars == 0) return false;
        go_on(p);
        return true;
    }
    if (p->chars == x->most) return false;
    if (c == '\\') {
        p->phase = OM_TEXT_ESCAPE;
        return true;
    }
    return step_rune(p, c);
}

/* Digits, a point, digits: as Python writes a float, no more than three of
 * each, and not all of them 0. */
static bool step_number(om_form_place *p, unsigned char c)
{
    const bool digit = c >= '0' && c <= '9';
    const bool point = p->phase & OM_NUMBER_POINT;
    const bool zero = !(p->phase & OM_NUMBER_NONZERO);
    if (!digit && !point && p->at > 0 && c == '.') {
        p->phase |= OM_NUMBER_POINT;
        p->at = 0;
        return true;
    }
    if (!digit && point && p->at > 0 && !zero) {
        go_on(p);
        return om_form_step(p, c);
    }
    if (!digit || p->at == OM_NUMBER_DIGITS) return false;
    if (zero && p->at > 0 && !point) return false; /* 05 */
    if (zero && c == '0' && point && p->at == OM_NUMBER_DIGITS - 1)
        return false; /* 0.000 */
    if (c != '0') p->phase |= OM_NUMBER_NONZERO;
    p->at++;
    return true;
}

/* No backtick: the comment must not look like the fence it stands in. */
static bool step_comment(om_form_place *p, const om_piece *x, unsigned char c)
{
    if (!p->missing && c == '\n' && p->chars > 0) {
        go_on(p);
        return om_form_step(p, c);
    }
    if (!p->missing && (p->chars == x->most || c == '`')) return false;
    return step_rune(p, c);
}

/* Another turn, or the end: their first bytes differ. */
static bool step_close(om_form_place *p, const om_piece *x, unsigned char c)
{
    const size_t open = om_form_opening(p->piece);
    const om_piece *o = &om_form_pieces[open];
    if (p->at > 0 || (unsigned char)o->text.p[0] != c)
        return step_literal(p, x, c);
    if (p->turns[x->loop] == o->most) return false;
    enter(p, open);
    return step_literal(p, o, c);
}

bool om_form_step(om_form_place *p, unsigned char c)
{
    const om_piece *x = om_form_piece(p);
    switch (x->kind) {
    case OM_PIECE_LITERAL:
    case OM_PIECE_OPEN: return step_literal(p, x, c);
    case OM_PIECE_WORD: return step_word(p, x, c);
    case OM_PIECE_TEXT: return step_text(p, x, c);
    case OM_PIECE_NUMBER: return step_number(p, c);
    case OM_PIECE_COMMENT: return step_comment(p, x, c);
    case OM_PIECE_CLOSE: return step_close(p, x, c);
    case OM_PIECE_END: break;
    }
    return p->at++ == 0 && c == '\n';
}

/* ---- the public face --------------------------------------------------- */

bool om_form_take(om_form *form, om_str bytes)
{
    om_form_place p = om_form_open(form);
    for (size_t i = 0; i < bytes.n; i++)
        if (!om_form_step(&p, (unsigned char)bytes.p[i])) return false;
    memcpy(form->state, &p, sizeof p);
    return true;
}

bool om_form_done(const om_form *form)
{
    const om_form_place p = om_form_open(form);
    return om_form_piece(&p)->kind == OM_PIECE_END;
}

bool om_form_between(const om_form *form)
{
    const om_form_place p = om_form_open(form);
    const om_piece *x = om_form_piece(&p);
    return x->kind == OM_PIECE_CLOSE && x->loop == OM_LOOP_REGIONS && p.at == 0;
}

int om_form_regions(const om_form *form)
{
    return om_form_open(form).turns[OM_LOOP_REGIONS];
}

static void add_byte(uint64_t set[4], unsigned char c)
{
    set[c >> 6] |= UINT64_C(1) << (c & 63);
}

static void remove_byte(uint64_t set[4], unsigned char c)
{
    set[c >> 6] &= ~(UINT64_C(1) << (c & 63));
}

/* The first byte of a character. It grows with the character. */
static unsigned char lead_of(uint32_t rune)
{
    if (rune < 0x80) return (unsigned char)rune;
    if (rune < 0x800) return (unsigned char)(0xC0 | rune >> 6);
    if (rune < 0x10000) return (unsigned char)(0xE0 | rune >> 12);
    return (unsigned char)(0xF0 | rune >> 18);
}

static void add_leads(uint64_t set[4], rune_class k)
{
    for (size_t i = 0; i < k.n; i++) {
        const unsigned lo = lead_of(k.runes[i].lo), hi = lead_of(k.runes[i].hi);
        for (unsigned w = lo >> 6; w <= hi >> 6; w++) {
            uint64_t bits = ~UINT64_C(0);
            if (w == lo >> 6) bits &= ~UINT64_C(0) << (lo & 63);
            if (w == hi >> 6) bits &= ~UINT64_C(0) >> (63 - (hi & 63));
            set[w] |= bits;
        }
    }
}

static void next_of_word(const om_form_place *p, const om_piece *x,
                         uint64_t set[4])
{
    size_t n;
    const om_str *words = om_form_words(x->word, &n);
    if (p->at == 0) {
        add_byte(set, '\'');
        return;
    }
    for (size_t i = p->word; i < n; i++)
        if (word_fits(words, i, p)) add_byte(set, word_byte(words[i], p));
}

static void next_of_text(const om_form_place *p, const om_piece *x,
                         uint64_t set[4])
{
    if (!p->quote || p->phase & OM_TEXT_ESCAPE) {
        add_byte(set, '\'');
        add_byte(set, '"');
        if (p->quote) add_byte(set, '\\');
        return;
    }
    if (p->chars < x->most) add_leads(set, class_of(p));
    if (p->chars > 0)
        add_byte(set, p->quote);
    else
        remove_byte(set, p->quote);
}

static void next_of_comment(const om_form_place *p, const om_piece *x,
                            uint64_t set[4])
{
    if (p->chars < x->most) add_leads(set, class_of(p));
    remove_byte(set, '`');
    if (p->chars > 0) add_byte(set, '\n');
}

/* Bytes of which each is tried. */
static void try_bytes(const om_form_place *p, int from, int to, uint64_t set[4])
{
    for (int c = from; c <= to; c++) {
        om_form_place q = *p;
        if (om_form_step(&q, (unsigned char)c)) add_byte(set, (unsigned char)c);
    }
}

static void next_of(const om_form_place *p, uint64_t set[4])
{
    const om_piece *x = om_form_piece(p);
    memset(set, 0, 4 * sizeof *set);
    if (p->missing) {
        try_bytes(p, 0x80, 0xBF, set);
        return;
    }
    switch (x->kind) {
    case OM_PIECE_LITERAL:
    case OM_PIECE_OPEN: add_byte(set, (unsigned char)x->text.p[p->at]); break;
    case OM_PIECE_WORD: next_of_word(p, x, set); break;
    case OM_PIECE_TEXT: next_of_text(p, x, set); break;
    case OM_PIECE_COMMENT: next_of_comment(p, x, set); break;
    case OM_PIECE_NUMBER:
    case OM_PIECE_CLOSE:
    case OM_PIECE_END: try_bytes(p, '\n', 0x7F, set); break;
    }
}

void om_form_next(const om_form *form, uint64_t set[4])
{
    const om_form_place p = om_form_open(form);
    next_of(&p, set);
}

/* The only byte of the set, or -1. */
static int only_byte(const uint64_t set[4])
{
    int found = -1;
    for (int i = 0; i < 4; i++) {
        if (!set[i]) continue;
        if (found >= 0 || (set[i] & (set[i] - 1))) return -1;
        found = i * 64 + __builtin_ctzll(set[i]);
    }
    return found;
}

/* The byte that must come next, or -1. */
static int forced_byte(const om_form_place *p)
{
    uint64_t set[4];
    if (om_form_piece(p)->kind == OM_PIECE_END) return -1;
    next_of(p, set);
    return only_byte(set);
}

void om_form_forced(const om_form *form, om_buf *out)
{
    om_form_place p = om_form_open(form);
    for (int c = forced_byte(&p); c >= 0; c = forced_byte(&p)) {
        if (!om_form_step(&p, (unsigned char)c)) return;
        om_buf_putc(out, (char)c);
    }
}

bool om_form_is_forced(const om_form *form)
{
    const om_form_place p = om_form_open(form);
    return forced_byte(&p) >= 0;
}
