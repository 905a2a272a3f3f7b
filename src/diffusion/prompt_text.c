/* prompt_text.c - see prompt_text.h. */
#include "diffusion/prompt_text.h"

#include <assert.h>

void om_text_init(om_text *text, const omost_env *env)
{
    *text = (om_text){.env = env};
}

void om_text_free(om_text *text)
{
    om_free(text->env, text->region);
    om_free(text->env, text->states);
    om_free(text->env, text->pooled);
    om_free(text->env, text->row);
    om_text_init(text, text->env);
}

omost_status om_text_plan(om_text *text, const omost_plan *plan, size_t n,
                          const omost_row *negative, omost_error *err)
{
    size_t n_rows = negative != NULL;
    for (size_t i = 0; i < n; i++) n_rows += omost_plan_row_count(plan, i);
    assert(n >= 1 && n <= omost_plan_count(plan));
    assert(n_rows <= OMOST_MAX_ROWS + 1);
    text->region = om_zalloc(text->env, n * sizeof *text->region);
    text->row = om_zalloc(text->env, n_rows * sizeof *text->row);
    if (!text->region || !text->row) return om_fail_nomem(err);

    const omost_row **row = text->row;
    int at = 0;
    for (size_t i = 0; i < n; i++) {
        size_t count = omost_plan_row_count(plan, i);
        assert(count >= 1);
        om_region_words *r = &text->region[i];
        r->box = omost_plan_condition(plan, i)->box;
        r->first = at;
        r->n = (int)count * OMOST_ROW_IDS;
        at += r->n;
        for (size_t j = 0; j < count; j++) *row++ = omost_plan_row(plan, i, j);
    }
    if (negative) {
        *row = negative;
        text->negative = (om_region_words){
            .box = {0, OMOST_GRID, 0, OMOST_GRID}, at, OMOST_ROW_IDS};
        at += OMOST_ROW_IDS;
    }
    text->n_regions = (int)n;
    text->n_words = at;
    return OMOST_OK;
}

/* ---- encoding ---------------------------------------------------------- */

/* Results of one encoder, and the ids it is given. */
typedef struct encoding {
    uint32_t (*ids)[OMOST_ROW_IDS];
    float *states; /* [n_words, width] */
    float *pooled; /* [n_rows, width of the pooled vector] */
} encoding;

static void encoding_free(encoding *e, const omost_env *env)
{
    om_free(env, e->ids);
    om_free(env, e->states);
    om_free(env, e->pooled);
}

static omost_status encoding_init(encoding *e, const om_text *text, int width,
                                  int pooled, omost_error *err)
{
    const size_t n = (size_t)text->n_words, n_rows = n / OMOST_ROW_IDS;
    *e = (encoding){0};
    e->ids = om_alloc(text->env, n_rows * sizeof *e->ids);
    e->states = om_alloc(text->env, n * (size_t)width * sizeof(float));
    if (pooled)
        e->pooled =
            om_alloc(text->env, n_rows * (size_t)pooled * sizeof(float));
    if (e->ids && e->states && (e->pooled || !pooled)) return OMOST_OK;
    encoding_free(e, text->env);
    return om_fail_nomem(err);
}

/* Lay the new states to the right of those there are. */
static omost_status put_beside(om_text *text, const float *states, int width,
                               omost_error *err)
{
    const size_t a = (size_t)text->width, b = (size_t)width;
    float *both =
        om_alloc(text->env, (size_t)text->n_words * (a + b) * sizeof *both);
    if (!both) return om_fail_nomem(err);
    for (size_t i = 0; i < (size_t)text->n_words; i++) {
        if (a)
            memcpy(both + i * (a + b), text->states + i * a, a * sizeof *both);
        memcpy(both + i * (a + b) + a, states + i * b, b * sizeof *both);
    }
    om_free(text->env, text->states);
    text->states = both;
    text->width += width;
    return OMOST_OK;
}

/* The vector of each condition's first row. */
static omost_status take_pooled(om_text *text, const float *pooled, int width,
                                omost_error *err)
{
    const size_t w = (size_t)width, n = (size_t)text->n_regions;
    float *mine = om_zalloc(text->env, (n + 1) * w * sizeof *mine);
    if (!mine) return om_fail_nomem(err);
    for (size_t i = 0; i <= n; i++) {
        const om_region_words *r = i < n ? &text->region[i] : &text->negative;
        if (r->n)
            memcpy(mine + i * w,
                   pooled + (size_t)(r->first / OMOST_ROW_IDS) * w,
                   w * sizeof *mine);
    }
    om_free(text->env, text->pooled);
    text->pooled = mine;
    text->pooled_width = width;
    return OMOST_OK;
}

omost_status om_text_encode(om_text *text, om_text_encoder *te,
                            omost_encoder which, om_pooling pooling,
                            const om_watch *watch, omost_error *err)
{
    const om_clip_config *c = om_text_encoder_config(te);
    const int n_rows = text->n_words / OMOST_ROW_IDS;
    int pooled = pooling == OM_POOL_NONE        ? 0
                 : pooling == OM_POOL_PROJECTED ? c->projection
                                                : c->width;
    if (pooling != OM_POOL_NONE && !pooled)
        return om_fail(err, OMOST_FORMAT,
                       "the model's second text encoder has no "
                       "text_projection; --compat omost does without it");
    encoding e;
    omost_status st = encoding_init(&e, text, c->width, pooled, err);
    if (st) return st;
    for (int i = 0; e.ids && i < n_rows; i++)
        memcpy(e.ids[i],
               which == OMOST_ENCODER_1 ? text->row[i]->ids
                                        : text->row[i]->ids_2,
               sizeof e.ids[i]);
    om_encoded out = {.states = e.states};
    if (pooling == OM_POOL_PROJECTED) out.projected = e.pooled;
    if (pooling == OM_POOL_PLAIN) out.pooled = e.pooled;
    st = om_text_encoder_run(te, (const uint32_t(*)[OMOST_ROW_IDS])e.ids,
                             n_rows, &out, watch, err);
    if (!st) st = put_beside(text, e.states, c->width, err);
    if (!st && pooled) st = take_pooled(text, e.pooled, pooled, err);
    encoding_free(&e, text->env);
    return st;
}
