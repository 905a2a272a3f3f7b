/* compose_show.c - how a canvas grows, for a person:
 *
 *     A group of fierce warriors (on the left, a large horizontal area)
 *     A mighty dragon (in the center, a large square area)
 *     writing: 2 regions, 871 tokens, 22.4 a second
 *
 * The last line is written over itself, on a terminal only. */
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"
#include "cli/render_cli.h"
#include "cli/writer_cli.h"

static const double pause_s = 0.1;

void om_show_init(om_show *show, om_cli *cli, om_show_what what)
{
    *show = (om_show){.cli = cli,
                      .what = what,
                      .terminal = isatty(STDERR_FILENO) != 0,
                      .line_end = true};
}

void om_show_clear(om_show *show)
{
    om_line_clear(&show->open);
}

static bool is_quiet(const om_show *show)
{
    return show->cli->quiet || show->what == OM_SHOW_QUIET;
}

/* Whether the changing line may be written now. Text on the same terminal would
 * be written over. */
static bool may_show(om_show *show)
{
    if (!show->terminal || is_quiet(show) || !show->line_end) return false;
    double now = om_clock();
    if (now - show->last < pause_s) return false;
    show->last = now;
    return true;
}

static void show_line(om_show *show, const char *text)
{
    fprintf(stderr, "\r%s\033[K", text);
    fflush(stderr);
    show->open = true;
}

bool om_show_load(om_show *show, double done)
{
    char text[80];
    if (!may_show(show)) return true;
    snprintf(text, sizeof text, "reading the model %3.0f%%", done * 100);
    show_line(show, text);
    return true;
}

static void show_progress(om_show *show, const omost_compose_event *ev)
{
    char text[120], rate[40] = "";
    const bool apart = show->what == OM_SHOW_REGIONS ||
                       (show->what == OM_SHOW_TEXT && !isatty(STDOUT_FILENO));
    if (!apart || !may_show(show)) return;
    if (ev->tokens_per_second > 0)
        snprintf(rate, sizeof rate, ", %.1f a second", ev->tokens_per_second);
    snprintf(text, sizeof text, "writing: %d region%s, %d tokens%s",
             show->regions, show->regions == 1 ? "" : "s",
             ev->stats->reply_tokens, rate);
    show_line(show, text);
}

static void show_prompt(om_show *show, const omost_compose_event *ev)
{
    char text[80];
    if (ev->stats->reply_tokens > 0) {
        show_progress(show, ev);
        return;
    }
    if (!may_show(show)) return;
    if (ev->total > 0)
        snprintf(text, sizeof text, "reading the conversation: token %d of %d",
                 ev->done, ev->total);
    else
        snprintf(text, sizeof text, "waiting for the first word");
    show_line(show, text);
}

/* ---- text and regions ---------------------------------------------------- */

bool om_put_here(om_str text)
{
    om_buf clean;
    om_buf_init(&clean, NULL, SIZE_MAX);
    if (isatty(STDOUT_FILENO)) {
        for (const char *end;
             text.n > 0 && (end = memchr(text.p, '\n', text.n));) {
            om_str line = {text.p, (size_t)(end - text.p)};
            om_put_clean(&clean, line);
            om_buf_putc(&clean, '\n');
            text = om_str_skip(text, line.n + 1);
        }
        om_put_clean(&clean, text);
        text = om_buf_view(&clean);
    }
    const bool ok =
        clean.status == OMOST_OK &&
        (text.n == 0 || fwrite(text.p, 1, text.n, stdout) == text.n) &&
        fflush(stdout) == 0;
    om_buf_free(&clean);
    return ok;
}

static bool put_text(om_show *show, om_str text)
{
    if (show->what != OM_SHOW_TEXT || text.n == 0) return true;
    om_show_clear(show);
    if (!om_put_here(text)) {
        omost_error err;
        int why = errno;
        om_fail(&err, OMOST_IO, "cannot write standard output: %s",
                strerror(why));
        show->out_code =
            why == EPIPE ? OM_EXIT_MISSING : om_complain(show->cli, &err);
        return false;
    }
    if (isatty(STDOUT_FILENO)) show->line_end = text.p[text.n - 1] == '\n';
    return true;
}

void om_put_region(om_buf *out, const omost_region *r)
{
    om_put_clean(out, om_str_strip(r->description, " ."));
    om_buf_printf(out, " (%s", omost_word(OMOST_WORD_LOCATION, r->location));
    if (r->offset != 0)
        om_buf_printf(out, ", %s", omost_word(OMOST_WORD_OFFSET, r->offset));
    om_buf_printf(out, ", %s)", omost_word(OMOST_WORD_AREA, r->area));
}

static void put_line(om_show *show, om_buf *line)
{
    om_buf_putc(line, '\n');
    om_show_clear(show);
    if (line->status == OMOST_OK) om_put_safe(line->p, line->n);
    om_buf_free(line);
}

static void show_read(om_show *show, const omost_read_event *ev)
{
    om_buf line;
    if (ev->kind == OMOST_READ_START) show->regions = 0;
    if (ev->kind == OMOST_READ_REGION) show->regions++;
    if (show->what != OM_SHOW_REGIONS) return;
    om_buf_init(&line, NULL, OMOST_MAX_INPUT);
    if (ev->kind == OMOST_READ_GLOBAL) {
        om_put_clean(&line, om_str_strip(ev->global->description, " ."));
        put_line(show, &line);
    } else if (ev->kind == OMOST_READ_REGION) {
        om_buf_puts(&line, "  ");
        om_put_region(&line, ev->region);
        put_line(show, &line);
    }
    om_buf_free(&line);
}

/* ---- events -------------------------------------------------------------- */

static void show_note(om_show *show, om_str text)
{
    char z[400];
    if (is_quiet(show)) return;
    om_show_clear(show);
    if (!show->line_end) fputc('\n', stdout);
    (void)fflush(stdout); /* before the note, where both are one terminal */
    show->line_end = true;
    snprintf(z, sizeof z, "%.*s", OM_STR_ARG(text));
    om_say(show->cli, z);
}

static void show_again(om_show *show, om_str why)
{
    char z[400];
    snprintf(z, sizeof z, "the reply is no canvas (%.*s); asked once more",
             OM_STR_ARG(why));
    show_note(show, om_str_of(z));
    show->regions = 0;
}

bool om_show_event(om_show *show, const omost_compose_event *ev)
{
    switch (ev->kind) {
    case OMOST_COMPOSE_NOTE: show_note(show, ev->text); break;
    case OMOST_COMPOSE_PROMPT: show_prompt(show, ev); break;
    case OMOST_COMPOSE_TEXT:
        show_progress(show, ev);
        return put_text(show, ev->text);
    case OMOST_COMPOSE_CANVAS: show_read(show, ev->read); break;
    case OMOST_COMPOSE_AGAIN: show_again(show, ev->text); break;
    }
    return true;
}

void om_show_summary(om_show *show, const omost_reply *reply)
{
    const omost_compose_stats *s = &reply->stats;
    om_buf line;
    om_show_clear(show);
    if (is_quiet(show)) return;
    if (!show->line_end) fputc('\n', stderr);
    show->line_end = true;
    om_buf_init(&line, NULL, 4096);
    om_buf_printf(&line, "%d region%s, %d tokens in %.1f s", show->regions,
                  show->regions == 1 ? "" : "s", s->reply_tokens,
                  s->reply_seconds);
    if (s->reply_seconds > 0.01)
        om_buf_printf(&line, " (%.1f a second)",
                      s->reply_tokens / s->reply_seconds);
    if (s->accepted_tokens + s->forced_tokens > 0)
        om_buf_printf(&line, ", %d of them guessed or forced",
                      s->accepted_tokens + s->forced_tokens);
    if (s->reused_tokens > 0)
        om_buf_printf(&line, "; %d of %d tokens of the prompt were known",
                      s->reused_tokens, s->prompt_tokens);
    om_buf_printf(&line, "; seed %lld", (long long)reply->seed);
    if (reply->cut) om_buf_puts(&line, "; cut off at its greatest length");
    om_buf_putc(&line, '\n');
    if (line.status == OMOST_OK) om_put_safe(line.p, line.n);
    om_buf_free(&line);
}
