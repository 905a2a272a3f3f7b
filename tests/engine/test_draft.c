/* test_draft.c - guesses: what they are, and what they save on a reply that
 * edits the one before it. */
#include "engine/form_walk.h"

#include "composer/draft.h"

enum { MOST = 1 << 14, MAX = 16 };

typedef struct tokens {
    int32_t id[MOST];
    size_t n;
} tokens;

/* Words with the blank before them, runs of blanks, single signs: about what a
 * model's tokens are. An id is the hash of the bytes. */
static void split(om_str s, tokens *t)
{
    t->n = 0;
    for (size_t i = 0, k; i < s.n; i = k) {
        k = i + 1;
        if (s.p[i] == ' ')
            while (k < s.n && s.p[k] == ' ') k++;
        while (k < s.n && (s.p[k] | 32) >= 'a' && (s.p[k] | 32) <= 'z' &&
               ((s.p[i] | 32) >= 'a' || k == i + 1))
            k++;
        uint32_t h = 2166136261u;
        for (size_t b = i; b < k; b++)
            h = (h ^ (unsigned char)s.p[b]) * 16777619u;
        assert_true(t->n < MOST);
        t->id[t->n++] = (int32_t)(h & 0x7FFFFFFF);
    }
}

static void split_bytes(om_str s, tokens *t)
{
    assert_true(s.n < MOST);
    for (t->n = 0; t->n < s.n; t->n++) t->id[t->n] = (unsigned char)s.p[t->n];
}

typedef void split_fn(om_str s, tokens *t);

typedef struct saved {
    size_t tokens, passes, guessed, right;
} saved;

/* Write `after` as a model would that cannot be wrong: each pass gives the right
 * part of the guess and one token more. */
static saved write_out(om_draft *d, const tokens *after)
{
    saved s = {.tokens = after->n};
    for (size_t i = 0; i < after->n; s.passes++) {
        int32_t out[MAX];
        size_t n = om_draft_guess(d, NULL, 0, out, MAX, NULL), ok = 0;
        assert_true(n <= MAX);
        while (ok < n && i + ok < after->n && out[ok] == after->id[i + ok])
            ok++;
        s.guessed += n;
        s.right += ok;
        const size_t step = i + ok < after->n ? ok + 1 : ok;
        assert_int_equal(om_draft_push(d, after->id + i, step, NULL), OMOST_OK);
        i += step;
    }
    return s;
}

static saved edit(const om_buf *before, const om_buf *after, split_fn *cut)
{
    static tokens a, b, said;
    om_draft *d = om_draft_new(NULL, NULL);
    assert_non_null(d);
    cut(om_buf_view(before), &a);
    cut(om_buf_view(after), &b);
    cut(OM_STR("<|user|>change the dragon to a dinosaur<|assistant|>"), &said);
    assert_int_equal(om_draft_reset(d, a.id, a.n, NULL), OMOST_OK);
    assert_int_equal(om_draft_push(d, said.id, said.n, NULL), OMOST_OK);
    const saved s = write_out(d, &b);
    om_draft_free(d);
    return s;
}

static void test_edits(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        split_fn *cut;
    } ways[] = {{"words", split}, {"bytes", split_bytes}};
    om_buf reply[N_REPLIES];
    const int n = load_replies(reply);
    for (int i = 0; i + 1 < n; i += 2)
        for (size_t w = 0; w < sizeof ways / sizeof *ways; w++) {
            const saved s = edit(&reply[i], &reply[i + 1], ways[w].cut);
            const double fewer = (double)s.tokens / (double)s.passes;
            print_message("%s: %zu tokens in %zu passes, %.1f times fewer; "
                          "%zu of %zu guesses right\n",
                          ways[w].name, s.tokens, s.passes, fewer, s.right,
                          s.guessed);
            assert_true(fewer > (i ? 7 : 3));
            assert_true(s.right * 3 > s.guessed * 2);
        }
    free_replies(reply, n);
}

/* A reply like no other: guesses are few, so that little is lost. */
static void test_fresh(void **state)
{
    (void)state;
    static tokens t;
    om_buf reply[N_REPLIES];
    const int n = load_replies(reply);
    om_draft *d = om_draft_new(NULL, NULL);
    split(om_buf_view(&reply[0]), &t);
    const saved s = write_out(d, &t);
    print_message("fresh: %zu tokens in %zu passes, %zu of %zu right\n",
                  s.tokens, s.passes, s.right, s.guessed);
    assert_true(s.passes < s.tokens && s.guessed < 2 * s.tokens);
    om_draft_free(d);
    free_replies(reply, n);
}

/* ---- what is guessed ---------------------------------------------------- */

/* "abc" as tokens. */
static om_draft *draft_of(const char *z)
{
    int32_t id[256];
    const size_t n = strlen(z);
    om_draft *d = om_draft_new(NULL, NULL);
    for (size_t i = 0; i < n; i++) id[i] = (unsigned char)z[i];
    assert_int_equal(om_draft_reset(d, id, n, NULL), OMOST_OK);
    return d;
}

static void check_guess(const char *said, const char *tail, const char *want)
{
    om_draft *d = draft_of(said);
    int32_t id[64], out[64];
    char got[65] = "";
    const size_t n_tail = strlen(tail);
    for (size_t i = 0; i < n_tail; i++) id[i] = (unsigned char)tail[i];
    const size_t n = om_draft_guess(d, id, n_tail, out, 64, NULL);
    for (size_t i = 0; i < n; i++) got[i] = (char)out[i];
    if (strncmp(got, want, strlen(want)) != 0 || (n == 0) != (*want == '\0'))
        fail_msg("%s|%s: \"%s\", not \"%s\"", said, tail, got, want);
    om_draft_free(d);
}

static void test_guesses(void **state)
{
    (void)state;
    check_guess("", "", "");
    check_guess("abcdef", "", "");
    check_guess("abcdefxyab", "", "");     /* two are too few */
    check_guess("abcdefxyabc", "", "def"); /* as many as agreed */
    check_guess("abcdefxyab", "c", "def"); /* the tail counts */
    check_guess("abcdefxyabcdef", "", "xyabcd");
    /* the newest of places as good, the longest of all */
    check_guess("abc1--abc2--abc", "", "2--");
    check_guess("zabc1--yabc2--zabc", "", "1--y");
    /* one was exchanged: the old text goes on, first blindly, then from the
     * first that is the same again, and not at a newer place */
    check_guess("ABCDEFGH1JKLMN....ABCDEFGH", "2", "JK");
    check_guess("ABCDEFGH1JKLMN....ABCDEFGH", "2J", "KLMN");
    check_guess("ABCDEFGH1JKLMN....ABCDEFGH", "234J", "KLMN");
    check_guess("ABCDEFGH1JKLMN..JKLxx..ABCDEFGH", "234JKL", "MN");
    /* itself is no past */
    check_guess("aaaaaaa", "", "a");
}

/* `max` is kept to, and nothing behind what was pushed is given. */
static void test_limits(void **state)
{
    (void)state;
    int32_t out[4] = {-1, -1, -1, -1};
    size_t sure = 99;
    om_draft *d = draft_of("abcdefghabcdef");
    assert_int_equal(om_draft_guess(d, NULL, 0, out, 3, &sure), 3);
    assert_true(out[0] == 'g' && out[2] == 'a' && out[3] == -1);
    assert_int_equal(sure, 6);
    assert_int_equal(om_draft_guess(d, NULL, 0, out, 0, NULL), 0);
    assert_int_equal(om_draft_reset(d, NULL, 0, NULL), OMOST_OK);
    assert_int_equal(om_draft_guess(d, NULL, 0, out, 3, &sure), 0);
    om_draft_free(d);
}

/* Guesses follow from the tokens, not from how they came. */
static void test_pieces(void **state)
{
    (void)state;
    static tokens t;
    om_buf reply[N_REPLIES];
    const int n = load_replies(reply);
    split(om_buf_view(&reply[0]), &t);
    om_draft *whole = om_draft_new(NULL, NULL);
    om_draft *ones = om_draft_new(NULL, NULL);
    om_draft_push(whole, t.id, t.n, NULL);
    for (size_t i = 0; i < t.n; i++) om_draft_push(ones, t.id + i, 1, NULL);
    split(om_buf_view(&reply[1]), &t);
    for (size_t i = 0; i < t.n; i++) {
        int32_t a[MAX], b[MAX];
        size_t x = om_draft_guess(whole, t.id + i, 1, a, MAX, NULL);
        om_draft_push(ones, t.id + i, 1, NULL);
        size_t y = om_draft_guess(ones, NULL, 0, b, MAX, NULL);
        assert_int_equal(x, y);
        assert_memory_equal(a, b, x * sizeof *a);
        om_draft_push(whole, t.id + i, 1, NULL);
    }
    om_draft_free(whole);
    om_draft_free(ones);
    free_replies(reply, n);
}

/* ---- memory -------------------------------------------------------------- */

/* However much is said, no more than some is kept, and the newest is. */
static void test_bounded(void **state)
{
    (void)state;
    enum { N = 300000 };
    meter m = {0};
    const omost_env env = {.realloc = metered, .user = &m};
    om_draft *d = om_draft_new(&env, NULL);
    uint64_t seed = 3;
    int32_t *all = malloc(N * sizeof *all), out[MAX];
    assert_non_null(all);
    for (size_t i = 0; i < N; i++) all[i] = (int32_t)dice(&seed, 30000);
    for (size_t i = 0; i < N; i += 1000)
        assert_int_equal(om_draft_push(d, all + i, 1000, NULL), OMOST_OK);
    assert_true(m.most < (3u << 20));
    for (size_t i = N - 4000; i < N - 3960; i += 10)
        assert_int_equal(om_draft_push(d, all + i, 10, NULL), OMOST_OK);
    assert_int_equal(om_draft_guess(d, NULL, 0, out, MAX, NULL), MAX);
    assert_memory_equal(out, all + N - 3960, sizeof out);
    /* more at once than is kept */
    assert_int_equal(om_draft_push(d, all, N, NULL), OMOST_OK);
    assert_true(m.most < (3u << 20));
    om_draft_free(d);
    assert_int_equal(m.live, 0);
    free(all);
}

static void test_no_memory(void **state)
{
    (void)state;
    static tokens t;
    split_bytes(OM_STR("abcdefgh abcdefgh abcdefgh"), &t);
    for (size_t fail_at = 1;; fail_at++) {
        meter m = {.fail_at = fail_at};
        const omost_env env = {.realloc = metered, .user = &m};
        omost_error err;
        om_draft *d = om_draft_new(&env, &err);
        bool ok = d != NULL;
        if (d && om_draft_push(d, t.id, t.n, &err) != OMOST_OK) {
            ok = false;
            assert_int_equal(err.status, OMOST_NOMEM);
            int32_t out[MAX];
            assert_int_equal(om_draft_guess(d, t.id, 8, out, MAX, NULL), 0);
            m.fail_at = 0; /* there is some again: as if nothing had been */
            assert_int_equal(om_draft_push(d, t.id, t.n, &err), OMOST_OK);
            assert_true(om_draft_guess(d, t.id + 8, 1, out, MAX, NULL) > 0);
        }
        om_draft_free(d);
        assert_int_equal(m.live, 0);
        if (ok) break;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_edits),     cmocka_unit_test(test_fresh),
        cmocka_unit_test(test_guesses),   cmocka_unit_test(test_limits),
        cmocka_unit_test(test_pieces),    cmocka_unit_test(test_bounded),
        cmocka_unit_test(test_no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
