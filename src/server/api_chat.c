/* api_chat.c - POST /v1/chat/completions: a conversation somebody else keeps is
 * answered, whole or as a stream. Nothing of it is kept here but the job. */
#include <stdio.h>
#include <time.h>

#include "base/json.h"
#include "server/api.h"
#include "server/box.h"

typedef struct chat {
    om_server *server;
    const omost_env *env;
    om_box *box;
    int64_t job, created;
    size_t at; /* bytes of the text that went out */
    om_buf out;
    size_t sent;
    bool begun, over, streams;
    char model[200];
} chat;

static void free_chat(void *state)
{
    chat *c = state;
    omost_error ended;
    /* Nobody wants it any more. */
    if (c->job && !c->over)
        (void)om_worker_cancel(c->server->worker, c->job, &ended);
    om_box_free(c->box, true);
    om_buf_free(&c->out);
    om_free(c->env, c);
}

/* ---- what is asked for ------------------------------------------------ */

/* A text, or [{"type": "text", "text"}...]. */
static json_t *content_text(const json_t *v)
{
    om_buf b;
    if (json_is_string(v)) return json_copy((json_t *)(uintptr_t)v);
    om_buf_init(&b, NULL, OMOST_MAX_MESSAGE);
    for (size_t i = 0; i < json_array_size(v); i++) {
        const json_t *part = json_array_get(v, i);
        om_buf_str(&b, om_json_str(json_object_get(part, "text")));
    }
    json_t *text =
        b.status == OMOST_OK && b.n ? om_json_new_str(om_buf_view(&b)) : NULL;
    om_buf_free(&b);
    return text;
}

/* Systems are left out: the models know one, and it is ours to send. */
static omost_status read_messages(const json_t *list, json_t **out,
                                  omost_error *err)
{
    json_t *a = json_array();
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *m = json_array_get(list, i);
        const om_str role = om_json_str(json_object_get(m, "role"));
        if (om_str_eqz(role, "system") || om_str_eqz(role, "developer"))
            continue;
        json_t *text = content_text(json_object_get(m, "content"));
        if (!text ||
            (!om_str_eqz(role, "user") && !om_str_eqz(role, "assistant"))) {
            json_decref(text);
            json_decref(a);
            return om_fail(err, OMOST_USAGE,
                           "messages[%zu] must have a role (system, user or "
                           "assistant) and a text as its content",
                           i);
        }
        json_t *one = json_object();
        om_json_put_str(&one, "role", role);
        om_json_put(&one, "content", text);
        om_json_append(&a, one);
    }
    const json_t *last = json_array_get(a, json_array_size(a) - 1);
    if (a && om_str_eqz(om_json_str(json_object_get(last, "role")), "user")) {
        *out = a;
        return OMOST_OK;
    }
    json_decref(a);
    return om_fail(err, OMOST_USAGE,
                   "messages must be a list that ends with a user's");
}

/* Clients send seeds of 32 bits, negative ones too. */
static omost_status read_options(const json_t *rq, bool streams, json_t **out,
                                 omost_error *err)
{
    double temperature, top_p;
    int64_t most = 0, most2 = 0, seed = -1;
    omost_status st =
        om_member_number(rq, "temperature", -1, 0, 2, &temperature, err);
    if (st == OMOST_OK)
        st = om_member_number(rq, "top_p", -1, 0, 1, &top_p, err);
    if (st == OMOST_OK)
        st = om_member_int(rq, "max_tokens", 0, 1, 1 << 20, &most, err);
    if (st == OMOST_OK)
        st = om_member_int(rq, "max_completion_tokens", 0, 1, 1 << 20, &most2,
                           err);
    if (st == OMOST_OK)
        st = om_member_int(rq, "seed", -1, INT64_MIN, INT64_MAX, &seed, err);
    if (st != OMOST_OK) return st;
    json_t *o = json_object();
    if (temperature >= 0) om_json_put(&o, "temp", json_real(temperature));
    if (top_p > 0) om_json_put(&o, "top-p", json_real(top_p));
    if (most2) most = most2;
    if (most) om_json_put_int(&o, "predict", most);
    if (seed != -1) om_json_put_int(&o, "seed", seed & 0xffffffff);
    /* What went out cannot be taken back. */
    if (streams) om_json_put(&o, "no-mend", json_true());
    *out = o;
    return o ? OMOST_OK : om_fail_nomem(err);
}

static omost_status read_request(om_request *rq, bool *streams, om_str *text,
                                 omost_error *err)
{
    json_t *messages = NULL, *options = NULL, *o;
    omost_compose_opts opts;
    int64_t n = 1;
    const json_t *list = json_object_get(rq->json, "messages");
    omost_status st = om_member_bool(rq->json, "stream", false, streams, err);
    if (st == OMOST_OK) st = om_member_int(rq->json, "n", 1, 1, 1, &n, err);
    if (st == OMOST_OK) st = read_messages(list, &messages, err);
    if (st == OMOST_OK) st = read_options(rq->json, *streams, &options, err);
    if (st == OMOST_OK)
        st = om_compose_want_read(
            options, &om_worker_options(rq->server->worker)->compose, &opts,
            err);
    if (st != OMOST_OK) {
        json_decref(messages);
        json_decref(options);
        return st;
    }
    o = json_object();
    om_json_put(&o, "messages", messages);
    om_json_put(&o, "compose", options);
    *text = om_json_text(rq->arena, o);
    return text->p ? OMOST_OK : om_fail_nomem(err);
}

static omost_status begin(om_request *rq, om_response *rs, chat **out,
                          omost_error *err)
{
    om_job_row row = {.message = -1, .kind = OM_STR("compose")};
    om_str model;
    bool streams = false;
    const omost_env *env = rq->server->opts.env;
    omost_status st = om_member_str(rq->json, "model", &model, err);
    if (st == OMOST_OK) st = read_request(rq, &streams, &row.request, err);
    if (st == OMOST_OK) st = om_hold_place(rq, rs, err);
    if (st != OMOST_OK) return st;
    chat *c = om_zalloc(env, sizeof *c);
    om_box *box = c ? om_box_new(env, rq->waker) : NULL;
    if (!box) {
        om_worker_release(rq->server->worker);
        om_free(env, c);
        return om_fail_nomem(err);
    }
    c->server = rq->server;
    c->env = env;
    c->box = box;
    c->streams = streams;
    c->created = (int64_t)time(NULL);
    om_buf_init(&c->out, env, OMOST_MAX_MESSAGE * 8);
    om_cut_text(c->model, sizeof c->model, model);
    *out = c;
    st = om_worker_add(rq->server->worker, &row, box, err);
    c->job = row.id;
    if (st != OMOST_OK) free_chat(c);
    return st;
}

/* ---- answers ---------------------------------------------------------- */

static json_t *head_json(const chat *c, const char *object)
{
    char id[48];
    json_t *o = json_object();
    snprintf(id, sizeof id, "chatcmpl-%lld", (long long)c->job);
    om_json_put(&o, "id", json_string(id));
    om_json_put(&o, "object", json_string(object));
    om_json_put_int(&o, "created", c->created);
    om_json_put_str(&o, "model", om_str_of(c->model));
    return o;
}

static json_t *usage_json(const omost_compose_stats *s)
{
    return json_pack("{s:i,s:i,s:i}", "prompt_tokens", s->prompt_tokens,
                     "completion_tokens", s->reply_tokens, "total_tokens",
                     s->prompt_tokens + s->reply_tokens);
}

static const char *reason(const om_box_end *e)
{
    return e->cut ? "length" : "stop";
}

static omost_status answer_whole(chat *c, const om_box_end *e, om_response *rs,
                                 omost_error *err)
{
    json_t *o = head_json(c, "chat.completion");
    json_t *message = json_object(), *choice = json_object(), *a = json_array();
    om_box_read(c->box, &c->at, &c->out);
    om_json_put(&message, "role", json_string("assistant"));
    om_json_put_str(&message, "content", om_buf_view(&c->out));
    om_json_put_int(&choice, "index", 0);
    om_json_put(&choice, "message", message);
    om_json_put(&choice, "finish_reason", json_string(reason(e)));
    om_json_append(&a, choice);
    om_json_put(&o, "choices", a);
    om_json_put(&o, "usage", usage_json(&e->stats));
    return om_response_json(rs, o, err);
}

/* One "data: {...}" of the stream; `finish` NULL: goes on. */
static void put_chunk(chat *c, json_t *delta, const char *finish, json_t *usage)
{
    json_t *o = head_json(c, "chat.completion.chunk");
    json_t *choice = json_object(), *a = json_array();
    om_json_put_int(&choice, "index", 0);
    om_json_put(&choice, "delta", delta);
    om_json_put(&choice, "finish_reason",
                finish ? json_string(finish) : json_null());
    om_json_append(&a, choice);
    om_json_put(&o, "choices", a);
    if (usage) om_json_put(&o, "usage", usage);
    om_buf_puts(&c->out, "data: ");
    if (o)
        om_json_write(&c->out, o, false);
    else
        c->out.status = OMOST_NOMEM;
    om_buf_puts(&c->out, "\n\n");
    json_decref(o);
}

static void put_text(chat *c)
{
    om_buf text;
    om_buf_init(&text, c->env, OMOST_MAX_MESSAGE * 2);
    om_box_read(c->box, &c->at, &text);
    if (text.n) {
        json_t *delta = json_object();
        om_json_put_str(&delta, "content", om_buf_view(&text));
        put_chunk(c, delta, NULL, NULL);
    }
    om_buf_free(&text);
}

static void put_end(chat *c, const om_box_end *e)
{
    c->over = true;
    if (e->err.status == OMOST_OK) {
        put_chunk(c, json_object(), reason(e), usage_json(&e->stats));
    } else {
        json_t *v = json_object();
        om_json_put(&v, "error",
                    om_openai_error_json(&e->err, om_http_code(e->err.status),
                                         NULL));
        om_buf_puts(&c->out, "data: ");
        if (v) om_json_write(&c->out, v, false);
        om_buf_puts(&c->out, "\n\n");
        json_decref(v);
    }
    om_buf_puts(&c->out, "data: [DONE]\n\n");
}

static int64_t next(void *state, char *out, size_t cap)
{
    chat *c = state;
    if (c->sent == c->out.n && !c->over) {
        c->out.n = c->sent = 0;
        if (!c->begun) {
            c->begun = true;
            put_chunk(
                c, json_pack("{s:s,s:s}", "role", "assistant", "content", ""),
                NULL, NULL);
        }
        const om_box_end e = om_box_look(c->box);
        put_text(c);
        if (e.ended) put_end(c, &e);
        if (c->out.status != OMOST_OK) return -1;
    }
    const size_t left = c->out.n - c->sent, n = left < cap ? left : cap;
    if (n == 0) return c->over ? -1 : 0;
    memcpy(out, c->out.p + c->sent, n);
    c->sent += n;
    return (int64_t)n;
}

omost_status om_post_chat(om_request *rq, om_response *rs, omost_error *err)
{
    static const om_stream_ops ops = {next, free_chat};
    chat *c = rs->state;
    if (!c) {
        omost_status st = begin(rq, rs, &c, err);
        if (st != OMOST_OK) return st;
        if (c->streams) {
            rs->type = "text/event-stream";
            rs->stream = &ops;
            rs->stream_state = c;
            om_response_live(rs);
            return OMOST_OK;
        }
        rs->state = c;
        rs->done = free_chat;
    }
    const om_box_end e = om_box_look(c->box);
    rs->later = !e.ended;
    if (!e.ended) return OMOST_OK;
    c->over = true;
    if (e.err.status == OMOST_OK) return answer_whole(c, &e, rs, err);
    *err = e.err;
    return err->status;
}
