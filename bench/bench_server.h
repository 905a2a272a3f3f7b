/* bench_server.h - an `omost serve` of its own for a benchmark: on one core, a
 * free port and a folder in /tmp, watched through /proc (Linux). */
#ifndef OM_BENCH_SERVER_H
#define OM_BENCH_SERVER_H

#include <dirent.h>
#include <ftw.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

typedef struct bench_server {
    pid_t pid; /* 0: none runs */
    int port;
    char folder[64];
} bench_server;

static inline void bench_keep_to(int core)
{
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET((size_t)core, &set);
    (void)sched_setaffinity(0, sizeof set, &set);
}

/* The server gets the first core, this program the second where there is one.
 * False when it does not start. */
static inline bool bench_server_start(bench_server *s, const char *program)
{
    int out[2];
    char line[200];
    snprintf(s->folder, sizeof s->folder, "/tmp/bench_serve.XXXXXX");
    if (!mkdtemp(s->folder) || pipe(out) != 0) return false;
    s->pid = fork();
    if (s->pid == 0) {
        bench_keep_to(0);
        dup2(out[1], 1);
        close(out[0]);
        execl(program, program, "serve", "--port", "0", "--data", s->folder,
              (char *)NULL);
        _exit(127);
    }
    bench_keep_to(sysconf(_SC_NPROCESSORS_ONLN) > 1 ? 1 : 0);
    close(out[1]);
    FILE *f = fdopen(out[0], "r");
    while (s->port == 0 && f && fgets(line, sizeof line, f)) {
        const char *at = strstr(line, "http://127.0.0.1:");
        if (at) s->port = (int)strtol(at + 17, NULL, 10);
    }
    return s->port != 0;
}

static inline int bench_remove(const char *path, const struct stat *sb,
                               int kind, struct FTW *where)
{
    (void)sb, (void)kind, (void)where;
    return remove(path);
}

/* Ends it and removes its folder. */
static inline bool bench_server_end(bench_server *s, int sig)
{
    if (s->pid <= 0) return true;
    kill(s->pid, sig);
    waitpid(s->pid, NULL, 0);
    s->pid = 0;
    return nftw(s->folder, bench_remove, 16, FTW_DEPTH | FTW_PHYS) == 0;
}

/* Seconds of processor time so far. */
static inline double bench_server_cpu(const bench_server *s)
{
    char path[64], text[1024];
    unsigned long user = 0, kernel = 0;
    snprintf(path, sizeof path, "/proc/%d/stat", s->pid);
    FILE *f = fopen(path, "r");
    const size_t n = f ? fread(text, 1, sizeof text - 1, f) : 0;
    if (f) fclose(f);
    text[n] = 0;
    const char *after = strrchr(text, ')');
    if (after)
        (void)sscanf(after + 2,
                     "%*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu",
                     &user, &kernel);
    return (double)(user + kernel) / (double)sysconf(_SC_CLK_TCK);
}

/* Seconds that its threads, all together, could have run but got no core:
 * what other programs take from the figures. */
static inline double bench_server_wait(const bench_server *s)
{
    char path[400];
    double sum = 0;
    snprintf(path, sizeof path, "/proc/%d/task", s->pid);
    DIR *d = opendir(path);
    for (struct dirent *e; d && (e = readdir(d));) {
        unsigned long ran, waited;
        snprintf(path, sizeof path, "/proc/%d/task/%s/schedstat", s->pid,
                 e->d_name);
        FILE *f = fopen(path, "r");
        if (f && fscanf(f, "%lu %lu", &ran, &waited) == 2)
            sum += 1e-9 * (double)waited;
        if (f) fclose(f);
    }
    if (d) closedir(d);
    return sum;
}

/* Memory that is really there (RSS). */
static inline double bench_server_mb(const bench_server *s)
{
    char path[64];
    long pages = 0;
    snprintf(path, sizeof path, "/proc/%d/statm", s->pid);
    FILE *f = fopen(path, "r");
    if (f && fscanf(f, "%*d %ld", &pages) != 1) pages = 0;
    if (f) fclose(f);
    return (double)pages * (double)sysconf(_SC_PAGESIZE) / 1e6;
}

#endif
