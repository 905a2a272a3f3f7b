/* test_image.c - PNG out and in, hostile PNGs, drawing, text, SVG. */
#include "support.h"

#include <unistd.h>

#include "image/png.h"
#include "image/svg.h"
#include "image/text.h"

enum { ENOUGH = 1 << 20 };

/* ---- PNGs made by hand ------------------------------------------------- */

static void put32(om_buf *b, uint32_t v)
{
    uint8_t be[4] = {(uint8_t)(v >> 24), (uint8_t)(v >> 16), (uint8_t)(v >> 8),
                     (uint8_t)v};
    om_buf_put(b, be, 4);
}

/* ISO 3309, bit by bit */
static uint32_t crc_of(const char *p, size_t n)
{
    uint32_t c = 0xffffffff;
    for (size_t i = 0; i < n; i++) {
        c ^= (uint8_t)p[i];
        for (int k = 0; k < 8; k++) c = c & 1 ? 0xedb88320 ^ (c >> 1) : c >> 1;
    }
    return ~c;
}

static void put_chunk(om_buf *b, const char *type, const void *p, size_t n)
{
    put32(b, (uint32_t)n);
    size_t from = b->n;
    om_buf_put(b, type, 4);
    om_buf_put(b, p, n);
    put32(b, crc_of(b->p + from, n + 4));
}

/* A zlib stream of stored blocks. */
static void put_stored(om_buf *z, om_str bytes)
{
    uint32_t lo = 1, hi = 0;
    for (size_t i = 0; i < bytes.n; i++) {
        lo = (lo + (uint8_t)bytes.p[i]) % 65521;
        hi = (hi + lo) % 65521;
    }
    om_buf_put(z, "\x78\x01", 2);
    do {
        uint16_t n = bytes.n < 65535 ? (uint16_t)bytes.n : 65535;
        uint16_t not_n = (uint16_t)~n;
        const uint8_t head[] = {n == bytes.n, (uint8_t)n, (uint8_t)(n >> 8),
                                (uint8_t)not_n, (uint8_t)(not_n >> 8)};
        om_buf_put(z, head, sizeof head);
        om_buf_put(z, bytes.p, n);
        bytes = om_str_skip(bytes, n);
    } while (bytes.n);
    put32(z, hi << 16 | lo);
}

static void put_pixels(om_buf *b, om_str lines)
{
    om_buf z;
    om_buf_init(&z, NULL, 70000);
    put_stored(&z, lines);
    put_chunk(b, "IDAT", z.p, z.n);
    om_buf_free(&z);
}

typedef struct raw_png {
    uint32_t width, height;
    uint8_t depth, color, interlace;
    om_str palette, alpha; /* PLTE and tRNS; none when empty */
    om_str lines;          /* with their filter bytes */
} raw_png;

static void make_png(om_buf *b, raw_png r)
{
    uint8_t head[13] = {0};
    for (int i = 0; i < 4; i++) {
        head[i] = (uint8_t)(r.width >> (24 - 8 * i));
        head[4 + i] = (uint8_t)(r.height >> (24 - 8 * i));
    }
    head[8] = r.depth;
    head[9] = r.color;
    head[12] = r.interlace;
    om_buf_put(b, "\x89PNG\r\n\x1a\n", 8);
    put_chunk(b, "IHDR", head, sizeof head);
    if (r.palette.n) put_chunk(b, "PLTE", r.palette.p, r.palette.n);
    if (r.alpha.n) put_chunk(b, "tRNS", r.alpha.p, r.alpha.n);
    put_pixels(b, r.lines);
    put_chunk(b, "IEND", "", 0);
}

static om_buf new_buf(void)
{
    om_buf b;
    om_buf_init(&b, NULL, 64u << 20);
    return b;
}

/* ---- reading ----------------------------------------------------------- */

static void check_pixels(raw_png r, const char *want, size_t n)
{
    om_buf b = new_buf();
    om_picture pic;
    omost_error err;
    make_png(&b, r);
    if (om_png_decode(&pic, NULL, om_buf_view(&b), ENOUGH, &err) != OMOST_OK)
        fail_msg("%s", err.msg);
    assert_int_equal(om_picture_bytes(&pic), n);
    assert_memory_equal(pic.rgb, want, n);
    om_picture_free(&pic);
    om_buf_free(&b);
}
#define WANT(lit) "" lit, sizeof lit - 1

static void test_reads_every_kind(void **state)
{
    (void)state;
    check_pixels(
        (raw_png){2, 1, 8, 2, 0, {0}, {0}, OM_STR("\0\1\2\3\xfd\xfe\xff")},
        WANT("\1\2\3\xfd\xfe\xff"));
    check_pixels((raw_png){2, 1, 8, 0, 0, {0}, {0}, OM_STR("\0\x10\xf0")},
                 WANT("\x10\x10\x10\xf0\xf0\xf0"));
    check_pixels((raw_png){4, 1, 1, 0, 0, {0}, {0}, OM_STR("\0\xa0")},
                 WANT("\xff\xff\xff\0\0\0\xff\xff\xff\0\0\0"));
    check_pixels(
        (raw_png){2, 1, 4, 3, 0, OM_STR("\1\2\3\4\5\6"), {0}, OM_STR("\0\x10")},
        WANT("\4\5\6\1\2\3"));
    /* 16 bits: rounded, not cut */
    check_pixels(
        (raw_png){
            1, 1, 16, 2, 0, {0}, {0}, OM_STR("\0\x12\xff\x80\x00\xff\xff")},
        WANT("\x13\x80\xff"));
    check_pixels((raw_png){1, 1, 16, 0, 0, {0}, {0}, OM_STR("\0\xff\x00")},
                 WANT("\xfe\xfe\xfe"));
}

static void test_transparent_lies_on_white(void **state)
{
    (void)state;
    check_pixels((raw_png){2,
                           1,
                           8,
                           6,
                           0,
                           {0},
                           {0},
                           OM_STR("\0\x01\x02\x03\0\x01\x02\x03\xff")},
                 WANT("\xff\xff\xff\1\2\3"));
    check_pixels((raw_png){1, 1, 8, 6, 0, {0}, {0}, OM_STR("\0\0\0\0\x80")},
                 WANT("\x7f\x7f\x7f"));
    check_pixels((raw_png){2, 1, 8, 4, 0, {0}, {0}, OM_STR("\0\x22\0\x22\xff")},
                 WANT("\xff\xff\xff\x22\x22\x22"));
    check_pixels((raw_png){2, 1, 8, 3, 0, OM_STR("\1\2\3\4\5\6"), OM_STR("\0"),
                           OM_STR("\0\0\1")},
                 WANT("\xff\xff\xff\4\5\6"));
    check_pixels(
        (raw_png){2, 1, 8, 0, 0, {0}, OM_STR("\0\x22"), OM_STR("\0\x22\x23")},
        WANT("\xff\xff\xff\x23\x23\x23"));
    check_pixels(
        (raw_png){1, 1, 16, 6, 0, {0}, {0}, OM_STR("\0\0\0\0\0\0\0\0\0")},
        WANT("\xff\xff\xff"));
}

/* 3x2 by Adam7: passes 1 (0,0), 4 (2,0), 6 (1,0), 7 (row 1). */
static void test_interlaced(void **state)
{
    (void)state;
    check_pixels(
        (raw_png){3, 2, 8, 0, 1, {0}, {0}, OM_STR("\0\1\0\3\0\2\0\4\5\6")},
        WANT("\1\1\1\2\2\2\3\3\3\4\4\4\5\5\5\6\6\6"));
}

static void test_max_pixels(void **state)
{
    (void)state;
    om_buf b = new_buf();
    om_picture pic;
    omost_error err;
    make_png(&b, (raw_png){2, 1, 8, 0, 0, {0}, {0}, OM_STR("\0\x10\xf0")});
    assert_int_equal(om_png_decode(&pic, NULL, om_buf_view(&b), 1, &err),
                     OMOST_LIMIT);
    assert_null(pic.rgb);
    assert_int_equal(om_png_decode(&pic, NULL, om_buf_view(&b), 2, &err),
                     OMOST_OK);
    om_picture_free(&pic);
    om_buf_free(&b);
}

/* ---- hostile files ----------------------------------------------------- */

static omost_status decode_metered(om_str bytes, meter *m, omost_error *err)
{
    omost_env env = {metered, m};
    om_picture pic;
    omost_status st = om_png_decode(&pic, &env, bytes, ENOUGH, err);
    assert_true((st == OMOST_OK) == (pic.rgb != NULL));
    om_picture_free(&pic);
    assert_int_equal(m->live, 0);
    return st;
}

static void test_huge_headers(void **state)
{
    (void)state;
    static const uint32_t sizes[][2] = {{0x7fffffff, 0x7fffffff},
                                        {1, 0x7fffffff},
                                        {0x7fffffff, 1},
                                        {1025, 1024},
                                        {100000, 100000}};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        om_buf b = new_buf();
        omost_error err;
        meter m = {0};
        make_png(
            &b, (raw_png){
                    sizes[i][0], sizes[i][1], 8, 2, 0, {0}, {0}, OM_STR("\0")});
        assert_int_equal(decode_metered(om_buf_view(&b), &m, &err),
                         OMOST_LIMIT);
        assert_true(m.most < 1 << 20);
        om_buf_free(&b);
    }
}

static void test_no_png(void **state)
{
    (void)state;
    static const raw_png bad[] = {
        {0, 1, 8, 2, 0, {0}, {0}, {"", 1}},          /* no width */
        {1, 1, 3, 2, 0, {0}, {0}, {"", 1}},          /* no such depth */
        {1, 1, 8, 5, 0, {0}, {0}, {"", 1}},          /* no such colour type */
        {1, 1, 8, 3, 0, {0}, {0}, {"\0\0", 2}},      /* no palette */
        {1, 1, 8, 2, 9, {0}, {0}, {"\0\0\0\0", 4}},  /* no such interlacing */
        {9, 9, 8, 2, 0, {0}, {0}, {"\0\1\2\3", 4}},  /* too few lines */
        {1, 1, 8, 2, 0, {0}, {0}, {"\x09\1\2\3", 4}} /* no such filter */
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        om_buf b = new_buf();
        omost_error err;
        meter m = {0};
        make_png(&b, bad[i]);
        assert_int_equal(decode_metered(om_buf_view(&b), &m, &err),
                         OMOST_FORMAT);
        assert_true(strlen(err.msg) > 10);
        om_buf_free(&b);
    }
    omost_error err;
    meter m = {0};
    assert_int_equal(decode_metered(OM_STR("GIF89a, or something else"), &m,
                                    &err),
                     OMOST_FORMAT);
    assert_int_equal(decode_metered((om_str){0}, &m, &err), OMOST_FORMAT);
}

static om_buf sample_png(void)
{
    om_buf b = new_buf();
    uint8_t px[6 * 5 * 3];
    omost_error err;
    for (size_t i = 0; i < sizeof px; i++) px[i] = (uint8_t)(i * 37);
    const om_png_text texts[] = {{"parameters", OM_STR("steps: 25")},
                                 {"Title", OM_STR("caf\xc3\xa9")}};
    omost_status st =
        om_png_encode(&b, (om_pixels){6, 5, 3, px, false}, texts, 2, &err);
    if (st != OMOST_OK) fail_msg("%s", err.msg);
    return b;
}

/* Wherever the file ends early, in a block of just its size. */
static void test_truncated(void **state)
{
    (void)state;
    om_buf b = sample_png();
    for (size_t n = 0; n < b.n; n++) {
        omost_error err;
        meter m = {0};
        char *copy = malloc(n ? n : 1);
        memcpy(copy, b.p, n);
        assert_int_equal(decode_metered((om_str){copy, n}, &m, &err),
                         OMOST_FORMAT);
        free(copy);
    }
    om_buf_free(&b);
}

/* Every bit flipped, with the CRCs left as they were and put right again. */
static void test_flipped(void **state)
{
    (void)state;
    om_buf b = sample_png();
    size_t bad = 0;
    for (size_t bit = 0; bit < b.n * 8; bit++) {
        omost_error err;
        meter m = {0};
        b.p[bit / 8] = (char)(b.p[bit / 8] ^ (1 << bit % 8));
        omost_status st = decode_metered(om_buf_view(&b), &m, &err);
        assert_true(st == OMOST_OK || st == OMOST_FORMAT || st == OMOST_LIMIT);
        bad += st != OMOST_OK;
        b.p[bit / 8] = (char)(b.p[bit / 8] ^ (1 << bit % 8));
    }
    /* all of the signature, IHDR, IDAT and IEND matter */
    assert_true(bad > 8 * (8 + 25 + 12 + 12));
    om_buf_free(&b);
}

static void test_bad_crc(void **state)
{
    (void)state;
    om_buf b = sample_png();
    omost_error err;
    meter m = {0};
    b.p[29] ^= 1; /* the first byte of IHDR's CRC */
    assert_int_equal(decode_metered(om_buf_view(&b), &m, &err), OMOST_FORMAT);
    assert_non_null(strstr(err.msg, "CRC"));
    om_buf_free(&b);
}

/* ---- writing ----------------------------------------------------------- */

static void test_round_trip(void **state)
{
    (void)state;
    static const int sizes[][2] = {
        {1, 1}, {1, 70}, {70, 1}, {63, 64}, {257, 5}};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        om_picture pic, back;
        omost_error err;
        om_buf b = new_buf(), again = new_buf();
        assert_int_equal(om_picture_init(&pic, NULL, sizes[i][0], sizes[i][1],
                                         &err),
                         OMOST_OK);
        for (size_t k = 0; k < om_picture_bytes(&pic); k++)
            pic.rgb[k] = (uint8_t)(k * k >> 3);
        om_pixels px = om_picture_pixels(&pic);
        assert_int_equal(om_png_encode(&b, px, NULL, 0, &err), OMOST_OK);
        assert_int_equal(om_png_encode(&again, px, NULL, 0, &err), OMOST_OK);
        assert_int_equal(b.n, again.n);
        assert_memory_equal(b.p, again.p, b.n);
        assert_int_equal(om_png_decode(&back, NULL, om_buf_view(&b), ENOUGH,
                                       &err),
                         OMOST_OK);
        assert_int_equal(back.width, pic.width);
        assert_int_equal(back.height, pic.height);
        assert_memory_equal(back.rgb, pic.rgb, om_picture_bytes(&pic));
        om_picture_free(&pic);
        om_picture_free(&back);
        om_buf_free(&b);
        om_buf_free(&again);
    }
}

static void test_rgba(void **state)
{
    (void)state;
    const uint8_t px[] = {10, 20, 30, 255, 10, 20, 30, 0};
    om_buf b = new_buf();
    om_picture back;
    omost_error err;
    assert_int_equal(om_png_encode(&b, (om_pixels){2, 1, 4, px, true}, NULL, 0,
                                   &err),
                     OMOST_OK);
    assert_int_equal(b.p[25], 6); /* IHDR says: colour and alpha */
    assert_int_equal(om_png_decode(&back, NULL, om_buf_view(&b), ENOUGH, &err),
                     OMOST_OK);
    assert_memory_equal(back.rgb, "\x0a\x14\x1e\xff\xff\xff", 6);
    om_picture_free(&back);
    om_buf_free(&b);
}

static void test_texts(void **state)
{
    (void)state;
    om_buf b = sample_png(), got = new_buf();
    omost_error err;
    assert_true(om_str_find(om_buf_view(&b),
                            OM_STR("tEXtparameters\0steps: 25")) != SIZE_MAX);
    assert_true(om_str_find(om_buf_view(&b), OM_STR("iTXtTitle")) != SIZE_MAX);
    assert_int_equal(
        om_png_find_text(&got, om_buf_view(&b), "parameters", &err), OMOST_OK);
    om_buf_puts(&got, "|");
    assert_int_equal(om_png_find_text(&got, om_buf_view(&b), "Title", &err),
                     OMOST_OK);
    assert_string_equal(got.p, "steps: 25|caf\xc3\xa9");
    assert_int_equal(om_png_find_text(&got, om_buf_view(&b), "title", &err),
                     OMOST_MISSING);
    assert_int_equal(om_png_find_text(&got, OM_STR("no"), "title", &err),
                     OMOST_FORMAT);
    om_buf_free(&b);
    om_buf_free(&got);
}

/* How om_png_find_text() ends for the sample with a packed text of n bytes. */
static omost_status find_packed(size_t n)
{
    om_buf b = sample_png(), with, got, text, chunk;
    const size_t head = 8 + 25; /* the signature and IHDR */
    om_buf_init(&got, NULL, 16 << 20);
    om_buf_init(&text, NULL, 16 << 20);
    om_buf_init(&chunk, NULL, 16 << 20);
    om_buf_init(&with, NULL, 16 << 20);
    om_buf_fill(&text, 'x', n);
    om_buf_put(&chunk, "big\0\0", 5);
    put_stored(&chunk, om_buf_view(&text));
    om_buf_put(&with, b.p, head);
    put_chunk(&with, "zTXt", chunk.p, chunk.n);
    om_buf_str(&with, om_str_skip(om_buf_view(&b), head));
    omost_status st = om_png_find_text(&got, om_buf_view(&with), "big", NULL);
    if (st == OMOST_OK) assert_int_equal(got.n, n);
    om_buf_free(&got);
    om_buf_free(&b);
    om_buf_free(&with);
    om_buf_free(&text);
    om_buf_free(&chunk);
    return st;
}

/* A text unpacks to 4 MiB at most, however much libpng itself would take. */
static void test_big_text(void **state)
{
    (void)state;
    assert_int_equal(find_packed(70000), OMOST_OK);
    assert_int_equal(find_packed(3 << 20), OMOST_OK);
    assert_int_equal(find_packed(5 << 20), OMOST_MISSING);
}

static void test_impossible_texts(void **state)
{
    (void)state;
    static const om_png_text bad[] = {
        {"", {"x", 1}},
        {" x", {"x", 1}},
        {"x ", {"x", 1}},
        {"caf\xc3\xa9", {"x", 1}},
        {"1234567890123456789012345678901234567890123456789012345678901234567890123456789x",
         {"x", 1}},
        {"x", {"a\0b", 3}},
        {"x", {"\xff", 1}},
    };
    const uint8_t px[3] = {0};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        om_buf b = new_buf();
        omost_error err;
        assert_int_equal(om_png_encode(&b, (om_pixels){1, 1, 3, px, false},
                                       &bad[i], 1, &err),
                         OMOST_RANGE);
        om_buf_free(&b);
    }
}

static void test_buffer_limit(void **state)
{
    (void)state;
    om_buf b;
    omost_error err;
    const uint8_t px[3] = {0};
    om_buf_init(&b, NULL, 40);
    assert_int_equal(om_png_encode(&b, (om_pixels){1, 1, 3, px, false}, NULL, 0,
                                   &err),
                     OMOST_LIMIT);
    om_buf_free(&b);
}

static void test_save(void **state)
{
    (void)state;
    char folder[] = "/tmp/omost-image-XXXXXX", path[64];
    const uint8_t px[3] = {1, 2, 3};
    const om_pixels one = {1, 1, 3, px, false};
    om_buf b = new_buf(), file = new_buf();
    omost_error err;
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/a.png", folder);
    assert_int_equal(om_png_save(NULL, path, one, NULL, 0, &err), OMOST_OK);
    assert_int_equal(om_png_encode(&b, one, NULL, 0, &err), OMOST_OK);
    assert_int_equal(om_file_read(path, &file, &err), OMOST_OK);
    assert_int_equal(file.n, b.n);
    assert_memory_equal(file.p, b.p, b.n);
    /* a failure leaves the old file, and nothing beside it */
    const om_png_text bad = {"", {"x", 1}};
    assert_int_equal(om_png_save(NULL, path, one, &bad, 1, &err), OMOST_RANGE);
    assert_int_equal(access(path, F_OK), 0);
    unlink(path);
    assert_int_equal(rmdir(folder), 0);
    assert_int_not_equal(om_png_save(NULL, path, one, NULL, 0, &err), OMOST_OK);
    if (access("/dev/full", W_OK) == 0)
        assert_int_equal(om_png_save(NULL, "/dev/full", one, NULL, 0, &err),
                         OMOST_FULL);
    om_buf_free(&b);
    om_buf_free(&file);
}

/* ---- every allocation fails once ----------------------------------------- */

static omost_status everything(const omost_env *env)
{
    om_picture pic = {.env = env}, back = {.env = env};
    om_buf b, text;
    omost_error err;
    om_buf_init(&b, env, ENOUGH);
    om_buf_init(&text, env, ENOUGH);
    const om_png_text texts[] = {{"a", OM_STR("b")}, {"c", OM_STR("\xc3\xa9")}};
    om_font *font = om_font_new(env, &err);
    omost_status st =
        font ? om_picture_init(&pic, env, 40, 30, &err) : err.status;
    if (st == OMOST_OK) {
        om_font_draw(font, &pic, 2, 20, 14, (om_rgba){255, 255, 255, 255},
                     OM_STR("Ab \xd7\x90\xe4\xb8\xad"));
        st = om_font_check(font, &err);
    }
    if (st == OMOST_OK)
        st = om_png_encode(&b, om_picture_pixels(&pic), texts, 2, &err);
    if (st == OMOST_OK)
        st = om_png_decode(&back, env, om_buf_view(&b), ENOUGH, &err);
    if (st == OMOST_OK) st = om_picture_scale(&back, &pic, &err);
    if (st == OMOST_OK)
        st = om_png_find_text(&text, om_buf_view(&b), "c", &err);
    if (st == OMOST_OK) assert_string_equal(text.p, "\xc3\xa9");
    om_font_free(font);
    om_picture_free(&pic);
    om_picture_free(&back);
    om_buf_free(&b);
    om_buf_free(&text);
    return st;
}

static void test_no_memory(void **state)
{
    (void)state;
    meter m = {0};
    const omost_env env = {metered, &m};
    assert_int_equal(everything(&env), OMOST_OK);
    assert_int_equal(m.live, 0);
    size_t calls = m.calls;
    assert_true(calls > 50);
    for (size_t i = 1; i <= calls; i++) {
        m = (meter){.fail_at = i};
        assert_int_equal(everything(&env), OMOST_NOMEM);
        assert_int_equal(m.live, 0);
    }
}

/* ---- drawing ----------------------------------------------------------- */

static om_picture new_picture(int w, int h)
{
    om_picture pic;
    omost_error err;
    if (om_picture_init(&pic, NULL, w, h, &err) != OMOST_OK)
        fail_msg("%s", err.msg);
    return pic;
}

static void test_picture_limits(void **state)
{
    (void)state;
    static const int bad[][2] = {{0, 1},     {1, 0},     {-1, 5},
                                 {32769, 1}, {1, 32769}, {32768, 4097}};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        om_picture pic;
        omost_error err;
        assert_int_equal(om_picture_init(&pic, NULL, bad[i][0], bad[i][1],
                                         &err),
                         OMOST_LIMIT);
        assert_null(pic.rgb);
    }
}

static long sum_of(const om_picture *pic)
{
    long sum = 0;
    for (size_t i = 0; i < om_picture_bytes(pic); i++) sum += pic->rgb[i];
    return sum;
}

/* Whatever hangs over the edges is cut off (the sanitizer watches). */
static void test_clipping(void **state)
{
    (void)state;
    const om_rgba white = {255, 255, 255, 255};
    om_picture pic = new_picture(9, 7);
    om_picture_fill(&pic, (om_rect){-5, -5, 5, 5}, white);
    om_picture_fill(&pic, (om_rect){9, 0, 5, 5}, white);
    om_picture_frame(&pic, (om_rect){-4, -4, 17, 15}, 3, white);
    om_picture_fill_round(&pic, (om_rect){-9, -9, 9, 9}, 4, white);
    om_picture_line(&pic, -20, -20, -10, 40, 3, white);
    assert_int_equal(sum_of(&pic), 0);
    om_picture_fill(&pic, (om_rect){8, 6, 50, 50}, white);
    assert_int_equal(sum_of(&pic), 3 * 255);
    om_picture_line(&pic, -50, 3, 50, 3, 1, white);
    assert_int_equal(sum_of(&pic), 3 * 255 * (1 + 9));
    om_picture_free(&pic);
}

static void test_shapes(void **state)
{
    (void)state;
    const om_rgba white = {255, 255, 255, 255};
    om_picture pic = new_picture(20, 20);
    om_picture_frame(&pic, (om_rect){2, 3, 10, 8}, 2, white);
    assert_int_equal(sum_of(&pic), 3 * 255 * (10 * 8 - 6 * 4));
    om_picture_free(&pic);
    pic = new_picture(20, 20);
    om_picture_fill_round(&pic, (om_rect){0, 0, 20, 20}, 10, white);
    double disc = (double)sum_of(&pic) / (3 * 255);
    assert_true(disc > 312 && disc < 316); /* pi 10^2 */
    assert_int_equal(*om_picture_at(&pic, 0, 0), 0);
    assert_int_equal(*om_picture_at(&pic, 10, 10), 255);
    om_picture_free(&pic);
    pic = new_picture(2, 1);
    om_picture_fill(&pic, (om_rect){0, 0, 1, 1}, (om_rgba){200, 100, 0, 128});
    assert_memory_equal(pic.rgb, "\x64\x32\0\0\0\0", 6);
    om_picture_free(&pic);
}

static void test_stretch(void **state)
{
    (void)state;
    uint8_t cells[90 * 90 * 3];
    for (size_t i = 0; i < sizeof cells; i++)
        cells[i] = (uint8_t)(i * 7 + i / 270);
    static const int sizes[] = {1, 7, 16, 64, 73, 89, 90, 91, 129, 390, 1024};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        int n = sizes[i];
        om_picture pic = new_picture(n + 1, n);
        om_picture_stretch(&pic, (om_rect){1, 0, n, n}, cells, 90, 90);
        for (int y = 0; y < n; y += n / 16 + 1)
            for (int x = 0; x < n; x++) {
                int row = (2 * y + 1) * 90 / (2 * n),
                    col = (2 * x + 1) * 90 / (2 * n);
                assert_memory_equal(om_picture_at(&pic, x + 1, y),
                                    cells + (row * 90 + col) * 3, 3);
            }
        for (int cell = 0; cell <= 90;
             cell++) { /* edges agree with the pixels */
            int e = om_stretch_edge(cell, 90, n);
            assert_true(e == n || (2 * e + 1) * 90 / (2 * n) >= cell);
            assert_true(e == 0 || (2 * e - 1) * 90 / (2 * n) < cell);
        }
        om_picture_free(&pic);
    }
}

static void test_scale(void **state)
{
    (void)state;
    omost_error err;
    om_picture in = new_picture(4, 2), same = new_picture(4, 2),
               half = new_picture(2, 1), big = new_picture(64, 31);
    const uint8_t row[] = {0, 0, 0, 100, 50, 20, 200, 100, 40, 60, 30, 10};
    memcpy(in.rgb, row, sizeof row);
    memcpy(in.rgb + sizeof row, row, sizeof row);
    assert_int_equal(om_picture_scale(&same, &in, &err), OMOST_OK);
    assert_memory_equal(same.rgb, in.rgb, om_picture_bytes(&in));
    assert_int_equal(om_picture_scale(&half, &in, &err), OMOST_OK);
    /* taps at distance 1/2 weigh 3/4, at 3/2 1/4: (0*3+100*3+200)/7 */
    assert_int_equal(half.rgb[0], 71);
    assert_int_equal(om_picture_scale(&big, &in, &err), OMOST_OK);
    assert_int_equal(big.rgb[0], 0);
    for (int x = 1; x < 40; x++) /* rises to the middle of the third pixel */
        assert_true(*om_picture_at(&big, x, 15) >=
                    *om_picture_at(&big, x - 1, 15));
    om_picture_free(&in);
    om_picture_free(&same);
    om_picture_free(&half);
    om_picture_free(&big);
}

/* ---- text -------------------------------------------------------------- */

static om_font *new_font(void)
{
    omost_error err;
    om_font *f = om_font_new(NULL, &err);
    if (!f) fail_msg("%s", err.msg);
    return f;
}

static void test_widths(void **state)
{
    (void)state;
    om_font *f = new_font();
    assert_int_equal(om_font_width(f, 20, (om_str){0}), 0);
    int a = om_font_width(f, 2048, OM_STR("A")),
        v = om_font_width(f, 2048, OM_STR("V"));
    assert_int_equal(a, 1401); /* DejaVu Sans's own units */
    assert_int_equal(om_font_width(f, 2048, OM_STR("AV")),
                     a + v - 131); /* kerning */
    assert_int_equal(om_font_width(f, 100, OM_STR("\xe4\xb8\xad")),
                     100); /* no such glyph */
    /* composed and decomposed are the same */
    assert_int_equal(om_font_width(f, 2048, OM_STR("e\xcc\x81")),
                     om_font_width(f, 2048, OM_STR("\xc3\xa9")));
    assert_int_equal(om_font_check(f, NULL), OMOST_OK);
    om_font_free(f);
}

static void test_ellipsis_and_break(void **state)
{
    (void)state;
    om_font *f = new_font();
    om_str s = OM_STR("A stormy sky, with fl\xc3\xa4shes of lightning");
    for (int width = 0; width < 500; width += 3) {
        om_buf b = new_buf();
        om_font_ellipsis(f, 16, width, s, &b);
        assert_true(om_font_width(f, 16, om_buf_view(&b)) <= width);
        bool whole = om_str_eq(om_buf_view(&b), s);
        assert_true(whole || b.n == 0 ||
                    om_str_ends(om_buf_view(&b), OM_STR("\xe2\x80\xa6")));
        om_buf_free(&b);
        size_t n = om_font_break(f, 16, width, s);
        assert_true(n >= 1 && n <= s.n);
        om_str line = om_str_strip((om_str){s.p, n}, " ");
        assert_true(n == 1 || om_font_width(f, 16, line) <= width);
    }
    assert_int_equal(om_font_break(f, 16, 500, s), s.n);
    assert_int_equal(om_font_break(f, 16, 100, OM_STR("A stormy sky")), 9);
    om_font_free(f);
}

static om_rect inked(const om_picture *pic)
{
    int x0 = pic->width, y0 = pic->height, x1 = 0, y1 = 0;
    for (int y = 0; y < pic->height; y++)
        for (int x = 0; x < pic->width; x++) {
            if (*om_picture_at(pic, x, y) == 0) continue;
            x0 = x < x0 ? x : x0;
            x1 = x >= x1 ? x + 1 : x1;
            y0 = y < y0 ? y : y0;
            y1 = y >= y1 ? y + 1 : y1;
        }
    return (om_rect){x0, y0, x1 - x0, y1 - y0};
}

static void test_draws_where_it_measured(void **state)
{
    (void)state;
    static const char *const texts[] = {"Hxgjp", "AVATAR",
                                        "\xd7\xa9\xd7\x9c\xd7\x95\xd7\x9d",
                                        "\xe4\xb8\xad\xe6\x96\x87",
                                        "caf\xc3\xa9"};
    om_font *f = new_font();
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        om_picture pic = new_picture(300, 80);
        om_str s = om_str_of(texts[i]);
        int w = om_font_width(f, 40, s);
        om_font_draw(f, &pic, 30, 50, 40, (om_rgba){255, 255, 255, 255}, s);
        om_rect r = inked(&pic);
        assert_true(r.w > w / 2);
        assert_true(r.x >= 28 && r.x + r.w <= 30 + w + 2);
        assert_true(r.y >= 50 - 45 && r.y + r.h <= 50 + 12);
        om_picture_free(&pic);
    }
    om_picture pic = new_picture(60, 60);
    om_font_draw(f, &pic, 5, 50, 40, (om_rgba){255, 255, 255, 255},
                 OM_STR("H"));
    om_rect h = inked(&pic);
    assert_int_equal(h.y + h.h, 50);
    /* 29.2, which hinting moves to a whole pixel */
    assert_true(h.h >= om_font_cap_height(40) &&
                h.h <= om_font_cap_height(40) + 1);
    /* over every edge */
    for (int k = -60; k < 90; k += 7) {
        om_font_draw(f, &pic, k, k, 40, (om_rgba){1, 2, 3, 4},
                     OM_STR("Wg\xe4\xb8\xad"));
        om_font_draw(f, &pic, k, 30 - k, 40, (om_rgba){1, 2, 3, 4},
                     OM_STR("\xff\xfe\x80"));
    }
    assert_int_equal(om_font_check(f, NULL), OMOST_OK);
    om_picture_free(&pic);
    om_font_free(f);
}

static bool look_the_same(om_font *f, om_str a, om_str b)
{
    om_picture one = new_picture(200, 60), two = new_picture(200, 60);
    om_font_draw(f, &one, 9, 45, 40, (om_rgba){255, 255, 255, 255}, a);
    om_font_draw(f, &two, 9, 45, 40, (om_rgba){255, 255, 255, 255}, b);
    assert_true(sum_of(&one) > 0);
    bool same = memcmp(one.rgb, two.rgb, om_picture_bytes(&one)) == 0;
    om_picture_free(&one);
    om_picture_free(&two);
    return same;
}

static void test_right_to_left(void **state)
{
    (void)state;
    om_font *f = new_font();
    /* shin, yod as they are read; yod, shin forced from left to right */
    assert_true(
        look_the_same(f, OM_STR("\xd7\xa9\xd7\x99"),
                      OM_STR("\xe2\x80\xad\xd7\x99\xd7\xa9\xe2\x80\xac")));
    assert_false(look_the_same(f, OM_STR("\xd7\xa9\xd7\x99"),
                               OM_STR("\xd7\x99\xd7\xa9")));
    assert_true(look_the_same(f, OM_STR("a(b"),
                              OM_STR("\xe2\x80\xae"
                                     "b)a\xe2\x80\xac")));
    /* Arabic letters join: narrower than one by one */
    int joined = om_font_width(f, 2048, OM_STR("\xd8\xb9\xd8\xb9"));
    assert_true(joined < 2 * om_font_width(f, 2048, OM_STR("\xd8\xb9")));
    om_font_free(f);
}

/* ---- SVG --------------------------------------------------------------- */

static void check_escape(om_str in, const char *want)
{
    om_buf b = new_buf();
    om_xml_escape(&b, in);
    assert_string_equal(b.p, want);
    om_buf_free(&b);
}

static void test_xml_escape(void **state)
{
    (void)state;
    check_escape(OM_STR("<a href=\"x\">&'</a>]]>"),
                 "&lt;a href=&quot;x&quot;&gt;&amp;&#39;&lt;/a&gt;]]&gt;");
    check_escape(OM_STR("a\tb\nc\rd"), "a&#9;b&#10;c&#13;d");
    check_escape(OM_STR("\0\1\x1f\x7f"),
                 "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\x7f");
    check_escape(
        OM_STR("\xef\xbf\xbe\xef\xbf\xbf\xff\xed\xa0\x80"),
        "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd");
    check_escape(OM_STR("\xf0\x9f\x90\x89 \xc3\xa9"),
                 "\xf0\x9f\x90\x89 \xc3\xa9");
}

static void test_svg_elements(void **state)
{
    (void)state;
    om_buf b = new_buf();
    om_svg_open(&b, "rect");
    om_svg_int(&b, "x", -3);
    om_svg_half(&b, "y", -5);
    om_svg_half(&b, "w", 4);
    om_svg_color(&b, "fill", (om_rgba){1, 2, 255, 128});
    om_svg_color(&b, "stroke", (om_rgba){0, 0, 0, 255});
    om_svg_attr(&b, "a", OM_STR("\""));
    om_svg_close_empty(&b);
    assert_string_equal(
        b.p, "<rect x=\"-3\" y=\"-2.5\" w=\"2\" fill=\"#0102ff\" "
             "fill-opacity=\"0.502\" stroke=\"#000000\" a=\"&quot;\"/>\n");
    om_buf_free(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reads_every_kind),
        cmocka_unit_test(test_transparent_lies_on_white),
        cmocka_unit_test(test_interlaced),
        cmocka_unit_test(test_max_pixels),
        cmocka_unit_test(test_huge_headers),
        cmocka_unit_test(test_no_png),
        cmocka_unit_test(test_truncated),
        cmocka_unit_test(test_flipped),
        cmocka_unit_test(test_bad_crc),
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_rgba),
        cmocka_unit_test(test_texts),
        cmocka_unit_test(test_big_text),
        cmocka_unit_test(test_impossible_texts),
        cmocka_unit_test(test_buffer_limit),
        cmocka_unit_test(test_save),
        cmocka_unit_test(test_no_memory),
        cmocka_unit_test(test_picture_limits),
        cmocka_unit_test(test_clipping),
        cmocka_unit_test(test_shapes),
        cmocka_unit_test(test_stretch),
        cmocka_unit_test(test_scale),
        cmocka_unit_test(test_widths),
        cmocka_unit_test(test_ellipsis_and_break),
        cmocka_unit_test(test_draws_where_it_measured),
        cmocka_unit_test(test_right_to_left),
        cmocka_unit_test(test_xml_escape),
        cmocka_unit_test(test_svg_elements),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
