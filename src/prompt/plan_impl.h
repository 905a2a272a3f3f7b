/* plan_impl.h - the inside of a plan, for its maker and its writer. */
#ifndef OM_PROMPT_PLAN_IMPL_H
#define OM_PROMPT_PLAN_IMPL_H

#include "base/mem.h"
#include "omost/plan.h"

typedef struct om_plan_item {
    omost_condition condition;
    omost_row *rows;
    size_t n_rows;
} om_plan_item;

struct omost_plan {
    const omost_env *env;
    om_arena arena;
    const omost_canvas *canvas;
    omost_layout *layout;
    om_plan_item *items;
    size_t n, n_rows;
    bool has_rows; /* made with a tokenizer */
    omost_note *notes;
    size_t n_notes, cap_notes;
};

#endif
