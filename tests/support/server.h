/* server.h - servers for tests: the misbehaving one of mock_server.py, and
 * llama.cpp's own. Each is a process of its own that ends with the test. */
#ifndef OM_TESTS_SERVER_H
#define OM_TESTS_SERVER_H

#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>

typedef struct test_server {
    pid_t pid;
    int in, out; /* the server's; -1: none */
    int port, other_port;
} test_server;

/* Run argv with pipes on standard input and output. */
static inline bool test_server_spawn(test_server *s, char *const argv[])
{
    int in[2], out[2];
    if (pipe(in) != 0 || pipe(out) != 0) return false;
    s->pid = fork();
    if (s->pid == 0) {
        dup2(in[0], 0);
        dup2(out[1], 1);
        close(in[0]);
        close(in[1]);
        close(out[0]);
        close(out[1]);
        execvp(argv[0], argv);
        _exit(77);
    }
    close(in[0]);
    close(out[1]);
    s->in = in[1];
    s->out = out[0];
    return s->pid > 0;
}

static inline void test_server_stop(test_server *s)
{
    if (s->pid <= 0) return;
    close(s->in);
    close(s->out);
    kill(s->pid, SIGKILL);
    waitpid(s->pid, NULL, 0);
    *s = (test_server){0};
}

/* False, and it has been said why, when there is no Python. */
static inline bool test_server_mock(test_server *s)
{
    const char *source = getenv("OMOST_SOURCE");
    char path[4096], line[64] = "";
    snprintf(path, sizeof path, "%s/tests/support/mock_server.py",
             source && *source ? source : ".");
    char python[] = "python3";
    char *const argv[] = {python, path, NULL};
    *s = (test_server){0};
    if (!test_server_spawn(s, argv)) return false;
    for (size_t n = 0; n + 1 < sizeof line && !strchr(line, '\n'); n++)
        if (read(s->out, line + n, 1) != 1) break;
    if (sscanf(line, "%d %d", &s->port, &s->other_port) == 2) return true;
    test_server_stop(s);
    printf("*** SKIPPED: python3 does not run (tools/setup test) ***\n");
    return false;
}

#endif
