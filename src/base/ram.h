/* ram.h - how much memory this process can have at most. What is free at the
 * moment says little: caches are given up, and other programs end. */
#ifndef OM_BASE_RAM_H
#define OM_BASE_RAM_H

#include <stdint.h>

#define OM_RAM_UNLIMITED UINT64_MAX

/* In bytes; OM_RAM_UNLIMITED: no limit, or none that can be seen. */
typedef struct om_ram {
    uint64_t physical;
    uint64_t swap;    /* 0: none */
    uint64_t process; /* what the caller has limited it to: ulimit -v */
    uint64_t group;   /* a container's, the smallest of its cgroup's folders */
} om_ram;

/* `root` is put before /proc and /sys: "", or a folder for tests. */
om_ram om_ram_read(const char *root);

/* The smallest limit; of the machine and of a container with swap. */
uint64_t om_ram_most(const om_ram *r);

#endif
