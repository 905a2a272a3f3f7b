/* name_map.h - what the tensors of a model are called.
 *
 * Inside this program a tensor has the name diffusers and transformers give
 * it, within its part: unet "mid_block.resnets.0.conv1.weight". Checkpoints in
 * one file have names of the original SDXL code; name_map.def is the table
 * from those to these. Nothing here looks at files. */
#ifndef OM_WEIGHTS_NAME_MAP_H
#define OM_WEIGHTS_NAME_MAP_H

#include "base/buf.h"
#include "omost/model.h"

/* How names are spelt. */
typedef enum om_naming {
    OM_NAMING_DIFFUSERS, /* one part alone, its own names */
    OM_NAMING_ORIGINAL,  /* one part alone, the original's names, no prefix */
    OM_NAMING_CHECKPOINT /* all parts, the original's names with prefixes */
} om_naming;

/* What numbers of the original's blocks mean depends on how many there are. */
typedef struct om_blocks {
    int unet_layers; /* resnets of one down block: 2 in SDXL */
    int vae_blocks;  /* up blocks of the decoder: 4 in SDXL */
} om_blocks;

typedef enum om_mapping {
    OM_MAPPED,
    OM_IGNORED, /* known, and needed by nobody: position_ids, logit_scale ... */
    OM_UNKNOWN
} om_mapping;

typedef struct om_mapped {
    omost_model_part part;
    bool is_thirds;  /* rows of q, k and v one after another; the name holds
                      * "{qkv}" where the letter belongs */
    bool transposed; /* stored as [columns, rows] */
} om_mapped;

/* Append the name inside its part to `out` and fill `m`. `part` is the one the
 * file holds, OMOST_MODEL_N_PARTS in a checkpoint. Of an unknown name m->part is
 * the part whose prefix it has, OMOST_MODEL_N_PARTS when it has none. */
om_mapping om_name_map(om_buf *out, om_mapped *m, om_str name, om_naming naming,
                       omost_model_part part, const om_blocks *blocks);

/* The same for an original's name with "_" in place of every ".", as those who
 * train LoRAs write them; what is appended has some of each. */
om_mapping om_name_map_flat(om_buf *out, om_str name, omost_model_part part,
                            const om_blocks *blocks);

/* The way back, for messages: append what a file with such names calls the tensor
 * `name` of the part; false, and nothing, where that is the same or not known. */
bool om_name_unmap(om_buf *out, om_str name, om_naming naming,
                   omost_model_part part, const om_blocks *blocks);

/* Counts the blocks from one name after another; begin with zeroes. Where
 * unet_layers is 0 at the end, nothing told: take 2. */
void om_blocks_see(om_blocks *b, om_str name);

#endif
