/* store_search.c - has_words(folded, query): is every word of the query in the
 * text? Both were folded before, so that bytes can be compared. Short texts,
 * of which no folded copy is kept, are folded as they are looked at: fold(). */
#include <sqlite3.h>

#include "base/unicode.h"
#include "base/utf8.h"
#include "store/store_impl.h"

void om_store_fold(om_buf *out, om_str text)
{
    om_buf nfc;
    om_buf_init(&nfc, out->env, out->limit);
    om_unicode_nfc(&nfc, text);
    if (nfc.status == OMOST_OK)
        om_unicode_lower(out, om_buf_view(&nfc));
    else
        out->status = nfc.status;
    om_buf_free(&nfc);
}

/* A text that is not UTF-8 must be found before it is folded. */
omost_status om_store_words(om_buf *out, om_str text, omost_error *err)
{
    const size_t good = om_utf8_valid_len(text.p, text.n);
    if (good < text.n) return om_store_not_text(good, text.n, err);
    om_store_fold(out, text);
    return om_buf_check(out, "the text", err);
}

/* The first word of *s, which loses it; empty at the end. */
static om_str next_word(om_str *s)
{
    size_t from = 0, to = 0, len;
    for (; to < s->n; to += len) {
        const uint32_t rune = om_utf8_decode(s->p + to, s->p + s->n, &len);
        if (!om_unicode_is_space(rune)) continue;
        if (to > from) break;
        from = to + len;
    }
    const om_str word = {s->p + from, to - from};
    *s = om_str_skip(*s, to);
    return word;
}

static bool has_words(om_str text, om_str query)
{
    for (;;) {
        const om_str word = next_word(&query);
        if (word.n == 0) return true;
        if (om_str_find(text, word) == SIZE_MAX) return false;
    }
}

static om_str value_text(sqlite3_value *v)
{
    const char *p = (const char *)sqlite3_value_text(v);
    return (om_str){p ? p : "", p ? (size_t)sqlite3_value_bytes(v) : 0};
}

static void sql_has_words(sqlite3_context *c, int n, sqlite3_value **v)
{
    (void)n;
    sqlite3_result_int(c, has_words(value_text(v[0]), value_text(v[1])));
}

static void sql_fold(sqlite3_context *c, int n, sqlite3_value **v)
{
    om_buf b;
    (void)n;
    om_buf_init(&b, sqlite3_user_data(c), OM_STORE_MAX_TEXT);
    om_store_fold(&b, value_text(v[0]));
    if (b.status == OMOST_OK)
        sqlite3_result_text(c, b.n ? b.p : "", (int)b.n, SQLITE_TRANSIENT);
    else
        sqlite3_result_error_nomem(c);
    om_buf_free(&b);
}

int om_store_add_search(om_store *s)
{
    enum { HOW = SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_DIRECTONLY };
    union {
        const omost_env *in;
        void *out;
    } env = {.in = s->env};
    const int code =
        sqlite3_create_function_v2(s->db, "has_words", 2, HOW, NULL,
                                   sql_has_words, NULL, NULL, NULL);
    if (code != SQLITE_OK) return code;
    return sqlite3_create_function_v2(s->db, "fold", 1, HOW, env.out, sql_fold,
                                      NULL, NULL, NULL);
}
