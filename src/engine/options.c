/* options.c - options by name; see omost/options.h. */
#include "omost/options.h"

#include <math.h>

#include "base/str.h"
#include "engine/render_opts.h"

/* ---- words of choices ------------------------------------------------- */

static const char *SAMPLER_at(size_t i)
{
    return omost_choice_name(OMOST_CHOICE_SAMPLER, i);
}

static const char *SCHEDULE_at(size_t i)
{
    return omost_choice_name(OMOST_CHOICE_SCHEDULE, i);
}

static const char *RNG_at(size_t i)
{
    return omost_choice_name(OMOST_CHOICE_RNG, i);
}

static const char *PREDICTION_at(size_t i)
{
    return omost_choice_name(OMOST_CHOICE_PREDICTION, i);
}

static const char *REGION_at(size_t i)
{
    return omost_choice_name(OMOST_CHOICE_REGION, i);
}

static const char *STYLE_at(size_t i)
{
    return om_prompt_style_name(i);
}

static const char *COMPAT_at(size_t i)
{
    static const char *const words[] = {"none", "omost"};
    return i < sizeof words / sizeof *words ? words[i] : NULL;
}

/* ---- the tables ------------------------------------------------------- */

/* clang-format off */
#define AT_INT(id) NULL
#define AT_NUMBER(id) NULL
#define AT_TEXT(id) NULL
#define AT_FLAG(id) NULL
#define AT_CHOICE(id) id##_at
#define X(id, name, letter, arg, kind, min, max, fallback, group, help) \
    {name, OMOST_OPTION_##kind, min, max, fallback, group, help, AT_##kind(id)},
static const omost_option render_options[] = {OMOST_RENDER_OPTION_LIST(X)};
static const omost_option compose_options[] = {OMOST_COMPOSE_OPTION_LIST(X)};
#undef X
/* clang-format on */

enum { N_RENDER = sizeof render_options / sizeof *render_options };
enum { N_COMPOSE = sizeof compose_options / sizeof *compose_options };

enum compose_id {
#define X(id, ...) COMPOSE_##id,
    OMOST_COMPOSE_OPTION_LIST(X)
#undef X
};

const omost_option *omost_render_option(size_t i)
{
    return i < N_RENDER ? &render_options[i] : NULL;
}

const omost_option *omost_compose_option(size_t i)
{
    return i < N_COMPOSE ? &compose_options[i] : NULL;
}

const char *omost_option_choice(const omost_option *o, size_t i)
{
    return o->choice_at ? o->choice_at(i) : NULL;
}

/* ---- values ----------------------------------------------------------- */

static omost_status wrong_kind(const omost_option *o, omost_error *err)
{
    static const char *const want[] = {
        [OMOST_OPTION_INT] = "a whole number",
        [OMOST_OPTION_NUMBER] = "a number",
        [OMOST_OPTION_TEXT] = "a text",
        [OMOST_OPTION_CHOICE] = "one of its words",
        [OMOST_OPTION_FLAG] = "true or false",
    };
    return om_fail(err, OMOST_USAGE, "%s must be %s", o->name, want[o->kind]);
}

static omost_status check_range(const omost_option *o, double v,
                                omost_error *err)
{
    if (!isfinite(v))
        return om_fail(err, OMOST_RANGE, "%s is no number", o->name);
    if ((o->min == 0 && o->max == 0) || (v >= o->min && v <= o->max))
        return OMOST_OK;
    return om_fail(err, OMOST_RANGE, "%s is %g; it must be %g to %g", o->name,
                   v, o->min, o->max);
}

/* In *choice the index of the word. */
static omost_status find_choice(const omost_option *o, const char *text,
                                int *choice, omost_error *err)
{
    char list[OM_CHOICE_TEXT] = "";
    size_t n = 0;
    const char *word;
    for (size_t i = 0; (word = o->choice_at(i)) != NULL; i++) {
        if (om_str_eq_nocase(om_str_of(text), word)) {
            *choice = (int)i;
            return OMOST_OK;
        }
        const size_t len = strlen(word);
        if (n + len + 3 > sizeof list) continue;
        memcpy(list + n, i ? ", " : "", i ? 3 : 1);
        n += i ? 2 : 0;
        memcpy(list + n, word, len + 1);
        n += len;
    }
    return om_fail(err, OMOST_RANGE, "%s is \"%.40s\"; it must be one of %s",
                   o->name, text, list);
}

static omost_status check_value(const omost_option *o, omost_option_value *v,
                                int *choice, omost_error *err)
{
    *choice = -1;
    switch (o->kind) {
    case OMOST_OPTION_INT:
        if (v->kind != OMOST_OPTION_INT) return wrong_kind(o, err);
        return check_range(o, (double)v->integer, err);
    case OMOST_OPTION_NUMBER:
        if (v->kind == OMOST_OPTION_INT) v->number = (double)v->integer;
        if (v->kind != OMOST_OPTION_INT && v->kind != OMOST_OPTION_NUMBER)
            return wrong_kind(o, err);
        return check_range(o, v->number, err);
    case OMOST_OPTION_TEXT:
        if (v->kind != OMOST_OPTION_TEXT && v->kind != OMOST_OPTION_CHOICE)
            return wrong_kind(o, err);
        return OMOST_OK;
    case OMOST_OPTION_CHOICE:
        if (v->kind != OMOST_OPTION_TEXT && v->kind != OMOST_OPTION_CHOICE)
            return wrong_kind(o, err);
        return find_choice(o, v->text, choice, err);
    case OMOST_OPTION_FLAG: break;
    }
    return v->kind == OMOST_OPTION_FLAG ? OMOST_OK : wrong_kind(o, err);
}

static int find_option(const omost_option *table, int n, const char *name,
                       omost_error *err)
{
    for (int i = 0; i < n; i++)
        if (strcmp(table[i].name, name) == 0) return i;
    om_fail(err, OMOST_USAGE, "there is no option \"%.60s\"", name);
    return -1;
}

/* Their own, loose names: "DPM++ 2M". */
static omost_status name_option(const omost_option *o, omost_choice which,
                                const omost_option_value *v, const char **out,
                                omost_error *err)
{
    int choice;
    if (v->kind != OMOST_OPTION_TEXT && v->kind != OMOST_OPTION_CHOICE)
        return wrong_kind(o, err);
    choice = omost_choice_find(which, v->text);
    if (choice < 0) return find_choice(o, v->text, &choice, err);
    *out = omost_choice_name(which, (size_t)choice);
    return OMOST_OK;
}

/* ---- setting ---------------------------------------------------------- */

static void set_field(omost_render_opts *o, const om_render_field *f,
                      const omost_option_value *v)
{
    void *p = (char *)o + f->at;
    switch (f->kind) {
    case OM_FIELD_INT: *(int *)p = (int)v->integer; break;
    case OM_FIELD_FLOAT: *(float *)p = (float)v->number; break;
    case OM_FIELD_BOOL: *(bool *)p = v->flag; break;
    case OM_FIELD_NAME: *(const char **)p = v->text; break;
    }
}

static void set_render(omost_render_opts *o, om_render_id id,
                       const omost_option_value *v, int choice)
{
    const om_render_field *f = om_render_field_of(id);
    if (f) set_field(o, f, v);
    switch (id) {
    case OM_RENDER_WIDTH: o->width = (int)v->integer; break;
    case OM_RENDER_HEIGHT: o->height = (int)v->integer; break;
    case OM_RENDER_SEED: o->seed = v->integer; break;
    case OM_RENDER_NEGATIVE: o->negative_prompt = v->text; break;
    case OM_RENDER_STYLE: o->prompt_style = (omost_prompt_style)choice; break;
    case OM_RENDER_REGION: o->region = (omost_region_method)choice; break;
    case OM_RENDER_COMPAT: o->compat_omost = choice == 1; break;
    case OM_RENDER_PREVIEW_EVERY: o->preview_every = (int)v->integer; break;
    default: break; /* a field */
    }
}

omost_status omost_render_opts_set(omost_render_opts *opts, const char *name,
                                   const omost_option_value *v,
                                   omost_error *err)
{
    omost_option_value copy = *v;
    int choice = -1;
    om_error_clear(err);
    const int i = find_option(render_options, N_RENDER, name, err);
    if (i < 0) return OMOST_USAGE;
    const omost_option *o = &render_options[i];
    const om_render_field *f = om_render_field_of((om_render_id)i);
    omost_status st = f && f->kind == OM_FIELD_NAME
                          ? name_option(o, f->choice, v, &copy.text, err)
                          : check_value(o, &copy, &choice, err);
    if (st == OMOST_OK) set_render(opts, (om_render_id)i, &copy, choice);
    return st;
}

omost_status omost_compose_opts_set(omost_compose_opts *opts, const char *name,
                                    const omost_option_value *v,
                                    omost_error *err)
{
    omost_option_value copy = *v;
    int choice = -1;
    om_error_clear(err);
    const int i = find_option(compose_options, N_COMPOSE, name, err);
    if (i < 0) return OMOST_USAGE;
    omost_status st = check_value(&compose_options[i], &copy, &choice, err);
    if (st != OMOST_OK) return st;
    switch ((enum compose_id)i) {
    case COMPOSE_TEMP: opts->temperature = (float)copy.number; break;
    case COMPOSE_TOP_P:
        if (copy.number <= 0)
            return om_fail(err, OMOST_RANGE, "top-p must be above 0");
        opts->top_p = (float)copy.number;
        break;
    case COMPOSE_PREDICT: opts->max_tokens = (int)copy.integer; break;
    case COMPOSE_SEED: opts->seed = copy.integer; break;
    case COMPOSE_NO_GRAMMAR: opts->no_grammar = copy.flag; break;
    case COMPOSE_NO_DRAFT: opts->no_draft = copy.flag; break;
    case COMPOSE_NO_MEND: opts->no_mend = copy.flag; break;
    }
    return OMOST_OK;
}
