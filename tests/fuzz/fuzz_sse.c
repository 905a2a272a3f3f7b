/* fuzz_sse.c - any bytes as an event stream and as the answer of a chat
 * completions server: in one piece and in small ones it comes to the same. The
 * first byte is the size of the pieces. */
#include <stdint.h>
#include <stdlib.h>

#include "base/utf8.h"
#include "composer/remote.h"

enum { MAX_TEXT = 1 << 24, LIMIT = 1000 };

/* ---- events -------------------------------------------------------------- */

static omost_status on_event(void *user, const om_sse_event *ev,
                             omost_error *err)
{
    (void)err;
    if (ev->data.n > LIMIT + 1 || ev->type.n > LIMIT) abort();
    if (memchr(ev->type.n ? ev->type.p : "", '\n', ev->type.n)) abort();
    om_buf_printf(user, "%zu:%zu:", ev->type.n, ev->data.n);
    om_buf_str(user, ev->data);
    return OMOST_OK;
}

static omost_status read_events(om_str in, size_t piece, om_buf *out)
{
    om_sse s;
    omost_status st = OMOST_OK;
    om_sse_init(&s, NULL, LIMIT);
    for (size_t i = 0; st == OMOST_OK && i < in.n; i += piece) {
        size_t n = in.n - i < piece ? in.n - i : piece;
        st = om_sse_feed(&s, (om_str){in.p + i, n}, on_event, out, NULL);
    }
    if (st == OMOST_OK) st = om_sse_end(&s, on_event, out, NULL);
    om_sse_free(&s);
    return st;
}

/* ---- answers ------------------------------------------------------------- */

static bool on_text(void *user, om_str text)
{
    if (text.n == 0) abort();
    om_buf_str(user, text);
    return true;
}

static bool on_progress(void *user, int done, int total)
{
    (void)user;
    if (done < 0 || total <= 0 || done > total) abort();
    return true;
}

static omost_status read_answer(om_str in, size_t piece, om_buf *out)
{
    const om_remote_sink sink = {on_text, on_progress, out};
    om_remote_answer a;
    omost_error err = {0};
    omost_status st = OMOST_OK;
    om_remote_answer_init(&a, NULL, &sink);
    a.secret = "data";
    for (size_t i = 0; st == OMOST_OK && i < in.n; i += piece) {
        size_t n = in.n - i < piece ? in.n - i : piece;
        st = om_remote_answer_feed(&a, (om_str){in.p + i, n}, &err);
    }
    if (st == OMOST_OK) st = om_remote_answer_end(&a, &err);
    om_remote_answer_free(&a);
    if (st != err.status || (st != OMOST_OK && !err.msg[0])) abort();
    if (om_utf8_valid_len(err.msg, strlen(err.msg)) != strlen(err.msg)) abort();
    for (const char *p = err.msg; *p; p++)
        if ((unsigned char)*p < ' ' || *p == 0x7f) abort();
    return st;
}

typedef omost_status read_fn(om_str in, size_t piece, om_buf *out);

static void same_in_pieces(read_fn *fn, om_str in, size_t piece)
{
    om_buf whole, parts;
    om_buf_init(&whole, NULL, MAX_TEXT);
    om_buf_init(&parts, NULL, MAX_TEXT);
    omost_status a = fn(in, in.n ? in.n : 1, &whole);
    omost_status b = fn(in, piece, &parts);
    if (a != b || !om_str_eq(om_buf_view(&whole), om_buf_view(&parts))) abort();
    om_buf_free(&whole);
    om_buf_free(&parts);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    om_remote_part part;
    om_remote_models models;
    if (size == 0) return 0;
    om_str in = {(const char *)data + 1, size - 1};
    size_t piece = 1 + data[0] % 16;
    same_in_pieces(read_events, in, piece);
    same_in_pieces(read_answer, in, piece);
    om_remote_read_models(&models, in);
    if (models.n > 0 && strlen(models.first) >= sizeof models.first) abort();
    if (om_remote_read_props(in) < 0) abort();
    (void)om_remote_read_refusal(in, &part);
    return 0;
}
