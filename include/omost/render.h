/* omost/render.h - the renderer: a canvas and a model become a picture.
 *
 *     omost_engine_opts eo = {.model = "sdxl.safetensors"};
 *     omost_engine *eng = omost_engine_open(&eo, &err);
 *     omost_render_opts ro = OMOST_RENDER_DEFAULTS;
 *     ro.seed = -1;
 *     st = omost_render(eng, canvas, &ro, on_event, NULL, &err);
 *     omost_engine_close(eng);
 *
 * Pictures arrive through the event callback, each when it is ready. The
 * callback can stop the work at any event: it then fails with CANCELLED.
 *
 * Threads: an engine does one thing at a time (a second call from another
 * thread waits for nobody: do not make one). Engines share nothing: any number
 * of them may work at once, each with its own threads. */
#ifndef OMOST_RENDER_H
#define OMOST_RENDER_H

#include "omost/canvas.h"
#include "omost/plan.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- the engine -------------------------------------------------------- */

typedef struct omost_lora {
    const char *path;
    float weight; /* 1: as trained; may be negative */
} omost_lora;

/* Zeroes and NULLs are the defaults. Texts need not outlive the call. */
typedef struct omost_engine_opts {
    const omost_env *env;
    const char *model; /* folder or .safetensors; needed */
    const char *vae;   /* another VAE than the model's */
    const char *taesd; /* a tiny decoder for previews */
    const char
        *tokenizer;     /* folder; NULL: the model's, else the built-in one */
    const char *config; /* diffusers configuration, where a file lacks one */
    const omost_lora *loras; /* merged in this order */
    size_t n_loras;
    const char *backend;   /* "auto", "dnnl", "ref" */
    const char *precision; /* "auto", "f32", "bf16" */
    int n_threads;         /* 0: all processors */
    /* Keep every part in memory between renders. Else each part is loaded when
     * it is needed and given back after it, which is what fits 8 GB. */
    bool keep_loaded;
    /* A folder, made when it is missing, where the SHA-256 of large files is
     * kept from one run to the next, and where they were (omost_path_by_hash).
     * NULL: nowhere, every engine reads its files once more for it. */
    const char *cache_dir;
    /* Bytes of memory that there are: a render that would certainly need more
     * is refused with NOMEM before it begins. 0: what the machine has with its
     * swap, a container and ulimit -v allow. */
    uint64_t memory;
} omost_engine_opts;

typedef struct omost_engine omost_engine;

/* Opens and checks all files: every weight is there and of the right shape
 * (headers only: the weights themselves are read when they are first needed). */
OMOST_API omost_engine *omost_engine_open(const omost_engine_opts *opts,
                                          omost_error *err);
OMOST_API void omost_engine_close(omost_engine *engine);

/* What it computes with: "dnnl", "f32" and so on, never "auto". */
OMOST_API const char *omost_engine_backend(const omost_engine *engine);
OMOST_API const char *omost_engine_precision(const omost_engine *engine);
OMOST_API int omost_engine_threads(const omost_engine *engine);

/* Whether the model in `path` is whole: every tensor of its parts is there and of
 * the right shape, and none is left over. Only headers are read. Each part that
 * it has is looked at (a checkpoint may come without a VAE); of what is no model
 * of SDXL's kind nothing is known, and that is OK. Otherwise what
 * omost_engine_open() would say; USAGE when the shapes do not tell the sizes, so
 * that only a configuration could. */
OMOST_API OMOST_NODISCARD omost_status omost_model_check(const omost_env *env,
                                                         const char *path,
                                                         omost_error *err);

/* The file or folder an earlier engine with this cache_dir used, whose "sha256"
 * a record names: NUL-terminated, to be freed with omost_text_free(); MISSING
 * when it is not known or is there no more. */
OMOST_API char *omost_path_by_hash(const omost_env *env, const char *cache_dir,
                                   const char *sha256, omost_error *err);

/* ---- what to draw ------------------------------------------------------ */

/* Options that take one of some names: id, name. */
#define OMOST_CHOICE_LIST(X)      \
    X(SAMPLER, "sampling-method") \
    X(SCHEDULE, "scheduler")      \
    X(RNG, "rng")                 \
    X(PREDICTION, "prediction")   \
    X(REGION, "region")           \
    X(BACKEND, "backend")         \
    X(PRECISION, "precision")

typedef enum omost_choice {
#define X(id, name) OMOST_CHOICE_##id,
    OMOST_CHOICE_LIST(X)
#undef X
        OMOST_N_CHOICES
} omost_choice;

/* The i-th name, from 0, the default first where there is one; NULL beyond. */
OMOST_API const char *omost_choice_name(omost_choice which, size_t i);
/* Its index, or -1. Letters and digits count, in any case: "DPM++ 2M" is
 * "dpm++2m". */
OMOST_API int omost_choice_find(omost_choice which, const char *name);

/* id, name, what it does */
#define OMOST_REGION_LIST(X)                                                   \
    X(SCORE, "score", "attention scores of small regions grow (the original)") \
    X(COUPLE, "couple", "attention per region, then blended by area")          \
    X(MULTIDIFFUSION, "multidiffusion",                                        \
      "every region drawn by itself, "                                         \
      "blended at every step; costs as the regions have area")                 \
    X(NONE, "none", "the global description alone")

typedef enum omost_region_method {
#define X(id, name, text) OMOST_REGION_##id,
    OMOST_REGION_LIST(X)
#undef X
        OMOST_N_REGION_METHODS
} omost_region_method;

OMOST_API const char *omost_region_method_name(omost_region_method m);
/* The method of that name, or -1. */
OMOST_API int omost_region_method_find(const char *name);

#define OMOST_NEGATIVE_DEFAULT \
    "lowres, bad anatomy, bad hands, cropped, worst quality"

enum {
    OMOST_RENDER_GRAIN = 64, /* sides are floored to multiples of it */
    OMOST_RENDER_MAX = 8192, /* of a side, after the second pass as well */
    OMOST_MAX_BATCH = 1024,
    OMOST_MAX_STEPS = 1000,
    OMOST_MAX_CFG = 100,
    OMOST_MAX_HIRES = 8,
    OMOST_MAX_LORAS = 32,
    OMOST_MAX_RECORD = 4 << 20 /* bytes */
};

/* What strength, init_layout and hires_denoise must have at least. */
#define OMOST_MIN_SHARE 0.01

/* An RGB picture somebody owns: rows from the top, no gaps. */
typedef struct omost_image {
    int width, height;
    const uint8_t *rgb;
} omost_image;

/* Names are NULL for the default and are matched loosely ("DPM++ 2M" is
 * "dpm++2m"). Start from OMOST_RENDER_DEFAULTS. */
typedef struct omost_render_opts {
    int width, height; /* 896 x 1152; floored to 64 with a note */
    int64_t seed;      /* 12345; negative: a random one below 2^32, told in the
                        * event */
    int steps;         /* 25; 1..1000, as all steps */
    float cfg_scale; /* 5; 0..100. Anything up to 1 is the same: one evaluation
                      * a step, without guidance, the negative prompt unused */
    const char *negative_prompt; /* NULL: OMOST_NEGATIVE_DEFAULT */
    int batch;                   /* 1; picture i has seed + i */
    const char *sampler;         /* "dpm++2m" */
    const char *schedule; /* "karras"; "trailing" where the model asks for it */
    const char *rng;      /* "cuda"; "cpu" */
    const char *prediction; /* "eps", "v"; NULL: as the model says */
    omost_region_method region;
    bool compat_omost; /* the original's noise: one generator for the batch and
                        * the second pass; plan as strict; the pooled text
                        * without its projection */
    bool projected_pooled; /* with compat_omost: the pooled text times its
                            * projection all the same, as SDXL was trained */
    bool vae_tiling; /* decode in tiles, whatever the size (large pictures are
                        * always); needs less memory */
    /* Begin from the canvas's colours: 0 does not, 1 only adds them to full
     * noise (the original's switched-off path), less (0.01 at least) keeps more
     * of them. */
    float init_layout;
    /* Begin from a picture, resized to fit. */
    omost_image init_image; /* .rgb NULL: none */
    const char *init_path;  /* where it came from, for the record; or NULL */
    float strength; /* 0.75; of init_image: 0.01..1, 1 keeps hardly anything */
    /* Second pass, when scale > 1.05. */
    float hires_scale;   /* 1; 1..8 */
    int hires_steps;     /* 20 */
    float hires_denoise; /* 0.4; 0.01..1 */
    /* A preview event every so many steps; 0: none. */
    int preview_every;
    const omost_profile *profile; /* NULL: none */
    omost_prompt_style prompt_style;
    bool fit_prefix; /* see omost/plan.h */
    /* Of the picture that this is meant to be again: where model, plan or
     * program differ from what it says, a note tells so. NULL: none. */
    const char *record;
} omost_render_opts;

#define OMOST_RENDER_DEFAULTS                                            \
    {                                                                    \
        .width = 896, .height = 1152, .seed = 12345, .steps = 25,        \
        .cfg_scale = 5, .batch = 1, .strength = 0.75f, .hires_scale = 1, \
        .hires_steps = 20, .hires_denoise = 0.4f                         \
    }

/* ---- events ------------------------------------------------------------ */

/* id, word: what is being done */
#define OMOST_PHASE_LIST(X)           \
    X(LOAD, "loading the model")      \
    X(TEXT, "reading the text")       \
    X(ENCODE, "encoding the picture") \
    X(SAMPLE, "drawing")              \
    X(DECODE, "decoding")

typedef enum omost_phase {
#define X(id, word) OMOST_PHASE_##id,
    OMOST_PHASE_LIST(X)
#undef X
        OMOST_N_PHASES
} omost_phase;

OMOST_API const char *omost_phase_name(omost_phase phase);

typedef enum omost_event_kind {
    OMOST_EVENT_NOTE,     /* something was changed or left out: `text` */
    OMOST_EVENT_PROGRESS, /* several times a second at best */
    OMOST_EVENT_PREVIEW,  /* `image`: what it looks like by now, 1/8 as large
                           * (with taesd: full size) */
    OMOST_EVENT_IMAGE     /* `image`: done; with seed, parameters and record */
} omost_event_kind;

typedef struct omost_event {
    omost_event_kind kind;
    omost_phase phase;
    int index, batch;    /* which picture of how many */
    int pass;            /* 0; 1: the second pass of hires */
    int step, steps;     /* SAMPLE: steps done, of how many */
    double done;         /* of this phase, 0..1, within steps too */
    double total_done;   /* of the whole call, by estimated work, 0..1 */
    double seconds_left; /* of the whole call; negative: not known yet */
    const char *text;
    const omost_note *note; /* NOTE about a place in the canvas, or NULL */
    omost_image image;
    int64_t seed;
    const char *parameters; /* what A1111 writes under this name */
    const char *record;     /* JSON: all that is needed to draw it again */
} omost_event;

/* All that an event points to is lent until it returns. False: stop. */
typedef bool omost_event_fn(void *user, const omost_event *event);

/* Whether these are options that a render would take, whatever the model: OK, or
 * RANGE or LIMIT with the sentence that omost_render() would say. Messages call
 * options as the command line does: --cfg-scale is .cfg_scale. */
OMOST_API OMOST_NODISCARD omost_status
omost_render_check(const omost_render_opts *opts, omost_error *err);

/* Draw `batch` pictures. `opts` may be NULL. */
OMOST_API OMOST_NODISCARD omost_status
omost_render(omost_engine *engine, const omost_canvas *canvas,
             const omost_render_opts *opts, omost_event_fn *on_event,
             void *user, omost_error *err);

/* ---- the picture as a file --------------------------------------------- */

/* Keys of the texts a PNG carries. */
#define OMOST_PNG_PARAMETERS "parameters"
#define OMOST_PNG_RECORD "omost"

/* A PNG file of *len bytes with these texts (each may be NULL), to be freed with
 * omost_text_free(); NULL on error. The same input gives the same bytes. */
OMOST_API char *omost_image_png(const omost_env *env, omost_image image,
                                const char *parameters, const char *record,
                                size_t *len, omost_error *err);

/* A file that a picture was drawn with. */
typedef struct omost_record_file {
    const char *name; /* the last part of its path; NULL: there was none */
    const char
        *sha256;  /* 64 digits, or "" when it could not be read. Of a model
                         * in several files: of the lines "SHA256  NAME\n" */
    float weight; /* of a LoRA */
} omost_record_file;

/* What a record says. Everything is lent by it. */
typedef struct omost_record {
    const char *version; /* of the program that drew it */
    const char *backend, *precision;
    int width, height; /* of the picture */
    omost_canvas *canvas;
    /* All but what cannot be kept: init_image has no pixels, only its size. */
    omost_render_opts opts;
    int index; /* which picture of opts.batch; only with compat_omost not 0 */
    omost_record_file model, vae, config;
    const char *tokenizer; /* "model", "builtin" or a name */
    omost_record_file init_image;
    size_t n_loras;
    omost_record_file lora[OMOST_MAX_LORAS];
} omost_record;

/* FORMAT when it is no record, or one of a later version. Nothing in it is
 * trusted: omost_render() checks the options as any others. */
OMOST_API omost_record *omost_record_read(const omost_env *env,
                                          const char *text, size_t len,
                                          omost_error *err);
OMOST_API void omost_record_free(omost_record *record);

#ifdef __cplusplus
}
#endif
#endif
