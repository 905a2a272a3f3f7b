/* request.c - see request.h. */
#include "server/request.h"

#include "base/json.h"

omost_status om_members(const json_t *o, const char *where,
                        const char *const *known, omost_error *err)
{
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)o, key, value)
    {
        bool found = false;
        for (const char *const *k = known; *k && !found; k++)
            found = strcmp(*k, key) == 0;
        if (!found)
            return om_fail(err, OMOST_USAGE,
                           "%s has a member \"%.60s\" that is "
                           "not known here",
                           where, key);
    }
    return OMOST_OK;
}

static omost_status wrong(const char *key, const char *want, omost_error *err)
{
    return om_fail(err, OMOST_USAGE, "%s must be %s", key, want);
}

static const json_t *member(const json_t *o, const char *key)
{
    const json_t *v = json_object_get(o, key);
    return v && json_is_null(v) ? NULL : v;
}

omost_status om_member_int(const json_t *o, const char *key, int64_t fallback,
                           int64_t min, int64_t max, int64_t *out,
                           omost_error *err)
{
    const json_t *v = member(o, key);
    *out = fallback;
    if (!v) return OMOST_OK;
    if (!json_is_integer(v)) return wrong(key, "a whole number", err);
    *out = json_integer_value(v);
    if (*out >= min && *out <= max) return OMOST_OK;
    return om_fail(err, OMOST_RANGE, "%s is %lld; it must be %lld to %lld", key,
                   (long long)*out, (long long)min, (long long)max);
}

omost_status om_member_number(const json_t *o, const char *key, double fallback,
                              double min, double max, double *out,
                              omost_error *err)
{
    const json_t *v = member(o, key);
    *out = fallback;
    if (!v) return OMOST_OK;
    if (!json_is_number(v)) return wrong(key, "a number", err);
    *out = json_number_value(v);
    if (*out >= min && *out <= max) return OMOST_OK;
    return om_fail(err, OMOST_RANGE, "%s is %g; it must be %g to %g", key, *out,
                   min, max);
}

omost_status om_member_bool(const json_t *o, const char *key, bool fallback,
                            bool *out, omost_error *err)
{
    const json_t *v = member(o, key);
    *out = v ? json_is_true(v) : fallback;
    if (!v || json_is_boolean(v)) return OMOST_OK;
    return wrong(key, "true or false", err);
}

omost_status om_member_str(const json_t *o, const char *key, om_str *out,
                           omost_error *err)
{
    const json_t *v = member(o, key);
    *out = (om_str){0};
    if (!v) return OMOST_OK;
    if (!json_is_string(v)) return wrong(key, "a text", err);
    *out = om_json_str(v);
    if (memchr(out->p, '\0', out->n))
        return om_fail(err, OMOST_USAGE, "%s has a NUL in it", key);
    return OMOST_OK;
}

omost_status om_member_object(const json_t *o, const char *key, json_t **out,
                              omost_error *err)
{
    json_t *v = json_object_get(o, key);
    *out = v && json_is_null(v) ? NULL : v;
    if (!*out || json_is_object(*out)) return OMOST_OK;
    return wrong(key, "an object", err);
}
