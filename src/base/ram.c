/* ram.c - see ram.h. Linux tells in text files; elsewhere sysconf() knows the
 * machine's memory. */
#include "base/ram.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/file.h"

enum { MOST_TEXT = 64 << 10, MOST_PATH = 4096 };

/* The file's text; what cannot be read is empty. */
static om_str read_text(om_buf *b, const char *path)
{
    b->n = 0;
    b->status = OMOST_OK;
    if (om_file_read(path, b, NULL) != OMOST_OK) b->n = 0;
    return om_buf_view(b);
}

static om_str next_line(om_str *text)
{
    size_t n = 0;
    while (n < text->n && text->p[n] != '\n') n++;
    om_str line = {text->p, n};
    *text = om_str_skip(*text, n < text->n ? n + 1 : n);
    return line;
}

/* Digits after blanks; false for anything else, "max" too. */
static bool read_number(om_str s, uint64_t *out)
{
    size_t i = 0;
    uint64_t v = 0;
    while (i < s.n && (s.p[i] == ' ' || s.p[i] == '\t')) i++;
    const size_t first = i;
    for (; i < s.n && s.p[i] >= '0' && s.p[i] <= '9'; i++)
        if (__builtin_mul_overflow(v, 10, &v) ||
            __builtin_add_overflow(v, (uint64_t)(s.p[i] - '0'), &v))
            return false;
    *out = v;
    return i > first;
}

/* ---- the machine --------------------------------------------------------- */

static void read_machine(om_ram *r, const char *root, om_buf *b)
{
    char path[MOST_PATH];
    uint64_t kb;
    snprintf(path, sizeof path, "%s/proc/meminfo", root);
    for (om_str text = read_text(b, path); text.n;) {
        const om_str line = next_line(&text);
        const om_str total = OM_STR("MemTotal:"), swap = OM_STR("SwapTotal:");
        if (om_str_starts(line, total) &&
            read_number(om_str_skip(line, total.n), &kb))
            r->physical = kb << 10;
        if (om_str_starts(line, swap) &&
            read_number(om_str_skip(line, swap.n), &kb))
            r->swap = kb << 10;
    }
#ifdef _SC_PHYS_PAGES
    const long pages = sysconf(_SC_PHYS_PAGES), page = sysconf(_SC_PAGESIZE);
    if (r->physical == OM_RAM_UNLIMITED && !*root && pages > 0 && page > 0)
        r->physical = (uint64_t)pages * (uint64_t)page;
#endif
}

/* ---- cgroups ------------------------------------------------------------- */

/* The limit in FOLDER/name, for every folder from /sys/fs/cgroup/BASE/path up:
 * in a container the upper ones are not to be seen. */
static void read_folders(om_ram *r, const char *root, const char *base,
                         om_str path, const char *name)
{
    char file[MOST_PATH];
    om_buf b;
    uint64_t limit;
    om_buf_init(&b, NULL, MOST_TEXT);
    for (;;) {
        while (path.n && path.p[path.n - 1] == '/') path.n--;
        const int n =
            snprintf(file, sizeof file, "%s/sys/fs/cgroup%s%.*s/%s", root, base,
                     (int)path.n, path.n ? path.p : "", name);
        if (n > 0 && (size_t)n < sizeof file &&
            read_number(read_text(&b, file), &limit) && limit < r->group)
            r->group = limit;
        if (path.n == 0) break;
        while (path.n && path.p[path.n - 1] != '/') path.n--;
    }
    om_buf_free(&b);
}

/* Lines "0::/path" (version 2) and "4:memory:/path" (version 1). */
static void read_groups(om_ram *r, const char *root, om_buf *b)
{
    const om_str first = OM_STR(":memory:");
    char path[MOST_PATH];
    snprintf(path, sizeof path, "%s/proc/self/cgroup", root);
    for (om_str text = read_text(b, path); text.n;) {
        const om_str line = next_line(&text);
        const size_t at = om_str_find(line, first);
        if (om_str_starts(line, OM_STR("0::")))
            read_folders(r, root, "", om_str_skip(line, 3), "memory.max");
        else if (at != SIZE_MAX)
            read_folders(r, root, "/memory", om_str_skip(line, at + first.n),
                         "memory.limit_in_bytes");
    }
}

om_ram om_ram_read(const char *root)
{
    om_ram r = {.physical = OM_RAM_UNLIMITED,
                .process = OM_RAM_UNLIMITED,
                .group = OM_RAM_UNLIMITED};
    struct rlimit limit;
    om_buf b;
    om_buf_init(&b, NULL, MOST_TEXT);
    read_machine(&r, root, &b);
    read_groups(&r, root, &b);
    om_buf_free(&b);
    if (getrlimit(RLIMIT_AS, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY)
        r.process = limit.rlim_cur;
    return r;
}

/* ---- the limit ----------------------------------------------------------- */

static uint64_t add(uint64_t a, uint64_t b)
{
    return a > OM_RAM_UNLIMITED - b ? OM_RAM_UNLIMITED : a + b;
}

uint64_t om_ram_most(const om_ram *r)
{
    uint64_t most = add(r->physical, r->swap);
    const uint64_t group = add(r->group, r->swap);
    if (group < most) most = group;
    return r->process < most ? r->process : most;
}
