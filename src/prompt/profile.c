/* profile.c - reading profiles and asking them; the language is in
 * omost/plan.h, the built-in profiles are the text below. */
#include "prompt/profile.h"

#include "base/error.h"
#include "base/utf8.h"

/* Sections are for this table alone. People are counted in tags, and many
 * plain words have a tag of another form; what the models were trained on is
 * what Danbooru calls it, and Pony's scores come before everything else. */
static const char builtin_table[] =
    "[sdxl]\n"
    "style: description\n"
    "[illustrious, anime]\n"
    "style: tags\n"
    "quality: masterpiece, best quality\n"
    "girl -> 1girl\n"
    "woman -> 1girl\n"
    "lady -> 1girl\n"
    "two girls -> 2girls\n"
    "two women -> 2girls\n"
    "three girls -> 3girls\n"
    "three women -> 3girls\n"
    "girls -> multiple girls\n"
    "women -> multiple girls\n"
    "boy -> 1boy\n"
    "man -> 1boy\n"
    "two boys -> 2boys\n"
    "two men -> 2boys\n"
    "three boys -> 3boys\n"
    "three men -> 3boys\n"
    "boys -> multiple boys\n"
    "men -> multiple boys\n"
    "couple -> 1boy, 1girl\n"
    "man and woman -> 1boy, 1girl\n"
    "no people -> no humans\n"
    "looking at camera -> looking at viewer\n"
    "looking at the camera -> looking at viewer\n"
    "looking at the viewer -> looking at viewer\n"
    "smiling -> smile\n"
    "blonde -> blonde hair\n"
    "outdoor -> outdoors\n"
    "indoor -> indoors\n"
    "closeup -> close-up\n"
    "close up -> close-up\n"
    "[pony]\n"
    "like: anime\n"
    "quality: score_9, score_8_up, score_7_up\n";

static const char *const builtin_names[] = {"sdxl", "pony", "illustrious",
                                            "anime"};

typedef struct rule {
    om_str key, to;
} rule;

struct omost_profile {
    om_arena arena;
    omost_prompt_style style;
    om_str quality;
    rule *rules; /* in the order of their keys */
    size_t n, cap;
};

/* ---- tags -------------------------------------------------------------- */

bool om_tag_next(om_str *rest, om_str *tag)
{
    while (rest->n > 0) {
        size_t at = om_str_find(*rest, OM_STR(","));
        size_t n = at == SIZE_MAX ? rest->n : at;
        *tag = om_str_strip((om_str){rest->p, n}, " .\t\r\n");
        *rest = om_str_skip(*rest, at == SIZE_MAX ? n : n + 1);
        if (tag->n > 0) return true;
    }
    return false;
}

size_t om_tag_key(om_str tag, char key[OM_TAG_KEY])
{
    size_t n = 0;
    for (size_t i = 0; i < tag.n; i++) {
        char c = tag.p[i];
        if (c >= 'A' && c <= 'Z') c = (char)(c + ('a' - 'A'));
        if (c == '_' || c == '\t' || c == '\r' || c == '\n') c = ' ';
        if (c == ' ' && (n == 0 || key[n - 1] == ' ')) continue;
        if (n == OM_TAG_KEY) return 0;
        key[n++] = c;
    }
    while (n > 0 && key[n - 1] == ' ') n--;
    return n;
}

/* ---- rules ------------------------------------------------------------- */

/* Where the key is, or would be. */
static size_t rule_index(const omost_profile *p, om_str key, bool *found)
{
    size_t lo = 0, hi = p->n;
    *found = false;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        int c = om_str_cmp(p->rules[mid].key, key);
        if (c == 0) *found = true;
        if (c == 0) return mid;
        if (c < 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo;
}

static omost_status add_rule(omost_profile *p, om_str key, om_str to,
                             om_place at, omost_error *err)
{
    bool found;
    size_t i = rule_index(p, key, &found);
    rule r = {.key = om_arena_str(&p->arena, key),
              .to = om_arena_str(&p->arena, to)};
    if (!r.key.p || !r.to.p) return om_fail_nomem(err);
    if (found) {
        p->rules[i].to = r.to;
        return OMOST_OK;
    }
    if (p->n == OM_PROFILE_MAX_RULES)
        return om_fail_at(err, OMOST_LIMIT, at, "more than %d rules",
                          OM_PROFILE_MAX_RULES);
    rule *rules = om_grow(p->arena.env, p->rules, p->n, &p->cap, sizeof *rules);
    if (!rules) return om_fail_nomem(err);
    p->rules = rules;
    memmove(rules + i + 1, rules + i, (p->n - i) * sizeof *rules);
    rules[i] = r;
    p->n++;
    return OMOST_OK;
}

bool om_profile_has_rules(const omost_profile *p)
{
    return p && p->n > 0;
}

bool omost_profile_rule(const omost_profile *p, omost_str tag, omost_str *to)
{
    char key[OM_TAG_KEY];
    bool found;
    size_t i = rule_index(p, (om_str){key, om_tag_key(tag, key)}, &found);
    if (found) *to = p->rules[i].to;
    return found;
}

/* ---- reading ----------------------------------------------------------- */

typedef struct source {
    om_str text;
    int line;
    const char *section; /* NULL: there are none */
    omost_error *err;
} source;

static omost_status read_source(omost_profile *p, source *s);

static om_place place_of(const source *s)
{
    return (om_place){.line = s->line, .col = 1, .len = 1};
}

static bool is_builtin(om_str name)
{
    for (size_t i = 0; i < sizeof builtin_names / sizeof *builtin_names; i++)
        if (om_str_eqz(name, builtin_names[i])) return true;
    return false;
}

static omost_status read_like(omost_profile *p, const source *s, om_str name)
{
    char z[32];
    if (!is_builtin(name))
        return om_fail_at(s->err, OMOST_MISSING, place_of(s),
                          "there is no built-in profile \"%.*s\"",
                          OM_STR_ARG(name));
    memcpy(z, name.p, name.n);
    z[name.n] = '\0';
    source t = {.text = om_str_of(builtin_table), .section = z, .err = s->err};
    return read_source(p, &t);
}

static omost_status read_style(omost_profile *p, const source *s, om_str word)
{
    if (om_str_eqz(word, "tags"))
        p->style = OMOST_PROMPT_TAGS;
    else if (om_str_eqz(word, "description"))
        p->style = OMOST_PROMPT_DESCRIPTION;
    else
        return om_fail_at(
            s->err, OMOST_SYNTAX, place_of(s),
            "the style is \"tags\" or \"description\", not \"%.*s\"",
            OM_STR_ARG(word));
    return OMOST_OK;
}

static omost_status read_setting(omost_profile *p, const source *s, om_str name,
                                 om_str value)
{
    if (om_str_eqz(name, "like")) return read_like(p, s, value);
    if (om_str_eqz(name, "style")) return read_style(p, s, value);
    if (om_str_eqz(name, "quality")) {
        p->quality = om_arena_str(&p->arena, om_str_strip(value, ",. "));
        return p->quality.p ? OMOST_OK : om_fail_nomem(s->err);
    }
    return om_fail_at(s->err, OMOST_SYNTAX, place_of(s),
                      "the settings are like, style and quality, not \"%.*s\"",
                      OM_STR_ARG(name));
}

static omost_status read_rule(omost_profile *p, const source *s, om_str from,
                              om_str to)
{
    char key[OM_TAG_KEY];
    size_t n = om_tag_key(from, key);
    if (n == 0)
        return om_fail_at(s->err, OMOST_SYNTAX, place_of(s),
                          "before \"->\" stands one tag of at most %d bytes",
                          OM_TAG_KEY);
    if (memchr(key, ',', n))
        return om_fail_at(s->err, OMOST_SYNTAX, place_of(s),
                          "a rule is for one tag; \"%.*s\" are several",
                          OM_STR_ARG(from));
    return add_rule(p, (om_str){key, n}, to, place_of(s), s->err);
}

/* line = "" | "#" anything | TAG "->" tags | NAME ":" value */
static omost_status read_line(omost_profile *p, const source *s, om_str line)
{
    if (line.n == 0 || line.p[0] == '#') return OMOST_OK;
    size_t arrow = om_str_find(line, OM_STR("->")),
           colon = om_str_find(line, OM_STR(":"));
    if (arrow != SIZE_MAX)
        return read_rule(p, s, om_str_strip((om_str){line.p, arrow}, " \t"),
                         om_str_strip(om_str_skip(line, arrow + 2), " \t"));
    if (colon != SIZE_MAX)
        return read_setting(p, s, om_str_strip((om_str){line.p, colon}, " \t"),
                            om_str_strip(om_str_skip(line, colon + 1), " \t"));
    return om_fail_at(
        s->err, OMOST_SYNTAX, place_of(s),
        "expected \"TAG -> TAGS\", \"quality: TAGS\", \"style: STYLE\" or "
        "\"like: PROFILE\"");
}

/* "[one, other]" */
static bool names_section(om_str line, const char *section)
{
    om_str rest = om_str_strip(line, "[]"), name;
    while (om_tag_next(&rest, &name))
        if (om_str_eqz(name, section)) return true;
    return false;
}

static omost_status read_source(omost_profile *p, source *s)
{
    bool inside = s->section == NULL;
    omost_status st = OMOST_OK;
    while (s->text.n > 0 && st == OMOST_OK) {
        size_t at = om_str_find(s->text, OM_STR("\n"));
        om_str line = {s->text.p, at == SIZE_MAX ? s->text.n : at};
        s->text = om_str_skip(s->text, at == SIZE_MAX ? line.n : line.n + 1);
        s->line++;
        line = om_str_strip(line, " \t\r");
        if (s->section && line.n && line.p[0] == '[')
            inside = names_section(line, s->section);
        else if (inside)
            st = read_line(p, s, line);
    }
    return st;
}

/* ---- making ------------------------------------------------------------ */

static omost_profile *alloc_profile(const omost_env *env, omost_error *err)
{
    omost_profile *p = om_zalloc(env, sizeof *p);
    if (!p) {
        om_fail_nomem(err);
        return NULL;
    }
    om_arena_init(&p->arena, env, 0);
    p->style = OMOST_PROMPT_DESCRIPTION;
    return p;
}

static omost_profile *read_new(const omost_env *env, source *s)
{
    omost_profile *p = alloc_profile(env, s->err);
    if (p && read_source(p, s) != OMOST_OK) {
        omost_profile_free(p);
        return NULL;
    }
    return p;
}

omost_profile *omost_profile_builtin(const omost_env *env, const char *name,
                                     omost_error *err)
{
    om_error_clear(err);
    if (!is_builtin(om_str_of(name))) {
        om_fail(err, OMOST_MISSING,
                "there is no built-in profile \"%.60s\"; there are sdxl, "
                "pony, illustrious and anime",
                name);
        return NULL;
    }
    source s = {.text = om_str_of(builtin_table), .section = name, .err = err};
    return read_new(env, &s);
}

const char *omost_profile_name(size_t i)
{
    return i < sizeof builtin_names / sizeof *builtin_names ? builtin_names[i]
                                                            : NULL;
}

omost_profile *omost_profile_read(const omost_env *env, const char *text,
                                  size_t len, omost_error *err)
{
    om_error_clear(err);
    if (len > OM_PROFILE_MAX_TEXT) {
        om_fail(err, OMOST_LIMIT, "a profile of more than %d bytes",
                OM_PROFILE_MAX_TEXT);
        return NULL;
    }
    size_t good = len ? om_utf8_valid_len(text, len) : 0;
    if (good < len) {
        om_fail(err, OMOST_FORMAT, "byte %zu of the profile is not UTF-8",
                good + 1);
        return NULL;
    }
    source s = {.text = {text, len}, .err = err};
    return read_new(env, &s);
}

void omost_profile_free(omost_profile *p)
{
    if (!p) return;
    const omost_env *env = p->arena.env;
    om_free(env, p->rules);
    om_arena_free(&p->arena);
    om_free(env, p);
}

omost_prompt_style omost_profile_style(const omost_profile *p)
{
    return p->style;
}

omost_str omost_profile_quality(const omost_profile *p)
{
    return p->quality;
}

void om_profile_print(om_buf *out, const omost_profile *p)
{
    bool tags = p->style == OMOST_PROMPT_TAGS;
    om_buf_printf(out, "style: %s\nquality: ", tags ? "tags" : "description");
    om_buf_str(out, p->quality);
    om_buf_putc(out, '\n');
    for (size_t i = 0; i < p->n; i++) {
        if (p->rules[i].key.p[0] == '#') om_buf_putc(out, '_'); /* no comment */
        om_buf_str(out, p->rules[i].key);
        om_buf_puts(out, " -> ");
        om_buf_str(out, p->rules[i].to);
        om_buf_putc(out, '\n');
    }
}
