/* api_info.c - the server about itself: health, key, options, models. */
#include <stdio.h>

#include "base/json.h"
#include "canvas/canvas_vocab.def"
#include "server/api.h"

omost_status om_get_health(om_request *rq, om_response *rs, omost_error *err)
{
    om_worker *w = rq->server->worker;
    json_t *o = json_object();
    om_json_put(&o, "ok", json_true());
    om_json_put(&o, "version", json_string(omost_version()));
    om_json_put(&o, "composer", om_worker_composer_json(w));
    om_json_put(&o, "renderer", om_worker_renderer_json(w));
    om_json_put(&o, "queue", om_worker_queue_json(w));
    return om_response_json(rs, o, err);
}

omost_status om_post_login(om_request *rq, om_response *rs, omost_error *err)
{
    static const char *const known[] = {"key", NULL};
    char name[OM_COOKIE_NAME], cookie[200];
    const om_guard *g = &rq->server->guard;
    om_str key = {0};
    omost_status st = om_members(rq->json, "the request", known, err);
    if (st == OMOST_OK) st = om_member_str(rq->json, "key", &key, err);
    if (st != OMOST_OK) return st;
    if (!om_guard_key_ok(g, key)) {
        rs->status = 401;
        return om_fail(err, OMOST_USAGE, "that is not the key of this server");
    }
    rs->status = 204;
    if (g->key.n == 0) return OMOST_OK;
    snprintf(cookie, sizeof cookie,
             "%s=%s; HttpOnly; SameSite=Strict; Path=/; Max-Age=31536000",
             om_cookie_name(g, name), g->cookie);
    om_response_header(rs, "Set-Cookie",
                       om_arena_str(rq->arena, om_str_of(cookie)));
    return OMOST_OK;
}

/* ---- options ---------------------------------------------------------- */

/* clang-format off */
static const struct {
    const char *word;
    int x, y;
} locations[] = {
#define X(name, word, x, y) {word, x, y},
    OM_LOCATION_LIST(X)
#undef X
}, offsets[] = {
#define X(name, word, x, y) {word, x, y},
    OM_OFFSET_LIST(X)
#undef X
}, areas[] = {
#define X(name, word, x, y) {word, x, y},
    OM_AREA_LIST(X)
#undef X
};
/* clang-format on */

static json_t *pair_json(const char *word, const char *a, int x, const char *b,
                         int y)
{
    json_t *o = json_object();
    om_json_put(&o, "word", json_string(word));
    om_json_put_int(&o, a, x);
    om_json_put_int(&o, b, y);
    return o;
}

static json_t *words_json(void)
{
    json_t *o = json_object(), *l = json_array(), *f = json_array(),
           *a = json_array(), *c = json_array();
    for (int i = 0; i < OMOST_N_PLACES; i++) {
        om_json_append(&l, pair_json(locations[i].word, "x", locations[i].x,
                                     "y", locations[i].y));
        om_json_append(&f, pair_json(offsets[i].word, "x", offsets[i].x, "y",
                                     offsets[i].y));
        om_json_append(&a, pair_json(areas[i].word, "width", areas[i].x,
                                     "height", areas[i].y));
    }
    for (int i = 0; i < omost_word_count(OMOST_WORD_COLOR); i++) {
        json_t *one = json_object();
        om_json_put(&one, "word", json_string(omost_word(OMOST_WORD_COLOR, i)));
        om_json_put(&one, "rgb", om_rgb_json(omost_color_rgb(i)));
        om_json_append(&c, one);
    }
    om_json_put(&o, "location", l);
    om_json_put(&o, "offset", f);
    om_json_put(&o, "area", a);
    om_json_put(&o, "color", c);
    return o;
}

/* Of the original's page, and sizes SDXL was trained with. */
static json_t *quick_json(void)
{
    return json_pack("[s,s,s]",
                     "generate an image of the fierce battle of warriors and a "
                     "dragon",
                     "change the dragon to a dinosaur",
                     "generate an image of a cat on a table in a room");
}

static json_t *sizes_json(void)
{
    static const int sizes[][2] = {
        {896, 1152}, {1152, 896}, {1024, 1024}, {832, 1216}, {1216, 832},
        {768, 1344}, {1344, 768}, {640, 1536},  {1536, 640}, {512, 512},
    };
    json_t *a = json_array();
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        om_json_append(&a, json_pack("[i,i]", sizes[i][0], sizes[i][1]));
    return a;
}

omost_status om_get_options(om_request *rq, om_response *rs, omost_error *err)
{
    (void)rq;
    json_t *o = json_object();
    om_json_put(&o, "render", om_render_options_json());
    om_json_put(&o, "compose", om_compose_options_json());
    om_json_put(&o, "words", words_json());
    om_json_put(&o, "quick_prompts", quick_json());
    om_json_put(&o, "sizes", sizes_json());
    return om_response_json(rs, o, err);
}

/* ---- models ----------------------------------------------------------- */

omost_status om_get_models(om_request *rq, om_response *rs, omost_error *err)
{
    json_t *o = NULL;
    omost_status st = om_models_list(rq->server, &o, err);
    return st == OMOST_OK ? om_response_json(rs, o, err) : st;
}

static omost_status check_choice(om_request *rq, const char *kind, json_t *o,
                                 omost_error *err)
{
    om_str name = {0};
    json_t *v = json_object_get(rq->json, kind);
    if (!v) return OMOST_OK;
    omost_status st = om_member_str(rq->json, kind, &name, err);
    if (st == OMOST_OK && name.p)
        st = om_models_check(rq->server, kind, name, err);
    if (st == OMOST_OK && json_object_set(o, kind, v) < 0)
        st = om_fail_nomem(err);
    return st;
}

omost_status om_load_row(om_request *rq, json_t *o, om_job_row *row,
                         omost_error *err)
{
    *row = (om_job_row){.message = -1,
                        .kind = OM_STR("load"),
                        .request = om_json_text(rq->arena, o)};
    return row->request.p ? OMOST_OK : om_fail_nomem(err);
}

omost_status om_post_models(om_request *rq, om_response *rs, omost_error *err)
{
    static const char *const known[] = {"composer", "renderer", NULL};
    json_t *o = json_object();
    if (!o) return om_fail_nomem(err);
    omost_status st = om_members(rq->json, "the request", known, err);
    if (st == OMOST_OK) st = check_choice(rq, "composer", o, err);
    if (st == OMOST_OK) st = check_choice(rq, "renderer", o, err);
    if (st == OMOST_OK && json_object_size(o) == 0)
        st = om_fail(err, OMOST_USAGE, "choose a composer, a renderer or both");
    if (st != OMOST_OK) {
        json_decref(o);
        return st;
    }
    om_job_row row;
    st = om_load_row(rq, o, &row, err);
    if (st == OMOST_OK) st = om_hold_place(rq, rs, err);
    return st == OMOST_OK ? om_answer_job(rq, rs, &row, NULL, err) : st;
}
