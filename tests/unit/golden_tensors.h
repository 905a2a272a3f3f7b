/* golden_tensors.h - arrays of the golden data for tests: a reader of trusted
 * .safetensors that knows nothing of limits, and numbers of carried JSON. */
#ifndef OM_TESTS_GOLDEN_TENSORS_H
#define OM_TESTS_GOLDEN_TENSORS_H

#include "unit/support.h"

typedef struct golden_tensors {
    om_buf file;
    json_t *header;
    const char *data; /* NULL: the file is not there */
} golden_tensors;

/* Opens golden/NAME; where it is not, says so and returns false. */
static inline bool golden_tensors_open(golden_tensors *t, const char *name)
{
    *t = (golden_tensors){0};
    if (!golden_file(name, &t->file)) return false;
    omost_error err;
    uint64_t size;
    assert_true(t->file.n > sizeof size);
    memcpy(&size, t->file.p, sizeof size);
    assert_true(size < t->file.n - sizeof size);
    t->header =
        om_json_parse((om_str){t->file.p + sizeof size, size}, name, &err);
    if (!t->header) fail_msg("%s", err.msg);
    t->data = t->file.p + sizeof size + size;
    return true;
}

static inline void golden_tensors_close(golden_tensors *t)
{
    json_decref(t->header);
    om_buf_free(&t->file);
}

/* A copy of a tensor's bytes, to be freed, and how many elements of `width`
 * bytes it holds; the test fails when it is not there. */
static inline void *golden_tensor(const golden_tensors *t, const char *name,
                                  size_t width, size_t *n)
{
    json_t *entry = json_object_get(t->header, name);
    if (!entry) fail_msg("no tensor %s", name);
    json_t *offsets = json_object_get(entry, "data_offsets");
    size_t begin = (size_t)json_integer_value(json_array_get(offsets, 0));
    size_t end = (size_t)json_integer_value(json_array_get(offsets, 1));
    assert_true(begin <= end && end <= t->file.n);
    void *copy = malloc(end - begin + 1);
    assert_non_null(copy);
    memcpy(copy, t->data + begin, end - begin);
    if (n) *n = (end - begin) / width;
    return copy;
}

static inline float *golden_floats(const golden_tensors *t, const char *name,
                                   size_t *n)
{
    return golden_tensor(t, name, sizeof(float), n);
}

/* Side i of a tensor's shape. */
static inline int golden_side(const golden_tensors *t, const char *name,
                              size_t i)
{
    json_t *shape = json_object_get(json_object_get(t->header, name), "shape");
    return (int)json_integer_value(json_array_get(shape, i));
}

/* The numbers of a JSON array, to be freed. */
static inline float *json_floats(const json_t *array, size_t *n)
{
    size_t count = json_array_size(array);
    float *v = malloc((count + 1) * sizeof *v);
    assert_non_null(v);
    for (size_t i = 0; i < count; i++)
        v[i] = (float)json_number_value(json_array_get(array, i));
    if (n) *n = count;
    return v;
}

/* The largest distance between two arrays; NaN counts as infinite. */
static inline double worst_distance(const float *a, const float *b, size_t n)
{
    double worst = 0;
    for (size_t i = 0; i < n; i++) {
        double d = a[i] > b[i] ? (double)a[i] - b[i] : (double)b[i] - a[i];
        if (!(d <= worst)) worst = d == d ? d : 1e300;
    }
    return worst;
}

#endif
