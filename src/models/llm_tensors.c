/* llm_tensors.c - see llm_tensors.h. */
#include "models/llm_tensors.h"

#include <stdio.h>

typedef struct finder {
    om_llm_tensors *all;
    const om_llm_folder *f;
    const om_llm_config *c;
    omost_status st;
    omost_error *err;
} finder;

static om_llm_tensor *new_tensor(finder *fi, const char *name)
{
    om_llm_tensors *all = fi->all;
    if (fi->st != OMOST_OK) return NULL;
    void *p = om_grow(fi->f->env, all->t, all->n, &all->cap, sizeof *all->t);
    if (!p) {
        fi->st = om_fail_nomem(fi->err);
        return NULL;
    }
    all->t = p;
    om_llm_tensor *t = &all->t[all->n++];
    *t = (om_llm_tensor){0};
    snprintf(t->name, sizeof t->name, "%s", name);
    return t;
}

static void see_kind(om_llm_tensors *all, const om_rows *r)
{
    om_dtype exact = om_rows_exact(r);
    if (r->kind != OM_ROWS_PLAIN) all->quantized = true;
    if (all->exact == OM_N_DTYPES)
        all->exact = exact;
    else if (all->exact != exact)
        all->exact = OM_F32;
}

/* `from` as a matrix [rows, cols], or as a vector (cols 0). */
static om_llm_tensor *add(finder *fi, const char *name, const char *from,
                          size_t rows, size_t cols)
{
    om_llm_tensor *t = new_tensor(fi, name);
    if (!t) return NULL;
    fi->st = om_rows_find(&t->rows, fi->f, from, rows, cols, fi->err);
    if (fi->st != OMOST_OK) return NULL;
    t->vector = cols == 0;
    if (!t->vector) see_kind(fi->all, &t->rows);
    return t;
}

/* Numbers the configuration tells, as a vector. */
static void add_made(finder *fi, const char *name, const float *v, size_t n)
{
    om_llm_tensor *t = new_tensor(fi, name);
    if (!t) return;
    t->vector = true;
    t->made = v;
    t->rows = (om_rows){.rows = 1, .cols = n};
}

static float *new_numbers(finder *fi, size_t n)
{
    float *v = om_arena_array(&fi->all->arena, n, sizeof *v);
    if (!v && fi->st == OMOST_OK) fi->st = om_fail_nomem(fi->err);
    return v;
}

static void add_list(finder *fi, const char *name, const json_t *list)
{
    const size_t n = json_array_size(list);
    float *v = n ? new_numbers(fi, n) : NULL;
    if (!v) return;
    for (size_t i = 0; i < n; i++)
        v[i] = (float)json_number_value(json_array_get(list, i));
    add_made(fi, name, v, n);
}

static void add_rope(finder *fi)
{
    const om_llm_config *c = fi->c;
    const size_t n = c->rope_dims / 2;
    add_list(fi, "rope_factors_long.weight", c->rope_long);
    add_list(fi, "rope_factors_short.weight", c->rope_short);
    if (c->rope != OM_ROPE_LLAMA3) return;
    float *v = new_numbers(fi, n);
    for (size_t i = 0; v && i < n; i++) v[i] = om_rope_llama3_factor(c, i);
    if (v) add_made(fi, "rope_freqs.weight", v, n);
}

/* ---- blocks -------------------------------------------------------------- */

/* One tensor of a block: what it is called there and here. */
typedef struct piece {
    const char *from, *name;
    size_t rows, cols;
    bool turned; /* its heads' rows change places */
} piece;

static void add_piece(finder *fi, size_t block, const piece *p)
{
    char from[96], name[48];
    snprintf(from, sizeof from, "model.layers.%zu.%s.weight", block, p->from);
    snprintf(name, sizeof name, "blk.%zu.%s.weight", block, p->name);
    om_llm_tensor *t = add(fi, name, from, p->rows, p->cols);
    if (t && p->turned) t->turn = fi->c->head_dim;
    snprintf(from, sizeof from, "model.layers.%zu.%s.bias", block, p->from);
    if (!t || p->cols == 0 || !om_llm_folder_find(fi->f, from, NULL)) return;
    snprintf(name, sizeof name, "blk.%zu.%s.bias", block, p->name);
    t = add(fi, name, from, p->rows, 0);
    if (!t || !p->turned) return;
    t->turn = fi->c->head_dim;
    t->rows.rows = p->rows, t->rows.cols = 1; /* so that its rows can turn */
}

static void add_pieces(finder *fi, size_t block, const piece *p, size_t n)
{
    for (size_t i = 0; i < n; i++) add_piece(fi, block, &p[i]);
}

static void add_block(finder *fi, size_t i)
{
    const om_llm_config *c = fi->c;
    const size_t q = c->heads * c->head_dim, kv = c->kv_heads * c->head_dim;
    const size_t w = c->width, h = c->hidden;
    const piece both[] = {
        {"input_layernorm", "attn_norm", w, 0, false},
        {"post_attention_layernorm", "ffn_norm", w, 0, false},
        {"self_attn.o_proj", "attn_output", w, q, false},
        {"mlp.down_proj", "ffn_down", w, h, false},
    };
    const piece llama[] = {
        {"self_attn.q_proj", "attn_q", q, w, true},
        {"self_attn.k_proj", "attn_k", kv, w, true},
        {"self_attn.v_proj", "attn_v", kv, w, false},
        {"mlp.gate_proj", "ffn_gate", h, w, false},
        {"mlp.up_proj", "ffn_up", h, w, false},
    };
    const piece phi3[] = {
        {"self_attn.qkv_proj", "attn_qkv", q + 2 * kv, w, false},
        {"mlp.gate_up_proj", "ffn_up", 2 * h, w, false}, /* gate, then up */
    };
    add_pieces(fi, i, both, sizeof both / sizeof *both);
    if (c->arch == OM_LLM_PHI3)
        add_pieces(fi, i, phi3, sizeof phi3 / sizeof *phi3);
    else
        add_pieces(fi, i, llama, sizeof llama / sizeof *llama);
}

omost_status om_llm_tensors_find(om_llm_tensors *all, const om_llm_folder *f,
                                 const om_llm_config *c, omost_error *err)
{
    finder fi = {.all = all, .f = f, .c = c, .err = err};
    *all = (om_llm_tensors){.exact = OM_N_DTYPES};
    om_arena_init(&all->arena, f->env, 0);
    add(&fi, "token_embd.weight", "model.embed_tokens.weight", c->vocab,
        c->width);
    add(&fi, "output_norm.weight", "model.norm.weight", c->width, 0);
    /* A tied one is the embedding once more, where it is stored at all. */
    if (!c->tied)
        add(&fi, "output.weight", "lm_head.weight", c->vocab, c->width);
    add_rope(&fi);
    for (size_t i = 0; i < c->layers && fi.st == OMOST_OK; i++)
        add_block(&fi, i);
    return fi.st;
}

void om_llm_tensors_free(om_llm_tensors *all)
{
    om_free(all->arena.env, all->t);
    om_arena_free(&all->arena);
    *all = (om_llm_tensors){0};
}

/* The row of the source that becomes this one. */
static size_t turned(size_t row, size_t d)
{
    const size_t in_head = row % d;
    return row - in_head + in_head % 2 * (d / 2) + in_head / 2;
}

void om_llm_tensor_read(float *dst, const om_llm_tensor *t, size_t first,
                        size_t n)
{
    const size_t cols = t->rows.cols;
    if (t->made) {
        memcpy(dst, t->made, cols * sizeof *dst);
    } else if (t->turn) {
        for (size_t i = 0; i < n; i++)
            om_rows_read(dst + i * cols, &t->rows, turned(first + i, t->turn),
                         1);
    } else {
        om_rows_read(dst, &t->rows, first, n);
    }
}
