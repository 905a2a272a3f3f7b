/* composer.c - omost_compose(): a conversation goes to a writer, what comes
 * back is read as a canvas while it comes. What holds for every writer is here:
 * trimming, mending, counting. */
#include <stdio.h>

#include "base/clock.h"
#include "base/random.h"
#include "composer/chat.h"
#include "composer/reply_reader.h"
#include "composer/writer.h"

struct omost_composer {
    const omost_env *env;
    om_writer *writer;
    double load_seconds;
    bool load_told;
};

const char *om_turn_role_name(om_turn_role role)
{
    static const char *const name[] = {[OM_TURN_SYSTEM] = "system",
                                       [OM_TURN_USER] = "user",
                                       [OM_TURN_ASSISTANT] = "assistant"};
    return name[role];
}

/* ---- opening ------------------------------------------------------------- */

static om_writer *open_writer(const omost_composer_opts *o,
                              omost_load_fn *on_load, void *user,
                              omost_error *err)
{
    const int n = !!o->model + !!o->server + !!o->script;
    if (n != 1) {
        (void)om_fail(err, OMOST_USAGE,
                      "%s: one model, server or script writes the canvas",
                      n ? "more than one was named" : "none was named");
        return NULL;
    }
    if (o->model) return om_llama_writer_open(o, on_load, user, err);
    if (o->server) return om_remote_writer_open(o, err);
    return om_script_writer_open(o, err);
}

omost_composer *om_composer_of(om_writer *writer, omost_error *err)
{
    omost_composer *c = om_zalloc(writer->env, sizeof *c);
    if (!c) {
        writer->ops->close(writer);
        (void)om_fail_nomem(err);
        return NULL;
    }
    c->env = writer->env;
    c->writer = writer;
    return c;
}

omost_composer *omost_composer_open(const omost_composer_opts *opts,
                                    omost_load_fn *on_load, void *user,
                                    omost_error *err)
{
    om_error_clear(err);
    const double start = om_clock();
    om_writer *writer = open_writer(opts, on_load, user, err);
    omost_composer *c = writer ? om_composer_of(writer, err) : NULL;
    if (c) c->load_seconds = om_clock() - start;
    return c;
}

void omost_composer_close(omost_composer *c)
{
    if (!c) return;
    c->writer->ops->close(c->writer);
    om_free(c->env, c);
}

const char *omost_composer_name(const omost_composer *c)
{
    return c->writer->name;
}

int omost_composer_context(const omost_composer *c)
{
    return c->writer->n_ctx;
}

/* ---- one call ------------------------------------------------------------ */

typedef struct call {
    omost_composer *c;
    const omost_compose_opts *opts;
    omost_compose_event_fn *fn;
    void *user;
    omost_error *err;
    om_arena arena;
    om_turn *turn;         /* the system's, then the way to the message */
    size_t n_turns, least; /* least: of them, that must be left */
    om_reply_reader reader;
    omost_compose_stats stats;
    int64_t seed;
    int done, total;          /* of the prompt, as last told */
    double start, first_text; /* 0: none yet */
    bool drop_told;
    bool stopped;
} call;

static bool tell(call *k, omost_compose_event ev)
{
    const double spent = k->first_text > 0 ? om_clock() - k->first_text : 0;
    if (spent > 0 && k->stats.reply_tokens > 1)
        ev.tokens_per_second = (k->stats.reply_tokens - 1) / spent;
    ev.stats = &k->stats;
    if (k->fn && !k->stopped) k->stopped = !k->fn(k->user, &ev);
    return !k->stopped;
}

static bool tell_note(void *user, const char *text)
{
    return tell(user, (omost_compose_event){.kind = OMOST_COMPOSE_NOTE,
                                            .text = om_str_of(text)});
}

/* That messages were left out is told once it is known how many. */
static bool tell_dropped(call *k)
{
    char text[160];
    if (k->drop_told || k->stats.dropped_messages == 0) return true;
    k->drop_told = true;
    snprintf(text, sizeof text,
             "the conversation is longer than the model's context: its oldest "
             "%d messages were left out",
             k->stats.dropped_messages);
    return tell_note(k, text);
}

/* ---- what a writer says -------------------------------------------------- */

static bool tell_prompt(call *k)
{
    return tell(k, (omost_compose_event){.kind = OMOST_COMPOSE_PROMPT,
                                         .done = k->done,
                                         .total = k->total});
}

static bool on_prompt(void *user, int done, int total)
{
    call *k = user;
    k->done = done;
    k->total = total;
    return tell_dropped(k) && tell_prompt(k);
}

static bool on_text(void *user, om_str bytes)
{
    call *k = user;
    if (!tell_dropped(k)) return false;
    if (k->first_text == 0) {
        k->first_text = om_clock();
        k->stats.prompt_seconds = k->first_text - k->start;
    }
    return om_reply_feed(&k->reader, bytes);
}

/* Nothing new: what was told last is told again, so that it can be stopped. */
static bool on_waiting(void *user)
{
    return tell_prompt(user);
}

/* ---- what the reader says ------------------------------------------------ */

static bool on_whole_text(void *user, om_str text)
{
    return tell(user, (omost_compose_event){.kind = OMOST_COMPOSE_TEXT,
                                            .text = text});
}

static bool on_read(void *user, const omost_read_event *ev)
{
    return tell(user, (omost_compose_event){.kind = OMOST_COMPOSE_CANVAS,
                                            .read = ev});
}

static omost_status begin_reading(call *k)
{
    return om_reply_begin(&k->reader, k->c->env, on_whole_text, on_read, k,
                          k->err);
}

/* ---- writing, with fewer turns if need be -------------------------------- */

/* Leave out the oldest question and its answer; false when only what must be
 * left remains: the system's words, the last question, and where a reply is
 * mended that reply and what is wrong with it. */
static bool drop_oldest(call *k)
{
    if (k->n_turns < k->least + 2) return false;
    memmove(k->turn + 1, k->turn + 3, (k->n_turns - 3) * sizeof *k->turn);
    k->n_turns -= 2;
    k->stats.dropped_messages += 2;
    k->drop_told = false;
    return true;
}

static omost_status write_once(call *k, bool *cut)
{
    const omost_compose_opts *o = k->opts;
    const om_write_opts wo = {.temperature = o->temperature,
                              .top_p = o->top_p,
                              .max_tokens = o->max_tokens,
                              .seed = (uint64_t)k->seed,
                              .grammar = !o->no_grammar,
                              .draft = !o->no_draft};
    om_writer *w = k->c->writer;
    om_write_sink sink = {.prompt = on_prompt,
                          .text = on_text,
                          .note = tell_note,
                          .waiting = on_waiting,
                          .user = k,
                          .stats = &k->stats};
    const int before = k->stats.reply_tokens; /* of a reply to be mended */
    omost_status st;
    k->done = k->total = 0;
    do {
        om_error_clear(k->err);
        st = w->ops->write(w, k->turn, k->n_turns, &wo, &sink, k->err);
    } while (st == OMOST_LIMIT && k->stats.reply_tokens == before &&
             drop_oldest(k));
    *cut = sink.cut;
    if (st == OMOST_CANCELLED && k->reader.failed.status != OMOST_OK) {
        if (k->err) *k->err = k->reader.failed;
        st = k->reader.failed.status;
    }
    return st;
}

/* ---- mending ------------------------------------------------------------- */

/* Ask for the reply once more, with what was wrong in it. */
static omost_status ask_to_mend(call *k, const omost_reply *broken)
{
    om_buf text;
    om_turn *turn = om_arena_array(&k->arena, k->n_turns + 2, sizeof *k->turn);
    om_buf_init(&text, k->c->env, OMOST_MAX_MESSAGE);
    om_buf_puts(&text, "That is not a valid canvas: ");
    if (broken->why.line > 0)
        om_buf_printf(&text, "line %d, column %d: ", broken->why.line,
                      broken->why.col);
    om_buf_printf(&text, "%s. ", broken->why.msg);
    om_reply_quote_line(&text, (om_str){broken->text, broken->len},
                        broken->why.line);
    om_buf_puts(&text, "Reply with the whole corrected code, in one ```python "
                       "block, and nothing else.");
    omost_status st = om_buf_check(&text, "the question", k->err);
    om_str ask = {NULL, 0}, old = {NULL, 0};
    if (st == OMOST_OK) {
        ask = om_arena_str(&k->arena, om_buf_view(&text));
        old = om_arena_str(&k->arena, (om_str){broken->text, broken->len});
    }
    om_buf_free(&text);
    if (st != OMOST_OK) return st;
    if (!turn || !ask.p || !old.p) return om_fail_nomem(k->err);
    memcpy(turn, k->turn, k->n_turns * sizeof *turn);
    turn[k->n_turns++] = (om_turn){OM_TURN_ASSISTANT, old};
    turn[k->n_turns++] = (om_turn){OM_TURN_USER, ask};
    k->turn = turn;
    k->least += 2;
    k->stats.mended = 1;
    om_str why = om_str_of(broken->why.msg);
    if (!tell(k,
              (omost_compose_event){.kind = OMOST_COMPOSE_AGAIN, .text = why}))
        return om_fail(k->err, OMOST_CANCELLED, "stopped");
    return OMOST_OK;
}

/* ---- the call as a whole ------------------------------------------------- */

static omost_status check_opts(const omost_compose_opts *o, omost_error *err)
{
    if (!(o->temperature >= 0 && o->temperature <= 100))
        return om_fail(err, OMOST_RANGE, "the temperature must be 0 to 100");
    if (!(o->top_p > 0 && o->top_p <= 1))
        return om_fail(err, OMOST_RANGE, "top-p must be above 0 and at most 1");
    if (o->max_tokens < 1 || o->max_tokens > 1 << 20)
        return om_fail(err, OMOST_RANGE,
                       "the number of new tokens must be 1 to %d", 1 << 20);
    return OMOST_OK;
}

static omost_status choose_seed(call *k)
{
    uint32_t any = 0;
    k->seed = k->opts->seed;
    if (k->seed >= 0) return OMOST_OK;
    omost_status st = om_random_bytes(&any, sizeof any, k->err);
    k->seed = any;
    return st;
}

static omost_status gather_turns(call *k, const omost_chat *chat, int id)
{
    const omost_message *last = omost_chat_message(chat, id);
    if (!last || last->role != OMOST_ROLE_USER)
        return om_fail(k->err, OMOST_USAGE,
                       "message %d of the chat is not a user's", id);
    const int n = omost_chat_path(chat, id, NULL, 0);
    int *path = om_arena_array(&k->arena, (size_t)n, sizeof *path);
    k->turn = om_arena_array(&k->arena, (size_t)n + 1, sizeof *k->turn);
    if (!path || !k->turn) return om_fail_nomem(k->err);
    (void)omost_chat_path(chat, id, path, n);
    k->turn[k->n_turns++] = (om_turn){OM_TURN_SYSTEM, omost_system_prompt()};
    for (int i = 0; i < n; i++) {
        const omost_message *m = omost_chat_message(chat, path[i]);
        k->turn[k->n_turns++] =
            (om_turn){m->role == OMOST_ROLE_USER ? OM_TURN_USER
                                                 : OM_TURN_ASSISTANT,
                      m->text};
    }
    return OMOST_OK;
}

/* Write, read; a reply in any case but a failure. */
static omost_status one_reply(call *k, omost_reply *reply)
{
    omost_status st = begin_reading(k), end = OMOST_OK;
    if (st != OMOST_OK) return st;
    st = write_once(k, &reply->cut);
    if (st == OMOST_OK || st == OMOST_CANCELLED) {
        omost_error *err = st == OMOST_OK ? k->err : NULL;
        end = om_reply_end(&k->reader, reply, err);
    }
    om_reply_abandon(&k->reader);
    return st == OMOST_OK ? end : st;
}

static bool may_ask_again(const call *k, const omost_reply *reply)
{
    const size_t most = k->c->writer->n_answers;
    size_t n = 1; /* this reply */
    for (size_t i = 0; i < k->n_turns; i++)
        n += k->turn[i].role == OM_TURN_ASSISTANT;
    return !reply->canvas && !reply->cut && !k->opts->no_mend &&
           (most == 0 || n < most);
}

/* A broken reply is more than none: it stays, and why there is no better one is
 * told. */
static omost_status keep_first(call *k, const omost_reply *first,
                               omost_reply *reply)
{
    char text[sizeof k->err->msg + 80];
    snprintf(text, sizeof text,
             "the reply was to be mended, and asking again failed: %s",
             k->err->msg);
    omost_reply_free(reply);
    *reply = *first;
    om_error_clear(k->err);
    return tell_note(k, text) ? OMOST_OK
                              : om_fail(k->err, OMOST_CANCELLED, "stopped");
}

static omost_status reply_or_mend(call *k, omost_reply *reply)
{
    omost_status st = one_reply(k, reply);
    if (st != OMOST_OK || !may_ask_again(k, reply)) return st;
    omost_reply first = *reply;
    *reply = (omost_reply){.env = first.env};
    st = ask_to_mend(k, &first);
    if (st == OMOST_OK) st = one_reply(k, reply);
    if (st != OMOST_OK && st != OMOST_CANCELLED)
        return keep_first(k, &first, reply);
    omost_reply_free(&first);
    return st;
}

static omost_status compose(call *k, omost_chat *chat, int id,
                            omost_reply *reply)
{
    omost_status st = check_opts(k->opts, k->err);
    if (st == OMOST_OK) st = choose_seed(k);
    if (st == OMOST_OK) st = gather_turns(k, chat, id);
    if (st == OMOST_OK) st = reply_or_mend(k, reply);
    if (k->first_text > 0) k->stats.reply_seconds = om_clock() - k->first_text;
    reply->seed = k->seed;
    reply->stats = k->stats;
    if (st != OMOST_OK) return st;
    reply->id = omost_chat_add(chat, id, OMOST_ROLE_ASSISTANT,
                               (om_str){reply->text, reply->len}, k->err);
    return reply->id < 0 ? OMOST_NOMEM : OMOST_OK;
}

omost_status omost_compose(omost_composer *c, omost_chat *chat, int id,
                           const omost_compose_opts *opts,
                           omost_compose_event_fn *fn, void *user,
                           omost_reply *reply, omost_error *err)
{
    static const omost_compose_opts defaults = OMOST_COMPOSE_DEFAULTS;
    omost_error own = {0};
    call k = {.c = c,
              .opts = opts ? opts : &defaults,
              .fn = fn,
              .user = user,
              .err = err ? err : &own,
              .least = 2,
              .start = om_clock()};
    om_error_clear(err);
    *reply = (omost_reply){.env = c->env, .id = -1};
    if (!c->load_told) k.stats.load_seconds = c->load_seconds;
    c->load_told = true;
    om_arena_init(&k.arena, c->env, 0);
    omost_status st = compose(&k, chat, id, reply);
    om_arena_free(&k.arena);
    if (st != OMOST_OK && st != OMOST_CANCELLED) {
        omost_status was = k.err->status;
        omost_reply_free(reply);
        st = was != OMOST_OK ? was : st;
    }
    return st;
}

void omost_reply_free(omost_reply *reply)
{
    omost_canvas_free(reply->canvas);
    omost_text_free(reply->env, reply->text);
    *reply = (omost_reply){.id = -1};
}
