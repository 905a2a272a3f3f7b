/* routes.h - the handlers that routes.def names. */
#ifndef OM_SERVER_ROUTES_H
#define OM_SERVER_ROUTES_H

#include "server/http.h"

#define X(method, pattern, handler, ...) om_handler handler;
#include "server/routes.def"
#undef X

#endif
