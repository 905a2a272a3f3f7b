/* sigmas.c - see sigmas.h. Precisions are the reference's: betas and their
 * product in double, all that follows in float. */
#include "diffusion/sigmas.h"

#include <math.h>

#include "diffusion/word.h"

enum { LAST = OM_N_TIMESTEPS - 1 };

/* Element i of torch.linspace(a, b, n): counted from the nearer end. */
static double linspace(double a, double b, int n, int i)
{
    if (n < 2) return a;
    double step = (b - a) / (n - 1);
    return i < n / 2 ? a + step * i : b - step * (n - 1 - i);
}

/* The same in float, where torch's vector code rounds once, not twice. */
static float linspacef(float a, float b, int n, int i)
{
    if (n < 2) return a;
    float step = (b - a) / (float)(n - 1);
    return i < n / 2 ? fmaf(step, (float)i, a)
                     : fmaf(-step, (float)(n - 1 - i), b);
}

/* ---- the table --------------------------------------------------------- */

/* Scale sqrt(alpha_bar) so that its last value is 0; the value that stands for
 * this 0 is the one users' other programs have. */
static void make_zero_snr(om_sigma_table *table)
{
    float *s = table->sigma;
    float first = sqrtf(1.0f / (s[0] * s[0] + 1.0f));
    float last = sqrtf(1.0f / (s[LAST] * s[LAST] + 1.0f));
    for (int i = 0; i < OM_N_TIMESTEPS; i++) {
        float root = sqrtf(1.0f / (s[i] * s[i] + 1.0f));
        root = (root - last) * (first / (first - last));
        float alpha = i < LAST ? root * root : 4.8973451890853435e-08f;
        s[i] = sqrtf((1.0f - alpha) / alpha);
    }
}

void om_sigma_table_init(om_sigma_table *table, bool zero_snr)
{
    double product = 1.0;
    for (int i = 0; i < OM_N_TIMESTEPS; i++) {
        double root = linspace(sqrt(0.00085), sqrt(0.012), OM_N_TIMESTEPS, i);
        product *= 1.0 - root * root;
        float alpha = (float)product;
        table->sigma[i] = sqrtf((1.0f - alpha) / alpha);
    }
    if (zero_snr) make_zero_snr(table);
    for (int i = 0; i < OM_N_TIMESTEPS; i++)
        table->log_sigma[i] = logf(table->sigma[i]);
}

int om_sigma_timestep(const om_sigma_table *table, float sigma)
{
    float wanted = logf(sigma);
    int best = 0;
    for (int i = 1; i < OM_N_TIMESTEPS; i++)
        if (fabsf(wanted - table->log_sigma[i]) <
            fabsf(wanted - table->log_sigma[best]))
            best = i;
    return best;
}

float om_sigma_at(const om_sigma_table *table, double t)
{
    if (!(t > 0)) return table->sigma[0];
    if (t >= LAST) return table->sigma[LAST];
    int low = (int)t;
    double w = t - low;
    return (float)exp((1 - w) * table->log_sigma[low] +
                      w * table->log_sigma[low + 1]);
}

/* ---- the schedules ----------------------------------------------------- */

static float level(const om_sigma_table *table, int i)
{
    return table->sigma[i < 0 ? 0 : i > LAST ? LAST : i];
}

static float karras(const om_sigma_table *table, int n, int i)
{
    float low = (float)pow(table->sigma[0], 1.0 / 7);
    float high = (float)pow(table->sigma[LAST], 1.0 / 7);
    float ramp = linspacef(0.0f, 1.0f, n, i);
    return powf(high + ramp * (low - high), 7.0f);
}

/* Noise of step i of n. */
static float schedule_sigma(const om_sigma_table *table, om_schedule schedule,
                            int n, int i)
{
    const double step = (double)OM_N_TIMESTEPS / n;
    const int whole = n < OM_N_TIMESTEPS ? OM_N_TIMESTEPS / n : 1;
    switch (schedule) {
    case OM_SCHEDULE_NORMAL: return om_sigma_at(table, linspace(LAST, 0, n, i));
    case OM_SCHEDULE_SIMPLE: return level(table, LAST - (int)(i * step));
    case OM_SCHEDULE_EXPONENTIAL:
        return expf(
            linspacef(table->log_sigma[LAST], table->log_sigma[0], n, i));
    case OM_SCHEDULE_SGM_UNIFORM:
        return om_sigma_at(table, linspace(LAST, 0, n + 1, i));
    case OM_SCHEDULE_DDIM_UNIFORM: return level(table, 1 + whole * (n - 1 - i));
    case OM_SCHEDULE_TRAILING:
        return level(table, (int)rint(OM_N_TIMESTEPS - i * step) - 1);
    case OM_SCHEDULE_KARRAS:
    case OM_N_SCHEDULES: break;
    }
    return karras(table, n, i);
}

omost_status om_schedule_sigmas(const om_sigma_table *table,
                                om_schedule schedule, int steps,
                                double strength, float *out, omost_error *err)
{
    enum { MOST = 10000000 }; /* exact in float, and i * n in double */
    if (steps < 1 || steps > OM_MAX_STEPS)
        return om_fail(err, OMOST_RANGE, "%d steps: there must be 1 to %d",
                       steps, OM_MAX_STEPS);
    if (!(strength > 0 && strength <= 1) || steps / strength > MOST)
        return om_fail(err, OMOST_RANGE,
                       "a strength of %g: it must be over 0 (0.0001 for any "
                       "number of steps) and at most 1",
                       strength);
    int n = (int)(steps / strength);
    for (int i = 0; i < steps; i++)
        out[i] = schedule_sigma(table, schedule, n, n - steps + i);
    out[steps] = 0.0f;
    return OMOST_OK;
}

/* ---- their names ------------------------------------------------------- */

static const struct schedule_words {
    const char *name, *alias, *text;
} words[] = {
#define X(id, name, alias, text) {name, alias, text},
    OM_SCHEDULE_LIST(X)
#undef X
};

const char *om_schedule_name(om_schedule schedule)
{
    return words[schedule].name;
}

const char *om_schedule_text(om_schedule schedule)
{
    return words[schedule].text;
}

int om_schedule_find(om_str name)
{
    for (int i = 0; i < OM_N_SCHEDULES; i++)
        if (om_word_eq(name, words[i].name) ||
            (words[i].alias && om_word_eq(name, words[i].alias)))
            return i;
    return -1;
}
