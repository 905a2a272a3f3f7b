/* composer_llama.c - the writer that runs a GGUF model in this process, and
 * who libllama is. */
#include "base/clock.h"
#include "composer/composer_probe.h"
#include "composer/llama_open.h"

#include <stdio.h>

/* ---- writing ------------------------------------------------------------- */

/* A reply needs room: half of the context at the most is kept for it, and less
 * where nothing can be left out of the conversation. */
static omost_status check_fit(const om_llama *w, const om_prompt *p,
                              size_t n_turns, int max_tokens, omost_error *err)
{
    const int most = w->head.n_ctx / (n_turns > 2 ? 2 : 8);
    const int reserve = max_tokens < most ? max_tokens : most;
    if (p->tokens.n + (size_t)reserve + OM_LLAMA_MOST <= (size_t)w->head.n_ctx)
        return OMOST_OK;
    return om_fail(err, OMOST_LIMIT,
                   "the conversation has %zu tokens, and a context of %d holds "
                   "no reply beside it; ask for more with -c",
                   p->tokens.n, w->head.n_ctx);
}

static omost_status tell_note(om_llama *w, omost_error *err)
{
    const bool go_on = !w->note[0] || w->sink->note(w->sink->user, w->note);
    w->note[0] = '\0';
    return go_on ? OMOST_OK : om_fail(err, OMOST_CANCELLED, "stopped");
}

static omost_status answer(om_llama *w, const om_prompt *p,
                           const om_write_opts *opts, omost_error *err)
{
    omost_status st = tell_note(w, err);
    if (st == OMOST_OK) st = om_llama_read_prompt(w, p, err);
    return st == OMOST_OK ? om_llama_reply(w, p, opts, err) : st;
}

static omost_status write_llama(om_writer *writer, const om_turn *turns,
                                size_t n, const om_write_opts *opts,
                                om_write_sink *sink, omost_error *err)
{
    om_llama *w = (om_llama *)writer;
    om_prompt p;
    sink->cut = false;
    omost_status st = om_llama_prompt(w, turns, n, &p, err);
    if (st != OMOST_OK) return st;
    w->sink = sink;
    w->stopped = false;
    w->last_wait = om_clock();
    st = check_fit(w, &p, n, opts->max_tokens, err);
    if (st == OMOST_OK) st = answer(w, &p, opts, err);
    w->sink = NULL;
    w->stopped = false;
    om_tokens_free(&p.tokens);
    return st;
}

static void close_llama(om_writer *writer)
{
    om_llama *w = (om_llama *)writer;
    const omost_env *env = writer->env;
    om_llama_shut(w);
    om_free(env, w);
}

om_writer *om_llama_writer_open(const omost_composer_opts *opts,
                                omost_load_fn *on_load, void *user,
                                omost_error *err)
{
    static const om_writer_ops ops = {write_llama, close_llama};
    om_llama *w = om_zalloc(opts->env, sizeof *w);
    if (!w) {
        (void)om_fail_nomem(err);
        return NULL;
    }
    w->head.ops = &ops;
    w->head.env = opts->env;
    if (om_llama_open(w, opts, on_load, user, err) == OMOST_OK) return &w->head;
    close_llama(&w->head);
    return NULL;
}

void om_llama_say_instead(om_writer *llama, om_llama_instead_fn *fn, void *user)
{
    om_llama *w = (om_llama *)llama;
    w->instead = fn;
    w->instead_user = user;
}

/* ---- who it is ----------------------------------------------------------- */

static void log_nothing(enum ggml_log_level level, const char *text, void *user)
{
    (void)level, (void)text, (void)user;
}

const char *om_llama_version(void)
{
    return llama_version();
}

void om_llama_system_info(char *out, size_t cap)
{
    llama_log_set(log_nothing, NULL);
    snprintf(out, cap, "%s", llama_print_system_info());
    /* It ends in a separator. */
    size_t n = strlen(out);
    while (n > 0 && strchr(" |", out[n - 1])) out[--n] = '\0';
}
