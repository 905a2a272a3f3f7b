/* fuzz_tokenizer.c - vocabularies, texts, bags and profiles from anywhere. The
 * first byte chooses what the rest is:
 *
 *   'm'  merges.txt                          'v'  vocab.json, NUL, merges.txt
 *   't'  a text                              'b'  lines: prefix, then suffixes
 *   'p'  a profile, NUL, tags */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "omost/plan.h"
#include "prompt/bag.h"
#include "prompt/profile.h"

static const char small_merges[] =
    "#version: 0.2\ni n\nt h\na n\nr e\na r\ne r\nth e</w>\nin g</w>\no u\no n\n"
    "! !\n!! !!\nc a\nca t</w>\n\xc3\xa2 \xc4\xa2\n";

static void demand(bool ok)
{
    if (!ok) abort();
}

/* Made once; there is no better place to free it than the end. */
static const omost_tokenizer *shared_tokenizer(void)
{
    static omost_tokenizer *tk;
    if (!tk)
        tk = om_tokenizer_parse(NULL, (om_str){0}, om_str_of(small_merges),
                                NULL);
    demand(tk != NULL);
    return tk;
}

/* Every id exists, and a smaller buffer gets the same beginning. */
static void check_text(const omost_tokenizer *tk, om_str text)
{
    for (int e = 0; e < 2; e++) {
        size_t n, again;
        omost_error err;
        omost_status st = omost_tokenizer_encode(tk, (omost_encoder)e, text,
                                                 NULL, 0, &n, &err);
        if (st != OMOST_OK) {
            demand(st == OMOST_FORMAT || st == OMOST_LIMIT);
            continue;
        }
        size_t half = n / 2;
        uint32_t *ids = malloc((n + 1) * sizeof *ids),
                 *some = malloc((half + 1) * sizeof *some);
        demand(ids && some);
        demand(!omost_tokenizer_encode(tk, (omost_encoder)e, text, ids, n,
                                       &again, NULL));
        demand(again == n);
        demand(!omost_tokenizer_encode(tk, (omost_encoder)e, text, some, half,
                                       &again, NULL));
        demand(again == n && memcmp(ids, some, half * sizeof *ids) == 0);
        for (size_t i = 0; i < n; i++)
            demand(ids[i] < omost_tokenizer_size(tk));
        free(ids);
        free(some);
    }
}

static void check_row(const omost_tokenizer *tk,
                      const uint32_t ids[OMOST_ROW_IDS], uint32_t pad)
{
    size_t last = OMOST_ROW_IDS;
    demand(ids[0] == omost_tokenizer_start(tk));
    while (last > 0 && ids[last - 1] == pad && pad != omost_tokenizer_end(tk))
        last--;
    demand(last > 1 && ids[last - 1] == omost_tokenizer_end(tk));
}

static void check_bags(om_str text)
{
    const omost_tokenizer *tk = shared_tokenizer();
    om_str lines[64];
    size_t n = 0;
    while (text.n && n < 64) {
        size_t at = om_str_find(text, OM_STR("\n"));
        lines[n] = (om_str){text.p, at == SIZE_MAX ? text.n : at};
        text = om_str_skip(text, at == SIZE_MAX ? text.n : at + 1);
        n++;
    }
    for (int strict = 0; strict < 2; strict++) {
        om_bags b;
        omost_error err;
        const om_bag_opts o = {.tk = tk, .strict = strict, .max_rows = 32};
        const omost_texts prefix = {lines, n > 0},
                          suffixes = {lines + 1, n > 1 ? n - 1 : 0};
        if (om_bags_make(&b, &o, prefix, suffixes, &err) != OMOST_OK) continue;
        demand(b.n >= 1 && b.n <= 32);
        for (size_t i = 0; i < b.n; i++) {
            check_row(tk, b.rows[i].ids,
                      omost_tokenizer_pad(tk, OMOST_ENCODER_1));
            check_row(tk, b.rows[i].ids_2,
                      omost_tokenizer_pad(tk, OMOST_ENCODER_2));
        }
        om_bags_free(&b);
    }
}

/* The two parts around the first NUL. */
static void split(om_str s, om_str *a, om_str *b)
{
    const char *nul = s.n ? memchr(s.p, 0, s.n) : NULL;
    size_t at = nul ? (size_t)(nul - s.p) : s.n;
    *a = (om_str){s.p, at};
    *b = om_str_skip(s, nul ? at + 1 : at);
}

static void check_files(om_str vocab, om_str merges)
{
    omost_error err;
    omost_tokenizer *tk = om_tokenizer_parse(NULL, vocab, merges, &err);
    if (tk)
        check_text(tk, OM_STR("The thing! <|endoftext|> caf\xc3\xa9 1girl's"));
    else
        demand(err.status != OMOST_OK && err.msg[0]);
    omost_tokenizer_free(tk);
}

static void check_profile(om_str text, om_str tags)
{
    omost_error err;
    om_str tag, to;
    omost_profile *p = omost_profile_read(NULL, text.p, text.n, &err);
    if (!p) demand(err.msg[0] != '\0');
    while (p && om_tag_next(&tags, &tag)) {
        demand(tag.n > 0);
        if (omost_profile_rule(p, tag, &to))
            while (om_tag_next(&to, &tag)) continue;
    }
    omost_profile_free(p);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0) return 0;
    om_str rest = {(const char *)data + 1, size - 1}, a, b;
    split(rest, &a, &b);
    switch (data[0]) {
    case 'm': check_files((om_str){0}, rest); break;
    case 'v': check_files(a, b); break;
    case 't': check_text(shared_tokenizer(), rest); break;
    case 'b': check_bags(rest); break;
    case 'p': check_profile(a, b); break;
    default: break;
    }
    return 0;
}
