/* http_listen.c - the socket that listens. */
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include <netinet/in.h>

#include "server/http_daemon.h"

static int port_of(int fd)
{
    struct sockaddr_storage at;
    socklen_t n = sizeof at;
    if (getsockname(fd, (struct sockaddr *)&at, &n) != 0) return 0;
    if (at.ss_family == AF_INET6)
        return ntohs(((struct sockaddr_in6 *)&at)->sin6_port);
    return ntohs(((struct sockaddr_in *)&at)->sin_port);
}

/* The socket, or -1 and errno. */
static int open_one(const struct addrinfo *ai)
{
    const int on = 1;
    int fd = socket(ai->ai_family, ai->ai_socktype, ai->ai_protocol);
    if (fd < 0) return -1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    const int flags = fcntl(fd, F_GETFL);
    if (fcntl(fd, F_SETFD, FD_CLOEXEC) == 0 && flags >= 0 &&
        fcntl(fd, F_SETFL, flags | O_NONBLOCK) == 0 &&
        bind(fd, ai->ai_addr, ai->ai_addrlen) == 0 && listen(fd, 511) == 0)
        return fd;
    const int why = errno;
    close(fd);
    errno = why;
    return -1;
}

omost_status om_listen(const char *host, int *port, int *out, omost_error *err)
{
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM,
                                   .ai_flags = AI_PASSIVE | AI_NUMERICSERV};
    struct addrinfo *list = NULL;
    char service[12];
    *out = -1;
    snprintf(service, sizeof service, "%d", *port);
    int code = getaddrinfo(host, service, &hints, &list);
    if (code != 0)
        return om_fail(err, OMOST_USAGE,
                       "%.100s is no address of this machine: %s", host,
                       gai_strerror(code));
    errno = 0;
    for (const struct addrinfo *ai = list; ai && *out < 0; ai = ai->ai_next)
        *out = open_one(ai);
    const int why = errno;
    freeaddrinfo(list);
    if (*out >= 0) {
        *port = port_of(*out);
        return OMOST_OK;
    }
    if (why == EADDRINUSE)
        return om_fail(err, OMOST_IO,
                       "port %d of %.100s is taken by another program; choose "
                       "another one with --port",
                       *port, host);
    if (why == EADDRNOTAVAIL)
        return om_fail(err, OMOST_USAGE, "%.100s is no address of this machine",
                       host);
    return om_fail(err, OMOST_IO, "cannot listen on port %d of %.100s: %s",
                   *port, host, strerror(why));
}
