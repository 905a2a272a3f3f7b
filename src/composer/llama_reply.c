/* llama_reply.c - a reply, pass by pass.
 *
 * A token is either forced (the form leaves no choice) or picked from the
 * logits at its place. A pass evaluates the tokens that are decided and not
 * evaluated yet, and guesses behind them:
 *
 *     [decided ... ][guess][guess][forced behind it ...][guess] ...
 *
 * The logits at each guess's place tell what is picked there; while that is the
 * guess, the next place's logits are right as well. What is picked depends on
 * the seed, the place and the logits alone: so guessing changes how long it
 * takes, not what is written (om_width says when logits are the same).
 *
 * Of a forced run all tokens but the last are decided at once. The last is only
 * guessed: the model may have a token that holds its bytes and what follows
 * them, and would write that. The form allows both.
 *
 * The reply always ends well: before a token is taken, it is seen to that what
 * would then be needed to end the reply fits in what is left; else the reply is
 * ended in its place. */
#include "base/clock.h"
#include "composer/form.h"
#include "composer/llama_local.h"

enum {
    PLAN = OM_LLAMA_MOST,
    TEXT = 64 << 10, /* no forced run or ending is longer, bytes */
    /* Tokens that a new region should have beyond its bare frame. */
    ROOM_FOR_REGION = 96
};

typedef struct planned {
    int32_t token;
    bool forced;
    bool drafted; /* from om_draft, not the end of a forced run */
    size_t sure;
} planned;

typedef struct reply {
    om_llama *w;
    const om_write_opts *o;
    omost_error *err;
    om_form form;
    uint64_t next[4];  /* bytes that may come next, while picking */
    om_tokens pending; /* decided, not evaluated */
    size_t n_kept;     /* tokens evaluated and decided before `pending` */
    size_t fixed;      /* tokens before the newest place that was picked */
    size_t bytes;      /* of the reply */
    int n, left;       /* tokens of the reply, and how many more may come */
    bool ended;
    planned plan[PLAN];
    int n_plan, n_guesses; /* n_guesses: of them, those not forced */
    om_pace_hope hope;     /* of the plan */
    bool enough;           /* a longer plan would not pay */
    planned unused;        /* a guess at the next token that would not pay;
                              drafted when there is one */
} reply;

static bool allowed(void *user, int32_t token)
{
    const reply *r = user;
    const om_str s = om_words_of(&r->w->words, token);
    return s.n > 0 && om_form_would(&r->form, s);
}

/* ---- forced text and endings --------------------------------------------- */

typedef void form_text_fn(const om_form *form, om_buf *out);

/* The form's text as tokens. */
static omost_status form_tokens(const reply *r, const om_form *form,
                                form_text_fn *text, om_tokens *out)
{
    om_buf b;
    om_buf_init(&b, r->w->head.env, TEXT);
    text(form, &b);
    omost_status st = om_buf_check(&b, "the canvas", r->err);
    if (st == OMOST_OK)
        st = om_words_exact(&r->w->words, om_buf_view(&b), out, r->err);
    om_buf_free(&b);
    return st;
}

static omost_status ending_size(const reply *r, const om_form *form, int *out)
{
    om_tokens t = {.env = r->w->head.env};
    omost_status st = form_tokens(r, form, om_form_ending, &t);
    *out = (int)t.n;
    om_tokens_free(&t);
    return st;
}

/* Does the reply still fit when `token` is written next? `*fits` is cheap to
 * know far from the end: an ending has at most as many tokens as bytes. */
static omost_status see_if_it_fits(const reply *r, int32_t token, bool *fits)
{
    om_form after = r->form;
    om_buf b;
    *fits = r->left > 0;
    if (!r->o->grammar || !*fits) return OMOST_OK;
    if (!om_form_take(&after, om_words_of(&r->w->words, token)))
        return OMOST_OK;
    om_buf_init(&b, r->w->head.env, TEXT);
    om_form_ending(&after, &b);
    const size_t bytes = b.n;
    omost_status st = om_buf_check(&b, "the canvas", r->err);
    om_buf_free(&b);
    if (st != OMOST_OK || bytes + ROOM_FOR_REGION < (size_t)r->left) return st;
    int need = 0;
    const bool opens = om_form_between(&r->form) && !om_form_done(&after);
    st = ending_size(r, &after, &need);
    *fits = 1 + need + (opens ? ROOM_FOR_REGION : 0) <= r->left;
    return st;
}

/* ---- taking tokens ------------------------------------------------------- */

static omost_status stopped(reply *r)
{
    r->w->stopped = true;
    return om_fail(r->err, OMOST_CANCELLED, "stopped");
}

static omost_status say(reply *r, int32_t token)
{
    om_llama *w = r->w;
    const om_str text = om_words_of(&w->words, token);
    r->n++;
    r->left--;
    r->bytes += text.n;
    w->sink->stats->reply_tokens++;
    if (text.n > 0 && !w->sink->text(w->sink->user, text)) return stopped(r);
    return OMOST_OK;
}

/* Write the shortest ending and stop. */
static omost_status end_now(reply *r)
{
    om_tokens t = {.env = r->w->head.env};
    omost_status st = OMOST_OK;
    r->ended = r->w->sink->cut = true;
    if (r->o->grammar) st = form_tokens(r, &r->form, om_form_ending, &t);
    for (size_t i = 0; st == OMOST_OK && i < t.n; i++) {
        r->w->sink->stats->forced_tokens++;
        st = say(r, t.p[i]);
    }
    om_tokens_free(&t);
    return st;
}

/* Take a token that is decided, unless the reply has to end before it. */
static omost_status take(reply *r, int32_t token)
{
    bool fits;
    omost_status st = see_if_it_fits(r, token, &fits);
    if (st != OMOST_OK) return st;
    if (!fits) return end_now(r);
    if (r->o->grammar) {
        (void)om_form_take(&r->form, om_words_of(&r->w->words, token));
        r->ended = om_form_done(&r->form);
    }
    return say(r, token);
}

static omost_status take_pending(reply *r, int32_t token)
{
    omost_status st = om_tokens_put(&r->pending, &token, 1, r->err);
    if (st == OMOST_OK) st = om_draft_push(r->w->draft, &token, 1, r->err);
    return st == OMOST_OK ? take(r, token) : st;
}

/* What is forced at `form`: its tokens, and how many of them are decided: all
 * when they end the reply, all but the last when it goes on. */
static omost_status forced_run(const reply *r, const om_form *form,
                               om_tokens *t, size_t *decided)
{
    om_form after = *form;
    omost_status st = form_tokens(r, form, om_form_forced, t);
    for (size_t i = 0; i < t->n; i++)
        (void)om_form_take(&after, om_words_of(&r->w->words, t->p[i]));
    *decided = t->n == 0 || om_form_done(&after) ? t->n : t->n - 1;
    return st;
}

static omost_status take_forced(reply *r)
{
    size_t n = 0;
    om_tokens t = {.env = r->w->head.env};
    omost_status st = forced_run(r, &r->form, &t, &n);
    for (size_t i = 0; st == OMOST_OK && !r->ended && i < n; i++) {
        r->w->sink->stats->forced_tokens++;
        st = take_pending(r, t.p[i]);
    }
    om_tokens_free(&t);
    return st;
}

/* ---- guessing ------------------------------------------------------------ */

static void plan_step(reply *r, planned s)
{
    r->plan[r->n_plan++] = s;
    r->n_guesses += !s.forced;
    /* The end of a forced run is nearly always what is picked. */
    if (s.drafted)
        r->hope.chance *= om_pace_holds(&r->w->pace, s.sure);
    else if (!s.forced)
        r->hope.chance *= 0.9;
    r->hope.brings += r->hope.chance;
}

static int rows_left(const reply *r)
{
    return r->w->width.rows - (int)r->pending.n - r->n_plan;
}

/* Each guess, and the token after the last, is picked from logits. */
static int guesses_left(const reply *r)
{
    const int guesses = r->w->width.outputs - 1 - r->n_guesses;
    const int rows = rows_left(r);
    return guesses < rows ? guesses : rows;
}

/* What the form forces at `form`. A run goes in as a whole or not at all: what
 * is left of one might be cut into other tokens than the run itself. */
static omost_status plan_forced(reply *r, om_form *form, bool *more)
{
    size_t n = 0;
    om_tokens t = {.env = r->w->head.env};
    omost_status st = forced_run(r, form, &t, &n);
    *more = t.n <= (size_t)rows_left(r) && t.n - n <= (size_t)guesses_left(r);
    for (size_t i = 0; st == OMOST_OK && *more && i < t.n; i++) {
        (void)om_form_take(form, om_words_of(&r->w->words, t.p[i]));
        plan_step(r, (planned){.token = t.p[i], .forced = i < n});
    }
    om_tokens_free(&t);
    return st;
}

/* A guess that the form forbids is never tried. */
static bool could_be(const reply *r, om_form form, int32_t token)
{
    const om_str s = om_words_of(&r->w->words, token);
    return !r->o->grammar || (s.n > 0 && om_form_take(&form, s));
}

/* Guess from what was said before, up to where something is forced. */
static void plan_drafts(reply *r, om_form *form)
{
    int32_t tail[PLAN], guess[PLAN];
    size_t sure = 0;
    for (int i = 0; i < r->n_plan; i++) tail[i] = r->plan[i].token;
    size_t n = om_draft_guess(r->w->draft, tail, (size_t)r->n_plan, guess,
                              (size_t)guesses_left(r), &sure);
    const int rows = (int)r->pending.n + r->n_plan;
    const int ahead = om_pace_ahead(&r->w->pace, sure, rows, (int)n, r->hope);
    r->enough = ahead < (int)n;
    if (n > 0 && ahead == 0 && r->n_plan == 0 && could_be(r, *form, guess[0]))
        r->unused = (planned){.token = guess[0], .drafted = true, .sure = sure};
    for (int i = 0; i < ahead; i++) {
        const om_str s = om_words_of(&r->w->words, guess[i]);
        if (r->o->grammar && !(s.n > 0 && om_form_take(form, s))) break;
        plan_step(r,
                  (planned){.token = guess[i], .drafted = true, .sure = sure});
        if (r->o->grammar && om_form_is_forced(form)) break;
    }
}

static omost_status make_plan(reply *r)
{
    om_form form = r->form;
    omost_status st = OMOST_OK;
    r->n_plan = r->n_guesses = 0;
    r->hope = (om_pace_hope){1, 1};
    r->enough = false;
    r->unused = (planned){0};
    for (bool more = true; more && st == OMOST_OK;) {
        const int before = r->n_plan;
        if (r->o->grammar && om_form_done(&form)) break;
        if (r->o->grammar) st = plan_forced(r, &form, &more);
        if (!more || !r->o->draft || r->enough) break;
        if (st == OMOST_OK && guesses_left(r) > 0) plan_drafts(r, &form);
        if (r->n_plan == before) break;
    }
    return st;
}

/* ---- one pass ------------------------------------------------------------ */

static omost_status evaluate(reply *r, const int32_t *row, const bool *wanted,
                             int n)
{
    om_llama *w = r->w;
    const double start = om_clock();
    omost_status st = om_llama_eval(w, row, wanted, (size_t)n, r->err);
    if (st != OMOST_OK) return st;
    om_pace_pass(&w->pace, n, om_clock() - start);
    w->sink->stats->passes++;
    return OMOST_OK;
}

/* More decided tokens than a pass may have rows: the first of them alone. */
static omost_status evaluate_surplus(reply *r)
{
    const size_t most = (size_t)r->w->width.rows;
    while (r->pending.n > most) {
        omost_status st = evaluate(r, r->pending.p, NULL, (int)most);
        if (st != OMOST_OK) return st;
        r->n_kept += most;
        r->pending.n -= most;
        memmove(r->pending.p, r->pending.p + most,
                r->pending.n * sizeof *r->pending.p);
    }
    return OMOST_OK;
}

static int32_t pick(reply *r, int at)
{
    om_llama *w = r->w;
    const float *logits = llama_get_logits_ith(w->ctx, at);
    const double u = om_pick_uniform(r->o->seed, (uint64_t)r->n);
    if (r->o->grammar) om_form_next(&r->form, r->next);
    int32_t token = -1;
    if (logits)
        token = om_pick_token(&w->pick, logits, r->o->temperature, r->o->top_p,
                              u, r->o->grammar ? r->next : NULL,
                              r->o->grammar ? allowed : NULL, r);
    if (token >= 0 && w->instead)
        token = w->instead(w->instead_user, r->bytes, token);
    return token;
}

static omost_status fail_pick(reply *r)
{
    return om_fail(r->err, OMOST_BACKEND,
                   "%s: the model's results are not numbers; is the file "
                   "damaged?",
                   r->w->head.name);
}

/* A guess that was not tried is counted as well: else one that was given up
 * would never be trusted again. */
static void count_unused(reply *r, int32_t token)
{
    if (r->unused.drafted)
        om_pace_guess(&r->w->pace, r->unused.sure, token == r->unused.token);
}

static void count_guess(reply *r, const planned *s, bool held)
{
    if (!s->drafted) return;
    om_pace_guess(&r->w->pace, s->sure, held);
    r->w->sink->stats->accepted_tokens += held;
}

/* Behind the plan, something is picked only where nothing is decided: what would
 * be taken without guesses must be taken with them. */
static omost_status see_if_decided(const reply *r, bool *decided)
{
    size_t n = 0;
    om_tokens t = {.env = r->w->head.env};
    omost_status st = OMOST_OK;
    if (r->o->grammar) st = forced_run(r, &r->form, &t, &n);
    *decided = n > 0;
    om_tokens_free(&t);
    return st;
}

/* From the logits of the pass: take what is picked while it is what was
 * guessed, and the first that is not. */
static omost_status take_picks(reply *r, int first_row)
{
    om_llama *w = r->w;
    omost_status st = OMOST_OK;
    bool agreed = true;
    for (int i = 0; st == OMOST_OK && agreed && !r->ended; i++) {
        const planned *s = i < r->n_plan ? &r->plan[i] : NULL;
        int32_t token = s ? s->token : -1;
        bool decided = false;
        if (!s) st = see_if_decided(r, &decided);
        if (st != OMOST_OK || decided) break;
        if (s && s->forced) {
            w->sink->stats->forced_tokens++;
        } else {
            r->fixed = r->n_kept;
            token = pick(r, first_row + i);
            if (token < 0) return fail_pick(r);
            agreed = s && token == s->token;
            if (s)
                count_guess(r, s, agreed);
            else if (i == 0)
                count_unused(r, token);
            if (!r->o->grammar && llama_vocab_is_eog(w->words.vocab, token)) {
                r->ended = true;
                break;
            }
        }
        st = take_pending(r, token);
        if (agreed) {
            r->n_kept++;
            r->pending.n = 0;
        }
    }
    return st;
}

static omost_status one_pass(reply *r)
{
    int32_t row[2 * PLAN];
    bool wanted[2 * PLAN] = {false};
    omost_status st = r->o->grammar ? take_forced(r) : OMOST_OK;
    if (st != OMOST_OK || r->ended) return st;
    st = evaluate_surplus(r);
    if (st == OMOST_OK) st = make_plan(r);
    if (st != OMOST_OK) return st;
    int n = (int)r->pending.n;
    memcpy(row, r->pending.p, (size_t)n * sizeof *row);
    const int first_row = n - 1;
    for (int i = 0; i < r->n_plan; i++) {
        wanted[n - 1] = !r->plan[i].forced;
        row[n++] = r->plan[i].token;
        r->w->sink->stats->drafted_tokens += r->plan[i].drafted;
    }
    wanted[n - 1] = true;
    st = evaluate(r, row, wanted, n);
    if (st != OMOST_OK) return st;
    r->n_kept += r->pending.n;
    r->pending.n = 0;
    st = take_picks(r, first_row);
    omost_status kept = om_llama_keep(r->w, r->n_kept, r->err);
    return st == OMOST_OK ? kept : st;
}

/* ---- the reply ----------------------------------------------------------- */

static omost_status begin(reply *r, const om_prompt *prompt)
{
    om_llama *w = r->w;
    const size_t n = prompt->tokens.n;
    const int room = w->head.n_ctx - (int)n - OM_LLAMA_MOST;
    int need = 0;
    r->left = r->o->max_tokens < room ? r->o->max_tokens : room;
    r->n_kept = r->fixed = w->kept.n;
    omost_status st = om_draft_reset(w->draft, prompt->tokens.p, n, r->err);
    if (st == OMOST_OK)
        st = om_tokens_put(&r->pending, &prompt->tokens.p[n - 1], 1, r->err);
    if (st == OMOST_OK && r->o->grammar) st = ending_size(r, &r->form, &need);
    if (st != OMOST_OK || need <= r->left) return st;
    return om_fail(r->err, OMOST_RANGE,
                   "%d new tokens are too few for any canvas; this model "
                   "needs %d",
                   r->left, need);
}

omost_status om_llama_reply(om_llama *w, const om_prompt *prompt,
                            const om_write_opts *opts, omost_error *err)
{
    reply *r = om_zalloc(w->head.env, sizeof *r);
    if (!r) return om_fail_nomem(err);
    r->w = w;
    r->o = opts;
    r->err = err;
    r->pending.env = w->head.env;
    omost_status st = begin(r, prompt);
    while (st == OMOST_OK && !r->ended) st = one_pass(r);
    /* What is kept must not depend on how far was guessed. */
    omost_status kept = om_llama_keep(w, r->fixed, NULL);
    om_tokens_free(&r->pending);
    om_free(w->head.env, r);
    return st == OMOST_OK ? kept : st;
}
