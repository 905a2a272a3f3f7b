/* llama_file.c - the head of a GGUF file.
 *
 *     "GGUF" version:u32 n_tensors:u64 n_values:u64
 *     { key:string type:u32 value }
 *     { name:string n_dims:u32 dim:u64... type:u32 offset:u64 }
 *     padding, then the tensors' data
 *
 * A string is its length as u64 and its bytes; an array is a type, a count as
 * u64 and the elements. All numbers are little-endian. */
#include "composer/llama_file.h"

#include <errno.h>
#include <llama.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* More than any model has, and few enough that a lying count costs no time. */
enum {
    MAX_TENSORS = 1 << 20,
    MAX_VALUES = 1 << 20,
    MAX_LAYERS = 1 << 16,
    MAX_DIMS = 4,
    KEY = 128
};

enum value_type {
    U8,
    I8,
    U16,
    I16,
    U32,
    I32,
    F32,
    BOOL,
    STRING,
    ARRAY,
    U64,
    I64,
    F64
};

typedef struct head {
    FILE *f;
    uint64_t at, size; /* bytes read, bytes there */
    uint64_t alignment;
    bool short_file;
    om_gguf_facts *facts;
} head;

static bool take(head *h, void *out, uint64_t n)
{
    if (h->short_file || n > h->size - h->at ||
        fread(out, 1, (size_t)n, h->f) != n) {
        h->short_file = true;
        memset(out, 0, (size_t)n);
        return false;
    }
    h->at += n;
    return true;
}

static bool skip(head *h, uint64_t n)
{
    if (h->short_file || n > h->size - h->at ||
        fseeko(h->f, (off_t)n, SEEK_CUR) != 0) {
        h->short_file = true;
        return false;
    }
    h->at += n;
    return true;
}

static uint32_t take_u32(head *h)
{
    unsigned char b[4];
    (void)take(h, b, sizeof b);
    return b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 |
           (uint32_t)b[3] << 24;
}

static uint64_t take_u64(head *h)
{
    const uint64_t low = take_u32(h);
    return low | (uint64_t)take_u32(h) << 32;
}

/* As much of it as fits, NUL-terminated. */
static void take_string(head *h, char *out, size_t cap)
{
    const uint64_t n = take_u64(h);
    const uint64_t kept = n < cap - 1 ? n : cap - 1;
    memset(out, 0, cap);
    if (take(h, out, kept)) (void)skip(h, n - kept);
}

static uint64_t size_of(uint32_t type)
{
    switch (type) {
    case U8:
    case I8:
    case BOOL: return 1;
    case U16:
    case I16: return 2;
    case U32:
    case I32:
    case F32: return 4;
    case U64:
    case I64:
    case F64: return 8;
    default: return 0;
    }
}

static void skip_string(head *h)
{
    (void)skip(h, take_u64(h));
}

/* False: a type that no version has. */
static bool skip_value(head *h, uint32_t type)
{
    if (type == STRING) {
        skip_string(h);
        return true;
    }
    if (type != ARRAY) return size_of(type) && (skip(h, size_of(type)), true);
    const uint32_t of = take_u32(h);
    const uint64_t n = take_u64(h);
    if (of == STRING) {
        for (uint64_t i = 0; i < n && !h->short_file; i++) skip_string(h);
        return true;
    }
    uint64_t bytes;
    if (size_of(of) == 0) return false;
    if (__builtin_mul_overflow(n, size_of(of), &bytes)) bytes = UINT64_MAX;
    (void)skip(h, bytes);
    return true;
}

static bool ends_in(const char *key, const char *tail)
{
    return om_str_ends(om_str_of(key), om_str_of(tail));
}

/* "ARCHITECTURE.block_count", and not that of a part, "clip.vision.block_count".
 */
static bool is_layers(const char *key)
{
    const char *dot = strchr(key, '.');
    return dot && strcmp(dot, ".block_count") == 0;
}

/* Look at one value; false when it is of an unknown type. */
static bool read_value(head *h)
{
    char key[KEY];
    om_gguf_facts *to = h->facts;
    take_string(h, key, sizeof key);
    const uint32_t type = take_u32(h);
    if (strcmp(key, "tokenizer.ggml.tokens") == 0) to->has_words = true;
    if (type == STRING && strcmp(key, "general.architecture") == 0) {
        take_string(h, to->architecture, sizeof to->architecture);
    } else if (type == U32 && strcmp(key, "general.alignment") == 0) {
        h->alignment = take_u32(h);
    } else if (type == U16 && strcmp(key, "split.count") == 0) {
        unsigned char b[2];
        (void)take(h, b, sizeof b);
        to->n_parts = b[0] | (unsigned)b[1] << 8;
    } else if (type == U32 && ends_in(key, ".pooling_type")) {
        to->is_embedder = take_u32(h) != 0;
    } else if (type == U32 && is_layers(key)) {
        const uint32_t n = take_u32(h);
        to->n_layers = n <= MAX_LAYERS ? (int)n : 0;
    } else {
        return skip_value(h, type);
    }
    return true;
}

/* Where the tensor ends, counted from the start of the data; 0: it cannot be.
 */
static uint64_t read_tensor(head *h)
{
    uint64_t n = 1, width = 0, offset, bytes, end;
    skip_string(h);
    const uint32_t n_dims = take_u32(h);
    if (n_dims < 1 || n_dims > MAX_DIMS) return 0;
    for (uint32_t i = 0; i < n_dims; i++) {
        const uint64_t dim = take_u64(h);
        if (i == 0)
            width = dim;
        else if (__builtin_mul_overflow(n, dim, &n))
            return 0;
    }
    const uint32_t type = take_u32(h);
    offset = take_u64(h);
    if (h->short_file || type >= GGML_TYPE_COUNT || width > INT64_MAX / 64)
        return 0;
    /* Types that were taken out again have no size. */
    const int64_t block = ggml_blck_size((enum ggml_type)type);
    if (block <= 0 || width % (uint64_t)block != 0) return 0;
    const uint64_t row = ggml_row_size((enum ggml_type)type, (int64_t)width);
    if (__builtin_mul_overflow(row, n, &bytes)) return 0;
    if (__builtin_add_overflow(offset, bytes, &end)) return 0;
    return end ? end : 1;
}

/* A wrong length in the head leads beyond the end, too: which of the two it is
 * cannot be told. */
static omost_status cut_short(const head *h, const char *path, omost_error *err)
{
    return om_fail(err, OMOST_FORMAT,
                   "%s: the file is damaged or cut short (it has %llu "
                   "bytes); fetch it again",
                   path, (unsigned long long)h->size);
}

static omost_status read_tensors(head *h, const char *path, omost_error *err)
{
    uint64_t most = 0;
    for (uint64_t i = 0; i < h->facts->n_tensors; i++) {
        const uint64_t end = read_tensor(h);
        if (h->short_file) return cut_short(h, path, err);
        if (end == 0)
            return om_fail(err, OMOST_FORMAT,
                           "%s: tensor %llu is of a shape or type that cannot "
                           "be: the file is damaged, or newer than this "
                           "libllama",
                           path, (unsigned long long)i);
        if (end > most) most = end;
    }
    const uint64_t data = (h->at + h->alignment - 1) / h->alignment;
    if (data * h->alignment > h->size || most > h->size - data * h->alignment)
        return cut_short(h, path, err);
    return OMOST_OK;
}

static omost_status read_head(head *h, const char *path, omost_error *err)
{
    char magic[4];
    if (!take(h, magic, 4) || memcmp(magic, "GGUF", 4) != 0)
        return om_fail(err, OMOST_FORMAT, "%s: not a GGUF file", path);
    const uint32_t version = take_u32(h);
    if (version < 2 || version > 3)
        return om_fail(err, OMOST_FORMAT,
                       "%s: GGUF of version %u; 2 and 3 can be read", path,
                       version);
    h->facts->n_tensors = take_u64(h);
    const uint64_t n_values = take_u64(h);
    if (h->short_file) return cut_short(h, path, err);
    if (h->facts->n_tensors > MAX_TENSORS || n_values > MAX_VALUES)
        return om_fail(err, OMOST_FORMAT, "%s: the file is damaged", path);
    for (uint64_t i = 0; i < n_values; i++) {
        const bool known = read_value(h);
        if (h->short_file) return cut_short(h, path, err);
        if (!known)
            return om_fail(err, OMOST_FORMAT, "%s: the file is damaged", path);
    }
    if (h->alignment == 0 || h->alignment > 1 << 20)
        return om_fail(err, OMOST_FORMAT, "%s: the file is damaged", path);
    return read_tensors(h, path, err);
}

omost_status om_gguf_look(const char *path, om_gguf_facts *out,
                          omost_error *err)
{
    struct stat s;
    *out = (om_gguf_facts){.n_parts = 1};
    /* Opening a pipe would wait for somebody who writes into it. */
    if (stat(path, &s) == 0 && !S_ISREG(s.st_mode))
        return om_fail(err, OMOST_FORMAT, "%s: not a file", path);
    FILE *f = fopen(path, "rb");
    if (!f)
        return om_fail(err, errno == ENOENT ? OMOST_MISSING : OMOST_IO,
                       "%s: %s", path, strerror(errno));
    omost_status st = OMOST_OK;
    if (fstat(fileno(f), &s) != 0)
        st = om_fail(err, OMOST_IO, "%s: %s", path, strerror(errno));
    if (st == OMOST_OK) {
        out->size = (uint64_t)s.st_size;
        out->modified =
            (int64_t)s.st_mtim.tv_sec * 1000000000 + s.st_mtim.tv_nsec;
        head h = {.f = f, .size = out->size, .alignment = 32, .facts = out};
        st = read_head(&h, path, err);
    }
    fclose(f);
    return st;
}
