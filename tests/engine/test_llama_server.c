/* test_llama_server.c - the writer that asks a server, and llama.cpp's own one:
 * a real peer with a tiny model of random weights. */
#include "unit/support.h"

#include <unistd.h>

#include "omost/compose.h"
#include "support/server.h"
#include "support/tiny_gguf.h"

static test_server server;
static char address[64];
static const char key[] = "sk-of-the-test";

static omost_composer *open_composer(const char *api_key)
{
    omost_error err;
    const omost_composer_opts o = {
        .server = address, .api_key = api_key, .timeout = 60, .retries = 6};
    omost_composer *who = omost_composer_open(&o, NULL, NULL, &err);
    if (!who) fail_msg("%s", err.msg);
    return who;
}

typedef struct heard {
    int prompts, texts, canvases, stop_after;
} heard;

static bool on_event(void *user, const omost_compose_event *ev)
{
    heard *h = user;
    if (ev->kind == OMOST_COMPOSE_PROMPT && ev->total > 0) h->prompts++;
    if (ev->kind == OMOST_COMPOSE_CANVAS) h->canvases++;
    if (ev->kind == OMOST_COMPOSE_TEXT) h->texts++;
    return h->stop_after == 0 || h->texts < h->stop_after;
}

static omost_status compose(omost_composer *who, const char *wish,
                            const omost_compose_opts *how, heard *h,
                            omost_reply *reply, omost_error *err)
{
    omost_chat *chat = omost_chat_new(NULL, err);
    int id = omost_chat_add(chat, OMOST_CHAT_ROOT, OMOST_ROLE_USER,
                            (omost_str){wish, strlen(wish)}, err);
    omost_status st =
        omost_compose(who, chat, id, how, on_event, h, reply, err);
    omost_chat_free(chat);
    return st;
}

/* Reading as `omost check --strict` does: no repair at all. */
static void expect_strict(const omost_reply *reply)
{
    omost_error err;
    const omost_read_opts strict = {.strict = true};
    omost_canvas *cv =
        omost_canvas_parse(reply->text, reply->len, &strict, &err);
    if (!cv)
        fail_msg("%d:%d: %s in\n%s", err.line, err.col, err.msg, reply->text);
    assert_int_equal(omost_canvas_note_count(cv), 0);
    omost_canvas_free(cv);
}

/* Random weights write a canvas because the grammar lets them write nothing
 * else. */
static void canvases(void **state)
{
    (void)state;
    int whole = 0;
    for (int seed = 1; seed <= 3; seed++) {
        omost_error err;
        omost_reply reply;
        heard h = {0};
        omost_compose_opts how = OMOST_COMPOSE_DEFAULTS;
        how.seed = seed;
        how.no_mend = true;
        omost_composer *who = open_composer(key);
        if (compose(who, "two cats", &how, &h, &reply, &err) != OMOST_OK)
            fail_msg("%s", err.msg);
        assert_true(reply.stats.reply_tokens > 20);
        assert_true(reply.stats.prompt_tokens > 100);
        assert_true(h.texts > 20);
        assert_int_equal(omost_composer_context(who), 8192);
        if (!reply.cut) expect_strict(&reply);
        whole += !reply.cut;
        omost_reply_free(&reply);
        omost_composer_close(who);
    }
    assert_true(whole > 0); /* the others were too long */
}

/* With the same seed the same text. */
static void repeatable(void **state)
{
    (void)state;
    char *first = NULL;
    for (int i = 0; i < 2; i++) {
        omost_error err;
        omost_reply reply;
        heard h = {0};
        omost_compose_opts how = OMOST_COMPOSE_DEFAULTS;
        how.seed = 7;
        how.no_mend = true;
        how.max_tokens = 60;
        omost_composer *who = open_composer(key);
        if (compose(who, "two cats", &how, &h, &reply, &err) != OMOST_OK)
            fail_msg("%s", err.msg);
        assert_true(reply.cut);
        if (first)
            assert_string_equal(first, reply.text);
        else
            first = strdup(reply.text);
        omost_reply_free(&reply);
        omost_composer_close(who);
    }
    free(first);
}

static void free_text(void **state)
{
    (void)state;
    omost_error err;
    omost_reply reply;
    heard h = {0};
    omost_compose_opts how = OMOST_COMPOSE_DEFAULTS;
    how.no_grammar = how.no_mend = true;
    how.max_tokens = 10;
    how.temperature = 0;
    omost_composer *who = open_composer(key);
    if (compose(who, "two cats", &how, &h, &reply, &err) != OMOST_OK)
        fail_msg("%s", err.msg);
    assert_null(reply.canvas);
    assert_true(reply.cut);
    assert_int_equal(reply.stats.reply_tokens, 10);
    omost_reply_free(&reply);
    omost_composer_close(who);
}

static void stopped(void **state)
{
    (void)state;
    omost_error err;
    omost_reply reply;
    heard h = {.stop_after = 3};
    omost_composer *who = open_composer(key);
    assert_int_equal(compose(who, "a cat", NULL, &h, &reply, &err),
                     OMOST_CANCELLED);
    assert_int_equal(h.texts, 3);
    omost_reply_free(&reply);
    /* The same composer goes on. */
    omost_compose_opts how = OMOST_COMPOSE_DEFAULTS;
    how.max_tokens = 5;
    how.no_mend = true;
    h = (heard){0};
    assert_int_equal(compose(who, "a cat", &how, &h, &reply, &err), OMOST_OK);
    assert_int_equal(reply.stats.reply_tokens, 5);
    omost_reply_free(&reply);
    omost_composer_close(who);
}

static void wrong_key(void **state)
{
    (void)state;
    static const char *const keys[] = {NULL, "sk-wrong-key"};
    static const char *const words[] = {"give an API key", "check the API key"};
    for (size_t i = 0; i < 2; i++) {
        omost_error err;
        omost_reply reply;
        heard h = {0};
        omost_composer *who = open_composer(keys[i]);
        assert_int_equal(compose(who, "a cat", NULL, &h, &reply, &err),
                         OMOST_IO);
        if (!strstr(err.msg, words[i])) fail_msg("%s", err.msg);
        assert_null(strstr(err.msg, "sk-wrong"));
        omost_composer_close(who);
    }
}

/* More words than the context holds: the server says so, and with nothing left
 * to leave out it is an error. */
static void too_long(void **state)
{
    (void)state;
    omost_error err;
    omost_reply reply;
    heard h = {0};
    enum { LONG = 100000 };
    char *wish = malloc(LONG + 1);
    for (size_t i = 0; i < LONG; i++) wish[i] = "cat dog "[i % 8];
    wish[LONG] = '\0';
    omost_composer *who = open_composer(key);
    assert_int_equal(compose(who, wish, NULL, &h, &reply, &err), OMOST_LIMIT);
    if (!strstr(err.msg, "context")) fail_msg("%s", err.msg);
    omost_composer_close(who);
    free(wish);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(canvases),  cmocka_unit_test(repeatable),
        cmocka_unit_test(free_text), cmocka_unit_test(stopped),
        cmocka_unit_test(wrong_key), cmocka_unit_test(too_long)};
    static const char *const more[] = {"--ctx-size", "8192", "--parallel", "1",
                                       "--api-key",  key,    NULL};
    char folder[] = "/tmp/omost-server-XXXXXX", gguf[64], why[256];
    if (!mkdtemp(folder)) return 1;
    snprintf(gguf, sizeof gguf, "%s/tiny.gguf", folder);
    int failed = 77;
    const tiny_gguf model = {.seed = 1};
    if (!tiny_gguf_write(gguf, &model, why)) {
        printf("%s\n", why);
        failed = 1;
    } else if (test_server_llama(&server, gguf, more)) {
        snprintf(address, sizeof address, "http://127.0.0.1:%d", server.port);
        failed = cmocka_run_group_tests(tests, NULL, NULL);
        test_server_stop(&server);
    }
    unlink(gguf);
    rmdir(folder);
    return failed;
}
