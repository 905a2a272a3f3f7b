/* bench_compose_parts.c - what the composer does between two evaluations of the
 * model: choosing a token, following the form of the reply, guessing ahead.
 *
 *     bench_compose_parts [REPLY.txt]
 *
 * Picks from 128,256 tokens with logits as models have them (normal, deviation
 * 3, temperature 0.6, top_p 0.9), beside sorting all of them, the plain way;
 * then with the form as mask, where most tokens are allowed (in a text) and
 * where nearly none is (a colour). The best of several rounds, of processor
 * time on one core. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/file.h"
#include "composer/draft.h"
#include "composer/form.h"
#include "composer/pick.h"

enum { N_VOCAB = 128256, ROWS = 8, ROUNDS = 7, MAX_TOKENS = 1 << 16 };

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void stop(const char *why)
{
    fprintf(stderr, "bench: %s\n", why);
    exit(1);
}

static double uniform(uint64_t *seed)
{
    return om_pick_uniform(42, (*seed)++);
}

/* ---- picking ----------------------------------------------------------- */

/* Tokens of 1 to 9 bytes, most of them words with a blank before them. */
static char piece[N_VOCAB][12];
static float logits[ROWS][N_VOCAB];

static void make_vocabulary(void)
{
    uint64_t seed = 1;
    for (int i = 0; i < N_VOCAB; i++) {
        const int n = i < 256 ? 1 : 2 + (int)(8 * uniform(&seed));
        for (int k = 0; k < n; k++)
            piece[i][k] = (char)('a' + (int)(26 * uniform(&seed)));
        if (i < 256)
            piece[i][0] = (char)i;
        else if (uniform(&seed) < 0.5)
            piece[i][0] = ' ';
        else if (uniform(&seed) < 0.2)
            piece[i][0] = "'\"\n,.=()[]#"[i % 11];
    }
    for (int r = 0; r < ROWS; r++)
        for (int i = 0; i < N_VOCAB; i++) {
            const double u = 1 - uniform(&seed), v = uniform(&seed);
            logits[r][i] =
                (float)(3 * sqrt(-2 * log(u)) * cos(6.283185307179586 * v));
        }
}

static om_str piece_of(void *user, int32_t token)
{
    (void)user;
    return (om_str){piece[token], token ? strlen(piece[token]) : 1};
}

typedef struct asked {
    const om_form *form;
    size_t n;
} asked;

static bool allowed(void *user, int32_t token)
{
    asked *a = user;
    a->n++;
    return om_form_would(a->form, piece_of(NULL, token));
}

/* Seconds a pick, and what was asked. */
static double time_picks(om_pick *p, float top_p, const om_form *form,
                         bool index, double *n_asked)
{
    double best = 1e9;
    uint64_t next[4];
    asked a = {.form = form};
    size_t n = 0;
    for (int round = 0; round < ROUNDS; round++) {
        const double t = now();
        for (int r = 0; r < ROWS; r++, n++) {
            if (form) om_form_next(form, next);
            om_pick_token(p, logits[r], 0.6F, top_p, om_pick_uniform(7, n),
                          index ? next : NULL, form ? allowed : NULL, &a);
        }
        const double s = (now() - t) / ROWS;
        if (s < best) best = s;
    }
    if (n_asked) *n_asked = (double)a.n / (double)n;
    return best;
}

static const float *sorted_logits;

static int by_logit(const void *a, const void *b)
{
    const float x = sorted_logits[*(const int32_t *)a];
    const float y = sorted_logits[*(const int32_t *)b];
    return (x < y) - (x > y);
}

static double time_sort(void)
{
    static int32_t id[N_VOCAB];
    const double t = now();
    for (int32_t i = 0; i < N_VOCAB; i++) id[i] = i;
    sorted_logits = logits[0];
    qsort(id, N_VOCAB, sizeof *id, by_logit);
    return now() - t;
}

static om_form form_after(om_str reply, const char *mark)
{
    om_form form = {0};
    const size_t at = om_str_find(reply, om_str_of(mark));
    if (at == SIZE_MAX ||
        !om_form_take(&form, (om_str){reply.p, at + strlen(mark)}))
        stop("this is not a reply in the form of the models");
    return form;
}

static void bench_pick(om_str reply)
{
    om_pick p;
    omost_error err;
    double n;
    make_vocabulary();
    if (om_pick_init(&p, NULL, N_VOCAB, &err) != OMOST_OK) stop(err.msg);
    if (om_pick_index(&p, piece_of, NULL, &err) != OMOST_OK) stop(err.msg);
    printf("pick, us a token of %d\n", N_VOCAB);
    const double plain = time_picks(&p, 0.9F, NULL, false, NULL);
    printf("  no mask             %8.1f\n", plain * 1e6);
    printf("  no mask, top_p 1    %8.1f\n",
           time_picks(&p, 1, NULL, false, NULL) * 1e6);
    const double sort = time_sort();
    printf("  sorting all         %8.1f  (%.0f times)\n", sort * 1e6,
           sort / plain);
    om_form text = form_after(reply, "tags='");
    om_form_take(&text, OM_STR("b"));
    const om_form word = form_after(reply, "color_name='");
    for (int index = 0; index < 2; index++) {
        const char *how = index ? "with index" : "";
        double s = time_picks(&p, 0.9F, &text, index, &n);
        printf("  in a text           %8.1f  %.0f asked %s\n", s * 1e6, n, how);
        s = time_picks(&p, 0.9F, &word, index, &n);
        printf("  in a colour's name  %8.1f  %.0f asked %s\n", s * 1e6, n, how);
    }
    om_pick_free(&p);
}

/* ---- following --------------------------------------------------------- */

static void bench_form(om_str reply)
{
    double take = 1e9, forced = 1e9, next = 1e9;
    size_t n_forced = 0;
    for (int round = 0; round < ROUNDS; round++) {
        uint64_t set[4];
        om_form form = {0};
        double t = now();
        for (size_t i = 0; i < reply.n; i++)
            om_form_take(&form, (om_str){reply.p + i, 1});
        t = (now() - t) / (double)reply.n;
        if (t < take) take = t;
        form = (om_form){0};
        t = now();
        for (size_t i = 0; i < reply.n; i++) {
            om_form_next(&form, set);
            om_form_take(&form, (om_str){reply.p + i, 1});
        }
        t = (now() - t) / (double)reply.n;
        if (t < next) next = t;
        form = (om_form){0};
        om_buf b;
        om_buf_init(&b, NULL, 4096);
        n_forced = 0;
        t = now();
        for (size_t i = 0; i < reply.n;) {
            b.n = 0;
            om_form_forced(&form, &b);
            const size_t k = b.n ? b.n : 1;
            n_forced += b.n;
            om_form_take(&form, (om_str){reply.p + i, k});
            i += k;
        }
        t = (now() - t) / (double)reply.n;
        if (t < forced) forced = t;
        om_buf_free(&b);
    }
    printf("form, ns a byte\n");
    printf("  take                %8.1f\n", take * 1e9);
    printf("  take and next       %8.1f\n", next * 1e9);
    printf("  take and forced     %8.1f  (%.1f %% of %zu bytes are forced)\n",
           forced * 1e9, 100.0 * (double)n_forced / (double)reply.n, reply.n);
}

/* ---- guessing ---------------------------------------------------------- */

static void bench_draft(om_str reply)
{
    static int32_t token[MAX_TOKENS];
    const size_t n = reply.n < MAX_TOKENS ? reply.n : MAX_TOKENS;
    double push = 1e9, guess = 1e9;
    om_draft *d = om_draft_new(NULL, NULL);
    if (!d) stop("out of memory");
    for (size_t i = 0; i < n; i++) token[i] = (unsigned char)reply.p[i];
    for (int round = 0; round < ROUNDS; round++) {
        int32_t out[16];
        om_draft_reset(d, NULL, 0, NULL);
        double t = now();
        for (size_t i = 0; i < n; i++) om_draft_push(d, token + i, 1, NULL);
        t = (now() - t) / (double)n;
        if (t < push) push = t;
        t = now();
        for (size_t i = 0; i < n; i++)
            om_draft_guess(d, token + i, 1, out, 16, NULL);
        t = (now() - t) / (double)n;
        if (t < guess) guess = t;
    }
    om_draft_free(d);
    printf("draft, ns a token\n");
    printf("  push                %8.1f\n", push * 1e9);
    printf("  guess               %8.1f\n", guess * 1e9);
}

/* The reply without what is said around it. */
static om_str fenced(om_str text)
{
    const size_t from = om_str_find(text, OM_STR("```python\n"));
    if (from == SIZE_MAX) stop("there is no ```python block");
    text = om_str_skip(text, from);
    const size_t to = om_str_find(text, OM_STR("\n```\n"));
    return (om_str){text.p, to == SIZE_MAX ? text.n : to + 5};
}

int main(int argc, char **argv)
{
    om_buf b;
    omost_error err;
    om_buf_init(&b, NULL, 1 << 20);
    if (om_file_read(argc > 1 ? argv[1] : "examples/lighthouse.txt", &b, &err))
        stop(err.msg);
    const om_str reply = fenced(om_buf_view(&b));
    bench_pick(reply);
    bench_form(reply);
    bench_draft(reply);
    om_buf_free(&b);
    return 0;
}
