/* llm_vocab.c - see llm_vocab.h. */
#include "models/llm_vocab.h"

#include <stdio.h>

#include "base/utf8.h"
#include "models/llm_special.h"

enum { MAX_TOKENS = 1 << 22 };

typedef struct reader {
    om_llm_vocab *v;
    const om_llm_folder *f;
    const om_llm_config *c;
    const json_t *root;  /* tokenizer.json */
    const json_t *model; /* its "model" */
    omost_error *err;
} reader;

static omost_status refuse(const reader *r, const char *what)
{
    return om_fail(r->err, OMOST_FORMAT, "%s/tokenizer.json: %s", r->f->path,
                   what);
}

static const char *word(const json_t *object, const char *key)
{
    const char *z = json_string_value(json_object_get(object, key));
    return z ? z : "";
}

static bool is_type(const json_t *part, const char *type)
{
    return strcmp(word(part, "type"), type) == 0;
}

/* ---- which kind ---------------------------------------------------------- */

/* How the text is cut before merging, by the expression that does it. */
static const struct {
    const char *regex, *name;
} cuts[] = {
    {"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}|"
     " ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+",
     "llama-bpe"},
    {"'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|"
     "\\s+(?!\\S)|\\s+",
     "gpt-2"},
};

static const char *name_of_cut(const json_t *split)
{
    const char *regex = word(json_object_get(split, "pattern"), "Regex");
    if (!is_type(split, "Split") ||
        strcmp(word(split, "behavior"), "Isolated") != 0 ||
        json_is_true(json_object_get(split, "invert")))
        return NULL;
    for (size_t i = 0; i < sizeof cuts / sizeof *cuts; i++)
        if (strcmp(regex, cuts[i].regex) == 0) return cuts[i].name;
    return NULL;
}

static bool is_byte_level(const json_t *part, bool with_regex)
{
    const json_t *use = json_object_get(part, "use_regex");
    return is_type(part, "ByteLevel") &&
           !json_is_true(json_object_get(part, "add_prefix_space")) &&
           (!use || json_is_true(use)) == with_regex;
}

/* Sequence [Split by a known expression, ByteLevel], or ByteLevel alone. */
static bool find_bytes(reader *r)
{
    const json_t *pre = json_object_get(r->root, "pre_tokenizer");
    const json_t *list = json_object_get(pre, "pretokenizers");
    if (is_byte_level(pre, true)) r->v->pre = "gpt-2";
    if (is_type(pre, "Sequence") && json_array_size(list) == 2 &&
        is_byte_level(json_array_get(list, 1), false))
        r->v->pre = name_of_cut(json_array_get(list, 0));
    const json_t *normal = json_object_get(r->root, "normalizer");
    r->v->kind = OM_VOCAB_BYTES;
    return r->v->pre && (!normal || json_is_null(normal));
}

static const char underline[] = "\xe2\x96\x81"; /* "▁" */

static bool replaces_spaces(const json_t *part)
{
    const char *from = word(json_object_get(part, "pattern"), "String");
    return is_type(part, "Replace") && strcmp(from, " ") == 0 &&
           strcmp(word(part, "content"), underline) == 0;
}

static bool prepends_space(const json_t *part)
{
    return is_type(part, "Prepend") &&
           strcmp(word(part, "prepend"), underline) == 0;
}

/* A normalizer that writes "▁" for spaces and perhaps before everything, or a
 * Metaspace that does so. */
static bool find_pieces(reader *r)
{
    const json_t *normal = json_object_get(r->root, "normalizer");
    const json_t *pre = json_object_get(r->root, "pre_tokenizer");
    const json_t *list = json_object_get(normal, "normalizers");
    r->v->kind = OM_VOCAB_PIECES;
    r->v->pre = "default";
    if (!json_is_true(json_object_get(r->model, "byte_fallback"))) return false;
    if (is_type(pre, "Metaspace") && (!normal || json_is_null(normal))) {
        const char *scheme = word(pre, "prepend_scheme");
        r->v->space_first =
            *scheme ? strcmp(scheme, "never") != 0
                    : json_is_true(json_object_get(pre, "add_prefix_space"));
        return strcmp(word(pre, "replacement"), underline) == 0 &&
               !json_is_true(json_object_get(pre, "split"));
    }
    if (pre && !json_is_null(pre)) return false;
    if (replaces_spaces(normal)) return true;
    size_t n = json_array_size(list);
    r->v->space_first = n == 2 && prepends_space(json_array_get(list, 0));
    return is_type(normal, "Sequence") && (n == 1 || r->v->space_first) &&
           n <= 2 && replaces_spaces(json_array_get(list, n - 1));
}

static omost_status find_kind(reader *r)
{
    if (!is_type(r->model, "BPE"))
        return om_fail(r->err, OMOST_FORMAT,
                       "%s/tokenizer.json: a tokenizer of type \"%.40s\" is "
                       "not known, only BPE is",
                       r->f->path, word(r->model, "type"));
    if (find_bytes(r) || find_pieces(r)) return OMOST_OK;
    return refuse(r, "its BPE prepares text in a way that is neither Llama "
                     "3's nor SentencePiece's");
}

/* ---- tokens -------------------------------------------------------------- */

static omost_status count_tokens(reader *r)
{
    const char *key;
    json_t *value;
    size_t i;
    json_t *vocab = json_object_get(r->model, "vocab");
    const json_t *added = json_object_get(r->root, "added_tokens");
    json_int_t most = -1;
    json_object_foreach(vocab, key, value)
    {
        json_int_t id = json_is_integer(value) ? json_integer_value(value) : -1;
        if (id < 0 || id >= MAX_TOKENS)
            return refuse(r, "a token's number is out of range");
        if (id > most) most = id;
    }
    json_array_foreach(added, i, value)
    {
        const json_t *number = json_object_get(value, "id");
        json_int_t id =
            json_is_integer(number) ? json_integer_value(number) : -1;
        if (id < 0 || id >= MAX_TOKENS)
            return refuse(r, "an added token's number is out of range");
        if (id > most) most = id;
    }
    if (json_object_size(vocab) == 0) return refuse(r, "it has no vocabulary");
    if ((size_t)most >= r->c->vocab)
        return om_fail(r->err, OMOST_FORMAT,
                       "%s/tokenizer.json has a token %lld, and the model has "
                       "only %zu (vocab_size in config.json)",
                       r->f->path, (long long)most, r->c->vocab);
    r->v->n = r->c->vocab;
    return OMOST_OK;
}

static bool is_byte_name(om_str s, unsigned *byte)
{
    if (s.n != 6 || memcmp(s.p, "<0x", 3) != 0 || s.p[5] != '>') return false;
    int high = om_hex_value(s.p[3]), low = om_hex_value(s.p[4]);
    *byte = (unsigned)(high * 16 + low);
    return high >= 0 && low >= 0;
}

static omost_status put_token(reader *r, om_str text, size_t id, int32_t type)
{
    if (text.n == 0 || memchr(text.p, '\0', text.n))
        return refuse(r, "a token is empty, or holds a NUL character");
    om_str copy = om_arena_str(&r->v->arena, text);
    if (!copy.p) return om_fail_nomem(r->err);
    r->v->token[id] = copy.p;
    r->v->type[id] = type;
    return OMOST_OK;
}

static omost_status put_vocabulary(reader *r)
{
    const char *key;
    json_t *value;
    unsigned byte;
    size_t n_bytes = 0;
    const om_str unk = om_str_of(word(r->model, "unk_token"));
    json_object_foreach(json_object_get(r->model, "vocab"), key, value)
    {
        const om_str text = om_str_of(key);
        size_t id = (size_t)json_integer_value(value);
        int32_t type = OM_TOKEN_NORMAL;
        if (r->v->token[id]) return refuse(r, "two tokens have one number");
        if (r->v->kind == OM_VOCAB_PIECES && is_byte_name(text, &byte))
            type = OM_TOKEN_BYTE, n_bytes++;
        if (unk.n && om_str_eq(text, unk)) type = OM_TOKEN_UNKNOWN;
        omost_status st = put_token(r, text, id, type);
        if (st != OMOST_OK) return st;
    }
    if (r->v->kind == OM_VOCAB_PIECES && n_bytes != 256)
        return refuse(r, "it lacks tokens for some of the 256 bytes");
    return OMOST_OK;
}

static omost_status put_added(reader *r)
{
    size_t i;
    json_t *value;
    json_array_foreach(json_object_get(r->root, "added_tokens"), i, value)
    {
        size_t id = (size_t)json_integer_value(json_object_get(value, "id"));
        bool special = json_is_true(json_object_get(value, "special"));
        int32_t type = special ? OM_TOKEN_CONTROL : OM_TOKEN_USER;
        if (r->v->type[id] == OM_TOKEN_UNKNOWN) type = OM_TOKEN_UNKNOWN;
        if (json_is_true(json_object_get(value, "rstrip")))
            r->v->strips_spaces = true;
        om_str text = om_json_str(json_object_get(value, "content"));
        omost_status st = put_token(r, text, id, type);
        if (st != OMOST_OK) return st;
    }
    return OMOST_OK;
}

/* Numbers nobody has: a model may have more than its tokenizer. */
static omost_status fill_gaps(reader *r)
{
    char name[32];
    for (size_t i = 0; i < r->v->n; i++) {
        if (r->v->token[i]) continue;
        snprintf(name, sizeof name, "[PAD%zu]", i);
        omost_status st = put_token(r, om_str_of(name), i, OM_TOKEN_UNUSED);
        if (st != OMOST_OK) return st;
    }
    return OMOST_OK;
}

uint32_t om_byte_letter(unsigned char byte)
{
    const bool prints = (byte >= '!' && byte <= '~') ||
                        (byte >= 0xa1 && byte <= 0xac) || byte >= 0xae;
    if (prints) return byte;
    if (byte <= ' ') return 256u + byte;
    if (byte < 0xa1) return 256u + 33u + (byte - 127u);
    return 256u + 67u; /* 0xad, the soft hyphen */
}

/* The reader drops bytes that no token stands for. */
static omost_status check_letters(reader *r)
{
    const json_t *vocab = json_object_get(r->model, "vocab");
    for (unsigned b = 0; b < 256; b++) {
        char letter[5] = "";
        om_utf8_encode(om_byte_letter((unsigned char)b), letter);
        if (!json_object_get(vocab, letter))
            return refuse(r, "it lacks letters for some of the 256 bytes");
    }
    return OMOST_OK;
}

/* ---- merges -------------------------------------------------------------- */

static bool is_text(om_str s)
{
    return s.n > 0 && !memchr(s.p, '\0', s.n);
}

/* "a b", or ["a", "b"] in newer files: its halves. */
static bool split_merge(const json_t *m, om_str half[2])
{
    if (json_is_array(m)) {
        half[0] = om_json_str(json_array_get(m, 0));
        half[1] = om_json_str(json_array_get(m, 1));
        return json_array_size(m) == 2 && is_text(half[0]) && is_text(half[1]);
    }
    om_str s = om_json_str(m);
    size_t at = s.p ? om_str_find(s, OM_STR(" ")) : SIZE_MAX;
    if (at == SIZE_MAX) return false;
    half[0] = (om_str){s.p, at};
    half[1] = om_str_skip(s, at + 1);
    return is_text(half[0]) && is_text(half[1]) &&
           !memchr(half[1].p, ' ', half[1].n);
}

static om_str join(om_buf *b, const om_str half[2], const char *between)
{
    b->n = 0;
    om_buf_str(b, half[0]);
    om_buf_puts(b, between);
    om_buf_str(b, half[1]);
    return om_buf_view(b);
}

static omost_status keep_merge(reader *r, om_buf *b, const om_str half[2])
{
    if (memchr(half[0].p, ' ', half[0].n) || memchr(half[1].p, ' ', half[1].n))
        return refuse(r, "a merge holds a space");
    om_str s = om_arena_str(&r->v->arena, join(b, half, " "));
    if (!s.p) return om_fail_nomem(r->err);
    r->v->merge[r->v->n_merges++] = s.p;
    return OMOST_OK;
}

/* Scores of all: those that no merge makes come after those that one does. */
static void score_merge(reader *r, om_buf *b, const om_str half[2], size_t rank)
{
    om_str made = join(b, half, "");
    const json_t *id =
        made.p ? json_object_get(json_object_get(r->model, "vocab"), made.p)
               : NULL;
    float *score = id ? &r->v->score[json_integer_value(id)] : NULL;
    if (score && *score == 0) *score = -1.0f - (float)rank;
}

static omost_status put_merges(reader *r)
{
    size_t i;
    json_t *m;
    om_str half[2];
    om_buf b;
    omost_status st = OMOST_OK;
    const json_t *merges = json_object_get(r->model, "merges");
    const size_t n = json_array_size(merges);
    if (n == 0 || n > MAX_TOKENS) return refuse(r, "it has no merges");
    r->v->merge = om_arena_array(&r->v->arena, n, sizeof *r->v->merge);
    if (!r->v->merge) return om_fail_nomem(r->err);
    om_buf_init(&b, r->f->env, 1 << 20);
    json_array_foreach(merges, i, m)
    {
        if (!split_merge(m, half))
            st = refuse(r, "a merge is not made of two parts");
        else if (r->v->kind == OM_VOCAB_BYTES)
            st = keep_merge(r, &b, half);
        else
            score_merge(r, &b, half, i);
        if (st == OMOST_OK && b.status != OMOST_OK) st = om_fail_nomem(r->err);
        if (st != OMOST_OK) break;
    }
    om_buf_free(&b);
    return st;
}

/* What no merge makes must not be made of its letters: the lowest score. */
static void finish_scores(om_llm_vocab *v)
{
    for (size_t i = 0; i < v->n; i++) {
        const bool plain = v->type[i] == OM_TOKEN_NORMAL;
        if (plain && v->score[i] == 0) v->score[i] = -1e9f;
        if (v->type[i] == OM_TOKEN_USER || v->type[i] == OM_TOKEN_UNUSED)
            v->score[i] = -1000;
        if (v->type[i] == OM_TOKEN_CONTROL || v->type[i] == OM_TOKEN_BYTE ||
            v->type[i] == OM_TOKEN_UNKNOWN)
            v->score[i] = 0;
    }
}

/* ---- all ----------------------------------------------------------------- */

static omost_status read_tokens(reader *r)
{
    om_llm_vocab *v = r->v;
    omost_status st = count_tokens(r);
    if (st != OMOST_OK) return st;
    v->token = om_arena_array(&v->arena, v->n, sizeof *v->token);
    v->type = om_arena_array(&v->arena, v->n, sizeof *v->type);
    v->score = om_arena_array(&v->arena, v->n, sizeof *v->score);
    if (!v->token || !v->type || !v->score) return om_fail_nomem(r->err);
    st = put_vocabulary(r);
    if (st == OMOST_OK) st = put_added(r);
    if (st == OMOST_OK) st = fill_gaps(r);
    if (st == OMOST_OK && v->kind == OM_VOCAB_BYTES) st = check_letters(r);
    if (st == OMOST_OK) st = put_merges(r);
    if (st == OMOST_OK) finish_scores(v);
    return st;
}

omost_status om_llm_vocab_read(om_llm_vocab *v, const om_llm_folder *f,
                               const om_llm_config *c, omost_error *err)
{
    *v = (om_llm_vocab){.bos = -1, .eos = -1, .eot = -1, .unk = -1, .pad = -1};
    om_arena_init(&v->arena, f->env, 0);
    json_t *root = om_llm_folder_json(f, "tokenizer.json", false, err);
    if (!root) return err ? err->status : OMOST_FORMAT;
    reader r = {.v = v, .f = f, .c = c, .root = root, .err = err};
    r.model = json_object_get(root, "model");
    omost_status st = find_kind(&r);
    if (st == OMOST_OK) st = read_tokens(&r);
    if (st == OMOST_OK) st = om_llm_special_read(v, f, c, root, err);
    json_decref(root);
    return st;
}

void om_llm_vocab_free(om_llm_vocab *v)
{
    om_arena_free(&v->arena);
    *v = (om_llm_vocab){0};
}
