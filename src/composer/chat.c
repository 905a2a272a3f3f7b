/* chat.c - the conversation as a tree; see omost/compose.h. Messages are only
 * ever added, so an id stays what it is and texts may be lent. */
#include "composer/chat.h"

#include "base/mem.h"
#include "base/utf8.h"

struct omost_chat {
    const omost_env *env;
    omost_message *message;
    size_t n, cap;
    om_arena texts;
};

omost_chat *omost_chat_new(const omost_env *env, omost_error *err)
{
    om_error_clear(err);
    omost_chat *chat = om_zalloc(env, sizeof *chat);
    if (!chat) {
        (void)om_fail_nomem(err);
        return NULL;
    }
    chat->env = env;
    om_arena_init(&chat->texts, env, 0);
    return chat;
}

void omost_chat_free(omost_chat *chat)
{
    if (!chat) return;
    om_arena_free(&chat->texts);
    om_free(chat->env, chat->message);
    om_free(chat->env, chat);
}

const omost_env *om_chat_env(const omost_chat *chat)
{
    return chat->env;
}

int omost_chat_count(const omost_chat *chat)
{
    return (int)chat->n;
}

const omost_message *omost_chat_message(const omost_chat *chat, int id)
{
    if (id < 0 || (size_t)id >= chat->n) return NULL;
    return &chat->message[id];
}

int omost_chat_child(const omost_chat *chat, int parent, int i)
{
    for (size_t k = 0; k < chat->n && i >= 0; k++)
        if (chat->message[k].parent == parent && i-- == 0) return (int)k;
    return -1;
}

int omost_chat_path(const omost_chat *chat, int id, int *out, int cap)
{
    int n = 0;
    const omost_message *m;
    for (int at = id; (m = omost_chat_message(chat, at)); at = m->parent) n++;
    int i = n;
    for (int at = id; (m = omost_chat_message(chat, at)); at = m->parent)
        if (--i < cap) out[i] = at;
    return n;
}

static omost_status check_place(const omost_chat *chat, int parent,
                                omost_role role, omost_error *err)
{
    const omost_message *m = omost_chat_message(chat, parent);
    if (!m && parent != OMOST_CHAT_ROOT)
        return om_fail(err, OMOST_USAGE, "there is no message %d to answer",
                       parent);
    const bool users_turn = !m || m->role == OMOST_ROLE_ASSISTANT;
    if ((role == OMOST_ROLE_USER) == users_turn) return OMOST_OK;
    return om_fail(err, OMOST_USAGE, "the next message must be %s",
                   users_turn ? "the user's" : "an answer");
}

static omost_status check_text(omost_role role, om_str text, omost_error *err)
{
    if (text.n > OMOST_MAX_MESSAGE)
        return om_fail(err, OMOST_LIMIT,
                       "a message may have %d bytes, this one has %zu",
                       OMOST_MAX_MESSAGE, text.n);
    if (om_utf8_valid_len(text.p, text.n) != text.n)
        return om_fail(err, OMOST_FORMAT, "the message is not UTF-8 text");
    if (role == OMOST_ROLE_USER && om_str_strip(text, " \t\r\n").n == 0)
        return om_fail(err, OMOST_USAGE,
                       "the message is empty; say what the "
                       "picture should show");
    return OMOST_OK;
}

int omost_chat_add(omost_chat *chat, int parent, omost_role role,
                   omost_str text, omost_error *err)
{
    om_error_clear(err);
    if (check_place(chat, parent, role, err) != OMOST_OK) return -1;
    if (check_text(role, text, err) != OMOST_OK) return -1;
    if (chat->n >= OMOST_MAX_MESSAGES) {
        (void)om_fail(err, OMOST_LIMIT, "a chat may have %d messages",
                      OMOST_MAX_MESSAGES);
        return -1;
    }
    omost_message *m =
        om_grow(chat->env, chat->message, chat->n, &chat->cap, sizeof *m);
    if (m) chat->message = m;
    om_str copy = {NULL, 0};
    if (m) copy = om_arena_str(&chat->texts, text);
    if (!copy.p) {
        (void)om_fail_nomem(err);
        return -1;
    }
    const int id = (int)chat->n;
    chat->message[chat->n++] =
        (omost_message){.id = id, .parent = parent, .role = role, .text = copy};
    return id;
}
