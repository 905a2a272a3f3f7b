/* omost/canvas.h - the Canvas: read it, look at it, compare it, write it.
 *
 *     omost_error err;
 *     omost_canvas *cv = omost_canvas_parse(text, len, NULL, &err);
 *     if (!cv) { fprintf(stderr, "%d:%d: %s\n", err.line, err.col, err.msg); return 1; }
 *     for (size_t i = 0; i < omost_canvas_note_count(cv); i++)
 *         fprintf(stderr, "note: %s\n", omost_canvas_note(cv, i)->msg);
 *     for (size_t i = 0; i < omost_canvas_count(cv); i++) {
 *         const omost_region *r = omost_canvas_region(cv, i);
 *         omost_box b = omost_region_box(r);
 *         printf("%.*s at rows %d..%d\n", (int)r->description.n, r->description.p,
 *                b.top, b.bottom);
 *     }
 *     omost_canvas_free(cv);
 *
 * A canvas is a value: it never changes once made, everything it holds lives
 * until omost_canvas_free(), and any number of threads may read it at once.
 * Texts are UTF-8 spans (omost_str). Whoever wrote a canvas - a language
 * model, a file, an editor - it is the same value; see docs/canvas.md for the
 * language and every repair. Nothing that is read is ever executed.
 *
 * Facts about the language (grid, words, boxes, order, safe_str) are those of
 * the original implementation, lib_omost/canvas.py of lllyasviel/Omost.
 */
#ifndef OMOST_CANVAS_H
#define OMOST_CANVAS_H

#include "omost/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- limits ------------------------------------------------------------ */

enum {
    OMOST_GRID = 90,               /* cells along each side of the layout */
    OMOST_MAX_INPUT = 1024 * 1024, /* bytes of a canvas text or JSON */
    OMOST_MAX_REGIONS = 1000,      /* regions of one canvas */
    OMOST_MAX_NESTING = 100,       /* brackets inside one another */
    OMOST_MAX_TEXTS = 10000        /* texts of one list */
};

/* ---- the words --------------------------------------------------------- */

/* Locations, offsets and areas are small integers, 0..8 each, in the order of
 * the system prompt the models know; colours index the HTML colour names. */
enum { OMOST_N_PLACES = 9, OMOST_N_BOXES = 729 };

typedef enum omost_word_kind {
    OMOST_WORD_LOCATION, /* "in the center", ... */
    OMOST_WORD_OFFSET,   /* "no offset", ... */
    OMOST_WORD_AREA,     /* "a small square area", ... */
    OMOST_WORD_COLOR     /* "aliceblue", ... */
} omost_word_kind;

/* How many words a kind has, and the i-th of them (NULL when out of range). */
OMOST_API int omost_word_count(omost_word_kind kind);
OMOST_API const char *omost_word(omost_word_kind kind, int i);

/* The word that `text` means: lower-cased, then the exact word, then the
 * closest one as Python's difflib.get_close_matches(n=1, cutoff=0.5) finds it
 * (equal scores: the larger string). -1: nothing comes close. */
OMOST_API int omost_word_find(omost_word_kind kind, omost_str text);

typedef struct omost_rgb {
    uint8_t r, g, b;
} omost_rgb;

OMOST_API omost_rgb omost_color_rgb(int color);
/* The named colour nearest to rgb (least squared distance; first on ties). */
OMOST_API int omost_color_nearest(omost_rgb rgb);

/* Half-open rectangle in cells of the 90x90 grid: rows top..bottom-1, columns
 * left..right-1. */
typedef struct omost_box {
    int top, bottom, left, right;
} omost_box;

/* Indices must be words (asserted).
 * centre = location + offset; the area's width and height are halved as
 * integers on each side; the result is clipped to the grid. */
OMOST_API omost_box omost_box_of(int location, int offset, int area);

/* The words whose box overlaps `box` best (intersection over union; the first
 * in word order on ties); `*iou` (may be NULL) gets how well. */
OMOST_API void omost_box_nearest(omost_box box, int *location, int *offset,
                                 int *area, double *iou);

/* ---- the document ------------------------------------------------------ */

typedef enum omost_number_kind {
    OMOST_NUMBER_FLOAT,
    OMOST_NUMBER_INT,
    OMOST_NUMBER_BOOL /* Python's True, which counts as 1 */
} omost_number_kind;

/* distance_to_viewer, always > 0. `value` is the nearest double (it may be
 * infinite). For integers beyond 2^53 `digits` holds all their decimal digits
 * (otherwise it is empty), so that comparing stays exact as in Python. */
typedef struct omost_number {
    omost_number_kind kind;
    double value;
    omost_str digits;
} omost_number;

/* <0, 0, >0 as a is less than, equal to, greater than b, exactly. */
OMOST_API int omost_number_cmp(const omost_number *a, const omost_number *b);

typedef struct omost_texts {
    const omost_str *p;
    size_t n;
} omost_texts;

/* Texts of a canvas never have p == NULL. */

/* canvas.set_global_description(...) */
typedef struct omost_global {
    omost_str description;
    omost_texts detailed_descriptions;
    omost_str tags;
    int color;
    int line, col; /* where the call stands in the text; 0 when there is none */
} omost_global;

/* canvas.add_local_description(...) */
typedef struct omost_region {
    int location, offset, area;
    omost_number distance;
    omost_str description;
    omost_texts detailed_descriptions;
    omost_str tags, atmosphere, style, quality_meta;
    int color;
    /* The global description the region was given as its prompt prefix: the
     * one in force when the call was made. None when the region came before
     * any. Nearly always the canvas's own. */
    bool has_prefix;
    omost_str prefix;
    int line, col;
} omost_region;

OMOST_API omost_box omost_region_box(const omost_region *r);

/* Something read in another way than it was written, and where. */
typedef struct omost_note {
    int line, col, len;
    const char *msg;
} omost_note;

typedef struct omost_canvas omost_canvas;

/* NULL when the text never described the whole picture (not in strict mode);
 * the canvas then has at least one region. */
OMOST_API const omost_global *omost_canvas_global(const omost_canvas *cv);
/* Regions in the order they were written. */
OMOST_API size_t omost_canvas_count(const omost_canvas *cv);
OMOST_API const omost_region *omost_canvas_region(const omost_canvas *cv,
                                                  size_t i);
OMOST_API size_t omost_canvas_note_count(const omost_canvas *cv);
OMOST_API const omost_note *omost_canvas_note(const omost_canvas *cv, size_t i);

/* A canvas made of parts, which are copied; `global` may be NULL. Checks what
 * the reader checks (ranges, well-formed UTF-8, limits). A region without a
 * prefix must not follow one that has a prefix: the language cannot say it. */
OMOST_API omost_canvas *omost_canvas_new(const omost_env *env,
                                         const omost_global *global,
                                         const omost_region *regions, size_t n,
                                         omost_error *err);

/* The same document, places and notes aside. */
OMOST_API bool omost_canvas_equal(const omost_canvas *a, const omost_canvas *b);
OMOST_API void omost_canvas_free(omost_canvas *cv);

/* ---- reading ----------------------------------------------------------- */

typedef struct omost_read_opts {
    const omost_env *env;
    /* The original's rules exactly: one ```python fence, `canvas = Canvas()`
     * spelt so, no repair but the nearest name. Without it a reply is also
     * read where a person would read it: no fence or another one, cut off in
     * the middle, typographic quotes, missing texts, tuples for lists. */
    bool strict;
} omost_read_opts;

/* A model's reply or a canvas file. `opts` may be NULL. */
OMOST_API omost_canvas *omost_canvas_parse(const char *text, size_t len,
                                           const omost_read_opts *opts,
                                           omost_error *err);

/* Whatever it is: a reply, our JSON, or ComfyUI_omost conditioning JSON. */
OMOST_API omost_canvas *omost_canvas_read(const char *text, size_t len,
                                          const omost_read_opts *opts,
                                          omost_error *err);

/* Reading as the bytes come:
 *
 *     omost_reader *rd = omost_reader_new(&opts, on_event, user, &err);
 *     while (more()) if (omost_reader_feed(rd, bytes, n, &err)) break;
 *     omost_canvas *cv = omost_reader_finish(rd, &err);
 *     omost_reader_free(rd);
 *
 * However the bytes are cut, the document, notes and errors are the same as
 * those of omost_canvas_parse() on all of them. Events are news, not verdicts:
 * a region is handed over when its call's ")" is read, and what follows may
 * still make the whole reply fail. */
typedef enum omost_read_event_kind {
    OMOST_READ_START,  /* a canvas begins (again): forget regions, the global
                        * description and, if indices restart, notes */
    OMOST_READ_GLOBAL, /* the global description (a later one replaces it) */
    OMOST_READ_REGION, /* one more region */
    OMOST_READ_NOTE    /* one more note */
} omost_read_event_kind;

typedef struct omost_read_event {
    omost_read_event_kind kind;
    size_t index; /* of the region or note */
    /* What the kind names. All of it lives as long as the canvas that finish
     * gives, or as the reader when it gives none. */
    const omost_global *global;
    const omost_region *region;
    const omost_note *note;
} omost_read_event;

/* Return false to stop: feeding then fails with OMOST_CANCELLED. */
typedef bool omost_read_event_fn(void *user, const omost_read_event *ev);

typedef struct omost_reader omost_reader;

/* `fn` may be NULL. */
OMOST_API omost_reader *omost_reader_new(const omost_read_opts *opts,
                                         omost_read_event_fn *fn, void *user,
                                         omost_error *err);
/* Not OK once the text cannot become a canvas any more whatever follows; the
 * error is the one finish will give again. Feeding on does nothing. */
OMOST_API OMOST_NODISCARD omost_status omost_reader_feed(omost_reader *rd,
                                                         const char *bytes,
                                                         size_t n,
                                                         omost_error *err);
/* The canvas, the caller's to free; NULL and an error when there is none.
 * Call it once; the reader can then only be freed. */
OMOST_API omost_canvas *omost_reader_finish(omost_reader *rd, omost_error *err);
OMOST_API void omost_reader_free(omost_reader *rd);

/* ---- the layout: what a renderer needs of a canvas --------------------- */

/* One prompt with its place. Prefixes belong to every chunk of the prompt,
 * suffixes are shared out among chunks (see omost/plan.h). All texts went
 * through the original's safe_str: ",", "." and " " stripped from both ends,
 * one "." added.
 *   global: prefixes [description]          suffixes detailed..., tags
 *   region: prefixes [global, description]  suffixes detailed..., tags,
 *                                           atmosphere, style, quality_meta */
typedef struct omost_condition {
    omost_box box; /* the whole grid for the global one */
    omost_rgb color;
    bool is_global;
    size_t region;         /* index in the canvas, when not global */
    omost_number distance; /* when not global */
    omost_texts prefixes, suffixes;
} omost_condition;

typedef struct omost_layout omost_layout;

/* Item 0 is the global condition, the rest are far to near (ties: as written).
 * Without a global description item 0 has no texts and the colour gray.
 * Borrows the canvas's texts: free it before the canvas. */
OMOST_API omost_layout *omost_layout_new(const omost_canvas *cv,
                                         omost_error *err);
OMOST_API size_t omost_layout_count(const omost_layout *lo);
OMOST_API const omost_condition *omost_layout_item(const omost_layout *lo,
                                                   size_t i);
OMOST_API void omost_layout_free(omost_layout *lo);

/* The 90x90 composition, RGB rows from the top: the global colour, then far to
 * near 0.7 * colour + 0.3 * what lies under it, float32 between regions,
 * truncated to bytes at the end (byte for byte the original's initial_latent).*/
OMOST_API void omost_layout_composition(
    const omost_layout *lo, uint8_t out[OMOST_GRID * OMOST_GRID * 3]);

/* ---- writing ----------------------------------------------------------- */

/* All of these return NUL-terminated text of *len bytes (len may be NULL),
 * made by the canvas's env: free it with omost_text_free(); NULL on error. */

typedef enum omost_python_style {
    OMOST_PYTHON_PLAIN, /* code alone, as a .py file */
    OMOST_PYTHON_FENCED /* inside a ```python fence, as a model replies */
} omost_python_style;

/* Canonical Python in the form the models write. Reading it gives an equal
 * canvas. */
OMOST_API char *omost_canvas_to_python(const omost_canvas *cv,
                                       omost_python_style style, size_t *len,
                                       omost_error *err);
/* Our JSON; docs/canvas.schema.json describes it. Reading it gives an equal
 * canvas. */
OMOST_API char *omost_canvas_to_json(const omost_canvas *cv, size_t *len,
                                     omost_error *err);
/* ComfyUI_omost's conditioning: an array of {rect, prefixes, suffixes, color},
 * item 0 global, the rest far to near. Distances and places in words are not
 * in it: reading it back finds the words by overlap and counts the distances
 * down, with a note wherever that lost something. */
OMOST_API char *omost_canvas_to_comfy(const omost_canvas *cv, size_t *len,
                                      omost_error *err);
OMOST_API void omost_text_free(const omost_env *env, char *text);

/* ---- comparing --------------------------------------------------------- */

typedef enum omost_change_kind {
    OMOST_CHANGE_ADDED,   /* region `after` is new */
    OMOST_CHANGE_REMOVED, /* region `before` is gone */
    OMOST_CHANGE_CHANGED  /* both are there and differ in `fields` */
} omost_change_kind;

/* Bits of omost_change.fields; name, key in JSON, what a person calls it */
#define OMOST_FIELD_LIST(X)                                  \
    X(PLACE, "place", "moved")                               \
    X(DISTANCE, "distance_to_viewer", "nearer or farther")   \
    X(DESCRIPTION, "description", "renamed")                 \
    X(DETAILS, "detailed_descriptions", "details rewritten") \
    X(TAGS, "tags", "tags changed")                          \
    X(ATMOSPHERE, "atmosphere", "atmosphere changed")        \
    X(STYLE, "style", "style changed")                       \
    X(QUALITY, "quality_meta", "quality changed")            \
    X(COLOR, "HTML_web_color_name", "recoloured")            \
    X(ORDER, "order", "reordered")                           \
    X(PREFIX, "prefix", "global prefix changed")

enum omost_field_index {
#define X(name, key, text) OMOST_FIELD_INDEX_##name,
    OMOST_FIELD_LIST(X)
#undef X
};
enum omost_field {
#define X(name, key, text) OMOST_FIELD_##name = 1 << OMOST_FIELD_INDEX_##name,
    OMOST_FIELD_LIST(X)
#undef X
};

typedef struct omost_change {
    omost_change_kind kind;
    bool is_global;       /* about the global description, not a region */
    size_t before, after; /* region indices where they apply */
    unsigned fields;      /* of CHANGED */
} omost_change;

typedef struct omost_diff omost_diff;

/* Regions are paired by what they say, then by where they are; both canvases
 * must outlive the diff. No change: a count of 0. */
OMOST_API omost_diff *omost_diff_new(const omost_canvas *before,
                                     const omost_canvas *after,
                                     omost_error *err);
OMOST_API size_t omost_diff_count(const omost_diff *d);
OMOST_API const omost_change *omost_diff_change(const omost_diff *d, size_t i);
/* For people, one line a change with what it was and is; "" when equal. Both
 * texts are made by the env of `before`: omost_text_free(). */
OMOST_API char *omost_diff_to_text(const omost_diff *d, size_t *len,
                                   omost_error *err);
OMOST_API char *omost_diff_to_json(const omost_diff *d, size_t *len,
                                   omost_error *err);
OMOST_API void omost_diff_free(omost_diff *d);

/* ---- showing a place --------------------------------------------------- */

/* "FILE:LINE:COL: KIND: MSG", the source line and carets under the place, as
 * compilers print it. `kind` is "error" or "note"; line 0 means no place. Long
 * lines are shown around the place; tabs and wide characters keep the carets in
 * place, and nothing a terminal would act on is printed. NULL when there is no
 * memory; free it with omost_text_free(NULL, ...). */
OMOST_API char *omost_diagnostic(const char *file, omost_str source, int line,
                                 int col, int len, const char *kind,
                                 const char *msg);

#ifdef __cplusplus
}
#endif
#endif
