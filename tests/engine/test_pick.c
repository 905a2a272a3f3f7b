/* test_pick.c - choosing a token: against the plain way (sort all, in double),
 * against the distribution itself, and on logits that no model should give. */
#include "unit/support.h"

#include <float.h>
#include <math.h>

#include "composer/pick.h"

enum { MOST = 5000 };

static uint64_t place;

static double chance(void)
{
    return om_pick_uniform(2026, place++);
}

static float normal(double deviation)
{
    const double u = 1 - chance(), v = chance();
    return (float)(deviation * sqrt(-2 * log(u)) * cos(6.283185307179586 * v));
}

/* ---- the plain way ------------------------------------------------------ */

typedef struct plain {
    float logits[MOST];
    bool allowed[MOST];
    int32_t id[MOST]; /* the allowed ones, best first */
    double sum[MOST]; /* of their weights */
    size_t n;
    int32_t n_vocab;
    size_t n_asked;
    bool asked[MOST];
} plain;

static const plain *sorted;

static double level(float x)
{
    return x > FLT_MAX ? (double)FLT_MAX : (double)x;
}

static int by_level(const void *a, const void *b)
{
    const int32_t i = *(const int32_t *)a, k = *(const int32_t *)b;
    const double x = level(sorted->logits[i]), y = level(sorted->logits[k]);
    if (x != y) return x < y ? 1 : -1;
    return (i > k) - (i < k);
}

static void sort_allowed(plain *p)
{
    p->n = 0;
    for (int32_t i = 0; i < p->n_vocab; i++)
        if (p->allowed[i] && p->logits[i] > -INFINITY) p->id[p->n++] = i;
    sorted = p;
    qsort(p->id, p->n, sizeof *p->id, by_level);
}

/* The token at u, and in *off how far (of all weight) u is from a choice of
 * another: rounding may decide there. */
static int32_t pick_plainly(plain *p, double temperature, double top_p,
                            double u, double *off)
{
    *off = 1;
    if (p->n == 0) return -1;
    if (temperature == 0) return p->id[0];
    double all = 0, sum = 0;
    for (size_t i = 0; i < p->n; i++) {
        const double d =
            level(p->logits[p->id[i]]) - level(p->logits[p->id[0]]);
        all += exp(d / temperature);
        p->sum[i] = all;
    }
    size_t n = 0;
    while (n < p->n - 1 && p->sum[n] < top_p * all) n++;
    sum = p->sum[n];
    size_t i = 0;
    while (i < n && p->sum[i] <= u * sum) i++;
    *off = fabs(p->sum[n] - top_p * all) / all;
    for (size_t k = i > 0 ? i - 1 : 0; k <= i; k++)
        if (k < n) *off = fmin(*off, fabs(p->sum[k] - u * sum) / all);
    /* equal weights: another order of equals is not looked for here */
    if (n > 0) *off = fmin(*off, fabs(p->sum[n - 1] - top_p * all) / all);
    return p->id[i];
}

static bool allow(void *user, int32_t token)
{
    plain *p = user;
    assert_in_range(token, 0, p->n_vocab - 1);
    p->n_asked++;
    assert_false(p->asked[token]); /* never twice */
    p->asked[token] = true;
    return p->allowed[token];
}

/* Pieces for an index: the first byte tells the token's group. */
static om_str piece_of(void *user, int32_t token)
{
    static const char bytes[] = "abcdefgh";
    (void)user;
    return (om_str){bytes + token % 8, token % 9 != 0};
}

static size_t n_compared, n_close;

static void check_pick(om_pick *pick, plain *p, float temperature, float top_p,
                       double u, const uint64_t *next)
{
    double off;
    memset(p->asked, 0, sizeof p->asked);
    const int32_t want =
        pick_plainly(p, (double)temperature, (double)top_p, u, &off);
    const int32_t got =
        om_pick_token(pick, p->logits, temperature, top_p, u, next, allow, p);
    n_compared++;
    if (off < 2e-6) {
        n_close++;
        if (want >= 0) assert_true(p->allowed[got]);
        return;
    }
    if (got != want)
        fail_msg("%d, not %d: temperature %g top_p %g u %.17g of %d", got, want,
                 (double)temperature, (double)top_p, u, p->n_vocab);
}

static void check_logits(om_pick *pick, plain *p, const uint64_t *next)
{
    static const float temperatures[] = {0, 0.1F, 0.6F, 20, 1e6F};
    static const float tops[] = {1e-9F, 0.3F, 0.9F, 0.999F, 1};
    static const double us[] = {0, 0.31, 0.5, 0.95, 0x1.fffffffffffffp-1};
    sort_allowed(p);
    for (size_t t = 0; t < sizeof temperatures / sizeof *temperatures; t++)
        for (size_t k = 0; k < sizeof tops / sizeof *tops; k++)
            for (size_t i = 0; i < sizeof us / sizeof *us; i++)
                check_pick(pick, p, temperatures[t], tops[k], us[i], next);
}

/* ---- kinds of logits ---------------------------------------------------- */

typedef void fill_fn(plain *p);

static void fill_normal(plain *p)
{
    for (int32_t i = 0; i < p->n_vocab; i++) p->logits[i] = normal(3);
}

static void fill_peaked(plain *p)
{
    fill_normal(p);
    for (int k = 0; k < 5; k++)
        p->logits[(int)(chance() * p->n_vocab)] = 15 + (float)k;
}

static void fill_flat(plain *p)
{
    for (int32_t i = 0; i < p->n_vocab; i++) p->logits[i] = -7.25F;
}

/* Few values, many of each: ties everywhere, -0 among them. */
static void fill_ties(plain *p)
{
    for (int32_t i = 0; i < p->n_vocab; i++) {
        p->logits[i] = (float)(int)(chance() * 6) - 3;
        if (p->logits[i] == 0 && i % 2) p->logits[i] = -0.0F;
    }
}

static void fill_one_hot(plain *p)
{
    for (int32_t i = 0; i < p->n_vocab; i++) p->logits[i] = -INFINITY;
    p->logits[p->n_vocab / 3] = 2;
}

static void fill_nothing(plain *p)
{
    for (int32_t i = 0; i < p->n_vocab; i++)
        p->logits[i] = i % 2 ? -INFINITY : NAN;
}

static void fill_broken(plain *p)
{
    fill_normal(p);
    for (int32_t i = 0; i < p->n_vocab; i += 3) p->logits[i] = NAN;
    for (int32_t i = 1; i < p->n_vocab; i += 5) p->logits[i] = -INFINITY;
    for (int32_t i = 2; i < p->n_vocab; i += 301) p->logits[i] = INFINITY;
}

static void fill_huge(plain *p)
{
    for (int32_t i = 0; i < p->n_vocab; i++)
        p->logits[i] = (i % 2 ? FLT_MAX : -FLT_MAX) * (float)chance();
}

static void fill_steps(plain *p)
{
    for (int32_t i = 0; i < p->n_vocab; i++)
        p->logits[i] = -(float)((i * 37) % p->n_vocab) * 0.01F;
}

static fill_fn *const fills[] = {fill_normal, fill_peaked,  fill_flat,
                                 fill_ties,   fill_one_hot, fill_nothing,
                                 fill_broken, fill_huge,    fill_steps};

static void test_against_plain(void **state)
{
    (void)state;
    static plain p;
    static const int32_t sizes[] = {1, 2, 3, 63, 64, 65, 259, 3001};
    static const double shares[] = {1, 0.5, 0.02, 0};
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
        om_pick pick;
        p.n_vocab = sizes[s];
        assert_int_equal(om_pick_init(&pick, NULL, p.n_vocab, NULL), OMOST_OK);
        assert_int_equal(om_pick_index(&pick, piece_of, NULL, NULL), OMOST_OK);
        for (size_t f = 0; f < sizeof fills / sizeof *fills; f++)
            for (size_t k = 0; k < sizeof shares / sizeof *shares; k++) {
                fills[f](&p);
                for (int32_t i = 0; i < p.n_vocab; i++)
                    p.allowed[i] = chance() < shares[k];
                check_logits(&pick, &p, NULL);
                /* now only what begins with b, d or nothing */
                const uint64_t next[4] = {0, UINT64_C(1) << ('b' - 64) |
                                                 UINT64_C(1) << ('d' - 64)};
                for (int32_t i = 0; i < p.n_vocab; i++)
                    if (i % 9 && i % 8 != 1 && i % 8 != 3) p.allowed[i] = false;
                check_logits(&pick, &p, next);
                check_logits(&pick, &p, NULL);
            }
        om_pick_free(&pick);
    }
    print_message("%zu picks, %zu too close to tell\n", n_compared, n_close);
    assert_true(n_compared > 50000 && n_close * 4 < n_compared);
}

/* With no mask the answer is that of a mask that allows all. */
static void test_no_mask(void **state)
{
    (void)state;
    static plain p = {.n_vocab = 3000};
    om_pick pick;
    assert_int_equal(om_pick_init(&pick, NULL, p.n_vocab, NULL), OMOST_OK);
    for (int32_t i = 0; i < p.n_vocab; i++) p.allowed[i] = true;
    for (size_t f = 0; f < sizeof fills / sizeof *fills; f++)
        for (int k = 0; k < 200; k++) {
            const double u = chance();
            const float top_p = (float)chance(), t = (float)chance() * 2;
            if (k % 20 == 0) fills[f](&p);
            memset(p.asked, 0, sizeof p.asked);
            assert_int_equal(
                om_pick_token(&pick, p.logits, t, top_p, u, NULL, NULL, NULL),
                om_pick_token(&pick, p.logits, t, top_p, u, NULL, allow, &p));
        }
    om_pick_free(&pick);
}

/* ---- distribution ------------------------------------------------------- */

/* Pearson's chi-square of `draws` picks among the nucleus. 0.1 % quantiles are
 * about n + 3.1 sqrt(2 n) + 6. */
static void check_distribution(float temperature, float top_p, bool masked)
{
    enum { N = 200, DRAWS = 60000 };
    static plain p;
    static double count[N];
    om_pick pick;
    p.n_vocab = N;
    assert_int_equal(om_pick_init(&pick, NULL, N, NULL), OMOST_OK);
    for (int32_t i = 0; i < N; i++) {
        p.logits[i] = normal(1.5);
        p.allowed[i] = !masked || i % 3 == 0;
        count[i] = 0;
    }
    for (uint64_t k = 0; k < DRAWS; k++) {
        memset(p.asked, 0, sizeof p.asked);
        const int32_t id = om_pick_token(&pick, p.logits, temperature, top_p,
                                         om_pick_uniform(99, k), NULL,
                                         masked ? allow : NULL, &p);
        assert_in_range(id, 0, N - 1);
        count[id]++;
    }
    double off, chi = 0;
    sort_allowed(&p);
    pick_plainly(&p, (double)temperature, (double)top_p, 0.5, &off);
    size_t n = 0;
    while (n < p.n - 1 && p.sum[n] < (double)top_p * p.sum[p.n - 1]) n++;
    double inside = 0, rest_want = 0, rest_got = 0;
    int cells = 0;
    for (size_t i = 0; i <= n; i++) {
        const double want =
            DRAWS * (p.sum[i] - (i ? p.sum[i - 1] : 0)) / p.sum[n];
        const double got = count[p.id[i]];
        inside += got;
        if (want < 8) {
            rest_want += want, rest_got += got;
            continue;
        }
        chi += (got - want) * (got - want) / want;
        cells++;
    }
    if (rest_want > 8) {
        chi += (rest_got - rest_want) * (rest_got - rest_want) / rest_want;
        cells++;
    }
    assert_true(inside == DRAWS); /* nothing outside the nucleus */
    const double bound = cells + 3.1 * sqrt(2.0 * cells) + 6;
    if (chi > bound) fail_msg("chi-square %g of %d cells", chi, cells);
    om_pick_free(&pick);
}

static void test_distribution(void **state)
{
    (void)state;
    for (int masked = 0; masked < 2; masked++) {
        check_distribution(1, 1, masked);
        check_distribution(0.6F, 0.9F, masked);
        check_distribution(0.6F, 0.2F, masked);
        check_distribution(5, 0.95F, masked);
    }
}

static void test_uniform(void **state)
{
    (void)state;
    enum { CELLS = 64, N = 64000 };
    for (uint64_t seed = 0; seed < 20; seed++) {
        int count[CELLS] = {0};
        double chi = 0;
        for (uint64_t k = 0; k < N; k++) {
            const double u = om_pick_uniform(seed, k);
            assert_true(u >= 0 && u < 1);
            count[(int)(u * CELLS)]++;
        }
        for (int i = 0; i < CELLS; i++)
            chi += (count[i] - 1000.0) * (count[i] - 1000.0) / 1000;
        assert_true(chi > 25 && chi < 125); /* 63 +- 5.5 sigma */
    }
    /* written down: a seed must mean the same in every release */
    assert_true(om_pick_uniform(12345, 0) == 0x1.035808208fee0p-6);
    assert_true(om_pick_uniform(12345, 1) == 0x1.007bea91bc742p-1);
    assert_true(om_pick_uniform(0, UINT64_MAX) == 0x1.2086089bfcf34p-2);
}

/* ---- how often is asked -------------------------------------------------- */

static void test_asks_seldom(void **state)
{
    (void)state;
    static plain p = {.n_vocab = MOST};
    om_pick pick;
    size_t peaked = 0, most = 0;
    assert_int_equal(om_pick_init(&pick, NULL, MOST, NULL), OMOST_OK);
    for (int32_t i = 0; i < MOST; i++) p.allowed[i] = i % 10 != 0;
    for (int k = 0; k < 200; k++) {
        fill_normal(&p);
        p.logits[7] = 24;
        p.logits[18] = 23;
        p.n_asked = 0;
        memset(p.asked, 0, sizeof p.asked);
        om_pick_token(&pick, p.logits, 0.6F, 0.9F, chance(), NULL, allow, &p);
        peaked += p.n_asked;
        if (p.n_asked > most) most = p.n_asked;
        p.n_asked = 0;
        memset(p.asked, 0, sizeof p.asked);
        assert_int_equal(
            om_pick_token(&pick, p.logits, 0, 1, chance(), NULL, allow, &p), 7);
        assert_int_equal(p.n_asked, 1);
    }
    print_message("peaked: asked %.2f times, at most %zu\n",
                  (double)peaked / 200, most);
    assert_true(peaked < 200 * 4);
    om_pick_free(&pick);
}

/* ---- memory -------------------------------------------------------------- */

static void test_memory(void **state)
{
    (void)state;
    omost_error err;
    om_pick pick;
    assert_int_equal(om_pick_init(&pick, NULL, 0, &err), OMOST_LIMIT);
    assert_int_equal(om_pick_init(&pick, NULL, OM_PICK_MOST + 1, &err),
                     OMOST_LIMIT);
    om_pick_free(&pick);
    for (size_t fail_at = 1;; fail_at++) {
        meter m = {.fail_at = fail_at};
        const omost_env env = {.realloc = metered, .user = &m};
        omost_status st = om_pick_init(&pick, &env, 1000, &err);
        if (st == OMOST_OK) st = om_pick_index(&pick, piece_of, NULL, &err);
        om_pick_free(&pick);
        assert_int_equal(m.live, 0);
        if (st == OMOST_OK) break;
        assert_int_equal(st, OMOST_NOMEM);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_against_plain), cmocka_unit_test(test_no_mask),
        cmocka_unit_test(test_distribution),  cmocka_unit_test(test_uniform),
        cmocka_unit_test(test_asks_seldom),   cmocka_unit_test(test_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
