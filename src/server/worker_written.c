/* worker_written.c - what the running reply has become so far, for whoever comes
 * in the middle of it. An event is published and remembered under one lock, so
 * what is remembered always belongs to the number of an event. */
#include "base/json.h"
#include "server/worker_impl.h"

void om_written_init(om_written *n, const omost_env *env)
{
    *n = (om_written){.is = false};
    om_buf_init(&n->text, env, OM_WRITTEN_TEXT);
    om_buf_init(&n->regions, env, OM_WRITTEN_REGIONS);
    om_buf_init(&n->notes, env, OM_WRITTEN_TEXT);
}

void om_written_free(om_written *n)
{
    om_buf_free(&n->text);
    om_buf_free(&n->regions);
    om_buf_free(&n->notes);
}

static void set_written(om_work *k, bool is)
{
    om_written *n = &k->w->written;
    pthread_mutex_lock(&k->w->lock);
    n->is = is;
    om_buf_clear(&n->text);
    om_buf_clear(&n->regions);
    om_buf_clear(&n->notes);
    pthread_mutex_unlock(&k->w->lock);
}

void om_written_begin(om_work *k)
{
    set_written(k, k->row.session != 0);
}

/* Of a list without its brackets. What does not fit leaves no holes: the buffer
 * fails stickily, and what is in it is whole. */
static void append(om_buf *list, const json_t *value)
{
    const size_t before = list->n;
    if (list->n) om_buf_puts(list, ",");
    if (value)
        om_json_write(list, value, false);
    else
        list->status = OMOST_NOMEM;
    if (list->status != OMOST_OK) list->n = before;
}

static void remember(om_written *n, const char *name, const json_t *data)
{
    if (strcmp(name, "text") == 0) {
        om_buf_str(&n->text, om_json_str(json_object_get(data, "text")));
    } else if (strcmp(name, "region") == 0) {
        append(&n->regions, data);
    } else if (strcmp(name, "note") == 0) {
        append(&n->notes, json_object_get(data, "why"));
    } else if (strcmp(name, "again") == 0) {
        om_buf_clear(&n->text);
        om_buf_clear(&n->regions);
    } else if (strcmp(name, "message") == 0) {
        n->is = false;
    }
}

void om_written_tell(om_work *k, const char *name, json_t *data)
{
    pthread_mutex_lock(&k->w->lock);
    if (k->w->written.is) remember(&k->w->written, name, data);
    om_work_publish(k, name, data);
    pthread_mutex_unlock(&k->w->lock);
}

/* ---- asking ----------------------------------------------------------- */

typedef struct copy {
    uint64_t event;
    om_buf text, regions, notes;
    bool cut;
} copy;

static void copy_list(om_buf *out, const om_buf *list)
{
    om_buf_puts(out, "[");
    om_buf_put(out, list->p, list->n);
    om_buf_puts(out, "]");
}

static bool take_copy(om_worker *w, int64_t job, copy *c)
{
    const om_written *n = &w->written;
    pthread_mutex_lock(&w->lock);
    const bool is = w->running == job && job != 0 && n->is;
    if (is) {
        c->event = om_events_last(w->opts.events);
        om_buf_put(&c->text, n->text.p, n->text.n);
        copy_list(&c->regions, &n->regions);
        copy_list(&c->notes, &n->notes);
        c->cut = n->text.status != OMOST_OK || n->regions.status != OMOST_OK ||
                 n->notes.status != OMOST_OK;
    }
    pthread_mutex_unlock(&w->lock);
    return is;
}

static json_t *list_json(const om_buf *text)
{
    omost_error err;
    return text->status == OMOST_OK
               ? om_json_parse(om_buf_view(text), "what was written", &err)
               : NULL;
}

json_t *om_worker_written(om_worker *w, int64_t job)
{
    copy c = {.event = 0};
    json_t *o = NULL;
    om_buf_init(&c.text, w->opts.env, SIZE_MAX);
    om_buf_init(&c.regions, w->opts.env, SIZE_MAX);
    om_buf_init(&c.notes, w->opts.env, SIZE_MAX);
    if (!take_copy(w, job, &c)) {
        o = json_null();
    } else {
        o = json_object();
        om_json_put_int(&o, "event", (int64_t)c.event);
        om_json_put(&o, "text",
                    c.text.status == OMOST_OK
                        ? om_json_new_str(om_buf_view(&c.text))
                        : NULL);
        om_json_put(&o, "regions", list_json(&c.regions));
        om_json_put(&o, "notes", list_json(&c.notes));
        om_json_put(&o, "cut", json_boolean(c.cut));
    }
    om_buf_free(&c.text);
    om_buf_free(&c.regions);
    om_buf_free(&c.notes);
    return o;
}
