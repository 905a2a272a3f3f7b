/* test_gbnf.c - the grammar that is printed and the form that is walked are one
 * language: libllama, which reads the grammar, and the form allow the same
 * bytes at every place of the replies and of random walks.
 *
 * Two things are of libllama's decoder, not of the grammar: it takes characters
 * in more bytes than they need (E0 80..9F, F0 80..8F) and F8..FF as F0..F7. No
 * character begins so; these bytes are not compared. */
#include "engine/form_walk.h"

#if OM_WITH_LLAMA

#include <ggml-backend.h>
#include <llama.h>
#include <unistd.h>

#include "omost/compose.h"
#include "support/tiny_gguf.h"

enum { N_TRIED = 257 };

typedef struct judge {
    struct llama_model *model;
    const struct llama_vocab *vocab;
    struct llama_sampler *grammar; /* at the start of a reply */
    llama_token byte[256], end;
} judge;

static void quiet(enum ggml_log_level level, const char *text, void *user)
{
    (void)level, (void)text, (void)user;
}

static struct llama_model *load_vocabulary(void)
{
    char path[] = "/tmp/omost-gbnf-XXXXXX", why[256] = "";
    struct llama_model_params p = llama_model_default_params();
    const int fd = mkstemp(path);
    assert_true(fd >= 0);
    close(fd);
    if (!tiny_gguf_write(path, &(tiny_gguf){.merges = 1}, why))
        fail_msg("%s", why);
    p.vocab_only = true;
    struct llama_model *m = llama_model_load_from_file(path, p);
    unlink(path);
    assert_non_null(m);
    return m;
}

static int set_up(void **state)
{
    static judge j;
    llama_log_set(quiet, NULL);
    ggml_backend_load_all_from_path(OM_GGML_PLUGINS);
    j.model = load_vocabulary();
    j.vocab = llama_model_get_vocab(j.model);
    j.end = llama_vocab_eot(j.vocab);
    for (int c = 0; c < 256; c++) j.byte[c] = -1;
    for (llama_token t = 0; t < llama_vocab_n_tokens(j.vocab); t++) {
        char z[64];
        const int n = llama_token_to_piece(j.vocab, t, z, sizeof z, 0, false);
        if (n == 1) j.byte[(unsigned char)z[0]] = t;
    }
    for (int c = 0; c < 256; c++) assert_true(j.byte[c] >= 0);
    size_t len;
    char *z = omost_compose_grammar(NULL, &len, NULL);
    assert_non_null(z);
    assert_int_equal(strlen(z), len);
    assert_true(len < 16384);
    j.grammar = llama_sampler_init_grammar(j.vocab, z, "root");
    assert_non_null(j.grammar);
    omost_text_free(NULL, z);
    *state = &j;
    return 0;
}

static int tear_down(void **state)
{
    judge *j = *state;
    llama_sampler_free(j->grammar);
    llama_model_free(j->model);
    return 0;
}

/* What the grammar allows: bytes as bits, and the end. */
static bool allowed_by_grammar(const judge *j, struct llama_sampler *g,
                               uint64_t set[4])
{
    llama_token_data data[N_TRIED];
    for (int c = 0; c < 256; c++)
        data[c] = (llama_token_data){.id = j->byte[c], .logit = 1};
    data[256] = (llama_token_data){.id = j->end, .logit = 1};
    llama_token_data_array all = {.data = data, .size = N_TRIED};
    llama_sampler_apply(g, &all);
    memset(set, 0, 4 * sizeof *set);
    for (int c = 0; c < 256; c++)
        if (data[c].logit > 0) set[c / 64] |= UINT64_C(1) << (c % 64);
    return data[256].logit > 0;
}

static bool is_compared(int last, int c)
{
    if (c >= 0xF8) return false;
    return !(last == 0xE0 && c < 0xA0) && !(last == 0xF0 && c < 0x90);
}

static void compare(const judge *j, struct llama_sampler *g,
                    const om_form *form, int last)
{
    uint64_t theirs[4], ours[4];
    const bool end = allowed_by_grammar(j, g, theirs);
    om_form_next(form, ours);
    assert_int_equal(end, om_form_done(form));
    for (int c = 0; c < 256; c++)
        if (is_compared(last, c) && has_byte(theirs, c) != has_byte(ours, c))
            fail_msg("byte %02X after %02X: the grammar says %s", (unsigned)c,
                     (unsigned)last, has_byte(theirs, c) ? "yes" : "no");
}

/* ---- tests ------------------------------------------------------------- */

static void test_replies(void **state)
{
    const judge *j = *state;
    om_buf reply[N_REPLIES];
    const int n = load_replies(reply);
    for (int i = 0; i < n; i++) {
        struct llama_sampler *g = llama_sampler_clone(j->grammar);
        om_form form = {0};
        int last = 0;
        for (size_t k = 0; k < reply[i].n; k++) {
            compare(j, g, &form, last);
            last = (unsigned char)reply[i].p[k];
            assert_true(om_form_take(&form, (om_str){reply[i].p + k, 1}));
            llama_sampler_accept(g, j->byte[last]);
        }
        compare(j, g, &form, last);
        assert_true(om_form_done(&form));
        llama_sampler_free(g);
    }
    free_replies(reply, n);
}

/* The bytes come from what both allow: a text made under the grammar is a
 * reply in the form, and one made under the form is in the grammar. */
static void test_walks(void **state)
{
    const judge *j = *state;
    size_t bytes = 0, whole = 0;
    for (uint64_t seed = 0; seed < 12; seed++) {
        struct llama_sampler *g = llama_sampler_clone(j->grammar);
        uint64_t chance = seed + 5;
        om_form form = {0};
        int last = 0;
        for (int k = 0; k < 4000 && !om_form_done(&form); k++, bytes++) {
            compare(j, g, &form, last);
            last = any_byte(&form, &chance);
            const char c = (char)last;
            assert_true(om_form_take(&form, (om_str){&c, 1}));
            llama_sampler_accept(g, j->byte[last]);
        }
        whole += om_form_done(&form);
        llama_sampler_free(g);
    }
    print_message("%zu bytes, %zu whole replies\n", bytes, whole);
    assert_true(whole > 2);
}

/* One region with the longest texts and the most items, then as many regions
 * as there may be. */
static void test_bounds(void **state)
{
    static const char longest[] = "a\n '1.,ginos", shortest[] = "']\na1.,ginos";
    const judge *j = *state;
    struct llama_sampler *g = llama_sampler_clone(j->grammar);
    om_form form = {0};
    int last = 0;
    uint64_t set[4];
    while (!om_form_done(&form)) {
        const char *p = om_form_regions(&form) ? shortest : longest;
        int c = 0;
        om_form_next(&form, set);
        if (count_bytes(set) == 1) {
            while (!has_byte(set, c)) c++;
        } else {
            compare(j, g, &form, last);
            while (*p && !has_byte(set, *p)) p++;
            assert_true(*p);
            c = (unsigned char)*p;
        }
        const char byte = (char)c;
        assert_true(om_form_take(&form, (om_str){&byte, 1}));
        llama_sampler_accept(g, j->byte[c]);
        last = c;
    }
    compare(j, g, &form, last);
    assert_int_equal(om_form_regions(&form), 24);
    llama_sampler_free(g);
}

/* How far a text is taken: its length, or the byte that is refused. */
static size_t taken_by_grammar(const judge *j, om_str s)
{
    struct llama_sampler *g = llama_sampler_clone(j->grammar);
    size_t k = 0;
    for (; k < s.n; k++) {
        llama_token_data one = {.id = j->byte[(unsigned char)s.p[k]],
                                .logit = 1};
        llama_token_data_array all = {.data = &one, .size = 1};
        llama_sampler_apply(g, &all);
        if (!(one.logit > 0)) break;
        llama_sampler_accept(g, one.id);
    }
    llama_sampler_free(g);
    return k;
}

static size_t taken_by_form(om_str s)
{
    om_form form = {0};
    size_t k = 0;
    while (k < s.n && om_form_take(&form, (om_str){s.p + k, 1})) k++;
    return k;
}

/* The sets were compared byte by byte; this goes on behind the wrong one. */
static void test_mutations(void **state)
{
    const judge *j = *state;
    om_buf reply[N_REPLIES];
    uint64_t chance = 11;
    size_t same = 0, refused = 0;
    const int n = load_replies(reply);
    for (int i = 0; i < 400; i++) {
        om_buf *b = &reply[dice(&chance, (uint32_t)n)];
        const size_t at = dice(&chance, (uint32_t)b->n);
        const char was = b->p[at];
        b->p[at] = (char)(dice(&chance, 2) ? 32 + dice(&chance, 95)
                                           : dice(&chance, 0xF8));
        const int last = at ? (unsigned char)b->p[at - 1] : 0;
        const size_t k = taken_by_form(om_buf_view(b));
        if (is_compared(last, (unsigned char)b->p[at]))
            assert_int_equal(taken_by_grammar(j, om_buf_view(b)), k);
        same += k == b->n;
        refused += k < b->n;
        b->p[at] = was;
    }
    print_message("%zu taken, %zu refused\n", same, refused);
    assert_true(same > 40 && refused > 40);
    free_replies(reply, n);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_replies),
        cmocka_unit_test(test_walks),
        cmocka_unit_test(test_bounds),
        cmocka_unit_test(test_mutations),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}

#else

int main(void)
{
    printf("*** SKIPPED: this build has no libllama ***\n");
    return 77;
}

#endif
