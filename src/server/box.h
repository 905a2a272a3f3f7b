/* box.h - what a job hands to the request that waits for it: the text of a
 * reply as it is written, and at the end how it went. Two hold it, the worker
 * and the handler; whoever lets go last frees it.
 *
 * Threads: any. */
#ifndef OM_SERVER_BOX_H
#define OM_SERVER_BOX_H

#include "omost/compose.h"
#include "server/http.h"

typedef struct om_box om_box;

/* What is in it after the end. */
typedef struct om_box_end {
    bool ended;
    omost_error err; /* status OK: done */
    omost_compose_stats stats;
    int64_t seed, canvas;
    bool cut;
} om_box_end;

/* Held twice. NULL: no memory. */
om_box *om_box_new(const omost_env *env, om_waker *waker);
/* Let go; the handler's own says so, and is not woken any more. */
void om_box_free(om_box *b, bool handler);

void om_box_text(om_box *b, om_str text);
/* Forget the text: it is written anew. */
void om_box_clear(om_box *b);
void om_box_reply(om_box *b, const omost_compose_stats *stats, int64_t seed,
                  int64_t canvas, bool cut);
void om_box_over(om_box *b, const omost_error *err);

/* Append the text from *at on; *at moves on. */
void om_box_read(om_box *b, size_t *at, om_buf *out);
om_box_end om_box_look(om_box *b);

#endif
