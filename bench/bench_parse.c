/* bench_parse.c - how fast a reply becomes a layout, and that the time grows
 * with the input and not faster.
 *
 *     bench_parse [REPLY.txt [PEER_SECONDS]]
 *
 * Prints MB/s of parse + layout (everything of a plan but the tokens), the
 * ratio to CPython's ast.parse of the same code (its seconds come from
 * bench/peer_ast.py, run just before by bench/run), the same per size up to the
 * limit, and what hostile megabytes cost. Processor time on one core; numbers,
 * no verdicts. */
#define _POSIX_C_SOURCE 200809L
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "base/file.h"
#include "omost/canvas.h"

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t); /* others may be busy too */
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static bool run_once(om_str text)
{
    omost_canvas *cv = omost_canvas_parse(text.p, text.n, NULL, NULL);
    if (!cv) return false;
    omost_layout *lo = omost_layout_new(cv, NULL);
    bool ok = lo != NULL;
    omost_layout_free(lo);
    omost_canvas_free(cv);
    return ok;
}

/* MB/s, the best of several rounds of about a tenth of a second. */
static double speed(om_str text)
{
    double best = 0;
    size_t n = 1;
    for (int round = 0; round < 8; round++) {
        double t0 = now();
        for (size_t i = 0; i < n; i++) run_once(text);
        double t = now() - t0;
        double mbs = (double)(text.n * n) / t / 1e6;
        if (mbs > best) best = mbs;
        if (t < 0.1) n = (size_t)((double)n * 0.12 / (t + 1e-7)) + 1;
    }
    return best;
}

static void put_call(om_buf *b, int i)
{
    om_buf_printf(
        b,
        "canvas.add_local_description(\n    location='on the left',\n"
        "    offset='no offset',\n    area='a large horizontal area',\n"
        "    distance_to_viewer=%d.5,\n    description='Thing number %d.',\n"
        "    detailed_descriptions=[\n",
        i + 1, i);
    for (int k = 0; k < 5; k++)
        om_buf_puts(
            b,
            "        'A sentence of about the length that models like to write, with "
            "a clause or two, and then some.',\n");
    om_buf_puts(
        b,
        "    ],\n    tags='one, two, three, four, five, six, seven, eight, nine',\n"
        "    atmosphere='Calm and hopeful.',\n    style='Flat illustration.',\n"
        "    quality_meta='Sharp focus.',\n    HTML_web_color_name='firebrick',\n)\n");
}

static om_buf reply_of(size_t bytes)
{
    om_buf b;
    om_buf_init(&b, NULL, OMOST_MAX_INPUT);
    om_buf_puts(
        &b,
        "```python\ncanvas = Canvas()\ncanvas.set_global_description('A scene.', ['x'], "
        "'t', 'red')\n");
    for (int i = 0; i < OMOST_MAX_REGIONS && b.n + 1200 < bytes; i++)
        put_call(&b, i);
    om_buf_puts(&b, "```\n");
    return b;
}

static void bench_sizes(void)
{
    printf("size and speed (linear: the same MB/s at every size)\n");
    for (size_t kib = 4; kib <= 1024; kib *= 4) {
        om_buf b = reply_of(kib * 1024);
        printf("  %7zu bytes  %8.1f MB/s\n", b.n, speed(om_buf_view(&b)));
        om_buf_free(&b);
    }
}

static void bench_hostile(const char *name, const char *head, char fill)
{
    om_buf b;
    omost_error err;
    struct rusage before, after;
    om_buf_init(&b, NULL, OMOST_MAX_INPUT);
    om_buf_puts(&b, head);
    om_buf_fill(&b, fill, OMOST_MAX_INPUT - b.n);
    getrusage(RUSAGE_SELF, &before);
    double t0 = now();
    omost_canvas *cv = omost_canvas_parse(b.p, b.n, NULL, &err);
    double t = now() - t0;
    getrusage(RUSAGE_SELF, &after);
    printf("  %-16s %6.2f ms, peak memory +%ld KiB: %s\n", name, t * 1e3,
           after.ru_maxrss - before.ru_maxrss, cv ? "ACCEPTED" : err.msg);
    omost_canvas_free(cv);
    om_buf_free(&b);
}

int main(int argc, char **argv)
{
    om_buf text = reply_of(7000);
    omost_error err;
    if (argc > 1) {
        om_buf_free(&text);
        om_buf_init(&text, NULL, OMOST_MAX_INPUT);
        if (om_file_read(argv[1], &text, &err) != OMOST_OK) {
            fprintf(stderr, "%s\n", err.msg);
            return omost_status_exit_code(err.status);
        }
    }
    if (!run_once(om_buf_view(&text))) {
        fprintf(stderr, "%s: not a canvas\n",
                argc > 1 ? argv[1] : "the built-in reply");
        return 1;
    }
    double mbs = speed(om_buf_view(&text));
    printf("parse + layout, %zu bytes: %.1f MB/s, %.1f us\n", text.n, mbs,
           (double)text.n / mbs);
    double py = argc > 2 ? strtod(argv[2], NULL) : 0;
    if (py > 0)
        printf("CPython ast.parse of the same: %.1f MB/s; ratio %.1f\n",
               (double)text.n / py / 1e6, mbs / ((double)text.n / py / 1e6));
    om_buf_free(&text);
    bench_sizes();
    printf("hostile megabytes\n");
    bench_hostile("nested brackets", "```python\ncanvas = Canvas()\ncanvas.x([",
                  '[');
    bench_hostile("endless string", "```python\ncanvas = Canvas()\ncanvas.x('",
                  'x');
    bench_hostile("endless triple",
                  "```python\ncanvas = Canvas()\ncanvas.x('''", '\n');
    bench_hostile("commas", "```python\ncanvas = Canvas()\ncanvas.x('a'", ',');
    bench_hostile("fences", "", '`');
    bench_hostile("one name", "```python\n", 'a');
    bench_hostile("one number", "```python\n", '1');
    return 0;
}
