/* pace.c - how far to guess ahead. */
#include "composer/pace.h"

/* Old passes count for less: about the last twenty matter. */
#define FADE 0.95

static int kind_of(size_t sure)
{
    static const size_t from[OM_PACE_KINDS] = {0, 2, 3, 5, 9, 17};
    int kind = 0;
    while (kind + 1 < OM_PACE_KINDS && sure >= from[kind + 1]) kind++;
    return kind;
}

void om_pace_init(om_pace *p)
{
    /* Before anything is known, as if this had been seen. */
    static const double held[OM_PACE_KINDS] = {0.05, 0.2, 0.4, 0.7, 0.85, 0.95};
    *p = (om_pace){0};
    for (int i = 0; i < OM_PACE_KINDS; i++) {
        p->tried[i] = 8;
        p->held[i] = 8 * held[i];
    }
}

void om_pace_pass(om_pace *p, int rows, double seconds)
{
    p->n = p->n * FADE + 1;
    p->r = p->r * FADE + rows;
    p->rr = p->rr * FADE + (double)rows * rows;
    p->t = p->t * FADE + seconds;
    p->rt = p->rt * FADE + rows * seconds;
}

void om_pace_guess(om_pace *p, size_t sure, bool held)
{
    const int kind = kind_of(sure);
    p->tried[kind] = p->tried[kind] * FADE + 1;
    p->held[kind] = p->held[kind] * FADE + held;
}

/* b / a by least squares, within what is thinkable. */
static double cost_of_a_row(const om_pace *p)
{
    const double usual = 0.4, least = 0.02, most = 1;
    const double d = p->n * p->rr - p->r * p->r;
    if (p->n < 4 || d <= 0.01 * p->r * p->r) return usual;
    const double b = (p->n * p->rt - p->r * p->t) / d;
    const double a = (p->t - b * p->r) / p->n;
    if (b <= 0) return least;
    if (a <= b / most) return most;
    return b / a < least ? least : b / a;
}

int om_pace_ahead(const om_pace *p, size_t sure, int rows, int most)
{
    const double b = cost_of_a_row(p);
    const int kind = kind_of(sure);
    const double holds = p->held[kind] / p->tried[kind];
    double brings = 1, chance = 1, best = 1 / (1 + b * rows);
    int ahead = 0;
    for (int k = 1; k <= most; k++) {
        chance *= holds;
        brings += chance;
        const double rate = brings / (1 + b * (rows + k));
        if (rate <= best) break;
        best = rate;
        ahead = k;
    }
    /* Matrix kernels take rows by fours: three take as long. */
    if (ahead > 0)
        while (ahead < most && (rows + ahead) % 4 != 0) ahead++;
    return ahead;
}
