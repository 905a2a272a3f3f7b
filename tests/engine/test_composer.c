/* test_composer.c - what holds whoever writes: trimming, mending, stopping,
 * bytes in pieces. The writers here say what a test wants; the models and
 * servers have tests of their own. */
#include "unit/support.h"

#include "base/utf8.h"
#include "composer/writer.h"

#define CANVAS                                                            \
    "```python\ncanvas = Canvas()\n"                                      \
    "canvas.set_global_description(description='Two caf\xc3\xa9 cats.', " \
    "detailed_descriptions=['They sit.'], tags='cats', "                  \
    "HTML_web_color_name='gray')\n"                                       \
    "canvas.add_local_description(location='on the left', "               \
    "offset='no offset', area='a small square area', "                    \
    "distance_to_viewer=1.0, description='A cat.', "                      \
    "detailed_descriptions=['It sits.'], tags='cat', atmosphere='calm', " \
    "style='plain', quality_meta='good', HTML_web_color_name='black')\n```"
#define BROKEN "```python\ncanvas = Canvas()\ncanvas.draw_something(3)\n```"

/* ---- a writer that does as it is told ------------------------------------ */

typedef struct fake {
    om_writer head;
    const char *reply[4]; /* the i-th call's */
    int piece;            /* bytes at once */
    size_t fits;          /* turns; more: LIMIT */
    bool cut;
    omost_status again; /* what the second call comes to */
    int spoils;         /* pieces of text it writes before that */
    int calls;
    size_t turns;    /* of the last call */
    char last[4096]; /* its last turn */
    char first[64];  /* its first turn after the system's */
    bool closed;
} fake;

static omost_status fake_write(om_writer *w, const om_turn *turns, size_t n,
                               const om_write_opts *opts, om_write_sink *sink,
                               omost_error *err)
{
    fake *f = (fake *)w;
    assert_int_equal(turns[0].role, OM_TURN_SYSTEM);
    assert_int_equal(turns[n - 1].role, OM_TURN_USER);
    assert_true(opts->max_tokens > 0);
    if (f->fits && n > f->fits)
        return om_fail(err, OMOST_LIMIT, "too long for this writer");
    const char *z = f->reply[f->calls++];
    for (int i = 0; f->calls == 2 && f->again && i < f->spoils; i++) {
        sink->stats->reply_tokens++;
        if (!sink->text(sink->user, OM_STR("spoilt ")))
            return om_fail(err, OMOST_CANCELLED, "stopped");
    }
    if (f->calls == 2 && f->again)
        return om_fail(err, f->again, "the server is on fire");
    f->turns = n;
    snprintf(f->last, sizeof f->last, "%.*s", (int)turns[n - 1].text.n,
             turns[n - 1].text.p);
    snprintf(f->first, sizeof f->first, "%.*s", (int)turns[1].text.n,
             turns[1].text.p);
    sink->stats->prompt_tokens = 10;
    sink->stats->reused_tokens = 3;
    sink->cut = f->cut;
    if (!sink->prompt(sink->user, 5, 10) || !sink->waiting(sink->user) ||
        !sink->note(sink->user, "a remark"))
        return om_fail(err, OMOST_CANCELLED, "stopped");
    for (size_t at = 0, end = strlen(z); at < end; at += (size_t)f->piece) {
        size_t left = end - at, m = (size_t)f->piece;
        sink->stats->reply_tokens++;
        if (!sink->text(sink->user, (om_str){z + at, m < left ? m : left}) ||
            !sink->waiting(sink->user))
            return om_fail(err, OMOST_CANCELLED, "stopped");
    }
    return OMOST_OK;
}

static void fake_close(om_writer *w)
{
    ((fake *)w)->closed = true;
}

static const om_writer_ops fake_ops = {fake_write, fake_close};

static omost_composer *open_fake(fake *f)
{
    omost_error err;
    if (f->piece == 0) f->piece = 7;
    static char name[] = "fake";
    f->head = (om_writer){.ops = &fake_ops, .name = name};
    omost_composer *c = om_composer_of(&f->head, &err);
    if (!c) fail_msg("%s", err.msg);
    return c;
}

/* ---- what is heard --------------------------------------------------------- */

typedef struct heard {
    om_buf text, notes;
    int regions, starts, globals, prompts, again;
    int events, stop_at; /* stop at the so-manieth event */
} heard;

static bool on_event(void *user, const omost_compose_event *ev)
{
    heard *h = user;
    assert_non_null(ev->stats);
    switch (ev->kind) {
    case OMOST_COMPOSE_NOTE: om_buf_str(&h->notes, ev->text); break;
    case OMOST_COMPOSE_PROMPT: /* also while the writer waits */
        assert_int_equal(ev->done, 5);
        assert_int_equal(ev->total, 10);
        h->prompts++;
        break;
    case OMOST_COMPOSE_TEXT:
        assert_int_equal(om_utf8_valid_len(ev->text.p, ev->text.n), ev->text.n);
        om_buf_str(&h->text, ev->text);
        break;
    case OMOST_COMPOSE_CANVAS:
        h->starts += ev->read->kind == OMOST_READ_START;
        h->globals += ev->read->kind == OMOST_READ_GLOBAL;
        h->regions += ev->read->kind == OMOST_READ_REGION;
        break;
    case OMOST_COMPOSE_AGAIN:
        h->again++;
        h->text.n = 0;
        break;
    }
    return ++h->events != h->stop_at;
}

static void begin(heard *h)
{
    *h = (heard){0};
    om_buf_init(&h->text, NULL, 1 << 22);
    om_buf_init(&h->notes, NULL, 1 << 16);
}

static void end(heard *h)
{
    om_buf_free(&h->text);
    om_buf_free(&h->notes);
}

/* A chat of n questions, all but the last answered; the last one's id. */
static int chat_of(omost_chat **chat, int n)
{
    int at = OMOST_CHAT_ROOT;
    char text[32];
    *chat = omost_chat_new(NULL, NULL);
    assert_non_null(*chat);
    for (int i = 0; i < n; i++) {
        omost_str t = {text, 0};
        t.n = (size_t)snprintf(text, sizeof text, "question %d", i);
        at = omost_chat_add(*chat, at, OMOST_ROLE_USER, t, NULL);
        assert_true(at >= 0);
        if (i + 1 == n) break;
        t.n = (size_t)snprintf(text, sizeof text, "answer %d", i);
        at = omost_chat_add(*chat, at, OMOST_ROLE_ASSISTANT, t, NULL);
        assert_true(at >= 0);
    }
    return at;
}

static omost_status compose(fake *f, int questions, heard *h,
                            omost_compose_opts *opts, omost_reply *reply,
                            omost_error *err)
{
    omost_chat *chat;
    int id = chat_of(&chat, questions);
    const int before = omost_chat_count(chat);
    omost_composer *c = open_fake(f);
    omost_status st = omost_compose(c, chat, id, opts, on_event, h, reply, err);
    if (st == OMOST_OK) {
        const omost_message *m = omost_chat_message(chat, reply->id);
        assert_int_equal(m->parent, id);
        assert_int_equal(m->role, OMOST_ROLE_ASSISTANT);
        assert_int_equal(m->text.n, reply->len);
        assert_memory_equal(m->text.p, reply->text, reply->len);
    } else {
        assert_int_equal(omost_chat_count(chat), before);
        assert_true(err->msg[0] != '\0');
    }
    omost_composer_close(c);
    assert_true(f->closed);
    omost_chat_free(chat);
    return st;
}

/* ---- tests ----------------------------------------------------------------- */

static void any_pieces(void **state)
{
    (void)state;
    for (int piece = 1; piece < 40; piece++) {
        heard h;
        omost_reply r;
        omost_error err;
        fake f = {.reply = {CANVAS}, .piece = piece};
        begin(&h);
        if (compose(&f, 1, &h, NULL, &r, &err)) fail_msg("%s", err.msg);
        assert_non_null(r.canvas);
        assert_string_equal(r.text, CANVAS);
        assert_int_equal(h.text.n, r.len);
        assert_memory_equal(h.text.p, r.text, r.len);
        assert_int_equal(h.regions, 1);
        assert_int_equal(h.globals, 1);
        assert_int_equal(h.again, 0);
        assert_true(h.prompts > 2);
        assert_true(r.seed >= 0 && r.seed <= UINT32_MAX);
        assert_int_equal(r.stats.mended, 0);
        assert_false(r.cut);
        omost_reply_free(&r);
        end(&h);
    }
}

/* Bytes that are no text, alone and inside a character that is cut. */
static void no_utf8(void **state)
{
    (void)state;
    static const char *const bad[] = {"a\xff"
                                      "b",
                                      "a\xe2\x82"
                                      "b",
                                      "\xf0\x9f",
                                      "\xc3",
                                      "\xed\xa0\x80",
                                      "\xc3\xc3\xa9"};
    static const char *const good[] = {"a\xef\xbf\xbd"
                                       "b",
                                       "a\xef\xbf\xbd"
                                       "b",
                                       "\xef\xbf\xbd",
                                       "\xef\xbf\xbd",
                                       NULL,
                                       "\xef\xbf\xbd\xc3\xa9"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        for (int piece = 1; piece < 6; piece++) {
            heard h;
            omost_reply r;
            omost_error err;
            omost_compose_opts o = OMOST_COMPOSE_DEFAULTS;
            fake f = {.reply = {bad[i]}, .piece = piece};
            o.no_mend = true;
            begin(&h);
            if (compose(&f, 1, &h, &o, &r, &err)) fail_msg("%s", err.msg);
            assert_null(r.canvas);
            assert_int_equal(om_utf8_valid_len(r.text, r.len), r.len);
            if (piece >= 4 && good[i]) assert_non_null(strstr(r.text, "\xef"));
            omost_reply_free(&r);
            end(&h);
        }
}

static void oldest_go_first(void **state)
{
    (void)state;
    heard h;
    omost_reply r;
    omost_error err;
    fake f = {.reply = {CANVAS}, .fits = 5};
    begin(&h);
    if (compose(&f, 6, &h, NULL, &r, &err)) fail_msg("%s", err.msg);
    /* the system's, question 4, answer 4, question 5 */
    assert_int_equal(f.turns, 4);
    assert_string_equal(f.first, "question 4");
    assert_string_equal(f.last, "question 5");
    assert_int_equal(r.stats.dropped_messages, 8);
    om_buf_putc(&h.notes, '\0');
    assert_non_null(strstr(h.notes.p, "its oldest 8 messages were left out"));
    omost_reply_free(&r);
    end(&h);
}

static void too_long_by_itself(void **state)
{
    (void)state;
    heard h;
    omost_reply r;
    omost_error err;
    fake f = {.reply = {CANVAS}, .fits = 1};
    begin(&h);
    assert_int_equal(compose(&f, 3, &h, NULL, &r, &err), OMOST_LIMIT);
    assert_string_equal(err.msg, "too long for this writer");
    assert_null(r.text);
    assert_int_equal(f.calls, 0);
    end(&h);
}

static void mended(void **state)
{
    (void)state;
    heard h;
    omost_reply r;
    omost_error err;
    fake f = {.reply = {BROKEN, CANVAS}};
    begin(&h);
    if (compose(&f, 1, &h, NULL, &r, &err)) fail_msg("%s", err.msg);
    assert_non_null(r.canvas);
    assert_string_equal(r.text, CANVAS);
    assert_int_equal(f.calls, 2);
    assert_int_equal(f.turns, 4);
    assert_int_equal(h.again, 1);
    assert_int_equal(r.stats.mended, 1);
    /* it is told what is wrong and where */
    assert_non_null(strstr(f.last, "line 3"));
    assert_non_null(strstr(f.last, "canvas.draw_something(3)"));
    omost_reply_free(&r);
    end(&h);
}

static void asked_once_only(void **state)
{
    (void)state;
    heard h;
    omost_reply r;
    omost_error err;
    fake f = {.reply = {BROKEN, BROKEN}};
    begin(&h);
    if (compose(&f, 1, &h, NULL, &r, &err)) fail_msg("%s", err.msg);
    assert_null(r.canvas);
    assert_true(r.why.msg[0] != '\0');
    assert_int_equal(r.why.line, 3);
    assert_int_equal(f.calls, 2);
    omost_reply_free(&r);
    end(&h);
}

/* When asking again fails the first reply stays, and why is told. */
static void first_stays(void **state)
{
    (void)state;
    static const omost_status how[] = {OMOST_IO, OMOST_NOMEM, OMOST_LIMIT,
                                       OMOST_MISSING};
    for (size_t i = 0; i < 2 * sizeof how / sizeof *how; i++) {
        heard h;
        omost_reply r;
        omost_error err;
        fake f = {.reply = {BROKEN, CANVAS},
                  .again = how[i / 2],
                  .spoils = i % 2 ? 3 : 0};
        begin(&h);
        if (compose(&f, 1, &h, NULL, &r, &err)) fail_msg("%s", err.msg);
        assert_int_equal(err.status, OMOST_OK);
        assert_int_equal(f.calls, 2);
        assert_null(r.canvas);
        assert_string_equal(r.text, BROKEN);
        assert_int_equal(r.why.line, 3);
        om_buf_putc(&h.notes, '\0');
        assert_non_null(strstr(h.notes.p, "asking again failed: the server is "
                                          "on fire"));
        omost_reply_free(&r);
        end(&h);
    }
    heard h;
    omost_reply r;
    omost_error err;
    fake f = {.reply = {BROKEN, CANVAS}, .again = OMOST_CANCELLED};
    begin(&h);
    assert_int_equal(compose(&f, 1, &h, NULL, &r, &err), OMOST_CANCELLED);
    omost_reply_free(&r);
    end(&h);
}

/* The older messages make room for a broken reply and what is wrong with it,
 * which are never left out themselves. */
static void mended_in_little_room(void **state)
{
    (void)state;
    for (size_t fits = 4; fits < 8; fits++) {
        heard h;
        omost_reply r;
        omost_error err;
        fake f = {.reply = {BROKEN, CANVAS}, .fits = fits};
        begin(&h);
        if (compose(&f, 3, &h, NULL, &r, &err)) fail_msg("%s", err.msg);
        assert_non_null(r.canvas);
        assert_int_equal(f.turns, fits & ~(size_t)1);
        assert_string_equal(f.first, fits < 6 ? "question 2" : "question 1");
        assert_non_null(strstr(f.last, "not a valid canvas"));
        omost_reply_free(&r);
        end(&h);
    }
    heard h;
    omost_reply r;
    omost_error err;
    fake f = {.reply = {BROKEN, CANVAS}, .fits = 2};
    begin(&h);
    if (compose(&f, 1, &h, NULL, &r, &err)) fail_msg("%s", err.msg);
    assert_string_equal(r.text, BROKEN);
    assert_int_equal(f.calls, 1);
    omost_reply_free(&r);
    end(&h);
}

/* No second question where it was cut off, or not wanted. */
static void not_asked_again(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        heard h;
        omost_reply r;
        omost_error err;
        omost_compose_opts o = OMOST_COMPOSE_DEFAULTS;
        fake f = {.reply = {BROKEN, CANVAS}, .cut = i == 0};
        o.no_mend = i == 1;
        begin(&h);
        if (compose(&f, 1, &h, &o, &r, &err)) fail_msg("%s", err.msg);
        assert_null(r.canvas);
        assert_int_equal(f.calls, 1);
        assert_int_equal(r.cut, i == 0);
        omost_reply_free(&r);
        end(&h);
    }
}

/* Stopping at every event there is gives what had been written, and nothing in
 * the chat. */
static void stop_anywhere(void **state)
{
    (void)state;
    for (int at = 1;; at++) {
        heard h;
        omost_reply r;
        omost_error err;
        fake f = {.reply = {BROKEN, CANVAS}, .piece = 11};
        begin(&h);
        h.stop_at = at;
        omost_status st = compose(&f, 1, &h, NULL, &r, &err);
        if (st == OMOST_OK) {
            assert_true(at > 20);
            omost_reply_free(&r);
            end(&h);
            return;
        }
        assert_int_equal(st, OMOST_CANCELLED);
        assert_int_equal(h.events, at);
        if (r.text) assert_true(r.len <= sizeof CANVAS + sizeof BROKEN);
        omost_reply_free(&r);
        end(&h);
    }
}

static void bad_options(void **state)
{
    (void)state;
    static const omost_compose_opts bad[] = {
        {.temperature = -1, .top_p = 1, .max_tokens = 1},
        {.temperature = __builtin_nanf(""), .top_p = 1, .max_tokens = 1},
        {.temperature = 1, .top_p = 0, .max_tokens = 1},
        {.temperature = 1, .top_p = 1.5f, .max_tokens = 1},
        {.temperature = 1, .top_p = 1, .max_tokens = 0},
        {.temperature = 1, .top_p = 1, .max_tokens = -4},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        heard h;
        omost_reply r;
        omost_error err;
        omost_compose_opts o = bad[i];
        fake f = {.reply = {CANVAS}};
        begin(&h);
        assert_int_equal(compose(&f, 1, &h, &o, &r, &err), OMOST_RANGE);
        assert_int_equal(f.calls, 0);
        end(&h);
    }
}

static void wrong_message(void **state)
{
    (void)state;
    omost_chat *chat;
    omost_reply r;
    omost_error err;
    fake f = {.reply = {CANVAS}};
    (void)chat_of(&chat, 2);
    omost_composer *c = open_fake(&f);
    for (int id = -1; id < 4; id += 2) /* none, an answer, none */
        assert_int_equal(omost_compose(c, chat, id, NULL, NULL, NULL, &r, &err),
                         OMOST_USAGE);
    omost_composer_close(c);
    omost_chat_free(chat);
}

/* ---- the script ------------------------------------------------------------ */

static const char *write_script(const char *text)
{
    static const char path[] = "test_composer_script.txt";
    omost_error err;
    if (om_file_write(NULL, path, om_str_of(text), &err))
        fail_msg("%s", err.msg);
    return path;
}

static void script(void **state)
{
    (void)state;
    omost_error err;
    omost_reply r;
    omost_chat *chat;
    omost_composer_opts o = {.script = write_script(CANVAS "\n---\nno\n")};
    omost_composer *c = omost_composer_open(&o, NULL, NULL, &err);
    if (!c) fail_msg("%s", err.msg);
    omost_compose_opts co = OMOST_COMPOSE_DEFAULTS;
    co.no_mend = true;
    int id = chat_of(&chat, 1);
    for (int i = 0; i < 2; i++) { /* the same question, the same answer */
        if (omost_compose(c, chat, id, &co, NULL, NULL, &r, &err))
            fail_msg("%s", err.msg);
        assert_string_equal(r.text, CANVAS "\n");
        omost_reply_free(&r);
    }
    omost_chat_free(chat);
    id = chat_of(&chat, 2);
    if (omost_compose(c, chat, id, &co, NULL, NULL, &r, &err))
        fail_msg("%s", err.msg);
    assert_string_equal(r.text, "no\n");
    assert_null(r.canvas);
    omost_reply_free(&r);
    omost_chat_free(chat);
    id = chat_of(&chat, 3);
    assert_int_equal(omost_compose(c, chat, id, &co, NULL, NULL, &r, &err),
                     OMOST_MISSING);
    assert_non_null(strstr(err.msg, "has 2 replies and answer 3"));
    omost_chat_free(chat);
    omost_composer_close(c);
    remove(o.script);
}

/* A script without a next reply is not asked for one. */
static void script_without_more(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        heard h;
        omost_error err;
        omost_reply r;
        omost_chat *chat;
        omost_composer_opts o = {
            .script = write_script(i ? "no\n---\n" CANVAS : "no\n")};
        omost_composer *c = omost_composer_open(&o, NULL, NULL, &err);
        if (!c) fail_msg("%s", err.msg);
        int id = chat_of(&chat, 1);
        begin(&h);
        if (omost_compose(c, chat, id, NULL, on_event, &h, &r, &err))
            fail_msg("%s", err.msg);
        assert_int_equal(r.canvas != NULL, i);
        assert_int_equal(h.again, i);
        assert_int_equal(h.notes.n, 0);
        omost_reply_free(&r);
        end(&h);
        omost_chat_free(chat);
        omost_composer_close(c);
        remove(o.script);
    }
}

static void who_writes(void **state)
{
    (void)state;
    omost_error err;
    const omost_composer_opts none = {0}, two = {.script = "a", .model = "b"},
                              lost = {.script = "nowhere/to/be/found"};
    assert_null(omost_composer_open(&none, NULL, NULL, &err));
    assert_int_equal(err.status, OMOST_USAGE);
    assert_null(omost_composer_open(&two, NULL, NULL, &err));
    assert_int_equal(err.status, OMOST_USAGE);
    assert_null(omost_composer_open(&lost, NULL, NULL, &err));
    assert_int_equal(err.status, OMOST_MISSING);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_pieces),
        cmocka_unit_test(no_utf8),
        cmocka_unit_test(oldest_go_first),
        cmocka_unit_test(too_long_by_itself),
        cmocka_unit_test(mended),
        cmocka_unit_test(asked_once_only),
        cmocka_unit_test(not_asked_again),
        cmocka_unit_test(stop_anywhere),
        cmocka_unit_test(bad_options),
        cmocka_unit_test(wrong_message),
        cmocka_unit_test(script),
        cmocka_unit_test(who_writes),
        cmocka_unit_test(first_stays),
        cmocka_unit_test(mended_in_little_room),
        cmocka_unit_test(script_without_more),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
