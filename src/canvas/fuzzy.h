/* fuzzy.h - Python's difflib.SequenceMatcher.ratio() for short words, result
 * for result, in exact integer arithmetic.
 *
 * ratio = 2 M / (la + lb), where M counts the characters in the matching
 * blocks of Ratcliff and Obershelp: the longest common run (the earliest in a,
 * then in b), and the same again on both sides of it. `a` is the option, `b`
 * the text looked up: the measure is not symmetric. difflib's "autojunk" only
 * looks at texts of 200 characters or more, and texts that long can never
 * reach the cut-off 0.5 against the words of the language. */
#ifndef OM_CANVAS_FUZZY_H
#define OM_CANVAS_FUZZY_H

#include "base/str.h"

enum {
    OM_FUZZY_MAX_WORD = 40, /* the longest word of the language is shorter */
    /* 2 min(la, lb) / (la + lb) < 0.5 for anything longer than this */
    OM_FUZZY_MAX_TEXT = 3 * OM_FUZZY_MAX_WORD
};

/* The text looked up, lower-cased, as code points. */
typedef struct om_fuzzy {
    uint32_t text[OM_FUZZY_MAX_TEXT];
    int n;
    uint8_t count[128]; /* of each ASCII character */
} om_fuzzy;

/* 2 M over la + lb. */
typedef struct om_fuzzy_score {
    int twice_matched, total;
} om_fuzzy_score;

/* RANGE when the text is too long to be close to any word. */
omost_status om_fuzzy_init(om_fuzzy *f, const omost_env *env, om_str text);
/* An upper bound of the score: characters in common, wherever they stand
 * (difflib's quick_ratio), at a tenth of the cost. */
om_fuzzy_score om_fuzzy_bound(const om_fuzzy *f, const char *word);
om_fuzzy_score om_fuzzy_compare(const om_fuzzy *f, const char *word);
/* ratio >= 0.5 */
bool om_fuzzy_is_close(om_fuzzy_score s);
int om_fuzzy_score_cmp(om_fuzzy_score a, om_fuzzy_score b);

#endif
