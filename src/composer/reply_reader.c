/* reply_reader.c - see reply_reader.h. */
#include "composer/reply_reader.h"

#include "base/utf8.h"

omost_status om_reply_begin(om_reply_reader *r, const omost_env *env,
                            bool (*on_text)(void *user, omost_str text),
                            omost_read_event_fn *on_read, void *user,
                            omost_error *err)
{
    const omost_read_opts opts = {.env = env};
    *r = (om_reply_reader){.on_text = on_text, .user = user};
    om_buf_init(&r->text, env, OMOST_MAX_MESSAGE);
    r->reader = omost_reader_new(&opts, on_read, user, err);
    return r->reader ? OMOST_OK : OMOST_NOMEM;
}

/* Whole, clean characters. */
static bool take_text(om_reply_reader *r, om_str text)
{
    if (text.n == 0) return true;
    om_buf_str(&r->text, text);
    if (om_buf_check(&r->text, "the reply", &r->failed) != OMOST_OK)
        return false;
    if (!r->on_text(r->user, text)) return false;
    if (r->no_canvas) return true;
    omost_error why;
    omost_status st = omost_reader_feed(r->reader, text.p, text.n, &why);
    if (st == OMOST_CANCELLED) return false;
    if (st == OMOST_NOMEM) {
        r->failed = why;
        return false;
    }
    r->no_canvas = st != OMOST_OK;
    return true;
}

/* The character that began in r->part, byte by byte. */
static bool finish_part(om_reply_reader *r, om_str *bytes)
{
    while (r->n_part > 0 && bytes->n > 0) {
        r->part[r->n_part++] = bytes->p[0];
        if (om_utf8_is_cut(r->part, r->n_part)) {
            *bytes = om_str_skip(*bytes, 1);
            continue;
        }
        bool whole = om_utf8_valid_len(r->part, r->n_part) == r->n_part;
        om_str text =
            whole ? (om_str){r->part, r->n_part} : OM_STR("\xef\xbf\xbd");
        if (whole) *bytes = om_str_skip(*bytes, 1);
        r->n_part = 0; /* a byte that did not belong to it is looked at anew */
        if (!take_text(r, text)) return false;
    }
    return true;
}

bool om_reply_feed(om_reply_reader *r, om_str bytes)
{
    if (!finish_part(r, &bytes)) return false;
    while (bytes.n > 0) {
        size_t good = om_utf8_valid_len(bytes.p, bytes.n);
        if (!take_text(r, (om_str){bytes.p, good})) return false;
        bytes = om_str_skip(bytes, good);
        if (bytes.n == 0) break;
        if (om_utf8_is_cut(bytes.p, bytes.n)) {
            memcpy(r->part, bytes.p, bytes.n);
            r->n_part = bytes.n;
            break;
        }
        if (!take_text(r, OM_STR("\xef\xbf\xbd"))) return false;
        bytes = om_str_skip(bytes, 1);
    }
    return true;
}

omost_status om_reply_end(om_reply_reader *r, omost_reply *reply,
                          omost_error *err)
{
    if (r->n_part > 0) (void)take_text(r, OM_STR("\xef\xbf\xbd"));
    r->n_part = 0;
    reply->canvas = omost_reader_finish(r->reader, &reply->why);
    reply->text = om_buf_steal(&r->text, &reply->len);
    if (!reply->text || reply->why.status == OMOST_NOMEM)
        return om_fail_nomem(err);
    return OMOST_OK;
}

void om_reply_abandon(om_reply_reader *r)
{
    omost_reader_free(r->reader);
    om_buf_free(&r->text);
    r->reader = NULL;
}

void om_reply_quote_line(om_buf *out, om_str text, int line)
{
    for (int at = 1; line > 0; at++) {
        const char *end = memchr(text.p, '\n', text.n);
        om_str here = {text.p, end ? (size_t)(end - text.p) : text.n};
        if (at == line) {
            om_buf_printf(out, "The line is:\n%.*s\n", OM_STR_ARG(here));
            return;
        }
        if (!end) return;
        text = om_str_skip(text, here.n + 1);
    }
}
