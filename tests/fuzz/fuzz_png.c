/* fuzz_png.c - any bytes as a PNG: read or refused; what was read comes back
 * the same when written and read again. */
#include <stdint.h>
#include <stdlib.h>

#include "image/png.h"

enum { MAX_PIXELS = 1 << 18, MAX_BYTES = 8 << 20 };

static void check_again(const om_picture *pic)
{
    om_buf b;
    om_picture back;
    om_buf_init(&b, NULL, MAX_BYTES);
    if (om_png_encode(&b, om_picture_pixels(pic), NULL, 0, NULL) != OMOST_OK)
        abort();
    if (om_png_decode(&back, NULL, om_buf_view(&b), MAX_PIXELS, NULL) !=
        OMOST_OK)
        abort();
    if (back.width != pic->width || back.height != pic->height) abort();
    if (memcmp(back.rgb, pic->rgb, om_picture_bytes(pic)) != 0) abort();
    om_picture_free(&back);
    om_buf_free(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const om_str bytes = {(const char *)data, size};
    om_picture pic;
    omost_error err;
    if (om_png_decode(&pic, NULL, bytes, MAX_PIXELS, &err) == OMOST_OK) {
        om_buf text;
        check_again(&pic);
        om_buf_init(&text, NULL, MAX_BYTES);
        (void)!om_png_find_text(&text, bytes, "parameters", &err);
        om_buf_free(&text);
    }
    om_picture_free(&pic);
    return 0;
}
