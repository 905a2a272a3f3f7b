/* test_vae.c - the VAE against the original, both ways; tiles; TAESD against a
 * plain computation. */
#include "models.h"

#include <unistd.h>

#include "diffusion/vae_record.h"
#include "diffusion/vae_tiles.h"

static margin closest;
static const om_tiling whole = {0, 0};
/* Where tolerances.json names no bound, of the range: the decoder's own. */
static const double usual = 1.2e-5;

static om_vae *open_vae(golden_model *m)
{
    omost_error err;
    om_vae *vae =
        om_vae_open(NULL, m->backend, m->files, m->config, OM_KEEP_EXACT, &err);
    if (!vae) fail_msg("%s: %s", m->name, err.msg);
    return vae;
}

/* ---- golden ------------------------------------------------------------ */

static float *floats(size_t n)
{
    float *x = malloc((n + 1) * sizeof *x);
    assert_non_null(x);
    return x;
}

/* All pictures of a file, one after another. */
static float *decode_all(om_vae *vae, const golden_array *latents)
{
    omost_error err;
    const om_shape s = latents->s;
    const size_t one = om_shape_size(s) / (size_t)s.n;
    const size_t big = one / (size_t)s.c * 64 * 3;
    float *image = floats(big * (size_t)s.n);
    for (int i = 0; i < s.n; i++)
        if (om_vae_decode(vae, latents->x + (size_t)i * one, s.h, s.w, whole,
                          image + (size_t)i * big, NULL, &err))
            fail_msg("%s", err.msg);
    return image;
}

static void check_encode(golden_model *m, om_vae *vae, const golden_tensors *t,
                         double bound)
{
    omost_error err;
    golden_array image = golden_array_of(t, "image");
    golden_array mean = golden_array_of(t, "mean");
    golden_array logvar = golden_array_of(t, "logvar");
    const om_shape s = image.s;
    const size_t one = om_shape_size(s) / (size_t)s.n;
    const size_t small = om_shape_size(mean.s) / (size_t)s.n;
    float *got = floats(small * (size_t)s.n);
    float *var = floats(small * (size_t)s.n);
    for (int i = 0; i < s.n; i++) {
        float *to = got + (size_t)i * small;
        if (om_vae_encode(vae, image.x + (size_t)i * one, s.h, s.w, whole, to,
                          var + (size_t)i * small, NULL, &err))
            fail_msg("%s", err.msg);
    }
    float *alone = floats(small);
    if (om_vae_encode(vae, image.x, s.h, s.w, whole, alone, NULL, NULL, &err))
        fail_msg("%s", err.msg);
    assert_memory_equal(alone, got, small * sizeof *alone);
    free(alone);
    assert_golden(&closest, m->name, "mean", got, 4, &mean, bound);
    assert_golden(&closest, m->name, "logvar", var, 4, &logvar, bound);
    free(got);
    free(var);
    free(image.x);
    free(mean.x);
    free(logvar.x);
}

static void check_files(golden_model *m)
{
    const char *names[] = {"vae_a", "vae_b"};
    om_vae *vae = open_vae(m);
    assert_int_equal(om_vae_factor(vae), 8);
    assert_true(om_vae_config_of(vae)->scaling == 0.13025f);
    /* Single files hold the same model: one picture tells that it is read. */
    const size_t n_files = m->config ? 1 : 2;
    for (size_t i = 0; i < n_files; i++) {
        char path[64], full[64];
        golden_tensors t;
        snprintf(path, sizeof path, "vae/%s.safetensors", names[i]);
        assert_true(golden_tensors_open(&t, path));
        golden_array latents = golden_array_of(&t, "latents");
        golden_array decoded = golden_array_of(&t, "decoded");
        float *image = decode_all(vae, &latents);
        snprintf(full, sizeof full, "vae/%s.decoded", names[i]);
        assert_golden(&closest, m->name, full, image, 3, &decoded,
                      tolerance_of(full));
        snprintf(full, sizeof full, "vae/%s.mode", names[i]);
        check_encode(m, vae, &t, tolerance_of(full));
        free(image);
        free(latents.x);
        free(decoded.x);
        golden_tensors_close(&t);
    }
    om_vae_close(vae);
}

static void test_golden(void **state)
{
    (void)state;
    closest = (margin){0};
    each_model(check_files);
    print_margin(&closest);
}

/* ---- on the way -------------------------------------------------------- */

/* "mid.X.out" is X; what goes into a module came out of the one before. */
static void label_of(char out[128], const char *mid)
{
    const om_str s = om_str_of(mid);
    int n = (int)s.n;
    if (om_str_ends(s, OM_STR(".out"))) n -= 4;
    snprintf(out, 128, "%.*s", n, mid);
    if (strcmp(mid, "decoder.mid_block.attentions.0.in") == 0)
        snprintf(out, 128, "decoder.mid_block.resnets.0");
    if (strcmp(mid, "encoder.down_blocks.0.downsamplers.0.in") == 0)
        snprintf(out, 128, "encoder.down_blocks.0.resnets.1");
}

/* Those intermediates that the graph has are outputs; how many. */
static int mark_mids(om_graph *g, const golden_tensors *t)
{
    const char *name;
    json_t *v;
    int n = 0;
    json_object_foreach(t->header, name, v)
    {
        char label[128];
        if (strncmp(name, "mid.", 4) != 0) continue;
        label_of(label, name + 4);
        om_value x = om_graph_find(g, label);
        if (x == OM_NO_VALUE) continue;
        om_graph_output(g, name, x);
        n++;
    }
    return n;
}

static int check_mids(golden_model *m, const golden_tensors *t,
                      bench_graph *graph, const char *input)
{
    const char *name;
    json_t *v;
    golden_array in = golden_array_of(t, input);
    int marked = mark_mids(graph->g, t), n = 0;
    om_shape shape[64];
    json_object_foreach(t->header, name, v)
    {
        char label[128];
        if (strncmp(name, "mid.", 4) != 0 || n == 64) continue;
        label_of(label, name + 4);
        shape[n++] = om_graph_shape(graph->g, om_graph_find(graph->g, label));
    }
    graph_compile(graph, m);
    graph_put(graph, input, &in);
    graph_run(graph, m);
    n = 0;
    json_object_foreach(t->header, name, v)
    {
        if (strncmp(name, "mid.", 4) != 0) continue;
        const float *got = om_program_output(graph->program, name);
        const int channels = shape[n++].c;
        if (!got) continue;
        golden_array want = golden_array_of(t, name);
        const double range = range_of(&want);
        assert_golden(&closest, m->name, name, got, channels, &want,
                      usual * (range > 1 ? range : 1));
        free(want.x);
    }
    free(in.x);
    return marked;
}

static void check_way(golden_model *m)
{
    golden_tensors t;
    bench_graph graph;
    om_vae *vae = open_vae(m);
    const om_vae_config *c = om_vae_config_of(vae);
    assert_true(golden_tensors_open(&t, "vae/vae_a.safetensors"));
    graph_begin(&graph, m, OMOST_MODEL_VAE);
    om_vae_record_decoder(graph.g, c, 8, 8);
    int n = check_mids(m, &t, &graph, "latents");
    graph_end(&graph);
    graph_begin(&graph, m, OMOST_MODEL_VAE);
    om_vae_record_encoder(graph.g, c, 64, 64);
    n += check_mids(m, &t, &graph, "image");
    graph_end(&graph);
    assert_int_equal(n, 18); /* every one of the file */
    golden_tensors_close(&t);
    om_vae_close(vae);
}

static void test_way(void **state)
{
    (void)state;
    closest = (margin){0};
    each_backend(check_way);
    print_margin(&closest);
}

/* ---- tiles ------------------------------------------------------------- */

static void test_tile_sides(void **state)
{
    (void)state;
    float say[128], sum[128];
    for (int n = 1; n <= 40; n++)
        for (int tile = 1; tile <= 12; tile++)
            for (int overlap = 0; 2 * overlap < tile; overlap++) {
                om_tile_side s = om_tile_side_of(n, tile, overlap);
                memset(sum, 0, sizeof sum);
                assert_true(s.tile <= n && (n > tile || s.count == 1));
                for (int i = 0; i < s.count; i++) {
                    int start = om_tile_start(&s, i);
                    assert_true(start >= 0 && start + s.tile <= n);
                    om_tile_say(&s, i, 3, say);
                    for (int k = 0; k < 3 * s.tile; k++) {
                        assert_true(say[k] >= 0 && say[k] <= 1);
                        sum[3 * start + k] += say[k];
                    }
                }
                for (int k = 0; k < 3 * n; k++)
                    assert_true(fabsf(sum[k] - 1) < 1e-6f);
            }
}

/* Noise, the same always. */
static float noise_at(uint32_t i)
{
    uint32_t h = i * 2654435761u;
    h = (h ^ h >> 15) * 2246822519u;
    h = (h ^ h >> 13) * 3266489917u;
    return (float)((h ^ h >> 16) & 0xffffff) / 8388608.0f - 1;
}

/* How much stronger the difference of two pictures changes from one column to
 * the next where a tile begins or ends than it does between the cells beside. */
static double seam(const float *tiled, const float *plain, int h, int w,
                   const bool *border)
{
    double at[2] = {0};
    size_t n[2] = {0};
    for (int y = 0; y < h; y++)
        for (int x = 16; x + 8 < w; x += 8) {
            if (!border[x] && !border[x - 8] && !border[x + 8]) continue;
            for (int k = 0; k < 3; k++) {
                size_t i = ((size_t)y * (size_t)w + (size_t)x) * 3 + (size_t)k;
                double d = ((double)tiled[i] - plain[i]) -
                           ((double)tiled[i - 3] - plain[i - 3]);
                at[border[x]] += fabs(d);
                n[border[x]]++;
            }
        }
    return at[1] / (double)n[1] / (at[0] / (double)n[0]);
}

/* Turned on its side, so that one measure serves columns and rows. */
static void transpose(float *out, const float *in, int h, int w)
{
    for (int y = 0; y < h; y++)
        for (int x = 0; x < w; x++)
            memcpy(out + ((size_t)x * (size_t)h + (size_t)y) * 3,
                   in + ((size_t)y * (size_t)w + (size_t)x) * 3,
                   3 * sizeof *out);
}

static void mark_borders(bool *border, int n, om_tiling t)
{
    om_tile_side s = om_tile_side_of(n, t.tile, t.overlap);
    memset(border, 0, (size_t)n * 8);
    for (int i = 0; i < s.count; i++) {
        int from = om_tile_start(&s, i), to = from + s.tile;
        if (from > 0) border[from * 8] = true;
        if (to < n) border[to * 8] = true;
    }
}

/* The worse of both directions. */
static double seams_of(om_vae *vae, const float *latents, int h, int w,
                       const float *plain, om_tiling t)
{
    omost_error err;
    bool border[8 * 64];
    const size_t n = (size_t)(8 * h) * (size_t)(8 * w) * 3;
    float *tiled = floats(n), *a = floats(n), *b = floats(n);
    if (om_vae_decode(vae, latents, h, w, t, tiled, NULL, &err))
        fail_msg("%s", err.msg);
    mark_borders(border, w, t);
    double across = seam(tiled, plain, 8 * h, 8 * w, border);
    transpose(a, tiled, 8 * h, 8 * w);
    transpose(b, plain, 8 * h, 8 * w);
    mark_borders(border, h, t);
    double down = seam(a, b, 8 * w, 8 * h, border);
    free(tiled);
    free(a);
    free(b);
    return across > down ? across : down;
}

static void check_seams(golden_model *m)
{
    enum { H = 24, W = 30 };
    omost_error err;
    float latents[H * W * 4];
    float *plain = floats((size_t)64 * H * W * 3);
    om_vae *vae = open_vae(m);
    for (uint32_t i = 0; i < H * W * 4; i++) latents[i] = noise_at(i);
    if (om_vae_decode(vae, latents, H, W, whole, plain, NULL, &err))
        fail_msg("%s", err.msg);
    double blended = seams_of(vae, latents, H, W, plain, (om_tiling){12, 4});
    double butt = seams_of(vae, latents, H, W, plain, (om_tiling){12, 0});
    printf("           %s: the difference changes %.2f times as much at "
           "borders of tiles, unblended %.2f times\n",
           m->name, blended, butt);
    assert_true(blended < 1.2);
    assert_true(butt > 1.5);
    free(plain);
    om_vae_close(vae);
}

static void test_seams(void **state)
{
    (void)state;
    with_fastest(check_seams);
}

/* A picture in tiles is nearly the whole one, both ways; and a picture of one
 * tile is the whole one exactly. */
static void check_tiles(golden_model *m)
{
    enum { H = 20, W = 13 };
    omost_error err;
    float latents[H * W * 4], mean[2][H * W * 4], logvar[2][H * W * 4];
    const size_t n = (size_t)64 * H * W * 3;
    float *plain = floats(n), *tiled = floats(n);
    om_vae *vae = open_vae(m);
    const om_tiling tiles = {12, 4}, one = {20, 4};
    for (uint32_t i = 0; i < H * W * 4; i++) latents[i] = noise_at(i);
    if (om_vae_decode(vae, latents, H, W, whole, plain, NULL, &err) ||
        om_vae_decode(vae, latents, H, W, one, tiled, NULL, &err))
        fail_msg("%s", err.msg);
    assert_memory_equal(plain, tiled, n * sizeof *plain);
    if (om_vae_decode(vae, latents, H, W, tiles, tiled, NULL, &err))
        fail_msg("%s", err.msg);
    double l2 = relative_l2(tiled, plain, n);
    if (om_vae_encode(vae, plain, 8 * H, 8 * W, whole, mean[0], logvar[0], NULL,
                      &err) ||
        om_vae_encode(vae, plain, 8 * H, 8 * W, tiles, mean[1], logvar[1], NULL,
                      &err))
        fail_msg("%s", err.msg);
    double back = relative_l2(mean[1], mean[0], H * W * 4);
    printf("           %s: tiles are off by %.1f %% (decoded), %.1f %% "
           "(encoded)\n",
           m->name, 100 * l2, 100 * back);
    assert_true(l2 > 0 && l2 < 0.6 && back > 0 && back < 0.6);
    free(plain);
    free(tiled);
    om_vae_close(vae);
}

static void test_tiles(void **state)
{
    (void)state;
    with_fastest(check_tiles);
}

static void check_refusals(golden_model *m)
{
    omost_error err;
    float x[64 * 3] = {0}, y[64 * 3];
    om_vae *vae = open_vae(m);
    assert_int_equal(om_vae_encode(vae, x, 12, 8, whole, y, NULL, NULL, &err),
                     OMOST_RANGE);
    assert_non_null(strstr(err.msg, "multiples of 8"));
    assert_int_equal(om_vae_decode(vae, x, 0, 8, whole, y, NULL, &err),
                     OMOST_RANGE);
    const om_tiling bad[] = {{8, 4}, {8, -1}};
    for (size_t i = 0; i < 2; i++)
        assert_int_equal(om_vae_decode(vae, x, 1, 1, bad[i], y, NULL, &err),
                         OMOST_USAGE);
    om_vae_close(vae);
}

static void test_refusals(void **state)
{
    (void)state;
    each_backend(check_refusals);
}

/* ---- TAESD ------------------------------------------------------------- */

/* Weights by the original's layer numbers: what the plain computation and the
 * files are made of. */
typedef struct tiny_conv {
    int layer, inner; /* inner: -1, or 0, 2, 4 of a block */
    int out, in;
    bool bias;
    float *w, *b;
} tiny_conv;

enum { TINY_CONVS = 35 };

static int list_tiny(tiny_conv c[TINY_CONVS])
{
    int n = 0, layer = 1;
    c[n++] = (tiny_conv){layer, -1, 64, 4, true, NULL, NULL};
    layer = 3;
    for (int up = 0; up < 4; up++) {
        for (int b = 0; b < (up < 3 ? 3 : 1); b++, layer++)
            for (int i = 0; i < 5; i += 2)
                c[n++] = (tiny_conv){layer, i, 64, 64, true, NULL, NULL};
        if (up == 3) break;
        layer++; /* upsampling */
        c[n++] = (tiny_conv){layer++, -1, 64, 64, false, NULL, NULL};
    }
    c[n++] = (tiny_conv){layer, -1, 3, 64, true, NULL, NULL};
    assert_int_equal(layer, 19);
    return n;
}

static void fill_tiny(tiny_conv *c, int n)
{
    uint32_t at = 0;
    for (int i = 0; i < n; i++) {
        size_t size = (size_t)c[i].out * (size_t)c[i].in * 9;
        c[i].w = floats(size);
        c[i].b = floats((size_t)c[i].out);
        for (size_t k = 0; k < size; k++)
            c[i].w[k] = noise_at(at++) * 1.6f / sqrtf((float)c[i].in * 9);
        for (int k = 0; k < c[i].out; k++)
            c[i].b[k] = c[i].bias ? noise_at(at++) * 0.3f : 0;
    }
}

/* out[h, w, out] of in[h, w, in], straight from the definition */
static float *plain_conv(const float *x, int h, int w, const tiny_conv *c)
{
    float *y = floats((size_t)h * (size_t)w * (size_t)c->out);
    for (int i = 0; i < h * w * c->out; i++) {
        int o = i % c->out, px = i / c->out % w, py = i / c->out / w;
        double sum = c->b[o];
        for (int ky = 0; ky < 3; ky++)
            for (int kx = 0; kx < 3; kx++) {
                int sy = py + ky - 1, sx = px + kx - 1;
                if (sy < 0 || sy >= h || sx < 0 || sx >= w) continue;
                for (int k = 0; k < c->in; k++)
                    sum += (double)x[(sy * w + sx) * c->in + k] *
                           c->w[((o * c->in + k) * 3 + ky) * 3 + kx];
            }
        y[i] = (float)sum;
    }
    return y;
}

static void relu(float *x, int n)
{
    for (int i = 0; i < n; i++)
        if (x[i] < 0) x[i] = 0;
}

static float *replaced(float *old, float *fresh)
{
    free(old);
    return fresh;
}

static float *plain_tiny(const float *latents, int h, int w, const tiny_conv *c,
                         int n_convs)
{
    float *x = floats((size_t)h * (size_t)w * 4);
    for (int i = 0; i < h * w * 4; i++) x[i] = tanhf(latents[i] / 3) * 3;
    for (int i = 0; i < n_convs; i++) {
        const int size = h * w * 64;
        if (c[i].inner == 0) { /* a block of three */
            float *y = plain_conv(x, h, w, &c[i]);
            for (int k = 1; k < 3; k++) {
                relu(y, size);
                y = replaced(y, plain_conv(y, h, w, &c[i + k]));
            }
            for (int k = 0; k < size; k++) x[k] += y[k];
            relu(x, size);
            free(y);
            i += 2;
            continue;
        }
        if (!c[i].bias) { /* comes after upsampling */
            float *up = floats((size_t)size * 4);
            for (int k = 0; k < size * 4; k++) {
                int ch = k % 64, px = k / 64 % (2 * w), py = k / 64 / (2 * w);
                up[k] = x[(py / 2 * w + px / 2) * 64 + ch];
            }
            x = replaced(x, up);
            h *= 2;
            w *= 2;
        }
        x = replaced(x, plain_conv(x, h, w, &c[i]));
        if (i == 0) relu(x, size);
    }
    for (int i = 0; i < h * w * 3; i++)
        x[i] = x[i] < 0 ? 0 : x[i] > 1 ? 1 : x[i];
    return x;
}

/* The same weights under one naming; "less" as in tiny_decoder.c. */
static void write_tiny(const char *path, const tiny_conv *c, int n,
                       const char *prefix, int less)
{
    om_buf head, file;
    omost_error err;
    size_t at = 0;
    om_buf_init(&head, NULL, OM_TEST_FILE);
    om_buf_init(&file, NULL, OM_TEST_FILE);
    for (int i = 0; i < n; i++) {
        char name[64];
        int m = snprintf(name, sizeof name, "%s%d", prefix, c[i].layer - less);
        if (c[i].inner >= 0)
            snprintf(name + m, sizeof name - (size_t)m, ".conv.%d", c[i].inner);
        size_t bytes = (size_t)c[i].out * (size_t)c[i].in * 9 * sizeof(float);
        om_buf_printf(&head,
                      "%s\"%s.weight\":{\"dtype\":\"F32\",\"shape\":[%d,%d,3,"
                      "3],\"data_offsets\":[%zu,%zu]}",
                      i ? "," : "{", name, c[i].out, c[i].in, at, at + bytes);
        at += bytes;
        if (!c[i].bias) continue;
        bytes = (size_t)c[i].out * sizeof(float);
        om_buf_printf(&head,
                      ",\"%s.bias\":{\"dtype\":\"F32\",\"shape\":[%d],"
                      "\"data_offsets\":[%zu,%zu]}",
                      name, c[i].out, at, at + bytes);
        at += bytes;
    }
    om_buf_putc(&head, '}');
    const uint64_t size = head.n;
    om_buf_put(&file, &size, sizeof size);
    om_buf_str(&file, om_buf_view(&head));
    for (int i = 0; i < n; i++) {
        om_buf_put(&file, c[i].w,
                   (size_t)c[i].out * (size_t)c[i].in * 9 * sizeof(float));
        if (c[i].bias)
            om_buf_put(&file, c[i].b, (size_t)c[i].out * sizeof(float));
    }
    assert_int_equal(file.status, OMOST_OK);
    if (om_file_write(NULL, path, om_buf_view(&file), &err))
        fail_msg("%s", err.msg);
    om_buf_free(&head);
    om_buf_free(&file);
}

static void check_tiny(const char *backend, const char *path,
                       const float *latents, int h, int w, const float *want)
{
    omost_error err;
    const size_t n = (size_t)h * (size_t)w * 64 * 3;
    float *image = floats(n);
    om_backend *b = om_backend_open(
        NULL,
        &(om_backend_opts){.name = backend, .precision = OM_PRECISION_F32},
        &err);
    om_model_files *files = om_model_open(NULL, path, &err);
    if (!b || !files) fail_msg("%s", err.msg);
    om_tiny_decoder *d = om_tiny_decoder_open(NULL, b, files, &err);
    if (!d) fail_msg("%s", err.msg);
    for (int twice = 0; twice < 2; twice++) {
        if (om_tiny_decoder_run(d, latents, h, w, image, NULL, &err))
            fail_msg("%s", err.msg);
        double off = worst_distance(image, want, n);
        if (!(off < 2e-5)) fail_msg("%s: off by %g", backend, off);
    }
    om_tiny_decoder_close(d);
    om_model_close(files);
    om_backend_close(b);
    free(image);
}

static void test_tiny_decoder(void **state)
{
    (void)state;
    enum { H = 3, W = 2 };
    static const struct {
        const char *prefix;
        int less;
    } schemes[] = {{"decoder.layers.", 1}, {"decoder.", 0}, {"", 0}};
    char path[64];
    float latents[H * W * 4];
    tiny_conv c[TINY_CONVS];
    int n = list_tiny(c);
    fill_tiny(c, n);
    for (uint32_t i = 0; i < H * W * 4; i++) latents[i] = 4 * noise_at(i + 7);
    float *want = plain_tiny(latents, H, W, c, n);
    int inside = 0; /* neither black nor white everywhere */
    for (int i = 0; i < 64 * H * W * 3; i++)
        inside += want[i] > 0 && want[i] < 1;
    assert_true(inside > 16 * H * W * 3);
    for (size_t i = 0; i < 3; i++) {
        snprintf(path, sizeof path, "/tmp/omost-taesd-%d-%zu.safetensors",
                 (int)getpid(), i);
        write_tiny(path, c, n, schemes[i].prefix, schemes[i].less);
        for (size_t b = 0; om_backend_at(b); b++)
            check_tiny(om_backend_at(b), path, latents, H, W, want);
        unlink(path);
    }
    free(want);
    for (int i = 0; i < n; i++) {
        free(c[i].w);
        free(c[i].b);
    }
}

/* Another model is refused by name. */
static void check_no_tiny(golden_model *m)
{
    omost_error err;
    assert_null(om_tiny_decoder_open(NULL, m->backend, m->files, &err));
    assert_int_equal(err.status, OMOST_FORMAT);
    assert_non_null(strstr(err.msg, "is no tiny decoder (TAESD)"));
}

static void test_no_tiny(void **state)
{
    (void)state;
    each_backend(check_no_tiny);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_golden),       cmocka_unit_test(test_way),
        cmocka_unit_test(test_tile_sides),   cmocka_unit_test(test_seams),
        cmocka_unit_test(test_tiles),        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_tiny_decoder), cmocka_unit_test(test_no_tiny),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
