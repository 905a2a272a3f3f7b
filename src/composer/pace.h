/* pace.h - how far to guess ahead.
 *
 * A pass over more rows brings more tokens when the guesses hold, and takes
 * longer: on a graphics card hardly, on a processor nearly as much for each row,
 * in stairs (kernels take rows by 16, by 4 and singly). So the seconds of a pass
 * are kept for each number of rows, as they were measured. A guess holds with a
 * probability that depends on how many tokens of the text's ending were found
 * again (`sure`); this is learnt, too. With k guesses, of which each holds if
 * the one before it held and then with probability p, a pass brings
 * 1 + p + ... + p^k tokens: the k with the best rate is taken. Guessing never
 * changes the text, only the time it takes. */
#ifndef OM_COMPOSER_PACE_H
#define OM_COMPOSER_PACE_H

#include <stdbool.h>
#include <stddef.h>

enum { OM_PACE_KINDS = 6, OM_PACE_ROWS = 64 };

typedef struct om_pace {
    double seconds[OM_PACE_ROWS + 1]; /* of a pass over so many rows; 0: not
                                         measured yet */
    double tried[OM_PACE_KINDS], held[OM_PACE_KINDS];
} om_pace;

void om_pace_init(om_pace *p);
/* A pass over `rows` took so long. */
void om_pace_pass(om_pace *p, int rows, double seconds);
/* A guess with so much before it held, or did not. */
void om_pace_guess(om_pace *p, size_t sure, bool held);
/* What a pass brings so far: it begins as {1, 1}. */
typedef struct om_pace_hope {
    double chance; /* that all that is planned holds */
    double brings; /* tokens, on the average */
} om_pace_hope;

/* How many to guess, 0..most, beside `rows` rows that are planned already. */
int om_pace_ahead(const om_pace *p, size_t sure, int rows, int most,
                  om_pace_hope hope);
/* That a guess holds. */
double om_pace_holds(const om_pace *p, size_t sure);

#endif
