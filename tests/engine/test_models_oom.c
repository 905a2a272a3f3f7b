/* test_models_oom.c - every allocation of opening and running the models fails
 * once: the error says so, and nothing leaks. */
#include "models.h"

#include "diffusion/text_encoder.h"
#include "diffusion/unet.h"
#include "diffusion/vae.h"

/* A part opened and run in the env; NOMEM or OK. */
typedef omost_status run_part(const omost_env *env, om_backend *b,
                              const om_model_files *files, omost_error *err);

static omost_status run_unet(const omost_env *env, om_backend *b,
                             const om_model_files *files, omost_error *err)
{
    enum { SIDE = 4, WORDS = 3 };
    static const float x[SIDE * SIDE * 4], states[WORDS * 24], pooled[16];
    static const float ids[1][6] = {{32, 32, 0, 0, 32, 32}};
    float eps[SIDE * SIDE * 4];
    const float time = 500;
    int32_t rows[4] = {0, 1, 2, 3};
    const om_span span = {0, WORDS, 1, 1};
    const om_attention_group groups[] = {{rows, 4, &span, 1},
                                         {rows, 1, &span, 1}};
    const om_attention_map maps[] = {{0, 2, 2, false, &groups[0], 1},
                                     {0, 1, 1, false, &groups[1], 1}};
    const om_unet_in in = {x, &time, pooled, ids};
    om_unet_words *words = NULL;
    om_unet_run *run = NULL;
    om_unet *u = om_unet_open(env, b, files, NULL, OM_KEEP_EXACT, err);
    if (u) words = om_unet_words_new(u, states, WORDS, NULL, err);
    if (words)
        run = om_unet_run_new(u, (om_unet_size){1, SIDE, SIDE}, NULL, err);
    omost_status st = err->status;
    if (run) st = om_unet_run_set_words(run, words, maps, 2, err);
    if (run && st == OMOST_OK) st = om_unet_run_eval(run, &in, eps, NULL, err);
    om_unet_run_free(run);
    om_unet_words_free(words);
    om_unet_close(u);
    return st;
}

static omost_status run_vae(const omost_env *env, om_backend *b,
                            const om_model_files *files, omost_error *err)
{
    static const float latents[3 * 1 * 4];
    static float image[3 * 1 * 64 * 3];
    const om_tiling tiles = {2, 0};
    float mean[3 * 1 * 4];
    om_vae *vae = om_vae_open(env, b, files, NULL, OM_KEEP_EXACT, err);
    if (!vae) return err->status;
    omost_status st =
        om_vae_decode(vae, latents, 3, 1, tiles, image, NULL, err);
    if (st == OMOST_OK)
        st = om_vae_encode(vae, image, 24, 8, tiles, mean, NULL, NULL, err);
    om_vae_close(vae);
    return st;
}

static omost_status run_encoder(const omost_env *env, om_backend *b,
                                const om_model_files *files, omost_error *err)
{
    static const uint32_t ids[1][OMOST_ROW_IDS];
    float pooled[16];
    om_text_encoder *te =
        om_text_encoder_open(env, b, files, OMOST_MODEL_TEXT_ENCODER_2, NULL,
                             OM_KEEP_EXACT, err);
    if (!te) return err->status;
    omost_status st =
        om_text_encoder_run(te, ids, 1, &(om_encoded){.projected = pooled},
                            NULL, err);
    om_text_encoder_close(te);
    return st;
}

/* How many allocations were made to fail. */
static size_t sweep(const char *backend, const om_model_files *files,
                    run_part *run)
{
    size_t failures = 0;
    bool all = false;
    /* Each of the first, then ever fewer: a run is slow. */
    for (size_t fail = 1; !all; fail += 1 + fail / 8) {
        omost_error err = {0};
        meter m = {0};
        const omost_env env = {metered, &m};
        const om_backend_opts opts = {.name = backend,
                                      .precision = OM_PRECISION_F32};
        om_backend *b = om_backend_open(&env, &opts, &err);
        if (!b) fail_msg("%s", err.msg);
        /* Opening tries what oneDNN can do, and can do without. */
        m.calls = 0;
        m.fail_at = fail;
        omost_status st = run(&env, b, files, &err);
        om_backend_close(b);
        assert_int_equal(m.live, 0);
        all = m.calls < fail;
        failures += !all;
        if (st != (all ? OMOST_OK : OMOST_NOMEM) || err.status != st)
            fail_msg("%s: allocation %zu failed: %s (%s)", backend, fail,
                     omost_status_name(st), err.msg);
    }
    return failures;
}

static void check_sweep(run_part *run)
{
    char path[OM_TEST_PATH];
    omost_error err;
    if (!golden_is_here()) return;
    om_model_files *files =
        om_model_open(NULL, golden_path(path, "model"), &err);
    if (!files) fail_msg("%s", err.msg);
    for (size_t b = 0; om_backend_at(b); b++) {
        size_t n = sweep(om_backend_at(b), files, run);
        assert_true(n > 30);
    }
    om_model_close(files);
}

static void test_unet(void **state)
{
    (void)state;
    check_sweep(run_unet);
}

static void test_vae(void **state)
{
    (void)state;
    check_sweep(run_vae);
}

static void test_encoder(void **state)
{
    (void)state;
    check_sweep(run_encoder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_unet),
        cmocka_unit_test(test_vae),
        cmocka_unit_test(test_encoder),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
