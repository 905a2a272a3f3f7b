/* llama_support.h - tiny models, conversations and sinks for the tests of the
 * local writer. */
#ifndef OM_TESTS_LLAMA_SUPPORT_H
#define OM_TESTS_LLAMA_SUPPORT_H

#include "unit/support.h"

#include <unistd.h>

#include "composer/writer.h"
#include "support/tiny_gguf.h"

/* A model file that goes when the test does. */
static inline void write_tiny(char path[64], const tiny_gguf *o)
{
    char why[256] = "";
    snprintf(path, 64, "/tmp/omost-llama-XXXXXX");
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    close(fd);
    if (!tiny_gguf_write(path, o, why)) fail_msg("%s", why);
}

static inline om_writer *open_path(const char *path, omost_composer_opts o)
{
    omost_error err;
    o.model = path;
    if (o.n_threads == 0) o.n_threads = 1;
    om_writer *w = om_llama_writer_open(&o, NULL, NULL, &err);
    if (!w) fail_msg("%s", err.msg);
    return w;
}

static inline om_writer *open_tiny(const tiny_gguf *o)
{
    char path[64];
    write_tiny(path, o);
    om_writer *w = open_path(path, (omost_composer_opts){0});
    unlink(path);
    return w;
}

/* ---- a reply, and how it came ---------------------------------------------- */

typedef struct heard {
    om_buf text;
    char notes[512];
    int n_prompt, n_text, n_waiting;
    int stop_prompt, stop_text, stop_waiting; /* at which call; 0: never */
    omost_compose_stats stats;
    bool cut;
    omost_error err;
} heard;

static inline bool hear_prompt(void *user, int done, int total)
{
    heard *h = user;
    assert_in_range(done, 0, total);
    return ++h->n_prompt != h->stop_prompt;
}

static inline bool hear_text(void *user, om_str bytes)
{
    heard *h = user;
    om_buf_str(&h->text, bytes);
    return ++h->n_text != h->stop_text;
}

static inline bool hear_note(void *user, const char *text)
{
    heard *h = user;
    const size_t n = strlen(h->notes);
    snprintf(h->notes + n, sizeof h->notes - n, "%s;", text);
    return true;
}

static inline bool hear_waiting(void *user)
{
    heard *h = user;
    return ++h->n_waiting != h->stop_waiting;
}

static inline omost_status write_turns(om_writer *w, const om_turn *turns,
                                       size_t n, om_write_opts o, heard *h)
{
    om_write_sink sink = {.prompt = hear_prompt,
                          .text = hear_text,
                          .note = hear_note,
                          .waiting = hear_waiting,
                          .user = h,
                          .stats = &h->stats};
    om_buf_init(&h->text, NULL, 1 << 20);
    om_error_clear(&h->err);
    omost_status st = w->ops->write(w, turns, n, &o, &sink, &h->err);
    h->cut = sink.cut;
    return st;
}

static inline om_write_opts usual_opts(uint64_t seed)
{
    return (om_write_opts){.temperature = 0.6F,
                           .top_p = 0.9F,
                           .max_tokens = 4096,
                           .seed = seed,
                           .grammar = true,
                           .draft = true};
}

/* The system prompt, and a question. */
static inline om_turn system_turn(void)
{
    return (om_turn){OM_TURN_SYSTEM, omost_system_prompt()};
}

static inline om_turn user_turn(const char *text)
{
    return (om_turn){OM_TURN_USER, om_str_of(text)};
}

static inline heard ask(om_writer *w, const char *question, om_write_opts o)
{
    const om_turn turn[] = {system_turn(), user_turn(question)};
    heard h = {0};
    if (write_turns(w, turn, 2, o, &h) != OMOST_OK) fail_msg("%s", h.err.msg);
    return h;
}

/* The question again, its answer, and a second question. */
static inline heard ask_again(om_writer *w, const char *question, om_str answer,
                              const char *second, om_write_opts o)
{
    const om_turn turn[] = {system_turn(),
                            user_turn(question),
                            {OM_TURN_ASSISTANT, answer},
                            user_turn(second)};
    heard h = {0};
    if (write_turns(w, turn, 4, o, &h) != OMOST_OK) fail_msg("%s", h.err.msg);
    return h;
}

static inline void close_writer(om_writer *w)
{
    w->ops->close(w);
}

/* Strict reading takes it, and has nothing to say. */
static inline void expect_valid(om_str text)
{
    omost_error err;
    const omost_read_opts strict = {.strict = true};
    omost_canvas *cv = omost_canvas_parse(text.p, text.n, &strict, &err);
    if (!cv)
        fail_msg("%d:%d: %s in\n%.*s", err.line, err.col, err.msg,
                 OM_STR_ARG(text));
    if (omost_canvas_note_count(cv))
        fail_msg("note: %s", omost_canvas_note(cv, 0)->msg);
    omost_canvas_free(cv);
}

static inline void expect_equal(const om_buf *a, const om_buf *b)
{
    if (!om_str_eq(om_buf_view(a), om_buf_view(b)))
        fail_msg("texts differ:\n%.*s\n---\n%.*s", OM_STR_ARG(om_buf_view(a)),
                 OM_STR_ARG(om_buf_view(b)));
}

#endif
