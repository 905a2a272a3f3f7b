/* test_server_events.c - the ring of events, and options by name. */
#include "unit/support.h"

#include "omost/options.h"
#include "server/events.h"
#include "server/request.h"

static void tell(om_events *e, int64_t session, int n)
{
    om_events_publish(e, "n", session, json_pack("{s:i}", "n", n));
}

static om_buf read_from(om_events *e, int64_t session, uint64_t *at)
{
    om_buf b;
    om_buf_init(&b, NULL, OM_EVENT_BYTES);
    (void)om_events_read(e, session, at, &b, SIZE_MAX);
    return b;
}

static void told_and_read(void **state)
{
    omost_error err;
    uint64_t at = 0;
    (void)state;
    om_events *e = om_events_new(NULL, &err);
    assert_non_null(e);
    tell(e, 1, 10);
    tell(e, 2, 20);
    tell(e, 0, 30);
    om_buf b = read_from(e, 0, &at);
    assert_string_equal(b.p, "id: 1\nevent: n\ndata: {\"n\":10}\n\n"
                             "id: 2\nevent: n\ndata: {\"n\":20}\n\n"
                             "id: 3\nevent: n\ndata: {\"n\":30}\n\n");
    assert_int_equal(at, 3);
    om_buf_free(&b);
    b = read_from(e, 0, &at);
    assert_int_equal(b.n, 0);
    om_buf_free(&b);
    at = 0;
    b = read_from(e, 2, &at);
    assert_string_equal(b.p, "id: 2\nevent: n\ndata: {\"n\":20}\n\n"
                             "id: 3\nevent: n\ndata: {\"n\":30}\n\n");
    om_buf_free(&b);
    at = 99; /* of an earlier life of the server */
    b = read_from(e, 0, &at);
    assert_string_equal(b.p, "id: 3\nevent: reset\ndata: {}\n\n");
    assert_int_equal(at, 3);
    om_buf_free(&b);
    om_events_free(e);
}

static void the_ring_forgets(void **state)
{
    omost_error err;
    uint64_t at = 5, edge = 10;
    (void)state;
    om_events *e = om_events_new(NULL, &err);
    for (int i = 0; i < OM_EVENT_RING + 10; i++) tell(e, 1, i);
    om_buf b = read_from(e, 0, &at);
    assert_non_null(strstr(b.p, "event: reset"));
    assert_int_equal(at, OM_EVENT_RING + 10);
    om_buf_free(&b);
    b = read_from(e, 0, &edge); /* the last place from which all is there */
    assert_null(strstr(b.p, "event: reset"));
    assert_memory_equal(b.p, "id: 11\n", 7);
    om_buf_free(&b);
    om_events_free(e);
}

static void nothing_to_say_is_a_reset(void **state)
{
    omost_error err;
    uint64_t at = 1;
    (void)state;
    om_events *e = om_events_new(NULL, &err);
    tell(e, 1, 1);
    om_events_publish(e, "lost", 1, NULL);
    om_buf b = read_from(e, 0, &at);
    assert_string_equal(b.p, "id: 2\nevent: reset\ndata: {}\n\n");
    om_buf_free(&b);
    tell(e, 1, 2);
    b = read_from(e, 0, &at);
    assert_string_equal(b.p, "id: 3\nevent: n\ndata: {\"n\":2}\n\n");
    om_buf_free(&b);
    om_events_free(e);
}

static void count(void *user)
{
    ++*(int *)user;
}

static void listeners(void **state)
{
    omost_error err;
    int all = 0, one = 0;
    (void)state;
    om_events *e = om_events_new(NULL, &err);
    om_listener *a = om_events_listen(e, 0, count, &all, &err);
    om_listener *b = om_events_listen(e, 1, count, &one, &err);
    tell(e, 1, 0);
    tell(e, 2, 0);
    tell(e, 0, 0);
    assert_int_equal(all, 3);
    assert_int_equal(one, 2);
    om_events_leave(e, a);
    tell(e, 1, 0);
    assert_int_equal(all, 3);
    assert_int_equal(one, 3);
    om_events_leave(e, b);
    om_events_free(e);
}

/* ---- options ------------------------------------------------------------- */

/* The defaults of the tables are those of the structs. */
static void defaults_agree(void **state)
{
    static const omost_render_opts plain = OMOST_RENDER_DEFAULTS;
    omost_render_opts o = {0};
    const omost_option *row;
    omost_error err;
    (void)state;
    for (size_t i = 0; (row = omost_render_option(i)) != NULL; i++) {
        omost_option_value v = {.kind = row->kind, .text = row->fallback};
        if (!row->fallback || strcmp(row->name, "prediction") == 0) continue;
        v.integer = strtoll(row->fallback, NULL, 10);
        v.number = strtod(row->fallback, NULL);
        if (omost_render_opts_set(&o, row->name, &v, &err) != OMOST_OK)
            fail_msg("%s", err.msg);
    }
    assert_int_equal(omost_render_check(&o, &err), OMOST_OK);
    assert_int_equal(o.width, plain.width);
    assert_int_equal(o.height, plain.height);
    assert_int_equal(o.seed, plain.seed);
    assert_int_equal(o.steps, plain.steps);
    assert_true(o.cfg_scale == plain.cfg_scale);
    assert_int_equal(o.batch, plain.batch);
    assert_true(o.strength == plain.strength);
    assert_true(o.hires_scale == plain.hires_scale);
    assert_int_equal(o.hires_steps, plain.hires_steps);
    assert_true(o.hires_denoise == plain.hires_denoise);
    assert_int_equal(o.region, plain.region);
    assert_int_equal(o.prompt_style, plain.prompt_style);
    assert_false(o.compat_omost);
    assert_string_equal(o.sampler, "dpm++2m");
}

static void options_are_checked(void **state)
{
    static const struct {
        const char *json;
        omost_status st;
    } cases[] = {
        {"{}", OMOST_OK},
        {"{\"steps\": 30, \"cfg-scale\": 5, \"vae-tiling\": true}", OMOST_OK},
        {"{\"sampling-method\": \"DPM++ 2M\", \"region\": \"couple\"}",
         OMOST_OK},
        {"{\"steps\": null}", OMOST_OK},
        {"{\"init-layout\": 0}", OMOST_OK},
        {"{\"steps\": 0}", OMOST_RANGE},
        {"{\"steps\": 1001}", OMOST_RANGE},
        {"{\"steps\": -9223372036854775808}", OMOST_RANGE},
        {"{\"width\": 4294967360}", OMOST_RANGE},
        {"{\"steps\": 2.5}", OMOST_USAGE},
        {"{\"steps\": \"2\"}", OMOST_USAGE},
        {"{\"steps\": [2]}", OMOST_USAGE},
        {"{\"vae-tiling\": 1}", OMOST_USAGE},
        {"{\"cfg-scale\": 1e300}", OMOST_RANGE},
        {"{\"strength\": 0.001}", OMOST_RANGE},
        {"{\"sampling-method\": \"magic\"}", OMOST_RANGE},
        {"{\"region\": 3}", OMOST_USAGE},
        {"{\"what\": 3}", OMOST_USAGE},
        {"{\"compat\": \"omost\"}", OMOST_OK},
        {"{\"compat\": \"x\"}", OMOST_RANGE},
        {"{\"hires\": 8, \"width\": 8192}", OMOST_RANGE},
        {"{\"init_image\": 3, \"init-layout\": 1}", OMOST_RANGE},
        {"{\"lora\": [{\"name\": \"x\", \"weight\": 1, \"y\": 1}]}",
         OMOST_USAGE},
        {"{\"lora\": [{\"weight\": 1}]}", OMOST_USAGE},
        {"{\"lora\": [{\"name\": \"x\", \"weight\": 1e9}]}", OMOST_RANGE},
        {"{\"negative-prompt\": \"a\\u0000b\"}", OMOST_USAGE},
    };
    static const omost_render_opts plain = OMOST_RENDER_DEFAULTS;
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        om_render_want want;
        omost_error err;
        json_t *v = om_json_parse(om_str_of(cases[i].json), "it", &err);
        assert_non_null(v);
        omost_status st = om_render_want_read(v, &plain, &want, &err);
        if (st != cases[i].st)
            fail_msg("%s: %s: %s", cases[i].json, omost_status_name(st),
                     err.msg);
        json_decref(v);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(told_and_read),
        cmocka_unit_test(the_ring_forgets),
        cmocka_unit_test(nothing_to_say_is_a_reset),
        cmocka_unit_test(listeners),
        cmocka_unit_test(defaults_agree),
        cmocka_unit_test(options_are_checked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
