/* sse.h - a reader of server-sent events (text/event-stream) as the HTML
 * standard defines them: bytes in, in whatever pieces; events out.
 *
 *     om_sse s;
 *     om_sse_init(&s, env, 1 << 20);
 *     while (more bytes) st = om_sse_feed(&s, bytes, on_event, user, err);
 *     st = om_sse_end(&s, on_event, user, err);
 *     om_sse_free(&s);
 *
 * Lines end in LF, CR or CRLF; a byte-order mark at the start and lines that
 * begin with a colon (comments, sent to keep a connection alive) are dropped;
 * the lines "data:" of one event are joined by line feeds; "id:" and "retry:",
 * which are for coming back to a stream, are passed over. Unlike a browser the
 * reader passes on an event that the end of the stream completes: some servers
 * leave out the last empty line. */
#ifndef OM_NET_SSE_H
#define OM_NET_SSE_H

#include "base/buf.h"
#include "base/error.h"

typedef struct om_sse_event {
    om_str type; /* of the line "event:"; empty: "message" is meant */
    om_str data; /* any bytes but CR and, within a line, LF; not checked */
} om_sse_event;

/* The texts are lent for the call. Anything but OK ends the reading and is
 * what the feeding function returns. */
typedef omost_status om_sse_fn(void *user, const om_sse_event *ev,
                               omost_error *err);

typedef struct om_sse {
    om_buf line, type, data;
    size_t limit;
    bool has_data; /* a line "data:" was seen, even an empty one */
    bool after_cr; /* a LF now belongs to the CR before it */
    bool started;  /* past the place of a byte-order mark */
} om_sse;

/* `limit`: most bytes of one line and of the data of one event. */
void om_sse_init(om_sse *s, const omost_env *env, size_t limit);

/* LIMIT beyond the limit, NOMEM, or what `fn` returned. After a failure only
 * om_sse_free() is left. */
OMOST_NODISCARD omost_status om_sse_feed(om_sse *s, om_str bytes, om_sse_fn *fn,
                                         void *user, omost_error *err);

/* The stream has ended: what stands there unfinished is one more event. */
OMOST_NODISCARD omost_status om_sse_end(om_sse *s, om_sse_fn *fn, void *user,
                                        omost_error *err);

void om_sse_free(om_sse *s);

#endif
