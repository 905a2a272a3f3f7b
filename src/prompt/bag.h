/* bag.h - a prompt packed into rows of 77 ids: every row begins with the
 * prefixes, the suffixes are shared out among the rows in their order. */
#ifndef OM_PROMPT_BAG_H
#define OM_PROMPT_BAG_H

#include "base/mem.h"
#include "prompt/tokenizer.h"

/* A text's first ids for both encoders, and how many it has for each. */
typedef struct om_text_ids {
    size_t n, n_2;
    uint32_t ids[OMOST_ROW_ROOM], ids_2[OMOST_ROW_ROOM];
} om_text_ids;

/* Prefixes read before. Most regions begin with the same texts: to read a long
 * global description again for each of a thousand would take as many times as
 * long. A canvas has few enough for a list. */
typedef struct om_known_text {
    struct om_known_text *next;
    om_str text;
    om_text_ids ids;
    bool told; /* for the planner: there is a note about it */
} om_known_text;

typedef struct om_known_texts {
    om_arena arena;
    om_known_text *first;
} om_known_texts;

om_known_text *om_known_find(const om_known_texts *k, om_str text);

typedef struct om_bag_opts {
    const omost_tokenizer *tk;
    bool strict;
    bool fit_prefix; /* cut prefixes that leave suffixes no room */
    size_t max_rows;
    om_known_texts *known; /* of the prefixes; NULL: none */
} om_bag_opts;

/* The rows (by the env: om_bags_free), and what a person may want to know. */
typedef struct om_bags {
    const omost_env *env;
    omost_row *rows;
    size_t n, cap;
    size_t n_prefix; /* tokens of all prefixes, before any cut */
    bool prefix_cut; /* they were cut to leave room */
    bool uneven;     /* "!" made the encoders disagree on some text ... */
    omost_str uneven_text;
    size_t n_cut;       /* suffixes that lost tokens at the end of a row */
    omost_str cut_text; /* the first of them */
} om_bags;

omost_status om_text_ids_make(om_text_ids *t, const omost_tokenizer *tk,
                              om_str text, omost_error *err);
omost_status om_bags_make(om_bags *out, const om_bag_opts *opts,
                          omost_texts prefixes, omost_texts suffixes,
                          omost_error *err);
void om_bags_free(om_bags *b);

#endif
