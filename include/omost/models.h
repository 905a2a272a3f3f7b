/* omost/models.h - models as files: which there are, fetch them, find them,
 * make a GGUF file of one.
 *
 *     omost_hub_opts ho = {.cache = "/home/me/.cache/huggingface/hub"};
 *     char *path = NULL;
 *     st = omost_model_pull(&ho, "realvisxl-4", on_progress, NULL, &path, &e);
 *     ... omost_engine_opts eo = {.model = path}; ...
 *     omost_models_text_free(NULL, path);
 *
 * A model is named by a REFERENCE:
 *
 *     realvisxl-4                      a name of the catalog (omost_known_at)
 *     hf:OWNER/REPO                    a whole repository of the hub: of a
 *                                      diffusers one, what this program reads
 *     hf:OWNER/REPO/FILE               one file of it; FILE may have folders
 *     ...@REV                          a branch, tag or commit other than main
 *     https://HOST/PATH                any file; goes to the downloads
 *
 * Everything else is a path and left alone.
 *
 * Files of the hub go where its programs have them, in their layout, so that
 * what one has fetched the other finds:
 *
 *     CACHE/models--OWNER--REPO/refs/REV            the commit, 40 digits
 *                              /blobs/ETAG          the bytes
 *                              /snapshots/COMMIT/FILE -> ../../blobs/ETAG
 *     CACHE/.locks/models--OWNER--REPO/ETAG.lock    held while one downloads
 *
 * Nothing here reads the environment. Threads: calls share nothing but the
 * files, and these may be used by any number of threads and programs. */
#ifndef OMOST_MODELS_H
#define OMOST_MODELS_H

#include "omost/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- the catalog ------------------------------------------------------- */

/* name, what it is for */
#define OMOST_KNOWN_KIND_LIST(X)                                   \
    X(COMPOSER, "composer", "language models that write canvases") \
    X(CHECKPOINT, "checkpoint", "models that draw")                \
    X(FEW_STEPS, "few-steps", "models that draw in few steps")     \
    X(VAE, "vae", "decoders used instead of a model's own")        \
    X(PREVIEW, "preview", "small decoders for previews while drawing")

typedef enum omost_known_kind {
#define X(name, word, text) OMOST_KNOWN_##name,
    OMOST_KNOWN_KIND_LIST(X)
#undef X
        OMOST_KNOWN_N_KINDS
} omost_known_kind;

/* "composer", "language models that write canvases" */
OMOST_API const char *omost_known_kind_name(omost_known_kind kind);
OMOST_API const char *omost_known_kind_text(omost_known_kind kind);

/* One of the catalog. Texts are constants. */
typedef struct omost_known {
    const char *name; /* what the user types */
    omost_known_kind kind;
    const char *ref; /* "hf:OWNER/REPO[/FILE]" */
    uint64_t bytes;  /* of what is fetched, roughly; 0: not known */
    const char *license;
    const char *text; /* a phrase or two */
} omost_known;

/* The i-th, NULL beyond; the one of this name, or NULL. */
OMOST_API const omost_known *omost_known_at(size_t i);
OMOST_API const omost_known *omost_known_find(const char *name);

/* ---- the hub ----------------------------------------------------------- */

/* Texts are borrowed for the call. */
typedef struct omost_hub_opts {
    const omost_env *env;
    const char *cache; /* the folder of the cache; made when missing */
    /* Where files of other addresses go; NULL: CACHE/downloads. */
    const char *downloads;
    const char *endpoint; /* NULL: https://huggingface.co */
    const char *token;    /* secret; NULL or "": none */
    bool offline;         /* never ask a server */
} omost_hub_opts;

/* Whether the text is a reference rather than a path: "hf:...", "http://...",
 * "https://...", or a catalog name where no file of that name is. */
OMOST_API bool omost_is_model_ref(const char *text);

/* Where what a reference names lies on this machine: the path of a file, or of
 * a folder for a whole repository. A path that is no reference comes back as it
 * is. No server is asked. MISSING, with the command that fetches it, when it is
 * not (or not wholly) there. Free with omost_models_text_free(). */
OMOST_API OMOST_NODISCARD omost_status omost_model_find(
    const omost_hub_opts *opts, const char *ref, char **path, omost_error *err);

typedef enum omost_pull_what {
    OMOST_PULL_LIST,  /* asking what there is */
    OMOST_PULL_WAIT,  /* another program fetches this file */
    OMOST_PULL_BYTES, /* fetching */
    OMOST_PULL_CHECK, /* reading what was there before, for its SHA-256 */
    OMOST_PULL_RETRY, /* the connection broke; `text` says how */
    OMOST_PULL_DONE   /* this file is in its place */
} omost_pull_what;

/* How a download goes; valid during the call. */
typedef struct omost_pull_event {
    omost_pull_what what;
    const char *file;     /* its name in the repository, or of the address */
    size_t index, count;  /* this file is the index-th (from 0) */
    uint64_t done, total; /* bytes of this file; total 0: not known */
    uint64_t all_done, all_total; /* of all files */
    bool had;                     /* DONE: it was there already */
    const char *text;             /* RETRY, WAIT: a sentence; else NULL */
} omost_pull_event;

/* false stops: the call fails with CANCELLED. What was fetched stays, and the
 * next call goes on from there. */
typedef bool omost_pull_fn(void *user, const omost_pull_event *ev);

/* Fetch what a reference names, unless it is there. Each file's size and, where
 * the server tells it, SHA-256 are checked before it gets its name. The path is
 * as omost_model_find() gives it.
 *
 * Errors: MISSING no such repository or file; IO no connection, a server's
 * error, needs a token or an agreement (401, 403), writing failed; FORMAT what
 * came is not what was announced; LIMIT there is too little room on the disk to
 * begin; FULL it was used up meanwhile; CANCELLED. */
OMOST_API OMOST_NODISCARD omost_status omost_model_pull(
    const omost_hub_opts *opts, const char *ref, omost_pull_fn *on_progress,
    void *user, char **path, omost_error *err);

OMOST_API void omost_models_text_free(const omost_env *env, char *text);

/* ---- GGUF -------------------------------------------------------------- */

/* A kind of GGUF file that can be made. */
typedef struct omost_gguf_type {
    const char *name; /* "q4_k_m" */
    const char *text; /* a phrase about it */
    int file_type;    /* GGUF's number for it */
    double bits;      /* a weight takes, at most */
} omost_gguf_type;

/* The i-th, the most exact first; NULL beyond. */
OMOST_API const omost_gguf_type *omost_gguf_type_at(size_t i);

typedef struct omost_convert_event {
    const char *phase;    /* "converting", "quantizing" */
    const char *tensor;   /* at work on */
    uint64_t done, total; /* bytes, or tensors when quantizing */
} omost_convert_event;

/* false stops; while quantizing, not before that is done. */
typedef bool omost_convert_fn(void *user, const omost_convert_event *ev);

/* Zeroes and NULLs are the defaults. */
typedef struct omost_gguf_opts {
    const omost_env *env;
    const char *folder;  /* as the hub has it: config.json, *.safetensors,
                        * tokenizer.json ... */
    const char *out;     /* the file to make */
    const char *type;    /* NULL: "q4_k_m" */
    int n_threads;       /* for quantizing; 0: all processors */
    const char *plugins; /* folder of ggml's back ends; NULL: the build's */
    omost_convert_fn *on_progress;
    void *user;
} omost_gguf_opts;

/* Make a GGUF file of a Llama or Phi-3 model: weights in f32, f16, bf16, or as
 * bitsandbytes quantises them (4 bits NF4 and FP4, 8 bits). Rows are read and
 * written a few at a time; the whole model is never in memory. The file appears
 * under its name when it is complete. To quantise, a file of 16 bits a weight
 * (f32 where the model has that) is made beside it first and goes afterwards.
 *
 * One call at a time in a process: libllama's log is the process's.
 *
 * Errors, naming file and tensor: MISSING, FORMAT (no such model, a tokenizer
 * that is not known, shapes that do not fit), LIMIT (no room on the disk), IO,
 * BACKEND (libllama's own, or this library was built without), CANCELLED. */
OMOST_API OMOST_NODISCARD omost_status
omost_gguf_convert(const omost_gguf_opts *opts, omost_error *err);

#ifdef __cplusplus
}
#endif
#endif
