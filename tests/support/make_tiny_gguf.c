/* make_tiny_gguf.c - the models of tiny_gguf.h, for scripts and benches. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/tiny_gguf.h"

static const char usage[] =
    "make_tiny_gguf FILE [--arch llama|phi3] [--type f32|f16|q8_0|q4_0|...]\n"
    "    [--seed N] [--size tiny|1b] [--layers N] [--width N] [--heads N]\n"
    "    [--context N] [--spread X] [--vocab N] [--merges N] [--corpus FILE]\n"
    "    [--no-template] [--no-vocab] [--claim ARCH]\n";

static char *read_all(const char *path, size_t *len)
{
    enum { MOST = 16 << 20 };
    FILE *f = fopen(path, "rb");
    char *text = f ? malloc(MOST) : NULL;
    *len = text ? fread(text, 1, MOST, f) : 0;
    if (f) fclose(f);
    return text;
}

static int stop(const char *why)
{
    fprintf(stderr, "make_tiny_gguf: %s\n", why);
    return 2;
}

int main(int argc, char **argv)
{
    static const struct option names[] = {
        {"arch", required_argument, NULL, 'a'},
        {"type", required_argument, NULL, 't'},
        {"seed", required_argument, NULL, 's'},
        {"size", required_argument, NULL, 'z'},
        {"layers", required_argument, NULL, 'l'},
        {"width", required_argument, NULL, 'w'},
        {"heads", required_argument, NULL, 'h'},
        {"context", required_argument, NULL, 'c'},
        {"spread", required_argument, NULL, 'd'},
        {"vocab", required_argument, NULL, 'v'},
        {"merges", required_argument, NULL, 'm'},
        {"corpus", required_argument, NULL, 'f'},
        {"no-template", no_argument, NULL, 'T'},
        {"no-vocab", no_argument, NULL, 'V'},
        {"claim", required_argument, NULL, 'A'},
        {0}};
    tiny_gguf o = {0};
    char why[256];
    for (int c; (c = getopt_long(argc, argv, "", names, NULL)) != -1;) {
        const char *const arch = o.arch;
        switch (c) {
        case 'a': o.arch = optarg; break;
        case 't': o.type = optarg; break;
        case 's': o.seed = strtoull(optarg, NULL, 10); break;
        case 'z': /* first of all: it sets the others */
            o = strcmp(optarg, "1b") == 0 ? tiny_gguf_1b() : (tiny_gguf){0};
            o.arch = arch;
            break;
        case 'l': o.layers = (int)strtol(optarg, NULL, 10); break;
        case 'w': o.width = (int)strtol(optarg, NULL, 10); break;
        case 'h': o.heads = (int)strtol(optarg, NULL, 10); break;
        case 'c': o.context = (int)strtol(optarg, NULL, 10); break;
        case 'd': o.spread = strtof(optarg, NULL); break;
        case 'v': o.vocab = (int)strtol(optarg, NULL, 10); break;
        case 'm': o.merges = (int)strtol(optarg, NULL, 10); break;
        case 'f':
            o.corpus = read_all(optarg, &o.corpus_len);
            if (!o.corpus_len) return stop("the corpus cannot be read");
            break;
        case 'T': o.no_template = true; break;
        case 'V': o.no_vocab = true; break;
        case 'A': o.claim = optarg; break;
        default: return stop(usage);
        }
    }
    if (optind + 1 != argc) return stop(usage);
    if (!tiny_gguf_write(argv[optind], &o, why)) return stop(why);
    return 0;
}
