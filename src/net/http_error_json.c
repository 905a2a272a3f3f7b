/* http_error_json.c - see http_error.h. */
#include "net/http_error.h"

#include "base/json.h"
#include "base/unicode.h"
#include "base/utf8.h"

/* Secrets shorter than this are not struck out: they would be found by chance
 * in any sentence. */
enum { SHORTEST_SECRET = 4 };

/* The next piece of `text`: how many bytes are eaten; what is to be shown of
 * them in *show (n == 0: a blank). */
static size_t next_piece(om_str text, om_str secret, om_str *show)
{
    if (secret.n >= SHORTEST_SECRET && om_str_starts(text, secret)) {
        *show = OM_STR("***");
        return secret.n;
    }
    size_t len;
    uint32_t rune = om_utf8_decode(text.p, text.p + text.n, &len);
    *show = (om_str){text.p, len};
    if (rune == OM_RUNE_BAD || om_unicode_is_other(rune) ||
        om_unicode_is_space(rune) || !om_unicode_is_printable(rune))
        show->n = 0;
    return len;
}

void om_http_excerpt(char out[OM_HTTP_EXCERPT], om_str text, const char *secret)
{
    const size_t cap = OM_HTTP_EXCERPT - 1, dots = 3;
    size_t n = 0, fits = 0; /* fits: so much leaves room for the dots */
    bool blank = false;
    for (size_t i = 0; i < text.n;) {
        om_str show;
        i += next_piece(om_str_skip(text, i), om_str_of(secret), &show);
        if (show.n == 0) {
            blank = n > 0;
            continue;
        }
        size_t need = show.n + (blank ? 1 : 0);
        if (n + need > cap) {
            memcpy(out + fits, "...", dots);
            n = fits + dots;
            break;
        }
        if (blank) out[n++] = ' ';
        blank = false;
        memcpy(out + n, show.p, show.n);
        n += show.n;
        if (n <= cap - dots) fits = n;
    }
    out[n] = '\0';
}

static const json_t *text_at(const json_t *object, const char *key)
{
    const json_t *v = json_object_get(object, key);
    return json_is_string(v) && json_string_length(v) > 0 ? v : NULL;
}

static const json_t *find_message(const json_t *body)
{
    static const char *const keys[] = {"message", "error", "detail",
                                       "error_description"};
    const json_t *inner = json_object_get(body, "error");
    const json_t *v = json_is_object(inner) ? text_at(inner, "message") : NULL;
    if (json_is_array(body)) return find_message(json_array_get(body, 0));
    for (size_t i = 0; !v && i < sizeof keys / sizeof *keys; i++)
        v = text_at(body, keys[i]);
    return v;
}

void om_http_error_excerpt(char out[OM_HTTP_EXCERPT], om_str body,
                           const char *secret)
{
    out[0] = '\0';
    om_str text = om_str_strip(body, " \t\r\n");
    if (text.n == 0 || text.p[0] == '<') return;
    if (text.p[0] != '{' && text.p[0] != '[') {
        om_http_excerpt(out, text, secret);
        return;
    }
    json_t *v = om_json_parse(text, "the answer", NULL);
    if (!v) return;
    const json_t *message = find_message(v);
    if (message) om_http_excerpt(out, om_json_str(message), secret);
    json_decref(v);
}
