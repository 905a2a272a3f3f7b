/* hub_ref.c - see hub_ref.h. */
#include "models/hub_ref.h"

#include <sys/stat.h>

#include "omost/models.h"

enum { MAX_NAME = 96, MAX_FILE = 512 };

static bool is_word(om_str s, size_t most)
{
    if (s.n == 0 || s.n > most || s.p[0] == '.' || s.p[0] == '-') return false;
    for (size_t i = 0; i < s.n; i++) {
        const char c = s.p[i];
        const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                            (c >= '0' && c <= '9');
        if (!letter && c != '-' && c != '_' && c != '.') return false;
    }
    return true;
}

/* "--" and ".." would be another name in the cache's spelling. */
static bool is_name(om_str s)
{
    return is_word(s, MAX_NAME) && om_str_find(s, OM_STR("--")) == SIZE_MAX &&
           om_str_find(s, OM_STR("..")) == SIZE_MAX;
}

static bool is_safe_segment(om_str s)
{
    if (s.n == 0 || s.n > 200 || om_str_eq(s, OM_STR(".")) ||
        om_str_eq(s, OM_STR("..")))
        return false;
    for (size_t i = 0; i < s.n; i++) {
        const unsigned char c = (unsigned char)s.p[i];
        if (c < ' ' || c == 0x7f || c == '\\' || c == '/') return false;
    }
    return true;
}

static size_t slash_in(om_str s)
{
    size_t at = om_str_find(s, OM_STR("/"));
    return at == SIZE_MAX ? s.n : at;
}

bool om_is_safe_file(om_str s)
{
    if (s.n > MAX_FILE) return false;
    for (;;) {
        size_t n = slash_in(s);
        if (!is_safe_segment((om_str){s.p, n})) return false;
        if (n == s.n) return true;
        s = om_str_skip(s, n + 1);
    }
}

/* "main", "v1.0", "refs/pr/3", a commit */
static bool is_rev(om_str s)
{
    for (;;) {
        size_t n = slash_in(s);
        if (!is_word((om_str){s.p, n}, MAX_NAME)) return false;
        if (n == s.n) return true;
        s = om_str_skip(s, n + 1);
    }
}

bool om_is_hex(om_str s, size_t n)
{
    if (s.n != n) return false;
    for (size_t i = 0; i < n; i++)
        if (om_hex_value(s.p[i]) < 0 || (s.p[i] >= 'A' && s.p[i] <= 'F'))
            return false;
    return true;
}

bool om_is_commit(om_str rev)
{
    return om_is_hex(rev, 40);
}

/* OWNER/REPO[/FILE][@REV] */
static omost_status parse_hub(om_hub_ref *r, om_str s, omost_error *err)
{
    r->rev = OM_STR("main");
    for (size_t i = s.n; i-- > 0;) {
        if (s.p[i] != '@') continue;
        r->rev = om_str_skip(s, i + 1);
        s.n = i;
        break;
    }
    size_t n = slash_in(s);
    r->owner = (om_str){s.p, n};
    s = om_str_skip(s, n < s.n ? n + 1 : n);
    n = slash_in(s);
    r->repo = (om_str){s.p, n};
    r->kind = n < s.n ? OM_REF_FILE : OM_REF_REPO;
    r->file = om_str_skip(s, n < s.n ? n + 1 : n);
    if (!is_name(r->owner) || !is_name(r->repo))
        return om_fail(err, OMOST_USAGE,
                       "\"%.100s\" does not name a repository: write "
                       "hf:OWNER/REPO or hf:OWNER/REPO/FILE",
                       r->text);
    if (r->kind == OM_REF_FILE && !om_is_safe_file(r->file))
        return om_fail(err, OMOST_USAGE, "\"%.100s\" names no file that can be",
                       r->text);
    if (!is_rev(r->rev))
        return om_fail(err, OMOST_USAGE,
                       "\"%.100s\" has no revision after its @", r->text);
    return OMOST_OK;
}

static bool is_url(const char *text)
{
    return strncmp(text, "https://", 8) == 0 ||
           strncmp(text, "http://", 7) == 0;
}

bool omost_is_model_ref(const char *text)
{
    struct stat sb;
    if (strncmp(text, "hf:", 3) == 0 || is_url(text)) return true;
    return omost_known_find(text) && stat(text, &sb) != 0;
}

omost_status om_hub_ref_parse(om_hub_ref *r, const char *text, omost_error *err)
{
    om_error_clear(err);
    *r = (om_hub_ref){.text = text};
    if (!omost_is_model_ref(text)) return OMOST_OK;
    const omost_known *known = omost_known_find(text);
    if (known) text = known->ref;
    if (!is_url(text)) return parse_hub(r, om_str_of(text + 3), err);
    r->kind = OM_REF_URL;
    r->url = om_str_of(text);
    return OMOST_OK;
}
