/* job.c - see job.h. */
#include "cli/job.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"

enum { PATIENCE_MS = 700, NEVER_MS = 3600 * 1000 };

void om_ending_signals(sigset_t *set)
{
    static const int list[] = {SIGINT, SIGTERM, SIGHUP};
    struct sigaction was;
    sigemptyset(set);
    for (size_t i = 0; i < sizeof list / sizeof *list; i++)
        if (sigaction(list[i], NULL, &was) == 0 && was.sa_handler != SIG_IGN)
            sigaddset(set, list[i]);
}

static void *work_in_thread(void *p)
{
    om_job *job = p;
    job->work(job->user);
    pthread_kill(job->first, SIGUSR1);
    return NULL;
}

static void leave_at_once(const om_job *job, int sig)
{
    if (job->leave) job->leave(job->user);
    _exit(128 + sig);
}

/* Until the thread is done; the signal that asked to stop, or 0. */
static int wait_for(om_job *job, const sigset_t *set)
{
    int stopping = 0;
    int64_t until = 0;
    for (;;) {
        int64_t ms = stopping ? until - om_clock_ms() : NEVER_MS;
        if (ms < 0) ms = 0;
        const struct timespec wait = {(time_t)(ms / 1000),
                                      (long)(ms % 1000) * 1000000};
        int sig = sigtimedwait(set, NULL, &wait);
        if (sig == SIGUSR1) return stopping;
        if (sig < 0 && errno == EAGAIN && !stopping) continue;
        if (sig < 0 && errno == EINTR) continue;
        if (stopping) leave_at_once(job, stopping);
        stopping = sig;
        until = om_clock_ms() + PATIENCE_MS;
        atomic_store(&job->stop, true);
    }
}

int om_job_run(om_job *job, omost_error *err)
{
    sigset_t set, before;
    pthread_t thread;
    om_ending_signals(&set);
    sigaddset(&set, SIGUSR1); /* the thread is done */
    pthread_sigmask(SIG_BLOCK, &set, &before);
    job->first = pthread_self();
    int why = pthread_create(&thread, NULL, work_in_thread, job), sig = -1;
    if (why == 0) {
        sig = wait_for(job, &set);
        pthread_join(thread, NULL);
    } else {
        (void)om_fail(err, OMOST_NOMEM, "cannot start a thread: %s",
                      strerror(why));
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return sig;
}
