/* dnnl_prim.c - oneDNN's objects: descriptions, attributes, one call. */
#include <oneapi/dnnl/dnnl_debug.h>
#include <string.h>

#include "nn/dnnl_internal.h"

omost_status om_dnnl_failed(dnnl_status_t st, const char *what,
                            omost_error *err)
{
    if (st == dnnl_out_of_memory) return om_fail_nomem(err);
    return om_fail(err, OMOST_BACKEND, "%s: oneDNN %d.%d failed: %s", what,
                   dnnl_version()->major, dnnl_version()->minor,
                   dnnl_status2str(st));
}

/* ---- descriptions ------------------------------------------------------ */

dnnl_status_t om_dnnl_picture(dnnl_memory_desc_t *md, dnnl_data_type_t type,
                              om_shape s)
{
    dnnl_dims_t dims = {s.n, s.c, s.h, s.w};
    return dnnl_memory_desc_create_with_tag(md, 4, dims, type, dnnl_nhwc);
}

dnnl_status_t om_dnnl_matrix(dnnl_memory_desc_t *md, dnnl_data_type_t type,
                             size_t rows, size_t columns)
{
    dnnl_dims_t dims = {(dnnl_dim_t)rows, (dnnl_dim_t)columns};
    return dnnl_memory_desc_create_with_tag(md, 2, dims, type, dnnl_ab);
}

/* The second operand of an added post-op. */
static dnnl_status_t operand(dnnl_memory_desc_t *md, const om_dnnl *b,
                             const om_dnnl_post *post, om_shape full,
                             int n_dims)
{
    if (post->per_channel) full.n = full.h = full.w = 1;
    if (n_dims == 2)
        return om_dnnl_matrix(md, b->type, om_shape_rows(full), (size_t)full.c);
    return om_dnnl_picture(md, b->type, full);
}

static dnnl_status_t append(dnnl_post_ops_t ops, const om_dnnl *b,
                            const om_dnnl_post *post, om_shape full, int n_dims)
{
    if (post->add) {
        dnnl_memory_desc_t md = NULL;
        dnnl_status_t st = operand(&md, b, post, full, n_dims);
        if (st == dnnl_success)
            st = dnnl_post_ops_append_binary(ops, dnnl_binary_add, md);
        if (md) dnnl_memory_desc_destroy(md);
        return st;
    }
    switch (post->unary) {
    case OM_SILU:
        return dnnl_post_ops_append_eltwise(ops, dnnl_eltwise_swish, 1, 0);
    case OM_QUICK_GELU:
        return dnnl_post_ops_append_eltwise(ops, dnnl_eltwise_swish, 1.702f, 0);
    case OM_GELU:
        return dnnl_post_ops_append_eltwise(ops, dnnl_eltwise_gelu_erf, 0, 0);
    default: return dnnl_post_ops_append_eltwise(ops, dnnl_eltwise_relu, 0, 0);
    }
}

dnnl_status_t om_dnnl_attr(dnnl_primitive_attr_t *attr, const om_dnnl *b,
                           bool sum, const om_dnnl_post *post, int n_posts,
                           om_shape full, int n_dims)
{
    dnnl_post_ops_t ops = NULL;
    *attr = NULL;
    dnnl_status_t st = dnnl_primitive_attr_create(attr);
    if (st == dnnl_success)
        st = dnnl_primitive_attr_set_scratchpad_mode(*attr,
                                                     dnnl_scratchpad_mode_user);
    if (!sum && !n_posts) return st;
    if (st == dnnl_success) st = dnnl_post_ops_create(&ops);
    if (st == dnnl_success && sum)
        st = dnnl_post_ops_append_sum(ops, 1, 0, dnnl_data_type_undef);
    for (int i = 0; i < n_posts && st == dnnl_success; i++)
        st = append(ops, b, &post[i], full, n_dims);
    if (st == dnnl_success) st = dnnl_primitive_attr_set_post_ops(*attr, ops);
    if (ops) dnnl_post_ops_destroy(ops);
    return st;
}

bool om_dnnl_is_fast(const_dnnl_primitive_desc_t pd)
{
    const char *name = "";
    if (dnnl_primitive_desc_query(pd, dnnl_query_impl_info_str, 0, &name) !=
        dnnl_success)
        return false;
    return strncmp(name, "ref", 3) != 0 && strncmp(name, "simple", 6) != 0;
}

/* ---- one call ---------------------------------------------------------- */

#define POST(i)                                                                \
    [OM_ARG_POST + (i)] = {dnnl_query_exec_arg_md,                             \
                           DNNL_ARG_ATTR_MULTIPLE_POST_OP(i) | DNNL_ARG_SRC_1, \
                           DNNL_ARG_ATTR_MULTIPLE_POST_OP(i) | DNNL_ARG_SRC_1}
static const struct {
    dnnl_query_t query;
    int id, index;
} args[OM_N_ARGS] = {
    [OM_ARG_SRC] = {dnnl_query_src_md, DNNL_ARG_SRC, 0},
    [OM_ARG_WEIGHTS] = {dnnl_query_weights_md, DNNL_ARG_WEIGHTS, 0},
    [OM_ARG_BIAS] = {dnnl_query_weights_md, DNNL_ARG_BIAS, 1},
    [OM_ARG_DST] = {dnnl_query_dst_md, DNNL_ARG_DST, 0},
    [OM_ARG_SCRATCH] = {dnnl_query_scratchpad_md, DNNL_ARG_SCRATCHPAD, 0},
    POST(0),
    POST(1),
    POST(2),
    POST(3),
};
#undef POST

void om_dnnl_prim_free(om_dnnl_prim *p)
{
    if (p->primitive) dnnl_primitive_destroy(p->primitive);
    for (int i = 0; i < OM_N_ARGS; i++)
        if (p->memory[i]) dnnl_memory_destroy(p->memory[i]);
    *p = (om_dnnl_prim){0};
}

/* Has post-op i an operand? */
static bool has_operand(const_dnnl_primitive_desc_t pd, int i)
{
    const_dnnl_primitive_attr_t attr;
    const_dnnl_post_ops_t ops;
    return dnnl_primitive_desc_get_attr(pd, &attr) == dnnl_success &&
           dnnl_primitive_attr_get_post_ops(attr, &ops) == dnnl_success &&
           i < dnnl_post_ops_len(ops) &&
           dnnl_post_ops_get_kind(ops, i) == dnnl_binary;
}

static dnnl_status_t add_memories(om_dnnl_prim *p, const om_dnnl *b,
                                  const_dnnl_primitive_desc_t pd)
{
    for (int i = 0; i < OM_N_ARGS; i++) {
        if (i >= OM_ARG_POST && !has_operand(pd, i - OM_ARG_POST)) continue;
        const_dnnl_memory_desc_t md =
            dnnl_primitive_desc_query_md(pd, args[i].query, args[i].index);
        const size_t bytes = md ? dnnl_memory_desc_get_size(md) : 0;
        if (bytes == 0) continue;
        dnnl_status_t st =
            dnnl_memory_create(&p->memory[i], md, b->engine, DNNL_MEMORY_NONE);
        if (st != dnnl_success) return st;
        if (i == OM_ARG_SCRATCH) p->scratch = om_aligned(bytes);
    }
    return dnnl_success;
}

omost_status om_dnnl_prim_init(om_dnnl_prim *p, const om_dnnl *b,
                               dnnl_primitive_desc_t pd, const char *what,
                               omost_error *err)
{
    *p = (om_dnnl_prim){0};
    dnnl_status_t st = dnnl_primitive_create(&p->primitive, pd);
    if (st == dnnl_success) st = add_memories(p, b, pd);
    dnnl_primitive_desc_destroy(pd);
    if (st == dnnl_success) return OMOST_OK;
    om_dnnl_prim_free(p);
    return om_dnnl_failed(st, what, err);
}

omost_status om_dnnl_prim_run(const om_dnnl_prim *p, const om_dnnl *b,
                              void *const address[OM_N_ARGS], const char *what,
                              omost_error *err)
{
    dnnl_exec_arg_t list[OM_N_ARGS];
    int n = 0;
    dnnl_status_t st = dnnl_success;
    for (int i = 0; i < OM_N_ARGS && st == dnnl_success; i++) {
        if (!p->memory[i]) continue;
        st = dnnl_memory_set_data_handle(p->memory[i], address[i]);
        list[n++] = (dnnl_exec_arg_t){args[i].id, p->memory[i]};
    }
    if (st == dnnl_success)
        st = dnnl_primitive_execute(p->primitive, b->stream, n, list);
    if (st == dnnl_success) st = dnnl_stream_wait(b->stream);
    return st == dnnl_success ? OMOST_OK : om_dnnl_failed(st, what, err);
}
