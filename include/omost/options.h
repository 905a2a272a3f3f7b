/* omost/options.h - the options of drawing and composing by name: one table
 * that command lines, pages and requests are made from.
 *
 *     omost_render_opts ro = OMOST_RENDER_DEFAULTS;
 *     omost_option_value v = {.kind = OMOST_OPTION_INT, .integer = 30};
 *     st = omost_render_opts_set(&ro, "steps", &v, &err);
 *     ...
 *     st = omost_render_check(&ro, &err);
 *
 * What is no plain value (a picture to begin from, a profile, LoRAs) has no row
 * here. */
#ifndef OMOST_OPTIONS_H
#define OMOST_OPTIONS_H

#include "omost/compose.h"
#include "omost/render.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum omost_option_kind {
    OMOST_OPTION_INT,
    OMOST_OPTION_NUMBER,
    OMOST_OPTION_TEXT,
    OMOST_OPTION_CHOICE, /* one of omost_option_choice() */
    OMOST_OPTION_FLAG
} omost_option_kind;

/* clang-format off */
/* id, name, letter on a command line (0: none), what help calls its value,
 * kind, least and greatest value (both 0: any; 0 itself may be fine below the
 * least, see help), default as text, group, help */
#define OMOST_RENDER_OPTION_LIST(X) \
    X(WIDTH, "width", 'W', "PIXELS", INT, OMOST_RENDER_GRAIN, OMOST_RENDER_MAX, "896", "picture", \
      "width of the picture, taken down to a multiple of 64") \
    X(HEIGHT, "height", 'H', "PIXELS", INT, OMOST_RENDER_GRAIN, OMOST_RENDER_MAX, "1152", "picture", \
      "its height") \
    X(SEED, "seed", 's', "SEED", INT, 0, 0, "12345", "picture", \
      "which of all possible pictures; -1 for any, whose number is told and kept") \
    X(BATCH, "batch-count", 'b', "N", INT, 1, OMOST_MAX_BATCH, "1", "picture", \
      "how many pictures; each has the next seed") \
    X(STEPS, "steps", 0, "N", INT, 1, OMOST_MAX_STEPS, "25", "sampling", \
      "how many steps from noise to picture") \
    X(CFG, "cfg-scale", 0, "SCALE", NUMBER, 0, OMOST_MAX_CFG, "5", "sampling", \
      "how strictly the text is followed; 1 takes half the time and leaves out the " \
      "negative prompt: for models made for few steps") \
    X(SAMPLER, "sampling-method", 0, "NAME", CHOICE, 0, 0, "dpm++2m", "sampling", \
      "how a step is taken") \
    X(SCHEDULE, "scheduler", 0, "NAME", CHOICE, 0, 0, "karras", "sampling", \
      "how much noise each step has; models that say so are drawn with trailing") \
    X(NEGATIVE, "negative-prompt", 'n', "TEXT", TEXT, 0, 0, OMOST_NEGATIVE_DEFAULT, "text", \
      "what should not be in the picture") \
    X(STYLE, "prompt-style", 0, "STYLE", CHOICE, 0, 0, "profile", "text", \
      "what a prompt is made of; \"profile\": what the profile says, or else description") \
    X(FIT, "fit-prefix", 0, NULL, FLAG, 0, 0, NULL, "text", \
      "cut descriptions that leave no room for details in a row of tokens") \
    X(REGION, "region", 0, "NAME", CHOICE, 0, 0, "score", "regions", \
      "how regions are kept apart: by their share of the attention, by attention " \
      "each on its own, by drawing each on its own, or not at all") \
    X(LAYOUT, "init-layout", 0, "STRENGTH", NUMBER, 0, 1, "0", "regions", \
      "begin from the canvas's colours: 1 adds them to full noise, 0.95 keeps more " \
      "of them; 0 begins from noise alone") \
    X(STRENGTH, "strength", 0, "SHARE", NUMBER, OMOST_MIN_SHARE, 1, "0.75", "start", \
      "how much of the picture to begin from is drawn anew") \
    X(HIRES, "hires", 0, "SCALE", NUMBER, 1, OMOST_MAX_HIRES, "1", "second pass", \
      "draw it a second time so many times as large, regions kept") \
    X(HIRES_STEPS, "hires-steps", 0, "N", INT, 1, OMOST_MAX_STEPS, "20", "second pass", \
      "steps of the second time") \
    X(HIRES_DENOISE, "hires-denoise", 0, "SHARE", NUMBER, OMOST_MIN_SHARE, 1, "0.4", "second pass", \
      "how much is drawn anew the second time") \
    X(RNG, "rng", 0, "NAME", CHOICE, 0, 0, "cuda", "exactness", \
      "whose noise a seed means: torch's on a graphics card (as A1111 and " \
      "stable-diffusion.cpp) or torch's on the CPU") \
    X(PREDICTION, "prediction", 0, "NAME", CHOICE, 0, 0, "as the model says", "exactness", \
      "what the model predicts: noise or velocity") \
    X(COMPAT, "compat", 0, "PROGRAM", CHOICE, 0, 0, "none", "exactness", \
      "omost: do as the original program: one generator for a whole batch and the second " \
      "time, its rules for canvases, the pooled text unprojected") \
    X(POOLED, "projected-pooled", 0, NULL, FLAG, 0, 0, NULL, "exactness", \
      "with compat omost: project the pooled text all the same, as SDXL was trained") \
    X(VAE_TILING, "vae-tiling", 0, NULL, FLAG, 0, 0, NULL, "memory", \
      "decode in tiles, which takes less memory; large pictures always are") \
    X(PREVIEW_EVERY, "preview-every", 0, "N", INT, 0, OMOST_MAX_STEPS, "1", "preview", \
      "show what the picture looks like by now after every so many steps; 0: never")

#define OMOST_PREDICT_HELP "tokens a reply may have; a canvas is closed in time"
#define OMOST_COMPOSE_OPTION_LIST(X) \
    X(TEMP, "temp", 0, "N", NUMBER, 0, 100, "0.6", "writing", \
      "how freely words are chosen; 0: always the likeliest") \
    X(TOP_P, "top-p", 0, "P", NUMBER, 0, 1, "0.9", "writing", \
      "choose among the likeliest words that together have this share") \
    X(PREDICT, "predict", 'n', "N", INT, 1, 1 << 20, "4096", "writing", \
      OMOST_PREDICT_HELP) \
    X(SEED, "seed", 's', "SEED", INT, 0, 0, "-1", "writing", \
      "the same seed writes the same canvas; -1 for any, whose number is told") \
    X(NO_GRAMMAR, "no-grammar", 0, NULL, FLAG, 0, 0, NULL, "writing", \
      "let the model write what it wants; the reply may be no canvas") \
    X(NO_DRAFT, "no-draft", 0, NULL, FLAG, 0, 0, NULL, "writing", \
      "evaluate one token at a time; slower, and the text is the same") \
    X(NO_MEND, "no-mend", 0, NULL, FLAG, 0, 0, NULL, "writing", \
      "do not ask a second time when a reply is broken")
/* clang-format on */

/* Texts are constants. */
typedef struct omost_option {
    const char *name;
    omost_option_kind kind;
    double min, max;      /* both 0: any */
    const char *fallback; /* the default; NULL of a flag: off */
    const char *group, *help;
    const char *(*choice_at)(size_t i); /* of a CHOICE */
} omost_option;

/* The i-th, NULL beyond. */
OMOST_API const omost_option *omost_render_option(size_t i);
OMOST_API const omost_option *omost_compose_option(size_t i);
/* The i-th word of a choice, NULL beyond. */
OMOST_API const char *omost_option_choice(const omost_option *o, size_t i);

typedef struct omost_option_value {
    omost_option_kind kind; /* an INT is also a NUMBER; a CHOICE is a TEXT */
    int64_t integer;
    double number;
    const char *text; /* outlives the options it is set in */
    bool flag;
} omost_option_value;

/* Set one by its name. USAGE: no such option, or a value of another kind; RANGE.
 */
OMOST_API OMOST_NODISCARD omost_status
omost_render_opts_set(omost_render_opts *opts, const char *name,
                      const omost_option_value *v, omost_error *err);
OMOST_API OMOST_NODISCARD omost_status
omost_compose_opts_set(omost_compose_opts *opts, const char *name,
                       const omost_option_value *v, omost_error *err);

#ifdef __cplusplus
}
#endif
#endif
