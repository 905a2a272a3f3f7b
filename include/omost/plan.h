/* omost/plan.h - the Plan: what a canvas means to a renderer.
 *
 *     omost_tokenizer *tk = omost_tokenizer_open(NULL, "models/sdxl", &err);
 *     omost_plan *plan = omost_plan_new(canvas, tk, NULL, &err);
 *     for (size_t i = 0; i < omost_plan_count(plan); i++) {
 *         const omost_condition *c = omost_plan_condition(plan, i);
 *         omost_mask_fill(c->box, rows, cols, mask);
 *         for (size_t j = 0; j < omost_plan_row_count(plan, i); j++)
 *             encode(omost_plan_row(plan, i, j)->ids);
 *     }
 *     omost_plan_free(plan);
 *     omost_tokenizer_free(tk);
 *
 * A plan is one condition for the whole picture and one for every region, far
 * to near, each with its place, its texts and - when there is a tokenizer -
 * its prompt as rows of 77 token ids for the two text encoders of SDXL. Plans,
 * tokenizers and profiles never change once made; any number of threads may
 * use them at once. A plan borrows texts of its canvas: free the plan first.
 *
 * Default and strict: where the original renderer (lib_omost/pipeline.py of
 * lllyasviel/Omost) gives a result, both give that result, id for id. They
 * differ where it fails:
 *
 *   case                       the original and `strict`   default (with a note)
 *   no suffix at all           error                       one row, prefixes alone
 *   no global description      error                       one row without a word
 *   "!" makes the encoders'    error                       encoder 1's ids for both
 *   counts of a text differ
 *
 * Prefixes of 75 tokens or more fill every row: the original shows the model
 * the first 75 of them once for each suffix, and a region's own words (its
 * description comes after the global one) and all details never reach it. So
 * do we, with a note. `fit_prefix` cuts such prefixes to 50 tokens, the global
 * one first, and packs the suffixes into the room that is left: a cut global
 * description costs a region its context only.
 */
#ifndef OMOST_PLAN_H
#define OMOST_PLAN_H

#include "omost/canvas.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- limits ------------------------------------------------------------ */

enum {
    OMOST_ROW_IDS = 77,  /* token ids of a row: start, 75 of text, end, pads */
    OMOST_ROW_ROOM = 75, /* of them for text */
    OMOST_MAX_ROWS = 16384,  /* rows of one plan */
    OMOST_MAX_TAGS = 256,    /* tags of one text that the tag style looks at */
    OMOST_MAX_CELLS = 65536, /* cells along one side of a mask */
    OMOST_MAX_PLAN_JSON = 64 << 20 /* bytes; all rows with all ids are 17 MB */
};

/* ---- the tokenizer ----------------------------------------------------- */

/* SDXL has two text encoders. They share one vocabulary and differ in what
 * pads a row: the end mark for the first, "!" for the second, which therefore
 * takes every "!" of a text for that mark. */
typedef enum omost_encoder { OMOST_ENCODER_1, OMOST_ENCODER_2 } omost_encoder;

typedef struct omost_tokenizer omost_tokenizer;

/* From a folder with vocab.json and merges.txt, or a model folder that has
 * such folders tokenizer/ and (checked to hold the same words) tokenizer_2/.
 * In a model folder, tokenizer_config.json beside each vocabulary says what pads
 * the rows of its encoder; a vocabulary alone does not tell which encoder it
 * belongs to and serves both, padded as SDXL does. Files are checked in full
 * before use; errors name the file and the line. */
OMOST_API omost_tokenizer *omost_tokenizer_open(const omost_env *env,
                                                const char *dir,
                                                omost_error *err);
/* CLIP's own vocabulary, when the library was built with it; MISSING if not. */
OMOST_API omost_tokenizer *omost_tokenizer_builtin(const omost_env *env,
                                                   omost_error *err);
OMOST_API bool omost_tokenizer_has_builtin(void);
OMOST_API void omost_tokenizer_free(omost_tokenizer *tk);

/* Ids are 0 .. size-1. */
OMOST_API uint32_t omost_tokenizer_size(const omost_tokenizer *tk);
OMOST_API uint32_t omost_tokenizer_start(const omost_tokenizer *tk);
OMOST_API uint32_t omost_tokenizer_end(const omost_tokenizer *tk);
OMOST_API uint32_t omost_tokenizer_pad(const omost_tokenizer *tk,
                                       omost_encoder which);

/* The ids of a text, without start, end and pads: the first `cap` of them to
 * ids[] (NULL when cap is 0), the number of all to *n. Exactly what the slow
 * CLIPTokenizer of transformers 4.41 gives without ftfy. FORMAT when the text
 * is not UTF-8, LIMIT beyond OMOST_MAX_INPUT bytes. */
OMOST_API OMOST_NODISCARD omost_status omost_tokenizer_encode(
    const omost_tokenizer *tk, omost_encoder which, omost_str text,
    uint32_t *ids, size_t cap, size_t *n, omost_error *err);

/* One row for a text alone, as for a negative prompt: cut when it is too long. */
typedef struct omost_row {
    uint32_t ids[OMOST_ROW_IDS];   /* for encoder 1 */
    uint32_t ids_2[OMOST_ROW_IDS]; /* for encoder 2 */
} omost_row;

OMOST_API OMOST_NODISCARD omost_status
omost_tokenizer_row(const omost_tokenizer *tk, omost_str text, omost_row *row,
                    omost_error *err);

/* ---- prompt styles and profiles ---------------------------------------- */

/* name for options, help */
#define OMOST_PROMPT_STYLE_LIST(X)                                           \
    X(PROFILE, "profile", "what the profile says, or else descriptions")     \
    X(DESCRIPTION, "description", "sentences, as the original renders them") \
    X(TAGS, "tags", "the tags in their place, for models trained on tags")

typedef enum omost_prompt_style {
#define X(name, word, help) OMOST_PROMPT_##name,
    OMOST_PROMPT_STYLE_LIST(X)
#undef X
} omost_prompt_style;

/* What a family of models wants to be told: a style, words of quality before
 * every prompt, and other names for some tags. A profile is a table of text:
 *
 *     # for MyAnimeMix
 *     like: pony                         start from a built-in profile
 *     style: tags                        or: description
 *     quality: masterpiece, best quality replaces what `like` brought
 *     girl -> 1girl                      whole tags, in any case, _ is a space
 *     a pair of girls -> 2girls          the new text may hold several tags
 *     signature ->                       nothing: the tag is left out
 *
 * A later rule for the same tag replaces an earlier one. `quality` alone
 * empties it. Comments begin with # at the start of a line. */
typedef struct omost_profile omost_profile;

/* "sdxl" (no rules at all), "pony", "illustrious", "anime"; MISSING otherwise. */
OMOST_API omost_profile *omost_profile_builtin(const omost_env *env,
                                               const char *name,
                                               omost_error *err);
/* The names of the built-in ones, i from 0; NULL when out of range. */
OMOST_API const char *omost_profile_name(size_t i);
OMOST_API omost_profile *omost_profile_read(const omost_env *env,
                                            const char *text, size_t len,
                                            omost_error *err);
OMOST_API void omost_profile_free(omost_profile *p);

/* DESCRIPTION or TAGS. */
OMOST_API omost_prompt_style omost_profile_style(const omost_profile *p);
OMOST_API omost_str omost_profile_quality(const omost_profile *p);
/* What a tag becomes, in *to (empty: it is left out); false: no rule for it. */
OMOST_API bool omost_profile_rule(const omost_profile *p, omost_str tag,
                                  omost_str *to);

/* ---- the plan ---------------------------------------------------------- */

/* Style DESCRIPTION: the texts of omost_layout, with the profile's quality as
 * one more prefix before them and its rules applied to the tags.
 *
 * Style TAGS: prefixes are the profile's quality and the first tag, which in a
 * canvas names the subject; every other tag is a suffix of its own, so that no
 * tag is torn apart when the rows are packed. Then come, each once, the tags
 * of atmosphere, style and - unless the profile brings its own - quality_meta,
 * and, for a region, the tags of the global description as its context. All
 * end in "," and none in ".". Without tags the description takes their place. */
typedef struct omost_plan_opts {
    const omost_env *env;
    bool strict;     /* see the table at the top */
    bool fit_prefix; /* see below that table; not what the original does */
    omost_prompt_style prompt_style;
    const omost_profile *profile; /* NULL: none; not needed after planning */
} omost_plan_opts;

typedef struct omost_plan omost_plan;

/* `tk` may be NULL: a plan without rows; `opts` may be NULL. */
OMOST_API omost_plan *omost_plan_new(const omost_canvas *canvas,
                                     const omost_tokenizer *tk,
                                     const omost_plan_opts *opts,
                                     omost_error *err);
/* Conditions, the global one included. Item 0 is the global one, the others
 * run from far to near; texts are as the style makes them. Here and below, NULL
 * or 0 for an index out of range. */
OMOST_API size_t omost_plan_count(const omost_plan *plan);
OMOST_API const omost_condition *omost_plan_condition(const omost_plan *plan,
                                                      size_t i);
/* Rows of condition i: at least 1, or 0 in a plan made without a tokenizer. */
OMOST_API size_t omost_plan_row_count(const omost_plan *plan, size_t i);
OMOST_API const omost_row *omost_plan_row(const omost_plan *plan, size_t i,
                                          size_t j);
/* What planning changed or left out; the canvas's own notes are not among
 * them. A place is that of the region's call. */
OMOST_API size_t omost_plan_note_count(const omost_plan *plan);
OMOST_API const omost_note *omost_plan_note(const omost_plan *plan, size_t i);
OMOST_API void omost_plan_free(omost_plan *plan);

/* {"color":[r,g,b],
 *  "conditions":[{"rect":[top,bottom,left,right],"distance":null,
 *                 "color":[r,g,b],"prefixes":[...],"suffixes":[...],
 *                 "bags":[{"ids":[77 numbers],"ids_2":[77 numbers]}, ...]}, ...],
 *  "notes":[{"line":1,"col":1,"message":"..."}, ...]}
 * as one line. "color" is the global condition's. "distance" is null for the
 * global condition, the number as it was written (1 for True), "inf" for the
 * infinite one, and a string of digits for an integer beyond 64 bits. "bags"
 * are the rows; there is none without a tokenizer. "notes" are the canvas's,
 * then the plan's. LIMIT beyond OMOST_MAX_PLAN_JSON bytes, which takes a very
 * long description repeated for very many regions. Free it with
 * omost_text_free() and the env of the plan. */
OMOST_API char *omost_plan_to_json(const omost_plan *plan, size_t *len,
                                   omost_error *err);

/* ---- masks ------------------------------------------------------------- */

/* Which of the 90 grid cells each of n cells shows, n from 1 to
 * OMOST_MAX_CELLS: torch's "nearest-exact", floor((i + 0.5) * (90 / n)) in
 * float32 (integers would differ at n = 73, 77, 87, 129 and others). */
OMOST_API void omost_mask_index(int n, uint8_t *cells);

/* The box as a mask of rows x cols bytes, 1 inside and 0 outside; the number
 * of ones. 0: the box falls between the cells, which renderers must handle
 * (the original leaves such a region out). */
OMOST_API size_t omost_mask_fill(omost_box box, int rows, int cols,
                                 uint8_t *out);

#ifdef __cplusplus
}
#endif
#endif
