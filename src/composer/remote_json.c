/* remote_json.c - see remote.h: what is sent, and the smaller answers. */
#include <stdio.h>
#include <stdlib.h>

#include "base/json.h"
#include "composer/remote.h"

static const char *const part_names[OM_REMOTE_N_PARTS] = {
    [OM_REMOTE_USAGE] = "stream_options",
    [OM_REMOTE_SEED] = "seed",
    [OM_REMOTE_TOP_P] = "top_p",
    [OM_REMOTE_TEMPERATURE] = "temperature",
    [OM_REMOTE_MAX_TOKENS] = "max_tokens",
    [OM_REMOTE_GRAMMAR] = "grammar",
};

const char *om_remote_part_name(om_remote_part part)
{
    return part_names[part];
}

/* ---- the request --------------------------------------------------------- */

static json_t *messages(const om_remote_ask *ask)
{
    json_t *list = json_array();
    for (size_t i = 0; i < ask->n_turns; i++) {
        const om_turn *t = &ask->turns[i];
        json_t *m = json_object();
        int bad = json_object_set_new(m, "role",
                                      json_string(om_turn_role_name(t->role)));
        bad |= json_object_set_new(m, "content", om_json_new_str(t->text));
        bad |= json_array_append_new(list, m);
        if (bad) {
            json_decref(list);
            return NULL;
        }
    }
    return list;
}

/* The shortest decimal number that is this float: 0.6, not 0.6000000238. */
static json_t *short_real(float x)
{
    char digits[32];
    for (int n = 1; n <= 9; n++) {
        snprintf(digits, sizeof digits, "%.*g", n, (double)x);
        if (strtof(digits, NULL) == x) break;
    }
    return json_real(strtod(digits, NULL));
}

/* The fields only llama.cpp knows: no other cut than top_p, news of a long
 * prompt, the form of a canvas. */
static int put_llama(json_t *o, const om_remote_ask *ask)
{
    int bad = json_object_set_new(o, "top_k", json_integer(0));
    bad |= json_object_set_new(o, "min_p", json_real(0));
    bad |= json_object_set_new(o, "cache_prompt", json_true());
    bad |= json_object_set_new(o, "return_progress", json_true());
    if (ask->grammar.p && !ask->without[OM_REMOTE_GRAMMAR])
        bad |= json_object_set_new(o, "grammar", om_json_new_str(ask->grammar));
    return bad;
}

static int put_options(json_t *o, const om_remote_ask *ask)
{
    const om_write_opts *w = ask->opts;
    const bool *without = ask->without;
    int bad = 0;
    if (!without[OM_REMOTE_TEMPERATURE])
        bad |=
            json_object_set_new(o, "temperature", short_real(w->temperature));
    if (!without[OM_REMOTE_TOP_P])
        bad |= json_object_set_new(o, "top_p", short_real(w->top_p));
    bad |= json_object_set_new(
        o,
        without[OM_REMOTE_MAX_TOKENS] ? "max_completion_tokens" : "max_tokens",
        json_integer(w->max_tokens));
    /* 32 bits, all that llama.cpp has; all ones would mean a random one. */
    uint32_t seed = (uint32_t)w->seed;
    if (seed == UINT32_MAX) seed--;
    if (!without[OM_REMOTE_SEED])
        bad |= json_object_set_new(o, "seed", json_integer(seed));
    if (!without[OM_REMOTE_USAGE]) {
        json_t *so = json_object();
        bad |= json_object_set_new(so, "include_usage", json_true());
        bad |= json_object_set_new(o, "stream_options", so);
    }
    return bad;
}

omost_status om_remote_body(om_buf *out, const om_remote_ask *ask,
                            omost_error *err)
{
    json_t *o = json_object();
    int bad = 0;
    if (ask->model && ask->model[0])
        bad |= json_object_set_new(o, "model",
                                   om_json_new_str(om_str_of(ask->model)));
    bad |= json_object_set_new(o, "messages", messages(ask));
    bad |= json_object_set_new(o, "stream", json_true());
    bad |= put_options(o, ask);
    if (ask->llama) bad |= put_llama(o, ask);
    if (!bad) om_json_write(out, o, false);
    json_decref(o);
    if (bad) return om_fail_nomem(err);
    return om_buf_check(out, "the conversation", err);
}

/* ---- the smaller answers ------------------------------------------------- */

void om_remote_read_models(om_remote_models *out, om_str body)
{
    *out = (om_remote_models){0};
    json_t *v = om_json_parse(body, "the list of models", NULL);
    const json_t *list = json_object_get(v, "data");
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *m = json_array_get(list, i);
        om_str id = om_json_str(json_object_get(m, "id"));
        om_str owner = om_json_str(json_object_get(m, "owned_by"));
        if (owner.p && om_str_eqz(owner, "llamacpp")) out->llama = true;
        if (!id.p || id.n == 0) continue;
        if (out->n++ == 0 && id.n < sizeof out->first)
            memcpy(out->first, id.p, id.n);
    }
    json_decref(v);
}

int om_remote_read_props(om_str body)
{
    json_t *v = om_json_parse(body, "the properties", NULL);
    const json_t *n =
        json_object_get(json_object_get(v, "default_generation_settings"),
                        "n_ctx");
    json_int_t n_ctx = json_is_integer(n) ? json_integer_value(n) : 0;
    json_decref(v);
    return n_ctx > 0 && n_ctx <= INT32_MAX ? (int)n_ctx : 0;
}

static bool has(om_str text, const char *word)
{
    return om_str_find(text, om_str_of(word)) != SIZE_MAX;
}

/* The texts are the servers' own: llama.cpp's server ("exceed_context_size_
 * error"), OpenAI ("context_length_exceeded"), vLLM ("maximum context length").
 */
om_remote_blame om_remote_read_refusal(om_str body, om_remote_part *part)
{
    if (has(body, "exceed_context_size") ||
        has(body, "context_length_exceeded") ||
        has(body, "maximum context length"))
        return OM_REMOTE_BLAMES_LENGTH;
    /* stream_options first: a message may go on to list all others. */
    for (int i = 0; i < OM_REMOTE_N_PARTS; i++)
        if (has(body, part_names[i])) {
            *part = (om_remote_part)i;
            return OM_REMOTE_BLAMES_PART;
        }
    return OM_REMOTE_BLAMES_OTHER;
}
