/* draw_wait.h - requests that answer when the picture is there: words (or a
 * canvas) become pictures in a session of their own, "API". */
#ifndef OM_SERVER_DRAW_WAIT_H
#define OM_SERVER_DRAW_WAIT_H

#include "server/api.h"
#include "server/box.h"

typedef struct om_draw_wait {
    om_server *server;
    const omost_env *env;
    om_box *box;
    int64_t session, canvas, job;
    json_t *options;    /* of the render */
    bool drawing, over; /* the job draws; it ended */
    bool keep_stopped;  /* a drawing that was stopped is no error */
    bool stopped;
    int64_t *images; /* what was drawn, in the request's arena */
    size_t n_images;
} om_draw_wait;

/* rs->state: of this request, made the first time (then *is_new). NULL: no
 * memory. */
om_draw_wait *om_draw_state(om_request *rq, om_response *rs, bool *is_new);

/* Have a composer write a canvas for these words, then draw it. */
omost_status om_draw_words(om_request *rq, om_response *rs, om_draw_wait *d,
                           om_str words, omost_error *err);
/* Draw this one; takes it. */
omost_status om_draw_canvas(om_request *rq, om_response *rs, om_draw_wait *d,
                            omost_canvas *cv, omost_error *err);
/* The same with the request's member "canvas"; *is: there is one. */
omost_status om_draw_member(om_request *rq, om_response *rs, om_draw_wait *d,
                            bool *is, omost_error *err);
/* Go on: rs->later is set, or pictures are in d->images. */
omost_status om_draw_go_on(om_request *rq, om_response *rs, om_draw_wait *d,
                           omost_error *err);
/* A JSON string of a picture's file as base64; NULL and an error. */
json_t *om_image_base64(om_server *s, int64_t id, omost_error *err);

#endif
