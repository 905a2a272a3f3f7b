/* mem.c - see mem.h. */
#include "base/mem.h"

#include <stdlib.h>

void *om_realloc(const omost_env *env, void *p, size_t size)
{
    if (env && env->realloc) return env->realloc(env->user, p, size);
    if (size == 0) {
        free(p);
        return NULL;
    }
    return realloc(p, size);
}

void *om_alloc(const omost_env *env, size_t size)
{
    return om_realloc(env, NULL, size ? size : 1);
}

void *om_zalloc(const omost_env *env, size_t size)
{
    void *p = om_alloc(env, size);
    if (p) memset(p, 0, size);
    return p;
}

void om_free(const omost_env *env, void *p)
{
    if (p) om_realloc(env, p, 0);
}

void *om_grow(const omost_env *env, void *p, size_t n, size_t *cap, size_t elem)
{
    if (n < *cap) return p;
    size_t want = *cap ? *cap * 2 : 16, bytes;
    if (want <= n || !om_mul_size(want, elem, &bytes)) return NULL;
    void *q = om_realloc(env, p, bytes);
    if (q) *cap = want;
    return q;
}

struct om_chunk {
    om_chunk *older;
    size_t size;
};

enum {
    ALIGN = 16,
    HEAD = (sizeof(om_chunk) + ALIGN - 1) / ALIGN * ALIGN,
    FIRST_CHUNK = 4096,
    MAX_CHUNK = 1 << 20,
};

static char *chunk_data(om_chunk *c)
{
    return (char *)c + HEAD;
}

static bool add_chunk(om_arena *a, size_t need)
{
    size_t size = a->chunk ? a->chunk->size * 2 : FIRST_CHUNK;
    size_t head = HEAD;
    if (size > MAX_CHUNK) size = MAX_CHUNK;
    if (need > SIZE_MAX - head) return false;
    if (size < need + head) size = need + head;
    if (a->limit && (size > a->limit || a->total > a->limit - size))
        return false;
    om_chunk *c = om_alloc(a->env, size);
    if (!c) return false;
    *c = (om_chunk){.older = a->chunk, .size = size};
    a->chunk = c;
    a->next = chunk_data(c);
    a->end = (char *)c + size;
    a->total += size;
    return true;
}

void *om_arena_alloc(om_arena *a, size_t size)
{
    if (size > SIZE_MAX - ALIGN) return NULL;
    size = size ? (size + ALIGN - 1) / ALIGN * ALIGN : ALIGN;
    if ((size_t)(a->end - a->next) < size && !add_chunk(a, size)) return NULL;
    void *p = a->next;
    a->next += size;
    return p;
}

void *om_arena_zalloc(om_arena *a, size_t size)
{
    void *p = om_arena_alloc(a, size);
    if (p) memset(p, 0, size);
    return p;
}

void *om_arena_array(om_arena *a, size_t n, size_t elem)
{
    size_t bytes;
    return om_mul_size(n, elem, &bytes) ? om_arena_zalloc(a, bytes) : NULL;
}

om_str om_arena_str(om_arena *a, om_str s)
{
    char *p = s.n < SIZE_MAX ? om_arena_alloc(a, s.n + 1) : NULL;
    if (!p) return (om_str){0};
    if (s.n) memcpy(p, s.p, s.n);
    p[s.n] = '\0';
    return (om_str){p, s.n};
}

static void free_older(om_arena *a, om_chunk *c)
{
    while (c) {
        om_chunk *older = c->older;
        om_free(a->env, c);
        c = older;
    }
}

void om_arena_reset(om_arena *a)
{
    if (!a->chunk) return;
    free_older(a, a->chunk->older);
    a->chunk->older = NULL;
    a->total = a->chunk->size;
    a->next = chunk_data(a->chunk);
    a->end = (char *)a->chunk + a->chunk->size;
}

void om_arena_free(om_arena *a)
{
    free_older(a, a->chunk);
    om_arena_init(a, a->env, a->limit);
}
