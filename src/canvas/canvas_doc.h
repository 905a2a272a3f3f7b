/* canvas_doc.h - the inside of a canvas while it is being made. Everything it
 * holds lives in its arena; regions and notes never move once added, so events
 * may borrow them. */
#ifndef OM_CANVAS_DOC_H
#define OM_CANVAS_DOC_H

#include "base/error.h"
#include "base/mem.h"
#include "omost/canvas.h"

struct omost_canvas {
    om_arena arena;
    const omost_global *global; /* the one in force; NULL before any */
    const omost_region **regions;
    size_t n, cap;
    const omost_note **notes;
    size_t n_notes, cap_notes;
    uint32_t n_named; /* \N{...} looked up while reading */
};

omost_canvas *om_canvas_alloc(const omost_env *env, omost_error *err);
const omost_env *om_canvas_env(const omost_canvas *cv);

/* Shallow copies into the arena: texts must already live there. */
omost_status om_canvas_set_global(omost_canvas *cv, const omost_global *g,
                                  omost_error *err);
omost_status om_canvas_add_region(omost_canvas *cv, const omost_region *r,
                                  omost_error *err);

/* After a certain number of notes one last note says that more were left out. */
omost_status om_canvas_note(omost_canvas *cv, om_place at, omost_error *err,
                            const char *fmt, ...) OMOST_PRINTF(4, 5);

/* A canvas starts over: forget global and regions, not what was noted. */
void om_canvas_restart(omost_canvas *cv);
/* Forget the notes as well. */
void om_canvas_clear(omost_canvas *cv);

#endif
