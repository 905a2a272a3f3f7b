/* hash.c - see hash.h. */
#include "base/hash.h"

#include <openssl/evp.h>

static void put_hex(char out[65], const unsigned char d[32])
{
    static const char digits[] = "0123456789abcdef";
    for (unsigned i = 0; i < 32; i++) {
        out[2 * i] = digits[d[i] >> 4];
        out[2 * i + 1] = digits[d[i] & 15];
    }
    out[64] = '\0';
}

bool om_sha256_hex(om_str bytes, char out[65])
{
    unsigned char d[EVP_MAX_MD_SIZE];
    unsigned n = 0;
    if (!EVP_Digest(bytes.n ? bytes.p : "", bytes.n, d, &n, EVP_sha256(),
                    NULL) ||
        n != 32)
        return false;
    put_hex(out, d);
    return true;
}

static void give_up(om_sha256 *h)
{
    EVP_MD_CTX_free(h->state);
    h->state = NULL;
}

void om_sha256_begin(om_sha256 *h)
{
    h->state = EVP_MD_CTX_new();
    if (h->state && !EVP_DigestInit_ex(h->state, EVP_sha256(), NULL))
        give_up(h);
}

void om_sha256_add(om_sha256 *h, om_str bytes)
{
    if (h->state && bytes.n && !EVP_DigestUpdate(h->state, bytes.p, bytes.n))
        give_up(h);
}

bool om_sha256_end(om_sha256 *h, char out[65])
{
    unsigned char d[EVP_MAX_MD_SIZE];
    unsigned n = 0;
    bool ok = h->state && EVP_DigestFinal_ex(h->state, d, &n) && n == 32;
    if (ok) put_hex(out, d);
    give_up(h);
    return ok;
}
