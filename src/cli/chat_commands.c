/* chat_commands.c - what can be said to the program instead of the model. */
#include <stdio.h>
#include <stdlib.h>

#include "cli/chat_cli.h"

typedef struct command {
    const char *name, *arg, *help;
    void (*run)(om_talk *t, om_str arg);
} command;

static const command commands[];

static void say(om_talk *t, const char *text)
{
    om_say(t->cli, text);
}

static const omost_message *answer(om_talk *t)
{
    const omost_message *m = omost_chat_message(t->job.chat, t->at);
    if (!m) say(t, "there is no canvas yet; say what the picture should show");
    return m;
}

static void put(om_talk *t, om_str text)
{
    bool ok = om_put_here(text);
    if (ok && text.n > 0 && text.p[text.n - 1] != '\n')
        ok = om_put_here(OM_STR("\n"));
    if (ok) return;
    t->code = om_worst(t->code, OM_EXIT_MISSING);
    t->over = true;
}

/* ---- looking ------------------------------------------------------------- */

static void show_help(om_talk *t, om_str arg)
{
    om_buf out;
    (void)arg;
    om_buf_init(&out, NULL, 1 << 16);
    om_buf_puts(&out, "Say what the picture should show, or how it should "
                      "change. Or:\n");
    for (const command *c = commands; c->name; c++) {
        size_t from = out.n;
        om_buf_printf(&out, "  /%s%s%s", c->name, *c->arg ? " " : "", c->arg);
        while (out.n - from < 20) om_buf_putc(&out, ' ');
        om_buf_printf(&out, " %s\n", c->help);
    }
    om_buf_puts(&out, "  Ctrl-C stops an answer.\n");
    put(t, om_buf_view(&out));
    om_buf_free(&out);
}

static void show_code(om_talk *t, om_str arg)
{
    const omost_message *m = answer(t);
    (void)arg;
    if (m) put(t, m->text);
}

static void show_regions(om_talk *t, om_str arg)
{
    (void)arg;
    if (!answer(t)) return;
    omost_canvas *cv = om_talk_canvas(t, t->at);
    om_buf out;
    om_buf_init(&out, NULL, OMOST_MAX_INPUT);
    for (size_t i = 0; cv && i < omost_canvas_count(cv); i++) {
        om_buf_printf(&out, "%2zu  ", i + 1);
        om_put_region(&out, omost_canvas_region(cv, i));
        om_buf_putc(&out, '\n');
    }
    if (!cv) say(t, "the last answer is no canvas");
    put(t, om_buf_view(&out));
    om_buf_free(&out);
    omost_canvas_free(cv);
}

static void put_message(om_talk *t, om_buf *out, const omost_message *m)
{
    om_str first = m->text;
    const char *end = memchr(first.p, '\n', first.n);
    om_buf_printf(out, "%c%3d", m->id == t->at ? '>' : ' ', m->id);
    if (m->parent >= 0) om_buf_printf(out, " (after %d)", m->parent);
    om_buf_puts(out, "  ");
    if (m->role == OMOST_ROLE_ASSISTANT) {
        omost_canvas *cv = om_talk_canvas(t, m->id);
        if (cv)
            om_buf_printf(out, "a canvas, %zu regions", omost_canvas_count(cv));
        else
            om_buf_puts(out, "an answer that is no canvas");
        omost_canvas_free(cv);
    } else {
        if (end) first.n = (size_t)(end - first.p);
        om_put_clean(out, first);
    }
    om_buf_putc(out, '\n');
}

static void show_history(om_talk *t, om_str arg)
{
    om_buf out;
    (void)arg;
    om_buf_init(&out, NULL, OMOST_MAX_CHAT);
    for (int i = 0; i < omost_chat_count(t->job.chat); i++)
        put_message(t, &out, omost_chat_message(t->job.chat, i));
    put(t, om_buf_view(&out));
    om_buf_free(&out);
}

/* ---- moving -------------------------------------------------------------- */

/* A message number at the front of *arg; -1 when there is none. */
static int take_number(om_str *arg)
{
    int n = 0;
    size_t i = 0;
    for (; i < arg->n && i < 9 && arg->p[i] >= '0' && arg->p[i] <= '9'; i++)
        n = n * 10 + (arg->p[i] - '0');
    if (i == 0 || (i < arg->n && arg->p[i] != ' ')) return -1;
    *arg = om_str_strip(om_str_skip(*arg, i), " ");
    return n;
}

/* The last question, whether it got its answer or not; NULL: none yet. */
static const omost_message *question(const om_talk *t)
{
    return omost_chat_message(t->job.chat, t->asked);
}

/* The question an answer belongs to. */
static int question_of(const om_talk *t, int answer)
{
    const omost_message *m = omost_chat_message(t->job.chat, answer);
    return m ? m->parent : OMOST_CHAT_ROOT;
}

/* The same seed would give the same answer. */
static void other_seed(om_talk *t)
{
    omost_compose_opts *o = &t->setup->compose;
    if (o->temperature <= 0)
        say(t, "with --temp 0 the answer is the same every time");
    if (o->seed >= 0) o->seed++;
}

static void retry(om_talk *t, om_str arg)
{
    const omost_message *q = question(t);
    (void)arg;
    if (!q) {
        say(t, "there is nothing to retry yet");
        return;
    }
    other_seed(t);
    om_talk_say(t, q->parent, q->text);
}

static void edit(om_talk *t, om_str arg)
{
    int id = take_number(&arg);
    const omost_message *q =
        id >= 0 ? omost_chat_message(t->job.chat, id) : question(t);
    if (!q || q->role != OMOST_ROLE_USER)
        say(t, "there is no question of yours of that number; /history lists "
               "them");
    else if (arg.n == 0)
        say(t, "say what it should be instead: /edit TEXT, or /edit NUMBER "
               "TEXT");
    else
        om_talk_say(t, q->parent, arg);
}

static void undo(om_talk *t, om_str arg)
{
    const omost_message *q = question(t);
    (void)arg;
    if (!q) {
        say(t, "there is nothing to undo");
        return;
    }
    t->at = q->parent;
    t->asked = question_of(t, t->at);
}

static void go(om_talk *t, om_str arg)
{
    int id = take_number(&arg);
    const omost_message *m = omost_chat_message(t->job.chat, id);
    if (!m || m->role != OMOST_ROLE_ASSISTANT)
        say(t, "there is no answer of that number; /history lists them");
    else {
        t->at = id;
        t->asked = m->parent;
    }
}

/* ---- the rest ------------------------------------------------------------ */

static void save(om_talk *t, om_str arg)
{
    const omost_message *m = answer(t);
    char path[4096];
    if (!m) return;
    if (arg.n == 0 || arg.n >= sizeof path) {
        say(t, "name a file: /save canvas.txt, or canvas.json");
        return;
    }
    memcpy(path, arg.p, arg.n);
    path[arg.n] = '\0';
    om_talk_failed(t, om_talk_write(t, path));
}

static void quit(om_talk *t, om_str arg)
{
    (void)arg;
    t->over = true;
}

static const command commands[] = {
    {"code", "", "show the canvas as the model wrote it", show_code},
    {"regions", "", "list its regions", show_regions},
    {"save", "FILE", "write it to FILE (.json: as JSON)", save},
    {"retry", "", "ask the last question again", retry},
    {"edit", "[N] TEXT", "ask the last question (or number N) otherwise", edit},
    {"undo", "", "go back to before the last question", undo},
    {"history", "", "list all that was said, every branch", show_history},
    {"go", "N", "go on from answer number N", go},
    {"help", "", "show this", show_help},
    {"quit", "", "end; so does the end of input (Ctrl-D)", quit},
    {NULL, NULL, NULL, NULL},
};

void om_talk_command(om_talk *t, om_str line)
{
    om_str rest = om_str_skip(line, 1);
    const char *words[16] = {NULL};
    char name[32], text[120];
    size_t n = 0;
    while (n < rest.n && rest.p[n] != ' ') n++;
    om_str arg = om_str_strip(om_str_skip(rest, n), " \t");
    for (size_t i = 0; commands[i].name; i++) {
        words[i] = commands[i].name;
        if (!om_str_eqz((om_str){rest.p, n}, commands[i].name)) continue;
        commands[i].run(t, arg);
        return;
    }
    snprintf(name, sizeof name, "%.*s", (int)(n < 30 ? n : 30), rest.p);
    const char *near = om_suggest(name, words);
    snprintf(text, sizeof text, "there is no /%s; %s%s%s", name,
             near ? "did you mean /" : "/help", near ? near : " lists what is",
             near ? "?" : "");
    say(t, text);
}
