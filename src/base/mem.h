/* mem.h - allocation through the caller's env, and the arena a job lives in.
 *
 * An arena hands out memory that goes all at once. It fails softly: NULL when
 * the env has no more or when the arena's limit is reached. */
#ifndef OM_BASE_MEM_H
#define OM_BASE_MEM_H

#include "base/str.h"

void *om_alloc(const omost_env *env, size_t size);
void *om_zalloc(const omost_env *env, size_t size);
void *om_realloc(const omost_env *env, void *p, size_t size);
void om_free(const omost_env *env, void *p);

/* a * b in *out, or false when it does not fit. */
static inline bool om_mul_size(size_t a, size_t b, size_t *out)
{
    return !__builtin_mul_overflow(a, b, out);
}

/* p[n] grown so that one more element fits; the capacity is kept in *cap.
 * NULL (and p untouched) when there is no memory. */
void *om_grow(const omost_env *env, void *p, size_t n, size_t *cap,
              size_t elem);

typedef struct om_chunk om_chunk;
typedef struct om_arena {
    const omost_env *env;
    om_chunk *chunk;  /* newest first */
    char *next, *end; /* free part of the newest chunk */
    size_t total;     /* bytes taken from the env */
    size_t limit;     /* most it may take; 0: no limit */
} om_arena;

static inline void om_arena_init(om_arena *a, const omost_env *env,
                                 size_t limit)
{
    *a = (om_arena){.env = env, .limit = limit};
}

/* Uninitialised, aligned to 16 bytes. size 0 gives a valid pointer. */
void *om_arena_alloc(om_arena *a, size_t size);
void *om_arena_zalloc(om_arena *a, size_t size);
/* n elements of `elem` bytes, zeroed; NULL also when the product overflows. */
void *om_arena_array(om_arena *a, size_t n, size_t elem);
/* A copy of s; a NUL follows it. p == NULL when there is no memory. */
om_str om_arena_str(om_arena *a, om_str s);
/* Forget everything but keep the newest chunk for the next job. */
void om_arena_reset(om_arena *a);
void om_arena_free(om_arena *a);

#endif
