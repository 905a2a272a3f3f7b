/* schema.h - the bodies of requests and answers (schemas.def), for
 * /openapi.json and docs/http-api.md. */
#ifndef OM_SERVER_SCHEMA_H
#define OM_SERVER_SCHEMA_H

#include "server/http.h"

/* The i-th name and its members as text; NULL beyond. */
const char *om_schema_name(size_t i, const char **members);

/* One member of such a text; false at its end. */
typedef struct om_schema_member {
    om_str name, type;
    bool optional;
} om_schema_member;
bool om_schema_next(const char **members, om_schema_member *out);

/* "[int]|null" and so on as JSON Schema; NULL: no memory. */
json_t *om_schema_type_json(om_str type);
/* All of them as JSON Schema; NULL: no memory. */
json_t *om_schemas_json(void);

#endif
