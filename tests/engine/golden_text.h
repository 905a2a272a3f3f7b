/* golden_text.h - the golden UNet with conditions the original has encoded. */
#ifndef OM_TESTS_GOLDEN_TEXT_H
#define OM_TESTS_GOLDEN_TEXT_H

#include "models.h"

#include "diffusion/guide.h"

typedef struct golden_unet {
    om_unet *unet;
    om_unet_words *words;
    om_text text;
    int n_regions;
    om_sigma_table table;
    om_guide_opts opts; /* but for size and guidance */
} golden_unet;

/* The boxes of a canvas, global condition first. */
static inline void boxes_of_canvas(om_region_words *r, const char *canvas)
{
    char path[128];
    snprintf(path, sizeof path, "canvas/%s.json", canvas);
    json_t *doc = golden_json(path);
    json_t *list = json_object_get(doc, "components");
    r[0].box = (omost_box){0, OMOST_GRID, 0, OMOST_GRID};
    for (size_t i = 0; i < json_array_size(list); i++) {
        json_t *rect = json_object_get(json_array_get(list, i), "rect");
        int v[4];
        for (size_t k = 0; k < 4; k++)
            v[k] = (int)json_integer_value(json_array_get(rect, k));
        r[i + 1].box = (omost_box){v[0], v[1], v[2], v[3]};
    }
    json_decref(doc);
}

/* The box of a golden mask. */
static inline omost_box box_of_mask(const golden_tensors *t, const char *name)
{
    enum { N = OMOST_GRID };
    uint8_t *mask = golden_tensor(t, name, 1, NULL);
    omost_box b = {N, 0, N, 0};
    for (int i = 0; i < N * N; i++) {
        if (!mask[i]) continue;
        int y = i / N, x = i % N;
        if (y < b.top) b.top = y;
        if (y >= b.bottom) b.bottom = y + 1;
        if (x < b.left) b.left = x;
        if (x >= b.right) b.right = x + 1;
    }
    free(mask);
    return b;
}

/* Words of a golden tensor [1, T, width] behind those there are. */
static inline void append_words(om_text *text, const golden_tensors *t,
                                const char *name, om_region_words *r)
{
    golden_array a = golden_array_of(t, name);
    const size_t n = om_shape_size(a.s), width = (size_t)a.s.c;
    text->width = a.s.c;
    text->states = realloc(text->states, ((size_t)text->n_words * width + n) *
                                             sizeof *text->states);
    assert_non_null(text->states);
    memcpy(text->states + (size_t)text->n_words * width, a.x, n * sizeof *a.x);
    r->first = text->n_words;
    r->n = a.s.w;
    text->n_words += a.s.w;
    free(a.x);
}

/* One vector for all conditions, one for the negative. */
static inline void golden_pooled(om_text *text, const golden_tensors *t)
{
    size_t n;
    float *positive = golden_floats(t, "positive.pooled", &n);
    float *negative = golden_floats(t, "negative.pooled", NULL);
    text->pooled_width = (int)n;
    text->pooled =
        malloc(((size_t)text->n_regions + 1) * n * sizeof *text->pooled);
    assert_non_null(text->pooled);
    for (int i = 0; i <= text->n_regions; i++)
        memcpy(text->pooled + (size_t)i * n,
               i < text->n_regions ? positive : negative, n * sizeof *positive);
    free(positive);
    free(negative);
}

/* positive.N.cond, negative.cond and the pooled vectors; boxes from masks in the
 * file, or from the canvas. */
static inline void golden_text_read(om_text *text, const golden_tensors *t,
                                    const char *canvas)
{
    enum { MOST = 64 };
    char key[64];
    om_text_init(text, NULL);
    text->region = calloc(MOST, sizeof *text->region);
    assert_non_null(text->region);
    for (;; text->n_regions++) {
        om_region_words *r = &text->region[text->n_regions];
        snprintf(key, sizeof key, "positive.%d.cond", text->n_regions);
        if (!json_object_get(t->header, key)) break;
        assert_true(text->n_regions < MOST);
        append_words(text, t, key, r);
        snprintf(key, sizeof key, "positive.%d.mask", text->n_regions);
        if (!canvas) r->box = box_of_mask(t, key);
    }
    if (canvas) boxes_of_canvas(text->region, canvas);
    append_words(text, t, "negative.cond", &text->negative);
    text->negative.box = (omost_box){0, OMOST_GRID, 0, OMOST_GRID};
    golden_pooled(text, t);
}

static inline void golden_unet_open(golden_unet *u, const golden_model *m,
                                    const golden_tensors *conds,
                                    const char *canvas)
{
    omost_error err;
    *u = (golden_unet){0};
    golden_text_read(&u->text, conds, canvas);
    u->n_regions = u->text.n_regions;
    u->unet = om_unet_open(NULL, m->backend, m->files, m->config, OM_KEEP_EXACT,
                           &err);
    if (!u->unet) fail_msg("%s: %s", m->name, err.msg);
    u->words =
        om_unet_words_new(u->unet, u->text.states, u->text.n_words, NULL, &err);
    if (!u->words) fail_msg("%s: %s", m->name, err.msg);
    om_sigma_table_init(&u->table, false);
    u->opts = (om_guide_opts){.unet = u->unet,
                              .text = &u->text,
                              .words = u->words,
                              .table = &u->table,
                              .region = {.method = OMOST_REGION_SCORE,
                                         .strict = true}};
}

static inline void golden_unet_close(golden_unet *u)
{
    om_unet_words_free(u->words);
    om_unet_close(u->unet);
    om_text_free(&u->text);
}

static inline om_guide *golden_guide(golden_unet *u, int h, int w, float cfg)
{
    omost_error err;
    u->opts.h = h;
    u->opts.w = w;
    u->opts.cfg = cfg;
    om_guide *g = om_guide_new(NULL, &u->opts, &err);
    if (!g) fail_msg("%s", err.msg);
    return g;
}

#endif
