/* gbnf.c - form.def as GBNF, llama.cpp's notation for grammars.
 *
 * A loop is a rule of its own and its turns are counted by {1,n}; so are the
 * characters of a text. llama.cpp makes a rule of each count and refuses a
 * repetition of 2000 or more of them. */
#include "composer/form.h"
#include "composer/form_table.h"
#include "omost/compose.h"

/* ---- literals and classes ---------------------------------------------- */

static void put_char(om_buf *out, uint32_t r)
{
    if (r == '\n')
        om_buf_puts(out, "\\n");
    else if (r == '"' || r == '\\' || r == ']' || r == '[')
        om_buf_printf(out, "\\%c", (char)r);
    else if (r >= ' ' && r < 0x7F && r != '^' && r != '-')
        om_buf_putc(out, (char)r);
    else if (r <= 0xFF)
        om_buf_printf(out, "\\x%02X", r);
    else if (r <= 0xFFFF)
        om_buf_printf(out, "\\u%04X", r);
    else
        om_buf_printf(out, "\\U%08X", r);
}

/* A literal right behind another becomes one with it. */
static void put_literal(om_buf *out, om_str s)
{
    if (out->n && out->p[out->n - 1] == '"')
        out->n--;
    else
        om_buf_puts(out, " \"");
    for (size_t i = 0; i < s.n; i++) {
        if (strchr("-^[]", s.p[i]))
            om_buf_putc(out, s.p[i]); /* special in a class alone */
        else
            put_char(out, (unsigned char)s.p[i]);
    }
    om_buf_putc(out, '"');
}

static void put_range(om_buf *out, uint32_t lo, uint32_t hi)
{
    put_char(out, lo);
    if (hi > lo + 1) om_buf_putc(out, '-');
    if (hi > lo) put_char(out, hi);
}

/* [...]: the ranges without the ASCII characters of `but`. */
static void put_class(om_buf *out, const om_runes *runes, size_t n,
                      const char *but)
{
    om_buf_putc(out, '[');
    for (size_t i = 0; i < n; i++) {
        uint32_t lo = runes[i].lo;
        const uint32_t hi = runes[i].hi;
        for (uint32_t c = lo; c <= hi && c < 0x80; c++) {
            if (!strchr(but, (int)c)) continue;
            if (lo < c) put_range(out, lo, c - 1);
            lo = c + 1;
        }
        if (lo <= hi) put_range(out, lo, hi);
    }
    om_buf_putc(out, ']');
}

/* ---- sequences of pieces ----------------------------------------------- */

static const char *word_rule(omost_word_kind kind)
{
    switch (kind) {
    case OMOST_WORD_LOCATION: return "location";
    case OMOST_WORD_OFFSET: return "offset";
    case OMOST_WORD_AREA: return "area";
    case OMOST_WORD_COLOR: break;
    }
    return "color";
}

/* The pieces from `i` on, up to the end or the CLOSE of the loop they are in;
 * loops among them are named. */
static void put_pieces(om_buf *out, size_t i)
{
    for (;; i++) {
        const om_piece *x = &om_form_pieces[i];
        switch (x->kind) {
        case OM_PIECE_LITERAL: put_literal(out, x->text); break;
        case OM_PIECE_WORD:
            om_buf_printf(out, " %s", word_rule(x->word));
            break;
        case OM_PIECE_TEXT: om_buf_printf(out, " %s", x->name); break;
        case OM_PIECE_NUMBER: om_buf_puts(out, " number"); break;
        case OM_PIECE_COMMENT: om_buf_puts(out, " comment"); break;
        case OM_PIECE_OPEN:
            om_buf_printf(out, " %s{1,%d}", x->name, x->most);
            i = om_form_closing(i);
            put_literal(out, om_form_pieces[i].text);
            break;
        case OM_PIECE_CLOSE: om_buf_putc(out, '\n'); return;
        case OM_PIECE_END: om_buf_puts(out, " [\\n]?\n"); return;
        }
    }
}

/* Is this the first piece of the kind with this name? */
static bool is_first(size_t i)
{
    const om_piece *x = &om_form_pieces[i];
    for (size_t k = 0; k < i; k++) {
        const om_piece *y = &om_form_pieces[k];
        if (y->kind != x->kind) continue;
        if (x->name ? strcmp(x->name, y->name) == 0 : x->word == y->word)
            return false;
    }
    return true;
}

/* ---- rules ------------------------------------------------------------- */

static void put_words(om_buf *out, const om_piece *x)
{
    size_t n;
    const om_str *words = om_form_words(x->word, &n);
    om_buf_printf(out, "%s ::= \"'\" (", word_rule(x->word));
    for (size_t i = 0; i < n; i++) {
        if (i) om_buf_puts(out, " |");
        put_literal(out, words[i]);
    }
    om_buf_puts(out, " ) \"'\"\n");
}

/* 1.0 to 999.999, or 0. and a digit above 0 after as many zeros as there is
 * room for. */
static void put_number(om_buf *out)
{
    const int most = OM_NUMBER_DIGITS;
    om_buf_printf(out, "number ::= [1-9] [0-9]{0,%d} \".\" [0-9]{1,%d}",
                  most - 1, most);
    for (int zeros = 0; zeros < most; zeros++) {
        om_buf_puts(out, " | \"0.");
        om_buf_fill(out, '0', (size_t)zeros);
        om_buf_puts(out, "\" [1-9]");
        if (zeros < most - 1)
            om_buf_printf(out, " [0-9]{0,%d}", most - 1 - zeros);
    }
    om_buf_putc(out, '\n');
}

static void put_piece_rule(om_buf *out, size_t i)
{
    const om_piece *x = &om_form_pieces[i];
    switch (x->kind) {
    case OM_PIECE_OPEN:
        om_buf_printf(out, "%s ::=", x->name);
        put_literal(out, x->text);
        put_pieces(out, i + 1);
        break;
    case OM_PIECE_WORD: put_words(out, x); break;
    case OM_PIECE_NUMBER: put_number(out); break;
    case OM_PIECE_TEXT:
        om_buf_printf(out,
                      "%s ::= \"'\" first-single single{0,%d} \"'\" | "
                      "\"\\\"\" first-double double{0,%d} \"\\\"\"\n",
                      x->name, x->most - 1, x->most - 1);
        break;
    case OM_PIECE_COMMENT:
        om_buf_puts(out, "comment ::= ");
        put_class(out, om_first_runes, om_first_n_runes, "`");
        om_buf_putc(out, ' ');
        put_class(out, om_text_runes, om_text_n_runes, "`");
        om_buf_printf(out, "{0,%d}\n", x->most - 1);
        break;
    case OM_PIECE_LITERAL:
    case OM_PIECE_CLOSE:
    case OM_PIECE_END: break;
    }
}

/* The characters of a text in this kind of quotes. */
static void put_characters(om_buf *out, const char *name, const char *but)
{
    om_buf_printf(out, "first-%s ::= ", name);
    put_class(out, om_first_runes, om_first_n_runes, but);
    om_buf_printf(out, " | escape\n%s ::= ", name);
    put_class(out, om_text_runes, om_text_n_runes, but);
    om_buf_puts(out, " | escape\n");
}

void om_gbnf_print(om_buf *out)
{
    om_buf_puts(out, "root ::=");
    put_pieces(out, 0);
    for (size_t i = 0; i < om_form_n_pieces; i++)
        if (is_first(i)) put_piece_rule(out, i);
    put_characters(out, "single", "'\\");
    put_characters(out, "double", "\"\\");
    om_buf_puts(out, "escape ::= \"\\\\\" [\"'\\\\]\n");
}

char *omost_compose_grammar(const omost_env *env, size_t *len, omost_error *err)
{
    om_buf b;
    om_error_clear(err);
    om_buf_init(&b, env, 1 << 20);
    om_gbnf_print(&b);
    om_buf_check(&b, "the grammar", err);
    return om_buf_steal(&b, len);
}
