/* compose_run.c - one answer, in a thread that Ctrl-C stops (job.h). */
#include <stdio.h>

#include "cli/writer_cli.h"

static bool on_load(void *user, double done)
{
    om_compose_job *j = user;
    return om_show_load(&j->show, done) && !atomic_load(&j->job.stop);
}

static bool on_event(void *user, const omost_compose_event *ev)
{
    om_compose_job *j = user;
    return om_show_event(&j->show, ev) && !atomic_load(&j->job.stop);
}

static void work(void *user)
{
    om_compose_job *j = user;
    if (!j->composer)
        j->composer =
            omost_composer_open(&j->setup->composer, on_load, j, &j->err);
    j->st = j->composer ? OMOST_OK : j->err.status;
    if (j->composer && j->id != OMOST_CHAT_ROOT)
        j->st = omost_compose(j->composer, j->chat, j->id, &j->setup->compose,
                              on_event, j, &j->reply, &j->err);
}

static void end_line(om_compose_job *j)
{
    om_show_clear(&j->show);
    if (!j->show.line_end) fputc('\n', stderr);
    j->show.line_end = true;
}

static void leave(void *user)
{
    om_compose_job *j = user;
    end_line(j);
    fprintf(stderr, "omost %s: stopped\n", j->cli->cmd->name);
}

int om_compose_run(om_compose_job *j, int id)
{
    j->id = id;
    j->reply = (omost_reply){.id = -1};
    j->job = (om_job){.work = work, .leave = leave, .user = j};
    int sig = om_job_run(&j->job, &j->err);
    if (sig < 0) j->st = j->err.status;
    if (j->st == OMOST_OK) return 0;
    end_line(j);
    omost_reply_free(&j->reply);
    if (j->show.out_code) return j->show.out_code;
    if (j->st == OMOST_CANCELLED && sig > 0) {
        fprintf(stderr, "omost %s: stopped\n", j->cli->cmd->name);
        return 128 + sig;
    }
    return om_complain(j->cli, &j->err);
}

int om_compose_open(om_compose_job *j)
{
    int code = om_compose_run(j, OMOST_CHAT_ROOT);
    om_show_clear(&j->show);
    return code;
}

int om_compose_judge(om_cli *cli, const omost_reply *reply)
{
    om_input in = {.name = "the reply", .canvas = reply->canvas};
    in.text = (om_buf){.p = reply->text, .n = reply->len, .limit = SIZE_MAX};
    if (!reply->canvas) {
        om_show_error(cli, &in, &reply->why);
        return OM_EXIT_REFUSED;
    }
    for (size_t i = 0; i < omost_canvas_note_count(reply->canvas); i++)
        om_show_note(cli, &in, omost_canvas_note(reply->canvas, i));
    return 0;
}

/* ---- a canvas that is there already --------------------------------------- */

static int add(omost_chat *chat, int parent, omost_role role, om_buf *text,
               omost_error *err)
{
    if (om_buf_check(text, "the canvas", err) != OMOST_OK) return -1;
    return omost_chat_add(chat, parent, role, om_buf_view(text), err);
}

/* What may have been wished for, and the canvas in the form that models
 * write. */
static int add_turns(omost_chat *chat, const omost_canvas *canvas,
                     omost_error *err)
{
    const omost_global *g = omost_canvas_global(canvas);
    om_str what = g ? om_str_strip(g->description, " .") : OM_STR("a picture");
    om_buf wish, code;
    size_t n = 0;
    int id = -1;
    om_buf_init(&wish, NULL, OMOST_MAX_MESSAGE);
    om_buf_init(&code, NULL, OMOST_MAX_MESSAGE);
    om_buf_puts(&wish, "generate an image of ");
    om_buf_str(&wish, what);
    char *text = omost_canvas_to_python(canvas, OMOST_PYTHON_FENCED, &n, err);
    if (text) {
        om_buf_put(&code, text, n);
        id = add(chat, OMOST_CHAT_ROOT, OMOST_ROLE_USER, &wish, err);
        if (id >= 0) id = add(chat, id, OMOST_ROLE_ASSISTANT, &code, err);
    }
    omost_text_free(NULL, text);
    om_buf_free(&wish);
    om_buf_free(&code);
    return id;
}

static int begin(om_compose_job *j, const omost_canvas *canvas, int *id)
{
    omost_error err;
    *id = OMOST_CHAT_ROOT;
    j->chat = omost_chat_new(NULL, &err);
    if (j->chat && canvas) *id = add_turns(j->chat, canvas, &err);
    if (j->chat && (!canvas || *id >= 0)) return 0;
    return om_complain(j->cli, &err);
}

int om_compose_begin(om_compose_job *j, const char *edit, int *id)
{
    om_input in = {0};
    int code = edit ? om_input_read(j->cli, &in, edit, false) : 0;
    if (code == 0) code = begin(j, in.canvas, id);
    om_input_free(&in);
    return code;
}

int om_compose_wish(om_compose_job *j, const char *edit, om_str wish)
{
    omost_error err;
    int id = OMOST_CHAT_ROOT, code = om_compose_begin(j, edit, &id);
    if (code) return code;
    wish = om_str_strip(wish, " \t\r\n");
    id = omost_chat_add(j->chat, id, OMOST_ROLE_USER, wish, &err);
    return id < 0 ? om_complain(j->cli, &err) : om_compose_run(j, id);
}

void om_compose_end(om_compose_job *j)
{
    omost_reply_free(&j->reply);
    omost_composer_close(j->composer);
    omost_chat_free(j->chat);
}

/* ---- words and files ------------------------------------------------------- */

int om_join_operands(om_cli *cli, const om_args *args, om_buf *out)
{
    omost_error err;
    for (int i = 0; i < args->n_operands; i++) {
        if (i > 0) om_buf_putc(out, ' ');
        om_buf_puts(out, args->operand[i]);
    }
    return om_buf_check(out, "the wish", &err) == OMOST_OK
               ? 0
               : om_complain(cli, &err);
}

bool om_writer_may_change(const om_writer_setup *s)
{
    return !s->compose.no_mend && (s->composer.server || s->compose.no_grammar);
}

int om_write_reply(om_cli *cli, const char *path, const omost_reply *reply)
{
    omost_error err;
    size_t n = 0;
    if (!reply->canvas || !om_str_ends(om_str_of(path), OM_STR(".json")))
        return om_write(cli, path, (om_str){reply->text, reply->len});
    char *json = omost_canvas_to_json(reply->canvas, &n, &err);
    return om_write_text(cli, path, json, n, &err);
}
