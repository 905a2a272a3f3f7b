/* remote_answer_json.c - see remote.h: reading the answer. */
#include "base/json.h"
#include "composer/remote.h"
#include "net/http_error.h"

/* A token's chunk has some 300 bytes; an answer that comes whole is a reply and
 * its JSON. */
enum { MAX_EVENT = 4 << 20, MAX_WHOLE = 8 << 20 };

void om_remote_answer_init(om_remote_answer *a, const omost_env *env,
                           const om_remote_sink *sink)
{
    *a = (om_remote_answer){.env = env,
                            .sink = *sink,
                            .host = "the server",
                            .prompt_tokens = -1,
                            .cached_tokens = -1,
                            .reply_tokens = -1,
                            .drafted = -1,
                            .accepted = -1};
    om_sse_init(&a->sse, env, MAX_EVENT);
    om_buf_init(&a->whole, env, MAX_WHOLE);
}

void om_remote_answer_free(om_remote_answer *a)
{
    om_sse_free(&a->sse);
    om_buf_free(&a->whole);
}

/* ---- pieces of JSON ------------------------------------------------------ */

static void read_count(const json_t *object, const char *key, int *out)
{
    const json_t *v = json_object_get(object, key);
    if (!json_is_integer(v)) return;
    json_int_t n = json_integer_value(v);
    if (n >= 0 && n <= INT32_MAX) *out = (int)n;
}

static void read_usage(om_remote_answer *a, const json_t *chunk)
{
    const json_t *usage = json_object_get(chunk, "usage");
    const json_t *details = json_object_get(usage, "prompt_tokens_details");
    const json_t *timings = json_object_get(chunk, "timings");
    read_count(usage, "prompt_tokens", &a->prompt_tokens);
    read_count(usage, "completion_tokens", &a->reply_tokens);
    read_count(details, "cached_tokens", &a->cached_tokens);
    read_count(timings, "predicted_n", &a->reply_tokens);
    read_count(timings, "cache_n", &a->cached_tokens);
    read_count(timings, "draft_n", &a->drafted);
    read_count(timings, "draft_n_accepted", &a->accepted);
}

static omost_status stopped(omost_error *err)
{
    return om_fail(err, OMOST_CANCELLED, "stopped");
}

static omost_status say(om_remote_answer *a, om_str text, omost_error *err)
{
    if (text.n == 0) return OMOST_OK;
    a->n_news++;
    a->n_texts++;
    return a->sink.text(a->sink.user, text) ? OMOST_OK : stopped(err);
}

/* content = string | null | [ { "type": "text", "text": string } ... ] */
static omost_status read_content(om_remote_answer *a, const json_t *content,
                                 omost_error *err)
{
    if (json_is_string(content)) return say(a, om_json_str(content), err);
    omost_status st = OMOST_OK;
    for (size_t i = 0; st == OMOST_OK && i < json_array_size(content); i++) {
        const json_t *text =
            json_object_get(json_array_get(content, i), "text");
        if (json_is_string(text)) st = say(a, om_json_str(text), err);
    }
    return st;
}

static omost_status refused(om_remote_answer *a, const json_t *words,
                            omost_error *err)
{
    char said[OM_HTTP_EXCERPT];
    om_http_excerpt(said, om_json_str(words), a->secret);
    return om_fail(err, OMOST_IO, "the model behind %.60s refused: %s", a->host,
                   said);
}

/* Thoughts are no text of the reply, and something happens all the same. */
static bool has_thoughts(const json_t *part)
{
    static const char *const keys[] = {"reasoning_content", "reasoning",
                                       "thinking"};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        if (json_string_length(json_object_get(part, keys[i])) > 0) return true;
    return false;
}

/* choice = { "delta" | "message": { "content" ... }, "finish_reason" } */
static omost_status read_choice(om_remote_answer *a, const json_t *choice,
                                omost_error *err)
{
    const json_t *part = json_object_get(choice, "delta");
    const json_t *finish = json_object_get(choice, "finish_reason");
    if (!json_is_object(part)) part = json_object_get(choice, "message");
    const json_t *refusal = json_object_get(part, "refusal");
    if (json_is_string(refusal) && json_string_length(refusal) > 0)
        return refused(a, refusal, err);
    if (has_thoughts(part)) a->n_news++;
    const json_t *content = json_object_get(part, "content");
    if (!part) content = json_object_get(choice, "text"); /* the older way */
    omost_status st = read_content(a, content, err);
    if (st != OMOST_OK || !json_is_string(finish)) return st;
    om_str why = om_json_str(finish);
    a->finished = why.n > 0;
    a->cut = om_str_eqz(why, "length");
    if (om_str_eqz(why, "content_filter"))
        return om_fail(err, OMOST_IO,
                       "%.100s stopped the reply: its filter did not like it",
                       a->host);
    return OMOST_OK;
}

static omost_status read_progress(om_remote_answer *a, const json_t *chunk,
                                  omost_error *err)
{
    const json_t *p = json_object_get(chunk, "prompt_progress");
    int done = -1, total = -1;
    read_count(p, "processed", &done);
    read_count(p, "total", &total);
    if (done < 0 || total <= 0 || !a->sink.progress) return OMOST_OK;
    a->n_news++;
    return a->sink.progress(a->sink.user, done < total ? done : total, total)
               ? OMOST_OK
               : stopped(err);
}

static omost_status read_error(om_remote_answer *a, om_str text,
                               omost_error *err)
{
    char said[OM_HTTP_EXCERPT];
    om_http_error_excerpt(said, text, a->secret);
    return om_fail(err, OMOST_IO, "%.60s reports an error%s%s", a->host,
                   said[0] ? ": " : "", said);
}

/* A server that cuts text into tokens cuts characters, too: what is left of one
 * is no reason to lose a reply. */
static json_t *parse_chunk(const omost_env *env, om_str text, omost_error *bad)
{
    om_buf clean;
    json_t *v = om_json_parse(text, "what it sent", bad);
    if (v || bad->status != OMOST_FORMAT) return v;
    om_buf_init(&clean, env, MAX_WHOLE * 3);
    om_json_clean(&clean, text);
    if (om_buf_check(&clean, "what it sent", bad) == OMOST_OK)
        v = om_json_parse(om_buf_view(&clean), "what it sent", bad);
    om_buf_free(&clean);
    return v;
}

/* One chunk, or the whole answer. */
static omost_status read_chunk(om_remote_answer *a, om_str text,
                               omost_error *err)
{
    omost_error bad;
    json_t *v = parse_chunk(a->env, text, &bad);
    if (!v && bad.status == OMOST_NOMEM) return om_fail_nomem(err);
    if (!v || !json_is_object(v)) {
        char why[OM_HTTP_EXCERPT]; /* it quotes what was sent */
        om_http_excerpt(why, om_str_of(v ? "not an object" : bad.msg),
                        a->secret);
        json_decref(v);
        return om_fail(err, OMOST_FORMAT,
                       "%.60s sent something that is no chat completion (%s)",
                       a->host, why);
    }
    omost_status st;
    const json_t *error = json_object_get(v, "error");
    const json_t *choices = json_object_get(v, "choices");
    if (error && !json_is_null(error)) {
        st = read_error(a, text, err);
    } else {
        read_usage(a, v);
        st = read_progress(a, v, err);
        /* We ask for one; a second would be mixed in. */
        if (st == OMOST_OK && json_array_size(choices) > 0)
            st = read_choice(a, json_array_get(choices, 0), err);
    }
    json_decref(v);
    return st;
}

/* ---- the stream ---------------------------------------------------------- */

static omost_status on_event(void *user, const om_sse_event *ev,
                             omost_error *err)
{
    om_remote_answer *a = user;
    om_str data = om_str_strip(ev->data, " \t\r\n");
    if (a->done || data.n == 0) return OMOST_OK;
    if (om_str_eqz(data, "[DONE]")) {
        a->done = true;
        return OMOST_OK;
    }
    if (om_str_eqz(ev->type, "error")) return read_error(a, data, err);
    return read_chunk(a, data, err);
}

/* The first byte that is no blank tells: no line of an event stream begins with
 * a brace, whatever the header says that it is. Blanks before it are dropped. */
static om_str choose_form(om_remote_answer *a, om_str bytes)
{
    while (bytes.n > 0 && memchr(" \t\r\n", bytes.p[0], 4))
        bytes = om_str_skip(bytes, 1);
    if (bytes.n == 0) return bytes;
    a->form = memchr("{[<", bytes.p[0], 3) ? OM_REMOTE_WHOLE : OM_REMOTE_EVENTS;
    return bytes;
}

omost_status om_remote_answer_feed(om_remote_answer *a, om_str bytes,
                                   omost_error *err)
{
    if (a->form == OM_REMOTE_START) bytes = choose_form(a, bytes);
    if (a->form == OM_REMOTE_EVENTS)
        return om_sse_feed(&a->sse, bytes, on_event, a, err);
    if (a->form == OM_REMOTE_START) return OMOST_OK;
    a->n_news++;
    om_buf_str(&a->whole, bytes);
    return om_buf_check(&a->whole, "the server's answer", err);
}

omost_status om_remote_answer_end(om_remote_answer *a, omost_error *err)
{
    if (a->form == OM_REMOTE_EVENTS)
        return om_sse_end(&a->sse, on_event, a, err);
    om_str text = om_str_strip(om_buf_view(&a->whole), " \t\r\n");
    if (text.n == 0)
        return om_fail(err, OMOST_FORMAT, "%.100s sent an empty answer",
                       a->host);
    if (text.p[0] == '<')
        return om_fail(err, OMOST_FORMAT,
                       "%.60s sent a web page instead of a chat completion: "
                       "is its address right?",
                       a->host);
    return read_chunk(a, text, err);
}
