/* render_bar.c - how far a render is, on standard error.
 *
 *     drawing 2/4: step 12/25 [==========>          ]  48%  3:05 left
 *
 * On a terminal that line is written over itself; elsewhere (a log) a plain
 * line comes with every phase and then every few seconds at most. */
#include <stdio.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/clock.h"
#include "cli/render_cli.h"

enum { DEFAULT_WIDTH = 80, MAX_BAR = 40, MIN_BAR = 5 };
static const double log_pause_s = 5;

int om_line_width(void)
{
    struct winsize w;
    if (ioctl(STDERR_FILENO, TIOCGWINSZ, &w) == 0 && w.ws_col > 0)
        return w.ws_col;
    return DEFAULT_WIDTH;
}

void om_line_clear(bool *open)
{
    if (!*open) return;
    fputs("\r\033[K", stderr);
    fflush(stderr);
    *open = false;
}

void om_put_time(om_buf *out, double seconds)
{
    long s = seconds < 3e8 ? (long)(seconds + 0.5) : 300000000;
    if (s >= 3600)
        om_buf_printf(out, "%ld:%02ld:%02ld", s / 3600, s / 60 % 60, s % 60);
    else
        om_buf_printf(out, "%ld:%02ld", s / 60, s % 60);
}

/* "drawing 2/4, second pass: step 12/25" */
static void put_work(om_buf *out, const omost_event *ev)
{
    om_buf_puts(out, omost_phase_name(ev->phase));
    if (ev->batch > 1 && ev->phase != OMOST_PHASE_LOAD)
        om_buf_printf(out, " %d/%d", ev->index + 1, ev->batch);
    if (ev->pass > 0) om_buf_puts(out, ", second pass");
    if (ev->phase == OMOST_PHASE_SAMPLE && ev->steps > 0)
        om_buf_printf(out, ": step %d/%d",
                      ev->step < ev->steps ? ev->step + 1 : ev->steps,
                      ev->steps);
}

void om_put_bar(om_buf *out, double part, int width)
{
    const int n = (int)(part * width + 1e-6);
    om_buf_puts(out, " [");
    om_buf_fill(out, '=', (size_t)(n < width ? n : width));
    if (n < width) om_buf_putc(out, '>');
    if (n + 1 < width) om_buf_fill(out, ' ', (size_t)(width - n - 1));
    om_buf_putc(out, ']');
}

void om_bar_line(om_buf *out, const omost_event *ev, int width)
{
    om_buf end;
    double done = ev->total_done < 0 ? 0 : ev->total_done;
    if (done > 1) done = 1;
    om_buf_init(&end, NULL, 100);
    om_buf_printf(&end, " %3d%%", (int)(done * 100));
    if (ev->seconds_left >= 0) {
        om_buf_puts(&end, "  ");
        om_put_time(&end, ev->seconds_left);
        om_buf_puts(&end, " left");
    }
    size_t from = out->n;
    put_work(out, ev);
    /* one column stays free: a full line would wrap */
    int room = width - 1 - (int)(out->n - from) - (int)end.n - 3;
    if (room >= MIN_BAR) om_put_bar(out, done, room < MAX_BAR ? room : MAX_BAR);
    om_buf_str(out, om_buf_view(&end));
    if (out->n - from > (size_t)(width > 1 ? width - 1 : 1))
        out->n = from + (size_t)(width > 1 ? width - 1 : 1);
    om_buf_free(&end);
}

void om_bar_init(om_bar *bar, bool quiet)
{
    *bar = (om_bar){.shown = !quiet,
                    .terminal = isatty(STDERR_FILENO) != 0,
                    .phase = OMOST_N_PHASES};
}

static void show_on_terminal(om_bar *bar, const omost_event *ev)
{
    om_buf line;
    om_buf_init(&line, NULL, 4096);
    om_buf_puts(&line, "\r");
    om_bar_line(&line, ev, om_line_width());
    om_buf_puts(&line, "\033[K");
    if (line.status == OMOST_OK) fwrite(line.p, 1, line.n, stderr);
    fflush(stderr);
    om_buf_free(&line);
    bar->open = true;
}

static void show_in_log(om_bar *bar, const omost_event *ev)
{
    om_buf line;
    double now = om_clock();
    if (ev->phase == bar->phase && now - bar->last < log_pause_s) return;
    om_buf_init(&line, NULL, 4096);
    put_work(&line, ev);
    om_buf_printf(&line, ", %d%%", (int)(ev->total_done * 100));
    if (ev->seconds_left >= 0) {
        om_buf_puts(&line, ", ");
        om_put_time(&line, ev->seconds_left);
        om_buf_puts(&line, " left");
    }
    om_buf_putc(&line, '\n');
    if (line.status == OMOST_OK) fwrite(line.p, 1, line.n, stderr);
    om_buf_free(&line);
    bar->last = now;
}

void om_bar_show(om_bar *bar, const omost_event *ev)
{
    if (!bar->shown) return;
    if (bar->terminal)
        show_on_terminal(bar, ev);
    else
        show_in_log(bar, ev);
    bar->phase = ev->phase;
}

void om_bar_clear(om_bar *bar)
{
    om_line_clear(&bar->open);
}
