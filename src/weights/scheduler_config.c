/* scheduler_config.c - see scheduler_config.h. */
#include "weights/scheduler_config.h"

#include <math.h>
#include <stdio.h>

#define ODD(c, ...)                                                        \
    do {                                                                   \
        if (!(c)->odd[0]) snprintf((c)->odd, sizeof(c)->odd, __VA_ARGS__); \
    } while (0)

static const json_t *value_of(const json_t *config, const char *key)
{
    const json_t *v = json_object_get(config, key);
    return v && !json_is_null(v) ? v : NULL;
}

static void read_prediction(om_scheduler_config *c, const json_t *config)
{
    const json_t *v = value_of(config, "prediction_type");
    om_str word = om_json_str(v);
    if (!v) return;
    c->v_prediction = om_str_eqz(word, "v_prediction");
    if (!c->v_prediction && !om_str_eqz(word, "epsilon"))
        ODD(c, "its prediction_type is neither \"epsilon\" nor "
               "\"v_prediction\"");
}

/* Models of other mathematics altogether. */
static void read_class(om_scheduler_config *c, const json_t *config)
{
    om_str name = om_json_str(value_of(config, "_class_name"));
    if (om_str_starts(name, OM_STR("EDM")))
        ODD(c, "it is made for EDM's levels of noise");
    if (om_str_starts(name, OM_STR("FlowMatch")))
        ODD(c, "it is made for flow matching");
}

/* The levels of noise are worked out from these, and only from SDXL's. */
static void need_number(om_scheduler_config *c, const json_t *config,
                        const char *key, double want)
{
    const json_t *v = value_of(config, key);
    double is = json_number_value(v);
    if (!v || (json_is_number(v) && fabs(is - want) <= 1e-6 * want)) return;
    if (json_is_number(v))
        ODD(c, "its %s is %g, and SDXL's is %g", key, is, want);
    else
        ODD(c, "its %s is not a number", key);
}

static void read_levels(om_scheduler_config *c, const json_t *config)
{
    const json_t *kind = value_of(config, "beta_schedule");
    need_number(c, config, "beta_start", 0.00085);
    need_number(c, config, "beta_end", 0.012);
    need_number(c, config, "num_train_timesteps", 1000);
    if (kind && !om_str_eqz(om_json_str(kind), "scaled_linear"))
        ODD(c, "its beta_schedule is not \"scaled_linear\", which SDXL's is");
    if (value_of(config, "trained_betas"))
        ODD(c, "it has trained_betas, and SDXL has none");
    c->zero_snr =
        c->zero_snr || json_is_true(value_of(config, "rescale_betas_zero_snr"));
}

static om_spacing spacing_of(om_str word)
{
    if (om_str_eqz(word, "leading")) return OM_SPACING_LEADING;
    if (om_str_eqz(word, "linspace")) return OM_SPACING_LINSPACE;
    if (om_str_eqz(word, "trailing")) return OM_SPACING_TRAILING;
    return OM_SPACING_UNTOLD;
}

void om_scheduler_config_read(om_scheduler_config *c, const json_t *config)
{
    const json_t *spacing = value_of(config, "timestep_spacing");
    read_class(c, config);
    read_prediction(c, config);
    read_levels(c, config);
    if (spacing) c->spacing = spacing_of(om_json_str(spacing));
}

void om_scheduler_config_see(om_scheduler_config *c, om_str tensor)
{
    if (om_str_eqz(tensor, "v_pred")) c->v_prediction = true;
    if (om_str_eqz(tensor, "ztsnr")) c->zero_snr = true;
}

void om_scheduler_config_meta(om_scheduler_config *c, om_str prediction)
{
    if (om_str_eqz(prediction, "v") || om_str_eqz(prediction, "v_prediction"))
        c->v_prediction = true;
}
