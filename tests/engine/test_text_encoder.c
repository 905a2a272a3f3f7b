/* test_text_encoder.c - both CLIP encoders against the original's states. */
#include "models.h"

#include "diffusion/text_encoder.h"

enum { ROW = OMOST_ROW_IDS };

static margin closest;

/* The bound where tolerances.json names none: as its README says. */
static const double usual = 3e-5;

static om_text_encoder *open_encoder(golden_model *m, omost_model_part part)
{
    omost_error err;
    om_text_encoder *te = om_text_encoder_open(NULL, m->backend, m->files, part,
                                               m->config, OM_KEEP_EXACT, &err);
    if (!te) fail_msg("%s: %s", m->name, err.msg);
    return te;
}

static uint32_t (*ids_of(const golden_tensors *t, const char *name,
                         int *n_rows))[ROW]
{
    size_t n;
    int64_t *wide = golden_tensor(t, name, sizeof *wide, &n);
    uint32_t(*ids)[ROW] = malloc(n * sizeof(uint32_t));
    assert_non_null(ids);
    for (size_t i = 0; i < n; i++) ids[i / ROW][i % ROW] = (uint32_t)wide[i];
    free(wide);
    *n_rows = (int)(n / ROW);
    return ids;
}

/* tN.NAME of the golden data */
static void check(const golden_tensors *t, const golden_model *m, int encoder,
                  const char *name, const float *got, double bound)
{
    char full[64];
    snprintf(full, sizeof full, "t%d.%s", encoder, name);
    golden_array want = golden_array_of(t, full);
    assert_golden(&closest, m->name, full, got, want.s.c, &want, bound);
    free(want.x);
}

static void check_encoder(const golden_tensors *t, golden_model *m, int i)
{
    const char *names[] = {"ids_t1", "ids_t2"};
    const char *states[] = {"encoders/t1.penultimate",
                            "encoders/t2.penultimate"};
    int n;
    omost_error err;
    om_text_encoder *te = open_encoder(m, i ? OMOST_MODEL_TEXT_ENCODER_2
                                            : OMOST_MODEL_TEXT_ENCODER);
    uint32_t(*ids)[ROW] = ids_of(t, names[i], &n);
    const size_t width = (size_t)om_text_encoder_config(te)->width;
    const size_t wide = (size_t)om_text_encoder_config(te)->projection;
    const size_t rows = (size_t)n;
    assert_true(n > 8); /* more than one batch */
    om_encoded out = {.states = malloc(rows * ROW * width * sizeof(float)),
                      .last = malloc(rows * ROW * width * sizeof(float)),
                      .pooled = malloc(rows * width * sizeof(float))};
    if (i) out.projected = malloc(rows * wide * sizeof(float));
    const uint32_t(*fixed)[ROW] = (const uint32_t(*)[ROW])ids;
    if (om_text_encoder_run(te, fixed, n, &out, NULL, &err))
        fail_msg("%s: %s", m->name, err.msg);
    check(t, m, i + 1, "penultimate", out.states, tolerance_of(states[i]));
    check(t, m, i + 1, "last_hidden_state", out.last, usual);
    check(t, m, i + 1, "pooler_output", out.pooled, usual);
    if (i)
        check(t, m, 2, "text_embeds", out.projected,
              tolerance_of("encoders/t2.text_embeds"));

    /* The states alone, and one row alone: the same. */
    float *again = malloc(ROW * width * sizeof *again);
    for (int k = 0; k < n; k += n - 1) {
        const float *row = out.states + (size_t)k * ROW * width;
        if (om_text_encoder_run(te, fixed + k, 1,
                                &(om_encoded){.states = again}, NULL, &err))
            fail_msg("%s", err.msg);
        assert_true(worst_distance(again, row, ROW * width) <= 1e-5);
    }
    free(again);
    free(out.states);
    free(out.last);
    free(out.pooled);
    free(out.projected);
    free(ids);
    om_text_encoder_close(te);
}

static void check_encoders(golden_model *m)
{
    golden_tensors t;
    if (!golden_tensors_open(&t, "encoders/encoders.safetensors")) return;
    check_encoder(&t, m, 0);
    check_encoder(&t, m, 1);
    golden_tensors_close(&t);
}

static void test_golden(void **state)
{
    (void)state;
    closest = (margin){0};
    each_model(check_encoders);
    print_margin(&closest);
}

/* ---- what is refused --------------------------------------------------- */

static void check_refusals(golden_model *m)
{
    omost_error err;
    uint32_t ids[2][ROW] = {{0}};
    float states[2 * ROW * 8];
    om_text_encoder *te = open_encoder(m, OMOST_MODEL_TEXT_ENCODER);
    const om_clip_config *c = om_text_encoder_config(te);
    assert_int_equal(c->width, 8);
    const uint32_t(*fixed)[ROW] = (const uint32_t(*)[ROW])ids;
    om_encoded out = {.states = states};
    ids[1][76] = (uint32_t)c->vocab - 1;
    assert_int_equal(om_text_encoder_run(te, fixed, 2, &out, NULL, &err),
                     OMOST_OK);
    ids[1][76] = (uint32_t)c->vocab;
    assert_int_equal(om_text_encoder_run(te, fixed, 2, &out, NULL, &err),
                     OMOST_RANGE);
    assert_non_null(strstr(err.msg, "word 76 of row 1 has the id 49408"));
    ids[1][76] = 0;
    if (c->projection == 0) {
        out.projected = states;
        assert_int_equal(om_text_encoder_run(te, fixed, 1, &out, NULL, &err),
                         OMOST_USAGE);
    }
    om_text_encoder_close(te);
}

static void test_refusals(void **state)
{
    (void)state;
    each_backend(check_refusals);
}

static bool stop_at(void *user, double done)
{
    double *last = user;
    assert_true(done >= *last && done <= 1);
    *last = done;
    return done < 0.6;
}

/* Progress rises through all batches; told to stop, it stops. */
static void check_watch(golden_model *m)
{
    static uint32_t ids[20][ROW];
    static float states[20 * ROW * 8];
    omost_error err;
    om_text_encoder *te = open_encoder(m, OMOST_MODEL_TEXT_ENCODER);
    const uint32_t(*fixed)[ROW] = (const uint32_t(*)[ROW])ids;
    double last = 0;
    om_watch watch = {stop_at, &last};
    om_encoded out = {.states = states};
    assert_int_equal(om_text_encoder_run(te, fixed, 20, &out, &watch, &err),
                     OMOST_CANCELLED);
    assert_true(last >= 0.6 && last < 0.75);
    om_text_encoder_close(te);
}

static void test_watch(void **state)
{
    (void)state;
    each_backend(check_watch);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_golden),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_watch),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
