/* llama_eval.c - the context and what it holds. */
#include "base/clock.h"
#include "composer/llama_local.h"

/* ggml asks between any two operations, in the thread that called it. */
bool om_llama_abort(void *llama)
{
    om_llama *w = llama;
    if (!w->sink || w->stopped) return w->stopped;
    const double now = om_clock();
    if (now - w->last_wait < 0.05) return false;
    w->last_wait = now;
    w->stopped = !w->sink->waiting(w->sink->user);
    return w->stopped;
}

omost_status om_llama_keep(om_llama *w, size_t n, omost_error *err)
{
    if (n > w->kept.n) n = w->kept.n;
    llama_memory_t memory = llama_get_memory(w->ctx);
    if (!llama_memory_seq_rm(memory, 0, (llama_pos)n, -1)) {
        /* A memory that cannot forget a part forgets all. */
        llama_memory_clear(memory, false);
        w->kept.n = 0;
        return n == 0 ? OMOST_OK
                      : om_fail(err, OMOST_BACKEND,
                                "%s: this kind of model cannot go back in "
                                "what it has read",
                                w->head.name);
    }
    w->kept.n = n;
    return OMOST_OK;
}

static omost_status fail_decode(om_llama *w, int32_t code, omost_error *err)
{
    if (w->stopped || code == 2)
        return om_fail(err, OMOST_CANCELLED, "stopped");
    if (code == 1)
        return om_fail(err, OMOST_LIMIT,
                       "the context of %d tokens is full; ask for more with "
                       "-c",
                       w->head.n_ctx);
    return om_fail(err, OMOST_BACKEND, "%s: the model could not be evaluated",
                   w->head.name);
}

omost_status om_llama_eval(om_llama *w, const int32_t *tokens,
                           const bool *wanted, size_t n, omost_error *err)
{
    struct llama_batch *b = &w->batch;
    const size_t before = w->kept.n;
    b->n_tokens = (int32_t)n;
    for (size_t i = 0; i < n; i++) {
        b->token[i] = tokens[i];
        b->pos[i] = (llama_pos)(before + i);
        b->n_seq_id[i] = 1;
        b->seq_id[i][0] = 0;
        b->logits[i] = wanted && wanted[i];
    }
    omost_status st = om_tokens_put(&w->kept, tokens, n, err);
    if (st == OMOST_OK) {
        const int32_t code = llama_decode(w->ctx, *b);
        llama_synchronize(w->ctx);
        if (code != 0 || w->stopped) st = fail_decode(w, code, err);
    }
    if (st != OMOST_OK) (void)om_llama_keep(w, before, NULL);
    return st;
}

/* ---- what a prompt shares with what is there ----------------------------- */

/* Bytes, or an id where a token is no text. */
static bool same_id(const om_llama *w, int32_t a, int32_t b)
{
    return a == b && om_words_of(&w->words, a).n == 0;
}

/* A reply's tokens stay as they were written, however the tokenizer would cut
 * the same text now: the two rows are compared as bytes, and the last place
 * where both have a border is told. */
void om_llama_common(const om_llama *w, const om_tokens *prompt, size_t *old,
                     size_t *now)
{
    const om_tokens *kept = &w->kept;
    size_t i = 0, j = 0;                 /* tokens begun */
    om_str a = {NULL, 0}, b = {NULL, 0}; /* what is left of them */
    *old = *now = 0;
    for (;;) {
        if (a.n == 0 && b.n == 0) {
            *old = i;
            *now = j;
            if (i == kept->n || j == prompt->n) return;
            if (same_id(w, kept->p[i], prompt->p[j])) {
                i++;
                j++;
                continue;
            }
        }
        if (a.n == 0) {
            if (i == kept->n) return;
            a = om_words_of(&w->words, kept->p[i++]);
            if (a.n == 0) return; /* special on one side only */
        }
        if (b.n == 0) {
            if (j == prompt->n) return;
            b = om_words_of(&w->words, prompt->p[j++]);
            if (b.n == 0) return;
        }
        const size_t n = a.n < b.n ? a.n : b.n;
        if (memcmp(a.p, b.p, n) != 0) return;
        a = om_str_skip(a, n);
        b = om_str_skip(b, n);
    }
}

/* ---- a prompt ------------------------------------------------------------ */

typedef struct reading {
    om_llama *w;
    const int32_t *token;
    size_t done, total; /* of the whole prompt */
    omost_error *err;
} reading;

static omost_status tell_read(reading *r)
{
    om_write_sink *sink = r->w->sink;
    if (sink->prompt(sink->user, (int)r->done, (int)r->total)) return OMOST_OK;
    r->w->stopped = true;
    return om_fail(r->err, OMOST_CANCELLED, "stopped");
}

static omost_status read_to(reading *r, size_t end)
{
    om_llama *w = r->w;
    while (r->done < end) {
        const size_t n =
            end - r->done < OM_LLAMA_CHUNK ? end - r->done : OM_LLAMA_CHUNK;
        omost_status st = om_llama_eval(w, r->token + r->done, NULL, n, r->err);
        if (st != OMOST_OK) return st;
        r->done += n;
        st = tell_read(r);
        if (st != OMOST_OK) return st;
    }
    return OMOST_OK;
}

/* Is the system prompt read, and all that is done behind it? Where a reply was
 * stopped at its end, the width is not known yet. */
static bool has_system(const reading *r, size_t n)
{
    return r->done > n || (r->done == n && r->w->width_known);
}

/* The part that every conversation begins with: from the cache folder, or read
 * by itself, so that it is the same numbers from wherever it comes. What is
 * left of it after a stop ends where a batch does, and is gone on with. */
static omost_status read_system(reading *r, const om_prompt *prompt)
{
    om_llama *w = r->w;
    const size_t n = prompt->n_system;
    if (n == 0 || n >= prompt->tokens.n || has_system(r, n)) return OMOST_OK;
    if (om_llama_load_state(w, prompt->tokens.p, n)) {
        r->done = n;
        w->sink->stats->reused_tokens = (int)n;
        return tell_read(r);
    }
    omost_status st = read_to(r, n);
    if (st == OMOST_OK) st = om_llama_see_width(w, r->err);
    if (st == OMOST_OK) om_llama_save_state(w);
    return w->stopped ? om_fail(r->err, OMOST_CANCELLED, "stopped") : st;
}

omost_status om_llama_read_prompt(om_llama *w, const om_prompt *prompt,
                                  omost_error *err)
{
    size_t old, now;
    om_tokens shorter = prompt->tokens;
    shorter.n--; /* the last is evaluated with what follows it */
    om_llama_common(w, &shorter, &old, &now);
    omost_status st = om_llama_keep(w, old, err);
    if (st != OMOST_OK) return st;
    reading r = {.w = w,
                 .token = prompt->tokens.p,
                 .done = now,
                 .total = prompt->tokens.n,
                 .err = err};
    w->sink->stats->prompt_tokens = (int)prompt->tokens.n;
    w->sink->stats->reused_tokens = (int)now;
    st = tell_read(&r);
    if (st == OMOST_OK) st = read_system(&r, prompt);
    if (st == OMOST_OK) st = read_to(&r, prompt->tokens.n - 1);
    return st == OMOST_OK ? om_llama_see_width(w, err) : st;
}
