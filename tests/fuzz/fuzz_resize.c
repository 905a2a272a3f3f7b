/* fuzz_resize.c - any picture to any size: no byte read or written outside, one
 * colour stays one colour, the size that it has changes nothing.
 *
 * Input: width, height, new width, new height (each byte + 1), then pixels,
 * repeated as often as needed. */
#include <stdint.h>
#include <stdlib.h>

#include "image/lanczos.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 5) return 0;
    om_picture in, out;
    if (om_picture_init(&in, NULL, data[0] + 1, data[1] + 1, NULL) != OMOST_OK)
        abort();
    if (om_picture_init(&out, NULL, data[2] + 1, data[3] + 1, NULL) != OMOST_OK)
        abort();
    for (size_t i = 0; i < om_picture_bytes(&in); i++)
        in.rgb[i] = data[4 + i % (size - 4)];
    if (om_picture_lanczos(&out, &in, NULL) != OMOST_OK) abort();
    if (size == 5)
        for (size_t i = 0; i < om_picture_bytes(&out); i++)
            if (out.rgb[i] != data[4]) abort();
    if (in.width == out.width && in.height == out.height)
        if (memcmp(in.rgb, out.rgb, om_picture_bytes(&in)) != 0) abort();
    om_picture_free(&in);
    om_picture_free(&out);
    return 0;
}
