/* chat_cli.h - the parts of `omost chat`. */
#ifndef OM_CLI_CHAT_CLI_H
#define OM_CLI_CHAT_CLI_H

#include "cli/writer_cli.h"

typedef struct om_talk {
    om_cli *cli;
    om_compose_job job; /* its chat is what is talked about */
    int at;             /* the answer that is talked about, or -1 */
    int asked;          /* the last question, answered or not; or -1 */
    om_writer_setup *setup;
    const char *session; /* file; or NULL */
    int lock;            /* keeps other talks off it; or -1 */
    bool terminal;       /* a person types */
    bool over;
    int code; /* to exit with */
} om_talk;

/* Say it to the model, below message `parent`; whatever happens the talk can go
 * on. */
void om_talk_say(om_talk *t, int parent, omost_str text);
/* A model, server or file failed, and that was said: in a script the exit code
 * tells. A command that cannot be followed is only told. */
void om_talk_failed(om_talk *t, int code);
/* Write the session; complains. */
void om_talk_keep(om_talk *t);
/* Write the answer that is talked about, as om_write_reply() does. */
int om_talk_write(const om_talk *t, const char *path);
/* The canvas of an answer; NULL when it has none. */
omost_canvas *om_talk_canvas(const om_talk *t, int id);

/* A line that begins with "/". (chat_commands.c) */
void om_talk_command(om_talk *t, omost_str line);

#endif
