/* llm_special.c - see llm_special.h. */
#include "models/llm_special.h"

enum { MAX_TEMPLATE = 1 << 20 };

/* Tokens that end a turn, in the families there are. */
static const char *const turn_ends[] = {"<|eot_id|>", "<|end|>", "<|im_end|>",
                                        "<end_of_turn>", "<|end_of_turn|>"};

static bool ends_turn(const om_llm_vocab *v, int32_t id)
{
    for (size_t i = 0; i < sizeof turn_ends / sizeof *turn_ends; i++)
        if (id >= 0 && strcmp(v->token[id], turn_ends[i]) == 0) return true;
    return false;
}

static int32_t find_token(const om_llm_vocab *v, om_str text)
{
    if (text.n == 0) return -1;
    for (size_t i = v->n; i-- > 0;) /* special ones stand at the end */
        if (om_str_eqz(text, v->token[i])) return (int32_t)i;
    return -1;
}

/* "</s>", or {"content": "</s>"}; else the number config.json gives it. */
static int32_t named(const om_llm_vocab *v, const json_t *config,
                     const char *key, const json_t *model, const char *id_key)
{
    const json_t *t = json_object_get(config, key);
    if (json_is_object(t)) t = json_object_get(t, "content");
    int32_t id = find_token(v, om_json_str(t));
    if (id >= 0) return id;
    const json_t *n = json_object_get(model, id_key);
    if (json_is_array(n)) n = json_array_get(n, 0);
    json_int_t number = json_is_integer(n) ? json_integer_value(n) : -1;
    return number >= 0 && (uint64_t)number < v->n ? (int32_t)number : -1;
}

/* Of all that end a reply, the one that ends a turn; else another than eos. */
static void find_eot(om_llm_vocab *v, const json_t *generation,
                     const om_llm_config *c)
{
    const json_t *list = json_object_get(generation, "eos_token_id");
    if (!json_is_array(list)) list = json_object_get(c->json, "eos_token_id");
    int32_t other = -1;
    if (ends_turn(v, v->eos)) return;
    for (size_t i = json_array_size(list); i-- > 0;) {
        const json_t *n = json_array_get(list, i);
        json_int_t id = json_is_integer(n) ? json_integer_value(n) : -1;
        if (id < 0 || (uint64_t)id >= v->n || id == v->eos) continue;
        other = (int32_t)id;
        if (ends_turn(v, other)) break;
    }
    v->eot = other;
}

/* Whether the processor puts bos before a text: 1, 0, or -1 where it does not
 * say. */
static int puts_bos(const om_llm_vocab *v, const json_t *post)
{
    size_t i;
    json_t *part;
    const char *type = json_string_value(json_object_get(post, "type"));
    if (!type) return -1;
    if (strcmp(type, "TemplateProcessing") == 0) {
        const json_t *first =
            json_array_get(json_object_get(post, "single"), 0);
        const json_t *special = json_object_get(first, "SpecialToken");
        om_str id = om_json_str(json_object_get(special, "id"));
        return v->bos >= 0 && om_str_eqz(id, v->token[v->bos]);
    }
    int all = -1;
    json_array_foreach(json_object_get(post, "processors"), i, part)
    {
        int one = puts_bos(v, part);
        if (one > all) all = one;
    }
    return all;
}

static omost_status keep_template(om_llm_vocab *v, om_str text,
                                  omost_error *err)
{
    if (text.n == 0 || text.n > MAX_TEMPLATE || memchr(text.p, '\0', text.n))
        return OMOST_OK;
    v->chat_template = om_arena_str(&v->arena, text).p;
    return v->chat_template ? OMOST_OK : om_fail_nomem(err);
}

/* A text, or a list of named ones of which "default" is meant. */
static om_str template_in(const json_t *config)
{
    size_t i;
    json_t *one;
    const json_t *t = json_object_get(config, "chat_template");
    if (json_is_string(t)) return om_json_str(t);
    om_str first = {0};
    json_array_foreach(t, i, one)
    {
        om_str text = om_json_str(json_object_get(one, "template"));
        om_str name = om_json_str(json_object_get(one, "name"));
        if (i == 0 || om_str_eqz(name, "default")) first = text;
    }
    return first;
}

static omost_status read_template(om_llm_vocab *v, const om_llm_folder *f,
                                  const json_t *config, omost_error *err)
{
    om_buf text;
    om_buf_init(&text, f->env, MAX_TEMPLATE);
    omost_status st = om_llm_folder_text(f, "chat_template.jinja", &text, err);
    if (st == OMOST_MISSING) {
        om_error_clear(err);
        st = keep_template(v, template_in(config), err);
    } else if (st == OMOST_OK) {
        st = keep_template(v, om_buf_view(&text), err);
    }
    om_buf_free(&text);
    return st;
}

static omost_status read_all(om_llm_vocab *v, const om_llm_folder *f,
                             const om_llm_config *c, const json_t *root,
                             const json_t *config, const json_t *generation,
                             omost_error *err)
{
    v->bos = named(v, config, "bos_token", c->json, "bos_token_id");
    v->eos = named(v, config, "eos_token", c->json, "eos_token_id");
    v->pad = named(v, config, "pad_token", c->json, "pad_token_id");
    v->unk = named(v, config, "unk_token", NULL, "");
    if (v->unk < 0)
        v->unk =
            find_token(v, om_json_str(json_object_get(
                              json_object_get(root, "model"), "unk_token")));
    if (v->eos < 0)
        return om_fail(err, OMOST_FORMAT,
                       "%s names no token that ends a text (eos_token in "
                       "tokenizer_config.json)",
                       f->path);
    find_eot(v, generation, c);
    v->add_bos = puts_bos(v, json_object_get(root, "post_processor"));
    const json_t *add = json_object_get(config, "add_bos_token");
    if (v->add_bos < 0 && json_is_boolean(add)) v->add_bos = json_is_true(add);
    if (v->bos < 0) v->add_bos = 0;
    return read_template(v, f, config, err);
}

omost_status om_llm_special_read(om_llm_vocab *v, const om_llm_folder *f,
                                 const om_llm_config *c, const json_t *root,
                                 omost_error *err)
{
    omost_error why = {0};
    json_t *generation = NULL;
    json_t *config = om_llm_folder_json(f, "tokenizer_config.json", true, &why);
    if (why.status == OMOST_OK)
        generation =
            om_llm_folder_json(f, "generation_config.json", true, &why);
    omost_status st = why.status;
    if (st == OMOST_OK)
        st = read_all(v, f, c, root, config, generation, err);
    else
        om_fail(err, st, "%s", why.msg);
    json_decref(config);
    json_decref(generation);
    return st;
}
