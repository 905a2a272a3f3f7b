/* test_ram.c - base/ram.h: how much memory a process can have, read from files
 * made up here. */
#define _GNU_SOURCE
#include "support.h"

#include <ftw.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/ram.h"

static char root[] = "/tmp/omost-ram-XXXXXX";

/* PATH below the root, with the folders it needs. */
static void put(const char *path, const char *text)
{
    char full[300];
    omost_error err;
    const int n = snprintf(full, sizeof full, "%s%s", root, path);
    assert_true(n > 0 && (size_t)n < sizeof full);
    for (char *p = full + sizeof root; *p; p++) {
        if (*p != '/') continue;
        *p = '\0';
        (void)mkdir(full, 0700);
        *p = '/';
    }
    if (om_file_write(NULL, full, om_str_of(text), &err))
        fail_msg("%s", err.msg);
}

static int make_root(void **state)
{
    (void)state;
    return mkdtemp(root) ? 0 : -1;
}

static int remove_one(const char *path, const struct stat *sb, int kind,
                      struct FTW *where)
{
    (void)sb, (void)kind, (void)where;
    return remove(path);
}

static int remove_root(void **state)
{
    (void)state;
    return nftw(root, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static void test_nothing_known(void **state)
{
    (void)state;
    const om_ram r = om_ram_read("/nowhere");
    assert_true(r.physical == OM_RAM_UNLIMITED && r.swap == 0);
    assert_true(r.group == OM_RAM_UNLIMITED);
    const om_ram none = {OM_RAM_UNLIMITED, 0, OM_RAM_UNLIMITED,
                         OM_RAM_UNLIMITED};
    assert_true(om_ram_most(&none) == OM_RAM_UNLIMITED);
}

static void test_machine(void **state)
{
    (void)state;
    put("/proc/meminfo",
        "MemTotal:       16384 kB\nMemFree: 1 kB\nSwapTotal:       1024 kB\n");
    om_ram r = om_ram_read(root);
    assert_int_equal(r.physical, 16 << 20);
    assert_int_equal(r.swap, 1 << 20);
    assert_int_equal(om_ram_most(&r), 17 << 20);
    put("/proc/meminfo", "MemTotal: lots\nSwapTotal: 99999999999999999999\n");
    r = om_ram_read(root);
    assert_true(r.physical == OM_RAM_UNLIMITED && r.swap == 0);
}

static void test_groups(void **state)
{
    (void)state;
    put("/proc/meminfo", "MemTotal: 16384 kB\nSwapTotal: 1024 kB\n");
    put("/proc/self/cgroup", "0::/user.slice/job\n");
    put("/sys/fs/cgroup/user.slice/job/memory.max", "max\n");
    om_ram r = om_ram_read(root);
    assert_true(r.group == OM_RAM_UNLIMITED);
    put("/sys/fs/cgroup/user.slice/memory.max", "4194304\n");
    r = om_ram_read(root);
    assert_int_equal(r.group, 4 << 20);
    assert_int_equal(om_ram_most(&r), 5 << 20);
    put("/sys/fs/cgroup/memory.max", "1048576\n"); /* a container's own */
    r = om_ram_read(root);
    assert_int_equal(r.group, 1 << 20);
    /* version 1 */
    put("/proc/self/cgroup", "5:cpu:/job\n4:memory:/job\n");
    put("/sys/fs/cgroup/memory/job/memory.limit_in_bytes", "3145728\n");
    put("/sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n");
    r = om_ram_read(root);
    assert_int_equal(r.group, 3 << 20);
}

static void test_process(void **state)
{
    (void)state;
    struct rlimit was, less;
    assert_int_equal(getrlimit(RLIMIT_AS, &was), 0);
    less = was;
    less.rlim_cur = (rlim_t)1 << 46;
    if (was.rlim_max != RLIM_INFINITY && was.rlim_max < less.rlim_cur) skip();
    assert_int_equal(setrlimit(RLIMIT_AS, &less), 0);
    om_ram r = om_ram_read("/nowhere");
    assert_int_equal(setrlimit(RLIMIT_AS, &was), 0);
    assert_true(r.process == (uint64_t)1 << 46);
    assert_true(om_ram_most(&r) == (uint64_t)1 << 46);
}

/* The machine of the test has some. */
static void test_here(void **state)
{
    (void)state;
    const om_ram r = om_ram_read("");
    assert_true(r.physical > 64 << 20 && r.physical != OM_RAM_UNLIMITED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nothing_known), cmocka_unit_test(test_machine),
        cmocka_unit_test(test_groups),        cmocka_unit_test(test_process),
        cmocka_unit_test(test_here),
    };
    return cmocka_run_group_tests(tests, make_root, remove_root);
}
