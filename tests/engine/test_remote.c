/* test_remote.c - the writer that asks a server: against dialects of chat
 * completions as servers speak them, and against what goes wrong
 * (tests/support/mock_server.py). llama.cpp's own server: test_llama_server.c. */
#include "unit/support.h"

#include "base/clock.h"
#include "composer/remote.h"
#include "net/http_client.h"
#include "support/server.h"

static test_server server;

static const char canvas_text[] =
    "```python\ncanvas = Canvas()\n\ncanvas.set_global_description(\n"
    "    description='Two cats.',\n    detailed_descriptions=['One is "
    "black.'],\n    tags='cats',\n    HTML_web_color_name='gray',\n)\n```\n";

/* ---- a writer and what it says ------------------------------------------- */

typedef struct talk {
    omost_composer_opts opts;
    om_writer *w;
    om_write_opts how;
    om_write_sink sink;
    omost_compose_stats stats;
    om_buf text, notes;
    const char *stop_note; /* stop at a note with these words */
    omost_error err;
    omost_status st;
    char address[256];
    int waits, done, total;
    double stop_at; /* om_clock() beyond it: stop */
    int stop_texts; /* > 0: stop at this piece of text */
    int n_texts;
} talk;

static bool on_prompt(void *user, int done, int total)
{
    talk *t = user;
    t->done = done;
    t->total = total;
    return true;
}

static bool on_text(void *user, om_str bytes)
{
    talk *t = user;
    om_buf_str(&t->text, bytes);
    return ++t->n_texts != t->stop_texts;
}

static bool on_note(void *user, const char *text)
{
    talk *t = user;
    om_buf_printf(&t->notes, "%s\n", text);
    return !t->stop_note || !strstr(text, t->stop_note);
}

static bool on_waiting(void *user)
{
    talk *t = user;
    t->waits++;
    return t->stop_at == 0 || om_clock() < t->stop_at;
}

static talk *begin(const char *dialect)
{
    talk *t = calloc(1, sizeof *t);
    snprintf(t->address, sizeof t->address, "http://127.0.0.1:%d/chat/%s",
             server.port, dialect);
    t->opts.server = t->address;
    t->opts.timeout = 5;
    t->how = (om_write_opts){.temperature = 0.6f,
                             .top_p = 0.9f,
                             .max_tokens = 4096,
                             .seed = 12345,
                             .grammar = true};
    t->sink = (om_write_sink){on_prompt, on_text,   on_note, on_waiting,
                              t,         &t->stats, false};
    om_buf_init(&t->text, NULL, 64 << 20);
    om_buf_init(&t->notes, NULL, 1 << 16);
    om_buf_puts(&t->text, "");
    om_buf_puts(&t->notes, "");
    return t;
}

static void ask(talk *t)
{
    static const om_turn turns[] = {
        {OM_TURN_SYSTEM, {"be good", 7}},
        {OM_TURN_USER, {"cats", 4}},
        {OM_TURN_ASSISTANT, {"meow \"quoted\"", 13}},
        {OM_TURN_USER, {"two \xf0\x9f\x90\xb1 cats", 13}},
    };
    if (!t->w) t->w = om_remote_writer_open(&t->opts, &t->err);
    if (!t->w) fail_msg("%s", t->err.msg);
    t->text.n = 0;
    om_error_clear(&t->err);
    t->st = t->w->ops->write(t->w, turns, 4, &t->how, &t->sink, &t->err);
    om_buf_putc(&t->text, '\0');
    assert_int_equal(t->st, t->err.status);
}

static void end(talk *t)
{
    t->w->ops->close(t->w);
    om_buf_free(&t->text);
    om_buf_free(&t->notes);
    free(t);
}

static void expect_canvas(const talk *t)
{
    if (t->st != OMOST_OK) fail_msg("%s: %s", t->address, t->err.msg);
    assert_string_equal(t->text.p, canvas_text);
}

static void expect_error(const talk *t, omost_status st, const char *words)
{
    if (t->st != st || !strstr(t->err.msg, words))
        fail_msg("%s: %s, \"%s\" instead of %s, \"...%s...\"", t->address,
                 omost_status_name(t->st), t->err.msg, omost_status_name(st),
                 words);
}

static bool noted(const talk *t, const char *words)
{
    return strstr(t->notes.p, words) != NULL;
}

/* ---- what the server was asked ------------------------------------------- */

static bool gather(void *user, const void *p, size_t n)
{
    om_buf_put(user, p, n);
    return true;
}

/* All requests since the last time, in order. */
static json_t *requests(void)
{
    char url[64];
    om_buf b;
    om_http_request rq = OM_HTTP_REQUEST_DEFAULTS;
    om_http_response rs;
    om_http *http = om_http_new(NULL, NULL);
    snprintf(url, sizeof url, "http://127.0.0.1:%d/log", server.port);
    om_buf_init(&b, NULL, 64 << 20);
    rq.url = om_str_of(url);
    rq.on_data = gather;
    rq.user = &b;
    assert_int_equal(om_http_send(http, &rq, &rs, NULL), OMOST_OK);
    om_http_free(http);
    return parse_json(&b, "log");
}

static const char *path_at(const json_t *list, size_t i)
{
    const json_t *rq = json_array_get(list, i);
    return json_string_value(json_object_get(rq, "path"));
}

static json_t *body_at(const json_t *list, size_t i)
{
    const json_t *rq = json_array_get(list, i);
    const char *text = json_string_value(json_object_get(rq, "body"));
    json_t *v = om_json_parse(om_str_of(text), "body", NULL);
    assert_non_null(v);
    return v;
}

static const char *key_at(const json_t *list, size_t i)
{
    const json_t *h = json_object_get(json_array_get(list, i), "headers");
    return json_string_value(json_object_get(h, "authorization"));
}

/* ---- dialects ------------------------------------------------------------ */

static void dialects(void **state)
{
    (void)state;
    static const char *const names[] = {"openai", "cr",      "ollama",
                                        "llama",  "after",   "thinking",
                                        "whole",  "nomodels"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        talk *t = begin(names[i]);
        ask(t);
        expect_canvas(t);
        assert_false(t->sink.cut);
        assert_true(t->stats.reply_tokens > 0);
        assert_true(t->stats.passes > 0);
        ask(t); /* and once more with the same writer */
        expect_canvas(t);
        end(t);
    }
}

static void what_is_asked(void **state)
{
    (void)state;
    json_decref(requests());
    talk *t = begin("openai");
    t->opts.api_key = "sk-secret";
    ask(t);
    ask(t);
    expect_canvas(t);
    assert_int_equal(t->stats.prompt_tokens, 900);
    assert_int_equal(t->stats.reply_tokens, 84); /* two replies of 42 */
    end(t);
    json_t *list = requests();
    assert_int_equal(json_array_size(list), 3); /* models only once */
    assert_string_equal(path_at(list, 0), "/chat/openai/v1/models");
    assert_string_equal(path_at(list, 1), "/chat/openai/v1/chat/completions");
    for (size_t i = 0; i < 3; i++)
        assert_string_equal(key_at(list, i), "Bearer sk-secret");
    json_t *b = body_at(list, 1);
    json_t *want = json_pack(
        "{s:s, s:[{s:s,s:s},{s:s,s:s},{s:s,s:s},{s:s,s:s}], s:b, s:f, s:f, "
        "s:i, s:i, s:{s:b}}",
        "model", "first-model", "messages", "role", "system", "content",
        "be good", "role", "user", "content", "cats", "role", "assistant",
        "content", "meow \"quoted\"", "role", "user", "content",
        "two \xf0\x9f\x90\xb1 cats", "stream", 1, "temperature", 0.6, "top_p",
        0.9, "max_tokens", 4096, "seed", 12345, "stream_options",
        "include_usage", 1);
    assert_true(json_equal(b, want));
    json_decref(b);
    json_decref(want);
    json_decref(list);
}

/* The server's own fields for llama.cpp alone. */
static void llama_fields(void **state)
{
    (void)state;
    json_decref(requests());
    talk *t = begin("llama/v1/");
    t->opts.server_model = "mine";
    ask(t);
    expect_canvas(t);
    assert_int_equal(t->w->n_ctx, 8192);
    assert_int_equal(t->total, 900);
    assert_int_equal(t->done, 500);
    assert_int_equal(t->stats.reused_tokens, 880);
    t->how.grammar = false;
    ask(t);
    end(t);
    json_t *list = requests();
    assert_string_equal(path_at(list, 1), "/chat/llama/props");
    json_t *with = body_at(list, 2), *without = body_at(list, 3);
    assert_string_equal(json_string_value(json_object_get(with, "model")),
                        "mine");
    const char *g = json_string_value(json_object_get(with, "grammar"));
    assert_true(g && strstr(g, "root ::="));
    assert_null(json_object_get(without, "grammar"));
    assert_non_null(json_object_get(without, "min_p"));
    json_decref(with);
    json_decref(without);
    json_decref(list);

    t = begin("openai");
    ask(t);
    end(t);
    list = requests();
    with = body_at(list, 1);
    assert_null(json_object_get(with, "grammar"));
    assert_null(json_object_get(with, "min_p"));
    json_decref(with);
    json_decref(list);
}

static void addresses(void **state)
{
    (void)state;
    static const char *const forms[][2] = {
        {"http://", "/chat/openai"},
        {"http://", "/chat/openai/"},
        {"HTTP://", "/chat/openai/v1"},
        {"http://", "/chat/openai/v1/"},
        {"http://", "/chat/openai/v1/chat/completions"},
        {"", "/chat/openai"},
        {" http://", "/chat/openai?a=b "},
    };
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        talk *t = begin("");
        snprintf(t->address, sizeof t->address, "%s127.0.0.1:%d%s", forms[i][0],
                 server.port, forms[i][1]);
        ask(t);
        expect_canvas(t);
        assert_non_null(strstr(t->w->name, "/chat/openai"));
        assert_null(strstr(t->w->name, "a=b"));
        end(t);
    }
    static const char *const bad[] = {"", "ftp://h", "http://u:pw@h/", "a b"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        omost_error err;
        const omost_composer_opts o = {.server = bad[i]};
        assert_null(om_remote_writer_open(&o, &err));
        assert_int_equal(err.status, OMOST_USAGE);
        assert_null(strstr(err.msg, "pw"));
    }
}

/* Without a scheme: http near, https far; a key never goes far in the clear. */
static void schemes(void **state)
{
    (void)state;
    static const struct {
        const char *server, *key, *name;
    } cases[] = {
        {"127.0.0.1:8080", "k", "http://127.0.0.1:8080"},
        {"localhost", NULL, "http://localhost"},
        {"192.168.1.7:11434/v1", "k", "http://192.168.1.7:11434"},
        {"box.local", "k", "http://box.local"},
        {"ollama:11434", NULL, "http://ollama:11434"},
        {"[fd00::1]:80", NULL, "http://[fd00::1]:80"},
        {"api.example.org/v1", "k", "https://api.example.org"},
        {"8.8.8.8", NULL, "https://8.8.8.8"},
        {"http://api.example.org", NULL, "http://api.example.org"},
        {"http://api.example.org", "k", NULL},
        {"http://172.32.0.1:8080", "k", NULL},
        {"http://172.31.0.1:8080", "k", "http://172.31.0.1:8080"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        omost_error err;
        const omost_composer_opts o = {.server = cases[i].server,
                                       .api_key = cases[i].key};
        om_writer *w = om_remote_writer_open(&o, &err);
        if (!cases[i].name) {
            assert_null(w);
            assert_int_equal(err.status, OMOST_USAGE);
            assert_non_null(strstr(err.msg, "without encryption: write "
                                            "https://, or give no key"));
            continue;
        }
        if (!w) fail_msg("%s: %s", cases[i].server, err.msg);
        assert_string_equal(w->name, cases[i].name);
        w->ops->close(w);
    }
}

static void several_models(void **state)
{
    (void)state;
    talk *t = begin("ollama");
    ask(t);
    assert_true(noted(t, "newest:8b"));
    end(t);
}

/* Parameters a server does not take are left out, and that is remembered. */
static void picky(void **state)
{
    (void)state;
    json_decref(requests());
    talk *t = begin("picky");
    ask(t);
    expect_canvas(t);
    assert_true(noted(t, "temperature"));
    assert_true(noted(t, "top_p"));
    assert_false(noted(t, "max_tokens"));
    ask(t);
    expect_canvas(t);
    end(t);
    json_t *list = requests();
    assert_int_equal(json_array_size(list), 1 + 4 + 1);
    json_t *last = body_at(list, 5);
    assert_int_equal(json_integer_value(
                         json_object_get(last, "max_completion_tokens")),
                     4096);
    assert_null(json_object_get(last, "max_tokens"));
    json_decref(last);
    json_decref(list);
}

/* Stopped when told that something is left out: no more is asked, and it is no
 * failure of the server's. */
static void picky_stopped(void **state)
{
    (void)state;
    json_decref(requests());
    talk *t = begin("picky");
    t->stop_note = "asked without";
    ask(t);
    expect_error(t, OMOST_CANCELLED, "stopped");
    assert_true(noted(t, "temperature"));
    assert_false(noted(t, "top_p"));
    json_t *list = requests();
    assert_int_equal(json_array_size(list), 1 + 2);
    json_decref(list);
    t->stop_note = NULL;
    ask(t);
    expect_canvas(t);
    end(t);
}

/* ---- what goes wrong ----------------------------------------------------- */

static void fails(const char *dialect, omost_status st, const char *words)
{
    talk *t = begin(dialect);
    t->opts.timeout = 0.4;
    ask(t);
    expect_error(t, st, words);
    end(t);
}

static void broken_servers(void **state)
{
    (void)state;
    fails("inside", OMOST_IO, "the GPU has gone");
    fails("json-garbage", OMOST_FORMAT, "no chat completion");
    fails("not-json", OMOST_FORMAT, "no chat completion");
    fails("web", OMOST_FORMAT, "web page");
    fails("gone", OMOST_MISSING, "model 'x' not found");
    fails("locked", OMOST_IO, "give an API key");
    fails("quota", OMOST_IO, "too many requests");
    fails("dead", OMOST_IO, "closed the connection without an answer");
    fails("cutoff", OMOST_IO, "closed the connection early");
    fails("hang", OMOST_IO, "fell silent");
}

/* Comments and empty events for ever. The server may be too busy to send them
 * in time: then it is asked again. */
static void only_alive(void **state)
{
    (void)state;
    talk *t = NULL;
    for (int tries = 0; tries < 5; tries++) {
        if (t) end(t);
        t = begin("alive");
        t->opts.timeout = 0.4;
        ask(t);
        if (!strstr(t->err.msg, "fell silent")) break;
    }
    expect_error(t, OMOST_IO, "signs of life for 4 s");
    end(t);
}

static void nobody_there(void **state)
{
    (void)state;
    talk *t = begin("");
    snprintf(t->address, sizeof t->address, "http://127.0.0.1:1");
    ask(t);
    expect_error(t, OMOST_IO, "cannot connect to 127.0.0.1:1");
    end(t);
}

static void floods(void **state)
{
    (void)state;
    talk *t = begin("flood");
    t->stop_texts = 200; /* as the composer, whose message has a limit */
    ask(t);
    assert_int_equal(t->st, OMOST_CANCELLED);
    assert_int_equal(t->n_texts, 200);
    end(t);
}

static void stopping(void **state)
{
    (void)state;
    talk *t = begin("hang");
    t->stop_at = om_clock() + 0.4;
    ask(t);
    assert_int_equal(t->st, OMOST_CANCELLED);
    assert_true(t->waits >= 2);
    assert_string_equal(t->text.p, "```python\n");
    end(t);
}

/* A reply that max_tokens cut, and one whose end nobody told. */
static void cut_replies(void **state)
{
    (void)state;
    talk *t = begin("length");
    ask(t);
    assert_int_equal(t->st, OMOST_OK);
    assert_true(t->sink.cut);
    assert_int_equal(strlen(t->text.p), 60);
    end(t);
    t = begin("open");
    ask(t);
    expect_canvas(t);
    assert_false(t->sink.cut); /* by nothing that -n would help against */
    assert_true(noted(t, "without saying that it is complete"));
    end(t);
}

static void too_long(void **state)
{
    (void)state;
    talk *t = begin("full");
    ask(t);
    expect_error(t, OMOST_LIMIT, "exceeds the available context");
    assert_int_equal(t->stats.reply_tokens, 0);
    end(t);
}

/* A server that is still loading is asked again; an hour is not waited. */
static void loading(void **state)
{
    (void)state;
    talk *t = begin("loading");
    ask(t);
    expect_canvas(t);
    assert_true(noted(t, "trying again"));
    end(t);
    json_decref(requests());
    t = begin("dead");
    ask(t);
    json_t *list = requests(); /* an answer lost on its way: not again */
    assert_int_equal(json_array_size(list), 2);
    json_decref(list);
    end(t);
}

/* Every allocation of ours fails once: an error, or none that mattered; nothing
 * is left behind. */
static void out_of_memory(void **state)
{
    (void)state;
    bool whole = false;
    for (size_t n = 1; !whole && n < 500; n++) {
        meter m = {.fail_at = n};
        const omost_env env = {metered, &m};
        talk *t = begin("llama");
        t->opts.env = &env;
        t->w = om_remote_writer_open(&t->opts, &t->err);
        if (t->w) {
            ask(t);
            whole = m.calls < n;
            if (whole || t->st == OMOST_OK)
                expect_canvas(t);
            else
                assert_int_equal(t->st, OMOST_NOMEM);
            end(t);
        } else {
            assert_int_equal(t->err.status, OMOST_NOMEM);
            om_buf_free(&t->text);
            om_buf_free(&t->notes);
            free(t);
        }
        assert_int_equal(m.live, 0);
    }
    assert_true(whole);
}

/* ---- the reader alone ---------------------------------------------------- */

static bool put_text(void *user, om_str bytes)
{
    om_buf_str(user, bytes);
    return true;
}

static omost_status read_all(om_str text, size_t piece, om_buf *out,
                             om_remote_answer *a)
{
    const om_remote_sink sink = {put_text, NULL, out};
    omost_status st = OMOST_OK;
    om_remote_answer_init(a, NULL, &sink);
    for (size_t i = 0; st == OMOST_OK && i < text.n; i += piece) {
        size_t n = text.n - i < piece ? text.n - i : piece;
        st = om_remote_answer_feed(a, (om_str){text.p + i, n}, NULL);
    }
    if (st == OMOST_OK) st = om_remote_answer_end(a, NULL);
    om_remote_answer_free(a);
    return st;
}

static void pieces(void **state)
{
    (void)state;
    static const struct {
        const char *text, *want;
    } cases[] = {
        {"data: {\"choices\":[{\"delta\":{\"content\":\"a\"}}]}\n\n"
         "data: {\"choices\":[{\"delta\":{\"content\":\"b\"},"
         "\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]",
         "ab"},
        {"\r\n\r\n: hi\r\ndata:{\"choices\":[{\"delta\":{\"content\":"
         "[{\"type\":\"text\",\"text\":\"x\"},{\"text\":\"y\"}]}}]}\r\n\r\n",
         "xy"},
        {" \n{\"choices\":[{\"message\":{\"content\":\"whole\"}}]}", "whole"},
        {"{\"choices\":[{\"text\":\"old\"}]}", "old"},
        {"{\"choices\":[{\"text\":\"a\xff\\ud83d\\n\\udc31\\\\ud800\xc3\"}]}",
         "a\xef\xbf\xbd\xef\xbf\xbd\n\xef\xbf\xbd\\ud800\xef\xbf\xbd"},
        {"{\"choices\":[{\"text\":\"\xed\xa0\xbd\\ud83d\\udc31\"}]}",
         "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xf0\x9f\x90\xb1"},
        {"data: {\"choices\":[{\"delta\":null,\"text\":\"t\"}]}\n\n", "t"},
        {"data: {\"choices\":[{\"delta\":{\"content\":null}}]}\n\n"
         "data: {\"choices\":[]}\n\ndata: {}\n\ndata: \n\n"
         "data: {\"error\":null,\"choices\":[{\"delta\":{\"content\":"
         "\"\\ud83d\\udc31\"}}]}\n\n",
         "\xf0\x9f\x90\xb1"},
    };
    static const size_t piece[] = {1, 2, 7, 100000};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        for (size_t k = 0; k < sizeof piece / sizeof *piece; k++) {
            om_buf out;
            om_remote_answer a;
            om_buf_init(&out, NULL, 1 << 16);
            om_buf_puts(&out, "");
            assert_int_equal(read_all(om_str_of(cases[i].text), piece[k], &out,
                                      &a),
                             OMOST_OK);
            assert_string_equal(out.p, cases[i].want);
            om_buf_free(&out);
        }
}

/* ---- the composer above it ----------------------------------------------- */

static void composed(void **state)
{
    (void)state;
    char address[128];
    omost_error err;
    omost_reply reply;
    static const char *const names[] = {"openai", "full", "whole"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        snprintf(address, sizeof address, "http://127.0.0.1:%d/chat/%s",
                 server.port, names[i]);
        const omost_composer_opts o = {.server = address};
        omost_composer *who = omost_composer_open(&o, NULL, NULL, &err);
        omost_chat *chat = omost_chat_new(NULL, &err);
        assert_non_null(who);
        int id = OMOST_CHAT_ROOT; /* a conversation of three messages */
        for (int m = 0; m < 3; m++)
            id = omost_chat_add(chat, id,
                                m % 2 ? OMOST_ROLE_ASSISTANT : OMOST_ROLE_USER,
                                (omost_str){"cats", 4}, &err);
        if (omost_compose(who, chat, id, NULL, NULL, NULL, &reply, &err) !=
            OMOST_OK)
            fail_msg("%s: %s", names[i], err.msg);
        assert_non_null(reply.canvas);
        assert_string_equal(reply.text, canvas_text);
        /* "full" takes only one message of a user. */
        assert_int_equal(reply.stats.dropped_messages, i == 1 ? 2 : 0);
        omost_reply_free(&reply);
        omost_chat_free(chat);
        omost_composer_close(who);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pieces),        cmocka_unit_test(dialects),
        cmocka_unit_test(what_is_asked), cmocka_unit_test(llama_fields),
        cmocka_unit_test(addresses),     cmocka_unit_test(several_models),
        cmocka_unit_test(picky),         cmocka_unit_test(broken_servers),
        cmocka_unit_test(nobody_there),  cmocka_unit_test(floods),
        cmocka_unit_test(stopping),      cmocka_unit_test(cut_replies),
        cmocka_unit_test(too_long),      cmocka_unit_test(loading),
        cmocka_unit_test(out_of_memory), cmocka_unit_test(composed),
        cmocka_unit_test(schemes),       cmocka_unit_test(only_alive),
        cmocka_unit_test(picky_stopped)};
    if (!test_server_mock(&server)) return 77;
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    test_server_stop(&server);
    return failed;
}
