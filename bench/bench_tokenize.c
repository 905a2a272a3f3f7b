/* bench_tokenize.c - how fast prompts become token ids, on one core.
 *
 *     bench_tokenize [FILE]     every line is a text; default: a few prompts
 *
 * Prints the time to load the vocabulary and MB/s over at least two seconds, as
 * one JSON line. bench/peer_tokenize.mjs compares with a JavaScript tokenizer
 * on the same texts in the same run. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "omost/plan.h"

enum { MAX_FILE = 64 << 20, MAX_LINES = 1 << 20, RUNS = 5 };

static const char *const prompts[] = {
    "A fierce battle between warriors and a dragon.",
    "Old lighthouse on a rocky shore at dusk, its lamp already lit, while the last fishing boats "
    "come home before the storm.",
    "lowres, bad anatomy, bad hands, cropped, worst quality",
    "score_9, score_8_up, score_7_up, 1girl, solo, long hair, looking at viewer, upper body",
    "The market square is crowded: merchants shout prices, children chase pigeons, and an old "
    "man sells paper birds from a basket.",
    "cinematic lighting, volumetric fog, 35mm photograph, shallow depth of field, highly detailed",
    "It's a quiet kitchen in the morning; steam rises from the kettle and the cat doesn't move.",
};

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static size_t split_lines(char *text, size_t n, omost_str *lines)
{
    size_t count = 0;
    for (char *p = text, *end = text + n; p < end && count < MAX_LINES;) {
        char *q = memchr(p, '\n', (size_t)(end - p));
        if (!q) q = end;
        lines[count++] = (omost_str){p, (size_t)(q - p)};
        p = q + 1;
    }
    return count;
}

static size_t read_lines(const char *path, omost_str *lines)
{
    FILE *f = fopen(path, "rb");
    char *text = f ? malloc(MAX_FILE) : NULL;
    size_t n = text ? fread(text, 1, MAX_FILE, f) : 0;
    if (f) fclose(f);
    return n ? split_lines(text, n, lines)
             : 0; /* the text lives as long as we do */
}

/* Seconds for all lines once; the ids are counted so that nothing is skipped. */
static double run(const omost_tokenizer *tk, const omost_str *lines, size_t n,
                  size_t *n_ids)
{
    static uint32_t ids[4096];
    double start = now();
    *n_ids = 0;
    for (size_t i = 0; i < n; i++) {
        size_t count;
        omost_error err;
        if (omost_tokenizer_encode(tk, OMOST_ENCODER_1, lines[i], ids, 4096,
                                   &count, &err)) {
            fprintf(stderr, "line %zu: %s\n", i + 1, err.msg);
            return -1;
        }
        *n_ids += count;
    }
    return now() - start;
}

/* The best of RUNS runs of about half a second each. */
static double best_seconds(const omost_tokenizer *tk, const omost_str *lines,
                           size_t n, size_t *n_ids)
{
    double once = run(tk, lines, n, n_ids), best = 1e9;
    size_t times = once > 0 ? (size_t)(0.5 / once) + 1 : 1;
    if (once < 0) return once;
    for (int r = 0; r < RUNS; r++) {
        double start = now();
        for (size_t i = 0; i < times; i++) run(tk, lines, n, n_ids);
        double s = (now() - start) / (double)times;
        if (s < best) best = s;
    }
    return best;
}

int main(int argc, char **argv)
{
    omost_error err;
    omost_str *lines = calloc(MAX_LINES, sizeof *lines);
    size_t n = 0, bytes = 0, n_ids = 0;
    if (!lines) return 1;
    double start = now();
    omost_tokenizer *tk = omost_tokenizer_builtin(NULL, &err);
    double load = now() - start;
    if (!tk) {
        fprintf(stderr, "%s\n", err.msg);
        free(lines);
        return 1;
    }
    if (argc > 1) n = read_lines(argv[1], lines);
    for (size_t i = 0; argc < 2 && i < sizeof prompts / sizeof *prompts; i++)
        lines[n++] = (omost_str){prompts[i], strlen(prompts[i])};
    for (size_t i = 0; i < n; i++) bytes += lines[i].n;
    double s = n ? best_seconds(tk, lines, n, &n_ids) : -1;
    if (s > 0)
        printf(
            "{\"bench\":\"tokenize\",\"texts\":%zu,\"bytes\":%zu,\"ids\":%zu,\"load_ms\":%.1f,"
            "\"mb_per_s\":%.1f}\n",
            n, bytes, n_ids, load * 1e3, (double)bytes / s / 1e6);
    omost_tokenizer_free(tk);
    free(lines);
    return s > 0 ? 0 : 1;
}
