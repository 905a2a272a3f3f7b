/* test_llama_writer.c - replies of the local writer, on models that know
 * nothing: what they say is random, and must be a canvas all the same. */
#include "llama_support.h"

#include <dirent.h>

#if OM_WITH_LLAMA
#include "composer/llama_local.h"
#endif

#if OM_WITH_LLAMA

#if defined(__SANITIZE_ADDRESS__)
enum { SEEDS = 12, PAIRS = 3 };
#else
enum { SEEDS = 100, PAIRS = 12 };
#endif

static const tiny_gguf shapes[] = {{.arch = "llama", .layers = 1, .width = 64},
                                   {.arch = "phi3", .layers = 1, .width = 64}};
enum { SHAPES = sizeof shapes / sizeof *shapes };

/* ---- always valid ---------------------------------------------------------- */

static void test_every_reply_is_a_canvas(void **state)
{
    (void)state;
    for (int i = 0; i < SHAPES; i++) {
        om_writer *w = open_tiny(&shapes[i]);
        for (uint64_t seed = 0; seed < SEEDS; seed++) {
            om_write_opts o = usual_opts(seed);
            o.temperature = seed % 3 ? 0.6F : 1.5F;
            o.max_tokens = seed % 25 ? 250 + 8 * (int)(seed % 32) : 1600;
            heard h = ask(w, "two cats", o);
            expect_valid(om_buf_view(&h.text));
            assert_true(h.stats.reply_tokens <= o.max_tokens);
            om_buf_free(&h.text);
        }
        close_writer(w);
    }
}

static void test_small_budgets_end_well(void **state)
{
    (void)state;
    for (int i = 0; i < SHAPES; i++) {
        om_writer *w = open_tiny(&shapes[i]);
        om_write_opts o = usual_opts(7);
        const om_turn turn[] = {system_turn(), user_turn("two cats")};
        int n_ok = 0;
        for (o.max_tokens = 1; o.max_tokens < 420; o.max_tokens += 13) {
            heard h = {0};
            omost_status st = write_turns(w, turn, 2, o, &h);
            if (st == OMOST_OK) {
                n_ok++;
                expect_valid(om_buf_view(&h.text));
                assert_true(h.stats.reply_tokens <= o.max_tokens);
            } else {
                assert_int_equal(n_ok, 0);
                assert_int_equal(st, OMOST_RANGE);
                assert_non_null(strstr(h.err.msg, "too few"));
                assert_int_equal(h.text.n, 0);
            }
            om_buf_free(&h.text);
        }
        assert_true(n_ok > 5);
        close_writer(w);
    }
}

/* ---- the same text --------------------------------------------------------- */

static void test_drafts_change_nothing(void **state)
{
    (void)state;
    int accepted = 0;
    for (int i = 0; i < SHAPES; i++) {
        om_writer *with = open_tiny(&shapes[i]),
                  *without = open_tiny(&shapes[i]);
        for (uint64_t seed = 0; seed < PAIRS; seed++) {
            om_write_opts yes = usual_opts(seed), no;
            /* Greedy models repeat themselves: many guesses hold. */
            if (seed % 3 == 0) yes.temperature = 0;
            no = yes;
            no.draft = false;
            yes.max_tokens = no.max_tokens = 450;
            heard a = ask(with, "a dragon", yes),
                  b = ask(without, "a dragon", no);
            expect_equal(&a.text, &b.text);
            assert_int_equal(b.stats.drafted_tokens, 0);
            om_str said = om_buf_view(&a.text);
            heard c = ask_again(with, "a dragon", said, "in red", yes);
            heard d = ask_again(without, "a dragon", said, "in red", no);
            expect_equal(&c.text, &d.text);
            accepted += a.stats.accepted_tokens + c.stats.accepted_tokens;
            assert_int_equal(c.stats.reused_tokens, d.stats.reused_tokens);
            om_buf_free(&a.text);
            om_buf_free(&b.text);
            om_buf_free(&c.text);
            om_buf_free(&d.text);
        }
        close_writer(with);
        close_writer(without);
    }
    assert_true(accepted > 0);
}

/* Guesses that never held are not tried, nor where wide passes never end; that
 * they would hold is seen all the same. */
static void test_trust_comes_back(void **state)
{
    (void)state;
    om_writer *w = open_tiny(&shapes[0]);
    om_pace *pace = &((om_llama *)w)->pace;
    om_write_opts o = usual_opts(3);
    o.temperature = 0;
    o.max_tokens = 600;
    for (int i = 2; i <= OM_PACE_ROWS; i++) pace->seconds[i] = 1e300;
    for (int i = 0; i < 500; i++)
        for (size_t sure = 0; sure <= 32; sure++)
            om_pace_guess(pace, sure, false);
    heard a = ask(w, "a dragon", o);
    double most = 0;
    assert_int_equal(a.stats.drafted_tokens, 0);
    for (size_t sure = 0; sure <= 32; sure++)
        if (om_pace_holds(pace, sure) > most) most = om_pace_holds(pace, sure);
    assert_true(most > 0.5);
    om_buf_free(&a.text);
    close_writer(w);
}

static void test_greedy_is_repeatable(void **state)
{
    (void)state;
    om_writer *w = open_tiny(&shapes[0]);
    om_write_opts o = usual_opts(1);
    o.temperature = 0;
    o.max_tokens = 600;
    heard a = ask(w, "a house", o);
    o.seed = 99;
    heard b = ask(w, "a house", o);
    expect_equal(&a.text, &b.text);
    om_buf_free(&a.text);
    om_buf_free(&b.text);
    close_writer(w);
}

static void test_without_grammar_it_writes_what_it_wants(void **state)
{
    (void)state;
    om_writer *w = open_tiny(&shapes[0]);
    om_write_opts o = usual_opts(3), no_draft;
    o.grammar = false;
    o.max_tokens = 200;
    no_draft = o;
    no_draft.draft = false;
    heard a = ask(w, "a house", o), b = ask(w, "a house", no_draft);
    expect_equal(&a.text, &b.text);
    assert_int_equal(a.stats.forced_tokens, 0);
    assert_false(om_str_starts(om_buf_view(&a.text), OM_STR("```python")));
    assert_true(a.cut || a.stats.reply_tokens < 200);
    om_buf_free(&a.text);
    om_buf_free(&b.text);
    close_writer(w);
}

/* ---- what is evaluated ----------------------------------------------------- */

static void test_a_turn_evaluates_what_is_new(void **state)
{
    (void)state;
    for (int i = 0; i < SHAPES; i++) {
        om_writer *w = open_tiny(&shapes[i]);
        om_write_opts o = usual_opts(5);
        o.max_tokens = 600;
        heard a = ask(w, "a small castle", o);
        assert_int_equal(a.stats.reused_tokens, 0);
        om_str said = om_buf_view(&a.text);
        heard b = ask_again(w, "a small castle", said, "bigger", o);
        /* The first prompt and the reply as it was written, but for the last
         * tokens of it. */
        assert_true(b.stats.reused_tokens >=
                    a.stats.prompt_tokens + a.stats.reply_tokens - 40);
        assert_true(b.stats.prompt_tokens - b.stats.reused_tokens < 80);
        /* Another second question: only it is new. */
        heard c = ask_again(w, "a small castle", said, "smaller", o);
        assert_true(c.stats.reused_tokens >= b.stats.reused_tokens - 8);
        /* Another first question: the system prompt stays. */
        heard d = ask(w, "no castle", o);
        assert_true(d.stats.prompt_tokens - d.stats.reused_tokens < 40);
        assert_true(d.stats.reused_tokens > 100);
        heard *all[] = {&a, &b, &c, &d};
        for (int k = 0; k < 4; k++) {
            expect_valid(om_buf_view(&all[k]->text));
            om_buf_free(&all[k]->text);
        }
        close_writer(w);
    }
}

static void test_forced_text_costs_few_passes(void **state)
{
    (void)state;
    om_writer *w = open_tiny(&shapes[0]);
    om_write_opts o = usual_opts(8);
    o.max_tokens = 1000;
    heard h = ask(w, "a boat", o);
    assert_true(h.stats.forced_tokens > 20);
    assert_true(h.stats.passes < h.stats.reply_tokens);
    om_buf_free(&h.text);
    close_writer(w);
}

/* ---- stopping -------------------------------------------------------------- */

/* Stop at one place, then write again: as if nothing had been. */
static void stop_and_go_on(om_writer *w, heard stop, const om_buf *expected)
{
    const om_turn turn[] = {system_turn(), user_turn("a lake")};
    om_write_opts o = usual_opts(11);
    o.max_tokens = 500;
    assert_int_equal(write_turns(w, turn, 2, o, &stop), OMOST_CANCELLED);
    assert_true(om_str_starts(om_buf_view(expected), om_buf_view(&stop.text)));
    om_buf_free(&stop.text);
    heard h = ask(w, "a lake", o);
    expect_equal(&h.text, expected);
    om_buf_free(&h.text);
}

static void test_stopping_anywhere_leaves_it_usable(void **state)
{
    (void)state;
    om_write_opts o = usual_opts(11);
    o.max_tokens = 500;
    om_writer *calm = open_tiny(&shapes[0]), *w = open_tiny(&shapes[0]);
    heard h = ask(calm, "a lake", o);
    for (int at = 1; at <= 4; at++)
        stop_and_go_on(w, (heard){.stop_prompt = 1}, &h.text);
    for (int at = 1; at < h.n_text; at += 1 + at)
        stop_and_go_on(w, (heard){.stop_text = at}, &h.text);
    om_buf_free(&h.text);
    close_writer(calm);
    close_writer(w);
}

/* Waiting is told several times a second: a model that is slow enough. */
static void test_a_long_pass_can_be_stopped(void **state)
{
    (void)state;
    om_writer *w = open_tiny(&(tiny_gguf){.layers = 16, .width = 384});
    const om_turn turn[] = {system_turn(), user_turn("a lake")};
    om_write_opts o = usual_opts(1);
    o.max_tokens = 300;
    heard stop = {.stop_waiting = 1};
    assert_int_equal(write_turns(w, turn, 2, o, &stop), OMOST_CANCELLED);
    assert_int_equal(stop.n_waiting, 1);
    om_buf_free(&stop.text);
    heard again = ask(w, "a lake", o);
    om_writer *calm = open_tiny(&(tiny_gguf){.layers = 16, .width = 384});
    heard other = ask(calm, "a lake", o);
    expect_equal(&again.text, &other.text);
    om_buf_free(&again.text);
    om_buf_free(&other.text);
    close_writer(calm);
    close_writer(w);
}

/* ---- too long -------------------------------------------------------------- */

static void test_a_long_conversation_is_told_before(void **state)
{
    (void)state;
    char path[64], *big = malloc(40001);
    memset(big, 'x', 40000);
    for (size_t i = 0; i < 40000; i += 7) big[i] = ' ';
    big[40000] = '\0';
    write_tiny(path, &shapes[0]);
    om_writer *w = open_path(path, (omost_composer_opts){.n_ctx = 2048});
    unlink(path);
    const om_turn turn[] = {system_turn(), user_turn(big)};
    heard h = {0};
    assert_int_equal(write_turns(w, turn, 2, usual_opts(1), &h), OMOST_LIMIT);
    assert_non_null(strstr(h.err.msg, "-c"));
    assert_int_equal(h.n_prompt + h.n_text, 0);
    om_buf_free(&h.text);
    free(big);
    close_writer(w);
}

/* ---- the state file -------------------------------------------------------- */

/* The files of a folder; the name of the last in name[]. */
static int files_in(const char *folder, char name[256])
{
    int n = 0;
    DIR *dir = opendir(folder);
    assert_non_null(dir);
    for (struct dirent *e; (e = readdir(dir));) {
        if (e->d_name[0] == '.') continue;
        snprintf(name, 256, "%s", e->d_name);
        n++;
    }
    closedir(dir);
    return n;
}

static void empty_folder(const char *folder)
{
    char name[256], path[512];
    while (files_in(folder, name) > 0) {
        snprintf(path, sizeof path, "%s/%s", folder, name);
        assert_int_equal(unlink(path), 0);
    }
    assert_int_equal(rmdir(folder), 0);
}

static void damage(const char *folder, long at)
{
    char name[256], path[512];
    assert_int_equal(files_in(folder, name), 1);
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *f = fopen(path, "r+b");
    assert_non_null(f);
    fseek(f, at, SEEK_SET);
    const int c = getc(f);
    fseek(f, at, SEEK_SET);
    putc(c ^ 1, f);
    fclose(f);
}

/* A reply of a new writer; *found: was the state there? */
static om_buf reply_anew(const char *path, const char *folder, bool *found,
                         bool *damaged)
{
    om_write_opts o = usual_opts(2);
    o.max_tokens = 300;
    om_writer *w = open_path(path, (omost_composer_opts){.cache_dir = folder});
    heard h = ask(w, "a tree", o);
    *found = h.stats.reused_tokens > 100;
    *damaged = strstr(h.notes, "damaged") != NULL;
    close_writer(w);
    return h.text;
}

static void test_the_state_is_kept_for_the_next_process(void **state)
{
    (void)state;
    /* What is changed in the file before each round: 0: nothing. */
    static const long change[] = {0, 0, 3, 20, 100, 140, 5000, 0};
    char path[64], folder[] = "/tmp/omost-cache-XXXXXX";
    bool found, damaged;
    assert_non_null(mkdtemp(folder));
    write_tiny(path, &shapes[0]);
    om_buf expected = reply_anew(path, NULL, &found, &damaged);
    assert_false(found);
    for (size_t i = 0; i < sizeof change / sizeof *change; i++) {
        if (change[i]) damage(folder, change[i]);
        om_buf text = reply_anew(path, folder, &found, &damaged);
        expect_equal(&text, &expected);
        assert_int_equal(found, i > 0 && change[i] == 0);
        assert_int_equal(damaged, change[i] != 0);
        om_buf_free(&text);
    }
    empty_folder(folder);
    unlink(path);
    om_buf_free(&expected);
}

/* Stop at one step of reading the prompt, then write: what comes is what an
 * undisturbed writer says, and the state is kept. False: there are not so many
 * steps. */
static bool stopped_while_reading(const char *path, int at,
                                  const om_buf *expected, int *n_inside)
{
    const om_turn turn[] = {system_turn(), user_turn("a tree")};
    char name[256], folder[] = "/tmp/omost-cache-XXXXXX";
    om_write_opts o = usual_opts(2);
    o.max_tokens = 300;
    assert_non_null(mkdtemp(folder));
    om_writer *w = open_path(path, (omost_composer_opts){.cache_dir = folder});
    heard stop = {.stop_prompt = at};
    const omost_status st = write_turns(w, turn, 2, o, &stop);
    om_buf_free(&stop.text);
    const bool unfinished = files_in(folder, name) == 0;
    if (st == OMOST_CANCELLED) {
        heard h = ask(w, "a tree", o);
        expect_equal(&h.text, expected);
        *n_inside += unfinished && h.stats.reused_tokens > 0;
        om_buf_free(&h.text);
    }
    close_writer(w);
    assert_int_equal(files_in(folder, name), 1);
    bool found, damaged;
    om_buf text = reply_anew(path, folder, &found, &damaged);
    expect_equal(&text, expected);
    assert_true(found && !damaged);
    om_buf_free(&text);
    empty_folder(folder);
    return st == OMOST_CANCELLED;
}

static void test_a_stop_inside_the_system_prompt(void **state)
{
    (void)state;
    char path[64];
    bool found, damaged;
    int at = 1, n_inside = 0;
    write_tiny(path, &shapes[0]);
    om_buf expected = reply_anew(path, NULL, &found, &damaged);
    while (stopped_while_reading(path, at, &expected, &n_inside)) at++;
    assert_true(at > 3);
    /* Some of it read, and all of it but not what comes behind. */
    assert_true(n_inside >= 2);
    unlink(path);
    om_buf_free(&expected);
}

/* With all folders above it; and a state of other layers on a device is another
 * one. */
static void test_the_folder_is_made(void **state)
{
    (void)state;
    char path[64], name[256], folder[] = "/tmp/omost-cache-XXXXXX";
    char deep[128], above[64];
    assert_non_null(mkdtemp(folder));
    snprintf(above, sizeof above, "%s/not-there", folder);
    snprintf(deep, sizeof deep, "%s/prompts", above);
    write_tiny(path, &shapes[0]);
    for (int layers = -1; layers <= 2; layers += 3)
        for (int i = 0; i < 2; i++) {
            om_write_opts o = usual_opts(2);
            o.max_tokens = 300;
            om_writer *w =
                open_path(path, (omost_composer_opts){.cache_dir = deep,
                                                      .n_gpu_layers = layers});
            heard h = ask(w, "a tree", o);
            assert_int_equal(h.stats.reused_tokens > 100, i);
            assert_string_equal(h.notes, "");
            assert_int_equal(files_in(deep, name), layers < 0 ? 1 : 2);
            om_buf_free(&h.text);
            close_writer(w);
        }
    unlink(path);
    empty_folder(deep);
    rmdir(above);
    rmdir(folder);
}

static void test_two_writers_share_the_folder(void **state)
{
    (void)state;
    char path[64], name[256], folder[] = "/tmp/omost-cache-XXXXXX";
    assert_non_null(mkdtemp(folder));
    write_tiny(path, &shapes[0]);
    const omost_composer_opts co = {.cache_dir = folder};
    om_writer *a = open_path(path, co), *b = open_path(path, co);
    om_write_opts o = usual_opts(2);
    o.max_tokens = 300;
    heard x = ask(a, "a tree", o), y = ask(b, "a tree", o);
    expect_equal(&x.text, &y.text);
    assert_int_equal(files_in(folder, name), 1);
    om_buf_free(&x.text);
    om_buf_free(&y.text);
    close_writer(a);
    close_writer(b);
    unlink(path);
    empty_folder(folder);
}

static void test_the_folder_does_not_grow(void **state)
{
    (void)state;
    char name[256], folder[] = "/tmp/omost-cache-XXXXXX";
    assert_non_null(mkdtemp(folder));
    for (uint64_t i = 0; i < 7; i++) {
        char path[64];
        bool found, damaged;
        tiny_gguf o = shapes[0];
        o.seed = i;
        write_tiny(path, &o);
        om_buf text = reply_anew(path, folder, &found, &damaged);
        om_buf_free(&text);
        unlink(path);
    }
    assert_int_equal(files_in(folder, name), 4);
    empty_folder(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_reply_is_a_canvas),
        cmocka_unit_test(test_small_budgets_end_well),
        cmocka_unit_test(test_drafts_change_nothing),
        cmocka_unit_test(test_trust_comes_back),
        cmocka_unit_test(test_greedy_is_repeatable),
        cmocka_unit_test(test_without_grammar_it_writes_what_it_wants),
        cmocka_unit_test(test_a_turn_evaluates_what_is_new),
        cmocka_unit_test(test_forced_text_costs_few_passes),
        cmocka_unit_test(test_stopping_anywhere_leaves_it_usable),
        cmocka_unit_test(test_a_long_pass_can_be_stopped),
        cmocka_unit_test(test_a_long_conversation_is_told_before),
        cmocka_unit_test(test_the_state_is_kept_for_the_next_process),
        cmocka_unit_test(test_a_stop_inside_the_system_prompt),
        cmocka_unit_test(test_the_folder_is_made),
        cmocka_unit_test(test_two_writers_share_the_folder),
        cmocka_unit_test(test_the_folder_does_not_grow),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#else

int main(void)
{
    puts("skipped: this build has no libllama");
    return 77;
}

#endif
