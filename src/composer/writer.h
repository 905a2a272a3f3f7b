/* writer.h - what every writer of replies offers the composer.
 *
 * A writer turns a conversation into one reply: composer_llama (a GGUF in this
 * process), remote (a server), script (a file). The composer above it (see
 * composer.c) knows none of them: it trims the conversation when a writer says
 * that it is too long, reads the canvas as it comes, and asks again when a
 * reply is broken.
 *
 * Threads: one call at a time per writer. */
#ifndef OM_COMPOSER_WRITER_H
#define OM_COMPOSER_WRITER_H

#include "base/buf.h"
#include "omost/compose.h"

typedef enum om_turn_role {
    OM_TURN_SYSTEM,
    OM_TURN_USER,
    OM_TURN_ASSISTANT
} om_turn_role;

/* "system", "user", "assistant". */
const char *om_turn_role_name(om_turn_role role);

typedef struct om_turn {
    om_turn_role role;
    om_str text;
} om_turn;

typedef struct om_write_opts {
    float temperature, top_p; /* checked by the composer */
    int max_tokens;           /* >= 1 */
    uint64_t seed;            /* never random here */
    bool grammar, draft;
} om_write_opts;

/* Where a reply goes. Each function returns false to stop: the writer then
 * returns CANCELLED as soon as it can. `waiting` is called several times a
 * second while there is nothing else to say. */
typedef struct om_write_sink {
    bool (*prompt)(void *user, int done, int total);
    bool (*text)(void *user, om_str bytes); /* may cut inside a character */
    bool (*note)(void *user, const char *text);
    bool (*waiting)(void *user);
    void *user;
    omost_compose_stats *stats; /* the writer counts its own lines here */
    bool cut;                   /* set by the writer: max_tokens ended it */
} om_write_sink;

typedef struct om_writer om_writer;

typedef struct om_writer_ops {
    /* Answer the last of turns[n] (the first is the system's, the last a
     * user's). LIMIT, before anything was evaluated: the conversation does not
     * fit; the composer tries again with fewer turns. */
    omost_status (*write)(om_writer *w, const om_turn *turns, size_t n,
                          const om_write_opts *opts, om_write_sink *sink,
                          omost_error *err);
    void (*close)(om_writer *w);
} om_writer_ops;

/* The head of every writer. */
struct om_writer {
    const om_writer_ops *ops;
    const omost_env *env;
    char *name; /* for a person; the writer's to free */
    int n_ctx;  /* 0: not known */
    /* It has so many answers to a conversation; 0: no such limit. */
    size_t n_answers;
};

/* A composer over this writer, which becomes its own (also when this fails). */
omost_composer *om_composer_of(om_writer *writer, omost_error *err);

om_writer *om_llama_writer_open(const omost_composer_opts *opts,
                                omost_load_fn *on_load, void *user,
                                omost_error *err);
om_writer *om_remote_writer_open(const omost_composer_opts *opts,
                                 omost_error *err);
om_writer *om_script_writer_open(const omost_composer_opts *opts,
                                 omost_error *err);

#endif
