/* api_openai.c - what clients of OpenAI's API expect: models and pictures.
 * Members nobody here knows are passed over, as its own servers do. */
#include <stdio.h>
#include <time.h>

#include "base/json.h"
#include "server/draw_wait.h"

omost_status om_get_v1_models(om_request *rq, om_response *rs, omost_error *err)
{
    json_t *who = om_worker_composer_json(rq->server->worker);
    const char *name = json_string_value(json_object_get(who, "name"));
    json_t *o = json_object(), *a = json_array();
    if (name) {
        json_t *one = json_object();
        om_json_put(&one, "id", json_string(name));
        om_json_put(&one, "object", json_string("model"));
        om_json_put_int(&one, "created", 0);
        om_json_put(&one, "owned_by", json_string("omost"));
        om_json_append(&a, one);
    }
    json_decref(who);
    om_json_put(&o, "object", json_string("list"));
    om_json_put(&o, "data", a);
    return om_response_json(rs, o, err);
}

/* ---- pictures --------------------------------------------------------- */

/* "1024x768"; "auto" and nothing: the default. */
static omost_status put_size(json_t **options, om_str size, omost_error *err)
{
    int64_t w, h;
    const char *x = size.n ? memchr(size.p, 'x', size.n) : NULL;
    if (!size.p || om_str_eqz(size, "auto")) return OMOST_OK;
    if (!x ||
        !om_parse_id((om_str){size.p, (size_t)(x - size.p)}, 1, 1 << 20, &w) ||
        !om_parse_id(om_str_skip(size, (size_t)(x - size.p) + 1), 1, 1 << 20,
                     &h))
        return om_fail(err, OMOST_USAGE, "size must be like 1024x1024");
    om_json_put_int(options, "width", w);
    om_json_put_int(options, "height", h);
    return OMOST_OK;
}

static omost_status check_format(om_request *rq, omost_error *err)
{
    om_str how, what;
    omost_status st = om_member_str(rq->json, "response_format", &how, err);
    if (st == OMOST_OK)
        st = om_member_str(rq->json, "output_format", &what, err);
    if (st != OMOST_OK) return st;
    if (how.p && !om_str_eqz(how, "b64_json"))
        return om_fail(err, OMOST_USAGE,
                       "pictures come as response_format b64_json");
    if (what.p && !om_str_eqz(what, "png"))
        return om_fail(err, OMOST_USAGE, "pictures come as output_format png");
    return OMOST_OK;
}

static omost_status read_options(om_request *rq, om_draw_wait *d,
                                 omost_error *err)
{
    om_render_want want;
    om_str size;
    int64_t n = 1;
    omost_status st = check_format(rq, err);
    if (st == OMOST_OK) st = om_member_int(rq->json, "n", 1, 1, 10, &n, err);
    if (st == OMOST_OK) st = om_member_str(rq->json, "size", &size, err);
    if (st != OMOST_OK) return st;
    d->options = json_object();
    om_json_put_int(&d->options, "batch-count", n);
    om_json_put_int(&d->options, "seed", -1);
    st = put_size(&d->options, size, err);
    if (!d->options) return om_fail_nomem(err);
    if (st != OMOST_OK) return st;
    return om_render_want_read(
        d->options, &om_worker_options(rq->server->worker)->render, &want, err);
}

static omost_status begin(om_request *rq, om_response *rs, om_draw_wait *d,
                          omost_error *err)
{
    om_str prompt;
    bool has_canvas = false;
    omost_status st = read_options(rq, d, err);
    if (st == OMOST_OK) st = om_member_str(rq->json, "prompt", &prompt, err);
    if (st == OMOST_OK) st = om_draw_member(rq, rs, d, &has_canvas, err);
    if (st != OMOST_OK || has_canvas) return st;
    if (om_str_strip(prompt, " \t\r\n").n == 0)
        return om_fail(err, OMOST_USAGE, "the request needs a prompt");
    return om_draw_words(rq, rs, d, prompt, err);
}

static json_t *pictures_json(om_request *rq, const om_draw_wait *d,
                             omost_error *err)
{
    json_t *o = json_object(), *a = json_array();
    for (size_t i = 0; i < d->n_images; i++) {
        json_t *one = json_object();
        om_json_put(&one, "b64_json",
                    om_image_base64(rq->server, d->images[i], err));
        om_json_append(&a, one);
    }
    om_json_put_int(&o, "created", (int64_t)time(NULL));
    om_json_put(&o, "data", a);
    om_json_put(&o, "output_format", json_string("png"));
    return o;
}

omost_status om_post_v1_images(om_request *rq, om_response *rs,
                               omost_error *err)
{
    bool is_new;
    om_draw_wait *d = om_draw_state(rq, rs, &is_new);
    if (!d) return om_fail_nomem(err);
    omost_status st = is_new ? begin(rq, rs, d, err) : OMOST_OK;
    if (st == OMOST_OK) st = om_draw_go_on(rq, rs, d, err);
    if (st != OMOST_OK || rs->later) return st;
    json_t *o = pictures_json(rq, d, err);
    if (!o && err->status != OMOST_OK) return err->status;
    return om_response_json(rs, o, err);
}
