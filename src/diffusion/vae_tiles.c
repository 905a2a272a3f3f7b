/* vae_tiles.c - see vae_tiles.h. */
#include "diffusion/vae_tiles.h"

om_tile_side om_tile_side_of(int n, int tile, int overlap)
{
    om_tile_side s = {n, n, 0, 1};
    if (tile <= 0 || n <= tile) return s;
    const int step = tile - overlap;
    s.tile = tile;
    s.overlap = overlap;
    s.count = (n - overlap + step - 1) / step;
    return s;
}

int om_tile_start(const om_tile_side *s, int i)
{
    const int start = i * (s->tile - s->overlap), last = s->n - s->tile;
    return start < last ? start : last;
}

/* What tile i has to say at a pixel (its middle) before all says are divided by
 * their sum: 0 outside the tile. */
static double say_at(const om_tile_side *s, int i, int scale, double pixel)
{
    const double from = (double)om_tile_start(s, i) * scale;
    const double to = from + (double)s->tile * scale;
    const double ramp = (double)s->overlap * scale;
    const double before = pixel - from, after = to - pixel;
    if (before < 0 || after < 0) return 0;
    double say = 1;
    if (from > 0 && before < ramp) say = before / ramp;
    if (to < (double)s->n * scale && after < ramp * say) say = after / ramp;
    return say;
}

void om_tile_say(const om_tile_side *s, int i, int scale, float *say)
{
    const int from = om_tile_start(s, i) * scale;
    for (int k = 0; k < s->tile * scale; k++) {
        const double pixel = from + k + 0.5;
        double sum = 0;
        for (int j = 0; j < s->count; j++) sum += say_at(s, j, scale, pixel);
        say[k] = (float)(say_at(s, i, scale, pixel) / sum);
    }
}

void om_tile_add(const om_tile_place *p, const float *tile, const float *say_y,
                 const float *say_x)
{
    for (size_t y = 0; y < p->h; y++) {
        float *out = p->out + ((p->y + y) * p->width + p->x) * p->c;
        const float *in = tile + y * p->w * p->total + p->first;
        for (size_t x = 0; x < p->w; x++) {
            const float say = say_y[y] * say_x[x];
            for (size_t k = 0; k < p->c; k++) out[k] += say * in[k];
            out += p->c;
            in += p->total;
        }
    }
}
