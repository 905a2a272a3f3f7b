/* safetensors.h - one .safetensors file, mapped read-only.
 *
 *     8 bytes   length of the header, little-endian
 *     header    JSON: {"__metadata__": {text: text},
 *                      "name": {"dtype", "shape", "data_offsets": [begin, end]}}
 *     data      the tensors, row-major, each byte belonging to exactly one
 *
 * Everything the header says is checked before anybody may look at a tensor:
 * kinds, shapes, their product against the span, spans against each other and
 * against the file. What is left over, missing or twice there is an error, one
 * sentence that names file and tensor. Tensors of no elements are allowed.
 *
 * A file never changes once open, and any number of threads may read it. If
 * another program cuts the file short while it is mapped, reading it ends this
 * program (SIGBUS); no reader of mapped files can help that. */
#ifndef OM_WEIGHTS_SAFETENSORS_H
#define OM_WEIGHTS_SAFETENSORS_H

#include "base/mem.h"
#include "weights/dtype.h"

enum {
    OM_ST_MAX_DIMS = 8,
    OM_ST_MAX_HEADER = 100000000, /* bytes; the format's own limit */
    OM_ST_MAX_MARKS = 4000000     /* commas and colons: JSON of at most a few
                                   * hundred MB; 2500 tensors have 30000 */
};

typedef struct om_st_tensor {
    om_str name; /* a NUL follows it */
    om_dtype dtype;
    int n_dims; /* 0: a single number */
    size_t dim[OM_ST_MAX_DIMS];
    size_t n;         /* elements */
    size_t bytes;     /* n * size of dtype */
    const void *data; /* at any address; lent by the file */
} om_st_tensor;

typedef struct om_st_text {
    om_str key, value;
} om_st_text;

typedef struct om_safetensors om_safetensors;

/* Map and check the file. */
om_safetensors *om_st_open(const omost_env *env, const char *path,
                           omost_error *err);
/* The same for bytes that outlive the object; `name` is for messages. */
om_safetensors *om_st_parse(const omost_env *env, const char *name,
                            om_str bytes, omost_error *err);
void om_st_close(om_safetensors *st);

const char *om_st_path(const om_safetensors *st);
/* Bytes of the whole file. */
size_t om_st_file_bytes(const om_safetensors *st);

/* Tensors in the order of their bytes. */
size_t om_st_count(const om_safetensors *st);
const om_st_tensor *om_st_at(const om_safetensors *st, size_t i);
/* The tensor of this name, or NULL: a binary search. */
const om_st_tensor *om_st_find(const om_safetensors *st, om_str name);
/* Whether any name begins so. */
bool om_st_has_prefix(const om_safetensors *st, om_str head);

/* "__metadata__", in the order of the file. */
size_t om_st_text_count(const om_safetensors *st);
om_st_text om_st_text_at(const om_safetensors *st, size_t i);
/* Its value; p == NULL when there is none. */
om_str om_st_text_find(const om_safetensors *st, const char *key);

/* "[320, 4, 3, 3]"; returns out. Long ones are cut. */
enum { OM_SHAPE_TEXT = 96 };
const char *om_shape_text(char out[OM_SHAPE_TEXT], const size_t *dim,
                          int n_dims);

#endif
