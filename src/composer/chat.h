/* chat.h - what the files about conversations share. */
#ifndef OM_COMPOSER_CHAT_H
#define OM_COMPOSER_CHAT_H

#include "base/error.h"
#include "omost/compose.h"

const omost_env *om_chat_env(const omost_chat *chat);

#endif
