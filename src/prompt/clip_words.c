/* clip_words.c - see clip_words.h. What CLIPTokenizer of transformers 4.41 does
 * without ftfy, in its order:
 *
 *   1. special tokens are cut out, exactly as spelt
 *   2. NUL, U+FFFD and category C (but not \t \n \r) go, separators become
 *      spaces, ideographs get spaces around them
 *   3. normal form C; lower case
 *   4. the pattern, ignoring case, first alternative that matches:
 *      <|startoftext|> | <|endoftext|> | 's | 't | 're | 've | 'm | 'll | 'd |
 *      letters | one number | a run of anything else but white space
 *
 * Steps 2 to 4 never look across ASCII white space (it composes with nothing
 * and ends every condition on case), so a text is done a piece at a time, and
 * pieces of plain ASCII, nearly all of them, need only lower-casing.
 *
 * Ignoring case has three effects beyond lower-casing: U+017F (long s) counts
 * as s in 's and in the start mark, though not as the letter s itself; and
 * U+0345, whose capital is a letter, is neither a letter nor anything else to
 * the pattern and disappears. */
#include "prompt/clip_words.h"

#include "base/unicode.h"
#include "base/utf8.h"

enum { PLAIN_MAX = 512, COMBINING_IOTA = 0x345 };

static const om_str start_mark = {"<|startoftext|>", 15};
static const om_str end_mark = {"<|endoftext|>", 13};

typedef struct encoder {
    const om_bpe *b;
    om_str special;
    uint32_t special_id;
    om_ids *out;
    om_buf clean, normal, lower; /* used by pieces that are not plain */
    omost_error *err;
} encoder;

/* What a character is to us; the letters are those of the table below. */
typedef enum kind {
    SPACE = ' ',
    LETTER = 'a',
    NUMBER = '1',
    CONTROL = 'c', /* dropped */
    OTHER = 'o'
} kind;

static kind ascii_kind(unsigned char c)
{
    static const char kinds[] = "ccccccccc  cc cccccccccccccccccc" /* 0x00 */
                                " ooooooooooooooo1111111111oooooo" /* 0x20 */
                                "oaaaaaaaaaaaaaaaaaaaaaaaaaaooooo" /* 0x40 */
                                "oaaaaaaaaaaaaaaaaaaaaaaaaaaooooc" /* 0x60 */;
    return (kind)kinds[c];
}

/* ---- step 4: the pattern ----------------------------------------------- */

static kind kind_at(const char *p, const char *end, size_t *len)
{
    *len = 1;
    if ((unsigned char)*p < 0x80) return ascii_kind((unsigned char)*p);
    uint32_t r = om_utf8_decode(p, end, len);
    if (om_unicode_is_letter(r)) return LETTER;
    if (om_unicode_is_number(r)) return NUMBER;
    return om_unicode_is_space(r) || r == COMBINING_IOTA ? SPACE : OTHER;
}

static size_t run_len(const char *p, const char *end, kind k)
{
    const char *q = p;
    for (size_t len; q < end && kind_at(q, end, &len) == k; q += len) continue;
    return (size_t)(q - p);
}

/* 's 't 're 've 'm 'll 'd after the apostrophe; 0 when it is none of them. */
static size_t contraction_len(om_str s)
{
    static const om_str tails[] = {{"s", 1},  {"t", 1},       {"re", 2},
                                   {"ve", 2}, {"m", 1},       {"ll", 2},
                                   {"d", 1},  {"\xc5\xbf", 2}};
    om_str rest = om_str_skip(s, 1);
    for (size_t i = 0; i < sizeof tails / sizeof *tails; i++)
        if (om_str_starts(rest, tails[i])) return 1 + tails[i].n;
    return 0;
}

/* A mark of the pattern, text being lower case. Spelt with a long s the start
 * mark holds together as a word, but it is not the mark. */
static size_t mark_len(const om_bpe *b, om_str s, uint32_t *id)
{
    static const om_str odd = {"<|\xc5\xbftartoftext|>", 16};
    *id = OM_ID_NONE;
    if (om_str_starts(s, odd)) return odd.n;
    if (om_str_starts(s, start_mark)) {
        *id = b->bos;
        return start_mark.n;
    }
    if (!om_str_starts(s, end_mark)) return 0;
    *id = b->eos;
    return end_mark.n;
}

/* How long the match that starts at s is. */
static size_t match_len(const om_bpe *b, om_str s, kind k, size_t char_len,
                        uint32_t *mark)
{
    const char *end = s.p + s.n;
    size_t n = 0;
    *mark = OM_ID_NONE;
    if (k == NUMBER) return char_len;
    if (*s.p == '\'') n = contraction_len(s);
    if (*s.p == '<') n = mark_len(b, s, mark);
    return n ? n : run_len(s.p, end, k);
}

static omost_status put_words(encoder *e, om_str s)
{
    if (s.n == 0) return OMOST_OK;
    const char *p = s.p, *end = s.p + s.n;
    omost_status st = OMOST_OK;
    uint32_t mark;
    for (size_t n; p < end && st == OMOST_OK; p += n) {
        kind k = kind_at(p, end, &n);
        if (k == SPACE) continue;
        n = match_len(e->b, (om_str){p, (size_t)(end - p)}, k, n, &mark);
        if (mark != OM_ID_NONE)
            om_ids_put(e->out, mark);
        else
            st = om_bpe_word(e->b, p, n, e->out, e->err);
    }
    return st;
}

/* ---- steps 2 and 3 ----------------------------------------------------- */

/* As BasicTokenizer knows them: unified ideographs up to extension E and the
 * compatibility blocks; no kana, no hangul. */
static bool is_ideograph(uint32_t r)
{
    static const uint32_t ranges[][2] = {
        {0x3400, 0x4dbf},   {0x4e00, 0x9fff},   {0xf900, 0xfaff},
        {0x20000, 0x2a6df}, {0x2a700, 0x2b73f}, {0x2b740, 0x2b81f},
        {0x2b820, 0x2ceaf}, {0x2f800, 0x2fa1f}};
    if (r < 0x3400) return false;
    for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++)
        if (r >= ranges[i][0] && r <= ranges[i][1]) return true;
    return false;
}

static void clean_rune(om_buf *out, uint32_t r)
{
    if (r == '\t' || r == '\n' || r == '\r' || om_unicode_is_separator(r)) {
        om_buf_putc(out, ' ');
    } else if (is_ideograph(r)) {
        om_buf_putc(out, ' ');
        om_buf_rune(out, r);
        om_buf_putc(out, ' ');
    } else if (r != 0xfffd && !om_unicode_is_other(r)) {
        om_buf_rune(out, r);
    }
}

static omost_status put_any(encoder *e, om_str s)
{
    const char *end = s.p + s.n;
    size_t len;
    e->clean.n = e->normal.n = e->lower.n = 0;
    for (const char *p = s.p; p < end; p += len)
        clean_rune(&e->clean, om_utf8_decode(p, end, &len));
    om_unicode_nfc(&e->normal, om_buf_view(&e->clean));
    om_unicode_lower(&e->lower, om_buf_view(&e->normal));
    const om_buf *all[] = {&e->clean, &e->normal, &e->lower};
    for (int i = 0; i < 3; i++) {
        omost_status st = om_buf_check(all[i], "a prompt", e->err);
        if (st != OMOST_OK) return st;
    }
    return put_words(e, om_buf_view(&e->lower));
}

static omost_status put_plain(encoder *e, om_str s)
{
    char low[PLAIN_MAX];
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        low[i] = c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
    }
    return put_words(e, (om_str){low, s.n});
}

/* ---- step 1, and the pieces -------------------------------------------- */

/* The special token that starts at s: its length, 0 for none. */
static size_t special_len(const encoder *e, om_str s, uint32_t *id)
{
    if (e->special.n && om_str_starts(s, e->special)) {
        *id = e->special_id;
        return e->special.n;
    }
    if (*s.p != '<') return 0;
    *id = om_str_starts(s, start_mark) ? e->b->bos : e->b->eos;
    if (*id == e->b->bos) return start_mark.n;
    return om_str_starts(s, end_mark) ? end_mark.n : 0;
}

/* Up to white space or a special token. */
static om_str next_piece(const encoder *e, om_str s, bool *plain)
{
    char first = e->special.n ? e->special.p[0] : '<';
    uint32_t id;
    size_t i = 0;
    *plain = true;
    for (; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        kind k = c < 0x80 ? ascii_kind(c) : CONTROL;
        if (k == SPACE) break;
        if (i > 0 && (s.p[i] == '<' || s.p[i] == first) &&
            special_len(e, om_str_skip(s, i), &id))
            break;
        if (k == CONTROL) *plain = false;
    }
    if (i > PLAIN_MAX) *plain = false;
    return (om_str){s.p, i};
}

static omost_status encode(encoder *e, om_str s)
{
    omost_status st = OMOST_OK;
    for (uint32_t id; s.n > 0 && st == OMOST_OK;) {
        size_t n = special_len(e, s, &id);
        bool plain;
        if (n > 0) {
            om_ids_put(e->out, id);
        } else if ((unsigned char)*s.p < 0x80 &&
                   ascii_kind((unsigned char)*s.p) == SPACE) {
            n = 1;
        } else {
            om_str piece = next_piece(e, s, &plain);
            st = plain ? put_plain(e, piece) : put_any(e, piece);
            n = piece.n;
        }
        s = om_str_skip(s, n);
    }
    return st;
}

omost_status om_clip_encode(const om_bpe *b, om_str text, om_str special,
                            uint32_t special_id, om_ids *out, omost_error *err)
{
    encoder e = {.b = b,
                 .special = special,
                 .special_id = special_id,
                 .out = out,
                 .err = err};
    om_buf_init(&e.clean, b->env, SIZE_MAX / 2);
    om_buf_init(&e.normal, b->env, SIZE_MAX / 2);
    om_buf_init(&e.lower, b->env, SIZE_MAX / 2);
    omost_status st = encode(&e, text);
    om_buf_free(&e.clean);
    om_buf_free(&e.normal);
    om_buf_free(&e.lower);
    return st;
}
