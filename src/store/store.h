/* store.h - what the studio keeps: sessions, messages, canvases, pictures and
 * jobs, in one SQLite file of a data folder, pictures as files beside it. The
 * one home of SQLite is this layer.
 *
 *     DIR/omost.db            WAL; made when it is missing, upgraded when old
 *     DIR/images/00/17.png    picture 17; 17.part on its way in or out
 *     DIR/images/00/17.thumb.png    a small copy, which can be made again
 *     DIR/lock                held while a store is open (flock)
 *
 * Every function that changes something has it on disk when it returns OK
 * (synchronous=EXTRA): what was acknowledged survives kill -9 and a power cut.
 * Opening marks jobs that were queued or running as interrupted, and removes
 * pictures that were being added or deleted. A change happens whole or not at
 * all; after a failure the store goes on as it was before.
 *
 * Errors are one sentence: MISSING (no such row), FULL (no room left), LOCKED
 * (another program is writing), IO (locked by another server, no permission, a
 * damaged file: what to do about it), FORMAT (a text is not UTF-8), LIMIT (a
 * text beyond 64 MiB), NOMEM. Texts may hold
 * NULs. Rows that come back live in the arena given, and mean something only
 * when a function returns OK; those passed in to be added are set only then.
 * Ids are never used twice.
 *
 * Threads: any; calls are serialised by the store, but for the bytes of
 * pictures. A change waits for the disk (milliseconds), and up to 2 s for
 * another program that is writing in the file; who reads does not. A process that forks must not
 * use the store in the child. Memory: rows and buffers come from the env,
 * SQLite's own from libc (it can be given another only for the whole
 * process). */
#ifndef OM_STORE_STORE_H
#define OM_STORE_STORE_H

#include "base/buf.h"
#include "base/mem.h"

typedef struct om_store om_store;

/* The folder is made, with those above it, for this user alone. NULL and IO
 * when another server has it, the file is damaged, some other program's or of a
 * newer omost, or nothing can be written there. */
om_store *om_store_open(const omost_env *env, const char *folder,
                        omost_error *err);
/* No call may be running. NULL is allowed. */
void om_store_close(om_store *s);

/* 0 stands for "none" in every id. Times are milliseconds since 1970, UTC. */

typedef struct om_page {
    int64_t before; /* rows with smaller ids only; 0: from the newest */
    int limit;
} om_page;

/* ---- sessions -------------------------------------------------------- */

typedef struct om_session_row {
    int64_t id;
    om_str title;
    int64_t canvas; /* the one on the stage */
    int64_t created, updated;
    int n_messages, n_images;
} om_session_row;

omost_status om_store_session_add(om_store *s, om_str title, int64_t *id,
                                  omost_error *err);
/* The newest of this title; made when there is none (*made). */
omost_status om_store_session_find(om_store *s, om_str title, int64_t *id,
                                   bool *made, omost_error *err);
omost_status om_store_session_get(om_store *s, int64_t id, om_arena *a,
                                  om_session_row *out, omost_error *err);
/* The last used first; `before` is the last one of the page before (MISSING
 * when it was deleted meanwhile). `search` (empty: all): every word of it is in
 * the title, in small or capital letters. */
omost_status om_store_session_list(om_store *s, om_str search, om_page page,
                                   om_arena *a, om_session_row **out, size_t *n,
                                   omost_error *err);
/* title.p NULL, canvas < 0: as it was. *was (may be NULL): the canvas that was on
 * the stage before. */
omost_status om_store_session_set(om_store *s, int64_t id, om_str title,
                                  int64_t canvas, int64_t *was,
                                  omost_error *err);
/* With its messages, canvases and jobs; its pictures stay in the gallery. */
omost_status om_store_session_delete(om_store *s, int64_t id, omost_error *err);

/* ---- messages: the tree of omost_chat -------------------------------- */

typedef struct om_message_row {
    int64_t session;
    int id, parent; /* of the session, from 0; parent -1: first */
    bool assistant;
    om_str text;
    int64_t canvas; /* what an answer became */
    om_str error;   /* JSON: why an answer is no canvas; or "" */
    int64_t seed;
    om_str stats; /* JSON, or "" */
    int64_t created;
} om_message_row;

/* `id` and `created` of the row are set; the session's `updated` too. MISSING
 * also when its parent or canvas is not there. */
omost_status om_store_message_add(om_store *s, om_message_row *row,
                                  omost_error *err);
/* Oldest first; none when there is no such session. */
omost_status om_store_message_list(om_store *s, int64_t session, om_arena *a,
                                   om_message_row **out, size_t *n,
                                   omost_error *err);

/* ---- canvases -------------------------------------------------------- */

typedef struct om_canvas_row {
    int64_t id, session, parent;
    om_str origin; /* "reply", "edit", "import" */
    om_str python; /* canonical */
    om_str notes;  /* JSON: what was read otherwise than written; or "" */
    int64_t created;
} om_canvas_row;

/* `id` and `created` are set; `parent` (0: none) may be of another session. */
omost_status om_store_canvas_add(om_store *s, om_canvas_row *row,
                                 omost_error *err);
/* The same, and it goes on its session's stage; `was`: what was there (0:
 * nothing). One change. */
omost_status om_store_canvas_stage(om_store *s, om_canvas_row *row,
                                   int64_t *was, omost_error *err);
/* A session's, the newest first, without python and notes. */
omost_status om_store_canvas_list(om_store *s, int64_t session, om_page page,
                                  om_arena *a, om_canvas_row **out, size_t *n,
                                  omost_error *err);
omost_status om_store_canvas_get(om_store *s, int64_t id, om_arena *a,
                                 om_canvas_row *out, omost_error *err);

/* An answer at once: its canvas (python.p NULL: none) and its message, which
 * names it, become one change; the canvas goes on the session's stage. The
 * session is the message's. */
omost_status om_store_answer_add(om_store *s, om_message_row *message,
                                 om_canvas_row *canvas, omost_error *err);

/* ---- jobs ------------------------------------------------------------ */

/* id, name */
#define OM_JOB_STATE_LIST(X)  \
    X(QUEUED, "queued")       \
    X(RUNNING, "running")     \
    X(DONE, "done")           \
    X(FAILED, "failed")       \
    X(CANCELLED, "cancelled") \
    X(INTERRUPTED, "interrupted")

typedef enum om_job_state {
#define X(id, name) OM_JOB_##id,
    OM_JOB_STATE_LIST(X)
#undef X
} om_job_state;

/* "queued", ... */
const char *om_job_state_name(om_job_state state);

typedef struct om_job_row {
    int64_t id, session, canvas;
    int message;    /* of the session; -1: none */
    om_str kind;    /* "compose", "render", "load" */
    om_str request; /* JSON, to do it again */
    om_job_state state;
    om_str error; /* JSON, or "" */
    int64_t created, started, ended;
} om_job_row;

omost_status om_store_job_add(om_store *s, om_job_row *row, omost_error *err);
/* Sets started or ended by the state. */
omost_status om_store_job_set(om_store *s, int64_t id, om_job_state state,
                              om_str error, omost_error *err);
omost_status om_store_job_get(om_store *s, int64_t id, om_arena *a,
                              om_job_row *out, omost_error *err);
/* session 0: all; open_only: queued and running. */
omost_status om_store_job_list(om_store *s, int64_t session, bool open_only,
                               om_page page, om_arena *a, om_job_row **out,
                               size_t *n, omost_error *err);

/* ---- pictures -------------------------------------------------------- */

typedef struct om_image_row {
    int64_t id, session, canvas, job;
    int width, height;
    int64_t seed;
    om_str parameters, record;
    int64_t created;
} om_image_row;

/* Write the PNG file and the row; `id` and `created` are set. The bytes are
 * kept as they are. */
omost_status om_store_image_add(om_store *s, om_image_row *row, om_str png,
                                omost_error *err);
omost_status om_store_image_get(om_store *s, int64_t id, om_arena *a,
                                om_image_row *out, omost_error *err);
/* session 0: all; `search` (empty: all): every word of it is somewhere in the
 * parameters or the canvas, in small or capital letters. Without records. */
omost_status om_store_image_list(om_store *s, int64_t session, om_str search,
                                 om_page page, om_arena *a, om_image_row **out,
                                 size_t *n, omost_error *err);
/* Append the bytes of its file; MISSING also when somebody took it away. */
omost_status om_store_image_read(om_store *s, int64_t id, om_buf *out,
                                 omost_error *err);
/* A small copy, kept beside the picture so that it is made once only; it goes
 * with the picture. Reading is MISSING when none is kept. */
omost_status om_store_thumb_read(om_store *s, int64_t id, om_buf *out,
                                 omost_error *err);
omost_status om_store_thumb_add(om_store *s, int64_t id, om_str png,
                                omost_error *err);
/* Numbers of a job's pictures, oldest first. */
omost_status om_store_job_images(om_store *s, int64_t job, om_arena *a,
                                 int64_t **out, size_t *n, omost_error *err);
/* Row and file, also when the file is gone already. */
omost_status om_store_image_delete(om_store *s, int64_t id, omost_error *err);

#endif
