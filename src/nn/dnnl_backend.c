/* dnnl_backend.c - the `dnnl` back end and its programs: see dnnl_internal.h
 * for how it works. */
#include "nn/dnnl_internal.h"

/* ---- the back end ------------------------------------------------------ */

/* Does the processor multiply bf16? */
static bool has_bf16(void)
{
    static const dnnl_cpu_isa_t with[] = {dnnl_cpu_isa_avx512_core_bf16,
                                          dnnl_cpu_isa_avx512_core_fp16,
                                          dnnl_cpu_isa_avx512_core_amx,
                                          dnnl_cpu_isa_avx10_2};
    const unsigned isa = (unsigned)dnnl_get_effective_cpu_isa();
    for (size_t i = 0; i < sizeof with / sizeof *with; i++)
        if ((isa & (unsigned)with[i]) == (unsigned)with[i]) return true;
    return false;
}

static void close_dnnl(om_backend *base)
{
    om_dnnl *b = (om_dnnl *)base;
    om_block_free(&b->shared, base->env);
    if (b->stream) dnnl_stream_destroy(b->stream);
    if (b->engine) dnnl_engine_destroy(b->engine);
    om_free(base->env, b);
}

static double longest_of(int n_threads)
{
    const double flops = OM_DNNL_LONG_EACH * n_threads;
    if (flops < OM_DNNL_LONG_LEAST) return OM_DNNL_LONG_LEAST;
    return flops < OM_DNNL_LONG_MOST ? flops : OM_DNNL_LONG_MOST;
}

static om_backend *open_dnnl(const omost_env *env, const om_backend_opts *opts,
                             omost_error *err)
{
    om_error_clear(err);
    bool bf16 = has_bf16();
    if (opts->precision == OM_PRECISION_BF16 && !bf16) {
        (void)om_fail(
            err, OMOST_USAGE,
            "this processor does not compute in bf16; use --precision "
            "f32 or auto");
        return NULL;
    }
    if (opts->precision == OM_PRECISION_F32) bf16 = false;
    om_dnnl *b = om_zalloc(env, sizeof *b);
    if (!b) {
        (void)om_fail_nomem(err);
        return NULL;
    }
    b->base.env = env;
    b->base.precision = bf16 ? OM_PRECISION_BF16 : OM_PRECISION_F32;
    b->elem = bf16 ? OM_ELEM_BF16 : OM_ELEM_F32;
    b->base.number = om_elem_size(b->elem);
    b->type = bf16 ? dnnl_bf16 : dnnl_f32;
    b->apart = bf16;
    b->loops = om_loops_best();
    b->longest = longest_of(opts->n_threads);
    dnnl_status_t st = dnnl_engine_create(&b->engine, dnnl_cpu, 0);
    if (st == dnnl_success)
        st = dnnl_stream_create(&b->stream, b->engine,
                                dnnl_stream_default_flags);
    if (st == dnnl_success) {
        om_dnnl_find_depth(b, opts->n_threads);
        return &b->base;
    }
    (void)om_dnnl_failed(st, "opening the back end", err);
    close_dnnl(&b->base);
    return NULL;
}

/* ---- shared memory ----------------------------------------------------- */

static size_t needs(const om_dnnl_program *p)
{
    return p->values + (p->scratch > p->words ? p->scratch : p->words);
}

omost_status om_dnnl_share(om_dnnl *b, omost_error *err)
{
    size_t most = 0;
    for (const om_dnnl_program *p = b->programs; p; p = p->next)
        if (most < needs(p)) most = needs(p);
    if (most == b->shared.bytes && (b->shared.p || !most)) return OMOST_OK;
    om_block_free(&b->shared, b->base.env);
    if (most == 0 || om_block_new(&b->shared, b->base.env, most))
        return OMOST_OK;
    b->shared = (om_block){0};
    return om_fail_nomem(err);
}

/* ---- programs ---------------------------------------------------------- */

static void leave(om_dnnl *b, const om_dnnl_program *p)
{
    for (om_dnnl_program **at = &b->programs; *at; at = &(*at)->next)
        if (*at == p) {
            *at = p->next;
            return;
        }
}

static void free_program(om_program *base)
{
    om_dnnl_program *p = (om_dnnl_program *)base;
    om_dnnl *b = om_dnnl_of(p);
    const omost_env *env = b->base.env;
    for (int i = 0; i < p->n_steps; i++) {
        om_dnnl_step *s = &p->step[i];
        if (s->free && s->data) s->free(s);
    }
    leave(b, p);
    (void)om_dnnl_share(b, NULL); /* when it fails, the next run tries again */
    om_block_free(&p->kept, env);
    om_program_release(base);
    om_free(env, p);
}

static om_program *compile_dnnl(om_backend *base, const om_graph *g,
                                omost_error *err)
{
    om_dnnl *b = (om_dnnl *)base;
    om_dnnl_program *p = om_zalloc(base->env, sizeof *p);
    if (!p) {
        (void)om_fail_nomem(err);
        return NULL;
    }
    const om_dnnl_threads t = om_dnnl_threads_begin(base->n_threads);
    omost_status st = om_program_init(&p->base, base, g, err);
    if (st == OMOST_OK) {
        st = om_dnnl_make(p, g, err);
        om_block_free(&b->plain, base->env);
        p->next = b->programs;
        b->programs = p;
    }
    if (st == OMOST_OK) st = om_dnnl_share(b, err);
    om_dnnl_threads_end(t);
    if (st == OMOST_OK) return &p->base;
    free_program(&p->base);
    return NULL;
}

static omost_status run_steps(om_dnnl_program *p, const om_watch *watch,
                              omost_error *err)
{
    om_pace pace = om_pace_start(&p->base, watch);
    for (int i = 0; i < p->n_steps; i++) {
        const om_dnnl_step *s = &p->step[i];
        omost_status st = s->run(p, s, &pace, err);
        if (st == OMOST_CANCELLED) return om_pace_end(&pace, true, err);
        if (st) return st;
    }
    return om_pace_end(&pace, false, err);
}

static omost_status run_dnnl(om_program *base, const om_watch *watch,
                             omost_error *err)
{
    om_dnnl_program *p = (om_dnnl_program *)base;
    om_dnnl *b = om_dnnl_of(p);
    omost_status st = om_dnnl_share(b, err); /* nothing to do, as a rule */
    if (st) return st;
    const om_dnnl_threads t = om_dnnl_threads_begin(b->base.n_threads);
    st = run_steps(p, watch, err);
    om_dnnl_threads_end(t);
    return st;
}

static omost_status set_context(om_program *base, const om_context *context,
                                omost_error *err)
{
    om_dnnl_program *p = (om_dnnl_program *)base;
    const int n_words = context->n_slots ? context->slot[0].n_words : 0;
    size_t words = 0;
    for (int i = 0; i < p->n_steps; i++) {
        const om_dnnl_step *s = &p->step[i];
        if (!s->cross) continue;
        const size_t bytes =
            om_dnnl_cross_scratch(s, n_words, base->backend->n_threads);
        if (bytes == 0) return om_fail_nomem(err);
        if (words < bytes) words = bytes;
    }
    const size_t before = p->words;
    p->words = words;
    omost_status st = om_dnnl_share(om_dnnl_of(p), err);
    if (st) p->words = before;
    return st;
}

const om_backend_class om_backend_dnnl = {
    .name = "dnnl",
    .open = open_dnnl,
    .close = close_dnnl,
    .compile = compile_dnnl,
    .plan = om_dnnl_plan,
    .unpack = om_dnnl_unpack,
    .free = free_program,
    .run = run_dnnl,
    .set_context = set_context,
};
