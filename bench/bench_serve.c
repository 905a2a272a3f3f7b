/* bench_serve.c - what `omost serve` bears: many who watch its events while
 * others ask it a thousand times a second.
 *
 *     bench_serve OMOST [SECONDS [WATCHERS [REQUESTS_PER_SECOND]]]
 *
 * Starts OMOST serve on a free port, with a data folder of its own, on one
 * core; this program keeps to another where there is one. WATCHERS (200)
 * connections follow /api/events. For SECONDS (60) requests go out by a fixed
 * timetable over 64 kept connections: reads, work and writes as `mix` has
 * them. The time of a request counts from the moment it was due, so waiting
 * for a slow server counts too. Each rename of a session is an event, and every
 * watcher must get every one.
 *
 * Prints answers a second, their times, the server's share of its core and its
 * memory by and by. Figures, no verdicts on them; but an answer that is not
 * 200, a connection that ends or an event that is lost makes it fail. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <time.h>

#include "base/buf.h"
#include "bench_server.h"

enum { ASKERS = 64, ROOM = 256 << 10, MOST_WATCHERS = 390 };

typedef struct kind {
    const char *name, *head, *body;
    int share; /* of 100 requests */
} kind;

#define LIGHTHOUSE                                                 \
    "{\"text\":\"```python\\ncanvas = Canvas()\\n"                 \
    "canvas.set_global_description(description='A lighthouse.', "  \
    "detailed_descriptions=['A lighthouse above a calm sea.'], "   \
    "tags='lighthouse, sea', HTML_web_color_name='skyblue')\\n"    \
    "canvas.add_local_description(location='in the center', "      \
    "offset='no offset', area='a large square area', "             \
    "distance_to_viewer=2.0, description='A white tower.', "       \
    "detailed_descriptions=['It has a red roof.'], tags='tower', " \
    "atmosphere='calm', style='photo', quality_meta='detailed', "  \
    "HTML_web_color_name='white')\\n```\"}"

/* The last one makes events. */
static const kind mix[] = {
    {"health", "GET /api/health", NULL, 30},
    {"sessions", "GET /api/sessions?limit=20", NULL, 15},
    {"one session", "GET /api/sessions/1", NULL, 15},
    {"open jobs", "GET /api/jobs?open=1", NULL, 10},
    {"the page", "GET /", NULL, 5},
    {"nearest box", "POST /api/canvas/nearest", "{\"box\":[10,60,5,50]}", 12},
    {"parse a canvas", "POST /api/canvas/parse", LIGHTHOUSE, 12},
    {"rename (a write)", "PATCH /api/sessions/1", "{\"title\":\"Renamed\"}", 1},
};
enum { KINDS = sizeof mix / sizeof *mix, RENAME = KINDS - 1 };

typedef struct asker {
    int fd, kind;
    bool busy;
    double due;
    size_t n; /* bytes of the answer that are here */
    char *in;
} asker;

typedef struct watcher {
    int fd;
    long events;
    int matched; /* of "event: session" */
} watcher;

typedef struct bench {
    bench_server server;
    double gap, away; /* s: the longest time this program did not run; all
                       * that were above 20 ms */
    int epoll, n_watchers, first_idle, n_idle;
    watcher *watchers;
    asker askers[ASKERS], *idle[ASKERS];
    om_buf request[KINDS];
    float *ms[KINDS];
    long n[KINDS], cap[KINDS];
} bench;

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static _Noreturn void stop(bench *b, const char *why)
{
    fprintf(stderr, "bench_serve: %s\n", why);
    (void)bench_server_end(&b->server, SIGKILL);
    exit(1);
}

/* ---- connections ------------------------------------------------------ */

static int connect_to(bench *b)
{
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port = htons((uint16_t)b->server.port),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    const int one = 1, fd = socket(AF_INET, SOCK_STREAM, 0);
    if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof to) != 0)
        stop(b, "the server does not take a connection");
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    return fd;
}

static void send_all(bench *b, int fd, om_str text)
{
    if (send(fd, text.p, text.n, MSG_NOSIGNAL) != (ssize_t)text.n)
        stop(b, "a request did not go out");
}

/* From now on without waiting; askers and watchers are told apart by where
 * they lie. */
static void listen_to(bench *b, int fd, void *who)
{
    struct epoll_event e = {.events = EPOLLIN, .data.ptr = who};
    fcntl(fd, F_SETFL, O_NONBLOCK);
    if (epoll_ctl(b->epoll, EPOLL_CTL_ADD, fd, &e) != 0) stop(b, "no epoll");
}

static om_str text_of(const bench *b, om_buf *out, const char *head,
                      const char *body)
{
    om_buf_printf(out, "%s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n", head,
                  b->server.port);
    if (body)
        om_buf_printf(out,
                      "Content-Type: application/json\r\n"
                      "Content-Length: %zu\r\n",
                      strlen(body));
    om_buf_printf(out, "\r\n%s", body ? body : "");
    return om_buf_view(out);
}

static void make_session(bench *b)
{
    om_buf t;
    char in[4096];
    om_buf_init(&t, NULL, 1 << 16);
    const int fd = connect_to(b);
    send_all(b, fd,
             text_of(b, &t, "POST /api/sessions", "{\"title\":\"Bench\"}"));
    const ssize_t n = recv(fd, in, sizeof in - 1, 0);
    if (n < 12 || memcmp(in + 9, "20", 2) != 0) stop(b, "no session");
    close(fd);
    om_buf_free(&t);
}

/* In turn, as a connection that is never used is closed by the server. */
static void free_for_more(bench *b, asker *a)
{
    b->idle[(b->first_idle + b->n_idle++) % ASKERS] = a;
}

static void start_clients(bench *b)
{
    om_buf t;
    om_buf_init(&t, NULL, 1 << 16);
    const om_str watch = text_of(b, &t, "GET /api/events", NULL);
    for (int i = 0; i < b->n_watchers; i++) {
        b->watchers[i].fd = connect_to(b);
        send_all(b, b->watchers[i].fd, watch);
        listen_to(b, b->watchers[i].fd, &b->watchers[i]);
    }
    om_buf_free(&t);
    for (int i = 0; i < ASKERS; i++) {
        asker *a = &b->askers[i];
        a->in = malloc(ROOM);
        if (!a->in) stop(b, "no memory");
        a->fd = connect_to(b);
        listen_to(b, a->fd, a);
        free_for_more(b, a);
    }
    for (int i = 0; i < KINDS; i++) {
        om_buf_init(&b->request[i], NULL, 1 << 16);
        text_of(b, &b->request[i], mix[i].head, mix[i].body);
    }
}

/* ---- what comes back -------------------------------------------------- */

static void on_watched(bench *b, watcher *w)
{
    static const char word[] = "event: session";
    char in[16 << 10];
    ssize_t n;
    while ((n = recv(w->fd, in, sizeof in, 0)) > 0) {
        for (ssize_t i = 0; i < n; i++) {
            w->matched =
                in[i] == word[w->matched] ? w->matched + 1 : in[i] == word[0];
            if (word[w->matched]) continue;
            w->events++;
            w->matched = 0;
        }
    }
    if (n == 0 || errno != EAGAIN) stop(b, "a watcher was disconnected");
}

static void keep_time(bench *b, const asker *a)
{
    const int k = a->kind;
    if (b->n[k] == b->cap[k]) {
        b->cap[k] = b->cap[k] ? 2 * b->cap[k] : 4096;
        b->ms[k] = realloc(b->ms[k], (size_t)b->cap[k] * sizeof(float));
        if (!b->ms[k]) stop(b, "no memory");
    }
    b->ms[k][b->n[k]++] = (float)((now() - a->due) * 1e3);
}

static void on_answer(bench *b, asker *a)
{
    ssize_t n = recv(a->fd, a->in + a->n, ROOM - 1 - a->n, 0);
    if (n < 0 && errno == EAGAIN) return;
    if (n <= 0 || !a->busy) stop(b, "a connection was closed");
    a->n += (size_t)n;
    a->in[a->n] = 0;
    const char *end = strstr(a->in, "\r\n\r\n");
    if (!end) return;
    const char *length = strcasestr(a->in, "\r\nContent-Length:");
    if (!length || length > end) stop(b, "an answer without its length");
    const size_t want =
        (size_t)(end - a->in) + 4 + strtoul(length + 17, NULL, 10);
    if (want >= ROOM) stop(b, "an answer is too long for this program");
    if (a->n < want) return;
    if (memcmp(a->in, "HTTP/1.1 200", 12) != 0) {
        fprintf(stderr, "%s\n", a->in);
        stop(b, "an answer is not 200");
    }
    keep_time(b, a);
    a->busy = false;
    free_for_more(b, a);
}

static void take(bench *b, int wait_ms)
{
    struct epoll_event e[256];
    const int n = epoll_wait(b->epoll, e, 256, wait_ms);
    for (int i = 0; i < n; i++) {
        const uintptr_t p = (uintptr_t)e[i].data.ptr,
                        first = (uintptr_t)b->askers;
        if (p >= first && p < first + sizeof b->askers)
            on_answer(b, e[i].data.ptr);
        else
            on_watched(b, e[i].data.ptr);
    }
}

/* ---- the timetable ---------------------------------------------------- */

/* Kinds by their share, well mixed: 37 and 100 have no common factor. */
static int kind_of(long i)
{
    int at = (int)(i * 37 % 100), k = 0;
    while (at >= mix[k].share) at -= mix[k++].share;
    return k;
}

static void ask(bench *b, long i, double due)
{
    asker *a = b->idle[b->first_idle];
    b->first_idle = (b->first_idle + 1) % ASKERS;
    b->n_idle--;
    a->kind = kind_of(i);
    a->due = due;
    a->busy = true;
    a->n = 0;
    send_all(b, a->fd, om_buf_view(&b->request[a->kind]));
}

/* `seconds` of requests, and memory by and by. */
static void run(bench *b, double seconds, double rate)
{
    const double begin = now();
    const long most = (long)(seconds * rate);
    double next_line = 30, before = 0;
    printf("memory, MB: %.1f at the start", bench_server_mb(&b->server));
    for (long i = 0; i < most || b->n_idle < ASKERS;) {
        const double at = now() - begin;
        if (i && at - before > b->gap) b->gap = at - before;
        if (at - before > 0.02) b->away += at - before;
        before = at;
        for (; i < most && (double)i / rate <= at && b->n_idle > 0; i++)
            ask(b, i, begin + (double)i / rate);
        take(b, 1);
        if (at < next_line) continue;
        printf(", %.1f after %.0f s", bench_server_mb(&b->server), next_line);
        fflush(stdout);
        next_line += next_line < 60 ? 30 : 60;
    }
}

/* ---- figures ---------------------------------------------------------- */

static int by_size(const void *a, const void *b)
{
    const float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

static void print_times(const char *name, float *ms, long n)
{
    if (n == 0) return;
    qsort(ms, (size_t)n, sizeof *ms, by_size);
    printf("%-18s %8ld %8.2f %8.2f %8.2f %8.2f\n", name, n, (double)ms[n / 2],
           (double)ms[n - 1 - n / 100], (double)ms[n - 1 - n / 1000],
           (double)ms[n - 1]);
}

static void print_all_times(bench *b)
{
    long n = 0;
    for (int k = 0; k < KINDS; k++) n += b->n[k];
    float *all = malloc((size_t)(n + 1) * sizeof *all);
    if (!all) stop(b, "no memory");
    n = 0;
    for (int k = 0; k < KINDS; k++) {
        if (b->n[k]) memcpy(all + n, b->ms[k], (size_t)b->n[k] * sizeof *all);
        n += b->n[k];
    }
    printf("%-18s %8s %8s %8s %8s %8s\n", "times, ms", "answers", "p50", "p99",
           "p99.9", "most");
    print_times("all", all, n);
    for (int k = 0; k < KINDS; k++) print_times(mix[k].name, b->ms[k], b->n[k]);
    free(all);
}

static bool all_came(bench *b)
{
    for (int i = 0; i < b->n_watchers; i++)
        if (b->watchers[i].events != b->n[RENAME]) return false;
    return true;
}

static void finish(bench *b)
{
    for (double end = now() + 10; !all_came(b) && now() < end;) take(b, 20);
    const bool fine = all_came(b);
    printf("events: %ld to each of %d watchers%s\n", b->n[RENAME],
           b->n_watchers, fine ? ", none lost" : ": SOME WERE LOST");
    if (!bench_server_end(&b->server, SIGTERM) || !fine)
        stop(b, "not all is well");
}

int main(int argc, char **argv)
{
    static bench b; /* zeroed */
    const double seconds = argc > 2 ? strtod(argv[2], NULL) : 60;
    const double rate = argc > 4 ? strtod(argv[4], NULL) : 1000;
    b.n_watchers = argc > 3 ? (int)strtol(argv[3], NULL, 10) : 200;
    if (argc < 2 || seconds < 1 || rate < 1 || b.n_watchers < 0 ||
        b.n_watchers > MOST_WATCHERS)
        stop(&b, "bench_serve OMOST [SECONDS [WATCHERS [PER_SECOND]]]");
    b.watchers = calloc((size_t)b.n_watchers + 1, sizeof *b.watchers);
    b.epoll = epoll_create1(0);
    if (!b.watchers || b.epoll < 0) stop(&b, "no memory");
    if (!bench_server_start(&b.server, argv[1]))
        stop(&b, "the server does not start");
    make_session(&b);
    start_clients(&b);
    take(&b, 500);
    const double t0 = now(), cpu0 = bench_server_cpu(&b.server);
    run(&b, seconds, rate);
    const double t = now() - t0, cpu = bench_server_cpu(&b.server) - cpu0;
    printf(", %.1f at the end\n", bench_server_mb(&b.server));
    long n = 0;
    for (int k = 0; k < KINDS; k++) n += b.n[k];
    printf("answers a second: %.0f, %.3f of what was asked; %.0f %% of a core, "
           "%.0f us each\n",
           (double)n / t, (double)n / t / rate, 100 * cpu / t,
           1e6 * cpu / (double)n);
    printf("waited for a core: the server %.1f s; this program was away for "
           "%.1f s, %.0f ms at most\n",
           bench_server_wait(&b.server), b.away, 1e3 * b.gap);
    print_all_times(&b);
    finish(&b);
    return 0;
}
