/* server.h - servers for tests: the misbehaving one of mock_server.py, and
 * llama.cpp's own. Each is a process of its own that ends with the test. */
#ifndef OM_TESTS_SERVER_H
#define OM_TESTS_SERVER_H

#include <netinet/in.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
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

/* A port nobody listens on now. */
static inline int test_server_free_port(void)
{
    struct sockaddr_in a = {.sin_family = AF_INET};
    socklen_t n = sizeof a;
    int s = socket(AF_INET, SOCK_STREAM, 0), port = 0;
    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (bind(s, (struct sockaddr *)&a, sizeof a) == 0 &&
        getsockname(s, (struct sockaddr *)&a, &n) == 0)
        port = ntohs(a.sin_port);
    close(s);
    return port;
}

/* Does a server listen there? Its process may have ended: then *gone. */
static inline bool test_server_listens(const test_server *s, bool *gone)
{
    struct sockaddr_in a = {.sin_family = AF_INET,
                            .sin_port = htons((uint16_t)s->port)};
    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    bool there = connect(fd, (struct sockaddr *)&a, sizeof a) == 0;
    close(fd);
    *gone = waitpid(s->pid, NULL, WNOHANG) != 0;
    return there;
}

/* llama.cpp's own server with this model; more[] ends with NULL. False, and it
 * has been said why, when the program is not there or does not start. It may
 * still be loading the model. */
static inline bool test_server_llama(test_server *s, const char *gguf,
                                     const char *const more[])
{
    enum { MAX_ARGS = 40, PATIENCE_S = 60 };
    const char *peer = getenv("OMOST_PEER");
    char port[16];
    const char *argv[MAX_ARGS] = {peer && *peer ? peer : "tools/peer",
                                  "llama-server",
                                  "--model",
                                  gguf,
                                  "--host",
                                  "127.0.0.1",
                                  "--port",
                                  port,
                                  "--threads",
                                  "1",
                                  "--no-warmup",
                                  "--log-disable"};
    size_t n = 12;
    for (size_t i = 0; more && more[i] && n + 1 < MAX_ARGS; i++)
        argv[n++] = more[i];
    char *words[MAX_ARGS] = {0};
    *s = (test_server){.port = test_server_free_port()};
    snprintf(port, sizeof port, "%d", s->port);
    for (size_t i = 0; i < n; i++) words[i] = strdup(argv[i]);
    bool gone = !test_server_spawn(s, words), there = false;
    for (size_t i = 0; i < n; i++) free(words[i]);
    for (int i = 0; !gone && !there && i < PATIENCE_S * 10; i++) {
        nanosleep(&(struct timespec){.tv_nsec = 100000000}, NULL);
        there = test_server_listens(s, &gone);
    }
    if (there && !gone) return true;
    if (gone) s->pid = 0; /* waited for already */
    test_server_stop(s);
    printf("*** SKIPPED: no llama-server to ask (tools/setup test) ***\n");
    return false;
}

#endif
