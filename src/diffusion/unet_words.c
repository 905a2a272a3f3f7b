/* unet_words.c - keys and values of the words, once per render. One transformer
 * after another: the weights of all of them, an eighth of the UNet's, are needed
 * this once and are never in memory together. */
#include "diffusion/unet_record.h"
#include "diffusion/watch_part.h"

enum { ALIGN = 64 };

struct om_unet_words {
    const omost_env *env;
    om_kept *slot;
    void *block[OM_UNET_MAX_SITES]; /* what the slots of a site point into */
};

const om_kept *om_unet_words_slots(const om_unet_words *words)
{
    return words->slot;
}

void om_unet_words_free(om_unet_words *words)
{
    if (!words) return;
    for (int i = 0; i < OM_UNET_MAX_SITES; i++)
        om_free(words->env, words->block[i]);
    om_free(words->env, words->slot);
    om_free(words->env, words);
}

static size_t aligned(size_t bytes)
{
    return (bytes + ALIGN - 1) / ALIGN * ALIGN;
}

/* src to *at, which moves on. */
static const void *copy_to(char **at, const void *src, size_t bytes)
{
    char *dst = *at;
    memcpy(dst, src, bytes);
    *at += aligned(bytes);
    return dst;
}

/* The slots of a site out of the program that has computed them. */
static omost_status take_slots(om_unet_words *words, int i,
                               const om_unet_site *site, const om_program *p,
                               omost_error *err)
{
    om_kept kept;
    size_t total = ALIGN;
    for (int k = 0; k < site->depth; k++)
        if (om_program_kept(p, k, &kept)) total += 2 * aligned(kept.bytes);
    char *raw = om_alloc(words->env, total);
    if (!raw) return om_fail_nomem(err);
    words->block[i] = raw;
    char *at = raw + (ALIGN - (uintptr_t)raw % ALIGN) % ALIGN;
    for (int k = 0; k < site->depth; k++) {
        if (!om_program_kept(p, k, &kept) || kept.bytes == 0)
            return om_fail(err, OMOST_BACKEND, "the keys of %s were not kept",
                           site->name);
        kept.k = copy_to(&at, kept.k, kept.bytes);
        kept.v = copy_to(&at, kept.v, kept.bytes);
        words->slot[site->first_slot + k] = kept;
    }
    return OMOST_OK;
}

static omost_status make_site(om_unet *u, om_unet_words *words, int i,
                              const float *states, int n_words,
                              const om_watch *watch, omost_error *err)
{
    const om_unet_site *site = om_unet_site_at(u, i);
    const om_shape shape = {1, 1, n_words, om_unet_config_of(u)->context};
    om_watch_part none = {watch, 0, 0}; /* the run counts */
    const om_watch loading = om_watch_of_part(&none);
    om_program *program = NULL;
    om_graph *g = NULL;
    omost_status st = OMOST_NOMEM;
    om_params *params = om_unet_new_params(u, err);
    if (!params) goto done;
    g = om_graph_new(words->env, params);
    om_unet_record_words(g, site, om_graph_input(g, "states", shape));
    if ((st = om_graph_check(g, err)) != OMOST_OK) goto done;
    om_params_watch(params, &loading);
    program = om_backend_compile(om_unet_backend(u), g, err);
    st = OMOST_BACKEND;
    if (!program) goto done;
    memcpy(om_program_input(program, "states"), states,
           om_shape_size(shape) * sizeof *states);
    st = om_program_run(program, watch, err);
    if (st == OMOST_OK) st = take_slots(words, i, site, program, err);
done:
    om_program_free(program);
    om_graph_free(g);
    om_params_free(params);
    return st;
}

om_unet_words *om_unet_words_new(om_unet *u, const float *states, int n_words,
                                 const om_watch *watch, omost_error *err)
{
    const omost_env *env = om_unet_env(u);
    om_unet_words *words = om_zalloc(env, sizeof *words);
    if (words) {
        words->env = env;
        words->slot =
            om_zalloc(env, (size_t)om_unet_slots(u) * sizeof *words->slot);
    }
    if (!words || !words->slot) {
        (void)om_fail_nomem(err);
        om_unet_words_free(words);
        return NULL;
    }
    const double all = om_unet_slots(u);
    for (int i = 0; om_unet_site_at(u, i); i++) {
        const om_unet_site *site = om_unet_site_at(u, i);
        om_watch_part part = {watch, site->first_slot / all, site->depth / all};
        const om_watch inner = om_watch_of_part(&part);
        if (make_site(u, words, i, states, n_words, &inner, err) == OMOST_OK)
            continue;
        om_unet_words_free(words);
        return NULL;
    }
    return words;
}
