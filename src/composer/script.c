/* script.c - a writer that replays a file: for demos, tests and a studio
 * without a model. A line "---" parts replies; the answer to a conversation with
 * k answers in it is reply k, so that retrying gives the same one again. */
#include <time.h>

#include "base/file.h"
#include "composer/writer.h"

enum { PIECE = 4, MAX_SCRIPT = 16 << 20, TICK_MS = 50 };

typedef struct script_writer {
    om_writer head;
    om_buf text;
    double rate; /* pieces a second; 0: no pause */
} script_writer;

static void close_script(om_writer *w)
{
    script_writer *s = (script_writer *)w;
    const omost_env *env = w->env;
    om_buf_free(&s->text);
    om_free(env, w->name);
    om_free(env, s);
}

/* Take the reply before the next "---" line off the front of `rest`; false when
 * nothing is left. */
static bool next_reply(om_str *rest, om_str *reply)
{
    if (!rest->p) return false;
    for (size_t at = 0; at < rest->n;) {
        om_str line = om_str_skip(*rest, at);
        const char *end = memchr(line.p, '\n', line.n);
        if (end) line.n = (size_t)(end - line.p);
        size_t next = at + line.n + (end ? 1 : 0);
        if (om_str_eqz(om_str_strip(line, " \t\r"), "---")) {
            *reply = (om_str){rest->p, at};
            *rest = om_str_skip(*rest, next);
            return true;
        }
        at = next;
    }
    *reply = *rest;
    *rest = (om_str){NULL, 0};
    return reply->n > 0;
}

static size_t count_replies(const script_writer *s)
{
    om_str rest = om_buf_view(&s->text), reply;
    size_t n = 0;
    while (next_reply(&rest, &reply)) n++;
    return n;
}

static omost_status find_reply(const script_writer *s, size_t k, om_str *out,
                               omost_error *err)
{
    om_str rest = om_buf_view(&s->text), reply;
    for (size_t i = 0; next_reply(&rest, &reply); i++)
        if (i == k) {
            *out = reply;
            return OMOST_OK;
        }
    const size_t n = s->head.n_answers;
    return om_fail(err, OMOST_MISSING,
                   "%s has %zu repl%s and answer %zu was asked for; replies "
                   "are parted by lines of ---",
                   s->head.name, n, n == 1 ? "y" : "ies", k + 1);
}

/* Sleep, awake often enough to be stopped; false: stop. */
static bool pause_for(const om_write_sink *sink, double seconds)
{
    while (seconds > 0) {
        double s = seconds < TICK_MS / 1e3 ? seconds : TICK_MS / 1e3;
        const struct timespec t = {0, (long)(s * 1e9)};
        nanosleep(&t, NULL);
        seconds -= s;
        if (!sink->waiting(sink->user)) return false;
    }
    return true;
}

static omost_status write_reply(om_writer *w, const om_turn *turns, size_t n,
                                const om_write_opts *opts, om_write_sink *sink,
                                omost_error *err)
{
    const script_writer *s = (const script_writer *)w;
    om_str reply = {NULL, 0};
    size_t k = 0;
    for (size_t i = 0; i < n; i++) k += turns[i].role == OM_TURN_ASSISTANT;
    omost_status st = find_reply(s, k, &reply, err);
    if (st != OMOST_OK) return st;
    for (int made = 0; reply.n > 0; made++) {
        if (made >= opts->max_tokens) {
            sink->cut = true;
            break;
        }
        om_str piece = {reply.p, reply.n < PIECE ? reply.n : PIECE};
        sink->stats->reply_tokens++;
        sink->stats->passes++;
        if (!sink->text(sink->user, piece) ||
            (s->rate > 0 && !pause_for(sink, 1 / s->rate)))
            return om_fail(err, OMOST_CANCELLED, "stopped");
        reply = om_str_skip(reply, piece.n);
    }
    return OMOST_OK;
}

om_writer *om_script_writer_open(const omost_composer_opts *opts,
                                 omost_error *err)
{
    static const om_writer_ops ops = {write_reply, close_script};
    script_writer *s = om_zalloc(opts->env, sizeof *s);
    om_buf name;
    if (!s) {
        (void)om_fail_nomem(err);
        return NULL;
    }
    s->head.ops = &ops;
    s->head.env = opts->env;
    s->rate = opts->script_rate;
    om_buf_init(&s->text, opts->env, MAX_SCRIPT);
    om_buf_init(&name, opts->env, 1 << 16);
    const char *slash = strrchr(opts->script, '/');
    om_buf_puts(&name, slash ? slash + 1 : opts->script);
    omost_status st = om_buf_check(&name, "the script's name", err);
    if (st == OMOST_OK) s->head.name = om_buf_steal(&name, NULL);
    om_buf_free(&name);
    if (st == OMOST_OK) st = om_file_read(opts->script, &s->text, err);
    s->head.n_answers = count_replies(s);
    if (st == OMOST_OK) return &s->head;
    close_script(&s->head);
    return NULL;
}
