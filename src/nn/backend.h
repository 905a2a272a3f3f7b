/* backend.h - who computes.
 *
 *   ref    plain C, f32: the specification. Slow. With precision bf16 every
 *          matrix is rounded to bf16, and every result that a back end which
 *          computes in bf16 stores (graph_fuse.h): what one is compared with.
 *   dnnl   oneDNN and our own kernels. f32, or bf16 where the processor has it.
 *
 *     om_backend *b = om_backend_open(env, &(om_backend_opts){0}, err);
 *     om_program *p = om_backend_compile(b, g, err);
 *     memcpy(om_program_input(p, "x"), x, ...);
 *     st = om_program_run(p, &watch, err);
 *     y = om_program_output(p, "eps");
 *
 * Compiling takes all the memory a program needs; running takes none. Programs
 * of one back end run one at a time (they share scratch memory); two back ends
 * may be used by two threads at once. */
#ifndef OM_NN_BACKEND_H
#define OM_NN_BACKEND_H

#include "nn/context.h"
#include "nn/graph.h"
#include "nn/params.h"
#include "nn/watch.h"

/* id, name, what it is */
#define OM_PRECISION_LIST(X)                                     \
    X(AUTO, "auto", "bf16 where the processor has it, else f32") \
    X(F32, "f32", "32 bits")                                     \
    X(BF16, "bf16", "16 bits, sums in 32")
typedef enum om_precision {
#define X(id, name, text) OM_PRECISION_##id,
    OM_PRECISION_LIST(X)
#undef X
        OM_N_PRECISIONS
} om_precision;

typedef struct om_backend_opts {
    const char *name; /* NULL or "auto": the fastest there is */
    om_precision precision;
    int n_threads; /* 0: one for each processor the process may use */
} om_backend_opts;

typedef struct om_program om_program;

om_backend *om_backend_open(const omost_env *env, const om_backend_opts *opts,
                            omost_error *err);
void om_backend_close(om_backend *b); /* after its params and programs */
const char *om_backend_name(const om_backend *b);
om_precision om_backend_precision(const om_backend *b); /* F32 or BF16 */
int om_backend_threads(const om_backend *b);
/* The i-th name that om_backend_open() knows, from 0; NULL beyond. */
const char *om_backend_at(size_t i);

om_program *om_backend_compile(om_backend *b, const om_graph *g,
                               omost_error *err);
void om_program_free(om_program *p);
/* Bytes that a program of this graph takes at least, its weights apart. Nothing
 * is packed and nothing computed. */
omost_status om_backend_plan(om_backend *b, const om_graph *g, size_t *bytes,
                             omost_error *err);

/* Lent until the program is freed, 64-byte aligned; NULL when there is none of
 * that name. An input keeps its content from run to run. */
float *om_program_input(om_program *p, const char *name);
const float *om_program_output(const om_program *p, const char *name);
/* Slot i of what the graph keeps; false when it keeps none. */
bool om_program_kept(const om_program *p, int slot, om_kept *out);
/* For programs with cross-attention: what they look at, from now on. Copied,
 * but for what the slots point to. Takes memory; fails when a map or slot that
 * the program needs is missing or does not fit. */
omost_status om_program_set_context(om_program *p, const om_context *context,
                                    omost_error *err);

/* `watch` may be NULL. */
omost_status om_program_run(om_program *p, const om_watch *watch,
                            omost_error *err);

/* ---- what it costs ----------------------------------------------------- */

/* id, name: kinds of work that are told apart */
#define OM_WORK_LIST(X)            \
    X(LINEAR, "linear")            \
    X(CONV, "convolution")         \
    X(ATTENTION, "self-attention") \
    X(CROSS, "cross-attention")    \
    X(NORM, "normalisation")       \
    X(OTHER, "element by element")
typedef enum om_work {
#define X(id, name) OM_WORK_##id,
    OM_WORK_LIST(X)
#undef X
        OM_N_WORKS
} om_work;
const char *om_work_name(om_work w);

typedef struct om_cost {
    double flops[OM_N_WORKS];   /* of one run: 2 per multiplication and
                                 * addition of a product; as the graph says,
                                 * not what a back end may save */
    double seconds[OM_N_WORKS]; /* of all runs since om_program_time(p, true) */
    int runs;
    size_t arena_bytes; /* planned memory of the values */
} om_cost;
/* Begin (or end) to time every operation. */
void om_program_time(om_program *p, bool on);
void om_program_cost(const om_program *p, om_cost *out);

#endif
