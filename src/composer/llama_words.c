/* llama_words.c - the vocabulary, read once. */
#include "composer/llama_words.h"

#include <llama.h>

enum { MAX_TEXT = 1 << 30 };

omost_status om_tokens_put(om_tokens *t, const int32_t *p, size_t n,
                           omost_error *err)
{
    for (size_t i = 0; i < n; i++) {
        if (t->n == t->cap) {
            int32_t *grown =
                om_grow(t->env, t->p, t->n, &t->cap, sizeof *grown);
            if (!grown) return om_fail_nomem(err);
            t->p = grown;
        }
        t->p[t->n++] = p[i];
    }
    return OMOST_OK;
}

void om_tokens_free(om_tokens *t)
{
    om_free(t->env, t->p);
    *t = (om_tokens){.env = t->env};
}

/* ---- text as tokens ------------------------------------------------------ */

static omost_status tokenize(const om_words *w, om_str text, bool special,
                             om_tokens *out, omost_error *err)
{
    if (text.n == 0) return OMOST_OK;
    if (text.n > MAX_TEXT)
        return om_fail(err, OMOST_LIMIT, "a message of %zu bytes", text.n);
    /* A token is at least a byte, and there may be a blank before it all; but
     * bytes that are no UTF-8 are replaced, by more of them. */
    const size_t room = text.n + 2;
    int32_t n = -(int32_t)room, *t = NULL;
    for (int tries = 0; tries < 2 && n < 0 && n != INT32_MIN; tries++) {
        int32_t *grown = om_realloc(w->env, t, (size_t)-n * sizeof *t);
        if (!grown) {
            om_free(w->env, t);
            return om_fail_nomem(err);
        }
        t = grown;
        n = llama_tokenize(w->vocab, text.p, (int32_t)text.n, t, -n, false,
                           special);
    }
    omost_status st =
        n < 0 ? om_fail(err, OMOST_FORMAT,
                        "the model's vocabulary cannot write this text")
              : om_tokens_put(out, t, (size_t)n, err);
    om_free(w->env, t);
    return st;
}

omost_status om_words_parse(const om_words *w, om_str text, om_tokens *out,
                            omost_error *err)
{
    return tokenize(w, text, true, out, err);
}

/* Where in the text a token of the markup ends its first character: there the
 * text is cut, so that libllama does not see the token. n: nowhere. */
static size_t next_cut(const om_words *w, om_str text)
{
    size_t at = text.n;
    for (size_t i = 0; i < w->markup.n; i++) {
        const char *z = llama_vocab_get_text(w->vocab, w->markup.p[i]);
        const size_t found = om_str_find(text, om_str_of(z));
        if (found != SIZE_MAX && found + 1 < at) at = found + 1;
    }
    return at;
}

omost_status om_words_raw(const om_words *w, om_str text, om_tokens *out,
                          omost_error *err)
{
    omost_status st = OMOST_OK;
    while (st == OMOST_OK && text.n > 0) {
        const size_t n = next_cut(w, text);
        st = tokenize(w, (om_str){text.p, n}, false, out, err);
        text = om_str_skip(text, n);
    }
    return st;
}

/* The tokens behind the first `skip` bytes of t's text, if one begins there. */
static bool behind(const om_words *w, const om_tokens *t, size_t skip,
                   size_t *first)
{
    size_t at = 0, i = 0;
    while (i < t->n && at < skip) at += om_words_of(w, t->p[i++]).n;
    *first = i;
    return at == skip;
}

static bool stands_for(const om_words *w, const om_tokens *t, size_t first,
                       om_str text)
{
    size_t at = 0;
    for (size_t i = first; i < t->n; i++) {
        const om_str piece = om_words_of(w, t->p[i]);
        if (!om_str_starts(om_str_skip(text, at), piece)) return false;
        at += piece.n;
    }
    return at == text.n;
}

/* Tokenised with something before it, which is then cut off: where libllama
 * adds a blank, this is the way to text without one. */
static omost_status behind_a_lead(const om_words *w, const char *lead,
                                  om_str text, om_tokens *out, bool *done,
                                  omost_error *err)
{
    om_tokens t = {.env = w->env};
    om_buf b;
    size_t first = 0;
    om_buf_init(&b, w->env, MAX_TEXT);
    om_buf_puts(&b, lead);
    om_buf_str(&b, text);
    omost_status st = om_buf_check(&b, "a text", err);
    if (st == OMOST_OK) st = tokenize(w, om_buf_view(&b), false, &t, err);
    *done = st == OMOST_OK &&
            behind(w, &t, strlen(lead) + w->adds_blank, &first) &&
            stands_for(w, &t, first, text);
    if (*done) st = om_tokens_put(out, t.p + first, t.n - first, err);
    om_buf_free(&b);
    om_tokens_free(&t);
    return st;
}

static omost_status byte_by_byte(const om_words *w, om_str text, om_tokens *out,
                                 omost_error *err)
{
    omost_status st = OMOST_OK;
    for (size_t i = 0; st == OMOST_OK && i < text.n; i++) {
        const int32_t t = w->of_byte[(unsigned char)text.p[i]];
        if (t < 0)
            return om_fail(err, OMOST_FORMAT,
                           "the model's vocabulary cannot write a canvas");
        st = om_tokens_put(out, &t, 1, err);
    }
    return st;
}

omost_status om_words_exact(const om_words *w, om_str text, om_tokens *out,
                            omost_error *err)
{
    static const char *const leads[] = {"", "\n", "x", "'"};
    bool done = text.n == 0;
    omost_status st = OMOST_OK;
    for (size_t i = w->adds_blank; i < sizeof leads / sizeof *leads; i++) {
        if (st != OMOST_OK || done) return st;
        st = behind_a_lead(w, leads[i], text, out, &done, err);
    }
    return st != OMOST_OK || done ? st : byte_by_byte(w, text, out, err);
}

/* ---- tokens as text ------------------------------------------------------ */

static omost_status read_piece(om_words *w, int32_t token, om_buf *all)
{
    for (int32_t room = 64;;) {
        if (!om_buf_reserve(all, (size_t)room)) return all->status;
        const int32_t n = llama_token_to_piece(w->vocab, token, all->p + all->n,
                                               room, 0, false);
        if (n >= 0) {
            all->n += (size_t)n;
            return OMOST_OK;
        }
        room = -n;
    }
}

static void note_byte(om_words *w, int32_t token)
{
    const om_str s = om_words_of(w, token);
    if (s.n != 1) return;
    int32_t *of = &w->of_byte[(unsigned char)s.p[0]];
    if (*of < 0) *of = token;
}

/* A token of the user-defined kind is found even in raw text. Some models have
 * their template's words as such; others have runs of blanks, which do no
 * harm. */
static omost_status note_markup(om_words *w, int32_t token, omost_error *err)
{
    const enum llama_token_attr attr = llama_vocab_get_attr(w->vocab, token);
    if (!(attr & LLAMA_TOKEN_ATTR_USER_DEFINED)) return OMOST_OK;
    const char *z = llama_vocab_get_text(w->vocab, token);
    if (z[0] != '<' && z[0] != '[') return OMOST_OK;
    if (strlen(z) < 2) return OMOST_OK;
    return om_tokens_put(&w->markup, &token, 1, err);
}

static omost_status read_pieces(om_words *w, om_buf *all, omost_error *err)
{
    omost_status st = OMOST_OK;
    for (int32_t i = 0; st == OMOST_OK && i < w->n; i++) {
        w->start[i] = (uint32_t)all->n;
        st = read_piece(w, i, all);
        if (st == OMOST_OK) st = note_markup(w, i, err);
    }
    w->start[w->n] = (uint32_t)all->n;
    return om_buf_check(all, "the vocabulary", err);
}

static omost_status see_blank(om_words *w, omost_error *err)
{
    om_tokens t = {.env = w->env};
    omost_status st = tokenize(w, OM_STR("x"), false, &t, err);
    const om_str first = t.n ? om_words_of(w, t.p[0]) : (om_str){"", 0};
    w->adds_blank = first.n > 0 && first.p[0] == ' ';
    om_tokens_free(&t);
    return st;
}

omost_status om_words_init(om_words *w, const omost_env *env,
                           const struct llama_vocab *vocab, omost_error *err)
{
    om_buf all;
    *w = (om_words){.env = env,
                    .vocab = vocab,
                    .n = llama_vocab_n_tokens(vocab),
                    .markup = {.env = env}};
    om_buf_init(&all, env, UINT32_MAX / 2);
    w->start = om_zalloc(env, ((size_t)w->n + 1) * sizeof *w->start);
    if (!w->start) return om_fail_nomem(err);
    omost_status st = read_pieces(w, &all, err);
    if (st != OMOST_OK) {
        om_buf_free(&all);
        return st;
    }
    w->bytes = om_buf_steal(&all, NULL);
    if (!w->bytes) return om_fail_nomem(err);
    for (size_t i = 0; i < 256; i++) w->of_byte[i] = -1;
    for (int32_t i = 0; i < w->n; i++) note_byte(w, i);
    return see_blank(w, err);
}

void om_words_free(om_words *w)
{
    om_free(w->env, w->bytes);
    om_free(w->env, w->start);
    om_tokens_free(&w->markup);
    w->bytes = NULL;
    w->start = NULL;
}
