/* store_search.c - has_words(folded, query): is every word of the query in the
 * text? Both were folded before, so that bytes can be compared. */
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

int om_store_add_search(struct sqlite3 *db)
{
    return sqlite3_create_function_v2(db, "has_words", 2,
                                      SQLITE_UTF8 | SQLITE_DETERMINISTIC |
                                          SQLITE_DIRECTONLY,
                                      NULL, sql_has_words, NULL, NULL, NULL);
}
