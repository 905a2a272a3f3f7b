/* omost/compose.h - the composer: words become a canvas, by a language model.
 *
 *     omost_composer_opts co = {.model = "omost-llama-3-8b-q8_0.gguf"};
 *     omost_composer *who = omost_composer_open(&co, NULL, NULL, &err);
 *     omost_chat *chat = omost_chat_new(NULL, &err);
 *     int said = omost_chat_add(chat, OMOST_CHAT_ROOT, OMOST_ROLE_USER,
 *                               (omost_str){"two cats", 8}, &err);
 *     omost_reply reply;
 *     st = omost_compose(who, chat, said, NULL, on_event, user, &reply, &err);
 *     if (st == OMOST_OK && reply.canvas) ...
 *     omost_reply_free(&reply);
 *
 * Who writes is a local GGUF model (libllama), a server that speaks OpenAI's
 * chat completions, or a file of replies; a canvas is the same value whoever
 * wrote it, and nothing a model says is ever executed.
 *
 * Threads: a composer does one thing at a time; composers share nothing but
 * what ggml itself keeps for the process. A chat is a plain value with no
 * lock. */
#ifndef OMOST_COMPOSE_H
#define OMOST_COMPOSE_H

#include "omost/canvas.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- the conversation -------------------------------------------------- */

/* A tree of messages: editing or retrying an earlier one begins a branch, and
 * nothing is ever lost. The system prompt the models were trained with is not
 * in it; it is always sent first. */
typedef struct omost_chat omost_chat;

typedef enum omost_role { OMOST_ROLE_USER, OMOST_ROLE_ASSISTANT } omost_role;

enum {
    OMOST_CHAT_ROOT = -1,        /* the parent of first messages */
    OMOST_MAX_MESSAGES = 10000,  /* of one chat */
    OMOST_MAX_MESSAGE = 1 << 20, /* bytes of one message */
    OMOST_MAX_CHAT = 64 << 20    /* bytes of a chat's JSON */
};

typedef struct omost_message {
    int id;     /* 0, 1, ... in the order they were added */
    int parent; /* id, or OMOST_CHAT_ROOT */
    omost_role role;
    omost_str text; /* UTF-8; lives as long as the chat */
} omost_message;

OMOST_API omost_chat *omost_chat_new(const omost_env *env, omost_error *err);
OMOST_API void omost_chat_free(omost_chat *chat);

/* Append a copy of a message below `parent`; its id, or -1 and an error. Roles
 * alternate along a branch, a user's first; text must be UTF-8, and a user's
 * not blank. */
OMOST_API int omost_chat_add(omost_chat *chat, int parent, omost_role role,
                             omost_str text, omost_error *err);
OMOST_API int omost_chat_count(const omost_chat *chat);
/* NULL when there is none of this id. */
OMOST_API const omost_message *omost_chat_message(const omost_chat *chat,
                                                  int id);
/* The i-th child of `parent` in the order they were added, or -1. */
OMOST_API int omost_chat_child(const omost_chat *chat, int parent, int i);
/* The way from the first message to `id`, ids in out[cap]; how many there are.
 */
OMOST_API int omost_chat_path(const omost_chat *chat, int id, int *out,
                              int cap);

/* {"omost_chat": 1, "messages": [{"parent", "role", "text"}...]}; free it with
 * omost_text_free(). Reading it gives an equal chat. */
OMOST_API char *omost_chat_to_json(const omost_chat *chat, size_t *len,
                                   omost_error *err);
OMOST_API omost_chat *omost_chat_read(const omost_env *env, const char *text,
                                      size_t len, omost_error *err);

/* The system prompt, byte for byte what the models were trained with. */
OMOST_API omost_str omost_system_prompt(void);
/* The grammar of a reply as GBNF (llama.cpp's notation): NUL-terminated, to be
 * freed with omost_text_free(). */
OMOST_API char *omost_compose_grammar(const omost_env *env, size_t *len,
                                      omost_error *err);

/* ---- who writes -------------------------------------------------------- */

/* Zeroes and NULLs are the defaults; exactly one of model, server and script
 * is needed. Texts need not outlive the call. */
typedef struct omost_composer_opts {
    const omost_env *env;

    const char *model;  /* a GGUF file (the first part, when in parts) */
    const char *server; /* "http://127.0.0.1:8080", with or without /v1 */
    const char *script; /* a file of replies, parted by lines of "---" */

    /* local */
    int n_ctx;        /* 0: what fits, at most 8192 and the model's own */
    int n_threads;    /* 0: all processors */
    int n_gpu_layers; /* 0: all that fit where there is a GPU; -1: none */
    bool mlock;       /* keep the weights in memory */
    const char *chat_template; /* instead of the file's: llama.cpp's names */
    const char *ggml_plugins;  /* folder; NULL: the one found at build time */
    /* A folder where the state after the system prompt is kept from one
     * process to the next; NULL: nowhere. */
    const char *cache_dir;

    /* script */
    double script_rate; /* pieces of four bytes a second; 0: all at once */

    /* remote */
    const char *server_model; /* NULL or "": the server's own choice */
    const char *api_key;      /* NULL: none; never shown or logged */
    double timeout; /* seconds without a byte from the server; 0: 120 */
    int retries;    /* where it is safe; 0: 2; negative: none */
} omost_composer_opts;

typedef struct omost_composer omost_composer;

typedef bool omost_load_fn(void *user, double done);

/* `on_load` (may be NULL) hears how much is read, 0..1, and can stop it. */
OMOST_API omost_composer *omost_composer_open(const omost_composer_opts *opts,
                                              omost_load_fn *on_load,
                                              void *user, omost_error *err);
OMOST_API void omost_composer_close(omost_composer *composer);

/* "omost-llama-3-8b-q8_0.gguf", "http://...", "replay.txt"; for a person. */
OMOST_API const char *omost_composer_name(const omost_composer *composer);
/* Tokens of context; 0 when it is not known: a server is asked at the first
 * omost_compose(). */
OMOST_API int omost_composer_context(const omost_composer *composer);

/* ---- writing ----------------------------------------------------------- */

/* Start from OMOST_COMPOSE_DEFAULTS. */
typedef struct omost_compose_opts {
    float temperature; /* 0.6; 0: greedy, the same reply every time */
    float top_p;       /* 0.9; 0 < top_p <= 1 */
    int max_tokens;    /* 4096 */
    int64_t seed;    /* negative: a random one below 2^32, told in the reply */
    bool no_grammar; /* let the model write what it wants */
    bool no_draft;   /* one token at a time; the text is the same */
    bool no_mend;    /* do not ask again when a reply is broken */
} omost_compose_opts;

#define OMOST_COMPOSE_DEFAULTS                                             \
    {                                                                      \
        .temperature = 0.6f, .top_p = 0.9f, .max_tokens = 4096, .seed = -1 \
    }

typedef struct omost_compose_stats {
    int prompt_tokens; /* of the whole prompt */
    int reused_tokens; /* of them, those that were in the cache already */
    int reply_tokens;
    int forced_tokens;   /* of the reply, those the grammar left no choice in */
    int drafted_tokens;  /* guessed ahead */
    int accepted_tokens; /* of the guesses, those that were right */
    int passes;          /* evaluations of the model for the reply */
    int dropped_messages; /* left out because the context was full */
    int mended;           /* 1: the reply was asked for again */
    double load_seconds, prompt_seconds, reply_seconds;
} omost_compose_stats;

typedef enum omost_compose_event_kind {
    OMOST_COMPOSE_NOTE,   /* `text`: something was left out or changed */
    OMOST_COMPOSE_PROMPT, /* `done` of `total` tokens of the prompt are read
                           * (`total` 0: not known); told again while nothing else comes, also in
                           * the middle of a reply */
    OMOST_COMPOSE_TEXT,   /* `text`: the next bytes of the reply (whole
                           * characters) */
    OMOST_COMPOSE_CANVAS, /* `read`: the canvas grows (omost/canvas.h) */
    OMOST_COMPOSE_AGAIN   /* the reply was broken and is asked for once more:
                           * forget what came so far; `text` says why */
} omost_compose_event_kind;

typedef struct omost_compose_event {
    omost_compose_event_kind kind;
    omost_str text;
    int done, total;
    const omost_read_event *read;
    double tokens_per_second; /* of the reply so far; 0: not known yet */
    const omost_compose_stats *stats; /* so far; never NULL */
} omost_compose_event;

/* All that an event points to is lent until it returns. False: stop. */
typedef bool omost_compose_event_fn(void *user, const omost_compose_event *ev);

typedef struct omost_reply {
    const omost_env *env;
    char *text; /* NUL-terminated, `len` bytes; never NULL after OMOST_OK */
    size_t len;
    int id;               /* of the message it became in the chat */
    omost_canvas *canvas; /* NULL when the text is none: then `why` */
    omost_error why;
    bool cut; /* max_tokens or the context ended it */
    int64_t seed;
    omost_compose_stats stats;
} omost_reply;

/* Have the composer answer message `id` (a user's), knowing the way to it. The
 * reply becomes its child in the chat. A reply that is no canvas is a success
 * with `canvas` NULL. After CANCELLED (an event said stop) what had been
 * written is in `reply` all the same, and not in the chat; other failures leave
 * it empty: zeroed, with an `id` of -1. `opts` and `fn` may be NULL. */
OMOST_API OMOST_NODISCARD omost_status
omost_compose(omost_composer *composer, omost_chat *chat, int id,
              const omost_compose_opts *opts, omost_compose_event_fn *fn,
              void *user, omost_reply *reply, omost_error *err);
/* Safe on a zeroed reply. */
OMOST_API void omost_reply_free(omost_reply *reply);

#ifdef __cplusplus
}
#endif
#endif
