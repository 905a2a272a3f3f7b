/* remote.c - a writer that asks a server which speaks OpenAI's chat completions
 * (see remote.h). The first call finds out what it talks to: the models it has,
 * and whether it is llama.cpp's own server, which takes a grammar.
 *
 * Nothing is asked twice once an answer has begun, nor when an answer was lost
 * on its way: it costs the server minutes, and its owner perhaps money. Tried
 * again are connections that were refused, and 408, 429, 5xx. */
#include <stdio.h>

#include "base/clock.h"
#include "composer/form.h"
#include "composer/remote.h"
#include "net/http_client.h"
#include "net/url.h"

enum {
    MAX_BODY = 64 << 20,   /* of a conversation */
    MAX_LIST = 4 << 20,    /* of a list of models */
    DEFAULT_TIMEOUT = 120, /* see omost/compose.h */
    DEFAULT_TRIES = 3
};
#define LINGER 0.3 /* seconds a finished stream may take to end */
/* Signs of life (comments, empty events) without a word of the reply are waited
 * for so many times as long as silence. */
#define PATIENCE 10

typedef struct remote_writer {
    om_writer head;
    om_http *http;
    om_buf base;      /* address without /v1 */
    om_url url;       /* of it */
    const char *root; /* "/v1", or "" for a path that has no such part */
    om_buf key, model, grammar;
    char models_id[256]; /* the model we took from the server's list */
    double timeout;
    int tries;
    bool probed, llama;
    bool without[OM_REMOTE_N_PARTS];
} remote_writer;

static void close_remote(om_writer *w)
{
    remote_writer *r = (remote_writer *)w;
    const omost_env *env = w->env;
    om_http_free(r->http);
    om_buf_free(&r->base);
    om_buf_free(&r->key);
    om_buf_free(&r->model);
    om_buf_free(&r->grammar);
    om_free(env, w->name);
    om_free(env, r);
}

/* ---- asking -------------------------------------------------------------- */

/* One request on its way: what the callbacks need. */
typedef struct asking {
    om_write_sink *sink;
    om_buf *list;            /* gathers a small answer, or */
    om_remote_answer answer; /* reads a reply */
    omost_error err;         /* of reading */
    double done_at;          /* the reply was complete; 0: not yet */
    double patience;         /* seconds between two pieces of news */
    double news_at;          /* of the last one; 0: no byte has come yet */
    uint64_t n_news;         /* until then */
    bool stopped;            /* the sink said so */
} asking;

static bool on_data(void *user, const void *p, size_t n)
{
    asking *k = user;
    om_str bytes = {p, n};
    if (k->list) {
        om_buf_str(k->list, bytes);
        return k->list->status == OMOST_OK;
    }
    if (om_remote_answer_feed(&k->answer, bytes, &k->err) != OMOST_OK)
        return false;
    if (k->news_at == 0 || k->answer.n_news != k->n_news) {
        k->news_at = om_clock();
        k->n_news = k->answer.n_news;
    }
    if (k->answer.done && k->done_at == 0) k->done_at = om_clock();
    return true;
}

static bool is_out_of_patience(asking *k)
{
    if (k->news_at == 0 || om_clock() - k->news_at <= k->patience) return false;
    (void)om_fail(&k->err, OMOST_IO,
                  "%.100s sent signs of life for %g s, and nothing of the "
                  "reply",
                  k->answer.host, k->patience);
    return true;
}

/* Some servers keep the connection after the last event. */
static bool on_poll(void *user)
{
    asking *k = user;
    if (k->done_at > 0) return om_clock() - k->done_at > LINGER;
    if (is_out_of_patience(k)) return true;
    if (!k->stopped) k->stopped = !k->sink->waiting(k->sink->user);
    return k->stopped;
}

static void on_pause(void *user, double seconds, const char *why)
{
    asking *k = user;
    char text[320];
    snprintf(text, sizeof text, "%s; trying again in %.1f s", why, seconds);
    if (!k->sink->note(k->sink->user, text)) k->stopped = true;
}

static om_http_request request(const remote_writer *r, asking *k)
{
    om_http_request rq = OM_HTTP_REQUEST_DEFAULTS;
    rq.bearer = r->key.n ? r->key.p : NULL;
    rq.auth_remedy =
        r->key.n ? "check the API key" : "give an API key (OMOST_API_KEY)";
    rq.answer_timeout = rq.idle_timeout = r->timeout;
    rq.on_data = on_data;
    rq.cancelled = on_poll;
    rq.user = k;
    return rq;
}

static om_http_retry retry_policy(const remote_writer *r)
{
    return (om_http_retry){
        .tries = r->tries, .first = 0.5, .most = 30, .unsent_only = true};
}

/* base + root + path */
static omost_status make_address(const remote_writer *r, om_buf *out,
                                 const char *root, const char *path,
                                 omost_error *err)
{
    om_buf_init(out, r->head.env, OM_URL_MAX);
    om_url_join(out, &r->url, root);
    om_buf_puts(out, path);
    omost_status st = om_buf_check(out, "a web address", err);
    if (st != OMOST_OK) om_buf_free(out);
    return st;
}

/* GET it into k->list. */
static omost_status get(remote_writer *r, asking *k, const char *root,
                        const char *path, om_http_response *rs,
                        omost_error *err)
{
    om_buf address;
    om_http_request rq = request(r, k);
    const om_http_retry policy = retry_policy(r);
    omost_status st = make_address(r, &address, root, path, err);
    if (st != OMOST_OK) return st;
    rq.url = om_buf_view(&address);
    rq.max_body = MAX_LIST;
    rq.total_timeout = PATIENCE * r->timeout;
    k->list->n = 0;
    st = om_http_send_again(r->http, &rq, &policy, on_pause, rs, err);
    om_buf_free(&address);
    /* What on_data stopped for. */
    if (k->list->status != OMOST_OK)
        st = om_buf_check(k->list, "the server's answer", err);
    return st;
}

/* ---- whom we talk to ----------------------------------------------------- */

static bool note(const om_write_sink *sink, const char *text)
{
    return sink->note(sink->user, text);
}

/* The key would be read by anyone on the way. */
static bool warn_of_plain_http(const remote_writer *r,
                               const om_write_sink *sink)
{
    char text[256];
    if (r->url.https || r->key.n == 0 || om_url_is_loopback(&r->url))
        return true;
    snprintf(text, sizeof text,
             "the API key goes to %.100s without encryption: is there an "
             "https:// address?",
             r->head.name);
    return note(sink, text);
}

static bool choose_model(remote_writer *r, const om_write_sink *sink,
                         const om_remote_models *models)
{
    char text[400];
    if (r->model.n > 0 || models->n == 0) return true;
    memcpy(r->models_id, models->first, sizeof r->models_id);
    if (models->n == 1) return true;
    snprintf(text, sizeof text,
             "the server has %d models; the first, %.200s, is asked", models->n,
             models->first);
    return note(sink, text);
}

/* A server without a list of models may still talk. */
static omost_status probe(remote_writer *r, om_write_sink *sink,
                          omost_error *err)
{
    om_buf list;
    om_http_response rs = {0}; /* not even asked, when memory runs out */
    om_remote_models models;
    asking k = {.sink = sink, .list = &list};
    om_buf_init(&list, r->head.env, MAX_LIST);
    if (!warn_of_plain_http(r, sink)) k.stopped = true;
    omost_status st = get(r, &k, r->root, "/models", &rs, err);
    if (st == OMOST_LIMIT ||
        (st != OMOST_OK && st != OMOST_CANCELLED &&
         (rs.status == 404 || rs.status == 405 || rs.status == 501))) {
        om_error_clear(err);
        list.n = 0;
        st = OMOST_OK;
    }
    if (st == OMOST_OK) {
        om_remote_read_models(&models, om_buf_view(&list));
        r->llama = models.llama || strcmp(rs.server, "llama.cpp") == 0;
        if (!choose_model(r, sink, &models)) k.stopped = true;
    }
    if (st == OMOST_OK && r->llama &&
        get(r, &k, "", "/props", &rs, NULL) == OMOST_OK)
        r->head.n_ctx = om_remote_read_props(om_buf_view(&list));
    om_buf_free(&list);
    if (k.stopped) return om_fail(err, OMOST_CANCELLED, "stopped");
    if (st != OMOST_OK) return st;
    om_error_clear(err);
    r->probed = true;
    return OMOST_OK;
}

/* ---- one reply ----------------------------------------------------------- */

static bool on_text(void *user, om_str bytes)
{
    asking *k = user;
    k->sink->stats->reply_tokens++;
    if (!k->sink->text(k->sink->user, bytes)) k->stopped = true;
    return !k->stopped;
}

static bool on_progress(void *user, int done, int total)
{
    asking *k = user;
    k->sink->stats->prompt_tokens = total;
    if (!k->sink->prompt(k->sink->user, done, total)) k->stopped = true;
    return !k->stopped;
}

/* The server's own counts instead of ours, where it gives them. `before`: what
 * there was of an earlier reply of this call. */
static void take_counts(const om_remote_answer *a, int before,
                        omost_compose_stats *stats)
{
    if (a->prompt_tokens >= 0) stats->prompt_tokens = a->prompt_tokens;
    if (a->cached_tokens >= 0) stats->reused_tokens = a->cached_tokens;
    if (a->reply_tokens >= 0) stats->reply_tokens = before + a->reply_tokens;
    int made = stats->reply_tokens - before;
    if (a->drafted > 0) stats->drafted_tokens += a->drafted;
    if (a->accepted > 0) stats->accepted_tokens += a->accepted;
    stats->passes +=
        a->accepted > 0 && a->accepted < made ? made - a->accepted : made;
}

static omost_status finish(asking *k, omost_error *err)
{
    om_remote_answer *a = &k->answer;
    if (a->n_texts == 0)
        return om_fail(err, OMOST_FORMAT, "%.100s sent an empty reply%s",
                       a->host,
                       a->cut ? ": all the tokens it was given went into "
                                "thinking"
                              : "");
    /* Not "cut": that is what the greatest length does. */
    if (!a->finished && !a->done &&
        !note(k->sink, "the server's answer ends without saying that it is "
                       "complete; what came is used"))
        return om_fail(err, OMOST_CANCELLED, "stopped");
    k->sink->cut = a->cut;
    return OMOST_OK;
}

/* What the exchange came to, from what libcurl, the reader and the sink say. */
static omost_status verdict(asking *k, omost_status sent, omost_error *err)
{
    omost_status st = sent;
    if (k->stopped) return om_fail(err, OMOST_CANCELLED, "stopped");
    if (k->err.status != OMOST_OK) { /* on_data stopped it because of this */
        if (err) *err = k->err;
        st = k->err.status;
    } else if (sent == OMOST_OK || k->done_at > 0) {
        om_error_clear(err);
        st = om_remote_answer_end(&k->answer, err);
        if (st == OMOST_OK) st = finish(k, err);
        if (k->stopped) st = om_fail(err, OMOST_CANCELLED, "stopped");
    }
    /* LIMIT means something else to our caller: shorten the conversation. */
    if (st == OMOST_LIMIT) {
        st = OMOST_IO;
        if (err) err->status = st;
    }
    return st;
}

/* Send the body once; *rs and `refusal` tell why it was refused. */
static omost_status ask_once(remote_writer *r, asking *k, om_str body,
                             om_buf *refusal, om_http_response *rs,
                             omost_error *err)
{
    static const om_http_header headers[] = {
        {"Content-Type", "application/json"},
        {"Accept", "text/event-stream, application/json"}};
    const om_remote_sink sink = {on_text, on_progress, k};
    const om_http_retry policy = retry_policy(r);
    om_http_request rq = request(r, k);
    om_buf address;
    omost_status st =
        make_address(r, &address, r->root, "/chat/completions", err);
    if (st != OMOST_OK) return st;
    rq.url = om_buf_view(&address);
    rq.headers = headers;
    rq.n_headers = sizeof headers / sizeof *headers;
    rq.body = body;
    rq.error_body = refusal;
    rq.max_body = (uint64_t)MAX_LIST + (uint64_t)OMOST_MAX_MESSAGE * 1024;
    om_remote_answer_init(&k->answer, r->head.env, &sink);
    k->patience = PATIENCE * r->timeout;
    k->answer.secret = rq.bearer;
    k->answer.host = rs->host;
    const int before = k->sink->stats->reply_tokens;
    st = om_http_send_again(r->http, &rq, &policy, on_pause, rs, err);
    st = verdict(k, st, err);
    if (st == OMOST_OK) take_counts(&k->answer, before, k->sink->stats);
    om_remote_answer_free(&k->answer);
    om_buf_free(&address);
    return st;
}

/* Leave out what the server does not take; false: the sink said stop. */
static bool leave_out(remote_writer *r, const om_write_sink *sink,
                      om_remote_part part)
{
    char text[200];
    r->without[part] = true;
    if (part == OM_REMOTE_USAGE || part == OM_REMOTE_MAX_TOKENS) return true;
    snprintf(text, sizeof text,
             "the server does not take \"%s\"; it is asked without",
             om_remote_part_name(part));
    return note(sink, text);
}

static bool is_refusal(int status)
{
    return status == 400 || status == 413 || status == 422;
}

static omost_status ask(remote_writer *r, om_remote_ask *what,
                        om_write_sink *sink, omost_error *err)
{
    om_buf refusal, body;
    om_http_response rs = {0};
    omost_status st;
    om_buf_init(&refusal, r->head.env, 1 << 16);
    om_buf_init(&body, r->head.env, MAX_BODY);
    for (;;) {
        asking k = {.sink = sink};
        om_remote_part part;
        memcpy(what->without, r->without, sizeof what->without);
        body.n = refusal.n = 0;
        st = om_remote_body(&body, what, err);
        if (st != OMOST_OK) break;
        st = ask_once(r, &k, om_buf_view(&body), &refusal, &rs, err);
        if (st == OMOST_OK || st == OMOST_CANCELLED || !is_refusal(rs.status))
            break;
        const om_remote_blame blame =
            om_remote_read_refusal(om_buf_view(&refusal), &part);
        if (blame == OM_REMOTE_BLAMES_LENGTH) err->status = st = OMOST_LIMIT;
        if (blame != OM_REMOTE_BLAMES_PART || r->without[part]) break;
        if (!leave_out(r, sink, part)) {
            st = om_fail(err, OMOST_CANCELLED, "stopped");
            break;
        }
    }
    om_buf_free(&refusal);
    om_buf_free(&body);
    return st;
}

static void init_grammar(remote_writer *r)
{
    om_buf_free(&r->grammar);
    om_buf_init(&r->grammar, r->head.env, 1 << 20);
}

static omost_status need_grammar(remote_writer *r, omost_error *err)
{
    if (r->grammar.n > 0) return OMOST_OK;
    om_gbnf_print(&r->grammar);
    omost_status st = om_buf_check(&r->grammar, "the grammar", err);
    if (st != OMOST_OK) init_grammar(r); /* not half of it, the next time */
    return st;
}

static omost_status write_reply(om_writer *w, const om_turn *turns, size_t n,
                                const om_write_opts *opts, om_write_sink *sink,
                                omost_error *err)
{
    remote_writer *r = (remote_writer *)w;
    omost_error own;
    if (!err) err = &own;
    omost_status st = r->probed ? OMOST_OK : probe(r, sink, err);
    om_remote_ask what = {.turns = turns,
                          .n_turns = n,
                          .opts = opts,
                          .model = r->model.n ? r->model.p : r->models_id,
                          .llama = r->llama};
    if (st == OMOST_OK && r->llama && opts->grammar) {
        st = need_grammar(r, err);
        what.grammar = om_buf_view(&r->grammar);
    }
    return st == OMOST_OK ? ask(r, &what, sink, err) : st;
}

/* ---- opening ------------------------------------------------------------- */

static bool cut_tail(om_str *path, const char *tail)
{
    while (path->n && path->p[path->n - 1] == '/') path->n--;
    if (!om_str_ends(*path, om_str_of(tail))) return false;
    path->n -= strlen(tail);
    return true;
}

/* Where no scheme is written: http on this machine and in its own network,
 * where nobody has certificates, https elsewhere. */
static omost_status put_scheme(om_buf *out, om_str text, omost_error *err)
{
    om_url u;
    om_buf_puts(out, "https://");
    om_buf_str(out, text);
    omost_status st = om_buf_check(out, "the server's address", err);
    if (st == OMOST_OK) st = om_url_parse(om_buf_view(out), &u, err);
    if (st != OMOST_OK || !om_url_is_private(&u)) return st;
    out->n = 0;
    om_buf_puts(out, "http://");
    om_buf_str(out, text);
    return om_buf_check(out, "the server's address", err);
}

static omost_status check_key(const remote_writer *r, omost_error *err)
{
    if (r->url.https || r->key.n == 0 || om_url_is_private(&r->url))
        return OMOST_OK;
    return om_fail(err, OMOST_USAGE,
                   "the API key would go to %.100s without encryption: write "
                   "https://, or give no key",
                   r->base.p);
}

/* The address people copy from somewhere, as the base of all paths: with or
 * without http://, /v1 and /chat/completions. A whole path without /v1 in it
 * means what it says. */
static omost_status take_base(remote_writer *r, const char *server,
                              omost_error *err)
{
    om_url u;
    om_buf full;
    om_str text = om_str_strip(om_str_of(server), " \t\r\n");
    om_buf_init(&full, r->head.env, OM_URL_MAX);
    omost_status st = OMOST_OK;
    if (om_str_find(text, OM_STR("://")) == SIZE_MAX)
        st = put_scheme(&full, text, err);
    else
        om_buf_str(&full, text);
    if (st == OMOST_OK) st = om_buf_check(&full, "the server's address", err);
    if (st == OMOST_OK) st = om_url_parse(om_buf_view(&full), &u, err);
    if (st == OMOST_OK) {
        bool whole = cut_tail(&u.path, "/chat/completions");
        r->root = !cut_tail(&u.path, "/v1") && whole ? "" : "/v1";
        om_url_join(&r->base, &u, "");
        st = om_buf_check(&r->base, "the server's address", err);
    }
    om_buf_free(&full);
    if (st == OMOST_OK) st = om_url_parse(om_buf_view(&r->base), &r->url, err);
    return st == OMOST_OK ? check_key(r, err) : st;
}

static omost_status take_options(remote_writer *r, const omost_composer_opts *o,
                                 omost_error *err)
{
    om_buf name;
    r->timeout = o->timeout > 0 ? o->timeout : DEFAULT_TIMEOUT;
    r->tries = o->retries > 0   ? o->retries + 1
               : o->retries < 0 ? 1
                                : DEFAULT_TRIES;
    om_buf_puts(&r->key, o->api_key ? o->api_key : "");
    om_buf_puts(&r->model, o->server_model ? o->server_model : "");
    omost_status st = om_buf_check(&r->key, "the API key", err);
    if (st == OMOST_OK) st = om_buf_check(&r->model, "the model's name", err);
    if (st == OMOST_OK) st = take_base(r, o->server, err);
    if (st != OMOST_OK) return st;
    om_buf_init(&name, o->env, OM_URL_MAX);
    om_buf_str(&name, om_buf_view(&r->base));
    r->head.name = om_buf_steal(&name, NULL);
    return r->head.name ? OMOST_OK : om_fail_nomem(err);
}

om_writer *om_remote_writer_open(const omost_composer_opts *opts,
                                 omost_error *err)
{
    static const om_writer_ops ops = {write_reply, close_remote};
    const omost_env *env = opts->env;
    remote_writer *r = om_zalloc(env, sizeof *r);
    if (!r) {
        (void)om_fail_nomem(err);
        return NULL;
    }
    r->head.ops = &ops;
    r->head.env = env;
    om_buf_init(&r->base, env, OM_URL_MAX);
    om_buf_init(&r->key, env, 1 << 14);
    om_buf_init(&r->model, env, 1 << 12);
    init_grammar(r);
    if (take_options(r, opts, err) == OMOST_OK) r->http = om_http_new(env, err);
    if (r->http) return &r->head;
    close_remote(&r->head);
    return NULL;
}
