/* replay_main.c - run a fuzz target over the files of its corpus folders, with
 * any compiler and no fuzzer. Each input is copied to a block of exactly its
 * size, so that a sanitizer sees the first byte read too far.
 *
 *     fuzz_NAME [FOLDER|FILE]...
 */
#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { EXIT_SKIPPED = 77, MAX_INPUT_BYTES = 16 << 20 };

static int run_file(const char *path)
{
    FILE *f = fopen(path, "rb");
    if (!f) {
        fprintf(stderr, "%s: %s\n", path, strerror(errno));
        return -1;
    }
    int rc = -1;
    uint8_t *data = NULL;
    struct stat st;
    if (fstat(fileno(f), &st) != 0 || st.st_size > MAX_INPUT_BYTES) {
        fprintf(stderr, "%s: not a file of up to 16 MiB\n", path);
        goto done;
    }
    size_t size = (size_t)st.st_size;
    data = malloc(size ? size : 1);
    if (!data || fread(data, 1, size, f) != size) {
        fprintf(stderr, "%s: could not be read\n", path);
        goto done;
    }
    LLVMFuzzerTestOneInput(data, size);
    rc = 0;
done:
    free(data);
    fclose(f);
    return rc;
}

/* The number of inputs run, or -1. A folder that does not exist holds none. */
static int run_folder(const char *path)
{
    struct dirent **entries = NULL;
    int n = scandir(path, &entries, NULL, alphasort);
    int n_run = 0;
    for (int i = 0; i < n; i++) {
        char file[4096];
        int len =
            snprintf(file, sizeof file, "%s/%s", path, entries[i]->d_name);
        if (entries[i]->d_name[0] != '.' && n_run >= 0) {
            bool ok =
                len > 0 && (size_t)len < sizeof file && run_file(file) == 0;
            n_run = ok ? n_run + 1 : -1;
        }
        free(entries[i]);
    }
    free(entries);
    return n_run;
}

static int run_path(const char *path)
{
    struct stat st;
    if (stat(path, &st) == 0 && !S_ISDIR(st.st_mode))
        return run_file(path) == 0 ? 1 : -1;
    return run_folder(path);
}

int main(int argc, char **argv)
{
    int total = 0;
    for (int i = 1; i < argc; i++) {
        int n = run_path(argv[i]);
        if (n < 0) return 1;
        total += n;
    }
    /* The two inputs every reader meets first. */
    LLVMFuzzerTestOneInput((const uint8_t *)"", 0);
    LLVMFuzzerTestOneInput((const uint8_t *)"\n", 1);
    printf("%d inputs\n", total);
    return total > 0 ? 0 : EXIT_SKIPPED;
}
