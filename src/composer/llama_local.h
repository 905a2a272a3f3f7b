/* llama_local.h - the writer that runs a GGUF model in this process, as its
 * own files see it.
 *
 * The row of tokens whose keys and values the context holds is `kept`; what a
 * prompt shares with it need not be evaluated again. Invariant between calls:
 * the context's memory holds kept[0..kept.n) at the positions [0..kept.n), and
 * nothing else. */
#ifndef OM_COMPOSER_LLAMA_LOCAL_H
#define OM_COMPOSER_LLAMA_LOCAL_H

#include <llama.h>

#include "composer/draft.h"
#include "composer/llama_file.h"
#include "composer/llama_words.h"
#include "composer/pace.h"
#include "composer/pick.h"
#include "composer/template.h"

enum {
    OM_LLAMA_CHUNK = 256, /* tokens of a prompt in one call */
    /* Rows of one pass of a reply, at the most: ggml's BLAS back end, whose
     * numbers are others, begins at 32. */
    OM_LLAMA_WIDE = 28,
    OM_LLAMA_MOST = 32 /* room for them */
};

/* How wide a pass of a reply may be so that each row's logits come out the same
 * whatever stands beside it (see llama_width.c). */
typedef struct om_width {
    int rows, outputs; /* at most; outputs: rows whose logits are wanted */
    bool exact;        /* seen to be so; false: nothing better was found */
} om_width;

/* For benches: what is said instead of what was picked, called after every pick
 * (which has then cost what it costs) with the bytes of the reply so far. The
 * form, guesses and forced runs go on with what it returns. */
typedef int32_t om_llama_instead_fn(void *user, size_t said_bytes,
                                    int32_t picked);
void om_llama_say_instead(om_writer *llama, om_llama_instead_fn *fn,
                          void *user);

typedef struct om_llama {
    om_writer head;
    struct llama_model *model;
    struct llama_context *ctx;
    struct llama_batch batch; /* of OM_LLAMA_CHUNK rows */
    om_words words;
    om_gguf_facts facts;
    char *path, *cache_dir; /* cache_dir may be NULL */
    const char *template;   /* for libllama; the model's or a constant */
    int n_gpu_layers;       /* asked of libllama; less than 0: all */
    char how[256];          /* device, layers on it, attention, types of K, V */
    char note[160];         /* told at the first reply; "" when there is none */
    om_width width;
    bool width_known;
    om_tokens kept;
    om_draft *draft;
    om_pick pick;
    om_pace pace;

    om_llama_instead_fn *instead; /* NULL but in benches */
    void *instead_user;

    /* while a reply is written */
    om_write_sink *sink;
    double last_wait; /* seconds, when sink->waiting was called */
    bool stopped;     /* a callback said so */
} om_llama;

/* ---- llama_prompt.c ------------------------------------------------------ */

typedef struct om_prompt {
    om_tokens tokens;
    size_t n_system; /* of them, those that every conversation begins with */
} om_prompt;

omost_status om_llama_prompt(om_llama *w, const om_turn *turns, size_t n,
                             om_prompt *out, omost_error *err);
/* The turns as the template writes them: om_template_fn with the om_llama. */
omost_status om_llama_apply(void *llama, const om_turn *turns, size_t n,
                            om_buf *out, omost_error *err);
/* Can this template be followed? */
bool om_llama_can_follow(om_llama *w, const char *name_or_text);

/* ---- llama_eval.c -------------------------------------------------------- */

/* Forget all but the first n of `kept`. */
omost_status om_llama_keep(om_llama *w, size_t n, omost_error *err);
/* Evaluate tokens[n] (at most OM_LLAMA_CHUNK) behind `kept`, with logits for
 * the rows that `wanted` (NULL: none) has, and note them in `kept`. CANCELLED
 * leaves `kept` as it was. */
omost_status om_llama_eval(om_llama *w, const int32_t *tokens,
                           const bool *wanted, size_t n, omost_error *err);
/* Bring the context to hold the prompt but for its last token. */
omost_status om_llama_read_prompt(om_llama *w, const om_prompt *prompt,
                                  omost_error *err);
/* How much of `kept` a prompt shares: kept[0..*old) are the same bytes and the
 * same special tokens as prompt[0..*now), both cut between tokens. */
void om_llama_common(const om_llama *w, const om_tokens *prompt, size_t *old,
                     size_t *now);
/* libllama's abort callback. */
bool om_llama_abort(void *llama);

/* ---- llama_state.c ------------------------------------------------------- */

/* Bring the context to hold tokens[n], from the cache folder; false when there
 * is nothing (good) there. */
bool om_llama_load_state(om_llama *w, const int32_t *tokens, size_t n);
/* Put it there; failing is told as a note. */
void om_llama_save_state(om_llama *w);

/* ---- llama_reply.c ------------------------------------------------------- */

/* Write a reply to the prompt that om_llama_read_prompt has read. */
omost_status om_llama_reply(om_llama *w, const om_prompt *prompt,
                            const om_write_opts *opts, omost_error *err);

/* ---- llama_width.c ------------------------------------------------------- */

/* Find w->width, once, by trying passes behind `kept`. */
omost_status om_llama_see_width(om_llama *w, omost_error *err);

#endif
