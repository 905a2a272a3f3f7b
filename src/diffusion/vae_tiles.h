/* vae_tiles.h - a picture in overlapping tiles of one size, and how they are put
 * together again.
 *
 * Along one side the tiles begin every tile - overlap cells; the last one is
 * moved back so that it ends with the side. A tile's say falls linearly to
 * nothing over `overlap` cells before each of its ends that is not the picture's;
 * where several tiles lie, their says are divided by the sum. */
#ifndef OM_DIFFUSION_VAE_TILES_H
#define OM_DIFFUSION_VAE_TILES_H

#include <stddef.h>

/* One side of a picture, in cells. */
typedef struct om_tile_side {
    int n;       /* cells of the side */
    int tile;    /* of a tile: no more than n */
    int overlap; /* < tile / 2 */
    int count;   /* tiles */
} om_tile_side;

/* tile 0: one tile is the side. */
om_tile_side om_tile_side_of(int n, int tile, int overlap);
/* The first cell of tile i. */
int om_tile_start(const om_tile_side *s, int i);
/* say[tile * scale] of tile i, each cell being `scale` pixels. At every pixel
 * the says of all tiles add up to 1. */
void om_tile_say(const om_tile_side *s, int i, int scale, float *say);

/* Where a tile's numbers go. */
typedef struct om_tile_place {
    float *out;   /* the whole, c channels */
    size_t width; /* of the whole, in pixels */
    size_t c;     /* of the channels of a tile's pixel ... */
    size_t first; /* ... from this one on */
    size_t total; /* ... of so many */
    size_t y, x;  /* top left pixel of the tile in the whole */
    size_t h, w;  /* pixels of the tile */
} om_tile_place;

/* out += say_y * say_x * tile */
void om_tile_add(const om_tile_place *p, const float *tile, const float *say_y,
                 const float *say_x);

#endif
