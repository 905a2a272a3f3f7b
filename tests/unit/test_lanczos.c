/* test_lanczos.c - pictures at other sizes: Lanczos as Pillow's, byte for byte;
 * the soft picture a render may start from. */
#include "unit/golden_tensors.h"

#include <math.h>

#include "base/hash.h"
#include "image/lanczos.h"
#include "image/soften.h"

static om_picture picture(int width, int height)
{
    om_picture pic;
    omost_error err;
    if (om_picture_init(&pic, NULL, width, height, &err))
        fail_msg("%s", err.msg);
    return pic;
}

static void resize(om_picture *out, const om_picture *in)
{
    omost_error err;
    if (om_picture_lanczos(out, in, &err)) fail_msg("%s", err.msg);
}

/* ---- Lanczos ----------------------------------------------------------- */

static int side(const json_t *row, const char *key, size_t i)
{
    return (int)json_integer_value(
        json_array_get(json_object_get(row, key), i));
}

static unsigned digit(char c)
{
    return (unsigned)(c <= '9' ? c - '0' : c - 'a' + 10);
}

static void test_carried(void **state)
{
    (void)state;
    json_t *rows = golden_lines("lanczos.jsonl");
    assert_true(json_array_size(rows) > 2);
    for (size_t i = 0; i < json_array_size(rows); i++) {
        json_t *row = json_array_get(rows, i);
        om_picture in = picture(side(row, "in", 0), side(row, "in", 1));
        om_picture out = picture(side(row, "out", 0), side(row, "out", 1));
        om_str hex = field(row, "pixels");
        assert_int_equal(hex.n, 2 * om_picture_bytes(&in));
        for (size_t k = 0; k < hex.n / 2; k++)
            in.rgb[k] =
                (uint8_t)(digit(hex.p[2 * k]) * 16 + digit(hex.p[2 * k + 1]));
        resize(&out, &in);
        char got[65];
        om_str bytes = {(const char *)out.rgb, om_picture_bytes(&out)};
        assert_true(om_sha256_hex(bytes, got));
        assert_true(om_str_eqz(field(row, "sha256"), got));
        om_picture_free(&in);
        om_picture_free(&out);
    }
    json_decref(rows);
}

static void check_pair(const golden_tensors *t, const char *name)
{
    char result[128];
    snprintf(result, sizeof result, "%.*s.out", (int)(strlen(name) - 3), name);
    uint8_t *from = golden_tensor(t, name, 1, NULL);
    uint8_t *want = golden_tensor(t, result, 1, NULL);
    om_picture in = picture(golden_side(t, name, 1), golden_side(t, name, 0));
    om_picture out =
        picture(golden_side(t, result, 1), golden_side(t, result, 0));
    memcpy(in.rgb, from, om_picture_bytes(&in));
    resize(&out, &in);
    assert_memory_equal(out.rgb, want, om_picture_bytes(&out));
    om_picture_free(&in);
    om_picture_free(&out);
    free(from);
    free(want);
}

static void test_golden(void **state)
{
    (void)state;
    golden_tensors t;
    if (!golden_tensors_open(&t, "resize/lanczos.safetensors")) skip();
    const char *name;
    json_t *entry;
    size_t n = 0;
    json_object_foreach(t.header, name, entry)
    {
        size_t len = strlen(name);
        if (len < 3 || strcmp(name + len - 3, ".in") != 0) continue;
        check_pair(&t, name);
        n++;
    }
    assert_true(n >= 8);
    golden_tensors_close(&t);
}

/* The second pass of a whole run starts from this. */
static void test_golden_second_pass(void **state)
{
    (void)state;
    golden_tensors t;
    if (!golden_tensors_open(&t, "e2e/highres_128x192.safetensors")) skip();
    uint8_t *from = golden_tensor(&t, "pixels", 1, NULL);
    uint8_t *want = golden_tensor(&t, "hr.resized", 1, NULL);
    om_picture in =
        picture(golden_side(&t, "pixels", 2), golden_side(&t, "pixels", 1));
    om_picture out = picture(golden_side(&t, "hr.resized", 2),
                             golden_side(&t, "hr.resized", 1));
    memcpy(in.rgb, from, om_picture_bytes(&in));
    resize(&out, &in);
    assert_memory_equal(out.rgb, want, om_picture_bytes(&out));
    om_picture_free(&in);
    om_picture_free(&out);
    free(from);
    free(want);
    golden_tensors_close(&t);
}

/* One colour stays that colour, at any pair of sizes. */
static void test_plain_colour(void **state)
{
    (void)state;
    static const int sizes[] = {1, 2, 3, 7, 16, 333};
    enum { N = sizeof sizes / sizeof *sizes };
    for (int i = 0; i < N * N * N * N; i++) {
        om_picture in = picture(sizes[i % N], sizes[i / N % N]);
        om_picture out = picture(sizes[i / N / N % N], sizes[i / N / N / N]);
        memset(in.rgb, i % 3 ? 255 : 77, om_picture_bytes(&in));
        resize(&out, &in);
        for (size_t k = 0; k < om_picture_bytes(&out); k++)
            assert_int_equal(out.rgb[k], in.rgb[0]);
        om_picture_free(&in);
        om_picture_free(&out);
    }
}

/* A long thin picture: the widest window there is. */
static void test_extreme(void **state)
{
    (void)state;
    om_picture in = picture(OM_PICTURE_MAX_SIDE, 2), out = picture(1, 1);
    memset(in.rgb, 200, om_picture_bytes(&in));
    resize(&out, &in);
    assert_in_range(out.rgb[0], 199, 201);
    om_picture_free(&in);
    om_picture_free(&out);
}

static void test_lanczos_memory(void **state)
{
    (void)state;
    om_picture in = picture(20, 30);
    omost_status st = OMOST_NOMEM;
    size_t n = 0;
    while (st != OMOST_OK) {
        meter m = {0};
        omost_env env = {metered, &m};
        om_picture out;
        omost_error err;
        assert_int_equal(om_picture_init(&out, &env, 33, 11, &err), OMOST_OK);
        m.fail_at = m.calls + ++n;
        st = om_picture_lanczos(&out, &in, &err);
        if (st) assert_int_equal(err.status, OMOST_NOMEM);
        om_picture_free(&out);
        assert_int_equal(m.live, 0);
    }
    assert_true(n > 1);
    om_picture_free(&in);
}

/* ---- the soft picture -------------------------------------------------- */

static void check_nearest(int n, const json_t *index)
{
    assert_int_equal(json_array_size(index), n);
    for (int i = 0; i < n; i++)
        assert_int_equal(om_nearest_index(i, 90, n),
                         json_integer_value(json_array_get(index, (size_t)i)));
}

static void test_nearest(void **state)
{
    (void)state;
    json_t *rows = golden_lines("nearest_90.jsonl");
    for (size_t i = 0; i < json_array_size(rows); i++) {
        json_t *row = json_array_get(rows, i);
        check_nearest((int)json_integer_value(json_array_get(row, 0)),
                      json_array_get(row, 1));
    }
    json_decref(rows);
    json_t *all = golden_json("resize/nearest_90.json");
    const char *n;
    json_t *index;
    json_object_foreach(all, n, index)
    {
        check_nearest((int)strtol(n, NULL, 10), index);
    }
    json_decref(all);
}

/* Never outside, whatever the sizes. */
static void test_nearest_range(void **state)
{
    (void)state;
    for (int from = 1; from < 200; from += 3)
        for (int n = 1; n < 700; n += 7)
            for (int i = 0, last = 0; i < n; i++) {
                int cell = om_nearest_index(i, from, n);
                assert_true(cell >= last && cell < from);
                last = cell;
            }
}

static void test_resize_nearest(void **state)
{
    (void)state;
    static const float in[2 * 2 * 2] = {1, 2, 3, 4, 5, 6, 7, 8};
    static const float want[3 * 4 * 2] = {1, 2, 1, 2, 3, 4, 3, 4, 1, 2, 1, 2,
                                          3, 4, 3, 4, 5, 6, 5, 6, 7, 8, 7, 8};
    float out[3 * 4 * 2];
    om_resize_nearest(out, (om_extent){3, 4, 2}, in, (om_extent){2, 2, 2});
    assert_memory_equal(out, want, sizeof want);
}

static int mirror(int i, int n)
{
    return i < 0 ? -i : i < n ? i : 2 * n - 2 - i;
}

/* The mean as its definition says, on a small picture. */
static void test_mean_definition(void **state)
{
    (void)state;
    enum { H = 5, W = 7, C = 2 };
    float in[H * W * C], out[H * W * C];
    for (int i = 0; i < H * W * C; i++) in[i] = sinf((float)(i * i));
    for (int r = 0; r < H; r++) {
        omost_error err;
        assert_int_equal(om_mean_reflect(NULL, out, in, (om_extent){H, W, C}, r,
                                         &err),
                         OMOST_OK);
        for (int i = 0; i < H * W * C; i++) {
            int y = i / C / W, x = i / C % W, c = i % C;
            double sum = 0;
            for (int dy = -r; dy <= r; dy++)
                for (int dx = -r; dx <= r; dx++)
                    sum +=
                        in[(mirror(y + dy, H) * W + mirror(x + dx, W)) * C + c];
            assert_true(fabs(sum / ((2 * r + 1) * (2 * r + 1)) - out[i]) <
                        1e-6);
        }
    }
}

static void test_mean_refused(void **state)
{
    (void)state;
    float v[12] = {0}, out[12];
    omost_error err;
    const om_extent size = {3, 4, 1};
    assert_int_equal(om_mean_reflect(NULL, out, v, size, 3, &err), OMOST_RANGE);
    assert_int_equal(om_mean_reflect(NULL, out, v, size, -1, &err),
                     OMOST_RANGE);
    assert_true(strstr(err.msg, "radius -1") != NULL);
    meter m = {.fail_at = 1};
    omost_env env = {metered, &m};
    assert_int_equal(om_mean_reflect(&env, out, v, size, 2, &err), OMOST_NOMEM);
    m.fail_at = 0;
    assert_int_equal(om_mean_reflect(&env, out, v, size, 2, &err), OMOST_OK);
    assert_int_equal(m.live, 0);
}

/* The original's own: 90x90, radius 40. The composition is that of the run's
 * canvas. Equal to the last bit. */
static void test_mean_golden(void **state)
{
    (void)state;
    enum { N = OMOST_GRID * OMOST_GRID * 3 };
    static float in[N], out[N];
    golden_tensors run, layouts;
    if (!golden_tensors_open(&run, "e2e/initial_latent_128x192.safetensors"))
        skip();
    if (!golden_tensors_open(&layouts, "canvas/initial_latents.safetensors"))
        skip();
    uint8_t *cells =
        golden_tensor(&layouts, "001-readme-warriors-dragon", 1, NULL);
    float *want = golden_floats(&run, "blurred", NULL);
    omost_error err;
    om_bytes_to_signed(in, cells, N);
    assert_int_equal(om_mean_reflect(NULL, out, in,
                                     (om_extent){OMOST_GRID, OMOST_GRID, 3}, 40,
                                     &err),
                     OMOST_OK);
    for (int i = 0; i < N; i++)
        assert_true(out[i] == want[i % 3 * OMOST_GRID * OMOST_GRID + i / 3]);
    free(cells);
    free(want);
    golden_tensors_close(&run);
    golden_tensors_close(&layouts);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_carried),
        cmocka_unit_test(test_golden),
        cmocka_unit_test(test_golden_second_pass),
        cmocka_unit_test(test_plain_colour),
        cmocka_unit_test(test_extreme),
        cmocka_unit_test(test_lanczos_memory),
        cmocka_unit_test(test_nearest),
        cmocka_unit_test(test_nearest_range),
        cmocka_unit_test(test_resize_nearest),
        cmocka_unit_test(test_mean_definition),
        cmocka_unit_test(test_mean_refused),
        cmocka_unit_test(test_mean_golden),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
