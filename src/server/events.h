/* events.h - what happens, told to everybody who listens.
 *
 * A ring of the newest events, numbered from 1 by one. Whoever lost the
 * connection comes back with the last number it saw and gets what it missed,
 * or a "reset" when the ring no longer has it. Publishing never waits for a
 * listener: a slow one falls out of the ring and gets a reset.
 *
 * Threads: any. */
#ifndef OM_SERVER_EVENTS_H
#define OM_SERVER_EVENTS_H

#include <jansson.h>

#include "base/buf.h"

enum { OM_EVENT_RING = 4096, OM_EVENT_BYTES = 64 << 20 };

typedef struct om_events om_events;

om_events *om_events_new(const omost_env *env, omost_error *err);
void om_events_free(om_events *e);

/* Tell; the value is released. `session` 0: of no session. A value that cannot
 * be written (no memory) becomes a reset for everybody. */
void om_events_publish(om_events *e, const char *name, int64_t session,
                       json_t *data);
/* The newest number. */
uint64_t om_events_last(om_events *e);

/* Append, as text/event-stream, events after *at that `session` (0: all)
 * may see, until there are `most` bytes or more; *at moves on. Says whether
 * anything was appended. */
bool om_events_read(om_events *e, int64_t session, uint64_t *at, om_buf *out,
                    size_t most);

/* `wake(user)` is called, from the publishing thread and quickly, after every
 * event that `session` may see until the listener is taken away. */
typedef struct om_listener om_listener;
om_listener *om_events_listen(om_events *e, int64_t session,
                              void (*wake)(void *user), void *user,
                              omost_error *err);
void om_events_leave(om_events *e, om_listener *l);

#endif
