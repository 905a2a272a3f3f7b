/* bag.c - see bag.h. The original's packing: greedy and sequential (a bag
 * closes when the next suffix would overflow it, nothing is reordered); every
 * suffix cut to 75 ids first; a row is start + (prefix + bag)[:75] + end + pads
 * cut to 77. A suffix longer than the room left by the prefixes gets a row of
 * its own and loses its tail. See omost/plan.h for where we differ. */
#include "prompt/bag.h"

#include "base/error.h"
#include "base/utf8.h"

enum {
    PREFIX_WHEN_CUT = 50
}; /* two thirds of a row: a suffix of usual length fits beside it */

static size_t min_size(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* ---- one text ---------------------------------------------------------- */

omost_status om_text_ids_make(om_text_ids *t, const omost_tokenizer *tk,
                              om_str text, omost_error *err)
{
    omost_status st = omost_tokenizer_encode(tk, OMOST_ENCODER_1, text, t->ids,
                                             OMOST_ROW_ROOM, &t->n, err);
    if (st != OMOST_OK) return st;
    if (om_tokenizer_may_differ(tk, text))
        return omost_tokenizer_encode(tk, OMOST_ENCODER_2, text, t->ids_2,
                                      OMOST_ROW_ROOM, &t->n_2, err);
    t->n_2 = t->n;
    memcpy(t->ids_2, t->ids, min_size(t->n, OMOST_ROW_ROOM) * sizeof *t->ids);
    return OMOST_OK;
}

/* Mostly they are the very same bytes: then there is nothing to compare. */
static bool same_text(om_str a, om_str b)
{
    return a.n == b.n && (a.p == b.p || om_str_eq(a, b));
}

om_known_text *om_known_find(const om_known_texts *k, om_str text)
{
    om_known_text *t = k->first;
    while (t && !same_text(t->text, text)) t = t->next;
    return t;
}

static omost_status read_prefix(const om_bag_opts *o, om_str text,
                                om_text_ids *ids, omost_error *err)
{
    if (!o->known) return om_text_ids_make(ids, o->tk, text, err);
    om_known_text *t = om_known_find(o->known, text);
    if (!t) {
        if (!(t = om_arena_zalloc(&o->known->arena, sizeof *t)))
            return om_fail_nomem(err);
        omost_status st = om_text_ids_make(&t->ids, o->tk, text, err);
        if (st != OMOST_OK) return st;
        t->text = text;
        t->next = o->known->first;
        o->known->first = t;
    }
    *ids = t->ids;
    return OMOST_OK;
}

/* ---- a row being filled ------------------------------------------------ */

/* Append; how many found room. */
static size_t row_put(omost_row *row, size_t *fill, const uint32_t *ids,
                      const uint32_t *ids_2, size_t n)
{
    n = min_size(n, OMOST_ROW_ROOM - *fill);
    if (n == 0) return 0;
    memcpy(row->ids + 1 + *fill, ids, n * sizeof *ids);
    memcpy(row->ids_2 + 1 + *fill, ids_2, n * sizeof *ids_2);
    *fill += n;
    return n;
}

static void row_close(const omost_tokenizer *tk, omost_row *row, size_t fill)
{
    row->ids[0] = row->ids_2[0] = tk->bpe.bos;
    row->ids[fill + 1] = row->ids_2[fill + 1] = tk->bpe.eos;
    for (size_t i = fill + 2; i < OMOST_ROW_IDS; i++) {
        row->ids[i] = tk->pads[0].id;
        row->ids_2[i] = tk->pads[1].id;
    }
}

omost_status omost_tokenizer_row(const omost_tokenizer *tk, omost_str text,
                                 omost_row *row, omost_error *err)
{
    uint32_t *ids[2] = {row->ids, row->ids_2};
    size_t n;
    om_error_clear(err);
    for (int i = 0; i < 2; i++) {
        omost_status st =
            omost_tokenizer_encode(tk, (omost_encoder)i, text, ids[i] + 1,
                                   OMOST_ROW_ROOM, &n, err);
        if (st != OMOST_OK) return st;
        n = min_size(n, OMOST_ROW_ROOM);
        ids[i][0] = tk->bpe.bos;
        ids[i][n + 1] = tk->bpe.eos;
        for (size_t j = n + 2; j < OMOST_ROW_IDS; j++)
            ids[i][j] = tk->pads[i].id;
    }
    return OMOST_OK;
}

/* ---- texts on which the encoders disagree ------------------------------ */

/* Looked for before anything is packed, as it decides about every row. The
 * original compares prefixes whole, suffixes after they were cut to 75. */
static omost_status find_uneven(om_bags *out, const om_bag_opts *o,
                                omost_texts texts, bool is_suffix,
                                omost_error *err)
{
    for (size_t i = 0; i < texts.n && !out->uneven; i++) {
        om_text_ids t = {0};
        omost_status st = OMOST_OK;
        if (!is_suffix)
            st = read_prefix(o, texts.p[i], &t, err);
        else if (om_tokenizer_may_differ(o->tk, texts.p[i]))
            st = om_text_ids_make(&t, o->tk, texts.p[i], err);
        if (st != OMOST_OK) return st;
        size_t most = is_suffix ? OMOST_ROW_ROOM : SIZE_MAX;
        if (min_size(t.n, most) == min_size(t.n_2, most)) continue;
        if (o->strict)
            return om_fail(
                err, OMOST_RANGE,
                "\"!\" makes the two tokenizers disagree (%zu and %zu tokens) on "
                "\"%.*s\"",
                t.n, t.n_2, (int)om_utf8_floor(texts.p[i].p, texts.p[i].n, 80),
                texts.p[i].p);
        out->uneven = true;
        out->uneven_text = texts.p[i];
    }
    return OMOST_OK;
}

/* ---- packing ----------------------------------------------------------- */

typedef struct packer {
    om_bags *out;
    const om_bag_opts *o;
    om_text_ids *prefixes; /* one for each */
    size_t n_prefixes;
    om_text_ids head; /* what every row begins with; n <= 75 */
    ptrdiff_t room;   /* for suffixes; may be negative */
    ptrdiff_t used;   /* of it, in the open row */
    bool open;
    size_t fill; /* ids in the open row */
    omost_error *err;
} packer;

/* Where the encoders disagree, the first one's ids serve both. */
static void make_even(const packer *p, om_text_ids *t)
{
    if (p->out->uneven)
        memcpy(t->ids_2, t->ids,
               min_size(t->n, OMOST_ROW_ROOM) * sizeof *t->ids);
}

static omost_status read_prefixes(packer *p, omost_texts texts)
{
    size_t bytes;
    if (!om_mul_size(texts.n ? texts.n : 1, sizeof *p->prefixes, &bytes))
        return om_fail_nomem(p->err);
    p->prefixes = om_zalloc(p->out->env, bytes);
    if (!p->prefixes) return om_fail_nomem(p->err);
    p->n_prefixes = texts.n;
    for (size_t i = 0; i < texts.n; i++) {
        om_text_ids *t = &p->prefixes[i];
        omost_status st = read_prefix(p->o, texts.p[i], t, p->err);
        if (st != OMOST_OK) return st;
        make_even(p, t);
        p->out->n_prefix += p->prefixes[i].n;
    }
    return OMOST_OK;
}

/* Shorten the prefixes to PREFIX_WHEN_CUT tokens. Each may keep an equal share;
 * what some do not need goes to the last one first, which is the region's own
 * description, and the global one gets the rest. */
static void cut_prefixes(packer *p)
{
    size_t left = PREFIX_WHEN_CUT;
    size_t share = p->n_prefixes ? PREFIX_WHEN_CUT / p->n_prefixes : 0;
    for (size_t i = p->n_prefixes; i-- > 0;) {
        size_t reserved = 0;
        for (size_t j = 0; j < i; j++)
            reserved += min_size(p->prefixes[j].n, share);
        p->prefixes[i].n = min_size(p->prefixes[i].n, left - reserved);
        left -= p->prefixes[i].n;
    }
    p->out->prefix_cut = true;
}

static void make_head(packer *p)
{
    size_t total = p->out->n_prefix;
    omost_row row;
    if (total >= OMOST_ROW_ROOM && p->o->fit_prefix) {
        cut_prefixes(p);
        total = 0;
        for (size_t i = 0; i < p->n_prefixes; i++) total += p->prefixes[i].n;
    }
    for (size_t i = 0; i < p->n_prefixes; i++)
        row_put(&row, &p->head.n, p->prefixes[i].ids, p->prefixes[i].ids_2,
                p->prefixes[i].n);
    memcpy(p->head.ids, row.ids + 1, p->head.n * sizeof *row.ids);
    memcpy(p->head.ids_2, row.ids_2 + 1, p->head.n * sizeof *row.ids_2);
    p->room = (ptrdiff_t)OMOST_ROW_ROOM - (ptrdiff_t)total;
}

static omost_row *open_row(const packer *p)
{
    return &p->out->rows[p->out->n];
}

static void close_row(packer *p)
{
    row_close(p->o->tk, open_row(p), p->fill);
    p->out->n++;
    p->open = false;
}

static omost_status start_row(packer *p)
{
    om_bags *out = p->out;
    if (p->open) close_row(p);
    if (out->n >= p->o->max_rows)
        return om_fail(p->err, OMOST_LIMIT,
                       "the prompts need more than %d rows of tokens",
                       OMOST_MAX_ROWS);
    omost_row *rows =
        om_grow(out->env, out->rows, out->n, &out->cap, sizeof *rows);
    if (!rows) return om_fail_nomem(p->err);
    out->rows = rows;
    p->used = 0;
    p->fill = 0;
    p->open = true;
    row_put(open_row(p), &p->fill, p->head.ids, p->head.ids_2, p->head.n);
    return OMOST_OK;
}

static omost_status put_suffix(packer *p, om_str text)
{
    om_text_ids t;
    omost_status st = om_text_ids_make(&t, p->o->tk, text, p->err);
    if (st != OMOST_OK) return st;
    make_even(p, &t);
    size_t n = min_size(t.n, OMOST_ROW_ROOM);
    if (!p->open || p->used + (ptrdiff_t)n > p->room) st = start_row(p);
    if (st != OMOST_OK) return st;
    p->used += (ptrdiff_t)n;
    if (row_put(open_row(p), &p->fill, t.ids, t.ids_2, n) < t.n &&
        p->out->n_cut++ == 0)
        p->out->cut_text = text;
    return OMOST_OK;
}

static omost_status pack(packer *p, omost_texts prefixes, omost_texts suffixes)
{
    omost_status st = read_prefixes(p, prefixes);
    if (st != OMOST_OK) return st;
    make_head(p);
    if (suffixes.n == 0)
        st = p->o->strict
                 ? om_fail(p->err, OMOST_RANGE, "a prompt without any suffix")
                 : start_row(p);
    for (size_t i = 0; i < suffixes.n && st == OMOST_OK; i++)
        st = put_suffix(p, suffixes.p[i]);
    if (st == OMOST_OK && p->open) close_row(p);
    return st;
}

omost_status om_bags_make(om_bags *out, const om_bag_opts *opts,
                          omost_texts prefixes, omost_texts suffixes,
                          omost_error *err)
{
    packer p = {.out = out, .o = opts, .err = err};
    *out = (om_bags){.env = opts->tk->bpe.env};
    omost_status st = find_uneven(out, opts, prefixes, false, err);
    if (st == OMOST_OK) st = find_uneven(out, opts, suffixes, true, err);
    if (st == OMOST_OK) st = pack(&p, prefixes, suffixes);
    om_free(out->env, p.prefixes);
    if (st != OMOST_OK) om_bags_free(out);
    return st;
}

void om_bags_free(om_bags *b)
{
    om_free(b->env, b->rows);
    *b = (om_bags){.env = b->env};
}
