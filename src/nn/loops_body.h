/* loops_body.h - the loops of loops.h over a vector of 8 floats; included by
 * loops_plain.c and loops_avx2.c, which define it:
 *
 *     vf                          the vector
 *     vf_zero() vf_set(f)         all lanes the same
 *     vf_load(p) vf_store(p, v)   f32, any address
 *     vf_load_bf16 vf_store_bf16 vf_load_f16 vf_store_f16
 *     vf_add vf_sub vf_mul vf_div vf_min vf_max
 *     vf_fma(a, b, c)             a * b + c
 *     vf_round(v)                 to the nearest whole number
 *     vf_pow2(n)                  2^n, n whole, -126..127
 *     vf_sum(v)                   of all lanes
 *     vf_same(a, b)               all lanes equal, or both NaN
 *     vf_transpose(v)             8 vectors: rows become columns
 *
 * min and max give their second argument when one is NaN. Each function takes
 * the element type as a constant after inlining. */

#define INLINE static inline __attribute__((always_inline))
enum { LANES = 8 };

/* ---- loads and stores of elements -------------------------------------- */

INLINE vf get(om_elem t, const void *x, size_t i)
{
    return t == OM_ELEM_F32 ? vf_load((const float *)x + i)
                            : vf_load_bf16((const uint16_t *)x + i);
}

INLINE void put(om_elem t, void *y, size_t i, vf v)
{
    if (t == OM_ELEM_F32)
        vf_store((float *)y + i, v);
    else
        vf_store_bf16((uint16_t *)y + i, v);
}

INLINE size_t bytes_of(om_elem t, size_t n)
{
    return n * (t == OM_ELEM_F32 ? 4 : 2);
}

/* n < LANES elements, the others 0. */
INLINE vf get_part(om_elem t, const void *x, size_t i, size_t n)
{
    float part[LANES] = {0};
    memcpy(part, (const char *)x + bytes_of(t, i), bytes_of(t, n));
    return get(t, part, 0);
}

INLINE void put_part(om_elem t, void *y, size_t i, size_t n, vf v)
{
    float part[LANES];
    put(t, part, 0, v);
    memcpy((char *)y + bytes_of(t, i), part, bytes_of(t, n));
}

/* ---- functions --------------------------------------------------------- */

/* e^x to about 1e-7 relative; 0 and infinity become e^-87 and e^88. The
 * polynomial is that of Cephes' expf. */
INLINE vf v_exp(vf x)
{
    x = vf_max(vf_set(-87.0f), vf_min(vf_set(88.0f), x));
    vf n = vf_round(vf_mul(x, vf_set(1.44269504088896341f)));
    vf r = vf_fma(n, vf_set(-0.693359375f), x);
    r = vf_fma(n, vf_set(2.12194440e-4f), r);
    vf p = vf_set(1.9875691500e-4f);
    p = vf_fma(p, r, vf_set(1.3981999507e-3f));
    p = vf_fma(p, r, vf_set(8.3334519073e-3f));
    p = vf_fma(p, r, vf_set(4.1665795894e-2f));
    p = vf_fma(p, r, vf_set(1.6666665459e-1f));
    p = vf_fma(p, r, vf_set(5.0000001201e-1f));
    p = vf_fma(p, vf_mul(r, r), vf_add(r, vf_set(1.0f)));
    return vf_mul(p, vf_pow2(n));
}

/* erf x to 4e-7: a ratio of polynomials, as in Eigen's float version */
INLINE vf v_erf(vf x)
{
    x = vf_max(vf_set(-4.0f), vf_min(vf_set(4.0f), x));
    vf s = vf_mul(x, x);
    vf p = vf_set(-2.72614225801306e-10f);
    p = vf_fma(p, s, vf_set(2.77068142495902e-08f));
    p = vf_fma(p, s, vf_set(-2.10102402082508e-06f));
    p = vf_fma(p, s, vf_set(-5.69250639462346e-05f));
    p = vf_fma(p, s, vf_set(-7.34990630326855e-04f));
    p = vf_fma(p, s, vf_set(-2.95459980854025e-03f));
    p = vf_fma(p, s, vf_set(-1.60960333262415e-02f));
    vf q = vf_set(-1.45660718464996e-05f);
    q = vf_fma(q, s, vf_set(-2.13374055278905e-04f));
    q = vf_fma(q, s, vf_set(-1.68282697438203e-03f));
    q = vf_fma(q, s, vf_set(-7.37332916720468e-03f));
    q = vf_fma(q, s, vf_set(-1.42647390514189e-02f));
    return vf_div(vf_mul(x, p), q);
}

INLINE vf v_swish(vf x, float a)
{
    vf e = v_exp(vf_mul(x, vf_set(-a)));
    return vf_div(x, vf_add(vf_set(1.0f), e));
}

INLINE vf v_gelu(vf x)
{
    vf e = v_erf(vf_mul(x, vf_set(0.70710678118654752f)));
    vf half = vf_mul(x, vf_set(0.5f));
    return vf_fma(half, e, half);
}

INLINE vf v_unary(om_unary_kind kind, vf x)
{
    switch (kind) {
    case OM_SILU: return v_swish(x, 1.0f);
    case OM_QUICK_GELU: return v_swish(x, 1.702f);
    case OM_GELU: return v_gelu(x);
    default: return vf_max(vf_zero(), x);
    }
}

/* ---- loops, for a constant element type -------------------------------- */

INLINE void moments_of(om_elem t, const void *x, size_t rows, size_t c,
                       const float *ref, float *sum, float *square)
{
    size_t j = 0;
    for (; j + LANES <= c; j += LANES) {
        vf r = vf_load(ref + j), s = vf_load(sum + j), q = vf_load(square + j);
        for (size_t i = 0; i < rows; i++) {
            vf d = vf_sub(get(t, x, i * c + j), r);
            s = vf_add(s, d);
            q = vf_fma(d, d, q);
        }
        vf_store(sum + j, s);
        vf_store(square + j, q);
    }
    if (j == c) return;
    const size_t n = c - j;
    vf r = get_part(OM_ELEM_F32, ref, j, n);
    vf s = get_part(OM_ELEM_F32, sum, j, n);
    vf q = get_part(OM_ELEM_F32, square, j, n);
    for (size_t i = 0; i < rows; i++) {
        vf d = vf_sub(get_part(t, x, i * c + j, n), r);
        s = vf_add(s, d);
        q = vf_fma(d, d, q);
    }
    put_part(OM_ELEM_F32, sum, j, n, s);
    put_part(OM_ELEM_F32, square, j, n, q);
}

/* Few rows at a time: they stay in the first-level cache while each group of
 * channels goes over them, and memory is read in its order. */
INLINE void moments_rows(om_elem t, const void *x, size_t rows, size_t c,
                         const float *ref, float *sum, float *square)
{
    enum { FEW = 4 };
    for (size_t i = 0; i < rows; i += FEW) {
        size_t n = rows - i < FEW ? rows - i : FEW;
        moments_of(t, (const char *)x + bytes_of(t, i * c), n, c, ref, sum,
                   square);
    }
}

INLINE vf affine_of(vf x, vf mean, vf scale, vf shift, bool silu)
{
    vf v = vf_fma(vf_sub(x, mean), scale, shift);
    return silu ? v_swish(v, 1.0f) : v;
}

INLINE void affine_rows(om_elem t, void *y, const void *x, size_t rows,
                        size_t c, om_affine a, bool silu)
{
    for (size_t i = 0; i < rows; i++) {
        size_t at = i * c, j = 0;
        for (; j + LANES <= c; j += LANES)
            put(t, y, at + j,
                affine_of(get(t, x, at + j), vf_load(a.mean + j),
                          vf_load(a.scale + j), vf_load(a.shift + j), silu));
        if (j == c) continue;
        const size_t n = c - j;
        put_part(t, y, at + j, n,
                 affine_of(get_part(t, x, at + j, n),
                           get_part(OM_ELEM_F32, a.mean, j, n),
                           get_part(OM_ELEM_F32, a.scale, j, n),
                           get_part(OM_ELEM_F32, a.shift, j, n), silu));
    }
}

/* Sums over a row: of x - ref and of its square. */
typedef struct row_sums {
    float sum, square;
} row_sums;

INLINE row_sums sum_row(om_elem t, const void *x, size_t at, size_t c,
                        float ref)
{
    vf r = vf_set(ref), s = vf_zero(), q = vf_zero();
    size_t j = 0;
    for (; j + LANES <= c; j += LANES) {
        vf d = vf_sub(get(t, x, at + j), r);
        s = vf_add(s, d);
        q = vf_fma(d, d, q);
    }
    row_sums out = {vf_sum(s), vf_sum(q)};
    for (; j < c; j++) {
        float part[LANES];
        vf_store(part, get_part(t, x, at + j, 1));
        const float d = part[0] - ref;
        out.sum += d;
        out.square += d * d;
    }
    return out;
}

/* The mean is found twice: what the first pass got wrong of it, because the
 * numbers are large beside their deviation, the second sees. */
INLINE void layer_norm_rows(om_elem t, void *y, const void *x, size_t rows,
                            size_t c, const float *weight, const float *bias,
                            float eps)
{
    for (size_t i = 0; i < rows; i++) {
        const size_t at = i * c;
        const float mean = sum_row(t, x, at, c, 0).sum / (float)c;
        const row_sums s = sum_row(t, x, at, c, mean);
        const float off = s.sum / (float)c;
        const float var = s.square / (float)c - off * off;
        vf vm = vf_set(mean), vo = vf_set(off);
        vf scale = vf_set(1.0f / sqrtf((var > 0 ? var : 0) + eps));
        size_t j = 0;
        for (; j + LANES <= c; j += LANES) {
            vf d = vf_mul(vf_sub(vf_sub(get(t, x, at + j), vm), vo), scale);
            put(t, y, at + j,
                vf_fma(d, vf_load(weight + j), vf_load(bias + j)));
        }
        if (j == c) continue;
        const size_t n = c - j;
        vf d = vf_mul(vf_sub(vf_sub(get_part(t, x, at + j, n), vm), vo), scale);
        put_part(t, y, at + j, n,
                 vf_fma(d, get_part(OM_ELEM_F32, weight, j, n),
                        get_part(OM_ELEM_F32, bias, j, n)));
    }
}

INLINE void unary_n(om_elem t, om_unary_kind kind, void *y, const void *x,
                    size_t n)
{
    size_t i = 0;
    for (; i + LANES <= n; i += LANES)
        put(t, y, i, v_unary(kind, get(t, x, i)));
    if (i < n)
        put_part(t, y, i, n - i, v_unary(kind, get_part(t, x, i, n - i)));
}

INLINE void geglu_rows(om_elem t, void *y, const void *x, size_t rows, size_t c)
{
    for (size_t i = 0; i < rows; i++) {
        const size_t at = 2 * i * c;
        size_t j = 0;
        for (; j + LANES <= c; j += LANES)
            put(t, y, i * c + j,
                vf_mul(get(t, x, at + j), v_gelu(get(t, x, at + c + j))));
        if (j == c) continue;
        const size_t n = c - j;
        put_part(t, y, i * c + j, n,
                 vf_mul(get_part(t, x, at + j, n),
                        v_gelu(get_part(t, x, at + c + j, n))));
    }
}

INLINE void add_rows(om_elem t, void *y, const void *a, const void *b,
                     size_t rows, size_t c, size_t b_step)
{
    if (b_step == c) { /* one long row */
        c *= rows;
        rows = 1;
    }
    for (size_t i = 0; i < rows; i++) {
        const size_t at = i * c, bt = i * b_step;
        size_t j = 0;
        for (; j + LANES <= c; j += LANES)
            put(t, y, at + j, vf_add(get(t, a, at + j), get(t, b, bt + j)));
        if (j == c) continue;
        const size_t n = c - j;
        put_part(t, y, at + j, n,
                 vf_add(get_part(t, a, at + j, n), get_part(t, b, bt + j, n)));
    }
}

INLINE vf get_bits(om_bits b, const void *x, size_t i)
{
    switch (b) {
    case OM_BITS_F16: return vf_load_f16((const uint16_t *)x + i);
    case OM_BITS_BF16: return vf_load_bf16((const uint16_t *)x + i);
    default: return vf_load((const float *)x + i);
    }
}

INLINE void put_bits(om_bits b, void *y, size_t i, vf v)
{
    switch (b) {
    case OM_BITS_F16: vf_store_f16((uint16_t *)y + i, v); break;
    case OM_BITS_BF16: vf_store_bf16((uint16_t *)y + i, v); break;
    default: vf_store((float *)y + i, v);
    }
}

INLINE void unpack_n(om_bits b, float *y, const void *x, size_t n)
{
    const size_t size = b == OM_BITS_F32 ? 4 : 2;
    size_t i = 0;
    for (; i + LANES <= n; i += LANES) vf_store(y + i, get_bits(b, x, i));
    if (i == n) return;
    float in[LANES] = {0}, out[LANES];
    memcpy(in, (const char *)x + i * size, (n - i) * size);
    vf_store(out, get_bits(b, in, 0));
    memcpy(y + i, out, (n - i) * sizeof *y);
}

INLINE void pack_n(om_bits b, void *y, const float *x, size_t n)
{
    const size_t size = b == OM_BITS_F32 ? 4 : 2;
    size_t i = 0;
    for (; i + LANES <= n; i += LANES) put_bits(b, y, i, vf_load(x + i));
    if (i == n) return;
    float in[LANES] = {0}, out[LANES];
    memcpy(in, x + i, (n - i) * sizeof *x);
    put_bits(b, out, 0, vf_load(in));
    memcpy((char *)y + i * size, out, (n - i) * size);
}

INLINE void unpack8_n(om_bits b, float *y, const void *x, size_t n, int m,
                      int n_streams, size_t stride)
{
    const size_t step = (size_t)m * LANES;
    for (size_t k = 0; k < n; k++, y += step)
        for (int i = 0; i < m; i++)
            vf_store(y + i * LANES,
                     i < n_streams
                         ? get_bits(b, x, (size_t)i * stride + k * LANES)
                         : vf_zero());
}

INLINE void pack8_n(om_bits b, void *y, const size_t *at, const float *x,
                    size_t row, size_t n)
{
    for (size_t j = 0; j < n; j += LANES) {
        const size_t now = n - j < LANES ? n - j : LANES;
        vf v[LANES];
        for (size_t i = 0; i < LANES; i++)
            v[i] = now == LANES ? vf_load(x + i * row + j)
                                : get_part(OM_ELEM_F32, x, i * row + j, now);
        vf_transpose(v);
        for (size_t k = 0; k < now; k++) put_bits(b, y, at[j + k], v[k]);
    }
}

/* ---- the table: the same for each element type ------------------------- */

/* Call f(TYPE, ...) with TYPE a constant. */
#define BY_ELEM(t, f, ...)                \
    do {                                  \
        if ((t) == OM_ELEM_F32)           \
            f(OM_ELEM_F32, __VA_ARGS__);  \
        else                              \
            f(OM_ELEM_BF16, __VA_ARGS__); \
    } while (0)

#define BY_BITS(b, f, ...)                                      \
    do {                                                        \
        switch (b) {                                            \
        case OM_BITS_F16: f(OM_BITS_F16, __VA_ARGS__); break;   \
        case OM_BITS_BF16: f(OM_BITS_BF16, __VA_ARGS__); break; \
        default: f(OM_BITS_F32, __VA_ARGS__);                   \
        }                                                       \
    } while (0)

static void moments(om_elem t, const void *x, size_t rows, size_t c,
                    const float *ref, float *sum, float *square)
{
    BY_ELEM(t, moments_rows, x, rows, c, ref, sum, square);
}

static void affine(om_elem t, void *y, const void *x, size_t rows, size_t c,
                   om_affine a, bool silu)
{
    if (silu)
        BY_ELEM(t, affine_rows, y, x, rows, c, a, true);
    else
        BY_ELEM(t, affine_rows, y, x, rows, c, a, false);
}

static void layer_norm(om_elem t, void *y, const void *x, size_t rows, size_t c,
                       const float *weight, const float *bias, float eps)
{
    BY_ELEM(t, layer_norm_rows, y, x, rows, c, weight, bias, eps);
}

static void unary(om_elem t, om_unary_kind kind, void *y, const void *x,
                  size_t n)
{
    switch (kind) {
    case OM_SILU: BY_ELEM(t, unary_n, OM_SILU, y, x, n); break;
    case OM_GELU: BY_ELEM(t, unary_n, OM_GELU, y, x, n); break;
    case OM_QUICK_GELU: BY_ELEM(t, unary_n, OM_QUICK_GELU, y, x, n); break;
    default: BY_ELEM(t, unary_n, OM_RELU, y, x, n);
    }
}

static void geglu(om_elem t, void *y, const void *x, size_t rows, size_t c)
{
    BY_ELEM(t, geglu_rows, y, x, rows, c);
}

static void add(om_elem t, void *y, const void *a, const void *b, size_t rows,
                size_t c, size_t b_step)
{
    BY_ELEM(t, add_rows, y, a, b, rows, c, b_step);
}

static void unpack(om_bits b, float *y, const void *x, size_t n)
{
    BY_BITS(b, unpack_n, y, x, n);
}

static void pack(om_bits b, void *y, const float *x, size_t n)
{
    BY_BITS(b, pack_n, y, x, n);
}

static void widen(om_elem t, float *y, const void *x, size_t n)
{
    unpack(t == OM_ELEM_F32 ? OM_BITS_F32 : OM_BITS_BF16, y, x, n);
}

static void narrow(om_elem t, void *y, const float *x, size_t n)
{
    pack(t == OM_ELEM_F32 ? OM_BITS_F32 : OM_BITS_BF16, y, x, n);
}

static void unpack8(om_bits b, float *y, const void *x, size_t n, int m,
                    int n_streams, size_t stride)
{
    BY_BITS(b, unpack8_n, y, x, n, m, n_streams, stride);
}

static void pack8(om_bits b, void *y, const size_t *at, const float *x,
                  size_t row, size_t n)
{
    BY_BITS(b, pack8_n, y, at, x, row, n);
}

/* 8 numbers: do they survive being kept in these bits? */
INLINE bool survives(om_bits b, vf v)
{
    float kept[LANES];
    put_bits(b, kept, 0, v);
    return vf_same(v, get_bits(b, kept, 0));
}

static void look(const float *x, size_t n, bool *f16, bool *bf16,
                 bool *finite16)
{
    *f16 = *bf16 = *finite16 = true;
    for (size_t i = 0; i < n; i += LANES) {
        vf v = n - i >= LANES ? vf_load(x + i)
                              : get_part(OM_ELEM_F32, x, i, n - i);
        if (*f16 && survives(OM_BITS_F16, v)) {
            if (*bf16) *bf16 = survives(OM_BITS_BF16, v);
            continue;
        }
        *f16 = false;
        if (*bf16) *bf16 = survives(OM_BITS_BF16, v);
        float part[LANES];
        vf_store(part, v);
        for (int k = 0; k < LANES; k++)
            if (!(part[k] >= -65504.0f && part[k] <= 65504.0f))
                *finite16 = false;
    }
}

#define LOOPS_TABLE(label)                                                    \
    {                                                                         \
        .name = (label), .moments = moments, .affine = affine,                \
        .layer_norm = layer_norm, .unary = unary, .geglu = geglu, .add = add, \
        .widen = widen, .narrow = narrow, .unpack = unpack, .pack = pack,     \
        .unpack8 = unpack8, .pack8 = pack8, .look = look,                     \
    }
