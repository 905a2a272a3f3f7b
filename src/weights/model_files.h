/* model_files.h - what a path holds: the files, mapped and checked, and every
 * tensor in them under its part and diffusers name.
 *
 *   folder      model_index.json, unet/ vae/ text_encoder/ text_encoder_2/, in
 *               each config.json and X.safetensors, X.fp16.safetensors or
 *               X.safetensors.index.json with its pieces
 *   checkpoint  one file of all parts, the original code's names
 *   part        one part alone: its folder, or a file with either names
 *   lora, other everything else that is safetensors
 *
 * Of several files for one part the most precise is taken: the plain one, then
 * bf16, then fp16. All is immutable but `used` (weights.h)
 * and what LoRAs add (lora.h).
 *
 * A checkpoint's names under the prefix of a part that no table knows count to
 * that part, which will have no place for them; names of no part at all are of
 * none. */
#ifndef OM_WEIGHTS_MODEL_FILES_H
#define OM_WEIGHTS_MODEL_FILES_H

#include "base/json.h"
#include "weights/name_map.h"
#include "weights/safetensors.h"
#include "weights/scheduler_config.h"

/* A tensor of a part, or one of the three in a stack of q, k and v. */
typedef struct om_entry {
    om_str name; /* in its part, as diffusers has it */
    const om_st_tensor *t;
    const om_safetensors *file;
    omost_model_part part; /* OMOST_MODEL_N_PARTS: of none */
    int third;             /* 1, 2, 3: that third of its rows; 0: all */
    bool transposed;
    bool stray; /* it has the part's prefix, and a name that no table knows */
    bool used;  /* somebody asked for it */
    struct om_delta *delta; /* what LoRAs add (lora.h) */
} om_entry;

typedef struct om_model_files om_model_files;
struct om_model_files {
    om_arena arena;
    const char *path;
    omost_model_kind kind;
    omost_model_family family;
    om_safetensors **file;
    size_t n_files, cap_files;
    om_entry *entry; /* by part, then name */
    size_t n_entries, cap_entries;
    size_t first[OMOST_MODEL_N_PARTS + 2]; /* part's entries begin here */
    size_t n_ignored;
    om_blocks blocks;
    om_naming naming; /* of the files, but those of a folder's parts */
    om_scheduler_config scheduler;
    json_t *config[OMOST_MODEL_N_PARTS]; /* config.json, or NULL */
    /* Of the configurations that were read, the scheduler's too: where. */
    const char *beside[OMOST_MODEL_N_PARTS + 1];
    size_t n_beside;
    om_model_files **lora; /* attached, closed with the model */
    size_t n_loras, cap_loras;
};

om_model_files *om_model_open(const omost_env *env, const char *path,
                              omost_error *err);
void om_model_close(om_model_files *m);

/* The part's entry of this name, or NULL. */
om_entry *om_model_find(const om_model_files *m, omost_model_part part,
                        om_str name);
/* The number of entries a part has, and the i-th by name. */
size_t om_model_count(const om_model_files *m, omost_model_part part);
om_entry *om_model_at(const om_model_files *m, omost_model_part part, size_t i);

#endif
