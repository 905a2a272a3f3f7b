/* backend_internal.h - what a back end is made of.
 *
 * A back end is an om_backend_class: a const table of functions, named in the
 * table of backend.c. Its om_backend and om_program begin with the structs
 * below, which the shared code (backend.c, program.c) looks after: names,
 * inputs and outputs, contexts, time.
 *
 * To write one:
 *   open      allocate your struct, fill `base.precision` and `number`; the
 *             rest of base is filled by the caller
 *   compile   allocate your program, om_program_init(&p->base, b, g, err); pack
 *             weights, plan memory (nn/graph_memory.h), fill base.kept
 *   run       om_pace pace = om_pace_start(...); before each operation
 *             om_pace_step(); at the end om_pace_end()
 *   free      your memory, om_program_release(&p->base), the program itself */
#ifndef OM_NN_BACKEND_INTERNAL_H
#define OM_NN_BACKEND_INTERNAL_H

#include "nn/graph_internal.h"
#include "nn/params_internal.h"

typedef struct om_backend_class om_backend_class;

struct om_backend {
    const om_backend_class *class;
    const omost_env *env;
    om_precision precision; /* F32 or BF16 */
    size_t number;          /* bytes of one of a kept key or value */
    int n_threads;          /* at least 1 */
};

struct om_backend_class {
    const char *name;
    /* opts: precision as asked for, n_threads at least 1. NULL on failure:
     * MISSING when it does not work on this machine ("auto" then takes the next
     * in the table), anything else is the caller's to hear (bf16 asked of a
     * processor without). */
    om_backend *(*open)(const omost_env *env, const om_backend_opts *opts,
                        omost_error *err);
    void (*close)(om_backend *b);
    /* The graph has no mistake. */
    om_program *(*compile)(om_backend *b, const om_graph *g, omost_error *err);
    /* What its values will take, inputs and outputs in f32 apart. */
    omost_status (*plan)(om_backend *b, const om_graph *g, size_t *bytes,
                         omost_error *err);
    /* Free one packed form of a weight. */
    void (*unpack)(om_backend *b, om_packed *packed);
    void (*free)(om_program *p);
    omost_status (*run)(om_program *p, const om_watch *watch, omost_error *err);
    /* NULL: nothing to do. `context` is checked and a copy; p->context is the
     * one until now, and stays when this fails. */
    omost_status (*set_context)(om_program *p, const om_context *context,
                                omost_error *err);
};

/* ---- memory ------------------------------------------------------------ */

/* 64-byte aligned memory from an env. */
enum { OM_ALIGN = 64 };
typedef struct om_block {
    void *raw; /* what the env gave */
    char *p;   /* aligned; NULL: none */
    size_t bytes;
} om_block;
bool om_block_new(om_block *b, const omost_env *env, size_t bytes);
void om_block_free(om_block *b, const omost_env *env);

static inline size_t om_aligned(size_t bytes)
{
    return (bytes + OM_ALIGN - 1) / OM_ALIGN * OM_ALIGN;
}

/* ---- programs ---------------------------------------------------------- */

/* An input or output: data[n] is f32, 64-byte aligned, and keeps its content
 * from one run to the next. */
typedef struct om_port {
    const char *name;
    om_value value;
    float *data;
    size_t n;
} om_port;

/* What the i-th CROSS node of the graph looks at. The pointers are into the
 * program's context, set anew with it; maps[picture] for each of shape.n. */
typedef struct om_cross {
    om_shape shape; /* of its queries */
    int slot, heads;
    const om_kept *kept;
    const om_attention_map **maps;
    double flops;
} om_cross;

typedef struct om_program_slot {
    int slot;
    om_value keys, values;
    om_kept kept; /* k and v: for the back end to fill at compile */
} om_program_slot;

struct om_program {
    om_backend *backend;
    om_arena arena; /* what lives as long as the program */
    om_port *in, *out;
    int n_in, n_out;
    om_block ports;
    om_program_slot *slot;
    int n_slots;
    om_cross *cross; /* in the order of the graph's CROSS nodes */
    int n_cross;
    om_context context;
    om_arena context_arena;
    bool has_context;
    om_cost cost; /* flops; arena_bytes is for the back end to fill */
    bool timed;
};

omost_status om_program_init(om_program *p, om_backend *b, const om_graph *g,
                             omost_error *err);
void om_program_release(om_program *p);

/* ---- a run ------------------------------------------------------------- */

/* Tells the watch and takes the time. */
typedef struct om_pace {
    om_program *p;
    const om_watch *watch;
    double done, total; /* flops */
    om_work work;
    double since; /* seconds; < 0: no operation is running */
    double next;  /* flops of the one that is */
} om_pace;

om_pace om_pace_start(om_program *p, const om_watch *watch);
/* Before an operation (or several as one) of this many flops: false to stop. */
bool om_pace_step(om_pace *pace, om_work work, double flops);
/* OK, or CANCELLED when a step was told to stop. */
omost_status om_pace_end(om_pace *pace, bool stopped, omost_error *err);

/* ---- the table --------------------------------------------------------- */

extern const om_backend_class om_backend_ref;
/* dnnl_backend.c; only where OM_WITH_DNNL */
extern const om_backend_class om_backend_dnnl;

#endif
