/* delta.c - see delta.h. A tile of the weight stays in the processor's cache
 * while all of its deltas are added. */
#include "weights/delta.h"

/* A tile, and how much of a product's inner dimension at a time: 16 to 32 KiB
 * each, all on the stack. */
enum { ROWS = 64, COLS = 128, RANKS = 32 };

typedef struct tile {
    size_t row, col, n_rows, n_cols; /* of the matrix */
    float v[ROWS][COLS];
} tile;

static void load(float *dst, const om_st_tensor *t, size_t at, size_t n)
{
    om_to_f32(dst, t->dtype,
              (const char *)t->data + at * om_dtype_size(t->dtype), n);
}

/* ---- products ------------------------------------------------------------ */

/* GCC's and Clang's vectors, made of whatever the processor has: they would
 * have to be told that a, b and v are apart to make them of a loop. */
typedef float lanes
    __attribute__((vector_size(32), aligned(sizeof(float)), may_alias));
enum { LANES = 8 };

static inline const lanes *lanes_at(const float *p)
{
    return (const lanes *)(const void *)p;
}

/* v += a[0..3] times four rows of b. */
static inline __attribute__((always_inline)) void add_rows(
    float *v, const float *a, const float (*b)[COLS])
{
    const float f[4] = {a[0], a[1], a[2], a[3]};
    for (size_t k = 0; k < COLS; k += LANES) {
        lanes *sum = (lanes *)(void *)(v + k);
        *sum += (f[0] * *lanes_at(b[0] + k) + f[1] * *lanes_at(b[1] + k)) +
                (f[2] * *lanes_at(b[2] + k) + f[3] * *lanes_at(b[3] + k));
    }
}

/* v += a b over `n` of the inner dimension, a multiple of 4. Every element's
 * sum has the same order however wide the vectors are: no -ffast-math, and
 * ISO C does not contract. */
static inline __attribute__((always_inline)) void multiply_any(
    tile *t, const float (*a)[RANKS], const float (*b)[COLS], size_t n)
{
    for (size_t i = 0; i < t->n_rows; i++)
        for (size_t r = 0; r < n; r += 4) add_rows(t->v[i], &a[i][r], &b[r]);
}

typedef void multiply_fn(tile *t, const float (*a)[RANKS],
                         const float (*b)[COLS], size_t n);

static void multiply_plain(tile *t, const float (*a)[RANKS],
                           const float (*b)[COLS], size_t n)
{
    multiply_any(t, a, b, n);
}

#if defined(__x86_64__) && defined(__GNUC__)
__attribute__((target("avx2"))) static void multiply_avx2(
    tile *t, const float (*a)[RANKS], const float (*b)[COLS], size_t n)
{
    multiply_any(t, a, b, n);
}

static bool has_avx2(void)
{
    return __builtin_cpu_supports("avx2") != 0;
}
#else
#define multiply_avx2 multiply_plain
static bool has_avx2(void)
{
    return false;
}
#endif

/* a[row + i][rank + r], n of them a row. */
static void load_left(float (*a)[RANKS], const om_factor *f, const tile *t,
                      size_t rank, size_t n)
{
    float line[ROWS];
    if (!f->a_transposed) {
        for (size_t i = 0; i < t->n_rows; i++)
            load(a[i], f->a, (t->row + i) * f->rank + rank, n);
        return;
    }
    for (size_t r = 0; r < n; r++) {
        load(line, f->a, (rank + r) * f->rows + t->row, t->n_rows);
        for (size_t i = 0; i < t->n_rows; i++) a[i][r] = line[i];
    }
}

/* One row of mid b: sum over q of mid[p, q, tap] * b[q, col / taps]. */
static void load_middle(float *dst, const om_factor *f, const tile *t, size_t p)
{
    const size_t inner = f->cols / f->taps;
    float m, v;
    for (size_t k = 0; k < t->n_cols; k++) {
        const size_t in = (t->col + k) / f->taps, tap = (t->col + k) % f->taps;
        dst[k] = 0;
        for (size_t q = 0; q < f->rank; q++) {
            load(&m, f->mid, (p * f->rank + q) * f->taps + tap, 1);
            load(&v, f->b, q * inner + in, 1);
            dst[k] += m * v;
        }
    }
}

static void load_right(float (*b)[COLS], const om_factor *f, const tile *t,
                       size_t rank, size_t n)
{
    for (size_t r = 0; r < n; r++)
        if (f->mid)
            load_middle(b[r], f, t, rank + r);
        else
            load(b[r], f->b, (rank + r) * f->cols + t->col, t->n_cols);
}

/* The factor's tile, over what was in it. */
static void work_out(tile *t, const om_factor *f)
{
    float b[RANKS][COLS] = {{0}};
    multiply_fn *const multiply = has_avx2() ? multiply_avx2 : multiply_plain;
    if (f->whole) {
        for (size_t i = 0; i < t->n_rows; i++)
            load(t->v[i], f->whole, (t->row + i) * f->cols + t->col, t->n_cols);
        return;
    }
    memset(t->v, 0, t->n_rows * sizeof *t->v);
    for (size_t rank = 0; rank < f->rank; rank += RANKS) {
        const size_t n = f->rank - rank < RANKS ? f->rank - rank : RANKS;
        float a[ROWS][RANKS] = {{0}};
        load_left(a, f, t, rank, n);
        load_right(b, f, t, rank, n);
        for (size_t r = n; r % 4 != 0; r++) memset(b[r], 0, sizeof b[r]);
        multiply(t, a, b, (n + 3) & ~(size_t)3);
    }
}

/* ---- kinds --------------------------------------------------------------- */

static tile same_place(const tile *t)
{
    tile part;
    part.row = t->row, part.col = t->col;
    part.n_rows = t->n_rows, part.n_cols = t->n_cols;
    return part;
}

static void add_plain(tile *t, const om_delta *d)
{
    tile x = same_place(t);
    work_out(&x, &d->f[0]);
    for (size_t i = 0; i < t->n_rows; i++)
        for (size_t k = 0; k < t->n_cols; k++)
            t->v[i][k] += d->scale * x.v[i][k];
}

static void add_hadamard(tile *t, const om_delta *d)
{
    tile x = same_place(t), y = same_place(t);
    work_out(&x, &d->f[0]);
    work_out(&y, &d->f[1]);
    for (size_t i = 0; i < t->n_rows; i++)
        for (size_t k = 0; k < t->n_cols; k++)
            t->v[i][k] += d->scale * (x.v[i][k] * y.v[i][k]);
}

/* The part of a tile that lies in one block, w1[i, j] * w2. */
static void add_block(tile *t, const om_delta *d, const tile *part, size_t i,
                      size_t j)
{
    const om_factor *w1 = &d->f[0], *w2 = &d->f[1];
    tile one = {.row = i, .col = j, .n_rows = 1, .n_cols = 1};
    tile x = same_place(part);
    work_out(&one, w1);
    x.row -= i * w2->rows, x.col -= j * w2->cols;
    work_out(&x, w2);
    for (size_t r = 0; r < x.n_rows; r++)
        for (size_t k = 0; k < x.n_cols; k++)
            t->v[part->row - t->row + r][part->col - t->col + k] +=
                d->scale * (one.v[0][0] * x.v[r][k]);
}

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

static void add_kronecker(tile *t, const om_delta *d)
{
    const om_factor *w2 = &d->f[1];
    const size_t row_end = t->row + t->n_rows, col_end = t->col + t->n_cols;
    tile part;
    for (part.row = t->row; part.row < row_end; part.row += part.n_rows) {
        const size_t i = part.row / w2->rows;
        part.n_rows = least(row_end, (i + 1) * w2->rows) - part.row;
        for (part.col = t->col; part.col < col_end; part.col += part.n_cols) {
            const size_t j = part.col / w2->cols;
            part.n_cols = least(col_end, (j + 1) * w2->cols) - part.col;
            add_block(t, d, &part, i, j);
        }
    }
}

static void add_delta(tile *t, const om_delta *d)
{
    switch (d->kind) {
    case OM_DELTA_PLAIN: add_plain(t, d); break;
    case OM_DELTA_HADAMARD: add_hadamard(t, d); break;
    case OM_DELTA_KRONECKER: add_kronecker(t, d); break;
    }
}

/* ---- the whole ----------------------------------------------------------- */

static void read_tile(tile *t, const om_matrix *w)
{
    const size_t size = om_dtype_size(w->dtype);
    float line[ROWS];
    if (!w->transposed) {
        for (size_t i = 0; i < t->n_rows; i++)
            om_to_f32(t->v[i], w->dtype,
                      w->data + ((t->row + i) * w->cols + t->col) * size,
                      t->n_cols);
        return;
    }
    for (size_t k = 0; k < t->n_cols; k++) {
        om_to_f32(line, w->dtype,
                  w->data + ((t->col + k) * w->rows + t->row) * size,
                  t->n_rows);
        for (size_t i = 0; i < t->n_rows; i++) t->v[i][k] = line[i];
    }
}

static void write_tile(om_dtype to, char *dst, const tile *t, size_t cols)
{
    const size_t size = om_dtype_size(to);
    for (size_t i = 0; i < t->n_rows; i++)
        om_dtype_convert(to, dst + ((t->row + i) * cols + t->col) * size,
                         OM_F32, t->v[i], t->n_cols);
}

void om_delta_apply(om_dtype to, void *dst, const om_matrix *w,
                    const om_delta *deltas)
{
    tile t;
    for (t.row = 0; t.row < w->rows; t.row += ROWS)
        for (t.col = 0; t.col < w->cols; t.col += COLS) {
            t.n_rows = least(ROWS, w->rows - t.row);
            t.n_cols = least(COLS, w->cols - t.col);
            read_tile(&t, w);
            for (const om_delta *d = deltas; d; d = d->next) add_delta(&t, d);
            write_tile(to, dst, &t, w->cols);
        }
}
