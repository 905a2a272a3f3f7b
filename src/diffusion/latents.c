/* latents.c - see latents.h. */
#include "diffusion/latents.h"

#include <math.h>

void om_channels_last(float *to, const float *from, size_t n, int c)
{
    for (size_t i = 0; i < n; i++)
        for (int k = 0; k < c; k++) *to++ = from[(size_t)k * n + i];
}

static uint8_t to_byte(float y)
{
    if (!(y > 0)) return 0;
    return y < 255 ? (uint8_t)y : 255;
}

void om_signed_to_bytes(uint8_t *out, const float *in, size_t n)
{
    for (size_t i = 0; i < n; i++) out[i] = to_byte(in[i] * 127.5f + 127.5f);
}

bool om_all_finite(const float *x, size_t n)
{
    float sum = 0; /* stays 0 unless something is not finite */
    for (size_t i = 0; i < n; i++) sum += x[i] * 0;
    return sum == 0;
}

double om_decimal(float x)
{
    const double scale = 1e6;
    return nearbyint(x * scale) / scale;
}

/* The linear map that fits SDXL's decoder best, as published in ComfyUI's
 * latent_formats.py (SDXL.latent_rgb_factors): factors of R, G, B for each
 * channel, giving -1..1. */
static const float rgb_of[4][3] = {{0.3920f, 0.4054f, 0.4549f},
                                   {-0.2634f, -0.0196f, 0.0653f},
                                   {0.0568f, 0.1687f, -0.0755f},
                                   {-0.3112f, -0.2359f, -0.2076f}};

void om_latents_to_rgb(uint8_t *rgb, const float *latents, size_t n)
{
    for (size_t i = 0; i < n; i++, latents += 4)
        for (int c = 0; c < 3; c++) {
            float y = 0;
            for (int k = 0; k < 4; k++) y += latents[k] * rgb_of[k][c];
            *rgb++ = to_byte(y * 127.5f + 127.5f);
        }
}
