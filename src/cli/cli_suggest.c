/* cli_suggest.c - "did you mean": the nearest word by edits of a keyboard
 * (a character more, less, another one, or two swapped). */
#include "cli/cli.h"

enum { MAX_WORD = 32 };

static int min3(int a, int b, int c)
{
    int m = a < b ? a : b;
    return m < c ? m : c;
}

/* Restricted Damerau-Levenshtein distance; both shorter than MAX_WORD. */
static int edits(const char *a, size_t na, const char *b, size_t nb)
{
    int d[MAX_WORD + 1][MAX_WORD + 1];
    for (size_t i = 0; i <= na; i++) d[i][0] = (int)i;
    for (size_t j = 0; j <= nb; j++) d[0][j] = (int)j;
    for (size_t i = 1; i <= na; i++) {
        for (size_t j = 1; j <= nb; j++) {
            int same = a[i - 1] == b[j - 1] ? 0 : 1;
            int best =
                min3(d[i - 1][j] + 1, d[i][j - 1] + 1, d[i - 1][j - 1] + same);
            bool swapped =
                i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
            if (swapped && d[i - 2][j - 2] + 1 < best)
                best = d[i - 2][j - 2] + 1;
            d[i][j] = best;
        }
    }
    return d[na][nb];
}

const char *om_suggest(const char *word, const char *const *words)
{
    const char *best = NULL;
    int best_edits = 0;
    size_t n = strlen(word);
    if (n == 0 || n > MAX_WORD) return NULL;
    for (; *words; words++) {
        size_t m = strlen(*words);
        if (m > MAX_WORD) continue;
        int e = edits(word, n, *words, m);
        /* The start of a word is that word, however much is missing. */
        if (m > n && n >= 2 && strncmp(word, *words, n) == 0) e = 1;
        if (e <= (int)(m < 5 ? 1 : m / 3 + 1) && (!best || e < best_edits)) {
            best = *words;
            best_edits = e;
        }
    }
    return best;
}
