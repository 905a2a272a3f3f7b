/* cmd_chat.c - omost chat: a canvas changed by talking about it. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "cli/chat_cli.h"

enum {
    OPT_SESSION = OM_WRITER_N,
    OPT_EDIT,
    OPT_OUTPUT,
    OPT_THREADS,
    OPT_QUIET,
};

/* ---- one turn ------------------------------------------------------------ */

omost_canvas *om_talk_canvas(const om_talk *t, int id)
{
    const omost_message *m = omost_chat_message(t->job.chat, id);
    return m ? omost_canvas_parse(m->text.p, m->text.n, NULL, NULL) : NULL;
}

void om_talk_keep(om_talk *t)
{
    omost_error err;
    size_t n = 0;
    if (!t->session) return;
    char *text = omost_chat_to_json(t->job.chat, &n, &err);
    t->code =
        om_worst(t->code, om_write_text(t->cli, t->session, text, n, &err));
}

/* What the answer changed, where there was a canvas before it. */
static void show_change(om_talk *t, int before, const omost_canvas *now)
{
    omost_canvas *was = om_talk_canvas(t, before);
    omost_diff *d = was ? omost_diff_new(was, now, NULL) : NULL;
    size_t n = 0;
    char *text = d ? omost_diff_to_text(d, &n, NULL) : NULL;
    if (text && n > 0) om_put_safe(text, n);
    if (text && n == 0) om_say(t->cli, "nothing changed");
    omost_text_free(NULL, text);
    omost_diff_free(d);
    omost_canvas_free(was);
}

static void take_answer(om_talk *t, int before)
{
    const omost_reply *r = &t->job.reply;
    const om_show_what what = t->job.show.what;
    t->at = r->id;
    if (!t->terminal && what != OM_SHOW_TEXT)
        (void)om_put_here((om_str){r->text, r->len});
    if (!t->terminal && r->len > 0 && r->text[r->len - 1] != '\n')
        (void)om_put_here(OM_STR("\n"));
    om_show_summary(&t->job.show, r);
    om_talk_failed(t, om_compose_judge(t->cli, r));
    if (r->canvas && t->terminal) show_change(t, before, r->canvas);
}

void om_talk_failed(om_talk *t, int code)
{
    if (!t->terminal) t->code = om_worst(t->code, code);
}

/* A person sees the regions; a file or pipe gets the text, once it is sure. */
static om_show_what what_to_show(const om_talk *t)
{
    if (!t->terminal && !om_writer_may_change(t->setup)) return OM_SHOW_TEXT;
    return t->cli->quiet ? OM_SHOW_QUIET : OM_SHOW_REGIONS;
}

void om_talk_say(om_talk *t, int parent, om_str text)
{
    omost_error err;
    int id = omost_chat_add(t->job.chat, parent, OMOST_ROLE_USER, text, &err);
    if (id < 0) {
        om_talk_failed(t, om_complain(t->cli, &err));
        return;
    }
    t->asked = id;
    om_talk_keep(t);
    om_show_init(&t->job.show, t->cli, what_to_show(t));
    int code = om_compose_run(&t->job, id);
    if (code == 0) take_answer(t, parent);
    omost_reply_free(&t->job.reply);
    om_talk_keep(t);
    /* A person may go on after Ctrl-C or a server's trouble; a script not. */
    om_talk_failed(t, code);
    if (code != 0 && !t->terminal) t->over = true;
}

int om_talk_write(const om_talk *t, const char *path)
{
    const omost_message *m = omost_chat_message(t->job.chat, t->at);
    if (!m) return 0;
    omost_canvas *cv = om_talk_canvas(t, t->at);
    om_buf text;
    om_buf_init(&text, NULL, OMOST_MAX_MESSAGE + 1);
    om_buf_str(&text, m->text);
    const omost_reply r = {.text = text.p, .len = text.n, .canvas = cv};
    int code = om_write_reply(t->cli, path, &r);
    om_buf_free(&text);
    omost_canvas_free(cv);
    return code;
}

/* ---- the talk ------------------------------------------------------------ */

static void take_line(om_talk *t, om_str line)
{
    line = om_str_strip(line, " \t\r\n");
    if (line.n == 0) return;
    if (line.p[0] == '/')
        om_talk_command(t, line);
    else
        om_talk_say(t, t->at, line);
}

static void nothing(int sig)
{
    (void)sig;
}

/* getline(), which Ctrl-C ends: all is kept already, and the last canvas is
 * still to be written. */
static ssize_t wait_for_line(om_talk *t, char **line, size_t *cap)
{
    struct sigaction act = {.sa_handler = nothing}, was;
    sigemptyset(&act.sa_mask);
    sigaction(SIGINT, &act, &was);
    errno = 0;
    ssize_t n = getline(line, cap, stdin);
    if (n < 0 && errno == EINTR) {
        t->code = 128 + SIGINT;
        clearerr(stdin);
    }
    sigaction(SIGINT, &was, NULL);
    return n;
}

static int talk(om_talk *t)
{
    char *line = NULL;
    size_t cap = 0;
    while (!t->over) {
        if (t->terminal) fputs("> ", stderr);
        ssize_t n = wait_for_line(t, &line, &cap);
        if (n < 0) break;
        take_line(t, (om_str){line, (size_t)n});
    }
    if (t->terminal && !t->over) fputc('\n', stderr);
    if (!t->over && ferror(stdin)) {
        omost_error err;
        om_fail(&err, OMOST_IO, "cannot read standard input: %s",
                strerror(errno));
        t->code = om_complain(t->cli, &err);
    }
    free(line);
    return t->code;
}

/* ---- the session ---------------------------------------------------------- */

static bool lock_name(char out[4096], const om_talk *t)
{
    const int n = snprintf(out, 4096, "%s.lock", t->session);
    return n >= 0 && n < 4096;
}

/* Whether the file that was locked is still the one of that name: the talk that
 * had it before removes it. */
static bool is_named(int fd, const char *path)
{
    struct stat mine, there;
    return fstat(fd, &mine) == 0 && stat(path, &there) == 0 &&
           mine.st_dev == there.st_dev && mine.st_ino == there.st_ino;
}

/* The lock; -1 and the reason in errno. */
static int take_lock(const char *path)
{
    for (;;) {
        const int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
        if (fd < 0) return -1;
        if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
            const int why = errno;
            close(fd);
            errno = why;
            return -1;
        }
        if (is_named(fd, path)) return fd;
        close(fd);
    }
}

/* Two talks on one session would write over one another. */
static int lock_session(om_talk *t)
{
    char path[4096];
    omost_error err;
    if (!lock_name(path, t))
        return om_usage(t->cli, "the session's name is too long");
    t->lock = take_lock(path);
    if (t->lock >= 0) return 0;
    if (errno == EWOULDBLOCK)
        om_fail(&err, OMOST_IO, "another omost chat is at %s", t->session);
    else
        om_fail(&err, OMOST_IO, "cannot lock %s: %s", path, strerror(errno));
    return om_complain(t->cli, &err);
}

/* Removed while it is held: nobody else can have locked it. */
static void unlock_session(om_talk *t)
{
    char path[4096];
    if (t->lock < 0) return;
    if (lock_name(path, t) && is_named(t->lock, path)) (void)unlink(path);
    close(t->lock);
    t->lock = -1;
}

/* Where the last talk ended: at the newest message. */
static void go_on(om_talk *t)
{
    const int last = omost_chat_count(t->job.chat) - 1;
    const omost_message *m = omost_chat_message(t->job.chat, last);
    if (!m) return;
    const bool answered = m->role == OMOST_ROLE_ASSISTANT;
    t->at = answered ? last : m->parent;
    t->asked = answered ? m->parent : last;
}

static int open_session(om_talk *t)
{
    omost_error err;
    om_buf text;
    int code = lock_session(t);
    if (code || (access(t->session, F_OK) != 0 && errno == ENOENT)) return code;
    om_buf_init(&text, NULL, OMOST_MAX_CHAT);
    omost_status st = om_file_read(t->session, &text, &err);
    if (st == OMOST_OK)
        t->job.chat = omost_chat_read(NULL, text.p ? text.p : "", text.n, &err);
    om_buf_free(&text);
    if (t->job.chat) {
        go_on(t);
        return 0;
    }
    omost_error named;
    om_fail(&named, err.status, "%s: %s", t->session, err.msg);
    return om_complain(t->cli, &named);
}

static int begin(om_talk *t, const char *edit)
{
    int code = t->session ? open_session(t) : 0;
    if (code == 0 && t->job.chat && edit)
        code = om_usage(t->cli,
                        "%s holds a conversation already; --edit begins a new "
                        "one",
                        t->session);
    if (code == 0 && !t->job.chat)
        code = om_compose_begin(&t->job, edit, &t->at);
    if (code == 0 && edit) go_on(t);
    return code;
}

/* The model is read before the first question: a person can then type while
 * nothing is wrong. */
static int open_model(om_talk *t)
{
    om_show_init(&t->job.show, t->cli,
                 t->cli->quiet ? OM_SHOW_QUIET : OM_SHOW_REGIONS);
    return om_compose_open(&t->job);
}

static int run_chat(om_cli *cli, const om_args *args)
{
    om_writer_setup s;
    const char *out = args->opt[OPT_OUTPUT].text;
    cli->quiet = args->opt[OPT_QUIET].set;
    int code = om_writer_setup_make(cli, args, 0, &s);
    om_talk t = {.cli = cli,
                 .job = {.cli = cli, .setup = &s},
                 .setup = &s,
                 .at = OMOST_CHAT_ROOT,
                 .asked = OMOST_CHAT_ROOT,
                 .lock = -1,
                 .session = args->opt[OPT_SESSION].text,
                 .terminal = isatty(STDIN_FILENO) && isatty(STDERR_FILENO)};
    s.composer.n_threads = (int)args->opt[OPT_THREADS].integer;
    if (code == 0 && out) code = om_try_target(cli, out);
    if (code == 0) code = begin(&t, args->opt[OPT_EDIT].text);
    if (code == 0) code = open_model(&t);
    if (code == 0 && t.terminal && !cli->quiet)
        fputs("Say what the picture should show; /help lists what else "
              "there is.\n",
              stderr);
    if (code == 0) {
        code = talk(&t);
        if (out) code = om_worst(code, om_talk_write(&t, out));
    }
    unlock_session(&t);
    om_compose_end(&t.job);
    om_writer_setup_free(&s);
    return code;
}

/* clang-format off */
static const om_option options[] = {
#include "cli/writer_alone.def"
    [OPT_SESSION] = {.name = "session", .kind = OM_ARG_FILE, .arg = "JSON",
        .help = "keep the conversation in this file, and go on with the one in it"},
    [OPT_EDIT] = {.name = "edit", .kind = OM_ARG_FILE, .arg = "CANVAS",
        .help = "talk about this canvas (or picture of ours)"},
    [OPT_OUTPUT] = {.name = "output", .letter = 'o', .kind = OM_ARG_FILE, .arg = "OUT",
        .help = "write the last canvas to OUT at the end"},
    [OPT_QUIET + 1] = {.name = NULL},
};

static const char *const text[] = {
    "Say what the picture should show, then how it should change: each line is one message, and "
    "the model answers with a canvas that knows all before it. On a terminal the regions are "
    "listed as they come, and after them what changed; else the replies go to standard output.",
    "Lines that begin with / are for the program: /help lists them. Earlier messages can be asked "
    "otherwise; nothing that was said is lost. Ctrl-C stops an answer.",
    NULL,
};

static const om_example examples[] = {
    {"omost chat -m omost.gguf --session battle.json", "talk, and go on another day"},
    {"omost chat -m omost.gguf --edit picture.png", "change the canvas of a picture"},
    {NULL, NULL},
};
/* clang-format on */

const om_command om_cmd_chat = {
    .name = "chat",
    .operands = "",
    .min_operands = 0,
    .max_operands = 0,
    .summary = "write and change a canvas by talking",
    .text = text,
    .options = options,
    .examples = examples,
    .run = run_chat,
};
