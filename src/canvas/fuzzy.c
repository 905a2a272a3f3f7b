/* fuzzy.c - see fuzzy.h. */
#include "canvas/fuzzy.h"

#include "base/unicode.h"
#include "base/utf8.h"

omost_status om_fuzzy_init(om_fuzzy *f, const omost_env *env, om_str text)
{
    /* Lower-casing may add characters but never removes one. */
    *f = (om_fuzzy){.n = 0};
    if (text.n > 4 * OM_FUZZY_MAX_TEXT ||
        om_utf8_count(text.p, text.n) > OM_FUZZY_MAX_TEXT)
        return OMOST_RANGE;
    om_buf low;
    om_buf_init(&low, env, 64 * OM_FUZZY_MAX_TEXT);
    om_unicode_lower(&low, text);
    omost_status st = low.status;
    for (size_t i = 0, len; st == OMOST_OK && i < low.n; i += len) {
        uint32_t rune = om_utf8_decode(low.p + i, low.p + low.n, &len);
        if (rune < 128) f->count[rune]++;
        if (f->n < OM_FUZZY_MAX_TEXT)
            f->text[f->n++] = rune;
        else
            st = OMOST_RANGE;
    }
    om_buf_free(&low);
    return st;
}

typedef struct match {
    int a, b, n;
} match;

/* The longest run common to a[alo..ahi) and b[blo..bhi): of the longest, the
 * one that starts earliest in a, and of those earliest in b. run[j] is the
 * length of the common run that ends at a[i], b[j]. */
static match longest_match(const char *a, const uint32_t *b, int alo, int ahi,
                           int blo, int bhi)
{
    int run[OM_FUZZY_MAX_TEXT + 1] = {0};
    match best = {alo, blo, 0};
    for (int i = alo; i < ahi; i++) {
        for (int j = bhi - 1; j >= blo; j--) {
            run[j + 1] =
                (unsigned char)a[i] == b[j] ? (j > blo ? run[j] : 0) + 1 : 0;
        }
        for (int j = blo; j < bhi; j++) {
            int n = run[j + 1];
            if (n > best.n) best = (match){i - n + 1, j - n + 1, n};
        }
    }
    return best;
}

static int matched(const char *a, const uint32_t *b, int alo, int ahi, int blo,
                   int bhi)
{
    if (alo >= ahi || blo >= bhi) return 0;
    match m = longest_match(a, b, alo, ahi, blo, bhi);
    if (m.n == 0) return 0;
    return m.n + matched(a, b, alo, m.a, blo, m.b) +
           matched(a, b, m.a + m.n, ahi, m.b + m.n, bhi);
}

om_fuzzy_score om_fuzzy_bound(const om_fuzzy *f, const char *word)
{
    uint8_t left[sizeof f->count];
    int la = 0, common = 0;
    memcpy(left, f->count, sizeof left);
    for (; word[la]; la++) {
        uint8_t *n = &left[(unsigned char)word[la] & 127];
        if (!*n) continue;
        --*n;
        common++;
    }
    return (om_fuzzy_score){2 * common, la + f->n};
}

om_fuzzy_score om_fuzzy_compare(const om_fuzzy *f, const char *word)
{
    int la = (int)strlen(word);
    int common = matched(word, f->text, 0, la, 0, f->n);
    return (om_fuzzy_score){2 * common, la + f->n};
}

bool om_fuzzy_is_close(om_fuzzy_score s)
{
    return s.total > 0 && 2 * s.twice_matched >= s.total;
}

int om_fuzzy_score_cmp(om_fuzzy_score a, om_fuzzy_score b)
{
    long x = (long)a.twice_matched * b.total,
         y = (long)b.twice_matched * a.total;
    return (x > y) - (x < y);
}
