/* server.c - the studio's parts, put together and taken apart. */
#include "server/server.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "server/api.h"

int om_server_port(const om_server *s)
{
    return s->guard.port;
}

/* Beyond this machine only with a key, unless that is what was asked for. */
static omost_status check_exposure(const om_server_opts *o, omost_error *err)
{
    om_authority a = {.host = om_str_of(o->host)};
    char v6[80];
    if (o->insecure_no_key || (o->key && *o->key)) return OMOST_OK;
    snprintf(v6, sizeof v6, "[%s]", o->host);
    const bool known = om_authority_parse(om_str_of(o->host), &a) ||
                       om_authority_parse(om_str_of(v6), &a);
    if (known && om_is_loopback(&a)) return OMOST_OK;
    return om_fail(err, OMOST_USAGE,
                   "others could use this machine through %.80s; set a key in "
                   "OMOST_SERVE_KEY or with --api-key-file, or say "
                   "--insecure-no-key if that is meant",
                   o->host);
}

/* What would never match is a mistake. */
static omost_status check_allowed(const om_server_opts *o, omost_error *err)
{
    om_authority a;
    int port;
    for (size_t i = 0; i < o->n_allow_hosts; i++)
        if (!om_authority_parse(om_str_of(o->allow_hosts[i]), &a))
            return om_fail(err, OMOST_USAGE,
                           "--allow-host %.80s is no name; it must be like "
                           "studio.example or studio.example:8080",
                           o->allow_hosts[i]);
    for (size_t i = 0; i < o->n_allow_origins; i++)
        if (!om_origin_parse(om_str_of(o->allow_origins[i]), &a, &port))
            return om_fail(err, OMOST_USAGE,
                           "--allow-origin %.80s is no origin; it must be like "
                           "https://studio.example, without a path",
                           o->allow_origins[i]);
    return OMOST_OK;
}

static bool is_any(const char *host)
{
    return strcmp(host, "0.0.0.0") == 0 || strcmp(host, "::") == 0;
}

static omost_status set_guard(om_server *s, int port, omost_error *err)
{
    const om_server_opts *o = &s->opts;
    s->guard = (om_guard){.port = port,
                          .host = om_str_of(o->host),
                          .any_ip = is_any(o->host),
                          .allow_hosts = o->allow_hosts,
                          .n_allow_hosts = o->n_allow_hosts,
                          .allow_origins = o->allow_origins,
                          .n_allow_origins = o->n_allow_origins};
    if (om_guard_set_key(&s->guard, om_str_of(o->key))) return OMOST_OK;
    return om_fail_nomem(err);
}

static omost_status open_store(om_server *s, omost_error *err)
{
    const om_server_opts *o = &s->opts;
    om_buf b;
    s->store = om_store_open(o->env, o->data, err);
    if (!s->store) return err->status;
    om_buf_init(&b, o->env, 1 << 16);
    om_buf_printf(&b, "%s/uploads", o->data);
    s->uploads = om_buf_steal(&b, NULL);
    return s->uploads ? OMOST_OK : om_fail_nomem(err);
}

static omost_status start(om_server *s, int fd, omost_error *err)
{
    om_worker_opts w = s->opts.worker;
    omost_status st = open_store(s, err);
    if (st == OMOST_OK) {
        s->events = om_events_new(s->opts.env, err);
        st = s->events ? OMOST_OK : err->status;
    }
    if (st == OMOST_OK) {
        w.env = s->opts.env;
        w.store = s->store;
        w.events = s->events;
        w.uploads = s->uploads;
        w.find = om_models_find;
        w.user = s;
        s->worker = om_worker_start(&w, err);
        st = s->worker ? OMOST_OK : err->status;
    }
    if (st != OMOST_OK) {
        close(fd);
        return st;
    }
    const om_daemon_opts d = {.env = s->opts.env,
                              .socket = fd,
                              .server = s,
                              .guard = &s->guard,
                              .routes = om_routes,
                              .n_threads = s->opts.n_threads};
    s->daemon = om_daemon_start(&d, err);
    return s->daemon ? OMOST_OK : err->status;
}

om_server *om_server_start(const om_server_opts *opts, omost_error *err)
{
    int fd = -1, port = opts->port;
    om_server *s = om_zalloc(opts->env, sizeof *s);
    if (!s) {
        om_fail_nomem(err);
        return NULL;
    }
    s->opts = *opts;
    pthread_mutex_init(&s->restarts, NULL);
    if (s->opts.n_threads < 1) s->opts.n_threads = 4;
    omost_status st = check_exposure(opts, err);
    if (st == OMOST_OK) st = check_allowed(opts, err);
    if (st == OMOST_OK) st = om_listen(opts->host, &port, &fd, err);
    if (st == OMOST_OK) st = set_guard(s, port, err);
    if (st == OMOST_OK) st = start(s, fd, err);
    if (st == OMOST_OK) return s;
    om_server_stop(s);
    return NULL;
}

void om_server_stop(om_server *s)
{
    if (!s) return;
    /* Nobody asks the worker any more when it ends. */
    om_daemon_stop(s->daemon);
    om_worker_stop(s->worker);
    om_events_free(s->events);
    om_store_close(s->store);
    pthread_mutex_destroy(&s->restarts);
    om_free(s->opts.env, s->uploads);
    om_free(s->opts.env, s);
}
