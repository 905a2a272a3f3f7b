/* base64.h - bytes as text (RFC 4648, section 4). */
#ifndef OM_SERVER_BASE64_H
#define OM_SERVER_BASE64_H

#include "base/buf.h"

/* Append s as base64, with padding. */
void om_base64_put(om_buf *out, om_str s);

#endif
