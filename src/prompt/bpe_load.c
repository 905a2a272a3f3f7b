/* bpe_load.c - vocab.json and merges.txt, checked and made into tables.
 *
 * Both files come from outside: sizes, double entries, missing pieces and the
 * order of the merges are checked before anything is built on them. The pieces
 * in them are spelt in signs, one a byte: printable Latin-1 stands for itself,
 * the other bytes are U+0100 and on; "</w>" marks the end of a word. */
#include "prompt/bpe.h"

#include "base/error.h"
#include "base/json.h"
#include "base/utf8.h"

enum { MAX_CHAIN = 256, N_UNITS = 512, MAX_SIGN = 256 + 68 };

static const om_str word_end = {"</w>", 4};

typedef struct loader {
    om_bpe *b;
    om_arena arena;
    const char *vocab_name, *merges_name;
    om_str vocab;   /* the text; p == NULL: derive it */
    json_t *json;   /* the keys that pieces borrow */
    om_str *pieces; /* by id */
    uint32_t n;
    uint32_t *index; /* hash table of ids + 1 */
    uint32_t index_mask;
    bool *made;         /* by id: a unit, or the result of a merge read */
    char signs[256][4]; /* a byte's sign in UTF-8 */
    size_t sign_len[256];
    int16_t byte_of[MAX_SIGN]; /* a sign's byte; -1 for none */
    omost_error *err;
} loader;

/* ---- signs ------------------------------------------------------------- */

static bool stands_for_itself(uint32_t byte)
{
    return (byte >= 33 && byte <= 126) || (byte >= 161 && byte != 173);
}

static void make_signs(loader *l)
{
    uint32_t next = 256;
    for (size_t i = 0; i < MAX_SIGN; i++) l->byte_of[i] = -1;
    for (uint32_t byte = 0; byte < 256; byte++) {
        uint32_t sign = stands_for_itself(byte) ? byte : next++;
        l->sign_len[byte] = om_utf8_encode(sign, l->signs[byte]);
        l->byte_of[sign] = (int16_t)byte;
    }
}

/* The bytes a piece spells, "</w>" aside; how many, 0 when it spells none or
 * more than `cap`. */
static size_t spelt_bytes(const loader *l, om_str piece, char *out, size_t cap)
{
    size_t n = 0, len;
    const char *end = piece.p + piece.n;
    for (const char *p = piece.p; p < end; p += len) {
        uint32_t sign = om_utf8_decode(p, end, &len);
        if (sign >= MAX_SIGN || l->byte_of[sign] < 0 || n == cap) return 0;
        out[n++] = (char)l->byte_of[sign];
    }
    return n;
}

/* ---- the pieces -------------------------------------------------------- */

static uint32_t hash(om_str s)
{
    uint64_t h = 0xcbf29ce484222325u;
    for (size_t i = 0; i < s.n; i++)
        h = (h ^ (unsigned char)s.p[i]) * 0x100000001b3u;
    return (uint32_t)(h ^ h >> 32);
}

static uint32_t find_piece(const loader *l, om_str s)
{
    uint32_t at = hash(s);
    for (uint32_t i = 0; i < MAX_CHAIN; i++) {
        uint32_t id = l->index[(at + i) & l->index_mask];
        if (id == 0) break;
        if (om_str_eq(l->pieces[id - 1], s)) return id - 1;
    }
    return OM_ID_NONE;
}

static bool index_piece(loader *l, uint32_t id)
{
    uint32_t at = hash(l->pieces[id]);
    for (uint32_t i = 0; i < MAX_CHAIN; i++) {
        uint32_t *slot = &l->index[(at + i) & l->index_mask];
        if (*slot != 0) continue;
        *slot = id + 1;
        return true;
    }
    return false;
}

static omost_status hostile(loader *l, const char *name)
{
    return om_fail(l->err, OMOST_LIMIT, "%s: too many entries share a hash",
                   name);
}

static uint32_t slots_for(uint32_t n)
{
    uint32_t slots = 64;
    while (slots < 2 * n) slots *= 2;
    return slots;
}

/* Room for `cap` pieces and their index. */
static omost_status reserve_pieces(loader *l, uint32_t cap)
{
    uint32_t slots = slots_for(cap);
    l->pieces = om_arena_array(&l->arena, cap, sizeof *l->pieces);
    l->made = om_arena_array(&l->arena, cap, sizeof *l->made);
    l->index = om_arena_array(&l->arena, slots, sizeof *l->index);
    l->index_mask = slots - 1;
    return l->pieces && l->made && l->index ? OMOST_OK : om_fail_nomem(l->err);
}

static om_str join(loader *l, om_str a, om_str b)
{
    char *p = om_arena_alloc(&l->arena, a.n + b.n + 1);
    if (!p) return (om_str){0};
    memcpy(p, a.p, a.n);
    memcpy(p + a.n, b.p, b.n);
    p[a.n + b.n] = '\0';
    return (om_str){p, a.n + b.n};
}

static omost_status append_piece(loader *l, om_str s)
{
    if (!s.p) return om_fail_nomem(l->err);
    l->pieces[l->n++] = s;
    return index_piece(l, l->n - 1) ? OMOST_OK : hostile(l, l->merges_name);
}

/* ---- vocab.json -------------------------------------------------------- */

static int line_at(om_str text, size_t at)
{
    int line = 1;
    for (size_t i = 0; i < at && i < text.n; i++) line += text.p[i] == '\n';
    return line;
}

/* jansson does not tell where a key stood: look for it as it would be written
 * in either style. 0 when it is written in yet another way. */
static int line_of_key(const loader *l, const char *key)
{
    json_t *k = json_string(key);
    int line = 0;
    for (int ascii = 0; k && ascii < 2 && line == 0; ascii++) {
        char *z =
            json_dumps(k, JSON_ENCODE_ANY | (ascii ? JSON_ENSURE_ASCII : 0));
        size_t at = z ? om_str_find(l->vocab, om_str_of(z)) : SIZE_MAX;
        if (at != SIZE_MAX) line = line_at(l->vocab, at);
        free(z);
    }
    json_decref(k);
    return line;
}

static omost_status bad_entry(loader *l, const char *key, const char *what)
{
    return om_fail(l->err, OMOST_FORMAT, "%s:%d: the id of \"%.60s\" %s",
                   l->vocab_name, line_of_key(l, key), key, what);
}

static omost_status take_entry(loader *l, const char *key, const json_t *v)
{
    if (!json_is_integer(v)) return bad_entry(l, key, "is not an integer");
    json_int_t id = json_integer_value(v);
    if (id < 0 || id >= (json_int_t)l->n)
        return bad_entry(l, key, "is not below the number of entries");
    if (l->pieces[id].p) return bad_entry(l, key, "is another entry's too");
    l->pieces[id] = om_str_of(key);
    return index_piece(l, (uint32_t)id) ? OMOST_OK : hostile(l, l->vocab_name);
}

static omost_status parse_vocab(loader *l)
{
    omost_error je;
    l->json = om_json_parse(l->vocab, "the vocabulary", &je);
    if (!l->json && je.status == OMOST_NOMEM) return om_fail_nomem(l->err);
    if (!l->json)
        return om_fail(l->err, je.status, "%s:%d: %s", l->vocab_name, je.line,
                       je.msg);
    if (!json_is_object(l->json))
        return om_fail(l->err, OMOST_FORMAT,
                       "%s: not an object of pieces and ids", l->vocab_name);
    if (json_object_size(l->json) > OM_BPE_MAX_VOCAB)
        return om_fail(l->err, OMOST_LIMIT, "%s: more than %d entries",
                       l->vocab_name, OM_BPE_MAX_VOCAB);
    return OMOST_OK;
}

static omost_status read_vocab(loader *l)
{
    omost_status st = parse_vocab(l);
    if (st != OMOST_OK) return st;
    l->n = (uint32_t)json_object_size(l->json);
    if ((st = reserve_pieces(l, l->n + 1)) != OMOST_OK) return st;
    void *it = json_object_iter(l->json);
    for (; it; it = json_object_iter_next(l->json, it)) {
        st =
            take_entry(l, json_object_iter_key(it), json_object_iter_value(it));
        if (st != OMOST_OK) return st;
    }
    return OMOST_OK;
}

/* ---- units and marks --------------------------------------------------- */

/* In the order of their signs, which is CLIP's own. */
static omost_status derive_units(loader *l)
{
    static const om_str tails[] = {{"", 0}, {"</w>", 4}};
    omost_status st = reserve_pieces(l, N_UNITS + OM_BPE_MAX_MERGES + 2);
    for (size_t i = 0; i < 2 * MAX_SIGN && st == OMOST_OK; i++) {
        int byte = l->byte_of[i % MAX_SIGN];
        if (byte < 0) continue;
        om_str sign = {l->signs[byte], l->sign_len[byte]};
        st = append_piece(l, join(l, sign, tails[i / MAX_SIGN]));
    }
    return st;
}

static omost_status find_unit(loader *l, uint32_t byte, om_str tail,
                              uint32_t *id)
{
    char z[16];
    memcpy(z, l->signs[byte], l->sign_len[byte]);
    if (tail.n) memcpy(z + l->sign_len[byte], tail.p, tail.n);
    om_str s = {z, l->sign_len[byte] + tail.n};
    *id = find_piece(l, s);
    if (*id == OM_ID_NONE)
        return om_fail(l->err, OMOST_FORMAT,
                       "%s: no entry \"%.*s\" for the byte 0x%02X",
                       l->vocab_name, OM_STR_ARG(s), (unsigned)byte);
    l->made[*id] = true;
    return OMOST_OK;
}

static omost_status find_units(loader *l)
{
    for (uint32_t byte = 0; byte < 256; byte++) {
        omost_status st = find_unit(l, byte, (om_str){0}, &l->b->unit[byte]);
        if (st == OMOST_OK)
            st = find_unit(l, byte, word_end, &l->b->unit_end[byte]);
        if (st != OMOST_OK) return st;
    }
    l->b->bang = l->b->unit['!'];
    return OMOST_OK;
}

static omost_status find_mark(loader *l, const char *mark, uint32_t *id)
{
    if (!l->vocab.p) {
        omost_status st = append_piece(l, om_str_of(mark));
        if (st != OMOST_OK) return st;
    }
    *id = find_piece(l, om_str_of(mark));
    if (*id != OM_ID_NONE && !l->made[*id]) return OMOST_OK;
    return om_fail(l->err, OMOST_FORMAT, "%s: no entry \"%s\"", l->vocab_name,
                   mark);
}

/* ---- merges.txt -------------------------------------------------------- */

/* `piece` may be empty: then the sentence ends with `what`. */
static omost_status bad_line(loader *l, int line, const char *what,
                             om_str piece)
{
    const char *quote = piece.n ? "\"" : "", *gap = piece.n ? " " : "";
    om_str start = {piece.p, om_utf8_floor(piece.p, piece.n, 60)};
    return om_fail(l->err, OMOST_FORMAT, "%s:%d: %s%s%s%.*s%s", l->merges_name,
                   line, what, gap, quote, OM_STR_ARG(start), quote);
}

/* "LEFT RIGHT" */
static bool split_line(om_str line, om_str *left, om_str *right)
{
    size_t at = om_str_find(line, OM_STR(" "));
    if (at == SIZE_MAX) return false;
    *left = (om_str){line.p, at};
    *right = om_str_skip(line, at + 1);
    return left->n && right->n && om_str_find(*right, OM_STR(" ")) == SIZE_MAX;
}

static omost_status find_part(loader *l, int line, om_str s, uint32_t *id)
{
    *id = find_piece(l, s);
    if (*id == OM_ID_NONE)
        return bad_line(l, line, "the vocabulary has no piece", s);
    if (!l->made[*id])
        return bad_line(l, line, "no merge above this line makes", s);
    return OMOST_OK;
}

static omost_status take_merge(loader *l, int line, om_str text)
{
    om_str left, right;
    om_merge m = {.rank = l->b->n_merges};
    if (!split_line(text, &left, &right))
        return bad_line(l, line, "not two pieces with a space between",
                        (om_str){0});
    omost_status st = find_part(l, line, left, &m.left);
    if (st == OMOST_OK) st = find_part(l, line, right, &m.right);
    if (st != OMOST_OK) return st;
    om_str whole = join(l, left, right);
    if (!whole.p) return om_fail_nomem(l->err);
    m.into = find_piece(l, whole);
    if (m.into != OM_ID_NONE && l->made[m.into])
        return bad_line(l, line, "there is already a merge that makes", whole);
    if (!l->vocab.p) {
        m.into = l->n;
        if ((st = append_piece(l, whole)) != OMOST_OK) return st;
    }
    if (m.into == OM_ID_NONE)
        return bad_line(l, line, "the vocabulary has no piece", whole);
    l->made[m.into] = true;
    l->b->n_merges++;
    return om_bpe_add_merge(l->b, m) ? OMOST_OK : hostile(l, l->merges_name);
}

static om_str next_line(om_str *text)
{
    size_t at = om_str_find(*text, OM_STR("\n"));
    om_str line = *text;
    if (at == SIZE_MAX) {
        *text = om_str_skip(*text, text->n);
    } else {
        line.n = at;
        *text = om_str_skip(*text, at + 1);
    }
    return om_str_strip(line, " \r");
}

static uint32_t count_lines(om_str text)
{
    size_t n = 0;
    for (size_t i = 0; i < text.n; i++) n += text.p[i] == '\n';
    return n < OM_BPE_MAX_MERGES ? (uint32_t)n + 1 : OM_BPE_MAX_MERGES;
}

static omost_status reserve_merges(loader *l, om_str text)
{
    uint32_t slots = slots_for(count_lines(text));
    l->b->merges = om_alloc(l->b->env, slots * sizeof *l->b->merges);
    if (!l->b->merges) return om_fail_nomem(l->err);
    memset(l->b->merges, 0xff, slots * sizeof *l->b->merges);
    l->b->merge_mask = slots - 1;
    return OMOST_OK;
}

/* As CLIPTokenizer reads it: the first line is a heading whatever it says, and
 * no more lines count than CLIP has merges. */
static omost_status read_merges(loader *l, om_str text)
{
    text = om_str_strip(text, " \r\n");
    omost_status st = reserve_merges(l, text);
    if (st != OMOST_OK) return st;
    next_line(&text);
    for (int line = 2; text.n > 0 && l->b->n_merges < OM_BPE_MAX_MERGES;
         line++) {
        om_str s = next_line(&text);
        if ((st = take_merge(l, line, s)) != OMOST_OK) return st;
    }
    return OMOST_OK;
}

/* ---- the table of words ------------------------------------------------ */

/* A piece that ends a word is not always what the merges make of that word:
 * only those are put in for which it is so. */
static omost_status try_word(loader *l, uint32_t id, uint32_t *n)
{
    om_str s = l->pieces[id];
    char bytes[OM_BPE_WORD_KEY];
    if (!l->made[id] || !om_str_ends(s, word_end)) return OMOST_OK;
    s.n -= word_end.n;
    size_t len = spelt_bytes(l, s, bytes, sizeof bytes);
    if (len == 0 || memchr(bytes, 0, len)) return OMOST_OK;
    uint32_t got = OM_ID_NONE;
    om_ids out = {.p = &got, .cap = 1};
    om_whole_word *words = l->b->words;
    l->b->words = NULL;
    omost_status st = om_bpe_word(l->b, bytes, len, &out, l->err);
    l->b->words = words;
    if (st != OMOST_OK || out.n != 1 || got != id) return st;
    om_whole_word w = {.id = id};
    om_bpe_key(bytes, len, w.key);
    ++*n;
    return om_bpe_add_word(l->b, w) ? OMOST_OK : hostile(l, l->vocab_name);
}

static omost_status make_words(loader *l)
{
    uint32_t slots = slots_for(l->n), n = 0;
    omost_status st = OMOST_OK;
    l->b->words = om_zalloc(l->b->env, slots * sizeof *l->b->words);
    if (!l->b->words) return om_fail_nomem(l->err);
    l->b->word_mask = slots - 1;
    for (uint32_t id = 0; st == OMOST_OK && id < l->n; id++)
        st = try_word(l, id, &n);
    return st;
}

/* ---- all of it --------------------------------------------------------- */

static omost_status load(loader *l, om_str merges)
{
    omost_status st = l->vocab.p ? read_vocab(l) : derive_units(l);
    if (st == OMOST_OK) st = find_units(l);
    if (st == OMOST_OK) st = read_merges(l, merges);
    if (st == OMOST_OK) st = find_mark(l, "<|startoftext|>", &l->b->bos);
    if (st == OMOST_OK) st = find_mark(l, "<|endoftext|>", &l->b->eos);
    if (st == OMOST_OK) st = make_words(l);
    l->b->n_vocab = l->n;
    return st;
}

omost_status om_bpe_load(om_bpe *b, const omost_env *env, om_str vocab,
                         const char *vocab_name, om_str merges,
                         const char *merges_name, omost_error *err)
{
    *b = (om_bpe){.env = env};
    if (vocab.n > OM_BPE_MAX_FILE || merges.n > OM_BPE_MAX_FILE)
        return om_fail(err, OMOST_LIMIT, "%s: larger than %d bytes",
                       vocab.n > OM_BPE_MAX_FILE ? vocab_name : merges_name,
                       OM_BPE_MAX_FILE);
    loader l = {.b = b,
                .vocab = vocab,
                .vocab_name = vocab_name,
                .merges_name = merges_name,
                .err = err};
    om_arena_init(&l.arena, env, 0);
    make_signs(&l);
    omost_status st = load(&l, merges);
    if (l.json) json_decref(l.json);
    om_arena_free(&l.arena);
    if (st != OMOST_OK) om_bpe_free(b);
    return st;
}
