/* png.c - see png.h.
 *
 * libpng reports errors by longjmp. So each job is one function that is
 * entered after setjmp with a pointer to a `job`, which holds everything that
 * must be freed; no local of the function with the setjmp changes after it. */
#include "image/png.h"

#include <png.h>
#include <setjmp.h>
#include <string.h>

#include "base/file.h"
#include "base/utf8.h"

enum { MAX_TEXT_CHUNK = 4 << 20 };

typedef struct job {
    const omost_env *env;
    omost_error *err;
    omost_status status; /* the first failure */
    png_structp png;
    png_infop info;
    om_buf *out; /* writing, to memory */
    FILE *f;     /* writing, to a file */
    om_str in;   /* reading: what is left */
    bool nomem;
} job;

static void *take(png_structp png, png_alloc_size_t size)
{
    job *j = png_get_mem_ptr(png);
    void *p = om_alloc(j->env, size);
    if (!p) j->nomem = true;
    return p;
}

static void give(png_structp png, void *p)
{
    om_free(((job *)png_get_mem_ptr(png))->env, p);
}

static void on_error(png_structp png, const char *msg)
{
    job *j = png_get_error_ptr(png);
    if (j->nomem)
        j->status = om_fail_nomem(j->err);
    else if (j->status == OMOST_OK)
        j->status =
            om_fail(j->err, OMOST_FORMAT, "not a readable PNG: %s", msg);
    png_longjmp(png, 1);
}

/* Warnings are about chunks that can be done without. */
static void on_warning(png_structp png, const char *msg)
{
    (void)png;
    (void)msg;
}

static omost_status out_of_memory(job *j)
{
    return j->status = om_fail_nomem(j->err);
}

/* ---- writing ----------------------------------------------------------- */

static void put_bytes(png_structp png, png_bytep p, size_t n)
{
    job *j = png_get_io_ptr(png);
    if (j->out) {
        om_buf_put(j->out, p, n);
        if (j->out->status == OMOST_OK) return;
        j->status = om_buf_check(j->out, "the PNG file", j->err);
    } else {
        if (fwrite(p, 1, n, j->f) == n) return;
        j->status = om_fail(j->err, OMOST_IO, "cannot write the PNG file");
    }
    png_error(png, "write error");
}

static void flush_nothing(png_structp png)
{
    (void)png;
}

static bool is_key(const char *key)
{
    size_t n = strlen(key);
    for (size_t i = 0; i < n; i++)
        if (key[i] < 0x20 || key[i] > 0x7e) return false;
    return n >= 1 && n <= 79 && key[0] != ' ' && key[n - 1] != ' ';
}

static bool is_ascii(om_str s)
{
    for (size_t i = 0; i < s.n; i++)
        if ((unsigned char)s.p[i] >= 0x80) return false;
    return true;
}

static omost_status check_texts(const om_png_text *t, size_t n,
                                omost_error *err)
{
    for (size_t i = 0; i < n; i++) {
        if (!is_key(t[i].key))
            return om_fail(err, OMOST_RANGE,
                           "\"%.80s\" cannot be the key of a PNG text",
                           t[i].key);
        bool bad = t[i].text.n &&
                   (memchr(t[i].text.p, 0, t[i].text.n) ||
                    om_utf8_valid_len(t[i].text.p, t[i].text.n) != t[i].text.n);
        if (bad)
            return om_fail(err, OMOST_RANGE,
                           "the PNG text \"%s\" is not UTF-8 without NUL",
                           t[i].key);
    }
    return OMOST_OK;
}

static void set_text(job *j, const om_png_text *t, om_arena *scratch)
{
    om_str text = om_arena_str(scratch, t->text);
    char *key = om_arena_alloc(scratch, 80);
    if (!text.p || !key) {
        j->nomem = true;
        png_error(j->png, "out of memory");
    }
    memcpy(key, t->key, strlen(t->key) + 1);
    png_text chunk = {.key = key, .text = (char *)(uintptr_t)text.p};
    chunk.compression =
        is_ascii(text) ? PNG_TEXT_COMPRESSION_NONE : PNG_ITXT_COMPRESSION_NONE;
    if (chunk.compression == PNG_TEXT_COMPRESSION_NONE)
        chunk.text_length = text.n;
    else
        chunk.itxt_length = text.n;
    png_set_text(j->png, j->info, &chunk, 1);
}

/* 0, or not when libpng failed. */
static int write_guarded(job *j, om_pixels px, const om_png_text *texts,
                         size_t n_texts, om_arena *scratch)
{
    if (setjmp(png_jmpbuf(j->png))) return 1;
    png_set_write_fn(j->png, j, put_bytes, flush_nothing);
    png_set_user_limits(j->png, OM_PICTURE_MAX_SIDE, OM_PICTURE_MAX_SIDE);
    png_set_IHDR(
        j->png, j->info, (png_uint_32)px.width, (png_uint_32)px.height, 8,
        px.channels == 4 ? PNG_COLOR_TYPE_RGB_ALPHA : PNG_COLOR_TYPE_RGB,
        PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT,
        PNG_FILTER_TYPE_DEFAULT);
    png_set_compression_level(j->png, 6);
    if (px.is_flat)
        png_set_filter(j->png, PNG_FILTER_TYPE_BASE, PNG_FILTER_NONE);
    for (size_t i = 0; i < n_texts; i++) set_text(j, &texts[i], scratch);
    png_write_info(j->png, j->info);
    size_t row = (size_t)px.width * (size_t)px.channels;
    for (int y = 0; y < px.height; y++)
        png_write_row(j->png, px.p + (size_t)y * row);
    png_write_end(j->png, j->info);
    return 0;
}

static omost_status write_png(job *j, om_pixels px, const om_png_text *texts,
                              size_t n_texts)
{
    omost_status st = check_texts(texts, n_texts, j->err);
    if (st != OMOST_OK) return st;
    om_arena scratch;
    om_arena_init(&scratch, j->env, 0);
    j->png = png_create_write_struct_2(PNG_LIBPNG_VER_STRING, j, on_error,
                                       on_warning, j, take, give);
    j->info = j->png ? png_create_info_struct(j->png) : NULL;
    if (!j->info)
        out_of_memory(j);
    else if (write_guarded(j, px, texts, n_texts, &scratch) &&
             j->status == OMOST_OK)
        out_of_memory(j);
    png_destroy_write_struct(&j->png, &j->info);
    om_arena_free(&scratch);
    return j->status;
}

omost_status om_png_encode(om_buf *out, om_pixels pixels,
                           const om_png_text *texts, size_t n_texts,
                           omost_error *err)
{
    job j = {.env = out->env, .err = err, .out = out};
    return write_png(&j, pixels, texts, n_texts);
}

omost_status om_png_save(const omost_env *env, const char *path,
                         om_pixels pixels, const om_png_text *texts,
                         size_t n_texts, omost_error *err)
{
    om_file_out file;
    omost_status st = om_file_begin(&file, env, path, err);
    if (st != OMOST_OK) return st;
    job j = {.env = env, .err = err, .f = file.f};
    st = write_png(&j, pixels, texts, n_texts);
    if (st == OMOST_OK) return om_file_commit(&file, err);
    om_file_abandon(&file);
    return st;
}

/* ---- reading ----------------------------------------------------------- */

static void get_bytes(png_structp png, png_bytep p, size_t n)
{
    job *j = png_get_io_ptr(png);
    if (n > j->in.n) png_error(png, "the file ends early");
    memcpy(p, j->in.p, n);
    j->in = om_str_skip(j->in, n);
}

static void check_size(job *j, size_t max_pixels)
{
    png_uint_32 w = png_get_image_width(j->png, j->info);
    png_uint_32 h = png_get_image_height(j->png, j->info);
    if (w <= OM_PICTURE_MAX_SIDE && h <= OM_PICTURE_MAX_SIDE &&
        (size_t)w * h <= max_pixels)
        return;
    j->status =
        om_fail(j->err, OMOST_LIMIT,
                "the PNG has %lux%lu pixels, more than the %zu accepted here",
                (unsigned long)w, (unsigned long)h, max_pixels);
    png_error(j->png, "too large");
}

/* Whatever the file holds, ask libpng for 8-bit RGB. */
static void ask_for_rgb(job *j)
{
    /* in the depth that comes out, as need_expand (the 0 below) says */
    const png_color_16 white = {
        .red = 0xff, .green = 0xff, .blue = 0xff, .gray = 0xff};
    int type = png_get_color_type(j->png, j->info);
    bool see_through = type & PNG_COLOR_MASK_ALPHA ||
                       png_get_valid(j->png, j->info, PNG_INFO_tRNS);
    png_set_expand(j->png);
    png_set_scale_16(j->png);
    png_set_gray_to_rgb(j->png);
    if (see_through)
        png_set_background_fixed(j->png, &white, PNG_BACKGROUND_GAMMA_SCREEN, 0,
                                 0);
}

static int read_guarded(job *j, om_picture *pic, size_t max_pixels)
{
    if (setjmp(png_jmpbuf(j->png))) return 1;
    png_set_read_fn(j->png, j, get_bytes);
    /* Side limits are ours to report; everything but the pixels is skipped. */
    png_set_user_limits(j->png, 0x7fffffff, 0x7fffffff);
    png_set_keep_unknown_chunks(j->png, PNG_HANDLE_CHUNK_NEVER, NULL, -1);
    png_read_info(j->png, j->info);
    check_size(j, max_pixels);
    png_uint_32 w = png_get_image_width(j->png, j->info);
    png_uint_32 h = png_get_image_height(j->png, j->info);
    ask_for_rgb(j);
    int passes = png_set_interlace_handling(j->png);
    png_read_update_info(j->png, j->info);
    if (png_get_rowbytes(j->png, j->info) != (size_t)w * 3)
        png_error(j->png, "odd pixels");
    j->status = om_picture_init(pic, j->env, (int)w, (int)h, j->err);
    if (j->status != OMOST_OK) return 1;
    for (int pass = 0; pass < passes; pass++)
        for (int y = 0; y < (int)h; y++)
            png_read_row(j->png, om_picture_at(pic, 0, y), NULL);
    png_read_end(j->png, NULL);
    return 0;
}

static bool begin_reading(job *j)
{
    j->png = png_create_read_struct_2(PNG_LIBPNG_VER_STRING, j, on_error,
                                      on_warning, j, take, give);
    j->info = j->png ? png_create_info_struct(j->png) : NULL;
    if (!j->info) out_of_memory(j);
    return j->info != NULL;
}

omost_status om_png_decode(om_picture *pic, const omost_env *env, om_str bytes,
                           size_t max_pixels, omost_error *err)
{
    job j = {.env = env, .err = err, .in = bytes};
    *pic = (om_picture){.env = env};
    if (begin_reading(&j) && read_guarded(&j, pic, max_pixels) &&
        j.status == OMOST_OK)
        out_of_memory(&j);
    png_destroy_read_struct(&j.png, &j.info, NULL);
    if (j.status != OMOST_OK) om_picture_free(pic);
    return j.status;
}

/* The pixels are read too (a row at a time, into nothing): texts may follow
 * them. */
static int read_texts_guarded(job *j, om_buf *row)
{
    if (setjmp(png_jmpbuf(j->png))) return 1;
    png_set_read_fn(j->png, j, get_bytes);
    png_set_user_limits(j->png, 0x7fffffff, 0x7fffffff);
    png_set_chunk_malloc_max(j->png, MAX_TEXT_CHUNK);
    png_read_info(j->png, j->info);
    check_size(j, OM_PICTURE_MAX_PIXELS);
    size_t n = png_get_rowbytes(j->png, j->info);
    png_uint_32 h = png_get_image_height(j->png, j->info);
    int passes = png_set_interlace_handling(j->png);
    png_read_update_info(j->png, j->info);
    if (!om_buf_reserve(row, n)) {
        j->status = om_buf_check(row, "a row of the PNG", j->err);
        return 1;
    }
    for (int pass = 0; pass < passes; pass++)
        for (png_uint_32 y = 0; y < h; y++)
            png_read_row(j->png, (png_bytep)row->p, NULL);
    png_read_end(j->png, j->info);
    return 0;
}

static omost_status copy_text(job *j, om_buf *out, const char *key)
{
    png_textp texts = NULL;
    int n = 0;
    png_get_text(j->png, j->info, &texts, &n);
    for (int i = 0; i < n; i++) {
        if (strcmp(texts[i].key, key) != 0) continue;
        bool utf8 = texts[i].compression >= PNG_ITXT_COMPRESSION_NONE;
        om_str s = {texts[i].text,
                    utf8 ? texts[i].itxt_length : texts[i].text_length};
        if (utf8 && om_utf8_valid_len(s.p, s.n) != s.n)
            return om_fail(j->err, OMOST_FORMAT,
                           "the PNG's text \"%s\" is not UTF-8", key);
        if (utf8)
            om_buf_str(out, s);
        else /* Latin-1, says the standard */
            for (size_t k = 0; k < s.n; k++)
                om_buf_rune(out, (unsigned char)s.p[k]);
        return om_buf_check(out, "the PNG's text", j->err);
    }
    return om_fail(j->err, OMOST_MISSING, "the PNG carries no text \"%s\"",
                   key);
}

omost_status om_png_find_text(om_buf *out, om_str bytes, const char *key,
                              omost_error *err)
{
    job j = {.env = out->env, .err = err, .in = bytes};
    om_buf row;
    om_buf_init(&row, out->env, (size_t)OM_PICTURE_MAX_SIDE * 8);
    if (begin_reading(&j)) {
        if (read_texts_guarded(&j, &row)) {
            if (j.status == OMOST_OK) out_of_memory(&j);
        } else if (j.nomem) { /* libpng dropped a chunk for want of memory */
            out_of_memory(&j);
        } else {
            j.status = copy_text(&j, out, key);
        }
    }
    png_destroy_read_struct(&j.png, &j.info, NULL);
    om_buf_free(&row);
    return j.status;
}
