/* plan_texts.c - see plan_texts.h; what the styles are is in omost/plan.h. */
#include "prompt/plan_texts.h"

#include "prompt/profile.h"

/* Tags, each once, as the text to be tokenized and the key to compare. */
typedef struct tag_list {
    om_arena *a;
    const omost_profile *profile;
    om_str *texts, *keys;
    size_t n, cap;
    bool tags_left; /* a text had more tags than we look at */
    bool failed;    /* no memory */
} tag_list;

/* ---- lists of tags ----------------------------------------------------- */

static bool has_key(const tag_list *l, om_str key)
{
    for (size_t i = 0; i < l->n; i++)
        if (om_str_eq(l->keys[i], key)) return true;
    return false;
}

/* A list twice as long; the arena keeps the old one until it goes. */
static bool grow_list(tag_list *l)
{
    size_t cap = l->cap ? l->cap * 2 : 64;
    om_str *texts = om_arena_array(l->a, cap, sizeof *texts);
    om_str *keys = om_arena_array(l->a, cap, sizeof *keys);
    if (!texts || !keys) return false;
    if (l->n) memcpy(texts, l->texts, l->n * sizeof *texts);
    if (l->n) memcpy(keys, l->keys, l->n * sizeof *keys);
    l->texts = texts;
    l->keys = keys;
    l->cap = cap;
    return true;
}

/* One tag as it will stand in the prompt. */
static void put_tag(tag_list *l, om_str tag)
{
    char z[OM_TAG_KEY];
    om_str key = {z, om_tag_key(tag, z)};
    if (key.n == 0) key = tag;
    if (tag.n == 0 || l->failed || has_key(l, key)) return;
    key = om_arena_str(l->a, key);
    if (!key.p || (l->n == l->cap && !grow_list(l))) {
        l->failed = true;
        return;
    }
    l->texts[l->n] = tag;
    l->keys[l->n++] = key;
}

/* One tag as it was written. */
static void put_tag_by_rule(tag_list *l, om_str tag)
{
    om_str to, part;
    if (!l->profile || !omost_profile_rule(l->profile, tag, &to)) {
        put_tag(l, tag);
        return;
    }
    while (om_tag_next(&to, &part)) put_tag(l, part);
}

/* The tags of a text; those longer than `most` bytes are passed over. */
static void put_tags(tag_list *l, om_str text, size_t most)
{
    om_str tag;
    for (size_t i = 0; om_tag_next(&text, &tag); i++) {
        if (i == OMOST_MAX_TAGS) {
            l->tags_left = true;
            return;
        }
        if (tag.n <= most) put_tag_by_rule(l, tag);
    }
}

/* ---- texts ------------------------------------------------------------- */

/* a + b as a text of its own; p == NULL when there is no memory. */
static om_str join(om_arena *a, om_str s, const char *tail)
{
    size_t n = strlen(tail);
    char *p = om_arena_alloc(a, s.n + n + 1);
    if (!p) return (om_str){0};
    if (s.n) memcpy(p, s.p, s.n);
    memcpy(p + s.n, tail, n + 1);
    return (om_str){p, s.n + n};
}

static om_str *copy_texts(om_arena *a, omost_texts t, size_t more)
{
    om_str *p = om_arena_array(a, t.n + more, sizeof *p);
    if (p && t.n) memcpy(p, t.p, t.n * sizeof *p);
    return p;
}

/* The profile's words of quality as a first prefix. */
static bool put_quality(om_arena *a, const om_texts_opts *o, omost_condition *c)
{
    if (o->quality.n == 0) return true;
    om_str *p = om_arena_array(a, c->prefixes.n + 1, sizeof *p);
    if (!p) return false;
    p[0] = o->quality;
    for (size_t i = 0; i < c->prefixes.n; i++) p[i + 1] = c->prefixes.p[i];
    c->prefixes = (omost_texts){p, c->prefixes.n + 1};
    return true;
}

bool om_plan_quality(om_arena *a, om_texts_opts *opts)
{
    om_str s =
        opts->profile ? omost_profile_quality(opts->profile) : (om_str){0};
    opts->quality = s.n ? join(a, s, ",") : (om_str){0};
    return s.n == 0 || opts->quality.p;
}

/* ---- style DESCRIPTION ------------------------------------------------- */

/* "a, b, c." ; p == NULL when there is no memory. */
static om_str sentence_of_tags(const tag_list *l)
{
    size_t n = 1;
    for (size_t i = 0; i < l->n; i++) n += l->texts[i].n + 2;
    char *p = om_arena_alloc(l->a, n), *q = p;
    if (!p) return (om_str){0};
    for (size_t i = 0; i < l->n; i++) {
        memcpy(q, l->texts[i].p, l->texts[i].n);
        q += l->texts[i].n;
        if (i + 1 < l->n) memcpy(q, ", ", 2);
        if (i + 1 < l->n) q += 2;
    }
    *q++ = '.';
    return (om_str){p, (size_t)(q - p)};
}

/* Where the tags stand among a condition's suffixes: after the details. */
static size_t tags_index(const om_texts_opts *o, const omost_condition *c)
{
    const omost_global *g = omost_canvas_global(o->canvas);
    if (!c->is_global)
        return omost_canvas_region(o->canvas, c->region)
            ->detailed_descriptions.n;
    return g ? g->detailed_descriptions.n : SIZE_MAX;
}

/* Text that holds no tag at all ("" becomes ".") stays as it is. */
static bool apply_rules(om_arena *a, const om_texts_opts *o, omost_condition *c,
                        om_texts_news *news)
{
    size_t at = tags_index(o, c);
    if (!om_profile_has_rules(o->profile) || at >= c->suffixes.n) return true;
    om_str rest = c->suffixes.p[at], tag;
    if (!om_tag_next(&rest, &tag)) return true;
    tag_list l = {.a = a, .profile = o->profile};
    put_tags(&l, c->suffixes.p[at], SIZE_MAX);
    om_str *p = copy_texts(a, c->suffixes, 0);
    if (!p || l.failed) return false;
    news->tags_left = l.tags_left;
    p[at] = sentence_of_tags(&l);
    if (l.n == 0)
        memmove(p + at, p + at + 1, (c->suffixes.n - at - 1) * sizeof *p);
    c->suffixes = (omost_texts){p, c->suffixes.n - (l.n == 0)};
    return l.n == 0 || p[at].p != NULL;
}

static bool description_texts(om_arena *a, const om_texts_opts *o,
                              omost_condition *c, om_texts_news *news)
{
    return apply_rules(a, o, c, news) && put_quality(a, o, c);
}

/* ---- style TAGS -------------------------------------------------------- */

/* The tags of a region, then of its moods, then those of the whole picture.
 * Context is repeated for every region, so its longest pieces, which are no
 * tags but whole sentences, stay away. */
static void put_region(tag_list *l, const om_texts_opts *o,
                       const omost_region *r, bool *no_tags)
{
    const omost_global *g = omost_canvas_global(o->canvas);
    put_tags(l, r->tags, SIZE_MAX);
    *no_tags = l->n == 0;
    if (l->n == 0) put_tag(l, om_str_strip(r->description, ",. "));
    put_tags(l, r->atmosphere, SIZE_MAX);
    put_tags(l, r->style, SIZE_MAX);
    if (o->quality.n == 0) put_tags(l, r->quality_meta, SIZE_MAX);
    if (g && r->has_prefix) put_tags(l, g->tags, OM_TAG_KEY);
}

static void put_global(tag_list *l, const omost_global *g, bool *no_tags)
{
    put_tags(l, g->tags, SIZE_MAX);
    *no_tags = l->n == 0;
    if (l->n == 0) put_tag(l, om_str_strip(g->description, ",. "));
}

/* The first tag as a prefix, every other one as a suffix. */
static bool put_pieces(const tag_list *l, omost_condition *c)
{
    om_str *p = om_arena_array(l->a, l->n, sizeof *p);
    if (!p || l->failed) return false;
    for (size_t i = 0; i < l->n; i++) {
        p[i] = join(l->a, l->texts[i], ",");
        if (!p[i].p) return false;
    }
    size_t first = l->n > 0;
    c->prefixes = (omost_texts){p, first};
    c->suffixes = (omost_texts){p + first, l->n - first};
    return true;
}

static bool tag_texts(om_arena *a, const om_texts_opts *o, omost_condition *c,
                      om_texts_news *news)
{
    const omost_global *g = omost_canvas_global(o->canvas);
    tag_list l = {.a = a, .profile = o->profile};
    if (!c->is_global)
        put_region(&l, o, omost_canvas_region(o->canvas, c->region),
                   &news->no_tags);
    else if (g)
        put_global(&l, g, &news->no_tags);
    news->tags_left = l.tags_left;
    return put_pieces(&l, c) && put_quality(a, o, c);
}

bool om_plan_texts(om_arena *a, const om_texts_opts *opts, omost_condition *c,
                   om_texts_news *news)
{
    *news = (om_texts_news){0};
    return opts->style == OMOST_PROMPT_TAGS
               ? tag_texts(a, opts, c, news)
               : description_texts(a, opts, c, news);
}
