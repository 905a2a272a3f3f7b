/* http.c - requests and answers; see http.h. */
#include "server/http.h"

#include <stdio.h>

#include "base/json.h"
#include "server/api_json.h"
#include "server/guard.h"

/* ---- requests --------------------------------------------------------- */

om_str om_request_query(const om_request *rq, const char *name)
{
    return om_query_value(rq->arena, rq->query, name);
}

om_str om_request_header(const om_request *rq, const char *name)
{
    return rq->header ? rq->header(rq->connection, name) : (om_str){0};
}

omost_status om_request_id(const om_request *rq, int i, int64_t *out,
                           omost_error *err)
{
    if (om_parse_id(rq->param[i], 1, INT64_MAX, out)) return OMOST_OK;
    return om_fail(err, OMOST_MISSING, "\"%.*s\" is no number of anything here",
                   rq->param[i].n > 40 ? 40 : OM_STR_ARG(rq->param[i]));
}

omost_status om_request_int(const om_request *rq, const char *name,
                            int64_t fallback, int64_t min, int64_t max,
                            int64_t *out, omost_error *err)
{
    const om_str s = om_request_query(rq, name);
    *out = fallback;
    if (!s.p || om_parse_id(s, min, max, out)) return OMOST_OK;
    return om_fail(err, OMOST_RANGE, "%s must be a number, %lld to %lld", name,
                   (long long)min, (long long)max);
}

omost_status om_request_page(const om_request *rq, int64_t *before, int *limit,
                             omost_error *err)
{
    int64_t n = 50;
    omost_status st =
        om_request_int(rq, "before", 0, 0, INT64_MAX, before, err);
    if (st == OMOST_OK) st = om_request_int(rq, "limit", 50, 1, 500, &n, err);
    *limit = (int)n;
    return st;
}

/* ---- answers ---------------------------------------------------------- */

void om_response_header(om_response *rs, const char *name, om_str value)
{
    if (rs->n_headers == OM_MAX_HEADERS || !value.p) return;
    rs->header[rs->n_headers].name = name;
    rs->header[rs->n_headers++].value = value;
}

void om_response_live(om_response *rs)
{
    om_response_header(rs, "X-Accel-Buffering", OM_STR("no"));
    om_response_header(rs, "Cache-Control", OM_STR("no-cache, no-store"));
}

bool om_response_has(const om_response *rs, const char *name)
{
    for (int i = 0; i < rs->n_headers; i++)
        if (strcmp(rs->header[i].name, name) == 0) return true;
    return false;
}

omost_status om_response_json(om_response *rs, json_t *value, omost_error *err)
{
    if (!value) return om_fail_nomem(err);
    om_json_write(&rs->body, value, false);
    json_decref(value);
    return om_buf_check(&rs->body, "the answer", err);
}

bool om_response_tag(const om_request *rq, om_response *rs, om_str tag)
{
    om_response_header(rs, "ETag", tag);
    const om_str has = om_request_header(rq, "If-None-Match");
    if (!has.p || tag.n == 0) return false;
    if (om_str_find(has, tag) == SIZE_MAX && !om_str_eqz(has, "*"))
        return false;
    rs->status = 304;
    return true;
}

int om_http_code(omost_status st)
{
    static const int code[] = {
#define X(name, exit_code, http, text) http,
        OMOST_STATUS_LIST(X)
#undef X
    };
    return (size_t)st < sizeof code / sizeof *code ? code[st] : 500;
}

/* What a request named may have been cut inside a character. */
static json_t *message_of(const omost_error *err)
{
    char text[sizeof err->msg];
    om_cut_text(text, sizeof text, om_str_of(err->msg));
    return om_json_new_str(om_str_of(text));
}

json_t *om_error_json(const omost_error *err, const char *word)
{
    json_t *e = json_pack("{s:s}", "status",
                          word ? word : omost_status_name(err->status));
    json_t *message = message_of(err);
    if (!e || !message || json_object_set_new(e, "message", message) < 0) {
        if (!e) json_decref(message);
        json_decref(e);
        return NULL;
    }
    if (err->line > 0) {
        json_object_set_new(e, "line", json_integer(err->line));
        json_object_set_new(e, "col", json_integer(err->col));
        json_object_set_new(e, "len", json_integer(err->len));
    }
    return e;
}

json_t *om_openai_error_json(const omost_error *err, int http, const char *word)
{
    const char *type = http == 401   ? "authentication_error"
                       : http >= 500 ? "server_error"
                                     : "invalid_request_error";
    json_t *e = om_error_json(err, word);
    if (!e) return NULL;
    json_object_set_new(e, "type", json_string(type));
    json_object_set_new(e, "param", json_null());
    json_object_set_new(e, "code", json_copy(json_object_get(e, "status")));
    return e;
}

/* What was said of the body that does not come. */
static void drop_headers(om_response *rs)
{
    static const char *const of_body[] = {"Cache-Control", "ETag",
                                          "Content-Disposition"};
    int kept = 0;
    for (int i = 0; i < rs->n_headers; i++) {
        bool drop = false;
        for (size_t k = 0; k < sizeof of_body / sizeof *of_body; k++)
            drop = drop || strcmp(rs->header[i].name, of_body[k]) == 0;
        if (!drop) rs->header[kept++] = rs->header[i];
    }
    rs->n_headers = kept;
}

void om_response_error(om_response *rs, int http, const char *word,
                       const omost_error *err)
{
    omost_error ignored;
    drop_headers(rs);
    rs->status = http;
    rs->type = NULL;
    rs->fixed = (om_str){0};
    rs->body.n = 0;
    rs->body.status = OMOST_OK;
    if (http == 503 && !om_response_has(rs, "Retry-After"))
        om_response_header(rs, "Retry-After", OM_STR("1"));
    json_t *e = rs->openai ? om_openai_error_json(err, http, word)
                           : om_error_json(err, word);
    json_t *v = e ? json_pack("{s:o}", "error", e) : NULL;
    if (om_response_json(rs, v, &ignored) == OMOST_OK) return;
    rs->fixed = OM_STR("{\"error\":{\"status\":\"NOMEM\",\"message\":"
                       "\"out of memory\"}}");
}
