/* models_cli.h - what the commands that have to do with models share: where
 * they are, how far a download or a conversion is. */
#ifndef OM_CLI_MODELS_CLI_H
#define OM_CLI_MODELS_CLI_H

#include "cli/cli.h"
#include "omost/models.h"
#include "omost/render.h"

/* The hub as the environment has it: HF_HUB_CACHE, HF_HOME, XDG_CACHE_HOME,
 * HF_ENDPOINT, HF_TOKEN or the token file, HF_HUB_OFFLINE. */
typedef struct om_hub_setup {
    omost_hub_opts opts;
    om_buf cache, downloads, token;
} om_hub_setup;

int om_hub_setup_make(om_cli *cli, om_hub_setup *s);
void om_hub_setup_free(om_hub_setup *s);

/* The path a user means by `text`: itself, or where the model it names lies on
 * this machine. Free with omost_models_text_free(NULL, ...). */
int om_find_model(om_cli *cli, const char *text, char **path);

/* An empty buffer for the paths of the calls below, which hand out spans of it:
 * it does not move. To be freed in any case. */
int om_texts_make(om_cli *cli, om_buf *texts);
/* As om_find_model(), the path in `texts` where it is another than `text`. */
int om_find_named(om_cli *cli, om_buf *texts, const char *text,
                  const char **out);
/* The same of every FILE or FILE:weight that this option was given; the latter
 * where the weight is a number and no such file exists. */
int om_find_loras(om_cli *cli, om_buf *texts, const om_args *args, int option,
                  omost_lora lora[OMOST_MAX_LORAS], size_t *n);

/* "~/.cache/omost" and `below` ("" or "/NAME"), in `texts`; NULL where there is
 * no home. */
const char *om_cache_folder(om_buf *texts, const char *below);

/* "2.57 GB" */
void om_put_bytes(om_buf *out, uint64_t n);

/* ---- how far it is (models_bar.c) -------------------------------------- */

/* One line on standard error that is written over on a terminal, and a plain
 * line now and then elsewhere. */
typedef struct om_way {
    bool shown, terminal;
    bool open;      /* the line is on the screen */
    double last;    /* when it was written */
    double begun;   /* when bytes began to come */
    uint64_t first; /* and how many there were */
} om_way;

void om_way_init(om_way *w, bool quiet);
/* "what [===>   ] 45%  1.2 GB of 2.6 GB, 34.0 MB/s  0:40 left"; bytes false:
 * a count, and no more than its part. `now`: do not wait for the next time. */
void om_way_show(om_way *w, const char *what, uint64_t done, uint64_t total,
                 bool bytes, bool now);
/* A line that stays. */
void om_way_say(om_way *w, const char *line);
void om_way_clear(om_way *w);

#endif
