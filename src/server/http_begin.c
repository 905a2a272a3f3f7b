/* http_begin.c - a request whose headers are there: who asks, for what, and how
 * much is to come. All that can be refused is refused before a body is read. */
#include "server/http_call.h"

om_str om_call_header(void *connection, const char *name)
{
    const char *v =
        MHD_lookup_connection_value(connection, MHD_HEADER_KIND, name);
    return om_str_of(v);
}

/* How often headers are there that may be there once. */
typedef struct headers_once {
    int hosts, lengths; /* lengths: that tell how long the body is */
} headers_once;

static enum MHD_Result count_once(void *user, enum MHD_ValueKind kind,
                                  const char *key, const char *value)
{
    headers_once *n = user;
    const om_str name = om_str_of(key);
    (void)kind;
    (void)value;
    n->hosts += om_str_eq_nocase(name, "Host");
    n->lengths += om_str_eq_nocase(name, "Content-Length") ||
                  om_str_eq_nocase(name, "Transfer-Encoding");
    return MHD_YES;
}

static om_guard_headers guard_headers(struct MHD_Connection *mc, int n_hosts)
{
    om_guard_headers h = {
        .host = om_call_header(mc, "Host"),
        .origin = om_call_header(mc, "Origin"),
        .site = om_call_header(mc, "Sec-Fetch-Site"),
        .mode = om_call_header(mc, "Sec-Fetch-Mode"),
        .dest = om_call_header(mc, "Sec-Fetch-Dest"),
        .type = om_call_header(mc, "Content-Type"),
        .authorization = om_call_header(mc, "Authorization"),
        .cookie = om_call_header(mc, "Cookie"),
        .n_hosts = n_hosts,
    };
    const om_str n = om_call_header(mc, "Content-Length");
    h.no_body = !om_call_header(mc, "Transfer-Encoding").p &&
                (!n.p || om_str_eqz(n, "0"));
    return h;
}

static void refuse(om_call *c, int http, const char *word, omost_status st,
                   const char *text)
{
    omost_error err;
    om_fail(&err, st, "%s", text);
    om_response_error(&c->rs, http, word, &err);
    c->ready = true;
}

void om_call_refuse_size(om_call *c)
{
    omost_error err;
    om_fail(&err, OMOST_LIMIT,
            "the body of this request may have %zu bytes at most",
            om_route_max_body(c->route));
    om_response_error(&c->rs, 413, NULL, &err);
    c->ready = true;
}

void om_call_refuse_busy(om_call *c)
{
    om_response_header(&c->rs, "Retry-After", OM_STR("5"));
    refuse(c, 503, "BUSY", OMOST_LIMIT,
           "too much is going on here; try again in a moment");
}

/* Pages of allowed origins ask first what they may do. */
static void answer_preflight(om_call *c, const om_guard_headers *h)
{
    const om_guard *g = c->daemon->opts.guard;
    c->ready = true;
    if (h->n_hosts != 1 || !om_guard_host_ok(g, h->host) || !h->origin.p ||
        !om_guard_origin_allowed(g, h->origin)) {
        refuse(c, 405, "METHOD", OMOST_USAGE, "this method is not known here");
        return;
    }
    c->rs.status = 204;
    om_response_header(&c->rs, "Access-Control-Allow-Methods",
                       OM_STR("GET, POST, PUT, PATCH, DELETE"));
    om_response_header(&c->rs, "Access-Control-Allow-Headers",
                       OM_STR("authorization, content-type, last-event-id"));
    om_response_header(&c->rs, "Access-Control-Max-Age", OM_STR("600"));
}

static void allow_origin(om_call *c, const om_guard_headers *h)
{
    const om_guard *g = c->daemon->opts.guard;
    if (!h->origin.p || !om_guard_origin_allowed(g, h->origin)) return;
    om_response_header(&c->rs, "Access-Control-Allow-Origin",
                       om_arena_str(&c->arena, h->origin));
    om_response_header(&c->rs, "Vary", OM_STR("Origin"));
}

static void refuse_method(om_call *c, unsigned others)
{
    om_buf b;
    om_buf_init(&b, c->daemon->opts.env, 200);
    for (int m = 0; m < OM_N_METHODS; m++)
        if (others & 1u << m)
            om_buf_printf(&b, "%s%s%s", b.n ? ", " : "", om_method_word(m),
                          m == OM_GET ? ", HEAD" : "");
    refuse(c, 405, "METHOD", OMOST_USAGE,
           "this address does not know that method");
    if (b.status == OMOST_OK)
        om_response_header(&c->rs, "Allow",
                           om_arena_str(&c->arena, om_buf_view(&b)));
    om_buf_free(&b);
}

static void check_query(om_call *c)
{
    omost_error err;
    if (om_route_check_query(c->route, &c->arena, c->rq.query, &err) !=
        OMOST_OK)
        refuse(c, 400, NULL, err.status, err.msg);
}

static void check_length(om_call *c, struct MHD_Connection *mc)
{
    const om_str text = om_call_header(mc, "Content-Length");
    int64_t n = 0;
    if (!text.p) {
        om_conn_deadline(c->conn, c->daemon, OM_BODY_SECONDS);
    } else if (!om_parse_id(text, 0, INT64_MAX, &n)) {
        refuse(c, 400, NULL, OMOST_USAGE,
               "the header Content-Length is no number");
    } else if ((uint64_t)n > om_route_max_body(c->route)) {
        om_call_refuse_size(c);
    } else {
        om_conn_deadline(c->conn, c->daemon,
                         OM_BODY_SECONDS + (int)(n / OM_BODY_RATE));
    }
}

/* A proxy before us may have believed another one: what follows is nobody's. */
static void refuse_lengths(om_call *c)
{
    om_response_header(&c->rs, "Connection", OM_STR("close"));
    refuse(c, 400, NULL, OMOST_USAGE,
           "a request has one Content-Length or one Transfer-Encoding");
}

void om_call_begin(om_call *c, struct MHD_Connection *mc, const char *method)
{
    headers_once once = {0};
    MHD_get_connection_values(mc, MHD_HEADER_KIND, count_once, &once);
    const om_guard_headers h = guard_headers(mc, once.hosts);
    omost_error err;
    unsigned others = 0;
    const int m = om_method_find(method);
    om_buf_init(&c->body, c->daemon->opts.env, OM_MAX_PNG_BODY + 1);
    allow_origin(c, &h);
    if (once.lengths > 1) {
        refuse_lengths(c);
        return;
    }
    if (om_target_parse(&c->arena, c->target, &c->rq.path, &c->rq.query,
                        &err) != OMOST_OK) {
        refuse(c, 400, NULL, err.status, err.msg);
        return;
    }
    c->rs.openai = om_str_starts(c->rq.path, OM_STR("/v1/"));
    if (strcmp(method, "OPTIONS") == 0) {
        answer_preflight(c, &h);
        return;
    }
    c->rq.method = m < 0 ? OM_GET : (om_method)m;
    c->route = om_route_find(c->daemon->opts.routes,
                             m < 0 ? OM_N_METHODS : c->rq.method, c->rq.path,
                             c->rq.param, &others);
    const om_route none = {.pattern = ""};
    const om_route *r = c->route ? c->route : &none;
    const bool page = strcmp(r->pattern, "/") == 0;
    const om_refusal no = om_guard_check(c->daemon->opts.guard, &h,
                                         c->rq.method, r->body, page, r->open);
    if (no.http) {
        if (no.http == 401)
            om_response_header(&c->rs, "WWW-Authenticate", OM_STR("Bearer"));
        refuse(c, no.http, no.word, OMOST_USAGE, no.text);
    } else if (!c->route && others) {
        refuse_method(c, others);
    } else if (m < 0) {
        refuse(c, 405, "METHOD", OMOST_USAGE, "this method is not known here");
    } else if (!c->route) {
        refuse(c, 404, NULL, OMOST_MISSING, "there is nothing at this address");
    } else {
        check_query(c);
        if (!c->ready) check_length(c, mc);
    }
}

bool om_call_may_pass(om_call *c, struct MHD_Connection *mc)
{
    const om_str text = om_call_header(mc, "Content-Length");
    int64_t n = 0;
    if (om_call_header(mc, "Transfer-Encoding").p || !text.p ||
        !om_parse_id(text, 1, OM_MOST_PASSED, &n))
        return false;
    om_conn_deadline(c->conn, c->daemon, OM_BODY_SECONDS);
    return true;
}
