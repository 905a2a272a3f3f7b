/* dnnl_internal.h - the `dnnl` back end: what its files share.
 *
 *   dnnl_backend.c   the back end and its programs: opening, scratch, running
 *   dnnl_compile.c   steps from nodes, memory
 *   dnnl_matmul.c    linear layers, 1x1 convolutions, geglu
 *   dnnl_conv.c      convolutions
 *   dnnl_norm.c      group norm
 *   dnnl_simple.c    steps of our own loops: norms, sums, attention ...
 *   dnnl_weights.c   packed weights
 *   dnnl_depth.c     whether oneDNN's products with 16-bit weights are right
 *   dnnl_prim.c      oneDNN's objects, one call each
 *   dnnl_threads.c   threads
 *
 * Threads. oneDNN computes in the OpenMP threads of libgomp, which spin for a
 * while after each piece of work; a second set of threads would compete with
 * them for the processors. So our own loops run in the same ones, through
 * GOMP_parallel(), the function gcc itself calls for `#pragma omp parallel`
 * (its interface has not changed since 2007, and clang's OpenMP library has it
 * too): no compiler flag is needed. How many threads there are is set for the
 * calling thread alone (omp_set_num_threads) while a program is compiled or
 * runs, and set back.
 *
 * Memory. Values of a program lie in one block of the back end that all its
 * programs share (they run one at a time), followed by the step's scratch. The
 * block moves when a larger program is compiled, so nothing points into it:
 * a spot says where it is, and oneDNN's memory objects are given their
 * addresses before each call. What outlives a run (inputs, outputs, kept keys
 * and values) has memory of its own. */
#ifndef OM_NN_DNNL_INTERNAL_H
#define OM_NN_DNNL_INTERNAL_H

#include <oneapi/dnnl/dnnl.h>

#include "nn/attend.h"
#include "nn/backend_internal.h"
#include "nn/graph_fuse.h"
#include "nn/loops.h"

/* ---- threads (dnnl_threads.c) ------------------------------------------ */

typedef struct om_dnnl_threads {
    int n, before; /* ours, and what the calling thread had */
} om_dnnl_threads;

/* The calling thread's OpenMP regions have n threads from now until end. */
om_dnnl_threads om_dnnl_threads_begin(int n);
void om_dnnl_threads_end(om_dnnl_threads t);
/* An om_parallel of n threads; `user` is not used. */
om_parallel om_dnnl_parallel(int n_threads);
/* body(arg, first, n) over 0..n_all-1 in pieces of about equal size, multiples
 * of `unit`. */
typedef void om_range_fn(void *arg, size_t first, size_t n);
void om_dnnl_ranges(const om_parallel *par, size_t n_all, size_t unit,
                    om_range_fn *body, void *arg);

/* ---- the back end ------------------------------------------------------ */

typedef struct om_dnnl_program om_dnnl_program;

typedef struct om_dnnl {
    om_backend base;
    dnnl_engine_t engine;
    dnnl_stream_t stream;
    dnnl_data_type_t type; /* of values: f32 or bf16 */
    om_elem elem;          /* the same */
    /* Inputs and outputs lie apart from values and are copied: bf16, whose
     * ports are f32. Tests set it for f32 too. */
    bool apart;
    const om_loops *loops;
    /* Inputs up to which products of values with 16-bit weights come out right;
     * 0: oneDNN has none (om_dnnl_find_depth) */
    size_t depth;
    double longest;  /* flops of a piece; tests make it small */
    om_block plain;  /* of om_dnnl_source, while a program is compiled */
    om_block shared; /* values and scratch of the program that runs */
    om_dnnl_program *programs;
} om_dnnl;

/* Where something is: `own`, or `at` bytes into the shared block. */
typedef struct om_spot {
    char *own;
    size_t at;
} om_spot;

static inline void *om_spot_at(const om_dnnl *b, om_spot p)
{
    return p.own ? p.own : b->shared.p + p.at;
}

/* The back end's shared block has room for all its programs; NOMEM. */
omost_status om_dnnl_share(om_dnnl *b, omost_error *err);

/* ---- oneDNN's objects (dnnl_prim.c) ------------------------------------ */

/* Fails with what oneDNN says of `what` (an operation's name), or NOMEM. */
omost_status om_dnnl_failed(dnnl_status_t st, const char *what,
                            omost_error *err);

enum { OM_DNNL_POSTS = OM_FUSE_POSTS };

/* Arguments of a call, in the order of om_dnnl_prim.memory. */
typedef enum om_dnnl_arg {
    OM_ARG_SRC,
    OM_ARG_WEIGHTS,
    OM_ARG_BIAS,
    OM_ARG_DST,
    OM_ARG_SCRATCH,
    OM_ARG_POST, /* the second operand of post-op 0, 1, ... */
    OM_N_ARGS = OM_ARG_POST + OM_DNNL_POSTS + 1
} om_dnnl_arg;

/* Something done to a result before it is written. */
typedef struct om_dnnl_post {
    bool add; /* else an activation */
    om_unary_kind unary;
    bool per_channel; /* add: the same for every row */
} om_dnnl_post;

typedef struct om_dnnl_prim {
    dnnl_primitive_t primitive;
    dnnl_memory_t memory[OM_N_ARGS]; /* NULL: no such argument */
    size_t scratch;                  /* bytes */
} om_dnnl_prim;

void om_dnnl_prim_free(om_dnnl_prim *p);
/* A primitive, its memory objects (without addresses) and its scratch size.
 * Takes `pd` over. */
omost_status om_dnnl_prim_init(om_dnnl_prim *p, const om_dnnl *b,
                               dnnl_primitive_desc_t pd, const char *what,
                               omost_error *err);
omost_status om_dnnl_prim_run(const om_dnnl_prim *p, const om_dnnl *b,
                              void *const address[OM_N_ARGS], const char *what,
                              omost_error *err);

/* Row-major, channels last: dims as oneDNN has them (n, c, h, w). */
dnnl_status_t om_dnnl_picture(dnnl_memory_desc_t *md, dnnl_data_type_t type,
                              om_shape s);
dnnl_status_t om_dnnl_matrix(dnnl_memory_desc_t *md, dnnl_data_type_t type,
                             size_t rows, size_t columns);
/* Attributes with user scratch and these post-ops; operands are like `full`, or
 * with one row when per_channel. `sum`: what is there already is added before
 * them, and their operands are one OM_ARG_POST further on. */
dnnl_status_t om_dnnl_attr(dnnl_primitive_attr_t *attr, const om_dnnl *b,
                           bool sum, const om_dnnl_post *post, int n_posts,
                           om_shape full, int n_dims);
/* Sets b->depth: tries small products (dnnl_depth.c). */
void om_dnnl_find_depth(om_dnnl *b, int n_threads);
/* Is this one of oneDNN's fast implementations? */
bool om_dnnl_is_fast(const_dnnl_primitive_desc_t pd);

/* ---- packed weights (dnnl_weights.c) ----------------------------------- */

typedef enum om_form {
    OM_FORM_VECTOR, /* f32, as it is */
    OM_FORM_MATMUL, /* in the order of desc, a matmul's weights [in, out] */
    OM_FORM_CONV,   /* in the order of desc, a convolution's [out, in, y, x] */
    OM_FORM_EIGHTS  /* [out / 8][y][x][in][8 outputs] */
} om_form;

/* An order of numbers. */
typedef struct om_dnnl_order {
    om_form form;
    dnnl_memory_desc_t desc; /* MATMUL, CONV; the type does not matter */
    /* MATMUL: inputs in pieces of `depth` (0: in one), each a matrix like desc
     * with its numbers one after the other, the last like `last` */
    size_t depth;
    dnnl_memory_desc_t last;
} om_dnnl_order;

typedef struct om_dnnl_weight {
    om_packed head;
    om_bits bits;
    om_dnnl_order order;
    size_t piece; /* bytes of a piece */
    om_block data;
} om_dnnl_weight;

void om_dnnl_unpack(om_backend *base, om_packed *packed);

/* A weight while its layer is compiled. Its numbers are read when they are
 * first needed, into memory of the back end that the next weight takes over. */
typedef struct om_dnnl_source {
    om_dnnl *b;
    om_params *params;
    int index;
    size_t out, in, taps; /* taps = kernel * kernel */
    const float *plain;   /* [out, in, taps]; NULL: not read yet */
} om_dnnl_source;

om_dnnl_source om_dnnl_source_of(om_dnnl *b, om_params *params, int index);

/* In which bits it is kept. Reads it, unless it has been packed before. */
omost_status om_dnnl_bits(om_dnnl_source *s, om_bits *bits, omost_error *err);
/* What is packed already in that form, the last first; NULL: nothing. */
om_dnnl_weight *om_dnnl_find(const om_dnnl_source *s, om_form form);
/* Packed in that order, now when it has not been. The order is copied. */
omost_status om_dnnl_pack(om_dnnl_source *s, const om_dnnl_order *order,
                          const om_dnnl_weight **out, omost_error *err);
/* A vector's numbers; NULL for OM_NO_PARAM. */
omost_status om_dnnl_vector(om_dnnl *b, om_params *params, int index,
                            const float **out, omost_error *err);

/* Widen to f32 in the order of `desc`, with all threads. `to` holds
 * om_dnnl_wide_size() bytes. For EIGHTS, block is the number of outputs in a
 * block of desc. */
void om_dnnl_widen(const om_dnnl *b, const om_dnnl_weight *w, float *to,
                   size_t n);
void om_dnnl_widen_eights(const om_dnnl *b, const om_dnnl_weight *w, float *to,
                          size_t out, size_t per_output, size_t block);
/* Is desc f32 [out / block][y][x][in][block], block a multiple of 8? Returns
 * the block, or 0. */
size_t om_dnnl_eights_block(const_dnnl_memory_desc_t desc);

/* ---- steps ------------------------------------------------------------- */

typedef struct om_dnnl_step om_dnnl_step;

/* Flops beyond which an operation is done in pieces, for each thread and in
 * all: so that the watch is asked about twice a second on cores that do 75
 * GFLOP/s each, and pieces of many threads stay short where they do less. */
#define OM_DNNL_LONG_EACH 30e9
#define OM_DNNL_LONG_LEAST 60e9
#define OM_DNNL_LONG_MOST 240e9

/* CANCELLED (without a message) when the pace says stop. */
typedef omost_status om_step_fn(om_dnnl_program *p, const om_dnnl_step *s,
                                om_pace *pace, omost_error *err);

struct om_dnnl_step {
    om_step_fn *run;
    void (*free)(om_dnnl_step *s); /* of `data`'s oneDNN objects; may be NULL */
    om_work work;
    double flops;
    const char *what; /* for messages: "conv down_blocks.0.conv1.weight" */
    om_shape in, out;
    om_spot x[OM_NODE_INPUTS], y;
    om_spot post[OM_DNNL_POSTS];
    size_t post_step[OM_DNNL_POSTS]; /* elements from row to row; 0: one row */
    size_t scratch;                  /* bytes */
    const om_cross *cross;           /* CROSS */
    void *data;
};

struct om_dnnl_program {
    om_program base;
    om_dnnl_program *next; /* in the back end's list */
    om_dnnl_step *step;
    int n_steps;
    size_t values, scratch; /* bytes in the shared block */
    size_t words;           /* of scratch: of cross-attention */
    om_block kept;
};

static inline om_dnnl *om_dnnl_of(const om_dnnl_program *p)
{
    return (om_dnnl *)p->base.backend;
}

static inline char *om_dnnl_scratch(const om_dnnl_program *p)
{
    return om_dnnl_of(p)->shared.p + p->values;
}

/* What a step is made from. */
typedef struct om_dnnl_build {
    om_dnnl_program *p;
    om_dnnl *b;
    const om_graph *g;
    om_params *params;
    const om_fusion *f;
    const om_spot *place; /* [n_values] */
    om_dnnl_step *s;
} om_dnnl_build;

/* n zeroed elements that live as long as the program; NULL: no memory. */
static inline void *om_dnnl_array(const om_dnnl_build *k, size_t n, size_t size)
{
    return om_arena_array(&k->p->base.arena, n + 1, size);
}

/* Each fills build->s. */
omost_status om_dnnl_matmul(om_dnnl_build *k, omost_error *err);
omost_status om_dnnl_conv(om_dnnl_build *k, omost_error *err);
omost_status om_dnnl_simple(om_dnnl_build *k, omost_error *err);
/* Scratch of cross-attention over this many words. 0: does not fit. */
size_t om_dnnl_cross_scratch(const om_dnnl_step *s, int n_words, int n_threads);
/* Values to f32 or back: for inputs and outputs. */
void om_dnnl_convert(om_dnnl_step *s, bool to_f32);
void om_dnnl_copy(om_dnnl_step *s); /* as they are */
/* What happens to a product's result; fills the step's post operands. */
void om_dnnl_posts(const om_dnnl_build *k, om_dnnl_post post[OM_DNNL_POSTS]);
/* Plans memory and makes the steps of a program. */
omost_status om_dnnl_make(om_dnnl_program *p, const om_graph *g,
                          omost_error *err);
/* om_backend_class.plan */
omost_status om_dnnl_plan(om_backend *base, const om_graph *g, size_t *bytes,
                          omost_error *err);

/* ---- group norm (dnnl_norm.c) ------------------------------------------ */

/* What a group norm does to each channel of each picture, worked out at run
 * time into scratch. */
typedef struct om_dnnl_norm {
    const float *weight, *bias; /* [c] */
    om_spot x, add;             /* add: [n, c] or none */
    bool has_add, add_one;      /* add_one: [1, c] for every picture */
    om_shape shape;
    int groups;
    float eps;
    bool silu;
} om_dnnl_norm;

omost_status om_dnnl_norm_init(om_dnnl_norm *norm, const om_dnnl_build *k,
                               int node, int pre_add, int silu,
                               omost_error *err);
/* Bytes of scratch that om_dnnl_norm_measure() needs. */
size_t om_dnnl_norm_scratch(const om_dnnl *b, const om_dnnl_norm *norm);
/* The affine map of picture n, in scratch. */
om_affine om_dnnl_norm_measure(const om_dnnl *b, const om_dnnl_norm *norm,
                               int n, char *scratch);
/* rows rows of picture n from row `first`, to y */
void om_dnnl_norm_apply(const om_dnnl *b, const om_dnnl_norm *norm, om_affine a,
                        int n, size_t first, size_t rows, void *y);

#endif
