/* schema.c - see schema.h. */
#include "server/schema.h"

#include "server/api_json.h"

static const struct {
    const char *name, *members;
} schemas[] = {
#define X(name, members) {name, members},
#include "server/schemas.def"
#undef X
};

const char *om_schema_name(size_t i, const char **members)
{
    if (i >= sizeof schemas / sizeof *schemas) return NULL;
    *members = schemas[i].members;
    return schemas[i].name;
}

bool om_schema_next(const char **members, om_schema_member *out)
{
    const char *p = *members + strspn(*members, " ");
    const size_t name = strcspn(p, ":"), all = strcspn(p, " ");
    if (!*p || name >= all) return false;
    out->optional = p[name - 1] == '?';
    out->name = (om_str){p, name - out->optional};
    out->type = (om_str){p + name + 1, all - name - 1};
    *members = p + all;
    return true;
}

static json_t *ref_json(om_str name)
{
    om_buf b;
    json_t *o = json_object();
    om_buf_init(&b, NULL, 200);
    om_buf_puts(&b, "#/components/schemas/");
    om_buf_str(&b, name);
    om_json_put_str(&o, "$ref", om_buf_view(&b));
    om_buf_free(&b);
    return o;
}

static json_t *plain_json(om_str type)
{
    static const struct {
        const char *word, *type, *format;
    } plain[] = {
        {"str", "string", NULL},
        {"int", "integer", NULL},
        {"num", "number", NULL},
        {"bool", "boolean", NULL},
        {"any", NULL, NULL},
        {"time", "string", "date-time"},
        {"binary", "string", "binary"},
    };
    for (size_t i = 0; i < sizeof plain / sizeof *plain; i++) {
        if (!om_str_eqz(type, plain[i].word)) continue;
        json_t *o = json_object();
        if (plain[i].type) om_json_put(&o, "type", json_string(plain[i].type));
        if (plain[i].format)
            om_json_put(&o, "format", json_string(plain[i].format));
        return o;
    }
    return ref_json(type);
}

json_t *om_schema_type_json(om_str type)
{
    const om_str null = OM_STR("|null");
    om_str inner = type;
    size_t depth = 0;
    const bool nullable = om_str_ends(type, null);
    if (nullable) inner.n -= null.n;
    while (inner.n > 1 && inner.p[0] == '[') {
        inner = (om_str){inner.p + 1, inner.n - 2};
        depth++;
    }
    json_t *o = plain_json(inner);
    for (; depth > 0; depth--) {
        json_t *list = json_object();
        om_json_put(&list, "type", json_string("array"));
        om_json_put(&list, "items", o);
        o = list;
    }
    if (!nullable) return o;
    /* OpenAPI 3.0: beside a reference nothing counts. */
    json_t *any = json_object(), *all = json_array();
    om_json_append(&all, o);
    om_json_put(&any, "allOf", all);
    om_json_put(&any, "nullable", json_true());
    return any;
}

static json_t *object_json(const char *members)
{
    om_schema_member m;
    if (*members == '=') return om_schema_type_json(om_str_of(members + 1));
    json_t *o = json_object(), *all = json_object(), *needed = json_array();
    while (om_schema_next(&members, &m)) {
        char name[64] = "";
        memcpy(name, m.name.p, m.name.n < 63 ? m.name.n : 63);
        om_json_put(&all, name, om_schema_type_json(m.type));
        if (!m.optional) om_json_append(&needed, json_string(name));
    }
    om_json_put(&o, "type", json_string("object"));
    om_json_put(&o, "properties", all);
    if (json_array_size(needed))
        om_json_put(&o, "required", needed);
    else
        json_decref(needed);
    return o;
}

json_t *om_schemas_json(void)
{
    json_t *o = json_object();
    const char *name, *members;
    for (size_t i = 0; (name = om_schema_name(i, &members)) != NULL; i++)
        om_json_put(&o, name, object_json(members));
    return o;
}
