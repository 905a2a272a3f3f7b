/* cli_report.c - what goes to standard error, in one shape:
 *
 *     reply.py:7:14: note: "on the top-lft" is not a location; ...
 *             location="on the top-lft",
 *                      ^~~~~~~~~~~~~~~~
 *     omost check: cannot open reply.py: No such file or directory
 */
#include "cli/cli.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/utf8.h"

#define BOLD "\033[1m"
#define RED "\033[1;31m"
#define CYAN "\033[1;36m"
#define GREEN "\033[1;32m"
#define PLAIN "\033[0m"

void om_put_clean(om_buf *b, om_str s)
{
    const char *end = s.p + s.n;
    for (const char *p = s.p; p < end;) {
        size_t len;
        uint32_t c = om_utf8_decode(p, end, &len);
        if (c == OM_RUNE_BAD || c < 0x20 || (c >= 0x7f && c < 0xa0))
            om_buf_putc(b, '?');
        else
            om_buf_put(b, p, len);
        p += len;
    }
}

void om_put_safe(const char *p, size_t n)
{
    const char *end = p + n;
    while (p < end) {
        size_t len;
        uint32_t c = om_utf8_decode(p, end, &len);
        bool bad = c == OM_RUNE_BAD || (c < 0x20 && c != '\n' && c != '\t') ||
                   (c >= 0x7f && c < 0xa0);
        if (bad)
            fputc('?', stderr);
        else
            fwrite(p, 1, len, stderr);
        p += len;
    }
}

static void put_head(const om_cli *cli)
{
    if (cli->color) fputs(BOLD, stderr);
    fprintf(stderr, "omost%s%s:", cli->cmd ? " " : "",
            cli->cmd ? cli->cmd->name : "");
    fputs(cli->color ? PLAIN " " : " ", stderr);
}

int om_usage(const om_cli *cli, const char *fmt, ...)
{
    char msg[600];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(msg, sizeof msg, fmt, ap);
    va_end(ap);
    put_head(cli);
    om_put_safe(msg, strlen(msg));
    const char *name = cli->cmd ? cli->cmd->name : "";
    fprintf(stderr, "\nSee \"omost %s%s--help\".\n", name, *name ? " " : "");
    return OM_EXIT_USAGE;
}

int om_complain(const om_cli *cli, const omost_error *err)
{
    put_head(cli);
    om_put_safe(err->msg, strlen(err->msg));
    fputc('\n', stderr);
    return omost_status_exit_code(err->status);
}

int om_complain_nomem(const om_cli *cli)
{
    omost_error err;
    (void)om_fail_nomem(&err);
    return om_complain(cli, &err);
}

/* The diagnostic's parts in colour: place, kind, message, source, carets. */
static void put_colored(const char *text, const char *name, const char *kind)
{
    const char *line = strchr(text, '\n');
    const char *mark =
        strlen(name) < strlen(text) ? strstr(text + strlen(name), kind) : NULL;
    if (!line) line = text + strlen(text);
    if (!mark || mark > line) {
        om_put_safe(text, strlen(text));
        return;
    }
    const char *msg = mark + strlen(kind) + 1; /* past the ":" */
    fputs(BOLD, stderr);
    om_put_safe(text, (size_t)(mark - text));
    fputs(strcmp(kind, "error") == 0 ? RED : CYAN, stderr);
    om_put_safe(mark, (size_t)(msg - mark));
    fputs(PLAIN BOLD, stderr);
    om_put_safe(msg, (size_t)(line - msg));
    fputs(PLAIN, stderr);
    const char *carets = *line ? strchr(line + 1, '\n') : NULL;
    if (!carets) carets = line + strlen(line);
    om_put_safe(line, (size_t)(carets - line));
    fputs(GREEN, stderr);
    om_put_safe(carets, strlen(carets));
    fputs(PLAIN, stderr);
}

static void show(const om_cli *cli, const om_input *in, const om_place *at,
                 const char *kind, const char *msg)
{
    if (at->line > 0) {
        char *text = omost_diagnostic(in->name, om_buf_view(&in->text),
                                      at->line, at->col, at->len, kind, msg);
        if (text) {
            if (cli->color)
                put_colored(text, in->name, kind);
            else
                om_put_safe(text, strlen(text));
            if (!*text || text[strlen(text) - 1] != '\n') fputc('\n', stderr);
            omost_text_free(NULL, text);
            return;
        }
    }
    om_put_safe(in->name, strlen(in->name));
    if (at->line > 0) fprintf(stderr, ":%d:%d", at->line, at->col);
    fprintf(stderr, ": %s: ", kind);
    om_put_safe(msg, strlen(msg));
    fputc('\n', stderr);
}

void om_say(const om_cli *cli, const char *what)
{
    put_head(cli);
    if (cli->color) fputs(CYAN, stderr);
    fputs("note:", stderr);
    fputs(cli->color ? PLAIN " " : " ", stderr);
    om_put_safe(what, strlen(what));
    fputc('\n', stderr);
}

void om_tell(const om_input *in, const char *what)
{
    om_put_safe(in->name, strlen(in->name));
    fprintf(stderr, ": %s\n", what);
}

void om_show_note(const om_cli *cli, const om_input *in, const omost_note *note)
{
    const om_place at = {note->line, note->col, note->len};
    if (!cli->quiet) show(cli, in, &at, "note", note->msg);
}

void om_show_error(const om_cli *cli, const om_input *in,
                   const omost_error *err)
{
    const om_place at = {err->line, err->col, err->len};
    show(cli, in, &at, "error", err->msg);
}
