/* test_server_guard.c - who may ask, what addresses mean, which route answers:
 * the pure functions of the server, as tables. */
#include "unit/support.h"

#include "server/base64.h"
#include "server/guard.h"
#include "server/schema.h"

/* ---- targets ----------------------------------------------------------- */

static void targets(void **state)
{
    static const struct {
        const char *target, *path, *query; /* path NULL: refused */
    } cases[] = {
        {"/", "/", ""},
        {"/a/b", "/a/b", ""},
        {"/a/b/", "/a/b/", ""},
        {"/a?x=1&y=2", "/a", "x=1&y=2"},
        {"/a?", "/a", ""},
        {"/a?b?c", "/a", "b?c"},
        {"/%41", "/A", ""},
        {"/a%20b", "/a b", ""},
        {"/a+b", "/a+b", ""},
        {"/%c3%a9", "/\xc3\xa9", ""},
        {"/...", "/...", ""},
        {"/..a/b..", "/..a/b..", ""},
        {"/a%2fb", "/a/b", ""},
        {"", NULL, NULL},
        {"?x", NULL, NULL},
        {"a", NULL, NULL},
        {"http://h/a", NULL, NULL},
        {"//a", NULL, NULL},
        {"/a//b", NULL, NULL},
        {"/.", NULL, NULL},
        {"/..", NULL, NULL},
        {"/a/../b", NULL, NULL},
        {"/a/..", NULL, NULL},
        {"/%2e%2e/a", NULL, NULL},
        {"/a%2f..%2fb", NULL, NULL},
        {"/a%5cb", NULL, NULL},
        {"/a\\b", NULL, NULL},
        {"/%00", NULL, NULL},
        {"/%0a", NULL, NULL},
        {"/%7f", NULL, NULL},
        {"/%", NULL, NULL},
        {"/%4", NULL, NULL},
        {"/%zz", NULL, NULL},
        {"/%c0%ae", NULL, NULL},
        {"/%ff", NULL, NULL},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        om_arena a;
        om_str path, query;
        omost_error err;
        om_arena_init(&a, NULL, 0);
        omost_status st = om_target_parse(&a, om_str_of(cases[i].target), &path,
                                          &query, &err);
        if (!cases[i].path) {
            if (st != OMOST_USAGE) fail_msg("%s is taken", cases[i].target);
        } else if (st != OMOST_OK || !om_str_eqz(path, cases[i].path) ||
                   !om_str_eqz(query, cases[i].query)) {
            fail_msg("%s is %.*s", cases[i].target, OM_STR_ARG(path));
        }
        om_arena_free(&a);
    }
}

static void queries(void **state)
{
    static const struct {
        const char *query, *name, *value; /* NULL: none */
    } cases[] = {
        {"a=1&b=2", "a", "1"}, {"a=1&b=2", "b", "2"}, {"a=1&b=2", "c", NULL},
        {"a=1&a=2", "a", "1"}, {"a", "a", ""},        {"a=", "a", ""},
        {"a=b=c", "a", "b=c"}, {"&&a=1&", "a", "1"},  {"a=x+y%2B", "a", "x y+"},
        {"%61=1", "a", "1"},   {"a=%zz", "a", NULL},  {"a=%ff", "a", NULL},
        {"", "a", NULL},       {"aa=1", "a", NULL},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        om_arena a;
        om_arena_init(&a, NULL, 0);
        const om_str v =
            om_query_value(&a, om_str_of(cases[i].query), cases[i].name);
        if (cases[i].value ? !v.p || !om_str_eqz(v, cases[i].value) : !!v.p)
            fail_msg("%s of %s", cases[i].name, cases[i].query);
        om_arena_free(&a);
    }
}

static void numbers(void **state)
{
    int64_t v;
    (void)state;
    assert_true(om_parse_id(OM_STR("0"), 0, 9, &v) && v == 0);
    assert_true(om_parse_id(OM_STR("9223372036854775807"), 1, INT64_MAX, &v));
    static const char *const bad[] = {"",
                                      "-1",
                                      "+1",
                                      " 1",
                                      "1 ",
                                      "1x",
                                      "0x1",
                                      "9223372036854775808",
                                      "99999999999999999999"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_false(om_parse_id(om_str_of(bad[i]), 0, INT64_MAX, &v));
    assert_false(om_parse_id(OM_STR("10"), 0, 9, &v));
}

/* ---- the guard --------------------------------------------------------- */

static const char *const proxies[] = {"studio.example", "other.example:8443"};
static const char *const friends[] = {"https://friend.example"};

static om_guard guard_of(const char *host, bool any, const char *key)
{
    om_guard g = {.port = 7860,
                  .host = om_str_of(host),
                  .any_ip = any,
                  .allow_hosts = proxies,
                  .n_allow_hosts = 2,
                  .allow_origins = friends,
                  .n_allow_origins = 1};
    assert_true(om_guard_set_key(&g, om_str_of(key)));
    return g;
}

static void hosts(void **state)
{
    static const struct {
        const char *host;
        bool loopback, any; /* whether it is ours when bound to ... */
    } cases[] = {
        {"127.0.0.1:7860", true, true},
        {"127.8.9.1:7860", true, true},
        {"localhost:7860", true, true},
        {"LocalHost:7860", true, true},
        {"[::1]:7860", true, true},
        {"[0:0::1]:7860", true, true},
        {"studio.example", true, true},
        {"STUDIO.example:443", true, true},
        {"other.example:8443", true, true},
        {"other.example", false, false},
        {"192.168.1.2:7860", false, true},
        {"[fe80::1]:7860", false, true},
        {"192.168.1.2", false, false},
        {"127.0.0.1", false, false},
        {"127.0.0.1:80", false, false},
        {"127.0.0.1:07860", true, true},
        {"evil.example:7860", false, false},
        {"localhost.evil.example:7860", false, false},
        {"127.0.0.1.evil.example:7860", false, false},
        {"127.0.0.256:7860", false, false},
        {"1:7860", false, false},
        {"[::2]:7860", false, true},
        {"::1:7860", false, false},
        {"[::1:7860", false, false},
        {"[::1]7860", false, false},
        {"localhost:", false, false},
        {"localhost:0", false, false},
        {"localhost:99999", false, false},
        {"localhost:7860:7860", false, false},
        {"a@localhost:7860", false, false},
        {"localhost:7860/", false, false},
        {" localhost:7860", false, false},
        {"", false, false},
    };
    (void)state;
    const om_guard here = guard_of("127.0.0.1", false, ""),
                   all = guard_of("0.0.0.0", true, "");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const om_str h = om_str_of(cases[i].host);
        if (om_guard_host_ok(&here, h) != cases[i].loopback ||
            om_guard_host_ok(&all, h) != cases[i].any)
            fail_msg("Host: %s", cases[i].host);
    }
    const om_guard named = guard_of("box.lan", false, "");
    assert_true(om_guard_host_ok(&named, OM_STR("box.lan:7860")));
    assert_false(om_guard_host_ok(&named, OM_STR("box2.lan:7860")));
}

static void origins(void **state)
{
    static const struct {
        const char *origin, *host;
        bool fine;
    } cases[] = {
        {"http://127.0.0.1:7860", "127.0.0.1:7860", true},
        {"http://localhost:7860", "localhost:7860", true},
        {"HTTP://localhost:7860", "localhost:7860", false},
        {"https://studio.example", "studio.example", true},
        {"http://studio.example", "studio.example:80", true},
        {"https://studio.example", "studio.example:443", true},
        {"https://studio.example:443", "studio.example", true},
        {"https://friend.example", "127.0.0.1:7860", true},
        {"http://friend.example", "127.0.0.1:7860", false},
        {"https://friend.example:444", "127.0.0.1:7860", false},
        {"http://localhost:7860", "127.0.0.1:7860", false},
        {"http://127.0.0.1:7861", "127.0.0.1:7860", false},
        {"http://127.0.0.1", "127.0.0.1:7860", false},
        {"http://evil.example", "127.0.0.1:7860", false},
        {"http://127.0.0.1:7860.evil.example", "127.0.0.1:7860", false},
        {"http://127.0.0.1:7860/", "127.0.0.1:7860", false},
        {"http://x@127.0.0.1:7860", "127.0.0.1:7860", false},
        {"file://", "127.0.0.1:7860", false},
        {"ftp://127.0.0.1:7860", "127.0.0.1:7860", false},
        {"null", "null", false},
        {"", "", false},
        {"*", "*", false},
    };
    (void)state;
    const om_guard g = guard_of("127.0.0.1", false, "");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        if (om_guard_origin_ok(&g, om_str_of(cases[i].origin),
                               om_str_of(cases[i].host)) != cases[i].fine)
            fail_msg("%s at %s", cases[i].origin, cases[i].host);
}

static void keys(void **state)
{
    (void)state;
    char name[OM_COOKIE_NAME], cookie[200];
    const om_guard g = guard_of("127.0.0.1", false, "s3cret"),
                   open = guard_of("127.0.0.1", false, ""),
                   other = guard_of("127.0.0.1", false, "s3cre7");
    om_guard_headers h = {.host = OM_STR("127.0.0.1:7860"), .n_hosts = 1};
#define CODE(guard, is_open) \
    om_guard_check(guard, &h, OM_GET, OM_BODY_NONE, false, is_open).http
    assert_int_equal(CODE(&g, false), 401);
    assert_int_equal(CODE(&g, true), 0);
    assert_int_equal(CODE(&open, false), 0);
    static const char *const bad[] = {"s3cret",
                                      "Bearer",
                                      "Bearer ",
                                      "Bearer s3cre",
                                      "Bearer s3crets",
                                      "Bearer  s3cret",
                                      "Bearer s3crets3cret",
                                      "Basic s3cret"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        h.authorization = om_str_of(bad[i]);
        if (CODE(&g, false) != 401) fail_msg("%s is taken", bad[i]);
    }
    h.authorization = OM_STR("Bearer s3cret");
    assert_int_equal(CODE(&g, false), 0);
    h.authorization = OM_STR("bearer s3cret");
    assert_int_equal(CODE(&g, false), 0);
    h.authorization = (om_str){0};
    snprintf(cookie, sizeof cookie, "a=b; %s=%s; c", om_cookie_name(&g, name),
             g.cookie);
    h.cookie = om_str_of(cookie);
    assert_int_equal(CODE(&g, false), 0);
    assert_int_equal(CODE(&other, false), 401);
    assert_null(strstr(g.cookie, "s3cret"));
    h.cookie = OM_STR("omost_7860=");
    assert_int_equal(CODE(&g, false), 401);
#undef CODE
}

static void types(void **state)
{
    (void)state;
    assert_true(om_type_is(OM_STR("application/json"), "application/json"));
    assert_true(
        om_type_is(OM_STR("Application/JSON ;charset=x"), "application/json"));
    assert_false(om_type_is(OM_STR("application/jsonp"), "application/json"));
    assert_false(
        om_type_is(OM_STR("text/plain;application/json"), "application/json"));
    assert_false(om_type_is((om_str){0}, "application/json"));
}

/* ---- routes ------------------------------------------------------------ */

static void routes(void **state)
{
    static const struct {
        om_method method;
        const char *path, *pattern, *first; /* pattern NULL: none */
        bool other;
    } cases[] = {
        {OM_GET, "/", "/", NULL, false},
        {OM_GET, "/api/sessions", "/api/sessions", NULL, false},
        {OM_GET, "/api/sessions/7", "/api/sessions/{session}", "7", false},
        {OM_GET, "/api/sessions/", NULL, NULL, false},
        {OM_GET, "/api/sessions/7/", NULL, NULL, false},
        {OM_GET, "/api/images/7.png", "/api/images/{image}.png", "7", false},
        {OM_GET, "/api/images/7", "/api/images/{image}", "7", false},
        {OM_GET, "/api/images/7/thumb.png", "/api/images/{image}/thumb.png",
         "7", false},
        {OM_GET, "/web/a/b.js", "/web/{file...}", "a/b.js", false},
        {OM_GET, "/web/", NULL, NULL, false},
        {OM_PUT, "/api/sessions", NULL, NULL, true},
        {OM_GET, "/api/renders", NULL, NULL, true},
        {OM_GET, "/API/sessions", NULL, NULL, false},
        {OM_GET, "/api/session", NULL, NULL, false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        om_str param[OM_MAX_PARAMS] = {{0}};
        unsigned others;
        const om_route *r =
            om_route_find(om_routes, cases[i].method, om_str_of(cases[i].path),
                          param, &others);
        if (!r != !cases[i].pattern || (!r && (others != 0) != cases[i].other))
            fail_msg("%s: %s", cases[i].path, r ? r->pattern : "none");
        if (r) assert_string_equal(r->pattern, cases[i].pattern);
        if (r && cases[i].first)
            assert_true(om_str_eqz(param[0], cases[i].first));
    }
}

/* What changes something cannot be asked for by a form or a link. */
static void every_route_is_guarded(void **state)
{
    (void)state;
    for (const om_route *r = om_routes; r->pattern; r++) {
        if (r->method == OM_GET || r->method == OM_DELETE)
            assert_int_equal(r->body, OM_BODY_NONE);
        else
            assert_int_not_equal(r->body, OM_BODY_NONE);
        if (r->open && strcmp(r->pattern, "/api/login") != 0)
            assert_int_equal(r->method, OM_GET);
        assert_true(*r->summary && *r->tag);
    }
}

/* A request without a body needs no type where nothing has to be said; that a
 * page of another site may not ask holds all the same. */
static void bodies(void **state)
{
    const om_guard g = guard_of("127.0.0.1", false, "");
    static const struct {
        om_body_kind body;
        bool no_body;
        const char *type; /* NULL: none */
        int http;
    } cases[] = {
        {OM_BODY_MAYBE, true, NULL, 0},
        {OM_BODY_MAYBE, true, "application/json", 0},
        {OM_BODY_MAYBE, true, "text/plain", 415},
        {OM_BODY_MAYBE, true, "application/x-www-form-urlencoded", 415},
        {OM_BODY_MAYBE, true, "", 415},
        {OM_BODY_MAYBE, false, NULL, 415},
        {OM_BODY_MAYBE, false, "application/json", 0},
        {OM_BODY_JSON, true, NULL, 415},
        {OM_BODY_PNG, true, NULL, 415},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        om_guard_headers h = {.host = OM_STR("127.0.0.1:7860"),
                              .n_hosts = 1,
                              .type = om_str_of(cases[i].type),
                              .no_body = cases[i].no_body};
        const om_refusal no =
            om_guard_check(&g, &h, OM_POST, cases[i].body, false, false);
        if (no.http != cases[i].http) fail_msg("case %zu: %d", i, no.http);
        h.origin = OM_STR("http://evil.example");
        assert_int_equal(
            om_guard_check(&g, &h, OM_POST, cases[i].body, false, false).http,
            403);
        h.origin = OM_STR("null");
        assert_int_equal(
            om_guard_check(&g, &h, OM_POST, cases[i].body, false, false).http,
            403);
    }
}

static void known_queries(void **state)
{
    static const struct {
        const char *path, *query, *unknown; /* NULL: fine */
    } cases[] = {
        {"/api/sessions", "", NULL},
        {"/api/sessions", "limit=1&before=2&q=x", NULL},
        {"/api/sessions", "&&limit=1&", NULL},
        {"/api/sessions", "%6cimit=1", NULL},
        {"/api/sessions", "limit", NULL},
        {"/api/sessions", "limit=1&colour=red", "\"colour\""},
        {"/api/sessions", "Limit=1", "\"Limit\""},
        {"/api/sessions", "=1", "\"\""},
        {"/api/sessions", "%zz", "not well-formed"},
        {"/api/health", "limit=1", "\"limit\""},
        {"/api/images/7.png", "download=1", NULL},
        {"/api/images/7", "download=1", "\"download\""},
        {"/v1/models", "colour=red", NULL},
        {"/sdapi/v1/progress", "colour=red", NULL},
        {"/", "colour=red", NULL},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        om_arena a;
        omost_error err;
        unsigned others;
        om_str param[OM_MAX_PARAMS];
        om_arena_init(&a, NULL, 0);
        const om_route *r =
            om_route_find(om_routes, OM_GET, om_str_of(cases[i].path), param,
                          &others);
        assert_non_null(r);
        const bool fine = om_route_check_query(r, &a, om_str_of(cases[i].query),
                                               &err) == OMOST_OK;
        if (fine != !cases[i].unknown ||
            (!fine && !strstr(err.msg, cases[i].unknown)))
            fail_msg("%s?%s", cases[i].path, cases[i].query);
        om_arena_free(&a);
    }
}

static void schemas_are_there(void **state)
{
    (void)state;
    json_t *all = om_schemas_json();
    assert_non_null(all);
    for (const om_route *r = om_routes; r->pattern; r++) {
        if (*r->request) assert_non_null(json_object_get(all, r->request));
        if (*r->response) assert_non_null(json_object_get(all, r->response));
        assert_true(r->status >= 200 && r->status < 300);
    }
    json_decref(all);
}

static void base64(void **state)
{
    static const char *const cases[][2] = {
        {"", ""},
        {"f", "Zg=="},
        {"fo", "Zm8="},
        {"foo", "Zm9v"},
        {"foob", "Zm9vYg=="},
        {"fooba", "Zm9vYmE="},
        {"\xff\xfe", "//4="},
        {"foobar", "Zm9vYmFy"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        om_buf b;
        om_buf_init(&b, NULL, 100);
        om_base64_put(&b, om_str_of(cases[i][0]));
        assert_true(om_str_eqz(om_buf_view(&b), cases[i][1]));
        om_buf_free(&b);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(targets),
        cmocka_unit_test(queries),
        cmocka_unit_test(numbers),
        cmocka_unit_test(hosts),
        cmocka_unit_test(origins),
        cmocka_unit_test(keys),
        cmocka_unit_test(types),
        cmocka_unit_test(routes),
        cmocka_unit_test(every_route_is_guarded),
        cmocka_unit_test(bodies),
        cmocka_unit_test(known_queries),
        cmocka_unit_test(schemas_are_there),
        cmocka_unit_test(base64),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
