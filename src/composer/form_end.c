/* form_end.c - ending a reply that must end now, wherever it stands.
 *
 * The ending is what strict reading takes, not all of it what the form asks
 * for: a text may stay empty and a list without items. A comment has not begun
 * a region yet, so the reply can end behind it; a call that has begun must have
 * all of its parameters. */
#include "composer/form_place.h"

/* Any bytes that make the character begun whole. */
static void finish_rune(om_form_place *p, om_buf *out)
{
    while (p->missing)
        for (int c = 0x80; c < 0xC0; c++) {
            om_form_place q = *p;
            if (!om_form_step(&q, (unsigned char)c)) continue;
            om_buf_putc(out, (char)c);
            *p = q;
            break;
        }
}

static void finish_text(om_form_place *p, om_buf *out)
{
    if (!p->quote) {
        om_buf_puts(out, "''");
        return;
    }
    finish_rune(p, out);
    if (p->phase & OM_TEXT_ESCAPE) om_buf_putc(out, '\\');
    om_buf_putc(out, (char)p->quote);
}

static void finish_number(const om_form_place *p, om_buf *out)
{
    const bool zero = !(p->phase & OM_NUMBER_NONZERO);
    if (p->phase & OM_NUMBER_POINT) {
        if (zero || p->at == 0) om_buf_putc(out, zero ? '1' : '0');
    } else if (p->at == 0) {
        om_buf_puts(out, "1.0");
    } else {
        om_buf_puts(out, zero ? ".1" : ".0");
    }
}

/* The shortest word that begins so; the usual one where none has begun. */
static om_str word_instead(const om_form_place *p, const om_piece *x)
{
    size_t n;
    const om_str *words = om_form_words(x->word, &n);
    if (p->at <= 1) return x->instead ? om_str_of(x->instead) : words[0];
    const om_str head = {words[p->word].p, p->at - 1u};
    om_str best = words[p->word];
    for (size_t i = p->word; i < n; i++)
        if (om_str_starts(words[i], head) && words[i].n < best.n)
            best = words[i];
    return best;
}

static void finish_word(const om_form_place *p, const om_piece *x, om_buf *out)
{
    if (p->at == 0) om_buf_putc(out, '\'');
    om_buf_str(out, om_str_skip(word_instead(p, x), p->at ? p->at - 1u : 0));
    om_buf_putc(out, '\'');
}

/* Before the call of a region has begun, what stands on its line is nothing
 * or a comment: a fence on the next line ends the reply. */
static bool ends_before_call(om_form_place *p, om_buf *out)
{
    const om_piece *x = om_form_piece(p);
    const om_piece *before = p->piece ? x - 1 : x;
    bool open_line = true;
    if (x->kind == OM_PIECE_OPEN && x->loop == OM_LOOP_REGIONS)
        open_line = p->at > 1;
    else if (x->kind == OM_PIECE_LITERAL && before->kind == OM_PIECE_COMMENT &&
             p->at == 1)
        open_line = false;
    else if (x->kind != OM_PIECE_COMMENT)
        return false;
    finish_rune(p, out);
    om_buf_puts(out, open_line ? "\n```" : "```");
    return true;
}

void om_form_ending(const om_form *form, om_buf *out)
{
    om_form_place p = om_form_open(form);
    if (ends_before_call(&p, out)) return;
    while (om_form_piece(&p)->kind != OM_PIECE_END) {
        const om_piece *x = om_form_piece(&p);
        size_t next = p.piece + 1u;
        switch (x->kind) {
        case OM_PIECE_WORD: finish_word(&p, x, out); break;
        case OM_PIECE_TEXT: finish_text(&p, out); break;
        case OM_PIECE_NUMBER: finish_number(&p, out); break;
        case OM_PIECE_OPEN:
            if (x->loop == OM_LOOP_REGIONS) { /* none has begun */
                om_buf_puts(out, "```");
                return;
            }
            next = om_form_closing(p.piece);
            break;
        case OM_PIECE_LITERAL:
        case OM_PIECE_CLOSE: om_buf_str(out, om_str_skip(x->text, p.at)); break;
        case OM_PIECE_COMMENT:
        case OM_PIECE_END: break;
        }
        p = (om_form_place){.piece = (uint8_t)next};
    }
}
