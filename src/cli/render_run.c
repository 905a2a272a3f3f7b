/* render_run.c - drawing, and how to stop it (see job.h): the renderer stops at
 * its next operation. Should one take longer, the program ends without it:
 * pictures are written beside their names and renamed (base/file.h), and what
 * was begun is removed. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "cli/job.h"
#include "cli/render_cli.h"

enum { WRITE_MS = 200 };

typedef struct run {
    om_cli *cli;
    const om_setup *s;
    const char *out;
    om_bar bar;
    om_job job;
    pthread_mutex_t writing; /* held while a file is written */
    atomic_int at;           /* which picture of them is being written */
    bool complete;           /* the only picture that is wanted is there */
    omost_status st;
    omost_error err;
    int code; /* of writing */
} run;

/* ---- the drawing thread -------------------------------------------------- */

static void show_note(run *r, const omost_event *ev)
{
    omost_note note = {.msg = ev->text};
    if (ev->note) note = *ev->note;
    om_bar_clear(&r->bar);
    if (note.line > 0)
        om_show_note(r->cli, &r->s->in, &note);
    else if (!r->cli->quiet)
        om_say(r->cli, note.msg);
}

/* Whole or not at all; not begun once the program is about to end. */
static int write_picture(run *r, const char *name, const omost_event *ev)
{
    omost_error err;
    size_t n = 0;
    char *png =
        omost_image_png(NULL, ev->image, ev->parameters, ev->record, &n, &err);
    if (!png) return om_complain(r->cli, &err);
    pthread_mutex_lock(&r->writing);
    int code = atomic_load(&r->job.stop)
                   ? OM_EXIT_STOPPED
                   : om_write(r->cli, name, (om_str){png, n});
    pthread_mutex_unlock(&r->writing);
    omost_text_free(NULL, png);
    return code;
}

static void tell_picture(run *r, const char *name, const omost_event *ev)
{
    char text[OM_NAME_MAX + 80];
    if (r->cli->quiet || strcmp(name, "-") == 0) return;
    snprintf(text, sizeof text, "%s: %dx%d, seed %lld\n", name, ev->image.width,
             ev->image.height, (long long)ev->seed);
    om_put_safe(text, strlen(text));
}

static bool take_picture(run *r, const omost_event *ev)
{
    const int only = r->s->only, at = only >= 0 ? 0 : ev->index;
    char name[OM_NAME_MAX];
    if (only >= 0 && ev->index != only) return true;
    (void)om_picture_name(name, r->out, at); /* was looked at before */
    atomic_store(&r->at, at);
    om_bar_clear(&r->bar);
    r->code = write_picture(r, name, ev);
    if (r->code) return false;
    tell_picture(r, name, ev);
    r->complete = only >= 0;
    return !r->complete;
}

/* A preview that cannot be written does not stop the picture. */
static void take_preview(run *r, const omost_event *ev)
{
    om_bar_clear(&r->bar);
    (void)write_picture(r, r->s->preview, ev);
}

static bool on_event(void *user, const omost_event *ev)
{
    run *r = user;
    bool go_on = true;
    switch (ev->kind) {
    case OMOST_EVENT_NOTE: show_note(r, ev); break;
    case OMOST_EVENT_PROGRESS: om_bar_show(&r->bar, ev); break;
    case OMOST_EVENT_PREVIEW: take_preview(r, ev); break;
    case OMOST_EVENT_IMAGE: go_on = take_picture(r, ev); break;
    }
    return go_on && !atomic_load(&r->job.stop);
}

/* The picture of --from may come from a machine that could do more. */
static omost_engine *open_as_here(run *r)
{
    char text[200];
    omost_engine_opts o = r->s->engine;
    if (r->s->backend_recorded) o.backend = "auto";
    if (r->s->precision_recorded) o.precision = "auto";
    omost_engine *engine = omost_engine_open(&o, &r->err);
    snprintf(text, sizeof text,
             "%.40s in %.40s, with which the picture was drawn, cannot be had "
             "here",
             r->s->engine.backend, r->s->engine.precision);
    if (engine && !r->cli->quiet) om_say(r->cli, text);
    return engine;
}

static omost_engine *open_engine(run *r)
{
    omost_engine *engine = omost_engine_open(&r->s->engine, &r->err);
    if (engine || r->err.status == OMOST_NOMEM) return engine;
    return r->s->backend_recorded || r->s->precision_recorded ? open_as_here(r)
                                                              : NULL;
}

static void draw(void *user)
{
    run *r = user;
    omost_engine *engine = open_engine(r);
    r->st = engine ? omost_render(engine, r->s->in.canvas, &r->s->opts,
                                  on_event, r, &r->err)
                   : r->err.status;
    omost_engine_close(engine);
}

/* ---- the first thread ---------------------------------------------------- */

static void say_stopped(const run *r)
{
    fprintf(stderr, "omost %s: stopped\n", r->cli->cmd->name);
}

static void end_line(const run *r)
{
    if (r->bar.terminal && r->bar.shown) fputs("\r\033[K", stderr);
    say_stopped(r);
}

/* The other thread goes on until the last moment: what it has begun to write is
 * finished, or removed. */
static void leave(void *user)
{
    run *r = user;
    char name[OM_NAME_MAX];
    const struct timespec until = om_clock_in(CLOCK_REALTIME, WRITE_MS);
    (void)pthread_mutex_timedlock(&r->writing, &until);
    if (om_picture_name(name, r->out, atomic_load(&r->at))) om_file_sweep(name);
    if (r->s->preview) om_file_sweep(r->s->preview);
    end_line(r);
}

static int result(run *r, int sig)
{
    om_bar_clear(&r->bar);
    if (r->st == OMOST_OK || r->complete) return r->code;
    if (sig) {
        say_stopped(r);
        return 128 + sig;
    }
    if (r->code) return r->code;
    if (r->err.line > 0) {
        om_show_error(r->cli, &r->s->in, &r->err);
        return omost_status_exit_code(r->err.status);
    }
    return om_complain(r->cli, &r->err);
}

static int draw_in_thread(run *r)
{
    int sig = om_job_run(&r->job, &r->err);
    if (sig < 0) r->st = r->err.status;
    return result(r, sig < 0 ? 0 : sig);
}

static int check_targets(om_cli *cli, const run *r, int batch)
{
    char name[OM_NAME_MAX];
    int code = 0;
    for (int i = 0; i < batch && code == 0; i++) {
        if (om_picture_name(name, r->out, i)) {
            code = om_try_target(cli, name);
        } else {
            omost_error err;
            om_fail(&err, OMOST_LIMIT, "the picture's name is too long");
            code = om_complain(cli, &err);
        }
    }
    if (code == 0 && r->s->preview) code = om_try_target(cli, r->s->preview);
    return code;
}

static int run_or_try(om_cli *cli, const om_setup *s, bool try)
{
    char name[OM_NAME_MAX];
    run *r = calloc(1, sizeof *r);
    if (!r) return om_complain_nomem(cli);
    const int batch = s->only >= 0 ? 1 : s->opts.batch;
    r->cli = cli;
    r->s = s;
    r->out = s->out ? s->out : name;
    r->job = (om_job){.work = draw, .leave = leave, .user = r};
    pthread_mutex_init(&r->writing, NULL);
    om_bar_init(&r->bar, cli->quiet);
    int code = 0;
    if (!s->out && !om_free_name(name, batch))
        code = om_usage(cli, "no free name is left; give one: -o OUT.png");
    if (code == 0 && s->preview &&
        om_is_picture_name(s->preview, r->out, batch))
        code = om_usage(cli,
                        "--preview and the picture are both %s; name "
                        "another file for one of them",
                        s->preview);
    if (code == 0) code = check_targets(cli, r, batch);
    if (code == 0 && !try) code = draw_in_thread(r);
    pthread_mutex_destroy(&r->writing);
    free(r);
    return code;
}

int om_render_run(om_cli *cli, const om_setup *s)
{
    return run_or_try(cli, s, false);
}

int om_render_try(om_cli *cli, const om_setup *s)
{
    return run_or_try(cli, s, true);
}
