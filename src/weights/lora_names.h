/* lora_names.h - which layer a LoRA's tensor belongs to, and as what; the
 * tables are lora_names.def. */
#ifndef OM_WEIGHTS_LORA_NAMES_H
#define OM_WEIGHTS_LORA_NAMES_H

#include "base/buf.h"
#include "omost/model.h"

typedef enum om_lora_piece {
    OM_LORA_DOWN, /* [rank, in] */
    OM_LORA_UP,   /* [out, rank] */
    OM_LORA_MID,
    OM_LORA_ALPHA,
    OM_LORA_DORA,
    OM_LORA_DIFF,
    OM_LORA_DIFF_B,
    OM_LORA_HADA_1A,
    OM_LORA_HADA_1B,
    OM_LORA_HADA_2A,
    OM_LORA_HADA_2B,
    OM_LORA_HADA_T1,
    OM_LORA_HADA_T2,
    OM_LORA_LOKR_1,
    OM_LORA_LOKR_1A,
    OM_LORA_LOKR_1B,
    OM_LORA_LOKR_2,
    OM_LORA_LOKR_2A,
    OM_LORA_LOKR_2B,
    OM_LORA_LOKR_T2,
    OM_LORA_N_PIECES /* none of these */
} om_lora_piece;

typedef struct om_lora_name {
    omost_model_part part;
    bool told; /* a prefix said which part; else it is the UNet by default */
    om_lora_piece piece;
} om_lora_name;

/* Appends the layer's name, dots made underscores, to `layer`. Where the piece
 * is none of the known, the rest of the name is the layer's. */
om_lora_name om_lora_name_read(om_buf *layer, om_str name);

#endif
