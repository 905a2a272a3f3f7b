/* safetensors.c - see safetensors.h. */
#include "weights/safetensors.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/json.h"

enum { HEAD = 8 };

struct om_safetensors {
    om_arena arena;
    const char *path;
    om_str bytes;
    void *map; /* NULL: the bytes are somebody else's */
    om_str data;
    om_st_tensor *tensor;        /* by place */
    const om_st_tensor **sorted; /* by name */
    size_t n;
    om_st_text *text;
    size_t n_texts;
};

/* ---- one tensor ---------------------------------------------------------- */

static omost_status fail_tensor(const om_safetensors *st, const char *name,
                                const char *what, omost_error *err)
{
    return om_fail(err, OMOST_FORMAT, "%s: tensor %s %s", st->path, name, what);
}

static bool read_size(const json_t *v, size_t *out)
{
    if (!json_is_integer(v) || json_integer_value(v) < 0) return false;
    *out = (size_t)json_integer_value(v);
    return true;
}

static omost_status read_shape(const om_safetensors *st, om_st_tensor *t,
                               const json_t *shape, omost_error *err)
{
    size_t n = json_array_size(shape);
    if (!json_is_array(shape))
        return fail_tensor(st, t->name.p, "has no shape", err);
    if (n > OM_ST_MAX_DIMS)
        return fail_tensor(st, t->name.p, "has more than 8 dimensions", err);
    t->n_dims = (int)n;
    t->n = 1;
    for (size_t i = 0; i < n; i++) {
        if (!read_size(json_array_get(shape, i), &t->dim[i]))
            return fail_tensor(st, t->name.p,
                               "has a shape that is not of whole numbers", err);
        if (!om_mul_size(t->n, t->dim[i], &t->n))
            return fail_tensor(st, t->name.p,
                               "has a shape too large for any computer", err);
    }
    if (!om_mul_size(t->n, om_dtype_size(t->dtype), &t->bytes))
        return fail_tensor(st, t->name.p,
                           "has a shape too large for any computer", err);
    return OMOST_OK;
}

static omost_status read_span(const om_safetensors *st, om_st_tensor *t,
                              const json_t *span, omost_error *err)
{
    size_t begin, end;
    char shape[OM_SHAPE_TEXT];
    if (json_array_size(span) != 2 ||
        !read_size(json_array_get(span, 0), &begin) ||
        !read_size(json_array_get(span, 1), &end) || begin > end)
        return fail_tensor(st, t->name.p, "has no proper data_offsets", err);
    if (end > st->data.n)
        return om_fail(err, OMOST_FORMAT,
                       "%s: tensor %s ends at byte %zu of the data, and only "
                       "%zu are there; the file is cut off or damaged",
                       st->path, t->name.p, end, st->data.n);
    if (end - begin != t->bytes)
        return om_fail(err, OMOST_FORMAT,
                       "%s: tensor %s, %s %s, takes %zu bytes, and the header "
                       "gives it %zu",
                       st->path, t->name.p, om_dtype_name(t->dtype),
                       om_shape_text(shape, t->dim, t->n_dims), t->bytes,
                       end - begin);
    t->data = st->data.p + begin;
    return OMOST_OK;
}

static omost_status read_tensor(om_safetensors *st, om_st_tensor *t,
                                const char *name, const json_t *v,
                                omost_error *err)
{
    om_str word = om_json_str(json_object_get(v, "dtype"));
    t->name = om_arena_str(&st->arena, om_str_of(name));
    if (!t->name.p) return om_fail_nomem(err);
    if (!json_is_object(v) || !word.p)
        return fail_tensor(st, name, "has no dtype", err);
    t->dtype = om_dtype_find(word);
    if (t->dtype == OM_N_DTYPES)
        return om_fail(err, OMOST_FORMAT,
                       "%s: tensor %s is of dtype \"%.*s\", which is not known "
                       "here",
                       st->path, name, OM_STR_ARG(word));
    omost_status s = read_shape(st, t, json_object_get(v, "shape"), err);
    if (s == OMOST_OK)
        s = read_span(st, t, json_object_get(v, "data_offsets"), err);
    return s;
}

static omost_status read_texts(om_safetensors *st, json_t *meta,
                               omost_error *err)
{
    const char *key;
    json_t *v;
    if (!json_is_object(meta))
        return om_fail(err, OMOST_FORMAT, "%s: __metadata__ is not an object",
                       st->path);
    st->text =
        om_arena_array(&st->arena, json_object_size(meta), sizeof *st->text);
    if (!st->text) return om_fail_nomem(err);
    json_object_foreach(meta, key, v)
    {
        om_st_text *t = &st->text[st->n_texts++];
        if (!json_is_string(v))
            return om_fail(err, OMOST_FORMAT,
                           "%s: \"%s\" in __metadata__ is not a text", st->path,
                           key);
        t->key = om_arena_str(&st->arena, om_str_of(key));
        t->value = om_arena_str(&st->arena, om_json_str(v));
        if (!t->key.p || !t->value.p) return om_fail_nomem(err);
    }
    return OMOST_OK;
}

/* ---- all of them --------------------------------------------------------- */

static int by_place(const void *a, const void *b)
{
    const om_st_tensor *s = a, *t = b;
    const char *p = s->data, *q = t->data;
    if (p != q) return p < q ? -1 : 1;
    if (s->bytes != t->bytes) return s->bytes < t->bytes ? -1 : 1;
    return om_str_cmp(s->name, t->name);
}

static int by_name(const void *a, const void *b)
{
    const om_st_tensor *const *s = a, *const *t = b;
    return om_str_cmp((*s)->name, (*t)->name);
}

/* Every byte of the data belongs to one tensor. */
static omost_status check_places(const om_safetensors *st, omost_error *err)
{
    const char *at = st->data.p;
    const om_st_tensor *before = NULL;
    for (size_t i = 0; i < st->n; i++) {
        const om_st_tensor *t = &st->tensor[i];
        const char *p = t->data;
        if (p < at)
            return om_fail(err, OMOST_FORMAT,
                           "%s: tensors %s and %s lie over one another",
                           st->path, before ? before->name.p : "", t->name.p);
        if (p > at)
            return om_fail(err, OMOST_FORMAT,
                           "%s: %zu bytes before tensor %s belong to none",
                           st->path, (size_t)(p - at), t->name.p);
        at = p + t->bytes;
        before = t;
    }
    size_t left = (size_t)(st->data.p + st->data.n - at);
    if (left == 0) return OMOST_OK;
    return om_fail(err, OMOST_FORMAT,
                   "%s: %zu bytes after the last tensor belong to none",
                   st->path, left);
}

static omost_status read_entries(om_safetensors *st, json_t *root,
                                 omost_error *err)
{
    const char *key;
    json_t *v;
    size_t n = json_object_size(root);
    omost_status s = OMOST_OK;
    st->tensor = om_arena_array(&st->arena, n, sizeof *st->tensor);
    st->sorted = om_arena_array(&st->arena, n, sizeof *st->sorted);
    if (!st->tensor || !st->sorted) return om_fail_nomem(err);
    json_object_foreach(root, key, v)
    {
        if (strcmp(key, "__metadata__") == 0)
            s = read_texts(st, v, err);
        else
            s = read_tensor(st, &st->tensor[st->n++], key, v, err);
        if (s != OMOST_OK) return s;
    }
    qsort(st->tensor, st->n, sizeof *st->tensor, by_place);
    for (size_t i = 0; i < st->n; i++) st->sorted[i] = &st->tensor[i];
    qsort(st->sorted, st->n, sizeof *st->sorted, by_name);
    return check_places(st, err);
}

/* The header's text and the data after it. */
static omost_status split(om_safetensors *st, om_str *header, omost_error *err)
{
    uint64_t len = 0;
    size_t marks = 0;
    const unsigned char *p = (const unsigned char *)st->bytes.p;
    if (st->bytes.n < HEAD)
        return om_fail(err, OMOST_FORMAT,
                       "%s is no safetensors file: it has only %zu bytes",
                       st->path, st->bytes.n);
    for (int i = HEAD - 1; i >= 0; i--) len = len << 8 | p[i];
    if (len > OM_ST_MAX_HEADER)
        return om_fail(err, OMOST_FORMAT,
                       "%s is no safetensors file: its header would be longer "
                       "than the %d bytes the format allows",
                       st->path, OM_ST_MAX_HEADER);
    if (len > st->bytes.n - HEAD)
        return om_fail(err, OMOST_FORMAT,
                       "%s is cut off or no safetensors file: its header would "
                       "be %zu bytes long, and only %zu follow",
                       st->path, (size_t)len, st->bytes.n - HEAD);
    *header = (om_str){st->bytes.p + HEAD, (size_t)len};
    st->data = om_str_skip(st->bytes, HEAD + (size_t)len);
    if (header->n == 0 || header->p[0] != '{')
        return om_fail(err, OMOST_FORMAT,
                       "%s is no safetensors file: its header does not begin "
                       "with \"{\"",
                       st->path);
    for (size_t i = 0; i < header->n; i++)
        marks += header->p[i] == ',' || header->p[i] == ':';
    if (marks <= OM_ST_MAX_MARKS) return OMOST_OK;
    return om_fail(err, OMOST_LIMIT,
                   "%s: the header has more entries than are accepted here",
                   st->path);
}

static omost_status read_header(om_safetensors *st, omost_error *err)
{
    om_str header = {0};
    omost_error why;
    omost_status s = split(st, &header, err);
    if (s != OMOST_OK) return s;
    json_t *root = om_json_parse(header, "the header", &why);
    if (!root && why.status == OMOST_NOMEM) return om_fail_nomem(err);
    if (!root) return om_fail(err, OMOST_FORMAT, "%s: %s", st->path, why.msg);
    s = read_entries(st, root, err); /* an object: it began with "{" */
    json_decref(root);
    return s;
}

/* ---- files --------------------------------------------------------------- */

static om_safetensors *new_file(const omost_env *env, const char *path,
                                omost_error *err)
{
    om_safetensors *st = om_zalloc(env, sizeof *st);
    if (!st) {
        om_fail_nomem(err);
        return NULL;
    }
    om_arena_init(&st->arena, env, 0);
    st->path = om_arena_str(&st->arena, om_str_of(path)).p;
    if (st->path) return st;
    om_fail_nomem(err);
    om_st_close(st);
    return NULL;
}

static om_safetensors *finish(om_safetensors *st, omost_error *err)
{
    if (read_header(st, err) == OMOST_OK) return st;
    om_st_close(st);
    return NULL;
}

static omost_status map_file(om_safetensors *st, omost_error *err)
{
    struct stat sb;
    omost_status s = OMOST_OK;
    /* Not to wait for the other end of a pipe. */
    int fd = open(st->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) {
        s = errno == ENOENT || errno == ENOTDIR ? OMOST_MISSING : OMOST_IO;
        return om_fail(err, s, "cannot open %s: %s", st->path, strerror(errno));
    }
    if (fstat(fd, &sb) != 0 || !S_ISREG(sb.st_mode))
        s = om_fail(err, OMOST_IO, "%s is not a file", st->path);
    else if (sb.st_size < HEAD)
        s = om_fail(err, OMOST_FORMAT,
                    "%s is no safetensors file: it has only %lld bytes",
                    st->path, (long long)sb.st_size);
    else {
        size_t n = (size_t)sb.st_size;
        void *p = mmap(NULL, n, PROT_READ, MAP_PRIVATE, fd, 0);
        if (p == MAP_FAILED)
            s = om_fail(err, errno == ENOMEM ? OMOST_NOMEM : OMOST_IO,
                        "cannot map %s: %s", st->path, strerror(errno));
        else {
            st->map = p;
            st->bytes = (om_str){p, n};
        }
    }
    close(fd);
    return s;
}

om_safetensors *om_st_open(const omost_env *env, const char *path,
                           omost_error *err)
{
    om_safetensors *st = new_file(env, path, err);
    if (!st) return NULL;
    if (map_file(st, err) == OMOST_OK) return finish(st, err);
    om_st_close(st);
    return NULL;
}

om_safetensors *om_st_parse(const omost_env *env, const char *name,
                            om_str bytes, omost_error *err)
{
    om_safetensors *st = new_file(env, name, err);
    if (!st) return NULL;
    st->bytes = bytes;
    return finish(st, err);
}

void om_st_close(om_safetensors *st)
{
    if (!st) return;
    const omost_env *env = st->arena.env;
    if (st->map) munmap(st->map, st->bytes.n);
    om_arena_free(&st->arena);
    om_free(env, st);
}

/* ---- looking ------------------------------------------------------------- */

const char *om_st_path(const om_safetensors *st)
{
    return st->path;
}

size_t om_st_file_bytes(const om_safetensors *st)
{
    return st->bytes.n;
}

size_t om_st_count(const om_safetensors *st)
{
    return st->n;
}

const om_st_tensor *om_st_at(const om_safetensors *st, size_t i)
{
    return i < st->n ? &st->tensor[i] : NULL;
}

/* Index in `sorted` of the first name that is not before `name`. */
static size_t lower_bound(const om_safetensors *st, om_str name)
{
    size_t low = 0, high = st->n;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (om_str_cmp(st->sorted[mid]->name, name) < 0)
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

const om_st_tensor *om_st_find(const om_safetensors *st, om_str name)
{
    size_t i = lower_bound(st, name);
    return i < st->n && om_str_eq(st->sorted[i]->name, name) ? st->sorted[i]
                                                             : NULL;
}

bool om_st_has_prefix(const om_safetensors *st, om_str head)
{
    size_t i = lower_bound(st, head);
    return i < st->n && om_str_starts(st->sorted[i]->name, head);
}

size_t om_st_text_count(const om_safetensors *st)
{
    return st->n_texts;
}

om_st_text om_st_text_at(const om_safetensors *st, size_t i)
{
    return i < st->n_texts ? st->text[i] : (om_st_text){0};
}

om_str om_st_text_find(const om_safetensors *st, const char *key)
{
    for (size_t i = 0; i < st->n_texts; i++)
        if (om_str_eqz(st->text[i].key, key)) return st->text[i].value;
    return (om_str){0};
}

const char *om_shape_text(char out[OM_SHAPE_TEXT], const size_t *dim,
                          int n_dims)
{
    size_t n = 0;
    out[n++] = '[';
    for (int i = 0; i < n_dims && n < OM_SHAPE_TEXT - 24; i++)
        n += (size_t)snprintf(out + n, OM_SHAPE_TEXT - n, "%s%zu",
                              i ? ", " : "", dim[i]);
    out[n++] = ']';
    out[n] = '\0';
    return out;
}
