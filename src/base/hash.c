/* hash.c - see hash.h. */
#include "base/hash.h"

#include <openssl/evp.h>

bool om_sha256_hex(om_str bytes, char out[65])
{
    static const char digits[] = "0123456789abcdef";
    unsigned char d[EVP_MAX_MD_SIZE];
    unsigned n = 0;
    if (!EVP_Digest(bytes.n ? bytes.p : "", bytes.n, d, &n, EVP_sha256(),
                    NULL) ||
        n != 32)
        return false;
    for (unsigned i = 0; i < n; i++) {
        out[2 * i] = digits[d[i] >> 4];
        out[2 * i + 1] = digits[d[i] & 15];
    }
    out[64] = '\0';
    return true;
}
