/* cli_io.c - canvases in, results out. Output files appear whole or not at
 * all (base/file.h); what goes wrong on standard output is an error as well. */
#include "cli/cli.h"

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>

#include "base/file.h"
#include "cli/render_cli.h"

int om_worst(int a, int b)
{
    if (a == 0 || b == 0) return a + b;
    if (a == OM_EXIT_DIFFERS) return b;
    if (b == OM_EXIT_DIFFERS) return a;
    return a > b ? a : b;
}

static bool is_stdio(const char *path)
{
    return strcmp(path, "-") == 0;
}

int om_input_read(om_cli *cli, om_input *in, const char *path, bool strict)
{
    *in = (om_input){.path = path, .name = is_stdio(path) ? "<stdin>" : path};
    om_buf_init(&in->text, NULL, OMOST_MAX_INPUT);
    const omost_python_style style =
        strict ? OMOST_PYTHON_FENCED : OMOST_PYTHON_PLAIN;
    omost_status st = om_is_png(path)
                          ? om_picture_canvas(path, style, &in->text, &in->err)
                          : om_file_read(path, &in->text, &in->err);
    if (st != OMOST_OK) return om_complain(cli, &in->err);
    const omost_read_opts opts = {.strict = strict};
    in->canvas = omost_canvas_read(in->text.n ? in->text.p : "", in->text.n,
                                   &opts, &in->err);
    if (!in->canvas) {
        om_show_error(cli, in, &in->err);
        return omost_status_exit_code(in->err.status);
    }
    for (size_t i = 0; i < omost_canvas_note_count(in->canvas); i++)
        om_show_note(cli, in, omost_canvas_note(in->canvas, i));
    return 0;
}

void om_input_free(om_input *in)
{
    omost_canvas_free(in->canvas);
    om_buf_free(&in->text);
    *in = (om_input){0};
}

bool om_input_is_json(const om_input *in)
{
    om_str s = om_str_strip(om_buf_view(&in->text), " \t\r\n");
    return s.n > 0 && (s.p[0] == '{' || s.p[0] == '[');
}

bool om_input_is_reply(const om_input *in)
{
    om_str s = om_buf_view(&in->text), fence = OM_STR("```");
    if (om_str_starts(s, fence)) return true;
    return om_str_find(s, OM_STR("\n```")) != SIZE_MAX;
}

int om_stdin_once(om_cli *cli, const om_args *args)
{
    int n = 0;
    for (int i = 0; i < args->n_operands; i++) n += is_stdio(args->operand[i]);
    return n <= 1 ? 0
                  : om_usage(cli, "standard input (-) can be read only once");
}

/* A reader that has seen enough (`| head`) is no news: say nothing then. */
static int write_stdout(om_cli *cli, om_str bytes)
{
    if ((bytes.n == 0 || fwrite(bytes.p, 1, bytes.n, stdout) == bytes.n) &&
        fflush(stdout) == 0)
        return 0;
    int why = errno;
    omost_error err;
    om_fail(&err, OMOST_IO, "cannot write standard output: %s", strerror(why));
    clearerr(stdout);
    return why == EPIPE ? OM_EXIT_MISSING : om_complain(cli, &err);
}

int om_write(om_cli *cli, const char *path, om_str bytes)
{
    omost_error err;
    if (is_stdio(path)) return write_stdout(cli, bytes);
    if (om_file_write(NULL, path, bytes, &err) == OMOST_OK) return 0;
    return om_complain(cli, &err);
}

int om_write_buf(om_cli *cli, const char *path, om_buf *b)
{
    omost_error err;
    int code = om_buf_check(b, "the output", &err) == OMOST_OK
                   ? om_write(cli, path, om_buf_view(b))
                   : om_complain(cli, &err);
    om_buf_free(b);
    return code;
}

int om_write_text(om_cli *cli, const char *path, char *text, size_t n,
                  const omost_error *err)
{
    if (!text) return om_complain(cli, err);
    int code = om_write(cli, path, (om_str){text, n});
    omost_text_free(NULL, text);
    return code;
}

/* Hours of work should not end at a folder that is not there. (Opening a pipe
 * would tell its reader that there is something to read.) */
int om_try_target(om_cli *cli, const char *path)
{
    om_file_out f;
    omost_error err;
    struct stat sb;
    if (strcmp(path, "-") == 0) return 0;
    if (stat(path, &sb) == 0 && !S_ISREG(sb.st_mode) && !S_ISDIR(sb.st_mode))
        return 0;
    if (om_file_begin(&f, NULL, path, &err) != OMOST_OK)
        return om_complain(cli, &err);
    om_file_abandon(&f);
    return 0;
}
