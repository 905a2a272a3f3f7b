/* import.c - see import.h. */
#include "canvas/import.h"

#include "canvas/print.h"

omost_status om_import_begin(om_import *im, const omost_read_opts *opts,
                             omost_error *err)
{
    *im = (om_import){.strict = opts && opts->strict, .err = err};
    im->cv = om_canvas_alloc(opts ? opts->env : NULL, err);
    return im->cv ? OMOST_OK : OMOST_NOMEM;
}

omost_canvas *om_import_finish(om_import *im, omost_status st)
{
    if (st == OMOST_OK && !omost_canvas_global(im->cv) &&
        omost_canvas_count(im->cv) == 0)
        st =
            om_fail(im->err, OMOST_FORMAT,
                    "the canvas has neither a global description nor a region");
    if (st == OMOST_OK) return im->cv;
    omost_canvas_free(im->cv);
    return NULL;
}

static const char *kind_name(const json_t *v)
{
    switch (json_typeof(v)) {
    case JSON_OBJECT: return "an object";
    case JSON_ARRAY: return "an array";
    case JSON_STRING: return "a string";
    case JSON_INTEGER:
    case JSON_REAL: return "a number";
    case JSON_TRUE: return "true";
    case JSON_FALSE: return "false";
    case JSON_NULL: break;
    }
    return "null";
}

omost_status om_import_wrong(om_import *im, const char *key, const char *want,
                             const json_t *got)
{
    return om_fail(im->err, OMOST_FORMAT, "%s%s%s must be %s, not %s",
                   OM_IMPORT_AT(im, key), want, kind_name(got));
}

omost_status om_import_missing(om_import *im, const char *key,
                               const char *taken)
{
    if (im->strict)
        return om_fail(im->err, OMOST_FORMAT, "%s%s%s is missing",
                       OM_IMPORT_AT(im, key));
    return om_canvas_note(im->cv, (om_place){0}, im->err,
                          "%s%s%s is missing; taken as %s",
                          OM_IMPORT_AT(im, key), taken);
}

static bool is_known(const char *key, const char *const *known)
{
    for (; *known; known++)
        if (strcmp(key, *known) == 0) return true;
    return false;
}

/* A key from outside, fit to be shown. */
static omost_status unknown_key(om_import *im, const char *key)
{
    om_buf shown;
    om_buf_init(&shown, om_canvas_env(im->cv), 1024);
    om_print_line(&shown, om_str_of(key), 60);
    om_buf_puts(&shown, "");
    omost_status st = om_buf_check(&shown, "a key", im->err);
    if (st == OMOST_OK && im->strict)
        st = om_fail(im->err, OMOST_FORMAT, "%s%s%s is not a key of a canvas",
                     OM_IMPORT_AT(im, shown.p));
    else if (st == OMOST_OK)
        st = om_canvas_note(im->cv, (om_place){0}, im->err,
                            "%s%s%s is not a key of a canvas; it was ignored",
                            OM_IMPORT_AT(im, shown.p));
    om_buf_free(&shown);
    return st;
}

omost_status om_import_check_keys(om_import *im, json_t *obj,
                                  const char *const *known)
{
    const char *key;
    json_t *v;
    omost_status st = OMOST_OK;
    json_object_foreach(obj, key, v)
    {
        if (!is_known(key, known)) st = unknown_key(im, key);
        if (st != OMOST_OK) break;
    }
    return st;
}

static omost_status copy_text(om_import *im, const json_t *v, om_str *out)
{
    *out = om_arena_str(&im->cv->arena, om_json_str(v));
    return out->p ? OMOST_OK : om_fail_nomem(im->err);
}

omost_status om_import_text(om_import *im, const char *key, const json_t *v,
                            om_str *out)
{
    *out = (om_str){0};
    if (!v) return om_import_missing(im, key, "empty");
    if (!json_is_string(v)) return om_import_wrong(im, key, "a string", v);
    return copy_text(im, v, out);
}

omost_status om_import_texts(om_import *im, const char *key, const json_t *v,
                             omost_texts *out)
{
    *out = (omost_texts){0};
    if (!v) return om_import_missing(im, key, "empty");
    if (!json_is_array(v))
        return om_import_wrong(im, key, "an array of strings", v);
    size_t n = json_array_size(v);
    if (n > OMOST_MAX_TEXTS)
        return om_fail(im->err, OMOST_LIMIT, "%s%s%s holds more than %d texts",
                       OM_IMPORT_AT(im, key), OMOST_MAX_TEXTS);
    om_str *p = om_arena_array(&im->cv->arena, n, sizeof *p);
    if (!p) return om_fail_nomem(im->err);
    *out = (omost_texts){p, n};
    for (size_t i = 0; i < n; i++) {
        const json_t *item = json_array_get(v, i);
        char name[80];
        snprintf(name, sizeof name, "%s[%zu]", key, i);
        if (!json_is_string(item))
            return om_import_wrong(im, name, "a string", item);
        omost_status st = copy_text(im, item, &p[i]);
        if (st != OMOST_OK) return st;
    }
    return OMOST_OK;
}
