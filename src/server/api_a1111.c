/* api_a1111.c - what clients of AUTOMATIC1111's web UI expect of /sdapi/v1.
 * Members nobody here knows are passed over. */
#include <stdio.h>

#include "base/json.h"
#include "server/base64.h"
#include "server/draw_wait.h"

/* ---- names ------------------------------------------------------------ */

static json_t *names_json(omost_choice which, const char *key)
{
    json_t *a = json_array();
    const char *name;
    for (size_t i = 0; (name = omost_choice_name(which, i)) != NULL; i++) {
        json_t *o = json_object();
        om_json_put(&o, "name", json_string(name));
        om_json_put(&o, key,
                    strcmp(key, "aliases") == 0 ? json_array()
                                                : json_string(name));
        om_json_put(&o, "options", json_object());
        om_json_append(&a, o);
    }
    return a;
}

omost_status om_get_sd_samplers(om_request *rq, om_response *rs,
                                omost_error *err)
{
    (void)rq;
    return om_response_json(rs, names_json(OMOST_CHOICE_SAMPLER, "aliases"),
                            err);
}

omost_status om_get_sd_schedulers(om_request *rq, om_response *rs,
                                  omost_error *err)
{
    (void)rq;
    return om_response_json(rs, names_json(OMOST_CHOICE_SCHEDULE, "label"),
                            err);
}

omost_status om_get_sd_upscalers(om_request *rq, om_response *rs,
                                 omost_error *err)
{
    (void)rq;
    return om_response_json(rs, json_array(), err);
}

static omost_status answer_models(om_request *rq, om_response *rs,
                                  const char *kind, const char *first,
                                  const char *second, omost_error *err)
{
    json_t *all = NULL, *a = json_array();
    omost_status st = om_models_list(rq->server, &all, err);
    if (st != OMOST_OK) {
        json_decref(a);
        return st;
    }
    const json_t *list = json_object_get(all, kind);
    for (size_t i = 0; i < json_array_size(list); i++) {
        const om_str name =
            om_json_str(json_object_get(json_array_get(list, i), "name"));
        json_t *o = json_object();
        om_json_put_str(&o, first, name);
        om_json_put_str(&o, second, name);
        om_json_append(&a, o);
    }
    json_decref(all);
    return om_response_json(rs, a, err);
}

omost_status om_get_sd_models(om_request *rq, om_response *rs, omost_error *err)
{
    return answer_models(rq, rs, "renderer", "title", "model_name", err);
}

omost_status om_get_sd_loras(om_request *rq, om_response *rs, omost_error *err)
{
    return answer_models(rq, rs, "lora", "name", "alias", err);
}

omost_status om_get_sd_options(om_request *rq, om_response *rs,
                               omost_error *err)
{
    json_t *o = json_object();
    json_t *r = om_worker_renderer_json(rq->server->worker);
    json_t *name = json_object_get(r, "name");
    om_json_put(&o, "sd_model_checkpoint",
                name ? json_incref(name) : json_null());
    json_decref(r);
    return om_response_json(rs, o, err);
}

omost_status om_post_sd_options(om_request *rq, om_response *rs,
                                omost_error *err)
{
    om_str name;
    omost_status st =
        om_member_str(rq->json, "sd_model_checkpoint", &name, err);
    if (st != OMOST_OK) return st;
    if (!name.p) return om_response_json(rs, json_null(), err);
    st = om_models_check(rq->server, "renderer", name, err);
    if (st != OMOST_OK) return st;
    om_job_row row;
    json_t *o = json_object();
    om_json_put_str(&o, "renderer", name);
    st = om_load_row(rq, o, &row, err);
    if (st == OMOST_OK) st = om_hold_place(rq, rs, err);
    if (st != OMOST_OK) return st;
    st = om_worker_add(rq->server->worker, &row, NULL, err);
    return st == OMOST_OK ? om_response_json(rs, json_null(), err) : st;
}

/* ---- what goes on ----------------------------------------------------- */

static json_t *preview_json(om_worker *w, int64_t job)
{
    om_buf png, text;
    omost_error err;
    json_t *v = NULL;
    om_buf_init(&png, NULL, 1 << 26);
    om_buf_init(&text, NULL, 1 << 27);
    if (om_worker_preview(w, job, &png, &err) == OMOST_OK) {
        om_base64_put(&text, om_buf_view(&png));
        if (text.status == OMOST_OK) v = om_json_new_str(om_buf_view(&text));
    }
    om_buf_free(&png);
    om_buf_free(&text);
    return v ? v : json_null();
}

omost_status om_get_sd_progress(om_request *rq, om_response *rs,
                                omost_error *err)
{
    om_worker *w = rq->server->worker;
    json_t *queue = om_worker_queue_json(w);
    const json_t *job = json_object_get(queue, "running");
    const json_t *p = json_object_get(job, "progress");
    const int64_t id = json_integer_value(json_object_get(job, "id"));
    const bool skip =
        om_str_eqz(om_request_query(rq, "skip_current_image"), "true");
    json_t *o = json_object(), *state = json_object();
    om_json_put(&o, "progress",
                json_real(json_number_value(json_object_get(p, "total_done"))));
    om_json_put(&o, "eta_relative",
                json_real(
                    json_number_value(json_object_get(p, "seconds_left"))));
    om_json_put_str(&state, "job", om_json_str(json_object_get(job, "kind")));
    /* Theirs counts what is being drawn. */
    om_json_put_int(&state, "job_count",
                    json_integer_value(json_object_get(queue, "length")) +
                        (id != 0));
    om_json_put_int(&state, "sampling_step",
                    json_integer_value(json_object_get(p, "step")));
    om_json_put_int(&state, "sampling_steps",
                    json_integer_value(json_object_get(p, "steps")));
    om_json_put(&state, "interrupted", json_false());
    om_json_put(&o, "state", state);
    om_json_put(&o, "current_image", skip ? json_null() : preview_json(w, id));
    om_json_put(&o, "textinfo", json_null());
    json_decref(queue);
    return om_response_json(rs, o, err);
}

omost_status om_post_sd_interrupt(om_request *rq, om_response *rs,
                                  omost_error *err)
{
    omost_error ended;
    json_t *queue = om_worker_queue_json(rq->server->worker);
    const json_t *job = json_object_get(queue, "running");
    const int64_t id = json_integer_value(json_object_get(job, "id"));
    json_decref(queue);
    if (id) (void)om_worker_cancel(rq->server->worker, id, &ended);
    return om_response_json(rs, json_object(), err);
}

/* ---- txt2img ---------------------------------------------------------- */

/* Their member, our option. */
static const char *const same[][2] = {
    {"seed", "seed"},
    {"cfg_scale", "cfg-scale"},
    {"width", "width"},
    {"height", "height"},
    {"negative_prompt", "negative-prompt"},
};

static const char *const hires[][2] = {
    {"hr_scale", "hires"},
    {"denoising_strength", "hires-denoise"},
};

static void copy(const json_t *from, const char *key, json_t **to,
                 const char *name)
{
    json_t *v = json_object_get(from, key);
    if (v && !json_is_null(v)) om_json_put(to, name, json_incref(v));
}

/* "DPM++ 2M Karras": a sampler and a schedule in one name. */
static void put_sampler(json_t **o, const json_t *rq)
{
    const om_str name = om_json_str(json_object_get(rq, "sampler_name"));
    const json_t *schedule = json_object_get(rq, "scheduler");
    const char *word = json_string_value(schedule);
    char text[100], *space;
    om_cut_text(text, sizeof text, name);
    space = strrchr(text, ' ');
    if (space && omost_choice_find(OMOST_CHOICE_SAMPLER, text) < 0 &&
        omost_choice_find(OMOST_CHOICE_SCHEDULE, space + 1) >= 0) {
        *space = '\0';
        om_json_put(o, "scheduler", json_string(space + 1));
    }
    if (*text) om_json_put(o, "sampling-method", json_string(text));
    if (word && *word && !om_str_eq_nocase(om_str_of(word), "automatic"))
        om_json_put(o, "scheduler", json_string(word));
}

static omost_status put_counts(json_t **o, const json_t *rq, omost_error *err)
{
    int64_t size = 1, times = 1, steps = 20, second = 0;
    omost_status st = om_member_int(rq, "batch_size", 1, 1, 64, &size, err);
    if (st == OMOST_OK) st = om_member_int(rq, "n_iter", 1, 1, 64, &times, err);
    if (st == OMOST_OK)
        st = om_member_int(rq, "steps", 25, 1, OMOST_MAX_STEPS, &steps, err);
    if (st == OMOST_OK)
        st = om_member_int(rq, "hr_second_pass_steps", 0, 0, OMOST_MAX_STEPS,
                           &second, err);
    if (st != OMOST_OK) return st;
    if (size * times > 64)
        return om_fail(err, OMOST_RANGE, "64 pictures at most at a time");
    om_json_put_int(o, "batch-count", size * times);
    om_json_put_int(o, "steps", steps);
    if (json_is_true(json_object_get(rq, "enable_hr")))
        om_json_put_int(o, "hires-steps", second ? second : steps);
    return OMOST_OK;
}

static omost_status read_options(om_request *rq, om_draw_wait *d,
                                 omost_error *err)
{
    om_render_want want;
    json_t *o = json_object();
    om_json_put_int(&o, "seed", -1);
    for (size_t i = 0; i < sizeof same / sizeof *same; i++)
        copy(rq->json, same[i][0], &o, same[i][1]);
    if (json_is_true(json_object_get(rq->json, "enable_hr"))) {
        om_json_put(&o, "hires", json_real(2));
        for (size_t i = 0; i < sizeof hires / sizeof *hires; i++)
            copy(rq->json, hires[i][0], &o, hires[i][1]);
    }
    put_sampler(&o, rq->json);
    omost_status st = put_counts(&o, rq->json, err);
    d->options = o;
    if (!o) return om_fail_nomem(err);
    if (st != OMOST_OK) return st;
    return om_render_want_read(
        o, &om_worker_options(rq->server->worker)->render, &want, err);
}

/* A prompt alone describes the whole picture. */
static omost_canvas *prompt_canvas(om_str prompt, omost_error *err)
{
    const omost_global g = {.description = prompt,
                            .tags = OM_STR(""),
                            .color = omost_word_find(OMOST_WORD_COLOR,
                                                     OM_STR("gray"))};
    return omost_canvas_new(NULL, &g, NULL, 0, err);
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
    omost_canvas *cv = prompt_canvas(prompt.p ? prompt : OM_STR(""), err);
    return cv ? om_draw_canvas(rq, rs, d, cv, err) : err->status;
}

/* What the web UI writes as "info": JSON in a text. */
static json_t *info_json(om_request *rq, const om_draw_wait *d)
{
    json_t *o = json_object(), *seeds = json_array(), *texts = json_array();
    int64_t seed = -1;
    for (size_t i = 0; i < d->n_images; i++) {
        om_image_row row;
        omost_error err;
        if (om_store_image_get(rq->server->store, d->images[i], rq->arena, &row,
                               &err) != OMOST_OK)
            continue;
        if (i == 0) seed = row.seed;
        om_json_append(&seeds, json_integer(row.seed));
        om_json_append(&texts, om_json_new_str(row.parameters));
    }
    om_json_put_int(&o, "seed", seed);
    om_json_put(&o, "interrupted", json_boolean(d->stopped));
    om_json_put(&o, "all_seeds", seeds);
    om_json_put(&o, "infotexts", texts);
    const om_str text = om_json_text(rq->arena, o);
    return text.p ? om_json_new_str(text) : NULL;
}

omost_status om_post_txt2img(om_request *rq, om_response *rs, omost_error *err)
{
    bool is_new;
    om_draw_wait *d = om_draw_state(rq, rs, &is_new);
    if (!d) return om_fail_nomem(err);
    d->keep_stopped = true; /* as theirs answers what it has by then */
    omost_status st = is_new ? begin(rq, rs, d, err) : OMOST_OK;
    if (st == OMOST_OK) st = om_draw_go_on(rq, rs, d, err);
    if (st != OMOST_OK || rs->later) return st;
    json_t *o = json_object(), *a = json_array();
    for (size_t i = 0; i < d->n_images; i++)
        om_json_append(&a, om_image_base64(rq->server, d->images[i], err));
    om_json_put(&o, "images", a);
    om_json_put(&o, "parameters", json_object());
    om_json_put(&o, "info", info_json(rq, d));
    if (!o && err->status != OMOST_OK) return err->status;
    return om_response_json(rs, o, err);
}
