/* dtype.h - the kinds of numbers tensors are stored in, and conversions.
 *
 * To f32: exact from everything of 24 significant bits or fewer; i32, i64 and
 * f64 round to nearest even. To f16 and bf16: nearest even from f32 (what does
 * not fit becomes infinite, as IEEE 754 has it), NaN stays NaN. From i32, i64
 * and f64 to these two it goes by way of f32: rounded twice.
 *
 * Sources may lie at any address; files do not align their tensors. */
#ifndef OM_WEIGHTS_DTYPE_H
#define OM_WEIGHTS_DTYPE_H

#include "base/str.h"

/* name, as safetensors spells it, bytes of one element */
#define OM_DTYPE_LIST(X)     \
    X(F32, "F32", 4)         \
    X(F16, "F16", 2)         \
    X(BF16, "BF16", 2)       \
    X(F64, "F64", 8)         \
    X(F8_E4M3, "F8_E4M3", 1) \
    X(F8_E5M2, "F8_E5M2", 1) \
    X(I64, "I64", 8)         \
    X(I32, "I32", 4)         \
    X(I16, "I16", 2)         \
    X(I8, "I8", 1)           \
    X(U64, "U64", 8)         \
    X(U32, "U32", 4)         \
    X(U16, "U16", 2)         \
    X(U8, "U8", 1)           \
    X(BOOL, "BOOL", 1)

typedef enum om_dtype {
#define X(name, word, bytes) OM_##name,
    OM_DTYPE_LIST(X)
#undef X
        OM_N_DTYPES
} om_dtype;

/* "F32", ... */
const char *om_dtype_name(om_dtype d);
/* Bytes of one element. */
size_t om_dtype_size(om_dtype d);
/* The kind of this name; OM_N_DTYPES when there is none. */
om_dtype om_dtype_find(om_str name);
/* Floating point, of any width: what weights are made of. */
bool om_dtype_is_float(om_dtype d);

/* dst[i] = src[i], n elements, no overlap. */
void om_to_f32(float *dst, om_dtype from, const void *src, size_t n);
void om_f32_to_f16(uint16_t *dst, const float *src, size_t n);
void om_f32_to_bf16(uint16_t *dst, const float *src, size_t n);

/* Any kind to F32, F16 or BF16 (false for another `to`). The same kind is
 * copied. */
bool om_dtype_convert(om_dtype to, void *dst, om_dtype from, const void *src,
                      size_t n);

#endif
