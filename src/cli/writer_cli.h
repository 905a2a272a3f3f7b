/* writer_cli.h - what `omost compose`, `chat` and `draw` share: who writes, how
 * it is shown, how it is done. */
#ifndef OM_CLI_WRITER_CLI_H
#define OM_CLI_WRITER_CLI_H

#include "cli/cli.h"
#include "cli/job.h"
#include "omost/options.h"

/* ---- what is asked for (writer_setup.c) -------------------------------- */

/* Options, in the order of help; what they are is in writer_options.def, but
 * for those whose names differ between commands. */
enum {
    OM_WRITER_MODEL, /* the command's own row */
    OM_WRITER_SERVER,
    OM_WRITER_SERVER_MODEL,
    OM_WRITER_TIMEOUT,
    OM_WRITER_SCRIPT,
    OM_WRITER_SCRIPT_RATE,
    OM_WRITER_CTX,
    OM_WRITER_NGL,
    OM_WRITER_MLOCK,
    OM_WRITER_TEMPLATE,
    OM_WRITER_TEMP,
    OM_WRITER_TOP_P,
    OM_WRITER_PREDICT, /* own row */
    OM_WRITER_SEED,    /* own row */
    OM_WRITER_NO_GRAMMAR,
    OM_WRITER_NO_DRAFT,
    OM_WRITER_NO_MEND,
    OM_WRITER_N
};

#define OM_WRITER_PREDICT_ROW                                    \
    .name = "predict", .kind = OM_ARG_INT, .arg = "N", .min = 1, \
    .max = 1 << 20, .fallback = "4096", .help = OMOST_PREDICT_HELP

/* Where another option is the seed of the picture. */
#define OM_WRITER_SEED_ROW                                                  \
    .name = "canvas-seed", .kind = OM_ARG_INT, .arg = "SEED",               \
    .fallback = "-1",                                                       \
    .help =                                                                 \
        "the same one writes the same canvas; -1 for any, whose number is " \
        "told"
#define OM_WRITER_EDIT_ROW                                \
    .name = "edit", .kind = OM_ARG_FILE, .arg = "CANVAS", \
    .help =                                               \
        "change this canvas (or picture of ours) instead of beginning anew"

typedef struct om_writer_setup {
    omost_composer_opts composer;
    omost_compose_opts compose;
    om_buf texts; /* paths; does not move */
} om_writer_setup;

/* From the command line, whose rows of writers begin at `base`. 0, or an exit
 * code after complaining; to be freed in any case. */
int om_writer_setup_make(om_cli *cli, const om_args *args, int base,
                         om_writer_setup *s);
/* The same where nobody needs to write. */
int om_writer_setup_try(om_cli *cli, const om_args *args, int base,
                        om_writer_setup *s);
void om_writer_setup_free(om_writer_setup *s);

/* ---- how it is shown (compose_show.c) ---------------------------------- */

typedef enum om_show_what {
    OM_SHOW_TEXT,    /* the reply as it comes, on standard output */
    OM_SHOW_REGIONS, /* a line a region, on standard error */
    OM_SHOW_QUIET
} om_show_what;

typedef struct om_show {
    om_cli *cli;
    om_show_what what;
    bool terminal; /* standard error is one: a line that changes */
    bool open;     /* that line is on the screen */
    bool line_end; /* what was written ended a line */
    int regions;
    double last;  /* when the line changed */
    int out_code; /* of writing standard output */
} om_show;

void om_show_init(om_show *show, om_cli *cli, om_show_what what);
bool om_show_load(om_show *show, double done);
/* False when standard output is gone. */
bool om_show_event(om_show *show, const omost_compose_event *ev);
void om_show_clear(om_show *show);
/* "6 regions, 1432 tokens, 23.1 a second ..."; nothing when the program is
 * quiet. */
void om_show_summary(om_show *show, const omost_reply *reply);
/* Write text of a model on standard output: as it is, but on a terminal without
 * what a terminal would act on. False when that failed (errno). */
bool om_put_here(omost_str text);
/* Append "A mighty dragon (in the center, a large square area)". */
void om_put_region(om_buf *out, const omost_region *region);

/* ---- doing it (compose_run.c) ------------------------------------------ */

typedef struct om_compose_job {
    om_cli *cli;
    om_job job;
    om_show show;
    const om_writer_setup *setup;
    omost_composer *composer; /* opened by the first run */
    omost_chat *chat;
    int id; /* of the message to be answered */
    omost_reply reply;
    omost_status st;
    omost_error err;
} om_compose_job;

/* Open the composer now, so that what is wrong with it is known. */
int om_compose_open(om_compose_job *job);
/* Answer message `id`. 0 when there is a reply, in job->reply, the caller's to
 * free; else an exit code after complaining. */
int om_compose_run(om_compose_job *job, int id);
/* The reply as a canvas's source in complaints: why it is none, notes. Returns
 * 0, or 1 when there is no canvas. */
int om_compose_judge(om_cli *cli, const omost_reply *reply);

/* Begin job->chat; with `edit` (may be NULL) its last answer is the canvas in
 * that file, as if a model had just written it. `id` gets that answer's. */
int om_compose_begin(om_compose_job *job, const char *edit, int *id);
/* That, and the answer to a wish; spaces around it are nothing. */
int om_compose_wish(om_compose_job *job, const char *edit, omost_str wish);
/* Free all that the job holds. */
void om_compose_end(om_compose_job *job);
/* Append the words of a command line as one text. */
int om_join_operands(om_cli *cli, const om_args *args, om_buf *out);
/* A reply that may yet be replaced by a better one. */
bool om_writer_may_change(const om_writer_setup *s);
/* Write the reply, or for a name in .json its canvas as JSON. */
int om_write_reply(om_cli *cli, const char *path, const omost_reply *reply);

#endif
