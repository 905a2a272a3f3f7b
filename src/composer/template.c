/* template.c - cutting a rendered conversation at the stand-ins. */
#include "composer/template.h"

#include <stdio.h>

/* No template has tabs of its own, and these words. */
#define STAND_IN "\tomost-text-of-turn-%zu-\t"

/* As C's isspace() in the "C" locale, which the templates trim by. */
#define WHITE " \t\n\v\f\r"

static omost_status apply_to_stand_ins(om_template_fn *apply, void *user,
                                       const om_turn *turns, size_t n,
                                       om_arena *arena, om_buf *out,
                                       omost_error *err)
{
    om_turn *stand = om_arena_array(arena, n, sizeof *stand);
    if (!stand) return om_fail_nomem(err);
    for (size_t i = 0; i < n; i++) {
        char text[64];
        int len = snprintf(text, sizeof text, STAND_IN, i);
        stand[i].role = turns[i].role;
        stand[i].text = om_arena_str(arena, (om_str){text, (size_t)len});
        if (!stand[i].text.p) return om_fail_nomem(err);
    }
    return apply(user, stand, n, out, err);
}

/* Find turn i's stand-in in `rest`: what stands before it goes to *piece, the
 * stand-in goes away; *trimmed: its white space did not come through. */
static bool cut_at_stand_in(om_str *rest, size_t i, om_str *piece,
                            bool *trimmed)
{
    char text[64];
    int len = snprintf(text, sizeof text, STAND_IN, i);
    const om_str core = {text + 1, (size_t)len - 2};
    const size_t at = om_str_find(*rest, core);
    if (at == SIZE_MAX) return false;
    const size_t end = at + core.n;
    const bool left = at > 0 && rest->p[at - 1] == '\t';
    const bool right = end < rest->n && rest->p[end] == '\t';
    if (left != right) return false;
    *trimmed = !left;
    *piece = (om_str){rest->p, at - left};
    *rest = om_str_skip(*rest, end + right);
    return true;
}

omost_status om_template_split(om_template_fn *apply, void *user,
                               const om_turn *turns, size_t n, om_arena *arena,
                               om_template_parts *out, omost_error *err)
{
    om_buf made;
    om_buf_init(&made, arena->env, (size_t)64 << 20);
    *out = (om_template_parts){.n = n};
    out->piece = om_arena_array(arena, n + 1, sizeof *out->piece);
    out->text = om_arena_array(arena, n, sizeof *out->text);
    if (!out->piece || !out->text) return om_fail_nomem(err);
    omost_status st =
        apply_to_stand_ins(apply, user, turns, n, arena, &made, err);
    om_str rest = om_arena_str(arena, om_buf_view(&made));
    om_buf_free(&made);
    if (st != OMOST_OK) return st;
    if (!rest.p) return om_fail_nomem(err);
    for (size_t i = 0; i < n; i++) {
        bool trimmed;
        if (!cut_at_stand_in(&rest, i, &out->piece[i], &trimmed))
            return om_fail(err, OMOST_FORMAT,
                           "the chat template leaves a message out");
        out->text[i] =
            trimmed ? om_str_strip(turns[i].text, WHITE) : turns[i].text;
    }
    out->piece[n] = rest;
    return OMOST_OK;
}
