/* openapi.c - GET /openapi.json, made from the table of routes and the schemas
 * (schemas.def). */
#include <stdio.h>

#include "server/api.h"
#include "server/schema.h"

static json_t *ref_json(const char *name)
{
    om_buf b;
    om_buf_init(&b, NULL, 200);
    om_buf_printf(&b, "#/components/schemas/%s", name);
    json_t *v = b.p ? json_pack("{s:s}", "$ref", b.p) : NULL;
    om_buf_free(&b);
    return v;
}

static const char *media_of(const char *schema)
{
    if (strcmp(schema, "Png") == 0 || strcmp(schema, "PngBody") == 0)
        return "image/png";
    if (strcmp(schema, "Svg") == 0) return "image/svg+xml";
    if (strcmp(schema, "Events") == 0) return "text/event-stream";
    return "application/json";
}

static json_t *content_json(const char *schema)
{
    json_t *o = json_object(), *media = json_object();
    om_json_put(&media, "schema", ref_json(schema));
    om_json_put(&o, media_of(schema), media);
    return o;
}

static json_t *parameter_json(om_str name, const char *in, bool needed,
                              om_str type)
{
    json_t *o = json_object();
    om_json_put_str(&o, "name", name);
    om_json_put(&o, "in", json_string(in));
    om_json_put(&o, "required", json_boolean(needed));
    om_json_put(&o, "schema", om_schema_type_json(type));
    return o;
}

/* {name} in the pattern, and those of the query */
static json_t *parameters_json(const om_route *r)
{
    json_t *a = json_array();
    om_schema_member m;
    for (const char *p = r->pattern; (p = strchr(p, '{')) != NULL;) {
        const char *end = strchr(p, '}');
        size_t n = (size_t)(end - p) - 1;
        if (n > 3 && memcmp(end - 3, "...", 3) == 0) n -= 3;
        om_json_append(&a, parameter_json((om_str){p + 1, n}, "path", true,
                                          OM_STR("str")));
        p = end;
    }
    for (const char *p = r->query; om_schema_next(&p, &m);)
        om_json_append(&a,
                       parameter_json(m.name, "query", !m.optional, m.type));
    return a;
}

/* What may go wrong with which routes. */
enum { ALWAYS, WITH_ID, WITH_BODY, WITH_JOB, WITH_KEY, WITH_RESTART };
static const struct {
    const char *code, *text;
    int when;
} errors[] = {
    {"400", "asked for in a wrong way", ALWAYS},
    {"401", "without the key", WITH_KEY},
    {"403", "by a page of another site", ALWAYS},
    {"404", "it is not there", WITH_ID},
    {"409", "it was begun anew already", WITH_RESTART},
    {"413", "the body is too large", WITH_BODY},
    {"415", "the body is of another type", WITH_BODY},
    {"421", "under another name", ALWAYS},
    {"422", "out of range, or not what it should be", ALWAYS},
    {"503", "too much waits already, or the database is locked; Retry-After",
     WITH_JOB},
    {"507", "there is no room on the disk, or no memory", WITH_BODY},
};

static bool may_be(const om_route *r, int when)
{
    switch (when) {
    case WITH_ID: return strchr(r->pattern, '{') != NULL;
    case WITH_BODY: return r->body != OM_BODY_NONE;
    case WITH_JOB: return r->method != OM_GET;
    case WITH_KEY: return !r->open;
    case WITH_RESTART: return strstr(r->pattern, "/restart") != NULL;
    default: return true;
    }
}

static json_t *answers_json(const om_route *r)
{
    char code[8];
    json_t *o = json_object(), *fine = json_object(), *bad = json_object();
    snprintf(code, sizeof code, "%d", r->status);
    om_json_put(&fine, "description", json_string(r->summary));
    if (*r->response) om_json_put(&fine, "content", content_json(r->response));
    om_json_put(&bad, "description", json_string("what went wrong"));
    om_json_put(&bad, "content", content_json("Error"));
    om_json_put(&o, code, fine);
    for (size_t i = 0; i < sizeof errors / sizeof *errors; i++) {
        if (!may_be(r, errors[i].when)) continue;
        json_t *e = json_object();
        om_json_put(&e, "description", json_string(errors[i].text));
        om_json_put(&e, "content", content_json("Error"));
        om_json_put(&o, errors[i].code, e);
    }
    om_json_put(&o, "default", bad);
    return o;
}

static json_t *operation_json(const om_route *r)
{
    json_t *o = json_object();
    om_json_put(&o, "tags", json_pack("[s]", r->tag));
    om_json_put(&o, "summary", json_string(r->summary));
    om_json_put(&o, "parameters", parameters_json(r));
    if (*r->request) {
        json_t *body = json_object();
        om_json_put(&body, "content", content_json(r->request));
        om_json_put(&body, "required", json_boolean(r->body != OM_BODY_MAYBE));
        om_json_put(&o, "requestBody", body);
    }
    om_json_put(&o, "responses", answers_json(r));
    if (r->open) om_json_put(&o, "security", json_array());
    return o;
}

static const char *const lower[] = {[OM_GET] = "get",
                                    [OM_POST] = "post",
                                    [OM_PUT] = "put",
                                    [OM_PATCH] = "patch",
                                    [OM_DELETE] = "delete"};

/* A pattern as OpenAPI has it, which knows no {name...}. */
static void put_path(om_buf *out, const char *pattern)
{
    const char *dots = strstr(pattern, "...}");
    const size_t n = dots ? (size_t)(dots - pattern) : strlen(pattern);
    om_buf_put(out, pattern, n);
    if (dots) om_buf_putc(out, '}');
}

static json_t *path_of(json_t **paths, const char *pattern)
{
    om_buf b;
    om_buf_init(&b, NULL, 200);
    put_path(&b, pattern);
    json_t *path = b.p ? json_object_get(*paths, b.p) : NULL;
    if (!path && b.p) {
        path = json_object();
        om_json_put(paths, b.p, path);
        if (!*paths) path = NULL;
    }
    om_buf_free(&b);
    return path;
}

static json_t *paths_json(void)
{
    json_t *o = json_object();
    for (const om_route *r = om_routes; o && r->pattern; r++) {
        json_t *path = path_of(&o, r->pattern);
        json_t *op = operation_json(r);
        if (!path || json_object_set_new(path, lower[r->method], op) < 0) {
            if (!path) json_decref(op);
            json_decref(o);
            return NULL;
        }
    }
    return o;
}

static json_t *security_json(void)
{
    return json_pack("{s:{s:s,s:s}}", "key", "type", "http", "scheme",
                     "bearer");
}

omost_status om_get_openapi(om_request *rq, om_response *rs, omost_error *err)
{
    json_t *o = json_object(), *parts = json_object();
    (void)rq;
    om_json_put(&parts, "schemas", om_schemas_json());
    om_json_put(&parts, "securitySchemes", security_json());
    om_json_put(&o, "openapi", json_string("3.0.3"));
    om_json_put(&o, "info",
                json_pack("{s:s,s:s}", "title", "omost", "version",
                          omost_version()));
    om_json_put(&o, "paths", paths_json());
    om_json_put(&o, "components", parts);
    om_json_put(&o, "security", json_pack("[{s:[]}]", "key"));
    return om_response_json(rs, o, err);
}
