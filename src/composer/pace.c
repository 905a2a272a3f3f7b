/* pace.c - how far to guess ahead. */
#include "composer/pace.h"

/* Old guesses count for less: about the last twenty matter. */
#define FADE 0.95

static int kind_of(size_t sure)
{
    static const size_t from[OM_PACE_KINDS] = {0, 4, 7, 13, 20, 32};
    int kind = 0;
    while (kind + 1 < OM_PACE_KINDS && sure >= from[kind + 1]) kind++;
    return kind;
}

void om_pace_init(om_pace *p)
{
    /* Before anything is known, as if this had been seen: what the original's
     * transcripts show. */
    static const double held[OM_PACE_KINDS] = {0.4, 0.45, 0.6, 0.8, 0.95, 0.98};
    *p = (om_pace){0};
    for (int i = 0; i < OM_PACE_KINDS; i++) {
        p->tried[i] = 8;
        p->held[i] = 8 * held[i];
    }
}

/* Other work on the machine makes passes slower, never faster: a slower one
 * counts for little. */
void om_pace_pass(om_pace *p, int rows, double seconds)
{
    if (rows < 1 || rows > OM_PACE_ROWS || !(seconds > 0)) return;
    double *known = &p->seconds[rows];
    if (*known > 0)
        *known += (seconds < *known ? 0.5 : 0.1) * (seconds - *known);
    else
        *known = seconds;
}

void om_pace_guess(om_pace *p, size_t sure, bool held)
{
    const int kind = kind_of(sure);
    p->tried[kind] = p->tried[kind] * FADE + 1;
    p->held[kind] = p->held[kind] * FADE + held;
}

/* Seconds of a pass over `rows`: measured, or on the line between the nearest
 * that are. Beyond the last, and with nothing known, a row costs a quarter of
 * the first. */
static double cost(const om_pace *p, int rows)
{
    int below = rows, above = rows;
    while (below > 0 && p->seconds[below] <= 0) below--;
    while (above <= OM_PACE_ROWS && p->seconds[above] <= 0) above++;
    if (below == rows) return p->seconds[rows];
    if (below == 0 && above > OM_PACE_ROWS) return 1 + 0.25 * (rows - 1);
    if (below == 0) return p->seconds[above] * (rows + 1) / (above + 1);
    const double a = p->seconds[below];
    if (above > OM_PACE_ROWS) return a * (rows + 3) / (below + 3);
    return a + (p->seconds[above] - a) * (rows - below) / (above - below);
}

double om_pace_holds(const om_pace *p, size_t sure)
{
    const int kind = kind_of(sure);
    return p->held[kind] / p->tried[kind];
}

int om_pace_ahead(const om_pace *p, size_t sure, int rows, int most,
                  om_pace_hope hope)
{
    const double holds = om_pace_holds(p, sure);
    double best = hope.brings / cost(p, rows);
    int ahead = 0;
    for (int k = 1; k <= most && rows + k <= OM_PACE_ROWS; k++) {
        hope.chance *= holds;
        hope.brings += hope.chance;
        const double rate = hope.brings / cost(p, rows + k);
        if (rate <= best) continue;
        best = rate;
        ahead = k;
    }
    return ahead;
}
