/* omost/model.h - what is this file? Models on disk, before anything is loaded.
 *
 *     omost_model_info info;
 *     omost_error err;
 *     if (omost_model_probe(NULL, "sdxl.safetensors", &info, &err) != OMOST_OK) {
 *         fprintf(stderr, "%s\n", err.msg);
 *         return omost_status_exit_code(err.status);
 *     }
 *     printf("%s, %s, %llu parameters\n", omost_model_family_text(info.family),
 *            omost_model_kind_text(info.kind),
 *            (unsigned long long)info.total.n_params);
 *
 * A path is a folder as diffusers writes it, the folder of one of its parts, a
 * .safetensors file, or the .safetensors.index.json of a file in pieces. Only
 * headers are read; they are checked completely (docs/internals/weights.md),
 * so what is told here can be trusted to be in the file. Pickled files (.ckpt,
 * .bin, .pt) are refused: reading one means running the code in it.
 *
 * An omost_model_info is a plain value: nothing to free. */
#ifndef OMOST_MODEL_H
#define OMOST_MODEL_H

#include "omost/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/* name, what diffusers calls its folder */
#define OMOST_MODEL_PART_LIST(X)    \
    X(UNET, "unet")                 \
    X(VAE, "vae")                   \
    X(TEXT_ENCODER, "text_encoder") \
    X(TEXT_ENCODER_2, "text_encoder_2")

typedef enum omost_model_part {
#define X(name, word) OMOST_MODEL_##name,
    OMOST_MODEL_PART_LIST(X)
#undef X
        OMOST_MODEL_N_PARTS
} omost_model_part;

/* "unet", ...; never NULL. */
OMOST_API const char *omost_model_part_name(omost_model_part part);

/* name, word, meaning */
#define OMOST_MODEL_KIND_LIST(X)                            \
    X(OTHER, "other", "tensors of no model known here")     \
    X(FOLDER, "folder", "a diffusers folder")               \
    X(CHECKPOINT, "checkpoint", "a checkpoint in one file") \
    X(PART, "part", "one part of a model")                  \
    X(LORA, "lora", "a LoRA")

typedef enum omost_model_kind {
#define X(name, word, text) OMOST_MODEL_##name,
    OMOST_MODEL_KIND_LIST(X)
#undef X
} omost_model_kind;

/* "checkpoint", ... and "a checkpoint in one file", ...; never NULL. */
OMOST_API const char *omost_model_kind_name(omost_model_kind kind);
OMOST_API const char *omost_model_kind_text(omost_model_kind kind);

/* name, word, what people call it */
#define OMOST_MODEL_FAMILY_LIST(X)                   \
    X(UNKNOWN, "unknown", "of no family known here") \
    X(SDXL, "sdxl", "SDXL")                          \
    X(REFINER, "sdxl-refiner", "SDXL refiner")       \
    X(SD1, "sd1", "Stable Diffusion 1")              \
    X(SD2, "sd2", "Stable Diffusion 2")              \
    X(SD3, "sd3", "Stable Diffusion 3")              \
    X(FLUX, "flux", "Flux")

typedef enum omost_model_family {
#define X(name, word, text) OMOST_FAMILY_##name,
    OMOST_MODEL_FAMILY_LIST(X)
#undef X
} omost_model_family;

/* "sdxl", ... and "SDXL", ...; never NULL. */
OMOST_API const char *omost_model_family_name(omost_model_family family);
OMOST_API const char *omost_model_family_text(omost_model_family family);

enum { OMOST_MODEL_PRECISIONS = 16 };

/* How many numbers are stored in one way. */
typedef struct omost_model_precision {
    const char *name; /* as in safetensors: "F16", "BF16", "F32", ... */
    size_t n_tensors;
    uint64_t n_params;
} omost_model_precision;

/* A part, or the whole. Tensors a renderer never needs (position_ids ...) are
 * counted nowhere here. */
typedef struct omost_model_size {
    size_t n_tensors; /* in the file */
    uint64_t n_params;
    uint64_t bytes; /* of these tensors in the file */
    size_t n_precisions;
    omost_model_precision precision[OMOST_MODEL_PRECISIONS]; /* most first */
} omost_model_size;

typedef struct omost_model_info {
    omost_model_kind kind;
    omost_model_family family;
    omost_model_size part[OMOST_MODEL_N_PARTS]; /* n_tensors 0: not there */
    omost_model_size total;                     /* tensors of no part too */
    size_t n_files;
    uint64_t file_bytes; /* on disk */
    /* Memory the weights take when all are held in this precision. */
    uint64_t memory_f32, memory_bf16;
    /* Memory in which a canvas of eight regions can be drawn at 1024 x 1024 with
     * guidance, computing in this precision, its parts loaded one after another:
     * an estimate from above. 0: a part is missing altogether. (Whether each
     * part has all its tensors: omost_model_check(), omost/render.h.) */
    uint64_t render_f32, render_bf16;
    size_t n_ignored; /* tensors that are known and not needed */
    size_t n_unknown; /* tensors whose names say nothing, and the first */
    char unknown[120];
    bool v_prediction; /* a marker in the file says so */
    /* Of a LoRA. */
    int rank_min, rank_max; /* 0 when none could be told */
    char adapter[48];       /* "LoRA, kohya names", "LoHa, kohya names" ... */
} omost_model_info;

/* Say what `path` is. */
OMOST_API OMOST_NODISCARD omost_status omost_model_probe(const omost_env *env,
                                                         const char *path,
                                                         omost_model_info *out,
                                                         omost_error *err);

/* One tensor of a file. */
typedef struct omost_model_tensor {
    const char *file;
    omost_str name;        /* in the file */
    const char *part;      /* "unet", ...; "" when of none */
    omost_str part_name;   /* what diffusers calls it; empty when of no part.
                            * One tensor may hold several, then there are as
                            * many calls. */
    const char *precision; /* "F16", ... */
    const size_t *dim;     /* in the file */
    int n_dims;
} omost_model_tensor;

/* Return false to stop: the listing then fails with OMOST_CANCELLED. */
typedef bool omost_model_tensor_fn(void *user, const omost_model_tensor *t);

/* All tensors: parts in order and names sorted, then those of no part. What is
 * handed over lives as long as the call. */
OMOST_API OMOST_NODISCARD omost_status
omost_model_list(const omost_env *env, const char *path,
                 omost_model_tensor_fn *fn, void *user, omost_error *err);

#ifdef __cplusplus
}
#endif
#endif
