/* cmd_render.c - omost render: a canvas drawn by a model. The options are the
 * ones people know from stable-diffusion.cpp, where it has them. */
#include <stdio.h>

#include "cli/render_cli.h"

/* A table cannot call with an argument: functions for each choice. */
#define X(id)                                              \
    static const char *id##_at(size_t i)                   \
    {                                                      \
        return omost_choice_name(OMOST_CHOICE_##id, i);    \
    }                                                      \
    static int id##_find(const char *word)                 \
    {                                                      \
        return omost_choice_find(OMOST_CHOICE_##id, word); \
    }
X(SAMPLER)
X(SCHEDULE)
X(RNG)
X(PREDICTION)
X(REGION)
X(PRECISION)
#undef X

/* "DPM++ 2M Karras", as other programs call a sampler and a schedule. */
static bool sampler_hint(char out[OM_HINT_MAX], const char *word)
{
    char first[OM_HINT_MAX];
    for (const char *p = strpbrk(word, " _-"); p; p = strpbrk(p + 1, " _-")) {
        int n = snprintf(first, sizeof first, "%.*s", (int)(p - word), word);
        if (n < 0 || n >= (int)sizeof first) break;
        int sampler = SAMPLER_find(first), schedule = SCHEDULE_find(p + 1);
        if (sampler < 0 || schedule < 0) continue;
        snprintf(out, OM_HINT_MAX, "--sampling-method %s --scheduler %s",
                 SAMPLER_at((size_t)sampler), SCHEDULE_at((size_t)schedule));
        return true;
    }
    return false;
}

static const char *const style_names[] = {
#define X(name, word, help) [OMOST_PROMPT_##name] = word,
    OMOST_PROMPT_STYLE_LIST(X)
#undef X
        NULL,
};

static const char *const compat_names[] = {"omost", NULL};

/* Not what this build has, but what there can be: the documents are the same
 * everywhere, and the engine says what is missing. */
static const char *const backend_names[] = {"auto", "dnnl", "ref", NULL};

static int run_render(om_cli *cli, const om_args *args)
{
    om_setup s;
    cli->quiet = args->opt[OM_RENDER_QUIET].set;
    int code = om_setup_make(cli, args, &s);
    if (code == 0) code = om_render_run(cli, &s);
    om_setup_free(&s);
    return code;
}

/* clang-format off */
#define OF(id) .kind = OM_ARG_CHOICE, .choice_at = id##_at, .choice_find = id##_find
static const om_option options[] = {
    [OM_RENDER_MODEL] = {.name = "model", .letter = 'm', .kind = OM_ARG_FILE, .arg = "MODEL",
        .help = "SDXL or a model made from it: a .safetensors checkpoint, or a folder as "
                "diffusers writes it"},
    [OM_RENDER_OUTPUT] = {.name = "output", .letter = 'o', .kind = OM_ARG_FILE, .arg = "OUT",
        .fallback = "picture.png, or the next free picture-2.png",
        .help = "the PNG to write; the others of a batch are OUT_2.png and so on; - is "
                "standard output"},
    [OM_RENDER_WIDTH] = {.name = "width", .letter = 'W', .kind = OM_ARG_INT, .arg = "PIXELS",
        .min = OMOST_RENDER_GRAIN, .max = OMOST_RENDER_MAX, .fallback = "896",
        .help = "width of the picture, taken down to a multiple of 64"},
    [OM_RENDER_HEIGHT] = {.name = "height", .letter = 'H', .kind = OM_ARG_INT, .arg = "PIXELS",
        .min = OMOST_RENDER_GRAIN, .max = OMOST_RENDER_MAX, .fallback = "1152",
        .help = "its height"},
    [OM_RENDER_SEED] = {.name = "seed", .letter = 's', .kind = OM_ARG_INT, .arg = "SEED",
        .fallback = "12345",
        .help = "which of all possible pictures; -1 for any, whose number is told and kept"},
    [OM_RENDER_STEPS] = {.name = "steps", .kind = OM_ARG_INT, .arg = "N",
        .min = 1, .max = OMOST_MAX_STEPS, .fallback = "25",
        .help = "how many steps from noise to picture"},
    [OM_RENDER_CFG] = {.name = "cfg-scale", .kind = OM_ARG_NUMBER, .arg = "SCALE",
        .min = 0, .max = 100, .fallback = "5",
        .help = "how strictly the text is followed; 1 takes half the time and leaves out the "
                "negative prompt: for models made for few steps"},
    [OM_RENDER_NEGATIVE] = {.name = "negative-prompt", .letter = 'n', .kind = OM_ARG_TEXT,
        .arg = "TEXT", .fallback = OMOST_NEGATIVE_DEFAULT,
        .help = "what should not be in the picture"},
    [OM_RENDER_BATCH] = {.name = "batch-count", .letter = 'b', .kind = OM_ARG_INT, .arg = "N",
        .min = 1, .max = OMOST_MAX_BATCH, .fallback = "1",
        .help = "how many pictures; each has the next seed"},
    [OM_RENDER_SAMPLER] = {.name = "sampling-method", .arg = "NAME", OF(SAMPLER),
        .choice_hint = sampler_hint,
        .fallback = "dpm++2m", .help = "how a step is taken"},
    [OM_RENDER_SCHEDULE] = {.name = "scheduler", .arg = "NAME", OF(SCHEDULE),
        .fallback = "karras", .help = "how much noise each step has; models that say so are drawn with trailing"},
    [OM_RENDER_REGION] = {.name = "region", .arg = "NAME", OF(REGION), .fallback = "score",
        .help = "how regions are kept apart: by their share of the attention, by attention "
                "each on its own, by drawing each on its own, or not at all"},
    [OM_RENDER_LORA] = {.name = "lora", .kind = OM_ARG_FILE, .arg = "FILE[:WEIGHT]", .many = true,
        .help = "add a LoRA to the model; may be given often"},
    [OM_RENDER_INIT] = {.name = "init-img", .letter = 'i', .kind = OM_ARG_FILE, .arg = "PNG",
        .help = "begin from this picture instead of noise alone"},
    [OM_RENDER_STRENGTH] = {.name = "strength", .kind = OM_ARG_NUMBER, .arg = "SHARE",
        .min = 0, .max = 1, .fallback = "0.75",
        .help = "with -i: how much of it is drawn anew, from 0.01 on"},
    [OM_RENDER_LAYOUT] = {.name = "init-layout", .kind = OM_ARG_NUMBER, .arg = "STRENGTH",
        .min = 0, .max = 1, .fallback = "0",
        .help = "begin from the canvas's colours: 1 adds them to full noise, 0.95 keeps more "
                "of them; 0 begins from noise alone"},
    [OM_RENDER_HIRES] = {.name = "hires", .kind = OM_ARG_NUMBER, .arg = "SCALE",
        .min = 1, .max = 8, .fallback = "1",
        .help = "draw it a second time so many times as large, regions kept"},
    [OM_RENDER_HIRES_STEPS] = {.name = "hires-steps", .kind = OM_ARG_INT, .arg = "N",
        .min = 1, .max = OMOST_MAX_STEPS, .fallback = "20",
        .help = "steps of the second time"},
    [OM_RENDER_HIRES_DENOISE] = {.name = "hires-denoise", .kind = OM_ARG_NUMBER, .arg = "SHARE",
        .min = 0, .max = 1, .fallback = "0.4",
        .help = "how much is drawn anew the second time, from 0.01 on"},
    [OM_RENDER_FROM] = {.name = "from", .kind = OM_ARG_FILE, .arg = "PICTURE",
        .help = "draw a picture of ours again: canvas and options are taken from it, other "
                "options given here go before them"},
    [OM_RENDER_PREVIEW] = {.name = "preview", .kind = OM_ARG_FILE, .arg = "PNG",
        .help = "write what the picture looks like by now to this file"},
    [OM_RENDER_PREVIEW_EVERY] = {.name = "preview-every", .kind = OM_ARG_INT, .arg = "N",
        .min = 1, .max = OMOST_MAX_STEPS, .fallback = "1",
        .help = "with --preview: after every so many steps"},
    [OM_RENDER_RNG] = {.name = "rng", .arg = "NAME", OF(RNG), .fallback = "cuda",
        .help = "whose noise a seed means: torch's on a graphics card (as A1111 and "
                "stable-diffusion.cpp) or torch's on the CPU"},
    [OM_RENDER_COMPAT] = {.name = "compat", .kind = OM_ARG_CHOICE, .arg = "PROGRAM",
        .choices = compat_names,
        .help = "do as the original program: one generator for a whole batch and the second "
                "time, its rules for canvases, the pooled text unprojected"},
    [OM_RENDER_POOLED] = {.name = "projected-pooled",
        .help = "with --compat omost: project the pooled text all the same, as SDXL was "
                "trained"},
    [OM_RENDER_PREDICTION] = {.name = "prediction", .arg = "NAME", OF(PREDICTION),
        .fallback = "as the model says",
        .help = "what the model predicts: noise or velocity"},
    [OM_RENDER_VAE] = {.name = "vae", .kind = OM_ARG_FILE, .arg = "FILE",
        .help = "another VAE than the model's"},
    [OM_RENDER_VAE_TILING] = {.name = "vae-tiling",
        .help = "decode in tiles, which takes less memory; large pictures always are"},
    [OM_RENDER_TAESD] = {.name = "taesd", .kind = OM_ARG_FILE, .arg = "FILE",
        .help = "with --preview: a tiny decoder, for previews of full size"},
    [OM_RENDER_TOKENIZER] = {.name = "tokenizer", .kind = OM_ARG_FOLDER, .arg = "FOLDER",
        .fallback = "the model's, or else builtin",
        .help = "take the vocabulary from this folder"},
    [OM_RENDER_CONFIG] = {.name = "config", .kind = OM_ARG_FILE, .arg = "JSON",
        .help = "sizes a checkpoint's shapes do not tell, in diffusers' words; only unusual "
                "models need it"},
    [OM_RENDER_PROFILE] = {.name = "profile", .kind = OM_ARG_FILE, .arg = "PROFILE",
        .help = "words a family of models wants to hear: sdxl, pony, illustrious, anime or a "
                "file"},
    [OM_RENDER_STYLE] = {.name = "prompt-style", .kind = OM_ARG_CHOICE, .arg = "STYLE",
        .choices = style_names, .fallback = "profile",
        .help = "what a prompt is made of; \"profile\": what --profile says, or else "
                "description"},
    [OM_RENDER_FIT] = {.name = "fit-prefix",
        .help = "cut descriptions that leave no room for details in a row of tokens"},
    [OM_RENDER_BACKEND] = {.name = "backend", .kind = OM_ARG_CHOICE, .arg = "NAME",
        .choices = backend_names, .fallback = "auto",
        .help = "who computes: oneDNN, or our own plain and slow C"},
    [OM_RENDER_PRECISION] = {.name = "precision", .arg = "NAME", OF(PRECISION),
        .fallback = "auto",
        .help = "of the numbers it computes with; auto: bf16 where the processor has it"},
    [OM_RENDER_THREADS] = {.name = "threads", .letter = 't', .kind = OM_ARG_INT, .arg = "N",
        .min = 0, .max = 1024, .fallback = "0",
        .help = "threads to compute with; 0: one a processor"},
    [OM_RENDER_QUIET] = {.name = "quiet", .letter = 'q',
        .help = "show neither progress nor notes"},
    {.name = NULL},
};

static const char *const text[] = {
    "Draws the canvas in CANVAS with an SDXL model on the CPU, each region where the canvas "
    "has it. The PNG carries how it was drawn, as A1111 writes it and, complete, for --from; "
    "omost info shows it.",
    "Ctrl-C stops within a second; pictures that were finished stay, no broken file does. "
    "Models made for few steps want their own settings: docs/render.md has a table.",
    NULL,
};

static const om_example examples[] = {
    {"omost render reply.txt -m sdxl.safetensors -o picture.png",
     "25 steps at 896x1152; some minutes to an hour"},
    {"omost render reply.txt -m turbo.safetensors --steps 4 --cfg-scale 1",
     "a model made for few steps"},
    {"omost render --from picture.png -s -1 -b 4 -o more.png",
     "four more like it, by other seeds"},
    {NULL, NULL},
};
/* clang-format on */

const om_command om_cmd_render = {
    .name = "render",
    .operands = "[CANVAS]",
    .min_operands = 0,
    .max_operands = 1,
    .summary = "draw a canvas with an SDXL model",
    .text = text,
    .options = options,
    .examples = examples,
    .run = run_render,
};
