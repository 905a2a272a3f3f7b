/* job.h - long work that Ctrl-C stops.
 *
 * A thread works; the first one waits for it and for signals, which are blocked
 * everywhere and taken one by one, so that nothing here runs in a handler.
 * After Ctrl-C the work is asked to stop. Should it take longer than a moment,
 * the program ends without it. */
#ifndef OM_CLI_JOB_H
#define OM_CLI_JOB_H

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>

#include "omost/status.h"

typedef struct om_job {
    void (*work)(void *user);
    /* Called instead of going on when the work does not stop: leave no broken
     * file, and the terminal as it was. The thread still runs. */
    void (*leave)(void *user);
    void *user;
    atomic_bool stop; /* to be looked at by the work, often */
    pthread_t first;
} om_job;

/* What asks the program to end: SIGINT, SIGTERM and SIGHUP, but for those that
 * the caller (nohup, a shell's &) has it ignore. */
void om_ending_signals(sigset_t *set);

/* Work until done; the signal that asked to stop, 0, or -1 and an error when
 * there is no thread to be had. */
int om_job_run(om_job *job, omost_error *err);

#endif
