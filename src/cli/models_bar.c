/* models_bar.c - how far a download or a conversion is, on standard error. */
#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"
#include "cli/models_cli.h"
#include "cli/render_cli.h"

enum { MAX_BAR = 30, MIN_BAR = 5, MAX_NAME = 40 };
static const double terminal_pause_s = 0.1, log_pause_s = 5;

void om_way_init(om_way *w, bool quiet)
{
    *w = (om_way){.shown = !quiet,
                  .terminal = isatty(STDERR_FILENO) != 0,
                  .last = isatty(STDERR_FILENO) ? -1e9 : om_clock()};
}

/* "  45%  1.20 GB of 2.60 GB  34.0 MB/s  0:40 left" */
static void put_end(om_buf *b, const om_way *w, uint64_t done, uint64_t total,
                    bool bytes, double now)
{
    if (total > 0)
        om_buf_printf(b, " %3d%%",
                      (int)((double)done / (double)total * 100 + 1e-9));
    if (!bytes) return;
    om_buf_puts(b, "  ");
    om_put_bytes(b, done);
    if (total > 0) {
        om_buf_puts(b, " of ");
        om_put_bytes(b, total);
    }
    const double passed = now - w->begun;
    if (passed < 1 || done <= w->first) return;
    const double rate = (double)(done - w->first) / passed;
    om_buf_puts(b, "  ");
    om_put_bytes(b, (uint64_t)rate);
    om_buf_puts(b, "/s");
    if (total <= done) return;
    om_buf_puts(b, "  ");
    om_put_time(b, (double)(total - done) / rate);
    om_buf_puts(b, " left");
}

static void put_line(om_buf *b, const om_way *w, const char *what,
                     uint64_t done, uint64_t total, bool bytes, double now)
{
    om_buf end;
    om_buf_init(&end, NULL, 400);
    put_end(&end, w, done, total, bytes, now);
    const size_t from = b->n;
    om_put_clean(b, (om_str){what, strnlen(what, MAX_NAME)});
    const int room = om_line_width() - 1 - (int)(b->n - from) - (int)end.n - 3;
    if (w->terminal && total > 0 && room >= MIN_BAR)
        om_put_bar(b, (double)done / (double)total,
                   room < MAX_BAR ? room : MAX_BAR);
    om_buf_str(b, om_buf_view(&end));
    om_buf_free(&end);
}

void om_way_show(om_way *w, const char *what, uint64_t done, uint64_t total,
                 bool bytes, bool now)
{
    om_buf b;
    const double t = om_clock();
    if (!w->shown) return;
    if (w->begun == 0 || done < w->first) w->begun = t, w->first = done;
    if (!now && t - w->last < (w->terminal ? terminal_pause_s : log_pause_s))
        return;
    w->last = t;
    om_buf_init(&b, NULL, 4096);
    if (w->terminal) om_buf_puts(&b, "\r");
    put_line(&b, w, what, done, total, bytes, t);
    om_buf_puts(&b, w->terminal ? "\033[K" : "\n");
    if (b.status == OMOST_OK) fwrite(b.p, 1, b.n, stderr);
    fflush(stderr);
    w->open = w->terminal;
    om_buf_free(&b);
}

void om_way_say(om_way *w, const char *line)
{
    if (!w->shown) return;
    om_way_clear(w);
    om_put_safe(line, strlen(line));
    fputc('\n', stderr);
    fflush(stderr);
}

void om_way_clear(om_way *w)
{
    om_line_clear(&w->open);
}
