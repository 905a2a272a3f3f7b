/* llama_prompt.c - a conversation as tokens.
 *
 * Only the template's own words may become special tokens. Everything between
 * two special tokens - template's text and turns' texts alike - is tokenised
 * in one piece, so that the tokens are those of the whole text: what libllama
 * and the model's authors get. */
#include "composer/llama_local.h"

#include <ctype.h>

enum { MAX_PROMPT = 64 << 20 };

omost_status om_llama_apply(void *llama, const om_turn *turns, size_t n,
                            om_buf *out, omost_error *err)
{
    const om_llama *w = llama;
    size_t room = 256;
    struct llama_chat_message *m = om_alloc(w->head.env, n * sizeof *m);
    if (!m) return om_fail_nomem(err);
    for (size_t i = 0; i < n; i++) {
        m[i].role = om_turn_role_name(turns[i].role);
        m[i].content = turns[i].text.p;
        room += 2 * turns[i].text.n + 64;
    }
    omost_status st = OMOST_FORMAT;
    for (int tries = 0; tries < 2 && st == OMOST_FORMAT; tries++) {
        if (!om_buf_reserve(out, room)) break;
        const int32_t len =
            llama_chat_apply_template(w->template, m, n, true, out->p + out->n,
                                      (int32_t)(room < INT32_MAX ? room : 0));
        if (len < 0) break;
        if ((size_t)len <= room) {
            out->n += (size_t)len;
            st = OMOST_OK;
        }
        room = (size_t)len;
    }
    om_free(w->head.env, m);
    if (out->status != OMOST_OK) return om_buf_check(out, "the prompt", err);
    return st == OMOST_OK ? st
                          : om_fail(err, st,
                                    "the model's chat template is "
                                    "not one that libllama knows");
}

bool om_llama_can_follow(om_llama *w, const char *template)
{
    static const om_turn probe[] = {{OM_TURN_SYSTEM, {"a", 1}},
                                    {OM_TURN_USER, {"b", 1}},
                                    {OM_TURN_ASSISTANT, {"c", 1}},
                                    {OM_TURN_USER, {"d", 1}}};
    om_template_parts parts;
    om_arena arena;
    const char *was = w->template;
    om_arena_init(&arena, w->head.env, 0);
    w->template = template;
    const bool ok =
        template && om_template_split(om_llama_apply, w, probe, 4, &arena,
                                      &parts, NULL) == OMOST_OK;
    w->template = was;
    om_arena_free(&arena);
    return ok;
}

/* ---- tokens -------------------------------------------------------------- */

typedef struct making {
    const om_words *words;
    om_buf raw; /* text since the last special token */
    bool strip; /* that token takes the white space behind it */
    om_tokens *tokens;
    omost_error *err;
} making;

static void strip_left(om_str *s)
{
    while (s->n > 0 && isspace((unsigned char)s->p[0])) *s = om_str_skip(*s, 1);
}

static void strip_right(om_str *s)
{
    while (s->n > 0 && isspace((unsigned char)s->p[s->n - 1])) s->n--;
}

static omost_status end_raw(making *m, bool strip)
{
    om_str raw = om_buf_view(&m->raw);
    if (m->strip) strip_left(&raw);
    if (strip) strip_right(&raw);
    omost_status st = om_buf_check(&m->raw, "the prompt", m->err);
    if (st == OMOST_OK) st = om_words_raw(m->words, raw, m->tokens, m->err);
    m->raw.n = 0;
    return st;
}

static bool is_special(enum llama_token_attr attr)
{
    return attr & (LLAMA_TOKEN_ATTR_CONTROL | LLAMA_TOKEN_ATTR_UNKNOWN |
                   LLAMA_TOKEN_ATTR_USER_DEFINED);
}

static omost_status put_special(making *m, int32_t token)
{
    const enum llama_token_attr attr =
        llama_vocab_get_attr(m->words->vocab, token);
    omost_status st = end_raw(m, attr & LLAMA_TOKEN_ATTR_LSTRIP);
    m->strip = attr & LLAMA_TOKEN_ATTR_RSTRIP;
    return st == OMOST_OK ? om_tokens_put(m->tokens, &token, 1, m->err) : st;
}

/* The template's own text: its special tokens are found by libllama, where
 * they stand by their names. */
static omost_status put_piece(making *m, om_str piece)
{
    om_tokens t = {.env = m->words->env};
    omost_status st = om_words_parse(m->words, piece, &t, m->err);
    for (size_t i = 0; st == OMOST_OK && i < t.n; i++) {
        const struct llama_vocab *vocab = m->words->vocab;
        if (!is_special(llama_vocab_get_attr(vocab, t.p[i]))) continue;
        const om_str name = om_str_of(llama_vocab_get_text(vocab, t.p[i]));
        const size_t at = om_str_find(piece, name);
        if (at == SIZE_MAX) continue;
        om_buf_put(&m->raw, piece.p, at);
        st = put_special(m, t.p[i]);
        piece = om_str_skip(piece, at + name.n);
    }
    om_buf_str(&m->raw, piece);
    om_tokens_free(&t);
    return st;
}

static omost_status put_first(making *m, om_str piece)
{
    const struct llama_vocab *vocab = m->words->vocab;
    const int32_t bos = llama_vocab_bos(vocab);
    if (!llama_vocab_get_add_bos(vocab) || bos == LLAMA_TOKEN_NULL)
        return OMOST_OK;
    /* Some templates write it themselves. */
    if (om_str_starts(piece, om_str_of(llama_vocab_get_text(vocab, bos))))
        return OMOST_OK;
    return om_tokens_put(m->tokens, &bos, 1, m->err);
}

/* What every conversation begins with: up to the last special token before the
 * first word of the user. */
static omost_status put_parts(making *m, const om_template_parts *parts,
                              om_prompt *out)
{
    omost_status st = put_first(m, parts->piece[0]);
    for (size_t i = 0; st == OMOST_OK && i < parts->n; i++) {
        st = put_piece(m, parts->piece[i]);
        if (i == 1) out->n_system = m->tokens->n;
        om_buf_str(&m->raw, parts->text[i]);
    }
    if (st == OMOST_OK) st = put_piece(m, parts->piece[parts->n]);
    return st == OMOST_OK ? end_raw(m, false) : st;
}

omost_status om_llama_prompt(om_llama *w, const om_turn *turns, size_t n,
                             om_prompt *out, omost_error *err)
{
    om_arena arena;
    om_template_parts parts;
    *out = (om_prompt){.tokens = {.env = w->head.env}};
    making m = {.words = &w->words, .tokens = &out->tokens, .err = err};
    om_buf_init(&m.raw, w->head.env, MAX_PROMPT);
    om_arena_init(&arena, w->head.env, 0);
    omost_status st =
        om_template_split(om_llama_apply, w, turns, n, &arena, &parts, err);
    if (st == OMOST_OK) st = put_parts(&m, &parts, out);
    om_buf_free(&m.raw);
    om_arena_free(&arena);
    if (st == OMOST_OK && out->tokens.n == 0)
        st = om_fail(err, OMOST_FORMAT, "the prompt is empty");
    if (st != OMOST_OK) om_tokens_free(&out->tokens);
    return st;
}
