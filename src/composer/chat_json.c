/* chat_json.c - a conversation as JSON: messages in the order they were added,
 * each with the index of the one it answers. */
#include <limits.h>

#include "base/json.h"
#include "composer/chat.h"

enum { FORM = 1 };

static const char *role_name(omost_role role)
{
    return role == OMOST_ROLE_USER ? "user" : "assistant";
}

char *omost_chat_to_json(const omost_chat *chat, size_t *len, omost_error *err)
{
    om_buf out;
    om_error_clear(err);
    om_buf_init(&out, om_chat_env(chat), OMOST_MAX_CHAT);
    om_buf_printf(&out, "{\n  \"omost_chat\": %d,\n  \"messages\": [", FORM);
    for (int i = 0; i < omost_chat_count(chat); i++) {
        const omost_message *m = omost_chat_message(chat, i);
        om_buf_printf(&out,
                      "%s\n    {\"parent\": %d, \"role\": \"%s\", \"text\": ",
                      i ? "," : "", m->parent, role_name(m->role));
        om_json_write_str(&out, m->text);
        om_buf_putc(&out, '}');
    }
    om_buf_puts(&out, omost_chat_count(chat) ? "\n  ]\n}\n" : "]\n}\n");
    size_t n = 0;
    char *text = NULL;
    if (om_buf_check(&out, "the chat", err) == OMOST_OK)
        text = om_buf_steal(&out, &n);
    om_buf_free(&out);
    if (len) *len = n;
    return text;
}

static omost_status read_message(omost_chat *chat, size_t i, const json_t *v,
                                 omost_error *err)
{
    const json_t *parent = json_object_get(v, "parent"),
                 *role = json_object_get(v, "role"),
                 *text = json_object_get(v, "text");
    const json_int_t above = json_integer_value(parent);
    if (!json_is_integer(parent) || above < INT_MIN || above > INT_MAX ||
        !json_is_string(role) || !json_is_string(text))
        return om_fail(err, OMOST_FORMAT,
                       "message %zu of the chat lacks a \"parent\", \"role\" "
                       "or \"text\"",
                       i);
    const bool user = om_str_eqz(om_json_str(role), "user");
    if (!user && !om_str_eqz(om_json_str(role), "assistant"))
        return om_fail(err, OMOST_FORMAT,
                       "the role of message %zu is neither \"user\" nor "
                       "\"assistant\"",
                       i);
    omost_error why;
    int id = omost_chat_add(chat, (int)above,
                            user ? OMOST_ROLE_USER : OMOST_ROLE_ASSISTANT,
                            om_json_str(text), &why);
    if (id >= 0) return OMOST_OK;
    return om_fail(err, why.status == OMOST_USAGE ? OMOST_FORMAT : why.status,
                   "message %zu of the chat: %s", i, why.msg);
}

static omost_status read_messages(omost_chat *chat, const json_t *v,
                                  omost_error *err)
{
    const json_t *list = json_object_get(v, "messages");
    if (json_integer_value(json_object_get(v, "omost_chat")) != FORM ||
        !json_is_array(list))
        return om_fail(err, OMOST_FORMAT,
                       "this is not a chat as omost writes it (\"omost_chat\": "
                       "%d)",
                       FORM);
    omost_status st = OMOST_OK;
    for (size_t i = 0; i < json_array_size(list) && st == OMOST_OK; i++)
        st = read_message(chat, i, json_array_get(list, i), err);
    return st;
}

omost_chat *omost_chat_read(const omost_env *env, const char *text, size_t len,
                            omost_error *err)
{
    om_error_clear(err);
    if (len > OMOST_MAX_CHAT) {
        (void)om_fail(err, OMOST_LIMIT, "a chat may have %d bytes",
                      OMOST_MAX_CHAT);
        return NULL;
    }
    json_t *v = om_json_parse((om_str){text, len}, "the chat", err);
    if (!v) return NULL;
    omost_chat *chat = omost_chat_new(env, err);
    if (chat && read_messages(chat, v, err) != OMOST_OK) {
        omost_chat_free(chat);
        chat = NULL;
    }
    json_decref(v);
    return chat;
}
