/* tokenizer.c - open a tokenizer, encode texts with it; see omost/plan.h. */
#include "prompt/tokenizer.h"

#include "base/embedded.h"
#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "base/utf8.h"
#include "prompt/clip_words.h"

enum { MAX_CONFIG = 1024 * 1024, MAX_PATH = 4096 };

/* ---- making ------------------------------------------------------------ */

static omost_tokenizer *alloc_tokenizer(const omost_env *env, omost_error *err)
{
    omost_tokenizer *tk = om_zalloc(env, sizeof *tk);
    if (!tk) om_fail_nomem(err);
    if (tk) tk->bpe.env = env;
    return tk;
}

/* As SDXL has it: the end mark, and "!". */
static void set_default_pads(omost_tokenizer *tk)
{
    tk->pads[0] = (om_pad){.id = tk->bpe.eos};
    tk->pads[1] = (om_pad){.id = tk->bpe.bang, .text = "!"};
}

static omost_tokenizer *parse_named(const omost_env *env, om_str vocab,
                                    const char *vocab_name, om_str merges,
                                    const char *merges_name, omost_error *err)
{
    omost_tokenizer *tk = alloc_tokenizer(env, err);
    if (!tk) return NULL;
    if (om_bpe_load(&tk->bpe, env, vocab, vocab_name, merges, merges_name,
                    err) != OMOST_OK) {
        omost_tokenizer_free(tk);
        return NULL;
    }
    set_default_pads(tk);
    return tk;
}

omost_tokenizer *om_tokenizer_parse(const omost_env *env, om_str vocab,
                                    om_str merges, omost_error *err)
{
    return parse_named(env, vocab, "vocab.json", merges, "merges.txt", err);
}

bool omost_tokenizer_has_builtin(void)
{
    return om_embedded_clip_merges_size > 0;
}

omost_tokenizer *omost_tokenizer_builtin(const omost_env *env, omost_error *err)
{
    om_error_clear(err);
    if (!omost_tokenizer_has_builtin()) {
        om_fail(err, OMOST_MISSING,
                "this build carries no vocabulary: name a model's tokenizer "
                "folder, or run tools/setup and build again");
        return NULL;
    }
    om_str merges = {(const char *)om_embedded_clip_merges,
                     om_embedded_clip_merges_size};
    return parse_named(env, (om_str){0}, "the built-in vocabulary", merges,
                       "the built-in merges", err);
}

void omost_tokenizer_free(omost_tokenizer *tk)
{
    if (!tk) return;
    const omost_env *env = tk->bpe.env;
    om_bpe_free(&tk->bpe);
    om_free(env, tk);
}

/* ---- folders ----------------------------------------------------------- */

static omost_status join_path(char out[MAX_PATH], const char *dir,
                              const char *name, omost_error *err)
{
    int n = snprintf(out, MAX_PATH, "%s/%s", dir, name);
    if (n > 0 && n < MAX_PATH) return OMOST_OK;
    return om_fail(err, OMOST_LIMIT, "a path of more than %d bytes", MAX_PATH);
}

static bool has_file(const char *dir, const char *name)
{
    char path[MAX_PATH];
    if (join_path(path, dir, name, NULL) != OMOST_OK) return false;
    FILE *f = fopen(path, "rb");
    if (f) fclose(f);
    return f != NULL;
}

static omost_tokenizer *open_files(const omost_env *env, const char *dir,
                                   omost_error *err)
{
    char vocab_path[MAX_PATH], merges_path[MAX_PATH];
    om_buf vocab, merges;
    omost_tokenizer *tk = NULL;
    om_buf_init(&vocab, env, OM_BPE_MAX_FILE);
    om_buf_init(&merges, env, OM_BPE_MAX_FILE);
    if (join_path(vocab_path, dir, "vocab.json", err) == OMOST_OK &&
        join_path(merges_path, dir, "merges.txt", err) == OMOST_OK &&
        om_file_read(vocab_path, &vocab, err) == OMOST_OK &&
        om_file_read(merges_path, &merges, err) == OMOST_OK) {
        om_str v = {vocab.p ? vocab.p : "", vocab.n};
        tk = parse_named(env, v, vocab_path, om_buf_view(&merges), merges_path,
                         err);
    }
    om_buf_free(&vocab);
    om_buf_free(&merges);
    return tk;
}

/* ---- what pads --------------------------------------------------------- */

/* "pad_token": "!" or {"content": "!"}; empty when it says nothing. */
static om_str pad_token(const json_t *config)
{
    const json_t *v = json_object_get(config, "pad_token");
    if (json_is_object(v)) v = json_object_get(v, "content");
    return json_is_string(v) ? om_json_str(v) : (om_str){0};
}

static omost_status set_pad(const omost_tokenizer *tk, om_str text,
                            const char *path, om_pad *pad, omost_error *err)
{
    if (text.n == 0) return OMOST_OK;
    if (om_str_eqz(text, "<|endoftext|>")) {
        *pad = (om_pad){.id = tk->bpe.eos};
        return OMOST_OK;
    }
    if (om_str_eqz(text, "!")) {
        *pad = (om_pad){.id = tk->bpe.bang, .text = "!"};
        return OMOST_OK;
    }
    return om_fail(
        err, OMOST_FORMAT,
        "%s: pad_token \"%.*s\" is neither \"<|endoftext|>\" nor \"!\"", path,
        OM_STR_ARG(text));
}

static omost_status read_pad(const omost_tokenizer *tk, const char *dir,
                             om_pad *pad, omost_error *err)
{
    char path[MAX_PATH];
    om_buf text;
    omost_error je;
    omost_status st = join_path(path, dir, "tokenizer_config.json", err);
    if (st != OMOST_OK || !has_file(dir, "tokenizer_config.json")) return st;
    om_buf_init(&text, tk->bpe.env, MAX_CONFIG);
    st = om_file_read(path, &text, err);
    if (st == OMOST_OK) {
        json_t *config =
            om_json_parse(om_buf_view(&text), "the configuration", &je);
        if (config)
            st = set_pad(tk, pad_token(config), path, pad, err);
        else if (je.status == OMOST_NOMEM)
            st = om_fail_nomem(err);
        else
            st = om_fail(err, je.status, "%s:%d: %s", path, je.line, je.msg);
        json_decref(config);
    }
    om_buf_free(&text);
    return st;
}

static omost_status add_second(omost_tokenizer *tk, const char *dir,
                               omost_error *err)
{
    omost_tokenizer *second = open_files(tk->bpe.env, dir, err);
    if (!second) return err ? err->status : OMOST_FORMAT;
    omost_status st = OMOST_OK;
    if (!om_bpe_equal(&tk->bpe, &second->bpe))
        st = om_fail(err, OMOST_FORMAT,
                     "%s: not the vocabulary of the first tokenizer", dir);
    omost_tokenizer_free(second);
    return st == OMOST_OK ? read_pad(tk, dir, &tk->pads[1], err) : st;
}

/* A model folder: one tokenizer each for the two encoders. */
static omost_tokenizer *open_model(const omost_env *env, const char *dir,
                                   omost_error *err)
{
    char first[MAX_PATH], second[MAX_PATH];
    if (join_path(first, dir, "tokenizer", err) != OMOST_OK ||
        join_path(second, dir, "tokenizer_2", err) != OMOST_OK)
        return NULL;
    omost_tokenizer *tk = open_files(env, first, err);
    if (!tk) return NULL;
    omost_status st = read_pad(tk, first, &tk->pads[0], err);
    if (st == OMOST_OK && has_file(second, "vocab.json"))
        st = add_second(tk, second, err);
    if (st == OMOST_OK) return tk;
    omost_tokenizer_free(tk);
    return NULL;
}

omost_tokenizer *omost_tokenizer_open(const omost_env *env, const char *dir,
                                      omost_error *err)
{
    omost_error local;
    if (!err) err = &local;
    om_error_clear(err);
    if (has_file(dir, "vocab.json")) return open_files(env, dir, err);
    if (has_file(dir, "tokenizer/vocab.json")) return open_model(env, dir, err);
    om_fail(err, OMOST_MISSING,
            "%s has no tokenizer: neither vocab.json nor tokenizer/vocab.json "
            "is there",
            dir);
    return NULL;
}

/* ---- using ------------------------------------------------------------- */

uint32_t omost_tokenizer_size(const omost_tokenizer *tk)
{
    return tk->bpe.n_vocab;
}

uint32_t omost_tokenizer_start(const omost_tokenizer *tk)
{
    return tk->bpe.bos;
}

uint32_t omost_tokenizer_end(const omost_tokenizer *tk)
{
    return tk->bpe.eos;
}

uint32_t omost_tokenizer_pad(const omost_tokenizer *tk, omost_encoder which)
{
    return tk->pads[which].id;
}

bool om_tokenizer_may_differ(const omost_tokenizer *tk, om_str text)
{
    for (int i = 0; i < 2; i++) {
        om_str cut = om_str_of(tk->pads[i].text);
        if (cut.n && om_str_find(text, cut) != SIZE_MAX) return true;
    }
    return false;
}

omost_status omost_tokenizer_encode(const omost_tokenizer *tk,
                                    omost_encoder which, omost_str text,
                                    uint32_t *ids, size_t cap, size_t *n,
                                    omost_error *err)
{
    om_ids out = {.p = ids, .cap = cap};
    *n = 0;
    om_error_clear(err);
    if (text.n > OMOST_MAX_INPUT)
        return om_fail(err, OMOST_LIMIT,
                       "a text of %zu bytes is over the limit of %d", text.n,
                       OMOST_MAX_INPUT);
    size_t good = text.n ? om_utf8_valid_len(text.p, text.n) : 0;
    if (good < text.n)
        return om_fail(err, OMOST_FORMAT, "byte %zu of a text is not UTF-8",
                       good + 1);
    const om_pad *pad = &tk->pads[which];
    omost_status st = om_clip_encode(&tk->bpe, text, om_str_of(pad->text),
                                     pad->id, &out, err);
    *n = out.n;
    return st;
}
