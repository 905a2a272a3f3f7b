/* regions.h - which words each position of a picture sees: from the boxes of a
 * plan to the groups of nn/context.h.
 *
 * The words of all conditions lie side by side: condition i has the words
 * [first[i], first[i + 1]), 77 a row. Masks are boxes on the 90 x 90 grid,
 * resized to a layer's h x w by nearest-exact (omost_mask_index).
 *
 *   score   joint; the logits of condition r are multiplied by
 *           h * w / (cells of r): the original's. A condition without a cell at
 *           a level: the nearest cell to its middle is its own (the original
 *           leaves it out; `strict` does too).
 *   couple  separate; the words of every condition that covers a position have
 *           the same say, blended by the masks normalised per position.
 *   none    the global condition's words everywhere.
 *
 * A position no condition covers (a plan has a global one, so there is none)
 * sees the words of condition 0. */
#ifndef OM_DIFFUSION_REGIONS_H
#define OM_DIFFUSION_REGIONS_H

#include "nn/context.h"
#include "omost/plan.h"
#include "omost/render.h"

/* One condition: its box and its words. */
typedef struct om_region_words {
    omost_box box;
    int first, n;
} om_region_words;

typedef struct om_region_opts {
    omost_region_method method; /* not MULTIDIFFUSION: that is not attention */
    bool strict;
} om_region_opts;

/* The cells a box covers at a level of h x w, half-open. When it falls between
 * them: those nearest to its middle if `keep`, else none. */
omost_box om_region_cells(omost_box box, int h, int w, bool keep);

/* Is bf16 too coarse for these? `score` multiplies the logits of a box by what
 * the picture is of it. Beyond eight the softmax is nearly a choice, and rounding
 * what it is made from changes the picture. Of a canvas's areas only small ones
 * moved into the farthest corner have more (9.3), since the picture's edge cuts
 * them off. Told by the boxes, not by cells: the same for every size and pass. */
bool om_regions_are_sharp(const om_region_words *regions, int n_regions,
                          om_region_opts opts);

typedef struct om_region_maps {
    om_arena arena;
    om_attention_map *map;
    int n_maps, cap_maps;
} om_region_maps;

void om_region_maps_init(om_region_maps *m, const omost_env *env);
/* Add the map of picture n at level h x w. */
omost_status om_region_maps_add(om_region_maps *m, int n, int h, int w,
                                const om_region_words *regions, int n_regions,
                                om_region_opts opts, omost_error *err);
void om_region_maps_free(om_region_maps *m);

#endif
