/* worker_compose.c - a message is answered. */
#include <stdio.h>

#include "base/clock.h"
#include "base/json.h"
#include "server/worker_impl.h"

typedef struct compose {
    om_work *k;
    om_buf text;     /* of the reply, not told yet */
    int64_t told;    /* ms: when text was told */
    omost_error err; /* of an event */
} compose;

/* ---- the conversation ------------------------------------------------- */

static char *canvas_python(om_work *k, int64_t id, size_t *n, omost_error *err)
{
    om_canvas_row row;
    if (om_store_canvas_get(k->w->opts.store, id, &k->arena, &row, err) !=
        OMOST_OK)
        return NULL;
    omost_canvas *cv =
        omost_canvas_parse(row.python.p, row.python.n, NULL, err);
    char *text =
        cv ? omost_canvas_to_python(cv, OMOST_PYTHON_FENCED, n, err) : NULL;
    omost_canvas_free(cv);
    return text;
}

/* The answer that is talked about, as it was changed by hand since. */
static int add_canvas(om_work *k, omost_chat *chat, int parent, int64_t canvas,
                      omost_error *err)
{
    size_t n = 0;
    char *text = canvas_python(k, canvas, &n, err);
    int id = text ? parent : -1;
    if (text && parent == OMOST_CHAT_ROOT)
        id = omost_chat_add(chat, OMOST_CHAT_ROOT, OMOST_ROLE_USER,
                            OM_STR("generate an image"), err);
    if (text && id >= 0)
        id = omost_chat_add(chat, id, OMOST_ROLE_ASSISTANT, (om_str){text, n},
                            err);
    omost_text_free(NULL, text);
    return id;
}

/* The way to message `want`; its number in the chat in *id. `edited`: a canvas
 * that stands for the answer before it; 0: none. */
static omost_status add_way(om_work *k, const om_message_row *rows, size_t n,
                            int want, int64_t edited, omost_chat *chat, int *id,
                            omost_error *err)
{
    int way[OMOST_MAX_MESSAGES / 2], count = 0, at = OMOST_CHAT_ROOT;
    for (int i = want; i >= 0 && (size_t)i < n; i = rows[i].parent) {
        if (count == (int)(sizeof way / sizeof *way))
            return om_fail(err, OMOST_LIMIT, "the conversation is too long");
        way[count++] = i;
    }
    if (count == 0 || rows[want].assistant)
        return om_fail(err, OMOST_MISSING,
                       "there is no such message of a user");
    if (edited && count == 1) {
        at = add_canvas(k, chat, OMOST_CHAT_ROOT, edited, err);
        if (at < 0) return err->status;
    }
    while (count-- > 0) {
        const om_message_row *m = &rows[way[count]];
        const bool stands = edited && count == 1 && m->canvas != edited;
        const omost_role role =
            m->assistant ? OMOST_ROLE_ASSISTANT : OMOST_ROLE_USER;
        at = stands ? add_canvas(k, chat, at, edited, err)
                    : omost_chat_add(chat, at, role, m->text, err);
        if (at < 0) return err->status;
    }
    *id = at;
    return OMOST_OK;
}

/* [{"role", "content"}...] as they are; what a system says is ours to say. */
static omost_status add_messages(const json_t *list, omost_chat *chat, int *id,
                                 omost_error *err)
{
    *id = OMOST_CHAT_ROOT;
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *m = json_array_get(list, i);
        const om_str role = om_json_str(json_object_get(m, "role"));
        *id =
            omost_chat_add(chat, *id,
                           om_str_eqz(role, "assistant") ? OMOST_ROLE_ASSISTANT
                                                         : OMOST_ROLE_USER,
                           om_json_str(json_object_get(m, "content")), err);
        if (*id < 0) return err->status;
    }
    return OMOST_OK;
}

static omost_status make_chat(om_work *k, omost_chat **chat, int *id,
                              omost_error *err)
{
    const json_t *list = json_object_get(k->request, "messages");
    if (list) {
        *chat = omost_chat_new(NULL, err);
        return *chat ? add_messages(list, *chat, id, err) : err->status;
    }
    om_message_row *rows;
    size_t n = 0;
    const json_t *canvas = json_object_get(k->request, "canvas");
    omost_status st = om_store_message_list(k->w->opts.store, k->row.session,
                                            &k->arena, &rows, &n, err);
    if (st != OMOST_OK) return st;
    *chat = omost_chat_new(NULL, err);
    if (!*chat) return err->status;
    return add_way(k, rows, n, k->row.message, json_integer_value(canvas),
                   *chat, id, err);
}

/* ---- as it is written ------------------------------------------------- */

static void tell_text(compose *c)
{
    om_work *k = c->k;
    if (c->text.n == 0) return;
    json_t *o = json_object();
    om_json_put_int(&o, "job", k->row.id);
    om_json_put_int(&o, "session", k->row.session);
    om_json_put_int(&o, "message", k->row.message);
    om_json_put_str(&o, "text", om_buf_view(&c->text));
    om_written_tell(k, "text", o);
    c->text.n = 0;
    c->told = om_clock_ms();
}

static void tell_region(compose *c, const omost_read_event *ev)
{
    static const char *const kind[] = {[OMOST_READ_START] = "start",
                                       [OMOST_READ_GLOBAL] = "global",
                                       [OMOST_READ_REGION] = "region",
                                       [OMOST_READ_NOTE] = "note"};
    om_work *k = c->k;
    json_t *o = json_object();
    om_json_put_int(&o, "job", k->row.id);
    om_json_put_int(&o, "session", k->row.session);
    om_json_put_int(&o, "message", k->row.message);
    om_json_put(&o, "kind", json_string(kind[ev->kind]));
    om_json_put_int(&o, "index", (int64_t)ev->index);
    if (ev->kind == OMOST_READ_GLOBAL)
        om_json_put(&o, "global", om_global_json(ev->global));
    if (ev->kind == OMOST_READ_REGION)
        om_json_put(&o, "region", om_region_json(ev->region));
    if (ev->kind == OMOST_READ_NOTE)
        om_json_put(&o, "note", om_note_json(ev->note));
    tell_text(c);
    om_written_tell(k, "region", o);
}

static void tell_why(compose *c, const char *name, om_str why)
{
    json_t *o = json_object();
    om_json_put_int(&o, "job", c->k->row.id);
    om_json_put_int(&o, "session", c->k->row.session);
    om_json_put_int(&o, "message", c->k->row.message);
    om_json_put_str(&o, "why", why);
    c->text.n = 0;
    om_written_tell(c->k, name, o);
}

static void set_phase(om_work *k, const char *phase)
{
    snprintf(k->progress.phase, sizeof k->progress.phase, "%s", phase);
}

static bool on_event(void *user, const omost_compose_event *ev)
{
    compose *c = user;
    om_work *k = c->k;
    k->progress.tokens = ev->stats->reply_tokens;
    k->progress.tokens_per_second = ev->tokens_per_second;
    switch (ev->kind) {
    case OMOST_COMPOSE_NOTE: tell_why(c, "note", ev->text); break;
    case OMOST_COMPOSE_PROMPT:
        if (ev->stats->reply_tokens > 0) break; /* a pause in writing */
        set_phase(k, "reading");
        k->progress.done = ev->total ? (double)ev->done / ev->total : 0;
        break;
    case OMOST_COMPOSE_TEXT:
        set_phase(k, "writing");
        k->progress.done = 0;
        om_buf_str(&c->text, ev->text);
        om_box_text(k->box, ev->text);
        if (om_clock_ms() - c->told >= OM_TEXT_MS) tell_text(c);
        break;
    case OMOST_COMPOSE_CANVAS: tell_region(c, ev->read); break;
    case OMOST_COMPOSE_AGAIN:
        om_box_clear(k->box);
        tell_why(c, "again", ev->text);
        break;
    }
    om_work_tell(k, false);
    if (c->text.status != OMOST_OK)
        om_buf_check(&c->text, "the reply", &c->err);
    return om_work_goes_on(k) && c->text.status == OMOST_OK;
}

/* ---- what came of it -------------------------------------------------- */

static void tell_kept(om_work *k, const om_message_row *m,
                      const om_canvas_row *row, const omost_canvas *cv)
{
    json_t *message = om_message_json(m);
    om_json_put_int(&message, "session", k->row.session);
    om_json_put_int(&message, "job", k->row.id);
    if (cv) om_work_publish(k, "canvas", om_canvas_json(row, cv));
    om_written_tell(k, "message", message);
}

/* The message and its canvas become one change. */
static omost_status keep(om_work *k, const omost_reply *r, omost_error *err)
{
    if (k->row.message < 0) { /* of no session */
        om_box_reply(k->box, &r->stats, r->seed, 0, r->cut);
        return OMOST_OK;
    }
    om_canvas_row canvas = {.session = k->row.session,
                            .origin = OM_STR("reply")};
    om_message_row m = {.session = k->row.session,
                        .parent = k->row.message,
                        .assistant = true,
                        .text = {r->text, r->len},
                        .seed = r->seed};
    char *python = NULL;
    m.stats = om_json_text(&k->arena, om_stats_json(&r->stats));
    if (r->canvas) {
        python = omost_canvas_to_python(r->canvas, OMOST_PYTHON_PLAIN,
                                        &canvas.python.n, err);
        if (!python) return err->status;
        canvas.python.p = python;
        canvas.notes = om_notes_text(&k->arena, r->canvas);
    } else {
        m.error = om_json_text(&k->arena, om_error_json(&r->why, NULL));
    }
    omost_status st;
    int64_t since = 0;
    do st = om_store_answer_add(k->w->opts.store, &m, &canvas, err);
    while (om_work_again(k, st, &since));
    if (st == OMOST_OK) {
        om_box_reply(k->box, &r->stats, r->seed, m.canvas, r->cut);
        tell_kept(k, &m, &canvas, r->canvas);
    }
    omost_text_free(NULL, python);
    return st;
}

/* Stopped in the middle: what was written is kept, as a canvas when it can be
 * read as one. */
static void keep_part(om_work *k, omost_reply *r)
{
    omost_error err;
    if (!r->text || r->len == 0 || k->row.message < 0) return;
    if (!r->canvas) r->canvas = omost_canvas_parse(r->text, r->len, NULL, &err);
    if (!r->canvas)
        om_fail(&r->why, OMOST_CANCELLED,
                "it was stopped before there was a canvas in it");
    (void)keep(k, r, &err);
}

static bool was_asked(om_worker *w)
{
    pthread_mutex_lock(&w->lock);
    const bool asked = w->cancelled;
    pthread_mutex_unlock(&w->lock);
    return asked;
}

omost_status om_work_compose(om_work *k, omost_error *err)
{
    compose c = {.k = k};
    omost_compose_opts opts;
    omost_reply reply = {.id = -1};
    omost_chat *chat = NULL;
    json_t *options = NULL;
    int id = -1;
    omost_status st = om_member_object(k->request, "compose", &options, err);
    if (st == OMOST_OK)
        st = om_compose_want_read(options, &k->w->opts.compose, &opts, err);
    if (st == OMOST_OK) st = make_chat(k, &chat, &id, err);
    if (st == OMOST_OK) st = om_need_composer(k, err);
    if (st == OMOST_OK) {
        om_buf_init(&c.text, NULL, OMOST_MAX_MESSAGE * 2);
        om_written_begin(k);
        set_phase(k, "reading");
        st = omost_compose(k->w->composer, chat, id, &opts, on_event, &c,
                           &reply, err);
        om_show_composer(k->w); /* a server has told its context by now */
        tell_text(&c);
        om_buf_free(&c.text);
    }
    if (st == OMOST_OK)
        st = keep(k, &reply, err);
    else if (st == OMOST_CANCELLED && was_asked(k->w))
        keep_part(k, &reply);
    omost_reply_free(&reply);
    omost_chat_free(chat);
    return st;
}
