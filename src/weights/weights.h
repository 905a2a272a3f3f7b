/* weights.h - the tensors of one part, by the name and shape a model expects.
 *
 *     om_weights w;
 *     if (om_weights_open(&w, files, OMOST_MODEL_UNET, err) != OMOST_OK) ...
 *     om_weight conv;
 *     st = om_weights_get(&w, "conv_in.weight", 4, (size_t[]){320, 4, 3, 3},
 *                         &conv, err);
 *     ...
 *     st = om_weights_finish(&w, err);   nothing may be left over
 *
 * A weight lies in the mapped file as it was stored: any float kind, at any
 * address. om_weight_to_f32() and its kin give it in the order the expected
 * shape says. One thread at a time per part, because of what is marked as
 * used; the views themselves may be read by any. */
#ifndef OM_WEIGHTS_WEIGHTS_H
#define OM_WEIGHTS_WEIGHTS_H

#include "weights/model_files.h"

typedef struct om_weight {
    om_dtype dtype;
    int n_dims;
    size_t dim[OM_ST_MAX_DIMS]; /* as expected */
    size_t n;                   /* elements */
    const void *data;
    /* Stored as [dim[1], dim[0]]: element (i, j) is at j * dim[0] + i. */
    bool transposed;
    const struct om_delta *delta; /* what LoRAs add to it; NULL: nothing */
    const char *file;
    const char *stored_name; /* in the file */
} om_weight;

typedef struct om_weights {
    const om_model_files *files;
    omost_model_part part;
} om_weights;

/* MISSING when the model has no such part. Forgets earlier use. */
omost_status om_weights_open(om_weights *w, const om_model_files *files,
                             omost_model_part part, omost_error *err);

/* The tensor of this name, which must be of this shape (ones at the end, as
 * 1x1 convolutions have them, do not count) and of a float kind. */
omost_status om_weights_get(om_weights *w, const char *name, int n_dims,
                            const size_t *dim, om_weight *out,
                            omost_error *err);

/* The error that there is none, which says what the file would call it. */
omost_status om_weights_missing(const om_weights *w, const char *name,
                                omost_error *err);

/* Whether there is one; does not count as use. */
bool om_weights_has(const om_weights *w, const char *name);
/* Its shape after mapping, ones at the end left out; false when there is none.
 * How sizes are told from a file. */
bool om_weights_shape(const om_weights *w, const char *name, int *n_dims,
                      size_t dim[OM_ST_MAX_DIMS]);

/* OK when every tensor of the part was asked for, else an error that names the
 * first one that was not, and how many there are. */
omost_status om_weights_finish(const om_weights *w, omost_error *err);

/* What it can be kept in without loss: F16, BF16 or F32. (F64 has none such and
 * says F32; so does everything that LoRAs add to.) */
om_dtype om_weight_exact(const om_weight *t);

/* Copy it out, `transposed` undone and what LoRAs add added, in f32. */
void om_weight_to_f32(float *dst, const om_weight *t);
void om_weight_to_f16(uint16_t *dst, const om_weight *t);
void om_weight_to_bf16(uint16_t *dst, const om_weight *t);

/* Tell the system that the tensor will be (or was) read; only a hint. The
 * first reads ahead, the second gives the memory back: pages come again from
 * the file when they are needed. */
void om_weight_will_need(const om_weight *t);
void om_weight_drop(const om_weight *t);

#endif
