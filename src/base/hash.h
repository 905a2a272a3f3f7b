/* hash.h - SHA-256. The one home of OpenSSL's libcrypto. */
#ifndef OM_BASE_HASH_H
#define OM_BASE_HASH_H

#include "base/str.h"

/* 64 lower-case hexadecimal digits and a NUL; false when libcrypto fails. */
bool om_sha256_hex(om_str bytes, char out[65]);

#endif
