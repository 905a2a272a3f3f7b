/* test_threads.c - what the headers promise: canvases, layouts, plans, profiles
 * and tokenizers never change once made, so any number of threads may use them.
 * `make tsan` looks for races; here the threads only have to agree. */
#include "support.h"

#include <pthread.h>

#include "prompt/tokenizer.h"

enum { N_THREADS = 4, N_ROUNDS = 20 };

static const char text[] =
    "canvas = Canvas()\n"
    "canvas.set_global_description(description='A caf\xc3\xa9 at night!', "
    "detailed_descriptions=['Rain.'], tags='cafe, night', "
    "HTML_web_color_name='navy')\n"
    "canvas.add_local_description(location='on the left', offset='no offset', "
    "area='a small square area', distance_to_viewer=2.5, "
    "description='A girl, reading.', detailed_descriptions=['Red hair.'], "
    "tags='girl, book', atmosphere='Quiet.', style='Ink.', "
    "quality_meta='Fine.', HTML_web_color_name='red')\n";

static const char merges[] = "#version: 0.2\ni n\nt h\na n\nr e\nn i\n";

/* What all threads share, and what each must come to. */
typedef struct shared {
    omost_canvas *canvas;
    omost_layout *layout;
    omost_tokenizer *tokenizer;
    omost_profile *profile;
    omost_plan *plan;
    char *code, *json;
    uint8_t *png;
    size_t code_n, json_n, png_n;
} shared;

static bool same(void *got, size_t n, const void *want, size_t want_n)
{
    bool ok = got && n == want_n && memcmp(got, want, n) == 0;
    omost_text_free(NULL, got);
    return ok;
}

/* A reason, or NULL. cmocka's assertions belong to the main thread. */
static const char *use_once(const shared *s)
{
    const omost_plan_opts opts = {.profile = s->profile};
    omost_error err;
    size_t n = 0;
    char *z = omost_canvas_to_python(s->canvas, OMOST_PYTHON_PLAIN, &n, &err);
    if (!same(z, n, s->code, s->code_n)) return "code";
    omost_plan *plan = omost_plan_new(s->canvas, s->tokenizer, &opts, &err);
    z = plan ? omost_plan_to_json(plan, &n, &err) : NULL;
    omost_plan_free(plan);
    if (!same(z, n, s->json, s->json_n)) return "plan";
    z = omost_plan_to_json(s->plan, &n, &err);
    if (!same(z, n, s->json, s->json_n)) return "JSON";
    uint8_t cells[OMOST_GRID * OMOST_GRID * 3];
    omost_layout_composition(s->layout, cells);
    const omost_preview_opts labels = {.width = 64,
                                       .labels = OMOST_LABELS_PLAIN};
    uint8_t *png = omost_preview_png(s->canvas, &labels, &n, &err);
    return same(png, n, s->png, s->png_n) ? NULL : "picture";
}

static void *use(void *arg)
{
    const char *wrong = NULL;
    for (int i = 0; i < N_ROUNDS && !wrong; i++) wrong = use_once(arg);
    return (void *)(uintptr_t)wrong;
}

static void test_threads(void **state)
{
    (void)state;
    omost_error err;
    pthread_t thread[N_THREADS];
    shared s = {0};
    s.canvas = omost_canvas_parse(text, strlen(text), NULL, &err);
    if (!s.canvas) fail_msg("%s", err.msg);
    s.layout = omost_layout_new(s.canvas, &err);
    s.tokenizer =
        om_tokenizer_parse(NULL, (om_str){0}, om_str_of(merges), &err);
    s.profile = omost_profile_builtin(NULL, "pony", &err);
    assert_true(s.layout && s.tokenizer && s.profile);
    const omost_plan_opts opts = {.profile = s.profile};
    s.plan = omost_plan_new(s.canvas, s.tokenizer, &opts, &err);
    assert_non_null(s.plan);
    s.code =
        omost_canvas_to_python(s.canvas, OMOST_PYTHON_PLAIN, &s.code_n, &err);
    s.json = omost_plan_to_json(s.plan, &s.json_n, &err);
    const omost_preview_opts labels = {.width = 64,
                                       .labels = OMOST_LABELS_PLAIN};
    s.png = omost_preview_png(s.canvas, &labels, &s.png_n, &err);
    assert_true(s.code && s.json && s.png);
    for (int i = 0; i < N_THREADS; i++)
        assert_int_equal(pthread_create(&thread[i], NULL, use, &s), 0);
    for (int i = 0; i < N_THREADS; i++) {
        void *wrong;
        assert_int_equal(pthread_join(thread[i], &wrong), 0);
        if (wrong) fail_msg("thread %d: %s differs", i, (const char *)wrong);
    }
    omost_text_free(NULL, s.code);
    omost_text_free(NULL, s.json);
    omost_preview_free(NULL, s.png);
    omost_plan_free(s.plan);
    omost_profile_free(s.profile);
    omost_tokenizer_free(s.tokenizer);
    omost_layout_free(s.layout);
    omost_canvas_free(s.canvas);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_threads)};
    return cmocka_run_group_tests_name("threads", tests, NULL, NULL);
}
