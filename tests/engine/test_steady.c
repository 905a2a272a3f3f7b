/* test_steady.c - from the second step on, drawing takes no memory: none of
 * ours through the env, none of anybody's in large blocks, and what libraries
 * take for the length of a call they give back.
 *
 * The program's own malloc and its kin, which the libraries then use, too,
 * count. Under a sanitizer, which has its own, the env alone is looked at. */
#include "drawing.h"

#include <stdatomic.h>

#if defined __SANITIZE_ADDRESS__ || defined __SANITIZE_THREAD__
#define COUNTS 0
#elif defined __GLIBC__
#define COUNTS 1
#else
#define COUNTS 0
#endif

enum { LARGE = 4096 }; /* bytes */

static atomic_bool counting;
static atomic_size_t n_small, n_large, n_freed, largest;

#if COUNTS
static void count(size_t size)
{
    if (!atomic_load_explicit(&counting, memory_order_relaxed)) return;
    atomic_fetch_add(size < LARGE ? &n_small : &n_large, 1);
    if (size > atomic_load(&largest)) atomic_store(&largest, size);
}

/* glibc's own, under the names that nobody replaces. */
extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t n, size_t size);
extern void *__libc_realloc(void *p, size_t size);
extern void *__libc_memalign(size_t align, size_t size);
extern void __libc_free(void *p);

#define SHOWN __attribute__((visibility("default")))

SHOWN void *malloc(size_t size)
{
    count(size);
    return __libc_malloc(size);
}

SHOWN void *calloc(size_t n, size_t size)
{
    count(n * size);
    return __libc_calloc(n, size);
}

SHOWN void *realloc(void *p, size_t size)
{
    count(size);
    return __libc_realloc(p, size);
}

SHOWN void *memalign(size_t align, size_t size)
{
    count(size);
    return __libc_memalign(align, size);
}

SHOWN void *aligned_alloc(size_t align, size_t size)
{
    count(size);
    return __libc_memalign(align, size);
}

SHOWN int posix_memalign(void **p, size_t align, size_t size)
{
    count(size);
    *p = __libc_memalign(align, size);
    return *p ? 0 : 12; /* ENOMEM */
}

SHOWN void free(void *p)
{
    if (p && atomic_load_explicit(&counting, memory_order_relaxed))
        atomic_fetch_add(&n_freed, 1);
    __libc_free(p);
}
#endif

/* ---- a call ------------------------------------------------------------ */

typedef struct watcher {
    meter m;
    size_t calls; /* of the env when step 1 was done */
    size_t during;
    int n_events;
} watcher;

/* From the end of step 1 to the end of the last. */
static bool on_progress(void *user, omost_phase phase, int index, int pass,
                        int step, int steps, double done, double total)
{
    watcher *w = user;
    (void)index, (void)pass, (void)done, (void)total;
    if (phase != OMOST_PHASE_SAMPLE) return true;
    if (step == 1 && !w->n_events) {
        w->calls = w->m.calls;
        atomic_store(&counting, true);
    }
    w->n_events += step >= 1;
    if (step == steps) {
        atomic_store(&counting, false);
        w->during = w->m.calls - w->calls;
    }
    return true;
}

static bool on_preview(void *user, int index, int step, int steps,
                       omost_image image)
{
    (void)user, (void)index, (void)step, (void)steps, (void)image;
    return true;
}

static void check_steady(const char *backend, const char *sampler,
                         omost_region_method method)
{
    golden_model m = {0};
    subject s;
    watcher w = {0};
    omost_env env = {metered, &w.m};
    omost_error err;
    golden_model_open(&m, backend, OM_PRECISION_F32, layouts[0]);
    om_backend_close(m.backend);
    m.backend =
        om_backend_open(&env, &(om_backend_opts){.name = backend}, &err);
    if (!m.backend) fail_msg("%s", err.msg);
    subject_open(&s, "005-plain-3", OMOST_NEGATIVE_DEFAULT);
    omost_render_opts o = OMOST_RENDER_DEFAULTS;
    o.width = o.height = 64;
    o.steps = 4;
    o.sampler = sampler;
    o.region = method;
    o.preview_every = 1;
    om_pipeline *p = open_pipeline(&env, &m, false);
    om_draw d = draw_of(&s, &o, NULL);
    d.sink = (om_draw_sink){
        .progress = on_progress, .preview = on_preview, .user = &w};
    n_small = n_large = n_freed = largest = 0;
    if (om_pipeline_draw(p, &d, &err)) fail_msg("%s", err.msg);
    printf("%s, %s, %s: %zu blocks of ours, %zu of libraries, %zu given back, "
           "the largest of %zu bytes\n",
           backend, sampler, omost_region_method_name(method), w.during,
           (size_t)n_small + n_large, (size_t)n_freed, (size_t)largest);
    assert_true(w.n_events >= o.steps);
    assert_int_equal(w.during, 0);
    assert_int_equal(n_large, 0);
    assert_int_equal(n_small, n_freed);
    om_pipeline_close(p);
    subject_close(&s);
    golden_model_close(&m);
    assert_int_equal(w.m.live, 0);
}

static void test_steady(void **state)
{
    (void)state;
    if (!golden_is_here()) skip();
    for (size_t i = 0; om_backend_at(i); i++) {
        check_steady(om_backend_at(i), "dpm++2m", OMOST_REGION_SCORE);
        check_steady(om_backend_at(i), "euler_a", OMOST_REGION_COUPLE);
    }
}

/* What is counted is counted: else the test above would say nothing. */
static void test_counts(void **state)
{
    (void)state;
    if (!COUNTS) skip();
    n_small = n_large = n_freed = 0;
    atomic_store(&counting, true);
    char *volatile a = malloc(10), *volatile b = malloc(LARGE + 1);
    char *volatile c = strdup("a library's");
    atomic_store(&counting, false);
    assert_int_equal(n_small, 2);
    assert_int_equal(n_large, 1);
    free(a);
    free(b);
    free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_counts),
        cmocka_unit_test(test_steady),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
