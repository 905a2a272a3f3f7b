/* remote.h - parts of the writer that asks a server (remote.c): what is sent,
 * how the answer is read.
 *
 * The protocol is OpenAI's chat completions, POST {base}/v1/chat/completions
 * with "stream": true, as OpenAI, llama.cpp's server, Ollama, vLLM, LM Studio
 * and many others speak it, each a little differently. What is read leniently:
 *
 *     a first chunk that only names the role; content null, "" or a list
 *     reasoning_content, reasoning, thinking: not part of the reply
 *     comments and empty events that keep the connection alive
 *     {"error": ...} in the middle of a stream that began with status 200
 *     one whole JSON answer although a stream was asked for
 *     no "data: [DONE]"; no finish_reason; usage in a chunk without choices
 *     prompt_progress and timings of llama.cpp
 */
#ifndef OM_COMPOSER_REMOTE_H
#define OM_COMPOSER_REMOTE_H

#include "composer/writer.h"
#include "net/sse.h"

/* ---- the answer (remote_answer_json.c) ----------------------------------- */

typedef struct om_remote_sink {
    /* Both return false to stop (CANCELLED). */
    bool (*text)(void *user, om_str bytes);
    bool (*progress)(void *user, int done, int total);
    void *user;
} om_remote_sink;

/* Bytes of a 2xx answer in, text out. */
typedef struct om_remote_answer {
    const omost_env *env;
    om_remote_sink sink;
    const char *host;   /* for messages */
    const char *secret; /* struck out of them; may be NULL */
    om_sse sse;
    om_buf whole; /* an answer that is no event stream */
    enum { OM_REMOTE_START, OM_REMOTE_EVENTS, OM_REMOTE_WHOLE } form;
    bool done;     /* "[DONE]": nothing of interest follows */
    bool finished; /* a finish_reason came */
    bool cut;      /* and it was "length" */
    int n_texts;   /* pieces of text: about as many as tokens */
    /* Pieces of text, thoughts and progress: all that is more than a sign of
     * life. */
    uint64_t n_news;
    /* What the server counted; -1: it did not say. */
    int prompt_tokens, cached_tokens, reply_tokens, drafted, accepted;
} om_remote_answer;

void om_remote_answer_init(om_remote_answer *a, const omost_env *env,
                           const om_remote_sink *sink);
void om_remote_answer_free(om_remote_answer *a);
/* The next bytes of the body. FORMAT, IO (the server's own error), LIMIT,
 * NOMEM, CANCELLED. */
OMOST_NODISCARD omost_status om_remote_answer_feed(om_remote_answer *a,
                                                   om_str bytes,
                                                   omost_error *err);
/* The body is complete. */
OMOST_NODISCARD omost_status om_remote_answer_end(om_remote_answer *a,
                                                  omost_error *err);

/* ---- the request and the rest (remote_json.c) ---------------------------- */

/* What a server turned out not to take is left out from then on. */
typedef enum om_remote_part {
    OM_REMOTE_USAGE,       /* stream_options */
    OM_REMOTE_SEED,        /* seed */
    OM_REMOTE_TOP_P,       /* top_p */
    OM_REMOTE_TEMPERATURE, /* temperature */
    OM_REMOTE_MAX_TOKENS,  /* max_tokens: max_completion_tokens instead */
    OM_REMOTE_GRAMMAR,     /* grammar */
    OM_REMOTE_N_PARTS
} om_remote_part;

/* The name a server calls it by. */
const char *om_remote_part_name(om_remote_part part);

typedef struct om_remote_ask {
    const om_turn *turns;
    size_t n_turns;
    const om_write_opts *opts;
    const char *model; /* may be NULL or empty: the server's own choice */
    bool llama;        /* llama.cpp's server: its own fields, too */
    om_str grammar;    /* GBNF; p == NULL: none */
    bool without[OM_REMOTE_N_PARTS];
} om_remote_ask;

/* Append the request's JSON. */
omost_status om_remote_body(om_buf *out, const om_remote_ask *ask,
                            omost_error *err);

/* What the body of GET /v1/models says. */
typedef struct om_remote_models {
    int n;
    bool llama;      /* llama.cpp owns them */
    char first[256]; /* id of the first; empty when there is none that fits */
} om_remote_models;
void om_remote_read_models(om_remote_models *out, om_str body);

/* The context size in the body of llama.cpp's GET /props; 0: it does not say.
 */
int om_remote_read_props(om_str body);

/* What the body of a refusal (status 400, 413, 422) blames. */
typedef enum om_remote_blame {
    OM_REMOTE_BLAMES_OTHER,
    OM_REMOTE_BLAMES_LENGTH, /* the conversation does not fit the context */
    OM_REMOTE_BLAMES_PART    /* *part, which can be left out */
} om_remote_blame;
om_remote_blame om_remote_read_refusal(om_str body, om_remote_part *part);

#endif
