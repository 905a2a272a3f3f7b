/* test_chat.c - the conversation: a tree that only grows, and its JSON. */
#include "unit/support.h"

#include "omost/compose.h"

static int add(omost_chat *chat, int parent, omost_role role, const char *z)
{
    omost_error err;
    int id =
        omost_chat_add(chat, parent, role, (omost_str){z, strlen(z)}, &err);
    if (id < 0) fail_msg("%s", err.msg);
    return id;
}

static void want_no_add(omost_chat *chat, int parent, omost_role role,
                        omost_str text, omost_status st)
{
    omost_error err;
    const int n = omost_chat_count(chat);
    assert_int_equal(omost_chat_add(chat, parent, role, text, &err), -1);
    assert_int_equal(err.status, st);
    assert_true(err.msg[0] != '\0');
    assert_int_equal(omost_chat_count(chat), n);
}

/* A battle, an edit, and the edit asked otherwise. */
static omost_chat *example(void)
{
    omost_chat *chat = omost_chat_new(NULL, NULL);
    assert_non_null(chat);
    assert_int_equal(add(chat, -1, OMOST_ROLE_USER, "a battle"), 0);
    assert_int_equal(add(chat, 0, OMOST_ROLE_ASSISTANT, "one"), 1);
    assert_int_equal(add(chat, 1, OMOST_ROLE_USER, "a \"dino\"\n\xc3\xa9"), 2);
    assert_int_equal(add(chat, 2, OMOST_ROLE_ASSISTANT, "two"), 3);
    assert_int_equal(add(chat, 1, OMOST_ROLE_USER, "a knight"), 4);
    assert_int_equal(add(chat, 0, OMOST_ROLE_ASSISTANT, ""), 5);
    return chat;
}

static void branches(void **state)
{
    (void)state;
    int path[8] = {-7, -7, -7, -7, -7, -7, -7, -7};
    omost_chat *chat = example();
    assert_int_equal(omost_chat_path(chat, 4, path, 8), 3);
    assert_int_equal(path[0], 0);
    assert_int_equal(path[1], 1);
    assert_int_equal(path[2], 4);
    assert_int_equal(path[3], -7);
    assert_int_equal(omost_chat_path(chat, 3, path, 2), 4);
    assert_int_equal(omost_chat_path(chat, -1, NULL, 0), 0);
    assert_int_equal(omost_chat_child(chat, -1, 0), 0);
    assert_int_equal(omost_chat_child(chat, -1, 1), -1);
    assert_int_equal(omost_chat_child(chat, 1, 0), 2);
    assert_int_equal(omost_chat_child(chat, 1, 1), 4);
    assert_int_equal(omost_chat_child(chat, 1, -1), -1);
    assert_null(omost_chat_message(chat, 6));
    assert_null(omost_chat_message(chat, -1));
    omost_chat_free(chat);
}

static void refusals(void **state)
{
    (void)state;
    omost_chat *chat = example();
    const omost_str fine = {"x", 1}, blank = {" \n", 2}, bad = {"\xff", 1};
    want_no_add(chat, 9, OMOST_ROLE_USER, fine, OMOST_USAGE);
    want_no_add(chat, -2, OMOST_ROLE_USER, fine, OMOST_USAGE);
    want_no_add(chat, 0, OMOST_ROLE_USER, fine, OMOST_USAGE);
    want_no_add(chat, 1, OMOST_ROLE_ASSISTANT, fine, OMOST_USAGE);
    want_no_add(chat, -1, OMOST_ROLE_ASSISTANT, fine, OMOST_USAGE);
    want_no_add(chat, 1, OMOST_ROLE_USER, blank, OMOST_USAGE);
    want_no_add(chat, 1, OMOST_ROLE_USER, bad, OMOST_FORMAT);
    char *big = calloc(1, OMOST_MAX_MESSAGE + 1);
    assert_non_null(big);
    memset(big, 'x', OMOST_MAX_MESSAGE + 1);
    want_no_add(chat, 1, OMOST_ROLE_USER,
                (omost_str){big, OMOST_MAX_MESSAGE + 1}, OMOST_LIMIT);
    free(big);
    omost_chat_free(chat);
}

static void want_equal(const omost_chat *a, const omost_chat *b)
{
    assert_int_equal(omost_chat_count(a), omost_chat_count(b));
    for (int i = 0; i < omost_chat_count(a); i++) {
        const omost_message *x = omost_chat_message(a, i),
                            *y = omost_chat_message(b, i);
        assert_int_equal(x->parent, y->parent);
        assert_int_equal(x->role, y->role);
        assert_int_equal(x->text.n, y->text.n);
        assert_memory_equal(x->text.p, y->text.p, x->text.n);
    }
}

static void json_and_back(void **state)
{
    (void)state;
    omost_error err;
    size_t n = 0;
    omost_chat *chat = example();
    char *text = omost_chat_to_json(chat, &n, &err);
    if (!text) fail_msg("%s", err.msg);
    omost_chat *again = omost_chat_read(NULL, text, n, &err);
    if (!again) fail_msg("%s", err.msg);
    want_equal(chat, again);
    for (size_t cut = 0; cut + 2 < n; cut++)
        assert_null(omost_chat_read(NULL, text, cut, NULL));
    omost_text_free(NULL, text);
    omost_chat_free(again);
    omost_chat_free(chat);
}

static void json_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",
        "[]",
        "{}",
        "{\"omost_chat\": 2, \"messages\": []}",
        "{\"omost_chat\": 1, \"messages\": {}}",
        "{\"omost_chat\": 1, \"messages\": [1]}",
        "{\"omost_chat\": 1, \"messages\": [{\"parent\": -1, \"role\": "
        "\"system\", \"text\": \"x\"}]}",
        "{\"omost_chat\": 1, \"messages\": [{\"parent\": 0, \"role\": "
        "\"user\", \"text\": \"x\"}]}",
        "{\"omost_chat\": 1, \"messages\": [{\"parent\": 99999999999, "
        "\"role\": \"user\", \"text\": \"x\"}]}",
        "{\"omost_chat\": 1, \"messages\": [{\"parent\": -1.5, \"role\": "
        "\"user\", \"text\": \"x\"}]}",
        "{\"omost_chat\": 1, \"messages\": [{\"parent\": -1, \"role\": "
        "\"user\", \"text\": \"x\"}, {\"parent\": 0, \"role\": \"user\", "
        "\"text\": \"x\"}]}",
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        omost_error err;
        omost_chat *chat = omost_chat_read(NULL, bad[i], strlen(bad[i]), &err);
        if (chat) fail_msg("taken: %s", bad[i]);
        assert_int_equal(err.status, OMOST_FORMAT);
        assert_true(err.msg[0] != '\0');
    }
}

/* The prompt names every word of the language, as the models know it. */
static void system_prompt(void **state)
{
    (void)state;
    omost_str p = omost_system_prompt();
    char quoted[100];
    assert_int_equal(p.p[p.n], '\0');
    for (int kind = 0; kind < OMOST_WORD_COLOR; kind++)
        for (int i = 0; i < OMOST_N_PLACES; i++) {
            snprintf(quoted, sizeof quoted, "\"%s\"%s",
                     omost_word((omost_word_kind)kind, i),
                     i + 1 < OMOST_N_PLACES ? ", " : "]");
            if (!strstr(p.p, quoted)) fail_msg("the prompt lacks %s", quoted);
        }
}

static void system_prompt_is_the_originals(void **state)
{
    (void)state;
    char path[4096];
    const char *golden = getenv("OMOST_GOLDEN");
    if (!golden || !*golden) {
        print_message("SKIPPED: set OMOST_GOLDEN to the golden data\n");
        skip();
    }
    snprintf(path, sizeof path, "%s/../reference/system_prompt.txt", golden);
    FILE *f = fopen(path, "rb");
    if (!f) {
        print_message("SKIPPED: no %s\n", path);
        skip();
    }
    char text[4096];
    size_t n = fread(text, 1, sizeof text, f);
    fclose(f);
    omost_str p = omost_system_prompt();
    assert_int_equal(n, p.n);
    assert_memory_equal(text, p.p, n);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(branches),
        cmocka_unit_test(refusals),
        cmocka_unit_test(json_and_back),
        cmocka_unit_test(json_refused),
        cmocka_unit_test(system_prompt),
        cmocka_unit_test(system_prompt_is_the_originals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
