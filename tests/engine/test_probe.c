/* test_probe.c - the inference libraries load, and their numbers are right. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "omost/engine.h"

static omost_probe run_probe(const omost_probe_opts *opts)
{
    omost_probe probe;
    omost_error err;
    assert_int_equal(omost_engine_probe(opts, &probe, &err), OMOST_OK);
    assert_true(probe.n >= 1 && probe.n <= OMOST_PROBE_MAX);
    return probe;
}

static void assert_component_ok(const omost_probe *probe, const char *name)
{
    const omost_component *c = omost_probe_find(probe, name);
    if (!c) fail_msg("no component %s", name);
    if (c->state != OMOST_COMPONENT_OK)
        fail_msg("%s: %s: %s", name, omost_component_state_name(c->state),
                 c->detail);
}

static void test_everything_works(void **state)
{
    (void)state;
    const omost_probe_opts opts = {.quick = true};
    omost_probe probe = run_probe(&opts);
    if (!OM_WITH_DNNL) skip();
    assert_component_ok(&probe, "libc");
    assert_component_ok(&probe, "libllama");
    assert_component_ok(&probe, "ggml");
    assert_component_ok(&probe, "ggml:CPU");
    assert_component_ok(&probe, "oneDNN");
    assert_component_ok(&probe, "oneDNN f32"); /* a product, compared */
    for (size_t i = 0; i < probe.n; i++)
        if (probe.component[i].state != OMOST_COMPONENT_OK)
            fail_msg("%s: %s", probe.component[i].name,
                     probe.component[i].detail);
}

static void test_second_probe_says_the_same(void **state)
{
    (void)state;
    const omost_probe_opts opts = {.quick = true, .n_threads = 1};
    omost_probe first = run_probe(&opts);
    omost_probe second = run_probe(&opts);
    assert_int_equal(first.n, second.n);
    for (size_t i = 0; i < first.n; i++)
        assert_string_equal(first.component[i].name, second.component[i].name);
}

static void test_what_is_missing_names_the_remedy(void **state)
{
    (void)state;
    const omost_probe_opts opts = {.quick = true};
    omost_probe probe = run_probe(&opts);
    for (size_t i = 0; i < probe.n; i++)
        if (probe.component[i].state == OMOST_COMPONENT_MISSING)
            assert_non_null(strstr(probe.component[i].remedy, "tools/setup"));
}

static void test_wrong_use_is_refused(void **state)
{
    (void)state;
    omost_probe probe;
    omost_error err;
    const omost_probe_opts opts = {.n_threads = -1};
    assert_int_equal(omost_engine_probe(&opts, &probe, &err), OMOST_USAGE);
    assert_non_null(strstr(err.msg, "n_threads"));
    assert_int_equal(omost_engine_probe(NULL, NULL, &err), OMOST_USAGE);
    assert_int_equal(omost_engine_probe(NULL, NULL, NULL), OMOST_USAGE);
}

static void test_states_have_words(void **state)
{
    (void)state;
    assert_string_equal(omost_component_state_name(OMOST_COMPONENT_OK), "ok");
    assert_string_equal(omost_component_state_name(OMOST_COMPONENT_MISSING),
                        "missing");
    assert_string_equal(omost_component_state_name(OMOST_COMPONENT_FAILED),
                        "failed");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_everything_works),
        cmocka_unit_test(test_second_probe_says_the_same),
        cmocka_unit_test(test_what_is_missing_names_the_remedy),
        cmocka_unit_test(test_wrong_use_is_refused),
        cmocka_unit_test(test_states_have_words),
    };
    return cmocka_run_group_tests_name("probe", tests, NULL, NULL);
}
