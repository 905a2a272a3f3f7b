/* render_cli.h - the parts of `omost render`: what is asked for, how it is
 * shown, how it is done. */
#ifndef OM_CLI_RENDER_CLI_H
#define OM_CLI_RENDER_CLI_H

#include "cli/cli.h"
#include "image/raster.h"
#include "omost/options.h"

/* Options, in the order of help; what they are is in render_options.def. */
enum {
    OM_RENDER_MODEL,
    OM_RENDER_OUTPUT,
    OM_RENDER_WIDTH,
    OM_RENDER_HEIGHT,
    OM_RENDER_SEED,
    OM_RENDER_STEPS,
    OM_RENDER_CFG,
    OM_RENDER_NEGATIVE,
    OM_RENDER_BATCH,
    OM_RENDER_SAMPLER,
    OM_RENDER_SCHEDULE,
    OM_RENDER_REGION,
    OM_RENDER_LORA,
    OM_RENDER_INIT,
    OM_RENDER_STRENGTH,
    OM_RENDER_LAYOUT,
    OM_RENDER_HIRES,
    OM_RENDER_HIRES_STEPS,
    OM_RENDER_HIRES_DENOISE,
    OM_RENDER_PREVIEW,
    OM_RENDER_PREVIEW_EVERY,
    OM_RENDER_RNG,
    OM_RENDER_COMPAT,
    OM_RENDER_POOLED,
    OM_RENDER_PREDICTION,
    OM_RENDER_VAE,
    OM_RENDER_VAE_TILING,
    OM_RENDER_TAESD,
    OM_RENDER_TOKENIZER,
    OM_RENDER_CONFIG,
    OM_RENDER_PROFILE,
    OM_RENDER_STYLE,
    OM_RENDER_FIT,
    OM_RENDER_BACKEND,
    OM_RENDER_PRECISION,
    OM_RENDER_THREADS,
    OM_RENDER_QUIET,
    OM_RENDER_N,                 /* where a command's own options begin */
    OM_RENDER_FROM = OM_RENDER_N /* of `omost render` alone */
};

/* What render_options.def needs. (render_options.c) */
#define OM_RENDER_CHOICE_LIST(X) \
    X(SAMPLER) X(SCHEDULE) X(RNG) X(PREDICTION) X(REGION) X(PRECISION)
#define X(id)                           \
    const char *om_##id##_at(size_t i); \
    int om_##id##_find(const char *word);
OM_RENDER_CHOICE_LIST(X)
#undef X
#define OM_CHOICE_FROM(id)                            \
    .kind = OM_ARG_CHOICE, .choice_at = om_##id##_at, \
    .choice_find = om_##id##_find
#define OM_CHOICE_SAMPLER \
    OM_CHOICE_FROM(SAMPLER), .choice_hint = om_sampler_hint
#define OM_CHOICE_SCHEDULE OM_CHOICE_FROM(SCHEDULE)
#define OM_CHOICE_RNG OM_CHOICE_FROM(RNG)
#define OM_CHOICE_PREDICTION OM_CHOICE_FROM(PREDICTION)
#define OM_CHOICE_REGION OM_CHOICE_FROM(REGION)
#define OM_CHOICE_STYLE .kind = OM_ARG_CHOICE, .choices = om_style_names
#define OM_CHOICE_COMPAT .kind = OM_ARG_CHOICE, .choices = om_compat_names
bool om_sampler_hint(char out[OM_HINT_MAX], const char *word);
extern const char *const om_style_names[], *const om_compat_names[],
                                               *const om_backend_names[];

/* ---- what is asked for (render_setup.c) -------------------------------- */

typedef struct om_setup {
    om_input in;          /* the canvas and its text */
    omost_record *record; /* of --from, or NULL */
    om_buf record_text;
    omost_engine_opts engine;
    omost_lora lora[OMOST_MAX_LORAS];
    omost_render_opts opts;
    omost_profile *profile;
    om_picture init;
    om_buf texts;    /* paths, one after the other; does not move */
    const char *out; /* NULL: a free name */
    int only;        /* the one picture of the batch that is wanted; or -1 */
    const char *preview; /* file; or NULL */
    /* Nobody asked for them: a record says so, and another machine may lack
     * them. */
    bool backend_recorded, precision_recorded;
} om_setup;

/* All from the command line but the canvas, which is in `s->in` afterwards when
 * the picture `from` (may be NULL) has one; 0, or an exit code after
 * complaining. `s` is to be freed whatever comes out. */
int om_setup_make(om_cli *cli, const om_args *args, const char *from,
                  om_setup *s);
/* A canvas that was made here: `text` is copied, the canvas becomes the
 * setup's. */
int om_setup_take(om_cli *cli, om_setup *s, const char *name, omost_str text,
                  omost_canvas *canvas);
void om_setup_free(om_setup *s);

/* A profile by its name or file (cmd_plan.c). */
int om_open_profile(om_cli *cli, const char *name, omost_profile **out);

/* ---- pictures as input (cli_picture.c) --------------------------------- */

/* Append the record in a PNG file. */
omost_status om_picture_record(const char *path, om_buf *out, omost_error *err);
/* Append the canvas of such a record, as Python. */
omost_status om_picture_canvas(const char *path, omost_python_style style,
                               om_buf *out, omost_error *err);
/* The pixels of a PNG file. */
omost_status om_picture_load(const char *path, om_picture *pic,
                             omost_error *err);

/* ---- names of the results (render_names.c) ----------------------------- */

/* "dir/a.png" for i = 0, "dir/a_2.png" for 1, ...; false: too long. */
enum { OM_NAME_MAX = 4096 };
bool om_picture_name(char name[OM_NAME_MAX], const char *out, int i);
/* Whether a path is that of one of the batch's pictures. */
bool om_is_picture_name(const char *path, const char *out, int batch);
/* Whether a name promises another kind of picture than PNG. */
bool om_is_other_kind(const char *path);
/* "picture.png", or the first of "picture-2.png", ... of which no picture of
 * the batch is there yet. */
bool om_free_name(char name[OM_NAME_MAX], int batch);

/* ---- how far it is (render_bar.c) -------------------------------------- */

typedef struct om_bar {
    bool shown;    /* anything at all */
    bool terminal; /* one line that changes, else a line now and then */
    bool open;     /* that line is on the screen */
    double last;   /* when the last line was written */
    omost_phase phase;
} om_bar;

void om_bar_init(om_bar *bar, bool quiet);
void om_bar_show(om_bar *bar, const omost_event *ev);
/* Take the line away, so that something else can be written. */
void om_bar_clear(om_bar *bar);
/* The line for a terminal of this width. */
void om_bar_line(om_buf *out, const omost_event *ev, int width);

/* What other lines that change are made of: columns there are; " [===>   ]" of
 * so many columns within; "1:02:03", "4:05"; the line taken away, if `open`. */
int om_line_width(void);
void om_put_bar(om_buf *out, double part, int width);
void om_put_time(om_buf *out, double seconds);
void om_line_clear(bool *open);

/* ---- doing it (render_run.c) ------------------------------------------- */

/* Draw; 0 or an exit code after complaining. */
int om_render_run(om_cli *cli, const om_setup *s);
/* Whether what it would write can be written: before work that comes first. */
int om_render_try(om_cli *cli, const om_setup *s);

#endif
