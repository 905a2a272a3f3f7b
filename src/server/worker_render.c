/* worker_render.c - a canvas is drawn. */
#include <stdio.h>

#include "base/json.h"
#include "image/png.h"
#include "server/thumb.h"
#include "server/uploads.h"
#include "server/worker_impl.h"

typedef struct render {
    om_work *k;
    om_canvas_row row;
    omost_canvas *canvas;
    om_picture init;
    omost_profile *profile;
    omost_error err; /* of an event; OK: none */
} render;

/* ---- what is to be drawn ---------------------------------------------- */

static omost_status read_canvas(render *r, omost_error *err)
{
    om_work *k = r->k;
    omost_status st = om_store_canvas_get(k->w->opts.store, k->row.canvas,
                                          &k->arena, &r->row, err);
    if (st != OMOST_OK) return st;
    r->canvas = omost_canvas_parse(r->row.python.p, r->row.python.n, NULL, err);
    return r->canvas ? OMOST_OK : err->status;
}

static omost_status read_gallery(render *r, int64_t id, omost_error *err)
{
    om_buf png;
    om_buf_init(&png, NULL, (size_t)1 << 29);
    omost_status st = om_store_image_read(r->k->w->opts.store, id, &png, err);
    if (st == OMOST_OK)
        st = om_png_decode(&r->init, NULL, om_buf_view(&png),
                           OM_PICTURE_MAX_PIXELS, err);
    om_buf_free(&png);
    return st;
}

static omost_status read_init(render *r, om_render_want *want, omost_error *err)
{
    omost_status st = OMOST_OK;
    if (want->init_image)
        st = read_gallery(r, want->init_image, err);
    else if (want->init_upload.p)
        st = om_upload_read(r->k->w->opts.uploads, want->init_upload, &r->init,
                            err);
    if (st == OMOST_OK && r->init.rgb)
        want->opts.init_image =
            (omost_image){r->init.width, r->init.height, r->init.rgb};
    return st;
}

static omost_status read_profile(render *r, om_render_want *want,
                                 omost_error *err)
{
    if (!want->profile.p) return OMOST_OK;
    r->profile = omost_profile_builtin(NULL, want->profile.p, err);
    want->opts.profile = r->profile;
    return r->profile ? OMOST_OK : err->status;
}

/* ---- as it is drawn --------------------------------------------------- */

static void tell_note(render *r, const char *text)
{
    json_t *o = json_object();
    om_json_put_int(&o, "job", r->k->row.id);
    om_json_put_id(&o, "session", r->k->row.session);
    om_json_put_str(&o, "why", om_str_of(text));
    om_work_publish(r->k, "note", o);
}

static void tell_preview(render *r, omost_image image)
{
    char url[80];
    om_worker *w = r->k->w;
    const om_pixels px = {image.width, image.height, 3, image.rgb, false};
    om_buf png;
    om_buf_init(&png, NULL, (size_t)1 << 26);
    if (om_png_encode(&png, px, NULL, 0, NULL) == OMOST_OK) {
        pthread_mutex_lock(&w->lock);
        w->preview.n = 0;
        om_buf_str(&w->preview, om_buf_view(&png));
        w->preview_job = r->k->row.id;
        const int n = ++w->n_previews;
        pthread_mutex_unlock(&w->lock);
        snprintf(url, sizeof url, "/api/jobs/%lld/preview.png?n=%d",
                 (long long)r->k->row.id, n);
        json_t *o = json_object();
        om_json_put_int(&o, "job", r->k->row.id);
        om_json_put_id(&o, "session", r->k->row.session);
        om_json_put(&o, "url", json_string(url));
        om_work_publish(r->k, "preview", o);
    }
    om_buf_free(&png);
}

/* Without one the gallery makes it. */
static void keep_thumb(om_store *store, int64_t id, omost_image image)
{
    om_picture pic = {0};
    om_buf png;
    omost_error err;
    om_buf_init(&png, NULL, (size_t)1 << 26);
    if (om_picture_init(&pic, NULL, image.width, image.height, &err) ==
        OMOST_OK) {
        memcpy(pic.rgb, image.rgb, om_picture_bytes(&pic));
        if (om_thumb_make(&pic, &png, &err) == OMOST_OK)
            (void)om_store_thumb_add(store, id, om_buf_view(&png), &err);
    }
    om_picture_free(&pic);
    om_buf_free(&png);
}

static omost_status keep(render *r, const omost_event *ev)
{
    om_work *k = r->k;
    size_t n = 0;
    om_image_row row = {.session = k->row.session,
                        .canvas = k->row.canvas,
                        .job = k->row.id,
                        .width = ev->image.width,
                        .height = ev->image.height,
                        .seed = ev->seed,
                        .parameters = om_str_of(ev->parameters),
                        .record = om_str_of(ev->record)};
    char *png = omost_image_png(NULL, ev->image, ev->parameters, ev->record, &n,
                                &r->err);
    if (!png) return r->err.status;
    omost_status st;
    int64_t since = 0;
    do
        st = om_store_image_add(k->w->opts.store, &row, (om_str){png, n},
                                &r->err);
    while (om_work_again(k, st, &since));
    omost_text_free(NULL, png);
    if (st != OMOST_OK) return st;
    keep_thumb(k->w->opts.store, row.id, ev->image);
    om_work_publish(k, "image", om_image_json(&row));
    return OMOST_OK;
}

static void take_progress(om_work *k, const omost_event *ev)
{
    om_job_progress *p = &k->progress;
    snprintf(p->phase, sizeof p->phase, "%s", omost_phase_name(ev->phase));
    p->done = ev->done;
    p->total_done = ev->total_done;
    p->step = ev->step;
    p->steps = ev->steps;
    p->index = ev->index;
    p->batch = ev->batch;
    p->seconds_left = ev->seconds_left;
}

static bool on_event(void *user, const omost_event *ev)
{
    render *r = user;
    switch (ev->kind) {
    case OMOST_EVENT_NOTE: tell_note(r, ev->text); break;
    case OMOST_EVENT_PROGRESS:
        take_progress(r->k, ev);
        om_work_tell(r->k, false);
        break;
    case OMOST_EVENT_PREVIEW: tell_preview(r, ev->image); break;
    case OMOST_EVENT_IMAGE:
        if (keep(r, ev) != OMOST_OK) return false;
        take_progress(r->k, ev);
        om_work_tell(r->k, true);
        break;
    }
    return om_work_goes_on(r->k);
}

omost_status om_work_render(om_work *k, omost_error *err)
{
    render r = {.k = k};
    om_render_want want;
    json_t *options = NULL;
    om_error_clear(&r.err);
    omost_status st = om_member_object(k->request, "options", &options, err);
    if (st == OMOST_OK)
        st = om_render_want_read(options, &k->w->opts.render, &want, err);
    if (st == OMOST_OK) st = read_canvas(&r, err);
    if (st == OMOST_OK) st = read_init(&r, &want, err);
    if (st == OMOST_OK) st = read_profile(&r, &want, err);
    if (st == OMOST_OK) st = om_need_engine(k, &want, err);
    if (st == OMOST_OK)
        st =
            omost_render(k->w->engine, r.canvas, &want.opts, on_event, &r, err);
    if (r.err.status != OMOST_OK) {
        *err = r.err;
        st = err->status;
    }
    omost_profile_free(r.profile);
    om_picture_free(&r.init);
    omost_canvas_free(r.canvas);
    return st;
}
