/* pace.h - how far to guess ahead.
 *
 * A pass over r rows takes about a + b r seconds; both are learnt while
 * writing. A guess holds with a probability that depends on how many tokens of
 * the text's ending were found again (`sure`); this is learnt, too. With k
 * guesses, of which each holds if the one before it held and then with
 * probability p, a pass brings 1 + p + ... + p^k tokens for a + b (1 + k): the k
 * with the best rate is taken. Guessing never changes the text, only the time
 * it takes. */
#ifndef OM_COMPOSER_PACE_H
#define OM_COMPOSER_PACE_H

#include <stdbool.h>
#include <stddef.h>

enum { OM_PACE_KINDS = 6 };

typedef struct om_pace {
    /* Sums over passes, older ones fading: 1, r, r^2, t, r t. */
    double n, r, rr, t, rt;
    double tried[OM_PACE_KINDS], held[OM_PACE_KINDS];
} om_pace;

void om_pace_init(om_pace *p);
/* A pass over `rows` took so long. */
void om_pace_pass(om_pace *p, int rows, double seconds);
/* A guess with so much before it held, or did not. */
void om_pace_guess(om_pace *p, size_t sure, bool held);
/* How many to guess, 0..most, beside `rows` rows that are needed anyway. */
int om_pace_ahead(const om_pace *p, size_t sure, int rows, int most);

#endif
