/* tiny_vocab.c - byte-pair merging on a small text; the canvas it learns from. */
#include "support/tiny_vocab.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    MAX_WORD = 64,
    TYPE_NORMAL = 1,
    TYPE_UNKNOWN,
    TYPE_CONTROL,
    TYPE_BYTE = 6
};

/* ---- words ---------------------------------------------------------------
 * The text is cut into words first, and no token crosses their borders. The
 * rule is llama-bpe's for ASCII: letters with one sign before them; up to three
 * digits; signs with a blank before and line ends after; line ends with the
 * blanks before; blanks but the last before a word. Bytes above 127 count as
 * signs. */

typedef struct {
    const unsigned char *at;
    int count;
    int n;
    int32_t symbol[MAX_WORD];
} word;

static bool is_letter(int c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
static bool is_digit(int c)
{
    return c >= '0' && c <= '9';
}
static bool is_space(int c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}
static bool is_line_end(int c)
{
    return c == '\n' || c == '\r';
}
static bool is_sign(int c)
{
    return c && !is_letter(c) && !is_digit(c) && !is_space(c);
}

static size_t spaces_length(const unsigned char *s)
{
    size_t n = 0, after_line = 0;
    for (; is_space(s[n]); n++)
        if (is_line_end(s[n])) after_line = n + 1;
    if (after_line) return after_line;
    return n > 1 && s[n] ? n - 1 : n; /* the last blank goes with the word */
}

/* Bytes of the word at s, which is not empty and ends in '\0'. */
static size_t word_length(const unsigned char *s)
{
    size_t n = 0;
    if (is_letter(s[0]) ||
        (!is_line_end(s[0]) && !is_digit(s[0]) && is_letter(s[1]))) {
        for (n = 1; is_letter(s[n]);) n++;
        return n;
    }
    if (is_digit(s[0])) {
        for (n = 1; n < 3 && is_digit(s[n]);) n++;
        return n;
    }
    if (is_sign(s[0]) || (s[0] == ' ' && is_sign(s[1]))) {
        for (n = 1; is_sign(s[n]);) n++;
        while (is_line_end(s[n])) n++;
        return n;
    }
    n = spaces_length(s);
    return n ? n : 1;
}

/* SentencePiece has no such rule, and its words have no line ends in them. */
static size_t piece_length(const unsigned char *s, size_t n, bool bpe)
{
    if (n > MAX_WORD) n = MAX_WORD;
    for (size_t i = 0; !bpe && i < n; i++)
        if (s[i] > '~' || s[i] < ' ') return i ? i : 1;
    return n;
}

static int by_bytes(const void *a, const void *b)
{
    const word *x = a, *y = b;
    int n = x->n < y->n ? x->n : y->n;
    int d = memcmp(x->at, y->at, (size_t)n);
    return d ? d : (x->n > y->n) - (x->n < y->n);
}

/* Different words of the text, with their counts. */
static word *split(const char *corpus, size_t len, bool bpe, size_t *n_words)
{
    word *w = calloc(len + 1, sizeof *w);
    char *text = malloc(len + 1); /* ends in '\0' */
    size_t n = 0;
    if (!w || !text) {
        free(w);
        free(text);
        return NULL;
    }
    memcpy(text, corpus, len);
    text[len] = '\0';
    for (size_t i = 0; i < len;) {
        const unsigned char *s = (const unsigned char *)text + i;
        size_t k = piece_length(s, word_length(s), bpe);
        const unsigned char *at = (const unsigned char *)corpus + i;
        w[n] = (word){.at = at, .count = 1, .n = (int)k};
        n++;
        i += k;
    }
    free(text);
    qsort(w, n, sizeof *w, by_bytes);
    size_t kept = 0;
    for (size_t i = 0; i < n; i++) {
        if (kept && by_bytes(&w[kept - 1], &w[i]) == 0)
            w[kept - 1].count++;
        else
            w[kept++] = w[i];
    }
    for (size_t i = 0; i < kept; i++)
        for (int j = 0; j < w[i].n; j++) w[i].symbol[j] = w[i].at[j];
    *n_words = kept;
    return w;
}

/* ---- merging ------------------------------------------------------------- */

typedef struct {
    int32_t left, right; /* symbols; 0..255 are bytes, then merges in order */
} pair;

typedef struct {
    pair what;
    int count; /* 0: empty */
} slot;

/* The pair that occurs most; among equals the one seen first. */
static pair most_frequent(const word *w, size_t n, slot *table, size_t mask,
                          int *count)
{
    pair best = {0, 0};
    *count = 0;
    memset(table, 0, (mask + 1) * sizeof *table);
    for (size_t i = 0; i < n; i++) {
        for (int j = 0; j + 1 < w[i].n; j++) {
            const pair p = {w[i].symbol[j], w[i].symbol[j + 1]};
            size_t h =
                ((size_t)p.left * 0x9e3779b1u + (size_t)p.right) * 0x85ebca6bu;
            slot *s;
            for (;; h++) {
                s = &table[(h ^ h >> 15) & mask];
                if (!s->count ||
                    (s->what.left == p.left && s->what.right == p.right))
                    break;
            }
            s->what = p;
            s->count += w[i].count;
            if (s->count > *count) {
                *count = s->count;
                best = p;
            }
        }
    }
    return best;
}

static void replace(word *w, size_t n, pair p, int32_t by)
{
    for (size_t i = 0; i < n; i++) {
        int k = 0;
        for (int j = 0; j < w[i].n; j++) {
            bool here = w[i].symbol[j] == p.left && j + 1 < w[i].n &&
                        w[i].symbol[j + 1] == p.right;
            w[i].symbol[k++] = here ? by : w[i].symbol[j];
            j += here;
        }
        w[i].n = k;
    }
}

static size_t learn(const char *corpus, size_t len, bool bpe, pair *out,
                    size_t most)
{
    size_t n_words = 0, n = 0, mask = 1;
    word *w = split(corpus, len, bpe, &n_words);
    while (mask < 4 * len) mask *= 2;
    slot *table = malloc(mask * sizeof *table);
    for (; w && table && n < most; n++) {
        int count;
        out[n] = most_frequent(w, n_words, table, mask - 1, &count);
        if (count == 0) break;
        replace(w, n_words, out[n], (int32_t)(256 + n));
    }
    free(w);
    free(table);
    return n;
}

/* ---- how GGUF writes a token ---------------------------------------------- */

static size_t put_utf8(char *out, unsigned c)
{
    if (c < 0x80) {
        out[0] = (char)c;
        return 1;
    }
    if (c < 0x800) {
        out[0] = (char)(0xc0 | c >> 6);
        out[1] = (char)(0x80 | (c & 63));
        return 2;
    }
    out[0] = (char)(0xe0 | c >> 12);
    out[1] = (char)(0x80 | (c >> 6 & 63));
    out[2] = (char)(0x80 | (c & 63));
    return 3;
}

/* GPT-2's letter for a byte: itself where it can be seen, else the next free
 * code point from 256 on. */
static unsigned gpt2_letter(int byte)
{
    unsigned next = 256;
    for (int b = 0; b <= byte; b++) {
        bool seen = (b >= '!' && b <= '~') || (b >= 0xa1 && b != 0xad);
        if (b == byte) return seen ? (unsigned)b : next;
        if (!seen) next++;
    }
    return 0;
}

static size_t put_byte(char *out, int byte, bool bpe)
{
    if (bpe) return put_utf8(out, gpt2_letter(byte));
    return put_utf8(out, byte == ' ' ? 0x2581 : (unsigned)byte);
}

/* Three texts as one, the caller's; NULL without memory. */
static char *joined(const char *a, const char *b, const char *c)
{
    const size_t room = strlen(a) + strlen(b) + strlen(c) + 1;
    char *out = malloc(room);
    if (out) snprintf(out, room, "%s%s%s", a, b, c);
    return out;
}

static char *symbol_text(int32_t symbol, const pair *merges, bool bpe)
{
    if (symbol < 256) {
        char buf[4] = "";
        put_byte(buf, symbol, bpe);
        return strdup(buf);
    }
    char *l = symbol_text(merges[symbol - 256].left, merges, bpe);
    char *r = symbol_text(merges[symbol - 256].right, merges, bpe);
    char *out = l && r ? joined(l, "", r) : NULL;
    free(l);
    free(r);
    return out;
}

/* ---- the vocabulary ------------------------------------------------------- */

static uint32_t add(tiny_vocab *v, const char *text, float score, int type)
{
    v->text[v->n] = strdup(text);
    v->score[v->n] = score;
    v->type[v->n] = type;
    return (uint32_t)v->n++;
}

/* The i-th made-up word. It ends in q, so that it is no word of a corpus. */
static void made_up(char *out, size_t room, size_t i, bool bpe)
{
    static const char *const first[] = {"b", "c", "d", "f", "g", "h",
                                        "l", "m", "n", "p", "r", "s",
                                        "t", "v", "w", "st"};
    static const char *const vowel[] = {"a", "e",  "i",  "o",
                                        "u", "ai", "ea", "ou"};
    size_t form = i % 4, k = i / 4, n = form == 3 ? 0 : put_byte(out, ' ', bpe);
    do {
        n += (size_t)snprintf(out + n, room - n, "%s%s", first[k % 16],
                              vowel[k / 16 % 8]);
        k /= 128;
    } while (k);
    snprintf(out + n, room - n, "%sq", form == 1 ? "n" : form == 2 ? "r" : "");
}

static void add_specials(tiny_vocab *v, bool bpe)
{
    if (bpe) {
        v->bos = add(v, "<|begin_of_text|>", 0, TYPE_CONTROL);
        v->eos = add(v, "<|end_of_text|>", 0, TYPE_CONTROL);
        add(v, "<|start_header_id|>", 0, TYPE_CONTROL);
        add(v, "<|end_header_id|>", 0, TYPE_CONTROL);
        v->eot = add(v, "<|eot_id|>", 0, TYPE_CONTROL);
    } else {
        v->bos = 1;
        v->eos = add(v, "<|endoftext|>", 0, TYPE_CONTROL);
        add(v, "<|assistant|>", 0, TYPE_CONTROL);
        add(v, "<|system|>", 0, TYPE_CONTROL);
        v->eot = add(v, "<|end|>", 0, TYPE_CONTROL);
        add(v, "<|user|>", 0, TYPE_CONTROL);
    }
}

static void add_first(tiny_vocab *v, bool bpe)
{
    char buf[16];
    if (!bpe) {
        add(v, "<unk>", 0, TYPE_UNKNOWN);
        add(v, "<s>", 0, TYPE_CONTROL);
        add(v, "</s>", 0, TYPE_CONTROL);
    }
    for (int b = 0; b < 256; b++) {
        if (bpe)
            buf[put_byte(buf, b, true)] = '\0';
        else
            snprintf(buf, sizeof buf, "<0x%02X>", (unsigned)b);
        add(v, buf, 0, bpe ? TYPE_NORMAL : TYPE_BYTE);
    }
    for (int b = ' '; !bpe && b <= '~'; b++) { /* the last that merging tries */
        buf[put_byte(buf, b, false)] = '\0';
        add(v, buf, -1e6F - (float)b, TYPE_NORMAL);
    }
}

static bool add_merges(tiny_vocab *v, const pair *p, size_t n, bool bpe)
{
    for (size_t i = 0; i < n; i++) {
        char *l = symbol_text(p[i].left, p, bpe);
        char *r = symbol_text(p[i].right, p, bpe);
        char *both = symbol_text((int32_t)(256 + i), p, bpe);
        char *rule = l && r ? joined(l, " ", r) : NULL;
        bool known = !both;
        free(l);
        free(r);
        /* Two ways may lead to one text: one token, and both ways stay. */
        for (size_t k = 0; !known && k < v->n; k++)
            known = strcmp(v->text[k], both) == 0;
        if (!known) add(v, both, bpe ? 0 : -(float)i, TYPE_NORMAL);
        free(both);
        if (!rule) return false;
        if (bpe)
            v->merge[v->n_merges++] = rule;
        else
            free(rule);
    }
    return true;
}

tiny_vocab *tiny_vocab_learn(bool bpe, const char *corpus, size_t len,
                             size_t merges, size_t at_least)
{
    enum { OTHERS = 512 }; /* bytes, printable letters, specials */
    const size_t cap = OTHERS + merges + at_least;
    tiny_vocab *v = calloc(1, sizeof *v);
    pair *p = calloc(merges + 1, sizeof *p);
    if (v) {
        v->text = calloc(cap, sizeof *v->text);
        v->score = calloc(cap, sizeof *v->score);
        v->type = calloc(cap, sizeof *v->type);
        v->merge = calloc(merges + 1, sizeof *v->merge);
    }
    if (!v || !p || !v->text || !v->score || !v->type || !v->merge) {
        free(p);
        tiny_vocab_free(v);
        return NULL;
    }
    add_first(v, bpe);
    bool ok = add_merges(v, p, learn(corpus, len, bpe, p, merges), bpe);
    for (size_t i = 0; v->n + 5 < at_least; i++) {
        char buf[64];
        made_up(buf, sizeof buf, i, bpe);
        add(v, buf, bpe ? 0 : -2e6F, TYPE_NORMAL);
    }
    add_specials(v, bpe);
    free(p);
    for (size_t i = 0; i < v->n; i++) ok = ok && v->text[i];
    if (ok) return v;
    tiny_vocab_free(v);
    return NULL;
}

void tiny_vocab_free(tiny_vocab *v)
{
    if (!v) return;
    for (size_t i = 0; v->text && i < v->n; i++) free(v->text[i]);
    for (size_t i = 0; v->merge && i < v->n_merges; i++) free(v->merge[i]);
    free(v->text);
    free(v->score);
    free(v->type);
    free(v->merge);
    free(v);
}

/* ---- the canvas ----------------------------------------------------------- */

const char *tiny_vocab_canvas(void)
{
    return "```python\n"
           "# Initialize the canvas\n"
           "canvas = Canvas()\n\n"
           "# Set a global description for the canvas\n"
           "canvas.set_global_description(\n"
           "    description='A lighthouse on a cliff in the evening light.',\n"
           "    detailed_descriptions=[\n"
           "        'The image shows a white lighthouse on a dark cliff.',\n"
           "        'The sea below is calm, and the sky is full of soft clouds.',\n"
           "        'The overall mood is one of peace and quiet.'\n"
           "    ],\n"
           "    tags='lighthouse, cliff, sea, sky, clouds, evening, calm',\n"
           "    HTML_web_color_name='steelblue',\n"
           ")\n\n"
           "# Add the main tower in the middle\n"
           "canvas.add_local_description(\n"
           "    location='in the center',\n"
           "    offset='slightly to the upper-right',\n"
           "    area='a large vertical area',\n"
           "    distance_to_viewer=5.0,\n"
           "    description='A tall white tower with a red lamp room.',\n"
           "    detailed_descriptions=[\n"
           "        'The tower rises from the rock and catches the last light.',\n"
           "        'The lamp is lit, and its beam sweeps over the water.'\n"
           "    ],\n"
           "    tags='tower, white, red, lamp, beam, tall',\n"
           "    atmosphere='Calm and clear, with a hint of the coming night.',\n"
           "    style='Detailed and realistic, with soft shadows.',\n"
           "    quality_meta='High resolution, sharp focus.',\n"
           "    HTML_web_color_name='whitesmoke',\n"
           ")\n\n"
           "# Add the rocks on the left\n"
           "canvas.add_local_description(\n"
           "    location='on the bottom-left',\n"
           "    offset='no offset',\n"
           "    area='a medium-sized square area',\n"
           "    distance_to_viewer=2.5,\n"
           "    description='Dark rocks with foam around them.',\n"
           "    detailed_descriptions=[\n"
           "        'The rocks are wet and shine in the light of the sky.'\n"
           "    ],\n"
           "    tags='rocks, foam, wet, dark',\n"
           "    atmosphere='Fresh and salty.',\n"
           "    style='Rich in texture, natural colors.',\n"
           "    quality_meta='Fine detail in the foreground.',\n"
           "    HTML_web_color_name='darkslategray',\n"
           ")\n"
           "```\n"
           "in the center on the left on the right on the top on the bottom "
           "on the top-left on the top-right on the bottom-left on the "
           "bottom-right no offset slightly to the left slightly to the right "
           "slightly to the upper slightly to the lower slightly to the "
           "upper-left slightly to the lower-left slightly to the lower-right "
           "a small square area a small vertical area a small horizontal area "
           "a medium-sized vertical area a medium-sized horizontal area "
           "a large square area a large horizontal area\n";
}
