/* fuzz_safetensors.c - any bytes as a safetensors file: refused, or every
 * tensor lies within the bytes, all of them together are the data, each is
 * found by its name and can be read. */
#include <stdint.h>
#include <stdlib.h>

#include "weights/safetensors.h"

static uint64_t sum; /* so that reading is not left out */

static void read_all(const om_st_tensor *t)
{
    float out[64];
    size_t size = om_dtype_size(t->dtype), step = sizeof out / sizeof *out;
    for (size_t i = 0; i < t->n; i += step) {
        size_t n = t->n - i < step ? t->n - i : step;
        om_to_f32(out, t->dtype, (const char *)t->data + i * size, n);
        for (size_t k = 0; k < n; k++) sum += out[k] > 0;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const om_str bytes = {(const char *)data, size};
    const char *end = bytes.p + size;
    omost_error err;
    om_safetensors *st = om_st_parse(NULL, "x", bytes, &err);
    if (!st) {
        if (err.status == OMOST_OK || !err.msg[0]) abort();
        return 0;
    }
    size_t total = 0;
    for (size_t i = 0; i < om_st_count(st); i++) {
        const om_st_tensor *t = om_st_at(st, i);
        const char *p = t->data;
        if (p < bytes.p || p > end || t->bytes > (size_t)(end - p)) abort();
        if (t->n * om_dtype_size(t->dtype) != t->bytes) abort();
        if (om_st_find(st, t->name) != t) abort();
        if (!om_st_has_prefix(st, t->name)) abort();
        total += t->bytes;
        read_all(t);
    }
    if (om_st_count(st) && (const char *)om_st_at(st, 0)->data + total != end)
        abort();
    for (size_t i = 0; i < om_st_text_count(st); i++)
        sum += om_st_text_at(st, i).value.n;
    om_st_close(st);
    return 0;
}
