/* hash.h - SHA-256. The one home of OpenSSL's libcrypto. */
#ifndef OM_BASE_HASH_H
#define OM_BASE_HASH_H

#include "base/str.h"

/* 64 lower-case hexadecimal digits and a NUL; false when libcrypto fails. */
bool om_sha256_hex(om_str bytes, char out[65]);

/* The same for bytes that come in pieces:
 *
 *     om_sha256 h = {0};
 *     om_sha256_begin(&h);
 *     while (...) om_sha256_add(&h, bytes);
 *     ok = om_sha256_end(&h, hex);
 *
 * What fails on the way is found at the end, which must be called. */
typedef struct om_sha256 {
    void *state; /* NULL: failed */
} om_sha256;

void om_sha256_begin(om_sha256 *h);
void om_sha256_add(om_sha256 *h, om_str bytes);
bool om_sha256_end(om_sha256 *h, char out[65]);

#endif
