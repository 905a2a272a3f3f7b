/* lora.h - small changes to a model, added where its weights are read.
 *
 *     om_model_files *m = om_model_open(env, "sdxl.safetensors", err);
 *     om_lora_report r;
 *     st = om_lora_attach(m, "style.safetensors", 0.8f, &r, err);
 *     if (r.n_left > 0) tell om_lora_note(&r, ...)
 *
 * From then on every weight read from `m` (om_weight_to_f32 and its kin) is
 *
 *     W + sum over files: weight * change
 *
 * and nobody above knows. The change of one layer is one of
 *
 *   LoRA     alpha / rank * up down            up [out, rank], down [rank, in]
 *            of a convolution: down [rank, in, k, k], up [out, rank, 1, 1]; with
 *            a middle: up (mid [rank, rank, k, k] down [rank, in, 1, 1])
 *   LoHa     alpha / rank * (w1_a w1_b) o (w2_a w2_b)    number by number
 *   LoKr     alpha / rank * w1 (x) w2          Kronecker; each whole or a
 *            product; alpha / rank is 1 when both are whole
 *   diff     the difference itself, of weights and biases
 *
 * alpha is a tensor, or in the adapter's configuration (lora_config.h); without
 * it the scale is 1. Names: kohya's (lora_unet_..., lora_te1_...),
 * with the original's or diffusers' names of layers behind; PEFT's and those of
 * diffusers, old and new (docs/internals/weights.md).
 *
 * A DoRA is refused: it scales the whole weight, which is no sum. */
#ifndef OM_WEIGHTS_LORA_H
#define OM_WEIGHTS_LORA_H

#include "weights/model_files.h"

/* What became of one file. */
typedef struct om_lora_report {
    char path[512]; /* as given, cut when longer */
    size_t n_used;  /* layers that were changed */
    size_t n_left;  /* layers that the model does not have */
    char left[160]; /* the first of them, as the file calls it */
} om_lora_report;

/* Opens and checks the file (or the folder that holds
 * pytorch_lora_weights.safetensors or adapter_model.safetensors) and adds it to
 * the model, before any part of the model is opened. The file stays mapped until
 * the model is closed. A weight of 0 checks and changes nothing. `report` may be
 * NULL. On failure the model is as it was.
 *
 * Errors, naming file and tensor: no LoRA; made for another architecture (none
 * of its layers is there, or the family is another); a shape that does not fit;
 * half a pair; DoRA; weight not finite. */
omost_status om_lora_attach(om_model_files *model, const char *path,
                            float weight, om_lora_report *report,
                            omost_error *err);

/* The same of files that are open; they are the model's from then on, or closed
 * when it fails or `weight` (finite) is 0. `path` is for messages. */
omost_status om_lora_add(om_model_files *model, om_model_files *lora,
                         const char *path, float weight, om_lora_report *report,
                         omost_error *err);

/* "FILE: 12 of its 740 layers are not in this model and were left out, the
 * first is X"; returns out. Empty when all were used. */
enum { OM_LORA_NOTE = 1024 };
const char *om_lora_note(const om_lora_report *report, char out[OM_LORA_NOTE]);

/* Which part the layer that a LoRA's tensor belongs to is in;
 * OMOST_MODEL_N_PARTS when the name does not say. */
omost_model_part om_lora_part(om_str tensor_name);

#endif
