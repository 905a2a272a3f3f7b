/* api_images.c - the gallery, and pictures that come in. */
#include <stdio.h>

#include "base/json.h"
#include "server/api.h"
#include "server/thumb.h"
#include "server/uploads.h"

enum { PNG_BYTES = 1 << 29 };

#define FOREVER OM_STR("private, max-age=31536000, immutable")

omost_status om_get_images(om_request *rq, om_response *rs, omost_error *err)
{
    om_page page;
    om_image_row *rows;
    size_t n = 0;
    int64_t session = 0;
    const om_str q = om_request_query(rq, "q");
    omost_status st = om_request_page(rq, &page.before, &page.limit, err);
    if (st == OMOST_OK)
        st = om_request_int(rq, "session", 0, 1, INT64_MAX, &session, err);
    if (st == OMOST_OK)
        st = om_store_image_list(rq->server->store, session, q, page, rq->arena,
                                 &rows, &n, err);
    if (st != OMOST_OK) return st;
    json_t *o = json_object();
    om_json_put(&o, "images", om_images_json(rows, n));
    return om_response_json(rs, o, err);
}

static omost_status find_image(om_request *rq, om_image_row *row,
                               omost_error *err)
{
    int64_t id;
    omost_status st = om_request_id(rq, 0, &id, err);
    if (st != OMOST_OK) return st;
    return om_store_image_get(rq->server->store, id, rq->arena, row, err);
}

omost_status om_get_image(om_request *rq, om_response *rs, omost_error *err)
{
    om_image_row row;
    omost_status st = find_image(rq, &row, err);
    if (st != OMOST_OK) return st;
    json_t *o = om_image_json(&row);
    om_json_put_raw(&o, "record", row.record);
    return om_response_json(rs, o, err);
}

/* A picture never changes, and its number is never given to another. */
static bool is_known(om_request *rq, om_response *rs, const om_image_row *row,
                     const char *kind)
{
    char tag[64];
    snprintf(tag, sizeof tag, "\"%s-%lld-%lld\"", kind, (long long)row->id,
             (long long)row->created);
    om_response_header(rs, "Cache-Control", FOREVER);
    return om_response_tag(rq, rs, om_arena_str(rq->arena, om_str_of(tag)));
}

omost_status om_get_image_png(om_request *rq, om_response *rs, omost_error *err)
{
    om_image_row row;
    char name[80];
    omost_status st = find_image(rq, &row, err);
    if (st != OMOST_OK) return st;
    if (om_str_eqz(om_request_query(rq, "download"), "1")) {
        snprintf(name, sizeof name, "attachment; filename=\"omost-%lld.png\"",
                 (long long)row.id);
        om_response_header(rs, "Content-Disposition",
                           om_arena_str(rq->arena, om_str_of(name)));
    }
    if (is_known(rq, rs, &row, "i")) return OMOST_OK;
    rs->type = "image/png";
    return om_store_image_read(rq->server->store, row.id, &rs->body, err);
}

/* Made now: of a picture that came before there were any, or whose thumb could
 * not be kept. */
static omost_status make_thumb(om_server *s, int64_t id, om_buf *out,
                               omost_error *err)
{
    om_buf png;
    om_picture pic = {0};
    om_buf_init(&png, NULL, PNG_BYTES);
    omost_status st = om_store_image_read(s->store, id, &png, err);
    if (st == OMOST_OK)
        st = om_png_decode(&pic, NULL, om_buf_view(&png), OM_PICTURE_MAX_PIXELS,
                           err);
    if (st == OMOST_OK) st = om_thumb_make(&pic, out, err);
    om_picture_free(&pic);
    om_buf_free(&png);
    omost_error lost;
    if (st == OMOST_OK)
        (void)om_store_thumb_add(s->store, id, om_buf_view(out), &lost);
    return st;
}

omost_status om_get_thumb(om_request *rq, om_response *rs, omost_error *err)
{
    om_image_row row;
    omost_status st = find_image(rq, &row, err);
    if (st != OMOST_OK) return st;
    if (is_known(rq, rs, &row, "t")) return OMOST_OK;
    rs->type = "image/png";
    st = om_store_thumb_read(rq->server->store, row.id, &rs->body, err);
    if (st == OMOST_OK && rs->body.n > 0) return st;
    rs->body.n = 0;
    return make_thumb(rq->server, row.id, &rs->body, err);
}

omost_status om_delete_image(om_request *rq, om_response *rs, omost_error *err)
{
    om_image_row row;
    omost_status st = find_image(rq, &row, err);
    if (st == OMOST_OK)
        st = om_store_image_delete(rq->server->store, row.id, err);
    if (st != OMOST_OK) return st;
    json_t *o = json_object();
    om_json_put_int(&o, "id", row.id);
    om_json_put_id(&o, "session", row.session);
    om_json_put(&o, "deleted", json_true());
    om_events_publish(rq->server->events, "image", 0, o);
    rs->status = 204;
    return OMOST_OK;
}

/* ---- uploads ---------------------------------------------------------- */

/* The record of one of our own pictures, and the canvas in it. */
static void put_record(om_request *rq, json_t **o)
{
    om_buf text;
    omost_error err;
    json_t *value = NULL, *canvas = NULL;
    om_buf_init(&text, NULL, OMOST_MAX_RECORD);
    if (om_png_find_text(&text, rq->body, OMOST_PNG_RECORD, &err) == OMOST_OK) {
        omost_record *r = omost_record_read(NULL, text.p, text.n, &err);
        if (r) {
            value = om_json_parse(om_buf_view(&text), "the record", &err);
            canvas = om_canvas_value(r->canvas);
        }
        omost_record_free(r);
    }
    om_buf_free(&text);
    om_json_put(o, "record", value ? value : json_null());
    om_json_put(o, "canvas", canvas ? canvas : json_null());
}

omost_status om_post_upload(om_request *rq, om_response *rs, omost_error *err)
{
    char token[OM_TOKEN + 1];
    om_picture pic;
    const om_worker_opts *w = om_worker_options(rq->server->worker);
    omost_status st = om_upload_add(w->uploads, rq->body, token, &pic, err);
    if (st != OMOST_OK) return st;
    json_t *o = json_object();
    om_json_put(&o, "upload", json_string(token));
    om_json_put_int(&o, "width", pic.width);
    om_json_put_int(&o, "height", pic.height);
    om_picture_free(&pic);
    put_record(rq, &o);
    rs->status = 201;
    return om_response_json(rs, o, err);
}
